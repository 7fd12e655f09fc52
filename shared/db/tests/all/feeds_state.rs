//! What is known of each feed: what people switched, and what trouble its sink is in.

use crate::feeds::{Bench, OF};
use crate::support::t;
use wikicrew_core::feed::{Level, Switched};
use wikicrew_core::types::Timestamp;
use wikicrew_db::feed_line::Queue;
use wikicrew_db::{Tx, feed_state};

#[tokio::test]
async fn switches_stay_until_they_are_undone_and_trouble_until_it_is_over() {
    let bench = Bench::new().await;
    let state = async |feed: &str| {
        let mut conn = bench.test.db.conn().await.unwrap();
        let all = feed_state::all(&mut *conn, OF).await.unwrap();
        all.get(feed).cloned()
    };
    assert_eq!(state("spam").await, None);
    let by = |name: &str, at| Switched {
        by: name.to_owned(),
        at: t(at),
    };
    let (eva, long) = (by("Éva 😀", 5), by(&"é".repeat(200), 6));
    let quiet = async |by: Option<&Switched>| {
        let body = async |tx: &mut Tx<'_>| feed_state::quiet(tx, OF, "spam", by).await;
        bench.test.db.transaction("test", body).await.unwrap();
    };
    let level = async |to: Option<(Level, &Switched)>| {
        bench
            .write(async |tx| feed_state::level(tx.tx(), OF, "spam", to).await)
            .await;
    };
    let trouble = async |why: &str, next_try, now| {
        bench
            .write(async |tx| feed_state::trouble(tx, OF, "spam", why, t(next_try), t(now)).await)
            .await;
    };
    quiet(Some(&eva)).await;
    level(Some((Level::High, &long))).await;
    let now = state("spam").await.unwrap();
    assert_eq!(now.switches.quiet, Some(eva.clone()));
    let (set, who) = now.switches.level.clone().unwrap();
    assert_eq!((set, who.at, who.by.len()), (Level::High, t(6), 255));
    assert_eq!(
        (now.failures, now.trouble, now.next_try, now.last_sent),
        (0, None, None, None)
    );

    // Trouble touches no switch, nor does its end.
    trouble("no answer", 100, 50).await;
    trouble(&"ü".repeat(400), 300, 100).await;
    let bad = state("spam").await.unwrap();
    assert_eq!(
        (bad.failures, bad.next_try, bad.trouble_since),
        (2, Some(t(300)), Some(t(50)))
    );
    assert!(bad.trouble.is_some_and(|why| why.len() <= 512 && why.ends_with('…')));
    assert_eq!(bad.switches, now.switches);
    bench
        .write(async |tx| feed_state::fine(tx, OF, "spam", t(300)).await)
        .await;
    let good = feed_state::State {
        switches: now.switches.clone(),
        last_sent: Some(t(300)),
        ..feed_state::State::default()
    };
    assert_eq!(state("spam").await, Some(good.clone()));
    trouble("no answer", 500, 400).await;
    let bad = state("spam").await.unwrap();
    assert_eq!(
        (bad.failures, bad.trouble_since, bad.last_sent),
        (1, Some(t(400)), Some(t(300)))
    );
    let well_again = async |feed: &str, now| {
        bench
            .write(async |tx| feed_state::well_again(tx, OF, feed, t(now)).await)
            .await;
    };
    // Not while it must not be tried.
    well_again("spam", 499).await;
    assert_eq!(state("spam").await, Some(bad));
    well_again("spam", 500).await;
    assert_eq!(state("spam").await, Some(good));

    level(None).await;
    let now = state("spam").await.unwrap();
    assert_eq!((now.switches.quiet, now.switches.level), (Some(eva), None));
    quiet(None).await;
    assert_eq!(state("spam").await.unwrap().switches, Default::default());
    // A feed of which only the first thing is known, and the same name elsewhere.
    bench
        .write(async |tx| feed_state::fine(tx, OF, "hook", t(1)).await)
        .await;
    well_again("none", 1).await;
    let mut conn = bench.test.db.conn().await.unwrap();
    let names: Vec<String> = feed_state::all(&mut *conn, OF).await.unwrap().into_keys().collect();
    assert_eq!(names, ["hook", "spam"]);
    let elsewhere = Queue {
        job: "infobox-check",
        ..OF
    };
    assert!(feed_state::all(&mut *conn, elsewhere).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_hour_after_a_kick_is_an_hour() {
    let bench = Bench::new().await;
    let state = async || {
        let mut conn = bench.test.db.conn().await.unwrap();
        let state = feed_state::all(&mut *conn, OF).await.unwrap().remove("spam").unwrap();
        let seconds = |at: Option<Timestamp>| at.map(|at| (at - t(0)).num_seconds());
        let [next, since, sent] = [state.next_try, state.trouble_since, state.last_sent].map(seconds);
        (next, state.trouble, state.failures, since, sent)
    };
    let trouble = async |why: &str, next_try, now| {
        bench
            .write(async |tx| feed_state::trouble(tx, OF, "spam", why, t(next_try), t(now)).await)
            .await;
    };
    let fine = async |now| {
        bench
            .write(async |tx| feed_state::fine(tx, OF, "spam", t(now)).await)
            .await;
    };
    let why = |why: &str| Some(why.to_owned());
    trouble("kicked", 3_600, 0).await;
    // The connection breaks meanwhile: neither earlier, nor for another reason.
    trouble("no answer", 60, 30).await;
    assert_eq!(state().await, (Some(3_600), why("kicked"), 2, Some(0), None));
    // What was sent before the kick is heard of after it: nothing is well yet.
    fine(40).await;
    fine(3_599).await;
    assert_eq!(state().await, (Some(3_600), why("kicked"), 2, Some(0), Some(3_599)));
    // As late: the newer reason. Later: that.
    trouble("banned", 3_600, 3_599).await;
    assert_eq!(state().await, (Some(3_600), why("banned"), 3, Some(0), Some(3_599)));
    trouble("full", 7_200, 3_600).await;
    assert_eq!(state().await, (Some(7_200), why("full"), 4, Some(0), Some(3_599)));
    // Its time has come and it took something: all is well, and trouble starts anew, however early it ends.
    fine(7_200).await;
    assert_eq!(state().await, (None, None, 0, None, Some(7_200)));
    trouble("no answer", 7_210, 7_205).await;
    assert_eq!(
        state().await,
        (Some(7_210), why("no answer"), 1, Some(7_205), Some(7_200))
    );
}
