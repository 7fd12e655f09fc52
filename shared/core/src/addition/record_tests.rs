use super::*;
use proptest::prelude::*;
use serde_json::json;

fn edit_json() -> Value {
    json!({
        "type": "recorded-edit", "wiki": "https://en.wikipedia.org/w/api.php", "database": "enwiki",
        "rev_id": 4_300_000_000_u64, "parent_id": 1, "page_id": 3, "page_namespace": 1, "page_title": "Talk:New_York",
        "dt": "2026-11-20T12:00:00.75+02:00",
        "performer": {"user_text": "Alice_B", "user_id": 7, "user_edit_count": 12,
            "user_registration_dt": "2026-11-01T00:00:00Z", "user_groups": ["*", "bot"]},
        "tags": ["mw-undo"], "sha1": "ABC", "earlier_sha1": ["def", "Abc"],
        "text": "new", "parent_text": null, "unknown": {"x": [1]},
        "added_links": [
            {"link": "https://shop.example.com/a%3Fb%3D1%2520c", "external": true},
            {"link": "/wiki/New_York", "external": false}]
    })
}

fn event_json() -> Value {
    json!({
        "$schema": "/mediawiki/page/links-change/1.0.0",
        "meta": {"domain": "de.wikipedia.org", "dt": "2026-11-20T10:00:00Z", "stream": "mediawiki.page-links-change",
            "id": "x", "uri": "https://de.wikipedia.org/wiki/Hund"},
        "database": "dewiki", "page_id": 5, "page_title": "Benutzer:Hund_2", "page_namespace": 2,
        "page_is_redirect": false, "rev_id": 9,
        "performer": {"user_text": "~2026-12345-67", "user_groups": ["*", "temp"], "user_is_bot": false, "user_id": 8},
        "added_links": [
            {"link": "http://b%C3%BCcher.example/%25C3%25BC", "external": true},
            {"link": "/wiki/Katze", "external": false}],
        "removed_links": [{"link": "https://gone.example/", "external": true}]
    })
}

fn read(value: &Value) -> Result<Option<Record>, BadLine> {
    read_line(value.to_string().as_bytes())
}

fn edit(value: &Value) -> RecordedEdit {
    match read(value) {
        Ok(Some(Record::Edit(edit))) => *edit,
        other => panic!("{other:?}"),
    }
}

fn change(line: &str) -> LinksChange {
    match read_line(line.as_bytes()) {
        Ok(Some(Record::Links(change))) => *change,
        other => panic!("{other:?}"),
    }
}

/// `base` with one value put at a path of keys.
fn with(mut base: Value, path: &str, value: Value) -> Value {
    let mut at = &mut base;
    for key in path.split('.') {
        at = &mut at[key];
    }
    *at = value;
    base
}

#[test]
fn a_recorded_edit_is_read_whole() {
    let got = edit(&edit_json());
    let wanted = RecordedEdit {
        of: RevisionFacts {
            wiki: "en.wikipedia.org/w".into(),
            dbname: "enwiki".into(),
            realm: "wikimedia".into(),
            rev: RevId(4_300_000_000),
            page: PageId(3),
            ns: 1,
            title: "Talk:New York".into(),
            ts: "2026-11-20T10:00:00Z".parse().unwrap(),
            performer: Some(Performer {
                name: "Alice B".into(),
                kind: EditorKind::Named,
                user_id: UserId(7),
                is_bot: true,
                edits: Some(12),
                registered: Some("2026-11-01T00:00:00Z".parse().unwrap()),
            }),
        },
        parent: RevId(1),
        tags: vec!["mw-undo".into()],
        sha1: Some("abc".into()),
        earlier_sha1: vec!["def".into(), "abc".into()],
        model: "wikitext".into(),
        text_hidden: false,
        text: Some("new".into()),
        parent_text: None,
        added: Some(vec!["https://shop.example.com/a?b=1%20c".into()]),
    };
    assert_eq!(got, wanted);
    let record = read(&edit_json()).unwrap().unwrap();
    assert_eq!(record.key(), Some(("en.wikipedia.org/w", RevId(4_300_000_000))));
}

#[test]
fn a_stream_event_is_read_with_and_without_its_framing() {
    let json = event_json().to_string();
    let got = change(&json);
    assert_eq!(got.added, ["http://bücher.example/%C3%BC"]);
    assert_eq!(got.of.wiki, "de.wikipedia.org/w");
    assert_eq!(got.of.realm, "wikimedia");
    assert_eq!(got.of.title, "Benutzer:Hund 2");
    assert_eq!(got.of.ns, 2);
    assert_eq!(got.of.key(), ("de.wikipedia.org/w", RevId(9)));
    let performer = got.of.performer.clone().unwrap();
    assert_eq!((performer.kind, performer.user_id), (EditorKind::Temporary, UserId(8)));
    for start in ["data: ", "data:", "\u{FEFF}", "  "] {
        assert_eq!(change(&format!("{start}{json}\r\n")), got, "{start}");
    }
    let nobody = with(event_json(), "performer", Value::Null).to_string();
    assert_eq!(change(&nobody).of.performer, None);
    let elsewhere = with(event_json(), "meta.domain", json!("wiki.example.org")).to_string();
    assert_eq!(change(&elsewhere).of.realm, "wiki.example.org/w");
}

#[test]
fn what_holds_no_revision_is_passed_over() {
    for line in [
        "",
        " \r\n",
        ":ok",
        "event: message",
        "id: [{\"topic\":\"x\"}]",
        "retry: 5",
        "data:",
    ] {
        assert_eq!(read_line(line.as_bytes()), Ok(None), "{line}");
    }
    let canary = with(event_json(), "meta.domain", json!("canary"));
    assert_eq!(read(&canary), Ok(None));
    let other = json!({"$schema": "/mediawiki/recentchange/1.0.0",
        "meta": {"stream": "mediawiki.recentchange", "domain": "en.wikipedia.org"}, "type": "edit"});
    assert_eq!(read(&other), Ok(Some(Record::Other(Why::OtherStream))));
}

#[test]
fn a_bad_line_says_which_key() {
    for (path, value, message) in [
        ("wiki", json!(5), "`wiki` is no string"),
        ("wiki", Value::Null, "`wiki` is missing"),
        (
            "wiki",
            json!("ftp://example.org/w"),
            "`wiki` is no address such as en.wikipedia.org/w",
        ),
        ("rev_id", json!("5"), "`rev_id` is no whole number"),
        ("rev_id", json!(-5), "`rev_id` is no whole number"),
        ("rev_id", json!(1.5), "`rev_id` is no whole number"),
        ("rev_id", json!(0), "`rev_id` is 0"),
        ("page_id", json!(4_294_967_296_u64), "`page_id` is more than 32 bits"),
        (
            "page_namespace",
            json!(4_294_967_296_u64),
            "`page_namespace` is no number of a namespace",
        ),
        ("page_title", json!("_"), "`page_title` is missing"),
        ("page_title", json!("a\nb"), "`page_title` holds control characters"),
        (
            "page_title",
            json!("a".repeat(513)),
            "`page_title` is longer than 512 bytes",
        ),
        ("dt", json!("yesterday"), "`dt` is no time such as 2026-11-20T10:00:00Z"),
        (
            "dt",
            json!("0000-01-01T00:00:00Z"),
            "`dt` is no time such as 2026-11-20T10:00:00Z",
        ),
        (
            "dt",
            json!("9999-12-31T23:59:59-12:00"),
            "`dt` is no time such as 2026-11-20T10:00:00Z",
        ),
        ("performer", json!([]), "`performer` is no object"),
        (
            "performer.user_text",
            json!("ä".repeat(128)),
            "`performer.user_text` is longer than 255 bytes",
        ),
        (
            "performer.user_id",
            json!(1_u64 << 32),
            "`performer.user_id` is more than 32 bits",
        ),
        (
            "performer.user_is_bot",
            json!("yes"),
            "`performer.user_is_bot` is neither true nor false",
        ),
        (
            "performer.user_registration_dt",
            json!(3),
            "`performer.user_registration_dt` is no string",
        ),
        (
            "performer.user_groups",
            json!(["a", 1]),
            "`performer.user_groups[1]` is no string",
        ),
        ("tags", json!({}), "`tags` is no list"),
        (
            "earlier_sha1",
            json!(["a".repeat(65)]),
            "`earlier_sha1[0]` is longer than 64 bytes",
        ),
        ("text", json!(["a"]), "`text` is no string"),
        (
            "added_links",
            json!([{"external": true}]),
            "`added_links[0].link` is missing",
        ),
        (
            "added_links",
            json!([{"link": "http://a.example"}]),
            "`added_links[0].external` is missing",
        ),
        (
            "added_links",
            json!(["http://a.example"]),
            "`added_links[0]` is no object",
        ),
    ] {
        let error = read(&with(edit_json(), path, value)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let none = read(&with(event_json(), "meta.domain", Value::Null)).unwrap_err();
    assert_eq!(none.to_string(), "`meta.domain` is missing");
    for (line, start) in [
        (&b"\xFF"[..], "the line is not UTF-8"),
        (b"{", "the line is no JSON (column 1): EOF while parsing an object"),
        (b"{\"text\":\"\\ud800\"}", "the line is no JSON"),
        (b"[1]", "the line is neither a recorded edit nor an event"),
        (b"{}", "the line is neither a recorded edit (`"),
    ] {
        let error = read_line(line).unwrap_err();
        assert!(error.to_string().starts_with(start), "{error}");
        assert_eq!(error.key, "");
    }
}

#[test]
fn performers_are_of_the_right_kind() {
    use EditorKind::*;
    for (performer, name, kind) in [
        (json!({"user_text": "Alice", "user_id": 7}), "Alice", Named),
        (json!({"user_text": "Alice"}), "Alice", Named),
        (json!({"user_text": "Alice", "user_id": 0}), "Alice", Foreign),
        (json!({"user_text": "de>Alice"}), "de>Alice", Foreign),
        (json!({"user_text": "de>Alice", "user_id": 7}), "de>Alice", Foreign),
        (json!({"user_text": "192.0.2.1"}), "192.0.2.1", Ip),
        (json!({"user_text": "192.0.2.1", "user_id": 0}), "192.0.2.1", Ip),
        (json!({"user_text": "2001:DB8:0:0:0:0:0:1"}), "2001:db8::1", Ip),
        (json!({"user_text": "192.0.2.xxx"}), "192.0.2.xxx", Ip),
        (json!({"user_text": "~2026-1-2", "user_id": 9}), "~2026-1-2", Temporary),
        (
            json!({"user_text": "*Unregistered 12", "user_id": 9, "user_is_temp": true}),
            "*Unregistered 12",
            Temporary,
        ),
        (
            json!({"user_text": "*Unregistered 12", "user_id": 9, "user_groups": ["temp"]}),
            "*Unregistered 12",
            Temporary,
        ),
    ] {
        let got = edit(&with(edit_json(), "performer", performer)).of.performer.unwrap();
        assert_eq!((got.name.as_str(), got.kind), (name, kind));
    }
    for hidden in [
        json!(null),
        json!({}),
        json!({"user_text": null}),
        json!({"user_text": " _ "}),
    ] {
        assert_eq!(edit(&with(edit_json(), "performer", hidden)).of.performer, None);
    }
}

#[test]
fn a_wiki_has_one_key() {
    for (address, key) in [
        ("en.wikipedia.org/w", Some("en.wikipedia.org/w")),
        ("https://En.Wikipedia.org/w/api.php", Some("en.wikipedia.org/w")),
        ("//en.wikipedia.org/w/index.php", Some("en.wikipedia.org/w")),
        (" en.wikipedia.org/w/ ", Some("en.wikipedia.org/w")),
        ("http://127.0.0.1:8080/Wiki/api.php", Some("127.0.0.1:8080/Wiki")),
        ("https://wiki.example:443/w", Some("wiki.example/w")),
        ("http://wiki.example:443/w", Some("wiki.example:443/w")),
        ("wiki.example/api.php", Some("wiki.example")),
        ("", None),
        ("/w", None),
        ("ftp://wiki.example/w", None),
        ("wiki.example/w?x", None),
        ("user@wiki.example/w", None),
        ("wiki.example/w//x", None),
        ("wiki example/w", None),
    ] {
        assert_eq!(wiki_key(address).as_deref(), key, "{address}");
    }
    assert_eq!(wiki_key(&format!("a.example/{}", "w".repeat(246))), None);
    for (wiki, shared) in [
        ("commons.wikimedia.org/w", true),
        ("mediawiki.org/w", true),
        ("notwikipedia.org/w", false),
        ("wikipedia.org.example/w", false),
    ] {
        assert_eq!(is_wikimedia(wiki), shared, "{wiki}");
    }
}

/// Any JSON, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_line_is_too_strange(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_line(&line);
    }

    #[test]
    fn no_value_is_too_strange(value in any_json(), key in 0..30_usize, of_edit in any::<bool>()) {
        let mut json = if of_edit { edit_json() } else { event_json() };
        let keys: Vec<String> = json.as_object().unwrap().keys().cloned().collect();
        let key = &keys[key % keys.len()];
        json[key] = value;
        if let Ok(Some(record)) = read(&json) {
            let of = match &record {
                Record::Edit(edit) => &edit.of,
                Record::Links(change) => &change.of,
                Record::Other(_) => return Ok(()),
            };
            prop_assert!(of.title.len() <= 512 && !of.title.contains('_') && !of.title.is_empty());
            prop_assert!(of.wiki.len() <= 255 && of.rev.0 > 0 && of.page.0 <= u64::from(u32::MAX));
        }
    }
}
