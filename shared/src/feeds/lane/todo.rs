//! What is to be sent of a feed: its lines are made, what may not go out is settled.

use std::time::Duration;

use chrono::TimeDelta;

use super::{Lane, Todo};
use crate::core::feed::{Feed, Level};
use crate::core::text::terminal;
use crate::db::feed_line::{self, State};
use crate::feeds::center::Current;
use crate::feeds::{FeedJob, Teller as _, Told};

/// Lines of one place that are made at once.
const AT_ONCE: usize = 10;
/// A wiki that did not answer is asked again after this.
const ASK_AGAIN: TimeDelta = TimeDelta::seconds(30);
/// So long lines may take to be made; the lines of other places may be waiting for that.
const MAKING: Duration = Duration::from_secs(60);

/// Lines of each of so many feeds that are made at once.
pub(super) fn at_once(feeds: usize) -> u32 {
    u32::try_from((AT_ONCE / feeds.max(1)).max(1)).unwrap_or(1)
}

/// What is to be sent of a feed.
pub(super) struct Made {
    /// In order.
    pub all: Vec<Todo>,
    /// There may be more.
    pub more: bool,
}

impl<J: FeedJob> Lane<J> {
    /// What is to be sent of a feed, at most so many lines. What is not to be sent is settled.
    pub(super) async fn todo(
        &self,
        current: &Current<J>,
        feed: &Feed,
        level: Level,
        most: u32,
    ) -> anyhow::Result<Made> {
        let (of, now, db) = (self.center.queue(), self.center.clock.now(), &self.center.db);
        let rows = db
            .read(async |db| feed_line::waiting(db, of, &feed.name, now, most).await)
            .await?;
        let more = rows.len() == most as usize;
        let items: Vec<u64> = rows.iter().map(|row| row.item).collect();
        let told = made(current, feed, level, &items).await?;
        let mut all = Vec::new();
        let (mut withheld, mut later) = (Vec::new(), Vec::new());
        for (row, told) in rows.into_iter().zip(told) {
            match told {
                Told::Line(line) => all.push(Todo::Line(row, line)),
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
                all.insert(0, Todo::Dropped(dropped));
            }
        }
        Ok(Made { all, more })
    }
}

/// The lines. Where they cannot be made together each is tried by itself, so that one that cannot be made holds up no
/// others; it waits. Errs when the database does not answer.
async fn made<J: FeedJob>(current: &Current<J>, feed: &Feed, level: Level, items: &[u64]) -> anyhow::Result<Vec<Told>> {
    if level == Level::Silent {
        return Ok(vec![Told::Withheld("silent"); items.len()]);
    }
    if items.is_empty() {
        return Ok(Vec::new());
    }
    match tell(current, feed, level, items).await {
        Ok(Some(told)) if told.len() == items.len() => return Ok(told),
        Ok(None) => {
            let why = format!("not made within {} s", MAKING.as_secs());
            return Ok(vec![Told::NotNow(why); items.len()]);
        }
        Ok(Some(_)) => tracing::warn!("feed {}: its lines were made for other items", feed.name),
        Err(error) if is_of_database(&error) => return Err(error),
        Err(error) => tracing::warn!("feed {}: {}", feed.name, terminal(&format!("{error:#}"))),
    }
    let mut told = Vec::new();
    for item in items {
        told.push(match tell(current, feed, level, std::slice::from_ref(item)).await {
            Ok(Some(one)) => one
                .into_iter()
                .next()
                .unwrap_or(Told::NotNow("it was not made".to_owned())),
            Ok(None) => Told::NotNow("it takes too long to be made".to_owned()),
            Err(error) if is_of_database(&error) => return Err(error),
            Err(error) => Told::NotNow(format!("{error:#}")),
        });
    }
    Ok(told)
}

/// Whether the next try would fail alike.
fn is_of_database(error: &anyhow::Error) -> bool {
    let is_all = |error: &crate::db::Error| error.is_transient() || error.is_fenced();
    error.chain().any(|cause| cause.downcast_ref().is_some_and(is_all))
}

/// `None`: it takes too long.
async fn tell<J: FeedJob>(
    current: &Current<J>,
    feed: &Feed,
    level: Level,
    items: &[u64],
) -> anyhow::Result<Option<Vec<Told>>> {
    let told = async { current.teller.lock().await.tell(feed, level, items).await };
    tokio::time::timeout(MAKING, told).await.ok().transpose()
}
