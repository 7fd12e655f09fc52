//! The addresses of hosts, as a name server said, and when to ask again.
//!
//! Only what somebody's own name server answered is stored; nothing here contacts a linked site. Which addresses are
//! worth storing (no private, loopback or documentation ones) is the caller's to decide.

use crate::bulk;
use crate::error::Result;
use crate::links::questions::slices::{self, Slots};
use crate::session::{Fields, FromFields, One, Session, at};
use crate::transaction::FencedTx;
use chrono::Duration;
use mysql_async::{Value, params};
use std::net::IpAddr;
use wikicrew_core::types::Timestamp;

/// An answer is good for so long, that there are no addresses too.
pub const FRESH: Duration = Duration::hours(24);
/// When nothing came back, it is asked for again after so long.
pub const RETRY: Duration = Duration::hours(1);
/// [`due`] looks at the newest hosts only, so that it reads no more on a large table.
const NEWEST: u32 = 2_000;

/// A host whose addresses should be asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Due {
    /// Its number.
    pub host_id: u32,
    /// Its key as stored, `com.example.shop.`: see [`wikicrew_core::link::Key::from_stored`].
    pub stored_key: String,
}

impl FromFields for Due {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            host_id: f.get("host_id")?,
            stored_key: f.get("rhost")?,
        })
    }
}

/// What came of asking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// These, without repetition; at least one.
    Addresses(Vec<IpAddr>),
    /// The name has no address that can be stored.
    None,
    /// The name server did not answer, or not in time: kept for [`RETRY`] only.
    NoAnswer,
}

/// Which of these hosts need an answer, in the order given: those never asked for, those whose last answer is too old
/// at `now`, and those asked for later than `now` (a clock was wrong then); at most `limit`. `stored_keys` are the keys of the rows that the run has just stored, the newest
/// first: "hosts with new additions" are known to the process that stored them, and a table of them would be one more
/// to write at 10,000 rows a second. Keys that are not stored are left out; repeated ones count once.
pub async fn due_among(
    session: &mut impl Session,
    now: Timestamp,
    stored_keys: &[String],
    limit: usize,
) -> Result<Vec<Due>> {
    // Handler reads: 2 per key (by_rhost, primary key of host_asked).
    const SQL: &str = "SELECT h.host_id, h.rhost FROM host h LEFT JOIN host_asked a ON a.host_id = h.host_id \
        WHERE h.rhost IN (LIST) AND (a.host_id IS NULL OR a.next_at <= ? OR a.asked_at > ?)";
    let mut due = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let keys: Vec<&String> = stored_keys.iter().filter(|key| seen.insert(key.as_str())).collect();
    for some in keys.chunks(bulk::SLICE) {
        let found: Vec<Due> = slices::select(
            session.conn(),
            "asking which hosts need an address",
            SQL,
            &[],
            Slots::of(some.iter().map(|key| Value::from(key.as_str()))),
            &[at(now), at(now)],
        )
        .await?;
        let mut found: std::collections::HashMap<String, Due> =
            found.into_iter().map(|due| (due.stored_key.clone(), due)).collect();
        due.extend(some.iter().filter_map(|key| found.remove(key.as_str())));
        if due.len() >= limit {
            break;
        }
    }
    due.truncate(limit);
    Ok(due)
}

/// Hosts that earlier runs did not get to or were killed before, such whose name server may answer by now, and such
/// that were asked for later than `now` (a clock was wrong then); those never asked for first, then the newest first; at most `limit`. It looks at the 2,000 newest hosts only; an older one
/// is asked for when it is added again, see [`due_among`].
pub async fn due(session: &mut impl Session, now: Timestamp, limit: u32) -> Result<Vec<Due>> {
    // Handler reads: 2 × 2,000 and the sorted answer, whatever the table has.
    const SQL: &str = "SELECT h.host_id, h.rhost FROM \
        (SELECT host_id, rhost FROM host ORDER BY host_id DESC LIMIT :newest) h \
        LEFT JOIN host_asked a ON a.host_id = h.host_id \
        WHERE a.host_id IS NULL OR (a.outcome = 2 AND a.next_at <= :now) OR a.asked_at > :now \
        ORDER BY a.host_id IS NULL DESC, h.host_id DESC LIMIT :limit";
    session
        .conn()
        .rows(
            "asking which new hosts need an address",
            SQL,
            params! { "newest" => NEWEST, "now" => at(now), "limit" => limit },
        )
        .await
}

/// Stores what came of asking for a host at `now`: its addresses, seen from their first to their last answer, and when
/// it may be asked for again. With its first addresses it counts as touched once more: the rule about servers may have
/// looked at it before they were known. Nothing, when the host was removed since it was asked for: whoever removes hosts
/// takes that row first, so holding it is enough.
pub async fn answered(tx: &mut FencedTx<'_>, host_id: u32, now: Timestamp, answer: &Answer) -> Result<()> {
    const HEAD: &str = "INSERT INTO host_ip (host_id, ip, first_ts, last_ts)";
    const TAIL: &str = "ON DUPLICATE KEY UPDATE first_ts = LEAST(first_ts, VALUES(first_ts)), \
        last_ts = GREATEST(last_ts, VALUES(last_ts))";
    const ASKED: &str = "INSERT INTO host_asked (host_id, asked_at, outcome, next_at) \
        VALUES (:host_id, :asked_at, :outcome, :next_at) ON DUPLICATE KEY UPDATE asked_at = VALUES(asked_at), \
        outcome = VALUES(outcome), next_at = VALUES(next_at)";
    // Handler reads: 1.
    const HELD: &str = "SELECT host_id AS value FROM host WHERE host_id = :host_id LOCK IN SHARE MODE";
    let held: Option<One<u32>> = tx
        .conn()
        .first("holding a host", HELD, params! { "host_id" => host_id })
        .await?;
    if held.is_none() {
        return Ok(());
    }
    let (outcome, keep) = match answer {
        Answer::Addresses(_) => (0, FRESH),
        Answer::None => (1, FRESH),
        Answer::NoAnswer => (2, RETRY),
    };
    if let Answer::Addresses(addresses) = answer {
        touch_first(tx, host_id, now).await?;
        let rows = addresses
            .iter()
            .map(|&ip| vec![Value::from(host_id), Value::from(to_bytes(ip)), at(now), at(now)]);
        bulk::insert(tx.conn(), "storing the addresses of a host", HEAD, TAIL, rows).await?;
    }
    tx.conn()
        .run(
            "storing that a host was asked for",
            ASKED,
            params! {
                "host_id" => host_id, "asked_at" => at(now), "outcome" => outcome, "next_at" => at(now + keep),
            },
        )
        .await?;
    Ok(())
}

/// Puts a host without addresses back on the list of those with new additions, if anybody added it.
async fn touch_first(tx: &mut FencedTx<'_>, host_id: u32, now: Timestamp) -> Result<()> {
    // Handler reads: 2. Not one statement with the next: it would lock the pairs.
    const WHERE: &str = "SELECT wiki_id AS value FROM pair WHERE host_id = :host_id AND NOT EXISTS \
        (SELECT 1 FROM host_ip i WHERE i.host_id = :host_id) LIMIT 1";
    const TOUCH: &str = "INSERT INTO touched_host (host_id, wiki_id, since) VALUES (:host_id, :wiki_id, :now) \
        ON DUPLICATE KEY UPDATE since = LEAST(since, VALUES(since))";
    let what = "noting that a host's server is known";
    let wiki: Option<One<u16>> = tx.conn().first(what, WHERE, params! { "host_id" => host_id }).await?;
    if let Some(One(wiki_id)) = wiki {
        let values = params! { "host_id" => host_id, "wiki_id" => wiki_id, "now" => at(now) };
        tx.conn().run(what, TOUCH, values).await?;
    }
    Ok(())
}

/// An address of a host's server, and when name servers said so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// The host.
    pub host_id: u32,
    /// The address.
    pub ip: IpAddr,
    /// First answer with it.
    pub first: Timestamp,
    /// Last answer with it.
    pub last: Timestamp,
}

impl FromFields for Address {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            host_id: f.get("host_id")?,
            ip: from_bytes(f, "ip")?,
            first: f.time("first_ts")?,
            last: f.time("last_ts")?,
        })
    }
}

/// The addresses of these hosts, by host and address.
pub async fn of_hosts(session: &mut impl Session, host_ids: &[u32]) -> Result<Vec<Address>> {
    // Handler reads: the rows returned, and one per host.
    const SQL: &str = "SELECT host_id, ip, first_ts, last_ts FROM host_ip WHERE host_id IN (LIST) ORDER BY host_id, ip";
    slices::select(
        session.conn(),
        "reading the addresses of hosts",
        SQL,
        &[],
        Slots::of(host_ids.iter().map(|&id| Value::from(id))),
        &[],
    )
    .await
}

/// A host with an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Served {
    /// Its number.
    pub host_id: u32,
    /// Its key as stored.
    pub stored_key: String,
    /// First answer with that address.
    pub first: Timestamp,
    /// Last answer with that address.
    pub last: Timestamp,
}

impl FromFields for Served {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            host_id: f.get("host_id")?,
            stored_key: f.get("rhost")?,
            first: f.time("first_ts")?,
            last: f.time("last_ts")?,
        })
    }
}

/// The hosts with this address, by number, after the host `after` (0: from the first), at most `limit`: a server of a
/// large provider has many.
pub async fn of_address(session: &mut impl Session, ip: IpAddr, after: u32, limit: u32) -> Result<Vec<Served>> {
    // Handler reads: 4 × limit, whatever the address has.
    const SQL: &str = "SELECT i.host_id, h.rhost, i.first_ts, i.last_ts FROM \
        (SELECT host_id, first_ts, last_ts FROM host_ip FORCE INDEX (by_ip) WHERE ip = :ip AND host_id > :after \
        ORDER BY host_id LIMIT :limit) i JOIN host h ON h.host_id = i.host_id ORDER BY i.host_id";
    session
        .conn()
        .rows(
            "reading the hosts of an address",
            SQL,
            params! { "ip" => to_bytes(ip), "after" => after, "limit" => limit },
        )
        .await
}

/// As the columns `ip` have it: 4 or 16 bytes, network order.
pub(crate) fn to_bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// From a column that is never NULL.
pub(crate) fn from_bytes(f: &mut Fields, column: &str) -> Result<IpAddr> {
    let bytes: Vec<u8> = f.get(column)?;
    ip_of(&bytes).ok_or_else(|| f.bad(column, format!("an address of {} bytes", bytes.len())))
}

/// The address of 4 or 16 bytes.
pub(crate) fn ip_of(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(four));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}
