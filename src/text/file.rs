//! Files as the rest of nixlint sees them: an id, a path, a text.

use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use text_size::TextRange;

use super::LineIndex;

/// Index of a file in the [`Sources`] of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A byte range in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Start and end in bytes of the file's text; ends lie on character boundaries.
    pub range: SpanRange,
}

impl Span {
    /// The span of `range` in `file`.
    pub fn new(file: FileId, range: TextRange) -> Self {
        Self { file, range: SpanRange(u32::from(range.start()), u32::from(range.end())) }
    }

    /// Start and end in bytes of the file's text.
    pub fn range(self) -> TextRange {
        TextRange::new(self.range.0.into(), self.range.1.into())
    }
}

/// A [`TextRange`] with an order: by start, then end, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanRange(u32, u32);

/// One file of a run.
#[derive(Debug)]
pub struct SourceFile {
    /// Absolute path, `/`-separated. Bytes that are not UTF-8 in a file name are replaced by `U+FFFD`.
    pub path: Utf8PathBuf,
    /// Path as it is shown: relative to the working directory where it lies below it.
    pub display: String,
    /// The whole text, byte-order mark included. Empty for a file that could not be read.
    pub text: Arc<str>,
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    /// A file at `path`, shown as `display`.
    pub fn new(path: Utf8PathBuf, display: String, text: Arc<str>) -> Self {
        Self { path, display, text, lines: OnceLock::new() }
    }

    /// The line index of the text, built on first use.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// The same file with another text.
    pub fn with_text(&self, text: Arc<str>) -> Self {
        Self::new(self.path.clone(), self.display.clone(), text)
    }
}

/// All files of a run, by [`FileId`].
#[derive(Debug, Default, Clone)]
pub struct Sources {
    files: Vec<Arc<SourceFile>>,
}

impl Sources {
    /// Adds a file and gives its id.
    pub fn add(&mut self, file: Arc<SourceFile>) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files.push(file);
        id
    }

    /// The file behind `id`.
    ///
    /// # Panics
    /// If `id` comes from other `Sources`.
    pub fn get(&self, id: FileId) -> &Arc<SourceFile> {
        &self.files[id.0 as usize]
    }

    /// Puts `file` in the place of `id`.
    pub fn replace(&mut self, id: FileId, file: Arc<SourceFile>) {
        self.files[id.0 as usize] = file;
    }

    /// The text under `span`.
    pub fn text(&self, span: Span) -> &str {
        &self.get(span.file).text[span.range()]
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Ids and files in order.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Arc<SourceFile>)> {
        self.files.iter().enumerate().map(|(index, file)| (FileId(index as u32), file))
    }

    /// The id of the file at the absolute `path`; linear in the number of files.
    pub fn find(&self, path: &Utf8Path) -> Option<FileId> {
        self.iter().find(|(_, file)| file.path == path).map(|(id, _)| id)
    }
}
