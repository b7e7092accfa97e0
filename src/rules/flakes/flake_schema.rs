use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds what Nix refuses in a `flake.nix` before it runs any code: attributes that a flake does not have, values
    /// of the wrong kind, and values that are computed where they have to be written out.
    ///
    /// ## Why is this bad?
    /// Nix reads `description`, `inputs` and `nixConfig` without evaluating anything, because the inputs have to be
    /// known before the code can run. A `let`, a call or an interpolation there is an error, and so is anything that
    /// Nix does not know.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/" + "nixpkgs";
    ///   outputs = { self, nixpkgs }: { };
    /// }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   inputs.nixpkgs.url = "github:NixOS/nixpkgs";
    ///   outputs = { self, nixpkgs }: { };
    /// }
    /// ```
    ///
    /// ## References
    /// - NixOS/nix, src/libflake/flake.cc: `readFlake`, `parseFlakeInput`
    /// - Nix manual, `nix flake`, "Flake format"
    pub struct FlakeSchema {}

    name: "flake-schema",
    summary: "`flake.nix` that Nix refuses to read",
    group: Flakes,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// The attributes of a flake.
const ATTRIBUTES: [&str; 4] = ["description", "inputs", "outputs", "nixConfig"];

const LITERAL: &str = "write the value out: no `let`, no call, no operator, no interpolation";

impl ProjectRule for FlakeSchema {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for flake in project.flakes() {
            check_flake(flake, cx);
        }
    }
}

fn check_flake(flake: &WrittenFlake, cx: &mut HostContext<'_>) {
    let value = &flake.value;
    // Other files are called so, too: modules, functions.
    let is_flake =
        ["inputs", "outputs", "description"].iter().any(|name| value.unscoped().attr(name).is_some());
    if !is_flake {
        return;
    }
    let WrittenKind::Set { attrs, dynamic } = &value.kind else {
        let _ = cx
            .report(start_of(value.span), "a flake must be a set that is written out")
            .here("Nix refuses this file")
            .help("begin the file with `{`; a `let` can stand inside of `outputs`");
        return;
    };
    for attr in attrs {
        match attr.name.as_str() {
            "description" => expect(&attr.value, "description", "a string", is_text, cx),
            "inputs" => check_inputs(&attr.value, false, cx),
            "outputs" => {
                let is_function = |value: &Written| matches!(value.kind, WrittenKind::Function(_));
                expect(&attr.value, "outputs", "a function", is_function, cx);
            }
            "nixConfig" => check_config(&attr.value, cx),
            name => {
                let like = nearest(name, ATTRIBUTES);
                let report =
                    cx.report(attr.key, format!("a flake has no attribute `{name}`")).here("Nix refuses it");
                let _ = match like {
                    Some(like) => report.help(format!("perhaps `{like}` is meant")),
                    None => report.help("a flake has `description`, `inputs`, `outputs` and `nixConfig`"),
                };
            }
        }
    }
    if !attrs.iter().any(|attr| attr.name == "outputs") && dynamic.is_empty() {
        let _ = cx
            .report(start_of(value.span), "this flake has no `outputs`")
            .here("Nix refuses this file")
            .help("add `outputs = { self, ... }: { … };`");
    }
}

/// Reports a value that is not what Nix expects.
fn expect(
    value: &Written,
    name: &str,
    expected: &str,
    is_right: impl Fn(&Written) -> bool,
    cx: &mut HostContext<'_>,
) {
    if is_right(value) || matches!(value.kind, WrittenKind::Name) {
        return;
    }
    let found = kind(value);
    let report = match found {
        Some(found) => cx
            .report(value.span, format!("`{name}` must be {expected}, not {found}"))
            .here(format!("Nix expects {expected}")),
        None => cx
            .report(value.span, format!("`{name}` must be written out as {expected}"))
            .here("this is computed"),
    };
    let help = match (found, expected) {
        (None, "a function") => "write the function here; what it gives may be imported",
        (None, _) => LITERAL,
        _ => return,
    };
    let _ = report.help(help);
}

fn is_text(value: &Written) -> bool {
    matches!(value.kind, WrittenKind::Text(_))
}

fn check_inputs(inputs: &Written, is_nested: bool, cx: &mut HostContext<'_>) {
    expect(inputs, "inputs", "a set", is_plain_set, cx);
    for input in inputs.attrs() {
        if input.name == "self" && is_nested {
            let _ = cx
                .report(input.key, "the inputs of an input have no `self`")
                .here("Nix refuses it")
                .help("delete it; only the flake itself can say something about `self`");
            continue;
        }
        check_input(input, cx);
    }
}

/// A set without computed names.
fn is_plain_set(value: &Written) -> bool {
    matches!(&value.kind, WrittenKind::Set { dynamic, .. } if dynamic.is_empty())
}

fn check_input(input: &WrittenAttr, cx: &mut HostContext<'_>) {
    let name = &input.name;
    if let Some(text) = input.value.text() {
        let _ = cx
            .report(input.value.span, format!("the input `{name}` must be a set, not a string"))
            .here("Nix expects a set")
            .help(format!("write `{name}.url = \"{text}\"`"));
        return;
    }
    expect(&input.value, name, "a set", is_plain_set, cx);
    let attrs = input.value.attrs();
    let has = |name: &str| attrs.iter().any(|attr| attr.name == name);
    for attr in attrs {
        let path = format!("{name}.{}", attr.name);
        match attr.name.as_str() {
            "url" => {
                let is_url =
                    |value: &Written| matches!(value.kind, WrittenKind::Text(_) | WrittenKind::Path(_));
                expect(&attr.value, &path, "a string or a path", is_url, cx);
            }
            "follows" => expect(&attr.value, &path, "a string", is_text, cx),
            "flake" => {
                let is_bool = |value: &Written| matches!(value.kind, WrittenKind::Bool(_));
                expect(&attr.value, &path, "`true` or `false`", is_bool, cx);
            }
            "inputs" => check_inputs(&attr.value, true, cx),
            "publicKeys" => {}
            _ if matches!(attr.value.kind, WrittenKind::Negative) => {
                let _ = cx
                    .report(attr.value.span, format!("`{path}` must not be negative"))
                    .here("Nix refuses it");
            }
            _ => {
                let is_plain = |value: &Written| {
                    matches!(value.kind, WrittenKind::Text(_) | WrittenKind::Bool(_) | WrittenKind::Int)
                };
                expect(&attr.value, &path, "a string, an integer or a boolean", is_plain, cx);
            }
        }
    }
    if name != "self" && !has("type") {
        let known = ["url", "flake", "inputs", "follows"];
        for attr in attrs.iter().filter(|attr| !known.contains(&attr.name.as_str())) {
            let like = nearest(&attr.name, known.into_iter().chain(["type"]));
            let report = cx
                .report(attr.key, format!("an input without `type` has no attribute `{}`", attr.name))
                .here("Nix refuses it");
            let _ = match like {
                Some(like) => report.help(format!("perhaps `{like}` is meant")),
                None => report.help("add a `type`, such as `\"github\"`, or write all of it as `url`"),
            };
        }
    }
    let source = attrs.iter().find(|attr| attr.name == "url" || attr.name == "type");
    if let (Some(source), Some(follows)) = (source, attrs.iter().find(|attr| attr.name == "follows")) {
        let _ = cx
            .report(follows.key, format!("the input `{name}` has both `{}` and `follows`", source.name))
            .here("it is to be what another input is")
            .label(source.key, "and it has a source of its own")
            .help("keep one of them");
    }
}

fn check_config(config: &Written, cx: &mut HostContext<'_>) {
    expect(config, "nixConfig", "a set", is_plain_set, cx);
    for setting in config.attrs() {
        let name = &setting.name;
        let is_value = |value: &Written| {
            use WrittenKind::{Bool, Int, List, Path, Text};
            matches!(value.kind, Text(_) | Path(_) | Int | Bool(_) | List(_))
        };
        if matches!(setting.value.kind, WrittenKind::Negative) {
            let _ = cx
                .report(setting.value.span, format!("`nixConfig.{name}` must not be negative"))
                .here("Nix reads this as code")
                .help(LITERAL);
            continue;
        }
        let path = format!("nixConfig.{name}");
        expect(&setting.value, &path, "a string, an integer, a boolean or a list", is_value, cx);
        if let WrittenKind::List(items) = &setting.value.kind {
            for item in items {
                expect(item, &path, "a list of strings", is_text, cx);
            }
        }
    }
}

/// What a value is, in words; `None` for code.
fn kind(value: &Written) -> Option<&'static str> {
    Some(match &value.kind {
        WrittenKind::Text(_) => "a string",
        WrittenKind::Path(_) => "a path",
        WrittenKind::Int | WrittenKind::Float | WrittenKind::Negative => "a number",
        WrittenKind::Bool(_) => "a boolean",
        WrittenKind::Null => "null",
        WrittenKind::List(_) => "a list",
        WrittenKind::Set { dynamic, .. } if dynamic.is_empty() => "a set",
        WrittenKind::Function(_) => "a function",
        _ => return None,
    })
}

/// The first character of a place, for what is wrong with a whole file.
fn start_of(span: Span) -> Span {
    let start = span.range().start();
    Span::new(span.file, TextRange::at(start, TextSize::from(1)))
}
