//! A webhook: an HTTPS POST of one JSON object, signed, so that the receiver knows who made it, that nobody changed it
//! and that it is no old one sent again. It follows no redirect, uses no proxy, keeps no cookie: an address on a settings page
//! must not lead anywhere else. What the receiver answers is read to its status; its words stand in no reason, as it may
//! send back what it was sent, and reasons are shown on pages.

use std::net::IpAddr;
use std::time::Duration;

use chrono::DateTime;
use hmac::{Hmac, Mac};
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde_json::Value;
use sha2::Sha256;
use tracing::{Level, debug};
use wikicrew_core::text::terminal;
use wikicrew_core::types::{Secret, Timestamp};

/// What an answer's body is read to, in bytes, where it is logged at all.
const MOST_OF_ANSWER: usize = 1024;

/// What is logged of it, and what a reason quotes of an error, in characters.
const MOST_QUOTED: usize = 200;

/// The longest `Retry-After` that is believed.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// Where to post, and as whom.
pub struct Config {
    /// Address of the receiver: `https://`, or `http://` on loopback; no user and password in it.
    pub url: String,
    /// What the signatures are made with; the receiver has the same.
    pub key: Secret,
    /// Who we are, with a way to reach the operator.
    pub user_agent: String,
    /// How long one POST may take, connecting included.
    pub patience: Duration,
}

/// One receiver. Connections are kept between two POSTs.
pub struct Client {
    client: reqwest::Client,
    url: Url,
    key: Secret,
}

/// Why the receiver has not taken an object.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It will never take this one (400, 410, 413, 415, 422): trying again is no use.
    #[error("the receiver refused it: status {status} of {host}")]
    Refused {
        /// Status of the answer.
        status: u16,
        /// The receiver's host; no word of its own.
        host: String,
    },
    /// Perhaps later: any other status says something about the receiver or the moment (busy or out of order as with
    /// 5xx, 429 and 408, set up otherwise than the feed as with 3xx, 401, 403 and 404); or it cannot be reached or does
    /// not answer in time. In the last case it may have taken it after all: the same delivery id tells it so.
    #[error("{why}")]
    Later {
        /// What the receiver asked us to wait.
        after: Option<Duration>,
        /// What happened, for people: no address with its path, no key.
        why: String,
        /// Whether it may have taken it after all.
        in_doubt: bool,
    },
}

/// `sha256=` and the HMAC-SHA256, in small hexadecimal digits, of the text `<timestamp>.<body>`, `timestamp` in seconds
/// since 1970. A receiver makes the same of the header `Wikicrew-Timestamp` and the bytes of the body, compares in
/// constant time, and refuses what is some minutes old.
/// <https://www.rfc-editor.org/rfc/rfc2104>
pub fn signature(key: &Secret, timestamp: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).expect("an HMAC takes keys of any length");
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    let digest = mac.finalize().into_bytes();
    digest
        .iter()
        .fold("sha256=".to_owned(), |out, byte| out + &format!("{byte:02x}"))
}

impl Client {
    /// Speaks to nobody yet.
    ///
    /// # Errors
    /// The address is none, or not encrypted, or carries a password; or no certificate can be checked here.
    pub fn new(config: Config) -> Result<Client, String> {
        let url = Url::parse(&config.url).map_err(|e| format!("the address of the webhook is none: {e}"))?;
        let loopback = url.host_str().is_some_and(is_loopback);
        if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
            return Err("the address of a webhook must begin with https:// (http:// on loopback only)".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the address of a webhook must not have a user or password in it".to_owned());
        }
        let client = reqwest::Client::builder()
            .user_agent(&config.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .https_only(!loopback)
            .timeout(config.patience)
            .build()
            .map_err(|e| format!("the webhook cannot be set up: {}", causes(&e)))?;
        Ok(Client {
            client,
            url,
            key: config.key,
        })
    }

    /// Posts `body`. `delivery` names it: the same text at each try, so that a receiver knows what it has already;
    /// letters, digits and punctuation of ASCII. `at` is now. Ok when the receiver answered 2xx.
    ///
    /// # Errors
    /// [`NotTaken`] says whether another try makes sense.
    pub async fn post(&self, delivery: &str, at: Timestamp, body: &Value) -> Result<(), NotTaken> {
        let body = body.to_string();
        let seconds = at.timestamp();
        let sent = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Wikicrew-Delivery", delivery)
            .header("Wikicrew-Timestamp", seconds.to_string())
            .header("Wikicrew-Signature", signature(&self.key, seconds, &body))
            .body(body)
            .send()
            .await;
        match sent {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(self.not_taken(answer, at).await),
            Err(error) => Err(NotTaken::Later {
                after: None,
                why: self.failed(&error),
                in_doubt: !error.is_connect(),
            }),
        }
    }

    async fn not_taken(&self, answer: Response, at: Timestamp) -> NotTaken {
        let status = answer.status();
        let after = pause(answer.headers(), at);
        if tracing::enabled!(Level::DEBUG) {
            let words = beginning(answer).await;
            debug!(host = self.host(), %status, answer = words, "a webhook was not taken");
        }
        if is_never(status.as_u16()) {
            return NotTaken::Refused {
                status: status.as_u16(),
                host: self.host().to_owned(),
            };
        }
        let what = if status.is_redirection() {
            format!("status {status}: it sends elsewhere, which is not followed; put the new address into the settings")
        } else {
            format!("status {status}")
        };
        NotTaken::Later {
            after,
            why: format!("{} answered {what}", self.host()),
            in_doubt: status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT,
        }
    }

    fn failed(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("{} did not answer in time", self.host());
        }
        format!("{} cannot be reached: {}", self.host(), causes(error))
    }

    /// The path and the query may be a secret between the operator and the receiver.
    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

/// The statuses that say something about the object; or, 410, that the receiver wants none any more.
/// <https://www.rfc-editor.org/rfc/rfc9110#section-15.5>
fn is_never(status: u16) -> bool {
    matches!(status, 400 | 410 | 413 | 415 | 422)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// What went wrong, without the text of the error itself: that one names the address with its path.
fn causes(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(cut(&cause.to_string()));
        source = cause.source();
    }
    causes.dedup();
    causes.join(": ")
}

fn cut(text: &str) -> String {
    terminal(text.trim()).chars().take(MOST_QUOTED).collect()
}

/// `Retry-After`: seconds, or a date; that is compared with the answer's own date, as our clocks may differ.
fn pause(headers: &HeaderMap, at: Timestamp) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    let pause = match asked.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(asked).ok()?;
            let now = text(DATE).and_then(|date| DateTime::parse_from_rfc2822(date).ok());
            let now = now.unwrap_or_else(|| at.fixed_offset());
            (until - now).to_std().unwrap_or(Duration::ZERO)
        }
    };
    Some(pause.min(LONGEST_PAUSE))
}

/// The first bytes of the answer as text; what cannot be read is left out.
async fn beginning(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MOST_OF_ANSWER {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) | Err(_) => break,
        }
    }
    bytes.truncate(MOST_OF_ANSWER);
    cut(&String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
