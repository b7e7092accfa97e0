//! Where names stand in a list of sets: modules are many, and each defines few of all names.

use crate::eval::{Attrs, Name};

/// The places of names in a list of sets.
pub(super) struct Places {
    /// Names with the places of the sets that have them, in order.
    sorted: Vec<(Name, u32)>,
    /// The places of what may have any name.
    anywhere: Vec<u32>,
}

impl Places {
    /// Reads the sets, each with its place, in order; `None` may have any name, and so may a set with holes in its keys
    /// or, where `open_ones_count`, with names that are not known.
    pub(super) fn new<'a>(
        sets: impl Iterator<Item = (usize, Option<&'a Attrs>)>,
        open_ones_count: bool,
    ) -> Self {
        let (mut sorted, mut anywhere) = (Vec::new(), Vec::new());
        for (place, attrs) in sets {
            let place = place as u32;
            let Some(attrs) = attrs else {
                anywhere.push(place);
                continue;
            };
            sorted.extend(attrs.entries.iter().map(|(name, _)| (*name, place)));
            if !attrs.patterns.is_empty() || (open_ones_count && attrs.open.is_some()) {
                anywhere.push(place);
            }
        }
        sorted.sort_unstable();
        Self { sorted, anywhere }
    }

    /// The places of the sets that have, or may have, the name, ascending.
    pub(super) fn of(&self, name: Name) -> Vec<usize> {
        let start = self.sorted.partition_point(|(other, _)| *other < name);
        let having = self.sorted[start..].iter().take_while(|(other, _)| *other == name);
        let mut places: Vec<usize> = having.map(|(_, place)| *place as usize).collect();
        if !self.anywhere.is_empty() {
            places.extend(self.anywhere.iter().map(|place| *place as usize));
            places.sort_unstable();
            places.dedup();
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::eval::{Entry, Reason, Text, Unknown, Val, Value};

    #[test]
    fn names_are_found_in_the_order_of_the_sets() {
        let set = |names: &[u32]| {
            let entry = |name: &u32| (Name(*name), Entry::of(Val::of(Value::Null).thunk()));
            Attrs::from_entries(names.iter().map(entry).collect())
        };
        let open = Attrs { open: Some(Unknown::new(Reason::Several)), ..set(&[2]) };
        let pattern = (Rc::new(Text::default()), Entry::of(Val::of(Value::Null).thunk()));
        let holes = Attrs { patterns: vec![pattern], ..set(&[]) };
        let sets = [Some(set(&[3, 1])), Some(open), Some(set(&[1, 2])), Some(holes), None, Some(set(&[1]))];
        let of = |open_ones_count: bool, name: u32| {
            let sets = sets.iter().map(Option::as_ref).enumerate();
            Places::new(sets, open_ones_count).of(Name(name))
        };
        assert_eq!(of(false, 1), [0, 2, 3, 4, 5]);
        assert_eq!(of(true, 1), [0, 1, 2, 3, 4, 5]);
        assert_eq!(of(false, 2), [1, 2, 3, 4]);
        assert_eq!(of(true, 4), [1, 3, 4]);
    }
}
