use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds operations on values of a kind that they do not take, such as `"a" + 1`, `"${1}"` or `if null`, where the
    /// file shows the kind.
    ///
    /// ## Why is this bad?
    /// Evaluation fails as soon as the value is needed.
    ///
    /// ## Example
    /// ```nix
    /// { url = "http://localhost:" + 80; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { url = "http://localhost:" + toString 80; }
    /// ```
    ///
    /// ## Fix safety
    /// Unsafe: a text instead of an error is probably what was meant, but there may be another mistake.
    ///
    /// ## References
    /// - Nix manual, "Operators" and "String interpolation"
    pub struct TypeMismatchLiteral {}

    name: "type-mismatch-literal",
    summary: "operation on a value of the wrong kind",
    group: Correctness,
    level: Error,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
}

impl Rule for TypeMismatchLiteral {
    type Node = ast::Expr;

    fn wants(kind: SyntaxKind) -> bool {
        use SyntaxKind::*;
        matches!(
            kind,
            NODE_APPLY
                | NODE_SELECT
                | NODE_IF_ELSE
                | NODE_ASSERT
                | NODE_UNARY_OP
                | NODE_WITH
                | NODE_BIN_OP
                | NODE_STRING
        )
    }

    fn may_concern(&self, view: &Glance<'_>, _: &Context<'_>) -> bool {
        use SyntaxKind::*;
        let may = |side: Option<NodeView<'_>>, is: &dyn Fn(Kind) -> bool| {
            side.is_some_and(|side| RoughKind::of(side).may(is))
        };
        let is_no = |kind: Kind| move |other: Kind| other != kind;
        match view.kind() {
            NODE_APPLY => {
                let function = view.operand().zip(view.called());
                let kind = match function {
                    Some((call, name)) if call.kind() == NODE_APPLY => RoughKind::of_call(call, name),
                    _ => view.operand().map_or(RoughKind::Unknown, RoughKind::of),
                };
                kind.may(|kind| !matches!(kind, Kind::Function | Kind::Set))
            }
            NODE_SELECT => may(view.operand(), &is_no(Kind::Set)),
            NODE_IF_ELSE | NODE_ASSERT => may(view.operand(), &is_no(Kind::Bool)),
            NODE_UNARY_OP if view.has_token(TOKEN_INVERT) => may(view.operand(), &is_no(Kind::Bool)),
            NODE_UNARY_OP => may(view.operand(), &|kind| !kind.is_number()),
            NODE_WITH => may(view.operand(), &is_no(Kind::Set)),
            NODE_BIN_OP => {
                let any = |is: &dyn Fn(Kind) -> bool| view.expressions().any(|side| may(Some(side), is));
                if view.has_token(TOKEN_UPDATE) {
                    any(&is_no(Kind::Set))
                } else if view.has_any_token(&[TOKEN_AND_AND, TOKEN_OR_OR, TOKEN_IMPLICATION]) {
                    any(&is_no(Kind::Bool))
                } else if view.has_token(TOKEN_CONCAT) {
                    any(&is_no(Kind::List))
                } else if view.has_any_token(&[TOKEN_SUB, TOKEN_MUL, TOKEN_DIV]) {
                    any(&|kind| !kind.is_number())
                } else {
                    let can_add = |kind: Kind| match kind {
                        Kind::String | Kind::Path | Kind::Set => true,
                        Kind::Int | Kind::Float => view.expressions().all(|side| {
                            matches!(RoughKind::of(side), RoughKind::Unknown)
                                || matches!(RoughKind::of(side), RoughKind::Known(other) if other.is_number())
                        }),
                        Kind::Null | Kind::Bool | Kind::List | Kind::Function => false,
                    };
                    view.has_token(TOKEN_ADD) && any(&|kind| !can_add(kind))
                }
            }
            NODE_STRING if view.is_plain_string() => false,
            NODE_STRING => {
                let holes = view.nodes().filter(|part| part.kind() == NODE_INTERPOL);
                holes
                    .map(NodeView::operand)
                    .any(|inner| may(inner, &|kind| !matches!(kind, Kind::String | Kind::Path | Kind::Set)))
            }
            _ => false,
        }
    }

    fn check(&self, expr: &ast::Expr, cx: &mut Context<'_>) {
        use ast::BinOpKind as Op;
        match expr {
            ast::Expr::Apply(call) => {
                let Some(function) = call.lambda() else { return };
                let kind = cx.semantics().kind(&function);
                if let Some(kind) = kind.filter(|kind| !matches!(kind, Kind::Function | Kind::Set)) {
                    mismatch(&function, kind, "is called", cx);
                }
            }
            ast::Expr::Select(select) if select.default_expr().is_none() => {
                let Some(base) = select.expr() else { return };
                let kind = cx.semantics().kind(&base);
                if let Some(kind) = kind.filter(|kind| *kind != Kind::Set) {
                    mismatch(&base, kind, "has no attributes", cx);
                }
            }
            ast::Expr::IfElse(if_else) => expect_bool(if_else.condition(), cx),
            ast::Expr::Assert(assert) => expect_bool(assert.condition(), cx),
            ast::Expr::UnaryOp(operation) => match operation.operator() {
                Some(ast::UnaryOpKind::Invert) => expect_bool(operation.expr(), cx),
                _ => expect(operation.expr(), |kind| kind.is_number(), "cannot be negated", cx),
            },
            ast::Expr::BinOp(operation) => {
                let (left, right) = (operation.lhs(), operation.rhs());
                match operation.operator() {
                    Some(Op::And | Op::Or | Op::Implication) => {
                        expect_bool(left, cx);
                        expect_bool(right, cx);
                    }
                    Some(Op::Concat) => {
                        expect(left, |kind| kind == Kind::List, "cannot be concatenated with `++`", cx);
                        expect(right, |kind| kind == Kind::List, "cannot be concatenated with `++`", cx);
                    }
                    Some(Op::Update) => {
                        expect(left, |kind| kind == Kind::Set, "cannot be updated with `//`", cx);
                        expect(right, |kind| kind == Kind::Set, "cannot update a set", cx);
                    }
                    Some(Op::Sub | Op::Mul | Op::Div) => {
                        expect(left, Kind::is_number, "is no number", cx);
                        expect(right, Kind::is_number, "is no number", cx);
                    }
                    Some(Op::Add) => check_sum(left, right, cx),
                    _ => {}
                }
            }
            ast::Expr::With(with) => {
                expect(with.namespace(), |kind| kind == Kind::Set, "has no attributes", cx);
            }
            ast::Expr::Str(string) => check_string(string, cx),
            _ => {}
        }
    }
}

fn expect_bool(expr: Option<ast::Expr>, cx: &mut Context<'_>) {
    expect(expr, |kind| kind == Kind::Bool, "is no boolean", cx);
}

fn expect(expr: Option<ast::Expr>, fits: impl Fn(Kind) -> bool, what: &str, cx: &mut Context<'_>) {
    let Some(expr) = expr else { return };
    if let Some(kind) = cx.semantics().kind(&expr).filter(|kind| !fits(*kind)) {
        mismatch(&expr, kind, what, cx);
    }
}

fn mismatch(expr: &ast::Expr, kind: Kind, what: &str, cx: &mut Context<'_>) {
    let around = expr.syntax().parent().map_or(expr.syntax().text_range(), |parent| parent.text_range());
    let _ = cx.report(expr, format!("{} {what}", kind.words())).here("evaluation fails here").covers(around);
}

/// Text and numbers cannot be added, nor anything else but two numbers, or texts and paths.
fn check_sum(left: Option<ast::Expr>, right: Option<ast::Expr>, cx: &mut Context<'_>) {
    let (Some(left), Some(right)) = (left, right) else { return };
    let (left_kind, right_kind) = (cx.semantics().kind(&left), cx.semantics().kind(&right));
    let never = |kind: Option<Kind>| {
        kind.filter(|kind| matches!(kind, Kind::Null | Kind::Bool | Kind::List | Kind::Function))
    };
    if let Some(kind) = never(left_kind) {
        let report =
            cx.report(&left, format!("{} cannot be added", kind.words())).here("evaluation fails here");
        let _ = if kind == Kind::List { report.help("use `++` to concatenate lists") } else { report };
    } else if let Some(kind) = never(right_kind) {
        let report =
            cx.report(&right, format!("{} cannot be added", kind.words())).here("evaluation fails here");
        let _ = if kind == Kind::List { report.help("use `++` to concatenate lists") } else { report };
    } else if let (Some(first), Some(second)) = (left_kind, right_kind)
        && first.is_number() != second.is_number()
        && first != Kind::Set
        && second != Kind::Set
    {
        let number = if first.is_number() { left } else { right };
        let file = cx.file;
        let call = format!("toString {}", argument_text(&number));
        let _ = cx
            .report(&number, format!("{} cannot be added to {}", second.words(), first.words()))
            .here("evaluation fails here")
            .help("use `toString` for the text of a number")
            .fix(Applicability::Unsafe, "use `toString`", |edits| {
                edits.extend(file, edit::replace(number.syntax(), &call));
            });
    }
}

fn check_string(string: &ast::Str, cx: &mut Context<'_>) {
    if !cx.text[string.syntax().text_range()].contains("${") {
        return;
    }
    for part in raw_string(string) {
        let RawPart::Interpolation(interpolation) = part else { continue };
        let Some(inner) = interpolation.expr() else { continue };
        let Some(kind) = cx.semantics().kind(&inner) else { continue };
        let fails = match kind {
            Kind::Null | Kind::Bool | Kind::Int | Kind::Float | Kind::List | Kind::Function => true,
            Kind::String | Kind::Path | Kind::Set => false,
        };
        if !fails {
            continue;
        }
        let file = cx.file;
        let mut report = cx
            .report(&inner, format!("{} cannot be interpolated", kind.words()))
            .here("evaluation fails here")
            .covers(string.syntax().text_range());
        if kind.is_number() {
            let call = format!("toString {}", argument_text(&inner));
            report = report.help("use `toString` for the text of a number").fix(
                Applicability::Unsafe,
                "use `toString`",
                |edits| edits.extend(file, edit::replace(inner.syntax(), &call)),
            );
        }
        let _ = report;
    }
}

/// The text of an expression as an argument.
fn argument_text(expr: &ast::Expr) -> String {
    let text = expr.syntax().text();
    if Strength::of(expr) >= Strength::Default { text.to_string() } else { format!("({text})") }
}
