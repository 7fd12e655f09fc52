//! What is not known, and what does not work for one learner only: greetings that may have arrived count, silence is not
//! waited for twice, and a row that the database does not take is nobody else's trouble.

use std::time::Duration;

use anyhow::Result;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::scene::{LATER, Scene};
use wikicrew_tests::world::World;

/// Three greetings in 30 days are enough, also when nobody knows yet whether the third one arrived.
#[tokio::test]
async fn a_greeting_that_may_have_arrived_counts() -> Result<()> {
    let skills = ["one", "two", "three", "four"];
    let coop = Coop::in_world(World::new().await?, &skills).await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let categories: Vec<&str> = coop.skills.iter().map(|skill| skill.request.as_str()).collect();
    let lea = coop.add_members(&[("Lea", categories)]).await?.remove(0);
    let http = FaultProxy::start(&coop.world.wiki.api).await?;
    http.rule(When::edit_of(&lea.talk).nth(3), Fault::ForwardAndLose);
    let first = coop.matchbot().through(&http).run_ok().await?;
    assert!(
        first.summary()?.contains("greeted=2") && first.summary()?.contains("later=2"),
        "{first}"
    );
    for later in [LATER, 2 * LATER] {
        coop.matchbot().through(&http).later(later).run_ok().await?;
    }
    assert_eq!(coop.greetings_of(&lea).await?, 3);
    assert_eq!(coop.world.count("matches").await?, 3);
    let states = coop
        .world
        .table("SELECT state, reason_code, COUNT(*) FROM request GROUP BY 1, 2 ORDER BY 1")
        .await?;
    assert_eq!(states, "answered |  | 3\nperson | too-many-greetings | 1\n");
    Ok(())
}

#[tokio::test]
async fn silence_costs_one_time_out_and_no_greeting() -> Result<()> {
    let (scene, lea) = Scene::with_learner("Lea").await?;
    let silence = || Fault::Silence(Duration::from_secs(15));
    let look = scene
        .http
        .rule(When::module("revisions").containing(&lea.talk).nth(1), silence());
    let edit = scene.http.rule(When::edit_of(&lea.talk).nth(1), silence());
    let run = scene.job().run_ok().await?;
    assert_eq!(
        (look.times(), edit.times(), scene.sent_to(&lea.talk)),
        (1, 1, 1),
        "{run}"
    );
    assert!(run.summary()?.contains("later=1") && run.seconds < 25.0, "{run}");
    scene.job().later(LATER).run_ok().await?;
    scene.greeted_once(&lea).await
}

#[tokio::test]
async fn a_row_that_the_database_does_not_take_stops_nobody_else() -> Result<()> {
    let scene = Scene::new().await?;
    let people = scene
        .coop
        .add_learners(&[("Ann", "writing"), ("Ben", "writing"), ("Cid", "writing")])
        .await?;
    // A run that is switched off makes the tables.
    scene
        .coop
        .save_settings(&scene.coop.settings.clone().set("enabled", false))
        .await?;
    scene.job().run_ok().await?;
    scene.coop.save_settings(&scene.coop.settings).await?;
    let trigger = format!(
        "CREATE TRIGGER no BEFORE INSERT ON matches FOR EACH ROW IF NEW.luid = {} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this one'; END IF",
        people[0].account.id
    );
    scene.coop.world.execute(&trigger).await?;
    let first = scene.job().later(LATER).run_to(1).await?;
    assert!(
        first.summary()?.contains("failed=1") && first.says("not this one"),
        "{first}"
    );
    for learner in &people[1..] {
        scene.greeted_once(learner).await?;
    }
    // Her greeting stands; it is not made again, and recorded as soon as it can be.
    scene.job().later(2 * LATER).run_ok().await?;
    assert_eq!(scene.edits_of(&people[0].talk).await?, 1);
    scene.coop.world.execute("DROP TRIGGER no").await?;
    scene.job().later(3 * LATER).run_ok().await?;
    scene.greeted_once(&people[0]).await
}
