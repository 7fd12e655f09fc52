//! What is decided of hits whose edits were looked at.

use super::*;
use shared::core::hit::{Hit, Rule, Subject};
use shared::core::types::{PageId, UserId};
use shared::db::{Author, UserKind};

fn row(ts: Timestamp, name: &str) -> Row {
    let hit = Hit {
        subject: Subject::Link,
        string: "a.example".to_owned(),
        key: None,
        rule: Rule::LinkOverlap,
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
    };
    Row {
        id: 3,
        home: "en.example.org/w".to_owned(),
        of: NewHit {
            wiki: "en.example.org/w".to_owned(),
            rev: RevId(7),
            ts,
            page: PageId(1),
            ns: 0,
            title: "Water".to_owned(),
            user: Some(Author {
                id: UserId(1),
                name: name.to_owned(),
                kind: UserKind::Account,
            }),
            hit,
            settings: RevId(1),
            edits: None,
        },
        kind: Some(UserKind::Account),
        recorded: ts,
        user_hidden: false,
        text_hidden: false,
    }
}

#[test]
fn an_edit_that_its_wiki_does_not_know_yet_waits_before_it_is_gone() {
    let at = Timestamp::UNIX_EPOCH;
    let told = |after| missing(&row(at, "Ann"), at + TimeDelta::seconds(after));
    // The wiki's clock may be ahead.
    for after in [-30, 0, 2, 299] {
        assert!(matches!(told(after), Told::NotNow(_)), "{after}");
    }
    for after in [300, 4_000] {
        assert_eq!(told(after), Told::Withheld(GONE), "{after}");
    }
}

#[test]
fn additions_are_looked_for_under_the_name_of_the_edit_first() {
    let at = Timestamp::UNIX_EPOCH;
    let (past, present) = (row(at, "Past").of, row(at, "Present").of);
    assert_eq!(names(&past, &present), ["Past", "Present"]);
    assert_eq!(names(&past, &past), ["Past"]);
}
