use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds patterns of functions whose names are not in order.
    ///
    /// ## Why is this bad?
    /// In order, a name is found at a glance, and two changes hardly meet in one place.
    ///
    /// ## Example
    /// ```nix
    /// { pkgs, lib }: pkgs // lib
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, pkgs }: pkgs // lib
    /// ```
    ///
    /// ## Fix safety
    /// Always safe: the order means nothing. Where a comment stands in the pattern, no fix is offered.
    pub struct UnsortedFormals {}

    name: "unsorted-formals",
    summary: "arguments that are not in order",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UnsortedFormals {
    type Node = ast::Pattern;

    fn check(&self, pattern: &ast::Pattern, cx: &mut Context<'_>) {
        let entries: Vec<ast::PatEntry> = pattern.pat_entries().collect();
        let name = |entry: &ast::PatEntry| entry.ident().map(|ident| ident.syntax().text().to_string());
        let Some(names) = entries.iter().map(name).collect::<Option<Vec<String>>>() else { return };
        let Some(at) = names.windows(2).position(|pair| pair[0] > pair[1]) else { return };
        let mut sorted: Vec<(String, String)> = names
            .iter()
            .cloned()
            .zip(entries.iter().map(|entry| entry.syntax().text().to_string()))
            .collect();
        sorted.sort();
        let places: Vec<TextRange> = entries.iter().map(|entry| entry.syntax().text_range()).collect();
        let file = cx.file;
        let mut report = cx
            .report(&entries[at + 1], format!("`{}` is not in order", names[at + 1]))
            .here("the first that is not")
            .covers(pattern.syntax().text_range());
        // A comma behind a URL would become a part of it.
        let has_url = sorted.iter().any(|(_, text)| edit::ends_in_url(text));
        if !has_comment(pattern.syntax()) && !has_url {
            report = report.fix(Applicability::Safe, "put them in order", |edits| {
                edits
                    .extend(file, places.into_iter().zip(sorted.into_iter().map(|(_, text)| text)).collect());
            });
        }
        let _ = report;
    }
}
