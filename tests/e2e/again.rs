//! Requests that come late, come again, come too often, or come after people took a greeting away.

use anyhow::{Context, Result};
use wikicrew_tests::coop::{Coop, Member, profile_text};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::world::World;

use crate::seen::{edits_of, ensure_idle, line_about, number, waiting};

const DAY: i64 = 86_400;

/// The profile without its request.
async fn take_back(coop: &Coop, member: &Member) -> Result<()> {
    coop.world
        .admin
        .edit(&member.profile, "I need nothing now.", "")
        .await
        .map(drop)
}

/// The profile with requests for these skills, put there now.
async fn ask(coop: &Coop, member: &Member, skills: &[&str]) -> Result<()> {
    let categories: Result<Vec<&str>> = skills
        .iter()
        .map(|skill| Ok(coop.skill(skill)?.request.as_str()))
        .collect();
    let text = profile_text(&categories?);
    coop.world
        .load(&[NewPage::new(&member.profile, &text).by(member.name())])
        .await
}

#[tokio::test]
async fn a_request_that_is_seen_too_late_waits_for_a_person() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let old = coop.add_learner("Lea", "writing").await?;
    let late = || coop.matchbot().later(20 * DAY);

    let run = late().run_ok().await?;
    assert_eq!((number(&run, "waiting")?, number(&run, "greeted")?), (0, 0), "{run}");
    let line = line_about(&coop, &old).await?.context("it stands on the status page")?;
    assert!(
        line.contains("the request was 20 days old when it was first seen"),
        "{line}"
    );
    assert!(
        line.contains("match by hand, or take the category off and put it back"),
        "{line}"
    );
    // It does not become younger by an edit.
    coop.world.admin.append(&old.profile, "\nAnd I like boats.", "").await?;
    assert_eq!(number(&late().run_ok().await?, "greeted")?, 0);
    assert!(line_about(&coop, &old).await?.is_some());

    take_back(&coop, &old).await?;
    ask(&coop, &old, &["writing"]).await?;
    late().run_ok().await?;
    assert_eq!(coop.greetings_of(&old).await?, 1, "what the advice said helps");
    assert_eq!(waiting(&coop).await?, [] as [&str; 0]);

    // An admin may think otherwise of what is old.
    coop.save_settings(&coop.settings.clone().set("max_request_age", "30d"))
        .await?;
    let other = coop.add_learner("Lee", "writing").await?;
    late().run_ok().await?;
    assert_eq!(coop.greetings_of(&other).await?, 1);
    Ok(())
}

#[tokio::test]
async fn who_was_there_before_the_start_is_not_greeted() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let added = async |name: &str, time: &str| {
        let account = coop.world.person(name).await?;
        let (profile, talk) = (
            format!("{}/{}", coop.main, account.name),
            format!("{}/{}", coop.talk, account.name),
        );
        let page = NewPage::new(&profile, &profile_text(&[&coop.skills[0].request])).by(&account.name);
        coop.world.load(&[page.at(time)]).await?;
        anyhow::Ok(Member { account, profile, talk })
    };
    let before = added("Old", "2020-06-01T00:00:00Z").await?;
    // Without `start_from` it is the moment of the first accepted settings.
    coop.save_settings(&coop.settings.clone().without("start_from")).await?;
    let after = coop.add_learner("New", "writing").await?;

    let run = coop.matchbot().run_ok().await?;
    assert!(
        run.says("1 members were in the request categories before the start: recorded, not greeted"),
        "{run}"
    );
    assert_eq!(
        (coop.greetings_of(&before).await?, coop.greetings_of(&after).await?),
        (0, 1),
        "{run}"
    );
    assert_eq!(
        waiting(&coop).await?,
        [] as [&str; 0],
        "nobody has to do anything about it"
    );
    let status = coop.world.admin.text(&coop.status_title()).await?.unwrap_or_default();
    assert!(
        status.contains("1 are from before the start and are not greeted"),
        "{status}"
    );

    // A later revision does not move the start, nor does an earlier `start_from` wake those who were passed over.
    coop.save_settings(&coop.settings).await?;
    assert_eq!(number(&coop.matchbot().run_ok().await?, "greeted")?, 0);
    let between = added("Between", "2021-06-01T00:00:00Z").await?;
    coop.save_settings(&coop.settings.clone().set("start_from", "2022-01-01"))
        .await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(coop.greetings_of(&between).await?, 0);

    take_back(&coop, &before).await?;
    ask(&coop, &before, &["writing"]).await?;
    let run = coop.matchbot().run_ok().await?;
    assert_eq!(
        coop.greetings_of(&before).await?,
        1,
        "who asks again asks now\n{run}{}",
        coop.world.table("SELECT * FROM request").await?
    );
    Ok(())
}

#[tokio::test]
async fn the_same_skill_is_greeted_again_only_after_a_month() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentors(&[("Mia", &["writing"]), ("Cem", &["communication"])])
        .await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1);

    // Off, seen, and on again.
    take_back(&coop, &learner).await?;
    ensure_idle(&coop.matchbot().run_ok().await?)?;
    ask(&coop, &learner, &["writing"]).await?;
    ensure_idle(&coop.matchbot().run_ok().await?)?;
    // Off and on between two runs: another timestamp.
    take_back(&coop, &learner).await?;
    ask(&coop, &learner, &["writing"]).await?;
    ensure_idle(&coop.matchbot().run_ok().await?)?;
    // On another profile of the same person.
    let second = NewPage::new(
        &format!("{}/Second page", coop.main),
        &profile_text(&[&coop.skills[0].request]),
    );
    coop.world.load(&[second.by(learner.name())]).await?;
    let run = coop.matchbot().run_ok().await?;
    assert_eq!(
        number(&run, "greeted")?,
        0,
        "one person is greeted once for a skill\n{run}"
    );
    let [line] = &waiting(&coop).await?[..] else {
        panic!("the second page waits")
    };
    assert!(
        line.contains("Second page") && line.contains("the learner was greeted for this skill already, on "),
        "{line}"
    );
    coop.world
        .admin
        .delete(&format!("{}/Second page", coop.main), "")
        .await?;
    // Another skill is another request.
    ask(&coop, &learner, &["writing", "communication"]).await?;
    let run = coop.matchbot().run_ok().await?;
    assert_eq!(
        (number(&run, "greeted")?, coop.greetings_of(&learner).await?),
        (1, 2),
        "{run}"
    );

    take_back(&coop, &learner).await?;
    ask(&coop, &learner, &["writing"]).await?;
    coop.matchbot().later(31 * DAY).run_ok().await?;
    assert_eq!(
        coop.greetings_of(&learner).await?,
        3,
        "a month later it may be asked for again"
    );
    let tokens: Vec<String> = edits_of(&coop, &learner)
        .await?
        .iter()
        .filter_map(|edit| {
            edit.summary
                .split_once("(mb-")
                .map(|(_, token)| token.chars().take(10).collect())
        })
        .collect();
    assert_eq!(tokens.len(), 3);
    assert!(
        tokens[0] != tokens[2] && tokens[0] != tokens[1],
        "each has a token of its own: {tokens:?}"
    );
    assert_eq!(coop.world.count("matches").await?, 3);
    assert_eq!(number(&coop.matchbot().later(31 * DAY).run_ok().await?, "greeted")?, 0);
    Ok(())
}

#[tokio::test]
async fn nobody_is_greeted_more_than_three_times_a_month() -> Result<()> {
    let coop = Coop::in_world(World::new().await?, &["writing", "drawing", "counting", "cooking"]).await?;
    coop.add_mentor("Gil", &["general"]).await?;
    let request = |n: usize| coop.skills[n].request.as_str();
    let learner = coop
        .add_members(&[("Lea", vec![request(0), request(1)])])
        .await?
        .remove(0);
    let second = format!("{}/Second page", coop.main);
    coop.world
        .load(&[NewPage::new(&second, &profile_text(&[request(2), request(3)])).by(learner.name())])
        .await?;
    let other = coop.add_learner("Lee", "writing").await?;

    let run = coop.matchbot().run_ok().await?;
    assert_eq!((number(&run, "greeted")?, number(&run, "persons")?), (4, 1), "{run}");
    assert_eq!(coop.greetings_of(&other).await?, 1);
    let [line] = &waiting(&coop).await?[..] else {
        panic!("one waits")
    };
    assert!(
        line.contains("the learner had 3 greetings in the last 30 days"),
        "{line}"
    );
    ensure_idle(&coop.matchbot().run_ok().await?)?;
    coop.matchbot().later(31 * DAY).run_ok().await?;
    assert_eq!(
        coop.world
            .count(&format!("matches WHERE luid = {}", learner.account.id))
            .await?,
        4
    );
    assert_eq!(waiting(&coop).await?, [] as [&str; 0]);
    Ok(())
}

#[tokio::test]
async fn a_greeting_that_people_took_away_stays_away() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let all = coop
        .add_learners(&[
            ("Deleted", "writing"),
            ("Blanked", "writing"),
            ("Moved", "writing"),
            ("Reverted", "writing"),
        ])
        .await?;
    let [deleted, blanked, moved, reverted] = &all[..] else {
        panic!("four")
    };
    let admin = &coop.world.admin;
    coop.world.load(&[NewPage::new(&reverted.talk, "Hello.")]).await?;
    coop.matchbot().run_ok().await?;
    let away = format!("{}/Archive of {}", coop.talk, moved.name());
    admin.delete(&deleted.talk, "unwanted").await?;
    admin.edit(&blanked.talk, "", "unwanted").await?;
    admin.move_page(&moved.talk, &away, true).await?;
    admin.edit(&reverted.talk, "Hello.", "unwanted").await?;
    let before = admin.contributions(&coop.world.bot.name).await?.len();
    ensure_idle(&coop.matchbot().run_ok().await?)?;
    ensure_idle(&coop.matchbot().later(DAY / 2).run_ok().await?)?;

    // The next request of the same people: the page is left alone, and people are told.
    for learner in &all {
        let text = profile_text(&[&coop.skills[0].request, &coop.skills[1].request]);
        admin.edit(&learner.profile, &text, "").await?;
    }
    let run = coop.matchbot().run_ok().await?;
    assert_eq!((number(&run, "persons")?, number(&run, "greeted")?), (3, 1), "{run}");
    for (learner, how) in [
        (deleted, "was deleted or moved"),
        (blanked, "was blanked"),
        (moved, "was deleted or moved"),
    ] {
        let line = line_about(&coop, learner)
            .await?
            .with_context(|| format!("{}\n{run}", learner.profile))?;
        assert!(line.contains(&format!("the talk page {how}")), "{line}");
    }
    assert_eq!(admin.text(&deleted.talk).await?, None);
    assert_eq!(admin.text(&blanked.talk).await?.as_deref(), Some(""));
    assert_eq!(admin.text(&moved.talk).await?, None);
    assert_eq!(
        edits_of(&coop, reverted).await?.len(),
        2,
        "a page that goes on without the old greeting takes a new one"
    );
    assert_eq!(
        admin.contributions(&coop.world.bot.name).await?.len(),
        before + 3,
        "greeting, status page, mention"
    );
    Ok(())
}

/// The wiki's name in the database and in the tokens is its address, unless the operator says otherwise.
#[tokio::test]
async fn a_wiki_that_moves_to_another_address_keeps_its_name() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1);

    let elsewhere = FaultProxy::start(&coop.world.wiki.api).await?;
    let address = &coop.world.wiki.api;
    let name = address.trim_start_matches("http://").trim_end_matches("/api.php");
    let run = coop
        .matchbot()
        .through(&elsewhere)
        .env("WIKICREW_WIKI", name)
        .later(600)
        .run_ok()
        .await?;
    assert!(run.says("waiting=0 greeted=0"), "{run}");
    assert_eq!(coop.greetings_of(&learner).await?, 1);
    Ok(())
}
