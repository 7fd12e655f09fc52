//! What a test looks at after a run: texts, logs, rows, and whole histories for the kill test.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::{BoxPages, Boxes};

/// A row of a table, by column.
pub type Record = BTreeMap<String, String>;

impl Boxes {
    /// The present text of an article, with bare names.
    pub async fn text(&self, name: &str) -> Result<String> {
        let text = self.world.admin.text(&self.title(name)).await?;
        Ok(self.bare(&text.with_context(|| format!("there is no article {name}"))?))
    }

    /// The newest revision of an article.
    pub async fn revid(&self, name: &str) -> Result<u64> {
        let info = self.world.admin.info(&self.title(name)).await?;
        info["lastrevid"]
            .as_u64()
            .with_context(|| format!("there is no article {name}"))
    }

    /// The summaries of the bot's edits of an article, oldest first, with bare names.
    pub async fn bot_edits(&self, name: &str) -> Result<Vec<String>> {
        let history = self.world.admin.history(&self.title(name)).await?;
        let ours = history.iter().filter(|revision| revision.user == self.world.bot.name);
        Ok(ours.map(|revision| self.bare(&revision.summary)).collect())
    }

    /// The categories of an article in which its marks put it, without namespace and with bare names, sorted.
    pub async fn categories(&self, name: &str) -> Result<Vec<String>> {
        let params = [
            ("action", "query"),
            ("prop", "categories"),
            ("cllimit", "max"),
            ("titles", &self.title(name)),
        ];
        let answer = self.world.admin.get(&params).await?;
        let list = answer["query"]["pages"][0]["categories"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut found: Vec<String> = list
            .iter()
            .filter_map(|category| category["title"].as_str()?.split_once(':'))
            .map(|(_, category)| self.bare(category))
            .collect();
        found.sort();
        Ok(found)
    }

    /// The titles of the pages below a log page (day pages and `Open`), in the wiki's order.
    pub async fn log_titles(&self, of: &BoxPages) -> Result<Vec<String>> {
        let (_, name) = of.log.split_once(':').context("a log page is in a namespace")?;
        let namespace = self.world.admin.info(&of.log).await?["ns"].to_string();
        let params = [
            ("action", "query"),
            ("list", "allpages"),
            ("apnamespace", &namespace),
            ("apprefix", &format!("{name}/")),
            ("aplimit", "max"),
        ];
        let answer = self.world.admin.get(&params).await?;
        let list = answer["query"]["allpages"].as_array().context("no list of pages")?;
        Ok(list
            .iter()
            .filter_map(|page| page["title"].as_str())
            .map(str::to_owned)
            .collect())
    }

    /// The day pages of a box's log, one after the other, as they stand on the wiki; empty while there is none.
    pub async fn log_of(&self, of: &BoxPages) -> Result<String> {
        let mut all = String::new();
        for title in self.log_titles(of).await? {
            if !title.ends_with("/Open") {
                if !all.is_empty() {
                    all.push('\n');
                }
                all.push_str(&self.world.admin.text(&title).await?.unwrap_or_default());
            }
        }
        Ok(all)
    }

    /// The day pages of the chembox log.
    pub async fn log_text(&self) -> Result<String> {
        self.log_of(&self.chem).await
    }

    /// The page of the open differences of a box; empty where there is none.
    pub async fn open_of(&self, of: &BoxPages) -> Result<String> {
        let text = self.world.admin.text(&format!("{}/Open", of.log)).await?;
        Ok(text.unwrap_or_default())
    }

    /// The open differences of the chembox.
    pub async fn open_text(&self) -> Result<String> {
        self.open_of(&self.chem).await
    }

    /// The rows of `field_change`, oldest first.
    pub async fn rows(&self) -> Result<Vec<Record>> {
        self.world.records("SELECT * FROM field_change ORDER BY id").await
    }

    /// The same as text, a line each: `Acetone Chembox#0 CASNo: changed correct_changed, 67-64-1 -> 67-64-7 (67-64-1)
    /// by Ann`, with `.` for NULL and `!` at the end where the log is not to show it.
    pub async fn row_lines(&self) -> Result<Vec<String>> {
        let line = |row: &Record| {
            let get = |column: &str| match row.get(column).map(String::as_str) {
                Some("NULL") | None => ".".to_owned(),
                Some(value) => self.bare(value),
            };
            let mark = if get("to_log") == "1" { "" } else { " !" };
            let (what, values) = (
                ["title", "box", "ordinal", "field", "kind", "state"],
                ["old_value", "new_value", "verified_value"],
            );
            let [title, name, ordinal, field, kind, state] = what.map(get);
            let [old, new, verified] = values.map(get);
            format!(
                "{title} {name}#{ordinal} {field}: {kind} {state}, {old} -> {new} ({verified}) by {}{mark}",
                get("user_name")
            )
        };
        Ok(self.rows().await?.iter().map(line).collect())
    }

    /// A text without what differs between two runs of the same test in two worlds: beside what [`crate::world::World::scrub`]
    /// takes out, page and revision numbers in comments, links and marks.
    pub fn scrub(&self, text: &str) -> String {
        const PATTERNS: [(&str, &str); 4] = [
            (r"<!--ib-page \d+-->", "<!--ib-page N-->"),
            (r"\|\d+\]\]", "|N]]"),
            (r"(verifiedrevid *= *)\d+", "${1}N"),
            (r"\d{4}-\d\d-\d\d", "DAY"),
        ];
        let mut text = self.world.scrub(text);
        for (pattern, with) in PATTERNS {
            let pattern = regex::Regex::new(pattern).expect("the patterns are constants that were tried");
            text = pattern.replace_all(&text, with).into_owned();
        }
        text
    }

    /// Articles (histories and texts) and all log pages, scrubbed: what a kill test compares.
    pub async fn tell(&self, names: &[&str]) -> Result<String> {
        let mut titles: Vec<String> = names.iter().map(|name| self.title(name)).collect();
        for of in [&self.chem, &self.drug] {
            titles.push(of.log.clone());
            titles.extend(self.log_titles(of).await?);
        }
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        Ok(self.scrub(&self.world.admin.tell(&titles).await?))
    }
}
