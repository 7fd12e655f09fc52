//! The numbers of a report, counted anew from the rows that coi-report stored and from the wikis' pages. Nothing of the
//! jobs' code is used: a number that both got wrong in the same way would be right.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Reports;

/// A row of `link_addition`.
#[derive(Clone, Debug)]
pub struct Row {
    /// The key of its wiki.
    pub wiki: String,
    /// The revision.
    pub rev: u64,
    /// `2026-01-31 12:00:00`.
    pub time: String,
    /// The stored key of the host, labels reversed.
    pub host: String,
    /// Who, with the family of wikis that the name is of.
    pub editor: (String, String),
    /// The page.
    pub page_id: u64,
    /// How often.
    pub times: u64,
    /// What stands behind the host.
    pub path: String,
}

/// All rows of a world's database, newest first as reports show them.
#[derive(Clone, Debug)]
pub struct Rows(pub Vec<Row>);

/// What a report says in numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Additions.
    pub additions: u64,
    /// Wikis.
    pub wikis: u64,
    /// Editors.
    pub editors: u64,
    /// Hosts.
    pub hosts: u64,
    /// Day of the first one, and of the last.
    pub days: (String, String),
    /// Additions by the editor with the most.
    pub top_editor: u64,
    /// What that editor added of other hosts.
    pub top_editor_others: u64,
    /// Additions of the host with the most.
    pub top_host: u64,
    /// Other editors who added that host.
    pub top_host_others: u64,
    /// Rows whose page links there now; has not; is gone.
    pub live: u64,
    /// See `live`.
    pub removed: u64,
    /// See `live`.
    pub gone: u64,
    /// Rows of wikis that are none of the sandbox: nobody can ask them.
    pub unknown: u64,
}

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// Its page has the link.
    Live,
    /// It has not.
    Removed,
    /// There is no page.
    Gone,
    /// The wiki is none of the sandbox.
    Unknown,
}

/// A share as reports tell it: a whole number, but 100 only for all of them and 0 only for none.
pub fn percent(part: u64, all: u64) -> String {
    let exact = part as f64 * 100.0 / all as f64;
    let shown = match exact.round() {
        100.0 if part < all => format!("{:.1}", (exact * 10.0).floor() / 10.0),
        0.0 if part > 0 => format!("{:.1}", ((exact * 10.0).floor() / 10.0).max(0.1)),
        whole => format!("{whole}"),
    };
    format!("{shown} %")
}

impl Reports {
    /// Every recorded addition.
    pub async fn rows(&self) -> Result<Rows> {
        let sql = "SELECT w.name, a.rev_id, a.ts, h.rhost, r.name, e.name, a.page_id, a.times, a.path FROM link_addition a \
            JOIN wiki w USING (wiki_id) JOIN host h USING (host_id) JOIN editor e USING (editor_id) \
            JOIN realm r ON r.realm_id = e.realm_id ORDER BY a.ts DESC, a.wiki_id DESC, a.rev_id DESC, a.n DESC";
        let number = |text: &String| text.parse::<u64>().context("no number");
        let rows = self.world.rows(sql).await?;
        let read = |row: Vec<String>| {
            Ok(Row {
                wiki: row[0].clone(),
                rev: number(&row[1])?,
                time: row[2].trim_matches('\'').to_owned(),
                host: row[3].clone(),
                editor: (row[4].clone(), row[5].clone()),
                page_id: number(&row[6])?,
                times: number(&row[7])?,
                path: row[8].clone(),
            })
        };
        Ok(Rows(rows.into_iter().map(read).collect::<Result<_>>()?))
    }

    /// The figures of a domain with all hosts below it.
    pub async fn figures_of_link(&self, domain: &str) -> Result<Figures> {
        let key: String = self
            .hosts(domain)
            .rsplit('.')
            .map(|label| format!("{label}."))
            .collect();
        self.figures(|row| row.host.starts_with(&key)).await
    }

    /// The figures of an editor, on all wikis of the family of one of them.
    pub async fn figures_of_editor(&self, name: &str) -> Result<Figures> {
        let name = self.own(name);
        self.figures(|row| row.editor.1 == name).await
    }

    /// The figures of any rows.
    pub async fn figures(&self, is_one: impl Fn(&Row) -> bool) -> Result<Figures> {
        let all = self.rows().await?;
        let rows: Vec<&Row> = all.0.iter().filter(|row| is_one(row)).collect();
        let sum = |is: &dyn Fn(&Row) -> bool| -> u64 { rows.iter().filter(|row| is(row)).map(|row| row.times).sum() };
        let editors: BTreeSet<_> = rows.iter().map(|row| &row.editor).collect();
        let hosts: BTreeSet<_> = rows.iter().map(|row| &row.host).collect();
        let wikis: BTreeSet<_> = rows.iter().map(|row| &row.wiki).collect();
        let days: BTreeSet<&str> = rows.iter().map(|row| &row.time[..10]).collect();
        let top = editors.iter().max_by_key(|editor| sum(&|row| row.editor == ***editor));
        let top_host = hosts.iter().max_by_key(|host| sum(&|row| row.host == ***host));
        let mut figures = Figures {
            additions: sum(&|_| true),
            wikis: wikis.len() as u64,
            editors: editors.len() as u64,
            hosts: hosts.len() as u64,
            days: (
                days.first().copied().unwrap_or_default().to_owned(),
                days.last().copied().unwrap_or_default().to_owned(),
            ),
            top_editor: top.map_or(0, |top| sum(&|row| row.editor == **top)),
            top_host: top_host.map_or(0, |top| sum(&|row| row.host == **top)),
            ..Figures::default()
        };
        let of_top = all.0.iter().filter(|row| top.is_some_and(|top| row.editor == **top));
        figures.top_editor_others = of_top.filter(|row| !is_one(row)).map(|row| row.times).sum();
        let adders = all.0.iter().filter(|row| top_host.is_some_and(|top| row.host == **top));
        let adders: BTreeSet<_> = adders.map(|row| &row.editor).collect();
        figures.top_host_others = adders.difference(&editors).count() as u64;
        for row in &rows {
            *match self.fate(row).await? {
                Fate::Live => &mut figures.live,
                Fate::Removed => &mut figures.removed,
                Fate::Gone => &mut figures.gone,
                Fate::Unknown => &mut figures.unknown,
            } += 1;
        }
        Ok(figures)
    }

    /// Whether the page of a row has the link in its text now.
    pub async fn fate(&self, row: &Row) -> Result<Fate> {
        let wikis = [self.world.wiki, self.de];
        let Some(wiki) = wikis.into_iter().find(|wiki| self.wiki_key(wiki) == row.wiki) else {
            return Ok(Fate::Unknown);
        };
        let api = wiki.as_admin().await?;
        let id = row.page_id.to_string();
        let asked = [
            ("action", "query"),
            ("pageids", id.as_str()),
            ("prop", "revisions"),
            ("rvprop", "content"),
            ("rvslots", "main"),
        ];
        let answer = api.get(&asked).await?;
        let text = answer["query"]["pages"][0]["revisions"][0]["slots"]["main"]["content"].as_str();
        let host: Vec<&str> = row.host.trim_end_matches('.').rsplit('.').collect();
        // What is stored has no `www.`
        let links = ["//", "//www."].map(|start| format!("{start}{}{}", host.join("."), row.path));
        let is_one = |word: &str| links.iter().any(|link| word.ends_with(link));
        Ok(match text {
            None => Fate::Gone,
            Some(text) if text.split([' ', '\n', ']']).any(is_one) => Fate::Live,
            Some(_) => Fate::Removed,
        })
    }
}

impl Rows {
    /// Sums of some rows, the largest first: how often each of what `of` names was added.
    pub fn sums<T: Ord>(&self, is_one: impl Fn(&Row) -> bool, of: impl Fn(&Row) -> T) -> Vec<(u64, T)> {
        let mut sums: BTreeMap<T, u64> = BTreeMap::new();
        for row in self.0.iter().filter(|row| is_one(row)) {
            *sums.entry(of(row)).or_default() += row.times;
        }
        let mut sums: Vec<(u64, T)> = sums.into_iter().map(|(of, n)| (n, of)).collect();
        sums.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        sums
    }

    /// COIBot's four numbers behind a row: what the editor added in all, how often the host was added by anybody, by the
    /// editor, and on how many wikis by the editor.
    pub fn four(&self, of: &Row) -> [u64; 4] {
        let sum = |is: &dyn Fn(&Row) -> bool| -> u64 { self.0.iter().filter(|row| is(row)).map(|row| row.times).sum() };
        let by = |row: &Row| row.editor == of.editor;
        let host = |row: &Row| row.host == of.host;
        let wikis: BTreeSet<&str> = self
            .0
            .iter()
            .filter(|row| by(row) && host(row))
            .map(|row| row.wiki.as_str())
            .collect();
        [
            sum(&by),
            sum(&host),
            sum(&|row| by(row) && host(row)),
            wikis.len() as u64,
        ]
    }

    /// Compares the four numbers of every row that `--output json` gave with those of these rows. Errs with the first that
    /// differs, and where a row is not here; how many were compared.
    pub fn compare(&self, json: &Value) -> Result<usize> {
        let rows = json["rows"].as_array().context("no rows")?;
        let mut known: BTreeMap<(&str, u64, &str, &str), &Row> = BTreeMap::new();
        for row in &self.0 {
            known.insert((&row.wiki, row.rev, &row.host, &row.path), row);
        }
        for told in rows {
            let text = |key: &str| told[key].as_str().unwrap_or_default();
            let found = known.iter().find(|((wiki, rev, host, path), _)| {
                *wiki == text("wiki")
                    && Some(*rev) == told["revision"].as_u64()
                    && *host == text("key")
                    && text("link").ends_with(path)
            });
            let (_, row) = found.with_context(|| format!("no such row: {told}"))?;
            let four = self.four(row);
            anyhow::ensure!(told["four"] == serde_json::json!(four), "{four:?} and not {told}");
            anyhow::ensure!(told["user_links"] == four[0], "{} and not {told}", four[0]);
        }
        Ok(rows.len())
    }
}
