//! What to say about tokens that the grammar does not allow, and where to read on.
//!
//! The rule for reading on: only where the text leaves one repair, or shows where the next binding begins.

use rnix::SyntaxKind::{self, *};

use super::error::{ErrorKind, SyntaxError, SyntaxFix};
use super::grammar::{
    Bindings, Frame, FrameKind, Reader, State, Tail, begins_operand, begins_tail, bracket, closes,
    float_fits, opens, search_path_is_valid, strength,
};
use super::tokens::Token;
use crate::text::{TextRange, TextSize};

impl<'t> Reader<'t> {
    /// A function, `if`, operator … where only a plain operand may stand.
    pub(super) fn unparenthesized(&mut self) -> State {
        let kind = self.kind(0);
        let word = self.text_of(self.at);
        let in_list = self.frame().kind == FrameKind::List;
        let what = match kind {
            Some(TOKEN_IDENT | TOKEN_L_BRACE) => "a function".to_owned(),
            _ => format!("`{word}`"),
        };
        let message = if in_list {
            format!("{what} in a list needs parentheses")
        } else {
            format!("{what} needs parentheses here")
        };
        let subtraction = in_list
            && kind == Some(TOKEN_SUB)
            && self.kind_before() != Some(TOKEN_L_BRACK)
            && !self.token(0).is_some_and(|token| token.new_line);
        let error = self.fail(self.here(), message, "parentheses are missing");
        let error = match (in_list, subtraction) {
            (true, true) => error.help("write `(a - b)` to subtract, or `a (-b)` for two elements"),
            (true, false) => {
                error.help("list elements are separated by spaces, so they cannot be read as one")
            }
            _ => error,
        };
        let index = error.add(self);
        self.push(FrameKind::Unparenthesized { error: index });
        if subtraction {
            self.frame().separators = Some(index);
        }
        match kind {
            Some(TOKEN_SUB | TOKEN_INVERT) => State::Operand,
            _ => State::Expression,
        }
    }

    /// After an element of a list.
    pub(super) fn after_in_list(&mut self, kind: SyntaxKind) -> State {
        let here = self.here();
        match kind {
            TOKEN_SUB | TOKEN_INVERT | TOKEN_IF | TOKEN_LET | TOKEN_WITH | TOKEN_ASSERT | TOKEN_R_BRACK => {
                self.list_element_again(kind)
            }
            _ if begins_operand(kind) => self.list_element(),
            TOKEN_COMMA | TOKEN_SEMICOLON if self.list_goes_on() => {
                let separator = self.text_of(self.at);
                let message = format!("list elements are separated by spaces, not `{separator}`");
                self.separator_error(&message, Some(here));
                self.at += 1;
                self.list_element()
            }
            TOKEN_QUESTION => self.operation_in_list(),
            _ if strength(kind).is_some() => self.operation_in_list(),
            TOKEN_ASSIGN => self
                .fail(here, "a list cannot hold a binding", "`=` belongs to a set")
                .help("write `{ name = value; }` for an element that is a set")
                .recover(self),
            TOKEN_INTERPOL_START => self
                .fail(here, "`${` cannot stand in a list by itself", "nothing to interpolate into")
                .help("write the expression without `${ }`, or in parentheses")
                .recover(self),
            _ => self.unexpected(),
        }
    }

    fn list_element_again(&mut self, kind: SyntaxKind) -> State {
        let binary_minus = kind == TOKEN_SUB && self.at > self.frame().opener + 1 && {
            let spaced = |index: usize| {
                self.tokens
                    .get(index + 1)
                    .is_some_and(|next| next.range.start() > self.tokens[index].range.end())
            };
            spaced(self.at) && spaced(self.at - 1) && !self.tokens[self.at].new_line
        };
        if binary_minus { self.operation_in_list() } else { self.list_element() }
    }

    /// `[ a + b ]`: the operand before is the left one.
    fn operation_in_list(&mut self) -> State {
        let operand = self.frame().operand;
        if self.kind_before() == Some(TOKEN_L_BRACK) || operand >= self.at {
            return self.missing_operand();
        }
        let operator = self.text_of(self.at);
        let message = format!("`{operator}` in a list needs parentheses");
        let first = operand == self.frame().opener + 1 || self.tokens[operand].new_line;
        let index = self
            .fail(self.here(), message, "parentheses are missing around this operation")
            .help("list elements are separated by spaces, so they cannot be read as one")
            .add(self);
        self.push(FrameKind::Unparenthesized { error: index });
        let frame = self.frame();
        (frame.opener, frame.expression, frame.operand) = (operand, operand, operand);
        if !first {
            frame.separators = Some(index);
        }
        State::After(Tail::AppliedOr)
    }

    /// In `[ a + b c ]` and `[ -1 2 ]` the operation ends where the next operand begins.
    pub(super) fn ends_unparenthesized(&mut self) -> bool {
        let frame = self.frame();
        let FrameKind::Unparenthesized { error } = frame.kind else { return false };
        let operation = frame.tails == 0;
        let in_list = self.frames.iter().rev().nth(1).is_some_and(|frame| frame.kind == FrameKind::List);
        if !operation || !in_list {
            return false;
        }
        if !self.token(0).is_some_and(|token| token.new_line) && !self.is_negated_literal() {
            // `[ a + f x ]` may mean one element or two.
            self.errors[error].fix = None;
            self.frame().separators = Some(error);
        }
        self.end_unparenthesized();
        true
    }

    fn is_negated_literal(&mut self) -> bool {
        let opener = self.frame().opener;
        self.tokens[opener].kind == TOKEN_SUB
            && opener + 2 == self.at
            && matches!(self.tokens[opener + 1].kind, TOKEN_INTEGER | TOKEN_FLOAT)
    }

    pub(super) fn end_unparenthesized(&mut self) {
        let frame = self.frame();
        let FrameKind::Unparenthesized { error } = frame.kind else { return };
        let (opener, ambiguous) = (frame.opener, frame.separators.is_some() || frame.arguments > 0);
        let in_list = self.frames.iter().rev().nth(1).is_some_and(|frame| frame.kind == FrameKind::List);
        let range = TextRange::new(self.tokens[opener].range.start(), self.previous_end());
        self.pop();
        if (!in_list || !ambiguous) && error + 1 == self.errors.len() {
            self.errors[error].fix = Some(SyntaxFix {
                title: "add parentheses".to_owned(),
                edits: vec![
                    (TextRange::empty(range.start()), "(".to_owned()),
                    (TextRange::empty(range.end()), ")".to_owned()),
                ],
            });
        }
    }

    pub(super) fn separator_error(&mut self, message: &str, list: Option<TextRange>) {
        let here = self.here();
        let next_touches = self.tokens.get(self.at + 1).is_some_and(|next| next.range.start() == here.end());
        let edit = (here, if next_touches { " ".to_owned() } else { String::new() });
        if let Some(index) = self.frame().separators {
            if let Some(fix) = &mut self.errors[index].fix {
                fix.edits.push(edit);
            }
            return;
        }
        let label = if list.is_some() { "not needed" } else { "should not be here" };
        let separator = self.text_of(self.at);
        let index = self
            .fail(here, message.to_owned(), label)
            .fix(format!("remove each `{separator}`"), vec![edit])
            .add(self);
        self.frame().separators = Some(index);
    }

    pub(super) fn keyword_as_name(&mut self) {
        let here = self.here();
        let word = self.text_of(self.at);
        self.fail(
            here,
            format!("`{word}` is a keyword and must be quoted as an attribute name"),
            "a keyword",
        )
        .fix(format!("quote `{word}`"), vec![(here, format!("\"{word}\""))])
        .add(self);
        self.at += 1;
    }

    pub(super) fn missing_operand(&mut self) -> State {
        if self.invalid_token() {
            return State::Done;
        }
        let here = self.here();
        let found = self.found();
        if self.tokens.is_empty() {
            return self
                .fail(here, "the file is empty, Nix expects an expression", "no expression")
                .help("an empty set `{ }` is the smallest useful file")
                .stop(self);
        }
        if let Some(closer @ (TOKEN_R_PAREN | TOKEN_R_BRACK | TOKEN_R_BRACE)) = self.kind(0)
            && self.at == 0
        {
            let closer = if closer == TOKEN_R_PAREN {
                ")"
            } else if closer == TOKEN_R_BRACK {
                "]"
            } else {
                "}"
            };
            return self.fail(here, format!("`{closer}` closes nothing"), "nothing is open here").stop(self);
        }
        match self.kind(0) {
            Some(TOKEN_INTERPOL_START) => {
                return self
                    .fail(
                        here,
                        "`${` can only stand in a string, a path or an attribute name",
                        "not in a string",
                    )
                    .help("write the expression without `${ }`")
                    .recover(self);
            }
            Some(TOKEN_OR) => {
                return self
                    .fail(here, "`or` must follow a selection such as `a.b`", "nothing is selected before it")
                    .help("`||` is the logical operator; `or` gives a default for a missing attribute")
                    .recover(self);
            }
            Some(TOKEN_INHERIT) if self.frame().kind == FrameKind::Root => {
                return self
                    .fail(here, "`inherit` can only stand in a set or a `let`", "not in a set")
                    .stop(self);
            }
            _ => {}
        }
        let message = if self.at == 0 {
            format!("expected an expression, found {found}")
        } else {
            format!(
                "expected an expression after `{}`, found {found}",
                self.short(self.tokens[self.at - 1].range)
            )
        };
        let missing_value = self.frame().kind == FrameKind::Value && self.frame().opener + 1 == self.at;
        let (range, label) = if missing_value || self.at >= self.tokens.len() {
            (self.last_character(), "an expression is missing after this")
        } else {
            (here, "not an expression")
        };
        let error = self.fail(range, message, label);
        match self.kind(0) {
            Some(TOKEN_SEMICOLON) if missing_value => {
                error.add(self);
                State::After(Tail::Tested)
            }
            // An empty pair of brackets is one mistake, and what follows can be read.
            Some(TOKEN_R_PAREN) if matches!(self.frame().kind, FrameKind::Paren | FrameKind::InheritFrom) => {
                error.add(self);
                State::After(Tail::Tested)
            }
            Some(TOKEN_INTERPOL_END) if matches!(self.frame().kind, FrameKind::Interpolation(_)) => {
                error.add(self);
                State::After(Tail::Tested)
            }
            _ => error.recover(self),
        }
    }

    /// `let a = 1; a`: the expression at `start` should follow `in`.
    pub(super) fn missing_in(&mut self, start: usize) -> State {
        let opener = self.frame().opener;
        let found = match self.tokens.get(start) {
            Some(token) => format!("`{}`", self.short(token.range)),
            None => "the end of the file".to_owned(),
        };
        let message = format!("expected `in` before the body of this `let`, found {found}");
        let range = self.tokens.get(start).map_or(self.last_character(), |token| token.range);
        let error = self
            .fail(range, message, "`in` is missing before this")
            .related(self.tokens[opener].range, "this `let`");
        let Some(token) = self.tokens.get(start) else { return error.stop(self) };
        if closes(token.kind) {
            return error.stop(self);
        }
        let at = token.range.start();
        let touches = self.tokens[start - 1].range.end() == at;
        error
            .fix("insert `in`", vec![(TextRange::empty(at), if touches { " in " } else { "in " }.to_owned())])
            .add(self);
        self.pop();
        self.tail();
        self.at = start;
        State::Expression
    }

    /// Whether the name at `start` is the body of a `let` that lacks its `in`.
    pub(super) fn is_let_without_in(&mut self, start: usize) -> bool {
        let FrameKind::Bindings(Bindings::Let) = self.frame().kind else { return false };
        let Some(kind) = self.kind(0) else { return true };
        let closes = matches!(kind, TOKEN_R_PAREN | TOKEN_R_BRACK | TOKEN_R_BRACE | TOKEN_INTERPOL_END);
        let goes_on =
            begins_operand(kind) || strength(kind).is_some() && kind != TOKEN_EQUAL || kind == TOKEN_QUESTION;
        let ends = kind == TOKEN_SEMICOLON && self.at > start;
        (closes || goes_on || ends) && !self.in_follows()
    }

    /// Whether `in` of the current `let` still comes.
    fn in_follows(&self) -> bool {
        let mut open = 0usize;
        let mut lets = 0usize;
        for token in self.tokens[self.at.min(self.tokens.len())..].iter().take(LOOKAHEAD) {
            match token.kind {
                kind if opens(kind) => open += 1,
                kind if closes(kind) => match open.checked_sub(1) {
                    Some(less) => open = less,
                    None => return false,
                },
                TOKEN_LET if open == 0 => lets += 1,
                TOKEN_IN if open == 0 && lets == 0 => return true,
                TOKEN_IN if open == 0 => lets -= 1,
                _ => {}
            }
        }
        false
    }

    /// `{ a b }: …`: arguments whose commas are missing are read as bindings first.
    pub(super) fn arguments_without_comma(&mut self) -> Option<State> {
        let FrameKind::Bindings(Bindings::Set) = self.frame().kind else { return None };
        let opener = self.frame().opener;
        let plausible = matches!(
            self.kind(0),
            Some(
                TOKEN_IDENT
                    | TOKEN_ELLIPSIS
                    | TOKEN_COMMA
                    | TOKEN_SEMICOLON
                    | TOKEN_QUESTION
                    | TOKEN_R_BRACE
                    | TOKEN_OR
            )
        );
        if self.at > opener + 2 || !plausible {
            return None;
        }
        self.arguments_again()
    }

    /// `{ a = 1 }: …`: defaults are written with `?`.
    fn defaults_as_bindings(&mut self) -> Option<State> {
        let bindings = &self.frames[self.frames.len() - 2];
        if bindings.kind != FrameKind::Bindings(Bindings::Set) || bindings.operand != bindings.opener + 1 {
            return None;
        }
        let value = self.frames.len() - 1;
        let (opener, whole) = (bindings.opener, &self.frames[value - 2]);
        if whole.expression != opener || !self.brace_ends_before_colon(opener) {
            return None;
        }
        self.pop();
        self.arguments_again()
    }

    /// Reads the bindings of the current frame again as arguments, if they stand before `:`.
    fn arguments_again(&mut self) -> Option<State> {
        let opener = self.frame().opener;
        let outer = &self.frames[self.frames.len() - 2];
        if outer.expression != opener || !self.brace_ends_before_colon(opener) {
            return None;
        }
        let (depth, links) = (self.depth, self.frame().links);
        self.depth = depth - links;
        *self.frame() = Frame::new(FrameKind::Arguments { named: false }, opener, opener);
        self.at = opener + 1;
        Some(State::Argument)
    }

    /// Whether the brace at `index` has a partner with `:` or `@` behind it.
    pub(super) fn brace_ends_before_colon(&self, index: usize) -> bool {
        let mut open = 0usize;
        for (offset, token) in self.tokens[index..].iter().enumerate().take(LOOKAHEAD) {
            if opens(token.kind) {
                open += 1;
            } else if closes(token.kind) {
                open -= 1;
                if open == 0 {
                    let next = self.tokens.get(index + offset + 1).map(|token| token.kind);
                    return matches!(next, Some(TOKEN_COLON | TOKEN_AT));
                }
            }
        }
        false
    }

    /// Whether the list goes on behind the separator at hand, so that only separators are wrong.
    fn list_goes_on(&self) -> bool {
        let next = self.at + 1;
        if self.tokens[self.at].kind == TOKEN_COMMA {
            return true;
        }
        !self.begins_binding(next)
            && self
                .tokens
                .get(next)
                .is_some_and(|token| begins_operand(token.kind) || token.kind == TOKEN_R_BRACK)
    }

    /// Whether a binding such as `a.b =`, `inherit` or `"x" =` begins at token `index`.
    pub(super) fn begins_binding(&self, index: usize) -> bool {
        let mut index = index;
        loop {
            match self.tokens.get(index).map(|token| token.kind) {
                Some(TOKEN_INHERIT) => return true,
                Some(TOKEN_IDENT | TOKEN_OR) => index += 1,
                Some(TOKEN_STRING_START) => {
                    index += 1;
                    while self.tokens.get(index).is_some_and(|token| token.kind == TOKEN_STRING_CONTENT) {
                        index += 1;
                    }
                    if self.tokens.get(index).map(|token| token.kind) != Some(TOKEN_STRING_END) {
                        return false;
                    }
                    index += 1;
                }
                _ => return false,
            }
            match self.tokens.get(index).map(|token| token.kind) {
                Some(TOKEN_ASSIGN) => return true,
                Some(TOKEN_DOT) => index += 1,
                _ => return false,
            }
        }
    }

    /// Reports a missing `;` before token `next`.
    pub(super) fn missing_semicolon(&mut self, next: usize, after: &str) {
        let end = self.tokens[next - 1].range.end();
        let found = match self.tokens.get(next) {
            Some(token) => format!("`{}`", self.short(token.range)),
            None => "the end of the file".to_owned(),
        };
        let range = self.last_character_before(end);
        self.fail(range, format!("expected `;` after {after}, found {found}"), "`;` is missing here")
            .fix("insert `;`", vec![(TextRange::empty(end), ";".to_owned())])
            .add(self);
    }

    /// A token that does not fit the current frame.
    pub(super) fn unexpected(&mut self) -> State {
        if self.invalid_token() {
            return State::Done;
        }
        let frame = self.frames.len() - 1;
        let here = self.here();
        let found = self.found();
        let kind = self.kind(0);
        let frame_kind = self.frames[frame].kind;
        if let FrameKind::Unparenthesized { .. } = frame_kind {
            self.end_unparenthesized();
            return State::After(Tail::Tested);
        }
        if frame_kind == FrameKind::Value
            && matches!(kind, Some(TOKEN_COMMA | TOKEN_R_BRACE))
            && let Some(state) = self.defaults_as_bindings()
        {
            return state;
        }
        match (frame_kind, kind) {
            (FrameKind::Value, Some(TOKEN_ASSIGN)) => return self.assignment_in_value(),
            (FrameKind::Value, Some(TOKEN_COMMA)) => return self.comma_after_value(),
            (FrameKind::Value, Some(TOKEN_R_BRACE))
                if self.is_in_bindings(&[Bindings::Set, Bindings::LegacyLet]) =>
            {
                self.missing_semicolon(self.at, "this binding");
                self.pop();
                return State::Binding;
            }
            (FrameKind::Value, Some(TOKEN_IN)) if self.is_in_bindings(&[Bindings::Let]) => {
                self.missing_semicolon(self.at, "this binding");
                self.pop();
                return State::Binding;
            }
            (FrameKind::Value, Some(_)) if self.begins_binding(self.at) => {
                self.missing_semicolon(self.at, "this binding");
                self.pop();
                return State::Binding;
            }
            (FrameKind::Condition, Some(TOKEN_ASSIGN)) => {
                self.fail(here, "`=` does not compare, `==` does", "should be `==`")
                    .fix("replace `=` by `==`", vec![(here, "==".to_owned())])
                    .add(self);
                return self.operator(TOKEN_EQUAL);
            }
            (FrameKind::Head, _) => return self.missing_head_end(),
            (FrameKind::Then, Some(TOKEN_ASSIGN)) | (FrameKind::Then, None) => {
                let frame = &self.frames[frame];
                let keyword = self.tokens[frame.opener].range;
                return self
                    .fail(keyword, "this `if` has no `else`", "`else` is missing")
                    .help("every `if` needs both `then` and `else`; `lib.optionals` gives an empty list instead")
                    .recover(self);
            }
            _ => {}
        }
        if let Some(kind) = kind
            && closes(kind)
        {
            return self.wrong_closer(kind);
        }
        if kind.is_none() && !matches!(frame_kind, FrameKind::Condition) {
            return self.unclosed();
        }
        let error = match (frame_kind, kind) {
            (FrameKind::Root, Some(TOKEN_SEMICOLON)) if self.at + 1 == self.tokens.len() => self
                .fail(here, "no `;` may follow the expression of a file", "one `;` too many")
                .fix("remove the `;`", vec![(here, String::new())]),
            (FrameKind::Root, Some(TOKEN_ASSIGN)) => self
                .fail(here, "a binding can only stand in a set or a `let`", "not in a set")
                .help("put `{ }` around the bindings of the file"),
            (_, Some(TOKEN_ASSIGN)) => self
                .fail(
                    here,
                    format!("expected {}, found `=`", expectation(frame_kind)),
                    "`=` only stands in bindings",
                )
                .help("`==` compares"),
            (_, Some(TOKEN_COLON)) => self
                .fail(
                    here,
                    "a function begins with a name or `{ … }` before `:`",
                    "not the argument of a function",
                )
                .help("in a set, write `=` in place of `:`"),
            (FrameKind::Paren, Some(TOKEN_COMMA)) => self
                .fail(here, "expected `)`, found `,`", "arguments are separated by spaces")
                .help("write `f a b` in place of `f(a, b)`"),
            (_, Some(TOKEN_OR)) => self
                .fail(here, "`or` must follow a selection such as `a.b`", "nothing is selected before it")
                .help("`||` is the logical operator; `or` gives a default for a missing attribute"),
            (FrameKind::Root, Some(TOKEN_ELLIPSIS)) => self.fail(
                here,
                "`...` can only stand last among the arguments of a function",
                "not among arguments",
            ),
            (_, Some(kind)) if begins_tail(kind) => {
                let word = self.text_of(self.at);
                self.fail(here, format!("`{word}` needs parentheses here"), "parentheses are missing")
            }
            _ => {
                let error = self.fail(
                    here,
                    format!("expected {}, found {found}", expectation(frame_kind)),
                    "not expected",
                );
                let opener = self.frames[frame].opener;
                match frame_kind {
                    FrameKind::Root => error,
                    _ => error.related(self.tokens[opener].range, "belongs to this"),
                }
            }
        };
        error.recover(self)
    }

    fn is_in_bindings(&self, of: &[Bindings]) -> bool {
        let outer = self.frames.iter().rev().nth(1);
        outer.is_some_and(|outer| of.iter().any(|of| outer.kind == FrameKind::Bindings(*of)))
    }

    /// `a = x⏎ b = 2;`: `b` was read as an argument of `x`.
    fn assignment_in_value(&mut self) -> State {
        let frame = self.frame();
        let (equals, expression, operand) = (frame.opener, frame.expression, frame.operand);
        let (arguments, tails) = (frame.arguments, frame.tails);
        let here = self.here();
        let operand_new_line = self.tokens[operand].new_line;
        let readable = self.begins_binding(operand);
        if readable && operand > expression && arguments > 0 {
            self.missing_semicolon(operand, "this binding");
            self.pop();
            self.at = operand;
            return State::Binding;
        }
        if readable && operand == expression && operand_new_line {
            let before = self.tokens[operand - 1];
            let head = tails > 0 && before.kind == TOKEN_SEMICOLON;
            let message = if head {
                "expected an expression after `with …;` or `assert …;`, found a binding".to_owned()
            } else {
                let before = self.short(before.range);
                format!("expected an expression after `{before}`, found a binding")
            };
            let error = self.fail(before.range, message, "an expression is missing after this");
            let error = if head {
                error.help("is the `;` after the head of `with` or `assert` missing?")
            } else {
                error
            };
            error.add(self);
            self.pop();
            self.at = operand;
            return State::Binding;
        }
        self.fail(here, "expected `;` after this binding, found `=`", "a second `=`")
            .help("`==` compares")
            .related(self.tokens[equals].range, "the `=` of this binding")
            .recover(self)
    }

    fn comma_after_value(&mut self) -> State {
        let here = self.here();
        let next_touches = self.tokens.get(self.at + 1).is_some_and(|next| next.range.start() == here.end());
        let edit = (here, if next_touches { "; ".to_owned() } else { ";".to_owned() });
        self.pop();
        self.at += 1;
        if let Some(index) = self.frame().separators {
            if let Some(fix) = &mut self.errors[index].fix {
                fix.edits.push(edit);
            }
            return State::Binding;
        }
        let index = self
            .fail(here, "bindings end with `;`, not `,`", "should be `;`")
            .fix("replace `,` by `;`", vec![edit])
            .add(self);
        self.frame().separators = Some(index);
        State::Binding
    }

    /// `with lib [ … ]`: the `;` is missing somewhere in the head.
    fn missing_head_end(&mut self) -> State {
        let frame = self.frame();
        let (opener, expression, operand, arguments) =
            (frame.opener, frame.expression, frame.operand, frame.arguments);
        let word = self.text_of(opener);
        let found = self.found();
        let keyword = self.tokens[opener].range;
        if arguments > 0 {
            // The last argument is most probably the body.
            let end = self.tokens[operand - 1].range.end();
            let head = self.short(TextRange::new(self.tokens[expression].range.start(), end));
            let next = self.short(self.tokens[operand].range);
            let error = self
                .fail(
                    self.last_character_before(end),
                    format!("expected `;` after `{word} {head}`, found `{next}`"),
                    "`;` is missing here",
                )
                .related(keyword, "belongs to this");
            let certain = arguments == 1 || self.tokens[operand].new_line;
            let error = if certain {
                error.fix("insert `;`", vec![(TextRange::empty(end), ";".to_owned())])
            } else {
                error
            };
            error.add(self);
            if !certain {
                return State::Done;
            }
            self.pop();
            self.tail();
            self.at = operand;
            return State::Expression;
        }
        self.fail(
            self.last_character(),
            format!("expected `;` after the head of `{word}`, found {found}"),
            "`;` is missing here",
        )
        .related(keyword, "belongs to this")
        .stop(self)
    }

    /// A closing bracket that does not close the innermost open one.
    fn wrong_closer(&mut self, kind: SyntaxKind) -> State {
        if !self.errors.is_empty() {
            // Very likely a consequence.
            return State::Done;
        }
        let here = self.here();
        let closer = self.text_of(self.at);
        let inner = (0..self.frames.len()).rev().find(|index| bracket(self.frames[*index].kind).is_some());
        let matching =
            self.frames.iter().any(|frame| bracket(frame.kind).is_some_and(|(_, end)| end == kind));
        let Some(inner) = inner else {
            let error = self.fail(here, format!("`{closer}` closes nothing"), "nothing is open here");
            return match self.kind(1) {
                None => error.fix(format!("remove `{closer}`"), vec![(here, String::new())]),
                Some(_) => error,
            }
            .stop(self);
        };
        let opener = self.tokens[self.frames[inner].opener].range;
        let open = self.short(opener);
        if inner + 1 < self.frames.len() {
            // The bracket fits; something inside it is not complete.
            let innermost = self.frames.len() - 1;
            let expected = expectation(self.frames[innermost].kind);
            let keyword = self.tokens[self.frames[innermost].opener].range;
            return self
                .fail(
                    self.last_character(),
                    format!("expected {expected}, found `{closer}`"),
                    "something is missing here",
                )
                .related(keyword, "belongs to this")
                .stop(self);
        }
        if matching {
            self.fail(opener, format!("this `{open}` is not closed before `{closer}`"), "opened here")
                .related(here, "found this in place of its partner")
                .stop(self)
        } else {
            self.fail(here, format!("`{closer}` closes nothing"), "does not match the last open bracket")
                .related(opener, "the last open bracket")
                .stop(self)
        }
    }

    /// The text ends inside brackets.
    pub(super) fn unclosed(&mut self) -> State {
        if !self.errors.is_empty() {
            // Very likely a consequence.
            return State::Done;
        }
        let innermost = self.frames.len() - 1;
        let frame = &self.frames[innermost];
        let opener = self.tokens.get(frame.opener).map_or(self.here(), |token| token.range);
        let open = self.short(opener);
        match frame.kind {
            FrameKind::Value | FrameKind::Default | FrameKind::Bindings(_) | FrameKind::Arguments { .. } => {
                let brackets = (0..self.frames.len()).rev();
                let outer = brackets.into_iter().find(|index| {
                    matches!(self.frames[*index].kind, FrameKind::Bindings(_) | FrameKind::Arguments { .. })
                });
                let outer = outer.map_or(innermost, |index| index);
                let opener = self.tokens[self.frames[outer].opener].range;
                let open = self.short(opener);
                let message = if open == "let" {
                    "this `let` has no `in`".to_owned()
                } else {
                    format!("this `{open}` is never closed")
                };
                self.fail(opener, message, "opened here").stop(self)
            }
            FrameKind::Root => {
                let found = self.found();
                self.fail(self.here(), format!("expected an expression, found {found}"), "not expected")
                    .stop(self)
            }
            FrameKind::Condition | FrameKind::Then | FrameKind::Head => {
                let expected = expectation(frame.kind);
                self.fail(
                    self.last_character(),
                    format!("expected {expected}, found the end of the file"),
                    "missing",
                )
                .related(opener, "belongs to this")
                .stop(self)
            }
            _ => self.fail(opener, format!("this `{open}` is never closed"), "opened here").stop(self),
        }
    }

    /// Reports a token that is none: a stray character, an open comment, a path that ends with `/`.
    pub(super) fn invalid_token(&mut self) -> bool {
        let Some(Token { kind: TOKEN_ERROR, range, .. }) = self.token(0).copied() else { return false };
        self.unreadable(range).stop(self);
        true
    }

    fn unreadable(&self, range: TextRange) -> Failure {
        let text = &self.text[range];
        let insert_space = |at: TextSize| vec![(TextRange::empty(at), " ".to_owned())];
        if text.starts_with("/*") {
            let opener = TextRange::at(range.start(), 2.into());
            return self
                .fail(opener, "this comment is never closed", "opened here")
                .help("it ends with `*/`");
        }
        if text.starts_with('<') && text.len() > 1 {
            return self.fail(range, "this search path is not closed with `>`", "not a search path");
        }
        if text.starts_with("//") && text.len() > 2 {
            let operator = TextRange::at(range.start(), 2.into());
            return self
                .fail(
                    operator,
                    "`//` right behind a path needs a space before it",
                    "read as a part of the path",
                )
                .fix("insert a space", insert_space(range.start()));
        }
        if text.contains("//") && text.len() > 2 {
            return self.fail(range, "a path cannot hold `//`", "doubled `/`");
        }
        if let Some(rest) = text.strip_suffix('/') {
            let slash = TextRange::new(range.end() - TextSize::new(1), range.end());
            let is_name = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if is_name && !rest.is_empty() {
                return self
                    .fail(
                        slash,
                        "`/` right behind a name needs a space before it to divide",
                        "read as a path",
                    )
                    .fix("insert a space", insert_space(slash.start()));
            }
            let error = self.fail(slash, "a path cannot end with `/`", "one `/` too many");
            let sound = rest.contains('/') && !rest.ends_with('/');
            return if sound { error.fix("remove the `/`", vec![(slash, String::new())]) } else { error };
        }
        if text.contains(['e', 'E']) && text.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return self.fail(range, "the exponent of this number has no digits", "not a number");
        }
        self.stray_character(range)
    }

    fn stray_character(&self, range: TextRange) -> Failure {
        let Some(c) = self.text[range].chars().next() else {
            return self.fail(range, "expected an expression", "nothing is here");
        };
        let range = TextRange::at(range.start(), TextSize::of(c));
        let error = |message: &str, label: &str| self.fail(range, message, label);
        match c {
            '&' => error("Nix has no `&`", "not an operator").help("`&&` is the logical operator"),
            '|' => error("Nix has no `|`", "not an operator").help("`||` is the logical operator"),
            '$' => error("`$` can only stand before `{`", "not an expression")
                .help("a variable is written without `$`"),
            '\'' => {
                error("Nix has no strings in single quotes", "not a string").help("use `\"…\"` or `''…''`")
            }
            '~' => error("expected `/` after `~`", "not a path").help("a home path is `~/name`"),
            '\0' => error("Nix does not allow NUL bytes", "a NUL byte"),
            '\u{feff}' => error("byte-order mark inside the file", "an invisible character")
                .fix("remove the byte-order mark", vec![(range, String::new())]),
            '\u{201c}'..='\u{201f}' => {
                error(&format!("`{c}` is not a quote in Nix"), "a typographic quote").help("use `\"`")
            }
            _ if c.is_alphabetic() => error(&format!("`{c}` cannot stand in a name"), "not an ASCII letter")
                .help("names are made of ASCII letters, digits, `_`, `-` and `'`; others must be quoted"),
            _ if c.is_control() => {
                error(&format!("unexpected character U+{:04X}", u32::from(c)), "an invisible character")
            }
            _ => error(&format!("unexpected character `{c}`"), "means nothing in Nix"),
        }
    }

    pub(super) fn check_number(&mut self) {
        let here = self.here();
        let text = self.text_of(self.at);
        match self.kind(0) {
            Some(TOKEN_INTEGER) if text.parse::<i64>().is_err() => {
                self.fail(here, "this integer does not fit into 64 bits", "out of range")
                    .help("the largest integer is 9223372036854775807")
                    .add(self);
            }
            Some(TOKEN_FLOAT) if !float_fits(text) => {
                self.fail(here, "this number does not fit into a 64-bit float", "out of range").add(self);
            }
            _ => {}
        }
    }

    pub(super) fn check_search_path(&mut self) {
        let here = self.here();
        let text = self.text_of(self.at);
        if search_path_is_valid(text) {
            return;
        }
        let inner = text.trim_start_matches('<').trim_end_matches('>');
        let error = if inner.ends_with('/') && !inner.starts_with('/') && !inner.contains("//") {
            let slash = TextRange::at(here.end() - TextSize::new(2), 1.into());
            self.fail(slash, "a search path cannot end with `/`", "one `/` too many")
                .fix("remove the `/`", vec![(slash, String::new())])
        } else {
            self.fail(here, "this search path has an empty part", "one `/` too many")
        };
        error.add(self);
    }

    /// Goes on behind the binding that holds the mistake, if the text shows clearly where it ends.
    fn skip_binding(&mut self) -> State {
        let Some(target) = self.frames.iter().rposition(|frame| matches!(frame.kind, FrameKind::Bindings(_)))
        else {
            return State::Done;
        };
        let mut open = 0usize;
        let mut index = self.at;
        while let Some(token) = self.tokens.get(index) {
            match token.kind {
                TOKEN_ERROR => return State::Done,
                // Words that pair up with others make the end uncertain.
                TOKEN_LET | TOKEN_IN | TOKEN_WITH | TOKEN_ASSERT if open == 0 => return State::Done,
                kind if opens(kind) => open += 1,
                kind if closes(kind) => match open.checked_sub(1) {
                    Some(less) => open = less,
                    None => return State::Done,
                },
                TOKEN_SEMICOLON if open == 0 => break,
                _ => {}
            }
            index += 1;
        }
        let next = self.tokens.get(index + 1);
        let clear = next.is_some_and(|next| {
            next.new_line
                && (matches!(next.kind, TOKEN_R_BRACE | TOKEN_IN | TOKEN_INHERIT)
                    || self.begins_binding(index + 1))
        });
        if !clear {
            return State::Done;
        }
        while self.frames.len() > target + 1 {
            self.pop();
        }
        self.at = index + 1;
        State::Binding
    }

    pub(super) fn fail(
        &self,
        range: TextRange,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Failure {
        Failure(SyntaxError {
            range,
            message: message.into(),
            label: label.into(),
            help: None,
            fix: None,
            related: Vec::new(),
            kind: ErrorKind::Syntax,
        })
    }
}

/// An error on its way.
pub(super) struct Failure(SyntaxError);

impl Failure {
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    pub(super) fn related(mut self, range: TextRange, label: &str) -> Self {
        self.0.related.push((range, label.to_owned()));
        self
    }

    pub(super) fn fix(mut self, title: impl Into<String>, edits: Vec<(TextRange, String)>) -> Self {
        self.0.fix = Some(SyntaxFix { title: title.into(), edits });
        self
    }

    /// Reports and reads on as if the text were right; gives the index of the error.
    pub(super) fn add(self, reader: &mut Reader<'_>) -> usize {
        reader.errors.push(self.0);
        reader.errors.len() - 1
    }

    /// Reports and reads on behind the binding, if its end is clear.
    pub(super) fn recover(self, reader: &mut Reader<'_>) -> State {
        self.add(reader);
        reader.skip_binding()
    }

    /// Reports and reads no further.
    pub(super) fn stop(self, reader: &mut Reader<'_>) -> State {
        self.add(reader);
        State::Done
    }
}

/// How many tokens are looked at to choose a message.
const LOOKAHEAD: usize = 2_000;

/// What ends the expression of a frame.
fn expectation(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Root => "the end of the file",
        FrameKind::Paren | FrameKind::InheritFrom => "`)`",
        FrameKind::List => "an element or `]`",
        FrameKind::Bindings(Bindings::Let) => "a binding or `in`",
        FrameKind::Bindings(_) => "a binding or `}`",
        FrameKind::Value => "`;` after this binding",
        FrameKind::Condition => "`then` after the condition",
        FrameKind::Then => "`else`",
        FrameKind::Head => "`;`",
        FrameKind::Arguments { .. } => "an argument or `}`",
        FrameKind::Default => "`,` or `}` after this default",
        FrameKind::String(_) => "the end of the string",
        FrameKind::Interpolation(_) => "`}` to end `${`",
        FrameKind::Unparenthesized { .. } => "an operator",
    }
}
