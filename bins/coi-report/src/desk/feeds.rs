//! `quiet`, `report` and `reportlevel`: what feeds tell until somebody undoes it. Each answer says what holds then.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::core::feed::{Feed, Level, Switched, Switches};
use shared::core::lists::{FeedCommand, FeedOrder, Level as Asked};
use shared::core::types::Timestamp;
use shared::db::feed_line::Queue;
use shared::db::feed_state::{self, State};

use super::{Answer, Desk, Effect};
use crate::NAME;

/// What is stored about feeds, by their names.
type States = BTreeMap<String, State>;

impl Desk<'_> {
    async fn states(&self) -> anyhow::Result<States> {
        let of = Queue {
            job: NAME,
            wiki: self.home,
        };
        Ok(self.db.read_if_there(async |db| feed_state::all(db, of).await).await?)
    }

    /// A command about feeds: about one, or all.
    pub(super) async fn switch(&self, order: &FeedOrder, by: &str, now: Timestamp) -> anyhow::Result<Answer> {
        let states = self.states().await?;
        let meant = match &order.feed {
            None => self.feeds.iter().collect(),
            Some(name) => self
                .feeds
                .iter()
                .filter(|feed| feed.name.eq_ignore_ascii_case(name))
                .collect::<Vec<_>>(),
        };
        if meant.is_empty() {
            return Ok(Answer::nothing(
                self.unknown(order.feed.as_deref()),
                json!({"feeds": []}),
            ));
        }
        let by = Switched {
            by: by.to_owned(),
            at: now,
        };
        let names: Vec<String> = meant.iter().map(|feed| feed.name.clone()).collect();
        let effect = effect(self.home, order.what, names, by);
        let after = meant.into_iter().map(|feed| {
            let mut switches = states.get(&feed.name).map(|of| of.switches.clone()).unwrap_or_default();
            match &effect {
                Some(Effect::Quiet { quiet, .. }) => switches.quiet.clone_from(quiet),
                Some(Effect::Level { level, .. }) => switches.level.clone_from(level),
                _ => {}
            }
            (
                line(&feed.name, Some(feed), &switches),
                about(&feed.name, Some(feed), &switches),
            )
        });
        let (lines, json): (Vec<String>, Vec<Value>) = after.unzip();
        Ok(Answer {
            effect: effect.clone(),
            ..Answer::new(lines, json!({"feeds": json}))
        })
    }

    fn unknown(&self, name: Option<&str>) -> String {
        let known: Vec<&str> = self.feeds.iter().map(|feed| feed.name.as_str()).collect();
        match name {
            _ if known.is_empty() => "The settings in force name no feeds.".to_owned(),
            Some(name) => format!("There is no feed `{name}`. Feeds: {}.", known.join(", ")),
            None => format!("Feeds: {}.", known.join(", ")),
        }
    }

    /// Every feed that is known here, for `status`: those of the settings where these are at hand, and those that are
    /// switched.
    pub(super) async fn all_feeds(&self) -> anyhow::Result<(Vec<String>, Value)> {
        Ok(every(self.feeds, &self.states().await?))
    }
}

/// What is to be written; `None`: it is only asked for.
fn effect(home: &str, what: FeedCommand, feeds: Vec<String>, by: Switched) -> Option<Effect> {
    let wiki = home.to_owned();
    let level = match what {
        FeedCommand::Quiet | FeedCommand::Report => {
            let quiet = (what == FeedCommand::Quiet).then_some(by);
            return Some(Effect::Quiet { wiki, feeds, quiet });
        }
        FeedCommand::Level(Asked::Tell) => return None,
        FeedCommand::Level(Asked::Settings) => None,
        // The grammar knows no other numbers than those of levels.
        FeedCommand::Level(Asked::Set(number)) => Some((Level::of_number(number)?, by)),
    };
    Some(Effect::Level { wiki, feeds, level })
}

/// The lines of all feeds, and the same for programs.
fn every(feeds: &[Feed], states: &States) -> (Vec<String>, Value) {
    let mut all: BTreeMap<&str, (Option<&Feed>, Switches)> = BTreeMap::new();
    for (name, state) in states {
        if state.switches != Switches::default() {
            all.insert(name, (None, state.switches.clone()));
        }
    }
    for feed in feeds {
        all.entry(&feed.name).or_default().0 = Some(feed);
    }
    let lines = all.iter().map(|(name, (feed, switches))| line(name, *feed, switches));
    let json = all.iter().map(|(name, (feed, switches))| about(name, *feed, switches));
    (lines.collect(), json.collect())
}

/// What a feed tells, by whose word, and how that is undone.
fn line(name: &str, feed: Option<&Feed>, switches: &Switches) -> String {
    let by = |by: &Switched| format!("since {} UTC by {}", by.at.format("%Y-%m-%d %H:%M"), by.by);
    let mut said = Vec::new();
    if let Some(quiet) = &switches.quiet {
        said.push(format!("quiet {}, until `report feed {name}`", by(quiet)));
    }
    match (&switches.level, feed) {
        (Some((level, switched)), _) => said.push(format!(
            "report level {} {}, until `reportlevel settings {name}`",
            level.number(),
            by(switched)
        )),
        (None, Some(feed)) => said.push(format!("report level {}, as the settings say", feed.level.number())),
        (None, None) => said.push("report level as the settings say".to_owned()),
    }
    format!("Feed {name}: {}.", said.join("; "))
}

fn about(name: &str, feed: Option<&Feed>, switches: &Switches) -> Value {
    json!({
        "feed": name,
        "level": feed.map(|feed| switches.level_of(feed).number()),
        "quiet": switches.quiet,
        "reportlevel": switches.level.as_ref().map(|(level, _)| level.number()),
        "reportlevel_set": switches.level.as_ref().map(|(_, by)| by),
    })
}

#[cfg(test)]
#[path = "feeds_tests.rs"]
mod tests;
