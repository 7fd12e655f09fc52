//! The counters, and all other rows that additions change: added up in memory first, then one row per key.
//!
//! Every statement only adds, or takes the smaller or larger of two values, so the order in which batches come does not
//! matter. Rows go by their key, in order: two processes never wait for each other in a circle.

use super::placed::{Addition, Placed, Triple};
use super::values::Values;
use crate::connect::Conn;
use crate::error::Result;
use chrono::Datelike;
use std::collections::BTreeMap;
use wikicrew_core::addition::Flags;
use wikicrew_core::types::Timestamp;

#[derive(Default)]
pub(super) struct Counters<'b> {
    pairs: BTreeMap<Triple, Pair>,
    /// Host, month, wiki.
    months: BTreeMap<(u32, u16, u16), u64>,
    /// Editor, wiki.
    editors: BTreeMap<(u32, u16), Editor>,
    /// Host, wiki.
    touched: BTreeMap<(u32, u16), Timestamp>,
    /// Wiki, page.
    pages: BTreeMap<(u16, u32), &'b Placed<'b>>,
    /// Kinds of the editors of all revisions; whatever is counted is theirs.
    kinds: BTreeMap<u32, u8>,
}

struct Pair {
    n: u64,
    first: Timestamp,
    last: Timestamp,
}

#[derive(Default)]
struct Editor {
    n: u64,
    user_id: u32,
}

impl<'b> Counters<'b> {
    /// A revision that is stored now, whatever becomes of its rows: its page and its editor are known from now on.
    pub fn revision(&mut self, rev: &'b Placed<'b>) {
        let page = self.pages.entry((rev.wiki, rev.page)).or_insert(rev);
        if rev.rev > page.rev {
            *page = rev;
        }
        let editor = self.editors.entry((rev.editor, rev.wiki)).or_default();
        editor.user_id = editor.user_id.max(rev.user_id);
        self.kinds.insert(rev.editor, rev.kind);
    }

    /// An addition. What an archive's link shows is not counted for the editor a second time.
    pub fn addition(&mut self, row: &Addition<'_>) {
        let times = u64::from(row.times);
        let pair = self.pairs.entry(row.triple()).or_insert(Pair {
            n: 0,
            first: row.ts,
            last: row.ts,
        });
        pair.n += times;
        pair.first = pair.first.min(row.ts);
        pair.last = pair.last.max(row.ts);
        *self.months.entry((row.host, month(row.ts), row.wiki)).or_default() += times;
        let editor = self.editors.entry((row.editor, row.wiki)).or_default();
        if !Flags(row.flags).has(Flags::UNWRAPPED) {
            editor.n += times;
        }
        let since = self.touched.entry((row.host, row.wiki)).or_insert(row.ts);
        *since = row.ts.min(*since);
    }

    /// Writes everything, tables in always the same order.
    pub async fn write(&self, conn: &mut Conn) -> Result<()> {
        const PAGE: [&str; 2] = [
            "INSERT INTO page (wiki_id, page_id, ns, title, rev_id)",
            // The number of the revision last: the others compare with it.
            "ON DUPLICATE KEY UPDATE ns = IF(VALUES(rev_id) > rev_id, VALUES(ns), ns), \
             title = IF(VALUES(rev_id) > rev_id, VALUES(title), title), rev_id = GREATEST(rev_id, VALUES(rev_id))",
        ];
        const PAIR: [&str; 2] = [
            "INSERT INTO pair (host_id, editor_id, wiki_id, n, first_ts, last_ts, kind)",
            "ON DUPLICATE KEY UPDATE n = LEAST(n + VALUES(n), 4294967295), \
             first_ts = LEAST(first_ts, VALUES(first_ts)), last_ts = GREATEST(last_ts, VALUES(last_ts)), \
             kind = VALUES(kind)",
        ];
        const MONTH: [&str; 2] = [
            "INSERT INTO host_month (host_id, month, wiki_id, n)",
            "ON DUPLICATE KEY UPDATE n = LEAST(n + VALUES(n), 4294967295)",
        ];
        const EDITOR: [&str; 2] = [
            "INSERT INTO editor_wiki (editor_id, wiki_id, user_id, n)",
            "ON DUPLICATE KEY UPDATE n = LEAST(n + VALUES(n), 4294967295), \
             user_id = GREATEST(user_id, VALUES(user_id))",
        ];
        const TOUCHED: [&str; 2] = [
            "INSERT INTO touched_host (host_id, wiki_id, since)",
            "ON DUPLICATE KEY UPDATE since = LEAST(since, VALUES(since))",
        ];
        let mut rows = Values::default();
        for ((wiki, page), rev) in &self.pages {
            rows.row(|row| {
                row.number(*wiki)
                    .number(*page)
                    .signed(rev.from.ns)
                    .bytes(rev.from.title.as_bytes())
                    .number(rev.rev);
            });
        }
        insert(conn, "storing titles of pages", PAGE, &rows).await?;
        let mut rows = Values::default();
        for ((host, editor, wiki), pair) in &self.pairs {
            rows.row(|row| {
                row.number(*host).number(*editor).number(*wiki);
                row.number(bounded(pair.n)).time(pair.first).time(pair.last);
                // 0: to be looked up.
                row.number(self.kinds.get(editor).copied().unwrap_or_default());
            });
        }
        insert(conn, "counting hosts of editors", PAIR, &rows).await?;
        let mut rows = Values::default();
        for ((host, month, wiki), n) in &self.months {
            rows.row(|row| {
                row.number(*host).number(*month).number(*wiki).number(bounded(*n));
            });
        }
        insert(conn, "counting hosts by month", MONTH, &rows).await?;
        let mut rows = Values::default();
        for ((editor, wiki), known) in &self.editors {
            rows.row(|row| {
                row.number(*editor).number(*wiki);
                row.number(known.user_id).number(bounded(known.n));
            });
        }
        insert(conn, "counting links of editors", EDITOR, &rows).await?;
        let mut rows = Values::default();
        for ((host, wiki), since) in &self.touched {
            rows.row(|row| {
                row.number(*host).number(*wiki).time(*since);
            });
        }
        insert(conn, "noting hosts with new additions", TOUCHED, &rows).await
    }
}

/// `INSERT` head, rows, tail.
pub(super) async fn insert(conn: &mut Conn, what: &'static str, sql: [&str; 2], rows: &Values) -> Result<()> {
    for slice in rows.slices() {
        conn.plain(what, &format!("{} VALUES {slice} {}", sql[0], sql[1]))
            .await?;
    }
    Ok(())
}

/// A count as large as a column takes; the statements stop there too.
fn bounded(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Months since January of the year 0, as in `host_month`. Within what the column takes for the times that are stored
/// at all; else its end.
pub(super) fn month(ts: Timestamp) -> u16 {
    let months = i64::from(ts.year()) * 12 + i64::from(ts.month0());
    u16::try_from(months).unwrap_or(u16::MAX)
}
