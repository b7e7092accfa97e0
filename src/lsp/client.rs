//! What the client can do.

use serde_json::Value;

use crate::text::PositionEncoding;

/// The capabilities that matter here.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// What columns count.
    pub encoding: PositionEncoding,
    /// Whether it asks for the diagnostics of open documents.
    pub pulls: bool,
    /// Whether it can be told to ask again.
    pub refreshes: bool,
    /// Whether it can be asked for settings.
    pub configuration: bool,
    /// Whether it watches files when asked to.
    pub watches: bool,
    /// Whether it shows that something is being done.
    pub progress: bool,
    /// Whether edits can name the version of a document that they are for.
    pub document_changes: bool,
    /// Whether the edit of a code action may come later.
    pub resolves_edits: bool,
    /// Whether code actions can be objects with edits.
    pub action_literals: bool,
    /// Whether hovers can be Markdown.
    pub markdown: bool,
}

impl Client {
    /// From the parameters of `initialize`.
    pub(super) fn new(params: &Value) -> Self {
        let at = |path: &str| params.pointer(&format!("/capabilities{path}"));
        let has = |path: &str| at(path).and_then(Value::as_bool).unwrap_or(false);
        let lists = |path: &str, word: &str| {
            let list = at(path).and_then(Value::as_array);
            list.is_some_and(|list| list.iter().any(|entry| entry == word))
        };
        let encoding = match lists("/general/positionEncodings", "utf-8") {
            true => PositionEncoding::Utf8,
            false => PositionEncoding::Utf16,
        };
        Self {
            encoding,
            pulls: at("/textDocument/diagnostic").is_some_and(Value::is_object),
            refreshes: has("/workspace/diagnostics/refreshSupport"),
            configuration: has("/workspace/configuration"),
            watches: has("/workspace/didChangeWatchedFiles/dynamicRegistration"),
            progress: has("/window/workDoneProgress"),
            document_changes: has("/workspace/workspaceEdit/documentChanges"),
            resolves_edits: lists("/textDocument/codeAction/resolveSupport/properties", "edit"),
            action_literals: at("/textDocument/codeAction/codeActionLiteralSupport").is_some(),
            markdown: lists("/textDocument/hover/contentFormat", "markdown"),
        }
    }

    /// The name of the encoding.
    pub(super) fn encoding_name(&self) -> &'static str {
        match self.encoding {
            PositionEncoding::Utf8 => "utf-8",
            PositionEncoding::Utf16 | PositionEncoding::Chars => "utf-16",
        }
    }
}
