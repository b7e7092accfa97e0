//! The tokens of a text without its trivia, read in bounded time.
//!
//! It must never decide what a token means in its place: that is `grammar`.

use rnix::SyntaxKind;

use crate::text::{TextRange, TextSize};

/// One token that is neither space nor comment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: SyntaxKind,
    pub(super) range: TextRange,
    /// Whether a line break stands between the token before and this one.
    pub(super) new_line: bool,
}

/// All tokens of a text.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    /// Characters that rnix takes for space and Nix does not, such as U+00A0.
    pub(super) odd_space: Vec<TextRange>,
}

/// The tokenizer would need quadratic time from here on.
#[derive(Debug)]
pub(super) struct RunTooLong {
    pub(super) at: TextSize,
}

/// Reads `text`, which must be what the parser gets.
///
/// # Errors
/// When the tokenizer would look ahead too far too often: it reads to the end of each run of path
/// characters at every token inside that run.
pub(super) fn tokens(text: &str) -> Result<Tokens, RunTooLong> {
    let mut result = Tokens::default();
    let mut meter = LookaheadMeter::new(text);
    let mut at = 0;
    let mut new_line = false;
    for (kind, token) in rnix::tokenize(text) {
        let range = TextRange::at(TextSize::new(at as u32), TextSize::of(token));
        match kind {
            SyntaxKind::TOKEN_WHITESPACE => {
                new_line |= token.contains('\n');
                let odd = token.char_indices().filter(|(_, c)| !is_nix_space(*c));
                result.odd_space.extend(odd.map(|(offset, c)| {
                    TextRange::at(range.start() + TextSize::new(offset as u32), TextSize::of(c))
                }));
            }
            SyntaxKind::TOKEN_COMMENT => new_line |= token.contains('\n'),
            _ => {
                if !meter.allows(kind, at, at + token.len()) {
                    return Err(RunTooLong { at: range.start() });
                }
                // Nix divides by what begins here; rnix takes the `/` for a path without an end.
                let divided = match kind {
                    SyntaxKind::TOKEN_ERROR if divides_by(text[at + token.len()..].bytes().next()) => {
                        divided_kind(token)
                    }
                    _ => None,
                };
                match divided {
                    Some(kind) => {
                        let slash = range.end() - TextSize::new(1);
                        let name = TextRange::new(range.start(), slash);
                        result.tokens.push(Token { kind, range: name, new_line });
                        let range = TextRange::new(slash, range.end());
                        result.tokens.push(Token { kind: SyntaxKind::TOKEN_DIV, range, new_line: false });
                    }
                    None => result.tokens.push(Token { kind, range, new_line }),
                }
                new_line = false;
            }
        }
        at += token.len();
    }
    Ok(result)
}

/// Whether a `/` in front of this byte divides, whatever stands before it: no path goes on so.
pub(super) fn divides_by(next: Option<u8>) -> bool {
    matches!(next, Some(b'(' | b'[' | b'{' | b'"' | b'\'' | b'<'))
}

/// What stands in front of the `/` at the end of `token`: a name or an integer.
fn divided_kind(token: &str) -> Option<SyntaxKind> {
    let dividend = token.strip_suffix('/')?;
    let mut tokens = rnix::tokenize(dividend);
    let (kind, _) = tokens.next().filter(|_| tokens.next().is_none())?;
    matches!(kind, SyntaxKind::TOKEN_IDENT | SyntaxKind::TOKEN_INTEGER).then_some(kind)
}

/// Whether Nix reads `c` as space between tokens.
pub(super) fn is_nix_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Sums up what the tokenizer reads ahead.
pub(super) struct LookaheadMeter<'t> {
    bytes: &'t [u8],
    run_end: usize,
    left: usize,
}

impl<'t> LookaheadMeter<'t> {
    /// 14,000 public files need at most 4 bytes of lookahead per byte of text. The constant lets a chain of
    /// 4,000 links pass that is written without spaces.
    pub(super) fn new(text: &'t str) -> Self {
        Self { bytes: text.as_bytes(), run_end: 0, left: 36_000_000 + 16 * text.len() }
    }

    /// Counts the token at `start..end`; `false` when the allowance is spent.
    pub(super) fn allows(&mut self, kind: SyntaxKind, start: usize, end: usize) -> bool {
        if kind == SyntaxKind::TOKEN_STRING_CONTENT {
            return true;
        }
        // `<` makes the lookahead cross `<` and `/` too, so they always count.
        let in_run = |byte: &u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'<' | b'/' | b'_' | b'.' | b'+' | b'-')
        };
        if self.run_end < end {
            let rest = &self.bytes[end..];
            self.run_end = end + rest.iter().position(|byte| !in_run(byte)).unwrap_or(rest.len());
        }
        let ahead = self.run_end - start;
        self.left = self.left.saturating_sub(ahead);
        self.left > 0
    }
}
