use shared::core::link::{Key, PathHosts};
use shared::core::types::Timestamp;
use shared::db::links::questions::lookup::Kind;
use shared::wiki::uses::Uses;

use super::{established, leads};
use crate::model::{Account, Adder, Fates, Who};

fn user(n: u64, edits: Option<u64>) -> Adder {
    let ts: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    Adder {
        who: Who::Name("A".to_owned()),
        kind: Kind::Named,
        wiki: 0,
        n,
        wikis: 1,
        first: ts,
        last: ts,
        other_links: 0,
        other_hosts: Vec::new(),
        fates: Fates::default(),
        account: edits.map(|edits| Account {
            edits: Some(edits),
            ..Account::default()
        }),
    }
}

#[test]
fn more_than_500_edits_are_experience_and_none_found_of_many_says_nothing() {
    let users = [
        user(4, Some(501)),
        user(8, Some(500)),
        user(16, None),
        user(1, Some(9_000)),
    ];
    let of = |pages, more| established(Some(Uses { pages, more }), &users);
    assert_eq!(of(3, false).by_experienced, (2, 5));
    assert_eq!((of(500, true).uses_here, of(500, true).more), (Some(500), true));
    assert_eq!((of(0, false).uses_here, of(0, false).more), (Some(0), false));
    assert_eq!((of(0, true).uses_here, of(0, true).more), (None, false));
    assert_eq!(established(None, &users).uses_here, None);
}

#[test]
fn an_owner_of_a_host_is_told_from_the_others() {
    let path_hosts = PathHosts::default();
    let key = |name: &str| Key::from_name(name, &path_hosts).unwrap();
    for (url, name, is_meant) in [
        ("https://shop.example.com/x", "example.com", true),
        ("https://example.com.invalid/x", "example.com", false),
        ("https://example.com/x", "shop.example.com", false),
        (
            "https://www.facebook.com/Acme.Widgets/posts",
            "facebook.com/acme.widgets",
            true,
        ),
        ("https://www.facebook.com/Other", "facebook.com/acme.widgets", false),
        (
            "https://web.archive.org/web/2020/http://example.com/",
            "example.com",
            false,
        ),
        (
            "https://web.archive.org/web/2020/http://example.com/",
            "archive.org",
            true,
        ),
    ] {
        assert_eq!(leads(url, &key(name), &path_hosts), is_meant, "{url} {name}");
    }
}
