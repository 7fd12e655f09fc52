//! Hits of coi-report and their lines: hidden, forgotten, renamed, faded, removed.

use crate::hits_support::{DAY, HOME, OTHER, insert, page, shop, take};
use crate::support::{TestDb, t};
use wikicrew_core::types::{RevId, UserId};
use wikicrew_db::UserKind;
use wikicrew_db::hit::{self, Forget, Hide, Read, Who};

#[tokio::test]
async fn what_a_wiki_hides_is_erased_and_its_lines_too() {
    let test = TestDb::new().await;
    let (lease, second) = (take(&test, HOME).await, take(&test, OTHER).await);
    let hits = [
        shop(OTHER, 1, t(0), "Bob"),
        shop(OTHER, 2, t(1), "Bob"),
        page(1, t(0), "Ann", "Ann Corp"),
    ];
    insert(&test, &lease, &hits, t(10)).await;
    insert(&test, &second, &hits[..1], t(10)).await;
    let hide = async |revs: &[u64], what| {
        let revs: Vec<RevId> = revs.iter().copied().map(RevId).collect();
        test.write(&lease, async |tx| hit::hide(tx, OTHER, &revs, what).await)
            .await
            .unwrap()
    };
    let names = "SELECT COALESCE(user_name, '-'), COALESCE(string, '-'), COALESCE(url, '-'), COALESCE(rhost, '-'), \
        COALESCE(matched, '-'), COALESCE(title, '-') FROM hit WHERE wiki LIKE 'other%' ORDER BY rev_id, home";
    let lines = "SELECT COALESCE(user_name, '-'), COALESCE(string, '-') FROM hit_line WHERE wiki LIKE 'other%'";
    // Of both homes; the line keeps what its other hit says openly.
    assert_eq!(hide(&[1], Hide::Text).await, 2);
    assert_eq!(hide(&[1], Hide::Text).await, 0);
    assert_eq!(hide(&[1], Hide::User).await, 2);
    let seen = test.sql(names).await;
    assert_eq!(seen[..2], ["-|-|-|-|-|Page 1", "-|-|-|-|-|Page 1"]);
    assert_eq!(
        seen[2],
        "Bob|shop.example.com|https://shop.example.com/ü|com.example.shop.|shop.example.com|Page 2"
    );
    assert_eq!(test.sql(lines).await, ["Bob|shop.example.com", "Bob|shop.example.com"]);
    assert_eq!(hide(&[2, 3], Hide::All).await, 1);
    assert_eq!(test.sql(names).await[2], "-|-|-|-|-|-");
    assert_eq!(test.sql(lines).await, ["-|-", "-|-"]);
    // Nothing of the other wiki's revision of this number, and it is not stored again.
    assert_eq!(
        test.sql("SELECT user_name FROM hit WHERE subject = 'page'").await,
        ["Ann"]
    );
    assert_eq!(insert(&test, &lease, &hits, t(20)).await, 0);
    let mut conn = test.db.conn().await.unwrap();
    let row = &hit::of_revision(&mut conn, HOME, OTHER, RevId(2)).await.unwrap()[0];
    assert!(row.user_hidden && row.text_hidden && row.of.user.is_none() && row.kind.is_none());
    assert_eq!(
        (row.of.hit.string.as_str(), row.of.hit.score),
        ("", Some((100.0, 87.5, 87.5)))
    );
    drop(conn);

    let hits = [
        shop(OTHER, 5, t(0), "Cy"),
        shop(OTHER, 6, t(0), "Di"),
        page(7, t(0), "Ann", "Eve"),
    ];
    insert(&test, &lease, &hits, t(30)).await;
    assert_eq!(hit::forget(&test.db, OTHER, Forget::User(None, "Cy")).await.unwrap(), 1);
    assert_eq!(
        hit::forget(&test.db, OTHER, Forget::Links("com.example.", "com.example/"))
            .await
            .unwrap(),
        2
    );
    assert_eq!(hit::forget(&test.db, HOME, Forget::Page("Eve")).await.unwrap(), 1);
    let left =
        "SELECT COUNT(*) FROM hit WHERE user_name = 'Cy' OR rhost IS NOT NULL OR title = 'Eve' OR string = 'Eve'";
    assert_eq!(test.sql(left).await, ["0"]);
    assert_eq!(
        test.sql("SELECT COUNT(*) FROM hit_line WHERE string IN ('Eve', 'shop.example.com')")
            .await,
        ["0"]
    );
}

#[tokio::test]
async fn names_change_and_fade_and_old_hits_go() {
    let test = TestDb::new().await;
    let lease = take(&test, HOME).await;
    let names = ["Bob", "192.0.2.77", "2001:db8:1:2::3", "~2026-77"];
    let mut hits = Vec::new();
    for (n, name) in (0..).zip(names) {
        hits.push(shop(HOME, n, t(-100 * DAY), name));
        hits.push(shop(OTHER, n + 10, t(-10 * DAY), name));
    }
    insert(&test, &lease, &hits, t(0)).await;
    let read = [-100, -10].map(|day| Read {
        wiki: OTHER.into(),
        day: t(day * DAY).date_naive(),
        edits: 5,
        additions: 4,
        hits: 4,
    });
    test.write(&lease, async |tx| {
        hit::add_read(tx, &read).await?;
        hit::add_read(tx, &read[1..]).await
    })
    .await
    .unwrap();
    test.sql("UPDATE hit_line SET state = 'shown', is_dirty = 0, changed_at = NOW()")
        .await;
    assert_eq!(hit::rename(&test.db, HOME, UserId(3), "Robert").await.unwrap(), 1);
    assert_eq!(hit::rename(&test.db, HOME, UserId(3), "Robert").await.unwrap(), 0);
    assert_eq!(hit::rename(&test.db, HOME, UserId(0), "Robert").await.unwrap(), 0);
    let before = t(-90 * DAY);
    assert_eq!(hit::cut_addresses(&test.db, before).await.unwrap(), 2);
    assert_eq!(hit::forget_temporary(&test.db, before).await.unwrap(), 1);
    let cut = ["Robert", "192.0.2.0/24", "2001:db8:1::/48", "-"];
    let whole = |sql: &str| format!("SELECT COALESCE(user_name, '-') FROM {sql}");
    let hits_of = whole("hit ORDER BY rev_id");
    assert_eq!(test.sql(&hits_of).await, [cut, names].concat());
    let lines_of = |day: &str| {
        whole(&format!(
            "hit_line WHERE target LIKE 'home%' AND day < '{day}' ORDER BY id"
        ))
    };
    let mut lines = test.sql(&lines_of("2026-01-01")).await;
    lines.sort();
    let mut expected = cut.map(str::to_owned);
    expected.sort();
    assert_eq!(lines, expected);
    // What stands on pages is to be written anew, and nothing else.
    assert_eq!(
        test.sql("SELECT COUNT(*), MAX(day) FROM hit_line WHERE is_dirty").await,
        ["4|2025-11-21"]
    );
    assert_eq!(
        hit::cut_addresses(&test.db, before).await.unwrap() + hit::forget_temporary(&test.db, before).await.unwrap(),
        0
    );
    let mut conn = test.db.conn().await.unwrap();
    let row = &hit::of_revision(&mut conn, HOME, HOME, RevId(3)).await.unwrap()[0];
    assert_eq!(
        (row.kind, row.user_hidden, &row.of.user),
        (Some(UserKind::Temporary), false, &None)
    );
    let range = Who::Addresses("192.0.0.0".parse().unwrap(), "192.0.255.255".parse().unwrap());
    assert_eq!(hit::of_user(&mut conn, HOME, None, range, 9).await.unwrap().len(), 2);
    let edits = hit::edits_read(&mut conn, HOME, t(-20 * DAY).date_naive(), 9)
        .await
        .unwrap();
    assert_eq!((edits.len(), edits[0].edits, edits[0].additions), (1, 10, 8));
    drop(conn);
    let pruned = hit::prune(&test.db, HOME, before).await.unwrap();
    assert_eq!((pruned.hits, pruned.lines, pruned.days), (4, 4, 1));
    assert_eq!(test.sql("SELECT COUNT(*) FROM hit").await, ["4"]);
    // The other wiki's page: its lines are its own, but for those that nobody ever wrote.
    test.sql("UPDATE hit_line SET state = 'new' WHERE target LIKE 'other%' AND user_name = 'Bob'")
        .await;
    let pruned = hit::prune(&test.db, HOME, t(0)).await.unwrap();
    assert_eq!((pruned.hits, pruned.lines, pruned.days), (4, 5, 1));
    assert_eq!(test.sql("SELECT COUNT(*) FROM hit_line").await, ["3"]);
}
