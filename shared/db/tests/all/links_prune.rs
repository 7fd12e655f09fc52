//! What is too old goes, nothing else changes, and nothing that went is counted again.

use crate::links_support::{Store, canonical, names, raw, revision, row, window};
use crate::support::{TIMING, TestDb, t};
use mysql_async::prelude::Queryable;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::sync::{Barrier, Notify};
use wikicrew_core::addition::{Links, RevisionLinks};
use wikicrew_core::types::{PageId, RevId, Timestamp};
use wikicrew_db::links::prune::{Keep, Pruned, prune};
use wikicrew_db::links::store::{Stored, Window, store};
use wikicrew_db::links::{partitions, since};
use wikicrew_db::run::NewRun;
use wikicrew_db::{Access, Db, Lease, Result, Taken};

const DAY: i64 = 86_400;

pub const KEEP: Keep = Keep {
    rows_days: 120,
    pairs_days: 200,
    ip_days: 90,
};

/// Nothing but addresses goes.
pub const KEEP_LONG: Keep = Keep {
    rows_days: 400,
    pairs_days: 400,
    ip_days: 90,
};

/// A run of the job that removes.
pub async fn lease(db: &Db) -> Lease {
    let run = NewRun {
        job: "coi-report prune",
        wiki: "all",
        shard: "",
        version: "0.1.0",
    };
    match Lease::take(db, &run, t(0)).await.unwrap() {
        Taken::Lease(lease) => lease,
        Taken::Busy { .. } => panic!("busy"),
    }
}

pub async fn prune_all(test: &TestDb, now: Timestamp, keep: &Keep) -> Pruned {
    let lease = lease(&test.db).await;
    let pruned = prune(&test.db, lease.fence(), now, keep, Duration::ZERO, || true).await;
    lease.release().await;
    let pruned = pruned.unwrap();
    assert!(pruned.is_finished);
    pruned
}

/// A revision every third day of the 14 months before `t(0)`, by four users who come and go.
fn months() -> Vec<RevisionLinks> {
    (0..140)
        .map(|i| {
            let user = format!("User {}", i / 40);
            let host = format!("com.host{}.", i / 7);
            let mut rev = revision(
                i + 1,
                &user,
                -420 * DAY + i as i64 * 3 * DAY,
                vec![row("com.always.", "/x"), row(&host, "/y")],
            );
            rev.page = PageId(1 + i / 3);
            // The first of a host, by somebody who had not added it.
            rev.is_revert = i % 14 == 7;
            if i % 25 == 24 {
                rev.links = Links::TooMany { links: 8_000, hosts: 3 };
            }
            rev
        })
        .collect()
}

/// A database that has kept all months.
async fn filled() -> (Store, Vec<RevisionLinks>) {
    let test = TestDb::new().await;
    partitions::ensure(&test.db, t(0), 440).await.unwrap();
    let lease = crate::links_support::take(&test.db, "").await;
    let mut all = Store {
        test,
        lease,
        names: names(1_000),
    };
    let revs = months();
    let window = Window {
        oldest: t(-500 * DAY),
        ..window()
    };
    let stored = store(&all.test.db, all.lease.fence(), &mut all.names, &revs, &window)
        .await
        .unwrap();
    assert!(stored.restored > 0 && stored.floods > 0);
    (all, revs)
}

/// What must be left, by the rules, of what is there now.
fn left(rows: &str, pairs: &str) -> Vec<String> {
    let kept = "(SELECT * FROM pair WHERE last_ts >= 'PAIRS')";
    let used = "(SELECT wiki_id, rev_id, editor_id FROM link_addition WHERE ts >= 'ROWS' \
        UNION SELECT wiki_id, rev_id, editor_id FROM link_restored WHERE ts >= 'ROWS' \
        UNION SELECT wiki_id, rev_id, editor_id FROM link_flood WHERE ts >= 'ROWS')";
    [
        "SELECT * FROM link_addition WHERE ts >= 'ROWS' ORDER BY wiki_id, rev_id, n".to_owned(),
        "SELECT * FROM link_restored WHERE ts >= 'ROWS' ORDER BY wiki_id, rev_id, n".into(),
        "SELECT * FROM link_flood WHERE ts >= 'ROWS' ORDER BY wiki_id, rev_id".into(),
        format!("SELECT * FROM {kept} p ORDER BY host_id, editor_id"),
        "SELECT * FROM host_month WHERE month >= YEAR('PAIRS') * 12 + MONTH('PAIRS') - 1 ORDER BY 1, 2, 3".into(),
        format!("SELECT * FROM page WHERE (wiki_id, rev_id) IN (SELECT wiki_id, rev_id FROM {used} u) ORDER BY 1, 2"),
        format!(
            "SELECT * FROM host WHERE host_id IN (SELECT host_id FROM {kept} k) OR host_id IN (SELECT host_id FROM \
             host_month WHERE month >= YEAR('PAIRS') * 12 + MONTH('PAIRS') - 1) OR host_id IN \
             (SELECT host_id FROM link_restored WHERE ts >= 'ROWS') ORDER BY 1"
        ),
        format!(
            "SELECT * FROM editor WHERE editor_id IN (SELECT editor_id FROM {kept} k) OR editor_id IN \
             (SELECT editor_id FROM {used} u) ORDER BY 1"
        ),
        format!(
            "SELECT * FROM editor_wiki WHERE editor_id IN (SELECT editor_id FROM {kept} k) OR editor_id IN \
             (SELECT editor_id FROM {used} u) ORDER BY 1"
        ),
        "SELECT * FROM wiki".into(),
        "SELECT * FROM realm".into(),
    ]
    .map(|sql| sql.replace("ROWS", rows).replace("PAIRS", pairs))
    .to_vec()
}

async fn dump(test: &TestDb, rows: &str, pairs: &str) -> Vec<String> {
    let mut all = Vec::new();
    for sql in left(rows, pairs) {
        all.push(sql.split_whitespace().take(4).collect::<Vec<_>>().join(" "));
        all.extend(test.sql(&sql).await);
    }
    all
}

const EVER: &str = "1980-01-01";

#[tokio::test]
async fn what_is_too_old_goes_and_nothing_else() {
    let (mut all, revs) = filled().await;
    // now, rows from, counters from: whole months.
    for (days, rows, pairs) in [
        (0, "2025-11-01", "2025-08-01"),
        (1, "2025-11-01", "2025-08-01"),
        (31, "2025-12-01", "2025-09-01"),
        (200, "2026-05-01", "2026-03-01"),
    ] {
        let now = t(days * DAY);
        let expected = dump(&all.test, rows, pairs).await;
        let hosts = all.test.sql("SELECT COUNT(*) FROM host").await;
        let pruned = prune_all(&all.test, now, &KEEP).await;
        assert_eq!(dump(&all.test, EVER, EVER).await, expected, "{days}");
        assert_eq!(pruned.dropped.is_empty(), days == 1, "{days}: {pruned:?}");
        if days == 0 {
            assert_eq!(hosts, ["21"]);
            assert!(pruned.pairs > 10 && pruned.hosts > 5 && pruned.editors > 0 && pruned.pages > 10);
            assert!(pruned.host_months > 5 && pruned.floods > 0 && pruned.restored > 0);
            // January and February are not over for long enough, or have no rows.
            assert_eq!(pruned.rebuilt, ["p202511", "p202512", "p202601"]);
        }
        // Again: nothing at all, also not in what is remembered.
        let before = raw(&all.test).await;
        let again = prune_all(&all.test, now, &KEEP).await;
        let nothing = Pruned {
            is_finished: true,
            ..Pruned::default()
        };
        assert_eq!(again, nothing);
        assert_eq!(raw(&all.test).await, before);
        // What went is read again, by a process that remembers and by one that does not: nothing is counted.
        let since = all.test.db.read(async |work| since::get(work).await).await.unwrap();
        let window = Window {
            oldest: since::horizon(now, 500, since.as_ref()),
            ..window()
        };
        for _ in 0..2 {
            let stored = store(&all.test.db, all.lease.fence(), &mut all.names, &revs, &window)
                .await
                .unwrap();
            assert_eq!((stored.revisions, stored.known + stored.too_old), (0, 140));
            all.names = names(10);
        }
        assert_eq!(raw(&all.test).await, before);
    }
    assert_eq!(all.test.sql("SELECT COUNT(*) FROM link_addition").await, ["0"]);
    // Keeping more brings nothing back.
    let now = t(200 * DAY);
    prune_all(&all.test, now, &Keep { rows_days: 900, ..KEEP }).await;
    let since = all.test.db.read(async |work| since::get(work).await).await.unwrap();
    assert_eq!(
        since::horizon(now, 900, since.as_ref()).to_string(),
        "2026-05-01 00:00:00 UTC"
    );
}

/// Cut off at a pause, or at any moment, or told to stop; each time the next run takes the lease over.
#[tokio::test]
async fn a_run_that_is_cut_off_is_finished_by_the_next() {
    let (whole, _) = filled().await;
    prune_all(&whole.test, t(0), &KEEP).await;
    let expected = dump(&whole.test, EVER, EVER).await;
    let (cut, _) = filled().await;
    let mut unfinished = 0;
    for k in 0.. {
        // The connections of the run before are gone, and with them the lock.
        let db = cut.test.other(Access::Write);
        let run = lease(&db).await;
        let (stop, mut calls) = (Notify::new(), 0);
        let goes_on = || {
            calls += 1;
            let is_over = calls > 1 + k / 3;
            if k % 3 == 0 && is_over {
                stop.notify_one();
            }
            k % 3 != 1 || !is_over
        };
        let pause = Duration::from_millis(1);
        let outcome = tokio::select! {
            outcome = prune(&db, run.fence(), t(0), &KEEP, pause, goes_on) => Some(outcome.unwrap()),
            () = stop.notified() => None,
            () = tokio::time::sleep(Duration::from_millis(10 * (k + 1))), if k % 3 == 2 => None,
        };
        run.release().await;
        if outcome.is_some_and(|pruned| pruned.is_finished) {
            break;
        }
        unfinished += 1;
    }
    assert!(unfinished > 3, "nothing was cut off");
    assert_eq!(dump(&cut.test, EVER, EVER).await, expected);
}

/// A process that stores remembers the number of a host that is removed.
#[tokio::test]
async fn names_are_never_removed_under_who_stores_them() {
    let (mut all, _) = filled().await;
    let old = all
        .test
        .sql("SELECT host_id FROM host WHERE rhost = 'com.host0.'")
        .await;
    prune_all(&all.test, t(0), &KEEP).await;
    let gone = all
        .test
        .sql("SELECT host_id FROM host WHERE rhost = 'com.host0.'")
        .await;
    assert_eq!((old.len(), gone.len()), (1, 0));
    let stored = all
        .store(&[revision(1_000, "User 0", 5, vec![row("com.host0.", "/z")])])
        .await;
    assert_eq!(stored.additions, 1);
    let names = "SELECT rhost, name FROM link_addition JOIN host USING (host_id) JOIN editor USING (editor_id) \
        WHERE rev_id = 1000";
    assert_eq!(all.test.sql(names).await, ["com.host0.|User 0"]);

    // A transaction that stores is under way: removing waits for it, and does not see half of it.
    let other = all.test.other(Access::Write);
    let (begun, end) = (Notify::new(), Notify::new());
    let fence = all.lease.fence().clone();
    let storing = async {
        other
            .fenced(&fence, "test", async |tx| {
                let since = since::hold(tx).await?;
                begun.notify_one();
                end.notified().await;
                Ok(since)
            })
            .await
    };
    let removing = async {
        begun.notified().await;
        // A month later: dropping has to record first.
        let pruned = tokio::time::timeout(Duration::from_millis(400), async {
            prune_all(&all.test, t(31 * DAY), &KEEP).await
        })
        .await;
        end.notify_one();
        pruned.is_err()
    };
    let (held, waited): (Result<_>, bool) = tokio::join!(storing, removing);
    assert!(waited, "nothing waited for the transaction");
    assert_eq!(held.unwrap().rows.to_string(), "2025-11-01 00:00:00 UTC");
}

/// Two processes store new and old revisions while a third removes, month after month; what is left is what is left
/// when they do so one after another.
#[tokio::test]
async fn storing_and_removing_at_the_same_time() {
    const HOSTS: &str = "SELECT rhost, host_id FROM host WHERE rhost REGEXP '^com.host[0-9]+.$'";
    let (all, old) = filled().await;
    let before = all.test.sql(HOSTS).await;
    let fresh: Vec<_> = (0..300)
        .map(|i| {
            // Hosts that were removed come back all the time, each in both processes, the oldest last.
            let host = format!("com.host{}.", 18 - i % 150 / 8);
            let mut rev = revision(10_000 + i, "User 9", 170 * DAY + i as i64, vec![row(&host, "/new")]);
            rev.rev = RevId(10_000 + i);
            rev
        })
        .collect();
    // Soon removed, with the hosts that both processes remember of them.
    let remembered: Vec<_> = (0..8)
        .map(|i| {
            revision(
                5_000 + i,
                "User 0",
                -360 * DAY,
                vec![row(&format!("com.host{}.", i % 4), "/")],
            )
        })
        .collect();
    let removing = AtomicBool::new(false);
    let (begin, end) = (Barrier::new(3), Barrier::new(3));
    let ingest = async |shard: &str, part: usize| {
        let db = Db::new(all.test.config.clone(), Access::Write, TIMING, part as u64).unwrap();
        let lease = crate::links_support::take(&db, shard).await;
        let mut names = names(1_000);
        let (mut sum, mut beside) = (Stored::default(), 0);
        let fresh = &fresh[part * 150..(part + 1) * 150];
        let known = &remembered[part * 4..(part + 1) * 4];
        let stored = store(&db, lease.fence(), &mut names, known, &window()).await;
        assert_eq!(stored.unwrap().revisions, 4);
        begin.wait().await;
        for (i, (some, again)) in fresh.chunks(5).zip(old.chunks(4).cycle()).enumerate() {
            // The last after all was removed.
            if i == 29 {
                end.wait().await;
            }
            for batch in [some, again] {
                sum.add(store(&db, lease.fence(), &mut names, batch, &window()).await.unwrap());
            }
            beside += u32::from(removing.load(SeqCst));
        }
        (sum, beside)
    };
    let remove = async {
        begin.wait().await;
        removing.store(true, SeqCst);
        for month in 0..3 {
            prune_all(&all.test, t(month * 62 * DAY), &KEEP).await;
        }
        removing.store(false, SeqCst);
        end.wait().await;
    };
    let ((one, with_one), (two, with_two), ()) = tokio::join!(ingest("a", 0), ingest("b", 1), remove);
    assert!(
        with_one > 3 && with_two > 3,
        "one after another: {with_one}, {with_two}"
    );
    // Of the old ones, none a second time.
    assert_eq!(one.revisions + two.revisions, 300);
    let after = all.test.sql(HOSTS).await;
    let back = |line: &&String| {
        let name = line.split('|').next().unwrap_or_default();
        before.iter().any(|other| other.starts_with(&format!("{name}|"))) && !before.contains(line)
    };
    assert!(
        after.iter().filter(back).count() > 0,
        "no host was removed and came back"
    );
    let wrong = "SELECT COUNT(*) FROM link_addition LEFT JOIN host USING (host_id) LEFT JOIN editor USING (editor_id) \
        LEFT JOIN pair USING (host_id, editor_id, wiki_id) LEFT JOIN page USING (wiki_id, page_id) \
        WHERE rhost IS NULL OR name IS NULL OR pair.n IS NULL OR title IS NULL";
    assert_eq!(all.test.sql(wrong).await, ["0"]);
    // Names that were made for what was too old by then go with the next walk.
    prune_all(&all.test, t(4 * 62 * DAY), &KEEP).await;
    let (mut calm, _) = filled().await;
    calm.store(&[&remembered[..], &fresh].concat()).await;
    for month in [0, 1, 2, 4] {
        prune_all(&calm.test, t(month * 62 * DAY), &KEEP).await;
    }
    // A host that was removed in between is touched anew.
    let told = async |test: &TestDb| {
        let mut lines = canonical(test).await;
        lines.retain(|line| !line.starts_with("touched_host|"));
        lines
    };
    let (beside, calm) = (told(&all.test).await, told(&calm.test).await);
    let only = |a: &[String], b: &[String]| a.iter().filter(|&line| !b.contains(line)).cloned().collect::<Vec<_>>();
    assert_eq!((only(&beside, &calm), only(&calm, &beside)), (vec![], vec![]));
}

/// What builds upon a step that failed waits for it, all else is done.
#[tokio::test]
async fn a_step_that_fails_does_not_stop_the_others() {
    let (whole, _) = filled().await;
    prune_all(&whole.test, t(0), &KEEP).await;
    let expected = dump(&whole.test, EVER, EVER).await;
    let (all, _) = filled().await;
    let mut conn = all.test.raw().await;
    conn.query_drop("CREATE TRIGGER fails BEFORE DELETE ON pair FOR EACH ROW SIGNAL SQLSTATE '45000'")
        .await
        .unwrap();
    let run = lease(&all.test.db).await;
    let failed = prune(&all.test.db, run.fence(), t(0), &KEEP, Duration::ZERO, || true).await;
    run.release().await;
    let failed = failed.unwrap_err().to_string();
    assert!(failed.starts_with("removing old pairs"), "{failed}");
    for (table, is_done) in [("page", true), ("host_month", true), ("host", false), ("editor", false)] {
        let count = format!("SELECT COUNT(*) FROM {table}");
        let (left, wanted) = (all.test.sql(&count).await, whole.test.sql(&count).await);
        assert_eq!(left == wanted, is_done, "{table}");
    }
    let months = "SELECT COUNT(*) FROM memo WHERE name = 'prune.rebuilt'";
    assert_eq!(all.test.sql(months).await, ["1"]);
    conn.query_drop("DROP TRIGGER fails").await.unwrap();
    prune_all(&all.test, t(0), &KEEP).await;
    assert_eq!(dump(&all.test, EVER, EVER).await, expected);
}
