//! The texts of a project as rules on hosts look at them: trees, and which fixes are sound. Hosts share both,
//! since most of what is found on one is found on the next.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::semantic::lower;
use crate::syntax::edit;
use crate::syntax::{AstNode, ParsedFile, Parser, SyntaxKind, SyntaxNode};
use crate::text::{Edit, FileId, Sources, TextRange, TextSize, apply_edits};

/// The texts of a project, each parsed when it is first asked for. Who reads which is noted.
pub struct Texts<'h> {
    sources: &'h Sources,
    /// What the rule read that runs.
    read: RefCell<TextsRead>,
    parser: RefCell<Parser>,
    files: RefCell<FxHashMap<FileId, Rc<Parsed>>>,
    sound: RefCell<FxHashMap<Vec<Edit>, bool>>,
}

/// What a rule on hosts read of texts, beyond what evaluation makes of them.
#[derive(Debug, Clone, Default)]
pub struct TextsRead {
    /// Files whose text it looked at.
    pub files: FxHashSet<FileId>,
    /// What it asked of texts, and the answers.
    pub asked: Vec<(FileId, Question, bool)>,
}

/// A question about a text.
pub type Question = fn(&str) -> bool;

impl TextsRead {
    /// Whether the rule would find something else in `new`, the text of `file` after a change that moves its
    /// program only.
    pub fn is_about(&self, file: FileId, new: &str) -> bool {
        let is_other =
            |(of, question, answer): &(FileId, Question, bool)| *of == file && question(new) != *answer;
        self.files.contains(&file) || self.asked.iter().any(is_other)
    }
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
        Self {
            sources,
            read: RefCell::default(),
            parser: RefCell::default(),
            files: RefCell::default(),
            sound: RefCell::default(),
        }
    }

    /// What was read since this was asked last.
    pub fn take_read(&self) -> TextsRead {
        self.read.take()
    }

    /// The text of a file.
    pub(super) fn text(&self, file: FileId) -> &'h str {
        self.read.borrow_mut().files.insert(file);
        &self.sources.get(file).text
    }

    /// What a question says of the text of a file.
    pub(super) fn says(&self, file: FileId, question: Question) -> bool {
        let answer = question(&self.sources.get(file).text);
        self.read.borrow_mut().asked.push((file, question, answer));
        answer
    }

    /// How a file is shown.
    pub(super) fn display(&self, file: FileId) -> &'h str {
        &self.sources.get(file).display
    }

    /// The syntax tree of a file.
    pub(super) fn syntax(&self, file: FileId) -> Rc<SyntaxNode> {
        self.parsed(file).syntax.clone()
    }

    /// Whether every file still parses after the edits and defines no attribute twice that it did not before.
    pub(super) fn is_sound(&self, edits: &[Edit]) -> bool {
        self.read.borrow_mut().files.extend(edits.iter().map(|edit| edit.file));
        if let Some(known) = self.sound.borrow().get(edits) {
            return *known;
        }
        let mut files: Vec<FileId> = edits.iter().map(|edit| edit.file).collect();
        files.sort();
        files.dedup();
        let is_atom =
            |edit: &Edit| edit::is_atom_for_expression(&self.syntax(edit.file), edit.range, &edit.text);
        let is_sound = matches!(edits, [edit] if is_atom(edit))
            || files.into_iter().all(|file| {
                let edits: Vec<&Edit> = edits.iter().filter(|edit| edit.file == file).collect();
                let is_sound = |piece| self.is_sound_in(file, &edits, piece);
                let piece = self.piece(file, &edits);
                debug_assert!(!piece.is_some_and(&is_sound) || is_sound(TextRange::up_to(self.len(file))));
                piece.is_some_and(&is_sound) || is_sound(TextRange::up_to(self.len(file)))
            });
        self.sound.borrow_mut().insert(edits.to_vec(), is_sound);
        is_sound
    }

    fn len(&self, file: FileId) -> TextSize {
        TextSize::of(&*self.sources.get(file).text)
    }

    /// A part of the file that can be looked at alone to see whether these edits are sound.
    fn piece(&self, file: FileId, edits: &[&Edit]) -> Option<TextRange> {
        let range = edits.iter().map(|edit| edit.range).reduce(TextRange::cover)?;
        let parsed = self.parsed(file);
        let piece = edit::set_of_its_own(&parsed.syntax, range).filter(|_| parsed.tree.is_ok())?;
        Some(piece.text_range())
    }

    /// Whether a piece of a file, all of it or a set, is still one after the edits, with no more attributes that are
    /// defined twice.
    fn is_sound_in(&self, file: FileId, edits: &[&Edit], piece: TextRange) -> bool {
        let is_whole = piece.len() == self.len(file);
        let before = &self.sources.get(file).text[piece];
        let moved = edits.iter().map(|edit| Edit { range: edit.range - piece.start(), ..(*edit).clone() });
        let Ok(after) = apply_edits(before, &moved.collect::<Vec<_>>()) else { return false };
        let tree = self.parser.borrow_mut().parse(&after);
        let is_set = || {
            let set = tree.root().expr().map(|expr| expr.syntax().clone());
            set.is_some_and(|set| {
                set.kind() == SyntaxKind::NODE_ATTR_SET && set.text_range().len() == TextSize::of(&after)
            })
        };
        let is_defined_twice = || match duplicates(&tree) {
            0 => false,
            after if is_whole => after > self.parsed(file).duplicates(),
            after => after > duplicates(&self.parser.borrow_mut().parse(before)),
        };
        tree.is_ok() && (is_whole || is_set()) && !is_defined_twice()
    }

    fn parsed(&self, file: FileId) -> Rc<Parsed> {
        self.read.borrow_mut().files.insert(file);
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
