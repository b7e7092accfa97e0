//! Comments that silence findings: where they stand, what they cover, and whether they are of use.
//!
//! It must never decide what a finding is: a finding that is not covered stays as it is.

mod grammar;
mod scope;

use std::ops::Range;

use self::grammar::{Directive, Verb};
use self::scope::{Scope, line_at};
use super::RuleSet;
use super::built_in::{
    self, BLANKET_SUPPRESSION, SUPPRESSION_WITHOUT_REASON, UNKNOWN_RULE_NAME, UNUSED_SUPPRESSION, finding,
};
use crate::diagnostic::{Applicability, Diagnostic, Fix, Group, Tag};
use crate::rule::RuleMeta;
use crate::syntax::{SyntaxKind, SyntaxNode, parse};
use crate::text::{Edit, FileId, Span, TextRange, TextSize};

/// The rules that `# deadnix: skip` is about.
const UNUSED_FAMILY: &str = "unused-";

const BLANK: [char; 2] = [' ', '\t'];

/// A comment that silences findings, with all that the tree tells of it.
#[derive(Debug)]
pub(super) struct IgnoreComment {
    /// Bytes of the comment, without a carriage return at its end.
    range: TextRange,
    directive: Directive,
    scope: Scope,
}

/// Findings of a file, told apart.
#[derive(Debug, Default)]
pub(super) struct Sifted {
    /// Those that are shown, with what is to be said about the comments.
    pub(super) shown: Vec<Diagnostic>,
    /// Those that a comment silences.
    pub(super) suppressed: Vec<Diagnostic>,
}

/// The ignore comments of a file.
pub(super) fn collect(tree: &SyntaxNode, text: &str) -> Vec<IgnoreComment> {
    // Every text is searched: memmem is several times as fast as `str::contains`.
    let has = |mark: &str| memchr::memmem::find(text.as_bytes(), mark.as_bytes()).is_some();
    if !["nixlint", "NIXLINT", "Nixlint", "deadnix:"].into_iter().any(has) {
        return Vec::new();
    }
    let tokens = tree.descendants_with_tokens().filter_map(|element| element.into_token());
    let comments = tokens.filter(|token| token.kind() == SyntaxKind::TOKEN_COMMENT);
    comments
        .filter_map(|token| {
            let comment = token.text().trim_end_matches('\r');
            let directive = grammar::parse(comment)?;
            let range = TextRange::at(token.text_range().start(), TextSize::of(comment));
            Some(IgnoreComment { range, scope: scope::of(&token, directive.verb, text), directive })
        })
        .collect()
}

/// The rule that an ignore comment of `text` names at `offset`, with the place of the name.
///
/// Works on the current thread, whose stack should be as large as those of [`super::pool`].
pub fn rule_name_at(text: &str, offset: TextSize) -> Option<(String, TextRange)> {
    if !text.contains("nixlint:") {
        return None;
    }
    let parsed = parse(text);
    collect(&parsed.syntax(), text).into_iter().find_map(|comment| {
        let place = |name: &grammar::Name| {
            let range =
                TextRange::new(TextSize::new(name.range.start as u32), TextSize::new(name.range.end as u32));
            range + comment.range.start()
        };
        let name = comment.names().iter().find(|name| place(name).contains_inclusive(offset))?;
        Some((name.text.clone(), place(name)))
    })
}

/// Lets ignore comments count around a string that spans lines for a finding inside it: no comment can stand in a string.
pub(super) fn add_covers(tree: &SyntaxNode, diagnostics: &mut [Diagnostic]) {
    for diagnostic in diagnostics {
        let range = diagnostic.covers.unwrap_or(diagnostic.primary.span.range());
        if tree.text_range().contains_range(range) {
            diagnostic.covers = scope::around_string(tree, range).or(diagnostic.covers);
        }
    }
}

/// Sifts the findings of one file and reports what is wrong with its comments. `text` is the text of
/// `file`; `is_read` tells that rules could look at it.
pub(super) fn sift(
    file: FileId,
    text: &str,
    is_read: bool,
    comments: &[IgnoreComment],
    found: Vec<Diagnostic>,
    rules: &RuleSet,
) -> Sifted {
    let mut sifted = Sifted::default();
    let mut used: Vec<Vec<bool>> =
        comments.iter().map(|comment| vec![false; comment.names().len()]).collect();
    for diagnostic in found {
        match silence(comments, &diagnostic, &mut used) {
            true => sifted.suppressed.push(diagnostic),
            false => sifted.shown.push(diagnostic),
        }
    }
    let about =
        |(comment, used): (_, &Vec<bool>)| Subject { file, text, comment, rules }.complaints(used, is_read);
    let complaints: Vec<Diagnostic> = comments.iter().zip(&used).flat_map(about).collect();
    for diagnostic in complaints {
        match silence(comments, &diagnostic, &mut used) {
            true => sifted.suppressed.push(diagnostic),
            false => sifted.shown.push(diagnostic),
        }
    }
    sifted
}

/// Whether a comment silences the finding; marks every name that does.
fn silence(comments: &[IgnoreComment], diagnostic: &Diagnostic, used: &mut [Vec<bool>]) -> bool {
    let rule = diagnostic.rule.as_str();
    let mut silenced = false;
    for (comment, used) in comments.iter().zip(used) {
        if !comment.covers(diagnostic) {
            continue;
        }
        silenced |= comment.directive.verb == Verb::DeadnixSkip && rule.starts_with(UNUSED_FAMILY);
        for (name, used) in comment.names().iter().zip(used) {
            if name.text == rule {
                *used = true;
                silenced = true;
            }
        }
    }
    silenced
}

impl IgnoreComment {
    fn names(&self) -> &[grammar::Name] {
        self.directive.names.as_deref().unwrap_or_default()
    }

    fn covers(&self, diagnostic: &Diagnostic) -> bool {
        let primary = diagnostic.primary.span.range();
        let says_itself = is_about_comments(diagnostic.rule.as_str()) && self.range.contains_range(primary);
        says_itself || self.scope.covers(primary, diagnostic.covers)
    }
}

/// A comment that is looked at.
struct Subject<'s> {
    file: FileId,
    text: &'s str,
    comment: &'s IgnoreComment,
    rules: &'s RuleSet,
}

impl Subject<'_> {
    fn complaints(&self, used: &[bool], is_read: bool) -> Vec<Diagnostic> {
        let directive = &self.comment.directive;
        if directive.verb == Verb::DeadnixSkip {
            return Vec::new();
        }
        if let Verb::Misspelt(start, end) = directive.verb {
            return self.misspelt(start..end).into_iter().collect();
        }
        let mut complaints = Vec::new();
        if self.comment.names().is_empty() {
            complaints.extend(self.blanket());
        } else if !directive.has_reason {
            complaints.extend(self.report(
                &SUPPRESSION_WITHOUT_REASON,
                self.comment.range,
                "this ignore comment gives no reason",
                "why?",
            ));
        }
        complaints.extend(self.unknown_names());
        if is_read {
            complaints.extend(self.unused(used));
        }
        complaints
    }

    /// A comment whose words before the list, in `head`, are not those that silence.
    fn misspelt(&self, head: Range<usize>) -> Option<Diagnostic> {
        let place = self.place(&head);
        let message = "this comment silences nothing: such comments begin with `nixlint: ignore[`";
        let mut diagnostic = self.report(&UNUSED_SUPPRESSION, place, message, "not understood")?;
        let verb = match self.text[place].to_ascii_lowercase().contains("file") {
            true => "nixlint: ignore-file",
            false => "nixlint: ignore",
        };
        let title = format!("write `{verb}`");
        diagnostic.fixes.push(self.fix(Applicability::Unsafe, title, place, verb));
        Some(diagnostic)
    }

    fn blanket(&self) -> Option<Diagnostic> {
        let message = "an ignore comment without a rule silences nothing";
        let mut diagnostic =
            self.report(&BLANKET_SUPPRESSION, self.comment.range, message, "names no rule")?;
        diagnostic.help = Some("name the rules: `# nixlint: ignore[rule-name] reason`".to_owned());
        Some(diagnostic)
    }

    fn unknown_names(&self) -> Vec<Diagnostic> {
        let unknown = self.comment.names().iter().filter(|name| self.runs(&name.text).is_none());
        let complaint = |name: &grammar::Name| {
            let group = Group::ALL.into_iter().find(|group| group.as_str() == name.text);
            let message = match group {
                Some(_) => format!("`{}` is a group: ignore comments name rules", name.text),
                None => format!("there is no rule `{}`", name.text),
            };
            let mut diagnostic =
                self.report(&UNKNOWN_RULE_NAME, self.place(&name.range), message, "silences nothing")?;
            if group.is_some() {
                return Some(diagnostic);
            }
            if let Some(similar) = self.similar(&name.text) {
                diagnostic.help = Some(format!("did you mean `{similar}`?"));
                diagnostic.fixes.push(self.fix(
                    Applicability::Unsafe,
                    format!("name `{similar}`"),
                    self.place(&name.range),
                    similar,
                ));
            }
            Some(diagnostic)
        };
        unknown.filter_map(complaint).collect()
    }

    fn unused(&self, used: &[bool]) -> Vec<Diagnostic> {
        let names = self.comment.names();
        if names.is_empty() {
            return Vec::new();
        }
        if self.comment.scope == Scope::Misplaced {
            let message = "`ignore-file` counts only above the first line of code";
            let complaint =
                self.report(&UNUSED_SUPPRESSION, self.comment.range, message, "silences nothing here");
            return complaint.into_iter().collect();
        }
        let is_unused = |(index, name): &(usize, &grammar::Name)| {
            !used[*index] && self.runs(&name.text) == Some(true) && !is_about_comments(&name.text)
        };
        let unused: Vec<usize> = names.iter().enumerate().filter(is_unused).map(|(index, _)| index).collect();
        if unused.len() == names.len() {
            return self.unused_comment().into_iter().collect();
        }
        unused.into_iter().filter_map(|index| self.unused_name(index)).collect()
    }

    fn unused_comment(&self) -> Option<Diagnostic> {
        let names: Vec<String> = self.comment.names().iter().map(|name| format!("`{}`", name.text)).collect();
        let mut message = format!("there is nothing to ignore from {}", names.join(", "));
        if message.chars().count() > 100 {
            message = format!("there is nothing to ignore from these {} rules", names.len());
        }
        let mut diagnostic =
            self.report(&UNUSED_SUPPRESSION, self.comment.range, message, "silences nothing")?;
        let (range, text) = removal(self.text, self.comment.range);
        diagnostic.fixes.push(self.fix(Applicability::Safe, "remove the comment".to_owned(), range, text));
        diagnostic.tag = Some(Tag::Unused);
        Some(diagnostic)
    }

    fn unused_name(&self, index: usize) -> Option<Diagnostic> {
        let names = self.comment.names();
        let name = &names[index];
        let message = format!("there is nothing to ignore from `{}`", name.text);
        let mut diagnostic =
            self.report(&UNUSED_SUPPRESSION, self.place(&name.range), message, "silences nothing")?;
        let with_comma = match index.checked_sub(1) {
            Some(before) => names[before].range.end..name.range.end,
            None => name.range.start..names[1].range.start,
        };
        let title = format!("remove `{}` from the comment", name.text);
        diagnostic.fixes.push(self.fix(Applicability::Safe, title, self.place(&with_comma), ""));
        diagnostic.tag = Some(Tag::Unused);
        Some(diagnostic)
    }

    /// Whether the rule runs; `None` for a name that is no rule.
    fn runs(&self, name: &str) -> Option<bool> {
        let built_in = built_in::BUILT_IN.iter().find(|meta| meta.name == name);
        match built_in {
            Some(meta) => Some(built_in::level(self.rules, meta).is_some()),
            None => self.rules.known.get(name).copied(),
        }
    }

    /// The rule whose name is most like `name`, if one is.
    fn similar(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase().replace('_', "-");
        let known = self.rules.known.keys().map(String::as_str);
        let built_in = built_in::BUILT_IN.iter().map(|meta| meta.name);
        let (similarity, best) = known
            .chain(built_in)
            .map(|known| (strsim::jaro_winkler(&name, known), known))
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
        (similarity > 0.85).then_some(best)
    }

    fn report(
        &self,
        meta: &'static RuleMeta,
        range: TextRange,
        message: impl Into<String>,
        label: &str,
    ) -> Option<Diagnostic> {
        let level = built_in::level(self.rules, meta)?;
        let diagnostic = finding(meta, Span::new(self.file, range), message, label);
        Some(Diagnostic { level, ..diagnostic })
    }

    fn fix(&self, applicability: Applicability, title: String, range: TextRange, text: &str) -> Fix {
        let edits = vec![Edit { file: self.file, range, text: text.to_owned() }];
        Fix { title, applicability, edits }
    }

    /// Bytes of the comment as bytes of the file.
    fn place(&self, range: &Range<usize>) -> TextRange {
        TextRange::new(TextSize::new(range.start as u32), TextSize::new(range.end as u32))
            + self.comment.range.start()
    }
}

fn is_about_comments(rule: &str) -> bool {
    let about_comments =
        [&BLANKET_SUPPRESSION, &SUPPRESSION_WITHOUT_REASON, &UNKNOWN_RULE_NAME, &UNUSED_SUPPRESSION];
    about_comments.iter().any(|meta| meta.name == rule)
}

/// What to replace, and by what, so that the comment at `range` is gone: with its line where nothing else
/// stands there, else with the white space on one side.
fn removal(text: &str, range: TextRange) -> (TextRange, &'static str) {
    let (start, end) = (usize::from(range.start()), usize::from(range.end()));
    let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let line_start = usize::from(line_at(text, range.start()).start()).max(mark);
    let line_end = usize::from(line_at(text, range.end()).end());
    let (before, after) = (&text[line_start..start], &text[end..line_end]);
    let blanks_before = before.len() - before.trim_end_matches(BLANK).len();
    let blanks_after = after.len() - after.trim_start_matches(BLANK).len();
    let alone_before = blanks_before == before.len();
    let alone_after = matches!(&after[blanks_after..], "" | "\r");

    let removed = match (alone_before, alone_after) {
        (true, true) if line_end < text.len() => line_start..line_end + 1,
        // The last line, without a line break: the one before it goes instead.
        (true, true) => {
            let above = &text[..line_start];
            let above = above.strip_suffix('\n').unwrap_or(above);
            above.strip_suffix('\r').unwrap_or(above).len()..end
        }
        (false, true) => start - blanks_before..end,
        (false, false) if blanks_before + blanks_after == 0 => return (range, " "),
        (false, false) if blanks_before == 0 => start..end,
        (_, false) => start..end + blanks_after,
    };
    (TextRange::new(TextSize::new(removed.start as u32), TextSize::new(removed.end as u32)), "")
}

#[cfg(test)]
mod tests {
    use super::super::sample::{bad_name, check, needle, rules, text, unused_name, workspace};
    use super::super::{RuleSet, fix};
    use super::*;

    fn all() -> RuleSet {
        rules(vec![bad_name(), unused_name(), needle()])
    }

    /// What is said about a file, and how much of it is silenced.
    fn sifted(text: &str) -> (Vec<String>, usize) {
        let (outcome, said) = check(text, &all());
        (said, outcome.suppressed.len())
    }

    fn fixed(before: &str) -> String {
        let fixed = fix(workspace(&[("a.nix", before)]), &all(), Applicability::Safe);
        assert_eq!(fixed.failures, Vec::<String>::new());
        text(&fixed.workspace, 0)
    }

    #[test]
    fn a_comment_behind_code_covers_its_line() {
        assert_eq!(
            sifted("[\n  bad # nixlint: ignore[bad-name] so be it\n  bad\n]"),
            (vec!["bad-name 3:3".into()], 1)
        );
        assert_eq!(sifted("[ bad /* nixlint: ignore[bad-name] */ bad ]"), (vec![], 2));
    }

    #[test]
    fn a_comment_on_its_own_line_covers_the_next_node() {
        let (said, silenced) = sifted(
            "{
  # nixlint: ignore[bad-name]
  # another comment

  # nixlint: ignore[needle]
  a = [
    bad
    \"needle\"
  ];
  b = bad;
}",
        );
        assert_eq!((said, silenced), (vec!["bad-name 10:7".to_owned()], 2));
    }

    #[test]
    fn a_comment_covers_the_rest_of_the_next_line() {
        assert_eq!(sifted("let a = 1;\n# nixlint: ignore[bad-name]\nin bad"), (vec![], 1));
        assert_eq!(
            sifted("[\n  # nixlint: ignore[bad-name]\n  bad bad\n  bad\n]"),
            (vec!["bad-name 4:3".into()], 2)
        );
    }

    #[test]
    fn a_comment_does_not_cover_what_began_above() {
        let text = "bad.${\n  # nixlint: ignore[bad-name]\n  name\n}";
        let (said, silenced) = sifted(text);
        assert_eq!((said.len(), silenced), (2, 0), "{said:?}");
    }

    #[test]
    fn a_comment_at_the_top_covers_the_file() {
        let said = |first: &str| sifted(&format!("{first}\n# of the house\nlet x = bad; in\nbad"));
        assert_eq!(said("# nixlint: ignore-file[bad-name] all of it"), (vec![], 2));
        assert_eq!(said("\u{feff}# nixlint: ignore-file[bad-name, byte-order-mark]").1, 3);
        let (below, silenced) = sifted("let x = bad; in # nixlint: ignore-file[bad-name]\n1");
        assert_eq!((below, silenced), (vec!["bad-name 1:9".into(), "unused-suppression 1:17".into()], 0));
    }

    #[test]
    fn comments_stand_around_strings() {
        for text in [
            "{\n  # nixlint: ignore[needle]\n  a = f ''\n    b\n    needle\n  '';\n}",
            "{\n  a = f ''\n    b\n    needle\n  ''; # nixlint: ignore[needle]\n}",
            "[\n  # nixlint: ignore[needle]\n  ''\n    b\n    needle\n  ''\n]",
            "{\n  # nixlint: ignore[needle]\n  a = ''\n    ${f { b = ''\n      needle ''; }}\n  '';\n}",
        ] {
            let (said, silenced) = sifted(text);
            assert!(said.is_empty() && silenced > 0, "{text}: {said:?}");
        }
        let (_, silenced) = sifted("[\n  # nixlint: ignore[needle]\n  ''b''\n  ''\n    needle\n  ''\n]");
        assert_eq!(silenced, 0);
    }

    #[test]
    fn deadnix_comments_count_for_unused_names_on_the_next_line() {
        let text = "{\n  # deadnix: skip\n  unused = bad;\n  unused = 1;\n}";
        assert_eq!(sifted(text), (vec!["bad-name 3:12".into(), "unused-name 4:3".into()], 1));
    }

    #[test]
    fn comments_of_no_use_are_reported() {
        assert_eq!(
            sifted("# nixlint: ignore[bad-name, idle]\n1"),
            (vec!["unused-suppression 1:19".into()], 0)
        );
        assert_eq!(sifted("# nixlint: ignore[idle]\n1"), (vec![], 0));
        assert_eq!(sifted("# nixlint: ignore\nbad").0, ["blanket-suppression 1:1", "bad-name 2:1"]);
        assert_eq!(sifted("1 # nixlint: ignore[bad-name, unused-suppression]"), (vec![], 1));
        assert_eq!(sifted("# nixlint: ignore-file[syntax-error]\n(").1, 1);
    }

    #[test]
    fn comments_that_look_like_it_are_told() {
        let (outcome, said) = check("# nixlint: disable[bad-name] why\nbad", &all());
        assert_eq!(said, ["unused-suppression 1:3", "bad-name 2:1"]);
        let fix = &outcome.diagnostics[0].fixes[0];
        assert_eq!(
            (fix.edits[0].text.as_str(), fix.applicability),
            ("nixlint: ignore", Applicability::Unsafe)
        );
        assert_eq!(sifted("# nixlint is a linter, see [1]\nbad").0, ["bad-name 2:1"]);
        let (outcome, _) = check("# nixlint: ignore[style]\nbad", &all());
        assert_eq!(outcome.diagnostics[0].message, "`style` is a group: ignore comments name rules");
    }

    #[test]
    fn unknown_names_come_with_a_guess() {
        let (outcome, said) = check("# nixlint: ignore[bad-nmae, zzz]\nbad", &all());
        assert_eq!(said, ["unknown-rule-name 1:19", "unknown-rule-name 1:29", "bad-name 2:1"]);
        assert_eq!(outcome.diagnostics[0].help.as_deref(), Some("did you mean `bad-name`?"));
        assert_eq!(outcome.diagnostics[1].help, None);
    }

    #[test]
    fn reasons_are_asked_for_where_wanted() {
        let mut set = all();
        let text = "[\n  bad # nixlint: ignore[bad-name]\n  bad # nixlint: ignore[bad-name]: upstream 12\n]";
        assert!(check(text, &set).1.is_empty());
        set.known.insert("suppression-without-reason".to_owned(), true);
        set.built_in_levels.insert("suppression-without-reason".to_owned(), crate::diagnostic::Level::Info);
        let (outcome, said) = check(text, &set);
        assert_eq!(said, ["suppression-without-reason 2:7"]);
        assert_eq!(outcome.diagnostics[0].level, crate::diagnostic::Level::Info);
    }

    #[test]
    fn comments_of_no_use_are_removed() {
        for (before, after) in [
            ("{\n  # nixlint: ignore[bad-name] why\n  a = 1;\n}\n", "{\n  a = 1;\n}\n"),
            ("{\r\n  # nixlint: ignore[bad-name]\r\n  a = 1;\r\n}", "{\r\n  a = 1;\r\n}"),
            ("{\r\n  a = 1; # nixlint: ignore[bad-name]\r\n}", "{\r\n  a = 1;\r\n}"),
            ("[ 1 /* nixlint: ignore[bad-name] */ 2 ]", "[ 1 2 ]"),
            ("[ 1/* nixlint: ignore[bad-name] */2 ]", "[ 1 2 ]"),
            ("[ 1/* nixlint: ignore[bad-name] */ 2 ]", "[ 1 2 ]"),
            ("/* nixlint: ignore[bad-name] */ 1", "1"),
            ("1\r\n\r\n# nixlint: ignore[bad-name]", "1\r\n"),
            ("# nixlint: ignore[bad-name]\n1", "1"),
            ("# nixlint: ignore[idle, bad-name, needle] why\n1", "# nixlint: ignore[idle] why\n1"),
            ("# nixlint: ignore[bad-name, idle]\n1", "# nixlint: ignore[idle]\n1"),
        ] {
            assert_eq!(fixed(before), after, "{before:?}");
        }
    }
}
