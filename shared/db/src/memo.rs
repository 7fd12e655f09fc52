//! Small things a job remembers between runs, by name: how long a list was when
//! it was last good, what the status page last said.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at};
use crate::transaction::FencedTx;
use mysql_async::params;
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

/// Remembers a value, in place of the one before.
pub async fn set(tx: &mut FencedTx<'_>, name: &str, value: &str, now: Timestamp) -> Result<()> {
    const SQL: &str = "INSERT INTO memo (job, wiki, name, value, updated) \
        VALUES (:job, :wiki, :name, :value, :now) \
        ON DUPLICATE KEY UPDATE value = VALUES(value), updated = VALUES(updated)";
    let (conn, fence) = tx.parts();
    conn.run(
        "setting a memo",
        SQL,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "name" => name,
            "value" => value, "now" => at(now),
        },
    )
    .await?;
    Ok(())
}
