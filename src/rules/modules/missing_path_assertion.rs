use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds options of the project that hold a path, are mounted into containers, and that no assertion checks.
    ///
    /// ## Why is this bad?
    /// A relative path, an empty one, or one on the wrong disk evaluates and builds. Podman then fails to start
    /// the container, and docker makes an empty directory in the place of the data.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.nas = nixpkgs.lib.nixosSystem { modules = [ ./media.nix ]; };
    ///   };
    /// }
    /// ```
    /// `media.nix`:
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   options.media.library = lib.mkOption { type = lib.types.str; };
    ///   config.virtualisation.oci-containers.containers.player.volumes =
    ///     [ "${config.media.library}:/library:ro" ];
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     nixosConfigurations.nas = nixpkgs.lib.nixosSystem { modules = [ ./media.nix ]; };
    ///   };
    /// }
    /// ```
    /// `media.nix`:
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   options.media.library = lib.mkOption { type = lib.types.str; };
    ///   config = {
    ///     assertions = [
    ///       {
    ///         assertion = builtins.match "/mnt/.*" config.media.library != null;
    ///         message = "media.library is on one of the data disks";
    ///       }
    ///     ];
    ///     virtualisation.oci-containers.containers.player.volumes =
    ///       [ "${config.media.library}:/library:ro" ];
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// An option whose type checks the text already, such as `strMatching` or an `enum`, is not reported.
    /// `builtins.match` takes strings and fails on paths: where the type is `path`, write `toString` around it.
    pub struct MissingPathAssertion {
        /// The regular expression that the assertion of the help has.
        pattern: String = "/.*".to_owned(),
    }

    name: "missing-path-assertion",
    summary: "option with a path that is mounted and never checked",
    group: Modules,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Types that take any text.
const ANY_TEXT: [&str; 4] = ["str", "path", "string", "singleLineStr"];

impl HostRule for MissingPathAssertion {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let mut asserted: Option<String> = None;
        for run in host.container_runs().iter() {
            for mount in run.named("volume") {
                let Some(path) = mounted_option(host, cx, &mount.item) else { continue };
                let Some(declaration) = host.option_declaration(&path) else { continue };
                let Some(span) = declaration.span.filter(|span| !cx.has_reported(*span)) else { continue };
                let kind = declaration.kind.map(|kind| cx.text(kind));
                let kind = kind.and_then(|kind| kind.rsplit('.').next()).unwrap_or_default();
                let takes_any = ANY_TEXT.contains(&kind);
                let name = path.rsplit('.').next().unwrap_or(&path);
                let asserted = asserted.get_or_insert_with(|| assertions(host, cx));
                if !takes_any || asserted.contains(name) {
                    continue;
                }
                let value = match kind {
                    "path" => format!("(toString config.{path})"),
                    _ => format!("config.{path}"),
                };
                let mut report = cx
                    .report(span, format!("`{path}` is mounted into a container, and nothing checks it"))
                    .here("any text will do");
                if let Some(place) = mount.span() {
                    report = report.label(place, format!("mounted into `{}`", run.name()));
                }
                let _ = report
                    .help(format!("assert `builtins.match \"{}\" {value} != null`", self.pattern))
                    .note("Cause: the type of the option takes any text, and mounts fail when the container starts.")
                    .note("To validate: nixos-rebuild dry-build with a value that must not pass.");
            }
        }
    }
}

/// The option that the host's side of a volume begins with, as it is written: its value may be known.
fn mounted_option(host: &Host<'_>, cx: &HostContext<'_>, item: &Item) -> Option<String> {
    if let Some(TextPiece::Hole(hole)) = item.text().and_then(|text| text.pieces.first())
        && let Some(val) = &hole.value
        && let Value::Symbol(symbol) = &val.value
    {
        return Some(host.machine().path_text(&symbol.option()?.names));
    }
    let span = item.span?;
    let written = cx.text(span).strip_prefix("\"${")?.split('}').next()?.trim();
    if let Some(path) = written.strip_prefix("config.") {
        return Some(path.to_owned());
    }
    // The usual short name for the options of the module.
    let (_, rest) = cx.file_text(span.file).split_once("cfg = config.")?;
    let name = written.strip_prefix("cfg.")?;
    Some(format!("{}.{name}", rest.split(';').next()?.trim()))
}

/// The text of all assertions.
fn assertions(host: &Host<'_>, cx: &HostContext<'_>) -> String {
    let spans = host.definitions("assertions").into_iter().filter_map(|definition| definition.value.span);
    spans.map(|span| cx.text(span)).collect::<Vec<_>>().join("\n")
}
