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
/// Reports that a page may be on: each is gathered anew, and only those that have it are edited.
const WITH_PAGE: u32 = 2_000;

/// The reports on which it may stand that is to be named nowhere.
pub async fn named_on(db: &mut Work, home: &str, entry: &Entry) -> Result<Vec<Report>> {
    match entry.what {
        What::Report => {
            let mut found = report::all_titled(db, home, std::slice::from_ref(&entry.name)).await?;
            // Others tell of it as an earlier one.
            for subject in Vec::from_iter(found.iter().map(|report| report.subject.clone())) {
                found.extend(match subject {
                    Subject::Link(key) => of_domain(db, home, &key).await?,
                    other => of_user(db, home, &other.to_string()).await?,
                });
            }
            Ok(found)
        }
        // Which reports a page is on is not known: the newest first.
        What::Page => report::newest_saved(db, home, &Kind::ALL, None, Timestamp::UNIX_EPOCH, WITH_PAGE).await,
        What::User => of_user(db, home, &entry.name).await,
        What::Host => {
            let Ok(key) = Key::from_name(&entry.name, &PathHosts::default()) else {
                return Ok(Vec::new());
            };
            of_domain(db, home, &key).await
        }
    }
}

async fn of_user(db: &mut Work, home: &str, name: &str) -> Result<Vec<Report>> {
    let editors = lookup::editors_named(db, &lookup::stored_name(name), None).await?;
    let ids: Vec<u32> = editors.iter().map(|editor| editor.id).collect();
    of_editors(db, home, &ids, &[name.to_owned()]).await
}

/// About a domain, its hosts and servers, who added these, and what else they added: reports of links name other hosts
/// beside their users.
async fn of_domain(db: &mut Work, home: &str, key: &Key) -> Result<Vec<Report>> {
    let (from, to) = key.with_subdomains();
    let below = lookup::hosts_between(db, &from, &to, NAMED_ON).await?;
    let ids: Vec<u32> = below.iter().map(|host| host.id).collect();
    let adders = counts::adders(db, &ids, NAMED_ON).await?;
    let editors: Vec<u32> = adders.iter().map(|adder| adder.editor_id).collect();
    let names: Vec<String> = adders.into_iter().map(|adder| adder.name).collect();
    let mut keys: Vec<String> = below.into_iter().map(|host| host.stored_key).collect();
    keys.push(key.stored().to_owned());
    let mut found = of_hosts(db, home, &keys, &ids).await?;
    found.extend(of_editors(db, home, &editors, &names).await?);
    Ok(found)
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
        let ranges = report::newest_saved(db, home, &[Kind::Range], None, Timestamp::UNIX_EPOCH, NAMED_ON).await?;
        found.extend(ranges.into_iter().filter(|report| match &report.subject {
            Subject::Range(net) => addresses.iter().any(|ip| net.contains(ip)),
            _ => false,
        }));
    }
    Ok(found)
}
