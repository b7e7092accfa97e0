//! What a file names that a flake cannot have: its evaluation sees nothing outside of it.

use crate::semantic::{Expr, Ir, Key, PathKind, Symbol};

/// Builtins that look outside, or fetch what nothing pins.
const BUILTINS: [&str; 7] =
    ["currentSystem", "currentTime", "fetchGit", "fetchTarball", "fetchTree", "fetchurl", "getEnv"];

/// What of the world outside a file names, whether or not it is ever evaluated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outside {
    /// `<name>`
    pub search_path: bool,
    /// `~/name`
    pub home_path: bool,
    /// A builtin that looks outside or fetches.
    pub builtin: bool,
}

impl Outside {
    /// Looks at every expression of a file.
    pub(super) fn of(ir: &Ir) -> Self {
        let may_call = ir.names().any(|name| BUILTINS.contains(&name));
        let is_builtin = |symbol: Symbol| BUILTINS.contains(&ir.name(symbol));
        let mut found = Self::default();
        for (_, expr) in ir.iter() {
            match expr {
                Expr::SearchPath(_) => found.search_path = true,
                Expr::Path(PathKind::Home, _) => found.home_path = true,
                Expr::Global(symbol) | Expr::WithName(symbol) | Expr::Undefined(symbol) if may_call => {
                    found.builtin |= is_builtin(*symbol);
                }
                Expr::Select(select) if may_call => {
                    let first = select.1.first();
                    found.builtin |= matches!(first, Some(Key::Static(symbol, _)) if is_builtin(*symbol));
                }
                _ => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantic::lower;
    use crate::syntax::parse;

    fn outside(text: &str) -> Outside {
        Outside::of(&lower(&parse(text).root()).ir)
    }

    #[test]
    fn what_stands_outside_is_seen() {
        let nothing = Outside::default();
        assert_eq!(outside("{ a = <nixpkgs/lib>; }"), Outside { search_path: true, ..nothing });
        assert_eq!(outside("x: [ ~/a ]"), Outside { home_path: true, ..nothing });
        for call in ["fetchTarball \"u\"", "x: builtins.getEnv x", "with builtins; fetchTree"] {
            assert_eq!(outside(call), Outside { builtin: true, ..nothing }, "{call}");
        }
        assert_eq!(outside("{ fetchurl }: fetchurl { url = \"a<b>~/c\"; x = ./y; }"), nothing);
    }
}
