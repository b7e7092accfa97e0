use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds services that a host runs twice, in the system and for a user of the host, on the same port of the
    /// same address: `services.ollama` of NixOS beside `services.ollama` of Home Manager, or beside a unit or a
    /// rootless container of that name.
    ///
    /// ## Why is this bad?
    /// Whichever starts second fails with "address already in use": mostly the user's, at login. Clients then
    /// talk to the other one, with other models, data and settings than expected. `systemctl disable` does not
    /// help on NixOS: units are links into the store, and the next switch enables them again.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, home-manager, ... }: {
    ///     nixosConfigurations.box = nixpkgs.lib.nixosSystem {
    ///       modules = [ home-manager.nixosModules.home-manager ./box.nix ];
    ///     };
    ///   };
    /// }
    /// ```
    /// `box.nix`:
    /// ```nix
    /// {
    ///   services.ollama.enable = true;
    ///   home-manager.users.nora.services.ollama.enable = true;
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, home-manager, ... }: {
    ///     nixosConfigurations.box = nixpkgs.lib.nixosSystem {
    ///       modules = [ home-manager.nixosModules.home-manager ./box.nix ];
    ///     };
    ///   };
    /// }
    /// ```
    /// `box.nix`:
    /// ```nix
    /// {
    ///   services.ollama.enable = true;
    ///   home-manager.users.nora.services.ollama.enable = false;
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Two that listen on different ports or addresses, of which one is switched off, whose conditions exclude
    /// each other, or that belong to different hosts, are no duplicate. Neither is one whose port cannot be told.
    /// Which names mean one service says a table; add your own services to it:
    ///
    /// ```toml
    /// [[services.conflict]]
    /// system = "nvr.service"
    /// user = ["nvr*", "camera"]
    /// ports = [5000]
    /// ```
    ///
    /// ## Fix safety
    /// There are three ways out, and which one is right only you know: without the system's, without the
    /// user's, or with another port for one of them. They are shown and not applied, unless the configuration
    /// says whose services stay: with `prefer = "user"` or `prefer = "system"` under `[services]` the other
    /// one is switched off by `--unsafe-fixes`.
    ///
    /// ## References
    /// - nixpkgs and Home Manager, the modules of the services, e.g. modules/services/ollama.nix
    pub struct SystemUserServiceDuplicate {}

    name: "system-user-service-duplicate",
    summary: "the system and a user run the same service on the same port",
    group: Services,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["services.*.enable", "home-manager.users.*.services.*.*", "home-manager.users.*.systemd.user.*.*.*"],
}

impl HostRule for SystemUserServiceDuplicate {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if host.name.is_none() {
            return;
        }
        for duplicate in host.duplicates() {
            report(host, cx, &duplicate);
        }
    }
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, duplicate: &Duplicate) {
    let Some((system, user)) = duplicate.ports.first() else { return };
    let place = |side: &DuplicateSide, port: &Port| {
        let enable =
            side.definition.as_ref().and_then(|definition| definition.key.or_else(|| definition.span()));
        enable.or(port.origin.span)
    };
    let (Some(of_user), Some(of_system)) =
        (place(&duplicate.of_user, user), place(&duplicate.system, system))
    else {
        return;
    };
    if cx.has_reported(of_user) {
        return;
    }
    let fixes = fixes(host, cx, duplicate);
    let name = &duplicate.name;
    let message =
        format!("`{name}` runs in the system and for {}, both on port {}", duplicate.whose(), shown(user));
    let binding = duplicate.of_user.definition.as_ref().and_then(|definition| definition.binding);
    let mut report = cx
        .report(of_user, message)
        .here(format!("`{}` listens on {}", duplicate.of_user.unit, user.display()))
        .label(
            of_system,
            format!("`{}` of the system listens on {}", duplicate.system.unit, system.display()),
        );
    if let Some(binding) = binding.filter(|binding| binding.file == of_user.file) {
        report = report.covers(binding.range());
    }
    for (applicability, title, patch) in fixes {
        report = report.fix(applicability, title, |edits| edits.patch(&patch));
    }
    let [without_system, without_user, moved] = duplicate.ways_out();
    let _ = report
        .help(format!("{without_user}, or {without_system}, or {moved}"))
        .note("Cause: two programs want one port of one address; the one that starts second fails.")
        .note(format!(
            "To validate: systemctl status {}, systemctl --user status {}, and ss -tlpn on the host.",
            duplicate.system.unit, duplicate.of_user.unit
        ));
}

fn shown(port: &Port) -> String {
    port.display().trim_start_matches("*:").to_owned()
}

/// The ways out that are a change of the text, the preferred one first.
fn fixes(
    host: &Host<'_>,
    cx: &HostContext<'_>,
    duplicate: &Duplicate,
) -> Vec<(Applicability, String, Patch)> {
    let prefer = host.preferred_side();
    let applicability = |kept: Side| match prefer == Some(kept) {
        true => Applicability::Unsafe,
        false => Applicability::Manual,
    };
    let name = &duplicate.name;
    let mut fixes = Vec::new();
    if let Some(patch) = without(cx, &duplicate.system, false) {
        fixes.push((applicability(Side::User), format!("switch off `{name}` of the system"), patch));
    }
    if let Some(patch) = without(cx, &duplicate.of_user, true) {
        fixes.push((
            applicability(Side::System),
            format!("switch off `{name}` of {}", duplicate.whose()),
            patch,
        ));
    }
    let free = duplicate.free.first;
    if let [(system, user)] = &duplicate.ports[..] {
        let of_user = || {
            let set = duplicate.of_user.definition.as_ref().filter(|_| user.source == PortSource::Default);
            cx.move_port(user, free).or_else(|| cx.set_port(set?, user, free))
        };
        if let Some(patch) = of_user() {
            let title = format!("give `{name}` of {} the port {free}", duplicate.whose());
            fixes.push((Applicability::Manual, title, patch));
        } else if let Some(patch) = cx.move_port(system, free) {
            let title = format!("give `{name}` of the system the port {free}");
            fixes.push((Applicability::Manual, title, patch));
        }
    }
    fixes.sort_by_key(|(applicability, ..)| *applicability == Applicability::Manual);
    fixes
}

/// Switches one of the two off: by its option; of a user, also by taking away its definition.
fn without(cx: &HostContext<'_>, side: &DuplicateSide, may_go: bool) -> Option<Patch> {
    let definition = side.definition.as_ref()?;
    let is_switch = definition.path.last().and_then(OptionKey::exact) == Some("enable");
    match is_switch {
        true => cx.switch_off(definition),
        false if may_go => cx.remove_definition(definition).filter(|patch| !patch.is_shared),
        false => None,
    }
}
