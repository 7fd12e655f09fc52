//! What reverts bring back: an addition only where the same editor had added the same host on the same wiki before.
//!
//! The rule must not hang on the order in which revisions are read. What is not an addition is therefore kept in
//! `link_restored`, and becomes one when an earlier addition comes to light. So a row of a revert counts if and only if
//! its time is later than the first time of its pair. That first time is never that of such a row: it is that of an
//! edit which counts whatever came before it, be it a revert by an address or a new user
//! ([`wikicrew_core::addition::RevisionLinks::is_revert`] is not set for those).

use super::placed::{Addition, Placed, Triple};
use super::values::Values;
use crate::connect::Conn;
use crate::error::Result;
use crate::session::{Fields, FromFields};
use std::borrow::Cow;
use std::collections::HashMap;
use wikicrew_core::addition::Flags;
use wikicrew_core::types::Timestamp;

/// The rows of a batch, by where they belong.
#[derive(Default)]
pub(super) struct Split<'b> {
    /// To be stored and counted; without `raised`.
    pub additions: Vec<Addition<'b>>,
    /// Stored before as restored, now additions.
    pub raised: Vec<Addition<'b>>,
    /// To be kept apart.
    pub restored: Vec<Addition<'b>>,
}

/// Decides for every row. Reads within the transaction that will store them.
pub(super) async fn split<'b>(conn: &mut Conn, revs: &[Placed<'b>]) -> Result<Split<'b>> {
    let mut split = Split::default();
    let mut first: HashMap<Triple, Timestamp> = HashMap::new();
    let mut reverts = Vec::new();
    for rev in revs {
        if rev.from.is_revert {
            reverts.extend(rev.rows.iter().cloned());
            continue;
        }
        for row in &rev.rows {
            let ts = first.entry(row.triple()).or_insert(row.ts);
            *ts = row.ts.min(*ts);
        }
        split.additions.extend(rev.rows.iter().cloned());
    }
    split.raised = waiting(conn, &first).await?;
    if reverts.is_empty() {
        return Ok(split);
    }
    let stored = first_times(conn, &reverts).await?;
    for mut row in reverts {
        let before = [first.get(&row.triple()), stored.get(&row.triple())];
        if before.into_iter().flatten().any(|first| *first < row.ts) {
            row.flags |= Flags::READDED.0;
            split.additions.push(row);
        } else {
            split.restored.push(row);
        }
    }
    Ok(split)
}

/// Restored rows that are later than an addition that is stored now.
async fn waiting(conn: &mut Conn, first: &HashMap<Triple, Timestamp>) -> Result<Vec<Addition<'static>>> {
    let mut triples: Vec<_> = first.iter().collect();
    triples.sort();
    let mut asked = Values::default();
    for ((host, editor, wiki), ts) in triples {
        asked.row(|row| {
            row.number(*host).number(*editor).number(*wiki).time(*ts);
        });
    }
    let mut raised = Vec::new();
    for slice in asked.slices() {
        // Handler reads: one per host and editor, and the rows found.
        let sql = format!(
            "WITH asked (h, e, w, t) AS (VALUES {slice}) SELECT STRAIGHT_JOIN r.wiki_id, r.rev_id, r.n, r.ts, r.host_id, \
             r.editor_id, r.page_id, r.flags, r.times, r.path FROM asked JOIN link_restored r \
             FORCE INDEX (by_pair) ON r.host_id = h AND r.editor_id = e AND r.wiki_id = w AND r.ts > CAST(t AS DATETIME)"
        );
        let rows: Vec<Addition<'static>> = conn.plain_rows("reading what reverts restored", &sql).await?;
        raised.extend(rows);
    }
    for row in &mut raised {
        row.flags |= Flags::READDED.0;
    }
    Ok(raised)
}

impl FromFields for Addition<'static> {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            wiki: fields.get("wiki_id")?,
            rev: fields.get("rev_id")?,
            n: fields.get("n")?,
            ts: fields.time("ts")?,
            host: fields.get("host_id")?,
            editor: fields.get("editor_id")?,
            page: fields.get("page_id")?,
            flags: fields.get("flags")?,
            times: fields.get("times")?,
            path: Cow::Owned(fields.get("path")?),
        })
    }
}

struct First(Triple, Timestamp);

impl FromFields for First {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let triple = (fields.get("host_id")?, fields.get("editor_id")?, fields.get("wiki_id")?);
        Ok(Self(triple, fields.time("first_ts")?))
    }
}

/// Since when the pairs of these rows are counted, as stored.
async fn first_times(conn: &mut Conn, rows: &[Addition<'_>]) -> Result<HashMap<Triple, Timestamp>> {
    let mut triples: Vec<Triple> = rows.iter().map(Addition::triple).collect();
    triples.sort_unstable();
    triples.dedup();
    let mut asked = Values::default();
    for (host, editor, wiki) in triples {
        asked.row(|row| {
            row.number(host).number(editor).number(wiki);
        });
    }
    let mut first = HashMap::new();
    for slice in asked.slices() {
        // Handler reads: one per host and editor.
        let sql = format!(
            "WITH asked (h, e, w) AS (VALUES {slice}) \
             SELECT STRAIGHT_JOIN p.host_id, p.editor_id, p.wiki_id, p.first_ts FROM asked \
             JOIN pair p FORCE INDEX (PRIMARY) ON p.host_id = h AND p.editor_id = e AND p.wiki_id = w"
        );
        let rows: Vec<First> = conn.plain_rows("reading since when pairs are counted", &sql).await?;
        first.extend(rows.into_iter().map(|First(triple, ts)| (triple, ts)));
    }
    Ok(first)
}

/// Takes the rows out of `link_restored`.
pub(super) async fn take_out(conn: &mut Conn, raised: &[Addition<'_>]) -> Result<()> {
    let mut keys = Values::default();
    for row in raised {
        keys.row(|cells| {
            cells.number(row.wiki).number(row.rev).number(row.n);
        });
    }
    for slice in keys.slices() {
        // Handler reads: one per row.
        let sql = format!(
            "DELETE r FROM (WITH asked (w, v, k) AS (VALUES {slice}) SELECT w, v, k FROM asked) a \
             STRAIGHT_JOIN link_restored r FORCE INDEX (PRIMARY) \
             ON r.wiki_id = a.w AND r.rev_id = a.v AND r.n = a.k"
        );
        conn.plain("taking out what is no longer restored", &sql).await?;
    }
    Ok(())
}
