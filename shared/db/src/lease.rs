//! One run per job, wiki and shard: the lock and the epoch.
//!
//! The lock (`GET_LOCK` on a connection of its own, never the work connection)
//! only keeps two runs from wasting work; it goes with its connection. What makes
//! it safe is the epoch: each run raises it, and every writing transaction
//! compares it. No time-outs and no clocks decide.

use crate::connect::{Conn, Db};
use crate::error::{Error, Result};
use crate::run::NewRun;
use crate::session::{Fields, FromFields, One, Session, at};
use crate::transaction::{ATTEMPTS, Tx, once};
use mysql_async::params;
use wikicrew_core::types::Timestamp;

/// Proof of being the newest run, as plain data. Compared with the table `lease`
/// in every writing transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fence {
    /// The job.
    pub job: String,
    /// The wiki's key.
    pub wiki: String,
    /// The shard, empty when the work is not divided.
    pub shard: String,
    /// This run's epoch; each run has a higher one than the run before.
    pub epoch: u64,
    /// This run's record.
    pub run_id: u64,
}

/// The lock of a run. It is held as long as the value lives and its connection
/// stands.
pub struct Lease {
    conn: Conn,
    fence: Fence,
    name: String,
}

/// The answer to [`Lease::take`].
pub enum Taken {
    /// It is ours; the run record has been started.
    Lease(Lease),
    /// Another run is at work.
    Busy {
        /// Its run id (none when it has only just begun).
        run_id: Option<u64>,
        /// When it was started.
        since: Option<Timestamp>,
    },
}

struct Holder {
    epoch: u64,
    run_id: u64,
    started: Timestamp,
}

impl FromFields for Holder {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            epoch: fields.get("epoch")?,
            run_id: fields.get("run_id")?,
            started: fields.time("started")?,
        })
    }
}

impl Lease {
    /// Takes the lock without waiting. When it is free: starts the run's record,
    /// raises the epoch and marks a record that a dead run left `running` as
    /// `died`, all in one transaction. Refused in a dry run, which takes no lock.
    pub async fn take(db: &Db, run: &NewRun<'_>, now: Timestamp) -> Result<Taken> {
        db.must_write("taking the run's lock")?;
        let mut attempt = 1;
        loop {
            match Self::try_take(db, run, now).await {
                // A COMMIT without an answer may have raised the epoch; raising it
                // once more does no harm, and the record left behind becomes `died`.
                Err(error)
                    if attempt < ATTEMPTS && (error.is_transient() || matches!(error, Error::CommitUnknown { .. })) =>
                {
                    db.pause(attempt, &error).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn try_take(db: &Db, run: &NewRun<'_>, now: Timestamp) -> Result<Taken> {
        const WHAT: &str = "taking the run's lock";
        const LOCK: &str = "SELECT GET_LOCK(CONCAT(DATABASE(), '.', \
            LEFT(SHA2(:name, 256), 16)), 0) AS value";
        let name = format!("{}\0{}\0{}", run.job, run.wiki, run.shard);
        let mut conn = db.open().await?;
        let One(got) = conn
            .one::<One<Option<i64>>>(WHAT, LOCK, params! { "name" => &name })
            .await?;
        match got {
            Some(1) => {}
            Some(_) => {
                let holder = holder(&mut conn, run, false).await?;
                conn.close().await;
                return Ok(Taken::Busy {
                    run_id: holder.as_ref().map(|holder| holder.run_id),
                    since: holder.map(|holder| holder.started),
                });
            }
            None => {
                return Err(Error::LeaseLost {
                    job: run.job.into(),
                    wiki: run.wiki.into(),
                    why: "GET_LOCK answered NULL".into(),
                });
            }
        }
        let outcome = once(&mut conn, WHAT, &mut async |tx: &mut Tx<'_>| begin(tx, run, now).await).await;
        match outcome {
            Ok((epoch, run_id)) => Ok(Taken::Lease(Self {
                conn,
                fence: Fence {
                    job: run.job.into(),
                    wiki: run.wiki.into(),
                    shard: run.shard.into(),
                    epoch,
                    run_id,
                },
                name,
            })),
            Err(error) => {
                give_back(conn, &name).await;
                Err(error)
            }
        }
    }

    /// What every writing transaction of this run compares.
    pub fn fence(&self) -> &Fence {
        &self.fence
    }

    /// The run's record.
    pub fn run_id(&self) -> u64 {
        self.fence.run_id
    }

    /// The server's number of the connection that holds the lock.
    pub fn connection_id(&self) -> u32 {
        self.conn.id()
    }

    /// Asks the server whether the lock is still ours; to be done every 30 s, and
    /// an error ends the run before its next write. Errs with
    /// [`Error::LeaseLost`] whatever the reason.
    pub async fn ping(&mut self) -> Result<()> {
        const SQL: &str = "SELECT COALESCE(IS_USED_LOCK(CONCAT(DATABASE(), '.', \
            LEFT(SHA2(:name, 256), 16))) = CONNECTION_ID(), 0) AS value";
        let answer = self
            .conn
            .one::<One<bool>>("asking after the run's lock", SQL, params! { "name" => &self.name })
            .await;
        let why = match answer {
            Ok(One(true)) => return Ok(()),
            Ok(One(false)) => "another connection holds it".to_owned(),
            Err(error) => error.to_string(),
        };
        Err(Error::LeaseLost {
            job: self.fence.job.clone(),
            wiki: self.fence.wiki.clone(),
            why,
        })
    }

    /// Gives the lock back, so that the next run need not wait for the connection
    /// to be noticed as closed.
    pub async fn release(self) {
        give_back(self.conn, &self.name).await;
    }
}

/// The shard of a live run of this job and wiki that divides the work into another number of parts than `run` does
/// (`2/4` beside `1/3`, or an undivided run beside a shard), if there is one. Two that start at the same moment may both
/// see each other. Asked after the own lock is taken.
pub async fn other_division(db: &Db, run: &NewRun<'_>) -> Result<Option<String>> {
    // Handler reads: the shards that this job ever had on this wiki, some tens.
    const SQL: &str = "SELECT shard AS value FROM lease WHERE job = :job AND wiki = :wiki \
        AND IS_USED_LOCK(CONCAT(DATABASE(), '.', \
        LEFT(SHA2(CONCAT(job, CHAR(0), wiki, CHAR(0), shard), 256), 16))) IS NOT NULL";
    let parts = |shard: &str| shard.split_once('/').map(|(_, n)| n.to_owned());
    let mut conn = db.conn().await?;
    let live: Vec<One<String>> = conn
        .rows(
            "looking for other shards at work",
            SQL,
            params! { "job" => run.job, "wiki" => run.wiki },
        )
        .await?;
    let own = parts(run.shard);
    Ok(live
        .into_iter()
        .map(|One(shard)| shard)
        .find(|shard| parts(shard) != own))
}

/// Frees the lock and closes its connection. A failure does not matter: the lock
/// ends with the connection.
async fn give_back(mut conn: Conn, name: &str) {
    const SQL: &str = "DO RELEASE_LOCK(CONCAT(DATABASE(), '.', LEFT(SHA2(:name, 256), 16)))";
    if conn.is_usable() {
        let _ = conn
            .run("releasing the run's lock", SQL, params! { "name" => name })
            .await;
    }
    conn.close().await;
}

async fn holder(session: &mut impl Session, run: &NewRun<'_>, for_update: bool) -> Result<Option<Holder>> {
    const SQL: &str = "SELECT epoch, run_id, started FROM lease \
        WHERE job = :job AND wiki = :wiki AND shard = :shard";
    let sql = if for_update {
        format!("{SQL} FOR UPDATE")
    } else {
        SQL.to_owned()
    };
    session
        .conn()
        .first(
            "reading who holds the run's lock",
            &sql,
            params! { "job" => run.job, "wiki" => run.wiki, "shard" => run.shard },
        )
        .await
}

/// The new epoch and the id of the run's record.
async fn begin(tx: &mut Tx<'_>, run: &NewRun<'_>, now: Timestamp) -> Result<(u64, u64)> {
    const SQL: &str = "INSERT INTO lease (job, wiki, shard, epoch, run_id, started) \
        VALUES (:job, :wiki, :shard, 1, :run_id, :started) \
        ON DUPLICATE KEY UPDATE epoch = epoch + 1, run_id = VALUES(run_id), started = VALUES(started)";
    let before = holder(tx, run, true).await?;
    if let Some(before) = &before {
        crate::run::mark_died(tx, before.run_id, now).await?;
    }
    let run_id = crate::run::start(tx, run, now).await?;
    tx.conn()
        .run(
            "raising the run's epoch",
            SQL,
            params! {
                "job" => run.job, "wiki" => run.wiki, "shard" => run.shard,
                "run_id" => run_id, "started" => at(now),
            },
        )
        .await?;
    // The row is locked since `holder`, so this is what the statement made.
    Ok((before.map_or(1, |before| before.epoch + 1), run_id))
}
