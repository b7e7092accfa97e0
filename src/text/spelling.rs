//! Names that were probably meant.

/// The candidate most like `name`, if one is like it: a third of the letters of short names may differ, at most
/// two; of names of one or two letters none.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let length = name.chars().count();
    // Longer names are not worth the quadratic comparison.
    if !(3..=80).contains(&length) {
        return None;
    }
    nearest_within(name, candidates, (length / 3).min(2))
}

/// The candidate that `allowed` slips at most make `name` of, the nearest one. Compares with each: for short names.
pub fn nearest_within<'c>(
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
    allowed: usize,
) -> Option<&'c str> {
    let distance = |candidate: &'c str| (strsim::damerau_levenshtein(name, candidate), candidate);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name && candidate.len().abs_diff(name.len()) <= allowed)
        .map(distance)
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_seen() {
        assert_eq!(nearest("mkOptoin", ["mkIf", "mkOption"]), Some("mkOption"));
        assert_eq!(nearest("pkg", ["pkgs"]), Some("pkgs"));
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("lib", ["self"]), None);
    }
}
