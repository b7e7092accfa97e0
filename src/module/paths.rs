//! The path literals of a file, and which files it reads by that alone.

use crate::semantic::{Expr, ExprId, Ir, Key, Part, PathKind};
use crate::text::TextRange;

/// A path literal without interpolations, relative to the folder of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteralPath {
    /// The path as it is written.
    pub path: Box<str>,
    /// Its bytes.
    pub range: TextRange,
    /// Whether the file cannot be evaluated at all without importing this one.
    pub is_strict: bool,
}

/// The relative path literals of a program, in no particular order.
pub(super) fn literal_paths(ir: &Ir) -> Box<[LiteralPath]> {
    let mut strict = Vec::new();
    let paths = ir.iter().filter_map(|(id, expr)| {
        let Expr::Path(PathKind::Relative, parts) = expr else { return None };
        let [Part::Text { text, .. }] = &**parts else { return None };
        Some((id, text))
    });
    let paths: Vec<_> = paths.collect();
    if !paths.is_empty() {
        strict = strict_imports(ir);
    }
    let literal = |(id, text): (ExprId, &std::sync::Arc<str>)| LiteralPath {
        path: (&**text).into(),
        range: ir.span(id),
        is_strict: strict.contains(&id),
    };
    paths.into_iter().map(literal).collect()
}

/// The literals that `import` is applied to where the value of the whole file needs its result.
fn strict_imports(ir: &Ir) -> Vec<ExprId> {
    let mut result = Vec::new();
    let mut work = vec![ir.root()];
    while let Some(id) = work.pop() {
        match ir.expr(id) {
            Expr::Apply(function, argument) => {
                if is_import(ir, *function) {
                    result.push(*argument);
                } else {
                    work.push(*function);
                }
            }
            Expr::Select(node) => work.push(node.0),
            Expr::Let(node) => work.push(node.1),
            Expr::With(_, body) => work.push(*body),
            Expr::Assert(condition, body) => work.extend([*condition, *body]),
            Expr::If(node) => work.push(node[0]),
            Expr::Not(operand) | Expr::Negate(operand) => work.push(*operand),
            Expr::Binary(op, left, right) => {
                use crate::semantic::BinaryOp::{And, Implication, Or};
                work.push(*left);
                if !matches!(op, And | Or | Implication) {
                    work.push(*right);
                }
            }
            _ => {}
        }
    }
    result
}

fn is_import(ir: &Ir, function: ExprId) -> bool {
    match ir.expr(function) {
        Expr::Global(name) => ir.name(*name) == "import",
        Expr::Select(node) => match (ir.expr(node.0), &*node.1) {
            (Expr::Global(base), [Key::Static(name, _)]) => {
                ir.name(*base) == "builtins" && ir.name(*name) == "import"
            }
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantic::lower;
    use crate::syntax::parse;

    fn shown(text: &str) -> String {
        let mut paths = literal_paths(&lower(&parse(text).root()).ir).into_vec();
        paths.sort_by_key(|path| path.range.start());
        let shown =
            paths.iter().map(|path| format!("{}{}", path.path, if path.is_strict { "!" } else { "" }));
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn strict_imports_are_those_no_value_is_there_without() {
        assert_eq!(shown("import ./a.nix // { b = import ./b.nix; }"), "./a.nix! ./b.nix");
        assert_eq!(shown("let x = import ./a.nix; in (builtins.import ./b.nix { }).c"), "./a.nix ./b.nix!");
        assert_eq!(shown("{ lib }: import ./a.nix"), "./a.nix");
        assert_eq!(shown("[ ./a ./${x} /abs ~/home ]"), "./a");
    }
}
