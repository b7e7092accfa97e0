use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds backslashes in strings that mean nothing, such as `"\."` or `"\d"`.
    ///
    /// ## Why is this bad?
    /// Nix drops such a backslash: `"\."` is `"."`, a regular expression that matches any character.
    ///
    /// ## Example
    /// ```nix
    /// { name }: builtins.match "(.*)\.nix" name
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { name }: builtins.match "(.*)\\.nix" name
    /// ```
    ///
    /// ## Exceptions
    /// In `"…"` the escapes are `\n`, `\r`, `\t`, `\\`, `\"` and `\$`, and `$\{` is one way to write `${`; in `''…''`
    /// they are those behind `''\`.
    ///
    /// ## Fix safety
    /// There are two readings, and only you know which was meant: the backslash itself, or nothing.
    ///
    /// ## References
    /// - Nix manual, "String literal"
    pub struct UselessEscape {}

    name: "useless-escape",
    summary: "backslash in a string that means nothing",
    group: Suspicious,
    level: Warning,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UselessEscape {
    type Node = ast::Str;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        if view.is_plain_string() {
            return false;
        }
        let indented = cx.text[view.range()].starts_with("''");
        view.tokens().any(|token| {
            token.text.contains('\\') && !useless(token.text, token.range.start(), indented).is_empty()
        })
    }

    fn check(&self, string: &ast::Str, cx: &mut Context<'_>) {
        let text = cx.text;
        if !text[string.syntax().text_range()].contains('\\') {
            return;
        }
        let indented = is_indented(string);
        let places: Vec<TextRange> = raw_string(string)
            .iter()
            .filter_map(|part| match part {
                RawPart::Text(range) => Some(useless(&text[*range], range.start(), indented)),
                RawPart::Interpolation(_) => None,
            })
            .flatten()
            .collect();
        let Some(first) = places.first() else { return };
        let escape = text[*first].trim_start_matches("''");
        let shown = match escape.chars().nth(1) {
            Some('`') | None => "this backslash".to_owned(),
            Some(c) if c.is_control() => "a backslash before a line break".to_owned(),
            Some(_) => format!("the backslash of `{escape}`"),
        };
        let file = cx.file;
        let prefix = if indented { 3 } else { 1 };
        let backslash = |place: &TextRange| TextRange::at(place.start(), TextSize::new(prefix));
        let doubled = if indented { "\\" } else { "\\\\" };
        let more =
            if places.len() > 1 { format!(", and {} more here", places.len() - 1) } else { String::new() };
        let _ = cx
            .report_range(*first, format!("{shown} means nothing{more}"))
            .here("Nix drops it")
            .covers(string.syntax().text_range())
            .help(if indented {
                "write the backslash alone if it is meant"
            } else {
                "write `\\\\` if the backslash is meant, and nothing if it is not"
            })
            .fix(Applicability::Manual, "keep the backslash", |edits| {
                edits.extend(
                    file,
                    places.iter().map(|place| (backslash(place), doubled.to_owned())).collect(),
                );
            })
            .fix(Applicability::Manual, "leave it out", |edits| {
                edits.extend(file, places.iter().map(|place| (backslash(place), String::new())).collect());
            });
    }
}

/// The escapes in a piece of text that mean nothing.
fn useless(text: &str, start: TextSize, indented: bool) -> Vec<TextRange> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find(['\\', '\'']) {
        at += next;
        let rest = &text[at..];
        let is_backslash = rest.starts_with('\\');
        let mut length = 1;
        if indented && rest.starts_with("''\\") {
            let escaped = rest[3..].chars().next();
            length = 3 + escaped.map_or(0, char::len_utf8);
            if escaped.is_some_and(|c| c.is_ascii_alphanumeric() && !"nrt".contains(c)) {
                found.push(TextRange::at(start + TextSize::new(at as u32), TextSize::new(length as u32)));
            }
        } else if indented && (rest.starts_with("'''") || rest.starts_with("''$")) {
            length = 3;
        } else if !indented && is_backslash {
            let escaped = rest[1..].chars().next();
            length = 1 + escaped.map_or(0, char::len_utf8);
            let is_known = escaped.is_none_or(|c| "nrt\\\"$".contains(c))
                || (escaped == Some('{') && text[..at].ends_with('$'));
            if !is_known {
                found.push(TextRange::at(start + TextSize::new(at as u32), TextSize::new(length as u32)));
            }
        }
        at += length;
    }
    found
}
