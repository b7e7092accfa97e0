use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `mkIf` where no option takes its value: in a string, in arithmetic and comparisons, as an argument of a function
    /// that works on text, or with an attribute selected from it.
    ///
    /// ## Why is this bad?
    /// `mkIf` does not choose between values. It gives a set that the module system replaces when it merges an option; anywhere
    /// else it stays a set, and what reads it fails, or takes the set for the value.
    ///
    /// ## Example
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   networking.hostName = "box" + lib.mkIf config.services.openssh.enable "-ssh";
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { config, lib, ... }:
    /// {
    ///   networking.hostName = "box" + lib.optionalString config.services.openssh.enable "-ssh";
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Elements of a list are fine: the module system looks at each.
    ///
    /// ## References
    /// - nixpkgs, lib/modules.nix: `mkIf`, `dischargeProperties`
    pub struct MkifOutsideOption {}

    name: "mkif-outside-option",
    summary: "`mkIf` where no option takes its value",
    group: Modules,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// Functions that want a text or a list of texts, and no definitions.
const OF_TEXT: [&str; 16] = [
    "concatLines",
    "concatMapStringsSep",
    "concatStrings",
    "concatStringsSep",
    "escapeShellArg",
    "escapeShellArgs",
    "getExe",
    "hasPrefix",
    "hasSuffix",
    "makeBinPath",
    "removePrefix",
    "removeSuffix",
    "replaceStrings",
    "splitString",
    "toLower",
    "toString",
];

impl Rule for MkifOutsideOption {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["mkIf"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.calls(&["mkIf"])
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some((name, arguments)) = cx.library_call(&ast::Expr::Apply(call.clone())) else { return };
        if name != "mkIf" || arguments.len() != 2 {
            return;
        }
        let Some((place, instead)) = wrong_place(call, cx) else { return };
        let _ = cx
            .report(call, format!("`mkIf` does nothing {place}"))
            .here("this is a set that only options understand")
            .help(format!("use {instead}"));
    }
}

/// Where the call stands that is no place for it, and what to use there.
fn wrong_place(call: &ast::Apply, cx: &Context<'_>) -> Option<(String, &'static str)> {
    let mut node = call.syntax().clone();
    let mut parent = node.parent()?;
    let mut is_element = false;
    loop {
        if ast::Paren::can_cast(parent.kind()) || (!is_element && ast::List::can_cast(parent.kind())) {
            is_element |= ast::List::can_cast(parent.kind());
        } else {
            break;
        }
        node = parent;
        parent = node.parent()?;
    }
    if let Some(outer) = ast::Apply::cast(parent.clone()) {
        let function = outer.lambda()?;
        if function.syntax() == &node {
            return None;
        }
        let (name, _) = text_function(&function, cx)?;
        return Some((format!("in an argument of `{name}`"), "`optionalString`, `optional` or `if`"));
    }
    if is_element {
        return None;
    }
    if let Some(operation) = ast::BinOp::cast(parent.clone()) {
        use ast::BinOpKind::{Add, Concat, Equal, NotEqual};
        return match operation.operator()? {
            Add => Some(("beside `+`".to_owned(), "`optionalString`")),
            Concat => Some(("beside `++`".to_owned(), "`optionals`")),
            Equal | NotEqual => Some(("in a comparison".to_owned(), "`if`")),
            _ => None,
        };
    }
    if ast::Interpol::can_cast(parent.kind()) {
        return Some(("in a string".to_owned(), "`optionalString`"));
    }
    let select = ast::Select::cast(parent)?;
    (select.expr()?.syntax() == &node).then(|| ("where something is selected from it".to_owned(), "`if`"))
}

/// The function that works on text, when it is one.
fn text_function(function: &ast::Expr, cx: &Context<'_>) -> Option<(String, ())> {
    let mut function = peel_parens(function.clone());
    while let ast::Expr::Apply(apply) = &function {
        function = peel_parens(apply.lambda()?);
    }
    let name = match &function {
        ast::Expr::Ident(ident) if ident.syntax().text() == "toString" => "toString".to_owned(),
        ast::Expr::Select(select) if select.expr()?.syntax().text() == "builtins" => {
            static_path(&select.attrpath()?)?.pop()?
        }
        _ => cx.library_name(&function)?,
    };
    OF_TEXT.contains(&name.as_str()).then_some((name, ()))
}
