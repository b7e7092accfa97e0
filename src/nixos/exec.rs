//! What common programs do with their arguments: makers of directories, container runtimes.
//!
//! Enough to find the folders that a command makes; not a full command-line grammar. Shells and wrappers
//! such as `sudo`, behind which another program runs, are `shell`'s.

use std::sync::LazyLock;

use serde::Deserialize;

/// What a program is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Makes the folders its arguments name.
    MakesDirectories,
    /// Runs a command inside a container or builds one.
    ContainerRuntime,
}

/// A program, by the last part of its path.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The name it is called by, unique in the table.
    pub name: String,
    /// What it is to us.
    pub kind: Kind,
    /// The packages of nixpkgs with `bin/<name>`, by attribute name.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Options that take the next argument as their value, unless joined to it (`-mMODE`,
    /// `--mode=MODE`).
    #[serde(default)]
    pub value_options: Vec<String>,
    /// Of a maker of directories: the options of which one must be there; it makes them always where
    /// the list is empty.
    #[serde(default)]
    pub only_with: Vec<String>,
    /// Of a maker of directories: the option that gives the mode.
    #[serde(default)]
    pub mode: Vec<String>,
    /// Of a maker of directories: the option that gives the owner.
    #[serde(default)]
    pub owner: Vec<String>,
    /// Of a maker of directories: the option that gives the group.
    #[serde(default)]
    pub group: Vec<String>,
    /// Where the row was read.
    pub source: String,
}

/// Every program of the table.
pub fn all() -> &'static [Program] {
    &TABLE.program
}

/// The program called by `command`: a name or a path that ends in one.
pub fn program(command: &str) -> Option<&'static Program> {
    let name = command.rsplit('/').next().unwrap_or(command);
    all().iter().find(|program| program.name == name)
}

/// Whether `command` with `arguments` makes folders: `mkdir` always, `install` with `-d` only, also
/// as part of a group of short options (`-dm755`).
pub fn makes_directories<S: AsRef<str>>(command: &str, arguments: &[S]) -> bool {
    program(command).is_some_and(|program| {
        program.kind == Kind::MakesDirectories
            && (program.only_with.is_empty()
                || before_double_dash(arguments).any(|argument| program.has_option(argument)))
    })
}

impl Program {
    /// Whether `argument` holds one of [`Self::only_with`].
    fn has_option(&self, argument: &str) -> bool {
        self.only_with.iter().any(|option| match option.strip_prefix("--") {
            Some(_) => argument == option,
            None => {
                let letter = option.trim_start_matches('-');
                argument.strip_prefix('-').filter(|rest| !rest.starts_with('-')).is_some_and(|rest| {
                    // What follows a letter that takes a value is that value.
                    let end = rest.find(|c| self.value_options.contains(&format!("-{c}")));
                    rest[..end.unwrap_or(rest.len())].contains(letter)
                })
            }
        })
    }
}

fn before_double_dash<S: AsRef<str>>(arguments: &[S]) -> impl Iterator<Item = &str> {
    arguments.iter().map(AsRef::as_ref).take_while(|argument| *argument != "--")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    program: Vec<Program>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("exec"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::nixos::tests::is_source;

    #[test]
    fn every_row_is_complete() {
        let names: BTreeSet<_> = all().iter().map(|program| &program.name).collect();
        assert_eq!(names.len(), all().len());
        for program in all() {
            assert!(is_source(&program.source), "{}", program.name);
            let flags = [&program.value_options, &program.only_with, &program.mode, &program.owner];
            assert!(flags.into_iter().flatten().all(|flag| flag.starts_with('-')), "{}", program.name);
        }
    }

    #[test]
    fn programs_are_known_by_the_end_of_their_path() {
        assert_eq!(program("mkdir").map(|program| program.kind), Some(Kind::MakesDirectories));
        assert_eq!(program("/bin/podman").map(|program| program.kind), Some(Kind::ContainerRuntime));
        assert!(program("/bin/mkdirs").is_none());
        assert!(program("rsync").is_none());
    }

    #[test]
    fn install_makes_folders_only_when_asked() {
        let cases: [(&[&str], bool); 9] = [
            (&["-d", "/var/lib/x"], true),
            (&["-dm755", "/var/lib/x"], true),
            (&["-m755", "-d", "/var/lib/x"], true),
            (&["-vd", "/var/lib/x"], true),
            (&["--directory", "/var/lib/x"], true),
            (&["-odave", "a", "b"], false),
            (&["-D", "a", "b"], false),
            (&["--", "-d", "b"], false),
            (&["a", "b"], false),
        ];
        for (arguments, expected) in cases {
            assert_eq!(makes_directories("install", arguments), expected, "{arguments:?}");
        }
        assert!(makes_directories("mkdir", &["/var/lib/x"]));
        assert!(!makes_directories("touch", &["/var/lib/x"]));
    }
}
