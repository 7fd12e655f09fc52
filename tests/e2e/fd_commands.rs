//! COIBot's commands in the channels of its feeds: everybody may ask, not too often. What is said to nobody, a notice, a
//! private message and what programs say to each other are no command.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::feeds::*;
use wikicrew_tests::ircd::{IrcPerson, Ircd, Kind};

/// A line may take so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// Says something, and the next `lines` lines of the bot in that channel. That nothing more is said, the next question
/// shows.
pub async fn ask(person: &mut IrcPerson, channel: &str, said: &str, lines: usize) -> Result<Vec<String>> {
    person.say(channel, said).await?;
    answers(person, channel, lines)
        .await
        .with_context(|| format!("{} said {said:?} in {channel}", person.nick()))
}

/// The next so many lines of the bot, which must be in this channel.
pub async fn answers(person: &mut IrcPerson, channel: &str, lines: usize) -> Result<Vec<String>> {
    let mut all = Vec::new();
    while all.len() < lines {
        let heard = person.heard(PATIENCE).await;
        let heard = heard.with_context(|| format!("{} lines instead of {lines}: {all:#?}", all.len()))?;
        if [COIBOT, CHEMOBOT].contains(&heard.nick.as_str()) {
            ensure!(heard.to == channel, "it is said in {}: {}", heard.to, heard.text);
            all.push(heard.text);
        }
    }
    Ok(all)
}

/// Whether the only line of an answer is this one, to the one who asked.
pub async fn says(person: &mut IrcPerson, channel: &str, said: &str, expected: &str) -> Result<()> {
    let answer = ask(person, channel, said, 1).await?.concat();
    let expected = format!("{}: {expected}", person.nick());
    ensure!(answer == expected, "{said}: {answer:?}, not {expected:?}");
    Ok(())
}

/// Somebody in a channel.
pub async fn enters(mut person: IrcPerson, channel: &str) -> Result<IrcPerson> {
    person.join(channel).await?;
    Ok(person)
}

/// A name that highlights nobody: a joiner behind the first letter of each word.
pub fn broken(name: &str) -> String {
    let (mut out, mut letters) = (String::new(), 0);
    for c in name.chars() {
        letters = if c.is_alphanumeric() { letters + 1 } else { 0 };
        out.extend((letters == 2).then_some('\u{200d}'));
        out.push(c);
    }
    out
}

/// A feed to which nothing comes, so that only answers are heard in its channel.
pub fn still(name: &str, ircd: &Ircd, channel: &str, trusted: &[&str]) -> Value {
    let mut sink = irc(ircd, channel);
    sink["trusted"] = json!(trusted);
    json!({ "name": name, "rules": ["flood"], "sink": sink })
}

#[tokio::test]
async fn whoever_asks_is_answered_with_and_without_accounts_but_not_too_often() -> Result<()> {
    let (insp, ngircd) = tokio::try_join!(Ircd::start(Kind::Inspircd), Ircd::start(Kind::Ngircd))?;
    // The server lets people in once a second, so they come together.
    let account = |name| insp.account(name, "apassword");
    tokio::try_join!(account("Ann"), account("Ben"), account("Cem"))?;
    let person = |nick, account| insp.person_as(nick, account, "apassword");
    let (ann, ben, cem, dan, fay) = tokio::try_join!(
        person("Ann_", "Ann"),
        person("Ben_", "Ben"),
        person("Cem_", "Cem"),
        person("Dan", "Cem"),
        person("Fay", "Ben")
    )?;
    let (ear_loud, ear_spam, eve, mallory) = tokio::try_join!(
        insp.person("EarLoud"),
        insp.person("EarSpam"),
        insp.person("Eve"),
        insp.person("Mallory")
    )?;
    let mut people = BTreeMap::from([("Ann", ann), ("Ben", ben), ("Cem", cem)]);
    let mut loud = still("loud", &insp, "#loud", &[]);
    loud["sink"]["highlights"] = json!(true);
    let feeds = [
        still("spam", &insp, "#spam", &[]),
        still("plain", &ngircd, "#plain", &[]),
    ];
    let scene = CoiFeeds::new(json!([loud, feeds[0], feeds[1]])).await?;
    let link = ("Acmewidgets", "Hinges", "https://www.acmewidgets.example/buy");
    let rev = scene.edit(&[link]).await?[0];
    scene.run().await?;
    let listed = format!("wl add {} * — asked for it", scene.coi.exact("Beetstra"));
    let listed: Vec<&str> = listed.split(' ').collect();
    scene.job().args(&listed).args(&["--by", "Olga"]).run_ok().await?;

    let mut ears = [
        enters(ear_loud, "#loud").await?,
        enters(ear_spam, "#spam").await?,
        enters(ngircd.person("EarPlain").await?, "#plain").await?,
    ];
    let mut sender = scene.sender()?;
    for ear in &mut ears {
        arrives(ear, COIBOT).await?;
    }
    let who = scene.coi.exact("Acmewidgets");
    // Without accounts all who come from one host are one person.
    for (channel, is_loud) in [("#loud", true), ("#plain", false)] {
        let name = |name: &str| if is_loud { name.to_owned() } else { broken(name) };
        let (shown, tra) = (name(&who), name(&scene.coi.exact("Beetstra")));
        let test = |user: &str, rest: &str| {
            let user = name(user);
            format!("TEST: [[en:User:{user}]]/[[en:Special:Contributions/{user}]] scores {rest}")
        };
        let hit = format!("{shown}, revision {rev} of ");
        let row = format!(
            "{shown}  {}  revision {rev}  acmewidgets.example/buy (1, 1, 1, 1)",
            scene.coi.exact("Hinges")
        );
        for (nick, questions) in [
            (
                "Ann",
                vec![
                    ("COIBot status".to_owned(), 7, "Last run: 20".to_owned()),
                    (
                        "coibot: help".to_owned(),
                        1,
                        "Commands: wl, bl, ml, report, quiet,".to_owned(),
                    ),
                    (
                        "COIBOT, help wl".to_owned(),
                        7,
                        "wl add <user> <page or domain> ".to_owned(),
                    ),
                    (
                        "COIBot test zxv zyxwv".to_owned(),
                        1,
                        test("zxv", "90% (U->T) and 60% (T->U) (ratio 54%) on string zyxwv"),
                    ),
                    (
                        "COIBot:test chocolatefan chocolate_chip_cookie".to_owned(),
                        1,
                        test(
                            "chocolatefan",
                            "75% (U->T) and 47.36% (T->U) (ratio 35.52%) on string chocolate_chip_cookie",
                        ),
                    ),
                    (format!("COIBot ,links {who}"), 2, format!("added by {shown} (")),
                ],
            ),
            (
                "Ben",
                vec![
                    (
                        "COIBot links acmewidgets.example".to_owned(),
                        2,
                        "additions of acmewidgets.example: ".to_owned(),
                    ),
                    (format!("COIBot report user {who}"), 1, hit.clone()),
                    ("COIBot report link acmewidgets.example".to_owned(), 1, hit.clone()),
                    (
                        format!("COIBot wl search user {}", broken(&scene.coi.exact("Beetstra"))),
                        1,
                        format!("{tra} <-> *: added 20"),
                    ),
                    (
                        format!("COIBot wl search {who} Water"),
                        1,
                        format!("{shown} <-> Water is not on the whitelist."),
                    ),
                ],
            ),
            (
                "Cem",
                vec![
                    (
                        "COIBot bl search string acme".to_owned(),
                        1,
                        "acme is not on the blacklist.".to_owned(),
                    ),
                    ("COIBot report 3".to_owned(), 1, hit.clone()),
                    (
                        "COIBot ml search acmewidgets.example".to_owned(),
                        1,
                        "acmewidgets.example: added 20".to_owned(),
                    ),
                    ("COIBot stats".to_owned(), 3, "Since 20".to_owned()),
                    (
                        "COIBot wl ad Water".to_owned(),
                        1,
                        "`wl` knows no `ad` (did you mean `add`?). It is written: ".to_owned(),
                    ),
                ],
            ),
        ] {
            let (person, most) = match is_loud {
                true => (people.remove(nick).context("there are three")?, 6),
                false if nick == "Ann" => (ngircd.person("Ann_").await?, 5),
                false => continue,
            };
            let mut person = enters(person, channel).await?;
            for (said, lines, expected) in questions.into_iter().rev().take(most) {
                let answer = ask(&mut person, channel, &said, lines).await?;
                let is_to = answer[0].starts_with(&format!("{nick}_: "));
                assert!(
                    is_to && answer[0].contains(&expected),
                    "{said}: {answer:#?}\n{expected}"
                );
                if said.contains("links") {
                    assert!(answer[1].contains(&row), "{answer:#?}\n{row}");
                }
                if said.contains("wl search user") {
                    let by = format!("by {} (asked for it)", name("Olga"));
                    assert!(answer[0].ends_with(&by), "{answer:#?}");
                }
                if lines == 7 {
                    assert!(
                        answer[6].starts_with("… and ") && answer[6].contains(" more line"),
                        "{answer:#?}"
                    );
                }
            }
        }
    }

    // Said to somebody else, or not in the channel, or not as a message: nobody answers.
    let dans = [(dan, "#loud"), (ngircd.person("Dan").await?, "#plain")];
    for (dan, channel) in dans {
        let mut dan = enters(dan, channel).await?;
        for text in [
            "COIBot",
            "COIBots status",
            "hello COIBot status",
            "status",
            "\u{1}ACTION COIBot status\u{1}",
        ] {
            dan.say(channel, text).await?;
        }
        dan.send(&format!("NOTICE {channel} :COIBot status")).await?;
        for text in ["COIBot status", "status", "\u{1}VERSION\u{1}"] {
            dan.say(COIBOT, text).await?;
        }
        says(&mut dan, channel, "COIBot reportlevel 9", LEVELS).await?;
    }

    // More than six in a minute, under whatever nick; somebody else is answered.
    let ear = &mut ears[1];
    let mut eve = enters(eve, "#spam").await?;
    for _ in 0..6 {
        says(&mut eve, "#spam", "COIBot reportlevel", "spam: report level 2").await?;
    }
    let enough = "that is too much at once; wait a minute.";
    says(&mut eve, "#spam", "COIBot reportlevel", enough).await?;
    eve.say("#spam", "COIBot reportlevel").await?;
    eve.send("NICK Eva").await?;
    let mut mallory = enters(mallory, "#spam").await?;
    for person in [&mut eve, &mut mallory] {
        person.say("#spam", "COIBot status").await?;
    }
    let mut fay = enters(fay, "#spam").await?;
    says(&mut fay, "#spam", "COIBot help", HELP).await?;
    let heard = answers(ear, "#spam", 8).await?;
    assert_eq!(
        (heard[6].as_str(), heard[7].starts_with("Fay: ")),
        (&*format!("Eve: {enough}"), true),
        "{heard:#?}"
    );
    sender.stop().await?;
    Ok(())
}

const HELP: &str = "Commands: wl, bl, ml, report, quiet, silent, reportlevel, links, test, stats, status, help. `help <command>` \
                    explains one.";
const LEVELS: &str = "`9` is no report level: 0, 1 and 2 are. It is written: reportlevel <level> [<feed>]; reportlevel \
                      settings [<feed>]; reportlevel [<feed>]";
