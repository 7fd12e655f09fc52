//! Two runs at once, lost locks, lost database connections, and the pace of edits: whoever comes too late or has been
//! overtaken writes nothing, and nothing is doubled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use tokio::sync::Semaphore;
use wikicrew_tests::calls::Call;
use wikicrew_tests::coop::{Coop, Member};
use wikicrew_tests::counter::Moment;
use wikicrew_tests::dbproxy::{DbProxy, Statement};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Run;

use crate::seen::{ensure_idle, number};
use crate::steps::greeted;

const LATER: i64 = 600;

/// A mentor, learners, and a proxy before the wiki.
async fn with_learners(names: &[&str]) -> Result<(Coop, Vec<Member>, FaultProxy)> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let people: Vec<(&str, &str)> = names.iter().map(|name| (*name, "writing")).collect();
    let learners = coop.add_learners(&people).await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    Ok((coop, learners, proxy))
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

    fn release(&self) {
        self.released.add_permits(1);
    }
}

/// Each learner has one greeting, one row of its revision, and every intent is done; another run does nothing.
async fn each_is_greeted_once(coop: &Coop, learners: &[Member], proxy: &FaultProxy, what: &str) -> Result<()> {
    for learner in learners {
        assert_eq!(coop.greetings_of(learner).await?, 1, "{}: {what}", learner.name());
    }
    let rows = "SELECT m.luid FROM matches m JOIN intent i ON i.intent_key = m.intent_key AND i.revid = m.revid AND i.state = 'done' ORDER BY 1";
    let wanted: Vec<Vec<String>> = learners
        .iter()
        .map(|learner| vec![learner.account.id.to_string()])
        .collect();
    assert_eq!(coop.world.rows(rows).await?, wanted, "{what}");
    assert_eq!(coop.world.count("matches").await?, learners.len() as u64, "{what}");
    ensure_idle(&coop.matchbot().through(proxy).later(3 * LATER).run_ok().await?)
}

#[tokio::test]
async fn a_second_run_at_the_same_time_says_why_it_does_nothing() -> Result<()> {
    let (coop, learners, proxy) = with_learners(&["Lea"]).await?;
    let hold = Hold::at(&proxy, When::edit_of(&learners[0].talk));
    let first = coop.matchbot().through(&proxy).start()?;
    hold.reached().await?;
    proxy.forget();
    let second = coop.matchbot().through(&proxy).run_ok().await?;
    assert!(second.says("another run is at work (run 1, since 20"), "{second}");
    assert_eq!(proxy.calls().len(), 0, "it does not even log in");
    hold.release();
    let first = first.wait().await?;
    assert_eq!((first.code, number(&first, "greeted")?), (0, 1), "{first}");
    each_is_greeted_once(&coop, &learners, &proxy, &first.to_string()).await
}

/// How many rows there are; why it ended is noted in a run's own record even when it was overtaken.
async fn rows_but_errors(coop: &Coop) -> Result<String> {
    let counts = coop.world.row_counts().await?;
    Ok(counts
        .lines()
        .filter(|line| !line.starts_with("run_error: "))
        .collect::<Vec<_>>()
        .join("\n"))
}

/// The number of the database connection that holds the run's lock.
async fn lock_holder(coop: &Coop) -> Result<String> {
    let sql = "SELECT IS_USED_LOCK(CONCAT(DATABASE(), '.', LEFT(SHA2(CONCAT(job, CHAR(0), wiki, CHAR(0), shard), 256), 16))) FROM lease";
    let holder = coop.world.rows(sql).await?[0][0].clone();
    anyhow::ensure!(holder != "NULL", "nobody holds the lock");
    Ok(holder)
}

#[tokio::test]
async fn a_run_that_lost_its_lock_is_fenced_and_writes_nothing_more() -> Result<()> {
    // Overtaken before its first edit, and with its first edit under way.
    for edit_is_under_way in [false, true] {
        let (coop, learners, proxy) = with_learners(&["Ann", "Bob"]).await?;
        let talk = &learners[0].talk;
        let when = if edit_is_under_way {
            When::edit_of(talk)
        } else {
            When::module("revisions").containing(talk)
        };
        let hold = Hold::at(&proxy, when);
        let first = coop.matchbot().through(&proxy).start()?;
        hold.reached().await?;
        coop.world
            .execute(&format!("KILL {}", lock_holder(&coop).await?))
            .await?;

        let second = coop.matchbot().through(&proxy).run_ok().await?;
        let expected = if edit_is_under_way { 1 } else { 2 };
        assert_eq!(number(&second, "greeted")?, expected, "{second}");
        let (rows, saved) = (rows_but_errors(&coop).await?, greeted(&coop, &learners).await?);
        proxy.forget();
        hold.release();
        let first = first.wait().await?;
        assert_eq!(first.code, 0, "{first}");
        assert!(first.says("fenced"), "{first}");
        assert_eq!(rows_but_errors(&coop).await?, rows, "no row: {first}");
        // The edit under way was sent before; nothing else is.
        assert_eq!(
            greeted(&coop, &learners).await? - saved,
            usize::from(edit_is_under_way),
            "{first}"
        );
        let writes = proxy.calls().into_iter().filter(Call::is_write).count();
        assert_eq!(writes, 0, "not even the status page: {first}");

        let third = coop.matchbot().through(&proxy).later(LATER).run_ok().await?;
        each_is_greeted_once(&coop, &learners, &proxy, &format!("{first}{second}{third}")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn cut_database_connections_cost_a_run_at_most() -> Result<()> {
    // In the middle of transactions, with the outcome of a COMMIT unknown, and between an edit and its answer.
    for (text, moment) in [
        ("INSERT INTO matches", Moment::BeforeForwarding),
        ("INSERT INTO matches", Moment::BeforeAnswer),
        ("UPDATE intent SET state = 'sending'", Moment::BeforeAnswer),
        ("COMMIT", Moment::BeforeForwarding),
        ("COMMIT", Moment::BeforeAnswer),
    ] {
        let (coop, learners, proxy) = with_learners(&["Ann", "Bob"]).await?;
        let db = Arc::new(DbProxy::start(&coop.world.database_url()).await?);
        // Only the COMMIT of the first greeting's row.
        let in_row = Arc::new(AtomicBool::new(false));
        let row = in_row.clone();
        db.when_run("INSERT INTO matches", Moment::BeforeForwarding, move |_: Statement| {
            row.store(true, Ordering::SeqCst);
            async {}
        });
        let (cutting, was_cut) = (Arc::downgrade(&db), Arc::new(AtomicBool::new(false)));
        let cut = was_cut.clone();
        db.when_run(text, moment, move |_: Statement| {
            let is_it = text != "COMMIT" || in_row.load(Ordering::SeqCst);
            let is_first = is_it && !cut.swap(true, Ordering::SeqCst);
            if let Some(db) = cutting.upgrade().filter(|_| is_first) {
                db.cut_all();
            }
            // The connection itself is broken while it waits here.
            async { tokio::task::yield_now().await }
        });
        let first = coop
            .matchbot()
            .through(&proxy)
            .over(&db)
            .run_ok()
            .await
            .with_context(|| format!("{text} {moment:?}"))?;
        assert!(was_cut.load(Ordering::SeqCst), "{first}");
        let second = coop.matchbot().through(&proxy).over(&db).later(LATER).run_ok().await?;
        each_is_greeted_once(&coop, &learners, &proxy, &format!("{text} {moment:?} {first}{second}")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn without_a_database_nothing_is_edited_and_with_it_again_everybody_is_greeted() -> Result<()> {
    let (coop, learners, proxy) = with_learners(&["Ann", "Bob"]).await?;
    let db = Arc::new(DbProxy::start(&coop.world.database_url()).await?);
    let gone = Arc::downgrade(&db);
    // The server goes away for good when the first greeting was saved and its answer is on the way.
    let hook = Fault::after(move |_: Call| {
        let db = gone.upgrade();
        async move {
            if let Some(db) = db {
                db.refuse().await.expect("the proxy shuts its door");
                db.cut_all();
            }
        }
    });
    proxy.rule(When::edit_of(&learners[0].talk).nth(1), hook);
    let first = coop.matchbot().through(&proxy).over(&db).run().await?;
    assert_eq!(greeted(&coop, &learners).await?, 1, "nothing after it: {first}");
    proxy.forget();
    let second = coop.matchbot().through(&proxy).over(&db).later(300).run_to(75).await?;
    assert!(second.says("database"), "{second}");
    assert_eq!(
        proxy
            .calls()
            .iter()
            .filter(|call| call.is_write() && !call.is_login())
            .count(),
        0,
        "{second}"
    );
    db.accept().await?;
    coop.world.db_is_idle().await?;
    let third = coop.matchbot().through(&proxy).over(&db).later(LATER).run_ok().await?;
    each_is_greeted_once(&coop, &learners, &proxy, &format!("{first}{second}{third}")).await
}

#[tokio::test]
async fn two_jobs_that_find_no_database_make_it_together() -> Result<()> {
    let (coop, learners, proxy) = with_learners(&["Lea"]).await?;
    coop.world
        .execute(&format!("DROP DATABASE `{}`", coop.world.database_name()))
        .await?;
    let starting = [
        coop.matchbot().through(&proxy).start()?,
        coop.matchbot().through(&proxy).start()?,
    ];
    let mut runs: Vec<Run> = Vec::new();
    for run in starting {
        runs.push(run.wait().await?);
    }
    for run in &runs {
        assert_eq!(run.code, 0, "{}{}", runs[0], runs[1]);
    }
    let twice = coop
        .world
        .table("SELECT version FROM refinery_schema_history GROUP BY 1 HAVING COUNT(*) > 1")
        .await?;
    assert_eq!(twice, "");
    each_is_greeted_once(&coop, &learners, &proxy, &format!("{}{}", runs[0], runs[1])).await
}

#[tokio::test]
async fn greetings_are_as_far_apart_as_the_settings_say() -> Result<()> {
    let (coop, learners, _) = with_learners(&["Ann", "Bob", "Cid"]).await?;
    coop.save_settings(&coop.settings.clone().set("edit_interval", 2))
        .await?;
    // With pauses, as in earnest.
    let run = coop.matchbot().env("WIKICREW_TEST_CLOCK", "pauses=1").run_ok().await?;
    assert_eq!(greeted(&coop, &learners).await?, 3, "{run}");
    let gaps = coop
        .world
        .rows("SELECT TIMESTAMPDIFF(SECOND, LAG(matchtime) OVER (ORDER BY matchtime), matchtime) FROM matches")
        .await?;
    let gaps: Vec<u64> = gaps.iter().filter_map(|row| row[0].parse().ok()).collect();
    assert_eq!(gaps.len(), 2, "{run}");
    // Whole seconds are compared: two seconds may look like one.
    assert!(
        gaps.iter().all(|gap| *gap >= 1) && gaps.iter().sum::<u64>() >= 3,
        "{gaps:?} {run}"
    );
    Ok(())
}
