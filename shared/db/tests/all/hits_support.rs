//! Hits for tests, and the runs that store them.

use crate::support::{TestDb, t};
use wikicrew_core::hit::{Hit, Rule, Subject};
use wikicrew_core::types::{PageId, RevId, Timestamp, UserId};
use wikicrew_db::hit::{self, NewHit};
use wikicrew_db::run::NewRun;
use wikicrew_db::{Author, Lease, Taken, UserKind};

pub const HOME: &str = "home.example.org/w";
pub const OTHER: &str = "other.example.org/w";
pub const DAY: i64 = 86_400;

pub async fn take(test: &TestDb, wiki: &str) -> Lease {
    let run = NewRun {
        job: "coi-report",
        wiki,
        shard: "",
        version: "0.1.0",
    };
    match Lease::take(&test.db, &run, t(0)).await.unwrap() {
        Taken::Lease(lease) => lease,
        Taken::Busy { .. } => panic!("busy"),
    }
}

pub fn user(name: &str) -> Author {
    let kind = match name.as_bytes()[0] {
        b'~' => UserKind::Temporary,
        b'1' | b'2' => UserKind::Address,
        _ => UserKind::Account,
    };
    Author {
        id: UserId(if kind == UserKind::Address {
            0
        } else {
            name.len() as u64
        }),
        name: name.into(),
        kind,
    }
}

pub fn link(wiki: &str, rev: u64, ts: Timestamp, name: &str, host: &str, stored: &str) -> NewHit {
    NewHit {
        wiki: wiki.into(),
        rev: RevId(rev),
        ts,
        page: PageId(rev % 100),
        ns: 0,
        title: format!("Page {}", rev % 100),
        user: Some(user(name)),
        hit: Hit {
            subject: Subject::Link,
            string: host.into(),
            key: Some(stored.into()),
            rule: Rule::LinkOverlap,
            matched: Some(host.into()),
            score: Some((100.0, 87.5, 87.5)),
            words: ('U', 'L'),
            near: Some(99.25),
            url: Some(format!("https://{host}/ü")),
            times: 2,
            skip: None,
            is_shown: true,
            starts_monitoring: false,
            is_new: true,
        },
        settings: RevId(77),
        edits: Some(3),
    }
}

pub fn page(rev: u64, ts: Timestamp, name: &str, title: &str) -> NewHit {
    let mut hit = link(HOME, rev, ts, name, title, "");
    hit.hit = Hit {
        subject: Subject::Page,
        key: None,
        rule: Rule::PageOverlap,
        matched: None,
        url: None,
        near: None,
        ..hit.hit
    };
    NewHit {
        title: title.into(),
        ..hit
    }
}

pub fn shop(wiki: &str, rev: u64, ts: Timestamp, name: &str) -> NewHit {
    link(wiki, rev, ts, name, "shop.example.com", "com.example.shop.")
}

/// How many were new.
pub async fn insert(test: &TestDb, lease: &Lease, hits: &[NewHit], now: Timestamp) -> usize {
    let new = test.write(lease, async |tx| hit::insert(tx, hits, now).await).await;
    new.unwrap().len()
}
