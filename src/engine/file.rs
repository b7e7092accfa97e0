//! Phase 1: one text to findings, facts and ignore comments. Nothing is shared between files, and no
//! syntax node leaves.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;

use super::built_in::{
    BYTE_ORDER_MARK, FILE_TOO_COMPLEX, FILE_TOO_LARGE, INTERNAL_ERROR, SYNTAX_ERROR, finding,
};
use super::suppress::{self, IgnoreComment};
use super::{ActiveRule, RuleSet};
use crate::diagnostic::{Applicability, Diagnostic, Fix, Label};
use crate::module::{Facts, Outline, is_generated};
use crate::rule::{Context, ErasedRule, RuleMeta, Runner};
use crate::semantic::{Ir, Semantics, lower};
use crate::syntax::{AstNode as _, ErrorKind, ParsedFile, Parser, SyntaxError, SyntaxKind, SyntaxNode, walk};
use crate::text::{Edit, FileId, Span, TextRange};

/// Larger files are not read, in bytes.
const MAX_SIZE: usize = 32 << 20;

/// What phase 1 leaves of a file.
#[derive(Debug, Default)]
pub(super) struct FileResult {
    /// Findings with the levels their rules declare; none for a file that is not reported.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// `None` for a file that cannot be read as Nix.
    pub(super) facts: Option<Arc<Facts>>,
    /// Its ignore comments.
    pub(super) comments: Vec<IgnoreComment>,
}

/// A rule on nodes.
struct OnNodes<'r> {
    meta: &'static RuleMeta,
    rule: &'r dyn ErasedRule,
}

/// The rules on nodes by kind of node.
pub(super) struct Dispatch<'r> {
    rules: Vec<OnNodes<'r>>,
    /// By the number of a kind. Filled when a kind is first met, since the kinds cannot be listed.
    by_kind: Vec<OnceLock<Box<[u16]>>>,
    /// Rules by the names without which they have nothing to say.
    by_name: FxHashMap<&'static str, Vec<u16>>,
}

impl<'r> Dispatch<'r> {
    pub(super) fn new(rules: &'r RuleSet) -> Self {
        let on_nodes = |rule: &'r ActiveRule| match &rule.runner {
            Runner::File(runner) => Some(OnNodes { meta: rule.meta, rule: &**runner }),
            Runner::Host(_) | Runner::Project(_) => None,
        };
        // More than there are kinds of nodes and tokens together.
        let by_kind = std::iter::repeat_with(OnceLock::new).take(256).collect();
        let rules: Vec<OnNodes<'r>> = rules.rules.iter().filter_map(on_nodes).collect();
        let mut by_name: FxHashMap<&'static str, Vec<u16>> = FxHashMap::default();
        for (index, rule) in rules.iter().enumerate() {
            for name in rule.rule.names() {
                by_name.entry(name).or_default().push(index as u16);
            }
        }
        Self { rules, by_kind, by_name }
    }

    /// Which rules may have something to say about a file, by its names, and by who wrote it.
    fn concerned(&self, ir: &Ir, is_generated: bool) -> Box<[bool]> {
        let mut concerned: Box<[bool]> = self.rules.iter().map(|rule| rule.rule.names().is_empty()).collect();
        for name in ir.names() {
            for index in self.by_name.get(name).into_iter().flatten() {
                concerned[usize::from(*index)] = true;
            }
        }
        if is_generated {
            for (is_concerned, rule) in concerned.iter_mut().zip(&self.rules) {
                *is_concerned &= !rule.meta.group.is_of_form() && !rule.rule.finds_unused();
            }
        }
        concerned
    }

    fn of(&self, kind: SyntaxKind) -> &[u16] {
        self.by_kind[kind as usize].get_or_init(|| {
            let rules = self.rules.iter().enumerate();
            rules.filter(|(_, rule)| rule.rule.wants(kind)).map(|(index, _)| index as u16).collect()
        })
    }
}

/// Checks one text. A panic on the way becomes a finding about it.
pub(super) fn check(
    file: FileId,
    text: &str,
    reported: bool,
    dispatch: &Dispatch<'_>,
    parser: &mut Parser,
) -> FileResult {
    let checked = catch_unwind(AssertUnwindSafe(|| {
        let mut result = read(file, text, reported, dispatch, parser);
        if !reported {
            result.diagnostics.clear();
        }
        result
    }));
    checked.unwrap_or_else(|panic| FileResult {
        diagnostics: vec![internal_error(file, "nixlint failed on this file", &*panic)],
        ..FileResult::default()
    })
}

/// A finding about a panic.
pub(super) fn internal_error(
    file: FileId,
    message: impl Into<String>,
    panic: &(dyn Any + Send),
) -> Diagnostic {
    let at_start = Span::new(file, TextRange::default());
    let mut diagnostic = finding(&INTERNAL_ERROR, at_start, message, "findings may be missing in this file");
    diagnostic.help = Some("this is a mistake in nixlint; a report of it is welcome".to_owned());
    let said = panic.downcast_ref::<String>().map(String::as_str);
    if let Some(said) = said.or_else(|| panic.downcast_ref::<&str>().copied()) {
        diagnostic.notes.push(said.to_owned());
    }
    diagnostic
}

fn read(
    file: FileId,
    text: &str,
    reported: bool,
    dispatch: &Dispatch<'_>,
    parser: &mut Parser,
) -> FileResult {
    if text.len() > MAX_SIZE {
        let at_start = Span::new(file, TextRange::default());
        let message = "this file is larger than 32 MiB and is not read";
        let large = finding(&FILE_TOO_LARGE, at_start, message, "nothing in it is checked");
        return FileResult { diagnostics: vec![large], ..FileResult::default() };
    }

    let parsed = parser.parse(text);
    let mut diagnostics = syntax_errors(file, text, &parsed);
    let root = parsed.root();
    let tree = root.syntax();
    let comments = if reported { suppress::collect(tree, text) } else { Vec::new() };
    if !parsed.is_ok() {
        return FileResult { diagnostics, facts: None, comments };
    }

    let semantics = lower(&root);
    let outline = Outline::of(&semantics.ir);
    if reported {
        let seen = Seen { file, text, tree, semantics: &semantics, outline: &outline };
        let mut found = run_rules(seen, dispatch);
        suppress::add_covers(tree, &mut found);
        diagnostics.append(&mut found);
    }
    FileResult {
        diagnostics,
        facts: Some(Arc::new(Facts::with_outline(semantics.ir, text, outline))),
        comments,
    }
}

/// The mistakes that keep Nix from reading the text. Removing a byte-order mark is safe, since nothing else
/// is in doubt; any other repair is a guess at what was meant.
fn syntax_errors(file: FileId, text: &str, parsed: &ParsedFile) -> Vec<Diagnostic> {
    let as_finding = |error: SyntaxError| {
        let (meta, applicability) = match error.kind {
            ErrorKind::Syntax => (&SYNTAX_ERROR, Applicability::Unsafe),
            ErrorKind::TooComplex => (&FILE_TOO_COMPLEX, Applicability::Unsafe),
            ErrorKind::ByteOrderMark => (&BYTE_ORDER_MARK, Applicability::Safe),
        };
        let mut diagnostic = finding(meta, Span::new(file, error.range), error.message, error.label);
        let label = |(range, text)| Label { span: Span::new(file, range), text };
        diagnostic.related = error.related.into_iter().map(label).collect();
        diagnostic.help = error.help;
        let edit = |(range, text)| Edit { file, range, text };
        diagnostic.fixes.extend(error.fix.map(|fix| Fix {
            title: fix.title,
            applicability,
            edits: fix.edits.into_iter().map(edit).collect(),
        }));
        diagnostic
    };
    parsed.errors(text).into_iter().map(as_finding).collect()
}

/// A file as the rules on nodes see it.
#[derive(Clone, Copy)]
struct Seen<'f> {
    file: FileId,
    text: &'f str,
    tree: &'f SyntaxNode,
    semantics: &'f Semantics,
    outline: &'f Outline,
}

impl<'f> Seen<'f> {
    fn context(self, meta: &'static RuleMeta) -> Context<'f> {
        Context::new(self.file, self.text, self.semantics, self.outline, meta)
    }
}

fn run_rules(seen: Seen<'_>, dispatch: &Dispatch<'_>) -> Vec<Diagnostic> {
    let Some(first) = dispatch.rules.first() else { return Vec::new() };
    let mut cx = seen.context(first.meta);
    let is_generated = is_generated(seen.text, seen.outline);
    let concerned = dispatch.concerned(&seen.semantics.ir, is_generated);
    let shown = || {
        let is_wanted = |kind| !dispatch.of(kind).is_empty();
        walk(seen.tree, is_wanted, |glance, path| {
            for index in dispatch.of(glance.kind()) {
                let on_nodes = &dispatch.rules[usize::from(*index)];
                if concerned[usize::from(*index)] && on_nodes.rule.may_concern(glance, &cx) {
                    cx.set_rule(on_nodes.meta);
                    on_nodes.rule.check_node(path.node(), &mut cx);
                }
            }
        });
    };
    match catch_unwind(AssertUnwindSafe(shown)) {
        Ok(()) => cx.finish(),
        Err(_) => run_one_by_one(seen, dispatch),
    }
}

/// The findings of all rules where one of them panics: that one keeps what it said before.
fn run_one_by_one(seen: Seen<'_>, dispatch: &Dispatch<'_>) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for OnNodes { meta, rule } in &dispatch.rules {
        let mut cx = seen.context(meta);
        let at = Cell::new(TextRange::default());
        let walk = || {
            for node in seen.tree.descendants().filter(|node| rule.wants(node.kind())) {
                at.set(node.text_range());
                rule.check_node(&node, &mut cx);
            }
        };
        let walked = catch_unwind(AssertUnwindSafe(walk));
        diagnostics.append(&mut cx.finish());
        if let Err(panic) = walked {
            let mut error =
                internal_error(seen.file, format!("rule `{}` failed on this file", meta.name), &*panic);
            let at = at.get();
            error.notes.push(format!(
                "it was looking at bytes {} to {}",
                u32::from(at.start()),
                u32::from(at.end())
            ));
            diagnostics.push(error);
        }
    }
    diagnostics
}
