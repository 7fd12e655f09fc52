//! When a settings page is trusted: the table of the protocol, row by row. For each row: what is edited, what the
//! status page says, the exit code of this run, of the next one and of tomorrow's, and the log line.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Job;
use wikicrew_tests::sandbox::NewPage;

use crate::steps::{DAY, MINUTES_5, as_read, greeted, part, status, statuses};

/// A state of the settings page in which nothing at all is written: 78 at once, 0 with the same line five minutes
/// later, 78 again after a day.
async fn is_not_obeyed(coop: &Coop, job: &Job, says: &str) -> Result<()> {
    let before = coop.world.admin.contributions(&coop.world.bot.name).await?;
    let first = job.run_to(78).await?;
    assert!(first.says(says), "{says:?} is not in\n{first}");
    let second = job.clone().later(MINUTES_5).run_ok().await?;
    assert!(second.says(says), "still warned of {says:?}:\n{second}");
    job.clone().later(DAY - 600).run_ok().await?;
    job.clone().later(DAY + 60).run_to(78).await?;
    job.clone().later(DAY + 60 + MINUTES_5).run_ok().await?;
    let after = coop.world.admin.contributions(&coop.world.bot.name).await?;
    assert_eq!(before, after, "no edit, not even of the status page");
    Ok(())
}

#[tokio::test]
async fn on_off_and_malformed() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let a = coop.add_learner("A", "writing").await?;

    // Fine and enabled: works, and the status page is written once.
    coop.matchbot().run_ok().await?;
    coop.matchbot().later(MINUTES_5).run_ok().await?;
    assert_eq!((coop.greetings_of(&a).await?, statuses(&coop).await?.len()), (1, 1));
    assert!(
        as_read(&coop, &status(&coop).await?)
            .await?
            .contains("is in force, saved by Admin on")
    );

    // Off: nothing, said once.
    let b = coop.add_learner("B", "writing").await?;
    let off = coop.save_settings(&coop.settings.clone().set("enabled", false)).await?;
    for later in [0, MINUTES_5] {
        let run = coop.matchbot().later(later).run_ok().await?;
        assert!(run.says(&format!("off since settings revision {off}")), "{run}");
    }
    assert_eq!((coop.greetings_of(&b).await?, statuses(&coop).await?.len()), (0, 2));
    let page = as_read(&coop, part(&status(&coop).await?, "in-force")).await?;
    assert!(
        page.contains(&format!(
            "off (enabled: false) since settings revision {off}, saved by Admin"
        )),
        "{page}"
    );

    // Malformed: nothing, though the revision before was fine; the problems once; a person is told once, then daily.
    coop.save_settings(&coop.settings).await?;
    let bad = coop.save_settings(&coop.settings.clone().set("skillz", 3)).await?;
    coop.matchbot().run_to(78).await?;
    let run = coop.matchbot().later(MINUTES_5).run_ok().await?;
    assert!(run.says("skillz"), "a warning still:\n{run}");
    assert_eq!((coop.greetings_of(&b).await?, statuses(&coop).await?.len()), (0, 3));
    let page = as_read(&coop, part(&status(&coop).await?, "in-force")).await?;
    assert!(
        page.contains(&format!("revision {bad}, saved by Admin")) && page.contains("rejected"),
        "{page}"
    );
    assert!(page.contains("skillz"), "{page}");
    coop.matchbot().later(DAY - 600).run_ok().await?;
    coop.matchbot().later(DAY + 60).run_to(78).await?;
    coop.matchbot().later(DAY + 60 + MINUTES_5).run_ok().await?;
    // The next wrong revision is news.
    coop.save_settings(&coop.settings.clone().set("skillz", 4)).await?;
    coop.matchbot().later(DAY + 60 + 2 * MINUTES_5).run_to(78).await?;

    coop.save_settings(&coop.settings).await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(coop.greetings_of(&b).await?, 1);
    Ok(())
}

#[tokio::test]
async fn not_protected_redirect_moved_and_deleted() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    coop.matchbot().run_ok().await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let (admin, title) = (&coop.world.admin, coop.settings_title());

    admin.protect(&title, "all", "infinite", false).await?;
    is_not_obeyed(
        &coop,
        &coop.matchbot(),
        "is not protected: an admin has to protect it against editing (level sysop)",
    )
    .await?;
    admin.protect(&title, "autoconfirmed", "infinite", false).await?;
    is_not_obeyed(&coop, &coop.matchbot(), "is not protected").await?;
    // The operator may name another level.
    let lower = coop
        .matchbot()
        .env("WIKICREW_REQUIRED_PROTECTION", "sysop,autoconfirmed");
    lower.clone().args(&["--dry-run"]).run_ok().await?;

    admin.protect(&title, "sysop", "infinite", false).await?;
    let elsewhere = format!("User:{}/elsewhere", coop.world.bot.name);
    admin.edit(&title, &format!("#REDIRECT [[{elsewhere}]]"), "").await?;
    is_not_obeyed(&coop, &coop.matchbot(), "is a redirect").await?;

    coop.save_settings(&coop.settings).await?;
    admin.move_page(&title, &elsewhere, true).await?;
    is_not_obeyed(
        &coop,
        &coop.matchbot(),
        "does not exist: create it from settings.example.wiki",
    )
    .await?;
    admin.move_page(&elsewhere, &title, true).await?;
    assert_eq!(coop.greetings_of(&learner).await?, 0);
    coop.matchbot().run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1, "moved back, it works again");

    admin.delete(&title, "").await?;
    let run = coop.matchbot().later(3 * DAY).run_to(78).await?;
    assert!(run.says("does not exist"), "{run}");
    Ok(())
}

#[tokio::test]
async fn a_settings_page_that_cannot_be_read_is_an_alarm_after_an_hour() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    let asked = coop.settings_title();
    let unreadable = proxy.rule(When::any().get().containing(&asked), Fault::unavailable());
    let job = coop.matchbot().through(&proxy);
    let run = job.run_ok().await?;
    assert!(run.says("reading the settings page") && run.says("503"), "{run}");
    job.clone().later(MINUTES_5).run_ok().await?;
    job.clone().later(3700).run_to(75).await?;
    job.clone().later(3700 + MINUTES_5).run_ok().await?;
    assert!(unreadable.times() > 3);
    assert!(coop.world.admin.contributions(&coop.world.bot.name).await?.is_empty());
    proxy.heal();
    job.later(4000).run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1);
    Ok(())
}

#[tokio::test]
async fn protection_by_cascade_counts_but_not_for_what_was_saved_while_open() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let (world, admin) = (&coop.world, &coop.world.admin);
    let title = format!("User:{}/other settings", world.bot.name);
    let job = coop.matchbot().env("WIKICREW_MATCHBOT_SETTINGS", &title);

    // Somebody writes the page while it is open; an admin protects a page that transcludes it.
    let una = world.person("Una").await?;
    world
        .login(&una)
        .await?
        .edit(&title, &coop.settings.page(), "my settings")
        .await?;
    let cascade = world.own("Wikipedia:Protected pages");
    world
        .load(&[NewPage::new(&cascade, &format!("{{{{{title}}}}}"))
            .protected("sysop")
            .with("cascade", json!(true))])
        .await?;
    let protection = &admin.info(&title).await?["protection"];
    assert!(protection.to_string().contains(&cascade), "{protection}");
    is_not_obeyed(
        &coop,
        &job,
        &format!("was saved by {} while the page was open to them", una.name),
    )
    .await?;

    admin
        .edit(
            &title,
            &coop.settings.clone().set("minor", true).page(),
            "read, and taken over",
        )
        .await?;
    job.run_ok().await?;
    assert_eq!(greeted(&coop, &[learner]).await?, 1);
    let page = admin.text(&format!("{title}/Status")).await?.unwrap_or_default();
    assert!(
        as_read(&coop, &page).await?.contains("is in force, saved by Admin"),
        "{page}"
    );
    Ok(())
}

#[tokio::test]
async fn a_protecting_admin_is_named_beside_the_author_and_the_bot_is_never_obeyed() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let (world, admin) = (&coop.world, &coop.world.admin);
    let title = format!("User:{}/open", world.bot.name);
    let job = coop.matchbot().env("WIKICREW_MATCHBOT_SETTINGS", &title);
    let una = world.person("Una").await?;
    world
        .login(&una)
        .await?
        .edit(&title, &coop.settings.page(), "settings")
        .await?;
    is_not_obeyed(&coop, &job, "is not protected").await?;
    admin.protect(&title, "sysop", "infinite", false).await?;
    job.run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1);
    let page = admin.text(&format!("{title}/Status")).await?.unwrap_or_default();
    let read = as_read(&coop, &page).await?;
    assert!(read.contains("saved by Admin"), "{read}");
    assert!(
        read.contains(&format!("its text was written by {}", una.name)),
        "{read}"
    );

    world
        .load(&[NewPage::new(&title, &coop.settings.clone().set("minor", true).page()).by(&world.bot.name)])
        .await?;
    is_not_obeyed(&coop, &job, "was saved by the bot itself").await?;
    Ok(())
}

#[tokio::test]
async fn a_hidden_revision_is_not_obeyed() -> Result<()> {
    let coop = Coop::new().await?;
    let revision = coop.save_settings(&coop.settings.clone().set("minor", true)).await?;
    coop.matchbot().run_ok().await?;
    let oversighter = coop
        .world
        .account("Oversighter", json!({ "groups": ["suppress", "sysop"] }))
        .await?;
    let oversighter = coop.world.login(&oversighter).await?;
    oversighter.hide_revision(revision, "user").await?;
    is_not_obeyed(
        &coop,
        &coop.matchbot(),
        "is hidden: an admin has to save a readable one",
    )
    .await?;
    // The wiki itself does not let anybody hide the text of a page's newest revision; another wiki's answer may.
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    coop.save_settings(&coop.settings).await?;
    let title = coop.settings_title();
    let hide = Fault::rewrite(move |answer| {
        let pages = answer["query"]["pages"].as_array_mut();
        for page in pages
            .into_iter()
            .flatten()
            .filter(|page| page["title"] == title.as_str())
        {
            page["revisions"][0]["slots"]["main"] = json!({ "contentmodel": "wikitext", "texthidden": true });
        }
    });
    proxy.rule(When::any().get().containing(&coop.settings_title()), hide);
    is_not_obeyed(&coop, &coop.matchbot().through(&proxy), "is hidden").await
}

#[tokio::test]
async fn a_protection_that_ends_soon_is_a_warning_and_one_that_has_ended_is_none() -> Result<()> {
    let coop = Coop::new().await?;
    let (admin, title) = (&coop.world.admin, coop.settings_title());
    admin.protect(&title, "sysop", "6 days", false).await?;
    coop.matchbot().run_ok().await?;
    let page = as_read(&coop, part(&status(&coop).await?, "in-force")).await?;
    assert!(
        page.contains("The protection of the settings page ends on 20"),
        "{page}"
    );
    admin.protect(&title, "sysop", "8 days", false).await?;
    coop.matchbot().run_ok().await?;
    let page = status(&coop).await?;
    assert!(!page.contains("The protection"), "eight days are enough:\n{page}");

    // The API goes on naming a protection that has ended, with the time of its end.
    admin.protect(&title, "sysop", "1 second", false).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    is_not_obeyed(&coop, &coop.matchbot(), "is not protected").await
}

#[tokio::test]
async fn json_pages_count_under_listed_names_and_scripts_never() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learners = coop.add_learners(&[("A", "writing"), ("B", "communication")]).await?;
    let (world, admin) = (&coop.world, &coop.world.admin);
    let mut values = json!({});
    for key in [
        "enabled",
        "start_from",
        "categories",
        "defaultmentorprofile",
        "pages",
        "greetings",
    ] {
        values[key] = coop.settings.get(key).clone();
    }
    let text = values.to_string();
    let job = |title: &str| coop.matchbot().env("WIKICREW_MATCHBOT_SETTINGS", title);

    // The operator's page, unprotected, saved by the operator.
    let operator = world.person("Operator").await?;
    let (page, session) = (
        format!("User:{}/matchbot.json", operator.name),
        world.login(&operator).await?,
    );
    session.edit(&page, &text, "settings").await?;
    is_not_obeyed(&coop, &job(&page), "is not protected").await?;
    let listed = job(&page).env("WIKICREW_JSON_ACCOUNTS", &operator.name);
    listed.run_ok().await?;
    assert_eq!(greeted(&coop, &learners).await?, 2);
    assert_eq!(
        admin.text(&format!("{page}/Status")).await?,
        None,
        "no page of another user is written"
    );

    // Its owner may make wikitext of it; from then on anybody could edit it.
    let change = [
        ("action", "changecontentmodel"),
        ("title", page.as_str()),
        ("model", "wikitext"),
    ];
    session.write(&change).await?;
    is_not_obeyed(&coop, &listed, "is not protected").await?;

    // Beside the bot's own pages the same, with a status page.
    let own = format!("User:{}/matchbot.json", world.bot.name);
    admin.edit(&own, &text, "settings").await?;
    job(&own).run_ok().await?;
    assert!(admin.text(&format!("{own}/Status")).await?.is_some());

    let script = format!("User:{}/matchbot.js", world.bot.name);
    world.load(&[NewPage::new(&script, &text).protected("sysop")]).await?;
    is_not_obeyed(&coop, &job(&script), "is a .js or .css page").await
}
