use camino::Utf8Path;

use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds module files of a flake that no host, no user, no exported module and no other file leads to.
    ///
    /// ## Why is this bad?
    /// What such a file sets is set nowhere. Often its import was forgotten, or taken out when something
    /// else was tried; then a service that seems to be configured does not run.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.nas = nixpkgs.lib.nixosSystem { modules = [ ./hosts/nas ]; };
    ///   };
    /// }
    /// ```
    /// `hosts/nas/default.nix`:
    /// ```nix
    /// { networking.hostName = "nas"; }
    /// ```
    /// `hosts/nas/backup.nix`:
    /// ```nix
    /// { config, ... }: { services.restic.server.enable = true; }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.nas = nixpkgs.lib.nixosSystem { modules = [ ./hosts/nas ]; };
    ///   };
    /// }
    /// ```
    /// `hosts/nas/default.nix`:
    /// ```nix
    /// { imports = [ ./backup.nix ]; networking.hostName = "nas"; }
    /// ```
    /// `hosts/nas/backup.nix`:
    /// ```nix
    /// { config, ... }: { services.restic.server.enable = true; }
    /// ```
    ///
    /// ## Exceptions
    /// Nothing is reported where an import of any host or user cannot be followed, because it might lead
    /// to the file. Files that another file names by a path or a text are not reported, nor generated
    /// files, those in the folder of the flake itself, and those below folders for templates, examples,
    /// tests and what is retired, or whose name begins with `_`.
    ///
    /// ## References
    /// - nixpkgs, lib/modules.nix: `collectModules` follows `imports` and nothing else
    pub struct ModuleNotImported {}

    name: "module-not-imported",
    summary: "module file that nothing imports",
    group: Modules,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for ModuleNotImported {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for module in project.dead_modules() {
            let Some(first) = first_token(cx, module.file) else { continue };
            let kind = match module.class {
                FileClass::Nixos => "a NixOS module",
                FileClass::HomeManager => "a Home Manager module",
                FileClass::Darwin => "a nix-darwin module",
                _ => "a module",
            };
            let name = short(project.shown(module.file));
            let help = match module.importer {
                Some(importer) => {
                    format!("add it to `imports` in `{}`, or delete it", project.shown(importer))
                }
                None => "import it in a module of a host, or delete it".to_owned(),
            };
            let _ = cx
                .report(first, format!("`{name}` is {kind} that nothing imports"))
                .here("what this file sets is set on no host")
                .help(help);
        }
    }
}

/// The last two names of a path.
fn short(path: &Utf8Path) -> &str {
    let path = path.as_str();
    path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..])
}

/// The first token that is no comment.
fn first_token(cx: &HostContext<'_>, file: FileId) -> Option<Span> {
    let root = ast::Root::cast((*cx.syntax(file)).clone())?;
    Some(Span::new(file, root.expr()?.syntax().first_token()?.text_range()))
}
