//! Lines made, written on pages, struck and taken away.

use crate::author::{self, Author};
use crate::bulk;
use crate::error::Result;
use crate::hit::{fades, hash, subject_word};
use crate::session::{Session, at, bounded};
use crate::transaction::FencedTx;
use chrono::NaiveDate;
use mysql_async::Value;
use std::collections::BTreeMap;
use wikicrew_core::hit::Subject;
use wikicrew_core::intent::token;
use wikicrew_core::types::{RevId, Timestamp};

/// Longest stored title or link, in bytes.
const MAX_STRING: usize = 1_024;

/// A line that a new hit belongs to.
pub(crate) struct NewLine<'a> {
    pub target: &'a str,
    pub day: NaiveDate,
    pub wiki: &'a str,
    pub user: &'a Author,
    pub subject: Subject,
    pub string: &'a str,
}

/// Makes the lines, by target and what they are known by; those that are there no longer say everything.
pub(crate) async fn touch(
    tx: &mut FencedTx<'_>,
    lines: &BTreeMap<(&str, String), NewLine<'_>>,
    now: Timestamp,
) -> Result<()> {
    // One by one: of one statement with all of them, rows behind one that another process has just made may be lost, see
    // `bulk::Once`.
    const SQL: &str = "INSERT INTO hit_line (target, line_key, day, wiki, fades, subject, string, anchor, state, \
        is_dirty, recorded, user_id, user_name, user_kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
        ON DUPLICATE KEY UPDATE is_dirty = state <> 'gone', recorded = VALUES(recorded)";
    for ((target, key), line) in lines {
        let mut values = vec![
            Value::from(line.target),
            Value::from(hash(key)),
            Value::from(line.day),
            Value::from(line.wiki),
            fades(Some(line.user)),
            Value::from(subject_word(line.subject)),
            Value::from(bounded(line.string, MAX_STRING).into_owned()),
            Value::from(anchor(target, key)),
            Value::from("new"),
            Value::from(true),
            at(now),
        ];
        values.extend(author::values(Some(line.user)));
        tx.conn().run("noting lines of day pages", SQL, values).await?;
    }
    Ok(())
}

/// The ten characters after the two letters of the job and `-`.
fn anchor(target: &str, key: &str) -> String {
    let token = token("coi-report", target, key);
    token
        .split_once('-')
        .map_or(token.as_str(), |(_, code)| code)
        .to_owned()
}

/// A line as it was put on a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shown {
    /// Its number.
    pub id: u64,
    /// Of how many hits it tells.
    pub hits: u32,
    /// [`super::Row::recorded`] when its hits were read: with hits stored since then it stays dirty.
    pub recorded: Timestamp,
}

/// These lines stand on a page as they should, since an edit at the wiki's time `when`. Belongs into the transaction of
/// [`crate::intent::mark_done`]. A line that is gone stays so. How many lines changed.
pub async fn mark_shown(
    tx: &mut FencedTx<'_>,
    shown: &[Shown],
    title: &str,
    revid: RevId,
    when: Timestamp,
) -> Result<u64> {
    // Lines per statement.
    const SLICE: usize = 100;
    let target = Value::from(&tx.fence().wiki);
    let mut shown = shown.to_vec();
    shown.sort_unstable_by_key(|line| line.id);
    let mut changed = 0;
    for some in shown.chunks(SLICE) {
        let asked = vec!["SELECT ? AS id, ? AS hits, ? AS upto"; some.len()].join(" UNION ALL ");
        // Handler reads: twice the lines, by primary key.
        let sql = format!(
            "UPDATE ({asked}) asked STRAIGHT_JOIN hit_line l ON l.id = asked.id SET l.state = 'shown', l.title = ?, \
             l.revid = ?, l.changed_at = ?, l.shown_hits = asked.hits, \
             l.is_dirty = l.recorded > CAST(asked.upto AS DATETIME) \
             WHERE l.target = ? AND l.state <> 'gone'"
        );
        let mut values = Vec::new();
        for line in some {
            values.extend([Value::from(line.id), Value::from(line.hits), at(line.recorded)]);
        }
        values.extend([Value::from(title), Value::from(revid.0), at(when), target.clone()]);
        changed += tx
            .conn()
            .run("noting lines that stand on a page", &sql, values)
            .await?
            .affected;
    }
    Ok(changed)
}

/// Somebody took these lines away, or the page they stood on: they are written nowhere again.
pub async fn mark_gone(tx: &mut FencedTx<'_>, ids: &[u64]) -> Result<u64> {
    change(tx, ids, "state = 'gone', is_dirty = 0", &[]).await
}

/// A person struck these lines; one that is struck already stays as it is. `by`: who, where that is known.
pub async fn mark_struck(tx: &mut FencedTx<'_>, ids: &[u64], by: Option<&str>, when: Timestamp) -> Result<u64> {
    let set = "struck_by = IF(struck_at IS NULL, ?, struck_by), struck_at = COALESCE(struck_at, ?)";
    change(tx, ids, set, &[Value::from(by), at(when)]).await
}

/// These lines are not struck, or no longer.
pub async fn mark_unstruck(tx: &mut FencedTx<'_>, ids: &[u64]) -> Result<u64> {
    change(tx, ids, "struck_by = NULL, struck_at = NULL", &[]).await
}

/// Changes lines of this run's wiki; how many changed.
async fn change(tx: &mut FencedTx<'_>, ids: &[u64], set: &str, values: &[Value]) -> Result<u64> {
    let sql = format!("UPDATE hit_line SET {set} WHERE id IN (IDS) AND target = ?");
    let target = Value::from(&tx.fence().wiki);
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    bulk::run(tx.conn(), "noting what became of lines", &sql, values, &ids, &[target]).await
}
