//! A file of a project, or an option of a host, as a value, in the words that `nixlint eval` prints.

use camino::Utf8Path;

use super::host::Host;
use super::hosts::Project;
use super::options::Resolved;
use crate::eval::{
    Attrs, Condition, Extent, Machine, Name, Printed, Reason, Unknown, Val, Value, is_error,
    option_declaration,
};
use crate::semantic::Expr;
use crate::text::Span;

/// Steps that the evaluation of one file may take; see [`super::FUEL`].
const FUEL: u64 = 10_000_000;

/// Priority of the default of a declaration (`lib.mkOptionDefault` of nixpkgs).
const DEFAULT_PRIORITY: i64 = 1500;

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

/// A definition of an option of a host.
#[derive(Debug)]
pub struct Placed {
    /// The value, else the key.
    pub span: Option<Span>,
    /// The lower the stronger: 100 for a plain definition, 1500 for the default of a declaration.
    pub priority: i64,
    /// When it counts, as a formula over options; `None` where it does for sure.
    pub condition: Option<String>,
}

impl Evaluation {
    fn of(machine: &Machine<'_>, val: &Val, form: ValueForm) -> Self {
        let printed = match form {
            ValueForm::Text(extent) => machine.printed(&val.clone().thunk(), extent),
            ValueForm::Json => match machine.json(val) {
                Ok(text) => Printed { text, ..Printed::default() },
                Err(unknown) if is_error(&unknown) || *unknown.reason == Reason::Cycle => {
                    Printed { error: Some(unknown), ..Printed::default() }
                }
                Err(unknown) => Printed { unknown: Some(unknown), ..Printed::default() },
            },
        };
        Self {
            text: printed.text,
            error: printed.error.map(|unknown| (message(&unknown), unknown.place.as_deref().copied())),
            unknown: printed.unknown.map(|unknown| unknown.reason.to_string()),
            is_exhausted: machine.is_exhausted(),
        }
    }
}

impl Host<'_> {
    /// The merged value of the option `names`, or of what is below it; `None` where the project neither
    /// sets nor declares it.
    pub fn evaluate(&self, names: &[String], form: ValueForm) -> Option<Evaluation> {
        let machine = self.machine();
        machine.refuel(FUEL);
        let names: Vec<Name> = names.iter().map(|name| machine.name(name)).collect();
        let val = match self.options.merged(machine, &names) {
            Resolved::Known(val) => val,
            Resolved::Unknown(unknown) => Val::of(Value::Unknown(unknown)),
            Resolved::Unset => return None,
        };
        Some(Evaluation::of(machine, &val, form))
    }

    /// The definitions of the option `names`, in the order of the modules, and last the default that the
    /// project declares.
    pub fn placed(&self, names: &[String]) -> Vec<Placed> {
        let machine = self.machine();
        let names: Vec<Name> = names.iter().map(|name| machine.name(name)).collect();
        let node = self.options.below(machine, self.options.root(), &names);
        let condition = |condition: &Condition| match condition {
            Condition::True => None,
            condition => Some(machine.condition_text(condition)),
        };
        let mut placed: Vec<Placed> = node
            .every_definition()
            .into_iter()
            .map(|definition| Placed {
                span: definition.span(),
                priority: definition.priority,
                condition: condition(&definition.condition),
            })
            .collect();
        for declared in self.options.declaration(machine, &names).definitions() {
            let default = option_declaration(machine, &declared.value)
                .and_then(|option| option.get(machine.name("default")).cloned());
            if let Some(default) = default {
                placed.push(Placed {
                    span: machine.force(&default.value).span.or(default.key).or(declared.span()),
                    priority: DEFAULT_PRIORITY,
                    condition: condition(&declared.condition),
                });
            }
        }
        placed
    }
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
        Some(Evaluation::of(machine, &val, form))
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
