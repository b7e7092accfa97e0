//! Whether names mean in an edited text what they meant before.

use super::builtins::is_global;
use super::scope::{Binding, Resolution, ScopeKind, Semantics};
use crate::text::{Origins, TextSize};

impl Semantics {
    /// Whether every name that the edits kept means what it meant here, and every name that an edit wrote what it
    /// would have meant here in its place; `new` is of the edited text. Says no in doubt.
    pub fn keeps_meaning(&self, new: &Self, origins: &Origins) -> bool {
        new.references.iter().all(|reference| {
            let name = new.ir.name(reference.name);
            let kept = origins.old(reference.range).and_then(|range| self.resolve(range));
            let meant = kept.unwrap_or_else(|| self.meaning_at(name, origins.place(reference.range.start())));
            match (meant, reference.resolution) {
                (Resolution::Binding(old), Resolution::Binding(new_id)) => {
                    is_kept(self.binding(old), new.binding(new_id), origins)
                }
                (Resolution::With(_), Resolution::With(_)) => true,
                (old, new) => old == new,
            }
        })
    }

    /// What a name would mean at a place, as far as the scopes around it tell.
    fn meaning_at(&self, name: &str, place: TextSize) -> Resolution {
        let around = self.numbered_scopes().filter(|(_, scope)| scope.range.contains(place));
        let innermost = around.last().map(|(id, _)| id);
        let bound = self.around(innermost).find_map(|scope| {
            let mut bindings = self.bindings(scope);
            bindings.find(|(_, binding)| self.ir.name(binding.name) == name).map(|(id, _)| id)
        });
        let with = || self.around(innermost).find(|scope| self.scope(*scope).kind == ScopeKind::With);
        match bound {
            Some(binding) => Resolution::Binding(binding),
            None if is_global(name) => Resolution::Builtin,
            None => with().map_or(Resolution::Undefined, Resolution::With),
        }
    }
}

/// Whether both are one binding; one that an edit wrote stands for any that the edits did away with.
fn is_kept(old: &Binding, new: &Binding, origins: &Origins) -> bool {
    match origins.old(new.range) {
        Some(range) => range == old.range,
        None => !origins.keeps(old.range),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lower;
    use super::*;
    use crate::syntax::parse;
    use crate::text::{Edit, FileId, TextRange, apply_edits};

    /// Whether names mean the same when each first text is replaced by the second, in order.
    fn keeps(text: &str, changes: &[(&str, &str)]) -> bool {
        let mut from = 0;
        let edits: Vec<Edit> = changes
            .iter()
            .map(|(old, new)| {
                let start = from + text[from..].find(old).expect("the text has it");
                from = start + old.len();
                let range = TextRange::at((start as u32).into(), TextSize::of(*old));
                Edit { file: FileId(0), range, text: (*new).to_owned() }
            })
            .collect();
        let after = apply_edits(text, &edits).expect("they fit");
        let semantics = |text: &str| lower(&parse(text).root());
        semantics(text).keeps_meaning(&semantics(&after), &Origins::new(text, &edits))
    }

    #[test]
    fn kept_names_mean_the_same() {
        for (text, changes) in [
            ("let a = 1; in let b = a; in b", [(" in let", "")].as_slice()),
            ("rec { a = 1; b = (a); }", &[("(", ""), (")", "")]),
            ("let x = 1; y = 2; in y", &[("x = 1; ", "")]),
            ("with a; (b)", &[("(", ""), (")", "")]),
            ("let a = b.a; b = { }; in a", &[("a = b.a", "inherit (b) a")]),
            ("with a; if !true then b else c", &[("!true", "false")]),
        ] {
            assert!(keeps(text, changes), "{text}");
        }
    }

    #[test]
    fn names_of_other_bindings_are_noticed() {
        for (text, changes) in [
            ("c: let a = c; in let b = 2; in let c = 3; in a", [(" in let", ""), (" in let", "")].as_slice()),
            ("let a = !true; in let false = 5; in a", &[("!true", "false"), (" in let", "")]),
            (
                "let lib = 1; in \"${toString true}\"",
                &[("let lib = 1; in ", ""), ("toString", "lib.boolToString")],
            ),
            ("let x = 1; in rec { x = x; }", &[("x = x", "inherit x")]),
            ("with a; b", &[("with a; ", "")]),
        ] {
            assert!(!keeps(text, changes), "{text}");
        }
    }
}
