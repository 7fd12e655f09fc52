//! Reports: one row per home wiki and subject, with what people said of it and what it told last.
//!
//! The home is the wiki on which people decide about the report. Only the run of the home writes these rows; the page
//! that a report stands on, and copies on other wikis, are in [`crate::report_page`]. Names of subjects and titles are
//! text from users.

mod questions;
mod write;

pub(crate) use questions::by_texts;
pub use questions::{
    MAX_REPORTS, all_titled, by_ids, counts, due_for_check, fading, get, links_between, newest_saved, of_hosts_domain,
    of_subjects, saved_since, without_news,
};
pub use write::{forget, forget_asks_between, put};

use crate::error::Result;
use crate::session::{Fields, FromFields};
use wikicrew_core::link::Key;
use wikicrew_core::report::{Kind, Rule, Status, Subject};
use wikicrew_core::types::{RevId, Timestamp};

/// What [`Report::opened_by`] says when a person asked for it.
pub const BY_PERSON: &str = "person";

/// A report, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Its number; 0: not stored yet.
    pub id: u64,
    /// Key of the wiki on which people decide about it.
    pub home: String,
    /// What it is about.
    pub subject: Subject,
    /// Title of its page on the home, with namespace, at most 512 bytes; `None`: never saved.
    pub title: Option<String>,
    /// What people say of it; `None`: never saved.
    pub status: Option<Status>,
    /// Word of the rule that opened it, or [`BY_PERSON`].
    pub opened_by: String,
    /// Rules that held when it was opened.
    pub rules: Vec<Rule>,
    /// Whether it is a cross-wiki one.
    pub is_xwiki: bool,
    /// When it was made.
    pub opened_at: Timestamp,
    /// When it was seen closed last.
    pub closed_at: Option<Timestamp>,
    /// When it was opened again last.
    pub reopened_at: Option<Timestamp>,
    /// When it became stale last.
    pub stale_at: Option<Timestamp>,
    /// When its content was last rewritten.
    pub saved_at: Option<Timestamp>,
    /// When its page was last read back.
    pub checked_at: Option<Timestamp>,
    /// Newest revision of its page that was read back.
    pub page_revid: Option<RevId>,
    /// Digest of what it says.
    pub digest: Option<[u8; 32]>,
    /// Newest addition that it tells of.
    pub newest: Option<Timestamp>,
    /// Additions that it tells of.
    pub additions: u64,
    /// When it names somebody who is not to be named any longer: a temporary account, or an address; `None`: it names
    /// nobody such.
    pub fades_at: Option<Timestamp>,
}

impl Report {
    /// One that is not stored and says nothing yet.
    pub fn new(home: &str, subject: Subject, opened_by: &str, rules: &[Rule], now: Timestamp) -> Self {
        Self {
            id: 0,
            home: home.to_owned(),
            subject,
            title: None,
            status: None,
            opened_by: opened_by.to_owned(),
            rules: rules.to_vec(),
            is_xwiki: false,
            opened_at: now,
            closed_at: None,
            reopened_at: None,
            stale_at: None,
            saved_at: None,
            checked_at: None,
            page_revid: None,
            digest: None,
            newest: None,
            additions: 0,
            fades_at: None,
        }
    }

    /// When something of it was new last: its making, its reopening or an addition.
    pub fn news_at(&self) -> Timestamp {
        let later = [self.reopened_at, self.newest].into_iter().flatten().max();
        later.map_or(self.opened_at, |later| later.max(self.opened_at))
    }
}

/// The columns of [`Report`], of the table named `r`.
const COLUMNS: &str = "r.id, r.home, r.kind, r.subject, r.title, r.status, r.opened_by, r.rules, r.is_xwiki, \
    r.opened_at, r.closed_at, r.reopened_at, r.stale_at, r.saved_at, r.checked_at, r.page_revid, r.digest, r.newest, \
    r.additions, r.fades_at";

impl FromFields for Report {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let words = f.get::<String>("rules")?;
        let rules: Option<Vec<Rule>> = words.split_whitespace().map(Rule::of_word).collect();
        Ok(Self {
            id: f.get("id")?,
            home: f.get("home")?,
            subject: subject(f)?,
            title: f.get("title")?,
            status: status(f, "status")?,
            opened_by: f.get("opened_by")?,
            rules: rules.ok_or_else(|| f.bad("rules", format!("unknown word in {words:?}")))?,
            is_xwiki: f.get("is_xwiki")?,
            opened_at: f.time("opened_at")?,
            closed_at: f.time_opt("closed_at")?,
            reopened_at: f.time_opt("reopened_at")?,
            stale_at: f.time_opt("stale_at")?,
            saved_at: f.time_opt("saved_at")?,
            checked_at: f.time_opt("checked_at")?,
            page_revid: f.id_opt("page_revid", RevId)?,
            digest: digest(f, "digest")?,
            newest: f.time_opt("newest")?,
            additions: f.get("additions")?,
            fades_at: f.time_opt("fades_at")?,
        })
    }
}

/// The stored keys whose reports also tell of this one: itself, its host, and the domains above, the nearest first
/// (`com.example.shop.`, `com.example.`, `com.`).
pub fn covering(stored_key: &str) -> Vec<String> {
    let mut keys = vec![stored_key.to_owned()];
    let Some(key) = Key::from_stored(stored_key).filter(|key| key.ip().is_none()) else {
        return keys;
    };
    let labels = stored_key.split_once('/').map_or(stored_key, |(labels, _)| labels);
    if key.part().is_some() {
        keys.push(labels.to_owned());
    }
    let above = labels.trim_end_matches('.').rmatch_indices('.');
    keys.extend(above.map(|(dot, _)| labels[..=dot].to_owned()));
    keys
}

/// The subject in the columns `kind` and `subject`.
pub(crate) fn subject(f: &mut Fields) -> Result<Subject> {
    let kind = f.word("kind", Kind::of_word)?;
    let key = f.get::<String>("subject")?;
    Subject::from_key(kind, &key).ok_or_else(|| f.bad("subject", format!("no {}: {key:?}", kind.word())))
}

/// A status that may be NULL.
pub(crate) fn status(f: &mut Fields, column: &str) -> Result<Option<Status>> {
    let word = f.get::<Option<String>>(column)?;
    let read = |word: &String| Status::of_word(word).ok_or_else(|| f.bad(column, format!("unknown word {word:?}")));
    word.as_ref().map(read).transpose()
}

/// A digest that may be NULL.
pub(crate) fn digest(f: &mut Fields, column: &str) -> Result<Option<[u8; 32]>> {
    let bytes = f.get::<Option<Vec<u8>>>(column)?;
    let read = |bytes: Vec<u8>| {
        let n = bytes.len();
        <[u8; 32]>::try_from(bytes).map_err(|_| f.bad(column, format!("{n} bytes, 32 belong there")))
    };
    bytes.map(read).transpose()
}
