//! What can go wrong with the database, by what to do next.
//!
//! No message holds a password or a connection URL: the driver's errors never
//! carry its options, and ours name host and database only.

use std::time::Duration;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the database layer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operator's settings of the database are not usable.
    #[error("database settings: {0}")]
    Config(String),
    /// No connection came about.
    #[error("connecting to the database {target}: {source}")]
    Connect {
        /// `database at host:port`.
        target: String,
        /// What the driver said.
        source: mysql_async::Error,
    },
    /// The server is there, the database is not (a dry run makes none).
    #[error("there is no database {0} yet; a run without --dry-run creates it")]
    NoDatabase(String),
    /// Tables are missing: nothing has migrated this database (a dry run does not).
    #[error("{what}: the database has no such table yet; a run without --dry-run creates it")]
    NoTable {
        /// What was being done.
        what: &'static str,
    },
    /// A statement failed.
    #[error("{what}: {source}")]
    Statement {
        /// What was being done.
        what: &'static str,
        /// What the driver said.
        source: mysql_async::Error,
    },
    /// The server gave no answer in time; the connection was thrown away.
    #[error("{what}: no answer from the database within {after:?}")]
    Timeout {
        /// What was being done.
        what: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// COMMIT was sent and not answered: read back whether it was stored.
    #[error("{what}: the database did not answer COMMIT, whether it was stored is unknown: {cause}")]
    CommitUnknown {
        /// What was being done.
        what: &'static str,
        /// What came instead of an answer.
        cause: String,
    },
    /// A newer run holds the lease: this run must write nothing more.
    #[error(
        "fenced: another run of {job} on {wiki} has taken over (epoch {current}, ours is {ours}); this run writes nothing more"
    )]
    Fenced {
        /// The job.
        job: String,
        /// The wiki.
        wiki: String,
        /// This run's epoch.
        ours: u64,
        /// The epoch in the table; 0 when the row is gone.
        current: u64,
    },
    /// The connection that holds the run's lock is gone.
    #[error("the lock of {job} on {wiki} is lost ({why}); this run writes nothing more")]
    LeaseLost {
        /// The job.
        job: String,
        /// The wiki.
        wiki: String,
        /// How it was noticed.
        why: String,
    },
    /// A checkpoint is not where this run left it.
    #[error("the checkpoint {source_name} was moved by another run; nothing of this batch was stored")]
    CheckpointMoved {
        /// Name of the source.
        source_name: String,
    },
    /// More connections than a process may have were asked for at once.
    #[error("{limit} database connections are in use, more are not allowed per process")]
    TooManyConnections {
        /// The limit.
        limit: usize,
    },
    /// A write was tried in a read-only session (`--dry-run`).
    #[error("{what}: refused, this is a dry run and its session is read-only")]
    ReadOnly {
        /// What was being done.
        what: &'static str,
    },
    /// Another process was still migrating when the time was up.
    #[error("another process has been migrating {database} for more than {after:?}; try again later")]
    MigrationLocked {
        /// The database.
        database: String,
        /// How long was waited.
        after: Duration,
    },
    /// An applied migration's file differs now.
    #[error(
        "migration V{version}__{name} was changed after it was applied to {database}: put the file back as it was and write a new one (applied on {applied_on})"
    )]
    MigrationChanged {
        /// The database.
        database: String,
        /// Its number.
        version: i32,
        /// Its name in the database.
        name: String,
        /// When it was applied.
        applied_on: String,
    },
    /// The database has a migration that this program does not know.
    #[error(
        "{database} has migration V{version}__{name}, this program knows only up to V{known}: it is older than the database; deploy the newer build"
    )]
    DatabaseNewer {
        /// The database.
        database: String,
        /// Number of the unknown migration.
        version: i32,
        /// Its name.
        name: String,
        /// The newest one this program has.
        known: i32,
    },
    /// A migration is missing in the middle: in the program or in the database.
    #[error("migration V{version}__{name} is missing {missing_in} although newer ones are there")]
    MigrationMissing {
        /// Its number.
        version: i32,
        /// Its name.
        name: String,
        /// `in this program` or `in the database`.
        missing_in: String,
    },
    /// A migration failed.
    #[error("migrating {database}: {cause}")]
    Migration {
        /// The database.
        database: String,
        /// The chain of causes.
        cause: String,
    },
    /// A stored row cannot be read: another program wrote it, or a bug.
    #[error("{what}: column {column} of the row read cannot be used: {why}")]
    BadRow {
        /// What was being done.
        what: &'static str,
        /// Which column.
        column: String,
        /// What is wrong with it.
        why: String,
    },
    /// Each time between the reading of names' numbers and their use, other names were removed: they may be void.
    #[error(
        "storing link additions: names were removed by another process meanwhile, {times} times in a row; try again later"
    )]
    NamesRemoved {
        /// How often they were read.
        times: u32,
    },
    /// A request, intent or run that must be there is not.
    #[error("{what}: there is no row {id}")]
    NoRow {
        /// What was being done.
        what: &'static str,
        /// The id that was looked for.
        id: u64,
    },
}

/// Codes after which the same work can succeed a moment later: lock wait and
/// deadlock (1205, 1213), failover (1290 read-only, 1053 shutdown), killed or
/// lost connection (1927, 2006, 2013), no connection free (1040, 1203, 1226).
const TRANSIENT: [u16; 10] = [1040, 1053, 1203, 1205, 1213, 1226, 1290, 1927, 2006, 2013];

/// Codes after which the connection is of no use any more.
const CONNECTION_LOST: [u16; 5] = [1053, 1290, 1927, 2006, 2013];

impl Error {
    /// Whether the same transaction may be tried again at once or by the next
    /// run. Never true for [`Error::CommitUnknown`], which asks for reading back.
    pub fn is_transient(&self) -> bool {
        match self {
            Error::Connect { source, .. } | Error::Statement { source, .. } => is_transient(source),
            Error::Timeout { .. } | Error::TooManyConnections { .. } | Error::NamesRemoved { .. } => true,
            _ => false,
        }
    }

    /// Whether this run has lost its right to write.
    pub fn is_fenced(&self) -> bool {
        matches!(self, Error::Fenced { .. } | Error::LeaseLost { .. })
    }

    /// The server's error number, if it was the server that refused.
    pub fn code(&self) -> Option<u16> {
        match self {
            Error::Connect { source, .. } | Error::Statement { source, .. } => code(source),
            _ => None,
        }
    }

    /// Sorts a driver's error by what to do about it.
    pub(crate) fn statement(what: &'static str, source: mysql_async::Error) -> Self {
        match code(&source) {
            // cannot execute statement in a READ ONLY transaction
            Some(1792) => Error::ReadOnly { what },
            Some(1146) => Error::NoTable { what },
            _ => Error::Statement { what, source },
        }
    }
}

/// The server's number of an error.
pub(crate) fn code(error: &mysql_async::Error) -> Option<u16> {
    match error {
        mysql_async::Error::Server(server) => Some(server.code),
        _ => None,
    }
}

/// Whether the connection must be thrown away after this error (the name is
/// resolved anew for the next one: a failover may have moved the server).
pub(crate) fn loses_connection(error: &mysql_async::Error) -> bool {
    match code(error) {
        Some(code) => CONNECTION_LOST.contains(&code),
        None => error.is_fatal(),
    }
}

fn is_transient(error: &mysql_async::Error) -> bool {
    match error {
        mysql_async::Error::Server(server) => TRANSIENT.contains(&server.code),
        mysql_async::Error::Io(_) => true,
        mysql_async::Error::Driver(mysql_async::DriverError::ConnectionClosed) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: u16) -> Error {
        Error::statement(
            "test",
            mysql_async::Error::Server(mysql_async::ServerError {
                code,
                message: "m".into(),
                state: "HY000".into(),
            }),
        )
    }

    #[test]
    fn the_list_of_transient_errors_is_the_protocols() {
        for code in [1205, 1213, 1290, 1927, 2006, 2013] {
            assert!(server(code).is_transient(), "{code}");
        }
        for code in [1062, 1064, 1264, 1406, 1045, 1044] {
            assert!(!server(code).is_transient(), "{code}");
        }
        let lost = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(Error::statement("x", lost.into()).is_transient());
        assert!(
            !Error::CommitUnknown {
                what: "x",
                cause: String::new()
            }
            .is_transient()
        );
    }

    #[test]
    fn refusals_of_a_dry_run_are_told_apart() {
        assert!(matches!(server(1792), Error::ReadOnly { .. }));
        assert!(matches!(server(1146), Error::NoTable { .. }));
    }
}
