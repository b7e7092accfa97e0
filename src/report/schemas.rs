//! The schemas of `tests/schemas/`, and reports held to them.

use jsonschema::Validator;
use serde_json::Value;

use super::sample::{self, rendered};
use super::{Format, Options};

/// A format with a schema.
#[derive(Debug, Clone, Copy)]
pub(super) enum Schema {
    Sarif,
    Gitlab,
    Rdjson,
    Rdjsonl,
    /// What the published schemas leave open, too.
    RdjsonStrict,
    RdjsonlStrict,
}

impl Schema {
    fn validator(self) -> Validator {
        let text = match self {
            Self::Sarif => include_str!("../../tests/schemas/sarif-2.1.0.json"),
            Self::Gitlab => include_str!("../../tests/schemas/gitlab-code-quality.json"),
            Self::Rdjson => include_str!("../../tests/schemas/rdjson.json"),
            Self::Rdjsonl => include_str!("../../tests/schemas/rdjsonl.json"),
            Self::RdjsonStrict | Self::RdjsonlStrict => {
                include_str!("../../tests/schemas/rdjson-strict.json")
            }
        };
        let mut schema: Value = serde_json::from_str(text).expect("schemas are JSON");
        match self {
            Self::RdjsonlStrict => schema["$ref"] = "#/definitions/Diagnostic".into(),
            // The pattern for languages, which reports here do not name, has a stray bracket.
            Self::Sarif => {
                for object in ["run", "toolComponent"] {
                    schema["definitions"][object]["properties"]["language"] = true.into();
                }
            }
            Self::Gitlab | Self::Rdjson | Self::Rdjsonl | Self::RdjsonStrict => {}
        }
        jsonschema::validator_for(&schema).expect("the schema is one")
    }
}

/// Fails where `report` breaks the schema.
pub(super) fn check(schema: Schema, report: &Value) {
    let validator = schema.validator();
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{schema:?}: {}\n{report:#}", errors.join("\n"));
}

#[test]
fn reports_keep_to_the_schemas() {
    let options = Options { rule_url: Some("https://nixlint.example/rules/"), ..Options::default() };
    let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("reports are JSON");
    for (sources, diagnostics) in sample::all() {
        for found in [&diagnostics[..], &[]] {
            let text = |format| rendered(format, &sources, found, options);
            check(Schema::Sarif, &parsed(&text(Format::Sarif)));
            check(Schema::Gitlab, &parsed(&text(Format::Gitlab)));
            let rdjson = parsed(&text(Format::Rdjson));
            check(Schema::Rdjson, &rdjson);
            check(Schema::RdjsonStrict, &rdjson);
            for line in text(Format::Rdjsonl).lines() {
                let line = parsed(line);
                check(Schema::Rdjsonl, &line);
                check(Schema::RdjsonlStrict, &line);
            }
        }
    }
}

#[test]
fn wrong_reports_are_found() {
    let wrong = [
        (Schema::Sarif, serde_json::json!({ "version": "2.1.0", "runs": [{}] })),
        (Schema::Gitlab, serde_json::json!([{ "description": "a" }])),
        (
            Schema::Rdjson,
            serde_json::json!({ "diagnostics": [{ "message": "a", "location": { "path": 1 } }] }),
        ),
        (Schema::Rdjsonl, serde_json::json!({ "message": "a", "severity": "HINT" })),
        (Schema::RdjsonStrict, serde_json::json!({ "diagnostics": [{ "message": "a" }] })),
        (Schema::RdjsonlStrict, serde_json::json!({ "message": "a" })),
    ];
    for (schema, report) in wrong {
        assert!(!schema.validator().is_valid(&report), "{schema:?}");
    }
}

#[test]
fn no_line_of_a_report_takes_over_a_terminal() {
    for (sources, diagnostics) in sample::all() {
        for format in Format::ALL {
            let text = rendered(format, &sources, &diagnostics, Options::default());
            let bad = text.chars().find(|c| !matches!(c, '\n' | '\t') && super::terminal::is_deceptive(*c));
            assert_eq!(bad, None, "{format}");
        }
    }
}
