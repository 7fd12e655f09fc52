//! Addresses that are too old to keep, cut to ranges: `203.0.113.0/24`, `2001:db8:1::/48`.
//!
//! An address that has not been seen for so long loses its row in `editor`; its rows and counters become those of the
//! range in the same realm. **An address in use keeps its old rows**, however old, until it has been quiet for as many
//! days: what counts is the newest thing known of it, not the age of each row. Then all goes at once. One that is seen
//! again while its rows are being moved still goes, with what it has added by then: rows and counters are never divided
//! between an address and its range for longer than that takes.
//!
//! Nothing is counted twice: a revision is known by wiki and number, whoever its editor is now, and rows and their
//! counters each move in one transaction. Nobody stores links meanwhile, see `since::shut`.

use super::moving;
use super::prune::walk::{Pace, Walk, find};
use super::since::{self, days_before};
use crate::bulk;
use crate::connect::{Conn, Db};
use crate::error::Result;
use crate::lease::Fence;
use crate::memo;
use crate::session::{Fields, FromFields, One, Session, at, list};
use crate::transaction::FencedTx;
use chrono::{DurationRound, TimeDelta};
use mysql_async::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use wikicrew_core::types::Timestamp;

const WHAT: &str = "cutting old addresses";

/// Name of the memo of the addresses whose rows are being moved, until none is left: their numbers.
const BEGUN: &str = "prune.addresses.begun";

/// Addresses that one transaction cuts.
const AT_ONCE: usize = 200;

/// Kinds of editors in the database.
const ADDRESS: u64 = 3;
const RANGE: u8 = 4;

/// Not seen since the moment that the four values say. Asked by an index each, which is forced: the server may else
/// make a filter of all rows since then. The pairs last, since all of an address's pairs may be read for it.
const QUIET: &str = "\
    (SELECT 1 FROM link_addition a FORCE INDEX (by_editor) WHERE a.editor_id = e.editor_id AND a.ts >= ? LIMIT 1) IS NULL \
    AND (SELECT 1 FROM link_restored a FORCE INDEX (by_editor) WHERE a.editor_id = e.editor_id AND a.ts >= ? LIMIT 1) IS NULL \
    AND (SELECT 1 FROM link_flood a FORCE INDEX (by_editor) WHERE a.editor_id = e.editor_id AND a.ts >= ? LIMIT 1) IS NULL \
    AND (SELECT 1 FROM pair a FORCE INDEX (by_editor) WHERE a.editor_id = e.editor_id AND a.last_ts >= ? LIMIT 1) IS NULL";

/// What was cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cut {
    /// Addresses that are gone.
    pub addresses: u64,
    /// Rows of links that now belong to a range.
    pub rows: u64,
}

impl Cut {
    fn add(&mut self, other: Self) {
        self.addresses += other.addresses;
        self.rows += other.rows;
    }
}

/// Cuts what was last seen before the day that lies `days` back; at most once a day through all editors, from where
/// the last run stopped. What was done, and whether it came to the end.
pub(super) async fn cut(db: &Db, fence: &Fence, now: Timestamp, days: u32, pace: &mut Pace<'_>) -> Result<(Cut, bool)> {
    let before = days_before(now, days);
    let before = before.duration_trunc(TimeDelta::days(1)).unwrap_or(before);
    let walk = Walk {
        name: "prune.addresses",
        key: &before.format("%Y-%m-%d").to_string(),
        table: "editor",
        columns: &["editor_id"],
    };
    let mut cut = Cut::default();
    // However the last run ended, what it began with is finished first.
    let begun = db
        .read(async |work| memo::get(work, &fence.job, &fence.wiki, BEGUN).await)
        .await?;
    let begun = begun.map(|memo| memo.value).unwrap_or_default();
    let begun: Vec<u64> = begun.split(',').filter_map(|id| id.parse().ok()).collect();
    if !begun.is_empty() && !finish(db, fence, now, pace, begun, &mut cut).await? {
        return Ok((cut, false));
    }
    let quiet = format!("e.kind = {ADDRESS} AND e.ip IS NOT NULL AND {QUIET}");
    let is_through = walk
        .each(db, fence, now, pace, async |range, pace| {
            let found = db
                .read(async |work| {
                    let also = (quiet.as_str(), vec![at(before); 4]);
                    find(work.conn(), WHAT, ("editor e", "e."), &["editor_id"], range, also).await
                })
                .await?;
            let found: Vec<u64> = found.into_iter().flatten().collect();
            for some in found.chunks(AT_ONCE) {
                let (part, left) = db
                    .fenced(fence, WHAT, async |tx| merge(tx, some, Some(before), now).await)
                    .await?;
                cut.add(part);
                if !pace.next().await || !finish(db, fence, now, pace, left, &mut cut).await? {
                    return Ok(false);
                }
            }
            Ok(true)
        })
        .await?;
    Ok((cut, is_through))
}

/// Moves what is left of addresses that were begun with; whether that was all.
async fn finish(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    pace: &mut Pace<'_>,
    mut left: Vec<u64>,
    cut: &mut Cut,
) -> Result<bool> {
    while !left.is_empty() {
        let (part, still) = db
            .fenced(fence, WHAT, async |tx| merge(tx, &left, None, now).await)
            .await?;
        cut.add(part);
        left = still;
        if !pace.next().await {
            return Ok(false);
        }
    }
    Ok(true)
}

/// An address and the range it becomes part of.
struct Address {
    id: u64,
    realm: u64,
    range: String,
    /// First address of the range, network order.
    ip: Vec<u8>,
    /// It has rows or counters; else there is nothing for a range to hold.
    is_used: bool,
}

impl FromFields for Address {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let (range, ip) = range_of(&f.get::<Vec<u8>>("ip")?);
        Ok(Self {
            id: f.get("editor_id")?,
            realm: f.get("realm_id")?,
            range,
            ip,
            is_used: f.get("is_used")?,
        })
    }
}

/// Name and first address of an address's /24 or /48.
fn range_of(ip: &[u8]) -> (String, Vec<u8>) {
    if let Ok([a, b, c, _]) = <[u8; 4]>::try_from(ip) {
        let first = Ipv4Addr::new(a, b, c, 0);
        return (format!("{first}/24"), first.octets().to_vec());
    }
    let mut first = [0; 16];
    for (to, from) in first.iter_mut().zip(ip).take(6) {
        *to = *from;
    }
    (format!("{}/48", Ipv6Addr::from(first)), first.to_vec())
}

/// Moves at most a slice of each table, and removes the addresses that have nothing left. `before`: only of those not
/// seen since; none: of all, because they were begun with. The addresses of which something is left; that is noted.
async fn merge(
    tx: &mut FencedTx<'_>,
    ids: &[u64],
    before: Option<Timestamp>,
    now: Timestamp,
) -> Result<(Cut, Vec<u64>)> {
    since::shut(tx).await?;
    let conn = tx.conn();
    // Again, since one may have been seen meanwhile; nobody stores from here on.
    let quiet = before.map_or(String::new(), |_| format!("AND {QUIET}"));
    let sql = format!(
        "SELECT editor_id, realm_id, ip, COALESCE({}) IS NOT NULL AS is_used FROM editor e \
         WHERE editor_id IN ({}) AND kind = {ADDRESS} AND ip IS NOT NULL {quiet} ORDER BY editor_id",
        ["pair", "editor_wiki", "link_addition", "link_restored", "link_flood"]
            .map(|table| format!("(SELECT 1 FROM {table} a WHERE a.editor_id = e.editor_id LIMIT 1)"))
            .join(", "),
        list("?", ids.len())
    );
    let mut values: Vec<Value> = ids.iter().map(|&id| Value::from(id)).collect();
    values.extend(before.iter().flat_map(|&before| vec![at(before); 4]));
    let addresses: Vec<Address> = conn.rows(WHAT, &sql, values).await?;
    let old: Vec<u64> = addresses.iter().map(|address| address.id).collect();
    let to = ranges(conn, &addresses).await?;
    let moved = moving::some(conn, WHAT, &to, RANGE).await?;
    let mut cut = Cut {
        addresses: 0,
        rows: moved.rows,
    };
    if !moved.is_all {
        let begun = old.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        memo::set(tx, BEGUN, &begun, now).await?;
        return Ok((cut, old));
    }
    if before.is_none() {
        memo::set(tx, BEGUN, "", now).await?;
    }
    if !old.is_empty() {
        since::void_names(tx, now).await?;
        cut.addresses = bulk::run(
            tx.conn(),
            WHAT,
            "DELETE FROM editor WHERE editor_id IN (IDS)",
            &[],
            &old,
            &[],
        )
        .await?;
    }
    Ok((cut, vec![]))
}

/// The numbers of the ranges, by those of the addresses. Ranges that are not there yet are made.
async fn ranges(conn: &mut Conn, addresses: &[Address]) -> Result<BTreeMap<u64, u64>> {
    const GET: &str = "SELECT editor_id AS value FROM editor WHERE realm_id = ? AND name = ?";
    // IGNORE as for every name: the same one may be made by somebody else. Sorted, as all who make names do.
    const MAKE: &str = "INSERT IGNORE INTO editor (realm_id, kind, name, ip) VALUES (?, ?, ?, ?)";
    let used = addresses.iter().filter(|address| address.is_used);
    let wanted: BTreeSet<_> = used.map(|a| (a.realm, &a.range, &a.ip)).collect();
    let mut made = BTreeMap::new();
    for (realm, range, ip) in wanted {
        let mut found: Option<One<u64>> = conn.first(WHAT, GET, (realm, range)).await?;
        if found.is_none() {
            conn.run(WHAT, MAKE, (realm, RANGE, range, ip)).await?;
            found = Some(conn.one(WHAT, GET, (realm, range)).await?);
        }
        if let Some(One(id)) = found {
            made.insert((realm, range), id);
        }
    }
    let of = |a: &Address| made.get(&(a.realm, &a.range)).map(|&range| (a.id, range));
    Ok(addresses.iter().filter_map(of).collect())
}
