use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds options that are declared below `config`, and settings that stand below `options`.
    ///
    /// ## Why is this bad?
    /// Below `config`, `mkOption` declares nothing. It is taken for the value of an option of that name, and evaluation stops
    /// because there is no such option, or that option gets a strange value. Below `options` only declarations may
    /// stand: a plain value stops the evaluation.
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.name = lib.mkOption { type = lib.types.str; };
    ///   config.site.port = lib.mkOption { type = lib.types.port; };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.name = lib.mkOption { type = lib.types.str; };
    ///   options.site.port = lib.mkOption { type = lib.types.port; };
    /// }
    /// ```
    ///
    /// ## References
    /// - nixpkgs, lib/modules.nix: `mergeModules`
    pub struct OptionUnderConfig {}

    name: "option-under-config",
    summary: "declaration below `config`, or setting below `options`",
    group: Modules,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for OptionUnderConfig {
    type Node = ast::AttrSet;
    const NAMES: &'static [&'static str] = &["mkOption", "mkEnableOption", "mkPackageOption"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.binds(&["options"])
    }

    fn check(&self, set: &ast::AttrSet, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        let mut below_options = Vec::new();
        let mut below_config = Vec::new();
        for binding in set.attrpath_values() {
            let Some(first) = binding.attrpath().and_then(|path| static_name(&path.attrs().next()?)) else {
                continue;
            };
            match first.as_str() {
                "options" => leaves(&binding, cx, &mut below_options),
                "config" => leaves(&binding, cx, &mut below_config),
                _ => {}
            }
        }
        // One option at least that is declared shows that this is a module.
        if !below_options.iter().any(|leaf| leaf.is_declaration) {
            return;
        }
        // Options whose values are options.
        if cx.text.contains("optionDeclaration") {
            return;
        }
        // A submodule may have options that are called so.
        let is_below_options =
            set.syntax().ancestors().skip(1).filter_map(ast::AttrpathValue::cast).any(|around| {
                let names = around.attrpath().and_then(|path| static_path(&path));
                names.is_some_and(|names| names.iter().any(|name| name == "options"))
            });
        if is_below_options {
            return;
        }
        for leaf in below_config.iter().filter(|leaf| leaf.is_declaration) {
            let _ = cx
                .report(&leaf.binding, "an option is declared below `config`")
                .here("this is a definition, and declares nothing")
                .help("move it to `options`");
        }
        for leaf in below_options.iter().filter(|leaf| leaf.is_plain) {
            let _ = cx
                .report(&leaf.binding, "a value stands below `options`")
                .here("this declares no option")
                .help("move it to `config`, or declare an option with this `default`");
        }
    }
}

struct Leaf {
    binding: ast::AttrpathValue,
    is_declaration: bool,
    is_plain: bool,
}

/// The bindings below a binding whose values are no sets.
fn leaves(binding: &ast::AttrpathValue, cx: &Context<'_>, found: &mut Vec<Leaf>) {
    use ast::HasEntry as _;
    let Some(value) = binding.value().map(peel_parens) else { return };
    if let ast::Expr::AttrSet(set) = &value {
        // `{ _type = "option"; … }` is a declaration by hand.
        if !may_have_attribute(set, "_type") {
            set.attrpath_values().for_each(|inner| leaves(&inner, cx, found));
        }
        return;
    }
    let declares = ["mkOption", "mkEnableOption", "mkPackageOption"];
    let call = cx.library_call(&value);
    let is_declaration = call.is_some_and(|(name, arguments)| {
        declares.contains(&name.as_str()) && arguments.len() == if name == "mkPackageOption" { 3 } else { 1 }
    });
    let is_plain = matches!(value, ast::Expr::Literal(_) | ast::Expr::Str(_) | ast::Expr::List(_))
        || matches!(&value, ast::Expr::Ident(name) if name.syntax().text() == "true" || name.syntax().text() == "false");
    found.push(Leaf { binding: binding.clone(), is_declaration, is_plain });
}
