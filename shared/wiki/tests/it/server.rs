//! A server that logs anybody in and then answers as a test tells it to.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use wikicrew_core::types::Secret;
use wikicrew_wiki::{Config, Credentials, Session, Stop, Timing};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    pub method: String,
    /// Header lines in lower case.
    pub headers: String,
    pub params: Vec<(String, String)>,
}

impl Received {
    pub fn get(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn is(&self, action: &str) -> bool {
        self.get("action") == action
    }
}

/// What is answered.
pub enum Reply {
    Json(Value),
    /// Status, further header lines (each ending in CRLF), content type, body.
    Raw(u16, &'static str, &'static str, String),
    /// Half of what `Content-Length` says.
    Cut(Value),
    /// The connection is reset.
    Reset,
    /// The usual answer to a read, after a while.
    Late(Duration),
    /// No answer for a long time.
    Silence,
}

pub struct Server {
    pub url: String,
    /// Requests not answered yet, and the most of them at any time.
    at_once: Arc<(AtomicUsize, AtomicUsize)>,
    log: Arc<Mutex<Vec<Received>>>,
    task: JoinHandle<()>,
}

impl Server {
    /// `answer` gets each request; where it has nothing to say, login and
    /// tokens are answered as a wiki does.
    pub async fn start(mut answer: impl FnMut(&Received) -> Option<Reply> + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/w/api.php", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        let at_once = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let open = Arc::clone(&at_once);
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(received) = read(&mut stream).await else {
                    continue;
                };
                let reply = answer(&received).unwrap_or_else(|| usual(&received));
                written.lock().unwrap().push(received);
                let now = open.0.fetch_add(1, Ordering::SeqCst) + 1;
                open.1.fetch_max(now, Ordering::SeqCst);
                let open = Arc::clone(&open);
                tokio::spawn(async move {
                    if let Reply::Late(pause) = reply {
                        tokio::time::sleep(pause).await;
                    }
                    open.0.fetch_sub(1, Ordering::SeqCst);
                    send(stream, reply).await;
                });
            }
        });
        Server {
            url,
            at_once,
            log,
            task,
        }
    }

    /// From now on connections are refused.
    pub async fn close(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// The most requests that were under way at the same time.
    pub fn most_at_once(&self) -> usize {
        self.at_once.1.load(Ordering::SeqCst)
    }

    pub fn requests(&self, wanted: impl Fn(&Received) -> bool) -> Vec<Received> {
        let log = self.log.lock().unwrap();
        log.iter().filter(|r| wanted(r)).cloned().collect()
    }

    pub async fn session(&self) -> Session {
        Session::login(config(&self.url), 1, Stop::new()).await.unwrap()
    }
}

/// Bot `Bot` with short pauses.
pub fn config(url: &str) -> Config {
    Config {
        api_url: url.to_owned(),
        user_agent: "WikicrewTest/1 (https://example.org)".to_owned(),
        account: "Bot".to_owned(),
        credentials: Credentials::BotPassword {
            login: "Bot@test".to_owned(),
            password: Secret::new("marked-password"),
        },
        allowed_hosts: Vec::new(),
        timing: quick(),
        proxy_from_env: false,
        wiki_key: None,
    }
}

/// Bounds as in the real world, but a thousand times faster.
pub fn quick() -> Timing {
    Timing {
        retry_floor: Duration::from_millis(1),
        retry_cap: Duration::from_secs(4),
        request_timeout: Duration::from_secs(8),
        read_rate_per_second: 1000,
        stop_grace: Duration::from_millis(200),
        ..Timing::default()
    }
}

async fn read(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let (head, body_start) = loop {
        let mut part = [0; 8192];
        let n = stream.read(&mut part).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&part[..n]);
        if bytes[0] == 0x16 {
            return None; // somebody wants TLS
        }
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&bytes[..end]).into_owned(), end + 4);
        }
    };
    let headers = head.to_lowercase();
    let length = headers
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |value| value.trim().parse().unwrap());
    while bytes.len() < body_start + length {
        let mut part = [0; 8192];
        let n = stream.read(&mut part).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&part[..n]);
    }
    let mut line = head.split(' ');
    let method = line.next()?.to_owned();
    let query = line.next()?.split_once('?').map_or("", |(_, q)| q);
    let body = String::from_utf8_lossy(&bytes[body_start..]).into_owned();
    let url = format!("http://localhost/?{query}&{body}");
    let params = reqwest::Url::parse(&url).unwrap().query_pairs().into_owned().collect();
    Some(Received {
        method,
        headers,
        params,
    })
}

async fn send(mut stream: TcpStream, reply: Reply) {
    let json_type = "application/json; charset=utf-8";
    let (status, more, content_type, body, cut) = match reply {
        Reply::Json(value) => (200, "", json_type, value.to_string(), false),
        Reply::Late(_) => (200, "", json_type, json!({"query": {}}).to_string(), false),
        Reply::Raw(status, more, content_type, body) => (status, more, content_type, body, false),
        Reply::Cut(value) => (200, "", json_type, value.to_string(), true),
        Reply::Reset => {
            let _ = stream.set_zero_linger();
            return;
        }
        Reply::Silence => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            return;
        }
    };
    let sent = if cut { &body[..body.len() / 2] } else { &body };
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
         Connection: close\r\n{more}\r\n{sent}",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// What a wiki answers.
fn usual(request: &Received) -> Reply {
    Reply::Json(match request.get("action") {
        "login" => json!({"login": {"result": "Success", "lguserid": 3, "lgusername": "Bot"}}),
        "edit" => edited(8),
        _ if request.get("meta").contains("siteinfo") => json!({"batchcomplete": true, "query": {
            "general": {"sitename": "W", "server": "http://127.0.0.1", "lang": "en",
                "wikiid": "w", "generator": "MediaWiki 1.43.0"},
            "namespaces": {"0": {"id": 0, "name": "", "case": "first-letter"}},
            "userinfo": {"id": 3, "name": "Bot"},
            "tokens": {"logintoken": "marked-login+\\"}}}),
        _ if request.get("meta") == "tokens" => {
            json!({"query": {"tokens": {"csrftoken": "marked-csrf+\\"}}})
        }
        _ => json!({"batchcomplete": true, "query": {}}),
    })
}

pub fn edited(revid: u64) -> Value {
    json!({"edit": {"result": "Success", "pageid": 3, "title": "A", "oldrevid": 7,
        "newrevid": revid, "newtimestamp": "2026-01-02T03:04:05Z"}})
}

pub fn error(code: &str) -> Value {
    json!({"error": {"code": code, "info": "Why."}})
}
