//! What bounds a job: caps that hold until an admin looks, a trial that ends by itself, the shrink guard, and settings
//! pages made to choke it.

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::coop::{Coop, Member, profile_text};
use wikicrew_tests::run::Run;
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::settings::page_around;

use crate::steps::{DAY, MINUTES_5, as_read, greeted, part, status, statuses};

async fn learners(coop: &Coop, names: &[&str]) -> Result<Vec<Member>> {
    let people: Vec<(&str, &str)> = names.iter().map(|name| (*name, "writing")).collect();
    coop.add_learners(&people).await
}

/// What the first part of the status page says.
async fn in_force(coop: &Coop) -> Result<String> {
    as_read(coop, part(&status(coop).await?, "in-force")).await
}

#[tokio::test]
async fn the_cap_of_a_run_holds_until_an_admin_saves_the_settings_again() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let learners = learners(&coop, &["A", "B", "C", "D", "E"]).await?;
    let capped = coop.settings.clone().set("max_edits_per_run", 2);
    coop.save_settings(&capped).await?;
    let run = coop.matchbot().run_to(1).await?;
    assert_eq!(greeted(&coop, &learners).await?, 2, "{run}");
    let page = in_force(&coop).await?;
    assert!(
        page.contains("max_edits_per_run is reached: 2 edits in this run"),
        "{page}"
    );
    assert!(page.contains("an admin has to save the settings page again"), "{page}");
    // Held, without another alarm or edit.
    for later in [MINUTES_5, 2 * MINUTES_5] {
        let run = coop.matchbot().later(later).run_ok().await?;
        assert!(run.says("max_edits_per_run is reached"), "{run}");
    }
    assert_eq!((greeted(&coop, &learners).await?, statuses(&coop).await?.len()), (2, 1));
    // An admin's save, though it changes nothing that matters, lets it write on: up to the cap again.
    coop.save_settings(&capped.clone().set("minor", true)).await?;
    coop.matchbot().run_to(1).await?;
    assert_eq!(greeted(&coop, &learners).await?, 4);
    coop.save_settings(&coop.settings).await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(greeted(&coop, &learners).await?, 5);
    assert!(!in_force(&coop).await?.contains("Nothing is written"));
    Ok(())
}

#[tokio::test]
async fn the_cap_of_a_day_counts_over_runs_and_is_released_by_an_admin() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let first = learners(&coop, &["A", "B"]).await?;
    // Two greetings and the status page.
    let capped = coop.settings.clone().set("max_edits_per_day", 4);
    coop.save_settings(&capped).await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(greeted(&coop, &first).await?, 2);
    let second = learners(&coop, &["C", "D", "E", "F", "G", "H"]).await?;
    let run = coop.matchbot().run_to(1).await?;
    assert_eq!(greeted(&coop, &second).await?, 1, "{run}");
    let page = in_force(&coop).await?;
    assert!(
        page.contains("max_edits_per_day is reached: 4 edits in 24 hours"),
        "{page}"
    );
    coop.matchbot().later(MINUTES_5).run_ok().await?;
    // Nor does a new day free it: a person has to look.
    coop.matchbot().later(DAY + DAY / 2).run_ok().await?;
    assert_eq!(greeted(&coop, &second).await?, 1);

    // What was edited before the cap was reached counts no more; edits in the same second, and the status page, may.
    coop.save_settings(&capped.clone().set("minor", true)).await?;
    let run = coop.matchbot().run_to(1).await?;
    let count = greeted(&coop, &second).await?;
    assert!(
        (2..=5).contains(&count),
        "writing goes on, up to the cap: {count} greeted\n{run}"
    );
    Ok(())
}

#[tokio::test]
async fn a_trial_ends_by_its_edits_or_its_date_and_can_be_reported() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["general"]).await?;
    let first = learners(&coop, &["A", "B", "C", "D"]).await?;
    let trial = |edits: u32, until: &str| {
        coop.settings
            .clone()
            .set("trial", json!({ "edits": edits, "until": until }))
    };
    coop.save_settings(&trial(3, "2099-12-31")).await?;
    let run = coop.matchbot().run_ok().await?;
    assert_eq!(greeted(&coop, &first).await?, 3, "{run}");
    assert!(
        in_force(&coop).await?.contains("the trial is over (3 edits made)"),
        "{}",
        in_force(&coop).await?
    );
    coop.matchbot().later(MINUTES_5).run_ok().await?;
    // Another save of the same trial does not begin it anew.
    coop.save_settings(&trial(3, "2099-12-31").set("minor", true)).await?;
    coop.matchbot().later(2 * MINUTES_5).run_ok().await?;
    assert_eq!(greeted(&coop, &first).await?, 3);

    let report = coop.matchbot().args(&["trial-report"]).run_ok().await?;
    let parsed = coop.world.admin.parse_text("API", &report.stdout, "text|links").await?;
    let items = parsed["text"].as_str().unwrap_or_default().matches("<li>").count();
    assert_eq!(items, report.stdout.lines().count(), "a list:\n{}", report.stdout);
    for learner in &first[..3] {
        let revid = coop.world.admin.history(&learner.talk).await?[0].revid;
        let line = report
            .stdout
            .lines()
            .find(|line| line.contains(&format!("[[Special:Diff/{revid}|")));
        assert!(
            line.is_some_and(|line| line.starts_with("# ")),
            "{revid} in\n{}",
            report.stdout
        );
    }

    // By date: the day itself is the last one.
    let tomorrow = &coop.world.rows("SELECT DATE(UTC_TIMESTAMP() + INTERVAL 1 DAY)").await?[0][0];
    coop.save_settings(&trial(40, tomorrow)).await?;
    let run = coop.matchbot().later(2 * DAY).run_ok().await?;
    assert_eq!(greeted(&coop, &first).await?, 3, "{run}");
    assert!(
        in_force(&coop)
            .await?
            .contains(&format!("the trial is over (it ran until {tomorrow})"))
    );
    coop.matchbot().later(DAY).run_ok().await?;
    assert_eq!(greeted(&coop, &first).await?, 4);
    Ok(())
}

/// Takes these members out of all categories.
async fn empty(coop: &Coop, members: &[Member]) -> Result<()> {
    let pages: Vec<NewPage> = members
        .iter()
        .map(|member| NewPage::new(&member.profile, &profile_text(&[])).by(member.name()))
        .collect();
    coop.world.load(&pages).await
}

/// A new learner comes, and the job runs with these arguments.
async fn another(coop: &Coop, name: &str, args: &[&str]) -> Result<(usize, Run)> {
    let learner = coop.add_learner(name, "writing").await?;
    let run = coop.matchbot().args(args).run_ok().await?;
    Ok((coop.greetings_of(&learner).await?, run))
}

#[tokio::test]
async fn nobody_is_greeted_by_a_list_that_came_back_empty() -> Result<()> {
    // Below half, then empty; the other list at once.
    for (list, offers, cuts) in [
        ("writing", ["writing"], &[(5, "B"), (0, "C")][..]),
        ("optout", ["optout"], &[(0, "C")]),
    ] {
        let coop = Coop::new().await?;
        let names: Vec<String> = (1..=11).map(|n| format!("M{n}")).collect();
        let people: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), offers.as_slice())).collect();
        let mentors = coop.add_mentors(&people).await?;
        coop.add_mentor("General", &["general"]).await?;
        let category = if list == "optout" {
            coop.optout.clone()
        } else {
            coop.skill("writing")?.mentors.clone()
        };
        let (count, run) = another(&coop, "A", &[]).await?;
        assert_eq!(count, 1, "{list}: {run}");

        for (keep, name) in cuts {
            empty(&coop, &mentors[*keep..]).await?;
            let (count, run) = another(&coop, name, &[]).await?;
            assert_eq!(count, 0, "{list}, {keep} left: {run}");
            assert!(run.says(&category) && run.says("--accept-shrink"), "{list}: {run}");
            let page = as_read(&coop, part(&status(&coop).await?, "waiting")).await?;
            assert!(
                page.contains(&category) && page.contains("less than half"),
                "{list}: {page}"
            );
        }
        let (count, run) = another(&coop, "D", &["--accept-shrink", "Category:Another list"]).await?;
        assert_eq!(count, 0, "{list}: {run}");
        // Let pass once, by its name, and the new length counts from then on.
        let (count, run) = another(&coop, "E", &["--accept-shrink", &category]).await?;
        assert_eq!(count, 1, "{list}: {run}");
        let (count, run) = another(&coop, "F", &[]).await?;
        assert_eq!(count, 1, "{list}: {run}");
        let waiting = coop.world.count("request WHERE state <> 'answered'").await?;
        assert_eq!(waiting, 0, "{list}: those who waited were greeted too");
        assert_eq!(part(&status(&coop).await?, "waiting"), "Nobody.", "{list}");
    }
    Ok(())
}

#[tokio::test]
async fn hostile_settings_pages_are_rejected_quickly() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_learner("Lea", "writing").await?;
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let before = n - 1;
        let list = vec![format!("*a{before}"); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{list}]\n"));
    }
    let large = format!("{}# {}\n", coop.settings.yaml(), "x".repeat(300_000));
    let deep = format!("enabled: {}true{}\n", "[".repeat(5_000), "]".repeat(5_000));
    for (what, yaml, says) in [
        ("a page of 300 kB", large, "bytes"),
        ("aliases of aliases", format!("{}{bomb}", coop.settings.yaml()), "alias"),
        ("ten thousand brackets", deep, "line"),
    ] {
        let title = coop.settings_title();
        // By the loader: an edit of that size is slow in the wiki, not in the job.
        coop.world.load(&[NewPage::new(&title, &page_around(&yaml))]).await?;
        let run = coop.matchbot().run_to(78).await?;
        assert!(run.says(says), "{what}: {run}");
        assert!(run.seconds < 6.0, "{what}: {run}");
        let page = in_force(&coop).await?;
        assert!(page.contains("rejected") && page.contains(says), "{what}: {page}");
        assert!(page.len() < 5_000, "{what}");
    }
    Ok(())
}
