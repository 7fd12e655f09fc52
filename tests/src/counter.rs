//! Counts the messages of a job over all its connections, HTTP and database together.
//!
//! A process changes the world only through its connections, so "message k" names every point at which it can die with
//! a difference. Both proxies ask here before a message goes out and before its answer goes back; a *strike* at message
//! k stops everything there until the test has killed the process. It decides nothing about faults: those are rules of
//! the proxies.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Something a test does while a message waits in a proxy.
pub type Hook = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Where a message stands when a hook or strike comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// It has left the job and not reached the server.
    BeforeForwarding,
    /// The server has carried it out and the answer has not reached the job.
    BeforeAnswer,
}

/// The common count of an HTTP proxy and a database proxy. Clones count together.
#[derive(Clone, Default)]
pub struct MessageCounter {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    phase: watch::Sender<Phase>,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    strike: Option<(u64, Moment)>,
    hooks: Vec<(u64, Moment, Hook)>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Running,
    /// Message k has come; every message is held.
    Struck,
    /// The process is dead; every message is dropped.
    Dead,
}

impl MessageCounter {
    /// A counter at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many messages have come so far.
    pub fn count(&self) -> u64 {
        self.state().lines.len() as u64
    }

    /// One line per message: `http POST action=edit …`, `db INSERT INTO …`; message 1 first.
    pub fn lines(&self) -> Vec<String> {
        self.state().lines.clone()
    }

    /// Stops everything at message `k`: it and whatever comes after is held until [`Strike::release`], then dropped.
    /// With [`Moment::BeforeAnswer`] the server gets message `k` and only its answer is dropped.
    pub fn strike(&self, k: u64, moment: Moment) -> Strike {
        self.state().strike = Some((k, moment));
        Strike {
            counter: self.clone(),
            seen: self.shared.phase.subscribe(),
        }
    }

    /// Runs `hook` when message `k` stands at `moment`; afterwards the message goes on.
    pub fn at<H, F>(&self, k: u64, moment: Moment, hook: H)
    where
        H: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.state().hooks.push((k, moment, Box::new(move || Box::pin(hook()))));
    }

    /// Counts a message and returns its number, from 1; `None` when the process is to be dead by now.
    pub(crate) async fn enter(&self, line: String) -> Option<u64> {
        if *self.shared.phase.borrow() != Phase::Running {
            self.wait_for_release().await;
            return None;
        }
        let mut state = self.state();
        state.lines.push(line);
        Some(state.lines.len() as u64)
    }

    /// Whether anything is to happen to message `k` at `moment`.
    pub(crate) fn is_awaited(&self, k: u64, moment: Moment) -> bool {
        let state = self.state();
        *self.shared.phase.borrow() != Phase::Running
            || state.strike == Some((k, moment))
            || state.hooks.iter().any(|hook| (hook.0, hook.1) == (k, moment))
    }

    /// Asked by a proxy at each moment of message `k`; `false`: drop it and close the connection.
    pub(crate) async fn lets_pass(&self, k: u64, moment: Moment) -> bool {
        let hook = {
            let mut state = self.state();
            let found = state.hooks.iter().position(|hook| (hook.0, hook.1) == (k, moment));
            found.map(|i| state.hooks.swap_remove(i).2)
        };
        if let Some(hook) = hook {
            hook().await;
        }
        let struck = self.state().strike == Some((k, moment));
        if struck {
            self.shared.phase.send_if_modified(|phase| {
                let first = *phase == Phase::Running;
                if first {
                    *phase = Phase::Struck;
                }
                first
            });
        }
        if *self.shared.phase.borrow() == Phase::Running {
            return true;
        }
        self.wait_for_release().await;
        false
    }

    async fn wait_for_release(&self) {
        let mut phase = self.shared.phase.subscribe();
        // An error means that the sender is gone, and with it the proxies.
        let _ = phase.wait_for(|phase| *phase != Phase::Struck).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A strike that was set: see [`MessageCounter::strike`].
pub struct Strike {
    counter: MessageCounter,
    seen: watch::Receiver<Phase>,
}

impl Strike {
    /// Returns when message k has come to its moment. Never, if the job ends before.
    pub async fn reached(&mut self) {
        if self.seen.wait_for(|phase| *phase != Phase::Running).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// The process is dead: what was held is dropped now, and its connections are closed.
    pub fn release(&self) {
        self.counter.shared.phase.send_replace(Phase::Dead);
    }

    /// The messages of the next process pass. To be called when the connections of the killed one are gone, or when the
    /// job ended before the strike.
    pub fn over(self) {
        self.counter.state().strike = None;
        self.counter.shared.phase.send_replace(Phase::Running);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_strike_holds_its_message_and_all_later_ones_until_released() {
        let counter = MessageCounter::new();
        let mut strike = counter.strike(2, Moment::BeforeForwarding);
        assert_eq!(counter.enter("one".into()).await, Some(1));
        assert!(counter.lets_pass(1, Moment::BeforeForwarding).await);
        assert_eq!(counter.enter("two".into()).await, Some(2));
        let held = tokio::spawn({
            let counter = counter.clone();
            async move { counter.lets_pass(2, Moment::BeforeForwarding).await }
        });
        strike.reached().await;
        assert!(!held.is_finished());
        // Message 1 was already on its way; its answer no longer goes back.
        let late = tokio::spawn({
            let counter = counter.clone();
            async move { counter.lets_pass(1, Moment::BeforeAnswer).await }
        });
        strike.release();
        assert!(!held.await.unwrap());
        assert!(!late.await.unwrap());
        assert_eq!(counter.enter("three".into()).await, None);
        assert_eq!(counter.lines(), ["one", "two"]);
    }

    #[tokio::test]
    async fn a_hook_runs_once_at_its_moment_and_lets_the_message_go_on() {
        let counter = MessageCounter::new();
        let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
        counter.at(1, Moment::BeforeAnswer, move || async move { tx.send(()).unwrap() });
        counter.enter("one".into()).await;
        assert!(counter.lets_pass(1, Moment::BeforeForwarding).await);
        assert!(rx.try_recv().is_err());
        assert!(counter.lets_pass(1, Moment::BeforeAnswer).await);
        assert!(rx.try_recv().is_ok());
        assert!(counter.lets_pass(1, Moment::BeforeAnswer).await);
    }
}
