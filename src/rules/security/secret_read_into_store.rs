use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds files with secrets that Nix reads or copies while it evaluates: `readFile` and its kin, paths in
    /// strings, and `source` of a file.
    ///
    /// ## Why is this bad?
    /// What Nix reads becomes part of the configuration, and that ends up in the Nix store, which every user and
    /// every service of the machine can read. Files that were encrypted in the repository are open there, too.
    ///
    /// A secret of sops-nix or agenix does not even exist when Nix evaluates: it is decrypted on the machine, and
    /// `readFile` of its path fails in a flake: that is an error (`runtime`).
    ///
    /// ## Example
    /// ```nix
    /// { services.app.settings.password = builtins.readFile ./secrets/password; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, ... }:
    /// { services.app.passwordFile = config.sops.secrets.app.path; }
    /// ```
    ///
    /// ## Exceptions
    /// Public keys, scripts, modules and files that are encrypted are not reported.
    ///
    /// ## References
    /// - Nix manual, "Path": paths in strings are copied to the store
    /// - NixOS/nix issue 8: private files in the store
    pub struct SecretReadIntoStore {}

    name: "secret-read-into-store",
    summary: "file with a secret that Nix reads or copies",
    group: Security,
    level: Warning,
    variants: [runtime: Error],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Functions that read a file.
const READERS: [&str; 4] = ["readFile", "fileContents", "importJSON", "importTOML"];

impl Rule for SecretReadIntoStore {
    type Node = ast::Expr;

    fn wants(kind: SyntaxKind) -> bool {
        matches!(kind, SyntaxKind::NODE_APPLY | SyntaxKind::NODE_PATH_REL)
    }

    fn may_concern(&self, view: &Glance<'_>, cx: &Context<'_>) -> bool {
        match view.kind() {
            SyntaxKind::NODE_APPLY => view.calls(&READERS),
            _ => {
                // A value of a binding, or what a string interpolates.
                let around = view.parent();
                let may_be_copied = around == Some(SyntaxKind::NODE_ATTRPATH_VALUE)
                    || around == Some(SyntaxKind::NODE_INTERPOL);
                may_be_copied && nixos::leaks::is_secret_path(&cx.text[view.range()])
            }
        }
    }

    fn check(&self, expr: &ast::Expr, cx: &mut Context<'_>) {
        match expr {
            ast::Expr::Apply(call) => check_call(call, cx),
            ast::Expr::PathRel(path) => check_path(path, cx),
            _ => {}
        }
    }
}

fn check_call(call: &ast::Apply, cx: &mut Context<'_>) {
    let Some(function) = call.lambda().map(peel_parens) else { return };
    if !is_reader(&function, cx) {
        return;
    }
    let Some(argument) = call.argument().map(peel_parens) else { return };
    if let Some(secret) = runtime_secret(&argument) {
        let _ = cx
            .report(call, format!("`{secret}` does not exist while Nix evaluates"))
            .variant(&SecretReadIntoStore::META, "runtime")
            .here("the secret is decrypted on the machine, later")
            .help("hand the path itself to an option for a file, or use a template of sops-nix")
            .note(
                "Cause: `readFile` runs while Nix evaluates, and in a flake it may not read outside of it.",
            );
        return;
    }
    let Some(path) = path_text(&argument, cx, 0).filter(|path| nixos::leaks::is_secret_path(path)) else {
        return;
    };
    report(call, cx, "read", &path);
}

/// A path in a string, or the source of a file.
fn check_path(path: &ast::PathRel, cx: &mut Context<'_>) {
    let Some(parent) = path.syntax().parent() else { return };
    let is_interpolated = ast::Interpol::can_cast(parent.kind())
        && parent.parent().is_some_and(|around| ast::Str::can_cast(around.kind()));
    let is_source = ast::AttrpathValue::cast(parent).is_some_and(|binding| {
        binding.attrpath().and_then(|path| static_name(&path.attrs().last()?)).as_deref() == Some("source")
    });
    if !is_interpolated && !is_source {
        return;
    }
    let text = path.syntax().text().to_string();
    if nixos::leaks::is_secret_path(&text) && !serves_secrets(path) && !is_read(path) {
        report(path, cx, "copied", &text);
    }
}

fn report(place: &impl Place, cx: &mut Context<'_>, verb: &str, path: &str) {
    let name = path.trim_start_matches("./").replace('*', "…");
    let _ = cx
        .report(place, format!("`{name}` is {verb} into the Nix store"))
        .here("everyone on the machine can read it there")
        .help("let a secret manager such as sops-nix or agenix bring the file, and name it by its path")
        .note("Cause: what Nix reads or copies while it evaluates lies below /nix/store, readable for everyone.")
        .note("To validate: grep for the secret below /nix/store after a build; it must not be there.");
}

/// Whether the path is the argument of a function that reads it: that is reported as such.
fn is_read(path: &ast::PathRel) -> bool {
    let call = path.syntax().ancestors().find_map(ast::Apply::cast);
    let function = call.and_then(|call| call.lambda()).map(|function| function.syntax().text().to_string());
    function.is_some_and(|function| READERS.iter().any(|reader| function.ends_with(reader)))
}

/// Whether one of the bindings around speaks of a secret manager: what it gets is encrypted.
fn serves_secrets(path: &ast::PathRel) -> bool {
    path.syntax().ancestors().any(|node| {
        let Some(path) = ast::AttrpathValue::cast(node).and_then(|binding| binding.attrpath()) else {
            return false;
        };
        path.attrs().any(|name| {
            let name = name.syntax().text().to_string().to_ascii_lowercase();
            ["sops", "age", "rekey", "vault"].iter().any(|tool| name.starts_with(tool))
        })
    })
}

/// Whether the expression is one of the functions of Nix or nixpkgs that read a file.
fn is_reader(function: &ast::Expr, cx: &Context<'_>) -> bool {
    match function {
        ast::Expr::Select(select) => {
            let Some(path) = select.attrpath().and_then(|path| static_path(&path)) else { return false };
            let is_known = match select.expr() {
                Some(ast::Expr::Ident(base)) => {
                    let name = base.syntax().text().to_string();
                    name == "builtins" || name == "lib" || name.ends_with("lib")
                }
                Some(ast::Expr::Select(_)) => true,
                _ => false,
            };
            is_known && path.last().is_some_and(|name| READERS.contains(&name.as_str()))
        }
        ast::Expr::Ident(ident) => {
            READERS.contains(&ident.syntax().text().to_string().as_str())
                && match cx.semantics().resolve(ident.syntax().text_range()) {
                    Some(Resolution::Binding(id)) => {
                        matches!(cx.semantics().binding(id).kind, BindingKind::InheritFrom)
                    }
                    Some(Resolution::With(_)) => true,
                    _ => false,
                }
        }
        _ => false,
    }
}

/// The path of a secret that exists on the machine only.
fn runtime_secret(argument: &ast::Expr) -> Option<String> {
    let select = match argument {
        ast::Expr::Select(select) => select.clone(),
        ast::Expr::Str(string) => {
            // "${config.sops.secrets.x.path}"
            let mut holes = string.syntax().children().filter_map(ast::Interpol::cast);
            let (hole, None) = (holes.next()?, holes.next()) else { return None };
            match peel_parens(hole.expr()?) {
                ast::Expr::Select(select) => select,
                _ => return None,
            }
        }
        _ => return None,
    };
    let ast::Expr::Ident(base) = select.expr()? else { return None };
    if base.syntax().text() != "config" || select.default_expr().is_some() {
        return None;
    }
    let names: Vec<String> =
        select.attrpath()?.attrs().map(|name| name.syntax().text().to_string()).collect();
    let is_secret = matches!(names.as_slice(), [tool, list, _, path] if
        path == "path" && ((tool == "sops" && (list == "secrets" || list == "templates")) || (tool == "age" && list == "secrets")));
    is_secret.then(|| format!("config.{}", names.join(".")))
}

/// The text of a path or string, `*` for what is not known; names of `let` are looked up.
fn path_text(expr: &ast::Expr, cx: &Context<'_>, depth: u32) -> Option<String> {
    if depth > 4 {
        return None;
    }
    match expr {
        ast::Expr::PathRel(path) => Some(path.syntax().text().to_string()),
        ast::Expr::PathAbs(path) => {
            let text = path.syntax().text().to_string();
            (!text.starts_with("/run/") && !text.starts_with("/nix/")).then_some(text)
        }
        ast::Expr::Str(string) => {
            let mut text = String::new();
            for part in string.syntax().children_with_tokens() {
                match part.as_node() {
                    Some(node) => {
                        let hole = ast::Interpol::cast(node.clone())?.expr().map(peel_parens)?;
                        text.push_str(&path_text(&hole, cx, depth + 1).unwrap_or_else(|| "*".to_owned()));
                    }
                    None => text.push_str(part.as_token()?.text()),
                }
            }
            Some(text.trim_matches('"').trim_matches('\'').to_owned())
        }
        ast::Expr::BinOp(sum) if sum.operator() == Some(ast::BinOpKind::Add) => {
            let left = path_text(&peel_parens(sum.lhs()?), cx, depth + 1).unwrap_or_else(|| "*".to_owned());
            let right = path_text(&peel_parens(sum.rhs()?), cx, depth + 1)?;
            Some(left + &right)
        }
        ast::Expr::Ident(ident) => {
            let Some(Resolution::Binding(id)) = cx.semantics().resolve(ident.syntax().text_range()) else {
                return None;
            };
            let range = cx.semantics().binding(id).range;
            let root = ident.syntax().ancestors().last()?;
            let binding = root.covering_element(range).ancestors().find_map(ast::AttrpathValue::cast)?;
            binding.syntax().parent().and_then(ast::LetIn::cast)?;
            let is_plain = binding.attrpath()?.attrs().count() == 1;
            is_plain.then(|| path_text(&peel_parens(binding.value()?), cx, depth + 1))?
        }
        _ => None,
    }
}
