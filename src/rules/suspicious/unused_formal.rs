use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds arguments that a function takes by pattern and does not use.
    ///
    /// ## Why is this bad?
    /// In a package an argument that is not used asks for a dependency nobody needs. In a module it says that the module
    /// depends on something it does not look at.
    ///
    /// ## Example
    /// ```nix
    /// { config, lib, pkgs, inputs, ... }: { environment.systemPackages = [ pkgs.hello ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, lib, pkgs, ... }: { environment.systemPackages = [ pkgs.hello ]; }
    /// ```
    ///
    /// ## Exceptions
    /// What a pattern names is what callers must and may pass, so elsewhere, and for arguments of packages with a
    /// default, the finding is only an info (`elsewhere`). In functions that end in `...` the usual head of a module may
    /// stay as it is (`allow`). Nothing is said about the `outputs` of a flake, about functions that give all their
    /// arguments a name with `@` and use it for more than to select some of them, about names that begin with `_`, and
    /// in generated files.
    ///
    /// ## Fix safety
    /// A module with `...` gets the same arguments but for the one it does not use: safe. Elsewhere a caller may pass the
    /// argument, or ask the function what it takes: unsafe, and not offered where there is no `...`, but for packages.
    ///
    /// ## References
    /// - Nix manual, `builtins.functionArgs`
    /// - nixpkgs, lib/customisation.nix: `callPackageWith`; lib/modules.nix: `applyModuleArgs`
    pub struct UnusedFormal {
        /// Arguments that may stay unused where others are taken by `...`.
        allow: Vec<String> = ["config", "lib", "modulesPath", "options", "pkgs"].map(str::to_owned).to_vec(),
    }

    name: "unused-formal",
    summary: "argument in a pattern that is not used",
    group: Suspicious,
    level: Warning,
    variants: [elsewhere: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnusedFormal {
    type Node = ast::Lambda;
    const FINDS_UNUSED: bool = true;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        let semantics = cx.semantics();
        let Some(scope) = semantics.lambda_scope(view.range()) else { return false };
        let is_unused = |(id, binding): (BindingId, &Binding)| {
            binding.kind == BindingKind::Formal && semantics.usage().uses(id).is_empty()
        };
        semantics.bindings(scope).any(is_unused)
    }

    fn check(&self, lambda: &ast::Lambda, cx: &mut Context<'_>) {
        let Some(ast::Param::Pattern(pattern)) = lambda.param() else { return };
        let uses = Uses::of(&pattern, lambda, cx);
        if uses.unused.is_empty() || uses.is_whole_used || is_outputs(lambda) {
            return;
        }
        let has_more = pattern.ellipsis_token().is_some();
        let is_head = is_head(lambda);
        let kind = match cx.class() {
            FileClass::Package if is_head => Kind::Package,
            class if is_head && has_more && class.is_module() => Kind::Module,
            _ => Kind::Other,
        };
        let file = cx.file;
        for (entry, name) in uses.unused {
            if has_more && self.allow.contains(&name) {
                continue;
            }
            let Some(ident) = entry.ident() else { continue };
            let mut report = cx
                .report(&ident, format!("the argument `{name}` is not used"))
                .here("taken and not used")
                .covers(entry.syntax().text_range())
                .tag(Tag::Unused);
            // Who calls a package may set what has a default: it is an option of the package.
            let is_option = kind == Kind::Package && entry.default().is_some();
            let kind = if is_option { Kind::Other } else { kind };
            if kind == Kind::Other {
                report = report.variant(&Self::META, "elsewhere");
            }
            let applicability = match kind {
                Kind::Module => Applicability::Safe,
                Kind::Other if !has_more => continue,
                Kind::Package | Kind::Other => Applicability::Unsafe,
            };
            let _ = report.fix(applicability, format!("delete `{name}`"), |edits| {
                edits.extend(file, edit::delete_pattern_entry(&entry));
            });
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Module,
    Package,
    Other,
}

/// What a pattern takes in vain.
struct Uses {
    unused: Vec<(ast::PatEntry, String)>,
    /// Whether the name of all arguments is used for more than to select some of them.
    is_whole_used: bool,
}

impl Uses {
    fn of(pattern: &ast::Pattern, lambda: &ast::Lambda, cx: &Context<'_>) -> Self {
        let mut uses = Self { unused: Vec::new(), is_whole_used: false };
        let semantics = cx.semantics();
        let Some(scope) = semantics.lambda_scope(lambda.syntax().text_range()) else { return uses };
        let mut entries = pattern.pat_entries();
        let mut used_of_whole = Vec::new();
        for (id, binding) in semantics.bindings(scope) {
            let is_used = !semantics.usage().uses(id).is_empty();
            if binding.kind == BindingKind::AtName {
                match cx.attributes_used(lambda.syntax(), id) {
                    Some(names) => used_of_whole = names,
                    None => uses.is_whole_used = true,
                }
                continue;
            }
            let Some(entry) = entries.next() else { continue };
            let name = semantics.ir.name(binding.name);
            if !is_used && !name.starts_with('_') {
                uses.unused.push((entry, name.to_owned()));
            }
        }
        uses.unused.retain(|(_, name)| !used_of_whole.contains(name));
        uses
    }
}

/// Whether the function is what the file is.
fn is_head(lambda: &ast::Lambda) -> bool {
    let around = lambda.syntax().ancestors().skip(1).find(|node| node.kind() != SyntaxKind::NODE_PAREN);
    around.is_some_and(|node| node.kind() == SyntaxKind::NODE_ROOT)
}

/// Whether the function is the `outputs` of a flake, whose arguments are its inputs.
fn is_outputs(lambda: &ast::Lambda) -> bool {
    let mut around = lambda.syntax().ancestors().skip(1).filter(|node| node.kind() != SyntaxKind::NODE_PAREN);
    let binding = around.next().and_then(ast::AttrpathValue::cast);
    let path = binding.and_then(|binding| static_path(&binding.attrpath()?));
    path.is_some_and(|path| path == ["outputs"])
        && around.next().is_some_and(|set| set.kind() == SyntaxKind::NODE_ATTR_SET)
        && around.next().is_some_and(|root| root.kind() == SyntaxKind::NODE_ROOT)
}
