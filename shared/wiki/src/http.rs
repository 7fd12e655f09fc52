//! One HTTP exchange with the API: its turn in the queue, sending, and making
//! a value or an [`Error`] of what came back (by `answer`).
//!
//! Nothing is tried twice in here (that is `request`), no redirect is
//! followed, and status and content type are looked at before the body.
//! Bodies, tokens and passwords are never logged.

use crate::answer::Answer;
use crate::config::{Address, Config, Credentials, Timing};
use crate::error::{Error, safe};
use crate::request::{Counts, Phase};
use crate::stop::Stop;
use mediawiki::api::Api;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, Request, Url};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Requests at the same time: the bound for signed-in robots.
/// <https://wikitech.wikimedia.org/wiki/Robot_policy>
const CONCURRENT: usize = 3;
/// The same for robots that have not signed in, and how many of their requests may begin within a second.
const ANONYMOUS: (usize, u32) = (1, 4);
/// Longest answer that is taken, unpacked. MediaWiki's own result limit is 8 MB.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Encoded parameters longer than this go by POST, since proxies cut URLs.
const MAX_QUERY: usize = 2000;

/// How long an unused connection is kept: shorter than servers do, so that an
/// edit never meets one that is just being closed (its fate would be unknown).
const KEPT_OPEN: Duration = Duration::from_secs(4);

/// Parameters in the order in which they are sent.
pub(crate) type Params = Vec<(String, String)>;

/// What a request does, which decides how it is sent and what a stop does to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Changes nothing: GET, or POST when long.
    Read,
    /// The login: POST, but repeating it does no harm.
    Login,
    /// May change the wiki: POST, awaited even after a stop.
    Write,
}

/// Everything that requests of one session share.
pub(crate) struct Http {
    pub timing: Timing,
    pub stop: Stop,
    pub address: Address,
    client: Client,
    bearer: Option<HeaderValue>,
    /// Builds the requests, once it exists: see `Session::login`.
    api: OnceLock<Api>,
    slots: Semaphore,
    /// When the latest requests began, oldest first.
    recent: tokio::sync::Mutex<VecDeque<Instant>>,
    deadline: Mutex<Option<Instant>>,
    pub rng: Mutex<StdRng>,
    counts: Mutex<Counts>,
    phase: Mutex<Phase>,
}

impl Http {
    pub fn new(config: &Config, seed: u64, stop: Stop) -> Result<Self, Error> {
        let address = config.address()?;
        let client = client_builder(config, &address).build().map_err(unusable)?;
        let bearer = match &config.credentials {
            Credentials::OAuth2 { token } => {
                let mut value =
                    HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| Error::BadAddress {
                        reason: "the OAuth 2 token holds a character that no token has".to_owned(),
                    })?;
                value.set_sensitive(true);
                Some(value)
            }
            Credentials::BotPassword { .. } | Credentials::None => None,
        };
        let mut timing = config.timing;
        let mut slots = CONCURRENT;
        if matches!(config.credentials, Credentials::None) {
            slots = ANONYMOUS.0;
            if !address.is_loopback {
                timing.read_rate_per_second = timing.read_rate_per_second.min(ANONYMOUS.1);
            }
        }
        Ok(Self {
            timing,
            stop,
            address,
            client,
            bearer,
            api: OnceLock::new(),
            slots: Semaphore::new(slots),
            recent: tokio::sync::Mutex::new(VecDeque::new()),
            deadline: Mutex::new(None),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            counts: Mutex::new(Counts::default()),
            phase: Mutex::new(Phase::Fixed),
        })
    }

    /// From now on `api` builds the requests, with our client, so that all
    /// cookies are in one jar.
    pub fn use_api(&self, mut api: Api) {
        *api.client_mut() = self.client.clone();
        if self.api.set(api).is_err() {
            tracing::debug!(wiki.host = %self.address.host, "the API client was set before");
        }
    }

    pub fn set_deadline(&self, deadline: Instant) {
        *locked(&self.deadline) = Some(deadline);
    }

    pub fn set_phase(&self, phase: Phase) {
        *locked(&self.phase) = phase;
    }

    pub fn counts(&self) -> Counts {
        *locked(&self.counts)
    }

    /// Errs when no new request may begin.
    pub fn check_open(&self) -> Result<(), Error> {
        if self.stop.is_stopped() {
            return Err(Error::Stopped { in_flight: false });
        }
        match *locked(&self.deadline) {
            Some(deadline) if Instant::now() >= deadline => Err(Error::Deadline),
            _ => Ok(()),
        }
    }

    /// Sleeps, unless the run is over before; a pause that cannot end in time
    /// (also before `until`, if that is given) is not begun.
    pub async fn pause(&self, pause: Duration, until: Option<Instant>) -> Result<(), Error> {
        self.check_open()?;
        let deadline = *locked(&self.deadline);
        let end = Instant::now() + pause;
        if [deadline, until].iter().flatten().any(|last| end >= *last) {
            return Err(Error::Deadline);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(()),
            () = self.stop.stopped() => Err(Error::Stopped { in_flight: false }),
        }
    }

    /// Waits for a free slot and for the rate.
    pub async fn turn(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.check_open()?;
        let permit = tokio::select! {
            permit = self.slots.acquire() => permit.map_err(|_| Error::Stopped { in_flight: false })?,
            () = self.stop.stopped() => return Err(Error::Stopped { in_flight: false }),
        };
        let rate = self.timing.read_rate_per_second.max(1) as usize;
        let mut recent = self.recent.lock().await;
        if recent.len() >= rate
            && let Some(oldest) = recent.pop_front()
        {
            let free_at = oldest + Duration::from_secs(1);
            let pause = free_at.saturating_duration_since(Instant::now());
            self.pause(pause, None).await?;
        }
        self.check_open()?;
        recent.push_back(Instant::now());
        Ok(permit)
    }

    /// Counts a request that begins now.
    pub fn count(&self, is_retry: bool) {
        let phase = *locked(&self.phase);
        locked(&self.counts).begin(phase, is_retry);
    }

    /// One exchange. Whether something was written when this errs is what
    /// `Error::never_written` says.
    pub async fn exchange(&self, params: &Params, kind: Kind, is_retry: bool) -> Result<Value, Error> {
        let request = self.request(params, kind)?;
        let _permit = self.turn().await?;
        self.count(is_retry);
        let started = Instant::now();
        let action = params
            .iter()
            .find(|(name, _)| name == "action")
            .map_or("", |(_, value)| value.as_str());
        let grace = match kind {
            Kind::Write => self.timing.stop_grace,
            Kind::Read | Kind::Login => Duration::ZERO,
        };
        let answer = tokio::select! {
            answer = self.fetch(request) => answer,
            () = async {
                self.stop.stopped().await;
                tokio::time::sleep(grace).await;
            } => Err(Error::Stopped { in_flight: true }),
        };
        let took = started.elapsed();
        locked(&self.counts).end(answer.as_ref().map_or(0, |a| a.body.len()), took);
        let status = answer.as_ref().ok().map(|a| a.status.as_u16());
        let result = answer.and_then(|answer| answer.read(&self.address.host));
        tracing::debug!(
            wiki.host = %self.address.host,
            api.action = %safe(action, 40),
            http.status = status,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            error = result.as_ref().err().map(tracing::field::display),
            "request"
        );
        result
    }

    fn request(&self, params: &Params, kind: Kind) -> Result<Request, Error> {
        let encoded = encode(params);
        let is_get = kind == Kind::Read && encoded.len() <= MAX_QUERY;
        let method = if is_get { Method::GET } else { Method::POST };
        // The crate's builder adds User-Agent and bearer token. Parameters are
        // set below, since it sends them in random order and the edit token
        // must come last: https://www.mediawiki.org/wiki/API:Edit
        let builder = match self.api.get() {
            Some(api) => api
                .get_api_request_builder(&HashMap::new(), method.as_str())
                .map_err(|e| Error::BadAddress {
                    reason: safe(&e.to_string(), 200),
                })?,
            None => {
                let builder = self.client.request(method, self.address.url.clone());
                match &self.bearer {
                    Some(bearer) => builder.header(AUTHORIZATION, bearer.clone()),
                    None => builder,
                }
            }
        };
        let mut request = builder.build().map_err(unusable)?;
        if is_get {
            request.url_mut().set_query(Some(&encoded));
            return Ok(request);
        }
        let headers = request.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if kind == Kind::Read {
            // Lets a wiki answer from the nearest data centre.
            headers.insert("promise-non-write-api-action", HeaderValue::from_static("true"));
        }
        *request.body_mut() = Some(encoded.into());
        Ok(request)
    }

    async fn fetch(&self, request: Request) -> Result<Answer, Error> {
        let failed = |e: reqwest::Error| self.transport_error(&e);
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let mut answer = Answer::head(&response);
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if answer.body.len() + chunk.len() > MAX_ANSWER {
                return Err(Error::TooMuch {
                    what: "an answer of the wiki".to_owned(),
                    limit: format!("{} MiB", MAX_ANSWER / 1024 / 1024),
                });
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    /// What a failed exchange means; also used for the crate's own request.
    pub fn transport_error(&self, error: &reqwest::Error) -> Error {
        if error.is_timeout() {
            return Error::Timeout {
                host: self.address.host.clone(),
                after: self.timing.request_timeout,
            };
        }
        // Not the error's own text: that one names the URL with its parameters.
        let mut causes = Vec::new();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            causes.push(safe(&cause.to_string(), 120));
            source = cause.source();
        }
        causes.dedup();
        Error::Transport {
            host: self.address.host.clone(),
            reason: causes.join(": "),
            never_sent: error.is_connect(),
        }
    }
}

/// A client with our rules; its cookie jar is its own.
pub(crate) fn client_builder(config: &Config, address: &Address) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(&config.user_agent)
        .cookie_store(true)
        .gzip(true)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .https_only(!address.is_loopback)
        .pool_idle_timeout(KEPT_OPEN)
        .timeout(config.timing.request_timeout);
    if config.proxy_from_env {
        builder
    } else {
        builder.no_proxy()
    }
}

fn unusable(error: reqwest::Error) -> Error {
    Error::BadAddress {
        reason: safe(&error.without_url().to_string(), 200),
    }
}

fn encode(params: &Params) -> String {
    // The URL serialiser is the form serialiser; the address is not used.
    let mut url = Url::parse("http://localhost/").expect("a constant address");
    url.query_pairs_mut().extend_pairs(params);
    url.query().unwrap_or_default().to_owned()
}

/// A lock that a panicking holder cannot spoil: all values are valid anyway.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
