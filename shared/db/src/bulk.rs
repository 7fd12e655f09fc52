//! Many rows by few statements of bounded size, so that 15,000 rows are neither
//! 15,000 statements nor one that is larger than what the server takes.

use crate::connect::Conn;
use crate::error::{Error, Result};
use crate::session::{FromFields, One, list};
use mysql_async::Value;
use std::iter::Peekable;

/// Rows per INSERT, ids per IN.
pub(crate) const SLICE: usize = 500;

/// Bytes per INSERT: a quarter of the packet that every server takes (16 MB, and
/// our own limit), since one row alone may have some megabytes.
const BYTES: usize = 4 * 1024 * 1024;

/// `INSERT … VALUES`, in as many statements as it takes. `head` ends before the
/// word VALUES, `tail` is what follows the rows. All rows have equally many
/// values. Rows affected, as the server counts: 1 a new one, 2 a changed one.
pub(crate) async fn insert(
    conn: &mut Conn,
    what: &'static str,
    head: &str,
    tail: &str,
    rows: impl IntoIterator<Item = Vec<Value>>,
) -> Result<u64> {
    let mut affected = 0;
    let mut rows = rows.into_iter().peekable();
    while let Some(Slice { n, width, values }) = next_slice(&mut rows) {
        let one = format!("({})", list("?", width));
        let sql = format!("{head} VALUES {} {tail}", list(&one, n));
        affected += conn.run(what, &sql, values).await?.affected;
    }
    Ok(affected)
}

/// How a table's rows are stored one by one, each once.
pub(crate) struct Once {
    /// Named in errors.
    pub what: &'static str,
    /// `INSERT … ON DUPLICATE KEY UPDATE id = id` of one row, with the values of its unique key first.
    pub insert: &'static str,
    /// `SELECT id AS value` by the values of that key.
    pub there: &'static str,
}

impl Once {
    /// Stores a row unless one with its key is there; `key` are the first values of the row, `more` the others. The id of
    /// the row if it was new. Not many in one statement: where two processes store the same at one moment, MariaDB 10.11
    /// was seen to end such a one early, without an error, at a row that the other one had just stored and that the
    /// UPDATE leaves as it is: those behind it were lost. And which rows it stored it does not say.
    pub async fn store(&self, conn: &mut Conn, key: &[Value], more: &[Value]) -> Result<Option<u64>> {
        const TRIES: u32 = 5;
        for _ in 0..TRIES {
            let done = conn.run(self.what, self.insert, [key, more].concat()).await?;
            if done.affected == 1 {
                return Ok(Some(done.id));
            }
            if conn
                .first::<One<u64>>(self.what, self.there, key.to_vec())
                .await?
                .is_some()
            {
                return Ok(None);
            }
        }
        Err(Error::BadRow {
            what: self.what,
            column: "id".to_owned(),
            why: format!("neither stored nor there, {TRIES} times; the next run tries again"),
        })
    }
}

/// The rows of one statement.
struct Slice {
    n: usize,
    /// Values per row.
    width: usize,
    values: Vec<Value>,
}

/// As many of the rows as one statement takes, but at least one; `None` when
/// there are no more.
fn next_slice(rows: &mut Peekable<impl Iterator<Item = Vec<Value>>>) -> Option<Slice> {
    let mut values = rows.next()?;
    let (mut n, width, mut bytes) = (1, values.len(), size(&values));
    while n < SLICE
        && let Some(row) = rows.next_if(|row| bytes + size(row) <= BYTES)
    {
        n += 1;
        bytes += size(&row);
        values.extend(row);
    }
    Some(Slice { n, width, values })
}

fn size(row: &[Value]) -> usize {
    let bytes = |value: &Value| match value {
        Value::Bytes(bytes) => bytes.len(),
        _ => 8,
    };
    row.iter().map(bytes).sum()
}

/// The rows for a list of ids, which may be longer than one statement takes:
/// `sql` has `(IDS)` where it belongs, `before` and `after` are the values of the
/// other places. The order holds within [`SLICE`] ids only.
pub(crate) async fn select<T: FromFields>(
    conn: &mut Conn,
    what: &'static str,
    sql: &str,
    before: &[Value],
    ids: &[u64],
    after: &[Value],
) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    for some in ids.chunks(SLICE) {
        let (sql, values) = with_ids(sql, before, some, after);
        rows.extend(conn.rows(what, &sql, values).await?);
    }
    Ok(rows)
}

/// As [`select`], for a statement that writes; rows affected.
pub(crate) async fn run(
    conn: &mut Conn,
    what: &'static str,
    sql: &str,
    before: &[Value],
    ids: &[u64],
    after: &[Value],
) -> Result<u64> {
    let mut affected = 0;
    for some in ids.chunks(SLICE) {
        let (sql, values) = with_ids(sql, before, some, after);
        affected += conn.run(what, &sql, values).await?.affected;
    }
    Ok(affected)
}

fn with_ids(sql: &str, before: &[Value], ids: &[u64], after: &[Value]) -> (String, Vec<Value>) {
    let sql = sql.replace("(IDS)", &format!("({})", list("?", ids.len())));
    let mut values = before.to_vec();
    values.extend(ids.iter().map(|&id| Value::from(id)));
    values.extend_from_slice(after);
    (sql, values)
}

#[cfg(test)]
#[path = "bulk_tests.rs"]
mod tests;
