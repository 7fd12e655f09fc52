//! The status page: what it holds, when it is saved, that it disturbs nobody and respects who takes it away.

use anyhow::Result;
use wikicrew_tests::coop::Coop;

use crate::steps::{DAY, MINUTES_5, as_read, part, status, statuses};

#[tokio::test]
async fn five_parts_for_people_and_nothing_that_disturbs_anybody() -> Result<()> {
    let coop = Coop::new().await?;
    let mentor = coop.add_mentor("Mia", &["writing"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let waiting = coop.add_learner("Nell", "writing").await?;
    coop.world
        .login(&waiting.account)
        .await?
        .edit(&waiting.profile, "{{nobots}} no, thank you", "")
        .await?;
    let skill = coop.skill("writing")?.request.clone();
    coop.world
        .login(&waiting.account)
        .await?
        .append(&waiting.profile, &format!("[[{skill}]]"), "")
        .await?;
    coop.matchbot().run_ok().await?;

    let (title, page) = (coop.status_title(), status(&coop).await?);
    assert!(page.starts_with("__NOINDEX__"));
    let admin = &coop.world.admin;
    let parsed = admin
        .parse_page(&title, "sections|externallinks|templates|categories|properties")
        .await?;
    let headings: Vec<&str> = parsed["sections"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|s| s["line"].as_str())
        .collect();
    assert_eq!(
        headings,
        ["In force", "Running", "Done", "Waiting for a person", "Stop and help"]
    );
    for empty in ["externallinks", "templates"] {
        assert_eq!(parsed[empty].as_array().map(Vec::len), Some(0), "{empty}: {parsed}");
    }
    // The wiki itself lists pages that carry `__NOINDEX__`.
    assert_eq!(parsed["categories"][0]["category"], "Noindexed_pages");
    assert_eq!(parsed["categories"].as_array().map(Vec::len), Some(1), "{parsed}");
    assert!(parsed["properties"].to_string().contains("noindex"), "{parsed}");
    let read = async |name: &str| as_read(&coop, part(&page, name)).await;
    assert!(read("in-force").await?.contains("saved by Admin on"), "{page}");
    assert!(read("running").await?.contains("Version "), "{page}");
    assert!(read("done").await?.contains("24 hours: 1 learners matched"), "{page}");
    let case = read("waiting").await?;
    assert!(
        case.contains(&waiting.profile) && case.contains("asks bots to stay away") && case.contains("What to do:"),
        "{case}"
    );
    assert!(case.contains("Requests/Writing"), "for which skill: {case}");
    let help = read("stop").await?;
    let stop = format!("User:{}/matchbot/Stop", coop.world.bot.name);
    for named in [
        coop.settings_title(),
        stop,
        format!("{}/draft", coop.settings_title()),
        format!("User talk:{}", coop.world.bot.name),
    ] {
        assert!(help.contains(&named), "{named} in {help}");
    }

    // Nobody is told of it: not the admin it names, nor those in its lists.
    for member in [&mentor, &learner, &waiting] {
        let notes = coop.world.login(&member.account).await?.notifications().await?;
        assert!(notes.iter().all(|note| note.title != title), "{notes:?}");
    }
    let summary = &statuses(&coop).await?[0].summary;
    assert!(
        summary.contains(&format!("[[{title}|matchbot]]")) && !summary.contains("[[User:Admin"),
        "{summary}"
    );
    let notes = admin.notifications().await?;
    assert!(notes.iter().all(|note| note.title != title), "{notes:?}");
    Ok(())
}

#[tokio::test]
async fn saved_when_something_changed_for_people_and_else_once_a_day() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(statuses(&coop).await?.len(), 1);
    // A greeting alone changes only the figures: they can wait.
    coop.add_learner("Lea", "writing").await?;
    coop.matchbot().later(MINUTES_5).run_ok().await?;
    coop.matchbot().later(DAY - 600).run_ok().await?;
    assert_eq!(statuses(&coop).await?.len(), 1);
    coop.matchbot().later(DAY + 60).run_ok().await?;
    assert_eq!(
        statuses(&coop).await?.len(),
        2,
        "once a day, so that people see that it is alive"
    );
    // Somebody waits for a person: at once.
    let waiting = coop.add_learner("Nell", "writing").await?;
    coop.world.admin.block(waiting.name()).await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(statuses(&coop).await?.len(), 3);
    assert!(part(&status(&coop).await?, "waiting").contains(&waiting.profile));
    // No longer: at once.
    coop.world.admin.unblock(waiting.name()).await?;
    coop.matchbot().later(MINUTES_5).run_ok().await?;
    assert_eq!(coop.greetings_of(&waiting).await?, 1);
    assert_eq!(part(&status(&coop).await?, "waiting"), "Nobody.");
    assert_eq!(statuses(&coop).await?.len(), 4);
    Ok(())
}

#[tokio::test]
async fn deleted_blanked_or_taken_over_by_people_it_stays_so_until_an_admin_asks() -> Result<()> {
    for how in ["delete", "blank", "rewrite", "move"] {
        let coop = Coop::new().await?;
        coop.add_mentor("Mia", &["writing"]).await?;
        coop.matchbot().run_ok().await?;
        let (admin, title) = (&coop.world.admin, coop.status_title());
        match how {
            "delete" => admin.delete(&title, "not needed").await?,
            "blank" => drop(admin.edit(&title, "", "").await?),
            "rewrite" => drop(admin.edit(&title, "We use this page for something else.", "").await?),
            _ => admin.move_page(&title, &coop.world.own("Archive"), true).await?,
        }
        let left = admin.text(&title).await?;
        let learner = coop.add_learner("Lea", "writing").await?;
        coop.matchbot().run_ok().await?;
        let run = coop.matchbot().later(DAY).run_ok().await?;
        assert_eq!(admin.text(&title).await?, left, "{how}: left alone\n{run}");
        assert!(run.says("the status page was not saved"), "{how}: {run}");
        assert_eq!(coop.greetings_of(&learner).await?, 1, "{how}: the work goes on");

        coop.save_settings(&coop.settings.clone().set("minor", true)).await?;
        coop.matchbot().run_ok().await?;
        let page = admin.text(&title).await?.unwrap_or_default();
        assert!(
            page.contains("<!-- in-force -->"),
            "{how}: an admin asked for it again, but:\n{page}"
        );
    }
    Ok(())
}
