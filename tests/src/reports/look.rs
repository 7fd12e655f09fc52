//! What the job made: pages as a reader sees them, and rows of its tables.

use anyhow::{Context, Result};
use regex::Regex;
use serde_json::Value;

use super::Reports;

/// A row of `report`, as tests compare it; NULL is `NULL`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportRow {
    /// `link` and so on.
    pub kind: String,
    /// The key, without the world's prefix.
    pub subject: String,
    /// The word.
    pub status: String,
    /// Word of a rule, or `person`.
    pub opened_by: String,
    /// Words of rules, parted by spaces.
    pub rules: String,
    /// Whether it is cross-wiki.
    pub is_xwiki: bool,
    /// Additions that it tells of.
    pub additions: u64,
}

/// A row of `report_ask`, as tests compare it; NULL is `NULL`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AskRow {
    /// `link` and so on.
    pub kind: String,
    /// The key, without the world's prefix.
    pub subject: String,
    /// Who asked, without the prefix; `NULL`: a rule.
    pub requester: String,
    /// The word.
    pub reason: String,
    /// Whether it was served.
    pub is_served: bool,
    /// What became of it.
    pub outcome: String,
    /// How often it failed.
    pub tries: u64,
}

impl Reports {
    // ---- rows

    /// The rows of `report`, by kind and subject.
    pub async fn report_rows(&self) -> Result<Vec<ReportRow>> {
        let sql =
            "SELECT kind, subject, status, opened_by, rules, is_xwiki, additions FROM report ORDER BY kind, subject";
        let rows = self.world.rows(sql).await?;
        let read = |row: Vec<String>| {
            Ok(ReportRow {
                kind: row[0].clone(),
                subject: self.bare(&row[1]),
                status: row[2].clone(),
                opened_by: row[3].clone(),
                rules: row[4].clone(),
                is_xwiki: row[5] == "1",
                additions: row[6].parse().context("additions are no number")?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// The rows of `report_ask`, as they were asked.
    pub async fn asks(&self) -> Result<Vec<AskRow>> {
        let sql = "SELECT kind, subject, requester_name, reason, served_at, outcome, tries FROM report_ask ORDER BY id";
        let rows = self.world.rows(sql).await?;
        let read = |row: Vec<String>| {
            Ok(AskRow {
                kind: row[0].clone(),
                subject: self.bare(&row[1]),
                requester: self.bare(&row[2]),
                reason: row[3].clone(),
                is_served: row[4] != "NULL",
                outcome: row[5].clone(),
                tries: row[6].parse().context("tries are no number")?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    // ---- pages

    /// The text of a page of the English wiki.
    pub async fn text(&self, title: &str) -> Result<String> {
        let text = self.world.admin.text(title).await?;
        text.with_context(|| format!("there is no page {title}"))
    }

    /// The text of a page of the German wiki.
    pub async fn copy_text(&self, title: &str) -> Result<String> {
        let text = self.de.as_admin().await?.text(title).await?;
        text.with_context(|| format!("there is no page {title} on the German wiki"))
    }

    /// How often the bot saved a page of the English wiki.
    pub async fn saves(&self, title: &str) -> Result<usize> {
        let history = self.world.admin.history(title).await?;
        let bot = &self.world.bot.name;
        Ok(history.iter().filter(|edit| edit.user == *bot).count())
    }

    /// What the wiki's parser makes of a page: HTML.
    pub async fn html(&self, title: &str) -> Result<String> {
        let parsed = self.world.admin.parse_page(title, "text").await?;
        let html = parsed["text"].as_str().map(str::to_owned);
        html.with_context(|| format!("{title} has no HTML: {parsed}"))
    }

    /// A page as a reader sees it: no tags, a line per line, without the world's prefix.
    pub async fn shown(&self, title: &str) -> Result<String> {
        Ok(self.bare(&plain(&self.html(title).await?)))
    }

    /// The three lines at the top of a report, as a reader sees them, without the world's prefix.
    pub async fn top_lines(&self, title: &str) -> Result<Vec<String>> {
        let html = self.html(title).await?;
        let list = html.split_once("<ul>").and_then(|(_, rest)| rest.split_once("</ul>"));
        let (list, _) = list.with_context(|| format!("{title} has no list: {html}"))?;
        let lines = list.split("</li>").map(|line| self.bare(plain(line).trim()));
        Ok(lines.filter(|line| !line.is_empty()).collect())
    }

    /// Where the numbers of the three lines lead that lead nowhere: anchors that the page does not have.
    pub async fn dead_anchors(&self, title: &str) -> Result<Vec<String>> {
        let html = self.html(title).await?;
        let linked = Regex::new(r##"href="#([^"]+)""##).expect("a constant that was tried");
        let mut dead: Vec<String> = linked.captures_iter(&html).map(|found| found[1].to_owned()).collect();
        dead.sort();
        dead.dedup();
        dead.retain(|anchor| !html.contains(&format!("id=\"{anchor}\"")));
        Ok(dead)
    }

    /// External links that the wiki keeps of a page; a report must have none.
    pub async fn external_links(&self, title: &str) -> Result<Vec<String>> {
        let asked = [
            ("action", "query"),
            ("prop", "extlinks"),
            ("titles", title),
            ("ellimit", "max"),
        ];
        let answer = self.world.admin.get(&asked).await?;
        Ok(names(&answer["query"]["pages"][0]["extlinks"], "url"))
    }

    /// The categories of a page, without namespace.
    pub async fn categories(&self, title: &str) -> Result<Vec<String>> {
        let asked = [
            ("action", "query"),
            ("prop", "categories"),
            ("titles", title),
            ("cllimit", "max"),
        ];
        let answer = self.world.admin.get(&asked).await?;
        let titles = names(&answer["query"]["pages"][0]["categories"], "title");
        Ok(titles
            .iter()
            .map(|title| {
                title
                    .split_once(':')
                    .map_or(title.as_str(), |(_, name)| name)
                    .to_owned()
            })
            .collect())
    }

    /// The text of the status page.
    pub async fn status_page(&self) -> Result<String> {
        self.text(&self.status_title()).await
    }
}

fn names(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|one| one[key].as_str()).map(str::to_owned).collect()
}

/// HTML as a reader sees it: without tags, entities decoded.
fn plain(html: &str) -> String {
    let replaced = |text: &str, pattern: &str| {
        let pattern = Regex::new(pattern).expect("the patterns are constants that were tried");
        pattern.replace_all(text, "").into_owned()
    };
    let text = replaced(html, r"(?s)<style.*?</style>|<!--.*?-->");
    let text = text.replace("<br />", "\n");
    let text = replaced(&text, r"<[^>]*>");
    let number = Regex::new(r"&#(x?)([0-9a-fA-F]+);").expect("a constant that was tried");
    let decoded = number.replace_all(&text, |found: &regex::Captures<'_>| {
        let radix = if found[1].is_empty() { 10 } else { 16 };
        let char = u32::from_str_radix(&found[2], radix).ok().and_then(char::from_u32);
        char.map_or_else(|| found[0].to_owned(), String::from)
    });
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&nbsp;", "\u{a0}"),
        ("&amp;", "&"),
    ];
    let text = named
        .iter()
        .fold(decoded.into_owned(), |text, (name, char)| text.replace(name, char));
    text.replace('\u{a0}', " ")
}
