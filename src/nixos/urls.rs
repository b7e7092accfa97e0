//! Which schemes URLs have.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_told_from_urls() {
        assert!(looks_like_function("x:x"));
        assert!(looks_like_function("final:prev:final.a"));
        assert!(!looks_like_function("mailto:a@example.org"));
        assert!(!looks_like_function("svn://example.org"));
        assert!(!looks_like_function("git+file:///a"));
    }
}
