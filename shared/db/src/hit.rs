//! What coi-report's rules found: one row per revision, thing (page or link) and rule, with the line of the day page
//! that tells of it ([`crate::hit_line`]).
//!
//! A row belongs to its *home*, the wiki whose settings asked for it. Reading an edit again changes nothing. What a wiki
//! hides is erased ([`hide`]) and the row stays, so that it can be counted and is never made again.

mod change;
mod insert;
mod keep;
mod questions;
mod read;
mod stats;

pub use change::{Forget, Hide, forget, hide, rename};
pub(crate) use insert::fades;
pub use insert::insert;
pub use keep::{Pruned, cut_addresses, forget_temporary, prune};
pub use questions::{MAX_COUNTED, Place, Thing, Who, by_ids, newest, of_revision, of_string, of_user, places};
pub use read::{Read, ReadOfWiki, add_read, edits_read};
pub use stats::{HostHits, RuleCounts, UserHits, counts, counts_of_users, top_new_hosts};

use crate::author::{self, Author, UserKind};
use crate::error::Result;
use crate::session::{Fields, FromFields};
use sha2::{Digest, Sha256};
use wikicrew_core::hit::{Hit, Rule, Subject};
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// Longest stored title, link and match, in bytes.
const MAX_STRING: usize = 1_024;
/// Longest stored URL, in bytes: what a browser takes.
const MAX_URL: usize = 2_083;
/// Longest stored reason for a skip, in bytes.
const MAX_SKIP: usize = 255;

/// A hit to be stored, or as it was stored; the home is the transaction's wiki.
#[derive(Clone, PartialEq, Debug)]
pub struct NewHit {
    /// Key of the wiki where the edit was made.
    pub wiki: String,
    /// The edit.
    pub rev: RevId,
    /// The wiki's time of the edit.
    pub ts: Timestamp,
    /// The page.
    pub page: PageId,
    /// Its namespace.
    pub ns: i32,
    /// Its title with namespace, at most 512 bytes; empty when it is hidden.
    pub title: String,
    /// Who made the edit; `None`: the wiki hides it.
    pub user: Option<Author>,
    /// What was found. As it is read from the database its text is empty where it is hidden, percentages have two
    /// decimals, and `starts_monitoring` is never set.
    pub hit: Hit,
    /// The revision of the settings page by which it was found.
    pub settings: RevId,
    /// How many edits the account had, where that was asked for.
    pub edits: Option<u64>,
}

/// A hit as it is stored.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Its number.
    pub id: u64,
    /// Key of the wiki whose settings asked for it.
    pub home: String,
    /// What was found; without a user also when the name is no longer kept.
    pub of: NewHit,
    /// What kind of user it was, even without the name; `None`: the wiki hides the author.
    pub kind: Option<UserKind>,
    /// When it was stored.
    pub recorded: Timestamp,
    /// Whether the wiki hides the author.
    pub user_hidden: bool,
    /// Whether the wiki hides the text or the page.
    pub text_hidden: bool,
}

impl Row {
    /// Whether anything of it is hidden.
    pub fn is_hidden(&self) -> bool {
        self.user_hidden || self.text_hidden
    }
}

/// The columns of [`Row`], of the table named `h`.
const COLUMNS: &str = "h.id, h.home, h.wiki, h.rev_id, h.subject, h.rule, h.string, h.rhost, h.matched, h.ut, h.tu, \
    h.ratio, h.near, h.words, h.url, h.times, h.skip, h.is_shown, h.is_new, h.edits, h.ts, h.user_id, h.user_name, \
    h.user_kind, h.page_id, h.ns, h.title, h.settings_revid, h.recorded, h.user_hidden, h.text_hidden";

/// A statement that reads [`Row`]s by numbers: `ids` gives a column `id`, and those that `more` names.
pub(crate) fn rows_of(more: &str, ids: &str, order: &str) -> String {
    // A subquery with LIMIT first, so that only its rows are read whole.
    format!("SELECT STRAIGHT_JOIN {more}{COLUMNS} FROM ({ids}) asked JOIN hit h ON h.id = asked.id ORDER BY {order}")
}

impl FromFields for Row {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let words = f.get::<String>("words")?;
        let mut letters = words.chars();
        let (Some(from), Some(to)) = (letters.next(), letters.next()) else {
            return Err(f.bad("words", format!("not two letters: {words:?}")));
        };
        let (user, kind) = author::read_with_kind(f)?;
        let percent = |value: Option<u32>| value.map(|value| f64::from(value) / 100.0);
        let ut = percent(f.get("ut")?);
        let tu = percent(f.get("tu")?);
        let ratio = percent(f.get("ratio")?);
        let text = |value: Option<String>| value.unwrap_or_default();
        Ok(Self {
            id: f.get("id")?,
            home: f.get("home")?,
            kind,
            of: NewHit {
                wiki: f.get("wiki")?,
                rev: RevId(f.get("rev_id")?),
                ts: f.time("ts")?,
                page: PageId(f.get("page_id")?),
                ns: f.get("ns")?,
                title: text(f.get("title")?),
                user,
                hit: Hit {
                    subject: f.word("subject", subject_of)?,
                    string: text(f.get("string")?),
                    key: f.get("rhost")?,
                    rule: f.word("rule", Rule::of_word)?,
                    matched: f.get("matched")?,
                    score: ut.zip(tu).zip(ratio).map(|((ut, tu), ratio)| (ut, tu, ratio)),
                    words: (from, to),
                    near: percent(f.get("near")?),
                    url: f.get("url")?,
                    times: f.get("times")?,
                    skip: f.get("skip")?,
                    is_shown: f.get("is_shown")?,
                    starts_monitoring: false,
                    is_new: f.get("is_new")?,
                },
                settings: RevId(f.get("settings_revid")?),
                edits: f.get("edits")?,
            },
            recorded: f.time("recorded")?,
            user_hidden: f.get("user_hidden")?,
            text_hidden: f.get("text_hidden")?,
        })
    }
}

pub(crate) fn subject_word(subject: Subject) -> &'static str {
    match subject {
        Subject::Page => "page",
        Subject::Link => "link",
    }
}

pub(crate) fn subject_of(word: &str) -> Option<Subject> {
    [Subject::Page, Subject::Link]
        .into_iter()
        .find(|subject| subject_word(*subject) == word)
}

/// What makes a text a key of fixed length: 16 bytes of SHA-256.
pub(crate) fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes())[..16].to_vec()
}
