//! Containers of `virtualisation.oci-containers`.

use std::rc::Rc;

use super::host::{Host, Item};
use super::options::Resolved;
use super::run::RunOption;
use super::table::{Definition, Node, OptionKey, PLAIN_PRIORITY};
use super::unit::Unit;
use super::view::{Known, Setting, Switch, presence};
use crate::eval::{Text, TextPiece, Value};
use crate::nixos::containers::{BACKEND_OPTION, Backend, CONTAINERS, SERVICE_NAME_OPTION, default_backend};

/// A container.
#[derive(Clone)]
pub struct Container {
    /// Its name, as the definitions write it.
    pub key: OptionKey,
    /// Its definitions.
    pub node: Rc<Node>,
}

/// A device that a container asks for.
#[derive(Clone)]
pub struct DeviceRequest {
    /// The element that names the device.
    pub item: Item,
    /// The device, as far as it is known, e.g. `nvidia.com/gpu=all`.
    pub device: String,
    /// Whether `--gpus` asks for it, which only podman reads as a CDI device.
    pub by_gpus: bool,
}

/// What an image is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageReference {
    /// Registry and name, without tag and digest; `None` where a part is not known.
    pub name: Option<String>,
    /// The tag, where there is one.
    pub tag: Option<Known<String>>,
    /// Whether a digest pins it.
    pub has_digest: bool,
    /// Whether something unknown may hold a tag or a digest.
    pub is_open: bool,
}

impl ImageReference {
    /// Reads `[registry[:port]/]name[:tag][@digest]`.
    fn read(text: &Text) -> Self {
        let known = text.known_prefix();
        let all = text.exact();
        // A colon further in front is that of a port.
        let start = known.rfind('/').map_or(0, |slash| slash + 1);
        let end = known[start..].find([':', '@']).map(|end| start + end);
        let name = match end {
            Some(end) => Some(known[..end].to_owned()),
            None => all.clone(),
        };
        let shown = text.display();
        let has_digest = shown.contains('@');
        let tag = end.filter(|end| known[*end..].starts_with(':')).map(|end| match &all {
            Some(all) => Known::Value(all[end + 1..].split('@').next().unwrap_or_default().to_owned()),
            None => Known::Unknown,
        });
        // A hole in front of the last slash cannot hold a tag.
        let last = shown.rsplit('/').next().unwrap_or_default();
        Self { name, is_open: tag.is_none() && last.contains('*'), tag, has_digest }
    }
}

impl Host<'_> {
    /// The containers.
    pub fn containers(&self) -> Vec<Container> {
        let build = || {
            let nodes = self.nodes(&format!("{CONTAINERS}.*"));
            let container =
                |(mut keys, node): (Vec<OptionKey>, _)| Some(Container { key: keys.pop()?, node });
            nodes.into_iter().filter_map(container).collect()
        };
        self.views.containers.get_or_init(build).clone()
    }

    /// The containers whose units are not taken away.
    pub fn running_containers(&self) -> Vec<Container> {
        let mut containers = self.containers();
        containers.retain(|container| {
            let units = self.units_of_container(container);
            units.is_empty() || !units.iter().all(|unit| self.is_masked(unit))
        });
        containers
    }

    /// Whether the container surely starts with the host: a unit wants it, `autoStart` is not off and nobody replaced
    /// what starts its unit, or another container needs it.
    pub fn starts_by_itself(&self, container: &Container) -> bool {
        let starts =
            matches!(self.switch(&self.below(&container.node, "autoStart")), Switch::Unset | Switch::On);
        let units = self.units_of_container(container);
        if units.iter().any(|unit| self.is_wanted(unit)) {
            return true;
        }
        if !starts {
            return self.containers().iter().any(|other| {
                let (names, _) = self.items(&self.below(&other.node, "dependsOn"));
                names.iter().filter_map(Item::exact).any(|name| container.key.exact() == Some(&*name))
            });
        }
        let is_replaced = |unit: &Unit| {
            let node = self.child(&unit.node, "wantedBy");
            let replaces = |definition: &Definition| definition.priority < PLAIN_PRIORITY;
            node.definitions().iter().any(replaces) && self.items(&node).0.is_empty()
        };
        !units.iter().any(is_replaced)
    }

    /// What the project says of the unit of a container.
    fn units_of_container(&self, container: &Container) -> Vec<Unit> {
        self.container_units(container).iter().flat_map(|name| self.services_called(name)).collect()
    }

    /// The backends that may run the containers; exactly one where it is known.
    pub fn container_backends(&self) -> Vec<Backend> {
        self.views.backends.get_or_init(|| self.build_backends()).clone()
    }

    fn build_backends(&self) -> Vec<Backend> {
        let of_name = |name: &str| Backend::ALL.into_iter().find(|backend| backend.as_str() == name);
        let definitions = self.definitions(BACKEND_OPTION);
        if !definitions.is_empty() {
            let named: Option<Vec<Backend>> =
                definitions.iter().map(|definition| of_name(&definition.value.as_str()?)).collect();
            return distinct(named.unwrap_or_else(|| Backend::ALL.to_vec()));
        }
        let versions = self.definitions("system.stateVersion");
        let defaults: Option<Vec<Backend>> =
            versions.iter().map(|definition| default_backend(&definition.value.as_str()?)).collect();
        match defaults {
            Some(defaults) if !defaults.is_empty() => distinct(defaults),
            _ => Backend::ALL.to_vec(),
        }
    }

    /// The names (without suffix) that the container's unit may have; empty where nothing is known.
    pub fn container_units(&self, container: &Container) -> Vec<OptionKey> {
        let named = self.below(&container.node, SERVICE_NAME_OPTION);
        if !named.definitions().is_empty() {
            let names = named.definitions().iter().map(|definition| match &definition.value.value {
                Value::Str(text) => Some(match text.exact() {
                    Some(text) => OptionKey::Name(text.into()),
                    None => OptionKey::Pattern(text.clone()),
                }),
                _ => None,
            });
            return names.collect::<Option<Vec<_>>>().unwrap_or_default();
        }
        let of_backend = |backend: Backend| match &container.key {
            OptionKey::Name(name) => OptionKey::Name(format!("{}-{name}", backend.as_str()).into()),
            OptionKey::Pattern(text) => {
                let mut unit = Text::known(&format!("{}-", backend.as_str()));
                unit.extend(text);
                OptionKey::Pattern(Rc::new(unit))
            }
        };
        self.container_backends().into_iter().map(of_backend).collect()
    }

    /// The devices that the container asks for, in `devices` and `extraOptions`.
    pub fn device_requests(&self, container: &Container) -> Vec<DeviceRequest> {
        let run = self.container_run(container.clone());
        let request = |option: &RunOption| {
            let device = known(&option.value);
            match option.name.as_str() {
                "device" => Some(DeviceRequest { item: option.item.clone(), device, by_gpus: false }),
                "gpus" => {
                    let item = option.flag.as_ref().unwrap_or(&option.item).clone();
                    Some(DeviceRequest { item, device: gpu_device(&device), by_gpus: true })
                }
                _ => None,
            }
        };
        run.options.iter().filter_map(request).collect()
    }

    /// The image that the container runs, as far as it is known, and its definition.
    pub fn image_reference(&self, container: &Container) -> Option<(ImageReference, Definition)> {
        let (_, given) = presence(container.node.definitions());
        let node = self.below(&container.node, "image");
        let Setting::Known(val, definition) = self.setting(&node, &given) else { return None };
        let Value::Str(text) = &val.value else { return None };
        Some((ImageReference::read(&self.resolve_text(text)), definition))
    }

    /// The image that the container runs, without tag and digest, where that is known.
    pub fn container_image(&self, container: &Container) -> Option<String> {
        self.image_reference(container)?.0.name
    }

    /// The text of a scalar option of the container, where it is known.
    pub fn container_text(&self, container: &Container, option: &str) -> Option<String> {
        let (_, given) = presence(container.node.definitions());
        self.text_setting(&self.below(&container.node, option), &given)?.value().cloned()
    }

    /// The value of a scalar option of the container, where it is known for sure.
    pub fn container_value(&self, container: &Container, option: &str) -> Resolved {
        self.value_of(&self.below(&container.node, option))
    }
}

/// `--gpus all` is the device `nvidia.com/gpu=all` for podman.
fn gpu_device(gpus: &str) -> String {
    format!("nvidia.com/gpu={gpus}")
}

fn distinct(mut backends: Vec<Backend>) -> Vec<Backend> {
    backends.sort();
    backends.dedup();
    backends
}

/// The known beginning of a text, with `…` where a hole follows.
fn known(text: &Text) -> String {
    let mut result = text.known_prefix();
    if text.pieces.iter().any(|piece| matches!(piece, TextPiece::Hole(_))) {
        result.push('…');
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_many_spellings() {
        let read = |text: &str| {
            let image = ImageReference::read(&Text::known(text));
            let tag = image.tag.as_ref().map(|tag| tag.value().cloned().unwrap_or_default());
            (image.name.unwrap_or_default(), tag, image.has_digest)
        };
        let is = |name: &str, tag: Option<&str>, digest| (name.to_owned(), tag.map(str::to_owned), digest);
        assert_eq!(read("web"), is("web", None, false));
        assert_eq!(read("docker.io/library/web:2"), is("docker.io/library/web", Some("2"), false));
        assert_eq!(read("localhost:5000/web"), is("localhost:5000/web", None, false));
        assert_eq!(read("web:latest@sha256:0a"), is("web", Some("latest"), true));
        assert_eq!(read("web@sha256:0a"), is("web", None, true));
    }
}
