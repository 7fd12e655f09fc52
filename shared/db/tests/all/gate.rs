//! The query gate: on many and skewed rows no statement reads more of them than
//! its answer needs, whatever the size of the table.

use crate::support::{TestDb, WIKI, t};
use mysql_async::prelude::Queryable;
use wikicrew_core::types::{PageId, RevId, UserId};
use wikicrew_db::request::{self, Member, State};
use wikicrew_db::settings_rev::{self, Kind};
use wikicrew_db::{Session, checkpoint, edit_log, intent, matches, memo, parked, profile_owner, run};

/// 20,000 rows per table; most of them of one learner's neighbours, one mentor,
/// one account, one category: the shapes that make a plan read a table.
const FILL: &[&str] = &[
    "INSERT INTO run (job, wiki, started, finished, state, exit_code, success, edits) \
     SELECT 'matchbot', 'testwiki', '2026-03-01 12:00:00' - INTERVAL seq * 300 SECOND, \
     '2026-03-01 12:00:00' - INTERVAL seq * 300 - 9 SECOND, 'done', IF(seq % 50, 0, 75), seq % 50 > 0, 1 \
     FROM seq_1_to_20000",
    "INSERT INTO run_error (run_id, n, item_key, handled, at, text) \
     SELECT seq, 1, CONCAT('item ', seq % 900), 1, '2026-03-01 12:00:00' - INTERVAL seq * 300 SECOND, 'x' \
     FROM seq_1_to_20000",
    "INSERT INTO settings_rev (job, wiki, kind, revid, saved_at, first_seen, verdict, accepted_at, problems) \
     SELECT 'matchbot', 'testwiki', 'settings', seq, '2026-03-01', '2026-03-01', \
     IF(seq % 3, 'accepted', 'rejected'), IF(seq % 3, '2026-03-01', NULL), '[]' FROM seq_1_to_2000",
    "INSERT INTO intent (job, wiki, intent_key, token, state, decision, title, created, updated) \
     SELECT 'matchbot', 'testwiki', CONCAT('k', seq), 't', IF(seq % 4000, 'done', 'sending'), '{}', 'T', \
     '2026-03-01', '2026-03-01' FROM seq_1_to_20000",
    "INSERT INTO edit_log (job, wiki, account, page_id, title, revid, kind, run_id, at) \
     SELECT 'matchbot', 'testwiki', 'Bot', seq % 7000, CONCAT('T', seq % 7000), seq, 'greeting', 1, \
     '2026-03-01 12:00:00' - INTERVAL seq * 300 SECOND FROM seq_1_to_20000",
    "INSERT INTO parked (job, wiki, item_key, state, reason, attempts, first_at, next_try) \
     SELECT 'matchbot', 'testwiki', CONCAT('k', seq), IF(seq % 1000, 'given_up', 'waiting'), 'x', 1, \
     '2026-03-01', '2026-03-01' FROM seq_1_to_20000",
    "INSERT INTO memo (job, wiki, name, value, updated) \
     SELECT 'matchbot', 'testwiki', CONCAT('k', seq), 'x', '2026-03-01' FROM seq_1_to_20000",
    "INSERT INTO checkpoint (job, wiki, source, pos, epoch, updated) \
     SELECT 'matchbot', CONCAT('w', seq), 'rc', '1', 1, '2026-03-01' FROM seq_1_to_2000",
    "INSERT INTO profile_owner (wiki, page_id, user_id, source, seen_at) \
     SELECT 'testwiki', seq, seq, 'first_revision', '2026-03-01' FROM seq_1_to_20000",
    "INSERT INTO matches (luid, lprofileid, category, muid, matchtime, revid, matchmade, run_time, wiki, category_full, intent_key) \
     SELECT seq % 9000, seq % 9000, 'C', IF(seq % 2, 1, seq % 300), '2026-03-01 12:00:00' - INTERVAL seq * 300 SECOND, \
     seq, seq % 5 > 0, '2026-03-01', 'testwiki', 'Writing', CONCAT('k', seq) FROM seq_1_to_20000",
    "INSERT INTO request (wiki, page_id, category, ns, title, cat_ts, first_seen, state, in_category, learner_id, updated) \
     SELECT 'testwiki', seq, 'Writing', 4, CONCAT('P/', seq), '2026-03-01', '2026-03-01', \
     IF(seq % 500, 'answered', 'waiting'), seq % 100 = 0, seq, '2026-03-01' FROM seq_1_to_20000",
];

#[tokio::test]
async fn no_statement_reads_the_table() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut raw = test.raw().await;
    for fill in FILL {
        raw.query_drop(*fill).await.unwrap();
    }
    let tables = test
        .sql("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")
        .await;
    raw.query_drop(format!("ANALYZE TABLE {}", tables.join(", ")))
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
    const JOB: &str = "matchbot";
    let ids = |n: u64| (1..=n).map(UserId).collect::<Vec<_>>();
    let pages = |n: u64| (1..=n).map(PageId).collect::<Vec<_>>();

    gate!(10, run::last_success(c, JOB, WIKI));
    gate!(10, run::first_start(c, JOB, WIKI));
    gate!(10, run::last_alarm(c, JOB, WIKI, 75));
    gate!(10, run::last_finished(c, JOB, WIKI));
    gate!(10, run::get(c, 5));
    gate!(10, run::errors(c, 5));
    gate!(100, run::item_failed_since(c, JOB, WIKI, "item 5", t(-86_400 * 30), 0));
    // 288 runs in 24 hours.
    gate!(310, run::totals_since(c, JOB, WIKI, t(-86_400)));
    gate!(10, settings_rev::get(c, JOB, WIKI, Kind::Settings, RevId(5)));
    gate!(10, settings_rev::last_accepted(c, JOB, WIKI, Kind::Settings));
    gate!(10, settings_rev::newest(c, JOB, WIKI, Kind::Settings));
    // Every accepted revision: a page is saved a few hundred times in its life.
    gate!(3_000, settings_rev::first_accepted_saved_at(c, JOB, WIKI));
    gate!(10, intent::get(c, JOB, WIKI, "k5"));
    assert_eq!(gate!(140, intent::pending(c, JOB, WIKI)).len(), 5);
    gate!(310, edit_log::count_of_account(c, WIKI, "Bot", t(-86_400)));
    gate!(310, edit_log::count_of_job(c, JOB, WIKI, t(-86_400)));
    gate!(10, edit_log::last_on_page(c, WIKI, PageId(5)));
    gate!(10, edit_log::last_on_title(c, WIKI, "T6999"));
    assert_eq!(gate!(180, edit_log::of_job(c, JOB, WIKI, t(-86_400), 10)).len(), 10);
    assert_eq!(gate!(180, parked::due(c, JOB, WIKI, t(0), 10)).len(), 10);
    assert_eq!(gate!(180, parked::all(c, JOB, WIKI, 10)).len(), 10);
    gate!(10, memo::get(c, JOB, WIKI, "k5"));
    gate!(10, checkpoint::get(c, JOB, "w5", "rc"));
    assert_eq!(gate!(500, profile_owner::get(c, WIKI, &pages(50))).len(), 50);
    gate!(100, matches::last_greeting_of_learner(c, WIKI, UserId(5), "Writing"));
    gate!(100, matches::last_greeting_of_profile(c, WIKI, PageId(5), "Writing"));
    gate!(100, matches::greetings_since(c, WIKI, UserId(5), t(-86_400 * 30)));
    // 8,640 matches in 30 days; half of them of mentor 1, the bound is the rows summed.
    gate!(8_700, matches::counts_of_mentors(c, WIKI, &ids(50), t(-86_400 * 30)));
    gate!(100, matches::of_profile(c, WIKI, PageId(5)));
    // 288 in 24 hours, counted in two statements.
    gate!(310, matches::counts_since(c, WIKI, t(-86_400)));
    gate!(180, matches::history(c, WIKI, None, None, 10));
    gate!(180, matches::history(c, WIKI, Some(UserId(5)), None, 10));
    // 200 in their category, 40 of them waiting.
    assert_eq!(gate!(420, request::waiting(c, WIKI, t(0), 100)).len(), 40);
    gate!(420, request::in_states(c, WIKI, &[State::Waiting], 100));
    gate!(210, request::counts(c, WIKI));
    gate!(20, request::of_page(c, WIKI, PageId(5)));
    drop(work);

    let titles: Vec<String> = (1..=200_u64).map(|i| format!("P/{}", i * 100)).collect();
    let members: Vec<Member<'_>> = titles
        .iter()
        .zip(1..)
        .map(|(title, i)| Member {
            page_id: PageId(i * 100),
            ns: 4,
            title,
            cat_ts: None,
            first: State::Waiting,
            reason: None,
        })
        .collect();
    // 200 that stay, and one that left long ago and comes back.
    let mut back = members.clone();
    back.push(Member {
        page_id: PageId(7),
        title: "P/7",
        ..members[0]
    });
    for (list, rows) in [(&members, 0), (&back, 1)] {
        let (synced, reads) = test
            .write(&lease, async |tx| {
                let before = tx.conn().handler_reads().await?;
                let synced = request::sync_category(tx, "Writing", list, t(0), t(0)).await?;
                Ok((synced, tx.conn().handler_reads().await? - before - own))
            })
            .await
            .unwrap();
        assert_eq!(synced.rows(), rows);
        if reads > 300 {
            over.push(format!("{reads} > 300: sync_category of {} members", list.len()));
        }
    }
    assert!(over.is_empty(), "too much was read:\n{}", over.join("\n"));
}
