//! The Markdown for people, held to what the program does.
//!
//! `UPDATE=1 cargo test --test docs` rewrites the output and the table of rules in `README.md`, and the
//! names in `docs/evaluator.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fs, io::Write as _};

use nixlint::cli::own_rules;
use nixlint::diagnostic::{Applicability, Group};
use nixlint::engine::{self, ActiveRule, BUILT_IN, InputFile, ProjectFiles, RuleSet, Workspace};
use nixlint::eval::{builtin_names, library_names};
use nixlint::rule::{Entry, Fixable, RuleMeta, Status};
use nixlint::rules::style::EmptyInherit;
use nixlint::text::SourceFile;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// The commands that `README.md` shows, as they exit in a flake with findings.
const COMMANDS: &[(&str, i32)] = &[
    ("nixlint check", 1),
    ("nixlint check hosts/server modules", 1),
    ("nixlint check --add-ignore=REASON", 0),
    ("nixlint check --diff", 1),
    ("nixlint check --fix", 1),
    ("nixlint explain python-buildenv", 0),
    ("nixlint rules", 0),
    ("nixlint hosts --files", 0),
    ("nixlint inventory services", 0),
    ("nixlint eval flake.nix description", 0),
    ("nixlint eval --host server time.timeZone", 0),
    ("nixlint graph", 0),
    ("nixlint check --diff --unsafe-fixes", 1),
    ("nixlint fix", 0),
    ("nixlint fix --unsafe-fixes modules", 0),
    ("nixlint check --select services", 1),
    ("nixlint check --extend-select packaging", 1),
    ("nixlint check --ignore mkdir-in-unit-script", 1),
    ("nixlint check -W services -D sqlite-url-missing-rwc", 1),
    ("nixlint check --isolated", 1),
    ("nixlint check -o concise", 1),
    ("nixlint check -o full -o json=nixlint.json", 1),
    ("nixlint check --statistics", 1),
];

/// Words in `code` that look like names of rules.
const OTHER_NAMES: &[&str] =
    &["ignore-file", "nixlint-fix", "nixlint-system", "fail-on", "rule-dirs", "json-lines"];

const TABLE_START: &str = "<!-- rules: written by UPDATE=1 cargo test --test docs -->\n";
const TABLE_END: &str = "<!-- rules end -->\n";

/// The page with what each file of the example has.
const PACKAGE_SET: &str = "examples/package-set/README.md";

/// The generated parts of `docs/evaluator.md`.
const EVALUATOR: &str = "docs/evaluator.md";

#[test]
fn generated_parts_are_fresh() {
    let readme = read("README.md");
    keep_fresh("README.md", &readme, &with_fresh_table(&with_fresh_output(&readme)));
    let evaluator = read(EVALUATOR);
    keep_fresh(EVALUATOR, &evaluator, &with_fresh_names(&evaluator));
}

#[test]
fn the_package_set_shows_every_rule_on_packages() {
    let place = tempfile::tempdir().expect("there is a place for temporary files");
    copy(&root().join("examples/package-set"), place.path());
    let output = nixlint(&["check", "-o", "json"], place.path());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let files: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the output is JSON");
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in files.as_array().expect("it is a list") {
        let rules = found.entry(file["path"].as_str().expect("it has a path")).or_default();
        for finding in file["diagnostics"].as_array().expect("it is a list") {
            rules.insert(finding["code"].as_str().expect("it has a rule"));
        }
    }
    for meta in metas().filter(|meta| meta.group == Group::Packaging) {
        let is_shown = found.values().any(|rules| rules.contains(meta.name));
        assert!(is_shown, "no package has a finding of `{}`", meta.name);
    }
    let mut table = "\n| file | rules |\n| --- | --- |\n".to_owned();
    for (path, rules) in &found {
        let rules: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
        table.push_str(&format!("| `{path}` | {} |\n", rules.join(", ")));
    }
    table.push('\n');
    let page = read(PACKAGE_SET);
    keep_fresh(PACKAGE_SET, &page, &replace_part(&page, "findings", &table));
}

/// Fails where a generated part is stale, or writes it when `UPDATE` says so.
fn keep_fresh(path: &str, shown: &str, fresh: &str) {
    if shown == fresh {
        return;
    }
    if std::env::var_os("UPDATE").is_some_and(|value| !value.is_empty()) {
        fs::write(root().join(path), fresh).expect("the file can be written");
        return;
    }
    let difference = similar::TextDiff::from_lines(shown, fresh).unified_diff().to_string();
    panic!("UPDATE=1 cargo test --test docs makes {path} fresh:\n{difference}");
}

/// The text with the functions and builtins that the evaluator knows.
fn with_fresh_names(page: &str) -> String {
    let code = |names: &mut dyn Iterator<Item = &str>| {
        names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let themes = library_names();
    let count: usize = themes.values().map(Vec::len).sum();
    let mut library =
        format!("\n{count} functions and constants:\n\n| theme | names below `lib` |\n| --- | --- |\n");
    for (theme, names) in &themes {
        library.push_str(&format!("| {theme} | {} |\n", code(&mut names.iter().map(String::as_str))));
    }
    library.push('\n');
    let builtins = format!("\n{}\n\n", code(&mut builtin_names().into_iter()));
    let fresh = replace_part(page, "lib", &library);
    replace_part(&fresh, "builtins", &builtins)
}

/// The page with other text between the marks of a generated part.
fn replace_part(page: &str, part: &str, text: &str) -> String {
    let start = format!("<!-- {part}: written by UPDATE=1 cargo test --test docs -->\n");
    let end = format!("<!-- {part} end -->\n");
    let from = page.find(&start).expect("the part has a start") + start.len();
    let to = page.find(&end).expect("the part has an end");
    format!("{}{text}{}", &page[..from], &page[to..])
}

/// The text with what the program says below each `$ nixlint …`.
fn with_fresh_output(readme: &str) -> String {
    let mut fresh = readme.to_owned();
    let mut shown = 0;
    for block in blocks(readme).iter().rev().filter(|block| block.language == "console") {
        let first = block.text.lines().next().unwrap_or_default();
        let Some(command) = first.strip_prefix("$ ").filter(|command| command.starts_with("nixlint ")) else {
            continue;
        };
        let output = nixlint(&words(command)[1..], &root());
        // What is shown of `check` has findings.
        let expected = if command.starts_with("nixlint check ") { 1 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{command}:\n{}", stderr(&output));
        let text = String::from_utf8(output.stdout).expect("the output is UTF-8");
        fresh.replace_range(block.content.clone(), &format!("{first}\n{}\n", text.trim_end()));
        shown += 1;
    }
    assert!(shown >= 2, "README.md shows too little output");
    fresh
}

/// The text with the table of all rules.
fn with_fresh_table(readme: &str) -> String {
    let start = readme.find(TABLE_START).expect("the table has a start") + TABLE_START.len();
    let end = readme.find(TABLE_END).expect("the table has an end");
    let mut metas: Vec<&RuleMeta> = metas().collect();
    metas.sort_by_key(|meta| (meta.group, meta.name));
    let mut table =
        "\n| rule | group | level | fix | what it finds |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for meta in metas {
        let fix = match meta.fix {
            Fixable::Always => "always",
            Fixable::Sometimes => "sometimes",
            Fixable::Never => "",
        };
        let (name, group, summary) = (meta.name, meta.group, meta.summary.replace('|', "\\|"));
        table.push_str(&format!("| `{name}` | {group} | {} | {fix} | {summary} |\n", level(meta)));
    }
    table.push('\n');
    let mut fresh = readme.to_owned();
    fresh.replace_range(start..end, &table);
    fresh
}

fn level(meta: &RuleMeta) -> String {
    let variants: Vec<String> =
        meta.variants.iter().map(|variant| format!("`{}`: {}", variant.name, variant.level)).collect();
    let variants = match variants.is_empty() {
        true => String::new(),
        false => format!(" ({})", variants.join(", ")),
    };
    let unless = match (meta.status, meta.on) {
        (Status::Preview, _) => ", in preview",
        (Status::Stable { .. }, true) => "",
        (Status::Stable { .. }, false) => ", off by default",
    };
    format!("{}{variants}{unless}", meta.level)
}

#[test]
fn shown_commands_do_what_they_should() {
    let readme = read("README.md");
    let lines = blocks(&readme).into_iter().filter(|block| block.language == "sh").flat_map(|block| {
        let commands =
            block.text.lines().map(|line| line.split(" #").next().unwrap_or(line).trim().to_owned());
        commands.filter(|command| !command.is_empty()).collect::<Vec<String>>()
    });
    let shown: BTreeSet<String> = lines.collect();
    let listed: BTreeSet<String> = COMMANDS.iter().map(|(command, _)| (*command).to_owned()).collect();
    assert_eq!(shown, listed, "README.md and this test list different commands");
    for (command, code) in COMMANDS {
        let flake = tempfile::tempdir().expect("there is a place for temporary files");
        copy(&root().join("examples/homelab"), flake.path());
        let output = nixlint(&words(command)[1..], flake.path());
        assert_eq!(output.status.code(), Some(*code), "{command}:\n{}", stderr(&output));
    }
}

#[test]
fn shown_configuration_is_right() {
    let readme = read("README.md");
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let file = folder.path().join("nixlint.toml");
    // What the configuration names is there.
    let manual = read("docs/rule-packs.md");
    let rule =
        blocks(&manual).into_iter().find(|block| block.text.starts_with("name = ")).expect("it has a rule");
    for (path, text) in [
        ("hosts/attic.nix", "{ }"),
        ("hosts/laptop/default.nix", "{ }"),
        ("users/nora.nix", "{ }"),
        ("lint/no-telnet.toml", rule.text.as_str()),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }
    let mut read_so_far = 0;
    for block in blocks(&readme).iter().filter(|block| block.language == "toml") {
        // Other tools have their own keys.
        if block.text.contains("[formatter.") {
            continue;
        }
        fs::write(&file, &block.text).expect("files can be written");
        let output = nixlint(&["check", "--config", "nixlint.toml", "."], folder.path());
        assert_eq!(output.status.code(), Some(0), "{}\n{}", block.text, stderr(&output));
        read_so_far += 1;
    }
    assert!(read_so_far > 0, "README.md shows no configuration");
}

#[test]
fn shown_comments_silence() {
    let readme = read("README.md");
    for block in blocks(&readme).iter().filter(|block| block.language == "nix") {
        let output = nixlint_with_input(&["check", "--isolated", "-"], block.text.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(stderr(&output).contains(" ignored)"), "nothing is silenced in\n{}", block.text);
    }
}

#[test]
fn named_rules_exist() {
    for path in ["README.md", "CHANGELOG.md"] {
        let text = read(path);
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            let Event::Code(code) = event else { continue };
            let is_name = code.contains('-')
                && code
                    .split('-')
                    .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()));
            assert!(
                !is_name || OTHER_NAMES.contains(&&*code) || metas().any(|meta| meta.name == &*code),
                "{path} names `{code}`, which is no rule"
            );
        }
    }
}

#[test]
fn the_worked_example_is_the_code_that_compiles() {
    let guide = read("CONTRIBUTING.md");
    for (language, path) in
        [("rust", "src/rules/style/empty_inherit.rs"), ("markdown", "src/rules/style/empty-inherit.md")]
    {
        let shown = read(path);
        assert!(
            blocks(&guide).iter().any(|block| block.language == language && block.text == shown),
            "CONTRIBUTING.md shows something else than {path}"
        );
    }
}

#[test]
fn the_worked_example_holds_its_cases() {
    let guide = read("CONTRIBUTING.md");
    let outer = blocks(&guide);
    let book = outer.iter().find(|block| block.language == "markdown").expect("the guide shows cases");
    let (mut firing, mut silent) = (0, 0);
    let mut before = None;
    for block in blocks(&book.text) {
        if block.language == "nix" {
            let is_caret_line = |line: &&str| line.starts_with('#') && line.contains('^');
            let text: String = block.text.split_inclusive('\n').filter(|line| !is_caret_line(line)).collect();
            let found = engine::run(&workspace(&text), &example()).diagnostics;
            let messages: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
            let carets: Vec<&str> = block.text.lines().filter(is_caret_line).collect();
            assert_eq!(messages.len(), carets.len(), "{}", block.text);
            for (message, caret) in messages.iter().zip(&carets) {
                assert!(caret.ends_with(&format!("^ {message}")), "{caret} is not {message}");
            }
            if found.is_empty() {
                silent += 1
            } else {
                firing += 1
            }
            before = Some(text);
        } else if block.language == "nix fixed" {
            let text = before.take().expect("a case comes first");
            let fixed = engine::fix(workspace(&text), &example(), Applicability::Safe);
            let (_, file) = fixed.workspace.sources.iter().next().expect("the file is there");
            assert_eq!(&*file.text, block.text);
        }
    }
    assert!(firing > 0 && silent > 0);
}

/// The rule of the worked example, alone.
fn example() -> RuleSet {
    let entry = Entry::file::<EmptyInherit>();
    let runner = (entry.build)(toml::Table::new()).expect("it has no options");
    let rules = vec![ActiveRule { meta: entry.meta, runner, level: None }];
    RuleSet { rules, ..RuleSet::default() }
}

/// One file.
fn workspace(text: &str) -> Workspace {
    let mut workspace = Workspace::default();
    let source = SourceFile::new("/case/module.nix".into(), "module.nix".to_owned(), text.into());
    let id = workspace.sources.add(source.into());
    let files = vec![InputFile { id, reported: true }];
    workspace.projects.push(ProjectFiles { root: "/case".into(), files, ..ProjectFiles::default() });
    workspace
}

#[test]
fn the_hooks_work_as_pasted() {
    let works =
        |name: &str| Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success());
    if !works("pre-commit") || !works("git") {
        println!("skipped: pre-commit or git is not installed");
        return;
    }
    let readme = read("README.md");
    let blocks = blocks(&readme);
    let hooks = blocks.iter().find(|block| block.text.contains("repo: local")).expect("README.md has hooks");
    let place = tempfile::tempdir().expect("there is a place for temporary files");
    let repository = place.path().join("repository");
    copy(&root().join("examples/homelab"), &repository);
    fs::write(repository.join(".pre-commit-config.yaml"), &hooks.text).expect("files can be written");

    let program = Path::new(env!("CARGO_BIN_EXE_nixlint")).parent().expect("programs are in folders");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [program.to_owned()].into_iter().chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).expect("folders have no colons");
    let run = |name: &str, args: &[&str]| {
        let mut command = Command::new(name);
        for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
            command.env_remove(variable);
        }
        command.env("PATH", &path).env("PRE_COMMIT_HOME", place.path().join("cache"));
        command.args(args).current_dir(&repository).output().expect("the program starts")
    };
    for args in [&["init", "--quiet"][..], &["add", "--all"]] {
        assert!(run("git", args).status.success());
    }
    let output = run("pre-commit", &["run", "--all-files", "--color", "never"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("files were modified by this hook"), "{said}");
    assert!(said.contains("error[oci-cdi-missing-ordering]"), "{said}");
    assert!(!said.contains("sqlite-url-missing-rwc"), "a safe fix was not applied:\n{said}");
}

/// A fenced block of code.
struct Block {
    language: String,
    text: String,
    /// Where the text stands, in bytes.
    content: Range<usize>,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut current: Option<Block> = None;
    for (event, range) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                current =
                    Some(Block { language: language.into_string(), text: String::new(), content: 0..0 });
            }
            Event::Text(text) => {
                if let Some(block) = &mut current {
                    let start = if block.text.is_empty() { range.start } else { block.content.start };
                    block.text.push_str(&text);
                    block.content = start..range.end;
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(current.take()),
            _ => {}
        }
    }
    blocks
}

fn metas() -> impl Iterator<Item = &'static RuleMeta> {
    BUILT_IN.iter().copied().chain(own_rules().iter().map(|entry| entry.meta))
}

fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}

/// The program, without anything from outside.
fn command(args: &[&str], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nixlint"));
    command.args(args).current_dir(folder).env_clear();
    command
}

fn nixlint(args: &[&str], folder: &Path) -> Output {
    command(args, folder).stdin(Stdio::null()).output().expect("the program starts")
}

fn nixlint_with_input(args: &[&str], input: &[u8]) -> Output {
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let mut command = command(args, folder.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    child.stdin.take().expect("stdin is a pipe").write_all(input).expect("it reads its input");
    child.wait_with_output().expect("the program ends")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("the folder can be listed");
        let target = to.join(entry.path().strip_prefix(from).expect("it lies below the folder"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).expect("folders can be made");
        } else {
            fs::copy(entry.path(), target).expect("files can be copied");
        }
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the file is there")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
