//! Python in nixpkgs: interpreters, their package sets, and which packages are programs.
//!
//! A package counts as a library unless the table names it as an application: one that people install
//! for its command, and that works without an environment around it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

/// The interpreter of a package set or interpreter name: `python311Packages`, `python311` and
/// `python311.pkgs` all give `python311`. The name is the last part of an attribute path of nixpkgs,
/// with `.pkgs` where the set is written so.
pub fn interpreter_of(name: &str) -> Option<&str> {
    let interpreter = match name.strip_suffix("Packages") {
        Some(interpreter) => interpreter,
        None => name.strip_suffix(".pkgs").unwrap_or(name),
    };
    is_interpreter(interpreter).then_some(interpreter)
}

/// Whether `name` is a package set: `python3Packages`, `python311Packages`, `pypy3Packages`,
/// `python3.pkgs` …
pub fn is_package_set(name: &str) -> bool {
    interpreter_of(name).is_some_and(|interpreter| interpreter.len() < name.len())
}

/// Whether `name` is an interpreter: `python`, `python2`, `python3`, `python313`, `python3Minimal`,
/// `python313FreeThreading`, `pypy3`, `pypy310` …
pub fn is_interpreter(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy")) else { return false };
    let version = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &rest[..rest.len() - version.len()];
    let known = digits.is_empty() || (digits.len() <= 3 && digits.starts_with(['2', '3']));
    known && TABLE.variants.contains(version)
}

/// Whether the package `name` of a package set is an application rather than a library.
pub fn is_application(name: &str) -> bool {
    TABLE.applications.contains(name)
}

/// The sources beside the lists are for readers and tests.
#[derive(Deserialize)]
struct Table {
    variants: BTreeSet<String>,
    applications: BTreeSet<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("python"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nixos::tests::is_source;

    #[test]
    fn lists_have_a_source_and_no_name_twice() {
        let table: toml::Table = toml::from_str(include_str!("python.toml")).expect("parses");
        for list in ["variants", "applications"] {
            let names = table[list].as_array().expect("a list");
            let unique: BTreeSet<_> = names.iter().map(|name| name.as_str().expect("a name")).collect();
            assert_eq!(unique.len(), names.len(), "{list}");
            assert!(is_source(table[&format!("{list}_source")].as_str().expect("text")), "{list}");
        }
        assert!(TABLE.applications.len() >= 60);
    }

    #[test]
    fn package_sets_name_their_interpreter() {
        assert_eq!(interpreter_of("python3Packages"), Some("python3"));
        assert_eq!(interpreter_of("python311Packages"), Some("python311"));
        assert_eq!(interpreter_of("python312.pkgs"), Some("python312"));
        assert_eq!(interpreter_of("pypy310Packages"), Some("pypy310"));
        assert_eq!(interpreter_of("python313FreeThreading"), Some("python313FreeThreading"));
        assert_eq!(interpreter_of("pythonPackages"), Some("python"));
    }

    #[test]
    fn other_names_are_no_interpreters() {
        for name in
            ["perlPackages", "pythonPackagesOverlays", "python-language-server", "python3Packages.numpy"]
        {
            assert_eq!(interpreter_of(name), None, "{name}");
        }
        assert!(!is_interpreter("python3Packages"));
        assert!(!is_interpreter("python4"));
        assert!(!is_interpreter("python31234"));
        assert!(!is_package_set("python3"));
        assert!(is_package_set("python3.pkgs"));
    }

    #[test]
    fn programs_are_no_libraries() {
        for name in ["yt-dlp", "black", "jupyterlab", "ipython"] {
            assert!(is_application(name), "{name}");
        }
        for name in ["numpy", "requests", "flask", "torch", "setuptools"] {
            assert!(!is_application(name), "{name}");
        }
    }
}
