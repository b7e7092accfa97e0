use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds options for files with secrets, such as `passwordFile` and `hashedPasswordFile`, that are given a file
    /// of the project or one that the configuration writes.
    ///
    /// ## Why is this bad?
    /// Nix copies the file to its store, which every user and every service of the machine can read: the file is as
    /// open as the secret would be in the configuration itself. The option wants the path of a file that exists on
    /// the machine only, as a string.
    ///
    /// ## Example
    /// ```nix
    /// { users.users.nora.hashedPasswordFile = ./nora.hash; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { users.users.nora.hashedPasswordFile = "/persist/passwords/nora"; }
    /// ```
    ///
    /// ## Exceptions
    /// Files that are encrypted, and environment files without a secret in them, are not reported.
    ///
    /// ## References
    /// - Nix manual, "Path": paths in strings are copied to the store
    /// - NixOS/nixpkgs issue 24288: secrets in the Nix store
    pub struct PasswordFileInStore {}

    name: "password-file-in-store",
    summary: "file with a secret that is copied to the Nix store",
    group: Security,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for PasswordFileInStore {
    const CLASSES: &'static [HostClass] = &[HostClass::Nixos, HostClass::Home];

    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        check_files(host, cx);
        host.visit_users(&mut |user| check_files(&user.home, cx));
    }
}

fn check_files(host: &Host<'_>, cx: &mut HostContext<'_>) {
    let found = host.stored_files();
    if found.is_empty() || host.is_throwaway() {
        return;
    }
    for file in found {
        if cx.has_reported(file.span) {
            continue;
        }
        let option = file.option.replace('*', "…");
        let (message, here) = match &file.kind {
            StoredKind::OfProject(path) => (
                format!("`{option}` copies its file into the store"),
                format!("everyone on the machine can read `{path}` there"),
            ),
            StoredKind::Written => (
                format!("`{option}` is a file in the store"),
                "everyone on the machine can read it there".to_owned(),
            ),
        };
        let mut report = cx.report(file.span, message).here(here).mask(file.hidden).help(
            "give it the path of a file on the machine, as a string, such as that of a secret of sops-nix or agenix",
        );
        if let Some(binding) = file.binding {
            report = report.covers(binding.range());
        }
        let _ = report
            .note(
                "Cause: paths of the project and results of `writeText` lie below /nix/store, where every file is \
                 readable for everyone.",
            )
            .note("To validate: the value of the option must not begin with /nix/store.");
    }
}
