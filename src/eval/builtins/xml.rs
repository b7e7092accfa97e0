//! `toXML`, as `src/libexpr/value-to-xml.cc` of NixOS/nix writes it, without locations.

use std::fmt::Write as _;

use super::super::machine::{Machine, Primitive};
use super::super::print::float_text;
use super::super::value::{Unknown, Val, Value};
use super::argument::{must_be_closed, must_have_known_names, several, sorted};
use crate::semantic::Expr;

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "toXML" 1 |m, a, _| {
        let mut out = String::from("<?xml version='1.0' encoding='utf-8'?>\n<expr>\n");
        write(m, &m.force(&a[0]), 1, &mut out)?;
        out.push_str("</expr>\n");
        Ok(Val::string(out))
    };
};

fn write(machine: &Machine<'_>, val: &Val, depth: usize, out: &mut String) -> Result<(), Unknown> {
    let mut line = |text: &str| {
        let _infallible = writeln!(out, "{:width$}{text}", "", width = depth * 2);
    };
    match &val.value {
        Value::Null => line("<null />"),
        Value::Bool(value) => line(&format!("<bool value=\"{value}\" />")),
        Value::Int(value) => line(&format!("<int value=\"{value}\" />")),
        Value::Float(value) => line(&format!("<float value=\"{}\" />", float_text(*value))),
        Value::Str(text) => {
            machine.charge(text.weight())?;
            let text = text.exact().ok_or_else(several)?;
            line(&format!("<string value=\"{}\" />", escaped(&text)));
        }
        Value::Path(path) => line(&format!("<path value=\"{}\" />", escaped(path.as_str()))),
        Value::List(list) => {
            must_be_closed(list)?;
            line("<list>");
            for element in &list.elements {
                let val = machine.force(&element.value);
                machine.descend(|| write(machine, &val, depth + 1, out))?;
            }
            let _infallible = writeln!(out, "{:width$}</list>", "", width = depth * 2);
        }
        Value::Attrs(attrs) => {
            must_have_known_names(attrs)?;
            let kind = attrs.get(machine.name("type")).map(|entry| machine.force(&entry.value));
            if kind.is_some_and(|kind| kind.as_str().as_deref() == Some("derivation")) {
                // Which derivations were seen before depends on where they would be built.
                return Err(several());
            }
            line("<attrs>");
            for (name, entry) in sorted(machine, attrs) {
                let indent = (depth + 1) * 2;
                let name = escaped(&machine.text_of(name));
                let _infallible = writeln!(out, "{:indent$}<attr name=\"{name}\">", "");
                let val = machine.force(&entry.value);
                machine.descend(|| write(machine, &val, depth + 2, out))?;
                let _infallible = writeln!(out, "{:indent$}</attr>", "");
            }
            let _infallible = writeln!(out, "{:width$}</attrs>", "", width = depth * 2);
        }
        Value::Lambda(closure) => {
            let ir = &closure.unit.ir;
            let Expr::Lambda(lambda) = ir.expr(closure.expr) else { return Err(several()) };
            line("<function>");
            match &lambda.formals {
                Some(formals) => {
                    let ellipsis = if lambda.ellipsis { " ellipsis=\"1\"" } else { "" };
                    let name = lambda.name.map(|name| format!(" name=\"{}\"", escaped(ir.name(name))));
                    let name = name.unwrap_or_default();
                    line(&format!("  <attrspat{ellipsis}{name}>"));
                    let mut names: Vec<&str> = formals.iter().map(|formal| ir.name(formal.name)).collect();
                    names.sort_unstable();
                    names
                        .into_iter()
                        .for_each(|name| line(&format!("    <attr name=\"{}\" />", escaped(name))));
                    line("  </attrspat>");
                }
                None => {
                    let name = lambda.name.map_or("", |name| ir.name(name));
                    line(&format!("  <varpat name=\"{}\" />", escaped(name)));
                }
            }
            line("</function>");
        }
        Value::Primitive(_) => line("<unevaluated />"),
        Value::Unknown(unknown) => return Err(unknown.clone()),
        Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) | Value::PathPattern(_) => {
            return Err(machine.symbolic(val));
        }
    }
    Ok(())
}

fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => result.push_str("&quot;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '&' => result.push_str("&amp;"),
            '\n' => result.push_str("&#xA;"),
            c => result.push(c),
        }
    }
    result
}
