//! How far back the numbers go: the table `link_since`.
//!
//! It is also what keeps removing and storing apart. Who stores begins its transaction with [`hold`], which locks the
//! three moments for sharing until the transaction ends; who removes raises one of them first, and that waits for those
//! transactions. So a revision whose rows were dropped is never taken for a new one, and the number of a name that was
//! removed is never stored. A moment only ever goes forward: keeping more does not bring rows back.

use super::partitions;
use crate::connect::Db;
use crate::error::{Error, Result};
use crate::session::{Fields, FromFields, One, OneTime, Session, at};
use crate::transaction::{FencedTx, Tx};
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta};
use mysql_async::params;
use wikicrew_core::types::Timestamp;

/// What stands in the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Since {
    /// No row of a revision older than this is stored, now or later.
    pub rows: Timestamp,
    /// Pairs, counts per month and the links of an editor hold everything since then. An editor who went on adding a
    /// host keeps the older count of that host as well.
    pub pairs: Timestamp,
    /// When names were last removed, one second later each time: numbers of names that were read before are void.
    pub names: Timestamp,
}

/// What a report prints, as `since 2026-03-01`; none where nothing is stored yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Shown {
    /// Of rows: the oldest one.
    pub rows: Option<Timestamp>,
    /// Of counters.
    pub pairs: Option<Timestamp>,
}

struct Line {
    what: String,
    since: Timestamp,
}

impl FromFields for Line {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            what: f.get("what")?,
            since: f.time("since")?,
        })
    }
}

const GET: &str = "SELECT what, since FROM link_since ORDER BY what";

/// The three moments; none before the first [`partitions::ensure`].
pub async fn get(session: &mut impl Session) -> Result<Option<Since>> {
    let lines = session.conn().rows("reading how far back links go", GET, ()).await?;
    Ok(read(&lines))
}

/// The three moments, locked for sharing: the first statement of every transaction that stores links. The caller
/// stores nothing older than `rows`, and when `names` is not what it was before the caller read the numbers of the
/// names, they are read again and the transaction is begun anew. Errs before the first [`partitions::ensure`].
pub async fn hold(tx: &mut FencedTx<'_>) -> Result<Since> {
    const WHAT: &str = "holding how far back links go";
    let sql = format!("{GET} LOCK IN SHARE MODE");
    let lines = tx.conn().rows(WHAT, &sql, ()).await?;
    read(&lines).ok_or_else(|| missing(WHAT))
}

fn read(lines: &[Line]) -> Option<Since> {
    let of = |what: &str| lines.iter().find(|line| line.what == what).map(|line| line.since);
    Some(Since {
        rows: of("rows")?,
        pairs: of("pairs")?,
        names: of("names")?,
    })
}

fn missing(what: &'static str) -> Error {
    Error::BadRow {
        what,
        column: "since".into(),
        why: "link_since is not filled in: the months are made first".into(),
    }
}

/// What is older than this may not be stored: the beginning of the month in which the oldest day to keep lies, or
/// what was recorded, whichever is later.
pub fn horizon(now: Timestamp, keep_rows_days: u32, since: Option<&Since>) -> Timestamp {
    let kept = month_of(days_before(now, keep_rows_days));
    since.map_or(kept, |since| kept.max(since.rows))
}

/// Fills the table in where it is empty. Four processes may do it at once.
pub(super) async fn begin(db: &Db, now: Timestamp, keep_rows_days: u32) -> Result<Since> {
    const WHAT: &str = "beginning how far back links go";
    const SQL: &str = "INSERT INTO link_since (what, since) VALUES ('rows', :since), ('pairs', :since), \
        ('names', '1970-01-01') ON DUPLICATE KEY UPDATE since = since";
    if let Some(since) = db.read(async |work| get(work).await).await? {
        return Ok(since);
    }
    let since = horizon(now, keep_rows_days, None);
    db.transaction(WHAT, async |tx: &mut Tx<'_>| {
        tx.conn().run(WHAT, SQL, params! { "since" => at(since) }).await?;
        get(tx).await?.ok_or_else(|| missing(WHAT))
    })
    .await
}

/// Moves `rows` and `pairs` forward, never back. Waits for the transactions that [`hold`] them.
pub(super) async fn raise(tx: &mut FencedTx<'_>, rows: Timestamp, pairs: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE link_since SET since = GREATEST(since, IF(what = 'rows', :rows, :pairs)) \
        WHERE what IN ('rows', 'pairs')";
    let params = params! { "rows" => at(rows), "pairs" => at(pairs) };
    tx.conn().run("recording how far back links go", SQL, params).await?;
    Ok(())
}

/// Keeps out who stores links until the transaction ends, and waits for those who are at it; the first statement of a
/// transaction that removes names, or moves what belongs to them.
pub(super) async fn shut(tx: &mut FencedTx<'_>) -> Result<()> {
    const WHAT: &str = "holding back who stores links";
    const SQL: &str = "SELECT 1 AS value FROM link_since WHERE what = 'names' FOR UPDATE";
    let held: Option<One<u64>> = tx.conn().first(WHAT, SQL, ()).await?;
    held.map(|_| ()).ok_or_else(|| missing(WHAT))
}

/// Makes void what others remember of the numbers of names; in the transaction that removes some, after [`shut`], and
/// only there: each process reads the numbers of all its names again.
pub(super) async fn void_names(tx: &mut FencedTx<'_>, now: Timestamp) -> Result<()> {
    const WHAT: &str = "recording that names are removed";
    const SQL: &str = "UPDATE link_since SET since = GREATEST(since + INTERVAL 1 SECOND, :now) WHERE what = 'names'";
    let done = tx.conn().run(WHAT, SQL, params! { "now" => at(now) }).await?;
    if done.affected == 1 { Ok(()) } else { Err(missing(WHAT)) }
}

/// What a report prints: the rows begin with the oldest one that is stored, not with the oldest that might be; so do
/// the counters until the first rows are dropped. A few reads per month and one per wiki.
pub async fn shown(session: &mut impl Session) -> Result<Shown> {
    let (Some(since), Some(oldest)) = (get(session).await?, oldest_row(session).await?) else {
        return Ok(Shown::default());
    };
    let rows = oldest.max(since.rows);
    Ok(Shown {
        rows: Some(rows),
        pairs: Some(if since.pairs == since.rows { rows } else { since.pairs }),
    })
}

/// Time of the oldest row, to be exact: of the lowest revisions of each wiki in the oldest month that has rows, since
/// no index is by time alone.
pub(super) async fn oldest_row(session: &mut impl Session) -> Result<Option<Timestamp>> {
    const WHAT: &str = "reading the oldest link addition";
    for part in partitions::list(session).await? {
        if partitions::rows(session, &part, 1).await? == 0 {
            continue;
        }
        let sql = format!(
            "SELECT MIN((SELECT a.ts FROM link_addition PARTITION ({}) a WHERE a.wiki_id = w.wiki_id \
             ORDER BY a.rev_id, a.n LIMIT 1)) AS value FROM wiki w",
            part.name
        );
        let OneTime(oldest) = session.conn().one(WHAT, &sql, ()).await?;
        return Ok(oldest);
    }
    Ok(None)
}

/// So many days earlier; more than a century is a century.
pub(super) fn days_before(now: Timestamp, days: u32) -> Timestamp {
    now.checked_sub_signed(TimeDelta::days(i64::from(days.min(36_500))))
        .unwrap_or(DateTime::UNIX_EPOCH)
}

/// The first moment of the month.
pub(super) fn month_of(time: Timestamp) -> Timestamp {
    start_of(number_of(time))
}

/// The month's number, counted from January of the year 0, as in `host_month`.
pub(super) fn number_of(time: Timestamp) -> i32 {
    time.year() * 12 + time.month0() as i32
}

/// The first moment of the month with this number.
pub(super) fn start_of(number: i32) -> Timestamp {
    let month0 = number.rem_euclid(12) as u32;
    NaiveDate::from_ymd_opt(number.div_euclid(12), month0 + 1, 1)
        .unwrap_or_default()
        .and_time(NaiveTime::MIN)
        .and_utc()
}
