//! Which name a misspelt one is meant to be.

/// The candidate that is so like `name` that it is probably meant: at most a third of it differs, and no two
/// candidates are as like.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = match name.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    let mut best: Option<(usize, &str)> = None;
    let mut is_tied = false;
    for candidate in candidates {
        if candidate == name || candidate.len().abs_diff(name.len()) > allowed {
            continue;
        }
        let distance = match candidate.eq_ignore_ascii_case(name) {
            true => 0,
            false => strsim::osa_distance(name, candidate),
        };
        match best {
            _ if distance > allowed => {}
            Some((known, _)) if known < distance => {}
            Some((known, other)) if known == distance => is_tied |= other != candidate,
            _ => {
                best = Some((distance, candidate));
                is_tied = false;
            }
        }
    }
    best.filter(|_| !is_tied).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_near() {
        let names = ["mkIf", "mkMerge", "optional", "optionals", "types"];
        assert_eq!(nearest("mkMerg", names), Some("mkMerge"));
        assert_eq!(nearest("MKIF", names), Some("mkIf"));
        assert_eq!(nearest("optionl", names), Some("optional"));
        assert_eq!(nearest("something", names), None);
        assert_eq!(nearest("ab", ["abc"]), None);
        assert_eq!(nearest("abcx", ["abca", "abcb"]), None);
    }
}
