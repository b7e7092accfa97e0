//! Values as text, in the form that `nix-instantiate --eval` prints (src/libexpr/print-ambiguous.cc of
//! NixOS/nix).

use std::fmt::{self, Write as _};
use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::builtins::sorted;
use super::condition::Condition;
use super::machine::{Machine, is_error};
use super::value::{Reason, Text, TextPiece, Thunk, Unknown, Val, Value};

/// How much of a value is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything, as with `--strict`.
    Whole,
    /// What is there without evaluating further; the rest is `<CODE>`.
    Outermost,
}

/// A value as text.
#[derive(Debug, Default)]
pub struct Printed {
    /// The text; what is not known is `«…»` in it.
    pub text: String,
    /// The first error: Nix prints that and no value.
    pub error: Option<Unknown>,
    /// Why some of it is not known.
    pub unknown: Option<Unknown>,
}

impl Machine<'_> {
    /// The whole value as text. What is not known is shown as `«…»` with its reason.
    pub fn print(&self, thunk: &Thunk) -> String {
        self.printed(thunk, Extent::Whole).text
    }

    /// The value as text, and whether that is what Nix prints.
    pub fn printed(&self, thunk: &Thunk, extent: Extent) -> Printed {
        let mut printer = Printer {
            machine: self,
            extent,
            seen: FxHashSet::default(),
            out: Printed::default(),
            doubtful: 0,
        };
        printer.value(thunk, self.force(thunk));
        printer.out
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

struct Printer<'m, 'l> {
    machine: &'m Machine<'l>,
    extent: Extent,
    /// Sets and lists that were printed: a set is itself wherever it stands, a list where it is bound.
    seen: FxHashSet<*const ()>,
    out: Printed,
    /// How many conditions are around: an error below one may never happen.
    doubtful: u32,
}

impl Printer<'_, '_> {
    fn thunk(&mut self, thunk: &Thunk) {
        let val = match self.extent {
            Extent::Whole => self.machine.force(thunk),
            Extent::Outermost => match self.machine.peek(thunk) {
                Some(val) => val,
                None => return self.out.text.push_str("<CODE>"),
            },
        };
        self.value(thunk, val);
    }

    fn value(&mut self, thunk: &Thunk, val: Val) {
        let machine = self.machine;
        let val = machine.settled(&val);
        if let Err(unknown) = machine.descend(|| {
            self.forced(thunk, val);
            Ok(())
        }) {
            self.unknown(&unknown);
        }
    }

    fn forced(&mut self, thunk: &Thunk, val: Val) {
        match &val.value {
            Value::Null => self.out.text.push_str("null"),
            Value::Bool(value) => self.out.text.push_str(if *value { "true" } else { "false" }),
            Value::Int(value) => self.write(value),
            Value::Float(value) => self.out.text.push_str(&float_text(*value)),
            Value::Str(text) => {
                self.note_holes(text);
                print_text(text, &mut self.out.text);
            }
            Value::Path(path) => self.out.text.push_str(path.as_str()),
            Value::PathPattern(text) => {
                self.note_holes(text);
                self.out.text.extend(text.pieces.iter().map(|piece| match piece {
                    TextPiece::Known { text, .. } => &**text,
                    TextPiece::Hole(_) => "«…»",
                }));
            }
            Value::List(list) if !list.elements.is_empty() && !self.seen.insert(thunk.identity()) => {
                self.out.text.push_str("«repeated»");
            }
            Value::List(list) => {
                self.out.text.push_str("[ ");
                for element in &list.elements {
                    self.entry(&element.condition, None, &element.value);
                    self.out.text.push(' ');
                    if self.is_exhausted() {
                        break;
                    }
                }
                if let Some(open) = &list.open {
                    self.out.unknown.get_or_insert_with(|| open.clone());
                    self.write(format_args!("«perhaps more: {}» ", open.reason));
                }
                self.out.text.push(']');
            }
            Value::Attrs(attrs)
                if (!attrs.entries.is_empty() || !attrs.is_closed())
                    && !self.seen.insert(Rc::as_ptr(attrs).cast()) =>
            {
                self.out.text.push_str("«repeated»");
            }
            Value::Attrs(attrs) => {
                self.out.text.push_str("{ ");
                for (name, entry) in sorted(self.machine, attrs) {
                    let name = Text::known(&self.machine.text_of(name));
                    self.entry(&entry.condition, Some(&name), &entry.value);
                    self.out.text.push_str("; ");
                    if self.is_exhausted() {
                        break;
                    }
                }
                for (key, entry) in &attrs.patterns {
                    self.note_holes(key);
                    self.entry(&entry.condition, Some(key), &entry.value);
                    self.out.text.push_str("; ");
                }
                if let Some(open) = &attrs.open {
                    self.out.unknown.get_or_insert_with(|| open.clone());
                    self.write(format_args!("«perhaps more: {}» ", open.reason));
                }
                self.out.text.push('}');
            }
            Value::Lambda(_) => self.out.text.push_str("<LAMBDA>"),
            Value::Primitive(call) if call.arguments.is_empty() => self.out.text.push_str("<PRIMOP>"),
            Value::Primitive(_) => self.out.text.push_str("<PRIMOP-APP>"),
            Value::Choice(choice) => {
                self.out.unknown.get_or_insert_with(|| Unknown::new(Reason::Several));
                self.out.text.push_str("«one of");
                self.doubtful += 1;
                for (condition, value) in choice.iter() {
                    let condition = self.machine.condition_text(condition);
                    self.write(format_args!(" ({condition}: "));
                    self.thunk(value);
                    self.out.text.push(')');
                }
                self.doubtful -= 1;
                self.out.text.push('»');
            }
            Value::Condition(condition) => {
                let condition = self.machine.condition_text(condition);
                self.out.unknown.get_or_insert_with(|| Unknown::new(Reason::Symbolic(condition.clone())));
                self.write(format_args!("«unknown: {condition}»"));
            }
            Value::Symbol(symbol) => {
                let symbol = self.machine.symbol_text(symbol);
                self.out.unknown.get_or_insert_with(|| Unknown::new(Reason::Symbolic(symbol.clone())));
                self.write(format_args!("«unknown: {symbol}»"));
            }
            Value::Unknown(unknown) => self.unknown(unknown),
        }
    }

    /// An element of a list or a value of a set.
    fn entry(&mut self, condition: &Condition, name: Option<&Text>, value: &Thunk) {
        let is_certain = *condition == Condition::True;
        if !is_certain {
            self.doubtful += 1;
            self.out.unknown.get_or_insert_with(|| Unknown::new(Reason::Several));
            let condition = self.machine.condition_text(condition);
            self.write(format_args!("«if {condition}» "));
        }
        if let Some(name) = name {
            match name.exact() {
                Some(name) => print_name(&name, &mut self.out.text),
                None => print_text(name, &mut self.out.text),
            }
            self.out.text.push_str(" = ");
        }
        self.thunk(value);
        self.doubtful -= u32::from(!is_certain);
    }

    fn unknown(&mut self, unknown: &Unknown) {
        if is_error(unknown) || *unknown.reason == Reason::Cycle {
            if self.doubtful == 0 {
                self.out.error.get_or_insert_with(|| unknown.clone());
            }
            match &*unknown.reason {
                Reason::Cycle => self.write("«error: infinite recursion»"),
                reason => self.write(format_args!("«{reason}»")),
            }
        } else {
            self.out.unknown.get_or_insert_with(|| unknown.clone());
            self.write(format_args!("«unknown: {}»", unknown.reason));
        }
    }

    fn note_holes(&mut self, text: &Text) {
        if text.exact().is_none() {
            self.out.unknown.get_or_insert_with(|| Unknown::new(Reason::Several));
        }
    }

    /// Without fuel the rest would be many times the same.
    fn is_exhausted(&self) -> bool {
        self.machine.fuel() == 0
    }

    fn write(&mut self, what: impl fmt::Display) {
        let _infallible = write!(self.out.text, "{what}");
    }
}

/// A float as Nix prints it: six significant digits, without trailing zeros (`%g`).
pub(super) fn float_text(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    if !value.is_finite() {
        return value.to_string().to_lowercase();
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
