//! Views on small hosts: what is said of them, and what is left unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::*;
use crate::module::Facts;
use crate::nixos::services::DirectoryKind;
use crate::semantic::lower;
use crate::syntax::parse;
use crate::text::FileId;

/// Looks at the one host of a flake whose module is `module`.
fn with_host(module: &str, look: impl FnOnce(&Host<'_>) + Send) {
    let flake = "{ outputs = { nixpkgs, ... }: { nixosConfigurations.box = \
         nixpkgs.lib.nixosSystem { modules = [ ./box.nix ]; }; }; }";
    let texts: BTreeMap<&str, &str> = [("/p/box.nix", module), ("/p/flake.nix", flake)].into();
    let file = |(id, (path, text)): (usize, (&&str, &&str))| {
        let parsed = parse(text);
        assert!(parsed.is_ok(), "{path} has no mistakes");
        let facts = Facts::new(lower(&parsed.root()).ir, text);
        ProjectFile { id: FileId(id as u32), path: Utf8PathBuf::from(*path), facts: Some(Arc::new(facts)) }
    };
    let files: Vec<ProjectFile> = texts.iter().enumerate().map(file).collect();
    let read = |path: &Utf8Path| texts.get(path.as_str()).map(|text| (*text).to_owned());
    let tree = Tree::default();
    let input = ProjectInput {
        root: Utf8Path::new("/p"),
        files: &files,
        hosts: &[],
        services: &ServiceSettings::default(),
        tree: &tree,
        read: &read,
        presence: &|_, _| super::Presence::Unknown,
    };
    let mut look = Some(look);
    let mut visit = |host: &Host<'_>| (look.take().expect("there is one host"))(host);
    let linked = link(&input, |project| project.visit_hosts(&[HostClass::Nixos], &mut visit));
    linked.expect("the system grants a thread");
    assert!(look.is_none(), "the host was looked at");
}

fn services(host: &Host<'_>) -> Vec<String> {
    let line = |service: &Service| {
        let sure = match service.origin.certainty {
            Certainty::Must => "",
            Certainty::May => " may",
            Certainty::Open => " open",
        };
        format!("{} {}{sure}", service.kind.as_str(), service.name)
    };
    host.services().iter().map(line).collect()
}

fn ports(host: &Host<'_>) -> Vec<String> {
    let line = |port: &Port| format!("{} {} {}", port.owner, port.display(), host.exposure(port).describe());
    host.ports().iter().map(line).collect()
}

#[test]
fn every_kind_of_service_is_told_apart() {
    let module = r#"{ config, lib, pkgs, ... }: {
        services.ollama.enable = true;
        services.jellyfin.enable = false;
        services.something-new.enable = true;
        services.grafana.enable = config.networking.hostName == "box";
        virtualisation.oci-containers.backend = "podman";
        virtualisation.oci-containers.containers.web.image = "web";
        systemd.services.web = { wantedBy = [ "multi-user.target" ]; script = "exec web"; };
        systemd.services.tidy = { startAt = "daily"; script = "tidy"; serviceConfig.Type = "oneshot"; };
        systemd.services.ollama.environment.A = "b";
        systemd.services.podman-web.after = [ "x.service" ];
        systemd.services.gone = { script = "x"; enable = false; };
        systemd.services.hidden = pkgs.something;
        systemd.timers.other.timerConfig.OnCalendar = "04:00";
        systemd.targets.group = { };
    }"#;
    with_host(module, |host| {
        assert_eq!(
            services(host),
            [
                "option grafana may",
                "option ollama",
                "option something-new",
                "container web",
                "unit web",
                "oneshot tidy",
                "timer other",
                "timer tidy",
                "override ollama",
                "override podman-web",
                "unclear hidden",
            ]
        );
    });
}

#[test]
fn switches_are_decided_where_the_host_decides_them() {
    let module = r#"{ config, lib, pkgs, extra, ... }: {
        options.my.llm = lib.mkEnableOption "it";
        config = lib.mkMerge [
            { my.llm = true; }
            (lib.mkIf config.my.llm { services.ollama.enable = true; })
            (lib.mkIf (!config.my.llm) { services.qdrant.enable = true; })
            (lib.mkIf extra.wants { services.open-webui.enable = true; })
            { services.loki.enable = extra.loki; }
        ];
    }"#;
    with_host(module, |host| {
        assert_eq!(services(host), ["option loki open", "option ollama", "option open-webui may"]);
        let services = host.services();
        let ollama = services.iter().find(|service| service.name == "ollama").expect("it is there");
        let gate = host.gate(ollama.definition.as_ref().expect("something switches it on"));
        assert_eq!(host.machine().condition_text(&gate), "config.my.llm");
    });
}

#[test]
fn ports_come_from_options_defaults_and_containers() {
    let module = r#"{ config, lib, extra, ... }: {
        services.ollama.enable = true;
        services.open-webui = { enable = true; port = 8090; host = "0.0.0.0"; openFirewall = true; };
        services.qdrant = { enable = true; settings = extra.settings; };
        services.jackett.enable = false;
        services.grafana = { enable = true; settings.server.protocol = "socket"; };
        services.forgejo = { enable = true; settings.server.HTTP_ADDR = "/run/forgejo.sock"; };
        services.openssh = { enable = true; ports = [ 2222 ]; };
        services.printing.enable = true;
        virtualisation.oci-containers.containers.web = {
            image = "web";
            ports = [ "127.0.0.1:8081:80" "8443:443" "${extra.port}:53/udp" ];
        };
        systemd.sockets.echo.listenStreams = [ "7" "/run/echo" "127.0.0.1:8" ];
        networking.firewall.allowedTCPPorts = [ 7 ];
    }"#;
    with_host(module, |host| {
        assert_eq!(
            ports(host),
            [
                "cups localhost:631 local",
                "ollama 127.0.0.1:11434 local",
                "open-webui *:8090 open",
                "openssh *:2222 open",
                "qdrant ?:? ?",
                "qdrant ?:? ?",
                "web 127.0.0.1:8081 local",
                "web *:8443 published",
                "web ?:? ?",
                "echo *:7 open",
                "echo 127.0.0.1:8 local",
            ]
        );
    });
}

#[test]
fn the_firewall_has_the_last_word() {
    let module = |firewall: &str| {
        format!(
            "{{ lib, extra, ... }}: {{ systemd.sockets.s.listenStreams = [ \"900\" ]; networking.firewall = {firewall}; }}"
        )
    };
    let exposure = |firewall: &str| {
        let mut result = None;
        with_host(&module(firewall), |host| result = Some(host.exposure(&host.ports()[0]).describe()));
        result.expect("the host has a port")
    };
    assert_eq!(exposure("{ }"), "closed");
    assert_eq!(exposure("{ enable = false; }"), "firewall off");
    assert_eq!(exposure("{ allowedTCPPortRanges = [ { from = 890; to = 910; } ]; }"), "open");
    assert_eq!(exposure("{ allowedUDPPorts = [ 900 ]; }"), "closed");
    assert_eq!(exposure("{ interfaces.lan.allowedTCPPorts = [ 900 ]; }"), "lan");
    assert_eq!(exposure("{ trustedInterfaces = [ \"wg0\" ]; }"), "wg0");
    assert_eq!(exposure("{ allowedTCPPorts = extra.ports; }"), "?");
    assert_eq!(exposure("{ allowedTCPPorts = [ 900 ] ++ extra.ports; }"), "open");
    assert_eq!(exposure("{ extraCommands = \"iptables\"; }"), "?");
    assert_eq!(exposure("{ allowedTCPPorts = lib.mkIf extra.web [ 900 ]; }"), "?");
}

#[test]
fn paths_have_owners() {
    let module = r#"{ config, ... }: {
        systemd.services.web = {
            script = "web";
            serviceConfig = { User = "www"; StateDirectory = "web web/cache"; LogsDirectory = [ "web" ]; };
        };
        systemd.tmpfiles.rules = [ "d /srv/web 0750 www www -" "not a rule" ];
        systemd.tmpfiles.settings.web."/srv/x".d = { user = "www"; mode = "0700"; };
        fileSystems."/srv" = { device = "/dev/disk/by-label/srv"; fsType = "ext4"; };
        services.jellyfin = { enable = true; dataDir = "/srv/jellyfin"; };
        virtualisation.oci-containers.containers.db = {
            image = "db"; volumes = [ "/srv/db:/data:ro" "cache:/cache" ];
        };
    }"#;
    with_host(module, |host| {
        let line = |path: &PathUse| {
            let user = path.user.clone().unwrap_or_default();
            format!("{} {} {} {user}", path.role.as_str(), path.path, path.owner)
        };
        let lines: Vec<String> = host.paths().iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "mount /srv fileSystems ",
                "tmpfiles /srv/web systemd.tmpfiles.rules www",
                "tmpfiles /srv/x systemd.tmpfiles.settings www",
                "data /srv/jellyfin jellyfin jellyfin",
                "data /var/cache/jellyfin jellyfin jellyfin",
                "volume /srv/db db ",
                "named volume cache db ",
                "state /var/lib/web web www",
                "state /var/lib/web/cache web www",
                "logs /var/log/web web www",
            ]
        );
        let services = host.services();
        let web = services.iter().find(|service| service.name == "web").expect("it is there");
        let of_web = host.service_directories(web);
        assert!(of_web.contains(&(DirectoryKind::Logs, Known::Value("web".to_owned()))));
    });
}

#[test]
fn secrets_know_their_readers() {
    let module = r#"{ config, pkgs, ... }: {
        sops.defaultSopsFile = ./secrets.yaml;
        sops.secrets."db/password" = { owner = "db"; };
        sops.secrets.login.neededForUsers = true;
        sops.templates."env".content = "A=${config.sops.placeholder."db/password"}";
        age.secrets.key.file = ./key.age;
        services.atticd = { enable = true; environmentFile = "/etc/attic.env"; };
        users.users.nora.hashedPasswordFile = config.sops.secrets.login.path;
        systemd.services.db = {
            script = "cat ${config.sops.secrets."db/password".path}";
            serviceConfig.EnvironmentFile = config.sops.templates.env.path;
        };
        systemd.services.sign.script = "${pkgs.writeShellScript "sign" "cat ${config.age.secrets.key.path}"}";
    }"#;
    with_host(module, |host| {
        let line = |secret: &Secret| {
            let path = secret.path.value().cloned().unwrap_or_default();
            let owner = secret.owner.value().cloned().unwrap_or("?".to_owned());
            let uses: Vec<&str> = secret.uses.iter().map(|found| found.option.as_str()).collect();
            format!("{} {} {path} {owner} {}", secret.tool.as_str(), secret.name, uses.join(" "))
        };
        let lines: Vec<String> = host.secrets().iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "sops db/password /run/secrets/db/password db systemd.services.db.script",
                "sops login /run/secrets-for-users/login root users.users.nora.hashedPasswordFile",
                "template env /run/secrets/rendered/env root systemd.services.db.serviceConfig.EnvironmentFile",
                "age key /run/agenix/key root systemd.services.sign.script",
                "file /etc/attic.env /etc/attic.env ? services.atticd.environmentFile",
            ]
        );
        let of_sops = host.secrets()[0].file.clone();
        assert_eq!(of_sops, Some(Known::Value("secrets.yaml".to_owned())));
    });
}

#[test]
fn accounts_are_declared_or_come_with_services() {
    let module = r#"{ ... }: {
        users.users.nora = { isNormalUser = true; uid = 1000; extraGroups = [ "wheel" ]; home = "/home/n"; };
        users.users.web = { isSystemUser = true; group = "web"; };
        users.groups.web = { gid = 990; };
        systemd.services.web = { script = "web"; serviceConfig.User = "web"; };
        systemd.services.made-up = { script = "x"; serviceConfig.DynamicUser = true; };
        services.jellyfin.enable = true;
        services.ollama.enable = true;
    }"#;
    with_host(module, |host| {
        let line = |account: &Account| {
            format!("{} {} {}", account.kind.as_str(), account.name, account.services.join(" "))
        };
        let lines: Vec<String> = host.accounts().iter().map(line).collect();
        assert_eq!(
            lines,
            [
                "normal nora ",
                "system web web",
                "service jellyfin jellyfin",
                "dynamic made-up made-up",
                "dynamic ollama ollama",
            ]
        );
        let groups = host.groups();
        assert_eq!((groups.len(), groups[0].name.as_str()), (1, "web"));
        assert_eq!(groups[0].gid, Some(Known::Value("990".to_owned())));
    });
}

#[test]
fn options_and_flags_of_containers_are_the_same() {
    let module = r#"{ config, lib, ... }: {
        networking.hostName = "box";
        virtualisation.oci-containers.containers.web = {
            image = "web";
            privileged = lib.mkDefault true;
            ports = [ "80:80" ];
            volumes = [ "/srv/${config.networking.hostName}/:/data:ro,Z" "named:/x" ];
            devices = lib.optional config.site.gpu "/dev/dri";
            networks = [ "proxy" ];
            capabilities = { NET_ADMIN = true; MKNOD = false; SYS_TIME = null; };
            extraOptions = [
                "--net" "container:vpn" "-v/etc:/etc" "--init" "-e" "-x" "--mount=type=bind,src=/a,dst=/b,ro"
                "--unheard-of" "--pid=host"
            ];
            preRunExtraOptions = [ "--runtime" "runsc" ];
            cmd = [ "--privileged" ];
        };
    }"#;
    with_host(module, |host| {
        let runs = host.container_runs();
        let [run] = &*runs else { panic!("one container") };
        let shown: Vec<String> = run.options.iter().map(RunOption::shown).collect();
        assert_eq!(
            shown,
            [
                "--publish=80:80",
                "--volume=/srv/box/:/data:ro,Z",
                "--volume=named:/x",
                "--device=/dev/dri",
                "--network=proxy",
                "--privileged",
                "--cap-add=NET_ADMIN",
                "--cap-drop=MKNOD",
                "--network=container:vpn",
                "--volume=/etc:/etc",
                "--init",
                "--env=-x",
                "--mount=type=bind,src=/a,dst=/b,ro",
                "--unheard-of",
                "--pid=host",
            ]
        );
        let mounts: Vec<String> = run
            .mounts()
            .iter()
            .map(|mount| format!("{} {} {}", mount.source, mount.target, mount.is_read_only))
            .collect();
        assert_eq!(mounts, ["/srv/box /data true", "named /x false", "/etc /etc false", "/a /b true"]);
        assert_eq!(run.joined_networks().iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["vpn"]);
        assert_eq!(run.before_run.iter().map(RunOption::shown).collect::<Vec<_>>(), ["--runtime=runsc"]);
        assert_eq!(run.cmd.len(), 1);
        let device = run.named("device").next().expect("a device");
        assert_eq!(device.certainty(), Certainty::May);
        assert!(run.privileged().is_some() && run.may_have_no_own_network() && !run.is_open);
    });
}
