//! Models for tests: the report of the issue's example, a user's, and one of any size with hostile texts.

use shared::core::link::PathHosts;
use shared::core::report::{Kind, Rule, Status, Subject};
use shared::core::site::Site;
use shared::core::types::{PageId, RevId, Timestamp};
use shared::db::links::questions::counts::Four;
use shared::db::links::questions::lookup::Kind as EditorKind;

use crate::model::{
    Account, Adder, Complete, Earlier, Entry, Established, Fate, Fates, HitRow, HostCount, ListName, Model, Reach, Row,
    Server, Totals, Who, Wiki,
};

/// A wiki with the namespaces that reports have to do with.
pub fn site() -> Site {
    Site::from_siteinfo(&serde_json::json!({
        "general": {"sitename": "P", "server": "s", "lang": "en", "wikiid": "enwiki", "generator": "g", "maxarticlesize": 2097152},
        "namespaces": {
            "-1": {"id": -1, "case": "first-letter", "name": "Special", "canonical": "Special"},
            "0": {"id": 0, "case": "first-letter", "name": ""},
            "2": {"id": 2, "case": "first-letter", "name": "User", "canonical": "User"},
            "3": {"id": 3, "case": "first-letter", "name": "User talk", "canonical": "User talk"},
            "4": {"id": 4, "case": "first-letter", "name": "Project", "canonical": "Project"},
            "14": {"id": 14, "case": "first-letter", "name": "Category", "canonical": "Category"},
        }
    }))
    .unwrap()
}

/// A moment.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A subject.
pub fn subject(kind: Kind, name: &str) -> Subject {
    Subject::from_name(kind, name, &PathHosts::default()).unwrap()
}

fn wikis() -> Vec<Wiki> {
    let wiki = |key: &str, name: &str, reach| Wiki {
        key: key.to_owned(),
        name: name.to_owned(),
        reach,
    };
    vec![
        wiki("en.example.org/w", "enwiki", Reach::Here),
        wiki("de.example.org/w", "dewiki", Reach::Prefix("de".to_owned())),
        wiki("fr.example.org/w", "fr.example.org", Reach::None),
    ]
}

fn adder(name: &str, n: u64) -> Adder {
    Adder {
        who: Who::Name(name.to_owned()),
        kind: EditorKind::Named,
        wiki: 0,
        n,
        wikis: 2,
        first: at("2026-01-02T03:04:05Z"),
        last: at("2026-11-01T10:11:12Z"),
        other_links: 2,
        other_hosts: vec![("other.example.net".to_owned(), 2)],
        fates: Fates {
            looked_at: n,
            live: 1,
            removed: n - 1,
            again: 1,
            ..Fates::default()
        },
        account: Some(Account {
            registered: Some(at("2025-12-24T00:00:00Z")),
            edits: Some(1234),
            is_global: true,
            groups: vec!["autoreviewer".to_owned()],
            is_blocked: true,
            is_locked: false,
        }),
    }
}

/// The issue's example: 41 additions, 38 of them by one user. Rows 1 to 4 are still there; rows 5 to 7 are one edit, as are
/// rows 20 to 31. Row 41 is on another wiki, row 40 on one that cannot be linked.
pub fn link_report() -> Model {
    let rows = (1..=41).map(row).collect();
    Model {
        subject: subject(Kind::Link, "example.com"),
        wikis: wikis(),
        totals: Totals {
            additions: 41,
            wikis: 7,
            kinds: vec![(EditorKind::Named, 2, 40), (EditorKind::Address, 1, 1)],
            hosts: 1,
            first: Some(at("2026-01-02T03:04:05Z")),
            last: Some(at("2026-11-01T10:11:12Z")),
            restored: 1,
            is_cut: false,
        },
        complete: Complete {
            rows: Some(at("2026-01-01T00:00:00Z")),
            counters: Some(at("2025-06-01T00:00:00Z")),
            gaps: vec![(1, at("2026-03-01T00:00:00Z"), at("2026-03-02T12:00:00Z"))],
        },
        rules: vec![Rule::Dominance],
        by_wiki: vec![(0, 39), (1, 1), (2, 1)],
        by_month: (1..=11).map(|month| (2026, month, u64::from(month) % 5)).collect(),
        users: vec![adder("Ann Lee", 38), adder("Bob", 2)],
        hosts: Vec::new(),
        rows,
        fates: Fates {
            looked_at: 41,
            live: 4,
            removed: 37,
            again: 6,
            hidden: 2,
            ..Fates::default()
        },
        servers: vec![Server {
            ip: "192.0.2.7".parse().unwrap(),
            first: at("2026-01-02T03:04:05Z"),
            last: at("2026-11-01T10:11:12Z"),
            hosts: 12,
        }],
        entries: vec![Entry {
            list: ListName::Monitor,
            what: r"example\.com".to_owned(),
            page: Some((0, "Project:Lists".to_owned())),
            by: Some("Carol".to_owned()),
            since: Some(at("2026-05-04T00:00:00Z")),
            reason: Some("often added".to_owned()),
            of_user: None,
        }],
        unchecked: Vec::new(),
        established: Established {
            uses_here: Some(500),
            more: true,
            by_experienced: (1, 38),
        },
        earlier: vec![Earlier {
            title: "Project:Spam/Archive 1".to_owned(),
            status: None,
        }],
        hits: Vec::new(),
        all_hits: 0,
    }
}

fn row(number: usize) -> Row {
    let edit = match number {
        5..=7 => 5,
        20..=31 => 20,
        number => number,
    };
    Row {
        number,
        ts: match number {
            1 => at("2026-11-01T10:11:12Z"),
            41 => at("2026-01-02T03:04:05Z"),
            _ => at("2026-06-01T00:00:00Z") - chrono::TimeDelta::hours(edit as i64),
        },
        wiki: match number {
            40 => 2,
            41 => 1,
            _ => 0,
        },
        rev: RevId(1000 - edit as u64),
        page_id: PageId(7),
        title: Some("Tree".to_owned()),
        who: Who::Name(if number > 38 { "Bob" } else { "Ann Lee" }.to_owned()),
        kind: EditorKind::Named,
        user_links: 40,
        stored_key: "com.example.".to_owned(),
        link: format!("example.com/page?id={number}"),
        times: 1,
        four: Four {
            a: 40,
            b: 41,
            c: 38,
            d: 2,
        },
        fate: if number <= 4 { Fate::Live } else { Fate::Removed },
        is_top: number == 1,
        is_again: (10..16).contains(&number),
        by_archive: false,
    }
}

/// A user's report, with a hit.
pub fn user_report() -> Model {
    let mut model = link_report();
    model.subject = Subject::User("Ann Lee".to_owned());
    model.users.truncate(1);
    model.totals.kinds = vec![(EditorKind::Named, 1, 41)];
    model.totals.hosts = 2;
    model.totals.wikis = 1;
    model.by_wiki.truncate(1);
    let host = |name: &str, n, others| HostCount {
        subject: subject(Kind::Link, name),
        n,
        wikis: 1,
        all: n + others,
        others,
    };
    model.hosts = vec![host("example.com", 38, 1), host("example.net", 3, 0)];
    model.hits = vec![HitRow {
        ts: at("2026-11-01T10:11:12Z"),
        wiki: 0,
        rev: RevId(999),
        title: Some("Tree".to_owned()),
        who: Who::Name("Ann Lee".to_owned()),
        rule: "link-overlap".to_owned(),
        string: Some("annlee.example.com".to_owned()),
        matched: None,
        score: Some((6318, 4875, 3080)),
        skip: None,
    }];
    model.all_hits = 1;
    model
}

/// A link's report with so many rows, all of whose texts somebody made to break a page.
pub fn hostile(rows: usize) -> Model {
    let mut model = link_report();
    let texts = hostile_texts();
    let text = |i: usize| texts[i % texts.len()].clone();
    model.rows = (0..rows)
        .map(|i| Row {
            number: i + 1,
            rev: RevId(100_000 - i as u64),
            title: Some(text(i)),
            who: Who::Name(text(i + 1)),
            link: format!("example.com/{}", text(i + 2)),
            wiki: i % 3,
            fate: if i % 2 == 0 { Fate::Live } else { Fate::Unknown },
            ..row(2)
        })
        .collect();
    model.totals.additions = 1_000_000;
    model.fates.looked_at = rows as u64;
    model.fates.live = rows.div_ceil(2) as u64;
    model.fates.unknown = rows as u64 / 2;
    for (i, user) in model.users.iter_mut().enumerate() {
        user.who = Who::Name(text(i));
        user.other_hosts = vec![(text(i), 1)];
    }
    model.entries = texts
        .iter()
        .map(|text| Entry {
            list: ListName::SpamBlacklist,
            what: text.clone(),
            page: Some((1, text.clone())),
            by: Some(text.clone()),
            since: None,
            reason: Some(text.clone()),
            of_user: None,
        })
        .collect();
    model.unchecked = texts.clone();
    model.earlier = texts
        .iter()
        .map(|text| Earlier {
            title: text.clone(),
            status: Some(Status::Closed),
        })
        .collect();
    model.hits = texts
        .iter()
        .map(|text| HitRow {
            title: Some(text.clone()),
            who: Who::Name(text.clone()),
            rule: text.clone(),
            string: Some(text.clone()),
            matched: Some(text.clone()),
            skip: Some(text.clone()),
            ..user_report().hits[0].clone()
        })
        .collect();
    model.all_hits = 700;
    model
}

/// Texts that act when a page takes them for markup.
pub fn hostile_texts() -> Vec<String> {
    [
        "[[Category:Hidden]]",
        "{{Delete}}",
        "a|b",
        "~~~~",
        "</nowiki></code><b>bold",
        "\u{202e}moc.elpmaxe",
        "one\n== two ==\n* three",
        "https://example.com/x",
        "//example.com [http://example.com x]",
        "User:Ann Lee",
        "User talk:Ann Lee",
        "[[User:Ann Lee]]",
        "__TOC__",
        "<!-- linkreport-gen -->",
        "<span id=\"r1\">",
        "RFC 1",
        "'''b''' ''i''",
        "|}\n{|",
        "javascript:alert(1)",
        "mailto:a@example.com",
        "=cmd()",
        "\u{1b}[2J",
        "&#60;b&#62; &lt;i&gt;",
        "-{zh-hans:x}-",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["ä".repeat(127)])
    .collect()
}
