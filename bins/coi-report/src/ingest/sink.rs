//! Where decided revisions go: batch by batch into the database, or, in a dry run, nowhere.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use anyhow::Context as _;
use shared::core::addition::{Links, RevisionLinks};
use shared::core::text::terminal;
use shared::core::types::Timestamp;
use shared::db::FencedTx;
use shared::db::hit::{self, NewHit};
use shared::db::links::names::Names;
use shared::db::links::store::{Stored, Window, store_and};
use shared::db::links::{partitions, since};
use shared::job::local::Local;

use super::IngestArgs;
use crate::keep::Keep;

/// Editors and hosts whose numbers are remembered: some 30 MB at most.
const NAMES: NonZeroUsize = NonZeroUsize::new(100_000).expect("it is not zero");
/// The same where edits are judged, too: texts and lists want their memory.
const FEW_NAMES: NonZeroUsize = NonZeroUsize::new(20_000).expect("it is not zero");
/// Keys of rows that are remembered, for their addresses to be asked for.
const KEYS: usize = 10_000;
/// Batches between two looks at the size of the tables.
const LOOK: u64 = 100;
/// Revisions that cannot be stored and are told one by one.
const TOLD: usize = 20;

/// Collects revisions and stores them.
pub struct Sink {
    keep: Keep,
    /// Rows per transaction.
    size: usize,
    names: Names,
    /// Nothing older is stored: its row may have been dropped while its count still stands.
    horizon: Timestamp,
    batch: Vec<RevisionLinks>,
    rows: usize,
    /// Hits of the batch.
    pub hits: Vec<NewHit>,
    /// Hits that were not there before.
    pub new_hits: u64,
    batches: u64,
    is_dry: bool,
    /// Keys of the newest rows, oldest first.
    keys: VecDeque<String>,
    /// What became of them; in a dry run what would have, if nothing of it were known.
    pub stored: Stored,
}

impl Sink {
    /// Makes sure of the months of the table; a dry run changes nothing. Errs when the database does not answer, or is
    /// as big as it may get.
    pub async fn open(ingest: &IngestArgs, is_dry: bool, local: &Local) -> anyhow::Result<Sink> {
        let (now, keep) = (local.clock.now(), ingest.keep);
        let mut known = None;
        if !is_dry {
            let months = partitions::ensure(&local.db, now, keep.keep_rows_days).await?;
            if months.is_blocked {
                tracing::warn!(
                    "{} rows or more are from a time that had no month yet; `coi-report prune --whatever-it-takes` \
                     moves them",
                    months.in_last
                );
            }
            known = local.db.read(async |db| since::get(db).await).await?;
            keep.look_at_size(&local.db).await?;
        }
        Ok(Sink {
            keep,
            size: ingest.batch as usize,
            names: Names::new(if ingest.judge_for.is_some() { FEW_NAMES } else { NAMES }),
            horizon: since::horizon(now, keep.keep_rows_days, known.as_ref()),
            batch: Vec::new(),
            rows: 0,
            hits: Vec::new(),
            new_hits: 0,
            batches: 0,
            is_dry,
            keys: VecDeque::new(),
            stored: Stored::default(),
        })
    }

    /// Takes a revision; nothing is stored before [`Sink::flush`].
    pub fn add(&mut self, links: RevisionLinks) {
        self.rows += match &links.links {
            Links::Rows(rows) => rows.len(),
            Links::TooMany { .. } => 1,
        };
        self.batch.push(links);
    }

    /// Whether there is enough for a transaction.
    pub fn is_full(&self) -> bool {
        self.rows + self.hits.len() >= self.size
    }

    /// Stores what there is. `false`: the run was asked to stop, and what was taken is dropped. Errs when the database
    /// does not answer, when another run took over, or when there is no room.
    pub async fn flush(&mut self, local: &mut Local) -> anyhow::Result<bool> {
        if self.batch.is_empty() && self.hits.is_empty() {
            return Ok(true);
        }
        if !local.goes_on().await? {
            return Ok(false);
        }
        let batch = std::mem::take(&mut self.batch);
        let hits = std::mem::take(&mut self.hits);
        let rows = std::mem::take(&mut self.rows);
        let Some(fence) = local.fence().filter(|_| !self.is_dry) else {
            let floods = batch
                .iter()
                .filter(|revision| matches!(revision.links, Links::TooMany { .. }))
                .count();
            self.stored.revisions += batch.len() as u64;
            self.stored.floods += floods as u64;
            self.stored.rows += (rows - floods) as u64;
            return Ok(true);
        };
        if self.batches % LOOK == LOOK - 1 {
            self.keep.look_at_size(&local.db).await?;
        }
        self.batches += 1;
        let told = self.stored.refused.len();
        let window = Window::new(self.horizon, local.clock.now());
        let now = local.clock.now();
        let mut new = 0;
        let also = async |tx: &mut FencedTx<'_>| {
            new = match hits.is_empty() {
                true => 0,
                false => hit::insert(tx, &hits, now).await?.len() as u64,
            };
            Ok(())
        };
        let stored = store_and(&local.db, &fence, &mut self.names, &batch, &window, also)
            .await
            .context("storing link additions")?;
        self.new_hits += new;
        if stored.rows > 0 {
            self.remember(&batch);
        }
        self.stored.add(stored);
        for refused in self.stored.refused.iter().skip(told).take(TOLD.saturating_sub(told)) {
            tracing::warn!(
                "{}, revision {}: {}",
                terminal(&refused.wiki),
                refused.rev,
                terminal(&refused.why)
            );
        }
        Ok(true)
    }

    fn remember(&mut self, batch: &[RevisionLinks]) {
        for revision in batch {
            if let Links::Rows(rows) = &revision.links {
                self.keys.extend(rows.iter().map(|row| row.host.clone()));
            }
        }
        let surplus = self.keys.len().saturating_sub(KEYS);
        self.keys.drain(..surplus);
    }

    /// The keys of what was stored last, the newest first.
    pub fn keys(&self) -> Vec<String> {
        self.keys.iter().rev().cloned().collect()
    }
}
