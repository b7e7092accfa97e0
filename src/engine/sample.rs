//! Small rules and workspaces for the tests of the engine.

use std::sync::Arc;

use super::{ActiveRule, InputFile, Outcome, ProjectFiles, RuleSet, Workspace};
use crate::diagnostic::{Applicability, Group, Level};
use crate::rule::{Context, ErasedRule, Fixable, RuleMeta, Runner, Status};
use crate::syntax::{AstNode as _, SyntaxKind, SyntaxNode, ast};
use crate::text::{FileId, SourceFile, Span, TextRange};

/// The metadata of a rule that does not matter.
pub(super) const fn meta(name: &'static str) -> RuleMeta {
    RuleMeta {
        name,
        summary: "",
        docs: "",
        options: &[],
        group: Group::Suspicious,
        level: Level::Warning,
        on: true,
        variants: &[],
        fix: Fixable::Sometimes,
        status: Status::Preview,
        repairs: &[],
        supersedes: &[],
        file: file!(),
    }
}

struct OnNames(fn(&ast::Ident, &mut Context<'_>));

impl ErasedRule for OnNames {
    fn wants(&self, kind: SyntaxKind) -> bool {
        ast::Ident::can_cast(kind)
    }

    fn check_node(&self, node: &SyntaxNode, cx: &mut Context<'_>) {
        if let Some(name) = ast::Ident::cast(node.clone()) {
            (self.0)(&name, cx);
        }
    }
}

/// A rule on identifiers.
pub(super) fn on_names(meta: &'static RuleMeta, check: fn(&ast::Ident, &mut Context<'_>)) -> ActiveRule {
    ActiveRule { meta, runner: Runner::File(Box::new(OnNames(check))), level: None }
}

/// `bad` is bad, `good` is better.
pub(super) fn bad_name() -> ActiveRule {
    static META: RuleMeta = meta("bad-name");
    on_names(&META, |name, cx| {
        if name.to_string() == "bad" {
            _ = cx.report(name, "`bad` is bad").here("here").fix(
                Applicability::Safe,
                "use `good`",
                |edits| {
                    edits.replace(name, "good");
                },
            );
        }
    })
}

/// The name `unused` is not used, whatever it stands for.
pub(super) fn unused_name() -> ActiveRule {
    static META: RuleMeta = meta("unused-name");
    on_names(&META, |name, cx| {
        if name.to_string() == "unused" {
            _ = cx.report(name, "`unused` is not used").here("here");
        }
    })
}

struct InStrings;

impl ErasedRule for InStrings {
    fn wants(&self, kind: SyntaxKind) -> bool {
        ast::Str::can_cast(kind)
    }

    fn check_node(&self, node: &SyntaxNode, cx: &mut Context<'_>) {
        let text = node.text().to_string();
        for (at, needle) in text.match_indices("needle") {
            let start = node.text_range().start() + crate::text::size_of(&text[..at]);
            let range = TextRange::at(start, crate::text::size_of(needle));
            _ = cx.report_range(range, "a needle").here("here");
        }
    }
}

/// Needles in strings.
pub(super) fn needle() -> ActiveRule {
    static META: RuleMeta = meta("needle");
    ActiveRule { meta: &META, runner: Runner::File(Box::new(InStrings)), level: None }
}

/// The rules, all of them known and running, beside `idle`, which does not run.
pub(super) fn rules(rules: Vec<ActiveRule>) -> RuleSet {
    let mut known: rustc_hash::FxHashMap<String, bool> =
        rules.iter().map(|rule| (rule.meta.name.to_owned(), true)).collect();
    known.insert("idle".to_owned(), false);
    RuleSet { rules, known, ..RuleSet::default() }
}

/// One project at `/p` with these files.
pub(super) fn workspace(files: &[(&str, &str)]) -> Workspace {
    let mut workspace = Workspace::default();
    let mut project = ProjectFiles { root: "/p".into(), ..ProjectFiles::default() };
    for (path, text) in files {
        let source = SourceFile::new(format!("/p/{path}").into(), (*path).to_owned(), Arc::from(*text));
        let id = workspace.sources.add(Arc::new(source));
        project.files.push(InputFile { id, reported: true });
    }
    workspace.projects.push(project);
    workspace
}

/// What is said about one file, as `rule line:column`, counted from 1.
pub(super) fn said(workspace: &Workspace, found: &[crate::diagnostic::Diagnostic]) -> Vec<String> {
    let place = |span: Span| {
        let file = workspace.sources.get(span.file);
        let at = file.lines().position(span.range().start(), crate::text::PositionEncoding::Chars);
        format!("{}:{}", at.line + 1, at.column + 1)
    };
    found.iter().map(|diagnostic| format!("{} {}", diagnostic.rule, place(diagnostic.primary.span))).collect()
}

/// A run over one file, and what it says.
pub(super) fn check(text: &str, set: &RuleSet) -> (Outcome, Vec<String>) {
    let workspace = workspace(&[("a.nix", text)]);
    let outcome = super::run(&workspace, set);
    let said = said(&workspace, &outcome.diagnostics);
    (outcome, said)
}

/// The text of a file of the workspace.
pub(super) fn text(workspace: &Workspace, file: u32) -> String {
    workspace.sources.get(FileId(file)).text.to_string()
}
