//! What a run prints, and what it does not.

use super::*;
use shared::core::change::EditorKind;
use shared::core::hit::{Hit, Rule, Subject};
use shared::core::types::{PageId, RevId, Timestamp};
use shared::db::suppress::Entry;
use shared::db::{Author, UserKind};

fn now() -> Timestamp {
    "2026-11-20T10:00:00Z".parse().unwrap()
}

fn list(names: &[(What, &str, u64)]) -> Suppressed {
    let entry = |(what, name, id): &(What, &str, u64)| Entry {
        what: *what,
        name: (*name).to_owned(),
        user_id: Some(UserId(*id)),
        by: "Ops".to_owned(),
        since: now(),
        reason: String::new(),
    };
    Suppressed::new(names.iter().map(entry).collect())
}

fn hit(rev: u64, wiki: &str, user: (u64, &str), title: &str, host: Option<&str>) -> NewHit {
    let key = host.map(|host| Key::from_name(host, &shared::core::link::PathHosts::default()).unwrap());
    assert_eq!(EditorKind::of(user.1, UserId(user.0), false), EditorKind::Named);
    NewHit {
        wiki: wiki.to_owned(),
        rev: RevId(rev),
        ts: now(),
        page: PageId(1),
        ns: 0,
        title: title.to_owned(),
        user: Some(Author {
            id: UserId(user.0),
            name: user.1.to_owned(),
            kind: UserKind::Account,
        }),
        hit: Hit {
            subject: if host.is_some() { Subject::Link } else { Subject::Page },
            string: host.unwrap_or(title).to_owned(),
            key: key.as_ref().map(|key| key.stored().to_owned()),
            rule: Rule::MonitoredLink,
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
fn a_hit_is_told_with_the_present_names_of_user_and_page() {
    let revision = Revision {
        revid: RevId(11),
        parent: RevId(0),
        page_id: PageId(1),
        ns: 2,
        title: "User:Present/Page".to_owned(),
        user: Some("Present".to_owned()),
        user_id: UserId(1),
        editor: EditorKind::Named,
        timestamp: now(),
        minor: false,
        tags: Vec::new(),
        comment: None,
        sha1: None,
        size: 0,
        model: String::new(),
        text: None,
        text_hidden: false,
    };
    let page = as_now(&hit(11, "home/w", (1, "Past"), "Secret", None), &revision);
    assert_eq!(
        (
            page.user.unwrap().name.as_str(),
            page.ns,
            page.title.as_str(),
            page.hit.string.as_str()
        ),
        ("Present", 2, "User:Present/Page", "User:Present/Page")
    );
    let link = as_now(
        &hit(11, "home/w", (1, "Past"), "Secret", Some("tea.example")),
        &revision,
    );
    assert_eq!(
        (link.title.as_str(), link.hit.string.as_str()),
        ("User:Present/Page", "tea.example")
    );
}

#[test]
fn what_is_shown_nowhere_is_counted_only() {
    let hides = Hides {
        home: list(&[(What::Host, "hidden.example", 0), (What::User, "Mallory", 9)]),
        of: [("away/w".to_owned(), list(&[(What::Page, "Secret", 0)]))].into(),
    };
    let all = [
        hit(11, "home/w", (1, "Alice"), "Secret", None),
        hit(12, "away/w", (1, "Alice"), "Secret", None),
        hit(13, "away/w", (1, "Alice"), "Tea", Some("www.hidden.example")),
        hit(14, "away/w", (1, "Alice"), "Tea", Some("nothidden.example")),
        hit(15, "home/w", (9, "Renamed"), "Tea", None),
        hit(16, "away/w", (8, "Mallory"), "Tea", None),
        hit(17, "home/w", (8, "Bob"), "Tea", Some("tea.example")),
    ];
    let all: Vec<&NewHit> = all.iter().collect();
    let told = lines(&all, &hides, true);
    let read: Vec<Value> = told.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let revs: Vec<u64> = read.iter().filter_map(|one| one["rev_id"].as_u64()).collect();
    assert_eq!(revs, [11, 14, 17]);
    assert_eq!(
        read[3..],
        [
            json!({"type": "suppressed-hits", "wiki": "away/w", "hits": 3}),
            json!({"type": "suppressed-hits", "wiki": "home/w", "hits": 1}),
        ]
    );
    let text = lines(&all, &hides, false);
    assert_eq!(text.len(), 5);
    assert_eq!(
        text[3..],
        ["away/w: 3 hits are suppressed", "home/w: 1 hits are suppressed"]
    );
    for line in told.iter().chain(&text) {
        for name in ["www.hidden", "Mallory", "Renamed"] {
            assert!(!line.contains(name), "{line}");
        }
    }
    // Also what only a pattern or an address tells.
    let mut quoted = hit(18, "home/w", (1, "Alice"), "Tea", Some("tea.example"));
    assert!(!hides.hit(&quoted));
    quoted.hit.matched = Some(r"^hidden\.example$".to_owned());
    assert!(hides.hit(&quoted));
    quoted.hit.matched = None;
    quoted.hit.url = Some("https://tea.example/?by=mallory".to_owned());
    assert!(hides.hit(&quoted));
    // Entries of lists, by the lists of all wikis.
    let hosts = shared::core::link::PathHosts::default();
    for text in [
        "Mallory",
        "see mallory",
        "www.hidden.example",
        r"hidden\.example",
        "Secret",
    ] {
        assert!(hides.names(text, &hosts), "{text}");
    }
    for text in ["Alice", "nothidden.test", "*", ""] {
        assert!(!hides.names(text, &hosts), "{text}");
    }
    assert!(hides.text("x", r"monitor list: \bHidden\.example\b") && !hides.text("x", "the Secret"));
    assert!(hides.text("away/w", "the Secret"));
}
