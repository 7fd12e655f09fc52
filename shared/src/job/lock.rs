//! The lock of a run, and whether it is still ours.

use std::time::Duration;

use tokio::time::Instant;

use crate::core::types::Timestamp;
use crate::db::run::{self as run_record, Finish, NewRun, Requests, State};
use crate::db::{Db, Error, Fence, Lease, lease};

/// How often the connection that holds the lock is asked whether it still does.
const PING: Duration = Duration::from_secs(30);

/// The lock that a run holds; none in a dry run.
pub(super) struct Lock {
    lease: Option<Lease>,
    pinged: Instant,
}

impl Lock {
    pub(super) fn new(lease: Option<Lease>) -> Lock {
        Lock {
            lease,
            pinged: Instant::now(),
        }
    }

    /// Proof of being the newest run.
    pub(super) fn fence(&self) -> Option<Fence> {
        self.lease.as_ref().map(|lease| lease.fence().clone())
    }

    /// Asks the server, when it is time again. Errs when the lock was lost.
    pub(super) async fn is_ours(&mut self) -> Result<(), Error> {
        if let Some(lease) = self.lease.as_mut().filter(|_| self.pinged.elapsed() > PING) {
            lease.ping().await?;
            self.pinged = Instant::now();
        }
        Ok(())
    }

    /// To be given back at the end.
    pub(super) fn into_lease(self) -> Option<Lease> {
        self.lease
    }
}

/// The lease, unless a live run of the same work divides it otherwise: then this run's record ends as failed, its lease
/// is given back, and the words say which one that is. Errs where the database does.
pub(super) async fn only_division(
    db: &Db,
    new: &NewRun<'_>,
    lease: Lease,
    now: Timestamp,
) -> Result<Result<Lease, String>, Error> {
    let Some(other) = lease::other_division(db, new).await? else {
        return Ok(Ok(lease));
    };
    let other = if other.is_empty() { "none" } else { &other };
    let why = format!(
        "`{}` is at work with the work divided otherwise (shard {other}); start all shards with the same number",
        new.job
    );
    let end = Finish {
        state: State::Failed,
        exit_code: 0,
        success: false,
        edits: 0,
        db_rows: 0,
        requests: Requests::default(),
        settings_revid: None,
        summary: &why,
    };
    run_record::finish(&mut *db.conn().await?, lease.run_id(), &end, now).await?;
    lease.release().await;
    Ok(Err(why))
}
