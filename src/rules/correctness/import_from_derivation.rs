use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `import` and `readFile` of what a derivation builds.
    ///
    /// ## Why is this bad?
    /// Evaluation has to stop and wait for a build, which is slow, and can fail where evaluation for another system is wanted.
    /// Nixpkgs and several large flakes forbid it.
    ///
    /// ## Example
    /// ```nix
    /// { pkgs }: import (pkgs.runCommand "settings.nix" { } "echo 1 > $out")
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs }: import ./settings.nix
    /// ```
    ///
    /// ## References
    /// - Nix manual, "Import From Derivation"
    pub struct ImportFromDerivation {}

    name: "import-from-derivation",
    summary: "evaluation that waits for a build",
    group: Correctness,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Functions whose results are built.
const BUILDERS: [&str; 9] = [
    "applyPatches",
    "fetchFromGitHub",
    "fetchFromGitLab",
    "fetchzip",
    "mkDerivation",
    "runCommand",
    "runCommandLocal",
    "writeShellScript",
    "writeText",
];

/// Functions that read while they are evaluated.
const READERS: [&str; 4] = ["import", "readFile", "readDir", "callPackage"];

impl Rule for ImportFromDerivation {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.calls(&READERS)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(reader) = call.lambda().and_then(|function| last_name(&function)) else { return };
        if !READERS.contains(&reader.as_str()) {
            return;
        }
        let Some(argument) = call.argument().map(peel_parens) else { return };
        let Some(builder) = builder(&argument) else { return };
        let _ = cx
            .report(&argument, format!("`{reader}` waits for what `{builder}` builds"))
            .here("this is built while Nix evaluates")
            .help("make it an input of the flake, or keep the file in the repository");
    }
}

/// The function that builds what an expression is, or what a path in it begins with.
fn builder(expr: &ast::Expr) -> Option<String> {
    match expr {
        ast::Expr::Apply(call) => {
            let mut function = call.lambda()?;
            while let ast::Expr::Apply(inner) = peel_parens(function.clone()) {
                function = inner.lambda()?;
            }
            last_name(&function).filter(|name| BUILDERS.contains(&name.as_str()))
        }
        ast::Expr::BinOp(sum) if sum.operator() == Some(ast::BinOpKind::Add) => {
            builder(&peel_parens(sum.lhs()?))
        }
        ast::Expr::Str(string) => {
            let first = string.syntax().children().find_map(ast::Interpol::cast)?;
            builder(&peel_parens(first.expr()?))
        }
        _ => None,
    }
}

fn last_name(function: &ast::Expr) -> Option<String> {
    match peel_parens(function.clone()) {
        ast::Expr::Ident(name) => Some(name.syntax().text().to_string()),
        ast::Expr::Select(select) => static_path(&select.attrpath()?)?.pop(),
        _ => None,
    }
}
