//! Whom and what coi-report's whitelist names, as far as the rules of reports need it: users on all pages, links for all
//! users, and links of single users. Entries about single pages say nothing of links. Pure.

use std::collections::HashMap;

use shared::core::link::{Key, PathHosts};
use shared::core::lists::List;
use shared::core::patterns::Domains;
use shared::core::types::Timestamp;
use shared::db::links::questions::lookup::stored_name;
use shared::db::list::{EVERY_WIKI, Row};

/// The whitelist of all wikis.
#[derive(Clone, Debug, Default)]
pub struct White {
    rows: Vec<Row>,
    /// Rows that name a user with everything, by name as it is stored.
    users: HashMap<String, Vec<usize>>,
    /// Rows that name a domain, for one user or all.
    links: Domains,
}

impl White {
    /// From the entries of all lists; those that ended do not count.
    pub fn new(rows: Vec<Row>, path_hosts: &PathHosts, now: Timestamp) -> White {
        let counts = |row: &Row| {
            List::of_command(&row.list) == Some(List::White) && row.expires.is_none_or(|expires| expires > now)
        };
        let mut white = White {
            rows: rows.into_iter().filter(counts).collect(),
            ..White::default()
        };
        for (n, row) in white.rows.iter().enumerate() {
            match (&row.user, &row.page) {
                (Some(user), None) => white.users.entry(stored_name(user)).or_default().push(n),
                (_, Some(page)) => {
                    let key = Key::from_name(page, path_hosts).ok();
                    // A word without a dot is a title.
                    if let Some(key) = key.filter(|key| key.ip().is_some() || key.host().contains('.')) {
                        white.links.insert(n, &key);
                    }
                }
                (None, None) => {}
            }
        }
        white
    }

    /// Whether the rules pass over additions of this link, whoever makes them wherever.
    pub fn has_for_all(&self, key: &Key) -> bool {
        let links = self.links.matches(key);
        let mut rows = links.iter().filter_map(|n| self.rows.get(*n));
        rows.any(|row| row.wiki == EVERY_WIKI && row.user.is_none())
    }

    /// Whether the rules pass over additions of this link by this user on this wiki.
    pub fn has(&self, wiki: &str, name: &str, key: &Key) -> bool {
        let name = stored_name(name);
        let is_here = |row: &&Row| row.wiki == EVERY_WIKI || row.wiki == wiki;
        let row = |n: &usize| self.rows.get(*n);
        if self
            .users
            .get(&name)
            .into_iter()
            .flatten()
            .filter_map(row)
            .any(|row| is_here(&row))
        {
            return true;
        }
        let is_users = |row: &Row| row.user.as_ref().is_none_or(|user| stored_name(user) == name);
        let links = self.links.matches(key);
        links.iter().filter_map(row).any(|row| is_here(&row) && is_users(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_links_and_pairs_are_passed_over_where_they_count() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let row = |list: &str, user: &str, page: &str, wiki: &str, hours: i64| Row {
            list: list.to_owned(),
            user: Some(user.to_owned()).filter(|user| !user.is_empty()),
            page: Some(page.to_owned()).filter(|page| !page.is_empty()),
            by: "Ann".to_owned(),
            at: now,
            reason: String::new(),
            expires: Some(now + chrono::TimeDelta::hours(hours)),
            wiki: wiki.to_owned(),
            auto: None,
        };
        let rows = vec![
            row("wl", "Old hand", "", "*", 1),
            row("wl", "Local", "", "a/w", 1),
            row("wl", "Over", "", "*", 0),
            row("wl", "", "good.example", "*", 1),
            row("wl", "", "here.example", "a/w", 1),
            row("wl", "Pair", "pair.example", "*", 1),
            row("wl", "Titled", "Some page", "*", 1),
            row("bl", "Black", "", "*", 1),
        ];
        let white = White::new(rows, &PathHosts::default(), now);
        let has = |wiki: &str, name: &str, link: &str| {
            white.has(wiki, name, &Key::from_name(link, &PathHosts::default()).unwrap())
        };
        assert!(has("b/w", "old_hand", "x.example") && has("a/w", "Local", "x.example"));
        let for_all = |link: &str| white.has_for_all(&Key::from_name(link, &PathHosts::default()).unwrap());
        assert!(for_all("good.example") && for_all("shop.good.example"));
        assert!(!for_all("pair.example") && !for_all("here.example") && !for_all("nogood.example"));
        assert!(has("a/w", "Eve", "here.example") && !has("b/w", "Eve", "here.example"));
        assert!(has("b/w", "Eve", "shop.good.example") && has("b/w", "Pair", "pair.example"));
        for (wiki, name, link) in [
            ("b/w", "Local", "x.example"),
            ("a/w", "Over", "x.example"),
            ("a/w", "Eve", "pair.example"),
            ("a/w", "Titled", "x.example"),
            ("a/w", "Black", "x.example"),
            ("a/w", "Eve", "nogood.example"),
        ] {
            assert!(!has(wiki, name, link), "{wiki} {name} {link}");
        }
    }
}
