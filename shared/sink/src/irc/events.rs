//! What happens in the channels, from the connection to whoever looks after it. However much is said there, only so much
//! waits: what nobody reads in time is left out, but never that we are out of a channel.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

/// Most lines of channels that wait to be read.
const MOST_WAITING: usize = 256;

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// Somebody said something in a channel that we are in. Raw: it may hold anything but line ends and NUL.
    Said {
        /// The channel, as it was asked for.
        channel: String,
        /// The nick; anybody can have any.
        nick: String,
        /// `user@host`, as the server shows it.
        from: String,
        /// The account of the network's services to which the person has logged in, as the server tells it. `None`:
        /// not logged in, or the server does not tell.
        account: Option<String>,
        /// What was said.
        text: String,
    },
    /// We are in a channel no more.
    Out {
        /// The channel, as it was asked for.
        channel: String,
        /// The nick or server that did it.
        by: String,
        /// The reason given, as one harmless line.
        why: String,
        /// How.
        kind: Leave,
    },
    /// The connection is gone, and why. Nothing comes after it.
    Gone(String),
}

/// How one comes out of a channel without having asked for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leave {
    /// By an operator of the channel.
    Kicked,
    /// By the network, which made us leave.
    Parted,
}

/// Where events are read.
pub struct Events {
    events: mpsc::UnboundedReceiver<Event>,
    waiting: Arc<AtomicUsize>,
}

impl Events {
    /// The next one; `None` after [`Event::Gone`].
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.events.recv().await?;
        if matches!(event, Event::Said { .. }) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        Some(event)
    }
}

/// Where events are sent.
pub struct EventSender {
    events: mpsc::UnboundedSender<Event>,
    waiting: Arc<AtomicUsize>,
}

impl EventSender {
    /// Sends it. It is left out where nobody reads events any more, and what is said also where too much waits.
    pub fn send(&self, event: Event) {
        if matches!(event, Event::Said { .. }) {
            if self.waiting.load(Ordering::Relaxed) >= MOST_WAITING {
                return;
            }
            self.waiting.fetch_add(1, Ordering::Relaxed);
        }
        self.events.send(event).ok();
    }
}

/// Both ends.
pub fn channel() -> (EventSender, Events) {
    let (to, events) = mpsc::unbounded_channel();
    let waiting = Arc::new(AtomicUsize::new(0));
    let sender = EventSender {
        events: to,
        waiting: Arc::clone(&waiting),
    };
    (sender, Events { events, waiting })
}
