use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds divisions without spaces, such as `6/3` or `(x)/2`, which Nix reads as paths.
    ///
    /// ## Why is this bad?
    /// `6/3` is the path `./6/3`, and `(x)/2` calls `x` with the path `/2`. Neither divides anything.
    ///
    /// ## Example
    /// ```nix
    /// { memory = 1024/2; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { memory = 1024 / 2; }
    /// ```
    ///
    /// ## Exceptions
    /// `a/b` is reported only where both names are variables, it is no argument of a function and no element of a list:
    /// then as a warning (`names`), since there may be a folder of that name.
    ///
    /// ## Fix safety
    /// Unsafe, since the value becomes another one: a number.
    pub struct DivisionLexedAsPath {}

    name: "division-lexed-as-path",
    summary: "division that Nix reads as a path",
    group: Correctness,
    level: Error,
    variants: [names: Warning],
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
    supersedes: ["missing-path", "short-path-literal"],
}

impl Rule for DivisionLexedAsPath {
    type Node = ast::Path;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        // What comes first is the head of a path: its number or name.
        let text = &cx.text[view.range()];
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(""), Some(right), None) => is_number(right),
            (Some(left), Some(_), None) => is_number(left) || is_name(left),
            _ => false,
        }
    }

    fn check(&self, path: &ast::Path, cx: &mut Context<'_>) {
        let node = path.syntax();
        let text = node.text().to_string();
        let at = node.text_range().start();
        let file = cx.file;
        let parent = node.parent();
        let call = parent.clone().and_then(ast::Apply::cast);
        match path {
            ast::Path::PathRel(_) => {
                let Some((left, right)) = text.split_once('/') else { return };
                let is_bound = |name: &str| is_name(name) && cx.semantics().is_bound_around(name, at);
                let numbers = usize::from(is_number(left)) + usize::from(is_number(right));
                let bound = usize::from(is_bound(left)) + usize::from(is_bound(right));
                let is_element =
                    parent.is_some_and(|parent| ast::List::can_cast(parent.kind())) || call.is_some();
                if numbers + bound != 2 || (is_element && numbers < 2) {
                    return;
                }
                let fixed = format!("{left} / {right}");
                let mut report = cx
                    .report(path, format!("`{text}` is a path, not a division"))
                    .here("Nix reads this as a path beside the file")
                    .help("put spaces around the `/`")
                    .fix(Applicability::Unsafe, "divide", |edits| {
                        edits.extend(file, edit::replace(node, &fixed));
                    });
                if numbers == 0 {
                    report = report.variant(&Self::META, "names");
                }
                let _ = report;
            }
            ast::Path::PathAbs(_) => {
                let Some(call) = call else { return };
                let Some(function) = call.lambda().filter(|function| function.syntax() != node) else {
                    return;
                };
                let Some(divisor) = text.strip_prefix('/').filter(|divisor| is_number(divisor)) else {
                    return;
                };
                let fixed = format!("/ {divisor}");
                let space = if function.syntax().text_range().end() == at { " " } else { "" };
                let _ = cx
                    .report(path, format!("`{text}` is a path, not a division"))
                    .here("what is before it is called with this path")
                    .covers(call.syntax().text_range())
                    .help("put a space behind the `/`")
                    .fix(Applicability::Unsafe, "divide", |edits| {
                        edits.extend(file, vec![(node.text_range(), format!("{space}{fixed}"))]);
                    });
            }
            _ => {}
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_digit() || c == '.')
        && text.starts_with(|c: char| c.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}
