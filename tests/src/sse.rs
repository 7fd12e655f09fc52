//! Wikimedia's event streams on loopback: `recentchange` and `mediawiki.page-links-change` in one connection, with the
//! habits of the real service, and its faults where a test says so.
//!
//! Ids are JSON arrays with a place for each topic; a `since` or a place that is no longer kept is passed over in
//! silence and the stream begins with what is new; test events come in between; connections end when the server likes.
//! What the events say comes from the test: made up, or from a real wiki ([`bridge`]).
//! <https://wikitech.wikimedia.org/wiki/Event_Platform/EventStreams_HTTP_Service>

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use url::form_urlencoded;

use crate::http::{self, Message};
use crate::net::Door;

pub mod bridge;
mod places;

use places::Places;

/// The stream of all changes.
pub const RECENT_CHANGE: &str = "recentchange";
/// The stream of links that pages gained and lost.
pub const LINKS_CHANGE: &str = "mediawiki.page-links-change";
/// The data centres: each event comes from the first, the second one's topics stay empty.
const CENTRES: [&str; 2] = ["eqiad", "codfw"];

/// What one connection is like. The default is the real service at its best: everything kept, no end.
#[derive(Clone, Default)]
pub struct Manner {
    /// Answers this (429, 503, a page of HTML) in place of a stream.
    pub answer: Option<Message>,
    /// Ends after so many events, canaries counted.
    pub events: Option<usize>,
    /// Ends after this time.
    pub time: Option<Duration>,
    /// Where it ends, it does so within the next event.
    pub within_event: bool,
    /// Begins so many events before the place that was asked for.
    pub repeats: usize,
    /// Passes over `since`.
    pub ignores_since: bool,
    /// Sends a few bytes at a time, so that characters are split among packets.
    pub in_pieces: bool,
    /// Says nothing at all, not even that it is there, for this long after its head.
    pub silence: Duration,
}

impl Manner {
    /// Ends after so many events.
    pub fn of_events(events: usize) -> Self {
        Self {
            events: Some(events),
            ..Self::default()
        }
    }

    /// Answers with a status and a text, and with `Retry-After` where one is given.
    pub fn refusing(status: u16, retry_after: Option<u64>, content_type: &str, body: &str) -> Self {
        let mut answer = Message::answer(status, content_type, body);
        if let Some(seconds) = retry_after {
            answer.set_header("Retry-After", seconds.to_string());
        }
        Self {
            answer: Some(answer),
            ..Self::default()
        }
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Path and query, as sent.
    pub target: String,
    /// Names and values, as sent.
    pub headers: Vec<(String, String)>,
    /// Events that it got, canaries too.
    pub sent: usize,
}

impl Asked {
    /// The value of a header, its name compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }
}

/// An event as it is kept.
#[derive(Clone)]
struct Kept {
    stream: &'static str,
    /// Its place in its topic.
    offset: u64,
    data: Value,
}

#[derive(Default)]
struct State {
    /// Whatever was pushed, in the order of pushing.
    events: Vec<Kept>,
    /// So many of the oldest are no longer kept.
    forgotten: usize,
    /// What the next connections are like; then `usual`.
    next: VecDeque<Manner>,
    usual: Manner,
    asked: Vec<Asked>,
}

/// A running server. It ends when it is dropped.
pub struct EventStreams {
    state: Arc<Mutex<State>>,
    pushed: watch::Sender<usize>,
    door: Door,
}

impl EventStreams {
    /// A server without any event.
    pub async fn start() -> Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let (pushed, heard) = watch::channel(0);
        let serving = state.clone();
        let door = Door::open(0, move |stream| serve(serving.clone(), heard.clone(), stream)).await?;
        Ok(Self { state, pushed, door })
    }

    /// The address to which a client adds the names of streams.
    pub fn url(&self) -> String {
        format!("http://{}/v2/stream", self.door.address())
    }

    /// Adds an event: who listens gets it now. Its `meta` gets stream, topic, partition and offset.
    pub fn push(&self, stream: &'static str, mut data: Value) {
        let mut state = lock(&self.state);
        let offset = state.events.iter().filter(|kept| kept.stream == stream).count() as u64 + 1_000;
        data["meta"]["stream"] = json!(full_name(stream));
        data["meta"]["topic"] = json!(topic(CENTRES[0], stream));
        data["meta"]["partition"] = json!(0);
        data["meta"]["offset"] = json!(offset);
        state.events.push(Kept { stream, offset, data });
        self.pushed.send_replace(state.events.len());
    }

    /// Adds events in their order.
    pub fn push_all(&self, events: impl IntoIterator<Item = (&'static str, Value)>) {
        for (stream, data) in events {
            self.push(stream, data);
        }
    }

    /// Adds a test event, as each stream has some in an hour.
    pub fn push_canary(&self, stream: &'static str, dt: &str) {
        let data = json!({ "$schema": schema(stream), "meta": { "domain": "canary", "dt": dt, "id": "canary" } });
        self.push(stream, data);
    }

    /// Keeps only the newest `n` events from now on.
    pub fn keep(&self, n: usize) {
        let mut state = lock(&self.state);
        state.forgotten = state.events.len().saturating_sub(n);
    }

    /// What the next connections are like, one after the other; those after them are as [`EventStreams::usually`] says.
    pub fn next(&self, manners: impl IntoIterator<Item = Manner>) {
        lock(&self.state).next.extend(manners);
    }

    /// What every connection is like that has no manner of its own.
    pub fn usually(&self, manner: Manner) {
        lock(&self.state).usual = manner;
    }

    /// The requests so far, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.state).asked.clone()
    }

    /// The id of the newest event, as a connection to both streams would be told it.
    pub fn newest_id(&self) -> String {
        let state = lock(&self.state);
        let mut places = Places::default();
        state.events.iter().for_each(|kept| places.pass(kept));
        places.id(&[RECENT_CHANGE, LINKS_CHANGE])
    }

    /// From now on connections are refused.
    pub async fn refuse(&self) -> Result<()> {
        self.door.shut().await
    }

    /// Takes connections again.
    pub async fn accept(&self) -> Result<()> {
        self.door.reopen().await
    }
}

fn full_name(stream: &str) -> String {
    match stream {
        RECENT_CHANGE => "mediawiki.recentchange".to_owned(),
        other => other.to_owned(),
    }
}

fn topic(centre: &str, stream: &str) -> String {
    format!("{centre}.{}", full_name(stream))
}

fn schema(stream: &str) -> &'static str {
    match stream {
        RECENT_CHANGE => "/mediawiki/recentchange/1.0.1",
        _ => "/mediawiki/page/links-change/1.0.0",
    }
}

async fn serve(state: Arc<Mutex<State>>, mut heard: watch::Receiver<usize>, stream: TcpStream) {
    let mut stream = BufReader::new(stream);
    let Ok(Some(request)) = http::read(&mut stream).await else {
        return;
    };
    let stream = stream.get_mut();
    let (at, manner) = {
        let mut state = lock(&state);
        let target = request.first.split(' ').nth(1).unwrap_or_default().to_owned();
        let headers = request.headers.clone();
        state.asked.push(Asked {
            target,
            headers,
            sent: 0,
        });
        let manner = state.next.pop_front().unwrap_or_else(|| state.usual.clone());
        (state.asked.len() - 1, manner)
    };
    if let Err(refusal) = begin(&request, &manner, &state, stream, &mut heard, at).await {
        let _ = stream.write_all(&refusal.bytes()).await;
    }
}

/// Streams until the connection ends; errs with what is answered in place of a stream.
async fn begin(
    request: &Message,
    manner: &Manner,
    state: &Mutex<State>,
    stream: &mut TcpStream,
    heard: &mut watch::Receiver<usize>,
    at: usize,
) -> Result<(), Message> {
    if let Some(answer) = &manner.answer {
        return Err(answer.clone());
    }
    let plain = |status: u16, text: &str| Message::answer(status, "text/plain", text);
    if request.header("user-agent").is_none_or(|agent| !agent.contains('/')) {
        return Err(plain(403, "Please set a user-agent that says who you are."));
    }
    let target = request.first.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let names = path.strip_prefix("/v2/stream/").unwrap_or_default();
    let streams: Option<Vec<&'static str>> = names
        .replace("%2C", ",")
        .split(',')
        .map(|name| [RECENT_CHANGE, LINKS_CHANGE].into_iter().find(|known| *known == name))
        .collect();
    let streams = streams.ok_or_else(|| plain(404, "no such stream"))?;
    let mut since = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == "since");
    let since = since.next().map(|(_, time)| time.into_owned());
    let mut next = start(request, since.filter(|_| !manner.ignores_since), manner.repeats, state);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n\
        Transfer-Encoding: chunked\r\n\r\n";
    // Whoever listened may have gone: then there is nothing more to do.
    if stream.write_all(head.as_bytes()).await.is_err() {
        return Ok(());
    }
    tokio::time::sleep(manner.silence).await;
    if send(stream, ":ok\n\n", manner).await.is_err() {
        return Ok(());
    }
    let end = manner.time.map(|time| Instant::now() + time);
    let mut places = Places::default();
    let mut sent = 0;
    loop {
        heard.mark_unchanged();
        let kept = lock(state).events.get(next.at).cloned();
        if manner.events.is_some_and(|most| sent >= most) || end.is_some_and(|end| Instant::now() >= end) {
            if let Some(kept) = kept.filter(|_| manner.within_event) {
                let text = event(&kept, &places, &streams);
                let half = text.floor_char_boundary(text.len() / 2);
                let _ = send(stream, &text[..half], manner).await;
            }
            return Ok(());
        }
        let Some(kept) = kept else {
            let more = heard.changed();
            let waited = match end {
                Some(end) => tokio::time::timeout_at(end, more).await.unwrap_or(Ok(())),
                None => more.await,
            };
            if waited.is_err() {
                return Ok(());
            }
            continue;
        };
        next.at += 1;
        if !streams.contains(&kept.stream) || !next.wants(&kept) {
            continue;
        }
        places.pass(&kept);
        let text = event(&kept, &places, &streams);
        if send(stream, &text, manner).await.is_err() {
            return Ok(());
        }
        sent += 1;
        lock(state).asked[at].sent = sent;
    }
}

/// Where a connection goes on.
struct Next {
    /// The next event to look at.
    at: usize,
    /// From this one on everything counts.
    all_from: usize,
    /// Of those before only what is behind this place.
    behind: Option<Places>,
}

impl Next {
    fn wants(&self, kept: &Kept) -> bool {
        self.at > self.all_from || self.behind.as_ref().is_some_and(|places| places.is_before(kept))
    }
}

fn start(request: &Message, since: Option<String>, repeats: usize, state: &Mutex<State>) -> Next {
    let state = lock(state);
    let latest = state.events.len();
    let time = |kept: &Kept| kept.data["meta"]["dt"].as_str().unwrap_or_default().to_owned();
    let kept = &state.events[state.forgotten..];
    let mut next = Next {
        at: latest,
        all_from: latest,
        behind: None,
    };
    if let Some(places) = request.header("last-event-id").and_then(Places::read) {
        // A place that is gone is none: the stream begins with what is new, and nobody is told.
        let first = kept.iter().position(|kept| places.is_before(kept));
        let is_gone = state.events[..state.forgotten]
            .iter()
            .any(|kept| places.is_before(kept));
        if let Some(first) = first.filter(|_| !is_gone) {
            next.at = (state.forgotten + first).saturating_sub(repeats).max(state.forgotten);
            next.behind = Some(places);
            if repeats > 0 {
                next.all_from = next.at;
            }
        }
    } else if let Some(since) = since
        && let Some(first) = kept.iter().position(|kept| time(kept) >= since)
        && (state.forgotten == 0 || first > 0)
    {
        next.at = state.forgotten + first;
        next.all_from = next.at;
    }
    next
}

fn event(kept: &Kept, places: &Places, streams: &[&'static str]) -> String {
    format!("event: message\nid: {}\ndata: {}\n\n", places.id(streams), kept.data)
}

/// Sends text as chunks of the body.
async fn send(stream: &mut TcpStream, text: &str, manner: &Manner) -> Result<()> {
    let size = if manner.in_pieces { 3 } else { text.len().max(1) };
    for piece in text.as_bytes().chunks(size) {
        let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
        chunk.extend_from_slice(piece);
        chunk.extend_from_slice(b"\r\n");
        stream.write_all(&chunk).await.context("the client is gone")?;
        if manner.in_pieces {
            stream.flush().await?;
        }
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "sse/tests.rs"]
mod tests;
