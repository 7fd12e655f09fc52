//! Where a hit stands among those of its user and of its batch.

use crate::hits_support::{HOME, OTHER, link, shop, take, user};
use crate::support::{TestDb, t};
use wikicrew_core::types::UserId;
use wikicrew_db::hit::{self, NewHit, Place};

#[tokio::test]
async fn a_hit_is_counted_with_those_before_it() {
    let test = TestDb::new().await;
    let lease = take(&test, HOME).await;
    let store = async |lease: &wikicrew_db::Lease, hits: Vec<NewHit>, now| {
        let new = test.write(lease, async |tx| hit::insert(tx, &hits, t(now)).await);
        new.await.unwrap();
    };
    // An account, hits that no page tells of, somebody else, and the same name on another wiki.
    let acme = |rev, wiki| shop(wiki, rev, t(rev as i64), "Acme");
    let skipped = |rev| {
        let mut one = acme(rev, HOME);
        one.hit.skip = Some("tag: x".into());
        one
    };
    let mut renamed = acme(5, HOME);
    renamed.user = renamed.user.map(|user| wikicrew_db::Author {
        name: "Acme 2".into(),
        ..user
    });
    let address = |rev| {
        link(
            HOME,
            rev,
            t(rev as i64),
            "192.0.2.7",
            "shop.example.com",
            "com.example.shop.",
        )
    };
    store(&lease, vec![acme(1, HOME), acme(2, HOME), skipped(3), address(4)], 0).await;
    store(&lease, vec![renamed, acme(6, OTHER), address(7)], 3_599).await;
    store(&lease, vec![acme(8, HOME), address(9)], 3_600).await;
    let home2 = take(&test, OTHER).await;
    store(&home2, vec![acme(10, HOME)], 3_600).await;
    drop(home2);

    let c = &mut *test.db.conn().await.unwrap();
    let mut rows = hit::newest(c, HOME, None, None, 50).await.unwrap();
    let other_home = hit::newest(c, OTHER, None, None, 50).await.unwrap();
    rows.sort_by_key(|row| row.of.rev);
    let ids: Vec<u64> = rows
        .iter()
        .map(|row| row.id)
        .rev()
        .chain([9_999, other_home[0].id])
        .collect();
    let known = hit::by_ids(c, HOME, &ids).await.unwrap();
    assert_eq!(known.len(), rows.len(), "that of another home is nobody's business");
    assert!(known.is_sorted_by_key(|row| row.id));
    let places = hit::places(c, &known).await.unwrap();
    let of = |rev: u64| {
        let row = rows.iter().find(|row| row.of.rev.0 == rev).unwrap();
        let Place { recent, all, batch } = places[&row.id];
        (recent, all, batch)
    };
    assert_eq!(user("Acme").id, UserId(4));
    for (rev, place) in [
        (1, (1, 1, 1)),
        (2, (2, 2, 2)),
        (4, (1, 1, 3)),
        (5, (3, 3, 1)),
        // Within a batch the wikis go first.
        (6, (1, 1, 3)),
        (7, (2, 2, 2)),
        // An hour after the first ones: they are not within it.
        (8, (2, 4, 1)),
        (9, (2, 3, 2)),
    ] {
        assert_eq!(of(rev), place, "revision {rev}");
    }
}
