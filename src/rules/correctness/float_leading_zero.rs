use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds numbers that begin with zeros: `00.5`, `007`.
    ///
    /// ## Why is this bad?
    /// Nix reads `00.5` as two numbers, `00` and `.5`: two elements of a list, or a call of a number. And `007` is 7,
    /// not an octal number: as that is what some mean, it is an info (`integer`).
    ///
    /// ## Example
    /// ```nix
    /// { factors = [ 00.5 ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { factors = [ 0.5 ]; }
    /// ```
    ///
    /// ## Fix safety
    /// Unsafe: two values become one.
    pub struct FloatLeadingZero {}

    name: "float-leading-zero",
    summary: "number that begins with zeros",
    group: Correctness,
    level: Error,
    variants: [integer: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for FloatLeadingZero {
    type Node = ast::Literal;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.tokens().any(|token| token.text.len() > 1 && token.text.starts_with('0'))
    }

    fn check(&self, literal: &ast::Literal, cx: &mut Context<'_>) {
        let text = literal.syntax().text().to_string();
        if !text.starts_with('0') || text.len() < 2 || !matches!(literal.kind(), ast::LiteralKind::Integer(_))
        {
            return;
        }
        let range = literal.syntax().text_range();
        let behind = &cx.text[usize::from(range.end())..];
        let digits = behind
            .strip_prefix('.')
            .map_or(0, |rest| rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len());
        let file = cx.file;
        let kept = text.trim_start_matches('0');
        if digits > 0 {
            let range = TextRange::new(range.start(), range.end() + TextSize::new(digits as u32 + 1));
            let _ = cx
                .report_range(range, format!("these are two numbers, `{text}` and `{}`", &behind[..=digits]))
                .here("a float has no zeros before it")
                .fix(Applicability::Unsafe, "make it one number", |edits| {
                    let whole = if kept.is_empty() { "0" } else { kept };
                    edits.extend(file, vec![(literal.syntax().text_range(), whole.to_owned())]);
                });
            return;
        }
        let whole = if kept.is_empty() { "0" } else { kept };
        let _ = cx
            .report(literal, format!("`{text}` is the decimal number {whole}"))
            .variant(&Self::META, "integer")
            .here("Nix knows no octal numbers")
            .help("write the mode of a file as a string, and other numbers without zeros before them");
    }
}
