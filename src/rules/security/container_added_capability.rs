use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds containers of `virtualisation.oci-containers` that get a capability, or lose a protection, with
    /// which a program can leave its container: `--cap-add=SYS_ADMIN`, `--security-opt=seccomp=unconfined`
    /// and the like.
    ///
    /// ## Why is this bad?
    /// Capabilities are what is left of being root in a container. `SYS_ADMIN` alone allows to mount the
    /// disk of the host, `SYS_MODULE` to load code into its kernel, `DAC_READ_SEARCH` to read any of its
    /// files.
    ///
    /// ## Example
    /// ```nix
    /// { virtualisation.oci-containers.containers.vpn.capabilities.SYS_ADMIN = true; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { virtualisation.oci-containers.containers.vpn.capabilities.NET_ADMIN = true; }
    /// ```
    ///
    /// ## Exceptions
    /// Capabilities that stay within the namespaces of the container are not reported, such as `NET_ADMIN`.
    /// `apparmor=unconfined` is reported only where AppArmor is on.
    ///
    /// ## References
    /// - capabilities(7)
    /// - docker-run(1) and podman-run(1): `--cap-add`, `--security-opt`
    pub struct ContainerAddedCapability {}

    name: "container-added-capability",
    summary: "container gets a capability that makes it root on the host",
    group: Security,
    level: Warning,
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for ContainerAddedCapability {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        for run in host.container_runs().iter() {
            // Then it has all of this already.
            if run.privileged().is_some() {
                continue;
            }
            for option in &run.options {
                let Some(value) = option.text() else { continue };
                match option.name.as_str() {
                    "cap-add" => {
                        for name in value.split(',') {
                            if let Some(capability) = nixos::isolation::capability(name) {
                                let what = format!("gets the capability `{name}`");
                                report(cx, run, option, &what, &capability.gives);
                            }
                        }
                    }
                    "security-opt" => {
                        if let Some(protection) = nixos::isolation::security_option(&value)
                            && is_there(host, protection)
                        {
                            report(cx, run, option, &format!("runs with `{value}`"), &protection.gives);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Whether the host has the protection that is taken away.
fn is_there(host: &Host<'_>, protection: &nixos::isolation::SecurityOption) -> bool {
    protection.needs.as_ref().is_none_or(|option| host.enabled_by(&option.to_string()).is_some())
}

fn report(cx: &mut HostContext<'_>, run: &ContainerRun, option: &RunOption, what: &str, gives: &str) {
    let name = run.name().replace('*', "…");
    let Some(report) = cx.report_item(&option.item, format!("container `{name}` {what}")) else { return };
    let _ = report
        .here(format!("this allows {gives}"))
        .help("leave it out, or give the one device, mount or capability that the program needs")
        .note("Cause: with it, a program that is root in the container has ways to become root on the host.")
        .note(format!("To validate: start `{name}` without it and look for errors in its log."));
}
