use super::*;
use serde_json::{Value, json};

fn edit() -> Value {
    json!({"$schema": "/mediawiki/recentchange/1.0.0", "meta": {"uri": "https://de.wikipedia.org/wiki/Z%C3%BCrich",
            "request_id": "6b9d", "id": "8a7c", "dt": "2026-11-20T10:00:01.734Z", "domain": "de.wikipedia.org",
            "stream": "mediawiki.recentchange", "topic": "eqiad.mediawiki.recentchange", "partition": 0,
            "offset": 6030000000_u64},
        "id": 413_u64, "type": "edit", "namespace": 0, "title": "Zürich", "title_url": "https://x", "comment": "c",
        "timestamp": 1_795_168_800, "user": "Alice", "bot": false, "minor": true, "patrolled": true,
        "length": {"old": 10, "new": 30}, "revision": {"old": 7, "new": 9},
        "server_url": "https://de.wikipedia.org", "server_name": "de.wikipedia.org", "server_script_path": "/w",
        "wiki": "dewiki", "parsedcomment": "c"})
}

fn links() -> Value {
    json!({"$schema": "/mediawiki/page/links-change/1.0.0", "meta": {"domain": "de.wikipedia.org",
            "dt": "2026-11-20T10:00:02Z", "stream": "mediawiki.page-links-change"},
        "database": "dewiki", "page_id": 5, "page_title": "Diskussion:A_B", "page_namespace": 1,
        "page_is_redirect": false, "rev_id": 9,
        "performer": {"user_text": "Alice", "user_groups": ["editor", "*", "user"], "user_is_bot": false, "user_id": 4,
            "user_registration_dt": "2020-01-02T03:04:05Z", "user_edit_count": 12},
        "added_links": [{"link": "https://example.org/%3Fa%3D1", "external": true}, {"link": "/wiki/B", "external": false}]})
}

fn change(event: &Value) -> StreamChange {
    match read(&event.to_string()) {
        Ok(StreamEvent::Edit(change)) => *change,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_edit_is_read_with_what_it_says_and_nothing_more() {
    let read = change(&edit());
    let place = (
        read.wiki.as_str(),
        read.dbname.as_str(),
        read.domain.as_str(),
        read.script_path.as_str(),
    );
    assert_eq!(place, ("de.wikipedia.org/w", "dewiki", "de.wikipedia.org", "/w"));
    assert_eq!(read.dt, "2026-11-20T10:00:01Z".parse::<Timestamp>().unwrap());
    let of = read.change;
    assert_eq!((of.rcid, of.revid.0, of.parent.0, of.page_id.0), (Some(413), 9, 7, 0));
    assert_eq!(
        (of.ns, of.title.as_str(), of.is_new, of.minor),
        (0, "Zürich", false, true)
    );
    assert_eq!((of.user.as_deref(), of.editor), (Some("Alice"), EditorKind::Named));
    assert_eq!((of.old_len, of.new_len), (Some(10), Some(30)));
    assert_eq!(of.timestamp, "2026-11-20T10:00:00Z".parse::<Timestamp>().unwrap());

    let mut odd = edit();
    odd["server_url"] = json!("http://127.0.0.1:8080");
    assert_eq!(change(&odd).wiki, "127.0.0.1:8080/w");

    // Nothing but what an edit cannot do without.
    let mut bare = edit();
    for key in [
        "id",
        "comment",
        "timestamp",
        "user",
        "bot",
        "minor",
        "length",
        "server_script_path",
        "server_name",
        "server_url",
    ] {
        bare.as_object_mut().unwrap().remove(key);
    }
    bare["type"] = json!("new");
    bare["revision"]["old"] = Value::Null;
    let read = change(&bare);
    assert_eq!(
        (read.wiki.as_str(), read.change.is_new, read.change.parent.0),
        ("de.wikipedia.org/w", true, 0)
    );
    assert_eq!((read.change.user, read.change.editor), (None, EditorKind::Hidden));
    assert_eq!(read.change.timestamp, read.dt);
}

#[test]
fn names_show_what_the_event_does_not_say() {
    for (name, kind) in [
        ("Alice", EditorKind::Named),
        ("~2026-12345-67", EditorKind::Temporary),
        ("192.0.2.1", EditorKind::Ip),
        ("2001:DB8::1", EditorKind::Ip),
        ("en>Alice", EditorKind::Foreign),
    ] {
        let mut event = edit();
        event["user"] = json!(name);
        assert_eq!(change(&event).change.editor, kind, "{name}");
    }
}

#[test]
fn links_come_with_what_is_said_of_the_performer() {
    let Ok(StreamEvent::Links(read)) = super::read(&links().to_string()) else {
        panic!("no links");
    };
    assert_eq!(
        (read.dbname.as_str(), read.domain.as_str()),
        ("dewiki", "de.wikipedia.org")
    );
    assert_eq!(read.links.of.key(), ("de.wikipedia.org/w", RevId(9)));
    assert_eq!(read.links.of.title, "Diskussion:A B");
    assert_eq!(read.links.added, ["https://example.org/?a=1"]);
    let facts = read.facts.unwrap();
    assert_eq!(
        (facts.edits, facts.groups, facts.is_global),
        (Some(12), vec!["editor".to_owned()], false)
    );
    assert_eq!(facts.registered, "2020-01-02T03:04:05Z".parse().ok());

    let mut nobody = links();
    nobody.as_object_mut().unwrap().remove("performer");
    let Ok(StreamEvent::Links(read)) = super::read(&nobody.to_string()) else {
        panic!("no links");
    };
    assert!(read.facts.is_none() && read.links.of.performer.is_none());
}

#[test]
fn canaries_and_other_events_are_told_apart_from_what_cannot_be_read() {
    let mut canary = edit();
    canary["meta"]["domain"] = json!("canary");
    assert_eq!(read(&canary.to_string()), Ok(StreamEvent::Canary));
    assert_eq!(time_of(&canary.to_string()), None);
    assert_eq!(time_of(&links().to_string()), "2026-11-20T10:00:02Z".parse().ok());
    for kind in ["log", "categorize", "external", "something new"] {
        let mut other = edit();
        other["type"] = json!(kind);
        assert_eq!(read(&other.to_string()), Ok(StreamEvent::Other), "{kind}");
    }
    let mut other = edit();
    other["meta"]["stream"] = json!("mediawiki.page_change.v1");
    assert_eq!(read(&other.to_string()), Ok(StreamEvent::Other));

    for key in ["wiki", "revision", "title", "namespace"] {
        let mut event = edit();
        event.as_object_mut().unwrap().remove(key);
        assert_eq!(read(&event.to_string()).unwrap_err().key, key);
    }
    let mut typed = edit();
    typed["user"] = json!(["secret"]);
    for wrong in [
        typed.to_string(),
        "{".to_owned(),
        "[]".to_owned(),
        "{\"a\":1}".to_owned(),
        String::new(),
    ] {
        let error = read(&wrong).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
    let mut unnamed = links();
    unnamed.as_object_mut().unwrap().remove("database");
    assert_eq!(read(&unnamed.to_string()).unwrap_err().key, "database");
}
