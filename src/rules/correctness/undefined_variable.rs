use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds names that nothing binds: no `let`, no argument, no recursive set, no `with` around them.
    ///
    /// ## Why is this bad?
    /// Nix refuses the whole file when it parses it, and with it whatever imports the file.
    /// Nix stops at the first such name; nixlint lists all of them.
    ///
    /// Usually it differs by little from a name in scope, a number glued to a name (`x-1` is a single
    /// name), a shell variable in a string whose `$` must be escaped, or an argument that is missing at the head of
    /// the file.
    ///
    /// ## Example
    /// ```nix
    /// { pkgs }: [ pkg.hello ]
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs }: [ pkgs.hello ]
    /// ```
    ///
    /// ## Fix safety
    /// The name that was meant is a guess, so the fixes are unsafe.
    ///
    /// ## References
    /// - NixOS/nix, src/libexpr/nixexpr.cc: `ExprVar::bindVars`
    pub struct UndefinedVariable {
        /// Names that are in scope all the same, because `scopedImport` gives them to the files.
        names: Vec<String> = Vec::new(),
    }

    name: "undefined-variable",
    summary: "name that nothing binds",
    group: Correctness,
    level: Error,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for UndefinedVariable {
    type Node = ast::Root;

    fn check(&self, root: &ast::Root, cx: &mut Context<'_>) {
        let semantics = cx.semantics();
        for reference in &semantics.references {
            let name = semantics.ir.name(reference.name);
            if reference.resolution != Resolution::Undefined
                || semantic::needs_prefix(name)
                || self.names.iter().any(|known| known == name)
            {
                continue;
            }
            report(root, reference, name, cx);
        }
    }
}

fn report(root: &ast::Root, reference: &Reference, name: &str, cx: &mut Context<'_>) {
    let semantics = cx.semantics();
    let scopes: Vec<&Scope> = semantics.around(reference.scope).map(|id| semantics.scope(id)).collect();
    let bindings = scopes.iter().flat_map(|scope| &scope.bindings);
    let mut known: Vec<&str> = bindings.map(|binding| semantics.ir.name(binding.name)).collect();
    let is_bound = |name: &str| known.contains(&name);
    let difference = name.split_once('-').filter(|(left, right)| {
        let is_number = !right.is_empty() && right.chars().all(|c| c.is_ascii_digit());
        is_bound(left) && (is_number || is_bound(right))
    });
    for global in semantic::globals() {
        known.push(global);
    }
    let guess = nearest(name, known.iter().copied());
    let is_shell = is_shell_variable(root, reference.range, name);
    let takes = match root.expr() {
        Some(ast::Expr::Lambda(lambda)) => match lambda.param() {
            Some(ast::Param::Pattern(pattern)) => Some(pattern),
            _ => None,
        },
        _ => None,
    };
    let is_argument =
        matches!(name, "config" | "lib" | "options" | "pkgs" | "self" | "inputs") && takes.is_some();

    let file = cx.file;
    let range = reference.range;
    let inherited = is_inherited_name(root.syntax(), range);
    let mut report =
        cx.report_range(range, format!("`{name}` is not defined")).here("nothing binds this name");
    if let Some((left, right)) = difference {
        let text = format!("{left} - {right}");
        report = report.help(format!("`{name}` is one name for Nix; the difference is `{text}`"));
        let node = root.syntax().covering_element(range).ancestors().find_map(ast::Ident::cast);
        let Some(node) = node else { return };
        let _ = report.fix(Applicability::Unsafe, format!("write `{text}`"), |edits| {
            edits.extend(file, edit::replace(node.syntax(), &text));
        });
    } else if is_shell {
        let _ = report.help("if the shell shall see it, escape it: `''${` in `''…''`, `\\${` in `\"…\"`");
    } else if is_argument {
        let _ = report.help(format!("take it as an argument of the file: `{{ {name}, … }}:`"));
    } else if let Some(guess) = guess {
        report = report.help(format!("did you mean `{guess}`?"));
        if !inherited {
            let _ = report.fix(Applicability::Unsafe, format!("write `{guess}`"), |edits| {
                edits.extend(file, vec![(range, guess.to_owned())]);
            });
        }
    }
}

/// Whether the name stands alone in `${…}` of a string and looks like a variable of a shell.
fn is_shell_variable(root: &ast::Root, range: TextRange, name: &str) -> bool {
    let is_upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let node = root.syntax().covering_element(range);
    let around = node.ancestors().find(|node| node.kind() == SyntaxKind::NODE_INTERPOL);
    name.chars().all(is_upper)
        && around
            .is_some_and(|around| around.parent().is_some_and(|string| ast::Str::can_cast(string.kind())))
}
