use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers that get an NVIDIA card by its device files, `/dev/nvidia0` and the like, and units
    /// that allow these files by name.
    ///
    /// ## Why is this bad?
    /// The device files are half of it: the libraries of the driver in the container have to be those of the
    /// kernel module of the host, and nothing puts them there. Some of the files, `/dev/nvidia-uvm` among
    /// them, are made only when a program first uses the card; a container that starts earlier fails. CDI,
    /// the interface for such devices, brings files, libraries and settings together. In `DeviceAllow` of a
    /// unit, a file that is not there yet when the unit starts is passed over, and stays forbidden (`native`).
    ///
    /// ## Example
    /// ```nix
    /// { virtualisation.oci-containers.containers.llm.devices = [ "/dev/nvidia0" "/dev/nvidiactl" ]; }
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
    /// Containers of systemd-nspawn (`containers.<name>`) know no CDI and are not looked at.
    ///
    /// ## Fix safety
    /// Unsafe: the toolkit has to be enabled on the host, and the unit of the container ordered after the
    /// generator of its specification.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/services/hardware/nvidia-container-toolkit/default.nix
    /// - nixpkgs, nixos/modules/services/misc/ollama.nix: `char-nvidiactl` and others in `DeviceAllow`
    /// - systemd.resource-control(5), `DeviceAllow`
    pub struct RawNvidiaDevice {}

    name: "raw-nvidia-device",
    summary: "NVIDIA card by its device files instead of CDI",
    group: Services,
    level: Warning,
    variants: [native: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["virtualisation.oci-containers.containers.*.*"],
}

/// What the device files of the card begin with.
const FILES: &str = "/dev/nvidia";

/// What the CDI names of cards begin with.
const INTERFACE: &str = "nvidia.com/gpu=";

/// All cards, by their CDI name.
const ALL: &str = "nvidia.com/gpu=all";

/// What a fix does.
struct Change {
    /// The place of the CDI device.
    filled: Option<(Span, String)>,
    /// Elements that go.
    removed: Vec<Patch>,
}

impl HostRule for RawNvidiaDevice {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for run in host.container_runs().iter() {
            let is_raw = |option: &&RunOption| {
                matches!(option.name.as_str(), "device" | "volume")
                    && option.value.known_prefix().starts_with(FILES)
            };
            let raw: Vec<&RunOption> = run.options.iter().filter(is_raw).collect();
            if let Some(first) = raw.first() {
                report(cx, run, first, &raw);
            }
        }
        for (keys, node) in host.nodes("systemd.services.*.serviceConfig.DeviceAllow") {
            let is_raw = |item: &&Item| {
                let text = item.exact().unwrap_or_default();
                // A pattern is another mistake.
                text.starts_with(FILES) && !text.contains(['*', '?', '['])
            };
            if let Some(item) = host.items(&node).0.iter().find(is_raw)
                && let Some(unit) = keys.first()
            {
                report_native(cx, &unit.display(), item);
            }
        }
    }
}

fn report(cx: &mut HostContext<'_>, run: &ContainerRun, first: &RunOption, raw: &[&RunOption]) {
    let name = run.name().replace('*', "…");
    let has_interface = run.named("device").any(|option| option.value.known_prefix().starts_with(INTERFACE));
    let edits = if has_interface { without(cx, raw) } else { to_interface(cx, raw) };
    let message = format!("container `{name}` gets the NVIDIA card by its device files");
    let Some(mut report) = cx.report_item(&first.item, message) else { return };
    report = report.here(match has_interface {
        true => "CDI brings it already".to_owned(),
        false => format!("CDI calls it `{ALL}`, and brings the libraries of the driver with it"),
    });
    for option in raw.iter().skip(1) {
        if let Some(span) = option.span() {
            report = report.label(span, "and this");
        }
    }
    if let Some(change) = edits {
        let title = if has_interface { "leave it to CDI".to_owned() } else { format!("ask for `{ALL}`") };
        report = report.fix(Applicability::Unsafe, title, |edits| {
            if let Some((span, text)) = &change.filled {
                edits.replace_span(*span, text.clone());
            }
            change.removed.iter().for_each(|patch| edits.patch(patch));
        });
    }
    let _ = report
        .help(format!("enable `hardware.nvidia-container-toolkit` and ask for the device `{ALL}`"))
        .note("Cause: the libraries of the driver have to match the kernel module of the host, and come from neither the image nor the device files.")
        .note(format!("To validate: exec nvidia-smi in container `{name}`."));
}

/// The devices gone; `None` where they are not written in lists.
fn without(cx: &HostContext<'_>, raw: &[&RunOption]) -> Option<Change> {
    let removed = |option: &&RunOption| match &option.flag {
        Some(flag) => cx.remove_items(&[flag, &option.item]),
        None => cx.remove_item(&option.item),
    };
    let removed: Option<Vec<Patch>> = raw.iter().map(removed).collect();
    Some(Change { filled: None, removed: removed? })
}

/// The first device as one of CDI, and the others gone; `None` where they are not written in lists.
fn to_interface(cx: &HostContext<'_>, raw: &[&RunOption]) -> Option<Change> {
    if raw.iter().any(|option| option.name == "volume" || option.flag.is_some()) {
        return None;
    }
    let (first, rest) = raw.split_first()?;
    let span = first.span()?;
    cx.text(span).strip_prefix('"').filter(|text| !text.starts_with('\''))?;
    let text = match first.source {
        "devices" => format!("\"{ALL}\""),
        _ => format!("\"--device={ALL}\""),
    };
    let removed: Option<Vec<Patch>> = rest.iter().map(|option| cx.remove_item(&option.item)).collect();
    Some(Change { filled: Some((span, text)), removed: removed? })
}

fn report_native(cx: &mut HostContext<'_>, unit: &str, item: &Item) {
    let unit = unit.replace('*', "…");
    let message = format!("`{unit}.service` allows files of the NVIDIA card by name");
    let Some(report) = cx.report_item(item, message) else { return };
    let _ = report
        .variant(&RawNvidiaDevice::META, "native")
        .here("it stays forbidden where the file is not there yet")
        .help("allow the kinds of device: `char-nvidiactl`, `char-nvidia-frontend`, `char-nvidia-uvm`, `char-nvidia-caps`")
        .note("Cause: systemd looks the file up when the unit starts; some files of the driver are made only on first use.")
        .note(format!("To validate: systemctl restart {unit}.service right after boot, before the card is used."));
}
