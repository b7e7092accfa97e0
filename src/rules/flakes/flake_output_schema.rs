use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds outputs of a flake that `nix flake check` refuses, as far as they are written out: misspelt names of
    /// outputs and systems, apps without `type` or `program`, overlays that are no functions of two arguments, and
    /// templates without `path` or `description`.
    ///
    /// ## Why is this bad?
    /// The commands of Nix do not find what has another name, and fail on the rest when it is used.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { self, nixpkgs }: {
    ///     nixosConfiguration.box = nixpkgs.lib.nixosSystem { modules = [ ]; };
    ///     packages.x86-64_linux.hello = nixpkgs.legacyPackages.x86_64-linux.hello;
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { self, nixpkgs }: {
    ///     nixosConfigurations.box = nixpkgs.lib.nixosSystem { modules = [ ]; };
    ///     packages.x86_64-linux.hello = nixpkgs.legacyPackages.x86_64-linux.hello;
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Outputs may have any other name; only those that are almost one that Nix knows are reported. Where a framework
    /// such as flake-parts or flake-utils makes the outputs, the rule is silent.
    ///
    /// ## References
    /// - NixOS/nix, src/nix/flake.cc: `CmdFlakeCheck`
    /// - nixpkgs, lib/systems/flake-systems.nix
    pub struct FlakeOutputSchema {}

    name: "flake-output-schema",
    summary: "output that `nix flake check` refuses",
    group: Flakes,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Outputs that Nix or a widespread tool knows. Singular and plural forms that both exist are both here.
const OUTPUTS: [&str; 34] = [
    "apps",
    "bundlers",
    "checks",
    "colmena",
    "colmenaHive",
    "darwinConfigurations",
    "darwinModules",
    "defaultApp",
    "defaultBundler",
    "defaultPackage",
    "defaultTemplate",
    "deploy",
    "devShell",
    "devShells",
    "flakeModule",
    "flakeModules",
    "formatter",
    "homeConfigurations",
    "homeManagerModule",
    "homeManagerModules",
    "homeModule",
    "homeModules",
    "hydraJobs",
    "legacyPackages",
    "lib",
    "nixosConfigurations",
    "nixosModule",
    "nixosModules",
    "nixopsConfigurations",
    "overlay",
    "overlays",
    "packages",
    "schemas",
    "templates",
];

/// Outputs with an attribute for each system.
const PER_SYSTEM: [&str; 7] =
    ["apps", "bundlers", "checks", "devShells", "formatter", "legacyPackages", "packages"];

/// Systems that nixpkgs or Nix itself is built for, or was.
const SYSTEMS: [&str; 24] = [
    "aarch64-darwin",
    "aarch64-linux",
    "armv5tel-linux",
    "armv6l-linux",
    "armv7a-linux",
    "armv7l-linux",
    "i686-freebsd",
    "i686-linux",
    "loongarch64-linux",
    "m68k-linux",
    "mips-linux",
    "mips64-linux",
    "mips64el-linux",
    "mipsel-linux",
    "powerpc-linux",
    "powerpc64-linux",
    "powerpc64le-linux",
    "riscv32-linux",
    "riscv64-linux",
    "s390x-linux",
    "x86_64-cygwin",
    "x86_64-darwin",
    "x86_64-freebsd",
    "x86_64-linux",
];

impl ProjectRule for FlakeOutputSchema {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for outputs in project.flakes().iter().filter_map(WrittenFlake::outputs) {
            for output in outputs.body.unscoped().attrs() {
                check_output(output, cx);
            }
        }
    }
}

fn check_output(output: &WrittenAttr, cx: &mut HostContext<'_>) {
    let name = output.name.as_str();
    if !OUTPUTS.contains(&name)
        && let Some(like) = nearest(name, OUTPUTS)
    {
        let _ = cx
            .report(output.key, format!("`{name}` is no output that Nix knows"))
            .here("nothing looks at it")
            .help(format!("perhaps `{like}` is meant"));
        return;
    }
    if PER_SYSTEM.contains(&name) {
        for system in output.value.attrs() {
            check_system(name, system, cx);
        }
    }
    match name {
        "apps" => {
            let apps = output.value.attrs().iter().flat_map(|system| system.value.attrs());
            apps.for_each(|app| check_app(app, cx));
        }
        "overlays" => output.value.attrs().iter().for_each(|overlay| check_overlay(overlay, cx)),
        "templates" => output.value.attrs().iter().for_each(|template| check_template(template, cx)),
        _ => {}
    }
}

fn check_system(output: &str, system: &WrittenAttr, cx: &mut HostContext<'_>) {
    let name = system.name.as_str();
    if SYSTEMS.contains(&name) {
        return;
    }
    let bare = |text: &str| text.replace(['-', '_'], "").to_lowercase();
    let like = SYSTEMS.into_iter().find(|known| bare(known) == bare(name)).or_else(|| nearest(name, SYSTEMS));
    let like = like.or_else(|| {
        let swapped = name.split_once('-').map(|(a, b)| format!("{b}-{a}"));
        SYSTEMS.into_iter().find(|known| swapped.as_deref() == Some(*known))
    });
    // Others may be systems as well.
    let Some(like) = like else { return };
    let _ = cx
        .report(system.key, format!("`{name}` in `{output}` is no system"))
        .here("no machine looks here")
        .help(format!("perhaps `{like}` is meant"));
}

fn check_app(app: &WrittenAttr, cx: &mut HostContext<'_>) {
    let WrittenKind::Set { attrs, dynamic } = &app.value.kind else { return };
    if !dynamic.is_empty() {
        return;
    }
    for wanted in ["type", "program"] {
        if !attrs.iter().any(|attr| attr.name == wanted) {
            let _ = cx
                .report(app.key, format!("the app `{}` has no `{wanted}`", app.name))
                .here("`nix run` refuses it")
                .help("an app is `{ type = \"app\"; program = \"/path/of/the/program\"; }`");
        }
    }
    for attr in attrs {
        match attr.name.as_str() {
            "program" | "meta" => {}
            "type" => {
                if let Some(kind) = attr.value.text().filter(|kind| *kind != "app") {
                    let _ = cx
                        .report(attr.value.span, format!("the `type` of an app is `app`, not `{kind}`"))
                        .here("`nix run` refuses it")
                        .help("write `\"app\"`");
                }
            }
            other => {
                let _ = cx
                    .report(attr.key, format!("an app has no attribute `{other}`"))
                    .here("`nix flake check` refuses it")
                    .help("an app has `type`, `program` and `meta`");
            }
        }
    }
}

fn check_overlay(overlay: &WrittenAttr, cx: &mut HostContext<'_>) {
    let problem = match &overlay.value.kind {
        WrittenKind::Function(first) => match &first.body.unscoped().kind {
            WrittenKind::Set { .. } => "takes one argument",
            _ => return,
        },
        WrittenKind::Set { .. } => "is no function",
        _ => return,
    };
    let _ = cx
        .report(overlay.key, format!("the overlay `{}` {problem}", overlay.name))
        .here("nixpkgs cannot use it")
        .help("an overlay is `final: prev: { … }`");
}

fn check_template(template: &WrittenAttr, cx: &mut HostContext<'_>) {
    let WrittenKind::Set { attrs, dynamic } = &template.value.kind else { return };
    if !dynamic.is_empty() {
        return;
    }
    for wanted in ["path", "description"] {
        if !attrs.iter().any(|attr| attr.name == wanted) {
            let _ = cx
                .report(template.key, format!("the template `{}` has no `{wanted}`", template.name))
                .here("`nix flake check` refuses it")
                .help("a template has `path` and `description`, and `welcomeText` if you like");
        }
    }
}
