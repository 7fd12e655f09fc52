//! Names that nothing points to any more.
//!
//! Whoever stores links remembers numbers of names, so a name may only go when nobody can still store its number:
//! the transaction that removes it begins with [`since::shut`], which waits for all transactions that store (they
//! hold that row, see [`since::hold`]) and keeps new ones out until it ends; then it looks once more whether the name
//! is used and, if not, changes the moment ([`since::void_names`]), by which who stores afterwards sees that the numbers
//! are to be read again.

use super::counters::key;
use super::walk::{Pace, Walk, find};
use crate::bulk;
use crate::connect::Db;
use crate::error::Result;
use crate::lease::Fence;
use crate::links::since::{self, Since};
use crate::session::{One, Session};
use mysql_async::Value;
use wikicrew_core::types::Timestamp;

/// A table of names and what belongs to them.
struct Names {
    walk: &'static str,
    table: &'static str,
    id: &'static [&'static str],
    /// True when no row of others has this name. One read by an index for each: see `pages` in the module beside.
    unused: &'static str,
    /// Tables with rows about the name, that go with it.
    with: &'static [&'static str],
}

const HOSTS: Names = Names {
    walk: "prune.host",
    table: "host",
    id: &["host_id"],
    unused: "(SELECT 1 FROM pair a WHERE a.host_id = x.host_id LIMIT 1) IS NULL \
        AND (SELECT 1 FROM host_month a WHERE a.host_id = x.host_id LIMIT 1) IS NULL \
        AND (SELECT 1 FROM link_restored a WHERE a.host_id = x.host_id LIMIT 1) IS NULL \
        AND (SELECT 1 FROM link_addition a WHERE a.host_id = x.host_id LIMIT 1) IS NULL",
    with: &["host_ip", "host_asked", "touched_host"],
};

const EDITORS: Names = Names {
    walk: "prune.editor",
    table: "editor",
    id: &["editor_id"],
    unused: "(SELECT 1 FROM pair a WHERE a.editor_id = x.editor_id LIMIT 1) IS NULL \
        AND (SELECT 1 FROM link_restored a WHERE a.editor_id = x.editor_id LIMIT 1) IS NULL \
        AND (SELECT 1 FROM link_flood a WHERE a.editor_id = x.editor_id LIMIT 1) IS NULL \
        AND (SELECT 1 FROM link_addition a WHERE a.editor_id = x.editor_id LIMIT 1) IS NULL",
    // The account's number, and a count from before what is kept.
    with: &["editor_wiki"],
};

/// Hosts without rows and counters, with their addresses; how many, and whether all were looked at.
pub(super) async fn hosts(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    since: &Since,
    pace: &mut Pace<'_>,
) -> Result<(u64, bool)> {
    go(db, fence, now, since, pace, &HOSTS).await
}

/// Editors without rows and pairs.
pub(super) async fn editors(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    since: &Since,
    pace: &mut Pace<'_>,
) -> Result<(u64, bool)> {
    go(db, fence, now, since, pace, &EDITORS).await
}

async fn go(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    since: &Since,
    pace: &mut Pace<'_>,
    names: &Names,
) -> Result<(u64, bool)> {
    let walk = Walk {
        name: names.walk,
        key: &format!("{}/{}", key(since.rows), key(since.pairs)),
        table: names.table,
        columns: names.id,
    };
    let id = names.id[0];
    let again = format!(
        "SELECT x.{id} AS value FROM {} x WHERE x.{id} IN (IDS) AND {}",
        names.table, names.unused
    );
    walk.go(db, fence, now, pace, async |tx, range| {
        let table = format!("{} x", names.table);
        let also = (names.unused, vec![]);
        // Before the lock, so that it is held only where there is something to remove, and not for the search.
        let found = find(tx.conn(), names.walk, (&table, "x."), names.id, range, also).await?;
        let found: Vec<u64> = found.into_iter().flatten().collect();
        if found.is_empty() {
            return Ok(0);
        }
        since::shut(tx).await?;
        const NONE: &[Value] = &[];
        let unused = bulk::select::<One<u64>>(tx.conn(), names.walk, &again, NONE, &found, NONE).await?;
        let unused: Vec<u64> = unused.into_iter().map(|One(id)| id).collect();
        if unused.is_empty() {
            return Ok(0);
        }
        since::void_names(tx, now).await?;
        // The name first: it waits for whoever is writing something about it and holds its row for that.
        let sql = format!("DELETE FROM {} WHERE {id} IN (IDS)", names.table);
        let removed = bulk::run(tx.conn(), names.walk, &sql, NONE, &unused, NONE).await?;
        for about in names.with {
            let sql = format!("DELETE FROM {about} WHERE {id} IN (IDS)");
            bulk::run(tx.conn(), names.walk, &sql, NONE, &unused, NONE).await?;
        }
        Ok(removed)
    })
    .await
}
