//! What people do to the talk page while the greeting is on its way: move, delete, archive, edit. No greeting is doubled,
//! no page is brought back, no byte of anybody else is lost.

use std::sync::Arc;

use anyhow::Result;
use wikicrew_tests::api::Api;
use wikicrew_tests::coop::Member;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::scene::{DAY, LATER, Scene};

const PEOPLE: [&str; 5] = ["Moved", "Taken", "Deleted", "Archived", "Blanked"];

/// Does to each talk page what its owner's name says.
async fn do_to(admin: &Api, learner: &Member, talk: &str) -> Result<()> {
    let aside = format!("{talk} aside");
    match learner.name().rsplit(' ').next() {
        Some("Moved") => admin.move_page(talk, &aside, false).await,
        Some("Taken") => admin.move_page(talk, &aside, true).await,
        Some("Deleted") => admin.delete(talk, "not here").await,
        Some("Archived") => {
            let text = admin.text(talk).await?.unwrap_or_default();
            admin.edit(&format!("{talk}/Archive"), &text, "archived").await?;
            admin.edit(talk, "Talk.", "to the archive").await.map(drop)
        }
        _ => admin.edit(talk, "", "blanked").await.map(drop),
    }
}

async fn scene() -> Result<(Scene, Vec<Member>)> {
    let scene = Scene::new().await?;
    let people = scene.coop.add_learners(&PEOPLE.map(|name| (name, "writing"))).await?;
    let talks: Vec<NewPage> = people
        .iter()
        .map(|learner| NewPage::new(&learner.talk, "Talk."))
        .collect();
    scene.coop.world.load(&talks).await?;
    Ok((scene, people))
}

/// Runs `do_to` at this moment of the first edit of each talk page.
fn hook(scene: &Scene, people: &[Member], is_after: bool) {
    for learner in people {
        let (admin, learner) = (scene.coop.world.admin.clone(), Arc::new(learner.clone()));
        let when = When::edit_of(&learner.talk).nth(1);
        let act = move |_| {
            let (admin, learner) = (admin.clone(), learner.clone());
            async move {
                do_to(&admin, &learner, &learner.talk)
                    .await
                    .expect("an admin may do that")
            }
        };
        scene.http.rule(
            when,
            if is_after {
                Fault::after(act)
            } else {
                Fault::before(act)
            },
        );
    }
}

#[tokio::test]
async fn pages_that_go_away_between_the_edit_and_its_answer() -> Result<()> {
    let (scene, people) = scene().await?;
    hook(&scene, &people, true);
    scene.http.rule(
        When::edit()
            .that("on talk pages", |call| {
                call.param("title")
                    .is_some_and(|title| title.starts_with("Wikipedia talk:"))
            })
            .first(5),
        Fault::ForwardAndLose,
    );
    scene.job().run_ok().await?;
    assert_eq!(scene.coop.world.count("matches").await?, 0);
    for later in [LATER, 2 * LATER, DAY + LATER, 2 * DAY + LATER] {
        scene.job().later(later).run().await?;
    }
    let [moved, taken, deleted, archived, blanked] = &people[..] else {
        unreachable!()
    };
    // Where the greeting stands is where it was recorded.
    for learner in [moved, taken] {
        scene.recorded_once(learner, &format!("{} aside", learner.talk)).await?;
    }
    assert_eq!(scene.edits_of(&moved.talk).await?, 0, "nothing on the redirect");
    assert_eq!(scene.edits_of(&taken.talk).await?, 0, "the page is not made again");
    for learner in [archived, blanked] {
        scene.recorded_once(learner, &learner.talk).await?;
    }
    // Contributions to a deleted page cannot be seen: a person has to look.
    assert_eq!(scene.request_of(deleted).await?, "person gone");
    assert_eq!(
        scene.coop.world.admin.page_id(&deleted.talk).await?,
        None,
        "the page is not made again"
    );
    let status = scene
        .coop
        .world
        .admin
        .text(&scene.coop.status_title())
        .await?
        .unwrap_or_default();
    assert!(status.contains(&format!("[[:{}|", deleted.profile)), "{status}");
    Ok(())
}

#[tokio::test]
async fn pages_that_go_away_between_the_look_and_the_edit() -> Result<()> {
    let (scene, people) = scene().await?;
    hook(&scene, &people, false);
    for later in [0, LATER, DAY + LATER, 2 * DAY + LATER] {
        scene.job().later(later).run().await?;
    }
    let [moved, taken, deleted, archived, blanked] = &people[..] else {
        unreachable!()
    };
    assert_eq!(scene.request_of(moved).await?, "person talk-redirect");
    assert_eq!(scene.edits_of(&moved.talk).await?, 0, "nothing on the redirect");
    for learner in [taken, deleted] {
        assert_eq!(
            scene.coop.world.admin.page_id(&learner.talk).await?,
            None,
            "{} is not made again",
            learner.talk
        );
        assert!(
            scene.request_of(learner).await?.starts_with("person "),
            "{}",
            scene.request_of(learner).await?
        );
    }
    // An archived or blanked page is a page: the greeting stands on what is there now.
    for learner in [archived, blanked] {
        scene.greeted_once(learner).await?;
    }
    let text = scene.coop.world.admin.text(&archived.talk).await?.unwrap_or_default();
    assert!(text.starts_with("Talk.\n\n=="), "{text}");
    Ok(())
}

/// What kept an edit from being sent again holds for the second attempt as for the first.
#[tokio::test]
async fn a_request_that_could_not_be_sent_is_judged_anew() -> Result<()> {
    let scene = Scene::new().await?;
    let people = scene
        .coop
        .add_learners(&[
            ("Comment", "writing"),
            ("Redirect", "writing"),
            ("Away", "writing"),
            ("Fine", "writing"),
        ])
        .await?;
    let (admin, [comment, redirect, away, fine]) = (&scene.coop.world.admin, &people[..]) else {
        unreachable!()
    };
    for learner in [comment, away] {
        let busy = Fault::ApiError("editconflict".into(), "Edit conflict.".into());
        scene.http.rule(When::edit_of(&learner.talk).first(3), busy);
    }
    for learner in [redirect, fine] {
        scene.http.rule(When::edit_of(&learner.talk).nth(1), Fault::Reset);
    }
    scene.job().run_ok().await?;
    let states = scene
        .coop
        .world
        .table("SELECT state, attempt FROM intent ORDER BY 1, 2")
        .await?;
    assert_eq!(states, "open | 3\nopen | 3\nsending | 1\nsending | 1\n");
    admin.edit(&comment.talk, "Talk. <!-- to be continued", "").await?;
    admin
        .edit(&redirect.talk, "#REDIRECT [[Wikipedia:Sandbox]]", "")
        .await?;
    admin
        .edit(
            &away.profile,
            &format!("{{{{nobots}}}} [[{}]]", scene.coop.skill("writing")?.request),
            "",
        )
        .await?;
    scene.job().later(LATER).run_ok().await?;
    assert_eq!(scene.request_of(comment).await?, "person talk-ends-open");
    assert_eq!(scene.request_of(redirect).await?, "person talk-redirect");
    assert_eq!(scene.request_of(away).await?, "person nobots");
    for learner in [comment, redirect, away] {
        assert_eq!(scene.edits_of(&learner.talk).await?, 0, "{}", learner.talk);
    }
    scene.greeted_once(fine).await
}

/// Another job of the same account and another user, at the end of the page, at its top, and where there was no page.
#[tokio::test]
async fn edits_of_others_between_look_and_edit_lose_no_byte() -> Result<()> {
    let scene = Scene::new().await?;
    let names = ["End", "Top", "New", "User"].map(|name| (name, "writing"));
    let people = scene.coop.add_learners(&names).await?;
    let old = "Talk.\n\n== Old ==\nFirst line.\n\nLast line.";
    let talks: Vec<NewPage> = [0, 1, 3].iter().map(|n| NewPage::new(&people[*n].talk, old)).collect();
    scene.coop.world.load(&talks).await?;
    let bot = Arc::new(scene.coop.world.login(&scene.coop.world.bot).await?);
    let user = Arc::new(scene.coop.world.login(&scene.mentor.account).await?);
    for learner in &people {
        let (api, talk) = (
            if learner.name().ends_with("User") {
                user.clone()
            } else {
                bot.clone()
            },
            learner.talk.clone(),
        );
        let other = move |_| {
            let (api, talk) = (api.clone(), talk.clone());
            async move {
                let done = match talk.ends_with("Top") {
                    true => api.prepend(&talk, "Notice of another job.\n\n", "another job").await,
                    false => api.append(&talk, "\n\n== Other ==\nAnother line.", "another job").await,
                };
                done.map(drop).unwrap()
            }
        };
        scene
            .http
            .rule(When::edit_of(&learner.talk).nth(1), Fault::before(other));
    }
    let run = scene.job().run_ok().await?;
    assert!(run.says("greeted=4"), "{run}");
    for learner in &people {
        let text = scene.coop.world.admin.text(&learner.talk).await?.unwrap_or_default();
        assert_eq!(
            text.matches(&format!("Hello, [[User:{}", learner.name())).count(),
            1,
            "{text}"
        );
        let other = if learner.name().ends_with("Top") {
            "Notice of another job."
        } else {
            "== Other ==\nAnother line."
        };
        assert_eq!(text.matches(other).count(), 1, "{text}");
        assert!(learner.name().ends_with("New") || text.contains(old), "{text}");
    }
    assert_eq!(scene.coop.world.count("matches").await?, 4);
    Ok(())
}

#[tokio::test]
async fn a_page_that_is_edited_again_and_again_waits_for_the_next_run() -> Result<()> {
    let (scene, lea) = Scene::with_learner("Lea").await?;
    scene.coop.world.load(&[NewPage::new(&lea.talk, "Talk.")]).await?;
    let (user, talk) = (Arc::new(scene.coop.world.login(&lea.account).await?), lea.talk.clone());
    let busy = scene.http.rule(
        When::edit_of(&lea.talk).first(3),
        Fault::before(move |_| {
            let (user, talk) = (user.clone(), talk.clone());
            async move { user.append(&talk, "\n\nOne more line.", "").await.map(drop).unwrap() }
        }),
    );
    let run = scene.job().run_ok().await?;
    assert!(run.summary()?.contains("later=1"), "{run}");
    assert_eq!((busy.times(), scene.edits_of(&lea.talk).await?), (3, 0));
    // Nothing was written, so it is tried at once.
    scene.job().later(60).run_ok().await?;
    scene.greeted_once(&lea).await?;
    let text = scene.coop.world.admin.text(&lea.talk).await?.unwrap_or_default();
    assert!(
        text.starts_with("Talk.\n\nOne more line.\n\nOne more line.\n\nOne more line.\n\n=="),
        "{text}"
    );
    Ok(())
}
