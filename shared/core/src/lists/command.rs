//! Every command of the table, read from a line or from a shell's words.

use super::feeds::{self, FeedCommand, FeedOrder};
use super::grammar::{ListWords, Verb, one, wrong};
use super::help::BOXES;
use super::words::{Word, split};
use super::{List, page_name, user_name};
use crate::site::Site;

/// The word for all pages.
const ALL_PAGES: &str = "*";

/// A command, understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// `wl|bl|ml add`.
    Add {
        /// Which list.
        list: List,
        /// The user, in MediaWiki's form; `None` on the monitor list.
        user: Option<String>,
        /// The page, in MediaWiki's form; `None` for `*`.
        page: Option<String>,
        /// What stood behind a dash.
        reason: Option<String>,
    },
    /// `wl|bl|ml del`.
    Del {
        /// Which list.
        list: List,
        /// As in [`Command::Add`].
        user: Option<String>,
        /// As in [`Command::Add`].
        page: Option<String>,
    },
    /// `wl|bl|ml search`.
    Search {
        /// Which list.
        list: List,
        /// Only entries of this user.
        user: Option<String>,
        /// Only entries that are about this page.
        page: Option<Sought>,
    },
    /// `fieldlist`: the watched fields of a box, as it was written.
    Fields(String),
    /// `managers`: those of a box.
    Managers(String),
    /// `boxlist`.
    Boxes,
    /// `quiet`, `silent`: no reports, neither in logs nor in feeds.
    Quiet,
    /// `report`: reports again, and ends `quit` too.
    Report,
    /// `reportlevel`: of logs and feeds.
    Level(Level),
    /// `quiet`, `report` and `reportlevel` with the name of a feed: they are about this feed alone.
    Feed {
        /// What to do.
        what: FeedCommand,
        /// The feed, as written.
        feed: String,
    },
    /// `status`.
    Status,
    /// `help`, of everything or of one command.
    Help(Option<String>),
    /// `quit`, `die`: nothing is written any more.
    Quit,
    /// `off`: no edits of pages with a box, or of any.
    Off(Option<String>),
    /// `on`: ends `off`.
    On(Option<String>),
}

/// What to do with the report level.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Level {
    /// Tell it.
    Tell,
    /// Set it, 0 to 2.
    Set(u8),
    /// Leave it to the settings page again.
    Settings,
}

/// The page of a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sought {
    /// `*`: entries that are about all pages.
    All,
    /// This page, in MediaWiki's form.
    Page(String),
}

/// Reads one line, such as `wl add Beetstra "Carbon dioxide" — trusted`. Errs, for the writer, with what is wrong
/// and how the command is written.
pub fn parse_command(line: &str, site: &Site) -> Result<Command, String> {
    parse(&split(line)?, site)
}

/// Reads the words of a shell's command line: as [`parse_command`], and a word with a space in it is one name.
pub fn parse_words(words: &[String], site: &Site) -> Result<Command, String> {
    let words: Vec<Word> = words.iter().map(|word| Word::of_shell(word)).collect();
    parse(&words, site)
}

fn parse(words: &[Word], site: &Site) -> Result<Command, String> {
    let Some((first, rest)) = words.split_first() else {
        return Err(format!("there is no command. Commands: {}", BOXES.names().join(", ")));
    };
    let command = first.text.to_lowercase();
    if let Some(list) = List::of_command(&command) {
        return of_list(ListWords::read(list, rest)?, site);
    }
    if let Some(order) = feeds::read(words) {
        return order.map(of_feeds).map_err(|why| wrong(why.topic, &why.what));
    }
    let name = match rest {
        [] => None,
        [first, more @ ..] => Some(one(first, more)),
    };
    let understood = match (command.as_str(), name) {
        ("fieldlist", Some(Some(name))) => Command::Fields(name),
        ("managers", Some(Some(name))) => Command::Managers(name),
        ("fieldlist" | "managers", _) => {
            return Err(wrong(&command, &format!("`{command}` needs the name of one box")));
        }
        ("off", None) => Command::Off(None),
        ("on", None) => Command::On(None),
        ("off", Some(Some(name))) => Command::Off(Some(name)),
        ("on", Some(Some(name))) => Command::On(Some(name)),
        ("off" | "on", Some(None)) => {
            let what = format!("`{command}` takes the name of one box, or nothing");
            return Err(wrong(&command, &what));
        }
        ("help", _) => Command::Help(rest.first().map(|word| word.text.clone())),
        ("boxlist", None) => Command::Boxes,
        ("status", None) => Command::Status,
        ("quit" | "die", None) => Command::Quit,
        (name, _) if BOXES.is_command(name) => return Err(wrong(name, &format!("nothing may follow `{name}`"))),
        _ => return Err(BOXES.unknown(&first.text)),
    };
    Ok(understood)
}

/// Without a feed's name the same words are about the logs as well.
fn of_feeds(order: FeedOrder) -> Command {
    match (order.what, order.feed) {
        (what, Some(feed)) => Command::Feed { what, feed },
        (FeedCommand::Quiet, None) => Command::Quiet,
        (FeedCommand::Report, None) => Command::Report,
        (FeedCommand::Level(level), None) => Command::Level(level),
    }
}

fn of_list(words: ListWords, site: &Site) -> Result<Command, String> {
    let ListWords {
        list,
        verb,
        user,
        page,
        reason,
    } = words;
    let topic = format!("{} {}", list.command(), verb.word());
    let say = |why: String| wrong(&topic, &why);
    let user = match user.as_deref() {
        Some(ALL_PAGES) => return Err(say("`*` stands for all pages; an entry needs one user".to_owned())),
        Some(user) => Some(user_name(site, user).map_err(say)?),
        None => None,
    };
    let all = page.as_deref() == Some(ALL_PAGES);
    if all && list != List::White {
        return Err(say(format!("the {} takes one page, not `*`", list.name())));
    }
    let page = match page {
        Some(page) if !all => Some(page_name(site, &page).map_err(say)?),
        _ => None,
    };
    Ok(match verb {
        Verb::Add => Command::Add {
            list,
            user,
            page,
            reason,
        },
        Verb::Del => Command::Del { list, user, page },
        Verb::Search => Command::Search {
            list,
            user,
            page: if all { Some(Sought::All) } else { page.map(Sought::Page) },
        },
    })
}
