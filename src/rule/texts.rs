//! The texts of a project as rules on hosts look at them: trees, and which fixes are sound. Hosts share both,
//! since most of what is found on one is found on the next.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::semantic::lower;
use crate::syntax::{ParsedFile, Parser, SyntaxNode};
use crate::text::{Edit, FileId, Sources, apply_edits};

/// The texts of a project, each parsed when it is first asked for.
pub struct Texts<'h> {
    /// The texts.
    pub sources: &'h Sources,
    parser: RefCell<Parser>,
    files: RefCell<FxHashMap<FileId, Rc<Parsed>>>,
    sound: RefCell<FxHashMap<Vec<Edit>, bool>>,
}

struct Parsed {
    syntax: Rc<SyntaxNode>,
    tree: ParsedFile,
    /// How many attributes are defined twice.
    duplicates: OnceCell<usize>,
}

impl Parsed {
    fn duplicates(&self) -> usize {
        *self.duplicates.get_or_init(|| duplicates(&self.tree))
    }
}

impl<'h> Texts<'h> {
    /// Nothing is parsed yet.
    pub fn new(sources: &'h Sources) -> Self {
        Self { sources, parser: RefCell::default(), files: RefCell::default(), sound: RefCell::default() }
    }

    /// The syntax tree of a file.
    pub(super) fn syntax(&self, file: FileId) -> Rc<SyntaxNode> {
        self.parsed(file).syntax.clone()
    }

    /// Whether every file still parses after the edits and defines no attribute twice that it did not before.
    pub(super) fn is_sound(&self, edits: &[Edit]) -> bool {
        if let Some(known) = self.sound.borrow().get(edits) {
            return *known;
        }
        let mut files: Vec<FileId> = edits.iter().map(|edit| edit.file).collect();
        files.sort();
        files.dedup();
        let is_sound = files.into_iter().all(|file| {
            let before = &self.sources.get(file).text;
            let Ok(after) = apply_edits(before, edits.iter().filter(|edit| edit.file == file)) else {
                return false;
            };
            let after = self.parser.borrow_mut().parse(&after);
            let is_defined_twice = || match duplicates(&after) {
                0 => false,
                after => after > self.parsed(file).duplicates(),
            };
            after.is_ok() && !is_defined_twice()
        });
        self.sound.borrow_mut().insert(edits.to_vec(), is_sound);
        is_sound
    }

    fn parsed(&self, file: FileId) -> Rc<Parsed> {
        if let Some(parsed) = self.files.borrow().get(&file) {
            return parsed.clone();
        }
        let tree = self.parser.borrow_mut().parse(&self.sources.get(file).text);
        let parsed = Rc::new(Parsed { syntax: Rc::new(tree.syntax()), tree, duplicates: OnceCell::new() });
        self.files.borrow_mut().insert(file, parsed.clone());
        parsed
    }
}

fn duplicates(tree: &ParsedFile) -> usize {
    lower(&tree.root()).duplicates.len()
}
