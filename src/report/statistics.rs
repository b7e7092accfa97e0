//! How often each rule speaks.

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use super::json::write_document;
use super::printable;
use crate::diagnostic::{Applicability, Diagnostic};

/// The findings of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleCount<'a> {
    /// The name of the rule.
    pub rule: &'a str,
    /// Its group.
    pub group: &'static str,
    /// How many findings it has.
    pub count: u64,
    /// How many of these have a safe fix.
    pub fixable: u64,
}

/// Counts by rule, the most frequent first, then by name.
pub fn statistics(diagnostics: &[Diagnostic]) -> Vec<RuleCount<'_>> {
    let mut rules: BTreeMap<&str, RuleCount<'_>> = BTreeMap::new();
    for diagnostic in diagnostics {
        let rule = diagnostic.rule.as_str();
        let group = diagnostic.group.as_str();
        let entry = rules.entry(rule).or_insert(RuleCount { rule, group, count: 0, fixable: 0 });
        entry.count += 1;
        entry.fixable += u64::from(diagnostic.applicable_fix(Applicability::Safe).is_some());
    }
    let mut counts: Vec<RuleCount<'_>> = rules.into_values().collect();
    // The sort is stable, so that equal counts stay in the order of names.
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    counts
}

/// A line per rule: its count, `[*]` where some of its findings have a safe fix, its name.
pub fn statistics_table(counts: &[RuleCount<'_>]) -> String {
    let width = counts.iter().map(|count| count.count.to_string().len()).max().unwrap_or_default();
    let line = |count: &RuleCount<'_>| {
        let fixable = if count.fixable > 0 { "[*]" } else { "   " };
        format!("{:>width$} {fixable} {}\n", count.count, printable(count.rule))
    };
    counts.iter().map(line).collect()
}

/// Writes the counts as one JSON array and a final line break.
///
/// # Errors
/// What `out` answers.
pub fn write_statistics_json(counts: &[RuleCount<'_>], out: &mut dyn io::Write) -> io::Result<()> {
    write_document(&counts, out)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::report::sample;

    fn many() -> Vec<Diagnostic> {
        let (_, unicode) = sample::unicode();
        let mut diagnostics = vec![unicode[1].clone(); 12];
        diagnostics.extend(unicode);
        diagnostics
    }

    #[test]
    fn the_most_frequent_rule_comes_first() {
        insta::assert_snapshot!(statistics_table(&statistics(&many())), @"
        13     wide-string
         1 [*] after-emoji
         1     non-ascii-name
         1 [*] unused-let-binding
        ");
        assert_eq!(statistics_table(&[]), "");
    }

    #[test]
    fn the_same_as_json() {
        let mut out = Vec::new();
        write_statistics_json(&statistics(&many()), &mut out).expect("memory takes all bytes");
        let parsed: Value = serde_json::from_slice(&out).expect("reports are JSON");
        assert_eq!(
            parsed[0],
            json!({"rule": "wide-string", "group": "correctness", "count": 13, "fixable": 0})
        );
        assert_eq!(parsed[1]["rule"], "after-emoji");
        assert_eq!(parsed[1]["fixable"], 1);
        assert_eq!(parsed.as_array().map(Vec::len), Some(4));
        assert_eq!(out.last(), Some(&b'\n'));
    }
}
