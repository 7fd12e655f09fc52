//! What the parts of a sender share: the lease, the queue, the settings in force and what lines are made with.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::operator::{Operator, Place};
use super::{FeedJob, Ground};
use crate::clock::Clock;
use crate::core::feed::Feed;
use crate::core::text::terminal;
use crate::core::types::Timestamp;
use crate::db::feed_line::{self, Queue};
use crate::db::run::{self as run_record, Finish, Requests, State};
use crate::db::{Db, Fence, Lease, feed_state};
use crate::wiki::Stop;

/// Lines that are settled, and records of senders, are kept so long.
const KEPT: TimeDelta = TimeDelta::days(7);
/// Lines of feeds that the settings no longer name wait so long for their coming back.
const GONE: TimeDelta = TimeDelta::hours(6);
/// A lane that was not seen at work for so long hangs: longer than anything it waits for.
const HANGS: Duration = Duration::from_secs(5 * 60);
/// First pause after a failure; each further one doubles it.
const PAUSE: TimeDelta = TimeDelta::seconds(15);
/// Longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);

/// The settings in force, and what goes with them.
pub(super) struct Current<J: FeedJob> {
    /// All feeds.
    pub feeds: Vec<Feed>,
    /// Makes lines.
    pub teller: Mutex<J::Teller>,
    /// Answers commands.
    pub desk: Mutex<J::Desk>,
}

impl<J: FeedJob> Current<J> {
    /// From settings, with a ground for each of both.
    pub fn new(feeds: Vec<Feed>, ground: impl Fn() -> Ground<J::Settings>) -> Current<J> {
        Current {
            feeds,
            teller: Mutex::new(J::teller(ground())),
            desk: Mutex::new(J::desk(ground())),
        }
    }
}

/// A sender.
pub(super) struct Center<J: FeedJob> {
    /// The database.
    pub db: Db,
    /// Proof of being the only sender.
    pub fence: Fence,
    /// Key of the wiki whose settings these are.
    pub wiki: String,
    /// The operator's word.
    pub operator: Operator,
    /// The clock.
    pub clock: Clock,
    /// SIGTERM.
    pub stop: Stop,
    /// It keeps its connections and answers commands; else it ends when nothing waits.
    pub stays: bool,
    current: RefCell<Option<Rc<Current<J>>>>,
    is_lost: Cell<bool>,
    sent: Cell<u64>,
    /// When each lane was last seen at work.
    beats: RefCell<HashMap<Place, Instant>>,
}

impl<J: FeedJob> Center<J> {
    /// A sender with a lease of its own.
    pub fn new(db: &Db, lease: &Lease, operator: Operator, clock: Clock, stop: &Stop, stays: bool) -> Center<J> {
        Center {
            db: db.clone(),
            fence: lease.fence().clone(),
            wiki: lease.fence().wiki.clone(),
            operator,
            clock,
            stop: stop.clone(),
            stays,
            current: RefCell::new(None),
            is_lost: Cell::new(false),
            sent: Cell::new(0),
            beats: RefCell::default(),
        }
    }

    /// The job's queue.
    pub fn queue(&self) -> Queue<'_> {
        Queue {
            job: J::NAME,
            wiki: &self.wiki,
        }
    }

    /// The settings in force; `None`: nothing is sent now.
    pub fn current(&self) -> Option<Rc<Current<J>>> {
        self.current.borrow().clone()
    }

    /// Other settings, or none.
    pub fn set(&self, current: Option<Rc<Current<J>>>) {
        self.current.replace(current);
    }

    /// The feeds that go there now.
    pub fn feeds_of(&self, place: &Place) -> Vec<Feed> {
        let Some(current) = self.current() else {
            return Vec::new();
        };
        let goes_there = |feed: &&Feed| self.operator.place(feed).is_ok_and(|of| of == *place);
        current.feeds.iter().filter(goes_there).cloned().collect()
    }

    /// Where the feeds go, each place once.
    pub fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for feed in self.current().iter().flat_map(|current| &current.feeds) {
            if let Ok(place) = self.operator.place(feed)
                && !places.contains(&place)
            {
                places.push(place);
            }
        }
        places
    }

    /// What was sent so far.
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// One more was.
    pub fn count(&self) {
        self.sent.set(self.sent.get() + 1);
    }

    /// Whether another sender took over.
    pub fn is_lost(&self) -> bool {
        self.is_lost.get()
    }

    /// Another sender took over, if the error says so.
    pub fn look_at(&self, error: &anyhow::Error) {
        let is_fenced =
            |cause: &(dyn std::error::Error + 'static)| cause.downcast_ref().is_some_and(crate::db::Error::is_fenced);
        if error.chain().any(is_fenced) {
            self.is_lost.set(true);
        }
    }

    /// A pause of a loop; in tests without pauses a very short one.
    pub fn wait(&self, pause: Duration) -> Duration {
        self.clock.pause(pause).max(Duration::from_millis(30))
    }

    /// When to try again after so many failures in a row.
    pub fn next_try(&self, failures: u32) -> Timestamp {
        let pause = (PAUSE * 2_i32.pow(failures.min(10))).min(LONGEST_PAUSE);
        let pause = self.clock.pause(pause.to_std().unwrap_or_default());
        self.clock.now() + TimeDelta::from_std(pause).unwrap_or_default()
    }

    /// What was being sent when an earlier sender died may have arrived or not.
    pub async fn take_over(&self) -> crate::db::Result<()> {
        let of = self.queue();
        let doubtful = self
            .db
            .fenced(&self.fence, "taking over lines of feeds", async |tx| {
                feed_line::take_over(tx, of).await
            })
            .await?;
        if doubtful > 0 {
            tracing::warn!(
                "{doubtful} lines were being sent when the last sender died: they are sent again, and say so"
            );
        }
        Ok(())
    }

    /// Takes out of the queue what has waited too long, and what nobody will send; tells the status page which feeds the
    /// operator does not let out.
    pub async fn clean(&self) -> anyhow::Result<()> {
        let Some(current) = self.current() else { return Ok(()) };
        let (of, now) = (self.queue(), self.clock.now());
        let states = self.db.read(async |db| feed_state::all(db, of).await).await?;
        let names: Vec<&str> = current.feeds.iter().map(|feed| feed.name.as_str()).collect();
        let (dropped, gone) = self
            .db
            .fenced(&self.fence, "dropping lines that are too old", async |tx| {
                let mut dropped = Vec::new();
                for feed in &current.feeds {
                    let count = feed_line::drop_old(tx, of, &feed.name, now - feed.max_age, now).await?;
                    dropped.push((feed.name.as_str(), count));
                }
                let gone = feed_line::forget_others(tx, of, &names, now - GONE, now).await?;
                Ok((dropped, gone))
            })
            .await?;
        for (feed, count) in dropped.into_iter().filter(|(_, count)| *count > 0) {
            tracing::warn!("feed {feed}: {count} lines had waited too long and are not sent");
        }
        if gone > 0 {
            tracing::warn!("{gone} lines of feeds that the settings no longer name are not sent");
        }
        for feed in &current.feeds {
            let state = states.get(&feed.name);
            let known = state.and_then(|state| state.trouble.as_deref());
            let is_held = state.and_then(|state| state.next_try).is_some_and(|next| next > now);
            if let Err(why) = self.operator.place(feed)
                && known != Some(why.as_str())
                && !is_held
            {
                tracing::warn!("feed {}: {}", feed.name, terminal(&why));
                self.trouble(&[feed], &why, now).await?;
            }
        }
        feed_line::prune(&self.db, of, now - KEPT).await?;
        Ok(())
    }

    /// A lane is at work there.
    pub fn beats(&self, place: &Place) {
        self.beats.borrow_mut().insert(place.clone(), Instant::now());
    }

    /// It ended.
    pub fn is_done(&self, place: &Place) {
        self.beats.borrow_mut().remove(place);
    }

    /// Whether no lane hangs.
    pub fn is_alive(&self) -> bool {
        self.beats.borrow().values().all(|beat| beat.elapsed() < HANGS)
    }

    /// Notes that these feeds cannot be sent now.
    pub async fn trouble(&self, feeds: &[&Feed], why: &str, next_try: Timestamp) -> crate::db::Result<()> {
        let (of, now) = (self.queue(), self.clock.now());
        self.db
            .fenced(&self.fence, "noting that a feed cannot be sent", async |tx| {
                for feed in feeds {
                    feed_state::trouble(tx, of, &feed.name, why, next_try, now).await?;
                }
                Ok(())
            })
            .await
    }
}

/// Name of the lease under which a job's feeds are sent.
pub(super) fn lease_job<J: FeedJob>() -> String {
    format!("{}-feed", J::NAME)
}

/// Ends the record of a sender.
pub(super) async fn end_record<J: FeedJob>(center: &Center<J>, success: bool) {
    let (now, fence) = (center.clock.now(), &center.fence);
    let summary = format!("sent={}", center.sent());
    let end = Finish {
        state: match (success, center.stop.is_stopped()) {
            (_, true) => State::Stopped,
            (true, false) => State::Done,
            (false, false) => State::Failed,
        },
        exit_code: 0,
        success,
        edits: 0,
        db_rows: u32::try_from(center.sent()).unwrap_or(u32::MAX),
        requests: Requests::default(),
        settings_revid: None,
        summary: &summary,
    };
    let ended = async {
        run_record::finish(&mut *center.db.conn().await?, fence.run_id, &end, now).await?;
        run_record::prune(&center.db, &fence.job, &fence.wiki, now - KEPT, 500).await
    };
    if let Err(error) = ended.await {
        tracing::warn!("the record of what feeds were sent: {}", terminal(&error.to_string()));
    }
}
