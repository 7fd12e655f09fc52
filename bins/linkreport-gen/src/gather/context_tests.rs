use super::prefix;

fn of(wiki: &str) -> Option<String> {
    let map = [
        ("wikipedia-de", "https://de.wikipedia.org/wiki/$1"),
        ("de", "https://de.wikipedia.org/wiki/$1"),
        ("dfind", "https://de.wikipedia.org/w/index.php?search=$1"),
        ("two", "https://wikis.example.org/two/index.php/$1"),
        ("old", "//wikis.example.org/old/$1"),
    ];
    let map = map.map(|(prefix, url)| (prefix.to_owned(), url.to_owned()));
    prefix(&map, "wikis.example.org/one", wiki)
}

#[test]
fn the_shortest_prefix_of_a_page_address() {
    assert_eq!(of("de.wikipedia.org/w").as_deref(), Some("de"));
    assert_eq!(of("fr.wikipedia.org/w"), None);
}

#[test]
fn a_wiki_beside_this_one_is_told_by_its_path() {
    assert_eq!(of("wikis.example.org/two").as_deref(), Some("two"));
    // `old` may lead to any wiki of this host.
    assert_eq!(of("wikis.example.org/three"), None);
}
