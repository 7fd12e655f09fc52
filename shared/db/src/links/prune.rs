//! What is too old goes: months of rows, counters, names that nothing points to any more.
//!
//! Every step is small, commits for itself, and is found undone or done by the next run, wherever this one died. It
//! may run beside jobs that store links: those hold the moments of [`since`] while they do, and what is removed lies
//! behind a moment that was moved first. What reports print as "since" is never earlier than what is complete.

mod counters;
mod names;
pub(super) mod walk;

use super::addresses::{self, Cut};
use super::partitions::{self, Rebuild};
use super::since::{self, Since, days_before, month_of};
use crate::connect::Db;
use crate::error::{Error, Result};
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
///
/// A step that fails by itself is logged, and the others still run, except those that build upon it; then this errs as
/// the last such step did. An error that would meet all of them (fenced, no connection) ends it at once.
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
    let mut failed = None;
    pruned.is_finished = steps(db, fence, now, keep, pace, &mut pruned, &mut failed).await?;
    failed.map_or(Ok(pruned), Err)
}

/// Whether all steps came to their ends. `failed`: the error of one that did not.
async fn steps(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    keep: &Keep,
    pace: &mut Pace<'_>,
    pruned: &mut Pruned,
    failed: &mut Option<Error>,
) -> Result<bool> {
    // Sets the step's count; whether what builds upon it may begin.
    macro_rules! step {
        ($count:expr, $step:expr) => {
            match $step.await {
                Ok((count, is_through)) => {
                    $count = count;
                    if !is_through {
                        return Ok(false);
                    }
                    true
                }
                Err(error) if is_its_own(&error) => {
                    tracing::error!(%error, "a step of removing what is too old failed; the others go on");
                    *failed = Some(error);
                    false
                }
                Err(error) => return Err(error),
            }
        };
    }
    let since = record(db, fence, now, keep).await?;
    // By what was recorded: right whoever does it, so no fence is needed beyond the one of `record`.
    let rows = step!(pruned.dropped, async {
        partitions::drop_before(db, since.rows)
            .await
            .map(|dropped| (dropped, true))
    });
    let restored = step!(
        pruned.restored,
        counters::by_time(db, fence, "link_restored", since.rows, pace)
    );
    let floods = step!(
        pruned.floods,
        counters::by_time(db, fence, "link_flood", since.rows, pace)
    );
    let pairs = step!(pruned.pairs, counters::pairs(db, fence, now, since.pairs, pace));
    let months = step!(pruned.host_months, counters::months(db, fence, now, since.pairs, pace));
    // Whoever looks for what is used by nothing is through for this month, and may be only when the users are gone.
    if rows && restored && floods {
        step!(pruned.pages, counters::pages(db, fence, now, since.rows, pace));
    }
    if rows && restored && pairs && months {
        step!(pruned.hosts, names::hosts(db, fence, now, &since, pace));
    }
    if rows && restored && floods && pairs {
        step!(pruned.editors, names::editors(db, fence, now, &since, pace));
    }
    // Behind what is done once per month: this goes through a large table every day, and would leave them no time.
    step!(pruned.addresses, addresses::cut(db, fence, now, keep.ip_days, pace));
    step!(pruned.rebuilt, rebuild(db, fence, now, pace));
    Ok(true)
}

/// Whether an error says nothing about the steps that come after. Not one after which each would wait as long.
fn is_its_own(error: &Error) -> bool {
    matches!(
        error,
        Error::Statement { .. } | Error::BadRow { .. } | Error::CommitUnknown { .. }
    )
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

/// Rebuilds months that are over, each once. A month is noted as begun and then as done: one whose rebuilding failed or
/// was cut off (a server that ends long statements) is tried a second time, in a later run, and then left as it is.
/// Nothing is lost by that but room, so a failure is a warning.
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
        match partitions::may_rebuild(db, name).await? {
            Rebuild::May => {}
            Rebuild::TooBig(rows) => {
                tracing::warn!(
                    month = name,
                    rows,
                    "too many rows to rebuild beside others: it is left as it is"
                );
                note(db, fence, now, &mut noted, name).await?;
                continue;
            }
            Rebuild::InUse => {
                tracing::warn!(month = name, "somebody is reading for long, nothing is rebuilt today");
                break;
            }
        }
        let begun = format!("{name}?");
        let first = if noted.contains(&begun) { name } else { &begun };
        note(db, fence, now, &mut noted, first).await?;
        match partitions::rebuild(db, name).await {
            Ok(()) => {
                rebuilt.push(name.clone());
                note(db, fence, now, &mut noted, name).await?;
            }
            Err(error) if is_its_own(&error) => {
                tracing::warn!(month = name, %error, "it was not rebuilt");
                break;
            }
            Err(error) => return Err(error),
        }
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
