//! Counters and pages that are too old.

use super::walk::{Pace, SLICE, Walk, by_keys, find};
use crate::connect::Db;
use crate::error::Result;
use crate::lease::Fence;
use crate::links::since::number_of;
use crate::session::{Session, at};
use mysql_async::{Value, params};
use wikicrew_core::types::Timestamp;

const PAIR: &[&str] = &["host_id", "editor_id", "wiki_id"];

/// Rows of a table with an index by time, that are older than `before`; how many, and whether they are all gone.
pub(super) async fn by_time(
    db: &Db,
    fence: &Fence,
    table: &str,
    before: Timestamp,
    pace: &mut Pace<'_>,
) -> Result<(u64, bool)> {
    const WHAT: &str = "removing old rows of links";
    let sql = format!("DELETE FROM {table} WHERE ts < :before ORDER BY ts LIMIT {SLICE}");
    let mut removed = 0;
    loop {
        if !pace.next().await {
            return Ok((removed, false));
        }
        let some = db
            .fenced(fence, WHAT, async |tx| {
                Ok(tx
                    .conn()
                    .run(WHAT, &sql, params! { "before" => at(before) })
                    .await?
                    .affected)
            })
            .await?;
        removed += some;
        if some < SLICE {
            return Ok((removed, true));
        }
    }
}

/// Pairs whose newest addition is older than `before`. The count of the editor is left as it is, as that of a pair is
/// which goes on: both hold everything since the moment that is told, and more of those who went on adding. (It could
/// not be taken off either: what an archive's link shows counts for the pair, but not for the editor.) It goes with the
/// editor, when none of the pairs is left.
///
/// An addition that is stored at the same time either comes first, and the pair is no longer old when it is looked at
/// again under its lock, or begins a new pair.
pub(super) async fn pairs(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    before: Timestamp,
    pace: &mut Pace<'_>,
) -> Result<(u64, bool)> {
    let walk = Walk {
        name: "prune.pair",
        key: &key(before),
        table: "pair",
        columns: PAIR,
    };
    walk.go(db, fence, now, pace, async |tx, range| {
        const WHAT: &str = "removing old pairs";
        let old = at(before);
        let keys = find(
            tx.conn(),
            WHAT,
            ("pair", ""),
            PAIR,
            range,
            ("last_ts < ?", vec![old.clone()]),
        )
        .await?;
        let tail = (" AND last_ts < ?", &[old][..]);
        by_keys(tx.conn(), WHAT, "DELETE FROM pair", PAIR, &keys, tail).await
    })
    .await
}

/// Counts of hosts in months before that of `before`. Nothing so old is stored any more, so nobody writes to them.
pub(super) async fn months(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    before: Timestamp,
    pace: &mut Pace<'_>,
) -> Result<(u64, bool)> {
    const WHAT: &str = "removing old counts of months";
    const COLUMNS: &[&str] = &["host_id", "month", "wiki_id"];
    let walk = Walk {
        name: "prune.host_month",
        key: &key(before),
        table: "host_month",
        columns: COLUMNS,
    };
    walk.go(db, fence, now, pace, async |tx, range| {
        let old = ("month < ?", vec![Value::from(number_of(before))]);
        let keys = find(tx.conn(), WHAT, ("host_month", ""), COLUMNS, range, old).await?;
        by_keys(tx.conn(), WHAT, "DELETE FROM host_month", COLUMNS, &keys, ("", &[])).await
    })
    .await
}

/// Pages whose newest stored revision is gone, and so all the older ones. A page that gets a new row meanwhile has
/// another newest revision then, and stays: page and rows are written in one transaction.
pub(super) async fn pages(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    rows_since: Timestamp,
    pace: &mut Pace<'_>,
) -> Result<(u64, bool)> {
    const WHAT: &str = "removing pages without rows";
    // Scalar questions: they are asked by index for each row, while the server may make a table of a NOT EXISTS.
    const UNUSED: &str = "\
        (SELECT 1 FROM link_addition a WHERE a.wiki_id = p.wiki_id AND a.rev_id = p.rev_id LIMIT 1) IS NULL \
        AND (SELECT 1 FROM link_restored a WHERE a.wiki_id = p.wiki_id AND a.rev_id = p.rev_id LIMIT 1) IS NULL \
        AND (SELECT 1 FROM link_flood a WHERE a.wiki_id = p.wiki_id AND a.rev_id = p.rev_id LIMIT 1) IS NULL";
    const COLUMNS: &[&str] = &["wiki_id", "page_id", "rev_id"];
    let walk = Walk {
        name: "prune.page",
        key: &key(rows_since),
        table: "page",
        columns: &["wiki_id", "page_id"],
    };
    walk.go(db, fence, now, pace, async |tx, range| {
        let keys = find(tx.conn(), WHAT, ("page p", "p."), COLUMNS, range, (UNUSED, vec![])).await?;
        by_keys(tx.conn(), WHAT, "DELETE FROM page", COLUMNS, &keys, ("", &[])).await
    })
    .await
}

pub(super) fn key(moment: Timestamp) -> String {
    moment.format("%Y-%m-%d").to_string()
}
