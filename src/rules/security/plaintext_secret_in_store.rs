use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds values that are secrets by their names and looks where a configuration writes them out: in the
    /// environment of units and containers, in settings of services and programs, in the text of files.
    ///
    /// ## Why is this bad?
    /// All of it ends up in the Nix store, which every user and every service of the machine can read; so can
    /// everyone who sees the repository. The mode of a file in `/etc` does not help: its copy in the store stays
    /// readable.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers.db = {
    ///     image = "postgres:17";
    ///     environment.POSTGRES_PASSWORD = "correct-horse";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, ... }:
    /// {
    ///   virtualisation.oci-containers.containers.db = {
    ///     image = "postgres:17";
    ///     environmentFiles = [ config.sops.templates."db.env".path ];
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Words that stand for no secret (`changeme`, `unused`) or that anyone would guess, hashes with a salt, variables, paths, templates and
    /// other references are not reported. Neither are options for which `secret-option-literal` speaks.
    ///
    /// The value is never shown, whatever the format of the report.
    ///
    /// ## References
    /// - NixOS/nixpkgs issue 24288: secrets in the Nix store
    pub struct PlaintextSecretInStore {}

    name: "plaintext-secret-in-store",
    summary: "secret in a setting, an environment or the text of a file",
    group: Security,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for PlaintextSecretInStore {
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos, HostClass::Home];

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        check_texts(host, cx);
        host.visit_users(&mut |user| check_texts(&user.home, cx));
    }
}

fn check_texts(host: &Host<'_>, cx: &mut HostContext<'_>) {
    let found = host.clear_secrets();
    if found.is_empty() || host.is_throwaway() {
        return;
    }
    // One literal may reach both kinds of options.
    let known: Vec<Span> = host.secret_options().into_iter().map(|(_, secret)| secret.span).collect();
    for secret in found {
        if known.contains(&secret.span) || cx.has_reported(secret.span) {
            continue;
        }
        let mut report = cx
            .report(secret.span, format!("`{}` puts a secret into the store", secret.name))
            .here("every user of the machine can read this")
            .mask(secret.hidden)
            .help(
                "read it from a file at run time: an environment file, `LoadCredential`, or an option for a file, \
                 filled by a secret manager such as sops-nix or agenix",
            )
            .note(format!("It reaches `{}`.", secret.option.replace('*', "…")));
        if let Some(binding) = secret.binding {
            report = report.covers(binding.range());
        }
        let _ = report
            .note(
                "Cause: what a module sets is copied to /nix/store, which is readable for everyone; permissions \
                 of files made from it do not change that.",
            )
            .note("To validate: grep for the value below /nix/store after a build; it must not be there.")
            .note("The secret is in the history of the repository too: change it.");
    }
}
