//! Reads the cases of a rule from Markdown, and writes them back.
//!
//! - A heading names a case; below it, `nix` blocks are its files and make up one project.
//! - `` `path`: `` on the line above a block names the file; without it the file is `module.nix`, and a
//!   `nix fixed` block stands for the only file of its case.
//! - `nix fixed` is a file after all safe fixes, `nix fixed unsafe` after the unsafe ones too.
//! - A `toml` block is `nixlint.toml`: for its case, or, under a heading without `nix` blocks, for
//!   everything below that heading.
//! - A `json` block with a path is a file that is no Nix, such as `flake.lock`.
//! - Other blocks and all other text are for people.

use std::ops::Range;

/// The file of a block without a path.
const DEFAULT_PATH: &str = "module.nix";

/// The cases of one rule.
pub struct Book {
    lines: Vec<String>,
    /// The first heading.
    pub title: Option<String>,
    /// The cases, in the order of the text.
    pub cases: Vec<Case>,
}

/// One case: a small project.
#[derive(Default)]
pub struct Case {
    /// Its heading.
    pub name: String,
    /// Of the heading, from 1.
    pub line: usize,
    /// Its configuration.
    pub toml: Option<String>,
    /// The files, with carets.
    pub sources: Vec<Block>,
    /// Files that are no Nix.
    pub data: Vec<Block>,
    /// Files after all safe fixes.
    pub fixed: Vec<Block>,
    /// Files after all fixes that are not manual.
    pub fixed_unsafe: Vec<Block>,
}

impl Case {
    /// How failures name it.
    pub fn place(&self) -> String {
        format!("line {}, {}", self.line, self.name)
    }
}

/// The content of a code block.
pub struct Block {
    /// The file it stands for.
    pub path: String,
    /// What is in it.
    pub text: String,
    /// Where it stands in the book, in lines from 0.
    lines: Range<usize>,
}

impl Book {
    /// Reads the Markdown, or says what is wrong with it.
    pub fn read(markdown: &str) -> Result<Self, Vec<String>> {
        let mut reader = Reader::default();
        let lines: Vec<String> = markdown.lines().map(str::to_owned).collect();
        let mut index = 0;
        while index < lines.len() {
            index = reader.line(&lines, index);
        }
        reader.finish_case();
        match reader.errors.is_empty() {
            true => Ok(Self { lines, title: reader.title, cases: reader.cases }),
            false => Err(reader.errors),
        }
    }

    /// The Markdown with other texts in some blocks of its cases.
    pub fn with(&self, mut changes: Vec<(&Block, String)>) -> String {
        changes.sort_by_key(|(block, _)| block.lines.start);
        let mut lines = self.lines.clone();
        for (block, text) in changes.into_iter().rev() {
            lines.splice(block.lines.clone(), text.lines().map(str::to_owned));
        }
        let mut markdown = lines.join("\n");
        markdown.push('\n');
        markdown
    }
}

#[derive(Default)]
struct Reader {
    title: Option<String>,
    cases: Vec<Case>,
    /// The case that is being read.
    case: Case,
    /// Levels of the headings around, with the configuration each sets for what is below.
    around: Vec<(usize, Option<String>)>,
    errors: Vec<String>,
}

impl Reader {
    /// Reads what begins at line `index` and gives the index behind it.
    fn line(&mut self, lines: &[String], index: usize) -> usize {
        let line = &lines[index];
        if line.starts_with('#') {
            self.heading(line, index);
            return index + 1;
        }
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks < 3 {
            return index + 1;
        }
        let fence = &line[..ticks];
        let Some(length) = lines[index + 1..].iter().position(|line| line.trim_end() == fence) else {
            self.errors.push(format!("line {}: the block has no end", index + 1));
            return lines.len();
        };
        let content = index + 1..index + 1 + length;
        let text: String = lines[content.clone()].iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let path = index.checked_sub(1).and_then(|above| path_in(&lines[above]));
        self.block(line[ticks..].trim(), path, content, text);
        index + length + 2
    }

    fn heading(&mut self, line: &str, index: usize) {
        self.finish_case();
        let level = line.len() - line.trim_start_matches('#').len();
        let name = line[level..].trim().to_owned();
        self.title.get_or_insert_with(|| name.clone());
        self.around.retain(|(around, _)| *around < level);
        let toml = self.around.iter().rev().find_map(|(_, toml)| toml.clone());
        self.around.push((level, None));
        self.case = Case { name, line: index + 1, toml, ..Case::default() };
    }

    fn block(&mut self, language: &str, path: Option<String>, lines: Range<usize>, text: String) {
        let only = match &self.case.sources[..] {
            [only] => only.path.clone(),
            _ => DEFAULT_PATH.to_owned(),
        };
        let start = lines.start;
        let into = match language {
            "toml" => {
                self.case.toml = Some(text.clone());
                if self.case.sources.is_empty()
                    && let Some((_, toml)) = self.around.last_mut()
                {
                    *toml = Some(text);
                }
                return;
            }
            "nix" => {
                let path = path.unwrap_or_else(|| DEFAULT_PATH.to_owned());
                (&mut self.case.sources, Block { path, text, lines })
            }
            "nix fixed" => (&mut self.case.fixed, Block { path: path.unwrap_or(only), text, lines }),
            "nix fixed unsafe" => {
                (&mut self.case.fixed_unsafe, Block { path: path.unwrap_or(only), text, lines })
            }
            "json" => match path {
                Some(path) => (&mut self.case.data, Block { path, text, lines }),
                None => return,
            },
            _ => return,
        };
        let (blocks, block) = into;
        if blocks.iter().any(|other| other.path == block.path) {
            self.errors.push(format!("line {start}: the case has two blocks for `{}`", block.path));
        }
        blocks.push(block);
    }

    fn finish_case(&mut self) {
        let case = std::mem::take(&mut self.case);
        for block in case.fixed.iter().chain(&case.fixed_unsafe) {
            if !case.sources.iter().any(|source| source.path == block.path) {
                self.errors
                    .push(format!("line {}: the case has no file `{}`", block.lines.start, block.path));
            }
        }
        if !case.sources.is_empty() {
            self.cases.push(case);
        }
    }
}

/// The path in `` `path`: ``.
fn path_in(line: &str) -> Option<String> {
    let path = line.trim_end().strip_prefix('`')?.strip_suffix("`:")?;
    (!path.contains('`')).then(|| path.to_owned())
}
