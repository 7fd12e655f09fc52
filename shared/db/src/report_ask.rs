//! What asks for a report, or for another look at one: people, rules, and what was found out about reports that exist.
//!
//! An ask has an *origin* (a revision and what stands in it, a rule and a day): the same origin is never stored twice for
//! one subject, also after it was served, whichever process sees it. Asks wait here until they are served or given up;
//! all that wait for one subject are one request with several reasons. Names and details are text from users.

mod questions;
mod write;

pub use questions::{
    Queue, all_waiting, asked_by_since, pages_by_anybody_since, pages_by_rules_since, waiting, waiting_to_be_cleaned,
};
pub use write::{
    ask, ask_unless_waiting, expire_rules, failed, forget_guest, forget_requester, give_up, postpone, prune, served,
};

use crate::error::Result;
use crate::report::subject;
use crate::session::{Fields, FromFields};
use wikicrew_core::report::Subject;
use wikicrew_core::types::Timestamp;

words! {
    /// Why a report, or a look at one, is asked for.
    pub enum Reason {
        /// A summary template on a watched page.
        Summary = "summary",
        /// The poke page.
        Poke = "poke",
        /// A command by hand.
        Command = "command",
        /// A statistics rule.
        Rule = "rule",
        /// New additions.
        Additions = "additions",
        /// New additions that meet by themselves the rule that opened a closed report.
        Reopen = "reopen",
        /// Something on it is hidden now.
        Hidden = "hidden",
        /// It names something that is to be named nowhere.
        Suppressed = "suppressed",
        /// Somebody on it has another name now.
        Rename = "rename",
        /// It may have become stale.
        Stale = "stale",
    }
}

impl Reason {
    /// Those for which something has to go from a page.
    pub const CLEANING: [Reason; 3] = [Reason::Hidden, Reason::Suppressed, Reason::Rename];
    /// Those that come again and again, and are of no interest soon.
    pub const SHORT: [Reason; 4] = [Reason::Additions, Reason::Stale, Reason::Hidden, Reason::Suppressed];

    /// Whether something has to go from the page.
    pub fn is_cleaning(self) -> bool {
        Reason::CLEANING.contains(&self)
    }
}

words! {
    /// What became of an ask.
    pub enum Outcome {
        /// A page was saved.
        Saved = "saved",
        /// The page says it all already.
        Unchanged = "unchanged",
        /// The page waits for a person; new data was noted on it, or had been.
        Held = "held",
        /// What people decided, or a bound, leaves the page as it is.
        Left = "left",
        /// Nothing is recorded about the subject.
        Nothing = "nothing",
        /// It may not be asked for, or by this requester.
        Refused = "refused",
        /// Tried too often.
        GivenUp = "given-up",
    }
}

/// An ask to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAsk {
    /// Key of the wiki on which people decide about the report.
    pub home: String,
    /// What it is about.
    pub subject: Subject,
    /// What makes it one and the same ask; of 64 bytes and more a hash is stored.
    pub origin: String,
    /// Who asks, as a key that renames do not change, at most 255 bytes; `None`: a rule.
    pub requester: Option<String>,
    /// The name of who asks.
    pub requester_name: Option<String>,
    /// Why.
    pub reason: Reason,
    /// More about that: page and revision, word of a rule; cut at 1,024 bytes.
    pub detail: Option<String>,
}

/// An ask that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask {
    /// Its number.
    pub id: u64,
    /// Who asks; `None`: a rule.
    pub requester: Option<String>,
    /// The name of who asks.
    pub requester_name: Option<String>,
    /// Why.
    pub reason: Reason,
    /// More about that.
    pub detail: Option<String>,
    /// Since when.
    pub asked_at: Timestamp,
    /// How often serving it failed.
    pub tries: u32,
    /// Not to be tried before.
    pub next_try: Timestamp,
    /// Why it failed last.
    pub error: Option<String>,
}

/// A subject and everything that asks for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// What it is about.
    pub subject: Subject,
    /// Its asks in the order of asking, at least one.
    pub asks: Vec<Ask>,
}

impl Waiting {
    /// The numbers of its asks.
    pub fn ids(&self) -> Vec<u64> {
        self.asks.iter().map(|ask| ask.id).collect()
    }
}

/// An ask with its subject, as it is read.
struct Row(Subject, Ask);

impl FromFields for Row {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let ask = Ask {
            id: f.get("id")?,
            requester: f.get("requester")?,
            requester_name: f.get("requester_name")?,
            reason: f.word("reason", Reason::read)?,
            detail: f.get("detail")?,
            asked_at: f.time("asked_at")?,
            tries: f.get("tries")?,
            next_try: f.time("next_try")?,
            error: f.get("error")?,
        };
        Ok(Self(subject(f)?, ask))
    }
}
