use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers with the TensorRT image of Frigate that make their models with half precision. Meant
    /// for hosts with a card of the Pascal generation: select the rule, and name these hosts where not all
    /// have one.
    ///
    /// ## Why is this bad?
    /// Cards of that generation (GTX 10, P4, P40) compute with half precision at a fraction of their speed,
    /// and some models come out wrong. Frigate uses half precision unless `USE_FP16` is `"false"`.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers.frigate = {
    ///     image = "ghcr.io/blakeblackshear/frigate:0.15.2-tensorrt";
    ///     environment.YOLO_MODELS = "yolov7-320";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   virtualisation.oci-containers.containers.frigate = {
    ///     image = "ghcr.io/blakeblackshear/frigate:0.15.2-tensorrt";
    ///     environment.YOLO_MODELS = "yolov7-320";
    ///     environment.USE_FP16 = "false";
    ///   };
    /// }
    /// ```
    ///
    /// ## References
    /// - blakeblackshear/frigate, docs/docs/configuration/object_detectors.md
    pub struct TensorrtFp16Pascal {
        /// The hosts that have such a card; all, where it is empty.
        hosts: Vec<String> = Vec::new(),
    }

    name: "tensorrt-fp16-pascal",
    summary: "half precision on a card that is slow at it",
    group: Services,
    level: Info,
    default: Off,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for TensorrtFp16Pascal {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let is_meant = |name: &String| self.hosts.is_empty() || self.hosts.contains(name);
        if !host.name.as_ref().is_none_or(is_meant) {
            return;
        }
        for run in host.container_runs().iter() {
            let Some((image, _)) = host.image_reference(&run.container) else { continue };
            let is_frigate = image.name.is_some_and(|name| name.ends_with("/frigate"));
            let tag = image.tag.as_ref().and_then(Known::value);
            if !is_frigate || !tag.is_some_and(|tag| tag.contains("tensorrt")) {
                continue;
            }
            let environment = host.below(&run.container.node, "environment");
            let models = host.below(&environment, "YOLO_MODELS");
            let precision = host.below(&environment, "USE_FP16");
            // A file may set it.
            let is_open =
                run.is_open || environment.open().is_some() || run.named("env-file").next().is_some();
            let by_flag = run.named("env").any(|option| option.value.known_prefix().starts_with("USE_FP16="));
            let is_set = precision.definitions().iter().any(|definition| {
                definition.value.as_str().is_none_or(|value| value.eq_ignore_ascii_case("false"))
            });
            if !is_open
                && !by_flag
                && !is_set
                && let Some(definition) = models.definitions().first()
            {
                report(cx, run, definition);
            }
        }
    }
}

fn report(cx: &mut HostContext<'_>, run: &ContainerRun, definition: &Definition) {
    let Some(span) = definition.span().filter(|span| !cx.has_reported(*span)) else { return };
    let name = run.name().replace('*', "…");
    let _ = cx
        .report(span, format!("container `{name}` makes these models with half precision"))
        .here("slow on a card of the Pascal generation")
        .help("set `environment.USE_FP16 = \"false\";`, as a string")
        .note("Cause: Frigate uses half precision by default, which these cards do at a fraction of their speed.")
        .note(format!("To validate: delete the models made so far, restart `{name}` and compare the inference time."));
}
