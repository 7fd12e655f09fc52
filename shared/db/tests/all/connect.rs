//! Sessions and their number.

use crate::support::{TIMING, TestDb, t};
use std::time::Duration;
use wikicrew_db::{Access, Db, Error, MAX_CONNECTIONS, Timing, memo, run};

#[tokio::test]
async fn a_dry_run_is_refused_every_write_by_the_server() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    let dry = test.other(Access::ReadOnly);
    let mut conn = dry.open().await.unwrap();
    let before = test.sql("SELECT COUNT(*), SUM(errors) FROM run").await;

    let refused = run::add_error(&mut conn, lease.run_id(), "x", true, "y", t(0)).await;
    assert!(matches!(refused, Err(Error::ReadOnly { .. })), "{refused:?}");
    let mut body_ran = false;
    let outcome = dry
        .transaction("test", async |_| {
            body_ran = true;
            Ok(())
        })
        .await;
    assert!(matches!(outcome, Err(Error::ReadOnly { .. })));
    assert!(!body_ran);
    assert!(matches!(dry.migrate().await, Err(Error::ReadOnly { .. })));
    assert!(matches!(
        dry.create_database_if_missing().await,
        Err(Error::ReadOnly { .. })
    ));
    let taken = wikicrew_db::Lease::take(&dry, &crate::support::RUN, t(0)).await;
    assert!(matches!(taken.err(), Some(Error::ReadOnly { .. })));

    let read = dry.read(async |work| memo::get(work, "matchbot", "testwiki", "x").await);
    assert_eq!(read.await.unwrap(), None);
    assert_eq!(test.sql("SELECT COUNT(*), SUM(errors) FROM run").await, before);
}

#[tokio::test]
async fn a_dry_run_without_a_database_or_tables_is_told_so() {
    let test = TestDb::empty().await;
    let dry = test.other(Access::ReadOnly);
    assert!(matches!(dry.conn().await.err(), Some(Error::NoDatabase(_))));
    test.db.create_database_if_missing().await.unwrap();
    let mut conn = dry.open().await.unwrap();
    let read = memo::get(&mut conn, "matchbot", "testwiki", "x").await;
    assert!(matches!(read, Err(Error::NoTable { .. })), "{read:?}");
}

#[tokio::test]
async fn the_session_is_set_up_as_the_protocol_asks() {
    let test = TestDb::new().await;
    let lease = test.lease().await;
    // What a session does, not what its variables say.
    let name = "Ünïcode 😀 ".repeat(40);
    let long = test
        .write(&lease, async |tx| memo::set(tx, &name, "v", t(0)).await)
        .await;
    assert_eq!(long.unwrap_err().code(), Some(1406), "cut without a word");
    test.write(&lease, async |tx| memo::set(tx, "e 😀", "é😀 ", t(5)).await)
        .await
        .unwrap();
    let stored = test.sql("SELECT HEX(name), HEX(value), updated FROM memo").await;
    assert_eq!(
        stored,
        ["6520F09F9880|C3A9F09F988020|2026-03-01 12:00:05"],
        "bytes and UTC"
    );
    let mut conn = test.db.conn().await.unwrap();
    for (name, there) in [("e 😀", true), ("E 😀", false), ("e 😀 ", false)] {
        let found = memo::get(&mut conn, "matchbot", "testwiki", name).await;
        assert_eq!(found.unwrap().is_some(), there, "{name:?}");
    }
}

#[tokio::test]
async fn never_more_connections_than_allowed() {
    let test = TestDb::new().await;
    let mut lease = test.lease().await;
    let busy: Vec<_> = (0..40)
        .map(|i| {
            let db = test.db.clone();
            tokio::spawn(async move {
                if i % 4 == 0 {
                    let mut conn = db.open().await.unwrap();
                    memo::get(&mut conn, "j", "w", "n").await.unwrap();
                    conn.close().await;
                } else {
                    let mut work = db.conn().await.unwrap();
                    memo::get(&mut work, "j", "w", "n").await.unwrap();
                }
            })
        })
        .collect();
    let mut most = 0;
    let mut admin = test.raw().await;
    while busy.iter().any(|task| !task.is_finished()) {
        use mysql_async::prelude::Queryable;
        let n: usize = admin
            .exec_first(
                "SELECT COUNT(*) FROM information_schema.PROCESSLIST \
                 WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND COMMAND <> 'Connect'",
                (),
            )
            .await
            .unwrap()
            .unwrap();
        most = most.max(n);
    }
    for task in busy {
        task.await.unwrap();
    }
    // One may still be closing on the server while the next one opens.
    assert!(most <= MAX_CONNECTIONS + 1, "{most}");
    lease.ping().await.unwrap();
}

#[tokio::test]
async fn one_connection_too_many_is_an_error_not_a_hang() {
    let test = TestDb::new().await;
    let timing = Timing {
        statement: Duration::from_millis(300),
        ..TIMING
    };
    let db = Db::new(test.config.clone(), Access::Write, timing, 1).unwrap();
    let _all = [
        db.open().await.unwrap(),
        db.open().await.unwrap(),
        db.open().await.unwrap(),
    ];
    let error = db.open().await.err().unwrap();
    assert!(matches!(error, Error::TooManyConnections { limit: 3 }));
    assert!(error.is_transient());
}

#[tokio::test]
async fn the_work_connection_closes_itself_and_comes_back() {
    let test = TestDb::new().await;
    let timing = Timing {
        idle: Duration::from_millis(150),
        ..TIMING
    };
    let db = Db::new(test.config.clone(), Access::Write, timing, 1).unwrap();
    test.db.close().await;
    let first = db.conn().await.unwrap().id();
    assert_eq!(db.conn().await.unwrap().id(), first, "used again while fresh");
    assert_eq!(test.connections(0).await, 0, "closed when idle");
    assert_ne!(db.conn().await.unwrap().id(), first);
    assert_eq!(test.connections(0).await, 0, "and again");
}

#[tokio::test]
async fn a_killed_work_connection_is_replaced() {
    let test = TestDb::new().await;
    let id = test.db.conn().await.unwrap().id();
    test.sql(&format!("KILL {id}")).await;
    let mut work = test.db.conn().await.unwrap();
    let error = memo::get(&mut work, "j", "w", "n").await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    drop(work);
    let id = test.db.conn().await.unwrap().id();
    test.sql(&format!("KILL {id}")).await;
    let read = test.db.read(async |work| memo::get(work, "j", "w", "n").await);
    assert_eq!(read.await.unwrap(), None, "read again on a new one");
    assert_ne!(test.db.conn().await.unwrap().id(), id);
}

#[tokio::test]
async fn nobody_listening_is_transient_and_named() {
    let test = TestDb::empty().await;
    let mut config = test.config.clone();
    // Bound and dropped: nobody listens there now.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    config.port = free.local_addr().unwrap().port();
    drop(free);
    let db = Db::new(config.clone(), Access::Write, TIMING, 1).unwrap();
    let error = db.conn().await.err().unwrap();
    assert!(error.is_transient());
    let text = error.to_string();
    assert!(
        text.contains(&config.port.to_string()) && text.contains(&config.database),
        "{text}"
    );
}

#[tokio::test]
async fn creating_the_database_twice_is_fine() {
    let test = TestDb::empty().await;
    test.db.create_database_if_missing().await.unwrap();
    test.db.create_database_if_missing().await.unwrap();
    let charset = test
        .sql("SELECT DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()")
        .await;
    assert_eq!(charset, ["utf8mb4"]);
}
