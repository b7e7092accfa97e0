use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `toString` of booleans.
    ///
    /// ## Why is this bad?
    /// `toString true` is `"1"` and `toString false` is the empty string: hardly any file format wants that.
    ///
    /// ## Example
    /// ```nix
    /// { cfg }: "debug = ${toString cfg.enable}"
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, cfg }: "debug = ${lib.boolToString cfg.enable}"
    /// ```
    ///
    /// ## Exceptions
    /// Shell scripts often ask `[ -n "$x" ]`, for which `"1"` and the empty string are right. Where the question is
    /// asked right there, nothing is reported, nor in the value of an environment variable (`DEBUG="${…}"`).
    ///
    /// ## Fix safety
    /// Unsafe, since the text becomes another one. It needs a `lib` in scope.
    ///
    /// ## References
    /// - Nix manual, `builtins.toString`
    pub struct BoolToString {}

    name: "bool-to-string",
    summary: "`toString` of a boolean, which gives `\"1\"` or nothing",
    group: Suspicious,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for BoolToString {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["toString"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.calls(&["toString"])
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let (Some(function), Some(argument)) =
            (call.lambda().map(peel_parens), call.argument().map(peel_parens))
        else {
            return;
        };
        let is_named = dotted_path(&function)
            .and_then(|path| path.last().cloned())
            .is_some_and(|name| name == "toString");
        if !is_named {
            return;
        }
        let is_to_string = cx.semantics().builtin(&function).is_some()
            || matches!(&function, ast::Expr::Select(select) if select.syntax().text() == "lib.toString");
        let is_bool = cx.semantics().kind_of_value(&argument) == Some(Kind::Bool) || is_switch(&argument);
        if !is_to_string || !is_bool {
            return;
        }
        // A shell that asks whether the text is empty gets the right answer.
        let before = cx.text[..usize::from(call.syntax().text_range().start())].trim_end();
        let before = before.strip_suffix("${").unwrap_or(before).trim_end_matches('"');
        if ["-z ", "-n "].iter().any(|question| before.ends_with(question)) || is_of_variable(call, before) {
            return;
        }
        let at = call.syntax().text_range().start();
        let has_lib = cx.semantics().is_bound_around("lib", at);
        let file = cx.file;
        let mut report = cx
            .report(call, "`toString` of a boolean gives `\"1\"` or nothing")
            .here("this is no `true` or `false`")
            .help("use `lib.boolToString`, or `if … then … else …` with the words that are meant");
        if has_lib {
            report = report.fix(Applicability::Unsafe, "use `lib.boolToString`", |edits| {
                edits.extend(file, edit::replace(function.syntax(), "lib.boolToString"));
            });
        }
        let _ = report;
    }
}

/// Whether the text is the value of an environment variable: of a line `NAME=`, or of an attribute with such a name.
/// Programs ask whether a variable is set or `1`.
fn is_of_variable(call: &ast::Apply, before: &str) -> bool {
    let is_variable = |name: &str| {
        name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if let Some(line) = before.strip_suffix('=') {
        return is_variable(&line[line.trim_end_matches(is_in_name).len()..]);
    }
    let binding = call.syntax().ancestors().find_map(ast::AttrpathValue::cast);
    let name = binding.and_then(|binding| static_name(&binding.attrpath()?.attrs().last()?));
    name.is_some_and(|name| is_variable(&name))
}

/// Whether it is an option that is called `enable`.
fn is_switch(argument: &ast::Expr) -> bool {
    let ast::Expr::Select(_) = argument else { return false };
    dotted_path(argument).and_then(|path| path.last().cloned()).is_some_and(|name| name == "enable")
}
