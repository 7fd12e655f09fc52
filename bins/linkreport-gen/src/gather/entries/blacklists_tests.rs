use shared::core::link::{Key, PathHosts};

use super::Blacklists;
use crate::model::ListName;

#[test]
fn the_line_that_stops_an_address_is_named_with_its_page_and_comment() {
    let pages = [
        (
            "MediaWiki:Spam-blacklist",
            "# lines\n\\bother\\.example\\b\n\\bacme\\.example\\b # see talk\n\\.acme\\.example\n(?<=x)acme\nacme\\.example\\/buy",
        ),
        ("MediaWiki:Spam-whitelist", "acme\\.example\\/about"),
        (
            "MediaWiki:BlockedExternalDomains.json",
            r#"[{"domain": "acme.example", "notes": "sold widgets", "addedBy": "Carol"}, {"domain": "x.test", "notes": ""},
                {"domain": "shop.acme.example", "notes": ""}]"#,
        ),
        ("MediaWiki:Broken.json", "{"),
    ];
    let pages = pages.map(|(title, text)| (title.to_owned(), text.to_owned()));
    let path_hosts = PathHosts::default();
    let (mut lists, unread) = Blacklists::new(&pages, &path_hosts);
    assert_eq!(unread, ["MediaWiki:Broken.json"]);
    let key = |name: &str| Key::from_name(name, &path_hosts).unwrap();
    let urls = [
        "https://acme.example/",
        "https://www.acme.example/",
        "https://acme.example/about/x",
    ];
    let urls = urls.map(str::to_owned);
    let found = lists.of(&key("acme.example"), &urls, 3);
    let told: Vec<_> = found
        .iter()
        .map(|entry| (entry.list, entry.what.as_str(), entry.reason.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (ListName::SpamBlacklist, r"\bacme\.example\b", Some("see talk")),
            (ListName::SpamWhitelist, r"acme\.example\/about", None),
            (ListName::BlockedDomains, "acme.example", Some("sold widgets (Carol)")),
            (ListName::BlockedDomains, "shop.acme.example", None),
        ]
    );
    assert_eq!(found[0].page, Some((3, "MediaWiki:Spam-blacklist".to_owned())));
    // A domain below a blocked one is blocked, one beside it is not.
    let below = lists.of(&key("blog.acme.example"), &["https://blog.acme.example/".to_owned()], 0);
    assert_eq!(below.len(), 2, "{below:?}");
    assert!(
        lists
            .of(&key("notacme.example"), &["https://notacme.example/".to_owned()], 0)
            .is_empty()
    );
}
