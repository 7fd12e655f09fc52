//! The commands about feeds, the same for every job: `quiet`, `report`, `reportlevel`. They change what feeds tell until
//! somebody undoes it, and nothing else. A name behind them means that feed alone; without one they are about all feeds
//! of the job, and in a channel about that channel's. `report link …` and the like are the job's own.

use super::Level;
use super::help::{Table, Topic};
use super::words::{Word, split};
use crate::text::terminal;

/// Longest name of a feed, in characters.
const NAME_CHARS: usize = 60;

/// What to do about feeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FeedCommand {
    /// `quiet`, `silent`: nothing is told.
    Quiet,
    /// `report`: ends that.
    Report,
    /// `reportlevel`: how much is told.
    Level(Level),
}

impl FeedCommand {
    /// Whether it changes something: only people who are trusted may do that.
    pub fn changes(self) -> bool {
        self != FeedCommand::Level(Level::Tell)
    }
}

/// A command about feeds, understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedOrder {
    /// What to do.
    pub what: FeedCommand,
    /// With this feed alone, as written: letter case does not part feeds; `None`: with all of the job, or of the channel
    /// in which it is said.
    pub feed: Option<String>,
}

/// What is wrong with a command about feeds, and the topic of the help that says how it is written.
pub(super) struct WrongOrder {
    pub topic: &'static str,
    pub what: String,
}

/// Whether feeds may have this name: 1 to 60 of `A-Z a-z 0-9 _ -`, one of them a letter, and no word of the commands.
pub fn is_feed_name(text: &str) -> bool {
    let is_word = ["feed", "settings"].iter().any(|word| text.eq_ignore_ascii_case(word));
    let is_open = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    // A number alone is a level.
    let has_letter = text.chars().any(|c| c.is_ascii_alphabetic());
    !is_word && has_letter && text.chars().count() <= NAME_CHARS && text.chars().all(is_open)
}

/// Reads a line said in a channel, such as `quiet` or `reportlevel 1`; `None`: it is no command about feeds, but perhaps
/// one of the job. Errs, for the writer, with what is wrong and how the command is written.
pub fn parse_feeds(line: &str) -> Option<Result<FeedOrder, String>> {
    let words = split(line).ok()?;
    read(&words).map(|read| read.map_err(|wrong| FEEDS.wrong(wrong.topic, &wrong.what)))
}

/// As [`parse_feeds`], for a line or a shell's words.
pub(super) fn read(words: &[Word]) -> Option<Result<FeedOrder, WrongOrder>> {
    let (first, rest) = words.split_first()?;
    let order = if first.is("quiet") || first.is("silent") {
        feed("quiet", rest).map(|feed| (FeedCommand::Quiet, feed))
    } else if first.is("reportlevel") {
        level(rest)
    } else if first.is("report") && rest.first().is_none_or(|word| word.is("feed")) {
        again(rest).map(|feed| (FeedCommand::Report, feed))
    } else {
        return None;
    };
    Some(order.map(|(what, feed)| FeedOrder { what, feed }))
}

fn level(rest: &[Word]) -> Result<(FeedCommand, Option<String>), WrongOrder> {
    const TOPIC: &str = "reportlevel";
    let (level, rest) = match rest {
        [word, more @ ..] if word.is("settings") => (Level::Settings, more),
        [word, more @ ..] if matches!(word.text.as_str(), "0" | "1" | "2") => {
            (Level::Set(word.text.parse().unwrap_or_default()), more)
        }
        [word, ..] if !word.is("feed") && !is_feed_name(&word.text) => {
            return Err(WrongOrder {
                topic: TOPIC,
                what: format!("`{}` is no report level: 0, 1 and 2 are", terminal(&word.text)),
            });
        }
        rest => (Level::Tell, rest),
    };
    Ok((FeedCommand::Level(level), feed(TOPIC, rest)?))
}

/// Behind `report` stands nothing, or `feed` and a name: other words there are other reports.
fn again(rest: &[Word]) -> Result<Option<String>, WrongOrder> {
    match rest {
        [] => Ok(None),
        [_, name] => feed("report", std::slice::from_ref(name)),
        _ => Err(WrongOrder {
            topic: "report",
            what: "`report feed` needs the name of a feed".to_owned(),
        }),
    }
}

/// The name of a feed, if one stands there; `feed` may stand before it.
fn feed(topic: &'static str, rest: &[Word]) -> Result<Option<String>, WrongOrder> {
    let name = match rest {
        [] => return Ok(None),
        [key, name] if key.is("feed") => name,
        [name] => name,
        _ => {
            let what = format!("`{topic}` takes the name of one feed, or nothing");
            return Err(WrongOrder { topic, what });
        }
    };
    if is_feed_name(&name.text) {
        return Ok(Some(name.text.clone()));
    }
    let what = format!("`{}` is no name of a feed", terminal(&name.text));
    Err(WrongOrder { topic, what })
}

/// `quiet`.
pub(super) const QUIET: Topic = Topic {
    names: &["quiet", "silent"],
    forms: &[
        (
            "quiet",
            "silences all feeds until `report`; `silent` is the same. In a channel: that channel's feeds only",
        ),
        ("quiet <feed>", "silences this feed alone"),
    ],
    examples: &["quiet", "quiet spam"],
};

/// `report`.
pub(super) const REPORT: &[(&str, &str)] = &[
    (
        "report",
        "ends `quiet` and `silent` for all feeds. In a channel: for that channel's feeds only",
    ),
    ("report feed <feed>", "ends them for this feed"),
];

/// `reportlevel`.
pub(super) const LEVEL: Topic = Topic {
    names: &["reportlevel"],
    forms: &[
        (
            "reportlevel <level> [<feed>]",
            "sets how much feeds tell until somebody undoes it: 0 = silence, 1 = high priority only, 2 = everything; all \
             feeds, in a channel that channel's, or this one",
        ),
        (
            "reportlevel settings [<feed>]",
            "leaves the report level to the settings page again",
        ),
        ("reportlevel [<feed>]", "tells the report level"),
    ],
    examples: &["reportlevel 1", "reportlevel 2 spam"],
};

/// The commands that are the same in every channel.
const FEEDS: Table = Table(&[
    QUIET,
    Topic {
        names: &["report"],
        forms: REPORT,
        examples: &[],
    },
    LEVEL,
]);

#[cfg(test)]
#[path = "feeds_tests.rs"]
mod tests;
