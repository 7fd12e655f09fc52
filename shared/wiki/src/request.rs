//! Bounded retries of requests that may be repeated, and the count of all.
//!
//! Reads are tried again after network errors, 5xx, 429, HTML instead of
//! JSON, lag and read-only time, never more than `Timing::max_attempts` times.
//! Writes have their own, much stricter loop in `raw_edit`.

use crate::error::Error;
use crate::http::{Http, Kind, Params, locked};
use crate::pause;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// What the requests of a stretch of a run are for: the request budget of a
/// job is printed by these.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Phase {
    /// Once per run: login, settings, lists.
    #[default]
    Fixed,
    /// For one learner, or one page to handle.
    Learner,
    /// For mentors, or what a page is compared with.
    Mentor,
    /// Switch re-reads, history look-ups and other safety checks.
    Safety,
}

/// Requests since login. Retries are counted in `retries` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Requests in [`Phase::Fixed`].
    pub fixed: u64,
    /// Requests in [`Phase::Learner`].
    pub learner: u64,
    /// Requests in [`Phase::Mentor`].
    pub mentor: u64,
    /// Requests in [`Phase::Safety`].
    pub safety: u64,
    /// All requests that were sent, retries included.
    pub total: u64,
    /// Second and later attempts.
    pub retries: u64,
    /// Bytes of answers, unpacked.
    pub bytes: u64,
    /// Time spent waiting for answers; parallel requests add up.
    pub seconds: f64,
}

impl Counts {
    pub(crate) fn begin(&mut self, phase: Phase, is_retry: bool) {
        self.total += 1;
        let counter = match phase {
            _ if is_retry => &mut self.retries,
            Phase::Fixed => &mut self.fixed,
            Phase::Learner => &mut self.learner,
            Phase::Mentor => &mut self.mentor,
            Phase::Safety => &mut self.safety,
        };
        *counter += 1;
    }

    pub(crate) fn end(&mut self, bytes: usize, took: Duration) {
        self.bytes += bytes as u64;
        self.seconds += took.as_secs_f64();
    }
}

impl Http {
    /// Sends an idempotent request until it succeeds, fails for good, or the
    /// attempts are used up; the last error is returned.
    pub(crate) async fn repeat(&self, params: &Params, kind: Kind) -> Result<Value, Error> {
        let mut attempt = 1;
        loop {
            let error = match self.exchange(params, kind, attempt > 1).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            self.wait_after(error, attempt, None).await?;
            attempt += 1;
        }
    }

    /// Waits before the next attempt, or gives the error back when there is to
    /// be none: no attempt or no time (at the latest `until`) is left.
    pub(crate) async fn wait_after(&self, error: Error, attempt: u32, until: Option<Instant>) -> Result<(), Error> {
        if !error.is_worth_retrying() || attempt >= self.timing.max_attempts {
            return Err(error);
        }
        let pause = pause::before_next(&self.timing, &error, attempt, &mut *locked(&self.rng));
        let Some(pause) = pause else {
            return Err(error);
        };
        tracing::debug!(
            wiki.host = %self.address.host,
            attempt,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            error = %error,
            "will try again"
        );
        match self.pause(pause, until).await {
            Ok(()) => Ok(()),
            Err(stopped @ Error::Stopped { .. }) => Err(stopped),
            // No time left for a pause: the error says more than "time over".
            Err(_) => Err(error),
        }
    }
}
