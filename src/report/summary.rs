//! The lines that end a run on stderr: how much was found, and how much of it can be fixed.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::diagnostic::{Applicability, Diagnostic, Level};

/// What a run amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Findings at level error.
    pub errors: u64,
    /// Findings at level warning.
    pub warnings: u64,
    /// Findings at level info.
    pub infos: u64,
    /// Findings that an ignore comment silenced.
    pub ignored: u64,
    /// Files with findings.
    pub files_with_findings: u64,
    /// Files that were checked.
    pub files: u64,
    /// Rules that ran.
    pub rules: u64,
    /// Findings with a safe fix.
    pub fixable: u64,
    /// Findings with an unsafe fix but no safe one.
    pub unsafely_fixable: u64,
    /// How long it took, where that is to be said.
    pub elapsed: Option<Duration>,
}

impl Summary {
    /// Counts `diagnostics`; what they do not tell is left at nothing.
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        let mut summary = Self::default();
        let mut files = BTreeSet::new();
        for diagnostic in diagnostics {
            files.insert(diagnostic.primary.span.file);
            match diagnostic.level {
                Level::Error => summary.errors += 1,
                Level::Warning => summary.warnings += 1,
                Level::Info => summary.infos += 1,
            }
            if diagnostic.applicable_fix(Applicability::Safe).is_some() {
                summary.fixable += 1;
            } else if diagnostic.applicable_fix(Applicability::Unsafe).is_some() {
                summary.unsafely_fixable += 1;
            }
        }
        summary.files_with_findings = files.len() as u64;
        summary
    }

    /// How many findings there are of each level; `None` where there are none.
    pub(super) fn found(&self) -> Option<String> {
        let levels = [(self.errors, "error"), (self.warnings, "warning"), (self.infos, "info")];
        let found: Vec<String> = levels
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| counted(*count, word))
            .collect();
        (!found.is_empty()).then(|| found.join(", "))
    }

    /// The summary in one or two lines, each with a line break.
    pub fn text(&self) -> String {
        let ignored = match self.ignored {
            0 => String::new(),
            count => format!(" ({count} ignored)"),
        };
        let files = counted(self.files, "file");
        let Some(found) = self.found() else {
            let elapsed = self.elapsed.map_or(String::new(), |elapsed| format!(", {}", duration(elapsed)));
            return format!(
                "All checks passed: {files}, {}{ignored}{elapsed}\n",
                counted(self.rules, "rule")
            );
        };
        let elapsed = self.elapsed.map_or(String::new(), |elapsed| format!(" · {}", duration(elapsed)));
        let mut text =
            format!("Found {found} in {} of {files}{ignored}{elapsed}\n", self.files_with_findings);
        match (self.fixable, self.unsafely_fixable) {
            (0, 0) => {}
            (safe, 0) => text.push_str(&format!("[*] {safe} fixable with --fix\n")),
            (0, more) => text.push_str(&format!("[*] {more} fixable with --fix --unsafe-fixes\n")),
            (safe, more) => {
                text.push_str(&format!("[*] {safe} fixable with --fix, {more} more with --unsafe-fixes\n"));
            }
        }
        text
    }
}

pub(super) fn counted(count: u64, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn duration(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => "under 1 ms".to_owned(),
        milliseconds @ 1..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.1} s", elapsed.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn findings_are_counted_by_level_and_fix() {
        let (_, mut diagnostics) = sample::unicode();
        let (_, hostile) = sample::hostile();
        diagnostics.extend(hostile);
        let summary = Summary {
            files: 214,
            rules: 61,
            elapsed: Some(Duration::from_millis(38)),
            ..Summary::of(&diagnostics)
        };
        insta::assert_snapshot!(summary.text(), @"
        Found 2 errors, 2 warnings, 1 info in 1 of 214 files · 38 ms
        [*] 2 fixable with --fix, 1 more with --unsafe-fixes
        ");
    }

    #[test]
    fn what_is_nothing_is_not_said() {
        let one = Summary { warnings: 1, files: 1, files_with_findings: 1, ..Summary::default() };
        assert_eq!(one.text(), "Found 1 warning in 1 of 1 file\n");
        let ignored =
            Summary { ignored: 4, unsafely_fixable: 1, elapsed: Some(Duration::from_millis(1250)), ..one };
        assert_eq!(
            ignored.text(),
            "Found 1 warning in 1 of 1 file (4 ignored) · 1.2 s\n[*] 1 fixable with --fix --unsafe-fixes\n"
        );
        let safe = Summary { fixable: 1, ..one };
        assert!(safe.text().ends_with("\n[*] 1 fixable with --fix\n"));
    }

    #[test]
    fn clean_runs_say_what_was_checked() {
        let clean = Summary { files: 214, rules: 61, ..Summary::of(&[]) };
        assert_eq!(clean.text(), "All checks passed: 214 files, 61 rules\n");
        let timed = Summary { elapsed: Some(Duration::from_micros(400)), ignored: 2, ..clean };
        assert_eq!(timed.text(), "All checks passed: 214 files, 61 rules (2 ignored), under 1 ms\n");
    }
}
