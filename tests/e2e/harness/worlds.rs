//! Worlds, sessions and the Co-op fixture on both wikis.

use anyhow::Result;
use wikicrew_tests::api::code_of;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::world::World;

#[tokio::test]
async fn two_worlds_do_not_meet() -> Result<()> {
    let (one, two) = (World::new().await?, World::new().await?);
    assert_ne!(one.prefix, two.prefix);
    assert_ne!(one.database_name(), two.database_name());
    one.execute("CREATE TABLE t (id INT)").await?;
    assert_eq!(one.row_counts().await?, "t: 0\n");
    assert_eq!(two.row_counts().await?, "");
    let (name, asking) = (
        one.database_name().to_owned(),
        format!("SHOW DATABASES LIKE '{}'", one.database_name()),
    );
    drop(one);
    assert_eq!(two.table(&asking).await?, "", "{name} goes with its world");
    Ok(())
}

#[tokio::test]
async fn people_do_what_people_do() -> Result<()> {
    let world = World::new().await?;
    let (page, moved) = (world.own("Page"), world.own("Moved"));
    let [una, ben] = &world.people(&["Una", "Ben"]).await?[..] else {
        panic!("two people")
    };
    let user = world.login(una).await?;
    let first = user
        .edit(&page, &format!("Hello [[User:{}]]! ~~~~", ben.name), "hello")
        .await?;
    assert!(
        world
            .admin
            .text(&page)
            .await?
            .unwrap()
            .contains(&format!("[[User:{}|", una.name)),
        "signed"
    );
    let told = world.login(ben).await?.notifications().await?;
    assert_eq!(
        (told[0].kind.as_str(), &told[0].agent, told[0].revid),
        ("mention", &una.name, first)
    );

    world.admin.protect(&page, "sysop", "infinite", false).await?;
    assert_eq!(
        code_of(&user.append(&page, "more", "").await.unwrap_err()),
        Some("protectedpage")
    );
    world.admin.protect(&page, "all", "infinite", false).await?;
    world.admin.move_page(&page, &moved, true).await?;
    assert_eq!(world.admin.page_id(&page).await?, None);
    world.admin.delete(&moved, "away").await?;
    assert_eq!(world.admin.text(&moved).await?, None);
    world.admin.undelete(&moved, "back").await?;
    let revisions = world.admin.history(&moved).await?;
    assert_eq!((revisions[0].revid, revisions[0].summary.as_str()), (first, "hello"));
    user.append(&moved, "more", "").await?;
    world.admin.set_groups(&ben.name, "suppress", "").await?;
    world.login(ben).await?.hide_revision(first, "user|content").await?;
    assert_eq!(world.login(una).await?.history(&moved).await?[0].user, "");

    world.admin.block_from(&una.name, &moved).await?;
    assert_eq!(
        code_of(&user.append(&moved, "more", "").await.unwrap_err()),
        Some("blocked")
    );
    user.append(&page, "a partial block leaves other pages", "").await?;
    world.admin.block(&una.name).await?;
    assert_eq!(
        code_of(&user.append(&page, "more", "").await.unwrap_err()),
        Some("blocked")
    );
    world.admin.unblock(&una.name).await?;
    user.append(&page, "more", "").await?;
    world.admin.set_groups(&una.name, "bot", "").await?;
    let parsed = world.admin.parse_page(&page, "links|externallinks").await?;
    assert_eq!(parsed["externallinks"].as_array().map(Vec::len), Some(0));
    let parsed = world
        .admin
        .parse_text(&page, "https://example.org/", "externallinks")
        .await?;
    assert_eq!(parsed["externallinks"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_coop_stands_on_either_wiki() -> Result<()> {
    for wiki in ["en", "de"] {
        let coop = Coop::in_world(World::on(wiki).await?, &["writing", "technical editing"]).await?;
        let mentor = coop.add_mentor("Mia", &["writing", "general"]).await?;
        let learner = coop.add_learner("Lea", "writing").await?;
        let admin = &coop.world.admin;
        let skill = coop.skill("writing")?;
        for (category, member) in [
            (&skill.request, &learner),
            (&skill.mentors, &mentor),
            (&coop.general, &mentor),
        ] {
            assert_eq!(admin.members(category).await?, [member.profile.as_str()]);
        }
        assert_eq!(admin.history(&learner.profile).await?[0].user, learner.name());
        assert_eq!(coop.greetings_of(&learner).await?, 0);
        assert!(
            coop.skill("cooking")
                .err()
                .unwrap()
                .to_string()
                .contains("only writing, technical editing")
        );

        let info = admin.info(&coop.settings_title()).await?;
        assert_eq!(info["protection"][0]["level"], "sysop", "{info}");
        let text = admin.text(&coop.settings_title()).await?.unwrap();
        assert!(text.contains("{2} ~~~~\""), "the signature stays unexpanded: {text}");
        coop.save_settings(&coop.settings.clone().set("enabled", false)).await?;
        assert!(
            admin
                .text(&coop.settings_title())
                .await?
                .unwrap()
                .contains("enabled: false\n")
        );
        let history = admin.history(&coop.settings_title()).await?;
        assert_eq!(history.len(), 4, "placeholder, protection, settings, settings");
        // Protection first, also where the page had gone.
        admin.delete(&coop.settings_title(), "").await?;
        coop.save_settings(&coop.settings).await?;
        assert_eq!(
            admin.info(&coop.settings_title()).await?["protection"][0]["level"],
            "sysop"
        );
        // Names are those of the wiki's language.
        assert_eq!(admin.info(&coop.talk).await?["ns"], 5);
        assert_eq!(admin.info(&coop.general).await?["ns"], 14);
    }
    Ok(())
}

#[tokio::test]
async fn scrubbing_takes_out_what_differs_between_worlds() -> Result<()> {
    let world = World::new().await?;
    let text = format!(
        "{p} Bot: Hello (mb-7k2q9d4xfa) 13:05, 7 March 2026 (UTC) 2026-03-07T13:05:59Z Special:Diff/123 {l}",
        p = world.prefix,
        l = world.prefix.to_lowercase()
    );
    assert_eq!(
        world.scrub(&text),
        "PREFIX Bot: Hello (TOKEN) TIME TIME Special:Diff/N prefix"
    );
    Ok(())
}
