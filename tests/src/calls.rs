//! What the fault proxy saw: every request with its answer, and the questions that tests ask about them.
//!
//! A recorded call holds what was sent, passwords and tokens too; the line that is printed of it does not.

use std::fmt;
use std::time::Instant;

use serde_json::Value;

use crate::http::Message;

/// Parameters that are never printed.
const SECRET: [&str; 5] = ["lgpassword", "password", "lgtoken", "logintoken", "token"];
/// Parameters that are too long to print or say nothing.
const DULL: [&str; 7] = [
    "text",
    "appendtext",
    "format",
    "formatversion",
    "errorformat",
    "errorlang",
    "continue",
];
/// Parameters whose values name API modules.
const MODULE: [&str; 7] = ["action", "list", "prop", "meta", "generator", "submodule", "type"];

/// One request to the API and what became of it.
#[derive(Clone)]
pub struct Call {
    /// Its number among all messages of the counter, from 1.
    pub number: u64,
    /// `GET` or `POST`.
    pub method: String,
    /// From the query and the form body, in the order sent.
    pub params: Vec<(String, String)>,
    /// As sent.
    pub headers: Vec<(String, String)>,
    /// When it came in.
    pub arrived: Instant,
    /// When the client had its answer or its broken connection; `None` while it waits.
    pub finished: Option<Instant>,
    /// Whether the wiki got it.
    pub forwarded: bool,
    /// Size of the answer's body as it came, packed where it was packed.
    pub bytes: usize,
    /// The HTTP status of the wiki's answer or of the proxy's own; `None` where there was none.
    pub status: Option<u16>,
    /// The JSON answer (of the wiki where it was forwarded, else of the proxy).
    pub answer: Option<Value>,
    /// What the proxy did to it, if anything.
    pub fault: Option<String>,
}

impl Call {
    pub(crate) fn of(request: &Message) -> Self {
        let mut words = request.first.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let mut params = decode(target.split_once('?').map_or("", |(_, query)| query).as_bytes());
        if request
            .header("content-type")
            .is_some_and(|v| v.starts_with("application/x-www-form-urlencoded"))
        {
            params.extend(decode(&request.body));
        }
        Self {
            number: 0,
            method,
            params,
            headers: request.headers.clone(),
            arrived: Instant::now(),
            finished: None,
            forwarded: false,
            bytes: 0,
            status: None,
            answer: None,
            fault: None,
        }
    }

    /// The value of a parameter.
    pub fn param(&self, key: &str) -> Option<&str> {
        self.params.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// The value of a request header, its name compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// The `action`, or an empty text.
    pub fn action(&self) -> &str {
        self.param("action").unwrap_or_default()
    }

    /// Whether the request names this API module.
    pub fn has_module(&self, module: &str) -> bool {
        let mut named = self.params.iter().filter(|(k, _)| MODULE.contains(&k.as_str()));
        named.any(|(_, v)| v.split(['|', '\u{1f}']).any(|part| part == module))
    }

    /// Whether it asked to change the wiki: a POST with a token that is no login.
    pub fn is_write(&self) -> bool {
        self.method == "POST" && self.param("token").is_some() && !self.is_login()
    }

    /// Whether it belongs to logging in or out.
    pub fn is_login(&self) -> bool {
        ["login", "clientlogin", "logout"].contains(&self.action())
    }
}

/// `POST action=edit title=X summary=Y … -> 200 (forward and lose)`; no passwords, tokens or page texts.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.method)?;
        for (key, value) in &self.params {
            if SECRET.contains(&key.as_str()) || DULL.contains(&key.as_str()) {
                continue;
            }
            let value: String = value
                .replace('\u{1f}', "|")
                .chars()
                .filter(|c| !c.is_control())
                .take(90)
                .collect();
            write!(f, " {key}={value}")?;
        }
        if self.finished.is_some() {
            match self.status {
                Some(status) => write!(f, " -> {status}")?,
                None => f.write_str(" -> no answer")?,
            }
        }
        if let Some(code) = self.answer.as_ref().and_then(error_code) {
            write!(f, " {code}")?;
        }
        if let Some(fault) = &self.fault {
            write!(f, " ({fault})")?;
        }
        Ok(())
    }
}

/// The code of an API error, in either form of answer (`error`, or `errors` where `errorformat` was asked for).
pub fn error_code(answer: &Value) -> Option<&str> {
    let old = &answer["error"]["code"];
    old.as_str().or_else(|| answer["errors"][0]["code"].as_str())
}

/// Questions about the calls of a run.
pub trait Calls {
    /// Those that asked to change the wiki.
    fn writes(&self) -> Vec<&Call>;
    /// Those that name this API module.
    fn of_module(&self, module: &str) -> Vec<&Call>;
    /// The largest number of calls that were under way at the same time.
    fn most_at_once(&self) -> usize;
    /// All of them as lines, for a failed assertion.
    fn told(&self) -> String;
}

impl<T: std::borrow::Borrow<Call>> Calls for [T] {
    fn writes(&self) -> Vec<&Call> {
        self.iter().map(T::borrow).filter(|call| call.is_write()).collect()
    }

    fn of_module(&self, module: &str) -> Vec<&Call> {
        self.iter()
            .map(T::borrow)
            .filter(|call| call.has_module(module))
            .collect()
    }

    fn most_at_once(&self) -> usize {
        let under_way = |at: Instant| {
            let spans = self.iter().map(T::borrow);
            spans
                .filter(|call| call.arrived <= at && call.finished.is_none_or(|end| end > at))
                .count()
        };
        self.iter()
            .map(|call| under_way(call.borrow().arrived))
            .max()
            .unwrap_or(0)
    }

    fn told(&self) -> String {
        self.iter()
            .map(|call| format!("{:4} {}\n", call.borrow().number, call.borrow()))
            .collect()
    }
}

fn decode(form: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(first: &str, body: &str) -> Call {
        let mut request = Message {
            first: first.into(),
            body: body.into(),
            ..Message::default()
        };
        request.set_header("Content-Type", "application/x-www-form-urlencoded");
        Call::of(&request)
    }

    #[test]
    fn parameters_come_from_query_and_body() {
        let edit = call(
            "POST /w/api.php?format=json HTTP/1.1",
            "action=edit&title=A%7CB+c&token=abc%2B%5C&text=%C3%A9",
        );
        assert_eq!(edit.param("title"), Some("A|B c"));
        assert_eq!(edit.param("text"), Some("é"));
        assert!(edit.is_write() && edit.has_module("edit"));
        let read = call("GET /w/api.php?action=query&prop=info|revisions&list=x HTTP/1.1", "");
        assert!(!read.is_write() && read.has_module("revisions") && read.has_module("x") && !read.has_module("rev"));
        let login = call(
            "POST /w/api.php HTTP/1.1",
            "action=login&lgname=U&lgpassword=hush&lgtoken=secret",
        );
        assert!(!login.is_write() && login.is_login());
    }

    #[test]
    fn a_printed_call_shows_no_secret() {
        let login = call(
            "POST /w/api.php HTTP/1.1",
            "action=login&lgname=U&lgpassword=hush&lgtoken=secret&token=t0ken",
        );
        assert_eq!(login.to_string(), "POST action=login lgname=U");
    }
}
