//! Pace, log, caps and parked items.

use crate::support::{TestDb, WIKI, t};
use std::time::Duration;
use wikicrew_core::types::{PageId, RevId};
use wikicrew_db::edit_log::{self, NewEdit};
use wikicrew_db::{Access, cap_hold, pace, parked};

const BOT: &str = "WikicrewBot";
const EDIT: NewEdit<'static> = NewEdit {
    account: BOT,
    page_id: PageId(12),
    title: "Project talk:Co-op/Éva",
    revid: Some(RevId(3_000_000_000)),
    post_id: None,
    kind: "greeting",
    at: chrono::DateTime::UNIX_EPOCH,
};

#[tokio::test]
async fn slots_of_one_account_follow_each_other_over_all_jobs() {
    let test = TestDb::new().await;
    let other = test.other(Access::Write);
    let ten = Duration::from_secs(10);
    let take = async |db, account, interval| pace::take_slot(db, WIKI, account, interval).await.unwrap();
    assert_eq!(take(&test.db, BOT, ten).await, Duration::ZERO);
    let second = take(&other, BOT, ten).await;
    assert!(second > Duration::from_secs(8) && second <= ten, "{second:?}");
    let third = take(&test.db, BOT, Duration::from_secs(5)).await;
    assert!(third > Duration::from_secs(18) && third <= ten * 2, "{third:?}");
    assert_eq!(take(&test.db, "Other bot", ten).await, Duration::ZERO);
    let elsewhere = pace::take_slot(&test.db, "dewiki", BOT, ten).await.unwrap();
    assert_eq!(elsewhere, Duration::ZERO);
}

#[tokio::test]
async fn no_interval_no_wait_and_idle_time_is_not_saved_up() {
    let test = TestDb::new().await;
    for _ in 0..3 {
        let wait = pace::take_slot(&test.db, WIKI, BOT, Duration::ZERO).await.unwrap();
        assert_eq!(wait, Duration::ZERO);
    }
    let short = Duration::from_millis(50);
    pace::take_slot(&test.db, WIKI, BOT, short).await.unwrap();
    tokio::time::sleep(short * 4).await;
    assert_eq!(
        pace::take_slot(&test.db, WIKI, BOT, short).await.unwrap(),
        Duration::ZERO
    );
    let next = pace::take_slot(&test.db, WIKI, BOT, short).await.unwrap();
    assert!(next > Duration::ZERO, "the idle time was saved up");
}

#[tokio::test]
async fn two_jobs_at_once_never_get_the_same_slot() {
    let test = TestDb::new().await;
    let other = test.other(Access::Write);
    let minute = Duration::from_secs(60);
    let many = async |db| {
        let mut waits = Vec::new();
        for _ in 0..10 {
            waits.push(pace::take_slot(db, WIKI, BOT, minute).await.unwrap());
        }
        waits
    };
    let (a, b) = tokio::join!(many(&test.db), many(&other));
    let mut slots: Vec<u64> = a.iter().chain(&b).map(|w| (w.as_secs() + 30) / 60).collect();
    slots.sort_unstable();
    assert_eq!(slots, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_edit_is_logged_once_and_counted() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let add = async |edit: NewEdit<'_>| {
        test.write(&lease, async |tx| edit_log::add(tx, &edit).await)
            .await
            .unwrap();
    };
    add(NewEdit { at: t(0), ..EDIT }).await;
    add(NewEdit { at: t(0), ..EDIT }).await;
    add(NewEdit {
        at: t(60),
        revid: Some(RevId(3_000_000_001)),
        kind: "status",
        page_id: PageId(2),
        ..EDIT
    })
    .await;
    add(NewEdit {
        at: t(90),
        revid: None,
        post_id: Some("flow-1"),
        ..EDIT
    })
    .await;
    add(NewEdit {
        at: t(90),
        revid: None,
        post_id: Some("flow-1"),
        ..EDIT
    })
    .await;
    add(NewEdit {
        at: t(95),
        revid: Some(RevId(7)),
        account: "Other bot",
        page_id: PageId(3),
        ..EDIT
    })
    .await;

    let mut conn = test.db.conn().await.unwrap();
    for (since, of_account, of_job) in [(0, 3, 4), (1, 2, 3), (91, 0, 1), (96, 0, 0)] {
        let n = edit_log::count_of_account(&mut conn, WIKI, BOT, t(since))
            .await
            .unwrap();
        assert_eq!(n, of_account, "since {since}");
        let n = edit_log::count_of_job(&mut conn, "matchbot", WIKI, t(since))
            .await
            .unwrap();
        assert_eq!(n, of_job, "since {since}");
    }
    let last = edit_log::last_on_page(&mut conn, WIKI, PageId(12))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (last.at, last.post_id.as_deref(), last.revid),
        (t(90), Some("flow-1"), None)
    );
    assert_eq!(last.run_id, lease.run_id());
    assert_eq!(edit_log::last_on_page(&mut conn, WIKI, PageId(99)).await.unwrap(), None);
    for (title, at) in [(EDIT.title, Some(t(95))), ("Project talk:Co-op/éva", None)] {
        let last = edit_log::last_on_title(&mut conn, WIKI, title).await.unwrap();
        assert_eq!(last.map(|edit| edit.at), at, "{title}");
    }
    let list = edit_log::of_job(&mut conn, "matchbot", WIKI, t(0), 2).await.unwrap();
    let list: Vec<_> = list.iter().map(|edit| (edit.revid, edit.kind.as_str())).collect();
    assert_eq!(
        list,
        [
            (Some(RevId(3_000_000_000)), "greeting"),
            (Some(RevId(3_000_000_001)), "status")
        ]
    );
}

#[tokio::test]
async fn a_cap_holds_until_the_settings_are_saved_again() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let hold = async |revid: u64, reason: &str, now: i64| {
        test.write(&lease, async |tx| {
            cap_hold::set(tx, BOT, RevId(revid), reason, t(now)).await
        })
        .await
        .unwrap();
        let mut conn = test.db.conn().await.unwrap();
        let hold = cap_hold::get(&mut conn, "matchbot", WIKI, BOT).await.unwrap().unwrap();
        (hold.settings_revid.0, hold.reason, hold.since)
    };
    assert_eq!(hold(5, "per day", 0).await, (5, "per day".into(), t(0)));
    assert_eq!(
        hold(5, "per run", 60).await,
        (5, "per day".into(), t(0)),
        "the first stands"
    );
    assert_eq!(hold(6, "per run", 90).await, (6, "per run".into(), t(90)));
}

#[tokio::test]
async fn parked_items_wait_are_tried_again_and_given_up() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    for (key, next, now) in [("a", 60, 0), ("b", 30, 0), ("a", 120, 10)] {
        test.write(&lease, async |tx| {
            parked::park(tx, key, &format!("try at {now}"), t(next), t(now)).await
        })
        .await
        .unwrap();
    }
    let of = |prefix, now| parked::Due {
        prefix,
        now: t(now),
        after: None,
        limit: 10,
    };
    let due = async |now: i64| {
        let mut conn = test.db.conn().await.unwrap();
        let due = parked::due(&mut conn, "matchbot", WIKI, of("", now)).await.unwrap();
        due.into_iter()
            .map(|item| (item.item_key, item.attempts))
            .collect::<Vec<_>>()
    };
    assert_eq!(due(29).await, []);
    assert_eq!(due(60).await, [("b".to_owned(), 1)]);
    assert_eq!(due(120).await, [("b".to_owned(), 1), ("a".to_owned(), 2)]);
    let part = async |due: parked::Due<'_>| {
        let mut conn = test.db.conn().await.unwrap();
        let due = parked::due(&mut conn, "matchbot", WIKI, due).await.unwrap();
        due.into_iter().map(|item| item.item_key).collect::<Vec<_>>()
    };
    assert_eq!(
        part(of("a", 120)).await,
        ["a"],
        "not what only begins with other letters"
    );
    assert_eq!(
        part(parked::Due {
            limit: 1,
            ..of("", 120)
        })
        .await,
        ["b"]
    );
    for (after, rest) in [
        ((t(30), "b"), &["a"][..]),
        ((t(30), "a"), &["b", "a"]),
        ((t(120), "a"), &[]),
    ] {
        let after = Some(after);
        assert_eq!(part(parked::Due { after, ..of("", 120) }).await, rest, "{after:?}");
    }
    test.write(&lease, async |tx| {
        parked::give_up(tx, "a", "a week in vain").await?;
        parked::clear(tx, "b").await
    })
    .await
    .unwrap();
    assert_eq!(due(999).await, []);
    let all = parked::all(&mut test.db.conn().await.unwrap(), "matchbot", WIKI, 10)
        .await
        .unwrap();
    assert_eq!(all.len(), 1);
    assert!(all[0].given_up && all[0].reason == "a week in vain");
    assert_eq!((all[0].first_at, all[0].next_try), (t(0), t(120)));
}
