//! Marks that were wrong before the bot came: listed with what would change, and mended only under `repair`.

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::boxes::{Boxes, SETTLED};

use crate::ib_chem::{OTHER, TRUE, marked, marks, plain};
use crate::ib_seen::status;
use crate::seen::number;

const DAY: i64 = 86_400;

#[tokio::test]
async fn old_wrong_marks_are_listed_and_mended_only_under_repair_and_so_many_a_day() -> Result<()> {
    let scene = Boxes::new().await?;
    // Damage of three kinds: ticked although the value was changed, crossed although it is true, marks without a line.
    let names = ["Acetone", "Benzene", "Chloroform", "Dioxane", "Ethanol", "Furan"];
    let mut lines = Vec::new();
    for name in names {
        let revid = scene.article(name, &plain(name, TRUE), "Ann").await?;
        if name != "Chloroform" {
            lines.push((name, revid));
        }
        let (value, is_true) = match name {
            "Acetone" | "Dioxane" => (OTHER, true),
            "Benzene" => (TRUE, false),
            _ => (TRUE, true),
        };
        scene
            .edit(name, "Ann", &marked(name, value, revid, is_true), "")
            .await?;
    }
    scene.index_lines(&scene.chem, &lines).await?;
    // One of the damaged pages keeps bots away, one is right.
    scene
        .world
        .admin
        .append(&scene.title("Acetone"), "{{nobots}}", "")
        .await?;
    scene.run().await?;
    let before: Vec<String> = texts(&scene, &names).await?;

    for seconds in [SETTLED, SETTLED + 2 * DAY, SETTLED + 2 * DAY + 600] {
        let run = scene.job().later(seconds).run_ok().await?;
        assert_eq!((marks(&run)?, number(&run, "repaired")?), (0, 0), "{run}");
    }
    assert_eq!(texts(&scene, &names).await?, before, "without repair nothing is mended");
    let said = status(&scene).await?;
    let due = |name: &str| {
        let line = said
            .lines()
            .find(|line| line.contains(&format!("{name} (Chembox): the marks contradict the index; due: ")));
        line.map(str::to_owned)
    };
    assert!(due("Acetone").is_some_and(|line| line.contains("CASNo_Ref")), "{said}");
    assert!(
        due("Benzene").is_some_and(|line| line.contains("remove Verifiedfields")),
        "{said}"
    );
    assert!(
        due("Chloroform").is_some_and(|line| line.contains("remove verifiedrevid")),
        "{said}"
    );
    assert!(
        due("Dioxane").is_some() && due("Ethanol").is_none() && due("Furan").is_none(),
        "{said}"
    );

    // Two a day, and a page that refuses takes nobody's place.
    let repair = json!({ "enabled": true, "per_day": 2, "approval": "a test" });
    scene
        .save_settings(&scene.settings.clone().set("repair", repair))
        .await?;
    let mut mended = Vec::new();
    for seconds in [0, 0, DAY, DAY] {
        let run = scene.job().later(SETTLED + 3 * DAY + seconds).run_ok().await?;
        mended.push(number(&run, "repaired")?);
    }
    let (first, second): (u64, u64) = (mended[..2].iter().sum(), mended[2..].iter().sum());
    assert_eq!((first, second), (2, 1), "{mended:?}");
    let revid = |name: &str| {
        lines
            .iter()
            .find(|(one, _)| *one == name)
            .map_or(0, |(_, revid)| *revid)
    };
    assert_eq!(
        scene.text("Benzene").await?,
        marked("Benzene", TRUE, revid("Benzene"), true)
    );
    assert_eq!(scene.text("Chloroform").await?, plain("Chloroform", TRUE));
    assert_eq!(
        scene.text("Dioxane").await?,
        marked("Dioxane", OTHER, revid("Dioxane"), false)
    );
    assert_eq!(scene.bot_edits("Acetone").await?, [""; 0]);
    assert_eq!(scene.text("Furan").await?, before[5]);
    let said = status(&scene).await?;
    assert!(
        said.contains("Acetone (Chembox): not marked: ") && !said.contains("Benzene (Chembox)"),
        "{said}"
    );
    Ok(())
}

async fn texts(scene: &Boxes, names: &[&str]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    for name in names {
        all.push(scene.text(name).await?);
    }
    Ok(all)
}
