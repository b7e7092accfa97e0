use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `with lib;` and its like around all that a file is.
    ///
    /// ## Why is this bad?
    /// Nobody can tell where a name comes from: not the reader, not an editor, and not nixlint, which must keep quiet
    /// about unknown names. A name that is removed upstream, or added, changes what the file means.
    /// A list behind `with pkgs;` is an accepted idiom and not reported. Many people like the short names better, so
    /// the rule is off unless asked for.
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }:
    /// with lib;
    /// {
    ///   options.a = mkOption { type = types.str; };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, ... }:
    /// let
    ///   inherit (lib) mkOption types;
    /// in
    /// {
    ///   options.a = mkOption { type = types.str; };
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// The fix inherits exactly the names that come from the `with`. It is safe, and offered only where no other `with`
    /// could give one of them.
    ///
    /// ## References
    /// - nix.dev, "Best practices": `with` scopes
    pub struct TopLevelWith {}

    name: "top-level-with",
    summary: "`with` around a whole file",
    group: Style,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for TopLevelWith {
    type Node = ast::With;

    fn check(&self, node: &ast::With, cx: &mut Context<'_>) {
        let (Some(namespace), Some(body)) = (node.namespace(), node.body()) else { return };
        if !is_whole_file(node) || matches!(peel_parens(body.clone()), ast::Expr::List(_)) {
            return;
        }
        let Some(source) = source(&namespace, cx) else { return };
        let semantics = cx.semantics();
        let Some(scope) = semantics.with_scope(node.syntax().text_range()) else { return };
        let mut names: Vec<&str> = Vec::new();
        let mut is_certain = true;
        for reference in &semantics.references {
            let Resolution::With(innermost) = reference.resolution else { continue };
            let is_with = |id: &ScopeId| semantics.scope(*id).kind == ScopeKind::With;
            let withs: Vec<ScopeId> = semantics.around(Some(innermost)).filter(is_with).collect();
            if !withs.contains(&scope) {
                continue;
            }
            is_certain &= withs.len() == 1;
            names.push(semantics.ir.name(reference.name));
        }
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            return;
        }

        let (file, text) = (cx.file, cx.text);
        let report = cx
            .report(&namespace, format!("`with {source};` around the whole file hides where names come from"))
            .here(format!("{} names come from here", names.len()))
            .help(format!("inherit what is used: `inherit ({source}) …;`"));
        let head =
            node.syntax().children_with_tokens().find(|child| child.kind() == SyntaxKind::TOKEN_SEMICOLON);
        let (true, Some(semicolon)) = (is_certain, head) else { return };
        let range = TextRange::new(node.syntax().text_range().start(), semicolon.text_range().end());
        let has_comment = node.syntax().descendants_with_tokens().any(|child| {
            child.kind() == SyntaxKind::TOKEN_COMMENT && range.contains_range(child.text_range())
        });
        if !has_comment {
            let new = replacement(node, &source, &names, text);
            // Nix takes what touches `in` for a part of it.
            let touches = text[usize::from(range.end())..].starts_with(|c: char| !c.is_whitespace());
            let new = if touches { new + " " } else { new };
            let _ = report.fix(Applicability::Safe, "inherit the names that are used", |edits| {
                edits.extend(file, vec![(range, new)]);
            });
        }
    }
}

/// Whether nothing but arguments, `let`, `assert` and `with` stands around the node.
fn is_whole_file(node: &ast::With) -> bool {
    let mut inner = node.syntax().clone();
    for around in node.syntax().ancestors().skip(1) {
        let is_body = || around.children().last().as_ref() == Some(&inner);
        match around.kind() {
            SyntaxKind::NODE_ROOT => return true,
            SyntaxKind::NODE_PAREN => {}
            SyntaxKind::NODE_LAMBDA
            | SyntaxKind::NODE_LET_IN
            | SyntaxKind::NODE_ASSERT
            | SyntaxKind::NODE_WITH
                if is_body() => {}
            _ => return false,
        }
        inner = around;
    }
    false
}

/// How the source of the names is written, if it is a name of the file or an attribute of one.
fn source(namespace: &ast::Expr, cx: &Context<'_>) -> Option<String> {
    let base = match namespace {
        ast::Expr::Ident(ident) => ident.clone(),
        ast::Expr::Select(select) if select.default_expr().is_none() => {
            static_path(&select.attrpath()?)?;
            let ast::Expr::Ident(base) = select.expr()? else { return None };
            base
        }
        _ => return None,
    };
    match cx.semantics().resolve(base.syntax().text_range())? {
        Resolution::Binding(_) | Resolution::Builtin => Some(namespace.syntax().text().to_string()),
        _ => None,
    }
}

/// `let inherit (source) …; in`, on lines of its own where the `with` has one.
fn replacement(node: &ast::With, source: &str, names: &[&str], text: &str) -> String {
    let start = node.syntax().text_range().start();
    let before = &text[..usize::from(start)];
    let line = before.rsplit('\n').next().unwrap_or_default();
    let is_alone = before.contains('\n') && line.chars().all(char::is_whitespace);
    let one = format!("inherit ({source}) {};", names.join(" "));
    if !is_alone {
        return format!("let {one} in");
    }
    let inner = if line.chars().count() + one.chars().count() <= 98 {
        format!("{line}  {one}")
    } else {
        let names: Vec<String> = names.iter().map(|name| format!("{line}    {name}\n")).collect();
        format!("{line}  inherit ({source})\n{}{line}    ;", names.concat())
    };
    format!("let\n{inner}\n{line}in")
}
