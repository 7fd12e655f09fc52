//! Lines queued, claimed, settled, put back, dropped and forgotten.

use super::{NewLine, Queue, State};
use crate::bulk;
use crate::connect::Db;
use crate::error::Result;
use crate::session::{Session, at};
use crate::transaction::FencedTx;
use mysql_async::Value;
use std::collections::BTreeSet;
use wikicrew_core::types::Timestamp;

/// Queues lines of the job and wiki of this run; one that was ever queued stays as it is. How many were new.
pub async fn enqueue(tx: &mut FencedTx<'_>, lines: &[NewLine<'_>], now: Timestamp) -> Result<u64> {
    const HEAD: &str = "INSERT INTO feed_line (job, wiki, feed, item, queued, state)";
    const TAIL: &str = "ON DUPLICATE KEY UPDATE id = id";
    const ONCE: bulk::Once = bulk::Once {
        what: "queueing lines of feeds",
        insert: "INSERT INTO feed_line (job, wiki, feed, item, queued, state) VALUES (?, ?, ?, ?, ?, ?) \
            ON DUPLICATE KEY UPDATE id = id",
        // Handler reads: one, by by_item.
        there: "SELECT id AS value FROM feed_line WHERE job = ? AND wiki = ? AND feed = ? AND item = ?",
    };
    let fence = tx.fence().clone();
    // One order in every process: rows locked crosswise would be a deadlock.
    let lines: BTreeSet<&NewLine<'_>> = lines.iter().collect();
    let key = |line: &NewLine<'_>| {
        [
            (&fence.job).into(),
            (&fence.wiki).into(),
            line.feed.into(),
            line.item.into(),
        ]
    };
    let more = [at(now), Value::from("waiting")];
    let rows = lines.iter().map(|line| [&key(line)[..], &more].concat());
    let mut new = bulk::insert(tx.conn(), ONCE.what, HEAD, TAIL, rows).await?;
    // Items are new to one transaction only. Where some were queued before, each is looked at: see `bulk::Once`.
    if new < lines.len() as u64 {
        for line in lines {
            new += u64::from(ONCE.store(tx.conn(), &key(line), &more).await?.is_some());
        }
    }
    Ok(new)
}

/// A sender takes the queue over: what the one before was sending or telling when it died is in doubt now, and waits. How
/// many lines these were.
pub async fn take_over(tx: &mut FencedTx<'_>, of: Queue<'_>) -> Result<u64> {
    // Handler reads: those lines, twice.
    const SENDING: &str = "UPDATE feed_line FORCE INDEX (by_age) SET state = 'waiting', in_doubt = 1, tries = tries + 1 \
        WHERE job = ? AND wiki = ? AND state = 'sending'";
    const TELLING: &str = "UPDATE feed_line FORCE INDEX (by_age) SET state = 'dropped', in_doubt = 1 \
        WHERE job = ? AND wiki = ? AND state = 'telling'";
    let mut sum = 0;
    for sql in [SENDING, TELLING] {
        let values = vec![Value::from(of.job), Value::from(of.wiki)];
        sum += tx
            .conn()
            .run("taking the queue of feeds over", sql, values)
            .await?
            .affected;
    }
    Ok(sum)
}

/// A line is about to be sent. Whether it may be: not when it waits no longer.
pub async fn claim(tx: &mut FencedTx<'_>, of: Queue<'_>, id: u64) -> Result<bool> {
    const SQL: &str =
        "UPDATE feed_line SET state = 'sending' WHERE id = ? AND job = ? AND wiki = ? AND state = 'waiting'";
    let values = vec![id.into(), of.job.into(), Value::from(of.wiki)];
    Ok(tx.conn().run("claiming a line of a feed", SQL, values).await?.affected == 1)
}

/// These lines are over, claimed or not; one that is settled already stays as it is. How many were not.
pub async fn settle(tx: &mut FencedTx<'_>, of: Queue<'_>, ids: &[u64], state: State, now: Timestamp) -> Result<u64> {
    const SQL: &str = "UPDATE feed_line SET state = ?, settled = ? \
        WHERE id IN (IDS) AND job = ? AND wiki = ? AND state IN ('waiting', 'sending')";
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let before = [Value::from(state.word()), at(now)];
    let after = [Value::from(of.job), Value::from(of.wiki)];
    bulk::run(tx.conn(), "settling lines of a feed", SQL, &before, &ids, &after).await
}

/// A line, claimed or not, waits until then. Once in doubt it stays so. How many were not settled: 1 or 0.
pub async fn put_back(
    tx: &mut FencedTx<'_>,
    of: Queue<'_>,
    id: u64,
    in_doubt: bool,
    next_try: Timestamp,
) -> Result<u64> {
    const SQL: &str = "UPDATE feed_line SET state = 'waiting', in_doubt = in_doubt OR ?, tries = tries + 1, next_try = ? \
        WHERE id = ? AND job = ? AND wiki = ? AND state IN ('waiting', 'sending')";
    let values = vec![
        in_doubt.into(),
        at(next_try),
        id.into(),
        of.job.into(),
        Value::from(of.wiki),
    ];
    let done = tx.conn().run("putting a line of a feed back", SQL, values).await?;
    Ok(done.affected)
}

/// Lines that wait since before `before` are not sent any more; that is to be told. What was in doubt about them no longer
/// matters. How many they were.
pub async fn drop_old(
    tx: &mut FencedTx<'_>,
    of: Queue<'_>,
    feed: &str,
    before: Timestamp,
    now: Timestamp,
) -> Result<u64> {
    // Handler reads: those lines, twice.
    const SQL: &str = "UPDATE feed_line FORCE INDEX (by_age) SET state = 'dropped', in_doubt = 0, settled = ? \
        WHERE job = ? AND wiki = ? AND state = 'waiting' AND feed = ? AND queued < ?";
    let values = vec![at(now), of.job.into(), of.wiki.into(), feed.into(), at(before)];
    let done = tx.conn().run("dropping old lines of a feed", SQL, values).await?;
    Ok(done.affected)
}

/// That lines were dropped is about to be told, of all of this feed that [`super::dropped`] counts. How many.
pub async fn claim_dropped(tx: &mut FencedTx<'_>, of: Queue<'_>, feed: &str) -> Result<u64> {
    turn_dropped(tx, of, feed, ("dropped", "telling"), "", vec![]).await
}

/// It was told. Of how many lines.
pub async fn settle_dropped(tx: &mut FencedTx<'_>, of: Queue<'_>, feed: &str, now: Timestamp) -> Result<u64> {
    turn_dropped(tx, of, feed, ("telling", "told"), ", settled = ?", vec![at(now)]).await
}

/// It was not told, or nobody knows. Of how many lines.
pub async fn put_back_dropped(tx: &mut FencedTx<'_>, of: Queue<'_>, feed: &str, in_doubt: bool) -> Result<u64> {
    let more = vec![in_doubt.into()];
    turn_dropped(tx, of, feed, ("telling", "dropped"), ", in_doubt = in_doubt OR ?", more).await
}

async fn turn_dropped(
    tx: &mut FencedTx<'_>,
    of: Queue<'_>,
    feed: &str,
    (from, to): (&str, &str),
    set: &str,
    more: Vec<Value>,
) -> Result<u64> {
    // Handler reads: those lines, twice.
    let sql = format!(
        "UPDATE feed_line FORCE INDEX (by_age) SET state = '{to}'{set} \
         WHERE job = ? AND wiki = ? AND state = '{from}' AND feed = ?"
    );
    let values = [more, vec![of.job.into(), of.wiki.into(), feed.into()]].concat();
    Ok(tx
        .conn()
        .run("noting what a feed dropped", &sql, values)
        .await?
        .affected)
}

/// Removes lines that were queued before then, whatever became of them. How many. From then on the same item can be
/// queued again: that must be longer ago than anything is looked at, and than any feed lets its lines wait.
pub async fn prune(db: &Db, of: Queue<'_>, before: Timestamp) -> Result<u64> {
    const SLICE: u64 = 1_000;
    const WHAT: &str = "removing old lines of feeds";
    // Handler reads: what is removed, and one. Ordered by the whole index: otherwise all of it is sorted for each slice.
    const SQL: &str = "DELETE FROM feed_line WHERE job = ? AND wiki = ? AND queued < ? \
        ORDER BY job, wiki, queued, id LIMIT ?";
    let values = vec![of.job.into(), of.wiki.into(), at(before), Value::from(SLICE)];
    let mut sum = 0;
    loop {
        let remove = db.transaction(WHAT, async |tx| tx.conn().run(WHAT, SQL, values.clone()).await);
        let done = remove.await?.affected;
        sum += done;
        if done < SLICE {
            return Ok(sum);
        }
    }
}
