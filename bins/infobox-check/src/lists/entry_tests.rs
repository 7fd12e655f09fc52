use shared::db::suppress;
use shared::page::timestamp;

use super::*;

#[test]
fn a_search_by_page_finds_entries_about_all_pages_too() {
    let row = |user: &str, page: Option<&str>, list: &str| Row {
        list: list.to_owned(),
        user: Some(user.to_owned()),
        page: page.map(str::to_owned),
        by: "Olga".to_owned(),
        at: timestamp("2026-01-02T03:04:05Z").unwrap(),
        reason: "trusted".to_owned(),
        expires: timestamp("2026-02-02T03:04:05Z").filter(|_| user == "B"),
        wiki: "x".to_owned(),
        auto: None,
    };
    let rows = [
        row("A", Some("Water"), "wl"),
        row("B", None, "wl"),
        row("C", Some("Ethanol"), "wl"),
        row("D", None, "links"),
    ];
    let users = |page: Option<Sought>| -> String {
        found(rows.to_vec(), page.as_ref())
            .iter()
            .filter_map(|entry| entry.user.as_deref())
            .collect()
    };
    assert_eq!(users(None), "ABC");
    assert_eq!(users(Some(Sought::All)), "B");
    assert_eq!(users(Some(Sought::Page("Water".to_owned()))), "AB");

    let then = timestamp("2026-02-02T03:04:05Z").unwrap();
    assert_eq!(counts(&rows), [(List::White, 3), (List::Black, 0), (List::Monitor, 0)]);
    let lines: Vec<String> = found(rows.to_vec(), None)
        .iter()
        .map(|entry| line(entry, then))
        .collect();
    assert_eq!(
        lines[..2],
        [
            "A <-> Water: added 2026-01-02 03:04 UTC by Olga (trusted)",
            "B <-> *: added 2026-01-02 03:04 UTC by Olga, expired 2026-02-02 03:04 UTC (trusted)",
        ]
    );
    assert_eq!(about(&found(rows.to_vec(), None)[1])["page"], "*");
}

#[test]
fn an_entry_that_names_what_is_named_nowhere_is_not_shown() {
    let at = timestamp("2026-01-02T03:04:05Z").unwrap();
    let entry = |user: &str, page: Option<&str>, by: &str, reason: &str| Entry {
        list: List::Black,
        user: Some(user.to_owned()),
        page: page.map(str::to_owned),
        by: by.to_owned(),
        added: at,
        reason: reason.to_owned(),
        expires: None,
    };
    let named = |what, name: &str| suppress::Entry {
        what,
        name: name.to_owned(),
        user_id: None,
        by: "Olga".to_owned(),
        since: at,
        reason: String::new(),
    };
    let suppressed = Suppressed::new(vec![
        named(What::User, "Ben B"),
        named(What::Page, "Life of Cem"),
        named(What::Host, "evil.example"),
    ]);
    for (entry, wanted) in [
        (entry("Ann", Some("Water"), "Olga", "see talk"), false),
        (entry("Ben B", None, "Olga", ""), true),
        (entry("Ann", Some("Life of Cem"), "Olga", ""), true),
        (entry("Ann", None, "Ben B", ""), true),
        (entry("Ann", None, "Olga", "adds EVIL.example"), true),
        (entry("Ann", None, "Olga", "the same as ben b"), true),
        // Only the name itself, and a user is no page.
        (entry("Ben Bo", Some("Ben B"), "Olga", ""), false),
    ] {
        assert_eq!(is_suppressed(&entry, &suppressed), wanted, "{entry:?}");
        assert!(!is_suppressed(&entry, &Suppressed::default()));
    }
}
