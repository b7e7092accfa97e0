//! The language server, with a client in memory: what it shows, what it does about it, and that nothing a
//! client sends ends it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use nixlint::cli::own_rules;
use nixlint::lsp::{PEERS, Setup, serve};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing takes so long.
const FOREVER: Duration = Duration::from_secs(60);

/// A folder with a project.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self { folder: tempfile::tempdir().expect("there is a place for temporary files") };
        for (name, text) in files {
            place.write(name, text);
        }
        place
    }

    fn homelab() -> Self {
        let place = Self::new(&[]);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/homelab"), &place.root());
        place
    }

    fn root(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).expect("the folder is there")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().expect("files have folders")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root().join(name)).expect("the file is there")
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.root().display())
    }

    /// What `nixlint check --format json` writes, by address.
    fn checked(&self) -> BTreeMap<String, Value> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nixlint"));
        command.args(["check", "--format", "json"]).current_dir(self.root()).env_clear();
        let output = command.output().expect("the program starts");
        let report: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
        let files = report.as_array().expect("it is a list");
        let file = |file: &Value| {
            (file["uri"].as_str().expect("files have addresses").to_owned(), file["diagnostics"].clone())
        };
        files.iter().map(file).collect()
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folders can be made");
    for entry in fs::read_dir(from).expect("the folder is there") {
        let entry = entry.expect("it can be listed");
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("files can be copied")),
        }
    }
}

/// A client, and the server on its other side.
struct Client {
    connection: Connection,
    server: Option<JoinHandle<bool>>,
    requests: i32,
    /// What was pushed last, by address.
    pushed: BTreeMap<String, Value>,
    /// What else came, by method.
    heard: Vec<(String, Value)>,
    versions: i32,
}

impl Client {
    /// Says hello; `capabilities` and `options` as the client has them.
    fn start(place: &Place, capabilities: Value, options: Value) -> Self {
        let mut client = Self::silent(place);
        let params = json!({
            "processId": null,
            "rootUri": format!("file://{}", place.root().display()),
            "capabilities": capabilities,
            "initializationOptions": options,
        });
        let result = client.request("initialize", params).expect("the server says hello");
        assert_eq!(result["serverInfo"]["name"], "nixlint");
        client.notify("initialized", json!({}));
        client
    }

    /// Without a word.
    fn silent(place: &Place) -> Self {
        let (server, connection) = Connection::memory();
        let setup = Setup { rules: own_rules(), rule_url: None, folder: place.root() };
        let server = std::thread::spawn(move || serve(server, setup));
        Self {
            connection,
            server: Some(server),
            requests: 0,
            pushed: BTreeMap::new(),
            heard: Vec::new(),
            versions: 0,
        }
    }

    fn pushes(place: &Place) -> Self {
        Self::start(
            place,
            json!({"textDocument": {"codeAction": {"codeActionLiteralSupport": {}}}}),
            Value::Null,
        )
    }

    fn send(&self, message: impl Into<Message>) {
        self.connection.sender.send(message.into()).expect("the server listens");
    }

    fn notify(&self, method: &str, params: Value) {
        self.send(Notification::new(method.to_owned(), params));
    }

    fn ask(&mut self, method: &str, params: Value) -> RequestId {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        self.send(Request::new(id.clone(), method.to_owned(), params));
        id
    }

    fn request(&mut self, method: &str, params: Value) -> Result<Value, (i32, String)> {
        let id = self.ask(method, params);
        self.answer(&id)
    }

    fn answer(&mut self, id: &RequestId) -> Result<Value, (i32, String)> {
        let end = Instant::now() + FOREVER;
        loop {
            match self.next(end) {
                Message::Response(response) if response.id == *id => {
                    return response.response_result.map_err(|error| (error.code, error.message));
                }
                other => self.hear(other),
            }
        }
    }

    fn next(&self, end: Instant) -> Message {
        let left = end.saturating_duration_since(Instant::now());
        self.connection.receiver.recv_timeout(left).expect("the server answers in time")
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Notification(message) if message.method == "textDocument/publishDiagnostics" => {
                let uri = message.params["uri"].as_str().expect("it has an address").to_owned();
                self.pushed.insert(uri, message.params["diagnostics"].clone());
            }
            Message::Notification(message) => self.heard.push((message.method, message.params)),
            Message::Request(request) => {
                let result = match request.method.as_str() {
                    "workspace/configuration" => json!([null]),
                    _ => Value::Null,
                };
                self.send(Response::new_ok(request.id, result));
                self.heard.push((request.method, request.params));
            }
            Message::Response(_) => {}
        }
    }

    /// Listens until `enough`.
    fn until(&mut self, what: &str, enough: impl Fn(&Self) -> bool) {
        let end = Instant::now() + FOREVER;
        while !enough(self) {
            let left = end.saturating_duration_since(Instant::now());
            match self.connection.receiver.recv_timeout(left) {
                Ok(message) => self.hear(message),
                Err(error) => {
                    let pushed: Vec<(&String, Vec<String>)> =
                        self.pushed.iter().map(|(uri, found)| (uri, codes(found))).collect();
                    panic!("waited for {what}: {error}; pushed: {pushed:#?}")
                }
            }
        }
    }

    /// The codes that were pushed for a file.
    fn codes(&self, uri: &str) -> Vec<String> {
        self.pushed.get(uri).map(codes).unwrap_or_default()
    }

    fn open(&mut self, uri: &str, text: &str) {
        self.versions += 1;
        let document = json!({"uri": uri, "languageId": "nix", "version": self.versions, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&mut self, uri: &str, changes: Value) {
        self.versions += 1;
        let document = json!({"uri": uri, "version": self.versions});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    fn actions(&mut self, uri: &str, range: &Value, only: Value) -> Vec<Value> {
        let mut context = json!({"diagnostics": []});
        if !only.is_null() {
            context["only"] = only;
        }
        let params = json!({"textDocument": {"uri": uri}, "range": range, "context": context});
        let actions = self.request("textDocument/codeAction", params).expect("there are actions");
        actions.as_array().expect("it is a list").clone()
    }

    fn stop(mut self) {
        self.request("shutdown", Value::Null).expect("the server shuts down");
        self.notify("exit", Value::Null);
        let server = self.server.take().expect("it runs until here");
        assert!(server.join().expect("it does not panic"), "it knew that it was to end");
    }
}

fn codes(diagnostics: &Value) -> Vec<String> {
    let list = diagnostics.as_array().expect("it is a list");
    // Mistakes in configurations have no code.
    list.iter().map(|found| found["code"].as_str().unwrap_or("mistake").to_owned()).collect()
}

fn whole() -> Value {
    json!({"start": {"line": 0, "character": 0}, "end": {"line": 9999, "character": 0}})
}

/// `text` after the edits of a code action in `uri`, whose columns count UTF-16 units of ASCII text.
fn applied(text: &str, action: &Value, uri: &str) -> String {
    let edits = action["edit"]["changes"][uri].as_array().expect("it changes the file");
    let offset = |position: &Value| {
        let (line, column) = (position["line"].as_u64(), position["character"].as_u64());
        let (line, column) = (line.expect("a number") as usize, column.expect("a number") as usize);
        text.split_inclusive('\n').take(line).map(str::len).sum::<usize>() + column
    };
    let mut edits: Vec<_> = edits
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().expect("text"))
        })
        .collect();
    edits.sort();
    let mut result = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        result.replace_range(start..end, new);
    }
    result
}

const BACKUP: &str = "modules/services/backup.nix";

#[test]
fn a_finding_is_shown_fixed_and_gone() {
    let place = Place::homelab();
    let mut client = Client::pushes(&place);
    let (uri, text) = (place.uri(BACKUP), place.read(BACKUP));
    client.open(&uri, &text);
    client.until("findings", |client| client.codes(&uri).contains(&"sops-nix-service-ref".to_owned()));
    let found = client.pushed[&uri][0].clone();

    let actions = client.actions(&uri, &found["range"], Value::Null);
    let title = |action: &Value| action["title"].as_str().expect("actions have titles").to_owned();
    let titles: Vec<String> = actions.iter().map(title).collect();
    for wanted in ["Ignore `sops-nix-service-ref` here", "Ignore `sops-nix-service-ref` in this file"] {
        assert!(titles.iter().any(|title| title == wanted), "{titles:?}");
    }
    let fix = actions.iter().find(|action| action["isPreferred"] == true).expect("one is preferred");
    assert_eq!(fix["diagnostics"][0], found);
    let fixed = applied(&text, fix, &uri);
    client.change(&uri, json!([{"text": fixed}]));
    client
        .until("fewer findings", |client| !client.pushed[&uri].as_array().expect("a list").contains(&found));

    let all = client.actions(&uri, &whole(), json!(["source.fixAll"]));
    assert_eq!(all.len(), 1, "{all:?}");
    let fixed = applied(&fixed, &all[0], &uri);
    client.change(&uri, json!([{"text": fixed}]));
    client.until("no findings", |client| client.codes(&uri).is_empty());
    client.stop();
}

#[test]
fn every_way_out_is_offered() {
    let text = "{ a, b }:\n[\n  (a.b or toString 1)\n  b # nixlint: ignore[port-conflict]\n  b # nixlint: ignore[port-conflict]\n]\n";
    let place = Place::new(&[("a.nix", text)]);
    let mut client = Client::pushes(&place);
    let uri = place.uri("a.nix");
    client.open(&uri, text);
    let wanted = ["or-default-applied", "unused-suppression", "unused-suppression"];
    client.until("findings", |client| client.codes(&uri) == wanted);
    let actions = client.actions(&uri, &whole(), json!(["quickfix"]));
    let titles: Vec<&str> = actions.iter().filter_map(|action| action["title"].as_str()).collect();
    for title in ["Make it one default (unsafe)", "Show what is called (your choice)"] {
        assert!(titles.contains(&title), "{titles:?}");
    }
    let all = actions.iter().find(|action| action["title"] == "Fix all of `unused-suppression` in this file");
    let fixed = applied(text, all.unwrap_or_else(|| panic!("{titles:?}")), &uri);
    assert_eq!(fixed, "{ a, b }:\n[\n  (a.b or toString 1)\n  b\n  b\n]\n");
    client.stop();
}

#[test]
fn comments_of_actions_silence() {
    let place = Place::homelab();
    let mut client = Client::pushes(&place);
    let uri = place.uri("modules/services/notes.nix");
    let text = place.read("modules/services/notes.nix");
    client.open(&uri, &text);
    client.until("findings", |client| client.codes(&uri).contains(&"container-mutable-tag".to_owned()));
    for title in ["Ignore `container-mutable-tag` here", "Ignore `container-mutable-tag` in this file"] {
        let actions = client.actions(&uri, &whole(), json!(["quickfix"]));
        let action = actions.iter().find(|action| action["title"] == title).expect("it is offered");
        client.change(&uri, json!([{"text": applied(&text, action, &uri)}]));
        client.until(title, |client| !client.codes(&uri).contains(&"container-mutable-tag".to_owned()));
        assert!(!client.codes(&uri).contains(&"unused-suppression".to_owned()));
        client.change(&uri, json!([{"text": text}]));
        client.until("findings", |client| client.codes(&uri).contains(&"container-mutable-tag".to_owned()));
    }
    client.stop();
}

#[test]
fn files_that_are_not_open_are_shown_and_follow_edits_elsewhere() {
    let place = Place::homelab();
    let mut client = Client::pushes(&place);
    let users = place.uri("modules/users.nix");
    client.until("findings", |client| client.pushed.len() > 3);
    // Nothing imports the users any more.
    let hub = place.uri("modules/default.nix");
    let text = place.read("modules/default.nix");
    client.open(&hub, &text);
    let is_lost = |client: &Client| client.codes(&users).contains(&"module-not-imported".to_owned());
    assert!(!is_lost(&client));
    client.change(&hub, json!([{"text": "{ }\n"}]));
    client.until("modules that nothing imports", |client| is_lost(client));
    client.change(&hub, json!([{"text": text}]));
    client.until("modules that are imported", |client| !is_lost(client));
    client.stop();
}

#[cfg(unix)]
#[test]
fn a_folder_named_by_a_link_is_called_so() {
    let place =
        Place::new(&[("real/a.nix", "let unused = 1; in { }\n"), ("real/b.nix", "let unused = 1; in { }\n")]);
    let link = place.root().join("link");
    std::os::unix::fs::symlink("real", &link).expect("links can be made");
    let mut client = Client::silent(&place);
    let params = json!({
        "processId": null,
        "rootUri": format!("file://{}", link.display()),
        "capabilities": {"textDocument": {"codeAction": {"codeActionLiteralSupport": {}}}},
    });
    client.request("initialize", params).expect("the server says hello");
    client.notify("initialized", json!({}));
    let uri = |name: &str| place.uri(&format!("link/{name}"));
    client.until("findings", |client| client.pushed.len() == 2);
    assert_eq!(client.pushed.keys().cloned().collect::<Vec<_>>(), [uri("a.nix"), uri("b.nix")]);

    // By another name, it is one file all the same.
    let (real, linked) = (place.uri("real/a.nix"), uri("a.nix"));
    client.open(&real, "let unused = 1; in { }\n");
    client.until("the other name", |client| {
        !client.codes(&real).is_empty() && client.codes(&linked).is_empty()
    });
    client.change(&real, json!([{"text": "{ }\n"}]));
    client.until("no findings", |client| client.codes(&real).is_empty() && client.codes(&linked).is_empty());
    client.stop();
}

#[test]
fn diagnostics_are_those_of_the_json_format() {
    let place = Place::homelab();
    place.write(
        "modules/unicode.nix",
        "{\n  # 日本 🦀 é\n  a = \"🦀é\"; # nixlint: ignore[no-such-rule]\n  b = \"日本\"; # nixlint: ignore\n}\n",
    );
    let checked = place.checked();
    assert!(checked.len() > 5 && checked.contains_key(&place.uri("modules/unicode.nix")));

    let mut client = Client::pushes(&place);
    let uri = place.uri("modules/unicode.nix");
    client.open(&uri, &place.read("modules/unicode.nix"));
    client.until("all files", |client| {
        client
            .pushed
            .iter()
            .filter(|(_, found)| found.as_array().is_some_and(|list| !list.is_empty()))
            .count()
            == checked.len()
    });
    for (uri, wanted) in &checked {
        assert_eq!(client.pushed[uri].to_string(), wanted.to_string(), "{uri}");
    }
    client.stop();

    // In UTF-8 only the columns differ.
    let mut client =
        Client::start(&place, json!({"general": {"positionEncodings": ["utf-16", "utf-8"]}}), Value::Null);
    client.until("the file", |client| !client.codes(&uri).is_empty());
    let column = |found: &Value| found[0]["range"]["start"]["character"].as_u64().expect("a number");
    assert_eq!((column(&client.pushed[&uri]), column(&checked[&uri])), (34, 31));
    let without_columns = |found: &Value| {
        let mut text = found.to_string();
        for key in ["\"character\":"] {
            let mut parts = text.split(key).map(str::to_owned).collect::<Vec<_>>();
            for part in parts.iter_mut().skip(1) {
                *part = part.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned();
            }
            text = parts.join(key);
        }
        text
    };
    assert_eq!(without_columns(&client.pushed[&uri]), without_columns(&checked[&uri]));
    client.stop();
}

#[test]
fn clients_that_ask_get_answers_and_no_pushes() {
    for refreshes in [true, false] {
        let place = Place::homelab();
        let capabilities = json!({
            "textDocument": {"diagnostic": {}},
            "workspace": {"diagnostics": {"refreshSupport": refreshes}},
        });
        let mut client = Client::start(&place, capabilities, Value::Null);
        let (uri, text) = (place.uri(BACKUP), place.read(BACKUP));
        client.open(&uri, &text);
        let params = json!({"textDocument": {"uri": uri}});
        let report = client.request("textDocument/diagnostic", params).expect("it is answered");
        assert_eq!(report["kind"], "full");
        assert!(codes(&report["items"]).contains(&"sops-nix-service-ref".to_owned()), "{report}");
        let again = json!({"textDocument": {"uri": uri}, "previousResultId": report["resultId"]});
        let again = client.request("textDocument/diagnostic", again).expect("it is answered");
        assert_eq!(again, json!({"kind": "unchanged", "resultId": report["resultId"]}));
        assert!(client.codes(&uri).is_empty(), "an open file is not pushed");

        // A change of another file changes what hosts are made of.
        let users = place.uri("modules/users.nix");
        client.open(&users, &place.read("modules/users.nix"));
        let of_users = json!({"textDocument": {"uri": users}});
        let report = client.request("textDocument/diagnostic", of_users.clone()).expect("it is answered");
        assert_eq!(report["items"], json!([]));
        let hub = place.uri("modules/default.nix");
        client.open(&hub, "{ }\n");
        if refreshes {
            client.until("a refresh", |client| {
                client.heard.iter().any(|(method, _)| method == "workspace/diagnostic/refresh")
            });
        }
        let report = client.request("textDocument/diagnostic", of_users).expect("it is answered");
        assert_eq!(codes(&report["items"]), ["module-not-imported"]);
        client.stop();
    }
}

#[test]
fn settings_choose_rules_and_leave_things_to_others() {
    let place = Place::new(&[("a.nix", "{ a = }\n"), ("b.nix", "1 # nixlint: ignore\n")]);
    let mut client = Client::start(&place, json!({}), json!({"coexistWith": ["nil"]}));
    let (a, b) = (place.uri("a.nix"), place.uri("b.nix"));
    client.until("findings", |client| !client.codes(&b).is_empty());
    assert!(client.codes(&a).is_empty(), "nil shows it");
    client.notify("workspace/didChangeConfiguration", json!({"settings": {"nixlint": {}}}));
    client.until("all findings", |client| client.codes(&a) == ["syntax-error"]);
    let ignore = json!({"ignore": ["blanket-suppression", "no-such-rule"]});
    client.notify("workspace/didChangeConfiguration", json!({"settings": {"nixlint": ignore}}));
    client.until("fewer findings", |client| client.codes(&b).is_empty());
    client.until("a word about the name", |client| {
        client.heard.iter().any(|(method, params)| {
            method == "window/showMessage" && params.to_string().contains("no-such-rule")
        })
    });
    client.stop();
}

#[test]
fn configurations_and_files_are_read_again() {
    let place = Place::new(&[("a.nix", "1 # nixlint: ignore\n")]);
    let capabilities = json!({
        "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}, "configuration": true},
        "window": {"workDoneProgress": true},
    });
    let mut client = Client::start(&place, capabilities, Value::Null);
    let uri = place.uri("a.nix");
    client.until("findings", |client| client.codes(&uri) == ["blanket-suppression"]);
    let heard: Vec<&str> = client.heard.iter().map(|(method, _)| method.as_str()).collect();
    for method in ["client/registerCapability", "window/workDoneProgress/create", "workspace/configuration"] {
        assert!(heard.contains(&method), "{heard:?}");
    }
    place.write("nixlint.toml", "rules.blanket-suppression = 'off'\n");
    let changed = |name: &str| json!({"changes": [{"uri": place.uri(name), "type": 1}]});
    client.notify("workspace/didChangeWatchedFiles", changed("nixlint.toml"));
    client.until("no findings", |client| client.codes(&uri).is_empty());
    place.write("nixlint.toml", "rules.blanket-supression = 'off'\n");
    client.notify("workspace/didChangeWatchedFiles", changed("nixlint.toml"));
    client.until("a word about the mistake", |client| {
        client.heard.iter().any(|(_, params)| params.to_string().contains("nixlint.toml:1:7"))
    });
    fs::remove_file(place.root().join("nixlint.toml")).expect("it is there");
    place.write("new.nix", "{\n");
    client.notify("workspace/didChangeWatchedFiles", changed("new.nix"));
    client.until("both files", |client| {
        !client.codes(&uri).is_empty() && client.codes(&place.uri("new.nix")) == ["syntax-error"]
    });
    fs::remove_file(place.root().join("new.nix")).expect("it is there");
    client.notify("workspace/didChangeWatchedFiles", changed("new.nix"));
    client.until("one file", |client| client.codes(&place.uri("new.nix")).is_empty());
    client.stop();
}

#[test]
fn mistakes_in_configurations_are_shown_where_they_are() {
    let place = Place::new(&[
        ("a.nix", "1 # nixlint: ignore\n"),
        ("nixlint.toml", "# é\nrules.blanket-supression = 'off'\n"),
        ("rules/own.toml", "name = 'Own'\n"),
    ]);
    let (a, config) = (place.uri("a.nix"), place.uri("nixlint.toml"));
    let mut client = Client::pushes(&place);
    client.until("a mistake", |client| client.codes(&config) == ["mistake"]);
    let mistake = client.pushed[&config][0].clone();
    let range = json!({"start": {"line": 1, "character": 6}, "end": {"line": 1, "character": 24}});
    assert_eq!((&mistake["range"], &mistake["severity"]), (&range, &json!(1)), "{mistake}");
    let message = mistake["message"].as_str().expect("it says something");
    assert!(
        message.contains("`blanket-supression`") && message.contains("`blanket-suppression`"),
        "{message}"
    );
    // Nothing is looked at until the configuration is right.
    assert!(client.codes(&a).is_empty());

    // What is being typed is not used yet, but read.
    client.open(&config, &place.read("nixlint.toml"));
    client.change(&config, json!([{"text": "rules.blanket-suppression = 'off'\n"}]));
    client.until("no mistake", |client| client.codes(&config).is_empty());
    client.change(&config, json!([{"text": "rule-dirs = ['rules']\nrules = 1\n"}]));
    client.until("another mistake", |client| client.codes(&config) == ["mistake"]);
    assert_eq!(client.pushed[&config][0]["range"]["start"]["line"], 1);
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": config}}));
    client.until("the first mistake", |client| client.pushed[&config] == json!([mistake]));

    place.write("nixlint.toml", "rule-dirs = ['rules']\n");
    let changes = json!({"changes": [{"uri": config, "type": 2}]});
    client.notify("workspace/didChangeWatchedFiles", changes);
    let own = place.uri("rules/own.toml");
    client.until("a mistake in a rule", |client| {
        client.codes(&config).is_empty() && client.codes(&own).contains(&"mistake".to_owned())
    });
    client.until("findings", |client| client.codes(&a) == ["blanket-suppression"]);
    client.stop();
}

#[test]
fn clients_that_ask_are_told_mistakes_in_configurations() {
    let place = Place::new(&[("nixlint.toml", "previw = true\n")]);
    let mut client = Client::start(&place, json!({"textDocument": {"diagnostic": {}}}), Value::Null);
    let uri = place.uri("nixlint.toml");
    let params = json!({"textDocument": {"uri": uri}});
    for (text, wanted) in [("previw = true\n", 1), ("preview = true\n", 0), ("preview =\n", 1)] {
        match wanted {
            1 if text.contains("previw") => client.open(&uri, text),
            _ => client.change(&uri, json!([{"text": text}])),
        }
        let report = client.request("textDocument/diagnostic", params.clone()).expect("it is answered");
        assert_eq!(report["items"].as_array().map(Vec::len), Some(wanted), "{text}: {report}");
    }
    assert!(client.codes(&uri).is_empty(), "an open file is not pushed");
    client.stop();
}

#[test]
fn documents_need_no_file() {
    let place = Place::new(&[("flake.nix", "{ outputs = _: { }; }\n")]);
    let mut client = Client::pushes(&place);
    for uri in ["untitled:Untitled-1".to_owned(), place.uri("not/saved yet.nix").replace(' ', "%20")] {
        client.open(&uri, "1 # nixlint: ignore\n");
        client.until("findings", |client| client.codes(&uri) == ["blanket-suppression"]);
        client.change(&uri, json!([{"range": {"start": {"line": 0, "character": 1}, "end": {"line": 1, "character": 0}}, "text": ""}]));
        client.until("no findings", |client| client.codes(&uri).is_empty());
        client.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    }
    client.stop();
}

#[test]
fn places_have_pages_values_and_links() {
    let place = Place::homelab();
    let capabilities = json!({"textDocument": {"hover": {"contentFormat": ["markdown"]}}});
    let mut client = Client::start(&place, capabilities, Value::Null);
    let name = "modules/services/cache.nix";
    let uri = place.uri(name);
    let text = format!("# nixlint: ignore-file[sqlite-url-missing-rwc] so\n{}", place.read(name));
    client.open(&uri, &text);
    client.until("the scan", |client| client.pushed.len() > 3);
    let mut hover = |uri: &str, line: u32, character: u32| {
        let position = json!({"line": line, "character": character});
        let hover =
            client.request("textDocument/hover", json!({"textDocument": {"uri": uri}, "position": position}));
        hover.expect("it is answered")["contents"]["value"].as_str().unwrap_or_default().to_owned()
    };
    assert!(hover(&uri, 0, 26).starts_with("# sqlite-url-missing-rwc\n"));
    assert_eq!(hover(&uri, 0, 3), "");
    let (line, column) = text
        .lines()
        .enumerate()
        .find_map(|(line, text)| Some((line as u32, text.find("systemd.services")? as u32)))
        .expect("it has a service");
    let value = hover(&uri, line, column + 10);
    assert!(value.contains("On `server`:") && value.contains("cache.nix:"), "{value}");

    let config = place.uri("nixlint.toml");
    let document = json!({"uri": config, "languageId": "toml", "version": 1, "text": "[rules]\nport-conflict = 'off'\n"});
    client.notify("textDocument/didOpen", json!({"textDocument": document}));
    let params = json!({"textDocument": {"uri": config}, "position": {"line": 1, "character": 5}});
    let page = client.request("textDocument/hover", params).expect("it is answered");
    assert!(page["contents"]["value"].as_str().is_some_and(|page| page.starts_with("# port-conflict")));

    let hub = place.uri("modules/default.nix");
    client.open(&hub, &place.read("modules/default.nix"));
    let links = client.request("textDocument/documentLink", json!({"textDocument": {"uri": hub}}));
    let links = links.expect("it is answered");
    let targets: Vec<&str> =
        links.as_array().expect("a list").iter().filter_map(|link| link["target"].as_str()).collect();
    assert!(targets.contains(&place.uri("modules/base.nix").as_str()), "{targets:?}");
    client.stop();
}

#[test]
fn edits_come_later_where_the_client_says_so() {
    let place = Place::homelab();
    let capabilities = json!({
        "textDocument": {"codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}},
            "resolveSupport": {"properties": ["edit"]},
        }},
        "workspace": {"workspaceEdit": {"documentChanges": true}},
    });
    let mut client = Client::start(&place, capabilities, Value::Null);
    let (uri, text) = (place.uri(BACKUP), place.read(BACKUP));
    client.open(&uri, &text);
    client.until("findings", |client| client.codes(&uri).contains(&"sops-nix-service-ref".to_owned()));
    let actions = client.actions(&uri, &whole(), Value::Null);
    let all = actions.iter().find(|action| action["kind"] == "source.fixAll.nixlint").expect("it is offered");
    assert!(all["edit"].is_null());
    let resolved = client.request("codeAction/resolve", all.clone()).expect("it is resolved");
    let change = &resolved["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"]["uri"], uri.as_str());
    assert_eq!(change["textDocument"]["version"], 1);
    assert!(!change["edits"][0]["newText"].is_null());
    client.change(&uri, json!([{"text": "1"}]));
    let late = client.request("codeAction/resolve", all.clone());
    assert_eq!(late.expect_err("the text has changed").0, -32801);
    client.stop();
}

#[test]
fn requests_can_be_taken_back() {
    let place = Place::homelab();
    let capabilities = json!({"textDocument": {"diagnostic": {}}});
    let mut client = Client::start(&place, capabilities, Value::Null);
    client.open(&place.uri(BACKUP), &place.read(BACKUP));
    // Not answered before the hosts are looked at.
    let id = client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": place.uri(BACKUP)}}));
    client.notify("$/cancelRequest", json!({"id": 2}));
    assert_eq!(client.answer(&id).expect_err("it is taken back").0, -32800);
    client.stop();
}

/// A stream of numbers that is the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Holds what the server says of each file to what a check of the folder finds.
fn agrees_with_a_fresh_check(client: &mut Client, place: &Place, names: &[&str], step: usize) {
    let checked = place.checked();
    for name in names {
        let uri = place.uri(name);
        let report = client.request("textDocument/diagnostic", json!({"textDocument": {"uri": uri}}));
        let found = report.expect("it is answered")["items"].clone();
        let wanted = checked.get(&uri).cloned().unwrap_or_else(|| json!([]));
        assert_eq!(found.to_string(), wanted.to_string(), "step {step}, {name}");
    }
}

/// The place of a byte of a text, in UTF-16.
fn position(text: &str, at: usize) -> Value {
    let line = text[..at].matches('\n').count();
    let column = text[..at].rsplit('\n').next().unwrap_or_default().encode_utf16().count();
    json!({"line": line, "character": column})
}

/// `NIXLINT_LSP_EDITS=10000 cargo test --release --test lsp random` takes a while.
#[test]
fn random_edits_come_to_what_a_fresh_check_finds() {
    let edits: usize = std::env::var("NIXLINT_LSP_EDITS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let every = if edits > 1000 { 100 } else { 25 };
    let place = Place::homelab();
    let names = [BACKUP, "modules/services/cache.nix", "modules/services/notes.nix", "modules/default.nix"];
    let capabilities = json!({"textDocument": {"diagnostic": {}}});
    let mut client = Client::start(&place, capabilities, Value::Null);
    let mut texts: Vec<String> = names.iter().map(|name| place.read(name)).collect();
    let original = texts.clone();
    for (name, text) in names.iter().zip(&texts) {
        client.open(&place.uri(name), text);
    }
    let pieces = [
        "",
        "",
        "x",
        "\n",
        "🦀é",
        "{",
        "}",
        ";",
        "\"",
        "''",
        " = 1;",
        "# nixlint: ignore[port-conflict]\n",
        "enable = true;",
        "[ ]",
        "sops-nix.service",
        "${",
        "/* ",
        "*/",
        "\r\n",
        "lib.mkIf c ",
    ];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for step in 1..=edits {
        let index = random.below(names.len());
        let uri = place.uri(names[index]);
        if random.below(12) == 0 {
            texts[index].clone_from(&original[index]);
            client.change(&uri, json!([{"text": texts[index]}]));
        } else {
            let text = &mut texts[index];
            let boundary = |text: &str, mut at: usize| {
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let start = random.below(text.len() + 1);
            let start = boundary(text, start);
            let end = boundary(text, (start + random.below(6)).min(text.len())).max(start);
            let new = *random.of(&pieces);
            // Between the halves of a line break there is no position.
            let splits = |at: usize| text[..at].ends_with('\r') && text[at..].starts_with('\n');
            if splits(start) || splits(end) {
                continue;
            }
            let range = json!({"start": position(text, start), "end": position(text, end)});
            text.replace_range(start..end, new);
            client.change(&uri, json!([{"range": range, "text": new}]));
        }
        if step % every != 0 {
            continue;
        }
        for (name, text) in names.iter().zip(&texts) {
            place.write(name, text);
        }
        agrees_with_a_fresh_check(&mut client, &place, &names, step);
    }
    client.stop();
}

/// Comments and blanks move programs and say nothing new; some get into strings, though, and into scripts.
#[test]
fn blanks_and_comments_come_to_what_a_fresh_check_finds() {
    let edits: usize = std::env::var("NIXLINT_LSP_EDITS").ok().and_then(|n| n.parse().ok()).unwrap_or(30);
    let place = Place::homelab();
    let names = [
        BACKUP,
        "modules/services/cache.nix",
        "modules/services/notes.nix",
        "modules/default.nix",
        "flake.nix",
    ];
    let mut client = Client::start(&place, json!({"textDocument": {"diagnostic": {}}}), Value::Null);
    for name in names {
        client.open(&place.uri(name), &place.read(name));
    }
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for step in 1..=edits.div_ceil(10) {
        for _ in 0..=random.below(3) {
            let name = *random.of(&names);
            let mut text = place.read(name);
            let blanks: Vec<usize> = text.match_indices([' ', '\n']).map(|(at, _)| at).collect();
            let at = *random.of(&blanks);
            let (end, new) = match random.below(6) {
                0 if text[at..].starts_with("  ") => (at + 1, ""),
                1 => (at, " /* é */"),
                2 if text[at..].starts_with('\n') => (at, " # 日本"),
                3 => (at, "\n"),
                4 => (at, " # fetchurl <nixpkgs> ~/x\n"),
                _ => (at, " "),
            };
            let range = json!({"start": position(&text, at), "end": position(&text, end)});
            client.change(&place.uri(name), json!([{"range": range, "text": new}]));
            text.replace_range(at..end, new);
            place.write(name, &text);
        }
        agrees_with_a_fresh_check(&mut client, &place, &names, step);
    }
    client.stop();
}

#[test]
fn no_message_ends_the_server() {
    let place = Place::homelab();
    let mut client = Client::silent(&place);
    let refused = client.request("textDocument/hover", json!({})).expect_err("it has not begun");
    assert_eq!(refused.0, -32002);
    client.request("initialize", json!({"capabilities": {"textDocument": {"diagnostic": {}, "codeAction": {"codeActionLiteralSupport": {}}}}, "rootUri": place.uri("")})).expect("hello");
    client.notify("initialized", json!({}));
    client.open(&place.uri(BACKUP), &place.read(BACKUP));

    let methods = [
        "initialize",
        "initialized",
        "textDocument/didOpen",
        "textDocument/didChange",
        "textDocument/didClose",
        "textDocument/didSave",
        "textDocument/diagnostic",
        "textDocument/codeAction",
        "codeAction/resolve",
        "textDocument/hover",
        "textDocument/documentLink",
        "workspace/didChangeWatchedFiles",
        "workspace/didChangeConfiguration",
        "workspace/didChangeWorkspaceFolders",
        "$/cancelRequest",
        "$/setTrace",
        "nothing/known",
        "",
    ];
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let uris = [
        place.uri(BACKUP),
        place.uri("modules/default.nix"),
        place.uri("nixlint.toml"),
        "untitled:x".to_owned(),
        "file:///nowhere/x.nix".to_owned(),
        "file://%00".to_owned(),
        String::new(),
        "file:///%ff%fe.nix".to_owned(),
    ];
    for step in 0..1500 {
        let uri = random.of(&uris).clone();
        let number = |random: &mut Random| *random.of(&[0u64, 1, 5, 40, 4_294_967_295, u64::MAX]);
        let position = |random: &mut Random| json!({"line": number(random), "character": number(random)});
        let range = json!({"start": position(&mut random), "end": position(&mut random)});
        let text = random
            .of(&["", "{", "{ a = 1; }", "# nixlint: ignore[x]\n1", "\u{feff}[[[[", "''${\u{0}", "🦀"])
            .to_string();
        let params = match random.below(7) {
            0 => Value::Null,
            1 => json!([1, {"textDocument": 3}]),
            2 => json!({"textDocument": {"uri": uri, "languageId": "nix", "version": step, "text": text}}),
            3 => {
                json!({"textDocument": {"uri": uri, "version": step}, "contentChanges": [{"range": range, "text": text}]})
            }
            4 => {
                json!({"textDocument": {"uri": uri}, "position": position(&mut random), "range": range, "context": {"diagnostics": [], "only": ["source", ""]}})
            }
            5 => {
                json!({"changes": [{"uri": uri, "type": 2}], "settings": {"nixlint": {"select": [text]}}, "event": {"added": [], "removed": [{"uri": uri, "name": ""}]}, "id": step})
            }
            _ => json!({"data": {"uri": uri, "version": step, "rule": null}, "title": text}),
        };
        let method = (*random.of(&methods)).to_owned();
        match random.below(3) {
            0 => client.notify(&method, params),
            1 => _ = client.ask(&method, params),
            _ => client.send(Response::new_ok(RequestId::from(random.below(5) as i32), params)),
        }
        while let Ok(message) = client.connection.receiver.try_recv() {
            client.hear(message);
        }
    }
    let id = client.ask("nothing/known", Value::Null);
    assert_eq!(client.answer(&id).expect_err("there is no such request").0, -32601);
    // The folders may have been taken away; the rest works.
    client.open("untitled:end", "1 # nixlint: ignore\n");
    let report = client.request("textDocument/diagnostic", json!({"textDocument": {"uri": "untitled:end"}}));
    assert_eq!(codes(&report.expect("it is answered")["items"]), ["blanket-suppression"]);
    client.stop();
}

#[test]
fn the_program_serves_whoever_starts_it() {
    let place = Place::new(&[("a.nix", "{ a = }\n")]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_nixlint"));
    command.args(["lsp", "--stdio"]).current_dir(place.root()).env_clear();
    let mut server = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut input = server.stdin.take().expect("stdin is a pipe");
    let mut send = |body: &str| {
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("it reads");
    };
    send("{not json");
    send("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"initialize\",\"params\":{\"capabilities\":{}}}");
    send("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"shutdown\"}");
    send("{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}");
    let output = server.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("it is text");
    assert!(text.contains("\"positionEncoding\":\"utf-16\""), "{text}");
    assert!(text.ends_with("{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null}"), "{text}");
}

#[test]
fn peers_are_named_once() {
    for (peer, rules) in PEERS {
        let mut names = rules.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), rules.len(), "{peer}");
    }
}
