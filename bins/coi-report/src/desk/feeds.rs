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
    /// What is stored about feeds, with names as the answer shows them.
    async fn states(&self) -> anyhow::Result<States> {
        let of = Queue {
            job: NAME,
            wiki: self.home,
        };
        let mut states: States = self.db.read_if_there(async |db| feed_state::all(db, of).await).await?;
        for State { switches, .. } in states.values_mut() {
            let by = switches
                .quiet
                .iter_mut()
                .chain(switches.level.iter_mut().map(|(_, by)| by));
            by.for_each(|by| by.by = self.shown_name(&by.by));
        }
        Ok(states)
    }

    /// A command about feeds: about one, or all.
    pub(super) async fn switch(&self, order: &FeedOrder, by: &str, now: Timestamp) -> anyhow::Result<Answer> {
        let states = self.states().await?;
        let meant = meant(self.feeds, &states, order);
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
        let names: Vec<String> = meant.iter().map(|(name, _)| (*name).to_owned()).collect();
        let effect = effect(self.home, order.what, names, by);
        let after = meant.into_iter().map(|(name, feed)| {
            let mut switches = states.get(name).map(|of| of.switches.clone()).unwrap_or_default();
            match &effect {
                Some(Effect::Quiet { quiet, .. }) => switches.quiet.clone_from(quiet),
                Some(Effect::Level { level, .. }) => switches.level.clone_from(level),
                _ => {}
            }
            (line(name, feed, &switches), about(name, feed, &switches))
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

/// The feeds that a command is about. One that is switched although it has gone from the settings can be asked for and
/// undone: by its name, or with all others.
fn meant<'a>(feeds: &'a [Feed], states: &'a States, order: &FeedOrder) -> Vec<(&'a str, Option<&'a Feed>)> {
    let is_left = |name: &str| !feeds.iter().any(|feed| feed.name == name);
    let switched = states
        .iter()
        .filter(|(name, state)| state.switches != Switches::default() && is_left(name))
        .map(|(name, _)| (name.as_str(), None));
    let known = feeds.iter().map(|feed| (feed.name.as_str(), Some(feed)));
    match &order.feed {
        Some(name) => known
            .chain(switched)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .into_iter()
            .collect(),
        None => match order.what {
            FeedCommand::Report | FeedCommand::Level(Asked::Tell | Asked::Settings) => known.chain(switched).collect(),
            FeedCommand::Quiet | FeedCommand::Level(Asked::Set(_)) => known.collect(),
        },
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
