//! Quote removal: one stretch of shell text to the parts of a word.
//!
//! It must never decide where a word ends; that is the parser's business.

use super::buffer::{Buffer, Bytes};
use super::word::{Origin, Word, WordPart};
use crate::text::{Hole, HoleKind, Piece, Segment, Span, Template, TextSize};

/// Most words that one brace expansion may give.
const MOST_BRACE_WORDS: usize = 64;

/// One part of a word, before brace expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(Text),
    Variable {
        name: String,
        plain: bool,
        bytes: Bytes,
    },
    Hole(Hole),
    Tilde,
    Computed(Bytes),
    /// An unquoted `{`, `,` or `}`.
    Brace(u8, Bytes),
}

/// Decoded text with the bytes of the buffer it was decoded from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    text: String,
    /// `(at, bytes)`: from byte `at` of `text` on the bytes of the buffer, verbatim or, when their number
    /// differs, as one escape sequence.
    map: Vec<(u32, Bytes)>,
}

impl Text {
    /// `decoded` stands for `bytes` of the buffer.
    fn push(&mut self, decoded: &str, bytes: Bytes) {
        if decoded.is_empty() {
            return;
        }
        let verbatim = decoded.len() == bytes.len();
        match self.map.last_mut() {
            Some((at, last))
                if verbatim && last.end == bytes.start && last.len() == self.text.len() - *at as usize =>
            {
                last.end = bytes.end;
            }
            _ => self.map.push((self.text.len() as u32, bytes)),
        }
        self.text.push_str(decoded);
    }
}

/// Collects parts; neighbouring texts become one.
#[derive(Debug, Default)]
pub(super) struct Parts {
    parts: Vec<Part>,
    /// Whether an unquoted pattern character was met.
    pub(super) has_glob: bool,
}

impl Parts {
    pub(super) fn text(&mut self, decoded: &str, bytes: Bytes) {
        if let Some(Part::Text(text)) = self.parts.last_mut() {
            text.push(decoded, bytes);
        } else {
            let mut text = Text::default();
            text.push(decoded, bytes);
            self.parts.push(Part::Text(text));
        }
    }

    pub(super) fn push(&mut self, part: Part) {
        self.parts.push(part);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The parts as one word, without brace expansion.
    pub(super) fn word(&self, buffer: &Buffer, bytes: &Bytes, origin: Origin) -> Word {
        let refs: Vec<&Part> = self.parts.iter().collect();
        word(&refs, self.has_glob, buffer.span(bytes), origin)
    }

    /// The words that brace expansion makes of the parts.
    pub(super) fn words(&self, buffer: &Buffer, bytes: &Bytes, origin: Origin) -> Vec<Word> {
        let span = buffer.span(bytes);
        match expand_braces(&self.parts) {
            Some(words) => words.iter().map(|parts| word(parts, self.has_glob, span, origin)).collect(),
            None => vec![Word { parts: vec![WordPart::Substitution], span, has_glob: false, origin }],
        }
    }

    /// The parts as a template of its own, with the way back to the source files.
    pub(super) fn template(&self, buffer: &Buffer, variables: Variables) -> Template {
        let mut pieces = Vec::new();
        let mut text = (String::new(), Vec::new());
        for part in &self.parts {
            let hole = match part {
                Part::Text(part) => {
                    append(&mut text, part, buffer);
                    continue;
                }
                Part::Brace(_, bytes) => {
                    append_verbatim(&mut text, bytes, buffer);
                    continue;
                }
                Part::Variable { bytes, .. } if variables == Variables::Keep => {
                    append_verbatim(&mut text, bytes, buffer);
                    continue;
                }
                Part::Variable { bytes, .. } | Part::Computed(bytes) => {
                    Hole { span: buffer.span(bytes), kind: HoleKind::Any, may_be_empty: true }
                }
                Part::Tilde => Hole { span: None, kind: HoleKind::AbsolutePath, may_be_empty: false },
                Part::Hole(hole) => *hole,
            };
            flush(&mut text, &mut pieces);
            pieces.push(Piece::Hole(hole));
        }
        flush(&mut text, &mut pieces);
        Template { pieces }
    }
}

/// What becomes of a variable in [`Parts::template`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variables {
    /// It was replaced before the text is read: a hole.
    Hole,
    /// It stays as it is written, for the shell that reads the text.
    Keep,
}

fn append((text, map): &mut (String, Vec<Segment>), part: &Text, buffer: &Buffer) {
    let base = text.len() as u32;
    for (index, (at, bytes)) in part.map.iter().enumerate() {
        let end = part.map.get(index + 1).map_or(part.text.len(), |(next, _)| *next as usize);
        if end - *at as usize == bytes.len() {
            buffer.map_verbatim(bytes, base + at, map);
        } else if let Some(source) = buffer.span(bytes) {
            map.push(Segment { at: TextSize::new(base + at), source });
        }
    }
    text.push_str(&part.text);
}

fn append_verbatim((text, map): &mut (String, Vec<Segment>), bytes: &Bytes, buffer: &Buffer) {
    buffer.map_verbatim(bytes, text.len() as u32, map);
    text.push_str(buffer.slice(bytes));
}

fn flush(text: &mut (String, Vec<Segment>), pieces: &mut Vec<Piece>) {
    let (text, map) = std::mem::take(text);
    if !text.is_empty() {
        pieces.push(Piece::Text { text: text.into(), map: map.into() });
    }
}

fn word(parts: &[&Part], has_glob: bool, span: Option<Span>, origin: Origin) -> Word {
    let mut result: Vec<WordPart> = Vec::with_capacity(parts.len());
    for part in parts {
        let literal = match part {
            Part::Text(text) => text.text.as_str(),
            Part::Brace(b'{', _) => "{",
            Part::Brace(b'}', _) => "}",
            Part::Brace(..) => ",",
            Part::Variable { name, plain, .. } => {
                result.push(WordPart::Variable { name: name.clone(), plain: *plain });
                continue;
            }
            Part::Hole(hole) => {
                result.push(WordPart::Hole(*hole));
                continue;
            }
            Part::Tilde => {
                result.push(WordPart::Tilde);
                continue;
            }
            Part::Computed(_) => {
                result.push(WordPart::Substitution);
                continue;
            }
        };
        match result.last_mut() {
            Some(WordPart::Literal(last)) => last.push_str(literal),
            _ if literal.is_empty() => {}
            _ => result.push(WordPart::Literal(literal.to_owned())),
        }
    }
    Word { parts: result, span, has_glob, origin }
}

/// The parts of every word that brace expansion gives, in order; `None` when there are too many, or a
/// range such as `{1..9}`.
fn expand_braces(parts: &[Part]) -> Option<Vec<Vec<&Part>>> {
    let mut done = Vec::new();
    let mut todo: Vec<Vec<&Part>> = vec![parts.iter().collect()];
    while let Some(parts) = todo.pop() {
        match first_group(&parts) {
            Group::None => done.push(parts),
            Group::Range => return None,
            Group::Alternatives { open, commas, close } => {
                if done.len() + todo.len() + commas.len() + 1 > MOST_BRACE_WORDS {
                    return None;
                }
                let mut ends = commas;
                ends.push(close);
                let mut start = open + 1;
                let from = todo.len();
                for end in ends {
                    let alternative = [&parts[..open], &parts[start..end], &parts[close + 1..]];
                    todo.push(alternative.concat());
                    start = end + 1;
                }
                todo[from..].reverse();
            }
        }
    }
    Some(done)
}

enum Group {
    None,
    Range,
    Alternatives { open: usize, commas: Vec<usize>, close: usize },
}

/// The first group of braces that the shell would expand; an outer one comes before those in it.
fn first_group(parts: &[&Part]) -> Group {
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    let mut found: Option<(usize, Vec<usize>, usize)> = None;
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Brace(b'{', _) => open.push((index, Vec::new())),
            Part::Brace(b',', _) => {
                if let Some((_, commas)) = open.last_mut() {
                    commas.push(index);
                }
            }
            Part::Brace(..) => {
                let Some((start, commas)) = open.pop() else { continue };
                let is_range =
                    matches!(&parts[start + 1..index], [Part::Text(text)] if text.text.contains(".."));
                if is_range {
                    return Group::Range;
                }
                if !commas.is_empty() && found.as_ref().is_none_or(|(first, ..)| start < *first) {
                    found = Some((start, commas, index));
                }
            }
            _ => {}
        }
    }
    found.map_or(Group::None, |(open, commas, close)| Group::Alternatives { open, commas, close })
}

/// Places of expansions that the parser found: `(start, end)`, ascending.
#[derive(Debug, Default)]
pub(super) struct Expansions(pub(super) Vec<(u32, u32)>);

impl Expansions {
    fn end_of(&self, start: u32) -> Option<u32> {
        let index = self.0.binary_search_by_key(&start, |(start, _)| *start).ok()?;
        Some(self.0[index].1)
    }
}

/// Removes the quotes of `bytes`, one whole word.
pub(super) fn unquote(buffer: &Buffer, expansions: &Expansions, bytes: &Bytes) -> Parts {
    let mut reader = Reader { buffer, expansions, at: bytes.start, end: bytes.end, out: Parts::default() };
    if reader.rest().starts_with('~') && reader.hole().is_none() {
        reader.out.push(Part::Tilde);
        reader.at += 1;
    }
    reader.unquoted();
    reader.out
}

struct Reader<'b> {
    buffer: &'b Buffer,
    expansions: &'b Expansions,
    at: u32,
    end: u32,
    out: Parts,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.buffer.slice(&(self.at..self.end))
    }

    fn hole(&self) -> Option<(Hole, u32)> {
        self.buffer.hole_at(self.at)
    }

    /// Takes the hole that begins here, if one does.
    fn take_hole(&mut self) -> bool {
        let Some((hole, end)) = self.hole() else { return false };
        self.out.push(Part::Hole(hole));
        self.at = end;
        true
    }

    /// Takes `len` bytes as they are.
    fn verbatim(&mut self, len: usize) {
        let bytes = self.at..self.at + len as u32;
        self.out.text(self.buffer.slice(&bytes), bytes.clone());
        self.at = bytes.end;
    }

    /// Takes `len` bytes that stand for `decoded`.
    fn decoded(&mut self, decoded: &str, len: usize) {
        self.out.text(decoded, self.at..self.at + len as u32);
        self.at += len as u32;
    }

    /// How many bytes from here on are neither in `special` nor of a hole.
    fn plain(&self, special: &[char]) -> usize {
        let limit = (self.buffer.next_hole(self.at).min(self.end) - self.at) as usize;
        self.rest()[..limit].find(special).unwrap_or(limit)
    }

    fn unquoted(&mut self) {
        while self.at < self.end {
            if self.take_hole() {
                continue;
            }
            let plain = self.plain(&['\\', '\'', '"', '$', '`', '<', '>', '*', '?', '[', '{', ',', '}']);
            if plain > 0 {
                self.verbatim(plain);
                continue;
            }
            let rest = self.rest();
            match rest.as_bytes()[0] {
                b'\\' => self.escaped(),
                b'\'' => {
                    self.at += 1;
                    self.single_quoted();
                }
                b'"' => {
                    self.at += 1;
                    self.double_quoted();
                }
                b'$' if rest.starts_with("$'") => {
                    self.at += 2;
                    self.c_quoted();
                }
                b'$' if rest.starts_with("$\"") => {
                    self.at += 2;
                    self.double_quoted();
                }
                b'$' => self.dollar(),
                b'`' => self.computed(),
                b'<' | b'>' if rest[1..].starts_with('(') => self.computed(),
                brace @ (b'{' | b',' | b'}') => {
                    self.out.push(Part::Brace(brace, self.at..self.at + 1));
                    self.at += 1;
                }
                _ => {
                    self.out.has_glob |= rest.starts_with(['*', '?', '[']);
                    self.verbatim(1);
                }
            }
        }
    }

    /// A backslash outside quotes.
    fn escaped(&mut self) {
        let behind = self.buffer.hole_at(self.at + 1).is_some();
        match self.rest()[1..].chars().next() {
            Some('\n') => self.at += 2,
            Some(c) if !behind => {
                let mut encoded = [0; 4];
                self.decoded(c.encode_utf8(&mut encoded), 1 + c.len_utf8());
            }
            _ => self.verbatim(1),
        }
    }

    fn single_quoted(&mut self) {
        self.mark_quoted();
        while self.at < self.end {
            if self.take_hole() {
                continue;
            }
            let plain = self.plain(&['\'']);
            if plain > 0 {
                self.verbatim(plain);
                continue;
            }
            self.at += 1;
            return;
        }
    }

    fn double_quoted(&mut self) {
        self.mark_quoted();
        while self.at < self.end {
            if self.take_hole() {
                continue;
            }
            let plain = self.plain(&['\\', '"', '$', '`']);
            if plain > 0 {
                self.verbatim(plain);
                continue;
            }
            let rest = self.rest();
            match rest.as_bytes()[0] {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'$' => self.dollar(),
                b'`' => self.computed(),
                _ => match rest.as_bytes().get(1) {
                    Some(b'\n') => self.at += 2,
                    Some(b'$' | b'`' | b'"' | b'\\') => {
                        let bytes = self.at + 1..self.at + 2;
                        self.decoded(self.buffer.slice(&bytes), 2);
                    }
                    _ => self.verbatim(1),
                },
            }
        }
    }

    /// The inside of `$'…'`.
    fn c_quoted(&mut self) {
        self.mark_quoted();
        while self.at < self.end {
            if self.take_hole() {
                continue;
            }
            let plain = self.plain(&['\\', '\'']);
            if plain > 0 {
                self.verbatim(plain);
                continue;
            }
            if self.rest().starts_with('\'') {
                self.at += 1;
                return;
            }
            let decoded = match self.rest().as_bytes().get(1) {
                Some(b'n') => "\n",
                Some(b't') => "\t",
                Some(b'r') => "\r",
                Some(b'\\') => "\\",
                Some(b'\'') => "'",
                Some(b'"') => "\"",
                Some(_) => {
                    // Numeric and control escapes: rare, so their text is not worked out.
                    self.out.push(Part::Computed(self.at..self.at + 1));
                    self.at += 1;
                    continue;
                }
                None => {
                    self.verbatim(1);
                    continue;
                }
            };
            self.decoded(decoded, 2);
        }
    }

    /// A quoted stretch is a literal even when it is empty, and no brace or tilde any more.
    fn mark_quoted(&mut self) {
        self.out.text("", self.at..self.at);
    }

    /// Backquotes, `$(…)` and the like: the parser knows where they end.
    fn computed(&mut self) {
        let end = self.expansions.end_of(self.at).unwrap_or(self.end).min(self.end).max(self.at + 1);
        self.out.push(Part::Computed(self.at..end));
        self.at = end;
    }

    /// A `$` that no quote follows.
    fn dollar(&mut self) {
        let rest = self.rest();
        let behind = &rest[1..];
        if behind.starts_with(['(', '[', '`']) {
            return self.computed();
        }
        if behind.starts_with('{') {
            return self.braced();
        }
        if let Some((hole, _)) = self.buffer.hole_at(self.at + 1) {
            // A hole may hold the name of a variable; a path cannot.
            if is_path(hole) {
                return self.verbatim(1);
            }
            self.out.push(Part::Computed(self.at..self.at + 1));
            self.at += 1;
            return;
        }
        let limit = (self.buffer.next_hole(self.at).min(self.end) - self.at) as usize - 1;
        let len = name_len(&behind[..limit]);
        if len == 0 {
            return self.verbatim(1);
        }
        let bytes = self.at..self.at + 1 + len as u32;
        let grows = len == limit
            && behind.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
            && self.buffer.hole_at(bytes.end).is_some_and(|(hole, _)| !is_path(hole));
        self.at = bytes.end;
        if grows {
            self.out.push(Part::Computed(bytes));
        } else {
            let name = self.buffer.slice(&(bytes.start + 1..bytes.end)).to_owned();
            self.out.push(Part::Variable { name, plain: true, bytes });
        }
    }

    /// `${…}`.
    fn braced(&mut self) {
        let end = match self.expansions.end_of(self.at) {
            Some(end) => end.min(self.end),
            None => self.rest().find('}').map_or(self.end, |len| self.at + len as u32 + 1),
        };
        let bytes = self.at..end;
        self.at = end;
        let inside = self.buffer.slice(&bytes);
        let inside = inside.strip_prefix("${").unwrap_or_default();
        let inside = inside.strip_suffix('}').unwrap_or(inside);
        let len = name_len(inside);
        let name = bytes.start + 2..bytes.start + 2 + len as u32;
        let indirect = inside.starts_with(['!', '#']) && inside.len() > 1;
        if len == 0 || indirect || self.buffer.has_hole_in(&name) {
            self.out.push(Part::Computed(bytes));
        } else {
            let plain = len == inside.len();
            self.out.push(Part::Variable { name: inside[..len].to_owned(), plain, bytes });
        }
    }
}

fn is_path(hole: Hole) -> bool {
    matches!(hole.kind, HoleKind::StorePath | HoleKind::Program | HoleKind::AbsolutePath)
        && !hole.may_be_empty
}

/// Length of the name of a variable or special parameter at the start of `text`, 0 for none.
fn name_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'_' | b'a'..=b'z' | b'A'..=b'Z') => {
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            bytes.iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len())
        }
        Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => 1,
        _ => 0,
    }
}
