//! Rules that are declared in TOML instead of coded: `rules/<group>/<name>.toml`, and those of users.
//!
//! A declaration is compiled to the same entry of the registry as a rule in Rust, so that everything above treats
//! both alike. There is no language for conditions beyond what [`draft`] lists: a rule that needs an `if` is
//! written in Rust. Must never read files; mistakes are values with their place in the text.

mod call;
mod condition;
mod draft;
mod import;
mod option;
mod pattern;
mod read;
mod template;

use std::sync::LazyLock;

use crate::rule::Entry;

pub use read::{Mistake, read};

/// The declarations that ship, as `rules/<group>/<name>.toml` and their texts.
pub static SHIPPED: &[(&str, &str)] = &[
    (
        "rules/deprecated/deprecated-enable-nvidia.toml",
        include_str!("../../rules/deprecated/deprecated-enable-nvidia.toml"),
    ),
    (
        "rules/security/accept-flake-config.toml",
        include_str!("../../rules/security/accept-flake-config.toml"),
    ),
    ("rules/security/docker-group.toml", include_str!("../../rules/security/docker-group.toml")),
    ("rules/security/firewall-disabled.toml", include_str!("../../rules/security/firewall-disabled.toml")),
    ("rules/security/nfs-no-root-squash.toml", include_str!("../../rules/security/nfs-no-root-squash.toml")),
    (
        "rules/security/permitted-insecure-package.toml",
        include_str!("../../rules/security/permitted-insecure-package.toml"),
    ),
    (
        "rules/security/require-sigs-disabled.toml",
        include_str!("../../rules/security/require-sigs-disabled.toml"),
    ),
    ("rules/security/samba-guest.toml", include_str!("../../rules/security/samba-guest.toml")),
    ("rules/security/sandbox-disabled.toml", include_str!("../../rules/security/sandbox-disabled.toml")),
    ("rules/security/ssh-password-auth.toml", include_str!("../../rules/security/ssh-password-auth.toml")),
    ("rules/security/ssh-root-login.toml", include_str!("../../rules/security/ssh-root-login.toml")),
    ("rules/security/sudo-nopasswd.toml", include_str!("../../rules/security/sudo-nopasswd.toml")),
    ("rules/security/trusted-users-star.toml", include_str!("../../rules/security/trusted-users-star.toml")),
];

/// The shipped rules that are declared, in the order they are listed.
pub fn shipped() -> &'static [Entry] {
    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
        let entry = |(path, text): &(&'static str, &str)| match read(path, text) {
            Ok(entry) => entry,
            Err(mistakes) => panic!("invariant: {path} is right, as its test shows: {mistakes:?}"),
        };
        SHIPPED.iter().map(entry).collect()
    });
    &ENTRIES
}
