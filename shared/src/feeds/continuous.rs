//! The continuous job: keeps the connections, sends lines seconds after they are stored, takes commands. Toolforge starts it
//! again whenever it ends, so it ends for nothing but SIGTERM: without wiki or database it waits and tries again. Its
//! settings are read every minute; the same rules decide whether they are obeyed as for scheduled runs, and while they
//! are not, nothing is sent.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::Instant;

use super::center::{Center, Current, end_record, lease_job};
use super::lane::Lane;
use super::operator::{Operator, Place};
use super::{FeedJob, Ground};
use crate::args::CommonArgs;
use crate::boot::Boot;
use crate::core::text::terminal;
use crate::core::types::RevId;
use crate::db::run::NewRun;
use crate::db::{Access, Lease, Taken};
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
/// The lock is asked after, the queue is cleaned.
const ROUND: Duration = Duration::from_secs(20);
/// Whoever looks after the process sees that it lives.
const BEAT: Duration = Duration::from_secs(5);
/// A process whose last beat is older than this hangs.
const DEAD: Duration = Duration::from_secs(60);
/// After a failure; and while another sender is at work.
const PAUSE: Duration = Duration::from_secs(15);
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
    let beat = beat_file(J::NAME);
    if flags.health {
        return if is_alive(&beat) {
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
    let local = LocalSet::new();
    let life = async {
        let beats = tokio::task::spawn_local(keep_beating(beat.clone()));
        while !stop.is_stopped() {
            if let Err(error) = live(job, &boot, args, &stop).await {
                tracing::warn!("{}", terminal(&format!("{error:#}")));
            }
            pause(&stop, boot.clock.pause(PAUSE)).await;
        }
        beats.abort();
    };
    local.run_until(life).await;
    // Whoever looks after it sees at once that it has ended.
    if let Err(error) = std::fs::remove_file(&beat) {
        tracing::debug!("{}: {error}", beat.display());
    }
    ExitCode::SUCCESS
}

/// From the lock to its loss, a failure, or SIGTERM.
async fn live<J: FeedJob>(job: &J, boot: &Boot, args: &CommonArgs, stop: &Stop) -> anyhow::Result<()>
where
    J::Settings: Clone,
{
    let seed = job::seed(args);
    let db = job::database(boot, Access::Write, seed)?;
    db.create_database_if_missing().await?;
    db.migrate().await?;
    let wiki = job::wiki_config(boot).wiki_id()?;
    let name = lease_job::<J>();
    let new = NewRun {
        job: &name,
        wiki: &wiki,
        shard: "",
        version: VERSION,
    };
    let mut lease = match Lease::take(&db, &new, boot.clock.now()).await? {
        Taken::Lease(lease) => lease,
        Taken::Busy { run_id, .. } => {
            tracing::info!(
                "another sender is at work (run {}): waiting for its end",
                run_id.unwrap_or(0)
            );
            db.close().await;
            return Ok(());
        }
    };
    let operator = Operator::new(J::NAME, &boot.account, &boot.user_agent, &environment);
    let center = Rc::new(Center::<J>::new(&db, &lease, operator, boot.clock, stop, true));
    let worked = work(job, boot, args, &center, &mut lease).await;
    end_record(&center, worked.is_ok()).await;
    lease.release().await;
    db.close().await;
    worked
}

async fn work<J: FeedJob>(
    job: &J,
    boot: &Boot,
    args: &CommonArgs,
    center: &Rc<Center<J>>,
    lease: &mut Lease,
) -> anyhow::Result<()>
where
    J::Settings: Clone,
{
    center.take_over().await?;
    let session = job::login(boot, job::seed(args), center.stop.clone())
        .await
        .context("logging in")?;
    let mut obeyed = Obeyed::new(boot, &session, args);
    let mut lanes: JoinSet<Place> = JoinSet::new();
    let mut open: HashSet<Place> = HashSet::new();
    let mut next_look = Instant::now();
    let mut next_settings = Instant::now();
    let done = loop {
        if center.stop.is_stopped() {
            break Ok(());
        }
        if center.is_lost() {
            break Err(anyhow::anyhow!("another sender took over: this one sends nothing more"));
        }
        if Instant::now() >= next_settings {
            next_settings = Instant::now() + center.wait(SETTINGS).max(SETTINGS_AT_LEAST);
            if let Err(error) = obeyed.read(job, center).await {
                break Err(error);
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
        }
        if Instant::now() >= next_look {
            next_look = Instant::now() + ROUND;
            if let Err(error) = lease.ping().await {
                break Err(error.into());
            }
            if let Err(error) = center.clean().await {
                center.look_at(&error);
                break Err(error);
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
                Err(error) => break Err(anyhow::anyhow!("a part of the sender broke: {error}")),
            },
        }
    };
    // Lanes end by themselves when nothing goes there any more; each finishes its line first.
    center.set(None);
    if tokio::time::timeout(Duration::from_secs(8), async {
        while lanes.join_next().await.is_some() {}
    })
    .await
    .is_err()
    {
        tracing::warn!("a sink did not end in time: its line is in doubt");
    }
    done
}

/// Which settings are obeyed.
struct Obeyed<'a> {
    boot: &'a Boot,
    session: &'a Session,
    args: &'a CommonArgs,
    revid: Option<RevId>,
    /// Why none are, as it was told last.
    told: Option<String>,
    read_at: Instant,
    /// When what makes lines was made.
    made_at: Instant,
}

impl<'a> Obeyed<'a> {
    fn new(boot: &'a Boot, session: &'a Session, args: &'a CommonArgs) -> Obeyed<'a> {
        Obeyed {
            boot,
            session,
            args,
            revid: None,
            told: None,
            read_at: Instant::now(),
            made_at: Instant::now(),
        }
    }

    /// Reads the settings page and obeys it, or says why not. Errs when the wiki did not answer for too long, or refuses
    /// the account: then a new login is tried.
    async fn read<J: FeedJob>(&mut self, job: &J, center: &Center<J>) -> anyhow::Result<()>
    where
        J::Settings: Clone,
    {
        self.session.set_deadline(Instant::now() + DEADLINE);
        let loaded = match job::settings::<J::Settings>(self.boot, self.session, self.revid).await {
            Ok(loaded) => loaded,
            Err(_) if center.stop.is_stopped() => return Ok(()),
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
            self.told = Some(why);
            self.revid = None;
            center.set(None);
            return Ok(());
        }
        self.told = None;
        let Verdict::Accepted(accepted) = loaded.verdict else {
            return Ok(());
        };
        if self.revid == Some(accepted.revid) && self.made_at.elapsed() < ANEW {
            return Ok(());
        }
        if self.revid != Some(accepted.revid) {
            tracing::info!("obeying settings revision {}", accepted.revid);
        }
        (self.revid, self.made_at) = (Some(accepted.revid), Instant::now());
        let settings = Arc::new(accepted.parsed.settings);
        let feeds = J::feeds(&settings).to_vec();
        let ground = || Ground {
            session: self.session.clone(),
            db: center.db.clone(),
            wiki: center.wiki.clone(),
            settings: settings.clone(),
            others: Others::new(self.boot, job::seed(self.args), &center.stop),
            clock: self.boot.clock,
        };
        center.set(Some(Current::new(feeds, ground)));
        Ok(())
    }
}

async fn pause(stop: &Stop, pause: Duration) {
    tokio::select! {
        () = stop.stopped() => {}
        () = tokio::time::sleep(pause.max(Duration::from_millis(30))) => {}
    }
}

/// The file whose age says whether the process is alive; it is the container's own.
fn beat_file(job: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wikicrew-{job}-feed.alive"))
}

async fn keep_beating(file: PathBuf) {
    loop {
        // Without it the health check fails and the process is started again, which is what it is for.
        if let Err(error) = std::fs::write(&file, b"alive\n") {
            tracing::warn!("{}: {error}", file.display());
        }
        tokio::time::sleep(BEAT).await;
    }
}

fn is_alive(file: &std::path::Path) -> bool {
    let written = std::fs::metadata(file).and_then(|about| about.modified());
    // A time ahead of ours is one of just now.
    written.is_ok_and(|at| at.elapsed().unwrap_or_default() < DEAD)
}
