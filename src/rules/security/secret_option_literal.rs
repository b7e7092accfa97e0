use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds passwords, keys and hashes of passwords written out in options that are known to hold them, such
    /// as `users.users.<name>.password` and `networking.wireguard.interfaces.<name>.privateKey`.
    ///
    /// ## Why is this bad?
    /// The configuration ends up in the Nix store, and every user and every service of the machine can read
    /// that; so can everyone who sees the repository. A hash does not tell the password, but guesses can be
    /// tried against it: the variant `hash`. Passwords of accounts are the variant `account`, since many are meant to
    /// be changed at the first login.
    ///
    /// ## Example
    /// ```nix
    /// { users.users.nora.password = "correct-horse"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, ... }:
    /// { users.users.nora.hashedPasswordFile = config.sops.secrets.nora-password.path; }
    /// ```
    ///
    /// ## Exceptions
    /// Accounts of images to install from and of machines to try things on are not reported where the host
    /// says that it is one, nor are locked accounts (`"!"`), references such as `ext:psk_home` and values
    /// that come from elsewhere.
    ///
    /// The value is never shown, whatever the format of the report.
    ///
    /// ## References
    /// - NixOS/nixpkgs issue 24288: secrets in the Nix store
    /// - nixpkgs, nixos/modules/config/users-groups.nix
    pub struct SecretOptionLiteral {}

    name: "secret-option-literal",
    summary: "password, key or hash written out in an option",
    group: Security,
    level: Warning,
    variants: [account: Info, hash: Info],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
    supersedes: ["plaintext-secret-in-store"],
}

impl HostRule for SecretOptionLiteral {
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos, HostClass::Home];

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        check_options(host, cx);
        host.visit_users(&mut |user| check_options(&user.home, cx));
    }
}

fn check_options(host: &Host<'_>, cx: &mut HostContext<'_>) {
    let is_throwaway = host.is_throwaway();
    for (option, secret) in host.secret_options() {
        let is_throwaway = is_throwaway || host.is_throwaway_file(secret.span.file);
        if cx.has_reported(secret.span) || (is_throwaway && option.name.starts_with("users.")) {
            continue;
        }
        let is_hash = option.kind == nixos::leaks::SecretKind::Hash;
        let (what, here) = match is_hash {
            true => ("hash of a password", "guesses can be tried against this hash"),
            false => ("secret", "every user of the machine can read this"),
        };
        let path = secret.option.replace('*', "…");
        let mut report = cx
            .report(secret.span, format!("`{path}` puts a {what} into the store"))
            .here(here)
            .mask(secret.hidden)
            .help(match &option.instead {
                Some(instead) => {
                    format!("keep it in a file that a secret manager brings, and set `{instead}`")
                }
                None => "keep it in a file that a secret manager brings, outside of the store".to_owned(),
            });
        if let Some(binding) = secret.binding {
            report = report.covers(binding.range());
        }
        if is_hash {
            report = report.variant(&SecretOptionLiteral::META, "hash");
        } else if option.name.starts_with("users.") {
            report = report
                .variant(&SecretOptionLiteral::META, "account")
                .note("A first password is safe once its user has changed it, and not before.");
        }
        let _ = report
            .note(
                "Cause: what a module sets is copied to /nix/store, which is readable for everyone; permissions of files \
                 made from it do not change that.",
            )
            .note("The secret is in the history of the repository too: change it.");
    }
}
