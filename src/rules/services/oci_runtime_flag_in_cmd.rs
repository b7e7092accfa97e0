use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds flags of docker or podman in `cmd` of containers.
    ///
    /// ## Why is this bad?
    /// `cmd` stands behind the image on the command line: it is handed to the program in the container. The
    /// runtime never sees the flag, so the container gets no GPU, device or capability; and most programs
    /// refuse a flag that they do not know.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers.llm = {
    ///     image = "docker.io/ollama/ollama:0.12.6";
    ///     cmd = [ "--device=nvidia.com/gpu=all" ];
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers.llm = {
    ///     image = "docker.io/ollama/ollama:0.12.6";
    ///     extraOptions = [ "--device=nvidia.com/gpu=all" ];
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Programs have flags of these names too: only values are reported that mean nothing but to a runtime,
    /// such as `--gpus=all` or `--device=/dev/a:/dev/b`. Images that bring docker or podman themselves are
    /// left out.
    ///
    /// ## Fix safety
    /// Unsafe: what the flag asks for takes effect for the first time.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/virtualisation/oci-containers.nix
    pub struct OciRuntimeFlagInCmd {}

    name: "oci-runtime-flag-in-cmd",
    summary: "flag of the container runtime among the arguments of the program",
    group: Services,
    level: Error,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["virtualisation.oci-containers.containers.*.*"],
}

/// What names of images have in them that run containers, and programs that do.
const RUNTIMES: [&str; 8] =
    ["docker", "podman", "dind", "buildah", "nerdctl", "containerd", "runner", "kaniko"];

impl HostRule for OciRuntimeFlagInCmd {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for run in host.container_runs().iter().filter(|run| !run.cmd.is_empty()) {
            if runs_containers(host, run) {
                continue;
            }
            for (index, item) in run.cmd.iter().enumerate() {
                let Some(text) = item.exact() else { continue };
                let Some(flag) = text.strip_prefix("--") else { continue };
                let next = run.cmd.get(index + 1);
                let (name, value, second) = match flag.split_once('=') {
                    Some((name, value)) => (name, value.to_owned(), None),
                    None if nixos::isolation::is_runtime_flag(flag) => {
                        let Some(value) = next.and_then(Item::exact) else { continue };
                        (flag, value, next)
                    }
                    None => continue,
                };
                if nixos::isolation::runtime_flag(name, &value).is_some() {
                    report(host, cx, run, item, second, &format!("--{name}={value}"));
                }
            }
        }
    }
}

/// Whether the program in the container may be a runtime itself.
fn runs_containers(host: &Host<'_>, run: &ContainerRun) -> bool {
    let image = host.image_reference(&run.container).and_then(|(image, _)| image.name);
    let Some(image) = image else { return true };
    // The registry is no part of what the image is.
    let name = match image.split_once('/') {
        Some((registry, name)) if registry.contains(['.', ':']) => name,
        _ => &image,
    };
    let is_runtime = |text: &str| RUNTIMES.iter().any(|runtime| text.contains(runtime));
    let entrypoint = host.container_text(&run.container, "entrypoint");
    is_runtime(name)
        || entrypoint.is_some_and(|program| is_runtime(&program))
        || run.cmd.first().is_some_and(|program| program.exact().is_none())
        || run.cmd.iter().filter_map(Item::exact).any(|text| {
            let program = text.rsplit('/').next().unwrap_or_default();
            RUNTIMES.contains(&program) || program == "run" || text.contains(' ')
        })
}

fn report(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    run: &ContainerRun,
    item: &Item,
    second: Option<&Item>,
    flag: &str,
) {
    let near = Near { definition: item.definition.clone(), value: None };
    let element = format!("\"{flag}\"");
    let has_options = !host.below(&run.container.node, "extraOptions").definitions().is_empty();
    let is_all = run.cmd.len() == 1 + usize::from(second.is_some());
    let moved = if is_all && !has_options {
        let binding = format!("extraOptions = [ {element} ];");
        cx.replace_definition(&item.definition, &binding).map(|patch| vec![patch])
    } else {
        let removed = match second {
            Some(second) => cx.remove_items(&[item, second]),
            None => cx.remove_item(item),
        };
        let added = cx.add_to_container(host, &run.container, &near, "extraOptions", &element);
        removed.zip(added).map(|(removed, added)| vec![removed, added])
    };
    let name = run.name().replace('*', "…");
    let message = format!("`{flag}` is handed to the program in container `{name}`");
    let Some(mut report) = cx.report_item(item, message) else { return };
    if let Some(moved) = moved {
        report = report.fix(Applicability::Unsafe, "move it to `extraOptions`", |edits| {
            moved.iter().for_each(|patch| edits.patch(patch));
        });
    }
    let _ = report
        .here("the container runtime does not see this")
        .help("move it to `extraOptions`, or use the option of the module for it, such as `devices`")
        .note("Cause: NixOS puts `cmd` behind the image on the command line of the runtime.")
        .note(format!(
            "To validate: systemctl cat the unit of `{name}` and look what stands behind the image."
        ));
}
