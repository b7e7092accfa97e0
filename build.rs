//! Writes the tables of `src/nixos` as JSON beside what is built: people read and write TOML better, and the
//! program reads JSON several times faster, at every start.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

const TABLES: &str = "src/nixos";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={TABLES}");
    println!("cargo::rerun-if-changed=build.rs");
    let target = PathBuf::from(std::env::var("OUT_DIR")?);
    for entry in fs::read_dir(TABLES)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            write_as_json(&path, &target).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}

fn write_as_json(table: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    let value: toml::Table = toml::from_str(&fs::read_to_string(table)?)?;
    let name = table.with_extension("json");
    let name = name.file_name().ok_or("a file has a name")?;
    Ok(fs::write(target.join(name), serde_json::to_string(&value)?)?)
}
