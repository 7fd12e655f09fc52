//! A scheduled run, the same for all jobs: bootstrap, database, lock, login, settings page, the job's own work,
//! status page, run record, summary line, exit code. And the smaller beginnings that manual subcommands need.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use chrono::TimeDelta;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::Instant;

use crate::args::CommonArgs;
use crate::boot::Boot;
use crate::clock::Clock;
use crate::core::site::Site;
use crate::core::text::{Wikitext, terminal};
use crate::core::types::{RevId, Timestamp};
use crate::db::run::{Finish, NewRun, Requests, State};
use crate::db::settings_rev::{self, Kind};
use crate::db::{Access, Db, Fence, Lease, Taken, memo, run as run_record};
use crate::editor::{Editor, Refused, Scope};
use crate::feedback::Messages;
use crate::outcome::{Ending, Past, exit_code};
use crate::settings::{Accepted, Ceiling, JobSettings, Loaded, Verdict, load};
use crate::switch::{Halt, Switch};
use crate::wiki::{Config, Error, Session, Stop, Timing};

/// The program's version, for the User-Agent, run records and status pages.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A run that took longer would only stand in the way of the next ones.
const LONGEST_RUN: Duration = Duration::from_secs(25 * 60);
/// Run records older than this are deleted.
const KEEP_RUNS: TimeDelta = TimeDelta::days(90);
/// How often the connection that holds the lock is asked whether it still does.
const PING: Duration = Duration::from_secs(30);

/// A job: what differs between the four.
pub trait Job {
    /// Its part of the settings page.
    type Settings: JobSettings;
    /// Its name: `matchbot`.
    const NAME: &'static str;
    /// Where it may write, besides the bot's own pages.
    fn scope(settings: &Self::Settings, account: &str) -> Scope;
    /// Warnings about accepted settings that only the wiki can give; asked once per revision.
    fn warnings(
        &self,
        session: &Session,
        settings: &Self::Settings,
    ) -> impl Future<Output = Result<Vec<crate::core::types::Problem>, Error>>;
    /// The run itself.
    fn work(&self, run: &mut Run<Self::Settings>) -> impl Future<Output = anyhow::Result<Report>>;
    /// The job's lines for the status page, from the database.
    fn lines(&self, db: &Db, wiki: &str, site: &Site, messages: &Messages<'_>, now: Timestamp) -> impl Future<Output = anyhow::Result<Lines>>;
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
    lease: Option<Lease>,
    pinged: Instant,
    /// Errors so far, with their causes.
    pub errors: Vec<String>,
    /// The worst thing that happened so far.
    pub ending: Ending,
}

impl<S> Run<S> {
    /// Proof of being the newest run; `None` in a dry run.
    pub fn fence(&self) -> Option<Fence> {
        self.lease.as_ref().map(|lease| lease.fence().clone())
    }

    /// Whether to begin another item: not after SIGTERM, and only while the lock is ours.
    pub async fn goes_on(&mut self) -> Result<bool, crate::db::Error> {
        if self.stop.is_stopped() {
            return Ok(false);
        }
        if let Some(lease) = self.lease.as_mut().filter(|_| self.pinged.elapsed() > PING) {
            lease.ping().await?;
            self.pinged = Instant::now();
        }
        Ok(true)
    }

    /// Notes an error of one item (its key) and logs it once. The exit code is 1 when the same item has not failed in
    /// the last 24 hours.
    pub async fn item_error(&mut self, item: &str, error: &anyhow::Error) {
        let text = format!("{error:#}");
        tracing::warn!(item, "{}: {}", terminal(item), terminal(&text));
        self.errors.push(format!("{item}: {text}"));
        if let Some(lease) = &self.lease {
            let (run_id, now) = (lease.run_id(), self.clock.now());
            let known = async {
                let mut conn = self.db.conn().await?;
                let since = now - TimeDelta::hours(24);
                let known = run_record::item_failed_since(&mut conn, self.editor.job, &self.wiki, item, since, run_id).await?;
                run_record::add_error(&mut conn, run_id, item, true, &text, now).await?;
                Ok::<bool, crate::db::Error>(known)
            };
            if matches!(known.await, Ok(false)) {
                self.ending = Ending::Item;
            }
        }
    }
}

/// Everything a run has found out when it ends.
struct Ended {
    ending: Ending,
    success: bool,
    /// The settings revision that a 78 is about.
    settings: Option<RevId>,
    report: Report,
    edits: u64,
    errors: Vec<String>,
    requests: crate::wiki::Counts,
}

impl Ended {
    fn early(ending: Ending) -> Ended {
        Ended {
            ending,
            success: false,
            settings: None,
            report: Report::default(),
            edits: 0,
            errors: Vec::new(),
            requests: crate::wiki::Counts::default(),
        }
    }

    /// Tells the error, once: an error where a person is needed, else a warning.
    fn failed(ending: Ending, error: &anyhow::Error) -> Ended {
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

/// The environment, read here and nowhere else.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Starts logging and reads the bootstrap. Errs with the exit code after telling every problem.
pub fn boot(job: &'static str, args: &CommonArgs) -> Result<Boot, ExitCode> {
    crate::logging::init(args, environment("RUST_LOG").as_deref());
    let folders = ["TOOL_DATA_DIR", "HOME"];
    let my_cnf = folders
        .iter()
        .filter_map(|name| environment(name))
        .find_map(|dir| std::fs::read_to_string(std::path::Path::new(&dir).join("replica.my.cnf")).ok());
    Boot::new(job, args, &environment, my_cnf.as_deref()).map_err(|problems| {
        for problem in problems {
            tracing::error!("{problem}");
        }
        ExitCode::from(78)
    })
}

/// The seed of this run: `--seed`, or one from the system.
pub fn seed(args: &CommonArgs) -> u64 {
    args.seed.unwrap_or_else(|| {
        use rand::TryRng;
        rand::rngs::SysRng.try_next_u64().unwrap_or_default()
    })
}

/// The configuration of a session on the boot's wiki.
pub fn wiki_config(boot: &Boot) -> Config {
    let mut timing = Timing::default();
    if !boot.clock.keeps_pauses() {
        timing.retry_floor = Duration::from_millis(1);
        timing.retry_cap = Duration::from_millis(20);
        timing.read_rate_per_second = 10_000;
        timing.request_timeout = Duration::from_secs(10);
    }
    Config {
        api_url: boot.api_url.clone(),
        user_agent: boot.user_agent.clone(),
        account: boot.account.clone(),
        credentials: boot.credentials.clone(),
        allowed_hosts: boot.api_hosts.clone(),
        timing,
        proxy_from_env: boot.use_proxy,
    }
}

/// A database handle; read-only where nothing may be written.
pub fn database(boot: &Boot, access: Access, seed: u64) -> Result<Db, crate::db::Error> {
    Db::new(boot.database.clone(), access, crate::db::Timing::default(), seed)
}

/// Logs in.
pub async fn login(boot: &Boot, seed: u64, stop: Stop) -> Result<Session, Error> {
    let session = Session::login(wiki_config(boot), seed, stop).await?;
    session.set_deadline(Instant::now() + LONGEST_RUN);
    Ok(session)
}

/// Reads and judges the settings page with what the operator allows.
pub async fn settings<S: JobSettings>(boot: &Boot, session: &Session, accepted_before: Option<RevId>) -> Result<Loaded<S>, Error> {
    let stop_title = boot.stop_title();
    let ceiling = Ceiling {
        title: &boot.settings_title,
        stop_title: &stop_title,
        levels: &boot.levels,
        json_accounts: &boot.json_accounts,
        accepted_before,
    };
    load::<S>(session, &ceiling).await
}

/// A run for manual subcommands that read with the job's own functions: like a dry run, it can write nothing.
pub fn read_only<J: Job>(
    boot: &Boot,
    session: &Session,
    db: &Db,
    args: &CommonArgs,
    accepted: Accepted<J::Settings>,
    switch: Switch,
    rights: Vec<String>,
) -> Run<J::Settings> {
    let editor = Editor {
        scope: J::scope(&accepted.parsed.settings, session.account()),
        rights,
        ..Editor::new(boot, session, db, switch, accepted.revid, accepted.parsed.common.clone(), None)
    };
    Run {
        args: args.clone(),
        session: session.clone(),
        db: db.clone(),
        wiki: session.wiki_id(),
        accepted,
        editor,
        clock: boot.clock,
        started: boot.clock.now(),
        rng: StdRng::seed_from_u64(args.seed.unwrap_or(0)),
        stop: session.stop_signal().clone(),
        lease: None,
        pinged: Instant::now(),
        errors: Vec::new(),
        ending: Ending::Fine,
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
    match open_database(&boot, args, seed).await {
        Err(error) => {
            let ending = if error.is_transient() { Ending::Temporary } else { Ending::Configuration };
            ended = Ended::failed(ending, &anyhow::Error::new(error).context("opening the database"));
        }
        Ok((db, Some(Taken::Busy { run_id, since }))) => {
            let since = since.map_or_else(|| "a moment".to_owned(), |since| since.to_rfc3339());
            tracing::info!("another run is at work (run {}, since {since}): nothing done", run_id.unwrap_or(0));
            db.close().await;
            return ExitCode::SUCCESS;
        }
        Ok((db, taken)) => {
            if let Some(Taken::Lease(taken)) = taken {
                lease = Some(taken);
            }
            let fence = lease.as_ref().map(|lease: &Lease| lease.fence().clone());
            let mut stage = Stage { job, boot: &boot, args, db: &db, fence: fence.clone(), started, seed, stop: stop.clone() };
            let (result, back) = stage.go(lease).await;
            lease = back;
            ended = result;
            database = Some((db, fence));
        }
    }
    let code = finish::<J>(&boot, &ended, database.as_ref(), started, begun, clock, &stop).await;
    let counts = summary(&ended, begun.elapsed());
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

fn summary(ended: &Ended, took: Duration) -> String {
    let n = ended.requests;
    format!(
        "{}{}edits={} requests={} fixed={} learners={} mentors={} safety={} retries={} kB={} seconds={:.1}",
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

fn listen_for_signals(stop: &Stop) {
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

/// Connects; a real run also creates and migrates the database and takes the lock.
async fn open_database(boot: &Boot, args: &CommonArgs, seed: u64) -> Result<(Db, Option<Taken>), crate::db::Error> {
    if args.dry_run {
        return Ok((database(boot, Access::ReadOnly, seed)?, None));
    }
    let db = database(boot, Access::Write, seed)?;
    db.create_database_if_missing().await?;
    db.migrate().await?;
    let wiki = wiki_config(boot).wiki_id().unwrap_or_default();
    let new = NewRun { job: boot.job, wiki: &wiki, shard: "", version: VERSION };
    let taken = Lease::take(&db, &new, boot.clock.now()).await?;
    Ok((db, Some(taken)))
}

/// The part of a run that has a database.
struct Stage<'a, J> {
    job: &'a J,
    boot: &'a Boot,
    args: &'a CommonArgs,
    db: &'a Db,
    fence: Option<Fence>,
    started: Timestamp,
    seed: u64,
    stop: Stop,
}

impl<J: Job> Stage<'_, J> {
    async fn go(&mut self, lease: Option<Lease>) -> (Ended, Option<Lease>) {
        let session = match login(self.boot, self.seed, self.stop.clone()).await {
            Ok(session) => session,
            Err(error) => {
                let ending = wiki_ending(&error);
                return (Ended::failed(ending, &anyhow::Error::new(error).context("logging in")), lease);
            }
        };
        let (mut ended, lease) = self.with_session(&session, lease).await;
        ended.requests = session.counts();
        (ended, lease)
    }

    async fn with_session(&mut self, session: &Session, lease: Option<Lease>) -> (Ended, Option<Lease>) {
        let wiki = session.wiki_id();
        let known = self.last_accepted(&wiki).await;
        let known = match known {
            Ok(known) => known,
            Err(error) => return (Ended::failed(Ending::Temporary, &error.into()), lease),
        };
        let loaded = match settings::<J::Settings>(self.boot, session, known).await {
            Ok(loaded) => loaded,
            Err(error) => {
                let ending = wiki_ending(&error);
                return (Ended::failed(ending, &anyhow::Error::new(error).context("reading the settings page")), lease);
            }
        };
        let mut page = crate::status::Pages::new(self.job, self.boot, session, self.db, &wiki, &loaded, self.fence.clone(), self.started);
        if let Err(error) = page.record(self.boot.clock.now()).await {
            return (Ended::failed(Ending::Temporary, &error), lease);
        }
        let settings_revid = loaded.page.revid().unwrap_or(RevId(0));
        let accepted = match loaded.verdict {
            Verdict::NotTrusted(why) => {
                let mut ended = Ended::failed(Ending::Configuration, &why.into());
                ended.settings = Some(settings_revid);
                return (ended, lease);
            }
            Verdict::Rejected(problems) => {
                for problem in &problems {
                    tracing::error!("{}, revision {settings_revid}: {problem}", self.boot.settings_title);
                }
                let mut ended = Ended::early(Ending::Configuration);
                ended.errors = problems.iter().map(ToString::to_string).collect();
                ended.settings = Some(settings_revid);
                ended.edits = page.save_rejected(&problems).await;
                return (ended, lease);
            }
            Verdict::Accepted(accepted) => *accepted,
        };
        if !accepted.parsed.common.enabled {
            tracing::info!("off since settings revision {} (enabled: false)", accepted.revid);
            let mut ended = Ended::early(Ending::Fine);
            ended.success = true;
            ended.edits = page.save_accepted(&accepted, None).await;
            return (ended, lease);
        }
        for warning in &accepted.parsed.warnings {
            tracing::warn!("{}: {warning}", self.boot.settings_title);
        }
        let mut editor = page.editor(&accepted);
        editor.trial_since = self.trial_since(&accepted).await.unwrap_or(None);
        if let Some(halt) = page.halt_at_start(&accepted).await {
            tracing::warn!("{halt}");
            let _ = editor.halt(halt);
        }
        let mut run = Run {
            args: self.args.clone(),
            session: session.clone(),
            db: self.db.clone(),
            wiki: wiki.clone(),
            accepted,
            editor,
            clock: self.boot.clock,
            started: self.started,
            rng: StdRng::seed_from_u64(self.seed),
            stop: self.stop.clone(),
            lease,
            pinged: Instant::now(),
            errors: Vec::new(),
            ending: Ending::Fine,
        };
        let result = self.job.work(&mut run).await;
        self.after_work(run, result, &mut page).await
    }

    async fn after_work(
        &self,
        mut run: Run<J::Settings>,
        result: anyhow::Result<Report>,
        page: &mut crate::status::Pages<'_, J>,
    ) -> (Ended, Option<Lease>) {
        let mut ended = Ended::early(run.ending);
        match result {
            Ok(report) => {
                ended.report = report;
                ended.success = true;
            }
            Err(error) => {
                let ending = error_ending(&error);
                tracing::warn!("{}", terminal(&format!("{error:#}")));
                run.errors.push(format!("{error:#}"));
                ended.ending = ending;
                // A stop that was asked for is no failure.
                ended.success = self.stop.is_stopped();
            }
        }
        match run.editor.halted() {
            Some(Halt::Cap(_)) if page.is_new_halt() => ended.ending = Ending::Item,
            Some(Halt::Account { .. }) => ended.ending = Ending::Configuration,
            _ => {}
        }
        let fenced = run.errors.iter().any(|error| error.contains("fenced"));
        if !self.stop.is_stopped() && !fenced {
            let halted = run.editor.halted().cloned();
            page.take_editor(run.editor);
            ended.edits += page.save_accepted(&run.accepted, halted.as_ref()).await;
            ended.edits = page.edits();
        } else {
            ended.edits = run.editor.edits;
        }
        ended.settings = Some(run.accepted.revid);
        ended.errors = run.errors;
        (ended, run.lease)
    }

    async fn last_accepted(&self, wiki: &str) -> Result<Option<RevId>, crate::db::Error> {
        let mut conn = match self.db.conn().await {
            Err(crate::db::Error::NoDatabase(_)) => return Ok(None),
            conn => conn?,
        };
        let last = settings_rev::last_accepted(&mut conn, J::NAME, wiki, Kind::Settings).await;
        match last {
            Err(crate::db::Error::NoTable { .. }) => Ok(None),
            last => Ok(last?.map(|rev| rev.revid)),
        }
    }

    /// When the trial that the settings name was first seen: it counts from there, over later saves of the page.
    async fn trial_since(&self, accepted: &Accepted<J::Settings>) -> anyhow::Result<Option<Timestamp>> {
        let (Some(trial), Some(fence)) = (&accepted.parsed.common.trial, &self.fence) else { return Ok(None) };
        let name = format!("trial {} {}", trial.edits, trial.until);
        let known = memo::get(&mut self.db.conn().await?, J::NAME, &fence.wiki, &name).await?;
        if let Some(known) = known {
            return Ok(Some(known.updated));
        }
        let started = self.started;
        self.db.fenced(fence, "noting the start of the trial", async |tx| memo::set(tx, &name, "", started).await).await?;
        Ok(Some(started))
    }
}

fn wiki_ending(error: &Error) -> Ending {
    if error.is_temporary() { Ending::Temporary } else { Ending::Configuration }
}

/// What an error that ended the work means for the exit code.
fn error_ending(error: &anyhow::Error) -> Ending {
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

/// Writes the run record and works out the exit code.
async fn finish<J: Job>(
    boot: &Boot,
    ended: &Ended,
    database: Option<&(Db, Option<Fence>)>,
    started: Timestamp,
    begun: Instant,
    clock: Clock,
    stop: &Stop,
) -> u8 {
    let now = clock.now();
    let Some((db, Some(fence))) = database else {
        // A dry run, or no database at all.
        return if stop.is_stopped() { 0 } else { exit_code(ended.ending, None, boot.alarm_after, now) };
    };
    let outcome = async {
        let past = past::<J>(db, fence, ended, started, now).await?;
        let code = if stop.is_stopped() { 0 } else { exit_code(ended.ending, Some(past), boot.alarm_after, now) };
        let state = match (stop.is_stopped(), ended.success) {
            (true, _) => State::Stopped,
            (false, true) => State::Done,
            (false, false) => State::Failed,
        };
        let n = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let summary = summary(ended, begun.elapsed());
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
            summary: &summary,
        };
        let mut conn = db.conn().await?;
        if !ended.success {
            for error in &ended.errors {
                run_record::add_error(&mut conn, fence.run_id, "", false, error, now).await?;
            }
        }
        run_record::finish(&mut conn, fence.run_id, &finish, now).await?;
        drop(conn);
        run_record::prune(db, J::NAME, &fence.wiki, now - KEEP_RUNS, 500).await?;
        Ok::<u8, crate::db::Error>(code)
    };
    match outcome.await.context("ending the run's record") {
        Ok(code) => code,
        Err(error) => {
            tracing::warn!("{}", terminal(&format!("{error:#}")));
            exit_code(ended.ending, None, boot.alarm_after, now)
        }
    }
}

async fn past<J: Job>(db: &Db, fence: &Fence, ended: &Ended, started: Timestamp, now: Timestamp) -> Result<Past, crate::db::Error> {
    let wiki = &fence.wiki;
    if let (Ending::Configuration, Some(revid)) = (ended.ending, ended.settings) {
        // Told once per settings revision, then daily: the row itself says whether this is the time.
        let again = now - TimeDelta::hours(24);
        let due = db
            .fenced(fence, "noting an alarm", async |tx| settings_rev::take_alarm(tx, Kind::Settings, revid, again, now).await)
            .await?;
        return Ok(Past { last_success: None, last_alarm: (!due).then_some(now) });
    }
    let code = if ended.ending == Ending::Configuration { 78 } else { 75 };
    let mut conn = db.conn().await?;
    let last_success = run_record::last_success(&mut conn, J::NAME, wiki).await?;
    let since = match last_success {
        Some(time) => Some(time),
        None => run_record::first_start(&mut conn, J::NAME, wiki).await?.or(Some(started)),
    };
    Ok(Past {
        last_success: since,
        last_alarm: run_record::last_alarm(&mut conn, J::NAME, wiki, code).await?,
    })
}
