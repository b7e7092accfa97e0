//! The layers of `src/`, and other promises that the compiler does not keep for us.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nixlint::rules::RULES;

/// The layers right below each layer. It may import these, itself, and whatever is below them.
const LAYERS: [(&str, &[&str]); 19] = [
    ("text", &[]),
    ("diagnostic", &["text"]),
    ("report", &["diagnostic"]),
    ("syntax", &["text"]),
    ("shell", &["syntax"]),
    ("semantic", &["syntax"]),
    ("nixos", &[]),
    ("eval", &["shell", "semantic", "nixos"]),
    ("module", &["eval"]),
    ("project", &["module"]),
    ("rule", &["project", "diagnostic"]),
    ("prelude", &["rule"]),
    ("rules", &["prelude"]),
    ("pack", &["rule"]),
    ("engine", &["rule"]),
    ("cases", &["engine"]),
    ("config", &["engine", "pack"]),
    ("lsp", &["config", "report"]),
    ("cli", &["lsp", "cases", "pack", "rules", "report"]),
];

/// Layers that see what is right below them and nothing else.
const SHORT_SIGHTED: [&str; 1] = ["rules"];

/// Imports that are right although the layers say otherwise: the table of rules is made of entries.
const EXCEPTIONS: [(&str, &str); 1] = [("rules/mod.rs", "rule")];

/// Who alone may name a crate or a part of the standard library.
const GATEKEEPERS: [(&[&str], &[&str]); 13] = [
    (&["rnix"], &["syntax/"]),
    (&["rowan"], &["syntax/"]),
    (&["ariadne"], &["report/full.rs", "report/full/"]),
    (&["miette"], &["config/", "cli/"]),
    (&["clap"], &["cli/"]),
    (&["tree_sitter"], &["shell/"]),
    (&["gen_lsp_types"], &["lsp/"]),
    (&["lsp_server"], &["lsp/"]),
    (&["std", "fs"], &["config/discover/", "cli/", "lsp/"]),
    (&["std", "env"], &["config/discover/", "cli/", "main.rs"]),
    (&["std", "process"], &["config/discover/", "cli/", "main.rs"]),
    (&["std", "time", "Instant"], &["cli/", "lsp/"]),
    (&["std", "time", "SystemTime"], &["cli/"]),
];

#[test]
fn imports_go_down() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        LAYERS.iter().map(|(layer, _)| (*layer, visible(layer))).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let Some(layer) = source.layer() else { continue };
        let below = allowed.get(layer).unwrap_or_else(|| panic!("{layer} is not in the table of layers"));
        for path in &source.paths {
            let Some(imported) = source.imported_layer(path) else { continue };
            let is_exception = EXCEPTIONS.contains(&(source.name.as_str(), imported));
            let is_known = allowed.contains_key(imported);
            if is_known && imported != layer && !below.contains(imported) && !is_exception {
                wrong.push(format!("{} imports {}", source.name, path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a layer may import besides itself.
fn visible(layer: &str) -> BTreeSet<&'static str> {
    let (_, below) = LAYERS.iter().find(|(name, _)| *name == layer).expect("layers are in the table");
    let mut layers: BTreeSet<&str> = below.iter().copied().collect();
    if !SHORT_SIGHTED.contains(&layer) {
        layers.extend(below.iter().flat_map(|below| visible(below)));
    }
    layers
}

#[test]
fn vendors_and_the_outside_world_stay_behind_their_gates() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (prefix, gates) in GATEKEEPERS {
            let is_gate = gates.iter().any(|gate| source.name.starts_with(gate));
            let names = |path: &&Vec<String>| {
                path.iter().zip(prefix).filter(|(a, b)| a == *b).count() == prefix.len()
            };
            if let (false, Some(path)) = (is_gate, source.paths.iter().find(names)) {
                wrong.push(format!("{} names {}", source.name, path.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        // What a rule is for stands in `declare_rule!`.
        .filter(|source| !source.text.starts_with("//! ") && !source.text.contains("declare_rule! {"))
        .map(|source| source.name)
        .collect();
    assert!(silent.is_empty(), "without `//!` at the top: {silent:?}");
}

#[test]
fn every_rule_is_registered_and_has_cases() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let written: BTreeSet<String> = sources()
        .into_iter()
        .filter(|source| source.name.starts_with("rules/") && source.text.contains("declare_rule!"))
        .map(|source| format!("src/{}", source.name))
        .collect();
    let registered: BTreeSet<String> = RULES.iter().map(|entry| entry.meta.file.replace('\\', "/")).collect();
    assert_eq!(written, registered);
    for entry in RULES {
        let (group, name) = (entry.meta.group.as_str(), entry.meta.name);
        let file = format!("src/rules/{group}/{}.rs", name.replace('-', "_"));
        assert_eq!(entry.meta.file.replace('\\', "/"), file);
        let cases = root.join(format!("src/rules/{group}/{name}.md"));
        assert!(cases.is_file(), "{name} has no cases");
    }
}

#[test]
fn there_is_one_rowan_and_it_is_that_of_rnix() {
    let lock = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock"));
    let lock: toml::Table = lock.parse().expect("the lock file is TOML");
    let packages = lock["package"].as_array().expect("it lists packages");
    let named = |name: &str| {
        packages.iter().filter(|package| package["name"].as_str() == Some(name)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(named("rowan").len(), 1);
    let rnix = named("rnix");
    assert_eq!(rnix.len(), 1);
    let dependencies = rnix[0]["dependencies"].as_array().expect("rnix has dependencies");
    // A second version would be told apart by its number.
    assert!(dependencies.iter().any(|dependency| dependency.as_str() == Some("rowan")));
}

#[test]
fn the_promised_rust_is_new_enough_for_the_dependencies() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--offline", "--locked", "--format-version", "1"]);
    let output = metadata.current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let Some(output) = output.ok().filter(|output| output.status.success()) else {
        println!("skipped: `cargo metadata --offline` does not work here");
        return;
    };
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();

    let nodes: BTreeMap<String, serde_json::Value> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let mut needed = BTreeSet::new();
    let mut waiting = vec![text(&metadata["resolve"]["root"])];
    while let Some(id) = waiting.pop() {
        for dependency in list(&nodes[&id]["deps"]) {
            let is_normal = list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
            let id = text(&dependency["pkg"]);
            if is_normal && needed.insert(id.clone()) {
                waiting.push(id);
            }
        }
    }
    assert!(needed.len() > 20, "the dependencies were found");

    let promised = version(env!("CARGO_PKG_RUST_VERSION"));
    for package in list(&metadata["packages"]) {
        let wants = text(&package["rust_version"]);
        if needed.contains(&text(&package["id"])) && !wants.is_empty() {
            assert!(version(&wants) <= promised, "{} needs Rust {wants}", package["name"]);
        }
    }
}

/// `1.90.1` as numbers.
fn version(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text.split('.').filter_map(|part| part.parse().ok()).collect();
    numbers.resize(3, 0);
    numbers
}

/// A file of `src/`.
struct Source {
    /// Its path below `src/`.
    name: String,
    text: String,
    /// Every path in it, groups expanded, test code left out.
    paths: Vec<Vec<String>>,
}

impl Source {
    fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), paths: paths(&without_tests(tokens(text))) }
    }

    /// The layer it belongs to; none for the roots of the crates.
    fn layer(&self) -> Option<&str> {
        let layer = self.name.split('/').next()?;
        let layer = layer.strip_suffix(".rs").unwrap_or(layer);
        (layer != "lib" && layer != "main").then_some(layer)
    }

    /// The layer that `path` leads into from here, if it starts from the root of the crate.
    fn imported_layer<'p>(&self, path: &'p [String]) -> Option<&'p str> {
        let supers = path.iter().take_while(|part| *part == "super").count();
        // As many as the file has modules above it, down from the root.
        let parts = self.name.split('/').count();
        let depth = if self.name.ends_with("/mod.rs") { parts - 1 } else { parts };
        let start = match path.first().map(String::as_str) {
            Some("crate") => 1,
            Some("super") if supers >= depth => supers,
            _ => return None,
        };
        path.get(start).map(String::as_str)
    }
}

/// All of `src/` that is part of the program.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("it can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let for_tests: BTreeSet<PathBuf> = files.iter().flat_map(|file| test_modules(file)).collect();
    let mut sources = Vec::new();
    for file in files.iter().filter(|file| !for_tests.contains(*file)) {
        let name = file.strip_prefix(&root).expect("it is below").to_string_lossy().replace('\\', "/");
        sources.push(Source::new(&name, &read(file)));
    }
    assert!(sources.len() > 50, "the sources were found");
    sources
}

/// The files of modules that only tests have: `#[cfg(test)] mod sample;`.
fn test_modules(file: &Path) -> Vec<PathBuf> {
    let tokens = tokens(&read(file));
    let mut modules = Vec::new();
    for window in tokens.windows(10) {
        let words: Vec<&str> = window.iter().map(String::as_str).collect();
        if let ["#", "[", "cfg", "(", "test", ")", "]", "mod", name, ";"] = words[..] {
            let folder = if file.ends_with("mod.rs") {
                file.parent().expect("files have folders").to_owned()
            } else {
                file.with_extension("")
            };
            modules.extend([folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")]);
        }
    }
    modules
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words and signs of Rust code, without comments and literals; `::` is one sign.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string_length(rest),
            'r' | 'b' | 'c' if raw_string_length(rest).is_some() => raw_string_length(rest).unwrap_or(1),
            '\'' => character_length(rest),
            _ if c.is_alphanumeric() || c == '_' => {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                tokens.push(rest[..end].to_owned());
                end
            }
            _ if rest.starts_with("::") => {
                tokens.push("::".to_owned());
                2
            }
            _ => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                c.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of the string literal that `text` begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let is_end = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

/// The length of the raw string literal that `text` begins with, if it does.
fn raw_string_length(text: &str) -> Option<usize> {
    let start = text.find('r').filter(|at| *at <= 1)?;
    if start == 1 && !text.starts_with(['b', 'c']) {
        return None;
    }
    let after = &text[start + 1..];
    let hashes = after.len() - after.trim_start_matches('#').len();
    if !after[hashes..].starts_with('"') {
        return None;
    }
    let body = start + 1 + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(text[body..].find(&close).map_or(text.len(), |end| body + end + close.len()))
}

/// The length of the character literal or lifetime that `text` begins with.
fn character_length(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, c))) => {
            let after = at + c.len_utf8();
            text[after..].find('\'').map_or(text.len(), |end| after + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

/// Leaves out what follows `#[cfg(test)]`.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let attribute = ["#", "[", "cfg", "(", "test", ")", "]"];
        let is_test = tokens[at..].iter().take(attribute.len()).eq(attribute.iter());
        if !is_test {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += attribute.len();
        let mut depth = 0;
        while at < tokens.len() {
            match tokens[at].as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            let ends = depth == 0 && matches!(tokens[at].as_str(), ";" | "}");
            at += 1;
            if ends {
                break;
            }
        }
    }
    kept
}

/// Every path among the tokens, from its first part on, with `{…}` of imports expanded.
fn paths(tokens: &[String]) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_word(&tokens[at]) && tokens.get(at + 1).is_some_and(|next| next == "::") {
            at = expand(tokens, at, &[], &mut paths);
        } else {
            // `use ariadne;` and `extern crate` have no separator.
            if at > 0 && tokens[at - 1] == "use" && is_word(&tokens[at]) {
                paths.push(vec![tokens[at].clone()]);
            }
            at += 1;
        }
    }
    paths
}

/// Reads one path, or one group of paths, that continues `prefix`; gives where it ends.
fn expand(tokens: &[String], start: usize, prefix: &[String], paths: &mut Vec<Vec<String>>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = start;
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") if at > start => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    let end = expand(tokens, at, &path, paths);
                    at = end.max(at + 1);
                    while tokens.get(at).is_some_and(|token| token != "," && token != "}") {
                        at += 1;
                    }
                    if tokens.get(at).is_some_and(|token| token == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some(word) if is_word(word) => path.push(word.to_owned()),
            _ => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token != "::") {
            break;
        }
        at += 1;
    }
    if path.len() > prefix.len() {
        paths.push(path);
    }
    at
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[test]
fn the_table_and_the_reader_of_sources_see_what_it_should() {
    let source = Source::new(
        "eval/value.rs",
        r##"//! crate::cli
use crate::{engine::{self, Outcome}, text::Span};
use super::super::config;
use super::machine;
use std::{fs, io::Read};
fn f<'a>(x: &'a str) -> char { let _ = "crate::lsp \" {"; r#"crate::rules "x"#; crate::project::g(b'{'); '\'' }
#[cfg(test)]
mod tests { use crate::rules::X; fn g() { } }
#[cfg(test)]
use crate::report::Y;
fn after() { crate::semantic::z() }
"##,
    );
    let layers: Vec<&str> = source.paths.iter().filter_map(|path| source.imported_layer(path)).collect();
    assert_eq!(layers, ["engine", "engine", "text", "config", "project", "semantic"]);
    let has = |path: &[&str]| source.paths.iter().any(|known| known.iter().eq(path.iter()));
    assert!(has(&["std", "fs"]) && has(&["std", "io", "Read"]) && has(&["super", "machine"]));
    assert_eq!(visible("rules").len(), 1);
    assert!(visible("cli").contains("text") && !visible("engine").contains("config"));

    let root = Source::new("eval/mod.rs", "use super::config::X;");
    assert_eq!(root.imported_layer(&root.paths[0]), Some("config"));
}

#[test]
fn every_declared_rule_ships() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let declared: BTreeSet<String> = walkdir::WalkDir::new(root.join("rules"))
        .into_iter()
        .map(|file| file.expect("the folder of declared rules can be read").into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| path.strip_prefix(root).expect("it is below").display().to_string().replace('\\', "/"))
        .collect();
    let shipped: BTreeSet<String> =
        nixlint::pack::SHIPPED.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(declared, shipped);
}
