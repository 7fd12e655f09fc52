//! How runs of infobox-check end when something is in their way: a signal, another run, a lost lock, a wiki that is
//! down for hours. Nothing is half stored, nothing doubled; and whatever happens, no secret leaves the process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::sync::Semaphore;
use wikicrew_tests::boxes::{Boxes, SETTLED};
use wikicrew_tests::calls::Call;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::{Job, Run};

use crate::ib_seen::{ensure_logged_once, ensure_quiet};
use crate::seen::number;

const ACETONE: &str =
    "{{chembox\n| Name = Acetone\n| Section1={{Chembox Identifiers\n| CASNo = 67-64-1\n }}\n}}\nA solvent.";
const MINUTES_10: i64 = 600;

/// Two articles with one change each that no run has seen, and a proxy before the wiki.
async fn two_changes() -> Result<(Boxes, FaultProxy)> {
    let benzene = ACETONE.replace("Acetone", "Benzene");
    let scene = Boxes::with_articles(&[("Acetone", ACETONE, "Ann"), ("Benzene", &benzene, "Ann")]).await?;
    for name in ["Acetone", "Benzene"] {
        scene.replace(name, "Ben", "67-64-1", "67-64-7", "").await?;
    }
    let proxy = FaultProxy::start(&scene.world.wiki.api).await?;
    Ok((scene, proxy))
}

/// Holds the first request that the rule is about until it is released.
struct Hold {
    reached: Arc<Semaphore>,
    released: Arc<Semaphore>,
}

impl Hold {
    fn at(proxy: &FaultProxy, when: When) -> Self {
        let (reached, released) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (tell, wait) = (reached.clone(), released.clone());
        let hook = Fault::before(move |_: Call| {
            let (tell, wait) = (tell.clone(), wait.clone());
            async move {
                tell.add_permits(1);
                wait.acquire().await.expect("it is never closed").forget();
            }
        });
        proxy.rule(when.nth(1), hook);
        Self { reached, released }
    }

    async fn reached(&self) -> Result<()> {
        self.reached.acquire().await?.forget();
        Ok(())
    }
}

/// What a run reads of the two edits.
fn texts() -> When {
    let has_texts = |call: &Call| {
        call.param("revids").is_some() && call.param("rvprop").is_some_and(|prop| prop.ends_with("|content"))
    };
    When::module("revisions").that("texts", has_texts)
}

/// Everything is told and marked once, whatever came before.
async fn all_is_well(scene: &Boxes, job: &Job, what: &str) -> Result<()> {
    job.clone().later(SETTLED).run_ok().await?;
    ensure_logged_once(scene, 2).await.with_context(|| what.to_owned())?;
    for name in ["Acetone", "Benzene"] {
        assert_eq!(scene.bot_edits(name).await?.len(), 1, "{what}");
    }
    ensure_quiet(&job.clone().later(SETTLED + MINUTES_10).run_ok().await?)
}

/// Number of rows of every table but those that tell of runs.
async fn rows(scene: &Boxes) -> Result<String> {
    let counts = scene.world.row_counts().await?;
    let of_runs = |line: &&str| !line.starts_with("run") && !line.starts_with("request_");
    Ok(counts.lines().filter(of_runs).collect::<Vec<_>>().join("\n"))
}

#[tokio::test]
async fn a_signal_ends_a_run_within_seconds_and_nothing_is_half_stored() -> Result<()> {
    // While it reads, and with the log's edit on its way.
    for in_log in [false, true] {
        let (scene, proxy) = two_changes().await?;
        let before = (
            rows(&scene).await?,
            scene.world.table("SELECT pos FROM checkpoint").await?,
        );
        let when = if in_log {
            When::edit().containing("Chemicals log/20")
        } else {
            texts()
        };
        let hold = Hold::at(&proxy, when);
        let running = scene.job().through(&proxy).start()?;
        hold.reached().await?;
        let asked = Instant::now();
        running.terminate().await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        hold.released.add_permits(1);
        let run = running.wait().await?;
        ensure!(asked.elapsed() < Duration::from_secs(10), "{run}");
        assert_eq!(run.code, 0, "{run}");
        let last = scene
            .world
            .table("SELECT state, exit_code FROM run ORDER BY run_id DESC LIMIT 1")
            .await?;
        assert_eq!(last, "stopped | 0\n", "{run}");
        if in_log {
            ensure_logged_once(&scene, 2).await.with_context(|| run.to_string())?;
        } else {
            let after = (
                rows(&scene).await?,
                scene.world.table("SELECT pos FROM checkpoint").await?,
            );
            assert_eq!(after, before, "neither rows nor the checkpoint: {run}");
        }
        all_is_well(&scene, &scene.job().through(&proxy), &run.to_string()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn two_runs_at_once_and_one_that_lost_its_lock_double_nothing() -> Result<()> {
    let (scene, proxy) = two_changes().await?;
    let hold = Hold::at(&proxy, texts());
    let job = scene.job().through(&proxy);
    let first = job.start()?;
    hold.reached().await?;
    let second = job.run_ok().await?;
    assert!(second.says("another run is at work (run "), "{second}");
    ensure_logged_once(&scene, 0).await?;

    // The server ends the connection that held the lock: another run takes over, and the first stores nothing.
    let sql = "SELECT IS_USED_LOCK(CONCAT(DATABASE(), '.', LEFT(SHA2(CONCAT(job, CHAR(0), wiki, CHAR(0), shard), 256), 16))) FROM lease";
    let holder = scene.world.rows(sql).await?[0][0].clone();
    ensure!(holder != "NULL", "nobody holds the lock");
    scene.world.execute(&format!("KILL {holder}")).await?;
    let third = job.run_ok().await?;
    assert_eq!((number(&third, "rows")?, number(&third, "logged")?), (2, 2), "{third}");
    let taken = rows(&scene).await?;
    proxy.forget();
    hold.released.add_permits(1);
    let first = first.wait().await?;
    assert_eq!(first.code, 0, "{first}");
    assert!(first.says("fenced"), "{first}");
    assert_eq!(rows(&scene).await?, taken, "no row: {first}");
    let writes = proxy.calls().into_iter().filter(Call::is_write).count();
    assert_eq!(writes, 0, "no edit, not even of the status page: {first}");
    all_is_well(&scene, &job, &format!("{first}{second}{third}")).await
}

#[tokio::test]
async fn three_hours_without_a_wiki_call_a_person_three_times_at_most_and_lose_nothing() -> Result<()> {
    let (scene, proxy) = two_changes().await?;
    let job = scene.job().through(&proxy);
    proxy.refuse().await?;
    let mut failed = Vec::new();
    for n in 1..=18 {
        let run = job.clone().later(n * MINUTES_10).run().await?;
        assert!(run.says("cannot be reached"), "{run}");
        if run.code != 0 {
            assert_eq!(run.code, 75, "{run}");
            failed.push(n * 10);
        }
    }
    assert!(
        (1..=3).contains(&failed.len()) && failed[0] >= 60,
        "failed after {failed:?} minutes"
    );
    proxy.accept().await?;
    all_is_well(&scene, &job.clone().later(19 * MINUTES_10), &format!("{failed:?}")).await
}

#[tokio::test]
async fn no_log_line_page_or_row_holds_a_secret() -> Result<()> {
    const PASSWORD: &str = "b07b07mark0123456789abcdefmark99";
    const WRONG: &str = "wr0n9mark0123456789abcdefmark000";
    let mut world = wikicrew_tests::world::World::new().await?;
    world.bot = world
        .account("Bot", json!({ "groups": ["bot"], "bot_password": PASSWORD }))
        .await?;
    let scene = Boxes::in_world(world).await?;
    let proxy = FaultProxy::start(&scene.world.wiki.api).await?;
    let url = scene.world.database_url();
    let of_database = url
        .split(':')
        .nth(2)
        .and_then(|rest| rest.split('@').next())
        .context("a password")?
        .to_owned();
    assert!(of_database.len() >= 8, "the database has a password");
    let job = |args: &[&str]| {
        let job = scene.job().through(&proxy).args(&["-vv"]).args(args);
        job.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full")
    };
    let secrets = || {
        let mut secrets = vec![PASSWORD.to_owned(), WRONG.to_owned(), of_database.clone()];
        for call in proxy.calls() {
            let params = ["token", "lgtoken"].iter().filter_map(|name| call.param(name));
            secrets.extend(params.filter(|value| value.len() > 8).map(str::to_owned));
            let cookies = call.header("cookie").unwrap_or_default().split("; ");
            let named = cookies.filter_map(|cookie| cookie.split_once('='));
            let secret =
                named.filter(|(name, value)| (name.contains("ession") || name.contains("Token")) && value.len() > 8);
            secrets.extend(secret.map(|(_, value)| value.to_owned()));
        }
        secrets.sort();
        secrets.dedup();
        secrets
    };
    let says_none = |what: &str, run: &Run| {
        assert!(run.stderr.len() + run.stdout.len() > 20, "{what} says something");
        for secret in secrets() {
            assert!(!run.says(&secret), "{what} shows {secret}:\n{run}");
        }
    };

    says_none(
        "a refused login",
        &job(&[]).env("WIKICREW_BOT_PASSWORD", WRONG).run_to(78).await?,
    );
    let refused = url.replacen(&of_database, WRONG, 1);
    says_none(
        "a refused database",
        &job(&[]).env("WIKICREW_DATABASE_URL", &refused).run_to(78).await?,
    );
    scene.article("Acetone", ACETONE, "Ann").await?;
    scene.verify("Acetone").await?;
    says_none("a first run", &job(&[]).run_ok().await?);
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-7", "").await?;
    scene.save_settings(&scene.settings.clone().set("boxxes", 1)).await?;
    says_none("a settings error", &job(&[]).run_to(78).await?);
    scene.save_settings(&scene.settings).await?;
    says_none("a dry run", &job(&["--dry-run"]).run_ok().await?);
    let fault = proxy.rule(When::edit().nth(1), Fault::badtoken());
    says_none("a bad token", &job(&["--json"]).run().await?);
    assert_eq!(fault.times(), 1);
    says_none("a success", &job(&[]).later(SETTLED).run_ok().await?);
    let page = scene.title("Acetone");
    for args in [
        ["wl", "add", "Ann", "*", "--by", "op"].as_slice(),
        &["status"],
        &["show-settings"],
        &["page", &page],
        &["backtest"],
    ] {
        says_none(args[0], &job(args).run_ok().await?);
    }

    // What stays behind: rows and pages.
    let mut left = String::new();
    for table in scene.world.rows("SHOW TABLES").await? {
        left += &scene.world.table(&format!("SELECT * FROM `{}`", table[0])).await?;
    }
    for (title, summary) in scene.world.admin.contributions(&scene.world.bot.name).await? {
        left += &format!("{title} {summary} {:?}", scene.world.admin.text(&title).await?);
    }
    assert!(left.contains("67-64-7") && left.contains("Updating {{"), "{left}");
    for secret in secrets() {
        assert!(!left.contains(&secret), "{secret} is in\n{left}");
    }
    Ok(())
}
