//! The connection of a lane: opened when something is to be sent, and kept where people may give commands.

use std::collections::BTreeMap;

use super::{AbortOnDrop, Lane, REFUSED, THROWN_OUT};
use crate::core::feed::{Feed, Sink};
use crate::core::text::terminal;
use crate::db::{feed_line, feed_state};
use crate::feeds::outlet::{Failed, Outlet};
use crate::feeds::{FeedJob, channel};

impl<J: FeedJob> Lane<J> {
    /// Opens the connection, if it does not stand. Errs with [`Failed::Later`].
    pub(super) async fn open(&mut self) -> Result<(), Failed> {
        if self.outlet.as_ref().is_some_and(Outlet::is_open) {
            return Ok(());
        }
        (self.outlet, self.listener) = (None, None);
        let center = &self.center;
        let opened = tokio::select! {
            opened = Outlet::open(&self.place, &center.operator, center.clock) => opened,
            () = center.stop.stopped() => Err(Failed::later("stopped".to_owned())),
        };
        let (outlet, events) = opened?;
        if let (Outlet::Irc(network), Some(events)) = (&outlet, events) {
            tracing::info!("connected to {} as {}", self.place, terminal(&network.client.nick()));
            let listener = channel::listen(self.center.clone(), self.place.clone(), network.clone(), events);
            self.listener = Some(AbortOnDrop(tokio::task::spawn_local(listener)));
        }
        self.outlet = Some(outlet);
        Ok(())
    }

    /// Connects and enters the channels although nothing may be waiting: people give commands there. Leaves those that no
    /// feed goes to any more. Feeds that cannot be sent now are no longer `due`; false: none can.
    pub(super) async fn stand_by(
        &mut self,
        due: &mut Vec<&Feed>,
        states: &BTreeMap<String, feed_state::State>,
    ) -> anyhow::Result<bool> {
        if due.is_empty() {
            return Ok(true);
        }
        let failures = |feed: &Feed| states.get(&feed.name).map_or(0, |state| state.failures);
        if let Err(failed) = self.open().await {
            let most = due.iter().map(|feed| failures(feed)).max().unwrap_or(0);
            self.place_is_out(due, failed, most).await?;
            return Ok(false);
        }
        let Some(Outlet::Irc(network)) = self.outlet.as_ref() else {
            return Ok(true);
        };
        // It leaves them all at once, with the connection.
        if self.center.current().is_none() {
            return Ok(true);
        }
        let network = network.clone();
        let wanted: Vec<String> = self
            .center
            .feeds_of(&self.place)
            .iter()
            .filter_map(channel_of)
            .collect();
        for channel in network.channels() {
            if !wanted.contains(&channel) {
                network.client.part(&channel, "no feed goes here any more").await;
                network.left(&channel);
            }
        }
        for feed in due.clone() {
            let Some(channel) = channel_of(feed) else { continue };
            let now = self.center.clock.now();
            match network.join(&channel).await {
                Ok(()) => {
                    let is_in_trouble = states.get(&feed.name).is_some_and(|state| state.trouble.is_some());
                    // Where something waits, that shows it: whoever may enter may not always speak.
                    if is_in_trouble && !self.has_lines(feed).await? {
                        self.well_again(feed).await?;
                    }
                }
                Err(Failed::Refused { why, is_banned, .. }) => {
                    let next_try = now + if is_banned { THROWN_OUT } else { REFUSED };
                    self.trouble(&[feed], &why, next_try).await?;
                    due.retain(|of| of.name != feed.name);
                }
                Err(failed) => {
                    self.place_is_out(due, failed, failures(feed)).await?;
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    async fn has_lines(&self, feed: &Feed) -> crate::db::Result<bool> {
        let of = self.center.queue();
        let names = [feed.name.as_str()];
        self.center
            .db
            .read(async |db| feed_line::is_due(db, of, &names).await)
            .await
    }

    async fn well_again(&self, feed: &Feed) -> crate::db::Result<()> {
        let (of, now) = (self.center.queue(), self.center.clock.now());
        let fence = &self.center.fence;
        tracing::info!("feed {}: it can be sent again", feed.name);
        self.center
            .db
            .fenced(fence, "noting that a feed can be sent", async |tx| {
                feed_state::well_again(tx, of, &feed.name, now).await
            })
            .await
    }
}

fn channel_of(feed: &Feed) -> Option<String> {
    match &feed.sink {
        Sink::Irc(irc) => Some(irc.channel.clone()),
        Sink::Webhook(_) | Sink::Stdout => None,
    }
}
