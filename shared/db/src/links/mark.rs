//! The number of the newest batch that a run stored, written in the batch's own transaction: by it one knows whether a
//! COMMIT without an answer was one. What was stored does not tell, for another job may have stored the same.

use crate::connect::Db;
use crate::error::Result;
use crate::lease::Fence;
use crate::session::{One, Session};
use crate::transaction::FencedTx;
use mysql_async::params;

/// Numbers this batch, as the last statement of its transaction.
pub(super) async fn set(tx: &mut FencedTx<'_>) -> Result<u64> {
    // Statement and answer in one: the number is told as an id that was given out.
    const SQL: &str = "INSERT INTO link_batch (job, wiki, shard, epoch, n) \
        VALUES (:job, :wiki, :shard, :epoch, LAST_INSERT_ID(1)) \
        ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), n = LAST_INSERT_ID(n + 1)";
    let (conn, fence) = tx.parts();
    let key = params! { "job" => &fence.job, "wiki" => &fence.wiki, "shard" => &fence.shard, "epoch" => fence.epoch };
    Ok(conn.run("numbering a batch", SQL, key).await?.id)
}

/// Whether the batch of this number was stored by this very run. Waits for a COMMIT that is still under way.
pub(super) async fn is_set(db: &Db, fence: &Fence, n: u64) -> Result<bool> {
    // Handler reads: 1 row by primary key.
    const SQL: &str = "SELECT n AS value FROM link_batch \
        WHERE job = :job AND wiki = :wiki AND shard = :shard AND epoch = :epoch LOCK IN SHARE MODE";
    let found = db
        .read(async |work| {
            let key = params! {
                "job" => &fence.job, "wiki" => &fence.wiki, "shard" => &fence.shard, "epoch" => fence.epoch,
            };
            work.conn()
                .first::<One<u64>>("asking whether a batch was stored", SQL, key)
                .await
        })
        .await?;
    Ok(found.is_some_and(|One(stored)| stored >= n))
}
