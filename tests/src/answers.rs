//! Answers that the fault proxy makes up: what a front server, a rate limiter or a troubled wiki would say.

use serde_json::{Map, Value, json};

use crate::calls::Call;
use crate::http::Message;
use crate::rules::Fault;

/// Seconds in `Retry-After` of a maxlag error, as in MediaWiki's default.
const MAXLAG_RETRY: u32 = 5;

/// The answer to this call; `None` for faults that answer nothing.
pub(crate) fn made_up(call: &Call, fault: &Fault) -> Option<Message> {
    match fault {
        Fault::Status(status, retry_after) => {
            let body = format!("HTTP {status}\n");
            let mut reply = Message::answer(*status, "text/plain; charset=utf-8", body);
            if let Some(seconds) = retry_after {
                reply.set_header("Retry-After", seconds.to_string());
            }
            Some(reply)
        }
        Fault::HtmlError(status) => {
            let page = format!(
                "<!DOCTYPE html>\n<html><head><title>Wiki error</title></head>\n<body><h1>Error {status}</h1>\n\
                 <p>Our servers are currently under maintenance or experiencing a technical issue.</p></body></html>\n"
            );
            Some(Message::answer(*status, "text/html; charset=utf-8", page))
        }
        Fault::ApiError(code, info) => Some(api_error(call, code, info)),
        Fault::Answer(value) => Some(json_answer(value)),
        _ => None,
    }
}

fn json_answer(value: &Value) -> Message {
    Message::answer(200, "application/json; charset=utf-8", value.to_string())
}

/// An API error in the form that the request asked for (<https://www.mediawiki.org/wiki/API:Errors_and_warnings>).
fn api_error(call: &Call, code: &str, info: &str) -> Message {
    let details = match code {
        "maxlag" => json!({ "host": "127.0.0.1", "lag": 6.5, "type": "db" }),
        "readonly" => json!({ "readonlyreason": "Maintenance of the database." }),
        _ => json!({}),
    };
    let mut error = Map::from_iter([("code".to_owned(), json!(code))]);
    let body = match call.param("errorformat") {
        None | Some("bc") => {
            error.insert("info".into(), json!(info));
            error.extend(details.as_object().cloned().unwrap_or_default());
            json!({ "error": error })
        }
        Some(format) => {
            let key = if format == "html" { "html" } else { "text" };
            error.insert(key.into(), json!(info));
            if details != json!({}) {
                error.insert("data".into(), details);
            }
            error.insert("module".into(), json!("main"));
            json!({ "errors": [error] })
        }
    };
    let mut reply = json_answer(&body);
    reply.set_header("MediaWiki-API-Error", code);
    if code == "maxlag" {
        reply.set_header("Retry-After", MAXLAG_RETRY.to_string());
        reply.set_header("X-Database-Lag", "6");
    }
    reply
}
