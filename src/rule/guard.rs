//! Code that asks which nixpkgs it is for: it knows what it does.

use super::context::HostContext;
use crate::syntax::{AstNode as _, ast, call_parts, dotted_path};
use crate::text::Span;

/// Functions whose first argument decides about the rest.
const DECIDERS: [&str; 5] = ["mkIf", "optional", "optionalAttrs", "optionals", "optionalString"];

/// Words of a condition that asks for a release.
const RELEASES: [&str; 6] =
    ["versionAtLeast", "versionOlder", "lib.version", "lib.trivial", "nixosVersion", "isRelease"];

impl HostContext<'_> {
    /// Whether a condition around a place asks what this nixpkgs has: `options ? …`, `pkgs ? …`, `lib.version`.
    pub fn is_for_some_releases(&self, place: Span) -> bool {
        let root = self.syntax(place.file);
        let element = root.covering_element(place.range());
        element.ancestors().any(|node| {
            let condition = match node.kind() {
                _ if ast::IfElse::can_cast(node.kind()) => {
                    ast::IfElse::cast(node).and_then(|choice| choice.condition())
                }
                _ => ast::Apply::cast(node).and_then(|call| decides(&call)),
            };
            condition.is_some_and(|condition| asks(&condition.syntax().text().to_string()))
        })
    }
}

/// What decides whether a call gives its last argument.
fn decides(call: &ast::Apply) -> Option<ast::Expr> {
    let (function, arguments) = call_parts(call)?;
    let name = dotted_path(&function)?.pop()?;
    DECIDERS.contains(&name.as_str()).then(|| arguments.into_iter().next()).flatten()
}

fn asks(condition: &str) -> bool {
    let asks_for = |set: &str| condition.contains(set) && condition.contains('?');
    asks_for("options") || asks_for("pkgs") || RELEASES.iter().any(|word| condition.contains(word))
}
