use crate::prelude::*;
use nixos::systemd::is_tool;

declare_rule! {
    /// ## What it does
    /// Finds programs in `ExecStart` and its kin that are named without a path, and those with a path that does not
    /// begin at the root.
    ///
    /// ## Why is this bad?
    /// systemd of NixOS looks for programs without a path in its own folder `bin` only, whatever `path` and
    /// `Environment` say: it finds `systemctl` and the like, and for every other name the unit fails with
    /// `203/EXEC`. A path that does not begin with `/` is refused when the unit is read, and the unit cannot start
    /// at all.
    ///
    /// ## Example
    /// ```nix
    /// { systemd.services.web.serviceConfig.ExecStart = "python3 -m http.server"; }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// { pkgs, ... }: { systemd.services.web.serviceConfig.ExecStart = "${pkgs.python3}/bin/python3 -m http.server"; }
    /// ```
    ///
    /// ## Exceptions
    /// Programs of systemd, units with `ExecSearchPath` or a root of their own, and names that are not known in
    /// full. A line that begins with `-` may fail by design: then only the command never runs, which is the variant
    /// `ignored`. A program that only stops or reloads the service lets it start, and is the variant `stop`. Homes that
    /// Home Manager makes on other systems than NixOS are left alone.
    ///
    /// ## Fix safety
    /// There is no automatic fix: which package has the program is not known.
    ///
    /// ## References
    /// - systemd.service(5), "Command lines"; systemd.exec(5), `ExecSearchPath=`
    /// - nixpkgs, pkgs/os-specific/linux/systemd/default.nix (`defaultPathNormal`), and issue 262169
    pub struct ExecNotAbsolute {}

    name: "exec-not-absolute",
    summary: "program of a unit that systemd does not find",
    group: Services,
    level: Error,
    variants: [ignored: Warning, stop: Warning],
    fix: Never,
    status: Status::Stable { since: "0.1.0" },
}

impl HostRule for ExecNotAbsolute {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        host.visit_every_unit(&mut |owner, unit, _| {
            if host.class() == HostClass::Nixos && unit.suffix == "service" {
                check_unit(owner, cx, unit);
            }
        });
    }
}

fn check_unit(host: &Host<'_>, cx: &mut HostContext<'_>, unit: &Unit) {
    for command in host.unit_commands(unit, &[""]) {
        let Some(word) = command.words.first() else { continue };
        let Some(program) = word.as_literal().filter(|text| is_lost(text)) else { continue };
        if command.prefixes.contains('|') || searches_elsewhere(host, unit) {
            continue;
        }
        let Some(place) = word.span.or(command.item.span).filter(|span| !cx.has_reported(*span)) else {
            continue;
        };
        let has_folder = program.contains('/');
        let name = unit.display();
        let message = match has_folder {
            true => format!("`{program}` of `{name}` is no absolute path"),
            false => format!("systemd does not find `{program}` of `{name}`"),
        };
        let mut report = cx
            .report(place, message)
            .here(if has_folder { "does not begin with `/`" } else { "not a program of systemd" })
            .help(match has_folder {
                true => "write the whole path; `%h` stands for the home of the user".to_owned(),
                false => format!("name its package: `${{pkgs.x}}/bin/{program}`, or use `lib.getExe`"),
            })
            .note(match has_folder {
                true => "Cause: systemd takes absolute paths and bare names only, and refuses the line.",
                false => {
                    "Cause: without a path, systemd of NixOS looks in its own `bin` only, not in `path`."
                }
            })
            .note(format!("To validate: systemctl status {name}, or systemd-analyze verify on the unit."));
        if command.prefixes.contains('-') {
            report = report.variant(&ExecNotAbsolute::META, "ignored");
        } else if !has_folder && ["ExecStop", "ExecStopPost", "ExecReload"].contains(&command.directive) {
            report = report.variant(&ExecNotAbsolute::META, "stop");
        }
        if let Some(binding) = command.item.definition.binding.filter(|binding| binding.file == place.file) {
            report = report.covers(binding.range());
        }
        let _ = report;
    }
}

/// Whether systemd surely finds no such program.
fn is_lost(program: &str) -> bool {
    let is_known = !program.is_empty() && !program.contains(['%', '@', '$', '{']);
    is_known && !program.starts_with('/') && !is_tool(program)
}

/// Whether the unit may say where to look, or look at another root.
fn searches_elsewhere(host: &Host<'_>, unit: &Unit) -> bool {
    let section = host.below(&unit.node, unit.spelling.section(Section::Service));
    let is_set = |name: &&str| !host.directive(unit, Section::Service, name).definitions().is_empty();
    section.open().is_some()
        || ["ExecSearchPath", "RootDirectory", "RootImage", "ExtensionImages", "ExtensionDirectories"]
            .iter()
            .any(is_set)
}
