//! What exit codes and the status page ask of the run records, and how old records go.

use crate::connect::Db;
use crate::error::{Error, Result};
use crate::session::{Fields, FromFields, One, OneTime, Session, at, bounded, list};
use mysql_async::{Value, params};
use wikicrew_core::types::Timestamp;

/// Sums over several runs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Totals {
    /// Runs begun.
    pub runs: u64,
    /// Runs that did their work.
    pub successes: u64,
    /// Edits saved.
    pub edits: u64,
    /// Rows written.
    pub db_rows: u64,
    /// Errors, handled ones too.
    pub errors: u64,
}

impl FromFields for Totals {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            runs: f.get("runs")?,
            successes: f.get("successes")?,
            edits: f.get("edits")?,
            db_rows: f.get("db_rows")?,
            errors: f.get("errors")?,
        })
    }
}

/// When a run last did its work.
pub async fn last_success(session: &mut impl Session, job: &str, wiki: &str) -> Result<Option<Timestamp>> {
    const SQL: &str = "SELECT MAX(finished) AS value FROM run \
        WHERE job = :job AND wiki = :wiki AND success = 1";
    time_of(session, SQL, job, wiki, None).await
}

/// When the oldest run still on record began: since then nothing has succeeded,
/// if [`last_success`] is `None`.
pub async fn first_start(session: &mut impl Session, job: &str, wiki: &str) -> Result<Option<Timestamp>> {
    const SQL: &str = "SELECT MIN(started) AS value FROM run WHERE job = :job AND wiki = :wiki";
    time_of(session, SQL, job, wiki, None).await
}

/// When a run last ended with this exit code.
pub async fn last_alarm(session: &mut impl Session, job: &str, wiki: &str, exit_code: u8) -> Result<Option<Timestamp>> {
    const SQL: &str = "SELECT MAX(finished) AS value FROM run \
        WHERE job = :job AND wiki = :wiki AND exit_code = :exit_code";
    time_of(session, SQL, job, wiki, Some(exit_code)).await
}

async fn time_of(
    session: &mut impl Session,
    sql: &str,
    job: &str,
    wiki: &str,
    exit_code: Option<u8>,
) -> Result<Option<Timestamp>> {
    let mut values = vec![
        (b"job".to_vec(), Value::from(job)),
        (b"wiki".to_vec(), Value::from(wiki)),
    ];
    if let Some(code) = exit_code {
        values.push((b"exit_code".to_vec(), Value::from(code)));
    }
    let OneTime(time) = session.conn().one("asking the run records", sql, values).await?;
    Ok(time)
}

/// Whether the same item of this job and wiki has failed since then in another
/// run than `this_run`: exit code 1 is for its first time in a day.
pub async fn item_failed_since(
    session: &mut impl Session,
    job: &str,
    wiki: &str,
    item: &str,
    since: Timestamp,
    this_run: u64,
) -> Result<bool> {
    const SQL: &str = "SELECT COUNT(*) AS value FROM run_error e JOIN run r ON r.run_id = e.run_id \
        WHERE e.item_key = :item AND e.at >= :since AND e.run_id <> :this_run \
        AND r.job = :job AND r.wiki = :wiki";
    let One(n) = session
        .conn()
        .one::<One<u64>>(
            "asking whether an item has failed before",
            SQL,
            params! {
                "job" => job, "wiki" => wiki, "item" => &*bounded(item, 512),
                "since" => at(since), "this_run" => this_run,
            },
        )
        .await?;
    Ok(n > 0)
}

/// Sums over the runs that began since then.
pub async fn totals_since(session: &mut impl Session, job: &str, wiki: &str, since: Timestamp) -> Result<Totals> {
    const SQL: &str = "SELECT COUNT(*) AS runs, CAST(COALESCE(SUM(success), 0) AS UNSIGNED) AS successes, \
        CAST(COALESCE(SUM(edits), 0) AS UNSIGNED) AS edits, \
        CAST(COALESCE(SUM(db_rows), 0) AS UNSIGNED) AS db_rows, \
        CAST(COALESCE(SUM(errors), 0) AS UNSIGNED) AS errors \
        FROM run WHERE job = :job AND wiki = :wiki AND started >= :since";
    session
        .conn()
        .one(
            "summing up the runs",
            SQL,
            params! { "job" => job, "wiki" => wiki, "since" => at(since) },
        )
        .await
}

/// Deletes the records of runs begun before then, with their errors, in slices of
/// `slice` runs, one transaction each; the number deleted. The newest success is
/// kept, since the age alarm counts from it.
pub async fn prune(db: &Db, job: &str, wiki: &str, before: Timestamp, slice: u32) -> Result<u64> {
    const WHAT: &str = "deleting old run records";
    const OLD: &str = "SELECT run_id AS value FROM run \
        WHERE job = :job AND wiki = :wiki AND started < :before AND run_id <> COALESCE(( \
            SELECT run_id FROM run WHERE job = :job AND wiki = :wiki AND success = 1 \
            ORDER BY finished DESC LIMIT 1), 0) \
        ORDER BY started LIMIT :slice";
    let mut deleted = 0;
    loop {
        let n = db
            .transaction(WHAT, async |tx| {
                let conn = tx.conn();
                let old = conn
                    .rows::<One<u64>>(
                        WHAT,
                        OLD,
                        params! {
                            "job" => job, "wiki" => wiki,
                            "before" => at(before), "slice" => slice,
                        },
                    )
                    .await?;
                let ids: Vec<Value> = old.iter().map(|One(id)| Value::from(*id)).collect();
                if !ids.is_empty() {
                    let places = list("?", ids.len());
                    let errors = format!("DELETE FROM run_error WHERE run_id IN ({places})");
                    let runs = format!("DELETE FROM run WHERE run_id IN ({places})");
                    conn.run(WHAT, &errors, ids.clone()).await?;
                    conn.run(WHAT, &runs, ids.clone()).await?;
                }
                Ok(ids.len() as u64)
            })
            .await?;
        deleted += n;
        if n < u64::from(slice.max(1)) {
            return Ok(deleted);
        }
    }
}

/// The database server's present time.
pub async fn server_time(session: &mut impl Session) -> Result<Timestamp> {
    // Handler reads: none.
    const WHAT: &str = "asking the database for the time";
    let OneTime(time) = session.conn().one(WHAT, "SELECT UTC_TIMESTAMP() AS value", ()).await?;
    time.ok_or_else(|| Error::BadRow {
        what: WHAT,
        column: "value".into(),
        why: "the server has no time".into(),
    })
}
