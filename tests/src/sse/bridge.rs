//! From the recent changes of a sandbox wiki to the events that Wikimedia's streams would have told of them, so that a
//! job meets the same edits either way.
//!
//! The links are those of the wiki's own parser, of each revision and of its parent.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{LINKS_CHANGE, RECENT_CHANGE};
use crate::api::Api;

/// Makes events of the recent changes of one wiki.
pub struct Bridge<'a> {
    /// Who asks: sees what this user may see.
    pub api: &'a Api,
    /// Host and port of the wiki, as the job knows it (a proxy has a port of its own).
    pub domain: String,
    /// What the wiki's database is called.
    pub dbname: String,
    /// Whether there are also events of links.
    pub with_links: bool,
}

impl Bridge<'_> {
    /// The events of all edits, moves and the like since a time (`2027-01-31T12:00:00Z`), oldest first; `wanted` says
    /// of which titles. Those of links come behind those of edits, as they do.
    pub async fn events(&self, since: &str, wanted: impl Fn(&str) -> bool) -> Result<Vec<(&'static str, Value)>> {
        let mut changes = self.changes(since).await?;
        changes.retain(|change| wanted(change["title"].as_str().unwrap_or_default()));
        let people = self.people(&changes).await?;
        let mut links: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        let mut events = Vec::new();
        for change in &changes {
            events.push((RECENT_CHANGE, self.recent_change(change)));
            let is_edit = matches!(change["type"].as_str(), Some("edit" | "new"));
            if !self.with_links || !is_edit {
                continue;
            }
            let [new, old] = ["revid", "old_revid"].map(|key| change[key].as_u64().unwrap_or(0));
            for rev in [new, old] {
                if let Entry::Vacant(place) = links.entry(rev) {
                    place.insert(self.links_of(rev).await?);
                }
            }
            let [came, went] = [(new, old), (old, new)].map(|(a, b)| links[&a].difference(&links[&b]));
            let (came, went): (Vec<&String>, Vec<&String>) = (came.collect(), went.collect());
            if !came.is_empty() || !went.is_empty() {
                let event = self.links_change(change, &came, &went, people.get(name_of(change)));
                events.push((LINKS_CHANGE, event));
            }
        }
        Ok(events)
    }

    async fn changes(&self, since: &str) -> Result<Vec<Value>> {
        let mut changes = Vec::new();
        let mut continued: Option<String> = None;
        loop {
            let mut asked = vec![
                ("action", "query"),
                ("list", "recentchanges"),
                (
                    "rcprop",
                    "ids|title|user|userid|timestamp|comment|sizes|flags|loginfo|tags",
                ),
                ("rctype", "edit|new|log"),
                ("rcdir", "newer"),
                ("rcstart", since),
                ("rclimit", "max"),
            ];
            if let Some(place) = &continued {
                asked.push(("rccontinue", place));
            }
            let mut answer = self.api.get(&asked).await?;
            let more = answer["query"]["recentchanges"]
                .as_array_mut()
                .context("no recent changes")?;
            changes.append(more);
            match answer["continue"]["rccontinue"].as_str() {
                Some(place) => continued = Some(place.to_owned()),
                None => return Ok(changes),
            }
        }
    }

    /// What `list=users` says of the accounts.
    async fn people(&self, changes: &[Value]) -> Result<BTreeMap<String, Value>> {
        let names: BTreeSet<&str> = changes.iter().map(name_of).filter(|name| !name.is_empty()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let mut people = BTreeMap::new();
        for some in names.chunks(50) {
            let asked = [
                ("action", "query"),
                ("list", "users"),
                ("usprop", "editcount|registration|groups"),
                ("ususers", &some.join("|")),
            ];
            let answer = self.api.get(&asked).await?;
            for user in answer["query"]["users"].as_array().context("no users")? {
                people.insert(user["name"].as_str().unwrap_or_default().to_owned(), user.clone());
            }
        }
        Ok(people)
    }

    /// The external links that the wiki's parser finds in a revision; none where its text is hidden or gone.
    async fn links_of(&self, rev: u64) -> Result<BTreeSet<String>> {
        if rev == 0 {
            return Ok(BTreeSet::new());
        }
        let id = rev.to_string();
        let asked = [("action", "parse"), ("oldid", &id), ("prop", "externallinks")];
        let Ok(answer) = self.api.get(&asked).await else {
            return Ok(BTreeSet::new());
        };
        let links = answer["parse"]["externallinks"].as_array().context("no links")?;
        Ok(links
            .iter()
            .filter_map(|link| link.as_str().map(str::to_owned))
            .collect())
    }

    fn recent_change(&self, change: &Value) -> Value {
        let host = &self.domain;
        let time = change["timestamp"].as_str().unwrap_or_default();
        let seconds = chrono::DateTime::parse_from_rfc3339(time).map_or(0, |time| time.timestamp());
        let mut event = json!({
            "$schema": "/mediawiki/recentchange/1.0.1", "meta": self.meta(change),
            "id": change["rcid"], "type": change["type"], "namespace": change["ns"], "title": change["title"],
            "title_url": format!("http://{host}/wiki/X"), "comment": change["comment"], "timestamp": seconds,
            "bot": change["bot"], "minor": change["minor"], "patrolled": false,
            "notify_url": format!("http://{host}/w/index.php?diff={}", change["revid"]),
            "server_url": format!("http://{host}"), "server_name": host, "server_script_path": "/w",
            "wiki": self.dbname, "parsedcomment": change["comment"],
        });
        // Who is hidden by now is not named.
        if let Some(user) = change["user"].as_str() {
            event["user"] = json!(user);
        }
        match change["type"].as_str() {
            Some("log") => {
                event["log_id"] = change["logid"].clone();
                event["log_type"] = change["logtype"].clone();
                event["log_action"] = change["logaction"].clone();
            }
            _ => {
                let of = |key: &str| change[key].as_u64().filter(|n| *n > 0);
                event["length"] = json!({ "old": of("oldlen"), "new": change["newlen"] });
                event["revision"] = json!({ "old": of("old_revid"), "new": change["revid"] });
            }
        }
        event
    }

    fn links_change(&self, change: &Value, came: &[&String], went: &[&String], person: Option<&Value>) -> Value {
        let list = |links: &[&String]| -> Vec<Value> {
            let link = |link: &&String| json!({ "link": encoded_again(link), "external": true });
            links.iter().map(link).collect()
        };
        let mut event = json!({
            "$schema": "/mediawiki/page/links-change/1.0.0", "meta": self.meta(change), "database": self.dbname,
            "page_id": change["pageid"], "page_title": change["title"].as_str().unwrap_or_default().replace(' ', "_"),
            "page_namespace": change["ns"], "page_is_redirect": false, "rev_id": change["revid"],
        });
        if let Some(user) = change["user"].as_str() {
            event["performer"] = json!({
                "user_text": user, "user_groups": ["*"], "user_is_bot": change["bot"],
            });
            if let Some(id) = change["userid"].as_u64().filter(|id| *id > 0) {
                event["performer"]["user_id"] = json!(id);
            }
            if let Some(person) = person {
                let facts = [
                    ("groups", "user_groups"),
                    ("registration", "user_registration_dt"),
                    ("editcount", "user_edit_count"),
                ];
                for (from, to) in facts.into_iter().filter(|(from, _)| !person[*from].is_null()) {
                    event["performer"][to] = person[from].clone();
                }
            }
        }
        for (key, links) in [("added_links", list(came)), ("removed_links", list(went))] {
            if !links.is_empty() {
                event[key] = json!(links);
            }
        }
        event
    }

    fn meta(&self, change: &Value) -> Value {
        let id = format!("{}-{}", self.dbname, change["rcid"]);
        json!({
            "domain": self.domain, "dt": change["timestamp"], "id": id, "request_id": id,
            "uri": format!("http://{}/wiki/X", self.domain),
        })
    }
}

fn name_of(change: &Value) -> &str {
    change["user"].as_str().unwrap_or_default()
}

/// The same events without the performer, as after an edit to a template or by maintenance.
pub fn without_performer(mut event: Value) -> Value {
    if let Some(event) = event.as_object_mut() {
        event.remove("performer");
    }
    event
}

/// An address as events of links write it: encoded once more on top of what it is.
pub fn encoded_again(address: &str) -> String {
    let mut out = String::with_capacity(address.len() + 16);
    for byte in address.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.:/;@$!*(),~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
