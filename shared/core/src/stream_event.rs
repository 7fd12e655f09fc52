//! Events of Wikimedia's streams `recentchange` and `mediawiki.page-links-change`, as plain values.
//!
//! Only `$schema` and `meta` are promised of a `recentchange`; it says nothing of page ids, account ids, groups and
//! tags, and not whether an account is temporary. Nothing is guessed beyond what a name itself shows.
//! <https://schema.wikimedia.org/repositories/primary/jsonschema/mediawiki/recentchange/>,
//! <https://wikitech.wikimedia.org/wiki/Event_Platform/EventStreams_HTTP_Service>

use crate::addition::{self, BadLine, LinksChange, Record, wiki_key};
use crate::change::{Change, EditorKind};
use crate::hit::UserFacts;
use crate::types::{PageId, RevId, Timestamp, UserId};
use chrono::{DateTime, Timelike, Utc};
use serde::Deserialize;

/// The stream of all changes.
pub const RECENT_CHANGE: &str = "recentchange";
/// The stream of links that pages gained and lost.
pub const LINKS_CHANGE: &str = "mediawiki.page-links-change";

const RECENT_CHANGE_SCHEMA: &str = "/mediawiki/recentchange/";
const LINKS_CHANGE_SCHEMA: &str = "/mediawiki/page/links-change/";

/// What an event tells.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StreamEvent {
    /// An edit or a new page.
    Edit(Box<StreamChange>),
    /// Links that a page has and had not; not necessarily by the edit that the event names.
    Links(Box<StreamLinks>),
    /// A test event that keeps the stream alive. It is about no wiki.
    Canary,
    /// Anything else: log entries (moves too), changes of categories, other streams.
    Other,
}

/// An event of `recentchange` about an edit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamChange {
    /// Host and script path of the wiki, as `en.wikipedia.org/w`.
    pub wiki: String,
    /// What its database is called, as `enwiki`.
    pub dbname: String,
    /// Host of the wiki.
    pub domain: String,
    /// Path of its scripts, as `/w`.
    pub script_path: String,
    /// Time of the event: the revision's, give or take some seconds.
    pub dt: Timestamp,
    /// The edit. Not in the event, and so 0, empty or `None`: page id, account id, tags, hash.
    pub change: Change,
}

/// An event of `mediawiki.page-links-change`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamLinks {
    /// What its database is called, as `enwiki`.
    pub dbname: String,
    /// Host of the wiki.
    pub domain: String,
    /// The revision and the links; [`LinksChange::of`] has no performer where the event names none (an edit to a
    /// template, maintenance), and its `ts` is the event's.
    pub links: LinksChange,
    /// What the event says of the performer's account on that wiki; `None` without a performer.
    pub facts: Option<UserFacts>,
}

/// What every event has.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "$schema")]
    schema: Option<String>,
    meta: Meta,
    performer: Option<Groups>,
}

#[derive(Deserialize)]
struct Meta {
    stream: Option<String>,
    domain: Option<String>,
    dt: Option<String>,
}

#[derive(Deserialize)]
struct Groups {
    user_groups: Option<Vec<String>>,
}

/// `recentchange` 1.0.1, as far as it tells of edits.
#[derive(Deserialize)]
struct Recent {
    id: Option<u64>,
    #[serde(rename = "type")]
    kind: Option<String>,
    namespace: Option<i32>,
    title: Option<String>,
    comment: Option<String>,
    timestamp: Option<i64>,
    user: Option<String>,
    bot: Option<bool>,
    minor: Option<bool>,
    length: Option<OldNew>,
    revision: Option<OldNew>,
    server_url: Option<String>,
    server_name: Option<String>,
    server_script_path: Option<String>,
    wiki: Option<String>,
}

#[derive(Deserialize)]
struct OldNew {
    old: Option<u64>,
    new: Option<u64>,
}

/// Reads the `data` of an event. Unknown keys are ignored; the caller bounds the length.
///
/// Errs, with the key where it is known, for what is no JSON, has no `meta`, or lacks what an edit needs: wiki,
/// revision, title, namespace, time.
pub fn read(data: &str) -> Result<StreamEvent, BadLine> {
    let head: Head = parse(data)?;
    if head.meta.domain.as_deref() == Some("canary") {
        return Ok(StreamEvent::Canary);
    }
    let is = |stream: &str, schema: &str| match &head.meta.stream {
        // In Kafka the streams' names may carry a data centre before them; the events' own do not.
        Some(name) => name == stream || name == &format!("mediawiki.{stream}"),
        None => head.schema.as_deref().is_some_and(|name| name.starts_with(schema)),
    };
    if is(RECENT_CHANGE, RECENT_CHANGE_SCHEMA) {
        return recent(&head.meta, parse(data)?);
    }
    if is(LINKS_CHANGE, LINKS_CHANGE_SCHEMA) {
        return links(head, data);
    }
    Ok(StreamEvent::Other)
}

/// The time of an event, whatever it tells; `None` for a canary (it comes at its own times, so nothing follows from
/// them), and for what is no event.
pub fn time_of(data: &str) -> Option<Timestamp> {
    let head: Head = serde_json::from_str(data).ok()?;
    let is_canary = head.meta.domain.as_deref() == Some("canary");
    event_time(&head.meta).filter(|_| !is_canary)
}

fn event_time(meta: &Meta) -> Option<Timestamp> {
    let time = DateTime::parse_from_rfc3339(meta.dt.as_deref()?).ok()?;
    time.with_timezone(&Utc).with_nanosecond(0)
}

fn parse<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, BadLine> {
    // serde_json's own words may name a key or a type, and never repeat more than a word of the line.
    serde_json::from_str(data).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => bad(
            "",
            format!("the event is not as documented (column {})", error.column()),
        ),
        _ => bad("", format!("the event is no JSON (column {})", error.column())),
    })
}

fn bad(key: &str, problem: impl Into<String>) -> BadLine {
    BadLine {
        key: key.to_owned(),
        problem: problem.into(),
    }
}

fn recent(meta: &Meta, event: Recent) -> Result<StreamEvent, BadLine> {
    let is_new = match event.kind.as_deref() {
        Some("edit") => false,
        Some("new") => true,
        _ => return Ok(StreamEvent::Other),
    };
    let missing = |key: &str| bad(key, "is missing");
    let domain = event
        .server_name
        .or_else(|| meta.domain.clone())
        .ok_or_else(|| missing("server_name"))?;
    let script_path = event.server_script_path.unwrap_or_else(|| "/w".to_owned());
    // The name alone lacks a port that is not the usual one.
    let server = event.server_url.as_deref().unwrap_or(&domain);
    let wiki = wiki_key(&format!("{server}{script_path}")).ok_or_else(|| bad("server_url", "is no address"))?;
    let dbname = event
        .wiki
        .filter(|name| is_name(name, 64))
        .ok_or_else(|| missing("wiki"))?;
    let revision = event.revision.ok_or_else(|| missing("revision"))?;
    let revid = revision
        .new
        .filter(|id| *id > 0)
        .ok_or_else(|| missing("revision.new"))?;
    let dt = event_time(meta);
    let saved = event
        .timestamp
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .or(dt);
    let timestamp = saved.ok_or_else(|| missing("timestamp"))?;
    let title = event
        .title
        .filter(|title| is_name(title, 512))
        .ok_or_else(|| missing("title"))?;
    let user = event.user.filter(|user| is_name(user, 255));
    let length = event.length.unwrap_or(OldNew { old: None, new: None });
    Ok(StreamEvent::Edit(Box::new(StreamChange {
        wiki,
        dbname,
        domain,
        script_path,
        dt: dt.unwrap_or(timestamp),
        change: Change {
            rcid: event.id,
            revid: RevId(revid),
            parent: RevId(revision.old.unwrap_or(0)),
            page_id: PageId(0),
            ns: event.namespace.ok_or_else(|| missing("namespace"))?,
            title: title.replace('_', " "),
            editor: user.as_deref().map_or(EditorKind::Hidden, kind_of),
            user,
            user_id: UserId(0),
            bot: event.bot == Some(true),
            minor: event.minor == Some(true),
            timestamp,
            tags: Vec::new(),
            sha1: None,
            comment: event.comment,
            old_len: length.old,
            new_len: length.new,
            is_new,
            log: None,
        },
    })))
}

/// What a name alone shows: without an account's id, all that is neither an address nor a temporary or foreign name
/// counts as an account, which is what it nearly always is.
fn kind_of(name: &str) -> EditorKind {
    match EditorKind::of(name, UserId(0), false) {
        EditorKind::Foreign if !name.contains('>') => EditorKind::Named,
        kind => kind,
    }
}

fn is_name(text: &str, max: usize) -> bool {
    !text.trim().is_empty() && text.len() <= max && !text.chars().any(char::is_control)
}

fn links(head: Head, data: &str) -> Result<StreamEvent, BadLine> {
    let Some(Record::Links(links)) = addition::read_line(data.as_bytes())? else {
        return Ok(StreamEvent::Other);
    };
    let domain = head.meta.domain.ok_or_else(|| bad("meta.domain", "is missing"))?;
    if links.of.dbname.is_empty() {
        return Err(bad("database", "is missing"));
    }
    let groups = head.performer.and_then(|performer| performer.user_groups);
    let facts = links.of.performer.as_ref().map(|performer| UserFacts {
        edits: performer.edits,
        registered: performer.registered,
        groups: groups
            .into_iter()
            .flatten()
            .filter(|group| !matches!(group.as_str(), "*" | "user"))
            .collect(),
        is_global: false,
    });
    Ok(StreamEvent::Links(Box::new(StreamLinks {
        dbname: links.of.dbname.clone(),
        domain,
        links: *links,
        facts,
    })))
}

#[cfg(test)]
#[path = "stream_event_tests.rs"]
mod tests;
