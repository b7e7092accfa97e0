//! The releases of NixOS that get updates.

use std::sync::LazyLock;

use serde::Deserialize;

use super::renames::Release;

/// The oldest release that was supported when the table was made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oldest {
    /// The release.
    pub release: Release,
    /// Where it was read.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    oldest: Oldest,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("channels"));

/// The oldest release that was supported when the table was made: those before it get no updates.
pub fn oldest_supported() -> Release {
    TABLE.oldest.release
}

/// The release whose branch a reference names, such as `nixos-25.11-small`.
pub fn release_of(reference: &str) -> Option<Release> {
    let last = reference.rsplit('/').find(|part| Release::find(part).is_some())?;
    let is_branch = ["nixos-", "nixpkgs-", "release-"].iter().any(|start| last.starts_with(start));
    Release::find(last).filter(|_| is_branch)
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_source;
    use super::*;

    #[test]
    fn the_table_has_a_source() {
        assert!(is_source(&TABLE.oldest.source));
        assert!(oldest_supported() >= Release { year: 25, month: 11 });
    }

    #[test]
    fn branches_have_releases() {
        let release = |year, month| Some(Release { year, month });
        assert_eq!(release_of("nixos-24.05-small"), release(24, 5));
        assert_eq!(release_of("release-25.11"), release(25, 11));
        assert_eq!(release_of("https://channels.nixos.org/nixos-26.05/nixexprs.tar.xz"), release(26, 5));
        assert_eq!(release_of("nixos-unstable"), None);
        assert_eq!(release_of("v24.05"), None);
    }
}
