use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds Python libraries put together with `pkgs.buildEnv`.
    ///
    /// ## Why is this bad?
    /// `buildEnv` only links files. `bin/python` in it is the bare interpreter, whose prefix is its own store
    /// path, so it does not see the packages beside it; and the packages that these depend on are not in the
    /// environment at all. `withPackages` of the interpreter does both. Where
    /// the file runs `bin/python` of the environment, the finding is an error (`executed`).
    ///
    /// ## Example
    /// ```nix
    /// { pkgs }: pkgs.buildEnv { name = "api"; paths = with pkgs.python311Packages; [ fastapi uvicorn ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs }: pkgs.python311.withPackages (ps: [ ps.fastapi ps.uvicorn ])
    /// ```
    ///
    /// ## Exceptions
    /// An environment that is wrapped with `PYTHONPATH` and the propagated dependencies, as nixpkgs does for
    /// mopidy, is not reported.
    ///
    /// ## Fix safety
    /// Unsafe: files that collide were hidden by `buildEnv` and become errors; `bin` holds other programs.
    ///
    /// ## References
    /// - nixpkgs, pkgs/development/interpreters/python/wrapper.nix
    pub struct PythonBuildenv {}

    name: "python-buildenv",
    summary: "Python environment made with `buildEnv`, which has no dependencies",
    group: Services,
    level: Warning,
    variants: [executed: Error],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for PythonBuildenv {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["buildEnv"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.calls(&["buildEnv"])
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some((function, set)) = build_env(call, cx) else { return };
        let Some(paths) = binding(&set, "paths") else { return };
        let mut found = Paths::default();
        collect(&paths, cx, &mut found);
        if !found.packages.iter().any(|package| package.is_library) || is_wrapped(&set, &paths) {
            return;
        }
        let problem = if found.interpreters.is_empty() {
            "it leaves out what these packages depend on"
        } else {
            "its interpreter does not find these packages"
        };
        let message = format!("`{}` is no Python environment: {problem}", function.syntax().text());
        let place = cx.span(&paths);
        let is_executed = runs_python(call, cx);
        let fix = replacement(call, &found);
        let mut report = cx
            .report(&function, message)
            .here("this only links files")
            .label(place, "Python libraries")
            .covers(call.syntax().text_range());
        if is_executed {
            report = report.variant(&Self::META, "executed");
        }
        if let Some(edits) = fix {
            let file = place.file;
            report = report.fix(Applicability::Unsafe, "use `withPackages` of the interpreter", |fix| {
                fix.extend(file, edits);
            });
        }
        let _ = report
            .help("use `withPackages` of the interpreter")
            .note(
                "Cause: `bin/python` in the result is a link to the bare interpreter, and propagated \
                 dependencies are not among `paths`.",
            )
            .note("To validate: build the environment and run its python with `-c 'import …'` for each package.");
    }
}

/// What `paths` holds.
#[derive(Default)]
struct Paths {
    /// Elements of a Python package set.
    packages: Vec<Package>,
    /// Elements that are interpreters; `None` for those in a set.
    interpreters: Vec<Option<ast::Expr>>,
    /// Whether there is anything else.
    has_others: bool,
}

struct Package {
    /// The element of a list that it is; of a set, `None`.
    element: Option<ast::Expr>,
    /// The package set as written, e.g. `pkgs.python311Packages`.
    set: Vec<String>,
    /// The name in the set.
    name: String,
    /// Whether it is there to be imported, not only to be run.
    is_library: bool,
}

/// `function { … }` where the function is `buildEnv` of nixpkgs, not of an interpreter.
fn build_env(call: &ast::Apply, cx: &Context<'_>) -> Option<(ast::Expr, ast::AttrSet)> {
    let function = peel_parens(call.lambda()?);
    let ast::Expr::AttrSet(set) = peel_parens(call.argument()?) else { return None };
    let names = names(&function)?;
    let (last, base) = names.split_last()?;
    if last != "buildEnv" {
        return None;
    }
    let is_nixpkgs = match base.last() {
        Some(base) => is_package_root(base),
        None => match cx.semantics().resolve(function.syntax().text_range())? {
            Resolution::Binding(id) => {
                matches!(cx.semantics().binding(id).kind, BindingKind::Formal | BindingKind::InheritFrom)
            }
            Resolution::With(_) => namespace(&function)?.last().is_some_and(|name| is_package_root(name)),
            _ => false,
        },
    };
    is_nixpkgs.then_some((function, set))
}

fn is_package_root(name: &str) -> bool {
    matches!(name, "prev" | "final" | "super" | "self" | "nixpkgs") || name.starts_with("pkgs")
}

fn binding(set: &ast::AttrSet, name: &str) -> Option<ast::Expr> {
    use ast::HasEntry as _;
    set.attrpath_values().find_map(|binding| {
        let path = static_path(&binding.attrpath()?)?;
        (path == [name]).then(|| binding.value())?
    })
}

/// Sorts the elements of a list expression.
fn collect(expr: &ast::Expr, cx: &Context<'_>, found: &mut Paths) {
    match peel_parens(expr.clone()) {
        ast::Expr::List(list) => {
            for item in list.items() {
                element(&item, cx, found);
            }
        }
        ast::Expr::With(with) => {
            if let Some(body) = with.body() {
                collect(&body, cx, found);
            }
        }
        ast::Expr::BinOp(operation) if operation.operator() == Some(ast::BinOpKind::Concat) => {
            for side in [operation.lhs(), operation.rhs()].into_iter().flatten() {
                collect(&side, cx, found);
            }
        }
        ast::Expr::Apply(call) => match valued_set(&call) {
            Some(set) => attributes(&set, cx, found),
            None => found.has_others = true,
        },
        ast::Expr::Ident(ident) => match let_value(&ident, cx) {
            Some(value) if !matches!(value, ast::Expr::Ident(_)) => collect(&value, cx, found),
            _ => found.has_others = true,
        },
        _ => found.has_others = true,
    }
}

/// The set in `attrValues { … }`.
fn valued_set(call: &ast::Apply) -> Option<ast::AttrSet> {
    let function = names(&peel_parens(call.lambda()?))?;
    let ast::Expr::AttrSet(set) = peel_parens(call.argument()?) else { return None };
    let (last, base) = function.split_last()?;
    let is_known = base.iter().all(|name| matches!(name.as_str(), "lib" | "builtins" | "attrsets" | "pkgs"));
    (last == "attrValues" && is_known && set.rec_token().is_none()).then_some(set)
}

/// Sorts the values of a set.
fn attributes(set: &ast::AttrSet, cx: &Context<'_>, found: &mut Paths) {
    use ast::HasEntry as _;
    for binding in set.attrpath_values() {
        match binding.value().map(|value| cx.selection_path(&value)) {
            Some(Some(path)) => sort(path, None, found),
            _ => found.has_others = true,
        }
    }
    for inherit in set.inherits() {
        let path = inherit.from().and_then(|from| cx.selection_path(&from.expr()?));
        for name in inherit.attrs() {
            match (&path, static_name(&name)) {
                (Some(path), Some(name)) => sort([path.as_slice(), &[name]].concat(), None, found),
                _ => found.has_others = true,
            }
        }
    }
}

/// The value of a name that a `let` of the file binds.
fn let_value(ident: &ast::Ident, cx: &Context<'_>) -> Option<ast::Expr> {
    let Some(Resolution::Binding(id)) = cx.semantics().resolve(ident.syntax().text_range()) else {
        return None;
    };
    let range = cx.semantics().binding(id).range;
    let root = ident.syntax().ancestors().last()?;
    let binding = root.covering_element(range).ancestors().find_map(ast::AttrpathValue::cast)?;
    binding.syntax().parent().and_then(ast::LetIn::cast)?;
    let is_plain = binding.attrpath()?.attrs().count() == 1;
    is_plain.then(|| binding.value().map(peel_parens))?
}

fn element(item: &ast::Expr, cx: &Context<'_>, found: &mut Paths) {
    match cx.selection_path(item) {
        Some(path) => sort(path, Some(item), found),
        None => found.has_others = true,
    }
}

/// Says what the selection `path` is: `element` of a list, or a value of a set.
fn sort(path: Vec<String>, element: Option<&ast::Expr>, found: &mut Paths) {
    let is_set = |index: usize| {
        nixos::python::is_package_set(&path[index])
            || (index > 0 && path[index] == "pkgs" && nixos::python::is_interpreter(&path[index - 1]))
    };
    match (0..path.len()).rev().find(|index| is_set(*index)) {
        Some(index) if index + 1 < path.len() => {
            let (set, rest) = path.split_at(index + 1);
            if rest.len() == 1 && rest[0] == "python" {
                found.interpreters.push(element.cloned());
            } else {
                let (name, is_library) = (rest.join("."), !nixos::python::is_application(&rest[0]));
                found.packages.push(Package {
                    element: element.cloned(),
                    set: set.to_vec(),
                    name,
                    is_library,
                });
            }
        }
        _ if path.last().is_some_and(|name| nixos::python::is_interpreter(name)) => {
            found.interpreters.push(element.cloned());
        }
        _ => found.has_others = true,
    }
}

/// The names of a plain selection `a.b.c`.
fn names(expr: &ast::Expr) -> Option<Vec<String>> {
    match expr {
        ast::Expr::Ident(ident) => Some(vec![ident.syntax().text().to_string()]),
        ast::Expr::Select(select) if select.default_expr().is_none() => {
            let mut names = names(&peel_parens(select.expr()?))?;
            names.extend(static_path(&select.attrpath()?)?);
            Some(names)
        }
        _ => None,
    }
}

/// What the innermost `with` around the expression opens.
fn namespace(expr: &ast::Expr) -> Option<Vec<String>> {
    let range = expr.syntax().text_range();
    let with = expr
        .syntax()
        .ancestors()
        .filter_map(ast::With::cast)
        .find(|with| with.body().is_some_and(|body| body.syntax().text_range().contains_range(range)))?;
    names(&peel_parens(with.namespace()?))
}

/// Whether the author wraps the interpreter or collects the dependencies.
fn is_wrapped(set: &ast::AttrSet, paths: &ast::Expr) -> bool {
    let text = set.syntax().text().to_string();
    ["makeWrapper", "wrapProgram", "PYTHONPATH", "makeBinaryWrapper"].iter().any(|mark| text.contains(mark))
        || ["closePropagation", "requiredPythonModules"]
            .iter()
            .any(|mark| paths.syntax().text().to_string().contains(mark))
}

/// Whether `${environment}/bin/python` stands in the file.
fn runs_python(call: &ast::Apply, cx: &Context<'_>) -> bool {
    let runs = |end: TextSize| {
        let after = &cx.text[usize::from(end)..];
        after.trim_start().strip_prefix('}').is_some_and(|after| after.starts_with("/bin/python"))
    };
    if runs(call.syntax().text_range().end()) {
        return true;
    }
    let Some(binding) = call.syntax().parent().and_then(ast::AttrpathValue::cast) else { return false };
    let Some(key) = binding.attrpath().and_then(|path| path.attrs().next()) else { return false };
    let range = key.syntax().text_range();
    let semantics = cx.semantics();
    semantics.references.iter().any(|reference| match reference.resolution {
        Resolution::Binding(id) => semantics.binding(id).range == range && runs(reference.range.end()),
        _ => false,
    })
}

/// The edits that put `withPackages` in place of the libraries.
fn replacement(call: &ast::Apply, found: &Paths) -> Option<Vec<(TextRange, String)>> {
    let first = found.packages.first()?;
    if found.packages.iter().any(|package| package.set != first.set) {
        return None;
    }
    let (last, base) = first.set.split_last()?;
    let interpreter = match (nixos::python::interpreter_of(last), base) {
        (Some(interpreter), [_, ..]) => format!("{}.{interpreter}", base.join(".")),
        (Some(_), []) => format!("{last}.python"),
        // `python3.pkgs`
        (None, _) => base.join("."),
    };
    let packages: Vec<String> = found.packages.iter().map(|package| format!("ps.{}", package.name)).collect();
    let environment = format!("{interpreter}.withPackages (ps: [ {} ])", packages.join(" "));
    if !found.has_others {
        return Some(edit::replace(call.syntax(), &environment));
    }
    // In a set there is no place for an environment beside the rest.
    let packages: Option<Vec<&ast::Expr>> =
        found.packages.iter().map(|package| package.element.as_ref()).collect();
    let interpreters: Option<Vec<&ast::Expr>> = found.interpreters.iter().map(Option::as_ref).collect();
    let (packages, interpreters) = (packages?, interpreters?);
    let (first, others) = packages.split_first()?;
    let mut edits = edit::replace(first.syntax(), &format!("({environment})"));
    for element in others.iter().chain(&interpreters) {
        edits.extend(edit::delete_list_element(element));
    }
    Some(edits)
}
