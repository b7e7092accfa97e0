use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds users of Home Manager with options of `sops` who do not have the module of sops-nix for homes.
    ///
    /// ## Why is this bad?
    /// `sops-nix.nixosModules.sops` is for the host only. A home needs a module of its own, in the imports of
    /// the user or, for all users, in `home-manager.sharedModules`. Without it the options do not exist, and
    /// the host cannot be built. It happens when the shared module is commented out for a moment, or when a
    /// module of a home moves to another host.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, home-manager, sops-nix, ... }: {
    ///     nixosConfigurations.desk = nixpkgs.lib.nixosSystem {
    ///       modules = [
    ///         home-manager.nixosModules.home-manager
    ///         sops-nix.nixosModules.sops
    ///         { home-manager.users.me.sops.secrets.token = { }; }
    ///       ];
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, home-manager, sops-nix, ... }: {
    ///     nixosConfigurations.desk = nixpkgs.lib.nixosSystem {
    ///       modules = [
    ///         home-manager.nixosModules.home-manager
    ///         sops-nix.nixosModules.sops
    ///         {
    ///           home-manager.sharedModules = [ sops-nix.homeManagerModules.sops ];
    ///           home-manager.users.me.sops.secrets.token = { };
    ///         }
    ///       ];
    ///     };
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Silent where a module of the home is not known.
    ///
    /// ## References
    /// - Mic92/sops-nix, README.md, "Use with Home Manager"
    pub struct HmSopsSharedModule {}

    name: "hm-sops-shared-module",
    summary: "options of `sops` in a home without the module of sops-nix",
    group: Services,
    level: Warning,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for HmSopsSharedModule {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if host.name.is_none()
            || host.open("home-manager.sharedModules").is_some()
            || host.has_unlisted_modules()
        {
            return;
        }
        host.visit_users(&mut |user| {
            let home = &user.home;
            let may_have_module = home.may_be_set_outside("sops")
                || home.has_unlisted_modules()
                || home.declares("sops")
                || home.open("imports").is_some();
            if may_have_module {
                return;
            }
            if let Some(definition) = home.definitions("sops").first() {
                report(cx, &user.name, definition);
            }
        });
    }
}

fn report(cx: &mut HostContext<'_>, user: &str, definition: &Definition) {
    let Some(span) = definition.key.or(definition.span()).filter(|span| !cx.has_reported(*span)) else {
        return;
    };
    let _ = cx
        .report(span, format!("the home of `{user}` has no module of sops-nix, which `sops` needs"))
        .here("this option does not exist in that home")
        .help("add `inputs.sops-nix.homeManagerModules.sops` to `home-manager.sharedModules` or to the user's imports")
        .note("Cause: the NixOS module of sops-nix declares its options for the host, not for the homes on it.")
        .note("To validate: nixos-rebuild dry-build.");
}
