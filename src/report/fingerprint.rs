//! An id for a finding that survives the moving of lines.
//!
//! It never contains a line number: formats and baselines compare reports of different revisions.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use super::mask::masked;
use super::place;
use crate::diagnostic::Diagnostic;
use crate::text::{PositionEncoding, Sources, TextRange, TextSize};

/// Of a line longer than this many bytes only the neighbourhood of the finding counts, so that a file
/// in a single line is not hashed once per finding.
const LONGEST_LINE: u32 = 1024;
/// How many bytes on each side such a neighbourhood has.
const NEIGHBOURHOOD: u32 = 128;

/// A fingerprint per diagnostic, in order: 32 hexadecimal digits, unique in the report.
///
/// It is made of the rule, its variant, the shown path, the trimmed text of the line of the primary
/// span without what is hidden, and of how many findings before it have the same of all these.
pub fn fingerprints(sources: &Sources, diagnostics: &[Diagnostic]) -> Vec<String> {
    let sources = &*masked(sources, diagnostics);
    let mut seen: FxHashMap<u128, u32> = FxHashMap::default();
    diagnostics
        .iter()
        .map(|diagnostic| {
            let file = sources.get(diagnostic.primary.span.file);
            let base = hash(&[
                diagnostic.rule.as_str(),
                diagnostic.variant.unwrap_or_default(),
                &file.display,
                line_text(sources, diagnostic),
            ]);
            let occurrence = seen.entry(base).or_default();
            let own = hash(&[&base.to_string(), &occurrence.to_string()]);
            *occurrence += 1;
            format!("{own:032x}")
        })
        .collect()
}

fn line_text<'a>(sources: &'a Sources, diagnostic: &Diagnostic) -> &'a str {
    let span = diagnostic.primary.span;
    let file = sources.get(span.file);
    let at = place::position(file, span.range().start(), PositionEncoding::Utf8);
    let (_, line) = place::line_content(file, at.line);
    if line.len() <= LONGEST_LINE as usize {
        return line.trim();
    }
    let around = TextRange::new(
        TextSize::new(at.column.saturating_sub(NEIGHBOURHOOD)),
        TextSize::new(at.column + NEIGHBOURHOOD),
    );
    line[place::snapped(line, around)].trim()
}

/// Lengths go in too, so that no part can pass for the end of another.
fn hash(parts: &[&str]) -> u128 {
    let mut hasher = Xxh3::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.digest128()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{diagnostic, source, sources, span_of};

    const TEXT: &str = "{\n  a = 1;\n  a = 1;\n  b = 2;\n}\n";

    fn of(text: &str, needles: &[(&'static str, usize)]) -> Vec<String> {
        let (sources, file) = sources(source("/p/a.nix", text));
        let found: Vec<Diagnostic> = needles
            .iter()
            .map(|(needle, nth)| {
                let start = text.match_indices(needle).nth(*nth).expect("the text has the needle").0;
                diagnostic("some-rule", "bad", span_of(file, start, needle.len()))
            })
            .collect();
        fingerprints(&sources, &found)
    }

    #[test]
    fn equal_lines_have_different_fingerprints() {
        let found = of(TEXT, &[("a", 0), ("a", 1), ("b", 0)]);
        assert_eq!(found.len(), 3);
        assert!(found.iter().all(|one| one.len() == 32));
        assert_ne!(found[0], found[1]);
        assert_ne!(found[1], found[2]);
    }

    #[test]
    fn fingerprints_survive_moving_and_indenting() {
        let moved = format!("# a comment\n\n{}", TEXT.replace("  ", "\t\t").replace('\n', "\r\n"));
        assert_eq!(of(TEXT, &[("a =", 0), ("b", 0)]), of(&moved, &[("a =", 0), ("b", 0)]));
    }

    #[test]
    fn fingerprints_do_not_change_between_releases() {
        insta::assert_snapshot!(of(TEXT, &[("b", 0)])[0], @"565967533de3dea1e50b749c0a8c7c1e");
    }

    #[test]
    fn in_very_long_lines_the_neighbourhood_counts() {
        let line = "日x = 1; ".repeat(100_000);
        let far = format!("{line}y = 2;");
        let found = of(&far, &[("y =", 0), ("x", 5), ("x", 90_000)]);
        assert_ne!(found[0], found[1]);
        assert_eq!(found[0], of(&format!("{line}{line}y = 2;"), &[("y =", 0)])[0]);
    }
}
