use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds tools that only run while a package is built, such as `cmake` or `makeWrapper`, among its `buildInputs`.
    ///
    /// ## Why is this bad?
    /// `buildInputs` are for the machine that the package will run on. When that is another one, the build gets a tool
    /// that it cannot run; and with `strictDeps`, which several builders set, tools from there are not on the path at
    /// all. `nativeBuildInputs` are for the machine that builds.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv, cmake, zlib }:
    /// stdenv.mkDerivation {
    ///   pname = "tool";
    ///   version = "1.0";
    ///   buildInputs = [ cmake zlib ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv, cmake, zlib }:
    /// stdenv.mkDerivation {
    ///   pname = "tool";
    ///   version = "1.0";
    ///   nativeBuildInputs = [ cmake ];
    ///   buildInputs = [ zlib ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// `mkShell`, and derivations with a `shellHook`, are environments to work in, where both lists do the same.
    /// A package that calls the tool when it runs needs it in `buildInputs`, for its scripts to be patched. A tool
    /// that stands in both lists is not reported; ignore the finding where it is in this one alone.
    ///
    /// ## Fix safety
    /// Unsafe: the package is built again, in another environment.
    ///
    /// ## References
    /// - nixpkgs manual, "Specifying dependencies"
    pub struct BuildToolInBuildInputs {}

    name: "build-tool-in-build-inputs",
    summary: "build tool in `buildInputs`",
    group: Packaging,
    level: Warning,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for BuildToolInBuildInputs {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["buildInputs"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(|call| !call.is_shell()) else { return };
        let Some(inputs) = call.attribute("buildInputs") else { return };
        let Some(value) = inputs.value() else { return };
        let elements = cx.list_elements(&value);
        // What is in both lists is there on purpose: to be run now, and by the package later.
        let native = call.attribute("nativeBuildInputs").and_then(DerivationAttribute::value);
        let native: Vec<String> = native
            .iter()
            .flat_map(|native| cx.list_elements(native))
            .filter_map(|element| cx.package_path(&element.expr))
            .collect();
        let tools: Vec<(&ListElement, String)> = elements
            .iter()
            .filter_map(|element| Some((element, tool(element, cx)?)))
            .filter(|(_, path)| !native.contains(path))
            .collect();
        let movable: Vec<&ListElement> =
            tools.iter().map(|(element, _)| *element).filter(|element| !element.is_conditional).collect();
        let edits = moved(&call, inputs, &elements, &movable, cx);
        let file = cx.file;
        for (element, name) in tools {
            let report = cx
                .report(&element.expr, format!("`{name}` runs while the package is built"))
                .here("a build tool")
                .covers(inputs.range())
                .help("move it to `nativeBuildInputs`");
            let _ = match &edits {
                Some(edits) if !element.is_conditional => {
                    let title = "move build tools to `nativeBuildInputs`";
                    report.fix(Applicability::Unsafe, title, |fix| fix.extend(file, edits.clone()))
                }
                _ => report,
            };
        }
    }
}

/// The path of the build tool that an element is.
fn tool(element: &ListElement, cx: &Context<'_>) -> Option<String> {
    let path = cx.package_path(&element.expr)?;
    nixos::stdenv::is_build_tool(&path).then_some(path)
}

/// The edits that move elements to the other list.
fn moved(
    call: &DerivationCall,
    inputs: &DerivationAttribute,
    elements: &[ListElement],
    movable: &[&ListElement],
    cx: &Context<'_>,
) -> Option<Vec<(TextRange, String)>> {
    let first = movable.first()?;
    let list = first.list.as_ref()?;
    if movable.iter().any(|element| element.list.as_ref().map(AstNode::syntax) != Some(list.syntax())) {
        return None;
    }
    let binding = inputs.binding.as_ref()?;
    // All that is there, with nothing in front of it or behind.
    let is_whole = inputs.list().is_some_and(|plain| plain.syntax() == list.syntax());
    let goes_empty = is_whole && movable.len() == elements.len();
    let native = call.attribute("nativeBuildInputs");
    if goes_empty && !call.is_open && !call.has("nativeBuildInputs") {
        return Some(vec![(inputs.key.syntax().text_range(), "nativeBuildInputs".to_owned())]);
    }
    let mut edits = match goes_empty {
        true => edit::delete_binding(binding.syntax()),
        false => movable.iter().flat_map(|element| edit::delete_list_element(&element.expr)).collect(),
    };
    let texts: Vec<String> = movable.iter().map(|element| element.expr.syntax().text().to_string()).collect();
    match native {
        Some(native) => {
            let target = native.list()?;
            if movable.iter().any(|element| !means_the_same(element, &target, cx)) {
                return None;
            }
            edits.extend(edit::append_list_element(&target, &texts[0]).into_iter().map(|(range, text)| {
                let rest = texts[1..].iter().map(|text| format!(" {text}")).collect::<String>();
                // All of them behind the last one that stands there.
                (range, text.replacen(&texts[0], &format!("{}{rest}", texts[0]), 1))
            }));
        }
        None if !call.is_open => {
            let scope = match namespace(list) {
                Some(namespace) if movable.iter().any(|element| is_from_with(element, cx)) => {
                    format!("with {namespace}; ")
                }
                _ => String::new(),
            };
            let text = format!("nativeBuildInputs = {scope}[ {} ];", texts.join(" "));
            edits.extend(edit::insert_binding_after(binding.syntax(), &text));
        }
        None => return None,
    }
    edits.sort_by_key(|(range, _)| (range.start(), range.end()));
    Some(edits)
}

/// Whether an element is the same in another list.
fn means_the_same(element: &ListElement, target: &ast::List, cx: &Context<'_>) -> bool {
    let here = element.list.as_ref().and_then(namespace);
    !is_from_with(element, cx) || here.is_some() && here == namespace(target)
}

/// Whether a `with` gives the first name of an element.
fn is_from_with(element: &ListElement, cx: &Context<'_>) -> bool {
    let first = element.expr.syntax().descendants().find_map(ast::Ident::cast);
    first.is_some_and(|first| {
        matches!(cx.semantics().resolve(first.syntax().text_range()), Some(Resolution::With(_)))
    })
}

/// What the innermost `with` around a list opens.
fn namespace(list: &ast::List) -> Option<String> {
    let range = list.syntax().text_range();
    let with = list
        .syntax()
        .ancestors()
        .filter_map(ast::With::cast)
        .find(|with| with.body().is_some_and(|body| body.syntax().text_range().contains_range(range)))?;
    Some(with.namespace()?.syntax().text().to_string())
}
