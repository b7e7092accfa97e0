//! What modules from outside of the project may define, as far as the tables of `nixos/external` know them.
//!
//! Must never say that such a module does define something.

use super::host::Host;
use crate::nixos::external::{ExternalFlake, by_input, profile};
use crate::nixos::segments;

impl Host<'_> {
    /// Whether a module from outside that is known may define the option at `path`.
    pub fn may_be_set_outside(&self, path: &str) -> bool {
        let names = segments(path);
        self.external_names().any(|name| {
            flake(name).is_some_and(|flake| flake.may_define(&names))
                || profile(name).is_some_and(|profile| profile.sets.iter().any(|set| set.overlaps(&names)))
        })
    }

    /// Whether modules from outside belong to it of which nothing is known: they may define anything.
    pub fn has_unlisted_modules(&self) -> bool {
        self.external_names().any(|name| !is_of_nixpkgs(name) && flake(name).is_none())
    }
}

/// The flake that a module comes from, by the name of the module, e.g. `inputs.sops-nix.nixosModules.sops`.
fn flake(name: &str) -> Option<&'static ExternalFlake> {
    let name = name.trim_start_matches('(');
    let input = match name.strip_prefix("inputs.") {
        Some(rest) => segments(rest).into_iter().next()?,
        None => name.strip_prefix('<')?.split(['/', '>']).next()?.to_owned(),
    };
    by_input(input.split([' ', '/']).next()?)
}

/// Whether the module is one of nixpkgs or made by its `lib`.
fn is_of_nixpkgs(name: &str) -> bool {
    let name = name.trim_start_matches('(');
    let is_below = |root: &str| {
        name.strip_prefix(root)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/', ' ', ')', '>']))
    };
    ["modulesPath", "lib", "inputs.nixpkgs", "<nixpkgs"].into_iter().any(is_below)
}
