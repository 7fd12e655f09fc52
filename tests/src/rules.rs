//! What the fault proxy does to which request: the script of a test.
//!
//! A rule is *when* (which requests, and the how-manieth of them) and *what*. The faults are those that wikis and
//! networks really show; the texts of API errors are those of MediaWiki. Rules never touch what they do not match.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::calls::Call;

type Predicate = Arc<dyn Fn(&Call) -> bool + Send + Sync>;
type CallHook = Arc<dyn Fn(Call) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Which requests a rule is about. Every condition narrows; without any it is about all of them.
#[derive(Clone)]
pub struct When {
    says: String,
    conditions: Vec<Predicate>,
    from: u64,
    to: u64,
}

impl When {
    /// Every request.
    pub fn any() -> Self {
        Self {
            says: String::new(),
            conditions: Vec::new(),
            from: 1,
            to: u64::MAX,
        }
    }

    /// Requests with this `action`.
    pub fn action(action: &str) -> Self {
        Self::any().with("action", action)
    }

    /// Saves of pages: POSTs with `action=edit`.
    pub fn edit() -> Self {
        Self::action("edit").post()
    }

    /// Saves of this page.
    pub fn edit_of(title: &str) -> Self {
        Self::edit().with("title", title)
    }

    /// Requests that name this module in `action`, `list`, `prop`, `meta`, `generator`, `submodule` or `type`.
    pub fn module(module: &str) -> Self {
        let name = module.to_owned();
        Self::any().that(&format!("module {module}"), move |call| call.has_module(&name))
    }

    /// Only POSTs.
    pub fn post(self) -> Self {
        self.that("POST", |call| call.method == "POST")
    }

    /// Only GETs.
    pub fn get(self) -> Self {
        self.that("GET", |call| call.method == "GET")
    }

    /// Only with this parameter at this value; titles are compared with `_` as space.
    pub fn with(self, key: &str, value: &str) -> Self {
        let (k, v) = (key.to_owned(), value.replace('_', " "));
        self.that(&format!("{key}={value}"), move |call| {
            call.param(&k).is_some_and(|found| found.replace('_', " ") == v)
        })
    }

    /// Only where some parameter's value contains this text.
    pub fn containing(self, text: &str) -> Self {
        let needle = text.to_owned();
        self.that(&format!("containing {text:?}"), move |call| {
            call.params.iter().any(|(_, v)| v.contains(&needle))
        })
    }

    /// Only where the predicate holds; `says` names it in messages.
    pub fn that(mut self, says: &str, predicate: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        if !self.says.is_empty() {
            self.says.push(' ');
        }
        self.says.push_str(says);
        self.conditions.push(Arc::new(predicate));
        self
    }

    /// Only the nth of them, counted from 1.
    pub fn nth(self, n: u64) -> Self {
        self.between(n, n)
    }

    /// The first to the nth of them.
    pub fn first(self, n: u64) -> Self {
        self.between(1, n)
    }

    /// From the nth of them on.
    pub fn from(self, n: u64) -> Self {
        self.between(n, u64::MAX)
    }

    /// From the nth to the mth of them, both included.
    pub fn between(mut self, n: u64, m: u64) -> Self {
        (self.from, self.to) = (n, m);
        self
    }

    pub(crate) fn matches(&self, call: &Call) -> bool {
        self.conditions.iter().all(|condition| condition(call))
    }

    pub(crate) fn covers(&self, occurrence: u64) -> bool {
        (self.from..=self.to).contains(&occurrence)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.says.is_empty() {
            "any request"
        } else {
            &self.says
        })?;
        match (self.from, self.to) {
            (1, u64::MAX) => Ok(()),
            (n, u64::MAX) => write!(f, ", from number {n}"),
            (n, m) if n == m => write!(f, ", number {n}"),
            (n, m) => write!(f, ", numbers {n} to {m}"),
        }
    }
}

/// What happens to a request.
#[derive(Clone)]
pub enum Fault {
    /// It goes through.
    Pass,
    /// Answered with this HTTP status and a plain-text body, `Retry-After` in seconds if given; not forwarded.
    Status(u16, Option<u32>),
    /// Answered with this error code and text by a healthy API; not forwarded. `maxlag` comes with `Retry-After`.
    ApiError(String, String),
    /// Answered with an HTML page under this status, as front servers do; not forwarded.
    HtmlError(u16),
    /// Forwarded; the second half of the answer is missing, under an honest length.
    TruncatedJson,
    /// The connection is reset; not forwarded.
    Reset,
    /// No answer for this long, then a reset; not forwarded.
    Silence(Duration),
    /// Forwarded and carried out; then the connection is reset instead of answering.
    ForwardAndLose,
    /// Forwarded this much later, whether or not the client is still there.
    Delay(Duration),
    /// The connection is reset at once; the request itself is delivered when the gate opens.
    DeliverLater(Gate),
    /// Forwarded and carried out; then the client gets what the inner fault says.
    AfterForwarding(Box<Fault>),
    /// Forwarded; the JSON answer is changed on the way back.
    Rewrite(Arc<dyn Fn(&mut Value) + Send + Sync>),
    /// Answered with this JSON; not forwarded.
    Answer(Value),
    /// Does something first; then the request goes on to the next rule.
    Before(CallHook),
    /// Forwarded; does something before the client gets the answer.
    After(CallHook),
}

impl Fault {
    /// 503 with `Retry-After: 1`.
    pub fn unavailable() -> Self {
        Self::Status(503, Some(1))
    }

    /// 429 with `Retry-After: 1`.
    pub fn too_many() -> Self {
        Self::Status(429, Some(1))
    }

    /// The wiki lags: error `maxlag`, HTTP 200, `Retry-After: 5`
    /// (<https://www.mediawiki.org/wiki/Manual:Maxlag_parameter>).
    pub fn maxlag() -> Self {
        Self::ApiError("maxlag".into(), "Waiting for 127.0.0.1: 6.5 seconds lagged.".into())
    }

    /// The wiki takes no writes at present.
    pub fn readonly() -> Self {
        Self::ApiError("readonly".into(), "The wiki is currently in read-only mode.".into())
    }

    /// The account is over its rate limit.
    pub fn ratelimited() -> Self {
        let text = "You've exceeded your rate limit. Please wait some time and try again.";
        Self::ApiError("ratelimited".into(), text.into())
    }

    /// The token is no longer good.
    pub fn badtoken() -> Self {
        Self::ApiError("badtoken".into(), "Invalid CSRF token.".into())
    }

    /// Forwards the request, loses the real answer and gives this fault's instead.
    pub fn after_forwarding(self) -> Self {
        Self::AfterForwarding(Box::new(self))
    }

    /// Changes the JSON answer.
    pub fn rewrite(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Rewrite(Arc::new(change))
    }

    /// Does `hook` while the request waits to be forwarded.
    pub fn before<H, F>(hook: H) -> Self
    where
        H: Fn(Call) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self::Before(Arc::new(move |call| Box::pin(hook(call))))
    }

    /// Does `hook` when the wiki has answered and the client has not got the answer. The call holds that answer.
    pub fn after<H, F>(hook: H) -> Self
    where
        H: Fn(Call) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self::After(Arc::new(move |call| Box::pin(hook(call))))
    }

    /// A word for messages and records.
    pub fn name(&self) -> String {
        match self {
            Self::Pass => "pass".into(),
            Self::Status(status, _) => format!("status {status}"),
            Self::ApiError(code, _) => format!("error {code}"),
            Self::HtmlError(status) => format!("html {status}"),
            Self::TruncatedJson => "cut json".into(),
            Self::Reset => "reset".into(),
            Self::Silence(_) => "silence".into(),
            Self::ForwardAndLose => "forward and lose".into(),
            Self::Delay(_) => "delay".into(),
            Self::DeliverLater(_) => "deliver later".into(),
            Self::AfterForwarding(fault) => format!("forward, then {}", fault.name()),
            Self::Rewrite(_) => "rewrite".into(),
            Self::Answer(_) => "answer".into(),
            Self::Before(_) => "before".into(),
            Self::After(_) => "after".into(),
        }
    }
}

/// Holds requests back until the test opens it. Clones are the same gate; once open it stays open.
#[derive(Clone, Default)]
pub struct Gate {
    open: watch::Sender<bool>,
}

impl Gate {
    /// A shut gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets through what waits, and everything after.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    pub(crate) async fn passed(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}
