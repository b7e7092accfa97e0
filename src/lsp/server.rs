//! The loop: messages in, answers and diagnostics out.

use std::collections::{BTreeMap, VecDeque};
use std::hash::Hasher as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use gen_lsp_types as lsp;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, RequestId, Response};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Setup;
use super::actions::{self, FixAll};
use super::client::Client;
use super::convert;
use super::documents::{Document, Kind};
use super::hover;
use super::links;
use super::load::{Load, Loaded, Packs};
use super::mistakes::{self, Mistakes};
use super::settings::Settings;
use super::worker::{Done, Worker};
use super::world::World;
use crate::config::discover::mistakes_in;
use crate::diagnostic::Diagnostic;
use crate::report::fingerprints;
use crate::report::json::Wire;
use crate::text::{FileId, Sources};

/// How long nobody types before hosts are looked at.
const PAUSE: Duration = Duration::from_millis(150);
/// How long a client may take to tell its settings before it is asked about nothing else.
const PATIENCE: Duration = Duration::from_millis(500);
/// What the progress of the first scan is called.
const SCAN: &str = "nixlint/scan";

/// Why a request has no result.
pub(super) struct Refusal {
    code: i32,
    message: String,
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code: code as i32, message: message.into() }
    }
}

/// The answer to a request, where there is one already.
type Answer = Result<Option<Value>, Refusal>;

/// Where the talk with the client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Silent,
    Running,
    ShutDown,
}

/// A request that is answered later.
enum Pending {
    /// The diagnostics of this document, unless they are those of this result.
    Pull(String, Option<String>),
    /// A job; of no use once the document has another version.
    Job(Option<(String, i32)>),
}

/// What the server asked the client.
enum Asked {
    Settings,
    Progress,
    Nothing,
}

/// All state.
pub(super) struct Server {
    connection: Connection,
    worker: Worker,
    setup: Setup,
    client: Client,
    phase: Phase,
    folders: Vec<PathBuf>,
    /// What came with `initialize`, and what the client answered since.
    settings: Settings,
    documents: FxHashMap<String, Document>,
    world: Option<World>,
    packs: Option<Arc<Packs>>,
    /// The addresses of files as the client writes them.
    uris: FxHashMap<FileId, String>,
    /// When to scan, and when to look at hosts.
    scan_due: Option<Instant>,
    hosts_due: Option<Instant>,
    is_busy: bool,
    /// Files whose diagnostics may be others than those that were sent.
    dirty: FxHashSet<FileId>,
    is_all_dirty: bool,
    /// Files whose findings on hosts may be others.
    on_hosts_dirty: FxHashSet<FileId>,
    /// What is wrong with configurations on disk, and whether something else may be by now.
    mistakes: Mistakes,
    are_mistakes_dirty: bool,
    /// What was sent, by address, as a hash.
    pushed: FxHashMap<String, u64>,
    pulled: FxHashMap<String, u64>,
    pending: FxHashMap<RequestId, Pending>,
    canceled: FxHashSet<RequestId>,
    asked: FxHashMap<RequestId, Asked>,
    questions: i32,
    /// Whether the client is shown that the first scan is under way.
    progress: bool,
    told: FxHashSet<String>,
}

impl Server {
    pub(super) fn new(connection: Connection, setup: Setup) -> Self {
        Self {
            connection,
            worker: Worker::new(),
            setup,
            client: Client::new(&Value::Null),
            phase: Phase::Silent,
            folders: Vec::new(),
            settings: Settings::default(),
            documents: FxHashMap::default(),
            world: None,
            packs: None,
            uris: FxHashMap::default(),
            scan_due: None,
            hosts_due: None,
            is_busy: false,
            dirty: FxHashSet::default(),
            is_all_dirty: false,
            on_hosts_dirty: FxHashSet::default(),
            mistakes: Mistakes::new(),
            are_mistakes_dirty: false,
            pushed: FxHashMap::default(),
            pulled: FxHashMap::default(),
            pending: FxHashMap::default(),
            canceled: FxHashSet::default(),
            asked: FxHashMap::default(),
            questions: 0,
            progress: false,
            told: FxHashSet::default(),
        }
    }

    /// Serves until `exit`, or until nobody is there; gives whether `shutdown` came before.
    pub(super) fn run(mut self) -> bool {
        let mut waiting: VecDeque<Message> = VecDeque::new();
        loop {
            let now = Instant::now();
            let due = [self.scan_due, self.hosts_due].into_iter().flatten().min();
            let patience = match due {
                Some(due) if !self.is_busy => due.saturating_duration_since(now),
                _ => Duration::from_secs(3600),
            };
            crossbeam_channel::select! {
                recv(self.connection.receiver) -> message => match message {
                    Ok(message) => waiting.push_back(message),
                    Err(_) => return self.phase == Phase::ShutDown,
                },
                recv(self.worker.done()) -> done => if let Ok(done) = done {
                    self.guarded(|server| server.on_done(done));
                },
                default(patience) => {}
            }
            waiting.extend(self.connection.receiver.try_iter());
            self.note_cancellations(&waiting);
            for message in waiting.drain(..) {
                match message {
                    Message::Notification(message) if message.method == "exit" => {
                        return self.phase == Phase::ShutDown;
                    }
                    Message::Notification(message) => {
                        self.guarded(|server| server.on_notification(message));
                    }
                    Message::Request(request) => self.on_request(request),
                    Message::Response(response) => self.guarded(|server| server.on_response(response)),
                }
            }
            self.canceled.clear();
            self.guarded(Self::settle);
        }
    }

    /// Does something during which a panic is no reason to end.
    fn guarded(&mut self, action: impl FnOnce(&mut Self)) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| action(self))) {
            self.log(&format!("internal error, please report it: {}", said(&*panic)));
        }
    }

    // Messages.

    /// Requests may be taken back before anybody has looked at them.
    fn note_cancellations(&mut self, waiting: &VecDeque<Message>) {
        for message in waiting {
            if let Message::Notification(message) = message
                && message.method == "$/cancelRequest"
                && let Some(id) = id_in(&message.params)
            {
                self.canceled.insert(id);
            }
        }
    }

    fn on_request(&mut self, request: Request) {
        let id = request.id.clone();
        if self.canceled.contains(&id) {
            return self.refuse(id, Refusal::new(ErrorCode::RequestCanceled, "canceled"));
        }
        let answered = catch_unwind(AssertUnwindSafe(|| self.answer(request)));
        match answered {
            Ok(Ok(Some(result))) => self.send(Response::new_ok(id, result)),
            Ok(Ok(None)) => {}
            Ok(Err(refusal)) => self.refuse(id, refusal),
            Err(panic) => self.refuse(id, Refusal::new(ErrorCode::InternalError, said(&*panic))),
        }
    }

    fn answer(&mut self, request: Request) -> Answer {
        let Request { id, method, params } = request;
        match (self.phase, method.as_str()) {
            (Phase::Silent, "initialize") => return self.initialize(&params).map(Some),
            (Phase::Silent, _) => {
                return Err(Refusal::new(ErrorCode::ServerNotInitialized, "`initialize` comes first"));
            }
            (Phase::ShutDown, _) => {
                return Err(Refusal::new(ErrorCode::InvalidRequest, "the server is shut down"));
            }
            (Phase::Running, _) => {}
        }
        match method.as_str() {
            "initialize" => Err(Refusal::new(ErrorCode::InvalidRequest, "this was said before")),
            "shutdown" => {
                self.phase = Phase::ShutDown;
                Ok(Some(Value::Null))
            }
            "textDocument/diagnostic" => self.pull(id, read(params)?),
            "textDocument/codeAction" => self.code_actions(id, read(params)?),
            "codeAction/resolve" => self.resolve(id, params),
            "textDocument/hover" => self.hover(id, read(params)?),
            "textDocument/documentLink" => self.links(&read(params)?),
            _ => Err(Refusal::new(ErrorCode::MethodNotFound, format!("unknown request `{method}`"))),
        }
    }

    fn on_notification(&mut self, message: Notification) {
        if self.phase != Phase::Running {
            return;
        }
        let Notification { method, params } = message;
        match method.as_str() {
            "initialized" => self.initialized(),
            "textDocument/didOpen" => with(params, |params| self.opened(params)),
            "textDocument/didChange" => with(params, |params| self.changed(params)),
            "textDocument/didSave" => with(params, |params| self.saved(&params)),
            "textDocument/didClose" => with(params, |params| self.closed(&params)),
            "workspace/didChangeWatchedFiles" => with(params, |params| self.files_changed(&params)),
            "workspace/didChangeConfiguration" => self.configuration_changed(&params),
            "workspace/didChangeWorkspaceFolders" => with(params, |params| self.folders_changed(params)),
            "$/cancelRequest" => {
                if let Some(id) = id_in(&params)
                    && self.pending.remove(&id).is_some()
                {
                    self.refuse(id, Refusal::new(ErrorCode::RequestCanceled, "canceled"));
                }
            }
            _ => {}
        }
    }

    fn on_response(&mut self, response: Response) {
        let Some(asked) = self.asked.remove(&response.id) else { return };
        let result = response.response_result.ok();
        match asked {
            Asked::Settings => {
                let settings = result.as_ref().and_then(Value::as_array).and_then(|values| values.first());
                match settings {
                    // What was said at the start stays.
                    Some(settings) if !settings.is_null() => self.take_settings(settings),
                    _ => {}
                }
                if self.world.is_none() {
                    self.scan_due = Some(Instant::now());
                }
            }
            Asked::Progress if result.is_some() && self.world.is_none() => {
                self.progress = true;
                let value = json!({"kind": "begin", "title": "nixlint", "message": "reading the projects"});
                self.notify("$/progress", json!({"token": SCAN, "value": value}));
            }
            Asked::Progress | Asked::Nothing => {}
        }
    }

    // The beginning.

    fn initialize(&mut self, params: &Value) -> Result<Value, Refusal> {
        self.client = Client::new(params);
        self.phase = Phase::Running;
        let uri = |value: &Value| value.as_str().and_then(convert::path_of);
        let folders = params.get("workspaceFolders").and_then(Value::as_array);
        let folders = folders.into_iter().flatten().filter_map(|folder| uri(folder.get("uri")?));
        self.folders = folders.collect();
        if self.folders.is_empty() {
            let root = params.get("rootUri").and_then(uri);
            let path = || params.get("rootPath").and_then(Value::as_str).map(PathBuf::from);
            self.folders.extend(root.or_else(path).filter(|path| path.is_absolute()));
        }
        if let Some(options) = params.get("initializationOptions") {
            let (settings, problems) = Settings::read(options);
            self.settings = settings.unwrap_or_default();
            problems.iter().for_each(|problem| self.tell(problem));
        }
        let mut capabilities = json!({
            "positionEncoding": self.client.encoding_name(),
            "textDocumentSync": {"openClose": true, "change": 2, "save": {"includeText": false}},
            "codeActionProvider": {
                "codeActionKinds": ["quickfix", actions::FIX_ALL],
                "resolveProvider": true,
            },
            "hoverProvider": true,
            "documentLinkProvider": {"resolveProvider": false},
            "workspace": {"workspaceFolders": {"supported": true, "changeNotifications": true}},
        });
        if self.client.pulls {
            capabilities["diagnosticProvider"] = json!({
                "identifier": "nixlint",
                "interFileDependencies": true,
                "workspaceDiagnostics": false,
            });
        }
        let version = env!("CARGO_PKG_VERSION");
        Ok(json!({"capabilities": capabilities, "serverInfo": {"name": "nixlint", "version": version}}))
    }

    fn initialized(&mut self) {
        if self.client.watches {
            let patterns = ["**/*.nix", "**/flake.lock", "**/nixlint.toml", "**/.nixlint.toml"];
            let watchers: Vec<Value> =
                patterns.iter().map(|pattern| json!({"globPattern": pattern})).collect();
            let options = json!({"watchers": watchers});
            let registration = json!({
                "id": "nixlint/files",
                "method": "workspace/didChangeWatchedFiles",
                "registerOptions": options,
            });
            self.ask("client/registerCapability", json!({"registrations": [registration]}), Asked::Nothing);
        }
        if self.client.progress {
            self.ask("window/workDoneProgress/create", json!({"token": SCAN}), Asked::Progress);
        }
        match self.client.configuration {
            true => {
                self.ask_for_settings();
                self.scan_due = Some(Instant::now() + PATIENCE);
            }
            false => self.scan_due = Some(Instant::now()),
        }
    }

    fn ask_for_settings(&mut self) {
        let items = json!({"items": [{"section": "nixlint"}]});
        self.ask("workspace/configuration", items, Asked::Settings);
    }

    fn take_settings(&mut self, value: &Value) {
        let (settings, problems) = Settings::read(value);
        if let Some(settings) = settings.filter(|settings| *settings != self.settings) {
            self.settings = settings;
            self.forget_configuration();
        }
        problems.iter().for_each(|problem| self.tell(problem));
    }

    fn configuration_changed(&mut self, params: &Value) {
        if self.client.configuration {
            self.ask_for_settings();
        } else if let Some(settings) = params.get("settings").filter(|settings| !settings.is_null()) {
            self.take_settings(settings.get("nixlint").unwrap_or(settings));
        }
    }

    /// What configurations say is to be read again.
    fn forget_configuration(&mut self) {
        self.packs = None;
        self.told.clear();
        self.scan_due = Some(Instant::now());
    }

    // Documents.

    fn opened(&mut self, params: lsp::DidOpenTextDocumentParams) {
        let lsp::TextDocumentItem { uri, language_id, version, text, .. } = params.text_document;
        let language = serde_json::to_value(&language_id).unwrap_or_default();
        let kind = Kind::of(&uri.0, language.as_str().unwrap_or_default());
        let document = Document { version, text: text.into(), kind };
        self.documents.insert(uri.0.clone(), document);
        self.take_text(&uri.0);
        if let Some(file) = self.file(&uri.0) {
            self.dirty.insert(file);
        }
    }

    fn changed(&mut self, params: lsp::DidChangeTextDocumentParams) {
        let uri = params.text_document.text_document_identifier.uri.0;
        let encoding = self.client.encoding;
        let Some(document) = self.documents.get_mut(&uri) else { return };
        document.version = params.text_document.version;
        document.apply(params.content_changes, encoding);
        self.take_text(&uri);
    }

    fn saved(&mut self, params: &lsp::DidSaveTextDocumentParams) {
        match self.documents.get(&params.text_document.uri.0).map(|document| &document.kind) {
            Some(Kind::Config { .. }) => self.forget_configuration(),
            Some(Kind::Nix { .. }) => self.scan_due = Some(Instant::now()),
            // A rule of the user, perhaps.
            Some(Kind::Other) if params.text_document.uri.0.ends_with(".toml") => self.forget_configuration(),
            _ => {}
        }
    }

    fn closed(&mut self, params: &lsp::DidCloseTextDocumentParams) {
        let uri = &params.text_document.uri.0;
        let file = self.file(uri);
        let Some(document) = self.documents.remove(uri) else { return };
        self.pulled.remove(uri);
        if let Some(file) = file {
            self.uris.remove(&file);
            self.note_links(Some(file));
            self.dirty.insert(file);
        }
        if matches!(document.kind, Kind::Nix { .. }) {
            // Whatever was not saved is gone, and perhaps the file with it.
            self.push(uri, &[], 0, None);
            self.scan_due = Some(Instant::now() + PAUSE);
        }
        if matches!(document.kind, Kind::Config { .. }) {
            // What is on disk counts again.
            self.push(uri, &[], 0, None);
            self.are_mistakes_dirty = true;
        }
    }

    /// Has the text of a document count.
    fn take_text(&mut self, uri: &str) {
        self.are_mistakes_dirty |= self.config_at(uri).is_some();
        let Some(Document { kind: Kind::Nix { place, .. }, text, .. }) = self.documents.get(uri) else {
            return;
        };
        let Some(world) = &mut self.world else { return };
        match world.file(place) {
            Some(file) => {
                if *world.now.sources.get(file).text != **text {
                    world.edit(file, text);
                    self.hosts_due = Some(Instant::now() + PAUSE);
                    self.dirty.insert(file);
                }
                let before = self.uri(file);
                self.uris.insert(file, uri.to_owned());
                if before != uri {
                    // It was known by another of its names.
                    self.push(&before, &[], 0, None);
                }
            }
            None if world.knows(place) => {}
            None => self.scan_due = Some(Instant::now()),
        }
    }

    /// The file that a document is.
    fn file(&self, uri: &str) -> Option<FileId> {
        let Kind::Nix { place, .. } = &self.documents.get(uri)?.kind else { return None };
        self.world.as_ref()?.file(place)
    }

    fn files_changed(&mut self, params: &lsp::DidChangeWatchedFilesParams) {
        if params.changes.iter().any(|change| change.uri.0.ends_with(".toml")) {
            self.forget_configuration();
        }
        if !params.changes.is_empty() {
            self.scan_due.get_or_insert(Instant::now() + PAUSE);
        }
    }

    fn folders_changed(&mut self, params: lsp::DidChangeWorkspaceFoldersParams) {
        let path = |folder: &lsp::WorkspaceFolder| convert::path_of(&folder.uri.0);
        let removed: Vec<PathBuf> = params.event.removed.iter().filter_map(path).collect();
        self.folders.retain(|folder| !removed.contains(folder));
        for folder in params.event.added.iter().filter_map(path) {
            if !self.folders.contains(&folder) {
                self.folders.push(folder);
            }
        }
        self.forget_configuration();
    }

    // The work.

    /// Does what is due, and tells the client what is new.
    fn settle(&mut self) {
        if self.phase != Phase::Running {
            return;
        }
        let now = Instant::now();
        let is_due = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        if !self.is_busy {
            if is_due(self.scan_due) {
                self.scan();
            } else if is_due(self.hosts_due) {
                self.look_at_hosts();
            }
        }
        self.publish();
        self.answer_pulls();
    }

    fn scan(&mut self) {
        self.scan_due = None;
        self.is_busy = true;
        let folder = self.folder();
        let mut open: Vec<_> = self.documents.values().filter_map(Document::open_file).collect();
        open.sort_by(|a, b| a.path.cmp(&b.path));
        open.dedup_by(|a, b| a.path == b.path);
        let load = Load {
            shipped: self.setup.rules,
            folder,
            folders: self.folders.clone(),
            open,
            settings: self.settings.clone(),
            packs: self.packs.clone(),
            last: self.world.as_ref().map(|world| world.now.clone()).unwrap_or_default(),
        };
        self.worker.run(move || Done::Loaded(Box::new(load.run())));
    }

    /// The folder that counts, without links, as the paths of files are.
    fn folder(&self) -> PathBuf {
        let folder = self.folders.first().unwrap_or(&self.setup.folder);
        std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone())
    }

    fn look_at_hosts(&mut self) {
        self.hosts_due = None;
        let Some(world) = &mut self.world else { return };
        if world.is_fresh() {
            return;
        }
        world.read_edited();
        let (now, seen, found) = (world.now.clone(), world.seen.clone(), world.found.clone());
        self.is_busy = true;
        self.worker.run(move || Done::Hosts(now.of_hosts_again(&seen, &found), Box::new(now)));
    }

    fn on_done(&mut self, done: Done) {
        match done {
            Done::Loaded(loaded) => {
                self.is_busy = false;
                self.loaded(*loaded);
            }
            Done::Hosts(found, seen) => {
                self.is_busy = false;
                if let Some(world) = &mut self.world {
                    self.on_hosts_dirty.extend(world.take(found, *seen));
                }
            }
            Done::Lost(reason) => {
                self.is_busy = false;
                self.log(&format!("internal error, please report it: {reason}"));
            }
            Done::Answer(id, result) => self.answered(id, result),
        }
    }

    fn loaded(&mut self, loaded: Loaded) {
        let Loaded { world, packs, problems, mistakes } = loaded;
        self.world = Some(world);
        self.on_hosts_dirty.clear();
        self.mistakes = mistakes;
        self.packs = Some(packs);
        self.uris.clear();
        self.note_links(None);
        self.is_all_dirty = true;
        let uris: Vec<String> = self.documents.keys().cloned().collect();
        for uri in uris {
            self.take_text(&uri);
        }
        for problem in problems {
            self.tell(&problem);
        }
        if std::mem::take(&mut self.progress) {
            self.notify("$/progress", json!({"token": SCAN, "value": {"kind": "end"}}));
        }
    }

    fn answered(&mut self, id: RequestId, result: Result<Value, String>) {
        let Some(Pending::Job(about)) = self.pending.remove(&id) else { return };
        let is_late = about.is_some_and(|(uri, version)| {
            self.documents.get(&uri).is_none_or(|document| document.version != version)
        });
        match result {
            _ if is_late => self.refuse(id, Refusal::new(ErrorCode::ContentModified, "the text has changed")),
            Ok(result) => self.send(Response::new_ok(id, result)),
            Err(reason) => self.refuse(id, Refusal::new(ErrorCode::InternalError, reason)),
        }
    }

    // Diagnostics.

    /// The diagnostics of a file as the client gets them, and a hash of them.
    fn diagnostics(&mut self, file: FileId) -> (Vec<Value>, u64) {
        let Some(world) = &mut self.world else { return (Vec::new(), 0) };
        let found = world.findings(file);
        let wire = wire(&world.now.sources, &self.client, &self.setup, &self.uris);
        let diagnostics = as_sent(&wire, &found);
        let hash = hash(&diagnostics);
        (diagnostics, hash)
    }

    /// Pushes what is new: to a client that asks itself, only what it has not open.
    fn publish(&mut self) {
        let Some(world) = &self.world else { return };
        let all = std::mem::take(&mut self.is_all_dirty);
        let on_hosts = std::mem::take(&mut self.on_hosts_dirty);
        let mut files: Vec<FileId> = match all {
            true => world.reported().collect(),
            false => self.dirty.union(&on_hosts).copied().collect(),
        };
        files.sort_unstable();
        self.dirty.clear();
        let mut gone: FxHashSet<String> = match all {
            true => self.pushed.keys().cloned().collect(),
            false => FxHashSet::default(),
        };
        let are_mistakes_dirty = std::mem::take(&mut self.are_mistakes_dirty);
        let mut wants_refresh = (all || are_mistakes_dirty) && self.publish_mistakes(&mut gone);
        for file in files {
            let uri = self.uri(file);
            let version = self.documents.get(&uri).map(|document| document.version);
            gone.remove(&uri);
            if version.is_some() && self.client.pulls {
                self.push(&uri, &[], 0, None);
                if all || on_hosts.contains(&file) {
                    let (_, hash) = self.diagnostics(file);
                    wants_refresh |= self.pulled.get(&uri).is_some_and(|pulled| *pulled != hash);
                }
                continue;
            }
            let (diagnostics, hash) = self.diagnostics(file);
            self.push(&uri, &diagnostics, hash, version);
        }
        for uri in gone {
            self.push(&uri, &[], 0, None);
        }
        if wants_refresh && self.client.refreshes {
            self.ask("workspace/diagnostic/refresh", Value::Null, Asked::Nothing);
        }
    }

    /// Pushes what is wrong with configurations; gives whether the client should ask for what it has open.
    fn publish_mistakes(&mut self, gone: &mut FxHashSet<String>) -> bool {
        let mut files: BTreeMap<String, (Mistakes, Option<i32>)> = BTreeMap::new();
        let mut open: FxHashSet<PathBuf> = FxHashSet::default();
        for (uri, document) in &self.documents {
            if let Some(place) = self.config_at(uri) {
                files.insert(uri.clone(), (self.mistakes_of(document, place), Some(document.version)));
                open.insert(place.clone());
            }
        }
        for mistake in &self.mistakes {
            let place = mistake.file().filter(|place| !open.contains(*place));
            if let Some(path) = place.and_then(Utf8Path::from_path) {
                files.entry(crate::report::file_uri(path)).or_default().0.push(mistake.clone());
            }
        }
        let mut wants_refresh = false;
        for (uri, (mistakes, version)) in files {
            gone.remove(&uri);
            let diagnostics = mistakes::as_sent(&mistakes, self.client.encoding);
            let hash = hash(&diagnostics);
            match version.is_some() && self.client.pulls {
                true => {
                    self.push(&uri, &[], 0, None);
                    wants_refresh |= self.pulled.get(&uri).is_some_and(|pulled| *pulled != hash);
                }
                false => self.push(&uri, &diagnostics, hash, version),
            }
        }
        wants_refresh
    }

    /// Where a document lies that is a configuration.
    fn config_at(&self, uri: &str) -> Option<&PathBuf> {
        match &self.documents.get(uri)?.kind {
            Kind::Config { place } => place.as_ref(),
            _ => None,
        }
    }

    /// What is wrong with an open configuration: what a scan found, and in a text that is not saved yet what
    /// reading it shows.
    fn mistakes_of(&self, document: &Document, place: &Path) -> Mistakes {
        let on_disk = mistakes::in_file(&self.mistakes, place);
        if on_disk.first().is_some_and(|mistake| mistake.is_in(&document.text)) {
            return on_disk;
        }
        let Some(packs) = &self.packs else { return Mistakes::new() };
        let config = self.settings.config_choice();
        let found = packs
            .with(self.setup.rules, |book| mistakes_in(&document.text, place, &self.folder(), &config, book));
        found.into_iter().map(Arc::new).collect()
    }

    /// The address of a file, as the client writes it.
    fn uri(&self, file: FileId) -> String {
        let sources = self.world.as_ref().map(|world| &world.now.sources);
        let plain = || sources.map(|sources| crate::report::file_uri(&sources.get(file).path));
        self.uris.get(&file).cloned().or_else(plain).unwrap_or_default()
    }

    /// Notes the addresses of files, or of one, in folders that the client names by a link: it knows what is
    /// below them by no other path.
    fn note_links(&mut self, only: Option<FileId>) {
        let Some(world) = &self.world else { return };
        for folder in &self.folders {
            let Ok(real) = std::fs::canonicalize(folder) else { continue };
            let (Some(folder), Some(real)) = (Utf8Path::from_path(folder), Utf8Path::from_path(&real)) else {
                continue;
            };
            if real == folder {
                continue;
            }
            let files = match only {
                Some(file) => vec![file],
                None => world.now.sources.iter().map(|(file, _)| file).collect(),
            };
            for file in files {
                if let Ok(below) = world.now.sources.get(file).path.strip_prefix(real) {
                    self.uris.insert(file, crate::report::file_uri(&folder.join(below)));
                }
            }
        }
    }

    /// Sends diagnostics unless the client has them.
    fn push(&mut self, uri: &str, diagnostics: &[Value], hash: u64, version: Option<i32>) {
        let is_known = match self.pushed.get(uri) {
            Some(pushed) => *pushed == hash,
            // An open document is told that nothing is wrong, too.
            None => diagnostics.is_empty() && version.is_none(),
        };
        if is_known {
            return;
        }
        match diagnostics.is_empty() && version.is_none() {
            true => self.pushed.remove(uri),
            false => self.pushed.insert(uri.to_owned(), hash),
        };
        let mut params = json!({"uri": uri, "diagnostics": diagnostics});
        if let Some(version) = version {
            params["version"] = version.into();
        }
        self.notify("textDocument/publishDiagnostics", params);
    }

    fn pull(&mut self, id: RequestId, params: lsp::DocumentDiagnosticParams) -> Answer {
        let pull = Pending::Pull(params.text_document.uri.0, params.previous_result_id);
        self.pending.insert(id, pull);
        Ok(None)
    }

    /// Answers those who ask for diagnostics, once there is something to say: a client that cannot be told
    /// to ask again gets nothing that will soon be wrong.
    fn answer_pulls(&mut self) {
        let is_settled = self.scan_due.is_none()
            && self.hosts_due.is_none()
            && !self.is_busy
            && self.world.as_ref().is_some_and(World::is_fresh);
        if self.world.is_none() || !(is_settled || self.client.refreshes) {
            return;
        }
        let is_pull = |(_, pending): &(&RequestId, &Pending)| matches!(pending, Pending::Pull(..));
        let ids: Vec<RequestId> = self.pending.iter().filter(is_pull).map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(Pending::Pull(uri, previous)) = self.pending.remove(&id) else { continue };
            let (diagnostics, hash) = match (self.file(&uri), self.config_at(&uri)) {
                (Some(file), _) => self.diagnostics(file),
                (None, Some(place)) => {
                    let mistakes = self.mistakes_of(&self.documents[&uri], place);
                    let diagnostics = mistakes::as_sent(&mistakes, self.client.encoding);
                    let hash = hash(&diagnostics);
                    (diagnostics, hash)
                }
                (None, None) => (Vec::new(), 0),
            };
            self.pulled.insert(uri, hash);
            let result = format!("{hash:016x}");
            let report = match previous == Some(result.clone()) {
                true => json!({"kind": "unchanged", "resultId": result}),
                false => json!({"kind": "full", "resultId": result, "items": diagnostics}),
            };
            self.send(Response::new_ok(id, report));
        }
    }

    // Questions about places.

    fn code_actions(&mut self, id: RequestId, params: actions::Params) -> Answer {
        let none = Ok(Some(json!([])));
        let uri = params.text_document.uri.0.clone();
        let (Some(file), Some(document)) = (self.file(&uri), self.documents.get(&uri)) else { return none };
        let version = document.version;
        let Some(world) = self.world.as_mut().filter(|_| self.client.action_literals) else { return none };
        let found = world.findings(file);
        let subject = actions::Subject {
            wire: wire(&world.now.sources, &self.client, &self.setup, &self.uris),
            client: &self.client,
            file,
            uri: &uri,
            version,
            found: &found,
        };
        if self.client.resolves_edits || !params.asks_for_fix_all() {
            return Ok(Some(subject.actions(&params).into()));
        }
        // Asked for on saving, by a client that takes no edit later.
        let mut list = subject.actions(&params);
        let has_fix_all = list.iter().any(|action| action["kind"] == actions::FIX_ALL);
        if !has_fix_all {
            return Ok(Some(list.into()));
        }
        let wanted = FixAll { uri: uri.clone(), version, rule: None };
        self.fix_all(id, wanted, move |edit| {
            for action in &mut list {
                if action["kind"] == actions::FIX_ALL {
                    action["edit"] = edit.clone();
                }
            }
            list.into()
        })
    }

    fn resolve(&mut self, id: RequestId, mut action: Value) -> Answer {
        let Some(wanted) = FixAll::of(&action) else { return Ok(Some(action)) };
        self.fix_all(id, wanted, move |edit| {
            action["edit"] = edit;
            action
        })
    }

    /// Fixes until nothing is left, on the worker.
    fn fix_all(
        &mut self,
        id: RequestId,
        wanted: FixAll,
        answer: impl FnOnce(Value) -> Value + Send + 'static,
    ) -> Answer {
        let late = || Refusal::new(ErrorCode::ContentModified, "the text has changed");
        let is_current =
            self.documents.get(&wanted.uri).is_some_and(|document| document.version == wanted.version);
        let (Some(file), true) = (self.file(&wanted.uri), is_current) else { return Err(late()) };
        let Some(world) = &mut self.world else { return Err(late()) };
        world.read_edited();
        let (snapshot, member) = (world.now.clone(), world.member(file));
        let (client, setup, uris) = (self.client.clone(), self.setup.clone(), self.uris.clone());
        let about = Some((wanted.uri.clone(), wanted.version));
        self.pending.insert(id.clone(), Pending::Job(about));
        self.worker.answer(id, move || {
            let wire = wire(&snapshot.sources, &client, &setup, &uris);
            let edit = match member {
                Some(member) => actions::fix_all(&snapshot, member, file, &wanted, &wire, &client),
                None => actions::no_edit(),
            };
            Ok(answer(edit))
        });
        Ok(None)
    }

    fn hover(&mut self, id: RequestId, params: lsp::HoverParams) -> Answer {
        let lsp::TextDocumentPositionParams { text_document, position, .. } =
            params.text_document_position_params;
        let Some(document) = self.documents.get(&text_document.uri.0) else { return Ok(Some(Value::Null)) };
        let markdown = self.client.markdown;
        let subject = hover::Subject::new(&document.text, position, &self.client);
        let metas = crate::engine::BUILT_IN.iter().copied();
        let metas = metas.chain(self.setup.rules.iter().map(|entry| entry.meta));
        let own = self.packs.as_ref().map(|packs| packs.metas()).unwrap_or_default();
        let rule = |name: &str| {
            let meta = metas.clone().chain(own.iter().copied()).find(|meta| meta.name == name);
            meta.map(|meta| meta.page())
        };
        match &document.kind {
            Kind::Config { .. } => Ok(Some(subject.in_config(rule))),
            Kind::Other => Ok(Some(Value::Null)),
            Kind::Nix { .. } => {
                if let Some(hover) = subject.in_comment(rule) {
                    return Ok(Some(hover));
                }
                let option = subject.option();
                let file = self.file(&text_document.uri.0);
                let (Some(option), Some(file), Some(world)) = (option, file, &mut self.world) else {
                    return Ok(Some(Value::Null));
                };
                world.read_edited();
                let (snapshot, member) = (world.now.clone(), world.member(file));
                let about = Some((text_document.uri.0, document.version));
                let range = subject.wire_range(option.range);
                self.pending.insert(id.clone(), Pending::Job(about));
                self.worker.answer(id, move || {
                    Ok(member
                        .map_or(Value::Null, |member| option.hover(&snapshot, member, file, range, markdown)))
                });
                Ok(None)
            }
        }
    }

    fn links(&self, params: &lsp::DocumentLinkParams) -> Answer {
        let document = self.documents.get(&params.text_document.uri.0);
        Ok(Some(match document {
            Some(Document { text, kind: Kind::Nix { place, is_homeless: false }, .. }) => {
                links::links(text, place, self.client.encoding).into()
            }
            _ => json!([]),
        }))
    }

    // What the client is told and asked.

    fn send(&self, message: impl Into<Message>) {
        // Whoever is gone needs no answer; the loop finds out by itself.
        _ = self.connection.sender.send(message.into());
    }

    fn refuse(&self, id: RequestId, refusal: Refusal) {
        self.send(Response::new_err(id, refusal.code, refusal.message));
    }

    fn notify(&self, method: &str, params: Value) {
        self.send(Notification::new(method.to_owned(), params));
    }

    fn ask(&mut self, method: &str, params: Value, asked: Asked) {
        self.questions += 1;
        let id = RequestId::from(self.questions);
        self.asked.insert(id.clone(), asked);
        self.send(Request::new(id, method.to_owned(), params));
    }

    /// Shows the user that something is wrong, once.
    fn tell(&mut self, problem: &str) {
        if self.told.insert(problem.to_owned()) {
            self.notify("window/showMessage", json!({"type": 2, "message": format!("nixlint: {problem}")}));
        }
    }

    fn log(&self, message: &str) {
        self.notify("window/logMessage", json!({"type": 1, "message": format!("nixlint: {message}")}));
    }
}

/// How findings are converted for the client.
fn wire<'a>(
    sources: &'a Sources,
    client: &Client,
    setup: &Setup,
    uris: &'a FxHashMap<FileId, String>,
) -> Wire<'a> {
    Wire { sources, encoding: client.encoding, rule_url: setup.rule_url, uris: Some(uris) }
}

/// The findings as they are sent: what `--format json` writes, in the encoding of the client.
fn as_sent(wire: &Wire<'_>, found: &[Diagnostic]) -> Vec<Value> {
    let fingerprints = fingerprints(wire.sources, found);
    let send = |(diagnostic, fingerprint)| {
        let value = serde_json::to_value(wire.diagnostic(diagnostic, fingerprint));
        value.expect("invariant: names and texts make JSON")
    };
    found.iter().zip(fingerprints).map(send).collect()
}

fn hash(diagnostics: &[Value]) -> u64 {
    if diagnostics.is_empty() {
        return 0;
    }
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for diagnostic in diagnostics {
        hasher.write(diagnostic.to_string().as_bytes());
    }
    hasher.finish()
}

fn read<P: DeserializeOwned>(params: Value) -> Result<P, Refusal> {
    serde_json::from_value(params).map_err(|error| Refusal::new(ErrorCode::InvalidParams, error.to_string()))
}

/// Hands over the parameters of a notification, unless they are none.
fn with<P: DeserializeOwned>(params: Value, take: impl FnOnce(P)) {
    if let Ok(params) = serde_json::from_value(params) {
        take(params);
    }
}

/// The id in the parameters of a cancellation.
fn id_in(params: &Value) -> Option<RequestId> {
    serde_json::from_value(params.get("id")?.clone()).ok()
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("nixlint failed on this: {}", said.unwrap_or("no reason given"))
}
