//! The pages of `docs/integrations/`, held to what they say: every command is run, and every snippet by the
//! program it is for where that can be installed. Says `skipped: …` where it is missing.
//!
//! `NIXLINT_GIT_HOOKS_NIX` and `NIXLINT_TREEFMT_NIX` name copies of cachix/git-hooks.nix and numtide/treefmt-nix,
//! `NIXLINT_NIXPKGS_LIB` a checkout of nixpkgs.lib: then their modules are evaluated with the snippets for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_nixlint");

/// Lines of `sh` blocks, and how nixlint exits on a flake with findings. What stands behind a `|` is not run.
const COMMANDS: &[(&str, i32)] = &[
    ("nixlint check -o github", 1),
    ("nixlint check -o github -o sarif=nixlint.sarif -o markdown=summary.md", 1),
    ("nixlint check -o rdjson | reviewdog -f=rdjson -reporter=github-pr-review", 1),
    ("nixlint check -o rdjsonl | reviewdog -f=rdjsonl -reporter=local -diff=\"git diff HEAD\"", 1),
    ("nixlint check -o junit=junit.xml", 1),
    ("nixlint check -o checkstyle=checkstyle.xml", 1),
    ("nixlint check -o json", 1),
    ("nixlint check -o json-lines", 1),
    ("nixlint check -o concise", 1),
];

/// A file with two findings, the second behind characters of several bytes; the first has a safe fix.
const FILE: &str =
    "{\n  # nixlint: ignore[syntax-error]\n  a = \"é日本🦀\"; # nixlint: ignore[syntax-error]\n}\n";
const FIXED: &str = "{\n  a = \"é日本🦀\";\n}\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A fenced block of code.
struct Block {
    language: String,
    text: String,
}

/// The blocks of a page.
fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(root().join("docs/integrations").join(page));
    let text = text.unwrap_or_else(|error| panic!("{page}: {error}"));
    let mut blocks = Vec::new();
    let mut inside = false;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                inside = true;
                blocks.push(Block { language: language.into_string(), text: String::new() });
            }
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(text) if inside => blocks.last_mut().expect("it has begun").text.push_str(&text),
            _ => {}
        }
    }
    blocks
}

/// The blocks of a page in one language.
fn in_language(page: &str, language: &str) -> Vec<String> {
    let blocks = blocks(page).into_iter().filter(|block| block.language == language);
    let texts: Vec<String> = blocks.map(|block| block.text).collect();
    assert!(!texts.is_empty(), "{page} has no {language}");
    texts
}

fn pages() -> Vec<String> {
    let entries = fs::read_dir(root().join("docs/integrations")).expect("there are pages");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("it can be listed").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn place() -> TempDir {
    tempfile::tempdir().expect("there is a place for temporary files")
}

/// The flake of an example.
fn flake() -> TempDir {
    let place = place();
    let source = root().join("examples/homelab");
    for entry in walkdir::WalkDir::new(&source) {
        let entry = entry.expect("the example can be read");
        let target = place.path().join(entry.path().strip_prefix(&source).expect("it is below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).expect("folders can be made");
        } else {
            fs::copy(entry.path(), target).expect("files can be copied");
        }
    }
    place
}

fn write(place: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = place.path().join(name);
    fs::write(&path, text).expect("files can be written");
    path
}

/// A program with this nixlint on its `PATH`.
fn command(program: &str) -> Command {
    let own = Path::new(PROGRAM).parent().expect("programs are in folders").to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = [own].into_iter().chain(std::env::split_paths(&path));
    let mut command = Command::new(program);
    command.env("PATH", std::env::join_paths(path).expect("folders have no colons"));
    for variable in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// Whether a program is there; says so where it is not.
fn has(program: &str) -> bool {
    let has = command(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !has {
        println!("skipped: {program} is not installed");
    }
    has
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn ran(command: &mut Command) -> String {
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    said(&output)
}

#[test]
fn every_page_is_listed() {
    let index = fs::read_to_string(root().join("docs/integrations/README.md")).expect("there is an index");
    for page in pages() {
        assert!(page == "README.md" || index.contains(&format!("]({page})")), "{page} is not listed");
    }
}

#[test]
fn shown_commands_do_what_they_should() {
    let mut shown = Vec::new();
    for page in pages() {
        let blocks = blocks(&page).into_iter().filter(|block| block.language == "sh");
        shown.extend(blocks.flat_map(|block| block.text.lines().map(str::to_owned).collect::<Vec<_>>()));
    }
    shown.sort();
    let mut listed: Vec<&str> = COMMANDS.iter().map(|(command, _)| *command).collect();
    listed.sort_unstable();
    assert_eq!(shown, listed, "the pages and this test list different commands");
    for (shown, code) in COMMANDS {
        let flake = flake();
        let own = shown.split('|').next().unwrap_or_default();
        let output = command("sh").args(["-c", own]).current_dir(&flake).output().expect("sh starts");
        assert_eq!(output.status.code(), Some(*code), "{shown}: {}", said(&output));
    }
}

#[test]
fn snippets_can_be_read() {
    for page in pages() {
        for block in blocks(&page) {
            match block.language.as_str() {
                "json" => {
                    let json: Result<serde_json::Value, _> = serde_json::from_str(&block.text);
                    json.unwrap_or_else(|error| panic!("{page}: {error}"));
                }
                "toml" => {
                    block.text.parse::<toml::Table>().unwrap_or_else(|error| panic!("{page}: {error}"));
                }
                "nix" if has("nix-instantiate") => {
                    let place = place();
                    let file = write(&place, "a.nix", &block.text);
                    ran(command("nix-instantiate").arg("--parse").arg(file));
                    ran(command(PROGRAM).args(["check", "--quiet", "a.nix"]).current_dir(&place));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn workflows_and_jobs_keep_to_their_schemas() {
    if !has("check-jsonschema") {
        return;
    }
    for (page, schema) in [("github.md", "vendor.github-workflows"), ("gitlab.md", "vendor.gitlab-ci")] {
        for text in in_language(page, "yaml") {
            let place = place();
            let file = write(&place, "a.yml", &text);
            ran(command("check-jsonschema").args(["--builtin-schema", schema]).arg(file));
        }
    }
}

#[test]
fn the_job_for_gitlab_makes_both_reports() {
    let job = in_language("gitlab.md", "yaml").remove(0);
    let script = job.lines().find_map(|line| line.trim().strip_prefix("- ")).expect("the job has a command");
    let flake = flake();
    let mut command = command("sh");
    command.args(["-c", &format!("cd hosts && {script}")]).env("CI_PROJECT_DIR", flake.path());
    let output = command.current_dir(&flake).output().expect("sh starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for name in ["gl-code-quality-report.json", "junit.xml"] {
        assert!(job.contains(&format!(": {name}")), "{name}");
    }
    let report = fs::read_to_string(flake.path().join("hosts/gl-code-quality-report.json"));
    let report: serde_json::Value = serde_json::from_str(&report.expect("it is there")).expect("it is JSON");
    let path = report[0]["location"]["path"].as_str().expect("findings have paths");
    assert!(flake.path().join(path).is_file() && path.starts_with("hosts/"), "{path}");
}

#[test]
fn hooks_run_under_pre_commit() {
    if !has("pre-commit") || !has("git") {
        return;
    }
    let snippets = in_language("pre-commit.md", "yaml");
    let place = place();
    for text in &snippets {
        let file = write(&place, "config.yaml", text);
        ran(command("pre-commit").arg("validate-config").arg(file));
    }
    let flake = flake();
    write(&flake, ".pre-commit-config.yaml", &snippets[0]);
    ran(command("git").args(["init", "--quiet"]).current_dir(&flake));
    ran(command("git").args(["add", "--all"]).current_dir(&flake));
    let mut run = command("pre-commit");
    run.args(["run", "--all-files", "--color", "never"]).env("PRE_COMMIT_HOME", place.path().join("cache"));
    let output = run.current_dir(&flake).output().expect("pre-commit starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("warning["), "{}", said(&output));
    if has("prek") {
        let mut run = command("prek");
        run.args(["run", "--all-files", "--color", "never"]).env("PREK_HOME", place.path().join("prek"));
        let output = run.current_dir(&flake).output().expect("prek starts");
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("warning["), "{}", said(&output));
    }

    let hook = in_language("pre-commit.md", "nix").remove(0);
    let entry =
        hook.lines().find_map(|line| line.trim().strip_prefix("entry = \"")).expect("it has a command");
    let entry = entry.trim_end_matches("\";");
    let output = command("sh").args(["-c", &format!("{entry} flake.nix")]).current_dir(&flake).output();
    assert!(output.expect("sh starts").status.code().is_some_and(|code| code <= 1));
}

/// The folder that a variable names.
fn folder(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        println!("skipped: {variable} names no folder");
    }
    folder
}

/// What Nix makes of `expression`, with `lib`, the snippet of a page as `snippet`, its arguments as `arguments`,
/// and in the place of the package of nixlint a folder that holds the program.
fn evaluated(place: &TempDir, snippet: &str, lib: &Path, expression: &str) -> serde_json::Value {
    let package = place.path().join("package");
    fs::create_dir_all(package.join("bin")).expect("folders can be made");
    std::os::unix::fs::symlink(PROGRAM, package.join("bin/nixlint")).expect("links can be made");
    write(place, "snippet.nix", snippet);
    let text = format!(
        "let\n  lib = import {lib};\n  package = {{ type = \"derivation\"; name = \"nixlint\"; outPath = \"{package}\"; }};\n  \
         arguments = {{\n    pkgs.stdenv.hostPlatform.system = \"x86_64-linux\";\n    \
         inputs.nixlint.packages.x86_64-linux.default = package;\n  }};\n  snippet = ./snippet.nix;\nin\n{expression}\n",
        lib = lib.display(),
        package = package.display(),
    );
    let file = write(place, "evaluated.nix", &text);
    let mut nix = command("nix-instantiate");
    nix.args(["--eval", "--strict", "--json", "--read-write-mode"]).arg(file);
    let folders = ["NIX_STORE_DIR", "NIX_LOCALSTATE_DIR", "NIX_LOG_DIR", "NIX_STATE_DIR", "NIX_CONF_DIR"];
    for variable in folders {
        nix.env(variable, place.path().join("nix").join(variable));
    }
    let output = nix.output().expect("Nix starts");
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

#[test]
fn git_hooks_nix_takes_its_snippet() {
    let (Some(modules), Some(lib)) =
        (folder("NIXLINT_GIT_HOOKS_NIX"), folder("NIXLINT_NIXPKGS_LIB").map(|checkout| checkout.join("lib")))
    else {
        return;
    };
    let place = place();
    let expression = format!(
        "let\n  hook = {{\n    imports = [ {}/modules/hook.nix ];\n    \
         _module.args = {{ default_stages = [ \"pre-commit\" ]; default_language = \"system\"; }};\n  }};\n  \
         options.options.hooks = lib.mkOption {{ type = lib.types.attrsOf (lib.types.submodule hook); }};\nin\n\
         (lib.evalModules {{ specialArgs = arguments; modules = [ options snippet ]; }}).config.hooks.nixlint",
        modules.display()
    );
    let snippet = in_language("pre-commit.md", "nix").remove(0);
    let mut hook = evaluated(&place, &snippet, &lib, &expression);
    assert_eq!((&hook["enable"], &hook["raw"]["require_serial"]), (&true.into(), &true.into()), "{hook}");
    if !has("pre-commit") || !has("git") {
        return;
    }
    let flake = flake();
    let config = serde_json::json!({ "repos": [{ "repo": "local", "hooks": [hook["raw"].take()] }] });
    write(&flake, ".pre-commit-config.yaml", &config.to_string());
    ran(command("git").args(["init", "--quiet"]).current_dir(&flake));
    ran(command("git").args(["add", "--all"]).current_dir(&flake));
    let mut run = command("pre-commit");
    run.args(["run", "--all-files", "--color", "never"]).env("PRE_COMMIT_HOME", place.path().join("cache"));
    let output = run.current_dir(&flake).output().expect("pre-commit starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("warning["), "{}", said(&output));
}

#[test]
fn treefmt_nix_takes_its_snippet() {
    let (Some(modules), Some(lib)) =
        (folder("NIXLINT_TREEFMT_NIX"), folder("NIXLINT_NIXPKGS_LIB").map(|checkout| checkout.join("lib")))
    else {
        return;
    };
    let place = place();
    let expression = format!(
        "let\n  pkgs = arguments.pkgs // {{\n    inherit lib;\n    \
         formats.toml = _: {{ type = lib.types.anything; }};\n  }};\n  treefmt = import {};\nin\n\
         (treefmt.evalModule pkgs {{\n  imports = [ snippet ];\n  _module.args = {{ inherit (arguments) inputs; }};\n}})\
         .config.settings.formatter",
        modules.display()
    );
    let snippet = in_language("nix.md", "nix").pop().expect("the page ends with it");
    let formatters = evaluated(&place, &snippet, &lib, &expression);
    let program = formatters["nixlint"]["command"].as_str().expect("it has a command");
    assert!(Path::new(program).is_file(), "{formatters}");
    if has("treefmt") {
        let flake = self::place();
        let config = toml::Table::try_from(serde_json::json!({ "formatter": formatters }));
        let config = config.expect("it can be written as TOML");
        write(&flake, "treefmt.toml", &config.to_string());
        let file = write(&flake, "a.nix", FILE);
        ran(command("treefmt").args(["--walk", "filesystem", "--no-cache"]).current_dir(&flake));
        assert_eq!(fs::read_to_string(&file).expect("it is there"), FIXED);
    }
}

#[test]
fn treefmt_gets_what_it_asks_of_formatters() {
    let config: toml::Table = in_language("nix.md", "toml").remove(0).parse().expect("it is TOML");
    let formatter = &config["formatter"]["nixlint"];
    let place = place();
    let (file, clean) = (write(&place, "a.nix", FILE), write(&place, "b.nix", FIXED));
    write(&place, ".gitignore", "*.nix\n");
    let before = fs::metadata(&clean).and_then(|file| file.modified()).expect("it is there");
    let mut command = command(formatter["command"].as_str().expect("it has a command"));
    command.args(
        formatter["options"].as_array().expect("it has options").iter().filter_map(toml::Value::as_str),
    );
    let output = command.args([&file, &clean]).current_dir(&place).output().expect("the program starts");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read_to_string(&file).expect("it is there"), FIXED);
    assert_eq!(fs::metadata(&clean).and_then(|file| file.modified()).expect("it is there"), before);
    if has("treefmt") {
        write(&place, "a.nix", FILE);
        fs::remove_file(place.path().join(".gitignore")).expect("it is there");
        write(&place, "treefmt.toml", &in_language("nix.md", "toml").remove(0));
        let mut command = self::command("treefmt");
        command.args(["--walk", "filesystem", "--no-cache"]).current_dir(&place);
        ran(&mut command);
        assert_eq!(fs::read_to_string(&file).expect("it is there"), FIXED);
    }
}

/// What the snippets for Neovim find in a file, with stand-ins for the plugins they are for.
const NEOVIM: &str = r#"
local answers = {}
local file = vim.api.nvim_buf_get_name(0)
local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, true), "\n") .. "\n"
local function run(cmd, args)
  local words = { cmd }
  for _, arg in ipairs(args) do
    if type(arg) == "function" then arg = arg() end
    table.insert(words, (arg:gsub("%$FILENAME", file)))
  end
  return vim.fn.system(words, text)
end
local lint = { linters = {}, linters_by_ft = {} }
package.loaded["lint"] = lint
package.loaded["null-ls"] = {
  methods = { DIAGNOSTICS = "diagnostics" },
  register = function(source) answers.source = source end,
}
package.loaded["null-ls.helpers"] = { generator_factory = function(options) return options end }
local conform = {}
package.loaded["conform"] = { setup = function(options) conform = options end }
SNIPPETS
local linter = lint.linters[lint.linters_by_ft.nix[1]]
local output = run(linter.cmd, linter.args)
local shown = {}
vim.diagnostic.set(vim.api.nvim_create_namespace("nixlint"), 0, linter.parser(output))
for _, found in ipairs(vim.diagnostic.get(0)) do
  table.insert(shown, string.format("lint %d:%d-%d:%d %d %s", found.lnum, found.col, found.end_lnum, found.end_col, found.severity, found.source))
end
local options = answers.source.generator
output = run(options.command, options.args)
assert(options.check_exit_code(vim.v.shell_error))
for _, found in ipairs(options.on_output({ output = vim.json.decode(output) })) do
  table.insert(shown, string.format("none-ls %d:%d-%d:%d %d %s", found.row, found.col, found.end_row, found.end_col, found.severity, found.code))
end
local formatter = conform.formatters[conform.formatters_by_ft.nix[1]]
vim.fn.writefile({ run(formatter.command, formatter.args) }, "fixed", "b")
vim.fn.writefile(shown, "shown")
"#;

#[test]
fn snippets_for_neovim_run_in_neovim() {
    if !has("nvim") {
        return;
    }
    let place = place();
    write(&place, "a.nix", FILE);
    let snippets: Vec<String> =
        in_language("neovim.md", "lua").iter().map(|text| format!("do\n{text}\nend")).collect();
    assert_eq!(snippets.len(), 3);
    let script = write(&place, "run.lua", &NEOVIM.replace("SNIPPETS", &snippets.join("\n")));
    let mut nvim = command("nvim");
    nvim.args(["--headless", "-u", "NONE", "-i", "NONE", "a.nix", "-c"]);
    nvim.arg(format!("luafile {}", script.display())).args(["-c", "qa!"]).current_dir(&place);
    nvim.env("HOME", place.path());
    let output = nvim.output().expect("Neovim starts");
    let shown = fs::read_to_string(place.path().join("shown"));
    let shown = shown.unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    insta::assert_snapshot!(shown, @"
    lint 1:2-1:33 2 nixlint
    lint 2:22-2:53 2 nixlint
    none-ls 2:3-2:34 2 unused-suppression
    none-ls 3:23-3:54 2 unused-suppression
    ");
    let fixed = fs::read(place.path().join("fixed")).expect("it was written");
    // `writefile` has NUL for line breaks inside of a line.
    assert_eq!(String::from_utf8_lossy(&fixed).replace('\0', "\n"), FIXED);
}

/// What Neovim's own client shows with the snippets for the language server; stand-ins take the place of what
/// came after 0.7.
const NEOVIM_SERVER: &str = r#"
local folder = vim.fn.getcwd()
local configs, enabled, client = {}, nil, nil
vim.lsp.config = function(name, options) configs[name] = options end
vim.lsp.enable = function(name) enabled = name end
vim.lsp.start = function(options)
  client = vim.lsp.start_client(options)
  vim.lsp.buf_attach_client(0, client)
end
vim.fs = {
  find = function() return { folder .. "/nixlint.toml" } end,
  dirname = function(path) return vim.fn.fnamemodify(path, ":h") end,
}
SNIPPETS
local shown = {}
local function show(how)
  vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 20)
  for _, found in ipairs(vim.diagnostic.get(0)) do
    table.insert(shown, string.format("%s %d:%d-%d:%d %s", how, found.lnum, found.col, found.end_lnum, found.end_col, found.message))
  end
  vim.lsp.stop_client(client, true)
  vim.wait(10000, function() return vim.lsp.client_is_stopped(client) end, 20)
  vim.diagnostic.reset()
end
vim.cmd("set filetype=nix")
show("autocmd")
vim.lsp.start(vim.tbl_extend("force", { name = enabled, root_dir = folder }, configs[enabled]))
show("config")
vim.fn.writefile(shown, "shown")
"#;

#[test]
fn snippets_for_the_language_server_run_in_neovim() {
    if !has("nvim") {
        return;
    }
    let place = place();
    // One of the snippets leaves to nil what nil shows.
    write(&place, "a.nix", &FILE.replace("syntax-error", "port-conflict"));
    write(&place, "nixlint.toml", "");
    let snippets = in_language("editors.md", "lua");
    assert_eq!(snippets.len(), 2);
    let script = write(&place, "run.lua", &NEOVIM_SERVER.replace("SNIPPETS", &snippets.join("\n")));
    let mut nvim = command("nvim");
    nvim.args(["--headless", "-n", "-u", "NONE", "-i", "NONE", "a.nix", "-c"]);
    nvim.arg(format!("luafile {}", script.display())).args(["-c", "qa!"]).current_dir(&place);
    nvim.env("HOME", place.path());
    let output = nvim.output().expect("Neovim starts");
    let shown = fs::read_to_string(place.path().join("shown"));
    let shown = shown.unwrap_or_else(|error| panic!("{error}: {}", said(&output)));
    insta::assert_snapshot!(shown, @"
    autocmd 1:2-1:34 there is nothing to ignore from `port-conflict`
    autocmd 2:22-2:54 there is nothing to ignore from `port-conflict`
    config 1:2-1:34 there is nothing to ignore from `port-conflict`
    config 2:22-2:54 there is nothing to ignore from `port-conflict`
    ");
}

/// What a script that Vim runs in a folder writes to its file `shown`.
fn vim_shows(place: &TempDir, script: &str) -> String {
    let script = write(place, "run.vim", script);
    let mut vim = command("vim");
    vim.args(["-es", "-u", "NONE", "-i", "NONE", "-S"])
        .arg(script)
        .current_dir(place)
        .env("HOME", place.path());
    let output = vim.output().expect("Vim starts");
    let shown = fs::read_to_string(place.path().join("shown"));
    shown.unwrap_or_else(|error| panic!("{error}: {}", said(&output)))
}

#[test]
fn ale_takes_nixlint_for_statix() {
    let ale = Path::new("/usr/share/vim-ale");
    if !ale.is_dir() || !has("vim") {
        println!("skipped: ALE is not installed");
        return;
    }
    let place = place();
    write(&place, "a.nix", FILE);
    let settings = in_language("vim.md", "vim").remove(0);
    let script = format!(
        "set nocompatible\nset encoding=utf-8\nset runtimepath^={}\n{settings}\nlet g:ale_lint_on_enter = 0\n\
         filetype plugin on\nruntime plugin/ale.vim\nedit a.nix\nset filetype=nix\nALELint\nlet tries = 0\n\
         while tries < 100 && (tries < 5 || ale#engine#IsCheckingBuffer(bufnr('')))\n  sleep 50m\n  let tries += 1\nendwhile\n\
         sleep 200m\ncall writefile(map(copy(getloclist(0)), {{_, i -> i.lnum . ':' . i.col . ' ' . i.type . ' ' . i.text}}), 'shown')\nqa!\n",
        ale.display()
    );
    insta::assert_snapshot!(vim_shows(&place, &script), @"
    2:3 W 0: [unused-suppression] there is nothing to ignore from `syntax-error`
    3:23 W 0: [unused-suppression] there is nothing to ignore from `syntax-error`
    ");
}

#[test]
fn quickfix_reads_errfmt() {
    if !has("vim") {
        return;
    }
    let place = place();
    write(&place, "a.nix", FILE);
    let settings = in_language("vim.md", "vim").remove(1);
    let script = format!(
        "set nocompatible\nset encoding=utf-8\n{settings}\nsilent make! a.nix\n\
         call writefile(map(filter(getqflist(), 'v:val.valid'), {{_, i -> bufname(i.bufnr) . ' ' . i.lnum . ':' . i.col . ' ' . i.type . ' ' . i.text}}), 'shown')\nqa!\n"
    );
    insta::assert_snapshot!(vim_shows(&place, &script), @"
    a.nix 2:3 W [unused-suppression] there is nothing to ignore from `syntax-error`
    a.nix 3:23 W [unused-suppression] there is nothing to ignore from `syntax-error`
    ");
}

/// What a script that Emacs runs in a folder prints; `None` where it ends with 77, since the package it needs is not
/// installed.
fn emacs_shows(place: &TempDir, script: &str, package: &str) -> Option<String> {
    let script = write(place, "run.el", script);
    let mut emacs = command("emacs");
    emacs.args(["--batch", "--quick", "--load"]).arg(script).current_dir(place).env("HOME", place.path());
    let output = emacs.env("LC_ALL", "C.UTF-8").output().expect("Emacs starts");
    if output.status.code() == Some(77) {
        println!("skipped: {package} is not installed");
        return None;
    }
    assert!(output.status.success(), "{}", said(&output));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn flycheck_shows_findings() {
    if !has("emacs") {
        return;
    }
    let place = place();
    write(&place, "a.nix", FILE);
    let snippet = in_language("emacs.md", "elisp").remove(0);
    let script = format!(
        "(dolist (folder (file-expand-wildcards \"/usr/share/emacs/site-lisp/elpa*/*\")) (when (file-directory-p folder) (add-to-list 'load-path folder)))\n\
         (unless (require 'flycheck nil t) (kill-emacs 77))\n\
         (define-derived-mode nix-mode prog-mode \"Nix\")\n{snippet}\n\
         (find-file \"a.nix\")\n(nix-mode)\n(flycheck-mode)\n(flycheck-select-checker 'nixlint)\n(flycheck-buffer)\n\
         (let ((tries 0)) (while (and (< tries 100) (not (memq flycheck-last-status-change '(finished errored)))) (accept-process-output nil 0.05) (setq tries (1+ tries))))\n\
         (princ (format \"%s\\n\" flycheck-last-status-change))\n\
         (dolist (found flycheck-current-errors) (princ (format \"%d:%d %s %s\\n\" (flycheck-error-line found) (flycheck-error-column found) (flycheck-error-level found) (flycheck-error-message found))))\n"
    );
    let Some(shown) = emacs_shows(&place, &script, "Flycheck") else { return };
    insta::assert_snapshot!(shown, @"
    finished
    2:3 warning there is nothing to ignore from `syntax-error`
    3:15 warning there is nothing to ignore from `syntax-error`
    ");
}

#[test]
fn eglot_shows_findings() {
    if !has("emacs") {
        return;
    }
    let place = place();
    write(&place, "a.nix", FILE);
    let snippet = in_language("editors.md", "elisp").remove(0);
    let script = format!(
        "(dolist (folder (file-expand-wildcards \"/usr/share/emacs/site-lisp/elpa*/*\")) (when (file-directory-p folder) (add-to-list 'load-path folder)))\n\
         (unless (require 'eglot nil t) (kill-emacs 77))\n\
         (define-derived-mode nix-mode prog-mode \"Nix\")\n{snippet}\n\
         (setq eglot-sync-connect 60 eglot-connect-timeout 60)\n\
         (find-file \"a.nix\")\n(nix-mode)\n(apply #'eglot--connect (eglot--guess-contact))\n\
         (let ((tries 0)) (while (and (< tries 300) (null (flymake-diagnostics))) (flymake-start) (accept-process-output nil 0.2) (setq tries (1+ tries))))\n\
         (dolist (found (sort (flymake-diagnostics) (lambda (a b) (< (flymake-diagnostic-beg a) (flymake-diagnostic-beg b))))) (princ (format \"%d-%d %s\\n\" (flymake-diagnostic-beg found) (flymake-diagnostic-end found) (flymake-diagnostic-text found))))\n"
    );
    let Some(shown) = emacs_shows(&place, &script, "Eglot") else { return };
    insta::assert_snapshot!(shown, @"
    5-36 nixlint [unused-suppression]: there is nothing to ignore from `syntax-error`
    51-82 nixlint [unused-suppression]: there is nothing to ignore from `syntax-error`
    ");
}

#[test]
fn the_task_for_zed_lists_findings() {
    let tasks = in_language("editors.md", "json").remove(0);
    let tasks: serde_json::Value = serde_json::from_str(&tasks).expect("it is JSON");
    let task = tasks[0]["command"].as_str().expect("it has a command");
    let flake = flake();
    let output = command("sh").args(["-c", task]).current_dir(&flake).output().expect("sh starts");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

#[test]
fn the_pattern_for_vs_code_matches_every_line() {
    let tasks = in_language("editors.md", "json").remove(1);
    let tasks: serde_json::Value = serde_json::from_str(&tasks).expect("it is JSON");
    let task = &tasks["tasks"][0];
    let pattern = &task["problemMatcher"]["pattern"];
    let expression = regex::Regex::new(pattern["regexp"].as_str().expect("it has one")).expect("it is one");
    let flake = flake();
    let args =
        task["args"].as_array().expect("it has arguments").iter().filter_map(serde_json::Value::as_str);
    let output = command(PROGRAM).args(args).current_dir(&flake).output().expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.lines().count() > 10 && output.stderr.is_empty(), "{}", said(&output));
    for line in text.lines() {
        let captures = expression.captures(line).unwrap_or_else(|| panic!("{line}"));
        let file = pattern["file"].as_u64().expect("it is a number") as usize;
        assert!(flake.path().join(&captures[file]).is_file(), "{line}");
    }
    // VS Code's own engine for patterns.
    if has("node") {
        let script = "const lines = require('fs').readFileSync(0, 'utf8').trimEnd().split('\\n');\n\
                      const pattern = JSON.parse(process.argv[1]);\n\
                      const expression = new RegExp(pattern.regexp);\n\
                      for (const line of lines) {\n  const match = expression.exec(line);\n  \
                      if (!match || !/^\\d+$/.test(match[pattern.line]) || !match[pattern.message]) throw line;\n}\n\
                      console.log(lines.length);\n";
        let given = place();
        let lines = write(&given, "lines", &text);
        let mut node = command("node");
        node.args(["-e", script, "--", &pattern.to_string()]);
        node.stdin(fs::File::open(lines).expect("it was written"));
        assert_eq!(ran(&mut node).trim(), text.lines().count().to_string());
    }
}
