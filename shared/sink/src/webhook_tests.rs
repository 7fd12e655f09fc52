use std::sync::{Arc, Mutex};

use super::*;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing::subscriber::DefaultGuard;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// What this thread logs from `level` on comes here until the guard is dropped.
    fn from(&self, level: Level) -> DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn client(url: &str) -> Result<Client, String> {
    Client::new(Config {
        url: url.to_owned(),
        key: Secret::new("a key of sixteen"),
        user_agent: "WikicrewTests/1.0 (operator@example.org)".to_owned(),
        patience: Duration::from_millis(1500),
    })
}

fn at() -> Timestamp {
    Timestamp::from_timestamp(1_767_225_600, 0).unwrap()
}

/// Answers one request with `answer` and gives back what came; an empty answer closes the connection.
async fn receiver(answer: String) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret-path?token=hush", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut got = String::new();
        let length = |got: &str| {
            let (head, body) = got.split_once("\r\n\r\n")?;
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: "))?;
            Some(body.len() >= length.parse().unwrap())
        };
        while length(&got) != Some(true) {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).await.unwrap();
            assert_ne!(count, 0, "the request ends early: {got}");
            got.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        got
    });
    (url, task)
}

async fn answered(head: &str, body: &str) -> Result<(), NotTaken> {
    let (url, got) = receiver(format!(
        "HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
    .await;
    let taken = client(&url).unwrap().post("d", at(), &json!({})).await;
    got.await.unwrap();
    taken
}

#[test]
fn the_signature_is_the_one_of_the_standard() {
    // printf '1767225600.{"a":1}' | openssl dgst -sha256 -hmac 'a key of sixteen'
    assert_eq!(
        signature(&Secret::new("a key of sixteen"), 1_767_225_600, r#"{"a":1}"#),
        "sha256=fad66bc64330a59e65bc39667ef833c59b7c84b1e1a62f01083eea2c2c10a049"
    );
    let other = signature(&Secret::new("a key of sixteen"), 1_767_225_601, r#"{"a":1}"#);
    assert!(!other.contains("fad66bc6"), "the time is signed too");
}

#[tokio::test]
async fn a_post_says_what_when_and_who() {
    let (url, got) = receiver("HTTP/1.1 204 No Content\r\nset-cookie: a=b\r\n\r\n".to_owned()).await;
    let body = json!({"page": "Ünï\r\nX-Injected: 1", "n": [1, 2]});
    client(&url)
        .unwrap()
        .post("coi-report:spam:17", at(), &body)
        .await
        .unwrap();
    let got = got.await.unwrap();
    let (head, sent) = got.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /secret-path?token=hush HTTP/1.1\r\n"), "{head}");
    for line in [
        "content-type: application/json",
        "wikicrew-delivery: coi-report:spam:17",
        "wikicrew-timestamp: 1767225600",
        "user-agent: WikicrewTests/1.0 (operator@example.org)",
    ] {
        assert!(head.lines().any(|l| l == line), "{line} is not in {head}");
    }
    let signed = signature(&Secret::new("a key of sixteen"), at().timestamp(), sent);
    assert!(
        head.lines().any(|l| l == format!("wikicrew-signature: {signed}")),
        "{head}"
    );
    assert_eq!(serde_json::from_str::<Value>(sent).unwrap(), body);
    assert!(!head.to_lowercase().contains("x-injected"));
}

#[tokio::test]
async fn a_status_says_whether_another_try_makes_sense() {
    const NEVER: [u16; 5] = [400, 410, 413, 415, 422];
    for status in NEVER {
        match answered(&format!("{status} No"), "no such field").await {
            Err(NotTaken::Refused { status: told, .. }) => assert_eq!(told, status),
            other => panic!("{status}: {other:?}"),
        }
    }
    let later = [301, 302, 307, 500, 502, 503, 504].into_iter();
    for status in later.chain((401..=451).filter(|status| !NEVER.contains(status))) {
        let head = format!("{status} Later\r\nlocation: http://127.0.0.1:9/elsewhere");
        match answered(&head, "").await {
            Err(NotTaken::Later {
                after: None,
                why,
                in_doubt,
            }) => {
                assert!(why.contains(&status.to_string()), "{why}");
                assert_eq!(in_doubt, status >= 500 || status == 408, "{why}");
                assert!(!why.contains("hush") && !why.contains("secret-path"), "{why}");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
    for status in [200, 201, 202, 204] {
        assert!(answered(&format!("{status} Yes"), "").await.is_ok(), "{status}");
    }
}

#[tokio::test]
async fn the_receiver_may_ask_for_a_pause() {
    for (head, expected) in [
        ("429 x\r\nretry-after: 90", Some(90)),
        ("503 x\r\nretry-after: Thu, 01 Jan 2026 00:02:00 GMT", Some(120)),
        (
            "503 x\r\ndate: Thu, 01 Jan 2026 00:01:30 GMT\r\nretry-after: Thu, 01 Jan 2026 00:02:00 GMT",
            Some(30),
        ),
        ("503 x\r\nretry-after: Wed, 31 Dec 2025 00:02:00 GMT", Some(0)),
        ("503 x\r\nretry-after: 18446744073709551615", Some(86_400)),
        ("503 x\r\nretry-after: -3", None),
        ("503 x\r\nretry-after: soon", None),
    ] {
        match answered(head, "").await {
            Err(NotTaken::Later { after, .. }) => assert_eq!(after, expected.map(Duration::from_secs), "{head}"),
            other => panic!("{head}: {other:?}"),
        }
    }
}

/// A receiver may send back what it was sent, names and all; reasons stand on the status page.
#[tokio::test]
async fn the_words_of_a_receiver_are_logged_for_debugging_and_told_nowhere() {
    for status in [400, 404, 503] {
        for (level, is_logged) in [(Level::INFO, false), (Level::DEBUG, true)] {
            let log = Log::default();
            let _guard = log.from(level);
            let not_taken = answered(&format!("{status} No"), "we\x1b[2J know\r\n\"AcmeWidgets\"")
                .await
                .unwrap_err();
            let told = format!("{not_taken} {not_taken:?}");
            assert!(
                told.contains(&status.to_string()) && told.contains("127.0.0.1"),
                "{told}"
            );
            assert!(!told.contains("know") && !told.contains("AcmeWidgets"), "{told}");
            let log = log.text();
            assert_eq!(log.contains("AcmeWidgets"), is_logged, "{level}: {log}");
            assert!(!log.contains('\x1b') && !log.contains("hush"), "{log}");
        }
    }
}

#[tokio::test]
async fn little_is_read_of_a_long_answer() {
    let log = Log::default();
    let _guard = log.from(Level::DEBUG);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let receiver = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
        let body = vec![b'x'; 64 * 1024 * 1024];
        let head = format!("HTTP/1.1 400 No\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await
    });
    match client(&url).unwrap().post("d", at(), &json!({})).await {
        Err(NotTaken::Refused { .. }) => {}
        other => panic!("{other:?}"),
    }
    let logged = log.text().matches('x').count();
    assert!((MOST_QUOTED..MOST_QUOTED + 20).contains(&logged), "{logged}");
    assert!(receiver.await.unwrap().is_err(), "all of it was read");
}

#[tokio::test]
async fn nobody_there_hung_up_and_no_answer_are_for_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/secret-path", listener.local_addr().unwrap());
    let silent = client(&url).unwrap().post("d", at(), &json!({})).await;
    drop(listener);
    let gone = client(&url).unwrap().post("d", at(), &json!({})).await;
    let (url, _got) = receiver(String::new()).await;
    let hung_up = client(&url).unwrap().post("d", at(), &json!({})).await;
    for (result, says, doubt) in [
        (silent, "did not answer in time", true),
        (gone, "cannot be reached", false),
        (hung_up, "cannot be reached", true),
    ] {
        match result {
            Err(NotTaken::Later {
                after: None,
                why,
                in_doubt,
            }) => {
                assert_eq!(in_doubt, doubt, "{why}");
                assert!(why.contains(says) && why.starts_with("127.0.0.1"), "{why}");
                assert!(!why.contains("secret-path"), "{why}");
            }
            other => panic!("{says}: {other:?}"),
        }
    }
}

#[test]
fn addresses_that_are_not_encrypted_or_carry_a_password_are_no_webhooks() {
    for good in [
        "https://hooks.example.org/x",
        "http://127.0.0.1:8/",
        "http://[::1]:8/",
        "http://localhost/",
    ] {
        assert!(client(good).is_ok(), "{good}");
    }
    for (bad, says) in [
        ("http://hooks.example.org/x", "https://"),
        ("http://127.0.0.1.example.org/x", "https://"),
        ("ftp://127.0.0.1/x", "https://"),
        ("https://bot:hush@hooks.example.org/x", "password"),
        ("hooks.example.org/x", "none"),
    ] {
        let error = client(bad).err().unwrap_or_else(|| panic!("{bad} was taken"));
        assert!(error.contains(says) && !error.contains("hush"), "{error}");
    }
}
