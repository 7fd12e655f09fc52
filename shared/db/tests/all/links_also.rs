//! What a job makes of a batch is stored with the batch: once, or not at all.

use crate::links_support::{Store, names, revision, row, take, window};
use crate::proxy::{self, Cut};
use crate::support::{TIMING, t};
use wikicrew_core::addition::RevisionLinks;
use wikicrew_db::hit::{self, Read};
use wikicrew_db::links::store::{Stored, store, store_and};
use wikicrew_db::{Access, Db, Error, FencedTx, Result};

fn rev(id: u64) -> RevisionLinks {
    revision(id, "A", 0, vec![row("com.example.", "/"), row("org.example.", "/")])
}

/// Counted, not stored by a key: twice would be seen.
async fn count(tx: &mut FencedTx<'_>) -> Result<()> {
    let read = Read {
        wiki: "en.example.org/w".into(),
        day: t(0).date_naive(),
        edits: 1,
        additions: 2,
        hits: 0,
    };
    hit::add_read(tx, &[read]).await
}

const COUNTED: &str = "SELECT COALESCE(SUM(edits), 0) FROM wiki_edits";

#[tokio::test]
async fn it_goes_with_every_batch_once() {
    let mut store = Store::new().await;
    let mut numbers = names(100);
    let db = store.test.db.clone();
    let too_old = revision(9, "A", -86_400 * 400, vec![row("com.example.", "/")]);
    let batches = [
        vec![rev(1), rev(2)],
        vec![rev(1), rev(2)],
        vec![],
        vec![too_old],
        vec![rev(2), rev(3)],
    ];
    let (mut sum, window) = (Stored::default(), window());
    for (n, batch) in (1..).zip(&batches) {
        let stored = store_and(&db, store.lease.fence(), &mut numbers, batch, &window, async |tx| {
            count(tx).await
        });
        sum.add(stored.await.unwrap());
        assert_eq!(store.test.sql(COUNTED).await, [n.to_string()], "batch {n}");
    }
    assert_eq!((sum.revisions, sum.known, sum.too_old), (3, 3, 1));
    // What fails undoes the rows too.
    let fourth = [rev(4)];
    let refused = store_and(&db, store.lease.fence(), &mut numbers, &fourth, &window, async |tx| {
        count(tx).await?;
        Err(Error::NamesRemoved { times: 1 })
    });
    refused.await.unwrap_err();
    assert_eq!(store.test.sql(COUNTED).await, ["5"]);
    assert_eq!(store.test.sql("SELECT MAX(rev_id) FROM link_addition").await, ["3"]);
    store.store(&[rev(4)]).await;
    assert_eq!(store.test.sql(COUNTED).await, ["5"]);
}

/// COMMIT without an answer, stored or not, also while another job stores the same edits: the answer is right, and
/// what goes with the batch is there once.
#[tokio::test]
async fn a_lost_commit_is_known_by_its_mark() {
    for cut in [Cut::AfterCommit, Cut::BeforeCommit] {
        for batch in [vec![rev(1), rev(2)], vec![rev(1)], vec![]] {
            let Store {
                test,
                lease,
                names: mut first,
            } = Store::new().await;
            store(&test.db, lease.fence(), &mut first, &[rev(1)], &window())
                .await
                .unwrap();
            let mut config = test.config.clone();
            config.port = proxy::start(&config.host, config.port, cut).await;
            let db = Db::new(config, Access::Write, TIMING, 1).unwrap();
            let other = take(&test.other(Access::Write), "other").await;
            let mut tries = 0;
            let mut fresh = names(10);
            let window = window();
            let done = store_and(&db, lease.fence(), &mut fresh, &batch, &window, async |tx| {
                tries += 1;
                count(tx).await
            });
            let done = done.await.unwrap();
            assert_eq!(done.revisions, u64::from(batch.len() == 2));
            assert_eq!(done.known, u64::from(!batch.is_empty()));
            assert_eq!(tries, if cut == Cut::AfterCommit { 1 } else { 2 });
            assert_eq!(test.sql(COUNTED).await, ["1"]);
            drop(other);
        }
    }
}

/// The COMMIT is lost and undone, and before the next try another job stores the same edits: these are known then, but
/// what goes with them is not there yet.
#[tokio::test]
async fn what_another_job_stored_is_not_taken_for_ones_own() {
    let Store {
        test,
        lease,
        names: mut first,
    } = Store::new().await;
    store(&test.db, lease.fence(), &mut first, &[rev(1)], &window())
        .await
        .unwrap();
    let mut config = test.config.clone();
    config.port = proxy::start(&config.host, config.port, Cut::BeforeCommit).await;
    let db = Db::new(config, Access::Write, TIMING, 1).unwrap();
    let other_db = test.other(Access::Write);
    let other = take(&other_db, "other").await;
    let (window, batch) = (window(), [rev(2)]);
    let (asked, ask) = tokio::sync::oneshot::channel();
    let (mut asked, mut fresh) = (Some(asked), names(10));
    let ours = store_and(&db, lease.fence(), &mut fresh, &batch, &window, async |tx| {
        if let Some(asked) = asked.take() {
            asked.send(()).unwrap();
        }
        count(tx).await
    });
    let theirs = async {
        // Waits for our rows, which are undone.
        ask.await.unwrap();
        let mut numbers = names(10);
        while let Err(error) = store(&other_db, other.fence(), &mut numbers, &batch, &window).await {
            assert!(error.is_transient(), "{error}");
        }
    };
    let (ours, ()) = tokio::join!(ours, theirs);
    ours.unwrap();
    assert_eq!(test.sql(COUNTED).await, ["1"]);
    assert_eq!(test.sql("SELECT SUM(n) FROM pair").await, ["4"]);
}

/// Another run took over while the COMMIT was lost: neither rows nor what goes with them, and the run is told to stop.
#[tokio::test]
async fn a_run_that_was_overtaken_stores_nothing_of_both() {
    for batch in [vec![rev(1)], vec![]] {
        let Store { test, lease, mut names } = Store::new().await;
        // As the next run does when it takes the lock.
        test.sql("UPDATE lease SET epoch = epoch + 1").await;
        let window = window();
        let refused = store_and(&test.db, lease.fence(), &mut names, &batch, &window, async |tx| {
            count(tx).await
        });
        assert!(matches!(refused.await, Err(Error::Fenced { .. })));
        assert_eq!(test.sql(COUNTED).await, ["0"]);
        assert_eq!(test.sql("SELECT COUNT(*) FROM link_addition").await, ["0"]);
        assert_eq!(test.sql("SELECT COUNT(*) FROM link_batch").await, ["0"]);
    }
}
