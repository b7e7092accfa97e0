//! Which option a place of a module is about, as far as the text alone tells.

use crate::syntax::{AstNode as _, SyntaxNode, ast, parse, static_name};
use crate::text::{TextRange, TextSize};

/// A name that may be one of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OptionPath {
    /// The names from the root of the options to the one that was pointed at.
    pub names: Vec<String>,
    /// Where the last name stands.
    pub range: TextRange,
}

/// The option at `offset`: a name in front of an equals sign with all that is around it, or one behind
/// `config.`.
pub(super) fn at(text: &str, offset: TextSize) -> Option<OptionPath> {
    let parsed = parse(text);
    let root = parsed.syntax();
    if offset > root.text_range().end() {
        return None;
    }
    let tokens = root.token_at_offset(offset);
    tokens.into_iter().find_map(|token| {
        let attr = token.parent()?.ancestors().find_map(ast::Attr::cast)?;
        let path = ast::Attrpath::cast(attr.syntax().parent()?)?;
        let mut names = Vec::new();
        for part in path.attrs() {
            names.push(static_name(&part)?);
            if part.syntax() == attr.syntax() {
                break;
            }
        }
        let around = path.syntax().parent()?;
        let mut above = match ast::Select::cast(around.clone()) {
            Some(select) => match select.expr()? {
                ast::Expr::Ident(ident) if ident.to_string() == "config" => Vec::new(),
                _ => return None,
            },
            None => names_above(&ast::AttrpathValue::cast(around)?)?,
        };
        above.append(&mut names);
        if above.first().is_some_and(|name| name == "config") {
            above.remove(0);
        }
        let is_option = !above.is_empty() && above[0] != "options" && above[0] != "imports";
        is_option.then(|| OptionPath { names: above, range: attr.syntax().text_range() })
    })
}

/// The names around a binding, from the outermost one.
fn names_above(binding: &ast::AttrpathValue) -> Option<Vec<String>> {
    let mut parts: Vec<Vec<String>> = Vec::new();
    let mut at: SyntaxNode = binding.syntax().parent()?;
    loop {
        if ast::LetIn::can_cast(at.kind()) || ast::LegacyLet::can_cast(at.kind()) {
            return None;
        }
        if let Some(above) = ast::AttrpathValue::cast(at.clone()) {
            parts.push(crate::syntax::static_path(&above.attrpath()?)?);
        }
        match at.parent() {
            Some(parent) => {
                // What is bound in front of `in` is no option; what stands behind it is.
                if let Some(body) = ast::LetIn::cast(parent.clone()).and_then(|binding| binding.body())
                    && body.syntax() == &at
                {
                    at = match parent.parent() {
                        Some(parent) => parent,
                        None => break,
                    };
                    continue;
                }
                at = parent;
            }
            None => break,
        }
    }
    Some(parts.into_iter().rev().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Option<String> {
        let offset = text.find('|').expect("the place is marked");
        let text = text.replacen('|', "", 1);
        at(&text, TextSize::new(offset as u32)).map(|option| option.names.join(" "))
    }

    #[test]
    fn options_are_read_from_the_root() {
        for (text, wanted) in [
            ("{ services.ng|inx.enable = true; }", "services nginx"),
            ("{ config, ... }: { config = mkIf a { services.x = { enab|le = 1; }; }; }", "services x enable"),
            ("{ a = config.services.\"x.y\".po|rt; }", "services x.y port"),
            ("let y = 1; in { a = { |b = y; }; }", "a b"),
        ] {
            assert_eq!(names(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn other_names_are_no_options() {
        for text in [
            "let a = { |b = 1; }; in a",
            "pkgs.he|llo",
            "{ ${x}.|b = 1; }",
            "{ options.a.|b = 1; }",
            "{ a = 1; } |",
            "|",
        ] {
            assert_eq!(names(text), None, "{text}");
        }
    }
}
