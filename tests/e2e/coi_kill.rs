//! coi-report dies, loses its database, is switched off or stopped in the middle of a run: the next run leaves pages,
//! rows and counters as if nothing had happened. Nothing stands twice, nothing is lost.
//!
//! The kill test strikes after the messages that can change something and that nothing before has struck: every save,
//! and the commits. `WIKICREW_TEST_KILLS=all` strikes after every changing message, and before every save.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use regex::Regex;
use serde_json::json;
use wikicrew_tests::coi::Coi;
use wikicrew_tests::counter::Moment;
use wikicrew_tests::kill::{Scenario, kill_at_every_message};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::run::Job;
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::world::World;

use crate::coi_sources::{only, read_so_far};
use crate::kill::{is_set_up, may_change};

/// Kills at a time.
const LANES: usize = 3;
/// The wiki's name in the database: its address changes with every proxy.
const WIKI: &str = "en.kill.example/w";

/// A world whose first run is over, with commands that admins may write.
async fn started() -> Result<Coi> {
    let coi = Coi::new().await?;
    let settings = coi.settings.clone().set("commands", json!({ "groups": ["sysop"] }));
    coi.save_settings(&settings).await?;
    coi.world
        .load(&[NewPage::new(&coi.commands_title(), "Commands for the bot:\n")])
        .await?;
    let proxy = FaultProxy::start(&coi.world.wiki.api).await?;
    only(&coi.world.prefix, &proxy);
    let job = job_of(&coi).through(&proxy);
    job.run_ok().await?;
    // One round without a kill: from now on all pages exist.
    people_edit(&coi, "r00").await?;
    job.run_ok().await?;
    Ok(coi)
}

fn job_of(coi: &Coi) -> Job {
    let job = coi
        .job()
        .env("WIKICREW_API_HOSTS", "127.0.0.1")
        .env("WIKICREW_WIKI", WIKI);
    job.args(&["--seed", "7"])
}

/// A title that is its author's name, a link that is monitored from now on, a link by an address, and a command.
async fn people_edit(coi: &Coi, round: &str) -> Result<()> {
    let own = |name: &str| coi.world.own(&format!("{name} {round}"));
    let shop = format!("https://{}shop{round}.example/", coi.world.prefix.to_lowercase());
    let pages = [
        NewPage::new(&own("Company"), "A company.").by(&own("Company")),
        NewPage::new(&own("Town"), &format!("[{shop} Shop]")).by(&own("Shop")),
        NewPage::new(&own("Plain"), "https://plain.example/").by("198.41.0.77"),
    ];
    coi.world.load(&pages).await?;
    let command = format!("\n* ml add casino{round}.example — advertised {round}");
    coi.world.admin.append(&coi.commands_title(), &command, "").await?;
    Ok(())
}

/// What is there before a run.
struct Before {
    /// Newest revisions of the pages that grow.
    pages: Vec<(String, u64)>,
    /// Newest rows.
    rows: Vec<(&'static str, u64)>,
    read: Vec<u64>,
    parked: u64,
}

impl Before {
    async fn of(coi: &Coi) -> Result<Self> {
        let mut titles: Vec<String> = coi.day_pages().await?.into_keys().collect();
        titles.extend([coi.commands_title(), coi.status_title()]);
        let mut pages = Vec::new();
        for title in titles {
            let newest = coi
                .world
                .admin
                .history(&title)
                .await?
                .pop()
                .map_or(0, |newest| newest.revid);
            pages.push((title, newest));
        }
        let mut rows = Vec::new();
        for table in ["intent", "edit_log"] {
            let newest = coi
                .world
                .rows(&format!("SELECT IFNULL(MAX(id), 0) FROM {table}"))
                .await?;
            rows.push((table, newest[0][0].parse()?));
        }
        let parked = coi.world.count("parked").await?;
        Ok(Self {
            pages,
            rows,
            read: read(&coi.world).await?,
            parked,
        })
    }
}

async fn read(world: &World) -> Result<Vec<u64>> {
    let told = read_so_far(world).await?;
    told.trim()
        .split(" | ")
        .map(|n| n.parse().context("no number"))
        .collect()
}

/// Rows about a round; `ROUND` is its word, `MARK` the newest row before it. Of how many hits a line tells is not known
/// of an edit whose answer was lost, and not compared.
const TABLES: [(&str, &str); 9] = [
    (
        "hit",
        "SELECT user_name, subject, rule, string, matched, ratio, times, skip, is_shown, is_reported, is_new FROM hit \
         WHERE title LIKE '%ROUND' ORDER BY 1, 2, 3, 4",
    ),
    (
        "hit_line",
        "SELECT user_name, subject, string, state, title, revid > 0, is_dirty FROM hit_line \
         WHERE line_key IN (SELECT line_key FROM hit WHERE title LIKE '%ROUND') ORDER BY 1, 2, 3",
    ),
    (
        "list_entry",
        "SELECT list, user_name, page, added_by, auto_wiki, auto_rev > 0, expires > added_at FROM list_entry \
         WHERE page LIKE '%ROUND%' ORDER BY 1, 2, 3",
    ),
    (
        "link_addition",
        "SELECT h.rhost, e.name, times FROM link_addition a JOIN host h USING (host_id) JOIN editor e USING (editor_id) \
         JOIN page p USING (page_id) WHERE p.title LIKE '%ROUND' ORDER BY 1, 2",
    ),
    (
        "pair",
        "SELECT h.rhost, n FROM pair JOIN host h USING (host_id) WHERE h.rhost LIKE '%ROUND%'",
    ),
    (
        "intent",
        "SELECT state, title, revid > 0, last_error FROM intent WHERE id > MARK ORDER BY 2",
    ),
    (
        "edit_log",
        "SELECT title, kind, COUNT(*) FROM edit_log WHERE id > MARK GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    ("checkpoint", "SELECT source FROM checkpoint ORDER BY 1"),
    (
        "memo",
        "SELECT SUBSTRING_INDEX(name, '.', 1), COUNT(*) FROM memo GROUP BY 1 ORDER BY 1",
    ),
];

/// What came of a round, without what differs between rounds and worlds.
async fn came_of(coi: &Coi, round: &str, before: &Before) -> Result<String> {
    let mut told = String::new();
    for (title, revid) in &before.pages {
        let history = coi.world.admin.history(title).await?;
        told.push_str(&format!("== {title}\n"));
        for edit in history.iter().filter(|edit| edit.revid > *revid) {
            told.push_str(&format!("{}: {}\n", edit.user, edit.summary));
        }
        let text = history.last().map_or("", |newest| newest.text.as_str());
        let mut ours = false;
        for line in text.lines() {
            if line.starts_with(['*', '#']) && !line.starts_with("*:") {
                ours = line.contains(round);
            }
            if ours {
                told.push_str(&format!("{line}\n"));
            }
        }
    }
    for (table, sql) in TABLES {
        let mark = before
            .rows
            .iter()
            .find(|(name, _)| *name == table)
            .map_or(0, |(_, id)| *id);
        let sql = sql.replace("ROUND", round).replace("MARK", &mark.to_string());
        let rows = scrub(coi, &coi.world.table(&sql).await.with_context(|| table.to_owned())?);
        // Names of worlds sort differently.
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.sort_unstable();
        told.push_str(&format!("-- {table}\n{}\n", rows.join("\n")));
    }
    let read = read(&coi.world).await?;
    let more: Vec<u64> = read
        .iter()
        .zip(&before.read)
        .map(|(now, before)| now - before)
        .collect();
    let parked = coi.world.count("parked").await? - before.parked;
    told.push_str(&format!("read {more:?}, parked {parked}\n"));
    Ok(scrub(coi, &told.replace(round, "rNN")))
}

fn scrub(coi: &Coi, told: &str) -> String {
    const PATTERNS: [(&str, &str); 5] = [
        (r"(?:<!--co:)[^>]*-->", "<!--ANCHOR-->"),
        (r"\d\d:\d\d(:\d\d)?", "TIME"),
        (r"\d+/\d+\)", "COUNTS)"),
        (r"(?:Diff|diff)[^|\]]*", "Diff"),
        (r"revision \d+", "revision N"),
    ];
    let mut text = told
        .replace("&#58;", ":")
        .replace("&#45;", "-")
        .replace("&#46;", ".")
        .replace("&#47;", "/");
    for (pattern, with) in PATTERNS {
        let pattern = Regex::new(pattern).expect("the patterns are constants that were tried");
        text = pattern.replace_all(&text, with).into_owned();
    }
    coi.world.scrub(&text)
}

/// Worlds that go back to their pool, each with as many rounds as are wanted of it.
type Pool = Arc<Mutex<Vec<Coi>>>;

struct Stage {
    coi: Option<Coi>,
    pool: Pool,
    round: String,
    before: Before,
}

impl Stage {
    fn coi(&self) -> &Coi {
        self.coi.as_ref().expect("it is taken in drop only")
    }
}

impl AsRef<World> for Stage {
    fn as_ref(&self) -> &World {
        &self.coi().world
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let (Some(coi), Ok(mut pool)) = (self.coi.take(), self.pool.lock()) {
            pool.push(coi);
        }
    }
}

#[derive(Default)]
struct Rounds {
    pool: Pool,
    next: AtomicUsize,
}

#[expect(clippy::disallowed_methods, reason = "asked for by hand only")]
fn strikes_everywhere() -> bool {
    std::env::var("WIKICREW_TEST_KILLS").is_ok_and(|kills| kills == "all")
}

fn line(messages: &[String], k: u64) -> &str {
    messages.get(k as usize - 1).map_or("", String::as_str)
}

/// Whether message k can leave something behind.
fn can_change(messages: &[String], k: u64) -> bool {
    let line = line(messages, k);
    if line.starts_with("db COMMIT") || line.starts_with("http POST") {
        return true;
    }
    let mut ends = messages[..k as usize - 1].iter().rev().filter(|line| {
        ["db START", "db COMMIT", "db ROLLBACK"]
            .iter()
            .any(|word| line.starts_with(word))
    });
    may_change(line) && !ends.next().is_some_and(|line| line.starts_with("db START"))
}

/// What the transaction did that this message commits.
fn committed(messages: &[String], k: u64) -> Vec<&str> {
    let before = messages[..k as usize - 1].iter().rev();
    let own = before.take_while(|line| !line.starts_with("db START"));
    let words = own
        .filter(|line| may_change(line))
        .map(|line| line.split(['(', '=']).next().unwrap_or_default());
    words.collect()
}

/// A save, or a commit of what no commit before did.
fn is_worth_it(messages: &[String], k: u64) -> bool {
    let of = line(messages, k);
    if !of.starts_with("db COMMIT") {
        return of.starts_with("http POST action=edit");
    }
    let own = committed(messages, k);
    let earlier: Vec<&str> = (1..k)
        .filter(|k| line(messages, *k).starts_with("db COMMIT"))
        .flat_map(|k| committed(messages, k))
        .collect();
    own.iter().any(|word| !earlier.contains(word))
}

impl Scenario for Rounds {
    type Stage = Stage;

    async fn prepare(&self) -> Result<Stage> {
        let taken = self.pool.lock().ok().and_then(|mut pool| pool.pop());
        let coi = match taken {
            Some(coi) => coi,
            None => started().await?,
        };
        let round = format!("r{:02}", self.next.fetch_add(1, Ordering::SeqCst) + 1);
        coi.world.db_is_idle().await?;
        let before = Before::of(&coi).await?;
        people_edit(&coi, &round).await?;
        Ok(Stage {
            coi: Some(coi),
            pool: self.pool.clone(),
            round,
            before,
        })
    }

    fn job(&self, stage: &Stage) -> Job {
        job_of(stage.coi())
    }

    fn arrange(&self, stage: &Stage, http: &FaultProxy) {
        only(&stage.coi().world.prefix, http);
    }

    fn strikes(&self, messages: &[String], k: u64, moment: Moment) -> bool {
        let is_save = line(messages, k).starts_with("http POST action=edit");
        match moment {
            _ if is_set_up(messages, k) => false,
            Moment::BeforeForwarding => is_save && strikes_everywhere(),
            Moment::BeforeAnswer if strikes_everywhere() => can_change(messages, k),
            Moment::BeforeAnswer => is_worth_it(messages, k),
        }
    }

    async fn snapshot(&self, stage: &Stage) -> Result<String> {
        came_of(stage.coi(), &stage.round, &stage.before).await
    }
}

#[tokio::test]
async fn hits_lists_lines_and_answers_are_the_same_wherever_the_run_is_killed() -> Result<()> {
    let rounds = Rounds::default();
    let stage = rounds.prepare().await?;
    let proxy = FaultProxy::start(&stage.coi().world.wiki.api).await?;
    rounds.arrange(&stage, &proxy);
    rounds.job(&stage).through(&proxy).run_ok().await?;
    let told = rounds.snapshot(&stage).await?;
    for must in [
        "page-overlap",
        "link-overlap",
        "| shown |",
        "| coi-report |",
        "casinorNN.example",
        "(TOKEN)",
    ] {
        ensure!(told.contains(must), "no {must} in\n{told}");
    }
    drop(stage);
    let coverage = kill_at_every_message(rounds, LANES).await?;
    println!("{coverage}");
    let saves: Vec<&String> = coverage
        .messages
        .iter()
        .filter(|line| line.starts_with("http POST action=edit"))
        .collect();
    assert_eq!(saves.len(), 2, "the commands page, the day page: {coverage}");
    for must in [
        "INSERT INTO hit ",
        "INSERT INTO list_entry",
        "INSERT INTO hit_line",
        "INSERT INTO wiki_edits",
        "INSERT INTO checkpoint",
    ] {
        assert!(
            coverage.messages.iter().any(|line| line.contains(must)),
            "no {must} in\n{coverage}"
        );
    }
    assert!(coverage.covered.len() >= 8, "{coverage}");
    Ok(())
}
