//! What a rule says: a diagnostic, its labels and its fixes.
//!
//! Plain data: no rendering, no decisions about levels or exit codes.

use std::borrow::Cow;
use std::fmt;

use crate::text::{Edit, Span, TextRange};

/// The name of a rule, e.g. `unused-let-binding`; the only id a rule has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleName(Cow<'static, str>);

impl RuleName {
    /// A name known when nixlint is built.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// A name read at run time, of a user's own rule.
    pub fn owned(name: String) -> Self {
        Self(Cow::Owned(name))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How bad a finding is. Ordered: info, warning, error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Worth knowing; never fails a run by default.
    Info,
    /// Probably wrong.
    Warning,
    /// Certainly wrong.
    Error,
}

impl Level {
    /// `info`, `warning` or `error`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The family a rule belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Nix or systemd certainly rejects it, or it certainly does the wrong thing.
    Correctness,
    /// Probably not what was meant.
    Suspicious,
    /// Service failures that evaluate fine and break at boot.
    Services,
    /// Leaks and openings.
    Security,
    /// The module system.
    Modules,
    /// Flakes and their lock files.
    Flakes,
    /// Old names.
    Deprecated,
    /// Slow evaluation.
    Performance,
    /// Taste most share.
    Style,
    /// Packages in the manner of nixpkgs; off by default.
    Packaging,
    /// Taste few share; off by default.
    Pedantic,
}

impl Group {
    /// Whether its rules are about how a text is written, and not about what it does: a program that writes files
    /// cares for none of them.
    pub fn is_of_form(self) -> bool {
        matches!(self, Self::Style | Self::Pedantic | Self::Performance | Self::Packaging)
    }

    /// Every group, in the order they are listed to users.
    pub const ALL: [Self; 11] = [
        Self::Correctness,
        Self::Suspicious,
        Self::Services,
        Self::Security,
        Self::Modules,
        Self::Flakes,
        Self::Deprecated,
        Self::Performance,
        Self::Style,
        Self::Packaging,
        Self::Pedantic,
    ];

    /// The name in configuration and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Suspicious => "suspicious",
            Self::Services => "services",
            Self::Security => "security",
            Self::Modules => "modules",
            Self::Flakes => "flakes",
            Self::Deprecated => "deprecated",
            Self::Performance => "performance",
            Self::Style => "style",
            Self::Packaging => "packaging",
            Self::Pedantic => "pedantic",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that speaks.
    pub rule: RuleName,
    /// Its group.
    pub group: Group,
    /// The declared variant of the rule, where the finding is one.
    pub variant: Option<&'static str>,
    /// The level after configuration.
    pub level: Level,
    /// What is wrong: lower case, no final dot, the user's identifier in backticks.
    pub message: String,
    /// Where it is wrong.
    pub primary: Label,
    /// Evidence elsewhere, in the order it should be read.
    pub related: Vec<Label>,
    /// The lines of the primary file in which an ignore comment counts too, where they are more than
    /// the primary span's (e.g. the whole binding).
    pub covers: Option<TextRange>,
    /// Secrets: reports show dots in their place, here and in every other finding.
    pub masks: Vec<Span>,
    /// What to do, in a sentence.
    pub help: Option<String>,
    /// Root cause, assumptions, how to validate: paragraphs of plain text.
    pub notes: Vec<String>,
    /// The host the finding is about, where it is about one.
    pub host: Option<String>,
    /// Ways out, the least risky first. Alternatives of each other: at most one is applied.
    pub fixes: Vec<Fix>,
    /// What editors show in another style.
    pub tag: Option<Tag>,
}

/// A place and what it has to do with the finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words; never empty in a primary label (labels without text are not drawn).
    pub text: String,
}

/// How editors mark a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Dead code, shown faded.
    Unused,
    /// Old names, shown struck through.
    Deprecated,
}

/// A set of edits that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// An imperative: "use `inherit version;`".
    pub title: String,
    /// Whether it may be applied unattended.
    pub applicability: Applicability,
    /// The edits, in any number of files; they do not overlap.
    pub edits: Vec<Edit>,
}

/// How far a fix can be trusted. Ordered: manual, unsafe, safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Applicability {
    /// Shown, never applied.
    Manual,
    /// Probably wanted, but may change what the configuration does.
    Unsafe,
    /// Keeps the meaning (of all but the options a repair rule repairs).
    Safe,
}

impl Applicability {
    /// `manual`, `unsafe` or `safe`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Unsafe => "unsafe",
            Self::Safe => "safe",
        }
    }
}

impl Diagnostic {
    /// The first fix that may be applied unattended when everything down to `lowest` is allowed.
    ///
    /// A manual fix never is: where the user has to choose between ways out, the rule makes them
    /// manual.
    pub fn applicable_fix(&self, lowest: Applicability) -> Option<&Fix> {
        let lowest = lowest.max(Applicability::Unsafe);
        self.fixes.iter().find(|fix| fix.applicability >= lowest)
    }
}
