//! Settings of infobox-check that only the wiki can judge, the draft, and the switches: nothing is written on a wrong
//! revision, everything is told with its cure, and what was edited meanwhile is reported when it is right again.

use anyhow::Result;
use serde_json::{Value, json};
use wikicrew_tests::boxes::{BoxPages, Boxes};
use wikicrew_tests::run::Run;
use wikicrew_tests::settings::Settings;

use crate::ib_seen::{ensure_logged_once, ensure_quiet, log_lines, status};
use crate::seen::number;

const ACETONE: &str =
    "{{chembox\n| Name = Acetone\n| Section1={{Chembox Identifiers\n| CASNo = 67-64-1\n }}\n}}\nA solvent.";
const MINUTES_10: i64 = 600;
const DAY: i64 = 24 * 3600;

async fn acetone() -> Result<Boxes> {
    Boxes::with_articles(&[("Acetone", ACETONE, "Ann")]).await
}

/// The bot's edits so far: titles, newest first.
async fn edits(scene: &Boxes) -> Result<Vec<String>> {
    let edits = scene.world.admin.contributions(&scene.world.bot.name).await?;
    Ok(edits.into_iter().map(|(title, _)| title).collect())
}

/// The settings with the box under another name.
fn renamed(settings: &Settings, of: &BoxPages, name: &str) -> Settings {
    let values: Value = settings.get(&format!("boxes.{}", of.name)).clone();
    settings
        .clone()
        .without(&format!("boxes.{}", of.name))
        .set(&format!("boxes.{name}"), values)
}

/// Saves wrong settings and runs: exit 78 once, and the status page, as a reader sees it, is all that is written.
async fn rejected(scene: &Boxes, wrong: &Settings) -> Result<String> {
    let before = edits(scene).await?.len();
    scene.save_settings(wrong).await?;
    let first = scene.job().run_to(78).await?;
    let second = scene.job().later(MINUTES_10).run_ok().await?;
    assert!(second.stderr.contains("boxes."), "a warning still: {second}");
    let edits = edits(scene).await?;
    assert_eq!(edits[..edits.len() - before], [scene.status_title()], "{first}{second}");
    let page = status(scene).await?;
    assert!(page.contains("rejected"), "{page}");
    assert!(
        !page.contains("pages with boxes are watched"),
        "they were not counted: {page}"
    );
    Ok(page)
}

#[tokio::test]
async fn what_only_the_wiki_knows_is_told_with_its_cure_and_nothing_else_is_written() -> Result<()> {
    let scene = acetone().await?;
    let (chem, drug, admin) = (&scene.chem, &scene.drug, &scene.world.admin);
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-7", "").await?;
    let project = format!("Wikipedia:{}", scene.world.prefix);
    let moved = format!("{project} Index moved");
    admin.edit(&moved, &format!("#REDIRECT [[{}]]", chem.index), "").await?;

    // Both boxes at once: a redirect in the place of the one, nothing in the place of the other.
    let wrong = renamed(&scene.settings, drug, &scene.title("Nobox"));
    let wrong = renamed(&wrong, chem, &chem.alias);
    let page = rejected(&scene, &wrong).await?;
    for cure in [
        "`Chemical infobox` is a redirect: write `Chembox`, the real name of the template, and `Chemical infobox` under `redirects`",
        "there is no template `Nobox`; look at its spelling",
    ] {
        assert!(page.contains(cure), "{cure}\n{page}");
    }

    // Pages that are wrong, missing, or somebody else's.
    let stranger = format!("User:{} Someone/Log", scene.world.prefix);
    let nowhere = format!("{project} Nowhere/Log");
    let wrong = scene
        .settings
        .clone()
        .set(
            &scene.key(chem, "index"),
            json!([&moved, format!("{project} No index")]),
        )
        .set(&scene.key(chem, "log"), stranger)
        .set(&scene.key(chem, "redirects"), json!([scene.title("Cascite")]))
        .set(&scene.key(drug, "log"), nowhere);
    let page = rejected(&scene, &wrong).await?;
    for (place, cure) in [
        (
            "boxes.Chembox.index[1]",
            format!("is a redirect: write `{}`", chem.index),
        ),
        (
            "boxes.Chembox.index[2]",
            format!(
                "the index page `{project} No index` does not exist; make it (an empty one will do) and protect it"
            ),
        ),
        (
            "boxes.Chembox.log",
            "is a page of another user; write `User:".to_owned(),
        ),
        (
            "boxes.Chembox.redirects[1]",
            "is no redirect to `Chembox` but a template; give it a box of its own".to_owned(),
        ),
        (
            "boxes.Drugbox.log",
            format!("`{project} Nowhere`, the page above the log, does not exist"),
        ),
    ] {
        let cure = scene.bare(&cure);
        let line = page.lines().find(|line| line.contains(place) && line.contains(&cure));
        assert!(line.is_some(), "{place}: {cure}\n{page}");
    }

    // What the text alone tells: with line and column.
    let wrong = scene
        .settings
        .clone()
        .set(&scene.key(chem, "verified_fields"), json!(["CASNo", "CASN"]))
        .without(&scene.key(chem, "log"))
        .without(&scene.key(drug, "approval"));
    let page = rejected(&scene, &wrong).await?;
    let yaml = wrong.yaml();
    let line = yaml
        .lines()
        .position(|line| line.contains("\"CASN\""))
        .expect("it is there");
    // Two lines stand before the block.
    let place = format!("line {}, column ", line + 3);
    for (place, cures) in [
        (place.as_str(), ["CASN", "watched_fields"]),
        ("boxes.Chembox", ["log", ""]),
        ("boxes.Drugbox", ["approval", ""]),
    ] {
        let told = |line: &&str| line.contains(place) && cures.iter().all(|cure| line.contains(cure));
        assert!(page.lines().find(told).is_some(), "{place} {cures:?}\n{page}");
    }

    // Nothing was read or written meanwhile, and nothing is lost.
    ensure_logged_once(&scene, 0).await?;
    scene.save_settings(&scene.settings).await?;
    let run = scene.run().await?;
    assert_eq!((number(&run, "changes")?, number(&run, "logged")?), (1, 1), "{run}");
    ensure_logged_once(&scene, 1).await?;
    let page = status(&scene).await?;
    assert!(page.contains("is in force") && !page.contains("rejected"), "{page}");
    Ok(())
}

/// A tracker that is missing breaks nothing: a warning, and the work goes on.
#[tokio::test]
async fn a_missing_tracker_template_is_a_warning_and_a_revision_is_news_once_a_day() -> Result<()> {
    let scene = acetone().await?;
    let key = scene.key(&scene.chem, "trackers.CASNo.template");
    let odd = scene.settings.clone().set(&key, scene.title("Nocite"));
    scene.save_settings(&odd).await?;
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-7", "").await?;
    let run = scene.run().await?;
    assert_eq!(number(&run, "logged")?, 1, "{run}");
    let page = status(&scene).await?;
    assert!(
        page.contains("accepted, but look at this") && page.contains("the template `Nocite` does not exist"),
        "{page}"
    );

    // The same wrong revision: a person is called once, and again after a day; another wrong revision is news.
    scene
        .save_settings(&renamed(&scene.settings, &scene.chem, &scene.title("Nobox")))
        .await?;
    scene.job().run_to(78).await?;
    scene.job().later(DAY - 600).run_ok().await?;
    scene.job().later(DAY + 60).run_to(78).await?;
    scene.job().later(DAY + 660).run_ok().await?;
    scene
        .save_settings(&renamed(&scene.settings, &scene.chem, &scene.title("Nobox too")))
        .await?;
    scene.job().later(DAY + 1_260).run_to(78).await?;
    // The wiki changes its mind, and no revision with it: an index page that is deleted under settings in force.
    scene.save_settings(&scene.settings).await?;
    scene.job().later(DAY + 1_860).run_ok().await?;
    scene.world.admin.delete(&scene.drug.index, "").await?;
    let run = scene.job().later(2 * DAY).run_to(78).await?;
    assert!(run.says("does not exist; make it"), "{run}");
    scene.world.admin.undelete(&scene.drug.index, "").await?;
    scene.job().later(2 * DAY + 600).run_ok().await?;
    assert!(!status(&scene).await?.contains("rejected"));
    Ok(())
}

#[tokio::test]
async fn a_draft_is_judged_by_the_wiki_too_and_never_executed() -> Result<()> {
    let scene = acetone().await?;
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-7", "").await?;
    let eve = scene.world.login(&scene.world.person("Eve").await?).await?;
    let draft = format!("{}/draft", scene.settings_title());
    let verdict = async |text: &str| -> Result<(Run, String)> {
        eve.edit(&draft, text, "").await?;
        let run = scene.run().await?;
        let count = scene.world.admin.history(&scene.status_title()).await?.len();
        scene.run().await?;
        let again = scene.world.admin.history(&scene.status_title()).await?.len();
        assert_eq!(again, count, "an unchanged draft makes no further edit");
        Ok((run, status(&scene).await?))
    };

    let other = scene.settings.clone().set("report_level", 0).set("edit", false);
    let (run, page) = verdict(&other.page()).await?;
    assert_eq!(number(&run, "logged")?, 1, "the draft is not executed: {run}");
    assert!(page.contains("would be accepted. It differs in 3 lines"), "{page}");
    for line in ["+report_level: 0", "-edit: true", "+edit: false"] {
        assert!(page.contains(line), "{line} in {page}");
    }
    assert!(page.contains("Eve"), "whose it is: {page}");

    let hostile = scene.settings.clone().set(
        "boxxes",
        "{{delete}} [[User:Admin]] ~~~~ https://example.org <!-- in-force -->",
    );
    let (_, page) = verdict(&hostile.page()).await?;
    assert!(page.contains("would be rejected") && page.contains("boxxes"), "{page}");
    assert!(page.contains("is in force"), "{page}");

    // What the text alone does not tell.
    let missing = renamed(&scene.settings, &scene.chem, &scene.title("Nobox"));
    let (_, page) = verdict(&missing.page()).await?;
    assert!(
        page.contains("would be rejected") && page.contains("there is no template `Nobox`"),
        "{page}"
    );
    let (run, _) = verdict("").await?;
    ensure_quiet(&run)?;
    assert!(!status(&scene).await?.contains("Nobox"), "an empty draft is none");
    Ok(())
}

#[tokio::test]
async fn off_stopped_or_unprotected_it_writes_nothing_and_catches_up_later() -> Result<()> {
    let scene = acetone().await?;
    let admin = &scene.world.admin;
    let una = scene.world.login(&scene.world.person("Una").await?).await?;
    let stop = format!("User:{}/infobox-check/Stop", scene.world.bot.name);
    let still = async |what: &str, code: i32, statuses: usize| -> Result<Run> {
        let before = edits(&scene).await?.len();
        let run = scene.job().later(wikicrew_tests::boxes::SETTLED).run_to(code).await?;
        scene
            .job()
            .later(wikicrew_tests::boxes::SETTLED + MINUTES_10)
            .run_ok()
            .await?;
        let edits = edits(&scene).await?;
        assert_eq!(
            edits[..edits.len() - before],
            vec![scene.status_title(); statuses][..],
            "{what}: {run}"
        );
        Ok(run)
    };

    let off = scene
        .save_settings(&scene.settings.clone().set("enabled", false))
        .await?;
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-2", "").await?;
    let run = still("off", 0, 1).await?;
    assert!(run.says(&format!("off since settings revision {off}")), "{run}");
    let page = status(&scene).await?;
    assert!(
        page.contains("is off (enabled: false) since settings revision"),
        "{page}"
    );
    assert!(
        !page.contains("pages with boxes are watched"),
        "they were not counted: {page}"
    );
    scene.save_settings(&scene.settings).await?;
    assert_eq!(number(&scene.run().await?, "logged")?, 1);

    una.edit(&stop, "It marks [[wrong]] pages! https://example.org", "")
        .await?;
    scene.replace("Acetone", "Ben", "67-64-2", "67-64-3", "").await?;
    still("stopped", 0, 1).await?;
    let page = status(&scene).await?;
    assert!(
        page.contains("Nothing is written at the moment: stopped by Una") && page.contains("It marks [[wrong]] pages!"),
        "who and why: {page}"
    );
    una.edit(&stop, "run", "").await?;
    scene.run().await?;
    ensure_logged_once(&scene, 2).await?;

    admin.protect(&scene.settings_title(), "all", "infinite", false).await?;
    scene.replace("Acetone", "Ben", "67-64-3", "67-64-4", "").await?;
    let run = still("unprotected", 78, 0).await?;
    assert!(run.says("is not protected"), "{run}");
    admin
        .protect(&scene.settings_title(), "sysop", "infinite", false)
        .await?;
    let run = scene.run_settled().await?;
    ensure_logged_once(&scene, 3).await?;
    assert_eq!(number(&run, "marks")?, 1, "{run}");
    let lines = log_lines(&scene, &scene.chem).await?;
    assert!(lines[0].contains("“67-64-3” → “67-64-4”"), "{lines:#?}");
    Ok(())
}
