//! Links from paths to the files they lead to.

use std::path::{Component, Path, PathBuf};

use camino::Utf8PathBuf;
use serde_json::{Value, json};

use super::hover::wire_range;
use crate::report::file_uri;
use crate::syntax::{AstNode as _, ast, parse};
use crate::text::{LineIndex, PositionEncoding};

/// The paths in `text`, the file at `place`, that lead to something.
pub(super) fn links(text: &str, place: &Path, encoding: PositionEncoding) -> Vec<Value> {
    let parsed = parse(text);
    let lines = LineIndex::new(text);
    let folder = place.parent().unwrap_or(place);
    let paths = parsed.syntax().descendants().filter_map(ast::PathRel::cast);
    paths
        .filter_map(|path| {
            let written = path.syntax().text().to_string();
            // A path with a hole leads anywhere.
            let target = (!written.contains("${")).then(|| target(folder, &written))??;
            let target = Utf8PathBuf::from_path_buf(target).ok()?;
            let range = wire_range(text, &lines, path.syntax().text_range(), encoding);
            Some(json!({"range": range, "target": file_uri(&target)}))
        })
        .collect()
}

/// What Nix reads for a path; `None` where nothing is there.
fn target(folder: &Path, written: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in folder.join(written).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    if path.is_dir() {
        path.push("default.nix");
    }
    path.is_file().then_some(path)
}
