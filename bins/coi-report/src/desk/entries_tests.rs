use shared::core::types::RevId;
use shared::page::timestamp;

use super::*;

fn row(wiki: &str, user: Option<&str>, string: Option<&str>) -> Row {
    Row {
        list: "wl".to_owned(),
        user: user.map(str::to_owned),
        page: string.map(str::to_owned),
        by: "Olga".to_owned(),
        at: timestamp("2026-01-02T03:04:05Z").unwrap(),
        reason: "trusted".to_owned(),
        expires: None,
        wiki: wiki.to_owned(),
        auto: None,
    }
}

#[test]
fn entries_are_told_with_who_when_why_and_where() {
    let then = timestamp("2026-02-02T03:04:05Z").unwrap();
    assert_eq!(
        line(List::White, &row(EVERY_WIKI, Some("A"), Some("Water")), then),
        "A <-> Water, on all wikis: added 2026-01-02 03:04 UTC by Olga (trusted)"
    );
    let auto = Row {
        expires: Some(then),
        auto: Some(("en.example.org/w".to_owned(), RevId(7))),
        ..row("en.example.org/w", None, Some("example.com"))
    };
    assert_eq!(
        line(List::Monitor, &auto, then),
        "example.com: added 2026-01-02 03:04 UTC by Olga after revision 7 of en.example.org/w, expired \
         2026-02-02 03:04 UTC (trusted)"
    );
    assert_eq!(about(&auto)["auto"]["rev_id"], 7);
    assert_eq!(words(List::White, None, Some("example.com")), "* <-> example.com");
    assert_eq!(words(List::Monitor, Some("^Acme"), None), "user ^Acme");
}
