//! Bringing the schema up to date, under a lock.
//!
//! DDL is not transactional on MariaDB and two starters race, so the runner works
//! while a connection of its own holds `GET_LOCK('<database>.migrate')`. What was
//! applied is never changed: differences are errors that say what to do.

use crate::connect::Db;
use crate::error::{Error, Result};
use crate::session::One;
use mysql_async::{Pool, PoolConstraints, PoolOpts, params};
use refinery::error::Kind;
use std::time::Duration;

/// How long to wait for another starter.
const WAIT: Duration = Duration::from_secs(60);

/// Name of refinery's table.
const HISTORY: &str = "refinery_schema_history";

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// The compiled-in migrations, `(number, name, SQL)`, in order.
pub fn files() -> Vec<(i32, String, String)> {
    let mut files: Vec<_> = embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(|file| {
            (
                file.version(),
                file.name().to_owned(),
                file.sql().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    files.sort();
    files
}

impl Db {
    /// Applies what is missing; the numbers of what was applied. Waits at most a
    /// minute for another process that is doing the same. Refused in a dry run.
    pub async fn migrate(&self) -> Result<Vec<i32>> {
        self.migrate_to(None).await
    }

    /// As [`Db::migrate`], but stops after this number (tests of later ones need
    /// a database that is not yet up to date).
    pub async fn migrate_to(&self, last: Option<i32>) -> Result<Vec<i32>> {
        const WHAT: &str = "taking the lock for migrations";
        const LOCK: &str = "SELECT GET_LOCK(CONCAT(DATABASE(), '.migrate'), :wait) AS value";
        self.must_write("migrating the database")?;
        // One statement more than the wait must be allowed to take.
        let mut lock = self.open().await?;
        lock.set_statement_timeout(WAIT + Duration::from_secs(15));
        lock.plain(WHAT, "SET SESSION max_statement_time = 0").await?;
        let One(got) = lock
            .one::<One<Option<i64>>>(WHAT, LOCK, params! { "wait" => WAIT.as_secs() })
            .await?;
        if got != Some(1) {
            lock.close().await;
            return Err(Error::MigrationLocked {
                database: self.database().to_owned(),
                after: WAIT,
            });
        }
        let outcome = self.apply(last).await;
        // Closing the connection frees the lock, also when this future is dropped.
        lock.close().await;
        outcome
    }

    async fn apply(&self, last: Option<i32>) -> Result<Vec<i32>> {
        let _slot = self.slot().await?;
        let one = PoolConstraints::new(0, 1).unwrap_or_default();
        let opts = mysql_async::OptsBuilder::from_opts(self.options(true, false))
            .pool_opts(PoolOpts::default().with_constraints(one));
        let mut pool = Pool::new(opts);
        let mut runner = embedded::migrations::runner();
        if let Some(last) = last {
            runner = runner.set_target(refinery::Target::Version(last));
        }
        runner.set_migration_table_name(HISTORY);
        let outcome = runner.run_async(&mut pool).await;
        // The pool's last words may go unheard; its connection is gone either way.
        let _ = pool.disconnect().await;
        match outcome {
            Ok(report) => Ok(report.applied_migrations().iter().map(|file| file.version()).collect()),
            Err(error) => Err(self.explain(&error)),
        }
    }

    fn explain(&self, error: &refinery::Error) -> Error {
        let database = self.database().to_owned();
        let known = files().last().map_or(0, |(version, ..)| *version);
        match error.kind() {
            Kind::DivergentVersion(applied, _) => Error::MigrationChanged {
                database,
                version: applied.version(),
                name: applied.name().to_owned(),
                applied_on: applied.applied_on().map_or_else(String::new, |time| time.to_string()),
            },
            Kind::MissingVersion(file) if file.version() > known => Error::DatabaseNewer {
                database,
                version: file.version(),
                name: file.name().to_owned(),
                known,
            },
            Kind::MissingVersion(file) => Error::MigrationMissing {
                version: file.version(),
                name: file.name().to_owned(),
                missing_in: if file.sql().is_some() {
                    format!("in the database {database}")
                } else {
                    "in this program".to_owned()
                },
            },
            _ => Error::Migration {
                database,
                cause: chain(error),
            },
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
