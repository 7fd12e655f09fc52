use std::collections::HashMap;

use chrono::TimeDelta;
use shared::core::addition::Flags;
use shared::core::types::{PageId, RevId, Timestamp, UserId};
use shared::db::links::questions::additions::{Addition, Place};
use shared::db::links::questions::lookup::Kind;
use shared::db::suppress::{Entry, Suppressed, What};

use super::{Hides, who};
use crate::model::Who;
use crate::settings::Settings;

fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

fn list(entries: &[(What, &str, Option<u64>)]) -> Suppressed {
    let entry = |&(what, name, id): &(What, &str, Option<u64>)| Entry {
        what,
        name: name.to_owned(),
        user_id: id.map(UserId),
        by: String::new(),
        since: now(),
        reason: String::new(),
    };
    Suppressed::new(entries.iter().map(entry).collect())
}

fn hides() -> Hides {
    let home = list(&[(What::User, "Nobody", Some(5)), (What::Host, "private.example", None)]);
    let de = list(&[(What::Page, "Geheim", None), (What::User, "Niemand", None)]);
    Hides::new(home, HashMap::from([("de/w".to_owned(), de)]))
}

pub fn addition(wiki: &str, title: &str, stored_key: &str, path: &str) -> Addition {
    Addition {
        place: Place {
            ts: now(),
            wiki_id: 1,
            rev: RevId(7),
            n: 0,
        },
        wiki: wiki.to_owned(),
        page_id: PageId(3),
        page: Some((0, title.to_owned())),
        host_id: 1,
        stored_key: stored_key.to_owned(),
        path: path.to_owned(),
        flags: Flags(0),
        times: 1,
        editor_id: 9,
        editor: "Alice".to_owned(),
        kind: Kind::Named,
    }
}

#[test]
fn the_list_of_this_wiki_holds_everywhere_others_on_their_own() {
    let hides = hides();
    assert!(hides.user("fr/w", None, "Nobody") && hides.user("fr/w", Some(UserId(5)), "New name"));
    assert!(hides.user("de/w", None, "Niemand") && !hides.user("fr/w", None, "Niemand"));
    assert!(hides.page("de/w", "Geheim") && !hides.page("en/w", "Geheim"));
    assert!(hides.stored_key("example.private.shop.") && !hides.stored_key("example.privateer."));
    // What is no key is not shown.
    assert!(hides.stored_key("Not a key"));
}

#[test]
fn additions_go_for_their_page_and_their_hosts() {
    let hides = hides();
    let is = |wiki, title, key, path| hides.addition(&addition(wiki, title, key, path));
    assert!(!is("de/w", "Page", "com.example.", "/"));
    assert!(is("de/w", "Geheim", "com.example.", "/"));
    assert!(is("en/w", "Page", "example.private.", "/"));
    assert!(is(
        "en/w",
        "Page",
        "org.archive.web.",
        "/web/2026/http://shop.private.example/a"
    ));
}

#[test]
fn names_that_fade() {
    let settings = Settings::default();
    let shown =
        |kind, name: &str, days, single| who(kind, name, now() - TimeDelta::days(days), &settings, single, now());
    let name = |name: &str| Who::Name(name.to_owned());
    let range = |range: &str| Who::OldRange(range.to_owned());
    assert_eq!(shown(Kind::Named, "Alice", 900, false), name("Alice"));
    assert_eq!(shown(Kind::Temporary, "~2026-1", 90, true), name("~2026-1"));
    assert_eq!(shown(Kind::Temporary, "~2026-1", 91, true), Who::Temporary);
    assert_eq!(shown(Kind::Address, "198.51.100.7", 1, true), name("198.51.100.7"));
    assert_eq!(shown(Kind::Address, "198.51.100.7", 91, true), range("198.51.100.0/24"));
    assert_eq!(
        shown(Kind::Address, "2001:db8:1:2::3", 1, false),
        range("2001:db8:1::/48")
    );
    assert_eq!(
        shown(Kind::Range, "198.51.100.0/24", 900, true),
        range("198.51.100.0/24")
    );
}
