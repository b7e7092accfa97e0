use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds binary caches that a host uses without trusting a key of theirs.
    ///
    /// ## Why is this bad?
    /// Nix asks the cache for every path, throws away whatever it gets because no trusted key has signed it, and builds
    /// everything itself: the cache only costs time.
    ///
    /// ## Example
    /// ```nix
    /// { nix.settings.substituters = [ "https://nix-community.cachix.org" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   nix.settings = {
    ///     substituters = [ "https://nix-community.cachix.org" ];
    ///     trusted-public-keys = [
    ///       "nix-community.cachix.org-1:mB9FSh9qf2dCimDSUo8Zy7bkq5CX+/rkCWyvRCYg3Fs="
    ///     ];
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Mirrors of cache.nixos.org, which have its signatures, and caches that are trusted as they are (`?trusted=1`) are
    /// not reported. A cache of cachix needs the key of its own name; of others it is only known that something is
    /// missing where there is no key at all.
    ///
    /// ## References
    /// - Nix manual, `trusted-public-keys` and `require-sigs` in nix.conf
    pub struct SubstituterWithoutKey {}

    name: "substituter-without-key",
    summary: "binary cache whose key is not trusted",
    group: Security,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

const CACHES: [&str; 3] =
    ["nix.settings.substituters", "nix.settings.extra-substituters", "nix.binaryCaches"];

const KEYS: [&str; 3] = [
    "nix.settings.trusted-public-keys",
    "nix.settings.extra-trusted-public-keys",
    "nix.binaryCachePublicKeys",
];

impl HostRule for SubstituterWithoutKey {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let caches: Vec<Item> = items(host, &CACHES).0;
        if caches.is_empty() || host.name.is_none() {
            return;
        }
        let (keys, is_open) = items(host, &KEYS);
        let is_hidden = is_open
            || KEYS.iter().any(|path| host.open(path).is_some() || host.may_be_set_outside(path))
            || !host.definitions("nix.settings.require-sigs").is_empty()
            || !host.definitions("nix.extraOptions").is_empty()
            || host.has_unlisted_modules();
        if is_hidden {
            return;
        }
        let Some(keys) = keys.iter().map(Item::exact).collect::<Option<Vec<String>>>() else { return };
        let keys: Vec<&str> = keys.iter().flat_map(|keys| keys.split_whitespace()).collect();
        let has_other = keys.iter().any(|key| !key.starts_with("cache.nixos.org"));
        for cache in &caches {
            let Some(name) = cache.exact().as_deref().and_then(unsigned) else { continue };
            let is_known = match name.strip_suffix(".cachix.org") {
                Some(_) => keys.iter().any(|key| key.starts_with(&name)),
                None => has_other,
            };
            if is_known {
                continue;
            }
            let Some(report) = cx.report_item(cache, format!("no key of `{name}` is trusted")) else {
                continue;
            };
            let _ = report
                .here("what this cache has is thrown away")
                .help("add its key to `nix.settings.trusted-public-keys`; the page of the cache shows it")
                .note("Cause: Nix takes nothing from a cache that no trusted key has signed.")
                .note("To validate: nix config show trusted-public-keys");
        }
    }
}

fn items(host: &Host<'_>, paths: &[&str]) -> (Vec<Item>, bool) {
    let (mut all, mut is_open) = (Vec::new(), false);
    for path in paths {
        for (_, node) in host.nodes(path) {
            let (items, open) = host.items(&node);
            all.extend(items);
            is_open |= open.is_some();
        }
    }
    (all, is_open)
}

/// Whether a name is one of a local network, where most caches pass on what others have signed.
fn is_near(host: &str) -> bool {
    nixos::urls::is_private(host) || !host.contains('.')
}

/// The host of a cache that needs a key of its own.
fn unsigned(address: &str) -> Option<String> {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', ':']).next()?;
    // Mirrors pass on the signatures of cache.nixos.org.
    let is_mirror = host.ends_with("nixos.org")
        || host.ends_with(".fastly.net")
        || host.contains("mirror")
        || rest.contains("nix-channels")
        || is_near(host);
    let is_trusted = rest.contains("trusted=1") || rest.contains("trusted=true");
    (!is_mirror && !is_trusted).then(|| host.to_owned())
}
