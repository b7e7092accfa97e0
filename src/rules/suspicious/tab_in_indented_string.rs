use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds strings in `''…''` with lines that are indented by tabs, while others are indented by spaces.
    ///
    /// ## Why is this bad?
    /// Nix takes off the spaces that all lines begin with, and no tabs: one line that begins with a tab, and all others
    /// keep their indentation. A shell does not mind; a Makefile, YAML, Markdown or a message that people read do.
    ///
    /// ## Example
    /// ```nix
    /// ''
    /// 	first
    ///   second
    /// ''
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// ''
    ///   first
    ///   second
    /// ''
    /// ```
    ///
    /// ## Exceptions
    /// Where every line begins with a tab, or no other line is indented, nothing else changes: it is not reported.
    ///
    /// ## References
    /// - Nix manual, "String literal": indented strings
    pub struct TabInIndentedString {}

    name: "tab-in-indented-string",
    summary: "tab that keeps the indentation of a string",
    group: Suspicious,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for TabInIndentedString {
    type Node = ast::Str;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        !view.is_plain_string()
            && view.tokens().any(|token| token.text.contains('\t') && token.text.contains("\n\t"))
    }

    fn check(&self, string: &ast::Str, cx: &mut Context<'_>) {
        if !is_indented(string) {
            return;
        }
        let range = string.syntax().text_range();
        let text = &cx.text[range];
        if !text.contains("\n\t") {
            return;
        }
        let mut offset = usize::from(range.start());
        let (mut tab, mut is_mixed) = (None, false);
        let lines = text.split_inclusive('\n').count();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let start = TextSize::new(offset as u32);
            offset += line.len();
            // The first line begins behind the quotes, the last one ends before them.
            if index == 0 || line.trim().is_empty() || (index + 1 == lines && line.trim() == "''") {
                continue;
            }
            if line.starts_with('\t') {
                // What stands in an interpolation is code.
                let is_text = raw_string(string)
                    .iter()
                    .any(|part| matches!(part, RawPart::Text(part) if part.contains(start)));
                if is_text && tab.is_none() {
                    tab = Some(TextRange::at(start, TextSize::new(1)));
                }
            } else if line.starts_with("  ") {
                is_mixed = true;
            }
        }
        let Some(tab) = tab.filter(|_| is_mixed) else { return };
        let _ = cx
            .report_range(tab, "a tab at the start of this line keeps the indentation of all others")
            .here("Nix takes off spaces only")
            .covers(range)
            .help("indent with spaces, or write `${\"\\t\"}` where the tab is meant");
    }
}
