use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds dollar signs that are escaped in the manner of the other kind of string: `\${x}` in `''…''`, and `''${x}`
    /// in `"…"`; and `$${x}` where `x` is a variable.
    ///
    /// ## Why is this bad?
    /// In `''…''` a backslash means nothing: `\${x}` is a backslash and the value of `x`. In `"…"` two single quotes
    /// mean nothing. And `$${x}` is no interpolation at all in either.
    ///
    /// ## Example
    /// ```nix
    /// { user }: ''
    ///   echo \${user}
    /// ''
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { user }: ''
    ///   echo ''${user}
    /// ''
    /// ```
    ///
    /// ## Exceptions
    /// Where a backslash before a value is meant, or `$${x}` for another program, an ignore comment says so.
    ///
    /// ## Fix safety
    /// Only shown: what was meant, the text or the value, nixlint cannot tell.
    ///
    /// ## References
    /// - Nix manual, "String literal"
    pub struct DollarEscapeConfusion {}

    name: "dollar-escape-confusion",
    summary: "dollar sign that is escaped in the manner of the other kind of string",
    group: Suspicious,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for DollarEscapeConfusion {
    type Node = ast::Str;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        let interpolates = view.has_node(SyntaxKind::NODE_INTERPOL);
        let is_mark = |text: &str| {
            text.contains("$${") || interpolates && (text.ends_with('\\') || text.ends_with("''"))
        };
        !view.is_plain_string()
            && view
                .tokens()
                .any(|token| token.kind == SyntaxKind::TOKEN_STRING_CONTENT && is_mark(token.text))
    }

    fn check(&self, string: &ast::Str, cx: &mut Context<'_>) {
        let text = cx.text;
        let written = &text[string.syntax().text_range()];
        if !written.contains("${") || !["\\${", "''${", "$${"].iter().any(|mark| written.contains(mark)) {
            return;
        }
        let indented = is_indented(string);
        let parts = raw_string(string);
        let file = cx.file;
        for (index, part) in parts.iter().enumerate() {
            let RawPart::Text(range) = part else { continue };
            let content = &text[*range];
            if let Some(RawPart::Interpolation(interpolation)) = parts.get(index + 1) {
                let place = interpolation.syntax().text_range();
                let backslashes = content.len() - content.trim_end_matches('\\').len();
                // A line of a shell script that goes on in what is interpolated.
                let goes_on = text[place].starts_with("${\n");
                if indented && backslashes % 2 == 1 && !goes_on && !content.ends_with("''\\") {
                    let range = TextRange::new(place.start() - TextSize::new(1), place.end());
                    let escape = TextRange::new(range.start(), place.start());
                    let _ = cx
                        .report_range(range, "`\\${` is no escape in an indented string")
                        .here("a backslash and the value")
                        .covers(string.syntax().text_range())
                        .help("write `''${` for the dollar sign itself")
                        .fix(Applicability::Manual, "escape it", |edits| {
                            edits.extend(file, vec![(escape, "''".to_owned())]);
                        });
                }
                let behind = &text[usize::from(place.end())..];
                if !indented
                    && content.ends_with("''")
                    && !behind.starts_with("''")
                    && !behind.starts_with("\"")
                {
                    let range = TextRange::new(place.start() - TextSize::new(2), place.end());
                    let escape = TextRange::new(range.start(), place.start());
                    let _ = cx
                        .report_range(range, "`''${` is no escape in a string with double quotes")
                        .here("two quotes and the value")
                        .help("write `\\${` for the dollar sign itself")
                        .fix(Applicability::Manual, "escape it", |edits| {
                            edits.extend(file, vec![(escape, "\\".to_owned())]);
                        });
                }
            }
            // `$${name}` is text: Nix reads two dollar signs first.
            for (at, _) in content.match_indices("$${") {
                let name = content[at + 3..].split('}').next().unwrap_or_default();
                let start = range.start() + TextSize::new(at as u32);
                let is_escaped = content[..at].ends_with('$')
                    || content[..at].ends_with("''")
                    || content[..at].ends_with('\\');
                let line = content[..at].rsplit('\n').next().unwrap_or_default();
                let is_escaped = is_escaped || line.trim_start().starts_with('#');
                let is_name = !name.is_empty()
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
                let head = name.split('.').next().unwrap_or_default();
                if is_escaped || !is_name || !cx.semantics().is_bound_around(head, start) {
                    continue;
                }
                let place = TextRange::at(start, TextSize::new(name.len() as u32 + 4));
                let _ = cx
                    .report_range(place, format!("`$${{{name}}}` is text, not the value of `{name}`"))
                    .here("two dollar signs stand for themselves")
                    .covers(string.syntax().text_range())
                    .help(format!("write `${{\"$\"}}${{{name}}}` for a dollar sign and the value"));
            }
        }
    }
}
