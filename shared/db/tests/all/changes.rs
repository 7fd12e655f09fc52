//! What is reported: stored once, logged once, and erased where the wiki hides it.

use crate::support::{TestDb, WIKI, t};
use wikicrew_core::types::{PageId, RevId, UserId};
use wikicrew_db::field_change::{self, ChangeRow, Count, Erase, Kind, Logged, NewChange, Rule, State};
use wikicrew_db::{Author, FencedTx, Lease, UserKind};

const LOG: &str = "Project:Chem/Log";

pub fn change(revid: u64, field: &str) -> NewChange {
    NewChange {
        log_page: LOG.into(),
        box_name: "Chembox".into(),
        page_id: PageId(7),
        title: "Ü😀 Acetone".into(),
        revid: RevId(revid),
        parent: Some(RevId(revid - 1)),
        user: Some(Author {
            id: UserId(5),
            name: "Éva".into(),
            kind: UserKind::Temporary,
        }),
        ts: t(revid as i64),
        rule: Rule::Field,
        ordinal: 0,
        field: field.into(),
        kind: Kind::Changed,
        state: State::CorrectChanged,
        is_verified: true,
        old: Some("67-64-1".into()),
        new: Some("67-64-7 \u{0}\u{202e}😀 | }} ~~~~".into()),
        verified: None,
        verified_revid: Some(RevId(266_420_980)),
        check: Some("check digit".into()),
        to_log: true,
    }
}

struct Bench {
    test: TestDb,
    lease: Lease,
}

impl Bench {
    async fn new() -> Self {
        let test = TestDb::new().await;
        let lease = test.lease().await;
        Self { test, lease }
    }

    /// How many were new.
    async fn insert(&self, changes: &[NewChange]) -> usize {
        let insert = async |tx: &mut FencedTx<'_>| field_change::insert(tx, changes).await;
        self.test.write(&self.lease, insert).await.unwrap().len()
    }

    async fn unlogged(&self, limit: u32) -> Vec<ChangeRow> {
        let mut conn = self.test.db.conn().await.unwrap();
        field_change::unlogged(&mut conn, WIKI, limit).await.unwrap()
    }

    async fn log(&self, ids: &[u64], title: &str, revid: u64) -> u64 {
        let place = Logged {
            title: title.into(),
            revid: RevId(revid),
            at: t(5_000),
        };
        self.test
            .write(&self.lease, async |tx| field_change::mark_logged(tx, ids, &place).await)
            .await
            .unwrap()
    }

    async fn erase(&self, revids: &[u64], what: Erase) -> (u64, Vec<String>) {
        let revids: Vec<RevId> = revids.iter().copied().map(RevId).collect();
        let touched = self
            .test
            .write(&self.lease, async |tx| field_change::erase(tx, &revids, what).await)
            .await
            .unwrap();
        (touched.rows, touched.log_titles)
    }

    async fn stale(&self) -> Vec<String> {
        let mut conn = self.test.db.conn().await.unwrap();
        field_change::stale_log_titles(&mut conn, WIKI, 10).await.unwrap()
    }
}

#[tokio::test]
async fn a_change_is_stored_once_and_comes_back_as_it_was() {
    let bench = Bench::new().await;
    let list_hit = NewChange {
        box_name: String::new(),
        field: String::new(),
        rule: Rule::Blacklist,
        kind: Kind::Edit,
        state: State::None,
        user: None,
        parent: None,
        old: None,
        new: None,
        verified_revid: None,
        check: None,
        is_verified: false,
        to_log: false,
        ..change(3_000_000_000, "")
    };
    let second_box = NewChange {
        ordinal: 1,
        ..change(100, "CASNo")
    };
    let changes = [
        list_hit.clone(),
        change(100, "CASNo"),
        change(100, "KEGG"),
        second_box.clone(),
    ];
    assert_eq!(bench.insert(&changes).await, 4);
    // The same edits again, otherwise worded, with one that is new.
    let mut again = changes.to_vec();
    again.iter_mut().for_each(|c| c.new = Some("other".into()));
    again.push(change(101, "CASNo"));
    assert_eq!(bench.insert(&again).await, 1);
    assert_eq!(bench.insert(&[]).await, 0);

    let mut conn = bench.test.db.conn().await.unwrap();
    let rows = field_change::of_page(&mut conn, WIKI, PageId(7), 10).await.unwrap();
    let stored: Vec<&NewChange> = rows.iter().map(|row| &row.change).collect();
    let expected = [&list_hit, &again[4], &second_box, &changes[2], &changes[1]];
    assert_eq!(stored, expected, "newest first");
    assert!(rows[0].user_hidden && !rows[1].user_hidden);
    assert!(
        rows.iter()
            .all(|row| row.logged.is_none() && row.reverted_by.is_none() && !row.values_hidden)
    );
    assert_eq!(
        field_change::of_page(&mut conn, WIKI, PageId(7), 2).await.unwrap(),
        rows[..2]
    );
    drop(conn);

    // Cut between characters, and 1,200 lines with large values in one call.
    let big: Vec<NewChange> = (0..1_200)
        .map(|i| NewChange {
            old: Some("é".repeat(4_000)),
            new: Some("é".repeat(40_000)),
            ordinal: i,
            ..change(200, "UNII")
        })
        .collect();
    assert_eq!(bench.insert(&big).await, 1_200);
    let sizes = bench
        .test
        .sql(
            "SELECT DISTINCT LENGTH(old_value), LENGTH(new_value), RIGHT(new_value, 2) FROM field_change WHERE revid = 200",
        )
        .await;
    assert_eq!(sizes, ["8000|9999|é…"]);
}

#[tokio::test]
async fn lines_are_logged_once_in_their_order() {
    let bench = Bench::new().await;
    let at = |revid: u64, title: &str, log_page: &str| NewChange {
        title: title.into(),
        log_page: log_page.into(),
        ..change(revid, "CASNo")
    };
    let mut quiet = at(106, "A", LOG);
    quiet.to_log = false;
    let changes = [
        at(105, "A", "Project:Z"),
        at(104, "B", LOG),
        at(103, "A", LOG),
        at(102, "A", LOG),
        change(101, "KEGG"),
        quiet,
    ];
    bench.insert(&changes).await;
    let rows = bench.unlogged(10).await;
    let order: Vec<u64> = rows.iter().map(|row| row.change.revid.0).collect();
    assert_eq!(order, [102, 103, 104, 101, 105], "by log page, title, time");
    assert_eq!(bench.unlogged(3).await, rows[..3]);

    let ids: Vec<u64> = rows[..3].iter().rev().map(|row| row.id).collect();
    assert_eq!(bench.log(&ids, "Project:Chem/Log/2026-03-01", 900).await, 3);
    assert_eq!(bench.log(&ids, "Project:Chem/Log/2026-03-01", 900).await, 0);
    let mut more = ids.clone();
    more.push(rows[3].id);
    assert_eq!(
        bench.log(&more, "Project:Elsewhere", 901).await,
        1,
        "what stands somewhere stays there"
    );
    let left: Vec<u64> = bench.unlogged(10).await.iter().map(|row| row.change.revid.0).collect();
    assert_eq!(left, [105]);
    let mut conn = bench.test.db.conn().await.unwrap();
    let day = field_change::of_log_title(&mut conn, WIKI, "Project:Chem/Log/2026-03-01")
        .await
        .unwrap();
    let on_day: Vec<u64> = day.iter().map(|row| row.change.revid.0).collect();
    assert_eq!(on_day, [102, 103, 104]);
    let place = Logged {
        title: "Project:Chem/Log/2026-03-01".into(),
        revid: RevId(900),
        at: t(5_000),
    };
    assert!(day.iter().all(|row| row.logged.as_ref() == Some(&place)));
}

#[tokio::test]
async fn reverted_and_hidden_edits_make_their_log_pages_stale() {
    let bench = Bench::new().await;
    let changes: Vec<NewChange> = (101..=104)
        .flat_map(|revid| [change(revid, "CASNo"), change(revid, "KEGG")])
        .collect();
    bench.insert(&changes).await;
    let rows = bench.unlogged(100).await;
    let ids = |revids: &[u64]| -> Vec<u64> {
        let of = |row: &&ChangeRow| revids.contains(&row.change.revid.0);
        rows.iter().filter(of).map(|row| row.id).collect()
    };
    bench.log(&ids(&[101]), "Day 1", 900).await;
    bench.log(&ids(&[102, 103]), "Day 2", 901).await;
    assert!(bench.stale().await.is_empty());

    // 104 stands nowhere yet: marked, but no page is stale for it.
    let revids: Vec<RevId> = [104, 102, 101, 55].map(RevId).to_vec();
    let revert = async |by| {
        bench
            .test
            .write(&bench.lease, async |tx| {
                field_change::mark_reverted(tx, &revids, RevId(by)).await
            })
            .await
            .unwrap()
    };
    let touched = revert(110).await;
    assert_eq!(
        (touched.rows, touched.log_titles),
        (6, vec!["Day 1".into(), "Day 2".into()])
    );
    assert_eq!(revert(111).await, field_change::Touched::default(), "only once");
    assert_eq!(bench.stale().await, ["Day 1", "Day 2"]);
    let fresh = async |title: &str| {
        bench
            .test
            .write(&bench.lease, async |tx| field_change::log_is_fresh(tx, title).await)
            .await
            .unwrap();
    };
    fresh("Day 1").await;
    fresh("Day 2").await;
    assert!(bench.stale().await.is_empty());

    let day_1 = vec!["Day 1".to_owned()];
    assert_eq!(bench.erase(&[101, 104], Erase::User).await, (4, day_1.clone()));
    assert_eq!(bench.erase(&[101], Erase::User).await, (0, vec![]));
    assert_eq!(bench.erase(&[101], Erase::Both).await, (2, day_1), "the values too");
    assert_eq!(bench.erase(&[101], Erase::Values).await, (0, vec![]));
    assert_eq!(bench.erase(&[103], Erase::Values).await, (2, vec!["Day 2".into()]));
    assert_eq!(bench.stale().await, ["Day 1", "Day 2"]);
    let rows = bench
        .test
        .sql(
            "SELECT DISTINCT revid, user_id, user_name, user_kind, user_hidden, old_value, new_value IS NULL, \
             verified_value, check_result, values_hidden, reverted_by, log_stale FROM field_change ORDER BY revid",
        )
        .await;
    assert_eq!(
        rows,
        [
            "101|NULL|NULL|NULL|1|NULL|1|NULL|NULL|1|110|1",
            "102|5|Éva|temporary|0|67-64-1|0|NULL|check digit|0|110|0",
            "103|5|Éva|temporary|0|NULL|1|NULL|NULL|1|NULL|1",
            "104|NULL|NULL|NULL|1|67-64-1|0|NULL|check digit|0|110|0",
        ]
    );
    // Looked at again, what is hidden does not come back.
    assert_eq!(bench.insert(&changes).await, 0);
    let names = "SELECT COUNT(*) FROM field_change WHERE user_name IS NULL";
    assert_eq!(bench.test.sql(names).await, ["4"]);
}

#[tokio::test]
async fn edits_since_then_come_once_each_and_in_pages() {
    let bench = Bench::new().await;
    let mut changes: Vec<NewChange> = (101..=110)
        .flat_map(|revid| [change(revid, "CASNo"), change(revid, "KEGG"), change(revid, "UNII")])
        .collect();
    // Imported late: smaller id, later time; and two edits in one second.
    changes.push(NewChange {
        ts: t(500),
        ..change(50, "CASNo")
    });
    changes.push(NewChange {
        ts: t(110),
        ..change(120, "CASNo")
    });
    bench.insert(&changes).await;
    bench.erase(&[104], Erase::User).await;
    let mut conn = bench.test.db.conn().await.unwrap();
    let mut seen = Vec::new();
    let mut last = None;
    loop {
        let some = field_change::since(&mut conn, WIKI, t(103), last, 3).await.unwrap();
        let Some(&edit) = some.last() else { break };
        last = Some(edit);
        seen.extend(some);
    }
    let revids: Vec<u64> = seen.iter().map(|edit| edit.revid.0).collect();
    assert_eq!(revids, [103, 104, 105, 106, 107, 108, 109, 110, 120, 50]);
    assert_eq!((seen[0].parent, seen[0].page_id), (Some(RevId(102)), PageId(7)));
    let hidden: Vec<u64> = seen.iter().filter(|edit| edit.user_hidden).map(|e| e.revid.0).collect();
    assert_eq!(hidden, [104]);
    assert!(seen.iter().all(|edit| !edit.values_hidden));
}

#[tokio::test]
async fn counts_and_the_last_change_of_a_field() {
    let bench = Bench::new().await;
    let monitor = NewChange {
        rule: Rule::Monitor,
        state: State::None,
        box_name: String::new(),
        ..change(102, "")
    };
    let back = NewChange {
        state: State::ChangedCorrect,
        ..change(103, "CASNo")
    };
    let formatting = NewChange {
        kind: Kind::Formatting,
        state: State::Formatting,
        ..change(104, "CASNo")
    };
    let second_box = NewChange {
        ordinal: 1,
        ..change(105, "CASNo")
    };
    bench
        .insert(&[
            change(90, "KEGG"),
            change(101, "CASNo"),
            monitor,
            back,
            formatting,
            second_box,
        ])
        .await;
    let mut conn = bench.test.db.conn().await.unwrap();
    let counts = field_change::counts_since(&mut conn, WIKI, t(101)).await.unwrap();
    let count = |rule, state, n| Count { rule, state, n };
    assert_eq!(
        counts,
        [
            count(Rule::Monitor, State::None, 1),
            count(Rule::Field, State::CorrectChanged, 2),
            count(Rule::Field, State::ChangedCorrect, 1),
            count(Rule::Field, State::Formatting, 1),
        ]
    );
    let mut last = async |ordinal, field: &str| {
        field_change::last_change_of_field(&mut conn, WIKI, PageId(7), "Chembox", ordinal, field)
            .await
            .unwrap()
            .map(|row| row.change.revid.0)
    };
    assert_eq!(last(0, "CASNo").await, Some(103), "formatting does not count");
    assert_eq!(last(1, "CASNo").await, Some(105));
    assert_eq!(last(0, "KEGG").await, Some(90));
    assert_eq!(last(0, "UNII").await, None);
}
