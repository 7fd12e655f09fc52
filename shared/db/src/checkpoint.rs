//! Checkpoints: how far a source has been read.
//!
//! A position is what the *wiki* said, opaque here. It moves only in the
//! transaction that stores what was read up to it.

use crate::connect::Db;
use crate::error::{Error, Result};
use crate::lease::Fence;
use crate::session::{Fields, FromFields, One, Session, at};
use crate::transaction::FencedTx;
use mysql_async::params;
use wikicrew_core::types::Timestamp;

/// A stored position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The position; `None` when nothing was read yet.
    pub pos: Option<Vec<u8>>,
    /// Epoch of the run that last moved or adopted it.
    pub epoch: u64,
    /// When that was.
    pub updated: Timestamp,
}

impl FromFields for Checkpoint {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            pos: f.get("pos")?,
            epoch: f.get("epoch")?,
            updated: f.time("updated")?,
        })
    }
}

/// Reads a checkpoint without taking it over (status page, dry run).
pub async fn get(session: &mut impl Session, job: &str, wiki: &str, source: &str) -> Result<Option<Checkpoint>> {
    const SQL: &str = "SELECT pos, epoch, updated FROM checkpoint \
        WHERE job = :job AND wiki = :wiki AND source = :source";
    session
        .conn()
        .first(
            "reading a checkpoint",
            SQL,
            params! { "job" => job, "wiki" => wiki, "source" => source },
        )
        .await
}

struct Named(String, Checkpoint);

impl FromFields for Named {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Named(f.get("source")?, Checkpoint::from_fields(f)?))
    }
}

/// Every checkpoint of a job on a wiki, with the name of its source, by name; at most 1,000.
pub async fn all(session: &mut impl Session, job: &str, wiki: &str) -> Result<Vec<(String, Checkpoint)>> {
    const SQL: &str = "SELECT source, pos, epoch, updated FROM checkpoint \
        WHERE job = :job AND wiki = :wiki ORDER BY source LIMIT 1000";
    let rows: Vec<Named> = session
        .conn()
        .rows("reading the checkpoints", SQL, params! { "job" => job, "wiki" => wiki })
        .await?;
    Ok(rows
        .into_iter()
        .map(|Named(source, checkpoint)| (source, checkpoint))
        .collect())
}

/// Takes the checkpoint over for this run and gives its position. To be called
/// once before the source is read; from then on [`begin_with`] knows a stranger.
pub async fn adopt(db: &Db, fence: &Fence, source: &str, now: Timestamp) -> Result<Option<Vec<u8>>> {
    const WHAT: &str = "taking over a checkpoint";
    const SQL: &str = "INSERT INTO checkpoint (job, wiki, source, pos, epoch, updated) \
        VALUES (:job, :wiki, :source, NULL, :epoch, :now) \
        ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), updated = VALUES(updated)";
    db.fenced(fence, WHAT, async |tx| {
        let conn = tx.conn();
        conn.run(
            WHAT,
            SQL,
            params! {
                "job" => &fence.job, "wiki" => &fence.wiki, "source" => source,
                "epoch" => fence.epoch, "now" => at(now),
            },
        )
        .await?;
        let checkpoint = get(conn, &fence.job, &fence.wiki, source).await?;
        Ok(checkpoint.and_then(|checkpoint| checkpoint.pos))
    })
    .await
}

/// First statement of a batch's transaction: locks the checkpoint and errs with
/// [`Error::CheckpointMoved`] when another position or epoch stands there than
/// this run left.
pub async fn begin_with(tx: &mut FencedTx<'_>, source: &str, pos: Option<&[u8]>) -> Result<()> {
    const SQL: &str = "SELECT COALESCE(pos <=> :pos AND epoch = :epoch, 0) AS value FROM checkpoint \
        WHERE job = :job AND wiki = :wiki AND source = :source FOR UPDATE";
    let (conn, fence) = tx.parts();
    let row = conn
        .first::<One<bool>>(
            "locking a checkpoint",
            SQL,
            params! {
                "job" => &fence.job, "wiki" => &fence.wiki, "source" => source,
                "pos" => pos, "epoch" => fence.epoch,
            },
        )
        .await?;
    match row {
        Some(One(true)) => Ok(()),
        _ => Err(Error::CheckpointMoved {
            source_name: source.to_owned(),
        }),
    }
}

/// Last statement of a batch's transaction: the new position.
pub async fn set(tx: &mut FencedTx<'_>, source: &str, pos: &[u8], now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE checkpoint SET pos = :pos, updated = :now \
        WHERE job = :job AND wiki = :wiki AND source = :source AND epoch = :epoch";
    let (conn, fence) = tx.parts();
    conn.run(
        "moving a checkpoint",
        SQL,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "source" => source,
            "pos" => pos, "epoch" => fence.epoch, "now" => at(now),
        },
    )
    .await?;
    Ok(())
}
