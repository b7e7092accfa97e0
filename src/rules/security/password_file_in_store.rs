use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds files with secrets that are given as a path of the flake: `passwordFile = ./secret`.
    ///
    /// ## Why is this bad?
    /// Nix copies such a file into the store, where every user of the host can read it. It also stands in the
    /// repository.
    ///
    /// ## Example
    /// ```nix
    /// { users.users.nora.hashedPasswordFile = ./nora.hash; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, ... }: { users.users.nora.hashedPasswordFile = config.sops.secrets.nora.path; }
    /// ```
    ///
    /// ## Exceptions
    /// Files of test machines whose content is no secret.
    ///
    /// ## Fix safety
    /// There is no automatic fix: the file must move to where only its reader sees it.
    ///
    /// ## References
    /// - Nix manual, path literals are copied to the store when they become part of a string
    /// - nixpkgs, nixos/modules/config/users-groups.nix
    pub struct PasswordFileInStore {}

    name: "password-file-in-store",
    summary: "file with a secret is copied into the store",
    group: Security,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Options that take the path of a file with a secret, by their last name.
const NAMES: [&str; 9] = [
    "passwordFile",
    "hashedPasswordFile",
    "initialPasswordFile",
    "environmentFile",
    "secretFile",
    "tokenFile",
    "credentialsFile",
    "privateKeyFile",
    "apiKeyFile",
];

/// Where such options stand.
const PLACES: [&str; 5] = [
    "users.users.*",
    "services.*",
    "services.*.*",
    "services.restic.backups.*",
    "networking.wireguard.interfaces.*",
];

impl HostRule for PasswordFileInStore {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for place in PLACES {
            for (_, node) in host.nodes(place) {
                for name in NAMES {
                    let file = host.below(&node, name);
                    if !file.definitions().is_empty() {
                        check_file(host, cx, &file);
                    }
                }
            }
        }
        for (_, node) in host.nodes("virtualisation.oci-containers.containers.*.environmentFiles") {
            check_file(host, cx, &node);
        }
    }
}

fn check_file(host: &Host<'_>, cx: &mut HostContext<'_>, node: &Node) {
    for definition in node.definitions() {
        // A single path is no list.
        let alone = Item {
            value: definition.value.clone(),
            condition: definition.condition.clone(),
            span: definition.span(),
            definition: definition.clone(),
        };
        let items = match &definition.value.value {
            Value::List(_) => host.items(node).0,
            _ => vec![alone],
        };
        for item in items.iter().filter(|item| matches!(item.value.value, Value::Path(_))) {
            let message = format!("`{}` copies its file into the store", definition.path_text());
            let Some(report) = cx.report_item(item, message) else { continue };
            let _ = report
                .here("readable for all on the host")
                .help("give the path as a string, of a file that only its reader may read: sops-nix, agenix")
                .note("What is in the repository is in its history too: change the secret.");
        }
    }
}
