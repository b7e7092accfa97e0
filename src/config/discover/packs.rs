//! Rules that users declare: the folders that `rule-dirs` of a configuration names.
//!
//! They are read before anything else, since flags and configurations name rules.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::super::book::Pack;
use super::super::error::Mistake;
use super::{ConfigChoice, Problem, display, lossy, nearest_config, real_place};
use crate::pack;
use crate::rule::Entry;

/// The rules of users, and where they were found.
#[derive(Default)]
pub struct Packs {
    /// The rules, by folder and name.
    pub rules: Vec<Entry>,
    /// Which configuration declares which of them.
    pub packs: Vec<Pack>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

/// The part of a configuration that matters here; the rest is read later.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RuleDirs {
    #[serde(default)]
    rule_dirs: Vec<Spanned<String>>,
}

/// The rules that the configurations of these paths declare. `taken` are the names of the rules that ship.
pub fn packs(config: &ConfigChoice, paths: &[PathBuf], folder: &Path, taken: &[&str]) -> Packs {
    let mut packs = Packs::default();
    let mut configs: Vec<PathBuf> = match config {
        ConfigChoice::Isolated => Vec::new(),
        ConfigChoice::File(file) => vec![folder.join(file)],
        ConfigChoice::Nearest if paths.is_empty() => nearest(folder, folder).into_iter().collect(),
        ConfigChoice::Nearest => {
            paths.iter().filter_map(|path| nearest(&folder.join(path), folder)).collect()
        }
    };
    configs.sort();
    configs.dedup();
    for config in configs {
        let known = packs.rules.len();
        packs.follow(&config, folder, taken);
        let rules = packs.rules[known..].iter().map(|entry| entry.meta.name).collect();
        packs.packs.push(Pack { config, rules });
    }
    packs
}

/// The rules that the files of a folder declare, with the place of each, and what is wrong there.
pub fn rules_in(dir: &Path, folder: &Path) -> (Vec<(PathBuf, Entry)>, Vec<Problem>) {
    let (mut rules, mut problems) = (Vec::new(), Vec::new());
    for file in walkdir::WalkDir::new(dir).sort_by_file_name() {
        let path = match file {
            Ok(file) if file.file_type().is_file() => file.into_path(),
            Ok(_) => continue,
            Err(error) => {
                let path = error.path().map_or_else(|| dir.to_owned(), Path::to_owned);
                problems
                    .push(Problem::Unreadable { path: display(&lossy(&path), folder), error: error.into() });
                continue;
            }
        };
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let shown = display(&lossy(&path), folder);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                problems.push(Problem::Unreadable { path: shown, error });
                continue;
            }
        };
        match pack::read(&shown, &text) {
            Ok(entry) => rules.push((path, entry)),
            Err(mistakes) => problems.extend(mistakes.into_iter().map(|mistake| {
                let shown = Mistake::new(&shown, &text, mistake.span, mistake.message, mistake.label);
                let shown = match mistake.help {
                    Some(help) => shown.with_help(help),
                    None => shown,
                };
                Problem::Config(Box::new(shown.in_file(&real_place(&path))))
            })),
        }
    }
    (rules, problems)
}

impl Packs {
    fn follow(&mut self, config: &Path, folder: &Path, taken: &[&str]) {
        // What is wrong with the file itself is told when the whole of it is read.
        let Ok(text) = fs::read_to_string(config) else { return };
        let Ok(RuleDirs { rule_dirs }) = toml::from_str(&text) else { return };
        let base = config.parent().unwrap_or(folder);
        let shown = display(&lossy(config), folder);
        for dir in rule_dirs {
            let path = base.join(dir.get_ref());
            let mut mistake = |message: String, label: &str| {
                let mistake = Mistake::new(&shown, &text, dir.span(), message, label);
                let mistake = mistake.with_help(format!("folders of rules count from the folder of {shown}"));
                self.problems.push(Problem::Config(Box::new(mistake.in_file(&real_place(config)))));
            };
            if !path.is_dir() {
                mistake(format!("`{}` is no folder", dir.get_ref()), "nothing is there");
                continue;
            }
            let (rules, problems) = rules_in(&path, folder);
            if rules.is_empty() && problems.is_empty() {
                mistake(format!("`{}` holds no rule", dir.get_ref()), "no file `*.toml` is there");
            }
            self.problems.extend(problems);
            for (file, entry) in rules {
                let name = entry.meta.name;
                if taken.contains(&name) || self.rules.iter().any(|other| other.meta.name == name) {
                    let text = fs::read_to_string(&file).unwrap_or_default();
                    let start = text.find(name).unwrap_or_default();
                    let shown = display(&lossy(&file), folder);
                    let message = format!("there is a rule called `{name}` already");
                    let mistake = Mistake::new(&shown, &text, start..start + name.len(), message, "taken");
                    self.problems.push(Problem::Config(Box::new(mistake.in_file(&real_place(&file)))));
                    continue;
                }
                self.rules.push(entry);
            }
        }
    }
}

/// The nearest configuration at or above a path: inside the repository, else inside the working directory.
fn nearest(path: &Path, folder: &Path) -> Option<PathBuf> {
    let path = fs::canonicalize(path).ok()?;
    let start = if path.is_dir() { path.as_path() } else { path.parent()? };
    let repository = start.ancestors().find(|above| above.join(".git").exists());
    nearest_config(start, repository, folder)
}
