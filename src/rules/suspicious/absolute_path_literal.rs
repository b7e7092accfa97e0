use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds absolute paths without quotes, such as `/etc/ssl`.
    ///
    /// ## Why is this bad?
    /// It is the path on the machine that evaluates. In a string it is copied into the store, and a flake may not read
    /// it at all. Options for places on the running system take a string.
    ///
    /// ## Example
    /// ```nix
    /// { services.mpd.dataDir = /srv/music; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { services.mpd.dataDir = "/srv/music"; }
    /// ```
    ///
    /// ## Exceptions
    /// `/. + x` makes a path of a string, and `x + /a` goes on where `x` ends: neither is reported.
    ///
    /// ## Fix safety
    /// Unsafe: a string is not copied into the store, and a path that is read needs to be one.
    ///
    /// ## References
    /// - Nix manual, `lint-absolute-path-literals` in nix.conf
    pub struct AbsolutePathLiteral {}

    name: "absolute-path-literal",
    summary: "absolute path without quotes",
    group: Suspicious,
    level: Info,
    default: Off,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for AbsolutePathLiteral {
    type Node = ast::PathAbs;

    fn check(&self, path: &ast::PathAbs, cx: &mut Context<'_>) {
        let text = path.syntax().text().to_string();
        let is_divisor = text[1..].chars().all(|c| c.is_ascii_digit());
        // `self + /a` goes on where `self` ends.
        let is_added = path.syntax().parent().and_then(ast::BinOp::cast).is_some_and(|sum| {
            sum.operator() == Some(ast::BinOpKind::Add)
                && sum.rhs().is_some_and(|right| right.syntax() == path.syntax())
        });
        if text == "/." || is_divisor || is_added {
            return;
        }
        let file = cx.file;
        let shown = if text.contains(['$', '`', '\n']) || text.len() > 60 {
            "this".to_owned()
        } else {
            format!("`{text}`")
        };
        let _ = cx
            .report(path, format!("{shown} is the path on the machine that evaluates"))
            .here("copied into the store where it becomes a string")
            .help("quote it if a place on the running system is meant")
            .fix(Applicability::Unsafe, "quote it", |edits| {
                edits.extend(file, edit::replace(path.syntax(), &format!("\"{text}\"")));
            });
    }
}
