//! The same hour of edits, read in every way there is, leaves the same tables: again, in other batches, backwards,
//! shuffled, in four processes at once with kills.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::links::held::Held;
use wikicrew_tests::links::hour::{Dice, hour};
use wikicrew_tests::links::{Links, counted, edit};
use wikicrew_tests::run::{Job, Run};

/// Edits of the hour.
const EDITS: usize = 500;

/// The hour as a file.
fn file(links: &Links, name: &str, lines: &[String]) -> Result<String> {
    links.raw_file(name, (lines.join("\n") + "\n").as_bytes())
}

#[tokio::test]
async fn the_same_hour_read_in_any_way_leaves_the_same_tables() -> Result<()> {
    let links = Links::new().await?;
    let lines = hour(4, EDITS);
    let straight = file(&links, "hour.jsonl", &lines)?;
    let first = links.job(&["ingest", "--events", &straight]).run_ok().await?;
    let (bytes, names) = (links.dump().await?, links.named_dump().await?);
    everything_comes_up(&links, &first).await?;

    let again = links.job(&["ingest", "--events", &straight]).run_ok().await?;
    ensure!(
        links.dump().await? == bytes,
        "reading it again changed something\n{again}"
    );
    assert_eq!(
        (counted(&again, "rows")?, counted(&again, "stored")?),
        (0, 0),
        "{again}"
    );
    assert_eq!(counted(&again, "known")?, counted(&first, "stored")?, "{again}");

    let mut backwards = lines.clone();
    backwards.reverse();
    let mut shuffled = lines.clone();
    Dice::new(9).shuffle(&mut shuffled);
    let backwards = file(&links, "backwards.jsonl", &backwards)?;
    let shuffled = file(&links, "shuffled.jsonl", &shuffled)?;
    let mut raised = 0;
    for (file, batch) in [
        (&straight, "7"),
        (&backwards, "20000"),
        (&shuffled, "50"),
        (&backwards, "300"),
    ] {
        links.empty().await?;
        let run = links
            .job(&["ingest", "--events", file, "--batch", batch])
            .run_ok()
            .await?;
        raised += counted(&run, "raised")?;
        same(&names, &links.named_dump().await?).with_context(|| format!("{run}"))?;
    }
    ensure!(
        raised > 0,
        "no link of a revert was raised: the test says nothing of it"
    );
    Ok(())
}

/// What the tables are tested with is there at all.
async fn everything_comes_up(links: &Links, run: &Run) -> Result<()> {
    for what in [
        "additions",
        "restored",
        "floods",
        "no-performer",
        "namespace",
        "own-text-unchanged",
        "other-performer",
        "null-edit",
    ] {
        ensure!(counted(run, what)? > 0, "no {what}:\n{run}");
    }
    for rows in [
        "link_addition WHERE times > 200",
        "link_addition WHERE flags & 1",
        "link_addition WHERE flags & 2",
        "link_addition WHERE flags & 4",
        "link_addition WHERE flags & 8",
        "link_addition WHERE flags & 32",
        "link_addition WHERE flags & 64",
        "link_addition WHERE flags & 128",
        "link_restored",
        "link_flood",
        "editor WHERE kind = 2",
        "editor WHERE LENGTH(ip) = 16",
        "host WHERE rhost LIKE 'com.facebook./%'",
        "host WHERE rhost = '203.0.113.5'",
        "link_addition WHERE rev_id > 1000000",
    ] {
        ensure!(links.world.count(rows).await? > 0, "no rows of {rows}\n{run}");
    }
    for rows in ["wiki", "realm"] {
        let there = links.world.count(rows).await?;
        assert_eq!(there, if rows == "wiki" { 6 } else { 2 }, "{rows}");
    }
    Ok(())
}

/// Compares two dumps; the difference, and not the dumps, is told.
fn same(expected: &str, found: &str) -> Result<()> {
    let missing = without(expected, found);
    let surplus = without(found, expected);
    ensure!(
        expected == found,
        "missing:\n{missing}\ntoo much:\n{surplus}\n(same lines in another number when both are empty)"
    );
    Ok(())
}

fn without(lines: &str, others: &str) -> String {
    let others: std::collections::HashSet<&str> = others.lines().collect();
    let lines = lines.lines().filter(|line| !others.contains(line));
    lines.take(20).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn four_shards_at_once_and_two_killed_leave_the_same_tables() -> Result<()> {
    let links = Links::new().await?;
    let file = file(&links, "hour.jsonl", &hour(4, EDITS))?;
    let job = |part: u32| {
        let shard = format!("{part}/4");
        links.job(&["ingest", "--events", &file, "--shard", &shard, "--batch", "25"])
    };
    // Not even the tables are there yet: all four make them at once.
    let mut all = JoinSet::new();
    for part in [1, 3] {
        let job = job(part);
        all.spawn(async move { job.run_ok().await });
    }
    for (part, statement, nth) in [(2, "INSERT INTO pair", 3), (4, "INSERT INTO host_month", 2)] {
        let (job, url) = (job(part), links.world.database_url());
        all.spawn(async move { killed_in_the_middle(&job, &url, statement, nth).await });
    }
    while let Some(done) = all.join_next().await {
        done??;
    }
    let (bytes, names) = (links.dump().await?, links.named_dump().await?);
    let again = links.job(&["ingest", "--events", &file]).run_ok().await?;
    ensure!(
        links.dump().await? == bytes,
        "reading it in one changed something\n{again}"
    );
    assert_eq!(counted(&again, "rows")?, 0, "{again}");
    links.empty().await?;
    links.job(&["ingest", "--events", &file]).run_ok().await?;
    same(&links.named_dump().await?, &names)
}

/// Kills the job when it sends this statement for the nth time, and runs it again.
async fn killed_in_the_middle(job: &Job, url: &str, statement: &str, nth: usize) -> Result<Run> {
    let proxy = DbProxy::start(url).await?;
    let mut held = Held::at(&proxy, statement, nth);
    let killed = job.clone().over(&proxy).start()?;
    held.come().await?;
    killed.kill().await?;
    held.release();
    // Its lock goes with its connection, and that the server has to notice.
    for _ in 0..100 {
        let run = job.run().await?;
        if run.code != 75 {
            ensure!(run.code == 0, "the run after the kill\n{run}");
            ensure!(
                counted(&run, "known")? > 0,
                "it was killed before it stored anything\n{run}"
            );
            return Ok(run);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the dead run's lock stayed")
}

#[tokio::test]
async fn shards_of_another_number_wait_until_those_at_work_are_done() -> Result<()> {
    let links = Links::new().await?;
    let lines: Vec<_> = ["nl", "en", "fr"]
        .iter()
        .zip(1..)
        .map(|(wiki, n)| edit(wiki, n * 10, "Ann", 5, "", "https://a.example/"))
        .collect();
    let file = links.file("events.jsonl", &lines)?;
    // Which shard has which wiki does not matter here: the lock is taken before the file is read.
    links
        .job(&["ingest", "--events", &file, "--shard", "1/4"])
        .run_ok()
        .await?;
    let proxy = DbProxy::start(&links.world.database_url()).await?;
    let mut held = Held::at(&proxy, "information_schema.PARTITIONS", 1);
    let first = links
        .job(&["ingest", "--events", &file, "--shard", "1/4"])
        .over(&proxy)
        .start()?;
    held.come().await?;
    for other in [&["--shard", "1/3"][..], &[], &["--shard", "3/5"]] {
        let run = links.job(&["ingest", "--events", &file]).args(other).run_to(75).await?;
        ensure!(run.says("divided otherwise"), "{run}");
        ensure!(
            run.says("1/4") && run.says("start all shards with the same number"),
            "{run}"
        );
    }
    // The same shard is at work; another one of the four is not, and may begin.
    let twin = links
        .job(&["ingest", "--events", &file, "--shard", "1/4"])
        .run_to(75)
        .await?;
    ensure!(twin.says("another run is at work"), "{twin}");
    links
        .job(&["ingest", "--events", &file, "--shard", "2/4"])
        .run_ok()
        .await?;
    held.release();
    let first = first.wait().await?;
    assert_eq!(first.code, 0, "{first}");
    links.job(&["ingest", "--events", &file]).run_ok().await?;
    assert_eq!(links.world.count("link_addition").await?, 3);
    Ok(())
}
