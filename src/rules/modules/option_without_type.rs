use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `mkOption` without a `type`.
    ///
    /// ## Why is this bad?
    /// Such an option takes anything: nothing checks its value, and several definitions of it are merged in ways that only fit
    /// by chance. The manual does not say what belongs there, either.
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.name = lib.mkOption { default = "home"; };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.name = lib.mkOption {
    ///     type = lib.types.str;
    ///     default = "home";
    ///   };
    /// }
    /// ```
    ///
    /// ## References
    /// - nixpkgs issue 76184
    pub struct OptionWithoutType {}

    name: "option-without-type",
    summary: "option without a type",
    group: Modules,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for OptionWithoutType {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["mkOption"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.calls(&["mkOption"])
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some((name, arguments)) = cx.library_call(&ast::Expr::Apply(call.clone())) else { return };
        let [ast::Expr::AttrSet(set)] = arguments.as_slice() else { return };
        // A second declaration of an option adds `apply` and takes the type of the first.
        let is_second = may_have_attribute(set, "apply") && !may_have_attribute(set, "default");
        if name != "mkOption" || may_have_attribute(set, "type") || is_second {
            return;
        }
        let Some(function) = call.lambda() else { return };
        let _ = cx
            .report(&function, "this option has no type")
            .here("it takes anything")
            .help("give it a `type`, such as `lib.types.str`");
    }
}
