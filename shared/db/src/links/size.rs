//! How big the tables are, and whether there is room for more.
//!
//! From `information_schema.TABLES`, since a tool's user on ToolsDB may not read the sizes of files
//! (`INNODB_SYS_TABLESPACES` wants the privilege PROCESS). InnoDB's numbers there are those of its statistics, which it
//! takes again after a tenth of a table's rows has changed: they lag by up to a tenth. Space that rows left behind
//! inside a file is not in them. So the limit belongs well below the quota: 20 GB of 25.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session};

/// Share of the limit from which on the operator is told.
pub const WARN_AT: f64 = 0.7;

/// A table's size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TableSize {
    /// Its name.
    pub table: String,
    /// Rows, as the server estimates.
    pub rows: u64,
    /// Bytes of data and indexes.
    pub bytes: u64,
}

impl FromFields for TableSize {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            table: f.get("name")?,
            rows: f.get("table_rows")?,
            bytes: f.get("bytes")?,
        })
    }
}

/// All tables of the database, those of other jobs too: the quota is one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// The biggest first.
    pub tables: Vec<TableSize>,
}

impl Sizes {
    /// Bytes in all.
    pub fn total(&self) -> u64 {
        self.tables.iter().map(|table| table.bytes).sum()
    }

    /// How much of so many gigabytes (10^9 bytes) is taken: 1 is all of it. No limit (0) is never reached.
    pub fn share(&self, limit_gb: f64) -> f64 {
        if limit_gb > 0.0 {
            self.total() as f64 / (limit_gb * 1e9)
        } else {
            0.0
        }
    }

    /// Whether the operator is to be told: 70 % of the limit.
    pub fn is_nearly_full(&self, limit_gb: f64) -> bool {
        self.share(limit_gb) >= WARN_AT
    }

    /// Whether nothing more may be stored: better to stop here than where the server stops all jobs.
    pub fn is_full(&self, limit_gb: f64) -> bool {
        self.share(limit_gb) >= 1.0
    }
}

/// Measures. A read of the tables' statistics, not of the tables: once per run and every few minutes is enough.
pub async fn measure(session: &mut impl Session) -> Result<Sizes> {
    const SQL: &str = "SELECT TABLE_NAME AS name, COALESCE(TABLE_ROWS, 0) AS table_rows, \
        COALESCE(DATA_LENGTH + INDEX_LENGTH, 0) AS bytes FROM information_schema.TABLES \
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY bytes DESC, name";
    let tables = session.conn().rows("measuring the tables", SQL, ()).await?;
    Ok(Sizes { tables })
}
