//! Lines of IRC: what a server sends is read leniently ([`Message`]); what is sent can only be made of a command and
//! parameters that fit into one line ([`Line`]), so that no text of anybody becomes a second command.
//! <https://modern.ircdocs.horse/#message-format>, <https://ircv3.net/specs/extensions/message-tags>

/// Longest line that is sent, in bytes, with its line end; and longest that servers pass on to others.
pub const LINE_BYTES: usize = 512;

/// One message of a server.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Message {
    /// Tags in their order, values unescaped.
    pub tags: Vec<(String, String)>,
    /// Who sent it: `nick!user@host` or the name of a server.
    pub source: Option<String>,
    /// The command or numeric, in upper case.
    pub command: String,
    /// Its parameters.
    pub params: Vec<String>,
}

impl Message {
    /// Reads a line without its line end. Invalid UTF-8 is replaced, line ends and NUL within it are left out. `None`:
    /// there is no command in it.
    pub fn parse(line: &[u8]) -> Option<Message> {
        let line: String = String::from_utf8_lossy(line)
            .chars()
            .filter(|c| !matches!(c, '\r' | '\n' | '\0'))
            .collect();
        let mut rest = line.trim_start_matches(' ');
        let mut message = Message::default();
        if let Some(tagged) = rest.strip_prefix('@') {
            let (tags, after) = word(tagged);
            message.tags = tags.split(';').filter(|tag| !tag.is_empty()).map(tag).collect();
            rest = after;
        }
        if let Some(sourced) = rest.strip_prefix(':') {
            let (source, after) = word(sourced);
            message.source = Some(source.to_owned());
            rest = after;
        }
        let (command, after) = word(rest);
        message.command = command.to_ascii_uppercase();
        rest = after;
        while !rest.is_empty() {
            if let Some(last) = rest.strip_prefix(':') {
                message.params.push(last.to_owned());
                break;
            }
            let (param, after) = word(rest);
            message.params.push(param.to_owned());
            rest = after;
        }
        (!message.command.is_empty()).then_some(message)
    }

    /// The value of a tag, by its whole name (`+name` is another one, which other clients set). `None` too when it
    /// stands there twice with different values: nobody knows then which one the server means.
    pub fn tag(&self, name: &str) -> Option<&str> {
        let mut values = self
            .tags
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value.as_str());
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    /// The parameter at this place; an empty text where there is none.
    pub fn param(&self, at: usize) -> &str {
        self.params.get(at).map_or("", String::as_str)
    }

    /// The last parameter: of answers and refusals the words for people.
    pub fn last(&self) -> &str {
        self.params.last().map_or("", String::as_str)
    }

    /// The numeric, if it is one.
    pub fn numeric(&self) -> Option<u16> {
        let digits = self.command.len() == 3 && self.command.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| self.command.parse().ok()).flatten()
    }

    /// Nick and `user@host` of a person; of a server its name and nothing.
    pub fn sender(&self) -> (&str, &str) {
        let source = self.source.as_deref().unwrap_or_default();
        source.split_once('!').unwrap_or((source, ""))
    }
}

/// The text up to the next space, and what follows the spaces.
fn word(text: &str) -> (&str, &str) {
    match text.split_once(' ') {
        Some((word, rest)) => (word, rest.trim_start_matches(' ')),
        None => (text, ""),
    }
}

fn tag(tag: &str) -> (String, String) {
    let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some(':')) => plain.push(';'),
            ('\\', Some('s')) => plain.push(' '),
            ('\\', Some('r' | 'n') | None) => {}
            ('\\', Some(other)) => plain.push(other),
            (c, _) => plain.push(c),
        }
    }
    (key.to_owned(), plain)
}

/// One line to a server. It has no `Debug`: passwords are sent in lines too.
pub struct Line(String);

/// A line that IRC cannot carry: a parameter with a line end, a space where none may be, or too many bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "IRC cannot carry the value of {0}: it is empty, too long, or has a space, a line end or another forbidden character"
)]
pub struct Unsayable(pub &'static str);

impl Line {
    /// A command with its parameters. Only the last one may have spaces, be empty or begin with a colon.
    pub fn new(command: &'static str, params: &[&str]) -> Result<Line, Unsayable> {
        let mut line = command.to_owned();
        for (i, param) in params.iter().enumerate() {
            let last = i + 1 == params.len();
            let trailing = param.is_empty() || param.contains(' ') || param.starts_with(':');
            if param.contains(['\r', '\n', '\0']) || (trailing && !last) {
                return Err(Unsayable(command));
            }
            line.push_str(if trailing { " :" } else { " " });
            line.push_str(param);
        }
        line.push_str("\r\n");
        if line.len() > LINE_BYTES {
            return Err(Unsayable(command));
        }
        Ok(Line(line))
    }

    /// Its bytes, with the line end.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
