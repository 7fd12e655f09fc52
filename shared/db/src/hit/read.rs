//! How much was read: edits and additions per wiki and day.

use crate::bulk;
use crate::error::Result;
use crate::session::{Fields, FromFields, Session};
use crate::transaction::FencedTx;
use chrono::NaiveDate;
use mysql_async::{Value, params};

/// What a batch read of a wiki's edits of one UTC day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Read {
    /// The wiki's key.
    pub wiki: String,
    /// The day of the edits.
    pub day: NaiveDate,
    /// Edits.
    pub edits: u64,
    /// Links that they added.
    pub additions: u64,
    /// Hits, skipped ones too.
    pub hits: u64,
}

/// Adds what a batch read: **not** once only, so it belongs into the transaction of the batch's checkpoint.
pub async fn add_read(tx: &mut FencedTx<'_>, read: &[Read]) -> Result<()> {
    const HEAD: &str = "INSERT INTO wiki_edits (home, wiki, day, edits, additions, hits)";
    const TAIL: &str = "ON DUPLICATE KEY UPDATE edits = edits + VALUES(edits), \
        additions = additions + VALUES(additions), hits = hits + VALUES(hits)";
    let home = tx.fence().wiki.clone();
    let mut read: Vec<&Read> = read.iter().collect();
    read.sort_by_key(|of| (of.day, &of.wiki));
    let rows = read.into_iter().map(|of| {
        let numbers = [of.edits, of.additions, of.hits].map(Value::from);
        let mut values = vec![Value::from(&home), Value::from(&of.wiki), Value::from(of.day)];
        values.extend(numbers);
        values
    });
    bulk::insert(tx.conn(), "noting how much was read", HEAD, TAIL, rows).await?;
    Ok(())
}

/// What was read of a wiki.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadOfWiki {
    /// The wiki's key.
    pub wiki: String,
    /// Edits.
    pub edits: u64,
    /// Links that they added.
    pub additions: u64,
    /// Hits, skipped ones too.
    pub hits: u64,
}

impl FromFields for ReadOfWiki {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            wiki: f.get("wiki")?,
            edits: f.get("edits")?,
            additions: f.get("additions")?,
            hits: f.get("hits")?,
        })
    }
}

/// What the home read since this day (included), the most edits first.
pub async fn edits_read(
    session: &mut impl Session,
    home: &str,
    since: NaiveDate,
    limit: u32,
) -> Result<Vec<ReadOfWiki>> {
    // Handler reads: wikis × days, twice, and the wikis.
    const SQL: &str = "SELECT wiki, CAST(SUM(edits) AS UNSIGNED) AS edits, CAST(SUM(additions) AS UNSIGNED) AS additions, \
        CAST(SUM(hits) AS UNSIGNED) AS hits FROM wiki_edits WHERE home = :home AND day >= :since \
        GROUP BY wiki ORDER BY edits DESC, wiki LIMIT :limit";
    let params = params! { "home" => home, "since" => since, "limit" => limit };
    session.conn().rows("asking how much was read", SQL, params).await
}
