//! A server of events that behaves as the real one does on its bad days: each connection plays a script.

use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wikicrew_wiki::stream::StreamConfig;

/// What a connection does.
pub enum Act {
    Send(Vec<u8>),
    Wait(u64),
    /// The connection is reset, not ended.
    Reset,
    /// Nothing more, and no end.
    Hang,
}

/// A script for the connection with this head.
type Script = dyn FnMut(usize, &str) -> Vec<Act> + Send;

pub struct StreamServer {
    pub url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl StreamServer {
    /// `script` gets the number of the connection, from 0, and the head of its request.
    pub async fn start(script: impl FnMut(usize, &str) -> Vec<Act> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v2/stream", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&heads);
        let mut script: Box<Script> = Box::new(script);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let head = read_head(&mut stream).await;
                let number = told.lock().unwrap().len();
                let acts = script(number, &head);
                told.lock().unwrap().push(head);
                tokio::spawn(play(stream, acts));
            }
        });
        Self { url, heads }
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// A client's configuration with short pauses.
    pub fn config(&self) -> StreamConfig {
        StreamConfig {
            silence: Duration::from_secs(8),
            timing: crate::server::quick(),
            ..StreamConfig::new(&self.url, "WikicrewTest/1 (https://example.org)")
        }
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap() == 0 {
            break;
        }
        bytes.extend_from_slice(&byte);
    }
    String::from_utf8(bytes).unwrap()
}

async fn play(mut stream: TcpStream, acts: Vec<Act>) {
    for act in acts {
        match act {
            Act::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
                let _ = stream.flush().await;
            }
            Act::Wait(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Act::Reset => {
                let _ = stream.set_zero_linger();
                return;
            }
            Act::Hang => tokio::time::sleep(Duration::from_secs(60)).await,
        }
    }
    let _ = stream.shutdown().await;
}

/// The head of an answer that is a stream; it ends with the connection.
pub fn begin() -> Act {
    Act::Send(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nConnection: close\r\n\r\n:ok\n\n"
            .to_vec(),
    )
}

/// Another answer.
pub fn answer(status: u16, headers: &str, body: &str) -> Vec<Act> {
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    );
    vec![Act::Send(head.into_bytes())]
}

/// An edit as `recentchange` tells it, at this minute and second of ten o'clock.
pub fn change(number: u64, domain: &str, minute: u32, second: u32) -> Act {
    let data = json!({"$schema": "/mediawiki/recentchange/1.0.0",
        "meta": {"domain": domain, "dt": time(minute, second), "stream": "mediawiki.recentchange", "id": "x"},
        "type": "edit", "title": "Zürich", "namespace": 0, "wiki": "dewiki",
        "revision": {"old": 1, "new": number}});
    Act::Send(format!("event: message\nid: {}\ndata: {data}\n\n", id(number)).into_bytes())
}

pub fn time(minute: u32, second: u32) -> String {
    format!("2026-11-20T10:{minute:02}:{second:02}Z")
}

/// As the real ids look.
pub fn id(number: u64) -> String {
    json!([{"topic": "eqiad.mediawiki.recentchange", "partition": 0, "offset": number},
        {"topic": "codfw.mediawiki.recentchange", "partition": 0, "timestamp": 7}])
    .to_string()
}
