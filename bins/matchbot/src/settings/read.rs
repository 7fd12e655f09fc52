//! The groups of matchbot's settings, read one by one; every problem is recorded where it stands.

use std::collections::BTreeMap;

use shared::core::settings::MapNode;
use shared::core::site::{Site, Title};

use super::{CATEGORY, Greetings, MatchLimit, Skill, TOPIC_CHARS};

/// `matches.category` is `varchar(75)`.
const CATEGORY_COLUMN: usize = 75;
/// Most skills, excluded pages, owners.
const MANY: usize = 200;
/// Namespaces in which no profile can be: categories, files, and user pages, whose talk pages belong to their users.
const NO_PROFILES: [i32; 3] = [2, 6, CATEGORY];

/// General category, opt-out category, skills.
pub(super) type Categories = (Title, Title, Vec<Skill>);

pub(super) fn categories(root: &MapNode<'_>, site: &Site) -> Option<Categories> {
    let group = root.section("categories");
    group.known(&[
        "general",
        "optout",
        "skillslist",
        "requestcategories",
        "mentorcategories",
    ]);
    group.require(&[
        "general",
        "optout",
        "skillslist",
        "requestcategories",
        "mentorcategories",
    ]);
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
    let skills = skills
        .map(|((name, request), mentor)| Skill { name, request, mentor })
        .collect();
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

pub(super) fn title(group: &MapNode<'_>, key: &str, site: &Site) -> Option<Title> {
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

pub(super) fn pages(root: &MapNode<'_>, site: &Site) -> Option<(Title, Title, Vec<Title>)> {
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

pub(super) fn greetings(root: &MapNode<'_>) -> Option<Greetings> {
    let group = root.section("greetings");
    group.known(&[
        "matchtopic",
        "matchgreeting",
        "generalgreeting",
        "nomatchtopic",
        "nomatchgreeting",
        "noflowtemplate",
    ]);
    group.moved(&[
        ("topic", "the keys are `matchtopic` and `nomatchtopic`"),
        ("greeting", "the key is `matchgreeting`"),
    ]);
    group.require(&[
        "matchtopic",
        "matchgreeting",
        "nomatchtopic",
        "nomatchgreeting",
        "noflowtemplate",
    ]);
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
        group.problem(
            "noflowtemplate",
            "the signature `~~~~` is missing: without it nobody is notified of the greeting",
        );
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
        group.problem(
            key,
            &format!("a heading is one line of at most {TOPIC_CHARS} characters, without `~` and `*/`"),
        );
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
pub(super) fn is_signed(text: &str) -> bool {
    let zone = |rest: &str| {
        let inside = rest.split(')').next().unwrap_or("");
        (2..=5).contains(&inside.len()) && inside.chars().all(|c| c.is_ascii_uppercase())
    };
    text.match_indices(" (").any(|(at, open)| {
        let before: String = text[..at].chars().rev().take(45).collect();
        let clock = before.chars().collect::<Vec<_>>();
        let time = clock
            .windows(5)
            .any(|w| w[2] == ':' && [w[0], w[1], w[3], w[4]].iter().all(char::is_ascii_digit));
        time && zone(&text[at + open.len()..])
    })
}

pub(super) fn owners(root: &MapNode<'_>, site: &Site) -> BTreeMap<Title, String> {
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

pub(super) fn match_limit(root: &MapNode<'_>) -> Option<MatchLimit> {
    let group = root.map("max_matches_per_mentor")?;
    group.known(&["count", "days"]);
    group.require(&["count", "days"]);
    let number = |key: &str, most: i64| group.int(key, 1..=most).and_then(|n| u32::try_from(n).ok());
    let (count, days) = (number("count", 1000), number("days", 3650));
    Some(MatchLimit {
        count: count?,
        days: days?,
    })
}
