//! Edits that know the nodes they change: separators, comments, blank lines and indentation are kept in
//! order here, so that rules need not look at them.
//!
//! All functions are pure: node in, byte ranges and replacements out, in the order of the text and without
//! overlap. They never decide whether an edit is a good idea.

use rnix::ast::HasEntry as _;
use rnix::{SyntaxKind, SyntaxNode, SyntaxToken, ast};
use rowan::ast::AstNode;
use rowan::{Direction, NodeOrToken};

use super::ext::{comments_above, indentation_of, line_start, trailing_comment};
use super::permissive::is_path;
use super::precedence::{Strength, glues, needs_parens};
use super::view::NodeView;
use crate::text::{TextRange, TextSize};

/// Ranges in bytes and what replaces them.
pub type Edits = Vec<(TextRange, String)>;

/// Replaces `node` by `text`. Where both are expressions, `text` gets the parentheses it needs in its new
/// place, and spaces where it would run into its neighbours.
pub fn replace(node: &SyntaxNode, text: &str) -> Edits {
    let mut text = text.to_owned();
    if ast::Expr::can_cast(node.kind())
        && is_expression_place(node)
        && let Some(strength) = Strength::of_text(&text)
        && needs_parens(strength, node)
    {
        text = format!("({text})");
    }
    let before = node.first_token().and_then(|token| token.prev_token());
    let after = node.last_token().and_then(|token| token.next_token());
    if touches(before.as_ref().and_then(last_char), text.chars().next()) {
        text.insert(0, ' ');
    }
    let right = after.and_then(|token| token.text().chars().next());
    if touches(end_of(&text), right) || right == Some(',') && ends_in_url(&text) {
        text.push(' ');
    }
    vec![(node.text_range(), text)]
}

/// `text`, which takes the place of the end of `node`, with a space where it would run into what follows. A dot of a
/// selection may follow.
pub fn spaced_from(text: &str, node: &SyntaxNode) -> String {
    let end = end_of(text);
    let is_path = end != text.chars().next_back();
    let right = char_after(node, node.text_range().end()).filter(|right| is_path || *right != '.');
    if touches(end, right) { format!("{text} ") } else { text.to_owned() }
}

/// Whether two characters side by side would be read as one token.
fn touches(left: Option<char>, right: Option<char>) -> bool {
    left.zip(right).is_some_and(|(left, right)| glues(left, right))
}

/// The last character of `text` as [`glues`] takes it (see [`last_char`]).
fn end_of(text: &str) -> Option<char> {
    match text.ends_with('}') {
        true => rnix::Root::parse(text).syntax().last_token().as_ref().and_then(last_char),
        false => text.chars().next_back(),
    }
}

/// The last character of a token as [`glues`] takes it: the `}` of an interpolation in a path is one of the path.
fn last_char(token: &SyntaxToken) -> Option<char> {
    use SyntaxKind::*;
    let interpolation = token.parent().filter(|parent| parent.kind() == NODE_INTERPOL);
    let ends_path = token.kind() == TOKEN_INTERPOL_END
        && interpolation
            .and_then(|interpolation| interpolation.parent())
            .is_some_and(|parent| is_path(parent.kind()));
    if ends_path { Some('x') } else { token.text().chars().next_back() }
}

/// Whether a text may end in a URL, of which a comma right behind it would become a part.
pub fn ends_in_url(text: &str) -> bool {
    let is_of_url = |c: char| c.is_ascii_alphanumeric() || "%/?:@&=+$,-_.!~*'".contains(c);
    let word = text.len() - text.trim_end_matches(is_of_url).len();
    text[text.len() - word..].contains(':')
}

/// Removes the parentheses of `paren`; `None` where they are needed.
pub fn unparen(paren: &ast::Paren) -> Option<Edits> {
    let inner = paren.expr()?;
    if needs_parens(Strength::of(&inner), paren.syntax()) {
        return None;
    }
    let (outer, inner) = (paren.syntax(), inner.syntax());
    let has_comment = outer.children_with_tokens().any(|child| child.kind() == SyntaxKind::TOKEN_COMMENT);
    let (start, end) = if has_comment {
        (outer.text_range().start() + TextSize::new(1), outer.text_range().end() - TextSize::new(1))
    } else {
        (inner.text_range().start(), inner.text_range().end())
    };
    // A neighbour in parentheses may lose them in the same round, so it counts as a name.
    let space = |left: TextSize, right: TextSize| {
        let before = char_before(outer, left).map(|c| if c == ')' { 'x' } else { c });
        let after = char_after(outer, right).map(|c| if c == '(' { 'x' } else { c });
        let is_url = || inner.last_token().is_some_and(|token| token.kind() == SyntaxKind::TOKEN_URI);
        let glued = touches(before, after) || after == Some(',') && is_url();
        if glued { " ".to_owned() } else { String::new() }
    };
    let (from, to) = (outer.text_range().start(), outer.text_range().end());
    // A name and the dot of a selection are two tokens, unlike a number and a dot.
    let is_selected_from = outer.parent().is_some_and(|parent| parent.kind() == SyntaxKind::NODE_SELECT);
    let ends_in_name = inner.last_token().is_some_and(|token| token.kind() == SyntaxKind::TOKEN_IDENT);
    let behind = if is_selected_from && ends_in_name && char_after(outer, to) == Some('.') {
        String::new()
    } else {
        space(end, to)
    };
    Some(vec![(TextRange::new(from, start), space(from, start)), (TextRange::new(end, to), behind)])
}

/// Removes a binding, an `inherit`, or one name of an `inherit` (which goes itself when it has no other),
/// with the lines it has for itself, its trailing comment, the comments above that belong to it, and one
/// blank line.
pub fn delete_binding(node: &SyntaxNode) -> Edits {
    let inherit = node.parent().and_then(ast::Inherit::cast);
    match inherit {
        Some(inherit) if inherit.attrs().count() == 1 => delete_binding(inherit.syntax()),
        _ => vec![removal(node, node.text_range())],
    }
}

/// Removes bindings and names of `inherit` (see [`delete_binding`]) from the set or `let` they stand in; a `let`
/// goes itself where nothing, not even a comment, is left in it.
pub fn delete_bindings(nodes: &[SyntaxNode]) -> Edits {
    let Some(around) = nodes.first().and_then(entry_of).and_then(|entry| entry.parent()) else {
        return Vec::new();
    };
    let is_gone = |node: &SyntaxNode| nodes.contains(node);
    let is_whole = |entry: &SyntaxNode| match ast::Inherit::cast(entry.clone()) {
        Some(inherit) => {
            is_gone(entry)
                || inherit.attrs().count() > 0 && inherit.attrs().all(|name| is_gone(name.syntax()))
        }
        None => is_gone(entry),
    };
    let mut edits: Edits = Vec::new();
    let mut is_all = true;
    for entry in around.children().filter(is_entry) {
        if is_whole(&entry) {
            edits.push(removal(&entry, entry.text_range()));
            continue;
        }
        is_all = false;
        edits.extend(entry.children().filter(is_gone).map(|name| removal(&name, name.text_range())));
    }
    if is_all && let Some(edits) = without_let(&around, &edits) {
        return edits;
    }
    joined(&around, edits)
}

fn is_entry(node: &SyntaxNode) -> bool {
    matches!(node.kind(), SyntaxKind::NODE_ATTRPATH_VALUE | SyntaxKind::NODE_INHERIT)
}

/// The binding that `node` is, or is a name of.
fn entry_of(node: &SyntaxNode) -> Option<SyntaxNode> {
    if is_entry(node) { Some(node.clone()) } else { node.parent().filter(is_entry) }
}

/// Removes `let … in` where the edits leave nothing between them.
fn without_let(node: &SyntaxNode, edits: &Edits) -> Option<Edits> {
    let node = ast::LetIn::cast(node.clone())?;
    let end = node
        .syntax()
        .children_with_tokens()
        .skip_while(|child| child.kind() != SyntaxKind::TOKEN_IN)
        .skip(1)
        .find(|child| child.kind() != SyntaxKind::TOKEN_WHITESPACE)?
        .text_range()
        .start();
    let is_removed = |comment: TextRange| edits.iter().any(|(range, _)| range.contains_range(comment));
    let mut comments = node
        .syntax()
        .children_with_tokens()
        .filter(|child| child.kind() == SyntaxKind::TOKEN_COMMENT && child.text_range().start() < end);
    if !comments.all(|comment| is_removed(comment.text_range())) {
        return None;
    }
    Some(vec![cut(node.syntax(), TextRange::new(node.syntax().text_range().start(), end))])
}

/// Removes the beginning of `node` up to and including its token `last`, as of `with x;`; `None` where a comment
/// would go with it.
pub fn delete_head(node: &SyntaxNode, last: SyntaxKind) -> Option<Edits> {
    let children: Vec<_> = node.children_with_tokens().collect();
    let at = children.iter().position(|child| child.kind() == last)?;
    let has_comment = node
        .descendants_with_tokens()
        .take_while(|child| child.text_range().start() < children[at].text_range().end())
        .any(|child| child.kind() == SyntaxKind::TOKEN_COMMENT);
    if has_comment {
        return None;
    }
    let rest = children[at + 1..].iter().find(|child| child.kind() != SyntaxKind::TOKEN_WHITESPACE)?;
    Some(vec![cut(node, TextRange::new(node.text_range().start(), rest.text_range().start()))])
}

/// Removes the `@ name` or `name @` of a pattern; `None` where a comment would go with it.
pub fn delete_pattern_bind(bind: &ast::PatBind) -> Option<Edits> {
    let pattern = bind.syntax().parent()?;
    let brace = |kind: SyntaxKind| pattern.children_with_tokens().find(|child| child.kind() == kind);
    let open = brace(SyntaxKind::TOKEN_L_BRACE)?.text_range();
    let close = brace(SyntaxKind::TOKEN_R_BRACE)?.text_range();
    let bind = bind.syntax().text_range();
    let range = if bind.start() < open.start() {
        TextRange::new(bind.start(), open.start())
    } else {
        TextRange::new(close.end(), bind.end())
    };
    let is_comment = |token: &NodeOrToken<SyntaxNode, rnix::SyntaxToken>| {
        token.kind() == SyntaxKind::TOKEN_COMMENT && range.contains_range(token.text_range())
    };
    (!pattern.descendants_with_tokens().any(|token| is_comment(&token))).then(|| vec![cut(&pattern, range)])
}

/// Removes bytes of `node`, with a space in their place where the rest would run together.
fn cut(node: &SyntaxNode, range: TextRange) -> (TextRange, String) {
    let glued = touches(char_before(node, range.start()), char_after(node, range.end()));
    (range, if glued { " ".to_owned() } else { String::new() })
}

/// Edits below `node` that overlap or touch, made one.
fn joined(node: &SyntaxNode, mut edits: Edits) -> Edits {
    edits.sort_by_key(|(range, _)| (range.start(), range.end()));
    let mut result: Edits = Vec::new();
    for (range, text) in edits {
        match result.last_mut() {
            Some((last, kept)) if range.start() < last.end() => {
                *last = last.cover(range);
                if text.len() > kept.len() {
                    *kept = text;
                }
            }
            // Nothing is left between them that would keep apart what stands around.
            Some((last, kept)) if range.start() == last.end() && kept.is_empty() && text.is_empty() => {
                (*last, *kept) = cut(node, last.cover(range));
            }
            _ => result.push((range, text)),
        }
    }
    result
}

/// Removes an element of a list, in the manner of [`delete_binding`].
pub fn delete_list_element(element: &ast::Expr) -> Edits {
    vec![removal(element.syntax(), element.syntax().text_range())]
}

/// Adds the expression `text` to the end of `list`, in parentheses if it needs them there: on the line of
/// the last element, or on a line of its own where the last element has one.
pub fn append_list_element(list: &ast::List, text: &str) -> Edits {
    let atomic = Strength::of_text(text).is_none_or(|strength| strength >= Strength::Default);
    let element = if atomic { text.to_owned() } else { format!("({text})") };
    match list.items().last() {
        Some(last) => insert_after(last.syntax(), &element),
        None => fill_empty(list.syntax(), &element),
    }
}

/// Adds the binding `text` (with its `;`) behind `binding`, in the manner of [`append_list_element`].
/// Further lines of `text` keep their indentation relative to the first.
pub fn insert_binding_after(binding: &SyntaxNode, text: &str) -> Edits {
    insert_after(binding, text)
}

/// Adds the binding `text` (with its `;`) as the last one of `set`.
pub fn insert_binding_at_end(set: &ast::AttrSet, text: &str) -> Edits {
    match set.entries().last() {
        Some(last) => insert_after(last.syntax(), text),
        None => fill_empty(set.syntax(), text),
    }
}

/// Removes an argument from `{ a, b }:` with the comma that separates it.
pub fn delete_pattern_entry(entry: &ast::PatEntry) -> Edits {
    let node = entry.syntax();
    let comma = |direction: Direction| {
        node.siblings_with_tokens(direction)
            .skip(1)
            .take_while(|sibling| {
                !matches!(sibling.kind(), SyntaxKind::NODE_PAT_ENTRY | SyntaxKind::TOKEN_ELLIPSIS)
            })
            .find(|sibling| sibling.kind() == SyntaxKind::TOKEN_COMMA)
            .map(|comma| comma.text_range())
    };
    let (before, after) = (comma(Direction::Prev), comma(Direction::Next));
    let text = root_text(node);
    let range = node.text_range();
    let only_space = |from: TextSize, to: TextSize| {
        text[usize::from(from)..usize::from(to)].chars().all(char::is_whitespace)
    };
    let same_line = |from: TextSize, to: TextSize| !text[usize::from(from)..usize::from(to)].contains('\n');

    if let Some(before) = before
        && starts_line(&text, before.start())
        && same_line(before.end(), range.start())
        && only_space(before.end(), range.start())
        && after.is_none_or(|after| !same_line(range.end(), after.start()))
    {
        // `, b` on a line of its own.
        return vec![removal(node, before.cover(range))];
    }
    match (before, after) {
        (_, Some(after)) if only_space(range.end(), after.start()) => {
            let together = range.cover(after);
            if same_line(range.end(), after.start()) {
                return vec![removal(node, together)];
            }
            // The comma leads the next line: what follows moves up to the place of the argument.
            let rest = &text[usize::from(after.end())..];
            let space = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            vec![(TextRange::new(range.start(), after.end() + TextSize::new(space as u32)), String::new())]
        }
        (_, Some(after)) => vec![removal(node, range), (after, String::new())],
        (Some(before), None) => {
            let (place, replacement) = removal(node, range);
            if only_space(before.end(), place.start().max(before.end())) {
                let joined = TextRange::new(before.start(), place.end().max(before.end()));
                // The line break before a removed line stays.
                let kept = &text[usize::from(before.end())..usize::from(place.start().max(before.end()))];
                return vec![(joined, format!("{kept}{replacement}"))];
            }
            vec![(before, String::new()), (place, replacement)]
        }
        (None, None) => vec![removal(node, range)],
    }
}

/// Whether an expression of this strength would need parentheses in the place of `node`.
pub fn needs_parens_as(strength: Strength, node: &SyntaxNode) -> bool {
    needs_parens(strength, node)
}

/// Joins what stands before and behind `words`, such as `] ++ [`: a space or a line break of the text is left
/// between them. `None` where a comment before it would go on into what follows.
pub fn join_at(text: &str, words: TextRange) -> Option<(TextRange, String)> {
    let before = &text[..usize::from(words.start())];
    let after = &text[usize::from(words.end())..];
    let kept = before.trim_end();
    let space_before = &before[kept.len()..];
    let space_after = &after[..after.len() - after.trim_start().len()];
    let has_line_comment = kept.rsplit('\n').next().is_some_and(|line| line.contains('#'));
    match (space_before.contains('\n'), space_after.contains('\n')) {
        (_, true) => Some((TextRange::new(TextSize::of(kept), words.end()), String::new())),
        (true, false) if has_line_comment => None,
        (_, false) => {
            let end = words.end() + TextSize::of(space_after);
            Some((TextRange::new(TextSize::of(kept), end), " ".to_owned()))
        }
    }
}

/// The smallest attribute set around `range` that nothing outside of it adds attributes to: what stands between its
/// braces can change without a change in how the rest of the file is read. `None` where there is none.
pub fn set_of_its_own(root: &SyntaxNode, range: TextRange) -> Option<SyntaxNode> {
    if !root.text_range().contains_range(range) {
        return None;
    }
    let holds = |node: &SyntaxNode| {
        let brace = |kind| Some(node.children_with_tokens().find(|child| child.kind() == kind)?.text_range());
        let braces = brace(SyntaxKind::TOKEN_L_BRACE).zip(brace(SyntaxKind::TOKEN_R_BRACE));
        node.kind() == SyntaxKind::NODE_ATTR_SET
            && braces.is_some_and(|(left, right)| left.end() <= range.start() && range.end() <= right.start())
    };
    let mut own = root.covering_element(range).ancestors().find(holds)?;
    let mut value = own.clone();
    while let Some(parent) = value.parent() {
        match parent.kind() {
            SyntaxKind::NODE_PAREN => value = parent,
            SyntaxKind::NODE_ATTRPATH_VALUE => {
                let around = parent.parent()?;
                let is_set = around.kind() == SyntaxKind::NODE_ATTR_SET;
                match may_be_added_to(&parent) {
                    true if is_set => own = around.clone(),
                    true => return None,
                    false => {}
                }
                if !is_set {
                    break;
                }
                value = around;
            }
            _ => break,
        }
    }
    Some(own)
}

/// Whether a neighbour of a binding may define something at, above or below its path.
fn may_be_added_to(binding: &SyntaxNode) -> bool {
    let path = |node: &SyntaxNode| -> Vec<SyntaxNode> {
        let path = node.children().find(|child| child.kind() == SyntaxKind::NODE_ATTRPATH);
        path.map(|path| path.children().collect()).unwrap_or_default()
    };
    let own = path(binding);
    let meets = |other: &[SyntaxNode]| !own.iter().zip(other).any(|(a, b)| are_other_names(a, b));
    let Some(around) = binding.parent() else { return true };
    around.children().filter(|entry| entry != binding).any(|entry| match entry.kind() {
        SyntaxKind::NODE_ATTRPATH_VALUE => meets(&path(&entry)),
        SyntaxKind::NODE_INHERIT => {
            let mut names = entry.children().filter(|child| child.kind() != SyntaxKind::NODE_INHERIT_FROM);
            names.any(|name| meets(&[name]))
        }
        _ => false,
    })
}

/// Whether two keys are two names for sure.
fn are_other_names(a: &SyntaxNode, b: &SyntaxNode) -> bool {
    let name = |key: &SyntaxNode| {
        let text = key.text().to_string();
        match key.kind() {
            SyntaxKind::NODE_IDENT => Some(text),
            SyntaxKind::NODE_STRING if !text.contains(['\\', '$', '\r']) => {
                Some(text.trim_matches('"').to_owned())
            }
            _ => None,
        }
    };
    name(a).zip(name(b)).is_some_and(|(a, b)| a != b)
}

/// Whether `range` is an expression, and `text` one that can stand in the place of any: a name, a selection, a string,
/// a list and so on. Then nothing else of the file is read in another way, and no attribute gets another name. Says
/// no in doubt, as where one of the two touches its neighbours.
pub fn is_atom_for_expression(root: &SyntaxNode, range: TextRange, text: &str) -> bool {
    if text.contains('=') || !root.text_range().contains_range(range) {
        return false;
    }
    let stands_alone = |neighbour: Option<SyntaxToken>| {
        neighbour.is_none_or(|token| {
            use SyntaxKind::*;
            token.kind().is_trivia()
                || matches!(
                    token.kind(),
                    TOKEN_SEMICOLON | TOKEN_ASSIGN | TOKEN_COMMA | TOKEN_L_PAREN | TOKEN_R_PAREN
                )
        })
    };
    let covering = root.covering_element(range);
    let Some(node) = covering.ancestors().take_while(|node| node.text_range() == range).last() else {
        return false;
    };
    let is_key = node.parent().is_some_and(|parent| parent.kind() == SyntaxKind::NODE_DYNAMIC);
    ast::Expr::can_cast(node.kind())
        && !is_key
        && is_expression_place(&node)
        && stands_alone(node.first_token().and_then(|token| token.prev_token()))
        && stands_alone(node.last_token().and_then(|token| token.next_token()))
        && Strength::of_text(text) >= Some(Strength::Select)
}

fn is_expression_place(node: &SyntaxNode) -> bool {
    let names = [
        SyntaxKind::NODE_ATTRPATH,
        SyntaxKind::NODE_INHERIT,
        SyntaxKind::NODE_IDENT_PARAM,
        SyntaxKind::NODE_PAT_BIND,
    ];
    let parent = node.parent();
    let names_argument = parent.as_ref().is_some_and(|parent| {
        parent.kind() == SyntaxKind::NODE_PAT_ENTRY && parent.children().next().as_ref() == Some(node)
    });
    !names_argument && !parent.is_some_and(|parent| names.contains(&parent.kind()))
}

/// The character in front of `at` in the tree of `node`.
fn char_before(node: &SyntaxNode, at: TextSize) -> Option<char> {
    let token = node.ancestors().last()?.token_at_offset(at).left_biased()?;
    if token.text_range().end() == at {
        return last_char(&token);
    }
    token.text()[..usize::from(at - token.text_range().start())].chars().next_back()
}

/// The character at `at` in the tree of `node`.
fn char_after(node: &SyntaxNode, at: TextSize) -> Option<char> {
    let token = node.ancestors().last()?.token_at_offset(at).right_biased()?;
    token.text()[usize::from(at - token.text_range().start())..].chars().next()
}

/// The text of the whole tree.
fn root_text(node: &SyntaxNode) -> String {
    fn push(view: NodeView<'_>, text: &mut String) {
        for child in view.children() {
            match child {
                NodeOrToken::Node(node) => push(node, text),
                NodeOrToken::Token(token) => text.push_str(token.text),
            }
        }
    }
    let Some(root) = node.ancestors().last() else { return String::new() };
    let mut text = String::with_capacity(root.text_range().len().into());
    push(NodeView::new(&root), &mut text);
    text
}

/// What to remove so that `range`, which is `node` and perhaps its comma, goes without a trace.
fn removal(node: &SyntaxNode, range: TextRange) -> (TextRange, String) {
    let text = root_text(node);
    let end = trailing_end(&text, range.end());
    if starts_line(&text, range.start())
        && let Some(end) = end
    {
        let first_line = belonging_comments(node, &text, range.start()).unwrap_or(range.start());
        let lines = TextRange::new(
            TextSize::new(line_start(&text, usize::from(first_line)) as u32),
            TextSize::new(end as u32),
        );
        return (with_blank_line(&text, lines), String::new());
    }
    // Something else stands on the line and keeps its comments.
    let before = &text[..usize::from(range.start())];
    let after = &text[usize::from(range.end())..];
    let space_before = before.len() - before.trim_end_matches([' ', '\t']).len();
    let space_after = after.len() - after.trim_start_matches([' ', '\t']).len();
    let first =
        before.trim_end_matches([' ', '\t']).ends_with(['{', '[', '(', '\n']) || before.trim().is_empty();
    let range = if first {
        TextRange::new(range.start(), range.end() + TextSize::new(space_after as u32))
    } else {
        TextRange::new(range.start() - TextSize::new(space_before as u32), range.end())
    };
    cut(node, range)
}

fn starts_line(text: &str, at: TextSize) -> bool {
    let at = usize::from(at);
    text[line_start(text, at)..at].chars().all(char::is_whitespace)
}

/// End of the line of `at`, line break included, if only a comment follows there.
fn trailing_end(text: &str, at: TextSize) -> Option<usize> {
    let rest = &text[usize::from(at)..];
    let line = rest.split_inclusive('\n').next().unwrap_or_default();
    let trimmed = line.trim();
    let comment = trimmed.starts_with('#')
        || trimmed.starts_with("/*") && trimmed.find("*/").is_some_and(|end| end + 2 == trimmed.len());
    (trimmed.is_empty() || comment).then_some(usize::from(at) + line.len())
}

/// Start of the comments above `node` that go with it.
fn belonging_comments(node: &SyntaxNode, text: &str, start: TextSize) -> Option<TextSize> {
    let comments = comments_above(node);
    let first = comments.first()?.text_range().start();
    if comments.iter().any(|comment| comment.text().contains("nixlint:")) {
        return Some(first);
    }
    // A comment that opens a paragraph of several elements may be about all of them.
    let above = &text[..line_start(text, usize::from(first))];
    let opens_paragraph = above
        .lines()
        .next_back()
        .is_none_or(|line| line.trim().is_empty() || line.trim_end().ends_with(['{', '[']));
    let below = trailing_end(text, node.text_range().end()).map(|end| &text[end..]).unwrap_or_default();
    let next_line = below.lines().next().unwrap_or_default().trim_start();
    let paragraph_goes_on =
        !next_line.is_empty() && !next_line.starts_with(['}', ']', '#', '/']) && !begins_with_in(next_line);
    (!(opens_paragraph && paragraph_goes_on) && first < start).then_some(first)
}

/// `lines` with one of the blank lines around it, where two would be left over or stand at a bracket.
fn with_blank_line(text: &str, lines: TextRange) -> TextRange {
    let above = &text[..usize::from(lines.start())];
    let below = &text[usize::from(lines.end())..];
    let line_above = above.split_inclusive('\n').next_back().unwrap_or_default();
    let line_below = below.split_inclusive('\n').next().unwrap_or_default();
    let blank = |line: &str| line.ends_with('\n') && line.trim().is_empty();
    let closes =
        |line: &str| line.trim_start().starts_with(['}', ']', ')']) || begins_with_in(line.trim_start());
    let opens = |line: &str| line.trim_end().ends_with(['{', '[', '(']) || line.trim() == "let";
    if blank(line_above) && (blank(line_below) || closes(line_below)) {
        return TextRange::new(lines.start() - TextSize::of(line_above), lines.end());
    }
    if blank(line_below) && opens(line_above) {
        return TextRange::new(lines.start(), lines.end() + TextSize::of(line_below));
    }
    lines
}

fn begins_with_in(line: &str) -> bool {
    line.strip_prefix("in")
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || "_-'".contains(c)))
}

/// Inserts `text` behind `element`, on a line of its own if `element` has one.
fn insert_after(element: &SyntaxNode, text: &str) -> Edits {
    let file = root_text(element);
    let start = element.text_range().start();
    let end = element.text_range().end();
    if !starts_line(&file, start) && !text.contains('\n') {
        let left = TextRange::empty(end);
        return vec![(left, format!(" {text}"))];
    }
    let indentation = indentation_of(&file, start);
    let at = trailing_comment(element).map_or(end, |comment| {
        // A comment up to the end of a line holds the carriage return of that line.
        let carriage_return = comment.text().len() - comment.text().trim_end_matches('\r').len();
        comment.text_range().end() - TextSize::new(carriage_return as u32)
    });
    let text = indented(text, indentation, line_break(&file));
    vec![(TextRange::empty(at), format!("{}{indentation}{text}", line_break(&file)))]
}

/// Puts `text` between the brackets of `node`, which has no element.
fn fill_empty(node: &SyntaxNode, text: &str) -> Edits {
    let file = root_text(node);
    let bracket = |kinds: [SyntaxKind; 2]| {
        node.children_with_tokens()
            .filter_map(NodeOrToken::into_token)
            .find(move |token| kinds.contains(&token.kind()))
    };
    let open = bracket([SyntaxKind::TOKEN_L_BRACE, SyntaxKind::TOKEN_L_BRACK]);
    let close = bracket([SyntaxKind::TOKEN_R_BRACE, SyntaxKind::TOKEN_R_BRACK]);
    let (Some(open), Some(close)) = (open, close) else { return Vec::new() };
    let between = TextRange::new(open.text_range().end(), close.text_range().start());
    let inside = &file[between];
    if inside.trim().is_empty() && !text.contains('\n') && !inside.contains('\n') {
        return vec![(between, format!(" {text} "))];
    }
    let outer = indentation_of(&file, open.text_range().start());
    let inner = format!("{outer}  ");
    let line_break = line_break(&file);
    let text = indented(text, &inner, line_break);
    let kept = inside.trim_end();
    vec![(between, format!("{kept}{line_break}{inner}{text}{line_break}{outer}"))]
}

/// `text` with `indentation` before each line but the first, in place of what its further lines share.
fn indented(text: &str, indentation: &str, line_break: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    let rest: Vec<&str> = lines.collect();
    let spaces = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let filled = rest.iter().filter(|line| !line.trim().is_empty());
    // The last line closes what the first one opens, so it shows the indentation of both.
    let shared = filled.map(spaces).min().unwrap_or(0);
    rest.iter().fold(first, |text, line| match line.trim().is_empty() {
        true => format!("{text}{line_break}"),
        false => format!("{text}{line_break}{indentation}{}", &line[shared..]),
    })
}

fn line_break(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;
    use crate::text::{Edit, FileId, apply_edits};

    fn apply(text: &str, edits: Edits) -> String {
        let edits: Vec<Edit> =
            edits.into_iter().map(|(range, text)| Edit { file: FileId(0), range, text }).collect();
        apply_edits(text, &edits).expect("edits fit the text")
    }

    /// Applies `edit` to the node of `kind` whose text begins with `start`; the result must parse.
    fn edited(text: &str, kind: SyntaxKind, start: &str, edit: impl Fn(SyntaxNode) -> Edits) -> String {
        let parsed = parse(text);
        assert!(parsed.is_ok(), "{text}");
        let node = parsed
            .syntax()
            .descendants()
            .find(|node| node.kind() == kind && node.text().to_string().starts_with(start));
        let result = apply(text, edit(node.expect("the node is there")));
        assert!(parse(&result).is_ok(), "does not parse: {result:?}");
        result
    }

    fn without_binding(text: &str, start: &str) -> String {
        let kind = if start.starts_with("inherit") {
            SyntaxKind::NODE_INHERIT
        } else {
            SyntaxKind::NODE_ATTRPATH_VALUE
        };
        edited(text, kind, start, |node| delete_binding(&node))
    }

    fn without_element(text: &str, start: &str) -> String {
        edited(text, SyntaxKind::NODE_IDENT, start, |node| {
            delete_list_element(&ast::Expr::cast(node).expect("an expression"))
        })
    }

    fn with_element(text: &str, element: &str) -> String {
        edited(text, SyntaxKind::NODE_LIST, "[", |node| {
            append_list_element(&ast::List::cast(node).expect("a list"), element)
        })
    }

    fn with_last_binding(text: &str, binding: &str) -> String {
        edited(text, SyntaxKind::NODE_ATTR_SET, "{", |node| {
            insert_binding_at_end(&ast::AttrSet::cast(node).expect("a set"), binding)
        })
    }

    fn without_argument(text: &str, start: &str) -> String {
        edited(text, SyntaxKind::NODE_PAT_ENTRY, start, |node| {
            delete_pattern_entry(&ast::PatEntry::cast(node).expect("an argument"))
        })
    }

    #[test]
    fn sets_of_their_own_have_no_others_beside_them() {
        let own = |text: &str| {
            let root = crate::syntax::parse(text).syntax();
            let at = TextSize::new(text.find("x = 1").expect("it is there") as u32);
            set_of_its_own(&root, TextRange::at(at, TextSize::new(5))).map(|set| set.text().to_string())
        };
        for (text, set) in [
            ("{ a.b = { x = 1; }; a.c = 2; }", "{ x = 1; }"),
            ("{ a.\"b\" = { x = 1; }; a.c.d = 2; }", "{ x = 1; }"),
            ("f ({ a.b = { x = 1; }; a.b.c = 2; })", "{ a.b = { x = 1; }; a.b.c = 2; }"),
            ("{ a = ({ b = { x = 1; }; }); a.b = 2; }", "{ a = ({ b = { x = 1; }; }); a.b = 2; }"),
            ("{ a = f { b = rec { x = 1; }; }; a.b = 2; }", "rec { x = 1; }"),
            ("{ ${a} = { x = 1; }; b = 2; }", "{ ${a} = { x = 1; }; b = 2; }"),
            ("{ a = { x = 1; }; inherit (b) c; }", "{ x = 1; }"),
            ("{ a = { x = 1; }; inherit a; }", "{ a = { x = 1; }; inherit a; }"),
            ("let a = { x = 1; }; b = 2; in a", "{ x = 1; }"),
        ] {
            assert_eq!(own(text).as_deref(), Some(set), "{text}");
        }
        for text in ["let a = { x = 1; }; a.b = 2; in a", "let x = 1; in x", "let { x = 1; }"] {
            assert_eq!(own(text), None, "{text}");
        }
    }

    #[test]
    fn atoms_take_the_place_of_expressions() {
        let text = "{ a = lib.b c; inherit (d) e; g = y.\"z\" or h; ${q} = \"${j}\" + (k l); }";
        let root = crate::syntax::parse(text).syntax();
        let fits = |old: &str, new: &str| {
            let at = TextSize::new(text.find(old).expect("it is there") as u32);
            is_atom_for_expression(&root, TextRange::at(at, TextSize::of(old)), new)
        };
        for (old, new) in [
            ("lib.b", "x.y'"),
            ("lib.b c", "\"text\""),
            ("y.\"z\" or h", "[ 1 ]"),
            ("k l", "m"),
            ("d", "{ }"),
        ] {
            assert!(fits(old, new), "{old} {new}");
        }
        for (old, new) in [
            ("a", "x"),
            ("lib", "x"),
            ("e;", "x"),
            ("lib.b", "f x"),
            ("lib.b", "or"),
            ("b c", "x"),
            ("q}", "x"),
            ("q", "x"),
            ("j", "x"),
            ("lib.b c", "{ a = 1; }"),
        ] {
            assert!(!fits(old, new), "{old} {new}");
        }
    }

    #[test]
    fn a_binding_goes_with_its_line_and_comment() {
        assert_eq!(
            without_binding("{\n  a = 1;\n  b = 2; # two\n  c = 3;\n}\n", "b"),
            "{\n  a = 1;\n  c = 3;\n}\n"
        );
        assert_eq!(without_binding("{\n  a = 1; # one\n  b = 2;\n}\n", "b"), "{\n  a = 1; # one\n}\n");
        assert_eq!(
            without_binding("{\r\n  a = 1;\r\n  b = 2; # two\r\n}\r\n", "b"),
            "{\r\n  a = 1;\r\n}\r\n"
        );
        assert_eq!(without_binding("{\n  a = {\n    x = 1;\n  };\n  b = 2;\n}", "a"), "{\n  b = 2;\n}");
    }

    #[test]
    fn comments_above_go_with_their_binding_alone() {
        assert_eq!(without_binding("{\n  a = 1;\n  # about b\n  # more\n  b = 2;\n}", "b"), "{\n  a = 1;\n}");
        assert_eq!(without_binding("{\n  # about a\n  a = 1;\n\n  b = 2;\n}", "a"), "{\n  b = 2;\n}");
        assert_eq!(
            without_binding("{\n  # about both\n  a = 1;\n  b = 2;\n}", "a"),
            "{\n  # about both\n  b = 2;\n}"
        );
        assert_eq!(
            without_binding("{\n  # nixlint: ignore[x]\n  a = 1;\n  b = 2;\n}", "a"),
            "{\n  b = 2;\n}"
        );
        assert_eq!(without_binding("{ # about the set\n  a = 1;\n}", "a"), "{ # about the set\n}");
        assert_eq!(without_binding("{\n  # apart\n\n  a = 1;\n}", "a"), "{\n  # apart\n}");
    }

    #[test]
    fn one_blank_line_goes_with_a_binding() {
        assert_eq!(
            without_binding("{\n  a = 1;\n\n  b = 2;\n\n  c = 3;\n}", "b"),
            "{\n  a = 1;\n\n  c = 3;\n}"
        );
        assert_eq!(without_binding("{\n  a = 1;\n\n  b = 2;\n}", "b"), "{\n  a = 1;\n}");
        assert_eq!(without_binding("{\n  a = 1;\n\n  b = 2;\n}", "a"), "{\n  b = 2;\n}");
        assert_eq!(without_binding("let\n  a = 1;\n\n  b = 2;\nin b", "a"), "let\n  b = 2;\nin b");
        assert_eq!(
            without_binding("{\n  b = 1;\n\n  a = 1;\n  inherit x;\n}", "a"),
            "{\n  b = 1;\n\n  inherit x;\n}"
        );
    }

    #[test]
    fn a_binding_among_others_on_a_line_goes_alone() {
        assert_eq!(without_binding("{ a = 1; b = 2; c = 3; } # x", "b"), "{ a = 1; c = 3; } # x");
        assert_eq!(without_binding("{ a = 1; }", "a"), "{ }");
        assert_eq!(without_binding("{ a = 1; b = 2; }", "a"), "{ b = 2; }");
        assert_eq!(without_binding("{\n  a = 1; b = 2; # both\n}", "b"), "{\n  a = 1; # both\n}");
        assert_eq!(without_binding("let a = 1; in 2", "a"), "let in 2");
        assert_eq!(without_binding("let a=1;in 2", "a"), "let in 2");
    }

    #[test]
    fn names_of_an_inherit_go_one_by_one() {
        let without =
            |text: &str, name: &str| edited(text, SyntaxKind::NODE_IDENT, name, |node| delete_binding(&node));
        assert_eq!(without("{ inherit (x) a b c; }", "b"), "{ inherit (x) a c; }");
        assert_eq!(without("{ inherit a; c = 1; }", "a"), "{ c = 1; }");
        assert_eq!(
            without("{\n  inherit\n    a # one\n    b\n    ;\n}", "a"),
            "{\n  inherit\n    b\n    ;\n}"
        );
        assert_eq!(without_binding("{\n  inherit (x) a;\n  b = 1;\n}", "inherit"), "{\n  b = 1;\n}");
    }

    #[test]
    fn elements_go_from_lists() {
        assert_eq!(without_element("[ a b c ]", "b"), "[ a c ]");
        assert_eq!(without_element("[ a ]", "a"), "[ ]");
        assert_eq!(without_element("[a b]", "a"), "[b]");
        assert_eq!(without_element("[ (x)b\"y\" ]", "b"), "[ (x)\"y\" ]");
        assert_eq!(without_element("[ 1 b 2 ]", "b"), "[ 1 2 ]");
        assert_eq!(
            without_element("[\n  a # one\n  b # two\n  c # three\n]", "b"),
            "[\n  a # one\n  c # three\n]"
        );
        assert_eq!(without_element("[ a # one\n  b ]", "a"), "[ # one\n  b ]");
        assert_eq!(without_element("[ a # one\n  b ]", "b"), "[ a # one\n  ]");
    }

    #[test]
    fn elements_are_added_to_lists() {
        assert_eq!(with_element("[ ]", "a"), "[ a ]");
        assert_eq!(with_element("[]", "f x"), "[ (f x) ]");
        assert_eq!(with_element("[ a ]", "b.c"), "[ a b.c ]");
        assert_eq!(with_element("[a]", "b"), "[a b]");
        assert_eq!(
            with_element("{\n  x = [\n    a # one\n  ];\n}", "b"),
            "{\n  x = [\n    a # one\n    b\n  ];\n}"
        );
        assert_eq!(with_element("[\r\n  a # one\r\n]", "b"), "[\r\n  a # one\r\n  b\r\n]");
        assert_eq!(with_element("[\n  # none yet\n]", "b"), "[\n  # none yet\n  b\n]");
    }

    #[test]
    fn bindings_are_added() {
        assert_eq!(with_last_binding("{ }", "a = 1;"), "{ a = 1; }");
        assert_eq!(with_last_binding("{}", "a = {\n  b = 1;\n};"), "{\n  a = {\n    b = 1;\n  };\n}");
        assert_eq!(with_last_binding("{ a = 1; }", "b = 2;"), "{ a = 1; b = 2; }");
        assert_eq!(
            with_last_binding("{\n  a = 1; # one\n}", "b = {\n  c = 1;\n};"),
            "{\n  a = 1; # one\n  b = {\n    c = 1;\n  };\n}"
        );
        assert_eq!(
            with_last_binding("{\r\n  a = 1;\r\n}", "b = [\n];"),
            "{\r\n  a = 1;\r\n  b = [\r\n  ];\r\n}"
        );
        let after = edited("{\n  a = 1;\n\n  b = 2;\n}", SyntaxKind::NODE_ATTRPATH_VALUE, "a", |node| {
            insert_binding_after(&node, "c = 3;")
        });
        assert_eq!(after, "{\n  a = 1;\n  c = 3;\n\n  b = 2;\n}");
    }

    #[test]
    fn arguments_go_with_their_comma() {
        assert_eq!(without_argument("{ a, b }: a", "b"), "{ a }: a");
        assert_eq!(without_argument("{ a, b }: b", "a"), "{ b }: b");
        assert_eq!(without_argument("{ a, b, ... }: a", "b"), "{ a, ... }: a");
        assert_eq!(without_argument("{ a, ... }: 1", "a"), "{ ... }: 1");
        assert_eq!(without_argument("{ a }: 1", "a"), "{ }: 1");
        assert_eq!(without_argument("{ a, }: 1", "a"), "{ }: 1");
        assert_eq!(without_argument("{a,b}: a", "b"), "{a}: a");
        assert_eq!(without_argument("{ a ? 1, b ? { x = 2; } }: a", "b"), "{ a ? 1 }: a");
    }

    #[test]
    fn arguments_on_lines_of_their_own() {
        assert_eq!(without_argument("{\n  a,\n  b, # two\n  c,\n}: a", "b"), "{\n  a,\n  c,\n}: a");
        assert_eq!(without_argument("{\n  a, # one\n  b # two\n}: a", "b"), "{\n  a # one\n}: a");
        assert_eq!(without_argument("{ a\n, b\n, c\n}: a", "b"), "{ a\n, c\n}: a");
        assert_eq!(without_argument("{ a\n, b\n, c\n}: a", "c"), "{ a\n, b\n}: a");
        assert_eq!(without_argument("{ a\n, b\n}: b", "a"), "{ b\n}: b");
        assert_eq!(without_argument("{ a, b # x\n}: a", "b"), "{ a # x\n}: a");
        assert_eq!(without_argument("{ a # x\n, b\n}: b", "a"), "{ # x\n b\n}: b");
        assert_eq!(without_argument("{\r\n  a,\r\n  b\r\n}: a", "b"), "{\r\n  a\r\n}: a");
    }

    #[test]
    fn replacements_get_parentheses_and_spaces() {
        let replaced = |text: &str, start: &str, by: &str| {
            let kind = if start.starts_with('(') { SyntaxKind::NODE_PAREN } else { SyntaxKind::NODE_IDENT };
            edited(text, kind, start, |node| replace(&node, by))
        };
        assert_eq!(replaced("f x", "x", "g y"), "f (g y)");
        assert_eq!(replaced("{ a = x; }", "x", "g y"), "{ a = g y; }");
        assert_eq!(replaced("toString(x)", "(x)", "x"), "toString x");
        assert_eq!(replaced("(x)-1", "(x)", "x"), "x -1");
        assert_eq!(replaced("x == y", "y", "!a // b"), "x == !a // b");
        assert_eq!(replaced("{ x }: 1", "x", "y"), "{ y }: 1");
    }

    #[test]
    fn parentheses_go_where_they_are_not_needed() {
        let unparenthesized = |text: &str| {
            edited(text, SyntaxKind::NODE_PAREN, "(", |node| {
                ast::Paren::cast(node).and_then(|paren| unparen(&paren)).unwrap_or_default()
            })
        };
        assert_eq!(unparenthesized("toString(x)"), "toString x");
        assert_eq!(unparenthesized("x:(x)"), "x: x");
        assert_eq!(unparenthesized("{ a = (b c); }"), "{ a = b c; }");
        assert_eq!(unparenthesized("{ a = ( # keep\n 1); }"), "{ a =  # keep\n 1; }");
        assert_eq!(unparenthesized("(f) or x"), "f or x");
        for needed in ["(a.b) or x", "f (g x)", "[ (x: x) ]", "(a.b).c or 1", "-(a + b)"] {
            assert_eq!(unparenthesized(needed), needed);
        }
        // What follows an interpolated path becomes a part of it.
        assert_eq!(unparenthesized("[ (./${x})y ]"), "[ ./${x} y ]");
        assert_eq!(unparenthesized("[ ./${x}(y) ]"), "[ ./${x} y ]");
        assert_eq!(unparenthesized("(./${x}).a or 1"), "./${x} .a or 1");
        assert_eq!(unparenthesized("if a then(./${x})else 1"), "if a then ./${x} else 1");
        assert_eq!(unparenthesized("[ ({ })y ]"), "[ { }y ]");
        let both = parse("(a)(b)");
        let parens = both.syntax().descendants().filter_map(ast::Paren::cast);
        let edits = parens.filter_map(|paren| unparen(&paren)).flatten().collect();
        assert_eq!(apply("(a)(b)", edits), "a  b");
    }

    proptest! {
        /// Whatever is deleted, the rest parses, and comments of other lines are still there.
        #[test]
        fn deletions_keep_the_rest(
            items in proptest::collection::vec(("[a-d]", prop_oneof!["", " # [a-z]{2}", " /\\* [a-z]{2} \\*/"], "\n|\n\n| "), 1..6),
            index in 0usize..6,
            shape in 0usize..3,
        ) {
            let items: Vec<_> = items.into_iter().enumerate().map(|(at, (name, comment, space))| {
                let space = if comment.contains('#') { "\n".to_owned() } else { space };
                (format!("{name}{at}"), comment, space)
            }).collect();
            let index = index % items.len();
            let last = items.len() - 1;
            let (open, close) = [("{\n", "}"), ("[\n", "]"), ("{\n", "}: 1")][shape];
            let body: String = items.iter().enumerate().map(|(at, (name, comment, space))| {
                let element = match shape {
                    0 => format!("{name} = 1;"),
                    1 => name.clone(),
                    _ if at == last => name.clone(),
                    _ => format!("{name},"),
                };
                format!("  {element}{comment}{space}")
            }).collect();
            let text = format!("{open}{body}{close}");
            let parsed = parse(&text);
            prop_assert!(parsed.is_ok(), "{}", text);
            let tree = parsed.syntax();
            let edits = match shape {
                0 => delete_binding(&tree.descendants().filter(|node| ast::AttrpathValue::can_cast(node.kind())).nth(index).expect("a binding")),
                1 => delete_list_element(&tree.descendants().find_map(ast::List::cast).and_then(|list| list.items().nth(index)).expect("an element")),
                _ => delete_pattern_entry(&tree.descendants().filter_map(ast::PatEntry::cast).nth(index).expect("an argument")),
            };
            let result = apply(&text, edits);
            prop_assert!(parse(&result).is_ok(), "{:?} -> {:?}", text, result);
            for (at, (name, comment, _)) in items.iter().enumerate() {
                prop_assert_eq!(result.contains(name.as_str()), at != index, "{:?} -> {:?}", text, result);
                if at != index {
                    prop_assert!(result.contains(comment.as_str()), "{:?} -> {:?}", text, result);
                }
            }
        }
    }
}
