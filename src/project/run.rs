//! The command that starts a container: what the options of `virtualisation.oci-containers` come to on it.
//!
//! An option of the module and the flag written by hand are the same here. Says what stands on the command
//! line and where it was written, never what the image makes of it.

use std::rc::Rc;

use super::container::Container;
use super::firewall::of_condition;
use super::host::{Host, Item};
use super::options::Resolved;
use super::table::{Certainty, Definition, Node, OptionKey};
use crate::eval::{Condition, Text, TextHole, TextPiece, Val, Value};
use crate::nixos::containers::{self, Flag};
use crate::text::{HoleKind, Span};

/// Options of a container whose elements are each the value of one flag, and that flag.
const LISTS: [(&str, &str); 5] = [
    ("ports", "publish"),
    ("volumes", "volume"),
    ("devices", "device"),
    ("networks", "network"),
    ("environmentFiles", "env-file"),
];

/// How a container is started.
pub struct ContainerRun {
    /// The container.
    pub container: Container,
    /// The options of the runtime before the word `run`, which do not concern the container.
    pub before_run: Vec<RunOption>,
    /// The options between `run` and the image, in the order of the command line.
    pub options: Vec<RunOption>,
    /// The elements of `extraOptions` and `preRunExtraOptions` that are no value of the one in front of them.
    pub arguments: Vec<Item>,
    /// The arguments behind the image: they go to the program in the container.
    pub cmd: Vec<Item>,
    /// Whether there may be more options.
    pub is_open: bool,
}

/// An option of the command that starts a container.
#[derive(Clone)]
pub struct RunOption {
    /// Its name without dashes, the long one where it has two: `volume` for `-v`.
    pub name: String,
    /// The value, with the options of the host filled in; empty for a switch.
    pub value: Text,
    /// The element or definition that holds the value; of a switch, the switch.
    pub item: Item,
    /// The element that holds the flag, where that is another one.
    pub flag: Option<Item>,
    /// The option of the module it comes from, e.g. `extraOptions`.
    pub source: &'static str,
}

/// A place of the host, or a volume by name, that a container sees.
pub struct Mount<'r> {
    /// The place or name on the host, `*` for what is not known.
    pub source: String,
    /// Whether all of [`Self::source`] is known.
    pub is_exact: bool,
    /// The place in the container, `*` for what is not known.
    pub target: String,
    /// Whether the container can only read it.
    pub is_read_only: bool,
    /// What asks for it.
    pub option: &'r RunOption,
}

impl ContainerRun {
    /// The name of the container, `*` for holes.
    pub fn name(&self) -> String {
        self.container.key.display()
    }

    /// The options of this name.
    pub fn named<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r RunOption> {
        self.options.iter().filter(move |option| option.name == name)
    }

    /// What the container sees of the host, and its named volumes.
    pub fn mounts(&self) -> Vec<Mount<'_>> {
        self.options.iter().filter_map(RunOption::mount).collect()
    }

    /// The option that gives the container all privileges, where there is one.
    pub fn privileged(&self) -> Option<&RunOption> {
        self.named("privileged").find(|option| option.is_on())
    }

    /// The options that put the container in the network of another one, with the name of that.
    pub fn joined_networks(&self) -> Vec<(&RunOption, String)> {
        let joined = |option| {
            let text = RunOption::text(option)?;
            let name = text.strip_prefix("container:")?.to_owned();
            (!name.is_empty()).then_some((option, name))
        };
        self.named("network").filter_map(joined).collect()
    }

    /// Whether the container surely has the network of the host or of another container, so that the runtime
    /// discards what it publishes.
    pub fn discards_ports(&self) -> bool {
        self.named("network").any(|option| {
            let text = option.text();
            let mode = text.as_deref().unwrap_or_default().split(':').next().unwrap_or_default();
            option.certainty() == Certainty::Must && matches!(mode, "host" | "none" | "container")
        })
    }

    /// Whether the network of the container is another than its own: that of the host, of another container,
    /// or none; or may be, because a name is not known.
    pub fn may_have_no_own_network(&self) -> bool {
        self.named("network").any(|option| match option.text() {
            Some(name) => {
                let mode = name.split(':').next().unwrap_or_default();
                matches!(mode, "host" | "none" | "container" | "ns" | "pasta" | "slirp4netns")
                    || name.contains("macvlan")
                    || name.contains("ipvlan")
            }
            None => true,
        })
    }
}

impl RunOption {
    /// The value, where all of it is known.
    pub fn text(&self) -> Option<String> {
        self.value.exact()
    }

    /// Whether a switch is on.
    pub fn is_on(&self) -> bool {
        self.value.is_empty() || self.text().as_deref() == Some("true")
    }

    /// When it is there.
    pub fn condition(&self) -> &Condition {
        &self.item.condition
    }

    /// How sure it is that it is there.
    pub fn certainty(&self) -> Certainty {
        of_condition(self.item.definition.certainty, &self.item.condition)
    }

    /// The place to point at: the value with its flag where both are one element.
    pub fn span(&self) -> Option<Span> {
        self.item.span
    }

    /// The flag as people write it.
    pub fn shown(&self) -> String {
        match self.value.is_empty() {
            true => format!("--{}", self.name),
            false => format!("--{}={}", self.name, self.value.display().replace('*', "…")),
        }
    }

    /// What it mounts.
    fn mount(&self) -> Option<Mount<'_>> {
        let value = self.value.display();
        let mount = |source: &str, target: &str, is_read_only| Mount {
            source: clean(source),
            is_exact: !source.contains('*'),
            target: target.to_owned(),
            is_read_only,
            option: self,
        };
        match self.name.as_str() {
            "volume" => {
                let mut parts = value.split(':');
                let (source, target) = (parts.next()?, parts.next()?);
                let is_read_only = parts.next().unwrap_or_default().split(',').any(|mode| mode == "ro");
                Some(mount(source, target, is_read_only))
            }
            "mount" => {
                let mut fields = value.split(',').map(|field| field.split_once('=').unwrap_or((field, "")));
                let of = |names: &[&str]| fields.clone().find(|(name, _)| names.contains(name));
                if of(&["type"]).is_some_and(|(_, kind)| kind != "bind" && kind != "volume") {
                    return None;
                }
                let (_, source) = of(&["source", "src"])?;
                let (_, target) = of(&["target", "destination", "dst"])?;
                let is_read_only =
                    fields.any(|(name, value)| matches!(name, "ro" | "readonly") && value != "false");
                Some(mount(source, target, is_read_only))
            }
            _ => None,
        }
    }
}

impl Mount<'_> {
    /// Whether it is a place of the host, not a volume by name.
    pub fn is_bind(&self) -> bool {
        self.source.starts_with(['/', '.', '~'])
    }
}

/// A path without a slash at its end.
fn clean(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" if path.starts_with('/') => "/".to_owned(),
        path => path.to_owned(),
    }
}

impl Host<'_> {
    /// How the containers are started, in the order of their definitions.
    pub fn container_runs(&self) -> Rc<[ContainerRun]> {
        let build =
            || self.running_containers().into_iter().map(|container| self.container_run(container)).collect();
        self.views.runs.get_or_init(build).clone()
    }

    /// How a container is started.
    pub(super) fn container_run(&self, container: Container) -> ContainerRun {
        let node = container.node.clone();
        let mut options = Vec::new();
        let mut is_open = node.open().is_some();
        for (source, name) in LISTS {
            let (items, open) = self.items(&self.below(&node, source));
            is_open |= open.is_some();
            let option = |item: Item| {
                let value = self.item_text(&item);
                RunOption { name: name.to_owned(), value, item, flag: None, source }
            };
            options.extend(items.into_iter().map(option));
        }
        options.extend(self.switched("privileged", "privileged", &self.below(&node, "privileged")));
        for (source, name, switch) in [("capabilities", "cap-add", true), ("capabilities", "cap-drop", false)]
        {
            let capabilities = self.below(&node, source);
            is_open |= capabilities.open().is_some();
            for (key, child) in &self.keys(&capabilities).keys {
                if let Resolved::Known(val) = self.value_of(child)
                    && matches!(val.value, Value::Bool(value) if value == switch)
                    && let Some(definition) = child.definitions().first()
                {
                    let value = match key {
                        OptionKey::Name(name) => Text::known(name),
                        OptionKey::Pattern(text) => (**text).clone(),
                    };
                    options.push(self.run_option(name, value.into(), item_of(definition), source));
                }
            }
        }
        let pull = self.below(&node, "pull");
        if let Resolved::Known(val) = self.value_of(&pull)
            && let (Value::Str(text), Some(definition)) = (&val.value, pull.definitions().first())
        {
            options.push(self.run_option("pull", text.clone(), item_of(definition), "pull"));
        }
        let (extra, open) = self.items(&self.below(&node, "extraOptions"));
        is_open |= open.is_some();
        let mut arguments = Vec::new();
        options.extend(self.arguments(&extra, "extraOptions", &mut arguments));
        let (before, _) = self.items(&self.below(&node, "preRunExtraOptions"));
        let before_run = self.arguments(&before, "preRunExtraOptions", &mut arguments);
        let (cmd, _) = self.items(&self.below(&node, "cmd"));
        ContainerRun { container, before_run, options, arguments, cmd, is_open }
    }

    /// The text that an element becomes.
    fn item_text(&self, item: &Item) -> Text {
        match item.text() {
            Some(text) => self.resolve_text(text),
            None => match self.plain(&item.value) {
                Some(text) => Text::known(&text),
                None => Text::hole(TextHole {
                    kind: HoleKind::Any,
                    may_be_empty: true,
                    span: item.span,
                    value: Some(item.value.clone()),
                }),
            },
        }
    }

    fn run_option(&self, name: &str, value: Rc<Text>, item: Item, source: &'static str) -> RunOption {
        RunOption { name: name.to_owned(), value: self.resolve_text(&value), item, flag: None, source }
    }

    /// The switch that an option of the module is, where it is on.
    fn switched(&self, source: &'static str, name: &str, node: &Node) -> Option<RunOption> {
        let is_on = |definition: &&Definition| matches!(definition.value.value, Value::Bool(true));
        let Resolved::Known(val) = self.value_of(node) else {
            // Under a condition: the strongest definitions say what it is there.
            let strongest = node.definitions().iter().map(|definition| definition.priority).min()?;
            let strong = node.definitions().iter().filter(|one| one.priority == strongest);
            let definition = strong.clone().find(is_on)?;
            let is_clear = strong.clone().all(|other| matches!(other.value.value, Value::Bool(_)));
            return is_clear.then(|| self.run_option(name, Rc::default(), item_of(definition), source));
        };
        let definition = node.definitions().iter().find(is_on)?;
        let is_it = matches!(val.value, Value::Bool(true));
        is_it.then(|| self.run_option(name, Rc::default(), item_of(definition), source))
    }

    /// Reads arguments as docker and podman do: `--flag=value`, `--flag value`, `-f value`, `-fvalue`.
    fn arguments(&self, items: &[Item], source: &'static str, arguments: &mut Vec<Item>) -> Vec<RunOption> {
        let mut options = Vec::new();
        let mut at = 0;
        // Behind a flag that is not known, a further flag may be its value.
        let mut is_doubtful = false;
        while let Some(item) = items.get(at) {
            at += 1;
            if !std::mem::take(&mut is_doubtful) {
                arguments.push(item.clone());
            }
            let text = self.item_text(item);
            let known = text.known_prefix();
            let Some(written) = read_flag(&known, text.exact().is_some()) else { continue };
            let name = written.flag.map_or(written.name, |flag| flag.name.as_str()).to_owned();
            let mut option =
                RunOption { name, value: Text::default(), item: item.clone(), flag: None, source };
            let is_switch = written.flag.is_some_and(|flag| flag.switch);
            match written.value_at {
                Some(start) => option.value = without_start(&text, start),
                None if is_switch => {}
                None => {
                    let next = items.get(at).map(|next| (next, self.item_text(next)));
                    // Of a flag that is not known, a further flag is none of its values.
                    let is_value =
                        |value: &Text| written.flag.is_some() || !value.known_prefix().starts_with('-');
                    if let Some((next, value)) = next.filter(|(_, value)| is_value(value)) {
                        at += 1;
                        option.flag = Some(std::mem::replace(&mut option.item, next.clone()));
                        option.value = value;
                    } else {
                        is_doubtful = written.flag.is_none();
                    }
                }
            }
            options.push(option);
        }
        options
    }
}

/// A flag as it begins an argument.
struct Written<'a> {
    /// What is known of it.
    flag: Option<&'static Flag>,
    /// Its name without dashes.
    name: &'a str,
    /// Where the value begins in the same argument.
    value_at: Option<usize>,
}

/// Reads the flag at the beginning of an argument; `is_whole` where `text` is all of it.
fn read_flag(text: &str, is_whole: bool) -> Option<Written<'_>> {
    if let Some(rest) = text.strip_prefix("--") {
        let (name, value_at) = match rest.split_once('=') {
            Some((name, _)) => (name, Some(2 + name.len() + 1)),
            None if is_whole => (rest, None),
            None => return None,
        };
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        return is_name.then(|| Written { flag: containers::flag(name), name, value_at });
    }
    let rest = text.strip_prefix('-')?;
    let short = rest.chars().next().filter(char::is_ascii_alphabetic)?;
    let flag = containers::short_flag(short);
    let value_at = match &rest[1..] {
        "" if is_whole => None,
        // Several switches in one: `-it`.
        _ if flag.is_some_and(|flag| flag.switch) => None,
        glued if glued.starts_with('=') => Some(3),
        _ => Some(2),
    };
    Some(Written { flag, name: &rest[..1], value_at })
}

/// `text` without its first `length` bytes, which are known.
fn without_start(text: &Text, length: usize) -> Text {
    let mut rest = length;
    let mut result = Text::default();
    for piece in &text.pieces {
        match piece {
            TextPiece::Known { text, .. } if rest > 0 => {
                let cut = rest.min(text.len());
                rest -= cut;
                result.extend(&Text::known(&text[cut..]));
            }
            piece => result.pieces.push(piece.clone()),
        }
    }
    result
}

/// A definition as the item that it is.
fn item_of(definition: &Definition) -> Item {
    let value: Val = definition.value.clone();
    Item {
        span: value.span.or(definition.key),
        value,
        condition: definition.condition.clone(),
        definition: definition.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_have_many_spellings() {
        let read = |text: &str| {
            let written = read_flag(text, true)?;
            let name = written.flag.map_or(written.name, |flag| &flag.name).to_owned();
            Some((name, written.value_at.map(|at| text[at..].to_owned())))
        };
        let some = |name: &str, value: Option<&str>| Some((name.to_owned(), value.map(str::to_owned)));
        assert_eq!(read("--network=host"), some("network", Some("host")));
        assert_eq!(read("--net=host"), some("network", Some("host")));
        assert_eq!(read("--device"), some("device", None));
        assert_eq!(read("-v"), some("volume", None));
        assert_eq!(read("-v/a:/b"), some("volume", Some("/a:/b")));
        assert_eq!(read("-p=80:80"), some("publish", Some("80:80")));
        assert_eq!(read("-it"), some("interactive", None));
        assert_eq!(read("--unheard-of=x"), some("unheard-of", Some("x")));
        assert_eq!(read("--label=a b=c"), some("label", Some("a b=c")));
        assert_eq!(read("--device /dev/dri"), None);
        assert_eq!(read("nvidia.com/gpu=all"), None);
    }

    #[test]
    fn paths_end_without_a_slash() {
        assert_eq!(clean("/"), "/");
        assert_eq!(clean("/etc/"), "/etc");
        assert_eq!(clean("data"), "data");
    }
}
