//! A client of event streams: one connection at a time, taken up again where it ended, never in silence about what was
//! missed. What the events mean is read elsewhere (`wikicrew_core::stream_event`).
//!
//! Nothing but the stream's address and our place in it is sent: no credentials, no cookies. No redirect is followed.
//! The server cuts every connection after some minutes, and ignores without a word a `since` that it cannot serve.
//! <https://wikitech.wikimedia.org/wiki/Event_Platform/EventStreams_HTTP_Service>

use crate::changes::Gap;
use crate::config::{Address, Timing};
use crate::error::Error;
use crate::pause;
use crate::read;
use crate::stop::Stop;
use chrono::TimeDelta;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::{Client, Response, Url};
use sse::{Parsed, Parser};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;
use wikicrew_core::stream_event::time_of;
use wikicrew_core::types::Timestamp;

mod connect;
mod sse;

/// How much younger than asked for the first events may be before something is missing.
const GAP: TimeDelta = TimeDelta::minutes(10);
/// So long nothing has to come before [`Told::Quiet`].
const QUIET: Duration = Duration::from_secs(1);
/// Events that are looked at before a gap is believed: those of several topics come in no common order.
const LOOKED_AT: u32 = 50;

/// Where a stream is, and how to behave there. Everything in here comes from the operator.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Address to which the names of streams are added, such as `https://stream.wikimedia.org/v2/stream`; https, except
    /// on loopback.
    pub url: String,
    /// `client/version (contact)`.
    /// <https://foundation.wikimedia.org/wiki/Policy:User-Agent_policy>
    pub user_agent: String,
    /// Hosts that may be spoken to, as `host` or `host:port`; when empty, only the host of `url`.
    pub allowed_hosts: Vec<String>,
    /// Silence after which a connection counts as lost.
    pub silence: Duration,
    /// Pauses before a connection is tried again (`retry_floor`, `retry_cap`), attempts in a row without any event
    /// (`max_attempts`), and how long a server may take to begin its answer (`request_timeout`).
    pub timing: Timing,
    /// Whether `HTTP_PROXY` and its kin are obeyed.
    pub proxy_from_env: bool,
}

impl StreamConfig {
    /// The usual bounds: a minute of silence, five attempts.
    pub fn new(url: impl Into<String>, user_agent: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            user_agent: user_agent.into(),
            allowed_hosts: Vec::new(),
            silence: Duration::from_secs(60),
            timing: Timing::default(),
            proxy_from_env: false,
        }
    }
}

/// Where reading begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Resume {
    /// With whatever comes next.
    Latest,
    /// After the event with this id.
    After {
        /// The id, as the server gave it: it is opaque.
        id: String,
        /// The time of that event, to see whether something is missing; `None`: not looked at.
        at: Option<Timestamp>,
    },
    /// With the first event of this time, if the server still has it (days to weeks).
    Since(Timestamp),
}

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Where to go on after this event: [`Resume::After`]. Empty if the server gives no ids.
    pub id: String,
    /// Its data, usually a JSON object.
    pub data: String,
    /// When it happened (`meta.dt`); `None` for test events, and where the data do not say.
    pub at: Option<Timestamp>,
}

/// What a stream tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// An event. Events may be repeated, and come out of order.
    Event(Event),
    /// Events between these times were not offered: the first ones after a (re)connection are more than 10 minutes
    /// younger than the place that was asked for. Told once per connection, with its first events or at the end.
    Gap(Gap),
    /// An event of more than 4 MiB, which was not kept.
    TooLong {
        /// As of an event.
        id: String,
        /// Bytes of it.
        bytes: u64,
    },
    /// Nothing came for a second, while there is a connection: a moment to do what waits for time to pass.
    Quiet,
}

/// Looks whether a connection begins where it should.
struct Judging {
    asked: Timestamp,
    earliest: Option<Timestamp>,
    seen: u32,
}

/// A stream that is read. Memory use is one event and what one read of the connection brings.
pub struct EventStream {
    client: Client,
    address: Address,
    url: Url,
    config: StreamConfig,
    stop: Stop,
    rng: StdRng,
    response: Option<Response>,
    /// When the connection brought something last.
    heard: Instant,
    parser: Parser,
    ready: VecDeque<Told>,
    judging: Option<Judging>,
    /// Where to go on.
    resume: Resume,
    /// Connections in a row that brought no event.
    failures: u32,
    /// No connection is tried before.
    not_before: Option<Instant>,
    /// Why the last connection ended, while there is no other.
    last_error: Option<Error>,
    connections: u64,
    has_events: bool,
}

impl EventStream {
    /// Prepares to read these streams (such as `recentchange`) with one connection; [`EventStream::next`] makes it.
    /// `seed` feeds the jitter of pauses; `stop` ends everything.
    ///
    /// Errs with [`Error::BadAddress`] or [`Error::HostNotAllowed`] when the address cannot be used.
    pub fn open(config: StreamConfig, streams: &[&str], resume: Resume, seed: u64, stop: Stop) -> Result<Self, Error> {
        let address = Address::read(&config.url, &config.allowed_hosts)?;
        let bad = |reason: &str| Error::BadAddress {
            reason: reason.to_owned(),
        };
        let is_name = |name: &&str| {
            let mut bytes = name.bytes();
            !name.is_empty() && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        };
        if streams.is_empty() || !streams.iter().all(is_name) {
            return Err(bad("the name of a stream is letters, digits, `.`, `-` and `_`"));
        }
        let mut url = address.url.clone();
        url.set_path(&format!("{}/{}", url.path().trim_end_matches('/'), streams.join(",")));
        let client = connect::client(&config, &address).map_err(|e| bad(&e.without_url().to_string()))?;
        let parser = match &resume {
            Resume::After { id, .. } => Parser::after(id),
            Resume::Latest | Resume::Since(_) => Parser::default(),
        };
        Ok(Self {
            client,
            address,
            url,
            config,
            stop,
            rng: StdRng::seed_from_u64(seed),
            response: None,
            heard: Instant::now(),
            parser,
            ready: VecDeque::new(),
            judging: None,
            resume,
            failures: 0,
            not_before: None,
            last_error: None,
            connections: 0,
            has_events: false,
        })
    }

    /// The next event or gap; `None` once `deadline` has passed. Connections that are cut, lost, silent or refused for
    /// now are taken up again after a pause.
    ///
    /// Errs with [`Error::Stopped`] after a stop; with the last error when `max_attempts` connections in a row brought
    /// no event, when the server asks for more patience than a run has, and at the deadline when there never was an
    /// event; at once with what no repetition mends: another status than 5xx or 429, or a redirect. Where the server
    /// does not take an id (400), its time is asked for instead, if that is known.
    pub async fn next(&mut self, deadline: Instant) -> Result<Option<Told>, Error> {
        loop {
            if self.stop.is_stopped() {
                return Err(Error::Stopped { in_flight: false });
            }
            if let Some(told) = self.ready.pop_front() {
                return Ok(Some(told));
            }
            if Instant::now() >= deadline || self.not_before.is_some_and(|at| at >= deadline) {
                if let Some(gap) = self.end_judging() {
                    return Ok(Some(gap));
                }
                return match self.last_error.take() {
                    Some(error) if !self.has_events => Err(error),
                    _ => Ok(None),
                };
            }
            let stop = self.stop.clone();
            let step = async {
                match self.response {
                    Some(_) => self.read_on().await,
                    None => self.connect().await,
                }
            };
            // What is awaited may be dropped: a piece of an answer is either here or still to be read.
            tokio::select! {
                step = tokio::time::timeout_at(deadline, step) => {
                    if let Ok(Err(error)) = step {
                        self.after_failure(error)?;
                    }
                }
                () = stop.stopped() => {}
            }
        }
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// Takes the next bytes.
    async fn read_on(&mut self) -> Result<(), Error> {
        let Some(response) = &mut self.response else {
            return Ok(());
        };
        let host = self.address.host.clone();
        let after = self.config.silence;
        let chunk = match tokio::time::timeout(QUIET.min(after), response.chunk()).await {
            Err(_) if self.heard.elapsed() >= after => return Err(Error::Timeout { host, after }),
            Err(_) => {
                self.ready.push_back(Told::Quiet);
                return Ok(());
            }
            Ok(Err(error)) => return Err(connect::transport_error(&error, &host, after)),
            Ok(Ok(None)) => {
                return Err(Error::Transport {
                    host,
                    reason: "the server ended the connection".to_owned(),
                    never_sent: false,
                });
            }
            Ok(Ok(Some(chunk))) => chunk,
        };
        self.heard = Instant::now();
        let mut parsed = Vec::new();
        self.parser.feed(&chunk, &mut |event| parsed.push(event));
        for event in parsed {
            self.take(event);
        }
        Ok(())
    }

    fn take(&mut self, parsed: Parsed) {
        self.failures = 0;
        self.has_events = true;
        match parsed {
            // `error` tells why the server is about to end the connection.
            Parsed::Event { name, data, .. } if !matches!(name.as_str(), "" | "message") => {
                let start = crate::error::safe(&data, 200);
                tracing::debug!(stream.host = %self.address.host, event = %crate::error::safe(&name, 40), "{start}");
            }
            Parsed::Event { id, data, .. } => {
                let at = time_of(&data);
                if let Some(at) = at {
                    self.judge(at);
                }
                self.is_at(&id, at);
                self.ready.push_back(Told::Event(Event { id, data, at }));
            }
            Parsed::TooLong { id, bytes } => {
                self.is_at(&id, None);
                self.ready.push_back(Told::TooLong { id, bytes });
            }
        }
    }

    /// Where the next connection goes on.
    fn is_at(&mut self, id: &str, now: Option<Timestamp>) {
        match &mut self.resume {
            Resume::After { id: known, at } => {
                if !id.is_empty() {
                    id.clone_into(known);
                }
                *at = (*at).max(now);
            }
            resume if !id.is_empty() => {
                let before = match resume {
                    Resume::Since(time) => Some(*time),
                    _ => None,
                };
                let id = id.to_owned();
                *resume = Resume::After { id, at: now.or(before) };
            }
            Resume::Since(time) => *time = (*time).max(now.unwrap_or(*time)),
            resume => {
                if let Some(now) = now {
                    *resume = Resume::Since(now);
                }
            }
        }
    }

    fn judge(&mut self, at: Timestamp) {
        let Some(judging) = &mut self.judging else {
            return;
        };
        if at - judging.asked <= GAP {
            self.judging = None;
            return;
        }
        judging.earliest = Some(judging.earliest.map_or(at, |earliest| earliest.min(at)));
        judging.seen += 1;
        if judging.seen >= LOOKED_AT {
            let gap = self.end_judging();
            self.ready.extend(gap);
        }
    }

    /// What the events of this connection have shown of a gap; asked when there are enough, or no more.
    fn end_judging(&mut self) -> Option<Told> {
        let judging = self.judging.take()?;
        Some(Told::Gap(Gap {
            from: judging.asked,
            to: judging.earliest?,
            filled: false,
        }))
    }

    /// Decides whether and when to connect again.
    fn after_failure(&mut self, error: Error) -> Result<(), Error> {
        let brought_events = self.response.take().is_some() && self.failures == 0 && self.has_events;
        let gap = self.end_judging();
        self.ready.extend(gap);
        let retry = self.parser.retry;
        if let (Error::Status { status: 400, .. }, Resume::After { at: Some(at), .. }) = (&error, &self.resume) {
            let at = *at;
            tracing::warn!(stream.host = %self.address.host, "the stream does not know its own place; going on from {at}");
            self.resume = Resume::Since(at);
            self.parser = Parser::default();
            return Ok(());
        }
        let id = match &self.resume {
            Resume::After { id, .. } => id.clone(),
            Resume::Latest | Resume::Since(_) => String::new(),
        };
        self.parser = Parser::after(&id);
        self.failures += 1;
        if !error.is_worth_retrying() || self.failures >= self.config.timing.max_attempts && !brought_events {
            self.failures = 0;
            return Err(error);
        }
        let Some(pause) = pause::before_next(&self.config.timing, &error, self.failures, &mut self.rng) else {
            return Err(error);
        };
        let asked = retry.unwrap_or_default().min(self.config.timing.retry_cap);
        let pause = pause.max(asked);
        tracing::debug!(
            stream.host = %self.address.host,
            pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
            error = %error,
            "will connect again"
        );
        self.not_before = Some(Instant::now() + pause);
        self.last_error = Some(error);
        Ok(())
    }
}

/// What [`Judging`] compares with.
fn asked_for(resume: &Resume) -> Option<Timestamp> {
    match resume {
        Resume::Latest => None,
        Resume::After { at, .. } => *at,
        Resume::Since(time) => Some(*time),
    }
}

/// `since` as the server takes it.
fn since(resume: &Resume) -> Option<String> {
    match resume {
        Resume::Since(time) => Some(read::parameter(*time)),
        Resume::Latest | Resume::After { .. } => None,
    }
}
