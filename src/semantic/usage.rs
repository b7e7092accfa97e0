//! Which bindings of a file are used, by whom, and to what end.

use rustc_hash::FxHashMap;

use super::scope::{BindingId, Owner, Reference, Resolution, ScopeId, ScopeKind, Semantics};

/// Names that Nix looks up without their being written: `<x>` calls `__findFile __nixPath`, `-` calls `__sub`,
/// and so on (src/libexpr/parser.y of NixOS/nix). Using one of these constructs uses a binding of the name.
pub const IMPLICIT: [&str; 6] = ["__div", "__findFile", "__lessThan", "__mul", "__nixPath", "__sub"];

/// Uses of bindings, numbered by [`BindingId`].
#[derive(Debug)]
pub struct Usage {
    /// First number of each scope's bindings.
    offsets: Box<[u32]>,
    /// Where the uses of each binding begin in `uses`, and one more.
    starts: Box<[u32]>,
    /// Indices of references, by binding.
    uses: Box<[u32]>,
    /// Whether a binding is needed for what the file is for.
    live: Box<[bool]>,
    /// Whether a `with` may give a name that is used.
    withs: Box<[bool]>,
}

impl Usage {
    pub(super) fn of(semantics: &Semantics) -> Self {
        let mut offsets = Vec::with_capacity(semantics.scopes.len());
        let mut total = 0;
        for scope in &semantics.scopes {
            offsets.push(total);
            total += scope.bindings.len() as u32;
        }
        let number = |id: BindingId| (offsets[id.scope.0 as usize] + id.slot) as usize;

        let mut starts = vec![0_u32; total as usize + 1];
        let mut withs = vec![false; semantics.scopes.len()];
        for reference in &semantics.references {
            match reference.resolution {
                Resolution::Binding(id) => starts[number(id) + 1] += 1,
                Resolution::With(innermost) => {
                    for scope in semantics.around(Some(innermost)) {
                        let is_with = semantics.scope(scope).kind == ScopeKind::With;
                        if is_with && std::mem::replace(&mut withs[scope.0 as usize], true) {
                            break;
                        }
                    }
                }
                Resolution::Builtin | Resolution::Undefined => {}
            }
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut uses = vec![0; *starts.last().unwrap_or(&0) as usize];
        for (index, reference) in semantics.references.iter().enumerate() {
            if let Resolution::Binding(id) = reference.resolution {
                let next = &mut next[number(id)];
                uses[*next as usize] = index as u32;
                *next += 1;
            }
        }

        let live = live(semantics, total as usize, number);
        let (offsets, starts, uses) = (offsets.into(), starts.into(), uses.into());
        Self { offsets, starts, uses, live, withs: withs.into() }
    }

    fn number(&self, id: BindingId) -> usize {
        (self.offsets[id.scope.0 as usize] + id.slot) as usize
    }

    /// Indices of the references that mean this binding, in the order in which they were read.
    pub fn uses(&self, id: BindingId) -> &[u32] {
        let number = self.number(id);
        &self.uses[self.starts[number] as usize..self.starts[number + 1] as usize]
    }

    /// Whether anything needs the binding but bindings of `let` that nothing needs. Names that syntax uses
    /// without writing them always are.
    pub fn is_live(&self, id: BindingId) -> bool {
        self.live[self.number(id)]
    }

    /// Whether a name is used that this `with` may give.
    pub fn is_with_used(&self, with: ScopeId) -> bool {
        self.withs[with.0 as usize]
    }
}

/// What follows from the references that serve the file itself.
fn live(semantics: &Semantics, total: usize, number: impl Fn(BindingId) -> usize) -> Box<[bool]> {
    let mut by_owner: FxHashMap<Owner, Vec<&Reference>> = FxHashMap::default();
    let mut pending: Vec<BindingId> = Vec::new();
    let mut live = vec![false; total];
    let mut mark = |reference: &Reference, pending: &mut Vec<BindingId>| {
        if let Resolution::Binding(id) = reference.resolution
            && !std::mem::replace(&mut live[number(id)], true)
        {
            pending.push(id);
        }
    };
    for reference in &semantics.references {
        match reference.owner {
            Owner::File => mark(reference, &mut pending),
            owner => by_owner.entry(owner).or_default().push(reference),
        }
    }
    let mut sources: FxHashMap<BindingId, u32> = FxHashMap::default();
    for (index, source) in semantics.sources.iter().enumerate() {
        sources.extend(source.bindings.iter().map(|id| (*id, index as u32)));
    }
    let implicit = semantics.ir.names().any(|name| IMPLICIT.contains(&name));
    while let Some(id) = pending.pop() {
        let source = sources.get(&id).map(|index| Owner::Source(*index));
        for owner in source.into_iter().chain([Owner::Binding(id)]) {
            for reference in by_owner.remove(&owner).unwrap_or_default() {
                mark(reference, &mut pending);
            }
        }
    }
    if implicit {
        for (scope, _) in semantics.numbered_scopes() {
            for (id, binding) in semantics.bindings(scope) {
                if IMPLICIT.contains(&semantics.ir.name(binding.name)) {
                    live[number(id)] = true;
                }
            }
        }
    }
    live.into()
}
