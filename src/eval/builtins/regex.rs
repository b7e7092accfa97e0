//! POSIX extended regular expressions as Nix has them.
//!
//! Nix uses `std::regex::extended` of the C++ library it is built with; on Linux that is libstdc++, whose
//! matcher is followed here step by step (bits/regex_compiler.tcc, bits/regex_executor.tcc and
//! bits/regex_scanner.tcc of GCC): among the matches at the leftmost place the longest that its order of
//! trying finds, groups of an earlier repetition kept, every byte a character, classes those of ASCII.

use super::super::machine::Machine;
use super::super::value::{Reason, Unknown};
use super::argument::error;

/// States of the compiled expression; libstdc++ has the same limit.
const MAX_STATES: usize = 100_000;

/// Parentheses in each other. The library has no limit but its stack.
const MAX_NESTING: usize = 200;

/// States that one attempt may be deep in. The library ends in a stack overflow somewhere above.
const MAX_DEPTH: usize = 100_000;

/// States that are visited for a step of evaluation.
const STATES_PER_STEP: u32 = 16;

/// A compiled expression.
pub(super) struct Regex {
    states: Vec<State>,
    start: usize,
    groups: usize,
}

/// A match: byte offsets.
pub(super) struct Match {
    pub start: usize,
    pub end: usize,
    /// Start and end of each group, where it took part.
    pub groups: Vec<Option<(usize, usize)>>,
}

enum State {
    /// Goes on without reading.
    Jump(usize),
    /// Reads a byte.
    Byte(Box<Class>, usize),
    /// Tries both, the first one first.
    Either(usize, usize),
    /// Once more, or on.
    Repeat {
        body: usize,
        next: usize,
    },
    Open(usize, usize),
    Close(usize, usize),
    LineStart(usize),
    LineEnd(usize),
    Accept,
}

/// A set of bytes.
#[derive(Clone)]
struct Class([bool; 256]);

/// A piece of an expression.
#[derive(Clone)]
enum Node {
    Empty,
    Class(Box<Class>),
    LineStart,
    LineEnd,
    Sequence(Vec<Node>),
    Either(Box<Node>, Box<Node>),
    Group(usize, Box<Node>),
    /// `*`
    Many(Box<Node>),
    /// `+`
    Some(Box<Node>),
    /// `?`
    Optional(Box<Node>),
    /// `{min,max}`; `None` is without end.
    Times(Box<Node>, usize, Option<usize>),
}

impl Regex {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// Where Nix refuses it, or where it depends on the machine.
    pub(super) fn new(machine: &Machine<'_>, pattern: &str) -> Result<Self, Unknown> {
        machine.charge(pattern.len() / 4)?;
        let mut parser = Parser { pattern: pattern.as_bytes(), at: 0, groups: 0, nesting: 0 };
        let node = parser.either()?;
        if parser.at < parser.pattern.len() {
            return Err(invalid());
        }
        let mut regex = Self { states: vec![State::Accept], start: 0, groups: parser.groups };
        regex.start = regex.compile(&node, 0)?;
        machine.charge(regex.states.len() / 4)?;
        Ok(regex)
    }

    /// The match of the whole text.
    pub(super) fn match_whole(&self, machine: &Machine<'_>, text: &str) -> Result<Option<Match>, Unknown> {
        self.attempt(machine, text, Attempt { whole: true, ..Attempt::default() })
    }

    /// All matches, as `std::regex_iterator` finds them.
    pub(super) fn find_all(&self, machine: &Machine<'_>, text: &str) -> Result<Vec<Match>, Unknown> {
        let mut found: Vec<Match> = Vec::new();
        let mut next = self.search(machine, text, 0, false)?;
        while let Some(this) = next {
            let (start, end) = (this.start, this.end);
            machine.charge(1 + self.groups / 16)?;
            let is_first = found.is_empty();
            found.push(this);
            let mut from = end;
            if start == end {
                if end == text.len() {
                    break;
                }
                // Behind an empty match first one that is not empty, right here.
                let attempt =
                    Attempt { start: end, inside: !is_first, not_empty: true, ..Attempt::default() };
                next = self.attempt(machine, text, attempt)?;
                if next.is_some() {
                    continue;
                }
                from += 1;
            }
            next = self.search(machine, text, from, true)?;
        }
        Ok(found)
    }

    fn search(
        &self,
        machine: &Machine<'_>,
        text: &str,
        from: usize,
        inside: bool,
    ) -> Result<Option<Match>, Unknown> {
        for start in from..=text.len() {
            let attempt = Attempt { start, inside: inside || start > from, ..Attempt::default() };
            if let Some(found) = self.attempt(machine, text, attempt)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn attempt(&self, machine: &Machine<'_>, text: &str, attempt: Attempt) -> Result<Option<Match>, Unknown> {
        machine.charge(1 + self.states.len() / 64)?;
        let mut run = Run {
            regex: self,
            machine,
            text: text.as_bytes(),
            attempt,
            current: attempt.start,
            solved: false,
            groups: vec![Group::default(); self.groups],
            repeats: vec![(0, 0); self.states.len()],
            best: None,
            visited: 0,
        };
        run.visit(self.start, 0)?;
        Ok(run.best.map(|(end, groups)| Match {
            start: attempt.start,
            end,
            groups: groups.iter().map(|group| group.matched.then_some((group.start, group.end))).collect(),
        }))
    }

    /// Adds the states of `node`, behind which `next` follows; gives where they begin.
    fn compile(&mut self, node: &Node, next: usize) -> Result<usize, Unknown> {
        Ok(match node {
            Node::Empty => self.add(State::Jump(next))?,
            Node::Class(class) => self.add(State::Byte(class.clone(), next))?,
            Node::LineStart => self.add(State::LineStart(next))?,
            Node::LineEnd => self.add(State::LineEnd(next))?,
            Node::Sequence(nodes) => {
                nodes.iter().rev().try_fold(next, |next, node| self.compile(node, next))?
            }
            Node::Either(left, right) => {
                let (left, right) = (self.compile(left, next)?, self.compile(right, next)?);
                self.add(State::Either(left, right))?
            }
            Node::Group(group, inner) => {
                let close = self.add(State::Close(*group, next))?;
                let inner = self.compile(inner, close)?;
                self.add(State::Open(*group, inner))?
            }
            Node::Many(inner) => self.repeat(inner, next)?.0,
            Node::Some(inner) => self.repeat(inner, next)?.1,
            Node::Optional(inner) => {
                let body = self.compile(inner, next)?;
                self.add(State::Repeat { body, next })?
            }
            Node::Times(inner, least, most) => {
                let mut start = match most {
                    None => self.repeat(inner, next)?.0,
                    Some(most) => {
                        // Each further one is optional, and without it all that follow are left out.
                        let mut start = next;
                        for _ in *least..*most {
                            let body = self.compile(inner, start)?;
                            start = self.add(State::Repeat { body, next })?;
                        }
                        start
                    }
                };
                for _ in 0..*least {
                    start = self.compile(inner, start)?;
                }
                start
            }
        })
    }

    /// A loop: where it is decided, and where its body begins.
    fn repeat(&mut self, inner: &Node, next: usize) -> Result<(usize, usize), Unknown> {
        let decision = self.add(State::Repeat { body: next, next })?;
        let body = self.compile(inner, decision)?;
        self.states[decision] = State::Repeat { body, next };
        Ok((decision, body))
    }

    fn add(&mut self, state: State) -> Result<usize, Unknown> {
        if self.states.len() >= MAX_STATES {
            return Err(error("memory limit exceeded by regular expression"));
        }
        self.states.push(state);
        Ok(self.states.len() - 1)
    }
}

fn invalid() -> Unknown {
    error("invalid regular expression")
}

/// What is asked for.
#[derive(Clone, Copy, Default)]
struct Attempt {
    start: usize,
    /// Only a match that reaches the end counts.
    whole: bool,
    /// `^` does not match at `start`.
    inside: bool,
    not_empty: bool,
}

#[derive(Clone, Copy, Default)]
struct Group {
    start: usize,
    end: usize,
    matched: bool,
}

struct Run<'r, 'm, 'l> {
    regex: &'r Regex,
    machine: &'m Machine<'l>,
    text: &'r [u8],
    attempt: Attempt,
    current: usize,
    solved: bool,
    groups: Vec<Group>,
    /// Per loop: where it was last entered, and how often there.
    repeats: Vec<(usize, u8)>,
    best: Option<(usize, Vec<Group>)>,
    visited: u32,
}

impl Run<'_, '_, '_> {
    fn visit(&mut self, mut state: usize, depth: usize) -> Result<(), Unknown> {
        let regex = self.regex;
        if depth > MAX_DEPTH {
            return Err(Unknown::new(Reason::Depth));
        }
        loop {
            self.visited += 1;
            if self.visited.is_multiple_of(STATES_PER_STEP) {
                self.machine.charge(1)?;
            }
            match &regex.states[state] {
                State::Jump(next) => state = *next,
                State::LineStart(next) => {
                    if self.current != self.attempt.start || self.attempt.inside {
                        return Ok(());
                    }
                    state = *next;
                }
                State::LineEnd(next) => {
                    if self.current != self.text.len() {
                        return Ok(());
                    }
                    state = *next;
                }
                State::Byte(class, next) => {
                    let Some(byte) = self.text.get(self.current) else { return Ok(()) };
                    if !class.0[usize::from(*byte)] {
                        return Ok(());
                    }
                    self.current += 1;
                    let result = self.visit(*next, depth + 1);
                    self.current -= 1;
                    return result;
                }
                State::Open(group, next) => {
                    let before = self.groups[*group].start;
                    self.groups[*group].start = self.current;
                    let result = self.visit(*next, depth + 1);
                    self.groups[*group].start = before;
                    return result;
                }
                State::Close(group, next) => {
                    let before = self.groups[*group];
                    self.groups[*group].end = self.current;
                    self.groups[*group].matched = true;
                    let result = self.visit(*next, depth + 1);
                    self.groups[*group] = before;
                    return result;
                }
                State::Either(left, right) => {
                    self.visit(*left, depth + 1)?;
                    let solved = self.solved;
                    self.solved = false;
                    self.visit(*right, depth + 1)?;
                    self.solved |= solved;
                    return Ok(());
                }
                State::Repeat { body, next } => {
                    self.once_more(state, *body, depth)?;
                    if self.solved {
                        return Ok(());
                    }
                    state = *next;
                }
                State::Accept => {
                    self.accept();
                    return Ok(());
                }
            }
        }
    }

    /// Enters a loop's body, at one place twice at most: the second time is for groups that match nothing.
    fn once_more(&mut self, state: usize, body: usize, depth: usize) -> Result<(), Unknown> {
        let before = self.repeats[state];
        let (place, times) = before;
        if times == 0 || place != self.current {
            self.repeats[state] = (self.current, 1);
        } else if times < 2 {
            self.repeats[state].1 += 1;
        } else {
            return Ok(());
        }
        let result = self.visit(body, depth + 1);
        self.repeats[state] = before;
        result
    }

    fn accept(&mut self) {
        self.solved = !self.attempt.whole || self.current == self.text.len();
        if self.attempt.not_empty && self.current == self.attempt.start {
            self.solved = false;
        }
        if self.solved && self.best.as_ref().is_none_or(|(end, _)| *end < self.current) {
            self.best = Some((self.current, self.groups.clone()));
        }
    }
}

struct Parser<'p> {
    pattern: &'p [u8],
    at: usize,
    groups: usize,
    nesting: usize,
}

impl Parser<'_> {
    fn either(&mut self) -> Result<Node, Unknown> {
        let mut left = self.sequence()?;
        while self.take(b'|') {
            left = Node::Either(Box::new(left), Box::new(self.sequence()?));
        }
        Ok(left)
    }

    fn sequence(&mut self) -> Result<Node, Unknown> {
        let mut nodes = Vec::new();
        while let Some(next) = self.peek() {
            match next {
                b'|' | b')' => break,
                b'^' => {
                    self.at += 1;
                    nodes.push(Node::LineStart);
                }
                b'$' => {
                    self.at += 1;
                    nodes.push(Node::LineEnd);
                }
                _ => {
                    let atom = self.atom(next)?;
                    nodes.push(self.quantified(atom)?);
                }
            }
        }
        Ok(if nodes.is_empty() { Node::Empty } else { Node::Sequence(nodes) })
    }

    fn atom(&mut self, first: u8) -> Result<Node, Unknown> {
        self.at += 1;
        Ok(match first {
            b'*' | b'+' | b'?' | b'{' => return Err(invalid()),
            b'.' => Node::Class(Box::new(Class::of(|byte| byte != 0))),
            b'[' => Node::Class(Box::new(self.bracket()?)),
            b'(' => {
                let group = self.groups;
                self.groups += 1;
                self.nesting += 1;
                if self.nesting > MAX_NESTING {
                    return Err(Unknown::new(Reason::Depth));
                }
                let inner = self.either()?;
                self.nesting -= 1;
                if !self.take(b')') {
                    return Err(invalid());
                }
                Node::Group(group, Box::new(inner))
            }
            b'\\' => match self.next()? {
                // Only what means something else may be escaped.
                escaped if b".[\\()*+?{|^$".contains(&escaped) => Node::byte(escaped),
                _ => return Err(invalid()),
            },
            other => Node::byte(other),
        })
    }

    fn quantified(&mut self, atom: Node) -> Result<Node, Unknown> {
        let mut node = atom;
        let mut quantifiers = 0;
        while let Some(quantifier) = self.peek().filter(|next| b"*+?{".contains(next)) {
            quantifiers += 1;
            if quantifiers > MAX_NESTING {
                return Err(Unknown::new(Reason::Depth));
            }
            self.at += 1;
            node = match quantifier {
                b'*' => Node::Many(Box::new(node)),
                b'+' => Node::Some(Box::new(node)),
                b'?' => Node::Optional(Box::new(node)),
                _ => {
                    let least = self.number()?;
                    let most = match self.take(b',') {
                        false => Some(least),
                        true if self.peek() == Some(b'}') => None,
                        true => Some(self.number()?),
                    };
                    if !self.take(b'}') || most.is_some_and(|most| most < least) {
                        return Err(invalid());
                    }
                    Node::Times(Box::new(node), least, most)
                }
            };
        }
        Ok(node)
    }

    fn number(&mut self) -> Result<usize, Unknown> {
        let digits = self.pattern[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let text = &self.pattern[self.at..self.at + digits];
        self.at += digits;
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        number.filter(|number| *number <= MAX_STATES).ok_or_else(invalid)
    }

    /// What stands in `[…]`; the bracket is taken already.
    fn bracket(&mut self) -> Result<Class, Unknown> {
        let is_negated = self.take(b'^');
        let mut class = Class([false; 256]);
        let mut last = Last::Nothing;
        let mut is_start = true;
        loop {
            let at_start = std::mem::take(&mut is_start);
            let next = self.next()?;
            match next {
                b']' if !at_start => break,
                b'-' if at_start => last = Last::Byte(b'-'),
                b'-' if self.take(b']') => {
                    class.0[usize::from(b'-')] = true;
                    break;
                }
                b'-' => {
                    // A range ends with a byte, which a class is not.
                    let Last::Byte(low) = std::mem::replace(&mut last, Last::Nothing) else {
                        return Err(invalid());
                    };
                    let high = self.next()?;
                    if high == b'[' && self.peek().is_some_and(|next| b".:=".contains(&next)) {
                        return Err(invalid());
                    }
                    if !low.is_ascii() || !high.is_ascii() {
                        // Whether bytes have a sign differs between processors.
                        return Err(Unknown::new(Reason::NotModelled(
                            "a range of bytes in a regex".to_owned(),
                        )));
                    }
                    if low > high {
                        return Err(invalid());
                    }
                    class.0[usize::from(low)..=usize::from(high)].fill(true);
                }
                b'[' if self.take(b':') => {
                    let name = self.until(b':')?;
                    let test = named(&name).ok_or_else(invalid)?;
                    (0..=127).filter(|byte| test(*byte)).for_each(|byte| class.0[usize::from(byte)] = true);
                    last = Last::Class;
                }
                b'[' if self.peek().is_some_and(|next| next == b'.' || next == b'=') => {
                    return Err(Unknown::new(Reason::NotModelled("collation in a regex".to_owned())));
                }
                byte => {
                    class.0[usize::from(byte)] = true;
                    last = Last::Byte(byte);
                }
            }
            if let Last::Byte(byte) = last {
                class.0[usize::from(byte)] = true;
            }
        }
        if is_negated {
            class.0.iter_mut().for_each(|member| *member = !*member);
        }
        Ok(class)
    }

    /// The name of a class, up to `end` and a bracket.
    fn until(&mut self, end: u8) -> Result<String, Unknown> {
        let start = self.at;
        while self.next()? != end {}
        let name = String::from_utf8_lossy(&self.pattern[start..self.at - 1]).to_ascii_lowercase();
        if self.take(b']') { Ok(name) } else { Err(invalid()) }
    }

    fn peek(&self) -> Option<u8> {
        self.pattern.get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, Unknown> {
        let next = self.peek().ok_or_else(invalid)?;
        self.at += 1;
        Ok(next)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }
}

/// What came last in a bracket, which a range may begin with.
#[derive(Clone, Copy)]
enum Last {
    Nothing,
    Byte(u8),
    Class,
}

impl Class {
    fn of(test: impl Fn(u8) -> bool) -> Self {
        let mut class = Self([false; 256]);
        (0..=255).for_each(|byte| class.0[usize::from(byte)] = test(byte));
        class
    }
}

impl Node {
    fn byte(byte: u8) -> Self {
        Self::Class(Box::new(Class::of(|other| other == byte)))
    }
}

/// The class with this name, in the locale that Nix runs in.
fn named(name: &str) -> Option<fn(u8) -> bool> {
    Some(match name {
        "alnum" => |byte| byte.is_ascii_alphanumeric(),
        "alpha" => |byte| byte.is_ascii_alphabetic(),
        "blank" => |byte| matches!(byte, b' ' | b'\t'),
        "cntrl" => |byte| byte.is_ascii_control(),
        "d" | "digit" => |byte| byte.is_ascii_digit(),
        "graph" => |byte| byte.is_ascii_graphic(),
        "lower" => |byte| byte.is_ascii_lowercase(),
        "print" => |byte| byte.is_ascii_graphic() || byte == b' ',
        "punct" => |byte| byte.is_ascii_punctuation(),
        "s" | "space" => |byte| matches!(byte, b' ' | b'\t'..=b'\r'),
        "upper" => |byte| byte.is_ascii_uppercase(),
        "w" => |byte| byte.is_ascii_alphanumeric() || byte == b'_',
        "xdigit" => |byte| byte.is_ascii_hexdigit(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use camino::{Utf8Path, Utf8PathBuf};

    use super::super::super::machine::{FileKind, Loader};
    use super::*;
    use crate::semantic::Ir;
    use crate::text::FileId;

    /// Shows nothing.
    struct Nowhere;

    impl Loader for Nowhere {
        fn program(&self, _: &Utf8Path) -> Option<(FileId, Arc<Ir>)> {
            None
        }
        fn path(&self, _: FileId) -> Utf8PathBuf {
            Utf8PathBuf::new()
        }
        fn kind(&self, _: &Utf8Path) -> Option<FileKind> {
            None
        }
        fn read(&self, _: &Utf8Path) -> Option<String> {
            None
        }
        fn list(&self, _: &Utf8Path) -> Option<Vec<(String, FileKind)>> {
            None
        }
        fn root(&self) -> &Utf8Path {
            Utf8Path::new("/")
        }
    }

    /// The groups of the match of the whole text, joined by `|`; a group without part is `-`.
    fn groups(pattern: &str, text: &str) -> Option<String> {
        let machine = Machine::new(&Nowhere, 100_000);
        let regex = Regex::new(&machine, pattern).ok()?;
        let found = regex.match_whole(&machine, text).ok()??;
        let group = |group: &Option<(usize, usize)>| group.map_or("-", |(start, end)| &text[start..end]);
        Some(found.groups.iter().map(group).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn groups_are_those_of_the_library() {
        // Each compared with Nix 2.8.
        for (pattern, text, expected) in [
            ("(a|ab)(c|bcd)(d*)", "abcd", Some("a|bcd|")),
            ("((a)|b)*", "ab", Some("b|a")),
            ("(a*)+", "aa", Some("")),
            ("(a*)*", "b", None),
            ("(a?)*", "aa", Some("")),
            ("(a|ab)(bc|c)?", "abc", Some("a|bc")),
            ("a{1,2}{2}", "aaa", Some("")),
            ("[]-a]", "a", Some("")),
            ("[--a]", "-", Some("")),
            ("[[:ALPHA:]]+", "ab", Some("")),
            ("(x)?(y)?", "y", Some("-|y")),
        ] {
            assert_eq!(groups(pattern, text).as_deref(), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_the_library_refuses_is_refused() {
        let machine = Machine::new(&Nowhere, 100_000);
        for pattern in
            ["\\d", "\\]", "x{,3}", "^*a", "*a", "a)", "(a", "[a", "[a-c-e]", "[b-a]", "[[:x:]]", "a{2,1}"]
        {
            let refused = Regex::new(&machine, pattern).err().expect(pattern);
            assert!(super::super::super::is_error(&refused), "{pattern}");
        }
    }

    #[test]
    fn endless_trying_ends() {
        let machine = Machine::new(&Nowhere, 10_000);
        let regex = Regex::new(&machine, "(a|a)*(a|a)*(a|a)*b").expect("it compiles");
        let result = regex.match_whole(&machine, &"a".repeat(60));
        assert!(result.is_err_and(|unknown| *unknown.reason == Reason::Fuel));
    }
}
