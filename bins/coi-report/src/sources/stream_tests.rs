use super::*;
use serde_json::{Value, json};
use shared::core::types::Timestamp;
use shared::wiki::Timing;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn time(second: u32) -> String {
    format!("2026-11-20T10:{:02}:{:02}Z", second / 60, second % 60)
}

fn change(dbname: &str, rev: u64, second: u32) -> Value {
    let domain = format!("{}.wikipedia.org", dbname.trim_end_matches("wiki"));
    json!({"$schema": "/mediawiki/recentchange/1.0.0",
        "meta": {"domain": domain, "dt": time(second), "stream": "mediawiki.recentchange"},
        "type": "edit", "title": "A", "namespace": 0, "wiki": dbname, "user": "Alice", "server_name": domain,
        "revision": {"old": rev - 1, "new": rev}})
}

fn links(dbname: &str, rev: u64, second: u32) -> Value {
    let domain = format!("{}.wikipedia.org", dbname.trim_end_matches("wiki"));
    json!({"$schema": "/mediawiki/page/links-change/1.0.0",
        "meta": {"domain": domain, "dt": time(second), "stream": "mediawiki.page-links-change"},
        "database": dbname, "page_id": 5, "page_title": "A", "page_namespace": 0, "rev_id": rev,
        "performer": {"user_text": "Alice", "user_groups": ["editor"], "user_is_bot": false, "user_id": 4,
            "user_edit_count": 12},
        "added_links": [{"link": "https://example.org/%3Fa", "external": true}]})
}

/// A server that gives each connection its events, with numbers as ids, and is silent then.
async fn server(connections: Vec<Vec<(u64, String)>>) -> (StreamConfig, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v2/stream", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heads);
    tokio::spawn(async move {
        for events in connections {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap();
            told.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&head[..length]).into_owned());
            let mut text = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n".to_owned();
            for (id, data) in events {
                text.push_str(&format!("event: message\nid: {id}\ndata: {data}\n\n"));
            }
            stream.write_all(text.as_bytes()).await.unwrap();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(30)).await;
                drop(stream);
            });
        }
    });
    let config = StreamConfig {
        timing: Timing {
            retry_floor: Duration::from_millis(1),
            ..Timing::default()
        },
        ..StreamConfig::new(url, "WikicrewTest/1 (https://example.org)")
    };
    (config, heads)
}

fn numbered(events: &[Value]) -> Vec<(u64, String)> {
    (1..).zip(events.iter().map(Value::to_string)).collect()
}

fn is_wanted(wiki: &str, dbname: &str) -> bool {
    assert!(wiki.ends_with(".wikipedia.org/w"), "{wiki}");
    dbname == "dewiki"
}

/// All batches of one run in one.
async fn run(config: StreamConfig, from: Option<&Position>, listens: u64) -> (StreamBatch, (Counts, u64)) {
    let listens = Duration::from_secs(listens);
    let mut source = StreamSource::open(config, is_wanted, from, listens, 1, Stop::new()).unwrap();
    let mut all = StreamBatch::default();
    while let Some(batch) = source.next().await.unwrap() {
        all.edits.extend(batch.edits);
        all.resume = batch.resume.or(all.resume);
        all.gaps.extend(batch.gaps);
        all.unreadable.extend(batch.unreadable);
        all.events += batch.events;
    }
    (all, source.counts())
}

#[tokio::test]
async fn a_run_gives_what_is_finished_and_the_next_goes_on_behind_it() {
    let mut canary = change("dewiki", 1, 3000);
    canary["meta"]["domain"] = json!("canary");
    let mut bad = change("dewiki", 1, 3);
    bad["title"] = Value::Null;
    let mut first = numbered(&[
        change("dewiki", 10, 0),
        change("enwiki", 11, 1),
        canary,
        links("dewiki", 10, 2),
        change("dewiki", 12, 3),
        bad,
        change("dewiki", 13, 5),
        // So far the stream of links has come: past 12, not past 13 (a run of 8 s waits 2 s).
        links("enwiki", 11, 5),
    ]);
    // Behind the deadline's wait: nothing more is finished.
    let late = numbered(&[change("dewiki", 13, 5), links("dewiki", 13, 6)]);
    first.push((9, change("dewiki", 14, 1).to_string()));
    let gap = numbered(&[change("dewiki", 20, 3500)]);
    let (config, heads) = server(vec![first, late, gap]).await;

    let (all, (counts, unreadable)) = run(config.clone(), None, 8).await;
    let revs: Vec<_> = all
        .edits
        .iter()
        .map(|edit| (edit.change.revid.0, edit.knows_links))
        .collect();
    assert_eq!(revs, [(10, true), (12, true), (13, false), (14, true)]);
    assert_eq!(all.edits[0].links.as_ref().unwrap().added, ["https://example.org/?a"]);
    assert_eq!(
        (all.edits[0].change.page_id.0, all.edits[0].wiki.as_str()),
        (5, "de.wikipedia.org/w")
    );
    assert_eq!(all.edits[0].who.as_ref().unwrap().edits, Some(12));
    assert!(all.edits[1..].iter().all(|edit| edit.links.is_none()));
    assert_eq!((all.events, unreadable, counts.unsure), (9, 1, 1));
    assert_eq!(all.unreadable, ["`title` is missing"]);
    let position = all.resume.unwrap();
    assert_eq!(position.id, "9");

    // A shorter run ends before the wait for links is over: the place is that of the beginning.
    let started = Instant::now();
    let (all, _) = run(config.clone(), Some(&position), 1).await;
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(all.edits.len(), 1);
    assert!(heads.lock().unwrap()[1].to_lowercase().contains("last-event-id: 9\r\n"));

    let place = Position {
        id: "2".to_owned(),
        at: time(6).parse::<Timestamp>().ok(),
        ..Position::default()
    };
    let (all, _) = run(config, Some(&place), 1).await;
    assert_eq!((all.gaps.len(), all.gaps[0].from), (1, time(6).parse().unwrap()));
    assert_eq!(all.gaps[0].to, time(3500).parse::<Timestamp>().unwrap());
}

#[tokio::test]
async fn what_was_finished_is_given_before_an_error_and_nothing_after_a_stop() {
    let (config, _) = server(vec![numbered(&[change("dewiki", 10, 0), links("dewiki", 10, 2)])]).await;
    let stop = Stop::new();
    let listens = Duration::from_secs(60);
    let mut config = config;
    config.silence = Duration::from_millis(500);
    config.timing.request_timeout = Duration::from_millis(200);
    config.timing.max_attempts = 2;
    config.timing.retry_cap = Duration::from_millis(2);
    let mut source = StreamSource::open(config.clone(), is_wanted, None, listens, 1, stop.clone()).unwrap();
    let batch = source.next().await.unwrap().unwrap();
    assert_eq!((batch.edits.len(), batch.resume.unwrap().id.as_str()), (1, "2"));
    let error = source.next().await.unwrap_err();
    assert!(error.is_temporary(), "{error}");
    assert!(source.next().await.unwrap().is_none());

    stop.stop();
    let mut source = StreamSource::open(config, is_wanted, None, listens, 1, stop).unwrap();
    assert!(matches!(source.next().await, Err(Error::Stopped { .. })));
}
