//! What is asked about hits, the newest first; every answer has its limit.

use super::{Row, rows_of};
use crate::error::Result;
use crate::links::host_ip::to_bytes;
use crate::session::{Session, at};
use mysql_async::Value;
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
