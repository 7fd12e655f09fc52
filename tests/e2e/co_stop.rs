//! `coi-report ingest` where it may not or cannot go on: no room, no database, a dry run, two at once, a lock that is lost,
//! signals. And its password, which nobody is told.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::links::held::Held;
use wikicrew_tests::links::{Links, counted, edit};
use wikicrew_tests::run::Job;

const LINK: &str = "https://a.example/x";

#[tokio::test]
async fn without_room_or_database_nothing_is_stored_and_a_person_is_told() -> Result<()> {
    let links = Links::new().await?;
    let file = links.file("events.jsonl", &[edit("en", 10, "Ann", 5, "", LINK)])?;
    let job = links.job(&["ingest", "--events", &file]);
    let gone = job
        .clone()
        .env("WIKICREW_DATABASE_URL", "mysql://a:b@127.0.0.1:1/s12345__x")
        .run_to(75)
        .await?;
    ensure!(gone.says("opening the database"), "{gone}");

    // Before anything is there: as good as full already.
    let full = job.clone().args(&["--size-limit-gb", "0.0001"]).run_to(1).await?;
    for told in ["nothing more is stored", "coi-report prune", "--size-limit-gb"] {
        ensure!(full.says(told), "no {told} in\n{full}");
    }
    for table in ["link_addition", "editor", "host", "wiki", "pair"] {
        assert_eq!(links.world.count(table).await?, 0, "{table}");
    }
    let nearly = job.run_ok().await?;
    ensure!(!nearly.says("WARN"), "{nearly}");
    // Nearly full: a warning, and stored.
    let bytes = "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";
    let bytes: f64 = links.world.table(bytes).await?.trim().parse()?;
    let limit = format!("{:.6}", bytes / 1e9 / 0.8);
    let file = links.file("events.jsonl", &[edit("en", 20, "Ann", 5, "", LINK)])?;
    let warned = links
        .job(&["ingest", "--events", &file, "--size-limit-gb", &limit])
        .run_ok()
        .await?;
    ensure!(
        warned.says("WARN") && warned.says("at 100 % nothing more is stored"),
        "{warned}"
    );
    assert_eq!(counted(&warned, "stored")?, 1, "{warned}");
    Ok(())
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_counts_the_same() -> Result<()> {
    let links = Links::new().await?;
    let lines = [
        edit("en", 10, "Ann", 5, "", LINK),
        edit("de", 10, "Ben", 5, "", "https://b.example https://c.example"),
        edit("en", 20, "Ann", 5, LINK, LINK),
    ];
    let mut bytes: Vec<u8> = lines.iter().flat_map(|line| format!("{line}\n").into_bytes()).collect();
    bytes.extend_from_slice(b"{}\n");
    let file = links.raw_file("events.jsonl", &bytes)?;
    let proxy = DbProxy::start(&links.world.database_url()).await?;
    let dry = links.job(&["ingest", "--events", &file, "--dry-run"]).over(&proxy);
    let counts = ["revisions", "stored", "rows", "bad", "null-edit"];
    let dried = dry.run_to(1).await?;
    assert_eq!(links.world.row_counts().await?, "", "no tables are made\n{dried}");
    let real = links.job(&["ingest", "--events", &file]).run_to(1).await?;
    for what in counts {
        assert_eq!(counted(&dried, what)?, counted(&real, what)?, "{what}\n{dried}\n{real}");
    }
    assert_eq!(counted(&real, "rows")?, 3, "{real}");
    let before = (links.dump().await?, links.world.row_counts().await?);
    for command in [
        vec!["ingest", "--events", &file, "--dry-run"],
        vec!["prune", "--dry-run"],
    ] {
        links.job(&command).over(&proxy).run().await?;
    }
    assert_eq!((links.dump().await?, links.world.row_counts().await?), before);
    let locks = proxy
        .statements()
        .into_iter()
        .filter(|statement| statement.sql.contains("GET_LOCK"));
    let written: Vec<String> = proxy.writes().into_iter().chain(locks.map(|lock| lock.sql)).collect();
    assert!(written.is_empty(), "{written:?}");
    Ok(())
}

/// Three edits, each a batch of its own with `--batch 1`.
fn three() -> [Value; 3] {
    [(10, "a"), (20, "b"), (30, "c")]
        .map(|(rev, host)| edit("en", rev, "Ann", 5, "", &format!("https://{host}.example/")))
}

#[tokio::test]
async fn two_at_once_a_lost_lock_and_a_signal_double_nothing() -> Result<()> {
    let links = Links::new().await?;
    let file = links.file("three.jsonl", &three())?;
    let job = links.job(&["ingest", "--events", &file, "--batch", "1"]);
    job.run_ok().await?;
    let expected = links.named_dump().await?;

    // Between two batches, so that nothing of it waits for the second run.
    links.empty().await?;
    let proxy = DbProxy::start(&links.world.database_url()).await?;
    let mut held = Held::at(&proxy, "INSERT IGNORE INTO host", 2);
    let first = job.clone().over(&proxy).start()?;
    held.come().await?;
    let second = job.run_to(75).await?;
    ensure!(
        second.says("another run is at work (run ") && second.says("since 20"),
        "{second}"
    );
    assert_eq!(
        links.world.count("link_addition").await?,
        1,
        "the first batch, and nothing of the second run"
    );
    // Its lock is gone, and it does not know.
    links
        .world
        .execute(&format!("KILL {}", lock_holder(&links).await?))
        .await?;
    let second = job.run_ok().await?;
    assert_eq!(
        (counted(&second, "known")?, counted(&second, "stored")?),
        (1, 2),
        "{second}"
    );
    held.release();
    let first = first.wait().await?;
    assert_eq!(first.code, 75, "{first}");
    ensure!(first.says("fenced: another run took over"), "{first}");
    assert_eq!(links.named_dump().await?, expected);

    links.empty().await?;
    let proxy = DbProxy::start(&links.world.database_url()).await?;
    let mut held = Held::at(&proxy, "INSERT INTO pair", 2);
    let stopped = job.clone().over(&proxy).start()?;
    held.come().await?;
    let begun = Instant::now();
    stopped.terminate().await?;
    held.release();
    let stopped = stopped.wait().await?;
    assert_eq!(stopped.code, 0, "{stopped}");
    ensure!(begun.elapsed() < Duration::from_secs(10), "{stopped}");
    ensure!(
        stopped.says("stopped before the end of the file; run it again"),
        "{stopped}"
    );
    assert_eq!(
        links
            .world
            .table("SELECT state FROM run ORDER BY run_id DESC LIMIT 1")
            .await?,
        "stopped\n"
    );
    ensure!(links.world.count("link_addition").await? < 3, "{stopped}");
    let rest = job.run_ok().await?;
    ensure!(counted(&rest, "known")? > 0 && counted(&rest, "stored")? > 0, "{rest}");
    assert_eq!(links.named_dump().await?, expected);
    Ok(())
}

/// The number of the database connection that holds the run's lock.
async fn lock_holder(links: &Links) -> Result<String> {
    let sql = "SELECT IS_USED_LOCK(CONCAT(DATABASE(), '.', \
        LEFT(SHA2(CONCAT(job, CHAR(0), wiki, CHAR(0), shard), 256), 16))) FROM lease WHERE job = 'coi-report ingest'";
    let holder = links.world.table(sql).await?.trim().to_owned();
    ensure!(holder.parse::<u64>().is_ok(), "nobody holds the lock: {holder}");
    Ok(holder)
}

#[tokio::test]
async fn a_signal_is_heard_while_a_file_without_links_is_read() -> Result<()> {
    let links = Links::new().await?;
    links.job(&["prune"]).run_ok().await?;
    // Nothing of it is stored, so nothing is waited for in between.
    let words = "Words without any link. ".repeat(20_000);
    let line = edit("en", 10, "Ann", 5, "", &words);
    let file = links.file("words.jsonl", &vec![line; 60])?;
    let proxy = DbProxy::start(&links.world.database_url()).await?;
    let mut held = Held::at(&proxy, "IS_USED_LOCK", 1);
    let running = links.job(&["ingest", "--events", &file]).over(&proxy).start()?;
    held.come().await?;
    held.release();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    running.terminate().await?;
    let run = running.wait().await?;
    assert_eq!(run.code, 0, "{run}");
    ensure!(run.says("stopped before the end of the file"), "{run}");
    ensure!(begun.elapsed() < Duration::from_secs(3), "{run}");
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_cut_while_it_is_read_loses_no_revision_that_is_left() -> Result<()> {
    let links = Links::new().await?;
    links.job(&["prune"]).run_ok().await?;
    let [a, b, _] = three();
    let file = links.file("cut.jsonl", &[a.clone(), b.clone(), a.clone(), b.clone()])?;
    let proxy = DbProxy::start(&links.world.database_url()).await?;
    // After the first reading of the file, before the second.
    let mut held = Held::at(&proxy, "link_since", 1);
    let running = links.job(&["ingest", "--events", &file]).over(&proxy).start()?;
    held.come().await?;
    links.file("cut.jsonl", &[a, b])?;
    held.release();
    let run = running.wait().await?;
    assert_eq!((run.code, counted(&run, "stored")?), (0, 2), "{run}");
    Ok(())
}

#[tokio::test]
async fn the_password_is_never_told() -> Result<()> {
    let links = Links::new().await?;
    let url = links.world.database_url();
    let (_, rest) = url.split_once("//").context("no URL")?;
    let (user, rest) = rest.split_once('@').context("no user")?;
    let (user, password) = user.split_once(':').context("no password")?;
    ensure!(password.len() >= 8, "the password is too short to be looked for");
    let wrong = "wr0n9mark0123456789abcdefmark000";
    let (server, _) = rest.split_once('/').context("no database")?;
    let talkative = |job: Job| {
        let job = job.args(&["-vv"]).env("RUST_LOG", "trace");
        job.env("RUST_BACKTRACE", "full").env("RUST_LIB_BACKTRACE", "1")
    };
    let file = links.raw_file(
        "events.jsonl",
        format!("{}\n{{\n", edit("en", 10, "Ann", 5, "", LINK)).as_bytes(),
    )?;
    let ingest = talkative(links.job(&["ingest", "--events", &file]));
    let other = |url: String| ingest.clone().env("WIKICREW_DATABASE_URL", &url);
    let mut runs = vec![
        ingest.run_to(1).await?,
        other(format!("mysql://{user}:{wrong}@{rest}")).run().await?,
        other(format!("mysql://{user}:{wrong}@127.0.0.1:1/x"))
            .run_to(75)
            .await?,
        other(format!("mysql://{user}:{password}@{server}/not_ours__x"))
            .run()
            .await?,
        other(format!("mysql:/{user}:{wrong}@{rest}")).run_to(78).await?,
        other(format!("mysql://{user}:{wrong}@{rest}?no_such={wrong}"))
            .run_to(78)
            .await?,
    ];
    for command in [&["stats"][..], &["links", "a.example"], &["prune"]] {
        runs.push(talkative(links.job(command)).run_ok().await?);
    }
    for run in &runs {
        for mark in [password, wrong] {
            ensure!(!run.says(mark), "a password is in\n{run}");
        }
    }
    ensure!(runs[1].code != 0 && runs[3].code != 0, "{}\n{}", runs[1], runs[3]);
    Ok(())
}
