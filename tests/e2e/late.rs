//! Requests that were held up somewhere and arrive when the world has gone on: the wiki refuses them by their base
//! revision, whatever people did to the page meanwhile.

use std::time::Duration;

use anyhow::{Context, Result};
use wikicrew_tests::calls::{Call, error_code};
use wikicrew_tests::coop::Member;
use wikicrew_tests::rules::{Fault, Gate, When};
use wikicrew_tests::sandbox::NewPage;

use crate::seen::{ensure_idle, line_about};
use wikicrew_tests::scene::{DAY, LATER, Scene};

const OLD: &str = "== Old ==\nYes.";

async fn with_talk_page() -> Result<(Scene, Member)> {
    let (scene, lea) = Scene::with_learner("Lea").await?;
    scene
        .coop
        .world
        .load(&[NewPage::new(&lea.talk, OLD).by(lea.name())])
        .await?;
    Ok((scene, lea))
}

/// Every sending of the greeting so far, with what came of it.
fn sent(scene: &Scene, lea: &Member) -> Vec<Call> {
    let calls = scene.http.calls().into_iter();
    calls
        .filter(|call| call.action() == "edit" && call.param("title") == Some(&lea.talk))
        .collect()
}

#[tokio::test]
async fn two_late_requests_in_the_wrong_order_make_one_greeting() -> Result<()> {
    let (scene, lea) = with_talk_page().await?;
    let gates = [Gate::new(), Gate::new()];
    for (nth, gate) in (1..).zip(&gates) {
        scene
            .http
            .rule(When::edit_of(&lea.talk).nth(nth), Fault::DeliverLater(gate.clone()));
    }
    scene.job().run_ok().await?;
    // At the top, where the wiki would merge the two.
    scene.coop.world.admin.prepend(&lea.talk, "On top.\n\n", "").await?;
    scene.job().later(LATER).run_ok().await?;
    gates[1].open();
    while !sent(&scene, &lea)[1].forwarded {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    gates[0].open();
    scene.http.settle().await;
    let first = sent(&scene, &lea)[0].answer.clone().context("it was delivered")?;
    assert_eq!(error_code(&first), Some("editconflict"), "{first}");

    scene.job().later(2 * LATER).run_ok().await?;
    assert_eq!(sent(&scene, &lea).len(), 2, "found, not sent again");
    scene.greeted_once(&lea).await?;
    let text = scene.coop.world.admin.text(&lea.talk).await?.unwrap_or_default();
    assert!(text.starts_with(&format!("On top.\n\n{OLD}\n\n==")), "{text}");
    ensure_idle(&scene.job().later(3 * LATER).run_ok().await?)
}

#[tokio::test]
async fn a_request_that_finds_its_page_moved_away_is_refused_and_told_to_people() -> Result<()> {
    for no_redirect in [false, true] {
        let (scene, lea) = with_talk_page().await?;
        let gate = Gate::new();
        scene
            .http
            .rule(When::edit_of(&lea.talk).nth(1), Fault::DeliverLater(gate.clone()));
        scene.job().run_ok().await?;
        let archive = format!("{}/Archive", lea.talk);
        scene
            .coop
            .world
            .admin
            .move_page(&lea.talk, &archive, no_redirect)
            .await?;
        let run = scene.job().later(LATER).run_ok().await?;
        let line = line_about(&scene.coop, &lea)
            .await?
            .with_context(|| format!("people are not told: {run}"))?;
        assert!(line.contains("moved away") || line.contains("another page"), "{line}");
        gate.open();
        scene.http.settle().await;
        let late = sent(&scene, &lea)[0].answer.clone().context("it was delivered")?;
        assert!(error_code(&late).is_some(), "{late}");

        for later in [2 * LATER, DAY + LATER] {
            scene.job().later(later).run_ok().await?;
        }
        assert_eq!(
            (sent(&scene, &lea).len(), scene.edits_of(&lea.talk).await?),
            (1, 0),
            "{run}"
        );
        assert_eq!(scene.coop.world.admin.text(&archive).await?.as_deref(), Some(OLD));
        assert_eq!(scene.coop.world.count("matches").await?, 0);
    }
    Ok(())
}
