use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds options of the type `attrs`, and with the option `all` also `anything`, `unspecified` and `raw`.
    ///
    /// ## Why is this bad?
    /// `types.attrs` does not merge: of two definitions that have an attribute in common, the later one wins whole, whatever
    /// `mkForce` or `mkIf` say inside. `attrsOf` with the type of the values does what users of the option expect.
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.settings = lib.mkOption { type = lib.types.attrs; };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.settings = lib.mkOption { type = lib.types.attrsOf lib.types.str; };
    /// }
    /// ```
    ///
    /// ## References
    /// - NixOS manual, "Options Types"
    pub struct BroadOptionType {
        /// Whether types that take anything are reported as well.
        all: bool = false,
    }

    name: "broad-option-type",
    summary: "option of a type that does not merge",
    group: Modules,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for BroadOptionType {
    type Node = ast::AttrpathValue;
    const NAMES: &'static [&'static str] = &["attrs", "anything", "unspecified", "raw"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.key().and_then(NodeView::last_name).is_some_and(|name| ["type"].contains(&name))
    }

    fn check(&self, binding: &ast::AttrpathValue, cx: &mut Context<'_>) {
        let is_type =
            binding.attrpath().and_then(|path| static_path(&path)).is_some_and(|path| path == ["type"]);
        let Some(kind) = binding.value().map(peel_parens).filter(|_| is_type) else { return };
        let Some(name) = cx.library_name(&kind) else { return };
        let is_broad =
            name == "attrs" || self.all && matches!(name.as_str(), "anything" | "unspecified" | "raw");
        if !is_broad || !is_of_option(binding, cx) {
            return;
        }
        let _ = match name.as_str() {
            "attrs" => cx
                .report(&kind, "options of the type `attrs` do not merge")
                .here("of two definitions, one is lost")
                .help("use `attrsOf` with the type of the values, or `attrsOf anything`"),
            _ => cx
                .report(&kind, format!("the type `{name}` takes anything"))
                .here("nothing checks the value")
                .help("name the type that the values have"),
        };
    }
}

/// Whether a binding stands in the set that `mkOption` is called with.
fn is_of_option(binding: &ast::AttrpathValue, cx: &Context<'_>) -> bool {
    let call = binding.syntax().ancestors().find_map(ast::Apply::cast);
    let called = call.and_then(|call| {
        let (name, arguments) = cx.library_call(&ast::Expr::Apply(call))?;
        let set = binding.syntax().parent()?;
        (name == "mkOption").then(|| arguments.iter().any(|argument| argument.syntax() == &set))
    });
    called.unwrap_or_default()
}
