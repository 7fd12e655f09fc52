//! Additive edits exactly once: the answer gets lost, the request comes late, the database forgets, the
//! page moves away between sending and answer. In the end one greeting stands on the page, and one row tells of it.

use std::sync::Arc;

use anyhow::Result;
use tokio::sync::Semaphore;
use wikicrew_tests::calls::Calls;
use wikicrew_tests::rules::{Fault, Gate, When};
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::scene::{DAY, LATER, Scene};

#[tokio::test]
async fn a_lost_answer_makes_no_second_greeting() -> Result<()> {
    let (scene, lea) = Scene::with_learner("Lea").await?;
    let lost = scene.http.rule(When::edit_of(&lea.talk).nth(1), Fault::ForwardAndLose);
    scene.job().run_ok().await?;
    assert_eq!((lost.times(), scene.edits_of(&lea.talk).await?), (1, 1));
    assert_eq!(scene.coop.world.count("matches").await?, 0, "the bot cannot know yet");

    // Its contributions show the edit at once; nothing is sent again.
    scene.http.forget();
    let run = scene.job().later(LATER).run_ok().await?;
    assert_eq!(scene.sent_to(&lea.talk), 0, "{}", scene.http.calls().told());
    assert!(run.says("greeted=1"), "{run}");
    scene.greeted_once(&lea).await?;
    assert_eq!(
        scene.coop.world.table("SELECT muid FROM matches").await?,
        format!("{}\n", scene.mentor.account.id)
    );

    for person in [&scene.mentor, &lea] {
        let told = scene.coop.world.login(&person.account).await?.notifications().await?;
        assert_eq!(
            told.iter()
                .filter(|note| note.kind == "mention" && note.title == lea.talk)
                .count(),
            1,
            "{told:?}"
        );
    }
    assert!(
        scene
            .job()
            .later(2 * LATER)
            .run_ok()
            .await?
            .summary()?
            .contains("waiting=0")
    );
    Ok(())
}

#[tokio::test]
async fn nothing_is_sent_again_within_five_minutes() -> Result<()> {
    let (scene, lea) = Scene::with_learner("Lea").await?;
    let gate = Gate::new();
    scene
        .http
        .rule(When::edit_of(&lea.talk).nth(1), Fault::DeliverLater(gate.clone()));
    scene.job().run_ok().await?;
    // The request is still under way somewhere: too early to tell.
    scene.http.forget();
    let run = scene.job().later(240).run_ok().await?;
    assert!(run.says("five minutes") && run.summary()?.contains("later=1"), "{run}");
    assert_eq!(scene.sent_to(&lea.talk), 0, "{}", scene.http.calls().told());
    gate.open();
    scene.http.settle().await;
    scene.job().later(300).run_ok().await?;
    scene.greeted_once(&lea).await
}

/// For one learner the talk page exists, for the other the greeting makes it.
#[tokio::test]
async fn a_request_that_arrives_after_the_next_run_is_refused_by_the_wiki() -> Result<()> {
    let scene = Scene::new().await?;
    let people = scene
        .coop
        .add_learners(&[("Ann", "writing"), ("Ben", "writing")])
        .await?;
    scene
        .coop
        .world
        .load(&[NewPage::new(&people[0].talk, "Talk.\n\n== Old ==\nYes.").by(people[0].name())])
        .await?;
    let gate = Gate::new();
    for learner in &people {
        scene
            .http
            .rule(When::edit_of(&learner.talk).nth(1), Fault::DeliverLater(gate.clone()));
    }
    scene.job().run_ok().await?;
    scene.http.forget();
    scene.job().later(LATER).run_ok().await?;
    for learner in &people {
        scene.greeted_once(learner).await?;
    }
    gate.open();
    scene.http.settle().await;
    let run = scene.job().later(2 * LATER).run_ok().await?;
    assert!(run.summary()?.contains("waiting=0"), "{run}");
    for learner in &people {
        scene.greeted_once(learner).await?;
    }
    assert!(
        scene
            .coop
            .world
            .admin
            .text(&people[0].talk)
            .await?
            .unwrap_or_default()
            .starts_with("Talk.\n\n== Old ==\nYes.\n\n==")
    );
    Ok(())
}

#[tokio::test]
async fn a_late_request_and_a_lost_answer_together_make_one_greeting() -> Result<()> {
    let scene = Scene::new().await?;
    let people = scene
        .coop
        .add_learners(&[("Ann", "writing"), ("Ben", "writing")])
        .await?;
    scene.coop.world.load(&[NewPage::new(&people[0].talk, "Talk.")]).await?;
    let gate = Gate::new();
    for learner in &people {
        scene
            .http
            .rule(When::edit_of(&learner.talk).nth(1), Fault::DeliverLater(gate.clone()));
        scene
            .http
            .rule(When::edit_of(&learner.talk).nth(2), Fault::ForwardAndLose);
    }
    scene.job().run_ok().await?;
    scene.job().later(LATER).run_ok().await?;
    gate.open();
    scene.http.settle().await;
    assert_eq!(scene.coop.world.count("matches").await?, 0, "no answer ever came");
    scene.job().later(2 * LATER).run_ok().await?;
    for learner in &people {
        scene.greeted_once(learner).await?;
    }
    Ok(())
}

/// The worst moment: the first request arrives between the second run's look and its edit.
#[tokio::test]
async fn a_late_request_that_overtakes_the_next_run_is_found_by_it() -> Result<()> {
    let scene = Scene::new().await?;
    let people = scene
        .coop
        .add_learners(&[("Ann", "writing"), ("Ben", "writing")])
        .await?;
    scene.coop.world.load(&[NewPage::new(&people[0].talk, "Talk.")]).await?;
    for learner in &people {
        let gate = Gate::new();
        scene
            .http
            .rule(When::edit_of(&learner.talk).nth(1), Fault::DeliverLater(gate.clone()));
        let (admin, talk, bot) = (
            scene.coop.world.admin.clone(),
            learner.talk.clone(),
            scene.coop.world.bot.name.clone(),
        );
        scene.http.rule(
            When::edit_of(&learner.talk).nth(2),
            Fault::before(move |_| {
                let (admin, talk, bot, gate) = (admin.clone(), talk.clone(), bot.clone(), gate.clone());
                async move {
                    gate.open();
                    while !admin
                        .history(&talk)
                        .await
                        .unwrap()
                        .iter()
                        .any(|revision| revision.user == bot)
                    {}
                }
            }),
        );
    }
    scene.job().run_ok().await?;
    scene.job().later(LATER).run_ok().await?;
    scene.http.settle().await;
    scene.job().later(2 * LATER).run_ok().await?;
    for learner in &people {
        scene.greeted_once(learner).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_greeting_that_the_database_has_forgotten_is_adopted() -> Result<()> {
    let (scene, lea) = Scene::with_learner("Lea").await?;
    scene.job().run_ok().await?;
    let losses: [&[&str]; 3] = [
        &[
            "DELETE FROM intent",
            "DELETE FROM matches",
            "UPDATE request SET state = 'waiting'",
        ],
        &[
            "DELETE FROM intent",
            "DELETE FROM matches",
            "DELETE FROM request",
            "DELETE FROM edit_log",
        ],
        &["DELETE FROM matches", "DELETE FROM request"],
    ];
    for (n, loss) in (1..).zip(losses) {
        for sql in loss {
            scene.coop.world.execute(sql).await?;
        }
        let run = scene.job().later(n * LATER).run_ok().await?;
        scene
            .greeted_once(&lea)
            .await
            .map_err(|error| error.context(format!("after {loss:?}\n{run}")))?;
    }
    Ok(())
}

#[tokio::test]
async fn after_the_loss_of_the_database_nobody_is_greeted_again() -> Result<()> {
    let (mut scene, lea) = Scene::with_learner("Lea").await?;
    scene.job().run_ok().await?;
    for later in [LATER, 6 * DAY, 10 * DAY] {
        scene.coop.world = scene.coop.world.with_new_database().await?;
        scene.db = wikicrew_tests::dbproxy::DbProxy::start(&scene.coop.world.database_url()).await?;
        scene.job().later(later).run_ok().await?;
        scene
            .greeted_once(&lea)
            .await
            .map_err(|error| error.context(format!("{later} s later")))?;
    }
    Ok(())
}

/// She had what she wanted and took the category off before the bot knew that its greeting had arrived.
#[tokio::test]
async fn a_greeting_is_recorded_even_when_the_request_is_withdrawn_before_it_is_found() -> Result<()> {
    let (scene, lea) = Scene::with_learner("Lea").await?;
    scene.http.rule(When::edit_of(&lea.talk).nth(1), Fault::ForwardAndLose);
    scene.job().run_ok().await?;
    scene
        .coop
        .world
        .login(&lea.account)
        .await?
        .edit(&lea.profile, "Hello, I have a mentor now.", "")
        .await?;
    scene.job().later(LATER).run_ok().await?;
    scene.greeted_once(&lea).await
}

/// The answer gets lost shortly before midnight; the next run belongs to another day.
#[tokio::test]
async fn the_maintainer_is_told_once_of_each_case() -> Result<()> {
    let (scene, nora) = Scene::with_learner("Nora").await?;
    scene.coop.world.admin.append(&nora.profile, "{{nobots}}", "").await?;
    let talk = &scene.coop.maintainer.talk;
    scene.http.rule(When::edit_of(talk).nth(1), Fault::ForwardAndLose);
    let seconds: i64 = scene.coop.world.rows("SELECT TIME_TO_SEC(UTC_TIME())").await?[0][0].parse()?;
    let midnight = DAY - seconds;
    for later in [-180, -60, 420, DAY - 180, DAY + 420] {
        scene.job().later(midnight + later).run_ok().await?;
    }
    let history = scene.coop.world.admin.history(talk).await?;
    assert_eq!(history.len(), 1, "{}", scene.coop.world.admin.tell(&[talk]).await?);
    assert_eq!(
        scene.coop.world.count("request WHERE mentioned_at IS NOT NULL").await?,
        1
    );
    let told = scene
        .coop
        .world
        .login(&scene.coop.maintainer.account)
        .await?
        .notifications()
        .await?;
    assert_eq!(told.iter().filter(|note| note.title == *talk).count(), 1, "{told:?}");
    Ok(())
}

/// The lock is lost while the first run's request is still under way; a second run takes the same intent up.
#[tokio::test]
async fn two_runs_with_the_same_intent_make_one_greeting() -> Result<()> {
    let scene = Scene::new().await?;
    let people = scene
        .coop
        .add_learners(&[("Ann", "writing"), ("Ben", "writing")])
        .await?;
    scene.coop.world.load(&[NewPage::new(&people[0].talk, "Talk.")]).await?;
    let [ann, ben] = &people[..] else { unreachable!() };
    for (learner, other) in [(ann, ben), (ben, ann)] {
        let (reached, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let (tell, wait) = (reached.clone(), gate.clone());
        scene.http.heal();
        let held = scene.http.rule(
            When::edit_of(&learner.talk).nth(1),
            Fault::before(move |_| {
                let (tell, wait) = (tell.clone(), wait.clone());
                async move {
                    tell.add_permits(1);
                    drop(wait.acquire().await);
                }
            }),
        );
        // Only this one's turn; the other one's comes in the second round.
        scene
            .http
            .rule(When::edit_of(&other.talk).first(9), Fault::ratelimited());
        let first = scene.job().start()?;
        drop(reached.acquire().await?);
        scene.cut_lock();
        let second = scene.job().later(LATER).run_ok().await?;
        gate.add_permits(1);
        let first = first.wait().await?;
        assert!(first.says("fenced"), "{first}\n{second}");
        assert_eq!((held.times(), first.code), (1, 0), "{first}");
        scene
            .greeted_once(learner)
            .await
            .map_err(|error| error.context(format!("{first}\n{second}")))?;
    }
    Ok(())
}
