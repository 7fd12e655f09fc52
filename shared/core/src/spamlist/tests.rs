use super::*;
use crate::link::{Key, PathHosts};
use crate::site::Site;
use proptest::prelude::*;
use serde_json::json;

fn site() -> Site {
    let ns = |id: i32, name: &str| json!({"id": id, "case": "first-letter", "name": name, "canonical": name, "content": id == 0});
    Site::from_siteinfo(&json!({
        "general": {"sitename": "Probe", "server": "https://wiki.example.org", "lang": "en", "wikiid": "probewiki", "generator": "MediaWiki 1.43.0"},
        "namespaces": {"-1": ns(-1, "Special"), "0": ns(0, ""), "2": ns(2, "User"), "10": ns(10, "Template")},
        "extensiontags": ["<nowiki>", "<pre>", "<ref>"],
    }))
    .unwrap()
}

const PAGE: &str = " # <pre>\n\
    # A comment\n\
    \\bacme\\.example\\b # sold by Acme\n\
    \n\
    shop\\d+\\.example\\/deals\r\n\
    (?<!good-)widgets\\.example # needs more\n\
    0\n\
    unfinished\\\n\
    ^evil\\.example\n\
    casino\n\
    a)(b\n\
    # </pre>";

#[test]
fn lines_are_named_as_the_extension_matches_them() {
    let lines = spam_lines(PAGE);
    let numbers: Vec<usize> = lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [3, 5, 6, 9, 10, 11]);
    assert_eq!(
        (lines[0].text.as_str(), lines[0].reason.as_str()),
        (r"\bacme\.example\b", "sold by Acme")
    );
    let (mut named, not) = NamedLines::new([("A", "other"), ("B", PAGE)]);
    let told: Vec<(usize, &str)> = not.iter().map(|not| (not.id, not.pattern.as_str())).collect();
    assert_eq!(
        told,
        [(3, r"B, line 6: (?<!good-)widgets\.example"), (6, "B, line 11: a)(b")]
    );
    assert!(not[0].why.contains("look-around"));
    for (url, expected) in [
        ("https://www.acme.example/x", Some(3)),
        ("//ACME．example", Some(3)),
        ("http://shop12.example/deals?x", Some(5)),
        ("http://widgets.example/", None),
        // The host has to be one, up to the match
        ("http://good.example/acme.example", None),
        ("http://good.example/?u=//acme.example", Some(3)),
        ("http://evil.example", None),
        ("http://my-casino.example/", Some(10)),
        ("http://good.example/casino", None),
        ("http://acme.examples/", None),
    ] {
        assert_eq!(named.line(url).map(|(_, line)| line.number), expected, "{url}");
    }
    assert_eq!(named.name("//acme.example").unwrap(), r"B, line 3: \bacme\.example\b");
    assert_eq!(unescaped(r"a\/b\\/c/\d"), r"a/b/c/\d");
}

#[test]
fn blocked_domains_are_read_or_the_place_is_told() {
    let page = r#"[
        {"domain": "acme.example", "notes": "spam", "addedBy": "Alice"},
        {"domain": " old.example "},
        {"notes": "no domain"}
    ]"#;
    let hosts = PathHosts::default();
    let domains = blocked_domains(page, &hosts).unwrap();
    let shown: Vec<_> = domains.iter().map(|d| (d.key.ascii(), d.source.as_str())).collect();
    let expected = [
        ("acme.example".to_owned(), "spam (Alice)"),
        ("old.example".to_owned(), ""),
    ];
    assert_eq!(shown, expected);
    let gaps = r#"{"0": {"domain": "a.example"}, "2": {"domain": "b.example"}, "3": {"domain": "com"}}"#;
    assert_eq!(blocked_domains(gaps, &hosts).unwrap().len(), 2);
    let none = (blocked_domains("", &hosts), blocked_domains("[]", &hosts));
    assert_eq!(none, (Ok(Vec::new()), Ok(Vec::new())));
    for (page, expected) in [
        ("[\n  {\"domain\": \"a\",}\n]", "line 2 column 18"),
        ("\"a\"", "is no list"),
        ("[{\"domain\": \"a.example\"}, \"b\"]", "entry 2"),
    ] {
        let said = blocked_domains(page, &hosts).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
    let long = blocked_domains(&" ".repeat(2_100_001), &hosts);
    assert!(long.unwrap_err().contains("2100001 bytes"));
    assert!(blocked_domains(&"[".repeat(100_000), &hosts).is_err());
}

#[test]
fn a_noticeboard_speaks_of_domains() {
    let text = "== acme.example ==\n\
        * {{LinkSummary|www.Acme.example}} {{link summary| 1 = shop.acme.example }}\n\
        {{Template:LinkSummary|facebook.com}} {{LinkSummary|https://facebook.com/acme}}\n\
        {{UserSummary|user.example}} <nowiki>{{LinkSummary|not.example}}</nowiki>\n\
        See [https://evil.example/x y], https://wiki.example.org/w/index.php?diff=1, http://www.com/ //plain.example\n\
        [https://web.archive.org/web/2020/http://gone.example/ old] {{LinkSummary|no domain}} {{LinkSummary|co.uk}}";
    let hosts = PathHosts::default();
    let names: Vec<String> = SUMMARY_TEMPLATES.iter().map(|name| (*name).to_owned()).collect();
    let keys: Vec<String> = noticeboard(text, &site(), &names, &hosts)
        .unwrap()
        .iter()
        .map(Key::ascii)
        .collect();
    let mut sorted = [
        "acme.example",
        "shop.acme.example",
        "facebook.com/acme",
        "evil.example",
        "www.com",
        "web.archive.org",
        "gone.example",
    ];
    sorted.sort_by_key(|name| Key::from_name(name, &hosts).unwrap());
    assert_eq!(keys, sorted);
    let none = noticeboard("{{LinkSummary|acme.example}}", &site(), &[], &hosts).unwrap();
    assert!(none.is_empty(), "{none:?}");
    let many: String = (0..6_000).map(|n| format!("http://x{n}.example/ ")).collect();
    assert_eq!(noticeboard(&many, &site(), &names, &hosts).unwrap().len(), 5_000);
    assert!(noticeboard(&"x".repeat(2_000_001), &site(), &names, &hosts).is_err());
}

proptest! {
    /// Whatever stands on the pages.
    #[test]
    fn any_page_is_read(page in "[a-z(){}\\[\\]\\\\/#|.*+?\\n\" :,0]{0,80}", url in "//[a-z./?]{0,30}") {
        let count = spam_lines(&page).len();
        let (mut named, not) = NamedLines::new([("A", page.as_str())]);
        prop_assert_eq!(named.len() + not.len(), count);
        named.name(&url);
        blocked_domains(&page, &PathHosts::default()).ok();
        noticeboard(&page, &site(), &["LinkSummary".to_owned()], &PathHosts::default()).unwrap();
    }
}
