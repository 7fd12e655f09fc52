//! The beginnings of a run, scheduled or by hand: logging, bootstrap, database, login, settings page.

use std::process::ExitCode;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::Instant;

use super::lock::{Lock, only_division};
use super::{Job, Run, VERSION};
use crate::args::CommonArgs;
use crate::boot::{Boot, LocalBoot};
use crate::core::types::RevId;
use crate::db::run::NewRun;
use crate::db::{Access, Db, Lease, Taken};
use crate::editor::Editor;
use crate::others::Others;
use crate::outcome::Ending;
use crate::settings::{Accepted, Ceiling, JobSettings, Loaded, load};
use crate::switch::Switch;
use crate::wiki::{Config, Error, Session, Stop, Timing};

/// After this time no request begins: shorter than the `timeout` in jobs.yaml, so that a long run ends by itself.
const LONGEST_RUN: Duration = Duration::from_secs(13 * 60);

/// The environment, read here and nowhere else.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Starts logging and reads the bootstrap. Errs with the exit code after telling every problem.
pub fn boot(job: &'static str, args: &CommonArgs) -> Result<Boot, ExitCode> {
    start_logging(args);
    Boot::new(job, args, &environment, my_cnf().as_deref()).map_err(tell)
}

/// As [`boot`], for what needs no wiki.
pub fn boot_local(args: &CommonArgs) -> Result<LocalBoot, ExitCode> {
    start_logging(args);
    LocalBoot::new(&environment, my_cnf().as_deref()).map_err(tell)
}

fn start_logging(args: &CommonArgs) {
    crate::logging::init(args, environment("RUST_LOG").as_deref());
}

/// The text of `replica.my.cnf`, where there is one.
fn my_cnf() -> Option<String> {
    let folders = ["TOOL_DATA_DIR", "HOME"];
    folders
        .iter()
        .filter_map(|name| environment(name))
        .find_map(|dir| std::fs::read_to_string(std::path::Path::new(&dir).join("replica.my.cnf")).ok())
}

fn tell(problems: Vec<String>) -> ExitCode {
    for problem in problems {
        tracing::error!("{problem}");
    }
    ExitCode::from(78)
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
        wiki_key: boot.wiki_key.clone(),
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
pub async fn settings<S: JobSettings>(
    boot: &Boot,
    session: &Session,
    accepted_before: Option<RevId>,
) -> Result<Loaded<S>, Error> {
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
        ..Editor::new(
            boot,
            session,
            db,
            switch,
            accepted.revid,
            accepted.parsed.common.clone(),
            None,
        )
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
        others: Others::new(boot, args.seed.unwrap_or(0), session.stop_signal()),
        lock: Lock::new(None),
        until: None,
        errors: Vec::new(),
        ending: Ending::Fine,
    }
}

/// Connects; a real run also creates and migrates the database and takes the lock.
pub(super) async fn open_database(
    boot: &Boot,
    args: &CommonArgs,
    seed: u64,
    shard: &str,
) -> Result<(Db, Option<Taken>), crate::db::Error> {
    if args.dry_run {
        return Ok((database(boot, Access::ReadOnly, seed)?, None));
    }
    let db = database(boot, Access::Write, seed)?;
    db.create_database_if_missing().await?;
    db.migrate().await?;
    let wiki = wiki_config(boot).wiki_id().unwrap_or_default();
    let new = NewRun {
        job: boot.job,
        wiki: &wiki,
        shard,
        version: VERSION,
    };
    let taken = match Lease::take(&db, &new, boot.clock.now()).await? {
        Taken::Lease(lease) => match only_division(&db, &new, lease, boot.clock.now()).await? {
            Ok(lease) => Taken::Lease(lease),
            Err(why) => {
                tracing::warn!("{why}");
                Taken::Busy {
                    run_id: None,
                    since: None,
                }
            }
        },
        busy @ Taken::Busy { .. } => busy,
    };
    Ok((db, Some(taken)))
}
