//! People add links, and coi-report records it: real edits, so that the job finds their pages and revisions, or made
//! events, for what is too much, too old or too far away to be edited.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Reports;
use crate::api::Api;
use crate::links::seconds_ago;
use crate::run::{Job, Run};
use crate::sandbox::{NewPage, Wiki};

/// Who added it: a name, an address, or a temporary account (see [`Reports::temporary`]); on which page, with `de:`
/// before it on the German wiki; which URL.
pub type Added<'a> = (&'a str, &'a str, &'a str);

/// An edit that was made and recorded.
#[derive(Clone, Debug)]
pub struct Made {
    /// The key of its wiki.
    pub wiki: String,
    /// Its title.
    pub title: String,
    /// The revision.
    pub rev: u64,
    /// The page.
    pub page_id: u64,
}

/// A change of a page: who, wiki, title, new text, old text, time.
struct Change {
    user: String,
    is_de: bool,
    title: String,
    before: String,
    text: String,
    at: String,
}

impl Reports {
    /// Everybody adds a link, a second apart, the last one now (of the world's clock); recorded.
    pub async fn additions(&self, added: &[Added<'_>]) -> Result<Vec<Made>> {
        self.additions_at(0, added).await
    }

    /// The same, the last one so many minutes ago. The wiki's own times are the present; recorded is the time that is
    /// given, which reports tell.
    pub async fn additions_at(&self, minutes_ago: i64, added: &[Added<'_>]) -> Result<Vec<Made>> {
        let line = |text: &str, url: &str| format!("{}\n* [{url} see here]", text.trim_end());
        self.changes(minutes_ago, added, line).await
    }

    /// Everybody takes a link away from a page again; recorded.
    pub async fn removals(&self, removed: &[Added<'_>]) -> Result<Vec<Made>> {
        let line = |text: &str, url: &str| {
            let kept = text.lines().filter(|line| !line.contains(url));
            kept.collect::<Vec<_>>().join("\n") + "\n"
        };
        self.changes(0, removed, line).await
    }

    /// Everybody adds a link, a second apart; the events of it, in their order, for [`Reports::recorded`] later.
    pub async fn unrecorded(&self, added: &[Added<'_>]) -> Result<Vec<Value>> {
        let line = |text: &str, url: &str| format!("{}\n* [{url} see here]", text.trim_end());
        Ok(self.edits(0, added, line).await?.1)
    }

    async fn changes(
        &self,
        minutes_ago: i64,
        of: &[Added<'_>],
        change: impl Fn(&str, &str) -> String,
    ) -> Result<Vec<Made>> {
        let (made, events) = self.edits(minutes_ago, of, change).await?;
        self.recorded(&events).await?;
        Ok(made)
    }

    async fn edits(
        &self,
        minutes_ago: i64,
        of: &[Added<'_>],
        change: impl Fn(&str, &str) -> String,
    ) -> Result<(Vec<Made>, Vec<Value>)> {
        let admins = [self.world.admin.clone(), self.de.as_admin().await?];
        let mut texts: HashMap<(bool, String), String> = HashMap::new();
        let mut changes = Vec::new();
        for (n, (user, page, url)) in of.iter().enumerate() {
            let (is_de, page) = match page.strip_prefix("de:") {
                Some(page) => (true, page),
                None => (false, *page),
            };
            let title = self.own(page);
            let known = match texts.get(&(is_de, title.clone())) {
                Some(text) => Some(text.clone()),
                None => admins[usize::from(is_de)].text(&title).await?,
            };
            let before = known.unwrap_or_default();
            let text = change(if before.is_empty() { "A page.\n" } else { &before }, &self.hosts(url));
            texts.insert((is_de, title.clone()), text.clone());
            let ago = (of.len() - 1 - n) as i64 + minutes_ago * 60 - self.later;
            changes.push(Change {
                user: self.own(user),
                is_de,
                title,
                before,
                text,
                at: seconds_ago(ago),
            });
        }
        let mut made: BTreeMap<usize, Made> = BTreeMap::new();
        let mut accounts = HashMap::new();
        for (is_de, wiki) in [(false, self.world.wiki), (true, self.de)] {
            let those = || changes.iter().enumerate().filter(|(_, change)| change.is_de == is_de);
            let page = |change: &Change| NewPage::new(&change.title, &change.text).by(&change.user);
            let pages: Vec<NewPage> = those().map(|(_, change)| page(change)).collect();
            for ((n, change), done) in those().zip(wiki.load(&pages).await?) {
                let made_here = Made {
                    wiki: self.wiki_key(wiki),
                    title: change.title.clone(),
                    rev: done.revid,
                    page_id: done.page_id,
                };
                made.insert(n, made_here);
            }
            let names: BTreeSet<&str> = those().map(|(_, change)| change.user.as_str()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            for (name, id) in ids(&admins[usize::from(is_de)], &names).await? {
                accounts.insert((is_de, name), id);
            }
        }
        let made: Vec<Made> = made.into_values().collect();
        let id = |change: &Change| accounts.get(&(change.is_de, change.user.clone())).copied();
        let events = changes.iter().zip(&made);
        let events: Vec<Value> = events
            .map(|(change, made)| event(change, made, id(change).unwrap_or(0)))
            .collect();
        Ok((made, events))
    }

    /// `coi-report ingest` of made events, such as those of [`crate::links::edit`].
    pub async fn recorded(&self, events: &[Value]) -> Result<Run> {
        self.recording(events)?.run_ok().await
    }

    /// The same, not started yet: for a test that gives it a name server, or does something meanwhile.
    pub fn recording(&self, events: &[Value]) -> Result<Job> {
        let path = self.folder.join("events.jsonl");
        let text: String = events.iter().map(|event| format!("{event}\n")).collect();
        std::fs::write(&path, text)?;
        let path = path.to_str().context("the folder's name is no text")?;
        Ok(self.recorder(&["ingest", "--events", path]))
    }

    /// A new temporary account of a wiki, by its first edit; its name.
    pub async fn temporary(&self, wiki: &Wiki) -> Result<String> {
        let api = Api::anonymous(&wiki.api)?;
        let rev = api.edit(&self.own("Sandbox of somebody"), &seconds_ago(0), "").await?;
        let asked = [
            ("action", "query"),
            ("revids", &rev.to_string()),
            ("prop", "revisions"),
            ("rvprop", "user"),
        ];
        let answer = api.get(&asked).await?;
        let user = answer["query"]["pages"][0]["revisions"][0]["user"].as_str();
        user.map(str::to_owned).context("the edit is nobody's")
    }

    /// A name server said that hosts, which were added before, had these addresses, from yesterday until now.
    pub async fn servers(&self, hosts: &[(&str, &str)]) -> Result<()> {
        for (host, ip) in hosts {
            let host = self.hosts(host);
            let key: String = host.rsplit('.').map(|label| format!("{label}.")).collect();
            let sql = format!(
                "INSERT INTO host_ip SELECT host_id, INET6_ATON('{ip}'), UTC_TIMESTAMP() - INTERVAL 1 DAY, UTC_TIMESTAMP() \
                 FROM host WHERE rhost = '{key}'"
            );
            self.world.execute(&sql).await?;
        }
        Ok(())
    }
}

/// The numbers of accounts by name: a job takes a number with another name for an account that was renamed.
async fn ids(api: &Api, names: &[&str]) -> Result<Vec<(String, u64)>> {
    let mut ids = Vec::new();
    for names in names.chunks(50) {
        let names = names.join("|");
        let asked = [("action", "query"), ("list", "users"), ("ususers", names.as_str())];
        let answer = api.get(&asked).await?;
        let users = answer["query"]["users"].as_array().context("no users")?;
        let known = users
            .iter()
            .filter_map(|user| Some((user["name"].as_str()?.to_owned(), user["userid"].as_u64()?)));
        ids.extend(known);
    }
    Ok(ids)
}

fn event(change: &Change, made: &Made, user_id: u64) -> Value {
    json!({
        "type": "recorded-edit", "wiki": made.wiki, "database": if change.is_de { "dewiki" } else { "enwiki" },
        "rev_id": made.rev, "parent_id": made.rev - 1, "page_id": made.page_id, "page_namespace": 0,
        "page_title": change.title.replace(' ', "_"), "dt": change.at,
        "performer": {
            "user_text": change.user, "user_id": user_id,
            "user_is_temp": change.user.starts_with('~'), "user_is_bot": false,
            "user_edit_count": 3, "user_registration_dt": "2026-01-01T00:00:00Z",
        },
        "tags": [], "content_model": "wikitext", "parent_text": change.before, "text": change.text,
    })
}
