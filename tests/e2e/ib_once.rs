//! Each line of the log exactly once: the answer gets lost, the request comes late, wiki and database fail at every
//! stage, the database forgets. In the end every change has one row and one line, in one edit that the row names.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use wikicrew_tests::boxes::Boxes;
use wikicrew_tests::counter::Moment;
use wikicrew_tests::dbproxy::{DbProxy, Statement};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, Gate, When};
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::root;
use wikicrew_tests::scene::LATER;

use crate::ib_chem::{TRUE, articles};
use crate::ib_seen::{anchors, ensure_logged_once, ensure_quiet, log_lines};
use crate::seen::number;

/// A project with Acetone behind proxies, where one change follows the other.
struct Days {
    scene: Boxes,
    http: FaultProxy,
    changes: usize,
    clock: i64,
}

impl Days {
    async fn new() -> Result<Self> {
        let (scene, _) = articles(&["Acetone"]).await?;
        let http = FaultProxy::start(&scene.world.wiki.api).await?;
        Ok(Self {
            scene,
            http,
            changes: 0,
            clock: 0,
        })
    }

    /// Ben gives Acetone another value.
    async fn change(&mut self) -> Result<()> {
        let value = |n: usize| {
            if n == 0 {
                format!("= {TRUE}\n")
            } else {
                format!("= {n}-00-0\n")
            }
        };
        let (old, new) = (value(self.changes), value(self.changes + 1));
        self.scene.replace("Acetone", "Ben", &old, &new, "").await?;
        self.changes += 1;
        Ok(())
    }

    /// The next run, ten minutes after the one before.
    fn next(&mut self) -> Job {
        self.clock += LATER;
        self.scene.job().through(&self.http).later(self.clock)
    }

    /// Today's page of the log.
    async fn today(&self) -> Result<String> {
        let day = self.scene.world.rows("SELECT UTC_DATE()").await?[0][0].clone();
        Ok(format!("{}/{day}", self.scene.chem.log))
    }

    /// How often the log was sent to the wiki.
    async fn sent(&self) -> Result<usize> {
        let today = self.today().await?;
        let calls = self.http.calls();
        let saves = calls
            .iter()
            .filter(|call| call.is_write() && call.param("title") == Some(&today));
        Ok(saves.count())
    }

    /// Every change so far stands there once.
    async fn once(&self, what: &str) -> Result<()> {
        let once = ensure_logged_once(&self.scene, self.changes).await;
        once.map_err(|error| error.context(what.to_owned()))
    }
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_line() -> Result<()> {
    let mut days = Days::new().await?;
    let today = days.today().await?;
    // The first edit makes the page, the second one changes it.
    for round in 1..=2 {
        days.change().await?;
        days.http.heal();
        let lost = days.http.rule(When::edit_of(&today).nth(1), Fault::ForwardAndLose);
        let first = days.next().run_ok().await?;
        assert_eq!((lost.times(), number(&first, "logged")?), (1, 0), "{first}");
        let unlogged = "field_change WHERE logged_revid IS NULL";
        assert_eq!(days.scene.world.count(unlogged).await?, 1, "the bot cannot know yet");

        // Somebody edits below, and there is more to be told: the lost edit is found, only the new line is sent.
        days.scene.world.admin.append(&today, "\nSeen.", "").await?;
        days.change().await?;
        days.http.forget();
        let second = days.next().run_ok().await?;
        assert_eq!(days.sent().await?, 1, "round {round}: {second}");
        days.once(&format!("round {round}: {first}{second}")).await?;
    }
    let history = days.scene.world.admin.history(&today).await?;
    let ours = history
        .iter()
        .filter(|edit| edit.summary.starts_with("Logged 1 change on 1 page ("));
    assert_eq!((ours.count(), history.len()), (4, 6));
    ensure_quiet(&days.next().run_ok().await?)
}

#[tokio::test]
async fn a_request_that_comes_late_adds_nothing() -> Result<()> {
    let mut days = Days::new().await?;
    let today = days.today().await?;
    for round in 1..=2 {
        days.change().await?;
        let gate = Gate::new();
        days.http.heal();
        days.http
            .rule(When::edit_of(&today).nth(1), Fault::DeliverLater(gate.clone()));
        let first = days.next().run_ok().await?;
        // Within five minutes it may still arrive: nothing is sent again.
        days.http.forget();
        let early = days.scene.job().through(&days.http).later(240).run_ok().await?;
        assert_eq!(days.sent().await?, 0, "{first}{early}");
        assert_eq!(
            days.scene
                .world
                .count("field_change WHERE logged_revid IS NULL")
                .await?,
            1
        );
        let second = days.next().run_ok().await?;
        days.once(&format!("before it comes, round {round}: {first}{second}"))
            .await?;
        gate.open();
        days.http.settle().await;
        days.change().await?;
        let third = days.next().run_ok().await?;
        days.once(&format!("after it came, round {round}: {third}")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn each_fault_at_every_stage_costs_a_run_at_most() -> Result<()> {
    let mut days = Days::new().await?;
    let today = days.today().await?;
    let faults = [
        Fault::Status(503, Some(0)),
        Fault::Status(429, Some(0)),
        Fault::maxlag(),
        Fault::HtmlError(502),
        Fault::TruncatedJson,
        Fault::Reset,
        Fault::badtoken(),
    ];
    for fault in faults {
        days.change().await?;
        let stages = [
            When::module("recentchanges"),
            When::module("templates"),
            When::module("revisions").that("by id", |call| call.param("revids").is_some()),
            When::module("usercontribs"),
            When::edit_of(&today),
        ];
        let rules: Vec<_> = stages
            .into_iter()
            .map(|when| days.http.rule(when.nth(1), fault.clone()))
            .collect();
        let mut told = fault.name();
        // A stage that fails for good ends the run; the next one gets past it.
        for _ in 0..=rules.len() {
            days.http.forget();
            let run = days.next().run_ok().await?;
            ensure!(days.sent().await? <= 2, "sent again and again: {told}{run}");
            told = format!("{told}\n{run}");
            if days
                .scene
                .world
                .count("field_change WHERE logged_revid IS NULL")
                .await?
                == 0
                && days.scene.world.count("field_change").await? == days.changes as u64
            {
                break;
            }
        }
        assert!(
            rules.iter().all(|rule| rule.times() == 1),
            "a fault did not come: {told}"
        );
        days.http.heal();
        days.once(&told).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_database_that_goes_in_the_middle_loses_and_doubles_nothing() -> Result<()> {
    let mut days = Days::new().await?;
    // While the batch is stored, with the outcome of its COMMIT unknown, and between the edit of the log and its rows;
    // for a moment, and for good.
    for (after, text, moment, for_good) in [
        (
            "INSERT INTO field_change",
            "INSERT INTO field_change",
            Moment::BeforeForwarding,
            true,
        ),
        ("INSERT INTO field_change", "COMMIT", Moment::BeforeForwarding, false),
        ("INSERT INTO field_change", "COMMIT", Moment::BeforeAnswer, false),
        ("INSERT INTO field_change", "COMMIT", Moment::BeforeAnswer, true),
        (
            "UPDATE intent SET state = 'sending'",
            "COMMIT",
            Moment::BeforeAnswer,
            true,
        ),
        (
            "UPDATE field_change SET log_title",
            "COMMIT",
            Moment::BeforeForwarding,
            true,
        ),
        (
            "UPDATE field_change SET log_title",
            "COMMIT",
            Moment::BeforeAnswer,
            false,
        ),
    ] {
        days.change().await?;
        let db = Arc::new(DbProxy::start(&days.scene.world.database_url()).await?);
        let (near, was_cut) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let is_near = near.clone();
        db.when_run(after, Moment::BeforeForwarding, move |_: Statement| {
            is_near.store(true, Ordering::SeqCst);
            async {}
        });
        let (cutting, cut) = (Arc::downgrade(&db), was_cut.clone());
        db.when_run(text, moment, move |_: Statement| {
            let is_it = near.load(Ordering::SeqCst) && !cut.swap(true, Ordering::SeqCst);
            let db = cutting.upgrade().filter(|_| is_it);
            async move {
                let Some(db) = db else { return };
                if for_good {
                    db.refuse().await.expect("the proxy shuts its door");
                }
                db.cut_all();
                // The connection itself is broken while it waits here.
                tokio::task::yield_now().await;
            }
        });
        let what = format!("{after}, {text} {moment:?}, for good: {for_good}");
        let first = days.next().over(&db).run().await?;
        assert!(was_cut.load(Ordering::SeqCst), "{what}: {first}");
        assert!([0, 1, 75].contains(&first.code), "{what}: {first}");
        days.scene.world.db_is_idle().await?;
        let second = days.next().run_ok().await.context(what.clone())?;
        days.once(&format!("{what}: {first}{second}")).await?;
    }
    ensure_quiet(&days.next().run_ok().await?)
}

/// One of the scripts, with this world's database.
fn script(scene: &Boxes, name: &str) -> Job {
    let url = scene.world.database_url();
    Job::new(name)
        .program(root().join("scripts").join(name))
        .env("WIKICREW_DATABASE_URL", url.split('?').next().unwrap_or_default())
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
}

/// How many lines stand in the logs, none of them twice.
async fn lines(scene: &Boxes, run: &Run) -> Result<usize> {
    let anchors = anchors(scene).await?;
    ensure!(anchors.values().all(|count| *count == 1), "twice: {anchors:?}\n{run}");
    Ok(anchors.len())
}

#[tokio::test]
async fn a_restored_backup_logs_nothing_again() -> Result<()> {
    let mut days = Days::new().await?;
    days.scene
        .save_settings(&days.scene.settings.clone().set("log_page_size", 10_000))
        .await?;
    days.change().await?;
    days.next().run_ok().await?;
    let folder = std::env::temp_dir().join(format!("wikicrew-backup-{}", days.scene.world.prefix));
    script(&days.scene, "backup")
        .args(&[&folder.to_string_lossy()])
        .run_ok()
        .await?;
    let dump = std::fs::read_dir(&folder)?.next().context("no dump was made")??.path();

    // After the backup: enough for the page to be continued on the next one, and one line there.
    for changes in [35, 1] {
        for _ in 0..changes {
            days.change().await?;
        }
        days.next().run_ok().await?;
    }
    days.once("before the database is restored").await?;
    let titles = days.scene.log_titles(&days.scene.chem).await?;
    assert!(titles.iter().any(|title| title.ends_with("/2")), "{titles:?}");
    let before = log_lines(&days.scene, &days.scene.chem).await?;

    let dump = dump.to_string_lossy();
    script(&days.scene, "restore")
        .args(&["--replace", &dump])
        .run_ok()
        .await?;
    std::fs::remove_dir_all(&folder)?;
    assert_eq!(
        days.scene.world.count("field_change").await?,
        1,
        "it is the older database"
    );
    let run = days.next().run_ok().await?;
    assert_eq!(days.scene.world.count("field_change").await?, 37, "read again: {run}");
    assert_eq!(lines(&days.scene, &run).await?, 37, "{run}");
    assert_eq!(log_lines(&days.scene, &days.scene.chem).await?, before, "{run}");
    days.change().await?;
    let run = days.next().run_ok().await?;
    assert_eq!(lines(&days.scene, &run).await?, 38, "{run}");
    assert_eq!(
        days.scene
            .world
            .count("field_change WHERE logged_revid IS NULL")
            .await?,
        0,
        "{run}"
    );
    Ok(())
}

#[tokio::test]
async fn after_the_loss_of_the_database_the_run_begins_anew() -> Result<()> {
    let mut days = Days::new().await?;
    days.change().await?;
    days.next().run_ok().await?;
    days.change().await?;
    days.scene.world = days.scene.world.with_new_database().await?;
    let run = days.next().run_ok().await?;
    ensure_quiet(&run)?;
    assert_eq!(
        lines(&days.scene, &run).await?,
        1,
        "what was before the new first run is nobody's: {run}"
    );
    days.change().await?;
    let run = days.next().run_ok().await?;
    assert_eq!(lines(&days.scene, &run).await?, 2, "the old page goes on: {run}");
    assert_eq!(
        days.scene
            .log_titles(&days.scene.chem)
            .await?
            .iter()
            .filter(|title| !title.ends_with("/Open"))
            .count(),
        1
    );
    Ok(())
}
