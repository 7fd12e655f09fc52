//! The pages of a log over time: what people write on them stays, reverted edits are said to be reverted, a page that
//! grew too long goes on on another one, and a page that people took away or made themselves is left alone.

use anyhow::{Context, Result};
use wikicrew_tests::api::Api;
use wikicrew_tests::boxes::{BoxPages, Boxes, BulkEdit};

use crate::ib_chem::{OTHER, TRUE, articles, change, plain};
use crate::ib_seen::{ensure_logged_once, ensure_quiet, log_lines, shown, status};
use crate::seen::{number, text_of_html};

const DAY: i64 = 24 * 3600;

/// A drug with one identifier.
fn drug(kegg: &str) -> String {
    format!("{{{{Drugbox\n| tradename = Tylenol\n| KEGG = {kegg}\n}}}}\nParacetamol is a drug.")
}

/// The first page of a log for the day on which the newest change was made.
async fn day_page(scene: &Boxes, of: &BoxPages) -> Result<String> {
    let sql = "SELECT LEFT(MAX(ts), 10) FROM field_change";
    Ok(format!("{}/{}", of.log, scene.world.rows(sql).await?[0][0]))
}

/// The line of a page that holds this text, and the one below it.
fn lines_at<'a>(page: &'a str, part: &str) -> (&'a str, Option<&'a str>) {
    let mut lines = page.lines().skip_while(|line| !line.contains(part));
    let line = lines.next().unwrap_or_else(|| panic!("no line with {part} in\n{page}"));
    (line, lines.next())
}

#[tokio::test]
async fn what_people_do_on_a_log_page_stays() -> Result<()> {
    let (scene, _) = articles(&["Acetone", "Benzene", "Chloroform"]).await?;
    let admin = &scene.world.admin;
    change(&scene, &["Acetone", "Benzene", "Chloroform"]).await?;
    scene.run().await?;
    let day = day_page(&scene, &scene.chem).await?;
    let page = admin.text(&day).await?.context("no day page")?;
    let bullet = |page: &str, name: &str| {
        let head = format!("|{}]]<!--ib-page ", scene.title(name));
        let (head, bullet) = lines_at(page, &head);
        (head.to_owned(), bullet.unwrap_or_default().to_owned())
    };

    // A note, a struck line, a line taken away, and words of their own above and below.
    let (_, acetone) = bullet(&page, "Acetone");
    let (_, benzene) = bullet(&page, "Benzene");
    let (head, chloroform) = bullet(&page, "Chloroform");
    let struck = benzene.replacen("** ", "** <s>", 1) + "</s> harmless --Dan";
    let edited = page
        .replace(&acetone, &format!("{acetone}\n*** I asked Ben. --Dan"))
        .replace(&benzene, &struck)
        .replace(&format!("{head}\n{chloroform}\n"), "")
        .replace("</noinclude>\n", "</noinclude>\nOur rules for this page.\n")
        + "\nWe are done with these. --Dan\n";
    let person = scene.world.login(&scene.world.person("Dan").await?).await?;
    person.edit(&day, &edited, "looked through").await?;

    scene.run().await?;
    let idle = admin.text(&day).await?.context("no day page")?;
    assert_eq!(idle, edited.trim_end(), "nothing new: nothing is touched");

    scene.replace("Acetone", "Cem", OTHER, "1-2-3", "").await?;
    scene.replace("Chloroform", "Cem", OTHER, "4-5-6", "").await?;
    let run = scene.run().await?;
    assert_eq!(number(&run, "logged")?, 2, "{run}");
    let page = admin.text(&day).await?.context("no day page")?;
    for kept in [
        format!("{acetone}\n*** I asked Ben. --Dan"),
        struck,
        "</noinclude>\nOur rules for this page.\n".to_owned(),
        "\nWe are done with these. --Dan".to_owned(),
    ] {
        assert_eq!(page.matches(&kept).count(), 1, "{kept}\nin\n{page}");
    }
    assert!(!page.contains(&chloroform), "what was taken away stays away\n{page}");
    let (_, newest) = bullet(&page, "Acetone");
    assert!(shown(&scene, &newest).contains("“67-64-7” → “1-2-3”"), "{page}");
    let (_, newest) = bullet(&page, "Chloroform");
    assert!(shown(&scene, &newest).contains("“67-64-7” → “4-5-6”"), "{page}");
    let again = scene.run().await?;
    ensure_quiet(&again)?;
    assert_eq!(admin.text(&day).await?.as_deref(), Some(page.as_str()));
    Ok(())
}

/// Undoes the newest edit of an article with a button of the wiki.
async fn press(scene: &Boxes, person: &Api, button: &str, name: &str) -> Result<()> {
    let (title, revid) = (scene.title(name), scene.revid(name).await?.to_string());
    if button == "undo" {
        let params = [("action", "edit"), ("title", &title), ("undo", revid.as_str())];
        return person.write(&params).await.map(drop);
    }
    let tokens = person
        .get(&[("action", "query"), ("meta", "tokens"), ("type", "rollback")])
        .await?;
    let token = tokens["query"]["tokens"]["rollbacktoken"]
        .as_str()
        .context("no token")?;
    let user = scene.user("Ben");
    let params = [
        ("action", "rollback"),
        ("title", &title),
        ("user", &user),
        ("token", token),
    ];
    person.post(&params).await.map(drop)
}

#[tokio::test]
async fn a_line_of_an_edit_that_was_reverted_says_so() -> Result<()> {
    let names = ["Acetone", "Benzene", "Chloroform", "Dioxane", "Ethanol"];
    let (scene, _) = articles(&names).await?;
    change(&scene, &names[..3]).await?;
    // Of this edit only one half will be taken back, and this one stands.
    let two = plain("Dioxane", OTHER).replace("= Dioxane", "= Dioxan");
    scene.edit("Dioxane", "Ben", &two, "").await?;
    change(&scene, &["Ethanol"]).await?;
    scene.run().await?;
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert!(!lines.concat().contains("reverted"), "{lines:#?}");

    let person = scene.world.login(&scene.world.person("Cem").await?).await?;
    press(&scene, &person, "undo", "Acetone").await?;
    press(&scene, &scene.world.admin, "rollback", "Benzene").await?;
    scene.restore("Chloroform", "Cem").await?;
    scene.replace("Dioxane", "Cem", OTHER, TRUE, "").await?;
    for name in &names[..3] {
        assert_eq!(scene.text(name).await?, plain(name, TRUE));
    }
    let history = scene.world.admin.history(&scene.title("Chloroform")).await?;
    let tags: Vec<&[String]> = history.iter().map(|revision| revision.tags.as_slice()).collect();
    assert!(
        tags[2].contains(&"mw-manual-revert".to_owned()) && !tags[1].contains(&"mw-reverted".to_owned()),
        "nobody has patrolled it: the wiki does not tell, the values do\n{tags:?}"
    );
    let run = scene.run().await?;
    assert_eq!(number(&run, "logged")?, 4, "{run}");

    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(lines.len(), 10, "{lines:#?}");
    let says = |name: &str, user: &str| -> Vec<bool> {
        let own = lines
            .iter()
            .filter(|line| line.starts_with(&format!("{name}: TIME (diff) {user}: ")));
        own.map(|line| line.ends_with(" (reverted)")).collect()
    };
    for (name, by) in [("Acetone", "Cem"), ("Benzene", "Admin"), ("Chloroform", "Cem")] {
        assert_eq!(says(name, "Ben"), [true], "{name}: {lines:#?}");
        assert_eq!(says(name, by), [false], "{name}: {lines:#?}");
    }
    assert_eq!(says("Dioxane", "Ben"), [false, false], "half of it: {lines:#?}");
    assert_eq!(says("Ethanol", "Ben"), [false], "{lines:#?}");
    ensure_logged_once(&scene, 10).await?;

    // Said once, whatever else is logged.
    scene.replace("Ethanol", "Cem", OTHER, "1-2-3", "").await?;
    scene.run().await?;
    let now = log_lines(&scene, &scene.chem).await?;
    let count = |lines: &[String]| lines.concat().matches("(reverted)").count();
    assert_eq!((now.len(), count(&now)), (11, 3), "{now:#?}");
    Ok(())
}

#[tokio::test]
async fn a_full_page_goes_on_on_the_next_and_the_front_page_shows_both() -> Result<()> {
    const MANY: usize = 50;
    let scene = Boxes::new().await?;
    let admin = &scene.world.admin;
    let settings = scene.settings.clone().set("log_page_size", 10_000);
    scene.save_settings(&settings).await?;
    let names = scene
        .compounds(&scene.chem, MANY, |n| plain(&format!("Compound {n:03}"), TRUE))
        .await?;
    scene.run().await?;
    let edits: Vec<BulkEdit> = names
        .iter()
        .map(|name| BulkEdit {
            name: name.clone(),
            user: "Ben".to_owned(),
            text: plain(name, OTHER),
        })
        .collect();
    scene.bulk(&edits).await?;
    let run = scene.run().await?;
    assert_eq!(number(&run, "logged")?, MANY as u64, "{run}");
    let first = day_page(&scene, &scene.chem).await?;
    let second = format!("{first}/2");
    let size = admin.text(&first).await?.context("no day page")?.len();
    assert!(size > 10_000, "{size}");
    assert_eq!(admin.text(&second).await?, None);

    // Newer lines go to the second page; what was reverted is told where it stands.
    scene.replace(&names[1], "Cem", OTHER, "1-2-3", "").await?;
    scene.restore(&names[0], "Cem").await?;
    let run = scene.run().await?;
    assert_eq!(number(&run, "logged")?, 2, "{run}");
    let both = [
        admin.text(&first).await?.context("no first page")?,
        admin.text(&second).await?.context("no second page")?,
    ];
    assert_eq!(both.each_ref().map(|page| page.matches("<!--ib:").count()), [MANY, 2]);
    assert_eq!(both.each_ref().map(|page| page.matches("(reverted)").count()), [1, 0]);
    ensure_logged_once(&scene, MANY + 2).await?;

    // Both on the front page, the newer one on top, without their introductions.
    let front = admin.text(&scene.chem.log).await?.context("no front page")?;
    let places = [&second, &first].map(|title| front.find(&format!("{{{{:{title}}}}}")));
    assert!(places[0].is_some() && places[0] < places[1], "{front}");
    let parsed = admin.parse_page(&scene.chem.log, "text|templates").await?;
    let html = parsed["text"].as_str().context("no text")?;
    let read = text_of_html(html);
    assert_eq!(read.matches(" (diff) ").count(), MANY + 2, "{read}");
    assert_eq!(html.matches("This is an observation").count(), 0, "{html}");
    assert_eq!(html.matches("It is an observation").count(), 1, "{html}");

    // Another line stays on the second page.
    scene.replace(&names[2], "Cem", OTHER, "1-2-3", "").await?;
    scene.run().await?;
    ensure_quiet(&scene.run().await?)?;
    assert_eq!(admin.text(&format!("{first}/3")).await?, None);
    let page = admin.text(&second).await?.context("no second page")?;
    assert_eq!(page.matches("<!--ib:").count(), 3, "{page}");
    Ok(())
}

#[tokio::test]
async fn a_page_of_people_or_one_they_deleted_is_left_alone_and_the_rest_goes_on() -> Result<()> {
    let texts = [plain("Acetone", TRUE), drug("D00217")];
    let all = [
        ("Acetone", texts[0].as_str(), "Ann"),
        ("Paracetamol", texts[1].as_str(), "Ann"),
    ];
    let scene = Boxes::with_articles(&all).await?;
    let admin = &scene.world.admin;
    // The revision of the change tells the day; the page is there before the job comes.
    change(&scene, &["Acetone"]).await?;
    let today = admin.info(&scene.title("Acetone")).await?["touched"]
        .as_str()
        .context("no time")?[..10]
        .to_owned();
    let (theirs, drugs) = (
        format!("{}/{today}", scene.chem.log),
        format!("{}/{today}", scene.drug.log),
    );
    let own = "Minutes of our meeting.\n* Tea\n** Biscuits";
    scene
        .world
        .login(&scene.world.person("Dan").await?)
        .await?
        .edit(&theirs, own, "")
        .await?;
    scene.replace("Paracetamol", "Ben", "D00217", "D00999", "").await?;
    let run = scene.run().await?;
    assert_eq!((number(&run, "rows")?, number(&run, "logged")?), (2, 1), "{run}");
    assert_eq!(admin.text(&theirs).await?.as_deref(), Some(own));
    let lines = log_lines(&scene, &scene.drug).await?;
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let left = async |title: &str| -> Result<bool> {
        let says = format!("{} is left alone: it ", scene.bare(title));
        Ok(status(&scene).await?.contains(&says))
    };
    assert!(
        left(&theirs).await? && !left(&drugs).await?,
        "{}",
        status(&scene).await?
    );

    // What changes from now on waits for the page that is taken, and goes there when people have moved theirs away; a
    // page that is deleted stays away.
    admin.delete(&drugs, "not wanted").await?;
    scene.replace("Paracetamol", "Ben", "D00999", "D00111", "").await?;
    scene.replace("Acetone", "Ben", OTHER, "1-2-3", "").await?;
    let run = scene.run().await?;
    assert_eq!((number(&run, "rows")?, number(&run, "logged")?), (2, 0), "{run}");
    assert!(left(&drugs).await?, "{}", status(&scene).await?);
    let aside = format!("{theirs} minutes");
    admin.move_page(&theirs, &aside, true).await?;

    scene.job().later(DAY + 3600).run_ok().await?;
    assert_eq!(admin.text(&drugs).await?, None, "it stays away");
    assert_eq!(admin.text(&aside).await?.as_deref(), Some(own));
    let page = shown(&scene, &admin.text(&theirs).await?.context("no day page")?);
    assert_eq!(page.matches("“67-64-7” → “1-2-3”").count(), 1, "{page}");
    Ok(())
}

#[tokio::test]
async fn values_are_cut_or_left_out_and_sentences_can_be_others() -> Result<()> {
    let long = "abcde fghi".repeat(12);
    let texts = [plain("Acetone", TRUE), drug("D00217")];
    let all = [
        ("Acetone", texts[0].as_str(), "Ann"),
        ("Paracetamol", texts[1].as_str(), "Ann"),
    ];
    let scene = Boxes::with_articles(&all).await?;
    let settings = scene
        .settings
        .clone()
        .set(&scene.key(&scene.chem, "show_values"), false)
        .set(
            "messages.field-changed",
            "{box}/{field} is now “{new}” instead of “{old}”",
        )
        .set("messages.reverted", "[taken back]");
    scene.save_settings(&settings).await?;
    let both = plain("Acetone", OTHER).replace("= Acetone", "= Nonesuch");
    scene.edit("Acetone", "Ben", &both, "").await?;
    scene.replace("Paracetamol", "Ben", "D00217", &long, "").await?;
    scene.run().await?;

    let verified = "SELECT verified_revid FROM field_change WHERE field = 'CASNo'";
    let verified = scene.world.rows(verified).await?[0][0].clone();
    let mut lines = log_lines(&scene, &scene.chem).await?;
    lines.sort();
    assert_eq!(
        lines,
        [
            format!(
                "Acetone: TIME (diff) Ben: Chembox, CASNo: changed; correct → changed (verified revision {verified})"
            ),
            "Acetone: TIME (diff) Ben: Chembox, Name: changed".to_owned(),
        ]
    );
    let cut: String = long.chars().take(79).collect();
    let lines = log_lines(&scene, &scene.drug).await?;
    let told =
        format!("Paracetamol: TIME (diff) Ben: Drugbox/KEGG is now “{cut}…” instead of “D00217”; correct → changed");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with(&told), "{lines:#?}\n{told}");
    let open = scene.open_of(&scene.drug).await?;
    let wanted = format!("KEGG: “{cut}…”, verified “D00217”, since TIME (diff, Ben)");
    assert!(shown(&scene, &open).contains(&wanted), "{open}");

    scene.restore("Paracetamol", "Cem").await?;
    scene.run().await?;
    let lines = log_lines(&scene, &scene.drug).await?;
    assert!(lines[1].ends_with(" [taken back]"), "{lines:#?}");

    // Nowhere a value of the discreet box, in no summary either.
    for title in scene
        .log_titles(&scene.chem)
        .await?
        .iter()
        .chain([&scene.chem.log, &scene.status_title()])
    {
        for revision in scene.world.admin.history(title).await? {
            let said = revision.text + &revision.summary;
            for value in [TRUE, OTHER, "Nonesuch"] {
                assert!(!said.contains(value), "{value} in {title}\n{said}");
            }
        }
    }
    let open = scene.open_text().await?;
    assert!(open.contains("** CASNo, since "), "{open}");
    Ok(())
}
