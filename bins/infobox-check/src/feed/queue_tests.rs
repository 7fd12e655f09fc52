use shared::core::feed::{Level, Sink};
use shared::core::types::{PageId, RevId};
use shared::db::field_change::{Kind, State};
use shared::manual::offline_site;
use shared::settings::parse;

use super::*;
use crate::settings::Settings;

const WIKI: &str = "en.example.org/w";

fn boxes() -> Vec<BoxSettings> {
    let page = "<pre>
enabled: true
boxes:
  Chembox: {watched_fields: [CASNo], log: User:Bot/A}
  Infobox drug: {watched_fields: [KEGG], log: User:Bot/B, channel: drugs}
</pre>";
    let site = offline_site().unwrap();
    parse::<Settings>(page, "wikitext", "t", &site).unwrap().settings.boxes
}

fn feed(name: &str, rules: Option<&[&str]>, boxes: Option<&[&str]>) -> Feed {
    let some = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    Feed {
        name: name.to_owned(),
        wikis: None,
        rules: rules.map(some),
        boxes: boxes.map(some),
        level: Level::All,
        max_age: TimeDelta::hours(6),
        sink: Sink::Stdout,
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn row(rule: Rule, ts: &str) -> NewChange {
    NewChange {
        log_page: String::new(),
        box_name: String::new(),
        page_id: PageId(1),
        title: "Aceton".to_owned(),
        revid: RevId(2),
        parent: None,
        user: None,
        ts: at(ts),
        rule,
        ordinal: 0,
        field: String::new(),
        kind: Kind::Edit,
        state: State::None,
        is_verified: false,
        old: None,
        new: None,
        verified: None,
        verified_revid: None,
        check: None,
        to_log: false,
    }
}

/// The feeds of a row about these boxes.
fn feeds_of(rule: Rule, about: &[usize]) -> Vec<String> {
    let mut here = feed("here", None, None);
    here.wikis = Some(vec!["here".to_owned()]);
    let mut elsewhere = feed("elsewhere", None, None);
    elsewhere.wikis = Some(vec!["de.example.org".to_owned()]);
    let feeds = [
        here,
        elsewhere,
        feed("drugs", None, Some(&[])),
        feed("chem", None, Some(&["Chembox"])),
        feed("lists", Some(&["blacklist", "monitor"]), None),
    ];
    let now = "2026-03-01T12:00:00Z";
    let batch = Batch {
        rows: vec![row(Rule::Field, now), row(rule, now)],
        for_feeds: vec![(1, about.to_vec())],
        ..Batch::default()
    };
    let lines = plan(&feeds, (WIKI, WIKI), &boxes(), &batch, at(now));
    assert!(lines.iter().all(|line| line.row == 1));
    lines.iter().map(|line| line.feed.to_owned()).collect()
}

#[test]
fn a_row_goes_where_its_box_goes() {
    assert_eq!(feeds_of(Rule::Field, &[0]), ["here", "chem"]);
    // With a feed of its own.
    assert_eq!(feeds_of(Rule::Box, &[1]), ["drugs"]);
    // Lists tell of a page: to its boxes' feeds, and to those that take everything.
    assert_eq!(feeds_of(Rule::Blacklist, &[0]), ["here", "chem", "lists"]);
    assert_eq!(feeds_of(Rule::Monitor, &[1]), ["here", "drugs", "lists"]);
    assert_eq!(feeds_of(Rule::Monitor, &[]), ["here", "lists"]);
}

/// Only what the transaction stored waits; what is read too late waits since its own hour, so that it is counted as
/// dropped.
#[test]
fn new_rows_wait_from_now_on_and_late_ones_since_their_hour() {
    let (mut short, long) = (feed("short", None, None), feed("long", None, None));
    short.max_age = TimeDelta::hours(1);
    let now = at("2026-03-01T12:00:00Z");
    let batch = Batch {
        rows: vec![
            row(Rule::Field, "2026-03-01T11:59:00Z"),
            row(Rule::Field, "2026-03-01T10:59:59Z"),
            row(Rule::Field, "2026-03-01T02:10:00Z"),
            row(Rule::Field, "2026-03-01T02:50:00Z"),
            row(Rule::Field, "2026-03-01T11:00:00Z"),
        ],
        for_feeds: (0..5).map(|row| (row, vec![0])).collect(),
        ..Batch::default()
    };
    let feeds = [short, long];
    let lines = plan(&feeds, (WIKI, WIKI), &boxes(), &batch, now);
    assert_eq!(counts(&lines), BTreeMap::from([("short", 5), ("long", 5)]));
    // The fourth of them was there before.
    let new = [(0, 100), (1, 101), (2, 102), (4, 104)];
    let mut waiting: Vec<(String, String, u64)> = Vec::new();
    for (since, lines) in by_moment(&lines, &new) {
        waiting.extend(
            lines
                .iter()
                .map(|line| (since.format("%H:%M").to_string(), line.feed.to_owned(), line.item)),
        );
    }
    let wanted = [
        ("02:00", "short", 102),
        ("02:00", "long", 102),
        ("10:00", "short", 101),
        ("12:00", "short", 100),
        ("12:00", "long", 100),
        ("12:00", "long", 101),
        ("12:00", "short", 104),
        ("12:00", "long", 104),
    ];
    let wanted = wanted.map(|(since, feed, item)| (since.to_owned(), feed.to_owned(), item));
    assert_eq!(waiting, wanted);
}
