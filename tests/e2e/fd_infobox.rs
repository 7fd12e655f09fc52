//! infobox-check's feeds: which change goes to which channel and how much is told, CheMoBot's commands, and what may not
//! be seen.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::feeds::*;
use wikicrew_tests::ircd::{IrcPerson, Ircd, Kind};

use crate::fd_commands::{ask, broken, enters, says};

const QUIET: Duration = Duration::from_millis(300);

fn drug(name: &str, cas: &str) -> String {
    format!("{{{{Drugbox\n| tradename = {name}\n| CAS_number = {cas}\n}}}}\nA drug.")
}

/// One line of each edit, in their order, with the world's names as tests write them.
async fn hears(scene: &BoxFeeds, person: &mut IrcPerson, revs: &[u64]) -> Result<Vec<String>> {
    let lines = told(person, CHEMOBOT, revs.len()).await?;
    for (line, rev) in lines.iter().zip(revs) {
        ensure!(diff_in(line)? == *rev, "{lines:#?}, not {revs:?}");
    }
    Ok(lines.iter().map(|line| scene.boxes.bare(line)).collect())
}

#[tokio::test]
async fn each_box_goes_to_its_channel_as_far_as_it_may_be_seen_and_trusted_people_say_how_much() -> Result<()> {
    let insp = Ircd::start(Kind::Inspircd).await?;
    insp.account("Beetstra", "apassword").await?;
    let of = |channel: &str, trusted: &[&str]| -> Value {
        let mut sink = irc(&insp, channel);
        sink["trusted"] = json!(trusted);
        sink
    };
    let mut feeds = json!([feed("chem", of("#chem", &["Beetstra"])), feed("rest", of("#rest", &[]))]);
    let scene = BoxFeeds::new(feeds.clone()).await?;
    let boxes = &scene.boxes;
    // No other box goes there; without this all do that name no feed of their own.
    feeds[0]["boxes"] = json!([boxes.chem.name]);
    let settings = scene
        .with_feeds(feeds)
        .set(&boxes.key(&boxes.chem, "channel"), "chem")
        .set(&boxes.key(&boxes.drug, "show_values"), false)
        .set(&boxes.key(&boxes.drug, "managers"), json!(["Physchim62", "Beetstra"]));
    scene.save(&settings).await?;
    boxes.article("Aspirin", &drug("Aspirin", "50-78-2"), "Ann").await?;
    boxes.verify_in(&boxes.drug, "Aspirin").await?;
    scene.run().await?;

    let (dirk, olga) = tokio::try_join!(insp.person_as("Dirk", "Beetstra", "apassword"), insp.person("Olga"))?;
    let (mut dirk, mut olga) = (enters(dirk, "#chem").await?, enters(olga, "#rest").await?);
    let mut sender = scene.sender()?;
    arrives(&mut dirk, CHEMOBOT).await?;
    arrives(&mut olga, CHEMOBOT).await?;

    // Each box to its own, and no value of a box that shows none.
    let chem = scene.change("Ben", "1-2-3").await?;
    let drugs = boxes.edit("Aspirin", "Ben", &drug("Aspirin", "9-9-9"), "").await?;
    scene.run().await?;
    let name = |name: &str| broken(&boxes.user(name));
    let in_chem = hears(&scene, &mut dirk, &[chem]).await?.concat();
    let in_rest = hears(&scene, &mut olga, &[drugs]).await?.concat();
    assert!(
        in_chem.contains("CASNo changed from \"67-64-1\" to \"1-2-3\" (verified: \"67-64-1\", revision "),
        "{in_chem}"
    );
    assert!(in_rest.contains("CAS_number changed (verified: revision "), "{in_rest}");
    ensure!(!in_rest.contains("50-78-2") && !in_rest.contains("9-9-9"), "{in_rest}");

    assert!(in_chem.contains(&format!("by [[User:{}]]", name("Ben"))), "{in_chem}");

    // CheMoBot's commands, by somebody who may only ask; a box goes by its redirect too.
    let own = |text: &str| {
        text.replace("Drugbox", &boxes.drug.name)
            .replace("Chembox", &boxes.chem.name)
    };
    for (said, expected) in [
        (
            format!("CheMoBot fieldlist {}", boxes.drug.alias.replace(' ', "_")),
            "Olga: Drugbox: 3 watched fields, 2 of them verified|tradename|CAS_number (verified)|KEGG (verified)",
        ),
        (
            own("chemobot, managers \"Drugbox\""),
            "Olga: P\u{200d}hyschim62|B\u{200d}eetstra",
        ),
        (
            "CheMoBot: boxlist".to_owned(),
            "Olga: Chembox: 8 watched fields, 5 verified; articles are edited|\
             Drugbox: 3 watched fields, 2 verified; articles are edited",
        ),
        ("CheMoBot reportlevel".to_owned(), "Olga: rest: report level 2"),
        ("CheMoBot quiet".to_owned(), REFUSED),
        (
            format!("CheMoBot wl add {} *", boxes.user("Ben").replace(' ', "_")),
            REFUSED,
        ),
    ] {
        let expected = own(expected);
        let answer = ask(&mut olga, "#rest", &said, expected.split('|').count()).await?;
        assert_eq!(answer.join("|"), expected, "{said}");
    }
    assert_eq!(boxes.world.count("list_entry").await?, 0);

    // High priority only, a verified field that left its value; and nothing of a whitelisted user.
    let level = "Report level 1 here, until `reportlevel settings`.";
    says(&mut dirk, "#chem", "CheMoBot reportlevel 1", level).await?;
    let listed = format!(
        "CheMoBot wl add {} * — asked for it",
        boxes.user("Ben").replace(' ', "_")
    );
    let is_listed = format!("{} <-> * is on the whitelist now.", name("Ben"));
    says(&mut dirk, "#chem", &listed, &is_listed).await?;
    boxes.replace("Acetone", "Ben", "1-2-3", "1-2-4", "").await?;
    boxes
        .replace("Acetone", "Cem", "Name = Acetone", "Name = Propanone", "")
        .await?;
    let high = boxes.replace("Acetone", "Cem", "1-2-4", "1-2-5", "").await?;
    let drugs = boxes
        .replace("Aspirin", "Cem", "tradename = Aspirin", "tradename = Other", "")
        .await?;
    scene.run().await?;
    let lines = hears(&scene, &mut dirk, &[high]).await?;
    assert!(
        lines[0].contains("(not the verified value before either; verified: "),
        "{lines:#?}"
    );
    hears(&scene, &mut olga, &[drugs]).await?;

    // A silent channel hears nothing, also not later.
    let all = "The settings page says the report level here again.";
    says(&mut dirk, "#chem", "CheMoBot reportlevel settings", all).await?;
    says(
        &mut dirk,
        "#chem",
        "CheMoBot silent",
        "Nothing is reported here any more until `report`.",
    )
    .await?;
    boxes.replace("Acetone", "Cem", "1-2-5", "1-2-6", "").await?;
    let drugs = boxes
        .replace("Aspirin", "Cem", "tradename = Other", "tradename = Third", "")
        .await?;
    scene.run().await?;
    hears(&scene, &mut olga, &[drugs]).await?;
    says(&mut dirk, "#chem", "CheMoBot report", "Reports come here again.").await?;

    // Hidden while it waits: it is not told.
    sender.stop().await?;
    let hidden = boxes.replace("Acetone", "Cem", "1-2-6", "1-2-7", "").await?;
    let seen = boxes.replace("Aspirin", "Cem", "9-9-9", "9-9-8", "").await?;
    scene.job().without("WIKICREW_FEED_HOSTS").run_ok().await?;
    // What came next tells the hidden value, too, as the old one.
    let next = boxes.replace("Acetone", "Dan", "1-2-7", "1-2-8", "").await?;
    let after = boxes
        .replace("Acetone", "Eva", "Name = Propanone", "Name = Acetone", "")
        .await?;
    let hider = json!({ "groups": ["suppress", "sysop"] });
    let hider = boxes.world.login(&boxes.world.account("Hider", hider).await?).await?;
    hider.hide_revision(hidden, "content|user").await?;
    sender.again(0)?;
    hears(&scene, &mut olga, &[seen]).await?;
    scene.run().await?;
    let last = told(&mut dirk, CHEMOBOT, 1).await?.concat();
    assert_eq!(diff_in(&last)?, after, "{last}");
    let sql = format!(
        "SELECT COUNT(*) FROM feed_line JOIN field_change ON field_change.id = item \
         WHERE feed = 'chem' AND feed_line.state = 'withheld' AND revid IN ({hidden}, {next})"
    );
    assert_eq!(boxes.world.rows(&sql).await?, [["2"]]);
    silent(&mut dirk, CHEMOBOT, QUIET).await?;
    silent(&mut olga, CHEMOBOT, Duration::from_millis(10)).await?;
    sender.stop().await?;
    Ok(())
}

const REFUSED: &str = "Olga: User Olga is not on my list of trusted users: identify to services first. I go by accounts, not \
                       by nicks.";
