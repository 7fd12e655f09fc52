use serde_json::json;
use shared::core::link::{Key, PathHosts};
use shared::core::report::Subject;
use shared::core::site::{Site, Title};

use super::{is_of, query};

#[test]
fn a_page_belongs_to_a_noticeboard_by_the_beginning_of_its_title() {
    let site = Site::from_siteinfo(&json!({
        "general": {"sitename": "W", "server": "http://127.0.0.1", "lang": "en", "wikiid": "w", "generator": "MediaWiki"},
        "namespaces": {"0": {"id": 0, "name": "", "case": "first-letter"},
            "4": {"id": 4, "name": "Wiki", "canonical": "Project", "case": "first-letter"},
            "5": {"id": 5, "name": "Wiki talk", "canonical": "Project talk", "case": "first-letter"}}}))
    .unwrap();
    let board = Title {
        ns: 5,
        text: "Spam".to_owned(),
    };
    for (title, belongs) in [
        ("Wiki talk:Spam", true),
        ("Wiki talk:Spam/2026 Archive Jan 1", true),
        ("Wiki talk:Spam Archive 3", true),
        ("Wiki talk:Spammers", false),
        ("Wiki:Spam", false),
        ("Spam/x", false),
    ] {
        assert_eq!(is_of(title, &board, &site), belongs, "{title}");
    }
}

#[test]
fn names_are_searched_for_as_phrases_and_can_ask_for_nothing_else() {
    let key = Key::from_name("bücher.example", &PathHosts::default()).unwrap();
    assert_eq!(query(&Subject::Link(key), None).unwrap(), "\"xn--bcher-kva.example\"");
    let user = Subject::User("A\" insource:/x/ \"b".to_owned());
    let with_prefix = query(&user, Some("Wiki talk:Spam")).unwrap();
    assert_eq!(with_prefix, "\"A insource:/x/ b\" prefix:Wiki talk:Spam");
    assert_eq!(query(&Subject::User("\"\"".to_owned()), None), None);
}
