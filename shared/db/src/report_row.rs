//! The revisions that a saved report shows: what the daily look at hidden and deleted revisions goes through.
//!
//! Nothing of a revision is kept here but its number, so that nothing has to be erased.

use crate::bulk;
use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at};
use crate::transaction::FencedTx;
use mysql_async::Value;
use std::collections::BTreeSet;
use wikicrew_core::types::{RevId, Timestamp};

/// A revision on a report.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ShownRow {
    /// Number of the report.
    pub report_id: u64,
    /// Key of the wiki of the revision.
    pub wiki: String,
    /// The revision.
    pub rev: RevId,
}

impl FromFields for ShownRow {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            report_id: f.get("report_id")?,
            wiki: f.get("wiki")?,
            rev: RevId(f.get("rev_id")?),
        })
    }
}

/// How far a walk over saved reports has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// When the last report of the step was saved.
    pub saved_at: Timestamp,
    /// Its number.
    pub report_id: u64,
}

impl FromFields for Place {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            saved_at: f.time("saved_at")?,
            report_id: f.get("id")?,
        })
    }
}

/// One step of the walk.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Step {
    /// The rows of some reports, by report, wiki and revision.
    pub rows: Vec<ShownRow>,
    /// Where the next step begins; `None`: that was all.
    pub next: Option<Place>,
}

/// The report shows these revisions (key of the wiki, revision) and no others. How many rows changed.
pub async fn replace(tx: &mut FencedTx<'_>, report_id: u64, shown: &[(String, RevId)]) -> Result<u64> {
    const WHAT: &str = "storing the revisions of a report";
    // Handler reads: the rows of the report.
    const OLD: &str = "SELECT report_id, wiki, rev_id FROM report_row WHERE report_id = ? ORDER BY wiki, rev_id";
    const GONE: &str = "DELETE FROM report_row WHERE report_id = ? AND wiki = ? AND rev_id IN (IDS)";
    const HEAD: &str = "INSERT INTO report_row (report_id, wiki, rev_id)";
    const TAIL: &str = "ON DUPLICATE KEY UPDATE rev_id = VALUES(rev_id)";
    let id = Value::from(report_id);
    let old: Vec<ShownRow> = tx.conn().rows(WHAT, OLD, vec![id.clone()]).await?;
    let old: BTreeSet<(String, u64)> = old.into_iter().map(|row| (row.wiki, row.rev.0)).collect();
    let new: BTreeSet<(String, u64)> = shown.iter().map(|(wiki, rev)| (wiki.clone(), rev.0)).collect();
    let gone: Vec<&(String, u64)> = old.difference(&new).collect();
    let mut changed = 0;
    for of_wiki in gone.chunk_by(|a, b| a.0 == b.0) {
        let revs: Vec<u64> = of_wiki.iter().map(|row| row.1).collect();
        let place = [id.clone(), Value::from(&of_wiki[0].0)];
        changed += bulk::run(tx.conn(), WHAT, GONE, &place, &revs, &[]).await?;
    }
    let rows = new
        .difference(&old)
        .map(|(wiki, rev)| vec![id.clone(), Value::from(wiki), Value::from(*rev)]);
    changed += bulk::insert(tx.conn(), WHAT, HEAD, TAIL, rows).await?;
    Ok(changed)
}

/// The revisions on the home's reports that were saved since then, in steps of so many whole reports (a few hundred
/// rows each), in the order of saving. A report that is saved while the walk goes on comes once more.
pub async fn shown_since(
    session: &mut impl Session,
    home: &str,
    saved_since: Timestamp,
    after: Option<Place>,
    limit: u32,
) -> Result<Step> {
    const WHAT: &str = "asking for the revisions on reports";
    // Handler reads: so many reports from the index alone, and one; those of the same second that came before.
    const REPORTS: &str = "SELECT id, saved_at FROM report FORCE INDEX (by_saved) WHERE home = ? AND saved_at >= ? \
        AND (saved_at > ? OR id > ?) ORDER BY saved_at, id LIMIT ?";
    // Handler reads: the rows returned, and one per report.
    const ROWS: &str = "SELECT report_id, wiki, rev_id FROM report_row WHERE report_id IN (IDS) \
        ORDER BY report_id, wiki, rev_id";
    let start = after.map_or(saved_since, |place| place.saved_at);
    let last = after.map_or(0, |place| place.report_id);
    let values = vec![
        Value::from(home),
        at(start),
        at(start),
        Value::from(last),
        Value::from(limit),
    ];
    let places: Vec<Place> = session.conn().rows(WHAT, REPORTS, values).await?;
    let mut ids: Vec<u64> = places.iter().map(|place| place.report_id).collect();
    ids.sort_unstable();
    let rows = bulk::select(session.conn(), WHAT, ROWS, &[], &ids, &[]).await?;
    let is_full = places.len() >= limit as usize;
    Ok(Step {
        rows,
        next: places.last().copied().filter(|_| is_full),
    })
}
