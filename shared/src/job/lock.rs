//! The lock of a run, and whether it is still ours.

use std::time::Duration;

use tokio::time::Instant;

use crate::db::{Error, Fence, Lease};

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
