//! What came of some edits, stored with the position behind them in one transaction: additions, counts, hits with
//! their lines of feeds, entries of the monitor list, parked edits. A run that dies before it repeats the whole; one that dies after has it.

use std::collections::BTreeMap;

use chrono::{NaiveDate, TimeDelta};
use shared::core::addition::RevisionLinks;
use shared::core::feed::Feed;
use shared::core::hit::Rule;
use shared::core::lists::List;
use shared::core::text::terminal;
use shared::core::types::{RevId, Timestamp};
use shared::db::hit::{self, NewHit, Read};
use shared::db::links::names::Names;
use shared::db::links::questions::counts::has_more_adders_than;
use shared::db::links::questions::lookup;
use shared::db::links::store::{Stored, Window, store_and};
use shared::db::{Author, Db, Fence, checkpoint, hit_line, list};

use crate::again::Unread;
use crate::judging::Found;
use crate::{again, feed, nearby};

/// Revisions whose links do not fit the tables that are told one by one.
const REFUSED: usize = 20;
/// Longest reason of an entry that the job makes itself, in characters.
const REASON: usize = 300;

/// What came of the edits of one wiki.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Key of the wiki.
    pub wiki: String,
    /// Edits that were read, by UTC day.
    pub edits: BTreeMap<NaiveDate, u64>,
    /// What they added.
    pub links: Vec<RevisionLinks>,
    /// Hits and what waits for a name server.
    pub found: Found,
    /// Edits that could not be looked at now.
    pub unread: Vec<Unread>,
    /// Edits that could not be looked at before, and were now.
    pub read_again: Vec<RevId>,
}

impl Outcome {
    /// How much was read, by day.
    fn read(&self) -> Vec<Read> {
        let of = |day: &NaiveDate, edits: &u64| {
            let links = self.links.iter().filter(|links| links.ts.date_naive() == *day);
            let hits = self.found.hits.iter().filter(|hit| hit.ts.date_naive() == *day);
            Read {
                wiki: self.wiki.clone(),
                day: *day,
                edits: *edits,
                additions: links.map(rows).sum(),
                hits: hits.count() as u64,
            }
        };
        self.edits.iter().map(|(day, edits)| of(day, edits)).collect()
    }
}

/// An entry that a hit puts on the monitor list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Monitored {
    wiki: String,
    domain: String,
    rev: RevId,
    reason: String,
}

/// Where a source stands: before this batch and after it.
pub struct Moved<'a> {
    /// Name of the source.
    pub source: &'a str,
    /// As it is stored now.
    pub before: Option<&'a [u8]>,
    /// As it will be; `None`: where it is.
    pub after: Option<&'a [u8]>,
}

/// Things that are the same for all batches of a run.
pub struct Store<'a> {
    /// The database.
    pub db: &'a Db,
    /// Proof of being the newest run.
    pub fence: &'a Fence,
    /// Nothing older is stored.
    pub horizon: Timestamp,
    /// The present time.
    pub now: Timestamp,
    /// So long after its last hit an entry that the job made stays.
    pub auto_expires: TimeDelta,
    /// A link that so many added is never monitored by the job.
    pub common_host: u32,
    /// What new hits are told to.
    pub feeds: &'a [Feed],
    /// Host of the run's own wiki.
    pub home_host: &'a str,
}

/// An entry of the job's own about a link that is common by now.
struct Common {
    wiki: String,
    domain: String,
}

/// What was stored.
#[derive(Debug, Default)]
pub struct Done {
    /// Links.
    pub stored: Stored,
    /// New hits.
    pub hits: u64,
    /// Lines that wait for feeds.
    pub queued: u64,
    /// Links that the job put on the monitor list.
    pub monitored: u64,
    /// Whether the job changed its lists.
    pub lists_changed: bool,
}

impl Store<'_> {
    /// Stores outcomes of one batch and moves its source. Errs as the database does; then nothing of it is stored, or,
    /// where the answer to COMMIT was lost, all of it may be.
    pub async fn batch(
        &self,
        names: &mut Names,
        outcomes: &[Outcome],
        moved: Option<&Moved<'_>>,
    ) -> anyhow::Result<Done> {
        let monitored = self.to_be_monitored(outcomes).await?;
        let common = self.common(outcomes).await?;
        let links: Vec<RevisionLinks> = outcomes.iter().flat_map(|outcome| outcome.links.clone()).collect();
        let hits: Vec<NewHit> = outcomes.iter().flat_map(|outcome| outcome.found.hits.clone()).collect();
        let window = Window::new(self.horizon, self.now);
        let (now, expires) = (self.now, self.now + self.auto_expires);
        let (mut counted, mut queued) = (0, 0);
        let mut added = 0;
        let stored = store_and(self.db, self.fence, names, &links, &window, async |tx| {
            if let Some(moved) = moved {
                checkpoint::begin_with(tx, moved.source, moved.before).await?;
            }
            let new = hit::insert(tx, &hits, now).await?;
            queued = feed::enqueue(tx, self.home_host, self.feeds, &hits, &new, now).await?;
            counted = new.len() as u64;
            added = 0;
            for one in &monitored {
                let entry = list::NewEntry {
                    list: List::Monitor.command(),
                    user: None,
                    page: Some(&one.domain),
                    by: "coi-report",
                    reason: &one.reason,
                    expires: Some(expires),
                };
                added += u64::from(list::add_auto(tx, &one.wiki, &entry, (&one.wiki, one.rev), now).await?);
            }
            let list = List::Monitor.command();
            for one in hits.iter().filter(|one| one.hit.rule == Rule::AutoMonitored) {
                if let Some(domain) = &one.hit.matched {
                    list::extend(tx, &one.wiki, list, None, Some(domain), expires).await?;
                }
            }
            for one in &common {
                list::remove_auto(tx, &one.wiki, list, &one.domain).await?;
            }
            for outcome in outcomes {
                nearby::park(tx, &outcome.found.pending, now).await?;
                again::park(tx, &outcome.wiki, &outcome.unread, now).await?;
                again::clear(tx, &outcome.wiki, &outcome.read_again).await?;
                hit::add_read(tx, &outcome.read()).await?;
            }
            let Some(moved) = moved else { return Ok(()) };
            match moved.after {
                Some(after) => checkpoint::set(tx, moved.source, after, now).await,
                None => Ok(()),
            }
        })
        .await?;
        for refused in stored.refused.iter().take(REFUSED) {
            tracing::warn!(
                "{}, revision {}: its links are not stored: {}",
                terminal(&refused.wiki),
                refused.rev,
                terminal(&refused.why)
            );
        }
        Ok(Done {
            lists_changed: added > 0 || !common.is_empty(),
            stored,
            hits: counted,
            queued,
            monitored: added,
        })
    }

    /// Links that overlap a name so far that they are monitored from now on, unless many people add them.
    async fn to_be_monitored(&self, outcomes: &[Outcome]) -> anyhow::Result<Vec<Monitored>> {
        let mut found: Vec<Monitored> = Vec::new();
        let hits = outcomes.iter().flat_map(|outcome| &outcome.found.hits);
        for one in hits.filter(|one| one.hit.starts_monitoring && one.hit.skip.is_none()) {
            let Some(key) = &one.hit.key else { continue };
            let domain = one.hit.string.clone();
            if found
                .iter()
                .any(|known| (&known.wiki, &known.domain) == (&one.wiki, &domain))
            {
                continue;
            }
            if !self.is_common(key).await? && !self.is_struck(one).await? {
                let (_, _, ratio) = one.hit.score.unwrap_or_default();
                let reason = format!("auto: name overlap of {ratio} % in revision {}", one.rev);
                found.push(Monitored {
                    wiki: one.wiki.clone(),
                    domain,
                    rev: one.rev,
                    reason: reason.chars().take(REASON).collect(),
                });
            }
        }
        Ok(found)
    }

    /// Whether people struck such an observation: it puts nothing on the list again.
    async fn is_struck(&self, one: &NewHit) -> anyhow::Result<bool> {
        let since = self.now - self.auto_expires;
        let struck = self
            .db
            .read(async |db| hit_line::proposals(db, &self.fence.wiki, since, hit_line::MAX_LINES).await)
            .await?;
        let by = |of: &Option<Author>| of.as_ref().map(|author| (author.id, author.name.clone()));
        Ok(struck.iter().any(|line| {
            line.wiki == one.wiki && line.string.as_ref() == Some(&one.hit.string) && by(&line.user) == by(&one.user)
        }))
    }

    /// Whether more people add a host than the settings let the job monitor.
    async fn is_common(&self, key: &String) -> anyhow::Result<bool> {
        let most = self.common_host;
        let is_common = self
            .db
            .read(
                async |db| match lookup::hosts_by_key(db, std::slice::from_ref(key)).await?.first() {
                    Some(host) => has_more_adders_than(db, host.id, most).await,
                    None => Ok(false),
                },
            )
            .await?;
        Ok(is_common)
    }

    /// The job's own entries with hits whose links turned out to be common: they leave the monitor list.
    async fn common(&self, outcomes: &[Outcome]) -> anyhow::Result<Vec<Common>> {
        let mut found: Vec<Common> = Vec::new();
        let hits = outcomes.iter().flat_map(|outcome| &outcome.found.hits);
        for one in hits.filter(|one| one.hit.rule == Rule::AutoMonitored) {
            let (Some(key), Some(domain)) = (&one.hit.key, &one.hit.matched) else {
                continue;
            };
            let is_known = |known: &Common| known.wiki == one.wiki && known.domain == *domain;
            if !found.iter().any(is_known) && self.is_common(key).await? {
                found.push(Common {
                    wiki: one.wiki.clone(),
                    domain: domain.clone(),
                });
            }
        }
        Ok(found)
    }
}

fn rows(links: &RevisionLinks) -> u64 {
    match &links.links {
        shared::core::addition::Links::Rows(rows) => rows.iter().map(|row| u64::from(row.times)).sum(),
        shared::core::addition::Links::TooMany { links, .. } => u64::from(*links),
    }
}
