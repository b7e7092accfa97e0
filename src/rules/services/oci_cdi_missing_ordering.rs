use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers of `virtualisation.oci-containers` that get an NVIDIA GPU through CDI, the Container
    /// Device Interface (`nvidia.com/gpu=all`), and whose unit is not ordered after the unit that writes the
    /// CDI specification.
    ///
    /// ## Why is this bad?
    /// `nvidia-container-toolkit-cdi-generator.service` writes the specification at boot. Nothing in NixOS
    /// orders container units after it, so at boot the container may start first, fail with `unresolvable
    /// CDI devices`, restart into the start limit, and stay down.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   hardware.nvidia-container-toolkit.enable = true;
    ///   virtualisation.oci-containers.backend = "podman";
    ///   virtualisation.oci-containers.containers.llm.devices = [ "nvidia.com/gpu=all" ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   hardware.nvidia-container-toolkit.enable = true;
    ///   virtualisation.oci-containers.backend = "podman";
    ///   virtualisation.oci-containers.containers.llm.devices = [ "nvidia.com/gpu=all" ];
    ///   systemd.services.podman-llm = {
    ///     after = [ "nvidia-container-toolkit-cdi-generator.service" ];
    ///     requires = [ "nvidia-container-toolkit-cdi-generator.service" ];
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// `after` alone is enough: with `requires`, a failed generator takes the container down, and every
    /// restart of the generator restarts the container. Authors leave it out on purpose.
    ///
    /// With docker, whose daemon itself waits for the generator in newer versions of nixpkgs, it is a warning (`docker`).
    /// A container that does not start on its own (`autoStart = false`) is an info (`manual`).
    ///
    /// ## Fix safety
    /// Adding `after` and `wants` is safe where the toolkit is enabled and the unit's name is known; adding
    /// `requires` is a decision, and therefore unsafe.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/services/hardware/nvidia-container-toolkit/default.nix
    /// - NixOS/nixpkgs issues 353059 and 420638
    pub struct OciCdiMissingOrdering {
        /// What the patch adds beside `after`, and what counts as enough: `requires`, `wants` or `after`.
        dependency: Wanted = Wanted::Any,
    }

    name: "oci-cdi-missing-ordering",
    summary: "GPU container may start before its CDI specification is written",
    group: Services,
    level: Error,
    variants: [docker: Warning, manual: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["systemd.services.*.after", "systemd.services.*.requires", "systemd.services.*.wants"],
}

/// Which dependency on the generator is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// Any order after the generator is enough; the patch adds `requires` where that is possible.
    Any,
    /// `after` and `requires`.
    Requires,
    /// `after` and `wants` (or stronger).
    Wants,
    /// `after`.
    After,
}

impl HostRule for OciCdiMissingOrdering {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        if host.open("systemd.services").is_some() {
            return;
        }
        for container in host.running_containers() {
            let Some((request, interface)) = cdi_request(host, &container) else { continue };
            let units = host.container_units(&container);
            if units.is_empty() || units.iter().any(|unit| self.is_ordered(host, unit, &interface.generator))
            {
                continue;
            }
            if is_ordered_by_dependency(self, host, &container, &interface.generator, 0) {
                continue;
            }
            self.report(host, cx, &container, &request, interface, &units);
        }
    }
}

/// The first CDI device that the container asks for.
fn cdi_request(
    host: &Host<'_>,
    container: &Container,
) -> Option<(DeviceRequest, &'static nixos::containers::DeviceInterface)> {
    let backends = host.container_backends();
    let podman_only = backends == [nixos::containers::Backend::Podman];
    host.device_requests(container).into_iter().find_map(|request| {
        let interface = nixos::containers::interface_of_device(&request.device)?;
        let counts = !request.by_gpus || podman_only;
        (counts && request.item.condition != Condition::False).then_some((request, interface))
    })
}

/// Whether a container that this one waits for is ordered itself.
fn is_ordered_by_dependency(
    rule: &OciCdiMissingOrdering,
    host: &Host<'_>,
    container: &Container,
    generator: &str,
    depth: u32,
) -> bool {
    if depth > 10 {
        return true;
    }
    let (names, open) = host.items(&host.below(&container.node, "dependsOn"));
    if open.is_some() {
        return true;
    }
    let all = host.containers();
    names.iter().filter_map(Item::exact).any(|name| {
        all.iter().filter(|other| other.key.may_be(&name)).any(|other| {
            host.container_units(other).iter().any(|unit| rule.is_ordered(host, unit, generator))
                || is_ordered_by_dependency(rule, host, other, generator, depth + 1)
        })
    })
}

impl OciCdiMissingOrdering {
    /// Whether a unit is, or may be, ordered after the generator as the options ask.
    fn is_ordered(&self, host: &Host<'_>, unit: &OptionKey, generator: &str) -> bool {
        let names = |attribute: &str| {
            host.services_called(unit).iter().any(|service| {
                let attribute = DEPENDENCIES.iter().find(|known| known.option == attribute);
                attribute.is_some_and(|attribute| {
                    let (items, is_open) = host.dependencies(service, attribute);
                    is_open || items.iter().any(|item| may_name(item, generator))
                })
            })
        };
        let declared_before = || {
            let key = OptionKey::Name(generator.trim_end_matches(".service").into());
            host.services_called(&key).iter().any(|service| {
                let (items, open) = host.items(&host.below(&service.node, "before"));
                let wanted = format!("{}.service", unit.display());
                open.is_some() || items.iter().any(|item| may_name(item, &wanted))
            })
        };
        let by_others = || {
            let unit = format!("{}.service", unit.display());
            host.may_start_after(&unit, generator)
        };
        let has_order = names("after") || declared_before();
        // Other units, such as targets, may order the two and pull the generator in.
        if !has_order && by_others() {
            return true;
        }
        match self.dependency {
            Wanted::Any | Wanted::After => has_order,
            Wanted::Wants => has_order && (names("wants") || names("requires") || names("bindsTo")),
            Wanted::Requires => has_order && (names("requires") || names("bindsTo")),
        }
    }

    fn report(
        &self,
        host: &Host<'_>,
        cx: &mut HostContext<'_>,
        container: &Container,
        request: &DeviceRequest,
        interface: &'static nixos::containers::DeviceInterface,
        units: &[OptionKey],
    ) {
        let Some(span) = request.item.span.filter(|span| !cx.has_reported(*span)) else { return };
        let generator = interface.generator.as_str();
        let toolkit = interface.enable.iter().find_map(|option| host.enabled_by(&option.to_string()));
        let is_manual = match host.container_value(container, "autoStart") {
            Resolved::Known(value) => matches!(value.value, Value::Bool(false)),
            _ => false,
        };
        let is_docker = host.container_backends() == [nixos::containers::Backend::Docker];
        let unit = match units {
            [unit] => format!("{}.service", unit.display().replace('*', "…")),
            _ => format!("the unit of `{}`", container.key.display().replace('*', "…")),
        };
        let subject = if units.len() == 1 { format!("`{unit}`") } else { unit.clone() };
        let message = if is_manual {
            format!("{subject} is not ordered after the CDI generator; it does not start on its own")
        } else {
            format!("{subject} may start before the CDI specification of its GPU is written")
        };
        let exact = match units {
            [unit] => unit.exact().map(str::to_owned),
            _ => None,
        };
        // The definition of the list that the device stands in, else one of the container.
        let item = &request.item;
        let is_in_place = item
            .definition
            .binding
            .is_some_and(|binding| binding.file == span.file && binding.range().contains_range(span.range()));
        let near = if is_in_place || item.definition.binding.is_some() {
            let definition = Definition { condition: item.condition.clone(), ..item.definition.clone() };
            Some(Near { definition, value: is_in_place.then_some(span) })
        } else {
            None
        };
        let add = |second: Option<&str>| {
            let mut dependencies = vec![("after", generator)];
            dependencies.extend(second.map(|second| (second, generator)));
            let missing: Vec<(&str, &str)> = dependencies
                .into_iter()
                .filter(|(attribute, _)| {
                    !exact.as_deref().is_some_and(|unit| already(host, unit, attribute, generator))
                })
                .collect();
            cx.add_dependencies(host, exact.as_deref()?, near.as_ref()?, &missing)
        };
        let is_known = toolkit.is_some();
        let safe = if is_known { Applicability::Safe } else { Applicability::Unsafe };
        let mut fixes = Vec::new();
        match self.dependency {
            Wanted::Requires => fixes.push((Applicability::Unsafe, "requires", add(Some("requires")))),
            Wanted::Wants => fixes.push((safe, "wants", add(Some("wants")))),
            Wanted::After => fixes.push((safe, "after", add(None))),
            // What is required already only wants the order.
            Wanted::Any
                if exact.as_deref().is_some_and(|unit| already(host, unit, "requires", generator)) =>
            {
                fixes.push((safe, "after", add(None)));
            }
            Wanted::Any if toolkit.is_some() => {
                fixes.push((Applicability::Unsafe, "requires", add(Some("requires"))));
            }
            Wanted::Any => fixes.push((Applicability::Unsafe, "wants", add(Some("wants")))),
        }

        let mut report = cx.report(span, message).here("this device is in a specification written at boot");
        if let Some(definition) = request.item.definition.binding.filter(|binding| binding.file == span.file)
        {
            report = report.covers(definition.range());
        }
        if let Some(place) = toolkit.as_ref().and_then(Definition::span) {
            report = report.label(place, "the generator is enabled here");
        }
        if is_manual {
            report = report.variant(&Self::META, "manual");
        } else if is_docker {
            report = report.variant(&Self::META, "docker");
        }
        for (applicability, dependency, patch) in fixes {
            let Some(patch) = patch else { continue };
            let title = match dependency {
                "after" => format!("order it after `{generator}`"),
                dependency => format!("order it after `{generator}`, with `{dependency}`"),
            };
            report = report.fix(applicability, title, |edits| edits.patch(&patch));
        }
        let _ = report
            .help(format!("add `{generator}` to `after` and `requires` of the container's unit"))
            .note(
                "Cause: NixOS orders the generator neither before the container runtime nor before containers; \
                 a start that fails early is repeated only up to the start limit.",
            )
            .note(match &toolkit {
                Some(_) => "Assumed: the container should fail visibly when the generator fails; with `after` alone it starts anyway.",
                None => "Assumed: nothing in the project enables the toolkit, so the patch does not require its unit.",
            })
            .note(format!(
                "To validate: nixos-rebuild dry-build; then systemctl list-dependencies --after {} and journalctl -b -u {}.",
                exact.as_deref().unwrap_or("UNIT"),
                exact.as_deref().unwrap_or("UNIT"),
            ));
    }
}

/// Whether the item is, or may be, this name.
fn may_name(item: &Item, name: &str) -> bool {
    match item.text() {
        Some(text) => OptionKey::Pattern(text.clone()).may_be(name),
        None => !matches!(item.value.value, Value::Null | Value::Bool(_) | Value::Int(_)),
    }
}

/// Whether the attribute of the unit names the generator already.
fn already(host: &Host<'_>, unit: &str, attribute: &str, generator: &str) -> bool {
    host.services_called(&OptionKey::Name(unit.into())).iter().any(|service| {
        let (items, _) = host.items(&host.below(&service.node, attribute));
        items.iter().any(|item| item.exact().as_deref() == Some(generator))
    })
}
