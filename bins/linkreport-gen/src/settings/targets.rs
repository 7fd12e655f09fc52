//! The wikis on which reports stand. A page of a wiki is only written where that wiki's own protected settings page says
//! so, as `here`; other wikis are named to tell which of the copies is the home, and to link there.

use shared::core::settings::{Item, MapNode};
use shared::core::site::{Site, Title};
use shared::wiki::wiki_id_of;

use super::lists::MEDIAWIKI;
use super::{Place, Target};

/// Most wikis.
const TARGETS: usize = 20;
/// Longest approval: a link or a sentence, in characters.
const APPROVAL_CHARS: usize = 500;
/// Longest base, in bytes: the kind and the subject come behind it.
pub(super) const BASE_BYTES: usize = 150;
/// Longest base of another wiki, in bytes, with its namespace.
const THERE_BYTES: usize = 300;
/// Number of the namespace of users.
const USER: i32 = 2;
/// Number of the namespace of talk pages of users.
const USER_TALK: i32 = 3;

/// This wiki alone, below the bot's user page.
pub(super) fn default_targets() -> Vec<Target> {
    vec![Target {
        is_home: true,
        ..here()
    }]
}

fn here() -> Target {
    Target {
        place: Place::Here,
        base: None,
        base_there: None,
        approval: None,
        is_home: false,
    }
}

/// An entry, with what it says of `home`.
struct Entry {
    place: usize,
    target: Target,
    home: Option<bool>,
}

pub(super) fn targets(root: &MapNode<'_>, site: &Site) -> Vec<Target> {
    if !root.has("targets") {
        return default_targets();
    }
    let mut keys: Vec<String> = Vec::new();
    let mut found: Vec<Entry> = Vec::new();
    let mut all_read = root.is_list("targets");
    for (n, item) in root.items("targets", TARGETS).unwrap_or_default() {
        let read = match item {
            Item::Group(group) => read(&group, site),
            Item::Text(_) => {
                root.problem_at(
                    "targets",
                    n,
                    "write {wiki: here} for this wiki, or {wiki: <address of api.php>}",
                );
                None
            }
        };
        let Some((target, home)) = read else {
            all_read = false;
            continue;
        };
        let key = match &target.place {
            Place::Here => "here".to_owned(),
            // It was read: its address is one.
            Place::Api(api) => wiki_id_of(api, &[]).unwrap_or_default(),
        };
        if keys.contains(&key) {
            root.problem_at("targets", n, "this wiki stands in the list twice");
            all_read = false;
            continue;
        }
        keys.push(key);
        found.push(Entry { place: n, target, home });
    }
    if all_read && !keys.iter().any(|key| key == "here") {
        let text = "one of them has to be {wiki: here}; to write no pages here, set `publish: off`";
        root.problem("targets", text);
    }
    with_home(root, found, all_read)
}

/// Exactly one is the home: that which says so, else the first.
fn with_home(root: &MapNode<'_>, mut found: Vec<Entry>, all_read: bool) -> Vec<Target> {
    let homes: Vec<usize> = (0..found.len()).filter(|n| found[*n].home == Some(true)).collect();
    for n in homes.iter().skip(1) {
        let text = "people's part of a report lives on one wiki: only one target can be the home";
        root.problem_at("targets", found[*n].place, text);
    }
    let first = || found.iter().position(|entry| entry.home.is_none());
    match homes.first().copied().or_else(first) {
        Some(home) => found[home].target.is_home = true,
        None if all_read && !found.is_empty() => {
            let text = "one of them has to be the home, on which people's part of a report lives: write `home: true`";
            root.problem("targets", text);
        }
        None => {}
    }
    found.into_iter().map(|entry| entry.target).collect()
}

fn read(group: &MapNode<'_>, site: &Site) -> Option<(Target, Option<bool>)> {
    group.known(&["wiki", "base", "approval", "home"]);
    group.require(&["wiki"]);
    let approval = approval(group);
    let home = group.bool("home");
    let place = place(group);
    let mut target = Target { approval, ..here() };
    match place? {
        Place::Here => target.base = base(group, site),
        Place::Api(api) => {
            target.place = Place::Api(api);
            target.base_there = base_there(group);
        }
    }
    Some((target, home))
}

fn place(group: &MapNode<'_>) -> Option<Place> {
    let wiki = group.text("wiki")?;
    let wiki = wiki.trim();
    if wiki == "here" {
        return Some(Place::Here);
    }
    let why = match wiki_id_of(wiki, &[]) {
        Ok(_) if wiki.ends_with("/api.php") => return Some(Place::Api(wiki.to_owned())),
        Ok(_) => "it must end with the path of api.php".to_owned(),
        Err(why) => why.to_string(),
    };
    let text = format!("this is neither `here` nor the address of an api.php: {why}");
    group.problem("wiki", &text);
    None
}

/// The base on this wiki. That a user page is the bot's own is looked at later, when the account is known.
fn base(group: &MapNode<'_>, site: &Site) -> Option<Title> {
    let text = group.text("base")?;
    let title = match site.title(&text) {
        Ok(title) => title,
        Err(why) => {
            group.problem("base", &why);
            return None;
        }
    };
    let why = match title.ns {
        ns if ns < 0 => Some("this is a special page; nothing can be written there"),
        USER_TALK => Some("no job writes on talk pages of users"),
        MEDIAWIKI => Some("no job writes into the messages of the wiki"),
        ns if ns == MEDIAWIKI + 1 => Some("no job writes into the talk of the wiki's messages"),
        ns if site.is_content(ns & !1) => Some("reports are not written among the articles or their talk pages"),
        _ if title.text.len() > BASE_BYTES => Some("the title is too long: 150 bytes are allowed"),
        _ => None,
    };
    if let Some(why) = why {
        group.problem("base", why);
        return None;
    }
    if title.ns != USER && !group.has("approval") {
        group.problem(
            "approval",
            "reports outside of the bot's own user pages need an approval: a link to it, or where it was given",
        );
    }
    Some(title)
}

/// The base on another wiki, whose settings page judges it.
fn base_there(group: &MapNode<'_>) -> Option<String> {
    let text = group.text("base")?;
    let text = text.trim().trim_matches('/');
    if text.is_empty() || text.len() > THERE_BYTES || text.contains(['\n', '[', ']', '{', '}', '|', '<', '>', '#']) {
        group.problem("base", "write the title of a page of that wiki, with its namespace");
        return None;
    }
    Some(text.to_owned())
}

fn approval(group: &MapNode<'_>) -> Option<String> {
    let text = group.text("approval")?;
    let text = text.trim();
    if text.contains('\n') || text.chars().count() > APPROVAL_CHARS {
        group.problem("approval", "this must be one line of at most 500 characters");
        return None;
    }
    Some(text.to_owned())
}
