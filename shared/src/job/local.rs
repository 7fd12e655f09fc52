//! A run that needs the database and no wiki: replaying recorded edits, taking out what is too old. Lock, run record,
//! summary line, SIGTERM and exit code are those of every other run.

use std::process::ExitCode;

use chrono::TimeDelta;
use tokio::time::Instant;

use super::ended::{Closing, Ended, error_ending, finish, is_lost};
use super::lock::{Lock, only_division};
use super::{Report, VERSION, boot_local, listen_for_signals, python, seed};
use crate::args::CommonArgs;
use crate::boot::LocalBoot;
use crate::clock::Clock;
use crate::core::types::Timestamp;
use crate::db::run::{self as run_record, NewRun};
use crate::db::{Access, Db, Fence, Lease, Taken, Timing};
use crate::outcome::Ending;
use crate::wiki::Stop;

/// What the database calls work that is about no single wiki.
pub const NO_WIKI: &str = "*";

/// So far the clocks of this machine and of the database may be apart.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// What a run is called, and who started it.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// Name in lock and run record: `coi-report ingest`, at most 32 bytes.
    pub job: &'a str,
    /// The wiki that it is about; [`NO_WIKI`] for work that is about no single one.
    pub wiki: &'a str,
    /// Its part of divided work, `2/4`; empty when the work is not divided.
    pub shard: &'a str,
    /// By a person, who has to know when nothing was done; else by a schedule.
    pub by_hand: bool,
}

/// A run at work.
pub struct Local {
    /// The database; read-only in a dry run.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Start of the run.
    pub started: Timestamp,
    /// SIGTERM or Ctrl-C.
    pub stop: Stop,
    /// What was given up; a run with such errors is not in order (exit code 1).
    pub errors: Vec<String>,
    lock: Lock,
}

impl Local {
    /// Proof of being the newest run; `None` in a dry run.
    pub fn fence(&self) -> Option<Fence> {
        self.lock.fence()
    }

    /// Whether to begin something new: not after SIGTERM, and only while the lock is ours.
    pub async fn goes_on(&mut self) -> Result<bool, crate::db::Error> {
        if self.stop.is_stopped() {
            return Ok(false);
        }
        self.lock.is_ours().await?;
        Ok(true)
    }
}

/// Runs `work` with a lock of its own. The exit code is 0 when it is done or the next run mends it; by hand, every error
/// is told: 1, or 75 when another run is at work or the database does not answer; 78 for a wrong environment.
pub async fn run(
    name: Name<'_>,
    args: &CommonArgs,
    work: impl AsyncFnOnce(&mut Local) -> anyhow::Result<Report>,
) -> ExitCode {
    let boot = match boot_local(args) {
        Ok(boot) => boot,
        Err(code) => return code,
    };
    let started = boot.clock.now();
    let begun = Instant::now();
    let stop = Stop::new();
    listen_for_signals(&stop);
    let (ended, database) = match open(name, &boot, args, started).await {
        Err(error) => {
            let ending = match error.is_transient() {
                true => Ending::Temporary,
                false => Ending::Configuration,
            };
            let error = anyhow::Error::new(error).context("opening the database");
            (Ended::failed(ending, &error), None)
        }
        Ok(Opened::Wrong(why)) => (Ended::failed(Ending::Configuration, &anyhow::Error::msg(why)), None),
        Ok(Opened::Busy(why)) => {
            tracing::info!("{why}: nothing done");
            return ExitCode::from(if name.by_hand { 75 } else { 0 });
        }
        Ok(Opened::Ready(db, lease)) => {
            let mut local = Local {
                db: db.clone(),
                clock: boot.clock,
                started,
                stop: stop.clone(),
                errors: Vec::new(),
                lock: Lock::new(lease),
            };
            let mut ended = match work(&mut local).await {
                Ok(report) => Ended {
                    success: true,
                    report,
                    errors: std::mem::take(&mut local.errors),
                    ..Ended::early(Ending::Fine)
                },
                Err(error) if is_lost(&error) => {
                    tracing::warn!("fenced: another run took over, nothing more is written");
                    Ended::failed(Ending::Temporary, &error)
                }
                // What neither database nor wiki is to blame for is in what a person gave: a file that cannot be read.
                Err(error) if name.by_hand && !error.chain().any(|cause| cause.is::<crate::db::Error>()) => {
                    Ended::failed(Ending::Item, &error)
                }
                Err(error) => Ended::failed(error_ending(&error), &error),
            };
            if ended.ending == Ending::Fine && !ended.errors.is_empty() {
                ended.ending = Ending::Item;
            }
            (ended, Some((db, local.lock)))
        }
    };
    let took = begun.elapsed().as_secs_f64();
    let counts = format!("{} seconds={took:.1}", ended.report.counts);
    let closing = Closing {
        summary: counts.trim(),
        alarm_after: boot.alarm_after,
        started,
        clock: boot.clock,
        stop: &stop,
    };
    let fenced = database.as_ref().map(|(db, lock)| (db.clone(), lock.fence()));
    let code = finish(&ended, fenced.as_ref(), &closing).await;
    tracing::info!(
        "Wrote DB: {} Errors: {} {}",
        python(ended.report.rows > 0 && !args.dry_run),
        python(!ended.errors.is_empty()),
        closing.summary
    );
    if let Some((db, lock)) = database {
        if let Some(lease) = lock.into_lease() {
            lease.release().await;
        }
        db.close().await;
    }
    ExitCode::from(match (name.by_hand, ended.ending) {
        _ if stop.is_stopped() => 0,
        (true, Ending::Temporary) => 75,
        (true, Ending::Configuration) => 78,
        (true, Ending::Item) => 1,
        _ => code,
    })
}

enum Opened {
    Ready(Db, Option<Lease>),
    Busy(String),
    Wrong(String),
}

/// Connects; a real run also creates and migrates the database and takes the lock.
async fn open(name: Name<'_>, boot: &LocalBoot, args: &CommonArgs, now: Timestamp) -> Result<Opened, crate::db::Error> {
    let access = if args.dry_run { Access::ReadOnly } else { Access::Write };
    let db = Db::new(boot.database.clone(), access, Timing::default(), seed(args))?;
    if args.dry_run {
        return Ok(Opened::Ready(db, None));
    }
    db.create_database_if_missing().await?;
    db.migrate().await?;
    // By this clock rows are removed for good.
    let theirs = db.read(async |db| run_record::server_time(db).await).await?;
    if boot.clock.is_real() && (now - theirs).abs() > CLOCKS {
        db.close().await;
        return Ok(Opened::Wrong(format!(
            "this machine says it is {}, the database {}: set the clock right; nothing is done",
            now.format("%Y-%m-%d %H:%M"),
            theirs.format("%Y-%m-%d %H:%M")
        )));
    }
    let new = NewRun {
        job: name.job,
        wiki: name.wiki,
        shard: name.shard,
        version: VERSION,
    };
    let lease = match Lease::take(&db, &new, now).await? {
        Taken::Lease(lease) => lease,
        Taken::Busy { run_id, since } => {
            db.close().await;
            let since = since.map_or_else(|| "a moment".to_owned(), |since| since.to_rfc3339());
            let run = run_id.unwrap_or(0);
            return Ok(Opened::Busy(format!(
                "another run is at work (run {run}, since {since})"
            )));
        }
    };
    match only_division(&db, &new, lease, now).await? {
        Ok(lease) => Ok(Opened::Ready(db, Some(lease))),
        Err(why) => {
            db.close().await;
            Ok(Opened::Busy(why))
        }
    }
}
