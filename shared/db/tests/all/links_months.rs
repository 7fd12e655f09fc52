//! The months of the table of link additions, how far back it goes, and how big it is.

use crate::links_prune::{KEEP, prune_all};
use crate::links_support::{Store, revision, row};
use crate::support::{TIMING, TestDb, t};
use mysql_async::prelude::Queryable;
use std::time::{Duration, Instant};
use wikicrew_core::types::Timestamp;
use wikicrew_db::links::host_ip::{self, Answer};
use wikicrew_db::links::{partitions, since, size};
use wikicrew_db::{Access, Db, Error, Timing};

const DAY: i64 = 86_400;

async fn months(test: &TestDb) -> Vec<String> {
    test.sql(
        "SELECT CONCAT(PARTITION_NAME, ' < ', PARTITION_DESCRIPTION) FROM information_schema.PARTITIONS \
         WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'link_addition' ORDER BY PARTITION_ORDINAL_POSITION",
    )
    .await
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}

#[tokio::test]
async fn months_are_made_once_and_in_time() {
    let test = TestDb::new().await;
    // 2026-03-01; 120 days before is 2025-11-01.
    let first = partitions::ensure(&test.db, t(0), 120).await.unwrap();
    let made = [
        "p202511", "p202512", "p202601", "p202602", "p202603", "p202604", "p202605", "p202606",
    ];
    assert_eq!(first.made, names(&made));
    assert!(first.in_last == 0 && !first.is_blocked);
    assert_eq!(
        months(&test).await[7..],
        ["p202606 < '2026-07-01'", "p_max < MAXVALUE"].map(str::to_owned)
    );
    for (days, keep, made) in [(0, 120, &[][..]), (30, 900, &[]), (31, 120, &["p202607"]), (31, 0, &[])] {
        let then = partitions::ensure(&test.db, t(days * DAY), keep).await.unwrap();
        assert_eq!(then.made, names(made), "{days}");
    }
    // Nobody asked for two years: what lies between is one.
    let later = partitions::ensure(&test.db, t(730 * DAY), 120).await.unwrap();
    assert_eq!(later.made[..2], names(&["p202711", "p202712"]));
    assert_eq!(months(&test).await[9], "p202711 < '2027-12-01'");
    let dry = partitions::ensure(&test.other(Access::ReadOnly), t(0), 120).await;
    assert!(matches!(dry, Err(Error::ReadOnly { .. })));
}

#[tokio::test]
async fn four_processes_make_the_months_at_once() {
    let test = TestDb::new().await;
    for days in [0, 100, 900] {
        let make = || async {
            let db = test.other(Access::Write);
            let made = partitions::ensure(&db, t(days * DAY), 120).await.unwrap().made;
            db.close().await;
            made
        };
        let (a, b, c, d) = tokio::join!(make(), make(), make(), make());
        // One made them all; the others found them made.
        let made: Vec<_> = [a, b, c, d].into_iter().filter(|made| !made.is_empty()).collect();
        assert_eq!(made.len(), 1, "{made:?}");
    }
    assert_eq!(test.sql("SELECT COUNT(*) FROM link_since").await, ["3"]);
}

/// The future is dropped while the server waits for a reader of the table: whether it made the months then or not, the
/// next run has them.
#[tokio::test]
async fn a_process_that_died_while_making_months() {
    let test = TestDb::new().await;
    let mut reader = test.raw().await;
    reader.query_drop("START TRANSACTION").await.unwrap();
    reader.query_drop("SELECT COUNT(*) FROM link_addition").await.unwrap();
    let db = test.other(Access::Write);
    let cut = tokio::time::timeout(Duration::from_millis(300), partitions::ensure(&db, t(0), 120)).await;
    assert!(cut.is_err(), "the reader was not waited for");
    reader.query_drop("COMMIT").await.unwrap();
    partitions::ensure(&test.db, t(0), 120).await.unwrap();
    assert_eq!(months(&test).await.len(), 9);
    // Killed by the operator, in the middle of it.
    reader.query_drop("START TRANSACTION").await.unwrap();
    reader.query_drop("SELECT COUNT(*) FROM link_addition").await.unwrap();
    let kill = async {
        let waiting = format!(
            "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = '{}' AND INFO LIKE 'ALTER%'",
            test.config.database
        );
        let mut other = test.raw().await;
        for _ in 0..100 {
            if let Some(id) = other.query_first::<u64, _>(&waiting).await.unwrap() {
                other.query_drop(format!("KILL {id}")).await.unwrap();
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        reader.query_drop("COMMIT").await.unwrap();
    };
    let (made, ()) = tokio::join!(partitions::ensure(&test.db, t(31 * DAY), 120), kill);
    // A kill that comes when the month is made, but not yet answered for, is told as nothing made.
    made.unwrap();
    let made = months(&test).await;
    assert!(
        made.iter().any(|month| month.starts_with("p202607 ")),
        "tried again after the kill: {made:?}"
    );
}

#[tokio::test]
async fn revisions_from_the_future_are_told_and_stop_nothing() {
    let test = TestDb::new().await;
    partitions::ensure(&test.db, t(0), 120).await.unwrap();
    let mut conn = test.raw().await;
    let fill =
        "INSERT INTO link_addition SELECT 1, seq, 0, IF(seq % 2, '2026-07-10', '2031-01-01'), 1, 1, 1, 0, 1, '/' FROM";
    conn.query_drop(format!("{fill} seq_1_to_4")).await.unwrap();
    let few = partitions::ensure(&test.db, t(31 * DAY), 120).await.unwrap();
    assert_eq!((few.made, few.in_last, few.is_blocked), (names(&["p202607"]), 4, false));
    assert_eq!(partitions::ensure(&test.db, t(31 * DAY), 120).await.unwrap().in_last, 2);
    conn.query_drop(format!("{fill} seq_5_to_20010")).await.unwrap();
    let many = partitions::ensure(&test.db, t(62 * DAY), 120).await.unwrap();
    assert_eq!((many.made, many.in_last, many.is_blocked), (vec![], 10_001, true));
    let all = partitions::ensure_whatever_it_takes(&test.db, t(62 * DAY), 120)
        .await
        .unwrap();
    assert_eq!(all.made, ["p202608"]);
    assert_eq!(test.sql("SELECT COUNT(*) FROM link_addition").await, ["20010"]);
}

/// For longer than a statement may take.
#[tokio::test]
async fn who_stores_waits_for_a_table_that_is_altered() {
    let mut all = Store::new().await;
    let mut other = all.test.raw().await;
    other.query_drop("LOCK TABLES link_addition READ").await.unwrap();
    let timing = Timing {
        statement: Duration::from_secs(2),
        ..TIMING
    };
    let db = Db::new(all.test.config.clone(), Access::Write, timing, 3).unwrap();
    let batch = [revision(1, "A", 0, vec![row("com.a.", "/")])];
    let ending = async {
        tokio::time::sleep(Duration::from_millis(2_600)).await;
        other.query_drop("UNLOCK TABLES").await.unwrap();
    };
    let (stored, ()) = tokio::join!(all.store_with(&db, &batch), ending);
    assert_eq!(stored.revisions, 1);
}

#[tokio::test]
async fn a_month_that_is_in_use_is_rebuilt_another_day() {
    let mut all = Store::new().await;
    all.store(&[revision(1, "A", -40 * DAY, vec![row("com.a.", "/")])])
        .await;
    let mut reader = all.test.raw().await;
    reader.query_drop("START TRANSACTION").await.unwrap();
    reader.query_drop("SELECT COUNT(*) FROM link_addition").await.unwrap();
    let begun = Instant::now();
    let pruned = prune_all(&all.test, t(0), &KEEP).await;
    assert_eq!(pruned.rebuilt, names(&[]));
    assert!(begun.elapsed() < Duration::from_secs(4), "it was tried again");
    reader.query_drop("COMMIT").await.unwrap();
    assert_eq!(prune_all(&all.test, t(0), &KEEP).await.rebuilt, ["p202601"]);
    assert_eq!(prune_all(&all.test, t(DAY), &KEEP).await.rebuilt, names(&[]));
}

/// A run with a wrong clock asked for addresses; the next ones have the right time.
#[tokio::test]
async fn a_host_that_was_asked_for_in_the_future_is_asked_for_again() {
    let all = Store::new().await;
    all.test
        .sql("INSERT INTO host (host_id, rhost) VALUES (1, 'com.a.')")
        .await;
    let keys = ["com.a.".to_owned()];
    for (asked, due) in [(365 * DAY, 1), (0, 0)] {
        all.test
            .write(&all.lease, async |tx| {
                host_ip::answered(tx, 1, t(asked), &Answer::None).await
            })
            .await
            .unwrap();
        let mut work = all.test.db.conn().await.unwrap();
        let among = host_ip::due_among(&mut work, t(1), &keys, 10).await.unwrap();
        let newest = host_ip::due(&mut work, t(1), 10).await.unwrap();
        assert_eq!((among.len(), newest.len()), (due, due), "{asked}");
    }
}

#[tokio::test]
async fn reports_say_since_when_they_count() {
    let mut all = Store::new().await;
    let day = |time: Option<Timestamp>| time.map_or(String::new(), |time| time.format("%Y-%m-%d").to_string());
    macro_rules! shown {
        () => {{
            let shown = all.test.db.read(async |work| since::shown(work).await).await.unwrap();
            (day(shown.rows), day(shown.pairs))
        }};
    }
    assert_eq!(shown!(), (String::new(), String::new()));
    let mut other = revision(4, "B", -20 * DAY, vec![row("com.b.", "/")]);
    other.wiki = "de.example.org/w".into();
    all.store(&[
        revision(5, "A", -10 * DAY, vec![row("com.a.", "/")]),
        revision(7, "A", 100 * DAY, vec![row("com.a.", "/")]),
        other,
    ])
    .await;
    // Not since November, from which on it might have rows: since the first one.
    assert_eq!(shown!(), ("2026-02-09".into(), "2026-02-09".into()));
    // November to January are dropped, they were empty.
    prune_all(&all.test, t(110 * DAY), &KEEP).await;
    assert_eq!(shown!(), ("2026-02-09".into(), "2026-02-09".into()));
    // The first rows are dropped: the counters go on from where they began.
    prune_all(&all.test, t(150 * DAY), &KEEP).await;
    assert_eq!(shown!(), ("2026-06-09".into(), "2026-02-09".into()));
    prune_all(&all.test, t(260 * DAY), &KEEP).await;
    assert_eq!(shown!(), (String::new(), String::new()));
}

#[tokio::test]
async fn the_size_is_told_and_compared() {
    let test = TestDb::new().await;
    partitions::ensure(&test.db, t(0), 120).await.unwrap();
    let measure = async || test.db.read(async |work| size::measure(work).await).await.unwrap();
    let empty = measure().await;
    assert!(empty.tables.iter().any(|table| table.table == "link_addition"));
    let mut conn = test.raw().await;
    conn.query_drop(
        "INSERT INTO link_addition SELECT 1, seq, 0, '2026-02-01', seq, seq, 1, 0, 1, REPEAT('x', 45) FROM seq_1_to_20000",
    )
    .await
    .unwrap();
    conn.query_drop("ANALYZE TABLE link_addition").await.unwrap();
    let sizes = measure().await;
    assert_eq!(sizes.tables[0].table, "link_addition");
    let grown = sizes.total() - empty.total();
    assert!((100 * 20_000..400 * 20_000).contains(&grown), "{grown}");
    let limit = sizes.total() as f64 / 1e9;
    assert!(sizes.is_full(limit) && !sizes.is_full(limit * 1.01));
    assert!(sizes.is_nearly_full(limit * 1.4) && !sizes.is_nearly_full(limit * 1.5));
    assert!(!sizes.is_full(0.0));
}
