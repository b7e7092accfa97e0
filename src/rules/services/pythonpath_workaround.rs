use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds services that get Python packages by a folder `site-packages` in `PYTHONPATH`.
    ///
    /// ## Why is this bad?
    /// The folder has the package and not what the package depends on, and it is handed to every Python
    /// that the service starts, whatever its version. With the version written out, as in
    /// `lib/python3.12/site-packages`, the next version of Python finds an empty path: the build says
    /// nothing, and the service fails (`version`, a warning). `python3.withPackages` makes a Python that has
    /// the packages itself.
    ///
    /// ## Example
    /// ```nix
    /// { pkgs, ... }:
    /// {
    ///   systemd.services.bot = {
    ///     environment.PYTHONPATH = "${pkgs.python3Packages.requests}/lib/python3.13/site-packages";
    ///     script = "exec ${pkgs.python3}/bin/python3 /srv/bot/main.py";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs, ... }:
    /// {
    ///   systemd.services.bot.script =
    ///     "exec ${pkgs.python3.withPackages (ps: [ ps.requests ])}/bin/python3 /srv/bot/main.py";
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// A folder with sources of one's own is no workaround, nor is what `mkForce` puts in the place of
    /// another value.
    ///
    /// ## Fix safety
    /// Unsafe. Offered where the service starts the Python of the same environment: that has the packages
    /// already.
    ///
    /// ## References
    /// - nixpkgs manual, "Python": `python.withPackages`
    pub struct PythonpathWorkaround {}

    name: "pythonpath-workaround",
    summary: "Python packages by way of `PYTHONPATH`",
    group: Services,
    level: Info,
    variants: [version: Warning],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["systemd.services.*.environment.PYTHONPATH", "systemd.user.services.*.environment.PYTHONPATH"],
}

const NAME: &str = "PYTHONPATH";

/// The folder of packages, and the attribute of a Python that is its path.
const FOLDERS: [&str; 2] = ["site-packages", "sitePackages"];

impl HostRule for PythonpathWorkaround {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        check_units(host, cx, host.units(), Spelling::Nixos);
        check_units(host, cx, host.user_units(Spelling::Nixos), Spelling::Nixos);
        host.visit_users(&mut |user| {
            check_units(&user.home, cx, user.home.user_units(Spelling::Sections), Spelling::Sections);
        });
    }
}

fn check_units(host: &Host<'_>, cx: &mut HostContext<'_>, units: Vec<Unit>, spelling: Spelling) {
    for unit in units.iter().filter(|unit| unit.suffix == "service") {
        let name = unit.display();
        let directive = host.directive(unit, Section::Service, "Environment");
        for item in host.items(&directive).0 {
            let text =
                item.text().filter(|text| text.known_prefix().trim_start_matches('"').starts_with(NAME));
            if let Some(kind) = text.and_then(|text| packages(host, text))
                && let Some(report) = cx.report_item(&item, message(&name))
            {
                finish(report, kind, &name, None);
            }
        }
        if spelling == Spelling::Sections {
            continue;
        }
        for definition in host.below(&unit.node, &format!("environment.{NAME}")).definitions() {
            // What is stronger than a plain definition replaces one of the module upstream.
            let Value::Str(text) = &definition.value.value else { continue };
            if definition.priority < PLAIN {
                continue;
            }
            if let Some(kind) = packages(host, text) {
                report_definition(host, cx, unit, definition, text, kind);
            }
        }
        for text in host.unit_texts(unit, &[NAME]) {
            let RunKind::Script(script) = &text.kind else { continue };
            for command in script.commands() {
                let exported = command.words.iter().filter(|word| word.starts_with("PYTHONPATH="));
                let assigned = command
                    .assignments
                    .iter()
                    .filter(|assignment| assignment.name.as_deref() == Some(NAME))
                    .map(|assignment| &assignment.value);
                for word in exported.chain(assigned) {
                    let Some(kind) = packages_of_word(cx, word) else { continue };
                    let Some(span) = word.span.filter(|span| !cx.has_reported(*span)) else { continue };
                    finish(cx.report(span, message(&name)), kind, &name, None);
                }
            }
        }
    }
}

/// The priority of a plain definition.
const PLAIN: i64 = 100;

/// How a path names the folder of packages.
#[derive(Clone, Copy)]
enum Kind {
    /// With the version of Python written out.
    Version,
    /// As the Python at hand says.
    Folder,
}

/// Whether a text has a folder of packages in it.
fn packages(host: &Host<'_>, text: &Text) -> Option<Kind> {
    let mut found = None;
    let mut before = String::new();
    for piece in &text.pieces {
        match piece {
            TextPiece::Known { text, .. } => {
                if text.contains(FOLDERS[0]) {
                    let all = format!("{before}{text}");
                    found = Some(if has_version(&all) { Kind::Version } else { Kind::Folder });
                }
                before = text.to_string();
            }
            TextPiece::Hole(hole) => {
                before.clear();
                let named = hole.value.as_ref().and_then(|val| match &val.value {
                    Value::Symbol(symbol) => symbol.path.last().map(|name| host.machine().text_of(*name)),
                    _ => None,
                });
                if named.is_some_and(|name| *name == *FOLDERS[1]) {
                    found.get_or_insert(Kind::Folder);
                }
            }
        }
    }
    found
}

/// The same for a word of a script.
fn packages_of_word(cx: &HostContext<'_>, word: &Word) -> Option<Kind> {
    let source = word.span.map(|span| cx.text(span)).unwrap_or_default();
    if !FOLDERS.iter().any(|folder| source.contains(folder)) {
        return None;
    }
    Some(if has_version(source) { Kind::Version } else { Kind::Folder })
}

/// Whether the text has `pythonN.N/site-packages` in it.
fn has_version(text: &str) -> bool {
    text.split("python").skip(1).any(|rest| {
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        rest.strip_prefix('/').is_some_and(|rest| rest.starts_with(FOLDERS[0]))
    })
}

fn message(unit: &str) -> String {
    format!("`{unit}` gets Python packages by way of `PYTHONPATH`").replace('*', "…")
}

fn report_definition(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    unit: &Unit,
    definition: &Definition,
    text: &Text,
    kind: Kind,
) {
    let Some(span) = definition.span().filter(|span| !cx.has_reported(*span)) else { return };
    let patch = starts_same_python(host, cx, unit, text).then(|| cx.remove_definition(definition)).flatten();
    let name = unit.display();
    let mut report = cx.report(span, message(&name));
    if let Some(binding) = definition
        .binding
        .filter(|binding| binding.file == span.file && binding.range().contains_range(span.range()))
    {
        report = report.covers(binding.range());
    }
    finish(report, kind, &name, patch);
}

/// Whether the path is one folder of an environment whose Python the unit starts.
fn starts_same_python(host: &Host<'_>, cx: &HostContext<'_>, unit: &Unit, text: &Text) -> bool {
    let Some(TextPiece::Hole(environment)) = text.pieces.first() else { return false };
    let Some(environment) = environment.span.map(|span| cx.text(span)) else { return false };
    let is_one = text.pieces.iter().all(|piece| match piece {
        TextPiece::Known { text, .. } => !text.contains(':'),
        TextPiece::Hole(_) => true,
    });
    is_one
        && host.items(&host.directive(unit, Section::Service, "ExecStart")).0.iter().any(|item| {
            item.text().is_some_and(|text| {
                text.pieces.iter().any(|piece| match piece {
                    TextPiece::Hole(hole) => hole.span.is_some_and(|span| cx.text(span) == environment),
                    TextPiece::Known { .. } => false,
                })
            })
        })
}

fn finish(report: Report<'_>, kind: Kind, unit: &str, patch: Option<Patch>) {
    let mut report = match kind {
        Kind::Version => report
            .variant(&PythonpathWorkaround::META, "version")
            .here("this path is empty as soon as Python has another version"),
        Kind::Folder => report.here("what these packages depend on is not in there"),
    };
    if let Some(patch) = patch {
        report = report.fix(
            Applicability::Unsafe,
            "leave it out: the Python of the unit has the packages",
            |edits| {
                edits.patch(&patch);
            },
        );
    }
    let unit = unit.replace('*', "…");
    let _ = report
        .help("start the Python of `python3.withPackages (ps: [ … ])`, and leave `PYTHONPATH` out")
        .note("Cause: Nix keeps each package in a folder of its own; only an environment brings what they depend on together.")
        .note(format!("To validate: systemctl restart {unit}; journalctl -u {unit} shows missing modules."));
}
