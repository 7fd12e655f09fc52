//! One line on its way: claimed, sent, settled; and what becomes of its feed and its place when that fails.

use std::time::Duration;

use serde_json::{Value, json};

use super::then::{Before, Then, not_before, then};
use super::{Became, Failures, Lane, Todo, Went};
use crate::core::feed::Feed;
use crate::core::intent::token;
use crate::core::text::terminal;
use crate::core::types::Timestamp;
use crate::db::feed_line::Dropped;
use crate::feeds::outlet::Failed;
use crate::feeds::{FeedJob, Line};

/// After SIGTERM a line that is under way has so long to arrive.
const GRACE: Duration = Duration::from_secs(3);

impl<J: FeedJob> Lane<J> {
    /// Sends one line or notice. One that is not taken waits by itself while the next one is tried; where that is not
    /// taken either, the feed waits.
    pub(super) async fn deliver(
        &mut self,
        feed: &Feed,
        feeds: &[Feed],
        todo: Todo,
        failures: &mut Failures,
    ) -> anyhow::Result<Went> {
        if let Err(failed) = self.open().await {
            self.place_is_out(&feeds.iter().collect::<Vec<_>>(), failed, failures.before)
                .await?;
            return Ok(Went::PlaceOut);
        }
        if !self.claim(feed, &todo).await? {
            return Ok(Went::On);
        }
        let (line, delivery) = self.written(feed, &todo);
        let sent = self.send(feed, &delivery, &line).await;
        let before = self.before(failures.before, todo.is_in_doubt(), failures.now);
        let Then { became, went, trouble } = then(sent, before);
        if became == Became::Sent {
            self.center.count();
        }
        self.settle(feed, &todo, became).await?;
        // One that will never be taken says nothing of the others.
        failures.now = matches!(became, Became::Waits { .. }) || (failures.now && became == Became::Withheld);
        match (trouble, went) {
            (None, _) => {}
            (Some((why, next_try)), Went::On) => {
                tracing::warn!("feed {}: a line is not taken: {}", feed.name, terminal(&why));
                self.center.trouble(&[feed], &why, next_try).await?;
            }
            (Some((why, next_try)), Went::FeedOut) => self.trouble(&[feed], &why, next_try).await?,
            (Some((why, next_try)), Went::PlaceOut) => {
                self.hang_up();
                self.trouble(&feeds.iter().collect::<Vec<_>>(), &why, next_try).await?;
            }
        }
        Ok(went)
    }

    fn before(&self, failures: u32, in_doubt: bool, failed: bool) -> Before {
        Before {
            now: self.center.clock.now(),
            next_try: self.center.next_try(failures),
            in_doubt,
            failed,
        }
    }

    fn hang_up(&mut self) {
        (self.listener, self.outlet) = (None, None);
    }

    /// Nothing can be sent to the place: all these feeds wait.
    pub(super) async fn place_is_out(&mut self, feeds: &[&Feed], failed: Failed, failures: u32) -> anyhow::Result<()> {
        self.hang_up();
        let (why, after) = match failed {
            Failed::Later { why, after, .. } => (why, after),
            Failed::Refused { why, .. } | Failed::Never(why) => (why, None),
        };
        let next_try = not_before(after, &self.before(failures, false, false));
        self.trouble(feeds, &why, next_try).await
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
        if let Some(object) = again.json.as_object_mut() {
            object.insert("again".to_owned(), Value::Bool(true));
        }
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
