//! What tests compare with, where it is there: Nix, and checkouts that the environment names. Says what is not.

#![allow(dead_code, reason = "each test compares with what it needs")]

use std::path::PathBuf;
use std::process::Command;

/// Whether Nix is installed.
pub(crate) fn is_installed() -> bool {
    let version = Command::new("nix-instantiate").arg("--version").output();
    let is_installed = version.is_ok_and(|output| output.status.success());
    if !is_installed {
        println!("skipped: nix-instantiate is not installed");
    }
    is_installed
}

/// The checkout of nixpkgs.lib that the environment names, where Nix is there to evaluate it.
pub(crate) fn library() -> Option<PathBuf> {
    let Some(checkout) = std::env::var_os("NIXLINT_NIXPKGS_LIB") else {
        println!("skipped: NIXLINT_NIXPKGS_LIB does not name a checkout of nixpkgs.lib");
        return None;
    };
    is_installed().then(|| checkout.into())
}
