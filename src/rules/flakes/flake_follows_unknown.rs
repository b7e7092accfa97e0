use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `follows` that lead to an input which does not exist, and `inputs.a.inputs.b` where `a` has no input `b`.
    ///
    /// ## Why is this bad?
    /// Nix refuses a flake with a `follows` that leads nowhere. An override of an input that does not exist has no
    /// effect but a warning: the input that was meant keeps its own version. `follows` begins with an input of this
    /// flake, even where it stands below another input.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   inputs.disko = { url = "github:nix-community/disko"; inputs.nixpkgs.follows = "nixpkg"; };
    ///   outputs = { ... }: { };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   inputs.disko = { url = "github:nix-community/disko"; inputs.nixpkgs.follows = "nixpkgs"; };
    ///   outputs = { ... }: { };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// What inputs an input has is read from `flake.lock`; without one only the inputs of this flake are known.
    /// An override without effect is a warning (`ineffective`).
    ///
    /// ## References
    /// - NixOS/nix, src/libflake/lockfile.cc: `LockFile::check`; src/libflake/flake.cc: `lockFlake`
    pub struct FlakeFollowsUnknown {}

    name: "flake-follows-unknown",
    summary: "`follows` of an input that does not exist",
    group: Flakes,
    level: Error,
    variants: [ineffective: Warning],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for FlakeFollowsUnknown {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for flake in project.flakes().iter().filter(|flake| flake.inputs_are_known()) {
            let mut names: Vec<&str> = flake.inputs().iter().map(|input| input.name).collect();
            let formals = flake.outputs().and_then(|outputs| outputs.formals.as_ref());
            names.extend(formals.into_iter().flatten().map(|(name, _)| name.as_str()));
            let lock = project.lock().filter(|_| flake.is_root).and_then(LockFile::root);
            for input in flake.inputs() {
                // What the lock file has under this name may be another flake by now.
                let locked = lock.and_then(|root| root.input(input.name));
                check_input(&input, input.name, &names, lock, locked, cx);
            }
        }
    }
}

fn check_input(
    input: &WrittenInput<'_>,
    path: &str,
    names: &[&str],
    root: Option<LockedNode<'_>>,
    locked: Option<LockedNode<'_>>,
    cx: &mut HostContext<'_>,
) {
    if let Some((follows, span)) = input.text("follows").filter(|(follows, _)| !follows.is_empty()) {
        check_follows(follows, span, names, root, cx);
    }
    for below in input.inputs() {
        let path = format!("{path}.inputs.{}", below.name);
        let own = locked.and_then(|node| node.input(below.name));
        if let Some(node) = locked
            && node.is_flake()
            && !node.has_input(below.name)
            && !cx.has_reported(below.key)
        {
            let has: Vec<&str> = node.inputs().map(|(name, _)| name).collect();
            let report = cx
                .report(below.key, format!("`{}` has no input `{}`", input.name, below.name))
                .variant(&FlakeFollowsUnknown::META, "ineffective")
                .here("this has no effect")
                .note("To validate: `nix flake lock` names overrides for inputs that do not exist.");
            let _ = match nearest(below.name, has.iter().copied()) {
                Some(like) => report.help(format!("perhaps its input `{like}` is meant")),
                None if has.is_empty() => report.help("delete it; that flake has no inputs"),
                None => report.help(format!("delete it, or name one of its inputs: {}", listed(&has))),
            };
        }
        check_input(&below, &path, names, root, own, cx);
    }
}

fn check_follows(
    follows: &str,
    span: Span,
    names: &[&str],
    root: Option<LockedNode<'_>>,
    cx: &mut HostContext<'_>,
) {
    let mut parts = follows.split('/');
    let Some(first) = parts.next() else { return };
    if !names.contains(&first) {
        let report = cx
            .report(span, format!("`follows` leads to `{first}`, which is no input of this flake"))
            .here("Nix refuses it");
        let _ = match nearest(first, names.iter().copied()) {
            Some(like) => report.help(format!("perhaps `{like}` is meant")),
            None => report.help(format!("declare the input `{first}`, or name one that there is")),
        };
        return;
    }
    let Some(mut node) = root.and_then(|root| root.input(first)) else { return };
    let mut path = first.to_owned();
    for part in parts {
        let Some(next) = node.input(part) else {
            if node.has_input(part) || !node.is_flake() {
                return;
            }
            let has: Vec<&str> = node.inputs().map(|(name, _)| name).collect();
            let report = cx
                .report(span, format!("`follows` leads to `{follows}`, but `{path}` has no input `{part}`"))
                .here("Nix refuses it when it writes the lock file");
            let _ = match nearest(part, has.iter().copied()) {
                Some(like) => report.help(format!("perhaps its input `{like}` is meant")),
                None => report.help(format!("name one of its inputs: {}", listed(&has))),
            };
            return;
        };
        node = next;
        path = format!("{path}/{part}");
    }
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
