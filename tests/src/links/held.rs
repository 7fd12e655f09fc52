//! A job that is held up at one of its statements for as long as the test wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::{Semaphore, mpsc};

use crate::counter::Moment;
use crate::dbproxy::DbProxy;

/// How long a statement is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A statement that is not forwarded before the test says so.
pub struct Held {
    come: mpsc::UnboundedReceiver<()>,
    gate: Arc<Semaphore>,
}

impl Held {
    /// Will hold the nth statement (from 1) that contains this text.
    pub fn at(proxy: &DbProxy, text: &str, nth: usize) -> Self {
        let (sender, come) = mpsc::unbounded_channel();
        let (gate, seen) = (Arc::new(Semaphore::new(0)), AtomicUsize::new(0));
        let held = gate.clone();
        proxy.when_run(text, Moment::BeforeForwarding, move |_| {
            let is_it = seen.fetch_add(1, Ordering::SeqCst) + 1 == nth;
            let (sender, gate) = (sender.clone(), held.clone());
            async move {
                if is_it {
                    // An error means that the test is over; that the gate was closed is what is waited for.
                    let _ = sender.send(());
                    let _ = gate.acquire().await;
                }
            }
        });
        Self { come, gate }
    }

    /// Returns when the statement has come. Errs when it does not.
    pub async fn come(&mut self) -> Result<()> {
        let come = tokio::time::timeout(PATIENCE, self.come.recv()).await;
        come.ok().flatten().context("the statement never came")
    }

    /// Lets it go on.
    pub fn release(&self) {
        self.gate.close();
    }
}
