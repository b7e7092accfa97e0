//! The difference of two texts as a unified diff that `git apply` accepts.
//!
//! Files that appear or vanish are not its business: both texts belong to one path.

use std::fmt::Write as _;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

pub(super) use similar::ChangeTag;

use super::terminal::{Color, paint, printable_source};

/// Where a diff goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// Into a file or another program: every byte of the texts is kept.
    Patch,
    /// To a terminal: control characters become escapes, so that it is no longer exact.
    Terminal {
        /// Whether colours are wanted.
        color: bool,
    },
}

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;

/// The diff from `old` to `new` of the file shown as `path` (`/`-separated, relative to the folder the
/// diff is to be applied in); empty where nothing changes.
pub fn unified_diff(path: &str, old: &str, new: &str, surface: Surface) -> String {
    let color = surface == Surface::Terminal { color: true };
    let mut result = String::new();
    for hunk in hunks(old, new, CONTEXT) {
        if result.is_empty() {
            for (sign, side) in [("---", "a"), ("+++", "b")] {
                let header = format!("{sign} {}", header_name(side, path));
                push_line(&mut result, &paint(&header, Color::Bold, color));
            }
        }
        push_line(&mut result, &paint(&hunk.header(), Color::Cyan, color));
        for (tag, line) in &hunk.lines {
            let (content, has_break) = match line.strip_suffix('\n') {
                Some(content) => (content, true),
                None => (*line, false),
            };
            match surface {
                Surface::Patch => push_line(&mut result, &format!("{tag}{content}")),
                Surface::Terminal { color } => push_line(&mut result, &painted(*tag, content, color)),
            }
            if !has_break {
                push_line(&mut result, "\\ No newline at end of file");
            }
        }
    }
    result
}

/// A run of changes with the lines around it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hunk<'t> {
    /// First line of the old text, from 0.
    pub old_start: usize,
    /// First line of the new text, from 0.
    pub new_start: usize,
    /// The lines with their line breaks: deleted and equal ones from the old text, inserted ones from
    /// the new one.
    pub lines: Vec<(ChangeTag, &'t str)>,
}

impl Hunk<'_> {
    /// `@@ -2,3 +2,4 @@`.
    pub(super) fn header(&self) -> String {
        let range = |start: usize, without: ChangeTag| {
            let length = self.lines.iter().filter(|(tag, _)| *tag != without).count();
            match length {
                // An empty range is named after the line before it.
                0 => format!("{start},0"),
                1 => format!("{}", start + 1),
                _ => format!("{},{length}", start + 1),
            }
        };
        format!(
            "@@ -{} +{} @@",
            range(self.old_start, ChangeTag::Insert),
            range(self.new_start, ChangeTag::Delete)
        )
    }
}

/// The differences of two texts, line by line, with `context` unchanged lines around each. Lines end at
/// `\n` only, as git has them.
pub(super) fn hunks<'t>(old: &'t str, new: &'t str, context: usize) -> Vec<Hunk<'t>> {
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let operations = capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines);
    if operations.iter().all(|operation| matches!(operation, DiffOp::Equal { .. })) {
        return Vec::new();
    }
    let groups = group_diff_ops(operations, context);
    let hunk = |group: &Vec<DiffOp>| {
        let first = group.first()?;
        let lines = group.iter().flat_map(|operation| operation.iter_changes(&old_lines, &new_lines));
        Some(Hunk {
            old_start: first.old_range().start,
            new_start: first.new_range().start,
            lines: lines.map(|change| (change.tag(), change.value())).collect(),
        })
    };
    groups.iter().filter_map(hunk).collect()
}

/// One line of a diff for people, without a line break.
pub(super) fn painted(tag: ChangeTag, content: &str, color: bool) -> String {
    let line = format!("{tag}{}", printable_source(content));
    match tag {
        ChangeTag::Equal => line,
        ChangeTag::Delete => paint(&line, Color::Red, color).into_owned(),
        ChangeTag::Insert => paint(&line, Color::Green, color).into_owned(),
    }
}

/// A file name as git writes it: quoted as in C where it has control characters, quotes or
/// backslashes, and with a tab at its end where it has blanks, so that nothing after it counts.
fn header_name(side: &str, path: &str) -> String {
    let path = format!("{side}/{}", path.trim_start_matches('/'));
    if path.contains(|c: char| super::terminal::is_deceptive(c) || c == '"' || c == '\\') {
        let mut quoted = String::from("\"");
        for c in path.chars() {
            match c {
                '"' | '\\' => quoted.extend(['\\', c]),
                _ if super::terminal::is_deceptive(c) => {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        write!(quoted, "\\{byte:03o}").expect("invariant: strings take all text");
                    }
                }
                _ => quoted.push(c),
            }
        }
        return quoted + "\"";
    }
    if path.contains(' ') { path + "\t" } else { path }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::report::sample::UNICODE;

    #[test]
    fn changes_stand_between_unchanged_lines() {
        let old: String = (1..=20).map(|line| format!("line {line}\n")).collect();
        let new = old.replace("line 4\n", "line four\n").replace("line 18\n", "");
        insta::assert_snapshot!(unified_diff("hosts/web.nix", &old, &new, Surface::Patch), @"
        --- a/hosts/web.nix
        +++ b/hosts/web.nix
        @@ -1,7 +1,7 @@
         line 1
         line 2
         line 3
        -line 4
        +line four
         line 5
         line 6
         line 7
        @@ -15,6 +15,5 @@
         line 15
         line 16
         line 17
        -line 18
         line 19
         line 20
        ");
    }

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(unified_diff("a.nix", UNICODE, UNICODE, Surface::Patch), "");
        assert_eq!(unified_diff("a.nix", "", "", Surface::Patch), "");
    }

    #[test]
    fn missing_final_line_breaks_are_said() {
        insta::assert_snapshot!(unified_diff("a.nix", "1\n2", "1\n2\n", Surface::Patch), @r"
        --- a/a.nix
        +++ b/a.nix
        @@ -1,2 +1,2 @@
         1
        -2
        \ No newline at end of file
        +2
        ");
        insta::assert_snapshot!(unified_diff("a.nix", "1\n2", "0\n2", Surface::Patch), @r"
        --- a/a.nix
        +++ b/a.nix
        @@ -1,2 +1,2 @@
        -1
        +0
         2
        \ No newline at end of file
        ");
    }

    #[test]
    fn line_breaks_are_kept_and_only_line_feeds_count() {
        let new = UNICODE.replace("y = 2", "y\r= 3\u{2028}");
        let diff = unified_diff("unicode.nix", UNICODE, &new, Surface::Patch);
        insta::assert_debug_snapshot!(diff.lines().chain(["end"]).collect::<Vec<_>>(), @r#"
        [
            "--- a/unicode.nix",
            "+++ b/unicode.nix",
            "@@ -1,4 +1,4 @@",
            " {",
            " \té = \"日本\"; /* 🦀 */ x = 1;",
            "-  y = 2;",
            "+  y\r= 3\u{2028};",
            " }",
            "end",
        ]
        "#);
        assert!(diff.contains("-  y = 2;\r\n+  y\r= 3\u{2028};\r\n"));
    }

    #[test]
    fn names_are_quoted_as_git_does() {
        assert_eq!(header_name("a", "flake.nix"), "a/flake.nix");
        assert_eq!(header_name("a", "é 日.nix"), "a/é 日.nix\t");
        assert_eq!(header_name("b", "a\n\"\\\u{1b}\u{202e}.nix"), r#""b/a\012\"\\\033\342\200\256.nix""#);
        assert_eq!(header_name("b", "/elsewhere/a.nix"), "b/elsewhere/a.nix");
    }

    #[test]
    fn on_a_terminal_control_characters_are_escapes() {
        let diff = unified_diff("a.nix", "a\u{1b}[2J\n", "\tb\n", Surface::Terminal { color: true });
        insta::assert_snapshot!(diff.replace('\u{1b}', "ESC"), @r"
        ESC[1m--- a/a.nixESC[0m
        ESC[1m+++ b/a.nixESC[0m
        ESC[36m@@ -1 +1 @@ESC[0m
        ESC[31m-a\u{1b}[2JESC[0m
        ESC[32m+	bESC[0m
        ");
        let plain = unified_diff("a.nix", "a\u{1b}[2J\n", "b\n", Surface::Terminal { color: false });
        assert!(!plain.contains('\u{1b}'));
    }

    #[test]
    fn git_accepts_every_diff() {
        let cases = [
            ("plain.nix", "a\nb\nc\n", "a\nB\nc\n"),
            ("unicode.nix", UNICODE, "{\r\n\té = \"本日\"; /* 🦀 */ x = 1;\r\n}\r\n"),
            ("no-newline.nix", "a\nb", "a\nc"),
            ("newline-added.nix", "a\nb", "a\nb\n"),
            ("newline-removed.nix", "a\nb\n", "a\nb"),
            ("carriage.nix", "a\rb\nc\r", "a\rB\nd\r"),
            ("filled.nix", "", "a\n"),
            ("emptied.nix", "a\n", ""),
            ("with blanks/and \"quotes\" é.nix", "a\n", "b\n"),
            ("with blanks/plain.nix", "a\n", "b\n"),
            ("control\n\u{1b}.nix", "a\n", "b\n"),
        ];
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut patch = String::new();
        for (path, old, new) in cases {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().expect("files have a parent")).expect("folders can be made");
            fs::write(&file, old).expect("files can be written");
            patch.push_str(&unified_diff(path, old, new, Surface::Patch));
        }
        fs::write(folder.path().join("all.patch"), &patch).expect("files can be written");
        let git = |arguments: &[&str]| {
            Command::new("git")
                .args(arguments)
                .current_dir(folder.path())
                .env("GIT_CEILING_DIRECTORIES", folder.path())
                .env("GIT_CONFIG_GLOBAL", "/dev/null")
                .env("GIT_CONFIG_NOSYSTEM", "1")
                .output()
        };
        if git(&["--version"]).is_err() {
            println!("skipped: git is not installed");
            return;
        }
        for arguments in [&["apply", "--check", "all.patch"][..], &["apply", "all.patch"]] {
            let output = git(arguments).expect("git runs");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{errors}\n{patch}");
        }
        for (path, _, new) in cases {
            // git removes a file that becomes empty when the diff could mean that.
            let result = fs::read_to_string(folder.path().join(path)).unwrap_or_default();
            assert_eq!(result, new, "{path}");
        }
    }

    proptest! {
        #[test]
        fn hunks_rebuild_the_new_text(
            old in "([ab\r]{0,2}\n){0,12}[ab\r]?",
            new in "([ab\r]{0,2}\n){0,12}[ab\r]?",
            context in 0usize..4,
        ) {
            let mut rest: Vec<&str> = old.split_inclusive('\n').collect();
            for hunk in hunks(&old, &new, context).into_iter().rev() {
                let side = |without| hunk.lines.iter().filter(move |(tag, _)| *tag != without).map(|(_, line)| *line);
                let removed: Vec<&str> = side(ChangeTag::Insert).collect();
                let end = hunk.old_start + removed.len();
                prop_assert_eq!(&rest[hunk.old_start..end], &removed[..]);
                rest.splice(hunk.old_start..end, side(ChangeTag::Delete));
            }
            prop_assert_eq!(rest.concat(), new);
        }
    }
}
