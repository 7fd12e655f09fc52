//! More learners than one run may greet, and two hundred in one run: each is greeted exactly once.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use wikicrew_tests::calls::Calls;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::proxy::FaultProxy;

use crate::seen::{ensure_idle, number};

#[tokio::test]
async fn two_hundred_learners_are_greeted_once_each() -> Result<()> {
    let coop = Coop::new().await?;
    let mentors = coop
        .add_mentors(&[("Mia", &["writing"]), ("Max", &["writing"]), ("Gil", &["general"])])
        .await?;
    let names: Vec<String> = (0..225).map(|n| format!("L{n:03}")).collect();
    let skills = ["writing", "communication"];
    let wanted: Vec<(&str, &str)> = names
        .iter()
        .zip((0..).map(|n| skills[n % 2]))
        .map(|(name, skill)| (name.as_str(), skill))
        .collect();
    let learners = coop.add_learners(&wanted).await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;

    let run = coop.matchbot().through(&proxy).run_ok().await?;
    assert_eq!(
        (number(&run, "waiting")?, number(&run, "greeted")?),
        (225, 25),
        "max_greetings_per_run is 25\n{run}"
    );
    assert_eq!(coop.world.count("matches").await?, 25);
    assert_eq!(coop.world.count("request WHERE state = 'waiting'").await?, 200);
    assert!(proxy.calls().most_at_once() <= 3, "at most three requests at once");

    let settings = coop
        .settings
        .clone()
        .set("max_greetings_per_run", 1000)
        .set("max_edits_per_run", 500)
        .set("max_edits_per_day", 1000);
    coop.save_settings(&settings).await?;
    proxy.forget();
    let run = coop
        .matchbot()
        .through(&proxy)
        .within(Duration::from_secs(180))
        .run_ok()
        .await?;
    assert_eq!(
        (
            number(&run, "greeted")?,
            number(&run, "later")?,
            number(&run, "failed")?
        ),
        (200, 0, 0),
        "{run}"
    );
    assert!(run.seconds < 120.0, "{run}");
    let calls = proxy.calls();
    let saved: Vec<&str> = calls
        .of_module("edit")
        .iter()
        .filter_map(|call| call.param("title"))
        .collect();
    assert_eq!(saved.len(), 200 + 1, "the status page too");
    assert_eq!(
        saved.iter().collect::<BTreeSet<_>>().len(),
        saved.len(),
        "no page twice"
    );
    assert!(calls.len() < 200 * 7, "{} requests", calls.len());

    for learner in &learners {
        let history = coop.world.admin.history(&learner.talk).await?;
        assert_eq!(history.len(), 1, "{}", learner.talk);
        assert!(
            history[0].text.contains(&format!("Hello, [[User:{}|", learner.name())),
            "{}",
            history[0].text
        );
    }
    let rows = coop
        .world
        .rows("SELECT luid, muid, revid FROM matches WHERE matchmade = 1")
        .await?;
    let distinct = |column: usize| rows.iter().map(|row| row[column].clone()).collect::<BTreeSet<_>>();
    assert_eq!((rows.len(), distinct(0).len(), distinct(2).len()), (225, 225, 225));
    assert_eq!(
        distinct(1),
        mentors.iter().map(|mentor| mentor.account.id.to_string()).collect()
    );
    ensure_idle(&coop.matchbot().through(&proxy).run_ok().await?)
}
