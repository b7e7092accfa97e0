//! `lib.generators` and `lib.cli`: values as text. Conditions of names become holes that may be empty.

use std::rc::Rc;

use super::super::builtins::{self, closed_list, string};
use super::super::coercion::Coercion;
use super::super::condition::Condition;
use super::super::machine::Machine;
use super::super::value::{Element, List, Text, Thunk, Unknown, Val, Value};
use super::{
    Outcome, Table, closed_set, decided, error, field, meta, primitives, several, strings, tagged, text_of,
    text_val, thrown,
};
use crate::text::Span;

/// `mkValueStringDefault`
fn value_text(machine: &Machine<'_>, thunk: &Thunk) -> Result<Text, Unknown> {
    let val = machine.force(thunk);
    match &val.value {
        Value::Bool(truth) => Ok(Text::known(if *truth { "true" } else { "false" })),
        Value::Null => Ok(Text::known("null")),
        Value::Unknown(unknown) => Err(unknown.clone()),
        Value::Attrs(_) if !meta::is_derivation(machine, &val)? => {
            Err(error("generators.mkValueStringDefault: attrsets not supported"))
        }
        Value::List(_) => Err(error("generators.mkValueStringDefault: lists not supported")),
        Value::Path(_) | Value::PathPattern(_) => {
            Err(error("generators.mkValueStringDefault: this value is not supported"))
        }
        _ => machine.coerce(&val, Coercion::ToString, val.span),
    }
}

/// An argument of a function with named arguments, that is a function.
fn function(machine: &Machine<'_>, argument: &Val, name: &str) -> Result<Option<Val>, Unknown> {
    Ok(field(machine, argument, name)?.map(|function| machine.force(&function)))
}

fn flag(machine: &Machine<'_>, argument: &Val, name: &str, default: bool) -> Result<bool, Unknown> {
    match field(machine, argument, name)? {
        Some(flag) => decided(machine, &flag, None),
        None => Ok(default),
    }
}

fn text_argument(machine: &Machine<'_>, argument: &Val, name: &str) -> Result<String, Unknown> {
    match field(machine, argument, name)? {
        Some(text) => string(machine, &text),
        None => Ok(String::new()),
    }
}

/// How a name and its value are written.
#[derive(Clone)]
enum KeyValue {
    /// `escape [ "=" ] key + "=" + value`
    Default,
    /// A function of name and value.
    Own(Val),
}

impl KeyValue {
    fn of(machine: &Machine<'_>, argument: &Val) -> Result<Self, Unknown> {
        Ok(function(machine, argument, "mkKeyValue")?.map_or(Self::Default, Self::Own))
    }

    fn text(
        &self,
        machine: &Machine<'_>,
        key: &str,
        value: &Thunk,
        span: Option<Span>,
    ) -> Result<Text, Unknown> {
        match self {
            Self::Default => key_value(machine, "=", key, value_text(machine, value)?),
            Self::Own(function) => {
                let line = machine.apply_all(function, [Val::string(key).thunk(), value.clone()], span);
                text_of(machine, &line.thunk())
            }
        }
    }
}

fn key_value(machine: &Machine<'_>, separator: &str, key: &str, value: Text) -> Result<Text, Unknown> {
    machine.charge(value.weight())?;
    let escaped = strings::replaced(&[separator.to_owned()], &[format!("\\{separator}")], key);
    let mut text = Text::known(&format!("{escaped}{separator}"));
    text.extend(&value);
    Ok(text)
}

/// What `toKeyValue` writes: the lines, each with its condition.
struct Lines {
    key_value: KeyValue,
    repeats_keys: bool,
    indent: String,
}

impl Lines {
    fn of(machine: &Machine<'_>, argument: &Val) -> Result<Self, Unknown> {
        Ok(Self {
            key_value: KeyValue::of(machine, argument)?,
            repeats_keys: flag(machine, argument, "listsAsDuplicateKeys", false)?,
            indent: String::new(),
        })
    }

    fn text(&self, machine: &Machine<'_>, set: &Thunk, span: Option<Span>) -> Result<Text, Unknown> {
        let attrs = machine.set(&machine.force(set))?;
        if !attrs.patterns.is_empty() {
            return Err(several());
        }
        let mut lines = List { elements: Vec::new(), open: attrs.open.clone() };
        for (name, entry) in builtins::sorted(machine, &attrs) {
            let key = machine.text_of(name);
            let values = match machine.force(&entry.value).value {
                Value::List(list) if self.repeats_keys => {
                    lines.open = lines.open.or_else(|| list.open.clone());
                    list.elements.clone()
                }
                _ => vec![Element { value: entry.value.clone(), condition: Condition::True }],
            };
            for element in values {
                let mut line = Text::known(&self.indent);
                line.extend(&self.key_value.text(machine, &key, &element.value, span)?);
                line.extend(&Text::known("\n"));
                let condition = entry.condition.and(&element.condition);
                lines.elements.push(Element { value: text_val(line).thunk(), condition });
            }
        }
        builtins::join_texts(machine, &Text::default(), &lines, Coercion::Interpolation)
    }
}

/// `toINI`
fn ini(machine: &Machine<'_>, argument: &Val, sections: &Thunk, span: Option<Span>) -> Result<Text, Unknown> {
    let lines = Lines::of(machine, argument)?;
    let section_name = function(machine, argument, "mkSectionName")?;
    let attrs = machine.set(&machine.force(sections))?;
    if !attrs.patterns.is_empty() {
        return Err(several());
    }
    let mut texts = List { elements: Vec::new(), open: attrs.open.clone() };
    for (name, entry) in builtins::sorted(machine, &attrs) {
        let name = machine.text_of(name);
        let mut text = Text::known("[");
        match &section_name {
            Some(function) => {
                let title = machine.apply(function, Val::string(&name).thunk(), span);
                text.extend(&text_of(machine, &title.thunk())?);
            }
            None => text.extend(&Text::known(&name.replace('[', "\\[").replace(']', "\\]"))),
        }
        text.extend(&Text::known("]\n"));
        text.extend(&lines.text(machine, &entry.value, span)?);
        texts.elements.push(Element { value: text_val(text).thunk(), condition: entry.condition });
    }
    builtins::join_texts(machine, &Text::known("\n"), &texts, Coercion::Interpolation)
}

/// A section of git's configuration, and what it has.
type GitSection = (Rc<str>, Vec<(Rc<str>, Thunk)>);

/// Names and values of git's configuration: sets below sections go into the name of the section.
fn git_sections(
    machine: &Machine<'_>,
    path: &[Rc<str>],
    value: &Thunk,
    result: &mut Vec<GitSection>,
) -> Result<(), Unknown> {
    let val = machine.force(value);
    if matches!(val.value, Value::Attrs(_)) && !meta::is_derivation(machine, &val)? {
        for (name, value) in closed_set(machine, value)? {
            let path: Vec<Rc<str>> = path.iter().cloned().chain([name]).collect();
            machine.descend(|| git_sections(machine, &path, &value, result))?;
        }
        return Ok(());
    }
    let Some((key, section)) = path.split_last() else { return Err(error("a set was expected")) };
    if section.is_empty() {
        return Err(error("a set was expected"));
    }
    let section: Rc<str> = section.join(".").into();
    match result.iter_mut().find(|(other, _)| *other == section) {
        Some((_, entries)) => entries.push((key.clone(), value.clone())),
        None => result.push((section, vec![(key.clone(), value.clone())])),
    }
    Ok(())
}

fn git_value(machine: &Machine<'_>, value: &Thunk) -> Result<Text, Unknown> {
    match &machine.force(value).value {
        Value::Str(text) => {
            let text = text.exact().ok_or_else(several)?;
            let mut quoted = String::from("\"");
            for c in text.chars() {
                match c {
                    '\n' => quoted.push_str("\\n"),
                    '\t' => quoted.push_str("\\t"),
                    '"' => quoted.push_str("\\\""),
                    '\\' => quoted.push_str("\\\\"),
                    c => quoted.push(c),
                }
            }
            Ok(Text::known(&(quoted + "\"")))
        }
        _ => value_text(machine, value),
    }
}

fn git_ini(machine: &Machine<'_>, set: &Thunk) -> Outcome {
    let mut sections = Vec::new();
    for (name, value) in closed_set(machine, set)? {
        if let Value::Attrs(attrs) = &machine.force(&value).value
            && attrs.entries.is_empty()
            && attrs.is_closed()
        {
            sections.push((name.clone(), Vec::new()));
        }
        git_sections(machine, &[name], &value, &mut sections)?;
    }
    sections.sort_by(|a, b| a.0.cmp(&b.0));
    let mut text = Text::default();
    for (index, (section, mut entries)) in sections.into_iter().enumerate() {
        let title = match section.split_once('.') {
            Some((first, rest)) if !section.contains('"') => format!("{first} \"{rest}\""),
            _ => section.to_string(),
        };
        text.extend(&Text::known(&format!("{}[{title}]\n", if index == 0 { "" } else { "\n" })));
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, value) in entries {
            let values = match machine.force(&value).value {
                Value::List(_) => closed_list(machine, &value)?,
                _ => vec![value],
            };
            let mut lines = Vec::new();
            for value in values {
                let mut line = Text::known("\t");
                line.extend(&key_value(machine, " = ", &key, git_value(machine, &value)?)?);
                lines.push(text_val(line).thunk());
            }
            text.extend(&text_of(
                machine,
                &strings::join(machine, &Text::known("\n"), &Val::list(lines).thunk())?.thunk(),
            )?);
            text.extend(&Text::known("\n"));
        }
    }
    Ok(text_val(text))
}

/// Text of JSON, which is what several formats write for simple values.
fn json(machine: &Machine<'_>, value: &Thunk) -> Result<String, Unknown> {
    let text = super::call_builtin(machine, "toJSON", vec![value.clone()], None);
    string(machine, &text.thunk())
}

/// `toPretty`
struct Pretty {
    multiline: bool,
    allows_own: bool,
}

impl Pretty {
    fn text(&self, machine: &Machine<'_>, indent: &str, thunk: &Thunk) -> Result<String, Unknown> {
        machine.descend(|| self.text_here(machine, indent, thunk))
    }

    fn text_here(&self, machine: &Machine<'_>, indent: &str, thunk: &Thunk) -> Result<String, Unknown> {
        let intro = if self.multiline { format!("\n{indent}  ") } else { " ".to_owned() };
        let outro = if self.multiline { format!("\n{indent}") } else { " ".to_owned() };
        let inner = format!("{indent}  ");
        let val = machine.force(thunk);
        Ok(match &val.value {
            Value::Int(value) => value.to_string(),
            Value::Float(_) => json(machine, thunk)?,
            Value::Str(text) => self.string(&text.exact().ok_or_else(several)?, &intro, &outro),
            Value::Bool(truth) => truth.to_string(),
            Value::Null => "null".to_owned(),
            Value::Path(path) => path.to_string(),
            Value::List(_) => {
                let list = closed_list(machine, thunk)?;
                if list.is_empty() {
                    return Ok("[ ]".to_owned());
                }
                let mut texts = Vec::new();
                for element in &list {
                    texts.push(self.text(machine, &inner, element)?);
                }
                format!("[{intro}{}{outro}]", texts.join(&intro))
            }
            Value::Lambda(_) | Value::Primitive(_) => lambda_text(machine, thunk)?,
            Value::Attrs(_) if super::trivial::is_function(machine, thunk)? => lambda_text(machine, thunk)?,
            Value::Attrs(_) => {
                if self.allows_own
                    && let (Some(own), Some(val)) =
                        (field(machine, &val, "__pretty")?, field(machine, &val, "val")?)
                {
                    let text = machine.apply(&machine.force(&own), val, None);
                    return string(machine, &text.thunk());
                }
                let entries = closed_set(machine, thunk)?;
                if entries.is_empty() {
                    return Ok("{ }".to_owned());
                }
                if meta::is_derivation(machine, &val)? {
                    let name = match field(machine, &val, "name")? {
                        Some(name) => string(machine, &name)?,
                        None => "???".to_owned(),
                    };
                    return Ok(format!("<derivation {name}>"));
                }
                let mut texts = Vec::new();
                for (name, value) in entries {
                    texts.push(format!(
                        "{} = {};",
                        strings::identifier(&name),
                        self.text(machine, &inner, &value)?
                    ));
                }
                format!("{{{intro}{}{outro}}}", texts.join(&intro))
            }
            _ => return Err(machine.symbolic(&val)),
        })
    }

    fn string(&self, text: &str, intro: &str, outro: &str) -> String {
        let lines: Vec<&str> = text.split('\n').collect();
        if !self.multiline || lines.len() < 2 {
            let escape = |line: &&str| line.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
            return format!("\"{}\"", lines.iter().map(escape).collect::<Vec<_>>().join("\\n"));
        }
        let mut lines: Vec<String> = lines
            .iter()
            .map(|line| {
                strings::replaced(
                    &["${".to_owned(), "''".to_owned()],
                    &["''${".to_owned(), "'''".to_owned()],
                    line,
                )
            })
            .collect();
        let last = lines.pop().unwrap_or_default();
        let end = if last.is_empty() { outro.to_owned() } else { format!("{intro}{last}") };
        format!("''{intro}{}{end}''", lines.join(intro))
    }
}

fn lambda_text(machine: &Machine<'_>, thunk: &Thunk) -> Result<String, Unknown> {
    let arguments = super::trivial::function_arguments(machine, thunk, None)?;
    let mut names = Vec::new();
    for (name, has_default) in closed_set(machine, &arguments.thunk())? {
        names.push(format!("{name}{}", if decided(machine, &has_default, None)? { "?" } else { "" }));
    }
    Ok(if names.is_empty() {
        "<function>".to_owned()
    } else {
        format!("<function, args: {{{}}}>", names.join(", "))
    })
}

/// `toLua`
fn lua(machine: &Machine<'_>, multiline: bool, indent: &str, thunk: &Thunk) -> Result<String, Unknown> {
    let inner = format!("{indent}  ");
    let intro = if multiline { format!("\n{inner}") } else { " ".to_owned() };
    let outro = if multiline { format!("\n{indent}") } else { " ".to_owned() };
    let val = machine.force(thunk);
    match &val.value {
        Value::Null => Ok("nil".to_owned()),
        Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Bool(_) => json(machine, thunk),
        Value::List(_) => {
            let list = closed_list(machine, thunk)?;
            if list.is_empty() {
                return Ok("{}".to_owned());
            }
            let mut texts = Vec::new();
            for element in &list {
                texts.push(machine.descend(|| lua(machine, multiline, &inner, element))?);
            }
            Ok(format!("{{{intro}{}{outro}}}", texts.join(&format!(",{intro}"))))
        }
        Value::Attrs(_) => {
            if meta::is_derivation(machine, &val)? {
                return Err(several());
            }
            if let Some(kind) = field(machine, &val, "_type")?
                && machine.force(&kind).as_str().as_deref() == Some("lua-inline")
            {
                let code = machine.select(&val, machine.name("expr"))?;
                return Ok(format!("({})", string(machine, &code.thunk())?));
            }
            let entries = closed_set(machine, thunk)?;
            if entries.is_empty() {
                return Ok("{}".to_owned());
            }
            let mut texts = Vec::new();
            for (name, value) in entries {
                let value = machine.descend(|| lua(machine, multiline, &inner, &value))?;
                texts.push(format!("[{}] = {value}", json(machine, &Val::string(&name).thunk())?));
            }
            Ok(format!("{{{intro}{}{outro}}}", texts.join(&format!(",{intro}"))))
        }
        Value::Lambda(_) | Value::Primitive(_) => Err(error("generators.toLua: functions are not supported")),
        _ => Err(machine.symbolic(&val)),
    }
}

/// `toPlist`
fn plist(
    machine: &Machine<'_>,
    escape: bool,
    indent: &str,
    thunk: &Thunk,
) -> Result<Option<String>, Unknown> {
    let xml = |text: &str| {
        if !escape {
            return text.to_owned();
        }
        text.replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('\'', "&apos;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    let inner = format!("\t{indent}");
    let val = machine.force(thunk);
    Ok(Some(match &val.value {
        Value::Null => return Ok(None),
        Value::Bool(truth) => format!("{indent}<{truth}/>"),
        Value::Int(value) => format!("{indent}<integer>{value}</integer>"),
        Value::Float(value) => format!("{indent}<real>{value:.6}</real>"),
        Value::Str(text) => format!("{indent}<string>{}</string>", xml(&text.exact().ok_or_else(several)?)),
        Value::Path(path) => format!("{indent}<string>{}</string>", xml(path.as_str())),
        Value::List(_) => {
            let mut lines = Vec::new();
            for element in closed_list(machine, thunk)? {
                lines.push(machine.descend(|| plist(machine, escape, &inner, &element))?.unwrap_or_default());
            }
            format!("{indent}<array>\n{}\n{indent}</array>", lines.join("\n"))
        }
        Value::Attrs(_) => {
            let mut lines = Vec::new();
            for (name, value) in closed_set(machine, thunk)? {
                if &*name == "_module" {
                    continue;
                }
                if let Some(value) = machine.descend(|| plist(machine, escape, &inner, &value))? {
                    lines.push(format!("{inner}<key>{}</key>", xml(&name)));
                    lines.push(value);
                }
            }
            format!("{indent}<dict>\n{}\n{indent}</dict>", lines.join("\n"))
        }
        Value::Lambda(_) | Value::Primitive(_) => {
            return Err(error("generators.toPlist: functions are not supported"));
        }
        _ => return Err(machine.symbolic(&val)),
    }))
}

/// `toDhall`
fn dhall(machine: &Machine<'_>, thunk: &Thunk) -> Result<String, Unknown> {
    let val = machine.force(thunk);
    match &val.value {
        Value::Attrs(_) => {
            let mut texts = Vec::new();
            for (name, value) in closed_set(machine, thunk)? {
                texts.push(format!("{name} = {}", machine.descend(|| dhall(machine, &value))?));
            }
            Ok(format!("{{ {} }}", texts.join(", ")))
        }
        Value::List(_) => {
            let mut texts = Vec::new();
            for value in closed_list(machine, thunk)? {
                texts.push(machine.descend(|| dhall(machine, &value))?);
            }
            Ok(format!("[ {} ]", texts.join(", ")))
        }
        Value::Int(value) => Ok(format!("{}{value}", if *value < 0 { "" } else { "+" })),
        Value::Bool(truth) => Ok(if *truth { "True" } else { "False" }.to_owned()),
        Value::Null | Value::Lambda(_) | Value::Primitive(_) => {
            Err(error("generators.toDhall: not supported"))
        }
        Value::Unknown(_) | Value::Symbol(_) | Value::Choice(_) => Err(machine.symbolic(&val)),
        _ => json(machine, thunk),
    }
}

pub(super) static FUNCTIONS: Table = primitives! {
    "mkKeyValueDefault" 4 |m, a, span| {
        let value = match function(m, &m.force(&a[0]), "mkValueString")? {
            Some(function) => text_of(m, &m.apply(&function, a[3].clone(), span).thunk())?,
            None => value_text(m, &a[3])?,
        };
        Ok(text_val(key_value(m, &string(m, &a[1])?, &string(m, &a[2])?, value)?))
    };
    "mkLuaInline" 1 |m, a, _| Ok(tagged(m, "lua-inline", vec![("expr", a[0].clone())]));
    "mkValueStringDefault" 2 |m, a, _| Ok(text_val(value_text(m, &a[1])?));
    "toDhall" 2 |m, a, _| dhall(m, &a[1]).map(Val::string);
    "toGitINI" 1 |m, a, _| git_ini(m, &a[0]);
    "toINI" 2 |m, a, span| Ok(text_val(ini(m, &m.force(&a[0]), &a[1], span)?));
    "toINIWithGlobalSection" 2 |m, a, span| {
        let (argument, parts) = (m.force(&a[0]), m.force(&a[1]));
        let global = m.select(&parts, m.name("globalSection"))?.thunk();
        let mut text = Lines::of(m, &argument)?.text(m, &global, span)?;
        let attrs = m.set(&m.force(&global))?;
        if !attrs.is_closed() || attrs.entries.iter().any(|(_, entry)| entry.condition != Condition::True) {
            return Err(several());
        }
        if !attrs.entries.is_empty() {
            text.extend(&Text::known("\n"));
        }
        if let Some(sections) = field(m, &parts, "sections")? {
            text.extend(&ini(m, &argument, &sections, span)?);
        }
        Ok(text_val(text))
    };
    "toJSON" 2 |m, a, span| Ok(super::call_builtin(m, "toJSON", vec![a[1].clone()], span));
    "toKeyValue" 2 |m, a, span| {
        let argument = m.force(&a[0]);
        let lines = Lines { indent: text_argument(m, &argument, "indent")?, ..Lines::of(m, &argument)? };
        Ok(text_val(lines.text(m, &a[1], span)?))
    };
    "toLua" 2 |m, a, _| {
        let argument = m.force(&a[0]);
        if flag(m, &argument, "asBindings", false)? {
            let indent = text_argument(m, &argument, "indent")?;
            let multiline = flag(m, &argument, "multiline", true)?;
            let mut text = String::new();
            for (name, value) in closed_set(m, &a[1])? {
                let is_name = |part: &str| {
                    part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                        && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                };
                if !name.split('.').all(is_name) {
                    return Err(thrown("Bad Lua var names"));
                }
                text.push_str(&format!("{indent}{name} = {}\n", lua(m, multiline, &indent, &value)?));
            }
            return Ok(Val::string(text));
        }
        let indent = text_argument(m, &argument, "indent")?;
        lua(m, flag(m, &argument, "multiline", true)?, &indent, &a[1]).map(Val::string)
    };
    "toPlist" 2 |m, a, _| {
        let escape = flag(m, &m.force(&a[0]), "escape", false)?;
        let text = plist(m, escape, "", &a[1])?.unwrap_or_default();
        Ok(Val::string(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple Computer//DTD PLIST \
             1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n{text}\n</plist>"
        )))
    };
    "toPretty" 2 |m, a, _| {
        let argument = m.force(&a[0]);
        let pretty = Pretty {
            multiline: flag(m, &argument, "multiline", true)?,
            allows_own: flag(m, &argument, "allowPrettyValues", false)?,
        };
        pretty.text(m, &text_argument(m, &argument, "indent")?, &a[1]).map(Val::string)
    };
    "toYAML" 2 |m, a, span| Ok(super::call_builtin(m, "toJSON", vec![a[1].clone()], span));
};

/// What `toCommandLine` asks of an option.
struct Rendering {
    option: Text,
    separator: Option<Text>,
    explicit: bool,
    format: Option<Val>,
}

fn rendering(
    machine: &Machine<'_>,
    format: &Val,
    name: &str,
    span: Option<Span>,
) -> Result<Rendering, Unknown> {
    let parts = machine.apply(format, Val::string(name).thunk(), span);
    let part = |part: &str| Ok::<_, Unknown>(machine.select(&parts, machine.name(part))?.thunk());
    let separator = part("sep")?;
    Ok(Rendering {
        option: text_of(machine, &part("option")?)?,
        separator: match machine.force(&separator).value {
            Value::Null => None,
            _ => Some(text_of(machine, &separator)?),
        },
        explicit: decided(machine, &part("explicitBool")?, span)?,
        format: function(machine, &parts, "formatArg")?,
    })
}

impl Rendering {
    fn words(&self, machine: &Machine<'_>, value: &Thunk, span: Option<Span>) -> Result<Vec<Text>, Unknown> {
        match &machine.force(value).value {
            Value::Null => return Ok(Vec::new()),
            Value::Bool(false) if !self.explicit => return Ok(Vec::new()),
            Value::Bool(true) if !self.explicit => return Ok(vec![self.option.clone()]),
            Value::Unknown(unknown) => return Err(unknown.clone()),
            Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) => return Err(several()),
            _ => {}
        }
        let argument = match &self.format {
            Some(function) => text_of(machine, &machine.apply(function, value.clone(), span).thunk())?,
            None => value_text(machine, value)?,
        };
        let Some(separator) = &self.separator else { return Ok(vec![self.option.clone(), argument]) };
        let mut word = self.option.clone();
        word.extend(separator);
        word.extend(&argument);
        Ok(vec![word])
    }
}

/// `toCommandLine`
fn command_line(
    machine: &Machine<'_>,
    set: &Thunk,
    span: Option<Span>,
    render: impl Fn(&str) -> Result<Rendering, Unknown>,
) -> Result<Vec<Thunk>, Unknown> {
    let mut words = Vec::new();
    for (name, value) in closed_set(machine, set)? {
        if name.is_empty() {
            return Err(error("lib.cli.toCommandLine only accepts non-empty option names."));
        }
        let values = match machine.force(&value).value {
            Value::List(_) => closed_list(machine, &value)?,
            _ => vec![value],
        };
        for value in values {
            words.extend(
                render(&name)?.words(machine, &value, span)?.into_iter().map(|word| text_val(word).thunk()),
            );
        }
    }
    Ok(words)
}

/// `toCommandLineGNU`
fn gnu_style(
    machine: &Machine<'_>,
    argument: &Val,
    name: &str,
    span: Option<Span>,
) -> Result<Rendering, Unknown> {
    let is_long = match function(machine, argument, "isLong")? {
        Some(function) => super::holds(machine, &function, [Val::string(name).thunk()], span)?,
        None => name.len() > 1,
    };
    Ok(Rendering {
        option: Text::known(&format!("{}{name}", if is_long { "--" } else { "-" })),
        separator: Some(Text::known(if is_long { "=" } else { "" })),
        explicit: flag(machine, argument, "explicitBool", false)?,
        format: function(machine, argument, "formatArg")?,
    })
}

/// `toGNUCommandLine`
fn gnu_words(machine: &Machine<'_>, a: &[Thunk], span: Option<Span>) -> Result<Vec<Thunk>, Unknown> {
    let argument = machine.force(&a[0]);
    let own = |name: &str| function(machine, &argument, name);
    let (name_of, of_bool, of_list, of_option) =
        (own("mkOptionName")?, own("mkBool")?, own("mkList")?, own("mkOption")?);
    let separator = match field(machine, &argument, "optionValueSeparator")? {
        Some(separator) if !matches!(machine.force(&separator).value, Value::Null) => {
            Some(text_of(machine, &separator)?)
        }
        _ => None,
    };
    let option_name = |name: &str| match &name_of {
        Some(function) => text_of(machine, &machine.apply(function, Val::string(name).thunk(), span).thunk()),
        None => Ok(Text::known(&format!("{}{name}", if name.len() == 1 { "-" } else { "--" }))),
    };
    let call = |function: &Val, name: &str, value: &Thunk| {
        let words = machine.apply_all(function, [Val::string(name).thunk(), value.clone()], span);
        closed_list(machine, &words.thunk())
    };
    let option = |name: &str, value: &Thunk| -> Result<Vec<Thunk>, Unknown> {
        if let Some(function) = &of_option {
            return call(function, name, value);
        }
        if matches!(machine.force(value).value, Value::Null) {
            return Ok(Vec::new());
        }
        let mut word = option_name(name)?;
        let value = value_text(machine, value)?;
        let Some(separator) = &separator else {
            return Ok(vec![text_val(word).thunk(), text_val(value).thunk()]);
        };
        word.extend(separator);
        word.extend(&value);
        Ok(vec![text_val(word).thunk()])
    };
    let mut words = Vec::new();
    for (name, value) in closed_set(machine, &a[1])? {
        match machine.force(&value).value {
            Value::Bool(truth) => match &of_bool {
                Some(function) => words.extend(call(function, &name, &value)?),
                None if truth => words.push(text_val(option_name(&name)?).thunk()),
                None => {}
            },
            Value::List(_) => match &of_list {
                Some(function) => words.extend(call(function, &name, &value)?),
                None => {
                    for value in closed_list(machine, &value)? {
                        words.extend(option(&name, &value)?);
                    }
                }
            },
            Value::Unknown(unknown) => return Err(unknown),
            Value::Symbol(_) | Value::Choice(_) | Value::Condition(_) => return Err(several()),
            _ => words.extend(option(&name, &value)?),
        }
    }
    Ok(words)
}

/// `lib.cli`.
pub(super) static COMMAND_LINES: Table = primitives! {
    "toCommandLine" 2 |m, a, span| {
        let format = m.force(&a[0]);
        Ok(Val::list(command_line(m, &a[1], span, |name| rendering(m, &format, name, span))?))
    };
    "toCommandLineGNU" 2 |m, a, span| {
        let argument = m.force(&a[0]);
        Ok(Val::list(command_line(m, &a[1], span, |name| gnu_style(m, &argument, name, span))?))
    };
    "toCommandLineShell" 2 |m, a, span| {
        let format = m.force(&a[0]);
        super::shell::escaped_list(m, &Val::list(command_line(m, &a[1], span, |name| rendering(m, &format, name, span))?).thunk())
    };
    "toCommandLineShellGNU" 2 |m, a, span| {
        let argument = m.force(&a[0]);
        super::shell::escaped_list(m, &Val::list(command_line(m, &a[1], span, |name| gnu_style(m, &argument, name, span))?).thunk())
    };
    "toGNUCommandLine" 2 |m, a, span| Ok(Val::list(gnu_words(m, a, span)?));
    "toGNUCommandLineShell" 2 |m, a, span| super::shell::escaped_list(m, &Val::list(gnu_words(m, a, span)?).thunk());
};
