//! Rules that are no rules: what the engine itself has to say, with names, levels and pages like any other.

use crate::diagnostic::{Diagnostic, Group, Label, Level};
use crate::rule::{Fixable, RuleMeta, Status};
use crate::text::Span;

use super::RuleSet;

/// What the engine reports without a rule, in the order of the rule book.
pub static BUILT_IN: &[&RuleMeta] = &[
    &BYTE_ORDER_MARK,
    &FILE_TOO_COMPLEX,
    &FILE_TOO_LARGE,
    &INTERNAL_ERROR,
    &SYNTAX_ERROR,
    &BLANKET_SUPPRESSION,
    &UNKNOWN_RULE_NAME,
    &UNUSED_SUPPRESSION,
    &SUPPRESSION_WITHOUT_REASON,
];

pub(super) static SYNTAX_ERROR: RuleMeta = RuleMeta {
    name: "syntax-error",
    summary: "Nix cannot read the file",
    docs: r"## What it does
Reports text that is no Nix expression.

## Why is this bad?
Nix refuses the file, and whatever imports it.
nixlint checks nothing else in it and treats it as unknown wherever it is imported.

## Example
```nix
{ a = 1 }
```

Use instead:
```nix
{ a = 1; }
```
",
    fix: Fixable::Sometimes,
    ..CORRECTNESS
};

pub(super) static FILE_TOO_COMPLEX: RuleMeta = RuleMeta {
    name: "file-too-complex",
    summary: "file nests or chains too deep to be read",
    docs: r"## What it does
Reports a file that nests deeper, or chains more operators or arguments, than nixlint is willing to read.

## Why is this bad?
Reading it would take an unreasonable amount of time or memory, in Nix too.
The limits are ten times what hand-written code reaches, so such a file is generated.

## Example
A list written as thousands of `++` in a row.

Use instead:
Data in JSON, read by `lib.importJSON`.
",
    ..CORRECTNESS
};

pub(super) static FILE_TOO_LARGE: RuleMeta = RuleMeta {
    name: "file-too-large",
    summary: "file is larger than 32 MiB",
    docs: r"## What it does
Reports a Nix file of more than 32 MiB, which is not read.

## Why is this bad?
Nothing in it is checked, and what imports it is not understood.

## Example
A package set generated into one file.

Use instead:
Data in JSON, read by `lib.importJSON`, or several files.
",
    ..CORRECTNESS
};

pub(super) static BYTE_ORDER_MARK: RuleMeta = RuleMeta {
    name: "byte-order-mark",
    summary: "file begins with a byte-order mark",
    docs: r"## What it does
Reports a byte-order mark at the start of a file.

## Why is this bad?
Nix rejects the file, with a message about an unexpected character that nobody can see.

## Example
A file saved as `UTF-8 with BOM`.

Use instead:
The same file saved as `UTF-8`.

## Fix safety
Always safe: nothing but the mark is removed.
",
    fix: Fixable::Always,
    ..CORRECTNESS
};

pub(super) static INTERNAL_ERROR: RuleMeta = RuleMeta {
    name: "internal-error",
    summary: "nixlint itself failed on the file",
    docs: r"## What it does
Says that a rule, or nixlint itself, failed on a file.

## Why is this bad?
Findings may be missing.
It is a mistake in nixlint, never one in your code: a report with the file, or the part of it that matters, is welcome.

## Example
None is known.

Use instead:
Ignore the rule that failed until it is repaired.
",
    ..CORRECTNESS
};

pub(super) static UNUSED_SUPPRESSION: RuleMeta = RuleMeta {
    name: "unused-suppression",
    summary: "ignore comment silences nothing",
    docs: r"## What it does
Finds `# nixlint: ignore[…]` comments for rules that have nothing to say there.
Rules that do not run in the current configuration are not looked at.
Also finds comments that look like it but are written otherwise, such as `# nixlint: disable[…]`.

## Why is this bad?
The comment claims a problem that is gone, and would hide the next one.

## Example
```nix
{
  # nixlint: ignore[syntax-error] left from an experiment
  a = 1;
}
```

Use instead:
```nix
{
  a = 1;
}
```

## Fix safety
Removing the comment is always safe: comments mean nothing to Nix.
Mending one that is written otherwise is unsafe: it silences findings then.
",
    fix: Fixable::Sometimes,
    ..SUSPICIOUS
};

pub(super) static UNKNOWN_RULE_NAME: RuleMeta = RuleMeta {
    name: "unknown-rule-name",
    summary: "ignore comment names a rule that does not exist",
    docs: r"## What it does
Finds names in `# nixlint: ignore[…]` comments that are no rules.

## Why is this bad?
The comment silences nothing, most often for a typing mistake or a rule that was renamed.

## Example
```nix
{
  # nixlint: ignore[sintax-error]
  a = 1;
}
```

Use instead:
```nix
{
  # nixlint: ignore[syntax-error]
  a = 1;
}
```
",
    fix: Fixable::Sometimes,
    ..SUSPICIOUS
};

pub(super) static BLANKET_SUPPRESSION: RuleMeta = RuleMeta {
    name: "blanket-suppression",
    summary: "ignore comment names no rule",
    docs: r"## What it does
Finds `# nixlint: ignore` comments without the rules they are about. They silence nothing.

## Why is this bad?
A comment that silenced everything would hide mistakes nobody has thought of yet.

## Example
```nix
{
  # nixlint: ignore
  a = 1;
}
```

Use instead:
```nix
{
  # nixlint: ignore[syntax-error] kept for a test
  a = 1;
}
```
",
    ..SUSPICIOUS
};

pub(super) static SUPPRESSION_WITHOUT_REASON: RuleMeta = RuleMeta {
    name: "suppression-without-reason",
    summary: "ignore comment gives no reason",
    docs: r"## What it does
Finds `# nixlint: ignore[…]` comments with nothing behind the bracket.

## Why is this bad?
The next reader cannot tell whether the reason still holds.

## Example
```nix
{
  # nixlint: ignore[syntax-error]
  a = 1;
}
```

Use instead:
```nix
{
  # nixlint: ignore[syntax-error] kept for a test
  a = 1;
}
```
",
    group: Group::Pedantic,
    on: false,
    ..SUSPICIOUS
};

const CORRECTNESS: RuleMeta = RuleMeta {
    name: "",
    summary: "",
    docs: "",
    options: &[],
    group: Group::Correctness,
    level: Level::Error,
    on: true,
    variants: &[],
    fix: Fixable::Never,
    status: Status::Stable { since: "0.1.0" },
    repairs: &[],
    supersedes: &[],
    file: file!(),
};

const SUSPICIOUS: RuleMeta = RuleMeta { group: Group::Suspicious, level: Level::Warning, ..CORRECTNESS };

/// The level of a rule of [`BUILT_IN`] in this run, or `None` where it does not run.
pub(super) fn level(rules: &RuleSet, meta: &RuleMeta) -> Option<Level> {
    let runs = rules.known.get(meta.name).copied().unwrap_or(meta.on);
    runs.then(|| rules.built_in_levels.get(meta.name).copied().unwrap_or(meta.level))
}

/// A finding of a rule of [`BUILT_IN`].
pub(super) fn finding(
    meta: &RuleMeta,
    span: Span,
    message: impl Into<String>,
    label: impl Into<String>,
) -> Diagnostic {
    Diagnostic {
        rule: meta.rule_name(),
        group: meta.group,
        variant: None,
        level: meta.level,
        message: message.into(),
        primary: Label { span, text: label.into() },
        related: Vec::new(),
        covers: None,
        masks: Vec::new(),
        help: None,
        notes: Vec::new(),
        host: None,
        fixes: Vec::new(),
        tag: None,
    }
}
