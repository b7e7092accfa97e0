use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions in lists with what seem to be their arguments behind them, such as `[ toString x ]`.
    ///
    /// ## Why is this bad?
    /// Space separates elements: the list has the function and its arguments, and nothing is called.
    ///
    /// ## Example
    /// ```nix
    /// { x }: { args = [ toString x ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { x }: { args = [ (toString x) ]; }
    /// ```
    ///
    /// ## Exceptions
    /// Arguments of functions that take lists of functions, such as `lib.pipe`, are not reported.
    ///
    /// ## Fix safety
    /// Unsafe, since the list becomes another one. It is offered where the number of arguments is known.
    pub struct UnappliedFunctionInList {}

    name: "unapplied-function-in-list",
    summary: "function and arguments as elements of a list",
    group: Suspicious,
    level: Info,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
}

/// Functions that nobody puts into a list as they are, with the number of their arguments.
const FUNCTIONS: &[(&str, usize)] = &[
    ("callPackage", 2),
    ("concatStringsSep", 2),
    ("escapeShellArg", 1),
    ("fetchpatch", 1),
    ("fetchurl", 1),
    ("import", 1),
    ("mkAfter", 1),
    ("mkBefore", 1),
    ("mkDefault", 1),
    ("mkForce", 1),
    ("mkIf", 2),
    ("optional", 2),
    ("optionalAttrs", 2),
    ("optionalString", 2),
    ("optionals", 2),
    ("toString", 1),
    ("writeScript", 2),
    ("writeScriptBin", 2),
    ("writeShellApplication", 1),
    ("writeShellScript", 2),
    ("writeShellScriptBin", 2),
    ("writeText", 2),
];

impl Rule for UnappliedFunctionInList {
    type Node = ast::List;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.expressions().any(|item| {
            matches!(item.kind(), SyntaxKind::NODE_IDENT | SyntaxKind::NODE_SELECT)
                && item.last_name().is_some_and(|name| FUNCTIONS.iter().any(|(known, _)| *known == name))
        })
    }

    fn check(&self, list: &ast::List, cx: &mut Context<'_>) {
        let items: Vec<ast::Expr> = list.items().collect();
        for (index, item) in items.iter().enumerate() {
            let Some((name, count)) = known_function(item, cx) else { continue };
            let Some(arguments) = items.get(index + 1..index + 1 + count) else { continue };
            // Functions among functions are there to be called by someone else.
            let is_function = |item: &ast::Expr| {
                known_function(item, cx).is_some()
                    || matches!(peel_parens(item.clone()), ast::Expr::Lambda(_))
            };
            if arguments.iter().any(is_function) || takes_functions(list) {
                continue;
            }
            // What `fetchurl` and its kin take is a set.
            let fits = match name.as_str() {
                "fetchurl" | "fetchpatch" | "writeShellApplication" => {
                    matches!(arguments[0], ast::Expr::AttrSet(_))
                }
                "callPackage" => matches!(arguments[1], ast::Expr::AttrSet(_)),
                "writeText"
                | "writeScript"
                | "writeScriptBin"
                | "writeShellScript"
                | "writeShellScriptBin" => {
                    matches!(arguments[0], ast::Expr::Str(_))
                }
                _ => true,
            };
            if !fits {
                continue;
            }
            let range = item.syntax().text_range().cover(arguments[count - 1].syntax().text_range());
            let file = cx.file;
            let _ = cx
                .report_range(range, format!("`{name}` is an element of the list and not called"))
                .here(format!("these are {} elements", count + 1))
                .help("put the call in parentheses")
                .fix(Applicability::Unsafe, "call it", |edits| {
                    let parens = [(range.start(), "("), (range.end(), ")")];
                    edits.extend(
                        file,
                        parens.map(|(at, text)| (TextRange::empty(at), text.to_owned())).to_vec(),
                    );
                });
        }
    }
}

/// The name and number of arguments of a function that is known.
fn known_function(item: &ast::Expr, cx: &Context<'_>) -> Option<(String, usize)> {
    let path = match item {
        ast::Expr::Ident(_) | ast::Expr::Select(_) => dotted_path(item)?,
        _ => return None,
    };
    let name = path.last()?;
    let (_, count) = FUNCTIONS.iter().find(|(known, _)| known == name)?;
    if let (ast::Expr::Ident(_), Some(Resolution::Binding(id))) =
        (item, cx.semantics().resolve(item.syntax().text_range()))
    {
        // The user's own function of that name, or something else altogether.
        let kind = cx.semantics().binding(id).kind;
        if matches!(kind, BindingKind::Plain | BindingKind::Argument | BindingKind::AtName) {
            return None;
        }
    }
    Some((name.clone(), *count))
}

/// Whether the list goes to something that calls its elements.
fn takes_functions(list: &ast::List) -> bool {
    let calls = list.syntax().ancestors().skip(1).take(3).filter_map(ast::Apply::cast);
    calls.filter_map(|call| call_parts(&call)).any(|(function, _)| {
        let name = dotted_path(&function).and_then(|path| path.last().cloned());
        name.is_some_and(|name| {
            matches!(
                name.as_str(),
                "pipe"
                    | "flow"
                    | "compose"
                    | "foldl'"
                    | "foldr"
                    | "map"
                    | "all"
                    | "any"
                    | "zipLists"
                    | "elem"
            )
        })
    })
}
