use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds `mkdir` and `install -d` of fixed paths in scripts of system units and of the activation.
    ///
    /// ## Why is this bad?
    /// The unit can only make the directory while it runs with the rights for it: with `User=` it may not
    /// write below `/var/lib`, and with `ProtectSystem=strict` it does not even start while a path of
    /// `ReadWritePaths` is missing. Owner and mode drift from one run to the next. `StateDirectory` and its
    /// kin, or a tmpfiles rule, make the directory before the unit starts, with the right owner.
    ///
    /// ## Example
    /// ```nix
    /// {
    ///   systemd.services.nvr = {
    ///     preStart = ''
    ///       mkdir -p /var/lib/nvr
    ///     '';
    ///     script = "exec nvr --data /var/lib/nvr";
    ///   };
    /// }
    /// ```
    ///
    /// Use instead:
    /// ```nix
    /// {
    ///   systemd.services.nvr = {
    ///     script = "exec nvr --data /var/lib/nvr";
    ///     serviceConfig.StateDirectory = "nvr";
    ///   };
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// Directories on disks that are mounted late: a tmpfiles rule would make them below the mount point.
    ///
    /// Where the unit cannot start at all without the directory, so that its script never gets to make it, the finding is
    /// an error (`impossible`). A script of the activation runs as root before any unit starts: an info (`activation`).
    ///
    /// ## Fix safety
    /// Unsafe: systemd gives the directory, and all in it, to the user of the unit at each start, with one mode for all
    /// directories of a directive, and names all of them in `$STATE_DIRECTORY`; a tmpfiles rule makes it once, at boot.
    /// Whether something else relies on its owner, its mode or its time cannot be seen here. No fix takes away the only
    /// thing that a unit runs.
    ///
    /// ## References
    /// - systemd.exec(5), `StateDirectory=`; tmpfiles.d(5)
    pub struct MkdirInUnitScript {}

    name: "mkdir-in-unit-script",
    summary: "script of a unit makes a directory that systemd should make",
    group: Services,
    level: Warning,
    variants: [impossible: Error, activation: Info],
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: [
        "systemd.services.*.*",
        "systemd.services.*.serviceConfig.*",
        "systemd.tmpfiles.*",
        "system.activationScripts.*",
    ],
}

const MARKS: [&str; 2] = ["mkdir", "install"];

/// Programs that mount something, or ask whether it is.
const MOUNTS: [&str; 5] = ["mount", "umount", "mountpoint", "btrfs", "zfs"];

/// Whether a text may make a directory whose path is known. Most scripts need no reading to say that they do not.
fn may_make(text: &RunText) -> bool {
    match &text.kind {
        RunKind::Script(script) => script.may_name_path(&MARKS),
        RunKind::Command { .. } => true,
    }
}

/// Whether a script mounts something.
fn mounts(text: &RunText) -> bool {
    match &text.kind {
        RunKind::Script(script) => {
            let is_mount =
                |command: &shell::Command| command.program().is_some_and(|program| MOUNTS.contains(&program));
            script.may_call(&MOUNTS) && script.commands().iter().any(is_mount)
        }
        RunKind::Command { words, .. } => {
            words.first().and_then(Word::base_name).is_some_and(|program| MOUNTS.contains(&program))
        }
    }
}

impl HostRule for MkdirInUnitScript {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let units = host.units().into_iter().filter(|unit| unit.suffix == "service");
        let units: Vec<(Unit, Vec<RunText>)> = units
            .map(|unit| {
                let mut texts = host.unit_texts(&unit, &MARKS);
                texts.retain(may_make);
                // What it mounts, perhaps in another script, is not there any earlier.
                if !texts.is_empty() && host.unit_texts(&unit, &MOUNTS).iter().any(mounts) {
                    texts.clear();
                }
                (unit, texts)
            })
            .collect();
        let mut works = Vec::new();
        for (unit, texts) in &units {
            for text in texts {
                works.extend(makings(text).into_iter().map(|making| (unit, text, making)));
            }
        }
        for (unit, text, making) in &works {
            // Written once and run for several directories or units, as a function over a list makes it: no patch of one
            // of them leaves the others alone.
            let is_repeated = works.iter().filter(|(_, _, other)| other.place == making.place).count() > 1;
            check_unit(host, cx, unit, text, making, is_repeated);
        }
        for text in host.activation_texts(&MARKS).iter().filter(|text| may_make(text)) {
            for making in makings(text) {
                if cx.has_reported(making.place) {
                    continue;
                }
                let targets: Vec<&Target> =
                    making.targets.iter().filter(|target| is_reported(&target.path)).collect();
                let Some(first) = targets.first() else { continue };
                report_activation(host, cx, text, &making, &first.path);
            }
        }
    }
}

/// A command that makes directories.
struct Making<'t> {
    /// Directories with known absolute paths.
    targets: Vec<Target>,
    /// Whether it makes others too.
    has_others: bool,
    /// Whether some of these are not written in the command.
    is_open: bool,
    /// Whether it succeeds where the directories are there.
    is_repeatable: bool,
    owner: Owner,
    command: Option<&'t shell::Command>,
    place: Span,
}

struct Target {
    path: String,
    /// The argument that names it.
    word: Word,
}

/// Owner and mode that the command, or commands beside it, give a directory.
#[derive(Default, Clone, PartialEq, Eq)]
struct Owner {
    user: Option<String>,
    group: Option<String>,
    mode: Option<String>,
    /// Something about it is not known.
    is_open: bool,
}

/// The commands of a text that make directories with known paths.
fn makings(text: &RunText) -> Vec<Making<'_>> {
    match &text.kind {
        RunKind::Script(script) => {
            if mounts(text) {
                return Vec::new();
            }
            let commands = script.commands().iter();
            commands
                .filter(|command| !command.context.in_substitution && !command.context.after_unknown)
                .filter_map(|command| {
                    let words: Vec<Word> = command.words.iter().map(|word| script.resolve(word)).collect();
                    making(&words, Some(command), command.anchor()?)
                })
                .collect()
        }
        RunKind::Command { words, span, .. } => {
            span.and_then(|span| making(words, None, span)).into_iter().collect()
        }
    }
}

fn making<'t>(words: &[Word], command: Option<&'t shell::Command>, place: Span) -> Option<Making<'t>> {
    let invocation = shell::effective(words)?;
    if invocation.user.is_some() {
        return None;
    }
    let arguments: Vec<String> = invocation.args.iter().map(Word::lossy).collect();
    if !nixos::exec::makes_directories(invocation.program, &arguments) {
        return None;
    }
    let program = nixos::exec::program(invocation.program)?;
    let mut making = Making {
        targets: Vec::new(),
        has_others: invocation.more_args,
        is_open: invocation.more_args,
        is_repeatable: program.name != "mkdir" || arguments.iter().any(|argument| passes_existing(argument)),
        owner: Owner::default(),
        command,
        place,
    };
    let mut options_end = false;
    let mut index = 0;
    while let Some(word) = invocation.args.get(index) {
        index += 1;
        let text = word.lossy();
        if !options_end && text == "--" {
            options_end = true;
        } else if !options_end && text.starts_with('-') && text.len() > 1 {
            let takes_value = program.value_options.iter().any(|option| {
                *option == text || (!option.starts_with("--") && is_group_ending_in(&text, option))
            });
            let value = if takes_value {
                index += 1;
                invocation.args.get(index - 1).map(|word| (word.lossy(), word.as_literal().is_some()))
            } else {
                attached_value(&text, program).map(|value| (value, true))
            };
            if let Some((value, is_known)) = value {
                making.owner.take(&text, value, is_known);
            }
        } else {
            match word.as_literal() {
                Some(path) if path.starts_with('/') && !word.has_glob => {
                    let path = path.trim_end_matches('/').to_owned();
                    making.targets.push(Target { path, word: word.clone() });
                }
                _ => making.has_others = true,
            }
        }
    }
    (!making.targets.is_empty()).then_some(making)
}

/// Whether `argument` is an option by which `mkdir` passes over directories that are there.
fn passes_existing(argument: &str) -> bool {
    let letters = argument.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
    // What follows `m` is a mode.
    argument == "--parents"
        || letters.is_some_and(|letters| letters.split('m').next().is_some_and(|flags| flags.contains('p')))
}

/// Whether `text` is a group of short options (`-dm`) whose last is `option`.
fn is_group_ending_in(text: &str, option: &str) -> bool {
    let letter = option.trim_start_matches('-');
    !text.starts_with("--")
        && text.len() > 2
        && text.ends_with(letter)
        && text[1..].chars().all(char::is_alphabetic)
}

/// The value in `-m0755`, `-dm755` and `--mode=0755`.
fn attached_value(text: &str, program: &nixos::exec::Program) -> Option<String> {
    if let Some((option, value)) = text.split_once('=') {
        return program.value_options.iter().any(|known| known == option).then(|| value.to_owned());
    }
    let letters = text.strip_prefix('-').filter(|letters| !letters.starts_with('-'))?;
    let at = letters.find(|c| program.value_options.iter().any(|option| *option == format!("-{c}")))?;
    let value = &letters[at + 1..];
    (!value.is_empty()).then(|| value.to_owned())
}

impl Owner {
    fn take(&mut self, option: &str, value: String, is_known: bool) {
        self.is_open |= !is_known;
        let name = option.split('=').next().unwrap_or(option);
        let is = |long: &str, short: char| name == long || (!name.starts_with("--") && name.contains(short));
        if is("--mode", 'm') {
            self.mode = Some(value);
        } else if is("--owner", 'o') {
            self.user = Some(value);
        } else if is("--group", 'g') {
            self.group = Some(value);
        }
    }
}

/// Paths that are made at run time on purpose, or are somebody else's business.
fn is_reported(path: &str) -> bool {
    const NOT: [&str; 10] = [
        "/tmp",
        "/var/tmp",
        "/proc",
        "/sys",
        "/dev",
        "/run/netns",
        "/run/user",
        "/nix",
        "/btrfs_tmp",
        "/sysroot",
    ];
    let is_below =
        |prefix: &str| path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'));
    !path.is_empty() && !NOT.into_iter().any(is_below)
}

/// What systemd can do about a directory.
enum Remedy {
    /// `StateDirectory` or a sibling: the directive and the name below its base.
    Directive(nixos::services::DirectoryKind, String),
    /// A tmpfiles rule that is there already.
    Existing(Option<Span>),
    /// A tmpfiles rule.
    Tmpfiles,
}

fn check_unit(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    unit: &Unit,
    text: &RunText,
    making: &Making<'_>,
    is_repeated: bool,
) {
    if sees_another_root(host, unit) {
        return;
    }
    let targets: Vec<&str> = making
        .targets
        .iter()
        .map(|target| target.path.as_str())
        .filter(|path| is_reported(path) && !is_own_directory(host, unit, path))
        .filter(|path| !host.is_mounted_late(unit, path) && !is_removed(text, path))
        .collect();
    let Some(path) = targets.first().copied() else { return };
    if cx.has_reported(making.place) || is_lock(cx, making) {
        return;
    }
    let ownership = Ownership::of(host, unit, text, making, &targets);
    let remedy = remedy(host, unit, path, &ownership);
    let impossible = cannot_start(host, unit, &targets);
    let message = match &remedy {
        _ if impossible.is_some() => {
            format!("`{path}` is created by a script, but the unit cannot start while it is missing")
        }
        // The same words on every host, whatever directories it has.
        _ if is_repeated => {
            "directories of a list are created by a script of the unit; tmpfiles rules can do it".to_owned()
        }
        Remedy::Existing(_) => {
            format!("`{path}` is created by a script of the unit, but a tmpfiles rule does so already")
        }
        Remedy::Directive(kind, _) => {
            format!("`{path}` is created by a script of the unit; `{}` can do it", kind.directive())
        }
        Remedy::Tmpfiles => format!("`{path}` is created by a script of the unit; a tmpfiles rule can do it"),
    };
    let fix = if is_repeated { None } else { fix(host, cx, unit, text, making, &targets, &ownership) };
    let mut report = cx.report(making.place, message).here("made each time the unit starts");
    report = cover(report, text, making);
    if let Some(place) = impossible {
        report = report.variant(&MkdirInUnitScript::META, "impossible");
        if let Some(place) = place {
            report = report.label(place, "systemd needs the path before it runs the script");
        }
    }
    if let Remedy::Existing(Some(place)) = &remedy {
        report = report.label(*place, "this rule makes it at boot");
    }
    if let Some((title, edits)) = fix {
        report = report.fix(Applicability::Unsafe, title, |fix| {
            for patch in &edits {
                fix.patch(patch);
            }
        });
    }
    let name = unit.display();
    let _ = report
        .help(match &remedy {
            _ if is_repeated => format!("add a tmpfiles rule for each, `{path}` being the first"),
            Remedy::Directive(kind, name) => format!("set `serviceConfig.{} = \"{name}\";`", kind.directive()),
            Remedy::Existing(_) => "leave it to the tmpfiles rule".to_owned(),
            Remedy::Tmpfiles => {
                format!("add `systemd.tmpfiles.settings.<name>.\"{path}\".d` with owner and mode")
            }
        })
        .note("Cause: a script runs with the rights of the unit, after its name spaces are set up, and each time anew.")
        .note(format!(
            "To validate: nixos-rebuild dry-build; after switching, systemctl status {name} and ls -ld {path}.",
        ));
}

/// Whether the command fails where the directory is there, and the script makes use of that: as a lock.
fn is_lock(cx: &HostContext<'_>, making: &Making<'_>) -> bool {
    let behind = &cx.file_text(making.place.file)[usize::from(making.place.range().end())..];
    let line = behind.lines().next().unwrap_or_default();
    !making.is_repeatable && (line.trim_start().starts_with("||") || line.contains("; then"))
}

/// Whether the unit sees other directories at these paths than tmpfiles and systemd make.
fn sees_another_root(host: &Host<'_>, unit: &Unit) -> bool {
    const VIEWS: [&str; 4] = ["RootDirectory", "RootImage", "RootHash", "TemporaryFileSystem"];
    VIEWS.iter().any(|name| !host.directive(unit, Section::Service, name).definitions().is_empty())
}

/// Whether the text itself removes the directory or moves another to its place: nothing that is made before it runs
/// would be there.
fn is_removed(text: &RunText, path: &str) -> bool {
    let RunKind::Script(script) = &text.kind else { return false };
    let names = |word: &Word| {
        script.resolve(word).as_literal().is_some_and(|literal| literal.trim_end_matches('/') == path)
    };
    script.commands().iter().any(|command| {
        matches!(command.program(), Some("rm" | "rmdir" | "mv")) && command.words[1..].iter().any(names)
    })
}

/// An ignore comment counts above the whole definition, because none can stand in a string.
fn cover<'d>(report: Report<'d>, text: &RunText, making: &Making<'_>) -> Report<'d> {
    match text.definition.binding.filter(|binding| {
        binding.file == making.place.file && binding.range().contains_range(making.place.range())
    }) {
        Some(binding) => report.covers(binding.range()),
        None => match text.definition.key {
            Some(key) => report.label(key, "run by this unit"),
            None => report,
        },
    }
}

fn report_activation(
    host: &Host<'_>,
    cx: &mut HostContext<'_>,
    text: &RunText,
    making: &Making<'_>,
    path: &str,
) {
    let existing = tmpfiles_rule(host, path);
    let message = match existing {
        Some(_) => {
            format!("`{path}` is created by an activation script, but a tmpfiles rule does so already")
        }
        None => format!("`{path}` is created by an activation script; a tmpfiles rule can do it"),
    };
    let mut report = cx
        .report(making.place, message)
        .here("made at each switch")
        .variant(&MkdirInUnitScript::META, "activation");
    report = cover(report, text, making);
    if let Some(Some(place)) = existing {
        report = report.label(place, "this rule makes it at boot");
    }
    let _ = report
        .help(format!("add `systemd.tmpfiles.settings.<name>.\"{path}\".d` with owner and mode"))
        .note("Cause: activation scripts run at every switch and boot, and stay when the option that needs them goes.")
        .note(format!("To validate: nixos-rebuild dry-build; after switching, ls -ld {path}."));
}

/// Directories that systemd makes for the unit, or lie below such a one.
fn is_own_directory(host: &Host<'_>, unit: &Unit, path: &str) -> bool {
    let name = unit.key.display();
    nixos::services::DirectoryKind::ALL.into_iter().any(|kind| {
        let own = host.unit_words(unit, &format!("serviceConfig.{}", kind.directive()));
        let Some(own) = own else { return true };
        // What belongs to a dynamic user lies there, and at the path itself a link to it.
        let public = path.replacen("/private/", "/", 1);
        let path =
            if path.starts_with(&format!("{}/private/", kind.base())) { public.as_str() } else { path };
        let upstream = nixos::services::by_unit(&name)
            .map(|(_, unit)| unit.directories(kind).map(str::to_owned).collect::<Vec<_>>())
            .unwrap_or_default();
        own.iter().chain(&upstream).any(|directory| {
            let directory = directory.split(':').next().unwrap_or(directory);
            let base = format!("{}/{directory}", kind.base());
            path == base || path.strip_prefix(&base).is_some_and(|rest| rest.starts_with('/'))
        })
    })
}

fn remedy(host: &Host<'_>, unit: &Unit, path: &str, ownership: &Ownership<'_>) -> Remedy {
    if let Some(place) = tmpfiles_rule(host, path) {
        return Remedy::Existing(place);
    }
    let directive = nixos::services::DirectoryKind::ALL.into_iter().find_map(|kind| {
        let name = path.strip_prefix(kind.base())?.strip_prefix('/')?;
        let is_runtime = kind == nixos::services::DirectoryKind::Runtime;
        let owner_fits = nixos::services::state_directory_owner(path).is_none()
            && !(is_runtime && (name.starts_with("secrets") || ends_at_once(host, unit)));
        (!name.is_empty() && owner_fits).then(|| (kind, name.to_owned()))
    });
    match directive {
        Some((kind, name)) if ownership.fits || is_dynamic(host, unit) => Remedy::Directive(kind, name),
        _ => Remedy::Tmpfiles,
    }
}

/// Whether the unit ends as soon as its commands are through, and its runtime directory with it.
fn ends_at_once(host: &Host<'_>, unit: &Unit) -> bool {
    let kind = host.unit_text(unit, "serviceConfig.Type").flatten();
    kind.is_some_and(|kind| kind == "oneshot")
        && host.directive_flag(unit, Section::Service, "RemainAfterExit") != Some(true)
}

fn is_dynamic(host: &Host<'_>, unit: &Unit) -> bool {
    host.unit_text(unit, "serviceConfig.DynamicUser").is_some_and(|value| value.as_deref() != Some("false"))
}

/// The tmpfiles rule that makes the directory, with its place.
fn tmpfiles_rule(host: &Host<'_>, path: &str) -> Option<Option<Span>> {
    for (_, node) in host.nodes("systemd.tmpfiles.rules") {
        let (items, _) = host.items(&node);
        for item in items {
            let Some(text) = item.text().and_then(|text| host.resolve_text(text).exact()) else { continue };
            let mut fields = text.split_whitespace();
            let makes = fields.next().is_some_and(|kind| kind.starts_with(['d', 'D', 'q', 'Q', 'v']));
            if makes
                && fields.next().is_some_and(|field| field.trim_matches('"').trim_end_matches('/') == path)
            {
                return Some(item.span);
            }
        }
    }
    for (keys, node) in host.nodes("systemd.tmpfiles.settings.*.*") {
        let names_it =
            keys.get(1).and_then(OptionKey::exact).is_some_and(|name| name.trim_end_matches('/') == path);
        let makes =
            ["d", "D", "q", "Q", "v"].iter().any(|kind| !host.below(&node, kind).definitions().is_empty());
        if names_it && makes {
            return Some(node.definitions().first().and_then(|definition| definition.key));
        }
    }
    None
}

/// Where the unit is set up so that a missing path fails before any script runs.
fn cannot_start(host: &Host<'_>, unit: &Unit, targets: &[&str]) -> Option<Option<Span>> {
    let strict = host.unit_text(unit, "serviceConfig.ProtectSystem")?? == "strict";
    let has_user = host.unit_text(unit, "serviceConfig.User").is_some();
    if !strict || !has_user {
        return None;
    }
    let (items, _) = host.items(&host.below(&unit.node, "serviceConfig.ReadWritePaths"));
    items.iter().find_map(|item| {
        let text = host.resolve_text(item.text()?).exact()?;
        text.split_whitespace().any(|path| targets.contains(&path.trim_end_matches('/'))).then_some(item.span)
    })
}

/// Whose the directories are.
struct Ownership<'t> {
    /// Owner and mode as the text leaves them; `None` where it does more than systemd can.
    owner: Option<Owner>,
    /// The commands that only set these.
    commands: Vec<&'t shell::Command>,
    /// The user they belong to in the end.
    user: Option<String>,
    /// Their group, where one is named.
    group: Option<String>,
    /// Whether that is the user, and the group, that the unit runs as.
    fits: bool,
}

impl<'t> Ownership<'t> {
    fn of(host: &Host<'_>, unit: &Unit, text: &'t RunText, making: &Making<'t>, targets: &[&str]) -> Self {
        let unit_user = match host.unit_text(unit, "serviceConfig.User") {
            None => Some("root".to_owned()),
            Some(user) => user,
        };
        let unit_group = host.unit_text(unit, "serviceConfig.Group").flatten();
        let Some((owner, commands)) = owner_of(text, making, targets) else {
            let named = making.owner.user.as_ref();
            let fits = named.is_none() || named == unit_user.as_ref();
            return Self { owner: None, commands: Vec::new(), user: None, group: None, fits };
        };
        let user = owner.user.clone().or_else(|| match text.is_privileged {
            true => Some("root".to_owned()),
            false => unit_user.clone(),
        });
        let group_fits = owner.group.is_none()
            || owner.group == unit_group
            || (unit_group.is_none() && owner.group == unit_user);
        let fits = user.is_some() && user == unit_user && group_fits;
        let group = owner.group.clone().or_else(|| unit_group.filter(|_| owner.user.is_none()));
        Self { owner: Some(owner), commands, user, group, fits }
    }
}

type FixParts = (String, Vec<Patch>);

/// The patch: the directive or rule, and the lines that become needless.
fn fix(
    host: &Host<'_>,
    cx: &HostContext<'_>,
    unit: &Unit,
    text: &RunText,
    making: &Making<'_>,
    targets: &[&str],
    ownership: &Ownership<'_>,
) -> Option<FixParts> {
    let name = unit.key.exact()?;
    let owner = ownership.owner.as_ref()?;
    if owner.is_open {
        return None;
    }
    let is_whole = !making.has_others && targets.len() == making.targets.len();
    let removal = match is_whole {
        true => removal(cx, text, making, &ownership.commands)?,
        false => partial_removal(cx, text, making, targets, &ownership.commands)?,
    };
    let near = unit.node.definitions().iter().find(|definition| {
        definition
            .binding
            .is_some_and(|binding| Some(binding.file) == text.definition.binding.map(|own| own.file))
    })?;
    let definition = Definition { condition: near.condition.and(&text.definition.condition), ..near.clone() };
    let near = Near { definition, value: None };
    let remedies: Vec<Remedy> = targets.iter().map(|path| remedy(host, unit, path, ownership)).collect();

    if remedies.iter().all(|remedy| matches!(remedy, Remedy::Existing(_))) {
        return Some(("leave it to the tmpfiles rule".to_owned(), vec![removal]));
    }
    let directives: Option<Vec<(nixos::services::DirectoryKind, &str)>> = remedies
        .iter()
        .map(|remedy| match remedy {
            Remedy::Directive(kind, name) => Some((*kind, name.as_str())),
            _ => None,
        })
        .collect();
    if let Some(directives) = directives
        && let [(kind, _), ..] = directives.as_slice()
        && directives.iter().all(|(other, _)| other == kind)
    {
        let kind = *kind;
        let directive = kind.directive();
        let names: Vec<&str> = directives.iter().map(|(_, name)| *name).collect();
        // An extended unit may have a value already, and only lists merge with it.
        let is_own = host.runs_something(unit) || host.unit_text(unit, "serviceConfig.User").is_some();
        let set =
            set_directories(host, cx, unit, name, &near, directive, &names, owner.mode.as_deref(), is_own)?;
        return Some((format!("set `{directive}`"), vec![set, removal]));
    }
    let mode = owner.mode.as_deref().unwrap_or("0755");
    let user = ownership.user.as_deref()?;
    let group = ownership.group.as_deref().unwrap_or(user);
    let rules: Vec<String> = targets
        .iter()
        .zip(&remedies)
        .filter(|(_, remedy)| !matches!(remedy, Remedy::Existing(_)))
        .map(|(path, _)| {
            let fields =
                format!("    mode = \"{mode}\";\n    user = \"{user}\";\n    group = \"{group}\";\n");
            format!("  \"{path}\".d = {{\n{fields}  }};")
        })
        .collect();
    let key = format!("systemd.tmpfiles.settings.\"10-{name}\"");
    let rule = match rules.as_slice() {
        [rule] => {
            let (path, value) = rule.trim().trim_end_matches(';').split_once(" = ")?;
            cx.add_beside(&near, &format!("{key}.{path}"), &value.replace("\n  ", "\n"))?
        }
        _ => cx.add_beside(&near, &key, &format!("{{\n{}\n}}", rules.join("\n")))?,
    };
    Some(("add a tmpfiles rule".to_owned(), vec![rule, removal]))
}

/// Owner and mode of the directories as the text leaves them, and the commands that only set these.
fn owner_of<'t>(
    text: &'t RunText,
    making: &Making<'t>,
    targets: &[&str],
) -> Option<(Owner, Vec<&'t shell::Command>)> {
    let mut owner = making.owner.clone();
    let mut doomed = Vec::new();
    let RunKind::Script(script) = &text.kind else { return Some((owner, doomed)) };
    if script.commands().iter().any(|command| command.program() == Some("umask")) && owner.mode.is_none() {
        return None;
    }
    for command in script.commands() {
        let Some(program @ ("chown" | "chmod" | "setfacl" | "chgrp")) = command.program() else { continue };
        let arguments: Vec<Word> = command.words[1..].iter().map(|word| script.resolve(word)).collect();
        let literal: Vec<Option<&str>> = arguments.iter().map(Word::as_literal).collect();
        let names_target = arguments.iter().any(|word| {
            let known = word.leading_text().trim_end_matches('/');
            targets.iter().any(|target| {
                known == *target || known.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'))
            })
        });
        if !names_target {
            continue;
        }
        let operands: Vec<&str> =
            literal.iter().flatten().copied().filter(|word| !word.starts_with('-')).collect();
        let paths = operands.get(1..)?;
        let only_targets = !paths.is_empty()
            && operands.len() == arguments.len()
            && paths.iter().all(|path| targets.contains(&path.trim_end_matches('/')))
            // One mode and owner for all of them is all there is.
            && targets.iter().all(|target| paths.iter().any(|path| path.trim_end_matches('/') == *target));
        if !only_targets {
            // Recursive, or files inside: systemd does not do that.
            return None;
        }
        match program {
            "chown" => {
                let (user, group) = operands[0].split_once(':').unwrap_or((operands[0], ""));
                owner.user = Some(user.to_owned()).filter(|user| !user.is_empty()).or(owner.user);
                owner.group = Some(group.to_owned()).filter(|group| !group.is_empty()).or(owner.group);
            }
            "chmod" if operands[0].chars().all(|c| c.is_ascii_digit()) => {
                owner.mode = Some(operands[0].to_owned())
            }
            _ => return None,
        }
        doomed.push(command);
    }
    Some((owner, doomed))
}

/// Removes the command, those that set owner and mode, and the definition that has nothing else.
fn removal(
    cx: &HostContext<'_>,
    text: &RunText,
    making: &Making<'_>,
    others: &[&shell::Command],
) -> Option<Patch> {
    let file = making.place.file;
    match &text.kind {
        RunKind::Script(script) => {
            let mut commands = vec![making.command?];
            commands.extend(others.iter().copied());
            if script.commands().len() == commands.len()
                && let Some(patch) = remove_definition(cx, text, making)
            {
                return Some(patch);
            }
            let source = cx.file_text(file);
            let from_chain = || {
                let span = making.is_repeatable.then(|| script.removal_from_chain(&commands, source))??;
                Some(vec![span])
            };
            let with_test = || match (making.targets.as_slice(), others) {
                ([target], []) => Some(vec![script.removal_with_test(commands[0], &target.word, source)?]),
                _ => None,
            };
            let spans = script.removal(&commands, source).or_else(from_chain).or_else(with_test)?;
            let edits = spans.iter().map(|span| (span.range(), String::new())).collect();
            Some(Patch { file, edits, is_shared: false })
        }
        RunKind::Command { is_whole: true, .. } => {
            let element = cx.expression_at(making.place)?;
            if element.syntax().parent().and_then(ast::List::cast).is_some() {
                return Some(Patch { file, edits: edit::delete_list_element(&element), is_shared: false });
            }
            remove_definition(cx, text, making)
        }
        RunKind::Command { .. } => None,
    }
}

/// Takes `targets` out of the command, which makes others too, and removes the commands that set only their
/// owner and mode.
fn partial_removal(
    cx: &HostContext<'_>,
    text: &RunText,
    making: &Making<'_>,
    targets: &[&str],
    others: &[&shell::Command],
) -> Option<Patch> {
    let RunKind::Script(script) = &text.kind else { return None };
    let command = making.command.filter(|_| !making.is_open)?;
    let source = cx.file_text(making.place.file);
    let words: Vec<&Word> = making
        .targets
        .iter()
        .filter(|target| targets.contains(&target.path.as_str()))
        .map(|target| &target.word)
        .collect();
    let mut spans = script.removal_of_words(command, &words, source)?;
    if !others.is_empty() {
        spans.extend(script.removal(others, source)?);
    }
    let edits = spans.iter().map(|span| (span.range(), String::new())).collect();
    Some(Patch { file: making.place.file, edits, is_shared: false })
}

/// Removes the whole definition, where it is written as one binding around the command.
fn remove_definition(cx: &HostContext<'_>, text: &RunText, making: &Making<'_>) -> Option<Patch> {
    // Systemd refuses a service that runs nothing.
    let option = text.definition.path.last().and_then(OptionKey::exact);
    if matches!(option, Some("script" | "ExecStart")) {
        return None;
    }
    let span = text.definition.binding?;
    let value = text.definition.value.span?;
    if span.file != making.place.file || !span.range().contains_range(making.place.range()) {
        return None;
    }
    let expression = cx.expression_at(value)?;
    let binding = expression.syntax().parent().and_then(ast::AttrpathValue::cast)?;
    (binding.syntax().text_range() == span.range()).then(|| Patch {
        file: span.file,
        edits: edit::delete_binding(binding.syntax()),
        is_shared: false,
    })
}

/// Adds names to a `…Directory` directive, into its list or string where it is set already.
#[expect(clippy::too_many_arguments, reason = "the parts of one patch; a struct would only name them twice")]
fn set_directories(
    host: &Host<'_>,
    cx: &HostContext<'_>,
    unit: &Unit,
    name: &str,
    near: &Near,
    directive: &str,
    names: &[&str],
    mode: Option<&str>,
    is_own: bool,
) -> Option<Patch> {
    let existing = host.below(&unit.node, &format!("serviceConfig.{directive}"));
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    if let Some(definition) = existing.definitions().first() {
        if mode.is_some() {
            return None;
        }
        let span = definition.value.span.filter(|span| !cx.is_shared(*span, definition))?;
        let edits = match cx.expression_at(span)? {
            ast::Expr::List(list) => {
                quoted.iter().flat_map(|name| edit::append_list_element(&list, name)).collect()
            }
            ast::Expr::Str(string) => {
                let old = string.syntax().text().to_string();
                edit::replace(string.syntax(), &format!("[ {old} {} ]", quoted.join(" ")))
            }
            _ => return None,
        };
        return Some(Patch { file: span.file, edits, is_shared: false });
    }
    let value = match quoted.as_slice() {
        [one] if is_own => one.clone(),
        several => format!("[ {} ]", several.join(" ")),
    };
    let mut directives = vec![(directive, value)];
    let mode_directive = format!("{directive}Mode");
    if let Some(mode) = mode {
        directives.push((mode_directive.as_str(), format!("\"{mode}\"")));
    }
    cx.add_service_config(host, name, near, &directives)
}
