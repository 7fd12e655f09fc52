//! Taking hosts with new additions off the list that ingest writes, for the statistics rules of LiWa3.
//!
//! Must be the first thing that is done with a host: its counts are read afterwards, in the same transaction or later.

use crate::error::Result;
use crate::links::questions::rules::Touched;
use crate::session::{Fields, FromFields, One, Session};
use crate::transaction::FencedTx;
use mysql_async::params;
use std::collections::BTreeMap;
use wikicrew_core::types::Timestamp;

/// A row that was taken off.
struct Taken(u32, Timestamp);

impl FromFields for Taken {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(f.get("host_id")?, f.time("since")?))
    }
}

/// Takes hosts with new additions on any wiki off the list, by number, after the host `after` (0: from the first), at
/// most `limit` (500 is a good slice). They are on it again when the transaction is not committed.
///
/// Who stores counts an addition first and notes its host last, in one transaction. So either that was committed before
/// the row is taken, and the counts read afterwards have it; or the row is written again after this transaction: nothing
/// is missed. Those who store one of these hosts wait until the transaction ends: keep it short.
pub async fn take(tx: &mut FencedTx<'_>, after: u32, limit: u32) -> Result<Vec<Touched>> {
    const WHAT: &str = "taking hosts with new additions";
    // Handler reads: the rows of `limit` hosts, one per wiki, each twice. Nothing is locked that is not taken.
    const LAST: &str = "SELECT COALESCE(MAX(host_id), 0) AS value FROM (SELECT host_id FROM touched_host \
        WHERE host_id > :after GROUP BY host_id ORDER BY host_id LIMIT :limit) t";
    const TAKE: &str = "DELETE FROM touched_host WHERE host_id > :after AND host_id <= :last RETURNING host_id, since";
    let conn = tx.conn();
    let One(last): One<u32> = conn
        .one(WHAT, LAST, params! { "after" => after, "limit" => limit })
        .await?;
    if last == 0 {
        return Ok(Vec::new());
    }
    let taken: Vec<Taken> = conn
        .rows(WHAT, TAKE, params! { "after" => after, "last" => last })
        .await?;
    let mut hosts = BTreeMap::new();
    for Taken(host_id, since) in taken {
        let oldest = hosts.entry(host_id).or_insert(since);
        *oldest = since.min(*oldest);
    }
    let touched = hosts.into_iter().map(|(host_id, since)| Touched { host_id, since });
    Ok(touched.collect())
}
