//! Link additions when connections break, answers get lost, and several processes write at once.

use crate::links_support::{Store, by_chance, canonical, names, raw, revision, row, take, window};
use crate::proxy::{self, Cut};
use crate::support::{TIMING, TestDb, t};
use mysql_async::prelude::Queryable;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wikicrew_core::addition::RevisionLinks;
use wikicrew_db::links::partitions;
use wikicrew_db::links::store::{Stored, store};
use wikicrew_db::{Access, Db, Error, Timing};

const WIKIS: [&str; 4] = [
    "a.example.org/w",
    "b.example.org/w",
    "c.example.org/w",
    "d.example.org/w",
];

async fn undisturbed(revs: &[RevisionLinks]) -> Vec<String> {
    let mut store = Store::new().await;
    store.store(revs).await;
    canonical(&store.test).await
}

/// Whatever its connection is doing when it is killed: in the end everything is there once.
#[tokio::test]
async fn connections_killed_at_any_moment() {
    let rng = &mut StdRng::seed_from_u64(1);
    let mut revs = by_chance(1, 400, &WIKIS);
    let expected = undisturbed(&revs).await;
    revs.shuffle(rng);
    let Store { test, lease, mut names } = Store::new().await;
    let done = AtomicBool::new(false);
    let keeper = lease.connection_id();
    let kill = async {
        let mut killer = test.raw().await;
        let (rng, mut kills) = (&mut StdRng::seed_from_u64(2), 0);
        while !done.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(rng.random_range(1..25))).await;
            let others: Vec<u64> = killer
                .exec(
                    "SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ? AND ID NOT IN (?, CONNECTION_ID())",
                    (&test.config.database, keeper),
                )
                .await
                .unwrap();
            for other in others {
                kills += u32::from(killer.query_drop(format!("KILL {other}")).await.is_ok());
            }
        }
        kills
    };
    let work = async {
        for batch in revs.chunks(20) {
            // As the next run would: the same batch again.
            while let Err(error) = store(&test.db, lease.fence(), &mut names, batch, &window()).await {
                assert!(
                    error.is_transient() || matches!(error, Error::CommitUnknown { .. }),
                    "{error}"
                );
            }
        }
        done.store(true, Ordering::SeqCst);
    };
    let (kills, ()) = tokio::join!(kill, work);
    assert!(kills > 10, "only {kills} connections were killed");
    assert_eq!(canonical(&test).await, expected);
}

/// COMMIT without an answer, stored or not: it is read back, and the numbers told are right.
#[tokio::test]
async fn a_commit_without_an_answer_is_read_back() {
    for cut in [Cut::AfterCommit, Cut::BeforeCommit] {
        let mut store = Store::new().await;
        let rev = |id| revision(id, "A", 0, vec![row("com.example.", "/"), row("org.example.", "/")]);
        store.store(&[rev(1)]).await;
        let mut config = store.test.config.clone();
        config.port = proxy::start(&config.host, config.port, cut).await;
        let db = Db::new(config, Access::Write, TIMING, 1).unwrap();
        // Else the first COMMIT would be that of a transaction which sees that the connection is another one.
        store.names = names(10);
        let stored = store.store_with(&db, &[rev(1), rev(2), rev(3)]).await;
        let expected = Stored {
            revisions: 2,
            known: 1,
            rows: 4,
            additions: 4,
            ..Stored::default()
        };
        assert_eq!(stored, expected);
        assert_eq!(store.test.sql("SELECT n FROM pair").await, ["3", "3"]);
        assert_eq!(store.test.sql("SELECT COUNT(*) FROM link_addition").await, ["6"]);
    }
}

/// COMMIT is lost and what was to be stored is too old by the next try: nothing of it is told as stored.
#[tokio::test]
async fn a_lost_commit_is_forgotten_when_its_revisions_are_too_old_by_then() {
    let Store {
        test,
        lease,
        names: mut old,
    } = Store::new().await;
    let rev = |id, seconds| revision(id, "A", seconds, vec![row("com.example.", "/")]);
    store(&test.db, lease.fence(), &mut old, &[rev(1, 5)], &window())
        .await
        .unwrap();
    let patient = Timing {
        lock_wait: Duration::from_secs(10),
        ..TIMING
    };
    let mut config = test.config.clone();
    config.port = proxy::start(&config.host, config.port, Cut::BeforeCommit).await;
    let db = Db::new(config, Access::Write, patient, 1).unwrap();
    // The transaction is stopped at its wiki; by then it holds how far back links go.
    let mut stopper = test.raw().await;
    stopper.query_drop("START TRANSACTION").await.unwrap();
    stopper.query_drop("SELECT * FROM wiki FOR UPDATE").await.unwrap();
    let waits = async |start: &str| {
        let sql =
            format!("SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE '{start}%'");
        while test.sql(&sql).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let raise = async {
        waits("WITH asked%FOR UPDATE").await;
        test.sql("UPDATE link_since SET since = '2026-03-01 12:00:03' WHERE what = 'rows'")
            .await;
    };
    let go_on = async {
        waits("UPDATE link\\_since").await;
        stopper.query_drop("ROLLBACK").await.unwrap();
    };
    let batch = [rev(2, 1), rev(3, 2), rev(1, 5)];
    let mut new = names(10);
    let window = window();
    let storing = store(&db, lease.fence(), &mut new, &batch, &window);
    let (stored, (), ()) = tokio::join!(storing, raise, go_on);
    let expected = Stored {
        too_old: 2,
        known: 1,
        ..Stored::default()
    };
    assert_eq!(stored.unwrap(), expected);
    assert_eq!(test.sql("SELECT rev_id FROM link_addition").await, ["1"]);
}

/// Names that are removed all the time, each time between being read and being used, end in an error that passes.
#[tokio::test]
async fn names_that_go_again_and_again_end_in_an_error() {
    let Store { test, lease, mut names } = Store::new().await;
    let hasty = Timing {
        pause: Duration::from_millis(1),
        ..TIMING
    };
    let db = Db::new(test.config.clone(), Access::Write, hasty, 1).unwrap();
    // Another moment whenever it is read.
    test.sql("RENAME TABLE link_since TO moments").await;
    test.sql(
        "CREATE VIEW link_since AS SELECT what, \
         IF(what = 'names', since + INTERVAL UUID_SHORT() % 100000000 SECOND, since) AS since FROM moments",
    )
    .await;
    let batch = [revision(1, "A", 0, vec![row("com.example.", "/")])];
    let window = window();
    let storing = store(&db, lease.fence(), &mut names, &batch, &window);
    let error = tokio::time::timeout(Duration::from_secs(5), storing)
        .await
        .expect("it has an end")
        .unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(error.to_string().contains("names were removed"), "{error}");
    assert_eq!(test.sql("SELECT COUNT(*) FROM link_addition").await, ["0"]);
    // It goes on once that is over.
    test.sql("DROP VIEW link_since").await;
    test.sql("RENAME TABLE moments TO link_since").await;
    let stored = store(&db, lease.fence(), &mut names, &batch, &window).await.unwrap();
    assert_eq!(stored.revisions, 1);
}

/// The run that was overtaken writes nothing more; a dry run nothing at all, not even names.
#[tokio::test]
async fn fenced_and_read_only_runs_write_nothing() {
    let mut old = Store::new().await;
    let rev = revision(1, "A", 0, vec![row("com.example.", "/")]);
    let before = raw(&old.test).await;
    let dry = old.test.other(Access::ReadOnly);
    let refused = store(
        &dry,
        old.lease.fence(),
        &mut old.names,
        std::slice::from_ref(&rev),
        &window(),
    )
    .await;
    assert!(matches!(refused, Err(Error::ReadOnly { .. })));
    assert_eq!(raw(&old.test).await, before);

    old.test.sql(&format!("KILL {}", old.lease.connection_id())).await;
    let new = old.test.other(Access::Write);
    let _new = take(&new, "").await;
    let refused = store(&old.test.db, old.lease.fence(), &mut old.names, &[rev], &window()).await;
    assert!(matches!(refused, Err(Error::Fenced { .. })));
    assert_eq!(old.test.sql("SELECT COUNT(*) FROM link_addition").await, ["0"]);
}

/// Four processes with wikis of their own, but the same hosts and users, which are all new: no deadlock, right sums.
#[tokio::test]
async fn four_shards_at_once() {
    // A deadlock is repeated after a pause so long that the test would be ended.
    let patient = Timing {
        pause: Duration::from_secs(600),
        lock_wait: Duration::from_secs(20),
        ..TIMING
    };
    let names_of = |i: u64| format!("User {}", i.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 400);
    let revs: Vec<RevisionLinks> = (0..4_000_u64)
        .map(|i| {
            let host = i.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32;
            let rows = vec![
                row(&format!("com.example{}.", host % 700), "/"),
                row(&format!("net.example{}.", host % 300), "/"),
            ];
            RevisionLinks {
                wiki: WIKIS[i as usize % 4].into(),
                realm: "family".into(),
                is_revert: i % 7 == 0,
                ..revision(i + 1, &names_of(i / 4), (i % 1_000) as i64, rows)
            }
        })
        .collect();
    let expected = undisturbed(&revs).await;
    let test = TestDb::new().await;
    partitions::ensure(&test.db, t(0), 120).await.unwrap();
    let shard = async |shard: usize| {
        let db = Db::new(test.config.clone(), Access::Write, patient, shard as u64).unwrap();
        let own: Vec<RevisionLinks> = revs.iter().skip(shard).step_by(4).cloned().collect();
        let lease = take(&db, &format!("{shard}/4")).await;
        let mut names = names(200);
        for batch in own.chunks(50) {
            store(&db, lease.fence(), &mut names, batch, &window()).await.unwrap();
        }
    };
    tokio::join!(shard(0), shard(1), shard(2), shard(3));
    assert_eq!(canonical(&test).await, expected);
}

/// What nobody should do, two shards with the same wikis at the same moment, does no harm either.
#[tokio::test]
async fn the_same_revisions_by_two_processes_at_once() {
    let revs = by_chance(3, 600, &WIKIS);
    let expected = undisturbed(&revs).await;
    let test = TestDb::new().await;
    partitions::ensure(&test.db, t(0), 120).await.unwrap();
    let shard = async |shard: u64| {
        let timing = Timing {
            lock_wait: Duration::from_secs(20),
            ..TIMING
        };
        let db = Db::new(test.config.clone(), Access::Write, timing, shard).unwrap();
        let lease = take(&db, &format!("{shard}/2")).await;
        let (mut names, mut sum) = (names(200), Stored::default());
        for batch in revs.chunks(30) {
            sum.add(store(&db, lease.fence(), &mut names, batch, &window()).await.unwrap());
        }
        sum
    };
    let (a, b) = tokio::join!(shard(0), shard(1));
    let (revisions, known) = (a.revisions + b.revisions, a.known + b.known);
    assert_eq!((revisions, known), (600, 600));
    assert_eq!(canonical(&test).await, expected);
}
