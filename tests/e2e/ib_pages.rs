//! What becomes of pages and boxes: boxes that go, come, stand twice or under other names; pages that are moved, deleted,
//! hidden, or show a box that is not in their own text.

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::boxes::Boxes;
use wikicrew_tests::sandbox::NewPage;

use crate::ib_chem::{OTHER, TRUE, articles, change, marked, marks, plain, reason};
use crate::ib_seen::{ensure_logged_once, ensure_quiet, log_lines};
use crate::seen::number;

#[tokio::test]
async fn a_box_that_goes_and_comes_back_is_told_and_marked_again() -> Result<()> {
    let (scene, verified) = articles(&["Acetone"]).await?;
    scene.edit("Acetone", "Ben", "Acetone is a substance.", "").await?;
    let run = scene.run_settled().await?;
    assert_eq!((number(&run, "rows")?, marks(&run)?), (1, 0), "{run}");
    let gone = format!(
        "Acetone: TIME (diff) Ben: Chembox: the box was removed; it was verified in revision {}",
        verified[0]
    );
    assert_eq!(log_lines(&scene, &scene.chem).await?, [gone.as_str()]);
    let pages = async || scene.world.count("box_page").await;
    assert_eq!(
        (pages().await?, scene.world.count("page_mark").await?),
        (0, 0),
        "nothing is watched any more"
    );

    // An edit without a box concerns nobody.
    scene.edit("Acetone", "Cem", "Acetone is a solvent.", "").await?;
    ensure_quiet(&scene.run_settled().await?)?;

    // It comes back with another value, as a new box: both are told, and it is marked as what it is.
    scene.edit("Acetone", "Dan", &plain("Acetone", OTHER), "").await?;
    let run = scene.run_settled().await?;
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(
        lines[..2].contains(&"Acetone: TIME (diff) Dan: Chembox: the box was added".to_owned()),
        "{lines:#?}"
    );
    assert!(
        lines[..2].iter().any(|line| line.contains("changed → other")),
        "{lines:#?}"
    );
    assert_eq!(pages().await?, 1);
    assert_eq!(
        scene.text("Acetone").await?,
        marked("Acetone", OTHER, verified[0], false),
        "{run}"
    );
    ensure_logged_once(&scene, 3).await
}

/// An article with these boxes, each with a number of its own beside the watched one.
fn boxes(of: &[(&str, &str)]) -> String {
    let one = |(cas, own): &(&str, &str)| format!("{{{{chembox\n| CASNo = {cas}\n| CASNo1 = {own}\n}}}}\n");
    of.iter().map(one).collect::<String>() + "Some substances."
}

#[tokio::test]
async fn two_boxes_on_a_page_are_told_apart_by_their_verified_values() -> Result<()> {
    let scene = Boxes::new().await?;
    scene
        .article("Xylene", &boxes(&[("1-1-1", "10"), ("2-2-2", "20")]), "Ann")
        .await?;
    let revid = scene.verify("Xylene").await?;
    scene.run().await?;

    // The second one is changed, and only that is marked as changed.
    scene
        .edit("Xylene", "Ben", &boxes(&[("1-1-1", "10"), ("3-3-3", "20")]), "")
        .await?;
    let run = scene.run_settled().await?;
    let row = |ordinal: u32, rest: &str| format!("Xylene Chembox#{ordinal} {rest}");
    let changed = row(1, "CASNo: changed correct_changed, 2-2-2 -> 3-3-3 (2-2-2) by Ben");
    assert_eq!(scene.row_lines().await?, [changed], "{run}");
    let dressed = |cas: &str, own: &str, flag: &str, state: &str| {
        format!(
            "{{{{chembox\n{flag}| verifiedrevid = {revid}\n| CASNo_Ref = {{{{cascite|{state}|??}}}}\n| CASNo = {cas}\n\
             | CASNo1_Ref = {{{{cascite|correct|??}}}}\n| CASNo1 = {own}\n}}}}\n"
        )
    };
    let (first, second) = (
        dressed("1-1-1", "10", "", "correct"),
        dressed("3-3-3", "20", "| Verifiedfields = changed\n", "changed"),
    );
    assert_eq!(
        scene.text("Xylene").await?,
        format!("{first}{second}Some substances."),
        "{run}"
    );

    // Without the first, the other one is still known by the value that it shares with the verified revision.
    scene
        .edit("Xylene", "Cem", &format!("{second}Some substances."), "")
        .await?;
    let run = scene.run_settled().await?;
    assert_eq!((number(&run, "rows")?, marks(&run)?), (1, 0), "{run}");
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(
        lines[0],
        format!("Xylene: TIME (diff) Cem: Chembox: the box was removed; it was verified in revision {revid}")
    );
    assert_eq!(scene.text("Xylene").await?, format!("{second}Some substances."));

    // Two that have nothing in common with it: the edit cannot be compared, and says so.
    let unclear = boxes(&[("7-7-7", "70"), ("8-8-8", "80")]);
    scene.edit("Xylene", "Dan", &unclear, "").await?;
    let run = scene.run_settled().await?;
    let lines = log_lines(&scene, &scene.chem).await?;
    let says = "Xylene: TIME (diff) Dan: Chembox: the boxes before and after cannot be compared: 1 box before, 2 after";
    assert!(lines[0].starts_with(says), "{lines:#?}");
    // As many as the verified revision has: those are paired by their order, and both marked as changed.
    assert_eq!(marks(&run)?, 1, "{run}");
    let text = scene.text("Xylene").await?;
    assert_eq!(
        text.matches(
            "| Verifiedfields = changed
"
        )
        .count(),
        2,
        "{text}"
    );

    let three = boxes(&[("7-7-7", "70"), ("8-8-8", "80"), ("9-9-9", "90")]);
    scene.edit("Xylene", "Dan", &three, "").await?;
    let run = scene.run_settled().await?;
    assert_eq!(
        marks(&run)?,
        0,
        "three boxes against two verified ones, none alike: {run}"
    );
    assert_eq!(scene.text("Xylene").await?, three);
    assert!(
        reason(&scene, "Xylene").await?.contains("2 boxes before, 3 after"),
        "{}",
        reason(&scene, "Xylene").await?
    );
    Ok(())
}

#[tokio::test]
async fn a_box_is_found_under_every_name_and_in_every_layout_and_nowhere_else() -> Result<()> {
    let scene = Boxes::new().await?;
    let name = &scene.chem.name;
    let lower = name[..1].to_lowercase() + &name[1..];
    let line = format!("| CASNo = {TRUE}");
    // Article, its text, and the same as the bot leaves it after the value was changed; REV: the verified revision.
    let tall = |call: &str| {
        (
            format!("{{{{{call}\n| CASNo = {TRUE}\n}}}}\nText."),
            format!(
                "{{{{{call}\n| Verifiedfields = changed\n| verifiedrevid = REV\n\
                 | CASNo_Ref = {{{{cascite|changed|??}}}}\n| CASNo = {OTHER}\n}}}}\nText."
            ),
        )
    };
    let cases = [
        ("Alias", tall("chemical infobox")),
        ("Prefix", tall(&format!("Template:{name}"))),
        (
            "Blanks",
            tall(&format!(" template : {}<!-- here -->", lower.replace(' ', "_"))),
        ),
        (
            "One line",
            (
                format!("{{{{chembox | Name = A {line} | BoilingPt = 5}}}} Text."),
                format!(
                    "{{{{chembox | Verifiedfields = changed | verifiedrevid = REV | Name = A \
                     | CASNo_Ref = {{{{cascite|changed|??}}}} | CASNo = {OTHER} | BoilingPt = 5}}}} Text."
                ),
            ),
        ),
        (
            "Sections",
            (
                format!(
                    "{{{{chembox\n|Section1={{{{Chembox Identifiers\n|CASNo={TRUE}\n}}}}\n|Section2={{{{Chembox Properties|BoilingPt=5}}}}\n}}}}"
                ),
                format!(
                    "{{{{chembox\n|Verifiedfields=changed\n|verifiedrevid=REV\n|Section1={{{{Chembox Identifiers\n\
                     |CASNo_Ref={{{{cascite|changed|??}}}}\n|CASNo={OTHER}\n}}}}\n|Section2={{{{Chembox Properties|BoilingPt=5}}}}\n}}}}"
                ),
            ),
        ),
        ("Decoys", {
            let (plain, marked) = tall("chembox");
            let around = "<!-- {{chembox|CASNo=1}} --><nowiki>{{chembox|CASNo=2}}</nowiki><ref>{{chembox|CASNo=4}}</ref>\n<pre>\n{{chembox\n|CASNo=3}}\n</pre>\n";
            (format!("{around}{plain}"), format!("{around}{marked}"))
        }),
    ];
    let mut lines = Vec::new();
    for (article, (text, _)) in &cases {
        lines.push((*article, scene.article(article, text, "Ann").await?));
    }
    scene
        .article(
            "No box",
            "<nowiki>{{chembox|CASNo=67-64-1}}</nowiki><!-- {{chembox}} -->",
            "Ann",
        )
        .await?;
    scene.index_lines(&scene.chem, &lines).await?;
    scene.run().await?;

    for article in cases.iter().map(|(article, _)| *article).chain(["No box"]) {
        let text = scene.world.admin.text(&scene.title(article)).await?.unwrap_or_default();
        let page = NewPage::new(&scene.title(article), &text.replacen(TRUE, OTHER, 1)).by(&scene.user("Ben"));
        scene.world.load(&[page]).await?;
    }
    let run = scene.run_settled().await?;
    for ((article, (_, wanted)), (_, revid)) in cases.iter().zip(&lines) {
        let wanted = scene.bare(&wanted.replace("REV", &revid.to_string()));
        let text = scene.text(article).await?;
        assert_eq!(text, wanted, "{article}: {run}");
    }
    assert_eq!(scene.bot_edits("No box").await?, [""; 0]);
    ensure_logged_once(&scene, cases.len()).await?;
    let rows = scene.row_lines().await?;
    assert!(
        rows.iter()
            .all(|row| row.contains(" Chembox#0 CASNo: changed correct_changed")),
        "{rows:#?}"
    );

    // Another name for the same box changes nothing.
    scene
        .replace("Sections", "Cem", "{{chembox\n", "{{Chemical infobox\n", "")
        .await?;
    ensure_quiet(&scene.run_settled().await?)
}

#[tokio::test]
async fn a_moved_page_keeps_its_verified_revision_and_its_new_title_is_used() -> Result<()> {
    let (scene, verified) = articles(&["Acetone"]).await?;
    let (old, new) = (scene.title("Acetone"), scene.title("Propanone"));
    scene.world.admin.move_page(&old, &new, false).await?;
    scene.run().await?;
    scene.replace("Propanone", "Ben", TRUE, OTHER, "").await?;
    let run = scene.run_settled().await?;
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let says = format!("Propanone: TIME (diff) Ben: Chembox, CASNo: “{TRUE}” → “{OTHER}”; correct → changed");
    assert!(
        lines[0].starts_with(&says),
        "the index still names the old title: {lines:#?}"
    );
    let wanted = marked("Acetone", OTHER, verified[0], false);
    assert_eq!(scene.text("Propanone").await?, wanted, "{run}");
    let redirect = scene.text("Acetone").await?;
    assert!(redirect.starts_with("#REDIRECT"), "{redirect}");
    assert_eq!(scene.bot_edits("Acetone").await?, [""; 0]);

    // Moved between the report and the marks: those follow.
    scene.replace("Propanone", "Ben", OTHER, "5-5-5", "").await?;
    scene.run().await?;
    scene
        .world
        .admin
        .move_page(&new, &scene.title("Dimethyl ketone"), true)
        .await?;
    let run = scene.run_settled().await?;
    assert_eq!(
        scene.text("Dimethyl ketone").await?,
        marked("Acetone", "5-5-5", verified[0], false),
        "{run}"
    );
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(lines.len(), 2, "a move is no change: {lines:#?}");

    // A new article under the old title is another page.
    scene.edit("Acetone", "Eve", &plain("Acetone", "9-9-9"), "").await?;
    let run = scene.run_settled().await?;
    assert_eq!(marks(&run)?, 0, "{run}");
    assert_eq!(scene.text("Acetone").await?, plain("Acetone", "9-9-9"));
    Ok(())
}

#[tokio::test]
async fn deleted_pages_and_hidden_texts_stop_nothing_and_show_nothing() -> Result<()> {
    let names = ["Acetone", "Benzene", "Chloroform", "Dioxane"];
    let (scene, verified) = articles(&names).await?;
    change(&scene, &names[..3]).await?;
    scene.replace("Dioxane", "Mallory", TRUE, "libel", "").await?;
    let libel = scene.revid("Dioxane").await?;
    let suppressor = scene
        .world
        .account("Suppressor", json!({ "groups": ["suppress", "sysop"] }))
        .await?;
    let suppressor = scene.world.login(&suppressor).await?;
    scene.edit("Dioxane", "Ann", &plain("Dioxane", OTHER), "").await?;
    suppressor.hide_revision(libel, "user|content").await?;

    // One is deleted before anybody looked, one between the report and the marks.
    scene.world.admin.delete(&scene.title("Acetone"), "").await?;
    let run = scene.run().await?;
    scene.world.admin.delete(&scene.title("Benzene"), "").await?;
    let later = scene.run_settled().await?;
    assert_eq!(marks(&later)?, 2, "the two that are left: {later}");
    assert_eq!(
        scene.text("Chloroform").await?,
        marked("Chloroform", OTHER, verified[2], false)
    );
    assert_eq!(
        scene.text("Dioxane").await?,
        marked("Dioxane", OTHER, verified[3], false)
    );
    assert!(!run.says("ERROR") && !later.says("ERROR"), "{run}{later}");
    let log = scene.bare(&scene.log_text().await?);
    assert!(!log.contains("libel") && !log.contains("Mallory"), "{log}");
    assert!(!format!("{:?}", scene.rows().await?).contains("libel"));
    let lines = log_lines(&scene, &scene.chem).await?;
    let hidden = lines.iter().filter(|line| *line == "Dioxane: (hidden)").count();
    assert_eq!(
        hidden, 2,
        "the edit, and the next one, whose old value it is: {lines:#?}"
    );
    let known = scene.world.rows("SELECT title FROM box_page ORDER BY title").await?;
    assert_eq!(known.concat(), [scene.title("Chloroform"), scene.title("Dioxane")]);

    // Back again, it is watched again.
    scene.world.admin.undelete(&scene.title("Benzene"), "").await?;
    scene.run().await?;
    scene.replace("Benzene", "Ben", OTHER, "5-5-5", "").await?;
    let run = scene.run_settled().await?;
    assert_eq!(
        scene.text("Benzene").await?,
        marked("Benzene", "5-5-5", verified[1], false),
        "{run}"
    );
    Ok(())
}

#[tokio::test]
async fn a_box_that_is_not_in_the_pages_own_text_is_noted_and_not_marked() -> Result<()> {
    let scene = Boxes::new().await?;
    let wrapper = scene.world.own("Wrapper");
    let text = scene.own("{{chembox|CASNo={{{1}}}}}");
    let template = NewPage::new(&format!("Template:{wrapper}"), &text);
    scene.world.load(&[template]).await?;
    // Out of another template, with and without a line in the index, and in a footnote.
    let names = ["Acetone", "Benzene", "Chloroform"];
    let save = async |cas: &str| {
        let texts = [
            format!("{{{{{wrapper}|{cas}}}}}\nText."),
            format!("{{{{{wrapper}|{cas}}}}}\nText."),
            scene.own(&format!("Text.<ref>{{{{chembox|CASNo={cas}}}}}</ref>")),
        ];
        let page = |(name, text): (&&str, &String)| NewPage::new(&scene.title(name), text).by(&scene.user("Ben"));
        let pages: Vec<NewPage> = names.iter().zip(&texts).map(page).collect();
        scene.world.load(&pages).await
    };
    save(TRUE).await?;
    scene.verify("Acetone").await?;
    scene.run().await?;
    save(OTHER).await?;
    let run = scene.run_settled().await?;
    let counts = (number(&run, "compared")?, number(&run, "rows")?, marks(&run)?);
    assert_eq!(counts, (3, 0, 0), "{run}");
    let noted = reason(&scene, "Acetone").await?;
    assert!(noted.contains("the box is not in it"), "{noted}");
    for name in &names[1..] {
        let noted = reason(&scene, name).await?;
        assert!(noted.contains("without having it in its own text"), "{name}: {noted}");
    }
    for name in names {
        assert_eq!(scene.bot_edits(name).await?, [""; 0]);
    }
    Ok(())
}
