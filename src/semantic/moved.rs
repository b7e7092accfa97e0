//! Whether two programs differ in nothing but the places of their parts.

use super::ir::{Attr, AttrSet, DynamicAttr, Expr, Formal, Ir, Key, Lambda, Part};
use crate::text::{Change, TextRange};

impl Ir {
    /// Whether `new` is this program after a change of its text that says nothing new, such as one of comments
    /// or blanks: each part is where the change has put it.
    ///
    /// False where the program asks where it stands.
    pub fn is_only_moved(&self, new: &Self, change: &Change) -> bool {
        let moved = Moved { change };
        self.root == new.root
            && self.symbols == new.symbols
            && self.exprs.len() == new.exprs.len()
            && self.spans.iter().zip(&new.spans).all(|(old, new)| moved.range(*old, *new))
            && self.exprs.iter().zip(&new.exprs).all(|(old, new)| moved.expr(old, new))
    }
}

struct Moved<'c> {
    change: &'c Change,
}

impl Moved<'_> {
    fn range(&self, old: TextRange, new: TextRange) -> bool {
        self.change.around(old) == Some(new)
    }

    fn expr(&self, old: &Expr, new: &Expr) -> bool {
        match (old, new) {
            (Expr::Error, Expr::Error) => true,
            (Expr::Int(old), Expr::Int(new)) => old == new,
            (Expr::Float(old), Expr::Float(new)) => old.to_bits() == new.to_bits(),
            (Expr::Str(old), Expr::Str(new)) => self.all(old, new, Self::part),
            (Expr::Path(old_kind, old), Expr::Path(new_kind, new)) => {
                old_kind == new_kind && self.all(old, new, Self::part)
            }
            (Expr::SearchPath(old), Expr::SearchPath(new)) => old == new,
            (Expr::List(old), Expr::List(new)) => old == new,
            (Expr::Attrs(old), Expr::Attrs(new)) => self.set(old, new),
            (Expr::Let(old), Expr::Let(new)) => old.1 == new.1 && self.set(&old.0, &new.0),
            (Expr::Lambda(old), Expr::Lambda(new)) => self.lambda(old, new),
            (Expr::Select(old), Expr::Select(new)) => {
                old.0 == new.0 && old.2 == new.2 && self.all(&old.1, &new.1, Self::key)
            }
            (Expr::HasAttr(old), Expr::HasAttr(new)) => old.0 == new.0 && self.all(&old.1, &new.1, Self::key),
            (Expr::If(old), Expr::If(new)) => old == new,
            (Expr::Not(old), Expr::Not(new)) | (Expr::Negate(old), Expr::Negate(new)) => old == new,
            (Expr::Apply(old, old_last), Expr::Apply(new, new_last))
            | (Expr::Assert(old, old_last), Expr::Assert(new, new_last))
            | (Expr::With(old, old_last), Expr::With(new, new_last)) => (old, old_last) == (new, new_last),
            (Expr::Binary(old_op, old, old_last), Expr::Binary(new_op, new, new_last)) => {
                (old_op, old, old_last) == (new_op, new, new_last)
            }
            (Expr::Local { up: old_up, slot: old }, Expr::Local { up: new_up, slot: new }) => {
                (old_up, old) == (new_up, new)
            }
            (Expr::Global(old), Expr::Global(new))
            | (Expr::WithName(old), Expr::WithName(new))
            | (Expr::Undefined(old), Expr::Undefined(new)) => old == new,
            // `Expr::CurPos` among them, whose value is its place.
            _ => false,
        }
    }

    fn all<T>(&self, old: &[T], new: &[T], is_moved: impl Fn(&Self, &T, &T) -> bool) -> bool {
        old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_moved(self, old, new))
    }

    fn part(&self, old: &Part, new: &Part) -> bool {
        match (old, new) {
            (Part::Text { text: old, map: old_map }, Part::Text { text: new, map: new_map }) => {
                old == new
                    && old_map.entries().len() == new_map.entries().len()
                    && old_map
                        .entries()
                        .zip(new_map.entries())
                        .all(|(old, new)| old.0 == new.0 && self.range(old.1, new.1))
            }
            (
                Part::Interpolation { expr: old, range: old_range },
                Part::Interpolation { expr: new, range: new_range },
            ) => old == new && self.range(*old_range, *new_range),
            _ => false,
        }
    }

    fn set(&self, old: &AttrSet, new: &AttrSet) -> bool {
        old.recursive == new.recursive
            && self.all(&old.attrs, &new.attrs, Self::attr)
            && self.all(&old.dynamic, &new.dynamic, Self::dynamic)
    }

    fn attr(&self, old: &Attr, new: &Attr) -> bool {
        (old.name, old.value, old.inherited) == (new.name, new.value, new.inherited)
            && self.range(old.key, new.key)
            && self.range(old.binding, new.binding)
    }

    fn dynamic(&self, old: &DynamicAttr, new: &DynamicAttr) -> bool {
        (old.name, old.value) == (new.name, new.value)
            && self.range(old.key, new.key)
            && self.range(old.binding, new.binding)
    }

    fn key(&self, old: &Key, new: &Key) -> bool {
        match (old, new) {
            (Key::Static(old, old_range), Key::Static(new, new_range)) => {
                old == new && self.range(*old_range, *new_range)
            }
            (Key::Dynamic(old), Key::Dynamic(new)) => old == new,
            _ => false,
        }
    }

    fn lambda(&self, old: &Lambda, new: &Lambda) -> bool {
        let formals = match (&old.formals, &new.formals) {
            (Some(old), Some(new)) => self.all(old, new, Self::formal),
            (old, new) => old.is_none() && new.is_none(),
        };
        (old.ellipsis, old.name, old.body) == (new.ellipsis, new.name, new.body) && formals
    }

    fn formal(&self, old: &Formal, new: &Formal) -> bool {
        (old.name, old.default) == (new.name, new.default) && self.range(old.range, new.range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantic::lower;
    use crate::syntax::parse;

    fn is_only_moved(old: &str, new: &str) -> bool {
        let ir = |text: &str| lower(&parse(text).root()).ir;
        let change = Change::between(old, new).expect("they differ");
        ir(old).is_only_moved(&ir(new), &change)
    }

    #[test]
    fn blanks_and_comments_say_nothing_new() {
        let text = "{ a, ... }@b: rec { x = [ 1 2.5 a.y.z ]; \"${x}\" = ./p + \"é\"; inherit (b) c; }";
        for (at, added) in
            [("{ a", "# c\n"), ("2.5", "/* 日 */ "), ("a.y", "\n"), ("inherit", "  "), ("é", "")]
        {
            let new = text.replacen(at, &format!("{added}{at}"), 1);
            assert_eq!(new != text && is_only_moved(text, &new), !added.is_empty(), "{new}");
        }
        assert!(is_only_moved("[ 1 ] # a", "[ 1 ]"));
    }

    #[test]
    fn what_is_written_counts() {
        for (old, new) in [
            ("[ 1 2 ]", "[ 1 3 ]"),
            ("[ 1 2 ]", "[ 12 ]"),
            ("\"a\"", "\"b\""),
            ("''\n  a\n''", "''\n  a\n\n''"),
            ("{ a = 1; }", "rec { a = 1; }"),
            ("a: a", "b: b"),
            ("{ a ? 1 }: a", "{ a }: a"),
            ("x.y or 1", "x.y"),
            ("./a", "./b"),
            ("1 + 1", "1 - 1"),
            ("{ inherit a; }", "{ a = a; }"),
            ("__curPos", " __curPos"),
        ] {
            assert!(!is_only_moved(old, new), "{old} {new}");
        }
    }

    #[test]
    fn places_must_be_those_of_the_change() {
        // The smallest change takes the second name for the first one.
        assert!(!is_only_moved(" b\n", "b # b\n"));
    }
}
