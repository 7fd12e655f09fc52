//! Run records and what is asked of them.

use crate::support::{RUN, TestDb, WIKI, t};
use wikicrew_core::types::{RevId, Timestamp};
use wikicrew_db::memo;
use wikicrew_db::run::{self, Finish, Requests, State, Totals};

const END: Finish<'static> = Finish {
    state: State::Done,
    exit_code: 0,
    success: true,
    edits: 3,
    db_rows: 7,
    requests: Requests {
        total: 40,
        fixed: 10,
        items: 18,
        lookups: 12,
    },
    settings_revid: Some(RevId(3_000_000_000)),
    summary: r#"{"waiting":"é😀"}"#,
};

/// One run from start to end.
async fn a_run(test: &TestDb, begin: Timestamp, end: &Finish<'_>) -> u64 {
    let lease = test.lease_at(begin).await;
    let id = lease.run_id();
    let mut conn = test.db.conn().await.unwrap();
    run::finish(&mut conn, id, end, begin + chrono::Duration::seconds(9))
        .await
        .unwrap();
    drop(conn);
    lease.release().await;
    id
}

#[tokio::test]
async fn a_run_is_recorded_from_start_to_end() {
    let test = TestDb::new().await;
    let lease = test.lease_at(t(0)).await;
    let id = lease.run_id();
    let mut conn = test.db.conn().await.unwrap();
    let running = run::get(&mut conn, id).await.unwrap().unwrap();
    assert_eq!(
        (running.state, running.started, running.finished),
        (State::Running, t(0), None)
    );
    assert_eq!(run::last_finished(&mut conn, "matchbot", WIKI).await.unwrap(), None);

    run::add_error(&mut conn, id, "12:Writing", true, "protected: because", t(3))
        .await
        .unwrap();
    run::add_error(&mut conn, id, "", false, &"é".repeat(20_000), t(4))
        .await
        .unwrap();
    run::finish(&mut conn, id, &END, t(9)).await.unwrap();
    // A second end (a panic handler after the end) changes nothing.
    let again = Finish {
        state: State::Failed,
        exit_code: 1,
        ..END
    };
    run::finish(&mut conn, id, &again, t(10)).await.unwrap();

    let done = run::last_finished(&mut conn, "matchbot", WIKI).await.unwrap().unwrap();
    assert_eq!((done.state, done.exit_code, done.success), (State::Done, Some(0), true));
    assert_eq!((done.edits, done.db_rows, done.errors), (3, 7, 2));
    assert_eq!((done.requests, done.settings_revid), (END.requests, END.settings_revid));
    assert_eq!(done.finished, Some(t(9)));
    assert_eq!(done.summary.as_deref(), Some(END.summary));
    assert_eq!(done.version, RUN.version);

    let errors = run::errors(&mut conn, id).await.unwrap();
    assert_eq!(
        (errors[0].n, errors[0].item.as_str(), errors[0].handled),
        (1, "12:Writing", true)
    );
    assert_eq!((errors[1].n, errors[1].handled, errors[1].at), (2, false, t(4)));
    assert!(errors[1].text.len() <= 16_000 && errors[1].text.ends_with('…'));
}

#[tokio::test]
async fn questions_of_the_exit_codes() {
    let test = TestDb::new().await;
    {
        let mut conn = test.db.conn().await.unwrap();
        assert_eq!(run::last_success(&mut conn, "matchbot", WIKI).await.unwrap(), None);
        assert_eq!(run::first_start(&mut conn, "matchbot", WIKI).await.unwrap(), None);
        let none = run::totals_since(&mut conn, "matchbot", WIKI, t(0)).await.unwrap();
        assert_eq!(none, Totals::default());
    }
    a_run(&test, t(0), &END).await;
    let alarm = Finish {
        state: State::Failed,
        exit_code: 75,
        success: false,
        ..END
    };
    a_run(&test, t(300), &alarm).await;
    let quiet = Finish {
        exit_code: 0,
        success: false,
        ..END
    };
    a_run(&test, t(600), &quiet).await;

    let mut conn = test.db.conn().await.unwrap();
    assert_eq!(
        run::last_success(&mut conn, "matchbot", WIKI).await.unwrap(),
        Some(t(9))
    );
    assert_eq!(run::first_start(&mut conn, "matchbot", WIKI).await.unwrap(), Some(t(0)));
    assert_eq!(
        run::last_alarm(&mut conn, "matchbot", WIKI, 75).await.unwrap(),
        Some(t(309))
    );
    assert_eq!(run::last_alarm(&mut conn, "matchbot", WIKI, 78).await.unwrap(), None);
    assert_eq!(run::last_success(&mut conn, "matchbot", "dewiki").await.unwrap(), None);
    let day = run::totals_since(&mut conn, "matchbot", WIKI, t(300)).await.unwrap();
    assert_eq!(
        day,
        Totals {
            runs: 2,
            successes: 0,
            edits: 6,
            db_rows: 14,
            errors: 0
        }
    );
}

#[tokio::test]
async fn the_first_failure_of_an_item_in_a_day() {
    let test = TestDb::new().await;
    let first = a_run(&test, t(0), &END).await;
    let mut conn = test.db.conn().await.unwrap();
    let failed = async |conn: &mut wikicrew_db::Work, item: &str, this_run: u64| {
        run::item_failed_since(conn, "matchbot", WIKI, item, t(0), this_run)
            .await
            .unwrap()
    };
    run::add_error(&mut conn, first, "12", true, "x", t(1)).await.unwrap();
    assert!(!failed(&mut conn, "12", first).await, "its own error does not count");
    assert!(failed(&mut conn, "12", first + 1).await);
    assert!(!failed(&mut conn, "13", first + 1).await);
    let other = run::item_failed_since(&mut conn, "matchbot", "dewiki", "12", t(0), 99).await;
    assert!(!other.unwrap());
    let later = run::item_failed_since(&mut conn, "matchbot", WIKI, "12", t(2), 99).await;
    assert!(!later.unwrap());
}

#[tokio::test]
async fn a_thousand_errors_are_stored_and_the_rest_counted() {
    let test = TestDb::new().await;
    let id = a_run(&test, t(0), &END).await;
    test.sql(&format!("UPDATE run SET errors = 999 WHERE run_id = {id}"))
        .await;
    let mut conn = test.db.conn().await.unwrap();
    for _ in 0..3 {
        run::add_error(&mut conn, id, "", true, "x", t(1)).await.unwrap();
    }
    assert_eq!(run::errors(&mut conn, id).await.unwrap().len(), 1);
    assert_eq!(run::get(&mut conn, id).await.unwrap().unwrap().errors, 1_002);
}

#[tokio::test]
async fn old_runs_go_in_slices_but_the_last_success_stays() {
    let test = TestDb::new().await;
    let failed = Finish { success: false, ..END };
    let mut ids = Vec::new();
    for i in 0..7 {
        let end = if i == 2 { &END } else { &failed };
        ids.push(a_run(&test, t(i * 300), end).await);
    }
    for id in &ids {
        let mut conn = test.db.conn().await.unwrap();
        run::add_error(&mut conn, *id, "", true, "x", t(1)).await.unwrap();
    }
    let deleted = run::prune(&test.db, "matchbot", WIKI, t(5 * 300), 2).await.unwrap();
    assert_eq!(deleted, 4);
    let left = [ids[2], ids[5], ids[6]].map(|id| id.to_string());
    assert_eq!(test.sql("SELECT run_id FROM run ORDER BY run_id").await, left);
    assert_eq!(test.sql("SELECT run_id FROM run_error ORDER BY run_id").await, left);
    assert_eq!(run::prune(&test.db, "matchbot", WIKI, t(5 * 300), 2).await.unwrap(), 0);
}

#[tokio::test]
async fn memos_are_kept_by_job_and_wiki() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    for (value, now) in [("12", 0), ("13", 5)] {
        test.write(&lease, async |tx| memo::set(tx, "list:x", value, t(now)).await)
            .await
            .unwrap();
    }
    let mut conn = test.db.conn().await.unwrap();
    let memo = memo::get(&mut conn, "matchbot", WIKI, "list:x").await.unwrap().unwrap();
    assert_eq!((memo.value.as_str(), memo.updated), ("13", t(5)));
    assert_eq!(
        memo::get(&mut conn, "matchbot", "dewiki", "list:x").await.unwrap(),
        None
    );
}
