use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds passwords and other secrets that are written as the value of an option which puts them into the
    /// store.
    ///
    /// ## Why is this bad?
    /// Every user and every service of the host can read the store, and so can everyone who gets a copy of it or
    /// of the repository.
    ///
    /// ## Example
    /// ```nix
    /// { users.users.nora.initialPassword = "hunter2"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, ... }: { users.users.nora.hashedPasswordFile = config.sops.secrets.nora.path; }
    /// ```
    ///
    /// ## Exceptions
    /// Throw-away machines, such as installers and test machines: passwords of accounts are the variant
    /// `account`, since many are meant to be changed at the first login. A hash is the variant `hash`: it can be tried
    /// against lists of passwords. `!` and `*`, which lock an account, are no secrets.
    ///
    /// ## Fix safety
    /// There is no automatic fix: the secret must move to where only its reader sees it, and be changed.
    ///
    /// ## References
    /// - nixpkgs issue 24288
    /// - nixpkgs, nixos/modules/config/users-groups.nix
    pub struct SecretOptionLiteral {}

    name: "secret-option-literal",
    summary: "secret written as the value of an option",
    group: Security,
    level: Warning,
    variants: [account: Info, hash: Info],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for SecretOptionLiteral {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for row in nixos::secrets::options() {
            for (_, node) in host.nodes(&row.name) {
                for item in host.items(&node).0 {
                    let Some(secret) = item.exact().filter(|text| is_secret(text)) else { continue };
                    report(cx, &item, row, &secret);
                }
            }
        }
    }
}

/// Whether a text is not empty, no locked account and no reference to a secret elsewhere.
fn is_secret(text: &str) -> bool {
    let is_reference = ["!", "*", "/", "$__", "{{", "@", "%"].iter().any(|start| text.starts_with(start));
    // `$NAME` and `${NAME}` are filled in from the environment; hashes begin with `$6$` and the like.
    let is_variable = text
        .strip_prefix('$')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase() || c == '{'));
    !text.is_empty() && !is_reference && !is_variable
}

fn report(cx: &mut HostContext<'_>, item: &Item, row: &nixos::secrets::SecretOption, secret: &str) {
    let is_hash = row.is_hash
        || secret.starts_with("$6$")
        || secret.starts_with("$y$")
        || secret.starts_with("$argon2");
    let path = item.definition.path_text();
    let Some(span) = item.span else { return };
    let what = if is_hash { "hash of a password" } else { "secret" };
    let Some(mut report) = cx.report_item(item, format!("`{path}` puts a {what} into the store")) else {
        return;
    };
    report = report.mask(span).here(match is_hash {
        true => "readable for all, and for guessing",
        false => "readable for all on the host",
    });
    if is_hash {
        report = report.variant(&SecretOptionLiteral::META, "hash");
    } else if path.starts_with("users.") {
        report = report.variant(&SecretOptionLiteral::META, "account");
    }
    report = match &row.instead {
        Some(instead) => {
            report.help(format!("set `{instead}` to the path of a file that only its reader may read"))
        }
        None => report
            .help("keep it in a file that only its reader may read, for example with sops-nix or agenix"),
    };
    let _ = report.note("The secret is in the history of the repository too: change it.");
}
