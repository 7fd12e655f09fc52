//! `coi-report ingest` and `coi-report prune`, killed at every message that can change something: the run after it leaves
//! what an undisturbed one would have left.
//!
//! What a job only reads leaves the same state as the message before: there the test strikes once in a while.

use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::counter::Moment;
use wikicrew_tests::kill::{Coverage, Scenario, kill_at_every_message};
use wikicrew_tests::links::{Links, edit, minutes_ago};
use wikicrew_tests::run::Job;
use wikicrew_tests::world::World;

/// Kills at a time: three keep both cores busy.
const LANES: usize = 3;
const DAY: i64 = 86_400;

/// Whether a message can leave something behind, or take a lock.
fn may_change(message: &str) -> bool {
    const WORDS: [&str; 8] = [
        "INSERT",
        "UPDATE",
        "DELETE",
        "CREATE",
        "ALTER",
        "COMMIT",
        "DO ",
        "SELECT GET_LOCK",
    ];
    let sql = message.strip_prefix("db ").unwrap_or_default();
    WORDS.iter().any(|word| sql.starts_with(word)) || sql.starts_with("-- ")
}

/// Whether message k stands in a transaction, whose COMMIT is no part of it.
fn is_in_transaction(messages: &[String], k: u64) -> bool {
    let before = messages.iter().take(k as usize).rev();
    let mut ends = before.filter_map(|message| match message.as_str() {
        "db START TRANSACTION" => Some(true),
        "db COMMIT" => Some(false),
        _ => None,
    });
    ends.next() == Some(true)
}

/// Whether message k changes something and tells more than an earlier one: what a transaction does is undone wherever
/// it ends before its COMMIT, so of its statements each kind is struck once.
fn matters(messages: &[String], k: u64) -> bool {
    let Some(message) = k.checked_sub(1).and_then(|at| messages.get(at as usize)) else {
        return false;
    };
    let kind = |message: &str| message.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
    let is_new = || {
        !messages
            .iter()
            .take(k as usize - 1)
            .any(|other| kind(other) == kind(message))
    };
    // Lock and run record are those of every job, and struck in matchbot's test.
    let begins = messages.iter().position(|message| message.contains("link_since"));
    may_change(message)
        && begins.is_some_and(|begins| k > begins as u64)
        && (!is_in_transaction(messages, k) || is_new())
}

/// Where to strike: after what matters, which is also the moment before what matters next; before the first of them; and
/// once in a while in between.
fn is_struck(messages: &[String], k: u64, moment: Moment) -> bool {
    match moment {
        Moment::BeforeAnswer => matters(messages, k),
        Moment::BeforeForwarding => k.is_multiple_of(64) || k == first(messages),
    }
}

/// The first message that matters.
fn first(messages: &[String]) -> u64 {
    (1..=messages.len() as u64).find(|k| matters(messages, *k)).unwrap_or(0)
}

/// Every message that matters was struck.
fn assert_all_covered(coverage: &Coverage) {
    let messages = &coverage.messages;
    assert!(
        coverage.covered.contains(&(first(messages), Moment::BeforeForwarding)),
        "{coverage}"
    );
    for (k, message) in (1..).zip(messages).filter(|(k, _)| matters(messages, *k)) {
        assert!(
            coverage.covered.contains(&(k, Moment::BeforeAnswer)),
            "{k} {message}\n{coverage}"
        );
    }
}

fn assert_has(coverage: &Coverage, musts: &[&str]) {
    for must in musts {
        let has = coverage.messages.iter().any(|message| message.contains(must));
        assert!(has, "no {must} in\n{coverage}");
    }
}

/// Databases to be used one after the other, so that not every kill has to make one.
type Pool = Arc<Mutex<Vec<Links>>>;

/// A database that goes back to its pool.
struct Stage {
    links: Option<Links>,
    pool: Pool,
    file: String,
}

impl Stage {
    fn links(&self) -> &Links {
        self.links.as_ref().expect("it is taken in drop only")
    }
}

impl AsRef<World> for Stage {
    fn as_ref(&self) -> &World {
        &self.links().world
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let (Some(links), Ok(mut pool)) = (self.links.take(), self.pool.lock()) {
            pool.push(links);
        }
    }
}

fn taken(pool: &Pool) -> Option<Links> {
    pool.lock().ok()?.pop()
}

/// Two wikis, in batches of few rows: what a revert restored and a later line raises, archives, floods.
fn few_edits() -> Vec<Value> {
    let link = "https://a.example/x";
    let mut undone = edit("en", 110, "Ann", 10, "", link);
    undone["tags"] = json!(["mw-undo"]);
    let archived = "https://web.archive.org/web/2020/https://b.example/y";
    let flood: String = (0..1_001).map(|n| format!("https://h{n}.example/\n")).collect();
    let many: String = (0..250).map(|n| format!("https://one.example/{n}\n")).collect();
    let mut spam = edit("de", 120, "203.0.113.9", 8, "", link);
    spam["tags"] = json!(["mw-rollback"]);
    vec![
        undone,
        edit("en", 130, "Ben", 9, "", archived),
        edit("en", 90, "Ann", 30, "", &format!("{link} https://c.example")),
        edit("en", 140, "Ben", 7, "", &flood),
        edit("de", 150, "Ben", 7, "", &many),
        spam,
        edit("de", 160, "~2026-7", 6, "", &format!("{link} https://www.c.example/z")),
    ]
}

/// Reads a small file. The tables and their months are there.
struct Ingest {
    pool: Pool,
    lines: Vec<Value>,
}

impl Scenario for Ingest {
    type Stage = Stage;

    async fn prepare(&self) -> Result<Stage> {
        let links = match taken(&self.pool) {
            Some(links) => links,
            None => {
                let links = Links::new().await?;
                links.ingest(&self.lines[..1]).await?;
                links
            }
        };
        links.empty().await?;
        Ok(Stage {
            file: links.file("few.jsonl", &self.lines)?,
            links: Some(links),
            pool: self.pool.clone(),
        })
    }

    fn job(&self, stage: &Stage) -> Job {
        let args = ["ingest", "--events", &stage.file, "--batch", "3", "--seed", "7"];
        stage.links().job(&args)
    }

    fn strikes(&self, messages: &[String], k: u64, moment: Moment) -> bool {
        is_struck(messages, k, moment)
    }

    async fn snapshot(&self, stage: &Stage) -> Result<String> {
        stage.links().named_dump().await
    }
}

#[tokio::test]
async fn an_ingest_leaves_the_same_wherever_it_is_killed() -> Result<()> {
    let scenario = Ingest {
        pool: Pool::default(),
        lines: few_edits(),
    };
    let coverage = kill_at_every_message(scenario, LANES).await?;
    println!("{coverage}");
    assert_all_covered(&coverage);
    assert_has(
        &coverage,
        &[
            "INSERT INTO link_addition",
            "INSERT INTO link_restored",
            "db DELETE r FROM",
            "INSERT INTO link_flood",
            "INSERT INTO pair",
            "INSERT IGNORE INTO host",
        ],
    );
    let batches = coverage
        .messages
        .iter()
        .filter(|message| message.contains("INSERT INTO page"));
    assert!(batches.count() >= 3, "{coverage}");
    Ok(())
}

/// The first run ever, struck where the months are made: what comes before is struck in matchbot's test.
struct First {
    lines: Vec<Value>,
}

impl First {
    fn is_about(message: &str) -> bool {
        message.contains("link_since") || message.contains("PARTITION") || message.contains(".months")
    }
}

impl Scenario for First {
    type Stage = Stage;

    async fn prepare(&self) -> Result<Stage> {
        let links = Links::new().await?;
        Ok(Stage {
            file: links.file("few.jsonl", &self.lines)?,
            links: Some(links),
            pool: Pool::default(),
        })
    }

    fn job(&self, stage: &Stage) -> Job {
        stage.links().job(&["ingest", "--events", &stage.file, "--seed", "7"])
    }

    fn strikes(&self, messages: &[String], k: u64, moment: Moment) -> bool {
        let is_change = |k: u64| {
            let message = k.checked_sub(1).and_then(|at| messages.get(at as usize));
            message.is_some_and(|message| may_change(message) && Self::is_about(message))
        };
        let is_first = || (1..k).all(|k| !is_change(k));
        is_change(k) && (moment == Moment::BeforeAnswer || is_first())
    }

    async fn snapshot(&self, stage: &Stage) -> Result<String> {
        Ok(stage.links().named_dump().await? + &months(stage.links()).await?)
    }
}

/// The months of the table of additions, and how far back the numbers go.
async fn months(links: &Links) -> Result<String> {
    const MONTHS: &str = "SELECT PARTITION_NAME, PARTITION_DESCRIPTION FROM information_schema.PARTITIONS \
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'link_addition' ORDER BY PARTITION_ORDINAL_POSITION";
    let since = "SELECT what, since FROM link_since WHERE what <> 'names' ORDER BY what";
    let months = links.world.table(MONTHS).await?;
    ensure!(months.lines().count() > 4, "no months:\n{months}");
    Ok(months + &links.world.table(since).await?)
}

#[tokio::test]
async fn the_months_are_made_wherever_the_first_ingest_is_killed() -> Result<()> {
    let lines = few_edits().split_off(4);
    let coverage = kill_at_every_message(First { lines }, LANES).await?;
    println!("{coverage}");
    assert!(coverage.covered.len() >= 4, "{coverage}");
    assert_has(&coverage, &["ALTER TABLE link_addition", "link_since", ".months"]);
    Ok(())
}

/// Takes out what is too old. Each stage is filled from a database that is made once.
struct Prune {
    pool: Pool,
    full: Links,
}

impl Prune {
    /// Months that go with all that hangs on them, an address to be cut, and what stays.
    async fn new() -> Result<Self> {
        let full = Links::new().await?;
        let old = |mut edit: Value, days: i64| {
            edit["dt"] = json!(minutes_ago(days * 24 * 60));
            edit
        };
        let flood: String = (0..1_001).map(|n| format!("https://h{n}.example/\n")).collect();
        let mut undone = edit("en", 120, "Ann", 0, "", "https://restored.example");
        undone["tags"] = json!(["mw-undo"]);
        let before = [
            old(
                edit("en", 101, "Ann", 0, "", "https://a.example https://gone.example"),
                76,
            ),
            old(edit("en", 110, "203.0.113.7", 0, "", "https://gone.example/y"), 75),
            old(undone, 74),
            old(edit("de", 130, "Ben", 0, "", &flood), 73),
        ];
        let file = full.file("before.jsonl", &before)?;
        let job = full.job(&["ingest", "--events", &file, "--keep-rows-days", "10"]);
        job.later(-72 * DAY).run_ok().await?;
        full.ingest(&[
            old(edit("en", 201, "198.51.100.4", 0, "", "https://b.example"), 25),
            old(edit("de", 202, "2001:db8::4", 0, "", "https://a.example"), 25),
            edit("en", 203, "Ann", 5, "", "https://a.example/new"),
        ])
        .await?;
        Ok(Self {
            pool: Pool::default(),
            full,
        })
    }
}

impl Scenario for Prune {
    type Stage = Stage;

    async fn prepare(&self) -> Result<Stage> {
        let links = match taken(&self.pool) {
            Some(links) => links,
            None => {
                let links = Links::new().await?;
                links.job(&["prune"]).run_ok().await?;
                links
            }
        };
        links.copy_of(&self.full).await?;
        Ok(Stage {
            links: Some(links),
            pool: self.pool.clone(),
            file: String::new(),
        })
    }

    fn job(&self, stage: &Stage) -> Job {
        let keep = [
            "--keep-rows-days",
            "30",
            "--keep-pairs-days",
            "40",
            "--keep-ip-days",
            "20",
        ];
        stage.links().job(&["prune", "--seed", "7"]).args(&keep)
    }

    fn strikes(&self, messages: &[String], k: u64, moment: Moment) -> bool {
        is_struck(messages, k, moment)
    }

    async fn snapshot(&self, stage: &Stage) -> Result<String> {
        Ok(stage.links().named_dump().await? + &months(stage.links()).await?)
    }
}

#[tokio::test]
async fn a_prune_leaves_the_same_wherever_it_is_killed() -> Result<()> {
    let scenario = Prune::new().await?;
    let before = scenario.full.named_dump().await?;
    for gone in ["gone.example", "restored.example", "203.0.113.7"] {
        let reversed = gone
            .replace("gone.example", "example.gone.")
            .replace("restored.example", "example.restored.");
        ensure!(before.contains(&reversed), "no {reversed} in\n{before}");
    }
    let stage = scenario.prepare().await.context("a stage to look at")?;
    ensure!(stage.links().named_dump().await? == before, "the copy is none");
    let run = scenario.job(&stage).run_ok().await?;
    let after = scenario.snapshot(&stage).await?;
    for gone in [
        "example.gone.",
        "example.restored.",
        "203.0.113",
        "198.51.100.4",
        "2001:db8::4",
        "1001",
    ] {
        ensure!(!after.contains(gone), "{gone} is still in\n{after}\n{run}");
    }
    for kept in ["198.51.100.0/24", "2001:db8::/48", "example.a.", "Ann"] {
        ensure!(after.contains(kept), "no {kept} in\n{after}\n{run}");
    }
    drop(stage);
    let coverage = kill_at_every_message(scenario, LANES).await?;
    println!("{coverage}");
    assert_all_covered(&coverage);
    assert_has(
        &coverage,
        &[
            "DROP PARTITION",
            "REBUILD PARTITION",
            "DELETE FROM pair",
            "DELETE FROM editor",
        ],
    );
    Ok(())
}
