//! `scripts/backup` and `scripts/restore`: a database that is some days behind the wiki doubles nothing, because the
//! tokens of what was done stand in the edit summaries.

use anyhow::{Context, Result};
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Job;
use wikicrew_tests::sandbox::root;
use wikicrew_tests::scene::{DAY, LATER, Scene};

#[tokio::test]
async fn a_restored_backup_makes_no_edit_twice() -> Result<()> {
    let scene = Scene::new().await?;
    let before = scene
        .coop
        .add_learners(&[("Ann", "writing"), ("Cid", "writing")])
        .await?;
    scene
        .http
        .rule(When::edit_of(&before[1].talk).nth(1), Fault::ForwardAndLose);
    scene.job().run_ok().await?;

    let queued = "INSERT INTO feed_line (job, wiki, feed, item, queued, state) VALUES ('x', 'y', 'z', 1, NOW(), ";
    scene.coop.world.execute(&format!("{queued}'waiting')")).await?;

    // Ann is greeted, of Cid nobody knows.
    let folder = std::env::temp_dir().join(format!("wikicrew-backup-{}", scene.coop.world.prefix));
    script(&scene, "backup")
        .args(&[&folder.to_string_lossy()])
        .run_ok()
        .await?;
    let dump = std::fs::read_dir(&folder)?.next().context("no dump was made")??.path();

    let ben = scene.coop.add_learner("Ben", "writing").await?;
    scene.job().later(LATER).run_ok().await?;
    for learner in before.iter().chain([&ben]) {
        scene.greeted_once(learner).await?;
    }

    let dump = dump.to_string_lossy();
    let refused = script(&scene, "restore").args(&[&dump]).run_to(1).await?;
    assert!(
        refused.says("--replace"),
        "not over rows that nobody asked to lose\n{refused}"
    );
    script(&scene, "restore").args(&["--replace", &dump]).run_ok().await?;
    std::fs::remove_dir_all(&folder)?;
    assert_eq!(scene.coop.world.count("matches").await?, 1, "it is the older database");
    let doubtful = scene.coop.world.count("feed_line WHERE in_doubt = 1").await?;
    assert_eq!(doubtful, 1, "what waited may have been told since");

    let edits = scene.coop.world.admin.contributions(&scene.coop.world.bot.name).await?;
    let talk_edits = |edits: &[(String, String)]| {
        edits
            .iter()
            .filter(|(title, _)| title.starts_with("Wikipedia talk:"))
            .count()
    };
    for later in [2 * LATER, DAY] {
        scene.job().later(later).run_ok().await?;
    }
    let after = scene.coop.world.admin.contributions(&scene.coop.world.bot.name).await?;
    assert_eq!((talk_edits(&edits), talk_edits(&after)), (3, 3));
    for learner in before.iter().chain([&ben]) {
        scene.greeted_once(learner).await?;
    }
    Ok(())
}

/// One of the scripts, with this world's database.
fn script(scene: &Scene, name: &str) -> Job {
    let url = scene.coop.world.database_url();
    let url = url.split('?').next().unwrap_or_default();
    Job::new(name)
        .program(root().join("scripts").join(name))
        .env("WIKICREW_DATABASE_URL", url)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
}
