//! The months of the table of link additions: one partition each, made three ahead, so that dropping a month costs
//! nothing. The last one, without an end, stays empty.
//!
//! Every change is one ALTER TABLE under a lock of its own (`GET_LOCK`), by what the table is like then: so several
//! processes may do it at once, and one that died leaves either the old months or the new ones. The server finishes or
//! undoes a half-done one itself, also when it crashes: <https://mariadb.com/kb/en/atomic-ddl/>.

use super::since::{self, number_of, start_of};
use crate::connect::{Conn, Db};
use crate::error::{Error, Result};
use crate::session::{Fields, FromFields, One, Session};
use crate::transaction::ATTEMPTS;
use mysql_async::params;
use std::time::Duration;
use wikicrew_core::types::Timestamp;

/// Months that are there before they begin.
const AHEAD: i32 = 3;

/// So many rows in the last partition are moved to their months without asking.
const FEW: u64 = 10_000;

/// Rows of a month that the server writes anew in a second.
const REBUILT_PER_SECOND: u64 = 140_000;

/// How long to wait for another process.
const WAIT: Duration = Duration::from_secs(60);

/// What [`ensure`] found and did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Partitions {
    /// Names of the months that were made, as `p202611`.
    pub made: Vec<String>,
    /// Rows in the last partition, which should be empty: revisions from a future that has no month yet. Counted up to
    /// 10,001.
    pub in_last: u64,
    /// The last partition holds so many rows that no months are made before it: moving them would take long and stop
    /// all other work on the table. Everything still works, but what lies in it is never dropped. To be told, with
    /// [`ensure_whatever_it_takes`] as what to do.
    pub is_blocked: bool,
}

/// A partition.
pub(super) struct Part {
    pub name: String,
    /// Its rows are older than this; none: the last one.
    pub before: Option<Timestamp>,
}

impl FromFields for Part {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            name: f.get("name")?,
            before: f.time_opt("before_ts")?,
        })
    }
}

/// Months from the oldest that may still be stored (the first time; later they follow on those that are there) to
/// three after that of `now`, and `link_since` filled in. Three small reads when there is nothing to do. Refused in a
/// dry run. Errs with a time-out, to be tried again, while a long statement is at work on the table.
pub async fn ensure(db: &Db, now: Timestamp, keep_rows_days: u32) -> Result<Partitions> {
    make(db, now, keep_rows_days, FEW).await
}

/// As [`ensure`], but moves the rows of the last partition to their months however many they are; for a command by
/// hand. Nobody writes to the table meanwhile.
pub async fn ensure_whatever_it_takes(db: &Db, now: Timestamp, keep_rows_days: u32) -> Result<Partitions> {
    make(db, now, keep_rows_days, u64::MAX).await
}

async fn make(db: &Db, now: Timestamp, keep_rows_days: u32, few: u64) -> Result<Partitions> {
    db.must_write("making months for link additions")?;
    let since = since::begin(db, now, keep_rows_days).await?;
    let first = since::horizon(now, keep_rows_days, Some(&since));
    let look = async |session: &mut Conn| -> Result<(Option<String>, Partitions)> {
        let parts = list(session).await?;
        let in_last = match parts.last() {
            Some(last) if last.before.is_none() => rows(session, last, FEW + 1).await?,
            _ => 0,
        };
        let (sql, made) = missing(&parts, first, now);
        let found = Partitions {
            is_blocked: !made.is_empty() && in_last > few,
            made,
            in_last,
        };
        Ok((sql, found))
    };
    let (sql, found) = db.read(async |work| look(work.conn()).await).await?;
    if sql.is_none() || found.is_blocked {
        return Ok(Partitions { made: vec![], ..found });
    }
    under_lock(db, ATTEMPTS, async |conn| {
        // Another process may have made them by now.
        let (sql, found) = look(conn).await?;
        match sql {
            Some(sql) if !found.is_blocked => {
                conn.plain("making months for link additions", &sql).await?;
                Ok(found)
            }
            _ => Ok(Partitions { made: vec![], ..found }),
        }
    })
    .await
}

/// The statement that makes what is missing, and the names of it.
fn missing(parts: &[Part], first: Timestamp, now: Timestamp) -> (Option<String>, Vec<String>) {
    let behind = parts.iter().filter_map(|part| part.before).max();
    // A gap (an old backup was restored) goes into the first month that is made.
    let from = number_of(behind.map_or(first, |behind| behind.max(first)));
    let months: Vec<_> = (from..=number_of(now) + AHEAD)
        .map(|number| {
            let name = start_of(number).format("p%Y%m").to_string();
            let end = start_of(number + 1).format("%Y-%m-%d");
            (format!("PARTITION {name} VALUES LESS THAN ('{end}')"), name)
        })
        .collect();
    let last = parts.iter().find(|part| part.before.is_none());
    if months.is_empty() && last.is_some() {
        return (None, vec![]);
    }
    let last_name = last.map_or("p_max", |last| &last.name);
    let (mut pieces, names): (Vec<_>, Vec<_>) = months.into_iter().unzip();
    pieces.push(format!("PARTITION {last_name} VALUES LESS THAN (MAXVALUE)"));
    let how = if last.is_some() {
        format!("REORGANIZE PARTITION {last_name} INTO")
    } else {
        "ADD PARTITION".to_owned()
    };
    (
        Some(format!("ALTER TABLE link_addition {how} ({})", pieces.join(", "))),
        names,
    )
}

/// The partitions, oldest first.
pub(super) async fn list(session: &mut impl Session) -> Result<Vec<Part>> {
    const SQL: &str = "SELECT PARTITION_NAME AS name, \
        CAST(IF(PARTITION_DESCRIPTION = 'MAXVALUE', NULL, TRIM(BOTH '\\'' FROM PARTITION_DESCRIPTION)) AS DATETIME) \
        AS before_ts FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() \
        AND TABLE_NAME = 'link_addition' AND PARTITION_NAME REGEXP '^[A-Za-z0-9_]+$' \
        ORDER BY PARTITION_ORDINAL_POSITION";
    const WHAT: &str = "reading the months of link additions";
    let parts = session.conn().rows(WHAT, SQL, ()).await?;
    if parts.is_empty() {
        return Err(Error::NoTable { what: WHAT });
    }
    Ok(parts)
}

/// Rows of a partition, counted up to `most`; 0 when it is gone.
pub(super) async fn rows(session: &mut impl Session, part: &Part, most: u64) -> Result<u64> {
    let sql = format!(
        "SELECT COUNT(*) AS value FROM (SELECT 1 FROM link_addition PARTITION ({}) LIMIT {most}) some",
        part.name
    );
    match session.conn().one("counting link additions of a month", &sql, ()).await {
        Ok(One(rows)) => Ok(rows),
        // Unknown partition: dropped since it was listed.
        Err(error) if error.code() == Some(1735) => Ok(0),
        Err(error) => Err(error),
    }
}

/// Drops the months that end before this moment, which has been recorded already ([`since::raise`]); their names.
pub(super) async fn drop_before(db: &Db, moment: Timestamp) -> Result<Vec<String>> {
    const WHAT: &str = "dropping months of link additions";
    let old = async |session: &mut Conn| -> Result<Vec<String>> {
        let parts = list(session).await?.into_iter();
        Ok(parts
            .filter(|part| part.before.is_some_and(|before| before <= moment))
            .map(|part| part.name)
            .collect())
    };
    if db.read(async |work| old(work.conn()).await).await?.is_empty() {
        return Ok(vec![]);
    }
    under_lock(db, ATTEMPTS, async |conn| {
        let names = old(conn).await?;
        if !names.is_empty() {
            let sql = format!("ALTER TABLE link_addition DROP PARTITION {}", names.join(", "));
            conn.plain(WHAT, &sql).await?;
        }
        Ok(names)
    })
    .await
}

/// Whether a month may be rebuilt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rebuild {
    May,
    /// It has so many rows, as the server estimates: others could not wait for it.
    TooBig(u64),
    /// Somebody has the table in use all the time.
    InUse,
}

/// To be asked before [`rebuild`]. The server copies first, and waits only then for those who read: so it is looked
/// here whether anybody keeps the table for long. And a month is left as it is when it would take longer than half of
/// what the repetitions of a transaction wait out, since nobody can write meanwhile.
pub(super) async fn may_rebuild(db: &Db, name: &str) -> Result<Rebuild> {
    const WHAT: &str = "looking whether a month can be rebuilt";
    const ROWS: &str = "SELECT TABLE_ROWS AS value FROM information_schema.PARTITIONS \
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'link_addition' AND PARTITION_NAME = :name";
    let most = REBUILT_PER_SECOND * db.timing().table_wait().as_secs() * u64::from(ATTEMPTS) / 2;
    under_lock(db, 1, async |conn| {
        let rows: Option<One<u64>> = conn.first(WHAT, ROWS, params! { "name" => name }).await?;
        let rows = rows.map_or(0, |One(rows)| rows);
        if rows > most {
            return Ok(Rebuild::TooBig(rows));
        }
        match conn.plain(WHAT, "LOCK TABLES link_addition WRITE").await {
            Ok(()) => conn.plain(WHAT, "UNLOCK TABLES").await.map(|()| Rebuild::May),
            Err(error) if error.code() == Some(1205) => Ok(Rebuild::InUse),
            Err(error) => Err(error),
        }
    })
    .await
}

/// Writes a month anew, without the gaps that inserting out of order leaves: a quarter less. Some 140,000 rows per
/// second, during which the whole table can be read but not written. One try: it would all be copied again.
pub(super) async fn rebuild(db: &Db, name: &str) -> Result<()> {
    const WHAT: &str = "rebuilding a month of link additions";
    let sql = format!("ALTER TABLE link_addition REBUILD PARTITION {name}");
    under_lock(db, 1, async |conn| conn.plain(WHAT, &sql).await).await
}

/// Months that are over: they end before this moment.
pub(super) async fn over(session: &mut impl Session, moment: Timestamp) -> Result<Vec<Part>> {
    let mut parts = list(session).await?;
    parts.retain(|part| part.before.is_some_and(|before| before <= moment));
    Ok(parts)
}

/// Runs `body` on a connection of its own that holds the lock of the months. A statement that changes the table waits
/// a few seconds only for those that use it, since all others wait behind it (a quarter of the time that they do); then
/// the whole is tried again, `attempts` times in all.
async fn under_lock<T>(db: &Db, attempts: u32, body: impl AsyncFn(&mut Conn) -> Result<T>) -> Result<T> {
    const WHAT: &str = "waiting for another process that changes the months";
    const LOCK: &str = "SELECT GET_LOCK(CONCAT(DATABASE(), '.months'), :wait) AS value";
    db.must_write("changing the months of link additions")?;
    let mut attempt = 1;
    loop {
        // It would only wait meanwhile, and a process has few.
        db.close().await;
        let mut conn = db.open().await?;
        // Moving or rebuilding rows takes its time; the answer is still awaited with an end.
        conn.set_statement_timeout(Duration::from_secs(3_600));
        let wait = (db.timing().table_wait().as_secs() / 4).max(1);
        let set = format!("SET SESSION max_statement_time = 0, lock_wait_timeout = {wait}");
        conn.plain(WHAT, &set).await?;
        let One(got) = conn
            .one::<One<Option<i64>>>(WHAT, LOCK, params! { "wait" => WAIT.as_secs() })
            .await?;
        let outcome = if got == Some(1) {
            body(&mut conn).await
        } else {
            Err(Error::Timeout {
                what: WHAT,
                after: WAIT,
            })
        };
        // Closing the connection frees the lock, also when this future is dropped.
        conn.close().await;
        match outcome {
            Err(error) if error.is_transient() && attempt < attempts && got == Some(1) => {
                db.pause(attempt, &error).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}
