//! Commands that change something: for accounts that the services know and every feed of the channel trusts. A nick, a
//! tag of a client and what a server plays back prove nothing, and nothing is carried out twice.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wikicrew_tests::feeds::*;
use wikicrew_tests::ircd::{Ircd, Kind};

use crate::fd_commands::{answers, ask, enters, says, still};

/// A line may take so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// What commands could have changed.
async fn state(scene: &CoiFeeds) -> Result<String> {
    let world = &scene.coi.world;
    let lists = "SELECT list, user_name, page, added_by, reason FROM list_entry ORDER BY 1, 2, 3";
    let feeds = "SELECT feed, quiet_by, level, level_by FROM feed_state WHERE quiet_by IS NOT NULL OR level IS NOT NULL \
                 ORDER BY 1";
    Ok(format!("{}{}", world.table(lists).await?, world.table(feeds).await?))
}

/// Each changes something.
const CHANGES: [&str; 6] = [
    "wl add Ben * — mine",
    "wl del Kept *",
    "bl add acme.example acme — mine",
    "ml add acme.example — mine",
    "silent",
    "reportlevel 0",
];

#[tokio::test]
async fn only_accounts_that_every_feed_of_the_channel_trusts_change_something() -> Result<()> {
    let (insp, ngircd) = tokio::try_join!(Ircd::start(Kind::Inspircd), Ircd::start(Kind::Ngircd))?;
    let account = |name| insp.account(name, "apassword");
    tokio::try_join!(
        account("Beetstra"),
        account("Versageek"),
        account("Olga"),
        account("Nina")
    )?;
    let person = |nick, account| insp.person_as(nick, account, "apassword");
    let (nina, olga, dirk, late) = tokio::try_join!(
        person("Nina", "Nina"),
        person("Olga_", "Olga"),
        person("Dirk", "Beetstra"),
        person("Late", "Versageek")
    )?;
    let (keeper, ann, impostor, mut operator) = tokio::try_join!(
        insp.person("Keeper"),
        insp.person("Ann"),
        insp.person("Beetstra"),
        insp.operator("Oper")
    )?;
    let scene = CoiFeeds::new(json!([
        still("spam", &insp, "#spam", &["beetstra", "Versageek"]),
        still("one", &insp, "#both", &["Beetstra"]),
        still("two", &insp, "#both", &["Beetstra", "Olga"]),
        still("plain", &ngircd, "#plain", &["Beetstra", "Dirk", "Ann"]),
    ]))
    .await?;
    let by_hand = async |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        scene.job().args(&words).run_ok().await
    };
    by_hand("wl add Kept * --by Operator --reason known").await?;
    let before = state(&scene).await?;
    assert_eq!(before, "wl | Kept |  | Operator | known\n");

    let mut keeper = enters(keeper, "#both").await?;
    keeper.mode("#both", "+H", "50:1h").await?;
    let mut ear = enters(ngircd.person("Ear").await?, "#plain").await?;
    let mut sender = scene.sender()?;
    arrives(&mut keeper, COIBOT).await?;
    arrives(&mut ear, COIBOT).await?;

    // Not trusted, without account, with the trusted one's nick and a tag of its own, on a server that tells nothing.
    let identify = "identify to services first. I go by accounts, not by nicks.";
    for (person, channel, why, changes) in [
        (
            nina,
            "#spam",
            "account Nina is not among `trusted` of this feed's settings.",
            &CHANGES[..],
        ),
        // All without an account on one host are one person, who may ask six times.
        (ann, "#spam", identify, &CHANGES[..3]),
        (impostor, "#spam", identify, &CHANGES[3..]),
        (
            ngircd.person("Beetstra").await?,
            "#plain",
            "this server does not tell me who is identified to services.",
            &CHANGES[..],
        ),
    ] {
        let mut person = enters(person, channel).await?;
        let nick = person.nick().to_owned();
        let expected = format!("{nick}: User {nick} is not on my list of trusted users: {why}");
        for change in changes {
            let tags = match (nick.as_str(), channel) {
                ("Beetstra", "#spam") => "@account=Beetstra;+account=Beetstra ",
                _ => "",
            };
            person
                .send(&format!("{tags}PRIVMSG {channel} :COIBot {change}"))
                .await?;
            assert_eq!(answers(&mut person, channel, 1).await?, [expected.as_str()], "{change}");
        }
        assert_eq!(state(&scene).await?, before, "{nick} in {channel}");
    }

    // Two feeds of one channel: only those whom both trust, but each about his own feed.
    let mut olga = enters(olga, "#both").await?;
    let refused =
        "User Olga_ is not on my list of trusted users: account Olga is not among `trusted` of this feed's settings.";
    for said in ["COIBot wl add Ben *", "COIBot quiet", "COIBot quiet one"] {
        says(&mut olga, "#both", said, refused).await?;
    }
    assert_eq!(state(&scene).await?, before);
    says(
        &mut olga,
        "#both",
        "COIBot quiet two",
        "Nothing is reported here any more until `report`.",
    )
    .await?;
    assert_eq!(
        state(&scene).await?,
        format!("{before}two | Olga (IRC) | NULL | NULL\n")
    );
    says(&mut olga, "#both", "COIBot report feed TWO", "Reports come here again.").await?;
    says(
        &mut olga,
        "#both",
        "COIBot quiet spam",
        "No feed of this channel is called spam.",
    )
    .await?;
    assert_eq!(state(&scene).await?, before);

    // The trusted one, under another nick; names as the channel shows them.
    let mut dirk = enters(dirk, "#both").await?;
    dirk.all_heard(Duration::from_millis(100)).await;
    for (said, expected) in [
        (
            "COIBot: wl add A\u{200d}lice * — asked for it",
            "A\u{200d}lice <-> * is on the whitelist now.",
        ),
        (
            "COIBot wl del Kept *",
            "K\u{200d}ept <-> * is no longer on the whitelist.",
        ),
        (
            "COIBot bl add acme.com acme for 30d — see the noticeboard",
            "acme.com <-> acme is on the blacklist now until 20",
        ),
        (
            "COIBot ml add www.Acme.com — seen often",
            "acme.com is on the monitor list now.",
        ),
        (
            "COIBot bl add acme.com x",
            "an entry of the blacklist needs a reason, behind a dash",
        ),
    ] {
        let answer = ask(&mut dirk, "#both", said, 1).await?.concat();
        assert!(answer.starts_with(&format!("Dirk: {expected}")), "{said}: {answer}");
    }
    let after = "bl | acme.com | acme | Beetstra (IRC) | see the noticeboard\n\
                 ml |  | acme.com | Beetstra (IRC) | seen often\n\
                 wl | Alice |  | Beetstra (IRC) | asked for it\n";
    assert_eq!(state(&scene).await?, after);
    let seen = by_hand("wl search user Alice").await?.stdout;
    assert!(
        seen.contains("Alice <-> *: added 20") && seen.contains(" by Beetstra (IRC) (asked for it)"),
        "{seen}"
    );

    // What the shell undid stays undone: a server that plays back what was said gives no command.
    by_hand("wl del Alice *").await?;
    operator.kill(COIBOT).await?;
    leaves(&mut keeper, COIBOT).await?;
    arrives(&mut keeper, COIBOT).await?;
    let mut late = enters(late, "#both").await?;
    let mut played = Vec::new();
    while !played
        .iter()
        .any(|text: &String| text.starts_with("Dirk: an entry of the blacklist"))
    {
        let heard = late.heard(PATIENCE).await.context("nothing is played back")?;
        played.push(heard.text);
    }
    assert!(played.iter().any(|text| text.contains("wl add A")), "{played:?}");
    says(
        &mut late,
        "#both",
        "COIBot wl search Alice *",
        "A\u{200d}lice <-> * is not on the whitelist.",
    )
    .await?;
    let mut heard = all_told(&mut keeper, COIBOT, Duration::from_millis(100)).await;
    assert_eq!(
        heard.pop().as_deref(),
        Some("Late: A\u{200d}lice <-> * is not on the whitelist.")
    );
    assert_eq!(heard, Vec::<String>::new(), "nothing is answered twice");
    assert_eq!(
        state(&scene).await?,
        after.replace("wl | Alice |  | Beetstra (IRC) | asked for it\n", "")
    );
    sender.stop().await?;
    Ok(())
}

#[tokio::test]
async fn quiet_and_levels_are_about_the_feeds_of_the_channel_and_last_until_undone() -> Result<()> {
    let insp = Ircd::start(Kind::Inspircd).await?;
    insp.account("Beetstra", "apassword").await?;
    let of = |name: &str, channel: &str| {
        let mut sink = irc(&insp, channel);
        sink["trusted"] = json!(["Beetstra"]);
        feed(name, sink)
    };
    let scene = CoiFeeds::new(json!([of("spam", "#spam"), of("other", "#other")])).await?;
    let (dirk, olga) = tokio::try_join!(insp.person_as("Dirk", "Beetstra", "apassword"), insp.person("Olga"))?;
    let (mut dirk, mut olga) = (enters(dirk, "#spam").await?, enters(olga, "#other").await?);
    let mut sender = scene.sender()?;
    arrives(&mut dirk, COIBOT).await?;
    arrives(&mut olga, COIBOT).await?;
    let known = async |revs: &[u64], lines: Vec<String>| -> Result<()> {
        let told: Vec<u64> = lines.iter().map(|line| diff_in(line)).collect::<Result<_>>()?;
        ensure!(told == revs, "{lines:#?}, not {revs:?}");
        Ok(())
    };

    // Silent, also over a restart of the process; the other channel goes on.
    says(
        &mut dirk,
        "#spam",
        "COIBot silent",
        "Nothing is reported here any more until `report`.",
    )
    .await?;
    sender.stop().await?;
    sender.again(0)?;
    arrives(&mut dirk, COIBOT).await?;
    arrives(&mut olga, COIBOT).await?;
    let revs = scene.hits("Alpha", 2).await?;
    known(&revs, told(&mut olga, COIBOT, 2).await?).await?;
    until_queue(&scene, "other sent 2, spam withheld 2").await?;
    let status = ask(&mut dirk, "#spam", "COIBot status", 7).await?;
    let quiet = "Feed spam: quiet since 20";
    let line = status
        .iter()
        .find(|line| line.starts_with(quiet))
        .context(format!("{status:#?}"))?;
    assert!(
        line.contains(" UTC by B\u{200d}eetstra (I\u{200d}RC), until `report feed spam`"),
        "{line}"
    );
    scene.run().await?;
    let page = scene.coi.status().await?;
    let line = page
        .lines()
        .find(|line| line.starts_with("* The feed spam "))
        .context(page.clone())?;
    assert!(
        line.starts_with("* The feed spam is quiet since 20") && line.contains(" by <bdi>Beetstra (IRC)</bdi>, "),
        "{line}"
    );

    // Undone: what came meanwhile is not told later.
    says(&mut dirk, "#spam", "COIBot report", "Reports come here again.").await?;
    // Of a user's reports the first and the fifth.
    says(
        &mut dirk,
        "#spam",
        "COIBot reportlevel 1",
        "Report level 1 here, until `reportlevel settings`.",
    )
    .await?;
    let titles: Vec<String> = (0..6).map(|n| format!("Article {n}")).collect();
    let edits: Vec<Edit> = titles
        .iter()
        .map(|title| ("Acmewidgets", title.as_str(), "https://www.acmewidgets.example/buy"))
        .collect();
    let revs = scene.edit(&edits).await?;
    scene.run().await?;
    known(&revs, told(&mut olga, COIBOT, 6).await?).await?;
    known(&[revs[0], revs[4]], told(&mut dirk, COIBOT, 2).await?).await?;
    until_queue(&scene, "other sent 8, spam sent 2, spam withheld 6").await?;
    let page = scene.coi.status().await?;
    let line = page
        .lines()
        .find(|line| line.starts_with("* The feed spam "))
        .context(page.clone())?;
    assert!(
        line.starts_with("* The feed spam has report level 1 since 20")
            && line.contains(" by <bdi>Beetstra (IRC)</bdi>, "),
        "{line}"
    );
    says(&mut dirk, "#spam", "COIBot reportlevel", "spam: report level 1").await?;

    // As the settings page says, and what the shell says counts here too.
    says(
        &mut dirk,
        "#spam",
        "COIBot reportlevel settings",
        "The settings page says the report level here again.",
    )
    .await?;
    let revs = scene.hits("Beta", 1).await?;
    known(&revs, told(&mut dirk, COIBOT, 1).await?).await?;
    scene
        .job()
        .args(&["reportlevel", "0", "spam", "--by", "Olaf"])
        .run_ok()
        .await?;
    says(&mut dirk, "#spam", "COIBot reportlevel spam", "spam: report level 0").await?;
    let states = feed_states(&scene).await?;
    assert_eq!(
        (&*states["spam"]["quiet_by"], &*states["spam"]["level_by"]),
        ("NULL", "Olaf")
    );
    sender.stop().await?;
    Ok(())
}
