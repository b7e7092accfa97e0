use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds attributes of derivations that nobody looks at, and that are a slip away from one that the builder knows:
    /// `nativeBuildInput`, `installphase`.
    ///
    /// ## Why is this bad?
    /// The builder takes any attribute as a variable of its environment. A misspelt one has no effect and no error.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv, cmake }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; nativeBuildInput = [ cmake ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv, cmake }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; nativeBuildInputs = [ cmake ]; }
    /// ```
    ///
    /// ## Exceptions
    /// An attribute that the call uses itself, in a script or as a name, is meant as it stands.
    ///
    /// ## Fix safety
    /// Unsafe, since it repairs: the attribute has an effect then.
    ///
    /// ## References
    /// - nixpkgs, pkgs/stdenv/generic/make-derivation.nix and setup.sh
    pub struct AttributeTypo {}

    name: "attribute-typo",
    summary: "attribute of a derivation that seems to be misspelt",
    group: Packaging,
    level: Info,
    default: Off,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

/// Shorter names are too like each other; longer ones may have two slips.
const SHORTEST: usize = 6;
const LONG: usize = 12;

impl Rule for AttributeTypo {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(DerivationCall::is_package) else { return };
        for attribute in &call.attributes {
            if attribute.binding.is_none() {
                continue;
            }
            let name = attribute.path[0].as_str();
            let Some(meant) = meant(name, call.builder) else { continue };
            if call.has(meant) || call.uses(attribute) {
                continue;
            }
            let _ = cx
                .report(&attribute.key, format!("no builder looks at `{name}`"))
                .here(format!("perhaps `{meant}`"))
                .covers(attribute.range())
                .help(format!("write `{meant}` if that is meant"))
                .fix(Applicability::Unsafe, format!("write `{meant}`"), |edits| {
                    edits.replace(&attribute.key, meant);
                });
        }
    }
}

/// The attribute that is nearly called `name`.
fn meant(name: &str, builder: &'static nixos::stdenv::Builder) -> Option<&'static str> {
    let is_variable = !name.bytes().any(|byte| byte.is_ascii_lowercase());
    if is_variable || builder.attributes().any(|known| known == name) {
        return None;
    }
    if let Some(known) = builder.attributes().find(|known| known.eq_ignore_ascii_case(name)) {
        return Some(known);
    }
    let allowed = match name.len() {
        0..SHORTEST => return None,
        SHORTEST..LONG => 1,
        _ => 2,
    };
    nearest_within(name, builder.attributes(), allowed)
}
