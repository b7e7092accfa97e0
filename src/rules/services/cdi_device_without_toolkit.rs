use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers that ask for an NVIDIA card by its name in CDI, the Container Device Interface
    /// (`nvidia.com/gpu=all`), on hosts that do not enable the NVIDIA container toolkit, which writes the
    /// specification of that device.
    ///
    /// ## Why is this bad?
    /// Without the specification the runtime does not know the device, and the container never starts.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   hardware.nvidia-container-toolkit.enable = false;
    ///   virtualisation.oci-containers.containers.llm.devices = [ "nvidia.com/gpu=all" ];
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   hardware.nvidia-container-toolkit.enable = true;
    ///   virtualisation.oci-containers.containers.llm.devices = [ "nvidia.com/gpu=all" ];
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// A specification that is written by hand or by `nvidia-ctk` outside of NixOS.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/services/hardware/nvidia-container-toolkit/default.nix
    pub struct CdiDeviceWithoutToolkit {}

    name: "cdi-device-without-toolkit",
    summary: "container asks for a CDI device, but nothing writes its specification",
    group: Services,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
    supersedes: ["oci-cdi-missing-ordering"],
}

impl HostRule for CdiDeviceWithoutToolkit {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let podman_only = host.container_backends() == [nixos::containers::Backend::Podman];
        for container in host.containers() {
            for request in host.device_requests(&container) {
                let Some(interface) = nixos::containers::interface_of_device(&request.device) else {
                    continue;
                };
                let counts = !request.by_gpus || podman_only;
                let options: Vec<String> = interface.enable.iter().map(ToString::to_string).collect();
                let is_set = options.iter().any(|option| !host.definitions(option).is_empty());
                let may_be_there = options
                    .iter()
                    .any(|option| host.may_be_enabled(option) || !is_set && host.open(option).is_some());
                if counts && !may_be_there && !writes_specification(host) {
                    report(host, cx, &request);
                }
            }
        }
    }
}

/// Whether the project writes a specification itself.
fn writes_specification(host: &Host<'_>) -> bool {
    let in_etc = host
        .nodes("environment.etc.*")
        .iter()
        .any(|(keys, _)| keys.iter().any(|key| key.display().starts_with("cdi/")));
    let by_unit = host.nodes("systemd.services.*").iter().any(|(keys, _)| {
        keys.iter().any(|key| key.display().contains("cdi") || key.display().contains("nvidia-ctk"))
    });
    in_etc || by_unit
}

fn report(host: &Host<'_>, cx: &mut HostContext<'_>, request: &DeviceRequest) {
    let Some(span) = request.item.span.filter(|span| !cx.has_reported(*span)) else { return };
    let shown = if request.by_gpus { "--gpus=all" } else { request.device.as_str() };
    let owner = match &host.name {
        Some(name) => format!("which `{name}` does not enable"),
        None => "which nothing here enables".to_owned(),
    };
    let mut report = cx
        .report(span, format!("`{shown}` needs the NVIDIA container toolkit, {owner}"))
        .here("no CDI specification names this device");
    if let Some(binding) = request.item.definition.binding.filter(|binding| binding.file == span.file) {
        report = report.covers(binding.range());
    }
    let _ = report
        .help("set `hardware.nvidia-container-toolkit.enable = true;` on the host")
        .note("Cause: the specification under /var/run/cdi is written by the toolkit's generator unit only.")
        .note("To validate: after switching, ls /var/run/cdi and systemctl status nvidia-container-toolkit-cdi-generator.");
}
