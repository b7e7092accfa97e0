//! The grammar of Nix (src/libexpr/parser.y of NixOS/nix) as one loop over tokens with a stack of its own.
//!
//! It accepts what Nix accepts (and the pipe operators), measures how deep the text nests, and says in
//! words what is wrong. It builds no tree, must never recurse, and never looks at what a name means.

use rnix::SyntaxKind::{self, *};

use super::error::SyntaxError;
use super::guard::{Excess, Limits, TooComplex};
use super::tokens::{Token, Tokens};
use crate::text::{TextRange, TextSize};

/// What [`read`] found.
#[derive(Debug)]
pub(super) struct Reading {
    /// Mistakes, in the order of the text; each is independent of those before it.
    pub(super) errors: Vec<SyntaxError>,
    /// Set when reading stopped because a limit was exceeded.
    pub(super) too_complex: Option<TooComplex>,
}

/// Reads the tokens of `text` to the end, to the first mistake that hides the rest, or to a limit.
pub(super) fn read(text: &str, tokens: &Tokens, limits: &Limits) -> Reading {
    let mut reader = Reader {
        text,
        tokens: &tokens.tokens,
        at: 0,
        frames: vec![Frame::new(FrameKind::Root, 0, 0)],
        errors: Vec::new(),
        too_complex: None,
        limits,
        depth: 1,
        nesting: 0,
        work: 0,
    };
    let mut state = State::Expression;
    while state != State::Done && reader.too_complex.is_none() && reader.errors.len() < MAX_ERRORS {
        state = reader.step(state);
    }
    Reading { errors: reader.errors, too_complex: reader.too_complex }
}

/// Twenty mistakes in one file are enough to know that it is broken.
const MAX_ERRORS: usize = 20;

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Any expression.
    Expression,
    /// An operand of an operator: no function, no `if`, `let`, `with`, `assert`.
    Operand,
    /// An operand without prefix operator.
    Simple,
    /// An operand is complete.
    After(Tail),
    /// An element of an attribute path.
    Attr(AttrOf),
    /// An element of an attribute path is complete.
    AfterAttr(AttrOf),
    /// A binding or the end of the bindings.
    Binding,
    /// The names of an `inherit`.
    Inherit,
    /// An argument in `{ … }:`.
    Argument,
    /// After the name or default of an argument.
    AfterArgument,
    /// After `...`.
    AfterEllipsis,
    /// After the `}` of arguments.
    AfterArguments,
    /// Inside a string.
    StringBody,
    Done,
}

/// How an operand ended, which decides how it may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// `x`: `.`, `or` and arguments may follow.
    Plain,
    /// `x.a`: `or` and arguments may follow.
    Selected,
    /// `x or`, the old way to apply `x` to a variable `or`: arguments may follow.
    AppliedOr,
    /// `x ? a`: only operators may follow.
    Tested,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttrOf {
    Binding,
    Select,
    Test,
    Inherit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StringOf {
    Operand,
    Attr(AttrOf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    String,
    Path,
    Attr(AttrOf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bindings {
    Set,
    LegacyLet,
    Let,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    Root,
    Paren,
    InheritFrom,
    List,
    Bindings(Bindings),
    /// The value of a binding, up to `;`.
    Value,
    /// Between `if` and `then`.
    Condition,
    /// Between `then` and `else`.
    Then,
    /// Between `with` or `assert` and `;`.
    Head,
    /// `{ a, b }` of a function; whether a name and `@` came before.
    Arguments {
        named: bool,
    },
    /// The default of an argument.
    Default,
    String(StringOf),
    Interpolation(Inside),
    /// Something that needs parentheses and has none; the index of its error.
    Unparenthesized {
        error: usize,
    },
}

#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    /// Token that opened the frame.
    pub(super) opener: usize,
    /// Operators, arguments and attribute names since the frame began.
    pub(super) links: u32,
    /// Functions, `let`, `with`, `assert` and `if` whose last part is read in this frame.
    pub(super) tails: u32,
    /// An `==` or `!=` that another one must not follow.
    pub(super) equality: bool,
    /// A `<`, `<=`, `>` or `>=` that another one must not follow.
    pub(super) comparison: bool,
    /// First token of the expression that is being read here.
    pub(super) expression: usize,
    /// First token of the last operand or argument, or of the binding.
    pub(super) operand: usize,
    /// Arguments of the function call that is being read.
    pub(super) arguments: usize,
    /// Error about separators, which further ones join.
    pub(super) separators: Option<usize>,
    /// Whether a chained comparison was reported here.
    pub(super) chained: bool,
}

impl Frame {
    pub(super) fn new(kind: FrameKind, opener: usize, at: usize) -> Self {
        Self {
            kind,
            opener,
            links: 0,
            tails: 0,
            equality: false,
            comparison: false,
            expression: at,
            operand: at,
            arguments: 0,
            separators: None,
            chained: false,
        }
    }
}

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
    pub(super) frames: Vec<Frame>,
    pub(super) errors: Vec<SyntaxError>,
    pub(super) too_complex: Option<TooComplex>,
    pub(super) limits: &'t Limits,
    /// Frames and links on the stack: a bound for the height of the tree.
    pub(super) depth: u32,
    pub(super) nesting: u32,
    /// Sum of the depth over all tokens, a bound for the time the tree takes.
    pub(super) work: u64,
}

impl<'t> Reader<'t> {
    fn step(&mut self, state: State) -> State {
        self.work += u64::from(self.depth);
        if self.work > self.limits.work + self.limits.work_per_token * self.at as u64 {
            self.exceed(Excess::Work);
        }
        match state {
            State::Expression => self.expression(),
            State::Operand => self.operand(),
            State::Simple => self.simple(),
            State::After(tail) => self.after(tail),
            State::Attr(of) => self.attr(of),
            State::AfterAttr(of) => self.after_attr(of),
            State::Binding => self.binding(),
            State::Inherit => self.inherit(),
            State::Argument => self.argument(),
            State::AfterArgument => self.after_argument(),
            State::AfterEllipsis => self.after_ellipsis(),
            State::AfterArguments => self.after_arguments(),
            State::StringBody => self.string_body(),
            State::Done => State::Done,
        }
    }

    // Expressions

    fn expression(&mut self) -> State {
        let at = self.at;
        let frame = self.frame();
        (frame.expression, frame.operand, frame.arguments) = (at, at, 0);
        (frame.equality, frame.comparison) = (false, false);
        match self.kind(0) {
            Some(TOKEN_LET) if self.kind(1) != Some(TOKEN_L_BRACE) => {
                self.push(FrameKind::Bindings(Bindings::Let));
                self.at += 1;
                State::Binding
            }
            Some(TOKEN_IF) => {
                self.push(FrameKind::Condition);
                self.at += 1;
                State::Expression
            }
            Some(TOKEN_WITH | TOKEN_ASSERT) => {
                self.push(FrameKind::Head);
                self.at += 1;
                State::Expression
            }
            Some(TOKEN_IDENT) if self.kind(1) == Some(TOKEN_COLON) => {
                self.tail();
                self.at += 2;
                State::Expression
            }
            Some(TOKEN_IDENT) if self.kind(1) == Some(TOKEN_AT) => {
                if self.kind(2) != Some(TOKEN_L_BRACE) {
                    self.at += 2;
                    let found = self.found();
                    return self
                        .fail(
                            self.here(),
                            format!("expected `{{` after `@`, found {found}"),
                            "not a set of arguments",
                        )
                        .stop(self);
                }
                self.at += 2;
                self.push(FrameKind::Arguments { named: true });
                self.at += 1;
                State::Argument
            }
            Some(TOKEN_L_BRACE) if self.begins_arguments(0) => {
                self.push(FrameKind::Arguments { named: false });
                self.at += 1;
                State::Argument
            }
            _ => self.operand(),
        }
    }

    fn operand(&mut self) -> State {
        if matches!(self.kind(0), Some(TOKEN_SUB | TOKEN_INVERT)) {
            self.link();
            self.at += 1;
            return State::Operand;
        }
        self.simple()
    }

    fn simple(&mut self) -> State {
        let Some(kind) = self.kind(0) else { return self.missing_operand() };
        match kind {
            TOKEN_IDENT if matches!(self.kind(1), Some(TOKEN_COLON | TOKEN_AT)) => self.unparenthesized(),
            TOKEN_L_BRACE if self.begins_arguments(0) && self.brace_ends_before_colon(self.at) => {
                self.unparenthesized()
            }
            TOKEN_IDENT | TOKEN_INTEGER | TOKEN_FLOAT | TOKEN_URI => {
                self.check_number();
                self.at += 1;
                State::After(Tail::Plain)
            }
            TOKEN_PATH_SEARCH => {
                self.check_search_path();
                self.at += 1;
                State::After(Tail::Plain)
            }
            TOKEN_PATH_ABS | TOKEN_PATH_REL | TOKEN_PATH_HOME => {
                self.at += 1;
                self.path_goes_on()
            }
            TOKEN_L_PAREN => {
                self.push(FrameKind::Paren);
                self.at += 1;
                State::Expression
            }
            TOKEN_L_BRACK => {
                self.push(FrameKind::List);
                self.at += 1;
                self.list_element()
            }
            TOKEN_L_BRACE => {
                self.push(FrameKind::Bindings(Bindings::Set));
                self.at += 1;
                State::Binding
            }
            TOKEN_REC | TOKEN_LET if self.kind(1) == Some(TOKEN_L_BRACE) => {
                let of = if kind == TOKEN_REC { Bindings::Set } else { Bindings::LegacyLet };
                self.at += 1;
                self.push(FrameKind::Bindings(of));
                self.at += 1;
                State::Binding
            }
            TOKEN_REC => {
                self.at += 1;
                let found = self.found();
                self.fail(self.here(), format!("expected `{{` after `rec`, found {found}"), "not a set")
                    .stop(self)
            }
            TOKEN_STRING_START => {
                self.push(FrameKind::String(StringOf::Operand));
                self.at += 1;
                State::StringBody
            }
            TOKEN_IF | TOKEN_LET | TOKEN_WITH | TOKEN_ASSERT => self.unparenthesized(),
            _ => self.missing_operand(),
        }
    }

    /// After a piece of a path: an interpolation or another piece may stand right behind it.
    fn path_goes_on(&mut self) -> State {
        let touches = self.token(0).is_some_and(|token| token.range.start() == self.previous_end());
        match self.kind(0) {
            Some(TOKEN_INTERPOL_START) if touches => {
                self.push(FrameKind::Interpolation(Inside::Path));
                self.at += 1;
                State::Expression
            }
            Some(TOKEN_PATH_ABS | TOKEN_PATH_REL | TOKEN_PATH_HOME)
                if touches && self.kind_before() == Some(TOKEN_INTERPOL_END) =>
            {
                self.at += 1;
                self.path_goes_on()
            }
            _ => State::After(Tail::Plain),
        }
    }

    pub(super) fn list_element(&mut self) -> State {
        let at = self.at;
        let frame = self.frame();
        (frame.expression, frame.operand) = (at, at);
        self.unlink();
        match self.kind(0) {
            Some(TOKEN_R_BRACK) => {
                self.pop();
                self.at += 1;
                State::After(Tail::Plain)
            }
            Some(TOKEN_SUB | TOKEN_INVERT) => self.unparenthesized(),
            Some(kind)
                if begins_operand(kind) || self.kind(1) == Some(TOKEN_L_BRACE) && kind == TOKEN_LET =>
            {
                State::Simple
            }
            Some(TOKEN_IF | TOKEN_LET | TOKEN_WITH | TOKEN_ASSERT) => self.unparenthesized(),
            _ => self.after(Tail::Tested),
        }
    }

    fn after(&mut self, tail: Tail) -> State {
        let frame = self.frame().kind;
        let Some(kind) = self.kind(0) else {
            return if frame == FrameKind::Root { State::Done } else { self.unexpected() };
        };
        match kind {
            TOKEN_DOT if tail == Tail::Plain => {
                self.at += 1;
                State::Attr(AttrOf::Select)
            }
            TOKEN_OR if tail == Tail::Selected => {
                self.link();
                self.at += 1;
                State::Simple
            }
            TOKEN_OR if tail == Tail::Plain => {
                self.link();
                self.at += 1;
                State::After(Tail::AppliedOr)
            }
            _ if frame == FrameKind::List => self.after_in_list(kind),
            TOKEN_QUESTION => {
                self.link();
                self.at += 1;
                State::Attr(AttrOf::Test)
            }
            _ if tail != Tail::Tested && (begins_operand(kind) || self.is_legacy_let(0)) => {
                if self.ends_unparenthesized() {
                    return State::After(tail);
                }
                self.link();
                let at = self.at;
                let frame = self.frame();
                frame.operand = at;
                frame.arguments += 1;
                State::Simple
            }
            _ if strength(kind).is_some() => self.operator(kind),
            _ => self.terminator(kind),
        }
    }

    pub(super) fn operator(&mut self, kind: SyntaxKind) -> State {
        let frame = self.frame();
        let (equality, comparison) = (frame.equality, frame.comparison);
        let weaker_than = |strength_of: u8| strength(kind).is_some_and(|strength| strength < strength_of);
        frame.equality &= !weaker_than(EQUALITY);
        frame.comparison &= !weaker_than(COMPARISON);
        let chained = match strength(kind) {
            Some(EQUALITY) => {
                frame.equality = true;
                equality
            }
            Some(COMPARISON) => {
                frame.comparison = true;
                comparison
            }
            _ => false,
        };
        frame.arguments = 0;
        if chained && !std::mem::replace(&mut frame.chained, true) {
            let message = format!("`{}` cannot be chained", self.text_of(self.at));
            let help = if strength(kind) == Some(EQUALITY) {
                "put parentheses around one comparison, or write `a == b && b == c`"
            } else {
                "write `a < b && b < c`"
            };
            self.fail(self.here(), message, "the second comparison in a row").help(help).add(self);
        }
        self.link();
        self.at += 1;
        let at = self.at;
        self.frame().operand = at;
        State::Operand
    }

    /// A token that can only end the expression of the current frame.
    fn terminator(&mut self, kind: SyntaxKind) -> State {
        let frame = self.frame().kind;
        match (frame, kind) {
            (FrameKind::Unparenthesized { .. }, _) => {
                self.end_unparenthesized();
                // `x: x` is complete in itself, `a + b` too.
                State::After(Tail::Plain)
            }
            (FrameKind::Paren, TOKEN_R_PAREN) => {
                self.pop();
                self.at += 1;
                State::After(Tail::Plain)
            }
            (FrameKind::InheritFrom, TOKEN_R_PAREN) => {
                self.pop();
                self.at += 1;
                State::Inherit
            }
            (FrameKind::Interpolation(inside), TOKEN_INTERPOL_END) => {
                self.pop();
                self.at += 1;
                match inside {
                    Inside::String => State::StringBody,
                    Inside::Path => self.path_goes_on(),
                    Inside::Attr(of) => State::AfterAttr(of),
                }
            }
            (FrameKind::Value, TOKEN_SEMICOLON) => {
                self.pop();
                self.at += 1;
                State::Binding
            }
            (FrameKind::Condition, TOKEN_THEN) => {
                self.frame().kind = FrameKind::Then;
                self.unlink();
                self.at += 1;
                State::Expression
            }
            (FrameKind::Then, TOKEN_ELSE) => {
                self.pop();
                self.tail();
                self.at += 1;
                State::Expression
            }
            (FrameKind::Head, TOKEN_SEMICOLON) => {
                self.pop();
                self.tail();
                self.at += 1;
                State::Expression
            }
            (FrameKind::Default, TOKEN_COMMA | TOKEN_R_BRACE) => {
                self.pop();
                State::AfterArgument
            }
            _ => self.unexpected(),
        }
    }

    // Attribute paths and bindings

    fn attr(&mut self, of: AttrOf) -> State {
        self.link();
        match self.kind(0) {
            Some(TOKEN_IDENT | TOKEN_OR) => {
                self.at += 1;
                State::AfterAttr(of)
            }
            Some(TOKEN_STRING_START) => {
                if self.text_of(self.at) == "''" {
                    self.fail(self.here(), "an attribute name cannot be an indented string", "not `\"…\"`")
                        .help("use double quotes")
                        .add(self);
                }
                self.push(FrameKind::String(StringOf::Attr(of)));
                self.at += 1;
                State::StringBody
            }
            Some(TOKEN_INTERPOL_START) => {
                self.push(FrameKind::Interpolation(Inside::Attr(of)));
                self.at += 1;
                State::Expression
            }
            Some(kind)
                if keyword(kind)
                    && (of != AttrOf::Select && of != AttrOf::Test
                        || !self.token(0).is_some_and(|token| token.new_line)) =>
            {
                self.keyword_as_name();
                State::AfterAttr(of)
            }
            Some(TOKEN_DOT) if self.kind_before() == Some(TOKEN_DOT) => {
                let error = self.fail(self.here(), "doubled `.` in an attribute path", "one `.` too many");
                if self.kind(1) != Some(TOKEN_IDENT) {
                    return error.recover(self);
                }
                error.fix("remove the extra `.`", vec![(self.here(), String::new())]).add(self);
                self.at += 1;
                State::Attr(of)
            }
            Some(TOKEN_ERROR) => {
                self.invalid_token();
                State::Done
            }
            kind if self.kind_before() == Some(TOKEN_DOT) => {
                let dot = self.tokens[self.at - 1].range;
                let found = self.found();
                let error = self.fail(
                    dot,
                    format!("expected a name after `.`, found {found}"),
                    "nothing is selected here",
                );
                let path_ends = match kind {
                    None | Some(TOKEN_SEMICOLON | TOKEN_ASSIGN) => true,
                    Some(kind) => closes(kind),
                };
                if !path_ends {
                    return error.recover(self);
                }
                error.fix("remove the extra `.`", vec![(dot, String::new())]).add(self);
                State::AfterAttr(of)
            }
            _ => {
                let found = self.found();
                let before = self.text_of(self.at.saturating_sub(1));
                self.fail(
                    self.here(),
                    format!("expected a name after `{before}`, found {found}"),
                    "not a name",
                )
                .stop(self)
            }
        }
    }

    fn after_attr(&mut self, of: AttrOf) -> State {
        if self.kind(0) == Some(TOKEN_DOT) && of != AttrOf::Inherit {
            self.at += 1;
            return State::Attr(of);
        }
        match of {
            AttrOf::Select => State::After(Tail::Selected),
            AttrOf::Test => State::After(Tail::Tested),
            AttrOf::Inherit => State::Inherit,
            AttrOf::Binding => self.after_attr_path(),
        }
    }

    fn after_attr_path(&mut self) -> State {
        let here = self.here();
        let start = self.frame().operand;
        let path = self.short(TextRange::new(self.tokens[start].range.start(), self.previous_end()));
        match self.kind(0) {
            Some(TOKEN_ASSIGN) => return self.value(1),
            Some(TOKEN_ERROR) => {
                self.invalid_token();
                return State::Done;
            }
            _ if self.is_let_without_in(start) => return self.missing_in(start),
            Some(TOKEN_EQUAL) => {
                self.fail(here, "a binding is written with one `=`, found `==`", "compares two values")
                    .fix("replace `==` by `=`", vec![(here, "=".to_owned())])
                    .add(self);
                return self.value(1);
            }
            Some(TOKEN_COLON) => {
                let error =
                    self.fail(here, format!("expected `=` after `{path}`, found `:`"), "should be `=`");
                if !self.kind(1).is_some_and(|kind| begins_operand(kind) || begins_tail(kind)) {
                    return error.recover(self);
                }
                error.fix("replace `:` by `=`", vec![(here, " =".to_owned())]).add(self);
                return self.value(1);
            }
            Some(kind) if self.kind(1) == Some(TOKEN_ASSIGN) && strength(kind).is_some() => {
                let operator = self.text_of(self.at);
                let range = TextRange::new(here.start(), self.tokens[self.at + 1].range.end());
                return self
                    .fail(range, format!("Nix has no `{operator}=`"), "not a binding")
                    .help("a value never changes; bind the new value to a name of its own")
                    .recover(self);
            }
            Some(TOKEN_FLOAT) if self.text_of(self.at).starts_with('.') => {
                let number = &self.text_of(self.at)[1..];
                self.fail(here, "a number in an attribute path must be quoted", "read as a number")
                    .fix("quote the number", vec![(here, format!(".\"{number}\""))])
                    .add(self);
                self.at += 1;
                return State::AfterAttr(AttrOf::Binding);
            }
            Some(TOKEN_SEMICOLON) if self.at == start + 1 && self.kind(1) != Some(TOKEN_ASSIGN) => {
                if let Some(state) = self.arguments_without_comma() {
                    return state;
                }
                let at = self.tokens[start].range.start();
                self.fail(
                    here,
                    format!("expected `=` and a value after `{path}`"),
                    "the binding has no value",
                )
                .help(format!("`inherit {path};` takes `{path}` from the scope around"))
                .fix(format!("use `inherit {path};`"), vec![(TextRange::empty(at), "inherit ".to_owned())])
                .add(self);
                self.at += 1;
                return State::Binding;
            }
            _ => {}
        }
        if let Some(state) = self.arguments_without_comma() {
            return state;
        }
        let found = self.found();
        let error = self.fail(here, format!("expected `=` after `{path}`, found {found}"), "not a binding");
        error.recover(self)
    }

    fn value(&mut self, skip: usize) -> State {
        self.push(FrameKind::Value);
        self.at += skip;
        State::Expression
    }

    fn binding(&mut self) -> State {
        let at = self.at;
        self.unlink();
        self.frame().operand = at;
        let FrameKind::Bindings(of) = self.frame().kind else {
            unreachable!("invariant: bindings are read in a frame of bindings")
        };
        let here = self.here();
        let Some(kind) = self.kind(0) else {
            if of == Bindings::Let {
                return self.missing_in(at);
            }
            return self.unclosed();
        };
        let names_something = matches!(self.kind(1), Some(TOKEN_ASSIGN | TOKEN_DOT));
        match (of, kind) {
            (Bindings::Set | Bindings::LegacyLet, TOKEN_R_BRACE) => {
                self.pop();
                self.at += 1;
                State::After(Tail::Plain)
            }
            (Bindings::Let, TOKEN_IN) => {
                self.pop();
                self.tail();
                self.at += 1;
                State::Expression
            }
            _ if keyword(kind) && names_something => {
                self.keyword_as_name();
                State::AfterAttr(AttrOf::Binding)
            }
            (_, TOKEN_INHERIT) => {
                self.at += 1;
                if self.kind(0) == Some(TOKEN_L_PAREN) {
                    self.push(FrameKind::InheritFrom);
                    self.at += 1;
                    return State::Expression;
                }
                State::Inherit
            }
            (_, TOKEN_IDENT | TOKEN_OR | TOKEN_STRING_START | TOKEN_INTERPOL_START) => {
                State::Attr(AttrOf::Binding)
            }
            (_, TOKEN_SEMICOLON) => {
                let mut edits = Vec::new();
                while self.kind(0) == Some(TOKEN_SEMICOLON) {
                    edits.push((self.here(), String::new()));
                    self.at += 1;
                }
                self.fail(here, "extra `;`: there is no binding before it", "one `;` too many")
                    .fix("remove the extra `;`", edits)
                    .add(self);
                State::Binding
            }
            (_, TOKEN_COMMA) => {
                self.separator_error("bindings end with `;`, there is no `,` between them", None);
                self.at += 1;
                State::Binding
            }
            (_, TOKEN_DOT) if matches!(self.kind(1), Some(TOKEN_IDENT)) => {
                self.fail(here, "expected a name before `.`", "the attribute path begins with `.`")
                    .fix("remove the extra `.`", vec![(here, String::new())])
                    .add(self);
                self.at += 1;
                self.frame().operand = at + 1;
                State::Attr(AttrOf::Binding)
            }
            (_, TOKEN_INTEGER) if names_something => {
                let name = self.text_of(at);
                self.fail(
                    here,
                    "an attribute name that begins with a digit must be quoted",
                    "read as a number",
                )
                .fix("quote the name", vec![(here, format!("\"{name}\""))])
                .add(self);
                self.at += 1;
                State::AfterAttr(AttrOf::Binding)
            }
            (_, TOKEN_ASSIGN) => {
                self.fail(here, "expected a name before `=`", "the binding has no name").recover(self)
            }
            (_, TOKEN_URI) => {
                let found = self.found();
                self.fail(here, format!("expected a binding, found the URL {found}"), "read as a URL")
                    .help("a binding is written with `=`, and `a:b` without a space is a URL")
                    .recover(self)
            }
            (Bindings::Let, _) if begins_operand(kind) || begins_tail(kind) || closes(kind) => {
                self.missing_in(at)
            }
            (_, TOKEN_R_PAREN | TOKEN_R_BRACK | TOKEN_INTERPOL_END | TOKEN_R_BRACE) => self.unexpected(),
            _ => {
                if let Some(state) = self.arguments_without_comma() {
                    return state;
                }
                if self.invalid_token() {
                    return State::Done;
                }
                let found = self.found();
                let end = if of == Bindings::Let { "in" } else { "}" };
                self.fail(here, format!("expected a binding or `{end}`, found {found}"), "not a binding")
                    .recover(self)
            }
        }
    }

    fn inherit(&mut self) -> State {
        let here = self.here();
        match self.kind(0) {
            Some(TOKEN_SEMICOLON) => {
                self.at += 1;
                State::Binding
            }
            Some(TOKEN_IDENT | TOKEN_OR | TOKEN_STRING_START | TOKEN_INTERPOL_START) => {
                let begins_binding = self.token(0).is_some_and(|token| token.new_line)
                    && self.begins_binding(self.at)
                    && self.kind_before() != Some(TOKEN_INHERIT);
                if begins_binding {
                    self.missing_semicolon(self.at, "`inherit`");
                    return State::Binding;
                }
                // Names of an `inherit` are siblings, however many there are.
                self.unlink();
                State::Attr(AttrOf::Inherit)
            }
            Some(TOKEN_COMMA) => {
                self.separator_error("names after `inherit` are separated by spaces, not `,`", None);
                self.at += 1;
                State::Inherit
            }
            Some(TOKEN_R_BRACE | TOKEN_IN | TOKEN_INHERIT)
                if !matches!(self.kind(1), Some(TOKEN_SEMICOLON)) =>
            {
                self.missing_semicolon(self.at, "`inherit`");
                State::Binding
            }
            Some(kind) if keyword(kind) => {
                self.keyword_as_name();
                State::Inherit
            }
            Some(TOKEN_DOT) => self
                .fail(here, "`inherit` takes single names, not attribute paths", "a path begins here")
                .help("write `inherit (a.b) c;` for `c = a.b.c;`")
                .recover(self),
            Some(TOKEN_ASSIGN) => self
                .fail(
                    here,
                    "expected `;` after the names of `inherit`, found `=`",
                    "`inherit` takes no value",
                )
                .recover(self),
            None => self.unclosed(),
            _ => {
                if self.invalid_token() {
                    return State::Done;
                }
                let found = self.found();
                self.fail(
                    here,
                    format!("expected a name or `;` after `inherit`, found {found}"),
                    "not a name",
                )
                .recover(self)
            }
        }
    }

    // Arguments of functions

    fn argument(&mut self) -> State {
        let here = self.here();
        self.unlink();
        match self.kind(0) {
            Some(TOKEN_IDENT) => {
                self.at += 1;
                State::AfterArgument
            }
            Some(TOKEN_ELLIPSIS) => {
                self.at += 1;
                State::AfterEllipsis
            }
            Some(TOKEN_R_BRACE) => {
                self.at += 1;
                State::AfterArguments
            }
            Some(TOKEN_COMMA) => {
                self.fail(here, "expected an argument before `,`", "one `,` too many")
                    .fix("remove the extra `,`", vec![(here, String::new())])
                    .add(self);
                self.at += 1;
                State::Argument
            }
            Some(kind) if keyword(kind) || kind == TOKEN_OR => {
                let word = self.text_of(self.at);
                self.fail(here, format!("`{word}` is a keyword and cannot name an argument"), "a keyword")
                    .help("take the whole set with `@args` and select the attribute from it")
                    .add(self);
                self.at += 1;
                State::AfterArgument
            }
            Some(TOKEN_STRING_START) => {
                self.fail(here, "the name of an argument cannot be quoted", "a string").stop(self)
            }
            None => self.unclosed(),
            _ => {
                if self.invalid_token() {
                    return State::Done;
                }
                let found = self.found();
                self.fail(here, format!("expected an argument or `}}`, found {found}"), "not a name")
                    .stop(self)
            }
        }
    }

    fn after_argument(&mut self) -> State {
        let here = self.here();
        let previous = TextRange::empty(self.previous_end());
        match self.kind(0) {
            Some(TOKEN_COMMA) => {
                self.at += 1;
                State::Argument
            }
            Some(TOKEN_R_BRACE) => {
                self.at += 1;
                State::AfterArguments
            }
            Some(TOKEN_QUESTION) if self.kind_before() == Some(TOKEN_IDENT) => {
                self.push(FrameKind::Default);
                self.at += 1;
                State::Expression
            }
            Some(TOKEN_ASSIGN) => {
                self.fail(here, "a default is written with `?`, found `=`", "should be `?`")
                    .fix("replace `=` by `?`", vec![(here, "?".to_owned())])
                    .add(self);
                self.push(FrameKind::Default);
                self.at += 1;
                State::Expression
            }
            Some(TOKEN_IDENT | TOKEN_ELLIPSIS) => {
                let found = self.found();
                self.fail(
                    self.last_character(),
                    format!("expected `,` between arguments, found {found}"),
                    "`,` is missing here",
                )
                .fix("insert `,`", vec![(previous, ",".to_owned())])
                .add(self);
                State::Argument
            }
            Some(TOKEN_SEMICOLON) => {
                self.fail(here, "arguments are separated by `,`, not `;`", "should be `,`")
                    .fix("replace `;` by `,`", vec![(here, ",".to_owned())])
                    .add(self);
                self.at += 1;
                State::Argument
            }
            None => self.unclosed(),
            _ => {
                if self.invalid_token() {
                    return State::Done;
                }
                let found = self.found();
                self.fail(
                    here,
                    format!("expected `,` or `}}` after this argument, found {found}"),
                    "not expected",
                )
                .stop(self)
            }
        }
    }

    fn after_ellipsis(&mut self) -> State {
        let here = self.here();
        match (self.kind(0), self.kind(1)) {
            (Some(TOKEN_R_BRACE), _) => {
                self.at += 1;
                State::AfterArguments
            }
            (Some(TOKEN_COMMA), Some(TOKEN_R_BRACE)) => {
                self.fail(here, "no `,` may follow `...`", "one `,` too many")
                    .fix("remove the `,`", vec![(here, String::new())])
                    .add(self);
                self.at += 1;
                State::AfterEllipsis
            }
            (Some(TOKEN_COMMA), Some(TOKEN_ELLIPSIS)) | (Some(TOKEN_ELLIPSIS), _) => {
                self.at += usize::from(self.kind(0) == Some(TOKEN_COMMA));
                let again = TextRange::new(here.start(), self.here().end());
                self.fail(self.here(), "`...` is given twice", "the second `...`")
                    .fix("remove the second `...`", vec![(again, String::new())])
                    .add(self);
                self.at += 1;
                State::AfterEllipsis
            }
            (Some(TOKEN_COMMA | TOKEN_IDENT), _) => {
                let ellipsis = self.tokens[self.at - 1].range;
                self.fail(ellipsis, "`...` must come last", "more arguments follow").add(self);
                self.at += usize::from(self.kind(0) == Some(TOKEN_COMMA));
                State::Argument
            }
            (None, _) => self.unclosed(),
            _ => {
                let found = self.found();
                self.fail(here, format!("expected `}}` after `...`, found {found}"), "not expected")
                    .stop(self)
            }
        }
    }

    fn after_arguments(&mut self) -> State {
        let here = self.here();
        let FrameKind::Arguments { named } = self.frame().kind else {
            unreachable!("invariant: arguments are read in a frame of arguments")
        };
        match self.kind(0) {
            Some(TOKEN_COLON) => {
                self.pop();
                self.tail();
                self.at += 1;
                State::Expression
            }
            Some(TOKEN_AT) => {
                if named {
                    self.fail(here, "the arguments have a name already", "a second `@`")
                        .help("a set of arguments has one name: `args@{ … }` or `{ … }@args`")
                        .add(self);
                }
                self.frame().kind = FrameKind::Arguments { named: true };
                self.at += 1;
                if self.kind(0) != Some(TOKEN_IDENT) {
                    let found = self.found();
                    return self
                        .fail(self.here(), format!("expected a name after `@`, found {found}"), "not a name")
                        .stop(self);
                }
                self.at += 1;
                State::AfterArguments
            }
            _ => {
                let opener = self.frame().opener;
                let found = self.found();
                self.fail(
                    self.last_character(),
                    format!("expected `:` after the arguments of a function, found {found}"),
                    "`:` is missing here",
                )
                .help("a set needs `=` and `;` in each binding: `{ a = 1; }`")
                .related(self.tokens[opener].range, "read as arguments from here")
                .stop(self)
            }
        }
    }

    fn string_body(&mut self) -> State {
        let FrameKind::String(of) = self.frame().kind else {
            unreachable!("invariant: strings are read in a frame of a string")
        };
        match self.kind(0) {
            Some(TOKEN_STRING_CONTENT) => {
                self.at += 1;
                State::StringBody
            }
            Some(TOKEN_INTERPOL_START) => {
                self.push(FrameKind::Interpolation(Inside::String));
                self.at += 1;
                State::Expression
            }
            Some(TOKEN_STRING_END) => {
                self.pop();
                self.at += 1;
                match of {
                    StringOf::Operand => State::After(Tail::Plain),
                    StringOf::Attr(of) => State::AfterAttr(of),
                }
            }
            _ => {
                let opener = self.tokens[self.frame().opener].range;
                let quote = &self.text[opener];
                let what = if quote == "''" { "indented string" } else { "string" };
                self.fail(opener, format!("this {what} is never closed"), "opened here")
                    .help(format!("it ends with `{quote}`"))
                    .stop(self)
            }
        }
    }

    // Tokens and frames

    pub(super) fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead)
    }

    pub(super) fn kind(&self, ahead: usize) -> Option<SyntaxKind> {
        self.token(ahead).map(|token| token.kind)
    }

    pub(super) fn kind_before(&self) -> Option<SyntaxKind> {
        let before = self.at.checked_sub(1)?;
        self.tokens.get(before).map(|token| token.kind)
    }

    fn is_legacy_let(&self, ahead: usize) -> bool {
        self.kind(ahead) == Some(TOKEN_LET) && self.kind(ahead + 1) == Some(TOKEN_L_BRACE)
    }

    /// Whether `{` at `ahead` begins the arguments of a function, told as Nix does from two tokens.
    fn begins_arguments(&self, ahead: usize) -> bool {
        match (self.kind(ahead + 1), self.kind(ahead + 2)) {
            (Some(TOKEN_R_BRACE), Some(TOKEN_COLON | TOKEN_AT)) | (Some(TOKEN_ELLIPSIS), _) => true,
            (Some(TOKEN_IDENT), Some(TOKEN_COMMA | TOKEN_QUESTION)) => true,
            (Some(TOKEN_IDENT), Some(TOKEN_R_BRACE)) => {
                matches!(self.kind(ahead + 3), Some(TOKEN_COLON | TOKEN_AT))
            }
            (Some(TOKEN_COMMA), _) => self.brace_ends_before_colon(self.at + ahead),
            _ => false,
        }
    }

    /// Range of the token at hand, or the end of the text.
    pub(super) fn here(&self) -> TextRange {
        self.token(0).map_or(TextRange::empty(TextSize::of(self.text)), |token| token.range)
    }

    pub(super) fn previous_end(&self) -> TextSize {
        match self.at.checked_sub(1).and_then(|before| self.tokens.get(before)) {
            Some(token) => token.range.end(),
            None => 0.into(),
        }
    }

    /// The last character of the token before.
    pub(super) fn last_character(&self) -> TextRange {
        self.last_character_before(self.previous_end())
    }

    pub(super) fn last_character_before(&self, end: TextSize) -> TextRange {
        let len = self.text[..usize::from(end)].chars().next_back().map_or(0.into(), TextSize::of);
        TextRange::new(end - len, end)
    }

    pub(super) fn text_of(&self, index: usize) -> &'t str {
        self.tokens.get(index).map_or("", |token| &self.text[token.range])
    }

    /// The text of `range`, cut so that it fits into a message.
    pub(super) fn short(&self, range: TextRange) -> String {
        let text = &self.text[range];
        let line = text.lines().next().unwrap_or_default();
        let mut short: String = line.chars().filter(|c| !c.is_control()).take(24).collect();
        if short.len() < text.len() {
            short.push('…');
        }
        short
    }

    /// The token at hand in words.
    pub(super) fn found(&self) -> String {
        let Some(token) = self.token(0) else { return "the end of the file".to_owned() };
        match token.kind {
            TOKEN_STRING_START | TOKEN_STRING_CONTENT => "a string".to_owned(),
            _ => format!("`{}`", self.short(token.range)),
        }
    }

    pub(super) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("invariant: the root frame is never popped")
    }

    /// Opens a frame at the token at hand.
    pub(super) fn push(&mut self, kind: FrameKind) {
        self.frames.push(Frame::new(kind, self.at, self.at + 1));
        self.depth += 1;
        // The words around a value are no nesting of their own.
        if !matches!(kind, FrameKind::Value | FrameKind::Default | FrameKind::Unparenthesized { .. }) {
            self.nesting += 1;
        }
        self.check_depth();
    }

    pub(super) fn pop(&mut self) {
        let frame = self.frames.pop().expect("invariant: a frame is open");
        self.depth -= 1 + frame.links + frame.tails;
        self.nesting -= frame.tails;
        if !matches!(frame.kind, FrameKind::Value | FrameKind::Default | FrameKind::Unparenthesized { .. }) {
            self.nesting -= 1;
        }
    }

    fn link(&mut self) {
        self.frame().links += 1;
        self.depth += 1;
        if self.frame().links > self.limits.chain {
            self.exceed(Excess::Chain);
        }
        self.check_depth();
    }

    fn unlink(&mut self) {
        let links = std::mem::take(&mut self.frame().links);
        self.depth -= links;
    }

    pub(super) fn tail(&mut self) {
        self.frame().tails += 1;
        self.depth += 1;
        self.nesting += 1;
        self.check_depth();
    }

    fn check_depth(&mut self) {
        if self.nesting > self.limits.nesting {
            self.exceed(Excess::Nesting);
        } else if self.depth > self.limits.depth {
            self.exceed(Excess::Chain);
        }
    }

    fn exceed(&mut self, what: Excess) {
        let range = self.here();
        self.too_complex.get_or_insert(TooComplex { range, what });
    }
}

const EQUALITY: u8 = 5;
const COMPARISON: u8 = 6;

/// How strongly a binary operator binds.
pub(super) fn strength(kind: SyntaxKind) -> Option<u8> {
    Some(match kind {
        TOKEN_PIPE_LEFT => 0,
        TOKEN_PIPE_RIGHT => 1,
        TOKEN_IMPLICATION => 2,
        TOKEN_OR_OR => 3,
        TOKEN_AND_AND => 4,
        TOKEN_EQUAL | TOKEN_NOT_EQUAL => EQUALITY,
        TOKEN_LESS | TOKEN_LESS_OR_EQ | TOKEN_MORE | TOKEN_MORE_OR_EQ => COMPARISON,
        TOKEN_UPDATE => 7,
        TOKEN_ADD | TOKEN_SUB => 9,
        TOKEN_MUL | TOKEN_DIV => 10,
        TOKEN_CONCAT => 11,
        _ => return None,
    })
}

pub(super) fn begins_operand(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        TOKEN_IDENT
            | TOKEN_INTEGER
            | TOKEN_FLOAT
            | TOKEN_URI
            | TOKEN_PATH_ABS
            | TOKEN_PATH_REL
            | TOKEN_PATH_HOME
            | TOKEN_PATH_SEARCH
            | TOKEN_L_PAREN
            | TOKEN_L_BRACK
            | TOKEN_L_BRACE
            | TOKEN_REC
            | TOKEN_STRING_START
    )
}

pub(super) fn begins_tail(kind: SyntaxKind) -> bool {
    matches!(kind, TOKEN_IF | TOKEN_LET | TOKEN_WITH | TOKEN_ASSERT)
}

fn keyword(kind: SyntaxKind) -> bool {
    begins_tail(kind) || matches!(kind, TOKEN_THEN | TOKEN_ELSE | TOKEN_IN | TOKEN_REC | TOKEN_INHERIT)
}

pub(super) fn opens(kind: SyntaxKind) -> bool {
    matches!(kind, TOKEN_L_PAREN | TOKEN_L_BRACK | TOKEN_L_BRACE | TOKEN_INTERPOL_START | TOKEN_STRING_START)
}

pub(super) fn closes(kind: SyntaxKind) -> bool {
    matches!(kind, TOKEN_R_PAREN | TOKEN_R_BRACK | TOKEN_R_BRACE | TOKEN_INTERPOL_END | TOKEN_STRING_END)
}

/// The brackets of a frame.
pub(super) fn bracket(kind: FrameKind) -> Option<(SyntaxKind, SyntaxKind)> {
    Some(match kind {
        FrameKind::Paren | FrameKind::InheritFrom => (TOKEN_L_PAREN, TOKEN_R_PAREN),
        FrameKind::List => (TOKEN_L_BRACK, TOKEN_R_BRACK),
        FrameKind::Bindings(Bindings::Set | Bindings::LegacyLet) | FrameKind::Arguments { .. } => {
            (TOKEN_L_BRACE, TOKEN_R_BRACE)
        }
        FrameKind::String(_) => (TOKEN_STRING_START, TOKEN_STRING_END),
        FrameKind::Interpolation(_) => (TOKEN_INTERPOL_START, TOKEN_INTERPOL_END),
        _ => return None,
    })
}

/// Whether C's `strtod`, which Nix uses, takes the literal without a range error.
pub(super) fn float_fits(text: &str) -> bool {
    let Ok(value) = text.parse::<f64>() else { return false };
    let zero =
        text.split(['e', 'E']).next().is_some_and(|digits| !digits.bytes().any(|b| matches!(b, b'1'..=b'9')));
    zero || value.is_normal()
}

/// `<a/b>`: parts are not empty.
pub(super) fn search_path_is_valid(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    inner.is_some_and(|inner| inner.split('/').all(|part| !part.is_empty()))
}
