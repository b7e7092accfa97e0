use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds outputs by the names that they had before Nix 2.7: `defaultPackage`, `defaultApp`, `defaultTemplate`,
    /// `defaultBundler`, `devShell`, `overlay` and `nixosModule`.
    ///
    /// ## Why is this bad?
    /// `nix flake check` warns about them, and tools that read flakes know the new names: `packages.<system>.default`,
    /// `devShells.<system>.default`, `overlays.default` and so on.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { self, nixpkgs }: {
    ///     overlay = final: prev: { };
    ///     devShell.x86_64-linux = nixpkgs.legacyPackages.x86_64-linux.mkShell { };
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { self, nixpkgs }: {
    ///     overlays.default = final: prev: { };
    ///     devShells.x86_64-linux.default = nixpkgs.legacyPackages.x86_64-linux.mkShell { };
    ///   };
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// Other flakes, and other places of this one, may use the old name, so the fix is unsafe.
    ///
    /// ## References
    /// - Nix release notes, 2.7
    /// - NixOS/nix, src/nix/flake.cc: `CmdFlakeCheck`
    pub struct FlakeDeprecatedOutput {}

    name: "flake-deprecated-output",
    summary: "output by its name from before Nix 2.7",
    group: Flakes,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

/// The old name, the new one, and whether there is one for each system.
const RENAMED: [(&str, &str, bool); 7] = [
    ("defaultPackage", "packages", true),
    ("defaultApp", "apps", true),
    ("devShell", "devShells", true),
    ("defaultBundler", "bundlers", true),
    ("defaultTemplate", "templates", false),
    ("overlay", "overlays", false),
    ("nixosModule", "nixosModules", false),
];

impl ProjectRule for FlakeDeprecatedOutput {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for flake in project.flakes() {
            let Some(outputs) = flake.outputs() else { continue };
            let mut sets = Vec::new();
            add_sets(&outputs.body, false, &mut sets);
            // `//` lets one set hide what another has.
            let names: Vec<&str> =
                sets.iter().flat_map(|(set, _)| set.attrs().iter().map(|attr| attr.name.as_str())).collect();
            for (set, is_per_system) in &sets {
                check_set(set, *is_per_system, &names, cx);
            }
        }
    }
}

/// The sets of outputs that are written out, with whether they are those of one system.
fn add_sets<'w>(value: &'w Written, is_per_system: bool, sets: &mut Vec<(&'w Written, bool)>) {
    match &value.unscoped().kind {
        WrittenKind::Set { .. } => sets.push((value.unscoped(), is_per_system)),
        WrittenKind::Call(function, argument) if is_each_system(function) => {
            if let WrittenKind::Function(function) = &argument.kind {
                add_sets(&function.body, true, sets);
            }
        }
        WrittenKind::Update(left, right) => {
            add_sets(left, is_per_system, sets);
            add_sets(right, is_per_system, sets);
        }
        _ => {}
    }
}

/// Functions of flake-utils.
fn is_each_system(function: &str) -> bool {
    let name = function.rsplit('.').next().unwrap_or_default();
    matches!(name, "eachDefaultSystem" | "eachSystem")
}

fn check_set(set: &Written, is_per_system: bool, names: &[&str], cx: &mut HostContext<'_>) {
    let WrittenKind::Set { attrs, dynamic } = &set.kind else { return };
    for (old, new, has_systems) in RENAMED {
        let Some(attr) = attrs.iter().find(|attr| attr.name == old) else { continue };
        let shown = match has_systems {
            true => format!("{new}.<system>.default"),
            false => format!("{new}.default"),
        };
        let edits = match names.contains(&new) || !dynamic.is_empty() {
            true => None,
            false => rename(attr, new, has_systems && !is_per_system, cx),
        };
        let _ = cx
            .report(attr.key, format!("`{old}` is called `{shown}` now"))
            .here("the name from before Nix 2.7")
            .help(format!("write `{shown}`"))
            .tag(Tag::Deprecated)
            .fix(Applicability::Unsafe, format!("write `{shown}`"), |into| {
                for (span, text) in edits.into_iter().flatten() {
                    into.replace_span(span, text);
                }
            });
    }
}

/// The edits that give an output its new name, where it is written in one place.
fn rename(
    attr: &WrittenAttr,
    new: &str,
    has_systems: bool,
    cx: &HostContext<'_>,
) -> Option<Vec<(Span, String)>> {
    // One binding: `a = …;`, not several `a.b = …;`, of which only the first is known.
    let binding = cx.text(attr.binding);
    let is_whole = attr.binding.range().start() == attr.key.range().start()
        && binding.trim_start().strip_prefix(cx.text(attr.key))?.trim_start().starts_with('=');
    if !has_systems {
        return is_whole.then(|| vec![(attr.key, format!("{new}.default"))]);
    }
    let WrittenKind::Set { attrs, dynamic } = &attr.value.kind else { return None };
    let systems: Vec<&WrittenAttr> = attrs.iter().chain(dynamic).collect();
    let [only] = systems.as_slice() else {
        // `devShell = { x = …; y = …; }`
        if !is_whole {
            return None;
        }
        let mut edits = vec![(attr.key, new.to_owned())];
        edits.extend(systems.iter().map(|system| (end_of(system.key), ".default".to_owned())));
        let is_plain = systems.iter().all(|system| is_one_key(system, cx));
        return is_plain.then_some(edits);
    };
    let is_plain = is_one_key(only, cx) || !is_whole;
    let ends_here = {
        let rest = cx.file_text(only.key.file).get(usize::from(only.key.range().end())..)?;
        rest.trim_start().starts_with('=')
    };
    (is_plain && ends_here)
        .then(|| vec![(attr.key, new.to_owned()), (end_of(only.key), ".default".to_owned())])
}

/// Whether a binding is `key = …;`.
fn is_one_key(attr: &WrittenAttr, cx: &HostContext<'_>) -> bool {
    let rest = cx.file_text(attr.key.file).get(usize::from(attr.key.range().end())..).unwrap_or_default();
    attr.binding.range().start() == attr.key.range().start() && rest.trim_start().starts_with('=')
}

fn end_of(span: Span) -> Span {
    Span::new(span.file, TextRange::empty(span.range().end()))
}
