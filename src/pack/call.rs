//! Rules about calls of a function.

use super::condition::{Condition, Known};
use super::draft::Draft;
use super::pattern::say;
use super::read::{Reader, Words};
use crate::rule::{Context, ErasedRule};
use crate::semantic::Resolution;
use crate::syntax::{AstNode as _, SyntaxKind, SyntaxNode, ast, peel_parens, static_path};

/// A rule about calls.
pub(super) struct CallRule {
    /// The function: its names.
    function: Vec<String>,
    argument: Option<Condition>,
    words: Words,
}

impl CallRule {
    pub(super) fn read(reader: &mut Reader, draft: &Draft) -> Option<Self> {
        let matcher = draft.matcher.get_ref();
        let text = matcher.call.as_ref()?;
        let function: Vec<String> = text.get_ref().split('.').map(str::to_owned).collect();
        let is_name = |name: &String| {
            let mut chars = name.chars();
            chars.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
                && chars.all(|c| c.is_ascii_alphanumeric() || "_-'".contains(c))
        };
        if !function.iter().all(is_name) {
            let message = format!("`{}` is no name of a function", text.get_ref());
            reader
                .mistake(&text.span(), message, "matches nothing")
                .help("for example `builtins.fetchTarball`");
        }
        Some(Self {
            function,
            argument: matcher.argument.as_ref().map(|argument| reader.condition(argument)),
            words: reader.words(draft, &["function", "argument"])?,
        })
    }

    /// Whether the expression names the function. A name of the file itself is another.
    fn is_called(&self, function: ast::Expr, cx: &Context<'_>) -> bool {
        let (base, rest) = match peel_parens(function) {
            ast::Expr::Ident(name) => (name, Vec::new()),
            ast::Expr::Select(select) if select.default_expr().is_none() => {
                let Some(ast::Expr::Ident(base)) = select.expr().map(peel_parens) else { return false };
                let Some(rest) = select.attrpath().and_then(|path| static_path(&path)) else { return false };
                (base, rest)
            }
            _ => return false,
        };
        let resolution = cx.semantics().resolve(base.syntax().text_range());
        let written = std::iter::once(base.to_string()).chain(rest.iter().cloned());
        let is_builtin = |name: &str| resolution == Some(Resolution::Builtin) && base.to_string() == name;
        match self.function.as_slice() {
            [first, name] if first == "builtins" && rest.is_empty() => is_builtin(name),
            [first, ..] if first == "builtins" => {
                is_builtin(first) && written.eq(self.function.iter().cloned())
            }
            names => written.eq(names.iter().cloned()),
        }
    }
}

impl ErasedRule for &'static CallRule {
    fn wants(&self, kind: SyntaxKind) -> bool {
        ast::Apply::can_cast(kind)
    }

    fn check_node(&self, node: &SyntaxNode, cx: &mut Context<'_>) {
        let Some(call) = ast::Apply::cast(node.clone()) else { return };
        let (Some(function), Some(argument)) = (call.lambda(), call.argument()) else { return };
        let is_meant = |condition: &Condition| condition.holds(&Known::of_expr(&argument)) == Some(true);
        if !self.is_called(function, cx) || !self.argument.as_ref().is_none_or(is_meant) {
            return;
        }
        let fill = |name: &str| match name {
            "function" => self.function.join("."),
            _ => argument.to_string(),
        };
        say(&self.words, node, cx, fill, fill);
    }
}
