//! The tokens of a text as rnix reads them, without looking at a byte twice.

use rnix::SyntaxKind::{self, *};

use super::super::grammar::{float_fits, search_path_is_valid};
use super::super::tokens::divides_by;

/// A token; it begins where the one before ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: SyntaxKind,
    /// Offset in bytes.
    pub(super) end: u32,
}

/// What is open.
#[derive(Debug, Clone, Copy)]
enum Open {
    Quoted,
    Indented,
    /// `${`, and how many braces since.
    Interpolation(u32),
    /// A path with interpolations.
    Path(SyntaxKind),
}

/// Reads all tokens of `text` into `tokens`; `None` at the first that is odd.
pub(super) fn read(text: &str, tokens: &mut Vec<Token>) -> Option<()> {
    u32::try_from(text.len()).ok()?;
    if text.contains('\0') {
        return None;
    }
    let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, run: Run::default() };
    let mut open: Vec<Open> = Vec::new();
    loop {
        if let Some(string @ (Open::Quoted | Open::Indented)) = open.last() {
            let indented = matches!(string, Open::Indented);
            let start = lexer.at;
            let ends = lexer.string_content(indented)?;
            if lexer.at > start {
                tokens.push(Token { kind: TOKEN_STRING_CONTENT, end: lexer.at as u32 });
            }
            lexer.at += if ends && !indented { 1 } else { 2 };
            let kind = if ends { TOKEN_STRING_END } else { TOKEN_INTERPOL_START };
            tokens.push(Token { kind, end: lexer.at as u32 });
            if ends {
                open.pop();
            } else {
                open.push(Open::Interpolation(0));
            }
            continue;
        }
        if let Some(Open::Path(kind)) = open.last() {
            let kind = *kind;
            match lexer.peek(0) {
                _ if lexer.goes_on() => {
                    lexer.at += 2;
                    tokens.push(Token { kind: TOKEN_INTERPOL_START, end: lexer.at as u32 });
                    open.push(Open::Interpolation(0));
                }
                Some(byte) if is_path_byte(byte) => {
                    lexer.path(kind)?;
                    tokens.push(Token { kind, end: lexer.at as u32 });
                }
                _ => _ = open.pop(),
            }
            continue;
        }
        let Some(byte) = lexer.peek(0) else { break };
        let mut kind = lexer.token(byte)?;
        match kind {
            TOKEN_PATH_REL | TOKEN_PATH_ABS | TOKEN_PATH_HOME if lexer.goes_on() => {
                open.push(Open::Path(kind))
            }
            TOKEN_STRING_START => open.push(if byte == b'"' { Open::Quoted } else { Open::Indented }),
            TOKEN_INTERPOL_START => open.push(Open::Interpolation(0)),
            TOKEN_L_BRACE => {
                if let Some(Open::Interpolation(braces)) = open.last_mut() {
                    *braces += 1;
                }
            }
            TOKEN_R_BRACE => match open.last_mut() {
                Some(Open::Interpolation(0)) => {
                    open.pop();
                    kind = TOKEN_INTERPOL_END;
                }
                Some(Open::Interpolation(braces)) => *braces -= 1,
                _ => {}
            },
            _ => {}
        }
        tokens.push(Token { kind, end: lexer.at as u32 });
    }
    open.is_empty().then_some(())
}

struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    run: Run,
}

/// Characters of names, numbers and paths in a row, which decide whether a path or an address begins.
#[derive(Default)]
struct Run {
    end: usize,
    /// One past the last underscore.
    underscore: usize,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn skip(&mut self, is_part: impl Fn(u8) -> bool) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len());
    }

    /// `kind`, which is so many bytes long.
    fn sign(&mut self, kind: SyntaxKind, len: usize) -> Option<SyntaxKind> {
        self.at += len;
        Some(kind)
    }

    /// Reads the token that begins with `byte`.
    fn token(&mut self, byte: u8) -> Option<SyntaxKind> {
        let next = self.peek(1);
        match (byte, next) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {
                self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
                Some(TOKEN_WHITESPACE)
            }
            (b'a'..=b'z' | b'A'..=b'Z' | b'_', _) => self.word(),
            (b'.', Some(b'.')) if self.peek(2) == Some(b'.') => self.sign(TOKEN_ELLIPSIS, 3),
            (b'.' | b'+' | b'-' | b'0'..=b'9', _) if self.begins_path()? => self.path(TOKEN_PATH_REL),
            (b'0'..=b'9', _) => self.number(),
            (b'.', Some(b'0'..=b'9')) => {
                let start = self.at;
                self.at += 1;
                self.fraction(start)
            }
            (b'.', _) => self.sign(TOKEN_DOT, 1),
            (b'=', Some(b'=')) => self.sign(TOKEN_EQUAL, 2),
            (b'=', _) => self.sign(TOKEN_ASSIGN, 1),
            (b';', _) => self.sign(TOKEN_SEMICOLON, 1),
            (b'"', _) => self.sign(TOKEN_STRING_START, 1),
            (b'\'', Some(b'\'')) => self.sign(TOKEN_STRING_START, 2),
            (b'{', _) => self.sign(TOKEN_L_BRACE, 1),
            (b'}', _) => self.sign(TOKEN_R_BRACE, 1),
            (b'[', _) => self.sign(TOKEN_L_BRACK, 1),
            (b']', _) => self.sign(TOKEN_R_BRACK, 1),
            (b'(', _) => self.sign(TOKEN_L_PAREN, 1),
            (b')', _) => self.sign(TOKEN_R_PAREN, 1),
            (b':', _) => self.sign(TOKEN_COLON, 1),
            (b',', _) => self.sign(TOKEN_COMMA, 1),
            (b'?', _) => self.sign(TOKEN_QUESTION, 1),
            (b'@', _) => self.sign(TOKEN_AT, 1),
            (b'$', Some(b'{')) => self.sign(TOKEN_INTERPOL_START, 2),
            (b'#', _) => {
                self.skip(|byte| byte != b'\n');
                Some(TOKEN_COMMENT)
            }
            (b'/', Some(b'*')) => {
                let inner = self.at + 2;
                self.at = inner + self.text[inner..].find("*/")? + 2;
                Some(TOKEN_COMMENT)
            }
            (b'/', Some(b'/')) => self.sign(TOKEN_UPDATE, 2),
            (b'/', Some(next)) if is_path_byte(next) => self.path(TOKEN_PATH_ABS),
            (b'/', Some(b'$')) => None,
            (b'/', _) => self.sign(TOKEN_DIV, 1),
            (b'~', Some(b'/')) => self.path(TOKEN_PATH_HOME),
            (b'+', Some(b'+')) => self.sign(TOKEN_CONCAT, 2),
            (b'+', _) => self.sign(TOKEN_ADD, 1),
            (b'-', Some(b'>')) => self.sign(TOKEN_IMPLICATION, 2),
            (b'-', _) => self.sign(TOKEN_SUB, 1),
            (b'*', _) => self.sign(TOKEN_MUL, 1),
            (b'!', Some(b'=')) => self.sign(TOKEN_NOT_EQUAL, 2),
            (b'!', _) => self.sign(TOKEN_INVERT, 1),
            (b'&', Some(b'&')) => self.sign(TOKEN_AND_AND, 2),
            (b'|', Some(b'|')) => self.sign(TOKEN_OR_OR, 2),
            (b'|', Some(b'>')) => self.sign(TOKEN_PIPE_RIGHT, 2),
            (b'>', Some(b'=')) => self.sign(TOKEN_MORE_OR_EQ, 2),
            (b'>', _) => self.sign(TOKEN_MORE, 1),
            (b'<', _) => self.less(next),
            _ => None,
        }
    }

    /// `<`, an operator that begins so, or `<nixpkgs>`.
    fn less(&mut self, next: Option<u8>) -> Option<SyntaxKind> {
        match next {
            Some(b'|') => return self.sign(TOKEN_PIPE_LEFT, 2),
            Some(b'=') => return self.sign(TOKEN_LESS_OR_EQ, 2),
            Some(byte) if is_path_byte(byte) => {}
            _ => return self.sign(TOKEN_LESS, 1),
        }
        let start = self.at;
        self.at += 1;
        self.skip(is_path_byte);
        match self.peek(0) {
            Some(b'>') => {
                self.at += 1;
                search_path_is_valid(&self.text[start..self.at]).then_some(TOKEN_PATH_SEARCH)
            }
            Some(b'<') => None,
            _ => {
                self.at = start;
                self.sign(TOKEN_LESS, 1)
            }
        }
    }

    fn word(&mut self) -> Option<SyntaxKind> {
        if self.begins_path()? {
            return self.path(TOKEN_PATH_REL);
        }
        let start = self.at;
        if self.begins_address() {
            self.skip(|byte| is_name_byte(byte) || is_address_byte(byte));
            return Some(TOKEN_URI);
        }
        self.skip(is_name_byte);
        let kind = match &self.bytes[start..self.at] {
            b"assert" => TOKEN_ASSERT,
            b"else" => TOKEN_ELSE,
            b"if" => TOKEN_IF,
            b"in" => TOKEN_IN,
            b"inherit" => TOKEN_INHERIT,
            b"let" => TOKEN_LET,
            b"or" => TOKEN_OR,
            b"rec" => TOKEN_REC,
            b"then" => TOKEN_THEN,
            b"with" => TOKEN_WITH,
            _ => TOKEN_IDENT,
        };
        Some(kind)
    }

    /// Whether `a/b` begins here, and not `a`, `a//b` or `a / b`.
    fn begins_path(&mut self) -> Option<bool> {
        if self.run.end <= self.at {
            let rest = &self.bytes[self.at..];
            self.run = Run { end: self.bytes.len(), underscore: 0 };
            for (offset, byte) in rest.iter().enumerate() {
                match byte {
                    b'_' => self.run.underscore = self.at + offset + 1,
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'+' | b'-' => {}
                    _ => {
                        self.run.end = self.at + offset;
                        break;
                    }
                }
            }
        }
        if self.bytes.get(self.run.end) != Some(&b'/') {
            return Some(false);
        }
        match self.bytes.get(self.run.end + 1) {
            None | Some(b'/' | b'*' | b' ' | b'\t' | b'\r' | b'\n') => Some(false),
            Some(b'$') => (self.bytes.get(self.run.end + 2) == Some(&b'{')).then_some(true),
            next if divides_by(next.copied()) => Some(false),
            Some(byte) => is_path_byte(*byte).then_some(true),
        }
    }

    /// Whether `a:b` begins here; the run must be known.
    fn begins_address(&self) -> bool {
        self.bytes.get(self.run.end) == Some(&b':')
            && self.bytes.get(self.run.end + 1).is_some_and(|byte| is_address_byte(*byte))
            && self.run.underscore <= self.at
    }

    fn path(&mut self, kind: SyntaxKind) -> Option<SyntaxKind> {
        let start = self.at;
        self.at += 1;
        self.skip(is_path_byte);
        let path = &self.text[start..self.at];
        ((self.goes_on() || !path.ends_with('/')) && !path.contains("//")).then_some(kind)
    }

    /// Whether an interpolation begins here.
    fn goes_on(&self) -> bool {
        self.peek(0) == Some(b'$') && self.peek(1) == Some(b'{')
    }

    fn number(&mut self) -> Option<SyntaxKind> {
        let start = self.at;
        self.skip(|byte| byte.is_ascii_digit());
        let leading_zero = self.bytes[start] == b'0' && self.at > start + 1;
        if self.peek(0) == Some(b'.') && !leading_zero {
            self.at += 1;
            return self.fraction(start);
        }
        (self.at - start <= 18).then_some(TOKEN_INTEGER)
    }

    /// The digits and the exponent behind the point of the number that began at `start`.
    fn fraction(&mut self, start: usize) -> Option<SyntaxKind> {
        self.skip(|byte| byte.is_ascii_digit());
        if matches!(self.peek(0), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(0), Some(b'-' | b'+')) {
                self.at += 1;
            }
            self.peek(0).filter(u8::is_ascii_digit)?;
            self.skip(|byte| byte.is_ascii_digit());
        }
        float_fits(&self.text[start..self.at]).then_some(TOKEN_FLOAT)
    }

    /// Goes to the end of a string or to the next `${`; tells whether it is the end.
    fn string_content(&mut self, indented: bool) -> Option<bool> {
        loop {
            match self.peek(0)? {
                b'"' if !indented => return Some(true),
                b'\\' if !indented => {
                    self.peek(1)?;
                    self.at += 2;
                }
                b'\'' if indented => match (self.peek(1)?, self.peek(2)) {
                    (b'\'', Some(b'\'' | b'$')) => self.at += 3,
                    (b'\'', Some(b'\\')) => {
                        self.peek(3)?;
                        self.at += 4;
                    }
                    (b'\'', _) => return Some(true),
                    _ => self.at += 1,
                },
                b'$' => match self.peek(1) {
                    Some(b'{') => return Some(false),
                    Some(b'$') => self.at += 2,
                    _ => self.at += 1,
                },
                // What stands behind a backslash may be the first byte of a character; the others follow.
                _ if indented => self.skip(|byte| !matches!(byte, b'\'' | b'$')),
                _ => self.skip(|byte| !matches!(byte, b'"' | b'\\' | b'$')),
            }
        }
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'\'')
}

fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'.' | b'+' | b'-')
}

fn is_address_byte(byte: u8) -> bool {
    is_path_byte(byte)
        || matches!(byte, b'%' | b'?' | b':' | b'@' | b'&' | b'=' | b'$' | b',' | b'!' | b'~' | b'*' | b'\'')
}
