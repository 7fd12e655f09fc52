//! Feeds of infobox-check: each box's changes in its own channel within seconds, and what is of high priority apart.

use anyhow::Result;
use serde_json::json;
use wikicrew_tests::feeds::{BoxFeeds, CHEMOBOT, arrives, diff_in, feed, irc, queue_told, told, until_queue};
use wikicrew_tests::ircd::{Ircd, Kind};

#[tokio::test]
async fn a_box_tells_its_own_channel_and_a_feed_of_level_1_verified_fields_alone() -> Result<()> {
    let ircd = Ircd::start(Kind::Ngircd).await?;
    let scene = BoxFeeds::new(json!([])).await?;
    let boxes = &scene.boxes;
    let mut chem = feed("chem", irc(&ircd, "#chem"));
    chem["boxes"] = json!([boxes.chem.name]);
    let mut high = feed("high", irc(&ircd, "#high"));
    high["level"] = json!(1);
    high["boxes"] = json!([boxes.chem.name, boxes.drug.name]);
    let mut gone = feed("gone", json!("stdout"));
    gone["rules"] = json!(["box"]);
    gone["boxes"] = json!([boxes.chem.name]);
    let feeds = json!([chem, feed("rest", irc(&ircd, "#rest")), high, gone]);
    let key = boxes.key(&boxes.chem, "channel");
    scene.save(&scene.with_feeds(feeds).set(&key, "chem")).await?;
    let mut people = Vec::new();
    for (nick, channel) in [("Ann", "#chem"), ("Ben", "#rest"), ("Cem", "#high")] {
        let mut person = ircd.person(nick).await?;
        person.join(channel).await?;
        people.push(person);
    }
    let [chem, rest, high] = &mut people[..] else {
        unreachable!("three were made")
    };
    let mut sender = scene.sender()?;
    arrives(chem, CHEMOBOT).await?;
    assert_eq!(sender.health().await?, 0);

    // Verified, watched, and verified in the other box.
    let index = boxes.revid("Acetone").await?;
    let verified = scene.change("Dan", "1-2-3").await?;
    let watched = boxes
        .replace("Acetone", "Eve", "| Name = Acetone", "| Name = Ketone", "")
        .await?;
    let drug = boxes.replace("Paracetamol", "Dan", "103-90-2", "3-2-1", "").await?;
    scene.run().await?;
    let wiki = boxes.world.wiki.api.replace("api.php", "index.php");
    let said = |text: &str| boxes.bare(&text.replace('\u{200d}', ""));
    let lines = told(chem, CHEMOBOT, 2).await?;
    assert_eq!(
        said(&lines[0]),
        format!(
            "CHANGE! [[Acetone]] Chembox: CASNo changed from \"67-64-1\" to \"1-2-3\" (verified: \"67-64-1\", revision \
             {index}) by [[User:Dan]] ( {wiki}?diff={verified} )"
        )
    );
    let start = boxes.world.prefix.chars().next().unwrap_or_default();
    assert!(lines[0].contains(&format!("[[User:{start}\u{200d}")), "{}", lines[0]);
    assert_eq!(diff_in(&lines[1])?, watched);
    assert_eq!(diff_in(&told(rest, CHEMOBOT, 1).await?[0])?, drug);
    let told_high: Vec<u64> = told(high, CHEMOBOT, 2)
        .await?
        .iter()
        .map(|line| diff_in(line))
        .collect::<Result<_>>()?;
    assert_eq!(told_high, [verified, drug]);
    until_queue(&scene, "chem sent 2, high sent 2, high withheld 1, rest sent 1").await?;

    // Without the continuous job the run does it.
    sender.stop().await?;
    let removed = boxes.edit("Acetone", "Eve", "A solvent.", "").await?;
    let run = scene.run().await?;
    assert_eq!(diff_in(&told(chem, CHEMOBOT, 1).await?[0])?, removed);
    let printed: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("CHANGE! ")).collect();
    assert!(
        printed.len() == 1 && printed[0].contains(": the box was removed "),
        "{run}"
    );
    assert_eq!(
        queue_told(&scene).await?,
        "chem sent 3, gone sent 1, high sent 3, high withheld 1, rest sent 1"
    );
    Ok(())
}
