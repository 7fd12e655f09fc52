//! Which hits go where.

use super::*;
use shared::core::feed::{Level, Sink};
use shared::core::hit::{Hit, Rule, Subject};
use shared::core::types::{PageId, RevId, UserId};
use shared::db::{Author, UserKind};

const HOME: &str = "en.example.org/w";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn feed(name: &str, wikis: &[&str], rules: &[Rule]) -> Feed {
    let some = |names: Vec<String>| Some(names).filter(|names| !names.is_empty());
    Feed {
        name: name.to_owned(),
        wikis: some(wikis.iter().map(|&wiki| wiki.to_owned()).collect()),
        rules: some(rules.iter().map(|rule| rule.word().to_owned()).collect()),
        boxes: None,
        level: Level::Silent,
        max_age: TimeDelta::hours(6),
        sink: Sink::Stdout,
    }
}

fn hit(wiki: &str, rule: Rule, ts: &str) -> NewHit {
    NewHit {
        wiki: wiki.to_owned(),
        rev: RevId(1),
        ts: at(ts),
        page: PageId(1),
        ns: 0,
        title: "T".to_owned(),
        user: Some(Author {
            id: UserId(1),
            name: "A".to_owned(),
            kind: UserKind::Account,
        }),
        hit: Hit {
            subject: Subject::Link,
            string: "a.example".to_owned(),
            key: None,
            rule,
            matched: None,
            score: None,
            words: ('U', 'L'),
            near: None,
            url: None,
            times: 1,
            skip: None,
            is_shown: true,
            starts_monitoring: false,
            is_new: false,
        },
        settings: RevId(1),
        edits: None,
    }
}

#[test]
fn new_hits_wait_for_the_feeds_that_take_them() {
    let now = at("2026-11-22T12:30:00Z");
    let fresh = "2026-11-22T12:29:00Z";
    let feeds = [
        feed("all", &[], &[]),
        feed("here", &["here"], &[Rule::LinkOverlap]),
        feed("de", &["de.example.org"], &[]),
    ];
    let mut skipped = hit(HOME, Rule::LinkOverlap, fresh);
    skipped.hit.skip = Some("tag: x".to_owned());
    let mut collected = hit(HOME, Rule::MonitoredUser, fresh);
    collected.hit.is_shown = false;
    let mut nobody = hit(HOME, Rule::LinkOverlap, fresh);
    nobody.user = None;
    let hits = [
        hit(HOME, Rule::LinkOverlap, fresh),
        skipped,
        collected,
        nobody,
        hit("de.example.org/w", Rule::LinkOverlap, fresh),
        // It was there before.
        hit(HOME, Rule::LinkOverlap, fresh),
        hit(HOME, Rule::Flood, fresh),
        // More than six hours old.
        hit(HOME, Rule::LinkOverlap, "2026-11-22T06:29:59Z"),
    ];
    let new = [(0, 10), (1, 11), (2, 12), (3, 13), (4, 14), (6, 16), (7, 17)];
    let found = lines((HOME, HOME), &feeds, &hits, &new, now);
    let of = |moment: Timestamp| -> Vec<(&str, u64)> {
        let lines = found.get(&moment).into_iter().flatten();
        lines.map(|line| (line.feed, line.item)).collect()
    };
    assert_eq!(
        of(now),
        [("all", 10), ("here", 10), ("all", 14), ("de", 14), ("all", 16)]
    );
    assert_eq!(of(at("2026-11-22T06:00:00Z")), [("all", 17), ("here", 17)]);
    assert_eq!(found.len(), 2);

    let mut counts = BTreeMap::new();
    count((HOME, HOME), &feeds, hits.iter(), &mut counts);
    let counts: Vec<(&str, u64)> = counts.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(counts, [("all", 5), ("de", 1), ("here", 3)]);
}
