use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `builtins.currentSystem` and `builtins.currentTime` in `flake.nix` and in modules that it leads to, and, with
    /// the option `environment`, `builtins.getEnv`.
    ///
    /// ## Why is this bad?
    /// Nix evaluates flakes without looking at the machine. The first two do not exist then, and evaluation fails;
    /// `getEnv` gives an empty text, whatever the variable holds.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     packages.default = nixpkgs.legacyPackages.${builtins.currentSystem}.hello;
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, ... }: {
    ///     packages.x86_64-linux.default = nixpkgs.legacyPackages.x86_64-linux.hello;
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Defaults of arguments, uses with `or` or behind `builtins ? …`, and files such as `shell.nix`, which are there
    /// for those who do without the flake, are not reported. Neither are packages and libraries. With `--impure` all of this works, for those who always
    /// remember it.
    ///
    /// ## References
    /// - Nix manual, `pure-eval` in nix.conf
    pub struct ImpureBuiltin {
        /// Whether `getEnv` is reported, too: some want what it gives in a flake, an empty text.
        environment: bool = false,
    }

    name: "impure-builtin",
    summary: "builtin that a flake does not have",
    group: Flakes,
    level: Error,
    variants: [environment: Warning],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

const NAMES: [&str; 3] = ["currentSystem", "currentTime", "getEnv"];

impl ProjectRule for ImpureBuiltin {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for file in project.flake_files() {
            let may_look = file.facts.as_ref().is_some_and(|facts| facts.outside.builtin);
            let has_a_name: fn(&str) -> bool = |text| NAMES.iter().any(|name| text.contains(name));
            if !may_look || !cx.text_says(file.id, has_a_name) || project.is_aside(file) || !is_of_flake(file)
            {
                continue;
            }
            let text = cx.file_text(file.id);
            let root = cx.syntax(file.id);
            for node in root.descendants() {
                let Some((select, name)) = ast::Select::cast(node).and_then(|select| {
                    let name = impure(&select)?;
                    Some((select, name))
                }) else {
                    continue;
                };
                let is_left_out = name == "getEnv" && !self.environment;
                let is_guarded =
                    is_left_out || text.contains(&format!("? {name}")) || text.contains("inPureEvalMode");
                if is_guarded || is_default(&select) {
                    continue;
                }
                let span = Span::new(file.id, select.syntax().text_range());
                let report = match name.as_str() {
                    "getEnv" => cx
                        .report(span, "`getEnv` knows no variables in a flake")
                        .variant(&Self::META, "environment")
                        .here("this is always empty")
                        .help("pass the value some other way, such as an option or an input of the flake"),
                    _ => cx
                        .report(span, format!("`builtins.{name}` does not exist in a flake"))
                        .here("evaluation fails here")
                        .help(match name.as_str() {
                            "currentSystem" => "name the system, or make an output for each system",
                            _ => "use `self.lastModified`, which the lock file knows",
                        }),
                };
                let _ = report.note(
                    "Cause: flakes are evaluated without looking at the machine, unless `--impure` is given.",
                );
            }
        }
    }
}

/// Whether the file is there for the flake: the flake itself, or a module. Packages and libraries may serve those
/// who do without, too.
fn is_of_flake(file: &ProjectFile) -> bool {
    let is_module = |class| {
        matches!(
            class,
            FileClass::Nixos
                | FileClass::HomeManager
                | FileClass::Darwin
                | FileClass::FlakeParts
                | FileClass::Module
        )
    };
    file.path.file_name() == Some("flake.nix")
        || file.facts.as_ref().is_some_and(|facts| is_module(facts.class))
}

/// The name of the builtin that a selection is, without a default.
fn impure(select: &ast::Select) -> Option<String> {
    let ast::Expr::Ident(base) = select.expr()? else { return None };
    if base.syntax().text() != "builtins" || select.default_expr().is_some() {
        return None;
    }
    let path = static_path(&select.attrpath()?)?;
    let [name] = path.as_slice() else { return None };
    NAMES.contains(&name.as_str()).then(|| name.clone())
}

/// Whether it stands in the default of an argument, which a flake passes.
fn is_default(select: &ast::Select) -> bool {
    select.syntax().ancestors().any(|node| ast::PatEntry::can_cast(node.kind()))
}
