//! From tokens to nodes. Gives up at the first token that does not fit.
//!
//! White space and comments belong where rnix puts them: into the node that is open when the next node or
//! token begins.

use rnix::SyntaxKind::{self, *};
use rowan::GreenNode;

use super::lexer::Token;
use super::tree::TreeBuilder;

/// More expressions inside each other are left to the reader that has limits of its own.
const MAX_DEPTH: u32 = 400;

/// How strong `!` binds.
const INVERT: u8 = 9;

/// How strong `?` binds.
const HAS_ATTR: u8 = 13;

/// Builds the tree of `tokens`; `None` where they are not plainly an expression.
pub(super) fn read(text: &str, tokens: &[Token], builder: &mut TreeBuilder) -> Option<GreenNode> {
    let mut parser = Parser { text, tokens, builder, at: 0, next: 0, offset: 0, depth: 0 };
    parser.find_next();
    parser.expression()?;
    parser.trivia();
    if parser.next < tokens.len() {
        return None;
    }
    parser.builder.close(0, NODE_ROOT)?;
    parser.builder.finish()
}

struct Parser<'t> {
    text: &'t str,
    tokens: &'t [Token],
    builder: &'t mut TreeBuilder,
    /// The first token that is not in the tree, and where it begins.
    at: usize,
    offset: u32,
    /// The first token from there that is neither space nor comment.
    next: usize,
    depth: u32,
}

impl<'t> Parser<'t> {
    fn expression(&mut self) -> Option<()> {
        self.enter()?;
        match self.peek()? {
            TOKEN_LET => {
                let mark = self.open();
                self.bump();
                // `let { … }`
                if self.peek()? == TOKEN_L_BRACE {
                    return None;
                }
                self.bindings(TOKEN_IN)?;
                self.expression()?;
                self.close(mark, NODE_LET_IN)?;
            }
            TOKEN_WITH => self.headed(NODE_WITH)?,
            TOKEN_ASSERT => self.headed(NODE_ASSERT)?,
            TOKEN_IF => {
                let mark = self.open();
                self.bump();
                self.expression()?;
                self.expect(TOKEN_THEN)?;
                self.expression()?;
                self.expect(TOKEN_ELSE)?;
                self.expression()?;
                self.close(mark, NODE_IF_ELSE)?;
            }
            TOKEN_IDENT if matches!(self.peek_second(), Some(TOKEN_COLON | TOKEN_AT)) => self.function()?,
            TOKEN_L_BRACE if self.is_pattern() => self.function()?,
            _ => self.operation(0)?,
        }
        self.leave();
        Some(())
    }

    /// `with a; b` and `assert a; b`.
    fn headed(&mut self, kind: SyntaxKind) -> Option<()> {
        let mark = self.open();
        self.bump();
        self.expression()?;
        self.expect(TOKEN_SEMICOLON)?;
        self.expression()?;
        self.close(mark, kind)
    }

    fn function(&mut self) -> Option<()> {
        let mark = self.open();
        if self.peek()? == TOKEN_IDENT {
            self.name()?;
            if self.peek()? == TOKEN_COLON {
                self.close(mark, NODE_IDENT_PARAM)?;
            } else {
                self.expect(TOKEN_AT)?;
                self.close(mark, NODE_PAT_BIND)?;
                self.pattern()?;
                self.close(mark, NODE_PATTERN)?;
            }
        } else {
            self.pattern()?;
            if self.peek()? == TOKEN_AT {
                let bind = self.open();
                self.bump();
                self.name()?;
                self.close(bind, NODE_PAT_BIND)?;
            }
            self.close(mark, NODE_PATTERN)?;
        }
        self.expect(TOKEN_COLON)?;
        self.expression()?;
        self.close(mark, NODE_LAMBDA)
    }

    /// `{ a, b ? c, ... }`.
    fn pattern(&mut self) -> Option<()> {
        self.expect(TOKEN_L_BRACE)?;
        loop {
            match self.peek()? {
                TOKEN_R_BRACE => break,
                TOKEN_ELLIPSIS => {
                    self.bump();
                    break;
                }
                _ => {
                    let mark = self.open();
                    self.name()?;
                    if self.peek()? == TOKEN_QUESTION {
                        self.bump();
                        self.expression()?;
                    }
                    self.close(mark, NODE_PAT_ENTRY)?;
                    if self.peek()? != TOKEN_COMMA {
                        break;
                    }
                    self.bump();
                }
            }
        }
        self.expect(TOKEN_R_BRACE)
    }

    /// Operators that bind at least as strong as `least`, and their operands.
    fn operation(&mut self, least: u8) -> Option<()> {
        self.enter()?;
        let mark = self.open();
        match self.peek()? {
            TOKEN_INVERT => self.inversion(mark)?,
            TOKEN_SUB => self.negation()?,
            _ => self.application()?,
        }
        // `a == b == c` is not allowed.
        let mut below = u8::MAX;
        while let Some((strength, side)) = self.peek().and_then(operator) {
            if strength < least {
                break;
            }
            if strength >= below {
                return None;
            }
            self.bump();
            if strength == HAS_ATTR {
                self.attribute_path()?;
                self.close(mark, NODE_HAS_ATTR)?;
                continue;
            }
            match side {
                Side::Left => self.operation(strength + 1)?,
                Side::Right => self.operation(strength)?,
                Side::Neither => {
                    self.operation(strength + 1)?;
                    below = strength;
                }
            }
            self.close(mark, NODE_BIN_OP)?;
        }
        self.leave();
        Some(())
    }

    /// `!`, which may stand behind any operator and takes all that binds as strongly: Nix reads `1 + !x + y` as
    /// `1 + !(x + y)`.
    fn inversion(&mut self, mark: usize) -> Option<()> {
        self.bump();
        self.operation(INVERT)?;
        self.close(mark, NODE_UNARY_OP)
    }

    fn negation(&mut self) -> Option<()> {
        self.enter()?;
        let mark = self.open();
        self.bump();
        match self.peek()? {
            TOKEN_SUB => self.negation()?,
            TOKEN_INVERT => {
                let inner = self.open();
                self.inversion(inner)?;
            }
            _ => self.application()?,
        }
        self.leave();
        self.close(mark, NODE_UNARY_OP)
    }

    fn application(&mut self) -> Option<()> {
        let mark = self.open();
        self.operand()?;
        while self.peek().is_some_and(begins_operand) {
            self.operand()?;
            self.close(mark, NODE_APPLY)?;
        }
        Some(())
    }

    fn operand(&mut self) -> Option<()> {
        self.enter()?;
        let mark = self.open();
        match self.peek()? {
            TOKEN_IDENT => {
                if matches!(self.peek_second(), Some(TOKEN_COLON | TOKEN_AT))
                    || self.next_text() == "__curPos"
                {
                    return None;
                }
                self.name()?;
            }
            TOKEN_L_PAREN => {
                self.bump();
                self.expression()?;
                self.expect(TOKEN_R_PAREN)?;
                self.close(mark, NODE_PAREN)?;
            }
            TOKEN_L_BRACE => {
                if self.is_pattern() {
                    return None;
                }
                self.bump();
                self.bindings(TOKEN_R_BRACE)?;
                self.close(mark, NODE_ATTR_SET)?;
            }
            TOKEN_REC => {
                self.bump();
                self.expect(TOKEN_L_BRACE)?;
                self.bindings(TOKEN_R_BRACE)?;
                self.close(mark, NODE_ATTR_SET)?;
            }
            TOKEN_L_BRACK => {
                self.bump();
                while self.peek()? != TOKEN_R_BRACK {
                    self.operand()?;
                }
                self.bump();
                self.close(mark, NODE_LIST)?;
            }
            TOKEN_STRING_START => self.string()?,
            TOKEN_INTEGER | TOKEN_FLOAT | TOKEN_URI => {
                self.bump();
                self.close(mark, NODE_LITERAL)?;
            }
            TOKEN_PATH_SEARCH => {
                self.bump();
                self.close(mark, NODE_PATH_SEARCH)?;
            }
            TOKEN_PATH_ABS => self.path(mark, NODE_PATH_ABS)?,
            TOKEN_PATH_REL => self.path(mark, NODE_PATH_REL)?,
            TOKEN_PATH_HOME => self.path(mark, NODE_PATH_HOME)?,
            _ => return None,
        }
        match self.peek() {
            Some(TOKEN_DOT) => {
                self.bump();
                self.attribute_path()?;
                if self.peek() == Some(TOKEN_OR) {
                    self.bump();
                    self.operand()?;
                }
                self.close(mark, NODE_SELECT)?;
            }
            // Nix takes such an `or` for an argument.
            Some(TOKEN_OR) => return None,
            _ => {}
        }
        self.leave();
        Some(())
    }

    /// A path and its interpolations, between which nothing stands.
    fn path(&mut self, mark: usize, kind: SyntaxKind) -> Option<()> {
        self.bump();
        // Else a path that follows is another one.
        let mut goes_on = self.peek() == Some(TOKEN_INTERPOL_START);
        while goes_on && self.at == self.next {
            match self.peek() {
                Some(TOKEN_INTERPOL_START) => self.interpolation(NODE_INTERPOL)?,
                Some(TOKEN_PATH_ABS | TOKEN_PATH_REL | TOKEN_PATH_HOME) => self.bump(),
                _ => goes_on = false,
            }
        }
        self.close(mark, kind)
    }

    fn string(&mut self) -> Option<()> {
        let mark = self.open();
        self.bump();
        loop {
            match self.peek()? {
                TOKEN_STRING_CONTENT => self.bump(),
                TOKEN_INTERPOL_START => self.interpolation(NODE_INTERPOL)?,
                TOKEN_STRING_END => break,
                _ => return None,
            }
        }
        self.bump();
        self.close(mark, NODE_STRING)
    }

    fn interpolation(&mut self, kind: SyntaxKind) -> Option<()> {
        let mark = self.open();
        self.bump();
        self.expression()?;
        self.expect(TOKEN_INTERPOL_END)?;
        self.close(mark, kind)
    }

    /// Bindings and the token `until` behind them.
    fn bindings(&mut self, until: SyntaxKind) -> Option<()> {
        loop {
            let kind = self.peek()?;
            if kind == until {
                break;
            }
            let mark = self.open();
            if kind == TOKEN_INHERIT {
                self.bump();
                if self.peek()? == TOKEN_L_PAREN {
                    let from = self.open();
                    self.bump();
                    self.expression()?;
                    self.expect(TOKEN_R_PAREN)?;
                    self.close(from, NODE_INHERIT_FROM)?;
                }
                while self.peek()? != TOKEN_SEMICOLON {
                    self.attribute()?;
                }
                self.bump();
                self.close(mark, NODE_INHERIT)?;
            } else {
                // Each name but the last means a set in a set.
                let depth = self.depth;
                self.depth += self.attribute_path()? - 1;
                self.expect(TOKEN_ASSIGN)?;
                self.expression()?;
                self.depth = depth;
                self.expect(TOKEN_SEMICOLON)?;
                self.close(mark, NODE_ATTRPATH_VALUE)?;
            }
        }
        self.bump();
        Some(())
    }

    /// Tells how many attributes there are.
    fn attribute_path(&mut self) -> Option<u32> {
        let mark = self.open();
        self.attribute()?;
        let mut count = 1;
        while self.peek() == Some(TOKEN_DOT) {
            self.bump();
            self.attribute()?;
            count += 1;
        }
        self.close(mark, NODE_ATTRPATH)?;
        (count <= MAX_DEPTH).then_some(count)
    }

    fn attribute(&mut self) -> Option<()> {
        match self.peek()? {
            TOKEN_IDENT => self.name(),
            TOKEN_INTERPOL_START => self.interpolation(NODE_DYNAMIC),
            TOKEN_STRING_START if self.next_text() == "\"" => self.string(),
            _ => None,
        }
    }

    /// Whether a function's pattern begins with the brace that comes next.
    fn is_pattern(&self) -> bool {
        let first = self.after(self.next);
        let second = self.after(first);
        let kind = |at: usize| self.tokens.get(at).map(|token| token.kind);
        matches!(
            (kind(first), kind(second)),
            (Some(TOKEN_IDENT), Some(TOKEN_COMMA | TOKEN_QUESTION | TOKEN_R_BRACE))
                | (Some(TOKEN_ELLIPSIS), Some(TOKEN_R_BRACE))
                | (Some(TOKEN_R_BRACE), Some(TOKEN_COLON | TOKEN_AT))
        )
    }

    fn name(&mut self) -> Option<()> {
        if self.peek()? != TOKEN_IDENT {
            return None;
        }
        self.trivia();
        let text = self.take_text();
        self.builder.name(text);
        self.find_next();
        Some(())
    }

    fn expect(&mut self, kind: SyntaxKind) -> Option<()> {
        if self.peek()? != kind {
            return None;
        }
        self.bump();
        Some(())
    }

    /// Takes over the next token and what stands before it.
    fn bump(&mut self) {
        self.trivia();
        self.take();
        self.find_next();
    }

    /// The place where a node begins.
    fn open(&mut self) -> usize {
        self.trivia();
        self.builder.mark()
    }

    fn close(&mut self, mark: usize, kind: SyntaxKind) -> Option<()> {
        self.builder.close(mark, kind)
    }

    fn trivia(&mut self) {
        while self.at < self.next {
            self.take();
        }
    }

    fn take(&mut self) {
        let kind = self.tokens[self.at].kind;
        let text = self.take_text();
        self.builder.token(kind, text);
    }

    fn take_text(&mut self) -> &'t str {
        let end = self.tokens[self.at].end;
        let text = &self.text[self.offset as usize..end as usize];
        self.at += 1;
        self.offset = end;
        text
    }

    fn find_next(&mut self) {
        self.next = self.at;
        while self.tokens.get(self.next).is_some_and(|token| is_trivia(token.kind)) {
            self.next += 1;
        }
    }

    fn peek(&self) -> Option<SyntaxKind> {
        self.tokens.get(self.next).map(|token| token.kind)
    }

    fn peek_second(&self) -> Option<SyntaxKind> {
        self.tokens.get(self.after(self.next)).map(|token| token.kind)
    }

    /// The first token behind `index` that is neither space nor comment.
    fn after(&self, index: usize) -> usize {
        let mut index = index + 1;
        while self.tokens.get(index).is_some_and(|token| is_trivia(token.kind)) {
            index += 1;
        }
        index
    }

    /// The text of the next token.
    fn next_text(&self) -> &'t str {
        let start = match self.next.checked_sub(1) {
            Some(before) => self.tokens[before].end,
            None => 0,
        };
        self.tokens.get(self.next).map_or("", |token| &self.text[start as usize..token.end as usize])
    }

    fn enter(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}

/// Which operand may hold the same operator without parentheses.
enum Side {
    Left,
    Right,
    Neither,
}

/// How strong an operator binds, as in rnix.
fn operator(kind: SyntaxKind) -> Option<(u8, Side)> {
    Some(match kind {
        TOKEN_PIPE_LEFT => (1, Side::Right),
        TOKEN_PIPE_RIGHT => (2, Side::Left),
        TOKEN_IMPLICATION => (3, Side::Right),
        TOKEN_OR_OR => (4, Side::Left),
        TOKEN_AND_AND => (5, Side::Left),
        TOKEN_EQUAL | TOKEN_NOT_EQUAL => (6, Side::Neither),
        TOKEN_LESS | TOKEN_LESS_OR_EQ | TOKEN_MORE | TOKEN_MORE_OR_EQ => (7, Side::Neither),
        TOKEN_UPDATE => (8, Side::Right),
        TOKEN_ADD | TOKEN_SUB => (10, Side::Left),
        TOKEN_MUL | TOKEN_DIV => (11, Side::Left),
        TOKEN_CONCAT => (12, Side::Right),
        TOKEN_QUESTION => (HAS_ATTR, Side::Left),
        _ => return None,
    })
}

fn begins_operand(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        TOKEN_IDENT
            | TOKEN_REC
            | TOKEN_L_BRACE
            | TOKEN_L_BRACK
            | TOKEN_L_PAREN
            | TOKEN_STRING_START
            | TOKEN_INTEGER
            | TOKEN_FLOAT
            | TOKEN_URI
            | TOKEN_PATH_ABS
            | TOKEN_PATH_REL
            | TOKEN_PATH_HOME
            | TOKEN_PATH_SEARCH
    )
}

fn is_trivia(kind: SyntaxKind) -> bool {
    matches!(kind, TOKEN_WHITESPACE | TOKEN_COMMENT)
}
