//! Parked items: what a batch could not finish, so that the checkpoint need not
//! wait for it and never passes it unrecorded.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at, bounded};
use crate::transaction::FencedTx;
use mysql_async::params;
use wikicrew_core::types::Timestamp;

/// Longest stored reason, in bytes.
const MAX_REASON: usize = 8_000;

/// An item that waits for another try, or was given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parked {
    /// What makes it unique for job and wiki.
    pub item_key: String,
    /// Whether it was given up.
    pub given_up: bool,
    /// Why it could not be finished the last time.
    pub reason: String,
    /// Tries so far.
    pub attempts: u32,
    /// When it was parked first.
    pub first_at: Timestamp,
    /// When to try again.
    pub next_try: Timestamp,
}

impl FromFields for Parked {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            item_key: f.get("item_key")?,
            given_up: f.get("given_up")?,
            reason: f.get("reason")?,
            attempts: f.get("attempts")?,
            first_at: f.time("first_at")?,
            next_try: f.time("next_try")?,
        })
    }
}

/// Parks an item, or notes one more failed try of it. `key` has at most 512 bytes.
pub async fn park(tx: &mut FencedTx<'_>, key: &str, reason: &str, next_try: Timestamp, now: Timestamp) -> Result<()> {
    const SQL: &str = "INSERT INTO parked (job, wiki, item_key, state, reason, attempts, first_at, next_try) \
        VALUES (:job, :wiki, :key, 'waiting', :reason, 1, :now, :next_try) \
        ON DUPLICATE KEY UPDATE state = 'waiting', reason = VALUES(reason), \
        attempts = attempts + 1, next_try = VALUES(next_try)";
    let (conn, fence) = tx.parts();
    conn.run(
        "parking an item",
        SQL,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "key" => key,
            "reason" => &*bounded(reason, MAX_REASON), "now" => at(now), "next_try" => at(next_try),
        },
    )
    .await?;
    Ok(())
}

/// Which items are asked for by [`due`].
#[derive(Clone, Copy, Debug)]
pub struct Due<'a> {
    /// What their keys begin with; empty: all.
    pub prefix: &'a str,
    /// The present time.
    pub now: Timestamp,
    /// The last one that came before: `next_try` and key. `None`: from the first one.
    pub after: Option<(Timestamp, &'a str)>,
    /// Most items.
    pub limit: u32,
}

/// Items to be tried again now, those that waited longest first.
pub async fn due(session: &mut impl Session, job: &str, wiki: &str, of: Due<'_>) -> Result<Vec<Parked>> {
    // Handler reads: the items that are due from `after` on, also those of other prefixes, up to the limit.
    const SQL: &str = "SELECT item_key, state = 'given_up' AS given_up, reason, attempts, first_at, next_try \
        FROM parked WHERE job = :job AND wiki = :wiki AND state = 'waiting' AND next_try <= :now \
        AND next_try >= :from AND (next_try > :from OR item_key > :key) \
        AND LEFT(item_key, LENGTH(:prefix)) = :prefix \
        ORDER BY next_try, item_key LIMIT :limit";
    let (from, key) = of.after.unwrap_or((Timestamp::UNIX_EPOCH, ""));
    session
        .conn()
        .rows(
            "reading the parked items",
            SQL,
            params! {
                "job" => job, "wiki" => wiki, "now" => at(of.now), "from" => at(from), "key" => key,
                "prefix" => of.prefix, "limit" => of.limit,
            },
        )
        .await
}

/// All items, waiting ones first, for the status page.
pub async fn all(session: &mut impl Session, job: &str, wiki: &str, limit: u32) -> Result<Vec<Parked>> {
    const SQL: &str = "SELECT item_key, state = 'given_up' AS given_up, reason, attempts, first_at, next_try \
        FROM parked WHERE job = :job AND wiki = :wiki \
        ORDER BY state, next_try, item_key LIMIT :limit";
    session
        .conn()
        .rows(
            "reading the parked items",
            SQL,
            params! { "job" => job, "wiki" => wiki, "limit" => limit },
        )
        .await
}

/// Gives an item up: it stays listed and is not tried again.
pub async fn give_up(tx: &mut FencedTx<'_>, key: &str, reason: &str) -> Result<()> {
    const SQL: &str = "UPDATE parked SET state = 'given_up', reason = :reason \
        WHERE job = :job AND wiki = :wiki AND item_key = :key";
    let (conn, fence) = tx.parts();
    conn.run(
        "giving a parked item up",
        SQL,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "key" => key,
            "reason" => &*bounded(reason, MAX_REASON),
        },
    )
    .await?;
    Ok(())
}

/// Removes an item that was finished.
pub async fn clear(tx: &mut FencedTx<'_>, key: &str) -> Result<()> {
    const SQL: &str = "DELETE FROM parked WHERE job = :job AND wiki = :wiki AND item_key = :key";
    let (conn, fence) = tx.parts();
    conn.run(
        "removing a parked item",
        SQL,
        params! { "job" => &fence.job, "wiki" => &fence.wiki, "key" => key },
    )
    .await?;
    Ok(())
}
