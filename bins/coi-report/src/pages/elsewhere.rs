//! Other wikis than that of the pages: by which prefix they are linked, and how they are looked at.

use std::collections::HashMap;

use shared::job::Run;
use shared::wiki::{Error, Phase, Session, matrix, wiki_id_of};
use tokio::sync::Mutex;

use crate::settings::{Place, Publish, Settings, Wikis};

/// What is known of other wikis, by their keys.
#[derive(Default)]
pub struct Elsewhere {
    /// Interwiki prefixes that the settings give, such as `de` or `w:de`.
    prefixes: HashMap<String, String>,
    /// The same by host, where they had to be asked for.
    hosts: HashMap<String, String>,
    /// Addresses of `api.php`.
    apis: HashMap<String, String>,
    /// Sessions; `None`: it could not be opened.
    sessions: Mutex<HashMap<String, Option<Session>>>,
}

impl Elsewhere {
    /// From the settings and the sessions that are `open`. Which prefixes lead to other wikis is asked of the wiki where
    /// the settings do not say it and pages are written. Errs when it does not answer.
    pub async fn new(run: &Run<Settings>, open: HashMap<String, Session>) -> anyhow::Result<Elsewhere> {
        let settings = &run.accepted.parsed.settings;
        let mut elsewhere = Elsewhere::by(settings);
        if settings.publish == Publish::Pages {
            elsewhere.ask(&run.session, settings).await?;
        }
        let open = open.into_iter().map(|(key, session)| (key, Some(session)));
        elsewhere.sessions = Mutex::new(open.collect());
        Ok(elsewhere)
    }

    /// What the settings say of other wikis.
    pub fn by(settings: &Settings) -> Elsewhere {
        let mut elsewhere = Elsewhere::default();
        let Wikis::List(list) = &settings.wikis else {
            return elsewhere;
        };
        for watched in list {
            let Place::Api(api) = &watched.place else { continue };
            let Ok(key) = wiki_id_of(api, &[]) else { continue };
            if let Some(prefix) = &watched.prefix {
                elsewhere.prefixes.insert(key.clone(), prefix.clone());
            }
            elsewhere.apis.insert(key, api.clone());
        }
        elsewhere
    }

    /// Asks the pages' wiki for prefixes, unless the settings give all of them. Errs when it does not answer.
    pub async fn ask(&mut self, session: &Session, settings: &Settings) -> Result<(), Error> {
        let is_missing = match &settings.wikis {
            Wikis::All => true,
            Wikis::List(_) => self.apis.keys().any(|key| !self.prefixes.contains_key(key)),
        };
        if is_missing {
            session.count_as(Phase::Mentor);
            self.hosts = hosts(matrix::interwiki(session).await?);
        }
        Ok(())
    }

    /// The address of a wiki's `api.php`.
    pub fn api(&self, wiki: &str) -> String {
        // The key is the address without scheme and script.
        let by_key = || format!("https://{wiki}/api.php");
        self.apis.get(wiki).cloned().unwrap_or_else(by_key)
    }

    /// With these prefixes, by key.
    #[cfg(test)]
    pub fn with_prefixes(prefixes: &[(&str, &str)]) -> Elsewhere {
        let prefixes = prefixes
            .iter()
            .map(|(key, prefix)| ((*key).to_owned(), (*prefix).to_owned()));
        Elsewhere {
            prefixes: prefixes.collect(),
            ..Elsewhere::default()
        }
    }

    /// The prefix by which the pages' wiki links to this one; `None`: its pages and users are named without links.
    pub fn prefix(&self, wiki: &str) -> Option<&str> {
        let host = wiki.split('/').next().unwrap_or(wiki);
        self.prefixes
            .get(wiki)
            .or_else(|| self.hosts.get(host))
            .map(String::as_str)
    }

    /// A session on this wiki; `None`: it cannot be looked at in this run.
    pub async fn session(&self, run: &Run<Settings>, wiki: &str) -> Option<Session> {
        if wiki == run.wiki {
            return Some(run.session.clone());
        }
        let mut sessions = self.sessions.lock().await;
        if let Some(known) = sessions.get(wiki) {
            return known.clone();
        }
        let session = match run.others.open(&self.api(wiki)).await {
            Ok(session) => Some(session),
            Err(error) => {
                tracing::warn!("{wiki}: {error:#}; lines about its edits wait");
                None
            }
        };
        sessions.insert(wiki.to_owned(), session.clone());
        session
    }
}

/// The shortest prefix of each host: `de` rather than `wikipedia-de`.
fn hosts(interwiki: Vec<(String, String)>) -> HashMap<String, String> {
    let mut hosts: HashMap<String, String> = HashMap::new();
    for (prefix, url) in interwiki {
        let rest = url.split_once("//").map_or(url.as_str(), |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        // Only addresses of pages: not those of a search or a redirect.
        if host.is_empty() || !path.ends_with("$1") || path.contains('?') || prefix.contains(char::is_whitespace) {
            continue;
        }
        let known = hosts.entry(host.to_owned()).or_insert_with(|| prefix.clone());
        if (prefix.len(), &prefix) < (known.len(), known) {
            *known = prefix;
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::hosts;

    #[test]
    fn the_shortest_prefix_of_a_page_address() {
        let map = [
            ("wikipedia-de", "https://de.wikipedia.org/wiki/$1"),
            ("de", "https://de.wikipedia.org/wiki/$1"),
            ("google", "https://www.google.com/search?q=$1"),
            ("x", "//meta.example.org/w/index.php?title=$1"),
        ];
        let found = hosts(map.map(|(prefix, url)| (prefix.to_owned(), url.to_owned())).to_vec());
        assert_eq!(found.len(), 1);
        assert_eq!(found["de.wikipedia.org"], "de");
    }
}
