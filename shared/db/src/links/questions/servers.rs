//! Several domains of one server by one editor: what LiWa3's rule about servers looks at.
//!
//! Which hosts are one domain is for the caller to tell: the public suffixes are not in the database. What is said here
//! comes from name servers' answers; no site is asked anything.

use crate::error::Result;
use crate::links::host_ip;
use crate::links::questions::lookup::{self, numbers};
use crate::links::questions::rules;
use crate::links::questions::slices::{self, Slots};
use crate::session::{Fields, FromFields, Session};
use mysql_async::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

/// An address with more hosts is that of a large provider, and says nothing.
pub const MOST_HOSTS: u32 = 200;

/// Addresses that are looked at for one list of hosts, the lowest first.
const MOST_ADDRESSES: usize = 1_000;

/// Addresses whose hosts one statement reads.
const UNITED: usize = 25;

/// A host of a server that an editor added, who also added the host that was asked for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OnServer {
    /// The host that was asked for.
    pub host_id: u32,
    /// An address of it.
    pub ip: IpAddr,
    /// Who added both.
    pub editor_id: u32,
    /// A host with that address; the one that was asked for too.
    pub other_id: u32,
    /// Its key as stored, of which the registrable domain is told.
    pub stored_key: String,
}

struct Two(u32, u32);

impl FromFields for Two {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(f.get("a")?, f.get("b")?))
    }
}

struct Neighbour(IpAddr, u32);

impl FromFields for Neighbour {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(host_ip::from_bytes(f, "ip")?, f.get("host_id")?))
    }
}

/// For each of these hosts (a slice of [`rules::candidates`], at most 500), each of its addresses and each editor who
/// added it: the hosts with that address that the editor added, where they are at least `least`. Left out are addresses
/// with more than [`MOST_HOSTS`] hosts, and hosts that were added more than `max` times in all: these are known, and
/// belong to lists. In order of host, address, editor and other host.
pub async fn by_one_editor(
    session: &mut impl Session,
    host_ids: &[u32],
    least: u32,
    max: u32,
) -> Result<Vec<OnServer>> {
    let of_hosts = host_ip::of_hosts(session, host_ids).await?;
    let mut asked: BTreeMap<IpAddr, BTreeSet<u32>> = BTreeMap::new();
    for address in of_hosts {
        asked.entry(address.ip).or_default().insert(address.host_id);
    }
    let ips: Vec<IpAddr> = asked.keys().copied().take(MOST_ADDRESSES).collect();
    let on_ip = hosts_of(session, &ips, least).await?;
    let ids: BTreeSet<u32> = on_ip.values().flatten().copied().collect();
    let ids: Vec<u32> = ids.into_iter().collect();
    let small = rules::candidates(session, &ids, 1, max).await?;
    let small: Vec<u32> = small.iter().map(|host| host.host_id).collect();
    let adders = adders_of(session, &small).await?;
    let mut found = Vec::new();
    for (ip, hosts) in &on_ip {
        // Who added how many hosts of it.
        let mut by_editor: HashMap<u32, Vec<u32>> = HashMap::new();
        for host in hosts {
            for &editor in adders.get(host).into_iter().flatten() {
                by_editor.entry(editor).or_default().push(*host);
            }
        }
        by_editor.retain(|_, hosts| hosts.len() >= least as usize);
        for &host_id in asked.get(ip).into_iter().flatten() {
            let with = by_editor.iter().filter(|(_, hosts)| hosts.contains(&host_id));
            for (&editor_id, others) in with {
                found.extend(others.iter().map(|&other_id| (host_id, *ip, editor_id, other_id)));
            }
        }
    }
    let ids: HashSet<u32> = found.iter().map(|&(.., other)| other).collect();
    let ids: Vec<u32> = ids.into_iter().collect();
    let keys = lookup::hosts(session, &ids).await?;
    let keys: HashMap<u32, String> = keys.into_iter().map(|host| (host.id, host.stored_key)).collect();
    let named = |(host_id, ip, editor_id, other_id)| {
        Some(OnServer {
            host_id,
            ip,
            editor_id,
            other_id,
            stored_key: keys.get(&other_id)?.clone(),
        })
    };
    let mut found: Vec<OnServer> = found.into_iter().filter_map(named).collect();
    found.sort_unstable();
    Ok(found)
}

/// The hosts of addresses that have at least so many and not too many.
async fn hosts_of(session: &mut impl Session, ips: &[IpAddr], least: u32) -> Result<BTreeMap<IpAddr, Vec<u32>>> {
    // Handler reads: MOST_HOSTS + 1 per address, twice with the table that they are gathered in.
    const ONE: &str = "(SELECT ip, host_id FROM host_ip FORCE INDEX (by_ip) WHERE ip = ? ORDER BY host_id LIMIT ?)";
    let mut hosts: BTreeMap<IpAddr, Vec<u32>> = BTreeMap::new();
    for some in ips.chunks(UNITED) {
        let sql = vec![ONE; some.len()].join(" UNION ALL ");
        let values: Vec<Value> = some
            .iter()
            .flat_map(|&ip| [Value::from(host_ip::to_bytes(ip)), Value::from(MOST_HOSTS + 1)])
            .collect();
        let rows: Vec<Neighbour> = session
            .conn()
            .rows("reading the hosts of addresses", &sql, values)
            .await?;
        for Neighbour(ip, host) in rows {
            hosts.entry(ip).or_default().push(host);
        }
    }
    hosts.retain(|_, hosts| (least as usize..=MOST_HOSTS as usize).contains(&hosts.len()));
    Ok(hosts)
}

/// Who added each of these hosts.
async fn adders_of(session: &mut impl Session, host_ids: &[u32]) -> Result<HashMap<u32, Vec<u32>>> {
    // Handler reads: one per host, editor and wiki: at most the largest total of a candidate each.
    const SQL: &str = "SELECT host_id AS a, editor_id AS b FROM pair FORCE INDEX (PRIMARY) WHERE host_id IN (LIST) \
        GROUP BY host_id, editor_id";
    let slots: Slots = numbers(host_ids);
    let rows: Vec<Two> = slices::select(session.conn(), "reading who added hosts", SQL, &[], slots, &[]).await?;
    let mut adders: HashMap<u32, Vec<u32>> = HashMap::new();
    for Two(host, editor) in rows {
        adders.entry(host).or_default().push(editor);
    }
    Ok(adders)
}
