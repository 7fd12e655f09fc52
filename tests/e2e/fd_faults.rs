//! What goes wrong around feeds: floods, servers that die, hang, speak rubbish or are gone for an hour, a database that is
//! gone, people who throw the bot out. Nothing is lost, nothing comes twice without saying so, and no dead sink holds up
//! another one, a scheduled run or SIGTERM.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::feeds::{
    COIBOT, CoiFeeds, Flood, Gate, Sender, arrives, diff_in, feed, feed_states, flood, irc, irc_at, leaves, queue_told,
    silent, told, until, until_queue,
};
use wikicrew_tests::ircd::{IrcPerson, Ircd, Kind};

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Through all of it the connection of people is another one than the bot's, which goes through a gate: so they are in
/// the channel again before it is.
#[tokio::test]
async fn a_flood_arrives_whole_and_goes_on_where_server_connection_or_database_broke() -> Result<()> {
    const LAST: u64 = 1000;
    let mut ircd = Ircd::start(Kind::Ngircd).await?;
    let gate = Gate::to(ircd.port()).await?;
    let scene = CoiFeeds::new(json!([feed("spam", irc_at(gate.port(), "#spam"))])).await?;
    let mut ann = ircd.person("Ann").await?;
    ann.join("#spam").await?;
    let mut sender = scene.sender()?;
    arrives(&mut ann, COIBOT).await?;
    scene.hits("Alpha", 1).await?;
    told(&mut ann, COIBOT, 1).await?;

    let mut heard = Flood::default();
    flood(&scene, 1..=LAST).await?;
    heard.until(&mut ann, 400).await?;
    assert_eq!((heard.judged(400)?, heard.heard.len()), (0, 400), "each once");

    // SIGKILL of the server; it comes back on its port.
    gate.shut().await?;
    ircd.stop();
    heard.rest(&mut ann, Duration::from_secs(1)).await?;
    assert!(heard.heard.len() < 600, "it did not die under way");
    ircd.again().await?;
    let mut ann = ircd.person("Ann").await?;
    ann.join("#spam").await?;
    gate.open().await?;

    // As in a split of the network: the connection alone ends.
    heard.until(&mut ann, 600).await?;
    let mut operator = ircd.operator("Oper").await?;
    operator.kill(COIBOT).await?;
    heard.until(&mut ann, 700).await?;

    // The database goes; what was sent is noted when it comes back. A fresh process: every twenty seconds one looks after
    // its lock, which goes with the database, and one that begins anew does not know what it had sent.
    sender.stop().await?;
    let db = DbProxy::start(&scene.coi.world.database_url()).await?;
    let mut sender = Sender::start(&scene.job().over(&db))?;
    heard.until(&mut ann, 850).await?;
    let doubts = heard.doubts();
    assert!(doubts <= 2, "{doubts} lines were in doubt");
    db.refuse().await?;
    db.cut_all();
    heard.rest(&mut ann, Duration::from_secs(4)).await?;
    assert!(heard.heard.len() < 900, "lines go out that nobody noted");
    db.accept().await?;
    heard.whole(&mut ann, LAST).await?;
    assert_eq!(heard.judged(LAST)?, doubts, "it knew what it had sent");
    until_queue(&scene, &format!("spam sent {}", LAST + 1)).await?;
    sender.stop().await?;
    Ok(())
}

/// The next text of the bot, whatever its nick, which must be in this channel.
async fn hears(person: &mut IrcPerson, channel: &str) -> Result<String> {
    let heard = person.heard(PATIENCE).await.context("nothing is said")?;
    ensure!(
        heard.nick.starts_with(COIBOT) && heard.to == channel,
        "not in {channel}: {heard:?}"
    );
    Ok(heard.text)
}

#[tokio::test]
async fn after_an_hour_without_the_server_each_feed_sends_what_is_not_too_old_for_it() -> Result<()> {
    let mut ircd = Ircd::start(Kind::Ngircd).await?;
    let gate = Gate::to(ircd.port()).await?;
    let aged = |name: &str, max_age: &str| {
        let mut feed = feed(name, irc_at(gate.port(), &format!("#{name}")));
        feed["max_age"] = json!(max_age);
        feed
    };
    let scene = CoiFeeds::new(json!([aged("long", "6h"), aged("short", "30m")])).await?;
    gate.shut().await?;
    ircd.stop();
    let mut sender = scene.sender()?;
    let revs = scene.hits("Alpha", 3).await?;
    sender.says("Connection refused").await?;
    assert_eq!(sender.health().await?, 0, "it is alive");
    sender.stop().await?;
    until_queue(&scene, "long waiting 3, short waiting 3").await?;

    // An hour later it is still gone.
    sender.again(3700)?;
    until_queue(&scene, "long waiting 3, short dropped 3").await?;
    ircd.again().await?;
    let mut ann = ircd.person("Ann").await?;
    let mut ben = ircd.person("Ben").await?;
    ann.join("#long").await?;
    ben.join("#short").await?;
    gate.open().await?;
    for rev in revs {
        let line = hears(&mut ann, "#long").await?;
        assert_eq!((diff_in(&line)?, line.starts_with("ALERT!")), (rev, true), "{line}");
    }
    let line = hears(&mut ben, "#short").await?;
    let is_told = line.starts_with("3 reports of 20") && line.ends_with("not sent here: too old, more than 30 min");
    assert!(is_told, "{line}");
    until_queue(&scene, "long sent 3, short told 3").await?;
    sender.stop().await?;
    leaves(&mut ben, COIBOT).await?;

    sender.again(3700)?;
    arrives(&mut ben, COIBOT).await?;
    silent(&mut ben, COIBOT, Duration::from_millis(300)).await?;
    silent(&mut ann, COIBOT, Duration::from_millis(1)).await?;
    sender.stop().await?;
    Ok(())
}

/// Why and since when a feed is in trouble.
async fn trouble(scene: &CoiFeeds, feed: &str) -> Result<(String, String)> {
    let states = feed_states(scene).await?;
    let state = states.get(feed).cloned().unwrap_or_default();
    let of = |column: &str| state.get(column).cloned().unwrap_or_default();
    Ok((of("trouble"), of("trouble_since")))
}

#[tokio::test]
async fn who_is_thrown_out_stays_out_and_says_why_while_other_feeds_go_on() -> Result<()> {
    const NICK: &str = "COIBot_";
    let (ircd, far) = (Ircd::start(Kind::Ngircd).await?, Ircd::start(Kind::Ngircd).await?);
    let feeds = [("spam", &ircd), ("near", &ircd), ("far", &far)];
    let feeds = feeds.map(|(name, ircd)| feed(name, irc(ircd, &format!("#{name}"))));
    let scene = CoiFeeds::new(json!(feeds)).await?;
    let _squatter = ircd.person(COIBOT).await?;
    let (mut ann, mut ben, mut eve) = (
        ircd.person("Ann").await?,
        ircd.person("Ben").await?,
        far.person("Eve").await?,
    );
    ann.join("#spam").await?;
    ben.join("#near").await?;
    eve.join("#far").await?;
    let mut sender = scene.sender()?;
    arrives(&mut ann, NICK).await?;
    arrives(&mut ben, NICK).await?;
    arrives(&mut eve, COIBOT).await?;
    let tells = async |why: &str| until(why, async || Ok(trouble(&scene, "spam").await?.0.contains(why))).await;
    let others = async |ben: &mut IrcPerson, eve: &mut IrcPerson| {
        hears(ben, "#near").await?;
        hears(eve, "#far").await
    };

    // A kick. After an hour it comes back and tells what waited.
    ann.kick("#spam", NICK).await?;
    tells("it was removed from #spam").await?;
    let rev = scene.hits("Alpha", 1).await?[0];
    others(&mut ben, &mut eve).await?;
    until_queue(&scene, "far sent 1, near sent 1, spam waiting 1").await?;
    let since = trouble(&scene, "spam").await?.1;
    scene.job().later(1200).run_ok().await?;
    let status = scene.coi.status_title();
    let status = scene.coi.world.admin.text(&status).await?.context("no status page")?;
    let line = status.lines().find(|line| line.contains("cannot be sent since"));
    let line = line.with_context(|| format!("no trouble on\n{status}"))?;
    let minute = since[..16].replace('-', "&#45;").replace(':', "&#58;");
    for word in ["feed spam", "it was removed from &#35;spam", &minute] {
        assert!(line.contains(word), "{word} is not in {line}");
    }
    assert!(!line.contains("Ann"), "{line}");
    silent(&mut ann, NICK, Duration::from_millis(1)).await?;
    sender.stop().await?;
    sender.again(3700)?;
    arrives(&mut ann, NICK).await?;
    assert_eq!(diff_in(&hears(&mut ann, "#spam").await?)?, rev);

    // A ban.
    ann.mode("#spam", "+b", "COIBot*!*@*").await?;
    sender.stop().await?;
    sender.again(0)?;
    tells("(474)").await?;
    flood(&scene, 1..=1).await?;
    others(&mut ben, &mut eve).await?;
    ann.mode("#spam", "-b", "COIBot*!*@*").await?;
    silent(&mut ann, NICK, Duration::from_millis(200)).await?;
    sender.stop().await?;
    sender.again(3700)?;
    let mut heard = Flood::default();
    heard.whole(&mut ann, 1).await?;

    // Nobody may speak: it asks again after a quarter of an hour, and since when it could not speak is not forgotten then.
    ann.mode("#spam", "+m", "").await?;
    flood(&scene, 2..=3).await?;
    others(&mut ben, &mut eve).await?;
    others(&mut ben, &mut eve).await?;
    tells("(404)").await?;
    let (_, since) = trouble(&scene, "spam").await?;
    sender.stop().await?;
    sender.again(1000)?;
    sender.says("(404)").await?;
    sender.stop().await?;
    assert_eq!(trouble(&scene, "spam").await?.1, since);
    ann.mode("#spam", "-m", "").await?;
    sender.again(1000)?;
    heard.whole(&mut ann, 3).await?;
    assert_eq!(heard.judged(3)?, 0, "a refused line is in no doubt");
    until_queue(&scene, "far sent 4, near sent 4, spam sent 4").await?;
    assert_eq!(trouble(&scene, "spam").await?.0, "NULL");
    sender.stop().await?;
    Ok(())
}

#[tokio::test]
async fn servers_that_say_nothing_or_rubbish_hold_up_nobody() -> Result<()> {
    let (ircd, frozen) = (Ircd::start(Kind::Ngircd).await?, Ircd::start(Kind::Ngircd).await?);
    let (silence, rubbish) = (Gate::to_silence().await?, Gate::to_rubbish().await?);
    let ports = [
        ("silence", silence.port()),
        ("rubbish", rubbish.port()),
        ("spam", ircd.port()),
        ("frozen", frozen.port()),
    ];
    let feeds = ports.map(|(name, port)| feed(name, irc_at(port, &format!("#{name}"))));
    let scene = CoiFeeds::new(json!(feeds)).await?;
    let (mut ann, mut ben) = (ircd.person("Ann").await?, frozen.person("Ben").await?);
    ann.join("#spam").await?;
    ben.join("#frozen").await?;
    let mut sender = scene.sender()?;
    arrives(&mut ann, COIBOT).await?;
    arrives(&mut ben, COIBOT).await?;
    scene.hits("Alpha", 1).await?;
    hears(&mut ann, "#spam").await?;
    hears(&mut ben, "#frozen").await?;

    // One hangs while a line is under way: the others go on, and the process ends in time.
    frozen.freeze()?;
    flood(&scene, 1..=5).await?;
    let (mut on, mut hung) = (Flood::default(), Flood::default());
    on.whole(&mut ann, 5).await?;
    assert_eq!(on.judged(5)?, 0);
    until("a line is under way", async || {
        Ok(queue_told(&scene).await?.contains("frozen sending 1"))
    })
    .await?;
    sender.stop().await?;
    frozen.thaw()?;
    // That one line had arrived.
    hung.until(&mut ben, 1).await?;
    leaves(&mut ben, COIBOT).await?;
    sender.again(0)?;
    hung.whole(&mut ben, 5).await?;
    assert_eq!(
        (hung.judged(5)?, hung.heard[..2].to_vec()),
        (1, vec![(1, false), (1, true)])
    );
    until_queue(
        &scene,
        "frozen sent 6, rubbish waiting 6, silence waiting 6, spam sent 6",
    )
    .await?;
    sender.kill().await?;

    // A scheduled run, with the pauses of real ones: one line a second, and no longer than a sink may take to answer and
    // to take leave.
    flood(&scene, 6..=8).await?;
    let real = scene.job().env("WIKICREW_TEST_CLOCK", "offset=0,pauses=1");
    let listening = async {
        let mut times = Vec::new();
        for number in 6..=8 {
            on.until(&mut ann, number).await?;
            times.push(Instant::now());
        }
        Ok(times)
    };
    let (run, times) = tokio::try_join!(real.run_ok(), listening)?;
    assert!(run.seconds < 15.0 + 2.0 + 5.0, "it waited too long\n{run}");
    for pair in times.windows(2) {
        // Between sending them lies a second; a busy machine hears some late.
        assert!(pair[1] - pair[0] > Duration::from_millis(700), "{times:?}");
    }
    assert_eq!(on.judged(8)?, 0);
    let run = real.run_ok().await?;
    assert!(run.seconds < 5.0, "it is not time for the next try\n{run}");
    until_queue(
        &scene,
        "frozen sent 9, rubbish waiting 9, silence waiting 9, spam sent 9",
    )
    .await
}
