//! The end of a run: what it means for the exit code, the run record, the summary line.

use std::time::Duration;

use anyhow::Context as _;
use chrono::TimeDelta;

use super::{Job, Report};
use crate::clock::Clock;
use crate::core::text::terminal;
use crate::core::types::{RevId, Timestamp};
use crate::db::run::{Finish, Requests, State};
use crate::db::settings_rev::{self, Kind};
use crate::db::{Db, Fence, run as run_record};
use crate::editor::Refused;
use crate::outcome::{Ending, Past, exit_code};
use crate::switch::Halt;
use crate::wiki::{Error, Stop};

/// Run records older than this are deleted.
const KEEP_RUNS: TimeDelta = TimeDelta::days(90);

/// Everything a run has found out when it ends.
pub(super) struct Ended {
    pub(super) ending: Ending,
    /// Another run took over: this one writes nothing more, not even the status page.
    pub(super) is_lost: bool,
    pub(super) success: bool,
    /// The settings revision that a 78 is about.
    pub(super) settings: Option<RevId>,
    pub(super) report: Report,
    pub(super) edits: u64,
    pub(super) errors: Vec<String>,
    pub(super) requests: crate::wiki::Counts,
}

impl Ended {
    pub(super) fn early(ending: Ending) -> Ended {
        Ended {
            ending,
            is_lost: false,
            success: false,
            settings: None,
            report: Report::default(),
            edits: 0,
            errors: Vec::new(),
            requests: crate::wiki::Counts::default(),
        }
    }

    /// Tells the error, once: an error where a person is needed, else a warning.
    pub(super) fn failed(ending: Ending, error: &anyhow::Error) -> Ended {
        let text = terminal(&format!("{error:#}"));
        match ending {
            Ending::Configuration => tracing::error!("{text}"),
            _ => tracing::warn!("{text}"),
        }
        Ended {
            errors: vec![format!("{error:#}")],
            ..Ended::early(ending)
        }
    }
}

pub(super) fn summary<J: Job>(ended: &Ended, took: Duration) -> String {
    let n = ended.requests;
    let [fixed, items, lookups, safety] = J::PHASES;
    format!(
        "{}{}edits={} requests={} {fixed}={} {items}={} {lookups}={} {safety}={} retries={} kB={} seconds={:.1}",
        ended.report.counts,
        if ended.report.counts.is_empty() { "" } else { " " },
        ended.edits,
        n.total,
        n.fixed,
        n.learner,
        n.mentor,
        n.safety,
        n.retries,
        n.bytes / 1000,
        took.as_secs_f64()
    )
}

pub(super) fn wiki_ending(error: &Error) -> Ending {
    if error.is_temporary() {
        Ending::Temporary
    } else {
        Ending::Configuration
    }
}

/// What an error that ended the work means for the exit code.
pub(super) fn error_ending(error: &anyhow::Error) -> Ending {
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<Error>() {
            return wiki_ending(error);
        }
        if let Some(error) = cause.downcast_ref::<Refused>() {
            return match error {
                Refused::Wiki(error) => wiki_ending(error),
                Refused::Halt(Halt::Account { .. }) => Ending::Configuration,
                Refused::Halt(_) => Ending::Fine,
                _ => Ending::Temporary,
            };
        }
    }
    Ending::Temporary
}

/// Whether the run ended because it is no longer the newest one.
pub(super) fn is_lost(error: &anyhow::Error) -> bool {
    let lost = |error: &crate::db::Error| error.is_fenced() || matches!(error, crate::db::Error::LeaseLost { .. });
    error.chain().any(|cause| {
        cause.downcast_ref().is_some_and(lost)
            || matches!(cause.downcast_ref(), Some(Refused::Db(error)) if lost(error))
    })
}

/// Whether nothing else in this run can succeed either: the wiki or the database does not answer, the switch is off,
/// another run took over. Everything else is this item's trouble only.
pub fn ends_run(error: &anyhow::Error) -> bool {
    // What the API answers to one question (`internal_api_error_…`) may be about that page only.
    let wiki = |error: &Error| (error.is_temporary() && !matches!(error, Error::Api { .. })) || error.stops_run();
    error.chain().any(|cause| {
        cause.downcast_ref::<Error>().is_some_and(wiki)
            || cause.downcast_ref().is_some_and(ends_all)
            || match cause.downcast_ref::<Refused>() {
                Some(Refused::Halt(_)) => true,
                Some(Refused::Db(error)) => ends_all(error),
                Some(Refused::Wiki(error)) => wiki(error),
                _ => false,
            }
    })
}

/// Whether the database fails as a whole, and not for one row that it does not take.
fn ends_all(error: &crate::db::Error) -> bool {
    use crate::db::Error::{BadRow, NoRow, Statement};
    error.is_transient() || !matches!(error, Statement { .. } | BadRow { .. } | NoRow { .. })
}

/// What the end of a run needs to know besides what the run found out.
pub(super) struct Closing<'a> {
    /// The summary line's counts.
    pub(super) summary: &'a str,
    /// How long nothing may succeed before exit code 75.
    pub(super) alarm_after: TimeDelta,
    pub(super) started: Timestamp,
    pub(super) clock: Clock,
    pub(super) stop: &'a Stop,
}

/// Writes the run record and works out the exit code.
pub(super) async fn finish(ended: &Ended, database: Option<&(Db, Option<Fence>)>, closing: &Closing<'_>) -> u8 {
    let (stop, alarm_after) = (closing.stop, closing.alarm_after);
    let now = closing.clock.now();
    let Some((db, Some(fence))) = database else {
        // A dry run, or no database at all.
        return if stop.is_stopped() {
            0
        } else {
            exit_code(ended.ending, None, alarm_after, now)
        };
    };
    let outcome = async {
        let past = past(db, fence, ended, closing.started, now).await?;
        let code = if stop.is_stopped() {
            0
        } else {
            exit_code(ended.ending, Some(past), alarm_after, now)
        };
        let state = match (stop.is_stopped(), ended.success) {
            (true, _) => State::Stopped,
            (false, true) => State::Done,
            (false, false) => State::Failed,
        };
        let n = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let finish = Finish {
            state,
            exit_code: code,
            success: ended.success,
            edits: n(ended.edits),
            db_rows: n(ended.report.rows),
            requests: Requests {
                total: n(ended.requests.total),
                fixed: n(ended.requests.fixed),
                items: n(ended.requests.learner),
                lookups: n(ended.requests.mentor),
            },
            settings_revid: ended.settings,
            summary: closing.summary,
        };
        let mut conn = db.conn().await?;
        if !ended.success {
            for error in &ended.errors {
                run_record::add_error(&mut conn, fence.run_id, "", false, error, now).await?;
            }
        }
        run_record::finish(&mut conn, fence.run_id, &finish, now).await?;
        drop(conn);
        run_record::prune(db, &fence.job, &fence.wiki, now - KEEP_RUNS, 500).await?;
        Ok::<u8, crate::db::Error>(code)
    };
    match outcome.await.context("ending the run's record") {
        Ok(code) => code,
        Err(error) => {
            tracing::warn!("{}", terminal(&format!("{error:#}")));
            exit_code(ended.ending, None, alarm_after, now)
        }
    }
}

async fn past(
    db: &Db,
    fence: &Fence,
    ended: &Ended,
    started: Timestamp,
    now: Timestamp,
) -> Result<Past, crate::db::Error> {
    let (job, wiki) = (&fence.job, &fence.wiki);
    if let (Ending::Configuration, Some(revid)) = (ended.ending, ended.settings) {
        // Told once per settings revision, then daily: the row itself says whether this is the time.
        let again = now - TimeDelta::hours(24);
        let due = db
            .fenced(fence, "noting an alarm", async |tx| {
                settings_rev::take_alarm(tx, Kind::Settings, revid, again, now).await
            })
            .await?;
        return Ok(Past {
            last_success: None,
            last_alarm: (!due).then_some(now),
        });
    }
    let code = if ended.ending == Ending::Configuration { 78 } else { 75 };
    let mut conn = db.conn().await?;
    let last_success = run_record::last_success(&mut conn, job, wiki).await?;
    let since = match last_success {
        Some(time) => Some(time),
        None => run_record::first_start(&mut conn, job, wiki).await?.or(Some(started)),
    };
    Ok(Past {
        last_success: since,
        last_alarm: run_record::last_alarm(&mut conn, job, wiki, code).await?,
    })
}
