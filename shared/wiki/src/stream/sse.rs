//! Server-sent events out of bytes as they arrive: pieces may end anywhere, also within a character.
//!
//! An event that is larger than any of ours can be is dropped and told, so that it neither fills the memory nor stops
//! the stream for ever. <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::time::Duration;

/// Largest event that is taken, in bytes: what Wikimedia's event gate takes at most.
/// <https://wikitech.wikimedia.org/wiki/Event_Platform/EventGate>
pub(super) const MAX_EVENT: usize = 4 * 1024 * 1024;
/// Longest id that is kept: it has to fit into a header of a request.
const MAX_ID: usize = 4 * 1024;

/// What a blank line ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Parsed {
    /// An event with data.
    Event {
        /// Its type; empty for the usual one.
        name: String,
        /// The last id that was sent, with this event or before.
        id: String,
        /// Its data, lines joined by line feeds.
        data: String,
    },
    /// An event of more than [`MAX_EVENT`] bytes, which is gone.
    TooLong {
        /// As of an event.
        id: String,
        /// Bytes of it.
        bytes: u64,
    },
}

/// What is known of the event that is under way.
#[derive(Default)]
pub(super) struct Parser {
    line: Vec<u8>,
    data: Vec<u8>,
    name: String,
    /// Stays after its event: later events without an id have the same.
    id: String,
    /// Bytes of the event under way, once they were too many.
    dropped: Option<u64>,
    /// The line before ended with CR: a LF right after it ends nothing.
    after_cr: bool,
    /// A byte order mark may stand before the first line only.
    has_begun: bool,
    /// What the server asks us to wait before we connect again.
    pub retry: Option<Duration>,
}

impl Parser {
    /// A parser for a new connection. What was cut off is forgotten; the id is known from before.
    pub fn after(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            ..Self::default()
        }
    }

    /// Takes the next bytes; `out` gets the events that they complete.
    pub fn feed(&mut self, mut bytes: &[u8], out: &mut impl FnMut(Parsed)) {
        while !bytes.is_empty() {
            if self.after_cr && bytes[0] == b'\n' {
                bytes = &bytes[1..];
            }
            self.after_cr = false;
            let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                self.add(bytes);
                return;
            };
            self.add(&bytes[..end]);
            self.after_cr = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            self.end_line(out);
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        let size = self.line.len() + self.data.len() + bytes.len();
        match &mut self.dropped {
            Some(dropped) => *dropped += bytes.len() as u64,
            None if size <= MAX_EVENT => {
                self.line.extend_from_slice(bytes);
                return;
            }
            None => {
                self.dropped = Some(size as u64);
                self.data = Vec::new();
                self.line.truncate(MAX_ID);
                self.line.shrink_to_fit();
            }
        }
        // Only whether the line is empty matters any more, and whether it is an id.
        let room = MAX_ID.saturating_sub(self.line.len()).min(bytes.len());
        self.line.extend_from_slice(&bytes[..room]);
    }

    fn end_line(&mut self, out: &mut impl FnMut(Parsed)) {
        let mut line = std::mem::take(&mut self.line);
        if !self.has_begun {
            self.has_begun = true;
            if line.starts_with("\u{feff}".as_bytes()) {
                line.drain(..3);
            }
        }
        if line.is_empty() {
            self.end_event(out);
        } else {
            self.field(&line);
        }
    }

    fn field(&mut self, line: &[u8]) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" if self.dropped.is_none() => {
                self.data.extend_from_slice(value);
                self.data.push(b'\n');
            }
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            // One that no header can hold is of no use: the one before stays, from which nothing is lost.
            b"id" if value.len() < MAX_ID && !value.iter().any(u8::is_ascii_control) => {
                if let Ok(id) = str::from_utf8(value) {
                    self.id = id.to_owned();
                }
            }
            b"retry" => {
                let milliseconds = str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                self.retry = milliseconds.map(Duration::from_millis).or(self.retry);
            }
            // A comment (no name), or a field of the future.
            _ => {}
        }
    }

    fn end_event(&mut self, out: &mut impl FnMut(Parsed)) {
        let name = std::mem::take(&mut self.name);
        let mut data = std::mem::take(&mut self.data);
        if let Some(bytes) = self.dropped.take() {
            let id = self.id.clone();
            return out(Parsed::TooLong { id, bytes });
        }
        if data.pop().is_none() {
            return;
        }
        let data = String::from_utf8(data).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned());
        let id = self.id.clone();
        out(Parsed::Event { name, id, data });
    }
}

#[cfg(test)]
#[path = "sse_tests.rs"]
mod tests;
