//! Values as text, in the form that `nix-instantiate --eval --strict` prints.

use std::fmt::Write as _;

use super::builtins::sorted;
use super::condition::Condition;
use super::machine::Machine;
use super::value::{Reason, Text, TextPiece, Thunk, Value};

/// Length in bytes behind which nothing is added.
const MAX_LENGTH: usize = 1 << 20;

/// Depth below which values are cut.
const MAX_DEPTH: u32 = 200;

impl Machine<'_> {
    /// The whole value as text. What is not known is shown as `«…»` with its reason.
    pub fn print(&self, thunk: &Thunk) -> String {
        let mut out = String::new();
        self.print_to(thunk, 0, &mut out);
        out
    }

    fn print_to(&self, thunk: &Thunk, depth: u32, out: &mut String) {
        if depth > MAX_DEPTH || out.len() > MAX_LENGTH {
            out.push('…');
            return;
        }
        let val = self.force(thunk);
        match &val.value {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Condition(condition) => out.push_str(&format!("«{}»", self.condition_text(condition))),
            Value::Int(value) => out.push_str(&value.to_string()),
            Value::Float(value) => out.push_str(&float_text(*value)),
            Value::Str(text) => print_text(text, out),
            Value::Path(path) => out.push_str(path.as_str()),
            Value::PathPattern(text) => out.extend(text.pieces.iter().map(|piece| match piece {
                TextPiece::Known { text, .. } => &**text,
                TextPiece::Hole(_) => "«…»",
            })),
            Value::List(list) => {
                out.push_str("[ ");
                for element in &list.elements {
                    self.print_condition(&element.condition, out);
                    self.print_to(&element.value, depth + 1, out);
                    out.push(' ');
                }
                if list.open.is_some() {
                    out.push_str("«…» ");
                }
                out.push(']');
            }
            Value::Attrs(attrs) => {
                out.push_str("{ ");
                for (name, entry) in sorted(self, attrs) {
                    self.print_condition(&entry.condition, out);
                    print_name(&self.text_of(name), out);
                    out.push_str(" = ");
                    self.print_to(&entry.value, depth + 1, out);
                    out.push_str("; ");
                }
                for (key, entry) in &attrs.patterns {
                    self.print_condition(&entry.condition, out);
                    print_text(key, out);
                    out.push_str(" = ");
                    self.print_to(&entry.value, depth + 1, out);
                    out.push_str("; ");
                }
                if attrs.open.is_some() {
                    out.push_str("«…» ");
                }
                out.push('}');
            }
            Value::Lambda(_) => out.push_str("<LAMBDA>"),
            Value::Primitive(call) if call.arguments.is_empty() => out.push_str("<PRIMOP>"),
            Value::Primitive(_) => out.push_str("<PRIMOP-APP>"),
            Value::Symbol(symbol) => {
                let _ = write!(out, "«{}»", self.symbol_text(symbol));
            }
            Value::Choice(choice) => {
                out.push_str("«one of");
                for (condition, value) in choice.iter() {
                    let _ = write!(out, " ({}: ", self.condition_text(condition));
                    self.print_to(value, depth + 1, out);
                    out.push(')');
                }
                out.push('»');
            }
            Value::Unknown(unknown) => {
                let _ = match &*unknown.reason {
                    Reason::Throw(message) | Reason::Error(message) => write!(out, "«error: {message}»"),
                    Reason::Argument(name) => write!(out, "«argument {name}»"),
                    Reason::Symbolic(what) => write!(out, "«needs {what}»"),
                    Reason::Impure(what) => write!(out, "«depends on {what}»"),
                    Reason::NotModelled(what) => write!(out, "«not modelled: {what}»"),
                    Reason::Cycle => write!(out, "«infinite recursion»"),
                    Reason::Fuel => write!(out, "«too much work»"),
                    Reason::Depth => write!(out, "«nested too deep»"),
                    Reason::Syntax => write!(out, "«syntax error»"),
                    Reason::Several => write!(out, "«not decided»"),
                };
            }
        }
    }

    fn print_condition(&self, condition: &Condition, out: &mut String) {
        if *condition != Condition::True {
            let _ = write!(out, "«if {}» ", self.condition_text(condition));
        }
    }

    /// A formula as a person would write it.
    pub fn condition_text(&self, condition: &Condition) -> String {
        use super::condition::{Atom, Scalar};
        let join = |all: &[Condition], word: &str| {
            let parts: Vec<String> = all.iter().map(|one| self.condition_text(one)).collect();
            format!("({})", parts.join(word))
        };
        match condition {
            Condition::True => "true".to_owned(),
            Condition::False => "false".to_owned(),
            Condition::All(all) => join(all, " && "),
            Condition::Any(any) => join(any, " || "),
            Condition::Literal { atom, negated } => {
                let not = if *negated { "!" } else { "" };
                match &**atom {
                    Atom::Option(option) => format!("{not}config.{}", self.path_text(&option.names)),
                    Atom::Equals(option, scalar) => {
                        let scalar = match scalar {
                            Scalar::Null => "null".to_owned(),
                            Scalar::Bool(value) => value.to_string(),
                            Scalar::Int(value) => value.to_string(),
                            Scalar::Str(text) => format!("{text:?}"),
                        };
                        let operator = if *negated { "!=" } else { "==" };
                        format!("config.{} {operator} {scalar}", self.path_text(&option.names))
                    }
                    Atom::Opaque(..) | Atom::Large(_) => format!("{not}?"),
                }
            }
        }
    }
}

/// A float as Nix prints it: six significant digits, without trailing zeros (`%g`).
pub(super) fn float_text(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { value.to_string() };
    }
    let scientific = format!("{value:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| {
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
        text.to_owned()
    };
    if (-4..6).contains(&exponent) {
        trim(&format!("{value:.*}", (5 - exponent) as usize))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim(mantissa), exponent.abs())
    }
}

fn print_text(text: &Text, out: &mut String) {
    out.push('"');
    for piece in &text.pieces {
        match piece {
            TextPiece::Hole(_) => out.push_str("«…»"),
            TextPiece::Known { text, .. } => {
                let mut chars = text.chars().peekable();
                while let Some(c) = chars.next() {
                    match c {
                        '"' | '\\' => out.extend(['\\', c]),
                        '\n' => out.push_str("\\n"),
                        '\r' => out.push_str("\\r"),
                        '\t' => out.push_str("\\t"),
                        '$' if chars.peek() == Some(&'{') => out.push_str("\\$"),
                        c => out.push(c),
                    }
                }
            }
        }
    }
    out.push('"');
}

fn print_name(name: &str, out: &mut String) {
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_plain = name.starts_with(is_start)
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_'-".contains(c))
        && !["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit"].contains(&name);
    if is_plain { out.push_str(name) } else { print_text(&Text::known(name), out) }
}
