//! Where changes come from: gaps in the wiki's recent changes, runs close upon each other, imports, moves, bots,
//! people without accounts, and a wiki in another language. Every edit is told once, and nobody's is missed.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::process::Command;
use wikicrew_tests::api::Api;
use wikicrew_tests::boxes::Boxes;
use wikicrew_tests::calls::{Call, Calls};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::sandbox::{NewPage, root};
use wikicrew_tests::world::World;

use crate::ib_seen::{ensure_logged_once, ensure_quiet, log_lines, status};
use crate::seen::{decoded, number};

const ACETONE: &str =
    "{{chembox\n| Name = Acetone\n| Section1={{Chembox Identifiers\n| CASNo = 67-64-1\n }}\n}}\nA solvent.";

async fn acetone() -> Result<Boxes> {
    Boxes::with_articles(&[("Acetone", ACETONE, "Ann")]).await
}

/// A command of the sandbox.
pub(crate) async fn sandbox(args: &[&str]) -> Result<()> {
    let done = Command::new(root().join("scripts/sandbox")).args(args).output().await?;
    ensure!(
        done.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

/// Imports one revision, as admins do from another wiki: its author becomes `imported>…`.
async fn import(scene: &Boxes, name: &str, text: &str, time: &str) -> Result<()> {
    import_page(&scene.world.prefix, (&scene.title(name), 12), &scene.own(text), time).await
}

/// The same of any page, by its title and the number of its namespace; `word` is the test's own.
pub(crate) async fn import_page(word: &str, (title, ns): (&str, i32), text: &str, time: &str) -> Result<()> {
    let text = text.replace('<', "&lt;");
    let xml = format!(
        "<mediawiki xmlns=\"http://www.mediawiki.org/xml/export-0.11/\" version=\"0.11\" xml:lang=\"en\"><page><title>{title}</title>\
         <ns>{ns}</ns><id>1</id><revision><id>1</id><timestamp>{time}</timestamp><contributor><username>Elsewhere</username>\
         <id>1</id></contributor><model>wikitext</model><format>text/x-wiki</format><text xml:space=\"preserve\">{text}</text></revision>\
         </page></mediawiki>"
    );
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{word}.xml"));
    tokio::fs::write(&file, xml).await?;
    let path = file.to_string_lossy().into_owned();
    let dump = [
        "php",
        "en",
        "importDump",
        "--no-local-users",
        "--username-prefix",
        "imported",
        &path,
    ];
    let done = sandbox(&dump).await;
    tokio::fs::remove_file(&file).await?;
    done
}

#[tokio::test]
async fn a_gap_is_told_and_filled_from_the_histories_once() -> Result<()> {
    let scene = Boxes::new().await?;
    // A namespace in which little happens.
    scene
        .save_settings(&scene.settings.clone().set("namespaces", json!([12])))
        .await?;
    let title = scene.title("Help:Acetone");
    let page = |text: &str, user: &str, time: &str| {
        NewPage::new(&title, &scene.own(text))
            .by(&scene.user(user))
            .at(time)
            .summary("long ago")
    };
    let two = ACETONE.replace("67-64-1", "67-64-2");
    let pages = [
        page(ACETONE, "Ann", "2004-03-01T00:00:00Z"),
        page(&two, "Ben", "2004-03-03T00:00:00Z"),
    ];
    let made = scene.world.wiki.load(&pages).await?;
    scene.index_line(&scene.chem, "Help:Acetone", made[0].revid).await?;
    let three = ACETONE.replace("67-64-1", "67-64-3");
    import(&scene, "Help:Acetone", &three, "2004-03-05T00:00:00Z").await?;
    // As if the wiki had dropped them, and the job had not run since then.
    let db_title = title.trim_start_matches("Help:").replace(' ', "_");
    let drop_rows = format!("DELETE FROM recentchanges WHERE rc_namespace = 12 AND rc_title = '{db_title}'");
    sandbox(&["sql", "enwiki", "-e", &drop_rows]).await?;
    scene.run().await?;
    let old = json!({ "until": "2004-03-02T00:00:00+00:00", "start": "2004-02-01T00:00:00+00:00", "handled": [] });
    scene
        .world
        .execute(&format!("UPDATE checkpoint SET pos = '{old}'"))
        .await?;

    scene.replace("Help:Acetone", "Cem", "67-64-3", "67-64-4", "").await?;
    let run = scene.run().await?;
    assert!(run.says("the wiki offers no recent changes from 2004-03-02"), "{run}");
    let mut lines = log_lines(&scene, &scene.chem).await?;
    lines.sort();
    let verified = format!("(verified: “67-64-1”, revision {})", made[0].revid);
    let wanted = [
        format!("Help:Acetone: TIME (diff) Ben: Chembox, CASNo: “67-64-1” → “67-64-2”; correct → changed {verified}"),
        format!("Help:Acetone: TIME (diff) Cem: Chembox, CASNo: “67-64-3” → “67-64-4”; changed → other {verified}"),
    ];
    assert_eq!(lines, wanted, "what was imported is nobody's edit here: {run}");
    ensure_logged_once(&scene, 2).await?;
    let gap = "The wiki offered no changes between TIME and TIME: they were read from the page histories.";
    let page = status(&scene).await?;
    assert!(page.contains(gap), "{page}");
    ensure_quiet(&scene.run().await?)?;
    ensure_logged_once(&scene, 2).await
}

#[tokio::test]
async fn runs_within_seconds_and_edits_under_a_run_tell_every_edit_once() -> Result<()> {
    let scene = Arc::new(acetone().await?);
    let proxy = FaultProxy::start(&scene.world.wiki.api).await?;
    let job = scene.job().through(&proxy);
    let edit = |scene: Arc<Boxes>, from: u32| async move {
        let (from, to) = (format!("67-64-{from}"), format!("67-64-{}", from + 1));
        scene
            .replace("Acetone", "Ben", &from, &to, "")
            .await
            .expect("the edit is saved");
    };
    // When the list of changes is on its way to the bot, and when the texts are.
    let has_texts = |call: &Call| {
        call.param("revids").is_some() && call.param("rvprop").is_some_and(|prop| prop.ends_with("|content"))
    };
    let moments = [
        When::module("recentchanges"),
        When::module("revisions").that("texts", has_texts),
    ];
    edit(scene.clone(), 1).await;
    let mut hits = Vec::new();
    for (n, when) in (2..).zip(moments) {
        let scene = scene.clone();
        let hook = Fault::after(move |_: Call| edit(scene.clone(), n));
        hits.push(proxy.rule(when.nth(1), hook));
    }
    let mut said = String::new();
    for _ in 0..3 {
        let run = job.run_ok().await?;
        said += &run.to_string();
        let text = scene.text("Acetone").await?;
        assert!(
            !text.contains("verifiedrevid"),
            "nothing is marked on top of a fresh edit: {run}"
        );
    }
    for hit in &hits {
        assert!(hit.times() >= 1, "{said}\n{}", proxy.calls().told());
    }
    ensure_logged_once(&scene, 3).await?;
    ensure_quiet(&job.run_ok().await?)?;
    // Ten minutes are read again each time, a day later nothing is.
    for later in [300, 900, 86_400] {
        let run = job.clone().later(later).run_ok().await?;
        assert_eq!((number(&run, "rows")?, number(&run, "logged")?), (0, 0), "{run}");
    }
    ensure_logged_once(&scene, 3).await
}

#[tokio::test]
async fn who_edits_without_an_account_or_as_a_bot_is_told_like_anybody() -> Result<()> {
    let scene = acetone().await?;
    let anybody = Api::anonymous(&scene.world.wiki.api)?;
    let text = scene.own(&ACETONE.replace("67-64-1", "67-64-2"));
    anybody.edit(&scene.title("Acetone"), &text, "").await?;
    scene
        .replace("Acetone", "203.0.113.7", "67-64-2", "67-64-3", "")
        .await?;
    scene
        .replace("Acetone", "2001:db8::1:2", "67-64-3", "67-64-4", "")
        .await?;
    let by_bot = NewPage::new(
        &scene.title("Acetone"),
        &scene.own(&ACETONE.replace("67-64-1", "67-64-5")),
    );
    scene
        .world
        .load(&[by_bot.by(&scene.user("Robot")).with("bot", json!(true))])
        .await?;
    // Neither a protection nor the bot's own edit is an edit of a field.
    scene
        .world
        .admin
        .protect(&scene.title("Acetone"), "autoconfirmed", "infinite", false)
        .await?;
    let own = scene.own(&ACETONE.replace("67-64-1", "67-64-6"));
    let own = NewPage::new(&scene.title("Acetone"), &own).by(&scene.world.bot.name);
    scene.world.load(&[own]).await?;
    let run = scene.run().await?;
    assert_eq!((number(&run, "rows")?, number(&run, "logged")?), (4, 4), "{run}");
    ensure_logged_once(&scene, 4).await?;

    let rows = scene
        .world
        .rows("SELECT user_name, user_kind, user_id = 0 FROM field_change ORDER BY id")
        .await?;
    let temporary = rows[0][0].clone();
    assert!(temporary.starts_with('~'), "{rows:?}");
    let robot = scene.user("Robot");
    let wanted = [
        [temporary.as_str(), "temporary", "0"],
        ["203.0.113.7", "address", "1"],
        ["2001:DB8:0:0:0:0:1:2", "address", "1"],
        [&robot, "account", "0"],
    ];
    assert_eq!(rows, wanted);
    let log = scene.log_text().await?;
    let links = log
        .split("[[Special:Contributions/")
        .skip(1)
        .filter_map(|rest| rest.split('|').next());
    let links: Vec<String> = links.map(decoded).collect();
    assert_eq!(
        links,
        [&robot, "2001:DB8:0:0:0:0:1:2", "203.0.113.7", &temporary],
        "newest first: {log}"
    );
    let of: Vec<String> = log_lines(&scene, &scene.chem).await?;
    assert!(
        of[3].starts_with(&format!("Acetone: TIME (diff) {temporary}: Chembox, CASNo: “67-64-1”")),
        "{of:#?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_page_moved_into_the_articles_is_a_new_page_of_its_creator() -> Result<()> {
    let scene = acetone().await?;
    let admin = &scene.world.admin;
    let draft = format!("User:{} Ann/Draft", scene.world.prefix);
    let text = scene.own(&ACETONE.replace("67-64-1", "64-17-5"));
    scene
        .world
        .load(&[NewPage::new(&draft, &text).by(&scene.user("Ann"))])
        .await?;
    ensure_quiet(&scene.run().await?)?;
    admin.move_page(&draft, &scene.title("Ethanol"), false).await?;
    let run = scene.run().await?;
    assert_eq!(
        log_lines(&scene, &scene.chem).await?,
        ["Ethanol: TIME (diff) Ann: Chembox: the box was added"],
        "{run}"
    );
    ensure_quiet(&scene.run().await?)?;

    // From now on it is watched; and under another title, too.
    scene.verify("Ethanol").await?;
    scene.replace("Ethanol", "Ben", "64-17-5", "64-17-6", "").await?;
    scene.run().await?;
    admin
        .move_page(&scene.title("Ethanol"), &scene.title("Alcohol"), false)
        .await?;
    scene.replace("Alcohol", "Ben", "64-17-6", "64-17-5", "").await?;
    scene.run().await?;
    let lines = log_lines(&scene, &scene.chem).await?;
    // Of one page, so under one heading, with the title of the first line.
    assert!(
        lines[0].starts_with("Ethanol: ") && lines[0].contains("changed → correct"),
        "{lines:#?}"
    );
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let rows = scene.row_lines().await?;
    assert!(
        rows[2].starts_with("Alcohol Chembox#0 CASNo: changed changed_correct"),
        "{rows:#?}"
    );
    // Out of the articles: gone from the list, and not watched any more.
    admin
        .move_page(&scene.title("Alcohol"), &format!("{draft} again"), true)
        .await?;
    scene.run().await?;
    assert_eq!(scene.world.count("box_page").await?, 1, "acetone is left");
    Ok(())
}

#[tokio::test]
async fn a_wiki_in_german_is_read_and_written_like_any_other() -> Result<()> {
    let scene = Boxes::in_world(World::on("de").await?).await?;
    let text = ACETONE.replace("{{chembox", "{{Vorlage:chembox");
    let own = |text: &str| {
        scene
            .own(&text.replace("{{Vorlage:chembox", "{{chembox"))
            .replacen("{{", "{{Vorlage:", 1)
    };
    let german = json!({ "log-line": "{time} ({diff}) {user}, {what}", "field-changed": "{box}, Feld {field}: „{old}“ → „{new}“" });
    let settings = scene.settings.clone().set("messages", german);
    scene.save_settings(&settings).await?;
    let title = scene.title("Aceton");
    scene
        .world
        .load(&[NewPage::new(&title, &own(&text)).by(&scene.user("Änn"))])
        .await?;
    let revid = scene.verify("Aceton").await?;
    scene.run().await?;
    scene
        .world
        .load(&[NewPage::new(&title, &own(&text.replace("67-64-1", "67-64-7"))).by(&scene.user("Jörg"))])
        .await?;
    let run = scene.run_settled().await?;
    assert_eq!((number(&run, "logged")?, number(&run, "marks")?), (1, 1), "{run}");
    let lines = log_lines(&scene, &scene.chem).await?;
    let wanted = format!(
        "Aceton: TIME (diff) Jörg, Chembox, Feld CASNo: „67-64-1“ → „67-64-7“; correct → changed (verified: “67-64-1”, revision {revid})"
    );
    assert_eq!(lines, [wanted]);
    let log = scene.log_titles(&scene.chem).await?.remove(0);
    let parsed = scene.world.admin.parse_page(&log, "text|externallinks|links").await?;
    let html = parsed["text"].as_str().context("no text")?;
    assert!(html.contains("Spezial:") || html.contains("Special:"), "{html}");
    assert!(
        html.contains(&format!("diff={revid}")) || html.contains(&format!("/{revid}")),
        "{html}"
    );
    let article = scene.text("Aceton").await?;
    assert!(
        article.contains("Verifiedfields") && article.starts_with("{{Vorlage:"),
        "{article}"
    );
    let history = scene.world.admin.history(&title).await?;
    let summary = &history.last().context("it has a history")?.summary;
    let status_page = format!(
        "[[Benutzer:{}/infobox-check/Settings/Status|infobox-check]]",
        scene.world.bot.name
    );
    assert!(
        summary.starts_with("Updating {{") && summary.contains(&status_page),
        "{summary}"
    );
    let again = scene.run_settled().await?;
    ensure_quiet(&again)
}
