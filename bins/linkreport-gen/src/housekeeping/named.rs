//! The reports on which a name may stand, so that they are written anew without it. More of them may be found than name
//! it: a report that says the same as before is not edited.

use std::collections::BTreeSet;
use std::net::IpAddr;

use shared::core::link::{Key, PathHosts};
use shared::core::report::{Kind, Subject};
use shared::core::types::Timestamp;
use shared::db::links::host_ip;
use shared::db::links::questions::{counts, hosts, lookup};
use shared::db::report::{self, Report};
use shared::db::suppress::{Entry, What};
use shared::db::{Result, Work};

/// Reports that a name may stand on.
const NAMED_ON: u32 = 500;

/// The reports on which it may stand that is to be named nowhere.
pub async fn named_on(db: &mut Work, home: &str, entry: &Entry, since: Timestamp) -> Result<Vec<Report>> {
    match entry.what {
        What::Report => report::all_titled(db, home, std::slice::from_ref(&entry.name)).await,
        What::Page => {
            let mut saved = report::saved_since(db, home, since).await?;
            saved.truncate(NAMED_ON as usize);
            Ok(saved)
        }
        What::User => {
            let editors = lookup::editors_named(db, &lookup::stored_name(&entry.name), None).await?;
            let ids: Vec<u32> = editors.iter().map(|editor| editor.id).collect();
            of_editors(db, home, &ids, std::slice::from_ref(&entry.name)).await
        }
        What::Host => {
            let Ok(key) = Key::from_name(&entry.name, &PathHosts::default()) else {
                return Ok(Vec::new());
            };
            let (from, to) = key.with_subdomains();
            let below = lookup::hosts_between(db, &from, &to, NAMED_ON).await?;
            let ids: Vec<u32> = below.iter().map(|host| host.id).collect();
            let adders = counts::adders(db, &ids, NAMED_ON).await?;
            let names: Vec<String> = adders.into_iter().map(|adder| adder.name).collect();
            let mut keys: Vec<String> = below.into_iter().map(|host| host.stored_key).collect();
            keys.push(key.stored().to_owned());
            let mut found = of_hosts(db, home, &keys, &ids).await?;
            found.extend(of_names(db, home, &names).await?);
            Ok(found)
        }
    }
}

/// The reports that may name these editors, whose names these are or were.
pub async fn of_editors(db: &mut Work, home: &str, editors: &[u32], names: &[String]) -> Result<Vec<Report>> {
    let added = hosts::of_editors(db, editors, NAMED_ON).await?;
    let ids: Vec<u32> = added.iter().map(|host| host.host_id).collect();
    let keys: Vec<String> = added.into_iter().map(|host| host.stored_key).collect();
    let mut found = of_hosts(db, home, &keys, &ids).await?;
    found.extend(of_names(db, home, names).await?);
    Ok(found)
}

/// About hosts, domains above them, and their servers.
async fn of_hosts(db: &mut Work, home: &str, keys: &[String], ids: &[u32]) -> Result<Vec<Report>> {
    let mut found = report::of_hosts_domain(db, home, keys).await?;
    let addresses = host_ip::of_hosts(db, ids).await?;
    let servers: BTreeSet<String> = addresses.iter().map(|one| Subject::Server(one.ip).key()).collect();
    found.extend(report::of_subjects(db, home, Kind::Server, &Vec::from_iter(servers)).await?);
    Ok(found)
}

/// About users and addresses, and ranges that these are in.
async fn of_names(db: &mut Work, home: &str, names: &[String]) -> Result<Vec<Report>> {
    let mut found = report::of_subjects(db, home, Kind::User, names).await?;
    found.extend(report::of_subjects(db, home, Kind::Ip, names).await?);
    let addresses: Vec<IpAddr> = names.iter().filter_map(|name| name.parse().ok()).collect();
    if !addresses.is_empty() {
        let ranges = report::newest_saved(db, home, &[Kind::Range], None, Timestamp::MIN_UTC, NAMED_ON).await?;
        found.extend(ranges.into_iter().filter(|report| match &report.subject {
            Subject::Range(net) => addresses.iter().any(|ip| net.contains(ip)),
            _ => false,
        }));
    }
    Ok(found)
}
