//! The query gate: on many and skewed rows no statement reads more of them than
//! its answer needs, whatever the size of the table.

use crate::support::{TestDb, WIKI, t};
use mysql_async::prelude::Queryable;
use wikicrew_core::types::{PageId, RevId, UserId};
use wikicrew_db::request::{self, Member, State};
use wikicrew_db::settings_rev::{self, Kind};
use wikicrew_db::{
    Session, box_page, checkpoint, edit_log, field_change, forget, index_line, index_page, intent, list, matches, memo,
    open_field, page_mark, parked, profile_owner, run, suppress, verified_rev,
};

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
    "INSERT INTO box_page (wiki, box, page_id, ns, title, seen_at) \
     SELECT 'testwiki', IF(seq % 100, 'Chembox', 'Drugbox'), seq, 0, CONCAT('T', seq), '2026-03-01' \
     FROM seq_1_to_20000",
    // Two lines per edit, most of them on one page; one log page of 80 lines a day, 40 lines stand nowhere yet.
    "INSERT INTO field_change (wiki, log_page, box, page_id, title, revid, parent_revid, user_id, user_name, \
     user_kind, ts, rule, ordinal, field, kind, state, to_log, log_title, logged_revid, logged_at, log_stale) \
     SELECT 'testwiki', 'Log', 'Chembox', IF(seq % 20, 7, seq), CONCAT('T', IF(seq % 20, 7, seq)), seq DIV 2, 1, \
     5, 'U', 'account', '2026-03-01 12:00:00' - INTERVAL (seq DIV 2) * 600 SECOND, 'field', 0, \
     CONCAT('F', seq % 2), IF(seq % 3, 'changed', 'formatting'), IF(seq % 3, 'changed', 'formatting'), \
     seq % 4 > 0, IF(seq % 4 AND seq % 500 > 2, CONCAT('Day ', seq DIV 80), NULL), \
     IF(seq % 4 AND seq % 500 > 2, seq, NULL), IF(seq % 4 AND seq % 500 > 2, '2026-03-01', NULL), \
     seq % 4 > 0 AND seq DIV 80 = 9 AND seq % 500 > 2 FROM seq_1_to_20000",
    "INSERT INTO open_field (wiki, box, page_id, ordinal, field, title, value, verified_revid, is_verified, since, \
     revid, user_id, user_name, user_kind) SELECT 'testwiki', 'Chembox', seq DIV 4, 0, CONCAT('F', seq % 4), \
     CONCAT('T', seq DIV 4), 'x', 1, 1, '2026-03-01', seq DIV 4, 5, 'U', 'account' FROM seq_1_to_20000",
    "INSERT INTO verified_rev (wiki, box, revid, page_id, boxes, state, checked_at) \
     SELECT 'testwiki', 'Chembox', seq, seq, '[]', 'ok', '2026-03-01 12:00:00' - INTERVAL seq SECOND \
     FROM seq_1_to_20000",
    "INSERT INTO index_line (wiki, box, index_title, line_no, page_id, title, revid, state) \
     SELECT 'testwiki', 'Chembox', CONCAT('Index ', seq DIV 1000), seq, seq, CONCAT('T', seq), seq, \
     IF(seq % 500, 'in_force', IF(seq % 1000, 'proposed', 'problem')) FROM seq_1_to_20000",
    "INSERT INTO index_page (wiki, box, index_title, revid, checked_at) \
     SELECT 'testwiki', 'Chembox', CONCAT('Index ', seq), 1, '2026-03-01' FROM seq_0_to_20",
    "INSERT INTO page_mark (wiki, page_id, box, title, revid, due_at, is_stale, stale, looked_at) \
     SELECT 'testwiki', seq, 'Chembox', CONCAT('T', seq), seq, IF(seq % 500, NULL, '2026-03-01 11:00:00'), \
     seq % 400 = 0, IF(seq % 400, NULL, 'x'), '2026-03-01' FROM seq_1_to_20000",
    "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason) \
     SELECT 'infobox-check', CONCAT('w', seq DIV 10000), IF(seq % 5, 'white', 'black'), CONCAT('U', seq % 5000), \
     CONCAT('P', seq), 'A', '2026-03-01', '' FROM seq_1_to_20000",
    "INSERT INTO suppress (wiki, what, name, added_by, since, reason) \
     SELECT CONCAT('w', seq % 200), 'user', CONCAT('U', seq), 'A', '2026-03-01', '' FROM seq_1_to_20000",
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
    let due = |prefix, after| parked::Due {
        prefix,
        now: t(0),
        after,
        limit: 10,
    };
    assert_eq!(gate!(180, parked::due(c, JOB, WIKI, due("k", None))).len(), 10);
    // 20 are waiting; the first ten of this kind are passed by, not read.
    let after = Some((t(-3_600 * 12), "k18000"));
    gate!(180, parked::due(c, JOB, WIKI, due("k", after)));
    assert_eq!(gate!(180, parked::due(c, JOB, WIKI, due("other ", None))).len(), 0);
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

    // 11 names, and the end of the range.
    assert_eq!(gate!(120, memo::starting_with(c, JOB, WIKI, "k1234")).len(), 11);
    assert_eq!(
        gate!(180, box_page::after(c, WIKI, "Chembox", PageId(9_000), 10)).len(),
        10
    );
    gate!(500, box_page::known(c, WIKI, &pages(50)));
    // What is counted: the pages of one box, the fields of one box, the lines in one state.
    assert_eq!(gate!(210, box_page::count(c, WIKI, "Drugbox")), 200);
    assert_eq!(gate!(20_010, open_field::count(c, WIKI, "Chembox")), 20_000);
    assert_eq!(gate!(30, index_line::count(c, WIKI, index_line::State::Problem)), 20);
    assert_eq!(gate!(60, page_mark::count_stale(c, WIKI)), 50);
    assert_eq!(gate!(180, field_change::unlogged(c, WIKI, 10)).len(), 10);
    // 60 lines stand on the page.
    gate!(580, field_change::of_log_title(c, WIKI, "Day 9"));
    assert_eq!(gate!(180, field_change::by_ids(c, WIKI, &[1, 2, 3])).len(), 3);
    gate!(80, field_change::stale_log_titles(c, WIKI, 10));
    assert_eq!(gate!(180, field_change::of_page(c, WIKI, PageId(7), 10)).len(), 10);
    assert!(
        gate!(
            20,
            field_change::last_change_of_field(c, WIKI, PageId(7), "Chembox", 0, "F1")
        )
        .is_some()
    );
    let first = gate!(180, field_change::since(c, WIKI, t(-86_400 * 30), None, 10));
    assert_eq!(first.len(), 10);
    gate!(180, field_change::since(c, WIKI, t(-86_400 * 30), Some(first[9]), 10));
    // 144 edits of two lines in 24 hours, each read and added to its group.
    gate!(600, field_change::counts_since(c, WIKI, t(-86_400)));
    let some = gate!(180, open_field::of_box(c, WIKI, "Chembox", None, 10));
    assert_eq!(
        gate!(180, open_field::of_box(c, WIKI, "Chembox", some.last(), 10)).len(),
        10
    );
    assert_eq!(gate!(20, open_field::of_page(c, WIKI, "Chembox", PageId(9))).len(), 4);
    let revids: Vec<RevId> = (1..=50).map(RevId).collect();
    assert_eq!(
        gate!(500, verified_rev::get_many(c, WIKI, "Chembox", &revids)).len(),
        50
    );
    // The 1,000 lines of one index page.
    gate!(1_010, index_line::of_index(c, WIKI, "Chembox", "Index 9"));
    gate!(500, index_line::in_force(c, WIKI, &pages(50)));
    gate!(500, index_line::proposed_for(c, WIKI, &pages(50)));
    gate!(120, index_line::boxes_with_problems(c, WIKI));
    assert_eq!(gate!(180, index_line::proposed(c, WIKI, 10)).len(), 10);
    assert_eq!(gate!(180, index_line::problems(c, WIKI, 10)).len(), 10);
    assert!(gate!(10, index_page::get(c, WIKI, "Chembox", "Index 9")).is_some());
    assert_eq!(gate!(180, page_mark::due(c, WIKI, t(0), 10)).len(), 10);
    assert_eq!(gate!(180, page_mark::stale(c, WIKI, 10)).len(), 10);
    assert_eq!(gate!(500, page_mark::get_many(c, WIKI, &pages(50))).len(), 50);
    const INFOBOX: &str = "infobox-check";
    assert_eq!(
        gate!(10, list::search(c, INFOBOX, "w0", "black", Some("U5"), Some("P5"))).len(),
        1
    );
    assert_eq!(
        gate!(30, list::search(c, INFOBOX, "w0", "black", Some("U5"), None)).len(),
        2
    );
    assert_eq!(
        gate!(30, list::search(c, INFOBOX, "w0", "black", None, Some("P5"))).len(),
        1
    );
    // The lists of one wiki and job; the names of one wiki.
    assert_eq!(gate!(10_100, list::all(c, INFOBOX, "w1")).len(), 10_000);
    assert_eq!(gate!(110, suppress::all(c, "w7")).private_entries().len(), 100);
    // Those of all wikis are few, and are read whole.
    assert_eq!(gate!(20_100, suppress::everywhere(c)).len(), 200);
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

    // What writes reads too. Each bound: the rows that are looked at or changed, twice where they are read first.
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
    let place = field_change::Logged {
        title: "Day 999".into(),
        revid: RevId(1),
        at: t(0),
    };
    let change_ids: Vec<u64> = (1..=50).collect();
    gate_write!(60, |tx| field_change::mark_logged(tx, &change_ids, &place));
    // 100 lines of 50 edits, twice.
    assert_eq!(
        gate_write!(310, |tx| field_change::mark_reverted(tx, &revids, RevId(9))).rows,
        100
    );
    assert_eq!(
        gate_write!(310, |tx| field_change::erase(tx, &revids, field_change::Erase::User)).rows,
        100
    );
    assert_eq!(
        gate_write!(310, |tx| field_change::erase(tx, &revids, field_change::Erase::Both)).rows,
        100
    );
    gate_write!(180, |tx| field_change::log_is_fresh(tx, "Day 9"));
    gate_write!(20, |tx| open_field::replace_of_page(tx, "Chembox", PageId(9), &[]));
    assert_eq!(gate_write!(310, |tx| open_field::erase_users(tx, &revids)), 196);
    assert_eq!(gate_write!(30, |tx| verified_rev::forget_older(tx, t(-5), 10)), 10);
    assert_eq!(gate_write!(110, |tx| box_page::forget(tx, "Chembox", &pages(50))), 50);
    assert_eq!(gate_write!(110, |tx| page_mark::forget(tx, "Chembox", &pages(50))), 50);
    let others: Vec<PageId> = (101..=150).map(PageId).collect();
    gate_write!(210, |tx| page_mark::make_due(tx, "Chembox", &others, t(0), "x"));
    // 1,000 lines of one index, read and removed; and the titles of 21 indexes.
    gate_write!(2_100, |tx| index_line::replace_all(tx, "Chembox", "Index 5", &[]));
    let titles: Vec<String> = (0..=20).map(|i| format!("Index {i}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    gate_write!(200, |tx| index_line::keep_only(tx, "Chembox", &titles));
    // What writes by its key reads the row that is there; a list, the rows of its box.
    macro_rules! gate_db {
        ($bound:expr, $call:expr) => {{
            let before = test.db.conn().await.unwrap().handler_reads().await.unwrap();
            $call.await.unwrap();
            let reads = test.db.conn().await.unwrap().handler_reads().await.unwrap() - before - own;
            if reads > $bound {
                over.push(format!("{reads} > {}: {}", $bound, stringify!($call)));
            }
        }};
    }
    macro_rules! by_hand {
        (|$tx:ident| $call:expr) => {
            gate_db!(10, test.db.transaction("test", async |$tx| $call.await.map(drop)))
        };
    }
    let box_page = |id: u64| box_page::BoxPage {
        page_id: PageId(id),
        ns: 0,
        title: "T".into(),
    };
    let drugs: Vec<_> = (1..=100).map(|i| box_page(i * 100)).collect();
    let fence = lease.fence();
    // 200 pages stored: 100 renamed, 100 removed.
    gate_db!(620, box_page::replace_list(&test.db, fence, "Drugbox", &drugs, t(0)));
    gate_write!(110, |tx| box_page::put(tx, "Drugbox", &drugs[..50], t(0)));
    let entry = list::NewEntry {
        list: "black",
        user: Some("U5"),
        page: Some("P5"),
        by: "A",
        reason: "",
        expires: None,
    };
    by_hand!(|tx| list::add(tx, INFOBOX, "w0", &entry, t(0)));
    by_hand!(|tx| list::del(tx, INFOBOX, "w0", "black", Some("U5"), Some("P5")));
    by_hand!(|tx| suppress::del(tx, "w7", suppress::What::User, "U7"));
    by_hand!(|tx| memo::set_by_hand(tx, JOB, WIKI, "k5", "y", t(0)));
    // By hand, and no index is by name: 20,000 lines once, in slices that are bounded, and the fields that differ.
    let nobody = forget::About::User(None, "Nobody");
    gate_db!(20_100, forget::make_stale(&test.db, WIKI, nobody));
    gate_db!(40_100, forget::forget(&test.db, WIKI, nobody));
    assert!(over.is_empty(), "too much was read:\n{}", over.join("\n"));
}
