//! What is known of a host beside its adders, and the hosts of an editor.

use crate::error::Result;
use crate::links::questions::counts::with_wikis;
use crate::links::questions::lookup::numbers;
use crate::links::questions::slices;
use crate::session::{Fields, FromFields, One, Session};
use mysql_async::Value;

/// A host that an editor added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OfEditor {
    /// The host.
    pub host_id: u32,
    /// Its key as stored.
    pub stored_key: String,
    /// How often.
    pub n: u64,
    /// On how many wikis.
    pub wikis: u64,
}

impl FromFields for OfEditor {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            host_id: f.get("host_id")?,
            stored_key: f.get("rhost")?,
            n: f.get("n")?,
            wikis: f.get("wikis")?,
        })
    }
}

/// The hosts that these editors (one; or somebody with former names, a range's addresses; at most [`MOST`](super::MOST))
/// added most often, at most `limit`; with equal counts the older number first.
pub async fn of_editors(session: &mut impl Session, editor_ids: &[u32], limit: u32) -> Result<Vec<OfEditor>> {
    // Handler reads: the editors' rows in by_editor, one per host and wiki; and the groups, which are sorted.
    const SQL: &str = "SELECT STRAIGHT_JOIN g.*, h.rhost FROM \
        (SELECT host_id, CAST(SUM(n) AS UNSIGNED) AS n, WIKIS AS wikis FROM pair FORCE INDEX (by_editor) \
        WHERE editor_id IN (LIST) GROUP BY host_id ORDER BY n DESC, host_id LIMIT ?) g \
        JOIN host h ON h.host_id = g.host_id ORDER BY g.n DESC, g.host_id";
    slices::whole(
        session.conn(),
        "reading what an editor added most",
        &with_wikis(SQL, editor_ids),
        &[],
        numbers(editor_ids),
        &[Value::from(limit)],
    )
    .await
}

/// How many different hosts these editors added (at most [`MOST`](super::MOST)).
pub async fn count_of_editors(session: &mut impl Session, editor_ids: &[u32]) -> Result<u64> {
    // Handler reads: the editors' rows in by_editor, one per host and wiki; and the hosts.
    // Of one editor they come in order, and each is counted as it ends.
    const SQL: &str = "SELECT COUNT(*) AS value FROM (SELECT host_id FROM pair FORCE INDEX (by_editor) \
        WHERE editor_id IN (LIST) GROUP BY host_id) g";
    let rows: Vec<One<u64>> = slices::whole(
        session.conn(),
        "counting the hosts of an editor",
        SQL,
        &[],
        numbers(editor_ids),
        &[],
    )
    .await?;
    Ok(rows.first().map_or(0, |one| one.0))
}

/// How often something was added on a wiki, or in a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Times {
    /// The wiki's number; or the month, counted from January of the year 0.
    pub of: u16,
    /// How often.
    pub n: u64,
}

impl FromFields for Times {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            of: f.get("of")?,
            n: f.get("n")?,
        })
    }
}

/// On which wikis these hosts were added (at most [`MOST`](super::MOST)), most often first.
pub async fn wikis(session: &mut impl Session, host_ids: &[u32]) -> Result<Vec<Times>> {
    // Handler reads: the hosts' rows, one per month and wiki, and again sorted; and the wikis.
    const SQL: &str = "SELECT wiki_id AS of, CAST(SUM(n) AS UNSIGNED) AS n FROM host_month \
        WHERE host_id IN (LIST) GROUP BY wiki_id ORDER BY n DESC, wiki_id";
    slices::whole(
        session.conn(),
        "reading the wikis of a host",
        SQL,
        &[],
        numbers(host_ids),
        &[],
    )
    .await
}

/// In which months these hosts were added (at most [`MOST`](super::MOST)), the first month first; months without are left
/// out.
pub async fn months(session: &mut impl Session, host_ids: &[u32]) -> Result<Vec<Times>> {
    // Handler reads: the hosts' rows, one per month and wiki; and the months.
    const SQL: &str = "SELECT month AS of, CAST(SUM(n) AS UNSIGNED) AS n FROM host_month \
        WHERE host_id IN (LIST) GROUP BY month ORDER BY month";
    slices::whole(
        session.conn(),
        "reading the months of a host",
        SQL,
        &[],
        numbers(host_ids),
        &[],
    )
    .await
}

/// On which wikis these editors added links of any host (at most [`MOST`](super::MOST)), most often first.
pub async fn wikis_of_editors(session: &mut impl Session, editor_ids: &[u32]) -> Result<Vec<Times>> {
    // Handler reads: one per editor and wiki; and the wikis.
    const SQL: &str = "SELECT wiki_id AS of, CAST(SUM(n) AS UNSIGNED) AS n FROM editor_wiki \
        WHERE editor_id IN (LIST) GROUP BY wiki_id ORDER BY n DESC, wiki_id";
    slices::whole(
        session.conn(),
        "reading the wikis of an editor",
        SQL,
        &[],
        numbers(editor_ids),
        &[],
    )
    .await
}
