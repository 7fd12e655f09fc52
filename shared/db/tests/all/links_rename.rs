//! An account that has another name: nothing that is counted changes, wherever it is cut off, and the old name goes.

use crate::links_support::{Store, revision, row, take};
use crate::support::{TestDb, t};
use mysql_async::prelude::Queryable;
use std::collections::BTreeSet;
use wikicrew_core::addition::{Links, RevisionLinks};
use wikicrew_core::change::EditorKind;
use wikicrew_core::types::UserId;
use wikicrew_db::Lease;
use wikicrew_db::links::rename::{Renamed, finish, renamed};

fn by(rev: u64, user: &str, id: u64, host: &str) -> RevisionLinks {
    let mut made = revision(rev, user, rev as i64, vec![row(host, "/")]);
    made.editor.user_id = UserId(id);
    made
}

async fn id_of(test: &TestDb, name: &str) -> Option<u32> {
    let ids = test
        .sql(&format!("SELECT editor_id FROM editor WHERE name = '{name}'"))
        .await;
    ids.first().map(|id| id.parse().unwrap())
}

/// Everything that is counted or shown, as if the account had always had the new name.
async fn as_if_new(test: &TestDb) -> Vec<String> {
    const NAME: &str = "IF(name = 'Old', 'New', name)";
    let rows = |table: &str, more: &str| {
        format!(
            "SELECT '{table}', wiki_id, rev_id, ts, {NAME}, page_id{more} FROM {table} JOIN editor USING (editor_id) \
             ORDER BY wiki_id, rev_id{more}"
        )
    };
    let sql = [
        rows("link_addition", ", n, host_id, flags, times, path"),
        rows("link_restored", ", n, host_id, flags, times, path"),
        rows("link_flood", ", links, hosts"),
        format!(
            "SELECT 'pair', host_id, {NAME} AS a, wiki_id, SUM(n), MIN(first_ts), MAX(last_ts) FROM pair \
             JOIN editor USING (editor_id) GROUP BY host_id, a, wiki_id ORDER BY host_id, a, wiki_id"
        ),
        format!(
            "SELECT 'editor_wiki', {NAME} AS a, wiki_id, SUM(n), MAX(user_id) FROM editor_wiki \
             JOIN editor USING (editor_id) GROUP BY a, wiki_id ORDER BY a, wiki_id"
        ),
        "SELECT 'host_month', host_month.* FROM host_month ORDER BY host_id, month, wiki_id".into(),
    ];
    let mut dump = Vec::new();
    for sql in sql {
        dump.extend(test.sql(&sql).await);
    }
    dump
}

/// Rows and counters whose editor is not there.
async fn dangling(test: &TestDb) -> u64 {
    let tables = ["link_addition", "link_restored", "link_flood", "pair", "editor_wiki"];
    let sums = tables.map(|table| {
        format!("(SELECT COUNT(*) FROM {table} LEFT JOIN editor e USING (editor_id) WHERE e.editor_id IS NULL)")
    });
    test.sql(&format!("SELECT {}", sums.join(" + "))).await[0]
        .parse()
        .unwrap()
}

async fn rename(store: &Store, lease: &Lease, id: u32, slices: u32) -> Renamed {
    let mut left = slices;
    let goes_on = || {
        left = left.saturating_sub(1);
        left > 0 || slices == u32::MAX
    };
    renamed(&store.test.db, lease.fence(), t(0), (id, 1, UserId(5)), "New", goes_on)
        .await
        .unwrap()
}

/// A name nobody had: only the name changes, and who has the old number in mind stores nothing wrong with it.
#[tokio::test]
async fn a_new_name_takes_the_number_over() {
    let mut store = Store::new().await;
    store
        .store(&[by(1, "Old", 5, "com.a."), by(2, "Else", 6, "com.a.")])
        .await;
    let before = as_if_new(&store.test).await;
    let id = id_of(&store.test, "Old").await.unwrap();
    let lease = take(&store.test.db, "reports").await;
    let try_as = async |account: (u32, u16, u64), name: &str| {
        let account = (account.0, account.1, UserId(account.2));
        renamed(&store.test.db, lease.fence(), t(0), account, name, || true)
            .await
            .unwrap()
    };
    // Another account's number, no account, another wiki; no name.
    for wrong in [(id, 1, 6), (id, 1, 0), (id, 2, 5), (9_999, 1, 5)] {
        assert_eq!(try_as(wrong, "New").await, Renamed::Unknown, "{wrong:?}");
    }
    for name in ["", "192.0.2.1", &"x".repeat(256)] {
        assert_eq!(try_as((id, 1, 5), name).await, Renamed::Unfit, "{name}");
    }
    assert_eq!(try_as((id, 1, 5), "Old").await, Renamed::Already);
    assert_eq!(try_as((id, 1, 5), "New").await, Renamed::Name);
    assert_eq!(try_as((id, 1, 5), "New").await, Renamed::Already);
    assert_eq!(as_if_new(&store.test).await, before);
    // The same process, which has numbered "Old" before.
    let late = [by(3, "Old", 5, "com.a."), by(4, "New", 5, "com.b.")];
    assert_eq!(store.store(&late).await.revisions, 2);
    assert_eq!(id_of(&store.test, "New").await, Some(id));
    let other = id_of(&store.test, "Old").await.unwrap();
    assert_ne!(other, id);
    let of = store
        .test
        .sql("SELECT rev_id, editor_id FROM link_addition WHERE rev_id > 2 ORDER BY 1")
        .await;
    assert_eq!(of, [format!("3|{other}"), format!("4|{id}")]);
    // What came late is given to the new name when it is noticed.
    assert_eq!(rename(&store, &lease, other, u32::MAX).await, Renamed::Merged(id));
    assert_eq!(id_of(&store.test, "Old").await, None);
    assert_eq!(dangling(&store.test).await, 0);
}

/// Both names have links, more than one transaction moves; cut off after each slice, with somebody storing in between.
#[tokio::test]
async fn two_names_become_one_wherever_it_is_cut_off() {
    let mut store = Store::new().await;
    let mut first: Vec<RevisionLinks> = (1..=9).map(|rev| by(rev, "Old", 5, "com.a.")).collect();
    first.extend((11..=14).map(|rev| by(rev, "New", 5, "com.a.")));
    first.push(by(15, "Else", 6, "com.a."));
    let mut restored = by(16, "Old", 5, "com.never.");
    restored.is_revert = true;
    let mut flood = by(17, "Old", 5, "com.a.");
    flood.links = Links::TooMany { links: 9_000, hosts: 2 };
    let mut temporary = by(18, "~2026-1", 7, "com.a.");
    temporary.editor.kind = EditorKind::Temporary;
    first.extend([restored, flood, temporary]);
    let mut elsewhere = by(19, "Old", 0, "com.a.");
    elsewhere.wiki = "fr.example.org/w".into();
    first.push(elsewhere);
    store.store(&first).await;
    let [old, new, odd] = [
        id_of(&store.test, "Old").await.unwrap(),
        id_of(&store.test, "New").await.unwrap(),
        id_of(&store.test, "~2026-1").await.unwrap(),
    ];
    let mut raw = store.test.raw().await;
    for sql in [
        "INSERT INTO host (host_id, rhost) SELECT 1000 + seq, CONCAT('com.h', seq, '.') FROM seq_1_to_7000".to_owned(),
        format!(
            "INSERT INTO link_addition SELECT 1, 1000 + seq, 0, '2026-03-01', 1000 + seq % 7000 + 1, {old}, 7, 0, 1, '/' \
             FROM seq_1_to_12000"
        ),
        "INSERT INTO pair SELECT host_id, editor_id, wiki_id, COUNT(*), MIN(ts), MAX(ts), 1 FROM link_addition \
         WHERE rev_id > 1000 GROUP BY 1, 2, 3"
            .into(),
        format!("UPDATE editor_wiki SET n = n + 12000 WHERE editor_id = {old} AND wiki_id = 1"),
    ] {
        raw.query_drop(sql).await.unwrap();
    }
    let lease = take(&store.test.db, "reports").await;
    // A temporary account is nobody else.
    let account = (odd, 1, UserId(7));
    let outcome = renamed(&store.test.db, lease.fence(), t(0), account, "New", || true).await;
    assert_eq!(outcome.unwrap(), Renamed::Unknown);

    let mut states = BTreeSet::new();
    for run in 0..40 {
        let before = as_if_new(&store.test).await;
        // Each time as if it had been killed after a slice.
        let outcome = rename(&store, &lease, old, 2).await;
        assert_eq!(as_if_new(&store.test).await, before, "run {run}");
        assert_eq!(dangling(&store.test).await, 0, "run {run}");
        let left = store
            .test
            .sql(&format!("SELECT COUNT(*) FROM link_addition WHERE editor_id = {old}"))
            .await;
        states.insert(left[0].clone());
        if matches!(outcome, Renamed::Merged(_) | Renamed::Unknown) {
            break;
        }
        let more = by(100 + run, ["Old", "New"][run as usize % 2], 5, "com.a.");
        assert_eq!(store.store(&[more]).await.additions, 1);
    }
    assert!(states.len() >= 3, "it was not cut off in between: {states:?}");
    assert!(finish(&store.test.db, lease.fence(), t(0), &mut || true).await.unwrap());
    let names = store
        .test
        .sql("SELECT editor_id, name FROM editor WHERE kind = 1 ORDER BY name")
        .await;
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.contains(&format!("{new}|New")), "{names:?}");
    assert_eq!(
        store
            .test
            .sql(&format!(
                "SELECT user_id FROM editor_wiki WHERE editor_id = {new} AND wiki_id = 1"
            ))
            .await,
        ["5"]
    );
    // And who has both old numbers in mind reads the names again.
    assert_eq!(store.store(&[by(200, "New", 5, "com.a.")]).await.additions, 1);
    assert_eq!(dangling(&store.test).await, 0);
}
