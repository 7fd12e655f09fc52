//! The lines of coi-report's day pages: one per page's wiki (*target*), wiki of the edits, UTC day, user and thing.
//!
//! A line is made with its first hit ([`crate::hit::insert`]) and says nothing itself: what it tells is in its hits.
//! *Dirty* is one that does not stand on a page yet, or no longer says what it should. What people took away (*gone*)
//! never becomes dirty again.

mod questions;
mod stale;
mod write;

pub use questions::{MAX_LINES, Totals, due, hits_of, of_title, proposals, recent_titles, totals_of};
pub use stale::make_stale;
pub(crate) use write::{NewLine, touch};
pub use write::{Shown, mark_gone, mark_shown, mark_struck, mark_unstruck};

use crate::author::{self, Author, UserKind};
use crate::error::Result;
use crate::hit::subject_of;
use crate::session::{Fields, FromFields};
use chrono::NaiveDate;
use wikicrew_core::hit::Subject;
use wikicrew_core::types::{RevId, Timestamp};

words! {
    /// Where a line is.
    pub enum State {
        /// On no page yet.
        New = "new",
        /// On a page.
        Shown = "shown",
        /// Somebody took it away, or its page.
        Gone = "gone",
    }
}

/// A line as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Its number.
    pub id: u64,
    /// Key of the wiki on whose page it belongs.
    pub target: String,
    /// The UTC day of its edits.
    pub day: NaiveDate,
    /// Key of the wiki where the edits were made.
    pub wiki: String,
    /// Who made them; `None`: hidden, or a temporary account whose name is no longer kept.
    pub user: Option<Author>,
    /// What kind of user, even without the name; `None`: hidden.
    pub kind: Option<UserKind>,
    /// What it is about.
    pub subject: Subject,
    /// Title with namespace, or link for people; `None`: hidden.
    pub string: Option<String>,
    /// Ten characters by which it is found on the page again.
    pub anchor: String,
    /// Where it is.
    pub state: State,
    /// The page on which it stands.
    pub title: Option<String>,
    /// The edit that last wrote it.
    pub revid: Option<RevId>,
    /// Of how many hits it told then.
    pub shown_hits: u32,
    /// When it was last written; `None`: never, or something of it was hidden since.
    pub changed_at: Option<Timestamp>,
    /// Whether it does not say what it should.
    pub is_dirty: bool,
    /// When its newest hit was stored.
    pub recorded: Timestamp,
    /// When a person struck it.
    pub struck_at: Option<Timestamp>,
    /// Who did, where that is known.
    pub struck_by: Option<String>,
}

/// The columns of [`Row`], of the table named `l`.
const COLUMNS: &str = "l.id, l.target, l.day, l.wiki, l.user_id, l.user_name, l.user_kind, l.subject, l.string, \
    l.anchor, l.state, l.title, l.revid, l.shown_hits, l.changed_at, l.is_dirty, l.recorded, l.struck_at, l.struck_by";

impl FromFields for Row {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let (user, kind) = author::read_with_kind(f)?;
        Ok(Self {
            id: f.get("id")?,
            target: f.get("target")?,
            day: f.get("day")?,
            wiki: f.get("wiki")?,
            user,
            kind,
            subject: f.word("subject", subject_of)?,
            string: f.get("string")?,
            anchor: f.get("anchor")?,
            state: f.word("state", State::read)?,
            title: f.get("title")?,
            revid: f.id_opt("revid", RevId)?,
            shown_hits: f.get("shown_hits")?,
            changed_at: f.time_opt("changed_at")?,
            is_dirty: f.get("is_dirty")?,
            recorded: f.time("recorded")?,
            struck_at: f.time_opt("struck_at")?,
            struck_by: f.get("struck_by")?,
        })
    }
}
