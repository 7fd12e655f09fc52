//! Changes from a server that answers what the sandbox wiki cannot be made to: lag, lists of unequal length, nothing.

use crate::server::{Received, Reply, Server};
use chrono::TimeDelta;
use serde_json::{Value, json};
use wikicrew_core::change::{Change, EditorKind};
use wikicrew_core::types::Timestamp;
use wikicrew_wiki::{Ask, Error, changes};

fn at(minute: u32) -> String {
    format!("2026-01-02T03:{minute:02}:00Z")
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn edit(id: u64, minute: u32) -> Value {
    json!({"type": "edit", "ns": 0, "title": "A", "pageid": 1, "revid": id, "old_revid": id - 1, "rcid": id,
        "user": "U", "userid": 5, "bot": false, "new": false, "minor": false, "oldlen": 1, "newlen": 2,
        "timestamp": at(minute), "comment": "", "tags": []})
}

fn moved(id: u64, minute: u32) -> Value {
    json!({"logid": id, "ns": 2, "title": "User:A", "pageid": 0, "logpage": 9, "revid": 1000 + id, "type": "move",
        "action": "move", "params": {"target_ns": 0, "target_title": "B"}, "user": "U", "userid": 5,
        "timestamp": at(minute), "comment": "", "tags": []})
}

/// `more`: the lists that go on, and where.
fn answer(query: Value, more: &[(&str, &str)]) -> Reply {
    let mut answer = json!({"batchcomplete": true, "curtimestamp": at(40), "query": query});
    for (list, place) in more {
        answer["continue"][list] = json!(place);
        answer["continue"]["continue"] = json!("-||siteinfo");
    }
    Reply::Json(answer)
}

fn is_changes(request: &Received) -> bool {
    request.get("list").contains("recentchanges")
}

fn ids(items: &[Change]) -> Vec<u64> {
    items.iter().map(|change| change.revid.0).collect()
}

#[tokio::test]
async fn the_newest_changes_wait_for_lag_and_margin() {
    let server = Server::start(|request| {
        is_changes(request).then(|| {
            let mut hidden = edit(3, 22);
            hidden["userhidden"] = json!(true);
            hidden["commenthidden"] = json!(true);
            hidden["sha1"] = json!("abc");
            hidden["sha1hidden"] = json!(true);
            let mut foreign = edit(4, 23);
            (foreign["user"], foreign["userid"], foreign["anon"]) = (json!("de>U"), json!(0), json!(true));
            let mut unknown = edit(5, 24);
            unknown["type"] = json!("categorize");
            let log = json!({"type": "log", "rcid": 6, "actionhidden": true, "timestamp": at(25), "tags": []});
            let list = [
                edit(2, 12),
                hidden,
                foreign,
                unknown,
                log,
                edit(7, 37),
                edit(8, 38),
                edit(9, 39),
            ];
            // 95 s of lag and 30 s before 03:40:00: 03:37:55.
            let lags = [json!({"host": "", "lag": -1}), json!({"host": "db2", "lag": 94.2})];
            answer(
                json!({"dbrepllag": lags, "recentchanges": list, "logevents": [moved(1, 36), moved(2, 38)]}),
                &[],
            )
        })
    })
    .await;
    let session = server.session().await;
    let since = time(&at(20));
    let found = changes(&session, &Ask::new(since, &[0])).await.unwrap();
    assert_eq!(found.until, time("2026-01-02T03:37:55Z"));
    assert_eq!(found.asked_at, time(&at(40)));
    assert_eq!(ids(&found.items), [2, 3, 4, 1001, 7]);
    let hidden = &found.items[1];
    assert_eq!(
        (&hidden.user, hidden.user_id.0, hidden.editor),
        (&None, 0, EditorKind::Hidden)
    );
    assert_eq!((&hidden.comment, &hidden.sha1), (&None, &None));
    assert_eq!(found.items[2].editor, EditorKind::Foreign);
    let request = &server.requests(is_changes)[0];
    for (name, value) in [
        ("rcstart", at(10).as_str()),
        ("lestart", &at(10)),
        ("rcdir", "newer"),
        ("rctype", "edit|new|log"),
        ("rcnamespace", "0"),
        ("rclimit", "max"),
        ("letype", "move"),
    ] {
        assert_eq!(request.get(name), value, "{name}");
    }

    // Asked again within the margin: never back before `since`.
    let soon = time(&at(39));
    let found = changes(&session, &Ask::new(soon, &[0])).await.unwrap();
    assert_eq!(found.until, soon);
}

#[tokio::test]
async fn lists_of_unequal_length_are_read_until_both_are_complete() {
    let server = Server::start(|request| {
        let both = |step| [("rccontinue", step), ("lecontinue", step)];
        is_changes(request).then(|| match (request.get("rccontinue"), request.get("lecontinue")) {
            ("", "") => answer(
                json!({"recentchanges": [edit(1, 21), edit(2, 39)], "logevents": [moved(1, 22)]}),
                &both("1"),
            ),
            // The changes are past the end now, the moves are not.
            ("1", "1") => answer(json!({"recentchanges": [edit(3, 40)], "logevents": []}), &both("2")),
            ("2", "2") => answer(
                json!({"recentchanges": [edit(4, 40)], "logevents": [moved(2, 30), moved(3, 40)]}),
                &both("3"),
            ),
            _ => panic!("read on"),
        })
    })
    .await;
    let session = server.session().await;
    let found = changes(&session, &Ask::new(time(&at(20)), &[0])).await.unwrap();
    assert_eq!(ids(&found.items), [1, 1001, 1002, 2]);
    assert!(!found.has_more);
    assert_eq!(server.requests(is_changes).len(), 3);

    // Cut: complete is what lies before the end of the list that is behind, without the second in which it ended.
    let cut = Ask {
        max: 1,
        ..Ask::new(time(&at(20)), &[0])
    };
    let found = changes(&session, &cut).await.unwrap();
    assert!(found.has_more);
    assert_eq!(found.until, time("2026-01-02T03:21:59Z"));
    assert_eq!(ids(&found.items), [1]);
}

#[tokio::test]
async fn an_empty_list_does_not_hold_back_where_reading_is_cut() {
    let server = Server::start(|request| {
        is_changes(request).then(|| match request.get("rccontinue") {
            "" => answer(
                json!({"recentchanges": [edit(1, 21), edit(2, 22), edit(3, 23)], "logevents": []}),
                &[("rccontinue", "1")],
            ),
            _ => panic!("read on"),
        })
    })
    .await;
    let cut = Ask {
        max: 1,
        ..Ask::new(time(&at(20)), &[0])
    };
    let found = changes(&server.session().await, &cut).await.unwrap();
    assert_eq!(found.until, time("2026-01-02T03:22:59Z"));
    assert_eq!(ids(&found.items), [1, 2]);
}

#[tokio::test]
async fn a_wiki_without_any_change_has_a_gap_after_an_hour() {
    let server = Server::start(|request| {
        is_changes(request).then(|| answer(json!({"recentchanges": [], "logevents": []}), &[]))
    })
    .await;
    let session = server.session().await;
    let now = time(&at(40));
    let quiet = changes(&session, &Ask::new(now - TimeDelta::minutes(59), &[0]))
        .await
        .unwrap();
    assert_eq!(quiet.gap, None);
    let since = now - TimeDelta::minutes(61);
    let gap = changes(&session, &Ask::new(since, &[0])).await.unwrap().gap.unwrap();
    assert_eq!(
        (gap.from, gap.to, gap.filled),
        (since, now - TimeDelta::seconds(30), false)
    );
}

#[tokio::test]
async fn what_is_not_as_documented_is_an_error() {
    let server = Server::start(|request| {
        is_changes(request).then(|| match request.get("rccontinue") {
            "" => answer(
                json!({"recentchanges": [edit(1, 21)], "logevents": []}),
                &[("rccontinue", "1")],
            ),
            _ => answer(json!({"recentchanges": [{"type": "edit"}]}), &[]),
        })
    })
    .await;
    let session = server.session().await;
    // Nothing of the first answer counts.
    let error = changes(&session, &Ask::new(time(&at(20)), &[0])).await.unwrap_err();
    assert!(matches!(error, Error::BadReply(_)), "{error}");
}
