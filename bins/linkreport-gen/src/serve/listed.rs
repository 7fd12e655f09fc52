//! Who is on a report: they do not decide what becomes of it.

use std::collections::{HashMap, HashSet};

use shared::core::report::Subject;
use shared::db::links::host_ip;
use shared::db::links::questions::lookup::{self, Kind, stored_name};
use shared::db::links::questions::{MOST, adders};
use shared::db::{self, Work};

/// Those of the accounts of a wiki (its key), some 50, who are on the report of this subject: they added the link, or one
/// of the server's hosts, or it is about them. Errs as the database does.
pub async fn listed(db: &mut Work, wiki: &str, subject: &Subject, names: &[&str]) -> db::Result<HashSet<String>> {
    let (from, to);
    let hosts: Vec<u32> = match subject {
        Subject::Link(key) => {
            (from, to) = key.with_subdomains();
            let hosts = lookup::hosts_between(db, &from, &to, MOST as u32).await?;
            hosts.into_iter().map(|host| host.id).collect()
        }
        Subject::Server(ip) => {
            let hosts = host_ip::of_address(db, *ip, 0, MOST as u32).await?;
            hosts.into_iter().map(|host| host.host_id).collect()
        }
        Subject::User(_) | Subject::Ip(_) | Subject::Range(_) => {
            let about = subject.to_string();
            let are = names.iter().filter(|name| stored_name(name) == stored_name(&about));
            return Ok(are.map(|name| (*name).to_owned()).collect());
        }
    };
    let wikis = lookup::wikis(db).await?;
    let realm = wikis
        .into_iter()
        .find(|known| known.name == wiki)
        .map(|known| known.realm);
    let mut editors: HashMap<u32, &str> = HashMap::new();
    for name in names {
        let named = lookup::editors_named(db, &stored_name(name), realm.as_deref()).await?;
        let accounts = named.into_iter().filter(|editor| editor.kind == Kind::Named);
        editors.extend(accounts.map(|editor| (editor.id, *name)));
    }
    let ids: Vec<u32> = editors.keys().copied().collect();
    if hosts.is_empty() || ids.is_empty() {
        return Ok(HashSet::new());
    }
    let added = adders::of_hosts(db, &hosts, &ids).await?;
    Ok(added
        .keys()
        .filter_map(|editor| editors.get(editor))
        .map(|name| (*name).to_owned())
        .collect())
}
