//! A scheduled run, the same for all jobs: bootstrap, database, lock, login, settings page, the job's own work,
//! status page, run record, summary line, exit code. And the smaller beginnings that manual subcommands need.

mod ended;
pub mod local;
mod lock;
mod stage;
mod start;

use std::process::ExitCode;

use chrono::TimeDelta;
use rand::rngs::StdRng;
use tokio::time::Instant;

pub use start::{boot, boot_local, database, environment, login, read_only, seed, settings, wiki_config};

use crate::args::CommonArgs;
use crate::clock::Clock;
use crate::core::site::Site;
use crate::core::text::{Wikitext, terminal};
use crate::core::types::Timestamp;
use crate::db::{Db, Fence, Lease, Taken, run as run_record};
use crate::editor::{Editor, Scope};
use crate::messages::Messages;
use crate::others::Others;
use crate::outcome::Ending;
use crate::settings::{Accepted, JobSettings};
use crate::wiki::{Error, Session, Stop};
pub use ended::ends_run;
use ended::{Closing, Ended, finish, summary};
use lock::Lock;
pub(crate) use stage::Stage;
use start::open_database;

/// The program's version, for the User-Agent, run records and status pages.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A job: what differs between the four.
pub trait Job {
    /// Its part of the settings page.
    type Settings: JobSettings;
    /// Its name: `matchbot`.
    const NAME: &'static str;
    /// What the four counts of requests are called in the summary line: fixed ones, those for the items of work, for
    /// look-ups beside them, and for safety.
    const PHASES: [&'static str; 4] = ["fixed", "items", "lookups", "safety"];
    /// Started by a person, who has to know when another run was at work and nothing was done.
    const BY_HAND: bool = false;
    /// Its part of divided work, as in `2/4`; empty when the work is not divided.
    fn shard(&self) -> String {
        String::new()
    }
    /// Where it may write, besides the bot's own pages.
    fn scope(settings: &Self::Settings, account: &str) -> Scope;
    /// Warnings about accepted settings that only the wiki can give; asked once per revision.
    fn warnings(
        &self,
        session: &Session,
        settings: &Self::Settings,
    ) -> impl Future<Output = Result<Vec<crate::core::types::Problem>, Error>>;
    /// Problems of well-formed settings that only the wiki can tell; asked in every run. An error rejects the
    /// revision as if it were malformed.
    fn check(
        &self,
        _session: &Session,
        _settings: &Self::Settings,
    ) -> impl Future<Output = Result<Vec<crate::core::types::Problem>, Error>> {
        async { Ok(Vec::new()) }
    }
    /// What a draft of the settings would have done lately, for the status page: plain words. Asked once per revision of
    /// the draft; `run` obeys the draft and can write nothing.
    fn try_draft(
        &self,
        _run: &mut Run<Self::Settings>,
        _messages: &Messages<'_>,
    ) -> impl Future<Output = anyhow::Result<Option<String>>> {
        async { Ok(None) }
    }
    /// The run itself.
    fn work(&self, run: &mut Run<Self::Settings>) -> impl Future<Output = anyhow::Result<Report>>;
    /// The job's lines for the status page, from the database.
    fn lines(
        &self,
        db: &Db,
        wiki: &str,
        site: &Site,
        messages: &Messages<'_>,
        now: Timestamp,
    ) -> impl Future<Output = anyhow::Result<Lines>>;
    /// Called at the very end of every run, also of those that failed early: for the job's own log files.
    fn log(&self, args: &CommonArgs, end: &End<'_>);
}

/// What a run did, for the summary line.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// `greeted=3 matched=2 …`, the job's own counts.
    pub counts: String,
    /// Rows written by the job.
    pub rows: u64,
}

/// The job's lines for the status page.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// For *Done*.
    pub done: Vec<Wikitext>,
    /// For *Waiting for a person*.
    pub waiting: Vec<Wikitext>,
}

/// How a run ended, for the job's own log files.
pub struct End<'a> {
    /// Start of the run.
    pub started: Timestamp,
    /// The present time.
    pub now: Timestamp,
    /// At least one edit was saved.
    pub edited: bool,
    /// At least one row was written by the job.
    pub wrote_db: bool,
    /// Every error, with its chain of causes.
    pub errors: &'a [String],
    /// The rest of the summary line.
    pub counts: &'a str,
}

/// A run at work.
pub struct Run<S> {
    /// Flags.
    pub args: CommonArgs,
    /// The wiki.
    pub session: Session,
    /// The database.
    pub db: Db,
    /// Key of the wiki in every table.
    pub wiki: String,
    /// The settings in force.
    pub accepted: Accepted<S>,
    /// The only way to edit.
    pub editor: Editor,
    /// The clock.
    pub clock: Clock,
    /// Start of the run.
    pub started: Timestamp,
    /// The seeded generator of this run.
    pub rng: StdRng,
    /// SIGTERM or Ctrl-C.
    pub stop: Stop,
    /// Opens sessions on other wikis.
    pub others: Others,
    lock: Lock,
    /// No other item is begun after this moment.
    pub until: Option<Instant>,
    /// Errors so far, with their causes.
    pub errors: Vec<String>,
    /// The worst thing that happened so far.
    pub ending: Ending,
}

impl<S> Run<S> {
    /// Proof of being the newest run; `None` in a dry run.
    pub fn fence(&self) -> Option<Fence> {
        self.lock.fence()
    }

    /// Whether to begin another item: not after SIGTERM, and only while the lock is ours.
    pub async fn goes_on(&mut self) -> Result<bool, crate::db::Error> {
        if self.stop.is_stopped() || self.is_late() {
            return Ok(false);
        }
        self.lock.is_ours().await?;
        Ok(true)
    }

    /// Whether [`Run::until`] has passed.
    pub fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// Notes an error of one item (its key) and logs it once. The exit code is 1 when the same item has not failed in
    /// the last 24 hours.
    pub async fn item_error(&mut self, item: &str, error: &anyhow::Error) {
        let text = format!("{error:#}");
        tracing::warn!(item, "{}: {}", terminal(item), terminal(&text));
        self.errors.push(format!("{item}: {text}"));
        if let Some(fence) = self.fence() {
            let (run_id, now) = (fence.run_id, self.clock.now());
            let known = async {
                let mut conn = self.db.conn().await?;
                let since = now - TimeDelta::hours(24);
                let known =
                    run_record::item_failed_since(&mut conn, self.editor.job, &self.wiki, item, since, run_id).await?;
                run_record::add_error(&mut conn, run_id, item, true, &text, now).await?;
                Ok::<bool, crate::db::Error>(known)
            };
            if matches!(known.await, Ok(false)) {
                self.ending = Ending::Item;
            }
        }
    }
}

/// Runs the job as its schedule does.
pub async fn run<J: Job>(job: &J, args: &CommonArgs) -> ExitCode {
    let boot = match boot(J::NAME, args) {
        Ok(boot) => boot,
        Err(code) => return code,
    };
    let clock = boot.clock;
    let started = clock.now();
    let begun = Instant::now();
    let stop = Stop::new();
    listen_for_signals(&stop);
    let seed = seed(args);
    let ended;
    let mut lease = None;
    let mut database = None;
    match open_database(&boot, args, seed, &job.shard()).await {
        Err(error) => {
            let ending = if error.is_transient() {
                Ending::Temporary
            } else {
                Ending::Configuration
            };
            ended = Ended::failed(ending, &anyhow::Error::new(error).context("opening the database"));
        }
        Ok((db, Some(Taken::Busy { run_id, since }))) => {
            let since = since.map_or_else(|| "a moment".to_owned(), |since| since.to_rfc3339());
            tracing::info!(
                "another run is at work (run {}, since {since}): nothing done",
                run_id.unwrap_or(0)
            );
            db.close().await;
            return if J::BY_HAND {
                ExitCode::from(75)
            } else {
                ExitCode::SUCCESS
            };
        }
        Ok((db, taken)) => {
            if let Some(Taken::Lease(taken)) = taken {
                lease = Some(taken);
            }
            let fence = lease.as_ref().map(|lease: &Lease| lease.fence().clone());
            let mut stage = Stage {
                job,
                boot: &boot,
                args,
                db: &db,
                fence: fence.clone(),
                started,
                seed,
                stop: stop.clone(),
            };
            let (result, back) = stage.go(lease).await;
            lease = back;
            ended = result;
            database = Some((db, fence));
        }
    }
    let counts = summary::<J>(&ended, begun.elapsed());
    let closing = Closing {
        summary: &counts,
        alarm_after: boot.alarm_after,
        started,
        clock,
        stop: &stop,
    };
    let code = finish(&ended, database.as_ref(), &closing).await;
    let has_errors = !ended.errors.is_empty();
    tracing::info!(
        "Edited: {} Wrote DB: {} Errors: {} {counts}",
        python(ended.edits > 0),
        python(ended.report.rows > 0),
        python(has_errors)
    );
    job.log(
        args,
        &End {
            started,
            now: clock.now(),
            edited: ended.edits > 0,
            wrote_db: ended.report.rows > 0,
            errors: &ended.errors,
            counts: &counts,
        },
    );
    if let Some(lease) = lease {
        lease.release().await;
    }
    if let Some((db, _)) = database {
        db.close().await;
    }
    ExitCode::from(code)
}

fn python(value: bool) -> &'static str {
    if value { "True" } else { "False" }
}

/// SIGTERM and Ctrl-C give the signal.
pub(crate) fn listen_for_signals(stop: &Stop) {
    use tokio::signal::unix::{SignalKind, signal};
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        match signal(kind) {
            Ok(mut signal) => {
                let stop = stop.clone();
                tokio::spawn(async move {
                    signal.recv().await;
                    tracing::info!("asked to stop: nothing new is begun");
                    stop.stop();
                });
            }
            Err(error) => tracing::warn!(%error, "cannot listen for signals"),
        }
    }
}
