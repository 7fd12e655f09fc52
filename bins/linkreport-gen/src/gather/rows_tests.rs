use shared::core::addition::Flags;
use shared::core::types::RevId;
use shared::db::links::questions::additions::Addition;

use super::super::shown::tests::addition;
use super::{address, again};

fn one(rev: u64, page: u64, path: &str) -> Addition {
    let mut one = addition("en/w", "Page", "com.example.", path);
    one.place.rev = RevId(rev);
    one.page_id.0 = page;
    one
}

#[test]
fn the_same_link_on_the_same_page_again() {
    // Newest first; a revision may have the same link twice, by two schemes.
    let mut rows = vec![
        one(9, 1, "/a"),
        one(8, 2, "/a"),
        one(7, 1, "/b"),
        one(3, 1, "/a"),
        one(3, 1, "/a"),
    ];
    let told = |rows: &[Addition]| {
        let mut places: Vec<usize> = again(rows.iter()).into_iter().collect();
        places.sort_unstable();
        places
    };
    assert_eq!(told(&rows), [0]);
    rows[1].flags = Flags::READDED;
    assert_eq!(told(&rows), [0, 1]);
}

#[test]
fn links_without_scheme() {
    assert_eq!(address("com.example.shop.", "/a?b#c"), "shop.example.com/a?b#c");
    assert_eq!(
        address("com.facebook./some.page", "/some.page/x"),
        "facebook.com/some.page/x"
    );
    assert_eq!(address("203.0.113.7", ":8080/"), "203.0.113.7:8080/");
}
