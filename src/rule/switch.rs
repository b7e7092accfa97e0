//! Patches that take a service out of the way of another: switch it off, or give it another port.
//!
//! Only values that are written in place are touched, never constants that something else may use.

use super::context::HostContext;
use super::patch::Patch;
use crate::nixos::OptionPattern;
use crate::nixos::conflicts::{ConflictPort, all};
use crate::nixos::services::PortForm;
use crate::project::{Definition, Port, PortSource};
use crate::syntax::{AstNode, ast, edit};
use crate::text::Span;

impl HostContext<'_> {
    /// Writes `false` for the `true` that a definition gives.
    pub fn switch_off(&self, definition: &Definition) -> Option<Patch> {
        let span = definition.value.span?;
        let is_literal = self.expression_at(span)?.syntax().text() == "true";
        (is_literal && !self.is_shared(span, definition)).then(|| replaced(span, "false"))
    }

    /// Writes `to` for the number of a port, where that is written as a number or text in its own definition.
    pub fn move_port(&self, port: &Port, to: u16) -> Option<Patch> {
        let number = port.number.value().filter(|number| number.first == number.last)?.first;
        let span = port.origin.span?;
        let in_place = |binding: &Span| {
            binding.file == span.file && *binding != span && binding.range().contains_range(span.range())
        };
        if !port.origin.bindings.iter().any(in_place) {
            return None;
        }
        let literal = self.expression_at(span)?;
        let is_constant = match &literal {
            ast::Expr::Literal(_) => true,
            ast::Expr::Str(text) => !text.syntax().text().to_string().contains("${"),
            _ => false,
        };
        let written = literal.syntax().text().to_string();
        let text = match port.source {
            PortSource::Option(_) | PortSource::Socket => with_number(&written, number, to, false),
            PortSource::Container => with_number(&written, number, to, true),
            PortSource::Default | PortSource::Argument => None,
        };
        is_constant.then_some(replaced(span, &text?))
    }

    /// Sets the port of a service of Home Manager that nobody sets, beside the definition that switches it on.
    pub fn set_port(&self, enable: &Definition, port: &Port, to: u16) -> Option<Patch> {
        let number = port.number.value()?.first;
        let of_service = |home: &OptionPattern| home.to_string() == port.origin.option;
        let conflict = all().iter().find(|conflict| conflict.home.as_ref().is_some_and(of_service))?;
        let is_it = |fact: &&ConflictPort| fact.number == number && fact.protocol == port.protocol;
        let fact = conflict.ports.iter().find(is_it)?;
        let option = fact.options.first()?.to_string();
        let option = option.strip_prefix(&port.origin.option)?.strip_prefix('.')?.to_owned();
        let value = match fact.form {
            PortForm::Number => to.to_string(),
            PortForm::String => format!("\"{to}\""),
            PortForm::Address => format!("\"{}:{to}\"", port.address.value()?),
            PortForm::List => return None,
        };
        self.set_sibling(enable, &option, &value)
    }

    /// A binding beside that of a definition, for another option of the same set.
    fn set_sibling(&self, definition: &Definition, option: &str, value: &str) -> Option<Patch> {
        let span = definition.binding?;
        let binding = self.node_at::<ast::AttrpathValue>(span)?;
        let path = binding.attrpath()?;
        let last = path.attrs().last()?;
        let is_it = binding.syntax().text_range() == span.range()
            && definition.key.is_some_and(|key| key.range() == last.syntax().text_range());
        let written = path.syntax().text().to_string();
        let before = written.strip_suffix(&last.syntax().text().to_string())?;
        let edits = edit::insert_binding_after(binding.syntax(), &format!("{before}{option} = {value};"));
        is_it.then_some(Patch { file: span.file, edits, is_shared: false })
    }
}

fn replaced(span: Span, text: &str) -> Patch {
    Patch { file: span.file, edits: vec![(span.range(), text.to_owned())], is_shared: false }
}

/// The text with one of its numbers replaced, the first or the last that is `from`.
fn with_number(text: &str, from: u16, to: u16, first: bool) -> Option<String> {
    let wanted = from.to_string();
    let is_whole = |at: &usize| {
        let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        !is_digit(text[..*at].chars().next_back()) && !is_digit(text[*at + wanted.len()..].chars().next())
    };
    let mut places = text.match_indices(&wanted).map(|(at, _)| at).filter(is_whole);
    let at = if first { places.next() } else { places.last() }?;
    Some(format!("{}{to}{}", &text[..at], &text[at + wanted.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_of_the_host_is_another() {
        let moved = |text, first| with_number(text, 80, 81, first);
        assert_eq!(moved("\"80:80\"", true).as_deref(), Some("\"81:80\""));
        assert_eq!(moved("\"127.0.0.1:80:8080\"", true).as_deref(), Some("\"127.0.0.1:81:8080\""));
        assert_eq!(moved("\"80.0.0.1:80\"", false).as_deref(), Some("\"80.0.0.1:81\""));
        assert_eq!(moved("80", false).as_deref(), Some("81"));
        assert_eq!(moved("8080", false), None);
    }
}
