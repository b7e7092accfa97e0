use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds passwords of users on hosts that leave `users.mutableUsers` on.
    ///
    /// ## Why is this bad?
    /// The password is set when the user is made, and never again: after that, a change in the configuration does
    /// nothing, and whatever `passwd` set on the machine stays. A password that was taken back stays valid.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.box = nixpkgs.lib.nixosSystem { modules = [ ./box.nix ]; };
    ///   };
    /// }
    /// ```
    /// `box.nix`:
    /// ```nix
    /// { users.users.nora.hashedPasswordFile = "/persist/nora"; }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.box = nixpkgs.lib.nixosSystem { modules = [ ./box.nix ]; };
    ///   };
    /// }
    /// ```
    /// `box.nix`:
    /// ```nix
    /// {
    ///   users.mutableUsers = false;
    ///   users.users.nora.hashedPasswordFile = "/persist/nora";
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// `initialPassword` and `initialHashedPassword` say what happens and are not reported, nor are locked accounts.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/config/users-groups.nix
    pub struct MutableUsersWithPasswords {}

    name: "mutable-users-with-passwords",
    summary: "password that only counts when the user is made",
    group: Security,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

const PASSWORDS: [&str; 4] = ["password", "hashedPassword", "hashedPasswordFile", "passwordFile"];

const MUTABLE: &str = "users.mutableUsers";

impl HostRule for MutableUsersWithPasswords {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if host.name.is_none()
            || !host.definitions(MUTABLE).is_empty()
            || host.definitions("users.users").is_empty()
            || host.open(MUTABLE).is_some()
            || host.may_be_set_outside(MUTABLE)
            || host.has_unlisted_modules()
            || host.is_throwaway()
        {
            return;
        }
        for name in PASSWORDS {
            for definition in host.definitions(&format!("users.users.*.{name}")) {
                let counts = match &definition.value.value {
                    Value::Null => false,
                    Value::Str(text) => text.exact().is_none_or(|hash| !nixos::leaks::is_locked(&hash)),
                    _ => true,
                };
                let user = definition.path.get(2).map(OptionKey::display).unwrap_or_default();
                let Some(span) = definition.key.filter(|span| counts && !cx.has_reported(*span)) else {
                    continue;
                };
                let mut report = cx
                    .report(
                        span,
                        format!("this password of `{user}` only counts when the user is made")
                            .replace('*', "…"),
                    )
                    .here("later changes do nothing")
                    .help("set `users.mutableUsers = false`, or call it `initialHashedPassword`");
                if let Some(binding) = definition.binding.filter(|binding| binding.file == span.file) {
                    report = report.covers(binding.range());
                }
                let _ = report.note("Cause: with `users.mutableUsers`, which is on by default, passwords belong to the machine.");
            }
        }
    }
}
