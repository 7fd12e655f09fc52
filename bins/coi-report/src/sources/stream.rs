//! The event streams of many wikis, read by one connection for as long as a run listens.
//!
//! Two streams tell of one edit: what was edited by whom, and which links came. They are joined here, and given in
//! batches, each with the place to go on from once it is stored. What a run leaves unfinished the next one reads again.
//! <https://wikitech.wikimedia.org/wiki/Event_Platform/EventStreams_HTTP_Service>

mod edit;
mod join;

use std::time::Duration;

use shared::core::stream_event::{self, LINKS_CHANGE, RECENT_CHANGE, StreamEvent};
use shared::wiki::stream::{Event, EventStream, Resume, StreamConfig, Told};
use shared::wiki::{Error, Gap, Stop};
use tokio::time::Instant;

pub use edit::{Bounds, Counts, Position, StreamEdit, is_by_author};
pub use join::Joiner;

/// Edits after which a batch is given.
const BATCH: usize = 500;
/// A batch with fewer edits is given after this time.
const LONGEST: Duration = Duration::from_secs(15);
/// Events that cannot be read which are told one by one.
const TOLD: usize = 20;

/// Edits that are looked at and stored together.
#[derive(Clone, Debug, Default)]
pub struct StreamBatch {
    /// The edits of all wanted wikis, in no strict order.
    pub edits: Vec<StreamEdit>,
    /// Where to go on once this batch is stored; `None`: where it was before.
    pub resume: Option<Position>,
    /// What the stream no longer offers.
    pub gaps: Vec<Gap>,
    /// Why events could not be read, the first 20 of the run.
    pub unreadable: Vec<String>,
    /// Events of all kinds and wikis since the batch before.
    pub events: u64,
}

/// Reads the streams.
pub struct StreamSource<W> {
    stream: EventStream,
    joiner: Joiner,
    wants: W,
    deadline: Instant,
    /// Time spent with the streams: while a batch is looked at, links may come that nobody hears yet.
    listened: Duration,
    batch: StreamBatch,
    /// As `listened` was when the last batch was given.
    batch_begun: Duration,
    /// Edits after which a batch is given, and the time after which it is.
    bounds: (usize, Duration),
    unreadable: u64,
    is_over: bool,
    failed: Option<Error>,
}

impl<W: Fn(&str, &str) -> bool> StreamSource<W> {
    /// Prepares to listen for so long. `wants` says whether a wiki is watched by this part of the work, by its key
    /// (`en.wikipedia.org/w`) and the name of its database (`enwiki`). `from`: where the last run ended; `None`: with
    /// whatever comes next. `seed` feeds the jitter of pauses.
    ///
    /// Errs when the address of the streams cannot be used.
    pub fn open(
        config: StreamConfig,
        wants: W,
        from: Option<&Position>,
        listens: Duration,
        seed: u64,
        stop: Stop,
    ) -> Result<Self, Error> {
        let resume = from.map_or(Resume::Latest, Position::resume);
        let streams = [RECENT_CHANGE, LINKS_CHANGE];
        let now = Instant::now();
        Ok(Self {
            stream: EventStream::open(config, &streams, resume, seed, stop)?,
            joiner: match from {
                Some(position) => Joiner::after(Bounds::for_run(listens), position),
                None => Joiner::new(Bounds::for_run(listens)),
            },
            wants,
            deadline: now + listens,
            listened: Duration::ZERO,
            batch: StreamBatch::default(),
            batch_begun: Duration::ZERO,
            bounds: (BATCH, LONGEST),
            unreadable: 0,
            is_over: false,
            failed: None,
        })
    }

    /// Gives batches four times as big, and as rarely: where many wikis share them, each has few edits, and is asked for
    /// those of one batch at once.
    pub fn in_big_batches(mut self) -> Self {
        self.bounds = (BATCH * 4, LONGEST * 4);
        self
    }

    /// The next batch; `None` when the time for listening is over. Memory use is a batch and the edits that wait for
    /// their links, at most 20,000.
    ///
    /// Errs as [`EventStream::next`] does, after what was finished before has been given. After a stop nothing more is
    /// given.
    pub async fn next(&mut self) -> Result<Option<StreamBatch>, Error> {
        while !self.is_over {
            let before = Instant::now();
            let told = self.stream.next(self.deadline).await;
            self.listened += before.elapsed();
            match told {
                Ok(Some(told)) => self.take(told),
                Ok(None) => self.is_over = true,
                Err(stopped @ Error::Stopped { .. }) => return Err(stopped),
                Err(error) => {
                    self.is_over = true;
                    self.failed = Some(error);
                }
            }
            self.joiner.look(self.listened);
            let (edits, longest) = self.bounds;
            let is_full = self.joiner.ready() >= edits || self.listened - self.batch_begun >= longest;
            if (is_full || self.is_over)
                && let Some(batch) = self.give()
            {
                return Ok(Some(batch));
            }
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None => Ok(None),
        }
    }

    /// What came to nothing so far, and how many events could not be read.
    pub fn counts(&self) -> (Counts, u64) {
        (self.joiner.counts(), self.unreadable)
    }

    fn take(&mut self, told: Told) {
        match told {
            Told::Event(event) => {
                self.batch.events += 1;
                self.event(&event);
            }
            Told::Gap(gap) => self.batch.gaps.push(gap),
            Told::TooLong { id, bytes } => {
                self.batch.events += 1;
                self.not_read(format!("an event of {bytes} bytes is too long"));
                self.joiner.other(&id, None);
            }
            Told::Quiet => {}
        }
    }

    fn event(&mut self, event: &Event) {
        let now = self.listened;
        let id = &event.id;
        match stream_event::read(&event.data) {
            Ok(StreamEvent::Edit(change)) => {
                if (self.wants)(&change.wiki, &change.dbname) {
                    return self.joiner.change(id, change, now);
                }
                self.joiner.changes_reached(change.dt);
            }
            Ok(StreamEvent::Links(links)) => {
                let of = &links.links.of;
                if (self.wants)(&of.wiki, &links.dbname) {
                    return self.joiner.link(id, links, now);
                }
                self.joiner.links_reached(of.ts);
            }
            Ok(StreamEvent::Canary | StreamEvent::Other) => {}
            Err(error) => self.not_read(error.to_string()),
        }
        self.joiner.other(id, event.at);
    }

    fn not_read(&mut self, why: String) {
        self.unreadable += 1;
        if self.unreadable <= TOLD as u64 {
            self.batch.unreadable.push(why);
        }
    }

    /// What is ready, if there is anything to tell.
    fn give(&mut self) -> Option<StreamBatch> {
        let (edits, resume) = self.joiner.take();
        self.batch_begun = self.listened;
        let mut batch = std::mem::take(&mut self.batch);
        let is_empty = edits.is_empty() && resume.is_none() && batch.gaps.is_empty() && batch.unreadable.is_empty();
        if is_empty {
            self.batch.events = batch.events;
            return None;
        }
        (batch.edits, batch.resume) = (edits, resume);
        Some(batch)
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
