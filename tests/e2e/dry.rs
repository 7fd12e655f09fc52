//! `--dry-run`: everything is read and decided as in a run, and nothing is written anywhere.

use std::sync::Arc;

use anyhow::Result;
use tokio::sync::Notify;
use wikicrew_tests::calls::{Call, Calls};
use wikicrew_tests::coop::Coop;
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};

/// Calls that change nothing: reads by GET, reads by POST where they are long, and the login.
fn only_reads(calls: &[Call]) {
    for call in calls {
        let reads = ["query", "parse"].contains(&call.action()) && call.param("token").is_none();
        assert!(reads || call.is_login(), "{call}\nof\n{}", calls.told());
    }
}

#[tokio::test]
async fn it_shows_what_would_be_edited_and_touches_nothing() -> Result<()> {
    let coop = Coop::new().await?;
    let mentor = coop.add_mentor("Mia", &["writing"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let other = coop.add_learner("Nell", "communication").await?;
    coop.world.admin.edit(&learner.talk, "Hello there.\n", "").await?;
    let http = FaultProxy::start(&coop.world.wiki.api).await?;
    let db = DbProxy::start(&coop.world.database_url()).await?;
    let logs = std::env::temp_dir().join(format!("wikicrew-dry-{}", coop.world.prefix));
    let dry = coop
        .matchbot()
        .args(&["--dry-run", "--log-dir", &logs.to_string_lossy()])
        .through(&http)
        .over(&db);

    // Before the first run ever there are no tables.
    let first = dry.run_ok().await?;
    assert!(first.stdout.contains(&format!("--- {}", learner.talk)), "{first}");
    assert!(
        first
            .stdout
            .contains(&format!("+Hello, [[User:{0}|{0}]]!", learner.name())),
        "{first}"
    );
    assert!(
        first
            .stdout
            .contains(&format!("[[User:{0}|{0}]] has listed \"writing\"", mentor.name())),
        "{first}"
    );
    assert!(first.stdout.contains(&other.talk), "{first}");
    assert!(
        first.stdout.contains(" Hello there."),
        "what stands there is shown as it is: {first}"
    );
    assert_eq!(coop.world.row_counts().await?, "", "no tables");

    coop.matchbot()
        .env("WIKICREW_MATCHBOT_EDIT", "off")
        .through(&http)
        .run_ok()
        .await?;
    let before = (
        coop.world.row_counts().await?,
        coop.world.table("SELECT * FROM request").await?,
    );
    http.forget();
    db.forget();
    let again = dry.run_ok().await?;
    assert!(again.stdout.contains(&learner.talk), "{again}");
    assert_eq!(
        (
            coop.world.row_counts().await?,
            coop.world.table("SELECT * FROM request").await?
        ),
        before
    );
    only_reads(&http.calls());
    assert_eq!(db.writes(), Vec::<String>::new());
    for statement in db.statements() {
        let sql = statement.sql.to_uppercase();
        assert!(
            !sql.contains("GET_LOCK") && !sql.contains("FOR UPDATE"),
            "{}",
            statement.sql
        );
    }
    assert!(
        db.statements()
            .iter()
            .any(|s| s.sql.to_uppercase().contains("TX_READ_ONLY = 1")),
        "a read-only session"
    );
    assert!(!logs.exists(), "nor a log file");
    assert!(coop.world.admin.contributions(&coop.world.bot.name).await?.is_empty());

    // The decision is the one that the real run makes.
    let seeded = coop.matchbot().args(&["--seed", "7"]).through(&http);
    seeded.run_ok().await?;
    let text = coop.world.admin.text(&learner.talk).await?.unwrap_or_default();
    let greeting = text
        .lines()
        .find(|line| line.starts_with("Hello, [["))
        .unwrap_or_default();
    let (said, _) = greeting.split_once(" [[User:").unwrap_or((greeting, ""));
    assert!(again.stdout.contains(said) && !said.is_empty(), "{said}\n{again}");
    let nothing = dry.run_ok().await?;
    assert_eq!(nothing.stdout, "", "nothing is left to be done");
    Ok(())
}

#[tokio::test]
async fn it_needs_no_database_and_stands_beside_a_real_run() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let missing = coop.world.database_url().replacen("?prefer", "_none?prefer", 1);
    let dry = coop.matchbot().args(&["--dry-run"]);
    let run = dry.clone().env("WIKICREW_DATABASE_URL", &missing).run_ok().await?;
    assert!(run.stdout.contains(&learner.talk), "{run}");
    let run = dry.clone().env("WIKICREW_DATABASE_URL", &missing).run_ok().await?;
    assert!(run.stdout.contains(&learner.talk), "still none: {run}");

    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    let (reached, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (reached.clone(), go.clone());
    let hold = Fault::before(move |_: Call| {
        let (tell, wait) = (tell.clone(), wait.clone());
        async move {
            tell.notify_one();
            wait.notified().await;
        }
    });
    proxy.rule(When::edit_of(&learner.talk).nth(1), hold);
    let real = coop.matchbot().through(&proxy).start()?;
    reached.notified().await;
    let beside = dry.run_ok().await?;
    assert!(
        !beside.says("another run is at work") && beside.stdout.contains(&learner.talk),
        "{beside}"
    );
    // A second real run would have found the lock taken.
    let second = coop.matchbot().through(&proxy).run_ok().await?;
    assert!(second.says("another run is at work"), "{second}");
    go.notify_one();
    assert_eq!(real.wait().await?.code, 0);
    assert_eq!(coop.greetings_of(&learner).await?, 1);
    assert_eq!(coop.world.count("run").await?, 1, "one run record");
    Ok(())
}
