//! The lists, looked up by user, domain or pattern. Which of several entries is told of does not depend on the order
//! in which they came: the oldest is.

use super::link::LinkEvent;
use super::names::{Who, folded};
use super::types::{ListEntry, NotChecked};
use crate::link::{Key, PathHosts};
use crate::lists::List;
use crate::patterns::{Domains, Patterns};
use crate::types::Timestamp;
use std::collections::HashMap;

/// The entries that are in force.
pub(super) struct Lists {
    entries: Vec<ListEntry>,
    /// By user, in the form of [`folded`].
    white: HashMap<String, Vec<usize>>,
    black: HashMap<String, Vec<usize>>,
    /// The domains of whitelist entries that have any, pairs as well as links for all users.
    white_links: Domains,
    black_links: Domains,
    user_patterns: Patterns,
    link_patterns: Patterns,
    monitored: Domains,
    /// Some entry monitors users, or links by pattern.
    has_patterns: (bool, bool),
}

/// What a text that names a host without any path but an owner's names; `None` for a word without a dot, which is a
/// title or a keyword.
fn domain(text: &str, path_hosts: &PathHosts) -> Option<Key> {
    Key::from_name(text, path_hosts)
        .ok()
        .filter(|key| key.ip().is_some() || key.host().contains('.'))
}

/// The domain that an entry of the monitor list names as such, rather than by a regular expression: one without a
/// path, but for an owner's. What an edit put there is always a domain.
fn plain_domain(entry: &ListEntry, text: &str, path_hosts: &PathHosts) -> Option<Key> {
    let key = domain(text, path_hosts)?;
    if entry.auto.is_some() {
        return Some(key);
    }
    let lower = text.trim().to_lowercase();
    let bare = lower.strip_prefix("www.").unwrap_or(&lower);
    // All but the dot, which domains have, too
    let is_plain = |c: char| {
        !matches!(
            c,
            '\\' | '^' | '$' | '|' | '(' | ')' | '[' | ']' | '{' | '}' | '*' | '+' | '?'
        )
    };
    let is_whole = [key.ascii(), key.display()].iter().any(|name| name == bare);
    (is_whole && bare.chars().all(is_plain)).then_some(key)
}

impl Lists {
    pub fn new(entries: Vec<ListEntry>, path_hosts: &PathHosts, now: Timestamp) -> (Lists, Vec<NotChecked>) {
        let mut not_checked = Vec::new();
        let is_in_force = |entry: &ListEntry| entry.expires.is_none_or(|expires| expires > now);
        let mut kept: Vec<ListEntry> = Vec::new();
        for entry in entries.into_iter().filter(is_in_force) {
            match refusal(&entry) {
                Some(why) => not_checked.push(NotChecked {
                    entry,
                    why: why.to_owned(),
                }),
                None => kept.push(entry),
            }
        }
        kept.sort_by(|a, b| {
            let all = |e: &ListEntry| (e.added, e.list, e.user.clone(), e.string.clone(), e.wiki.clone());
            let rest = |e: &ListEntry| (e.by.clone(), e.reason.clone(), e.expires, e.auto.clone());
            all(a).cmp(&all(b)).then_with(|| rest(a).cmp(&rest(b)))
        });
        let mut by_user = [HashMap::<String, Vec<usize>>::new(), HashMap::new()];
        let (mut white_links, mut black_links, mut monitored) = (Vec::new(), Vec::new(), Vec::new());
        let (mut user_patterns, mut link_patterns) = (Vec::new(), Vec::new());
        for (id, entry) in kept.iter().enumerate() {
            match (entry.list, &entry.user, &entry.string) {
                (List::White | List::Black, user, string) => {
                    if let Some(user) = user {
                        let at = usize::from(entry.list == List::Black);
                        by_user[at].entry(folded(user).into_owned()).or_default().push(id);
                    }
                    let (text, links) = match entry.list {
                        List::Black => (user, &mut black_links),
                        _ => (string, &mut white_links),
                    };
                    links.extend(
                        text.as_deref()
                            .and_then(|text| domain(text, path_hosts))
                            .map(|key| (id, key)),
                    );
                }
                (List::Monitor, Some(pattern), _) => user_patterns.push((id, pattern.clone())),
                (List::Monitor, None, string) => {
                    let text = string.as_deref().unwrap_or_default();
                    match plain_domain(entry, text, path_hosts) {
                        Some(key) => monitored.push((id, key)),
                        None => link_patterns.push((id, text.to_owned())),
                    }
                }
            }
        }
        let mut compile = |list: &[(usize, String)]| {
            let (patterns, not) = Patterns::new(list.iter().map(|(id, pattern)| (*id, pattern.as_str())));
            not_checked.extend(not.into_iter().filter_map(|not| {
                let entry = kept.get(not.id)?.clone();
                Some(NotChecked { entry, why: not.why })
            }));
            patterns
        };
        let domains = |list: &[(usize, Key)]| Domains::new(list.iter().map(|(id, key)| (*id, key)));
        let [white, black] = by_user;
        let lists = Lists {
            white,
            black,
            white_links: domains(&white_links),
            black_links: domains(&black_links),
            has_patterns: (!user_patterns.is_empty(), !link_patterns.is_empty()),
            user_patterns: compile(&user_patterns),
            link_patterns: compile(&link_patterns),
            monitored: domains(&monitored),
            entries: kept,
        };
        (lists, not_checked)
    }

    /// The first of these entries that counts on the wiki and fits.
    fn first(&self, ids: &[usize], wiki: &str, fits: impl Fn(&ListEntry) -> bool) -> Option<&ListEntry> {
        let counts = |entry: &&ListEntry| entry.wiki.as_deref().is_none_or(|only| only == wiki) && fits(entry);
        ids.iter().filter_map(|id| self.entries.get(*id)).find(counts)
    }

    fn of_user<'a>(&'a self, index: &'a HashMap<String, Vec<usize>>, who: &Who<'_>) -> &'a [usize] {
        if index.is_empty() {
            return &[];
        }
        index.get(who.folded.as_ref()).map_or(&[], Vec::as_slice)
    }

    /// The whitelist has the user completely.
    pub fn white_user(&self, who: &Who<'_>) -> Option<&ListEntry> {
        self.first(self.of_user(&self.white, who), who.wiki, |entry| entry.string.is_none())
    }

    /// The whitelist has the user together with the page, whose title it may write in any case.
    pub fn white_page(&self, who: &Who<'_>, title: impl FnOnce() -> String) -> Option<&ListEntry> {
        let ids = self.of_user(&self.white, who);
        if ids.is_empty() {
            return None;
        }
        let spaced = |text: &str| text.trim().replace('_', " ").to_lowercase();
        let title = spaced(&title());
        let is_title = |entry: &ListEntry| entry.string.as_deref().is_some_and(|string| spaced(string) == title);
        self.first(ids, who.wiki, is_title)
    }

    /// The whitelist has the user together with the link's domain.
    pub fn white_pair(&self, who: &Who<'_>, key: &Key) -> Option<&ListEntry> {
        if self.of_user(&self.white, who).is_empty() {
            return None;
        }
        let is_users = |entry: &ListEntry| entry.user.as_deref().is_some_and(|user| folded(user) == who.folded);
        self.first(&self.white_links.matches(key), who.wiki, is_users)
    }

    /// The whitelist has the link for everybody.
    pub fn white_link(&self, wiki: &str, key: &Key) -> Option<&ListEntry> {
        self.first(&self.white_links.matches(key), wiki, |entry| entry.user.is_none())
    }

    /// What the blacklist has for the user.
    pub fn black_user<'a>(&'a self, who: &'a Who<'_>) -> impl Iterator<Item = &'a ListEntry> {
        self.all(self.of_user(&self.black, who).to_vec(), who.wiki)
    }

    /// What the blacklist has for the link.
    pub fn black_link<'a>(&'a self, wiki: &'a str, key: &Key) -> impl Iterator<Item = &'a ListEntry> {
        self.all(self.black_links.matches(key), wiki)
    }

    fn all<'a>(&'a self, ids: Vec<usize>, wiki: &'a str) -> impl Iterator<Item = &'a ListEntry> {
        let entries = ids.into_iter().filter_map(|id| self.entries.get(id));
        entries.filter(move |entry| entry.wiki.as_deref().is_none_or(|only| only == wiki))
    }

    /// The entry of the monitor list that describes the user's name, which patterns may write with `_` for spaces.
    pub fn monitored_user(&mut self, who: &Who<'_>) -> Option<&ListEntry> {
        if !self.has_patterns.0 {
            return None;
        }
        let name = who.name.to_lowercase();
        let mut ids = self.user_patterns.matches(&name);
        if name.contains(' ') {
            ids.extend(self.user_patterns.matches(&name.replace(' ', "_")));
            ids.sort_unstable();
        }
        self.first(&ids, who.wiki, |_| true)
    }

    /// The entry of the monitor list that describes the link: one that a person (`by_hand`) or an edit put there.
    pub fn monitored_link(&mut self, wiki: &str, link: &LinkEvent, by_hand: bool) -> Option<&ListEntry> {
        let mut ids = self.monitored.matches(&link.key);
        if by_hand && self.has_patterns.1 {
            for text in &link.texts {
                ids.extend(self.link_patterns.matches(text));
            }
            ids.sort_unstable();
        }
        self.first(&ids, wiki, |entry| entry.auto.is_none() == by_hand)
    }
}

/// Why no rule can ask this entry.
fn refusal(entry: &ListEntry) -> Option<&'static str> {
    match (entry.list, &entry.user, &entry.string) {
        (_, None, None) => Some("it names neither a user nor a link, so it would be about every edit"),
        (List::Black, None, Some(_)) => Some("it names neither a user nor a domain whose keyword this is"),
        _ => None,
    }
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
