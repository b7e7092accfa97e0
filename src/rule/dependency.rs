//! What rules say of an entry that names a unit which is not there.

use super::context::{HostContext, Report};
use super::meta::RuleMeta;
use crate::project::{Dependency, DependencyAttribute, Item, OptionKey};

/// The variant of such rules for entries that only lose their effect.
const ORDERING: &str = "ordering";

/// An entry of a unit that names a unit which is not there.
pub struct MissingUnit<'a> {
    /// What is wrong with the name, in the words that the message begins with.
    pub problem: &'a str,
    /// The words under the entry.
    pub here: &'a str,
    /// The unit that has the entry, with its suffix.
    pub unit: &'a str,
    /// The attribute that the entry stands in.
    pub attribute: &'a DependencyAttribute,
    /// The entry.
    pub item: &'a Item,
}

impl HostContext<'_> {
    /// Reports the entry with what comes of it, as the variant `ordering` where nothing fails for it. `None`
    /// where it has no place, or the rule has spoken about it already.
    pub fn report_missing_unit(
        &mut self,
        meta: &'static RuleMeta,
        entry: &MissingUnit<'_>,
    ) -> Option<Report<'_>> {
        let span = entry.item.span.filter(|span| !self.has_reported(*span))?;
        let unit = entry.unit;
        let effect = match entry.attribute.kind {
            Dependency::Order | Dependency::Weak => {
                format!("`{}` of `{unit}` has no effect", entry.written_name())
            }
            Dependency::Strong => format!("`{unit}` fails to start"),
            Dependency::Reverse => format!("it never starts `{unit}`"),
        };
        let mut report = self.report(span, format!("{}: {effect}", entry.problem)).here(entry.here);
        if let Some(binding) = entry.item.definition.binding.filter(|binding| binding.file == span.file) {
            report = report.covers(binding.range());
        }
        if entry.only_loses_its_effect() {
            report = report.variant(meta, ORDERING);
        }
        Some(report)
    }
}

impl MissingUnit<'_> {
    /// Whether the unit starts all the same.
    pub fn only_loses_its_effect(&self) -> bool {
        matches!(self.attribute.kind, Dependency::Order | Dependency::Weak)
    }

    /// The attribute as the definition writes it.
    fn written_name(&self) -> String {
        match self.item.definition.path.last() {
            Some(key @ OptionKey::Name(_)) => key.display(),
            _ => self.attribute.option.to_owned(),
        }
    }
}
