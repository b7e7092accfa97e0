//! Diagnostics made by hand, for the tests of every format.

use std::sync::Arc;

use camino::Utf8PathBuf;

use super::{Format, Input, Options, render};
use crate::diagnostic::{Applicability, Diagnostic, Fix, Group, Label, Level, RuleName, Tag};
use crate::text::{Edit, FileId, SourceFile, Sources, Span, TextRange};

/// Every trap for columns in one file: two-byte and three-byte characters, a surrogate pair, a tab,
/// CRLF.
pub(super) const UNICODE: &str = "{\r\n\té = \"日本\"; /* 🦀 */ x = 1;\r\n  y = 2;\r\n}\r\n";

/// What `render` writes.
pub(super) fn rendered(
    format: Format,
    sources: &Sources,
    diagnostics: &[Diagnostic],
    options: Options<'_>,
) -> String {
    let mut out = Vec::new();
    render(format, &Input::new(sources, diagnostics, options), &mut out).expect("memory takes all bytes");
    String::from_utf8(out).expect("reports are UTF-8")
}

/// A file whose shown path is `path` without the leading `/p/`.
pub(super) fn source(path: &str, text: &str) -> SourceFile {
    let display = path.strip_prefix("/p/").unwrap_or(path).to_owned();
    SourceFile::new(Utf8PathBuf::from(path), display, Arc::from(text))
}

/// Sources of one file.
pub(super) fn sources(file: SourceFile) -> (Sources, FileId) {
    let mut sources = Sources::default();
    let id = sources.add(Arc::new(file));
    (sources, id)
}

/// `len` bytes from `start` on.
pub(super) fn span_of(file: FileId, start: usize, len: usize) -> Span {
    Span::new(file, TextRange::at((start as u32).into(), (len as u32).into()))
}

/// The first `needle` in the text of `file`.
pub(super) fn find(sources: &Sources, file: FileId, needle: &str) -> Span {
    let start = sources.get(file).text.find(needle).expect("the text has the needle");
    span_of(file, start, needle.len())
}

/// The plainest diagnostic there is.
pub(super) fn diagnostic(rule: &'static str, message: &str, span: Span) -> Diagnostic {
    Diagnostic {
        rule: RuleName::new(rule),
        group: Group::Correctness,
        variant: None,
        level: Level::Warning,
        message: message.to_owned(),
        primary: Label { span, text: "here".to_owned() },
        related: Vec::new(),
        covers: None,
        masks: Vec::new(),
        help: None,
        notes: Vec::new(),
        host: None,
        fixes: Vec::new(),
        tag: None,
    }
}

/// A fix of one edit.
pub(super) fn fix(title: &str, applicability: Applicability, span: Span, text: &str) -> Fix {
    Fix { title: title.to_owned(), applicability, edits: vec![edit(span, text)] }
}

/// An edit at `span`.
pub(super) fn edit(span: Span, text: &str) -> Edit {
    Edit { file: span.file, range: span.range(), text: text.to_owned() }
}

/// [`UNICODE`] with a finding at every trap.
pub(super) fn unicode() -> (Sources, Vec<Diagnostic>) {
    let (sources, file) = sources(source("/p/unicode.nix", UNICODE));
    let at = |needle: &str| find(&sources, file, needle);

    let name = diagnostic("non-ascii-name", "`é` is not ASCII", at("é"));
    let mut wide = diagnostic("wide-string", "two wide characters", at("日本"));
    wide.level = Level::Error;
    wide.related.push(Label { span: at("é"), text: "the value of this".to_owned() });
    let mut after = diagnostic("after-emoji", "`x` stands after an emoji", at("x ="));
    after.level = Level::Info;
    after.fixes.push(fix("rename it", Applicability::Safe, at("x ="), "z ="));
    let mut unused = diagnostic("unused-let-binding", "`y` is never used", at("y = 2;"));
    unused.tag = Some(Tag::Unused);
    unused.fixes.push(fix("remove the binding", Applicability::Safe, at("  y = 2;\r\n"), ""));
    (sources, vec![name, wide, after, unused])
}

/// A name and a message that would take over a terminal.
pub(super) fn hostile() -> (Sources, Vec<Diagnostic>) {
    let (sources, file) =
        sources(source("/p/evil\u{1b}[31m\nname\u{202e}.nix", "{ \u{1b}a\u{1b}]0;t\u{7}\u{202e}\u{85}b }\n"));
    let mut bad = diagnostic(
        "some-rule",
        "`a\u{1b}[2J\nb` is bad",
        find(&sources, file, "a\u{1b}]0;t\u{7}\u{202e}\u{85}b"),
    );
    bad.level = Level::Error;
    bad.primary.text = "this\u{1b}[0m\nhere".to_owned();
    bad.help = Some("do not\u{1b}[1m".to_owned());
    bad.notes.push("a note\u{7}\nof two lines\u{2066}".to_owned());
    bad.host = Some("web\u{1b}".to_owned());
    bad.fixes.push(fix(
        "use `\u{1b}`\n",
        Applicability::Unsafe,
        find(&sources, file, "a\u{1b}"),
        "\u{9b}c\u{202e}",
    ));
    (sources, vec![bad])
}

/// A finding with evidence in three files, notes, and fixes of each kind.
pub(super) fn project() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let flake = sources.add(Arc::new(source(
        "/p/flake.nix",
        "{\n  outputs = { nixpkgs, ... }: {\n    nixosConfigurations.web = nixpkgs.lib.nixosSystem {\n      modules = [ ./hosts/web.nix ];\n    };\n  };\n}\n",
    )));
    let web = sources.add(Arc::new(source(
        "/p/hosts/web.nix",
        "{ config, ... }:\n{\n  imports = [ ../modules/db.nix ];\n\n  systemd.services.web = {\n    # É before\n    script = ''\n      exec web --port 5432\n    '';\n    after = [ \"network.target\" ];\n  };\n}\n",
    )));
    let db = sources.add(Arc::new(source(
        "/p/modules/db.nix",
        "{ ... }:\n# données\n{ services.postgresql.enable = true; }\n",
    )));

    let at = |file, needle: &str| find(&sources, file, needle);
    let mut missing = diagnostic(
        "missing-after",
        "service `web` needs `postgresql.service` but does not wait for it",
        at(web, "[ \"network.target\" ]"),
    );
    missing.group = Group::Services;
    missing.variant = Some("database");
    missing.level = Level::Error;
    missing.primary.text = "`postgresql.service` is not in this list".to_owned();
    missing.related = vec![
        Label { span: at(db, "services.postgresql.enable"), text: "the database is enabled here".to_owned() },
        Label {
            span: at(web, "''\n      exec web --port 5432\n    ''"),
            text: "this script connects to it".to_owned(),
        },
        Label { span: at(flake, "./hosts/web.nix"), text: "on this host".to_owned() },
        Label { span: at(flake, "outputs"), text: String::new() },
    ];
    missing.help = Some("order the service after the database".to_owned());
    missing.notes = vec![
        "systemd starts both at once, and the first connection is refused".to_owned(),
        "validate with `systemctl list-dependencies --after web`\nafter the next switch".to_owned(),
    ];
    missing.host = Some("web".to_owned());
    missing.fixes = vec![
        Fix {
            title: "add `postgresql.service` to `after` and `requires`".to_owned(),
            applicability: Applicability::Safe,
            edits: vec![
                edit(at(web, "\"network.target\" "), "\"network.target\" \"postgresql.service\" "),
                edit(
                    span_of(web, usize::from(at(web, "    after").range().start()), 0),
                    "    requires = [ \"postgresql.service\" ];\n",
                ),
                edit(at(db, "true"), "lib.mkDefault true"),
                edit(at(db, "{ ..."), "{ lib, ..."),
            ],
        },
        fix("remove the list", Applicability::Unsafe, at(web, "    after = [ \"network.target\" ];\n"), ""),
        fix("use socket activation", Applicability::Manual, at(web, "script"), "script"),
    ];
    (sources, vec![missing])
}

/// Names that mean something in one of the formats.
pub(super) const HOSTILE_NAMES: [&str; 8] = [
    "a b.nix",
    "quote\"and'.nix",
    "two\nlines\r.nix",
    "50%25.nix",
    "<b>&amp;]]>.nix",
    "::error file=x,line=1::y.nix",
    "a|b`c`*d*_e_[f](g)@h.nix",
    "é日本🦀,ü.nix",
];

/// A message that means something in every format.
pub(super) const HOSTILE_MESSAGE: &str =
    "`a\n::error::b` is <b>%0A|bad|</b> ]]> & \"[x](1)\" {0} ${y} *z* @user \\ | `";

/// A finding with [`HOSTILE_MESSAGE`] in each of [`HOSTILE_NAMES`].
pub(super) fn hostile_names() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    for name in HOSTILE_NAMES {
        let file = sources.add(Arc::new(source(&format!("/p/{name}"), "{ a = 1; }\n")));
        diagnostics.push(diagnostic("some-rule", HOSTILE_MESSAGE, find(&sources, file, "a")));
    }
    (sources, diagnostics)
}

/// Every sample.
pub(super) fn all() -> [(Sources, Vec<Diagnostic>); 4] {
    [unicode(), hostile(), hostile_names(), project()]
}
