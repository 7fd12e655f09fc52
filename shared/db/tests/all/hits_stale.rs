//! Lines of day pages that name somebody who is to be named nowhere; checkpoints by name.

use crate::hits_support::{HOME, OTHER, insert, page, shop, take};
use crate::support::{TestDb, t};
use wikicrew_core::types::RevId;
use wikicrew_db::checkpoint;
use wikicrew_db::hit::Forget;
use wikicrew_db::hit_line::{self, Shown, make_stale};

#[tokio::test]
async fn lines_on_pages_are_written_anew_without_a_name() {
    let test = TestDb::new().await;
    let lease = take(&test, HOME).await;
    let hits = [
        page(1, t(0), "Éva 😀", "Éva Corp"),
        shop(HOME, 2, t(1), "Bob"),
        shop(OTHER, 3, t(2), "Bob"),
        shop(HOME, 4, t(3), "Carla"),
    ];
    insert(&test, &lease, &hits, t(10)).await;
    let mut conn = test.db.conn().await.unwrap();
    let due = hit_line::due(&mut conn, HOME, t(0), t(0), 10).await.unwrap();
    drop(conn);
    assert_eq!(due.len(), 4);
    // Only what stands on a page can be written anew.
    assert_eq!(make_stale(&test.db, HOME, Forget::User(None, "Bob")).await.unwrap(), 0);
    let shown = due.iter().map(|line| Shown {
        id: line.id,
        hits: 1,
        recorded: line.recorded,
    });
    let shown: Vec<Shown> = shown.collect();
    let again = async || {
        test.write(&lease, async |tx| {
            hit_line::mark_shown(tx, &shown, "Day", RevId(90), t(20)).await
        })
        .await
        .unwrap();
    };
    for (about, lines) in [
        (Forget::User(None, "Bob"), 2),
        (Forget::User(None, "Nobody"), 0),
        (Forget::Page("Éva Corp"), 1),
        (Forget::Links("com.example.", "com.example/"), 3),
        (Forget::Links("com.exampleshop.", "com.exampleshop/"), 0),
    ] {
        again().await;
        assert_eq!(make_stale(&test.db, HOME, about).await.unwrap(), lines, "{about:?}");
        let mut conn = test.db.conn().await.unwrap();
        // At once, although they were written within the hour.
        let due = hit_line::due(&mut conn, HOME, t(0), t(0), 10).await.unwrap();
        assert_eq!(due.len() as u64, lines, "{about:?}");
        drop(conn);
        assert_eq!(make_stale(&test.db, HOME, about).await.unwrap(), 0, "{about:?}");
        assert_eq!(make_stale(&test.db, OTHER, about).await.unwrap(), 0, "{about:?}");
    }
}

#[tokio::test]
async fn every_checkpoint_of_a_wiki_is_told_by_name() {
    let test = TestDb::new().await;
    let lease = take(&test, HOME).await;
    let fence = lease.fence();
    for source in ["recentchanges b", "eventstreams 1/2"] {
        checkpoint::adopt(&test.db, fence, source, t(1)).await.unwrap();
    }
    test.write(&lease, async |tx| {
        checkpoint::set(tx, "recentchanges b", b"pos", t(5)).await
    })
    .await
    .unwrap();
    let mut conn = test.db.conn().await.unwrap();
    let all = checkpoint::all(&mut conn, &fence.job, HOME).await.unwrap();
    let told: Vec<(&str, Option<&[u8]>)> = all
        .iter()
        .map(|(source, checkpoint)| (source.as_str(), checkpoint.pos.as_deref()))
        .collect();
    assert_eq!(
        told,
        [("eventstreams 1/2", None), ("recentchanges b", Some(&b"pos"[..]))]
    );
    assert!(checkpoint::all(&mut conn, &fence.job, OTHER).await.unwrap().is_empty());
}
