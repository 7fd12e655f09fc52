//! What the database is told of a line before and after it is sent.

use super::{Became, Lane, Todo, Unsettled};
use crate::core::feed::Feed;
use crate::db::feed_line::{self, State};
use crate::db::feed_state;
use crate::feeds::FeedJob;

impl<J: FeedJob> Lane<J> {
    /// Takes a line for sending; false: it no longer waits. Where the database does not say whether it was taken, it is
    /// put back before anything else is done: nothing was sent yet.
    pub(super) async fn claim(&mut self, feed: &Feed, todo: &Todo) -> anyhow::Result<bool> {
        let of = self.center.queue();
        let claimed = self
            .center
            .db
            .fenced(&self.center.fence, "taking a line for sending", async |tx| match todo {
                Todo::Line(row, _) => feed_line::claim(tx, of, row.id).await,
                Todo::Dropped(dropped) => {
                    let rows = feed_line::claim_dropped(tx, of, &feed.name, dropped.in_doubt).await?;
                    // More were dropped since they were counted, of which the notice says nothing: the next one does.
                    if rows != dropped.count {
                        feed_line::put_back_dropped(tx, of, &feed.name, dropped.in_doubt).await?;
                    }
                    Ok(rows == dropped.count)
                }
            })
            .await;
        if claimed.is_err() {
            let (in_doubt, next_try) = (todo.is_in_doubt(), self.center.clock.now());
            let became = Became::Waits { in_doubt, next_try };
            self.unsettled.push(Unsettled::new(feed, todo, became));
        }
        Ok(claimed?)
    }

    /// Notes what became of it. What was sent and cannot be noted now is noted as soon as that works again.
    pub(super) async fn settle(&mut self, feed: &Feed, todo: &Todo, became: Became) -> anyhow::Result<()> {
        self.unsettled.push(Unsettled::new(feed, todo, became));
        self.settle_rest().await
    }

    /// What could not be noted before.
    pub(super) async fn settle_rest(&mut self) -> anyhow::Result<()> {
        if self.unsettled.is_empty() {
            return Ok(());
        }
        let (of, now) = (self.center.queue(), self.center.clock.now());
        let unsettled = &self.unsettled;
        self.center
            .db
            .fenced(&self.center.fence, "noting what became of lines", async |tx| {
                for Unsettled { line, feed, became } in unsettled {
                    match (line, became) {
                        (Some(id), Became::Sent) => feed_line::settle(tx, of, &[*id], State::Sent, now).await?,
                        (Some(id), Became::Withheld) => feed_line::settle(tx, of, &[*id], State::Withheld, now).await?,
                        (Some(id), Became::Waits { in_doubt, next_try }) => {
                            feed_line::put_back(tx, of, *id, *in_doubt, *next_try).await?
                        }
                        (None, Became::Sent | Became::Withheld) => feed_line::settle_dropped(tx, of, feed, now).await?,
                        (None, Became::Waits { in_doubt, .. }) => {
                            feed_line::put_back_dropped(tx, of, feed, *in_doubt).await?
                        }
                    };
                    if *became == Became::Sent {
                        feed_state::fine(tx, of, feed, now).await?;
                    }
                }
                Ok(())
            })
            .await?;
        self.unsettled.clear();
        Ok(())
    }
}
