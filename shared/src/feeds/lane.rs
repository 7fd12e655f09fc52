//! One place and the feeds that go there: takes their lines from the queue in turn, asks what they say now, sends them one
//! by one. Each line is claimed before it is sent and settled after; a sender that dies in between leaves one line in
//! doubt, which is sent again with a note that says so: a report twice does less harm than one that nobody saw.

mod settle;
mod stand_by;

use std::rc::Rc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tokio::time::Instant;

use super::center::{Center, Current};
use super::operator::Place;
use super::outlet::{Failed, Outlet};
use super::{FeedJob, Line, Teller as _, Told};
use crate::core::feed::{Feed, Level};
use crate::core::intent::token;
use crate::core::text::terminal;
use crate::core::types::Timestamp;
use crate::db::feed_line::{self, Dropped, State, Waiting};
use crate::db::feed_state;

/// Lines of one feed that are made at once: what is hidden or switched meanwhile is looked at before the next ones.
const AT_ONCE: u32 = 10;
/// The queue is looked at so often.
const POLL: Duration = Duration::from_secs(2);
/// A wiki that did not answer is asked again after this.
const ASK_AGAIN: TimeDelta = TimeDelta::seconds(30);
/// Where people do not let the bot speak, it asks again after this.
const REFUSED: TimeDelta = TimeDelta::minutes(15);
/// The same after a ban or a kick.
pub(super) const THROWN_OUT: TimeDelta = TimeDelta::hours(1);
/// After SIGTERM a line that is under way has so long to arrive.
const GRACE: Duration = Duration::from_secs(6);

/// A place and its connection.
pub(super) struct Lane<J: FeedJob> {
    center: Rc<Center<J>>,
    place: Place,
    outlet: Option<Outlet>,
    /// No line is begun after this.
    until: Option<Instant>,
    /// What became of lines while the database did not take it down: sent ones must never be sent again.
    unsettled: Vec<(Which, Became)>,
}

/// Rows of the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Which {
    /// One line.
    Line(u64),
    /// Those of a feed that were dropped.
    Dropped(String),
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
    fn rows(&self, feed: &Feed) -> Which {
        match self {
            Todo::Line(row, _) => Which::Line(row.id),
            Todo::Dropped(_) => Which::Dropped(feed.name.clone()),
        }
    }

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
            until,
            unsettled: Vec::new(),
        }
    }

    /// Sends what waits: until no feed goes there any more, SIGTERM, or the end of its time; a sender that does not stay
    /// ends when nothing waits.
    pub async fn run(mut self) {
        let center = self.center.clone();
        loop {
            let feeds = center.feeds_of(&self.place);
            let current = center.current();
            let (Some(current), false) = (current, feeds.is_empty() || self.is_over()) else {
                break;
            };
            let more = self.round(&current, &feeds).await;
            if let Err(error) = &more {
                tracing::warn!("feeds to {}: {}", self.place, terminal(&format!("{error:#}")));
                center.look_at(error);
            }
            if center.is_lost() || center.stop.is_stopped() || (!center.stays && !matches!(more, Ok(true))) {
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
        if let Some(outlet) = self.outlet.take() {
            outlet.close("done").await;
        }
    }

    /// What waits now; whether there may be more.
    async fn round(&mut self, current: &Current<J>, feeds: &[Feed]) -> anyhow::Result<bool> {
        self.settle_rest().await?;
        let (of, now) = (self.center.queue(), self.center.clock.now());
        let states = self.center.db.read(async |db| feed_state::all(db, of).await).await?;
        let state = |feed: &Feed| states.get(&feed.name).cloned().unwrap_or_default();
        let is_due = |feed: &Feed| state(feed).next_try.is_none_or(|next| next <= now);
        if self.center.stays && matches!(self.place, Place::Irc { .. }) {
            let due: Vec<&Feed> = feeds.iter().filter(|feed| is_due(feed)).collect();
            self.stand_by(&due, &states).await?;
        }
        let mut all = Vec::new();
        let mut more = false;
        for feed in feeds {
            let level = state(feed).switches.level_of(feed);
            if level != Level::Silent && !is_due(feed) {
                continue;
            }
            let todo = self.todo(current, feed, level).await?;
            more |= todo.1;
            all.push((feed, todo.0));
        }
        // In turn, so that a feed with a flood delays the others by a line each.
        let longest = all.iter().map(|(_, todo)| todo.len()).max().unwrap_or(0);
        let mut failed: Vec<&str> = Vec::new();
        let mut turns: Vec<(&Feed, std::vec::IntoIter<Todo>)> =
            all.into_iter().map(|(feed, todo)| (feed, todo.into_iter())).collect();
        for _ in 0..longest {
            for (feed, todo) in &mut turns {
                let is_out = failed.contains(&feed.name.as_str());
                let Some(todo) = todo.next().filter(|_| !is_out) else {
                    continue;
                };
                if self.is_over() || self.is_switched(feed, &state(feed)).await? {
                    return Ok(true);
                }
                let failures = state(feed).failures;
                match self.deliver(feed, feeds, todo, failures).await? {
                    Went::On => {}
                    Went::FeedOut => failed.push(&feed.name),
                    Went::PlaceOut => return Ok(false),
                }
            }
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

    /// What is to be sent of a feed, and whether there may be more of it. What is not to be sent is settled.
    async fn todo(&self, current: &Current<J>, feed: &Feed, level: Level) -> anyhow::Result<(Vec<Todo>, bool)> {
        let (of, now, db) = (self.center.queue(), self.center.clock.now(), &self.center.db);
        let rows = db
            .read(async |db| feed_line::waiting(db, of, &feed.name, now, AT_ONCE).await)
            .await?;
        let more = rows.len() == AT_ONCE as usize;
        let items: Vec<u64> = rows.iter().map(|row| row.item).collect();
        let told = match level {
            Level::Silent => vec![Told::Withheld("silent"); rows.len()],
            level if !rows.is_empty() => current.teller.lock().await.tell(feed, level, &items).await?,
            _ => Vec::new(),
        };
        let mut todo = Vec::new();
        let (mut withheld, mut later) = (Vec::new(), Vec::new());
        for (row, told) in rows.into_iter().zip(told) {
            match told {
                Told::Line(line) => todo.push(Todo::Line(row, line)),
                Told::Withheld(why) => {
                    tracing::debug!("feed {}: item {} is not sent: {why}", feed.name, row.item);
                    withheld.push(row.id);
                }
                Told::NotNow(why) => {
                    tracing::debug!("feed {}: item {} waits: {}", feed.name, row.item, terminal(&why));
                    later.push(row);
                }
            }
        }
        if !withheld.is_empty() || !later.is_empty() {
            let fence = &self.center.fence;
            db.fenced(fence, "settling lines that are not sent", async |tx| {
                feed_line::settle(tx, of, &withheld, State::Withheld, now).await?;
                for row in &later {
                    feed_line::put_back(tx, of, row.id, row.in_doubt, now + ASK_AGAIN).await?;
                }
                Ok(())
            })
            .await?;
        }
        if level != Level::Silent {
            let dropped = db.read(async |db| feed_line::dropped(db, of, &feed.name).await).await?;
            if let Some(dropped) = dropped {
                todo.insert(0, Todo::Dropped(dropped));
            }
        }
        Ok((todo, more))
    }

    /// Sends one line or notice.
    async fn deliver(&mut self, feed: &Feed, feeds: &[Feed], todo: Todo, failures: u32) -> anyhow::Result<Went> {
        if let Err(why) = self.open().await {
            self.trouble(&feeds.iter().collect::<Vec<_>>(), &why, self.center.next_try(failures))
                .await?;
            return Ok(Went::PlaceOut);
        }
        if !self.claim(feed, &todo).await? {
            return Ok(Went::On);
        }
        let (line, delivery) = self.written(feed, &todo);
        let sent = self.send(feed, &delivery, &line).await;
        let now = self.center.clock.now();
        let wait = |after: Option<Duration>| {
            let asked = after
                .and_then(|after| TimeDelta::from_std(after).ok())
                .map(|after| now + after);
            asked.unwrap_or(now).max(self.center.next_try(failures))
        };
        let waits = |in_doubt: bool, next_try: Timestamp| Became::Waits { in_doubt, next_try };
        let was_in_doubt = todo.is_in_doubt();
        match sent {
            Ok(()) => {
                self.center.count();
                self.settle(feed, &todo, Became::Sent).await?;
                Ok(Went::On)
            }
            Err(Failed::Never(why)) => {
                tracing::warn!("feed {}: {}", feed.name, terminal(&why));
                self.settle(feed, &todo, Became::Withheld).await?;
                Ok(Went::On)
            }
            Err(Failed::Refused { why, is_banned }) => {
                let next_try = now + if is_banned { THROWN_OUT } else { REFUSED };
                self.settle(feed, &todo, waits(was_in_doubt, now)).await?;
                self.trouble(&[feed], &why, next_try).await?;
                Ok(Went::FeedOut)
            }
            Err(Failed::Later {
                why,
                in_doubt,
                after,
                is_gone,
            }) => {
                let next_try = wait(after);
                self.settle(feed, &todo, waits(in_doubt || was_in_doubt, now)).await?;
                let concerned: Vec<&Feed> = if is_gone { feeds.iter().collect() } else { vec![feed] };
                self.trouble(&concerned, &why, next_try).await?;
                if is_gone {
                    self.outlet = None;
                    return Ok(Went::PlaceOut);
                }
                Ok(Went::FeedOut)
            }
        }
    }

    /// What goes out, and by which name receivers know it again.
    fn written(&self, feed: &Feed, todo: &Todo) -> (Line, String) {
        let (line, is_again, key) = match todo {
            Todo::Line(row, line) => (line.clone(), row.in_doubt, format!("{}|{}", feed.name, row.item)),
            Todo::Dropped(dropped) => {
                let (from, to) = (dropped.from.to_rfc3339(), dropped.to.to_rfc3339());
                let key = format!("{}|dropped|{from}|{to}|{}", feed.name, dropped.count);
                (told_dropped(feed, dropped), dropped.in_doubt, key)
            }
        };
        let delivery = token(J::NAME, &self.center.wiki, &key);
        if !is_again {
            return (line, delivery);
        }
        let mut again = line;
        again.text = format!("(perhaps again) {}", again.text);
        (again, delivery)
    }

    async fn send(&self, feed: &Feed, delivery: &str, line: &Line) -> Result<(), Failed> {
        let stopped = || Failed::Later {
            why: "stopped".to_owned(),
            in_doubt: true,
            after: None,
            is_gone: true,
        };
        let Some(outlet) = &self.outlet else {
            return Err(stopped());
        };
        let grace = async {
            self.center.stop.stopped().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            sent = outlet.send(feed, delivery, line, self.center.clock.now()) => sent,
            () = grace => Err(stopped()),
        }
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
enum Went {
    On,
    /// Nothing more of this feed now.
    FeedOut,
    /// Nothing more to this place now.
    PlaceOut,
}

/// That lines were dropped.
fn told_dropped(feed: &Feed, dropped: &Dropped) -> Line {
    let minute = |at: Timestamp| at.format("%Y-%m-%d %H:%M").to_string();
    let (from, to) = (minute(dropped.from), minute(dropped.to));
    let when = match from == to {
        true => format!("of {from} UTC"),
        false => format!("of {from} to {to} UTC"),
    };
    let what = match dropped.count {
        1 => "1 report".to_owned(),
        n => format!("{n} reports"),
    };
    let limit = match feed.max_age.num_minutes() {
        minutes if minutes % 60 == 0 => format!("{} h", minutes / 60),
        minutes => format!("{minutes} min"),
    };
    Line {
        text: format!("{what} {when} not sent here: too old, more than {limit}"),
        json: json!({
            "type": "dropped", "feed": feed.name, "count": dropped.count,
            "from": dropped.from.to_rfc3339(), "to": dropped.to.to_rfc3339(),
        }),
    }
}
