//! What gathering works with in a run: database, settings, the wiki of the reports, and other wikis, to which sessions are
//! opened as they are needed and kept. A wiki that fails once is not asked again in the run.

use std::collections::HashMap;

use shared::core::types::Timestamp;
use shared::db::{Db, Fence};
use shared::others::Others;
use shared::wiki::{Session, matrix, wiki_id_of};
use tokio::sync::Mutex;

use crate::asks::home_key;
use crate::model::Reach;
use crate::settings::{Place, Settings};

/// What gathering works with.
pub struct Context<'a> {
    /// The database.
    pub db: &'a Db,
    /// The settings of the run.
    pub settings: &'a Settings,
    /// The wiki of the reports.
    pub here: &'a Session,
    /// Its key.
    pub home: String,
    /// Key of the wiki under which requests, hits, lists and notes are kept: that of the home of the reports, which may be
    /// another one.
    pub records: String,
    /// How other wikis are reached.
    pub others: &'a Others,
    /// With which what wikis hide is erased, and names are changed, in the database; `None`: the database stays as it is.
    pub fence: Option<Fence>,
    /// The present moment.
    pub now: Timestamp,
    /// Prefixes that lead from here to other wikis, with the addresses they stand for, by prefix.
    prefixes: Vec<(String, String)>,
    /// Accounts that were asked for.
    pub(super) accounts: super::accounts::Kept,
    /// Lists and list pages that were read.
    pub(super) entries: super::entries::Kept,
    /// Sessions by wiki; `None`: it could not be asked.
    sessions: Mutex<HashMap<String, Option<Session>>>,
}

impl<'a> Context<'a> {
    /// Asks the wiki for its prefixes to others, one request. Errs where it does not answer.
    pub async fn new(
        db: &'a Db,
        settings: &'a Settings,
        here: &'a Session,
        others: &'a Others,
        fence: Option<Fence>,
        now: Timestamp,
    ) -> anyhow::Result<Context<'a>> {
        let mut prefixes = matrix::interwiki(here).await?;
        // A link goes to the wiki's own namespace of that name first.
        prefixes.retain(|(prefix, _)| here.site().namespace_id(prefix).is_none());
        let home = here.wiki_id();
        Ok(Context {
            db,
            settings,
            here,
            records: home_key(settings, &home),
            home,
            others,
            fence,
            now,
            prefixes,
            accounts: super::accounts::Kept::default(),
            entries: super::entries::Kept::default(),
            sessions: Mutex::default(),
        })
    }

    /// How pages of a wiki (its key) are linked from here.
    pub fn reach(&self, wiki_key: &str) -> Reach {
        match wiki_key == self.home {
            true => Reach::Here,
            false => prefix(&self.prefixes, &self.home, wiki_key).map_or(Reach::None, Reach::Prefix),
        }
    }

    /// A session on a wiki, by its key; `None`: it cannot be asked in this run.
    pub async fn session(&self, wiki_key: &str) -> Option<Session> {
        if wiki_key == self.home {
            return Some(self.here.clone());
        }
        let mut sessions = self.sessions.lock().await;
        if let Some(known) = sessions.get(wiki_key) {
            return known.clone();
        }
        let session = match self.others.open(&self.api_of(wiki_key)).await {
            Ok(session) => Some(session),
            Err(error) => {
                tracing::warn!("{wiki_key}: {error:#}; its pages are not looked at in this run");
                None
            }
        };
        sessions.insert(wiki_key.to_owned(), session.clone());
        session
    }

    /// Notes that a wiki failed: it is not asked again in this run.
    pub async fn give_up(&self, wiki_key: &str, error: &dyn std::fmt::Display) {
        tracing::warn!("{wiki_key}: {error}; its pages are not looked at in this run");
        self.sessions.lock().await.insert(wiki_key.to_owned(), None);
    }

    /// The settings know the address of a target; a key is any other's without scheme and script.
    fn api_of(&self, wiki_key: &str) -> String {
        let targets = self.settings.targets.iter().filter_map(|target| match &target.place {
            Place::Api(api) => Some(api),
            Place::Here => None,
        });
        let mut same = targets.filter(|api| wiki_id_of(api, &[]).is_ok_and(|key| key == wiki_key));
        let scheme = match self.here.site().server().starts_with("http://") {
            true => "http",
            false => "https",
        };
        same.next()
            .cloned()
            .unwrap_or_else(|| format!("{scheme}://{wiki_key}/api.php"))
    }
}

/// The shortest prefix that leads to the wiki: by host and script path, else by host alone, unless this wiki has the same
/// host. `de` rather than `wikipedia-de`.
fn prefix(prefixes: &[(String, String)], home: &str, wiki_key: &str) -> Option<String> {
    let host_of = |key: &str| key.split('/').next().unwrap_or_default().to_owned();
    let wiki_host = host_of(wiki_key);
    let mut found: Vec<(bool, usize, &str)> = Vec::new();
    for (prefix, url) in prefixes {
        let rest = url.split_once("//").map_or(url.as_str(), |(_, rest)| rest);
        // Only addresses of pages: not those of a search.
        let is_page = rest.ends_with("$1") && !rest.trim_end_matches("$1").contains("?search");
        if !is_page || prefix.contains(char::is_whitespace) || host_of(rest) != wiki_host {
            continue;
        }
        let is_below = rest.strip_prefix(wiki_key).is_some_and(|more| more.starts_with('/'));
        if is_below || wiki_host != host_of(home) {
            found.push((!is_below, prefix.len(), prefix));
        }
    }
    found.sort_unstable();
    found.first().map(|(_, _, prefix)| (*prefix).to_owned())
}

#[cfg(test)]
#[path = "context_tests.rs"]
mod tests;
