use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds neighbours whose paths begin with the same name: `a.x = 1; a.y = 2; a.z = 3; a.w = 4;`.
    ///
    /// ## Why is this bad?
    /// One set below that name says it once.
    ///
    /// ## Example
    /// ```nix
    /// { a.w = 1; a.x = 2; a.y = 3; a.z = 4; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { a = { w = 1; x = 2; y = 3; z = 4; }; }
    /// ```
    ///
    /// ## Exceptions
    /// A path on each line can be searched for and moved alone: hence the rule is off.
    ///
    /// ## Fix safety
    /// Always safe: Nix reads both alike. Lines are not indented anew.
    pub struct RepeatedKeyPrefix {
        /// How many neighbours are too many.
        min: usize = 4,
    }

    name: "repeated-key-prefix",
    summary: "neighbours whose paths begin with the same name",
    group: Pedantic,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for RepeatedKeyPrefix {
    type Node = ast::AttrSet;

    fn check(&self, set: &ast::AttrSet, cx: &mut Context<'_>) {
        use ast::HasEntry as _;
        if set.rec_token().is_some() {
            return;
        }
        let entries: Vec<ast::Entry> = set.entries().collect();
        let names: Vec<Option<String>> = entries.iter().map(prefix).collect();
        let mut start = 0;
        while start < entries.len() {
            let mut end = start + 1;
            while end < entries.len() && names[start].is_some() && names[end] == names[start] {
                end += 1;
            }
            if let Some(name) = names[start].as_ref().filter(|_| end - start >= self.min.max(2)) {
                report(name, &entries[start..end], &entries, cx);
            }
            start = end;
        }
    }
}

fn report(name: &str, run: &[ast::Entry], all: &[ast::Entry], cx: &mut Context<'_>) {
    let file = cx.file;
    let keys: Vec<ast::Attrpath> = run
        .iter()
        .filter_map(|entry| match entry {
            ast::Entry::AttrpathValue(binding) => binding.attrpath(),
            ast::Entry::Inherit(_) => None,
        })
        .collect();
    let (Some(first), Some(last)) = (keys.first(), run.last()) else { return };
    // What else binds the name might not be merged with a set.
    let is_alone = all.iter().filter(|entry| head(entry).as_deref() == Some(name)).count() == run.len();
    let mut edits = Vec::new();
    for key in &keys {
        let mut attrs = key.attrs();
        let (Some(head), Some(next)) = (attrs.next(), attrs.next()) else { return };
        let range = TextRange::new(head.syntax().text_range().start(), next.syntax().text_range().start());
        let text = if key.syntax() == first.syntax() {
            format!("{} = {{ ", head.syntax().text())
        } else {
            String::new()
        };
        edits.push((range, text));
    }
    edits.push((TextRange::empty(last.syntax().text_range().end()), " };".to_owned()));
    let has_comments = keys.iter().any(|key| has_comment(key.syntax()));
    let mut report = cx
        .report(first, format!("{} neighbours begin with `{name}`", run.len()))
        .here("the first of them")
        .help(format!("put them into one set, `{name} = {{ … }};`"));
    if is_alone && !has_comments {
        report = report.fix(Applicability::Safe, "put them into one set", |out| out.extend(file, edits));
    }
    let _ = report;
}

/// The first name of an entry.
fn head(entry: &ast::Entry) -> Option<String> {
    match entry {
        ast::Entry::AttrpathValue(binding) => static_name(&binding.attrpath()?.attrs().next()?),
        ast::Entry::Inherit(_) => None,
    }
}

/// The first name of a path of several static names.
fn prefix(entry: &ast::Entry) -> Option<String> {
    let ast::Entry::AttrpathValue(binding) = entry else { return None };
    let path = static_path(&binding.attrpath()?)?;
    (path.len() > 1).then(|| path[0].clone())
}
