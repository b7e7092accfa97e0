//! JSON and TOML.

use std::rc::Rc;

use super::super::machine::{Machine, Primitive};
use super::super::value::{Attrs, Entry, Reason, Text, Unknown, Val, Value};
use super::argument::{Outcome, error, must_be_closed, must_have_known_names, plain_string, several, sorted};

pub(super) static PRIMITIVES: &[Primitive] = primitives! {
    "fromJSON" 1 |m, a, _| parse_json(m, &plain_string(m, &a[0])?);
    "fromTOML" 1 |m, a, _| parse_toml(m, &plain_string(m, &a[0])?);
    "toJSON" 1 |m, a, _| {
        m.json(&m.force(&a[0])).map(Val::string)
    };
};

/// The text of a TOML document as a value.
pub(in super::super) fn parse_toml(machine: &Machine<'_>, text: &str) -> Outcome {
    machine.charge(text.len() / 16)?;
    let table: toml::Table = text.parse().map_err(|_| error("this text is not TOML"))?;
    from_toml(machine, &toml::Value::Table(table))
}

/// The text of a JSON document as a value.
pub(in super::super) fn parse_json(machine: &Machine<'_>, text: &str) -> Outcome {
    machine.charge(text.len() / 16)?;
    let value = serde_json::from_str(text).map_err(|why| match why.to_string().contains("recursion") {
        // The reader's limit, not Nix's.
        true => Unknown::new(Reason::Depth),
        false => error("this text is not JSON"),
    })?;
    from_json(machine, &value)
}

fn from_json(machine: &Machine<'_>, value: &serde_json::Value) -> Outcome {
    Ok(Val::of(match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(value), _) => Value::Int(value),
            _ if number.is_u64() => return Err(error(format!("number {number} is out of range"))),
            // `-0` is an integer to Nix, `-0.0` is not, and both are read as the same float.
            (None, Some(value)) if value == 0.0 && value.is_sign_negative() => return Err(several()),
            (None, value) => Value::Float(value.unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::Str(Rc::new(Text::known(without_nul(text)?))),
        serde_json::Value::Array(items) => {
            let items = items.iter().map(|item| from_json(machine, item).map(Val::thunk));
            return Ok(Val::list(items.collect::<Result<_, _>>()?));
        }
        serde_json::Value::Object(items) => {
            let entries = items.iter().map(|(name, value)| {
                let name = machine.name(without_nul(name)?);
                Ok((name, Entry::of(from_json(machine, value)?.thunk())))
            });
            Value::Attrs(Rc::new(Attrs::from_entries(entries.collect::<Result<_, Unknown>>()?)))
        }
    }))
}

fn from_toml(machine: &Machine<'_>, value: &toml::Value) -> Outcome {
    Ok(Val::of(match value {
        toml::Value::String(text) => Value::Str(Rc::new(Text::known(without_nul(text)?))),
        toml::Value::Integer(value) => Value::Int(*value),
        toml::Value::Float(value) => Value::Float(*value),
        toml::Value::Boolean(value) => Value::Bool(*value),
        // An experimental feature decides whether this is an error.
        toml::Value::Datetime(_) => Value::Unknown(Unknown::new(Reason::NotModelled("TOML date".to_owned()))),
        toml::Value::Array(items) => {
            let items = items.iter().map(|item| from_toml(machine, item).map(Val::thunk));
            return Ok(Val::list(items.collect::<Result<_, _>>()?));
        }
        toml::Value::Table(items) => {
            let entries = items.iter().map(|(name, value)| {
                let name = machine.name(without_nul(name)?);
                Ok((name, Entry::of(from_toml(machine, value)?.thunk())))
            });
            Value::Attrs(Rc::new(Attrs::from_entries(entries.collect::<Result<_, Unknown>>()?)))
        }
    }))
}

/// Strings of Nix have no NUL.
fn without_nul(text: &str) -> Result<&str, Unknown> {
    match text.contains('\0') {
        true => Err(error("a string contains a NUL byte")),
        false => Ok(text),
    }
}

impl Machine<'_> {
    /// The whole value as `builtins.toJSON` writes it.
    ///
    /// # Errors
    /// With the error of Nix, or the reason why some of it is not known.
    pub fn json(&self, val: &Val) -> Result<String, Unknown> {
        let mut out = String::new();
        write_json(self, val, &mut out)?;
        Ok(out)
    }
}

fn write_json(machine: &Machine<'_>, val: &Val, out: &mut String) -> Result<(), Unknown> {
    let val = &machine.settled(val);
    match &val.value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&float(*value)),
        Value::Str(text) => {
            machine.charge(text.weight())?;
            out.push_str(&serde_json::Value::from(text.exact().ok_or_else(several)?).to_string());
        }
        Value::List(list) => {
            must_be_closed(list)?;
            out.push('[');
            for (index, element) in list.elements.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                let val = machine.force(&element.value);
                machine.descend(|| write_json(machine, &val, out))?;
            }
            out.push(']');
        }
        Value::Attrs(attrs) => {
            // A set that stands for something else is written as that, a function first.
            if let Some(entry) = attrs.get(machine.name("__toString")) {
                let function = machine.force(&entry.value);
                let inner = machine.apply(&function, val.clone().thunk(), None);
                return match &inner.value {
                    // Paths from here are not copied to the store.
                    Value::Path(path) => {
                        out.push_str(&serde_json::Value::from(path.as_str()).to_string());
                        Ok(())
                    }
                    Value::Attrs(inner)
                        if inner.is_closed()
                            && !["__toString", "outPath"]
                                .iter()
                                .any(|name| inner.get(machine.name(name)).is_some()) =>
                    {
                        Err(error("`__toString` should return a string"))
                    }
                    Value::Str(_) | Value::Attrs(_) => machine.descend(|| write_json(machine, &inner, out)),
                    Value::Unknown(unknown) => Err(unknown.clone()),
                    Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) | Value::PathPattern(_) => {
                        Err(machine.symbolic(&inner))
                    }
                    _ => Err(several()),
                };
            }
            if let Some(entry) = attrs.get(machine.name("outPath")) {
                let inner = machine.force(&entry.value);
                return machine.descend(|| write_json(machine, &inner, out));
            }
            must_have_known_names(attrs)?;
            out.push('{');
            for (index, (name, entry)) in sorted(machine, attrs).into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::Value::from(&*machine.text_of(name)).to_string());
                out.push(':');
                let val = machine.force(&entry.value);
                machine.descend(|| write_json(machine, &val, out))?;
            }
            out.push('}');
        }
        Value::Unknown(unknown) => return Err(unknown.clone()),
        Value::Symbol(_)
        | Value::Choice(_)
        | Value::Condition(_)
        | Value::Path(_)
        | Value::PathPattern(_) => return Err(machine.symbolic(val)),
        Value::Lambda(_) | Value::Primitive(_) => return Err(error("cannot convert a function to JSON")),
    }
    Ok(())
}

/// A float as nlohmann's library writes it: the shortest digits that give it back, an exponent below 1e-4
/// and from 1e15 on, `null` for what is no number.
fn float(value: f64) -> String {
    if !value.is_finite() {
        return "null".to_owned();
    }
    let scientific = format!("{value:e}");
    let exponent: i32 = scientific.split_once('e').and_then(|(_, text)| text.parse().ok()).unwrap_or(0);
    if value == 0.0 || (-4..15).contains(&exponent) {
        let text = format!("{value}");
        return if text.contains('.') { text } else { format!("{text}.0") };
    }
    let mantissa = scientific.split_once('e').map_or(scientific.as_str(), |(mantissa, _)| mantissa);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn floats_are_written_as_nix_does() {
        for (value, expected) in [
            (1.0, "1.0"),
            (-0.5, "-0.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e14, "100000000000000.0"),
            (1e15, "1e+15"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.0, "0.0"),
        ] {
            assert_eq!(float(value), expected);
        }
    }
}
