//! The kill test of infobox-check: wherever a run dies, the next one leaves articles, logs, lists and rows as if nothing
//! had happened: no line twice, none lost, and the same marks.
//!
//! It strikes after every message that can change something: a save, a statement outside of transactions, the COMMIT of
//! a transaction, what takes or frees the lock. Before such a message everything is as it was after the one before it: a
//! transaction dies with its connection, and what is only read changes nothing; there it strikes before the save of the log,
//! and else once in a while. Each kill has articles of its own in a project that goes on:
//! so nothing has to be made anew, and the log grows as a real one does.

use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use regex::Regex;
use wikicrew_tests::boxes::{Boxes, BulkEdit};
use wikicrew_tests::counter::Moment;
use wikicrew_tests::kill::{Scenario, kill_at_every_message};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Job;
use wikicrew_tests::world::World;

use crate::kill::{is_set_up, may_change, newest_revisions, text_of};

/// Kills at a time.
const LANES: usize = 3;
/// Rounds that one project has articles for.
const ROUNDS: usize = 20;
/// Three articles, which are changed in a verified field, in a watched one, and outside of the box.
const ARTICLES: [(&str, &str, &str); 3] = [
    ("Acetone", "CASNo = 67-64-1", "CASNo = 67-64-7"),
    ("Benzene", "BoilingPt = 80 °C", "BoilingPt = 81 °C"),
    ("Toluene", "a solvent", "an old solvent"),
];

fn text() -> String {
    "{{chembox\n| Section1={{Chembox Identifiers\n| CASNo = 67-64-1\n }}\n\
     | Section2={{Chembox Properties\n| BoilingPt = 80 °C\n }}\n}}\nIt is a solvent."
        .to_owned()
}

#[tokio::test]
async fn no_line_twice_and_none_lost_wherever_the_run_is_killed() -> Result<()> {
    let coverage = kill_at_every_message(Rounds::default(), LANES).await?;
    println!("{coverage}");
    // What comes before the login every job has: that is the other test's.
    let changing = |k: &u64| can_change(&coverage.messages, *k) && !is_set_up(&coverage.messages, *k);
    for k in (1..=coverage.messages.len() as u64).filter(changing) {
        assert!(coverage.covered.contains(&(k, Moment::BeforeAnswer)), "{k}\n{coverage}");
    }
    for must in [
        "list=recentchanges",
        "INSERT INTO field_change",
        "/Open",
        "/Status",
        "Acetone",
        "list=usercontribs",
        "UPDATE field_change SET log_title",
    ] {
        assert!(
            coverage.messages.iter().any(|message| message.contains(must)),
            "no {must} in\n{coverage}"
        );
    }
    let saves = coverage
        .messages
        .iter()
        .filter(|message| message.starts_with("http POST action=edit"));
    assert_eq!(
        saves.count(),
        7,
        "a day's log, its front page, the list, three articles, the status page\n{coverage}"
    );
    Ok(())
}

fn message(messages: &[String], k: u64) -> &str {
    messages.get(k as usize - 1).map_or("", String::as_str)
}

/// Whether message k can leave something behind, or take a lock.
fn can_change(messages: &[String], k: u64) -> bool {
    let line = message(messages, k);
    if line.starts_with("db COMMIT") {
        return true;
    }
    let earlier = messages[..k as usize - 1].iter().rev();
    let mut ends = earlier.filter(|line| {
        ["db START", "db COMMIT", "db ROLLBACK"]
            .iter()
            .any(|word| line.starts_with(word))
    });
    let is_in_transaction = ends.next().is_some_and(|line| line.starts_with("db START"));
    may_change(line) && (line.starts_with("http") || !is_in_transaction)
}

/// A project that goes back to its pool, and what is new in it.
struct Stage {
    lane: Option<Lane>,
    pool: Pool,
    round: usize,
    /// Pages with their newest revision before the run.
    before: Vec<(String, u64)>,
    /// The newest rows before the run.
    rows: Vec<(&'static str, u64)>,
}

struct Lane {
    scene: Boxes,
    rounds: usize,
}

type Pool = Arc<Mutex<Vec<Lane>>>;

impl AsRef<World> for Stage {
    fn as_ref(&self) -> &World {
        &self.scene().world
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let (Some(lane), Ok(mut pool)) = (self.lane.take(), self.pool.lock()) {
            pool.push(lane);
        }
    }
}

/// The name of an article of a round.
fn named(article: &str, round: usize) -> String {
    format!("{article} r{round:02}")
}

/// What people do before a run.
fn edits_of(round: usize) -> Vec<BulkEdit> {
    let edit = |(name, old, new): (&str, &str, &str)| BulkEdit {
        name: named(name, round),
        user: "Ben".into(),
        text: text().replace(old, new),
    };
    ARTICLES.map(edit).to_vec()
}

impl Lane {
    /// A project with articles for all rounds, each verified as it is, in which the first run and the quiet ones after it
    /// are over.
    async fn new() -> Result<Self> {
        let scene = Boxes::new().await?;
        let settings = scene.settings.clone().set("settle", "0m");
        // Articles get their marks only in the round in which they are edited.
        scene.save_settings(&settings.clone().set("edit", false)).await?;
        let articles = (0..ROUNDS).flat_map(|round| ARTICLES.map(|(name, ..)| named(name, round)));
        let edits: Vec<BulkEdit> = articles
            .map(|name| BulkEdit {
                name,
                user: "Maker".into(),
                text: text(),
            })
            .collect();
        let revids = scene.bulk(&edits).await?;
        let lines: Vec<(&str, u64)> = edits.iter().map(|edit| edit.name.as_str()).zip(revids).collect();
        scene.index_lines(&scene.chem, &lines).await?;
        for _ in 0..3 {
            scene.run().await?;
        }
        scene.save_settings(&settings).await?;
        // One round without a kill: from now on all pages exist.
        scene.bulk(&edits_of(0)).await?;
        scene.run().await?;
        Ok(Self { scene, rounds: 1 })
    }
}

impl Stage {
    fn scene(&self) -> &Boxes {
        &self.lane.as_ref().expect("it is taken in drop only").scene
    }
}

/// Tables with rows that have a number.
const NUMBERED: [&str; 3] = ["field_change", "intent", "edit_log"];

/// Everything that is not about the runs themselves. Revisions are compared with what the wiki says of them; ids and
/// attempts are not told. `MARK` is the beginning of the round, `ROUND` the end of its titles.
const TABLES: [(&str, &str); 9] = [
    (
        "field_change",
        "SELECT c.title, c.box, c.ordinal, c.field, c.rule, c.kind, c.state, c.old_value, c.new_value, c.verified_value, \
         c.user_name, c.to_log, c.log_page, c.log_title, i.revid = c.logged_revid, c.log_stale, c.reverted_by \
         FROM field_change c LEFT JOIN intent i ON i.revid = c.logged_revid WHERE c.title LIKE '%ROUND' ORDER BY 1, 2, 3, 4",
    ),
    ("field_change, all", "SELECT COUNT(*) FROM field_change WHERE id > MARK"),
    (
        "intent",
        "SELECT state, title, JSON_LENGTH(decision, '$.rows'), revid > 0, last_error FROM intent WHERE id > MARK ORDER BY 2",
    ),
    (
        "edit_log",
        "SELECT title, kind, IF(title LIKE '%/Open', COUNT(*) > 0, COUNT(*)) FROM edit_log WHERE id > MARK GROUP BY 1, 2 ORDER BY title LIKE 'User:%', 1, 2",
    ),
    (
        "open_field",
        "SELECT title, box, ordinal, field, value, verified_value, is_verified, user_name FROM open_field \
         WHERE title LIKE '%ROUND' ORDER BY 1, 2, 3, 4",
    ),
    (
        "page_mark",
        "SELECT title, box, revid > 0, due_at, reason, differs, stale FROM page_mark WHERE title LIKE '%ROUND' ORDER BY 1, 2",
    ),
    (
        "box_page",
        "SELECT title, box, ns FROM box_page WHERE title LIKE '%ROUND' ORDER BY 1, 2",
    ),
    (
        "memo",
        "SELECT SUBSTRING_INDEX(name, '.', 1), COUNT(*) FROM memo GROUP BY 1 ORDER BY 1",
    ),
    (
        "others",
        "SELECT (SELECT COUNT(*) FROM parked), (SELECT COUNT(*) FROM checkpoint), (SELECT COUNT(*) FROM cap_hold), \
         (SELECT COUNT(*) FROM index_line), (SELECT verdict FROM settings_rev ORDER BY revid DESC LIMIT 1)",
    ),
];

/// What people do between two runs of a project.
#[derive(Default)]
struct Rounds {
    pool: Pool,
}

impl Scenario for Rounds {
    type Stage = Stage;

    async fn prepare(&self) -> Result<Stage> {
        let taken = self.pool.lock().ok().and_then(|mut pool| pool.pop());
        let mut lane = match taken {
            Some(lane) if lane.rounds < ROUNDS => lane,
            _ => Lane::new().await?,
        };
        let round = lane.rounds;
        lane.rounds += 1;
        let scene = &lane.scene;
        let world = &scene.world;
        world.db_is_idle().await?;
        // What is done once a day is due again.
        world
            .execute(
                "UPDATE memo SET updated = updated - INTERVAL 2 DAY, value = IF(name LIKE 'front.%', '', value) \
                 WHERE name LIKE 'open.%' OR name LIKE 'front.%' OR name = 'hidden'",
            )
            .await?;
        world.admin.append(&scene.chem.log, "\nThank you!", "").await?;
        world
            .admin
            .append(&scene.settings_title(), "\nStill right.", "looked through")
            .await?;
        let today = world.rows("SELECT UTC_DATE()").await?[0][0].clone();
        let log = &scene.chem.log;
        let mut titles: Vec<String> = ARTICLES.map(|(name, ..)| scene.title(&named(name, round))).to_vec();
        titles.extend([
            format!("{log}/{today}"),
            format!("{log}/Open"),
            log.clone(),
            scene.status_title(),
        ]);
        for edit in edits_of(round) {
            scene.edit(&edit.name, &edit.user, &edit.text, "").await?;
        }
        let mut before = Vec::new();
        for title in titles {
            let newest = newest_revisions(world, &title).await?;
            let newest = newest.first().and_then(|newest| newest["revid"].as_u64());
            before.push((title, newest.unwrap_or_default()));
        }
        let mut rows = Vec::new();
        for table in NUMBERED {
            let newest = world.rows(&format!("SELECT IFNULL(MAX(id), 0) FROM {table}")).await?;
            rows.push((table, newest[0][0].parse()?));
        }
        Ok(Stage {
            lane: Some(lane),
            pool: self.pool.clone(),
            round,
            before,
            rows,
        })
    }

    fn job(&self, stage: &Stage) -> Job {
        stage.scene().job().args(&["--seed", "7"])
    }

    /// Of the recent changes only those of this project, so that each run does the same.
    fn arrange(&self, stage: &Stage, http: &FaultProxy) {
        let ours = format!("{} ", stage.scene().world.prefix);
        let only_ours = Fault::rewrite(move |answer| {
            if let Some(changes) = answer["query"]["recentchanges"].as_array_mut() {
                changes.retain(|change| change["title"].as_str().is_some_and(|title| title.starts_with(&ours)));
            }
        });
        http.rule(When::module("recentchanges"), only_ours);
    }

    fn strikes(&self, messages: &[String], k: u64, moment: Moment) -> bool {
        let line = message(messages, k);
        let in_passing = k.is_multiple_of(if line.starts_with("http") { 8 } else { 40 });
        match moment {
            _ if is_set_up(messages, k) => false,
            Moment::BeforeAnswer => can_change(messages, k),
            Moment::BeforeForwarding => in_passing || line.contains(" summary=Logged "),
        }
    }

    /// What was done to the pages since, and what the rows say about the articles of this round.
    async fn snapshot(&self, stage: &Stage) -> Result<String> {
        let (scene, mut told) = (stage.scene(), String::new());
        let round = format!(" r{:02}", stage.round);
        for (title, revid) in &stage.before {
            told.push_str(&format!("== {title}\n"));
            let newest = newest_revisions(&scene.world, title).await?;
            let edits = newest
                .iter()
                .filter(|revision| revision["revid"].as_u64() > Some(*revid));
            let mut edits: Vec<String> = edits
                .map(|edit| format!("* {}: {}\n", edit["user"], edit["comment"]))
                .collect();
            if title.ends_with("/Open") {
                // It names its moment: a run that dies before it can note that it saved the list is followed by another.
                edits.dedup();
            }
            told.push_str(&edits.concat());
            let text = newest.first().map_or("", text_of);
            told.push_str(&lines_about(text, &round, title));
        }
        for (what, sql) in TABLES {
            let table = what.split(',').next().unwrap_or(what);
            let mark = stage.rows.iter().find(|(name, _)| *name == table).or(stage.rows.last());
            let sql = sql
                .replace("ROUND", &round)
                .replace("MARK", &mark.map_or(0, |(_, id)| *id).to_string());
            let rows = scene.world.table(&sql).await.with_context(|| what.to_owned())?;
            told.push_str(&format!("-- {what}\n{rows}"));
        }
        Ok(scrub(scene, &told.replace(&round, "")))
    }
}

/// Articles whole; of the pages that grow from round to round the lines about this one's articles.
fn lines_about(text: &str, round: &str, title: &str) -> String {
    if title.ends_with(round) || title.ends_with("/Status") {
        return format!("{text}\n");
    }
    let (mut told, mut ours) = (String::new(), false);
    for line in text.lines() {
        if line.starts_with("* ") {
            ours = line.contains(round);
        }
        if (ours && line.starts_with('*')) || !line.starts_with('*') {
            told.push_str(&format!("{line}\n"));
        }
    }
    told
}

/// Beside what differs between worlds: what differs between rounds.
fn scrub(scene: &Boxes, told: &str) -> String {
    const PATTERNS: [(&str, &str); 8] = [
        (r"(?s)<!-- running -->.*?\n\n", "<!-- running -->\n\n"),
        (r"(?s)<!-- done -->.*?\n\n", "<!-- done -->\n\n"),
        (r"<!--ib:[a-z0-9]+ ", "<!--ib:NAME "),
        (r"Settings revision \d+", "Settings revision N"),
        (r"Listed \d+ fields", "Listed N fields"),
        (r"fields: \d+, pages: \d+", "fields: N, pages: N"),
        (r"(?:ComparePages|Diff)[^|\]]*", "Diff"),
        (r"rev1=\d+", ""),
    ];
    let mut text = told.replace("&#45;", "-").replace("&#58;", ":").replace("&#46;", ".");
    for (pattern, with) in PATTERNS {
        let pattern = Regex::new(pattern).expect("the patterns are constants that were tried");
        text = pattern.replace_all(&text, with).into_owned();
    }
    scene.scrub(&text)
}
