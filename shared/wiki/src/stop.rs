//! The signal that a run must end: nothing new is begun after it.
//!
//! It only carries the wish; what a request in flight does with it is in
//! `request`.

use tokio::sync::watch;

/// A wish to stop, shared by everybody who holds a clone. It cannot be taken
/// back.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// A signal that nobody has given yet.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Gives the signal: pauses end at once, reads are dropped, an edit in
    /// flight is awaited for `Timing::stop_grace`.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was given.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is given, if need be for ever.
    pub async fn stopped(&self) {
        // An error would mean that the sender is gone, and `self` holds it.
        let _ = self.0.subscribe().wait_for(|stopped| *stopped).await;
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}
