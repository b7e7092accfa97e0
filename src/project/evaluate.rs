//! One file of a project as a value, in the words that `nixlint eval` prints.

use camino::Utf8Path;

use super::hosts::Project;
use crate::eval::{Attrs, Extent, Printed, Reason, Unknown, Val, Value, is_error};
use crate::semantic::Expr;
use crate::text::Span;

/// Steps that the evaluation of one file may take; see [`super::FUEL`].
const FUEL: u64 = 10_000_000;

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueForm {
    /// As `nix-instantiate --eval` prints it.
    Text(Extent),
    /// As `builtins.toJSON` writes it.
    Json,
}

/// What is known of a value.
#[derive(Debug)]
pub struct Evaluation {
    /// The value: what is not known is `«…»` in a text, and JSON is empty where something is not known.
    pub text: String,
    /// Why Nix would stop instead, and the expression at which.
    pub error: Option<(String, Option<Span>)>,
    /// Why some of it is not known.
    pub unknown: Option<String>,
    /// Whether the evaluation ended for want of steps.
    pub is_exhausted: bool,
}

impl Project<'_> {
    /// The value of the file at `path`, and the attribute `names` below; `None` where the project has no
    /// such file or it cannot be parsed.
    ///
    /// Functions on the way are called as `nix-instantiate -A` does. One that needs arguments gets those of
    /// a NixOS module.
    pub fn evaluate(&self, path: &Utf8Path, names: &[String], form: ValueForm) -> Option<Evaluation> {
        self.input.files.iter().find(|file| file.path == path)?.facts.as_ref()?;
        let machine = self.machine;
        machine.refuel(FUEL);
        let mut val = machine.import(path);
        for name in names {
            val = self
                .select(&self.called(&val), name)
                .unwrap_or_else(|unknown| Val::of(Value::Unknown(unknown)));
        }
        let printed = match form {
            ValueForm::Text(extent) => machine.printed(&val.thunk(), extent),
            ValueForm::Json => match machine.json(&val) {
                Ok(text) => Printed { text, ..Printed::default() },
                Err(unknown) if is_error(&unknown) || *unknown.reason == Reason::Cycle => {
                    Printed { error: Some(unknown), ..Printed::default() }
                }
                Err(unknown) => Printed { unknown: Some(unknown), ..Printed::default() },
            },
        };
        Some(Evaluation {
            text: printed.text,
            error: printed.error.map(|unknown| (message(&unknown), unknown.place)),
            unknown: printed.unknown.map(|unknown| unknown.reason.to_string()),
            is_exhausted: machine.is_exhausted(),
        })
    }

    /// A function of a set applied to the arguments it has to have; everything else as it is.
    fn called(&self, val: &Val) -> Val {
        let Value::Lambda(closure) = &val.value else { return val.clone() };
        let Expr::Lambda(lambda) = closure.unit.ir.expr(closure.expr) else { return val.clone() };
        match &lambda.formals {
            None => val.clone(),
            Some(formals) if formals.iter().all(|formal| formal.default.is_some()) => {
                let nothing = Val::of(Value::Attrs(Attrs::default().into())).thunk();
                self.machine.apply(val, nothing, val.span)
            }
            Some(_) => self.system.apply(self.machine, val),
        }
    }

    /// An attribute, or an element of a list where the name is a number.
    fn select(&self, val: &Val, name: &str) -> Result<Val, Unknown> {
        let (Ok(index), false) =
            (name.parse::<usize>(), matches!(val.value, Value::Attrs(_) | Value::Symbol(_)))
        else {
            return self.machine.select(val, self.machine.name(name));
        };
        let list = self.machine.list(val)?;
        match (list.elements.get(index), &list.open) {
            (Some(element), _) => Ok(self.machine.force(&element.value)),
            (None, Some(open)) => Err(open.clone()),
            (None, None) => {
                let length = list.elements.len();
                Err(Unknown::new(Reason::Error(format!("there is no element {index} in a list of {length}"))))
            }
        }
    }
}

fn message(unknown: &Unknown) -> String {
    match &*unknown.reason {
        Reason::Throw(message) | Reason::Error(message) => message.clone(),
        Reason::Cycle => "infinite recursion encountered".to_owned(),
        reason => reason.to_string(),
    }
}
