//! coi-report reading event streams that behave like Wikimedia's: the same hits and rows as from recent changes, whatever
//! the connection does; wikis that do not answer; shards; a stop. Each edit once, and none missed in silence.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::api::Api;
use wikicrew_tests::coi::Coi;
use wikicrew_tests::links::{named_dump, seconds_ago};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::{NewPage, Sandbox};
use wikicrew_tests::sse::bridge::{Bridge, without_performer};
use wikicrew_tests::sse::{EventStreams, LINKS_CHANGE, Manner, RECENT_CHANGE};
use wikicrew_tests::world::World;

use crate::coi_sources::{about_oneself, host_of, only, proxied, reaching, read_so_far};
use crate::seen::{decoded, number};

type Events = Vec<(&'static str, Value)>;

fn here(source: &str) -> Value {
    json!([{ "wiki": "here", "source": source }])
}

fn streams(coi: &Coi) -> Result<&EventStreams> {
    coi.streams.as_ref().context("this world has no event streams")
}

/// What the streams would have told of this world's edits since then, on the wiki that the job knows by this address.
async fn events(coi: &Coi, api: &Api, api_url: &str, dbname: &str, since: &str) -> Result<Events> {
    let domain = host_of(api_url).to_owned();
    let bridge = Bridge {
        api,
        domain,
        dbname: dbname.to_owned(),
        with_links: true,
    };
    bridge.events(since, |title| title.contains(&coi.world.prefix)).await
}

/// Returns when the streams were asked for so many times.
async fn asked(streams: &EventStreams, times: usize) -> Result<()> {
    for _ in 0..1_000 {
        if streams.asked().len() >= times {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    anyhow::bail!("the streams were asked {} times, not {times}", streams.asked().len())
}

/// First runs, at the same time: a stream stands nowhere before its first event.
async fn first_runs(coi: &Coi, jobs: &[&Job]) -> Result<()> {
    let streams = streams(coi)?;
    let before = streams.asked().len();
    let running: Vec<_> = jobs.iter().map(|job| job.start()).collect::<Result<_>>()?;
    asked(streams, before + jobs.len()).await?;
    for stream in [RECENT_CHANGE, LINKS_CHANGE] {
        streams.push_canary(stream, &seconds_ago(0));
    }
    for one in running {
        let run = one.wait().await?;
        ensure!(run.code == 0 && run.says("the streams are read from now on"), "{run}");
    }
    Ok(())
}

/// The hits, without numbers that differ between databases.
async fn hits(world: &World) -> Result<String> {
    let sql = "SELECT wiki, rev_id, subject, rule, string, matched, ut, tu, ratio, words, url, times, skip, is_shown, \
        is_reported, is_new, edits, ts, user_id, user_name, user_kind, page_id, ns, title FROM hit ORDER BY 1, 2, 3, 4, 5";
    let parked = "SELECT item_key FROM parked ORDER BY 1";
    Ok(world.table(sql).await? + &world.table(parked).await?)
}

/// Edits of every kind that two sources tell of.
async fn all_kinds(coi: &Coi) -> Result<()> {
    let (world, word) = (&coi.world, coi.world.prefix.to_lowercase());
    let own = |name: &str| world.own(name);
    let shop = coi.newcomer("Shop").await?;
    let link = format!("https://{word}shop.example/ä%2Fb?q=%20x&y=[1]");
    coi.edit(&shop, "Town", &format!("[{link} Here] and https://x.example/?a=%25."))
        .await?;
    let pages = [
        about_oneself(coi, "Alphaco"),
        NewPage::new(&own("Robots"), "https://robot.example/")
            .by(&own("Robot"))
            .with("bot", json!(true)),
        NewPage::new(&own("Plain"), "Words.").by(&own("Writer")),
        NewPage::new(&own("User talk:Alphaco"), "https://talk.example/").by(&own("Alphaco")),
    ];
    world.load(&pages).await?;
    let cleaner = world.login(&world.person("Cleaner").await?).await?;
    let emptied = coi.edit(&cleaner, "Town", "Nothing is left.").await?;
    let undo = [
        ("action", "edit"),
        ("title", &own("Town")),
        ("undo", &emptied.to_string()),
    ];
    let reverter = coi.regular("Reverter", 900, 900).await?;
    let undone = reverter.write(&undo).await.context("undoing")?;
    ensure!(undone["edit"]["result"] == "Success", "{undone}");
    coi.edit(&coi.temporary(world.wiki)?, "Town", "https://t.example/日本?b=c%20d")
        .await?;
    coi.edit(
        &coi.address(world.wiki, "203.0.113.9")?,
        "Plain",
        "Words. https://near.example/",
    )
    .await?;
    let hidden = coi.edit(&shop, "Shop", &link).await?;
    coi.edit(&shop, "Shop", "Later.").await?;
    coi.oversighter().await?.suppress_revision(hidden, "user|content").await
}

/// Repeated, out of order, without a name, about other wikis, and nonsense.
fn shaken(events: Events) -> Events {
    let mut told: Events = Vec::new();
    for pair in events.chunks(2) {
        told.extend(pair.iter().rev().cloned());
    }
    if let Some(first) = told.iter_mut().find(|(stream, _)| *stream == LINKS_CHANGE) {
        first.1 = without_performer(first.1.clone());
    }
    let mut elsewhere = told[0].1.clone();
    elsewhere["wiki"] = json!("elsewherewiki");
    elsewhere["server_url"] = json!("https://elsewhere.example.org");
    elsewhere["server_name"] = json!("elsewhere.example.org");
    elsewhere["meta"]["domain"] = json!("elsewhere.example.org");
    let mut nonsense = told[0].1.clone();
    nonsense["title"] = Value::Null;
    told.insert(2, (RECENT_CHANGE, elsewhere));
    told.insert(4, (told[0].0, nonsense));
    told.extend(told[5..9].to_vec());
    told
}

/// Connections as they come in bad times.
fn bad_times() -> [Manner; 5] {
    let html = "<html>Our servers are busy.</html>";
    [
        Manner::refusing(429, Some(0), "text/html", html),
        Manner::refusing(503, None, "text/html", html),
        Manner::refusing(200, None, "text/html", html),
        Manner {
            within_event: true,
            ..Manner::of_events(4)
        },
        Manner {
            repeats: 3,
            in_pieces: true,
            ..Manner::of_events(9)
        },
    ]
}

#[tokio::test]
async fn streams_in_bad_times_tell_the_same_as_recent_changes_go_on_by_id_and_gaps_are_told() -> Result<()> {
    let coi = Coi::with_streams().await?;
    let (proxy, job) = proxied(&coi).await?;
    let streams = streams(&coi)?;
    let other = World::without_wiki().await?;
    let by_changes = job.clone().env("WIKICREW_DATABASE_URL", &other.database_url());
    let off = coi.settings.clone().set("publish", "off");
    let settings = |source: &str| off.clone().set("wikis", here(source));
    coi.save_settings(&settings("recentchanges")).await?;
    by_changes.run_ok().await?;
    coi.save_settings(&settings("eventstreams")).await?;
    first_runs(&coi, &[&job]).await?;

    let since = seconds_ago(1);
    all_kinds(&coi).await?;
    let told = events(&coi, &coi.world.admin, proxy.url(), "enwiki", &since).await?;
    ensure!(told.len() > 12, "{told:?}");
    streams.push_all(shaken(told));
    streams.push_canary(LINKS_CHANGE, &seconds_ago(0));
    streams.next(bad_times());
    let place = streams.asked().len();
    let run = job.run_ok().await?;
    assert_eq!(streams.asked().len() - place, 6, "{run}");
    assert!(run.says("1 events cannot be read"), "{run}");
    let again = job.run_ok().await?;
    let sent = streams.asked().pop().context("nothing was asked")?;
    assert_eq!(
        sent.header("last-event-id"),
        Some(streams.newest_id().as_str()),
        "{run}{again}"
    );
    assert!(sent.header("cookie").is_none() && sent.header("authorization").is_none());
    assert_eq!(number(&again, "edits_seen")?, 0, "{again}");

    coi.save_settings(&settings("recentchanges")).await?;
    let same = by_changes.run_ok().await?;
    assert_eq!(hits(&coi.world).await?, hits(&other).await?, "{run}{same}");
    assert_eq!(named_dump(&coi.world).await?, named_dump(&other).await?, "{run}{same}");
    assert_eq!(
        read_so_far(&coi.world).await?,
        read_so_far(&other).await?,
        "{run}{same}"
    );
    let found = coi.hits_told().await?;
    assert!(
        found.contains("Alphaco page-overlap") && found.contains("Shop link-overlap"),
        "{found}"
    );

    // What the server no longer has: it begins with what is new, without a word.
    coi.save_settings(&settings("eventstreams")).await?;
    let back = "UPDATE checkpoint SET pos = JSON_SET(CONVERT(pos USING utf8mb4), '$.at', '2026-01-01T00:00:00Z')";
    coi.world.execute(back).await?;
    streams.push_canary(RECENT_CHANGE, &seconds_ago(0));
    streams.keep(0);
    let place = streams.asked().len();
    let running = job.start()?;
    asked(streams, place + 1).await?;
    let since = seconds_ago(1);
    coi.world.load(&[about_oneself(&coi, "Betaco")]).await?;
    streams.push_all(events(&coi, &coi.world.admin, proxy.url(), "enwiki", &since).await?);
    let run = running.wait().await?;
    assert!(run.says("the streams offer nothing from 2026-01-01"), "{run}");
    assert_eq!(number(&run, "gaps")?, 1, "{run}");

    // The stream is down, then quiet: a stop is obeyed at once.
    streams.refuse().await?;
    let down = job.run_ok().await?;
    assert!(down.says("reading the event streams"), "{down}");
    streams.accept().await?;
    let place = streams.asked().len();
    let running = job.clone().env("WIKICREW_STREAM_SECONDS", "600").start()?;
    asked(streams, place + 1).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let told = Instant::now();
    running.terminate().await?;
    let stopped = running.wait().await?;
    assert!(
        stopped.code == 0 && told.elapsed() < Duration::from_secs(10),
        "{stopped}"
    );
    let state = coi
        .world
        .rows("SELECT state FROM run ORDER BY run_id DESC LIMIT 1")
        .await?;
    assert_eq!(state, [["stopped"]]);
    let last = job.run_ok().await?;
    let hits = coi.hits_told().await?;
    assert_eq!(hits.matches("Betaco page-overlap").count(), 1, "{run}{last}");
    Ok(())
}

#[tokio::test]
async fn an_edit_behind_one_that_waits_is_read_by_two_runs_and_counted_once() -> Result<()> {
    let coi = Coi::with_streams().await?;
    coi.save_settings(&coi.settings.clone().set("publish", "off")).await?;
    let (proxy, job) = proxied(&coi).await?;
    first_runs(&coi, &[&job]).await?;
    let since = seconds_ago(1);
    coi.world.load(&[about_oneself(&coi, "Waiter")]).await?;
    let link = NewPage::new(&coi.world.own("Links"), "https://x.example/").by("Somebody");
    coi.world.load(&[link]).await?;
    let told = events(&coi, &coi.world.admin, proxy.url(), "enwiki", &since).await?;
    // A run of two seconds waits one for links: these come in the second one.
    let streams = streams(&coi)?;
    let place = streams.asked().len();
    let running = job.start()?;
    asked(streams, place + 1).await?;
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    streams.push_all(told);
    let first = running.wait().await?;
    let second = job.run_ok().await?;
    assert_eq!(
        coi.hits_told().await?,
        "Waiter page-overlap Waiter\n",
        "{first}{second}"
    );
    assert_eq!(read_so_far(&coi.world).await?, "2 | 1 | 1\n", "{first}{second}");
    Ok(())
}

#[tokio::test]
async fn edits_of_a_wiki_that_does_not_answer_are_looked_at_later_and_nothing_is_lost() -> Result<()> {
    let de = Sandbox::get().wiki("de");
    let admin = de.as_admin().await?;
    let proxy = FaultProxy::start(&de.api).await?;
    let both = json!([
        { "wiki": "here", "source": "eventstreams" },
        { "api": proxy.url(), "prefix": "de", "source": "eventstreams" },
    ]);
    let mut coi = Coi::with(both).await?;
    coi.streams = Some(EventStreams::start().await?);
    let job = reaching(&coi.job(), &[&coi.world.wiki.api, proxy.url()]);
    first_runs(&coi, &[&job]).await?;
    let since = seconds_ago(1);
    coi.world.load(&[about_oneself(&coi, "Homeco")]).await?;
    let robot = coi.world.own("Robotco");
    let pages = [
        about_oneself(&coi, "Dortco"),
        NewPage::new(&robot, "https://dort.example/")
            .by(&robot)
            .with("bot", json!(true)),
        NewPage::new(&coi.world.own("Diskussion:Talkco"), "Text").by(&coi.world.own("Talkco")),
    ];
    de.load(&pages).await?;
    proxy.refuse().await?;
    let mut told = events(&coi, &coi.world.admin, &coi.world.wiki.api, "enwiki", &since).await?;
    told.extend(events(&coi, &admin, proxy.url(), "dewiki", &since).await?);
    streams(&coi)?.push_all(told);
    let down = job.run_ok().await?;
    assert!(down.says("edits are looked at later"), "{down}");
    assert_eq!(coi.hits_told().await?, "Homeco page-overlap Homeco\n", "{down}");
    proxy.accept().await?;
    let soon = job.clone().later(60).run_ok().await?;
    assert_eq!(coi.hits().await?.len(), 1, "ten minutes later: {soon}");
    let parked = coi.world.count("parked").await?;
    let later = job.clone().later(700).run_ok().await?;
    let hits = coi.hits_told().await?;
    assert_eq!(
        hits, "Dortco page-overlap Dortco\nHomeco page-overlap Homeco\n",
        "{down}{later}"
    );
    let rows = coi.world.rows("SELECT COUNT(*) FROM link_addition").await?;
    assert_eq!(rows, [["1"]], "the robot's link: {later}");
    assert!(
        parked > 0 && coi.world.count("parked").await? == 0,
        "{parked}: {down}{later}"
    );
    assert_eq!(read_so_far(&coi.world).await?, "3 | 1 | 2\n", "{later}");
    job.clone().later(1_400).run_ok().await?;
    assert_eq!(
        (coi.hits_told().await?, read_so_far(&coi.world).await?),
        (hits, "3 | 1 | 2\n".to_owned())
    );
    Ok(())
}

/// FNV-1a, by which wikis are divided.
fn hash(key: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    key.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// A proxy before the German wiki by whose address it falls into the other half.
async fn in_the_other_half(coi: &Coi) -> Result<FaultProxy> {
    let home = hash(&coi.wiki_id(coi.world.wiki)) % 2;
    for _ in 0..64 {
        let proxy = FaultProxy::start(&coi.de.api).await?;
        if hash(&format!("{}/w", host_of(proxy.url()))) % 2 != home {
            only(&coi.world.prefix, &proxy);
            return Ok(proxy);
        }
    }
    anyhow::bail!("no such port was free")
}

#[tokio::test]
async fn two_halves_are_the_whole_and_another_division_is_refused() -> Result<()> {
    let mut coi = Coi::new().await?;
    let proxy = in_the_other_half(&coi).await?;
    let both = json!([
        { "wiki": "here", "source": "eventstreams" },
        { "api": proxy.url(), "prefix": "de", "source": "eventstreams" },
    ]);
    coi.save_settings(&coi.settings.clone().set("publish", "off").set("wikis", both))
        .await?;
    coi.streams = Some(EventStreams::start().await?);
    let other = World::without_wiki().await?;
    let whole = reaching(&coi.job(), &[&coi.world.wiki.api, proxy.url()]);
    let part = |shard: &str| {
        whole
            .clone()
            .env("WIKICREW_DATABASE_URL", &other.database_url())
            .args(&["--shard", shard])
    };
    let (one, two) = (part("1/2"), part("2/2"));
    first_runs(&coi, &[&whole, &one, &two]).await?;
    let since = seconds_ago(1);
    let pages = [
        about_oneself(&coi, "Alphaco"),
        NewPage::new(&coi.world.own("Links"), "https://x.example/").by("Writer"),
    ];
    coi.world.load(&pages).await?;
    coi.de.load(&pages).await?;
    let mut told = events(&coi, &coi.world.admin, &coi.world.wiki.api, "enwiki", &since).await?;
    told.extend(events(&coi, &*coi.de.as_admin().await?, proxy.url(), "dewiki", &since).await?);
    let streams = streams(&coi)?;
    streams.push_all(told);
    let place = streams.asked().len();
    let running = [whole.start()?, one.start()?, two.start()?];
    asked(streams, place + 3).await?;
    for wrong in [
        part("1/3"),
        whole.clone().env("WIKICREW_DATABASE_URL", &other.database_url()),
    ] {
        let refused = wrong.run().await?;
        assert!(
            refused.says("divided otherwise") && refused.says("nothing done"),
            "{refused}"
        );
    }
    let mut runs: Vec<Run> = Vec::new();
    for one in running {
        runs.push(one.wait().await?);
    }
    for run in &runs[1..] {
        assert_eq!(number(run, "judged")?, 2, "{run}");
    }
    assert_eq!(number(&runs[0], "judged")?, 4, "{}", runs[0]);
    assert_eq!(hits(&coi.world).await?, hits(&other).await?);
    assert_eq!(named_dump(&coi.world).await?, named_dump(&other).await?);
    assert_eq!(read_so_far(&coi.world).await?, read_so_far(&other).await?);
    let status = decoded(&coi.status().await?);
    assert!(!status.is_empty());
    Ok(())
}
