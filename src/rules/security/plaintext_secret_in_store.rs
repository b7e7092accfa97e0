use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds secrets in the environment of units and containers, written where they are set.
    ///
    /// ## Why is this bad?
    /// The environment becomes part of a unit file or of a command line in the store, which every user of the
    /// host can read; `systemctl show` prints it too.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.services.web = { script = "web"; environment.API_TOKEN = "tk-83hf92hf82"; }; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { systemd.services.web = { script = "web"; serviceConfig.EnvironmentFile = "/run/secrets/web.env"; }; }
    /// ```
    ///
    /// ## Exceptions
    /// Values that are paths, references or well-known placeholders, and names that only sound like a secret
    /// (`..._FILE`, `REQUIRE_...`). Words that anyone would guess are not reported, since they seldom protect
    /// anything.
    ///
    /// ## Fix safety
    /// There is no automatic fix: the secret must move to where only its reader sees it, and be changed.
    ///
    /// ## References
    /// - systemd.exec(5), Environment=
    /// - nixpkgs, nixos/modules/virtualisation/oci-containers.nix (`environment`, `environmentFiles`)
    pub struct PlaintextSecretInStore {}

    name: "plaintext-secret-in-store",
    summary: "secret in the environment of a unit or container",
    group: Security,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for PlaintextSecretInStore {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let places = [
            ("systemd.services.*.environment.*", "serviceConfig.EnvironmentFile"),
            ("virtualisation.oci-containers.containers.*.environment.*", "environmentFiles"),
        ];
        for (pattern, instead) in places {
            for (keys, node) in host.nodes(pattern) {
                let Some(OptionKey::Name(name)) = keys.last() else { continue };
                if !nixos::secrets::sounds_secret(name) {
                    continue;
                }
                for item in host.items(&node).0 {
                    if item.exact().is_some_and(|text| nixos::secrets::looks_secret(&text)) {
                        report(cx, &item, name, instead);
                    }
                }
            }
        }
    }
}

fn report(cx: &mut HostContext<'_>, item: &Item, name: &str, instead: &str) {
    let Some(span) = item.span else { return };
    let Some(report) = cx.report_item(item, format!("`{name}` puts a secret into the store")) else { return };
    let _ = report
        .mask(span)
        .here("readable for all on the host")
        .help(format!("keep it in a file that only root may read, and name the file in `{instead}`"))
        .note("The secret is in the history of the repository too: change it.");
}
