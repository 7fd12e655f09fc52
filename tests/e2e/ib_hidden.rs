//! What the wiki hides: a name or a text that was hidden after it had been logged goes from the pages and from the
//! database within a day, and what was hidden before never gets there.

use anyhow::{Context, Result};
use serde_json::json;
use wikicrew_tests::boxes::Boxes;

use crate::ib_chem::{OTHER, TRUE, articles};
use crate::ib_seen::{log_lines, shown as shown_text};

const DAY: i64 = 24 * 3600;

/// All pages that the bot writes, as they stand.
async fn pages(scene: &Boxes) -> Result<String> {
    let mut titles = scene.log_titles(&scene.chem).await?;
    titles.extend([scene.chem.log.clone(), scene.status_title()]);
    let mut all = String::new();
    for title in titles {
        let newest = scene.world.admin.text(&title).await?;
        all += &format!("{title}\n{}\n", newest.unwrap_or_default());
    }
    Ok(all)
}

/// All tables that hold names or values of edits.
async fn tables(scene: &Boxes) -> Result<String> {
    let mut all = String::new();
    for table in ["field_change", "open_field", "intent", "memo", "box_page", "page_mark"] {
        all += &scene.world.table(&format!("SELECT * FROM {table}")).await?;
    }
    Ok(all)
}

#[tokio::test]
async fn what_is_hidden_goes_within_a_day_and_what_was_hidden_never_comes() -> Result<()> {
    let names = ["Acetone", "Benzene", "Chloroform", "Dioxane"];
    let (scene, _) = articles(&names).await?;
    let suppressor = json!({ "groups": ["suppress", "sysop"] });
    let suppressor = scene.world.account("Suppressor", suppressor).await?;
    let suppressor = scene.world.login(&suppressor).await?;

    // A name and a text that will be hidden, a text that is hidden before the job sees it, and an ordinary edit.
    let named = scene.replace("Acetone", "Mallory", TRUE, "1-1-1", "").await?;
    let libel = scene.replace("Benzene", "Ben", TRUE, "Jane Roe did it", "").await?;
    scene.replace("Benzene", "Cem", "Jane Roe did it", OTHER, "").await?;
    let before = scene.replace("Chloroform", "Ben", TRUE, "John Doe did it", "").await?;
    scene.replace("Chloroform", "Cem", "John Doe did it", OTHER, "").await?;
    scene.replace("Dioxane", "Ben", TRUE, OTHER, "").await?;
    suppressor.hide_revision(before, "content").await?;
    scene.run().await?;
    let mallory = scene.user("Mallory");
    let (shown, stored) = (pages(&scene).await?, tables(&scene).await?);
    assert!(
        !shown.contains("John Doe") && !stored.contains("John Doe"),
        "{shown}{stored}"
    );
    for there in [mallory.as_str(), "Jane Roe"] {
        assert!(
            shown.contains(there) && stored.contains(there),
            "{there}\n{shown}{stored}"
        );
    }
    assert_eq!(
        shown.matches(&mallory).count(),
        4,
        "a link on the log and one on the list\n{shown}"
    );

    suppressor.hide_revision(named, "user").await?;
    suppressor.hide_revision(libel, "content").await?;
    scene.job().later(DAY + 3600).run_ok().await?;
    let (shown, stored) = (pages(&scene).await?, tables(&scene).await?);
    for gone in [mallory.as_str(), "Jane Roe", "John Doe"] {
        assert!(
            !shown.contains(gone) && !stored.contains(gone),
            "{gone}\n{shown}{stored}"
        );
    }
    let mut lines = log_lines(&scene, &scene.chem).await?;
    lines.sort();
    assert_eq!(
        lines[..3],
        ["Acetone: (hidden)", "Benzene: (hidden)", "Benzene: (hidden)"],
        "{lines:#?}"
    );
    let others: Vec<&String> = lines.iter().filter(|line| !line.ends_with(": (hidden)")).collect();
    assert!(
        others.iter().all(|line| line.starts_with("Dioxane: TIME (diff) Ben: ")) && others.len() == 1,
        "{lines:#?}"
    );
    let rows = scene.row_lines().await?;
    let of = |start: &str| -> Vec<&str> {
        rows.iter()
            .filter(|row| row.starts_with(start))
            .map(String::as_str)
            .collect()
    };
    assert_eq!(
        of("Acetone"),
        ["Acetone Chembox#0 CASNo: changed correct_changed, 67-64-1 -> 1-1-1 (67-64-1) by ."]
    );
    assert!(
        of("Benzene")[0].ends_with("CASNo: changed correct_changed, . -> . (.) by Ben"),
        "{rows:#?}"
    );

    // The field still differs: the list goes on to say so, without the name.
    let open = scene.open_text().await?;
    let wanted = "CASNo: “1-1-1”, verified “67-64-1”, since TIME (diff, (user name hidden)), compare";
    assert!(shown_text(&scene, &open).contains(wanted), "{open}");
    let history = scene
        .world
        .admin
        .history(&scene.log_titles(&scene.chem).await?[0])
        .await?;
    let newest = history.last().context("no history")?;
    assert!(
        newest.summary.starts_with("Marked what was reverted or hidden since"),
        "{}",
        newest.summary
    );
    Ok(())
}
