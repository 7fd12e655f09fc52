//! Asks: each stored once whoever sees it, in a fair order, served once, tried again, given up.

use crate::support::{TestDb, WIKI, t};
use mysql_async::prelude::Queryable;
use std::time::Duration;
use wikicrew_core::report::{Kind, Subject};
use wikicrew_db::report_ask::{self, NewAsk, Outcome, Reason, Waiting};
use wikicrew_db::run::NewRun;
use wikicrew_db::{Access, Db, Lease, Result, Taken};

pub fn link(n: u64) -> Subject {
    Subject::from_key(Kind::Link, &format!("com.d{n}.")).unwrap()
}

pub fn new(subject: Subject, origin: &str, requester: Option<&str>) -> NewAsk {
    NewAsk {
        home: WIKI.into(),
        subject,
        origin: origin.into(),
        requester: requester.map(str::to_owned),
        requester_name: requester.map(|name| format!("Name of {name}")),
        reason: if requester.is_some() {
            Reason::Summary
        } else {
            Reason::Rule
        },
        detail: Some("Talk:Spam, 7".into()),
    }
}

pub async fn ask(test: &TestDb, lease: &Lease, asks: &[NewAsk], now: i64) -> u64 {
    test.write(lease, async |tx| report_ask::ask(tx, asks, t(now)).await)
        .await
        .unwrap()
}

pub async fn waiting(db: &Db, now: i64, limit: u32) -> Vec<Waiting> {
    let mut conn = db.conn().await.unwrap();
    report_ask::waiting(&mut *conn, WIKI, t(now), limit).await.unwrap()
}

pub fn names(waiting: &[Waiting]) -> Vec<String> {
    let text = |waiting: &Waiting| format!("{}×{}", waiting.subject, waiting.asks.len());
    waiting.iter().map(text).collect()
}

#[tokio::test]
async fn the_same_origin_is_asked_once_and_served_once() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let long = "x".repeat(100);
    let asks = [
        new(link(2), "rev 7", Some("5")),
        new(link(1), "rev 7", Some("5")),
        // Another reason for the same.
        new(link(2), &long, None),
        new(link(2), &format!("{long}y"), None),
        new(Subject::User("com.d2.".into()), "rev 7", Some("6")),
        // Twice in one call.
        new(link(1), "rev 7", Some("9")),
    ];
    assert_eq!(ask(&test, &lease, &asks, 0).await, 5);
    assert_eq!(ask(&test, &lease, &asks, 50).await, 0);
    // Nobody could read these again.
    let unreadable = ["".to_owned(), "x".repeat(256)].map(|name| new(Subject::User(name), "o", None));
    assert_eq!(ask(&test, &lease, &unreadable, 0).await, 0);
    let elsewhere = NewAsk {
        home: "home2".into(),
        ..asks[0].clone()
    };
    assert_eq!(ask(&test, &lease, &[elsewhere], 0).await, 1);
    let all = waiting(&test.db, 0, 10).await;
    assert_eq!(names(&all), ["d1.com×1", "d2.com×3", "com.d2.×1"]);
    let first = &all[0].asks[0];
    assert_eq!(
        (
            first.requester.as_deref(),
            first.requester_name.as_deref(),
            first.reason
        ),
        (Some("5"), Some("Name of 5"), Reason::Summary)
    );
    assert_eq!(
        (first.asked_at, first.tries, first.detail.as_deref()),
        (t(0), 0, Some("Talk:Spam, 7"))
    );
    let served = async |ids: Vec<u64>, now| {
        test.write(&lease, async |tx| {
            report_ask::served(tx, &ids, Outcome::Saved, t(now)).await
        })
        .await
        .unwrap()
    };
    assert_eq!(served(all[1].ids(), 60).await, 3);
    assert_eq!(served(all[1].ids(), 70).await, 0, "once");
    assert_eq!(names(&waiting(&test.db, 99, 10).await), ["d1.com×1", "com.d2.×1"]);
    assert_eq!(ask(&test, &lease, &asks, 80).await, 0, "also after it was served");
    // Another origin: the report is asked for again, and not what was served.
    assert_eq!(ask(&test, &lease, &[new(link(2), "rev 8", Some("5"))], 90).await, 1);
    assert_eq!(
        names(&waiting(&test.db, 99, 10).await),
        ["d1.com×1", "com.d2.×1", "d2.com×1"]
    );
    // Gone with its origin when it is old enough; what waits is never old.
    assert_eq!(report_ask::prune(&test.db, t(60), t(60)).await.unwrap(), 0);
    assert_eq!(report_ask::prune(&test.db, t(61), t(61)).await.unwrap(), 3);
    assert_eq!(names(&waiting(&test.db, 99, 10).await).len(), 3);
}

#[tokio::test]
async fn what_fails_waits_for_another_try_until_it_is_given_up() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    ask(&test, &lease, &[new(link(1), "a", None), new(link(2), "a", None)], 0).await;
    let ids = waiting(&test.db, 0, 9).await[0].ids();
    let failed = async |next| {
        test.write(&lease, async |tx| {
            report_ask::failed(tx, &ids, "no answer", t(next)).await
        })
        .await
        .unwrap()
    };
    assert_eq!(failed(100).await, 1);
    assert_eq!(names(&waiting(&test.db, 99, 9).await), ["d2.com×1"]);
    let queue = report_ask::all_waiting(&mut *test.db.conn().await.unwrap(), WIKI, 1)
        .await
        .unwrap();
    assert_eq!(
        (names(&queue.first), queue.subjects, queue.asks),
        (vec!["d1.com×1".to_owned()], 2, 2)
    );
    let ask1 = &queue.first[0].asks[0];
    assert_eq!(
        (ask1.tries, ask1.error.as_deref(), ask1.next_try),
        (1, Some("no answer"), t(100))
    );
    // Somebody asks meanwhile: served at once, with all reasons.
    ask(&test, &lease, &[new(link(1), "b", Some("5"))], 50).await;
    assert_eq!(names(&waiting(&test.db, 50, 9).await), ["d1.com×2", "d2.com×1"]);
    let given_up = test
        .write(&lease, async |tx| {
            report_ask::give_up(tx, &ids, "no answer", t(200)).await
        })
        .await
        .unwrap();
    assert_eq!(given_up, 1);
    assert_eq!(names(&waiting(&test.db, 300, 9).await), ["d2.com×1", "d1.com×1"]);
    assert_eq!(failed(400).await, 0, "it does not come back");
    let row = test
        .sql("SELECT outcome, tries, error FROM report_ask WHERE served_at IS NOT NULL")
        .await;
    assert_eq!(row, ["given-up|2|no answer"]);
    let empty = report_ask::all_waiting(&mut *test.db.conn().await.unwrap(), "home2", 9)
        .await
        .unwrap();
    assert_eq!((empty.first.len(), empty.subjects, empty.asks), (0, 0, 0));
}

#[tokio::test]
async fn a_flood_by_one_hides_nobody_elses_ask() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let flood: Vec<NewAsk> = (0..2_000).map(|n| new(link(n), "flood", Some("5"))).collect();
    assert_eq!(ask(&test, &lease, &flood, 0).await, 2_000);
    ask(&test, &lease, &[new(link(3_000), "a", Some("6"))], 1).await;
    ask(
        &test,
        &lease,
        &[new(link(3_001), "a", Some("6")), new(link(3_002), "a", None)],
        2,
    )
    .await;
    let first = waiting(&test.db, 9, 6).await;
    let mine: Vec<u64> = (3_000..=3_002).collect();
    for n in mine {
        assert!(
            first.iter().any(|waiting| waiting.subject == link(n)),
            "d{n} in {:?}",
            names(&first)
        );
    }
    assert_eq!(first.len(), 6);
    let ids: Vec<u64> = first.iter().map(|waiting| waiting.asks[0].id).collect();
    assert!(ids.is_sorted(), "in the order of asking");
}

#[tokio::test]
async fn bounds_count_subjects() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    ask(&test, &lease, &[new(link(1), "old", Some("5"))], -100).await;
    let asks = [
        new(link(1), "a", Some("5")),
        new(link(1), "b", Some("5")),
        new(link(2), "a", Some("5")),
        new(link(2), "r", None),
        new(link(3), "r", None),
        new(link(3), "s", None),
        new(link(4), "r", None),
        new(link(5), "r", None),
    ];
    ask(&test, &lease, &asks, 0).await;
    let all = waiting(&test.db, 0, 99).await;
    let ids_of = |n: u64| all.iter().find(|waiting| waiting.subject == link(n)).unwrap().ids();
    let serve = async |ids: Vec<u64>, outcome, now| {
        test.write(&lease, async |tx| report_ask::served(tx, &ids, outcome, t(now)).await)
            .await
            .unwrap()
    };
    serve(ids_of(1), Outcome::Saved, 10).await;
    // A person asked for it too.
    serve(ids_of(2), Outcome::Saved, 10).await;
    serve(ids_of(3), Outcome::Saved, 10).await;
    // No page came of it.
    serve(ids_of(4), Outcome::Unchanged, 10).await;
    serve(ids_of(5), Outcome::Saved, 5).await;
    let mut conn = test.db.conn().await.unwrap();
    let requesters = ["5", "6"].map(String::from);
    let counts = report_ask::asked_by_since(&mut *conn, WIKI, &requesters, t(-50))
        .await
        .unwrap();
    assert_eq!(Vec::from_iter(counts), [("5".to_owned(), 2)]);
    assert_eq!(
        report_ask::pages_by_rules_since(&mut *conn, WIKI, t(10)).await.unwrap(),
        1
    );
    assert_eq!(
        report_ask::pages_by_rules_since(&mut *conn, WIKI, t(5)).await.unwrap(),
        2
    );
    assert_eq!(
        report_ask::pages_by_rules_since(&mut *conn, "home2", t(0))
            .await
            .unwrap(),
        0
    );
    drop(conn);
    let erased = test
        .db
        .transaction("test", async |tx| report_ask::forget_requester(tx, WIKI, "5").await)
        .await
        .unwrap();
    assert_eq!(erased, 4);
    let left = test
        .sql("SELECT COUNT(*) FROM report_ask WHERE requester = '5' OR requester_name IS NOT NULL")
        .await;
    assert_eq!(left, ["0"]);
    let mut conn = test.db.conn().await.unwrap();
    let by_rules = report_ask::pages_by_rules_since(&mut *conn, WIKI, t(5)).await.unwrap();
    assert_eq!(by_rules, 2, "whose name is gone is still a person");
}

/// The run of another wiki, in another process.
async fn other_lease(db: &Db) -> Lease {
    let run = NewRun {
        job: "linkreport-gen",
        wiki: "otherwiki",
        shard: "",
        version: "0.1.0",
    };
    match Lease::take(db, &run, t(0)).await.unwrap() {
        Taken::Lease(lease) => lease,
        Taken::Busy { .. } => panic!("busy"),
    }
}

#[tokio::test]
async fn two_processes_lose_and_double_nothing() {
    const ROUNDS: u64 = 12;
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let other = test.other(Access::Write);
    let other_lease = other_lease(&other).await;
    // Overlapping sets, in opposite orders, at once.
    let (mut by_us, mut by_them) = (0, 0);
    for round in 0..ROUNDS {
        let origin = format!("round {round}");
        let ours: Vec<NewAsk> = (0..300).map(|n| new(link(n), &origin, Some("5"))).collect();
        let theirs: Vec<NewAsk> = (100..400).rev().map(|n| new(link(n), &origin, Some("6"))).collect();
        let us = test
            .db
            .fenced(lease.fence(), "test", async |tx| report_ask::ask(tx, &ours, t(0)).await);
        let them = other.fenced(other_lease.fence(), "test", async |tx| {
            report_ask::ask(tx, &theirs, t(0)).await
        });
        let (us, them): (Result<u64>, Result<u64>) = tokio::join!(us, them);
        let (us, them) = (us.unwrap(), them.unwrap());
        assert_eq!(us + them, 400, "each is new to exactly one");
        by_us += us;
        by_them += them;
    }
    assert!(by_us >= 100 * ROUNDS && by_them >= 100 * ROUNDS);
    let rows = test
        .sql("SELECT COUNT(*), COUNT(DISTINCT subject, origin) FROM report_ask")
        .await;
    assert_eq!(rows, ["4800|4800"]);
    // Both serve what both read.
    let (ours, theirs) = (waiting(&test.db, 0, 99).await, waiting(&other, 0, 99).await);
    assert_eq!(names(&ours), names(&theirs));
    let ids: Vec<u64> = ours.iter().flat_map(Waiting::ids).collect();
    let back: Vec<u64> = ids.iter().rev().copied().collect();
    let serve = |tag| (Outcome::Saved, t(tag));
    let us = test.db.fenced(lease.fence(), "test", async |tx| {
        let (outcome, now) = serve(1);
        report_ask::served(tx, &ids, outcome, now).await
    });
    let them = other.fenced(other_lease.fence(), "test", async |tx| {
        let (outcome, now) = serve(2);
        report_ask::served(tx, &back, outcome, now).await
    });
    let (us, them): (Result<u64>, Result<u64>) = tokio::join!(us, them);
    assert_eq!(us.unwrap() + them.unwrap(), ids.len() as u64);
}

/// Another process has stored the same ask and has not yet committed.
#[tokio::test]
async fn whoever_comes_second_waits_to_see_what_became_of_the_first() {
    const THEIRS: &str = "INSERT INTO report_ask (home, kind, subject, origin, requester, reason, asked_at, next_try) \
        VALUES ('testwiki', 'link', 'com.d1.', 'rev 7', '6', 'summary', '2026-03-01', '2026-03-01')";
    for (end, new_to_us, requester) in [("ROLLBACK", 1, "5"), ("COMMIT", 0, "6")] {
        let test = TestDb::new().await;
        let lease = test.lease().await;
        let mut other = test.raw().await;
        other.query_drop("START TRANSACTION").await.unwrap();
        other.query_drop(THEIRS).await.unwrap();
        let ours = [new(link(1), "rev 7", Some("5"))];
        let us = ask(&test, &lease, &ours, 0);
        let them = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            other.query_drop(end).await.unwrap();
        };
        let (stored, ()) = tokio::join!(us, them);
        assert_eq!(stored, new_to_us, "after {end}");
        let all = waiting(&test.db, 86_400, 9).await;
        assert_eq!(names(&all), ["d1.com×1"], "after {end}");
        assert_eq!(all[0].asks[0].requester.as_deref(), Some(requester), "after {end}");
    }
}
