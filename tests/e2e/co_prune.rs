//! A bounded past: what `prune` removes at which time, what it leaves, and that it disturbs nobody. Size limit and
//! backup.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use chrono::{Datelike, TimeDelta};
use serde_json::Value;
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::links::held::Held;
use wikicrew_tests::links::{Links, counted, edit, minutes_ago};
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::root;

/// In minutes.
const DAY: i64 = 24 * 60;

/// Ann adds a host in one month, twice in a later one, and now; somebody without an account only in the first.
fn months() -> Vec<Value> {
    let mut edits = vec![
        edit("en", 1_001, "Ann", 100 * DAY, "", "http://old.example.com/first"),
        edit("en", 1_002, "192.0.2.7", 100 * DAY, "", "http://by-ip.example/"),
        edit("en", 1_003, "192.0.2.9", 40 * DAY, "", "http://by-ip.example/later"),
        edit(
            "de",
            2_001,
            "Ann",
            40 * DAY,
            "",
            "http://old.example.com/second http://old.example.com/third",
        ),
        edit("en", 1_004, "Ann", 60, "", "http://new.example.com/"),
    ];
    edits.iter_mut().for_each(in_family);
    edits
}

/// A wiki is of one family, whoever tells of it.
fn in_family(edit: &mut Value) {
    edit["realm"] = "family".into();
}

/// `prune` as the schedule does it, so many days from now.
fn prune(links: &Links, days: i64) -> Job {
    links.job(&["prune"]).later(days * DAY * 60)
}

/// What `links` prints, times taken out; the headline with its days first.
async fn shown(links: &Links, name: &str, code: i32) -> Result<Vec<String>> {
    let run = links.job(&["links", name]).run_to(code).await?;
    let line = |line: &str| match line.get(16..18) {
        Some("  ") => line[18..].to_owned(),
        _ => line.to_owned(),
    };
    Ok(run.stdout.lines().map(line).collect())
}

/// The day so many days ago.
fn day(days: i64) -> String {
    minutes_ago(days * DAY)[..10].to_owned()
}

/// The first day of the month that is the first to be kept when rows are kept for 120 days.
fn first_kept(days_from_now: i64) -> Result<String> {
    let then = chrono::DateTime::parse_from_rfc3339(&minutes_ago(0))? + TimeDelta::days(days_from_now - 120);
    Ok(then
        .with_day(1)
        .context("every month has one")?
        .format("%Y-%m-%d")
        .to_string())
}

/// Changes no row, and says that it did nothing.
async fn ensure_changes_nothing(links: &Links, days: i64) -> Result<()> {
    let before = links.dump().await?;
    let run = prune(links, days).run_ok().await?;
    ensure!(
        run.says("Wrote DB: False") && counted(&run, "months_dropped")? == 0,
        "{run}"
    );
    ensure!(links.dump().await? == before, "a second run changed something\n{run}");
    Ok(())
}

#[tokio::test]
async fn months_go_counts_stay_for_their_time_and_nothing_comes_back() -> Result<()> {
    let links = Links::new().await?;
    links.ingest(&months()).await?;
    let first = "en.example.org/w  Ann  Page 1  revision 1001  old.example.com/first (4, 3, 3, 2)";
    let second = "de.example.org/w  Ann  Page 7  revision 2001  old.example.com/second (4, 3, 3, 2)";
    let third = "de.example.org/w  Ann  Page 7  revision 2001  old.example.com/third (4, 3, 3, 2)";
    let head = |rows: i64, counts: i64| {
        let (rows, counts) = (day(rows), day(counts));
        format!("additions of old.example.com: rows since {rows}, counts since {counts}")
    };
    assert_eq!(
        shown(&links, "old.example.com", 0).await?,
        [&head(100, 100), third, second, first]
    );

    // Today only the address is too old.
    assert_eq!(shown(&links, "192.0.2.7", 0).await?.len(), 2);
    let run = prune(&links, 0).run_ok().await?;
    assert_eq!(
        (counted(&run, "addresses")?, counted(&run, "months_dropped")?),
        (1, 0),
        "{run}"
    );
    assert_eq!(
        shown(&links, "192.0.2.7", 1).await?,
        [
            "Nothing is recorded under `192.0.2.7`.",
            "What is older is recorded under the range only: coi-report links 192.0.2.0/24"
        ]
    );
    let range = shown(&links, "192.0.2.0/24", 0).await?;
    assert_eq!(
        range[1..],
        [
            "en.example.org/w  192.0.2.9  Page 3  revision 1003  by-ip.example/later (1, 2, 1, 1)",
            "en.example.org/w  192.0.2.0/24  Page 2  revision 1002  by-ip.example/ (1, 2, 1, 1)"
        ]
    );
    ensure_changes_nothing(&links, 0).await?;

    let before = links.dump().await?;
    let dry = links.job(&["prune", "--dry-run"]).later(60 * DAY * 60).run_ok().await?;
    let horizon = first_kept(60)?;
    let told = format!("Dry run: a real one removes rows of revisions older than {horizon}.\n");
    assert_eq!(dry.stdout, told, "{dry}");
    ensure!(links.dump().await? == before, "a dry run wrote\n{dry}");

    // Two months later, while somebody stores: neither waits for the other for long, nothing is lost.
    let proxy = DbProxy::start(&links.world.database_url()).await?;
    let mut busy: Vec<Value> = (0..40)
        .map(|n| edit("en", 5_000 + n, "Bea", 30, "", &format!("http://busy.example/{n}")))
        .collect();
    busy.iter_mut().for_each(in_family);
    let file = links.file("busy.jsonl", &busy)?;
    let mut held = Held::at(&proxy, "INTO link_addition", 5);
    let ingest = links
        .job(&["ingest", "--batch", "1", "--events", &file])
        .over(&proxy)
        .start()?;
    held.come().await?;
    let pruning = prune(&links, 60).start()?;
    waits(&links).await?;
    held.release();
    let (ingested, pruned) = (ingest.wait().await?, pruning.wait().await?);
    ensure!(ingested.code == 0 && pruned.code == 0, "{ingested}{pruned}");
    ensure!(
        counted(&pruned, "months_dropped")? >= 1 && pruned.says("finished=true"),
        "{pruned}"
    );
    assert_eq!(
        links
            .world
            .count("link_addition JOIN editor USING (editor_id) WHERE name = 'Bea'")
            .await?,
        40
    );
    assert_eq!(
        shown(&links, "Bea", 0).await?[1].rsplit_once('(').map(|end| end.1),
        Some("40, 40, 40, 1)")
    );
    assert_eq!(
        shown(&links, "old.example.com", 0).await?,
        [&head(40, 100), third, second],
        "the row is gone, it is counted still, and people are told"
    );
    let range = shown(&links, "192.0.2.0/24", 0).await?;
    assert_eq!(
        range[1..],
        ["en.example.org/w  192.0.2.0/24  Page 3  revision 1003  by-ip.example/later (2, 2, 2, 1)"],
        "both addresses of the range are one now"
    );
    ensure_changes_nothing(&links, 60).await?;

    // Old events do not come in again, whatever the clock.
    for days in [0, 60] {
        let before = links.dump().await?;
        let file = links.file("again.jsonl", &months())?;
        let run = links
            .job(&["ingest", "--events", &file])
            .later(days * DAY * 60)
            .run_ok()
            .await?;
        let counts = ["too_old", "known", "stored"].map(|what| counted(&run, what));
        assert_eq!(counts.map(|count| count.unwrap_or(99)), [2, 3, 0], "{run}");
        ensure!(links.dump().await? == before, "{run}");
    }

    // Counts without rows, and then nothing at all.
    prune(&links, 600).run_ok().await?;
    assert_eq!(links.world.count("link_addition").await?, 0);
    assert_eq!(links.world.count("pair").await?, 5, "{}", links.named_dump().await?);
    ensure_changes_nothing(&links, 600).await?;
    let run = prune(&links, 900).run_ok().await?;
    for table in [
        "pair",
        "host_month",
        "editor_wiki",
        "touched_host",
        "page",
        "host",
        "editor",
    ] {
        assert_eq!(links.world.count(table).await?, 0, "{table}: {run}");
    }
    Ok(())
}

/// Returns when `prune` waits for who stores.
async fn waits(links: &Links) -> Result<()> {
    let waiting = "information_schema.processlist WHERE db = DATABASE() \
        AND (info LIKE 'ALTER TABLE link_addition%' OR info LIKE 'UPDATE link_since%')";
    for _ in 0..500 {
        if links.world.count(waiting).await? > 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("prune does not wait for the transaction that is open")
}

/// One of the scripts, with this database.
fn script(links: &Links, name: &str, args: &[&str]) -> Job {
    let url = links.world.database_url();
    let url = url.split('?').next().unwrap_or_default();
    Job::new(name)
        .program(root().join("scripts").join(name))
        .env("WIKICREW_DATABASE_URL", url)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .args(args)
}

/// How big the database is, as it is measured, in GB.
async fn size(links: &Links) -> Result<f64> {
    let sql = "SELECT SUM(DATA_LENGTH + INDEX_LENGTH) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";
    Ok(links.world.rows(sql).await?[0][0].parse::<f64>()? / 1e9)
}

#[tokio::test]
async fn a_full_database_is_told_and_a_restored_one_keeps_its_links() -> Result<()> {
    let links = Links::new().await?;
    links.ingest(&months()).await?;
    let backups = std::env::temp_dir().join(format!("wikicrew-links-backup-{}", links.world.prefix));
    script(&links, "backup", &[&backups.to_string_lossy()]).run_ok().await?;
    let dump = std::fs::read_dir(&backups)?.next().context("no dump was made")??.path();

    let now = size(&links).await?;
    let limited = async |args: &[&str], share: f64, code: i32| -> Result<Run> {
        let limit = format!("{:.6}", now / share);
        links.job(args).env("WIKICREW_SIZE_LIMIT_GB", &limit).run_to(code).await
    };
    let mut more = [edit("en", 9_001, "Cid", 5, "", "http://more.example/")];
    more.iter_mut().for_each(in_family);
    let file = links.file("more.jsonl", &more)?;
    let ingest = ["ingest", "--events", &file];
    let before = links.dump().await?;
    let full = limited(&ingest, 1.1, 1).await?;
    ensure!(
        full.stderr.contains("nothing more is stored") && links.dump().await? == before,
        "{full}"
    );
    let full = limited(&["prune"], 1.1, 1).await?;
    ensure!(
        full.stderr.contains("are allowed") && full.stderr.contains("--keep-rows-days"),
        "{full}"
    );
    let quiet = limited(&ingest, 0.6, 0).await?;
    ensure!(!quiet.says("GB"), "{quiet}");
    for (args, rows) in [(&ingest[..], 0), (&["prune"], 0)] {
        let told = limited(args, 0.8, 0).await?;
        ensure!(
            told.stderr.contains("WARN") && told.stderr.contains("at 100 % nothing more is stored"),
            "{told}"
        );
        ensure!(args[0] == "prune" || counted(&told, "stored")? == rows, "{told}");
    }
    let stats = limited(&["stats"], 0.8, 0).await?;
    ensure!(
        stats.stdout.contains(" GB, 8") || stats.stdout.contains(" GB, 7"),
        "{stats}"
    );

    // The rows that came after the backup stay, as all others do.
    let before = links.dump().await?;
    script(&links, "restore", &["--replace", &dump.to_string_lossy()])
        .run_ok()
        .await?;
    std::fs::remove_dir_all(&backups)?;
    ensure!(links.dump().await? == before, "a restore touched recorded links");
    for events in [&months()[2..], &more] {
        let run = links.ingest(events).await?;
        assert_eq!(counted(&run, "known")?, events.len() as u64, "{run}");
    }
    ensure!(links.dump().await? == before);
    Ok(())
}
