//! Pages with a box, what differs on them, their verified revisions and marks.

use crate::support::{TestDb, WIKI, t};
use wikicrew_core::types::{PageId, RevId, UserId};
use wikicrew_db::box_page::{self, BoxPage, Replaced};
use wikicrew_db::open_field::{self, OpenField};
use wikicrew_db::page_mark::{self, PageMark};
use wikicrew_db::verified_rev::{self, State, VerifiedRev};
use wikicrew_db::{Author, Error, Lease, UserKind};

const BOX: &str = "Chembox";

fn page(id: u64) -> BoxPage {
    BoxPage {
        page_id: PageId(id),
        ns: 0,
        title: format!("Ü😀 {id}"),
    }
}

async fn replace(test: &TestDb, lease: &Lease, pages: &[BoxPage], now: i64) -> Replaced {
    box_page::replace_list(&test.db, lease.fence(), BOX, pages, t(now))
        .await
        .unwrap()
}

/// Statements that the server has seen so far.
async fn questions(test: &TestDb) -> u64 {
    test.sql("SHOW GLOBAL STATUS LIKE 'Com_insert'").await[0]
        .split('|')
        .next_back()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_list_of_15000_pages_is_stored_by_its_differences() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let pages: Vec<BoxPage> = (1..=15_000).map(|i| page(i * 3)).collect();
    // Another box and another wiki that must stay as they are.
    test.sql(
        "INSERT INTO box_page (wiki, box, page_id, ns, title, seen_at) VALUES \
         ('testwiki', 'Drugbox', 4, 0, 'Other', '2026-01-01'), ('dewiki', 'Chembox', 4, 0, 'Other', '2026-01-01')",
    )
    .await;
    let before = questions(&test).await;
    let first = replace(&test, &lease, &pages, 0).await;
    assert_eq!(first.added, 15_000);
    // Other tests insert at the same time, but not some 10,000 rows one by one.
    let statements = questions(&test).await - before;
    assert!(statements < 5_000, "{statements} statements for 15,000 rows");

    // In any order, some twice, the same list changes nothing, not even the time.
    let dump = "SELECT COUNT(*), SUM(CRC32(CONCAT_WS('|', wiki, box, page_id, ns, title, seen_at))) FROM box_page";
    let stored = test.sql(dump).await;
    let mut again: Vec<BoxPage> = pages.iter().rev().cloned().collect();
    again.extend_from_slice(&pages[..20]);
    assert_eq!(replace(&test, &lease, &again, 60).await, Replaced::default());
    assert_eq!(test.sql(dump).await, stored);

    // First, last, and one in the middle gone; one moved; new ones at both ends and between.
    let mut changed: Vec<BoxPage> = pages[1..14_999].to_vec();
    changed.remove(7_000);
    changed[5].title = "Moved".into();
    changed.extend([page(1), page(10_000), page(3_000_000_000)]);
    let third = replace(&test, &lease, &changed, 120).await;
    let expected = Replaced {
        added: 3,
        renamed: 1,
        removed: 3,
    };
    assert_eq!(third, expected);
    let mut conn = test.db.conn().await.unwrap();
    let mut stored = Vec::new();
    let mut last = PageId(0);
    loop {
        let some = box_page::after(&mut conn, WIKI, BOX, last, 4_000).await.unwrap();
        let Some(page) = some.last() else { break };
        last = page.page_id;
        stored.extend(some);
    }
    changed.sort_by_key(|page| page.page_id);
    assert_eq!(stored, changed);
    assert_eq!(box_page::count(&mut conn, WIKI, BOX).await.unwrap(), 15_000);
    let ask = [PageId(4), PageId(10_000), PageId(5), PageId(1)];
    let known = box_page::known(&mut conn, WIKI, &ask).await.unwrap();
    let names: Vec<(u64, &str)> = known.iter().map(|(id, name)| (id.0, name.as_str())).collect();
    assert_eq!(names, [(1, BOX), (4, "Drugbox"), (10_000, BOX)]);
    // More ids than one statement takes.
    let all: Vec<PageId> = (1..=1_200).map(PageId).collect();
    assert_eq!(box_page::known(&mut conn, WIKI, &all).await.unwrap().len(), 401);
    drop(conn);

    // Nothing follows what is gone: the end of the last slice is open.
    let shorter = replace(&test, &lease, &changed[..14_990], 150).await;
    assert_eq!((shorter.removed, shorter.added), (10, 0));
    assert_eq!(replace(&test, &lease, &[], 180).await.removed, 14_990);
    let left = test.sql("SELECT wiki, box FROM box_page ORDER BY wiki").await;
    assert_eq!(left, ["dewiki|Chembox", "testwiki|Drugbox"]);
}

#[tokio::test]
async fn a_run_that_lost_its_epoch_stores_no_list() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    test.sql("UPDATE lease SET epoch = epoch + 1").await;
    let outcome = box_page::replace_list(&test.db, lease.fence(), BOX, &[page(1)], t(0)).await;
    assert!(matches!(outcome, Err(Error::Fenced { .. })), "{outcome:?}");
    assert!(test.sql("SELECT * FROM box_page").await.is_empty());
}

#[tokio::test]
async fn single_pages_come_and_go() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let put = async |pages: &[BoxPage], now| {
        test.write(&lease, async |tx| box_page::put(tx, BOX, pages, t(now)).await)
            .await
            .unwrap();
    };
    put(&[page(2), page(1)], 0).await;
    let moved = BoxPage {
        title: "Moved".into(),
        ..page(2)
    };
    put(&[page(1), moved], 60).await;
    put(&[], 60).await;
    let stored = test.sql("SELECT page_id, title, seen_at FROM box_page").await;
    assert_eq!(
        stored,
        ["1|Ü😀 1|2026-03-01 12:00:00", "2|Moved|2026-03-01 12:01:00"],
        "the time is that of the last difference"
    );
    let forget = [PageId(9), PageId(2)];
    let forgotten = test
        .write(&lease, async |tx| box_page::forget(tx, BOX, &forget).await)
        .await;
    assert_eq!(forgotten.unwrap(), 1);
    assert_eq!(test.sql("SELECT page_id FROM box_page").await, ["1"]);
}

fn open(page_id: u64, field: &str, value: Option<&str>, revid: u64) -> OpenField {
    OpenField {
        page_id: PageId(page_id),
        ordinal: 0,
        field: field.into(),
        title: format!("T{page_id}"),
        value: value.map(str::to_owned),
        verified_value: Some("67-64-1".into()),
        verified_revid: RevId(5),
        is_verified: true,
        since: t(revid as i64),
        revid: RevId(revid),
        user: Some(Author {
            id: UserId(revid),
            name: format!("U{revid}"),
            kind: UserKind::Account,
        }),
    }
}

#[tokio::test]
async fn what_differs_keeps_since_when_while_the_value_stays() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let replace = async |page_id, rows: &[OpenField]| {
        test.write(&lease, async |tx| {
            open_field::replace_of_page(tx, BOX, PageId(page_id), rows).await
        })
        .await
        .unwrap()
    };
    let first = [
        open(7, "CASNo", Some("67-64-7"), 100),
        open(7, "KEGG", None, 100),
        open(7, "UNII", Some("X"), 100),
    ];
    assert_eq!(replace(7, &first).await, 3);
    assert_eq!(replace(7, &first).await, 0, "idempotent");
    assert_eq!(
        replace(8, &[open(8, "CASNo", Some("x".repeat(20_000).as_str()), 150)]).await,
        1
    );

    // A later edit: one value stays (under another title and verified revision),
    // one comes, one becomes another, one is right again.
    let mut stays = open(7, "CASNo", Some("67-64-7"), 200);
    stays.title = "Moved".into();
    stays.verified_revid = RevId(6);
    let second = [stays, open(7, "KEGG", Some("D00999"), 200), open(7, "New", None, 200)];
    assert_eq!(replace(7, &second).await, 4, "three written, one removed");
    let mut expected = second.to_vec();
    (expected[0].since, expected[0].revid) = (t(100), RevId(100));
    expected[0].user = first[0].user.clone();
    let mut conn = test.db.conn().await.unwrap();
    assert_eq!(
        open_field::of_page(&mut conn, WIKI, BOX, PageId(7)).await.unwrap(),
        expected
    );
    let cut = &open_field::of_page(&mut conn, WIKI, BOX, PageId(8)).await.unwrap()[0];
    let value = cut.value.clone().unwrap();
    assert!(value.len() <= 10_000 && value.ends_with("x…"), "{}", value.len());
    drop(conn);
    assert_eq!(
        replace(8, &[open(8, "CASNo", Some("x".repeat(20_000).as_str()), 300)]).await,
        0,
        "cut in the same way it is the same value"
    );

    // The user hidden on the wiki, and the field still the same afterwards.
    let erased = test
        .write(&lease, async |tx| {
            open_field::erase_users(tx, &[RevId(100), RevId(1)]).await
        })
        .await;
    assert_eq!(erased.unwrap(), 1);
    assert_eq!(replace(7, &second).await, 0, "the name does not come back");
    let users = test
        .sql("SELECT page_id, field, user_id, user_name, user_kind FROM open_field ORDER BY 1, 2")
        .await;
    assert_eq!(
        users,
        [
            "7|CASNo|NULL|NULL|NULL",
            "7|KEGG|200|U200|account",
            "7|New|200|U200|account",
            "8|CASNo|150|U150|account"
        ]
    );
    assert_eq!(replace(7, &[]).await, 3);
    assert_eq!(test.sql("SELECT page_id FROM open_field").await, ["8"]);
}

#[tokio::test]
async fn what_differs_in_a_box_is_read_page_by_page() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    for id in [3, 1, 2] {
        let mut rows = vec![open(id, "A", None, id), open(id, "B", None, id)];
        rows.push(OpenField {
            ordinal: 1,
            ..open(id, "A", None, id)
        });
        // Two pages under one title: as after a move that was not seen yet.
        rows.iter_mut().for_each(|row| row.title = format!("T{}", id % 2));
        test.write(&lease, async |tx| {
            open_field::replace_of_page(tx, BOX, PageId(id), &rows).await
        })
        .await
        .unwrap();
    }
    let mut conn = test.db.conn().await.unwrap();
    let mut seen = Vec::new();
    let mut last: Option<OpenField> = None;
    loop {
        let some = open_field::of_box(&mut conn, WIKI, BOX, last.as_ref(), 2)
            .await
            .unwrap();
        assert!(some.len() <= 2);
        let Some(row) = some.last() else { break };
        last = Some(row.clone());
        seen.extend(
            some.iter()
                .map(|row| format!("{} {}{}", row.page_id, row.field, row.ordinal)),
        );
    }
    assert_eq!(
        seen,
        ["2 A0", "2 B0", "2 A1", "1 A0", "1 B0", "1 A1", "3 A0", "3 B0", "3 A1"]
    );
    assert_eq!(open_field::count(&mut conn, WIKI, BOX).await.unwrap(), 9);
    assert_eq!(open_field::count(&mut conn, WIKI, "Drugbox").await.unwrap(), 0);
}

#[tokio::test]
async fn verified_revisions_are_remembered_and_forgotten() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let revision = |id: u64, len: usize, now: i64| VerifiedRev {
        revid: RevId(id),
        page_id: Some(PageId(id)),
        boxes: Some("é".repeat(len)),
        state: State::Ok,
        checked_at: t(now),
    };
    // 30 of 1 MB in one call are more than one packet; and many small ones.
    let mut revisions: Vec<VerifiedRev> = (1..=30).map(|id| revision(id, 500_000, 0)).collect();
    revisions.extend((31..=1_500).map(|id| revision(id, 10, 0)));
    revisions.push(VerifiedRev {
        page_id: None,
        boxes: None,
        state: State::Hidden,
        ..revision(3_000_000_000, 0, 50)
    });
    let put = async |revisions: &[VerifiedRev]| {
        test.write(&lease, async |tx| verified_rev::put(tx, BOX, revisions).await)
            .await
            .unwrap();
    };
    put(&revisions).await;
    put(&revisions[..40]).await;
    let mut ask: Vec<RevId> = revisions.iter().map(|revision| revision.revid).collect();
    ask.push(RevId(77_777));
    let mut conn = test.db.conn().await.unwrap();
    let known = verified_rev::get_many(&mut conn, WIKI, BOX, &ask).await.unwrap();
    assert_eq!(known.len(), 1_501);
    for revision in &revisions {
        assert!(known[&revision.revid] == *revision, "{}", revision.revid);
    }
    let other = verified_rev::get_many(&mut conn, WIKI, "Drugbox", &ask).await.unwrap();
    assert!(other.is_empty());
    drop(conn);

    put(&[revision(1_000, 1, 100)]).await;
    let forget = async |limit| {
        test.write(&lease, async |tx| verified_rev::forget_older(tx, t(50), limit).await)
            .await
            .unwrap()
    };
    assert_eq!(
        [forget(1_000).await, forget(1_000).await, forget(1_000).await],
        [1_000, 499, 0]
    );
    let left = test.sql("SELECT revid, state FROM verified_rev ORDER BY revid").await;
    assert_eq!(left, ["1000|ok", "3000000000|hidden"]);
}

fn mark(page_id: u64, box_name: &str) -> PageMark {
    PageMark {
        page_id: PageId(page_id),
        box_name: box_name.into(),
        title: format!("T{page_id}"),
        revid: Some(RevId(3_000_000_000)),
        due_at: None,
        reason: None,
        differs: false,
        stale: None,
        marked_revid: None,
        looked_at: Some(t(0)),
    }
}

#[tokio::test]
async fn marks_become_due_once_and_at_the_earlier_time() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let marks = [
        PageMark {
            due_at: Some(t(60)),
            reason: Some("edited".into()),
            differs: true,
            ..mark(2, BOX)
        },
        mark(1, BOX),
        PageMark {
            due_at: Some(t(30)),
            stale: Some("CASNo_Ref".into()),
            marked_revid: Some(RevId(9)),
            ..mark(1, "Drugbox")
        },
        PageMark {
            stale: Some("y".repeat(20_000)),
            ..mark(3, BOX)
        },
    ];
    let put = async |marks: &[PageMark]| {
        test.write(&lease, async |tx| page_mark::put(tx, marks).await)
            .await
            .unwrap();
    };
    put(&marks).await;
    put(&marks).await;
    let mut conn = test.db.conn().await.unwrap();
    let all = [PageId(3), PageId(2), PageId(1), PageId(9)];
    let stored = page_mark::get_many(&mut conn, WIKI, &all).await.unwrap();
    assert_eq!(
        stored[..3],
        [marks[1].clone(), marks[2].clone(), marks[0].clone()],
        "by page and box"
    );
    let due = page_mark::due(&mut conn, WIKI, t(60), 10).await.unwrap();
    assert_eq!(due, [marks[2].clone(), marks[0].clone()], "who waits longest first");
    assert_eq!(page_mark::due(&mut conn, WIKI, t(59), 10).await.unwrap().len(), 1);
    let stale = page_mark::stale(&mut conn, WIKI, 10).await.unwrap();
    assert_eq!(stale.iter().map(|mark| mark.page_id.0).collect::<Vec<_>>(), [1, 3]);
    assert!(stale[1].stale.as_ref().is_some_and(|text| text.ends_with("y…")));
    assert_eq!(page_mark::count_stale(&mut conn, WIKI).await.unwrap(), 2);
    drop(conn);

    // Page 4 is known to have the box but was not looked at yet; 5 is not known.
    let pages: Vec<BoxPage> = [1, 2, 4].map(page).to_vec();
    test.write(&lease, async |tx| {
        box_page::put(tx, BOX, &pages, t(0)).await?;
        let ids = [PageId(4), PageId(5), PageId(2), PageId(1)];
        page_mark::make_due(tx, BOX, &ids, t(90), "the index changed").await?;
        page_mark::make_due(tx, BOX, &[PageId(4)], t(80), "the settings changed").await
    })
    .await
    .unwrap();
    let rows = test
        .sql("SELECT page_id, due_at, reason, revid, differs FROM page_mark WHERE box = 'Chembox' ORDER BY page_id")
        .await;
    assert_eq!(
        rows,
        [
            "1|2026-03-01 12:01:30|the index changed|3000000000|0",
            "2|2026-03-01 12:01:00|edited|3000000000|1",
            "3|NULL|NULL|3000000000|0",
            "4|2026-03-01 12:01:20|the settings changed|NULL|0",
        ]
    );
    // Looked at: no longer due, no longer stale.
    put(&[mark(2, BOX), mark(3, BOX)]).await;
    let forgotten = test
        .write(&lease, async |tx| {
            page_mark::forget(tx, BOX, &[PageId(1), PageId(4), PageId(77)]).await
        })
        .await;
    assert_eq!(forgotten.unwrap(), 2);
    let mut conn = test.db.conn().await.unwrap();
    let due = page_mark::due(&mut conn, WIKI, t(1_000), 10).await.unwrap();
    assert_eq!(due, [marks[2].clone()], "of the other box");
    assert_eq!(page_mark::count_stale(&mut conn, WIKI).await.unwrap(), 1);
}
