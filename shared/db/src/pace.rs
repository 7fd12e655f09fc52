//! The edit interval of one account on one wiki, over all jobs.
//!
//! Each edit takes a slot in a row and waits for it. This is the one place that
//! counts by the database server's clock, the only one that all jobs share.

use crate::connect::Db;
use crate::error::Result;
use crate::session::{One, Session};
use mysql_async::params;
use std::time::Duration;

/// Takes the next slot and says how long to wait for it. An interval of zero
/// never waits for its own edits, but does for slots that others took.
pub async fn take_slot(db: &Db, wiki: &str, account: &str, interval: Duration) -> Result<Duration> {
    const WHAT: &str = "taking a slot for an edit";
    const TAKE: &str = "INSERT INTO pace (wiki, account, next_at) \
        VALUES (:wiki, :account, UTC_TIMESTAMP(3) + INTERVAL :us MICROSECOND) \
        ON DUPLICATE KEY UPDATE \
        next_at = GREATEST(next_at, UTC_TIMESTAMP(3)) + INTERVAL :us MICROSECOND";
    const READ: &str = "SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), next_at) AS value \
        FROM pace WHERE wiki = :wiki AND account = :account";
    // The column counts milliseconds; whole ones keep the sum exact.
    let us = i64::try_from(interval.as_millis() * 1_000).unwrap_or(i64::MAX / 2);
    let until_next = db
        .transaction(WHAT, async |tx| {
            let conn = tx.conn();
            conn.run(WHAT, TAKE, params! { "wiki" => wiki, "account" => account, "us" => us })
                .await?;
            conn.one::<One<i64>>(WHAT, READ, params! { "wiki" => wiki, "account" => account })
                .await
        })
        .await?;
    Ok(Duration::from_micros(u64::try_from(until_next.0 - us).unwrap_or(0)))
}
