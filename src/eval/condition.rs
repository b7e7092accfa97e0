//! Formulas over option values: when a definition holds.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::scope::Realm;
use super::value::Name;
use crate::text::Span;

/// Atoms in one formula. Where more would come together, one atom stands for all of them: only what is
/// written to be large has so many.
const MAX_SIZE: usize = 128;

/// A formula. Build it with [`Condition::and`] and friends, which keep it small.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Holds always.
    True,
    /// Never holds.
    False,
    /// An atom or its negation.
    Literal {
        /// What it says.
        atom: Rc<Atom>,
        /// Whether it is negated.
        negated: bool,
    },
    /// All of these hold.
    All(Rc<Vec<Condition>>),
    /// At least one of these holds.
    Any(Rc<Vec<Condition>>),
}

/// Something that is true or false for a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Atom {
    /// The option at this path is `true`.
    Option(OptionPath),
    /// The option at this path has this value.
    Equals(OptionPath, Scalar),
    /// An expression that could not be read as one of the others. The number tells its evaluations apart:
    /// one place may be evaluated for many values. See [`Machine::opaque`].
    ///
    /// [`Machine::opaque`]: super::Machine::opaque
    Opaque(Span, u32),
    /// A formula that was too large to keep, by its hash: equal formulas are equal atoms.
    Large(u64),
}

/// An option as the modules of one option tree name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OptionPath {
    /// The option tree.
    pub realm: Realm,
    /// The names from its root.
    pub names: Box<[Name]>,
}

/// A constant that options are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `null`
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string without holes.
    Str(Box<str>),
}

impl Condition {
    /// The atom, not negated.
    pub fn atom(atom: Atom) -> Self {
        Self::Literal { atom: Rc::new(atom), negated: false }
    }

    /// Known truth.
    pub fn known(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }

    /// Both hold.
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, x) | (x, Self::True) => x.clone(),
            (a, b) if a == b => a.clone(),
            (a, b) if a.size() + b.size() > MAX_SIZE => Self::large("and", a, b),
            (a, b) => {
                let mut all: Vec<Self> = a.conjuncts().to_vec();
                for conjunct in b.conjuncts() {
                    if !all.contains(conjunct) {
                        all.push(conjunct.clone());
                    }
                }
                if all.iter().any(|one| all.contains(&one.not())) {
                    return Self::False;
                }
                Self::All(Rc::new(all))
            }
        }
    }

    /// At least one holds.
    pub fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, x) | (x, Self::False) => x.clone(),
            (a, b) if a == b => a.clone(),
            (a, b) if *a == b.not() => Self::True,
            (a, b) if a.size() + b.size() > MAX_SIZE => Self::large("or", a, b),
            (a, b) => {
                let mut any: Vec<Self> = a.disjuncts().to_vec();
                for disjunct in b.disjuncts() {
                    if !any.contains(disjunct) {
                        any.push(disjunct.clone());
                    }
                }
                Self::Any(Rc::new(any))
            }
        }
    }

    /// It does not hold.
    pub fn not(&self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Literal { atom, negated } => Self::Literal { atom: atom.clone(), negated: !negated },
            Self::All(all) => Self::Any(Rc::new(all.iter().map(Self::not).collect())),
            Self::Any(any) => Self::All(Rc::new(any.iter().map(Self::not).collect())),
        }
    }

    /// It holds, and `other` does not: what both ask for is not asked twice.
    pub fn and_not(&self, other: &Self) -> Self {
        let own = self.conjuncts();
        let rest = other.conjuncts().iter().filter(|one| !own.contains(one));
        let negated = rest.fold(Self::False, |any, one| any.or(&one.not()));
        self.and(&negated)
    }

    /// Whether a part of it could not be read as a question about options.
    pub fn has_opaque(&self) -> bool {
        self.any_atom(&mut |atom| matches!(atom, Atom::Opaque(..) | Atom::Large(_)))
    }

    /// Whether `other` holds wherever `self` does, as far as equal atoms show it.
    pub fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::False, _) | (_, Self::True) => true,
            (a, b) if a == b => true,
            (Self::Any(any), b) => any.iter().all(|one| one.implies(b)),
            (a, Self::All(all)) => all.iter().all(|one| a.implies(one)),
            (a, Self::Any(any)) => any.iter().any(|one| a.implies(one)),
            (Self::All(all), b) => all.iter().any(|one| one == b),
            _ => false,
        }
    }

    /// Whether both can hold at once; `true` when in doubt.
    pub fn compatible(&self, other: &Self) -> bool {
        if matches!(self.and(other), Self::False) {
            return false;
        }
        let differ = |a: &Self, b: &Self| match (a, b) {
            (Self::Literal { atom: a, negated: false }, Self::Literal { atom: b, negated: false }) => {
                matches!((&**a, &**b), (Atom::Equals(p, x), Atom::Equals(q, y)) if p == q && x != y)
            }
            _ => false,
        };
        !self.conjuncts().iter().any(|a| other.conjuncts().iter().any(|b| differ(a, b)))
    }

    /// The formula with every atom replaced by what `decide` knows of it.
    pub fn decide(&self, decide: &mut dyn FnMut(&Atom) -> Option<bool>) -> Self {
        self.decide_more(decide).unwrap_or_else(|| self.clone())
    }

    /// The same; `None` where nothing is known of any atom.
    fn decide_more(&self, decide: &mut dyn FnMut(&Atom) -> Option<bool>) -> Option<Self> {
        match self {
            Self::True | Self::False => None,
            Self::Literal { atom, negated } => decide(atom).map(|truth| Self::known(truth != *negated)),
            Self::All(all) => fold(all, &Self::True, Self::and, decide),
            Self::Any(any) => fold(any, &Self::False, Self::or, decide),
        }
    }

    /// Whether an atom of it satisfies `wanted`.
    pub fn any_atom(&self, wanted: &mut dyn FnMut(&Atom) -> bool) -> bool {
        match self {
            Self::True | Self::False => false,
            Self::Literal { atom, .. } => wanted(atom),
            Self::All(inner) | Self::Any(inner) => inner.iter().any(|one| one.any_atom(wanted)),
        }
    }

    /// The formulas that must all hold.
    pub fn conjuncts(&self) -> &[Self] {
        match self {
            Self::All(all) => all,
            Self::True => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The atom for a formula of two parts that is too large.
    fn large(operator: &str, a: &Self, b: &Self) -> Self {
        let mut hasher = DefaultHasher::new();
        (operator, a, b).hash(&mut hasher);
        Self::atom(Atom::Large(hasher.finish()))
    }

    fn size(&self) -> usize {
        match self {
            Self::True | Self::False | Self::Literal { .. } => 1,
            Self::All(inner) | Self::Any(inner) => inner.iter().map(Self::size).sum(),
        }
    }

    fn disjuncts(&self) -> &[Self] {
        match self {
            Self::Any(any) => any,
            Self::False => &[],
            _ => std::slice::from_ref(self),
        }
    }
}

/// Puts parts together again of which some are decided; `None` where none is. `start` changes nothing.
fn fold(
    parts: &[Condition],
    start: &Condition,
    join: fn(&Condition, &Condition) -> Condition,
    decide: &mut dyn FnMut(&Atom) -> Option<bool>,
) -> Option<Condition> {
    // What the one sort of truth ends is not looked at further.
    let end = start.not();
    let mut sum: Option<Condition> = None;
    for (at, part) in parts.iter().enumerate() {
        let decided = part.decide_more(decide);
        if sum.is_none() && decided.is_some() {
            sum = Some(parts[..at].iter().fold(start.clone(), |sum, part| join(&sum, part)));
        }
        if let Some(before) = &sum {
            let joined = join(before, decided.as_ref().unwrap_or(part));
            if joined == end {
                return Some(joined);
            }
            sum = Some(joined);
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::collection;
    use proptest::prelude::*;

    use super::*;

    fn path(name: u32) -> OptionPath {
        OptionPath { realm: Realm::System, names: Box::new([Name(name)]) }
    }

    fn option(name: u32) -> Condition {
        Condition::atom(Atom::Option(path(name)))
    }

    #[test]
    fn formulas_stay_small() {
        let (a, b) = (option(1), option(2));
        assert_eq!(a.and(&Condition::True), a);
        assert_eq!(a.and(&a.not()), Condition::False);
        assert_eq!(a.or(&a.not()), Condition::True);
        assert_eq!(a.and(&b).and(&a), a.and(&b));
        assert_eq!(a.and(&b).not().not(), a.and(&b));
        assert_eq!(a.and_not(&a.and(&b)), a.and(&b.not()));
        assert_eq!(a.and_not(&a), Condition::False);
    }

    #[test]
    fn formulas_do_not_double_without_end() {
        let mut formula = Condition::True;
        for name in 0..200 {
            formula = formula.or(&option(2 * name)).and(&option(2 * name + 1)).or(&formula.not());
        }
        assert!(formula.size() <= MAX_SIZE);
    }

    #[test]
    fn implication_and_compatibility() {
        let (a, b) = (option(1), option(2));
        assert!(a.and(&b).implies(&a));
        assert!(!a.implies(&a.and(&b)));
        assert!(a.implies(&a.or(&b)));
        assert!(a.compatible(&b));
        assert!(!a.and(&b).compatible(&b.not()));
        let is = |value| Condition::atom(Atom::Equals(path(3), Scalar::Int(value)));
        assert!(!is(1).compatible(&is(2)));
        assert!(is(1).compatible(&is(1)));
    }

    #[test]
    fn known_atoms_are_decided() {
        let formula = option(1).and(&option(2).not());
        let decided = formula.decide(&mut |atom| match atom {
            Atom::Option(path) => Some(path.names[0] == Name(1)),
            _ => None,
        });
        assert_eq!(decided, Condition::True);
    }

    /// Options in generated formulas.
    const OPTIONS: u32 = 4;

    /// A formula as it is written.
    #[derive(Debug, Clone)]
    enum Written {
        Truth(bool),
        Option(u32),
        /// One option has this value: at most one of these holds.
        Value(i64),
        Not(Box<Written>),
        And(Box<Written>, Box<Written>),
        Or(Box<Written>, Box<Written>),
    }

    /// What options are: a bit each, and the value of one more.
    #[derive(Debug, Clone, Copy)]
    struct World {
        bits: u32,
        value: i64,
    }

    fn worlds() -> impl Iterator<Item = World> {
        (0..1 << OPTIONS).flat_map(|bits| (0..3).map(move |value| World { bits, value }))
    }

    impl World {
        fn atom(self, atom: &Atom) -> Option<bool> {
            match atom {
                Atom::Option(path) => Some(self.bits >> path.names[0].0 & 1 == 1),
                Atom::Equals(_, Scalar::Int(value)) => Some(self.value == *value),
                _ => None,
            }
        }

        fn holds(self, condition: &Condition) -> Option<bool> {
            match condition.decide(&mut |atom| self.atom(atom)) {
                Condition::True => Some(true),
                Condition::False => Some(false),
                _ => None,
            }
        }
    }

    impl Written {
        fn holds(&self, world: World) -> bool {
            match self {
                Self::Truth(truth) => *truth,
                Self::Option(name) => world.bits >> name & 1 == 1,
                Self::Value(value) => world.value == *value,
                Self::Not(inner) => !inner.holds(world),
                Self::And(a, b) => a.holds(world) && b.holds(world),
                Self::Or(a, b) => a.holds(world) || b.holds(world),
            }
        }

        fn built(&self) -> Condition {
            match self {
                Self::Truth(truth) => Condition::known(*truth),
                Self::Option(name) => option(*name),
                Self::Value(value) => Condition::atom(Atom::Equals(path(OPTIONS), Scalar::Int(*value))),
                Self::Not(inner) => inner.built().not(),
                Self::And(a, b) => a.built().and(&b.built()),
                Self::Or(a, b) => a.built().or(&b.built()),
            }
        }
    }

    fn written() -> impl Strategy<Value = Written> {
        let leaf = prop_oneof![
            1 => any::<bool>().prop_map(Written::Truth),
            6 => (0..OPTIONS).prop_map(Written::Option),
            2 => (0..3_i64).prop_map(Written::Value),
        ];
        leaf.prop_recursive(6, 40, 2, |inner| {
            let pair = (inner.clone(), inner.clone());
            prop_oneof![
                inner.prop_map(|inner| Written::Not(Box::new(inner))),
                pair.clone().prop_map(|(a, b)| Written::And(Box::new(a), Box::new(b))),
                pair.prop_map(|(a, b)| Written::Or(Box::new(a), Box::new(b))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

        #[test]
        fn formulas_hold_where_they_do_as_written(formula in written()) {
            let condition = formula.built();
            for world in worlds() {
                prop_assert_eq!(world.holds(&condition), Some(formula.holds(world)), "{:?} in {:?}", condition, world);
            }
        }

        #[test]
        fn deciding_a_part_first_changes_nothing(formula in written(), known in 0..1_u32 << OPTIONS) {
            let condition = formula.built();
            for world in worlds() {
                let part = condition.decide(&mut |atom| match atom {
                    Atom::Option(path) if known >> path.names[0].0 & 1 == 1 => world.atom(atom),
                    _ => None,
                });
                prop_assert_eq!(world.holds(&part), Some(formula.holds(world)));
            }
        }

        #[test]
        fn implication_holds_in_every_world(a in written(), b in written()) {
            let implies = a.built().implies(&b.built());
            let is_refuted = worlds().any(|world| a.holds(world) && !b.holds(world));
            prop_assert!(!(implies && is_refuted));
        }

        #[test]
        fn what_holds_without_another_does_so_in_every_world(a in written(), b in written()) {
            let without = a.built().and_not(&b.built());
            for world in worlds() {
                prop_assert_eq!(world.holds(&without), Some(a.holds(world) && !b.holds(world)));
            }
        }

        #[test]
        fn what_holds_together_in_a_world_is_compatible(a in written(), b in written()) {
            let together = worlds().any(|world| a.holds(world) && b.holds(world));
            prop_assert!(a.built().compatible(&b.built()) || !together);
        }

        #[test]
        fn large_formulas_are_right_or_not_decided(formulas in collection::vec((written(), any::<bool>()), 40)) {
            let mut condition = Condition::True;
            for (formula, is_and) in &formulas {
                let next = formula.built();
                condition = if *is_and { condition.and(&next) } else { condition.or(&next) };
            }
            for world in worlds() {
                let expected = formulas.iter().fold(true, |sum, (formula, is_and)| match is_and {
                    true => sum && formula.holds(world),
                    false => sum || formula.holds(world),
                });
                prop_assert!(world.holds(&condition).is_none_or(|holds| holds == expected));
            }
        }
    }
}
