//! Feeds from the edit to the channel: what a line says and how soon, who sends it, and how settings turn feeds on, away
//! and off, without a restart.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wikicrew_tests::coi::Coi;
use wikicrew_tests::feeds::{
    COIBOT, CoiFeeds, Door, Edit, Sender, all_told, arrives, diff_in, feed, feed_states, irc, irc_at, leaves, queue,
    queue_told, silent, told, until_queue,
};
use wikicrew_tests::ircd::{IrcPerson, Ircd, Kind};

const ACME: &str = "Acmewidgets";
/// Longer than a poll of the queue without pauses, and than a connection takes.
const WHILE: Duration = Duration::from_millis(700);

/// Somebody in these channels.
async fn person(ircd: &Ircd, nick: &str, channels: &[&str]) -> Result<IrcPerson> {
    let mut person = ircd.person(nick).await?;
    for channel in channels {
        person.join(channel).await?;
    }
    Ok(person)
}

// ---- the line

/// The edits in their order: a page is first made by somebody else, so that there is a diff.
const BEFORE: [Edit<'static>; 4] = [
    ("Bystander", "Hinges", "Steel."),
    ("Bystander", "Nuts", "Iron https://www.acmewidgets.example/nuts"),
    ("Bystander", "Bolts", "Brass https://other.example/"),
    (ACME, "Screws", "Zinc https://first.example/ https://second.example/a"),
];
const FIRST: [Edit<'static>; 1] = [(ACME, "Hinges", "Steel. https://www.acmewidgets.example/buy")];
const SECOND: [Edit<'static>; 2] = [
    (
        ACME,
        "Nuts",
        "Iron https://www.acmewidgets.example/nuts https://www.acmewidgets.example/shop",
    ),
    (
        ACME,
        "Bolts",
        "Brass https://other.example/ https://acmewidgets.example/",
    ),
];
const THIRD: [Edit<'static>; 1] = [(ACME, "Screws", "Zinc https://acmewidgets.example/zinc")];

/// Edits, what is reported of each (place among the reports, link), and so many seconds later.
type Round = (&'static [Edit<'static>], &'static [(&'static str, &'static str)], i64);

/// The four numbers, counted from the texts: links that Acmewidgets added, additions of its own link, of these its own,
/// on how many wikis.
fn numbers(edits: &[Edit<'_>]) -> String {
    let links = |text: &str| -> Vec<String> {
        let words = text.split(' ').filter_map(|word| word.strip_prefix("https://"));
        words.map(str::to_owned).collect()
    };
    let (mut pages, mut four): (HashMap<&str, Vec<String>>, [usize; 3]) = (HashMap::new(), [0; 3]);
    for (user, page, text) in edits {
        let now = links(text);
        let before = pages.insert(page, now.clone()).unwrap_or_default();
        for added in now.iter().filter(|link| !before.contains(link)) {
            let (is_acme, is_own) = (*user == ACME, added.contains("acmewidgets.example"));
            four[0] += usize::from(is_acme);
            four[1] += usize::from(is_own);
            four[2] += usize::from(is_acme && is_own);
        }
    }
    format!("({}, {}, {}, 1)", four[0], four[1], four[2])
}

/// COIBot's live alert for Acmewidgets' link.
fn alert(coi: &Coi, rev: u64, report: &str, link: &str, numbers: &str) -> String {
    let name = coi.exact(ACME).replacen('A', "A\u{200d}", 1);
    let wiki = coi.world.wiki.api.replace("api.php", "index.php");
    format!(
        "ALERT! [[en:user:{name}]]/[[en:special:contributions/{name}]] scores 100% (U->L) & 61.11% (L->U) (ratio: 61.1%) \
         on {name} <-> acmewidgets.example ( {wiki}?diff={rev} ) (report {report}) {link} {numbers}"
    )
}

/// With the pauses that there are in earnest.
#[tokio::test]
async fn a_hit_is_in_the_channel_within_seconds_as_coibot_told_it_with_numbers_that_are_right() -> Result<()> {
    let ircd = Ircd::start(Kind::Ngircd).await?;
    let scene = CoiFeeds::new(json!([feed("spam", irc(&ircd, "#spam"))])).await?;
    let coi = &scene.coi;
    let mut ann = person(&ircd, "Ann", &["#spam"]).await?;
    let mut sender = Sender::start(&scene.job().env("WIKICREW_TEST_CLOCK", "pauses=1"))?;
    arrives(&mut ann, COIBOT).await?;
    assert_eq!(sender.health().await?, 0);

    scene.edit(&BEFORE).await?;
    let mut edits = BEFORE.to_vec();
    let rounds: [Round; 3] = [
        (&FIRST, &[("1/1; 1", "acmewidgets.example/buy")], 0),
        (
            &SECOND,
            &[
                ("2/2; 1", "acmewidgets.example/shop"),
                ("3/3; 2", "acmewidgets.example/"),
            ],
            0,
        ),
        // The hour is over.
        (&THIRD, &[("1/4; 1", "acmewidgets.example/zinc")], 3_700),
    ];
    for (new, reports, later) in rounds {
        let revs = scene.edit(new).await?;
        edits.extend(new);
        scene.job().later(later).run_ok().await?;
        let stored = Instant::now();
        let lines = told(&mut ann, COIBOT, reports.len()).await?;
        assert!(stored.elapsed() < Duration::from_secs(10), "{:?}", stored.elapsed());
        let said = |(rev, (report, link)): (&u64, &(&str, &str))| alert(coi, *rev, report, link, &numbers(&edits));
        let expected: Vec<String> = revs.iter().zip(reports).map(said).collect();
        assert_eq!(lines, expected);
    }
    until_queue(&scene, "spam sent 4").await?;

    // Whoever looks after the process learns that it has ended, and, after a while, that it was killed.
    sender.stop().await?;
    assert!(leaves(&mut ann, COIBOT).await?.contains(" QUIT "));
    assert_eq!(sender.health().await?, 1);
    sender.again(0)?;
    arrives(&mut ann, COIBOT).await?;
    assert_eq!(sender.health().await?, 0);
    sender.kill().await?;
    sender.silent_for(Duration::from_secs(11 * 60))?;
    assert_eq!(sender.health().await?, 1);
    Ok(())
}

// ---- who sends

#[tokio::test]
async fn a_run_sends_over_one_connection_at_its_end_unless_the_continuous_job_is_at_work() -> Result<()> {
    let ircd = Ircd::start(Kind::Ngircd).await?;
    let door = Door::to(ircd.port()).await?;
    let feeds = json!([
        feed("spam", irc_at(door.port(), "#spam")),
        feed("all", irc_at(door.port(), "#all")),
        feed("pipe", json!("stdout")),
    ]);
    let scene = CoiFeeds::new(feeds).await?;
    assert_eq!(door.entered(), 0, "nothing waits after the first run");
    let mut ann = person(&ircd, "Ann", &["#spam"]).await?;
    let mut ben = person(&ircd, "Ben", &["#all"]).await?;

    let names = ["Alpha", "Beta", "Gamma"];
    let edits: Vec<Edit<'_>> = names.iter().map(|name| (*name, *name, "Text.")).collect();
    let revs = scene.edit(&edits).await?;
    let run = scene.run().await?;
    for ear in [&mut ann, &mut ben] {
        let lines = told(ear, COIBOT, 3).await?;
        let diffs: Vec<u64> = lines.iter().map(|line| diff_in(line)).collect::<Result<_>>()?;
        assert_eq!(diffs, revs);
        leaves(ear, COIBOT).await?;
    }
    assert_eq!(
        (door.entered(), queue_told(&scene).await?.as_str()),
        (1, "all sent 3, pipe sent 3, spam sent 3")
    );
    let printed: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("ALERT! ")).collect();
    assert_eq!(printed.len(), 3, "{run}");
    // Nobody's client is woken by a pipe, so names are whole there.
    let name = scene.coi.exact("Beta");
    assert!(printed[1].starts_with(&format!("ALERT! [[en:user:{name}]]/")), "{run}");
    assert!(run.says("9 reports were sent to feeds"), "{run}");

    let idle = scene.run().await?;
    assert_eq!((door.entered(), idle.says("sent to feeds")), (1, false), "{idle}");

    let mut sender = scene.sender()?;
    arrives(&mut ann, COIBOT).await?;
    arrives(&mut ben, COIBOT).await?;
    let revs = scene.edit(&[("Delta", "Delta", "Text.")]).await?;
    let run = scene.run().await?;
    assert!(!run.says("ALERT!") && !run.says("sent to feeds"), "{run}");
    for ear in [&mut ann, &mut ben] {
        assert_eq!(diff_in(&told(ear, COIBOT, 1).await?[0])?, revs[0]);
    }
    until_queue(&scene, "all sent 4, pipe sent 4, spam sent 4").await?;
    assert!(sender.stdout().starts_with("ALERT! "), "{}", sender.stdout());
    assert_eq!(door.entered(), 2);
    sender.stop().await?;
    for ear in [&mut ann, &mut ben] {
        assert_eq!(all_told(ear, COIBOT, WHILE).await, [""; 0]);
    }
    Ok(())
}

// ---- settings

#[tokio::test]
async fn feeds_come_move_and_go_with_the_settings_page() -> Result<()> {
    let ircd = Ircd::start(Kind::Ngircd).await?;
    let (spam, more) = (feed("spam", irc(&ircd, "#spam")), feed("more", irc(&ircd, "#more")));
    let scene = CoiFeeds::new(json!([spam])).await?;
    let mut ann = person(&ircd, "Ann", &["#spam"]).await?;
    let mut ben = person(&ircd, "Ben", &["#more"]).await?;
    let sender = scene.sender()?;
    arrives(&mut ann, COIBOT).await?;

    scene.set_feeds(json!([spam, more])).await?;
    arrives(&mut ben, COIBOT).await?;
    scene.hits("Alpha", 1).await?;
    for ear in [&mut ann, &mut ben] {
        told(ear, COIBOT, 1).await?;
    }

    scene.set_feeds(json!([feed("spam", irc(&ircd, "#more"))])).await?;
    assert!(leaves(&mut ann, COIBOT).await?.contains(" PART #spam"));
    let revs = scene.hits("Beta", 1).await?;
    assert_eq!(diff_in(&told(&mut ben, COIBOT, 1).await?[0])?, revs[0]);
    silent(&mut ben, COIBOT, WHILE).await?;
    until_queue(&scene, "more sent 1, spam sent 2").await?;

    // Without any feed it stays, and waits for one.
    scene.set_feeds(json!([])).await?;
    leaves(&mut ben, COIBOT).await?;
    scene.hits("Gamma", 1).await?;
    assert_eq!(queue_told(&scene).await?, "more sent 1, spam sent 2");
    scene.set_feeds(json!([more])).await?;
    arrives(&mut ben, COIBOT).await?;
    let revs = scene.hits("Delta", 1).await?;
    assert_eq!(diff_in(&told(&mut ben, COIBOT, 1).await?[0])?, revs[0]);
    assert_eq!(sender.health().await?, 0);
    Ok(())
}

#[tokio::test]
async fn nothing_is_sent_where_the_operator_names_no_host_or_while_people_say_no() -> Result<()> {
    let ircd = Ircd::start(Kind::Ngircd).await?;
    let door = Door::to(ircd.port()).await?;
    let scene = CoiFeeds::new(json!([feed("spam", irc_at(door.port(), "#spam"))])).await?;
    let (coi, good) = (&scene.coi, &scene.coi.settings);
    let mut ann = person(&ircd, "Ann", &["#spam"]).await?;

    // An admin of the wiki can name any server; only the operator lets anything go there.
    let revs = scene.edit(&[("Alpha", "Alpha", "Text.")]).await?;
    let other = scene.job().env("WIKICREW_FEED_HOSTS", "irc.example.org,127.0.0.1:9");
    let run = other.run_ok().await?;
    assert!(run.says("has not named 127.0.0.1:"), "{run}");
    let later = other.clone().later(1_000).run_ok().await?;
    let status = coi.status().await?;
    let line = status.lines().find(|line| line.contains("spam cannot be sent since "));
    let line = line.with_context(|| format!("{status}\n{later}"))?;
    assert!(line.contains("the operator has not named "), "{line}");
    assert_eq!(
        (door.entered(), queue_told(&scene).await?.as_str()),
        (0, "spam waiting 1")
    );
    assert_eq!(feed_states(&scene).await?["spam"]["last_sent"], "NULL");

    // People say no in every way there is, to a process that is at work.
    let stop_page = format!("User:{}/coi-report/Stop", coi.world.bot.name);
    let una = coi.regular("Una", 900, 900).await?;
    scene.save(&good.clone().set("feeds", json!("all"))).await?;
    let sender = scene.sender()?;
    sender.says("nothing is sent: the settings are rejected: ").await?;
    scene.save(&good.clone().set("enabled", false)).await?;
    sender.says("nothing is sent: off since settings revision ").await?;
    una.edit(&stop_page, "too loud", "").await?;
    scene.save(good).await?;
    sender.says("nothing is sent: stopped by ").await?;
    silent(&mut ann, COIBOT, WHILE).await?;
    assert_eq!(
        (door.entered(), queue_told(&scene).await?.as_str()),
        (0, "spam waiting 1")
    );

    // Then it comes, and the trouble is over.
    una.edit(&stop_page, "", "better").await?;
    assert_eq!(diff_in(&told(&mut ann, COIBOT, 1).await?[0])?, revs[0]);
    until_queue(&scene, "spam sent 1").await?;
    scene.job().later(1_000).run_ok().await?;
    assert!(!coi.status().await?.contains("cannot be sent"));

    // A connection that stands is given up, and made again.
    scene.save(&good.clone().set("enabled", false)).await?;
    leaves(&mut ann, COIBOT).await?;
    coi.world
        .execute("UPDATE feed_line SET state = 'waiting', settled = NULL")
        .await?;
    silent(&mut ann, COIBOT, WHILE).await?;
    scene.save(good).await?;
    assert_eq!(diff_in(&told(&mut ann, COIBOT, 1).await?[0])?, revs[0]);
    assert_eq!(door.entered(), 2);
    Ok(())
}

// ---- what a feed takes

/// Names of pages on which somebody adds a link, one edit each.
const PAGES: [&str; 11] = [
    "Ada", "Bea", "Cia", "Dea", "Eda", "Fia", "Gea", "Hia", "Ida", "Jea", "Kia",
];

/// Which hits of a user each feed has in this state: the place of each among the user's.
async fn of_user(scene: &CoiFeeds, user: &str, state: &str) -> Result<String> {
    let (name, mut told) = (scene.coi.exact(user), String::new());
    let sql = format!("SELECT id FROM hit WHERE user_name = '{name}' ORDER BY id");
    let items: Vec<String> = scene.coi.world.rows(&sql).await?.concat();
    let mut rows = queue(scene).await?;
    rows.retain(|row| row.state == state);
    rows.sort();
    for row in rows {
        if let Some(place) = items.iter().position(|item| *item == row.item.to_string()) {
            told += &format!("{} {}, ", row.feed, place + 1);
        }
    }
    Ok(told.trim_end_matches(", ").to_owned())
}

#[tokio::test]
async fn a_feed_takes_its_wikis_and_rules_and_tells_as_much_as_its_level_says() -> Result<()> {
    let of = |name: &str, key: &str, value: Value| {
        let mut of = feed(name, json!({ "type": "stdout" }));
        of[key] = value;
        of
    };
    let coi = Coi::with_both().await?;
    let german = coi.wiki_id(coi.de);
    let host = german.split('/').next().unwrap_or_default().to_owned();
    let feeds = json!([
        of("here", "wikis", json!(["here"])),
        of("german", "wikis", json!([host])),
        of("pages", "rules", json!(["page-overlap"])),
        of("first", "level", json!(1)),
        of("none", "level", json!(0)),
    ]);
    let scene = CoiFeeds::of(coi, feeds).await?;
    let coi = &scene.coi;

    let link = "https://www.acmewidgets.example/buy";
    let edits: Vec<Edit<'_>> = PAGES.iter().map(|page| (ACME, *page, link)).collect();
    scene.edit(&edits).await?;
    scene.edit(&[("Alphabeta", "Alphabeta", "Text.")]).await?;
    let gerd = coi.german("Gerdschmidt").await?;
    coi.edit(&gerd, "Gerdschmidt", "Über ihn.").await?;
    scene.run().await?;
    let sent = of_user(&scene, ACME, "sent").await?;
    let all: Vec<String> = (1..=11).map(|n| format!("here {n}")).collect();
    assert_eq!(sent, format!("first 1, first 5, first 10, {}", all.join(", ")));
    assert_eq!(of_user(&scene, "Alphabeta", "sent").await?, "first 1, here 1, pages 1");
    let withheld = of_user(&scene, ACME, "withheld").await?;
    let count = |feed: &str| withheld.matches(feed).count();
    assert_eq!(
        (count("first "), count("none "), count("here ")),
        (8, 11, 0),
        "{withheld}"
    );

    // Other tests' edits are seen there too.
    let sql = format!(
        "SELECT feed, state FROM feed_line JOIN hit ON hit.id = item WHERE hit.wiki = '{german}' AND hit.title LIKE \
         '%{}%' ORDER BY feed",
        coi.world.prefix
    );
    assert_eq!(
        coi.world.table(&sql).await?,
        "first | sent\ngerman | sent\nnone | withheld\npages | sent\n"
    );

    // The next hour begins with its first.
    scene.edit(&[(ACME, "Leda", link)]).await?;
    scene.job().later(3_700).run_ok().await?;
    let sent = of_user(&scene, ACME, "sent").await?;
    assert!(
        sent.starts_with("first 1, first 5, first 10, first 12, here 1, "),
        "{sent}"
    );
    Ok(())
}
