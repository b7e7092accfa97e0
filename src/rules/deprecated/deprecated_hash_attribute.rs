use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `cargoSha256`, `vendorSha256` and `npmDepsSha256` in calls that build packages.
    ///
    /// ## Why is this bad?
    /// `cargoHash`, `vendorHash` and `npmDepsHash` took their place. Nixpkgs no longer looks at the old ones, or stops at them.
    ///
    /// ## Example
    /// ```nix
    /// { rustPlatform }:
    /// rustPlatform.buildRustPackage {
    ///   name = "tool";
    ///   src = ./.;
    ///   cargoSha256 = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { rustPlatform }:
    /// rustPlatform.buildRustPackage {
    ///   name = "tool";
    ///   src = ./.;
    ///   cargoHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// A hash that begins with `sha256-` means the same there. Since vendoring changed in 25.05, it may have to be computed
    /// again, so the fix is unsafe.
    ///
    /// ## References
    /// - nixpkgs manual, "buildRustPackage", "buildGoModule", "buildNpmPackage"
    pub struct DeprecatedHashAttribute {}

    name: "deprecated-hash-attribute",
    summary: "hash of dependencies by its old name",
    group: Deprecated,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

/// The old name, the new one, and the functions that take it.
const RENAMED: [(&str, &str, &[&str]); 3] = [
    ("cargoSha256", "cargoHash", &["buildRustPackage", "fetchCargoTarball", "fetchCargoVendor"]),
    ("vendorSha256", "vendorHash", &["buildGoModule", "buildGoPackage", "buildGo"]),
    ("npmDepsSha256", "npmDepsHash", &["buildNpmPackage"]),
];

impl Rule for DeprecatedHashAttribute {
    type Node = ast::AttrpathValue;
    const NAMES: &'static [&'static str] = &["cargoSha256", "vendorSha256", "npmDepsSha256"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.key().and_then(NodeView::last_name).is_some_and(|name| Self::NAMES.contains(&name))
    }

    fn check(&self, binding: &ast::AttrpathValue, cx: &mut Context<'_>) {
        let Some(path) = binding.attrpath() else { return };
        let Some(names) = static_path(&path) else { return };
        let [name] = names.as_slice() else { return };
        let Some((old, new, functions)) = RENAMED.iter().find(|(old, ..)| old == name) else { return };
        let is_argument = binding.syntax().ancestors().skip(1).filter_map(ast::Apply::cast).any(|call| {
            let function =
                call.lambda().map(|function| function.syntax().text().to_string()).unwrap_or_default();
            let last = function.rsplit('.').next().unwrap_or_default().to_owned();
            functions.iter().any(|known| last.starts_with(known))
        });
        if !is_argument {
            return;
        }
        let value = binding.value().and_then(|value| written_text(&value));
        let report = cx
            .report(&path, format!("`{old}` is called `{new}` now"))
            .here("the old name")
            .help(format!("write `{new}` with a hash of the form `sha256-…`"))
            .tag(Tag::Deprecated);
        let _ = match value.is_some_and(|value| value.starts_with("sha256-")) {
            true => report.fix(Applicability::Unsafe, format!("write `{new}`"), |edits| {
                edits.replace(&path, *new);
            }),
            false => report,
        };
    }
}
