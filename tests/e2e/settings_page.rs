//! What is told of a settings page or a draft that is wrong: everything at once, with line and column, once.

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::settings::page_around;
use wikicrew_tests::world::World;

use crate::steps::{as_read, part, status, statuses};

/// Runs on a wrong page and gives what the status page says; a second run must not edit it again.
async fn told(coop: &Coop) -> Result<String> {
    let before = statuses(coop).await?.len();
    let edits = async || anyhow::Ok(coop.world.admin.contributions(&coop.world.bot.name).await?.len());
    let edits_before = edits().await?;
    coop.matchbot().run_to(78).await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(statuses(coop).await?.len(), before + 1, "said once");
    assert_eq!(edits().await?, edits_before + 1, "and nothing else is edited");
    as_read(coop, part(&status(coop).await?, "in-force")).await
}

#[tokio::test]
async fn all_problems_are_told_at_once_with_line_and_column() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    coop.add_learner("Lea", "writing").await?;

    coop.save_settings_yaml("enabled: true\ncategories:\n  general: [unclosed\npages: x\n")
        .await?;
    let page = told(&coop).await?;
    assert!(
        page.contains("rejected") && page.contains("line 5, column 12"),
        "where the bracket is: {page}"
    );

    let wrong = coop
        .settings
        .clone()
        .set("categories.optuot", "Category:X")
        .set("categories.general", "User:Ann")
        .set("categories.skillslist", json!(["writing", "communication", "images"]))
        .set("greetings.matchgreeting", "Hello {0}, ask {2}!")
        .set("greetings.nomatchgreeting", "Hello {maintianer}!")
        .set("max_edits_per_run", "many");
    coop.save_settings(&wrong).await?;
    let page = told(&coop).await?;
    let yaml = wrong.yaml();
    let place = |key: &str| {
        let line = yaml
            .lines()
            .position(|line| line.trim_start().starts_with(&format!("{key}:")));
        // Two lines stand before the block.
        format!(
            "line {}, column ",
            line.unwrap_or_else(|| panic!("no {key} in\n{yaml}")) + 3
        )
    };
    for (key, says) in [
        ("optuot", "optout"),
        ("general", "namespace User; a category is wanted"),
        (
            "skillslist",
            "skillslist has 3, requestcategories 2, mentorcategories 2",
        ),
        ("matchgreeting", "skill"),
        ("nomatchgreeting", "maintainer"),
        ("max_edits_per_run", "number"),
    ] {
        let line = page
            .lines()
            .find(|line| line.contains(&place(key)) && line.contains(says));
        assert!(line.is_some(), "{key}: {}… {says}\n{page}", place(key));
    }

    // A page of another wiki's namespaces: local and canonical names are good, others are not.
    coop.save_settings(&coop.settings.clone().set("categories.general", "Kategorie:Allgemeines"))
        .await?;
    coop.matchbot().run_ok().await?;
    let page = as_read(&coop, part(&status(&coop).await?, "in-force")).await?;
    assert!(
        page.contains("the page Category:Kategorie:Allgemeines does not exist")
            || page.contains("the page `Category:Kategorie:Allgemeines` does not exist"),
        "{page}"
    );
    Ok(())
}

#[tokio::test]
async fn a_missing_category_page_is_a_warning_and_no_obstacle() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let optout = coop.optout.clone();
    coop.world.admin.delete(&optout, "").await?;
    let run = coop.matchbot().run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1, "{run}");
    let page = as_read(&coop, part(&status(&coop).await?, "in-force")).await?;
    assert!(
        page.contains("The settings were accepted, but look at this")
            && page.contains(&format!("{optout}` does not exist")),
        "{page}"
    );
    coop.matchbot().run_ok().await?;
    assert_eq!(statuses(&coop).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn settings_outside_the_jobs_scope_are_rejected() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_learner("Lea", "writing").await?;
    let user = format!("User:{} Someone", coop.world.prefix);
    for (main, talk, says) in [
        (
            user.as_str(),
            user.replacen("User:", "User talk:", 1).as_str(),
            "no talk page of a user",
        ),
        (
            coop.main.as_str(),
            "Wikipedia talk:Village pump",
            "this is not the talk page of pages.main: write",
        ),
        (
            coop.main.as_str(),
            "User talk:Ann",
            "this is not the talk page of pages.main: write",
        ),
        (coop.talk.as_str(), coop.talk.as_str(), "cannot be talk pages"),
    ] {
        let profile = format!("{main}/Maintainer");
        let settings = coop
            .settings
            .clone()
            .set("pages.main", main)
            .set("pages.talk", talk)
            .set("defaultmentorprofile", profile);
        coop.save_settings(&settings).await?;
        let page = told(&coop).await?;
        assert!(page.contains(says), "{main}, {talk}: {page}");
    }
    Ok(())
}

#[tokio::test]
async fn pre_and_syntaxhighlight_as_an_admin_saves_them_in_the_ordinary_way() -> Result<()> {
    for (wiki, has_tag) in [("en", true), ("de", false)] {
        let coop = Coop::in_world(World::on(wiki).await?, &["writing"]).await?;
        coop.add_mentor("Mia", &["writing"]).await?;
        let learners = coop.add_learners(&[("A", "writing")]).await?;
        let (yaml, admin, title) = (coop.settings.yaml(), &coop.world.admin, coop.settings_title());

        let highlighted = format!("Settings.\n<syntaxhighlight lang=\"yaml\">\n{yaml}</syntaxhighlight>\n");
        coop.save_settings_text(&highlighted).await?;
        let saved = admin.text(&title).await?.unwrap_or_default();
        assert_eq!(
            saved.contains("~~~~"),
            has_tag,
            "{wiki}: the wiki signs where it has no such tag"
        );
        if has_tag {
            coop.matchbot().run_ok().await?;
            assert_eq!(coop.greetings_of(&learners[0]).await?, 1, "{wiki}");
        } else {
            let page = told(&coop).await?;
            assert!(
                page.contains("this wiki has no tag <syntaxhighlight>") && page.contains("use <pre>"),
                "{page}"
            );
        }

        // A signature that was expanded on save.
        let signed = yaml.replace(
            "~~~~",
            "[[User:Admin|Admin]] ([[User talk:Admin|talk]]) 12:34, 1 January 2026 (UTC)",
        );
        coop.save_settings_yaml(&signed).await?;
        let page = told(&coop).await?;
        assert!(page.contains("a finished signature stands here"), "{wiki}: {page}");

        coop.save_settings_text(&format!("{}\n{}", page_around(&yaml), page_around("enabled: false\n")))
            .await?;
        let page = told(&coop).await?;
        assert!(
            page.contains("two") || page.contains("more than one") || page.contains("2 "),
            "{wiki}: which of two blocks? {page}"
        );

        coop.save_settings_text(&page_around(&yaml)).await?;
        assert!(
            admin.text(&title).await?.unwrap_or_default().contains("~~~~"),
            "{wiki}: <pre> keeps it"
        );
        coop.matchbot().run_ok().await?;
        assert_eq!(coop.greetings_of(&learners[0]).await?, 1, "{wiki}");
    }
    Ok(())
}

#[tokio::test]
async fn a_draft_by_anybody_is_judged_and_never_executed() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let draft = format!("{}/draft", coop.settings_title());
    let newcomer = coop.world.account("Newcomer", json!({ "new": true })).await?;
    let newcomer_api = coop.world.login(&newcomer).await?;
    let verdict = async || -> Result<String> {
        coop.matchbot().run_ok().await?;
        let count = statuses(&coop).await?.len();
        coop.matchbot().run_ok().await?;
        assert_eq!(
            statuses(&coop).await?.len(),
            count,
            "an unchanged draft makes no further edit"
        );
        as_read(&coop, part(&status(&coop).await?, "in-force")).await
    };

    // Stop the bot by a draft? No.
    let other = coop.settings.clone().set("enabled", false).set("max_edits_per_run", 7);
    newcomer_api.edit(&draft, &other.page(), "").await?;
    let page = verdict().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1, "not executed");
    assert!(page.contains("would be accepted. It differs in 3 lines"), "{page}");
    assert!(page.contains(&newcomer.name), "{page}");
    for line in ["-enabled: true", "+enabled: false", "+max_edits_per_run: 7"] {
        assert!(page.contains(line), "{line} in {page}");
    }

    newcomer_api.edit(&draft, &coop.settings.page(), "").await?;
    let page = verdict().await?;
    assert!(page.contains("would be accepted and does not differ"), "{page}");

    let hostile = coop.settings.clone().set(
        "enabeld",
        "{{delete}} [[User:Admin]] ~~~~ https://example.org <!-- in-force -->",
    );
    newcomer_api.edit(&draft, &hostile.page(), "").await?;
    let page = verdict().await?;
    assert!(
        page.contains("would be rejected") && page.contains("enabeld") && page.contains("enabled"),
        "{page}"
    );
    assert!(page.contains("is in force"), "{page}");

    newcomer_api.edit(&draft, "", "").await?;
    assert!(!verdict().await?.contains("draft"), "an empty draft is none");
    Ok(())
}
