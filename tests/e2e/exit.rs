//! Exit codes and signals: a run fails only when a person is needed, and ends well when it is asked to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::Notify;
use wikicrew_tests::calls::Call;
use wikicrew_tests::coop::{Coop, Member};
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Job;

use crate::steps::{DAY, MINUTES_5, greeted};

#[tokio::test]
async fn three_hours_without_a_wiki_make_at_most_three_failed_runs() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    coop.matchbot().through(&proxy).run_ok().await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    proxy.refuse().await?;
    let mut failed = Vec::new();
    for n in 1..=36 {
        let run = coop.matchbot().through(&proxy).later(n * MINUTES_5).run().await?;
        assert!(run.says("cannot be reached"), "{run}");
        if run.code != 0 {
            assert_eq!(run.code, 75, "{run}");
            failed.push(n * 5);
        }
    }
    assert!((1..=3).contains(&failed.len()), "failed after {failed:?} minutes");
    assert!(
        failed[0] >= 60,
        "not before nothing has succeeded for an hour: {failed:?}"
    );
    proxy.accept().await?;
    coop.matchbot().through(&proxy).later(37 * MINUTES_5).run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1);
    assert_eq!(coop.world.count("run WHERE state = 'failed'").await?, 36);
    Ok(())
}

#[tokio::test]
async fn a_database_that_is_gone_or_refuses() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let db = DbProxy::start(&coop.world.database_url()).await?;
    let http = FaultProxy::start(&coop.world.wiki.api).await?;
    let job = coop.matchbot().over(&db).through(&http);
    db.refuse().await?;
    let run = job.run_to(75).await?;
    assert!(run.says("opening the database"), "{run}");
    job.run_to(75).await?;
    assert!(
        http.calls().is_empty(),
        "without its memory it does not even look at the wiki"
    );
    db.accept().await?;
    job.run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1);

    let wrong = coop.world.database_url().replacen("s99999:", "s99999:not", 1);
    assert_ne!(wrong, coop.world.database_url());
    let run = coop.matchbot().env("WIKICREW_DATABASE_URL", &wrong).run_to(78).await?;
    assert!(run.says("opening the database"), "{run}");
    let public = coop.world.database_url().replacen("?prefer", "_p?prefer", 1);
    let run = coop.matchbot().env("WIKICREW_DATABASE_URL", &public).run_to(78).await?;
    assert!(run.says("WIKICREW_DATABASE_URL") && run.says("_p"), "{run}");
    Ok(())
}

#[tokio::test]
async fn missing_configuration_names_every_variable_at_once() -> Result<()> {
    let run = Job::new("matchbot").env("WIKICREW_TEST_CLOCK", "").run_to(78).await?;
    for name in [
        "WIKICREW_API_URL",
        "WIKICREW_ACCOUNT",
        "WIKICREW_CONTACT",
        "WIKICREW_OAUTH2_TOKEN",
        "WIKICREW_BOT_LOGIN",
        "WIKICREW_BOT_PASSWORD",
        "TOOL_TOOLSDB_USER",
        "WIKICREW_DATABASE_URL",
    ] {
        assert!(run.says(name), "{name} in {run}");
    }
    let coop = Coop::new().await?;
    for (name, value, says) in [
        ("WIKICREW_CONTACT", "", "WIKICREW_CONTACT is not set"),
        (
            "WIKICREW_API_URL",
            "http://en.wikipedia.org/w/api.php",
            "must be spoken to by https",
        ),
        ("WIKICREW_API_URL", "en.wikipedia.org", "is not a URL"),
        (
            "WIKICREW_API_HOSTS",
            "commons.wikimedia.org",
            "not among the allowed hosts",
        ),
        ("WIKICREW_ALARM_AFTER", "soon", "WIKICREW_ALARM_AFTER"),
        ("WIKICREW_DATABASE_URL", "postgres://x", "WIKICREW_DATABASE_URL"),
        ("WIKICREW_TEST_CLOCK", "speed=2", "WIKICREW_TEST_CLOCK"),
    ] {
        let run = coop.matchbot().env(name, value).run_to(78).await?;
        assert!(run.says(says), "{name}={value}: {run}");
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_login_or_a_wrong_account_needs_a_person_once_a_day() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let wrong = coop
        .matchbot()
        .env("WIKICREW_BOT_PASSWORD", "0123456789abcdef0123456789abcdef");
    let run = wrong.run_to(78).await?;
    assert!(run.says("logging in") && run.says("refused"), "{run}");
    assert!(run.says(&coop.world.bot.name), "whose: {run}");
    wrong.clone().later(MINUTES_5).run_ok().await?;
    wrong.clone().later(DAY - 600).run_ok().await?;
    wrong.clone().later(DAY + 60).run_to(78).await?;

    // The credentials of one account, the name of another.
    let other = coop
        .world
        .account("Other Bot", serde_json::json!({ "groups": ["bot"] }))
        .await?;
    let run = coop
        .matchbot()
        .env("WIKICREW_ACCOUNT", &other.name)
        .later(3 * DAY)
        .run_to(78)
        .await?;
    assert!(run.says(&other.name) && run.says(&coop.world.bot.name), "{run}");
    assert_eq!(coop.greetings_of(&learner).await?, 0);
    assert!(coop.world.admin.contributions(&coop.world.bot.name).await?.is_empty());
    coop.matchbot().run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1);
    Ok(())
}

/// Ten learners, and the third greeting on its way.
async fn ten() -> Result<(Coop, Vec<Member>, FaultProxy)> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let names: Vec<String> = (0..10).map(|n| format!("L{n}")).collect();
    let people: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "writing")).collect();
    let learners = coop.add_learners(&people).await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    Ok((coop, learners, proxy))
}

/// Every learner has one greeting and one row.
async fn everybody_once(coop: &Coop, learners: &[Member]) -> Result<()> {
    for learner in learners {
        assert_eq!(coop.greetings_of(learner).await?, 1, "{}", learner.name());
    }
    assert_eq!(coop.world.count("matches").await?, learners.len() as u64);
    Ok(())
}

#[tokio::test]
async fn sigterm_lets_the_edit_in_flight_arrive_and_begins_nothing_new() -> Result<()> {
    let (coop, learners, proxy) = ten().await?;
    let (reached, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (reached.clone(), go.clone());
    let hold = Fault::before(move |_: Call| {
        let (tell, wait) = (tell.clone(), wait.clone());
        async move {
            tell.notify_one();
            wait.notified().await;
        }
    });
    proxy.rule(When::edit().nth(3), hold);
    let running = coop.matchbot().through(&proxy).start()?;
    reached.notified().await;
    let asked = Instant::now();
    running.terminate().await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    go.notify_one();
    let run = running.wait().await?;
    assert!(asked.elapsed() < Duration::from_secs(10), "{run}");
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(greeted(&coop, &learners).await?, 3, "{run}");
    assert_eq!(coop.world.count("matches").await?, 3, "the third is known: {run}");
    assert_eq!(
        coop.world.table("SELECT state, exit_code FROM run").await?,
        "stopped | 0\n"
    );
    coop.matchbot().through(&proxy).later(MINUTES_5).run_ok().await?;
    everybody_once(&coop, &learners).await
}

#[tokio::test]
async fn sigterm_does_not_wait_for_ever_for_an_edit_without_an_answer() -> Result<()> {
    let (coop, learners, proxy) = ten().await?;
    // Forwarded, and then nothing.
    let silent = Fault::Silence(Duration::from_secs(60)).after_forwarding();
    proxy.rule(When::edit().nth(3), silent);
    let reached = Arc::new(Notify::new());
    let tell = reached.clone();
    let third = Fault::before(move |_: Call| {
        let tell = tell.clone();
        async move { tell.notify_one() }
    });
    proxy.rule(When::edit().nth(3), third);
    let running = coop.matchbot().through(&proxy).start()?;
    reached.notified().await;
    let asked = Instant::now();
    running.terminate().await?;
    let run = running.wait().await?;
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "{:?}: {run}",
        asked.elapsed()
    );
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(
        coop.world.table("SELECT state, exit_code FROM run").await?,
        "stopped | 0\n"
    );
    assert_eq!(
        coop.world.count("intent WHERE state = 'sending'").await?,
        1,
        "the next run finds out"
    );
    proxy.heal();
    coop.matchbot().through(&proxy).later(2 * MINUTES_5).run_ok().await?;
    everybody_once(&coop, &learners).await
}
