//! Old addresses are cut to ranges, and everything that is counted stays.

use crate::links_prune::{KEEP, lease, prune_all};
use crate::links_support::{Store, raw, revision, row};
use crate::support::t;
use mysql_async::prelude::Queryable;
use std::time::Duration;
use wikicrew_core::addition::{Links, RevisionLinks};
use wikicrew_core::change::EditorKind;
use wikicrew_db::Access;
use wikicrew_db::links::prune::prune;

const DAY: i64 = 86_400;

fn by_address(rev: u64, ip: &str, days: i64) -> RevisionLinks {
    let mut made = revision(rev, ip, days * DAY, vec![row("com.spam.", "/x"), row("com.b.", "/x")]);
    made.editor.kind = EditorKind::Ip;
    made
}

const PAIRS: &str = "SELECT name, editor.kind, HEX(ip), rhost, n, first_ts, last_ts FROM pair JOIN editor USING (editor_id) \
    JOIN host USING (host_id) WHERE rhost = 'com.spam.' ORDER BY name, n DESC";
const COUNTS: &str = "SELECT name, editor_wiki.n FROM editor_wiki JOIN editor USING (editor_id) ORDER BY name, n DESC";
const TOTALS: &str = "SELECT (SELECT SUM(n) FROM pair), (SELECT SUM(n) FROM editor_wiki), COUNT(*), SUM(times) \
    FROM link_addition";

#[tokio::test]
async fn addresses_become_ranges_once_they_are_quiet() {
    let mut all = Store::new().await;
    let mut flood = by_address(9, "198.51.100.1", -95);
    flood.links = Links::TooMany { links: 9_000, hosts: 1 };
    let mut elsewhere = by_address(8, "203.0.113.9", -94);
    elsewhere.wiki = "de.example.org/w".into();
    elsewhere.realm = "another family".into();
    let revs = [
        by_address(1, "203.0.113.7", -100),
        by_address(2, "203.0.113.7", -91),
        by_address(3, "203.0.113.9", -96),
        // Still in use: all that it added stays with it.
        by_address(4, "203.0.113.10", -100),
        by_address(5, "203.0.113.10", -2),
        by_address(6, "2001:DB8:1:2:0:0:0:5", -100),
        by_address(7, "2001:DB8:1:3:0:0:0:6", -99),
        elsewhere,
        flood,
        revision(10, "Named", -100 * DAY, vec![row("com.spam.", "/x")]),
    ];
    all.store(&revs).await;
    let totals = all.test.sql(TOTALS).await;
    let pruned = prune_all(&all.test, t(0), &KEEP).await;
    assert_eq!((pruned.addresses.addresses, pruned.addresses.rows), (6, 13));
    assert_eq!(
        all.test.sql(PAIRS).await,
        [
            "2001:db8:1::/48|4|20010DB8000100000000000000000000|com.spam.|2|2025-11-21 12:00:00|2025-11-22 12:00:00",
            "203.0.113.0/24|4|CB007100|com.spam.|3|2025-11-21 12:00:00|2025-11-30 12:00:00",
            "203.0.113.0/24|4|CB007100|com.spam.|1|2025-11-27 12:00:00|2025-11-27 12:00:00",
            "203.0.113.10|3|CB00710A|com.spam.|2|2025-11-21 12:00:00|2026-02-27 12:00:00",
            "Named|1|NULL|com.spam.|1|2025-11-21 12:00:00|2025-11-21 12:00:00",
        ]
    );
    assert_eq!(
        all.test.sql(COUNTS).await,
        [
            "198.51.100.0/24|0",
            "2001:db8:1::/48|4",
            "203.0.113.0/24|6",
            "203.0.113.0/24|2",
            "203.0.113.10|4",
            "Named|1"
        ]
    );
    assert_eq!(all.test.sql(TOTALS).await, totals);
    // Nothing remembers them: not in the table of names, not under their numbers.
    let lost = "SELECT COUNT(*) FROM (SELECT editor_id FROM link_addition UNION ALL SELECT editor_id FROM link_flood \
        UNION ALL SELECT editor_id FROM editor_wiki UNION ALL SELECT editor_id FROM pair) a \
        LEFT JOIN editor USING (editor_id) WHERE name IS NULL";
    assert_eq!(all.test.sql(lost).await, ["0"]);
    let before = raw(&all.test).await;
    assert_eq!(all.store(&revs).await.known, 10);
    assert_eq!(raw(&all.test).await, before, "read again");

    // It comes back, is somebody of its own, and is quiet again.
    all.store(&[by_address(20, "203.0.113.7", 1)]).await;
    let seen = "SELECT COUNT(*) FROM editor WHERE name = '203.0.113.7'";
    assert_eq!(all.test.sql(seen).await, ["1"]);
    prune_all(&all.test, t(2 * DAY), &KEEP).await;
    assert_eq!(all.test.sql(seen).await, ["1"]);
    let totals = all.test.sql(TOTALS).await;
    prune_all(&all.test, t(92 * DAY), &crate::links_prune::KEEP_LONG).await;
    assert_eq!(all.test.sql(seen).await, ["0"]);
    assert_eq!(
        all.test.sql(PAIRS).await[1],
        "203.0.113.0/24|4|CB007100|com.spam.|6|2025-11-21 12:00:00|2026-03-02 12:00:00"
    );
    assert_eq!(all.test.sql(TOTALS).await, totals);
}

/// More rows than one transaction takes, of two addresses of one range, cut off all the time.
#[tokio::test]
async fn an_address_with_many_rows_is_cut_in_slices() {
    let mut all = Store::new().await;
    all.store(&[by_address(1, "203.0.113.7", -100), by_address(2, "203.0.113.9", -100)])
        .await;
    let mut conn = all.test.raw().await;
    for sql in [
        "INSERT INTO link_addition SELECT 1, 10 + seq, 0, '2025-11-21 12:00:00', 1, 1 + seq % 2, 1, 0, 1, '/' \
         FROM seq_1_to_12000",
        "INSERT INTO pair SELECT 10 + seq DIV 2, 1 + seq % 2, 1, 3, '2025-11-21', '2025-11-22', 3 FROM seq_2_to_12001",
        "INSERT INTO host SELECT 10 + seq, CONCAT('com.h', seq, '.') FROM seq_1_to_6000",
    ] {
        conn.query_drop(sql).await.unwrap();
    }
    let totals = all.test.sql(TOTALS).await;
    let mut runs = 0;
    loop {
        let db = all.test.other(Access::Write);
        let run = lease(&db).await;
        let prune = prune(&db, run.fence(), t(0), &KEEP, Duration::from_millis(1), || true);
        let outcome = tokio::time::timeout(Duration::from_millis(100 * (runs + 1)), prune).await;
        run.release().await;
        // Whatever was done was done as a whole.
        assert_eq!(all.test.sql(TOTALS).await, totals);
        runs += 1;
        if let Ok(pruned) = outcome {
            assert!(pruned.unwrap().is_finished);
            break;
        }
    }
    assert!(runs > 2, "nothing was cut off");
    let editors = "SELECT name, (SELECT COUNT(*) FROM link_addition a WHERE a.editor_id = e.editor_id), \
        (SELECT COUNT(*) FROM pair a WHERE a.editor_id = e.editor_id) FROM editor e";
    assert_eq!(all.test.sql(editors).await, ["203.0.113.0/24|12004|6002"]);
    assert_eq!(
        all.test.sql("SELECT DISTINCT n FROM pair WHERE host_id > 10").await,
        ["6"]
    );
}

/// It is told to stop after the first slice, and the address is seen again before the next run.
#[tokio::test]
async fn an_address_that_was_begun_with_goes_although_it_is_seen_again() {
    const OWNERS: &str = "SELECT name, (SELECT COUNT(*) FROM link_addition a WHERE a.editor_id = e.editor_id), \
        (SELECT SUM(n) FROM pair a WHERE a.editor_id = e.editor_id) FROM editor e ORDER BY name";
    const VOID: &str = "SELECT since FROM link_since WHERE what = 'names'";
    let mut all = Store::new().await;
    all.store(&[by_address(1, "203.0.113.7", -100)]).await;
    let more = "INSERT INTO link_addition SELECT 1, 10 + seq, 0, '2025-11-21 12:00:00', 1, 1, 1, 0, 1, '/' \
        FROM seq_1_to_7000";
    all.test.raw().await.query_drop(more).await.unwrap();
    let run = lease(&all.test.db).await;
    // Asked before each step and slice.
    let mut left = 8;
    let goes_on = || {
        left -= 1;
        left >= 0
    };
    let pruned = prune(&all.test.db, run.fence(), t(0), &KEEP, Duration::ZERO, goes_on).await;
    run.release().await;
    let cut = pruned.unwrap().addresses;
    assert_eq!((cut.addresses, cut.rows), (0, 5_000));
    assert_eq!(
        all.test.sql(OWNERS).await,
        ["203.0.113.0/24|5000|2", "203.0.113.7|2002|NULL"]
    );
    // No name is gone: what others remember is right.
    assert_eq!(all.test.sql(VOID).await, ["1970-01-01 00:00:00"]);
    all.store(&[by_address(2, "203.0.113.7", -1)]).await;
    assert_eq!(all.test.sql(OWNERS).await[1], "203.0.113.7|2004|2");
    // Another day, whose walk begins anew: what was begun with goes first.
    let pruned = prune_all(&all.test, t(DAY), &KEEP).await;
    assert_eq!((pruned.addresses.addresses, pruned.addresses.rows), (1, 2_004));
    assert_eq!(all.test.sql(OWNERS).await, ["203.0.113.0/24|7004|4"]);
    assert_eq!(all.test.sql(VOID).await, ["2026-03-02 12:00:00"]);
    // From here on it is in use as any other.
    all.store(&[by_address(3, "203.0.113.7", 0)]).await;
    let before = raw(&all.test).await;
    prune_all(&all.test, t(DAY), &KEEP).await;
    assert_eq!(raw(&all.test).await, before);
}

/// A walk that takes longer than a day gets to the end of the table.
#[tokio::test]
async fn all_editors_are_looked_at_however_little_time_there_is() {
    let all = Store::new().await;
    // What is done once per month is done.
    prune_all(&all.test, t(0), &KEEP).await;
    let last = "INSERT INTO editor SELECT seq, 1, IF(seq = 12000, 3, 1), CONCAT('U', seq), \
        IF(seq = 12000, UNHEX('CB007107'), NULL) FROM seq_1_to_12000";
    all.test.raw().await.query_drop(last).await.unwrap();
    for day in 1..=3 {
        let run = lease(&all.test.db).await;
        let mut left = 3;
        let goes_on = || {
            left -= 1;
            left >= 0
        };
        let pruned = prune(&all.test.db, run.fence(), t(day * DAY), &KEEP, Duration::ZERO, goes_on).await;
        run.release().await;
        assert_eq!(pruned.unwrap().addresses.addresses, u64::from(day == 3), "{day}");
    }
}

#[tokio::test]
async fn counts_of_ranges_saturate() {
    let mut all = Store::new().await;
    for (day, ips) in [(0, &["203.0.113.7", "203.0.113.9"][..]), (1, &["203.0.113.11"])] {
        for (i, ip) in ips.iter().enumerate() {
            all.store(&[by_address(10 * day + i as u64 + 1, ip, -100)]).await;
        }
        for table in ["pair", "editor_wiki"] {
            all.test.sql(&format!("UPDATE {table} SET n = 4294967290")).await;
        }
        let pruned = prune_all(&all.test, t(day as i64 * DAY), &KEEP).await;
        assert_eq!(pruned.addresses.addresses, ips.len() as u64);
        let counts = "SELECT n FROM pair UNION ALL SELECT n FROM editor_wiki";
        assert_eq!(all.test.sql(counts).await, ["4294967295"; 3]);
    }
}
