//! How long hits are kept, and the names in them that are not kept for good. Everything goes in short slices; doing it
//! again does the rest.

use crate::connect::Db;
use crate::error::Result;
use crate::session::{One, Session, at};
use mysql_async::Value;
use wikicrew_core::types::Timestamp;

/// Rows that one transaction changes.
const SLICE: u64 = 1_000;

/// What was removed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pruned {
    /// Hits.
    pub hits: u64,
    /// Lines of day pages; the pages stay as they are.
    pub lines: u64,
    /// Numbers of what was read, by wiki and day.
    pub days: u64,
}

/// Removes a home's hits of edits before then, and what belongs to them. Lines for other wikis' pages go when they were
/// never written: those that were belong to the wiki's own settings.
pub async fn prune(db: &Db, home: &str, before: Timestamp) -> Result<Pruned> {
    const WHAT: &str = "removing old hits";
    // What these days are known by goes last: the next try finds the wikis again.
    const WIKIS: &str = "SELECT DISTINCT wiki AS value FROM wiki_edits WHERE home = ? AND day < ? AND wiki <> ?";
    const HITS: &str = "DELETE FROM hit WHERE home = ? AND ts < ? ORDER BY ts LIMIT ?";
    const LINES: &str = "DELETE FROM hit_line WHERE target = ? AND day < ? ORDER BY day LIMIT ?";
    const UNSEEN: &str = "DELETE FROM hit_line WHERE target = ? AND day < ? AND state = 'new' LIMIT ?";
    const DAYS: &str = "DELETE FROM wiki_edits WHERE home = ? AND day < ? ORDER BY day LIMIT ?";
    let day = Value::from(before.date_naive());
    let wikis: Vec<One<String>> = db
        .read(async |work| {
            let values = vec![Value::from(home), day.clone(), Value::from(home)];
            work.conn().rows(WHAT, WIKIS, values).await
        })
        .await?;
    let mut pruned = Pruned {
        hits: in_slices(db, WHAT, HITS, &[Value::from(home), at(before)]).await?,
        lines: in_slices(db, WHAT, LINES, &[Value::from(home), day.clone()]).await?,
        days: 0,
    };
    for One(wiki) in wikis {
        pruned.lines += in_slices(db, WHAT, UNSEEN, &[Value::from(wiki), day.clone()]).await?;
    }
    pruned.days = in_slices(db, WHAT, DAYS, &[Value::from(home), day]).await?;
    Ok(pruned)
}

/// Cuts addresses of editors in hits from before then to their /24 or /48, on every home; lines that stand on pages are
/// to be written anew. How many hits changed.
pub async fn cut_addresses(db: &Db, before: Timestamp) -> Result<u64> {
    const WHAT: &str = "cutting addresses in hits";
    // Values are set from left to right.
    let hits = format!(
        "UPDATE hit SET user_name = {}, user_ip = {}, fades = NULL WHERE fades = 'address' AND ts < ? \
         ORDER BY ts LIMIT ?",
        name_of_range("user_ip"),
        first_of_range("user_ip")
    );
    let lines = format!(
        "UPDATE hit_line SET user_name = {}, fades = NULL, {ANEW} WHERE fades = 'address' AND day < ? \
         ORDER BY day LIMIT ?",
        name_of_range("INET6_ATON(user_name)")
    );
    fade(db, WHAT, [&hits, &lines], before).await
}

/// Erases the names of temporary accounts in hits from before then, on every home; lines that stand on pages are to be
/// written anew. How many hits changed.
pub async fn forget_temporary(db: &Db, before: Timestamp) -> Result<u64> {
    const WHAT: &str = "erasing names of temporary accounts in hits";
    const HITS: &str = "UPDATE hit SET user_name = NULL, user_id = NULL, fades = NULL \
        WHERE fades = 'temporary' AND ts < ? ORDER BY ts LIMIT ?";
    let lines = format!(
        "UPDATE hit_line SET user_name = NULL, user_id = NULL, fades = NULL, {ANEW} \
         WHERE fades = 'temporary' AND day < ? ORDER BY day LIMIT ?"
    );
    fade(db, WHAT, [HITS, &lines], before).await
}

/// A line that stands on a page says something else now.
const ANEW: &str = "is_dirty = IF(state = 'shown', 1, is_dirty), changed_at = IF(state = 'shown', NULL, changed_at)";

/// SQL for the first address of the /24 or /48 of an address in bytes; NULL for none.
fn first_of_range(ip: &str) -> String {
    format!("IF(LENGTH({ip}) = 4, CONCAT(LEFT({ip}, 3), X'00'), CONCAT(LEFT({ip}, 6), REPEAT(X'00', 10)))")
}

/// SQL for its name: `203.0.113.0/24`, `2001:db8:1::/48`.
fn name_of_range(ip: &str) -> String {
    format!(
        "CONCAT(INET6_NTOA({}), IF(LENGTH({ip}) = 4, '/24', '/48'))",
        first_of_range(ip)
    )
}

async fn fade(db: &Db, what: &'static str, [hits, lines]: [&str; 2], before: Timestamp) -> Result<u64> {
    let changed = in_slices(db, what, hits, &[at(before)]).await?;
    in_slices(db, what, lines, &[Value::from(before.date_naive())]).await?;
    Ok(changed)
}

/// Runs the statement, whose last value is its limit, until it finds nothing more; rows affected.
async fn in_slices(db: &Db, what: &'static str, sql: &str, values: &[Value]) -> Result<u64> {
    let mut sum = 0;
    loop {
        let done = db
            .transaction(what, async |tx| {
                let mut values = values.to_vec();
                values.push(Value::from(SLICE));
                Ok(tx.conn().run(what, sql, values).await?.affected)
            })
            .await?;
        sum += done;
        if done < SLICE {
            return Ok(sum);
        }
    }
}
