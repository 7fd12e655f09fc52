//! What the job made of this world's edits: rows of its tables, and its pages.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Coi;
use crate::run::Run;

/// A row of `hit`, as it is compared in tests.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct HitRow {
    /// The revision.
    pub rev: u64,
    /// Who, without the world's prefix.
    pub user: String,
    /// `page` or `link`.
    pub subject: String,
    /// `page-overlap` and so on.
    pub rule: String,
    /// The title or the link, without the world's prefix.
    pub string: String,
    /// What it matched; empty for none.
    pub matched: String,
    /// Why it is recorded only; empty for none.
    pub skip: String,
}

/// `user rule string (matched) [skip]`: without numbers that differ between two worlds.
impl fmt::Display for HitRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.user, self.rule, self.string)?;
        if !self.matched.is_empty() {
            write!(f, " ({})", self.matched)?;
        }
        if !self.skip.is_empty() {
            write!(f, " [{}]", self.skip)?;
        }
        Ok(())
    }
}

/// A row of `hit_line`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LineRow {
    /// Who, without the world's prefix.
    pub user: String,
    /// What, without the world's prefix.
    pub string: String,
    /// `new`, `shown` or `gone`.
    pub state: String,
    /// Of how many hits it tells.
    pub shown_hits: u64,
    /// Who struck it; empty for nobody.
    pub struck_by: String,
}

impl Coi {
    /// Hits in the database whose user or page is of this world, by revision.
    pub async fn hits(&self) -> Result<Vec<HitRow>> {
        let own = self.own_rows();
        let sql = format!(
            "SELECT rev_id, COALESCE(user_name, ''), subject, rule, COALESCE(string, ''), COALESCE(matched, ''), \
             COALESCE(skip, '') FROM hit WHERE {own} ORDER BY rev_id, subject, rule, string"
        );
        let rows = self.world.rows(&sql).await?;
        let read = |row: &Vec<String>| {
            Ok(HitRow {
                rev: row[0].parse().context("a revision that is no number")?,
                user: self.bare(&row[1]),
                subject: row[2].clone(),
                rule: row[3].clone(),
                string: self.bare(&row[4]),
                matched: self.bare(&row[5]),
                skip: row[6].clone(),
            })
        };
        rows.iter().map(read).collect()
    }

    /// The same as text, a line each.
    pub async fn hits_told(&self) -> Result<String> {
        Ok(self.hits().await?.iter().map(|hit| format!("{hit}\n")).collect())
    }

    /// Lines of day pages in the database that tell of hits of this world.
    pub async fn lines(&self) -> Result<Vec<LineRow>> {
        let own = self.own_rows();
        let sql = format!(
            "SELECT COALESCE(user_name, ''), COALESCE(string, ''), state, shown_hits, COALESCE(struck_by, '') \
             FROM hit_line WHERE line_key IN (SELECT line_key FROM hit WHERE {own}) ORDER BY day, user_name, string"
        );
        let rows = self.world.rows(&sql).await?;
        let read = |row: &Vec<String>| {
            Ok(LineRow {
                user: self.bare(&row[0]),
                string: self.bare(&row[1]),
                state: row[2].clone(),
                shown_hits: row[3].parse().context("shown_hits is no number")?,
                struck_by: self.bare(&row[4]),
            })
        };
        rows.iter().map(read).collect()
    }

    /// Every day page of this world's bot with its text, by title.
    pub async fn day_pages(&self) -> Result<BTreeMap<String, String>> {
        let title = self.report_title();
        let (_, bare) = title.split_once(':').context("a report title without namespace")?;
        let prefix = format!("{bare}/");
        let asked = [
            ("action", "query"),
            ("list", "allpages"),
            ("apnamespace", "2"),
            ("apprefix", prefix.as_str()),
            ("aplimit", "max"),
        ];
        let answer = self.world.admin.get(&asked).await?;
        let mut pages = BTreeMap::new();
        for page in answer["query"]["allpages"].as_array().context("no pages")? {
            let title = page["title"].as_str().unwrap_or_default();
            let text = self.world.admin.text(title).await?.unwrap_or_default();
            pages.insert(title.to_owned(), text);
        }
        Ok(pages)
    }

    /// Lines of all day pages that tell of this world, without the prefix, in their order.
    pub async fn page_lines(&self) -> Result<Vec<String>> {
        let pages = self.day_pages().await?;
        let lines = pages.values().flat_map(|text| text.lines());
        let told = lines.filter(|line| line.starts_with(['*', '#']) && self.is_own(line));
        Ok(told.map(|line| self.bare(line)).collect())
    }

    /// The hits that a run printed with `--json`, of this world only.
    pub fn printed_hits(&self, run: &Run) -> Vec<Value> {
        let lines = run.stdout.lines().filter(|line| self.is_own(line));
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The text of the status page.
    pub async fn status(&self) -> Result<String> {
        let title = self.status_title();
        let text = self.world.admin.text(&title).await?;
        text.with_context(|| format!("there is no page {title}"))
    }

    /// A text without the world's prefix, and without the mark of [`Coi::exact`].
    pub fn bare(&self, text: &str) -> String {
        text.replace(&format!("{} ", self.world.prefix), "")
            .replace(&format!("{}_", self.world.prefix), "")
            .replace(&self.mark(), "")
    }

    /// Whether a text has a name of this world.
    fn is_own(&self, text: &str) -> bool {
        text.contains(&self.world.prefix) || text.contains(&self.mark())
    }

    /// SQL: a hit of this world. Temporary accounts and addresses have other names, but the titles of its pages tell.
    fn own_rows(&self) -> String {
        let (prefix, mark) = (&self.world.prefix, self.mark());
        format!(
            "(user_name LIKE '{prefix}%' OR user_name LIKE '%{mark}' OR title LIKE '%{prefix}%' OR title LIKE '%{mark}')"
        )
    }
}
