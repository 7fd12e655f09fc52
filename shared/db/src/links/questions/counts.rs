//! The four numbers, and who added a host how often: sums of the counters.

use crate::error::Result;
use crate::links::questions::lookup::{Kind, numbers};
use crate::links::questions::slices::{self, Slots};
use crate::session::{Fields, FromFields, One, Session};
use mysql_async::Value;
use std::collections::HashMap;
use std::hash::Hash;
use wikicrew_core::types::Timestamp;

/// The four numbers behind each link of COIBot's and LiWa3's lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Four {
    /// Links that the editor added, of any host.
    pub a: u64,
    /// Times that anybody added the host.
    pub b: u64,
    /// Times that the editor added the host.
    pub c: u64,
    /// Wikis on which the editor added the host.
    pub d: u64,
}

/// A number that belongs to one id.
struct OfOne(u32, u64);

impl FromFields for OfOne {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(f.get("id")?, f.get("value")?))
    }
}

/// A number that belongs to an editor and a host.
struct OfTwo((u32, u32), (u64, u64));

impl FromFields for OfTwo {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(
            (f.get("editor_id")?, f.get("host_id")?),
            (f.get("c")?, f.get("d")?),
        ))
    }
}

/// The four numbers of each (editor, host), in the order given; 0 where nothing is stored.
pub async fn four_numbers(session: &mut impl Session, of: &[(u32, u32)]) -> Result<Vec<Four>> {
    // Handler reads: the pair's rows, one per wiki.
    const PAIRS: &str = "SELECT editor_id, host_id, CAST(SUM(n) AS UNSIGNED) AS c, COUNT(*) AS d FROM pair \
        WHERE (editor_id, host_id) IN (LIST) GROUP BY editor_id, host_id";
    let editors: Vec<u32> = unique(of.iter().map(|&(editor, _)| editor));
    let hosts: Vec<u32> = unique(of.iter().map(|&(_, host)| host));
    let a = of_editors(session, &editors).await?;
    let b = of_hosts(session, &hosts).await?;
    let pairs = Slots::pairs(unique(of.iter().copied()).into_iter());
    let rows: Vec<OfTwo> = slices::select(
        session.conn(),
        "counting what editors added of hosts",
        PAIRS,
        &[],
        pairs,
        &[],
    )
    .await?;
    let pairs: HashMap<(u32, u32), (u64, u64)> = rows.into_iter().map(|OfTwo(key, value)| (key, value)).collect();
    let four = |&(editor, host): &(u32, u32)| {
        let (c, d) = pairs.get(&(editor, host)).copied().unwrap_or_default();
        Four {
            a: a.get(&editor).copied().unwrap_or_default(),
            // Pairs that go on keep older counts than months do.
            b: b.get(&host).copied().unwrap_or_default().max(c),
            c,
            d,
        }
    };
    Ok(of.iter().map(four).collect())
}

/// How many links each of these editors added; those without any are left out.
pub async fn of_editors(session: &mut impl Session, editor_ids: &[u32]) -> Result<HashMap<u32, u64>> {
    // Handler reads: one per editor and wiki.
    const SQL: &str = "SELECT editor_id AS id, CAST(SUM(n) AS UNSIGNED) AS value FROM editor_wiki \
        WHERE editor_id IN (LIST) GROUP BY editor_id";
    let rows: Vec<OfOne> = slices::select(
        session.conn(),
        "counting the additions of editors",
        SQL,
        &[],
        numbers(editor_ids),
        &[],
    )
    .await?;
    Ok(rows.into_iter().map(|OfOne(id, n)| (id, n)).collect())
}

/// How often each of these hosts was added; those that were not are left out.
pub async fn of_hosts(session: &mut impl Session, host_ids: &[u32]) -> Result<HashMap<u32, u64>> {
    // Handler reads: one per host, month and wiki.
    const SQL: &str = "SELECT host_id AS id, CAST(SUM(n) AS UNSIGNED) AS value FROM host_month \
        WHERE host_id IN (LIST) GROUP BY host_id";
    let rows: Vec<OfOne> = slices::select(
        session.conn(),
        "counting the additions of hosts",
        SQL,
        &[],
        numbers(host_ids),
        &[],
    )
    .await?;
    Ok(rows.into_iter().map(|OfOne(id, n)| (id, n)).collect())
}

fn unique<T: Eq + Hash + Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// Somebody who added a host, or one of some hosts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Adder {
    /// Who.
    pub editor_id: u32,
    /// The name.
    pub name: String,
    /// What kind of name.
    pub kind: Kind,
    /// How often.
    pub n: u64,
    /// On how many wikis.
    pub wikis: u64,
    /// For the first time.
    pub first: Timestamp,
    /// For the last time.
    pub last: Timestamp,
}

impl FromFields for Adder {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            editor_id: f.get("editor_id")?,
            name: f.get("name")?,
            kind: Kind::read(f, "kind")?,
            n: f.get("n")?,
            wikis: f.get("wikis")?,
            first: f.time("first_ts")?,
            last: f.time("last_ts")?,
        })
    }
}

/// Who added these hosts (one; or a domain's, at most [`MOST`](super::MOST)) most often, at most `limit`; with equal counts
/// the older number first.
pub async fn adders(session: &mut impl Session, host_ids: &[u32], limit: u32) -> Result<Vec<Adder>> {
    // Handler reads: the hosts' rows, one per editor and wiki; the groups, which are sorted; of one host the rows of
    // those in the answer once more. Times are compared for these only: else that costs as much as reading all rows.
    const ONE: &str = "SELECT g.editor_id, g.n, COUNT(*) AS wikis, MIN(p.first_ts) AS first_ts, \
        MAX(p.last_ts) AS last_ts, e.name, e.kind FROM (SELECT host_id, editor_id, CAST(SUM(n) AS UNSIGNED) AS n \
        FROM pair WHERE host_id IN (LIST) GROUP BY editor_id ORDER BY n DESC, editor_id LIMIT ?) g \
        STRAIGHT_JOIN editor e ON e.editor_id = g.editor_id \
        STRAIGHT_JOIN pair p FORCE INDEX (PRIMARY) ON p.host_id = g.host_id AND p.editor_id = g.editor_id \
        GROUP BY g.n, g.editor_id, e.name, e.kind ORDER BY g.n DESC, g.editor_id";
    const SEVERAL: &str = "SELECT STRAIGHT_JOIN g.*, e.name, e.kind FROM \
        (SELECT editor_id, CAST(SUM(n) AS UNSIGNED) AS n, COUNT(DISTINCT wiki_id) AS wikis, \
        MIN(first_ts) AS first_ts, MAX(last_ts) AS last_ts FROM pair WHERE host_id IN (LIST) \
        GROUP BY editor_id ORDER BY n DESC, editor_id LIMIT ?) g \
        JOIN editor e ON e.editor_id = g.editor_id ORDER BY g.n DESC, g.editor_id";
    slices::whole(
        session.conn(),
        "reading who added a host most",
        if host_ids.len() == 1 { ONE } else { SEVERAL },
        &[],
        numbers(host_ids),
        &[Value::from(limit)],
    )
    .await
}

/// How wikis are counted: with one host or editor every row of a group is another wiki, which is told faster.
pub(crate) fn with_wikis(sql: &str, ids: &[u32]) -> String {
    sql.replace(
        "WIKIS",
        if ids.len() == 1 {
            "COUNT(*)"
        } else {
            "COUNT(DISTINCT wiki_id)"
        },
    )
}

/// The editors of one kind who added a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OfKind {
    /// The kind.
    pub kind: Kind,
    /// How many of them.
    pub editors: u64,
    /// How often they added it.
    pub n: u64,
    /// For the first time, as far as it is stored.
    pub first: Timestamp,
    /// For the last time.
    pub last: Timestamp,
}

impl FromFields for OfKind {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            kind: Kind::read(f, "kind")?,
            editors: f.get("editors")?,
            n: f.get("n")?,
            first: f.time("first_ts")?,
            last: f.time("last_ts")?,
        })
    }
}

/// How many editors of each kind added these hosts (at most [`MOST`](super::MOST)), how often, and from when to when, by
/// kind: one look at the same rows for all that a report says in sum.
pub async fn adders_by_kind(session: &mut impl Session, host_ids: &[u32]) -> Result<Vec<OfKind>> {
    // Handler reads: the hosts' rows, and three per group (editor). Rows from before kinds were kept with pairs have 0
    // there, and only for those the editor is looked up.
    const SQL: &str = "SELECT KIND AS kind, COUNT(*) AS editors, CAST(SUM(g.n) AS UNSIGNED) AS n, \
        MIN(g.first_ts) AS first_ts, MAX(g.last_ts) AS last_ts FROM (SELECT editor_id, CAST(SUM(n) AS UNSIGNED) AS n, \
        MIN(first_ts) AS first_ts, MAX(last_ts) AS last_ts, MAX(kind) AS kind FROM pair WHERE host_id IN (LIST) \
        GROUP BY editor_id) g GROUP BY 1 ORDER BY 1";
    slices::whole(
        session.conn(),
        "counting who added a host",
        &SQL.replace("KIND", KIND),
        &[],
        numbers(host_ids),
        &[],
    )
    .await
}

/// The kind of the editor of a group `g` of pairs, with its largest `kind`.
pub(crate) const KIND: &str = "IF(g.kind > 0, g.kind, (SELECT e.kind FROM editor e WHERE e.editor_id = g.editor_id))";

/// Whether more than so many editors added a host; known without counting them all.
pub async fn has_more_adders_than(session: &mut impl Session, host_id: u32, most: u32) -> Result<bool> {
    // Handler reads: the rows of `most` + 1 editors.
    const SQL: &str = "SELECT COUNT(*) AS value FROM \
        (SELECT editor_id FROM pair WHERE host_id = ? GROUP BY editor_id ORDER BY editor_id LIMIT ?) g";
    let One(editors): One<u64> = session
        .conn()
        .one(
            "asking whether many added a host",
            SQL,
            (host_id, most.saturating_add(1)),
        )
        .await?;
    Ok(editors > u64::from(most))
}
