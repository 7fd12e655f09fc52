//! What a test looks at on a wiki: texts, histories, notifications, rendered pages.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::api::Api;

/// One revision of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revision {
    /// Its id.
    pub revid: u64,
    /// The id of the one before, 0 for the first.
    pub parent: u64,
    /// Who saved it; empty if hidden.
    pub user: String,
    /// The edit summary as stored; empty if hidden.
    pub summary: String,
    /// `2020-01-31T12:00:00Z`.
    pub time: String,
    /// Marked as minor.
    pub is_minor: bool,
    /// Change tags.
    pub tags: Vec<String>,
    /// The wikitext; empty if hidden.
    pub text: String,
}

/// One Echo notification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    /// Such as `mention` or `edit-user-talk`.
    pub kind: String,
    /// Whose action it tells of.
    pub agent: String,
    /// The page it is about.
    pub title: String,
    /// The revision it is about, 0 where there is none.
    pub revid: u64,
}

impl Api {
    /// What `prop=info` says of a page, with protection; `missing` is set where there is none.
    pub async fn info(&self, title: &str) -> Result<Value> {
        let params = [
            ("action", "query"),
            ("prop", "info"),
            ("inprop", "protection"),
            ("titles", title),
        ];
        Ok(self.get(&params).await?["query"]["pages"][0].take())
    }

    /// The page's id, `None` where there is no such page.
    pub async fn page_id(&self, title: &str) -> Result<Option<u64>> {
        Ok(self.info(title).await?["pageid"].as_u64())
    }

    /// The present wikitext, `None` where there is no such page.
    pub async fn text(&self, title: &str) -> Result<Option<String>> {
        Ok(self.history(title).await?.pop().map(|newest| newest.text))
    }

    /// The revisions of a page, oldest first; empty where there is no such page. The wiki gives the newest 50, to admins
    /// and bots the newest 500.
    pub async fn history(&self, title: &str) -> Result<Vec<Revision>> {
        let answer = self
            .get(&[
                ("action", "query"),
                ("prop", "revisions"),
                ("titles", title),
                ("rvprop", "ids|user|comment|timestamp|flags|tags|content"),
                ("rvslots", "main"),
                ("rvlimit", "max"),
            ])
            .await?;
        let revisions = answer["query"]["pages"][0]["revisions"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let read = |revision: &Value| Revision {
            revid: revision["revid"].as_u64().unwrap_or_default(),
            parent: revision["parentid"].as_u64().unwrap_or_default(),
            user: text(&revision["user"]),
            summary: text(&revision["comment"]),
            time: text(&revision["timestamp"]),
            is_minor: revision["minor"].as_bool().unwrap_or_default(),
            tags: revision["tags"].as_array().into_iter().flatten().map(text).collect(),
            text: text(&revision["slots"]["main"]["content"]),
        };
        Ok(revisions.iter().rev().map(read).collect())
    }

    /// Histories as text, for comparing and for snapshots: per page its revisions (who, summary) and its last text.
    pub async fn tell(&self, titles: &[&str]) -> Result<String> {
        let mut told = String::new();
        for title in titles {
            let history = self.history(title).await?;
            writeln!(told, "== {title} ({} revisions)", history.len())?;
            for revision in &history {
                writeln!(told, "* {}: {}", revision.user, revision.summary)?;
            }
            if let Some(newest) = history.last() {
                writeln!(told, "{}", newest.text)?;
            }
        }
        Ok(told)
    }

    /// Edits of a user (at most 500), newest first: title and summary.
    pub async fn contributions(&self, user: &str) -> Result<Vec<(String, String)>> {
        let params = [
            ("action", "query"),
            ("list", "usercontribs"),
            ("ucuser", user),
            ("uclimit", "500"),
            ("ucprop", "title|comment"),
        ];
        let answer = self.get(&params).await?;
        let list = answer["query"]["usercontribs"]
            .as_array()
            .context("no list of contributions")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(list
            .iter()
            .map(|edit| (text(&edit["title"]), text(&edit["comment"])))
            .collect())
    }

    /// The notifications of this session's user (at most 50), newest first.
    pub async fn notifications(&self) -> Result<Vec<Notification>> {
        let answer = self
            .get(&[
                ("action", "query"),
                ("meta", "notifications"),
                ("notprop", "list"),
                ("notlimit", "50"),
                ("notsections", "alert|message"),
                ("notformat", "model"),
            ])
            .await?;
        let list = answer["query"]["notifications"]["list"]
            .as_array()
            .context("no list of notifications")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut notifications: Vec<(u64, Notification)> = list
            .iter()
            .map(|note| {
                let read = Notification {
                    kind: text(&note["type"]),
                    agent: text(&note["agent"]["name"]),
                    title: text(&note["title"]["full"]),
                    revid: note["revid"].as_u64().unwrap_or_default(),
                };
                (
                    note["id"]
                        .as_u64()
                        .or_else(|| note["id"].as_str()?.parse().ok())
                        .unwrap_or_default(),
                    read,
                )
            })
            .collect();
        notifications.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        Ok(notifications.into_iter().map(|(_, note)| note).collect())
    }

    /// What the parser makes of a page: `prop` such as `text|links|templates|categories|externallinks|sections`.
    pub async fn parse_page(&self, title: &str, prop: &str) -> Result<Value> {
        Ok(self
            .get(&[("action", "parse"), ("page", title), ("prop", prop)])
            .await?["parse"]
            .take())
    }

    /// What the parser makes of a wikitext on a page of that title, without saving it.
    pub async fn parse_text(&self, title: &str, text: &str, prop: &str) -> Result<Value> {
        let params = [
            ("action", "parse"),
            ("title", title),
            ("text", text),
            ("contentmodel", "wikitext"),
            ("prop", prop),
        ];
        Ok(self.post(&params).await?["parse"].take())
    }

    /// The titles in a category (at most 500).
    pub async fn members(&self, category: &str) -> Result<Vec<String>> {
        let params = [
            ("action", "query"),
            ("list", "categorymembers"),
            ("cmtitle", category),
            ("cmlimit", "500"),
        ];
        let answer = self.get(&params).await?;
        let list = answer["query"]["categorymembers"]
            .as_array()
            .context("no list of members")?;
        Ok(list
            .iter()
            .filter_map(|page| page["title"].as_str())
            .map(str::to_owned)
            .collect())
    }
}
