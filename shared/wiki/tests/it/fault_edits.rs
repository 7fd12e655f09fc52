//! What becomes of an edit when server or network go wrong.

use crate::faults::{always, edit};
use crate::server::{Reply, Server, config, error, quick};
use serde_json::json;
use std::time::{Duration, Instant};
use wikicrew_core::types::RevId;
use wikicrew_wiki::raw_edit::{Failed, RefusalKind, flow_new_topic, raw_edit};
use wikicrew_wiki::{Error, Session, Stop};

#[tokio::test]
async fn edits_are_repeated_while_nothing_was_written() {
    for code in ["maxlag", "ratelimited", "readonly"] {
        let mut faults_left = 3;
        let server = Server::start(move |r| {
            (r.is("edit") && faults_left > 0).then(|| {
                faults_left -= 1;
                Reply::Json(error(code))
            })
        })
        .await;
        let session = server.session().await;
        let saved = raw_edit(&session, &edit()).await.unwrap();
        assert_eq!(saved.revid, RevId(8));
        let edits = server.requests(|r| r.is("edit"));
        assert_eq!(edits.len(), 4, "{code}");
        assert!(edits.iter().all(|r| r.get("maxlag") == "5"), "never raised");

        let server = always(move || Reply::Json(error(code))).await;
        let session = server.session().await;
        let failed = raw_edit(&session, &edit()).await.unwrap_err();
        assert!(matches!(failed, Failed::NotWritten(_)), "{failed}");
        assert_eq!(server.requests(|r| r.is("edit")).len(), 5, "{code}");
    }
}

#[tokio::test]
async fn an_error_beside_a_result_is_not_repeated() {
    let server = always(|| {
        let mut both = error("ratelimited");
        both["edit"] = json!({"result": "Success"});
        Reply::Json(both)
    })
    .await;
    let session = server.session().await;
    let failed = raw_edit(&session, &edit()).await.unwrap_err();
    assert!(matches!(failed, Failed::Unknown(_)), "{failed}");
    assert_eq!(server.requests(|r| r.is("edit")).len(), 1);
}

#[tokio::test]
async fn a_bad_token_is_replaced_once() {
    let mut tokens = 0;
    let server = Server::start(move |r| {
        if r.get("meta") == "tokens" {
            tokens += 1;
            let token = format!("token{tokens}+\\");
            return Some(Reply::Json(json!({"query": {"tokens": {"csrftoken": token}}})));
        }
        (r.is("edit") && r.get("token") == "token1+\\").then(|| Reply::Json(error("badtoken")))
    })
    .await;
    let session = server.session().await;
    raw_edit(&session, &edit()).await.unwrap();
    let edits = server.requests(|r| r.is("edit"));
    let tokens: Vec<_> = edits.iter().map(|r| r.get("token")).collect();
    assert_eq!(tokens, ["token1+\\", "token2+\\"]);

    let server = always(|| Reply::Json(error("badtoken"))).await;
    let session = server.session().await;
    let failed = raw_edit(&session, &edit()).await.unwrap_err();
    assert!(matches!(failed, Failed::NotWritten(Error::BadToken)));
    assert_eq!(server.requests(|r| r.is("edit")).len(), 2);
}

#[tokio::test]
async fn the_token_of_nobody_ends_the_run() {
    let server = Server::start(|r| {
        (r.get("meta") == "tokens").then(|| Reply::Json(json!({"query": {"tokens": {"csrftoken": "+\\"}}})))
    })
    .await;
    let session = server.session().await;
    let failed = raw_edit(&session, &edit()).await.unwrap_err();
    let Failed::Refused(refusal) = failed else {
        panic!("{failed}");
    };
    assert_eq!(refusal.kind, RefusalKind::Stop);
    assert!(server.requests(|r| r.is("edit")).is_empty());
}

#[tokio::test]
async fn a_refused_connection_is_certain_and_repeated() {
    let mut server = Server::start(|_| None).await;
    let session = server.session().await;
    session.get(&[("meta", "tokens")]).await.unwrap();
    server.close().await;
    let failed = raw_edit(&session, &edit()).await.unwrap_err();
    let Failed::NotWritten(error) = failed else {
        panic!("{failed}");
    };
    assert!(matches!(error, Error::Transport { never_sent: true, .. }));
    assert!(error.to_string().contains("refused"), "{error}");
    assert_eq!(session.counts().retries, 4);
}

#[tokio::test]
async fn no_edit_begins_after_its_own_last_moment() {
    let server = always(|| Reply::Json(error("maxlag"))).await;
    let mut config = config(&server.url);
    config.timing.retry_floor = Duration::from_millis(100);
    let session = Session::login(config, 1, Stop::new()).await.unwrap();
    let mut edit = edit();
    edit.start_before = Some(tokio::time::Instant::now());
    let failed = raw_edit(&session, &edit).await.unwrap_err();
    assert!(matches!(failed, Failed::NotWritten(Error::Deadline)));
    assert!(server.requests(|r| r.is("edit")).is_empty());
    // Time for one attempt, not for the pause after it.
    edit.start_before = Some(tokio::time::Instant::now() + Duration::from_millis(400));
    let failed = raw_edit(&session, &edit).await.unwrap_err();
    assert!(matches!(failed, Failed::NotWritten(Error::Maxlag { .. })));
    assert_eq!(server.requests(|r| r.is("edit")).len(), 1);
}

#[tokio::test]
async fn an_edit_in_flight_is_awaited_for_a_while() {
    let server = always(|| Reply::Silence).await;
    let session = server.session().await;
    let stop = session.stop_signal().clone();
    let begun = Instant::now();
    let edit = edit();
    let (result, ()) = tokio::join!(raw_edit(&session, &edit), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.stop();
    });
    assert!(matches!(
        result,
        Err(Failed::Unknown(Error::Stopped { in_flight: true }))
    ));
    let took = begun.elapsed();
    assert!(took >= quick().stop_grace, "{took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(server.requests(|r| r.is("edit")).len(), 1);
}

#[tokio::test]
async fn writes_go_one_by_one() {
    let server = always(|| Reply::Late(Duration::from_millis(50))).await;
    let session = server.session().await;
    let edit = edit();
    let _ = tokio::join!(raw_edit(&session, &edit), raw_edit(&session, &edit));
    assert_eq!(server.requests(|r| r.is("edit")).len(), 2);
    assert_eq!(server.most_at_once(), 1);
}

#[tokio::test]
async fn flow_topics_are_sent_once_and_refusals_understood() {
    let recorded = |name: &str| {
        let path = format!("{}/tests/flow/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    };
    let answers = [
        Reply::Json(recorded("new-topic.success")),
        Reply::Json(recorded("new-topic.flow-readonly")),
        Reply::Reset,
    ];
    let mut answers = answers.into_iter();
    let server = Server::start(move |r| r.is("flow").then(|| answers.next().unwrap())).await;
    let session = server.session().await;
    let send = || flow_new_topic(&session, "Talk:Ben", "Hello", "Text ~~~~", true, None);
    let post = send().await.unwrap();
    assert_eq!(post.workflow, "zprat6ca9td59xbx");
    let Err(Failed::Refused(refusal)) = send().await else {
        panic!("not refused");
    };
    assert_eq!(refusal.kind, RefusalKind::Page);
    assert_eq!(refusal.meaning, "Structured Discussions is read-only on this wiki");
    assert!(matches!(send().await, Err(Failed::Unknown(_))));
    let sent = server.requests(|r| r.is("flow"));
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[0].get("submodule"), "new-topic");
    assert_eq!(sent[0].get("nttopic"), "Hello");
    assert_eq!(sent[0].get("ntcontent"), "Text ~~~~");
    assert_eq!(sent[0].get("ntformat"), "wikitext");
    assert_eq!(sent[0].get("assertuser"), "Bot");
}
