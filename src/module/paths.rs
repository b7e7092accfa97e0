//! The path literals of a file, and which files it reads by that alone.

use rustc_hash::FxHashMap;

use crate::semantic::{BinaryOp, Expr, ExprId, Ir, Key, Part, PathKind};
use crate::text::TextRange;

/// Functions that take a path for its text and never look at what is there: builtins, and those of `lib`,
/// `lib.path` and `lib.fileset`.
const OF_TEXT: [&str; 8] = [
    "toString",
    "baseNameOf",
    "dirOf",
    "maybeMissing",
    "hasPrefix",
    "removePrefix",
    "splitRoot",
    "hasStorePathPrefix",
];

/// A path literal without interpolations, relative to the folder of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiteralPath {
    /// The path as it is written.
    pub path: Box<str>,
    /// Its bytes.
    pub range: TextRange,
    /// Whether the file cannot be evaluated at all without importing this one.
    pub is_strict: bool,
    /// What is done with it where it stands.
    pub role: LiteralRole,
}

/// What is done with a path where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiteralRole {
    /// It is a value like any other.
    Value,
    /// It is imported, for whatever the file there is.
    Import,
    /// Another function gets it, and may import it or ask whether it is there.
    Argument,
    /// Its text is compared or put together with others: nothing has to be there.
    Text,
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
    let mut roles = FxHashMap::default();
    if !paths.is_empty() {
        strict = strict_imports(ir);
        roles = roles_of(ir);
    }
    let literal = |(id, text): (ExprId, &std::sync::Arc<str>)| LiteralPath {
        path: (&**text).into(),
        range: ir.span(id),
        is_strict: strict.contains(&id),
        role: roles.get(&id).copied().unwrap_or(LiteralRole::Value),
    };
    paths.into_iter().map(literal).collect()
}

/// What is done with expressions that are an operand or an argument.
fn roles_of(ir: &Ir) -> FxHashMap<ExprId, LiteralRole> {
    let mut roles = FxHashMap::default();
    for (_, expr) in ir.iter() {
        match expr {
            Expr::Apply(function, argument) => {
                let role = match called_name(ir, *function) {
                    _ if is_import(ir, *function) => LiteralRole::Import,
                    Some(name) if OF_TEXT.contains(&name) => LiteralRole::Text,
                    _ => LiteralRole::Argument,
                };
                roles.insert(*argument, role);
            }
            Expr::Binary(BinaryOp::Equal | BinaryOp::NotEqual, left, right) => {
                roles.extend([(*left, LiteralRole::Text), (*right, LiteralRole::Text)]);
            }
            // `./a + ".nix"` is another path, `./a + "/b"` is below it.
            Expr::Binary(BinaryOp::Add, left, right) if !begins_with_slash(ir, *right) => {
                roles.insert(*left, LiteralRole::Text);
            }
            _ => {}
        }
    }
    roles
}

fn begins_with_slash(ir: &Ir, text: ExprId) -> bool {
    match ir.expr(text) {
        Expr::Str(parts) => matches!(&**parts, [Part::Text { text, .. }, ..] if text.starts_with('/')),
        _ => false,
    }
}

/// The last name of a function that is called by name; of one with several arguments, where this is any of
/// them.
fn called_name(ir: &Ir, function: ExprId) -> Option<&str> {
    match ir.expr(function) {
        Expr::Global(name) | Expr::WithName(name) => Some(ir.name(*name)),
        Expr::Select(node) => match node.1.last()? {
            Key::Static(name, _) => Some(ir.name(*name)),
            Key::Dynamic(_) => None,
        },
        Expr::Apply(function, _) => called_name(ir, *function),
        _ => None,
    }
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
    fn roles_say_what_must_be_there() {
        let roles = |text: &str| {
            let mut paths = literal_paths(&lower(&parse(text).root()).ir).into_vec();
            paths.sort_by_key(|path| path.range.start());
            paths.iter().map(|path| format!("{:?}", path.role)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(roles("{ a = ./a; b = import ./b; c = [ ./c ]; }"), "Value Import Value");
        assert_eq!(roles("x: [ (toString ./a) (builtins.baseNameOf ./b) (x == ./c) ]"), "Text Text Text");
        assert_eq!(roles("x: [ (./a + \".nix\") (./b + \"/c\") (./d + x) ]"), "Text Value Text");
        assert_eq!(roles("f: lib: [ (lib.path.hasPrefix ./a ./b) (f ./c) ]"), "Text Text Argument");
    }

    #[test]
    fn strict_imports_are_those_no_value_is_there_without() {
        assert_eq!(shown("import ./a.nix // { b = import ./b.nix; }"), "./a.nix! ./b.nix");
        assert_eq!(shown("let x = import ./a.nix; in (builtins.import ./b.nix { }).c"), "./a.nix ./b.nix!");
        assert_eq!(shown("{ lib }: import ./a.nix"), "./a.nix");
        assert_eq!(shown("[ ./a ./${x} /abs ~/home ]"), "./a");
    }
}
