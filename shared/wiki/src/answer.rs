//! Making a value or an [`Error`] of what a server sent.
//!
//! Status and content type are looked at before the body, and an API error
//! counts as one whatever the status says. Nothing of a body reaches an error
//! but its first characters.

use crate::error::{Error, api_error, safe};
use crate::pause;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use std::time::Duration;

/// A complete answer, not yet understood.
pub(crate) struct Answer {
    pub status: StatusCode,
    content_type: String,
    retry_after: Option<Duration>,
    location: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn head(response: &Response) -> Self {
        let headers = response.headers();
        Self {
            status: response.status(),
            content_type: text(headers, CONTENT_TYPE.as_str()),
            retry_after: headers.get(RETRY_AFTER).and_then(|value| {
                let date = text(headers, DATE.as_str());
                pause::retry_after(value.to_str().ok()?, Some(&date))
            }),
            location: text(headers, LOCATION.as_str()),
            body: Vec::new(),
        }
    }

    /// The JSON value, or the error that status, body or API name.
    pub fn read(&self, host: &str) -> Result<Value, Error> {
        let status = self.status.as_u16();
        let host = host.to_owned();
        if self.status.is_redirection() {
            return Err(Error::Redirected {
                host,
                status,
                location: safe(&self.location, 200),
            });
        }
        let is_json = self.content_type.starts_with("application/json");
        let value = is_json
            .then(|| serde_json::from_slice::<Value>(&self.body).ok())
            .flatten()
            .filter(Value::is_object);
        if let Some(error) = value.as_ref().and_then(|value| api_error(value, self.retry_after)) {
            // MediaWiki itself sends these with status 200. Beside another one
            // something in between spoke, and a write may have gone through.
            let is_odd = error.never_written() || matches!(error, Error::BadReply(_));
            if self.status.is_success() || !is_odd {
                return Err(error);
            }
        }
        let start = || {
            let end = self.body.len().min(400);
            safe(&String::from_utf8_lossy(&self.body[..end]), 100)
        };
        match value {
            Some(value) if self.status.is_success() => Ok(value),
            None if self.status.is_success() => Err(Error::NotJson {
                host,
                status,
                content_type: safe(&self.content_type, 60),
                start: start(),
            }),
            _ => Err(Error::Status {
                host,
                status,
                retry_after: self.retry_after,
                start: start(),
            }),
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> Result<Value, Error> {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            content_type: content_type.to_owned(),
            retry_after: Some(Duration::from_secs(7)),
            location: "https://elsewhere.example/".to_owned(),
            body: body.as_bytes().to_vec(),
        };
        answer.read("wiki.example")
    }

    const JSON: &str = "application/json; charset=utf-8";
    const LAG: &str = r#"{"error":{"code":"maxlag","info":"Waiting"}}"#;

    #[test]
    fn only_json_with_a_success_status_is_a_value() {
        assert!(answer(200, JSON, r#"{"query":{}}"#).is_ok());
        assert!(matches!(answer(200, JSON, r#"{"query":{"#), Err(Error::NotJson { .. })));
        assert!(matches!(answer(200, JSON, "[]"), Err(Error::NotJson { .. })));
        assert!(matches!(
            answer(200, "text/html", r#"{"query":{}}"#),
            Err(Error::NotJson { .. })
        ));
        assert!(matches!(
            answer(503, JSON, r#"{"query":{}}"#),
            Err(Error::Status { status: 503, .. })
        ));
        assert!(matches!(
            answer(302, "text/html", ""),
            Err(Error::Redirected { status: 302, .. })
        ));
    }

    #[test]
    fn an_html_error_keeps_its_status_and_its_first_words() {
        let error = answer(503, "text/html", "<html>\n<b>Our servers are busy").unwrap_err();
        assert_eq!(
            error.to_string(),
            "wiki.example answered with HTTP status 503; it begins: <html> <b>Our servers are busy"
        );
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }

    #[test]
    fn an_api_error_beside_another_status_is_not_certain() {
        assert!(answer(200, JSON, LAG).unwrap_err().never_written());
        let odd = answer(503, JSON, LAG).unwrap_err();
        assert!(matches!(odd, Error::Status { status: 503, .. }));
        assert!(odd.is_temporary() && !odd.never_written());
        let gateway = answer(429, JSON, r#"{"error":{"code":429}}"#).unwrap_err();
        assert!(matches!(gateway, Error::Status { status: 429, .. }));
        let blocked = r#"{"error":{"code":"blocked","info":"x"}}"#;
        let blocked = answer(403, JSON, blocked).unwrap_err();
        assert_eq!(blocked.code(), Some("blocked"));
    }
}
