//! Whom a learner is matched with, and whom never: the rules of the original, kept by the people's own state on the wiki.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::json;
use wikicrew_tests::coop::{Coop, Member, profile_text};
use wikicrew_tests::sandbox::NewPage;

use crate::seen::number;

/// How often each user was named, by `matchmade`.
async fn named(coop: &Coop, made: u8) -> Result<BTreeMap<String, u64>> {
    let rows = coop
        .world
        .rows(&format!(
            "SELECT muid, COUNT(*) FROM matches WHERE matchmade = {made} GROUP BY muid"
        ))
        .await?;
    rows.into_iter()
        .map(|row| Ok((row[0].clone(), row[1].parse()?)))
        .collect()
}

fn id(member: &Member) -> String {
    member.account.id.to_string()
}

/// The reason that the last greeting was made with.
async fn last_reason(coop: &Coop) -> Result<String> {
    let rows = coop
        .world
        .rows("SELECT reason FROM matches ORDER BY id DESC LIMIT 1")
        .await?;
    Ok(rows.first().context("a row")?[0].clone())
}

#[tokio::test]
async fn who_cannot_mentor_is_never_drawn() -> Result<()> {
    let coop = Coop::new().await?;
    let (world, admin) = (&coop.world, &coop.world.admin);
    let both: &[&str] = &["writing", "general"];
    let mentors = coop
        .add_mentors(&[
            ("Blocked", both),
            ("Optout", &["writing", "general", "optout"]),
            ("Elsewhere", both),
            ("Robot", both),
            ("Gone", both),
        ])
        .await?;
    let [blocked, _, elsewhere, robot, gone] = &mentors[..] else {
        panic!("five")
    };
    admin.block(blocked.name()).await?;
    admin.set_groups(robot.name(), "bot", "").await?;
    // Opting out counts on any page of the same person.
    let second =
        NewPage::new(&format!("{}/Second page", coop.main), &profile_text(&[&coop.optout])).by(elsewhere.name());
    // A profile that became a mentor page of nobody: its owner is not known.
    let nobodys = NewPage::new(
        &format!("{}/Nobody", coop.main),
        &profile_text(&[&coop.skills[0].mentors]),
    )
    .by("192.0.2.9");
    world.load(&[second, nobodys]).await?;
    admin.edit(&gone.profile, "Hello, I have left.", "").await?;
    // The learner offers what they ask for.
    let skill = coop.skill("writing")?;
    let learner = coop
        .add_members(&[("Lea", vec![&skill.request, &skill.mentors, &coop.general])])
        .await?
        .remove(0);

    let run = coop.matchbot().run_ok().await?;
    assert_eq!((number(&run, "unmatched")?, number(&run, "matched")?), (1, 0), "{run}");
    assert_eq!(named(&coop, 0).await?, BTreeMap::from([(id(&coop.maintainer), 1)]));
    assert_eq!(coop.greetings_of(&learner).await?, 1);
    let told = coop.matchbot().args(&["explain", &learner.profile]).run_ok().await?;
    for (name, why) in [
        ("Blocked", "is blocked"),
        ("Optout", "takes no new learners"),
        ("Elsewhere", "takes no new learners"),
        ("Lea", "is the learner"),
    ] {
        assert!(told.says(&format!("not {}: {why}", world.own(name))), "{name}\n{told}");
    }
    assert!(
        told.says("Available mentors with the skill: nobody.") && told.says("with general skills: nobody."),
        "{told}"
    );

    // A block from one page is no block.
    admin.edit(&learner.profile, "I have found somebody.", "").await?;
    admin.unblock(blocked.name()).await?;
    admin.block_from(blocked.name(), &learner.profile).await?;
    coop.add_learner("Lee", "writing").await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(named(&coop, 1).await?, BTreeMap::from([(id(blocked), 1)]));

    // Who became a bot since is none that a newcomer could talk to.
    admin.set_groups(blocked.name(), "bot", "").await?;
    let learner = coop.add_learner("Liv", "writing").await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(named(&coop, 0).await?, BTreeMap::from([(id(&coop.maintainer), 2)]));
    let told = coop.matchbot().args(&["explain", &learner.profile]).run_ok().await?;
    assert!(told.says(&format!("not {}: is a bot", blocked.name())), "{told}");
    Ok(())
}

#[tokio::test]
async fn a_mentor_with_two_pages_has_one_chance_and_the_seed_repeats_the_draw() -> Result<()> {
    let coop = Coop::new().await?;
    let mentors = coop
        .add_mentors(&[("Mia", &["writing"]), ("Max", &["writing"]), ("Mo", &["writing"])])
        .await?;
    let page = NewPage::new(
        &format!("{}/Second page", coop.main),
        &profile_text(&[&coop.skills[0].mentors]),
    );
    coop.world.load(&[page.by(mentors[0].name())]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;

    let drawn = async |seed: &str| {
        let run = coop.matchbot().args(&["--dry-run", "--seed", seed]).run_ok().await?;
        let names: Vec<&Member> = mentors
            .iter()
            .filter(|mentor| run.stdout.contains(mentor.name()))
            .collect();
        let [mentor] = names[..] else {
            anyhow::bail!("one mentor in\n{run}")
        };
        Ok(mentor.name().to_owned())
    };
    let mut all = Vec::new();
    for seed in ["1", "2", "3", "4", "3"] {
        all.push(drawn(seed).await?);
    }
    assert!(all.iter().any(|name| *name != all[0]), "a draw, not a list: {all:?}");
    assert_eq!(all[2], all[4]);

    coop.matchbot().args(&["--seed", "3"]).run_ok().await?;
    assert_eq!(
        last_reason(&coop).await?,
        "drawn from 3 available mentors with the skill"
    );
    let text = coop.world.admin.text(&learner.talk).await?.context("a greeting")?;
    assert!(text.contains(&all[2]), "{} was foretold:\n{text}", all[2]);
    Ok(())
}

#[tokio::test]
async fn a_mentor_gets_no_more_learners_than_the_settings_allow() -> Result<()> {
    let coop = Coop::new().await?;
    let mentors = coop
        .add_mentors(&[("Mia", &["writing"]), ("Max", &["writing"]), ("Gil", &["general"])])
        .await?;
    let settings = coop
        .settings
        .clone()
        .set("max_matches_per_mentor", json!({ "count": 1, "days": 30 }));
    coop.save_settings(&settings.set("max_request_age", "60d")).await?;
    coop.add_learners(&[("A", "writing"), ("B", "writing"), ("C", "writing"), ("D", "writing")])
        .await?;
    coop.matchbot().run_ok().await?;
    let once_each: BTreeMap<String, u64> = mentors.iter().map(|mentor| (id(mentor), 1)).collect();
    assert_eq!(named(&coop, 1).await?, once_each, "within one run too");
    assert_eq!(named(&coop, 0).await?, BTreeMap::from([(id(&coop.maintainer), 1)]));

    // What the maintainer was named for was no match: as a mentor there is room.
    let profile = profile_text(&[&coop.skills[0].mentors]);
    coop.world
        .load(&[NewPage::new(&coop.maintainer.profile, &profile)])
        .await?;
    coop.add_learner("E", "writing").await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(named(&coop, 1).await?.get(&id(&coop.maintainer)), Some(&1));

    coop.add_learner("F", "writing").await?;
    coop.matchbot().later(31 * 86_400).run_ok().await?;
    assert_eq!(
        named(&coop, 1).await?.values().sum::<u64>(),
        5,
        "a month later there is room again"
    );
    Ok(())
}

#[tokio::test]
async fn order_fewest_shares_the_learners_out() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentors(&[("Mia", &["writing"]), ("Max", &["writing"]), ("Mo", &["writing"])])
        .await?;
    coop.save_settings(&coop.settings.clone().set("order", "fewest"))
        .await?;
    let many = [
        ("A", "writing"),
        ("B", "writing"),
        ("C", "writing"),
        ("D", "writing"),
        ("E", "writing"),
        ("F", "writing"),
        ("G", "writing"),
    ];
    coop.add_learners(&many).await?;
    coop.matchbot().run_ok().await?;
    let mut counts: Vec<u64> = named(&coop, 1).await?.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [2, 2, 3], "within one run");
    coop.add_learners(&[("H", "writing"), ("I", "writing")]).await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(
        named(&coop, 1).await?.into_values().collect::<Vec<_>>(),
        [3, 3, 3],
        "and over two"
    );
    Ok(())
}

#[tokio::test]
async fn a_mentor_who_has_not_edited_for_long_is_drawn_past() -> Result<()> {
    let coop = Coop::new().await?;
    let (writing, other) = (coop.skill("writing")?, coop.skill("communication")?);
    // Their only edit, the profile, is years old.
    let mut asleep = Vec::new();
    for account in coop.world.people(&["Old", "Older", "Oldest"]).await? {
        let profile = profile_text(&[&writing.mentors, &other.mentors, &coop.general]);
        let page = NewPage::new(&format!("{}/{}", coop.main, account.name), &profile);
        coop.world
            .load(&[page.by(&account.name).at("2020-03-01T12:00:00Z")])
            .await?;
        asleep.push(account.id.to_string());
    }
    let awake = coop.add_mentor("Mia", &["writing"]).await?;
    coop.save_settings(&coop.settings.clone().set("inactive_days", 30))
        .await?;
    coop.add_learners(&[
        ("A", "writing"),
        ("B", "writing"),
        ("C", "writing"),
        ("D", "communication"),
    ])
    .await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(
        named(&coop, 1).await?,
        BTreeMap::from([(id(&awake), 3)]),
        "one is awake, and drawn each time"
    );
    assert_eq!(
        named(&coop, 0).await?,
        BTreeMap::from([(id(&coop.maintainer), 1)]),
        "for the other skill nobody is"
    );

    coop.save_settings(&coop.settings).await?;
    coop.add_learner("E", "communication").await?;
    coop.matchbot().run_ok().await?;
    let rows = coop
        .world
        .rows("SELECT muid FROM matches ORDER BY id DESC LIMIT 1")
        .await?;
    assert!(asleep.contains(&rows[0][0]), "without the setting they count");
    Ok(())
}
