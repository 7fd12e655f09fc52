//! Making the connection of a stream, and looking at its head before anything is read.

use super::{EventStream, Judging, Resume, StreamConfig, asked_for, since};
use crate::answer::Answer;
use crate::config::Address;
use crate::error::{Error, safe};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response};
use std::time::Duration;
use tokio::time::Instant;

/// What is read at most of an answer that is no stream.
const MAX_START: usize = 4 * 1024;

/// A client that sends nothing but what a request here says. It unpacks nothing: a server that packs a stream keeps
/// events back.
pub(super) fn client(config: &StreamConfig, address: &Address) -> Result<Client, reqwest::Error> {
    let builder = Client::builder()
        .user_agent(&config.user_agent)
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .https_only(!address.is_loopback)
        .connect_timeout(config.timing.request_timeout);
    match config.proxy_from_env {
        true => builder.build(),
        false => builder.no_proxy().build(),
    }
}

impl EventStream {
    /// Waits for its time, then connects.
    pub(super) async fn connect(&mut self) -> Result<(), Error> {
        if let Some(at) = self.not_before {
            tokio::time::sleep_until(at).await;
            self.not_before = None;
        }
        let mut url = self.url.clone();
        if let Some(since) = since(&self.resume) {
            url.query_pairs_mut().append_pair("since", &since);
        }
        let mut request = self
            .client
            .get(url)
            .header(ACCEPT, HeaderValue::from_static("text/event-stream"));
        if let Resume::After { id, .. } = &self.resume {
            let id = HeaderValue::from_str(id)
                .map_err(|_| Error::BadReply("the place in the stream holds what no header can hold".to_owned()))?;
            request = request.header("last-event-id", id);
        }
        self.connections += 1;
        let host = self.address.host.clone();
        let after = self.config.timing.request_timeout;
        let sending = tokio::time::timeout(after, request.send());
        let response = match sending.await {
            Err(_) => return Err(Error::Timeout { host, after }),
            Ok(Err(error)) => return Err(transport_error(&error, &host, after)),
            Ok(Ok(response)) => response,
        };
        let head = Answer::head(&response);
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        if !head.status.is_success() || !content_type.starts_with("text/event-stream") {
            return Err(refused(response, head, &host, &content_type, after).await);
        }
        self.judging = asked_for(&self.resume).map(|asked| Judging {
            asked,
            earliest: None,
            seen: 0,
        });
        tracing::debug!(stream.host = %host, "connected");
        self.heard = Instant::now();
        self.response = Some(response);
        Ok(())
    }
}

/// What an answer that is no stream means. `answer` is its head.
async fn refused(
    mut response: Response,
    mut answer: Answer,
    host: &str,
    content_type: &str,
    within: Duration,
) -> Error {
    let until = Instant::now() + within;
    while answer.body.len() < MAX_START
        && let Ok(Ok(Some(chunk))) = tokio::time::timeout_at(until, response.chunk()).await
    {
        answer.body.extend_from_slice(&chunk);
    }
    if !answer.status.is_success() {
        return match answer.read(host) {
            Err(error) => error,
            Ok(_) => Error::BadReply("an answer that is neither a stream nor an error".to_owned()),
        };
    }
    answer.body.truncate(400);
    Error::NotEvents {
        host: host.to_owned(),
        status: answer.status.as_u16(),
        content_type: safe(content_type, 60),
        start: safe(&String::from_utf8_lossy(&answer.body), 100),
    }
}

/// What a failed exchange means, in words that do not name the whole address.
pub(super) fn transport_error(error: &reqwest::Error, host: &str, after: Duration) -> Error {
    let host = host.to_owned();
    if error.is_timeout() {
        return Error::Timeout { host, after };
    }
    let mut causes = Vec::new();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        causes.push(safe(&cause.to_string(), 120));
        source = cause.source();
    }
    causes.dedup();
    Error::Transport {
        host,
        reason: causes.join(": "),
        never_sent: error.is_connect(),
    }
}
