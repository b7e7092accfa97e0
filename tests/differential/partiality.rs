//! Hiding a part of a program never changes what is known of the rest: each part of the value is what
//! it was, or not known, or one of several values among which it is, under conditions that can all hold
//! at once.

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::Utf8Path;
use nixlint::eval::{
    Atom, Attrs, Condition, Element, List, Machine, Platform, Realm, Reason, Symbol, SymbolRoot, Text,
    TextPiece, Thunk, Val, Value, is_error,
};

use crate::evaluate::{Known, evaluate, whole};
use crate::generate::literal;
use crate::program::{Hiding, Program, Type};
use crate::random::Random;

/// Alternatives of atoms are tried one by one up to so many.
const MAX_ATOMS: usize = 14;

/// What stands for the hidden part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Hidden {
    /// An argument nobody passed.
    Unknown,
    /// An argument known by its name.
    Argument,
    /// A package.
    Package,
    /// An option.
    Option,
}

/// All of them.
pub(crate) const HIDDEN: &[Hidden] = &[Hidden::Unknown, Hidden::Argument, Hidden::Package, Hidden::Option];

/// Names that stand for hidden parts.
pub(crate) const NAMES: &[&str] = &["hidden'1", "hidden'2"];

/// The program as a function of what is hidden.
pub(crate) fn text(program: &Program) -> String {
    let arguments: String = NAMES.iter().map(|name| format!("{name}: ")).collect();
    format!("{arguments}{program:#}")
}

/// A way to hide a part of this kind: it itself, or only whether it is there, or that nothing else is.
pub(crate) fn hiding(kind: &Type, name: &str, random: &mut Random) -> Hiding {
    let named = |text: &str| text.replace("hidden'", name);
    let around = |before: &str, after: &str| Hiding::Around(named(before), named(after));
    match (kind, random.below(8)) {
        (_, 0 | 1) => {
            let other = literal(kind, random.next());
            Hiding::Around(named("(if hidden' then "), format!(" else {other})"))
        }
        (_, 2) => {
            let other = literal(kind, random.next());
            Hiding::Around(format!("(if {name} then {other} else "), ")".to_owned())
        }
        (Type::List(_), 3) => around("(hidden' ++ ", ")"),
        (Type::List(_), 4) => around("(", " ++ hidden')"),
        (Type::List(_), 5) => around("(builtins.filter hidden' ", ")"),
        (Type::Set(_), 3) => around("(hidden' // ", ")"),
        (Type::Set(_), 4) => around("(", " // hidden')"),
        (Type::Set(_), 5) => around("(", " // (if hidden' then { a = 1; x = [ ]; } else { }))"),
        (Type::Set(_), 6) => around("(removeAttrs ", " hidden')"),
        (Type::Str, 3) => around("(hidden' + ", ")"),
        (Type::Str, 4) => around("(", " + \"${hidden'}\")"),
        (Type::Bool, 3) => around("(hidden' && ", ")"),
        (Type::Bool, 4) => around("(hidden' || ", ")"),
        (Type::Bool, 5) => around("(hidden' -> ", ")"),
        _ => Hiding::Whole(name.to_owned()),
    }
}

/// What becomes known wrongly when the hidden part of a program is not known.
pub(crate) fn mistake(path: &Utf8Path, program: &Program, hidden: Hidden) -> Option<String> {
    let before = whole(path, &program.to_string());
    let after = evaluate(path, &text(program), |machine, file| {
        let symbol = |root, name: &str| {
            let path = vec![machine.name(name)];
            Val::of(Value::Symbol(Rc::new(Symbol { root, path })))
        };
        let argument = |name: &&str| match hidden {
            Hidden::Unknown => Val::unknown(Reason::Argument((*name).to_owned())).thunk(),
            Hidden::Argument => symbol(SymbolRoot::Argument(machine.name("argument")), name).thunk(),
            Hidden::Package => symbol(SymbolRoot::Packages(Platform::Unknown), name).thunk(),
            Hidden::Option => symbol(SymbolRoot::Config(Realm::System), name).thunk(),
        };
        let function = machine.force(file);
        let after = machine.apply_all(&function, NAMES.iter().map(argument), None).thunk();
        let needs = allows(machine, &after, &before)?;
        if needs.can_hold() { Ok(()) } else { Err(format!("no host has all of {}", machine.print(&after))) }
    });
    after.and_then(Result::err)
}

/// What must hold for a value to be possible.
#[derive(Debug, Clone)]
enum Needs {
    All(Vec<Needs>),
    Any(Vec<Needs>),
    Is(Condition, bool),
}

impl Needs {
    fn nothing() -> Self {
        Self::All(Vec::new())
    }

    /// Whether some truth values of the atoms fulfil it; `true` where there are too many.
    fn can_hold(&self) -> bool {
        let mut atoms = Vec::new();
        self.atoms(&mut atoms);
        atoms.len() > MAX_ATOMS || (0..1_u32 << atoms.len()).any(|truths| self.holds(&atoms, truths))
    }

    fn atoms(&self, atoms: &mut Vec<Rc<Atom>>) {
        match self {
            Self::All(all) | Self::Any(all) => all.iter().for_each(|one| one.atoms(atoms)),
            Self::Is(condition, _) => atoms_of(condition, atoms),
        }
    }

    fn holds(&self, atoms: &[Rc<Atom>], truths: u32) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(atoms, truths)),
            Self::Any(any) => any.iter().any(|one| one.holds(atoms, truths)),
            Self::Is(condition, truth) => holds(condition, atoms, truths) == *truth,
        }
    }
}

fn atoms_of(condition: &Condition, atoms: &mut Vec<Rc<Atom>>) {
    match condition {
        Condition::True | Condition::False => {}
        Condition::Literal { atom, .. } => {
            if !atoms.contains(atom) {
                atoms.push(atom.clone());
            }
        }
        Condition::All(all) | Condition::Any(all) => all.iter().for_each(|one| atoms_of(one, atoms)),
    }
}

fn holds(condition: &Condition, atoms: &[Rc<Atom>], truths: u32) -> bool {
    match condition {
        Condition::True => true,
        Condition::False => false,
        Condition::Literal { atom, negated } => {
            let at = atoms.iter().position(|other| other == atom).expect("every atom is collected");
            (truths >> at & 1 == 1) != *negated
        }
        Condition::All(all) => all.iter().all(|one| holds(one, atoms, truths)),
        Condition::Any(any) => any.iter().any(|one| holds(one, atoms, truths)),
    }
}

/// What must hold for `after` to be `before`, or why it cannot be.
fn allows(machine: &Machine<'_>, after: &Thunk, before: &Known) -> Result<Needs, String> {
    let after = machine.force(after);
    let nothing = Ok(Needs::nothing());
    let other = || Err(format!("{before:?} became {}", machine.print(&after.clone().thunk())));
    match (&after.value, before) {
        // What fails has no value that could change.
        (_, Known::Error(_) | Known::Unknown(_) | Known::Function) => nothing,
        (Value::Unknown(unknown), _) if is_error(unknown) => other(),
        (Value::Unknown(_) | Value::Symbol(_), _) => nothing,
        (Value::Choice(choice), _) => {
            let mut any = Vec::new();
            for (condition, val) in choice.iter() {
                if let Ok(needs) = allows(machine, val, before) {
                    any.push(Needs::All(vec![Needs::Is(condition.clone(), true), needs]));
                }
            }
            if any.is_empty() { other() } else { Ok(Needs::Any(any)) }
        }
        (Value::Condition(condition), Known::Bool(truth)) => Ok(Needs::Is(condition.clone(), *truth)),
        (Value::Null, Known::Null) => nothing,
        (Value::Bool(a), Known::Bool(b)) if a == b => nothing,
        (Value::Int(a), Known::Int(b)) if a == b => nothing,
        (Value::Float(a), Known::Float(b)) if a == b || a.is_nan() && b.is_nan() => nothing,
        (Value::Str(text), Known::Str(exact)) if fits(text, exact) => nothing,
        (Value::Path(a), Known::Path(b)) if a.as_str() == b => nothing,
        (Value::PathPattern(text), Known::Path(exact)) if fits(text, exact) => nothing,
        // What is added to something unknown is shown as text and may be a path.
        (Value::Str(text), Known::Path(exact))
            if matches!(text.pieces.first(), Some(TextPiece::Hole(_))) && fits(text, exact) =>
        {
            nothing
        }
        (Value::List(list), Known::List(items)) => {
            elements(machine, list, &list.elements, items).ok_or_else(|| other().expect_err("it is one"))
        }
        (Value::Attrs(attrs), Known::Set(names)) => entries(machine, attrs, names),
        _ => other(),
    }
}

/// Whether holes can be filled to give `exact`.
fn fits(text: &Text, exact: &str) -> bool {
    fn rest(pieces: &[TextPiece], exact: &str) -> bool {
        match pieces {
            [] => exact.is_empty(),
            [TextPiece::Known { text, .. }, more @ ..] => {
                exact.strip_prefix(&**text).is_some_and(|exact| rest(more, exact))
            }
            [TextPiece::Hole(_)] => true,
            [TextPiece::Hole(_), more @ ..] => {
                exact.char_indices().any(|(at, _)| rest(more, &exact[at..])) || rest(more, "")
            }
        }
    }
    rest(&text.pieces, exact)
}

/// What must hold for these elements of `list` to be `items`.
fn elements(machine: &Machine<'_>, list: &List, rest: &[Element], items: &[Known]) -> Option<Needs> {
    let Some((element, more)) = rest.split_first() else {
        return (items.is_empty() || list.open.is_some()).then(Needs::nothing);
    };
    let mut any = Vec::new();
    if let Some((item, others)) = items.split_first() {
        if let Ok(here) = allows(machine, &element.value, item)
            && let Some(needs) = elements(machine, list, more, others)
        {
            any.push(Needs::All(vec![Needs::Is(element.condition.clone(), true), here, needs]));
        }
        if list.open.is_some()
            && let Some(needs) = elements(machine, list, rest, others)
        {
            any.push(needs);
        }
    }
    if element.condition != Condition::True
        && let Some(needs) = elements(machine, list, more, items)
    {
        any.push(Needs::All(vec![Needs::Is(element.condition.clone(), false), needs]));
    }
    (!any.is_empty()).then_some(Needs::Any(any))
}

/// What must hold for `attrs` to be the set with these names.
fn entries(machine: &Machine<'_>, attrs: &Attrs, names: &BTreeMap<String, Known>) -> Result<Needs, String> {
    let mut all = Vec::new();
    let mut found = Vec::new();
    // What computed and unknown keys say of a name.
    let by_others = |name: &str, before: &Known| {
        let mut any = Vec::new();
        if attrs.open.is_some() {
            any.push(Needs::nothing());
        }
        for (_, entry) in attrs.patterns.iter().filter(|(key, _)| fits(key, name)) {
            if let Ok(needs) = allows(machine, &entry.value, before) {
                any.push(Needs::All(vec![Needs::Is(entry.condition.clone(), true), needs]));
            }
        }
        any
    };
    for (name, entry) in &attrs.entries {
        let name = machine.text_of(*name).to_string();
        match names.get(&name) {
            Some(before) => {
                let mut any = Vec::new();
                let here = allows(machine, &entry.value, before);
                if let Ok(needs) = &here {
                    any.push(Needs::All(vec![Needs::Is(entry.condition.clone(), true), needs.clone()]));
                }
                if entry.condition != Condition::True {
                    let absent = Needs::Is(entry.condition.clone(), false);
                    any.push(Needs::All(vec![absent, Needs::Any(by_others(&name, before))]));
                }
                match (any.is_empty(), here) {
                    (true, Err(reason)) => return Err(format!("{name}: {reason}")),
                    _ => all.push(Needs::Any(any)),
                }
            }
            None if entry.condition == Condition::True => return Err(format!("`{name}` is new")),
            None => all.push(Needs::Is(entry.condition.clone(), false)),
        }
        found.push(name);
    }
    for (name, before) in names.iter().filter(|(name, _)| !found.contains(name)) {
        let any = by_others(name, before);
        if any.is_empty() {
            return Err(format!("`{name}` is gone"));
        }
        all.push(Needs::Any(any));
    }
    Ok(Needs::All(all))
}
