//! Asks that come in floods: what has to go from a page is found all the same, and what comes again and again is kept
//! once, and not for ever.

use crate::report_asks::{ask, link, names, new, waiting};
use crate::support::{TestDb, WIKI, t};
use wikicrew_db::report_ask::{self, NewAsk, Outcome, Reason, Waiting};

/// However many rules ask: what has to go from a page is found, and does not count for what rules made.
#[tokio::test]
async fn rules_hide_nothing_that_has_to_go() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let flood: Vec<NewAsk> = (0..2_100).map(|n| new(link(n), "rule", None)).collect();
    ask(&test, &lease, &flood, 0).await;
    let cleaning = |n: u64, reason| NewAsk {
        reason,
        ..new(link(n), "clean", None)
    };
    let asks = [
        cleaning(3_000, Reason::Suppressed),
        cleaning(3_001, Reason::Rename),
        cleaning(7, Reason::Hidden),
    ];
    ask(&test, &lease, &asks, 1).await;
    ask(&test, &lease, &[cleaning(3_003, Reason::Hidden)], 50).await;
    let found = async |now, limit| {
        let mut conn = test.db.conn().await.unwrap();
        report_ask::waiting_to_be_cleaned(&mut *conn, WIKI, t(now), limit)
            .await
            .unwrap()
    };
    assert_eq!(names(&found(9, 9).await), ["d7.com×2", "d3000.com×1", "d3001.com×1"]);
    assert_eq!(found(9, 2).await.len(), 2);
    let all = found(60, 9).await;
    assert_eq!(all.len(), 4);
    let served: Vec<u64> = all.iter().flat_map(Waiting::ids).collect();
    test.write(&lease, async |tx| {
        report_ask::served(tx, &served, Outcome::Saved, t(70)).await
    })
    .await
    .unwrap();
    let mut conn = test.db.conn().await.unwrap();
    // Only of d7 a rule asked, too.
    assert_eq!(
        report_ask::pages_by_rules_since(&mut *conn, WIKI, t(0)).await.unwrap(),
        1
    );
    assert_eq!(
        report_ask::pages_by_anybody_since(&mut *conn, WIKI, t(0))
            .await
            .unwrap(),
        0
    );
    drop(conn);
    // What rules asked for long ago nobody asks for any more; what people did stays.
    ask(
        &test,
        &lease,
        &[new(link(5_000), "a", Some("5")), cleaning(5_001, Reason::Hidden)],
        0,
    )
    .await;
    ask(&test, &lease, &[new(link(5_002), "b", None)], 100).await;
    let expire = async |home: &str| {
        test.write(&lease, async |tx| {
            report_ask::expire_rules(tx, home, t(100), t(200)).await
        })
        .await
        .unwrap()
    };
    assert_eq!(expire("home2").await, 0);
    assert_eq!(expire(WIKI).await, 2_099);
    let left = waiting(&test.db, 300, 9).await;
    assert_eq!(names(&left), ["d5000.com×1", "d5001.com×1", "d5002.com×1"]);
}

/// New additions come all the time: one ask waits for its moment, and what is over is not kept for ever.
#[tokio::test]
async fn what_comes_again_and_again_waits_once_and_is_forgotten_soon() {
    const DAY: i64 = 86_400;
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let additions = |n: u64, origin: &str| NewAsk {
        reason: Reason::Additions,
        ..new(link(n), origin, None)
    };
    let later = async |asks: &[(NewAsk, i64)], now| {
        let asks: Vec<(NewAsk, _)> = asks.iter().map(|(ask, at)| (ask.clone(), t(*at))).collect();
        test.write(&lease, async |tx| {
            report_ask::ask_unless_waiting(tx, &asks, t(now)).await
        })
        .await
        .unwrap()
    };
    // Another reason for the same subject waits.
    ask(&test, &lease, &[new(link(3), "rule", None)], 0).await;
    let first = [
        (additions(1, "a"), 100),
        (additions(2, "a"), -5),
        (additions(3, "a"), 100),
    ];
    assert_eq!(later(&first, 0).await, 3);
    assert_eq!(later(&[(additions(1, "b"), 0), (additions(2, "b"), 0)], 9).await, 0);
    assert_eq!(names(&waiting(&test.db, 99, 9).await), ["d3.com×2", "d2.com×1"]);
    let all = waiting(&test.db, 100, 9).await;
    assert_eq!(names(&all), ["d3.com×2", "d1.com×1", "d2.com×1"]);
    let serve = async |ids: Vec<u64>, now| {
        test.write(&lease, async |tx| {
            report_ask::served(tx, &ids, Outcome::Saved, t(now)).await
        })
        .await
        .unwrap();
    };
    serve(all.iter().flat_map(Waiting::ids).collect(), 100).await;
    assert_eq!(later(&[(additions(1, "b"), 0)], 200).await, 1, "it was served");
    let kept = async |now: i64| {
        report_ask::prune(&test.db, t(now - 1_095 * DAY), t(now - 30 * DAY))
            .await
            .unwrap();
        test.sql("SELECT CONCAT(subject, ' ', reason) FROM report_ask ORDER BY id")
            .await
    };
    assert_eq!(kept(30 * DAY).await.len(), 5);
    assert_eq!(kept(31 * DAY).await, ["com.d3. rule", "com.d1. additions"]);
    assert_eq!(kept(1_096 * DAY).await, ["com.d1. additions"]);
}
