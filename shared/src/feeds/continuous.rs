//! The continuous job: keeps the connections, sends lines seconds after they are stored, takes commands. Toolforge starts it
//! again whenever it ends, so it ends for nothing but SIGTERM: without wiki or database it waits and tries again. Its
//! settings are read every minute; the same rules decide whether they are obeyed as for scheduled runs, and while they
//! are not, nothing is sent.

use std::collections::HashSet;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use super::beat::Beat;
use super::center::{Center, Current, end_record, lease_job};
use super::lane::Lane;
use super::operator::{Operator, Place};
use super::{FeedJob, Ground};
use crate::args::CommonArgs;
use crate::boot::Boot;
use crate::core::text::terminal;
use crate::core::types::RevId;
use crate::db::run::NewRun;
use crate::db::settings_rev::{self, Kind};
use crate::db::{Access, Db, Lease, Taken};
use crate::job::{self, VERSION, environment};
use crate::others::Others;
use crate::settings::Verdict;
use crate::wiki::{Session, Stop};

/// The settings are read so often.
const SETTINGS: Duration = Duration::from_secs(60);
/// And not more often, even where tests take the pauses out.
const SETTINGS_AT_LEAST: Duration = Duration::from_millis(250);
/// Settings that could not be read again for so long are no longer obeyed.
const STALE: Duration = Duration::from_secs(10 * 60);
/// What makes lines is made anew so often: sessions on other wikis have deadlines, names and lists are remembered.
const ANEW: Duration = Duration::from_secs(5 * 60);
/// The lock is asked after so often.
const PING: Duration = Duration::from_secs(20);
/// The queue is cleaned so often.
const CLEAN: Duration = Duration::from_secs(60);
/// Whoever looks after the process sees that it lives.
const BEAT: Duration = Duration::from_secs(5);
/// After a failure, doubled by each further one; and while another sender is at work.
const PAUSE: Duration = Duration::from_secs(15);
/// Longest of these.
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);
/// All sinks have so long to finish their lines and to leave.
const ENDING: Duration = Duration::from_secs(7);
/// Requests of one reading of the settings, and of lines until the next.
const DEADLINE: Duration = Duration::from_secs(5 * 60);

/// Flags of `feed`.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
pub struct FeedArgs {
    /// Only tell whether the process beside this one is alive: 0 or 1, for the health check
    #[arg(long)]
    pub health: bool,
}

/// Runs until SIGTERM. 0: it was stopped, or with `--health` the process beside it is alive; 1: that is not; 78: the
/// environment is not complete.
pub async fn continuous<J: FeedJob>(job: &J, args: &CommonArgs, flags: &FeedArgs) -> ExitCode
where
    J::Settings: Clone,
{
    let beat = Beat::new(J::NAME, args);
    if flags.health {
        return if beat.is_alive() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let boot = match job::boot(J::NAME, args) {
        Ok(boot) => boot,
        Err(code) => return code,
    };
    if args.dry_run {
        tracing::error!("`feed` sends what it sees: there is no dry run of it");
        return ExitCode::from(78);
    }
    let stop = Stop::new();
    job::listen_for_signals(&stop);
    let process = Process {
        job,
        boot: &boot,
        args,
        stop: &stop,
        beat: &beat,
    };
    let life = async {
        let mut failures = 0;
        while !stop.is_stopped() {
            let begun = Instant::now();
            if let Err(error) = process.live().await {
                tracing::warn!("{}", terminal(&format!("{error:#}")));
                // A login that is refused again and again keeps the scheduled runs out as well.
                failures = if begun.elapsed() > LONGEST_PAUSE {
                    1
                } else {
                    failures + 1
                };
                let pause = (PAUSE * 2_u32.pow(u32::min(failures - 1, 10))).min(LONGEST_PAUSE);
                process.pause(boot.clock.pause(pause)).await;
            }
        }
    };
    LocalSet::new().run_until(life).await;
    beat.end();
    ExitCode::SUCCESS
}

/// What a process works with.
struct Process<'a, J> {
    job: &'a J,
    boot: &'a Boot,
    args: &'a CommonArgs,
    stop: &'a Stop,
    beat: &'a Beat,
}

impl<J: FeedJob> Process<'_, J>
where
    J::Settings: Clone,
{
    /// From a login to a failure or SIGTERM. Holds the lock only while there are settings to obey: where those of this
    /// process cannot be, scheduled runs may know better.
    async fn live(&self) -> anyhow::Result<()> {
        self.beat.beat();
        let seed = job::seed(self.args);
        let db = job::database(self.boot, Access::Write, seed)?;
        db.create_database_if_missing().await?;
        db.migrate().await?;
        self.beat.beat();
        let wiki = job::wiki_config(self.boot).wiki_id()?;
        let session = job::login(self.boot, seed, self.stop.clone())
            .await
            .context("logging in")?;
        let mut obeyed = Obeyed::new(self, &session, &db, &wiki).await?;
        while !self.stop.is_stopped() {
            obeyed.read().await?;
            if obeyed.current.is_none() {
                db.close().await;
                self.pause(self.boot.clock.pause(SETTINGS).max(SETTINGS_AT_LEAST)).await;
                continue;
            }
            let name = lease_job::<J>();
            let new = NewRun {
                job: &name,
                wiki: &wiki,
                shard: "",
                version: VERSION,
            };
            let mut lease = match Lease::take(&db, &new, self.boot.clock.now()).await? {
                Taken::Lease(lease) => lease,
                Taken::Busy { run_id, .. } => {
                    tracing::info!(
                        "another sender is at work (run {}): waiting for its end",
                        run_id.unwrap_or(0)
                    );
                    self.pause(self.boot.clock.pause(PAUSE)).await;
                    continue;
                }
            };
            let operator = Operator::new(J::NAME, &self.boot.account, &self.boot.user_agent, &environment);
            let center = Rc::new(Center::<J>::new(
                &db,
                &lease,
                operator,
                self.boot.clock,
                self.stop,
                true,
            ));
            let worked = self.work(&center, &mut lease, &mut obeyed).await;
            end_record(&center, worked.is_ok()).await;
            lease.release().await;
            worked?;
        }
        db.close().await;
        Ok(())
    }

    /// Sends until there is nothing to obey any more.
    async fn work(&self, center: &Rc<Center<J>>, lease: &mut Lease, obeyed: &mut Obeyed<'_, J>) -> anyhow::Result<()> {
        center.take_over().await?;
        let mut lanes: JoinSet<Place> = JoinSet::new();
        let worked = self.keep(center, lease, obeyed, &mut lanes).await;
        // Each finishes its line first, and leaves.
        center.set(None);
        let ended = async { while lanes.join_next().await.is_some() {} };
        if tokio::time::timeout(ENDING, ended).await.is_err() {
            tracing::warn!("a sink did not end in time: its line is in doubt");
        }
        worked
    }

    async fn keep(
        &self,
        center: &Rc<Center<J>>,
        lease: &mut Lease,
        obeyed: &mut Obeyed<'_, J>,
        lanes: &mut JoinSet<Place>,
    ) -> anyhow::Result<()> {
        let mut open: HashSet<Place> = HashSet::new();
        let mut next_ping = Instant::now();
        let mut next_clean = Instant::now();
        let mut next_settings = Instant::now() + center.wait(SETTINGS).max(SETTINGS_AT_LEAST);
        loop {
            if center.stop.is_stopped() {
                return Ok(());
            }
            anyhow::ensure!(
                !center.is_lost(),
                "another sender took over: this one sends nothing more"
            );
            if center.is_alive() {
                self.beat.beat();
            }
            if Instant::now() >= next_settings {
                next_settings = Instant::now() + center.wait(SETTINGS).max(SETTINGS_AT_LEAST);
                obeyed.read().await?;
            }
            let Some(current) = &obeyed.current else { return Ok(()) };
            if !center.current().is_some_and(|now| Rc::ptr_eq(&now, current)) {
                center.set(Some(current.clone()));
            }
            for place in center.places() {
                if open.insert(place.clone()) {
                    let lane = Lane::new(center.clone(), place.clone(), None);
                    lanes.spawn_local(async move {
                        lane.run().await;
                        place
                    });
                }
            }
            if Instant::now() >= next_ping {
                next_ping = Instant::now() + PING;
                lease.ping().await?;
            }
            if Instant::now() >= next_clean {
                next_clean = Instant::now() + center.wait(CLEAN);
                if let Err(error) = center.clean().await {
                    center.look_at(&error);
                    return Err(error);
                }
            }
            tokio::select! {
                () = center.stop.stopped() => {}
                () = tokio::time::sleep(center.wait(Duration::from_secs(1))) => {}
                Some(ended) = lanes.join_next() => match ended {
                    // Its feeds went elsewhere; they may come back.
                    Ok(place) => {
                        open.remove(&place);
                    }
                    Err(error) => anyhow::bail!("a part of the sender broke: {error}"),
                },
            }
        }
    }

    /// Waits, alive.
    async fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause.max(Duration::from_millis(30));
        while !self.stop.is_stopped() && Instant::now() < until {
            self.beat.beat();
            tokio::select! {
                () = self.stop.stopped() => {}
                () = tokio::time::sleep_until(until.min(Instant::now() + BEAT)) => {}
            }
        }
    }
}

/// Which settings are obeyed.
struct Obeyed<'a, J: FeedJob> {
    process: &'a Process<'a, J>,
    session: &'a Session,
    db: &'a Db,
    wiki: &'a str,
    /// What goes with them; `None`: there are none.
    current: Option<Rc<Current<J>>>,
    revid: Option<RevId>,
    /// That an earlier run or this process accepted.
    accepted: Option<RevId>,
    /// Why none are, as it was told last.
    told: Option<String>,
    read_at: Instant,
    /// When what makes lines was made.
    made_at: Instant,
}

impl<'a, J: FeedJob> Obeyed<'a, J>
where
    J::Settings: Clone,
{
    async fn new(
        process: &'a Process<'a, J>,
        session: &'a Session,
        db: &'a Db,
        wiki: &'a str,
    ) -> anyhow::Result<Obeyed<'a, J>> {
        let last = db
            .read_if_there(async |db| settings_rev::last_accepted(db, J::NAME, wiki, Kind::Settings).await)
            .await?;
        Ok(Obeyed {
            process,
            session,
            db,
            wiki,
            current: None,
            revid: None,
            accepted: last.map(|rev| rev.revid),
            told: None,
            read_at: Instant::now(),
            made_at: Instant::now(),
        })
    }

    /// Reads the settings page and obeys it, or says why not. Errs when the wiki did not answer for too long, or refuses
    /// the account: then a new login is tried.
    async fn read(&mut self) -> anyhow::Result<()> {
        let (boot, job) = (self.process.boot, self.process.job);
        self.session.set_deadline(Instant::now() + DEADLINE);
        let loaded = match job::settings::<J::Settings>(boot, self.session, self.accepted).await {
            Ok(loaded) => loaded,
            Err(_) if self.process.stop.is_stopped() => return Ok(()),
            Err(error) if error.is_temporary() && self.read_at.elapsed() < STALE => {
                tracing::warn!("the settings page cannot be read now: {}", terminal(&error.to_string()));
                return Ok(());
            }
            Err(error) => return Err(anyhow::Error::new(error).context("reading the settings page")),
        };
        self.read_at = Instant::now();
        let why_not = match (&loaded.verdict, &loaded.stop, &loaded.blocked) {
            (_, Some(halt), _) => Some(halt.to_string()),
            (_, _, Some(why)) => Some(format!("the account is blocked: {why}")),
            (Verdict::NotTrusted(why), ..) => Some(why.to_string()),
            (Verdict::Rejected(problems), ..) => Some(format!(
                "the settings are rejected: {}",
                problems.first().map(ToString::to_string).unwrap_or_default()
            )),
            (Verdict::Accepted(accepted), ..) if !accepted.parsed.common.enabled => Some(format!(
                "off since settings revision {} (enabled: false)",
                accepted.revid
            )),
            (Verdict::Accepted(accepted), ..) if self.revid == Some(accepted.revid) => None,
            (Verdict::Accepted(accepted), ..) => {
                let problems = job.check(self.session, &accepted.parsed.settings).await?;
                problems
                    .iter()
                    .find(|problem| problem.is_error())
                    .map(|problem| format!("the settings are rejected: {problem}"))
            }
        };
        if let Some(why) = why_not {
            if self.told.as_ref() != Some(&why) {
                tracing::warn!("nothing is sent: {}", terminal(&why));
            }
            (self.told, self.revid, self.current) = (Some(why), None, None);
            return Ok(());
        }
        self.told = None;
        let Verdict::Accepted(accepted) = loaded.verdict else {
            return Ok(());
        };
        if self.current.is_some() && self.revid == Some(accepted.revid) && self.made_at.elapsed() < ANEW {
            return Ok(());
        }
        if self.revid != Some(accepted.revid) {
            tracing::info!("obeying settings revision {}", accepted.revid);
        }
        (self.revid, self.accepted) = (Some(accepted.revid), Some(accepted.revid));
        self.made_at = Instant::now();
        let settings = Arc::new(accepted.parsed.settings);
        let feeds = J::feeds(&settings).to_vec();
        let ground = || Ground {
            session: self.session.clone(),
            db: self.db.clone(),
            wiki: self.wiki.to_owned(),
            settings: settings.clone(),
            others: Others::new(boot, job::seed(self.process.args), self.process.stop),
            clock: boot.clock,
        };
        self.current = Some(Rc::new(Current::new(feeds, ground)));
        Ok(())
    }
}
