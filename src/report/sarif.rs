//! The format `sarif`: the Static Analysis Results Interchange Format, version 2.1.0.
//!
//! Columns are 1-based and count units of UTF-16, as the report says of itself. Results have the
//! fingerprint of nixlint under a key of its own: the key that GitHub looks at belongs to what GitHub's
//! upload computes itself, which warns about any other value. Findings that comments silence are among
//! the results, marked as suppressed.

use std::collections::BTreeMap;
use std::io;

use serde_json::{Map, Value, json};

use super::json::write_document;
use super::{Input, RuleInfo, fingerprints, place};
use crate::diagnostic::{Applicability, Diagnostic, Fix, Group, Label, Level};
use crate::text::{Edit, FileId, PositionEncoding, Span};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Where nixlint is at home, once it has an address.
const HOME: &str = env!("CARGO_PKG_REPOSITORY");

/// Writes the whole report.
pub(super) fn write(input: &Input<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let diagnostics: Vec<Diagnostic> = input.diagnostics.iter().chain(input.suppressed).cloned().collect();
    let fingerprints = fingerprints(input.sources, &diagnostics);
    let names = diagnostics.iter().map(|diagnostic| diagnostic.rule.as_str());
    let mut rules: BTreeMap<&str, usize> = names.map(|name| (name, 0)).collect();
    rules.values_mut().enumerate().for_each(|(index, place)| *place = index);

    let results =
        diagnostics.iter().zip(fingerprints).enumerate().map(|(index, (diagnostic, fingerprint))| {
            let mut result = result(input, diagnostic, &fingerprint);
            result["ruleIndex"] = json!(rules[diagnostic.rule.as_str()]);
            // A report in which one result tells whether it is suppressed has to tell it of every one.
            if index >= input.diagnostics.len() {
                result["suppressions"] = json!([{ "kind": "inSource" }]);
            } else if !input.suppressed.is_empty() {
                result["suppressions"] = json!([]);
            }
            result
        });
    let results: Vec<Value> = results.collect();
    let mut driver = json!({
        "name": "nixlint",
        "version": env!("CARGO_PKG_VERSION"),
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules.keys().map(|name| rule(input, name)).collect::<Vec<_>>(),
    });
    if !HOME.is_empty() {
        driver["informationUri"] = json!(HOME);
    }
    let notifications =
        input.undone.iter().map(|undone| json!({ "level": "error", "message": { "text": literal(undone) } }));
    let invocation = json!({
        "executionSuccessful": input.undone.is_empty(),
        "toolExecutionNotifications": notifications.collect::<Vec<_>>(),
    });
    let report = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "columnKind": "utf16CodeUnits",
            "invocations": [invocation],
            "results": results,
        }],
    });
    write_document(&report, out)
}

/// What is known of a rule.
fn rule(input: &Input<'_>, name: &str) -> Value {
    let mut rule = json!({ "id": name, "name": pascal_case(name) });
    if let Some(url) = input.options.url_of(name) {
        rule["helpUri"] = json!(url);
    }
    let Some(info) = input.rules.iter().find(|info| info.name == name) else { return rule };
    let docs: String = info
        .docs
        .trim()
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
        .collect();
    let summary = literal(info.summary);
    let mut properties = json!({
        "tags": [info.group.as_str()],
        "precision": "high",
        "problem.severity": match info.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "recommendation",
        },
    });
    if info.group == Group::Security {
        properties["security-severity"] = json!(security_severity(info));
    }
    let more = json!({
        "shortDescription": { "text": summary },
        "fullDescription": { "text": summary },
        "help": { "text": docs, "markdown": docs },
        "defaultConfiguration": { "level": level(info.level) },
        "properties": properties,
    });
    extend(&mut rule, more);
    rule
}

/// In the middle of what GitHub calls high, medium and low.
fn security_severity(info: &RuleInfo<'_>) -> &'static str {
    match info.level {
        Level::Error => "8.0",
        Level::Warning => "5.5",
        Level::Info => "2.0",
    }
}

fn result(input: &Input<'_>, diagnostic: &Diagnostic, fingerprint: &str) -> Value {
    let home = diagnostic.primary.span;
    let parts = [&diagnostic.message].into_iter().chain(&diagnostic.help).chain(&diagnostic.notes);
    let text: Vec<String> = parts.map(|part| literal(part)).collect();
    let mut result = json!({
        "ruleId": diagnostic.rule.as_str(),
        "level": level(diagnostic.level),
        "message": { "text": text.join("\n\n") },
        "locations": [{ "physicalLocation": physical_location(input, home) }],
        "partialFingerprints": { "nixlint/v1": fingerprint },
    });
    let related: Vec<&Label> = diagnostic.related.iter().filter(|label| !label.text.is_empty()).collect();
    if !related.is_empty() {
        let locations = related.iter().enumerate().map(|(id, label)| {
            let mut location = location(input, label);
            location["id"] = json!(id + 1);
            location
        });
        result["relatedLocations"] = locations.collect();
    }
    // A walk through the evidence to the finding, where it leads through several files.
    if related.iter().any(|label| label.span.file != home.file) {
        let steps = related.iter().copied().chain([&diagnostic.primary]);
        let steps: Vec<Value> = steps.map(|label| json!({ "location": location(input, label) })).collect();
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps }] }]);
    }
    let fixes = diagnostic.fixes.iter().filter(|fix| fix.applicability > Applicability::Manual);
    let fixes: Vec<Value> = fixes.map(|written| fix(input, written)).collect();
    if !fixes.is_empty() {
        result["fixes"] = json!(fixes);
    }
    let mut properties = Map::new();
    properties.extend(diagnostic.host.as_ref().map(|host| ("host".to_owned(), json!(host))));
    properties.extend(diagnostic.variant.map(|variant| ("variant".to_owned(), json!(variant))));
    if !properties.is_empty() {
        result["properties"] = Value::Object(properties);
    }
    result
}

fn fix(input: &Input<'_>, fix: &Fix) -> Value {
    let mut files: BTreeMap<FileId, Vec<&Edit>> = BTreeMap::new();
    for edit in &fix.edits {
        files.entry(edit.file).or_default().push(edit);
    }
    let replacement = |edit: &&Edit| {
        json!({
            "deletedRegion": region(input, Span::new(edit.file, edit.range)),
            "insertedContent": { "text": edit.text },
        })
    };
    let changes = files.iter().map(|(file, edits)| {
        json!({
            "artifactLocation": artifact(input, *file),
            "replacements": edits.iter().map(replacement).collect::<Vec<_>>(),
        })
    });
    json!({
        "description": { "text": literal(&fix.title) },
        "artifactChanges": changes.collect::<Vec<_>>(),
        "properties": { "applicability": fix.applicability.as_str() },
    })
}

fn location(input: &Input<'_>, label: &Label) -> Value {
    json!({
        "physicalLocation": physical_location(input, label.span),
        "message": { "text": literal(&label.text) },
    })
}

fn physical_location(input: &Input<'_>, span: Span) -> Value {
    json!({ "artifactLocation": artifact(input, span.file), "region": region(input, span) })
}

/// Relative where the file lies below what was checked out or the working directory.
fn artifact(input: &Input<'_>, file: FileId) -> Value {
    let path = input.path_in_checkout(file);
    if path.starts_with('/') {
        return json!({ "uri": place::file_uri(&input.sources.get(file).path) });
    }
    // A colon in the first part of a relative address would end a scheme.
    json!({ "uri": place::percent_encoded(path).replace(':', "%3A"), "uriBaseId": "%SRCROOT%" })
}

fn region(input: &Input<'_>, span: Span) -> Value {
    let (start, end) = place::region(input.sources, span, PositionEncoding::Utf16);
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}

/// `text` for a message, in which `[a](1)` would be a link.
fn literal(text: &str) -> String {
    if text.contains("](") {
        return text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    }
    text.to_owned()
}

/// `unused-let-binding` as `UnusedLetBinding`.
fn pascal_case(name: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect::<String>()
    };
    name.split('-').map(word).collect()
}

/// Adds the members of `more` to the object `value`.
fn extend(value: &mut Value, more: Value) {
    if let (Value::Object(value), Value::Object(more)) = (value, more) {
        value.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;
    use crate::report::sample::{self, rendered};
    use crate::report::schemas::{self, Schema};
    use crate::report::{Format, Options, render};
    use crate::text::Sources;

    const RULES: [RuleInfo<'static>; 1] = [RuleInfo {
        name: "missing-after",
        group: Group::Security,
        level: Level::Warning,
        summary: "a service does not wait for its database",
        docs: " ## What it does\n Finds **services**.\n",
    }];

    fn parsed(
        sources: &Sources,
        diagnostics: &[Diagnostic],
        suppressed: &[Diagnostic],
        options: Options<'_>,
    ) -> Value {
        let mut out = Vec::new();
        let input = Input { sources, diagnostics, suppressed, undone: &[], rules: &RULES, options };
        render(Format::Sarif, &input, &mut out).expect("memory takes all bytes");
        let report: Value = serde_json::from_slice(&out).expect("reports are JSON");
        schemas::check(Schema::Sarif, &report);
        report
    }

    #[test]
    fn evidence_in_several_files_is_a_walk_through_the_code() {
        let (sources, diagnostics) = sample::project();
        let options = Options { rule_url: Some("https://nixlint.example/rules/"), ..Options::default() };
        let report = parsed(&sources, &diagnostics, &[], options);
        let text = serde_json::to_string_pretty(&report).expect("values can be written");
        let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("sarif_evidence_in_several_files", text));
    }

    #[test]
    fn columns_count_utf16_from_one() {
        let (sources, diagnostics) = sample::unicode();
        let report = parsed(&sources, &diagnostics, &[], Options::default());
        let regions: Vec<String> = report["runs"][0]["results"]
            .as_array()
            .expect("there are results")
            .iter()
            .map(|result| {
                let region = &result["locations"][0]["physicalLocation"]["region"];
                let part = |name: &str| &region[name];
                format!(
                    "{}:{}-{}:{}",
                    part("startLine"),
                    part("startColumn"),
                    part("endLine"),
                    part("endColumn")
                )
            })
            .collect();
        assert_eq!(regions, ["2:2-2:3", "2:7-2:9", "2:21-2:24", "3:3-3:9"]);
    }

    #[test]
    fn silenced_findings_are_suppressed_results() {
        let (sources, diagnostics) = sample::unicode();
        let report = parsed(&sources, &diagnostics[..3], &diagnostics[3..], Options::default());
        let results = report["runs"][0]["results"].as_array().expect("there are results");
        let suppressions: Vec<&Value> = results.iter().map(|result| &result["suppressions"]).collect();
        assert_eq!(suppressions, [&json!([]), &json!([]), &json!([]), &json!([{ "kind": "inSource" }])]);
        for result in results {
            let index = result["ruleIndex"].as_u64().expect("it has an index") as usize;
            assert_eq!(report["runs"][0]["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        }
    }

    #[test]
    fn addresses_are_relative_where_they_can_be() {
        let (mut sources, mut diagnostics) = sample::hostile_names();
        let outside = sample::source("/q/out side.nix", "{ }\n");
        let file = sources.add(std::sync::Arc::new(outside));
        diagnostics.push(sample::diagnostic("some-rule", "bad", sample::span_of(file, 0, 1)));
        let locations = |options| {
            let report = parsed(&sources, &diagnostics, &[], options);
            let results = report["runs"][0]["results"].as_array().expect("there are results").clone();
            let uri = |result: &Value| result["locations"][0]["physicalLocation"]["artifactLocation"].clone();
            results.iter().map(uri).collect::<Vec<_>>()
        };
        let found = locations(Options::default());
        let root = "%SRCROOT%";
        assert_eq!(found[0], json!({ "uri": "a%20b.nix", "uriBaseId": root }));
        assert_eq!(found[2], json!({ "uri": "two%0Alines%0D.nix", "uriBaseId": root }));
        assert_eq!(found[5], json!({ "uri": "%3A%3Aerror%20file=x,line=1%3A%3Ay.nix", "uriBaseId": root }));
        assert_eq!(found[8], json!({ "uri": "file:///q/out%20side.nix" }));
        let found = locations(Options { checkout: Some(Utf8Path::new("/q")), ..Options::default() });
        assert_eq!(found[8], json!({ "uri": "out%20side.nix", "uriBaseId": root }));
    }

    #[test]
    fn fingerprints_are_those_of_json() {
        let (sources, diagnostics) = sample::unicode();
        let report = parsed(&sources, &diagnostics, &[], Options::default());
        let json: Value =
            serde_json::from_str(&rendered(Format::Json, &sources, &diagnostics, Options::default()))
                .expect("reports are JSON");
        for index in 0..diagnostics.len() {
            assert_eq!(
                report["runs"][0]["results"][index]["partialFingerprints"]["nixlint/v1"],
                json[0]["diagnostics"][index]["data"]["fingerprint"]
            );
        }
    }

    #[test]
    fn brackets_are_no_links() {
        assert_eq!(literal("[x](1)"), "\\[x\\](1)");
        assert_eq!(literal("`[ a ]` ${b}"), "`[ a ]` ${b}");
        assert_eq!(pascal_case("unused-let-binding"), "UnusedLetBinding");
    }
}
