//! The wikis of a run, opened when they are needed, and what all of them are judged by.

use std::collections::{BTreeMap, HashMap};

use shared::core::addition::NewUser;
use shared::core::hit::{Judge, ListEntry, NotChecked, Skip, Watched, WatchedDomain};
use shared::core::lists::List;
use shared::core::spamlist;
use shared::core::types::{RevId, Timestamp};
use shared::db::{Db, Fence, list};
use shared::job::Run;
use shared::wiki::Session;

use crate::accounts::Accounts;
use crate::judging::By;
use crate::one_judge::OneJudge;
use crate::reader::{Made, Reader, pages};
use crate::settings::Settings;

/// Readers that are held at once: each has the lines of its blacklist in memory.
const MOST: usize = 60;

/// Readers by the keys of their wikis.
pub struct Readers {
    open: BTreeMap<String, Reader>,
    /// When each was used last, by a counter.
    used: BTreeMap<String, u64>,
    clock: u64,
    settings: Settings,
    judge: OneJudge,
    /// The judge's lists are older than the database's.
    is_stale: bool,
    accounts: Accounts,
    skip: Skip,
    new_user: NewUser,
    revid: RevId,
    now: Timestamp,
    db: Db,
    job: &'static str,
    fence: Option<Fence>,
    not_checked: BTreeMap<String, Vec<Unchecked>>,
}

/// What cannot be evaluated here (a pattern, a line, a page), and the reason.
pub type Unchecked = (String, String);

/// In place of a wiki's key: what people keep by commands.
const LISTS: &str = "lists";
/// In place of a wiki's key: what noticeboards speak of.
const NOTICEBOARDS: &str = "noticeboards";

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
        let mut unread = Vec::new();
        for page in pages(&run.session, &run.db, run.editor.job, &titles, now, fence.as_ref()).await? {
            let found = spamlist::noticeboard(&page.text, site, &settings.summary_templates, &settings.path_hosts);
            let found = match found {
                Ok(found) => found,
                Err(why) => {
                    unread.push((page.title.clone(), why.to_string()));
                    continue;
                }
            };
            noticeboards.extend(found.into_iter().map(|key| WatchedDomain {
                key,
                source: page.title.clone(),
                wiki: None,
            }));
        }
        let watched = Watched {
            noticeboards,
            ..Watched::default()
        };
        let entries = all_entries(&run.db, run.editor.job, now).await?;
        let (config, path_hosts) = (settings.config.clone(), settings.path_hosts.clone());
        let (judge, left_out) = Judge::new(config, entries, watched, path_hosts, now);
        let not_checked = [
            (NOTICEBOARDS.to_owned(), unread),
            (LISTS.to_owned(), left_out.iter().map(unchecked).collect()),
        ];
        Ok(Readers {
            open: BTreeMap::new(),
            used: BTreeMap::new(),
            clock: 0,
            judge: OneJudge::new(judge),
            is_stale: false,
            accounts: Accounts::new(&run.db, run.editor.job, now),
            skip: settings.config.skip.clone(),
            new_user: settings.new_user,
            settings,
            revid: run.accepted.revid,
            now,
            db: run.db.clone(),
            job: run.editor.job,
            fence,
            not_checked: not_checked.into(),
        })
    }

    /// The reader of a session's wiki; made when there is none.
    pub async fn of(&mut self, session: &Session, namespaces: Option<&[i32]>) -> anyhow::Result<&mut Reader> {
        let key = session.wiki_id();
        self.clock += 1;
        self.used.insert(key.clone(), self.clock);
        if self.is_stale {
            let entries = all_entries(&self.db, self.job, self.now).await?;
            let left_out = self.judge.set_lists(entries, self.now);
            self.not_checked
                .insert(LISTS.to_owned(), left_out.iter().map(unchecked).collect());
            self.is_stale = false;
        }
        if !self.open.contains_key(&key) {
            if self.open.len() >= MOST
                && let Some(oldest) = self.oldest()
            {
                self.open.remove(&oldest);
                self.judge.block(&oldest, Vec::new());
            }
            let reader = self.make(session, namespaces).await?;
            let of_wiki = reader.not_checked.iter();
            let told = of_wiki.map(|(what, why)| (format!("{key}: {what}"), why.clone()));
            self.not_checked.insert(key.clone(), told.collect());
            self.open.insert(key.clone(), reader);
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
        let made = Made {
            settings: &self.settings,
            judge: &self.judge,
            accounts: &self.accounts,
            now: self.now,
        };
        Reader::open(
            session.clone(),
            namespaces,
            &self.db,
            self.job,
            self.fence.as_ref(),
            made,
        )
        .await
    }

    /// The sessions of the wikis that are open.
    pub fn sessions(&self) -> HashMap<String, Session> {
        let sessions = self
            .open
            .iter()
            .map(|(key, reader)| (key.clone(), reader.session.clone()));
        sessions.collect()
    }

    /// An open reader.
    pub fn known(&mut self, wiki: &str) -> Option<&mut Reader> {
        self.open.get_mut(wiki)
    }

    /// After an entry was put on a list: before the next use of a reader the lists are read again.
    pub fn lists_changed(&mut self) {
        self.is_stale = true;
    }

    /// What is known of authors.
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What cannot be evaluated here, as far as this run looked: by the key of the wiki that was opened, and of the lists
    /// and noticeboards of all. Nothing is told of a wiki that was not opened.
    pub fn not_checked(&self) -> &BTreeMap<String, Vec<Unchecked>> {
        &self.not_checked
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

/// The entries of the lists of all wikis that count now.
async fn all_entries(db: &Db, job: &'static str, now: Timestamp) -> anyhow::Result<Vec<ListEntry>> {
    let rows = db.read_if_there(async |db| list::all_of_job(db, job).await).await?;
    if rows.len() >= list::MAX_OF_JOB as usize {
        tracing::warn!(
            "there are more than {} entries on the lists: those of some wikis do not count",
            list::MAX_OF_JOB
        );
    }
    Ok(in_force(rows, now))
}

/// The entries of the lists that count on a wiki now.
pub async fn entries(db: &Db, job: &'static str, wiki: &str, now: Timestamp) -> anyhow::Result<Vec<ListEntry>> {
    let rows = db.read_if_there(async |db| list::all_for(db, job, wiki).await).await?;
    Ok(in_force(rows, now))
}

fn in_force(rows: Vec<list::Row>, now: Timestamp) -> Vec<ListEntry> {
    let is_over = |expires: Option<Timestamp>| expires.is_some_and(|expires| expires <= now);
    let rows = rows.into_iter().filter(|row| !is_over(row.expires));
    rows.filter_map(entry).collect()
}

/// An entry that cannot be run, with its list and where it counts.
fn unchecked(one: &NotChecked) -> Unchecked {
    let entry = &one.entry;
    let pattern = entry.string.as_ref().or(entry.user.as_ref());
    let place = entry.wiki.as_deref().unwrap_or("every wiki");
    let what = format!(
        "{} ({place}): {}",
        entry.list.name(),
        pattern.map_or("*", String::as_str)
    );
    (what, one.why.clone())
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
