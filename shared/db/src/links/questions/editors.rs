//! What a report about editors says in sum: on which wikis and in which months they added links, and from when to when.

use crate::error::Result;
use crate::links::questions::hosts::Times;
use crate::links::questions::lookup::numbers;
use crate::links::questions::slices;
use crate::session::{Fields, FromFields, Session};
use mysql_async::Value;
use std::collections::HashMap;
use wikicrew_core::types::Timestamp;

/// Editors that one statement asks about.
const UNITED: usize = 25;

/// How many links of any host an editor added on a wiki.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OnWiki {
    /// Who.
    pub editor_id: u32,
    /// The wiki's number.
    pub wiki_id: u16,
    /// How many.
    pub n: u64,
}

impl FromFields for OnWiki {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            editor_id: f.get("editor_id")?,
            wiki_id: f.get("wiki_id")?,
            n: f.get("n")?,
        })
    }
}

/// How many links each of these editors added on which wikis, in no order; wikis without any are left out. What an
/// archive's link shows is not counted a second time.
pub async fn on_wikis(session: &mut impl Session, editor_ids: &[u32]) -> Result<Vec<OnWiki>> {
    // Handler reads: one per editor and wiki.
    const SQL: &str = "SELECT editor_id, wiki_id, CAST(n AS UNSIGNED) AS n FROM editor_wiki \
        WHERE editor_id IN (LIST) AND n > 0";
    let what = "reading where editors added links";
    slices::select(session.conn(), what, SQL, &[], numbers(editor_ids), &[]).await
}

/// In which months these editors added links of any host, as far as rows go back, the first month first; months without
/// are left out. Counted as in [`on_wikis`]. At most [`MOST`](super::MOST) editors, and only such as added at most
/// [`BUSY`](super::adders::BUSY) links together: all their rows are read.
pub async fn months(session: &mut impl Session, editor_ids: &[u32]) -> Result<Vec<Times>> {
    // Handler reads: two per row of the editors, one per editor and partition, and the months.
    const SQL: &str = "SELECT CAST(YEAR(ts) * 12 + MONTH(ts) - 1 AS UNSIGNED) AS of, CAST(SUM(times) AS UNSIGNED) AS n \
        FROM link_addition FORCE INDEX (by_editor) WHERE editor_id IN (LIST) AND flags & 2 = 0 \
        GROUP BY of ORDER BY of";
    let what = "reading the months of editors";
    slices::whole(session.conn(), what, SQL, &[], numbers(editor_ids), &[]).await
}

/// A moment of an editor.
struct Moment(u32, Timestamp, Timestamp);

impl FromFields for Moment {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(f.get("editor_id")?, f.time("first_ts")?, f.time("last_ts")?))
    }
}

/// When each of these editors (some 50) added a link for the first and the last time, by the counts of hosts. Only for
/// such as added at most [`BUSY`](super::adders::BUSY) links: all their pairs are read.
pub async fn spans(session: &mut impl Session, editor_ids: &[u32]) -> Result<HashMap<u32, (Timestamp, Timestamp)>> {
    // Handler reads: the editors' rows in by_editor, one per host and wiki, and the editors.
    const SQL: &str = "SELECT editor_id, MIN(first_ts) AS first_ts, MAX(last_ts) AS last_ts FROM pair \
        FORCE INDEX (by_editor) WHERE editor_id IN (LIST) GROUP BY editor_id";
    let what = "asking from when to when editors added links";
    let rows: Vec<Moment> = slices::select(session.conn(), what, SQL, &[], numbers(editor_ids), &[]).await?;
    Ok(rows
        .into_iter()
        .map(|Moment(id, first, last)| (id, (first, last)))
        .collect())
}

/// The same as far as rows go back, whatever they added: two looks into each month.
pub async fn spans_of_rows(
    session: &mut impl Session,
    editor_ids: &[u32],
) -> Result<HashMap<u32, (Timestamp, Timestamp)>> {
    // Handler reads: two per editor and partition.
    const ONE: &str = "(SELECT editor_id, ts AS first_ts, ts AS last_ts FROM link_addition FORCE INDEX (by_editor) \
        WHERE editor_id = ? ORDER BY ts WAY LIMIT 1)";
    let mut found: HashMap<u32, (Timestamp, Timestamp)> = HashMap::new();
    for some in editor_ids.chunks(UNITED) {
        let both = [ONE.replace("WAY", "ASC"), ONE.replace("WAY", "DESC")].join(" UNION ALL ");
        let sql = vec![both; some.len()].join(" UNION ALL ");
        let values: Vec<Value> = some.iter().flat_map(|&id| [Value::from(id), Value::from(id)]).collect();
        let what = "asking from when to when busy editors added links";
        let rows: Vec<Moment> = session.conn().rows(what, &sql, values).await?;
        for Moment(id, first, last) in rows {
            let span = found.entry(id).or_insert((first, last));
            *span = (span.0.min(first), span.1.max(last));
        }
    }
    Ok(found)
}
