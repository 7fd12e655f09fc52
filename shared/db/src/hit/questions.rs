//! What is asked about hits, the newest first; every answer has its limit.

use super::{COLUMNS, Row, rows_of};
use crate::bulk;
use crate::error::Result;
use crate::links::host_ip::to_bytes;
use crate::session::{Fields, FromFields, Session, at};
use chrono::TimeDelta;
use mysql_async::Value;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use wikicrew_core::types::{RevId, Timestamp, UserId};

/// Hits of a domain with sub-domains, or of a range of addresses, that are looked at for the newest of them.
pub const MAX_RANGE: u32 = 20_000;

/// By whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who<'a> {
    /// A name as the wiki has it; an address or, where old ones were cut, a range too.
    Name(&'a str),
    /// An account of the wiki that is asked for; without a wiki nothing is found.
    Account(UserId),
    /// Addresses from the first to the last, of one family.
    Addresses(IpAddr, IpAddr),
}

/// About what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Thing<'a> {
    /// Links of one key, in its stored form.
    Link(&'a str),
    /// Links with stored keys from the first (included) to the last (not included), such as `com.example.` to
    /// `com.example/`: a domain with all sub-domains. Of more than 20,000 hits only so many are looked at.
    Links(&'a str, &'a str),
    /// Edits of a page, by title with namespace.
    Page(&'a str),
}

const NEWEST: &str = "h.ts DESC, h.id DESC";

/// Every hit of a revision, by their order of finding.
pub async fn of_revision(session: &mut impl Session, home: &str, wiki: &str, rev: RevId) -> Result<Vec<Row>> {
    // More rules than these meet in no edit but one that adds hundreds of links.
    let ids =
        "SELECT id FROM hit FORCE INDEX (by_hit) WHERE home = ? AND wiki = ? AND rev_id = ? ORDER BY id LIMIT 1000";
    let values = vec![Value::from(home), Value::from(wiki), Value::from(rev.0)];
    read(session, &rows_of("", ids, "h.id"), values).await
}

/// The newest hits by somebody, on one wiki or (`None`) on all that the home reads.
pub async fn of_user(
    session: &mut impl Session,
    home: &str,
    wiki: Option<&str>,
    user: Who<'_>,
    limit: u32,
) -> Result<Vec<Row>> {
    let (index, condition, key) = match (user, wiki) {
        (Who::Name(name), _) => ("by_user", "user_name = ?", vec![Value::from(name)]),
        (Who::Account(_), None) => return Ok(Vec::new()),
        (Who::Account(id), Some(_)) => ("by_account", "user_id = ?", vec![Value::from(id.0)]),
        (Who::Addresses(first, last), _) if first.is_ipv4() != last.is_ipv4() => return Ok(Vec::new()),
        (Who::Addresses(first, last), _) => {
            let (first, last) = (to_bytes(first), to_bytes(last));
            let bytes = first.len();
            let key = vec![Value::from(first), Value::from(last), Value::from(bytes)];
            ("by_ip", "user_ip BETWEEN ? AND ? AND LENGTH(user_ip) = ?", key)
        }
    };
    // 0 is no account: every address has it.
    if matches!(user, Who::Account(UserId(0))) {
        return Ok(Vec::new());
    }
    let index = match (user, wiki) {
        (Who::Name(_), Some(_)) => "by_wiki_user",
        _ => index,
    };
    newest_of(
        session,
        index,
        condition,
        key,
        (home, wiki),
        limit,
        matches!(user, Who::Addresses(..)),
    )
    .await
}

/// The newest hits about a link, a domain or a page, on one wiki or (`None`) on all that the home reads.
pub async fn of_string(
    session: &mut impl Session,
    home: &str,
    wiki: Option<&str>,
    thing: Thing<'_>,
    limit: u32,
) -> Result<Vec<Row>> {
    let (index, condition, key, is_range) = match thing {
        Thing::Link(key) => ("by_host", "rhost = ?", vec![key], false),
        Thing::Links(first, end) => ("by_host", "rhost >= ? AND rhost < ?", vec![first, end], true),
        Thing::Page(title) => ("by_title", "title = ?", vec![title], false),
    };
    let key = key.into_iter().map(Value::from).collect();
    newest_of(session, index, condition, key, (home, wiki), limit, is_range).await
}

/// The newest hits, on one wiki or (`None`) on all that the home reads; `before`: time and number of the last one of
/// the page before.
pub async fn newest(
    session: &mut impl Session,
    home: &str,
    wiki: Option<&str>,
    before: Option<(Timestamp, u64)>,
    limit: u32,
) -> Result<Vec<Row>> {
    let index = if wiki.is_some() { "by_wiki_time" } else { "by_time" };
    let (condition, key) = match before {
        None => ("1", Vec::new()),
        Some((ts, id)) => ("ts <= ? AND (ts < ? OR id < ?)", vec![at(ts), at(ts), Value::from(id)]),
    };
    newest_of(session, index, condition, key, (home, wiki), limit, false).await
}

/// `is_range`: the index gives them in another order than that of time.
async fn newest_of(
    session: &mut impl Session,
    index: &str,
    condition: &str,
    key: Vec<Value>,
    (home, wiki): (&str, Option<&str>),
    limit: u32,
    is_range: bool,
) -> Result<Vec<Row>> {
    let mut values = vec![Value::from(home)];
    values.extend(wiki.map(Value::from));
    values.extend(key);
    let of_wiki = if wiki.is_some() { "AND wiki = ?" } else { "" };
    let found = format!("SELECT id, ts FROM hit FORCE INDEX ({index}) WHERE home = ? {of_wiki} AND {condition}");
    let ids = match is_range {
        false => format!("{found} ORDER BY ts DESC, id DESC LIMIT ?"),
        true => {
            values.push(Value::from(MAX_RANGE));
            format!("SELECT id, ts FROM ({found} LIMIT ?) some ORDER BY ts DESC, id DESC LIMIT ?")
        }
    };
    values.push(Value::from(limit));
    read(session, &rows_of("", &ids, NEWEST), values).await
}

async fn read(session: &mut impl Session, sql: &str, values: Vec<Value>) -> Result<Vec<Row>> {
    session.conn().rows("asking for hits", sql, values).await
}

/// The hits with these numbers that the home has, by number; those that are gone are left out.
pub async fn by_ids(session: &mut impl Session, home: &str, ids: &[u64]) -> Result<Vec<Row>> {
    // Handler reads: one per id.
    let sql = format!("SELECT {COLUMNS} FROM hit h WHERE h.id IN (IDS) AND h.home = ? ORDER BY h.id");
    let home = [Value::from(home)];
    bulk::select(session.conn(), "asking for hits by number", &sql, &[], ids, &home).await
}

/// Hits of one user that are counted for [`places`].
pub const MAX_COUNTED: u32 = 20_000;
/// Numbers before a hit among which the others of its batch are looked for.
const BATCH: u64 = 500;
/// What [`Place::recent`] counts.
const RECENT: TimeDelta = TimeDelta::seconds(3_600);

/// Where a hit stands among those of its user and of its batch, itself included: `c`, `t` and `b` of COIBot's alerts.
/// Only hits that pages may tell of count, and only those that were stored before it, so the numbers stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// Hits of the user that were stored within the hour.
    pub recent: u64,
    /// All hits of the user, to [`MAX_COUNTED`].
    pub all: u64,
    /// Hits that were stored at the same moment, to 500.
    pub batch: u64,
}

/// A hit that is counted.
struct Counted {
    id: u64,
    recorded: Timestamp,
}

impl FromFields for Counted {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("id")?,
            recorded: f.time("recorded")?,
        })
    }
}

/// The places of these hits of one home, by number; hits without a user have none.
pub async fn places(session: &mut impl Session, rows: &[Row]) -> Result<HashMap<u64, Place>> {
    let mut places = HashMap::new();
    let mut users: BTreeMap<(&str, u64, &str), Vec<&Row>> = BTreeMap::new();
    let mut batches: BTreeMap<Timestamp, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        let Some(user) = &row.of.user else { continue };
        // An account keeps its number when it is renamed; an address has none.
        let name = if user.id.0 == 0 { user.name.as_str() } else { "" };
        users.entry((&row.of.wiki, user.id.0, name)).or_default().push(row);
        batches.entry(row.recorded).or_default().push(row);
    }
    for ((wiki, id, name), asked) in users {
        let counted = of_one(session, (&asked[0].home, wiki), (id, name), last(&asked)).await?;
        for row in asked {
            let before = |hit: &&Counted| hit.id <= row.id;
            let is_recent = |hit: &&Counted| hit.recorded > row.recorded - RECENT;
            let place: &mut Place = places.entry(row.id).or_default();
            place.all = counted.iter().filter(before).count() as u64;
            place.recent = counted.iter().filter(before).filter(is_recent).count() as u64;
        }
    }
    for (recorded, asked) in batches {
        let counted = of_batch(session, recorded, &asked).await?;
        for row in asked {
            let first = row.id.saturating_sub(BATCH - 1);
            let is_in = |hit: &&Counted| (first..=row.id).contains(&hit.id);
            places.entry(row.id).or_default().batch = counted.iter().filter(is_in).count() as u64;
        }
    }
    Ok(places)
}

fn last(rows: &[&Row]) -> u64 {
    rows.iter().map(|row| row.id).max().unwrap_or_default()
}

/// The newest hits of one user of a wiki that are not newer than `last`.
async fn of_one(
    session: &mut impl Session,
    (home, wiki): (&str, &str),
    (id, name): (u64, &str),
    last: u64,
) -> Result<Vec<Counted>> {
    let (index, who, key) = match id {
        0 => ("by_wiki_user", "user_name", Value::from(name)),
        id => ("by_account", "user_id", Value::from(id)),
    };
    // Handler reads: the user's hits, each looked at whole.
    let sql = format!(
        "SELECT id, recorded FROM hit FORCE INDEX ({index}) WHERE home = ? AND wiki = ? AND {who} = ? AND id <= ? \
         AND is_reported = 1 ORDER BY ts DESC, id DESC LIMIT ?"
    );
    let place = [home, wiki].map(Value::from).into_iter();
    let values: Vec<Value> = place
        .chain([key, Value::from(last), Value::from(MAX_COUNTED)])
        .collect();
    session.conn().rows("counting the hits of a user", &sql, values).await
}

/// The hits that were stored at this moment, as far as they stand near those that are asked for.
async fn of_batch(session: &mut impl Session, recorded: Timestamp, asked: &[&Row]) -> Result<Vec<Counted>> {
    // Handler reads: 500 per hit, those among them that stand near each other once.
    const SQL: &str = "SELECT id, recorded FROM hit FORCE INDEX (PRIMARY) WHERE id BETWEEN ? AND ? AND home = ? \
        AND recorded = ? AND is_reported = 1 ORDER BY id";
    let mut ids: Vec<u64> = asked.iter().map(|row| row.id).collect();
    ids.sort_unstable();
    let mut found: Vec<Counted> = Vec::new();
    for some in ids.chunk_by(|before, id| id - before < BATCH) {
        let (Some(first), Some(last)) = (some.first(), some.last()) else {
            continue;
        };
        let first = first.saturating_sub(BATCH - 1);
        let values = vec![
            Value::from(first),
            Value::from(last),
            Value::from(&asked[0].home),
            at(recorded),
        ];
        let rows: Vec<Counted> = session.conn().rows("counting the hits of a batch", SQL, values).await?;
        found.extend(rows);
    }
    Ok(found)
}
