//! Code actions: every way out of a finding, and comments that silence it.

use std::collections::BTreeMap;

use gen_lsp_types::{Range, TextDocumentIdentifier};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::convert;
use super::world::{Membership, Snapshot};
use crate::diagnostic::{Applicability, Diagnostic, Fix};
use crate::engine::{fix_once, fix_some};
use crate::report::json::{Wire, WireEdit};
use crate::report::{fingerprints, ignore_edit, ignore_file_edit};
use crate::text::{Change, Edit, FileId};

/// The kind of the action that applies all safe fixes of a file.
pub(super) const FIX_ALL: &str = "source.fixAll.nixlint";
const QUICK_FIX: &str = "quickfix";

/// The parameters of `textDocument/codeAction` that matter here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    pub text_document: TextDocumentIdentifier,
    pub range: Range,
    #[serde(default)]
    pub context: Context,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Context {
    #[serde(default)]
    only: Option<Vec<String>>,
}

impl Params {
    /// Whether actions of this kind are wanted: kinds stand for what is below them.
    fn wants(&self, kind: &str) -> bool {
        let is_above = |wanted: &String| {
            kind.strip_prefix(wanted.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || wanted.is_empty())
        };
        self.context.only.as_ref().is_none_or(|only| only.iter().any(is_above))
    }

    /// Whether somebody asks to fix everything, and does not just look at what could be done.
    pub(super) fn asks_for_fix_all(&self) -> bool {
        self.context.only.is_some() && self.wants(FIX_ALL) && !self.wants(QUICK_FIX)
    }
}

/// A document and what was found in it.
pub(super) struct Subject<'s> {
    pub wire: Wire<'s>,
    pub client: &'s Client,
    pub file: FileId,
    pub uri: &'s str,
    pub version: i32,
    pub found: &'s [Diagnostic],
}

impl Subject<'_> {
    /// What can be done about findings in the range.
    pub(super) fn actions(&self, params: &Params) -> Vec<Value> {
        let mut actions = Vec::new();
        if params.wants(QUICK_FIX) {
            self.quick_fixes(params, &mut actions);
        }
        let is_safe = |diagnostic: &&Diagnostic| {
            diagnostic.applicable_fix(Applicability::Safe).is_some_and(|fix| self.is_here(fix))
        };
        if params.wants(FIX_ALL) && self.found.iter().any(|diagnostic| is_safe(&diagnostic)) {
            actions.extend(self.fix_all(FIX_ALL, "Fix all safe nixlint findings in this file", None));
        }
        actions
    }

    fn quick_fixes(&self, params: &Params, actions: &mut Vec<Value>) {
        let source = self.wire.sources.get(self.file);
        let range = convert::range(&source.text, source.lines(), params.range, self.wire.encoding);
        let prints = fingerprints(self.wire.sources, self.found);
        let touches = |diagnostic: &Diagnostic| diagnostic.primary.span.range().intersect(range).is_some();
        let here: Vec<(&Diagnostic, String)> =
            self.found.iter().zip(prints).filter(|(diagnostic, _)| touches(diagnostic)).collect();

        for (diagnostic, print) in &here {
            let sent = [self.wire.diagnostic(diagnostic, print.clone())];
            for fix in &diagnostic.fixes {
                let preferred = diagnostic.applicable_fix(Applicability::Safe);
                let mut action = json!({
                    "title": title(fix),
                    "kind": QUICK_FIX,
                    "diagnostics": sent,
                    "edit": self.edit(&fix.edits),
                });
                if preferred.is_some_and(|preferred| std::ptr::eq(preferred, fix)) {
                    action["isPreferred"] = true.into();
                }
                actions.push(action);
            }
        }
        let mut rules: Vec<&str> = here.iter().map(|(diagnostic, _)| diagnostic.rule.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in &rules {
            let is_safe = |diagnostic: &&Diagnostic| {
                diagnostic.rule.as_str() == *rule
                    && diagnostic.applicable_fix(Applicability::Safe).is_some_and(|fix| self.is_here(fix))
            };
            if self.found.iter().filter(is_safe).count() > 1 {
                let title = format!("Fix all of `{rule}` in this file");
                actions.extend(self.fix_all(QUICK_FIX, &title, Some(rule)));
            }
        }
        for (diagnostic, print) in &here {
            let sent = [self.wire.diagnostic(diagnostic, print.clone())];
            let rule = diagnostic.rule.as_str();
            let sources = self.wire.sources;
            for (place, edit) in [
                ("here", ignore_edit(sources, diagnostic)),
                ("in this file", ignore_file_edit(sources, self.file, rule)),
            ] {
                actions.push(json!({
                    "title": format!("Ignore `{rule}` {place}"),
                    "kind": QUICK_FIX,
                    "diagnostics": sent,
                    "edit": self.edit(&[edit]),
                }));
            }
        }
        // Two findings of a rule have the same comment above their line.
        let mut seen: Vec<(Value, Value)> = Vec::new();
        actions.retain(|action| {
            let same = (action["title"].clone(), action["edit"].clone());
            let is_new = action["edit"].is_null() || !seen.contains(&same);
            seen.push(same);
            is_new
        });
    }

    /// The action that fixes all there is in the file, or all of a rule: at once where the client does not
    /// take the edit later.
    fn fix_all(&self, kind: &str, title: &str, rule: Option<&str>) -> Option<Value> {
        let mut action = json!({"title": title, "kind": kind});
        if self.client.resolves_edits {
            let wanted =
                FixAll { uri: self.uri.to_owned(), version: self.version, rule: rule.map(str::to_owned) };
            action["data"] = serde_json::to_value(wanted).expect("invariant: texts make JSON");
            return Some(action);
        }
        let is_wanted = |diagnostic: &Diagnostic| rule.is_none_or(|rule| diagnostic.rule.as_str() == rule);
        let text = fix_once(self.wire.sources, self.found, self.file, is_wanted)?;
        action["edit"] = replaced(&self.wire, self.client, self.file, &text, self.version);
        Some(action)
    }

    /// Whether the fix changes this file and no other.
    fn is_here(&self, fix: &Fix) -> bool {
        fix.edits.iter().all(|edit| edit.file == self.file)
    }

    fn edit(&self, edits: &[Edit]) -> Value {
        workspace_edit(&self.wire, self.client, self.file, self.version, edits)
    }
}

/// What a client is shown for a fix.
fn title(fix: &Fix) -> String {
    let mut chars = fix.title.chars();
    let title: String =
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default();
    match fix.applicability {
        Applicability::Safe => title,
        Applicability::Unsafe => format!("{title} (unsafe)"),
        Applicability::Manual => format!("{title} (your choice)"),
    }
}

/// All safe fixes of a document, or those of one rule: what comes back with a resolved action.
#[derive(Debug, Clone, serde::Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FixAll {
    pub uri: String,
    pub version: i32,
    pub rule: Option<String>,
}

impl FixAll {
    /// From the action that is to be resolved; `None` for one that has its edit.
    pub(super) fn of(action: &Value) -> Option<Self> {
        serde_json::from_value(action.get("data")?.clone()).ok()
    }
}

/// The edit that fixes until nothing is left.
pub(super) fn fix_all(
    snapshot: &Snapshot,
    member: Membership,
    file: FileId,
    wanted: &FixAll,
    wire: &Wire<'_>,
    client: &Client,
) -> Value {
    let group = &snapshot.groups[member.group];
    let is_wanted = |diagnostic: &Diagnostic| {
        wanted.rule.as_ref().is_none_or(|rule| diagnostic.rule.as_str() == rule.as_str())
    };
    let workspace = snapshot.around(group, file);
    let fixed = fix_some(group.session.clone(), workspace, &group.rules, Applicability::Safe, is_wanted);
    replaced(wire, client, file, &fixed.workspace.sources.get(file).text, wanted.version)
}

/// An edit that changes nothing.
pub(super) fn no_edit() -> Value {
    json!({"changes": {}})
}

/// The edit that gives the file another text.
fn replaced(wire: &Wire<'_>, client: &Client, file: FileId, text: &str, version: i32) -> Value {
    let Some(change) = Change::between(&wire.sources.get(file).text, text) else { return no_edit() };
    let edit = Edit { file, range: change.old, text: text[change.new].to_owned() };
    workspace_edit(wire, client, file, version, &[edit])
}

/// `edits` of what was found in `home`, whose version is known.
fn workspace_edit(wire: &Wire<'_>, client: &Client, home: FileId, version: i32, edits: &[Edit]) -> Value {
    let mut files: BTreeMap<FileId, Vec<Value>> = BTreeMap::new();
    for edit in edits {
        let WireEdit { range, new_text, .. } = wire.edit(edit.file, edit);
        files.entry(edit.file).or_default().push(json!({"range": range, "newText": new_text}));
    }
    if client.document_changes {
        let change = |(file, edits): (&FileId, &Vec<Value>)| {
            let version = if *file == home { json!(version) } else { Value::Null };
            json!({"textDocument": {"uri": wire.uri(*file), "version": version}, "edits": edits})
        };
        return json!({"documentChanges": files.iter().map(change).collect::<Vec<_>>()});
    }
    let changes = files.into_iter().map(|(file, edits)| (wire.uri(file), edits.into()));
    json!({"changes": changes.collect::<serde_json::Map<String, Value>>()})
}
