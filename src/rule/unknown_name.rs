//! What rules say of a name that nixpkgs' `lib` does not have, and whether a project has a name of its own.

use super::context::HostContext;

use super::meta::{Fixable, RuleMeta};
use crate::diagnostic::Applicability;
use crate::nixos::library;
use crate::project::{ProjectView, UnknownName};
use crate::text::nearest;

impl HostContext<'_> {
    /// Reports a name that `lib` does not have, as this variant where it is not proven for the locked nixpkgs.
    pub fn report_unknown_name(
        &mut self,
        meta: &'static RuleMeta,
        unknown: &UnknownName<'_>,
        here: &str,
        variant: &str,
    ) {
        let place = unknown.place;
        let span = place.span();
        if self.has_reported(span) {
            return;
        }
        let (set, name) = (&*place.name.set, &*place.name.name);
        let like = nearest(name, library::names(set));
        let elsewhere = library::sets_with(name);
        let mut report = self.report(span, format!("`{set}` has no `{name}`")).here(here);
        report = match (elsewhere.first(), like) {
            (Some(other), _) => report.help(format!("it is in `{other}`")),
            (None, Some(like)) => report.help(format!("perhaps `{like}` is meant")),
            (None, None) => report.help("see the manual of nixpkgs for the functions that there are"),
        };
        if !unknown.is_proven {
            report = report.variant(meta, variant);
        }
        if let (true, None, Some(like)) = (meta.fix != Fixable::Never, elsewhere.first(), like) {
            report = report.fix(Applicability::Unsafe, format!("write `{like}`"), |edits| {
                edits.replace_span(span, like);
            });
        }
        let _ = report;
    }

    /// Whether some file of the project binds an attribute of this name, as overlays do.
    pub fn defines_attribute(&self, project: &ProjectView<'_>, name: &str) -> bool {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '\'' | '.');
        project.files().iter().any(|file| {
            let text = self.file_text(file.id);
            memchr::memmem::find_iter(text.as_bytes(), name).any(|at| {
                let after = text[at + name.len()..].trim_start();
                let is_bound = after.starts_with('=') && !after.starts_with("==");
                is_bound && !text[..at].ends_with(is_part)
            })
        })
    }
}
