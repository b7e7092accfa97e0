use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds images of `virtualisation.oci-containers` without a tag, or with the tag `latest`.
    ///
    /// ## Why is this bad?
    /// What runs is whatever the registry had when the image was last pulled. Two hosts with the same
    /// configuration run different programs, a rollback of NixOS does not bring the old one back, and
    /// a new machine gets a version that nobody has tried.
    ///
    /// ## Example
    /// ```nix
    /// { virtualisation.oci-containers.containers.feeds.image = "docker.io/miniflux/miniflux:latest"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { virtualisation.oci-containers.containers.feeds.image = "docker.io/miniflux/miniflux:2.2.12"; }
    /// ```
    ///
    /// ## Exceptions
    /// Images that a digest pins, that Nix builds (`imageFile`, `imageStream`) or that were built on the
    /// host (`localhost/…`) are not reported, nor those that podman updates by itself
    /// (`io.containers.autoupdate`). With `pull = "always"` or `"newer"` the finding is only an info
    /// (`pulled`): to follow the tag is then what was asked for.
    ///
    /// ## References
    /// - nixpkgs, nixos/modules/virtualisation/oci-containers.nix
    /// - podman-auto-update(1)
    pub struct ContainerMutableTag {}

    name: "container-mutable-tag",
    summary: "image without a tag, or with the tag `latest`",
    group: Security,
    level: Warning,
    variants: [pulled: Info],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

/// The tag that registries give to what was pushed last, and that stands where none is written.
const MUTABLE: &str = "latest";

/// The label by which podman is asked to update a container.
const AUTO_UPDATE: &str = "io.containers.autoupdate";

impl HostRule for ContainerMutableTag {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for run in host.container_runs().iter() {
            let container = &run.container;
            let Some((image, definition)) = host.image_reference(container) else { continue };
            let Some(name) = image.name.clone() else { continue };
            let is_mutable = match &image.tag {
                None => !image.is_open,
                Some(tag) => tag.value().is_some_and(|tag| tag == MUTABLE),
            };
            // What `docker-archive:/a.tar` and the like name is no image of a registry.
            const PLACES: [&str; 6] =
                ["containers-storage", "dir", "docker-archive", "docker-daemon", "oci", "oci-archive"];
            let is_local = definition.value.as_str().is_some_and(|written| {
                written.split_once(':').is_some_and(|(transport, _)| PLACES.contains(&transport))
            });
            let is_never_pulled = run.named("pull").any(|option| option.text().as_deref() == Some("never"));
            let stays = is_local || is_never_pulled || name.starts_with("localhost/");
            if !is_mutable || image.has_digest || stays {
                continue;
            }
            let is_set = |option: &str| !host.below(&container.node, option).definitions().is_empty();
            if is_set("imageFile") || is_set("imageStream") || is_updated(host, run) {
                continue;
            }
            report(cx, run, &name, image.tag.is_some(), &definition);
        }
    }
}

/// Whether podman may be asked to keep the container up to date.
fn is_updated(host: &Host<'_>, run: &ContainerRun) -> bool {
    let label = host.below(&run.container.node, &format!("labels.\"{AUTO_UPDATE}\""));
    !label.definitions().is_empty()
        || run.named("label").any(|option| option.value.known_prefix().starts_with(AUTO_UPDATE))
}

fn report(cx: &mut HostContext<'_>, run: &ContainerRun, name: &str, has_tag: bool, definition: &Definition) {
    let Some(span) = definition.span().filter(|span| !cx.has_reported(*span)) else { return };
    let pulls = run.named("pull").any(|option| matches!(option.text().as_deref(), Some("always" | "newer")));
    let short = name.rsplit('/').next().unwrap_or(name);
    let (message, here) = if has_tag {
        (format!("image `{short}` has the tag `latest`"), "what this is depends on when it was pulled")
    } else {
        (format!("image `{short}` has no tag"), "this means `latest`")
    };
    let mut report = cx.report(span, message).here(here);
    if let Some(binding) = definition
        .binding
        .filter(|binding| binding.file == span.file && binding.range().contains_range(span.range()))
    {
        report = report.covers(binding.range());
    }
    if pulls {
        report = report.variant(&ContainerMutableTag::META, "pulled");
    }
    let _ = report
        .help("name a version, or pin the image with `@sha256:…`")
        .note("Cause: the tag moves with every release; NixOS neither sees nor undoes that.")
        .note(format!("To validate: skopeo inspect --format '{{{{.Digest}}}}' docker://{name}:VERSION."));
}
