//! Lines queued, claimed, settled, put back, dropped and forgotten.

use super::{NewLine, Queue, State};
use crate::bulk;
use crate::connect::Db;
use crate::error::Result;
use crate::session::{One, Session, at};
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

/// That lines were dropped is about to be told, of all of this feed that [`super::dropped`] counts: those in doubt, or
/// where none are, all. How many: others than were counted when more were dropped meanwhile.
pub async fn claim_dropped(tx: &mut FencedTx<'_>, of: Queue<'_>, feed: &str, in_doubt: bool) -> Result<u64> {
    const SQL: &str = "UPDATE feed_line FORCE INDEX (by_age) SET state = 'telling' \
        WHERE job = ? AND wiki = ? AND state = 'dropped' AND feed = ? AND in_doubt = ?";
    // Handler reads: those lines, twice.
    let values = vec![of.job.into(), of.wiki.into(), Value::from(feed), in_doubt.into()];
    let done = tx.conn().run("claiming what a feed dropped", SQL, values).await?;
    Ok(done.affected)
}

/// It was told. Of how many lines.
pub async fn settle_dropped(tx: &mut FencedTx<'_>, of: Queue<'_>, feed: &str, now: Timestamp) -> Result<u64> {
    turn_told(tx, of, feed, "told", "settled = ?", at(now)).await
}

/// It was not told, or nobody knows. Of how many lines.
pub async fn put_back_dropped(tx: &mut FencedTx<'_>, of: Queue<'_>, feed: &str, in_doubt: bool) -> Result<u64> {
    turn_told(tx, of, feed, "dropped", "in_doubt = in_doubt OR ?", in_doubt.into()).await
}

async fn turn_told(
    tx: &mut FencedTx<'_>,
    of: Queue<'_>,
    feed: &str,
    state: &str,
    set: &str,
    value: Value,
) -> Result<u64> {
    // Handler reads: those lines, twice.
    let sql = format!(
        "UPDATE feed_line FORCE INDEX (by_age) SET state = '{state}', {set} \
         WHERE job = ? AND wiki = ? AND state = 'telling' AND feed = ?"
    );
    let values = vec![value, of.job.into(), of.wiki.into(), feed.into()];
    let done = tx.conn().run("noting what a feed dropped", &sql, values).await?;
    Ok(done.affected)
}

/// Lines that were queued before then for feeds other than these are over: nobody will send them. How many.
pub async fn forget_others(
    tx: &mut FencedTx<'_>,
    of: Queue<'_>,
    feeds: &[&str],
    before: Timestamp,
    now: Timestamp,
) -> Result<u64> {
    // Handler reads: those lines, twice, and one per state and feed.
    const SQL: &str = "UPDATE feed_line FORCE INDEX (by_age) SET state = 'told', settled = ? \
        WHERE job = ? AND wiki = ? AND state IN ('waiting', 'dropped') AND queued < ?";
    let names = if feeds.is_empty() {
        String::new()
    } else {
        format!(" AND feed NOT IN ({})", vec!["?"; feeds.len()].join(", "))
    };
    let mut values = vec![at(now), of.job.into(), of.wiki.into(), at(before)];
    values.extend(feeds.iter().map(|&feed| Value::from(feed)));
    let done = tx
        .conn()
        .run(
            "giving up lines of feeds that are gone",
            &format!("{SQL}{names}"),
            values,
        )
        .await?;
    Ok(done.affected)
}

/// Removes lines that were queued before then and are over. How many. From then on the same item can be queued again: that
/// must be longer ago than anything is looked at.
pub async fn prune(db: &Db, of: Queue<'_>, before: Timestamp) -> Result<u64> {
    const WHAT: &str = "removing old lines of feeds";
    // Handler reads: one. A feed at a time: what the optimizer makes of a list of all of them may read every line.
    const NEXT: &str = "SELECT MIN(feed) AS value FROM feed_line FORCE INDEX (by_item) \
        WHERE job = ? AND wiki = ? AND feed > ?";
    let mut sum = 0;
    let mut last = String::new();
    loop {
        let values = vec![of.job.into(), of.wiki.into(), Value::from(&last)];
        let next = db.read(async |conn| conn.conn().one::<One<Option<String>>>(WHAT, NEXT, values.clone()).await);
        let One(Some(feed)) = next.await? else {
            return Ok(sum);
        };
        sum += prune_feed(db, of, &feed, before).await?;
        last = feed;
    }
}

async fn prune_feed(db: &Db, of: Queue<'_>, feed: &str, before: Timestamp) -> Result<u64> {
    const SLICE: u64 = 1_000;
    const WHAT: &str = "removing old lines of a feed";
    // Handler reads: one per state.
    const OVER: &str = "SELECT state AS value FROM feed_line FORCE INDEX (by_age) WHERE job = ? AND wiki = ? \
        AND state IN ('sent', 'withheld', 'told') AND feed = ? AND queued < ? LIMIT 1";
    // Handler reads: what is removed, and one; what still waits of that time is neither read nor locked. Ordered by the
    // whole index: otherwise all of it is sorted for each slice.
    const REMOVE: &str = "DELETE FROM feed_line WHERE job = ? AND wiki = ? AND state = ? AND feed = ? AND queued < ? \
        ORDER BY job, wiki, state, feed, queued, id LIMIT ?";
    let place = [Value::from(of.job), Value::from(of.wiki)];
    let old = [Value::from(feed), at(before)];
    let values = [&place[..], &old].concat();
    let mut sum = 0;
    loop {
        let over = db.read(async |conn| conn.conn().first::<One<String>>(WHAT, OVER, values.clone()).await);
        let Some(One(state)) = over.await? else {
            return Ok(sum);
        };
        let values = [&place[..], &[state.into()], &old, &[SLICE.into()]].concat();
        let remove = db.transaction(WHAT, async |tx| tx.conn().run(WHAT, REMOVE, values.clone()).await);
        sum += remove.await?.affected;
    }
}
