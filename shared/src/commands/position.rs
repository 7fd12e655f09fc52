//! How far the commands page has been read, and what is remembered of it: which lines stood there before, who asked how
//! often today, who was told that he is not trusted. One memo, moved on together with the intents of what was found.

use std::collections::{BTreeMap, HashSet};

use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};

use crate::core::types::{PageId, RevId, Timestamp};
use crate::db::{FencedTx, memo};
use crate::job::Run;

/// Name of the memo.
const NAME: &str = "commands";
/// Lines that are remembered at most. A page with more is no longer served: an old line must not count as new.
pub(super) const MOST_LINES: usize = 50_000;
/// A revision with more lines is not read, as if it were hidden.
pub(super) const MOST_OF_PAGE: usize = 5_000;
/// Commands of one requester and day.
const PER_DAY: u32 = 20;
/// A stranger is told once in this time.
const TOLD_AGAIN: TimeDelta = TimeDelta::hours(24);

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// The page; `None`: there was none so far.
    pub page_id: Option<PageId>,
    /// The newest revision that was read; `None`: none.
    pub revid: Option<RevId>,
    /// The wiki's time of the look that found it.
    pub at: Option<Timestamp>,
    /// Revisions up to this one were there before the job looked: their lines are remembered, and nothing else.
    pub old_until: Option<RevId>,
    /// The revision before could not be read: what is new in the next one may be from it.
    pub after_hidden: bool,
    /// Hashes of all lines that have stood on the page.
    pub known: HashSet<String>,
    /// Commands by requester (account id) on one day.
    pub asked: BTreeMap<u64, (NaiveDate, u32)>,
    /// When strangers (hashed names) were told.
    pub told: BTreeMap<String, Timestamp>,
    /// The accounts behind the names of the settings: a name that another account takes over is not trusted.
    pub accounts: BTreeMap<String, u64>,
}

impl Position {
    /// The stored one; `None`: the page was never looked at. Errs when it cannot be read.
    pub async fn load<S>(run: &Run<S>) -> anyhow::Result<Option<Position>> {
        let memo = run
            .db
            .read_if_there(async |db| memo::get(db, run.editor.job, &run.wiki, NAME).await)
            .await?;
        let read = |memo: memo::Memo| serde_json::from_str(&memo.value);
        memo.map(read)
            .transpose()
            .with_context(|| format!("the memo `{NAME}` of this job cannot be read"))
    }

    /// As it is stored.
    pub fn to_json(&self) -> anyhow::Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// Stores it.
    pub async fn store(tx: &mut FencedTx<'_>, json: &str, now: Timestamp) -> crate::db::Result<()> {
        memo::set(tx, NAME, json, now).await
    }

    /// Whether this revision was there before the job looked.
    pub fn is_old(&self, revid: RevId) -> bool {
        self.old_until.is_some_and(|until| revid <= until)
    }

    /// Counts a command of this account; false when it has had enough on that day.
    pub fn may_ask(&mut self, user: u64, at: Timestamp) -> bool {
        let day = at.date_naive();
        self.asked.retain(|_, (last, _)| day - *last < TimeDelta::days(3));
        let asked = self.asked.entry(user).or_insert((day, 0));
        if asked.0 < day {
            *asked = (day, 0);
        }
        asked.1 += 1;
        asked.1 <= PER_DAY
    }

    /// Whether this stranger is to be told now, and notes that it happens.
    pub fn may_tell(&mut self, name: &str, now: Timestamp) -> bool {
        self.told.retain(|_, told| now - *told < TOLD_AGAIN);
        let key = crate::core::intent::token("commands", "", name);
        if self.told.contains_key(&key) {
            return false;
        }
        self.told.insert(key, now);
        true
    }
}
