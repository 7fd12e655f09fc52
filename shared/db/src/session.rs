//! Running a statement: time-out, error with its place, typed columns.
//!
//! Every table's functions go through here, so that no statement runs without
//! a time-out and no row is read with a panic.

use crate::connect::Conn;
use crate::error::{Error, Result};
use mysql_async::prelude::{FromValue, Queryable};
use mysql_async::{Params, Row, Value};
use std::future::Future;
use wikicrew_core::types::Timestamp;

/// Something that statements can be run on: a connection of one's own
/// ([`Conn`]), the work connection ([`crate::Work`]) or a transaction on it.
pub trait Session {
    /// The connection below.
    #[doc(hidden)]
    fn conn(&mut self) -> &mut Conn;
}

impl Session for Conn {
    fn conn(&mut self) -> &mut Conn {
        self
    }
}

/// What a writing statement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    /// Rows that really changed.
    pub affected: u64,
    /// The AUTO_INCREMENT value given out; 0 for none.
    pub id: u64,
}

/// Reads a value from a row by the names of its columns.
pub(crate) trait FromFields: Sized {
    /// Errs with [`Error::BadRow`] when a column does not hold what it should.
    fn from_fields(fields: &mut Fields) -> Result<Self>;
}

/// One row that was read.
pub(crate) struct Fields {
    row: Row,
    what: &'static str,
}

impl Fields {
    /// The value of a column.
    pub fn get<T: FromValue>(&mut self, column: &str) -> Result<T> {
        match self.row.take_opt::<T, _>(column) {
            Some(Ok(value)) => Ok(value),
            Some(Err(_)) => Err(self.bad(column, format!("not a {}", std::any::type_name::<T>()))),
            None => Err(self.bad(column, "the statement did not ask for it".into())),
        }
    }

    /// A DATETIME, UTC.
    pub fn time(&mut self, column: &str) -> Result<Timestamp> {
        Ok(self.get::<chrono::NaiveDateTime>(column)?.and_utc())
    }

    /// A DATETIME that may be NULL, UTC.
    pub fn time_opt(&mut self, column: &str) -> Result<Option<Timestamp>> {
        let value = self.get::<Option<chrono::NaiveDateTime>>(column)?;
        Ok(value.map(|time| time.and_utc()))
    }

    /// A number that may be NULL, as one of the id types.
    pub fn id_opt<T>(&mut self, column: &str, make: fn(u64) -> T) -> Result<Option<T>> {
        Ok(self.get::<Option<u64>>(column)?.map(make))
    }

    /// A word of an ENUM column.
    pub fn word<T>(&mut self, column: &str, read: fn(&str) -> Option<T>) -> Result<T> {
        let word = self.get::<String>(column)?;
        read(&word).ok_or_else(|| self.bad(column, format!("unknown word {word:?}")))
    }

    /// The error for a column that holds something else.
    pub fn bad(&self, column: &str, why: String) -> Error {
        Error::BadRow {
            what: self.what,
            column: column.to_owned(),
            why,
        }
    }
}

/// A single column named `value`.
pub(crate) struct One<T>(pub T);

impl<T: FromValue> FromFields for One<T> {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        fields.get("value").map(One)
    }
}

/// A single DATETIME column named `value`, that may be NULL.
pub(crate) struct OneTime(pub Option<Timestamp>);

impl FromFields for OneTime {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        fields.time_opt("value").map(OneTime)
    }
}

impl Conn {
    /// Runs a writing statement.
    pub(crate) async fn run(&mut self, what: &'static str, sql: &str, params: impl Into<Params>) -> Result<Done> {
        let params = params.into();
        self.timed(what, async |raw| {
            raw.exec_drop(sql, params).await?;
            Ok(Done {
                affected: raw.affected_rows(),
                id: raw.last_insert_id().unwrap_or(0),
            })
        })
        .await
    }

    /// Runs a statement without values, by the text protocol.
    pub(crate) async fn plain(&mut self, what: &'static str, sql: &str) -> Result<()> {
        self.timed(what, async |raw| raw.query_drop(sql).await).await
    }

    /// Reads all rows.
    pub(crate) async fn rows<T: FromFields>(
        &mut self,
        what: &'static str,
        sql: &str,
        params: impl Into<Params>,
    ) -> Result<Vec<T>> {
        let params = params.into();
        let rows: Vec<Row> = self.timed(what, async |raw| raw.exec(sql, params).await).await?;
        rows.into_iter()
            .map(|row| T::from_fields(&mut Fields { row, what }))
            .collect()
    }

    /// Reads all rows of a statement without values, by the text protocol: one round trip, nothing kept prepared.
    pub(crate) async fn plain_rows<T: FromFields>(&mut self, what: &'static str, sql: &str) -> Result<Vec<T>> {
        let rows: Vec<Row> = self.timed(what, async |raw| raw.query(sql).await).await?;
        rows.into_iter()
            .map(|row| T::from_fields(&mut Fields { row, what }))
            .collect()
    }

    /// Reads the first row, if there is one.
    pub(crate) async fn first<T: FromFields>(
        &mut self,
        what: &'static str,
        sql: &str,
        params: impl Into<Params>,
    ) -> Result<Option<T>> {
        Ok(self.rows(what, sql, params).await?.into_iter().next())
    }

    /// Reads the one row that an aggregate always gives.
    pub(crate) async fn one<T: FromFields>(
        &mut self,
        what: &'static str,
        sql: &str,
        params: impl Into<Params>,
    ) -> Result<T> {
        self.first(what, sql, params).await?.ok_or_else(|| Error::BadRow {
            what,
            column: "*".into(),
            why: "no row came back".into(),
        })
    }

    /// Every use of the driver: a time-out around it, and a connection that was
    /// left in the middle of something is not used again.
    async fn timed<T>(
        &mut self,
        what: &'static str,
        work: impl AsyncFnOnce(&mut mysql_async::Conn) -> mysql_async::Result<T>,
    ) -> Result<T> {
        let after = self.statement_timeout();
        // Stays set when this future is dropped half-way.
        self.set_usable(false);
        let outcome = within(after, work(self.raw())).await;
        match outcome {
            Some(Ok(value)) => {
                self.set_usable(true);
                Ok(value)
            }
            Some(Err(error)) => {
                self.set_usable(!crate::error::loses_connection(&error));
                Err(Error::statement(what, error))
            }
            None => Err(Error::Timeout { what, after }),
        }
    }
}

/// Waits for `work` at most so long.
pub(crate) async fn within<T>(after: std::time::Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(after, work).await.ok()
}

/// A moment as a bound value.
pub(crate) fn at(time: Timestamp) -> Value {
    Value::from(time.naive_utc())
}

/// A moment that may be missing.
pub(crate) fn at_opt(time: Option<Timestamp>) -> Value {
    time.map_or(Value::NULL, at)
}

/// `n` times the same piece of SQL, parted by commas.
pub(crate) fn list(piece: &str, n: usize) -> String {
    vec![piece; n].join(", ")
}

/// The text's beginning within so many bytes, whole characters only, with `…`
/// where something was left out.
pub(crate) fn bounded(text: &str, max_bytes: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= max_bytes {
        return text.into();
    }
    let end = text.floor_char_boundary(max_bytes.saturating_sub('…'.len_utf8()));
    format!("{}…", &text[..end]).into()
}
