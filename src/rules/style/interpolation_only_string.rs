use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds strings that hold nothing but an interpolation of a string.
    ///
    /// ## Why is this bad?
    /// It is the string itself.
    ///
    /// ## Example
    /// ```nix
    /// { x }: "${toString x}"
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { x }: toString x
    /// ```
    ///
    /// ## Exceptions
    /// An interpolation turns packages and paths into strings, and paths into paths of the store. Only what is a string
    /// already, for certain, is reported.
    ///
    /// ## Fix safety
    /// Always safe. Where a comment would be lost, no fix is offered.
    pub struct InterpolationOnlyString {}

    name: "interpolation-only-string",
    summary: "interpolation of a string and nothing else",
    group: Style,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for InterpolationOnlyString {
    type Node = ast::Str;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        !view.is_plain_string()
            && view.node(SyntaxKind::NODE_INTERPOL).is_some()
            && !view.has_token(SyntaxKind::TOKEN_STRING_CONTENT)
    }

    fn check(&self, string: &ast::Str, cx: &mut Context<'_>) {
        let written = &cx.text[string.syntax().text_range()];
        if !written.trim_start_matches(['"', '\'']).starts_with("${") {
            return;
        }
        let parts = raw_string(string);
        let [RawPart::Interpolation(interpolation)] = parts.as_slice() else { return };
        let around = string.syntax().ancestors().skip(1).find(|around| !ast::Paren::can_cast(around.kind()));
        let is_name = around.is_some_and(|parent| {
            ast::Attrpath::can_cast(parent.kind())
                || ast::Inherit::can_cast(parent.kind())
                || ast::Dynamic::can_cast(parent.kind())
        });
        let Some(inner) = interpolation.expr() else { return };
        if is_name || cx.semantics().kind_of_value(&inner) != Some(Kind::String) {
            return;
        }
        let file = cx.file;
        let mut report = cx
            .report(string, "interpolation of a string and nothing else")
            .here("what is interpolated is this string already");
        if !has_comment_outside(string.syntax(), &[inner.syntax()]) {
            report = report.fix(Applicability::Safe, "use it as it is", |edits| {
                edits.extend(file, edit::replace(string.syntax(), &inner.syntax().text().to_string()));
            });
        }
        let _ = report;
    }
}
