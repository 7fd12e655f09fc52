//! The log over time: days that turn over, pages that people took away, what the wiki hides later, and a wiki in
//! another language.

use anyhow::{Context, Result};
use serde_json::json;
use wikicrew_tests::boxes::{BoxPages, Boxes, BulkEdit};
use wikicrew_tests::world::World;

use crate::ib_chem::{OTHER, TRUE, articles, change, plain};
use crate::ib_seen::{ensure_logged_once, log_lines, shown, status};
use crate::seen::number;

const LATER: i64 = 600;

/// Today, and the day's page of a log.
async fn today(scene: &Boxes, of: &BoxPages) -> Result<String> {
    let day = scene.world.rows("SELECT UTC_DATE()").await?[0][0].clone();
    Ok(format!("{}/{day}", of.log))
}

/// Ben gives an article this value instead of the only other one.
async fn set(scene: &Boxes, name: &str, user: &str, value: &str) -> Result<u64> {
    scene.edit(name, user, &plain(name, value), "").await
}

/// The text of a page.
async fn text(scene: &Boxes, title: &str) -> Result<String> {
    scene
        .world
        .admin
        .text(title)
        .await?
        .with_context(|| format!("there is no page {title}"))
}

#[tokio::test]
async fn the_log_goes_on_on_another_page_by_size_and_by_day() -> Result<()> {
    let (scene, _) = articles(&["Acetone", "Benzene"]).await?;
    scene
        .save_settings(&scene.settings.clone().set("log_page_size", 10_000))
        .await?;
    let edits: Vec<BulkEdit> = (0..40)
        .map(|n| BulkEdit {
            name: "Acetone".into(),
            user: "Ben".into(),
            text: plain("Acetone", &format!("{n}-0-0")),
        })
        .collect();
    scene.bulk(&edits).await?;
    let run = scene.run().await?;
    assert_eq!(number(&run, "logged")?, 40, "{run}");
    let first = today(&scene, &scene.chem).await?;
    assert!(text(&scene, &first).await?.len() > 10_000);

    // Recorded, but not written yet; of one of them the calendar says yesterday, of another one tomorrow.
    for (value, user) in [("1-1-1", "Cem"), ("2-2-2", "Dan"), ("3-3-3", "Eve")] {
        set(&scene, "Benzene", user, value).await?;
    }
    let off = scene.job().env("WIKICREW_INFOBOX_CHECK_EDIT", "off").run_ok().await?;
    assert_eq!((number(&off, "rows")?, number(&off, "logged")?), (3, 0), "{off}");
    scene.world.execute("DELETE FROM intent WHERE state = 'open'").await?;
    for (user, day) in [("Cem", "- INTERVAL 1 DAY"), ("Eve", "+ INTERVAL 1 DAY")] {
        let sql = format!(
            "UPDATE field_change SET ts = ts {day} WHERE user_name = '{}'",
            scene.user(user)
        );
        scene.world.execute(&sql).await?;
    }
    let run = scene.job().later(LATER).run_ok().await?;
    assert_eq!(number(&run, "logged")?, 3, "{run}");
    ensure_logged_once(&scene, 43).await?;
    let days = scene
        .world
        .rows("SELECT UTC_DATE() - INTERVAL 1 DAY, UTC_DATE() + INTERVAL 1 DAY")
        .await?
        .concat();
    let log = &scene.chem.log;
    let second = format!("{first}/2");
    for (page, user) in [
        (format!("{log}/{}", days[0]), "Cem"),
        (second.clone(), "Dan"),
        (format!("{log}/{}", days[1]), "Eve"),
    ] {
        let text = scene.bare(&text(&scene, &page).await?);
        assert!(text.contains("Changes of watched infobox fields on "), "{text}");
        assert_eq!(text.matches("<!--ib:").count(), 1, "{text}");
        assert!(
            text.contains(&format!("[[Special:Contributions/{user}|")),
            "{page}: {text}"
        );
    }
    // A reader finds all parts of the last days from the front page.
    let links = scene.world.admin.parse_page(log, "templates").await?.to_string();
    for page in [&first, &second] {
        assert!(links.contains(&format!("\"{page}\"")), "{page} in {links}");
    }
    Ok(())
}

#[tokio::test]
async fn a_log_page_that_people_took_away_is_left_alone_and_the_next_day_works() -> Result<()> {
    for how in ["blanked", "stripped"] {
        let (scene, _) = articles(&["Acetone"]).await?;
        change(&scene, &["Acetone"]).await?;
        scene.run().await?;
        let today = today(&scene, &scene.chem).await?;
        let rest = if how == "blanked" {
            ""
        } else {
            "This page was ours before."
        };
        scene.world.admin.edit(&today, rest, "not wanted").await?;
        let left = scene.world.admin.text(&today).await?;

        set(&scene, "Acetone", "Cem", "1-1-1").await?;
        for later in [LATER, 2 * LATER] {
            let run = scene.job().later(later).run_ok().await?;
            assert_eq!(number(&run, "logged")?, 0, "{how}: {run}");
        }
        assert_eq!(scene.world.admin.text(&today).await?, left, "{how}");
        let said = status(&scene).await?;
        let page = scene.bare(&today);
        assert!(
            said.lines()
                .any(|line| line.starts_with(&format!("* {page} is left alone"))),
            "{how}: {said}"
        );

        // What happens on the next day goes to the next page.
        set(&scene, "Acetone", "Dan", "2-2-2").await?;
        scene
            .job()
            .env("WIKICREW_INFOBOX_CHECK_EDIT", "off")
            .later(2 * LATER)
            .run_ok()
            .await?;
        let dan = scene.user("Dan");
        scene
            .world
            .execute(&format!(
                "UPDATE field_change SET ts = ts + INTERVAL 1 DAY WHERE user_name = '{dan}'"
            ))
            .await?;
        let run = scene.job().later(3 * LATER).run_ok().await?;
        assert_eq!(number(&run, "logged")?, 1, "{how}: {run}");
        let lines = log_lines(&scene, &scene.chem).await?;
        assert_eq!(
            lines.iter().filter(|line| line.contains(" Dan: ")).count(),
            1,
            "{how}: {lines:?}"
        );
        assert_eq!(scene.world.admin.text(&today).await?, left, "{how}");
    }
    Ok(())
}

#[tokio::test]
async fn what_the_wiki_hides_later_is_erased_and_goes_from_the_log() -> Result<()> {
    let (scene, _) = articles(&["Acetone", "Benzene", "Toluene"]).await?;
    let libel = set(&scene, "Acetone", "Mallory", "her phone number").await?;
    let name = set(&scene, "Benzene", "Eve is at home", "1-1-1").await?;
    for article in ["Acetone", "Benzene", "Toluene"] {
        set(&scene, article, "Cem", "2-2-2").await?;
    }
    scene.run().await?;
    ensure_logged_once(&scene, 5).await?;
    let today = today(&scene, &scene.chem).await?;
    scene.world.admin.append(&today, "\nI know.", "").await?;
    let hider = scene
        .world
        .account("Hider", json!({ "groups": ["suppress", "sysop"] }))
        .await?;
    let hider = scene.world.login(&hider).await?;
    hider.hide_revision(libel, "content").await?;
    hider.hide_revision(name, "user").await?;

    let run = scene.job().later(25 * 3600).run_ok().await?;
    let lines = log_lines(&scene, &scene.chem).await?;
    let count = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    // Mallory's line, Cem's whose old value it was, and that of the hidden name.
    assert_eq!((count("(hidden)"), lines.len()), (3, 5), "{lines:#?}\n{run}");
    assert!(
        count("Benzene: TIME (diff) Cem: ") == 1 && count("Toluene: TIME (diff) Cem: ") == 1,
        "{lines:#?}"
    );
    let now = text(&scene, &today).await?;
    assert!(now.ends_with("I know."), "{now}");
    let rows = scene.world.table("SELECT * FROM field_change").await?;
    let open = scene.open_text().await?;
    for secret in ["phone", "at home", "at&#32;home"] {
        assert!(
            !now.contains(secret) && !rows.contains(secret) && !open.contains(secret),
            "{secret}: {now}\n{rows}\n{open}"
        );
    }
    assert_eq!(scene.world.count("field_change").await?, 5, "the rows stay");
    ensure_logged_once(&scene, 5).await?;
    let again = scene.job().later(25 * 3600 + LATER).run_ok().await?;
    assert_eq!(text(&scene, &today).await?, now, "{again}");
    Ok(())
}

#[tokio::test]
async fn a_wiki_in_another_language_reads_its_own_words() -> Result<()> {
    let scene = Boxes::in_world(World::on("de").await?).await?;
    let settings = scene.settings.clone().set(
        "messages",
        json!({
            "date-format": "%d.%m.%Y, %H:%M",
            "log-intro": "Änderungen am {date}. Hilfe: {status}.",
            "log-line": "{time} ({diff}) {user} – {what}",
            "field-changed": "{box}, {field}: „{old}“ wurde „{new}“",
            "state-correct-changed": "; '''richtig → geändert''' („{verified}“, Version {revision})",
            "open-nothing": "Nichts.",
        }),
    );
    scene.save_settings(&settings).await?;
    scene.article("Äther", &plain("Äther", TRUE), "Jörg").await?;
    let verified = scene.verify("Äther").await?;
    scene.run().await?;
    set(&scene, "Äther", "Jörg", OTHER).await?;
    let run = scene.run_settled().await?;
    ensure_logged_once(&scene, 1).await?;
    let log = scene.bare(&scene.log_text().await?);
    let date = scene.world.rows("SELECT DATE_FORMAT(UTC_DATE(), '%d.%m.%Y')").await?[0][0].clone();
    let line = shown(
        &scene,
        log.lines().find(|line| line.starts_with("** ")).context("no line")?,
    );
    assert!(line.starts_with(&format!("** {date}, ")), "{line}");
    let end =
        format!(") Jörg – Chembox, CASNo: „{TRUE}“ wurde „{OTHER}“; richtig → geändert („{TRUE}“, Version {verified})");
    assert!(line.ends_with(&end), "{line}");
    assert!(log.contains("\nÄnderungen am "), "{log}");
    assert_eq!(number(&run, "marks")?, 1, "{run}");
    assert!(scene.text("Äther").await?.contains("Verifiedfields = changed"));
    Ok(())
}
