use crate::prelude::*;

declare_rule! {
    /// ## What it does
    /// Finds files of Home Manager that the program they belong to writes itself, on hosts where Home
    /// Manager may not put such a file aside.
    ///
    /// ## Why is this bad?
    /// The program replaces the link of Home Manager by a file of its own. At the next switch, Home Manager
    /// finds a file that it did not make, refuses to overwrite it, and `home-manager-<user>.service` fails:
    /// nothing of that user's home is updated.
    ///
    /// ## Example
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, home-manager, ... }: {
    ///     nixosConfigurations.desk = nixpkgs.lib.nixosSystem {
    ///       modules = [ home-manager.nixosModules.home-manager ./desk.nix ];
    ///     };
    ///   };
    /// }
    /// ```
    /// `desk.nix`:
    /// ```nix
    /// { home-manager.users.me.xdg.configFile."htop/htoprc".source = ./htoprc; }
    /// ```
    ///
    /// Use instead:
    ///
    /// `flake.nix`:
    /// ```nix
    /// {
    ///   outputs = { nixpkgs, home-manager, ... }: {
    ///     nixosConfigurations.desk = nixpkgs.lib.nixosSystem {
    ///       modules = [ home-manager.nixosModules.home-manager ./desk.nix ];
    ///     };
    ///   };
    /// }
    /// ```
    /// `desk.nix`:
    /// ```nix
    /// {
    ///   home-manager.users.me.xdg.configFile."htop/htoprc".source = ./htoprc;
    ///   home-manager.backupFileExtension = "backup";
    /// }
    /// ```
    ///
    /// ## Exceptions
    /// With `force = true` the file of the program is overwritten. Homes that `home-manager switch` makes are
    /// not reported: its option `-b` is not known.
    ///
    /// ## Fix safety
    /// Safe: `backupFileExtension` only says what happens where the switch would fail.
    ///
    /// ## References
    /// - nix-community/home-manager, nixos/default.nix and modules/files/check-link-targets.sh
    pub struct HomeFileClobber {}

    name: "home-file-clobber",
    summary: "file of Home Manager that its program writes itself",
    group: Services,
    level: Info,
    fix: Sometimes,
    status: Status::Stable { since: "0.1.0" },
    repairs: ["home-manager.backupFileExtension"],
}

/// Options of the host by which files in the way are put aside.
const ASIDE: [&str; 3] =
    ["home-manager.backupFileExtension", "home-manager.backupCommand", "home-manager.overwriteBackup"];

/// Options of a home that make files, and where their names begin.
const FILES: [(&str, &str); 3] =
    [("home.file", ""), ("xdg.configFile", ".config/"), ("xdg.dataFile", ".local/share/")];

impl HostRule for HomeFileClobber {
    fn check(&self, host: &Host<'_>, cx: &mut HostContext<'_>) {
        let may_be_set = |option: &str| !host.definitions(option).is_empty() || host.open(option).is_some();
        if host.name.is_none()
            || host.definitions("home-manager.users").is_empty()
            || ASIDE.iter().any(|option| may_be_set(option))
            || host.has_unlisted_modules()
        {
            return;
        }
        let place = host.definitions("home-manager.users.*").into_iter().find(|one| host.reports(one.file));
        host.visit_users(&mut |user| {
            for (option, folder) in FILES {
                for (keys, node) in user.home.nodes(&format!("{option}.*")) {
                    let Some(name) = keys.last().and_then(OptionKey::exact) else { continue };
                    let path = format!("{folder}{name}");
                    if let Some(file) = nixos::rewritten::rewritten(&path)
                        && may_clash(&user.home, &node)
                    {
                        report(cx, &user.name, &node, file, place.as_ref());
                    }
                }
            }
        });
    }
}

/// Whether the file is made, at the place its name says, and as a link into the store.
fn may_clash(home: &Host<'_>, node: &std::rc::Rc<Node>) -> bool {
    let is_set = |option: &str| !home.below(node, option).definitions().is_empty();
    let is_link = |definition: &Definition| match &definition.value.value {
        Value::Symbol(symbol) => !matches!(&symbol.root, SymbolRoot::Call(call) if {
            let name = call.function.path.last().map(|name| home.machine().text_of(*name));
            name.is_none_or(|name| *name == *"mkOutOfStoreSymlink")
        }),
        _ => true,
    };
    let has_content = is_set("text") || home.below(node, "source").definitions().iter().any(is_link);
    node.open().is_none() && has_content && !is_set("force") && !is_set("target") && !is_set("enable")
}

fn report(
    cx: &mut HostContext<'_>,
    user: &str,
    node: &Node,
    file: &'static nixos::rewritten::Rewritten,
    place: Option<&Definition>,
) {
    let Some(definition) = node.definitions().first() else { return };
    let Some(span) = definition.key.filter(|span| !cx.has_reported(*span)) else { return };
    let patch = place.and_then(|place| {
        let near = Near { definition: place.clone(), value: None };
        cx.add_beside(&near, "home-manager.backupFileExtension", "\"backup\"")
    });
    let mut report = cx
        .report(span, format!("`{}` is written by {} as well", file.path, file.program))
        .here("once it is a file, Home Manager refuses to replace it");
    if let Some(binding) = definition.binding.filter(|binding| binding.file == span.file) {
        report = report.covers(binding.range());
    }
    if let Some(patch) = patch {
        report = report.fix(Applicability::Safe, "put files in the way aside", |edits| edits.patch(&patch));
    }
    let _ = report
        .help("set `home-manager.backupFileExtension`, or leave the file to its program")
        .note(
            "Cause: Home Manager stops at a file that it did not make, and then updates nothing of the home.",
        )
        .note(format!("To validate: systemctl status home-manager-{user}.service after the next switch."));
}
