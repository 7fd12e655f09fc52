//! Lines of feeds: queued once, sent in their order, in doubt where a sender died, dropped and told once, given up where
//! the feed is gone, and removed.

use crate::hits_support::take;
use crate::support::{TestDb, WIKI, t};
use wikicrew_db::feed_line::{self, Count, Dropped, NewLine, Queue, State, Waiting};
use wikicrew_db::{FencedTx, Lease, Result};

/// The queue that a run of coi-report on the wiki of these tests fills.
pub const OF: Queue<'static> = Queue {
    job: "coi-report",
    wiki: WIKI,
};

pub struct Bench {
    pub test: TestDb,
    lease: Lease,
}

impl Bench {
    pub async fn new() -> Self {
        let test = TestDb::new().await;
        let lease = take(&test, WIKI).await;
        Self { test, lease }
    }

    pub async fn write<T>(&self, body: impl AsyncFnMut(&mut FencedTx<'_>) -> Result<T>) -> T {
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

    async fn is_due(&self, feeds: &[&str]) -> bool {
        let mut conn = self.test.db.conn().await.unwrap();
        feed_line::is_due(&mut *conn, OF, feeds).await.unwrap()
    }

    async fn forget_others(&self, feeds: &[&str], before: i64, now: i64) -> u64 {
        self.write(async |tx| feed_line::forget_others(tx, OF, feeds, t(before), t(now)).await)
            .await
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
    assert!(!bench.is_due(&["spam", "hook"]).await);
    let many: Vec<u64> = (1..=1_200).collect();
    assert_eq!(bench.queue("spam", &many, 0).await, 1_200);
    // Some are there, one comes twice, and another feed is another queue.
    assert_eq!(bench.queue("spam", &[1_201, 5, 1_202, 1_201], 60).await, 2);
    assert_eq!(bench.queue("hook", &[5], 60).await, 1);
    assert_eq!(bench.queue("hook", &[], 60).await, 0);
    assert!(bench.is_due(&["other", "hook"]).await);

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
            .write(async |tx| feed_line::claim_dropped(tx, OF, "spam", false).await)
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
    let claim = async |in_doubt| {
        bench
            .write(async |tx| feed_line::claim_dropped(tx, OF, "spam", in_doubt).await)
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
    assert_eq!((claim(false).await, claim(false).await), (3, 0));
    assert_eq!(bench.dropped("spam").await, None);
    assert!(bench.is_due(&["spam"]).await, "it is not told");
    assert_eq!(back(false).await, 3);
    assert_eq!(bench.dropped("spam").await, dropped(3, 10, 20, false));
    assert_eq!((claim(false).await, back(true).await), (3, 3));
    // More come meanwhile: what may have been told is told again as it was, the others after it.
    assert_eq!(drop_old("spam", 31, 50).await, 1);
    assert_eq!(bench.dropped("spam").await, dropped(3, 10, 20, true));
    assert_eq!((claim(true).await, settle(60).await, settle(61).await), (3, 3, 0));
    assert_eq!(bench.dropped("spam").await, dropped(1, 30, 30, false));
    assert_eq!((claim(true).await, claim(false).await, settle(60).await), (0, 1, 1));
    assert_eq!((bench.dropped("spam").await, claim(false).await), (None, 0));

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
    let mut all: Vec<u64> = bench
        .waiting("spam", DAY, 3_000)
        .await
        .iter()
        .map(|line| line.id)
        .collect();
    all.push(ids[5]);
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
    assert_eq!(prune(OF, DAY).await, 1, "not what still waits");
    assert_eq!(prune(OF, DAY + 1).await, 5, "nor what is being sent");
    assert_eq!(bench.states().await.len(), 1 + 2_495);
    // What was removed can be queued again, what waits cannot.
    assert_eq!(bench.queue("old", &[1, 2], 2 * DAY).await, 1);
    // More than two slices, and not what was queued at that moment.
    assert_eq!(bench.settle(&all, State::Withheld, 3 * DAY).await, 2_495);
    bench.queue("spam", &[2_501], 4 * DAY).await;
    let last = bench.waiting("spam", 4 * DAY, 1).await[0].id;
    bench.settle(&[last], State::Sent, 4 * DAY).await;
    assert_eq!(prune(OF, 4 * DAY).await, 2_495);
    assert_eq!(prune(OF, 4 * DAY + 1).await, 1);
    assert_eq!(bench.states().await, ["1|waiting|0|0", "2|waiting|0|0"]);
}

/// One line in each state there is, of each of these feeds.
async fn in_every_state(bench: &Bench, feeds: &[&str], at: &str) {
    const STATES: &str = "'waiting', 'sending', 'sent', 'withheld', 'dropped', 'telling', 'told'";
    for feed in feeds {
        let sql = format!(
            "INSERT INTO feed_line (job, wiki, feed, item, queued, state, settled) \
             SELECT 'coi-report', '{WIKI}', '{feed}', seq, {at}, ELT(seq, {STATES}), IF(seq < 3, NULL, {at}) \
             FROM seq_1_to_7"
        );
        bench.test.sql(&sql).await;
    }
}

#[tokio::test]
async fn only_these_feeds_are_due_and_only_for_what_is_not_settled() {
    let bench = Bench::new().await;
    in_every_state(&bench, &["a"], "'2026-03-01 12:00:00'").await;
    for (state, due) in [
        ("waiting", true),
        ("sending", true),
        ("sent", false),
        ("withheld", false),
        ("dropped", true),
        ("telling", true),
        ("told", false),
    ] {
        bench.test.sql("UPDATE feed_line SET feed = CONCAT('x', item)").await;
        let one = format!("UPDATE feed_line SET feed = 'a' WHERE state = '{state}'");
        bench.test.sql(&one).await;
        assert_eq!(bench.is_due(&["b", "a"]).await, due, "{state}");
        assert!(!bench.is_due(&["b"]).await && !bench.is_due(&[]).await, "{state}");
    }
    // Put off until tomorrow, it is still to be done; the same feed of another queue is another matter.
    bench
        .test
        .sql("UPDATE feed_line SET feed = 'a', next_try = '2030-01-01 00:00:00' WHERE item = 1")
        .await;
    assert!(bench.is_due(&["a"]).await);
    bench.test.sql("UPDATE feed_line SET wiki = 'home2'").await;
    assert!(!bench.is_due(&["a", "x1", "x2", "x5"]).await);
}

#[tokio::test]
async fn lines_of_feeds_that_are_gone_are_given_up() {
    let bench = Bench::new().await;
    in_every_state(&bench, &["a", "b", "c", "d"], "'2026-03-01 12:00:10'").await;
    bench.queue("a", &[8], 20).await;
    bench
        .test
        .sql(
            "INSERT INTO feed_line (job, wiki, feed, item, queued, state) SELECT 'infobox-check', wiki, feed, item, queued, \
              state FROM feed_line UNION SELECT job, 'home2', feed, item, queued, state FROM feed_line",
        )
        .await;
    let changed = async || {
        bench
            .test
            .sql(
                "SELECT job, wiki, feed, item, settled FROM feed_line WHERE state = 'told' AND item <> 7 \
                 ORDER BY feed, item",
            )
            .await
    };
    assert_eq!(bench.forget_others(&["b", "d"], 10, 90).await, 0, "not older");
    assert_eq!(bench.forget_others(&["b", "d", "b"], 11, 90).await, 4);
    let told = |feed: &str, item| format!("coi-report|{WIKI}|{feed}|{item}|2026-03-01 12:01:30");
    let expected = [told("a", 1), told("a", 5), told("c", 1), told("c", 5)];
    assert_eq!(
        changed().await,
        expected,
        "what is being sent is its sender's, young lines stay"
    );
    // They are counted as what was dropped, and are over.
    let mut conn = bench.test.db.conn().await.unwrap();
    let counts = feed_line::counts(&mut *conn, OF, t(90)).await.unwrap();
    let dropped: Vec<(&str, u64)> = counts.iter().map(|row| (row.feed.as_str(), row.dropped)).collect();
    assert_eq!(dropped, [("a", 2), ("b", 0), ("c", 2), ("d", 0)]);
    drop(conn);
    assert_eq!(bench.queue("c", &[1, 5], 100).await, 0, "not queued again");
    // What a dead sender left of a feed that is gone, after the next one took over.
    assert_eq!(bench.take_over().await, 8);
    assert_eq!(bench.forget_others(&["b", "d"], 11, 95).await, 4);
    assert!(!bench.is_due(&["c"]).await && bench.is_due(&["a"]).await);
    // No feed at all is left: also the one of which only a young line waits.
    assert_eq!(bench.forget_others(&[], 21, 99).await, 8 + 1);
    assert!(!bench.is_due(&["a", "b", "c", "d"]).await);
    assert_eq!(bench.forget_others(&[], 21, 99).await, 0);
}
