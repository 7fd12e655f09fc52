//! Entries of the whitelist, the blacklist and the monitor list.

use serde_json::{Value, json};
use shared::core::lists::{Entry, List, Sought};
use shared::core::types::Timestamp;
use shared::db::list::{self, Row};

use super::answer::Answer;
use super::desk::{Desk, Looked};
use super::effect::Effect;
use crate::context::entry;
use crate::overrides::NAME;

/// How many entries each list has.
pub(super) fn counts(rows: &[Row]) -> Vec<(List, usize)> {
    let of = |list: List| rows.iter().filter(|row| row.list == list.command()).count();
    List::ALL.into_iter().map(|list| (list, of(list))).collect()
}

impl Desk<'_> {
    pub(super) async fn add(
        &self,
        list: List,
        user: Option<String>,
        page: Option<String>,
        reason: String,
    ) -> anyhow::Result<Looked> {
        let is_new = self.find(list, user.as_deref(), page.as_deref()).await?.is_empty();
        let name = words(user.as_deref(), page.as_deref());
        let said = if is_new {
            format!("{name} is on the {} now.", list.name())
        } else {
            format!("{name} was on the {}; who, when and why are renewed.", list.name())
        };
        let json = json!({
            "list": list.command(), "user": user, "page": page.as_deref().unwrap_or("*"), "added": is_new,
        });
        let effect = Effect::Add {
            list,
            user,
            page,
            reason,
        };
        Ok((Answer::new(vec![said], json), Some(effect)))
    }

    pub(super) async fn del(&self, list: List, user: Option<String>, page: Option<String>) -> anyhow::Result<Looked> {
        let was_there = !self.find(list, user.as_deref(), page.as_deref()).await?.is_empty();
        let name = words(user.as_deref(), page.as_deref());
        let json = json!({
            "list": list.command(), "user": user, "page": page.as_deref().unwrap_or("*"), "removed": was_there,
        });
        if !was_there {
            let said = format!("{name} is not on the {}.", list.name());
            return Ok((Answer::nothing(said, json), None));
        }
        let said = format!("{name} is no longer on the {}.", list.name());
        Ok((Answer::new(vec![said], json), Some(Effect::Del { list, user, page })))
    }

    /// Exactly this entry.
    async fn find(&self, list: List, user: Option<&str>, page: Option<&str>) -> anyhow::Result<Vec<Row>> {
        let wiki = self.wiki;
        let rows = self
            .db
            .read_if_there(async |db| list::search(db, NAME, wiki, list.command(), user, page).await)
            .await?;
        Ok(rows
            .into_iter()
            .filter(|row| row.user.as_deref() == user && row.page.as_deref() == page)
            .collect())
    }

    pub(super) async fn search(&self, list: List, user: Option<&str>, page: Option<&Sought>) -> anyhow::Result<Answer> {
        let wiki = self.wiki;
        let rows = self
            .db
            .read_if_there(async |db| list::search(db, NAME, wiki, list.command(), user, None).await)
            .await?;
        let found = found(rows, page);
        if found.is_empty() {
            let page = page.map(|page| match page {
                Sought::All => "*",
                Sought::Page(page) => page,
            });
            let asked: Vec<&str> = [user, page].into_iter().flatten().collect();
            let said = format!("{} is not on the {}.", asked.join(" <-> "), list.name());
            return Ok(Answer::new(vec![said], json!({"list": list.command(), "entries": []})));
        }
        let now = self.given.since;
        let lines = found.iter().map(|entry| line(entry, now)).collect();
        let entries: Vec<Value> = found.iter().map(about).collect();
        Ok(Answer::new(lines, json!({"list": list.command(), "entries": entries})))
    }
}

/// The entries that are about the page; those about all pages are, too.
fn found(rows: Vec<Row>, page: Option<&Sought>) -> Vec<Entry> {
    let is_sought = |entry: &Entry| match page {
        None => true,
        Some(Sought::All) => entry.page.is_none(),
        Some(Sought::Page(page)) => entry.covers(page),
    };
    rows.into_iter().filter_map(entry).filter(is_sought).collect()
}

fn words(user: Option<&str>, page: Option<&str>) -> String {
    let page = page.unwrap_or("*");
    user.map_or_else(|| page.to_owned(), |user| format!("{user} <-> {page}"))
}

fn line(entry: &Entry, now: Timestamp) -> String {
    let mut line = format!(
        "{}: added {} UTC by {}",
        words(entry.user.as_deref(), entry.page.as_deref()),
        entry.added.format("%Y-%m-%d %H:%M"),
        entry.by
    );
    if let Some(expires) = entry.expires {
        let word = if entry.is_over(now) { "expired" } else { "expires" };
        line += &format!(", {word} {} UTC", expires.format("%Y-%m-%d %H:%M"));
    }
    if !entry.reason.is_empty() {
        line += &format!(" ({})", entry.reason);
    }
    line
}

fn about(entry: &Entry) -> Value {
    json!({
        "user": entry.user, "page": entry.page.as_deref().unwrap_or("*"), "by": entry.by, "added": entry.added,
        "reason": entry.reason, "expires": entry.expires,
    })
}

#[cfg(test)]
#[path = "entry_tests.rs"]
mod tests;
