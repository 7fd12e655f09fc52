//! Comparing a category's complete member list with the table `request`, in one
//! transaction, writing only what differs.
//!
//! No time window and no clock decides: what counts is membership, and whether
//! the wiki's own category timestamp changed.

use crate::error::Result;
use crate::request::{Reason, State};
use crate::session::{Fields, FromFields, One, Session, at, at_opt, list};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use std::collections::{BTreeMap, HashSet};
use wikicrew_core::types::{PageId, Timestamp};

/// Rows per INSERT, ids per IN.
const SLICE: usize = 200;

/// A page that the wiki says is in the category.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its page id.
    pub page_id: PageId,
    /// Its namespace.
    pub ns: i32,
    /// Its title with namespace.
    pub title: &'a str,
    /// When the wiki says it was put there.
    pub cat_ts: Option<Timestamp>,
    /// What it becomes when it is seen for the first time: `Waiting`, or
    /// `BeforeStart`, or `Person` (too old) with a reason. Not used otherwise.
    pub first: State,
    /// The reason that belongs to `first`.
    pub reason: Option<Reason<'a>>,
}

/// What the comparison found.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Synced {
    /// Seen for the first time.
    pub added: u64,
    /// Tagged again, long enough after the last greeting: a new generation.
    pub renewed: u64,
    /// Tagged again, but greeted too recently, or not yet greeted at all: stays
    /// what it was.
    pub returned: u64,
    /// No longer in the category.
    pub left: u64,
    /// Same page under another title.
    pub renamed: u64,
}

impl Synced {
    /// Rows written.
    pub fn rows(&self) -> u64 {
        self.added + self.renewed + self.returned + self.left + self.renamed
    }
}

struct Known {
    id: u64,
    page_id: u64,
    ns: i32,
    title: String,
    cat_ts: Option<Timestamp>,
    state: State,
    in_category: bool,
}

impl FromFields for Known {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("id")?,
            page_id: f.get("page_id")?,
            ns: f.get("ns")?,
            title: f.get("title")?,
            cat_ts: f.time_opt("cat_ts")?,
            state: f.word("state", State::read)?,
            in_category: f.get("in_category")?,
        })
    }
}

/// Stores the complete member list of one category (name without namespace).
/// Members unknown so far are inserted, those that left are marked, and those that
/// came back or carry another category timestamp become a new request only when
/// neither their learner nor their profile was greeted for this category after
/// `rematch_before` (now minus `rematch_after`). The same list again writes
/// nothing. A page listed twice counts once.
pub async fn sync_category(
    tx: &mut FencedTx<'_>,
    category: &str,
    members: &[Member<'_>],
    rematch_before: Timestamp,
    now: Timestamp,
) -> Result<Synced> {
    let members: BTreeMap<u64, &Member<'_>> = members.iter().map(|member| (member.page_id.0, member)).collect();
    let known = read_known(tx, category, &members).await?;
    let mut synced = Synced::default();

    let left: Vec<u64> = known
        .values()
        .filter(|row| row.in_category && !members.contains_key(&row.page_id))
        .map(|row| row.id)
        .collect();
    synced.left = mark_left(tx, &left, now).await?;

    let new: Vec<&Member<'_>> = members
        .values()
        .filter(|member| !known.contains_key(&member.page_id.0))
        .copied()
        .collect();
    synced.added = insert(tx, category, &new, now).await?;

    let tagged_again: Vec<(&Known, &Member<'_>)> = members
        .values()
        .filter_map(|member| Some((known.get(&member.page_id.0)?, *member)))
        .filter(|(row, member)| !row.in_category || is_other_time(row.cat_ts, member.cat_ts))
        .collect();
    let greeted = greeted_since(tx, &tagged_again, rematch_before).await?;
    for (row, member) in &tagged_again {
        if row.state != State::Waiting && !greeted.contains(&row.id) {
            renew(tx, row.id, member, now).await?;
            synced.renewed += 1;
        } else {
            return_quietly(tx, row.id, member, now).await?;
            synced.returned += 1;
        }
    }

    let again: HashSet<u64> = tagged_again.iter().map(|(row, _)| row.id).collect();
    for row in known.values().filter(|row| !again.contains(&row.id)) {
        if let Some(member) = members.get(&row.page_id)
            && (row.title != member.title || row.ns != member.ns)
        {
            return_quietly(tx, row.id, member, now).await?;
            synced.renamed += 1;
        }
    }
    Ok(synced)
}

/// Marks the members of all categories but these as left: the settings no longer
/// ask for them. The number marked.
pub async fn leave_unlisted(tx: &mut FencedTx<'_>, categories: &[&str], now: Timestamp) -> Result<u64> {
    let mut sql = String::from("UPDATE request SET in_category = 0, updated = ? WHERE wiki = ? AND in_category = 1");
    let mut values = vec![at(now), Value::from(&tx.fence().wiki)];
    if !categories.is_empty() {
        sql += &format!(" AND category NOT IN ({})", list("?", categories.len()));
        values.extend(categories.iter().map(|&name| Value::from(name)));
    }
    let done = tx
        .conn()
        .run("leaving categories no longer asked for", &sql, values)
        .await?;
    Ok(done.affected)
}

/// Both known and different. A time that is missing says nothing.
fn is_other_time(stored: Option<Timestamp>, told: Option<Timestamp>) -> bool {
    match (stored, told) {
        (Some(stored), Some(told)) => stored.timestamp() != told.timestamp(),
        _ => false,
    }
}

/// The category's present rows, and the old rows of its present members.
async fn read_known(
    tx: &mut FencedTx<'_>,
    category: &str,
    members: &BTreeMap<u64, &Member<'_>>,
) -> Result<BTreeMap<u64, Known>> {
    const WHAT: &str = "reading the known members of a category";
    // Handler reads: the rows of one category that are in it, by by_category.
    const IN: &str = "SELECT id, page_id, ns, title, cat_ts, state, in_category FROM request \
        WHERE wiki = :wiki AND category = :category AND in_category = 1";
    let wiki = tx.fence().wiki.clone();
    let rows: Vec<Known> = tx
        .conn()
        .rows(WHAT, IN, params! { "wiki" => &wiki, "category" => category })
        .await?;
    let mut known: BTreeMap<u64, Known> = rows.into_iter().map(|row| (row.page_id, row)).collect();
    let others: Vec<u64> = members.keys().filter(|id| !known.contains_key(id)).copied().collect();
    for some in others.chunks(SLICE) {
        // Handler reads: one by by_page for each id.
        let sql = format!(
            "SELECT id, page_id, ns, title, cat_ts, state, in_category FROM request \
             WHERE wiki = ? AND page_id IN ({}) AND category = ?",
            list("?", some.len())
        );
        let mut values = vec![Value::from(&wiki)];
        values.extend(some.iter().map(|&id| Value::from(id)));
        values.push(Value::from(category));
        let rows: Vec<Known> = tx.conn().rows(WHAT, &sql, values).await?;
        known.extend(rows.into_iter().map(|row| (row.page_id, row)));
    }
    Ok(known)
}

async fn mark_left(tx: &mut FencedTx<'_>, ids: &[u64], now: Timestamp) -> Result<u64> {
    for some in ids.chunks(SLICE) {
        let sql = format!(
            "UPDATE request SET in_category = 0, updated = ? WHERE id IN ({})",
            list("?", some.len())
        );
        let mut values = vec![at(now)];
        values.extend(some.iter().map(|&id| Value::from(id)));
        tx.conn().run("marking members that left", &sql, values).await?;
    }
    Ok(ids.len() as u64)
}

async fn insert(tx: &mut FencedTx<'_>, category: &str, members: &[&Member<'_>], now: Timestamp) -> Result<u64> {
    for some in members.chunks(SLICE) {
        let sql = format!(
            "INSERT INTO request (wiki, page_id, category, ns, title, cat_ts, first_seen, state, \
             reason_code, reason, updated) VALUES {}",
            list("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", some.len())
        );
        let mut values = Vec::with_capacity(some.len() * 11);
        for member in some {
            values.extend([
                Value::from(&tx.fence().wiki),
                Value::from(member.page_id.0),
                Value::from(category),
                Value::from(member.ns),
                Value::from(member.title),
                at_opt(member.cat_ts),
                at(now),
                Value::from(member.first.word()),
                Value::from(member.reason.map_or("", |reason| reason.code)),
                Value::from(member.reason.map(|reason| reason.text)),
                at(now),
            ]);
        }
        tx.conn().run("storing new members of a category", &sql, values).await?;
    }
    Ok(members.len() as u64)
}

/// Of these rows, the ones whose learner or profile was greeted for the category
/// after then.
async fn greeted_since(
    tx: &mut FencedTx<'_>,
    rows: &[(&Known, &Member<'_>)],
    after: Timestamp,
) -> Result<HashSet<u64>> {
    let mut greeted = HashSet::new();
    for some in rows.chunks(SLICE) {
        // Handler reads: per row the matches of one learner and of one profile.
        let sql = format!(
            "SELECT r.id AS value FROM request r WHERE r.id IN ({}) AND ( \
               EXISTS (SELECT 1 FROM matches m WHERE m.wiki = r.wiki AND m.luid = r.learner_id \
                 AND m.category_full = r.category AND m.matchtime > ?) OR \
               EXISTS (SELECT 1 FROM matches m WHERE m.wiki = r.wiki AND m.lprofileid = r.page_id \
                 AND m.category_full = r.category AND m.matchtime > ?))",
            list("?", some.len())
        );
        let mut values: Vec<Value> = some.iter().map(|(row, _)| Value::from(row.id)).collect();
        values.extend([at(after), at(after)]);
        let rows: Vec<One<u64>> = tx.conn().rows("asking who was greeted lately", &sql, values).await?;
        greeted.extend(rows.into_iter().map(|One(id)| id));
    }
    Ok(greeted)
}

async fn renew(tx: &mut FencedTx<'_>, id: u64, member: &Member<'_>, now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE request SET in_category = 1, ns = :ns, title = :title, \
        cat_ts = COALESCE(:cat_ts, cat_ts), generation = generation + 1, state = 'waiting', \
        reason_code = '', reason = NULL, fingerprint = '', failures = 0, first_failure = NULL, \
        next_try = NULL, mentioned_at = NULL, updated = :now WHERE id = :id";
    update(tx, SQL, id, member, now).await
}

async fn return_quietly(tx: &mut FencedTx<'_>, id: u64, member: &Member<'_>, now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE request SET in_category = 1, ns = :ns, title = :title, \
        cat_ts = COALESCE(:cat_ts, cat_ts), updated = :now WHERE id = :id";
    update(tx, SQL, id, member, now).await
}

async fn update(tx: &mut FencedTx<'_>, sql: &str, id: u64, member: &Member<'_>, now: Timestamp) -> Result<()> {
    tx.conn()
        .run(
            "bringing a request up to date",
            sql,
            params! {
                "id" => id, "ns" => member.ns, "title" => member.title,
                "cat_ts" => at_opt(member.cat_ts), "now" => at(now),
            },
        )
        .await?;
    Ok(())
}
