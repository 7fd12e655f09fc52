//! Entries of the whitelist, the blacklist and the monitor list.

use serde_json::{Value, json};
use shared::core::lists::{Entry, List, Sought};
use shared::core::types::Timestamp;
use shared::db::list::{self, Row};
use shared::db::suppress::{self, Suppressed, What};

use super::answer::Answer;
use super::desk::{Desk, Looked, Source};
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
        let name = self.words(user.as_deref(), page.as_deref());
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
        let name = self.words(user.as_deref(), page.as_deref());
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

    fn words(&self, user: Option<&str>, page: Option<&str>) -> String {
        words(user.map(|user| self.shown_name(user)).as_deref(), page)
    }

    fn line(&self, entry: &Entry, now: Timestamp) -> String {
        let shown = Entry {
            user: entry.user.as_deref().map(|user| self.shown_name(user)),
            by: self.shown_name(&entry.by),
            ..entry.clone()
        };
        line(&shown, now)
    }

    /// What the operator is told of entries that are not shown.
    fn not_shown(&self, count: usize) -> Option<String> {
        let is_operator = !matches!(self.source, Source::Run(..));
        let what = match count {
            0 => return None,
            1 => "1 entry is".to_owned(),
            count => format!("{count} entries are"),
        };
        is_operator.then(|| format!("{what} not shown: `suppress list --private` has the names."))
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
        let suppressed = self.db.read_if_there(async |db| suppress::all(db, wiki).await).await?;
        let (hidden, found): (Vec<Entry>, Vec<Entry>) = found(rows, page)
            .into_iter()
            .partition(|entry| is_suppressed(entry, &suppressed));
        // To everybody else it is as if they were not there.
        let note = self.not_shown(hidden.len());
        if found.is_empty() {
            let page = page.map(|page| match page {
                Sought::All => "*",
                Sought::Page(page) => page,
            });
            let user = user.map(|user| self.shown_name(user));
            let asked: Vec<&str> = [user.as_deref(), page].into_iter().flatten().collect();
            let said = format!("{} is not on the {}.", asked.join(" <-> "), list.name());
            let lines = vec![note.unwrap_or(said)];
            return Ok(Answer::new(lines, json!({"list": list.command(), "entries": []})));
        }
        let now = self.given.since;
        let lines = found.iter().map(|entry| self.line(entry, now)).chain(note).collect();
        let entries: Vec<Value> = found.iter().map(about).collect();
        Ok(Answer::new(lines, json!({"list": list.command(), "entries": entries})))
    }
}

/// Whether an entry names somebody or something that is named nowhere.
fn is_suppressed(entry: &Entry, suppressed: &Suppressed) -> bool {
    let hides_user = |name: &str| suppressed.hides_user(None, name);
    let hides_page = |title: &str| suppressed.hides(What::Page, title);
    entry.user.as_deref().is_some_and(hides_user)
        || entry.page.as_deref().is_some_and(hides_page)
        || hides_user(&entry.by)
        || suppressed.is_named_in(&entry.reason)
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
