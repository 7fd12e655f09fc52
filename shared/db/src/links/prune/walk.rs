//! Going through a whole table by its primary key, a slice at a time, over several runs if need be.
//!
//! No index is by time in the tables of counters (it would cost as much as it saves), so what is old is found by
//! looking at everything once per month. The place is remembered in `memo` after what was done up to it: a slice that was
//! cut off before is looked at once more, and nothing is found. A walk that was begun is always gone on with, whatever it
//! is for by now: else one that takes longer than its key lasts would never see the end of its table.

use crate::bulk;
use crate::connect::{Conn, Db};
use crate::error::Result;
use crate::lease::Fence;
use crate::memo;
use crate::session::{Fields, FromFields, Session};
use crate::transaction::FencedTx;
use mysql_async::Value;
use std::time::Duration;
use wikicrew_core::types::Timestamp;

/// Rows that one statement looks at.
pub(in crate::links) const SLICE: u64 = 5_000;

/// Whether to go on, and the pause between slices.
pub(in crate::links) struct Pace<'a> {
    pub pause: Duration,
    pub goes_on: &'a mut (dyn FnMut() -> bool + Send),
}

impl Pace<'_> {
    /// To be asked before each slice; lets others at the tables first.
    pub async fn next(&mut self) -> bool {
        if !(self.goes_on)() {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        true
    }
}

/// A walk through one table.
pub(in crate::links) struct Walk<'a> {
    /// Name of its memo.
    pub name: &'static str,
    /// What it is for (a date): once it is through, it begins again only for another key. No blanks.
    pub key: &'a str,
    /// Table, and the columns of its primary key.
    pub table: &'static str,
    pub columns: &'static [&'static str],
}

/// A part of the table: after the first key, up to and with the second, if there is one.
pub(in crate::links) struct Range<'a> {
    columns: &'a [&'static str],
    after: Vec<u64>,
    upto: Option<Vec<u64>>,
}

/// Numbers of columns.
pub(in crate::links) struct Numbers(pub Vec<u64>);

/// A key is read as one text, so that one type does for all tables.
impl FromFields for Numbers {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(numbers(&f.get::<String>("value")?)))
    }
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(',').filter_map(|number| number.parse().ok()).collect()
}

impl Range<'_> {
    /// The condition, which is a few ranges of the primary key, and its values. `alias` stands before the columns.
    pub fn condition(&self, alias: &str) -> (String, Vec<Value>) {
        let mut values = Vec::new();
        let mut sql = bound(self.columns, alias, '>', "", &self.after, &mut values);
        if let Some(upto) = &self.upto {
            sql += " AND ";
            sql += &bound(self.columns, alias, '<', "=", upto, &mut values);
        }
        (sql, values)
    }
}

/// `(a = ? AND b = ? AND c > ?) OR (a = ? AND b > ?) OR (a > ?)`: comparing rows, as `(a, b, c) > (?, ?, ?)`, is read
/// without the index.
fn bound(columns: &[&str], alias: &str, sign: char, last: &str, key: &[u64], values: &mut Vec<Value>) -> String {
    let mut any = Vec::new();
    for n in (0..columns.len()).rev() {
        let mut all: Vec<_> = columns[..n]
            .iter()
            .map(|column| format!("{alias}{column} = ?"))
            .collect();
        let sign_end = if n + 1 == columns.len() { last } else { "" };
        all.push(format!("{alias}{} {sign}{sign_end} ?", columns[n]));
        any.push(format!("({})", all.join(" AND ")));
        values.extend(key[..=n].iter().map(|&number| Value::from(number)));
    }
    format!("({})", any.join(" OR "))
}

impl Walk<'_> {
    /// Goes on where the last run stopped. `slice` deals with one range in a transaction of its own, in which the
    /// place is stored too, and gives how many rows it changed. All rows changed; and whether it is through, for this key:
    /// after a walk that was begun for another one it begins anew.
    pub async fn go(
        &self,
        db: &Db,
        fence: &Fence,
        now: Timestamp,
        pace: &mut Pace<'_>,
        slice: impl AsyncFn(&mut FencedTx<'_>, &Range<'_>) -> Result<u64>,
    ) -> Result<(u64, bool)> {
        let mut changed = 0;
        while self.place(db, fence).await?.is_some() {
            let is_through = self
                .each(db, fence, now, pace, async |range, _| {
                    changed += db.fenced(fence, self.name, async |tx| slice(tx, range).await).await?;
                    Ok(true)
                })
                .await?;
            if !is_through {
                return Ok((changed, false));
            }
        }
        Ok((changed, true))
    }

    /// As [`Walk::go`], for work of several transactions: it says whether it was done, and is done again for the same
    /// range when it was cut off before the place was stored. Through once at most, whatever key that was begun for.
    pub async fn each(
        &self,
        db: &Db,
        fence: &Fence,
        now: Timestamp,
        pace: &mut Pace<'_>,
        mut slice: impl AsyncFnMut(&Range<'_>, &mut Pace<'_>) -> Result<bool>,
    ) -> Result<bool> {
        let Some((key, mut place)) = self.place(db, fence).await? else {
            return Ok(true);
        };
        loop {
            if !pace.next().await {
                return Ok(false);
            }
            let end = db.read(async |work| self.end(work.conn(), &place).await).await?;
            let range = Range {
                columns: self.columns,
                after: place,
                upto: end.clone(),
            };
            if !slice(&range, pace).await? {
                return Ok(false);
            }
            db.fenced(fence, self.name, async |tx| {
                self.remember(tx, &key, end.as_deref(), now).await
            })
            .await?;
            match end {
                Some(end) => place = end,
                None => return Ok(true),
            }
        }
    }

    /// The key that the walk was begun for, and where to go on; none when it is through for this key.
    async fn place(&self, db: &Db, fence: &Fence) -> Result<Option<(String, Vec<u64>)>> {
        let memo = db
            .read(async |work| memo::get(work, &fence.job, &fence.wiki, self.name).await)
            .await?;
        let begin = (self.key.to_owned(), vec![0; self.columns.len()]);
        let value = memo.map(|memo| memo.value).unwrap_or_default();
        Ok(match value.split_once(' ') {
            Some((key, "through")) if key == self.key => None,
            Some((key, place)) => Some((key.to_owned(), numbers(place)))
                .filter(|(_, place)| place.len() == self.columns.len())
                .or(Some(begin)),
            None => Some(begin),
        })
    }

    async fn remember(&self, tx: &mut FencedTx<'_>, key: &str, place: Option<&[u64]>, now: Timestamp) -> Result<()> {
        let place = place.map_or_else(|| "through".to_owned(), joined);
        memo::set(tx, self.name, &format!("{key} {place}"), now).await
    }

    /// The last key of the slice that begins after this one; none when it is the table's last slice.
    async fn end(&self, conn: &mut Conn, after: &[u64]) -> Result<Option<Vec<u64>>> {
        let mut values = Vec::new();
        let condition = bound(self.columns, "", '>', "", after, &mut values);
        let columns = self.columns.join(", ");
        // Handler reads: the slice.
        let sql = format!(
            "SELECT CONCAT_WS(',', {columns}) AS value FROM {} FORCE INDEX (PRIMARY) WHERE {condition} ORDER BY {columns} LIMIT 1 OFFSET {}",
            self.table,
            SLICE - 1
        );
        let end: Option<Numbers> = conn.first(self.name, &sql, values).await?;
        Ok(end.map(|Numbers(key)| key))
    }
}

fn joined(key: &[u64]) -> String {
    key.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// The numbers that `columns` hold in the rows of `table` (with an alias, if `alias` names one) within the range for
/// which `also` is true.
pub(in crate::links) async fn find(
    conn: &mut Conn,
    what: &'static str,
    (table, alias): (&str, &str),
    columns: &[&str],
    range: &Range<'_>,
    (also, more): (&str, Vec<Value>),
) -> Result<Vec<Vec<u64>>> {
    let (condition, mut values) = range.condition(alias);
    values.extend(more);
    let columns: Vec<_> = columns.iter().map(|column| format!("{alias}{column}")).collect();
    let sql = format!(
        "SELECT CONCAT_WS(',', {}) AS value FROM {table} FORCE INDEX (PRIMARY) WHERE {condition} AND {also}",
        columns.join(", ")
    );
    let found: Vec<Numbers> = conn.rows(what, &sql, values).await?;
    Ok(found.into_iter().map(|Numbers(key)| key).collect())
}

/// `head` with a condition that names rows by their keys, in as many statements as it takes; `tail` and its values
/// follow. Rows affected.
pub(in crate::links) async fn by_keys(
    conn: &mut Conn,
    what: &'static str,
    head: &str,
    columns: &[&str],
    keys: &[Vec<u64>],
    (tail, more): (&str, &[Value]),
) -> Result<u64> {
    let one: Vec<_> = columns.iter().map(|column| format!("{column} = ?")).collect();
    let one = format!("({})", one.join(" AND "));
    let mut affected = 0;
    for some in keys.chunks(bulk::SLICE) {
        // One lookup per key.
        let sql = format!("{head} WHERE ({}){tail}", vec![one.as_str(); some.len()].join(" OR "));
        let mut values: Vec<_> = some.iter().flatten().map(|&number| Value::from(number)).collect();
        values.extend_from_slice(more);
        affected += conn.run(what, &sql, values).await?.affected;
    }
    Ok(affected)
}
