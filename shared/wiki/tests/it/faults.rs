//! What a session does when server or network go wrong.

use crate::server::{Received, Reply, Server, config, edited};
use serde_json::json;
use std::time::{Duration, Instant};
use wikicrew_core::types::RevId;
use wikicrew_wiki::raw_edit::{Base, Body, Failed, RawEdit, raw_edit};
use wikicrew_wiki::{Error, Phase, Session, Stop, Timing};

fn html(status: u16) -> Reply {
    Reply::Raw(status, "", "text/html", "<h1>Our servers</h1>".to_owned())
}

fn is_read(request: &Received) -> bool {
    request.get("prop") == "info"
}

async fn read(session: &Session) -> Result<serde_json::Value, Error> {
    session.get(&[("prop", "info"), ("titles", "A")]).await
}

pub fn edit<'a>() -> RawEdit<'a> {
    RawEdit {
        title: "A",
        body: Body::Append("\nmore"),
        base: Base::Revision(RevId(7)),
        summary: "s",
        bot: true,
        minor: false,
        tag: None,
        assert_bot: true,
        start_timestamp: None,
        start_before: None,
    }
}

/// A server that answers every matching request with the same fault.
pub async fn always(fault: impl Fn() -> Reply + Send + 'static) -> Server {
    Server::start(move |r| (is_read(r) || r.is("edit")).then(&fault)).await
}

#[tokio::test]
async fn every_request_carries_what_it_must() {
    let server = Server::start(|_| None).await;
    let session = server.session().await;
    read(&session).await.unwrap();
    let long = "B".repeat(3000);
    session.get(&[("prop", "info"), ("titles", &long)]).await.unwrap();
    raw_edit(&session, &edit()).await.unwrap();
    let all = server.requests(|_| true);
    assert_eq!(all.len(), 7, "login 3, reads 2, token 1, edit 1");
    for (i, request) in all.iter().enumerate() {
        assert_eq!(request.get("format"), "json");
        assert!(request.headers.contains("wikicrewtest/1 (https://example.org)"));
        assert!(request.headers.contains("accept-encoding: gzip"));
        if i != 1 {
            // The second is the one that the crate sends by itself.
            assert_eq!(request.get("formatversion"), "2");
            assert_eq!(request.get("maxlag"), "5");
        }
        if i >= 3 {
            assert_eq!(request.get("assertuser"), "Bot");
            assert!(["user", "bot"].contains(&request.get("assert")));
        }
    }
    let methods: Vec<_> = all.iter().map(|r| r.method.as_str()).collect();
    assert_eq!(methods, ["GET", "GET", "POST", "GET", "POST", "GET", "POST"]);
    assert!(all[4].headers.contains("promise-non-write-api-action: true"));
    let edit = &all[6];
    assert!(!edit.headers.contains("promise-non-write"));
    assert_eq!(edit.get("assert"), "bot");
    assert_eq!(edit.get("baserevid"), "7");
    assert_eq!(edit.get("nocreate"), "1");
    assert_eq!(edit.get("basetimestamp"), "");
    assert_eq!(edit.params.last().unwrap().0, "token");
}

#[tokio::test]
async fn too_many_requests_for_ever_is_bounded() {
    let server = always(|| Reply::Raw(429, "Retry-After: 0\r\n", "text/plain", "slow down".to_owned())).await;
    let session = server.session().await;
    let error = read(&session).await.unwrap_err();
    assert!(matches!(error, Error::Status { status: 429, .. }), "{error}");
    assert!(error.is_temporary());
    assert_eq!(server.requests(is_read).len(), 5);
    let counts = session.counts();
    assert_eq!((counts.total, counts.fixed, counts.retries), (8, 4, 4));
    // A write is not even tried twice: something may have been written.
    let failed = raw_edit(&session, &edit()).await.unwrap_err();
    assert!(matches!(failed, Failed::Unknown(_)), "{failed}");
    assert_eq!(server.requests(|r| r.is("edit")).len(), 1);
}

#[tokio::test]
async fn the_crates_own_request_is_bounded_too() {
    let mut siteinfos = 0;
    let server = Server::start(move |r| {
        if r.get("meta").contains("siteinfo") {
            siteinfos += 1;
        }
        (siteinfos > 1).then(|| Reply::Raw(429, "Retry-After: 0\r\n", "text/plain", String::new()))
    })
    .await;
    let error = Session::login(config(&server.url), 1, Stop::new()).await.err().unwrap();
    assert!(matches!(error, Error::Status { status: 429, .. }), "{error}");
    assert_eq!(server.requests(|_| true).len(), 1 + 5);
}

#[tokio::test]
async fn html_errors_are_retried_and_keep_their_status() {
    let server = always(|| html(503)).await;
    let session = server.session().await;
    let error = read(&session).await.unwrap_err();
    assert!(matches!(error, Error::Status { status: 503, .. }), "{error}");
    assert!(error.to_string().contains("<h1>Our servers</h1>"));
    assert_eq!(server.requests(is_read).len(), 5);
    let error = raw_edit(&session, &edit()).await.unwrap_err();
    assert!(matches!(error, Failed::Unknown(Error::Status { status: 503, .. })));
    assert_eq!(server.requests(|r| r.is("edit")).len(), 1);
}

#[tokio::test]
async fn reads_survive_each_fault_and_edits_are_left_unknown() {
    let faults: [fn() -> Reply; 5] = [
        || Reply::Reset,
        || Reply::Cut(edited(8)),
        || html(200),
        || html(502),
        || Reply::Silence,
    ];
    for (i, fault) in faults.into_iter().enumerate() {
        let mut faults_left = [2, 1];
        let server = Server::start(move |r| {
            let which = usize::from(r.is("edit"));
            if !(is_read(r) || r.is("edit")) || faults_left[which] == 0 {
                return None;
            }
            faults_left[which] -= 1;
            Some(fault())
        })
        .await;
        let mut config = config(&server.url);
        config.timing.request_timeout = Duration::from_millis(300);
        let session = Session::login(config, 1, Stop::new()).await.unwrap();
        read(&session).await.unwrap();
        assert_eq!(server.requests(is_read).len(), 3, "fault {i}");
        let failed = raw_edit(&session, &edit()).await.unwrap_err();
        assert!(matches!(failed, Failed::Unknown(_)), "fault {i}: {failed}");
        assert_eq!(server.requests(|r| r.is("edit")).len(), 1, "fault {i}");
    }
}

#[tokio::test]
async fn a_failed_tls_handshake_was_never_sent() {
    let server = Server::start(|_| None).await;
    let mut config = config(&server.url.replace("http://", "https://"));
    config.timing.max_attempts = 1;
    let error = Session::login(config, 1, Stop::new()).await.err().unwrap();
    assert!(error.never_written(), "{error}");
}

#[tokio::test]
async fn redirects_and_other_hosts_are_refused() {
    let server = always(|| {
        Reply::Raw(
            302,
            "Location: http://127.0.0.1:9/steal\r\n",
            "text/html",
            String::new(),
        )
    })
    .await;
    let session = server.session().await;
    let error = read(&session).await.unwrap_err();
    assert!(matches!(error, Error::Redirected { status: 302, .. }), "{error}");
    assert!(error.stops_run());
    assert_eq!(server.requests(is_read).len(), 1);

    let mut wrong = config(&server.url);
    wrong.allowed_hosts = vec!["wiki.example".to_owned()];
    let error = Session::login(wrong, 1, Stop::new()).await.err().unwrap();
    assert!(matches!(error, Error::HostNotAllowed { .. }), "{error}");
    assert_eq!(server.requests(|r| r.is("login")).len(), 1);
}

#[tokio::test]
async fn a_server_that_asks_for_too_much_patience_is_given_up() {
    let server = always(|| Reply::Raw(503, "Retry-After: 9\r\n", "text/html", String::new())).await;
    let session = server.session().await;
    let begun = Instant::now();
    let error = read(&session).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
    assert_eq!(server.requests(is_read).len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn after_the_deadline_nothing_is_sent() {
    let server = Server::start(|_| None).await;
    let session = server.session().await;
    session.set_deadline(Instant::now());
    assert!(matches!(read(&session).await, Err(Error::Deadline)));
    let failed = raw_edit(&session, &edit()).await.unwrap_err();
    assert!(matches!(failed, Failed::NotWritten(Error::Deadline)));
    assert_eq!(server.requests(|_| true).len(), 3);
}

#[tokio::test]
async fn a_stop_ends_pauses_and_reads_at_once() {
    let server = always(|| Reply::Raw(503, "Retry-After: 7\r\n", "text/html", String::new())).await;
    let session = server.session().await;
    let stop = session.stop_signal().clone();
    let begun = Instant::now();
    let (result, ()) = tokio::join!(read(&session), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.stop();
    });
    assert!(matches!(result, Err(Error::Stopped { .. })));
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert!(matches!(read(&session).await, Err(Error::Stopped { in_flight: false })));
}

#[tokio::test]
async fn endless_queries_end() {
    let mut n = 0;
    let server = Server::start(move |r| {
        is_read(r).then(|| {
            n += 1;
            Reply::Json(json!({"continue": {"x": n}, "query": {"l": [n]}}))
        })
    })
    .await;
    let session = server.session().await;
    let error = session.query(&[("prop", "info")]).await.unwrap_err();
    assert!(matches!(error, Error::TooMuch { .. }), "{error}");

    let server = always(|| Reply::Json(json!({"continue": {"x": "1"}, "query": {}}))).await;
    let session = server.session().await;
    let error = session.query(&[("prop", "info")]).await.unwrap_err();
    assert!(matches!(error, Error::BadReply(_)), "{error}");
    assert_eq!(server.requests(is_read).len(), 2);
}

#[tokio::test]
async fn at_most_three_at_once_and_not_faster_than_the_rate() {
    let server = always(|| Reply::Late(Duration::from_millis(50))).await;
    let mut config = config(&server.url);
    config.timing.read_rate_per_second = 10;
    let session = Session::login(config, 1, Stop::new()).await.unwrap();
    let begun = Instant::now();
    let reads = (0..17).map(|_| {
        let session = session.clone();
        tokio::spawn(async move { read(&session).await.map(|_| ()) })
    });
    for task in reads.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    assert_eq!(server.most_at_once(), 3);
    // 20 requests with the login's: ten in the first second, ten in the next.
    assert!(begun.elapsed() >= Duration::from_millis(900));
}

#[tokio::test]
async fn requests_are_counted_by_phase() {
    let server = Server::start(|_| None).await;
    let session = server.session().await;
    session.count_as(Phase::Learner);
    read(&session).await.unwrap();
    session.count_as(Phase::Safety);
    read(&session).await.unwrap();
    read(&session).await.unwrap();
    let counts = session.counts();
    assert_eq!((counts.fixed, counts.learner), (3, 1));
    assert_eq!((counts.mentor, counts.safety), (0, 2));
    assert_eq!((counts.total, counts.retries), (6, 0));
    assert!(counts.bytes > 100 && counts.seconds > 0.0);
}

#[test]
fn the_defaults_are_those_of_the_policies() {
    let timing = Timing::default();
    assert_eq!(timing.maxlag, 5);
    assert_eq!(timing.read_rate_per_second, 10);
    assert_eq!(timing.max_attempts, 5);
}
