//! The commands of coi-report: lists of users, pages, links and patterns, reports, tests, and what feeds tell.
//!
//! They are COIBot's, with one grammar for a shell, a wiki page and a channel. What is not in them is told with the
//! right form. Options stand at the end, before the dash: `for 30d`, `everywhere`; they are plain words, so a name that
//! looks like one is quoted.

mod list;
mod names;
mod topics;

pub use names::{MAX_STRING_BYTES, domain};

use super::feeds;
use super::words::{Word, split};
use super::{FeedOrder, List};
use crate::link::{Key, PathHosts};
use crate::site::Site;
use crate::text::terminal;
use crate::types::Timestamp;
use chrono::NaiveDate;
use names::Names;
use topics::LINKS;

/// Most hits of `report <number>`, as COIBot had it.
pub const MAX_NEWEST: u32 = 50;

/// A command, understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// `wl|bl|ml add`.
    Add(NewEntry),
    /// `wl|bl|ml del`.
    Del(OldEntry),
    /// `wl|bl|ml search`.
    Search(Search),
    /// `report` of something.
    Report(Report),
    /// `quiet`, `silent`, bare `report`, `report feed`, `reportlevel`.
    Feeds(FeedOrder),
    /// `links`: what this user added, the name in MediaWiki's form.
    Links(String),
    /// `test`: how much two names overlap, as they were written.
    Test {
        /// The user's.
        user: String,
        /// The other one.
        string: String,
    },
    /// `stats`.
    Stats,
    /// `status`.
    Status,
    /// `help`, of everything or of one command.
    Help(Option<String>),
}

impl Command {
    /// Whether it changes a list or a feed; only people who are trusted may do that.
    pub fn changes(&self) -> bool {
        match self {
            Command::Add(_) | Command::Del(_) => true,
            Command::Feeds(order) => order.what.changes(),
            _ => false,
        }
    }
}

/// An entry to be added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEntry {
    /// Which list.
    pub list: List,
    /// `None`: anybody (`*`; always for links on the monitor list). A user name in MediaWiki's form; on the blacklist
    /// also a domain as [`Key::ascii`](crate::link::Key::ascii) has it; on the monitor list a pattern of user names, with
    /// spaces for `_`.
    pub user: Option<String>,
    /// `None`: everything (`*`; always for user names on the monitor list). Whitelist: a domain or a page's title in
    /// MediaWiki's form ([`is_domain`](Self::is_domain)). Blacklist: a keyword in lower case with spaces for `_`, or a
    /// network (`192.0.2.0/24`). Monitor list: a domain or a pattern of links.
    pub string: Option<String>,
    /// The side that can be a domain is one: the string, on the blacklist the user.
    pub is_domain: bool,
    /// From when on it no longer counts: `for 30d` from now on.
    pub expires: Option<Timestamp>,
    /// It counts on all wikis, not only on this one.
    pub everywhere: bool,
    /// Why; may be empty where no reason is needed.
    pub reason: String,
}

/// An entry to be taken off its list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OldEntry {
    /// Which list.
    pub list: List,
    /// As in [`NewEntry`].
    pub user: Option<String>,
    /// As in [`NewEntry`].
    pub string: Option<String>,
    /// The entry for all wikis, not that for this wiki.
    pub everywhere: bool,
    /// What stood behind a dash; may be empty.
    pub reason: String,
}

/// What is looked for on a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// Which list.
    pub list: List,
    /// Only entries with this user.
    pub user: Option<Sought>,
    /// Only entries with this string.
    pub string: Option<Sought>,
}

/// One side of a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sought {
    /// `*`: entries about everything, or anybody.
    All,
    /// These words, in the form of [`NewEntry`].
    This(String),
}

/// What to report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Report {
    /// `report user U`: the name in MediaWiki's form.
    User(String),
    /// `report link L`: the key as [`Key::ascii`](crate::link::Key::ascii) has it.
    Link(String),
    /// `report N`: the newest hits, 1 to [`MAX_NEWEST`].
    Newest(u32),
    /// `report day 2026-11-22`: all hits of edits of a UTC day.
    Day(NaiveDate),
}

/// Reads one line, such as `bl add example.com acme everywhere — see the archive`; `now`: when it was written. Errs, for
/// the writer, with what is wrong and how the command is written.
pub fn parse_line(line: &str, site: &Site, path_hosts: &PathHosts, now: Timestamp) -> Result<Command, String> {
    parse(&split(line)?, &Names { site, path_hosts, now })
}

/// Reads the words of a shell's command line: as [`parse_line`], and a word with a space in it is one name.
pub fn parse_words(words: &[String], site: &Site, path_hosts: &PathHosts, now: Timestamp) -> Result<Command, String> {
    let words: Vec<Word> = words.iter().map(|word| Word::of_shell(word)).collect();
    parse(&words, &Names { site, path_hosts, now })
}

/// The help for one command, or the list of all. Lines for people, without an end of line after the last; a word that
/// is no command is told so.
pub fn help(command: Option<&str>) -> String {
    LINKS.help(command)
}

/// First words of the commands.
pub const FIRST_WORDS: &[&str] = &[
    "wl",
    "bl",
    "ml",
    "report",
    "quiet",
    "silent",
    "reportlevel",
    "links",
    "test",
    "stats",
    "status",
    "help",
];

fn parse(words: &[Word], names: &Names<'_>) -> Result<Command, String> {
    let Some((first, rest)) = words.split_first() else {
        return Err(format!("there is no command. Commands: {}", LINKS.names().join(", ")));
    };
    let command = first.text.to_lowercase();
    if let Some(list) = List::of_command(&command) {
        return list::parse(list, rest, names);
    }
    if let Some(order) = feeds::read(words) {
        return order
            .map(Command::Feeds)
            .map_err(|why| LINKS.wrong(why.topic, &why.what));
    }
    let wrong = |what: &str| LINKS.wrong(&command, what);
    match (command.as_str(), rest) {
        ("report", rest) => report(rest, names).map_err(|what| wrong(&what)),
        ("links", [name]) => super::user_name(names.site, &name.text)
            .map(Command::Links)
            .map_err(|what| wrong(&what)),
        ("links", _) => Err(wrong("`links` needs the name of one user")),
        ("test", [user, string]) => Ok(Command::Test {
            user: user.text.clone(),
            string: string.text.clone(),
        }),
        ("test", _) => Err(wrong("`test` needs a user and a text")),
        ("help", rest) => Ok(Command::Help(rest.first().map(|word| word.text.clone()))),
        ("stats", []) => Ok(Command::Stats),
        ("status", []) => Ok(Command::Status),
        (name, _) if LINKS.is_command(name) => Err(wrong(&format!("nothing may follow `{name}`"))),
        _ => Err(LINKS.unknown(&first.text)),
    }
}

fn report(words: &[Word], names: &Names<'_>) -> Result<Command, String> {
    let report = match words {
        [kind, user] if kind.is("user") => Report::User(super::user_name(names.site, &user.text)?),
        [kind, link] if kind.is("link") => Report::Link(Key::from_name(&link.text, names.path_hosts)?.ascii()),
        [kind, day] if kind.is("day") => match day.text.parse() {
            Ok(day) => Report::Day(day),
            Err(_) => return Err(format!("`{}` is no day such as 2026-11-22", terminal(&day.text))),
        },
        [number] => match number.text.parse() {
            Ok(number @ 1..=MAX_NEWEST) => Report::Newest(number),
            _ => {
                return Err(format!(
                    "`{}` is no number from 1 to {MAX_NEWEST}",
                    terminal(&number.text)
                ));
            }
        },
        _ => return Err("`report` needs a user, a link, a day, a number or a feed".to_owned()),
    };
    Ok(Command::Report(report))
}

#[cfg(test)]
#[path = "links/tests.rs"]
mod tests;
