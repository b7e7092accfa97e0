use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `inherit` with names that are not in order.
    ///
    /// ## Why is this bad?
    /// In order, a name is found at a glance, and two changes hardly meet in one place.
    ///
    /// ## Example
    /// ```nix
    /// { lib }: { inherit (lib) id const; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib }: { inherit (lib) const id; }
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: the order means nothing. Where a comment stands between the names, no fix is offered.
    pub struct UnsortedInherit {}

    name: "unsorted-inherit",
    summary: "inherited names that are not in order",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnsortedInherit {
    type Node = ast::Inherit;

    fn check(&self, inherit: &ast::Inherit, cx: &mut Context<'_>) {
        let attrs: Vec<ast::Attr> = inherit.attrs().collect();
        let texts: Vec<String> = attrs.iter().map(|attr| attr.syntax().text().to_string()).collect();
        let Some(at) = texts.windows(2).position(|pair| pair[0] > pair[1]) else { return };
        let mut sorted = texts.clone();
        sorted.sort();
        let places: Vec<TextRange> = attrs.iter().map(|attr| attr.syntax().text_range()).collect();
        let (file, text) = (cx.file, cx.text);
        let mut report = cx
            .report(&attrs[at + 1], format!("`{}` is not in order", texts[at + 1]))
            .here("the first that is not")
            .covers(inherit.syntax().text_range());
        // Names that touch, as in `a"b"`, could run together.
        let touches = places.iter().any(|place| {
            let is_of_name = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace() && c != ';');
            is_of_name(text[..usize::from(place.start())].chars().next_back())
                || is_of_name(text[usize::from(place.end())..].chars().next())
        });
        if !has_comment(inherit.syntax()) && !touches {
            report = report.fix(Applicability::Safe, "put the names in order", |edits| {
                edits.extend(file, places.into_iter().zip(sorted).collect());
            });
        }
        let _ = report;
    }
}
