//! Connections: how a session is set up, and that there are few of them.
//!
//! ToolsDB gives a tool 20 connections and ends idle ones, so there is no pool:
//! a process has at most [`MAX_CONNECTIONS`], namely the one that holds the
//! run's lock, one *work connection* that closes itself when unused, and one to
//! spare. The host's name is resolved anew for each.

use crate::config::DbConfig;
use crate::error::{Error, Result};
use crate::session::{One, Session, within};
use mysql_async::{Opts, OptsBuilder};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// Connections that one process opens at the same time, at most.
pub const MAX_CONNECTIONS: usize = 3;

/// What a session may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Read and write.
    Write,
    /// `--dry-run`: the server itself refuses every write.
    ReadOnly,
}

/// Spans of waiting; the defaults are for production.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// The work connection is closed when it was not used for so long.
    pub idle: Duration,
    /// Longest wait for a connection or for the answer to one statement.
    pub statement: Duration,
    /// Longest wait for a row that another transaction has locked (whole seconds,
    /// at least one).
    pub lock_wait: Duration,
    /// Pause before the first repetition of a transaction; tripled each time,
    /// half to one and a half of it by chance.
    pub pause: Duration,
}

impl Timing {
    /// Longest wait for a table that another session alters: a third of the time of a statement, in whole seconds.
    /// Shorter than that, so that it ends with 1205, after which the transaction is tried again, and not with 1969, which
    /// says that the statement itself takes too long.
    pub(crate) fn table_wait(&self) -> Duration {
        Duration::from_secs((self.statement.as_secs() / 3).max(1))
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(15),
            statement: Duration::from_secs(60),
            lock_wait: Duration::from_secs(10),
            pause: Duration::from_millis(100),
        }
    }
}

/// The database of one process. Clones share the connections. It has no
/// `Debug`, since it holds the password.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    config: DbConfig,
    access: Access,
    timing: Timing,
    slots: Arc<Semaphore>,
    work: Arc<Mutex<Slot>>,
    closer_runs: AtomicBool,
    rng: std::sync::Mutex<StdRng>,
}

struct Slot {
    conn: Option<Conn>,
    used: Instant,
}

impl Db {
    /// Opens nothing yet. `seed` feeds the jitter of repetitions. Errs when the
    /// database's name is not allowed (see [`DbConfig::check`]).
    pub fn new(config: DbConfig, access: Access, timing: Timing, seed: u64) -> Result<Self> {
        config.check()?;
        Ok(Self(Arc::new(Inner {
            config,
            access,
            timing,
            slots: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            work: Arc::new(Mutex::new(Slot {
                conn: None,
                used: Instant::now(),
            })),
            closer_runs: AtomicBool::new(false),
            rng: std::sync::Mutex::new(StdRng::seed_from_u64(seed)),
        })))
    }

    /// Name of the database.
    pub fn database(&self) -> &str {
        &self.0.config.database
    }

    /// `database at host:port`, for messages.
    pub fn target(&self) -> String {
        self.0.config.target()
    }

    /// Whether this is a dry run's database.
    pub fn is_read_only(&self) -> bool {
        self.0.access == Access::ReadOnly
    }

    pub(crate) fn timing(&self) -> Timing {
        self.0.timing
    }

    /// Errs in a dry run.
    pub(crate) fn must_write(&self, what: &'static str) -> Result<()> {
        if self.is_read_only() {
            return Err(Error::ReadOnly { what });
        }
        Ok(())
    }

    /// A number in 0.5 to 1.5.
    pub(crate) fn jitter(&self) -> f64 {
        use rand::RngExt;
        let mut rng = self.0.rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        rng.random_range(0.5..1.5)
    }

    /// Creates the database if it is not there, in utf8mb4. Refused in a dry run.
    pub async fn create_database_if_missing(&self) -> Result<()> {
        const WHAT: &str = "creating the database";
        self.must_write(WHAT)?;
        // The name was checked by DbConfig::check: it cannot hold a backtick.
        let sql = format!(
            "CREATE DATABASE IF NOT EXISTS `{}` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
            self.database()
        );
        let mut conn = self.connect(self.options(false, true)).await?;
        let outcome = conn.plain(WHAT, &sql).await;
        conn.close().await;
        outcome
    }

    /// A fresh connection of the caller's own. Errs with
    /// [`Error::TooManyConnections`] when none becomes free.
    pub async fn open(&self) -> Result<Conn> {
        self.connect(self.options(true, true)).await
    }

    /// The work connection, opened if need be; other tasks wait until the guard
    /// is dropped. Never ask for it while holding it or inside a transaction.
    pub async fn conn(&self) -> Result<Work> {
        const WHAT: &str = "waiting for the work connection";
        let after = self.timing().statement;
        let mut slot = within(after, self.0.work.clone().lock_owned())
            .await
            .ok_or(Error::Timeout { what: WHAT, after })?;
        if slot.conn.as_ref().is_none_or(|conn| !conn.usable) {
            slot.conn = None;
            slot.conn = Some(self.open().await?);
        }
        Ok(Work { slot, db: self.clone() })
    }

    /// Closes the work connection now: before long waits, and at the end.
    pub async fn close(&self) {
        let conn = self.0.work.clone().lock_owned().await.conn.take();
        if let Some(conn) = conn {
            conn.close().await;
        }
    }

    /// Options for the driver. Migrations run without the limit on the time of a
    /// statement: they may rebuild a table.
    pub(crate) fn options(&self, with_database: bool, with_limit: bool) -> Opts {
        let config = &self.0.config;
        let timing = self.0.timing;
        let mut set = format!(
            "SET SESSION time_zone = '+00:00', \
             sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', \
             tx_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = {}, \
             lock_wait_timeout = {}, \
             character_set_client = utf8mb4, character_set_results = utf8mb4, \
             collation_connection = utf8mb4_nopad_bin",
            timing.lock_wait.as_secs().max(1),
            timing.table_wait().as_secs()
        );
        if with_limit {
            set += &format!(", max_statement_time = {}", timing.statement.as_secs_f64());
        }
        if self.is_read_only() {
            set += ", tx_read_only = 1";
        }
        OptsBuilder::default()
            .ip_or_hostname(config.host.clone())
            .tcp_port(config.port)
            .socket(config.socket.clone())
            .user(Some(config.user.clone()))
            .pass(Some(config.password.expose()))
            .db_name(with_database.then(|| config.database.clone()))
            .setup(vec![set])
            // Known values: saves the driver a question per connection.
            .prefer_socket(false)
            .max_allowed_packet(Some(16 * 1024 * 1024))
            .wait_timeout(Some(600))
            .tcp_keepalive(Some(Duration::from_secs(30)))
            .into()
    }

    /// One of the process's few connections.
    pub(crate) async fn slot(&self) -> Result<OwnedSemaphorePermit> {
        let permit = within(self.0.timing.statement, self.0.slots.clone().acquire_owned()).await;
        match permit {
            Some(Ok(permit)) => Ok(permit),
            _ => Err(Error::TooManyConnections { limit: MAX_CONNECTIONS }),
        }
    }

    async fn connect(&self, opts: Opts) -> Result<Conn> {
        let permit = self.slot().await?;
        let timeout = self.0.timing.statement;
        let raw = within(timeout, mysql_async::Conn::new(opts))
            .await
            .ok_or(Error::Timeout {
                what: "connecting to the database",
                after: timeout,
            })?
            .map_err(|source| self.refused(source))?;
        Ok(Conn {
            raw,
            usable: true,
            timeout,
            _permit: permit,
        })
    }

    fn refused(&self, source: mysql_async::Error) -> Error {
        match crate::error::code(&source) {
            Some(1049) => Error::NoDatabase(self.target()),
            _ => Error::Connect {
                target: self.target(),
                source,
            },
        }
    }

    /// Closes the work connection once it has been idle for long enough. One
    /// such task runs at a time; it ends with the connection.
    fn start_closer(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if self.0.closer_runs.swap(true, Ordering::SeqCst) {
            return;
        }
        let weak = Arc::downgrade(&self.0);
        let idle = self.0.timing.idle;
        runtime.spawn(async move {
            loop {
                tokio::time::sleep(idle).await;
                let Some(inner) = weak.upgrade() else { return };
                let mut slot = inner.work.clone().lock_owned().await;
                if slot.conn.is_some() && slot.used.elapsed() < idle {
                    continue;
                }
                let conn = slot.conn.take();
                inner.closer_runs.store(false, Ordering::SeqCst);
                drop(slot);
                if let Some(conn) = conn {
                    conn.close().await;
                }
                return;
            }
        });
    }
}

/// One connection, set up with strict mode, UTC and READ COMMITTED.
pub struct Conn {
    raw: mysql_async::Conn,
    usable: bool,
    timeout: Duration,
    _permit: OwnedSemaphorePermit,
}

impl Conn {
    /// The server's number of this connection (what `KILL` takes).
    pub fn id(&self) -> u32 {
        self.raw.id()
    }

    /// Says goodbye to the server. Locks and open transactions end with it.
    pub async fn close(self) {
        if self.usable {
            // Whether the server heard it does not matter: it is gone either way.
            let _ = within(Duration::from_secs(2), self.raw.disconnect()).await;
        }
    }

    /// Rows that the server has read for this connection so far: what the query
    /// gate compares before and after a statement.
    pub async fn handler_reads(&mut self) -> Result<u64> {
        const SQL: &str = "SELECT CAST(SUM(VARIABLE_VALUE) AS UNSIGNED) AS value \
            FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME LIKE 'Handler\\_read%'";
        let One(reads) = self.one("reading the handler counters", SQL, ()).await?;
        Ok(reads)
    }

    pub(crate) fn raw(&mut self) -> &mut mysql_async::Conn {
        &mut self.raw
    }

    pub(crate) fn is_usable(&self) -> bool {
        self.usable
    }

    pub(crate) fn set_usable(&mut self, usable: bool) {
        self.usable = usable;
    }

    pub(crate) fn statement_timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn set_statement_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }
}

/// The work connection, for as long as this guard lives.
pub struct Work {
    slot: OwnedMutexGuard<Slot>,
    db: Db,
}

impl Deref for Work {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.slot.conn.as_ref().expect("Db::conn has just put it there")
    }
}

impl DerefMut for Work {
    fn deref_mut(&mut self) -> &mut Conn {
        self.slot.conn.as_mut().expect("Db::conn has just put it there")
    }
}

impl Session for Work {
    fn conn(&mut self) -> &mut Conn {
        self
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.slot.used = Instant::now();
        if self.slot.conn.as_ref().is_some_and(|conn| !conn.usable) {
            self.slot.conn = None;
        }
        if self.slot.conn.is_some() {
            self.db.start_closer();
        }
    }
}
