//! One run at a time, and the epoch that shuts an old one out.

use crate::support::{RUN, TestDb, WIKI, t};
use wikicrew_db::run::{self, NewRun, State};
use wikicrew_db::{Access, Error, Fence, Lease, Taken, checkpoint, intent, memo};

const INTENT: intent::NewIntent<'static> = intent::NewIntent {
    key: "12:Writing:1",
    token: "mb-7k2q9d4xfa",
    decision: "{}",
    page_id: None,
    title: "Project talk:Co-op/Alice",
};

#[tokio::test]
async fn the_second_of_two_is_told_who_is_at_work() {
    let test = TestDb::new().await;
    let other = test.other(Access::Write);
    let mut lease = test.lease().await;
    match Lease::take(&other, &RUN, t(60)).await.unwrap() {
        Taken::Busy { run_id, since } => {
            assert_eq!((run_id, since), (Some(lease.run_id()), Some(t(0))));
        }
        Taken::Lease(_) => panic!("both got it"),
    }
    assert_eq!(
        test.sql("SELECT COUNT(*) FROM run").await,
        ["1"],
        "no record of the second"
    );
    // Another wiki and another shard are other locks.
    for run in [
        NewRun { wiki: "dewiki", ..RUN },
        NewRun { shard: "1/2", ..RUN },
        NewRun {
            job: "coi-report",
            ..RUN
        },
    ] {
        let taken = Lease::take(&other, &run, t(60)).await.unwrap();
        let Taken::Lease(lease) = taken else {
            panic!("{run:?} is busy");
        };
        lease.release().await;
    }
    lease.ping().await.unwrap();
    lease.release().await;
    let Taken::Lease(next) = Lease::take(&other, &RUN, t(120)).await.unwrap() else {
        panic!("still busy after release");
    };
    assert_eq!(next.fence().epoch, 2);
}

#[tokio::test]
async fn two_at_once_make_one() {
    let test = TestDb::new().await;
    let other = test.other(Access::Write);
    for round in 1..=10 {
        let (a, b) = tokio::join!(
            Lease::take(&test.db, &RUN, t(round)),
            Lease::take(&other, &RUN, t(round))
        );
        let got: Vec<Lease> = [a.unwrap(), b.unwrap()]
            .into_iter()
            .filter_map(|taken| match taken {
                Taken::Lease(lease) => Some(lease),
                Taken::Busy { .. } => None,
            })
            .collect();
        assert_eq!(got.len(), 1);
        for lease in got {
            lease.release().await;
        }
    }
    assert_eq!(test.sql("SELECT epoch FROM lease").await, ["10"]);
}

/// The protocol's test: cut the lock connection of a run at work, start a second;
/// the first stops with "fenced", and nothing is doubled.
#[tokio::test]
async fn a_run_whose_lock_was_cut_is_fenced() {
    let test = TestDb::new().await;
    let mut first = test.lease().await;
    let opened = test
        .write(&first, async |tx| intent::open(tx, &INTENT, t(0)).await)
        .await
        .unwrap();
    let checkpoint = checkpoint::adopt(&test.db, first.fence(), "recentchanges", t(0)).await;
    assert_eq!(checkpoint.unwrap(), None);

    test.sql(&format!("KILL {}", first.connection_id())).await;
    let other = test.other(Access::Write);
    let second = loop {
        // The server needs a moment to notice.
        match Lease::take(&other, &RUN, t(60)).await.unwrap() {
            Taken::Lease(lease) => break lease,
            Taken::Busy { .. } => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
        }
    };
    assert_eq!(second.fence().epoch, first.fence().epoch + 1);

    let lost = first.ping().await.unwrap_err();
    assert!(matches!(lost, Error::LeaseLost { .. }) && lost.is_fenced(), "{lost}");
    let send = async |db, lease: &Lease| {
        wikicrew_db::Db::fenced(db, lease.fence(), "send", async |tx| {
            intent::mark_sending(tx, opened.id, None, t(61), t(-300), t(61)).await
        })
        .await
    };
    let fenced = send(&test.db, &first).await.unwrap_err();
    assert!(
        matches!(
            fenced,
            Error::Fenced {
                ours: 1,
                current: 2,
                ..
            }
        ),
        "{fenced}"
    );
    assert!(!fenced.is_transient() && fenced.is_fenced());
    let batch = test
        .write(&first, async |tx| {
            checkpoint::begin_with(tx, "recentchanges", None).await?;
            checkpoint::set(tx, "recentchanges", b"9", t(61)).await
        })
        .await;
    assert!(matches!(batch, Err(Error::Fenced { .. })));
    assert_eq!(test.sql("SELECT state, attempt FROM intent").await, ["open|0"]);

    assert!(send(&other, &second).await.unwrap(), "the second may");
    assert_eq!(test.sql("SELECT state, attempt FROM intent").await, ["sending|1"]);
    let dead = run::get(&mut test.db.conn().await.unwrap(), first.run_id()).await;
    let dead = dead.unwrap().unwrap();
    assert_eq!((dead.state, dead.finished), (State::Died, Some(t(60))));
}

#[tokio::test]
async fn a_new_run_waits_for_a_transaction_that_has_seen_its_epoch() {
    let test = TestDb::new().await;
    let first = test.lease().await;
    let other = test.other(Access::Write);
    test.sql(&format!("KILL {}", first.connection_id())).await;
    let fence = first.fence().clone();
    let mut second = None;
    let stored = test
        .db
        .fenced(&fence, "slow", async |tx| {
            memo::set(tx, "a", "1", t(0)).await?;
            // Its epoch was checked; the lock is free; the other one tries now.
            let attempt = tokio::time::timeout(std::time::Duration::from_millis(400), take_when_free(&other));
            second = attempt.await.ok();
            memo::set(tx, "b", "1", t(0)).await
        })
        .await;
    stored.unwrap();
    assert!(second.is_none(), "it took over in the middle of a transaction");
    let second = take_when_free(&other).await;
    assert!(second.fence().epoch > fence.epoch);
    let late = test.db.fenced(&fence, "late", async |_| Ok(())).await;
    assert!(matches!(late, Err(Error::Fenced { .. })));
}

async fn take_when_free(db: &wikicrew_db::Db) -> Lease {
    loop {
        if let Taken::Lease(lease) = Lease::take(db, &RUN, t(60)).await.unwrap() {
            return lease;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_lease_that_was_deleted_fences_too() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    test.sql("DELETE FROM lease").await;
    let outcome = test.write(&lease, async |_| Ok(())).await;
    assert!(matches!(outcome, Err(Error::Fenced { current: 0, .. })), "{outcome:?}");
}

#[tokio::test]
async fn a_checkpoint_moves_only_for_who_holds_it() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let source = "recentchanges";
    let batch = async |from: Option<&[u8]>, to: &[u8]| {
        test.write(&lease, async |tx| {
            checkpoint::begin_with(tx, source, from).await?;
            memo::set(tx, "rows", "stored", t(1)).await?;
            checkpoint::set(tx, source, to, t(1)).await
        })
        .await
    };
    let unknown = batch(None, b"1").await;
    assert!(matches!(unknown, Err(Error::CheckpointMoved { .. })), "not adopted");
    checkpoint::adopt(&test.db, lease.fence(), source, t(0)).await.unwrap();
    // Any bytes, a trailing space and a zero byte included.
    let pos = b"\xFF\x00 id ";
    batch(None, pos).await.unwrap();
    for wrong in [None, Some(&pos[..5]), Some(b"x".as_slice())] {
        let moved = batch(wrong, b"2").await;
        assert!(matches!(moved, Err(Error::CheckpointMoved { .. })), "{wrong:?}");
    }
    batch(Some(pos), b"2").await.unwrap();

    // The next run finds it; the epoch of the one before does not pass any more.
    let old = lease.fence().clone();
    lease.release().await;
    let next = test.lease_at(t(60)).await;
    let pos = checkpoint::adopt(&test.db, next.fence(), source, t(60)).await;
    assert_eq!(pos.unwrap().as_deref(), Some(b"2".as_slice()));
    let forged = Fence {
        epoch: next.fence().epoch,
        ..old
    };
    let stored = checkpoint::get(&mut test.db.conn().await.unwrap(), "matchbot", WIKI, source).await;
    assert_eq!(stored.unwrap().unwrap().epoch, forged.epoch);
}
