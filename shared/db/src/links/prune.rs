//! What is too old goes: months of rows, counters, names that nothing points to any more.
//!
//! Every step is small, commits for itself, and is found undone or done by the next run, wherever this one died. It
//! may run beside jobs that store links: those hold the moments of [`since`] while they do, and what is removed lies
//! behind a moment that was moved first. What reports print as "since" is never earlier than what is complete.

mod counters;
mod names;
pub(super) mod walk;

use super::addresses::{self, Cut};
use super::partitions;
use super::since::{self, Since, days_before, month_of};
use crate::connect::Db;
use crate::error::Result;
use crate::lease::Fence;
use crate::memo;
use crate::session::Session;
use std::time::Duration;
use walk::Pace;
use wikicrew_core::types::Timestamp;

/// A month is rebuilt when it has been over for so long: late edits have come in.
const REBUILD_AFTER_DAYS: u32 = 2;

/// Name of the memo of the months that were rebuilt.
const REBUILT: &str = "prune.rebuilt";

/// How long what is kept. Rows and counters go by whole months.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keep {
    /// Days of rows.
    pub rows_days: u32,
    /// Days of counters since their last change; never less than those of rows.
    pub pairs_days: u32,
    /// Days for which an address is kept whole, after it was last seen.
    pub ip_days: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            rows_days: 120,
            pairs_days: 730,
            ip_days: 90,
        }
    }
}

/// What was removed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pruned {
    /// Months of rows, by their partitions' names.
    pub dropped: Vec<String>,
    /// Links that a revert had brought back.
    pub restored: u64,
    /// Revisions with too many links.
    pub floods: u64,
    /// Addresses that were cut.
    pub addresses: Cut,
    /// Pairs of host and editor.
    pub pairs: u64,
    /// Counts of a host in a month.
    pub host_months: u64,
    /// Pages.
    pub pages: u64,
    /// Hosts.
    pub hosts: u64,
    /// Editors.
    pub editors: u64,
    /// Months that were written anew.
    pub rebuilt: Vec<String>,
    /// Everything was looked at. Otherwise `goes_on` said no, and the next run goes on from there.
    pub is_finished: bool,
}

/// Removes what is too old, until `goes_on` says no; it is asked before each slice (some 5,000 rows), and `pause` is
/// slept then. `fence`: of a run of its own, which no other job's run shares. Needs one connection besides the lease's
/// and the work connection. Refused in a dry run. A second run on the same day changes nothing.
pub async fn prune(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    keep: &Keep,
    pause: Duration,
    mut goes_on: impl FnMut() -> bool + Send,
) -> Result<Pruned> {
    let mut pruned = Pruned::default();
    let pace = &mut Pace {
        pause,
        goes_on: &mut goes_on,
    };
    pruned.is_finished = steps(db, fence, now, keep, pace, &mut pruned).await?;
    Ok(pruned)
}

/// Whether all steps were done.
async fn steps(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    keep: &Keep,
    pace: &mut Pace<'_>,
    pruned: &mut Pruned,
) -> Result<bool> {
    // A step's count and whether the next may begin.
    macro_rules! step {
        ($count:expr, $step:expr) => {{
            let (count, is_through) = $step.await?;
            $count = count;
            if !is_through {
                return Ok(false);
            }
        }};
    }
    let since = record(db, fence, now, keep).await?;
    // By what was recorded: right whoever does it, so no fence is needed beyond the one of `record`.
    pruned.dropped = partitions::drop_before(db, since.rows).await?;
    step!(
        pruned.restored,
        counters::by_time(db, fence, "link_restored", since.rows, pace)
    );
    step!(
        pruned.floods,
        counters::by_time(db, fence, "link_flood", since.rows, pace)
    );
    step!(pruned.addresses, addresses::cut(db, fence, now, keep.ip_days, pace));
    step!(pruned.pairs, counters::pairs(db, fence, now, since.pairs, pace));
    step!(pruned.host_months, counters::months(db, fence, now, since.pairs, pace));
    step!(pruned.pages, counters::pages(db, fence, now, since.rows, pace));
    step!(pruned.hosts, names::hosts(db, fence, now, &since, pace));
    step!(pruned.editors, names::editors(db, fence, now, &since, pace));
    step!(pruned.rebuilt, rebuild(db, fence, now, pace));
    Ok(true)
}

/// Records what is about to be removed. Until the first rows go, the counters begin with the oldest row; from then on
/// that moment is remembered as theirs.
async fn record(db: &Db, fence: &Fence, now: Timestamp, keep: &Keep) -> Result<Since> {
    const WHAT: &str = "recording how far back links go";
    let before = since::begin(db, now, keep.rows_days).await?;
    let rows = since::horizon(now, keep.rows_days, Some(&before));
    let mut pairs = month_of(days_before(now, keep.pairs_days.max(keep.rows_days)));
    if before.pairs == before.rows && rows > before.rows {
        let oldest = db.read(async |work| since::oldest_row(work).await).await?;
        pairs = pairs.max(oldest.map_or(rows, |oldest| oldest.min(rows)));
    }
    db.fenced(fence, WHAT, async |tx| {
        if rows > before.rows || pairs > before.pairs {
            since::raise(tx, rows, pairs).await?;
        }
        Ok(Since {
            rows,
            pairs: pairs.max(before.pairs),
            ..before
        })
    })
    .await
}

/// Rebuilds months that are over, each once. A month is noted as begun and then as done: one whose rebuilding was cut
/// off (a server that ends long statements) is tried a second time, and then left as it is.
async fn rebuild(db: &Db, fence: &Fence, now: Timestamp, pace: &mut Pace<'_>) -> Result<(Vec<String>, bool)> {
    let moment = days_before(now, REBUILD_AFTER_DAYS);
    let (over, memo) = db
        .read(async |work| {
            let memo = memo::get(work, &fence.job, &fence.wiki, REBUILT).await?;
            Ok((partitions::over(work.conn(), moment).await?, memo))
        })
        .await?;
    let memo = memo.map(|memo| memo.value).unwrap_or_default();
    let mut noted: Vec<String> = memo.split_whitespace().map(str::to_owned).collect();
    // Months that were dropped since.
    noted.retain(|name| over.iter().any(|part| part.name == name.trim_end_matches('?')));
    let mut rebuilt = Vec::new();
    for part in &over {
        let name = &part.name;
        if noted.contains(name) || db.read(async |work| partitions::rows(work, part, 1).await).await? == 0 {
            continue;
        }
        if !pace.next().await {
            return Ok((rebuilt, false));
        }
        let begun = format!("{name}?");
        let first = if noted.contains(&begun) { name } else { &begun };
        note(db, fence, now, &mut noted, first).await?;
        partitions::rebuild(db, name).await?;
        rebuilt.push(name.clone());
        note(db, fence, now, &mut noted, name).await?;
    }
    Ok((rebuilt, true))
}

/// Notes a month, in place of what was noted of it before.
async fn note(db: &Db, fence: &Fence, now: Timestamp, noted: &mut Vec<String>, note: &str) -> Result<()> {
    let month = note.trim_end_matches('?');
    noted.retain(|other| other.trim_end_matches('?') != month);
    noted.push(note.to_owned());
    let value = noted.join(" ");
    db.fenced(fence, REBUILT, async |tx| memo::set(tx, REBUILT, &value, now).await)
        .await
}
