//! infobox-check at work: what the first run does, and the documented cases of CheMoBot as people see them on the wiki:
//! log lines, marks, categories, summaries. Each result fed back gives no edit.

use anyhow::Result;
use wikicrew_tests::boxes::{BoxPages, Boxes};

use crate::ib_seen::{ensure_logged_once, ensure_quiet, log_lines, status};
use crate::seen::number;

const ACETONE: &str = "{{chembox\n| Name = Acetone\n| Section1={{Chembox Identifiers\n| CASNo = 67-64-1\n }}\n\
    | Section2={{Chembox Properties\n| BoilingPt = 56.1 °C\n }}\n}}\nAcetone is a solvent.";

/// Runs twice when everything has settled: the first run must leave this text in the article, the second must find
/// nothing to do.
async fn settles_to(scene: &Boxes, name: &str, text: &str) -> Result<()> {
    let run = scene.run_settled().await?;
    assert_eq!(scene.text(name).await?, text, "{run}");
    let again = scene.run_settled().await?;
    assert_eq!(scene.text(name).await?, text, "{again}");
    ensure_quiet(&again)
}

/// A log line of the chembox.
fn line(page: &str, user: &str, what: &str) -> String {
    format!("{page}: TIME (diff) {user}: {what}")
}

/// The chembox acetone, its verified revision filled in, with these lines of marks on top.
fn acetone(marks: &[&str], cas: &str, state: &str, boiling: &str, prose: &str) -> String {
    let marks: String = marks.iter().map(|mark| format!("| {mark}\n")).collect();
    format!(
        "{{{{chembox\n{marks}| Name = Acetone\n| Section1={{{{Chembox Identifiers\n\
         | CASNo_Ref = {{{{cascite|{state}|??}}}}\n| CASNo = {cas}\n }}}}\n\
         | Section2={{{{Chembox Properties\n| BoilingPt = {boiling}\n }}}}\n}}}}\n{prose}"
    )
}

#[tokio::test]
async fn the_first_run_stores_now_and_edits_nothing() -> Result<()> {
    let scene = Boxes::new().await?;
    scene.article("Acetone", ACETONE, "Ann").await?;
    scene.verify("Acetone").await?;
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-7", "").await?;

    let run = scene.job().later(wikicrew_tests::boxes::SETTLED).run_ok().await?;
    ensure_quiet(&run)?;
    assert_eq!(number(&run, "edits")?, 1, "the status page, and nothing else: {run}");
    ensure_logged_once(&scene, 0).await?;
    assert_eq!(scene.bot_edits("Acetone").await?, [""; 0]);
    for of in [&scene.chem, &scene.drug] {
        assert_eq!(scene.log_titles(of).await?, [""; 0]);
    }
    let said = status(&scene).await?;
    assert!(
        said.contains("The first run stored where the wiki stands now"),
        "{said}"
    );
    assert_eq!(
        number(&run, "listed")?,
        2,
        "the page with the box and the line of the index are known: {run}"
    );

    // From here on nothing is missed.
    scene.replace("Acetone", "Ben", "67-64-7", "67-64-8", "").await?;
    let run = scene.run().await?;
    assert_eq!((number(&run, "changes")?, number(&run, "logged")?), (1, 1), "{run}");
    ensure_logged_once(&scene, 1).await
}

/// Cases 1 to 4: a first visit, a verified value changed, put back, and a watched one changed.
#[tokio::test]
async fn acetone_is_marked_as_its_values_go_and_come_back() -> Result<()> {
    let scene = Boxes::with_articles(&[("Acetone", ACETONE, "Ann")]).await?;
    let checks = scene
        .settings
        .clone()
        .set(&scene.key(&scene.chem, "checks.CASNo"), "cas");
    scene.save_settings(&checks).await?;
    let revid = scene.revid("Acetone").await?;
    let id = format!("verifiedrevid = {revid}");
    let prose = "Acetone is a common solvent.";

    // 1: somebody edits outside the box; nothing to report, but the box gets its marks.
    scene
        .replace("Acetone", "Ben", "a solvent", "a common solvent", "")
        .await?;
    settles_to(
        &scene,
        "Acetone",
        &acetone(&[&id], "67-64-1", "correct", "56.1 °C", prose),
    )
    .await?;
    ensure_logged_once(&scene, 0).await?;
    assert_eq!(scene.categories("Acetone").await?, [""; 0]);

    // 2: reported at once, marked when the edit has settled; the value stays.
    scene
        .replace("Acetone", "Ben", "= 67-64-1", "= 67-64-7", "fixed")
        .await?;
    let before = scene.text("Acetone").await?;
    let run = scene.run().await?;
    assert_eq!(scene.text("Acetone").await?, before, "marked within the hour: {run}");
    let lines = log_lines(&scene, &scene.chem).await?;
    let away = format!(
        "Chembox, CASNo: “67-64-1” → “67-64-7”; correct → changed (verified: “67-64-1”, revision {revid}); check: "
    );
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].starts_with(&line("Acetone", "Ben", &away)), "{lines:#?}");
    let row = "Acetone Chembox#0 CASNo: changed correct_changed, 67-64-1 -> 67-64-7 (67-64-1) by Ben";
    assert_eq!(scene.row_lines().await?, [row]);
    let changed = acetone(
        &["Verifiedfields = changed", &id],
        "67-64-7",
        "changed",
        "56.1 °C",
        prose,
    );
    settles_to(&scene, "Acetone", &changed).await?;
    ensure_logged_once(&scene, 1).await?;
    let categories = [
        "Changed CAS number",
        "Chemboxes which contain changes to verified fields",
    ];
    assert_eq!(scene.categories("Acetone").await?, categories);

    // 3: put back by a person.
    scene.replace("Acetone", "Cem", "= 67-64-7", "= 67-64-1", "").await?;
    settles_to(
        &scene,
        "Acetone",
        &acetone(&[&id], "67-64-1", "correct", "56.1 °C", prose),
    )
    .await?;
    ensure_logged_once(&scene, 2).await?;
    let back = format!("Chembox, CASNo: “67-64-7” → “67-64-1”; changed → correct (as in revision {revid})");
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(lines[0], line("Acetone", "Cem", &back));
    assert_eq!(scene.categories("Acetone").await?, [""; 0]);

    // 4: a field that is only watched.
    scene.replace("Acetone", "Ben", "56.1 °C", "57 °C", "").await?;
    let watched = acetone(&["Watchedfields = changed", &id], "67-64-1", "correct", "57 °C", prose);
    settles_to(&scene, "Acetone", &watched).await?;
    ensure_logged_once(&scene, 3).await?;
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(
        lines[0],
        line("Acetone", "Ben", "Chembox, BoilingPt: “56.1 °C” → “57 °C”")
    );
    assert_eq!(
        scene.categories("Acetone").await?,
        ["Chemboxes which contain changes to watched fields"]
    );

    // Four edits of the bot, each said in the words of what it really did.
    let summaries = scene.bot_edits("Acetone").await?;
    assert_eq!(summaries.len(), 4, "{summaries:#?}");
    assert!(
        summaries.iter().all(|summary| summary.starts_with("Updating {{")),
        "{summaries:#?}"
    );
    let refs: Vec<bool> = summaries
        .iter()
        .map(|summary| summary.contains("'CASNo_Ref'"))
        .collect();
    assert_eq!(refs, [true, true, true, false], "{summaries:#?}");
    Ok(())
}

/// Case 5: a flat box, one of two identifiers altered.
#[tokio::test]
async fn only_the_altered_identifier_of_paracetamol_flips() -> Result<()> {
    let text = |top: &str, state: &str, kegg: &str| {
        format!(
            "{{{{Drugbox\n{top}| CAS_number_Ref = {{{{cascite|correct|??}}}}\n| CAS_number = 103-90-2\n\
             | KEGG_Ref = {{{{keggcite|{state}|kegg}}}}\n| KEGG = {kegg}\n}}}}\nParacetamol is a drug."
        )
    };
    let scene = Boxes::with_articles(&[("Paracetamol", &text("", "correct", "D00217"), "Ann")]).await?;
    let revid = scene.revid("Paracetamol").await?;
    let id = format!("| verifiedrevid = {revid}\n");
    scene
        .edit("Paracetamol", "Ben", &text(&id, "correct", "D00999"), "")
        .await?;
    let changed = text(&format!("| Verifiedfields = changed\n{id}"), "changed", "D00999");
    settles_to(&scene, "Paracetamol", &changed).await?;
    ensure_logged_once(&scene, 1).await?;
    let what = format!("Drugbox, KEGG: “D00217” → “D00999”; correct → changed (verified: “D00217”, revision {revid})");
    assert_eq!(
        log_lines(&scene, &scene.drug).await?,
        [line("Paracetamol", "Ben", &what)]
    );
    assert_eq!(
        log_lines(&scene, &scene.chem).await?,
        [""; 0],
        "each box has its own log"
    );
    let categories = [
        "Changed KEGG identifier",
        "Drugboxes which contain changes to verified fields",
    ];
    assert_eq!(scene.categories("Paracetamol").await?, categories);
    Ok(())
}

/// Case 6: fields with a number at their end are verified one by one.
#[tokio::test]
async fn numbered_fields_are_marked_one_by_one() -> Result<()> {
    let text = |cas: &str| {
        format!(
            "{{{{Chembox\n| Section1={{{{Chembox Identifiers\n| CASNo1 = 67-64-1\n| CASNo3 = {cas}\n }}}}\n}}}}\nTwo."
        )
    };
    let scene = Boxes::with_articles(&[("Mixture", &text("71-43-2"), "Ann")]).await?;
    let revid = scene.revid("Mixture").await?;
    scene.edit("Mixture", "Ben", &text("71-43-3"), "").await?;
    let marked = format!(
        "{{{{Chembox\n| Verifiedfields=changed\n| verifiedrevid={revid}\n| Section1={{{{Chembox Identifiers\n\
         | CASNo1_Ref = {{{{cascite|correct|??}}}}\n| CASNo1 = 67-64-1\n\
         | CASNo3_Ref = {{{{cascite|changed|??}}}}\n| CASNo3 = 71-43-3\n }}}}\n}}}}\nTwo."
    );
    settles_to(&scene, "Mixture", &marked).await?;
    ensure_logged_once(&scene, 1).await
}

/// Several edits of several people between two runs: a line and a row for each changed field of each edit, the newest
/// on top within its page, and one edit of the log.
#[tokio::test]
async fn each_change_makes_one_row_and_one_line() -> Result<()> {
    let benzene = ACETONE.replace("Acetone", "Benzene").replace("67-64-1", "71-43-2");
    let scene = Boxes::with_articles(&[("Acetone", ACETONE, "Ann"), ("Benzene", &benzene, "Ann")]).await?;
    let verified = scene.revid("Acetone").await?;
    let two = ACETONE
        .replace("67-64-1", "1-2-3")
        .replace("| BoilingPt = 56.1 °C\n", "| MeltingPt = 5 °C\n");
    scene.edit("Acetone", "Ben", &two, "").await?;
    scene
        .replace("Benzene", "Cem", "71-43-2", "71-43-2<!-- sure -->", "")
        .await?;
    scene.replace("Acetone", "203.0.113.7", "1-2-3", "4-5-6", "").await?;
    scene.replace("Acetone", "Dan", "a solvent", "no solvent", "").await?;

    let run = scene.run().await?;
    assert_eq!(number(&run, "rows")?, 5, "{run}");
    ensure_logged_once(&scene, 5).await?;
    let mut lines = log_lines(&scene, &scene.chem).await?;
    let known = format!("(verified: “67-64-1”, revision {verified})");
    assert_eq!(
        lines.remove(0),
        line(
            "Acetone",
            "203.0.113.7",
            &format!("Chembox, CASNo: “1-2-3” → “4-5-6”; changed → other {known}")
        )
    );
    let formatting = "Chembox, CASNo: the formatting was changed, the value is the same";
    assert_eq!(lines.pop(), Some(line("Benzene", "Cem", formatting)));
    lines.sort();
    let wanted = [
        line("Acetone", "Ben", "Chembox, BoilingPt: removed “56.1 °C”"),
        line(
            "Acetone",
            "Ben",
            &format!("Chembox, CASNo: “67-64-1” → “1-2-3”; correct → changed {known}"),
        ),
        line("Acetone", "Ben", "Chembox, MeltingPt: added “5 °C”"),
    ];
    assert_eq!(lines, wanted);
    assert_eq!(day_edits(&scene, &scene.chem).await?, 1, "one edit for all of them");

    let mut rows = scene.row_lines().await?;
    rows.sort();
    let wanted = [
        "Acetone Chembox#0 BoilingPt: removed changed, 56.1 °C -> . (56.1 °C) by Ben",
        "Acetone Chembox#0 CASNo: changed changed_other, 1-2-3 -> 4-5-6 (67-64-1) by 203.0.113.7",
        "Acetone Chembox#0 CASNo: changed correct_changed, 67-64-1 -> 1-2-3 (67-64-1) by Ben",
        "Acetone Chembox#0 MeltingPt: added changed, . -> 5 °C (.) by Ben",
        "Benzene Chembox#0 CASNo: formatting formatting, 71-43-2 -> 71-43-2<!-- sure --> (71-43-2) by Cem",
    ];
    assert_eq!(rows, wanted);

    let again = scene.run().await?;
    ensure_quiet(&again)?;
    ensure_logged_once(&scene, 5).await
}

/// How many edits the day pages of a log have.
async fn day_edits(scene: &Boxes, of: &BoxPages) -> Result<usize> {
    let mut edits = 0;
    for title in scene.log_titles(of).await? {
        if !title.ends_with("/Open") {
            edits += scene.world.admin.history(&title).await?.len();
        }
    }
    Ok(edits)
}
