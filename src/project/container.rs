//! Containers of `virtualisation.oci-containers`.

use std::rc::Rc;

use super::host::{Host, Item};
use super::options::Resolved;
use super::table::{Node, OptionKey};
use super::view::{Setting, presence};
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

impl Host<'_> {
    /// The containers.
    pub fn containers(&self) -> Vec<Container> {
        let nodes = self.nodes(&format!("{CONTAINERS}.*"));
        nodes.into_iter().filter_map(|(mut keys, node)| Some(Container { key: keys.pop()?, node })).collect()
    }

    /// The backends that may run the containers; exactly one where it is known.
    pub fn container_backends(&self) -> Vec<Backend> {
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
        let mut requests = Vec::new();
        let (devices, _) = self.items(&self.below(&container.node, "devices"));
        for item in devices {
            if let Some(text) = item.text() {
                let device = known(text);
                requests.push(DeviceRequest { item, device, by_gpus: false });
            }
        }
        let (options, _) = self.items(&self.below(&container.node, "extraOptions"));
        for (index, item) in options.iter().enumerate() {
            let Some(text) = item.text() else { continue };
            let option = known(text);
            let next = || options.get(index + 1).and_then(|next| Some((next.clone(), known(next.text()?))));
            match option.as_str() {
                "--device" => {
                    if let Some((item, device)) = next() {
                        requests.push(DeviceRequest { item, device, by_gpus: false });
                    }
                }
                "--gpus" => {
                    if let Some((_, gpus)) = next() {
                        let item = item.clone();
                        requests.push(DeviceRequest { item, device: gpu_device(&gpus), by_gpus: true });
                    }
                }
                _ => {
                    if let Some(device) = option.strip_prefix("--device=") {
                        let device = device.to_owned();
                        requests.push(DeviceRequest { item: item.clone(), device, by_gpus: false });
                    } else if let Some(gpus) = option.strip_prefix("--gpus=") {
                        requests.push(DeviceRequest {
                            item: item.clone(),
                            device: gpu_device(gpus),
                            by_gpus: true,
                        });
                    }
                }
            }
        }
        requests
    }

    /// The image that the container runs, without tag and digest, where that is known.
    pub fn container_image(&self, container: &Container) -> Option<String> {
        let (_, given) = presence(container.node.definitions());
        let Setting::Known(val, _) = self.setting(&self.below(&container.node, "image"), &given) else {
            return None;
        };
        let Value::Str(text) = &val.value else { return None };
        let text = self.resolve_text(text);
        let known = text.known_prefix();
        // A colon further in front is that of a port.
        let name = known.rfind('/').map_or(0, |slash| slash + 1);
        match known[name..].find([':', '@']) {
            Some(end) => Some(known[..name + end].to_owned()),
            None => text.exact(),
        }
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
