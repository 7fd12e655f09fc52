//! Feeds: reports of hits as COIBot's live alerts had them, for channels, webhooks and pipes. Which hit goes to which feed
//! is decided when it is stored; what is said of it, and whether anything may be said, right before it goes out
//! ([`teller`]). Commands of channels are those of the desk ([`channel`]).

mod channel;
mod teller;
mod text;
mod wikis;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::core::feed::{About, Feed};
use shared::core::types::Timestamp;
use shared::db::FencedTx;
use shared::db::feed_line::{self, NewLine};
use shared::db::hit::NewHit;
use shared::feeds::{FeedJob, Ground};

use crate::job::CoiReport;
use crate::settings::Settings;

pub use channel::InChannel;
pub use teller::Teller;
pub use wikis::Wikis;

impl FeedJob for CoiReport {
    type Teller = Teller;
    type Desk = InChannel;

    fn feeds(settings: &Settings) -> &[Feed] {
        &settings.feeds
    }

    fn teller(ground: Ground<Settings>) -> Teller {
        Teller::new(ground)
    }

    fn desk(ground: Ground<Settings>) -> InChannel {
        InChannel::new(ground)
    }
}

/// The feeds that a hit goes to: none where no page may tell of it.
fn of_hit<'a>((home, home_host): (&str, &str), feeds: &'a [Feed], one: &NewHit) -> Vec<&'a Feed> {
    let is_told = one.hit.is_shown && one.hit.skip.is_none() && one.user.is_some();
    let about = About {
        home,
        home_host,
        wiki: &one.wiki,
        rule: one.hit.rule.word(),
        of_box: None,
        channel: None,
    };
    feeds.iter().filter(|feed| is_told && feed.takes(&about)).collect()
}

/// Puts what feeds take of new hits in the queue, in the transaction that stored them; `new`: places in `hits`, and
/// numbers; `home_host`: the host of the run's own wiki. How many lines.
pub async fn enqueue(
    tx: &mut FencedTx<'_>,
    home_host: &str,
    feeds: &[Feed],
    hits: &[NewHit],
    new: &[(usize, u64)],
    now: Timestamp,
) -> shared::db::Result<u64> {
    let home = tx.fence().wiki.clone();
    let mut count = 0;
    for (since, lines) in lines((&home, home_host), feeds, hits, new, now) {
        count += feed_line::enqueue(tx, &lines, since).await?;
    }
    Ok(count)
}

/// What is to wait, by the moment since when it does. An edit that is read so late, after an outage, that its feed wants
/// to hear of it no more waits since its own hour: it is counted among what is dropped.
fn lines<'a>(
    home: (&str, &str),
    feeds: &'a [Feed],
    hits: &[NewHit],
    new: &[(usize, u64)],
    now: Timestamp,
) -> BTreeMap<Timestamp, Vec<NewLine<'a>>> {
    let mut lines: BTreeMap<Timestamp, Vec<NewLine<'a>>> = BTreeMap::new();
    for &(place, item) in new {
        let Some(one) = hits.get(place) else { continue };
        for feed in of_hit(home, feeds, one) {
            let hour = one.ts - TimeDelta::seconds(one.ts.timestamp().rem_euclid(3_600));
            let since = if now - one.ts <= feed.max_age { now } else { hour };
            let feed = feed.name.as_str();
            lines.entry(since).or_default().push(NewLine { feed, item });
        }
    }
    lines
}

/// How many of these hits would go to each feed, for a dry run; `home`: key and host of the run's own wiki.
pub fn count<'a>(
    home: (&str, &str),
    feeds: &[Feed],
    hits: impl Iterator<Item = &'a NewHit>,
    counts: &mut BTreeMap<String, u64>,
) {
    for one in hits {
        for feed in of_hit(home, feeds, one) {
            *counts.entry(feed.name.clone()).or_default() += 1;
        }
    }
}

#[cfg(test)]
#[path = "feed/feed_tests.rs"]
mod tests;
