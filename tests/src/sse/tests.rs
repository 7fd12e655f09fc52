use super::*;
use tokio::io::AsyncReadExt;

/// Reads what one connection gives within half a second, or until it ends.
async fn listen(server: &EventStreams, path: &str, id: Option<&str>) -> String {
    let address = server.door.address();
    let mut request = Message::request("GET", path);
    request.set_header("Host", address.to_string());
    request.set_header("User-Agent", "test/1 (operator@example.org)");
    if let Some(id) = id {
        request.set_header("Last-Event-ID", id);
    }
    let mut stream = crate::net::connect("127.0.0.1", address.port()).await.unwrap();
    stream.write_all(&request.bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let reading = stream.read_to_end(&mut bytes);
    let _ = tokio::time::timeout(Duration::from_millis(300), reading).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The titles of the events in an answer, and the last id.
fn told(answer: &str) -> (Vec<String>, String) {
    let mut text = String::new();
    let mut lines = answer.split("\r\n\r\n").nth(1).unwrap_or_default().split("\r\n");
    // A size, a piece, a size, a piece …
    while let (Some(_), Some(piece)) = (lines.next(), lines.next()) {
        text.push_str(piece);
    }
    let titles = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let titles = titles.filter_map(|data| {
        let data: Value = serde_json::from_str(data).ok()?;
        Some(data["title"].as_str().unwrap_or("canary").to_owned())
    });
    let mut ids = text.lines().filter_map(|line| line.strip_prefix("id: "));
    (titles.collect(), ids.next_back().unwrap_or_default().to_owned())
}

fn titled(n: usize) -> Value {
    json!({ "meta": { "domain": "w.example.org", "dt": format!("2027-01-01T00:00:{n:02}Z") }, "title": format!("T{n}") })
}

const BOTH: &str = "/v2/stream/recentchange,mediawiki.page-links-change";

#[tokio::test]
async fn it_goes_on_behind_an_id_repeats_forgets_and_ignores() {
    let server = EventStreams::start().await.unwrap();
    for n in 0..6 {
        server.push([RECENT_CHANGE, LINKS_CHANGE][n % 2], titled(n));
    }
    server.push_canary(RECENT_CHANGE, "2027-01-01T00:00:06Z");
    let all = format!("{BOTH}?since=2027-01-01T00:00:02Z");
    server.next([Manner::of_events(2)]);
    let (titles, id) = told(&listen(&server, &all, None).await);
    assert_eq!(titles, ["T2", "T3"]);
    let (rest, last) = told(&listen(&server, BOTH, Some(&id)).await);
    assert_eq!(rest, ["T4", "T5", "canary"]);
    assert_eq!(last, server.newest_id());
    server.next([Manner {
        repeats: 2,
        ..Manner::default()
    }]);
    assert_eq!(
        told(&listen(&server, BOTH, Some(&id)).await).0,
        ["T2", "T3", "T4", "T5", "canary"]
    );
    server.next([Manner {
        ignores_since: true,
        ..Manner::default()
    }]);
    assert!(told(&listen(&server, &all, None).await).0.is_empty());
    let (only, _) = told(&listen(&server, "/v2/stream/recentchange?since=2027-01-01T00:00:00Z", None).await);
    assert_eq!(only, ["T0", "T2", "T4", "canary"]);
    server.keep(2);
    assert!(
        told(&listen(&server, BOTH, Some(&id)).await).0.is_empty(),
        "the place is gone"
    );
    assert_eq!(server.asked().len(), 6);
    assert_eq!(server.asked()[1].header("last-event-id"), Some(id.as_str()));
    assert_eq!(server.asked()[0].sent, 2);
}

#[tokio::test]
async fn it_refuses_cuts_within_an_event_and_splits_characters() {
    let server = EventStreams::start().await.unwrap();
    let since = format!("{BOTH}?since=2027-01-01T00:00:00Z");
    let mut event = titled(0);
    event["title"] = json!("日本語 Ü");
    server.push(RECENT_CHANGE, event);
    server.push(RECENT_CHANGE, titled(1));
    let busy = Manner::refusing(429, Some(3), "text/html", "<html>Too many</html>");
    let half = Manner {
        events: Some(1),
        within_event: true,
        ..Manner::default()
    };
    let pieces = Manner {
        in_pieces: true,
        ..Manner::of_events(1)
    };
    server.next([busy, half, pieces]);
    let refused = listen(&server, &since, None).await;
    assert!(
        refused.starts_with("HTTP/1.1 429") && refused.contains("Retry-After: 3"),
        "{refused}"
    );
    let cut = listen(&server, &since, None).await;
    assert!(
        told(&cut).0 == ["日本語 Ü"] && cut.matches("event: message").count() == 2,
        "{cut}"
    );
    let split = listen(&server, &since, None).await;
    assert!(split.lines().filter(|line| *line == "3").count() > 20, "{split}");
    assert!(!split.contains("日本語"), "characters are split");
    assert!(
        listen(&server, "/v2/stream/nothing", None)
            .await
            .starts_with("HTTP/1.1 404")
    );
}

#[test]
fn addresses_are_encoded_once_more() {
    let again = bridge::encoded_again("https://a.example/x%20y?b=c&d");
    assert_eq!(again, "https://a.example/x%2520y%3Fb%3Dc%26d");
}
