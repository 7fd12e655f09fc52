//! `quiet`, `report` and `reportlevel` with the name of a feed: that feed alone, until somebody undoes it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::core::feed::{Feed, Level, Switched, Switches};
use shared::core::lists::{self, FeedCommand, is_feed_name};
use shared::db::feed_line::Queue;
use shared::db::feed_state::{self, State};

use super::answer::Answer;
use super::boxes;
use super::desk::{Desk, Looked, Source, Wrong};
use super::effect::Effect;
use crate::overrides::{NAME, Overrides, Silence, moment};

/// What is stored about feeds, by their names.
pub(super) type States = BTreeMap<String, State>;

/// The queue of this job on a wiki.
pub(super) fn queue(wiki: &str) -> Queue<'_> {
    Queue { job: NAME, wiki }
}

impl Desk<'_> {
    /// What is stored about feeds, with names as the answer shows them.
    pub(super) async fn states(&self) -> anyhow::Result<States> {
        let of = queue(self.wiki);
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

    /// A command about one feed.
    pub(super) async fn feed(&self, what: FeedCommand, name: &str) -> anyhow::Result<Looked> {
        let states = self.states().await?;
        let (feed, name) = self.named(name, &states).await?;
        let mut switches = states
            .get(&name)
            .map(|state| state.switches.clone())
            .unwrap_or_default();
        let by = Switched {
            by: self.given.by.clone(),
            at: self.given.since,
        };
        let (said, effect) = match what {
            FeedCommand::Quiet => {
                switches.quiet = Some(by);
                let said =
                    format!("Nothing is told to the feed {name} any more until `report feed {name}`; the log goes on.");
                (said, quiet(&name, &switches))
            }
            FeedCommand::Report => {
                switches.quiet = None;
                let still = self.held_for(&name, feed.as_ref(), &switches).await?;
                (
                    format!("Changes are told to the feed {name} again.{still}"),
                    quiet(&name, &switches),
                )
            }
            FeedCommand::Level(lists::Level::Set(number)) => {
                let set = Level::of_number(number).ok_or_else(|| Wrong(format!("{number} is no report level")))?;
                switches.level = Some((set, by));
                let still = match set {
                    Level::Silent => String::new(),
                    _ => self.held_for(&name, None, &switches).await?,
                };
                let said =
                    format!("Report level {number} for the feed {name} until `reportlevel settings {name}`.{still}");
                (said, level(&name, &switches))
            }
            FeedCommand::Level(lists::Level::Settings) => {
                switches.level = None;
                let still = self.held_for(&name, None, &switches).await?;
                let said = format!("The settings page says the report level of the feed {name}.{still}");
                (said, level(&name, &switches))
            }
            FeedCommand::Level(lists::Level::Tell) => {
                let still = held(&self.overrides().await?);
                let stop = if still.is_empty() { "" } else { "." };
                let said = format!("{}{stop}{still}", line(&name, feed.as_ref(), &switches));
                (said, None)
            }
        };
        let json = about(&name, feed.as_ref(), &switches);
        Ok((Answer::new(vec![said], json), effect))
    }

    /// What holds a feed back although it was just turned up: its own switches, its level where `feed` is given, and what
    /// is switched for all.
    async fn held_for(&self, name: &str, feed: Option<&Feed>, switches: &Switches) -> anyhow::Result<String> {
        Ok(own_held(name, feed, switches) + &held(&self.overrides().await?))
    }

    /// The feed that somebody calls by `name`, in any letter case: one of the settings page, or one that is switched
    /// although it has gone from there. While the settings cannot be used any name will do, as for boxes.
    async fn named(&self, name: &str, states: &States) -> anyhow::Result<(Option<Feed>, String)> {
        let is_it = |known: &str| known.eq_ignore_ascii_case(name);
        let feeds = match boxes::settings(&self.source).await {
            Ok(settings) => Some(settings.feeds.clone()),
            Err(error) => {
                tracing::warn!("the name of the feed is taken as written: {error:#}");
                None
            }
        };
        if let Some(feed) = feeds.iter().flatten().find(|feed| is_it(&feed.name)) {
            return Ok((Some(feed.clone()), feed.name.clone()));
        }
        if let Some(known) = states.keys().find(|known| is_it(known)) {
            return Ok((None, known.clone()));
        }
        match feeds {
            None if is_feed_name(name) => Ok((None, name.to_owned())),
            None => Err(Wrong(format!("no feed can have the name `{name}`")).into()),
            Some(feeds) if feeds.is_empty() => {
                Err(Wrong(format!("there is no feed `{name}`: the settings page names none")).into())
            }
            Some(feeds) => {
                let all: Vec<&str> = feeds.iter().map(|feed| feed.name.as_str()).collect();
                let text = format!(
                    "there is no feed `{name}` on the settings page; there are: {}",
                    all.join(", ")
                );
                Err(Wrong(text).into())
            }
        }
    }

    /// Every feed that is known here, for `status`: those of the settings where these are at hand, and those that are
    /// switched. `states`: of all feeds.
    pub(super) fn feeds(&self, states: &States) -> (Vec<String>, Value) {
        let none = Vec::new();
        let feeds = match &self.source {
            Source::Run(_, settings) => &settings.feeds,
            Source::Offline | Source::Wiki(..) => &none,
        };
        every(feeds, states)
    }
}

fn quiet(name: &str, switches: &Switches) -> Option<Effect> {
    Some(Effect::Quiet {
        feed: name.to_owned(),
        quiet: switches.quiet.clone(),
    })
}

fn level(name: &str, switches: &Switches) -> Option<Effect> {
    Some(Effect::Level {
        feed: name.to_owned(),
        level: switches.level.clone(),
    })
}

/// The lines of all feeds, and the same for programs.
fn every(feeds: &[Feed], states: &States) -> (Vec<String>, Value) {
    let nothing = Switches::default();
    let mut all: BTreeMap<&str, (Option<&Feed>, &Switches)> = BTreeMap::new();
    for feed in feeds {
        all.insert(&feed.name, (Some(feed), &nothing));
    }
    for (name, state) in states {
        let is_switched = state.switches != nothing;
        match all.get_mut(name.as_str()) {
            Some(known) => known.1 = &state.switches,
            None if is_switched => {
                all.insert(name, (None, &state.switches));
            }
            None => {}
        }
    }
    let lines = all.iter().map(|(name, (feed, switches))| line(name, *feed, switches));
    let json = all.iter().map(|(name, (feed, switches))| about(name, *feed, switches));
    (lines.collect(), json.collect())
}

/// Whether something is switched about any feed.
pub(super) fn is_any_switched(states: &States) -> bool {
    states.values().any(|state| state.switches != Switches::default())
}

/// What was switched for log and feeds together and holds reports back, behind the answer to a command that turns them
/// up; empty where nothing does.
pub fn held(overrides: &Overrides) -> String {
    let mut said = String::new();
    if let Some((silence, _)) = &overrides.silence {
        let word = match silence {
            Silence::Quiet => "quiet",
            Silence::Quit => "quit",
        };
        said += &format!(" But `{word}` holds: nothing is reported until `report`.");
    }
    let what = match overrides.level() {
        Some(0) => "nothing is reported",
        Some(1) => "only changes of high priority are reported",
        _ => return said,
    };
    let level = overrides.level().unwrap_or_default();
    said + &format!(" But `reportlevel {level}` holds: {what} until `reportlevel settings`.")
}

/// The same of a feed by itself.
fn own_held(name: &str, feed: Option<&Feed>, switches: &Switches) -> String {
    if switches.quiet.is_some() {
        return format!(" But it is quiet until `report feed {name}`.");
    }
    let is_silent = feed.is_some_and(|feed| switches.level_of(feed) == Level::Silent);
    if is_silent {
        return " But its report level is 0: nothing is told.".to_owned();
    }
    String::new()
}

/// Feeds that stay quiet although reports are on.
pub(super) fn still_quiet(states: &States) -> Option<String> {
    let quiet = states.iter().filter(|(_, state)| state.switches.quiet.is_some());
    let names: Vec<&str> = quiet.map(|(name, _)| name.as_str()).collect();
    let first = names.first()?;
    Some(format!("Still quiet: {} (`report feed {first}`).", names.join(", ")))
}

/// A feed and what is switched about it.
fn line(name: &str, feed: Option<&Feed>, switches: &Switches) -> String {
    let by = |by: &Switched| format!("since {} UTC by {}", by.at.format("%Y-%m-%d %H:%M"), by.by);
    let mut said = Vec::new();
    if let Some(quiet) = &switches.quiet {
        said.push(format!("quiet, {}", by(quiet)));
    }
    match (&switches.level, feed) {
        (Some((level, switched)), _) => said.push(format!("report level {}, {}", level.number(), by(switched))),
        (None, Some(feed)) => said.push(format!("report level {}", feed.level.number())),
        (None, None) => said.push("the settings page says the report level".to_owned()),
    }
    format!("Feed {name}: {}", said.join("; "))
}

fn about(name: &str, feed: Option<&Feed>, switches: &Switches) -> Value {
    let by = |by: &Switched| json!({"by": by.by, "since": moment(by.at)});
    let level = switches.level.as_ref();
    json!({
        "feed": name,
        "level": feed.map(|feed| switches.level_of(feed).number()),
        "quiet": switches.quiet.as_ref().map(by),
        "reportlevel": level.map(|(level, _)| level.number()),
        "reportlevel_set": level.map(|(_, switched)| by(switched)),
    })
}

#[cfg(test)]
#[path = "feeds_tests.rs"]
mod tests;
