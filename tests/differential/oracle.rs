//! What Nix says of programs.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The values of programs as JSON, `None` where Nix stops with an error. `None` as a whole where
/// `nix-instantiate` is missing.
///
/// One process evaluates many programs, one after the other, up to the first that does not only throw.
pub(crate) fn evaluate(folder: &Path, files: &[String]) -> Option<Vec<Option<Value>>> {
    let mut results = Vec::new();
    while results.len() < files.len() {
        let mut command = Command::new("nix-instantiate");
        command.args(["--eval", "--strict", "--json", "-E"]);
        for file in &files[results.len()..] {
            let path = folder.join(file);
            command.arg(format!(
                "let v = import {}; in if (builtins.tryEval (builtins.deepSeq v null)).success then [ v ] else [ ]",
                path.display()
            ));
        }
        for variable in ["NIX_STORE_DIR", "NIX_STATE_DIR", "NIX_LOG_DIR", "NIX_CONF_DIR"] {
            command.env(variable, folder.join(variable));
        }
        let output = command.output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for value in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
            let Ok(value) = value else { break };
            results.push(match value {
                Value::Array(mut items) => items.pop(),
                _ => None,
            });
        }
        if results.len() < files.len() {
            assert!(!output.status.success(), "Nix answers for every program: {text}");
            results.push(None);
        }
    }
    Some(results)
}
