use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds functions and types of nixpkgs' `lib` that are on their way out, or gone.
    ///
    /// ## Why is this bad?
    /// Each use is a warning with every evaluation, and an error from some release on.
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.name = lib.mkOption {
    ///     type = lib.types.str;
    ///     description = lib.mdDoc "The name.";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.name = lib.mkOption {
    ///     type = lib.types.str;
    ///     description = "The name.";
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Facts that are newer than the locked nixpkgs do not count, and files that ask for the version of nixpkgs are
    /// left alone. The rule is silent where `lib` may not be nixpkgs' own.
    ///
    /// ## Fix safety
    /// A new name for the same thing is safe where the lock file shows that nixpkgs has it, and unsafe otherwise.
    ///
    /// ## References
    /// - nixpkgs, lib: its warnings, and lib/deprecated/misc.nix
    pub struct DeprecatedLib {}

    name: "deprecated-lib",
    summary: "function of `lib` that is on its way out",
    group: Deprecated,
    level: Warning,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["options.*"],
}

impl ProjectRule for DeprecatedLib {
    fn check(&self, project: &ProjectView<'_>, cx: &mut HostContext<'_>) {
        for old in project.old_library_names() {
            let (place, row) = (old.place, old.row);
            let span = place.span();
            if cx.has_reported(span) || cx.is_for_some_releases(span) {
                continue;
            }
            let edit = edit(cx, &old);
            let is_sure = old.is_proven && place.is_nixpkgs;
            let applicability = if is_sure { Applicability::Safe } else { Applicability::Unsafe };
            let what = if row.gone { "is gone" } else { "is deprecated" };
            let mut report = cx
                .report(span, format!("`{}` {what}", row.path))
                .here(if row.gone { "nixpkgs has no such name any more" } else { "nixpkgs warns about it" })
                .help(match (&row.now, &row.hint) {
                    (_, Some(hint)) => hint.clone(),
                    (Some(now), None) => format!("use `{now}`"),
                    (None, None) => "use something else".to_owned(),
                })
                .tag(Tag::Deprecated);
            if let Some((span, text)) = edit {
                report = report
                    .fix(applicability, format!("write `{text}`"), |edits| edits.replace_span(span, text));
            }
            let _ = report;
        }
    }
}

/// What takes the place of the name, or of the call.
fn edit(cx: &HostContext<'_>, old: &OldUse<'_, nixos::library::OldName>) -> Option<(Span, String)> {
    let place = old.place;
    if old.row.argument {
        let call = cx.node_at::<ast::Apply>(place.path_span()?)?;
        let function = call.lambda()?;
        if Span::new(place.file, function.syntax().text_range()) != place.path_span()? {
            return None;
        }
        let argument = call.argument()?;
        let is_blank = !has_comment_outside(call.syntax(), &[argument.syntax()]);
        let text = argument.syntax().text().to_string();
        return is_blank.then(|| (Span::new(place.file, call.syntax().text_range()), text));
    }
    let (set, name) = old.row.now.as_deref()?.rsplit_once('.')?;
    let is_beside = set == &*place.name.set;
    (old.row.exact && is_beside && place.name.form != NameForm::Inherited)
        .then(|| (place.span(), name.to_owned()))
}
