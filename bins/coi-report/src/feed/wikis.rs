//! The wikis of edits as feeds need them: what they hide by now, how their pages are addressed. A session is opened when
//! it is needed and kept; a wiki that does not answer is left alone for a while, so that it does not hold up the others.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use shared::clock::Clock;
use shared::core::change::Revision;
use shared::core::types::{RevId, Timestamp};
use shared::feeds::Ground;
use shared::others::Others;
use shared::wiki::{Error, Phase, Session, revisions};

use crate::pages::{Elsewhere, hides};
use crate::settings::Settings;

/// So long a wiki that did not answer is not asked again.
const PAUSE: TimeDelta = TimeDelta::seconds(60);
/// So long a wiki may take for one answer, repetitions included.
const PATIENCE: Duration = Duration::from_secs(10);
/// Script paths of wikis whose keys are no addresses.
const SCRIPT: &str = "/w/index.php";

/// How pages of a wiki are named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// What stands before the colon of a link, as COIBot's `en`.
    pub lang: String,
    /// Full address of `index.php`.
    pub index: String,
}

/// The wikis.
pub struct Wikis {
    home: String,
    session: Session,
    settings: std::sync::Arc<Settings>,
    others: Others,
    clock: Clock,
    elsewhere: Option<Elsewhere>,
    open: HashMap<String, Session>,
    addresses: HashMap<String, Address>,
    /// Since when, and why.
    failed: HashMap<String, (Timestamp, String)>,
}

impl Wikis {
    /// None is asked yet.
    pub fn new(ground: &Ground<Settings>) -> Wikis {
        Wikis {
            home: ground.wiki.clone(),
            session: ground.session.clone(),
            settings: ground.settings.clone(),
            others: ground.others.clone(),
            clock: ground.clock,
            elsewhere: None,
            open: HashMap::new(),
            addresses: HashMap::new(),
            failed: HashMap::new(),
        }
    }

    /// Those of these edits that may be told of, as the wiki has them now: neither text, summary nor author is hidden, and
    /// the page is not deleted. Errs, in words for people, when the wiki does not answer.
    pub async fn visible(&mut self, wiki: &str, revs: &[RevId]) -> Result<HashMap<RevId, Revision>, String> {
        let mut found = self.found(wiki, revs).await?;
        found.retain(|_, revision| is_visible(revision));
        Ok(found)
    }

    /// Those of these edits that the wiki has now, also what is not [`is_visible`]. Errs as [`Wikis::visible`] does.
    pub async fn found(&mut self, wiki: &str, revs: &[RevId]) -> Result<HashMap<RevId, Revision>, String> {
        let asked = async |wikis: &mut Wikis| {
            let session = wikis.session(wiki).await?;
            session.count_as(Phase::Safety);
            Ok(revisions(&session, revs, false).await?)
        };
        self.answered(wiki, asked).await
    }

    /// How pages of this wiki are named. Errs as [`Wikis::visible`] does.
    pub async fn address(&mut self, wiki: &str) -> Result<Address, String> {
        if let Some(known) = self.addresses.get(wiki) {
            return Ok(known.clone());
        }
        let asked = async |wikis: &mut Wikis| {
            let session = wikis.session(wiki).await?;
            let index = index(&session).await?;
            let lang = match wiki == wikis.home {
                true => session.site().lang().to_owned(),
                false => wikis.prefix(wiki).await?,
            };
            Ok(Address { lang, index })
        };
        let address = self.answered(wiki, asked).await?;
        self.addresses.insert(wiki.to_owned(), address.clone());
        Ok(address)
    }

    /// Asks, and remembers who did not answer.
    async fn answered<T>(
        &mut self,
        wiki: &str,
        ask: impl AsyncFnOnce(&mut Wikis) -> anyhow::Result<T>,
    ) -> Result<T, String> {
        let now = self.clock.now();
        if let Some((_, why)) = self.failed.get(wiki).filter(|(since, _)| now - *since < PAUSE) {
            return Err(why.clone());
        }
        // Lines of all feeds wait for it, also those of wikis that answer.
        let asked = tokio::time::timeout(PATIENCE, ask(self)).await;
        match asked.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within {} s", PATIENCE.as_secs()))) {
            Ok(answer) => {
                self.failed.remove(wiki);
                Ok(answer)
            }
            Err(error) => {
                let why = format!("{wiki} does not answer: {error:#}");
                // Perhaps a new session helps.
                self.open.remove(wiki);
                self.failed.insert(wiki.to_owned(), (now, why.clone()));
                Err(why)
            }
        }
    }

    async fn session(&mut self, wiki: &str) -> anyhow::Result<Session> {
        if wiki == self.home {
            return Ok(self.session.clone());
        }
        if let Some(open) = self.open.get(wiki) {
            return Ok(open.clone());
        }
        let api = Elsewhere::by(&self.settings).api(wiki);
        let session = self.others.open(&api).await?;
        self.open.insert(wiki.to_owned(), session.clone());
        Ok(session)
    }

    /// The interwiki prefix, else the host.
    async fn prefix(&mut self, wiki: &str) -> anyhow::Result<String> {
        let elsewhere = match &mut self.elsewhere {
            Some(known) => known,
            None => {
                let mut elsewhere = Elsewhere::by(&self.settings);
                elsewhere.ask(&self.session, &self.settings).await?;
                self.elsewhere.insert(elsewhere)
            }
        };
        let host = wiki.split('/').next().unwrap_or(wiki);
        Ok(elsewhere.prefix(wiki).unwrap_or(host).to_owned())
    }
}

/// Whether neither text, summary nor author is hidden.
pub fn is_visible(revision: &Revision) -> bool {
    hides(revision).is_none() && revision.user.is_some()
}

/// The address of `index.php`: the server as the wiki names it to its readers, and the path of the API, which lies beside
/// it. <https://www.mediawiki.org/wiki/Manual:$wgScriptPath>
async fn index(session: &Session) -> Result<String, Error> {
    let server = session.site().server();
    let server = match server.strip_prefix("//") {
        Some(host) => format!("https://{host}"),
        None => server.to_owned(),
    };
    let key = session.wiki_id();
    let path = key.strip_prefix(session.host());
    let script = match path.filter(|path| path.is_empty() || path.starts_with('/')) {
        Some(path) => format!("{path}/index.php"),
        // The operator gave the wiki a name of its own.
        None => {
            session.count_as(Phase::Mentor);
            let answer = session.get(&[("meta", "siteinfo"), ("siprop", "general")]).await?;
            let script = answer["query"]["general"]["script"].as_str();
            script.unwrap_or(SCRIPT).to_owned()
        }
    };
    Ok(format!("{server}{script}"))
}
