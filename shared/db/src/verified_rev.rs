//! Verified revisions: what their boxes say, taken apart once and remembered,
//! or why they say nothing.

use crate::bulk;
use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use std::collections::{BTreeMap, HashMap};
use wikicrew_core::types::{PageId, RevId, Timestamp};

words! {
    /// What became of reading a verified revision.
    pub enum State {
        /// Its boxes are known.
        Ok = "ok",
        /// There is no such revision, or its page is deleted.
        Missing = "missing",
        /// Its text is hidden.
        Hidden = "hidden",
        /// Its text has no such box.
        NoBox = "no_box",
        /// Its text is more than is read.
        TooBig = "too_big",
    }
}

/// A verified revision, as far as it is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifiedRev {
    /// The revision.
    pub revid: RevId,
    /// The page it belongs to now; `None`: the wiki does not say.
    pub page_id: Option<PageId>,
    /// Its boxes, in whatever form the caller gave them (JSON); `None` unless the state is [`State::Ok`].
    pub boxes: Option<String>,
    /// What became of reading it.
    pub state: State,
    /// When it was read.
    pub checked_at: Timestamp,
}

impl FromFields for VerifiedRev {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            revid: RevId(f.get("revid")?),
            page_id: f.id_opt("page_id", PageId)?,
            boxes: f.get("boxes")?,
            state: f.word("state", State::read)?,
            checked_at: f.time("checked_at")?,
        })
    }
}

/// What is known of these revisions for a box; those never read are not in the map.
pub async fn get_many(
    session: &mut impl Session,
    wiki: &str,
    box_name: &str,
    revids: &[RevId],
) -> Result<HashMap<RevId, VerifiedRev>> {
    const SQL: &str = "SELECT revid, page_id, boxes, state, checked_at FROM verified_rev \
        WHERE wiki = ? AND box = ? AND revid IN (IDS)";
    let ids: Vec<u64> = revids.iter().map(|id| id.0).collect();
    let before = [Value::from(wiki), Value::from(box_name)];
    let rows: Vec<VerifiedRev> =
        bulk::select(session.conn(), "reading verified revisions", SQL, &before, &ids, &[]).await?;
    Ok(rows.into_iter().map(|row| (row.revid, row)).collect())
}

/// Stores what was found out, in place of what was known of the same revisions.
pub async fn put(tx: &mut FencedTx<'_>, box_name: &str, revisions: &[VerifiedRev]) -> Result<()> {
    const HEAD: &str = "INSERT INTO verified_rev (wiki, box, revid, page_id, boxes, state, checked_at)";
    const TAIL: &str = "ON DUPLICATE KEY UPDATE page_id = VALUES(page_id), boxes = VALUES(boxes), \
        state = VALUES(state), checked_at = VALUES(checked_at)";
    let mut revisions: Vec<&VerifiedRev> = revisions.iter().collect();
    // One order in every process: rows locked crosswise would be a deadlock.
    revisions.sort_by_key(|revision| revision.revid);
    let wiki = tx.fence().wiki.clone();
    let rows = revisions.iter().map(|revision| {
        vec![
            Value::from(&wiki),
            Value::from(box_name),
            Value::from(revision.revid.0),
            Value::from(revision.page_id.map(|id| id.0)),
            Value::from(revision.boxes.as_deref()),
            Value::from(revision.state.word()),
            at(revision.checked_at),
        ]
    });
    bulk::insert(tx.conn(), "storing verified revisions", HEAD, TAIL, rows).await?;
    Ok(())
}

/// Forgets revisions read before then, for all boxes, the oldest first and at most
/// `limit`, so that they are read again: a revision may have been hidden since. How many.
pub async fn forget_older(tx: &mut FencedTx<'_>, before: Timestamp, limit: u32) -> Result<u64> {
    // Found first: a DELETE in this order reads the whole table.
    const OLD: &str = "SELECT box, revid FROM verified_rev WHERE wiki = :wiki AND checked_at < :before \
        ORDER BY checked_at, box, revid LIMIT :limit";
    const DELETE: &str = "DELETE FROM verified_rev WHERE wiki = ? AND box = ? AND revid IN (IDS)";
    const WHAT: &str = "forgetting old verified revisions";
    let wiki = tx.fence().wiki.clone();
    let old: Vec<Old> = tx
        .conn()
        .rows(
            WHAT,
            OLD,
            params! { "wiki" => &wiki, "before" => at(before), "limit" => limit },
        )
        .await?;
    let mut by_box: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in old {
        by_box.entry(row.box_name).or_default().push(row.revid);
    }
    let mut n = 0;
    for (box_name, mut revids) in by_box {
        revids.sort_unstable();
        let place = [Value::from(&wiki), Value::from(box_name)];
        n += bulk::run(tx.conn(), WHAT, DELETE, &place, &revids, &[]).await?;
    }
    Ok(n)
}

struct Old {
    box_name: String,
    revid: u64,
}

impl FromFields for Old {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            box_name: f.get("box")?,
            revid: f.get("revid")?,
        })
    }
}
