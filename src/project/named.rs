//! Hosts that no output of a flake names: those of the configuration of nixlint, and the machine of a folder
//! with a `configuration.nix` and no flake.
//!
//! Must never guess where a flake says which hosts there are.

use std::rc::Rc;

use super::flake::{HostClass, HostSeed, RootModules};
use super::imports::file_at;
use super::input::{NamedHost, ProjectInput};
use super::table::Certainty;
use crate::eval::{Attrs, Machine, Thunk, Val, Value};
use crate::module::FileClass;
use crate::text::FileId;

/// What a host is called whose modules do not say it.
const UNNAMED: &str = "configuration";

/// Puts the hosts that no output names to those of the flake.
pub(super) fn add_hosts(machine: &Machine<'_>, input: &ProjectInput<'_>, seeds: &mut Vec<HostSeed>) {
    for named in input.hosts {
        let file = named.modules.iter().find_map(|path| file_at(machine, path));
        let Some(file) = file.or_else(|| Some(input.files.first()?.id)) else { continue };
        // What the user says stands above what evaluation makes of the flake.
        seeds.retain(|seed| (seed.class, &seed.name) != (named.class, &named.name));
        seeds.push(seed(named, file));
    }
    if seeds.is_empty()
        && let Some((named, file)) = of_configuration(machine, input)
    {
        seeds.push(seed(&named, file));
    }
    seeds.sort_by(|a, b| (a.class, &a.name).cmp(&(b.class, &b.name)));
}

/// The machine that `configuration.nix` describes in a folder without a flake.
fn of_configuration(machine: &Machine<'_>, input: &ProjectInput<'_>) -> Option<(NamedHost, FileId)> {
    let at = |name: &str| input.files.iter().find(|file| file.path == input.root.join(name));
    let file = at("configuration.nix").filter(|_| at("flake.nix").is_none())?;
    let class = file.facts.as_ref()?.class;
    if !matches!(class, FileClass::Nixos | FileClass::Module) {
        return None;
    }
    let name = host_name(machine, &file.path).unwrap_or_else(|| UNNAMED.to_owned());
    Some((NamedHost { name, class: HostClass::Nixos, modules: vec![file.path.clone()] }, file.id))
}

/// The host name that the file itself sets.
fn host_name(machine: &Machine<'_>, path: &camino::Utf8Path) -> Option<String> {
    let mut val = machine.import(path);
    if let Value::Lambda(_) = val.value {
        let open = crate::eval::Unknown::new(crate::eval::Reason::Argument("module".to_owned()));
        let arguments = Attrs { open: Some(open), ..Attrs::default() };
        val = machine.apply(&val, Val::of(Value::Attrs(Rc::new(arguments))).thunk(), None);
    }
    let networking = machine.select(&val, machine.name("networking")).ok()?;
    machine.select(&networking, machine.name("hostName")).ok()?.as_str()
}

fn seed(named: &NamedHost, file: FileId) -> HostSeed {
    let path = |path: &camino::Utf8PathBuf| Val::of(Value::Path(path.as_path().into())).thunk();
    let modules: Vec<Thunk> = named.modules.iter().map(path).collect();
    HostSeed {
        name: named.name.clone(),
        class: named.class,
        system: None,
        packages: None,
        roots: vec![RootModules { modules: Val::list(modules).thunk(), certainty: Certainty::Must }],
        arguments: Rc::default(),
        flake: file,
        open: None,
    }
}
