//! What is asked about the lines of day pages.

use super::{COLUMNS, Row};
use crate::error::Result;
use crate::hit;
use crate::session::{Fields, FromFields, One, Session, at};
use chrono::NaiveDate;
use mysql_async::{Value, params};
use wikicrew_core::types::Timestamp;

/// Lines that one question answers at most.
pub const MAX_LINES: u32 = 5_000;
/// Lines asked for in one statement.
const SLICE: usize = 50;

/// Lines to be written, the oldest news first: those that are dirty, of hits stored since `recorded_since`, and were
/// not written after `not_changed_after`.
pub async fn due(
    session: &mut impl Session,
    target: &str,
    recorded_since: Timestamp,
    not_changed_after: Timestamp,
    limit: u32,
) -> Result<Vec<Row>> {
    // Handler reads: dirty lines with news; those written within the hour are passed over.
    let sql = format!(
        "SELECT {COLUMNS} FROM hit_line l FORCE INDEX (by_due) WHERE l.target = :target AND l.is_dirty = 1 \
         AND l.recorded >= :since AND (l.changed_at IS NULL OR l.changed_at <= :after) \
         ORDER BY l.recorded, l.id LIMIT :limit"
    );
    let params = params! {
        "target" => target, "since" => at(recorded_since), "after" => at(not_changed_after), "limit" => limit,
    };
    session
        .conn()
        .rows("asking for lines to be written", &sql, params)
        .await
}

/// The lines on a page, in the order in which they were made; at most [`MAX_LINES`].
pub async fn of_title(session: &mut impl Session, target: &str, title: &str) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM hit_line l FORCE INDEX (by_title) WHERE l.target = :target AND l.title = :title \
         AND l.state = 'shown' ORDER BY l.id LIMIT :limit"
    );
    let params = params! { "target" => target, "title" => title, "limit" => MAX_LINES };
    session
        .conn()
        .rows("asking for the lines of a page", &sql, params)
        .await
}

/// Pages with lines of this day or later, by title; at most [`MAX_LINES`].
pub async fn recent_titles(session: &mut impl Session, target: &str, since: NaiveDate) -> Result<Vec<String>> {
    // Handler reads: lines since then, from the index alone.
    const SQL: &str = "SELECT DISTINCT title AS value FROM hit_line FORCE INDEX (by_day) \
        WHERE target = :target AND day >= :since AND state = 'shown' AND title IS NOT NULL ORDER BY title LIMIT :limit";
    let params = params! { "target" => target, "since" => since, "limit" => MAX_LINES };
    let titles: Vec<One<String>> = session.conn().rows("asking for day pages", SQL, params).await?;
    Ok(titles.into_iter().map(|One(title)| title).collect())
}

/// Lines that people struck, the last struck first: pairs of user and thing to be proposed for the whitelist.
pub async fn proposals(
    session: &mut impl Session,
    target: &str,
    struck_since: Timestamp,
    limit: u32,
) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM hit_line l FORCE INDEX (by_struck) WHERE l.target = :target AND l.struck_at >= :since \
         ORDER BY l.struck_at DESC, l.id DESC LIMIT :limit"
    );
    let params = params! { "target" => target, "since" => at(struck_since), "limit" => limit };
    session.conn().rows("asking for struck lines", &sql, params).await
}

struct OfLine {
    line: u64,
    row: hit::Row,
}

impl FromFields for OfLine {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            line: f.get("line")?,
            row: hit::Row::from_fields(f)?,
        })
    }
}

/// The hits of a line that its page may tell of: found for the page's wiki, or on it. The values `?` are the line.
/// What two homes found is one hit.
const HITS: &str = "FROM hit_line l JOIN hit h FORCE INDEX (by_line) ON h.line_key = l.line_key \
    WHERE l.id = ? AND h.is_reported = 1 AND (h.home = l.target OR h.wiki = l.target)";

/// The first hits of each line, at most `each`, with the line's number; by line and revision.
pub async fn hits_of(session: &mut impl Session, lines: &[u64], each: u32) -> Result<Vec<(u64, hit::Row)>> {
    // Handler reads: 3 × each per line.
    let one = format!(
        "(SELECT l.id AS line, COALESCE(MIN(IF(h.home = l.target, h.id, NULL)), MIN(h.id)) AS id {HITS} \
         GROUP BY h.rev_id, h.rule ORDER BY h.rev_id, h.rule LIMIT ?)"
    );
    let mut found = Vec::new();
    for some in lines.chunks(SLICE) {
        let asked = vec![one.as_str(); some.len()].join(" UNION ALL ");
        let sql = hit::rows_of("asked.line, ", &asked, "asked.line, h.rev_id, h.rule");
        let values: Vec<Value> = some
            .iter()
            .flat_map(|line| [Value::from(line), Value::from(each)])
            .collect();
        let rows: Vec<OfLine> = session
            .conn()
            .rows("asking for the hits of lines", &sql, values)
            .await?;
        found.extend(rows.into_iter().map(|of| (of.line, of.row)));
    }
    Ok(found)
}

/// How much a line has to tell of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Totals {
    /// The line's number.
    pub line: u64,
    /// Hits, each rule of a revision once.
    pub hits: u32,
    /// Edits.
    pub edits: u32,
    /// Pages.
    pub pages: u32,
    /// Hits of which the wiki hides something.
    pub hidden: u32,
}

impl FromFields for Totals {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            line: f.get("line")?,
            hits: f.get("hits")?,
            edits: f.get("edits")?,
            pages: f.get("pages")?,
            hidden: f.get("hidden")?,
        })
    }
}

/// How much each of the lines has to tell of, in their order; a line without hits (pruned) has zeros.
pub async fn totals_of(session: &mut impl Session, lines: &[u64]) -> Result<Vec<Totals>> {
    // Handler reads: the hits of the lines.
    let one = format!(
        "(SELECT ? AS line, COUNT(DISTINCT h.rev_id, h.rule) AS hits, COUNT(DISTINCT h.rev_id) AS edits, \
         COUNT(DISTINCT h.page_id) AS pages, \
         COUNT(DISTINCT IF(h.user_hidden OR h.text_hidden, h.rev_id, NULL), h.rule) AS hidden {HITS})"
    );
    let mut found = Vec::new();
    for some in lines.chunks(SLICE) {
        let sql = vec![one.as_str(); some.len()].join(" UNION ALL ");
        let values: Vec<Value> = some
            .iter()
            .flat_map(|line| [Value::from(line), Value::from(line)])
            .collect();
        let rows: Vec<Totals> = session.conn().rows("counting the hits of lines", &sql, values).await?;
        found.extend(rows);
    }
    Ok(found)
}
