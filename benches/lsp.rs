//! What a keystroke costs in the language server: CPU time from a change of a file of 1,000 lines, in a flake
//! of 500 files, to new diagnostics of that file; then what its hosts cost after the pause. Both as a ratio to
//! parsing the file with rnix, too, which nobody can save.
//!
//! Measured for keys that only move text, in a file without findings on hosts and in one for which a rule on
//! hosts has written a fix, and for keys that change a value which rules on hosts read. After each the file is
//! one that Nix reads: a file with mistakes is opaque to hosts, and cheap.
//!
//! `cargo bench --bench lsp`

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use nixlint::cli::own_rules;
use nixlint::engine;
use nixlint::lsp::{Setup, serve};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FILES: usize = 500;
const LINES: usize = 1_000;
const KEYSTROKES: u32 = 200;
const PAUSES: u32 = 20;
const LONGER_THAN_PAUSE: Duration = Duration::from_millis(600);
const KEYS: [Key; 3] = [
    Key { does: "moves text", types: " ", behind: "Restart =", has_fix: false },
    Key { does: "moves text beside a fix", types: " ", behind: "Restart =", has_fix: true },
    Key { does: "changes a value", types: "1", behind: "/bin/sleep ", has_fix: false },
];

/// A key on the keyboard.
struct Key {
    does: &'static str,
    types: &'static str,
    behind: &'static str,
    /// Whether there is a finding on hosts in the file that can be fixed.
    has_fix: bool,
}

/// Line and column.
type Place = (u32, u32);

fn main() {
    if cpu_time().is_none() {
        println!("skipped: the CPU time is read from /proc/self/stat, which is not there");
        return;
    }
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let root = fs::canonicalize(folder.path()).expect("it is there");
    let text = flake(&root);
    let repeats = 400;
    let parse = engine::pool(1).install(|| {
        measured(|| (0..repeats).for_each(|_| drop(black_box(rnix::Root::parse(&text))))) / f64::from(repeats)
    });

    println!("files: {FILES}, lines of the file: {LINES} ({:.1} kB)", text.len() as f64 / 1e3);
    println!("{:<44}{parse:8.2} ms of CPU", "parse the file:");
    for Key { does, types, behind, has_fix } in KEYS {
        let places: Vec<Place> = places(&text, behind);
        let text = match has_fix {
            true => text.replacen("network.target", "network-online.target", 1),
            false => text.clone(),
        };
        let mut client = Client::start(&root);
        let uri = format!("file://{}/modules/long.nix", root.display());
        client.open(&uri, &text);
        let mut version = 1;
        let mut type_one = |client: &mut Client, index: u32| {
            version += 1;
            client.type_in(&uri, version, places[index as usize % places.len()], types);
        };
        // Faster than the pause, so that hosts wait.
        let keystroke = measured(|| (0..KEYSTROKES).for_each(|index| type_one(&mut client, index)));
        let keystroke = keystroke / f64::from(KEYSTROKES);
        std::thread::sleep(LONGER_THAN_PAUSE);
        let pause = measured(|| {
            for index in 0..PAUSES {
                type_one(&mut client, index);
                std::thread::sleep(LONGER_THAN_PAUSE);
            }
        });
        let hosts = pause / f64::from(PAUSES) - keystroke;
        for (what, cost) in [("key that", keystroke), ("hosts after one that", hosts)] {
            let what = format!("{what} {does}:");
            println!("{what:<44}{cost:8.2} ms of CPU  {:6.2} of parsing", cost / parse);
        }
    }
}

/// Lines and columns behind each `before` in the text.
fn places(text: &str, before: &str) -> Vec<Place> {
    let in_line =
        |(line, text): (usize, &str)| Some((line as u32, (text.find(before)? + before.len()) as u32));
    text.lines().enumerate().filter_map(in_line).collect()
}

/// A flake with two hosts; gives the text of the long file.
fn flake(root: &Path) -> String {
    let write = |name: &str, text: &str| {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("files have folders")).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    };
    write(
        "flake.nix",
        "{\n  inputs.nixpkgs.url = \"github:NixOS/nixpkgs/nixos-unstable\";\n  outputs = { nixpkgs, ... }: {\n    nixosConfigurations = {\n      a = nixpkgs.lib.nixosSystem { modules = [ ./modules ]; };\n      b = nixpkgs.lib.nixosSystem { modules = [ ./modules ]; };\n    };\n  };\n}\n",
    );
    let mut imports = String::new();
    for index in 0..FILES - 3 {
        let name = format!("service-{index}");
        imports.push_str(&format!("    ./{name}.nix\n"));
        write(&format!("modules/{name}.nix"), &service(index));
    }
    write("modules/default.nix", &format!("{{\n  imports = [\n    ./long.nix\n{imports}  ];\n}}\n"));
    let mut long = String::from("{ config, lib, pkgs, ... }:\n{\n");
    let mut index = FILES;
    while long.matches('\n').count() < LINES - 1 {
        long.push_str(&unit(index));
        index += 1;
    }
    long.push_str("}\n");
    write("modules/long.nix", &long);
    long
}

fn service(index: usize) -> String {
    format!("{{ config, lib, pkgs, ... }}:\n{{\n{}}}\n", unit(index))
}

fn unit(index: usize) -> String {
    format!(
        "  systemd.services.worker-{index} = {{
    description = \"Worker {index}\";
    wantedBy = [ \"multi-user.target\" ];
    after = [ \"network.target\" ];
    serviceConfig = {{
      ExecStart = \"${{pkgs.coreutils}}/bin/sleep {index}\";
      StateDirectory = \"worker-{index}\";
      Restart = \"on-failure\";
    }};
  }};
"
    )
}

/// A client that pulls, and can be told to do so again: so it is answered at once.
struct Client {
    connection: Connection,
    requests: i32,
}

impl Client {
    fn start(root: &Path) -> Self {
        let (server, connection) = Connection::memory();
        let setup = Setup { rules: own_rules(), rule_url: None, folder: root.to_owned() };
        std::thread::spawn(move || serve(server, setup));
        let mut client = Self { connection, requests: 0 };
        let capabilities = json!({
            "textDocument": {"diagnostic": {}},
            "workspace": {"diagnostics": {"refreshSupport": true}},
        });
        let root = format!("file://{}", root.display());
        client.request("initialize", json!({"rootUri": root, "capabilities": capabilities}));
        client.notify("initialized", json!({}));
        client
    }

    fn notify(&self, method: &str, params: Value) {
        let message = Notification::new(method.to_owned(), params);
        self.connection.sender.send(message.into()).expect("the server listens");
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        let request = Request::new(id.clone(), method.to_owned(), params);
        self.connection.sender.send(request.into()).expect("the server listens");
        loop {
            match self.connection.receiver.recv().expect("the server answers") {
                Message::Response(response) if response.id == id => {
                    return response.response_result.expect("it is no error");
                }
                Message::Request(request) => {
                    let response = Response::new_ok(request.id, Value::Null);
                    self.connection.sender.send(response.into()).expect("the server listens");
                }
                _ => {}
            }
        }
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "nix", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
        self.pull(uri);
    }

    fn type_in(&mut self, uri: &str, version: i32, (line, character): Place, text: &str) {
        let at = json!({"line": line, "character": character});
        let change = json!({"range": {"start": at, "end": at}, "text": text});
        let document = json!({"uri": uri, "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [change]}));
        self.pull(uri);
    }

    fn pull(&mut self, uri: &str) {
        black_box(self.request("textDocument/diagnostic", json!({"textDocument": {"uri": uri}})));
    }
}

/// CPU time of the process, in milliseconds.
fn measured(run: impl FnOnce()) -> f64 {
    let now = || cpu_time().expect("it was there before");
    let start = now();
    run();
    (now() - start).as_secs_f64() * 1000.0
}

/// CPU time of all threads of this process, in user and system mode, ended ones included.
fn cpu_time() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program, in brackets, may hold anything; the state and ten more fields follow.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: Vec<u64> = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    // Linux counts in hundredths of a second here whatever its own clock does.
    (ticks.len() == 2).then(|| Duration::from_millis(ticks.iter().sum::<u64>() * 10))
}
