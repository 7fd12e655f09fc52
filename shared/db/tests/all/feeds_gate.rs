//! The query gate of the feeds: on many and skewed rows no statement reads more of them than its answer needs.

use crate::hits_support::take;
use crate::support::{TestDb, WIKI, t};
use mysql_async::prelude::Queryable;
use wikicrew_core::feed::{Level, Switched};
use wikicrew_db::feed_line::{self, NewLine, Queue, State};
use wikicrew_db::{Session, feed_state};

const OF: Queue<'static> = Queue {
    job: "coi-report",
    wiki: WIKI,
};

/// On each of two homes 40,000 lines of one feed, one each 60 s, of which those that are not settled are the newest: 2,000
/// wait, half of them for another try tomorrow, 200 for one that is due; 20 are being sent, 40 told, 500 dropped. 10,000 of
/// another feed, all of which wait. 3,000 of a third, all of which were sent long ago. 50 states on each.
const FILL: &[&str] = &[
    "INSERT INTO feed_line (job, wiki, feed, item, queued, state, tries, next_try, settled) \
     SELECT 'coi-report', h.wiki, 'spam', seq, '2026-03-01 12:00:00' - INTERVAL (40000 - seq) * 60 SECOND, \
     CASE WHEN seq > 38000 THEN 'waiting' WHEN seq > 37980 THEN 'sending' WHEN seq > 37940 THEN 'telling' \
     WHEN seq > 37440 THEN 'dropped' ELSE ELT(1 + seq % 3, 'sent', 'withheld', 'told') END, seq % 3, \
     CASE WHEN seq > 38000 AND seq % 2 THEN '2026-03-02 12:00:00' WHEN seq > 38000 AND seq % 10 = 0 \
     THEN '2026-03-01 11:00:00' END, \
     IF(seq > 37940, NULL, '2026-03-01 12:00:00' - INTERVAL (40000 - seq) * 60 SECOND) \
     FROM seq_1_to_40000, (SELECT 'testwiki' AS wiki UNION SELECT 'home2') h",
    "INSERT INTO feed_line (job, wiki, feed, item, queued, state) \
     SELECT 'coi-report', h.wiki, 'hook', seq, '2026-03-01 12:00:00' - INTERVAL seq SECOND, 'waiting' \
     FROM seq_1_to_10000, (SELECT 'testwiki' AS wiki UNION SELECT 'home2') h",
    "INSERT INTO feed_line (job, wiki, feed, item, queued, state, settled) \
     SELECT 'coi-report', h.wiki, 'done', seq, '2025-03-01 12:00:00', 'sent', '2025-03-01 12:00:00' \
     FROM seq_1_to_3000, (SELECT 'testwiki' AS wiki UNION SELECT 'home2') h",
    "INSERT INTO feed_state (job, wiki, feed) \
     SELECT 'coi-report', h.wiki, CONCAT('f', seq) FROM seq_1_to_50, (SELECT 'testwiki' AS wiki UNION SELECT 'home2') h",
];

#[tokio::test]
async fn no_statement_about_feeds_reads_the_table() {
    let test = TestDb::new().await;
    let lease = take(&test, WIKI).await;
    let mut raw = test.raw().await;
    for fill in FILL {
        raw.query_drop(*fill).await.unwrap();
    }
    raw.query_drop("ANALYZE TABLE feed_line, feed_state").await.unwrap();
    let mut work = test.db.conn().await.unwrap();
    let c = &mut work;
    let mut over = Vec::new();
    // What the counting itself reads.
    let own = c.handler_reads().await.unwrap();
    let own = c.handler_reads().await.unwrap() - own;
    macro_rules! gate {
        ($bound:expr, $call:expr) => {{
            let before = c.handler_reads().await.unwrap();
            let answer = $call.await.unwrap();
            let reads = c.handler_reads().await.unwrap() - before - own;
            if reads > $bound {
                over.push(format!("{reads} > {}: {}", $bound, stringify!($call)));
            }
            answer
        }};
    }
    // 20 feeds, of which only the last one has anything; one look for each of them and state.
    let gone: Vec<String> = (1..20).map(|n| format!("f{n}")).collect();
    let mut feeds: Vec<&str> = gone.iter().map(String::as_str).chain(["spam"]).collect();
    assert!(gate!(90, feed_line::is_due(c, OF, &feeds)));
    assert!(gate!(10, feed_line::is_due(c, OF, &["spam", "hook"])));
    let none = Queue { wiki: "home3", ..OF };
    assert!(!gate!(90, feed_line::is_due(c, none, &feeds)));
    // Nothing is due of them, whatever of others waits and whatever of them is settled.
    feeds[19] = "done";
    assert!(!gate!(90, feed_line::is_due(c, OF, &feeds)));
    assert!(!gate!(0, feed_line::is_due(c, OF, &[])));
    // Ten of each kind, whatever waits for tomorrow.
    let first = gate!(50, feed_line::waiting(c, OF, "spam", t(0), 10));
    let items: Vec<u64> = first.iter().map(|line| line.item).collect();
    assert_eq!(items, (1..=10).map(|n| 38_000 + 2 * n).collect::<Vec<u64>>());
    assert_eq!(gate!(20, feed_line::waiting(c, OF, "gone", t(0), 10)).len(), 0);
    // What was dropped.
    assert_eq!(gate!(1_010, feed_line::dropped(c, OF, "spam")).unwrap().count, 500);
    // What waits of both feeds, and one day of what is settled; each row once more for its group.
    let counts = gate!(28_000, feed_line::counts(c, OF, t(-86_400 * 2)));
    assert_eq!((counts[0].waiting, counts[1].waiting), (10_000, 2_020));
    assert_eq!(counts[1].sent + counts[1].withheld + counts[1].dropped, 821);
    assert_eq!(gate!(60, feed_state::all(c, OF)).len(), 50);
    drop(work);

    macro_rules! gate_write {
        ($bound:expr, |$tx:ident| $call:expr) => {{
            let (answer, reads) = test
                .write(&lease, async |$tx| {
                    let before = $tx.conn().handler_reads().await?;
                    let answer = $call.await?;
                    Ok((answer, $tx.conn().handler_reads().await? - before - own))
                })
                .await
                .unwrap();
            if reads > $bound {
                over.push(format!("{reads} > {}: {}", $bound, stringify!($call)));
            }
            answer
        }};
    }
    let ids: Vec<u64> = first.iter().map(|line| line.id).collect();
    assert!(gate_write!(10, |tx| feed_line::claim(tx, OF, ids[0])));
    assert_eq!(gate_write!(10, |tx| feed_line::put_back(tx, OF, ids[0], true, t(9))), 1);
    assert_eq!(
        gate_write!(30, |tx| feed_line::settle(tx, OF, &ids, State::Sent, t(0))),
        10
    );
    // 20 and 40.
    assert_eq!(gate_write!(200, |tx| feed_line::take_over(tx, OF)), 60);
    // 100 of 10,000.
    assert_eq!(
        gate_write!(310, |tx| feed_line::drop_old(tx, OF, "hook", t(-9_900), t(0))),
        100
    );
    assert_eq!(
        gate_write!(310, |tx| feed_line::claim_dropped(tx, OF, "hook", false)),
        100
    );
    assert_eq!(
        gate_write!(310, |tx| feed_line::put_back_dropped(tx, OF, "hook", true)),
        100
    );
    assert_eq!(
        gate_write!(310, |tx| feed_line::claim_dropped(tx, OF, "hook", true)),
        100
    );
    assert_eq!(
        gate_write!(310, |tx| feed_line::settle_dropped(tx, OF, "hook", t(0))),
        100
    );
    // New ones read nothing; of others, each is looked at once more.
    let lines: Vec<NewLine<'_>> = (50_001..=50_100).map(|item| NewLine { feed: "hook", item }).collect();
    assert_eq!(gate_write!(10, |tx| feed_line::enqueue(tx, &lines, t(0))), 100);
    assert_eq!(gate_write!(510, |tx| feed_line::enqueue(tx, &lines, t(0))), 0);
    let by = Switched {
        by: "A".to_owned(),
        at: t(0),
    };
    gate_write!(10, |tx| feed_state::quiet(tx.tx(), OF, "f7", Some(&by)));
    gate_write!(10, |tx| feed_state::level(tx.tx(), OF, "f7", Some((Level::High, &by))));
    gate_write!(10, |tx| feed_state::trouble(tx, OF, "f7", "why", t(9), t(0)));
    gate_write!(10, |tx| feed_state::well_again(tx, OF, "f7", t(0)));
    gate_write!(10, |tx| feed_state::fine(tx, OF, "f7", t(0)));

    // Feeds that are gone: 3,000 lines of one wait since long ago, 300 of another were dropped then, 10 are too young.
    let ago = "'2025-03-01 12:00:00'";
    for (feed, lines, state, queued) in [
        ("gone", 3_000, "waiting", ago),
        ("out", 300, "dropped", ago),
        ("gone2", 10, "waiting", "'2026-03-01 12:00:00'"),
    ] {
        let fill = format!(
            "INSERT INTO feed_line (job, wiki, feed, item, queued, state) \
             SELECT 'coi-report', h.wiki, '{feed}', seq, {queued}, '{state}' \
             FROM seq_1_to_{lines}, (SELECT 'testwiki' AS wiki UNION SELECT 'home2') h"
        );
        raw.query_drop(fill).await.unwrap();
    }
    raw.query_drop("ANALYZE TABLE feed_line").await.unwrap();
    let mut counting = test.db.conn().await.unwrap();
    let mut before = counting.handler_reads().await.unwrap();
    drop(counting);
    let mut prune = async |bound: u64, at| {
        let gone = feed_line::prune(&test.db, OF, t(at)).await.unwrap();
        let now = test.db.conn().await.unwrap().handler_reads().await.unwrap();
        let reads = now - before - own;
        before = now;
        (gone, (reads > bound).then(|| format!("{reads} > {bound}: prune")))
    };
    // Those that were sent of that feed, in four slices, and of spam those queued before the 1,000th; whatever waits.
    let (gone, much) = prune(4_060, -39_000 * 60).await;
    assert_eq!(gone, 3_000 + 999);
    over.extend(much);
    // As many again, 333 of each kind, and nothing: no line that waits is looked at.
    let (gone, much) = prune(1_060, -38_001 * 60).await;
    assert_eq!(gone, 999);
    over.extend(much);
    let (gone, much) = prune(60, -38_001 * 60).await;
    assert_eq!(gone, 0);
    over.extend(much);

    // 20 feeds are still there, of which two have lines: only those of others are read.
    let mut feeds: Vec<String> = (1..19).map(|n| format!("f{n}")).collect();
    feeds.extend(["spam".to_owned(), "hook".to_owned()]);
    let feeds: Vec<&str> = feeds.iter().map(String::as_str).collect();
    assert_eq!(
        gate_write!(6_700, |tx| feed_line::forget_others(tx, OF, &feeds, t(-60), t(0))),
        3_300
    );
    assert_eq!(
        gate_write!(120, |tx| feed_line::forget_others(tx, OF, &feeds, t(-60), t(0))),
        0
    );
    // No feed is there: all that waits or was dropped, and nothing that is settled.
    assert_eq!(
        gate_write!(25_000, |tx| feed_line::forget_others(tx, OF, &[], t(-60), t(0))),
        9_840 + 2_008 + 540
    );
    assert!(over.is_empty(), "too much was read:\n{}", over.join("\n"));
}
