//! The links of an edit as events: one for each key.

use super::types::{Hit, Rule, Subject};
use crate::addition::{Flags, Row};
use crate::link::{Key, PathHosts, found};
use std::collections::HashSet;

/// The address of a link that was added, as outside services are asked about it and people are shown it. The scheme is
/// `http` or `https`: of others (`ftp`) nobody kept the name, and what follows the host is all that lists look at.
/// Of a row whose key does not read (none that was stored by these jobs) the key stands for the host.
pub fn url_of(row: &Row) -> String {
    let scheme = if row.flags.has(Flags::HTTPS) || row.flags.has(Flags::OTHER_SCHEME) {
        "https"
    } else {
        "http"
    };
    let host = Key::from_stored(&row.host).map_or_else(|| row.host.clone(), |key| key.host());
    format!("{scheme}://{host}{}", row.path)
}

/// All links of one key that an edit added.
#[derive(Clone, Debug)]
pub(super) struct LinkEvent {
    pub key: Key,
    /// The key for people.
    pub display: String,
    /// What user names are compared with: the owner's part, where the key has one, else the host. On hosts where many
    /// people have pages only the part names somebody.
    pub owner: String,
    /// What was added, never empty, as [`url_of`] writes it.
    pub urls: Vec<String>,
    /// What patterns are matched with: `host/path`, lower case, also with the host as people read it.
    pub texts: Vec<String>,
    /// How many were added.
    pub times: u32,
    /// All of them are an archive's copies of pages that are events themselves. The archive's name says nothing about
    /// the link, and the page in its path must not count twice, so only lists that name the archive are asked.
    pub is_archive: bool,
}

impl LinkEvent {
    /// The events of a revision's rows, which are sorted, so that the rows of one key stand together.
    pub fn of_rows(rows: &[Row], path_hosts: &PathHosts) -> Vec<LinkEvent> {
        let shown: HashSet<&str> = rows
            .iter()
            .filter(|row| row.flags.has(Flags::UNWRAPPED))
            .map(|row| row.host.as_str())
            .collect();
        let groups = rows.chunk_by(|one, other| one.host == other.host);
        groups
            .filter_map(|rows| LinkEvent::of(rows, &shown, path_hosts))
            .collect()
    }

    fn of(rows: &[Row], shown: &HashSet<&str>, path_hosts: &PathHosts) -> Option<LinkEvent> {
        let key = Key::from_stored(&rows.first()?.host)?;
        let urls: Vec<String> = rows.iter().map(url_of).collect();
        let is_copy = |url: &String| {
            let page = found(url, path_hosts).into_iter().find(|found| found.unwrapped);
            page.is_some_and(|page| shown.contains(page.key.stored()))
        };
        let is_archive = !shown.is_empty() && urls.iter().all(is_copy);
        let display = key.display();
        let owner = match key.part() {
            Some(part) => {
                let last = part.rsplit('/').next().unwrap_or(part);
                last.trim_start_matches('@').to_owned()
            }
            None => display.clone(),
        };
        let (host, shown_host) = (key.host(), display.split('/').next().unwrap_or(&display));
        let mut texts = Vec::new();
        for row in rows {
            let path = if is_archive { "/" } else { row.path.as_str() };
            texts.push(format!("{host}{path}").to_lowercase());
            if shown_host != host {
                texts.push(format!("{shown_host}{path}").to_lowercase());
            }
        }
        Some(LinkEvent {
            display,
            owner,
            urls,
            texts,
            times: rows.iter().fold(0, |sum, row| sum.saturating_add(u32::from(row.times))),
            is_archive,
            key,
        })
    }

    /// A hit about this link; `matched` and `words` as in [`Hit`].
    pub fn hit(&self, rule: Rule, matched: Option<String>, words: (char, char)) -> Hit {
        Hit {
            subject: Subject::Link,
            string: self.display.clone(),
            key: Some(self.key.stored().to_owned()),
            rule,
            matched,
            score: None,
            words,
            near: None,
            url: self.urls.first().cloned(),
            times: self.times,
            skip: None,
            is_shown: true,
            starts_monitoring: false,
            is_new: false,
        }
    }

    /// What keywords are compared with: the owner's part and the whole key, which are one without a part.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let whole = self.key.part().is_some().then_some(self.display.as_str());
        [self.owner.as_str()].into_iter().chain(whole)
    }
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
