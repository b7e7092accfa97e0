//! The tree of tree-sitter-bash, walked once: where commands stand and in what.
//!
//! The only file that names node kinds of the grammar. It must never recurse: scripts may be nested as
//! deep as they are long.

use std::cell::Cell;
use std::ops::{ControlFlow, Range};

use tree_sitter::{InputEdit, Node, ParseOptions, ParseState, Parser, Point, Tree, TreeCursor};

use super::buffer::Bytes;
use super::command::Context;
use super::quote::Expansions;

/// How often the parser may read each byte before it gives up. It reads real scripts, and long regular
/// text, 2.1 times at most; where it recovers from errors again and again (`x=(x=(x=(…`) the number grows
/// with the length of the text.
const READS_PER_BYTE: usize = 40;
/// How many bytes the parser is given at once: what is counted as read.
const CHUNK: usize = 256;
/// How many steps of a hundred operations the parser may take for each byte. Real scripts need 0.06.
const STEPS_PER_BYTE: usize = 1;

/// How often a text is parsed again because the parser took several lines for one command.
const MOST_MENDINGS: usize = 8;

/// What is taken from the tree.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// Simple commands in the order in which they begin.
    pub(super) commands: Vec<RawCommand>,
    pub(super) expansions: Expansions,
    /// Lists of statements, by the index that [`RawCommand::statement`] names.
    pub(super) bodies: Vec<Body>,
    /// Names that loops, arithmetic and `${x:=…}` assign.
    pub(super) assigned_names: Vec<Bytes>,
    /// Where reading failed, ascending by start.
    pub(super) errors: Vec<Bytes>,
    /// Between two words of one command: stretches with an end of the line.
    passed_line_ends: Vec<Bytes>,
}

/// A simple command by its places in the buffer.
#[derive(Debug, Default, Clone)]
pub(super) struct RawCommand {
    /// The whole command with assignments and redirections, without the bodies of here-documents.
    pub(super) bytes: Bytes,
    pub(super) words: Vec<Bytes>,
    pub(super) assignments: Vec<RawAssignment>,
    pub(super) redirects: Vec<RawRedirect>,
    pub(super) context: Context,
    /// Where it is a statement of its own: the index of the list it stands in.
    pub(super) statement: Option<u32>,
    /// Whether its list is the script itself.
    pub(super) top_level: bool,
    /// Whether only lists joined by `&&` and `||` stand between it and the script.
    pub(super) in_top_list: bool,
    /// Whether it is `export`, `local` and the like.
    pub(super) is_declaration: bool,
    pub(super) has_heredoc: bool,
}

impl RawCommand {
    /// Everything the command is made of, in no order.
    fn items(&self) -> impl Iterator<Item = &Bytes> {
        let assigned = self.assignments.iter().flat_map(|part| [Some(&part.name), part.value.as_ref()]);
        let redirected = self
            .redirects
            .iter()
            .flat_map(|part| [Some(&part.operator), part.descriptor.as_ref(), part.target.as_ref()]);
        self.words.iter().chain(assigned.chain(redirected).flatten())
    }
}

#[derive(Debug, Clone)]
pub(super) struct RawAssignment {
    pub(super) name: Bytes,
    pub(super) appends: bool,
    pub(super) value: Option<Bytes>,
    /// Whether the value is one word: no array, no element of one.
    pub(super) is_scalar: bool,
}

#[derive(Debug, Clone)]
pub(super) struct RawRedirect {
    pub(super) operator: Bytes,
    pub(super) descriptor: Option<Bytes>,
    pub(super) target: Option<Bytes>,
}

/// A list of statements: a script, a branch, the body of a loop or function.
#[derive(Debug, Default, Clone)]
pub(super) struct Body {
    /// How many statements stand in it that are not simple commands.
    pub(super) compound: u32,
    /// Whether its commands may go at all; not those of conditions.
    pub(super) removable: bool,
    /// Whether it may lose its last statement.
    pub(super) may_be_empty: bool,
}

/// Parses `text` and walks the tree; `None` when the parser gives up.
pub(super) fn outline(text: &str) -> Option<Outline> {
    // The scanner of the grammar passes characters to `isdigit`, which reads out of bounds for large ones
    // (tree-sitter/tree-sitter-bash issue 337). To the shell all of them are letters of words like this one.
    let plain = |byte: u8| if byte.is_ascii() && byte != 0 { byte } else { b',' };
    let mut readable: Vec<u8> = text.bytes().map(plain).collect();
    let mut outline = read(&mut readable)?;
    outline.keep_whole_characters(text);
    Some(outline)
}

/// Parses `text`, which must be ASCII, and ends the lines in it that the parser does not.
fn read(text: &mut [u8]) -> Option<Outline> {
    let mut reader = Reader::new()?;
    let mut tree = reader.read(text, None)?;
    let mut outline = outline_of_ascii(text, &tree);
    for _ in 0..MOST_MENDINGS {
        if outline.passed_line_ends.is_empty() {
            break;
        }
        for gap in &outline.passed_line_ends {
            end_line(text, gap.start as usize..gap.end as usize, &mut tree);
        }
        // Where there are errors, what the parser makes of the rest depends on how it came there.
        let known = (!tree.root_node().has_error()).then_some(&tree);
        tree = reader.read(text, known)?;
        outline = outline_of_ascii(text, &tree);
    }
    Some(outline)
}

fn outline_of_ascii(text: &[u8], tree: &Tree) -> Outline {
    let text = str::from_utf8(text).expect("invariant: the text is ASCII");
    Walk::new(text, tree).run()
}

impl Outline {
    /// Drops what begins or ends inside a character of `text`: next to an error that happens.
    fn keep_whole_characters(&mut self, text: &str) {
        let is_whole = |bytes: &Bytes| {
            text.is_char_boundary(bytes.start as usize) && text.is_char_boundary(bytes.end as usize)
        };
        self.commands.retain(|command| command.items().all(is_whole));
        self.expansions.0.retain(|(start, end)| is_whole(&(*start..*end)));
        self.assigned_names.retain(is_whole);
    }
}

/// Replaces the first line end in `gap` of `text`, which stands between two words, by a `;`, and a comment before it
/// by blanks; and tells the tree of `text` so.
fn end_line(text: &mut [u8], gap: Range<usize>, tree: &mut Tree) {
    let Some(end) = line_end(&text[gap.clone()]).map(|end| gap.start + end) else { return };
    let start = text[gap.start..end].iter().position(|byte| *byte == b'#').map_or(end, |at| gap.start + at);
    let start_position = position(text, start);
    let old_end_position = position(text, end + 1);
    text[start..end].fill(b' ');
    text[end] = b';';
    tree.edit(&InputEdit {
        start_byte: start,
        old_end_byte: end + 1,
        new_end_byte: end + 1,
        start_position,
        old_end_position,
        new_end_position: position(text, end + 1),
    });
}

/// The row and column of a place, as the parser counts them.
fn position(text: &[u8], at: usize) -> Point {
    let before = &text[..at];
    let line = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |line_break| line_break + 1);
    Point { row: before.iter().filter(|byte| **byte == b'\n').count(), column: at - line }
}

/// The first line end in `gap` that no backslash precedes.
fn line_end(gap: &[u8]) -> Option<usize> {
    let comment = gap.iter().position(|byte| *byte == b'#').unwrap_or(gap.len());
    (0..gap.len()).find(|at| gap[*at] == b'\n' && (*at == 0 || gap[at - 1] != b'\\' || *at > comment))
}

/// Reads text, and what has changed of it.
struct Reader(Parser);

impl Reader {
    fn new() -> Option<Self> {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
        Some(Self(parser))
    }

    /// Parses `text`, which must be ASCII; `known` is its tree from before the edits that it was told.
    fn read(&mut self, text: &[u8], known: Option<&Tree>) -> Option<Tree> {
        let reads = Cell::new(text.len() * READS_PER_BYTE + 64 * CHUNK);
        let mut steps = text.len() * STEPS_PER_BYTE + 1000;
        let mut progress = |_: &ParseState| {
            steps = steps.saturating_sub(1);
            if steps == 0 || reads.get() == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut read = |at: usize, _| {
            // An end of the text stops even a token that is read without a step.
            let left = reads.get().min(CHUNK);
            reads.set(reads.get() - left);
            let chunk = text.get(at..).unwrap_or_default();
            &chunk[..chunk.len().min(left)]
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree = self.0.parse_with_options(&mut read, known, Some(options));
        tree.filter(|_| reads.get() > 0)
    }
}

/// A node on the way from the root to the cursor.
struct Frame<'t> {
    node: Node<'t>,
    kind: &'t str,
    context: Context,
    /// The list of statements that its children stand in.
    body: Option<u32>,
    /// Whether the operator of a list, or `then`, was passed.
    passed: bool,
    /// In an error: whether everything up to here was whole statements of the script.
    leading: bool,
    /// Whether commands in here count.
    reliable: bool,
    /// In `${…}`: the name.
    name: Option<Bytes>,
}

struct Walk<'t> {
    /// ASCII: the parser may end a node inside a character of the script.
    text: &'t str,
    tree: &'t Tree,
    /// For the children of one node.
    children: TreeCursor<'t>,
    frames: Vec<Frame<'t>>,
    out: Outline,
}

impl<'t> Walk<'t> {
    fn new(text: &'t str, tree: &'t Tree) -> Self {
        Self { text, tree, children: tree.walk(), frames: Vec::new(), out: Outline::default() }
    }

    fn run(mut self) -> Outline {
        let mut cursor = self.tree.walk();
        'nodes: loop {
            let frame = self.visit(cursor.node(), cursor.field_name());
            if let Some(frame) = frame
                && cursor.goto_first_child()
            {
                self.frames.push(frame);
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    break 'nodes;
                }
                self.leave();
            }
        }
        if self.tree.root_node().has_error() && self.out.errors.is_empty() {
            self.out.errors.push(0..self.text.len() as u32);
        }
        self.drop_broken();
        self.out
    }

    fn leave(&mut self) {
        if let Some(frame) = self.frames.pop()
            && frame.kind == "ERROR"
            && frame.leading
        {
            let end = frame.node.end_byte() as u32;
            self.out.errors.push(end..end);
        }
    }

    /// Takes note of `node`; gives its frame when its children matter.
    fn visit(&mut self, node: Node<'t>, field: Option<&'t str>) -> Option<Frame<'t>> {
        let kind = node.kind();
        let bytes = bytes_of(node);
        if node.is_missing() {
            self.out.errors.push(bytes);
            return None;
        }
        if matches!(kind, "heredoc_body" | "comment") {
            return None;
        }

        let Some(mut parent) = self.frames.pop() else {
            let body = self.new_body(Body { removable: true, may_be_empty: true, compound: 0 });
            let mut root = frame(node, Context::default(), Some(body));
            root.leading = true;
            return Some(root);
        };
        self.pass(&mut parent, node, field);
        let context = child_context(&parent, field);
        let mut reliable = parent.reliable;
        if parent.kind == "ERROR" {
            let whole =
                parent.leading && is_statement(kind) && !node.has_error() && self.is_terminated(&bytes);
            let separator = parent.leading && matches!(kind, ";" | "&" | "\n");
            if parent.leading && !whole && !separator {
                parent.leading = false;
                self.out.errors.push(bytes.start..parent.node.end_byte() as u32);
            }
            reliable &= whole;
        }
        let in_statements = is_statement(kind) && holds_statements(parent.kind) && field != Some("value");
        let redirected = (kind == "redirected_statement").then(|| node.child_by_field_name("body"));
        let is_simple = (in_statements || joins_statements(parent.kind))
            && (is_simple_command(kind) || redirected == Some(None));
        let wraps_simple = redirected.flatten().is_some_and(|body| is_simple_command(body.kind()));
        let statement = parent.body.filter(|_| in_statements);
        if let Some(body) = statement
            && !is_simple
            && !wraps_simple
        {
            self.out.bodies[body as usize].compound += 1;
        }

        if matches!(
            kind,
            "expansion" | "command_substitution" | "process_substitution" | "arithmetic_expansion"
        ) {
            self.out.expansions.0.push((bytes.start, bytes.end));
        }
        let own_statement = if wraps_simple { None } else { statement };
        let outer = (parent.kind == "redirected_statement").then_some(parent.body).flatten();
        let top_level = self.frames.is_empty() || (outer.is_some() && self.frames.len() == 1);
        self.frames.push(parent);
        if is_simple && reliable {
            let place = own_statement.or(outer);
            if let Some(mut command) = self.command(node) {
                command.context = context;
                command.statement = place;
                command.top_level = top_level && place.is_some();
                command.in_top_list = self.frames[1..].iter().all(|frame| frame.kind == "list");
                self.out.commands.push(command);
            }
        }
        if node.child_count() == 0 {
            return None;
        }

        let mut frame = frame(node, context, None);
        frame.reliable = reliable;
        if wraps_simple {
            // The command inside is the statement.
            frame.body = statement;
        } else {
            self.enter(&mut frame);
        }
        Some(frame)
    }

    /// Completes the frame of a node inside the last frame: what its children stand in.
    fn enter(&mut self, frame: &mut Frame<'t>) {
        let bytes = bytes_of(frame.node);
        if frame.kind == "ERROR" {
            let before = self.text[..bytes.start as usize].trim_end_matches([' ', '\t']);
            let begins_statement = before.is_empty() || before.ends_with(['\n', ';']);
            frame.leading = frame.reliable && self.frames.len() == 1 && begins_statement;
            frame.reliable = frame.leading;
            if !frame.leading {
                self.out.errors.push(bytes);
            }
        } else if holds_statements(frame.kind) {
            let removable = !matches!(frame.kind, "if_statement" | "elif_clause" | "while_statement");
            frame.body = Some(self.new_body(Body { removable, may_be_empty: false, compound: 0 }));
        }
    }

    fn new_body(&mut self, body: Body) -> u32 {
        self.out.bodies.push(body);
        self.out.bodies.len() as u32 - 1
    }

    /// What a child changes for the children behind it.
    fn pass(&mut self, parent: &mut Frame<'t>, node: Node<'t>, field: Option<&'t str>) {
        let bytes = bytes_of(node);
        match (parent.kind, node.kind()) {
            ("if_statement" | "elif_clause", "then") => {
                parent.passed = true;
                parent.body = Some(self.new_body(Body { removable: true, may_be_empty: false, compound: 0 }));
            }
            ("list", "&&" | "||") => parent.passed = true,
            ("expansion", "variable_name") => parent.name = Some(bytes),
            ("expansion", "=" | ":=") if field == Some("operator") => {
                self.out.assigned_names.extend(parent.name.take());
            }
            ("for_statement", "variable_name") if field == Some("variable") => {
                self.out.assigned_names.push(bytes);
            }
            (
                "arithmetic_expansion"
                | "binary_expression"
                | "unary_expression"
                | "postfix_expression"
                | "ternary_expression"
                | "parenthesized_expression"
                | "compound_statement"
                | "c_style_for_statement",
                "variable_name" | "word",
            ) => self.out.assigned_names.push(bytes),
            ("c_style_for_statement", "variable_assignment") => {
                self.out.assigned_names.extend(node.child_by_field_name("name").map(bytes_of));
            }
            _ => {}
        }
    }

    /// Whether a line break or separator follows.
    fn is_terminated(&self, bytes: &Bytes) -> bool {
        let rest = self.text[bytes.end as usize..].trim_start_matches([' ', '\t']);
        rest.starts_with(['\n', ';', '#']) || rest.starts_with('&') && !rest.starts_with("&&")
    }

    /// The simple command `node`, whose parent is the last frame; `None` when a part of it could not be read.
    fn command(&mut self, node: Node<'t>) -> Option<RawCommand> {
        if node.has_error() {
            return None;
        }
        let mut command = RawCommand {
            is_declaration: matches!(node.kind(), "declaration_command" | "unset_command"),
            ..RawCommand::default()
        };
        if node.kind() == "variable_assignment" {
            self.assignment(node, &mut command);
        } else {
            self.parts(node, &mut command)?;
        }

        // Redirections behind `a && b` are those of `b`, and stand around both in the tree.
        let mut inner = node;
        for index in (0..self.frames.len()).rev() {
            let (outer, kind) = (self.frames[index].node, self.frames[index].kind);
            match kind {
                "redirected_statement" if node.kind() != "redirected_statement" => {
                    if outer.has_error() {
                        return None;
                    }
                    self.parts(outer, &mut command)?;
                }
                "list" | "pipeline" | "negated_command" if inner.end_byte() == outer.end_byte() => {}
                _ => break,
            }
            inner = outer;
        }

        command.words.sort_by_key(|word| word.start);
        // What no blank parts is one word, whatever the grammar makes of it.
        command.words.dedup_by(|next, word| {
            let joined = word.end == next.start;
            if joined {
                word.end = next.end;
            }
            joined
        });
        self.end_with_line(&mut command);
        self.complete(command)
    }

    /// The grammar lets some commands go on behind the end of their line (`a=1 b=2` with a program on the
    /// next line, or the line behind `a 2>b | c | d`). Cuts off what does not belong to the command.
    fn end_with_line(&mut self, command: &mut RawCommand) {
        let mut items: Vec<Bytes> = command.items().cloned().collect();
        items.sort_by_key(|item| (item.start, item.end));
        let gap = items.windows(2).map(|pair| pair[0].end..pair[1].start).find(|gap| {
            let text = self.text.as_bytes().get(gap.start as usize..gap.end as usize);
            text.is_some_and(|text| line_end(text).is_some())
        });
        if let Some(gap) = gap {
            let cut = gap.end;
            let end = items.last().map_or(cut, |item| item.end);
            self.out.errors.push(cut..end);
            // Only the first: words behind it may be reserved words, which no `;` may follow.
            if !command.has_heredoc {
                self.out.passed_line_ends.push(gap);
            }
            command.words.retain(|word| word.start < cut);
            command.assignments.retain(|assignment| assignment.name.start < cut);
            command.redirects.retain(|redirect| redirect.operator.start < cut);
        }
    }

    /// The command with its range; `None` when it is no command after all.
    fn complete(&mut self, mut command: RawCommand) -> Option<RawCommand> {
        let first = command.words.first();
        if let Some(first) = first
            && is_stray(&self.text[first.start as usize..first.end as usize])
        {
            self.out.errors.push(first.clone());
            return None;
        }
        let start = command.items().map(|bytes| bytes.start).min()?;
        let end = command.items().map(|bytes| bytes.end).max()?;
        command.bytes = start..end;
        Some(command)
    }

    /// Adds the children of a command or redirected statement.
    fn parts(&mut self, node: Node<'t>, command: &mut RawCommand) -> Option<()> {
        for (child, field) in self.children_of(node) {
            match (child.kind(), field) {
                ("file_redirect", _) => self.file_redirect(child, command),
                ("heredoc_redirect" | "herestring_redirect", _) => self.here_redirect(child, command),
                (_, Some("body")) | ("comment", _) => {}
                ("variable_assignment", _) => self.assignment(child, command),
                ("subshell", _) => {
                    self.out.errors.push(bytes_of(child));
                    return None;
                }
                _ if bytes_of(child).is_empty() => {}
                _ => command.words.push(bytes_of(child)),
            }
        }
        Some(())
    }

    fn children_of(&mut self, node: Node<'t>) -> Vec<(Node<'t>, Option<&'t str>)> {
        self.children.reset(node);
        let mut children = Vec::new();
        let mut more = self.children.goto_first_child();
        while more {
            children.push((self.children.node(), self.children.field_name()));
            more = self.children.goto_next_sibling();
        }
        children
    }

    fn assignment(&mut self, node: Node<'t>, command: &mut RawCommand) {
        let (mut name, mut value, mut appends, mut is_scalar) = (None, None, false, true);
        for (child, field) in self.children_of(node) {
            match (child.kind(), field) {
                ("subscript", Some("name")) => {
                    is_scalar = false;
                    name = child.child_by_field_name("name").map(bytes_of);
                }
                (_, Some("name")) => name = Some(bytes_of(child)),
                (kind, Some("value")) => {
                    is_scalar &= kind != "array";
                    value = Some(bytes_of(child)).filter(|bytes| !bytes.is_empty());
                }
                ("+=", _) => appends = true,
                _ => {}
            }
        }
        if let Some(name) = name {
            command.assignments.push(RawAssignment { name, appends, value, is_scalar });
        }
    }

    fn file_redirect(&mut self, node: Node<'t>, command: &mut RawCommand) {
        let mut redirect = RawRedirect { operator: bytes_of(node), descriptor: None, target: None };
        let mut closes = false;
        for (child, field) in self.children_of(node) {
            let bytes = bytes_of(child);
            match field {
                Some("descriptor") => redirect.descriptor = Some(bytes),
                Some("destination") => match &mut redirect.target {
                    // The grammar also takes the arguments that follow.
                    _ if closes => command.words.push(bytes),
                    None => redirect.target = Some(bytes),
                    Some(target) if target.end == bytes.start => target.end = bytes.end,
                    Some(_) => command.words.push(bytes),
                },
                _ => {
                    closes = child.kind().ends_with('-');
                    redirect.operator = bytes;
                }
            }
        }
        command.redirects.push(redirect);
    }

    fn here_redirect(&mut self, node: Node<'t>, command: &mut RawCommand) {
        let mut redirect = RawRedirect { operator: bytes_of(node), descriptor: None, target: None };
        for (child, field) in self.children_of(node) {
            let bytes = bytes_of(child);
            match (child.kind(), field) {
                (_, Some("descriptor")) => redirect.descriptor = Some(bytes),
                ("<<" | "<<-" | "<<<", _) => redirect.operator = bytes,
                ("file_redirect", _) => self.file_redirect(child, command),
                ("herestring_redirect", _) => self.here_redirect(child, command),
                (_, Some("argument")) => command.words.push(bytes),
                ("heredoc_start", _) => {
                    command.has_heredoc = true;
                    redirect.target = Some(bytes);
                }
                (_, None) if node.kind() == "herestring_redirect" => redirect.target = Some(bytes),
                _ => {}
            }
        }
        command.redirects.push(redirect);
    }

    /// Drops the commands that an error touches: the words between them and the error are lost.
    fn drop_broken(&mut self) {
        let errors = &mut self.out.errors;
        errors.sort_by_key(|error| (error.start, error.end));
        errors.dedup();
        if errors.is_empty() {
            return;
        }
        let mut ends: Vec<u32> = errors.iter().map(|error| error.start).collect();
        ends.dedup();
        for end in &mut ends {
            let before = &self.text[..*end as usize];
            let before = before.trim_end_matches("\\\n").trim_end_matches([' ', '\t']);
            *end = before.len() as u32;
        }
        let mut starts: Vec<u32> = errors.iter().map(|error| error.end).collect();
        starts.sort_unstable();
        starts.dedup();
        for start in &mut starts {
            let behind = &self.text[*start as usize..];
            *start += (behind.len() - behind.trim_start_matches([' ', '\t']).len()) as u32;
        }
        starts.sort_unstable();
        self.out.commands.retain(|command| {
            ends.binary_search(&command.bytes.end).is_err()
                && starts.binary_search(&command.bytes.start).is_err()
        });
    }
}

fn frame<'t>(node: Node<'t>, context: Context, body: Option<u32>) -> Frame<'t> {
    let kind = node.kind();
    Frame { node, kind, context, body, passed: false, leading: false, reliable: true, name: None }
}

fn bytes_of(node: Node<'_>) -> Bytes {
    node.start_byte() as u32..node.end_byte() as u32
}

/// The context of a child with the name `field` of `parent`.
fn child_context(parent: &Frame<'_>, field: Option<&str>) -> Context {
    let mut context = parent.context;
    match parent.kind {
        "if_statement" | "list" => context.conditional |= parent.passed,
        "case_item" | "elif_clause" | "else_clause" => context.conditional = true,
        "heredoc_redirect" => context.conditional |= field == Some("right"),
        "while_statement" => context.in_loop = true,
        "for_statement" | "c_style_for_statement" => context.in_loop |= field == Some("body"),
        "function_definition" => context.in_function = true,
        "command_substitution" | "process_substitution" => context.in_substitution = true,
        "pipeline" => context.in_pipeline = true,
        _ => {}
    }
    context
}

fn is_simple_command(kind: &str) -> bool {
    matches!(
        kind,
        "command" | "variable_assignment" | "variable_assignments" | "declaration_command" | "unset_command"
    )
}

fn is_statement(kind: &str) -> bool {
    is_simple_command(kind)
        || matches!(
            kind,
            "redirected_statement"
                | "test_command"
                | "negated_command"
                | "for_statement"
                | "c_style_for_statement"
                | "while_statement"
                | "if_statement"
                | "case_statement"
                | "pipeline"
                | "list"
                | "compound_statement"
                | "function_definition"
                | "subshell"
        )
}

/// Whether `word` is a reserved word that begins no command: its counterpart is missing, or a hole holds it.
fn is_stray(word: &str) -> bool {
    matches!(word, "then" | "else" | "elif" | "fi" | "do" | "done" | "esac" | "}" | "coproc")
}

/// Whether the children of such a node are statements one behind the other.
fn holds_statements(kind: &str) -> bool {
    matches!(
        kind,
        "program"
            | "compound_statement"
            | "subshell"
            | "do_group"
            | "if_statement"
            | "elif_clause"
            | "else_clause"
            | "while_statement"
            | "case_item"
            | "command_substitution"
            | "process_substitution"
            | "ERROR"
    )
}

/// Whether such a node makes one statement of others.
fn joins_statements(kind: &str) -> bool {
    matches!(kind, "list" | "pipeline" | "negated_command" | "redirected_statement" | "heredoc_redirect")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is read in steps is what is read at once in the end; gives whether there were steps.
    fn is_mended(script: &str) -> bool {
        let mut text = script.as_bytes().to_vec();
        let outline = read(&mut text).expect("the parser does not give up");
        let tree = Reader::new().and_then(|mut reader| reader.read(&text, None)).expect("nor here");
        let at_once = outline_of_ascii(&text, &tree);
        assert_eq!(format!("{outline:?}"), format!("{at_once:?}"), "{script}");
        text != script.as_bytes()
    }

    #[test]
    fn mended_lines_are_read_as_if_they_had_been_ended() {
        for script in [
            "a=1 b=2\nprog x\n",
            "if true; then\n  a=1 b=2 # why\n  prog\nfi\nc=1 d=2\nother\n",
            "f() {\n  x=1 y=2\n  ls a 2>/dev/null | sort | uniq\n  echo z\n}\nf\n",
        ] {
            assert!(is_mended(script), "{script}");
        }
        assert!(!is_mended("a=1\nprog \\\n  x\n"));
    }

    proptest! {
        #[test]
        fn mended_scripts_of_any_lines_are(lines in prop::collection::vec(prop::sample::select(vec![
            "a=1 b=2", "ls a 2>b | c | d", "prog x", "if x; then", "fi", "for i in a b; do", "done", "e=1 f=2 # g",
            "f() {", "}", "cat <<E", "E", "echo \"$a\" 'b' $(c d)", "x && y || {", "case $a in", "b) c ;;", "esac", "",
        ]), 0..12)) {
            is_mended(&lines.join("\n"));
        }
    }
}
