//! What infobox-check reports: one row per line of a log.
//!
//! Rows come first, in the transaction of the checkpoint; the edit of the log page
//! follows and is noted here. When the wiki hides an edit's author or text, what was
//! hidden is erased from the rows, which stay so that they can be counted.

use crate::author::{self, Author};
use crate::bulk;
use crate::error::Result;
use crate::session::{Fields, FromFields, One, Session, at, bounded};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use std::collections::BTreeSet;
use wikicrew_core::types::{PageId, RevId, Timestamp};

pub use crate::field_change_questions::{
    Count, Seen, by_ids, counts_since, last_change_of_field, of_log_title, of_page, since, stale_log_titles, unlogged,
};

/// Longest stored value, in bytes.
pub const MAX_VALUE: usize = 10_000;

/// Longest stored result of a check, in bytes.
const MAX_CHECK: usize = 8_000;

words! {
    /// Why an edit is reported.
    pub enum Rule {
        /// Its author is on the blacklist for the page.
        Blacklist = "blacklist",
        /// The page is on the monitor list.
        Monitor = "monitor",
        /// A field of a box changed.
        Field = "field",
        /// A box came, went, or cannot be compared.
        Box = "box",
    }
}

words! {
    /// What happened.
    pub enum Kind {
        /// The field was not there before.
        Added = "added",
        /// The field is no longer there.
        Removed = "removed",
        /// Another value.
        Changed = "changed",
        /// The same value, written otherwise.
        Formatting = "formatting",
        /// The page has a box that it had not.
        BoxAdded = "box_added",
        /// The page no longer has the box.
        BoxRemoved = "box_removed",
        /// The boxes of the two revisions cannot be paired.
        NotComparable = "not_comparable",
        /// The page transcludes the box without having it in its own text.
        Transcluded = "transcluded",
        /// The edit as a whole: hits of blacklist and monitor list.
        Edit = "edit",
    }
}

words! {
    /// What the change means beside the verified value.
    pub enum State {
        /// It had the verified value and has it no longer.
        CorrectChanged = "correct_changed",
        /// It has the verified value again.
        ChangedCorrect = "changed_correct",
        /// From one other value to another.
        ChangedOther = "changed_other",
        /// A field that is only watched, or one without verified revision.
        Changed = "changed",
        /// No other value.
        Formatting = "formatting",
        /// No field.
        None = "none",
    }
}

/// A line to be stored; the wiki is the transaction's. What makes it unique are
/// `revid`, `rule`, `box_name`, `ordinal` and `field`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewChange {
    /// Title of the log page it belongs to, with namespace.
    pub log_page: String,
    /// The box, at most 255 bytes; empty for hits of the lists.
    pub box_name: String,
    /// The page.
    pub page_id: PageId,
    /// Its title with namespace.
    pub title: String,
    /// The edit.
    pub revid: RevId,
    /// The revision before; `None`: it made the page.
    pub parent: Option<RevId>,
    /// Who made the edit; `None`: hidden.
    pub user: Option<Author>,
    /// The wiki's time of the edit.
    pub ts: Timestamp,
    /// Why it is reported.
    pub rule: Rule,
    /// Which box of this name on the page, from 0.
    pub ordinal: u32,
    /// The field, at most 255 bytes; empty for none.
    pub field: String,
    /// What happened.
    pub kind: Kind,
    /// What it means beside the verified value.
    pub state: State,
    /// Whether the field is a verified one, not only a watched one.
    pub is_verified: bool,
    /// The value before; `None`: there was none, or it is hidden. Values are cut at
    /// [`MAX_VALUE`] bytes when stored.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// The verified value; `None` beside a `verified_revid`: empty there.
    pub verified: Option<String>,
    /// The verified revision; `None`: there is none.
    pub verified_revid: Option<RevId>,
    /// Why the new value is not plausible.
    pub check: Option<String>,
    /// Whether it belongs on the log page.
    pub to_log: bool,
}

/// Where a line stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logged {
    /// The page, with namespace: the log page or one of its parts.
    pub title: String,
    /// The edit that put it there.
    pub revid: RevId,
    /// The wiki's time of that edit.
    pub at: Timestamp,
}

/// A line as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeRow {
    /// Its number.
    pub id: u64,
    /// What it says.
    pub change: NewChange,
    /// Where it stands; `None`: nowhere yet.
    pub logged: Option<Logged>,
    /// The edit that reverted it.
    pub reverted_by: Option<RevId>,
    /// Whether the author is hidden on the wiki.
    pub user_hidden: bool,
    /// Whether the values were hidden since.
    pub values_hidden: bool,
}

impl FromFields for ChangeRow {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let logged = match f.get::<Option<String>>("log_title")? {
            Some(title) => Some(Logged {
                title,
                revid: RevId(f.get("logged_revid")?),
                at: f.time("logged_at")?,
            }),
            None => None,
        };
        Ok(Self {
            id: f.get("id")?,
            change: NewChange {
                log_page: f.get("log_page")?,
                box_name: f.get("box")?,
                page_id: PageId(f.get("page_id")?),
                title: f.get("title")?,
                revid: RevId(f.get("revid")?),
                parent: f.id_opt("parent_revid", RevId)?,
                user: author::read(f)?,
                ts: f.time("ts")?,
                rule: f.word("rule", Rule::read)?,
                ordinal: f.get("ordinal")?,
                field: f.get("field")?,
                kind: f.word("kind", Kind::read)?,
                state: f.word("state", State::read)?,
                is_verified: f.get("is_verified")?,
                old: f.get("old_value")?,
                new: f.get("new_value")?,
                verified: f.get("verified_value")?,
                verified_revid: f.id_opt("verified_revid", RevId)?,
                check: f.get("check_result")?,
                to_log: f.get("to_log")?,
            },
            logged,
            reverted_by: f.id_opt("reverted_by", RevId)?,
            user_hidden: f.get("user_hidden")?,
            values_hidden: f.get("values_hidden")?,
        })
    }
}

/// How many of a row's values are its key.
const KEY_COLUMNS: usize = 6;

const ONCE: bulk::Once = bulk::Once {
    what: "storing changes of fields",
    insert: "INSERT INTO field_change (wiki, revid, rule, box, ordinal, field, log_page, page_id, title, parent_revid, ts, \
        kind, state, is_verified, old_value, new_value, verified_value, verified_revid, check_result, to_log, user_hidden, \
        user_id, user_name, user_kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
        ON DUPLICATE KEY UPDATE id = id",
    // Handler reads: one, by by_change.
    there: "SELECT id AS value FROM field_change FORCE INDEX (by_change) WHERE wiki = ? AND revid = ? AND rule = ? \
        AND box = ? AND ordinal = ? AND field = ?",
};

/// Stores lines; one that is already there stays as it is. Of each line that was new: its place in `changes` (the first
/// one where several are the same) and its number, in the order of `changes`.
pub async fn insert(tx: &mut FencedTx<'_>, changes: &[NewChange]) -> Result<Vec<(usize, u64)>> {
    let mut sorted: Vec<(usize, &NewChange)> = changes.iter().enumerate().collect();
    // One order in every process: rows locked crosswise would be a deadlock.
    sorted.sort_by_key(|(_, c)| (c.revid, c.rule, &c.box_name, c.ordinal, &c.field));
    let wiki = tx.fence().wiki.clone();
    let mut stored = Vec::new();
    for (index, change) in sorted {
        let values = values(&wiki, change);
        let (key, more) = values.split_at(KEY_COLUMNS);
        stored.extend(ONCE.store(tx.conn(), key, more).await?.map(|id| (index, id)));
    }
    stored.sort_unstable();
    Ok(stored)
}

/// A row, the columns of the unique key first.
fn values(wiki: &str, c: &NewChange) -> Vec<Value> {
    let cut = |text: &Option<String>, max| Value::from(text.as_deref().map(|text| bounded(text, max).into_owned()));
    let mut values = vec![
        Value::from(wiki),
        Value::from(c.revid.0),
        Value::from(c.rule.word()),
        Value::from(&c.box_name),
        Value::from(c.ordinal),
        Value::from(&c.field),
        Value::from(&c.log_page),
        Value::from(c.page_id.0),
        Value::from(&c.title),
        Value::from(c.parent.map(|id| id.0)),
        at(c.ts),
        Value::from(c.kind.word()),
        Value::from(c.state.word()),
        Value::from(c.is_verified),
        cut(&c.old, MAX_VALUE),
        cut(&c.new, MAX_VALUE),
        cut(&c.verified, MAX_VALUE),
        Value::from(c.verified_revid.map(|id| id.0)),
        cut(&c.check, MAX_CHECK),
        Value::from(c.to_log),
        Value::from(c.user.is_none()),
    ];
    values.extend(author::values(c.user.as_ref()));
    values
}

/// These lines stand on a page now; belongs into the transaction of
/// [`crate::intent::mark_done`]. One that already stands somewhere stays there.
/// How many were noted.
pub async fn mark_logged(tx: &mut FencedTx<'_>, ids: &[u64], place: &Logged) -> Result<u64> {
    const SQL: &str = "UPDATE field_change SET log_title = ?, logged_revid = ?, logged_at = ? \
        WHERE id IN (IDS) AND wiki = ? AND logged_revid IS NULL";
    let before = [Value::from(&place.title), Value::from(place.revid.0), at(place.at)];
    let after = [Value::from(&tx.fence().wiki)];
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    bulk::run(tx.conn(), "noting where changes are logged", SQL, &before, &ids, &after).await
}

/// What [`mark_reverted`] and [`erase`] did.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Touched {
    /// Rows that changed.
    pub rows: u64,
    /// Pages on which their lines stand, by title: they no longer say what they
    /// should (see [`stale_log_titles`]).
    pub log_titles: Vec<String>,
}

/// These edits were reverted by another one. Lines that were already marked stay
/// as they are.
pub async fn mark_reverted(tx: &mut FencedTx<'_>, revids: &[RevId], by: RevId) -> Result<Touched> {
    let set = "reverted_by = ?";
    touch(tx, set, &[Value::from(by.0)], "reverted_by IS NULL", revids).await
}

/// What of an edit the wiki hides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Erase {
    /// Its author.
    User,
    /// Its text, so the values.
    Values,
    /// Both, or the page is deleted.
    Both,
}

/// Erases what the wiki hides of these edits; rows from which it is erased already
/// stay as they are.
pub async fn erase(tx: &mut FencedTx<'_>, revids: &[RevId], what: Erase) -> Result<Touched> {
    const USER: &str = "user_id = NULL, user_name = NULL, user_kind = NULL, user_hidden = 1";
    // The result of a check may quote the value.
    const VALUES: &str =
        "old_value = NULL, new_value = NULL, verified_value = NULL, check_result = NULL, values_hidden = 1";
    match what {
        Erase::User => touch(tx, USER, &[], "user_hidden = 0", revids).await,
        Erase::Values => touch(tx, VALUES, &[], "values_hidden = 0", revids).await,
        Erase::Both => {
            let set = format!("{USER}, {VALUES}");
            touch(tx, &set, &[], "(user_hidden = 0 OR values_hidden = 0)", revids).await
        }
    }
}

/// Changes the rows of some edits for which `only` holds; those with a line on a
/// page become stale.
async fn touch(tx: &mut FencedTx<'_>, set: &str, values: &[Value], only: &str, revids: &[RevId]) -> Result<Touched> {
    let titles = format!(
        "SELECT DISTINCT log_title AS value FROM field_change \
         WHERE wiki = ? AND revid IN (IDS) AND log_title IS NOT NULL AND {only}"
    );
    let update = format!(
        "UPDATE field_change SET {set}, log_stale = IF(log_title IS NULL, 0, 1) \
         WHERE wiki = ? AND revid IN (IDS) AND {only}"
    );
    let mut ids: Vec<u64> = revids.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    let wiki = Value::from(&tx.fence().wiki);
    let place = std::slice::from_ref(&wiki);
    let found: Vec<One<String>> =
        bulk::select(tx.conn(), "asking where changes are logged", &titles, place, &ids, &[]).await?;
    let before: Vec<Value> = values.iter().cloned().chain([wiki]).collect();
    let rows = bulk::run(tx.conn(), "marking changes", &update, &before, &ids, &[]).await?;
    let log_titles: BTreeSet<String> = found.into_iter().map(|One(title)| title).collect();
    Ok(Touched {
        rows,
        log_titles: log_titles.into_iter().collect(),
    })
}

/// Lines that were found on a page of the log, which may say of them what is no longer so.
pub async fn log_is_stale(tx: &mut FencedTx<'_>, ids: &[u64]) -> Result<()> {
    const SQL: &str = "UPDATE field_change SET log_stale = 1 WHERE wiki = ? AND id IN (IDS)";
    let wiki = Value::from(&tx.fence().wiki);
    bulk::run(tx.conn(), "noting that a log page is stale", SQL, &[wiki], ids, &[]).await?;
    Ok(())
}

/// A page of the log was written anew from its rows: it says what it should.
pub async fn log_is_fresh(tx: &mut FencedTx<'_>, log_title: &str) -> Result<()> {
    const SQL: &str = "UPDATE field_change SET log_stale = 0 \
        WHERE wiki = :wiki AND log_stale = 1 AND log_title = :log_title";
    let (conn, fence) = tx.parts();
    conn.run(
        "noting that a log page is fresh",
        SQL,
        params! { "wiki" => &fence.wiki, "log_title" => log_title },
    )
    .await?;
    Ok(())
}
