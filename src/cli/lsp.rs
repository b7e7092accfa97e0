//! `nixlint lsp`.

use super::{Status, output, own_rules};
use crate::lsp::{Setup, serve, stdio};

/// Serves whoever started this program until it says so.
pub(super) fn run() -> Status {
    let folder = std::env::current_dir().unwrap_or_else(|_| "/".into());
    let (connection, writer) = stdio();
    let is_proper = serve(connection, Setup { rules: own_rules(), rule_url: output::rule_url(), folder });
    let _nobody_reads = writer.join();
    // The protocol asks for 1 where `exit` came without `shutdown`.
    if is_proper { Status::Clean } else { Status::Findings }
}
