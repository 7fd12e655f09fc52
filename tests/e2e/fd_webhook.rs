//! Feeds that go to a webhook, against a real HTTPS receiver: what it gets, and that whatever happens to it, to the
//! line or to the sender costs no run anything, loses nothing, and brings nothing twice under two names.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::certificates::Certificates;
use wikicrew_tests::feeds::*;
use wikicrew_tests::http::Message;
use wikicrew_tests::net::Door;
use wikicrew_tests::receiver::{Posted, Receiver, Reply};
use wikicrew_tests::run::{Job, Run};

/// What the signatures are made with.
const KEY: &str = "a key of the tests of webhooks";
const OTHER_KEY: &str = "another key than that of the receiver";
const PATIENCE: Duration = Duration::from_secs(20);
const TAKEN: Reply = Reply::Status(204);

/// With everything that the operator has to set for webhooks.
fn posting(job: Job) -> Job {
    let authority = Certificates::get().authority();
    job.env("WIKICREW_FEED_HOSTS", "localhost")
        .env("WIKICREW_WEBHOOK_KEY", KEY)
        .env("SSL_CERT_FILE", &authority.to_string_lossy())
}

/// A receiver, and a feed `hook` that goes there. A run without [`posting`] sends nothing.
async fn hooked() -> Result<(Receiver, CoiFeeds)> {
    let receiver = Receiver::start().await?;
    let sink = json!({ "type": "webhook", "url": receiver.url() });
    let scene = CoiFeeds::new(json!([feed("hook", sink)])).await?;
    Ok((receiver, scene))
}

fn deliveries(posted: &[Posted]) -> Vec<&str> {
    posted.iter().map(Posted::delivery).collect()
}

fn objects(posted: &[Posted]) -> Result<Vec<Value>> {
    posted.iter().map(|one| one.checked(KEY)).collect()
}

/// A scheduled run that could not send its three lines: it succeeds all the same, at once, and the lines wait.
async fn run_in_vain(scene: &CoiFeeds, job: &Job, why: &str) -> Result<Run> {
    let run = job.run_ok().await?;
    ensure!(run.seconds < 10.0, "{run}");
    assert_eq!(queue_told(scene).await?, "hook waiting 3", "{why}\n{run}");
    let trouble = feed_states(scene).await?["hook"]["trouble"].clone();
    assert!(trouble.contains(why), "{why}: {trouble}\n{run}");
    assert!(run.says("feed hook: ") && run.says(why), "{why}: {run}");
    Ok(run)
}

#[tokio::test]
async fn whatever_a_receiver_answers_no_run_fails_and_everything_comes_once() -> Result<()> {
    let (receiver, scene) = hooked().await?;
    let revs = scene
        .edit(&[
            ("Acmewidgets", "Hinges", "https://www.acmewidgets.example/buy"),
            ("Alphabeta", "Alphabeta", "Text."),
            ("Gammadelta", "Gammadelta", "Text."),
        ])
        .await?;
    let job = posting(scene.job());
    run_in_vain(
        &scene,
        &job.clone().without("WIKICREW_WEBHOOK_KEY"),
        "WIKICREW_WEBHOOK_KEY",
    )
    .await?;
    let host = job.clone().env("WIKICREW_FEED_HOSTS", "hooks.example.org");
    run_in_vain(&scene, &host, "WIKICREW_FEED_HOSTS").await?;
    let unknown = run_in_vain(
        &scene,
        &job.clone().without("SSL_CERT_FILE"),
        "localhost cannot be reached",
    )
    .await?;
    assert!(unknown.says("certificate"), "{unknown}");
    receiver.shut().await?;
    run_in_vain(&scene, &job, "localhost cannot be reached").await?;
    let plain = Door::open(receiver.address().port(), |mut tcp| async move {
        use tokio::io::AsyncWriteExt;
        drop(tcp.write_all(&Message::answer(200, "text/plain", "yes").bytes()).await);
    })
    .await?;
    run_in_vain(&scene, &job, "localhost cannot be reached").await?;
    plain.shut().await?;
    receiver.reopen().await?;
    assert_eq!(deliveries(&receiver.posted()), [""; 0]);

    let elsewhere = Receiver::start().await?;
    let wrong = job.clone().env("WIKICREW_WEBHOOK_KEY", OTHER_KEY);
    for (job, reply, why) in [
        (&job, Reply::Status(500), "localhost answered status 500"),
        (&job, Reply::Elsewhere(elsewhere.url()), "which is not followed"),
        (&job, Reply::HangUp, "localhost cannot be reached"),
        (&wrong, Reply::Status(401), "localhost answered status 401"),
    ] {
        // One line may be to blame, two are not.
        receiver.next([reply.clone(), reply]);
        run_in_vain(&scene, job, why).await?;
    }
    let posted = receiver.posted();
    assert!(posted[6].checked(KEY).is_err(), "signed with another key");
    posted[6].checked(OTHER_KEY)?;
    assert_eq!(elsewhere.posted().len(), 0, "nothing follows a redirect");

    receiver.next([Reply::Busy(3_600)]);
    run_in_vain(&scene, &job, "localhost answered status 429").await?;
    let early = job.clone().later(3_500).run_ok().await?;
    assert_eq!(queue_told(&scene).await?, "hook waiting 3", "{early}");
    let status = scene.coi.status().await?;
    assert!(status.contains("hook") && status.contains("localhost"), "{status}");
    assert_eq!(receiver.posted().len(), 9, "none before the hour is over");
    job.clone().later(3_700).run_ok().await?;
    job.clone().later(3_800).run_ok().await?;
    assert_eq!(queue_told(&scene).await?, "hook sent 3");
    assert_eq!(feed_states(&scene).await?["hook"]["trouble"], "NULL");
    let posted = receiver.posted();
    let (tries, last) = (&posted[..9], &posted[9..]);
    assert_eq!(last.len(), 3, "{:?}", deliveries(&posted));
    let names = deliveries(last);
    assert!(
        names[0] != names[1] && names[1] != names[2] && names[0] != names[2],
        "{names:?}"
    );
    for (n, name) in deliveries(tries).into_iter().enumerate() {
        assert_eq!(name, names[n % 2], "each try has the same name");
    }

    let told = objects(last)?;
    assert!(told[0]["again"] == true && told[2].get("again").is_none(), "{told:#?}");
    let mut found: Vec<u64> = told.iter().filter_map(|one| one["rev_id"].as_u64()).collect();
    found.sort_unstable();
    assert_eq!(found, revs);
    let link = told.iter().find(|one| one["rev_id"] == revs[0]).unwrap_or(&Value::Null);
    let (user, title) = (scene.coi.exact("Acmewidgets"), scene.coi.exact("Hinges"));
    for (key, value) in [
        ("type", json!("hit")),
        ("feed", json!("hook")),
        ("rule", json!("link-overlap")),
        ("user", json!(user)),
        ("page_title", json!(title)),
        ("url", json!("https://acmewidgets.example/buy")),
        ("numbers", json!({ "a": 1, "b": 1, "c": 1, "d": 1 })),
        ("reports", json!({ "recent": 1, "total": 1, "batch": 1 })),
    ] {
        assert_eq!(link[key], value, "{key}: {link:#}");
    }
    let (text, diff) = (
        link["text"].as_str().unwrap_or_default(),
        link["diff"].as_str().unwrap_or_default(),
    );
    assert!(
        text.starts_with("ALERT! ") && text.contains(diff) && text.contains(&user),
        "{text}"
    );
    assert_eq!(diff_in(diff)?, revs[0]);
    Ok(())
}

/// Both wait for seconds on a receiver that says nothing, so they do it side by side.
#[tokio::test]
async fn a_receiver_that_hangs_holds_nobody_up_and_what_was_under_way_comes_again_under_its_name() -> Result<()> {
    let (run, sender) = (hooked().await?, hooked().await?);
    tokio::try_join!(hanging_run(&run), hanging_sender(&sender)).map(drop)
}

async fn hanging_run((receiver, scene): &(Receiver, CoiFeeds)) -> Result<()> {
    scene.hits("Alpha", 1).await?;
    receiver.always(Reply::Hang);
    let begin = Instant::now();
    let run = posting(scene.job()).run_ok().await?;
    assert!(begin.elapsed() < Duration::from_secs(20), "{run}");
    assert!(run.says("localhost did not answer in time"), "{run}");
    assert_eq!(receiver.posted().len(), 1);
    assert_eq!(queue_told(scene).await?, "hook waiting 1");
    receiver.always(TAKEN);
    posting(scene.job()).run_ok().await?;
    let posted = receiver.posted();
    assert_eq!(deliveries(&posted), [posted[0].delivery(); 2]);
    assert_eq!(queue_told(scene).await?, "hook sent 1");
    Ok(())
}

async fn hanging_sender((receiver, scene): &(Receiver, CoiFeeds)) -> Result<()> {
    let mut sender = Sender::start(&posting(scene.job()))?;
    receiver.next([TAKEN, Reply::Status(422), TAKEN]);
    let revs = scene.hits("Alpha", 3).await?;
    until_queue(scene, "hook sent 2, hook withheld 1").await?;
    sender.says("the receiver refused a report (422)").await?;
    let of = objects(&receiver.posted())?;
    let of: Vec<u64> = of.iter().filter_map(|one| one["rev_id"].as_u64()).collect();
    assert_eq!(of, revs, "each once, the refused one is given up");
    let states: Vec<String> = queue(scene).await?.into_iter().map(|row| row.state).collect();
    assert_eq!(states, ["sent", "withheld", "sent"]);
    assert_eq!(
        feed_states(scene).await?["hook"]["trouble"],
        "NULL",
        "one line's fault is not the feed's"
    );

    receiver.always(Reply::Hang);
    scene.hits("Beta", 2).await?;
    receiver.wait_for(4, PATIENCE).await?;
    sender.kill().await?;
    assert_eq!(
        queue_told(scene).await?,
        "hook sending 1, hook sent 2, hook waiting 1, hook withheld 1"
    );
    receiver.always(TAKEN);
    sender.again(0)?;
    until_queue(scene, "hook sent 4, hook withheld 1").await?;
    let posted = receiver.posted();
    let names = deliveries(&posted);
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(names[3] == names[4] && names[4] != names[5], "{names:?}");
    let told = objects(&posted)?;
    let mut again = told[3].clone();
    again["again"] = json!(true);
    assert_eq!(told[4], again);

    receiver.always(Reply::Hang);
    scene.hits("Gamma", 1).await?;
    receiver.wait_for(7, PATIENCE).await?;
    sender.stop().await?;
    let last = queue(scene).await?.pop();
    assert!(
        last.as_ref().is_some_and(|row| row.state == "waiting" && row.in_doubt),
        "{last:?}"
    );
    receiver.always(TAKEN);
    sender.again(0)?;
    until_queue(scene, "hook sent 5, hook withheld 1").await?;
    let posted = receiver.posted();
    assert_eq!(deliveries(&posted)[6..], [posted[6].delivery(); 2]);
    sender.stop().await?;
    Ok(())
}

/// As if the lines that wait had done so for hours.
async fn age(scene: &CoiFeeds, hours: u32) -> Result<()> {
    let sql = format!("UPDATE feed_line SET queued = queued - INTERVAL {hours} HOUR WHERE state = 'waiting'");
    scene.coi.world.execute(&sql).await
}

#[tokio::test]
async fn what_waited_too_long_is_dropped_and_told_once_whenever_the_sender_dies() -> Result<()> {
    let receiver = Receiver::start().await?;
    let feeds = json!([{ "name": "hook", "max_age": "2h", "sink": { "type": "webhook" } }]);
    let scene = CoiFeeds::new(feeds).await?;
    // Its address may be a secret of the operator's, so it does not stand in the settings.
    let job = posting(scene.job()).env("WIKICREW_WEBHOOK_URL", &receiver.url());
    scene.hits("Alpha", 3).await?;
    age(&scene, 3).await?;
    receiver.shut().await?;
    let run = job.run_ok().await?;
    assert!(run.says("3 lines had waited too long"), "{run}");
    assert_eq!(queue_told(&scene).await?, "hook dropped 3");
    receiver.reopen().await?;

    receiver.always(Reply::Hang);
    let mut sender = Sender::start(&job)?;
    receiver.wait_for(1, PATIENCE).await?;
    sender.kill().await?;
    assert_eq!(queue_told(&scene).await?, "hook telling 3");
    scene.hits("Beta", 1).await?;
    age(&scene, 3).await?;
    sender.again(0)?;
    receiver.wait_for(2, PATIENCE).await?;
    sender.kill().await?;
    scene.hits("Gamma", 1).await?;
    receiver.always(TAKEN);
    sender.again(0)?;
    until_queue(&scene, "hook sent 1, hook told 4").await?;
    sender.stop().await?;
    job.run_ok().await?;

    let posted = receiver.posted();
    let (told, names) = (objects(&posted)?, deliveries(&posted));
    let count = |one: &Value| {
        (
            one["type"].as_str().unwrap_or_default().to_owned(),
            one["count"].as_u64(),
        )
    };
    let mut kinds: Vec<_> = told.iter().map(count).collect();
    let dropped = |n| ("dropped".to_owned(), Some(n));
    assert_eq!(kinds.split_off(3).len(), 2, "{told:#?}");
    assert_eq!(
        kinds,
        [dropped(3), dropped(3), dropped(3)],
        "three times the same, under the same name:"
    );
    assert_eq!(names[..3], [names[0]; 3]);
    assert!(told[3..].iter().any(|one| count(one) == dropped(1)), "{told:#?}");
    assert!(told[3..].iter().any(|one| one["type"] == "hit"), "{told:#?}");
    assert!(
        names[3] != names[0] && names[4] != names[0] && names[3] != names[4],
        "{names:?}"
    );
    assert_eq!(told[0]["feed"], "hook");
    assert!(told[0]["from"].as_str() <= told[0]["to"].as_str(), "{}", told[0]);
    Ok(())
}
