use shared::core::link::{Key, PathHosts};
use shared::core::report::Subject;
use shared::core::types::{RevId, Timestamp};
use shared::db::list::Row;

use super::{Lists, entry};
use crate::model::ListName;

fn ts(day: u32) -> Timestamp {
    format!("2026-05-{day:02}T00:00:00Z").parse().unwrap()
}

fn row(list: &str, user: Option<&str>, page: Option<&str>, wiki: &str) -> Row {
    Row {
        list: list.to_owned(),
        user: user.map(str::to_owned),
        page: page.map(str::to_owned),
        by: "Alice".to_owned(),
        at: ts(4),
        reason: " seen often ".to_owned(),
        expires: None,
        wiki: wiki.to_owned(),
        auto: None,
    }
}

fn rows() -> Vec<Row> {
    let mut over = row("ml", None, Some("acme.example"), "*");
    over.expires = Some(ts(20));
    let mut automatic = row("ml", None, Some("shop.acme.example"), "*");
    automatic.auto = Some(("w".to_owned(), RevId(7)));
    automatic.at = ts(1);
    vec![
        row("ml", None, Some("acme.example"), "*"),
        over,
        automatic,
        row("ml", None, Some(r"acme\.(example|test)/buy"), "*"),
        row("ml", None, Some("other.example"), "*"),
        row("ml", Some("^acme"), None, "*"),
        row("bl", Some("acme.example"), Some("widgets"), "one.example/w"),
        row("bl", Some("acme.example"), None, "far.example/w"),
        row("bl", Some("Acme_seller"), Some("widgets"), "*"),
        row("wl", Some("Bob"), Some("www.acme.example"), "*"),
        row("wl", Some("Bob"), Some("Acme"), "*"),
        row("wl", Some("192.0.2.9"), None, "*"),
        row("zz", None, Some("acme.example"), "*"),
    ]
}

fn told(subject: &Subject, texts: &[&str]) -> Vec<String> {
    let mut lists = Lists::new(rows(), &PathHosts::default(), ts(21));
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let found = lists.of(subject, &texts, &["one.example/w"]);
    found
        .into_iter()
        .filter_map(entry)
        .map(|entry| format!("{:?} {}", entry.list, entry.what))
        .collect()
}

fn link(name: &str) -> Subject {
    Subject::Link(Key::from_name(name, &PathHosts::default()).unwrap())
}

#[test]
fn entries_name_a_link_by_domain_pattern_or_pair() {
    let of_domain = [
        "Monitor shop.acme.example",
        "Monitor acme.example",
        r"Monitor acme\.(example|test)/buy",
        "Blacklist acme.example widgets",
        "Whitelist Bob www.acme.example",
    ];
    assert_eq!(told(&link("acme.example"), &["www.acme.example/Buy?x"]), of_domain);
    let without_pattern: Vec<&str> = of_domain.into_iter().filter(|told| !told.contains('\\')).collect();
    assert_eq!(told(&link("shop.acme.example"), &[]), without_pattern);
    let beside: Vec<&str> = without_pattern
        .into_iter()
        .filter(|told| !told.contains("shop"))
        .collect();
    assert_eq!(told(&link("blog.acme.example"), &["blog.acme.example/x"]), beside);
    assert!(told(&link("acme.test"), &[]).is_empty());
    assert!(told(&link("notacme.example"), &[]).is_empty());
}

#[test]
fn users_are_named_by_name_or_pattern_and_addresses_by_range() {
    let user = |name: &str| told(&Subject::User(name.to_owned()), &[]);
    assert_eq!(user("Acme seller"), ["Monitor ^acme", "Blacklist Acme_seller widgets"]);
    assert_eq!(user("Bob"), ["Whitelist Bob www.acme.example", "Whitelist Bob Acme"]);
    assert!(user("Bobby").is_empty());
    let white = ["Whitelist 192.0.2.9"];
    assert_eq!(told(&Subject::Ip("192.0.2.9".parse().unwrap()), &[]), white);
    assert_eq!(told(&Subject::Range("192.0.2.0/24".parse().unwrap()), &[]), white);
    assert!(told(&Subject::Range("192.0.3.0/24".parse().unwrap()), &[]).is_empty());
    assert!(told(&Subject::Server("192.0.2.9".parse().unwrap()), &[]).is_empty());
}

#[test]
fn an_entry_is_told_with_who_when_and_why() {
    let told = entry(&row("ml", None, Some("acme.example"), "*")).unwrap();
    assert_eq!(
        (told.list, told.by.as_deref(), told.since),
        (ListName::Monitor, Some("Alice"), Some(ts(4)))
    );
    assert_eq!(told.reason.as_deref(), Some("seen often"));
    let silent = Row {
        reason: " ".to_owned(),
        ..row("wl", Some("Bob"), None, "*")
    };
    assert_eq!(entry(&silent).unwrap().reason, None);
}
