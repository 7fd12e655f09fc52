//! The two parts of a report page: the bot's, from the first byte to a marker line, and people's behind it, with the
//! status word in it. Heir of COIBot's reports, of which everything from the status heading on belongs to people.
//!
//! Nothing here writes into people's part but the status word and a line at the end; whatever is not clear (no marker,
//! two of them, an unknown word) is told as it is, so that the caller leaves the page alone.

mod status;

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use crate::text::Wikitext;

/// What a marker line's comment begins with, by which it is found in whatever language and version it was written.
const TOKEN: &str = "wikicrew-report-end";

/// The line between the two parts.
const MARKER: &str =
    "<!-- wikicrew-report-end: people write below this line; the bot rewrites all above it and keeps all below -->";

/// What people say of a report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Status {
    /// Somebody should look at it.
    Open,
    /// Dealt with, either way; opened again when new additions fit the rule that opened it.
    Closed,
    /// Not to be reported again, even if it goes on.
    Ignore,
    /// Nothing is left to look at.
    Stale,
    /// Dealt with: it is on a blacklist now.
    Added,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 5] = [
        Status::Open,
        Status::Closed,
        Status::Ignore,
        Status::Stale,
        Status::Added,
    ];

    /// The word of pages and tables.
    pub fn word(self) -> &'static str {
        match self {
            Status::Open => "open",
            Status::Closed => "closed",
            Status::Ignore => "ignore",
            Status::Stale => "stale",
            Status::Added => "added",
        }
    }

    /// From [`Status::word`], exactly.
    pub fn of_word(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// How the status is written on a wiki. All of it comes from protected settings and is wikitext as it stands.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    /// Templates whose first parameter is the status word (`LinkStatus`) and redirects to them, without namespace. The
    /// first one is written.
    pub templates: &'a [String],
    /// Whether the first of them exists on the wiki: else `'''label:''' word` is written. Both are read.
    pub has_template: bool,
    /// Text of the heading, one line.
    pub heading: &'a str,
    /// `Status`, for where there is no template.
    pub label: &'a str,
    /// Extension tags of the wiki, lower-case, for the scanner.
    pub tags: &'a HashSet<String>,
}

/// A report page as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page<'t> {
    /// Nothing stands there but white space.
    Empty,
    /// The two parts; together they are the whole page.
    Ours {
        /// The bot's part with the marker line and its end.
        bot: &'t str,
        /// All behind it.
        human: Human<'t>,
    },
    /// No marker: not to be written over.
    NoMarker,
    /// More than one, even if one is only quoted: nobody can say which of them counts.
    Doubled,
}

/// Everything behind the marker line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Human<'t>(pub &'t str);

impl<'t> Page<'t> {
    /// Parts a page. A marker is a comment that begins with our token and has a line to itself, white space apart;
    /// one that is named within a line is none. Whether the marker still means what it says (somebody may have opened
    /// a comment before it) is what [`Page::digest`] of the bot's part tells.
    pub fn read(text: &'t str) -> Page<'t> {
        let mut end = 0;
        let mut marker = None;
        for line in text.split_inclusive('\n') {
            end += line.len();
            if is_marker(line) && marker.replace(end).is_some() {
                return Page::Doubled;
            }
        }
        match marker {
            Some(at) => Page::Ours {
                bot: &text[..at],
                human: Human(&text[at..]),
            },
            None if text.trim().is_empty() => Page::Empty,
            None => Page::NoMarker,
        }
    }

    /// A page to save: the bot's part, the marker line, and people's part, byte by byte.
    pub fn whole(bot: &Wikitext, human: &str) -> String {
        let bot = bot.as_str();
        let mut page = String::with_capacity(bot.len() + MARKER.len() + human.len() + 2);
        page.push_str(bot);
        if !bot.is_empty() && !bot.ends_with('\n') {
            page.push('\n');
        }
        page.push_str(MARKER);
        // The wiki would take a line end at the end of the page away.
        if !human.is_empty() {
            page.push('\n');
            page.push_str(human);
        }
        page
    }

    /// What tells whether somebody changed the bot's part: SHA-256 of it with its marker line, as a wiki stores it. That
    /// of a part that was sent is that of the same part read back. MediaWiki puts a text into Unicode form C, makes
    /// every line end a `\n`, and takes white space off the end of the page.
    /// <https://www.mediawiki.org/wiki/Manual:Pre-save_transform>
    pub fn digest(bot: &str) -> [u8; 32] {
        let stored: String = bot.trim_end_matches(is_trimmed).nfc().collect();
        Sha256::digest(stored.replace("\r\n", "\n").replace('\r', "\n")).into()
    }
}

impl Human<'_> {
    /// People's part of a new page: the status heading, the status, and one line of the bot's.
    pub fn fresh(words: &Words<'_>, status: Status, line: &Wikitext) -> String {
        let shown = match words.templates.first().filter(|_| words.has_template) {
            Some(template) => format!("{{{{{template}|{}}}}}", status.word()),
            None => format!("{}{}", status::plain_start(words.label), status.word()),
        };
        Human::with_line(&format!("== {} ==\n{shown}", words.heading.trim()), line)
    }

    /// The status that the page shows last: handlers' scripts work on the last section. It is the first parameter of a
    /// status template, or the word behind `'''label:'''` at the start of a line that stands in no template; what is
    /// in comments, `nowiki`, `pre` and the tags of extensions does not count.
    ///
    /// `None` when there is none, when the last one says something else than one of our words (an earlier one does not
    /// count then), and when the text is too big to be scanned.
    pub fn status(&self, words: &Words<'_>) -> Option<Status> {
        status::last(self.0, words)
    }

    /// The same with another status word in the place where [`Human::status`] found one, and no other byte changed.
    /// `None` where it found none.
    pub fn with_status(&self, words: &Words<'_>, status: Status) -> Option<String> {
        status::replaced(self.0, words, status)
    }

    /// People's part, or a whole page, with a line of the bot's at the end. Of what was there only line ends and blanks
    /// at the very end are gone, which no wiki stores. In a text that ends in an open comment nobody sees the line;
    /// [`ends_open`](crate::wikitext::ends_open) tells.
    pub fn with_line(text: &str, line: &Wikitext) -> String {
        let text = text.trim_end_matches(is_trimmed);
        let between = if text.is_empty() { "" } else { "\n" };
        format!("{text}{between}* {line}")
    }
}

/// Whether a line is a comment of ours and nothing else.
fn is_marker(line: &str) -> bool {
    let comment = line
        .trim()
        .strip_prefix("<!--")
        .and_then(|rest| rest.strip_suffix("-->"));
    let told = comment.and_then(|comment| comment.trim_start().strip_prefix(TOKEN));
    told.is_some_and(|told| !told.contains("-->") && !told.starts_with(|c: char| c == '-' || c.is_alphanumeric()))
}

/// What PHP's `rtrim` takes off the end of a page.
fn is_trimmed(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\0' | '\u{B}')
}

#[cfg(test)]
#[path = "human_tests.rs"]
mod tests;
