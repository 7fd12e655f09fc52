use serde_json::json;
use shared::core::addition::Flags;
use shared::core::link::{Key, PathHosts};
use shared::core::report::Subject;
use shared::core::types::{PageId, RevId, Timestamp, UserId};
use shared::db::hit::Hide;
use shared::db::links::questions::additions::Place;
use shared::db::links::questions::counts::Four;
use shared::db::links::questions::lookup::Kind;

use super::super::{Gathered, Refs, RowRef, UserRef};
use super::{Verdict, apply, read, unasked};
use crate::model::*;

fn ts() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

fn row(number: usize, rev: u64, user: &str, editor_id: u32) -> (Row, RowRef) {
    let place = Place {
        ts: ts(),
        wiki_id: 3,
        rev: RevId(rev),
        n: 0,
    };
    let row = Row {
        number,
        ts: ts(),
        wiki: 0,
        rev: RevId(rev),
        page_id: PageId(rev + 100),
        title: Some("Before".to_owned()),
        who: Who::Name(user.to_owned()),
        kind: Kind::Named,
        user_links: 1,
        stored_key: "com.example.".to_owned(),
        link: "example.com/".to_owned(),
        times: 1,
        four: Four::default(),
        fate: Fate::Unknown,
        is_top: false,
        is_again: false,
        by_archive: false,
    };
    let behind = RowRef {
        place,
        editor_id,
        name: user.to_owned(),
        account: Some(UserId(u64::from(editor_id) + 50)),
        host_id: 1,
        path: "/".to_owned(),
        ns: Some(0),
        flags: Flags(0),
    };
    (row, behind)
}

fn user(name: &str, editor_id: u32) -> (Adder, UserRef) {
    let adder = Adder {
        who: Who::Name(name.to_owned()),
        kind: Kind::Named,
        wiki: 0,
        n: 2,
        wikis: 1,
        first: ts(),
        last: ts(),
        other_links: 0,
        other_hosts: Vec::new(),
        fates: Fates::default(),
        account: None,
    };
    let behind = UserRef {
        editor_id,
        name: name.to_owned(),
        account: Some(UserId(u64::from(editor_id) + 50)),
    };
    (adder, behind)
}

/// Revisions 11 to 14 by Alice, Bob, Alice, Carol, and a hit of revision 11.
pub fn gathered() -> Gathered {
    let rows = [
        row(1, 14, "Carol", 3),
        row(2, 13, "Alice", 1),
        row(3, 12, "Bob", 2),
        row(4, 11, "Alice", 1),
    ];
    let (rows, row_refs) = rows.into_iter().unzip();
    let (users, user_refs) = [user("Alice", 1), user("Bob", 2), user("Carol", 3)].into_iter().unzip();
    let key = Key::from_name("example.com", &PathHosts::default()).unwrap();
    let hit = HitRow {
        ts: ts(),
        wiki: 0,
        rev: RevId(11),
        title: Some("Before".to_owned()),
        who: Who::Name("Alice".to_owned()),
        rule: "page".to_owned(),
        string: Some("Before".to_owned()),
        matched: None,
        score: None,
        skip: None,
    };
    Gathered {
        model: Model {
            subject: Subject::Link(key),
            wikis: vec![Wiki {
                key: "en/w".to_owned(),
                name: "enwiki".to_owned(),
                reach: Reach::Here,
            }],
            totals: Totals::default(),
            complete: Complete::default(),
            rules: Vec::new(),
            by_wiki: Vec::new(),
            by_month: Vec::new(),
            users,
            hosts: Vec::new(),
            rows,
            fates: Fates::default(),
            servers: Vec::new(),
            entries: Vec::new(),
            unchecked: Vec::new(),
            established: Established::default(),
            earlier: Vec::new(),
            hits: vec![hit.clone(), HitRow { rev: RevId(12), ..hit }],
            all_hits: 2,
        },
        refs: Refs {
            wikis: vec![3],
            users: user_refs,
            rows: row_refs,
            ..Refs::default()
        },
    }
}

fn answer() -> serde_json::Value {
    let seen = |rev: u64, user: &str| json!({"revid": rev, "user": user, "userid": 1, "comment": "", "sha1": "a"});
    json!({"pages": [
        {"pageid": 111, "ns": 0, "title": "After", "lastrevid": 11, "revisions": [seen(11, "Alicia")]},
        {"pageid": 112, "ns": 0, "title": "Before", "lastrevid": 99, "revisions": [
            // Told to an account that may see it: still hidden.
            {"revid": 12, "userhidden": true, "user": "Bob", "comment": "", "sha1": "a"},
        ]},
        {"pageid": 113, "ns": 0, "title": "Before", "lastrevid": 13, "revisions": [
            {"revid": 13, "user": "Alice", "commenthidden": true, "sha1": "a"},
        ]},
    ], "badrevids": {"14": {"revid": 14, "missing": true}}})
}

#[test]
fn what_a_wiki_hides_is_told_from_its_answer() {
    let verdicts = read(&answer());
    assert_eq!(verdicts.len(), 3);
    assert_eq!(verdicts[&RevId(12)], Verdict::Hidden(Hide::User));
    assert_eq!(verdicts[&RevId(13)], Verdict::Hidden(Hide::Text));
    assert!(matches!(&verdicts[&RevId(11)], Verdict::Seen(now) if now.title == "After" && now.user == "Alicia"));
}

#[test]
fn hidden_rows_leave_and_are_counted() {
    let mut gathered = gathered();
    // An edit that added the link three times counts three times, as in the totals.
    gathered.model.rows[0].times = 3;
    let mut verdicts = read(&answer());
    verdicts.insert(RevId(14), Verdict::PageGone);
    apply(&mut gathered, 0, &verdicts, |_| false);
    let (model, refs) = (&gathered.model, &gathered.refs);
    // What is left has its present title and name, and is numbered anew.
    let [row] = model.rows.as_slice() else {
        panic!("{:?}", model.rows)
    };
    assert_eq!(
        (row.number, row.rev, row.is_top, row.title.as_deref()),
        (1, RevId(11), true, Some("After"))
    );
    assert_eq!(row.who, Who::Name("Alicia".to_owned()));
    assert_eq!((refs.rows.len(), refs.rows[0].editor_id, refs.revs.len()), (1, 1, 1));
    let fates = model.fates;
    assert_eq!((fates.hidden, fates.gone, fates.looked_at), (5, 3, 3));
    let of: Vec<_> = model
        .users
        .iter()
        .map(|user| (user.fates.hidden, user.fates.gone))
        .collect();
    assert_eq!(of, [(1, 0), (1, 0), (3, 3)]);
    // Bob's only addition hides its author, Carol's went with its page: the table must not tell who it was.
    let who: Vec<_> = model.users.iter().map(|user| user.who.clone()).collect();
    assert_eq!(who, [Who::Name("Alice".to_owned()), Who::Hidden, Who::Hidden]);
    assert_eq!(model.hits.len(), 1);
    assert_eq!(model.hits[0].string.as_deref(), Some("After"));
    assert_eq!(model.hits[0].title.as_deref(), Some("After"));
}

#[test]
fn a_page_that_got_a_suppressed_title_is_not_counted() {
    let mut gathered = gathered();
    apply(&mut gathered, 0, &read(&answer()), |title| title == "After");
    assert!(gathered.model.rows.is_empty() && gathered.model.hits.is_empty());
    assert_eq!(gathered.model.fates.hidden, 3);
}

#[test]
fn what_is_on_a_wiki_that_cannot_be_asked_is_counted_only() {
    let mut all = gathered();
    all.model.wikis.push(Wiki {
        key: "de/w".to_owned(),
        name: "dewiki".to_owned(),
        reach: Reach::None,
    });
    // Bob and Carol were active there, and Bob here too; a fourth one is known from there only, by older additions.
    all.model.rows[0].wiki = 1;
    all.model.rows[0].times = 2;
    let (mut here, here_ref) = row(5, 10, "Bob", 2);
    here.times = 1;
    all.model.rows[2].wiki = 1;
    all.model.rows.push(here);
    all.refs.rows.push(here_ref);
    let (mut dora, dora_ref) = user("Dora", 4);
    dora.wiki = 1;
    all.model.users.push(dora);
    all.refs.users.push(dora_ref);
    all.model.hits[1].wiki = 1;
    let mut by_user = all.clone();
    unasked(&mut all, 1);
    let revs: Vec<u64> = all.model.rows.iter().map(|row| row.rev.0).collect();
    assert_eq!(revs, [13, 11, 10]);
    assert_eq!(all.model.rows[2].number, 3);
    assert_eq!((all.model.fates.unknown, all.model.fates.looked_at), (3, 3));
    let users: Vec<_> = all
        .model
        .users
        .iter()
        .map(|user| (&user.who, user.fates.unknown))
        .collect();
    let name = |name: &str| Who::Name(name.to_owned());
    assert_eq!(
        users,
        [
            (&name("Alice"), 0),
            (&name("Bob"), 1),
            (&Who::Hidden, 2),
            (&Who::Hidden, 0)
        ]
    );
    assert_eq!(all.model.hits.len(), 1);
    assert!(all.refs.unreached.contains(&1));
    // The account that a report is about stands in its title anyway.
    by_user.model.subject = Subject::User("Dora".to_owned());
    by_user.refs.editors = vec![4];
    unasked(&mut by_user, 1);
    assert_eq!(by_user.model.users[3].who, name("Dora"));
}
