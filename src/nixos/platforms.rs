//! What nixpkgs says of the platforms that systems are: `stdenv.hostPlatform.isLinux` and the like.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;
use serde::Deserialize;

use super::packages;

/// The embedded file. The source in it is for readers and tests.
#[derive(Deserialize)]
struct Table {
    flags: FxHashSet<String>,
    platform: Vec<Platform>,
}

/// A system and the flags that are true of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Platform {
    system: String,
    is: FxHashSet<String>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| table!("platforms"));

/// What `stdenv.hostPlatform` says under `flag` of a system such as `x86_64-linux`, given by its name alone;
/// `None` where the table has not got the system or the flag.
pub fn flag(system: &str, flag: &str) -> Option<bool> {
    let platform = TABLE.platform.iter().find(|platform| platform.system == system)?;
    TABLE.flags.contains(flag).then(|| platform.is.contains(flag))
}

/// The same where all systems of a kernel, `linux` or `darwin`, agree.
pub fn flag_of_kernel(kernel: &str, flag: &str) -> Option<bool> {
    let mut systems = TABLE.platform.iter().filter(|platform| {
        let name = platform.system.rsplit_once('-');
        name.is_some_and(|(_, known)| known == kernel)
    });
    let is_true = systems.next()?.is.contains(flag);
    let agree = TABLE.flags.contains(flag) && systems.all(|platform| platform.is.contains(flag) == is_true);
    agree.then_some(is_true)
}

/// Whether the table has the system.
pub fn is_system(system: &str) -> bool {
    systems().any(|known| known == system)
}

/// The systems of the table.
pub fn systems() -> impl Iterator<Item = &'static str> {
    TABLE.platform.iter().map(|platform| platform.system.as_str())
}

/// The flags of the table, in no order.
pub fn flags() -> impl Iterator<Item = &'static str> {
    TABLE.flags.iter().map(String::as_str)
}

/// Whether the table has the flag.
pub fn is_flag(flag: &str) -> bool {
    TABLE.flags.contains(flag)
}

/// Whether `stdenv` has the flag of its `hostPlatform`, too.
pub fn is_flag_of_stdenv(flag: &str) -> bool {
    is_flag(flag) && packages::old(&format!("pkgs.stdenv.{flag}")).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_source;
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table: toml::Table = toml::from_str(include_str!("platforms.toml")).expect("parses");
        assert!(is_source(table["source"].as_str().expect("text")));
        assert!(TABLE.platform.iter().all(|platform| platform.is.is_subset(&TABLE.flags)));
    }

    #[test]
    fn systems_have_flags() {
        assert_eq!(flag("x86_64-linux", "isLinux"), Some(true));
        assert_eq!(flag("x86_64-linux", "isAarch64"), Some(false));
        assert_eq!(flag("aarch64-darwin", "isDarwin"), Some(true));
        assert_eq!(flag("x86_64-linux", "isBeautiful"), None);
        assert_eq!(flag("pdp11-unix", "isLinux"), None);
        assert!(
            is_flag_of_stdenv("isLinux") && !is_flag_of_stdenv("isMusl") && !is_flag_of_stdenv("isValid")
        );
    }

    #[test]
    fn kernels_decide_some_flags() {
        assert_eq!(flag_of_kernel("linux", "isLinux"), Some(true));
        assert_eq!(flag_of_kernel("darwin", "isLinux"), Some(false));
        assert_eq!(flag_of_kernel("linux", "isx86_64"), None);
        assert_eq!(flag_of_kernel("linux", "isBeautiful"), None);
        assert_eq!(flag_of_kernel("plan9", "isLinux"), None);
    }
}
