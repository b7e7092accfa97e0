//! Files in the home of a user that programs write themselves, so that Home Manager finds a file in their
//! place.

use std::sync::LazyLock;

use serde::Deserialize;

/// A file that its program writes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rewritten {
    /// The path from the home.
    pub path: String,
    /// What writes it, as people say it.
    pub program: String,
    /// Where the row was read.
    pub source: String,
}

/// The row of a path from the home.
pub fn rewritten(path: &str) -> Option<&'static Rewritten> {
    TABLE.file.iter().find(|file| file.path == path)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    file: Vec<Rewritten>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("rewritten"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nixos::tests::is_source;

    #[test]
    fn every_row_is_complete() {
        for file in &TABLE.file {
            assert!(is_source(&file.source), "{}", file.path);
            assert!(!file.path.starts_with('/') && !file.program.is_empty(), "{}", file.path);
        }
    }

    #[test]
    fn files_are_found_by_their_path_from_the_home() {
        assert!(rewritten(".config/htop/htoprc").is_some());
        assert!(rewritten(".config/htop").is_none());
    }
}
