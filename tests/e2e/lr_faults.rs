//! linkreport-gen where answers get lost, come too late or never, where its database goes away under it, where another job
//! writes to the same tables, where it is started twice or stopped: nothing is doubled and nothing is lost. And what it
//! must not tell: its secrets; and must not do in a dry run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};
use wikicrew_tests::calls::{Call, Calls};
use wikicrew_tests::counter::Moment;
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::links;
use wikicrew_tests::links::held::Held;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::reports::Reports;
use wikicrew_tests::rules::{Fault, Gate, When};
use wikicrew_tests::run::Run;

use crate::lr_kill::{Rounds, by_any_address, committed, compare};
use crate::seen::number;

/// Seconds until a request that failed is tried again, and a bit.
const LATER: i64 = 660;

#[tokio::test]
async fn lost_and_late_answers_and_cut_connections_leave_what_an_undisturbed_run_leaves() -> Result<()> {
    let mut rounds = Rounds::new(4).await?;
    let round = rounds.begin().await?;
    by_any_address(&rounds.reports).run_ok().await?;
    let told = rounds.came_of(&round).await?;
    let http = FaultProxy::start(&rounds.reports.world.wiki.api).await?;

    // Every edit is made, and its answer never comes.
    let round = rounds.begin().await?;
    let job = by_any_address(&rounds.reports).through(&http);
    let lost = http.rule(When::edit(), Fault::ForwardAndLose);
    let first = job.run_ok().await?;
    ensure!(lost.times() >= 5 && number(&first, "reports")? == 0, "{first}");
    http.heal();
    let second = job.clone().later(LATER).run_ok().await?;
    assert_eq!(number(&second, "reports")?, 0, "all of it stands there: {second}");
    compare(&told, &rounds.came_of(&round).await?).with_context(|| format!("lost answers\n{first}{second}"))?;

    // Every edit comes after the next run.
    let round = rounds.begin().await?;
    let job = by_any_address(&rounds.reports).through(&http);
    let gate = Gate::new();
    let late = http.rule(When::edit(), Fault::DeliverLater(gate.clone()));
    let first = job.run_ok().await?;
    ensure!(late.times() >= 5, "{first}");
    http.heal();
    let second = job.clone().later(LATER).run_ok().await?;
    assert_eq!(number(&second, "reports")?, 5, "{second}");
    gate.open();
    http.settle().await;
    let third = job.clone().later(2 * LATER).run_ok().await?;
    assert_eq!((number(&third, "reports")?, number(&third, "held")?), (0, 0), "{third}");
    compare(&told, &rounds.came_of(&round).await?).with_context(|| format!("late\n{first}{second}{third}"))?;

    // The connection goes with the answer to a COMMIT, or before it.
    let round = rounds.begin().await?;
    let db = Arc::new(DbProxy::start(&rounds.reports.world.database_url()).await?);
    let cuts = Arc::new(Mutex::new(Vec::new()));
    for moment in [Moment::BeforeForwarding, Moment::BeforeAnswer] {
        let (proxy, cuts) = (Arc::downgrade(&db), cuts.clone());
        db.when_run("COMMIT", moment, move |statement| {
            if let Some(db) = proxy.upgrade() {
                let what = (committed(&db, &statement), moment);
                let mut cuts = cuts.lock().unwrap_or_else(PoisonError::into_inner);
                if what.0.contains("report") && !cuts.contains(&what) {
                    cuts.push(what);
                    db.cut(statement.connection);
                }
            }
            async { tokio::task::yield_now().await }
        });
    }
    let job = by_any_address(&rounds.reports).over(&db);
    // Each kind of statement is struck once: sooner or later a run has its peace.
    let mut runs = String::new();
    let struck = || cuts.lock().unwrap_or_else(PoisonError::into_inner).len();
    let mut quiet = 0;
    for n in 0..40 {
        let before = struck();
        runs.push_str(&job.clone().later(n * LATER).run().await?.to_string());
        quiet = if struck() == before { quiet + 1 } else { 0 };
        if quiet == 3 {
            break;
        }
    }
    ensure!(struck() >= 4, "{runs}");
    let came = rounds.came_of(&round).await.with_context(|| runs.clone())?;
    compare(&told, &came).context(runs)
}

/// Five additions to each of so many hosts, on three pages.
fn many(reports: &Reports, hosts: u64) -> Vec<Value> {
    let user = reports.own("Ann");
    let of = |n: u64| {
        let url = reports.hosts(&format!("https://h{}.example/{n}", n % hosts));
        links::edit("xx", 1_000 + n, &user, 5, "", &url)
    };
    (0..hosts * 5).map(of).collect()
}

/// What rules ask for.
async fn asked(reports: &Reports) -> Result<Vec<String>> {
    let mut asks: Vec<String> = reports
        .asks()
        .await?
        .iter()
        .map(|ask| format!("{} {}", ask.subject, ask.reason))
        .collect();
    asks.sort_unstable();
    Ok(asks)
}

#[tokio::test]
async fn no_new_addition_is_overlooked_while_another_job_records_more() -> Result<()> {
    const HOSTS: u64 = 24;
    let quiet = Reports::with(json!({ "publish": "off" })).await?;
    quiet.recorded(&many(&quiet, HOSTS)).await?;
    quiet.run().await?;
    let expected = asked(&quiet).await?;
    assert_eq!(expected.len() as u64, HOSTS, "{expected:?}");

    let reports = Reports::with(json!({ "publish": "off" })).await?;
    let events = many(&reports, HOSTS);
    let (before, then) = events.split_at(events.len() / 2);
    reports.recorded(before).await?;
    let db = Arc::new(DbProxy::start(&reports.world.database_url()).await?);
    // The hosts are taken off the list, and held there, while more is recorded; then the connection is lost.
    let mut held = Held::at(&db, "FROM touched_host", 2);
    let cutting = Arc::downgrade(&db);
    let is_cut = Mutex::new(false);
    db.when_run("FROM host_month", Moment::BeforeAnswer, move |statement| {
        let mut is_cut = is_cut.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(db) = cutting.upgrade().filter(|_| !*is_cut) {
            *is_cut = true;
            db.cut(statement.connection);
        }
        async { tokio::task::yield_now().await }
    });
    let running = reports.job().over(&db).start()?;
    held.come().await?;
    let (recorded, ran) = tokio::join!(reports.recorded(then), async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        held.release();
        running.wait().await
    });
    let (recorded, ran) = (recorded?, ran?);
    assert_eq!(ran.code, 0, "{ran}{recorded}");
    let last = reports.job().later(LATER).run_ok().await?;
    assert_eq!(asked(&reports).await?, expected, "{ran}{recorded}{last}");
    assert_eq!(reports.world.count("touched_host").await?, 0, "{ran}{last}");
    Ok(())
}

/// Holds the job before its nth save.
fn hold(http: &FaultProxy, nth: u64) -> (mpsc::UnboundedReceiver<()>, Arc<Semaphore>) {
    let (sender, come) = mpsc::unbounded_channel();
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let hook = Fault::before(move |_: Call| {
        let (sender, gate) = (sender.clone(), held.clone());
        async move {
            // An error means that the test is over.
            let _ = sender.send(());
            // That it was closed is what is waited for.
            let _ = gate.acquire().await;
        }
    });
    http.rule(When::edit().nth(nth), hook);
    (come, gate)
}

#[tokio::test]
async fn two_at_once_a_lost_lock_a_signal_and_a_dry_run_write_nothing_twice() -> Result<()> {
    let reports = Reports::new().await?;
    reports.world.person("Ann").await?;
    let hosts: Vec<String> = (0..7).map(|n| format!("h{n}.example")).collect();
    let urls: Vec<(String, &str)> = hosts
        .iter()
        .flat_map(|host| (0..5).map(move |n| (format!("https://{host}/{n}"), ["Rivers", "Lakes", "Seas"][n % 3])))
        .collect();
    let rows: Vec<_> = urls.iter().map(|(url, page)| ("Ann", *page, url.as_str())).collect();
    reports.additions(&rows).await?;
    let http = FaultProxy::start(&reports.world.wiki.api).await?;
    let db = DbProxy::start(&reports.world.database_url()).await?;
    let job = by_any_address(&reports).through(&http);
    let saved = async || -> Result<usize> {
        let edits = reports.world.admin.contributions(&reports.world.bot.name).await?;
        Ok(edits.iter().filter(|(title, _)| title.contains("LinkReports/")).count())
    };

    // Requests are taken where writing is switched off; what would be written is shown.
    job.clone().env("WIKICREW_LINKREPORT_GEN_EDIT", "off").run_ok().await?;
    let before = reports.world.row_counts().await?;
    http.forget();
    let dry = job.clone().args(&["--dry-run"]).over(&db).run_ok().await?;
    for host in &hosts {
        let title = reports.title("link", host);
        ensure!(dry.stdout.contains(&format!("--- {title}")), "no {title}\n{dry}");
    }
    ensure!(
        dry.stdout.contains("5 additions") || dry.stdout.contains("|5]] additions"),
        "{dry}"
    );
    for call in http.calls() {
        let reads = ["query", "parse", "spamblacklist"].contains(&call.action()) && call.param("token").is_none();
        ensure!(reads || call.is_login(), "{call}\nof\n{}", http.calls().told());
    }
    assert_eq!(db.writes(), Vec::<String>::new());
    for statement in db.statements() {
        let sql = statement.sql.to_uppercase();
        ensure!(!sql.contains("GET_LOCK") && !sql.contains("FOR UPDATE"), "{sql}");
    }
    assert_eq!(reports.world.row_counts().await?, before);
    assert_eq!(saved().await?, 0);

    // Stopped in the middle of the queue.
    let (mut come, gate) = hold(&http, 3);
    let stopped = job.start()?;
    come.recv().await.context("no third edit")?;
    let begun = Instant::now();
    stopped.terminate().await?;
    gate.close();
    let stopped = stopped.wait().await?;
    assert_eq!(stopped.code, 0, "{stopped}");
    ensure!(begun.elapsed() < Duration::from_secs(10), "{stopped}");
    let state = reports
        .world
        .table("SELECT state FROM run ORDER BY run_id DESC LIMIT 1")
        .await?;
    assert_eq!(state, "stopped\n", "{stopped}");
    assert_eq!(saved().await?, 3, "{stopped}");
    http.heal();

    // Two at once; then the lock of the first is lost, and another one takes over.
    let (mut come, gate) = hold(&http, 2);
    let first = job.start()?;
    come.recv().await.context("no second edit")?;
    let second = job.run_ok().await?;
    ensure!(second.says("another run is at work"), "{second}");
    let holder = "SELECT IS_USED_LOCK(CONCAT(DATABASE(), '.', \
        LEFT(SHA2(CONCAT(job, CHAR(0), wiki, CHAR(0), shard), 256), 16))) FROM lease WHERE job = 'linkreport-gen'";
    let holder = reports.world.table(holder).await?.trim().to_owned();
    ensure!(holder.parse::<u64>().is_ok(), "nobody holds the lock: {holder}");
    reports.world.execute(&format!("KILL {holder}")).await?;
    let third = job.run_ok().await?;
    gate.close();
    let first = first.wait().await?;
    ensure!(first.code == 0 && first.says("fenced"), "{first}\n{third}");
    let last = job.later(LATER).run_ok().await?;
    for host in &hosts {
        assert_eq!(
            reports.saves(&reports.title("link", host)).await?,
            1,
            "{host}\n{stopped}{first}{third}{last}"
        );
    }
    let asks = reports.asks().await?;
    ensure!(asks.len() == 7 && asks.iter().all(|ask| ask.is_served), "{asks:?}");
    assert_eq!(reports.report_rows().await?.len(), 7);
    Ok(())
}

/// A password of our choice, so that it can be looked for.
const PASSWORD: &str = "b07b07mark0123456789abcdefmark98";
const WRONG: &str = "wr0n9mark0123456789abcdefmark001";

#[tokio::test]
async fn no_log_line_page_or_row_of_reports_holds_a_secret() -> Result<()> {
    let mut reports = Reports::new().await?;
    let how = json!({ "groups": ["bot"], "bot_password": PASSWORD });
    reports.world.bot = reports.world.account("Bot", how).await?;
    reports.world.person("Ann").await?;
    reports.additions(&[("Ann", "Rivers", "https://shop.example/")]).await?;
    let http = FaultProxy::start(&reports.world.wiki.api).await?;
    let url = reports.world.database_url();
    let password = url.split_once("//").and_then(|(_, rest)| rest.split_once('@'));
    let password = password
        .and_then(|(user, _)| user.split_once(':'))
        .context("no password")?
        .1;
    let job = by_any_address(&reports)
        .through(&http)
        .args(&["-vv"])
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full");
    let mut runs: Vec<Run> = vec![
        job.clone().env("WIKICREW_BOT_PASSWORD", WRONG).run_to(78).await?,
        job.clone()
            .env("WIKICREW_DATABASE_URL", &url.replacen(password, WRONG, 1))
            .run_to(78)
            .await?,
        job.clone()
            .env(
                "WIKICREW_API_URL",
                &http.url().replacen("http://", &format!("http://u:{WRONG}@"), 1),
            )
            .run_to(78)
            .await?,
    ];
    reports
        .save_settings(&reports.settings.clone().set("tittles", 1))
        .await?;
    runs.push(job.run_to(78).await?);
    reports.save_settings(&reports.settings).await?;
    let shop = reports.hosts("shop.example");
    let fault = http.rule(When::edit().nth(1), Fault::HtmlError(502));
    let by_hand = job.clone().args(&["link", &shop, "--output", "page"]);
    runs.push(by_hand.run().await?);
    ensure!(fault.times() == 1, "no fault");
    runs.push(job.clone().args(&["--dry-run"]).run_ok().await?);
    runs.push(job.clone().later(LATER).run_ok().await?);
    for args in [
        &["link", shop.as_str(), "--output", "json"][..],
        &["requests"],
        &["show-settings"],
        &["trial-report"],
    ] {
        runs.push(job.clone().args(args).run_ok().await?);
    }
    let mut secrets = vec![PASSWORD.to_owned(), WRONG.to_owned(), password.to_owned()];
    for call in http.calls() {
        secrets.extend(
            ["token", "lgtoken"]
                .iter()
                .filter_map(|name| call.param(name))
                .map(str::to_owned),
        );
        let cookies = call.header("cookie").unwrap_or_default().split("; ");
        let named = cookies.filter_map(|cookie| cookie.split_once('='));
        secrets.extend(
            named
                .filter(|(name, _)| name.contains("ession"))
                .map(|(_, value)| value.to_owned()),
        );
    }
    secrets.retain(|secret| secret.len() > 8);
    let mut left: String = runs.iter().map(Run::to_string).collect();
    ensure!(left.contains("Edited: True") && secrets.len() > 5, "{left}");
    for table in reports.world.rows("SHOW TABLES").await? {
        left.push_str(&reports.world.table(&format!("SELECT * FROM `{}`", table[0])).await?);
    }
    for title in [reports.title("link", "shop.example"), reports.status_title()] {
        left.push_str(&reports.text(&title).await?);
    }
    for secret in secrets {
        ensure!(!left.contains(&secret), "{secret} is in\n{left}");
    }
    Ok(())
}
