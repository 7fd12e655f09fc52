//! Parts that many answers share, read into plain values.
//!
//! What the wiki marks as hidden is dropped here, even where this account was given it.

use crate::error::Error;
use serde_json::Value;
use wikicrew_core::change::EditorKind;
use wikicrew_core::types::{PageId, RevId, Timestamp, UserId};

/// Who made a change or revision.
pub(crate) struct Editor {
    pub user: Option<String>,
    pub user_id: UserId,
    pub kind: EditorKind,
}

pub(crate) fn editor(entry: &Value) -> Editor {
    let name = entry["user"].as_str().filter(|_| entry["userhidden"] != true);
    let Some(name) = name else {
        return Editor {
            user: None,
            user_id: UserId(0),
            kind: EditorKind::Hidden,
        };
    };
    let user_id = UserId(number(entry, "userid"));
    Editor {
        user: Some(name.to_owned()),
        user_id,
        kind: EditorKind::of(name, user_id, entry["temp"] == true),
    }
}

pub(crate) fn comment(entry: &Value) -> Option<String> {
    text(entry, "comment").filter(|_| entry["commenthidden"] != true)
}

pub(crate) fn sha1(entry: &Value) -> Option<String> {
    text(entry, "sha1").filter(|sha1| !sha1.is_empty() && entry["sha1hidden"] != true)
}

pub(crate) fn tags(entry: &Value) -> Vec<String> {
    let tags = list(&entry["tags"]).iter().filter_map(Value::as_str);
    tags.map(str::to_owned).collect()
}

/// A number that is 0 where the wiki says none.
pub(crate) fn number(entry: &Value, key: &str) -> u64 {
    entry[key].as_u64().unwrap_or(0)
}

pub(crate) fn page_id(entry: &Value) -> PageId {
    PageId(number(entry, "pageid"))
}

pub(crate) fn revid(entry: &Value, key: &str) -> RevId {
    RevId(number(entry, key))
}

pub(crate) fn text(entry: &Value, key: &str) -> Option<String> {
    entry[key].as_str().map(str::to_owned)
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Namespace and title; `None` where they are hidden or refused.
pub(crate) fn title(entry: &Value) -> Option<(i32, String)> {
    let ns = entry["ns"].as_i64().and_then(|ns| i32::try_from(ns).ok())?;
    Some((ns, text(entry, "title")?))
}

/// A time of the API; `None` for `infinity` and for what is no time.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// The time of a change or revision: one without it is not what the manual promises.
pub(crate) fn timestamp(entry: &Value, what: &str) -> Result<Timestamp, Error> {
    time(&entry["timestamp"]).ok_or_else(|| Error::BadReply(format!("{what} without a time")))
}

/// A time as the API takes it.
pub(crate) fn parameter(time: Timestamp) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Ids as the API takes them.
pub(crate) fn ids(ids: impl IntoIterator<Item = impl ToString>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    ids.join("|")
}
