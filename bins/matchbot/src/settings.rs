//! matchbot's part of the settings page: the keys of the old `config.json` that admins may set (all but login and
//! database), and what came to them since. Checked strictly, with every problem told at once.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::core::settings::{MapNode, Message};
use shared::core::site::{Site, Title};
use shared::core::types::Timestamp;
use shared::settings::JobSettings;

/// Namespace of category pages.
pub const CATEGORY: i32 = 14;
/// `matches.category` is `varchar(75)`.
const CATEGORY_COLUMN: usize = 75;
/// Most skills, excluded pages, owners.
const MANY: usize = 200;

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
    ("person-line", "{profile} ({category}), since {since}: {reason}. What to do: {advice}.", &["profile", "reason"]),
    ("shrunk", "{list} came back empty or with less than half of its pages: nobody is greeted by it until it has grown again, or the operator lets it pass.", &["list"]),
    ("greetings-done", "{span}: {matched} learners matched, {unmatched} greeted without a match.", &["span", "matched", "unmatched"]),
    ("left-done", "{span}: {count} × {reason}.", &["count", "reason"]),
    ("requests-now", "Now: {waiting} requests are to be greeted, {before} are from before the start and are not greeted.", &["waiting"]),
    ("mention-topic", "Requests that wait for a person", &[]),
    (
        "mention-text",
        "[[User:{maintainer}|{maintainer}]]: requests for a mentor that wait for a person: {count} more since the last message. They are listed at [[{status}]]. ~~~~",
        &["maintainer", "status"],
    ),
];

impl JobSettings for Settings {
    const KEYS: &'static [&'static str] = &[
        "categories", "defaultmentorprofile", "pages", "greetings", "owners", "flow", "order",
        "max_matches_per_mentor", "inactive_days", "start_from", "max_request_age", "rematch_after",
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
        let start_from = root.date("start_from").map(|date| date.and_time(chrono::NaiveTime::MIN).and_utc());
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

/// Longest topic: it stands twice in the edit summary, before the token.
const TOPIC_CHARS: usize = 120;
/// Namespaces in which no profile can be: categories, files, and user pages, whose talk pages belong to their users.
const NO_PROFILES: [i32; 3] = [2, 6, CATEGORY];

type Categories = (Title, Title, Vec<Skill>);

fn categories(root: &MapNode<'_>, site: &Site) -> Option<Categories> {
    let group = root.section("categories");
    group.known(&["general", "optout", "skillslist", "requestcategories", "mentorcategories"]);
    group.require(&["general", "optout", "skillslist", "requestcategories", "mentorcategories"]);
    let general = category(&group, "general", site);
    let optout = category(&group, "optout", site);
    let skills = group.texts("skillslist", MANY);
    let requests = category_list(&group, "requestcategories", site);
    let mentors = category_list(&group, "mentorcategories", site);
    let (skills, requests, mentors) = (skills?, requests?, mentors?);
    if skills.len() != requests.len() || skills.len() != mentors.len() {
        group.problem(
            "skillslist",
            &format!(
                "the three lists must have the same length and order: skillslist has {}, requestcategories {}, mentorcategories {}",
                skills.len(),
                requests.len(),
                mentors.len()
            ),
        );
        return None;
    }
    if skills.is_empty() {
        group.problem("skillslist", "name at least one skill");
        return None;
    }
    for (n, request) in requests.iter().enumerate() {
        if requests[..n].contains(request) {
            group.problem_at("requestcategories", n, "this category stands in the list twice");
        }
        let length = site.prefixed(request).chars().count();
        if length > CATEGORY_COLUMN {
            group.warning_at(
                "requestcategories",
                n,
                &format!("the title has {length} characters; column `category` of `matches` holds the first {CATEGORY_COLUMN}"),
            );
        }
    }
    let skills = skills.into_iter().zip(requests).zip(mentors);
    let skills = skills.map(|((name, request), mentor)| Skill { name, request, mentor }).collect();
    Some((general?, optout?, skills))
}

fn category(group: &MapNode<'_>, key: &str, site: &Site) -> Option<Title> {
    let text = group.text(key)?;
    match in_category(&text, site) {
        Ok(title) => Some(title),
        Err(why) => {
            group.problem(key, &why);
            None
        }
    }
}

fn category_list(group: &MapNode<'_>, key: &str, site: &Site) -> Option<Vec<Title>> {
    let texts = group.texts(key, MANY)?;
    let mut titles = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        match in_category(text, site) {
            Ok(title) => titles.push(title),
            Err(why) => group.problem_at(key, n, &why),
        }
    }
    (titles.len() == texts.len()).then_some(titles)
}

/// A category, with or without prefix, in any of the wiki's names for the namespace.
fn in_category(text: &str, site: &Site) -> Result<Title, String> {
    let title = site.title_in(CATEGORY, text)?;
    if title.ns == CATEGORY {
        return Ok(title);
    }
    let namespace = site.namespace_name(title.ns).unwrap_or_default();
    Err(format!("`{text}` is in namespace {namespace}; a category is wanted"))
}

fn title(group: &MapNode<'_>, key: &str, site: &Site) -> Option<Title> {
    group.require(&[key]);
    let text = group.text(key)?;
    match site.title(&text) {
        Ok(title) => Some(title),
        Err(why) => {
            group.problem(key, &why);
            None
        }
    }
}

fn pages(root: &MapNode<'_>, site: &Site) -> Option<(Title, Title, Vec<Title>)> {
    let group = root.section("pages");
    group.known(&["main", "talk", "exclude"]);
    let main = title(&group, "main", site);
    let talk = title(&group, "talk", site);
    let mut exclude = Vec::new();
    for (n, text) in group.texts("exclude", MANY).unwrap_or_default().iter().enumerate() {
        match site.title(text) {
            Ok(title) => exclude.push(title),
            Err(why) => group.problem_at("exclude", n, &why),
        }
    }
    let (main, talk) = (main?, talk?);
    if NO_PROFILES.contains(&main.ns) || main.is_talk() {
        group.problem(
            "main",
            "profiles cannot be talk pages, categories, files or user pages: the job edits no talk page of a user",
        );
        return None;
    }
    match site.talk_of(&main) {
        Some(expected) if expected == talk => Some((main, talk, exclude)),
        expected => {
            let expected = expected.map_or_else(String::new, |t| format!(": write `{}`", site.prefixed(&t)));
            group.problem("talk", &format!("this is not the talk page of pages.main{expected}"));
            None
        }
    }
}

fn greetings(root: &MapNode<'_>) -> Option<Greetings> {
    let group = root.section("greetings");
    group.known(&["matchtopic", "matchgreeting", "generalgreeting", "nomatchtopic", "nomatchgreeting", "noflowtemplate"]);
    group.moved(&[
        ("topic", "the keys are `matchtopic` and `nomatchtopic`"),
        ("greeting", "the key is `matchgreeting`"),
    ]);
    group.require(&["matchtopic", "matchgreeting", "nomatchtopic", "nomatchgreeting", "noflowtemplate"]);
    let skill: &[&str] = &["skill", "1"];
    let mentor: &[&str] = &["mentor", "0"];
    let maintainer: &[&str] = &["maintainer", "0"];
    let matchtopic = topic(&group, "matchtopic");
    let nomatchtopic = topic(&group, "nomatchtopic");
    let matchgreeting = text(&group, "matchgreeting", &[mentor, skill], &["learner"]);
    let generalgreeting = text(&group, "generalgreeting", &[mentor], &["skill", "1", "learner"]);
    let nomatchgreeting = text(&group, "nomatchgreeting", &[maintainer], &["skill", "1", "learner"]);
    let parts: [&[&str]; 3] = [&["topic", "0"], &["learner", "1"], &["text", "2"]];
    let noflowtemplate = text(&group, "noflowtemplate", &parts, &[]);
    let section = noflowtemplate.as_deref().unwrap_or("");
    if !section.is_empty() && !section.contains("~~~~") {
        group.problem("noflowtemplate", "the signature `~~~~` is missing: without it nobody is notified of the greeting");
        return None;
    }
    Some(Greetings {
        matchtopic: matchtopic?,
        matchgreeting: matchgreeting?,
        generalgreeting,
        nomatchtopic: nomatchtopic?,
        nomatchgreeting: nomatchgreeting?,
        noflowtemplate: noflowtemplate?,
    })
}

fn topic(group: &MapNode<'_>, key: &str) -> Option<String> {
    let topic = text(group, key, &[], &[])?;
    if topic.chars().count() > TOPIC_CHARS || topic.contains(['\n', '~']) || topic.contains("*/") {
        group.problem(key, &format!("a heading is one line of at most {TOPIC_CHARS} characters, without `~` and `*/`"));
        return None;
    }
    Some(topic.trim().to_owned())
}

/// A text with its placeholders, and without a signature that an admin's save has turned into his own.
fn text(group: &MapNode<'_>, key: &str, wanted: &[&[&str]], allowed: &[&str]) -> Option<String> {
    let text = group.text(key)?;
    if is_signed(&text) {
        group.problem(
            key,
            "a finished signature stands here: `~~~~` was replaced when the page was saved. Put the settings into <pre>, and write `~~~~` again",
        );
        return None;
    }
    group.placeholders(key, &text, wanted, allowed).then_some(text)
}

/// Whether a text holds a time as MediaWiki signs with: `12:34, 1 January 2026 (UTC)`, in any language.
fn is_signed(text: &str) -> bool {
    let zone = |rest: &str| {
        let inside = rest.split(')').next().unwrap_or("");
        (2..=5).contains(&inside.len()) && inside.chars().all(|c| c.is_ascii_uppercase())
    };
    text.match_indices(" (").any(|(at, open)| {
        let before: String = text[..at].chars().rev().take(45).collect();
        let clock = before.chars().collect::<Vec<_>>();
        let time = clock.windows(5).any(|w| w[2] == ':' && [w[0], w[1], w[3], w[4]].iter().all(char::is_ascii_digit));
        time && zone(&text[at + open.len()..])
    })
}

fn owners(root: &MapNode<'_>, site: &Site) -> BTreeMap<Title, String> {
    let mut owners = BTreeMap::new();
    if !root.has("owners") {
        return owners;
    }
    let group = root.section("owners");
    for (page, user) in group.pairs() {
        match (site.title(&page), site.title_in(2, &user)) {
            (Ok(page), Ok(name)) if name.ns == 2 => {
                owners.insert(page, name.text);
            }
            (Ok(_), _) => group.problem(&page, "write the user name, as in `Example`"),
            (Err(why), _) => group.problem(&page, &why),
        }
    }
    owners
}

fn match_limit(root: &MapNode<'_>) -> Option<MatchLimit> {
    let group = root.map("max_matches_per_mentor")?;
    group.known(&["count", "days"]);
    group.require(&["count", "days"]);
    let number = |key: &str, most: i64| group.int(key, 1..=most).and_then(|n| u32::try_from(n).ok());
    let (count, days) = (number("count", 1000), number("days", 3650));
    Some(MatchLimit { count: count?, days: days? })
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
