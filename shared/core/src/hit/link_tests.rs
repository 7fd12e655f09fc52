//! Links as events.

use super::super::fixtures::rows;
use super::*;

fn events(urls: &[&str]) -> Vec<LinkEvent> {
    LinkEvent::of_rows(&rows(urls), &PathHosts::default())
}

#[test]
fn one_event_for_each_key_with_all_its_addresses() {
    let all = events(&[
        "https://www.example.com/a",
        "http://example.com:8080/B?c",
        "http://example.com:8080/B?c",
        "https://shop.example.com",
        "//facebook.com/Some.Page/x",
        "ftp://youtube.com/@Acme",
    ]);
    let line = |event: &LinkEvent| format!("{} {} {} {:?}", event.display, event.owner, event.times, event.urls);
    assert_eq!(
        all.iter().map(line).collect::<Vec<_>>(),
        [
            r#"example.com example.com 3 ["https://example.com/a", "http://example.com:8080/B?c"]"#,
            r#"shop.example.com shop.example.com 1 ["https://shop.example.com/"]"#,
            r#"facebook.com/some.page some.page 1 ["https://facebook.com/Some.Page/x"]"#,
            r#"youtube.com/@acme acme 1 ["https://youtube.com/@Acme"]"#,
        ]
    );
}

#[test]
fn patterns_see_the_host_in_both_forms() {
    let all = events(&["https://Bücher.example/Ä"]);
    assert_eq!(all[0].texts, ["xn--bcher-kva.example/ä", "bücher.example/ä"]);
}

#[test]
fn an_archive_is_one_only_where_all_its_links_show_pages_of_the_edit() {
    let copy = "https://web.archive.org/web/2020/http://acme.example/x";
    let is_archive = |urls: &[&str]| {
        let all = events(urls);
        all.iter()
            .map(|event| (event.display.clone(), event.is_archive))
            .collect::<Vec<_>>()
    };
    let (acme, archive) = ("acme.example".to_owned(), "web.archive.org".to_owned());
    assert_eq!(is_archive(&[copy]), [(acme.clone(), false), (archive.clone(), true)]);
    let about = "https://web.archive.org/about";
    assert_eq!(is_archive(&[copy, about]), [(acme, false), (archive.clone(), false)]);
    // The page itself was dropped, since it belongs to the wiki: the archive is all there is
    let mut rows = rows(&[copy]);
    rows.retain(|row| !row.flags.has(Flags::UNWRAPPED));
    assert!(!LinkEvent::of_rows(&rows, &PathHosts::default())[0].is_archive);
}
