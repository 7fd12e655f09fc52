//! What is known of the authors on whom a hit's fate depends. Local figures come many in one request; the global account
//! is asked for only where they settle nothing, since that is one request for each name. Answers hold for the run, and
//! those about global accounts for a day, kept without names.
//! <https://www.mediawiki.org/wiki/API:Globaluserinfo>

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::core::addition::realm_of;
use shared::core::hit::UserFacts;
use shared::core::intent::token;
use shared::core::types::{RevId, Timestamp};
use shared::db::source_page::{self, Page};
use shared::db::{Db, Fence};
use shared::wiki::{Session, people};

/// Under this title of a realm's list pages the answers are kept.
const TITLE: &str = "#people";
/// So long an answer about a global account is good.
const GOOD: TimeDelta = TimeDelta::hours(24);
/// Answers about global accounts that are kept, the newest.
const KEPT: usize = 5_000;
/// Local accounts that are remembered in a run; then it begins anew.
const LOCAL: usize = 20_000;

/// The answers of a run. Clones are the same one.
#[derive(Clone)]
pub struct Accounts {
    known: Arc<Mutex<Known>>,
    db: Db,
    job: &'static str,
    now: Timestamp,
}

#[derive(Default)]
struct Known {
    /// By the wiki's key and the name; `None`: it has no such account.
    local: HashMap<(String, String), Option<UserFacts>>,
    realms: HashMap<String, Realm>,
}

/// Global accounts of wikis that share them, by [`hidden`] names.
#[derive(Default)]
struct Realm {
    answers: BTreeMap<String, Answer>,
    is_changed: bool,
}

/// What was answered about a global account.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Answer {
    at: Timestamp,
    /// Edits, the moment it was made, groups; `None`: there is no such account.
    of: Option<(Option<u64>, Option<Timestamp>, Vec<String>)>,
}

impl Answer {
    fn facts(&self) -> Option<UserFacts> {
        let (edits, registered, groups) = self.of.clone()?;
        Some(UserFacts {
            edits,
            registered,
            groups,
            is_global: true,
        })
    }
}

/// A name as it is kept: whoever reads the table learns no names from it, and nothing is left of who is renamed.
fn hidden(realm: &str, name: &str) -> String {
    token("coi-report", realm, name)
}

impl Accounts {
    /// Without any answer.
    pub fn new(db: &Db, job: &'static str, now: Timestamp) -> Accounts {
        Accounts {
            known: Arc::default(),
            db: db.clone(),
            job,
            now,
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Whoever failed while writing left whole entries.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of these accounts, by name, as [`people::local`]; where the wiki shares its accounts with others,
    /// with the global figures of those for whom `is_enough` says no to the local ones. Errs where wiki or database do.
    pub async fn facts(
        &self,
        session: &Session,
        names: &[&str],
        is_enough: impl Fn(&str, &UserFacts) -> bool,
    ) -> anyhow::Result<HashMap<String, UserFacts>> {
        let mut facts = self.local(session, names).await.context("asking for accounts")?;
        if !people::has_global(session) {
            return Ok(facts);
        }
        let open = facts.iter_mut().filter(|(name, facts)| !is_enough(name, facts));
        let open: BTreeMap<&String, &mut UserFacts> = open.collect();
        if open.is_empty() {
            return Ok(facts);
        }
        let realm = realm_of(&session.wiki_id());
        self.load(&realm).await?;
        for (name, facts) in open {
            if let Some(global) = self.global(session, &realm, name).await? {
                *facts = people::joined(facts, &global);
            }
        }
        Ok(facts)
    }

    async fn local(&self, session: &Session, names: &[&str]) -> anyhow::Result<HashMap<String, UserFacts>> {
        let wiki = session.wiki_id();
        let key = |name: &str| (wiki.clone(), name.to_owned());
        let unknown = {
            let mut known = self.known();
            if known.local.len() > LOCAL {
                known.local.clear();
            }
            let names = names.iter().copied();
            names
                .filter(|name| !known.local.contains_key(&key(name)))
                .collect::<Vec<_>>()
        };
        let mut found = match unknown.is_empty() {
            true => HashMap::new(),
            false => people::local(session, &unknown).await?,
        };
        let mut known = self.known();
        for name in unknown {
            known.local.insert(key(name), found.remove(name));
        }
        let of = |name: &&str| Some(((*name).to_owned(), known.local.get(&key(name))?.clone()?));
        Ok(names.iter().filter_map(of).collect())
    }

    async fn global(&self, session: &Session, realm: &str, name: &str) -> anyhow::Result<Option<UserFacts>> {
        let key = hidden(realm, name);
        let known = self
            .known()
            .realms
            .get(realm)
            .and_then(|realm| realm.answers.get(&key))
            .cloned();
        if let Some(answer) = known {
            return Ok(answer.facts());
        }
        let global = people::global(session, name)
            .await
            .context("asking for a global account")?;
        let of = global
            .clone()
            .map(|facts| (facts.edits, facts.registered, facts.groups));
        let mut known = self.known();
        let realm = known.realms.entry(realm.to_owned()).or_default();
        realm.answers.insert(key, Answer { at: self.now, of });
        realm.is_changed = true;
        Ok(global)
    }

    /// What earlier runs were told about a realm, once in a run.
    async fn load(&self, realm: &str) -> anyhow::Result<()> {
        if self.known().realms.contains_key(realm) {
            return Ok(());
        }
        let answers = self.stored(realm).await?;
        let realm = realm.to_owned();
        self.known().realms.entry(realm).or_default().answers.extend(answers);
        Ok(())
    }

    /// Answers in the database that are still good.
    async fn stored(&self, realm: &str) -> anyhow::Result<BTreeMap<String, Answer>> {
        let job = self.job;
        let page = self
            .db
            .read_if_there(async |db| source_page::get(db, job, realm, TITLE).await)
            .await?;
        // What another version wrote is asked for anew.
        let answers: BTreeMap<String, Answer> = page
            .and_then(|page| serde_json::from_slice(&page.body).ok())
            .unwrap_or_default();
        let is_good = |answer: &Answer| self.now - answer.at < GOOD;
        Ok(answers.into_iter().filter(|(_, answer)| is_good(answer)).collect())
    }

    /// Keeps what this run was told for those of the next day. Errs as the database does.
    pub async fn save(&self, fence: &Fence) -> anyhow::Result<()> {
        let changed: Vec<(String, BTreeMap<String, Answer>)> = {
            let mut known = self.known();
            let changed = known.realms.iter_mut().filter_map(|(name, realm)| {
                let is_changed = std::mem::take(&mut realm.is_changed);
                is_changed.then(|| (name.clone(), realm.answers.clone()))
            });
            changed.collect()
        };
        for (realm, told) in changed {
            // Other parts of a divided run keep theirs, too.
            let mut answers = self.stored(&realm).await?;
            answers.extend(told);
            let page = Page {
                title: TITLE.to_owned(),
                revid: RevId(0),
                checked: self.now,
                body: serde_json::to_vec(&newest(answers))?,
                wiki: realm,
            };
            self.db
                .fenced(fence, "keeping what is known of accounts", async |tx| {
                    source_page::put(tx, &page).await
                })
                .await?;
        }
        Ok(())
    }
}

/// As many as are kept.
fn newest(answers: BTreeMap<String, Answer>) -> BTreeMap<String, Answer> {
    let mut answers: Vec<(String, Answer)> = answers.into_iter().collect();
    answers.sort_by_key(|(_, answer)| std::cmp::Reverse(answer.at));
    answers.truncate(KEPT);
    answers.into_iter().collect()
}

#[cfg(test)]
#[path = "accounts_tests.rs"]
mod tests;
