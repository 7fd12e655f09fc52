//! The switch in people's hands: settings page, stop page and the operator's word, between two edits of a run too.

use std::future::Future;
use std::sync::Arc;

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::api::Api;
use wikicrew_tests::calls::{Call, Calls};
use wikicrew_tests::coop::{Coop, Member};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Run;
use wikicrew_tests::sandbox::NewPage;

use crate::steps::{DAY, MINUTES_5, as_read, greeted, part, status, statuses};

/// A Co-op with one mentor and so many learners.
async fn with_learners(count: usize) -> Result<(Coop, Vec<Member>)> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let names: Vec<String> = (1..=count).map(|n| format!("L{n}")).collect();
    let people: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "writing")).collect();
    let learners = coop.add_learners(&people).await?;
    Ok((coop, learners))
}

/// Runs, and does something at the moment when the nth greeting was saved and the bot does not know yet. Later runs go
/// through the same proxy: a wiki is known by its address.
async fn after_greeting<F>(
    coop: &Coop,
    nth: u64,
    act: impl Fn(Arc<Api>) -> F + Send + Sync + 'static,
) -> Result<(Run, FaultProxy)>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    let admin = coop.world.admin.clone();
    let act = Arc::new(act);
    let hook = Fault::after(move |_: Call| {
        let (act, admin) = (act.clone(), admin.clone());
        async move { act(admin).await.expect("what comes in between works") }
    });
    let below = format!("{}/", coop.talk);
    let is_greeting = move |call: &Call| call.param("title").is_some_and(|title| title.starts_with(&below));
    let hit = proxy.rule(When::edit().that("greeting", is_greeting).nth(nth), hook);
    let run = coop.matchbot().through(&proxy).run().await?;
    assert_eq!(hit.times(), 1, "{run}");
    Ok((run, proxy))
}

#[tokio::test]
async fn of_twenty_greetings_switched_off_after_the_third_three_or_four_stand() -> Result<()> {
    let (coop, learners) = with_learners(20).await?;
    let (title, off) = (
        coop.settings_title(),
        coop.settings.clone().set("enabled", false).page(),
    );
    let (run, proxy) = after_greeting(&coop, 3, move |admin| {
        let (title, off) = (title.clone(), off.clone());
        async move { admin.edit(&title, &off, "stop it").await.map(drop) }
    })
    .await?;
    assert_eq!(run.code, 0, "no failure of the run:\n{run}");
    let count = greeted(&coop, &learners).await?;
    assert!((3..=4).contains(&count), "{count} greetings");
    assert_eq!(coop.world.count("matches").await?, count as u64);
    let calls = proxy.calls();
    assert_eq!(
        calls.writes().len(),
        count,
        "not even the status page:\n{}",
        calls.told()
    );
    assert_eq!(
        coop.world.count("intent WHERE state IN ('open', 'sending')").await?,
        0,
        "nothing hangs in the air"
    );

    // The next run says so on the status page; switched on again, the rest is greeted.
    coop.matchbot().through(&proxy).run_ok().await?;
    assert!(status(&coop).await?.contains("is '''off'''"));
    coop.save_settings(&coop.settings).await?;
    coop.matchbot().through(&proxy).run_ok().await?;
    assert_eq!(greeted(&coop, &learners).await?, 20);
    Ok(())
}

#[tokio::test]
async fn unprotected_saved_again_or_deleted_in_mid_run_ends_the_edits() -> Result<()> {
    for what in ["unprotect", "save", "delete", "redirect", "malformed"] {
        let (coop, learners) = with_learners(3).await?;
        let (title, settings) = (coop.settings_title(), coop.settings.clone());
        let (run, proxy) = after_greeting(&coop, 2, move |admin| {
            let (title, settings) = (title.clone(), settings.clone());
            async move {
                match what {
                    "unprotect" => admin.protect(&title, "all", "infinite", false).await,
                    "save" => admin
                        .edit(&title, &settings.set("minor", true).page(), "")
                        .await
                        .map(drop),
                    "delete" => admin.delete(&title, "").await,
                    "redirect" => admin.edit(&title, "#REDIRECT [[Main Page]]", "").await.map(drop),
                    _ => admin.edit(&title, "no settings at all", "").await.map(drop),
                }
            }
        })
        .await?;
        assert_eq!(run.code, 0, "{what}: {run}");
        assert_eq!(greeted(&coop, &learners).await?, 2, "{what}: {run}");
        let says = match what {
            "unprotect" => "is not protected",
            "delete" => "does not exist",
            "redirect" => "is a redirect",
            _ => "the settings page was saved again",
        };
        assert!(run.says(says), "{what}: {run}");
        assert!(statuses(&coop).await?.is_empty(), "{what}: no status page either");
        let next = coop
            .matchbot()
            .through(&proxy)
            .run_to(if what == "save" { 0 } else { 78 })
            .await?;
        assert_eq!(
            greeted(&coop, &learners).await?,
            if what == "save" { 3 } else { 2 },
            "{what}: {next}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_word_on_the_stop_page_ends_a_run_in_progress() -> Result<()> {
    let (coop, learners) = with_learners(5).await?;
    let una = coop.world.person("Una").await?;
    let una = Arc::new(coop.world.login(&una).await?);
    let stop = format!("User:{}/matchbot/Stop", coop.world.bot.name);
    let (session, page) = (una.clone(), stop.clone());
    let (run, proxy) = after_greeting(&coop, 2, move |_| {
        let (session, page) = (session.clone(), page.clone());
        async move {
            session
                .edit(&page, "It greets people [[twice]]! https://example.org", "")
                .await
                .map(drop)
        }
    })
    .await?;
    assert_eq!((run.code, greeted(&coop, &learners).await?), (0, 2), "{run}");
    let told = as_read(&coop, part(&status(&coop).await?, "in-force")).await?;
    assert!(told.contains("Nothing is written at the moment: stopped by"), "{told}");
    assert!(told.contains(una.user.as_deref().unwrap_or_default()), "who: {told}");
    assert!(
        told.contains("It greets people [[twice]]! https://example.org"),
        "why: {told}"
    );
    // Every run in the meantime keeps still, and says it once.
    coop.matchbot().through(&proxy).later(MINUTES_5).run_ok().await?;
    assert_eq!((greeted(&coop, &learners).await?, statuses(&coop).await?.len()), (2, 1));
    una.edit(&stop, " run\n", "").await?;
    coop.matchbot().through(&proxy).run_ok().await?;
    assert_eq!(greeted(&coop, &learners).await?, 5);
    assert!(!status(&coop).await?.contains("Nothing is written"));
    Ok(())
}

#[tokio::test]
async fn autoconfirmed_users_stop_and_start_it_and_new_accounts_do_neither() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let world = &coop.world;
    let una = world.login(&world.person("Una").await?).await?;
    let newcomer = world.account("Newcomer", json!({ "new": true })).await?;
    let newcomer = world.login(&newcomer).await?;
    let anybody = Api::anonymous(&world.wiki.api)?;
    let stop = format!("User:{}/matchbot/Stop", world.bot.name);
    let works = async |who: &str, expected: bool| -> Result<()> {
        let learner = coop.add_learner(who, "writing").await?;
        coop.matchbot().run_ok().await?;
        assert_eq!(coop.greetings_of(&learner).await?, usize::from(expected), "{who}");
        Ok(())
    };

    newcomer.edit(&stop, "stop!", "").await?;
    works("A", true).await?;
    anybody.append(&stop, "please!", "").await?;
    works("B", true).await?;
    una.edit(&stop, "wrong mentors", "").await?;
    works("C", false).await?;
    newcomer.edit(&stop, "run", "").await?;
    works("D", false).await?;
    newcomer.edit(&stop, "", "").await?;
    works("E", false).await?;
    // Nor does the bot free itself.
    world.load(&[NewPage::new(&stop, "run").by(&world.bot.name)]).await?;
    works("F", false).await?;
    una.edit(&stop, "", "mended").await?;
    works("G", true).await?;
    una.edit(&stop, "again", "").await?;
    works("H", false).await?;
    world.admin.delete(&stop, "mended").await?;
    works("I", true).await?;
    Ok(())
}

#[tokio::test]
async fn the_operators_word_beats_the_wikis() -> Result<()> {
    let (coop, learners) = with_learners(2).await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    let off = coop.matchbot().env("WIKICREW_MATCHBOT_EDIT", "off").through(&proxy);
    let run = off.run_ok().await?;
    assert!(run.says("WIKICREW_MATCHBOT_EDIT=off"), "{run}");
    off.clone().later(DAY).run_ok().await?;
    assert!(proxy.calls().writes().is_empty(), "{}", proxy.calls().told());
    assert!(
        coop.world.count("request WHERE state = 'waiting'").await? >= 2,
        "what was read is kept"
    );
    off.env("WIKICREW_MATCHBOT_EDIT", "on").run_ok().await?;
    assert_eq!(greeted(&coop, &learners).await?, 2);
    let nonsense = coop
        .matchbot()
        .env("WIKICREW_MATCHBOT_EDIT", "perhaps")
        .run_to(78)
        .await?;
    assert!(
        nonsense.says("WIKICREW_MATCHBOT_EDIT: `perhaps` is neither `on` nor `off`"),
        "{nonsense}"
    );
    Ok(())
}
