//! Reports as other programs read them. Says `skipped: …` where a program is missing.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use nixlint::report::Format;
use serde_json::Value;
use tempfile::TempDir;

/// An example, with one finding silenced, and a report in every format.
struct Reports {
    folder: TempDir,
}

impl Reports {
    fn new() -> Self {
        let reports = Self { folder: tempfile::tempdir().expect("there is a place for temporary files") };
        let flake = reports.folder.path().join("a flake, \"50%\" <é日本🦀>");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/homelab");
        for entry in walkdir::WalkDir::new(&source) {
            let entry = entry.expect("the example can be read");
            let target = flake.join(entry.path().strip_prefix(&source).expect("it is below"));
            if entry.file_type().is_dir() {
                fs::create_dir_all(target).expect("folders can be made");
            } else {
                fs::copy(entry.path(), target).expect("files can be copied");
            }
        }
        let silenced = "{\r\n  é = \"日本 🦀\"; a = 1; # nixlint: ignore[syntax-error]\r\n  b = x: x; # nixlint: ignore[unused-suppression, syntax-error]\r\n}\r\n";
        fs::write(flake.join("silenced.nix"), silenced).expect("files can be written");
        let outputs = Format::ALL.map(|format| format!("--output-format={format}={format}"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_nixlint"));
        command.arg("check").args(outputs).arg(flake).current_dir(reports.folder.path()).env_clear();
        let output = command.output().expect("the program starts");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        reports
    }

    fn text(&self, format: Format) -> String {
        fs::read_to_string(self.folder.path().join(format.as_str())).expect("the report was written")
    }

    fn json(&self, format: Format) -> Value {
        serde_json::from_str(&self.text(format)).expect("the report is JSON")
    }

    /// How many findings there are.
    fn count(&self) -> usize {
        let files = self.json(Format::Json);
        let files = files.as_array().expect("files are a list");
        files.iter().map(|file| file["diagnostics"].as_array().map_or(0, Vec::len)).sum()
    }

    /// What another program says about the reports; `None` where it is not installed.
    fn ask(&self, program: &str, args: &[&str]) -> Option<Output> {
        let mut command = Command::new(program);
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        let output = command.output().ok();
        if output.is_none() {
            println!("skipped: {program} is not installed");
        }
        output
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn every_format_tells_of_every_finding() {
    let reports = Reports::new();
    let count = reports.count();
    assert!(count > 20, "{count}");
    let lines = |format| reports.text(format).lines().count();
    for format in [Format::Concise, Format::JsonLines, Format::Rdjsonl, Format::Errfmt] {
        assert_eq!(lines(format), count, "{format}");
    }
    let commands = reports.text(Format::Github).lines().filter(|line| line.starts_with("::")).count();
    assert_eq!(commands, count);
    assert_eq!(lines(Format::Markdown), count + 4);
    assert_eq!(reports.json(Format::Gitlab).as_array().map(Vec::len), Some(count));
    assert_eq!(reports.json(Format::Rdjson)["diagnostics"].as_array().map(Vec::len), Some(count));
    let elements = |format, tag: &str| {
        let text = reports.text(format);
        let document = roxmltree::Document::parse(&text).expect("the report is XML");
        document.descendants().filter(|node| node.has_tag_name(tag)).count()
    };
    assert_eq!(elements(Format::Checkstyle, "error"), count);
    assert_eq!(elements(Format::Junit, "failure"), count);

    let sarif = reports.json(Format::Sarif);
    let results = sarif["runs"][0]["results"].as_array().expect("there are results");
    let is_suppressed =
        |result: &&Value| result["suppressions"].as_array().is_some_and(|list| !list.is_empty());
    assert_eq!(results.iter().filter(is_suppressed).count(), 1);
    assert_eq!(results.len(), count + 1);
    assert!(results.iter().any(|result| result["codeFlows"].is_array()), "no finding has several files");
    for rule in sarif["runs"][0]["tool"]["driver"]["rules"].as_array().expect("there are rules") {
        assert!(rule["help"]["markdown"].as_str().is_some_and(|help| help.contains("## ")), "{rule}");
    }
}

#[test]
fn the_schema_of_sarif_holds() {
    let schema =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas/sarif-2.1.0.json"));
    let mut schema: Value = serde_json::from_str(&schema.expect("the schema is there")).expect("it is JSON");
    for object in ["run", "toolComponent"] {
        schema["definitions"][object]["properties"]["language"] = true.into();
    }
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let report = Reports::new().json(Format::Sarif);
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn junitparser_reads_the_test_report() {
    let reports = Reports::new();
    let Some(output) = reports.ask("junitparser", &["merge", "junit", "merged.xml"]) else { return };
    assert!(output.status.success(), "{}", said(&output));
    let merged = fs::read_to_string(reports.folder.path().join("merged.xml")).expect("it was written");
    let document = roxmltree::Document::parse(&merged).expect("it is XML");
    let failures = document.root_element().attribute("failures").and_then(|count| count.parse().ok());
    assert_eq!(failures, Some(reports.count()));
}

#[test]
fn a_validator_of_rdjson_finds_nothing() {
    let reports = Reports::new();
    let strict = ["--strict", "--no-extra-fields"];
    let Some(output) = reports.ask("rdformat-validator", &[&strict[..], &["rdjson"]].concat()) else {
        return;
    };
    assert!(output.status.success(), "{}", said(&output));
    let broken = reports.text(Format::Rdjson).replace("\"location\"", "\"place\"");
    fs::write(reports.folder.path().join("broken"), broken).expect("files can be written");
    let output = reports.ask("rdformat-validator", &[&strict[..], &["broken"]].concat());
    assert!(output.is_some_and(|output| !output.status.success()), "it finds nothing in anything");
}
