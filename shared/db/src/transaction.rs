//! Transactions: short, repeated as a whole, and fenced.
//!
//! Any error undoes the **whole** transaction (after 1205 the server undoes only
//! the statement; going on would store half a batch), then it is tried again, at
//! most [`ATTEMPTS`] times, after the errors that pass by themselves. A COMMIT without
//! an answer is never repeated: the caller reads back.

use crate::connect::{Conn, Db, Work};
use crate::error::{Error, Result, code};
use crate::lease::Fence;
use crate::session::{One, Session};
use mysql_async::params;

/// How often a transaction is tried at most.
pub const ATTEMPTS: u32 = 5;

/// A transaction under way. Only the functions of this crate run statements in it.
pub struct Tx<'c> {
    conn: &'c mut Conn,
}

impl Session for Tx<'_> {
    fn conn(&mut self) -> &mut Conn {
        self.conn
    }
}

/// A transaction that began by seeing that this run's epoch is still valid, and
/// that holds the lease's row so that no other run can take over before it ends.
pub struct FencedTx<'c> {
    tx: Tx<'c>,
    fence: &'c Fence,
}

impl<'c> FencedTx<'c> {
    /// Whose run this is.
    pub fn fence(&self) -> &Fence {
        self.fence
    }

    /// The transaction itself, for what is written by hand as well, where there is no run.
    pub fn tx(&mut self) -> &mut Tx<'c> {
        &mut self.tx
    }

    /// Connection and fence at once.
    pub(crate) fn parts(&mut self) -> (&mut Conn, &Fence) {
        (self.tx.conn, self.fence)
    }
}

impl Session for FencedTx<'_> {
    fn conn(&mut self) -> &mut Conn {
        self.tx.conn
    }
}

impl Db {
    /// Runs `body` in one transaction and commits it. `what` names it in errors.
    /// `body` may run several times and must touch nothing but the transaction
    /// (no API call: transactions are short). Errs as `body` does, or with
    /// [`Error::CommitUnknown`].
    pub async fn transaction<T>(
        &self,
        what: &'static str,
        mut body: impl AsyncFnMut(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        self.must_write(what)?;
        self.read(async |work| once(work, what, &mut body).await).await
    }

    /// Runs `body`, which only reads, on the work connection; again, on a new
    /// connection where need be, after the errors that pass. Each statement sees
    /// what is committed by then.
    pub async fn read<T>(&self, mut body: impl AsyncFnMut(&mut Work) -> Result<T>) -> Result<T> {
        let mut attempt = 1;
        loop {
            let outcome = match self.conn().await {
                Ok(mut work) => body(&mut work).await,
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if error.is_transient() && attempt < ATTEMPTS => {
                    self.pause(attempt, &error).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// As [`Db::read`]; a database or table that is not there yet (a dry run before the first real one) answers
    /// with nothing.
    pub async fn read_if_there<T: Default>(&self, body: impl AsyncFnMut(&mut Work) -> Result<T>) -> Result<T> {
        match self.read(body).await {
            Err(Error::NoDatabase(_) | Error::NoTable { .. }) => Ok(T::default()),
            outcome => outcome,
        }
    }

    /// As [`Db::transaction`], but nothing is written unless this run's epoch is
    /// still the newest ([`Error::Fenced`] otherwise).
    pub async fn fenced<T>(
        &self,
        fence: &Fence,
        what: &'static str,
        mut body: impl AsyncFnMut(&mut FencedTx<'_>) -> Result<T>,
    ) -> Result<T> {
        self.transaction(what, async |tx| {
            check_epoch(tx, fence).await?;
            let mut fenced = FencedTx {
                tx: Tx { conn: &mut *tx.conn },
                fence,
            };
            body(&mut fenced).await
        })
        .await
    }

    /// Waits before a repetition: 1, 3, 9 and 27 times the pause, with jitter.
    pub(crate) async fn pause(&self, attempt: u32, error: &Error) {
        let pause = self
            .timing()
            .pause
            .mul_f64(3_f64.powi(attempt as i32 - 1) * self.jitter());
        tracing::info!(attempt, pause_ms = pause.as_millis() as u64, %error, "the database work is tried again");
        tokio::time::sleep(pause).await;
    }
}

/// One try: begin, body, commit; or undo everything.
pub(crate) async fn once<T>(
    conn: &mut Conn,
    what: &'static str,
    body: &mut impl AsyncFnMut(&mut Tx<'_>) -> Result<T>,
) -> Result<T> {
    conn.plain(what, "START TRANSACTION").await?;
    let mut open = Open { conn, ended: false };
    let outcome = body(&mut Tx { conn: &mut *open.conn }).await;
    match outcome {
        Ok(value) => {
            let committed = open.conn.plain(what, "COMMIT").await;
            open.ended = true;
            committed.map_err(|error| commit_failed(open.conn, what, error))?;
            Ok(value)
        }
        Err(error) => {
            if open.conn.is_usable() {
                // When this fails too, the connection is no longer usable and is
                // dropped, which undoes the transaction as well.
                open.ended = open.conn.plain(what, "ROLLBACK").await.is_ok();
            }
            Err(error)
        }
    }
}

/// A transaction whose future is dropped half-way must not leave a connection
/// behind that is still inside it.
struct Open<'c> {
    conn: &'c mut Conn,
    ended: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.conn.set_usable(false);
        }
    }
}

/// The server that answers COMMIT with an error has stored nothing, unless it was
/// dying itself; no answer at all leaves it open.
fn commit_failed(conn: &mut Conn, what: &'static str, error: Error) -> Error {
    conn.set_usable(false);
    let refused = match &error {
        Error::Statement { source, .. } => {
            code(source).is_some_and(|code| ![1053, 1317, 1927, 1969, 2006, 2013].contains(&code))
        }
        _ => false,
    };
    if refused {
        return error;
    }
    Error::CommitUnknown {
        what,
        cause: error.to_string(),
    }
}

/// Errs with [`Error::Fenced`] unless the epoch is still the newest of its job,
/// wiki and shard. Inside a transaction the row stays locked for sharing until
/// its end: a new run waits with taking over. [`Db::fenced`] does this itself.
pub async fn check_epoch(session: &mut impl Session, fence: &Fence) -> Result<()> {
    // Handler reads: 1 row by primary key.
    const SQL: &str = "SELECT epoch AS value FROM lease \
        WHERE job = :job AND wiki = :wiki AND shard = :shard LOCK IN SHARE MODE";
    let row = session
        .conn()
        .first::<One<u64>>(
            "checking the run's epoch",
            SQL,
            params! { "job" => &fence.job, "wiki" => &fence.wiki, "shard" => &fence.shard },
        )
        .await?;
    let current = row.map_or(0, |One(epoch)| epoch);
    if current != fence.epoch {
        return Err(Error::Fenced {
            job: fence.job.clone(),
            wiki: fence.wiki.clone(),
            ours: fence.epoch,
            current,
        });
    }
    Ok(())
}
