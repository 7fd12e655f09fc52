//! Which rows of a batch wait for which feeds. Nothing is sent from here: the lines are stored in the transaction of
//! their rows, so that none is lost and none stands there twice. Levels are looked at when a line is sent.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::core::feed::{About, Feed};
use shared::core::types::Timestamp;
use shared::db::FencedTx;
use shared::db::feed_line::{self, NewLine};
use shared::db::field_change::{NewChange, Rule};

use crate::batch::Batch;
use crate::settings::BoxSettings;

/// A line that is to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Place of its row in the batch.
    pub row: usize,
    /// The feed.
    pub feed: &'a str,
    /// Since when it waits.
    pub since: Timestamp,
}

/// The lines of a batch, in the order of its rows. `boxes`: those that the batch counts by their places; `wiki`: the key
/// and the host of the wiki, which is the settings' own.
pub fn plan<'a>(
    feeds: &'a [Feed],
    wiki: (&str, &str),
    boxes: &[BoxSettings],
    batch: &Batch,
    now: Timestamp,
) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for (place, about) in &batch.for_feeds {
        let Some(row) = batch.rows.get(*place) else { continue };
        let about: Vec<&BoxSettings> = about.iter().filter_map(|place| boxes.get(*place)).collect();
        let own = feeds.iter().filter(|feed| takes(feed, wiki, row, &about));
        lines.extend(own.map(|feed| Line {
            row: *place,
            feed: &feed.name,
            since: since(feed, row.ts, now),
        }));
    }
    lines
}

/// Whether a row goes to a feed. What a list found is about the page: it goes where its boxes go, and to every feed that
/// takes all boxes.
fn takes(feed: &Feed, (wiki, home_host): (&str, &str), row: &NewChange, boxes: &[&BoxSettings]) -> bool {
    let about = |of: Option<&BoxSettings>| {
        feed.takes(&About {
            home: wiki,
            home_host,
            wiki,
            rule: row.rule.word(),
            of_box: of.map(|one| one.def.name.as_str()),
            channel: of.and_then(|one| one.channel.as_deref()),
        })
    };
    let is_listed = matches!(row.rule, Rule::Blacklist | Rule::Monitor);
    (is_listed && about(None)) || boxes.iter().any(|one| about(Some(one)))
}

/// An edit that is read so late, after an outage, that nobody wants to hear of it any more waits since its own hour: it is
/// counted among what is dropped.
fn since(feed: &Feed, at: Timestamp, now: Timestamp) -> Timestamp {
    if now - at <= feed.max_age {
        return now;
    }
    at - TimeDelta::seconds(at.timestamp().rem_euclid(3_600))
}

/// How many lines each feed gets, for a dry run.
pub fn counts<'a>(lines: &[Line<'a>]) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        *counts.entry(line.feed).or_insert(0) += 1;
    }
    counts
}

/// Stores the lines of the rows that are `new`: place in the batch, and number. Belongs into the transaction that stored
/// them. How many lines are new.
pub async fn enqueue(tx: &mut FencedTx<'_>, lines: &[Line<'_>], new: &[(usize, u64)]) -> shared::db::Result<u64> {
    let mut count = 0;
    for (since, lines) in by_moment(lines, new) {
        count += feed_line::enqueue(tx, &lines, since).await?;
    }
    Ok(count)
}

fn by_moment<'a>(lines: &[Line<'a>], new: &[(usize, u64)]) -> BTreeMap<Timestamp, Vec<NewLine<'a>>> {
    let items: BTreeMap<usize, u64> = new.iter().copied().collect();
    let mut by_moment: BTreeMap<Timestamp, Vec<NewLine<'a>>> = BTreeMap::new();
    for line in lines {
        if let Some(item) = items.get(&line.row) {
            by_moment.entry(line.since).or_default().push(NewLine {
                feed: line.feed,
                item: *item,
            });
        }
    }
    by_moment
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
