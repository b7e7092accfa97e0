//! Conditions on values. Unknown is an answer: nothing is said on it.

use std::ops::Range;

use regex::Regex;

use super::draft;
use super::read::Reader;
use crate::eval::{Val, Value};
use crate::syntax::{ast, peel_parens, plain_text};

/// A condition that is ready to be tried.
#[derive(Debug)]
pub(super) struct Condition {
    equals: Vec<Vec<Known>>,
    none_of: Vec<Known>,
    matches: Option<Regex>,
    matches_not: Option<Regex>,
    kind: Option<Kind>,
}

/// Kinds of value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    String,
    Int,
    Float,
    Bool,
    Null,
    Path,
    List,
    Set,
    Function,
}

const KINDS: [(&str, Kind); 9] = [
    ("string", Kind::String),
    ("int", Kind::Int),
    ("float", Kind::Float),
    ("bool", Kind::Bool),
    ("null", Kind::Null),
    ("path", Kind::Path),
    ("list", Kind::List),
    ("set", Kind::Set),
    ("function", Kind::Function),
];

/// What is known of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Known {
    /// Nothing.
    Nothing,
    /// Its kind.
    Kind(KindOnly),
    /// A string.
    Str(String),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A boolean.
    Bool(bool),
    /// `null`
    Null,
}

/// A value of which nothing but the kind is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KindOnly(Kind);

impl Known {
    /// What is known of a value of the evaluator.
    pub(super) fn of(val: &Val) -> Self {
        let only = |kind| Self::Kind(KindOnly(kind));
        match &val.value {
            Value::Str(text) => text.exact().map_or(only(Kind::String), Self::Str),
            Value::Int(number) => Self::Int(*number),
            Value::Float(number) => Self::Float(*number),
            Value::Bool(value) => Self::Bool(*value),
            Value::Condition(_) => only(Kind::Bool),
            Value::Null => Self::Null,
            Value::Path(_) | Value::PathPattern(_) => only(Kind::Path),
            Value::List(_) => only(Kind::List),
            Value::Attrs(_) => only(Kind::Set),
            Value::Lambda(_) | Value::Primitive(_) => only(Kind::Function),
            _ => Self::Nothing,
        }
    }

    /// What an expression says without being evaluated.
    pub(super) fn of_expr(expr: &ast::Expr) -> Self {
        let only = |kind| Self::Kind(KindOnly(kind));
        match peel_parens(expr.clone()) {
            ast::Expr::Str(string) => plain_text(&string).map_or(only(Kind::String), Self::Str),
            ast::Expr::Literal(literal) => match literal.kind() {
                ast::LiteralKind::Integer(number) => number.value().map_or(only(Kind::Int), Self::Int),
                ast::LiteralKind::Float(number) => number.value().map_or(only(Kind::Float), Self::Float),
                ast::LiteralKind::Uri(uri) => Self::Str(uri.to_string()),
            },
            ast::Expr::Ident(name) => match name.to_string().as_str() {
                "true" => Self::Bool(true),
                "false" => Self::Bool(false),
                "null" => Self::Null,
                _ => Self::Nothing,
            },
            ast::Expr::PathAbs(_) | ast::Expr::PathRel(_) | ast::Expr::PathHome(_) => only(Kind::Path),
            ast::Expr::List(_) => only(Kind::List),
            ast::Expr::AttrSet(_) => only(Kind::Set),
            ast::Expr::Lambda(_) => only(Kind::Function),
            _ => Self::Nothing,
        }
    }

    fn of_toml(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::String(text) => Some(Self::Str(text.clone())),
            toml::Value::Integer(number) => Some(Self::Int(*number)),
            toml::Value::Float(number) => Some(Self::Float(*number)),
            toml::Value::Boolean(value) => Some(Self::Bool(*value)),
            _ => None,
        }
    }

    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Nothing => None,
            Self::Kind(KindOnly(kind)) => Some(*kind),
            Self::Str(_) => Some(Kind::String),
            Self::Int(_) => Some(Kind::Int),
            Self::Float(_) => Some(Kind::Float),
            Self::Bool(_) => Some(Kind::Bool),
            Self::Null => Some(Kind::Null),
        }
    }

    /// Whether it is exactly `other`; `None` where that is not known.
    fn equals(&self, other: &Self) -> Option<bool> {
        match self.kind()? {
            kind if Some(kind) != other.kind() => Some(false),
            _ if matches!(self, Self::Kind(_)) => None,
            _ => Some(self == other),
        }
    }
}

impl Condition {
    /// Reads a condition.
    pub(super) fn read(reader: &mut Reader, draft: &toml::Spanned<draft::Condition>) -> Self {
        let span = draft.span();
        let draft = draft.get_ref();
        let scalars = |values: &[toml::Value], reader: &mut Reader| -> Vec<Known> {
            let known: Vec<Known> = values.iter().filter_map(Known::of_toml).collect();
            if known.len() < values.len() {
                reader.mistake(&span, "only strings, numbers and booleans can be compared", "not a scalar");
            }
            known
        };
        let mut equals = Vec::new();
        if let Some(value) = &draft.equals {
            equals.push(scalars(std::slice::from_ref(value), reader));
        }
        if let Some(values) = &draft.one_of {
            if values.is_empty() {
                reader.mistake(&span, "`one-of` is empty: no value is one of nothing", "matches nothing");
            }
            equals.push(scalars(values, reader));
        }
        let none_of = scalars(draft.none_of.as_deref().unwrap_or_default(), reader);
        let kind = draft.kind.as_ref().and_then(|word| {
            let found = KINDS.iter().find(|(name, _)| name == word.get_ref()).map(|(_, kind)| *kind);
            if found.is_none() {
                let names: Vec<String> = KINDS.iter().map(|(name, _)| format!("`{name}`")).collect();
                reader
                    .mistake(&word.span(), format!("`{}` is no kind of value", word.get_ref()), "not a kind")
                    .help(format!("the kinds are {}", names.join(", ")));
            }
            found
        });
        let condition = Self {
            equals,
            none_of,
            matches: draft.matches.as_ref().and_then(|regex| reader.regex(regex)),
            matches_not: draft.matches_not.as_ref().and_then(|regex| reader.regex(regex)),
            kind,
        };
        let is_empty = draft.equals.is_none()
            && draft.one_of.is_none()
            && draft.none_of.as_ref().is_none_or(Vec::is_empty)
            && draft.matches.is_none()
            && draft.matches_not.is_none()
            && draft.kind.is_none();
        if is_empty {
            reader.mistake(&span, "the condition asks for nothing", "leave it out, or say what the value is");
        }
        condition.refuse_what_cannot_be(reader, &span);
        condition
    }

    /// A condition that names its values must hold for one of them.
    fn refuse_what_cannot_be(&self, reader: &mut Reader, span: &Range<usize>) {
        let Some(first) = self.equals.first().filter(|values| !values.is_empty()) else {
            let is_text = self.matches.is_some() || self.matches_not.is_some();
            if is_text && self.kind.is_some_and(|kind| kind != Kind::String) {
                reader.mistake(span, "only strings match a regular expression", "matches nothing");
            }
            return;
        };
        if !first.iter().any(|value| self.holds(value) == Some(true)) {
            reader.mistake(span, "no value can meet this condition", "matches nothing");
        }
    }

    /// Whether it holds; `None` where that is not known.
    pub(super) fn holds(&self, value: &Known) -> Option<bool> {
        let mut sure = true;
        let mut add = |answer: Option<bool>| match answer {
            Some(true) => true,
            Some(false) => false,
            None => {
                sure = false;
                true
            }
        };
        let any = |values: &[Known]| {
            let answers: Vec<Option<bool>> = values.iter().map(|other| value.equals(other)).collect();
            match answers.contains(&Some(true)) {
                true => Some(true),
                false if answers.contains(&None) => None,
                false => Some(false),
            }
        };
        let found = |regex: &Regex| match value {
            Known::Str(text) => Some(regex.is_match(text)),
            _ => match value.kind()? {
                Kind::String => None,
                _ => Some(false),
            },
        };
        let holds = self.equals.iter().all(|values| add(any(values)))
            && (self.none_of.is_empty() || add(any(&self.none_of).map(|found| !found)))
            && self.matches.as_ref().is_none_or(|regex| add(found(regex)))
            && self.matches_not.as_ref().is_none_or(|regex| match value.kind() {
                Some(Kind::String) => add(found(regex).map(|found| !found)),
                Some(_) => false,
                None => add(None),
            })
            && self.kind.is_none_or(|kind| add(value.kind().map(|other| other == kind)));
        if !holds {
            return Some(false);
        }
        sure.then_some(true)
    }
}
