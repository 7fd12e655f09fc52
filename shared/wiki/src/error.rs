//! What can go wrong between us and a wiki, by what to do next.
//!
//! Every answer becomes either a value or one of these; no caller looks into
//! an error's words. The words are for people, name host and remedy, and never
//! hold a token, a password or more of an answer than its first characters.
//! <https://www.mediawiki.org/wiki/API:Errors_and_warnings>

use serde_json::Value;
use std::time::Duration;
use wikicrew_core::text::terminal;

/// A request that gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection failed.
    #[error("{host} cannot be reached: {reason}")]
    Transport {
        /// Host and port.
        host: String,
        /// The causes, outermost first.
        reason: String,
        /// Refused, TLS or DNS: the request certainly never left.
        never_sent: bool,
    },
    /// No complete answer in time.
    #[error("{host} gave no complete answer within {after:?}")]
    Timeout {
        /// Host and port.
        host: String,
        /// `Timing::request_timeout`.
        after: Duration,
    },
    /// An HTTP status that is no success, without an API answer.
    #[error("{host} answered with HTTP status {status}{}", begins(.start))]
    Status {
        /// Host and port.
        host: String,
        /// HTTP status.
        status: u16,
        /// What the server asks us to wait.
        retry_after: Option<Duration>,
        /// First characters of a text answer.
        start: String,
    },
    /// A redirect; none is followed.
    #[error(
        "{host} redirects to {location} (HTTP status {status}); redirects are not followed: set the API address to the final one"
    )]
    Redirected {
        /// Host and port.
        host: String,
        /// HTTP status.
        status: u16,
        /// Its `Location`.
        location: String,
    },
    /// A success status, but the body is no JSON or is cut off.
    #[error("{host} answered with HTTP status {status}, but not with JSON (content type {content_type}){}", begins(.start))]
    NotJson {
        /// Host and port.
        host: String,
        /// HTTP status.
        status: u16,
        /// Its `Content-Type`.
        content_type: String,
        /// First characters.
        start: String,
    },
    /// A success status, but no stream of events.
    #[error("{host} answered with HTTP status {status}, but not with a stream of events (content type {content_type}){}", begins(.start))]
    NotEvents {
        /// Host and port.
        host: String,
        /// HTTP status.
        status: u16,
        /// Its `Content-Type`.
        content_type: String,
        /// First characters.
        start: String,
    },
    /// An API answer that lacks what the manual promises.
    #[error("the wiki's answer is not as documented: {0}")]
    BadReply(String),
    /// An error of the API that no other variant names.
    #[error("the wiki answered `{code}`: {info}")]
    Api {
        /// `error.code`.
        code: String,
        /// `error.info`.
        info: String,
        /// What an extension adds: which filter, which blacklisted links.
        detail: String,
        /// The answer also holds a result (`edit`, `flow`), so something may
        /// have been saved.
        beside_result: bool,
    },
    /// Replicas lag more than `maxlag`.
    #[error("the wiki's databases lag ({info})")]
    Maxlag {
        /// `error.info`.
        info: String,
        /// What the server asks us to wait.
        retry_after: Option<Duration>,
    },
    /// The wiki cannot be written at the moment.
    #[error("the wiki is read-only: {info}")]
    ReadOnly {
        /// The reason it gives.
        info: String,
        /// What the server asks us to wait.
        retry_after: Option<Duration>,
    },
    /// The account acts too fast for the wiki.
    #[error("the wiki limits the rate of this account")]
    RateLimited {
        /// What the server asks us to wait.
        retry_after: Option<Duration>,
    },
    /// `assert`, `assertuser` or an OAuth token failed, or the edit token is
    /// that of nobody: the session is over, or a right is gone.
    #[error(
        "not logged in as expected (`{code}`): {info}; check the account, its bot flag and whether its password or token was withdrawn"
    )]
    LoggedOut {
        /// `error.code`, or `anonymous-token`.
        code: String,
        /// `error.info`.
        info: String,
    },
    /// The edit token is not valid (any more).
    #[error("the wiki does not take the edit token")]
    BadToken,
    /// The account or its address is blocked, in whole or in part.
    #[error("blocked (`{code}`): {info}")]
    Blocked {
        /// `error.code`.
        code: String,
        /// `error.info`, with the reason of the block where it is given.
        info: String,
    },
    /// The login was refused.
    #[error("login of {account} on {wiki} refused: {reason}; check {check}")]
    LoginRefused {
        /// User name of the bot.
        account: String,
        /// Host of the wiki.
        wiki: String,
        /// What the wiki says.
        reason: String,
        /// What a person can look at.
        check: &'static str,
    },
    /// A write by a session that has no account there; nothing was sent.
    #[error("{host} is read without an account: nothing can be written there")]
    ReadsOnly {
        /// Host and port.
        host: String,
    },
    /// The operator does not allow this host.
    #[error("{host} is not among the allowed hosts ({allowed}); the operator's list of API hosts decides")]
    HostNotAllowed {
        /// Host and port.
        host: String,
        /// The list.
        allowed: String,
    },
    /// The API address cannot be used.
    #[error("the API address cannot be used: {reason}")]
    BadAddress {
        /// Why.
        reason: String,
    },
    /// The run's deadline has passed; nothing was sent.
    #[error("the time of this run is over")]
    Deadline,
    /// A stop was asked for.
    #[error("stopped as asked for")]
    Stopped {
        /// A request was under way, and its answer was not awaited.
        in_flight: bool,
    },
    /// An answer or a continued query is larger than we take.
    #[error("{what} exceeds the limit of {limit}")]
    TooMuch {
        /// What is too large.
        what: String,
        /// The bound, with its unit.
        limit: String,
    },
}

fn begins(start: &str) -> String {
    if start.is_empty() {
        String::new()
    } else {
        format!("; it begins: {start}")
    }
}

impl Error {
    /// Whether the same request may succeed later without anybody's help.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Transport { .. }
            | Self::Timeout { .. }
            | Self::Maxlag { .. }
            | Self::ReadOnly { .. }
            | Self::RateLimited { .. }
            | Self::BadToken
            | Self::Deadline
            | Self::Stopped { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::NotJson { status, .. } | Self::NotEvents { status, .. } => matches!(status, 200..=299),
            Self::Api { code, .. } => code.starts_with("internal_api_error"),
            _ => false,
        }
    }

    /// Whether an idempotent request is worth another attempt in this run.
    pub(crate) fn is_worth_retrying(&self) -> bool {
        self.is_temporary() && !matches!(self, Self::BadToken | Self::Deadline | Self::Stopped { .. })
    }

    /// Whether nothing else in this run can succeed either.
    pub fn stops_run(&self) -> bool {
        match self {
            Self::LoggedOut { .. }
            | Self::Blocked { .. }
            | Self::LoginRefused { .. }
            | Self::HostNotAllowed { .. }
            | Self::BadAddress { .. }
            | Self::Redirected { .. }
            | Self::Deadline
            | Self::Stopped { .. } => true,
            Self::Status { status, .. } => matches!(status, 401 | 403),
            _ => false,
        }
    }

    /// What the server asked us to wait, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. }
            | Self::Maxlag { retry_after, .. }
            | Self::ReadOnly { retry_after, .. }
            | Self::RateLimited { retry_after } => *retry_after,
            _ => None,
        }
    }

    /// Whether it is certain that a write which ended like this changed
    /// nothing: it never left, or the wiki answered `maxlag`, `readonly`,
    /// `ratelimited` or `badtoken` and nothing else.
    pub fn never_written(&self) -> bool {
        match self {
            Self::Transport { never_sent, .. } => *never_sent,
            Self::Stopped { in_flight } => !in_flight,
            Self::Maxlag { .. }
            | Self::ReadOnly { .. }
            | Self::RateLimited { .. }
            | Self::BadToken
            | Self::ReadsOnly { .. }
            | Self::HostNotAllowed { .. }
            | Self::BadAddress { .. }
            | Self::Deadline => true,
            _ => false,
        }
    }

    /// The API's code, where the API answered.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Api { code, .. } | Self::LoggedOut { code, .. } | Self::Blocked { code, .. } => Some(code),
            Self::Maxlag { .. } => Some("maxlag"),
            Self::ReadOnly { .. } => Some("readonly"),
            Self::RateLimited { .. } => Some("ratelimited"),
            Self::BadToken => Some("badtoken"),
            _ => None,
        }
    }
}

/// The error that an API answer holds, if it holds one. Both the default
/// format (`error`) and a list (`errors`) are understood.
pub(crate) fn api_error(answer: &Value, retry_after: Option<Duration>) -> Option<Error> {
    let error = match answer.get("error") {
        Some(error) => error,
        None => answer.get("errors")?.as_array()?.first()?,
    };
    let text = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| error.get(key).and_then(Value::as_str))
            .unwrap_or_default()
    };
    let code = safe(text(&["code"]), 80);
    let mut info = safe(text(&["info", "text", "html"]), 300);
    if code.is_empty() {
        return Some(Error::BadReply("an error without a code".to_owned()));
    }
    if answer.get("edit").is_some() || answer.get("flow").is_some() {
        return Some(Error::Api {
            code,
            info,
            detail: detail(error),
            beside_result: true,
        });
    }
    Some(match code.as_str() {
        "maxlag" => Error::Maxlag { info, retry_after },
        "readonly" => {
            if let Some(reason) = error.get("readonlyreason").and_then(Value::as_str) {
                info = safe(reason, 200);
            }
            Error::ReadOnly { info, retry_after }
        }
        "ratelimited" => Error::RateLimited { retry_after },
        "badtoken" => Error::BadToken,
        "assertuserfailed" | "assertbotfailed" | "assertnameduserfailed" => Error::LoggedOut { code, info },
        _ if code.starts_with("mwoauth-") => Error::LoggedOut { code, info },
        _ if is_block(&code) => {
            if let Some(block) = block(error) {
                info = format!("{info} {block}");
            }
            Error::Blocked { code, info }
        }
        _ => Error::Api {
            code,
            info,
            detail: detail(error),
            beside_result: false,
        },
    })
}

/// Codes for blocks of account or address. Flow's `block` is not one: it says
/// that Flow itself is read-only.
pub(crate) fn is_block(code: &str) -> bool {
    matches!(code, "blocked" | "autoblocked" | "systemblocked")
        || code.starts_with("globalblocking-")
        || code.starts_with("torblock-")
}

fn block(error: &Value) -> Option<String> {
    let block = error.get("blockinfo")?;
    let text = |key: &str| safe(block.get(key).and_then(Value::as_str).unwrap_or("?"), 200);
    Some(format!(
        "Blocked by {} until {}: {}",
        text("blockedby"),
        text("blockexpiry"),
        text("blockreason")
    ))
}

/// What AbuseFilter, SpamBlacklist and TitleBlacklist say beyond code and
/// words; also in the `edit` part of older versions.
pub(crate) fn detail(error: &Value) -> String {
    let mut parts = Vec::new();
    if let Some(filter) = error.get("abusefilter") {
        let id = filter.get("id").map(Value::to_string).unwrap_or_default();
        let name = filter.get("description").and_then(Value::as_str);
        parts.push(format!(
            "filter {}: {}",
            id.trim_matches('"'),
            name.unwrap_or("(hidden)")
        ));
    }
    let matches = error
        .get("spamblacklist")
        .and_then(|spam| spam.get("matches"))
        .and_then(Value::as_array);
    if let Some(matches) = matches {
        let shown: Vec<&str> = matches.iter().filter_map(Value::as_str).take(10).collect();
        parts.push(format!("blacklisted: {}", shown.join(", ")));
    }
    // TitleBlacklist puts its data beside the code.
    let of_titles = error["code"]
        .as_str()
        .is_some_and(|code| code.starts_with("titleblacklist-"));
    if let Some(line) = error.get("line").and_then(Value::as_str)
        && of_titles
    {
        parts.push(format!("line of the title blacklist: {line}"));
    }
    safe(&parts.join("; "), 300)
}

/// Text of a wiki or a library, fit for a log line: no control characters, one
/// line, at most `max` characters.
pub(crate) fn safe(text: &str, max: usize) -> String {
    // Bounded before it is cleaned, since an answer may be large.
    let head: String = text.chars().take(4 * max).collect();
    let clean = terminal(&head.split_whitespace().collect::<Vec<_>>().join(" "));
    if clean.chars().count() <= max {
        clean
    } else {
        clean.chars().take(max).chain(['…']).collect()
    }
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
