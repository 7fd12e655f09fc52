//! Entries of the whitelist, the blacklist and the monitor list.

use serde_json::{Value, json};
use shared::core::lists::List;
use shared::core::lists::links::{self, NewEntry, OldEntry, Search, Sought};
use shared::core::types::Timestamp;
use shared::db::list::{self, EVERY_WIKI, Row};

use super::{Answer, Desk, Effect};
use crate::NAME;
use crate::show::Hides;

/// Which entry.
#[derive(Clone, Copy)]
struct Which<'a> {
    list: List,
    user: Option<&'a str>,
    string: Option<&'a str>,
    everywhere: bool,
}

impl Desk<'_> {
    /// The user of an entry as the answer shows it. Patterns and domains are nobody's name.
    fn shown_user(&self, list: List, user: Option<&str>) -> Option<String> {
        let user = user?;
        let is_name = match list {
            List::White => true,
            List::Black => links::domain(user, self.path_hosts).is_none(),
            List::Monitor => false,
        };
        Some(if is_name {
            self.shown_name(user)
        } else {
            user.to_owned()
        })
    }

    fn words(&self, which: &Which<'_>) -> String {
        let scope = if which.everywhere { ", on all wikis," } else { "" };
        let user = self.shown_user(which.list, which.user);
        format!("{}{scope}", words(which.list, user.as_deref(), which.string))
    }

    /// One line of a search.
    fn entry(&self, list: List, row: &Row, now: Timestamp) -> String {
        let shown = Row {
            user: self.shown_user(list, row.user.as_deref()),
            by: self.shown_name(&row.by),
            ..row.clone()
        };
        line(list, &shown, now)
    }

    /// Key under which an entry of this scope is stored.
    fn place(&self, everywhere: bool) -> &str {
        if everywhere { EVERY_WIKI } else { self.home }
    }

    /// Exactly this entry.
    async fn is_there(&self, which: &Which<'_>) -> anyhow::Result<bool> {
        let place = self.place(which.everywhere);
        let (user, string) = (which.user.unwrap_or(""), which.string.unwrap_or(""));
        let rows = self
            .db
            .read_if_there(async |db| {
                list::search(db, NAME, place, which.list.command(), Some(user), Some(string)).await
            })
            .await?;
        Ok(!rows.is_empty())
    }

    pub(super) async fn add(&self, new: &NewEntry, by: &str, now: Timestamp) -> anyhow::Result<Answer> {
        let which = Which {
            list: new.list,
            user: new.user.as_deref(),
            string: new.string.as_deref(),
            everywhere: new.everywhere,
        };
        let is_new = !self.is_there(&which).await?;
        let expires = new.expires;
        let until = expires.map_or_else(String::new, |expires| {
            format!(" until {} UTC", expires.format("%Y-%m-%d %H:%M"))
        });
        let (name, list) = (self.words(&which), new.list);
        let said = if is_new {
            format!("{name} is on the {} now{until}.", list.name())
        } else {
            format!(
                "{name} was on the {}; who, when, why and until when are renewed{until}.",
                list.name()
            )
        };
        let json = json!({
            "list": list.command(), "user": which.user, "string": which.string, "everywhere": new.everywhere,
            "expires": expires, "added": is_new,
        });
        let effect = Effect::Add {
            wiki: self.place(new.everywhere).to_owned(),
            list,
            user: new.user.clone(),
            string: new.string.clone(),
            by: by.to_owned(),
            at: now,
            reason: new.reason.clone(),
            expires,
        };
        Ok(Answer::doing(said, json, effect))
    }

    pub(super) async fn del(&self, old: &OldEntry) -> anyhow::Result<Answer> {
        let which = Which {
            list: old.list,
            user: old.user.as_deref(),
            string: old.string.as_deref(),
            everywhere: old.everywhere,
        };
        let (name, list) = (self.words(&which), which.list);
        let was_there = self.is_there(&which).await?;
        let json = json!({
            "list": list.command(), "user": which.user, "string": which.string, "everywhere": which.everywhere,
            "removed": was_there,
        });
        if !was_there {
            let other = Which {
                everywhere: !which.everywhere,
                ..which
            };
            let hint = match (self.is_there(&other).await?, which.everywhere) {
                (true, false) => " It is there for all wikis: write `everywhere` behind it.",
                (true, true) => " It is there for this wiki alone: leave `everywhere` out.",
                (false, _) => "",
            };
            return Ok(Answer::nothing(
                format!("{name} is not on the {}.{hint}", list.name()),
                json,
            ));
        }
        let effect = Effect::Del {
            wiki: self.place(which.everywhere).to_owned(),
            list,
            user: old.user.clone(),
            string: old.string.clone(),
        };
        Ok(Answer::doing(
            format!("{name} is no longer on the {}.", list.name()),
            json,
            effect,
        ))
    }

    /// The entries of this wiki and of all wikis. With a user, those about everything (`*`) are among them.
    pub(super) async fn search(&self, sought: &Search, now: Timestamp) -> anyhow::Result<Answer> {
        let (list, user, string) = (sought.list, sought.user.as_ref(), sought.string.as_ref());
        let stored = |sought: &Sought| match sought {
            Sought::All => String::new(),
            Sought::This(text) => text.clone(),
        };
        let (of_user, of_string) = (user.map(stored), string.map(stored));
        let mut strings = vec![of_string.clone()];
        if user.is_some() && matches!(string, Some(Sought::This(_))) {
            strings.push(Some(String::new()));
        }
        let mut rows = self
            .db
            .read_if_there(async |db| {
                let mut rows = Vec::new();
                for place in [self.home, EVERY_WIKI] {
                    for string in &strings {
                        let (user, string) = (of_user.as_deref(), string.as_deref());
                        rows.extend(list::search(db, NAME, place, list.command(), user, string).await?);
                    }
                }
                Ok(rows)
            })
            .await?;
        if !self.is_private {
            // What people wrote may name anybody, and an entry for all wikis is about people of all.
            let hides = Hides::everywhere(self.db, self.home).await?;
            rows.retain(|row| !texts(row).any(|text| hides.names(text, self.path_hosts)));
        }
        // Monitored names have no string, monitored links no name.
        if list == List::Monitor && user.is_none() {
            rows.retain(|row| row.user.is_none());
        }
        let entries: Vec<Value> = rows.iter().map(about).collect();
        let json = json!({"list": list.command(), "entries": entries});
        if rows.is_empty() {
            let of_user = self.shown_user(list, of_user.as_deref());
            let asked: Vec<&str> = [&of_user, &of_string]
                .into_iter()
                .flatten()
                .map(|text| if text.is_empty() { "*" } else { text })
                .collect();
            let said = format!("{} is not on the {}.", asked.join(" <-> "), list.name());
            return Ok(Answer::new(vec![said], json));
        }
        Ok(Answer::new(
            rows.iter().map(|row| self.entry(list, row, now)).collect(),
            json,
        ))
    }
}

/// What an answer says of an entry that may name people, pages and links.
fn texts(row: &Row) -> impl Iterator<Item = &str> {
    let texts = [row.user.as_deref(), row.page.as_deref(), Some(&*row.reason)];
    texts.into_iter().flatten()
}

fn words(list: List, user: Option<&str>, string: Option<&str>) -> String {
    match (list, user, string) {
        (List::Monitor, Some(pattern), _) => format!("user {pattern}"),
        (List::Monitor, None, string) => string.unwrap_or("*").to_owned(),
        (_, user, string) => format!("{} <-> {}", user.unwrap_or("*"), string.unwrap_or("*")),
    }
}

fn line(list: List, row: &Row, now: Timestamp) -> String {
    let scope = if row.wiki == EVERY_WIKI { ", on all wikis" } else { "" };
    let mut line = format!(
        "{}{scope}: added {} UTC by {}",
        words(list, row.user.as_deref(), row.page.as_deref()),
        row.at.format("%Y-%m-%d %H:%M"),
        row.by
    );
    if let Some((wiki, rev)) = &row.auto {
        line += &format!(" after revision {rev} of {wiki}");
    }
    if let Some(expires) = row.expires {
        let word = if expires <= now { "expired" } else { "expires" };
        line += &format!(", {word} {} UTC", expires.format("%Y-%m-%d %H:%M"));
    }
    if !row.reason.is_empty() {
        line += &format!(" ({})", row.reason);
    }
    line
}

fn about(row: &Row) -> Value {
    json!({
        "user": row.user, "string": row.page, "everywhere": row.wiki == EVERY_WIKI, "by": row.by, "added": row.at,
        "reason": row.reason, "expires": row.expires,
        "auto": row.auto.as_ref().map(|(wiki, rev)| json!({"wiki": wiki, "rev_id": rev.0})),
    })
}

#[cfg(test)]
#[path = "entries_tests.rs"]
mod tests;
