//! What of `lib` is modelled, for documentation and for the test that compares it with the real library.

use std::collections::BTreeMap;

use super::super::builtins;
use super::{GROUPED, NOT_AT_THE_TOP, REEXPORTED, TOP, paths, systems, trivial, types};

/// Every function and constant of `lib` that is modelled, by its path below `lib` and by theme. Those that
/// are builtins under the same name are one theme.
pub fn library_names() -> BTreeMap<&'static str, Vec<String>> {
    let mut names: Vec<(&str, String)> = Vec::new();
    for (theme, table) in TOP {
        names.extend(table.iter().map(|one| (*theme, one.name.to_owned())));
    }
    for (group, table) in GROUPED {
        names.extend(table.iter().map(|one| (theme_of(group), format!("{group}.{}", one.name))));
    }
    names.extend(paths::SUBPATH.iter().map(|one| ("files", format!("path.subpath.{}", one.name))));
    names.push(("files", "fileset.empty".to_owned()));
    names.extend(types::names().iter().map(|name| ("types", format!("types.{name}"))));
    names.extend(["isOptionType", "mkOptionType"].map(|name| ("types", name.to_owned())));
    names.extend(systems::NAMES.iter().map(|name| ("systems", (*name).to_owned())));
    names.extend(trivial::CONSTANTS.iter().map(|name| ("constants", (*name).to_owned())));
    let builtins = REEXPORTED.iter().filter(|name| builtins::find(name).is_some());
    names.extend(builtins.map(|name| ("as in `builtins`", (*name).to_owned())));

    let mut themes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (theme, mut name) in names {
        if let Some((group, _)) = NOT_AT_THE_TOP.iter().find(|(_, other)| *other == name) {
            name = format!("{group}.{name}");
        }
        themes.entry(theme).or_default().push(name);
    }
    for names in themes.values_mut() {
        names.sort();
    }
    themes
}

fn theme_of(group: &str) -> &'static str {
    match group {
        "cli" | "generators" => "text of values",
        "fileset" | "filesystem" | "path" => "files",
        "lists" => "lists",
        _ => "strings",
    }
}
