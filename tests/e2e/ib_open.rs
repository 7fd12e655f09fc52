//! The list of the fields that differ now: whose edit it was, what nobody knows, and when it is written.

use anyhow::Result;
use wikicrew_tests::boxes::Boxes;

use crate::ib_chem::{OTHER, TRUE, change, plain};
use crate::ib_seen::shown;

const DAY: i64 = 24 * 3600;

/// The bullets of the chembox's list as a reader sees them.
async fn listed(scene: &Boxes) -> Result<Vec<String>> {
    let page = scene.open_text().await?;
    let bullets = page.lines().filter(|line| line.starts_with('*'));
    Ok(bullets.map(|line| shown(scene, line)).collect())
}

#[tokio::test]
async fn the_list_names_who_changed_the_field_and_says_where_nobody_knows() -> Result<()> {
    let scene = Boxes::new().await?;
    let mut verified = Vec::new();
    for name in ["Acetone", "Benzene", "Chloroform"] {
        scene.article(name, &plain(name, TRUE), "Ann").await?;
        verified.push(scene.verify(name).await?);
    }
    // Long before the bot looked for the first time.
    scene.replace("Benzene", "Eve", TRUE, OTHER, "").await?;
    let newest = scene.revid("Benzene").await?;
    scene.run().await?;

    // Ann's change of the field, Ben's typo on the same page, and a change of a field that is only watched.
    let hers = scene.replace("Acetone", "Ann", TRUE, OTHER, "").await?;
    scene.replace("Acetone", "Ben", "a substance", "a solvent", "").await?;
    scene
        .replace("Chloroform", "Ben", "= Chloroform", "= Trichloromethane", "")
        .await?;
    scene.run().await?;
    let acetone = "** CASNo: “67-64-7”, verified “67-64-1”, since TIME (diff, Ann), compare with the verified revision";
    let benzene =
        "** CASNo: “67-64-7”, verified “67-64-1”, since before the bot looked, compare with the verified revision";
    assert_eq!(listed(&scene).await?, ["* Acetone", acetone, "* Benzene", benzene]);
    let page = scene.open_text().await?;
    let heading = format!("== {} (fields: 2, pages: 2) ==", scene.chem.name);
    assert!(page.contains(&heading), "{page}");
    for link in [
        format!("[[Special:Diff/{hers}|diff]]"),
        format!("[[Special:Diff/{}/{hers}|compare]]", verified[0]),
        format!("[[Special:Diff/{}/{newest}|compare]]", verified[1]),
    ] {
        assert_eq!(page.matches(&link).count(), 1, "{link}\n{page}");
    }
    for nobody in ["Eve", "Ben"] {
        assert!(!page.contains(&format!("{}|", scene.user(nobody))), "{nobody}: {page}");
    }

    // Once a day: not with the next change, but then with all of them; and whoever edits the list is overwritten.
    let title = format!("{}/Open", scene.chem.log);
    change(&scene, &["Chloroform"]).await?;
    scene.run().await?;
    assert_eq!(scene.open_text().await?, page);
    scene
        .world
        .admin
        .edit(&title, &format!("{page}\n* of mine"), "")
        .await?;
    scene.job().later(DAY + 60).run_ok().await?;
    let chloroform =
        "** CASNo: “67-64-7”, verified “67-64-1”, since TIME (diff, Ben), compare with the verified revision";
    let all = ["* Acetone", acetone, "* Benzene", benzene, "* Chloroform", chloroform];
    assert_eq!(listed(&scene).await?, all);

    // All right again: said at once.
    for name in ["Acetone", "Benzene", "Chloroform"] {
        scene.replace(name, "Cem", OTHER, TRUE, "").await?;
    }
    scene.job().later(DAY + 120).run_ok().await?;
    let page = scene.open_text().await?;
    assert!(
        page.contains("\nNothing: every verified field has its verified value.\n") || page.ends_with("verified value."),
        "{page}"
    );
    let edits = scene.world.admin.history(&title).await?.len();
    scene.job().later(DAY + 180).run_ok().await?;
    assert_eq!(scene.world.admin.history(&title).await?.len(), edits);
    Ok(())
}
