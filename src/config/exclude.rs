//! The paths that are not to be reported on.

use camino::{Utf8Path, Utf8PathBuf};
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

/// A set of patterns, relative to a folder.
///
/// A pattern without a slash names files and folders at any depth, any other one is read from the
/// folder. What is below an excluded folder is excluded too.
#[derive(Debug, Clone, Default)]
pub struct Exclude {
    folder: Utf8PathBuf,
    globs: GlobSet,
}

impl Exclude {
    /// The patterns of a configuration that counts from the absolute `folder`.
    ///
    /// # Errors
    /// When a pattern is none: its index and what is wrong with it.
    pub fn new(folder: &Utf8Path, patterns: &[&str]) -> Result<Self, (usize, String)> {
        let mut builder = GlobSetBuilder::new();
        for (index, pattern) in patterns.iter().enumerate() {
            if let Some(reason) = idle(pattern) {
                return Err((index, reason.to_owned()));
            }
            builder.add(glob(pattern).map_err(|error| (index, error.kind().to_string()))?);
        }
        let globs = builder.build().map_err(|error| (0, error.kind().to_string()))?;
        Ok(Self { folder: folder.to_owned(), globs })
    }

    /// Whether the file at the absolute `path`, or a folder it is in, is excluded.
    pub fn matches(&self, path: &Utf8Path) -> bool {
        if self.globs.is_empty() {
            return false;
        }
        let Ok(relative) = path.strip_prefix(&self.folder) else { return false };
        relative
            .ancestors()
            .take_while(|part| !part.as_str().is_empty())
            .any(|part| self.globs.is_match(part.as_str()))
    }
}

/// Why a pattern would match nothing, or everything.
fn idle(pattern: &str) -> Option<&'static str> {
    if pattern.trim_matches(['.', '/', ' ']).is_empty() {
        Some("this names no file and no folder")
    } else if pattern.starts_with('!') {
        Some("a pattern only leaves out; nothing brings back what others leave out")
    } else if pattern.split('/').any(|part| part == "..") {
        Some("this leads out of the folder of the configuration")
    } else {
        None
    }
}

fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    let pattern = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
    let anchored = match pattern.strip_prefix('/') {
        Some(anchored) => anchored.to_owned(),
        None if pattern.contains('/') => pattern.to_owned(),
        None => format!("**/{pattern}"),
    };
    GlobBuilder::new(&anchored).literal_separator(true).build()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn excluded(patterns: &[&str], path: &str) -> bool {
        Exclude::new(Utf8Path::new("/p"), patterns).expect("they are patterns").matches(Utf8Path::new(path))
    }

    #[test]
    fn a_name_counts_at_any_depth() {
        let name = ["hardware-configuration.nix"];
        assert!(excluded(&name, "/p/hardware-configuration.nix"));
        assert!(excluded(&name, "/p/hosts/a/hardware-configuration.nix"));
        assert!(!excluded(&name, "/p/hosts/a/default.nix"));
        assert!(!excluded(&["*.nix"], "/elsewhere/a.nix"));
    }

    #[test]
    fn a_path_counts_from_the_folder() {
        assert!(excluded(&["pkgs/"], "/p/x/pkgs/a/b.nix"));
        assert!(excluded(&["/pkgs"], "/p/pkgs/a/b.nix"));
        assert!(!excluded(&["/pkgs"], "/p/x/pkgs/a/b.nix"));
        assert!(excluded(&["./pkgs/**"], "/p/pkgs/a/b.nix"));
        assert!(excluded(&["hosts/*/disk.nix"], "/p/hosts/a/disk.nix"));
        assert!(!excluded(&["hosts/*/disk.nix"], "/p/hosts/a/b/disk.nix"));
    }

    #[test]
    fn what_is_no_pattern_is_named() {
        let (index, reason) = Exclude::new(Utf8Path::new("/p"), &["a", "b[c"]).expect_err("unclosed class");
        assert_eq!((index, reason.as_str()), (1, "unclosed character class; missing ']'"));
        for idle in ["", "./", "!a.nix", "../a.nix", "a/../../b"] {
            assert!(Exclude::new(Utf8Path::new("/p"), &[idle]).is_err(), "{idle}");
        }
    }

    proptest! {
        #[test]
        fn an_excluded_folder_excludes_what_is_below(folder in "[a-z]{1,6}", below in "[a-z]{1,6}(/[a-z]{1,6}){0,3}") {
            let path = format!("/p/x/{folder}/{below}");
            prop_assert!(excluded(&[&folder], &path));
        }
    }
}
