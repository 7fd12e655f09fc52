//! Whole again or not at all: lock waits, deadlocks, lost connections, lost
//! answers.

use crate::proxy::{self, Cut};
use crate::support::{TIMING, TestDb, WIKI, t};
use mysql_async::prelude::Queryable;
use std::time::Duration;
use wikicrew_db::{Access, Db, Error, Session, memo};

/// One row by its whole key: nothing else is locked.
const ROW: &str = "job = 'matchbot' AND wiki = 'testwiki' AND name =";

async fn memos(test: &TestDb) -> Vec<String> {
    test.sql("SELECT name, value FROM memo ORDER BY name").await
}

#[tokio::test]
async fn after_1205_the_whole_batch_is_done_again() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    test.write(&lease, async |tx| memo::set(tx, "b", "old", t(0)).await)
        .await
        .unwrap();
    let mut blocker = test.raw().await;
    blocker.query_drop("START TRANSACTION").await.unwrap();
    blocker
        .query_drop("SELECT * FROM memo WHERE job = 'matchbot' AND wiki = 'testwiki' AND name = 'b' FOR UPDATE")
        .await
        .unwrap();
    let mut tries = 0;
    let work = test.db.fenced(lease.fence(), "batch", async |tx| {
        tries += 1;
        memo::set(tx, "a", &format!("try {tries}"), t(1)).await?;
        memo::set(tx, "b", &format!("try {tries}"), t(1)).await
    });
    let free = async {
        tokio::time::sleep(Duration::from_millis(1_600)).await;
        assert_eq!(memos(&test).await, ["b|old"], "half a batch is visible");
        blocker.query_drop("ROLLBACK").await.unwrap();
    };
    let (outcome, ()) = tokio::join!(work, free);
    outcome.unwrap();
    assert!(tries >= 2);
    let last = format!("try {tries}");
    assert_eq!(memos(&test).await, [format!("a|{last}"), format!("b|{last}")]);
}

#[tokio::test]
async fn after_1213_the_whole_batch_is_done_again() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    test.write(&lease, async |tx| {
        memo::set(tx, "a", "old", t(0)).await?;
        memo::set(tx, "b", "old", t(0)).await
    })
    .await
    .unwrap();
    // The other side has written more, so ours is the victim.
    let mut other = test.raw().await;
    other.query_drop("START TRANSACTION").await.unwrap();
    other
        .query_drop(
            "INSERT INTO memo (job, wiki, name, value, updated) \
             SELECT 'x', 'x', seq, 'x', NOW() FROM seq_1_to_500",
        )
        .await
        .unwrap();
    other
        .query_drop(format!("UPDATE memo SET value = 'theirs' WHERE {ROW} 'b'"))
        .await
        .unwrap();
    let mut other = Some(other);
    let mut theirs = None;
    let mut tries = 0;
    let outcome = test
        .db
        .fenced(lease.fence(), "batch", async |tx| {
            tries += 1;
            memo::set(tx, "a", "ours", t(1)).await?;
            if let Some(mut other) = other.take() {
                theirs = Some(tokio::spawn(async move {
                    other
                        .query_drop(format!("UPDATE memo SET value = 'theirs' WHERE {ROW} 'a'"))
                        .await
                        .unwrap();
                    other.query_drop("COMMIT").await.unwrap();
                }));
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            memo::set(tx, "b", "ours", t(1)).await
        })
        .await;
    outcome.unwrap();
    theirs.unwrap().await.unwrap();
    assert_eq!(tries, 2);
    let ours = test
        .sql("SELECT name, value FROM memo WHERE job = 'matchbot' ORDER BY name")
        .await;
    assert_eq!(ours, ["a|ours", "b|ours"]);
}

#[tokio::test]
async fn a_killed_connection_is_replaced_and_the_batch_done_again() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut tries = 0;
    let outcome = test
        .write(&lease, async |tx| {
            tries += 1;
            memo::set(tx, "a", &format!("try {tries}"), t(0)).await?;
            if tries == 1 {
                test.sql(&format!("KILL {}", tx.conn().id())).await;
            }
            memo::set(tx, "b", &format!("try {tries}"), t(0)).await
        })
        .await;
    outcome.unwrap();
    assert_eq!(memos(&test).await, ["a|try 2", "b|try 2"]);
}

#[tokio::test]
async fn an_error_that_is_not_transient_undoes_everything_at_once() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut tries = 0;
    let outcome = test
        .write(&lease, async |tx| {
            tries += 1;
            memo::set(tx, "a", "1", t(0)).await?;
            memo::set(tx, &"x".repeat(300), "1", t(0)).await
        })
        .await;
    assert_eq!(outcome.unwrap_err().code(), Some(1406));
    assert_eq!(tries, 1);
    assert_eq!(memos(&test).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_transaction_that_is_dropped_half_way_leaves_nothing() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    // As SIGTERM does: the future is dropped in the middle.
    let cut = tokio::time::timeout(
        Duration::from_millis(100),
        test.write(&lease, async |tx| {
            memo::set(tx, "a", "1", t(0)).await?;
            std::future::pending::<()>().await;
            Ok(())
        }),
    )
    .await;
    assert!(cut.is_err());
    test.write(&lease, async |tx| memo::set(tx, "b", "1", t(0)).await)
        .await
        .unwrap();
    assert_eq!(memos(&test).await, ["b|1"]);
}

#[tokio::test]
async fn it_gives_up_after_five_tries() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let mut tries = 0;
    let outcome: Result<(), Error> = test
        .write(&lease, async |_| {
            tries += 1;
            Err(Error::TooManyConnections { limit: 3 })
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(tries, 5);
}

#[tokio::test]
async fn a_commit_without_an_answer_is_not_repeated_but_told() {
    for (cut, stored) in [(Cut::AfterCommit, true), (Cut::BeforeCommit, false)] {
        let test = TestDb::new().await;
        let lease = test.lease().await;
        let mut config = test.config.clone();
        config.port = proxy::start(&config.host, config.port, cut).await;
        let db = Db::new(config, Access::Write, TIMING, 1).unwrap();
        let mut tries = 0;
        let outcome = db
            .fenced(lease.fence(), "batch", async |tx| {
                tries += 1;
                memo::set(tx, "a", "1", t(0)).await
            })
            .await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::CommitUnknown { .. }), "{error}");
        assert!(!error.is_transient());
        assert_eq!(tries, 1);
        // Reading back on a new connection tells.
        let read = memo::get(&mut db.conn().await.unwrap(), "matchbot", WIKI, "a").await;
        assert_eq!(read.unwrap().is_some(), stored);
    }
}
