//! The query gate of hits, lines, list pages and entries of lists: on many and skewed rows no statement reads more of
//! them than its answer needs.

use crate::support::{TestDb, WIKI, t};
use mysql_async::prelude::Queryable;
use wikicrew_core::types::{RevId, UserId};
use wikicrew_db::hit::{self, Hide, Thing, Who};
use wikicrew_db::{Session, hit_line, list, source_page};

/// 40,000 hits of 200 days, half of them on the home; a tenth by one user and of one host, one page with every 20th.
/// Of the lines, one each, 1 of 500 is dirty and 1 of 1,000 struck. Another home has as many.
const FILL: &[&str] = &[
    "INSERT INTO hit (home, wiki, rev_id, subject, rule, string_hash, string, rhost, words, times, skip, is_shown, \
     is_reported, is_new, ts, user_id, user_name, user_kind, user_ip, fades, page_id, ns, title, settings_revid, \
     recorded, line_key) \
     SELECT h.home, IF(seq % 2, 'testwiki', CONCAT('w', seq % 300)), seq, 'link', \
     IF(seq % 7, 'link-overlap', 'monitored-link'), UNHEX(MD5(seq)), 'x', \
     IF(seq % 10, CONCAT('com.example', seq % 5000, '.'), 'com.big.'), 'UL', 1, IF(seq % 5, NULL, 'edits 1200'), 1, \
     seq % 5 > 0, 0, '2026-03-01 12:00:00' - INTERVAL seq * 432 SECOND, IF(seq % 100, seq % 4000, 0), \
     CASE WHEN seq % 100 = 0 THEN INET6_NTOA(UNHEX(CONCAT('C633', LPAD(HEX(seq), 4, '0')))) \
     WHEN seq % 10 = 1 THEN 'Big' ELSE CONCAT('U', seq % 4000) END, IF(seq % 100, 'account', 'address'), \
     IF(seq % 100, NULL, UNHEX(CONCAT('C633', LPAD(HEX(seq), 4, '0')))), IF(seq % 100, NULL, 'address'), seq % 900, 0, \
     IF(seq % 20, CONCAT('T', seq % 900), 'Long'), 1, '2026-03-01', UNHEX(MD5(seq)) \
     FROM seq_1_to_40000, (SELECT 'testwiki' AS home UNION SELECT 'home2') h",
    "INSERT INTO hit_line (target, line_key, day, wiki, user_id, user_name, user_kind, subject, string, anchor, state, \
     title, is_dirty, recorded, struck_at) \
     SELECT h.home, UNHEX(MD5(seq)), '2026-03-01' - INTERVAL seq DIV 200 DAY, 'testwiki', seq % 4000, 'U', 'account', \
     'link', 'x', 'abcdefghij', IF(seq % 4, 'shown', 'new'), IF(seq % 4, CONCAT('Day ', seq DIV 200), NULL), \
     seq % 500 = 0, '2026-03-01', IF(seq % 1000 = 1, '2026-03-01' - INTERVAL seq DIV 200 DAY, NULL) \
     FROM seq_1_to_40000, (SELECT 'testwiki' AS home UNION SELECT 'home2') h",
    "INSERT INTO wiki_edits (home, wiki, day, edits, additions, hits) \
     SELECT 'testwiki', CONCAT('w', seq % 100), '2026-03-01' - INTERVAL seq DIV 100 DAY, 1, 1, 1 FROM seq_1_to_20000",
    "INSERT INTO source_page (job, wiki, title, revid, checked, body) \
     SELECT 'matchbot', CONCAT('w', seq % 200), CONCAT('T', seq), 1, '2026-03-01', 'x' FROM seq_1_to_4000",
    "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason, expires, auto_wiki, auto_rev) \
     SELECT 'matchbot', IF(seq % 100, CONCAT('w', seq % 200), '*'), 'ml', '', CONCAT('d', seq), 'A', '2026-03-01', '', \
     IF(seq % 500, '2026-09-01', '2026-02-01'), 'testwiki', seq FROM seq_1_to_20000",
];

#[tokio::test]
async fn no_statement_about_hits_reads_the_table() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut raw = test.raw().await;
    for fill in FILL {
        raw.query_drop(*fill).await.unwrap();
    }
    raw.query_drop("ANALYZE TABLE hit, hit_line, wiki_edits, source_page, list_entry")
        .await
        .unwrap();
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
    // Lists: 8 × rows and 100.
    assert_eq!(gate!(108, hit::of_revision(c, WIKI, WIKI, RevId(7))).len(), 1);
    assert_eq!(gate!(180, hit::newest(c, WIKI, None, None, 10)).len(), 10);
    let page = gate!(180, hit::newest(c, WIKI, Some("w2"), None, 10));
    let last = (page[9].of.ts, page[9].id);
    assert_eq!(gate!(180, hit::newest(c, WIKI, Some("w2"), Some(last), 10)).len(), 10);
    assert_eq!(gate!(180, hit::newest(c, WIKI, None, Some(last), 10)).len(), 10);
    assert_eq!(gate!(180, hit::of_user(c, WIKI, None, Who::Name("Big"), 10)).len(), 10);
    assert_eq!(
        gate!(180, hit::of_user(c, WIKI, Some(WIKI), Who::Name("Big"), 10)).len(),
        10
    );
    assert_eq!(
        gate!(180, hit::of_user(c, WIKI, Some(WIKI), Who::Account(UserId(5)), 10)).len(),
        10
    );
    let ip = |text: &str| text.parse().unwrap();
    // 400 addresses, each looked at for the newest.
    let range = Who::Addresses(ip("198.51.0.0"), ip("198.51.255.255"));
    assert_eq!(gate!(1_400, hit::of_user(c, WIKI, None, range, 10)).len(), 10);
    assert_eq!(
        gate!(180, hit::of_string(c, WIKI, None, Thing::Link("com.big."), 10)).len(),
        10
    );
    // The 4,000 hits of the domain, each looked at for the newest.
    assert_eq!(
        gate!(
            12_300,
            hit::of_string(c, WIKI, None, Thing::Links("com.big.", "com.big/"), 10)
        )
        .len(),
        10
    );
    assert_eq!(
        gate!(180, hit::of_string(c, WIKI, None, Thing::Page("Long"), 10)).len(),
        10
    );
    // Twenty by number; those of w2 stand far apart, so that each looks for its batch among 500 others.
    let ids: Vec<u64> = (1_000..1_020).collect();
    assert_eq!(gate!(60, hit::by_ids(c, WIKI, &ids)).len(), 10);
    let far = hit::newest(c, WIKI, Some("w2"), Some(last), 10).await.unwrap();
    let places = gate!(5_400, hit::places(c, &far));
    assert!(places.len() == 10 && places.values().all(|place| place.batch > 150));
    // What is counted: 2,000 hits of ten days, the two users' hits, the hosts of ten days, 100 wikis × 10 days.
    assert_eq!(gate!(8_300, hit::counts(c, WIKI, t(-864_000))).len(), 2);
    let users = [(WIKI, "Big", t(0)), (WIKI, "U7", t(0))];
    let counts = gate!(4_300, hit::counts_of_users(c, WIKI, &users));
    // Big: seq % 10 = 1 and not % 5 = 0.
    assert_eq!((counts[0].all, counts[1].all, counts[0].recent), (4_000, 10, 1));
    gate!(9_000, hit::top_new_hosts(c, WIKI, t(-864_000), 10));
    assert_eq!(
        gate!(2_400, hit::edits_read(c, WIKI, t(-864_000).date_naive(), 10)).len(),
        10
    );
    // Lines: 80 are dirty.
    let due = gate!(180, hit_line::due(c, WIKI, t(-86_400), t(0), 10));
    assert_eq!(due.len(), 10);
    // A day has 200 lines, three of four on its page.
    assert_eq!(gate!(750, hit_line::of_title(c, WIKI, "Day 9")).len(), 150);
    // Thirty days of lines, from the index alone.
    assert_eq!(
        gate!(6_500, hit_line::recent_titles(c, WIKI, t(-86_400 * 30).date_naive())).len(),
        31
    );
    gate!(180, hit_line::proposals(c, WIKI, t(-86_400 * 365), 10));
    let ids: Vec<u64> = due.iter().map(|line| line.id).collect();
    gate!(400, hit_line::hits_of(c, &ids, 3));
    assert_eq!(gate!(200, hit_line::totals_of(c, &ids)).len(), 10);
    assert!(gate!(10, source_page::get(c, "matchbot", "w7", "T7")).is_some());
    assert_eq!(gate!(108, source_page::all(c, "matchbot", "w7")).len(), 20);
    // 100 of the wiki, 200 of all wikis.
    assert_eq!(gate!(620, list::all_for(c, "matchbot", "w7")).len(), 300);
    assert_eq!(gate!(20_100, list::all_of_job(c, "matchbot")).len(), 20_000);
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
    let revs: Vec<RevId> = (1..=99).step_by(2).map(RevId).collect();
    // 100 rows read, changed, and looked at once more for their lines.
    assert_eq!(gate_write!(1_500, |tx| hit::hide(tx, WIKI, &revs, Hide::All)), 100);
    assert_eq!(gate_write!(60, |tx| hit_line::mark_gone(tx, &ids)), 10);
    assert_eq!(gate_write!(60, |tx| hit_line::mark_struck(tx, &ids, None, t(0))), 10);
    let shown: Vec<_> = ids
        .iter()
        .map(|&id| hit_line::Shown {
            id: id + 2,
            hits: 1,
            recorded: t(0),
        })
        .collect();
    assert_eq!(
        gate_write!(100, |tx| hit_line::mark_shown(tx, &shown, "Day", RevId(1), t(0))),
        10
    );
    assert!(gate_write!(10, |tx| list::extend(
        tx,
        "w7",
        "ml",
        None,
        Some("d7"),
        t(86_400 * 400)
    )));
    assert_eq!(gate_write!(10, |tx| list::remove_auto_of(tx, WIKI, RevId(9))), 1);
    // Once: then it is gone.
    assert!(gate_write!(10, |tx| list::remove_auto(tx, "w7", "ml", "d7")));
    assert!(!gate_write!(10, |tx| list::remove_auto(tx, "w7", "ml", "d7")));
    assert_eq!(gate_write!(120, |tx| list::expire(tx, t(0))), 40);
    let row = hit::newest(&mut *test.db.conn().await.unwrap(), WIKI, None, None, 50)
        .await
        .unwrap();
    let again: Vec<_> = row.into_iter().map(|row| row.of).collect();
    gate_write!(600, |tx| hit::insert(tx, &again, t(0)));
    macro_rules! gate_db {
        ($bound:expr, $call:expr) => {{
            let before = test.db.conn().await.unwrap().handler_reads().await.unwrap();
            let answer = $call.await.unwrap();
            let reads = test.db.conn().await.unwrap().handler_reads().await.unwrap() - before - own;
            if reads > $bound {
                over.push(format!("{reads} > {}: {}", $bound, stringify!($call)));
            }
            answer
        }};
    }
    // Ten hits and ten lines on each of two homes.
    assert_eq!(gate_db!(200, hit::rename(&test.db, WIKI, UserId(205), "New")), 20);
    // What is older than 199 days: addresses of both homes, hits, lines, wikis × days.
    let before = t(-86_400 * 199);
    assert_eq!(gate_db!(30, hit::cut_addresses(&test.db, before)), 4);
    gate_db!(30, hit::forget_temporary(&test.db, before));
    let pruned = gate_db!(2_000, hit::prune(&test.db, WIKI, before));
    assert_eq!(pruned.hits, 200);
    assert!(over.is_empty(), "too much was read:\n{}", over.join("\n"));
}
