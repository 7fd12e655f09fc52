//! One place and the feeds that go there: takes their lines from the queue in turn, asks what they say now, sends them one
//! by one. Each line is claimed before it is sent and settled after; a sender that dies in between leaves one line in
//! doubt, which is sent again with a note that says so: a report twice does less harm than one that nobody saw.

mod deliver;
mod settle;
mod stand_by;
mod then;
mod todo;

use std::rc::Rc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::center::{Center, Current};
use super::operator::Place;
use super::outlet::Outlet;
use super::{FeedJob, Line};
use crate::core::feed::{Feed, Level};
use crate::core::text::terminal;
use crate::core::types::Timestamp;
use crate::db::feed_line::{self, Dropped, Waiting};
use crate::db::feed_state;

/// The queue is looked at so often.
const POLL: Duration = Duration::from_secs(2);
/// Lines that were made are sent within this time, or made again: what is hidden meanwhile goes nowhere.
const FRESH: Duration = Duration::from_secs(20);
/// Where people do not let the bot speak, it asks again after this.
const REFUSED: TimeDelta = TimeDelta::minutes(15);
/// The same after a ban or a kick.
pub(super) const THROWN_OUT: TimeDelta = TimeDelta::hours(1);

/// A place and its connection.
pub(super) struct Lane<J: FeedJob> {
    center: Rc<Center<J>>,
    place: Place,
    outlet: Option<Outlet>,
    /// Hears what people say there; ends with the connection.
    listener: Option<AbortOnDrop>,
    /// Which feed comes first: another one each time.
    turn: usize,
    /// No line is begun after this.
    until: Option<Instant>,
    /// What became of lines while the database did not take it down: sent ones must never be sent again.
    unsettled: Vec<Unsettled>,
}

/// A task that ends with its owner.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the database has yet to be told.
struct Unsettled {
    /// The line; `None`: that lines of the feed were dropped.
    line: Option<u64>,
    feed: String,
    became: Became,
}

impl Unsettled {
    fn new(feed: &Feed, todo: &Todo, became: Became) -> Unsettled {
        Unsettled {
            line: match todo {
                Todo::Line(row, _) => Some(row.id),
                Todo::Dropped(_) => None,
            },
            feed: feed.name.clone(),
            became,
        }
    }
}

/// What became of a line that was claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Became {
    Sent,
    Withheld,
    /// It waits again; perhaps it was sent.
    Waits {
        in_doubt: bool,
        next_try: Timestamp,
    },
}

/// Something to send.
enum Todo {
    Line(Waiting, Line),
    /// That lines were dropped.
    Dropped(Dropped),
}

impl Todo {
    fn is_in_doubt(&self) -> bool {
        match self {
            Todo::Line(row, _) => row.in_doubt,
            Todo::Dropped(dropped) => dropped.in_doubt,
        }
    }
}

impl<J: FeedJob> Lane<J> {
    /// Nothing is opened yet; nothing is begun after `until`.
    pub fn new(center: Rc<Center<J>>, place: Place, until: Option<Instant>) -> Lane<J> {
        Lane {
            center,
            place,
            outlet: None,
            listener: None,
            turn: 0,
            until,
            unsettled: Vec::new(),
        }
    }

    /// Sends what waits: until no feed goes there any more, SIGTERM, or the end of its time; a sender that does not stay
    /// ends when nothing waits.
    pub async fn run(mut self) {
        let center = self.center.clone();
        let mut told = None;
        loop {
            center.beats(&self.place);
            let feeds = center.feeds_of(&self.place);
            let more = match center.current().filter(|_| !feeds.is_empty()) {
                _ if self.is_over() => break,
                Some(current) => self.round(&current, &feeds).await,
                // What was sent and could not be noted would be sent again.
                None if center.is_lost() || self.settle_rest().await.is_ok() => break,
                None => Ok(false),
            };
            let error = more.as_ref().err().map(|error| format!("{error:#}"));
            if let Some(why) = error.as_ref().filter(|why| told.as_ref() != Some(*why)) {
                tracing::warn!("feeds to {}: {}", self.place, terminal(why));
            }
            told = error;
            if let Err(error) = &more {
                center.look_at(error);
            }
            if center.is_lost() || (!center.stays && !matches!(more, Ok(true))) {
                break;
            }
            let pause = if matches!(more, Ok(true)) { Duration::ZERO } else { POLL };
            tokio::select! {
                () = center.stop.stopped() => break,
                () = tokio::time::sleep(center.wait(pause)) => {}
            }
        }
        if let Err(error) = self.settle_rest().await {
            tracing::warn!("feeds to {}: {}", self.place, terminal(&format!("{error:#}")));
        }
        self.listener = None;
        if let Some(outlet) = self.outlet.take() {
            outlet.close("done").await;
        }
        center.is_done(&self.place);
    }

    /// What waits now; whether there may be more.
    async fn round(&mut self, current: &Rc<Current<J>>, feeds: &[Feed]) -> anyhow::Result<bool> {
        self.settle_rest().await?;
        let center = self.center.clone();
        let (of, now) = (center.queue(), center.clock.now());
        let states = center.db.read(async |db| feed_state::all(db, of).await).await?;
        let state = |feed: &Feed| states.get(&feed.name).cloned().unwrap_or_default();
        let mut due: Vec<&Feed> = feeds
            .iter()
            .filter(|feed| state(feed).next_try.is_none_or(|next| next <= now))
            .collect();
        if self.center.stays && matches!(self.place, Place::Irc { .. }) && !self.stand_by(&mut due, &states).await? {
            return Ok(false);
        }
        let is_silent = |feed: &Feed| state(feed).switches.level_of(feed) == Level::Silent;
        let mut turns: Vec<&Feed> = feeds
            .iter()
            .filter(|feed| is_silent(feed) || due.iter().any(|of| of.name == feed.name))
            .collect();
        let names: Vec<&str> = turns.iter().map(|feed| feed.name.as_str()).collect();
        if !self
            .center
            .db
            .read(async |db| feed_line::is_due(db, of, &names).await)
            .await?
        {
            return Ok(false);
        }
        self.turn = self.turn.wrapping_add(1);
        let first = self.turn % turns.len();
        turns.rotate_left(first);
        let most = todo::at_once(turns.len());
        let mut more = false;
        let mut all = Vec::new();
        let made = Instant::now();
        for feed in turns {
            let todo = self
                .todo(current, feed, state(feed).switches.level_of(feed), most)
                .await?;
            more |= todo.more;
            all.push((feed, todo.all.into_iter(), Failures::default()));
        }
        // In turn, so that a feed with a flood delays the others by a line each.
        while !all.is_empty() {
            let mut left = Vec::new();
            for (feed, mut todo, mut failures) in all {
                let Some(next) = todo.next() else { continue };
                let is_current = self.center.current().is_some_and(|now| Rc::ptr_eq(&now, current));
                if self.is_over() || !is_current || made.elapsed() > FRESH {
                    return Ok(true);
                }
                if self.is_switched(feed, &state(feed)).await? {
                    return Ok(true);
                }
                self.center.beats(&self.place);
                failures.before = state(feed).failures;
                match self.deliver(feed, feeds, next, &mut failures).await? {
                    Went::On => left.push((feed, todo, failures)),
                    Went::FeedOut => {}
                    Went::PlaceOut => return Ok(false),
                }
            }
            all = left;
        }
        Ok(more)
    }

    fn is_over(&self) -> bool {
        self.center.stop.is_stopped() || self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// Whether people switched the feed since the lines were made.
    async fn is_switched(&self, feed: &Feed, was: &feed_state::State) -> crate::db::Result<bool> {
        let of = self.center.queue();
        let states = self.center.db.read(async |db| feed_state::all(db, of).await).await?;
        Ok(
            states.get(&feed.name).map(|state| &state.switches) != Some(&was.switches)
                && states.contains_key(&feed.name),
        )
    }

    async fn trouble(&self, feeds: &[&Feed], why: &str, next_try: Timestamp) -> anyhow::Result<()> {
        if self.center.stop.is_stopped() {
            return Ok(());
        }
        let names: Vec<&str> = feeds.iter().map(|feed| feed.name.as_str()).collect();
        tracing::warn!(
            "feed {}: nothing can be sent to {} now: {}; next try {} UTC",
            names.join(", "),
            self.place,
            terminal(why),
            next_try.format("%H:%M:%S")
        );
        Ok(self.center.trouble(feeds, why, next_try).await?)
    }
}

/// How it went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Went {
    On,
    /// Nothing more of this feed now.
    FeedOut,
    /// Nothing more to this place now.
    PlaceOut,
}

/// How often a feed failed.
#[derive(Clone, Copy, Default)]
struct Failures {
    /// In earlier rounds, in a row.
    before: u32,
    /// The last line of this round did.
    now: bool,
}
