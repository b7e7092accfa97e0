//! Programs as trees of text, of which parts can be replaced or left out.

use std::fmt;

/// The kind of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Null,
    Bool,
    Int,
    Float,
    Str,
    Path,
    List(Box<Type>),
    /// With these names, in order.
    Set(Vec<(String, Type)>),
    Function(Box<Type>, Box<Type>),
}

/// An expression.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// The kind of its value.
    pub(crate) kind: Type,
    /// What it is made of.
    pub(crate) pieces: Vec<Piece>,
    /// What `{:#}` writes instead.
    pub(crate) hiding: Option<Hiding>,
}

/// How an expression is hidden: all that is written instead holds a free name.
#[derive(Debug, Clone)]
pub(crate) enum Hiding {
    /// Behind this.
    Whole(String),
    /// Between these.
    Around(String, String),
}

/// A part of a [`Program`].
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Text(String),
    Inner(Program),
    /// Something that can be left out: an element, a binding.
    Optional(Vec<Piece>),
}

impl From<&str> for Piece {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Piece {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Program> for Piece {
    fn from(program: Program) -> Self {
        Self::Inner(program)
    }
}

impl Program {
    pub(crate) fn new(kind: &Type, pieces: Vec<Piece>) -> Self {
        Self { kind: kind.clone(), pieces, hiding: None }
    }

    /// How many expressions there are in it, itself among them.
    pub(crate) fn size(&self) -> usize {
        1 + size(&self.pieces)
    }

    /// The expression with this number, in the order of the text.
    pub(crate) fn at(&mut self, index: usize) -> Option<&mut Self> {
        if index == 0 {
            return Some(self);
        }
        at(&mut self.pieces, index - 1).ok()
    }

    /// The smallest program that `fails`, by leaving out and replacing parts as long as one does.
    pub(crate) fn minimised(mut self, fails: impl Fn(&Self) -> bool) -> Self {
        loop {
            let length = self.to_string().len();
            let smaller = self.simpler().into_iter().filter(|simpler| simpler.to_string().len() < length);
            match smaller.into_iter().find(|simpler| fails(simpler)) {
                Some(simpler) => self = simpler,
                None => return self,
            }
        }
    }

    /// Programs with one part less, those that lose most first.
    fn simpler(&self) -> Vec<Self> {
        let mut result: Vec<Self> = Vec::new();
        for index in 0..self.size() {
            let replace = |part: &dyn Fn(&mut Self)| {
                let mut copy = self.clone();
                if let Some(place) = copy.at(index) {
                    part(place);
                }
                copy
            };
            let mut copy = self.clone();
            let Some(here) = copy.at(index) else { continue };
            for inner in inner(&here.pieces) {
                result.push(replace(&|place| *place = inner.clone()));
            }
            if let Some(plain) = plain(&here.kind) {
                result.push(replace(&|place| place.pieces = vec![plain.into()]));
            }
            for (at, piece) in here.pieces.iter().enumerate() {
                if let Piece::Optional(_) = piece {
                    result.push(replace(&|place| {
                        place.pieces.remove(at);
                    }));
                }
            }
        }
        result.sort_by_key(|program| program.to_string().len());
        result
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hiding {
            Some(Hiding::Whole(text)) if f.alternate() => f.write_str(text),
            Some(Hiding::Around(before, after)) if f.alternate() => {
                f.write_str(before)?;
                write(&self.pieces, f)?;
                f.write_str(after)
            }
            _ => write(&self.pieces, f),
        }
    }
}

fn write(pieces: &[Piece], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for piece in pieces {
        match piece {
            Piece::Text(text) => f.write_str(text)?,
            Piece::Inner(program) => fmt::Display::fmt(program, f)?,
            Piece::Optional(pieces) => write(pieces, f)?,
        }
    }
    Ok(())
}

fn size(pieces: &[Piece]) -> usize {
    let of = |piece: &Piece| match piece {
        Piece::Text(_) => 0,
        Piece::Inner(program) => program.size(),
        Piece::Optional(pieces) => size(pieces),
    };
    pieces.iter().map(of).sum()
}

/// The expression with this number; else what is left of the number behind all of these.
fn at(pieces: &mut [Piece], mut index: usize) -> Result<&mut Program, usize> {
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Inner(program) => {
                let size = program.size();
                if index < size {
                    return program.at(index).ok_or(0);
                }
                index -= size;
            }
            Piece::Optional(pieces) => match at(pieces, index) {
                Ok(program) => return Ok(program),
                Err(rest) => index = rest,
            },
        }
    }
    Err(index)
}

/// The expressions directly in these.
fn inner(pieces: &[Piece]) -> Vec<Program> {
    let of = |piece: &Piece| match piece {
        Piece::Text(_) => Vec::new(),
        Piece::Inner(program) => vec![program.clone()],
        Piece::Optional(pieces) => inner(pieces),
    };
    pieces.iter().flat_map(of).collect()
}

/// A literal of this kind.
fn plain(kind: &Type) -> Option<&'static str> {
    Some(match kind {
        Type::Null => "null",
        Type::Bool => "true",
        Type::Int => "1",
        Type::Float => "0.5",
        Type::Str => "\"\"",
        Type::Path => "/a",
        Type::List(_) => "[ ]",
        Type::Set(names) if names.is_empty() => "{ }",
        Type::Set(_) | Type::Function(..) => return None,
    })
}
