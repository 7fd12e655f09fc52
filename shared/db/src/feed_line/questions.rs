//! What is asked about the queue: whose turn it is, what was dropped, how much there is of what.

use super::Queue;
use crate::error::Result;
use crate::session::{Fields, FromFields, One, Session, at};
use mysql_async::{Value, params};
use std::collections::BTreeMap;
use wikicrew_core::types::Timestamp;

/// A line that waits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waiting {
    /// Its number.
    pub id: u64,
    /// What it is to tell of.
    pub item: u64,
    /// Since when.
    pub queued: Timestamp,
    /// Whether it may have been sent already.
    pub in_doubt: bool,
    /// How often sending it failed, or was put off.
    pub tries: u32,
}

impl FromFields for Waiting {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("id")?,
            item: f.get("item")?,
            queued: f.time("queued")?,
            in_doubt: f.get("in_doubt")?,
            tries: f.get("tries")?,
        })
    }
}

/// Whether anything is left to do for a sender of these feeds: lines that wait, also those that were put off or that a
/// sender left, and what was dropped and not told.
pub async fn is_due(session: &mut impl Session, of: Queue<'_>, feeds: &[&str]) -> Result<bool> {
    // Handler reads: one per state and feed.
    const SQL: &str = "SELECT EXISTS(SELECT 1 FROM feed_line FORCE INDEX (by_age) WHERE job = ? AND wiki = ? \
        AND state IN ('waiting', 'sending', 'dropped', 'telling') AND feed IN";
    if feeds.is_empty() {
        return Ok(false);
    }
    let sql = format!("{SQL} ({})) AS value", vec!["?"; feeds.len()].join(", "));
    let mut values = vec![Value::from(of.job), Value::from(of.wiki)];
    values.extend(feeds.iter().map(|&feed| Value::from(feed)));
    let what = "asking whether a feed has something to send";
    let One(found) = session.conn().one::<One<bool>>(what, &sql, values).await?;
    Ok(found)
}

/// The lines of a feed that may be sent now, oldest first. Where more than `limit` wait for another try, those whose turn
/// came first.
pub async fn waiting(
    session: &mut impl Session,
    of: Queue<'_>,
    feed: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Waiting>> {
    const WHAT: &str = "asking which lines of a feed wait";
    // Handler reads, of each: what it finds, and one. However many were put off.
    const NEW: &str = "SELECT id, item, queued, in_doubt, tries FROM feed_line FORCE INDEX (by_turn) \
        WHERE job = ? AND wiki = ? AND state = 'waiting' AND feed = ? AND next_try IS NULL ORDER BY id LIMIT ?";
    const AGAIN: &str = "SELECT id, item, queued, in_doubt, tries FROM feed_line FORCE INDEX (by_turn) \
        WHERE job = ? AND wiki = ? AND state = 'waiting' AND feed = ? AND next_try <= ? ORDER BY next_try, id LIMIT ?";
    let place = vec![of.job.into(), of.wiki.into(), Value::from(feed)];
    let values = |more: Vec<Value>| [place.clone(), more].concat();
    let conn = session.conn();
    let mut lines: Vec<Waiting> = conn.rows(WHAT, NEW, values(vec![limit.into()])).await?;
    let again: Vec<Waiting> = conn.rows(WHAT, AGAIN, values(vec![at(now), limit.into()])).await?;
    lines.extend(again);
    lines.sort_by_key(|line| line.id);
    lines.truncate(limit as usize);
    Ok(lines)
}

/// What was dropped of a feed and is to be told next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dropped {
    /// How many lines.
    pub count: u64,
    /// When the first of them was queued.
    pub from: Timestamp,
    /// When the last one was.
    pub to: Timestamp,
    /// Whether it may have been told already.
    pub in_doubt: bool,
}

struct Found(Option<Dropped>);

impl FromFields for Found {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let doubtful: u64 = f.get("doubtful")?;
        let in_doubt = doubtful > 0;
        let (count, first, last) = match in_doubt {
            true => (doubtful, "first_doubtful", "last_doubtful"),
            false => (f.get("n")?, "first", "last"),
        };
        let (Some(from), Some(to)) = (f.time_opt(first)?, f.time_opt(last)?) else {
            return Ok(Self(None));
        };
        Ok(Self(Some(Dropped {
            count,
            from,
            to,
            in_doubt,
        })))
    }
}

/// What was dropped of a feed and not told yet; `None`: nothing. What may have been told already is told again by itself
/// first, as it was: together with later ones it would be counted twice.
pub async fn dropped(session: &mut impl Session, of: Queue<'_>, feed: &str) -> Result<Option<Dropped>> {
    // Handler reads: what was dropped.
    const SQL: &str = "SELECT COUNT(*) AS n, MIN(queued) AS first, MAX(queued) AS last, \
        COUNT(IF(in_doubt, 1, NULL)) AS doubtful, MIN(IF(in_doubt, queued, NULL)) AS first_doubtful, \
        MAX(IF(in_doubt, queued, NULL)) AS last_doubtful FROM feed_line FORCE INDEX (by_age) \
        WHERE job = :job AND wiki = :wiki AND state = 'dropped' AND feed = :feed";
    let params = params! { "job" => of.job, "wiki" => of.wiki, "feed" => feed };
    let Found(found) = session.conn().one("asking what a feed dropped", SQL, params).await?;
    Ok(found)
}

/// How much of a feed there is.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Count {
    /// The feed.
    pub feed: String,
    /// Lines that are not settled.
    pub waiting: u64,
    /// When the oldest of those was queued.
    pub oldest: Option<Timestamp>,
    /// Lines that were sent since then.
    pub sent: u64,
    /// Lines that were withheld since then.
    pub withheld: u64,
    /// Lines that were dropped since then, or dropped before and told since then, or given up since then.
    pub dropped: u64,
}

struct Unsettled {
    feed: String,
    n: u64,
    oldest: Timestamp,
}

impl FromFields for Unsettled {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            feed: f.get("feed")?,
            n: f.get("n")?,
            oldest: f.time("oldest")?,
        })
    }
}

struct Settled {
    feed: String,
    state: String,
    n: u64,
}

impl FromFields for Settled {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            feed: f.get("feed")?,
            state: f.get("state")?,
            n: f.get("n")?,
        })
    }
}

/// How much waits, and what became of lines since then, by feed; a feed without any is not in it.
pub async fn counts(session: &mut impl Session, of: Queue<'_>, since: Timestamp) -> Result<Vec<Count>> {
    const WHAT: &str = "counting the lines of feeds";
    // Handler reads: the lines that wait, and those settled since then, from the indexes alone.
    const WAITING: &str = "SELECT feed, COUNT(*) AS n, MIN(queued) AS oldest FROM feed_line FORCE INDEX (by_age) \
        WHERE job = ? AND wiki = ? AND state IN ('waiting', 'sending') GROUP BY feed";
    const SETTLED: &str = "SELECT feed, state, COUNT(*) AS n FROM feed_line FORCE INDEX (by_settled) \
        WHERE job = ? AND wiki = ? AND settled >= ? GROUP BY feed, state";
    let place: Vec<Value> = vec![of.job.into(), of.wiki.into()];
    let conn = session.conn();
    let waiting: Vec<Unsettled> = conn.rows(WHAT, WAITING, place.clone()).await?;
    let settled: Vec<Settled> = conn.rows(WHAT, SETTLED, [place, vec![at(since)]].concat()).await?;
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for row in waiting {
        let count = counts.entry(row.feed).or_default();
        (count.waiting, count.oldest) = (row.n, Some(row.oldest));
    }
    for row in settled {
        let count = counts.entry(row.feed).or_default();
        match row.state.as_str() {
            "sent" => count.sent += row.n,
            "withheld" => count.withheld += row.n,
            _ => count.dropped += row.n,
        }
    }
    let named = |(feed, count)| Count { feed, ..count };
    Ok(counts.into_iter().map(named).collect())
}
