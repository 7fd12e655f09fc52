use shared::core::link::{Key, PathHosts};

use super::{Others, shorteners};
use crate::model::ListName;

fn key(name: &str) -> Key {
    Key::from_name(name, &PathHosts::default()).unwrap()
}

#[test]
fn a_page_of_shorteners_has_one_in_each_line() {
    let text = "== Shorteners ==\n* bit.ly\n* https://tinyurl.com/ # old\n\n# a remark\nt.co\nco.uk\n";
    let expected = ["bit.ly", "tinyurl.com", "t.co"].map(key);
    assert_eq!(shorteners(text, &PathHosts::default()), expected);
}

#[test]
fn noticeboards_name_what_is_above_and_below_and_a_shortener_is_told_once() {
    let others = Others {
        noticeboards: vec![
            ("Board".to_owned(), key("acme.example")),
            ("Board".to_owned(), key("sub.shop.acme.example")),
            ("Board".to_owned(), key("other.example")),
        ],
        shorteners: vec![
            (None, key("acme.example")),
            (Some("Shorteners".to_owned()), key("acme.example")),
            (None, key("sub.shop.acme.example")),
        ],
    };
    let found = others.of(&key("shop.acme.example"), 5);
    let told: Vec<_> = found
        .iter()
        .map(|entry| (entry.list, entry.what.as_str(), entry.page.clone()))
        .collect();
    assert_eq!(
        told,
        [
            (ListName::Noticeboard, "acme.example", Some((5, "Board".to_owned()))),
            (
                ListName::Noticeboard,
                "sub.shop.acme.example",
                Some((5, "Board".to_owned()))
            ),
            (ListName::Shortener, "acme.example", Some((5, "Shorteners".to_owned()))),
        ]
    );
}
