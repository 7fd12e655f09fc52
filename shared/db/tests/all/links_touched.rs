//! Hosts with new additions are taken off their list, and none is ever missed.

use crate::links_support::{Store, by_chance, names, revision, row, take, window};
use crate::support::t;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use wikicrew_db::links::questions::rules::Touched;
use wikicrew_db::links::questions::{counts, touched};
use wikicrew_db::links::store::store;
use wikicrew_db::{Access, Error};

const LEFT: &str = "SELECT host_id, wiki_id FROM touched_host ORDER BY 1, 2";

#[tokio::test]
async fn hosts_are_taken_by_number_and_come_back_with_what_was_not_committed() {
    let mut all = Store::new().await;
    let mut elsewhere = revision(3, "A", -50, vec![row("com.a.", "/")]);
    elsewhere.wiki = "de.example.org/w".into();
    let revs = [
        revision(1, "A", 0, vec![row("com.a.", "/"), row("com.b.", "/")]),
        revision(2, "A", 5, vec![row("com.c.", "/")]),
        elsewhere,
    ];
    all.store(&revs).await;
    let before = all.test.sql(LEFT).await;
    assert_eq!(before.len(), 4);
    let lease = take(&all.test.db, "reports").await;
    let undone = all.test.write(&lease, async |tx| {
        assert_eq!(touched::take(tx, 0, 500).await?.len(), 3);
        assert_eq!(touched::take(tx, 0, 500).await?, []);
        Err::<(), _>(Error::NamesRemoved { times: 1 })
    });
    undone.await.unwrap_err();
    assert_eq!(all.test.sql(LEFT).await, before);
    let ids: BTreeMap<u32, i64> = {
        let taken = all
            .test
            .write(&lease, async |tx| touched::take(tx, 0, 2).await)
            .await
            .unwrap();
        assert_eq!(taken.len(), 2);
        taken
            .iter()
            .map(|one| (one.host_id, (one.since - t(0)).num_seconds()))
            .collect()
    };
    assert!(
        ids.values().any(|&since| since == -50),
        "the oldest of all wikis: {ids:?}"
    );
    let last = *ids.keys().max().unwrap();
    assert_eq!(
        all.test.sql(LEFT).await.len(),
        1 + usize::from(ids.values().all(|&since| since != -50))
    );
    let rest = all
        .test
        .write(&lease, async |tx| touched::take(tx, last, 500).await)
        .await
        .unwrap();
    assert!(matches!(rest[..], [Touched { host_id, .. }] if host_id > last));
    assert!(all.test.sql(LEFT).await.is_empty());
}

/// Somebody stores all the time. What the taker counts after its last look at a host is all there is of it.
#[tokio::test]
async fn beside_somebody_who_stores_nothing_is_missed() {
    let all = Store::new().await;
    let lease = take(&all.test.db, "reports").await;
    let revs = by_chance(7, 300, &["w1.example.org/w", "w2.example.org/w"]);
    let other = all.test.other(Access::Write);
    let done = AtomicBool::new(false);
    let storing = async {
        let mut numbers = names(100);
        for batch in revs.chunks(3) {
            store(&other, all.lease.fence(), &mut numbers, batch, &window())
                .await
                .unwrap();
        }
        done.store(true, Ordering::SeqCst);
    };
    let mut counted: BTreeMap<u32, u64> = BTreeMap::new();
    let mut looks = 0;
    let taking = async {
        loop {
            let was_done = done.load(Ordering::SeqCst);
            let found = all
                .test
                .write(&lease, async |tx| {
                    let taken = touched::take(tx, 0, 500).await?;
                    let ids: Vec<u32> = taken.iter().map(|one| one.host_id).collect();
                    // Time for the other one to come to the same hosts.
                    tokio::time::sleep(Duration::from_millis(3)).await;
                    counts::of_hosts(tx, &ids).await
                })
                .await
                .unwrap();
            looks += usize::from(!found.is_empty());
            counted.extend(found);
            if was_done {
                break;
            }
        }
    };
    tokio::join!(storing, taking);
    assert!(looks > 5, "they did not meet: {looks}");
    let said = all
        .test
        .sql("SELECT host_id, SUM(n) FROM host_month GROUP BY host_id ORDER BY 1")
        .await;
    assert_eq!(
        counted
            .iter()
            .map(|(host, n)| format!("{host}|{n}"))
            .collect::<Vec<_>>(),
        said
    );
    assert!(all.test.sql(LEFT).await.is_empty());
}
