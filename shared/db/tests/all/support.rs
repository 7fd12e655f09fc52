//! One database per test on the sandbox's MariaDB: random name, dropped at the
//! end; leftovers older than an hour are swept.

use chrono::{Duration, TimeZone, Utc};
use mysql_async::params;
use mysql_async::prelude::Queryable;
use std::path::Path;
use std::time::Duration as Span;
use wikicrew_core::types::{Secret, Timestamp};
use wikicrew_db::run::NewRun;
use wikicrew_db::{Access, Db, DbConfig, FencedTx, Lease, Result, Taken, Timing};

pub const WIKI: &str = "testwiki";
pub const RUN: NewRun<'static> = NewRun {
    job: "matchbot",
    wiki: WIKI,
    shard: "",
    version: "0.1.0",
};

/// A fixed moment plus so many seconds.
pub fn t(seconds: i64) -> Timestamp {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap() + Duration::seconds(seconds)
}

/// Short waits, and jitter that is the same each time.
pub const TIMING: Timing = Timing {
    idle: Span::from_secs(10),
    statement: Span::from_secs(20),
    lock_wait: Span::from_secs(1),
    pause: Span::from_millis(20),
};

struct Server {
    host: String,
    port: u16,
    user: String,
    password: String,
    prefix: String,
}

fn server() -> Server {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|dir| dir.join(".sandbox/sandbox.json"))
        .find(|file| file.exists())
        .unwrap_or_else(|| panic!("no sandbox: run scripts/sandbox up"));
    let text = std::fs::read_to_string(file).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let db = &json["db_parallel"];
    let text = |key: &str| db[key].as_str().unwrap().to_owned();
    Server {
        host: text("host"),
        port: db["port"].as_u64().unwrap().try_into().unwrap(),
        user: text("user"),
        password: text("password"),
        prefix: text("prefix"),
    }
}

pub struct TestDb {
    pub config: DbConfig,
    pub db: Db,
}

impl TestDb {
    /// A migrated database.
    pub async fn new() -> Self {
        let test = Self::empty().await;
        test.db.create_database_if_missing().await.unwrap();
        test.db.migrate().await.unwrap();
        test
    }

    /// Only a name: nothing is created.
    pub async fn empty() -> Self {
        let server = server();
        let mut config = DbConfig {
            host: server.host,
            port: server.port,
            socket: None,
            user: server.user,
            password: Secret::new(server.password),
            database: format!("{}none", server.prefix),
        };
        let mut admin = connect(&config).await;
        sweep(&mut admin, &server.prefix).await;
        config.database = admin
            .query_first::<String, _>(format!(
                "SELECT CONCAT('{}wdb_', UNIX_TIMESTAMP(), '_', LEFT(MD5(UUID()), 12))",
                server.prefix
            ))
            .await
            .unwrap()
            .unwrap();
        admin.disconnect().await.unwrap();
        let db = Db::new(config.clone(), Access::Write, TIMING, 1).unwrap();
        Self { config, db }
    }

    /// Another process, as it were: the same database, connections of its own.
    pub fn other(&self, access: Access) -> Db {
        Db::new(self.config.clone(), access, TIMING, 2).unwrap()
    }

    /// A plain connection for looking and for mischief.
    pub async fn raw(&self) -> mysql_async::Conn {
        let mut conn = connect(&self.config).await;
        conn.query_drop(format!("USE `{}`", self.config.database))
            .await
            .unwrap();
        conn
    }

    /// Runs a statement as somebody else; the rows as text, columns joined by `|`.
    pub async fn sql(&self, sql: &str) -> Vec<String> {
        let mut conn = self.raw().await;
        let rows: Vec<mysql_async::Row> = conn.query(sql).await.unwrap();
        conn.disconnect().await.unwrap();
        rows.into_iter()
            .map(|row| {
                let cells = row.unwrap().into_iter().map(|value| match value {
                    mysql_async::Value::NULL => "NULL".to_owned(),
                    mysql_async::Value::Bytes(bytes) => String::from_utf8(bytes).unwrap(),
                    other => other.as_sql(true),
                });
                cells.collect::<Vec<_>>().join("|")
            })
            .collect()
    }

    /// Waits until the database's connections are this many; the last number seen.
    pub async fn connections(&self, wanted: usize) -> usize {
        let mut conn = connect(&self.config).await;
        let mut seen = usize::MAX;
        for _ in 0..100 {
            seen = conn
                .exec_first(
                    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = ?",
                    (&self.config.database,),
                )
                .await
                .unwrap()
                .unwrap();
            if seen == wanted {
                break;
            }
            tokio::time::sleep(Span::from_millis(20)).await;
        }
        conn.disconnect().await.unwrap();
        seen
    }

    /// A run that holds the lock.
    pub async fn lease(&self) -> Lease {
        self.lease_at(t(0)).await
    }

    pub async fn lease_at(&self, now: Timestamp) -> Lease {
        match Lease::take(&self.db, &RUN, now).await.unwrap() {
            Taken::Lease(lease) => lease,
            Taken::Busy { run_id, since } => panic!("busy: {run_id:?} since {since:?}"),
        }
    }

    /// One fenced transaction.
    pub async fn write<T>(&self, lease: &Lease, body: impl AsyncFnMut(&mut FencedTx<'_>) -> Result<T>) -> Result<T> {
        self.db.fenced(lease.fence(), "test", body).await
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let config = self.config.clone();
        // The test's own runtime cannot be waited for in a destructor.
        let dropper = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut conn = connect(&config).await;
                // A connection that a failed test left open may hold a table.
                let _ = conn.query_drop("SET SESSION lock_wait_timeout = 5").await;
                let _ = conn
                    .query_drop(format!("DROP DATABASE IF EXISTS `{}`", config.database))
                    .await;
                let _ = conn.disconnect().await;
            });
        });
        let _ = dropper.join();
    }
}

/// As the test user, without a database; at the port of `config`.
pub async fn connect(config: &DbConfig) -> mysql_async::Conn {
    let opts = mysql_async::OptsBuilder::default()
        .ip_or_hostname(config.host.clone())
        .tcp_port(config.port)
        .user(Some(config.user.clone()))
        .pass(Some(config.password.expose()))
        .setup(vec!["SET SESSION time_zone = '+00:00'"])
        .prefer_socket(false);
    mysql_async::Conn::new(opts)
        .await
        .unwrap_or_else(|error| panic!("no database ({error}): run scripts/sandbox up"))
}

async fn sweep(admin: &mut mysql_async::Conn, prefix: &str) {
    let old: Vec<String> = admin
        .exec(
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA \
             WHERE LEFT(SCHEMA_NAME, CHAR_LENGTH(:start)) = :start \
             AND CAST(SUBSTRING_INDEX(SUBSTRING(SCHEMA_NAME, CHAR_LENGTH(:start) + 1), '_', 1) \
                 AS UNSIGNED) < UNIX_TIMESTAMP() - 3600",
            params! { "start" => format!("{prefix}wdb_") },
        )
        .await
        .unwrap();
    for name in old {
        // Another test may be sweeping the same one.
        let _ = admin.query_drop(format!("DROP DATABASE IF EXISTS `{name}`")).await;
    }
}
