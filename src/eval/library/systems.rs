//! `lib.systems` and `lib.platforms`: the names of systems.
//!
//! Source: lib/systems/doubles.nix and lib/systems/flake-systems.nix of nixpkgs at de42d442 of its
//! library.

use super::super::value::Val;

/// Every system, in the order of nixpkgs: kernel, and the processors it runs on.
const KERNELS: &[(&str, &str)] = &[
    ("cygwin", "i686 x86_64"),
    ("darwin", "x86_64 aarch64"),
    ("freebsd", "i686 x86_64 aarch64"),
    ("genode", "aarch64 i686 x86_64"),
    ("solaris", "x86_64"),
    ("ghcjs", "javascript"),
    (
        "linux",
        "aarch64 arc armv5tel armv6l armv7a armv7l i686 loongarch64 m68k sh4 microblaze microblazeel mips mips64 \
         mips64el mipsel powerpc powerpc64 powerpc64le riscv32 riscv64 s390 s390x x86_64",
    ),
    ("mmixware", "mmix"),
    ("netbsd", "aarch64 armv6l armv7a armv7l i686 m68k mipsel powerpc riscv32 riscv64 x86_64"),
    (
        "none",
        "aarch64_be aarch64 arm armv6l avr i686 microblaze microblazeel mips mips64 msp430 or1k m68k powerpc \
         powerpcle riscv32 riscv64 rx s390 s390x vc4 x86_64",
    ),
    ("openbsd", "i686 x86_64"),
    ("redox", "x86_64"),
    ("wasi", "wasm64 wasm32"),
    ("windows", "aarch64 x86_64 i686"),
    ("uefi", "aarch64 x86_64"),
];

const FLAKE_EXPOSED: &str = "x86_64-linux aarch64-linux x86_64-darwin armv6l-linux armv7l-linux i686-linux \
                             aarch64-darwin powerpc64le-linux riscv64-linux x86_64-freebsd";

/// What is known, by its path below `lib`.
pub(super) const NAMES: &[&str] = &[
    "platforms.all",
    "platforms.cygwin",
    "platforms.darwin",
    "platforms.freebsd",
    "platforms.i686",
    "platforms.linux",
    "platforms.netbsd",
    "platforms.openbsd",
    "platforms.riscv64",
    "platforms.unix",
    "platforms.windows",
    "platforms.x86",
    "platforms.x86_64",
    "systems.doubles.all",
    "systems.doubles.darwin",
    "systems.doubles.linux",
    "systems.doubles.unix",
    "systems.flakeExposed",
];

/// The systems of a family.
pub(super) fn doubles(family: &str) -> Option<Val> {
    let unix = ["cygwin", "darwin", "freebsd", "solaris", "linux", "netbsd", "openbsd", "redox"];
    let belongs = |cpu: &str, kernel: &str| match family {
        "all" => true,
        "unix" => unix.contains(&kernel),
        "x86" => cpu == "i686" || cpu == "x86_64",
        "cygwin" | "darwin" | "freebsd" | "genode" | "linux" | "netbsd" | "openbsd" | "redox" | "uefi"
        | "wasi" | "windows" => kernel == family,
        "i686" | "riscv64" | "x86_64" => cpu == family,
        _ => false,
    };
    let systems = KERNELS.iter().flat_map(|(kernel, cpus)| {
        let cpus = cpus.split_whitespace().filter(move |cpu| belongs(cpu, kernel));
        cpus.map(move |cpu| Val::string(format!("{cpu}-{kernel}")).thunk())
    });
    let systems: Vec<_> = systems.collect();
    (!systems.is_empty()).then(|| Val::list(systems))
}

/// `lib.systems.name`
pub(super) fn select(name: &str) -> Option<Val> {
    (name == "flakeExposed").then(|| {
        Val::list(FLAKE_EXPOSED.split_whitespace().map(|system| Val::string(system).thunk()).collect())
    })
}
