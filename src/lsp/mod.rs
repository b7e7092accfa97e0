//! The language server: `nixlint lsp`.
//!
//! One thread owns all state and answers; what takes longer than a keystroke (scanning, hosts, fixing until
//! nothing is left) runs on a worker with a snapshot. It must never end for what a client sends, and never
//! write a file.

mod actions;
mod client;
mod coexist;
mod convert;
mod documents;
mod hover;
mod links;
mod load;
mod mistakes;
mod option_path;
mod server;
mod settings;
mod stdio;
mod worker;
mod world;

use std::path::PathBuf;

pub use coexist::PEERS;
use lsp_server::Connection;
pub use stdio::stdio;

use crate::engine::STACK;
use crate::rule::Entry;

/// What a server needs to know before the first message.
#[derive(Clone)]
pub struct Setup {
    /// The rules that ship.
    pub rules: &'static [Entry],
    /// Where rules are documented: the name of a rule put behind it is the address of its page.
    pub rule_url: Option<&'static str>,
    /// The folder that counts where a client names none.
    pub folder: PathBuf,
}

/// Serves a client until it says `exit` or is gone; gives whether it said `shutdown` before, as it should.
pub fn serve(connection: Connection, setup: Setup) -> bool {
    // Trees may be deep.
    let server = std::thread::Builder::new().name("server".to_owned()).stack_size(STACK);
    let server = server.spawn(move || server::Server::new(connection, setup).run());
    server.is_ok_and(|server| server.join().unwrap_or(false))
}
