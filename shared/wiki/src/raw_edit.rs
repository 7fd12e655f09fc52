//! One write, sent so that the wiki itself refuses what would double or
//! overwrite something. Only the guarded editor may call this module.
//!
//! A write is repeated only while it is certain that nothing was written. It
//! never carries `basetimestamp` (which switches conflict detection off for
//! our own account) and never `section=new`.
//! <https://www.mediawiki.org/wiki/API:Edit>

pub use crate::flow::{FlowPost, flow_new_topic};
pub use crate::refusals::{REFUSALS, Refusal, RefusalKind, Row, find};

use crate::error::{Error, detail, safe};
use crate::http::{Kind, Params};
use crate::session::{Session, add_always, log_warnings, to_params};
use chrono::DateTime;
use md5::{Digest, Md5};
use serde_json::Value;
use tokio::time::Instant;
use unicode_normalization::UnicodeNormalization;
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// What is written.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// The whole page.
    Text(&'a str),
    /// Added at the end, exactly as given: with its own line breaks.
    Append(&'a str),
}

/// What the page must be when the edit arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// It exists and this revision was read (`baserevid`, `nocreate`). Where
    /// somebody changed another part since, the wiki merges: then
    /// [`Saved::old_revid`] is not this revision.
    Revision(RevId),
    /// It does not exist (`createonly`).
    CreateOnly,
}

/// One edit. The text is put into Unicode form C, as the wiki would do.
#[derive(Clone, Copy, Debug)]
pub struct RawEdit<'a> {
    /// Title with its namespace.
    pub title: &'a str,
    /// What is written.
    pub body: Body<'a>,
    /// What it is based on.
    pub base: Base,
    /// Edit summary, at most 500 characters, intent token included.
    pub summary: &'a str,
    /// Marked as a bot's edit; needs the right `bot`.
    pub bot: bool,
    /// Marked as minor.
    pub minor: bool,
    /// A change tag that the wiki lets this account set.
    pub tag: Option<&'a str>,
    /// `assert=bot` instead of `assert=user`.
    pub assert_bot: bool,
    /// When the page was looked at: refuses to create one deleted since then.
    pub start_timestamp: Option<Timestamp>,
    /// No attempt begins after this moment; with an intent, 20 s after it was
    /// stored as sent.
    pub start_before: Option<Instant>,
}

/// The edit is on the wiki.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The new revision; with `no_change`, the base.
    pub revid: RevId,
    /// The revision before it; 0 for a new page. Not the base when the wiki
    /// merged.
    pub old_revid: RevId,
    /// Time of the revision; with `no_change`, of the wiki's answer.
    pub new_timestamp: Timestamp,
    /// The page had that text already: there is no new revision.
    pub no_change: bool,
    /// Page id.
    pub page_id: PageId,
    /// Title as the wiki writes it.
    pub title: String,
    /// The page is new.
    pub created: bool,
}

/// The edit did not end with [`Saved`].
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// Certainly not on the wiki, and all attempts are used up (or there is no
    /// time for another one).
    #[error("not written: {0}")]
    NotWritten(Error),
    /// It may or may not be on the wiki, now or soon. It is not sent again:
    /// look at the page's history first, in a later run.
    #[error("it is not known whether this was written: {0}")]
    Unknown(Error),
    /// The wiki said no.
    #[error("{0}")]
    Refused(Refusal),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        if error.never_written() {
            Self::NotWritten(error)
        } else if let Some(refusal) = Refusal::of(&error) {
            Self::Refused(refusal)
        } else {
            Self::Unknown(error)
        }
    }
}

/// Sends one edit. Repeated, at most `Timing::max_attempts` times, only after
/// a refused connection, a TLS or DNS failure, or an answer that is nothing
/// but `maxlag`, `readonly`, `ratelimited` or (once, with a new token)
/// `badtoken`.
pub async fn raw_edit(session: &Session, edit: &RawEdit<'_>) -> Result<Saved, Failed> {
    let assert = if edit.assert_bot { "bot" } else { "user" };
    let answer = write(session, edit_params(edit), assert, edit.start_before).await?;
    read_answer(&answer, edit)
}

/// `action=edit` without what every write gets.
fn edit_params(edit: &RawEdit<'_>) -> Params {
    let mut params = to_params(&[
        ("action", "edit"),
        ("title", edit.title),
        ("summary", edit.summary),
        // A bot's watchlist must not grow with every page it edits.
        ("watchlist", "nochange"),
        (if edit.minor { "minor" } else { "notminor" }, "1"),
    ]);
    let mut add = |name: &str, value: String| params.push((name.to_owned(), value));
    match edit.base {
        Base::Revision(revid) => {
            add("baserevid", revid.to_string());
            add("nocreate", "1".to_owned());
        }
        Base::CreateOnly => add("createonly", "1".to_owned()),
    }
    // Present means true: https://www.mediawiki.org/wiki/API:Data_formats
    if edit.bot {
        add("bot", "1".to_owned());
    }
    if let Some(tag) = edit.tag {
        add("tags", tag.to_owned());
    }
    if let Some(time) = edit.start_timestamp {
        add("starttimestamp", time.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    let (name, text) = match edit.body {
        Body::Text(text) => ("text", text),
        Body::Append(text) => ("appendtext", text),
    };
    // The wiki compares the sum with the text in form C.
    let text: String = text.nfc().collect();
    add("md5", hex(&Md5::digest(&text)));
    add(name, text);
    params
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends a write with edit token and assertions, one at a time.
pub(crate) async fn write(
    session: &Session,
    mut params: Params,
    assert: &str,
    start_before: Option<Instant>,
) -> Result<Value, Failed> {
    let http = &session.0.http;
    if session.is_visit() {
        let host = http.address.host.clone();
        return Err(Failed::NotWritten(Error::ReadsOnly { host }));
    }
    let _one_at_a_time = session.0.writing.lock().await;
    add_always(&mut params, http);
    session.add_assert(&mut params, assert);
    let mut attempt = 1;
    let mut has_new_token = false;
    loop {
        let token = session.csrf().await.map_err(before_sending)?;
        if start_before.is_some_and(|last| Instant::now() >= last) {
            return Err(Failed::NotWritten(Error::Deadline));
        }
        let mut sent = params.clone();
        // Last, so that a request that was cut off has no token.
        sent.push(("token".to_owned(), token.expose().to_owned()));
        let error = match http.exchange(&sent, Kind::Write, attempt > 1).await {
            Ok(answer) => {
                log_warnings(&answer, &http.address.host);
                return Ok(answer);
            }
            Err(error) if error.never_written() => error,
            Err(error) => return Err(Failed::from(error)),
        };
        if matches!(error, Error::BadToken) {
            if has_new_token {
                return Err(Failed::NotWritten(error));
            }
            session.forget_csrf();
            has_new_token = true;
        } else {
            http.wait_after(error, attempt, start_before)
                .await
                .map_err(Failed::NotWritten)?;
        }
        attempt += 1;
    }
}

/// A failure while the token was asked for: the write was not sent.
fn before_sending(error: Error) -> Failed {
    match Refusal::of(&error) {
        Some(refusal) => Failed::Refused(refusal),
        None => Failed::NotWritten(error),
    }
}

fn read_answer(answer: &Value, edit: &RawEdit<'_>) -> Result<Saved, Failed> {
    let result = &answer["edit"];
    match result["result"].as_str() {
        Some("Success") => saved(answer, edit).ok_or_else(|| {
            Failed::Unknown(Error::BadReply(
                "`edit` says Success, but not which revision".to_owned(),
            ))
        }),
        Some("Failure") => Err(Failed::Refused(failure(result))),
        _ => Err(Failed::Unknown(Error::BadReply(
            "it has neither an error nor a result of `edit`".to_owned(),
        ))),
    }
}

fn saved(answer: &Value, edit: &RawEdit<'_>) -> Option<Saved> {
    let result = &answer["edit"];
    let no_change = result["nochange"] == true;
    let (revid, old_revid, time) = if no_change {
        // No revision is named then: the text is that of the base.
        let Base::Revision(base) = edit.base else {
            return None;
        };
        (base, base, &answer["curtimestamp"])
    } else {
        let revid = RevId(result["newrevid"].as_u64()?);
        let old_revid = RevId(result["oldrevid"].as_u64().unwrap_or(0));
        (revid, old_revid, &result["newtimestamp"])
    };
    Some(Saved {
        revid,
        old_revid,
        new_timestamp: DateTime::parse_from_rfc3339(time.as_str()?).ok()?.to_utc(),
        no_change,
        page_id: PageId(result["pageid"].as_u64()?),
        title: result["title"].as_str()?.to_owned(),
        created: result["new"] == true,
    })
}

/// `result: Failure` comes from extensions that do not use errors.
fn failure(result: &Value) -> Refusal {
    let code = ["captcha", "spamblacklist"]
        .into_iter()
        .find(|key| result.get(*key).is_some())
        .or_else(|| result["code"].as_str())
        .unwrap_or("hookaborted");
    let info = result["info"].as_str().unwrap_or("no reason given");
    Refusal::new(&safe(code, 80), safe(info, 300), detail(result))
}

#[cfg(test)]
#[path = "raw_edit_tests.rs"]
mod tests;
