use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds inputs that follow the branch of a NixOS release which is no longer supported.
    ///
    /// ## Why is this bad?
    /// A release gets updates for seven months, until one month after the next one is out. Its branch stays, so
    /// `nix flake update` goes on to work and brings nothing: no fixes for known holes, either.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-24.05";
    ///   outputs = { self, nixpkgs }: { };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";
    ///   outputs = { self, nixpkgs }: { };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// An input whose name has the release in it, such as `nixpkgs-2405`, is old on purpose.
    ///
    /// ## References
    /// - nixpkgs, lib/trivial.nix: `oldestSupportedRelease`
    pub struct LockUnsupportedRef {}

    name: "lock-unsupported-ref",
    summary: "nixpkgs of a release without updates",
    group: Flakes,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl ProjectRule for LockUnsupportedRef {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        let oldest = nixos::channels::oldest_supported();
        let Some(flake) = project.flake() else { return };
        for input in flake.inputs() {
            let Some((reference, span)) = input.text("ref").or_else(|| input.text("url")) else { continue };
            let Some(release) = nixos::channels::release_of(reference) else { continue };
            let digits: String = input.name.chars().filter(char::is_ascii_digit).collect();
            let is_on_purpose = digits.contains(&format!("{}{:02}", release.year, release.month));
            if release >= oldest || is_on_purpose || !is_nixpkgs(&input, reference) {
                continue;
            }
            let (year, month) = (release.year, release.month);
            let _ = cx
                .report(
                    span,
                    format!("`{}` follows release {year}.{month:02}, which gets no updates", input.name),
                )
                .here("this branch is no longer supported")
                .help(format!("follow {}.{:02} or a later release", oldest.year, oldest.month));
        }
    }
}

/// Whether an input is nixpkgs: others have branches of such names, too, but of their own making.
fn is_nixpkgs(input: &WrittenInput<'_>, reference: &str) -> bool {
    let text = reference.to_lowercase();
    ["nixos/nixpkgs", "nixpkgs/", "channels.nixos.org", "nixos.org/channels"]
        .iter()
        .any(|part| text.contains(part))
        || input.text("repo").is_some_and(|(repo, _)| repo.eq_ignore_ascii_case("nixpkgs"))
        || input.text("id").is_some_and(|(id, _)| id == "nixpkgs")
}
