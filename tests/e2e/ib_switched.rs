//! What the operator switches by hand: silence, the report level, `quit`, and edits of one box or of all. It holds from
//! the next run on until it is taken back.

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::boxes::SETTLED;
use wikicrew_tests::run::Run;

use crate::ib_lists::{as_json, run, say, scene, timeless};
use crate::ib_seen::{log_lines, status};
use crate::seen::number;

#[tokio::test]
async fn silence_and_levels_hold_from_the_next_run_on_until_they_are_taken_back() -> Result<()> {
    let scene = scene().await?;
    let logged = async |from: &str, to: &str, expected: u64| -> Result<Run> {
        scene.replace("Acetone", "Ben", from, to, "").await?;
        let run = scene.run().await?;
        assert_eq!(
            (number(&run, "rows")?, number(&run, "logged")?),
            (1, expected),
            "{from} → {to}: {run}"
        );
        Ok(run)
    };
    let value = |n: u32| format!("67-64-{n}");
    let mut at = 1;
    let mut next = || {
        at += 1;
        (value(at - 1), value(at))
    };
    let quiet = "Nothing is reported any more until `report`; marks go on.";
    for (words, said, expected) in [
        (&["silent"][..], quiet, None),
        (&["report"], "Changes are reported.", None),
        (&["quiet"], quiet, Some(0)),
        (&["report"], "Changes are reported.", Some(1)),
        (&["reportlevel", "0"], "Report level 0 from the next run on.", Some(0)),
        (&["reportlevel", "1"], "Report level 1 from the next run on.", Some(1)),
        (&["reportlevel"], "Report level 1, set by hand.", None),
    ] {
        assert_eq!(say(&scene, words, 0).await?, said);
        if words == ["silent"] {
            assert_eq!(as_json(&scene, &["status"]).await?["overrides"]["report"], "quiet");
        }
        if let Some(expected) = expected {
            let (from, to) = next();
            logged(&from, &to, expected).await?;
        }
    }
    // What is only watched is not told at level 1, and is again when the settings page decides.
    logged("| Name = Acetone", "| Name = Aceton", 0).await?;
    let told = "The settings page says the report level.";
    assert_eq!(say(&scene, &["reportlevel", "settings"], 0).await?, told);
    logged("| Name = Aceton", "| Name = Acetone", 1).await?;

    // `quit`: nothing at all is written on the wiki; the changes are recorded, and the operator sees why.
    run(&scene, &["quit", "--by", "Olga", "--reason", "the wiki is moving"], 0).await?;
    let said = say(&scene, &["status"], 0).await?;
    assert!(
        timeless(&said).contains("quit: nothing is written on the wiki, since TIME UTC by Olga (the wiki is moving)"),
        "{said}"
    );
    let count = async || anyhow::Ok(scene.world.admin.contributions(&scene.world.bot.name).await?.len());
    let before = count().await?;
    let (from, to) = next();
    logged(&from, &to, 0).await?;
    scene.job().later(SETTLED).run_ok().await?;
    scene.job().later(2 * 86_400).run_ok().await?;
    assert_eq!(count().await?, before, "not even the status page");
    run(&scene, &["report"], 0).await?;
    let run_ = scene.job().later(2 * 86_400 + 600).run_ok().await?;
    assert_eq!(number(&run_, "marks")?, 1, "and on it goes: {run_}");
    assert!(!status(&scene).await?.contains("By the operator"));
    Ok(())
}

#[tokio::test]
async fn off_and_on_stop_and_start_the_marks_of_one_box_or_of_all() -> Result<()> {
    let scene = scene().await?;
    let edits = async |expected: [usize; 2]| -> Result<()> {
        let run = scene.run_settled().await?;
        let got = [
            scene.bot_edits("Acetone").await?.len(),
            scene.bot_edits("Paracetamol").await?.len(),
        ];
        assert_eq!(got, expected, "{run}");
        Ok(())
    };
    let said = say(&scene, &["off", "@Chembox"], 0).await?;
    assert_eq!(said, "No article is edited for Chembox any more until `on Chembox`.");
    assert!(
        say(&scene, &["boxlist"], 0)
            .await?
            .contains("no article is edited (switched off by hand)")
    );
    scene.replace("Acetone", "Ben", "67-64-1", "67-64-2", "").await?;
    scene.replace("Paracetamol", "Ben", "103-90-2", "103-90-3", "").await?;
    edits([0, 1]).await?;
    let page = status(&scene).await?;
    assert!(
        page.contains("By the operator: off Chembox (no article is edited for this box) (by op, TIME"),
        "{page}"
    );
    assert_eq!(log_lines(&scene, &scene.chem).await?.len(), 1, "reports go on");

    run(&scene, &["off"], 0).await?;
    let said = say(&scene, &["on", "@Chembox"], 0).await?;
    assert_eq!(said, "The settings page says whether articles are edited for Chembox.");
    scene.replace("Paracetamol", "Ben", "103-90-3", "103-90-2", "").await?;
    edits([0, 1]).await?;
    let overrides = &as_json(&scene, &["status"]).await?["overrides"];
    assert_eq!(
        (overrides["off"]["by"].as_str(), &overrides["off_boxes"]),
        (Some("op"), &json!({})),
        "{overrides}"
    );
    run(&scene, &["on"], 0).await?;
    edits([1, 2]).await?;
    let wrong = say(&scene, &["off", "@Nobox"], 1).await?;
    assert!(wrong.contains("there is no box `Nobox`"), "{wrong}");
    Ok(())
}
