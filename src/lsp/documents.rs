//! Documents that the client has open.

use std::path::PathBuf;
use std::sync::Arc;

use gen_lsp_types::TextDocumentContentChangeEvent as Event;

use super::convert;
use crate::config::discover::{OpenFile, real_place};
use crate::text::{LineIndex, PositionEncoding};

/// A document.
pub(super) struct Document {
    /// The version that the client gave it last.
    pub version: i32,
    /// Its text.
    pub text: Arc<str>,
    /// What it is.
    pub kind: Kind,
}

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nix, at a place of the disk or without one.
    Nix { place: PathBuf, is_homeless: bool },
    /// A configuration of nixlint, at a place of the disk where it is known.
    Config { place: Option<PathBuf> },
    /// Nothing to look at.
    Other,
}

impl Kind {
    /// What the document at `uri` is.
    pub(super) fn of(uri: &str, language: &str) -> Self {
        let path = convert::path_of(uri);
        let name = path.as_ref().and_then(|path| path.file_name()).unwrap_or_default();
        if name == "nixlint.toml" || name == ".nixlint.toml" {
            return Self::Config { place: path.as_deref().map(real_place) };
        }
        let is_nix = language == "nix"
            || path.as_ref().is_some_and(|path| path.extension().is_some_and(|e| e == "nix"));
        match path {
            _ if !is_nix => Self::Other,
            // What is built is nobody's to change, and behind a file of it may be all of nixpkgs.
            Some(path) if path.starts_with("/nix/store") => Self::Other,
            Some(path) => Self::Nix { place: real_place(&path), is_homeless: false },
            None => {
                let name: String = uri
                    .chars()
                    .map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' })
                    .collect();
                Self::Nix { place: PathBuf::from(format!("/<{name}>")), is_homeless: true }
            }
        }
    }
}

impl Document {
    /// Its text in the place of what is on disk.
    pub(super) fn open_file(&self) -> Option<OpenFile> {
        match &self.kind {
            Kind::Nix { place, is_homeless } => {
                Some(OpenFile { path: place.clone(), text: self.text.clone(), is_homeless: *is_homeless })
            }
            Kind::Config { .. } | Kind::Other => None,
        }
    }

    /// Takes over the changes in the order they are in.
    pub(super) fn apply(&mut self, changes: Vec<Event>, encoding: PositionEncoding) {
        // What stands in front of a whole text does not matter.
        let is_whole = |change: &Event| matches!(change, Event::TextDocumentContentChangeWholeDocument(_));
        let first = changes.iter().rposition(is_whole).unwrap_or(0);
        for change in changes.into_iter().skip(first) {
            self.text = match change {
                Event::TextDocumentContentChangeWholeDocument(whole) => whole.text.into(),
                Event::TextDocumentContentChangePartial(part) => {
                    let range = convert::range(&self.text, &LineIndex::new(&self.text), part.range, encoding);
                    let (start, end) = (usize::from(range.start()), usize::from(range.end()));
                    [&self.text[..start], &part.text, &self.text[end..]].concat().into()
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use gen_lsp_types::{
        Position, Range, TextDocumentContentChangePartial, TextDocumentContentChangeWholeDocument,
    };

    use super::*;

    fn partial(start: (u32, u32), end: (u32, u32), text: &str) -> Event {
        let at = |(line, character)| Position { line, character };
        Event::TextDocumentContentChangePartial(TextDocumentContentChangePartial::new(
            Range { start: at(start), end: at(end) },
            None,
            text.to_owned(),
        ))
    }

    #[test]
    fn changes_apply_in_turn() {
        let mut document = Document { version: 1, text: "ab\ncd".into(), kind: Kind::Other };
        document.apply(
            vec![partial((0, 1), (1, 1), "X"), partial((0, 2), (0, 2), "🦀"), partial((0, 4), (0, 9), "é")],
            PositionEncoding::Utf16,
        );
        assert_eq!(&*document.text, "aX🦀é");
        let whole = TextDocumentContentChangeWholeDocument::new("1".to_owned()).into();
        document.apply(
            vec![partial((0, 0), (9, 9), "lost"), whole, partial((0, 1), (0, 1), "2")],
            PositionEncoding::Utf8,
        );
        assert_eq!(&*document.text, "12");
    }

    #[test]
    fn documents_are_told_apart_by_name_and_language() {
        let config = Kind::Config { place: Some(PathBuf::from("/p/nixlint.toml")) };
        assert_eq!(Kind::of("file:///p/nixlint.toml", "toml"), config);
        assert_eq!(Kind::of("file:///p/x.md", "markdown"), Kind::Other);
        assert_eq!(Kind::of("file:///nix/store/x/a.nix", "nix"), Kind::Other);
        let nix = |uri, language| matches!(Kind::of(uri, language), Kind::Nix { .. });
        assert!(nix("file:///p/x.nix", "plaintext") && nix("untitled:Untitled-1", "nix"));
    }
}
