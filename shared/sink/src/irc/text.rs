//! Text for channels: whatever was typed, it is one line of a message and nothing else. Line ends, formatting codes and
//! characters that turn text round are gone or visible, and it is cut so that the whole message, with what the server
//! puts before it for the others, stays within 512 bytes and ends at a character.

use wikicrew_core::text::terminal;

use super::message::LINE_BYTES;

/// Bytes of a part of a long answer: with the longest nick (32), user, host and channel (50) it fits into a line.
const PART_BYTES: usize = LINE_BYTES - ": PRIVMSG  :!@\r\n".len() - 32 - USER_BYTES - HOST_BYTES - 50;
/// Bytes of a user name that servers show.
const USER_BYTES: usize = 10;
/// Bytes of a host that servers show.
const HOST_BYTES: usize = 64;
/// Stands at the end of what was cut.
const CUT: &str = "…";

/// A text that cannot be anything but one line of text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text(String);

impl Text {
    /// The text with control, formatting and bidi characters by name (`⟨U+0002⟩`), every white space as a space, none at
    /// the ends. Its length is looked at when it is said: only then the channel's room is known.
    pub fn new(text: &str) -> Text {
        Text(terminal(text).trim().to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// At most `room` bytes of it; a cut one ends in `…`.
    pub(super) fn within(&self, room: usize) -> &str {
        self.0.get(..end(&self.0, room)).unwrap_or_default()
    }

    /// What is sent to a channel: the text, cut to its room.
    pub(super) fn fitted(&self, room: usize) -> String {
        if self.0.len() <= room {
            return self.0.clone();
        }
        let kept = self.within(room.saturating_sub(CUT.len())).trim_end();
        format!("{kept}{CUT}")
    }
}

/// Bytes for the text of a message to `channel`, when the server shows us as `nick!user_host`. `None`: it has not told
/// yet, and the longest is assumed.
pub(super) fn room(nick: &str, user_host: Option<&str>, channel: &str) -> usize {
    let shown = user_host.map_or(USER_BYTES + 1 + HOST_BYTES, str::len);
    let before = format!(":{nick}! PRIVMSG {channel} :\r\n").len() + shown;
    LINE_BYTES.saturating_sub(before)
}

/// A long answer as at most `most_lines` lines, split at spaces; where something is left out, the last ends in `…`.
/// Nothing comes of a text of white space.
pub fn parts(text: &str, most_lines: usize) -> Vec<Text> {
    let text = Text::new(text).0;
    let mut rest = text.as_str();
    let mut lines = Vec::new();
    while !rest.is_empty() && lines.len() < most_lines {
        if rest.len() <= PART_BYTES {
            lines.push(Text(rest.to_owned()));
            return lines;
        }
        if lines.len() + 1 == most_lines {
            lines.push(Text(Text(rest.to_owned()).fitted(PART_BYTES)));
            break;
        }
        let (most, _) = rest.split_at(end(rest, PART_BYTES));
        // A space right behind it is as good as one in it.
        let at = match rest.as_bytes().get(most.len()) {
            Some(b' ') => most.len(),
            _ => most.rfind(' ').filter(|&at| at > 0).unwrap_or(most.len()),
        };
        let (line, after) = rest.split_at(at);
        lines.push(Text(line.trim_end().to_owned()));
        rest = after.trim_start();
    }
    lines
}

/// The last end of a character at or before `most` bytes.
fn end(text: &str, most: usize) -> usize {
    (0..=most.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
