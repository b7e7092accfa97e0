use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds options whose default is written out and does not have the type that is written out beside it.
    ///
    /// ## Why is this bad?
    /// Evaluation stops as soon as something reads the option while nobody sets it: "A definition for option … is not of type".
    ///
    /// ## Example
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.port = lib.mkOption {
    ///     type = lib.types.port;
    ///     default = "8080";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { lib, ... }:
    /// {
    ///   options.site.port = lib.mkOption {
    ///     type = lib.types.port;
    ///     default = 8080;
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// With `null` as its default, some mean an option that has to be set: a warning (`null`). An option without a
    /// default says that better.
    ///
    /// ## References
    /// - NixOS manual, "Options Types"
    pub struct OptionDefaultType {}

    name: "option-default-type",
    summary: "default that is not of the type of its option",
    group: Modules,
    level: Error,
    variants: [null: Warning],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// What a default that is written out is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Float,
    Boolean,
    Null,
    List,
    Set,
    Function,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::Boolean => "a boolean",
            Self::Null => "null",
            Self::List => "a list",
            Self::Set => "a set",
            Self::Function => "a function",
        }
    }
}

impl Rule for OptionDefaultType {
    type Node = ast::Apply;
    const NAMES: &'static [&'static str] = &["mkOption"];

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        view.calls(&["mkOption"])
    }

    fn check(&self, call: &ast::Apply, cx: &mut Context<'_>) {
        let Some((name, arguments)) = cx.library_call(&ast::Expr::Apply(call.clone())) else { return };
        let [ast::Expr::AttrSet(set)] = arguments.as_slice() else { return };
        if name != "mkOption" {
            return;
        }
        let (Some(kind), Some(default)) = (attribute(set, "type"), attribute(set, "default")) else { return };
        let Some(is) = kind_of(&default) else { return };
        if takes(&kind, is, cx) == Some(false) {
            let place = cx.span(&kind);
            let report = cx
                .report(
                    &default,
                    format!("this default is {}, and the type is `{}`", is.as_str(), short(&kind)),
                )
                .here("evaluation fails while nobody sets the option")
                .label(place, "the type");
            let _ = match is {
                // Often meant as "must be set".
                Kind::Null => report
                    .variant(&Self::META, "null")
                    .help("leave the default out, or write the type as `nullOr …`"),
                _ => report,
            };
        }
    }
}

fn short(kind: &ast::Expr) -> String {
    let text = kind.syntax().text().to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(30) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// What an expression is, where it is written out.
fn kind_of(expr: &ast::Expr) -> Option<Kind> {
    Some(match expr {
        ast::Expr::Str(_) => Kind::Text,
        ast::Expr::Literal(literal) => match literal.kind() {
            ast::LiteralKind::Integer(_) => Kind::Integer,
            ast::LiteralKind::Float(_) => Kind::Float,
            ast::LiteralKind::Uri(_) => Kind::Text,
        },
        ast::Expr::Ident(name) => match name.syntax().text().to_string().as_str() {
            "true" | "false" => Kind::Boolean,
            "null" => Kind::Null,
            _ => return None,
        },
        ast::Expr::List(_) => Kind::List,
        ast::Expr::AttrSet(set)
            if !may_have_attribute(set, "_type") && !may_have_attribute(set, "outPath") =>
        {
            Kind::Set
        }
        ast::Expr::Lambda(_) => Kind::Function,
        _ => return None,
    })
}

/// Whether a type takes values of a kind; `None` where that is not known.
fn takes(kind: &ast::Expr, value: Kind, cx: &Context<'_>) -> Option<bool> {
    let kind = peel_parens(kind.clone());
    if let ast::Expr::With(with) = &kind {
        return takes(&with.body()?, value, cx);
    }
    if let Some((name, arguments)) = cx.library_call(&kind).filter(|(_, arguments)| !arguments.is_empty()) {
        let inner = arguments.last()?;
        return match name.as_str() {
            "nullOr" if value == Kind::Null => Some(true),
            "nullOr" | "uniq" | "unique" => takes(inner, value, cx),
            "listOf" | "nonEmptyListOf" => Some(value == Kind::List),
            "attrsOf" | "lazyAttrsOf" => Some(value == Kind::Set),
            "strMatching" | "separatedString" => Some(value == Kind::Text),
            "between" => Some(matches!(value, Kind::Integer | Kind::Float)),
            "either" if arguments.len() == 2 => {
                Some(takes(&arguments[0], value, cx)? || takes(&arguments[1], value, cx)?)
            }
            "oneOf" => {
                let ast::Expr::List(list) = inner else { return None };
                let mut any = false;
                for item in list.items() {
                    any |= takes(&item, value, cx)?;
                }
                Some(any)
            }
            "enum" => {
                let ast::Expr::List(list) = inner else { return None };
                let mut any = false;
                for item in list.items() {
                    any |= kind_of(&peel_parens(item))? == value;
                }
                Some(any)
            }
            _ => None,
        };
    }
    let is_one_of = |kinds: &[Kind]| Some(kinds.contains(&value));
    match cx.library_name(&kind)?.as_str() {
        "bool" | "boolByOr" => is_one_of(&[Kind::Boolean]),
        "int" | "port" | "unsigned" | "positive" | "s8" | "s16" | "s32" | "u8" | "u16" | "u32" => {
            is_one_of(&[Kind::Integer])
        }
        "float" => is_one_of(&[Kind::Float]),
        "number" => is_one_of(&[Kind::Integer, Kind::Float]),
        "str" | "singleLineStr" | "nonEmptyStr" | "lines" | "commas" | "envVar" => is_one_of(&[Kind::Text]),
        "path" | "pathInStore" => is_one_of(&[Kind::Text]),
        "attrs" => is_one_of(&[Kind::Set]),
        "package" | "shellPackage" => match value {
            Kind::Text | Kind::Set => None,
            _ => Some(false),
        },
        _ => None,
    }
}
