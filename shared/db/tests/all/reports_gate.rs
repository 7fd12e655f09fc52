//! The query gate of reports, their pages and rows, and of asks: on many and skewed rows no statement reads more of them
//! than its answer needs.

use crate::support::{TestDb, WIKI, t};
use mysql_async::prelude::Queryable;
use wikicrew_core::report::{Kind, Status, Subject};
use wikicrew_core::types::RevId;
use wikicrew_db::report::{self, Report};
use wikicrew_db::report_ask::{self, NewAsk, Outcome, Reason};
use wikicrew_db::report_page::{self, Page, State};
use wikicrew_db::{Session, report_row};

/// On each of two homes 20,000 reports, saved at intervals of 1,000 s; 1 of 20 about a user, 1 of 50 cross-wiki, 9 of 10
/// closed. Each stands on its home and, but for 1 of 200, as it should on a copy; the newest 40 have none yet. 1 of 500
/// is held, and of the copies 1 of 100 reduced. Of 50,000 asks per home 1 of 100 waits, most of them by one requester. Ten revisions on each report.
const FILL: &[&str] = &[
    "INSERT INTO report (home, kind, subject, title, status, opened_by, rules, is_xwiki, opened_at, saved_at, checked_at, \
     digest, newest, additions, news_at) \
     SELECT h.home, IF(seq % 20, 'link', 'user'), CONCAT('com.d', seq, '.'), CONCAT('R ', seq), \
     IF(seq % 10, 'closed', 'open'), 'dominance', 'dominance', seq % 50 = 0, '2025-01-01', \
     '2026-03-01 12:00:00' - INTERVAL seq * 1000 SECOND, '2026-03-01 12:00:00' - INTERVAL seq * 1000 SECOND, \
     REPEAT('x', 32), '2026-01-01', 1, '2026-03-01 12:00:00' - INTERVAL seq * 1000 SECOND \
     FROM seq_1_to_20000, (SELECT 'testwiki' AS home UNION SELECT 'home2') h ORDER BY home, seq",
    "INSERT INTO report_page (report_id, target, home, title, form, state, content, status_shown, is_due) \
     SELECT id, home, home, title, 'full', IF(id % 500, 'ok', 'held'), digest, status, 0 FROM report",
    "INSERT INTO report_page (report_id, target, home, title, form, state, content, status_shown, is_due) \
     SELECT id, 'copywiki', home, title, IF(id % 100, 'full', 'reduced'), IF(id % 500, 'ok', 'held'), IF(id % 200, digest, NULL), status, \
     id % 500 AND NOT id % 200 FROM report WHERE SUBSTR(title, 3) <= 19960",
    "INSERT INTO report_ask (home, kind, subject, origin, requester, reason, asked_at, served_at, outcome, next_try) \
     SELECT h.home, 'link', CONCAT('com.d', seq DIV 2, '.'), CONCAT('o', seq), \
     CASE WHEN seq % 7 = 0 THEN NULL WHEN seq % 3 THEN 'Flood' ELSE CONCAT('P', seq % 500) END, 'summary', \
     '2026-03-01 12:00:00' - INTERVAL seq * 100 SECOND, \
     IF(seq % 100, '2026-03-01 12:00:00' - INTERVAL seq * 100 SECOND, NULL), IF(seq % 100, 'saved', NULL), \
     IF(seq % 1000, '2026-03-01', '2026-04-01') \
     FROM seq_1_to_50000, (SELECT 'testwiki' AS home UNION SELECT 'home2') h",
    "INSERT INTO report_row (report_id, wiki, rev_id) \
     SELECT id, CONCAT('w', seq % 3), id * 5 + seq FROM report, seq_1_to_10 WHERE id % 2",
];

fn link(n: u64) -> Subject {
    Subject::from_key(Kind::Link, &format!("com.d{n}.")).unwrap()
}

#[tokio::test]
async fn no_statement_about_reports_reads_the_table() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut raw = test.raw().await;
    for fill in FILL {
        raw.query_drop(*fill).await.unwrap();
    }
    raw.query_drop("ANALYZE TABLE report, report_page, report_ask, report_row")
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
    let found = gate!(10, report::get(c, WIKI, &link(7))).unwrap();
    let keys: Vec<String> = (1..=9).map(|n| format!("com.d{n}.")).collect();
    assert_eq!(gate!(40, report::of_subjects(c, WIKI, Kind::Link, &keys)).len(), 9);
    // 3 keys each, one of them common.
    let below: Vec<String> = (1..=9).map(|n| format!("com.d{n}.shop.")).collect();
    assert_eq!(gate!(80, report::of_hosts_domain(c, WIKI, &below)).len(), 9);
    assert_eq!(gate!(10, report::by_ids(c, &[3, 4])).len(), 2);
    let titles: Vec<String> = (1..=9).map(|n| format!("R {n}")).collect();
    assert_eq!(gate!(40, report::all_titled(c, WIKI, &titles)).len(), 9);
    assert_eq!(gate!(30, report::due_for_check(c, WIKI, t(0), 10)).len(), 10);
    assert_eq!(
        gate!(40, report::without_news(c, WIKI, Status::Open, t(0), 10)).len(),
        10
    );
    let all = [Kind::Link, Kind::User];
    assert_eq!(
        gate!(110, report::newest_saved(c, WIKI, &all, None, t(-20_000_000), 10)).len(),
        10
    );
    // Cross-wiki ones about a user: 1 of 100.
    let user = [Kind::User];
    assert_eq!(
        gate!(30, report::newest_saved(c, WIKI, &user, Some(true), t(-20_000_000), 10)).len(),
        10
    );
    assert_eq!(gate!(230, report::saved_since(c, WIKI, t(-100_000))).len(), 100);
    // From the index alone: every report of the home.
    gate!(20_100, report::counts(c, WIKI));

    assert!(gate!(10, report_page::get(c, found.id, "copywiki")).is_some());
    assert_eq!(
        gate!(30, report_page::not_ok(c, &[499, 500, 501], "copywiki")),
        [(500, State::Held)]
    );
    assert_eq!(gate!(30, report_page::reduced(c, WIKI, "copywiki", 10)).len(), 10);
    assert_eq!(gate!(10, report_page::reduced(c, WIKI, WIKI, 10)).len(), 0);
    let states = [State::Held, State::Gone];
    assert_eq!(gate!(30, report_page::of_target(c, WIKI, WIKI, &states, 10)).len(), 10);
    assert_eq!(gate!(60, report_page::titled(c, "copywiki", &titles)).len(), 18);
    // Of every thousand ids five copies show something else and one of those is held: 80, and then the 40 newest.
    assert_eq!(gate!(60, report_page::due_copies(c, WIKI, "copywiki", 10)).len(), 10);
    assert_eq!(gate!(600, report_page::due_copies(c, WIKI, "copywiki", 500)).len(), 120);
    // No page there at all.
    assert_eq!(gate!(60, report_page::due_copies(c, WIKI, "new", 10)).len(), 10);

    let step = gate!(300, report_row::shown_since(c, WIKI, t(-100_000), None, 20));
    assert_eq!(step.rows.len(), 100);
    let step = gate!(300, report_row::shown_since(c, WIKI, t(-100_000), step.next, 20));
    assert_eq!(step.rows.len(), 100);
    // 500 wait, 450 of them now: each read some nine times, in tables of numbers.
    assert_eq!(gate!(4_600, report_ask::waiting(c, WIKI, t(0), 20)).len(), 20);
    // Of the 72 that nobody asked, those of which something has to go.
    assert!(gate!(200, report_ask::waiting_to_be_cleaned(c, WIKI, t(0), 20)).is_empty());
    let queue = gate!(2_500, report_ask::all_waiting(c, WIKI, 20));
    assert_eq!((queue.first.len(), queue.subjects, queue.asks), (20, 500, 500));
    // 2 of 3 of the 864 asks of a day, but for those by rules.
    let requesters = ["Flood", "P3", "nobody"].map(String::from);
    let counts = gate!(700, report_ask::asked_by_since(c, WIKI, &requesters, t(-86_400)));
    assert!(counts["Flood"] > 300);
    // 855 were served: two and a half times.
    gate!(2_500, report_ask::pages_by_rules_since(c, WIKI, t(-86_400)));
    gate!(3_100, report_ask::pages_by_anybody_since(c, WIKI, t(-86_400)));
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
    let changed = Report {
        digest: Some([1; 32]),
        ..found.clone()
    };
    assert_eq!(gate_write!(20, |tx| report::put(tx, &changed)), found.id);
    let page = Page {
        content: changed.digest,
        ..Page::new(found.id, "copywiki")
    };
    gate_write!(20, |tx| report_page::put(tx, &page));
    // The 40 newest.
    assert_eq!(gate_write!(150, |tx| report_page::expect(tx, WIKI, "copywiki", 10)), 10);
    let rows: Vec<(String, RevId)> = (1..=10).map(|n| ("w1".to_owned(), RevId(n))).collect();
    gate_write!(100, |tx| report_row::replace(tx, found.id, &rows));
    let asks: Vec<NewAsk> = (1..=10)
        .map(|n| NewAsk {
            home: WIKI.into(),
            subject: link(n),
            origin: format!("o{}", n * 2),
            requester: None,
            requester_name: None,
            reason: Reason::Rule,
            detail: None,
        })
        .collect();
    assert_eq!(gate_write!(50, |tx| report_ask::ask(tx, &asks, t(0))), 0);
    let later: Vec<(NewAsk, _)> = asks.iter().map(|ask| (ask.clone(), t(9))).collect();
    assert_eq!(
        gate_write!(100, |tx| report_ask::ask_unless_waiting(tx, &later, t(0))),
        0
    );
    gate_write!(600, |tx| report_ask::expire_rules(tx, WIKI, t(-4_000_000), t(0)));
    let ids = queue.first[0].ids();
    assert_eq!(gate_write!(10, |tx| report_ask::failed(tx, &ids, "x", t(9))), 1);
    assert_eq!(
        gate_write!(10, |tx| report_ask::served(tx, &ids, Outcome::Saved, t(9))),
        1
    );
    assert_eq!(gate_write!(10, |tx| report_ask::give_up(tx, &ids, "x", t(9))), 0);
    assert!(gate_write!(60, |tx| report::forget(tx.tx(), WIKI, &link(11))));
    let erased = gate_write!(120, |tx| report_ask::forget_requester(tx.tx(), WIKI, "P3"));
    assert!(erased > 20);
    assert_eq!(
        gate_write!(30, |tx| report::forget_asks_between(tx.tx(), WIKI, "zz", "zzz")),
        0
    );
    // Two of each home.
    let before = test.db.conn().await.unwrap().handler_reads().await.unwrap();
    assert_eq!(
        report_ask::prune(&test.db, t(-4_999_750), t(-4_999_750)).await.unwrap(),
        4
    );
    let reads = test.db.conn().await.unwrap().handler_reads().await.unwrap() - before - own;
    if reads > 30 {
        over.push(format!("{reads} > 30: prune"));
    }
    assert!(over.is_empty(), "too much was read:\n{}", over.join("\n"));
}
