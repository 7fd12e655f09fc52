//! What people say in a channel of IRC: whether it is said to the bot, and how much of that it answers. A line that does
//! not begin with the bot's name is nobody's command, and whoever asks more than [`PER_PERSON`] times in a minute is told
//! so once and then left alone, so that nobody can make the bot flood a channel. Pure: nothing is sent from here.

use crate::text::{ends_word, unhighlighted};
use crate::types::Timestamp;
use chrono::TimeDelta;
use std::collections::{HashMap, VecDeque};

/// Answers to one person within a minute, in all channels.
pub const PER_PERSON: usize = 6;
/// Answers in one channel within a minute.
pub const PER_CHANNEL: usize = 20;
const WINDOW: TimeDelta = TimeDelta::minutes(1);

/// What stands behind the bot's name: `COIBot wl add …`, `COIBot: status` and `coibot, help` are commands to it. `names`:
/// those by which it may be called. `None` when the line does not begin with one of them, or ends with it.
pub fn addressed<'a>(said: &'a str, names: &[&str]) -> Option<&'a str> {
    let said = said.trim();
    let behind = |name: &&str| {
        let (begin, rest) = (said.get(..name.len())?, said.get(name.len()..)?);
        let is_called = !name.is_empty() && is_same_nick(begin, name);
        let is_whole = rest.starts_with(|c: char| c.is_whitespace() || matches!(c, ':' | ','));
        (is_called && is_whole).then_some(rest)
    };
    let rest = names.iter().find_map(behind)?.trim_start();
    let command = rest.strip_prefix([':', ',']).unwrap_or(rest).trim_start();
    (!command.is_empty()).then_some(command)
}

/// A line with the names whole that [`unhighlighted`] broke: people copy them from the reports of the channel.
pub fn whole(line: &str) -> String {
    let word = |word: &str| {
        // One that a name has of its own has stayed, and got another beside it.
        let once = word.replacen("\u{200d}\u{200d}", "\u{200d}", 1);
        let Some((before, after)) = word.split_once('\u{200d}').filter(|_| once == word) else {
            return once;
        };
        let joined = format!("{before}{after}");
        let is_ours = before.ends_with(char::is_alphanumeric) && unhighlighted(&joined) == word;
        if is_ours { joined } else { once }
    };
    line.split_inclusive(ends_word).map(word).collect()
}

/// Whether two nicks, accounts or channels are one: of ASCII only letter case does not count, and `{}|^` are the lower
/// case of `[]\~` (RFC 2812, 2.2). Networks that part more than this part names that look alike.
pub fn is_same_nick(a: &str, b: &str) -> bool {
    let fold = |byte: u8| match byte {
        b'[' => b'{',
        b']' => b'}',
        b'\\' => b'|',
        b'~' => b'^',
        byte => byte.to_ascii_lowercase(),
    };
    a.bytes().map(fold).eq(b.bytes().map(fold))
}

/// Whether something is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum May {
    /// It is.
    Yes,
    /// It is not, and that is said.
    TellOnce,
    /// It is not, and that was said.
    No,
}

/// How much was answered, to whom and where, in the last minute. Remembers only what was answered in that minute, at
/// most [`PER_CHANNEL`] answers of a channel; people whose question was not answered are not remembered at all.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    people: HashMap<String, Answered>,
    channels: HashMap<String, Answered>,
}

#[derive(Clone, Debug, Default)]
struct Answered {
    at: VecDeque<Timestamp>,
    /// That it is too much was said; it is said again only after a minute without answers.
    is_told: bool,
}

impl Answered {
    /// Forgets what is over, or is yet to come because the clock was set back. Whether anything is left.
    fn is_recent(&mut self, now: Timestamp) -> bool {
        self.at.retain(|at| *at <= now && now - *at < WINDOW);
        !self.at.is_empty()
    }

    fn refuse(&mut self) -> May {
        match std::mem::replace(&mut self.is_told, true) {
            false => May::TellOnce,
            true => May::No,
        }
    }
}

impl Rate {
    /// Nothing was answered so far.
    pub fn new() -> Rate {
        Rate::default()
    }

    /// Whether the person gets an answer in the channel now; it counts if so. `who` is what stays when a nick changes: an
    /// account, or user and host.
    pub fn may(&mut self, who: &str, channel: &str, now: Timestamp) -> May {
        for answered in [&mut self.people, &mut self.channels] {
            answered.retain(|_, answered| answered.is_recent(now));
        }
        if let Some(person) = self.people.get_mut(who).filter(|person| person.at.len() >= PER_PERSON) {
            return person.refuse();
        }
        let in_channel = self.channels.entry(channel.to_owned()).or_default();
        if in_channel.at.len() >= PER_CHANNEL {
            return in_channel.refuse();
        }
        in_channel.at.push_back(now);
        self.people.entry(who.to_owned()).or_default().at.push_back(now);
        May::Yes
    }
}

#[cfg(test)]
#[path = "channel_tests.rs"]
mod tests;
