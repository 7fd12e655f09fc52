//! matchbot's part of the settings page: the keys of the old `config.json` that admins may set (all but login and
//! database), and what came to them since. Checked strictly, with every problem told at once.

mod read;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::core::settings::{MapNode, Message};
use shared::core::site::{Site, Title};
use shared::core::types::Timestamp;
use shared::settings::JobSettings;

use read::{categories, greetings, match_limit, owners, pages, title};

/// Longest topic: it stands twice in the edit summary, before the token.
pub const TOPIC_CHARS: usize = 120;
/// Namespace of category pages.
pub const CATEGORY: i32 = 14;

/// One skill: its words and its two categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skill {
    /// As it stands in greetings.
    pub name: String,
    /// Learners put this on their profile.
    pub request: Title,
    /// Mentors put this on theirs.
    pub mentor: Title,
}

/// The texts (`greetings.*`), with their placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greetings {
    /// Heading and summary of a match.
    pub matchtopic: String,
    /// Text of a match.
    pub matchgreeting: String,
    /// Text of a match with a general mentor, if it differs.
    pub generalgreeting: Option<String>,
    /// Heading and summary without a match.
    pub nomatchtopic: String,
    /// Text without a match.
    pub nomatchgreeting: String,
    /// The section on a wikitext talk page.
    pub noflowtemplate: String,
}

/// How a mentor is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Evenly among all available.
    Random,
    /// Evenly among those with the fewest matches.
    Fewest,
}

/// At most `count` matches (`matchmade = 1`) within `days`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchLimit {
    /// How many.
    pub count: u32,
    /// Within how many days.
    pub days: u32,
}

/// The settings of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Mentors for any topic.
    pub general: Title,
    /// Mentors who want no new learners.
    pub optout: Title,
    /// The skills, in the order of the page.
    pub skills: Vec<Skill>,
    /// Profile of the maintainer.
    pub maintainer: Title,
    /// Profiles are sub-pages of this page.
    pub main: Title,
    /// Its talk page.
    pub talk: Title,
    /// Sub-pages that are no profiles.
    pub exclude: Vec<Title>,
    /// The texts.
    pub greetings: Greetings,
    /// Owners of profiles, where the first author is not the owner: user names.
    pub owners: BTreeMap<Title, String>,
    /// Whether Flow boards are made for missing talk pages.
    pub flow: bool,
    /// How a mentor is drawn.
    pub order: Order,
    /// How many learners a mentor may get.
    pub max_matches_per_mentor: Option<MatchLimit>,
    /// A mentor must have edited within this many days.
    pub inactive_days: Option<u32>,
    /// Requests older than this on the first run are not greeted.
    pub start_from: Option<Timestamp>,
    /// Requests older than this when first seen wait for a person.
    pub max_request_age: TimeDelta,
    /// Time between two greetings of a learner for the same category.
    pub rematch_after: TimeDelta,
    /// Greetings per run.
    pub max_greetings_per_run: usize,
}

impl Settings {
    /// Whether `title` can be a profile: a sub-page of `pages.main` that is not excluded.
    pub fn is_profile(&self, title: &Title) -> bool {
        title.is_subpage_of(&self.main) && !self.exclude.contains(title)
    }

    /// Position of the skill with this request category (title without namespace).
    pub fn skill_of(&self, request: &str) -> Option<usize> {
        self.skills.iter().position(|skill| skill.request.text == request)
    }
}

/// Sentences of the job's own on wiki pages.
const MESSAGES: &[Message<'static>] = &[
    (
        "person-line",
        "{profile} ({category}), since {since}: {reason}. What to do: {advice}.",
        &["profile", "reason"],
    ),
    (
        "shrunk",
        "{list} came back empty or with less than half of its pages: nobody is greeted by it until it has grown again, or the operator lets it pass.",
        &["list"],
    ),
    (
        "greetings-done",
        "{span}: {matched} learners matched, {unmatched} greeted without a match.",
        &["span", "matched", "unmatched"],
    ),
    ("left-done", "{span}: {count} × {reason}.", &["count", "reason"]),
    (
        "requests-now",
        "Now: {waiting} requests are to be greeted, {before} are from before the start and are not greeted.",
        &["waiting"],
    ),
    ("mention-topic", "Requests that wait for a person", &[]),
    (
        "mention-text",
        "[[User:{maintainer}|{maintainer}]]: requests for a mentor that wait for a person: {count} more since the last message. They are listed at [[{status}]]. ~~~~",
        &["maintainer", "status"],
    ),
];

impl JobSettings for Settings {
    const KEYS: &'static [&'static str] = &[
        "categories",
        "defaultmentorprofile",
        "pages",
        "greetings",
        "owners",
        "flow",
        "order",
        "max_matches_per_mentor",
        "inactive_days",
        "start_from",
        "max_request_age",
        "rematch_after",
        "max_greetings_per_run",
    ];
    const MESSAGES: &'static [Message<'static>] = MESSAGES;

    fn read(root: &MapNode<'_>, site: &Site) -> Option<Settings> {
        let skills = categories(root, site);
        let pages = pages(root, site);
        let greetings = greetings(root);
        let maintainer = title(root, "defaultmentorprofile", site);
        if let (Some(maintainer), Some((main, ..))) = (&maintainer, &pages)
            && !maintainer.is_subpage_of(main)
        {
            let text = format!("`{}` is not a sub-page of pages.main", site.prefixed(maintainer));
            root.problem("defaultmentorprofile", &text);
        }
        let owners = owners(root, site);
        let flow = root.choice("flow", &["auto", "never"]) != Some("never");
        let order = match root.choice("order", &["random", "fewest"]) {
            Some("fewest") => Order::Fewest,
            _ => Order::Random,
        };
        let limit = match_limit(root);
        let inactive_days = root.int("inactive_days", 1..=3650).and_then(|n| u32::try_from(n).ok());
        let start_from = root
            .date("start_from")
            .map(|date| date.and_time(chrono::NaiveTime::MIN).and_utc());
        let age = root.duration("max_request_age", TimeDelta::hours(1)..=TimeDelta::days(365));
        let rematch = root.duration("rematch_after", TimeDelta::days(1)..=TimeDelta::days(3650));
        let per_run = root.int("max_greetings_per_run", 1..=1000);
        let (general, optout, skills) = skills?;
        let (main, talk, exclude) = pages?;
        Some(Settings {
            general,
            optout,
            skills,
            maintainer: maintainer?,
            main,
            talk,
            exclude,
            greetings: greetings?,
            owners,
            flow,
            order,
            max_matches_per_mentor: limit,
            inactive_days,
            start_from,
            max_request_age: age.unwrap_or(TimeDelta::days(14)),
            rematch_after: rematch.unwrap_or(TimeDelta::days(30)),
            max_greetings_per_run: per_run.and_then(|n| usize::try_from(n).ok()).unwrap_or(25),
        })
    }
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
