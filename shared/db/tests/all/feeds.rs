//! Lines of feeds: queued once, sent in their order, in doubt where a sender died, dropped and told once; and what is
//! known of each feed.

use crate::hits_support::take;
use crate::support::{TestDb, WIKI, t};
use wikicrew_core::feed::{Level, Switched};
use wikicrew_db::feed_line::{self, Count, Dropped, NewLine, Queue, State, Waiting};
use wikicrew_db::{FencedTx, Lease, Result, feed_state};

/// The queue that a run of coi-report on the wiki of these tests fills.
const OF: Queue<'static> = Queue {
    job: "coi-report",
    wiki: WIKI,
};

struct Bench {
    test: TestDb,
    lease: Lease,
}

impl Bench {
    async fn new() -> Self {
        let test = TestDb::new().await;
        let lease = take(&test, WIKI).await;
        Self { test, lease }
    }

    async fn write<T>(&self, body: impl AsyncFnMut(&mut FencedTx<'_>) -> Result<T>) -> T {
        self.test.write(&self.lease, body).await.unwrap()
    }

    async fn queue(&self, feed: &str, items: &[u64], at: i64) -> u64 {
        let lines: Vec<NewLine<'_>> = items.iter().map(|&item| NewLine { feed, item }).collect();
        self.write(async |tx| feed_line::enqueue(tx, &lines, t(at)).await).await
    }

    async fn waiting(&self, feed: &str, now: i64, limit: u32) -> Vec<Waiting> {
        let mut conn = self.test.db.conn().await.unwrap();
        feed_line::waiting(&mut *conn, OF, feed, t(now), limit).await.unwrap()
    }

    async fn items(&self, feed: &str, now: i64, limit: u32) -> Vec<u64> {
        self.waiting(feed, now, limit)
            .await
            .iter()
            .map(|line| line.item)
            .collect()
    }

    async fn claim(&self, id: u64) -> bool {
        self.write(async |tx| feed_line::claim(tx, OF, id).await).await
    }

    async fn put_back(&self, id: u64, in_doubt: bool, next_try: i64) -> u64 {
        self.write(async |tx| feed_line::put_back(tx, OF, id, in_doubt, t(next_try)).await)
            .await
    }

    async fn settle(&self, ids: &[u64], state: State, now: i64) -> u64 {
        self.write(async |tx| feed_line::settle(tx, OF, ids, state, t(now)).await)
            .await
    }

    async fn take_over(&self) -> u64 {
        self.write(async |tx| feed_line::take_over(tx, OF).await).await
    }

    async fn dropped(&self, feed: &str) -> Option<Dropped> {
        let mut conn = self.test.db.conn().await.unwrap();
        feed_line::dropped(&mut *conn, OF, feed).await.unwrap()
    }

    async fn is_due(&self) -> bool {
        let mut conn = self.test.db.conn().await.unwrap();
        feed_line::is_due(&mut *conn, OF).await.unwrap()
    }

    async fn states(&self) -> Vec<String> {
        self.test
            .sql("SELECT item, state, in_doubt, tries FROM feed_line ORDER BY feed, item")
            .await
    }
}

#[tokio::test]
async fn lines_are_queued_once_and_sent_in_their_order() {
    let bench = Bench::new().await;
    assert!(!bench.is_due().await);
    let many: Vec<u64> = (1..=1_200).collect();
    assert_eq!(bench.queue("spam", &many, 0).await, 1_200);
    // Some are there, one comes twice, and another feed is another queue.
    assert_eq!(bench.queue("spam", &[1_201, 5, 1_202, 1_201], 60).await, 2);
    assert_eq!(bench.queue("hook", &[5], 60).await, 1);
    assert_eq!(bench.queue("hook", &[], 60).await, 0);
    assert!(bench.is_due().await);

    let first = bench.waiting("spam", 60, 3).await;
    let line = |line: &Waiting| (line.item, line.queued, line.in_doubt, line.tries);
    let expected = [1, 2, 3].map(|item| (item, t(0), false, 0));
    assert_eq!(first.iter().map(line).collect::<Vec<_>>(), expected);
    let [a, b, c] = [first[0].id, first[1].id, first[2].id];

    // Each is claimed once, and what is claimed is nobody's turn.
    assert!(bench.claim(a).await && !bench.claim(a).await && bench.claim(b).await);
    assert_eq!(bench.items("spam", 60, 2).await, [3, 4]);
    // Another queue's line is not touched by this one's numbers.
    let elsewhere = Queue {
        job: "infobox-check",
        ..OF
    };
    assert!(!bench.write(async |tx| feed_line::claim(tx, elsewhere, c).await).await);
    // Settled once; unclaimed ones too.
    assert_eq!(bench.settle(&[a], State::Sent, 70).await, 1);
    assert_eq!(bench.settle(&[c, a], State::Withheld, 71).await, 1);
    assert_eq!(bench.put_back(a, true, 80).await, 0, "it was sent");
    // Put back in doubt, it stays so, and comes again before what is younger.
    assert_eq!(bench.put_back(b, true, 100).await, 1);
    assert_eq!(bench.items("spam", 99, 2).await, [4, 5]);
    assert_eq!(bench.put_back(b, false, 200).await, 1);
    let again = bench.waiting("spam", 200, 2).await;
    assert_eq!(
        again.iter().map(line).collect::<Vec<_>>(),
        [(2, t(0), true, 2), (4, t(0), false, 0)]
    );
    assert_eq!(
        bench.queue("spam", &[1, 2, 3], 300).await,
        0,
        "what is settled is not queued again"
    );
}

#[tokio::test]
async fn what_a_dead_sender_left_is_in_doubt() {
    let bench = Bench::new().await;
    bench.queue("spam", &[1, 2, 3, 4], 0).await;
    let ids: Vec<u64> = bench.waiting("spam", 0, 9).await.iter().map(|line| line.id).collect();
    assert!(bench.claim(ids[0]).await && bench.claim(ids[1]).await);
    bench.settle(&ids[1..2], State::Sent, 5).await;
    bench.queue("spam", &[5], 100).await;
    let drop_old = async |before| {
        bench
            .write(async |tx| feed_line::drop_old(tx, OF, "spam", t(before), t(100)).await)
            .await
    };
    // 1 is being sent, 2 was, 5 is young.
    assert_eq!(drop_old(100).await, 2);
    assert_eq!(
        bench
            .write(async |tx| feed_line::claim_dropped(tx, OF, "spam").await)
            .await,
        2
    );
    assert_eq!(bench.take_over().await, 3);
    let expected = [
        "1|waiting|1|1",
        "2|sent|0|0",
        "3|dropped|1|0",
        "4|dropped|1|0",
        "5|waiting|0|0",
    ];
    assert_eq!(bench.states().await, expected);
    assert_eq!(bench.take_over().await, 0);
    let line = &bench.waiting("spam", 100, 1).await[0];
    assert_eq!((line.id, line.in_doubt, line.tries), (ids[0], true, 1));
    // Too old in the end: that it was in doubt is no doubt about what is told.
    bench
        .write(async |tx| feed_line::settle_dropped(tx, OF, "spam", t(100)).await)
        .await;
    assert_eq!(drop_old(50).await, 1);
    assert_eq!(bench.states().await[0], "1|dropped|0|1");
}

#[tokio::test]
async fn what_was_dropped_is_told_once() {
    let bench = Bench::new().await;
    bench.queue("spam", &[1], 10).await;
    bench.queue("spam", &[2, 3], 20).await;
    bench.queue("spam", &[4], 30).await;
    bench.queue("hook", &[1], 10).await;
    assert_eq!(bench.dropped("spam").await, None);
    let drop_old = async |feed: &str, before, now| {
        bench
            .write(async |tx| feed_line::drop_old(tx, OF, feed, t(before), t(now)).await)
            .await
    };
    assert_eq!(drop_old("spam", 30, 40).await, 3);
    assert_eq!(drop_old("spam", 30, 40).await, 0);
    let dropped = |count, from, to, in_doubt| {
        let (from, to) = (t(from), t(to));
        Some(Dropped {
            count,
            from,
            to,
            in_doubt,
        })
    };
    assert_eq!(bench.dropped("spam").await, dropped(3, 10, 20, false));
    let claim = async || {
        bench
            .write(async |tx| feed_line::claim_dropped(tx, OF, "spam").await)
            .await
    };
    let settle = async |now| {
        bench
            .write(async |tx| feed_line::settle_dropped(tx, OF, "spam", t(now)).await)
            .await
    };
    let back = async |in_doubt| {
        bench
            .write(async |tx| feed_line::put_back_dropped(tx, OF, "spam", in_doubt).await)
            .await
    };
    assert_eq!((claim().await, claim().await), (3, 0));
    assert_eq!(bench.dropped("spam").await, None);
    assert!(bench.is_due().await, "it is not told");
    assert_eq!(back(false).await, 3);
    assert_eq!(bench.dropped("spam").await, dropped(3, 10, 20, false));
    assert_eq!((claim().await, back(true).await), (3, 3));
    // More come meanwhile: one telling for all of them.
    assert_eq!(drop_old("spam", 31, 50).await, 1);
    assert_eq!(bench.dropped("spam").await, dropped(4, 10, 30, true));
    assert_eq!((claim().await, settle(60).await, settle(61).await), (4, 4, 0));
    assert_eq!((bench.dropped("spam").await, claim().await), (None, 0));

    assert_eq!(drop_old("hook", 11, 50).await, 1);
    let mut conn = bench.test.db.conn().await.unwrap();
    let counts = feed_line::counts(&mut *conn, OF, t(60)).await.unwrap();
    assert_eq!(counts.len(), 1, "{counts:?}");
    assert_eq!((counts[0].feed.as_str(), counts[0].dropped), ("spam", 4));
}

#[tokio::test]
async fn lines_are_counted_and_forgotten() {
    const DAY: i64 = 86_400;
    let bench = Bench::new().await;
    bench.queue("old", &[1, 2], 0).await;
    let old: Vec<u64> = bench.waiting("old", 0, 9).await.iter().map(|line| line.id).collect();
    bench.settle(&old[..1], State::Sent, 5).await;
    let items: Vec<u64> = (1..=2_500).collect();
    bench.queue("spam", &items, DAY).await;
    let ids: Vec<u64> = bench.waiting("spam", DAY, 9).await.iter().map(|line| line.id).collect();
    bench.settle(&ids[..3], State::Sent, DAY + 1).await;
    bench.settle(&ids[3..5], State::Withheld, DAY + 2).await;
    assert!(bench.claim(ids[5]).await);
    let mut conn = bench.test.db.conn().await.unwrap();
    let counts = feed_line::counts(&mut *conn, OF, t(DAY)).await.unwrap();
    let count = |feed: &str, waiting, oldest, sent, withheld| Count {
        feed: feed.to_owned(),
        waiting,
        oldest: Some(t(oldest)),
        sent,
        withheld,
        dropped: 0,
    };
    assert_eq!(counts, [count("old", 1, 0, 0, 0), count("spam", 2_495, DAY, 3, 2)]);
    let elsewhere = Queue { wiki: "home2", ..OF };
    assert_eq!(feed_line::counts(&mut *conn, elsewhere, t(0)).await.unwrap(), []);
    drop(conn);
    let prune = async |of, before| feed_line::prune(&bench.test.db, of, t(before)).await.unwrap();
    assert_eq!(prune(elsewhere, 9 * DAY).await, 0);
    assert_eq!(prune(OF, DAY).await, 2, "also what still waits");
    assert_eq!(prune(OF, DAY + 1).await, 2_500);
    assert!(!bench.is_due().await);
}

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
        let body = async |tx: &mut wikicrew_db::Tx<'_>| feed_state::quiet(tx, OF, "spam", by).await;
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
    bench
        .write(async |tx| feed_state::well_again(tx, OF, "spam").await)
        .await;
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
    bench
        .write(async |tx| feed_state::well_again(tx, OF, "none").await)
        .await;
    let mut conn = bench.test.db.conn().await.unwrap();
    let names: Vec<String> = feed_state::all(&mut *conn, OF).await.unwrap().into_keys().collect();
    assert_eq!(names, ["hook", "spam"]);
    let elsewhere = Queue {
        job: "infobox-check",
        ..OF
    };
    assert!(feed_state::all(&mut *conn, elsewhere).await.unwrap().is_empty());
}
