use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds paths with `*` in `DeviceAllow`.
    ///
    /// ## Why is this bad?
    /// systemd does not expand them: `/dev/nvidia*` names a device file of exactly that name, which does not
    /// exist, so the service gets no device. Only the groups `char-...` and `block-...` may hold stars.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.services.llm.serviceConfig.DeviceAllow = [ "/dev/nvidia* rw" ]; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { systemd.services.llm.serviceConfig.DeviceAllow = [ "char-nvidia-frontend rw" "char-nvidia-uvm rw" ]; }
    /// ```
    ///
    /// ## Fix safety
    /// There is no automatic fix: which groups the devices belong to stands in /proc/devices.
    ///
    /// ## References
    /// - systemd.resource-control(5), DeviceAllow=
    /// - nixpkgs, nixos/modules/services/misc/ollama.nix
    pub struct DeviceallowGlob {}

    name: "deviceallow-glob",
    summary: "`DeviceAllow` with a path that systemd does not expand",
    group: Services,
    level: Error,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for DeviceallowGlob {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for unit in host.units().iter().filter(|unit| unit.suffix == "service") {
            let node = host.directive(unit, Section::Service, "DeviceAllow");
            for item in host.items(&node).0 {
                let text = item.exact().unwrap_or_default();
                let path = text.split_whitespace().next().unwrap_or_default();
                if !path.starts_with("/dev/") || !path.contains(['*', '?', '[']) {
                    continue;
                }
                let message = format!("systemd does not expand `{path}` of `{}`", unit.display());
                let Some(report) = cx.report_item(&item, message) else { continue };
                let _ = report
                    .here("no device has this name")
                    .help("name each device, or a group such as `char-nvidia-frontend` (see /proc/devices)")
                    .note("Cause: only groups, `char-...` and `block-...`, may hold stars.")
                    .note(format!("To validate: systemctl show -p DeviceAllow {}.", unit.display()));
            }
        }
    }
}
