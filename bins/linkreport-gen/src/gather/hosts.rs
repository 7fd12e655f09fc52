//! The hosts of a report about editors, or about a server.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use shared::core::link::Key;
use shared::core::report::{Kind, Subject};
use shared::db::Work;
use shared::db::links::questions::lookup::Kind as EditorKind;
use shared::db::links::questions::{adders, counts, hosts as questions, rules};

use super::context::Context;
use super::rows::of_gone;
use super::shown::Hides;
use super::subject::Meant;
use crate::model::HostCount;

/// Read in excess, in place of such as are not shown.
const MORE: u32 = 10;

/// A host, in numbers.
struct One {
    id: u32,
    stored_key: String,
    n: u64,
    wikis: u64,
}

/// Reads as many as the settings show. What editors added who are shown nowhere (`gone`) is not counted. Other editors are counted up to `common_host`: one more means that there are more.
pub async fn read(
    cx: &Context<'_>,
    db: &mut Work,
    subject: &Subject,
    meant: &Meant,
    gone: &BTreeMap<u32, EditorKind>,
    hides: &Hides,
) -> shared::db::Result<Vec<HostCount>> {
    let most = cx.settings.show.hosts;
    let editors = meant.editor_ids();
    let mut found = match subject.kind() {
        Kind::Link => return Ok(Vec::new()),
        Kind::Server => of_server(db, meant).await?,
        Kind::User | Kind::Ip | Kind::Range => of_editors(db, &editors, most + MORE).await?,
    };
    found.retain(|one| !hides.stored_key(&one.stored_key));
    found.sort_by_key(|one| (Reverse(one.n), one.id));
    found.truncate(most as usize);
    let ids: Vec<u32> = found.iter().map(|one| one.id).collect();
    let all = counts::of_hosts(db, &ids).await?;
    let by = adders::of_each(db, &ids, cx.settings.common_host).await?;
    let mut listed = Vec::with_capacity(found.len());
    for one in found {
        // Who is meant is no other.
        let own = match (subject.kind(), editors.as_slice()) {
            (Kind::Server, _) => 0,
            (_, [_]) => 1,
            (_, several) => adders::of_hosts(db, &[one.id], several).await?.len() as u64,
        };
        let (n_gone, editors_gone) = of_gone(db, one.id, gone).await?;
        let n = match subject.kind() {
            Kind::Server => one.n.saturating_sub(n_gone),
            _ => one.n,
        };
        let Some(key) = Key::from_stored(&one.stored_key) else {
            continue;
        };
        listed.push(HostCount {
            subject: Subject::Link(key),
            n,
            wikis: one.wikis,
            // Pairs that go on keep older counts than months do.
            all: all
                .get(&one.id)
                .copied()
                .unwrap_or_default()
                .saturating_sub(n_gone)
                .max(n),
            others: by
                .get(&one.id)
                .copied()
                .unwrap_or_default()
                .saturating_sub(own + editors_gone),
        });
    }
    Ok(listed)
}

async fn of_editors(db: &mut Work, editors: &[u32], limit: u32) -> shared::db::Result<Vec<One>> {
    let hosts = questions::of_editors(db, editors, limit).await?;
    let ones = hosts.into_iter().map(|host| One {
        id: host.host_id,
        stored_key: host.stored_key,
        n: host.n,
        wikis: host.wikis,
    });
    Ok(ones.collect())
}

async fn of_server(db: &mut Work, meant: &Meant) -> shared::db::Result<Vec<One>> {
    let counted = rules::candidates(db, &meant.host_ids(), 1, u32::MAX).await?;
    let mut keys: HashMap<u32, &str> = meant
        .hosts
        .iter()
        .map(|host| (host.id, host.stored_key.as_str()))
        .collect();
    let ones = counted.into_iter().filter_map(|host| {
        Some(One {
            id: host.host_id,
            stored_key: keys.remove(&host.host_id)?.to_owned(),
            n: host.n,
            wikis: host.wikis,
        })
    });
    Ok(ones.collect())
}

/// A host for people. Is text from users.
pub fn name(stored_key: &str) -> String {
    Key::from_stored(stored_key).map_or_else(|| stored_key.to_owned(), |key| key.display())
}
