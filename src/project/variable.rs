//! The environment variables that units and containers get from the project.
//!
//! Knows no meaning of a name.

use std::rc::Rc;

use super::container::Container;
use super::host::{Host, Item};
use super::table::{Definition, Node, OptionKey};
use super::unit::{Section, Spelling, Unit};
use super::written::{Written, written};
use crate::eval::{Text, Val, Value};
use crate::text::Span;

/// A variable as the project writes it.
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value; where a string sets several variables, all of the string.
    pub value: Rc<Text>,
    /// The place of the value.
    pub span: Option<Span>,
    /// The definition it comes from.
    pub definition: Definition,
}

impl Host<'_> {
    /// The variables of a unit: its option `environment`, `Environment=`, and the environment files that the project
    /// writes.
    pub fn unit_variables(&self, unit: &Unit) -> Vec<Variable> {
        let mut found = Vec::new();
        if unit.spelling == Spelling::Nixos {
            self.named_variables(&self.below(&unit.node, "environment"), &mut found);
        }
        for item in self.items(&self.directive(unit, Section::Service, "Environment")).0 {
            if let Some(text) = item.text() {
                let shown = text.display();
                let name = shown.trim_start_matches(['"', '\'']).split('=').next().unwrap_or_default();
                found.push(Variable {
                    name: name.to_owned(),
                    value: text.clone(),
                    span: item.span,
                    definition: item.definition.clone(),
                });
            }
        }
        self.file_variables(&self.directive(unit, Section::Service, "EnvironmentFile"), &mut found);
        found
    }

    /// The variables of a container: its option `environment`, and the environment files that the project writes.
    pub fn container_variables(&self, container: &Container) -> Vec<Variable> {
        let mut found = Vec::new();
        self.named_variables(&self.below(&container.node, "environment"), &mut found);
        self.file_variables(&self.below(&container.node, "environmentFiles"), &mut found);
        found
    }

    fn named_variables(&self, node: &Rc<Node>, found: &mut Vec<Variable>) {
        if node.definitions().is_empty() {
            return;
        }
        for (key, node) in &self.keys(node).keys {
            let OptionKey::Name(name) = key else { continue };
            for definition in node.definitions() {
                if let Value::Str(text) = &definition.value.value {
                    found.push(Variable {
                        name: name.to_string(),
                        value: text.clone(),
                        span: definition.span(),
                        definition: definition.clone(),
                    });
                }
            }
        }
    }

    /// The lines of environment files that `writeText` or `environment.etc` makes.
    fn file_variables(&self, node: &Rc<Node>, found: &mut Vec<Variable>) {
        for item in self.items(node).0 {
            for (val, definition) in self.texts_of_file(&item) {
                let Value::Str(text) = &val.value else { continue };
                let shown = text.display();
                let mut start = 0;
                for line in shown.split_inclusive('\n') {
                    let range = start..start + line.trim_end().len();
                    start += line.len();
                    let Some((name, _)) =
                        line.split_once('=').filter(|_| !line.trim_start().starts_with('#'))
                    else {
                        continue;
                    };
                    let places = text.places(range.clone());
                    found.push(Variable {
                        name: name.trim().to_owned(),
                        value: Rc::new(text.part(range)),
                        span: places.first().copied().or(val.span),
                        definition: definition.clone(),
                    });
                }
            }
        }
    }

    /// The text of the file that an element names, where the project writes it.
    fn texts_of_file(&self, item: &Item) -> Vec<(Val, Definition)> {
        match &item.value.value {
            Value::Symbol(symbol) => {
                let text = written(self.machine(), symbol).and_then(Written::text);
                text.map(|text| (text, item.definition.clone())).into_iter().collect()
            }
            Value::Str(text) => {
                let path = text.exact().unwrap_or_default();
                let Some(name) = path.trim_start_matches('-').strip_prefix("/etc/") else {
                    return Vec::new();
                };
                let definitions = self.definitions(&format!("environment.etc.\"{name}\".text"));
                definitions.into_iter().map(|definition| (definition.value.clone(), definition)).collect()
            }
            _ => Vec::new(),
        }
    }
}
