//! What several modules ask of coi-report's day pages: a world whose job sees its own edits only, and the lines as a
//! reader sees them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use regex::Regex;
use serde_json::Value;
use wikicrew_tests::coi::Coi;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::settings::Settings;

use crate::coi_sources::reaching;
use crate::seen::decoded;

/// Who, on which page, with which text.
pub type Edit<'a> = (&'a str, &'a str, &'a str);

/// See the module.
pub struct Days {
    pub coi: Coi,
    pub http: FaultProxy,
}

impl Days {
    /// With these settings beside those of [`Coi::new`], and a first run behind it.
    pub async fn with(settings: &[(&str, Value)]) -> Result<Self> {
        let mut coi = Coi::new().await?;
        if !settings.is_empty() {
            for (key, value) in settings {
                coi.settings = coi.settings.clone().set(key, value.clone());
            }
            coi.save_settings(&coi.settings).await?;
        }
        let http = FaultProxy::start(&coi.world.wiki.api).await?;
        let days = Self { coi, http };
        days.only_own();
        days.coi.first_run(&days.job(0)).await?;
        Ok(days)
    }

    pub async fn new() -> Result<Self> {
        Self::with(&[]).await
    }

    /// Of recent changes and of the log only this world's.
    fn only_own(&self) {
        for list in ["recentchanges", "logevents"] {
            let words = [self.coi.world.prefix.clone(), self.coi.exact("")];
            let is_own = move |title: &Value| {
                let title = title.as_str().unwrap_or_default();
                words.iter().any(|word| title.contains(word.as_str()))
            };
            let filter = Fault::rewrite(move |answer| {
                for list in ["recentchanges", "logevents"] {
                    if let Some(changes) = answer["query"][list].as_array_mut() {
                        changes.retain(|change| is_own(&change["title"]));
                    }
                }
            });
            self.http.rule(When::module(list), filter);
        }
    }

    /// The job so many seconds later.
    pub fn job(&self, later: i64) -> Job {
        reaching(&self.coi.job(), &[self.http.url()])
            .through(&self.http)
            .later(later)
    }

    pub async fn run(&self, later: i64) -> Result<Run> {
        self.job(later).run_ok().await
    }

    pub async fn settings(&self, settings: &[(&str, Value)]) -> Result<()> {
        let all = settings
            .iter()
            .fold(self.coi.settings.clone(), |all: Settings, (key, value)| {
                all.set(key, value.clone())
            });
        self.coi.save_settings(&all).await.map(drop)
    }

    /// Saves pages under exact titles in exact names; the revisions.
    pub async fn edit(&self, edits: &[Edit<'_>]) -> Result<Vec<u64>> {
        let page = |(user, title, text): &Edit| NewPage::new(&self.coi.exact(title), text).by(&self.coi.exact(user));
        let pages: Vec<NewPage> = edits.iter().map(page).collect();
        let loaded = self.coi.world.wiki.load(&pages).await?;
        Ok(loaded.iter().map(|page| page.revid).collect())
    }

    /// The title of today's page.
    pub async fn today(&self) -> Result<String> {
        let day = &self
            .coi
            .world
            .rows("SELECT DATE_FORMAT(UTC_DATE(), '%Y, %b %e')")
            .await?[0][0];
        Ok(format!("{}/{day}", self.coi.report_title()))
    }

    /// The text of a page.
    pub async fn text(&self, title: &str) -> Result<String> {
        let text = self.coi.world.admin.text(title).await?;
        text.with_context(|| format!("there is no page {title}"))
    }

    /// What the Admin makes of a page.
    pub async fn change(&self, title: &str, change: impl FnOnce(&str) -> String) -> Result<u64> {
        let text = change(&self.text(title).await?);
        self.coi.world.admin.edit(title, &text, "looked at").await
    }

    /// How often the bot saved a page.
    pub async fn saved(&self, title: &str) -> Result<usize> {
        let history = self.coi.world.admin.history(title).await?;
        Ok(history
            .iter()
            .filter(|edit| edit.user == self.coi.world.bot.name)
            .count())
    }

    /// The bot's lines of all day pages, from top to bottom, as a reader sees them: no markup, no times, bare names.
    pub async fn lines(&self) -> Result<Vec<String>> {
        let pages = self.coi.day_pages().await?;
        let lines = pages.values().flat_map(|text| text.lines());
        Ok(lines
            .filter(|line| line.contains("<!--co:"))
            .map(|line| self.shown(line))
            .collect())
    }

    /// The names in the lines, in their order.
    pub async fn names(&self) -> Result<Vec<String>> {
        let name = |line: &String| line.split(" (").next().unwrap_or_default().to_owned();
        Ok(self.lines().await?.iter().map(name).collect())
    }

    /// The one line that begins with this name.
    pub async fn line(&self, name: &str) -> Result<String> {
        let mut lines = self.lines().await?;
        lines.retain(|line| line.starts_with(&format!("{name} (")));
        anyhow::ensure!(lines.len() == 1, "{} lines of {name}: {lines:#?}", lines.len());
        Ok(lines.remove(0))
    }

    /// Wikitext as a reader sees it.
    pub fn shown(&self, wikitext: &str) -> String {
        let mut text = wikitext.to_owned();
        for (pattern, with) in [
            (r"<!--.*?-->", ""),
            (r"<[^>]*>", ""),
            (r"\[\[(?:[^\]|]*\|)?([^\]]*)\]\]", "$1"),
            (r"'{2,5}", ""),
            (r"^[#*: ]+", ""),
        ] {
            text = regex(pattern).replace_all(&text, with).into_owned();
        }
        let text = regex(r"^\d\d:\d\d:\d\d: ").replace(&decoded(&text), "").into_owned();
        self.coi.bare(&text)
    }

    /// The status page as a reader sees it.
    pub async fn status(&self) -> Result<String> {
        let status = self.coi.status().await?;
        Ok(status.lines().map(|line| self.shown(line) + "\n").collect())
    }

    /// How often each anchor stands on the day pages.
    pub async fn anchors(&self) -> Result<BTreeMap<String, usize>> {
        let pages = self.coi.day_pages().await?;
        let mut found = BTreeMap::new();
        for text in pages.values() {
            for anchor in regex("<!--co:([a-z0-9]+) ").captures_iter(text) {
                *found.entry(anchor[1].to_owned()).or_default() += 1;
            }
        }
        Ok(found)
    }

    /// Everything about hits and lines, as text.
    pub async fn stored(&self) -> Result<String> {
        let mut all = String::new();
        for table in ["hit", "hit_line", "intent", "memo", "parked", "link_addition"] {
            all += &self.coi.world.table(&format!("SELECT * FROM {table}")).await?;
        }
        Ok(all)
    }
}

pub fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are constants that were tried")
}

/// The line of wikitext that this name's anchor ends.
pub fn line_of<'a>(text: &'a str, name: &str) -> &'a str {
    let is_it = |line: &&str| line.contains("<!--co:") && decoded(line).contains(name);
    text.lines().find(is_it).unwrap_or_default()
}
