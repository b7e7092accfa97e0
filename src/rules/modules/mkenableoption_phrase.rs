use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `mkEnableOption` with a text that repeats what the function adds, or that ends in a full stop.
    ///
    /// ## Why is this bad?
    /// The description becomes "Whether to enable", the text, and a full stop: "Whether to enable whether to enable the site..".
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.enable = lib.mkEnableOption "Whether to enable the site.";
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.enable = lib.mkEnableOption "the site";
    /// }
    /// ```
    ///
    /// ## Fix safety
    /// Only the description of the option changes, as it was meant.
    ///
    /// ## References
    /// - nixpkgs, lib/options.nix: `mkEnableOption`
    pub struct MkenableoptionPhrase {}

    name: "mkenableoption-phrase",
    summary: "`mkEnableOption` with words that it adds itself",
    group: Modules,
    level: Info,
    fix: Always,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["options.*"],
}

/// What the function says itself.
const BEGINNINGS: [&str; 5] =
    ["whether to enable ", "whether or not to enable ", "enables ", "enable ", "to enable "];

impl Rule for MkenableoptionPhrase {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["mkEnableOption"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.calls(&["mkEnableOption"])
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some((name, arguments)) = cx.library_call(&ast::Expr::Apply(call.clone())) else { return };
        let [text @ ast::Expr::Str(string)] = arguments.as_slice() else { return };
        if name != "mkEnableOption" || !string.syntax().text().to_string().starts_with('"') {
            return;
        }
        let Some(said) = written_text(text) else { return };
        let lower = said.to_ascii_lowercase();
        let begins =
            BEGINNINGS.iter().find(|begin| lower.starts_with(**begin)).map_or(0, |begin| begin.len());
        let ends = usize::from(said.ends_with('.') && !said.ends_with("..") && !said.ends_with("etc."));
        let inner = said.get(begins..said.len() - ends).unwrap_or_default();
        if begins + ends == 0 || inner.trim().is_empty() {
            return;
        }
        let written = string.syntax().text().to_string();
        let content = &written[1..written.len() - 1];
        let is_plain = content.get(..begins).is_some_and(|start| !start.contains('\\'))
            && (ends == 0 || !content.ends_with("\\."));
        if !is_plain {
            return;
        }
        let Some(new) = written.get(1 + begins..written.len() - 1 - ends) else { return };
        let new = format!("\"{new}\"");
        let problem =
            if begins > 0 { "repeats \"Whether to enable\"" } else { "ends in a full stop of its own" };
        let _ = cx
            .report(string, format!("this text {problem}"))
            .here("`mkEnableOption` adds it")
            .help(format!("write `{new}`"))
            .fix(Applicability::Safe, "leave it out", |edits| edits.replace(string, new));
    }
}
