//! Removing reads by index, a slice at a time.

use crate::links_prune::{KEEP, lease};
use crate::links_support::Store;
use crate::support::t;
use mysql_async::prelude::Queryable;
use std::time::Duration;
use wikicrew_db::links::prune::{Keep, Pruned, prune};

/// No statement reads a table: a slice of 5,000 rows reads what it looks at and asks for by index, and a reading of one
/// of the tables would be as much again.
#[tokio::test]
async fn slices_are_read_by_index() {
    const ROWS: u64 = 12_000;
    /// What one slice of each walk reads at most: each row, and what it is asked for in eight months.
    const READS: [(&str, u64); 7] = [
        ("prune.pair", 12_000),
        ("prune.host_month", 15_000),
        ("prune.page", 71_000),
        ("prune.host", 81_000),
        ("prune.editor", 19_000),
        ("prune.addresses", 11_000),
        // Rows by time, and addresses of a slice.
        ("", 14_000),
    ];
    let all = Store::new().await;
    let mut conn = all.test.raw().await;
    for sql in [
        "INSERT INTO pair SELECT 1 + seq DIV 2000, seq, 1, 1, '2025-01-01', IF(seq % 3, '2026-02-01', '2025-02-01'), 1",
        "INSERT INTO host SELECT seq, CONCAT('com.h', seq, '.')",
        "INSERT INTO host_month SELECT seq, 24312 - seq % 20, 1, 1",
        "INSERT INTO page SELECT 1, seq, 0, 'T', seq * 4",
        "INSERT INTO link_addition SELECT 1, seq, 0, '2026-02-01', seq DIV 1000, seq, seq, 0, 1, '/'",
        "INSERT INTO editor SELECT seq, 1, IF(seq % 200, 1, 3), CONCAT('U', seq), \
         IF(seq % 200, NULL, UNHEX(LPAD(HEX(seq * 50), 8, '0')))",
        "INSERT INTO editor_wiki SELECT seq, 1, 0, 1",
        "INSERT INTO link_restored SELECT 1, seq, 0, IF(seq % 2, '2025-02-01', '2026-02-01'), seq, seq, 1, 0, 1, '/'",
        "INSERT INTO link_flood SELECT 1, 1000000 + seq, '2026-02-01', seq, 1, 1, 1",
    ] {
        conn.query_drop(format!("{sql} FROM seq_1_to_{ROWS}")).await.unwrap();
    }
    conn.query_drop(
        "ANALYZE TABLE pair, host, host_month, page, link_addition, editor, editor_wiki, link_restored, link_flood",
    )
    .await
    .unwrap();
    let run = lease(&all.test.db).await;
    let db = &all.test.db;
    let (mut sum, mut runs) = (Pruned::default(), 0);
    let mut most = std::collections::BTreeMap::new();
    loop {
        let memos = "SELECT name, value FROM memo";
        let places = all.test.sql(memos).await;
        let before = db.conn().await.unwrap().handler_reads().await.unwrap();
        // What is by time is asked first each time; then there is one slice.
        let mut left = 3;
        let goes_on = || {
            left -= 1;
            left >= 0
        };
        let keep = Keep { ip_days: 20, ..KEEP };
        let pruned = prune(db, run.fence(), t(0), &keep, Duration::ZERO, goes_on)
            .await
            .unwrap();
        let reads = db.conn().await.unwrap().handler_reads().await.unwrap() - before;
        let moved = all
            .test
            .sql(memos)
            .await
            .into_iter()
            .find(|place| !places.contains(place));
        let walk = moved
            .unwrap_or_default()
            .split('|')
            .next()
            .unwrap_or_default()
            .to_owned();
        let read = most.entry(walk).or_insert(0);
        *read = reads.max(*read);
        sum.pairs += pruned.pairs;
        sum.host_months += pruned.host_months;
        sum.pages += pruned.pages;
        sum.hosts += pruned.hosts;
        sum.restored += pruned.restored;
        sum.addresses.addresses += pruned.addresses.addresses;
        runs += 1;
        assert!(runs < 200);
        if pruned.is_finished {
            break;
        }
    }
    for (walk, reads) in most {
        let (_, wanted) = READS.iter().find(|(name, _)| *name == walk).unwrap();
        assert!(reads < wanted + ROWS / 4, "{walk}: {reads} reads");
    }
    assert_eq!((sum.pairs, sum.host_months, sum.pages), (4_000, 10_200, 9_000));
    assert_eq!((sum.hosts, sum.restored, sum.addresses.addresses), (5_395, 6_000, 60));
    assert!(runs > 20, "{runs}");
}
