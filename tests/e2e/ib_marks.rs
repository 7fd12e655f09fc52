//! When marks are set and when not: after an edit has settled, and only where settings, operator, article and protection
//! allow it; never over somebody else's edit.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use wikicrew_tests::boxes::SETTLED;
use wikicrew_tests::calls::Call;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};

use crate::ib_chem::{OTHER, TRUE, articles, change, latest, marked, marks, plain, reason, replace_later};
use crate::ib_seen::{ensure_logged_once, ensure_quiet, log_lines, status};
use crate::seen::number;

#[tokio::test]
async fn an_article_is_marked_when_the_newest_edit_of_it_has_settled() -> Result<()> {
    let (scene, verified) = articles(&["Acetone"]).await?;
    change(&scene, &["Acetone"]).await?;
    for seconds in [0, SETTLED - 200] {
        let run = scene.job().later(seconds).run_ok().await?;
        assert_eq!(marks(&run)?, 0, "{seconds} s after the edit: {run}");
    }
    ensure_logged_once(&scene, 1).await?;

    // When the hour is over, somebody has just edited again: marks on top would hide that and take rollback away.
    replace_later(&scene, "Acetone", "Cem", "a substance", "a solvent", SETTLED - 50).await?;
    let run = scene.run_settled().await?;
    assert_eq!((marks(&run)?, scene.bot_edits("Acetone").await?.len()), (0, 0), "{run}");

    let run = scene.job().later(2 * SETTLED).run_ok().await?;
    let wanted = marked("Acetone", OTHER, verified[0], false).replace("a substance", "a solvent");
    assert_eq!(latest(&scene, "Acetone").await?, wanted, "{run}");
    Ok(())
}

#[tokio::test]
async fn a_value_that_is_back_within_the_hour_makes_no_edit_of_the_article() -> Result<()> {
    let (scene, verified) = articles(&["Acetone"]).await?;
    let text = marked("Acetone", TRUE, verified[0], true);
    scene.edit("Acetone", "Ann", &text, "").await?;
    change(&scene, &["Acetone"]).await?;
    scene.run().await?;
    scene.restore("Acetone", "Cem").await?;
    scene.run().await?;
    let run = scene.run_settled().await?;
    assert_eq!(marks(&run)?, 0, "{run}");
    assert_eq!(scene.text("Acetone").await?, text);
    assert_eq!(scene.bot_edits("Acetone").await?, [""; 0]);
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(lines.len(), 2, "both edits were reported: {lines:#?}");
    Ok(())
}

#[tokio::test]
async fn settings_and_operator_decide_whether_articles_are_edited() -> Result<()> {
    let (scene, verified) = articles(&["Acetone"]).await?;
    change(&scene, &["Acetone"]).await?;
    let by_hand = async |words: &[&str]| scene.job().args(words).args(&["--by", "Olga"]).run_ok().await;
    let untouched = async |why: &str| -> Result<()> {
        let run = scene.run_settled().await?;
        assert_eq!(
            (marks(&run)?, scene.bot_edits("Acetone").await?.len()),
            (0, 0),
            "{why}: {run}"
        );
        Ok(())
    };
    let chem = scene.chem.name.clone();
    let box_off = scene.settings.clone().set(&scene.key(&scene.chem, "edit"), false);
    scene.save_settings(&box_off).await?;
    untouched("the box is not to be edited").await?;
    ensure_logged_once(&scene, 1).await?;

    scene.save_settings(&scene.settings.clone().set("edit", false)).await?;
    untouched("nothing is to be edited").await?;

    scene.save_settings(&scene.settings).await?;
    by_hand(&["off", &chem]).await?;
    untouched("off for the box").await?;
    let said = status(&scene).await?;
    assert!(said.contains("By the operator: off Chembox"), "{said}");
    by_hand(&["off"]).await?;
    by_hand(&["on", &chem]).await?;
    untouched("off for all").await?;
    by_hand(&["on"]).await?;

    // `quit` stops every edit, the log's too, and loses none of it.
    by_hand(&["quit"]).await?;
    scene.replace("Acetone", "Cem", "a substance", "a solvent", "").await?;
    scene.replace("Acetone", "Cem", "= Acetone", "= Propanone", "").await?;
    untouched("quit").await?;
    assert_eq!(
        log_lines(&scene, &scene.chem).await?.len(),
        1,
        "nothing is written after quit"
    );
    by_hand(&["report"]).await?;
    let run = scene.run_settled().await?;
    let wanted = marked("Acetone", OTHER, verified[0], false)
        .replace("= Acetone", "= Propanone")
        .replace("a substance", "a solvent")
        .replace("| verifiedrevid", "| Watchedfields = changed\n| verifiedrevid");
    assert_eq!(scene.text("Acetone").await?, wanted, "{run}");
    Ok(())
}

#[tokio::test]
async fn articles_that_refuse_the_bot_are_noted_and_the_rest_is_marked() -> Result<()> {
    let names = ["Acetone", "Benzene", "Chloroform", "Dioxane"];
    let (scene, verified) = articles(&names).await?;
    let deny = format!("{{{{bots|deny={}}}}}", scene.world.bot.name);
    // What was edited in the very second of the first run counts as older than that.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    change(&scene, &names).await?;
    for (name, word) in [("Acetone", "{{nobots}}"), ("Benzene", &deny)] {
        scene.world.admin.append(&scene.title(name), word, "").await?;
    }
    scene
        .world
        .admin
        .protect(&scene.title("Chloroform"), "sysop", "infinite", false)
        .await?;
    let run = scene.run_settled().await?;
    assert_eq!(marks(&run)?, 1, "{run}");
    assert_eq!(
        scene.text("Dioxane").await?,
        marked("Dioxane", OTHER, verified[3], false)
    );
    for name in &names[..3] {
        assert_eq!(scene.bot_edits(name).await?, [""; 0], "{name}");
    }
    ensure_logged_once(&scene, 4).await?;
    for (name, why) in names.iter().zip(["nobots", "bots", "protected"]) {
        let noted = reason(&scene, name).await?;
        assert!(noted.contains(why), "{name}: {noted}");
        let said = status(&scene).await?;
        assert!(
            said.contains(&format!("{name} (Chembox): not marked: ")),
            "{name}: {said}"
        );
    }
    // They are not asked again and again.
    let run = scene.run_settled().await?;
    ensure_quiet(&run)?;

    // Let in again, it is marked with the next edit of the page.
    scene
        .world
        .admin
        .protect(&scene.title("Chloroform"), "all", "infinite", false)
        .await?;
    scene
        .replace("Chloroform", "Cem", "a substance", "a solvent", "")
        .await?;
    let run = scene.run_settled().await?;
    assert_eq!(marks(&run)?, 1, "{run}");
    Ok(())
}

#[tokio::test]
async fn an_edit_between_look_and_save_is_kept_and_marked_with_the_next_run() -> Result<()> {
    let (scene, verified) = articles(&["Acetone", "Benzene"]).await?;
    change(&scene, &["Acetone", "Benzene"]).await?;
    scene.run().await?;
    let scene = Arc::new(scene);
    let proxy = FaultProxy::start(&scene.world.wiki.api).await?;
    let between = scene.clone();
    let hook = Fault::before(move |_: Call| {
        let scene = between.clone();
        async move {
            let old = format!("= {OTHER}");
            let edit = replace_later(&scene, "Acetone", "Eve", &old, "= 1-2-3", SETTLED - 30);
            edit.await.expect("the edit in between can be saved");
        }
    });
    let hit = proxy.rule(When::edit_of(&scene.title("Acetone")).nth(1), hook);
    let run = scene.job().through(&proxy).later(SETTLED).run_ok().await?;
    assert_eq!(hit.times(), 1, "{run}");
    assert_eq!(marks(&run)?, 1, "the other article only: {run}");
    assert_eq!(
        latest(&scene, "Acetone").await?,
        plain("Acetone", "1-2-3"),
        "nothing of it is lost"
    );
    assert_eq!(
        scene.text("Benzene").await?,
        marked("Benzene", OTHER, verified[1], false)
    );

    // An hour after Eve the marks are those of her text.
    let run = scene.job().through(&proxy).later(2 * SETTLED).run_ok().await?;
    assert_eq!(
        latest(&scene, "Acetone").await?,
        marked("Acetone", "1-2-3", verified[0], false),
        "{run}"
    );
    Ok(())
}

#[tokio::test]
async fn switched_off_between_two_articles_at_most_one_more_is_edited() -> Result<()> {
    let names = ["Acetone", "Benzene", "Chloroform", "Dioxane", "Ethanol", "Furan"];
    let (scene, _) = articles(&names).await?;
    change(&scene, &names).await?;
    scene.run().await?;
    let proxy = FaultProxy::start(&scene.world.wiki.api).await?;
    let (admin, title) = (scene.world.admin.clone(), scene.settings_title());
    let off = scene.settings.clone().set("enabled", false).page();
    let hook = Fault::after(move |_: Call| {
        let (admin, title, off) = (admin.clone(), title.clone(), off.clone());
        async move {
            admin
                .edit(&title, &off, "stop it")
                .await
                .expect("the settings can be saved");
        }
    });
    let articles: Vec<String> = names.iter().map(|name| scene.title(name)).collect();
    let is_article = move |call: &Call| {
        call.param("title")
            .is_some_and(|title| articles.iter().any(|one| one == title))
    };
    let hit = proxy.rule(When::edit().that("of an article", is_article).nth(2), hook);
    let run = scene.job().through(&proxy).later(SETTLED).run_ok().await?;
    assert_eq!(hit.times(), 1, "{run}");
    let edited = async || -> Result<usize> {
        let mut count = 0;
        for name in &names {
            count += scene.bot_edits(name).await?.len();
        }
        Ok(count)
    };
    let count = edited().await?;
    assert!((2..=3).contains(&count), "{count} articles: {run}");
    let again = scene.job().through(&proxy).later(SETTLED).run_ok().await?;
    assert_eq!(edited().await?, count, "{again}");

    scene.save_settings(&scene.settings).await?;
    let run = scene.job().through(&proxy).later(SETTLED).run_ok().await?;
    assert_eq!(edited().await?, names.len(), "the rest, each once: {run}");
    Ok(())
}

#[tokio::test]
async fn the_bots_own_edit_is_not_looked_at_again() -> Result<()> {
    let (scene, verified) = articles(&["Acetone"]).await?;
    change(&scene, &["Acetone"]).await?;
    let run = scene.run_settled().await?;
    assert_eq!((marks(&run)?, number(&run, "compared")?), (1, 1), "{run}");
    let text = marked("Acetone", OTHER, verified[0], false);
    assert_eq!(scene.text("Acetone").await?, text);
    let own = scene.revid("Acetone").await?.to_string();

    let proxy = FaultProxy::start(&scene.world.wiki.api).await?;
    for seconds in [SETTLED + 600, 2 * SETTLED] {
        let run = scene.job().through(&proxy).later(seconds).run_ok().await?;
        ensure_quiet(&run)?;
        assert_eq!(number(&run, "compared")?, 0, "{run}");
    }
    let (title, page) = (
        scene.title("Acetone"),
        scene.world.admin.page_id(&scene.title("Acetone")).await?,
    );
    let page = page.expect("it is there").to_string();
    let names_it = |call: &Call| {
        let part = |key: &str, wanted: &str| {
            call.param(key)
                .is_some_and(|all| all.split('|').any(|one| one == wanted))
        };
        part("revids", &own) || (call.has_module("revisions") && (part("titles", &title) || part("pageids", &page)))
    };
    let fetched: Vec<_> = proxy.calls().into_iter().filter(names_it).collect();
    assert!(
        fetched.is_empty(),
        "its text was read again: {:#?}",
        fetched.iter().map(|call| &call.params).collect::<Vec<_>>()
    );
    assert_eq!(scene.text("Acetone").await?, text);
    ensure_logged_once(&scene, 1).await
}
