//! The table `matches` and the owners of profiles.

use crate::support::{TestDb, WIKI, t};
use std::collections::HashMap;
use wikicrew_core::types::{PageId, RevId, UserId};
use wikicrew_db::matches::{self, Match, NewMatch};
use wikicrew_db::profile_owner::{self, ProfileOwner, Source};

const NEW: NewMatch<'static> = NewMatch {
    learner: UserId(5),
    profile: PageId(12),
    category: "Co-op/Requests/Writing",
    category_prefixed: "Category:Co-op/Requests/Writing",
    mentor: Some(UserId(6)),
    matchtime: chrono::DateTime::UNIX_EPOCH,
    cataddtime: None,
    revid: Some(RevId(3_000_000_000)),
    postid: None,
    matchmade: Some(true),
    run_time: chrono::DateTime::UNIX_EPOCH,
    request_id: Some(1),
    intent_key: "12:Writing:1",
    reason: "drawn of 3 mentors with the skill",
};

#[tokio::test]
async fn the_eleven_columns_are_the_seeds() {
    let test = TestDb::new().await;
    let columns = test
        .sql(
            "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COALESCE(COLUMN_DEFAULT, 'NULL'), EXTRA \
             FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'matches' \
             ORDER BY ORDINAL_POSITION LIMIT 11",
        )
        .await;
    assert_eq!(
        columns,
        [
            "id|int(11)|NO|NULL|auto_increment",
            "luid|int(11)|YES|NULL|",
            "lprofileid|int(11)|YES|NULL|",
            "category|varchar(75)|YES|NULL|",
            "muid|int(11)|YES|NULL|",
            "matchtime|datetime|YES|NULL|",
            "cataddtime|datetime|YES|NULL|",
            "revid|bigint(20)|YES|NULL|",
            "postid|varchar(50)|YES|NULL|",
            "matchmade|tinyint(1)|YES|NULL|",
            "run_time|datetime|YES|NULL|",
        ]
    );
}

#[tokio::test]
async fn a_category_of_255_bytes_and_a_revid_of_three_billion() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    // 255 bytes, and a byte cut anywhere near 75 would split a character.
    let full = format!("x{}", "é".repeat(127));
    let prefixed = format!("Kategorie:{full}");
    let new = NewMatch {
        category: &full,
        category_prefixed: &prefixed,
        matchtime: t(1),
        cataddtime: Some(t(-60)),
        run_time: t(0),
        ..NEW
    };
    assert_eq!(full.len(), 255);
    let added = test.write(&lease, async |tx| matches::add(tx, &new).await).await;
    assert!(added.unwrap());
    let rows = matches::history(&mut test.db.conn().await.unwrap(), WIKI, None, None, 9).await;
    let rows = rows.unwrap();
    assert_eq!(
        rows,
        [Match {
            id: 1,
            learner: Some(UserId(5)),
            profile: Some(PageId(12)),
            category: Some(format!("Kategorie:x{}", "é".repeat(64))),
            mentor: Some(UserId(6)),
            matchtime: Some(t(1)),
            cataddtime: Some(t(-60)),
            revid: Some(RevId(3_000_000_000)),
            postid: None,
            matchmade: Some(true),
            run_time: Some(t(0)),
            category_full: Some(full.clone()),
            request_id: Some(1),
            reason: Some(NEW.reason.into()),
        }]
    );
    assert_eq!(rows[0].category.as_ref().unwrap().chars().count(), 75);
    // What does not fit is refused, never cut in silence.
    for wrong in [
        NewMatch {
            learner: UserId(3_000_000_000),
            intent_key: "b",
            ..NEW
        },
        NewMatch {
            postid: Some(&"p".repeat(51)),
            intent_key: "c",
            ..NEW
        },
    ] {
        let refused = test.write(&lease, async |tx| matches::add(tx, &wrong).await).await;
        assert!([Some(1264), Some(1406)].contains(&refused.unwrap_err().code()));
    }
}

#[tokio::test]
async fn one_row_per_intent() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    for (wiki_row, expected) in [
        (NEW, true),
        (
            NewMatch {
                mentor: Some(UserId(7)),
                ..NEW
            },
            false,
        ),
    ] {
        let added = test.write(&lease, async |tx| matches::add(tx, &wiki_row).await).await;
        assert_eq!(added.unwrap(), expected);
    }
    assert_eq!(test.sql("SELECT muid FROM matches").await, ["6"]);
}

#[tokio::test]
async fn questions_before_a_greeting() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let rows = [
        (5, 12, "Writing", 6, 0, true),
        (5, 12, "Writing", 6, 100, true),
        (5, 13, "Writing", 7, 200, false),
        (5, 12, "Images", 7, 300, true),
        (8, 14, "Writing", 6, 400, true),
    ];
    for (i, (learner, profile, category, mentor, time, made)) in rows.into_iter().enumerate() {
        let new = NewMatch {
            learner: UserId(learner),
            profile: PageId(profile),
            category,
            mentor: Some(UserId(mentor)),
            matchtime: t(time),
            matchmade: Some(made),
            intent_key: &i.to_string(),
            ..NEW
        };
        test.write(&lease, async |tx| matches::add(tx, &new).await)
            .await
            .unwrap();
    }
    // A row of MatchBot itself belongs to no wiki of ours.
    test.sql("INSERT INTO matches (luid, muid, matchmade, matchtime) VALUES (5, 6, 1, NOW())")
        .await;

    let mut conn = test.db.conn().await.unwrap();
    let last = matches::last_greeting_of_learner(&mut conn, WIKI, UserId(5), "Writing").await;
    assert_eq!(last.unwrap(), Some(t(200)), "whatever the profile");
    let last = matches::last_greeting_of_profile(&mut conn, WIKI, PageId(12), "Writing").await;
    assert_eq!(last.unwrap(), Some(t(100)));
    let last = matches::last_greeting_of_learner(&mut conn, WIKI, UserId(5), "writing").await;
    assert_eq!(last.unwrap(), None, "titles are bytes");
    for (since, n) in [(0, 4), (100, 3), (301, 0)] {
        let count = matches::greetings_since(&mut conn, WIKI, UserId(5), t(since)).await;
        assert_eq!(count.unwrap(), n);
    }
    let of_profile = matches::of_profile(&mut conn, WIKI, PageId(12)).await.unwrap();
    let of_profile: Vec<_> = of_profile.iter().map(|row| row.id).collect();
    assert_eq!(of_profile, [1, 2, 4], "oldest first");
    let made = matches::counts_since(&mut conn, WIKI, t(100)).await.unwrap();
    assert_eq!(made, [3, 1], "with a mentor, without");
    let mentors = [UserId(6), UserId(7), UserId(9)];
    let counts = matches::counts_of_mentors(&mut conn, WIKI, &mentors, t(100))
        .await
        .unwrap();
    assert_eq!(
        counts,
        HashMap::from([(UserId(6), 2), (UserId(7), 1)]),
        "no match is no match"
    );
    let none = matches::counts_of_mentors(&mut conn, WIKI, &[], t(0)).await.unwrap();
    assert!(none.is_empty());

    let ids = async |conn: &mut wikicrew_db::Work, learner: Option<u64>, mentor: Option<u64>, limit| {
        let rows = matches::history(conn, WIKI, learner.map(UserId), mentor.map(UserId), limit).await;
        rows.unwrap().iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&mut conn, None, None, 2).await, [5, 4]);
    assert_eq!(ids(&mut conn, Some(5), None, 9).await, [4, 3, 2, 1]);
    assert_eq!(ids(&mut conn, None, Some(7), 9).await, [4, 3]);
    assert_eq!(ids(&mut conn, Some(8), Some(6), 9).await, [5]);
}

#[tokio::test]
async fn owners_are_remembered_and_put_right() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let owner = |page: u64, user: Option<u64>, problem: Option<&str>| ProfileOwner {
        page_id: PageId(page),
        user: user.map(UserId),
        source: Source::FirstRevision,
        problem: problem.map(str::to_owned),
        seen_at: t(0),
    };
    let mut owners: Vec<_> = (1..=450).rev().map(|page| owner(page, Some(page + 1), None)).collect();
    owners.push(owner(451, None, Some("the author is hidden")));
    test.write(&lease, async |tx| profile_owner::put(tx, &owners).await)
        .await
        .unwrap();
    let by_hand = ProfileOwner {
        source: Source::Settings,
        ..owner(451, Some(9), None)
    };
    let again = [by_hand.clone()];
    test.write(&lease, async |tx| profile_owner::put(tx, &again).await)
        .await
        .unwrap();

    let pages: Vec<_> = (1..=600).map(PageId).collect();
    let mut conn = test.db.conn().await.unwrap();
    let known = profile_owner::get(&mut conn, WIKI, &pages).await.unwrap();
    assert_eq!(known.len(), 451);
    assert_eq!(known[&PageId(450)], owner(450, Some(451), None));
    assert_eq!(known[&PageId(451)], by_hand);
    assert!(
        profile_owner::get(&mut conn, "dewiki", &pages)
            .await
            .unwrap()
            .is_empty()
    );
}
