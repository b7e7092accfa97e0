use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds modules whose own `enable` option is on by default.
    ///
    /// ## Why is this bad?
    /// Whoever imports such a module gets what it does. Where modules are imported for everyone, by a folder
    /// or a list, it is on for hosts and users that nobody thought of; and `enable = false` for one user
    /// changes nothing for root, who has the same module.
    ///
    /// ## Example
    /// ```nix
    /// { config, lib, ... }:
    /// let
    ///   cfg = config.site.backup;
    /// in
    /// {
    ///   options.site.backup.enable = lib.mkEnableOption "the backup" // { default = true; };
    ///   config = lib.mkIf cfg.enable { services.restic.server.enable = true; };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, lib, ... }:
    /// let
    ///   cfg = config.site.backup;
    /// in
    /// {
    ///   options.site.backup.enable = lib.mkEnableOption "the backup";
    ///   config = lib.mkIf cfg.enable { services.restic.server.enable = true; };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Switches of parts of a module, below another `enable`, are not reported. A module that is imported
    /// where it is wanted may well be on by default: hence the rule is off.
    pub struct EnableDefaultTrue {}

    name: "enable-default-true",
    summary: "module that is on for everyone who imports it",
    group: Modules,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for EnableDefaultTrue {
    type Node = ast::Root;

    fn check(&self, root: &ast::Root, cx: &mut Context<'_>) {
        if !cx.text.contains("default = true") {
            return;
        }
        let declared: Vec<(Vec<String>, ast::AttrpathValue)> =
            root.syntax().descendants().filter_map(ast::AttrpathValue::cast).filter_map(switch).collect();
        for (parent, binding) in &declared {
            let is_part =
                declared.iter().any(|(other, _)| other.len() < parent.len() && parent.starts_with(other));
            let is_on = binding.value().is_some_and(is_on_by_default);
            if is_on && !is_part && is_gate(cx.text, parent) {
                let option = format!("{}.enable", parent.join("."));
                let _ = cx
                    .report(binding, format!("`{option}` is on for everyone who imports the module"))
                    .here("its default is `true`")
                    .help("leave the default `false`, and switch it on where it is wanted");
            }
        }
    }
}

/// The option that a binding declares, without `options` and `enable`, where it is called `enable`.
fn switch(binding: ast::AttrpathValue) -> Option<(Vec<String>, ast::AttrpathValue)> {
    let mut path = static_path(&binding.attrpath()?)?;
    if path.last().is_none_or(|name| name != "enable") {
        return None;
    }
    for outer in binding.syntax().ancestors().skip(1).filter_map(ast::AttrpathValue::cast) {
        let mut names = static_path(&outer.attrpath()?)?;
        names.append(&mut path);
        path = names;
    }
    let parent = path.strip_prefix(&["options".to_owned()][..])?.split_last()?.1.to_vec();
    (!parent.is_empty()).then_some((parent, binding))
}

/// Whether the value is `mkEnableOption … // { default = true; }` or `mkOption { default = true; … }`.
fn is_on_by_default(value: ast::Expr) -> bool {
    match peel_parens(value) {
        ast::Expr::BinOp(operation) if operation.operator() == Some(ast::BinOpKind::Update) => {
            operation.rhs().is_some_and(says_true)
        }
        ast::Expr::Apply(call) => {
            let function = call.lambda().map(|function| function.syntax().text().to_string());
            function.is_some_and(|name| name == "mkOption" || name.ends_with(".mkOption"))
                && call.argument().is_some_and(says_true)
        }
        _ => false,
    }
}

/// Whether a set has `default = true`.
fn says_true(set: ast::Expr) -> bool {
    let ast::Expr::AttrSet(set) = peel_parens(set) else { return false };
    set.syntax().children().filter_map(ast::AttrpathValue::cast).any(|binding| {
        let is_default =
            binding.attrpath().and_then(|path| static_path(&path)).is_some_and(|path| path == ["default"]);
        is_default && binding.value().is_some_and(|value| value.syntax().text() == "true")
    })
}

/// Whether all definitions of the module hang on the option.
fn is_gate(text: &str, parent: &[String]) -> bool {
    let option = format!("config.{}", parent.join("."));
    let is_asked = |name: &str| {
        ["config = mkIf ", "config = lib.mkIf ", "config = mkIf (", "config = lib.mkIf ("]
            .iter()
            .any(|start| text.contains(&format!("{start}{name}.enable")))
    };
    is_asked(&option) || (text.contains(&format!("cfg = {option};")) && is_asked("cfg"))
}
