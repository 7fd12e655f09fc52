//! The wikis of a run, opened when they are needed, and what all of them are judged by.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared::core::addition::NewUser;
use shared::core::hit::{ListEntry, Skip, WatchedDomain};
use shared::core::lists::List;
use shared::core::spamlist;
use shared::core::types::{RevId, Timestamp};
use shared::db::{Db, Fence, list};
use shared::job::Run;
use shared::wiki::Session;

use crate::judging::By;
use crate::reader::{Made, Reader, pages};
use crate::settings::Settings;

/// Readers that are held at once: each has its lists and patterns in memory.
const MOST: usize = 60;

/// Readers by the keys of their wikis.
pub struct Readers {
    open: BTreeMap<String, Reader>,
    /// When each was used last, by a counter.
    used: BTreeMap<String, u64>,
    /// Those that have older lists than the database.
    stale: BTreeSet<String>,
    clock: u64,
    settings: Settings,
    noticeboards: Vec<WatchedDomain>,
    skip: Skip,
    new_user: NewUser,
    revid: RevId,
    now: Timestamp,
    db: Db,
    job: &'static str,
    fence: Option<Fence>,
    /// Patterns, lines and pages that cannot be evaluated here, with the reason: for the status page.
    pub not_checked: BTreeMap<String, String>,
}

impl Readers {
    /// Reads what noticeboards of the run's own wiki speak of.
    pub async fn new(run: &Run<Settings>) -> anyhow::Result<Readers> {
        let settings = run.accepted.parsed.settings.clone();
        Readers::with(run, settings).await
    }

    /// As [`Readers::new`], by other settings than those of the run.
    pub async fn with(run: &Run<Settings>, settings: Settings) -> anyhow::Result<Readers> {
        let fence = run.fence();
        let now = run.clock.now();
        let site = run.session.site();
        let titles: Vec<String> = settings.noticeboards.iter().map(|title| site.prefixed(title)).collect();
        let mut noticeboards = Vec::new();
        let mut not_checked = BTreeMap::new();
        for page in pages(&run.session, &run.db, run.editor.job, &titles, now, fence.as_ref()).await? {
            let found = spamlist::noticeboard(&page.text, site, &settings.summary_templates, &settings.path_hosts);
            let found = match found {
                Ok(found) => found,
                Err(why) => {
                    not_checked.insert(page.title.clone(), why.to_string());
                    continue;
                }
            };
            noticeboards.extend(found.into_iter().map(|key| WatchedDomain {
                key,
                source: page.title.clone(),
                wiki: None,
            }));
        }
        Ok(Readers {
            open: BTreeMap::new(),
            used: BTreeMap::new(),
            stale: BTreeSet::new(),
            clock: 0,
            skip: settings.config.skip.clone(),
            new_user: settings.new_user,
            settings,
            noticeboards,
            revid: run.accepted.revid,
            now,
            db: run.db.clone(),
            job: run.editor.job,
            fence,
            not_checked,
        })
    }

    /// The reader of a session's wiki; made when there is none.
    pub async fn of(&mut self, session: &Session, namespaces: Option<&[i32]>) -> anyhow::Result<&mut Reader> {
        let key = session.wiki_id();
        self.clock += 1;
        self.used.insert(key.clone(), self.clock);
        let is_stale = self.stale.contains(&key);
        if is_stale || !self.open.contains_key(&key) {
            if self.open.len() >= MOST
                && let Some(oldest) = self.oldest()
            {
                self.open.remove(&oldest);
            }
            let reader = self.make(session, namespaces).await?;
            self.not_checked.extend(reader.not_checked.iter().cloned());
            self.open.insert(key.clone(), reader);
            self.stale.remove(&key);
        }
        self.open
            .get_mut(&key)
            .ok_or_else(|| anyhow::anyhow!("the reader of {key} is gone"))
    }

    fn oldest(&self) -> Option<String> {
        let age = |key: &&String| self.used.get(*key).copied().unwrap_or(0);
        self.open.keys().min_by_key(age).cloned()
    }

    async fn make(&self, session: &Session, namespaces: Option<&[i32]>) -> anyhow::Result<Reader> {
        let key = session.wiki_id();
        let entries = entries(&self.db, self.job, &key, self.now).await?;
        let made = Made {
            settings: &self.settings,
            entries,
            noticeboards: &self.noticeboards,
            now: self.now,
        };
        Reader::open(session.clone(), namespaces, &self.db, self.job, self.fence.as_ref(), made).await
    }

    /// The sessions of the wikis that are open.
    pub fn sessions(&self) -> HashMap<String, Session> {
        let sessions = self.open.iter().map(|(key, reader)| (key.clone(), reader.session.clone()));
        sessions.collect()
    }

    /// An open reader.
    pub fn known(&mut self, wiki: &str) -> Option<&mut Reader> {
        self.open.get_mut(wiki)
    }

    /// After an entry was put on a list: the next use of a reader makes it anew, with the lists as they are.
    pub fn lists_changed(&mut self) {
        self.stale.extend(self.open.keys().cloned());
    }

    /// What edits are judged by.
    pub fn by(&self) -> OwnedBy {
        OwnedBy {
            skip: self.skip.clone(),
            new_user: self.new_user,
            settings: self.revid,
        }
    }
}

/// [`By`], to be kept while readers are used.
pub struct OwnedBy {
    skip: Skip,
    new_user: NewUser,
    settings: RevId,
}

impl OwnedBy {
    /// To be judged by.
    pub fn as_ref(&self) -> By<'_> {
        By {
            skip: &self.skip,
            new_user: self.new_user,
            settings: self.settings,
        }
    }
}

/// The entries of the lists that count on a wiki now.
pub async fn entries(db: &Db, job: &'static str, wiki: &str, now: Timestamp) -> anyhow::Result<Vec<ListEntry>> {
    let rows = db.read_if_there(async |db| list::all_for(db, job, wiki).await).await?;
    let is_over = |expires: Option<Timestamp>| expires.is_some_and(|expires| expires <= now);
    Ok(rows
        .into_iter()
        .filter(|row| !is_over(row.expires))
        .filter_map(entry)
        .collect())
}

/// An entry as it is matched; `None` for a list that is not known.
pub fn entry(row: list::Row) -> Option<ListEntry> {
    Some(ListEntry {
        list: List::of_command(&row.list)?,
        user: row.user,
        string: row.page,
        by: row.by,
        added: row.at,
        reason: row.reason,
        expires: row.expires,
        wiki: Some(row.wiki).filter(|wiki| wiki != list::EVERY_WIKI),
        auto: row.auto,
    })
}
