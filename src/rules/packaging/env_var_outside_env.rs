use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds environment variables among the attributes of a derivation, such as `NIX_CFLAGS_COMPILE`, outside of `env`.
    ///
    /// ## Why is this bad?
    /// Every attribute becomes a variable, for now: with `__structuredAttrs` only those in `env` do. `env` also refuses
    /// lists and paths, which turn into something else than it seems.
    ///
    /// ## Example
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; NIX_CFLAGS_COMPILE = "-Wno-error"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { stdenv }:
    /// stdenv.mkDerivation { pname = "tool"; version = "1.0"; env.NIX_CFLAGS_COMPILE = "-Wno-error"; }
    /// ```
    ///
    /// ## Exceptions
    /// Attributes that a function looks at itself, such as `GOFLAGS` of `buildGoModule`, and those of `runCommand`,
    /// are not reported.
    ///
    /// ## Fix safety
    /// Unsafe: who overrides the attribute has to look for it in `env` then. Lists, paths, attributes that the set uses,
    /// and those in `overrideAttrs` are left alone.
    ///
    /// ## References
    /// - nixpkgs manual, "Environment variables"
    pub struct EnvVarOutsideEnv {}

    name: "env-var-outside-env",
    summary: "environment variable of a derivation outside of `env`",
    group: Packaging,
    level: Info,
    default: Off,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for EnvVarOutsideEnv {
    type Node = ast::Apply;

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        may_make_derivation(view)
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some(call) = cx.derivation_call(call).filter(DerivationCall::is_package) else { return };
        // In a part of the set, or of another package, `env` would replace what is there.
        let is_part = call.is_open;
        let has_room = !is_part && has_room(&call);
        for attribute in &call.attributes {
            let Some(name) = attribute.name().filter(|name| is_variable(name)) else { continue };
            let Some(value) = attribute.value() else { continue };
            if call.builder.attributes().any(|known| known == name) {
                continue;
            }
            let is_plain = match cx.semantics().kind(&value) {
                Some(kind) => matches!(kind, Kind::String | Kind::Int | Kind::Bool),
                // What a selection gives is not known; mostly it is a package or a text.
                None => matches!(value, ast::Expr::Select(_) | ast::Expr::Ident(_)),
            };
            let is_movable = has_room && is_plain && !call.uses(attribute);
            let report = cx
                .report(&attribute.key, format!("`{name}` is an environment variable outside of `env`"))
                .here("no variable with `__structuredAttrs`")
                .covers(attribute.range())
                .help(match is_part {
                    true => format!("add `{name}` to `env`, and keep what is there"),
                    false => format!("set `env.{name}`"),
                });
            let _ = match is_movable {
                true => report.fix(Applicability::Unsafe, format!("set `env.{name}`"), |edits| {
                    edits.replace(&attribute.key, format!("env.{name}"));
                }),
                false => report,
            };
        }
    }
}

/// Whether a name is written as variables of the environment are.
fn is_variable(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() > 2 && name.bytes().all(is_part) && name.starts_with(|c: char| c.is_ascii_uppercase())
}

/// Whether `env.NAME = …;` can be added.
fn has_room(call: &DerivationCall) -> bool {
    call.attributes.iter().filter(|attribute| attribute.path[0] == "env").all(|attribute| {
        let is_set =
            || matches!(attribute.value(), Some(ast::Expr::AttrSet(set)) if set.rec_token().is_none());
        attribute.path.len() > 1 || is_set()
    })
}
