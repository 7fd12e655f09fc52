//! A wiki in another language: namespaces by local and canonical name, dates and signatures in German, and no
//! SyntaxHighlight.

use anyhow::{Context, Result};
use serde_json::json;
use wikicrew_tests::coop::{Coop, profile_text};
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::world::World;

use crate::seen::{ensure_idle, timeless, waiting};

#[tokio::test]
async fn names_of_namespaces_may_be_local_or_canonical() -> Result<()> {
    let coop = Coop::in_world(World::on("de").await?, &["Schreiben", "Technik"]).await?;
    let local = |title: &str| title.replace("Kategorie:", "");
    let (writing, technology) = (&coop.skills[0], &coop.skills[1]);
    let settings = coop
        .settings
        .clone()
        .set(
            "pages.main",
            coop.main.replace("Wikipedia:", "project:").replace(' ', "_"),
        )
        .set("pages.talk", coop.talk.clone())
        .set(
            "defaultmentorprofile",
            coop.maintainer.profile.replace("Wikipedia:", "WP:"),
        )
        .set("categories.general", local(&coop.general))
        .set("categories.optout", coop.optout.replace("Kategorie:", "kategorie:"))
        .set(
            "categories.requestcategories",
            json!([writing.request, technology.request.replace("Kategorie:", "Category:")]),
        )
        .set(
            "categories.mentorcategories",
            json!([
                local(&writing.mentors),
                technology.mentors.replace("Kategorie:", "category:").replace(' ', "_")
            ]),
        )
        .set("greetings.matchtopic", "Willkommen!")
        .set(
            "greetings.matchgreeting",
            "[[Benutzer:{mentor}|{mentor}]] hilft dir bei „{skill}“.",
        )
        .set(
            "greetings.noflowtemplate",
            "\n\n== {topic} ==\nHallo [[Benutzerin:{learner}|{learner}]]! {text} ~~~~",
        )
        .set(
            "messages",
            json!({ "heading-waiting": "Wartet auf jemanden", "nobody-waits": "Niemand." }),
        );
    coop.save_settings(&settings).await?;
    let mentors = coop
        .add_mentors(&[
            ("Mia", &["Schreiben"]),
            ("Öztürk", &["Technik"]),
            ("Otto", &["Technik", "optout"]),
        ])
        .await?;
    let learners = coop.add_learners(&[("Lea", "Schreiben"), ("Jörg", "Technik")]).await?;
    let before = "== Hallo ==\nGrüße";
    coop.world.load(&[NewPage::new(&learners[1].talk, before)]).await?;

    let run = coop.matchbot().run_ok().await?;
    let bot = &coop.world.bot.name;
    for ((learner, mentor), (skill, before)) in learners
        .iter()
        .zip(&mentors)
        .zip([("Schreiben", ""), ("Technik", "== Hallo ==\nGrüße\n\n")])
    {
        let text = coop
            .world
            .admin
            .text(&learner.talk)
            .await?
            .with_context(|| format!("{}\n{run}", learner.talk))?;
        let wanted = format!(
            "{before}== Willkommen! ==\nHallo [[Benutzerin:{0}|{0}]]! [[Benutzer:{1}|{1}]] hilft dir bei „{skill}“. \
             [[Benutzer:{bot}|{bot}]] ([[Benutzer Diskussion:{bot}|Diskussion]]) TIME",
            learner.name(),
            mentor.name(),
        );
        assert_eq!(timeless(&text), wanted);
        for member in [learner, mentor] {
            let told = coop.world.login(&member.account).await?.notifications().await?;
            let mentions = told
                .iter()
                .filter(|note| note.kind == "mention" && note.title == learner.talk)
                .count();
            assert_eq!(mentions, 1, "{}", member.name());
        }
    }
    let summary = &coop.world.admin.history(&learners[0].talk).await?[0].summary;
    assert!(
        summary.ends_with(&format!(
            "([[Benutzer:{bot}/matchbot/Settings/Status|matchbot]], [[Benutzer Diskussion:{bot}|talk]])"
        )),
        "{summary}"
    );
    let rows = coop
        .world
        .rows("SELECT category, matchmade FROM matches ORDER BY category")
        .await?;
    assert_eq!(rows, [[&writing.request, "1"], [&technology.request, "1"]]);
    let status = coop
        .world
        .admin
        .text(&coop.status_title())
        .await?
        .context("a status page")?;
    assert!(
        status.contains("== Wartet auf jemanden ==\n<!-- waiting -->\nNiemand."),
        "{status}"
    );
    ensure_idle(&coop.matchbot().run_ok().await?)?;

    // Redirects and bot templates have German names as well.
    let shy = coop
        .add_learners(&[("Weg", "Schreiben"), ("Ruhe", "Schreiben")])
        .await?;
    coop.world
        .load(&[
            NewPage::new(&shy[0].talk, &format!("#WEITERLEITUNG [[{}]]", coop.talk)),
            NewPage::new(
                &shy[1].profile,
                &format!("{}{{{{Vorlage:nobots}}}}", profile_text(&[&writing.request])),
            ),
        ])
        .await?;
    coop.matchbot().run_ok().await?;
    let lines = waiting(&coop).await?;
    assert!(
        lines.len() == 2 && lines[0].contains("redirect") && lines[1].contains("{{Vorlage:nobots}}"),
        "{lines:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_block_that_the_wiki_does_not_know_is_no_block_of_settings() -> Result<()> {
    for (wiki, code) in [("en", 0), ("de", 78)] {
        let coop = Coop::in_world(World::on(wiki).await?, &["writing"]).await?;
        let yaml = coop.settings.yaml();
        coop.save_settings_text(&format!(
            "Our settings:\n<syntaxhighlight lang=\"yaml\">\n{yaml}</syntaxhighlight>"
        ))
        .await?;
        coop.add_mentor("Mia", &["writing"]).await?;
        let learner = coop.add_learner("Lea", "writing").await?;
        let run = coop.matchbot().run_to(code).await?;
        assert_eq!(
            coop.greetings_of(&learner).await?,
            usize::from(code == 0),
            "{wiki}\n{run}"
        );
        let status = coop
            .world
            .admin
            .text(&coop.status_title())
            .await?
            .context("a status page")?;
        assert_eq!(status.contains("rejected"), code != 0, "{status}");
        if code != 0 {
            assert!(run.says("<pre>"), "it says what to write instead\n{run}");
        }
    }
    Ok(())
}
