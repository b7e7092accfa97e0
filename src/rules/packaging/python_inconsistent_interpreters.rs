use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds Python packages whose dependencies come from another set of Python packages than the function that builds
    /// them.
    ///
    /// ## Why is this bad?
    /// Each set belongs to one interpreter. As soon as the two are different ones, the package does not find these
    /// dependencies, and nixpkgs stops at the conflict.
    ///
    /// ## Example
    /// ```nix
    /// { buildPythonPackage, python3Packages }:
    /// buildPythonPackage {
    ///   pname = "tool";
    ///   version = "1.0";
    ///   dependencies = [ python3Packages.numpy ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { buildPythonPackage, numpy }:
    /// buildPythonPackage {
    ///   pname = "tool";
    ///   version = "1.0";
    ///   dependencies = [ numpy ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Where it is not written which set something comes from, nothing is said.
    ///
    /// ## References
    /// - nixpkgs manual, Python, "Buildpythonpackage function"
    pub struct PythonInconsistentInterpreters {}

    name: "python-inconsistent-interpreters",
    summary: "Python package with dependencies from another package set",
    group: Packaging,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// The attributes whose elements the package imports, when it runs, is tested or is built.
const LISTS: [&str; 5] =
    ["dependencies", "propagatedBuildInputs", "checkInputs", "nativeCheckInputs", "build-system"];

impl Rule for PythonInconsistentInterpreters {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["buildPythonPackage", "buildPythonApplication"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call) else { return };
        if !call.builder.name.starts_with("buildPython") {
            return;
        }
        let Some(own) = own_set(&call.function, cx) else { return };
        let place = cx.span(&call.function);
        for list in LISTS {
            let Some(attribute) = call.attribute(list) else { continue };
            let Some(value) = attribute.value() else { continue };
            for element in cx.list_elements(&value) {
                let Some(path) = cx.selection_path(&element.expr) else { continue };
                let Some(other) = set_of(&path).filter(|other| own.as_ref() != Some(other)) else { continue };
                let from = match &own {
                    Some(own) => format!("from the packages of `{own}`"),
                    None => "from the set that calls this file".to_owned(),
                };
                let _ = cx
                    .report(&element.expr, format!("this comes from the packages of `{other}`"))
                    .here("another set")
                    .label(place, from)
                    .covers(attribute.range())
                    .help("take both from the same set");
            }
        }
    }
}

/// The interpreter that the function is from: `Some(None)` where the file is called with it, as by `callPackage` of a
/// set of Python packages; `None` where that is not known.
fn own_set(function: &ast::Expr, cx: &Context<'_>) -> Option<Option<String>> {
    let path = cx.selection_path(function)?;
    match path.as_slice() {
        [_] => {
            let Some(Resolution::Binding(id)) = cx.semantics().resolve(function.syntax().text_range()) else {
                return None;
            };
            let binding = cx.semantics().binding(id);
            let root = function.syntax().ancestors().last()?;
            let entry = root.covering_element(binding.range).ancestors().find_map(ast::PatEntry::cast);
            let has_default = entry.is_none_or(|entry| entry.default().is_some());
            (binding.kind == BindingKind::Formal && !has_default).then_some(None)
        }
        path => set_of(path).map(Some),
    }
}

/// The interpreter whose packages a selection is from: `python311` for `pkgs.python311Packages.numpy`.
fn set_of(path: &[String]) -> Option<String> {
    let is_in_set = |index: &usize| {
        nixos::python::is_package_set(&path[*index])
            || path[*index] == "pkgs" && *index > 0 && nixos::python::is_interpreter(&path[*index - 1])
    };
    let index = (0..path.len().checked_sub(1)?).rev().find(is_in_set)?;
    let name = if path[index] == "pkgs" { &path[index - 1] } else { &path[index] };
    nixos::python::interpreter_of(name).map(str::to_owned)
}
