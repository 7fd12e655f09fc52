//! Small things a job remembers between runs, by name: how long a list was when
//! it was last good, what the status page last said.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at};
use crate::transaction::{FencedTx, Tx};
use mysql_async::{Value, params};
use wikicrew_core::types::Timestamp;

/// What was remembered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Memo {
    /// The value, in whatever form the caller gave it.
    pub value: String,
    /// When it was last set.
    pub updated: Timestamp,
}

impl FromFields for Memo {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            value: f.get("value")?,
            updated: f.time("updated")?,
        })
    }
}

/// What is remembered under this name (at most 255 bytes).
pub async fn get(session: &mut impl Session, job: &str, wiki: &str, name: &str) -> Result<Option<Memo>> {
    const SQL: &str = "SELECT value, updated FROM memo \
        WHERE job = :job AND wiki = :wiki AND name = :name";
    session
        .conn()
        .first(
            "reading a memo",
            SQL,
            params! { "job" => job, "wiki" => wiki, "name" => name },
        )
        .await
}

/// What is remembered under names that begin like this, by name: all of it, so a
/// prefix is for few names.
pub async fn starting_with(
    session: &mut impl Session,
    job: &str,
    wiki: &str,
    prefix: &str,
) -> Result<Vec<(String, Memo)>> {
    let mut sql = String::from("SELECT name, value, updated FROM memo WHERE job = ? AND wiki = ? AND name >= ?");
    let mut values = vec![Value::from(job), Value::from(wiki), Value::from(prefix)];
    // The first name that sorts behind all that begin so. UTF-8 has no byte 0xFF.
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
        sql += " AND name < ?";
        values.push(Value::from(end));
    }
    sql += " ORDER BY name";
    let rows: Vec<Named> = session.conn().rows("reading memos", &sql, values).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.memo)).collect())
}

struct Named {
    name: String,
    memo: Memo,
}

impl FromFields for Named {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            name: f.get("name")?,
            memo: Memo::from_fields(f)?,
        })
    }
}

const SET: &str = "INSERT INTO memo (job, wiki, name, value, updated) \
    VALUES (:job, :wiki, :name, :value, :now) \
    ON DUPLICATE KEY UPDATE value = VALUES(value), updated = VALUES(updated)";

/// Remembers a value, in place of the one before.
pub async fn set(tx: &mut FencedTx<'_>, name: &str, value: &str, now: Timestamp) -> Result<()> {
    let (conn, fence) = tx.parts();
    conn.run(
        "setting a memo",
        SET,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "name" => name,
            "value" => value, "now" => at(now),
        },
    )
    .await?;
    Ok(())
}

/// As [`set`], for a command by hand, which is no run and has no lease.
pub async fn set_by_hand(
    tx: &mut Tx<'_>,
    job: &str,
    wiki: &str,
    name: &str,
    value: &str,
    now: Timestamp,
) -> Result<()> {
    tx.conn()
        .run(
            "setting a memo",
            SET,
            params! { "job" => job, "wiki" => wiki, "name" => name, "value" => value, "now" => at(now) },
        )
        .await?;
    Ok(())
}
