//! Names as people really choose them, and as vandals do: whatever stands in them, a greeting holds the links it should
//! and nothing else, and reads as it should. The status page too.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wikicrew_tests::api::Api;
use wikicrew_tests::coop::{Coop, Member, profile_text};
use wikicrew_tests::sandbox::{Account, NewPage};

use crate::seen::{decoded, number, text_of_html, timeless, waiting};

/// User names after the world's prefix; MediaWiki takes all of them.
const NAMES: [&str; 20] = [
    "'''Bold''' ''it",
    "R&D &amp &lt",
    "; semi",
    "* star",
    "-- dash --",
    "~ tilde ~~",
    "(mb-aaaaaaaaaa)",
    "مرحبا بالعالم",
    "עברית (1)",
    "😀 👍🏽 🎉",
    "été x\u{35b} 한글",
    "Some_under__score",
    "ISBN 9780306406157",
    "RFC 2616 PMID 1",
    "www.example.org",
    "\"quoted\" `tick` ^",
    "$1 %s \\1 \\n",
    "UNIQ--nowiki-00000000-QINU",
    "!important, (really)",
    "-",
];

/// Everything that a parse of the page gives besides its text.
const PROPS: &str = "text|links|templates|categories|images|externallinks|iwlinks|langlinks|sections|properties";

async fn parsed(admin: &Api, title: &str) -> Result<Value> {
    admin.parse_page(title, PROPS).await
}

fn titles(list: &Value) -> BTreeSet<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|link| link["title"].as_str())
        .collect()
}

/// Panics if anything but links to pages and `sections` headings came of it.
fn assert_plain(parsed: &Value, sections: usize, what: &str) {
    // __NOINDEX__ has its own tracking category.
    let is_joined = |category: &Value| category["category"] != "Noindexed_pages";
    assert!(
        !parsed["categories"].as_array().into_iter().flatten().any(is_joined),
        "{} of {what}",
        parsed["categories"]
    );
    for key in ["templates", "images", "externallinks", "iwlinks", "langlinks"] {
        assert_eq!(parsed[key], json!([]), "{key} of {what}");
    }
    assert_eq!(
        parsed["sections"].as_array().map(Vec::len),
        Some(sections),
        "sections of {what}"
    );
}

/// A name of exactly this many bytes, most of them in letters of two.
fn long(prefix: &str, bytes: usize) -> String {
    let room = bytes - prefix.len() - 1;
    "ж".repeat(room / 2) + if room % 2 == 1 { "x" } else { "" }
}

fn shown(name: &str) -> String {
    name.replace('_', " ")
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn a_greeting_links_two_people_and_nothing_else_whatever_their_names() -> Result<()> {
    let coop = Coop::new().await?;
    let (world, admin) = (&coop.world, &coop.world.admin);
    let prefix = &world.prefix;
    // The longest user name, and the longest title, that MediaWiki can hold.
    let longest = long(prefix, 235);
    let mut names: Vec<(&str, &str)> = NAMES.iter().map(|name| (*name, "writing")).collect();
    names.push((&longest, "writing"));
    let mut learners = coop.add_learners(&names).await?;
    let account = world.person("With a long title").await?;
    let title = format!("T{}", long("", 242));
    let (profile, talk) = (format!("{}/{title}", coop.main), format!("{}/{title}", coop.talk));
    world
        .load(&[NewPage::new(&profile, &profile_text(&[&coop.skill("writing")?.request])).by(&account.name)])
        .await?;
    assert_eq!(profile.len() - "Wikipedia:".len(), 255);
    learners.push(Member { account, profile, talk });
    let mut mentors: Vec<String> = NAMES.iter().map(|name| format!("{name} m")).collect();
    mentors.extend([format!("{} m", long(prefix, 233)), "plain".to_owned()]);
    let mentors: Vec<&str> = mentors.iter().map(String::as_str).collect();
    let mentors: Vec<Account> = world.people(&mentors).await?;
    assert!(mentors.iter().any(|mentor| mentor.name.len() == 235));
    let profile = profile_text(&[&coop.skill("writing")?.mentors]);
    let pages: Vec<NewPage> = (0..)
        .zip(&mentors)
        .map(|(n, mentor)| NewPage::new(&format!("{}/Mentor {n}", coop.main), &profile).by(&mentor.name))
        .collect();
    world.load(&pages).await?;
    // Each mentor is drawn once; what they teach is a name too.
    let skill = "a|b [[c]] {{d}} \"e\" ''f'' <b>g</b> {0} ~~~~ &amp; https://h.example";
    let settings = coop.settings.clone().set("order", "fewest");
    coop.save_settings(&settings.set("categories.skillslist", json!([skill, "other"])))
        .await?;

    let run = coop.matchbot().run_ok().await?;
    assert_eq!(number(&run, "matched")?, learners.len() as u64, "{run}");
    let bot = &world.bot.name;
    let mut drawn = BTreeSet::new();
    for learner in &learners {
        let parsed = parsed(admin, &learner.talk).await?;
        assert_plain(&parsed, 1, &learner.talk);
        let row = world
            .rows(&format!("SELECT muid FROM matches WHERE luid = {}", learner.account.id))
            .await?
            .concat();
        let mentor = mentors
            .iter()
            .find(|mentor| row == [mentor.id.to_string()])
            .context("one row with a mentor")?;
        drawn.insert(mentor.id);
        let (learner, mentor) = (shown(learner.name()), shown(&mentor.name));
        let links = [&learner, &mentor, bot].map(|name| format!("User:{name}"));
        let signature = format!("User talk:{bot}");
        let wanted: BTreeSet<&str> = links.iter().chain([&signature]).map(String::as_str).collect();
        assert_eq!(titles(&parsed["links"]), wanted);
        let text = timeless(&text_of_html(parsed["text"].as_str().unwrap_or_default()));
        let wanted = format!(
            "Hello, {learner}! Thank you for your interest in the Co-op. {mentor} has listed \"{skill}\" in their mentorship profile. \
             Leave them a message on their talk page and see if you want to work together! {bot} (talk) TIME"
        );
        assert!(
            text.replace('\u{a0}', " ").contains(&wanted),
            "{wanted}\nshould be in\n{text}"
        );
    }
    assert_eq!(drawn.len(), mentors.len(), "each of them was named");
    Ok(())
}

#[tokio::test]
async fn the_status_page_shows_every_name_as_it_is() -> Result<()> {
    let coop = Coop::new().await?;
    let (world, admin) = (&coop.world, &coop.world.admin);
    let named: Vec<Account> = world.people(&NAMES).await?;
    let makers: Vec<String> = NAMES.iter().map(|name| format!("{name} o")).collect();
    let makers = world
        .people(&makers.iter().map(String::as_str).collect::<Vec<_>>())
        .await?;
    let text = profile_text(&[&coop.skills[0].request]);
    let mut pages: Vec<NewPage> = Vec::new();
    let mut profiles = Vec::new();
    for (named, maker) in named.iter().zip(&makers) {
        profiles.push(format!("{}/{}", coop.main, shown(&named.name)));
        pages.push(NewPage::new(&format!("{}/{}", coop.main, named.name), &text).by(&maker.name));
    }
    // Titles may hold what user names may not.
    let long_title = format!("T{}", long("", 242));
    for title in [
        "C++ = A",
        "Re: a@b",
        "a/b/c//d",
        "'''Bold'''''",
        "Mr. T: https:x",
        "👩‍👩‍👧 & 🏳️‍🌈",
        &long_title,
    ] {
        profiles.push(format!("{}/{title}", coop.main));
        pages.push(NewPage::new(&format!("{}/{title}", coop.main), &text).by("2001:db8::7"));
    }
    world.load(&pages).await?;
    let run = coop.matchbot().run_ok().await?;

    let lines = waiting(&coop).await?;
    assert_eq!(
        lines.len(),
        profiles.len(),
        "{run}{}",
        world
            .table("SELECT title, state, reason FROM request WHERE state <> 'person'")
            .await?
    );
    for ((named, maker), profile) in named.iter().zip(&makers).zip(&profiles) {
        let line = lines
            .iter()
            .find(|line| line.contains(&format!("[[:{profile}|{profile}]]")))
            .context(profile.clone())?;
        let why = format!(
            "the profile was made by {} but is named after {}.",
            shown(&maker.name),
            shown(&named.name)
        );
        assert!(line.contains(&why), "{why} in {line}");
    }
    let status = coop.status_title();
    let parsed = parsed(admin, &status).await?;
    assert_plain(&parsed, 5, &status);
    let links = titles(&parsed["links"]);
    for profile in &profiles {
        assert!(links.contains(profile.as_str()), "{profile} in {links:?}");
    }
    let others: Vec<&&str> = links
        .iter()
        .filter(|link| !profiles.iter().any(|profile| profile == *link))
        .collect();
    let bot = &world.bot.name;
    let may = |link: &str| link.starts_with("Special:Diff/") || link.contains(&format!(":{bot}"));
    assert!(
        others.iter().all(|link| may(link) && **link != format!("User:{bot}")),
        "{others:?}"
    );
    let text = text_of_html(parsed["text"].as_str().unwrap_or_default()).replace('\u{a0}', " ");
    for profile in &profiles {
        assert!(text.contains(&decoded(profile)), "{profile} is shown as it is");
    }
    let source = admin.text(&status).await?.unwrap_or_default();
    assert!(!source.contains("~~~~") && !source.contains("'''Bold"), "{source}");
    Ok(())
}
