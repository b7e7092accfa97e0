//! Values as text and as paths, as Nix's string coercion makes them.
//!
//! What has no known text is a hole in the result that says what it is.

use std::rc::Rc;

use camino::Utf8PathBuf;

use super::condition::Condition;
use super::machine::{Machine, is_error};
use super::value::{Reason, Symbol, SymbolRoot, Text, TextHole, TextPiece, Unknown, Val, Value};
use crate::text::{HoleKind, Span};

/// Which conversion to text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coercion {
    /// `"${x}"`: paths are copied to the store, numbers are refused.
    Interpolation,
    /// `toString x`: paths stay, numbers, lists, Booleans and null have a text.
    ToString,
}

impl Machine<'_> {
    /// The value as text, as Nix's string coercion makes it. `span` is the expression, for holes.
    ///
    /// # Errors
    /// With the error of Nix where the value has no text.
    pub fn coerce(&self, val: &Val, coercion: Coercion, span: Option<Span>) -> Result<Text, Unknown> {
        match &val.value {
            Value::Str(text) => {
                self.charge(text.weight())?;
                Ok((**text).clone())
            }
            _ => self.descend(|| self.coerce_other(val, coercion, span)),
        }
    }

    /// What is no string as text.
    fn coerce_other(&self, val: &Val, coercion: Coercion, span: Option<Span>) -> Result<Text, Unknown> {
        let hole = |kind| {
            Text::hole(TextHole { kind, may_be_empty: kind == HoleKind::Any, span, value: Some(val.clone()) })
        };
        let no_text =
            |what: &str| Err(Unknown::new(Reason::Error(format!("cannot coerce {what} to a string"))));
        let lenient = coercion == Coercion::ToString;
        match &val.value {
            Value::Str(text) => Ok((**text).clone()),
            Value::Path(path) if lenient => Ok(Text::known(path.as_str())),
            Value::PathPattern(text) if lenient => Ok((**text).clone()),
            Value::Path(_) | Value::PathPattern(_) => Ok(hole(HoleKind::StorePath)),
            Value::Null if lenient => Ok(Text::default()),
            Value::Bool(truth) if lenient => Ok(Text::known(if *truth { "1" } else { "" })),
            Value::Int(value) if lenient => Ok(Text::known(&value.to_string())),
            Value::Float(value) if lenient => Ok(Text::known(&format!("{value:.6}"))),
            Value::List(list) if lenient => {
                // Where there may be more elements than those that are known, they may stand anywhere.
                let gap = || Text { pieces: hole(HoleKind::Any).pieces };
                let mut result = if list.open.is_some() { gap() } else { Text::default() };
                let mut is_separated = true;
                for element in &list.elements {
                    let val = self.force(&element.value);
                    if element.condition != Condition::True {
                        result.extend(&gap());
                        continue;
                    }
                    if !is_separated {
                        result.extend(&Text::known(" "));
                    }
                    result.extend(&self.coerce(&val, coercion, span)?);
                    is_separated = matches!(&val.value, Value::List(list) if list.elements.is_empty());
                    if list.open.is_some() {
                        result.extend(&gap());
                        is_separated = true;
                    }
                }
                Ok(result)
            }
            Value::Null => no_text("null"),
            Value::Bool(_) => no_text("a Boolean"),
            Value::Int(_) => no_text("an integer"),
            Value::Float(_) => no_text("a float"),
            Value::List(_) => no_text("a list"),
            Value::Lambda(_) | Value::Primitive(_) => no_text("a function"),
            Value::Attrs(attrs) => {
                for name in ["__toString", "outPath"] {
                    let name = self.name(name);
                    match attrs.get(name) {
                        Some(entry) if entry.condition == Condition::True => {
                            let inner = self.force(&entry.value);
                            let inner = match &*self.text_of(name) {
                                "__toString" => self.apply(&inner, val.clone().thunk(), span),
                                _ => inner,
                            };
                            return self.coerce(&inner, coercion, span);
                        }
                        Some(_) => return Ok(hole(HoleKind::Any)),
                        None => {}
                    }
                }
                if attrs.is_closed() { no_text("a set") } else { Ok(hole(HoleKind::Any)) }
            }
            Value::Symbol(symbol) => Ok(hole(self.symbol_hole(symbol, lenient))),
            Value::Condition(_) => Ok(hole(HoleKind::Any)),
            Value::Choice(_) => {
                let alternatives = self.alternatives(val);
                let mut texts = alternatives.iter().map(|(_, val)| self.coerce(val, coercion, span));
                let mut one_word: Option<HoleKind> = None;
                let mut may_be_empty = false;
                let all_one_word = texts.all(|text| match text {
                    Ok(text) => match text.pieces.as_slice() {
                        [TextPiece::Hole(hole)] if hole.kind.is_one_word() => {
                            may_be_empty |= hole.may_be_empty;
                            let same = one_word.is_none_or(|kind| kind == hole.kind);
                            one_word = Some(hole.kind);
                            same
                        }
                        _ => false,
                    },
                    Err(unknown) => is_error(&unknown),
                });
                match one_word.filter(|_| all_one_word) {
                    Some(kind) => {
                        Ok(Text::hole(TextHole { kind, may_be_empty, span, value: Some(val.clone()) }))
                    }
                    None => Ok(hole(HoleKind::Any)),
                }
            }
            Value::Unknown(unknown) if is_error(unknown) => Err(unknown.clone()),
            Value::Unknown(_) => Ok(hole(HoleKind::Any)),
        }
    }

    fn symbol_hole(&self, symbol: &Symbol, lenient: bool) -> HoleKind {
        let last = symbol.path.last().map(|name| self.text_of(*name));
        let is_metadata = matches!(
            last.as_deref(),
            Some(
                "version"
                    | "pname"
                    | "name"
                    | "system"
                    | "meta"
                    | "mainProgram"
                    | "sitePackages"
                    | "rev"
                    | "shortRev"
            )
        );
        match &symbol.root {
            _ if is_metadata || self.module_argument(symbol).is_some() => HoleKind::Any,
            SymbolRoot::Config(_) | SymbolRoot::Options => match last.as_deref() {
                Some("port") if lenient => HoleKind::Integer,
                Some("package") => HoleKind::StorePath,
                _ => HoleKind::Option,
            },
            SymbolRoot::Packages(_)
            | SymbolRoot::SelfFlake
            | SymbolRoot::ModulesPath
            | SymbolRoot::SearchPath(_) => HoleKind::StorePath,
            SymbolRoot::Inputs if symbol.path.len() != 1 || !lenient => HoleKind::StorePath,
            SymbolRoot::Call(call) => match &call.function.root {
                SymbolRoot::Packages(_) => HoleKind::StorePath,
                _ => HoleKind::Any,
            },
            SymbolRoot::Inputs | SymbolRoot::Library | SymbolRoot::Argument(_) => HoleKind::Any,
        }
    }

    /// The path inside the project that a value names: a path, `self + "/x"`, `"${self}/x"`, `"${./x}/y"`.
    pub fn project_path(&self, val: &Val) -> Option<Utf8PathBuf> {
        match &val.value {
            Value::Path(path) => Some(path.to_path_buf()),
            Value::Symbol(symbol)
                if matches!(symbol.root, SymbolRoot::SelfFlake) && symbol.path.is_empty() =>
            {
                Some(self.loader().root().to_owned())
            }
            Value::Str(text) => {
                let mut pieces = text.pieces.iter();
                let base = match pieces.next()? {
                    TextPiece::Hole(TextHole { value: Some(val), .. }) => self.project_path(val)?,
                    TextPiece::Known { text, .. } if text.starts_with('/') => Utf8PathBuf::from(&**text),
                    _ => return None,
                };
                let mut path = base.into_string();
                for piece in pieces {
                    match piece {
                        TextPiece::Known { text, .. } => path.push_str(text),
                        TextPiece::Hole(_) => return None,
                    }
                }
                Some(normalise(&path))
            }
            _ => None,
        }
    }
}

/// The path value of an absolute text.
pub(super) fn path_value(text: Text) -> Value {
    match text.exact() {
        Some(text) => Value::Path(normalise(&text).as_path().into()),
        None => Value::PathPattern(Rc::new(with_normal_beginning(text))),
    }
}

/// The text of a path with its known folders in front normalised.
fn with_normal_beginning(text: Text) -> Text {
    let known = text.known_prefix();
    let Some(slash) = known.rfind('/') else { return text };
    let folder = normalise(&known[..slash]);
    let folder = if folder == "/" { String::new() } else { folder.into_string() };
    let mut result = Text::known(&format!("{folder}{}", &known[slash..]));
    result
        .pieces
        .extend(text.pieces.into_iter().skip_while(|piece| matches!(piece, TextPiece::Known { .. })));
    result
}

/// An absolute path without `.`, `..` and doubled slashes, by text alone, as Nix does (`canonPath`).
pub fn normalise(path: &str) -> Utf8PathBuf {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Utf8PathBuf::from(format!("/{}", parts.join("/")))
}
