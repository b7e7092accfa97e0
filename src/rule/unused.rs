//! Bindings of `let` that nothing needs, and how to be rid of them.

use rustc_hash::FxHashSet;

use super::context::Context;
use crate::diagnostic::{Applicability, Tag};
use crate::semantic::{Binding, BindingId, BindingKind, Owner, ScopeKind};
use crate::syntax::{AstNode as _, SyntaxNode, ast, edit, names_taken, static_name};
use crate::text::TextRange;

impl Context<'_> {
    /// Reports the bindings of `let` in the file below `root` that nothing needs and that are bound as is asked for.
    /// Names that begin with `_` are meant to be unused, and what is inside an unused binding is not worth a word of
    /// its own.
    pub fn report_unused(&mut self, root: &ast::Root, is_wanted: impl Fn(BindingKind) -> bool) {
        let file = self.file;
        let undefined: Vec<TextRange> = self.semantics().undefined().collect();
        for Unused { binding, name, user, edits } in unused(root, self, is_wanted) {
            let (here, title) = match user {
                Some(user) => (
                    format!("used by `{user}` only, which is unused too"),
                    format!("delete `{name}` and what uses it"),
                ),
                None => ("nothing uses this name".to_owned(), format!("delete `{name}`")),
            };
            // Nix refuses a file with a name that nothing binds; without it, it does not.
            let goes = |place: &TextRange| edits.iter().any(|(range, _)| range.contains_range(*place));
            let applicability =
                if undefined.iter().any(goes) { Applicability::Unsafe } else { Applicability::Safe };
            let _ = self
                .report_range(binding.range, format!("`{name}` is never used"))
                .here(here)
                .tag(Tag::Unused)
                .fix(applicability, title, |fix| fix.extend(file, edits));
        }
    }
}

impl Context<'_> {
    /// The attributes of the set bound as `id` that the file below `root` uses, if it uses them by their names only;
    /// `None` where the whole set is used, and anything may be done with it.
    pub fn attributes_used(&self, root: &SyntaxNode, id: BindingId) -> Option<Vec<String>> {
        let semantics = self.semantics();
        let uses = semantics.usage().uses(id).iter();
        let taken: Option<Vec<_>> =
            uses.map(|index| names_taken(root, semantics.references[*index as usize].range)).collect();
        Some(taken?.concat())
    }
}

/// A binding of a `let` that nothing needs.
struct Unused<'f> {
    binding: &'f Binding,
    name: &'f str,
    /// The unused binding that uses it, if one does beside itself.
    user: Option<&'f str>,
    /// Takes it away, and the unused bindings that use it.
    edits: Vec<(TextRange, String)>,
}

fn unused<'f>(
    root: &ast::Root,
    cx: &Context<'f>,
    is_wanted: impl Fn(BindingKind) -> bool,
) -> Vec<Unused<'f>> {
    let semantics = cx.semantics();
    let usage = semantics.usage();
    let mut found = Vec::new();
    for (id, scope) in semantics.numbered_scopes() {
        if scope.kind != ScopeKind::Let || is_dead(cx, scope.owner) {
            continue;
        }
        for (id, binding) in semantics.bindings(id) {
            let name = semantics.ir.name(binding.name);
            if !is_wanted(binding.kind) || usage.is_live(id) || name.starts_with('_') {
                continue;
            }
            let gone = users(cx, id);
            let user = gone.iter().find(|user| **user != id).copied();
            let user = user.map(|user| semantics.ir.name(semantics.binding(user).name));
            let edits = removal(root, cx, &gone);
            found.push(Unused { binding, name, user, edits });
        }
    }
    found
}

fn is_dead(cx: &Context<'_>, owner: Owner) -> bool {
    let usage = cx.semantics().usage();
    match owner {
        Owner::File => false,
        Owner::Binding(id) => !usage.is_live(id),
        Owner::Source(source) => {
            let source = &cx.semantics().sources[source as usize];
            source.bindings.iter().all(|id| !usage.is_live(*id))
        }
    }
}

/// The binding and those that need it, which must go with it.
fn users(cx: &Context<'_>, id: BindingId) -> Vec<BindingId> {
    let semantics = cx.semantics();
    let mut gone = vec![id];
    let mut seen: FxHashSet<BindingId> = gone.iter().copied().collect();
    let mut next = 0;
    while let Some(id) = gone.get(next).copied() {
        next += 1;
        for user in semantics.uses(id) {
            let owners: &[BindingId] = match &user.owner {
                Owner::File => &[],
                Owner::Binding(id) => std::slice::from_ref(id),
                Owner::Source(source) => &semantics.sources[*source as usize].bindings,
            };
            gone.extend(owners.iter().filter(|owner| seen.insert(**owner)));
        }
    }
    gone
}

/// Takes bindings of `let` out of the text; nothing where one of them cannot be found.
fn removal(root: &ast::Root, cx: &Context<'_>, gone: &[BindingId]) -> Vec<(TextRange, String)> {
    let semantics = cx.semantics();
    let mut scopes: Vec<_> = gone.iter().map(|id| id.scope).collect();
    scopes.sort();
    scopes.dedup();
    let mut edits: Vec<(TextRange, String)> = Vec::new();
    for scope in scopes {
        let covering = root.syntax().covering_element(semantics.scope(scope).range);
        let Some(node) = covering.ancestors().find_map(ast::LetIn::cast) else { return Vec::new() };
        let names: Vec<&str> = gone
            .iter()
            .filter(|id| id.scope == scope)
            .map(|id| semantics.ir.name(semantics.binding(*id).name))
            .collect();
        let nodes = nodes(&node, &names);
        if nodes.is_empty() {
            return Vec::new();
        }
        edits.extend(edit::delete_bindings(&nodes));
    }
    // What stands inside something that goes is gone already.
    let all = edits.clone();
    edits.retain(|(range, _)| !all.iter().any(|(other, _)| other.contains_range(*range) && other != range));
    edits
}

/// The bindings and inherited names of a `let` that bind these names.
fn nodes(node: &ast::LetIn, names: &[&str]) -> Vec<SyntaxNode> {
    use ast::HasEntry as _;
    let is_one = |attr: &ast::Attr| static_name(attr).is_some_and(|name| names.contains(&name.as_str()));
    let mut nodes = Vec::new();
    for entry in node.entries() {
        match entry {
            ast::Entry::AttrpathValue(binding) => {
                if binding.attrpath().and_then(|path| path.attrs().next()).is_some_and(|first| is_one(&first))
                {
                    nodes.push(binding.syntax().clone());
                }
            }
            ast::Entry::Inherit(inherit) => {
                nodes.extend(inherit.attrs().filter(is_one).map(|name| name.syntax().clone()));
            }
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Group, Level};
    use crate::module::Outline;
    use crate::rule::{Fixable, RuleMeta, Status};
    use crate::semantic::lower;
    use crate::syntax::parse;
    use crate::text::{Edit, FileId, apply_edits};

    static META: RuleMeta = RuleMeta {
        name: "test",
        summary: "",
        docs: "",
        options: &[],
        group: Group::Style,
        level: Level::Info,
        on: true,
        variants: &[],
        fix: Fixable::Never,
        status: Status::Preview,
        repairs: &[],
        supersedes: &[],
        file: "",
    };

    /// The unused names of a text, each with what the text becomes without it.
    fn without_unused(text: &str) -> Vec<(String, String)> {
        let root = parse(text).root();
        let semantics = lower(&root);
        let outline = Outline::of(&semantics.ir);
        let cx = Context::new(FileId(0), text, &semantics, &outline, &META);
        let without = |unused: Unused<'_>| {
            let edit = |(range, text)| Edit { file: FileId(0), range, text };
            let edits: Vec<Edit> = unused.edits.into_iter().map(edit).collect();
            let result = apply_edits(text, &edits).expect("edits fit the text");
            assert!(parse(&result).is_ok(), "{result}");
            (unused.name.to_owned(), result)
        };
        unused(&root, &cx, |_| true).into_iter().map(without).collect()
    }

    #[test]
    fn users_go_with_what_they_use() {
        let text = "let\n  a = b;\n  b = a;\n  c = 1;\nin\nc\n";
        let without = "let\n  c = 1;\nin\nc\n";
        assert_eq!(
            without_unused(text),
            [("a".to_owned(), without.to_owned()), ("b".to_owned(), without.to_owned())]
        );
        let text = "let a = b; b = 1; in 2";
        assert_eq!(without_unused(text)[1], ("b".to_owned(), "2".to_owned()));
        assert_eq!(without_unused(text)[0], ("a".to_owned(), "let b = 1; in 2".to_owned()));
    }

    #[test]
    fn names_inside_unused_values_are_left_alone() {
        let names = without_unused("let a = let b = 1; in 2; in 3");
        assert_eq!(names, [("a".to_owned(), "3".to_owned())]);
    }

    #[test]
    fn inherited_names_go_one_by_one() {
        let text = "x: let inherit (x) a b; c = x; in b";
        let results: Vec<String> = without_unused(text).into_iter().map(|(_, result)| result).collect();
        assert_eq!(results, ["x: let inherit (x) b; c = x; in b", "x: let inherit (x) a b; in b"]);
    }

    #[test]
    fn sources_count_while_one_of_their_names_does() {
        assert!(without_unused("x: let y = x; inherit (y) a; in a").is_empty());
        let names: Vec<String> =
            without_unused("x: let y = x; inherit (y) a; in 1").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["y", "a"]);
    }

    #[test]
    fn syntax_uses_names_it_does_not_show() {
        assert!(without_unused("let __sub = a: b: 1; in 2 - 1").is_empty());
        assert!(without_unused("let __findFile = a: b: 1; in <x>").is_empty());
    }
}
