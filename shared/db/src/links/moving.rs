//! Giving what belongs to one number of an editor to another one: an address that becomes part of a range, an account
//! that has a new name. Rows and counters, a slice at a time, so that no transaction is long.
//!
//! To be called after [`super::since::shut`], in the same transaction: else who stores counts for the old number. Nothing
//! is counted twice or lost between two slices: each row is with the one number or with the other.

use super::prune::walk::{Numbers, SLICE, by_keys};
use crate::bulk;
use crate::connect::Conn;
use crate::error::Result;
use crate::session::{Fields, FromFields, at, list};
use mysql_async::Value;
use std::collections::BTreeMap;
use wikicrew_core::types::Timestamp;

/// The highest count, see the table `pair`.
const MOST: u64 = u32::MAX as u64;

/// What was moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Moved {
    /// Rows of links; counters are not in it.
    pub rows: u64,
    /// Nothing is left.
    pub is_all: bool,
}

/// Moves at most a slice of each table, from the keys of `to` to the values, which are all of this `kind`; the accounts' numbers last, when nothing
/// else is left: by them it is known what was begun.
pub(super) async fn some(conn: &mut Conn, what: &'static str, to: &BTreeMap<u64, u64>, kind: u8) -> Result<Moved> {
    let mut moved = Moved { rows: 0, is_all: true };
    if to.is_empty() {
        return Ok(moved);
    }
    for table in ["link_addition", "link_restored", "link_flood"] {
        let rows = repoint(conn, what, table, to).await?;
        moved.rows += rows;
        moved.is_all &= rows < SLICE;
    }
    moved.is_all &= pairs(conn, what, to, kind).await? < SLICE;
    moved.is_all = moved.is_all && counts(conn, what, to).await? < SLICE;
    Ok(moved)
}

/// Gives rows of links to others; how many.
async fn repoint(conn: &mut Conn, what: &'static str, table: &str, to: &BTreeMap<u64, u64>) -> Result<u64> {
    let sql = format!(
        "UPDATE {table} FORCE INDEX (by_editor) SET editor_id = CASE editor_id {} END WHERE editor_id IN ({}) LIMIT {SLICE}",
        vec!["WHEN ? THEN ?"; to.len()].join(" "),
        list("?", to.len())
    );
    let mut values: Vec<Value> = to.iter().flat_map(|(&from, &to)| [from, to].map(Value::from)).collect();
    values.extend(to.keys().map(|&from| Value::from(from)));
    Ok(conn.run(what, &sql, values).await?.affected)
}

struct Pair {
    key: Vec<u64>,
    n: u64,
    first: Timestamp,
    last: Timestamp,
}

impl FromFields for Pair {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let Numbers(key) = Numbers::from_fields(f)?;
        Ok(Self {
            key,
            n: f.get("n")?,
            first: f.time("first_ts")?,
            last: f.time("last_ts")?,
        })
    }
}

/// Adds pairs to those of others; how many.
async fn pairs(conn: &mut Conn, what: &'static str, to: &BTreeMap<u64, u64>, kind: u8) -> Result<u64> {
    const COLUMNS: &[&str] = &["host_id", "editor_id", "wiki_id"];
    let sql = format!(
        "SELECT CONCAT_WS(',', host_id, editor_id, wiki_id) AS value, n, first_ts, last_ts FROM pair \
         WHERE editor_id IN ({}) LIMIT {SLICE}",
        list("?", to.len())
    );
    let pairs: Vec<Pair> = conn.rows(what, &sql, from(to)).await?;
    let mut keys = Vec::new();
    let mut sums: BTreeMap<_, (u64, Timestamp, Timestamp)> = BTreeMap::new();
    for pair in &pairs {
        let [host, editor, wiki] = pair.key[..] else { continue };
        let Some(&other) = to.get(&editor) else { continue };
        let sum = sums.entry((host, other, wiki)).or_insert((0, pair.first, pair.last));
        *sum = ((sum.0 + pair.n).min(MOST), sum.1.min(pair.first), sum.2.max(pair.last));
        keys.push(pair.key.clone());
    }
    let rows = sums.iter().map(|(&(host, other, wiki), &(n, first, last))| {
        vec![
            host.into(),
            other.into(),
            wiki.into(),
            n.into(),
            at(first),
            at(last),
            kind.into(),
        ]
    });
    bulk::insert(
        conn,
        what,
        "INSERT INTO pair (host_id, editor_id, wiki_id, n, first_ts, last_ts, kind)",
        "ON DUPLICATE KEY UPDATE n = LEAST(n + VALUES(n), 4294967295), first_ts = LEAST(first_ts, VALUES(first_ts)), \
         last_ts = GREATEST(last_ts, VALUES(last_ts)), kind = VALUES(kind)",
        rows,
    )
    .await?;
    by_keys(conn, what, "DELETE FROM pair", COLUMNS, &keys, ("", &[])).await
}

/// Adds counts to those of others; how many. The number of an account goes with them.
async fn counts(conn: &mut Conn, what: &'static str, to: &BTreeMap<u64, u64>) -> Result<u64> {
    const COLUMNS: &[&str] = &["editor_id", "wiki_id"];
    let sql = format!(
        "SELECT CONCAT_WS(',', editor_id, wiki_id, user_id, n) AS value FROM editor_wiki WHERE editor_id IN ({}) LIMIT {SLICE}",
        list("?", to.len())
    );
    let counts: Vec<Numbers> = conn.rows(what, &sql, from(to)).await?;
    let mut keys = Vec::new();
    let mut sums = BTreeMap::new();
    for Numbers(count) in counts {
        let [editor, wiki, user_id, n] = count[..] else {
            continue;
        };
        let Some(&other) = to.get(&editor) else { continue };
        let (user, sum) = sums.entry((other, wiki)).or_insert((0, 0));
        *user = user_id.max(*user);
        *sum = (*sum + n).min(MOST);
        keys.push(vec![editor, wiki]);
    }
    let rows = sums
        .iter()
        .map(|(&(other, wiki), &(user, n))| vec![other.into(), wiki.into(), Value::from(user), n.into()]);
    let head = "INSERT INTO editor_wiki (editor_id, wiki_id, user_id, n)";
    let tail =
        "ON DUPLICATE KEY UPDATE n = LEAST(n + VALUES(n), 4294967295), user_id = GREATEST(user_id, VALUES(user_id))";
    bulk::insert(conn, what, head, tail, rows).await?;
    by_keys(conn, what, "DELETE FROM editor_wiki", COLUMNS, &keys, ("", &[])).await
}

fn from(to: &BTreeMap<u64, u64>) -> Vec<Value> {
    to.keys().map(|&from| Value::from(from)).collect()
}
