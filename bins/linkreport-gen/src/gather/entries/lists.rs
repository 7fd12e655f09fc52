//! The whitelist, blacklist and monitor list of coi-report, looked up by what a report is about. Entries that only touch
//! it (another user's, an end that is past, a wiki that the report does not name) are no rules that apply.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use shared::core::link::{Key, PathHosts};
use shared::core::lists::List;
use shared::core::patterns::{Domains, Patterns};
use shared::core::report::Subject;
use shared::core::types::Timestamp;
use shared::db::links::questions::lookup::stored_name;
use shared::db::list::{EVERY_WIKI, Row};

use crate::model::{Entry, ListName};

/// The entries in force.
pub struct Lists {
    entries: Vec<Row>,
    domains: Domains,
    /// The same by stored key, to find what is below a key.
    below: BTreeMap<String, Vec<usize>>,
    /// Patterns of links.
    links: Patterns,
    /// Names of users, as they are stored.
    users: HashMap<String, Vec<usize>>,
    /// Patterns of names.
    names: Patterns,
}

/// What an entry names.
enum Names {
    Domain(Key),
    Links(String),
    User(String),
    UsersLike(String),
}

impl Lists {
    /// From all entries of the job; those that end before `now` are left out.
    pub fn new(rows: Vec<Row>, path_hosts: &PathHosts, now: Timestamp) -> Lists {
        let mut entries: Vec<Row> = rows
            .into_iter()
            .filter(|row| row.expires.is_none_or(|end| end > now))
            .collect();
        entries.sort_by_key(|row| row.at);
        let (mut domains, mut below) = (Domains::default(), BTreeMap::<String, Vec<usize>>::new());
        let mut users: HashMap<String, Vec<usize>> = HashMap::new();
        let (mut links, mut names) = (Vec::new(), Vec::new());
        for (id, row) in entries.iter().enumerate() {
            for named in named(row, path_hosts) {
                match named {
                    Names::Domain(key) => {
                        domains.insert(id, &key);
                        below.entry(key.stored().to_owned()).or_default().push(id);
                    }
                    Names::Links(pattern) => links.push((id, pattern)),
                    Names::User(name) => users.entry(name).or_default().push(id),
                    Names::UsersLike(pattern) => names.push((id, pattern)),
                }
            }
        }
        // What is not known of a pattern here is told on the status page of the job that keeps the lists.
        let compile = |all: &[(usize, String)]| Patterns::new(all.iter().map(|(id, text)| (*id, text.as_str()))).0;
        Lists {
            links: compile(&links),
            names: compile(&names),
            entries,
            domains,
            below,
            users,
        }
    }

    /// The entries that name the subject, on these wikis (keys) or on all, the oldest first: of a link also those of
    /// domains above it and hosts below it, and patterns that describe it or one of `texts` (`host/path`).
    pub fn of(&mut self, subject: &Subject, texts: &[String], wikis: &[&str]) -> Vec<&Row> {
        let mut ids: BTreeSet<usize> = BTreeSet::new();
        match subject {
            Subject::Link(key) => {
                ids.extend(self.domains.matches(key));
                ids.extend(self.below(key));
                let own = format!("{}/", key.ascii()).to_lowercase();
                for text in texts.iter().map(|text| text.to_lowercase()).chain([own]) {
                    ids.extend(self.links.matches(&text));
                }
            }
            Subject::User(name) => ids.extend(self.of_name(name)),
            Subject::Ip(ip) => ids.extend(self.of_name(&ip.to_string())),
            Subject::Range(net) => {
                let is_in = |name: &str| name.parse::<IpAddr>().is_ok_and(|ip| net.contains(&ip.to_canonical()));
                let inside = self.users.iter().filter(|(name, _)| is_in(name));
                ids.extend(inside.flat_map(|(_, ids)| ids));
            }
            Subject::Server(_) => {}
        }
        let rows = ids.into_iter().filter_map(|id| self.entries.get(id));
        rows.filter(|row| row.wiki == EVERY_WIKI || wikis.contains(&row.wiki.as_str()))
            .collect()
    }

    fn below(&self, key: &Key) -> Vec<usize> {
        let (from, to) = key.with_subdomains();
        self.below.range(from..to).flat_map(|(_, ids)| ids).copied().collect()
    }

    fn of_name(&mut self, name: &str) -> Vec<usize> {
        let mut ids = self.users.get(&user_name(name)).cloned().unwrap_or_default();
        let lower = name.to_lowercase();
        ids.extend(self.names.matches(&lower));
        ids.extend(self.names.matches(&lower.replace(' ', "_")));
        ids
    }
}

/// As coi-report reads its lists: users of the whitelist stand alone, with a page or with a domain; the blacklist names a
/// user or a domain, with a keyword; the monitor list describes users or links.
fn named(row: &Row, path_hosts: &PathHosts) -> Vec<Names> {
    let (user, string) = (row.user.as_deref(), row.page.as_deref());
    let user_of = |name: &str| Names::User(user_name(name));
    let mut found = Vec::new();
    match List::of_command(&row.list) {
        Some(List::White) => {
            found.extend(user.map(user_of));
            found.extend(string.and_then(|text| domain(text, path_hosts)).map(Names::Domain));
        }
        Some(List::Black) => {
            found.extend(user.map(user_of));
            found.extend(user.and_then(|text| domain(text, path_hosts)).map(Names::Domain));
        }
        Some(List::Monitor) => match (user, string) {
            (Some(pattern), _) => found.push(Names::UsersLike(pattern.to_owned())),
            (None, Some(text)) => found.push(match domain(text, path_hosts) {
                Some(key) if row.auto.is_some() || is_plain(text, &key) => Names::Domain(key),
                _ => Names::Links(text.to_owned()),
            }),
            (None, None) => {}
        },
        None => {}
    }
    found
}

/// A name or address in the one form in which two spellings of it are equal.
fn user_name(name: &str) -> String {
    match name.trim().parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().to_string(),
        Err(_) => stored_name(name),
    }
}

/// What names a host, or a host's owner; a word without a dot is a title or a keyword.
fn domain(text: &str, path_hosts: &PathHosts) -> Option<Key> {
    let key = Key::from_name(text, path_hosts).ok()?;
    (key.ip().is_some() || key.host().contains('.')).then_some(key)
}

/// Whether a text of the monitor list is a domain itself, and no regular expression.
fn is_plain(text: &str, key: &Key) -> bool {
    let lower = text.trim().to_lowercase();
    let bare = lower.strip_prefix("www.").unwrap_or(&lower);
    let is_syntax = |c: char| "\\^$|()[]{}*+?".contains(c);
    (key.ascii() == bare || key.display() == bare) && !bare.contains(is_syntax)
}

/// As a report tells of it; `None` for a list that is not known.
pub fn entry(row: &Row) -> Option<Entry> {
    let list = match List::of_command(&row.list)? {
        List::White => ListName::Whitelist,
        List::Black => ListName::Blacklist,
        List::Monitor => ListName::Monitor,
    };
    let what: Vec<&str> = [row.user.as_deref(), row.page.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Some(Entry {
        list,
        what: what.join(" "),
        page: None,
        by: text(&row.by),
        since: Some(row.at),
        reason: text(&row.reason),
        of_user: row
            .user
            .clone()
            .filter(|_| list == ListName::Whitelist && row.page.is_some()),
    })
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
