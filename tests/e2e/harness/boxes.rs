//! The chemistry project of infobox-check: do its templates show marks and set categories, does a bulk load leave what
//! edits of people leave?

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::boxes::{Boxes, BulkEdit};
use wikicrew_tests::world::World;

const ACETONE: &str = "{{chembox\n| verifiedrevid = 7\n| Name = Acetone\n| Section1={{Chembox Identifiers\n\
    | CASNo_Ref = {{cascite|correct|??}}\n| CASNo = 67-64-1\n }}\n| Section2={{Chembox Properties\n| BoilingPt = 56 °C\n}}\n}}\nA solvent.";

#[tokio::test]
async fn boxes_show_their_marks_and_categories() -> Result<()> {
    let scene = Boxes::new().await?;
    let first = scene.article("Acetone", ACETONE, "Ann").await?;
    assert_eq!(scene.verify("Acetone").await?, first);
    assert_eq!(scene.text("Acetone").await?, ACETONE);
    let html = async || {
        let parsed = scene.world.admin.parse_page(&scene.title("Acetone"), "text").await?;
        anyhow::Ok(parsed["text"].as_str().unwrap_or_default().to_owned())
    };
    let shown = html().await?;
    for part in ["67-64-1 ✓", "Boiling point", "<td colspan=\"2\">✓"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert_eq!(scene.categories("Acetone").await?, [""; 0]);

    let changed = ACETONE
        .replace(
            "{{chembox",
            "{{Chemical infobox\n| Verifiedfields = changed\n| Watchedfields = changed",
        )
        .replace("cascite|correct", "cascite|changed");
    scene.edit("Acetone", "Ben", &changed, "changes").await?;
    let shown = html().await?;
    assert!(
        shown.contains("67-64-1 ✗") && shown.contains("<td colspan=\"2\">✗"),
        "{shown}"
    );
    let categories = [
        "Changed CAS number",
        "Chemboxes which contain changes to verified fields",
        "Chemboxes which contain changes to watched fields",
    ];
    assert_eq!(scene.categories("Acetone").await?, categories);

    scene.restore("Acetone", "Cem").await?;
    let history = scene.world.admin.history(&scene.title("Acetone")).await?;
    let told: Vec<(String, &str)> = history
        .iter()
        .map(|r| (scene.bare(&r.user), r.summary.as_str()))
        .collect();
    let wanted = [("Ann", ""), ("Ben", "changes"), ("Cem", "restored")];
    assert_eq!(told, wanted.map(|(user, summary)| (user.to_owned(), summary)));
    assert_eq!(history[2].tags, ["mw-manual-revert"]);
    // Reverts by users without `autopatrol` tag nothing as reverted until somebody has patrolled them.
    assert_eq!(history[1].tags, [""; 0]);
    scene.restore("Acetone", "Admin").await?;
    let history = scene.world.admin.history(&scene.title("Acetone")).await?;
    // The wiki gives them in no order.
    let mut tags = history[2].tags.clone();
    tags.sort();
    assert_eq!(tags, ["mw-manual-revert", "mw-reverted"]);
    assert_eq!(history[2].text, scene.own(ACETONE));

    let index = scene.world.admin.text(&scene.chem.index).await?.unwrap_or_default();
    let line = format!("\n* [[Special:PermanentLink/{first}|{}]]", scene.title("Acetone"));
    assert_eq!(index.matches("PermanentLink").count(), 1, "{index}");
    assert!(index.ends_with(&line), "{index}");
    Ok(())
}

#[tokio::test]
async fn the_settings_of_a_project_are_accepted_on_either_wiki() -> Result<()> {
    for wiki in ["en", "de"] {
        let scene = Boxes::in_world(World::on(wiki).await?).await?;
        let run = scene.job().args(&["show-settings"]).run_ok().await?;
        for part in [&scene.chem.name, &scene.drug.name] {
            assert!(run.stdout.contains(part.as_str()), "{part} in {run}");
        }
        let key = scene.key(&scene.chem, "watched_fields");
        scene
            .save_settings(&scene.settings.clone().set(&key, json!(["Name"])))
            .await?;
        let run = scene.job().args(&["show-settings"]).run().await?;
        assert!(run.code != 0 && run.says("`CASNo` is not watched"), "{run}");
    }
    Ok(())
}

#[tokio::test]
async fn a_bulk_load_leaves_what_edits_leave() -> Result<()> {
    let scene = Boxes::new().await?;
    let text = |n: usize| ACETONE.replace("67-64-1", &format!("{n}-00-0"));
    let names = scene.compounds(&scene.chem, 60, text).await?;
    let edit = |n: usize| BulkEdit {
        name: names[n % names.len()].clone(),
        user: ["Ann", "Ben"][n % 2].into(),
        text: text(n + 1) + &format!(" {n}"),
    };
    let edits: Vec<BulkEdit> = (0..200).map(edit).collect();
    let revids = scene.bulk(&edits).await?;
    for (n, edit) in edits.iter().enumerate().skip(140) {
        assert_eq!(
            scene.revid(&edit.name).await?,
            revids[n],
            "the last edit of {}",
            edit.name
        );
    }
    let params = [
        ("action", "query"),
        ("list", "recentchanges"),
        ("rcuser", &scene.user("Ben")),
        ("rcprop", "ids|title"),
        ("rclimit", "max"),
    ];
    let answer = scene.world.admin.get(&params).await?;
    assert_eq!(answer["query"]["recentchanges"].as_array().map(Vec::len), Some(100));
    Ok(())
}
