//! The database proxy in front of a real MariaDB.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};
use wikicrew_tests::counter::{MessageCounter, Moment};
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::world::World;

async fn connection(proxy: &DbProxy) -> Result<Conn> {
    Ok(Conn::new(Opts::from_url(proxy.url())?).await?)
}

/// The commands that count, without what the client asks for itself on connecting.
fn own(proxy: &DbProxy, word: &str) -> Vec<String> {
    proxy
        .statements()
        .into_iter()
        .filter(|s| s.sql.contains(word))
        .map(|s| format!("{} {}", s.is_run, s.sql))
        .collect()
}

#[tokio::test]
async fn commands_are_seen_with_their_sql() -> Result<()> {
    let world = World::new().await?;
    let proxy = DbProxy::start(&world.database_url()).await?;
    let mut conn = connection(&proxy).await?;
    conn.query_drop("CREATE TABLE t (id INT PRIMARY KEY, text LONGTEXT)")
        .await?;
    conn.exec_drop("INSERT INTO t VALUES (?, ?)", (1, "x")).await?;
    // Over 16 MB: one command of several packets.
    let long = "y".repeat(17 << 20);
    let before = proxy.counter().count();
    conn.query_drop(format!("INSERT INTO t VALUES (2, '{long}')")).await?;
    assert_eq!(proxy.counter().count() - before, 1);
    let rows: Vec<(u32, usize)> = conn.query("SELECT id, LENGTH(text) FROM t ORDER BY id").await?;
    assert_eq!(rows, [(1, 1), (2, 17 << 20)]);
    conn.ping().await?;
    conn.disconnect().await?;

    assert_eq!(
        own(&proxy, "(?, ?)"),
        ["false INSERT INTO t VALUES (?, ?)", "true INSERT INTO t VALUES (?, ?)"]
    );
    assert_eq!(
        proxy.writes().len(),
        4,
        "CREATE, the prepared INSERT twice, the long INSERT"
    );
    let counted = proxy
        .statements()
        .iter()
        .filter(|statement| statement.number > 0)
        .count() as u64;
    assert_eq!(counted, proxy.counter().count());
    assert!(proxy.statements().iter().any(|s| s.sql == "Ping" && s.number == 0));
    Ok(())
}

#[tokio::test]
async fn hooks_see_a_statement_before_and_after_it_was_carried_out() -> Result<()> {
    let world = Arc::new(World::new().await?);
    world.execute("CREATE TABLE t (id INT PRIMARY KEY)").await?;
    let proxy = DbProxy::start(&world.database_url()).await?;
    let seen = Arc::new([AtomicU64::new(99), AtomicU64::new(99)]);
    for (n, moment) in [Moment::BeforeForwarding, Moment::BeforeAnswer].into_iter().enumerate() {
        let (world, seen) = (world.clone(), seen.clone());
        proxy.when_run("INSERT INTO t", moment, move |_| {
            let (world, seen) = (world.clone(), seen.clone());
            async move { seen[n].store(world.count("t").await.unwrap(), Ordering::SeqCst) }
        });
    }
    let mut conn = connection(&proxy).await?;
    conn.exec_drop("INSERT INTO t VALUES (?)", (7,)).await?;
    assert_eq!(seen[0].load(Ordering::SeqCst), 0);
    assert_eq!(seen[1].load(Ordering::SeqCst), 1);
    Ok(())
}

#[tokio::test]
async fn connections_are_cut_and_refused() -> Result<()> {
    let world = World::new().await?;
    let proxy = DbProxy::start(&world.database_url()).await?;
    let mut locked = connection(&proxy).await?;
    let mut other = connection(&proxy).await?;
    locked.query_drop("SELECT GET_LOCK('x', 0)").await?;
    other.query_drop("SELECT 1").await?;

    // One connection, found by what it has said.
    let lock = proxy
        .statements()
        .into_iter()
        .find(|s| s.sql.contains("GET_LOCK"))
        .unwrap()
        .connection;
    proxy.cut(lock);
    assert!(locked.query_drop("SELECT 1").await.is_err());
    other.query_drop("SELECT 1").await?;

    proxy.cut_all();
    assert!(other.query_drop("SELECT 1").await.is_err());
    connection(&proxy).await?.query_drop("SELECT 1").await?;
    proxy.refuse().await?;
    assert!(connection(&proxy).await.is_err());
    proxy.accept().await?;
    connection(&proxy).await?.query_drop("SELECT 1").await?;
    Ok(())
}

#[tokio::test]
async fn a_strike_before_leaves_nothing_and_after_leaves_the_row() -> Result<()> {
    for (moment, rows) in [(Moment::BeforeForwarding, 0), (Moment::BeforeAnswer, 1)] {
        let world = World::new().await?;
        world.execute("CREATE TABLE t (id INT PRIMARY KEY)").await?;
        let counter = MessageCounter::new();
        let proxy = DbProxy::start_with(&world.database_url(), 0, counter.clone()).await?;
        let http = FaultProxy::start_with(&world.wiki.api, 0, counter.clone()).await?;
        let mut conn = connection(&proxy).await?;
        let mut strike = counter.strike(counter.count() + 1, moment);
        let insert = tokio::spawn(async move { conn.query_drop("INSERT INTO t VALUES (1)").await });
        strike.reached().await;
        assert!(!insert.is_finished());
        // The wiki is out of reach as well from now on.
        let api = wikicrew_tests::api::Api::anonymous(http.url())?;
        let read = tokio::spawn(async move { api.get(&[("action", "query")]).await });
        strike.release();
        assert!(insert.await?.is_err() && read.await?.is_err());
        world.db_is_idle().await?;
        assert_eq!(world.count("t").await?, rows, "{moment:?}");
    }
    Ok(())
}
