//! Which schemes URLs have, and which hosts are near.

/// Schemes of URLs without `//` behind the colon: those of flake references, and some of the IANA registry.
const SCHEMES: [&str; 26] = [
    "about",
    "channel",
    "data",
    "file",
    "flake",
    "ftp",
    "git",
    "github",
    "gitlab",
    "http",
    "https",
    "indirect",
    "ipfs",
    "magnet",
    "mailto",
    "news",
    "path",
    "s3",
    "sip",
    "sourcehut",
    "ssh",
    "tarball",
    "tel",
    "urn",
    "xmpp",
    "docker",
];

/// Whether an unquoted URL was to be a function, `x:x`: it has no `//` behind the colon and no known scheme, and
/// what is before the colon may be the name of an argument.
pub fn looks_like_function(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let is_name = scheme.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_name && !rest.starts_with("//") && !SCHEMES.contains(&scheme.to_ascii_lowercase().as_str())
}

/// Ends of names that only a local network or an overlay has.
const NEAR_ENDS: [&str; 8] =
    [".local", ".lan", ".internal", ".home.arpa", ".localdomain", ".onion", ".i2p", ".ts.net"];

/// Whether a host lies in a network of one's own: by an address of RFC 1918, 3927 or 6598, or by its name.
pub fn is_private(host: &str) -> bool {
    let parts: Vec<&str> = host.split('.').collect();
    let numbers: Option<Vec<u8>> = parts.iter().map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some([127 | 10, _, _, _] | [192, 168, _, _] | [169, 254, _, _]) => true,
        Some([172, second, _, _]) => (16..32).contains(second),
        Some([100, second, _, _]) => (64..128).contains(second),
        Some(_) => false,
        None => host == "localhost" || NEAR_ENDS.iter().any(|end| host.ends_with(end)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_nearby_are_known() {
        let near =
            ["localhost", "10.0.0.1", "172.16.0.5", "192.168.1.1", "100.64.0.1", "a.ts.net", "nas.lan"];
        assert!(near.into_iter().all(is_private));
        assert!(
            !["example.org", "172.32.0.1", "100.1.0.1", "8.8.8.8", "10.example.org"]
                .into_iter()
                .any(is_private)
        );
    }

    #[test]
    fn functions_are_told_from_urls() {
        assert!(looks_like_function("x:x"));
        assert!(looks_like_function("final:prev:final.a"));
        assert!(!looks_like_function("mailto:a@example.org"));
        assert!(!looks_like_function("svn://example.org"));
        assert!(!looks_like_function("git+file:///a"));
    }
}
