//! What a wiki itself blocks, or exempts: its spam blacklist and whitelist, and the domains that AbuseFilter refuses.
//! <https://www.mediawiki.org/wiki/Extension:SpamBlacklist>, <https://www.mediawiki.org/wiki/Manual:BlockedExternalDomains>

use std::collections::BTreeMap;

use shared::core::hit::WatchedDomain;
use shared::core::link::{Key, PathHosts};
use shared::core::spamlist::{NamedLines, blocked_domains};

use super::covers;
use crate::model::{Entry, ListName};

/// Lines of one list that are told.
const LINES: usize = 10;

/// The lists of a wiki.
pub struct Blacklists {
    black: NamedLines,
    white: NamedLines,
    /// With the titles of their pages.
    domains: Vec<(String, WatchedDomain)>,
}

impl Blacklists {
    /// From pages with their texts. What a page is its title says, as the extensions have it. A page that cannot be read
    /// is named in the second value.
    pub fn new(pages: &[(String, String)], path_hosts: &PathHosts) -> (Blacklists, Vec<String>) {
        let (mut black, mut white) = (Vec::new(), Vec::new());
        let (mut domains, mut unread) = (Vec::new(), Vec::new());
        for (title, text) in pages {
            let page = (title.as_str(), text.as_str());
            if title.ends_with(".json") {
                match blocked_domains(text, path_hosts) {
                    Ok(found) => domains.extend(found.into_iter().map(|domain| (title.clone(), domain))),
                    Err(why) => {
                        tracing::warn!("{title}: {why}");
                        unread.push(title.clone());
                    }
                }
            } else if title.to_lowercase().contains("whitelist") {
                white.push(page);
            } else {
                black.push(page);
            }
        }
        let lists = Blacklists {
            black: NamedLines::new(black).0,
            white: NamedLines::new(white).0,
            domains,
        };
        (lists, unread)
    }

    /// The entries that name the key, or stop one of `urls` (each with `//` or a scheme before the host); `wiki` is the
    /// wiki's place in the model. Of several lines that stop an address the first is named.
    pub fn of(&mut self, key: &Key, urls: &[String], wiki: usize) -> Vec<Entry> {
        let mut found = Vec::new();
        for (list, lines) in [
            (ListName::SpamBlacklist, &mut self.black),
            (ListName::SpamWhitelist, &mut self.white),
        ] {
            let mut told: BTreeMap<(String, usize), Entry> = BTreeMap::new();
            for url in urls {
                if let Some((title, line)) = lines.line(url).filter(|_| told.len() < LINES) {
                    told.entry((title.to_owned(), line.number)).or_insert_with(|| Entry {
                        list,
                        what: line.text.clone(),
                        page: Some((wiki, title.to_owned())),
                        by: None,
                        since: None,
                        reason: Some(line.reason.clone()).filter(|reason| !reason.is_empty()),
                        of_user: None,
                    });
                }
            }
            found.extend(told.into_values());
        }
        let of_key = self
            .domains
            .iter()
            .filter(|(_, domain)| covers(&domain.key, key) || covers(key, &domain.key));
        found.extend(of_key.take(LINES).map(|(title, domain)| Entry {
            list: ListName::BlockedDomains,
            what: domain.key.display(),
            page: Some((wiki, title.clone())),
            by: None,
            since: None,
            reason: Some(domain.source.clone()).filter(|source| !source.is_empty()),
            of_user: None,
        }));
        found
    }
}

#[cfg(test)]
#[path = "blacklists_tests.rs"]
mod tests;
