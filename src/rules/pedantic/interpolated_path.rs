use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds paths with interpolations, such as `./${name}.nix`.
    ///
    /// ## Why is this bad?
    /// Neither a reader nor a tool can tell which files are used, and a file that moves is missed. Hosts by name are
    /// often written like that, and well: hence the rule is off.
    ///
    /// ## Example
    /// ```nix
    /// { host }: import ./hosts/${host}.nix
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { host }: { a = import ./hosts/a.nix; b = import ./hosts/b.nix; }.${host}
    /// ```
    pub struct InterpolatedPath {}

    name: "interpolated-path",
    summary: "path with an interpolation",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for InterpolatedPath {
    type Node = ast::Path;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.node(SyntaxKind::NODE_INTERPOL).is_some()
    }

    fn check(&self, path: &ast::Path, cx: &mut Context<'_>) {
        if !path.syntax().children().any(|child| ast::Interpol::can_cast(child.kind())) {
            return;
        }
        let _ = cx
            .report(path, "path with an interpolation")
            .here("which file this is cannot be told from the text");
    }
}
