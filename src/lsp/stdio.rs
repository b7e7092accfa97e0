//! Messages over stdin and stdout.
//!
//! Where the reader of `lsp-server` ends at the first message that is no JSON, this one goes on with the next.

use std::io::{self, BufRead, Read, Write};
use std::thread::JoinHandle;

use crossbeam_channel::bounded;
use lsp_server::{Connection, Message};

/// Longer messages are skipped, in bytes.
const LONGEST: usize = 256 << 20;

/// The connection to whoever started this program, and the thread that writes: once the connection is dropped
/// it ends when all is written.
pub fn stdio() -> (Connection, JoinHandle<()>) {
    let (incoming, receiver) = bounded(64);
    let (sender, outgoing) = bounded::<Message>(64);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        while let Ok(Some(body)) = body(&mut input) {
            let Ok(message) = serde_json::from_slice(&body) else { continue };
            if incoming.send(message).is_err() {
                break;
            }
        }
    });
    let writer = std::thread::spawn(move || {
        let mut output = io::stdout().lock();
        for message in outgoing {
            if message.write(&mut output).and_then(|()| output.flush()).is_err() {
                break;
            }
        }
    });
    (Connection { sender, receiver }, writer)
}

/// The body of the next message; `None` at the end of the input.
fn body(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(1 << 16).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<usize>().ok();
        }
        // Blank lines before the header are noise between messages.
        if let (true, Some(length)) = (line.is_empty(), length.take_if(|_| line.is_empty())) {
            let mut body = Vec::new();
            let mut rest = input.by_ref().take(length as u64);
            match length <= LONGEST {
                true => _ = rest.read_to_end(&mut body)?,
                false => _ = io::copy(&mut rest, &mut io::sink())?,
            }
            return Ok(Some(body));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_between_messages_is_skipped() {
        let mut input: &[u8] =
            b"\r\ngarbage\r\nContent-Type: x\r\ncontent-length: 2\r\n\r\n{}\nContent-Length: x\r\n\r\nContent-Length: 1\r\n\r\n[";
        let mut bodies = Vec::new();
        while let Some(body) = body(&mut input).expect("slices can be read") {
            bodies.push(String::from_utf8(body).expect("it is text"));
        }
        assert_eq!(bodies, ["{}", "["]);
    }
}
