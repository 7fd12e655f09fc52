//! Senders of feeds that die in the middle: after a restart every hit was told, what may have come already says so, and
//! only that. And two at once: one sends; when it loses its lock the other one goes on.
//!
//! The process is killed at the messages with which a line is claimed and settled, before each is carried out and
//! before its answer, and at some random moments. `WIKICREW_TEST_KILLS=all` kills at every message from one line to the
//! next.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::sync::mpsc;
use wikicrew_tests::counter::{Moment, Strike};
use wikicrew_tests::dbproxy::{DbProxy, Statement};
use wikicrew_tests::feeds::{COIBOT, CoiFeeds, Flood, Sender, feed, flood, irc, told, until, until_queue};
use wikicrew_tests::ircd::{Ircd, Kind};

/// How long the process may take to come to where it is killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A line is taken for sending.
const CLAIM: &str = "SET state = 'sending'";
/// It was sent.
const SETTLE: &str = "SET state = ?, settled = ?";

/// It was told what is too old.
const NOTED: &str = "state = 'telling' AND feed = ?";

/// A point at which to kill.
#[derive(Clone, Copy)]
enum Point {
    /// The statement with these words.
    At(&'static str),
    /// The COMMIT of it.
    Commit(&'static str),
    /// So many messages after a line is claimed, whatever they are.
    After(u64),
}

/// The point, and how far the process has come.
struct Next {
    /// So many lines are claimed before.
    lines: u32,
    point: Point,
    moment: Moment,
    /// Of the statement whose COMMIT is waited for.
    connection: Option<u64>,
}

impl Next {
    /// The message to kill at, once it is known.
    fn sees(&mut self, message: &Statement) -> Option<u64> {
        if message.sql.contains(CLAIM) && self.lines > 0 {
            self.lines -= 1;
            return None;
        }
        let number = Some(message.number).filter(|_| self.lines == 0 && message.is_run);
        match self.point {
            Point::At(words) => number.filter(|_| message.sql.contains(words)),
            Point::After(more) => number
                .filter(|_| message.sql.contains(CLAIM))
                .map(|number| number + more),
            Point::Commit(words) => {
                if number.is_some() && message.sql.contains(words) {
                    self.connection = Some(message.connection);
                }
                number.filter(|_| message.sql == "COMMIT" && self.connection == Some(message.connection))
            }
        }
    }
}

/// Kills where it is told to.
struct Killer {
    db: DbProxy,
    next: Arc<Mutex<Option<Next>>>,
    strikes: mpsc::UnboundedReceiver<(u64, Strike)>,
}

impl Killer {
    async fn of(scene: &CoiFeeds) -> Result<Self> {
        let db = DbProxy::start(&scene.coi.world.database_url()).await?;
        let next = Arc::new(Mutex::new(None::<Next>));
        let (tell, strikes) = mpsc::unbounded_channel();
        let (counter, armed) = (db.counter().clone(), next.clone());
        db.when_run("", Moment::BeforeForwarding, move |message| {
            let mut armed = armed.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(next) = &mut *armed
                && let Some(k) = next.sees(&message)
            {
                // Whoever waits for it may have given up.
                let _ = tell.send((k, counter.strike(k, next.moment)));
                *armed = None;
            }
            std::future::ready(())
        });
        Ok(Self { db, next, strikes })
    }

    /// Starts the sender so much later, kills it there, and says at which message.
    async fn kill(
        &mut self,
        sender: &mut Sender,
        scene: &CoiFeeds,
        (lines, point, moment): (u32, Point, Moment),
        later: i64,
    ) -> Result<String> {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(Next {
            lines,
            point,
            moment,
            connection: None,
        });
        sender.again(later)?;
        let (k, mut strike) = tokio::time::timeout(PATIENCE, self.strikes.recv())
            .await
            .with_context(|| format!("no line was claimed:\n{}", sender.log()))?
            .context("the proxy is gone")?;
        tokio::time::timeout(PATIENCE, strike.reached())
            .await
            .with_context(|| format!("message {k} did not come"))?;
        sender.kill().await?;
        let message = self.db.counter().lines()[k as usize - 1].clone();
        strike.release();
        scene.coi.world.db_is_idle().await?;
        strike.over();
        Ok(message)
    }
}

#[expect(clippy::disallowed_methods, reason = "asked for by hand only")]
fn kills_everywhere() -> bool {
    std::env::var("WIKICREW_TEST_KILLS").is_ok_and(|kills| kills == "all")
}

/// How many lines nobody knows of whether they arrived.
async fn in_doubt(scene: &CoiFeeds) -> Result<usize> {
    let count = scene
        .coi
        .world
        .count("feed_line WHERE state IN ('sending', 'telling')")
        .await?;
    Ok(usize::try_from(count)?)
}

#[tokio::test]
async fn wherever_the_sender_is_killed_every_hit_is_told_and_what_is_in_doubt_says_so() -> Result<()> {
    const LAST: u64 = 120;
    let ircd = Ircd::start(Kind::Ngircd).await?;
    let scene = CoiFeeds::new(json!([feed("spam", irc(&ircd, "#spam"))])).await?;
    let mut killer = Killer::of(&scene).await?;
    let mut ann = ircd.person("Ann").await?;
    ann.join("#spam").await?;
    scene.hits("Alpha", 1).await?;
    told(&mut ann, COIBOT, 1).await?;

    flood(&scene, 1..=LAST).await?;
    let mut sender = Sender::start(&scene.job().over(&killer.db))?;
    let (mut heard, mut doubts) = (Flood::default(), 0);
    heard.until(&mut ann, 1).await?;
    sender.stop().await?;
    let points: Vec<Point> = match kills_everywhere() {
        true => (0..14).map(Point::After).collect(),
        false => vec![
            Point::At(CLAIM),
            Point::Commit(CLAIM),
            Point::At(SETTLE),
            Point::Commit(SETTLE),
        ],
    };
    for point in points {
        for moment in [Moment::BeforeForwarding, Moment::BeforeAnswer] {
            let message = killer.kill(&mut sender, &scene, (1, point, moment), 0).await?;
            let doubt = in_doubt(&scene).await?;
            println!("{moment:?} {message}: {doubt} in doubt");
            assert!(doubt <= 1, "{doubt} lines at once");
            doubts += doubt;
        }
    }
    // From the COMMIT of the claim to that of the settlement.
    assert!(doubts == 4 || kills_everywhere(), "{doubts} lines were in doubt");
    // And at any moment: between a line and the answer to it, too.
    let seed = RandomState::new().build_hasher().finish();
    println!("seed {seed}");
    for n in 0..5 {
        sender.again(0)?;
        let next = heard.heard.last().map_or(0, |(number, _)| *number) + 1;
        heard.until(&mut ann, next).await?;
        tokio::time::sleep(Duration::from_micros((seed >> (12 * n)) % 15_000)).await;
        sender.kill().await?;
        scene.coi.world.db_is_idle().await?;
        doubts += in_doubt(&scene).await?;
    }
    sender.again(0)?;
    heard.whole(&mut ann, LAST).await?;
    assert_eq!(heard.judged(LAST)?, doubts, "only what is in doubt says so: {heard:?}");
    let twice = heard.heard.len() - LAST as usize;
    assert!((1..=doubts).contains(&twice), "{twice} lines came twice");
    until_queue(&scene, &format!("spam sent {}", LAST + 1)).await?;

    // The same with the note about what is too old.
    sender.stop().await?;
    flood(&scene, LAST + 1..=LAST + 3).await?;
    let late = (0, Point::At(NOTED), Moment::BeforeForwarding);
    killer.kill(&mut sender, &scene, late, 6 * 3_600 + 60).await?;
    assert_eq!(in_doubt(&scene).await?, 3);
    sender.again(0)?;
    let notes = told(&mut ann, COIBOT, 2).await?;
    assert!(notes[0].starts_with("3 reports of "), "{notes:?}");
    assert_eq!(notes[1], format!("(perhaps again) {}", notes[0]));
    until_queue(&scene, &format!("spam sent {}, spam told 3", LAST + 1)).await?;
    sender.stop().await?;
    Ok(())
}

#[tokio::test]
async fn of_two_senders_one_sends_and_the_other_goes_on_when_the_first_loses_its_lock() -> Result<()> {
    const LOCK: &str = "SELECT IS_USED_LOCK(CONCAT(DATABASE(), '.', LEFT(SHA2(CONCAT(job, '-feed', CHAR(0), wiki, \
        CHAR(0)), 256), 16))) FROM feed_line LIMIT 1";
    const WAITS: &str = "another sender is at work";
    let ircd = Ircd::start(Kind::Ngircd).await?;
    let scene = CoiFeeds::new(json!([feed("spam", irc(&ircd, "#spam"))])).await?;
    let mut ann = ircd.person("Ann").await?;
    ann.join("#spam").await?;
    scene.hits("Alpha", 1).await?;
    told(&mut ann, COIBOT, 1).await?;

    let mut two = [scene.sender()?, scene.sender()?];
    until("one sends and one waits", async || {
        let [one, other] = two
            .each_ref()
            .map(|sender| (sender.log().contains("connected to"), sender.log().contains(WAITS)));
        Ok(matches!(
            (one, other),
            ((true, false), (false, true)) | ((false, true), (true, false))
        ))
    })
    .await?;
    if two[0].log().contains(WAITS) {
        two.swap(0, 1);
    }
    let [mut first, mut second] = two;
    let mut heard = Flood::default();
    flood(&scene, 1..=100).await?;
    heard.until(&mut ann, 20).await?;
    let holder = scene.coi.world.rows(LOCK).await?[0][0].clone();
    scene.coi.world.execute(&format!("KILL {holder}")).await?;
    heard.whole(&mut ann, 100).await?;
    let doubts = heard.judged(100)?;
    assert!(doubts <= 1, "{doubts} lines were in doubt");
    until_queue(&scene, "spam sent 101").await?;
    second.says("connected to").await?;
    first.says(WAITS).await?;
    // Who has stopped may go on when the other one ends.
    second.stop().await?;
    flood(&scene, 101..=105).await?;
    heard.whole(&mut ann, 105).await?;
    assert_eq!(heard.judged(105)?, doubts);
    first.stop().await?;
    Ok(())
}
