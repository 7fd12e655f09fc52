//! A page as one API answer showed it: revision, author, text, protection. Plain values, so that every decision
//! about a page (is it trusted, may it be edited) can be made and tested without a wiki.

use serde_json::Value;

use crate::core::types::{PageId, RevId, Timestamp, UserId};

/// One entry of `inprop=protection`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// What is protected: `edit`, `move`, `create`, …
    pub action: String,
    /// The level, which is a group or a right of the wiki: `sysop`, `autoconfirmed`, …
    pub level: String,
    /// When it ends; `None`: never.
    pub expiry: Option<Timestamp>,
    /// The page from which the protection cascades.
    pub source: Option<String>,
}

/// The newest revision of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Its id.
    pub revid: RevId,
    /// The revision before it; 0 for the first one.
    pub parent: RevId,
    /// Its author; `None` where the name is hidden.
    pub user: Option<String>,
    /// The author's id; 0 for an IP address.
    pub user_id: UserId,
    /// When the wiki saved it.
    pub timestamp: Timestamp,
    /// Hash of the text; empty where it is hidden.
    pub sha1: String,
    /// The edit summary; empty where it is hidden.
    pub comment: String,
    /// The text of the main slot; `None` where it is hidden or was not asked for.
    pub text: Option<String>,
}

/// A page and its newest revision, from `prop=info|revisions` (formatversion 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageState {
    /// Title as the wiki writes it.
    pub title: String,
    /// Namespace number.
    pub ns: i32,
    /// `None`: there is no such page.
    pub page_id: Option<PageId>,
    /// `wikitext`, `json`, `flow-board`, …
    pub model: String,
    /// Whether the page is a redirect.
    pub is_redirect: bool,
    /// Every protection in force, cascading ones included.
    pub protection: Vec<Protection>,
    /// The newest revision; `None` where the page is missing.
    pub revision: Option<Revision>,
    /// Those of the asked categories (`clcategories`) that the page is in.
    pub categories: Vec<String>,
}

impl PageState {
    /// Reads one element of `query.pages`. Errs with what was missing.
    pub fn from_json(page: &Value) -> Result<PageState, String> {
        let title = page["title"].as_str().ok_or("a page without a title")?.to_owned();
        if page["invalid"].as_bool() == Some(true) {
            return Err(format!("the wiki refuses the title `{title}`"));
        }
        let missing = page["missing"].as_bool() == Some(true);
        let protection = page["protection"].as_array().map(Vec::as_slice).unwrap_or_default();
        let revision = match page["revisions"].get(0) {
            Some(revision) => Some(Revision::from_json(revision).map_err(|what| format!("{title}: {what}"))?),
            None => None,
        };
        Ok(PageState {
            ns: page["ns"].as_i64().and_then(|ns| i32::try_from(ns).ok()).unwrap_or(0),
            page_id: page["pageid"].as_u64().filter(|_| !missing).map(PageId),
            model: page["contentmodel"].as_str().unwrap_or("wikitext").to_owned(),
            is_redirect: page["redirect"].as_bool() == Some(true),
            protection: protection.iter().map(Protection::from_json).collect(),
            revision,
            categories: strings(&page["categories"], "title"),
            title,
        })
    }

    /// All pages of an answer. Errs when one cannot be read.
    pub fn all(answer: &Value) -> Result<Vec<PageState>, String> {
        let pages = answer["query"]["pages"].as_array().ok_or("an answer without pages")?;
        pages.iter().map(PageState::from_json).collect()
    }

    /// The text of the newest revision, if it exists and is not hidden.
    pub fn text(&self) -> Option<&str> {
        self.revision.as_ref()?.text.as_deref()
    }

    /// The newest revision's id.
    pub fn revid(&self) -> Option<RevId> {
        self.revision.as_ref().map(|revision| revision.revid)
    }
}

impl Protection {
    fn from_json(entry: &Value) -> Protection {
        let text = |key: &str| entry[key].as_str().unwrap_or("").to_owned();
        Protection {
            action: text("type"),
            level: text("level"),
            expiry: entry["expiry"].as_str().and_then(timestamp),
            source: entry["source"].as_str().map(str::to_owned),
        }
    }

    /// Whether it is in force at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        self.expiry.is_none_or(|expiry| expiry > now)
    }
}

impl Revision {
    /// Reads one element of `revisions` (rvprop ids, user, userid, timestamp, sha1, comment, content).
    pub fn from_json(revision: &Value) -> Result<Revision, String> {
        let number = |key: &str| revision[key].as_u64();
        Ok(Revision {
            revid: RevId(number("revid").ok_or("a revision without an id")?),
            parent: RevId(number("parentid").unwrap_or(0)),
            user: revision["user"].as_str().map(str::to_owned),
            user_id: UserId(number("userid").unwrap_or(0)),
            timestamp: revision["timestamp"]
                .as_str()
                .and_then(timestamp)
                .ok_or("a revision without a time")?,
            sha1: revision["sha1"].as_str().unwrap_or("").to_owned(),
            comment: revision["comment"].as_str().unwrap_or("").to_owned(),
            text: revision["slots"]["main"]["content"].as_str().map(str::to_owned),
        })
    }
}

/// An API timestamp (`2026-11-21T19:35:17Z`); `None` for `infinity` and for what is no time.
pub fn timestamp(text: &str) -> Option<Timestamp> {
    let time = chrono::DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.with_timezone(&chrono::Utc))
}

/// The strings under `key` of a list of objects.
pub fn strings(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter_map(|entry| entry[key].as_str().map(str::to_owned))
        .collect()
}
