use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names that the set of the nearest `with` has, but that mean a binding further out: of a function around
    /// the file, or of a `let` with other scopes in between. Asked are sets that are written out or bound by
    /// `let`, and lists behind `with pkgs;` as far as they name an argument of modules. Behind `with lib;` nearly always
    /// the binding is meant (`version`, `maintainers`), so neither `lib` nor `builtins` is asked.
    ///
    /// ## Why is this bad?
    /// A `with` never hides a name that is bound by `let` or a function, however near it is. Whoever reads the line
    /// takes the name from the set; Nix does not.
    ///
    /// ## Example
    /// ```nix
    /// { lib, system }:
    /// let host = { system = "x86_64-linux"; }; in
    /// name: with host; "${name}-${system}"
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, system }:
    /// let host = { system = "x86_64-linux"; }; in
    /// name: "${name}-${host.system}"
    /// ```
    pub struct WithCannotShadow {}

    name: "with-cannot-shadow",
    summary: "name that a `with` seems to give, but a binding further out does",
    group: Suspicious,
    level: Info,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Arguments of modules that the package set of nixpkgs has, too.
const IN_PACKAGES: [&str; 3] = ["config", "lib", "system"];

impl Rule for WithCannotShadow {
    type Node = ast::With;

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        view.operand()
            .is_some_and(|namespace| namespace.last_name() == Some("pkgs") || cx.may_have_names(namespace))
    }

    fn check(&self, with: &ast::With, cx: &mut Context<'_>) {
        let Some(namespace) = with.namespace() else { return };
        let semantics = cx.semantics();
        let Some(scope) = semantics.with_scope(with.syntax().text_range()) else { return };
        let Some(names) = Names::of(&namespace, cx) else { return };
        // Who writes a `with` right below a binding sees both.
        let outside = || semantics.around(semantics.scope(scope).parent);
        let nearest = outside().find(|id| semantics.scope(*id).kind != ScopeKind::With);
        let mut reported: Vec<BindingId> = Vec::new();
        for reference in &semantics.references {
            let Resolution::Binding(id) = reference.resolution else { continue };
            let name = semantics.ir.name(reference.name);
            if !semantics.around(reference.scope).any(|around| around == scope)
                || Some(id.scope) == nearest
                || !outside().any(|around| around == id.scope)
                || reported.contains(&id)
                || !names.give(name, reference.range, with)
                || is_taken_from_a_set(with, semantics.binding(id), name)
            {
                continue;
            }
            reported.push(id);
            let (set, bound) = (cx.span(&namespace), Span::new(cx.file, semantics.binding(id).range));
            let _ = cx
                .report_range(reference.range, format!("`{name}` is not what this `with` gives"))
                .here("a `with` does not hide a name that is bound")
                .label(set, "this set has the name")
                .label(bound, "but this is what it means")
                .help("select the name from the set, or give the binding another one");
        }
    }
}

/// What the set of a `with` has.
enum Names {
    Known(WithNames),
    /// Those of the package set.
    Packages,
}

impl Names {
    fn of(namespace: &ast::Expr, cx: &Context<'_>) -> Option<Self> {
        if let Some(names @ WithNames::Written(_)) = cx.with_names(namespace) {
            return Some(Self::Known(names));
        }
        let path = dotted_path(&peel_parens(namespace.clone()))?;
        (path.last()? == "pkgs").then_some(Self::Packages)
    }

    /// Whether the name at this place looks as if it came from the set.
    fn give(&self, name: &str, place: TextRange, with: &ast::With) -> bool {
        match self {
            Self::Known(names) => names.has(name),
            Self::Packages => {
                let place = with.syntax().covering_element(place);
                let list = place.parent().and_then(|ident| ident.parent());
                IN_PACKAGES.contains(&name) && list.is_some_and(|list| ast::List::can_cast(list.kind()))
            }
        }
    }
}

/// Whether the binding takes its value from the same name of a set: `inherit (lib) name;`, `name = lib.name;`.
fn is_taken_from_a_set(with: &ast::With, binding: &Binding, name: &str) -> bool {
    let value = || {
        let root = with.syntax().ancestors().last()?;
        let place = root.covering_element(binding.range).ancestors().find_map(ast::AttrpathValue::cast)?;
        dotted_path(&place.value()?)?.pop()
    };
    match binding.kind {
        BindingKind::InheritFrom => true,
        BindingKind::Plain => value().is_some_and(|value| value == name),
        _ => false,
    }
}
