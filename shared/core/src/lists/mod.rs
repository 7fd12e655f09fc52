//! Whitelist, blacklist and monitor list: what reports leave out, and what they always tell.
//!
//! They decide about reports only: what is true of a page, such as the marks of an infobox, does not depend on
//! them. [`judge`] matches an edit; [`parse_command`] and [`parse_words`] read the commands that keep the lists
//! and steer a job, with one grammar for a shell, a wiki page and a channel; [`help()`] explains them. The commands
//! are CheMoBot's, so that people who knew it need not learn anew.

mod command;
pub mod feeds;
mod grammar;
mod help;
pub mod links;
mod words;

pub use command::{Command, Level, Sought, parse_command, parse_words};
pub use feeds::{FeedCommand, FeedOrder, is_feed_name, parse_feeds};
pub use grammar::{ListWords, Verb, clean_reason};
pub use help::help;
pub use words::{MAX_LINE_CHARS, Word, split};

use crate::site::{Site, Title};
use crate::types::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One of the three lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    /// Edits by the user are not reported, on one page or (`*`) on all.
    White,
    /// Edits by the user on the page are always reported.
    Black,
    /// Edits on the page by users who are not whitelisted are reported.
    Monitor,
}

impl List {
    /// Every list.
    pub const ALL: [List; 3] = [List::White, List::Black, List::Monitor];

    /// The command that keeps it: `wl`, `bl`, `ml`.
    pub fn command(self) -> &'static str {
        match self {
            List::White => "wl",
            List::Black => "bl",
            List::Monitor => "ml",
        }
    }

    /// What it is called: `whitelist`, `blacklist`, `monitor list`.
    pub fn name(self) -> &'static str {
        match self {
            List::White => "whitelist",
            List::Black => "blacklist",
            List::Monitor => "monitor list",
        }
    }

    /// The list that a command's first word means, in any letter case.
    pub fn of_command(word: &str) -> Option<List> {
        List::ALL
            .into_iter()
            .find(|list| list.command().eq_ignore_ascii_case(word))
    }
}

/// An entry of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Which list.
    pub list: List,
    /// The user, as [`user_name`] gives it; `None` on the monitor list.
    pub user: Option<String>,
    /// The page, as [`Site::prefixed`] gives it; `None` for `*`, all pages.
    pub page: Option<String>,
    /// Who added it.
    pub by: String,
    /// When it was added.
    pub added: Timestamp,
    /// Why; may be empty.
    pub reason: String,
    /// From when on it no longer counts.
    pub expires: Option<Timestamp>,
}

impl Entry {
    /// Whether it is about this page, by name or because it is about all.
    pub fn covers(&self, page: &str) -> bool {
        self.page.as_deref().is_none_or(|listed| listed == page)
    }

    /// Whether it no longer counts.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// What the lists say about an edit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hit {
    /// Report it, whatever else holds.
    Blacklisted(Entry),
    /// Report nothing.
    Whitelisted(Entry),
    /// Report it.
    Monitored(Entry),
    /// The lists say nothing.
    None,
}

/// What the lists say about an edit by `user` (`None`: hidden) on the page: the blacklist is asked first, then the
/// whitelist, then the monitor list. The user may be written in any way that MediaWiki takes for the same name.
/// Every entry counts: leave out before what has expired ([`Entry::is_over`]).
pub fn judge(entries: &[Entry], user: Option<&str>, title: &Title, site: &Site) -> Hit {
    let user = user.map(|user| user_name(site, user).unwrap_or_else(|_| user.to_owned()));
    let page = site.prefixed(title);
    let find = |list: List| {
        entries.iter().find(|entry| {
            let is_user = entry.user.is_none() || entry.user == user;
            entry.list == list && is_user && entry.covers(&page)
        })
    };
    if let Some(entry) = find(List::Black) {
        Hit::Blacklisted(entry.clone())
    } else if let Some(entry) = find(List::White) {
        Hit::Whitelisted(entry.clone())
    } else if let Some(entry) = find(List::Monitor) {
        Hit::Monitored(entry.clone())
    } else {
        Hit::None
    }
}

/// A user name in MediaWiki's own form: upper first letter, spaces for `_`, without the namespace; an IPv6 address
/// in eight groups of capitals, as edits show it. Errs, in words for the writer, on what can be no user name.
/// <https://www.mediawiki.org/wiki/Manual:User.php>
pub fn user_name(site: &Site, text: &str) -> Result<String, String> {
    let text = text.trim();
    let bare = match text.split_once(':') {
        Some((prefix, rest)) if site.namespace_id(prefix) == Some(2) => rest.trim(),
        _ => text,
    };
    match bare.parse() {
        Ok(IpAddr::V4(ip)) => return Ok(ip.to_string()),
        Ok(IpAddr::V6(ip)) => return Ok(ip.segments().map(|group| format!("{group:X}")).join(":")),
        Err(_) => {}
    }
    let title = site.title_in(2, text)?;
    if title.ns != 2 {
        return Err(format!(
            "`{}` is a page, not a user name",
            crate::text::terminal(&site.prefixed(&title))
        ));
    }
    if title.text.contains('/') {
        return Err(format!(
            "`{}` is no user name: it has a slash",
            crate::text::terminal(&title.text)
        ));
    }
    Ok(title.text)
}

/// A page's title as entries hold it. Errs, in words for the writer, on what is no title of a page that can be
/// edited.
pub fn page_name(site: &Site, text: &str) -> Result<String, String> {
    let title = site.title(text)?;
    let name = site.prefixed(&title);
    if title.ns < 0 {
        return Err(format!(
            "`{}` is a special page: nobody edits it",
            crate::text::terminal(&name)
        ));
    }
    Ok(name)
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
