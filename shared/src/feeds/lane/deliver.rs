//! One line on its way: claimed, sent, settled; and what becomes of its feed and its place when that fails.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Became, Failures, Lane, REFUSED, THROWN_OUT, Todo, Went};
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
        let now = self.center.clock.now();
        let was_in_doubt = todo.is_in_doubt();
        let (why, in_doubt, of_line, next_try) = match sent {
            Ok(()) => {
                self.center.count();
                self.settle(feed, &todo, Became::Sent).await?;
                failures.now = false;
                return Ok(Went::On);
            }
            Err(Failed::Never(why)) => {
                tracing::warn!("feed {}: {}", feed.name, terminal(&why));
                self.settle(feed, &todo, Became::Withheld).await?;
                // A receiver that takes nothing at all is set up wrong: people should see that.
                self.center.trouble(&[feed], &why, now).await?;
                return Ok(Went::On);
            }
            Err(failed @ Failed::Later { is_gone: true, .. }) => {
                let in_doubt = matches!(failed, Failed::Later { in_doubt: true, .. }) || was_in_doubt;
                let waits = Became::Waits {
                    in_doubt,
                    next_try: now,
                };
                self.settle(feed, &todo, waits).await?;
                self.place_is_out(&feeds.iter().collect::<Vec<_>>(), failed, failures.before)
                    .await?;
                return Ok(Went::PlaceOut);
            }
            Err(Failed::Later {
                why, in_doubt, after, ..
            }) => {
                let next_try = self.asked(after, failures.before);
                (why, in_doubt || was_in_doubt, after.is_none(), next_try)
            }
            Err(Failed::Refused {
                why,
                is_banned,
                of_line,
            }) => {
                let next_try = now + if is_banned { THROWN_OUT } else { REFUSED };
                (why, was_in_doubt, of_line && !is_banned, next_try)
            }
        };
        let is_first = of_line && !failures.now;
        let waits = Became::Waits {
            in_doubt,
            next_try: if of_line { next_try } else { now },
        };
        self.settle(feed, &todo, waits).await?;
        if is_first {
            failures.now = true;
            tracing::warn!("feed {}: a line is not taken: {}", feed.name, terminal(&why));
            self.center.trouble(&[feed], &why, now).await?;
            return Ok(Went::On);
        }
        self.trouble(&[feed], &why, next_try).await?;
        Ok(Went::FeedOut)
    }

    /// When to try again: not before the receiver asked for.
    fn asked(&self, after: Option<Duration>, failures: u32) -> Timestamp {
        let now = self.center.clock.now();
        let asked = after.and_then(|after| TimeDelta::from_std(after).ok());
        asked
            .map_or(now, |after| now + after)
            .max(self.center.next_try(failures))
    }

    /// Nothing can be sent to the place: all these feeds wait.
    pub(super) async fn place_is_out(&mut self, feeds: &[&Feed], failed: Failed, failures: u32) -> anyhow::Result<()> {
        self.listener = None;
        self.outlet = None;
        let (why, after) = match failed {
            Failed::Later { why, after, .. } => (why, after),
            Failed::Refused { why, .. } | Failed::Never(why) => (why, None),
        };
        self.trouble(feeds, &why, self.asked(after, failures)).await
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
