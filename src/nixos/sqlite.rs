//! Programs that open a SQLite database by URL, and whether they create a missing one.
//!
//! Only programs whose sources were read may be reported: most SQLite URLs need no `mode`. That a URL
//! lacks it says nothing about a database that exists already.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{OptionPattern, Trust, verified};

/// What happens when the database is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingDatabase {
    /// The program fails, unless the URL has `mode=rwc`.
    NeedsMode,
    /// The program creates it whatever the URL says.
    Created,
    /// The URL is not sqlx's: `mode` means nothing or something else there.
    OtherUrl,
}

/// A program and where its database URL is set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqliteProgram {
    /// Its name, unique in the table.
    pub name: String,
    /// What it does without a database.
    pub missing: MissingDatabase,
    /// The options that hold its URL.
    #[serde(default)]
    pub options: Vec<OptionPattern>,
    /// The environment variables that hold its URL, in the units below.
    #[serde(default)]
    pub variables: Vec<String>,
    /// Its units.
    #[serde(default)]
    pub units: Vec<String>,
    /// The container images that run it, without tag: the variables above are read there too.
    #[serde(default)]
    pub images: Vec<String>,
    /// Where the images were read.
    pub image_source: Option<String>,
    /// Whether a finding is an error; otherwise a warning.
    #[serde(default)]
    pub certain: bool,
    /// One sentence on why.
    pub reason: String,
    /// Where that was read.
    pub source: String,
    #[serde(default = "verified")]
    verified: bool,
}

/// Every program of the table.
pub fn programs(trust: Trust) -> impl Iterator<Item = &'static SqliteProgram> {
    TABLE.program.iter().filter(move |program| trust.admits(program.verified))
}

/// The programs that fail without `mode=rwc`: what a finding may be about.
pub fn needing_mode() -> impl Iterator<Item = &'static SqliteProgram> {
    programs(Trust::Verified).filter(|program| program.missing == MissingDatabase::NeedsMode)
}

/// The program whose URL is the option at `path`.
pub fn by_option<S: AsRef<str>>(path: &[S]) -> Option<&'static SqliteProgram> {
    programs(Trust::Verified).find(|program| {
        program.options.iter().any(|option| option.segments().len() == path.len() && option.covers(path))
    })
}

/// The program whose URL is the environment variable `variable` of `unit`.
pub fn by_variable(unit: &str, variable: &str) -> Option<&'static SqliteProgram> {
    programs(Trust::Verified).find(|program| {
        program.units.iter().any(|known| known == unit)
            && program.variables.iter().any(|known| known == variable)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    program: Vec<SqliteProgram>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("sqlite"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::nixos::tests::is_source;

    #[test]
    fn every_row_is_complete() {
        let names: BTreeSet<_> = programs(Trust::Any).map(|program| &program.name).collect();
        assert_eq!(names.len(), programs(Trust::Any).count());
        for program in programs(Trust::Any) {
            assert!(is_source(&program.source), "{}", program.name);
            assert!(!program.reason.is_empty(), "{}", program.name);
            assert_eq!(program.images.is_empty(), program.image_source.is_none(), "{}", program.name);
            assert!(program.image_source.as_deref().is_none_or(is_source), "{}", program.name);
            assert!(program.images.iter().all(|image| !image.contains([':', '@'])), "{}", program.name);
            assert!(!program.certain || program.missing == MissingDatabase::NeedsMode, "{}", program.name);
        }
    }

    #[test]
    fn atticd_needs_the_mode() {
        let path = ["services", "atticd", "settings", "database", "url"];
        let program = by_option(&path).expect("known");
        assert_eq!(program.name, "atticd");
        assert!(program.certain);
        assert_eq!(needing_mode().map(|program| program.name.as_str()).collect::<Vec<_>>(), ["atticd"]);
        assert!(by_option(&path[..4]).is_none());
    }

    #[test]
    fn variables_count_in_their_unit_only() {
        assert!(by_variable("atticd.service", "ATTIC_SERVER_DATABASE_URL").is_some());
        assert!(by_variable("other.service", "ATTIC_SERVER_DATABASE_URL").is_none());
    }

    #[test]
    fn unread_programs_are_left_out() {
        assert!(programs(Trust::Any).count() > programs(Trust::Verified).count());
        assert!(programs(Trust::Verified).all(|program| program.name != "fastapi-dls"));
    }
}
