//! What LiWa3's statistics rules look at: hosts with new additions, in slices, the counters only.
//!
//! Totals first, then the pairs of those hosts whose totals are neither too small to say anything nor so large that
//! the host is known: their rows are bounded by the largest total. Ask for at most 500 hosts at once.

use crate::error::Result;
use crate::links::host_ip;
use crate::links::questions::counts::KIND;
use crate::links::questions::lookup::numbers;
use crate::links::questions::slices;
use crate::session::{Fields, FromFields, One, Session};
use mysql_async::{Value, params};
use std::collections::HashMap;
use std::net::IpAddr;
use wikicrew_core::types::Timestamp;

/// A host with additions that no rule has looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Touched {
    /// The host.
    pub host_id: u32,
    /// Time of the oldest of them.
    pub since: Timestamp,
}

impl FromFields for Touched {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            host_id: f.get("host_id")?,
            since: f.time("since")?,
        })
    }
}

/// Hosts with new additions on any wiki, by number, after the host `after` (0: from the first), at most `limit`.
pub async fn touched(session: &mut impl Session, after: u32, limit: u32) -> Result<Vec<Touched>> {
    // Handler reads: the hosts' rows, one per wiki.
    const SQL: &str = "SELECT host_id, MIN(since) AS since FROM touched_host WHERE host_id > :after \
        GROUP BY host_id ORDER BY host_id LIMIT :limit";
    session
        .conn()
        .rows(
            "asking which hosts have new additions",
            SQL,
            params! { "after" => after, "limit" => limit },
        )
        .await
}

/// A host that the rules can say something of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// The host.
    pub host_id: u32,
    /// How often it was added.
    pub n: u64,
    /// On how many wikis.
    pub wikis: u64,
}

impl FromFields for Candidate {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            host_id: f.get("host_id")?,
            n: f.get("n")?,
            wikis: f.get("wikis")?,
        })
    }
}

/// Those of the hosts that were added `min` to `max` times in all, in no order.
pub async fn candidates(session: &mut impl Session, host_ids: &[u32], min: u32, max: u32) -> Result<Vec<Candidate>> {
    // Handler reads: one per host, month and wiki.
    const SQL: &str = "SELECT host_id, CAST(SUM(n) AS UNSIGNED) AS n, COUNT(DISTINCT wiki_id) AS wikis \
        FROM host_month WHERE host_id IN (LIST) GROUP BY host_id HAVING n BETWEEN ? AND ?";
    slices::select(
        session.conn(),
        "counting the additions of touched hosts",
        SQL,
        &[],
        numbers(host_ids),
        &[Value::from(min), Value::from(max)],
    )
    .await
}

/// The first and the last of some addresses of one family, as they are ordered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ends {
    /// The first.
    pub first: IpAddr,
    /// The last.
    pub last: IpAddr,
}

impl Ends {
    /// Whether all addresses between them begin with the same so many bits: they are in one `/24`, say.
    #[must_use]
    pub fn within(self, bits: u32) -> bool {
        match (self.first, self.last) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
            _ => false,
        }
    }
}

/// Who added a host, in numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// The host.
    pub host_id: u32,
    /// How often it was added.
    pub n: u64,
    /// By how many editors.
    pub editors: u64,
    /// Who added it most; of several the largest number.
    pub top_editor: u32,
    /// How often that editor did.
    pub top_n: u64,
    /// How often addresses, ranges and temporary accounts did.
    pub unnamed_n: u64,
    /// How many addresses and ranges did.
    pub addresses: u64,
    /// Their IPv4 addresses.
    pub v4: Option<Ends>,
    /// Their IPv6 addresses.
    pub v6: Option<Ends>,
}

impl FromFields for Facts {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let top: u64 = f.get("top")?;
        Ok(Self {
            host_id: f.get("host_id")?,
            n: f.get("n")?,
            editors: f.get("editors")?,
            top_editor: (top & u64::from(u32::MAX)) as u32,
            top_n: top >> 32,
            unnamed_n: f.get("unnamed_n")?,
            addresses: f.get("addresses")?,
            v4: None,
            v6: None,
        })
    }
}

/// The ends of the addresses that added a host.
struct OfHost {
    host_id: u32,
    v4: Option<Ends>,
    v6: Option<Ends>,
}

impl FromFields for OfHost {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            host_id: f.get("host_id")?,
            v4: ends(f, "first4", "last4")?,
            v6: ends(f, "first6", "last6")?,
        })
    }
}

fn ends(f: &mut Fields, first: &str, last: &str) -> Result<Option<Ends>> {
    let mut ip = |column: &str| -> Result<Option<IpAddr>> {
        let bytes = f.get::<Option<Vec<u8>>>(column)?;
        Ok(bytes.and_then(|bytes| host_ip::ip_of(&bytes)))
    };
    let (first, last) = (ip(first)?, ip(last)?);
    Ok(first.zip(last).map(|(first, last)| Ends { first, last }))
}

/// Candidates that one statement is about: together they may have a hundred thousand pairs.
const AT_ONCE: usize = 100;

/// Who added each of these hosts, in no order. Only for [`candidates`].
pub async fn facts(session: &mut impl Session, host_ids: &[u32]) -> Result<Vec<Facts>> {
    // Handler reads: 3 per pair and 2 per group of it: at most the largest total of a candidate, times the hosts.
    // One number orders editors by their counts and still says who it is.
    const SQL: &str = "SELECT g.host_id, CAST(SUM(g.n) AS UNSIGNED) AS n, COUNT(*) AS editors, \
        MAX((g.n << 32) | g.editor_id) AS top, CAST(SUM(IF(KIND = 1, 0, g.n)) AS UNSIGNED) AS unnamed_n, \
        CAST(SUM(KIND >= 3) AS UNSIGNED) AS addresses FROM (SELECT host_id, editor_id, \
        CAST(SUM(n) AS UNSIGNED) AS n, MAX(kind) AS kind FROM pair WHERE host_id IN (LIST) \
        GROUP BY host_id, editor_id) g GROUP BY g.host_id";
    // Handler reads: the pairs again, and one per pair of an address.
    const ENDS: &str = "SELECT STRAIGHT_JOIN g.host_id, \
        MIN(IF(LENGTH(e.ip) = 4, e.ip, NULL)) AS first4, MAX(IF(LENGTH(e.ip) = 4, e.ip, NULL)) AS last4, \
        MIN(IF(LENGTH(e.ip) = 16, e.ip, NULL)) AS first6, MAX(IF(LENGTH(e.ip) = 16, e.ip, NULL)) AS last6 \
        FROM pair g FORCE INDEX (PRIMARY) JOIN editor e ON e.editor_id = g.editor_id \
        WHERE g.host_id IN (LIST) AND g.kind IN (0, 3, 4) GROUP BY g.host_id";
    let sql = SQL.replace("KIND", KIND);
    let mut found = Vec::with_capacity(host_ids.len());
    for some in host_ids.chunks(AT_ONCE) {
        let what = "reading who added touched hosts";
        let mut facts: Vec<Facts> = slices::select(session.conn(), what, &sql, &[], numbers(some), &[]).await?;
        let with: Vec<u32> = facts.iter().filter(|f| f.addresses > 0).map(|f| f.host_id).collect();
        let what = "reading the addresses that added touched hosts";
        let ends: Vec<OfHost> = slices::select(session.conn(), what, ENDS, &[], numbers(&with), &[]).await?;
        let ends: HashMap<u32, OfHost> = ends.into_iter().map(|ends| (ends.host_id, ends)).collect();
        for one in &mut facts {
            if let Some(ends) = ends.get(&one.host_id) {
                (one.v4, one.v6) = (ends.v4, ends.v6);
            }
        }
        found.append(&mut facts);
    }
    Ok(found)
}

/// On how many pages each of these hosts was added, as far as the rows go back, in no order. Only for [`candidates`].
pub async fn pages(session: &mut impl Session, host_ids: &[u32]) -> Result<Vec<(u32, u64)>> {
    // Handler reads: the hosts' additions, at most the largest total of a candidate each; one per partition and host.
    const SQL: &str = "SELECT host_id, COUNT(DISTINCT wiki_id, page_id) AS pages FROM link_addition \
        FORCE INDEX (by_host) WHERE host_id IN (LIST) GROUP BY host_id";
    struct Pages(u32, u64);
    impl FromFields for Pages {
        fn from_fields(f: &mut Fields) -> Result<Self> {
            Ok(Self(f.get("host_id")?, f.get("pages")?))
        }
    }
    let rows: Vec<Pages> = slices::select(
        session.conn(),
        "counting the pages of touched hosts",
        SQL,
        &[],
        numbers(host_ids),
        &[],
    )
    .await?;
    Ok(rows.into_iter().map(|Pages(host_id, pages)| (host_id, pages)).collect())
}

/// On how many pages this host was added, as far as `rows` of its additions tell: at least on so many. For a host with
/// more additions than those of [`candidates`] have.
pub async fn pages_of_some(session: &mut impl Session, host_id: u32, rows: u32) -> Result<u64> {
    // Handler reads: so many additions, and those in a table of numbers; one per partition.
    const SQL: &str = "SELECT COUNT(DISTINCT g.wiki_id, g.page_id) AS value FROM (SELECT wiki_id, page_id \
        FROM link_addition FORCE INDEX (by_host) WHERE host_id = ? LIMIT ?) g";
    let values = vec![Value::from(host_id), Value::from(rows)];
    let what = "counting pages of a touched host";
    let One(pages) = session.conn().one(what, SQL, values).await?;
    Ok(pages)
}
