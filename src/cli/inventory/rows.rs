//! The items of each kind, for people and for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Cx;
use super::listing::{Item, Listing};
use crate::eval::Condition;
use crate::project::{
    Certainty, Definition, DuplicateSide, Known, Manager, Origin, PathRole, PathUse, Port, PortSource,
    Secret, Service, ServiceKind,
};
use crate::text::Span;

/// How many names a detail lists.
const NAMED: usize = 6;

/// All items of a kind.
pub(super) struct Collected {
    pub listing: Listing,
    pub items: Vec<Value>,
    /// How many there are, in all and of which sort.
    pub totals: Vec<(String, usize)>,
}

/// What runs.
pub(super) fn services(cx: &Cx<'_, '_>) -> Collected {
    let services = cx.host.services();
    let (ports, paths) = (cx.host.ports(), cx.host.paths());
    let mut listing = Listing {
        head: vec!["Service", "Kind", "Listens", "Firewall"],
        details: vec![
            ("Where", ""),
            ("If", "if "),
            ("Units", "units "),
            ("Runs", "at "),
            ("Directories", ""),
            ("User", "user "),
            ("Hardening", "hardened by "),
            ("Watched by", "watched by "),
        ],
        items: Vec::new(),
    };
    let mut items = Vec::new();
    let mut counts: BTreeMap<(ServiceKind, bool), usize> = BTreeMap::new();
    for service in services.iter() {
        let is_of_user = service.manager != Manager::System;
        *counts.entry((service.kind, is_of_user)).or_default() += 1;
        let own: Vec<&Port> = ports
            .iter()
            .filter(|port| {
                port.owner == service.name && port.kind == service.kind && port.manager == service.manager
            })
            .collect();
        let knows_ports = service.kind != ServiceKind::Option || service.upstream.is_some();
        let listens: Vec<String> = own.iter().map(|port| port_text(port)).collect();
        let firewall: Vec<String> = own.iter().map(|port| cx.host.exposure(port).describe()).collect();
        let of_service = |path: &&PathUse| {
            matches!(path.role, PathRole::Directory(_) | PathRole::Data(_))
                && path.kind == Some(service.kind)
                && (&path.owner, &path.manager) == (&service.name, &service.manager)
        };
        let directories: Vec<&PathUse> = paths.iter().filter(of_service).collect();
        let hardening = cx.host.service_hardening(service);
        let watchers = cx.host.watchers(service);
        let gate = gate(cx, service.definition.as_ref(), &service.origin);
        let user = user_text(cx, service);
        let schedule = schedule_text(service);
        let mut shown_directories: Vec<String> =
            directories.iter().map(|path| path.path.replace('*', "?")).collect();
        shown_directories.dedup();
        let name = if is_of_user {
            format!("{} ({})", service.name, manager(service))
        } else {
            service.name.clone()
        };
        listing.items.push(Item {
            cells: vec![
                name,
                kind_text(service),
                if listens.is_empty() {
                    if knows_ports { "-" } else { "?" }.to_owned()
                } else {
                    listens.join("\n")
                },
                if firewall.is_empty() { "-".to_owned() } else { firewall.join("\n") },
            ],
            details: vec![
                places(cx, &service.origin),
                gate.clone(),
                units_text(service),
                schedule.clone(),
                few(&shown_directories),
                user.clone(),
                match hardening.len() {
                    0 => String::new(),
                    count => format!("{count}: {}", few(&hardening)),
                },
                watchers.join(", "),
            ],
        });
        items.push(json!({
            "name": service.name,
            "kind": service.kind.as_str(),
            "manager": manager(service),
            "units": service.units,
            "certainty": certainty(service.origin.certainty),
            "condition": condition_json(cx, &service.origin.condition),
            "option": service.origin.option,
            "places": places_json(cx, &service.origin),
            "gate": if gate.is_empty() { Value::Null } else { json!(gate) },
            "of": service.upstream.as_ref().map(|upstream| upstream.service.name.as_str()),
            "ports": own.iter().map(|port| port_json(cx, port)).collect::<Vec<_>>(),
            "portsKnown": knows_ports,
            "schedule": service.schedule.0,
            "user": match cx.host.service_user(service) {
                Some(Known::Value(user)) => json!(user),
                _ => Value::Null,
            },
            "dynamicUser": cx.host.has_dynamic_user(service),
            "directories": directories.iter().map(|path| json!({
                "role": path.role.as_str(),
                "path": path.path,
                "exact": path.is_exact,
            })).collect::<Vec<_>>(),
            "hardening": hardening,
            "watchedBy": watchers,
        }));
    }
    let totals =
        counts.into_iter().map(|((kind, is_of_user), count)| (count_name(kind, is_of_user, count), count));
    Collected { listing, items, totals: totals.collect() }
}

/// Where something listens.
pub(super) fn ports(cx: &Cx<'_, '_>) -> Collected {
    let mut listing = Listing {
        head: vec!["Port", "Address", "Service", "Firewall"],
        details: vec![("Where", ""), ("From", "from "), ("If", "if ")],
        items: Vec::new(),
    };
    let ports = cx.host.ports();
    let mut sorted: Vec<&Port> = ports.iter().collect();
    sorted.sort_by_key(|port| {
        let number = port.number.value().copied();
        (number.is_none(), number, port.owner.clone())
    });
    for port in &sorted {
        let number = port.number.value().map_or_else(|| "?".to_owned(), ToString::to_string);
        let protocol = protocol(port);
        let from = match &port.source {
            PortSource::Option(option) => option.clone(),
            PortSource::Default => "the default".to_owned(),
            PortSource::Container => "ports of the container".to_owned(),
            PortSource::Socket => "the socket".to_owned(),
            PortSource::Argument => "an argument of its command".to_owned(),
        };
        listing.items.push(Item {
            cells: vec![
                format!("{number}/{protocol}{}", sure(&port.origin)),
                match port.address.value() {
                    Some(_) if port.is_everywhere() => "*".to_owned(),
                    Some(address) => address.clone(),
                    None => "?".to_owned(),
                },
                port.owner.clone(),
                cx.host.exposure(port).describe(),
            ],
            details: vec![
                port.origin.span.map(|span| cx.place(span)).unwrap_or_default(),
                from.clone(),
                open_condition(cx, &port.origin.condition),
            ],
        });
    }
    let items: Vec<Value> = sorted.iter().map(|port| port_json(cx, port)).collect();
    let totals = total(items.len(), "port");
    Collected { listing, items, totals }
}

/// The containers.
pub(super) fn containers(cx: &Cx<'_, '_>) -> Collected {
    let mut listing = Listing {
        head: vec!["Container", "Unit", "Publishes", "Firewall"],
        details: vec![
            ("Where", ""),
            ("If", "if "),
            ("Image", "image "),
            ("Volumes", "volumes "),
            ("Devices", "devices "),
        ],
        items: Vec::new(),
    };
    let mut items = Vec::new();
    let (services, ports, paths) = (cx.host.services(), cx.host.ports(), cx.host.paths());
    for service in services.iter().filter(|service| service.kind == ServiceKind::Container) {
        let Some(container) = &service.container else { continue };
        let own: Vec<&Port> = ports
            .iter()
            .filter(|port| port.kind == ServiceKind::Container && port.owner == service.name)
            .collect();
        let volumes: Vec<String> = paths
            .iter()
            .filter(|path| path.kind == Some(ServiceKind::Container) && path.owner == service.name)
            .filter_map(|path| match &path.role {
                PathRole::Volume(inner) | PathRole::NamedVolume(inner) => {
                    Some(format!("{}:{inner}", path.path))
                }
                _ => None,
            })
            .collect();
        let image = cx.host.container_text(container, "image");
        let devices: Vec<String> =
            cx.host.device_requests(container).into_iter().map(|request| request.device).collect();
        let gate = gate(cx, service.definition.as_ref(), &service.origin);
        let publishes: Vec<String> = own.iter().map(|port| port_text(port)).collect();
        let firewall: Vec<String> = own.iter().map(|port| cx.host.exposure(port).describe()).collect();
        let unit = service.units.first().cloned();
        let dash = |texts: &[String]| if texts.is_empty() { "-".to_owned() } else { texts.join("\n") };
        listing.items.push(Item {
            cells: vec![
                format!("{}{}", service.name, sure(&service.origin)),
                unit.clone().unwrap_or_else(|| "?".to_owned()),
                dash(&publishes),
                dash(&firewall),
            ],
            details: vec![
                places(cx, &service.origin),
                gate.clone(),
                image.clone().unwrap_or_else(|| "?".to_owned()),
                volumes.join(", "),
                devices.join(", "),
            ],
        });
        items.push(json!({
            "name": service.name,
            "unit": unit,
            "certainty": certainty(service.origin.certainty),
            "condition": condition_json(cx, &service.origin.condition),
            "gate": if gate.is_empty() { Value::Null } else { json!(gate) },
            "places": places_json(cx, &service.origin),
            "image": image,
            "ports": own.iter().map(|port| port_json(cx, port)).collect::<Vec<_>>(),
            "volumes": volumes,
            "devices": devices,
        }));
    }
    let totals = total(items.len(), "container");
    Collected { listing, items, totals }
}

/// Files and directories.
pub(super) fn paths(cx: &Cx<'_, '_>) -> Collected {
    let mut listing = Listing {
        head: vec!["Path", "Role", "Owner"],
        details: vec![("Where", ""), ("Mode", "mode "), ("For", ""), ("If", "if ")],
        items: Vec::new(),
    };
    let paths = cx.host.paths();
    let mut sorted: Vec<_> = paths.iter().collect();
    sorted.sort_by(|a, b| a.path.cmp(&b.path));
    let mut items = Vec::new();
    for path in sorted {
        let what = match &path.role {
            PathRole::Mount(Some(device)) => format!("of {device}"),
            PathRole::Volume(inner) | PathRole::NamedVolume(inner) => {
                format!("{inner} in {}", path.owner)
            }
            PathRole::Tmpfiles(kind) => format!("type {kind}"),
            _ => String::new(),
        };
        let owner = match (&path.user, &path.group) {
            (Some(user), Some(group)) => format!("{user}:{group}"),
            (Some(user), None) => user.clone(),
            (None, Some(group)) => format!(":{group}"),
            (None, None) => "-".to_owned(),
        };
        let belongs = if path.kind.is_some() { format!("for {}", path.owner) } else { String::new() };
        listing.items.push(Item {
            cells: vec![format!("{}{}", path.path, sure(&path.origin)), path.role.as_str().to_owned(), owner],
            details: vec![
                path.origin.span.map(|span| cx.place(span)).unwrap_or_default(),
                path.mode.clone().unwrap_or_default(),
                if what.is_empty() { belongs } else { what },
                open_condition(cx, &path.origin.condition),
            ],
        });
        let (device, inner, line) = match &path.role {
            PathRole::Mount(device) => (device.as_deref(), None, None),
            PathRole::Volume(inner) | PathRole::NamedVolume(inner) => (None, Some(inner.as_str()), None),
            PathRole::Tmpfiles(kind) => (None, None, Some(kind.as_str())),
            _ => (None, None, None),
        };
        items.push(json!({
            "path": path.path,
            "exact": path.is_exact,
            "role": path.role.as_str(),
            "belongsTo": path.owner,
            "user": path.user,
            "group": path.group,
            "mode": path.mode,
            "device": device,
            "inContainer": inner,
            "type": line,
            "certainty": certainty(path.origin.certainty),
            "condition": condition_json(cx, &path.origin.condition),
            "place": path.origin.span.map(|span| cx.json_place(span)),
        }));
    }
    let totals = total(items.len(), "path");
    Collected { listing, items, totals }
}

/// Secrets and environment files, those of homes too.
pub(super) fn secrets(cx: &Cx<'_, '_>) -> Collected {
    let mut listing = Listing {
        head: vec!["Secret", "Tool", "Owner"],
        details: vec![("Where", ""), ("Path", "at "), ("From", "from "), ("Used by", "used by ")],
        items: Vec::new(),
    };
    let mut items = Vec::new();
    let mut add = |cx: &Cx<'_, '_>, home: Option<&str>| {
        for secret in cx.host.secrets().iter() {
            listing.items.push(secret_item(cx, secret, home));
            items.push(secret_json(cx, secret, home));
        }
    };
    add(cx, None);
    cx.host.visit_users(&mut |user| {
        let home = Cx { host: &user.home, root: cx.root, sources: cx.sources };
        add(&home, Some(&user.name));
    });
    let totals = total(items.len(), "secret");
    Collected { listing, items, totals }
}

fn secret_item(cx: &Cx<'_, '_>, secret: &Secret, home: Option<&str>) -> Item {
    let shown = |known: &Known<String>| known.value().map_or_else(|| "?".to_owned(), Clone::clone);
    let used = |found: &crate::project::SecretUse| match found.span {
        Some(span) => format!("{} ({})", found.option, cx.place(span)),
        None => found.option.clone(),
    };
    let uses: Vec<String> = secret.uses.iter().map(used).collect();
    let owner = match home {
        Some(user) => user.to_owned(),
        None => shown(&secret.owner),
    };
    let path = match (&secret.path, home) {
        (Known::Unknown, Some(_)) => String::new(),
        (path, _) => shown(path),
    };
    let path = if path == secret.name { String::new() } else { path };
    Item {
        cells: vec![
            format!("{}{}", secret.name, sure(&secret.origin)),
            secret.tool.as_str().to_owned(),
            owner,
        ],
        details: vec![
            secret.origin.span.map(|span| cx.place(span)).unwrap_or_default(),
            path.clone(),
            secret.file.as_ref().map(shown).unwrap_or_default(),
            if uses.is_empty() { "nothing that shows".to_owned() } else { uses.join(", ") },
        ],
    }
}

fn secret_json(cx: &Cx<'_, '_>, secret: &Secret, home: Option<&str>) -> Value {
    let uses = secret
        .uses
        .iter()
        .map(|found| json!({ "option": found.option, "place": found.span.map(|span| cx.json_place(span)) }));
    json!({
        "name": secret.name,
        "tool": secret.tool.as_str(),
        "home": home,
        "path": secret.path.value(),
        "file": secret.file.as_ref().and_then(Known::value),
        "owner": secret.owner.value(),
        "mode": secret.mode.as_ref().and_then(Known::value),
        "neededForUsers": secret.for_users,
        "certainty": certainty(secret.origin.certainty),
        "condition": condition_json(cx, &secret.origin.condition),
        "place": secret.origin.span.map(|span| cx.json_place(span)),
        "usedBy": uses.collect::<Vec<_>>(),
    })
}

/// Users and groups.
pub(super) fn users(cx: &Cx<'_, '_>) -> Collected {
    let mut listing = Listing {
        head: vec!["Name", "Kind", "Id", "Group"],
        details: vec![("Where", ""), ("Groups", "groups "), ("Home", "home "), ("Runs", "runs ")],
        items: Vec::new(),
    };
    let mut items = Vec::new();
    let shown = |known: &Option<Known<String>>| match known {
        Some(known) => known.value().map_or_else(|| "?".to_owned(), Clone::clone),
        None => "-".to_owned(),
    };
    let mut homes: Vec<String> = Vec::new();
    cx.host.visit_users(&mut |user| homes.push(user.name.clone()));
    let accounts = cx.host.accounts();
    for account in accounts.iter() {
        let mut groups = account.groups.0.clone();
        if !account.groups.1 {
            groups.push("?".to_owned());
        }
        let has_home = homes.contains(&account.name);
        let home = account.home.as_ref().map(|home| home.value().map_or("?", String::as_str));
        listing.items.push(Item {
            cells: vec![
                format!("{}{}", account.name, sure(&account.origin)),
                account.kind.as_str().to_owned(),
                shown(&account.uid),
                shown(&account.group),
            ],
            details: vec![
                account.origin.span.map(|span| cx.place(span)).unwrap_or_default(),
                groups.join(", "),
                match (home, has_home) {
                    (Some(home), true) => format!("{home}, by Home Manager"),
                    (Some(home), false) => home.to_owned(),
                    (None, true) => "by Home Manager".to_owned(),
                    (None, false) => String::new(),
                },
                few(&account.services),
            ],
        });
        items.push(json!({
            "name": account.name,
            "kind": account.kind.as_str(),
            "uid": account.uid.as_ref().and_then(Known::value),
            "group": account.group.as_ref().and_then(Known::value),
            "groups": account.groups.0,
            "groupsKnown": account.groups.1,
            "home": account.home.as_ref().and_then(Known::value),
            "homeManager": has_home,
            "runs": account.services,
            "certainty": certainty(account.origin.certainty),
            "condition": condition_json(cx, &account.origin.condition),
            "place": account.origin.span.map(|span| cx.json_place(span)),
        }));
    }
    let mut totals = total(items.len(), "user");
    let groups = cx.host.groups();
    for group in groups.iter() {
        listing.items.push(Item {
            cells: vec![
                format!("{}{}", group.name, sure(&group.origin)),
                "group".to_owned(),
                shown(&group.gid),
                "-".to_owned(),
            ],
            details: vec![
                group.origin.span.map(|span| cx.place(span)).unwrap_or_default(),
                group.members.0.join(", "),
                String::new(),
                String::new(),
            ],
        });
        items.push(json!({
            "name": group.name,
            "kind": "group",
            "gid": group.gid.as_ref().and_then(Known::value),
            "members": group.members.0,
            "certainty": certainty(group.origin.certainty),
            "condition": condition_json(cx, &group.origin.condition),
            "place": group.origin.span.map(|span| cx.json_place(span)),
        }));
    }
    totals.extend(total(groups.len(), "group"));
    Collected { listing, items, totals }
}

/// Services that the system and a user both run.
pub(super) fn conflicts(cx: &Cx<'_, '_>) -> Collected {
    let mut listing = Listing {
        head: vec!["Service", "Ports", "System", "User"],
        details: vec![
            ("In the system", "in the system: "),
            ("For the user", "for the user: "),
            ("Way out 1", "1. "),
            ("Way out 2", "2. "),
            ("Way out 3", "3. "),
        ],
        items: Vec::new(),
    };
    let mut items = Vec::new();
    for duplicate in &cx.host.duplicates() {
        let ports: Vec<String> = duplicate.ports.iter().map(|(port, _)| port_text(port)).collect();
        let place = |side: &DuplicateSide, port: &Port| {
            let definition = side.definition.as_ref();
            definition.and_then(|definition| definition.binding.or(definition.key)).or(port.origin.span)
        };
        let (system, user) = &duplicate.ports[0];
        let (of_system, of_user) = (place(&duplicate.system, system), place(&duplicate.of_user, user));
        let whose = duplicate.user.as_deref().unwrap_or("every user");
        let ways = duplicate.ways_out();
        let shown = |way: &String| way.replace('`', "");
        listing.items.push(Item {
            cells: vec![
                duplicate.name.clone(),
                ports.join("\n"),
                duplicate.system.unit.clone(),
                format!("{}\n({whose})", duplicate.of_user.unit),
            ],
            details: vec![
                of_system.map(|span| cx.place(span)).unwrap_or_default(),
                of_user.map(|span| cx.place(span)).unwrap_or_default(),
                shown(&ways[0]),
                shown(&ways[1]),
                shown(&ways[2]),
            ],
        });
        let side = |side: &DuplicateSide, place: Option<Span>| {
            json!({
                "unit": side.unit,
                "option": side.option,
                "enable": side.enable,
                "place": place.map(|span| cx.json_place(span)),
            })
        };
        let pair = |(system, user): &(Port, Port)| json!({ "system": port_json(cx, system), "user": port_json(cx, user) });
        items.push(json!({
            "service": duplicate.name,
            "user": duplicate.user.as_deref(),
            "inSystem": side(&duplicate.system, of_system),
            "forUser": side(&duplicate.of_user, of_user),
            "ports": duplicate.ports.iter().map(pair).collect::<Vec<_>>(),
            "freePort": duplicate.free.first,
            "waysOut": ways.iter().map(shown).collect::<Vec<_>>(),
        }));
    }
    let totals = total(items.len(), "conflict");
    Collected { listing, items, totals }
}

fn total(count: usize, name: &str) -> Vec<(String, usize)> {
    match count {
        0 => Vec::new(),
        1 => vec![(name.to_owned(), 1)],
        _ => vec![(format!("{name}s"), count)],
    }
}

/// What the number of services of a kind counts.
fn count_name(kind: ServiceKind, is_of_user: bool, count: usize) -> String {
    let name = match kind {
        ServiceKind::Option => "service option",
        ServiceKind::Container => "container",
        ServiceKind::Unit => "custom unit",
        ServiceKind::Oneshot => "oneshot",
        ServiceKind::Timer => "timer",
        ServiceKind::Socket => "socket",
        ServiceKind::Path => "path unit",
        ServiceKind::Override => "override",
        ServiceKind::Unclear => "unclear unit",
    };
    let of_user = if is_of_user { "user " } else { "" };
    format!("{of_user}{name}{}", if count == 1 { "" } else { "s" })
}

fn kind_text(service: &Service) -> String {
    let of_user = match service.manager {
        Manager::System => "",
        Manager::EveryUser | Manager::User(_) => "user ",
    };
    format!("{of_user}{}{}", service.kind.as_str(), sure(&service.origin))
}

fn manager(service: &Service) -> String {
    match &service.manager {
        Manager::System => "system".to_owned(),
        Manager::EveryUser => "every user".to_owned(),
        Manager::User(name) => name.to_string(),
    }
}

/// The units, where they are called otherwise than the service.
fn units_text(service: &Service) -> String {
    let plain = format!("{}.service", service.name);
    match service.units.as_slice() {
        [] if matches!(service.kind, ServiceKind::Option | ServiceKind::Container) => "?".to_owned(),
        [unit] if *unit == plain => String::new(),
        _ if service.unit.is_some() => String::new(),
        units => few(units),
    }
}

fn user_text(cx: &Cx<'_, '_>, service: &Service) -> String {
    if service.kind == ServiceKind::Override {
        return String::new();
    }
    match (cx.host.service_user(service), cx.host.has_dynamic_user(service)) {
        (Some(Known::Value(user)), Some(true)) => format!("{user}, dynamic"),
        (Some(Known::Value(user)), _) => user,
        (Some(Known::Unknown), _) => "?".to_owned(),
        (None, Some(true)) => "dynamic".to_owned(),
        (None, _) => String::new(),
    }
}

fn schedule_text(service: &Service) -> String {
    let (times, is_known) = &service.schedule;
    let mut times = times.clone();
    if !is_known {
        times.push("?".to_owned());
    }
    times.join(", ")
}

/// The port, with a mark where it is not sure.
fn port_text(port: &Port) -> String {
    format!("{}{}", port.display(), sure(&port.origin))
}

fn protocol(port: &Port) -> &'static str {
    match port.protocol {
        crate::nixos::services::Protocol::Tcp => "tcp",
        crate::nixos::services::Protocol::Udp => "udp",
    }
}

fn port_json(cx: &Cx<'_, '_>, port: &Port) -> Value {
    let number = port.number.value();
    let (source, option) = match &port.source {
        PortSource::Option(option) => ("option", Some(option.as_str())),
        PortSource::Default => ("default", None),
        PortSource::Container => ("container", None),
        PortSource::Socket => ("socket", None),
        PortSource::Argument => ("argument", None),
    };
    json!({
        "port": number.map(|number| number.first),
        "lastPort": number.map(|number| number.last),
        "protocol": protocol(port),
        "address": port.address.value(),
        "service": port.owner,
        "units": port.units,
        "source": source,
        "option": option,
        "firewall": cx.host.exposure(port).describe(),
        "certainty": certainty(port.origin.certainty),
        "condition": condition_json(cx, &port.origin.condition),
        "place": port.origin.span.map(|span| cx.json_place(span)),
    })
}

/// A mark for what the host has perhaps.
fn sure(origin: &Origin) -> &'static str {
    match origin.certainty {
        Certainty::Must => "",
        Certainty::May | Certainty::Open => " ?",
    }
}

fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Must => "must",
        Certainty::May => "may",
        Certainty::Open => "open",
    }
}

/// The condition under which the project defines something, as it is written.
fn gate(cx: &Cx<'_, '_>, definition: Option<&Definition>, origin: &Origin) -> String {
    let gate = definition.map_or(Condition::True, |definition| cx.host.gate(definition));
    // Where the value is the switch, what is left open says more.
    let gate = if gate == Condition::True { origin.condition.clone() } else { gate };
    open_condition(cx, &gate)
}

fn open_condition(cx: &Cx<'_, '_>, condition: &Condition) -> String {
    match condition {
        Condition::True => String::new(),
        condition => {
            let text = cx.host.machine().condition_text(condition).replace("config.", "");
            match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
                Some(inner) if !inner.contains(['(', ')']) => inner.to_owned(),
                _ => text,
            }
        }
    }
}

fn condition_json(cx: &Cx<'_, '_>, condition: &Condition) -> Value {
    match condition {
        Condition::True => Value::Null,
        condition => json!(cx.host.machine().condition_text(condition)),
    }
}

fn places(cx: &Cx<'_, '_>, origin: &Origin) -> String {
    let mut places: Vec<String> = origin.bindings.iter().map(|span| cx.place(*span)).collect();
    places.dedup();
    if places.is_empty()
        && let Some(span) = origin.span
    {
        places.push(cx.place(span));
    }
    few(&places)
}

fn places_json(cx: &Cx<'_, '_>, origin: &Origin) -> Vec<Value> {
    origin.bindings.iter().map(|span| cx.json_place(*span)).collect()
}

/// The first names, and how many more there are.
fn few(names: &[String]) -> String {
    match names.len() {
        count if count > NAMED + 1 => format!("{} and {} more", names[..NAMED].join(", "), count - NAMED),
        _ => names.join(", "),
    }
}
