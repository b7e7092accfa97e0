//! Mistakes in configurations and in rules of users, as diagnostics of the files they are in.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::hover::wire_range;
use crate::config::Mistake;
use crate::config::discover::Problem;
use crate::text::{LineIndex, PositionEncoding, TextRange};

/// Mistakes whose files are known.
pub(super) type Mistakes = Vec<Arc<Mistake>>;

/// What is wrong, in sentences, and that of it which has a place.
pub(super) fn told(problems: Vec<Problem>) -> (Vec<String>, Mistakes) {
    let lines = problems.iter().map(Problem::line).collect();
    let placed = problems.into_iter().filter_map(|problem| match problem {
        Problem::Config(mistake) if mistake.file().is_some() => Some(Arc::from(mistake)),
        _ => None,
    });
    (lines, placed.collect())
}

/// Those in the file at `place`.
pub(super) fn in_file(mistakes: &Mistakes, place: &Path) -> Mistakes {
    mistakes.iter().filter(|mistake| mistake.file() == Some(place)).cloned().collect()
}

/// Mistakes of one file as they are sent, in the order of its text.
pub(super) fn as_sent(mistakes: &Mistakes, encoding: PositionEncoding) -> Vec<Value> {
    let mut mistakes = mistakes.clone();
    mistakes.sort_by_key(|mistake| mistake.range().start);
    let send = |mistake: &Arc<Mistake>| {
        let (text, range) = (mistake.text(), mistake.range());
        let range = TextRange::new((range.start as u32).into(), (range.end as u32).into());
        json!({
            "range": wire_range(text, &LineIndex::new(text), range, encoding),
            "severity": 1,
            "source": "nixlint",
            "message": mistake.in_full(),
        })
    };
    mistakes.iter().map(send).collect()
}
