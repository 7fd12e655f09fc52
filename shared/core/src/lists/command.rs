//! Every command of the table, read from a line or from a shell's words.

use super::grammar::{ListWords, Verb, one, wrong};
use super::help::BOXES;
use super::words::{Word, split};
use super::{List, page_name, user_name};
use crate::site::Site;
use crate::text::terminal;

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
    /// `quiet`, `silent`: no reports.
    Quiet,
    /// `report`: reports again, and ends `quit` too.
    Report,
    /// `reportlevel`.
    Level(Level),
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
        ("reportlevel", _) => Command::Level(level(rest)?),
        ("help", _) => Command::Help(rest.first().map(|word| word.text.clone())),
        ("boxlist", None) => Command::Boxes,
        ("quiet" | "silent", None) => Command::Quiet,
        ("report", None) => Command::Report,
        ("status", None) => Command::Status,
        ("quit" | "die", None) => Command::Quit,
        (name, _) if BOXES.is_command(name) => return Err(wrong(name, &format!("nothing may follow `{name}`"))),
        _ => return Err(BOXES.unknown(&first.text)),
    };
    Ok(understood)
}

fn level(rest: &[Word]) -> Result<Level, String> {
    match rest {
        [] => Ok(Level::Tell),
        [word] if word.is("settings") => Ok(Level::Settings),
        [word] => match word.text.as_str() {
            "0" => Ok(Level::Set(0)),
            "1" => Ok(Level::Set(1)),
            "2" => Ok(Level::Set(2)),
            other => {
                let what = format!("`{}` is no report level: 0, 1 and 2 are", terminal(other));
                Err(wrong("reportlevel", &what))
            }
        },
        _ => Err(wrong("reportlevel", "`reportlevel` takes one number")),
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
