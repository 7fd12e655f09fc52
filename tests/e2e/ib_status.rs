//! The status page of infobox-check: figures, what waits for a person, and that no name on it, however hostile,
//! becomes markup, a link to somewhere else, or a notification.

use anyhow::{Context, Result};
use serde_json::json;
use wikicrew_tests::boxes::Boxes;
use wikicrew_tests::sandbox::NewPage;

use crate::ib_seen::status;
use crate::seen::number;

const DAY: i64 = 24 * 3600;

/// An article with one identifier and these marks.
fn acetone(marks: &str, cas: &str) -> String {
    format!("{{{{chembox\n{marks}| Section1={{{{Chembox Identifiers\n| CASNo = {cas}\n }}}}\n}}}}\nA solvent.")
}

/// The lines of one part of a status page, without their bullets.
fn part(page: &str, heading: &str) -> Vec<String> {
    let (_, rest) = page
        .split_once(&format!("== {heading} =="))
        .unwrap_or_else(|| panic!("no part {heading} in\n{page}"));
    let part = rest.split("\n==").next().unwrap_or(rest);
    part.lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.trim_start_matches("* ").to_owned())
        .collect()
}

#[tokio::test]
async fn figures_and_everything_that_waits_for_a_person() -> Result<()> {
    let scene = Boxes::new().await?;
    let (admin, index) = (&scene.world.admin, &scene.chem.index);
    let mia = scene.user("Mia");
    let managers = scene
        .settings
        .clone()
        .set(&scene.key(&scene.chem, "managers"), json!([mia]));
    scene.save_settings(&managers).await?;
    let good = scene.article("Acetone", &acetone("", "67-64-1"), "Ann").await?;
    // A mark that an old bot left: the value is right, and it says that it is not.
    let stale = acetone("| Verifiedfields = changed\n", "71-43-2");
    let benzene = scene.article("Benzene", &stale, "Ann").await?;
    scene.article("Ethanol", "No box yet.", "Ann").await?;
    let water = scene.article("Water", &acetone("", "7732-18-5"), "Ann").await?;
    // Anybody may edit the index: a manager's line counts, others are proposed; three lines cannot be used.
    admin.protect(index, "all", "infinite", false).await?;
    let line = |revid: u64, name: &str| format!("* [[Special:PermanentLink/{revid}|{}]]\n", scene.title(name));
    let by_mia =
        line(good, "Acetone") + &line(benzene, "Benzene") + &line(good, "Ethanol") + &line(999_999_999, "Methanol");
    let by_eve = format!(
        "{by_mia}{}{}",
        line(water, "Water"),
        "* [[Special:PermanentLink/twelve|Toluene]]\n"
    );
    let pages = [
        NewPage::new(index, &by_mia).by(&mia),
        NewPage::new(index, &by_eve).by(&scene.user("Eve")),
    ];
    scene.world.load(&pages).await?;
    let operator = ["reportlevel", "2", "--by", "Olga", "--reason", "as agreed"];
    scene.job().args(&operator).run_ok().await?;
    scene.run().await?;

    // Two changes now, and what the figures of a week say six days later.
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-7", "").await?;
    scene.replace("Acetone", "Cem", "67-64-7", "67-64-1", "").await?;
    scene.replace("Water", "Ben", "7732-18-5", "7732-18-6", "").await?;
    scene.run().await?;
    let page = status(&scene).await?;
    let done = part(&page, "Done");
    for figure in [
        "24 hours: 3 changes recorded; 1 verified values changed, 1 put back.",
        "7 days: 3 changes recorded; 1 verified values changed, 1 put back.",
        "The first run stored where the wiki stands now; edits before TIME were not looked at.",
    ] {
        assert!(done.iter().any(|line| line == figure), "{figure}\n{page}");
    }
    assert!(
        done.iter()
            .any(|line| line.starts_with("Now: 3 pages with boxes are watched, 0 verified fields differ")),
        "{page}"
    );
    let mut waiting = part(&page, "Waiting for a person");
    waiting.sort();
    let index = scene.bare(index);
    let wanted = [
        "Benzene (Chembox): the marks contradict the index; due: ".to_owned(),
        "By the operator: reportlevel 2 (as agreed) (by Olga, TIME).".to_owned(),
        format!(
            "{index}: Water, revision {water}, proposed by Eve: not in force (the page is not protected, and Eve is no manager of Chembox)."
        ),
        format!("{index}, line 3: revision {good} belongs to Acetone, not to Ethanol."),
        format!("{index}, line 4: revision 999999999 of Methanol does not exist, or was deleted."),
        format!("{index}, line 6: "),
    ];
    for line in &wanted {
        assert!(
            waiting.iter().any(|told| told.starts_with(line.as_str())),
            "{line}\n{page}"
        );
    }
    assert_eq!(waiting.len(), wanted.len(), "{waiting:#?}");

    // Nothing new for people: saved once a day, no more.
    let saves = async || anyhow::Ok(admin.history(&scene.status_title()).await?.len());
    let before = saves().await?;
    scene.job().later(600).run_ok().await?;
    assert_eq!(saves().await?, before);
    scene.job().later(6 * DAY).run_ok().await?;
    assert_eq!(saves().await?, before + 1);
    let done = part(&status(&scene).await?, "Done").join("\n");
    assert!(
        done.contains("24 hours: 0 changes recorded") && done.contains("7 days: 3 changes recorded"),
        "{done}"
    );

    // A log page that somebody took away is left alone and named; a protected index needs no managers.
    let log = scene
        .log_titles(&scene.chem)
        .await?
        .into_iter()
        .find(|title| !title.ends_with("/Open"));
    let log = log.context("there is a day page")?;
    admin.delete(&log, "not wanted here").await?;
    admin.protect(&scene.chem.index, "sysop", "infinite", false).await?;
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-9", "").await?;
    let run = scene.run().await?;
    assert_eq!((number(&run, "rows")?, number(&run, "logged")?), (1, 0), "{run}");
    assert!(admin.text(&log).await?.is_none(), "it stays away");
    let waiting = part(&status(&scene).await?, "Waiting for a person");
    let left = format!("{} is left alone: it ", scene.bare(&log));
    assert!(waiting.iter().any(|line| line.starts_with(&left)), "{waiting:#?}");
    assert!(!waiting.iter().any(|line| line.contains("proposed by")), "{waiting:#?}");
    Ok(())
}

#[tokio::test]
async fn hostile_names_are_harmless_and_nobody_is_notified() -> Result<()> {
    const HOSTILE: &str =
        "[[User:Admin]] {{Delete}} <b>x</b> ~~~~ https://evil.example '''!''' <!-- [[Category:X]] __TOC__ \u{202e}";
    let scene = Boxes::new().await?;
    let (admin, index) = (&scene.world.admin, &scene.chem.index);
    let people = scene.world.people(&["Ben", "Eve '''bold''' & co"]).await?;
    let names = ["A ''c'' '''b''' & evil.example", "Https://evil.example/x"];
    for name in names {
        scene.article(name, &acetone("", "67-64-1"), "Ben").await?;
    }
    admin.protect(index, "all", "infinite", false).await?;
    let mut text = String::new();
    for name in names {
        text += &format!(
            "* [[Special:PermanentLink/{}|{}]]\n",
            scene.revid(name).await?,
            scene.title(name)
        );
    }
    text += "* [[Special:PermanentLink/0|{{Delete}} [https://evil.example x] <b>y</b>]]\n";
    text += "* {{Delete}} = https://evil.example/x@12<script>alert(1)</script>\n";
    let eve = &people[1].name;
    scene.world.load(&[NewPage::new(index, &text).by(eve)]).await?;
    let operator = ["quiet", "--by", HOSTILE, "--reason", HOSTILE];
    scene.job().args(&operator).run_ok().await?;
    let run = scene.run().await?;
    assert!(
        !run.stderr.contains('\u{202e}'),
        "nor does a terminal turn round: {run}"
    );

    let page = status(&scene).await?;
    let waiting = part(&page, "Waiting for a person").join("\n");
    for told in [
        "[[User:Admin]] {{Delete}} <b>x</b> ~~~~ https://evil.example",
        "Eve '''bold''' & co",
    ] {
        assert!(
            page.contains(told) || waiting.contains(told),
            "{told} is shown as it is\n{page}"
        );
    }
    let prop = "links|externallinks|templates|categories|images|sections|properties|text";
    let parsed = admin.parse_page(&scene.status_title(), prop).await?;
    for empty in ["externallinks", "templates", "images"] {
        assert_eq!(parsed[empty].as_array().map(Vec::len), Some(0), "{empty}: {parsed}");
    }
    assert_eq!(
        parsed["categories"].as_array().map(Vec::len),
        Some(1),
        "the one of __NOINDEX__: {parsed}"
    );
    assert_eq!(parsed["sections"].as_array().map(Vec::len), Some(5), "{parsed}");
    let html = parsed["text"].as_str().context("no text")?;
    let html = html
        .split_once("id=\"Waiting_for_a_person\"")
        .context("no such part")?
        .1;
    let html = html.split("id=\"Stop_and_help\"").next().unwrap_or(html);
    for markup in ["<b>", "<i>", "toc", "<script", "href=\"http", "href=\"//"] {
        assert!(!html.contains(markup), "{markup} in\n{html}");
    }
    for link in parsed["links"].as_array().into_iter().flatten() {
        let title = link["title"].as_str().unwrap_or_default();
        assert!(title != "User:Admin" && !title.contains("Delete"), "{title}: {parsed}");
    }
    // What is stored is what was sent: nothing was substituted on save.
    let stored = admin.text(&scene.status_title()).await?.context("no page")?;
    assert!(
        !stored.contains("(UTC)]]") && !stored.contains("User talk:Admin"),
        "{stored}"
    );

    let mut sessions = vec![(admin.user.clone(), admin.notifications().await?)];
    for account in &people {
        sessions.push((
            Some(account.name.clone()),
            scene.world.login(account).await?.notifications().await?,
        ));
    }
    for (user, notes) in sessions {
        let ours = notes.iter().filter(|note| note.agent == scene.world.bot.name);
        assert_eq!(ours.count(), 0, "{user:?}: {notes:?}");
    }
    Ok(())
}
