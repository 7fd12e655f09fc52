//! The kill test: wherever a run of matchbot dies, the next one leaves wiki and database as if nothing had happened.
//!
//! A killed process has changed no more than the messages that went out, so whatever it only reads leaves the same state
//! as the message before: there the test strikes once in a while (all the others are for `scripts/soak`), but before and
//! after every message that can change something. "After one" and "before the next" are the same moment where nothing is
//! read in between. Each kill needs a wiki that was
//! not greeted yet: another name for the same wiki makes one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use regex::Regex;
use serde_json::Value;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::counter::Moment;
use wikicrew_tests::kill::{Coverage, Scenario, kill_at_every_message};
use wikicrew_tests::run::Job;
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::world::World;

/// Kills at a time: three keep both cores busy.
const LANES: usize = 3;

#[tokio::test]
async fn one_greeting_and_one_row_wherever_the_run_is_killed() -> Result<()> {
    let coverage = kill_at_every_message(FullRun::default(), LANES).await?;
    println!("{coverage}");
    assert_all_covered(&coverage, |_, _| true);
    for must in [
        "action=edit title=Wikipedia talk",
        "/Status",
        "INSERT INTO matches",
        "list=usercontribs",
    ] {
        assert!(
            coverage.messages.iter().any(|message| message.contains(must)),
            "no {must} in\n{coverage}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_empty_database_is_set_up_wherever_the_first_run_is_killed() -> Result<()> {
    let coverage = kill_at_every_message(FirstRun::default(), LANES).await?;
    println!("{coverage}");
    assert_all_covered(&coverage, is_set_up);
    assert!(
        coverage
            .messages
            .iter()
            .any(|message| message.starts_with("db CREATE DATABASE")),
        "{coverage}"
    );
    Ok(())
}

/// Every message that the scenario is about and that can change something was struck before and after. Between two such
/// messages that follow each other there is one moment, not two.
fn assert_all_covered(coverage: &Coverage, about: fn(&[String], u64) -> bool) {
    let changing = (1..).zip(&coverage.messages).filter(|(_, message)| may_change(message));
    for (k, message) in changing.filter(|(k, _)| about(&coverage.messages, *k)) {
        let covered = |k, moment| coverage.covered.contains(&(k, moment));
        let before = covered(k, Moment::BeforeForwarding) || covered(k - 1, Moment::BeforeAnswer);
        let after = covered(k, Moment::BeforeAnswer);
        assert!(before && after, "{k} {message}\n{coverage}");
    }
}

/// Where to strike.
fn is_struck(messages: &[String], k: u64, moment: Moment) -> bool {
    let message = |k: u64| {
        k.checked_sub(1)
            .and_then(|at| messages.get(at as usize))
            .map_or("", String::as_str)
    };
    let in_passing = k.is_multiple_of(8);
    match moment {
        Moment::BeforeAnswer => may_change(message(k)),
        Moment::BeforeForwarding => (may_change(message(k)) || in_passing) && !may_change(message(k - 1)),
    }
}

/// Whether a message can leave something behind, or take a lock.
pub(crate) fn may_change(message: &str) -> bool {
    const DB: [&str; 8] = [
        "INSERT",
        "UPDATE",
        "DELETE",
        "CREATE",
        "COMMIT",
        "DO ",
        "SELECT GET_LOCK",
        "-- ",
    ];
    match message.strip_prefix("db ") {
        Some(sql) => DB.iter().any(|word| sql.starts_with(word)),
        None => message.starts_with("http POST"),
    }
}

/// Whether message k comes before the first one to the wiki.
pub(crate) fn is_set_up(messages: &[String], k: u64) -> bool {
    let first = messages.iter().position(|message| message.starts_with("http"));
    first.is_none_or(|first| k <= first as u64)
}

/// Co-ops to be used one after the other, so that not every kill has to make one.
type Pool = Arc<Mutex<Vec<Coop>>>;

/// A Co-op that goes back to its pool.
struct Stage {
    coop: Option<Coop>,
    pool: Pool,
    /// What the wiki is called this time.
    wiki: String,
    /// Pages with newest revision and text before the run.
    before: Vec<(String, u64, String)>,
}

impl Stage {
    fn new(coop: Coop, pool: &Pool, before: Vec<(String, u64, String)>) -> Self {
        static STAGES: AtomicUsize = AtomicUsize::new(0);
        Self {
            coop: Some(coop),
            pool: pool.clone(),
            wiki: format!("wiki{:04}", STAGES.fetch_add(1, Ordering::SeqCst)),
            before,
        }
    }

    fn job(&self) -> Job {
        self.coop().matchbot().env("WIKICREW_WIKI", &self.wiki)
    }

    fn coop(&self) -> &Coop {
        self.coop.as_ref().expect("it is taken in drop only")
    }

    /// What was done to the pages since, and what stands in the wiki's rows.
    async fn tell(&self) -> Result<String> {
        let (coop, mut told) = (self.coop(), String::new());
        let world = &coop.world;
        for (title, revid, old) in &self.before {
            let newest = newest_revisions(world, title).await?;
            told.push_str(&format!("== {title}\n"));
            for revision in newest
                .iter()
                .filter(|revision| revision["revid"].as_u64() > Some(*revid))
            {
                told.push_str(&format!("* {}: {}\n", revision["user"], revision["comment"]));
            }
            let text = newest.first().map_or("", text_of);
            let added = text.strip_prefix(old.as_str()).unwrap_or(text);
            told.push_str(&format!("{added}\n"));
        }
        for (what, sql) in TABLES {
            let rows = world
                .table(&sql.replace("WIKI", &self.wiki))
                .await
                .with_context(|| what.to_owned())?;
            told.push_str(&format!("-- {what}\n{rows}"));
        }
        Ok(scrub(world, &told.replace(&self.wiki, "WIKI")))
    }
}

/// Everything that is not about the runs themselves (there is one more after a kill). Revisions are compared with each
/// other, attempts are not: an edit whose answer got lost may have taken two.
const TABLES: [(&str, &str); 8] = [
    (
        "matches",
        "SELECT luid > 0, category, muid > 0, matchmade, reason, intent_key LIKE CONCAT(lprofileid, ':%') FROM matches WHERE wiki = 'WIKI' ORDER BY id",
    ),
    (
        "request",
        "SELECT title, category, state, in_category, generation, reason_code, reason, failures, learner_id > 0, mentioned_at > 0 FROM request WHERE wiki = 'WIKI' ORDER BY title",
    ),
    (
        "intent",
        "SELECT IF(i.intent_key LIKE 'mention:%', 'mention', SUBSTRING_INDEX(i.intent_key, ':', -1)), i.state, i.title, e.kind, i.revid = e.revid, m.revid = e.revid, i.last_error FROM intent i \
        LEFT JOIN edit_log e ON e.wiki = i.wiki AND e.revid = i.revid LEFT JOIN matches m ON m.wiki = i.wiki AND m.intent_key = i.intent_key WHERE i.wiki = 'WIKI' ORDER BY 1",
    ),
    (
        "edit_log",
        "SELECT title, kind, COUNT(*) FROM edit_log WHERE wiki = 'WIKI' GROUP BY 1, 2 ORDER BY 1, 2",
    ),
    (
        "profile_owner",
        "SELECT user_id > 0, source, problem, COUNT(*) FROM profile_owner WHERE wiki = 'WIKI' GROUP BY 1, 2, 3 ORDER BY 1, 2",
    ),
    ("memo", "SELECT name, value FROM memo WHERE wiki = 'WIKI' ORDER BY name"),
    (
        "settings_rev",
        "SELECT kind, verdict, problems FROM settings_rev WHERE wiki = 'WIKI'",
    ),
    (
        "others",
        "SELECT (SELECT COUNT(*) FROM parked), (SELECT COUNT(*) FROM checkpoint), (SELECT COUNT(*) FROM cap_hold)",
    ),
];

/// Beside what differs between worlds: escaped times, revisions in links, and how many runs there were.
fn scrub(world: &World, told: &str) -> String {
    const PATTERNS: [(&str, &str); 4] = [
        (r"(?s)<!-- running -->.*?\n\n", "<!-- running -->\n\n"),
        (r"errors in \d+ runs", "errors"),
        (r"\|\d+\]\]", "|N]]"),
        (r"Settings revision \d+", "Settings revision N"),
    ];
    let mut text = told.replace("&#45;", "-").replace("&#58;", ":").replace("&#46;", ".");
    for (pattern, with) in PATTERNS {
        let pattern = Regex::new(pattern).expect("the patterns are constants that were tried");
        text = pattern.replace_all(&text, with).into_owned();
    }
    world.scrub(&text)
}

/// The last revisions of a page, newest first; its whole history would grow with every kill.
pub(crate) async fn newest_revisions(world: &World, title: &str) -> Result<Vec<Value>> {
    let what = ("rvprop", "ids|user|comment|content");
    let asked = [
        ("action", "query"),
        ("prop", "revisions"),
        ("titles", title),
        what,
        ("rvslots", "main"),
        ("rvlimit", "4"),
    ];
    let mut answer = world.admin.get(&asked).await?;
    Ok(serde_json::from_value(answer["query"]["pages"][0]["revisions"].take()).unwrap_or_default())
}

pub(crate) fn text_of(revision: &Value) -> &str {
    revision["slots"]["main"]["content"].as_str().unwrap_or_default()
}

impl AsRef<World> for Stage {
    fn as_ref(&self) -> &World {
        &self.coop().world
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let (Some(coop), Ok(mut pool)) = (self.coop.take(), self.pool.lock()) {
            pool.push(coop);
        }
    }
}

fn taken(pool: &Pool) -> Option<Coop> {
    pool.lock().ok()?.pop()
}

/// A learner who is greeted, one whose page asks bots to stay away, the maintainer who is told of her, and a status page
/// that has to say that the settings were saved again.
#[derive(Default)]
struct FullRun {
    pool: Pool,
}

impl Scenario for FullRun {
    type Stage = Stage;

    async fn prepare(&self) -> Result<Stage> {
        let coop = match taken(&self.pool) {
            Some(coop) => coop,
            None => lane().await?,
        };
        coop.world
            .admin
            .append(&coop.settings_title(), "\nStill right.", "looked through")
            .await?;
        let mut before = Vec::new();
        let prefix = &coop.world.prefix;
        let talks = [
            format!("{}/{prefix} Lea", coop.talk),
            format!("{}/{prefix} Nora", coop.talk),
            coop.maintainer.talk.clone(),
        ];
        for title in talks.into_iter().chain([coop.status_title()]) {
            let newest = newest_revisions(&coop.world, &title).await?;
            let newest = newest
                .first()
                .map(|newest| (newest["revid"].as_u64().unwrap_or(0), text_of(newest).to_owned()));
            let (revid, text) = newest.unwrap_or_default();
            before.push((title, revid, text));
        }
        Ok(Stage::new(coop, &self.pool, before))
    }

    fn job(&self, stage: &Stage) -> Job {
        stage.job().args(&["--seed", "7"])
    }

    fn strikes(&self, messages: &[String], k: u64, moment: Moment) -> bool {
        is_struck(messages, k, moment)
    }

    async fn snapshot(&self, stage: &Stage) -> Result<String> {
        stage.tell().await
    }
}

/// A Co-op whose pages and tables exist.
async fn lane() -> Result<Coop> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let members = coop.add_learners(&[("Lea", "writing"), ("Nora", "writing")]).await?;
    let nora = &members[1];
    let text = format!("{{{{nobots}}}}\n[[{}]]", coop.skill("writing")?.request);
    let talk = |member: &wikicrew_tests::coop::Member| NewPage::new(&member.talk, "Talk.\n\n== Old ==\nYes.");
    coop.world
        .load(&[
            NewPage::new(&nora.profile, &text).by(nora.name()),
            talk(&members[0]),
            talk(&coop.maintainer),
        ])
        .await?;
    coop.matchbot().run_ok().await?;
    Ok(coop)
}

/// The very first run: a database that does not exist. What comes after its setting up is the other scenario's.
#[derive(Default)]
struct FirstRun {
    pool: Pool,
}

impl Scenario for FirstRun {
    type Stage = Stage;

    async fn prepare(&self) -> Result<Stage> {
        let mut coop = match taken(&self.pool) {
            Some(coop) => coop,
            None => {
                let coop = Coop::new().await?;
                coop.matchbot().run_ok().await?;
                coop
            }
        };
        coop.world = coop.world.with_new_database().await?;
        let name = coop.world.database_name().to_owned();
        coop.world.execute(&format!("DROP DATABASE `{name}`")).await?;
        Ok(Stage::new(coop, &self.pool, Vec::new()))
    }

    fn job(&self, stage: &Stage) -> Job {
        stage.job()
    }

    fn strikes(&self, messages: &[String], k: u64, moment: Moment) -> bool {
        is_set_up(messages, k) && is_struck(messages, k, moment)
    }

    async fn snapshot(&self, stage: &Stage) -> Result<String> {
        let world = &stage.coop().world;
        let versions = world
            .table("SELECT version, name FROM refinery_schema_history ORDER BY version")
            .await?;
        let tables = world.table("SHOW TABLES").await?;
        Ok(format!("{versions}{tables}{}", stage.tell().await?))
    }
}
