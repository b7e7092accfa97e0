//! What a rule sees and how it speaks.

use std::rc::Rc;

use super::meta::RuleMeta;
use super::patch::Patch;
use super::texts::{Question, Texts};
use crate::diagnostic::{Applicability, Diagnostic, Fix, Label, Tag};
use crate::module::{FileClass, Outline};
use crate::project::Item;
use crate::semantic::Semantics;
use crate::syntax::{AstNode, NixLanguage, SyntaxNode};
use crate::text::{Edit, FileId, Span, TextRange};

/// What a rule on nodes sees of its file.
pub struct Context<'f> {
    /// The file.
    pub file: FileId,
    /// Its text.
    pub text: &'f str,
    semantics: &'f Semantics,
    outline: &'f Outline,
    meta: &'static RuleMeta,
    out: Vec<Diagnostic>,
}

impl<'f> Context<'f> {
    /// A context for one file. The engine names the rule before it runs it.
    pub fn new(
        file: FileId,
        text: &'f str,
        semantics: &'f Semantics,
        outline: &'f Outline,
        meta: &'static RuleMeta,
    ) -> Self {
        Self { file, text, semantics, outline, meta, out: Vec::new() }
    }

    /// What the file seems to be, by its text alone.
    pub fn class(&self) -> FileClass {
        self.outline.class()
    }

    /// What the file looks like from above.
    pub fn outline(&self) -> &'f Outline {
        self.outline
    }

    /// Says which rule speaks from now on.
    pub fn set_rule(&mut self, meta: &'static RuleMeta) {
        self.meta = meta;
    }

    /// Scopes, bindings and references of the file.
    pub fn semantics(&self) -> &'f Semantics {
        self.semantics
    }

    /// The place of a node.
    pub fn span(&self, place: &impl Place) -> Span {
        Span::new(self.file, place.range())
    }

    /// Reports a finding at `place`.
    pub fn report(&mut self, place: &impl Place, message: impl Into<String>) -> Report<'_> {
        self.report_range(place.range(), message)
    }

    /// Reports a finding at bytes of the file.
    pub fn report_range(&mut self, range: TextRange, message: impl Into<String>) -> Report<'_> {
        Report::push(&mut self.out, self.meta, Span::new(self.file, range), message.into(), None)
    }

    /// What was reported, in order.
    pub fn finish(self) -> Vec<Diagnostic> {
        self.out
    }
}

/// What a rule on hosts sees beside the host.
pub struct HostContext<'h> {
    texts: &'h Texts<'h>,
    host: Option<&'h str>,
    meta: &'static RuleMeta,
    out: Vec<Diagnostic>,
}

impl<'h> HostContext<'h> {
    /// A context for rules on hosts.
    pub fn new(texts: &'h Texts<'h>, meta: &'static RuleMeta) -> Self {
        Self { texts, host: None, meta, out: Vec::new() }
    }

    /// Says which rule speaks from now on, and about which host.
    pub fn set_rule(&mut self, meta: &'static RuleMeta, host: Option<&'h str>) {
        self.meta = meta;
        self.host = host;
    }

    /// The text under `span`.
    pub fn text(&self, span: Span) -> &'h str {
        &self.texts.text(span.file)[span.range()]
    }

    /// The whole text of a file.
    pub fn file_text(&self, file: FileId) -> &'h str {
        self.texts.text(file)
    }

    /// Whether the text of a file is such that the rule must look at it. Cheaper than [`Self::file_text`] where
    /// it is not: an editor need not run the rule again when the text changes and the answer does not.
    pub fn text_says(&self, file: FileId, question: Question) -> bool {
        self.texts.says(file, question)
    }

    /// How the file is shown to users.
    pub fn display_path(&self, file: FileId) -> &'h str {
        self.texts.display(file)
    }

    /// The syntax tree of a file, parsed on first use: for fixes.
    pub fn syntax(&self, file: FileId) -> Rc<SyntaxNode> {
        self.texts.syntax(file)
    }

    /// The innermost node of type `N` that covers `span`.
    pub fn node_at<N: AstNode<Language = NixLanguage>>(&self, span: Span) -> Option<N> {
        let root = self.syntax(span.file);
        root.covering_element(span.range()).ancestors().find_map(N::cast)
    }

    /// Whether the rule has spoken about this place on this host already: one text may make several units.
    pub fn has_reported(&self, span: Span) -> bool {
        let rule = self.meta.rule_name();
        self.out.iter().any(|other| {
            other.rule == rule && other.primary.span == span && other.host.as_deref() == self.host
        })
    }

    /// Reports a finding at `span`.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> Report<'_> {
        let report =
            Report::push(&mut self.out, self.meta, span, message.into(), self.host.map(str::to_owned));
        Report { texts: Some(self.texts), ..report }
    }

    /// Reports a finding at an element of a list or a value; an ignore comment counts anywhere in the binding
    /// it is written in. `None` where it has no place, or the rule has spoken about it already.
    pub fn report_item(&mut self, item: &Item, message: impl Into<String>) -> Option<Report<'_>> {
        let span = item.span.filter(|span| !self.has_reported(*span))?;
        let report = self.report(span, message);
        let is_around =
            |binding: &Span| binding.file == span.file && binding.range().contains_range(span.range());
        Some(match item.definition.binding.filter(is_around) {
            Some(binding) => report.covers(binding.range()),
            None => report,
        })
    }

    /// What was reported, in order.
    pub fn finish(self) -> Vec<Diagnostic> {
        self.out
    }
}

/// A node with a place in the file at hand.
pub trait Place {
    /// Its bytes.
    fn range(&self) -> TextRange;
}

impl<N: AstNode<Language = NixLanguage>> Place for N {
    fn range(&self) -> TextRange {
        self.syntax().text_range()
    }
}

/// A finding that is being written. It is reported already; the methods add to it.
#[must_use = "a finding wants at least a label"]
pub struct Report<'d> {
    diagnostic: &'d mut Diagnostic,
    /// Where it is known, fixes are tried before they are offered.
    texts: Option<&'d Texts<'d>>,
}

impl<'d> Report<'d> {
    fn push(
        out: &'d mut Vec<Diagnostic>,
        meta: &'static RuleMeta,
        span: Span,
        message: String,
        host: Option<String>,
    ) -> Self {
        out.push(Diagnostic {
            rule: meta.rule_name(),
            group: meta.group,
            variant: None,
            level: meta.level,
            message,
            primary: Label { span, text: String::new() },
            related: Vec::new(),
            covers: None,
            masks: Vec::new(),
            help: None,
            notes: Vec::new(),
            host,
            fixes: Vec::new(),
            tag: None,
        });
        let diagnostic = out.last_mut().expect("invariant: something was pushed");
        Self { diagnostic, texts: None }
    }

    /// Words under the primary place.
    pub fn here(self, text: impl Into<String>) -> Self {
        self.diagnostic.primary.text = text.into();
        self
    }

    /// Evidence elsewhere.
    pub fn label(self, span: Span, text: impl Into<String>) -> Self {
        self.diagnostic.related.push(Label { span, text: text.into() });
        self
    }

    /// What to do.
    pub fn help(self, text: impl Into<String>) -> Self {
        self.diagnostic.help = Some(text.into());
        self
    }

    /// Root cause, assumption, or how to validate.
    pub fn note(self, text: impl Into<String>) -> Self {
        self.diagnostic.notes.push(text.into());
        self
    }

    /// The finding is this declared variant, with the level declared for it.
    pub fn variant(self, meta: &'static RuleMeta, name: &str) -> Self {
        if let Some(variant) = meta.variants.iter().find(|variant| variant.name == name) {
            self.diagnostic.variant = Some(variant.name);
            self.diagnostic.level = variant.level;
        }
        self
    }

    /// An ignore comment counts anywhere in this range of the primary file.
    pub fn covers(self, range: TextRange) -> Self {
        self.diagnostic.covers = Some(range);
        self
    }

    /// The texts at these places are secrets: no report shows them.
    pub fn mask(self, secrets: impl IntoIterator<Item = Span>) -> Self {
        self.diagnostic.masks.extend(secrets);
        self
    }

    /// How editors mark it.
    pub fn tag(self, tag: Tag) -> Self {
        self.diagnostic.tag = Some(tag);
        self
    }

    /// A way out. Add the least risky first.
    pub fn fix(
        self,
        applicability: Applicability,
        title: impl Into<String>,
        build: impl FnOnce(&mut Edits),
    ) -> Self {
        let mut edits = Edits { file: self.diagnostic.primary.span.file, edits: Vec::new() };
        build(&mut edits);
        let is_sound = self.texts.is_none_or(|texts| texts.is_sound(&edits.edits));
        if !edits.edits.is_empty() && is_sound {
            self.diagnostic.fixes.push(Fix { title: title.into(), applicability, edits: edits.edits });
        }
        self
    }
}

/// The edits of a fix.
pub struct Edits {
    file: FileId,
    edits: Vec<Edit>,
}

impl Edits {
    /// Replaces a node of the primary file.
    pub fn replace(&mut self, place: &impl Place, text: impl Into<String>) {
        self.edits.push(Edit { file: self.file, range: place.range(), text: text.into() });
    }

    /// Replaces a span of any file.
    pub fn replace_span(&mut self, span: Span, text: impl Into<String>) {
        self.edits.push(Edit { file: span.file, range: span.range(), text: text.into() });
    }

    /// Adds a patch.
    pub fn patch(&mut self, patch: &Patch) {
        self.extend(patch.file, patch.edits.clone());
    }

    /// Adds what a builder of `syntax` gave for a file.
    pub fn extend(&mut self, file: FileId, edits: Vec<(TextRange, String)>) {
        self.edits.extend(edits.into_iter().map(|(range, text)| Edit { file, range, text }));
    }
}
