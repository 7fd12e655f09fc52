//! Whether a link is in use by people who know the wiki: pages of the report's wiki that link there now, and additions by
//! users with many edits.
//! <https://www.mediawiki.org/wiki/API:Exturlusage>

use shared::core::link::{Key, PathHosts, found};
use shared::core::report::Subject;
use shared::wiki::Phase;
use shared::wiki::uses::{Uses, uses};

use super::fates::tolerate;
use super::{Context, Gathered};
use crate::model::{Adder, Established};

/// Pages are counted so far.
const PAGES: usize = 500;
/// With more edits than this somebody is experienced.
const EXPERIENCED: u64 = 500;

/// Sets the established use of a link, after the accounts; of other subjects nothing is asked. Errs as
/// [`super::fates::look`] does.
pub async fn look(cx: &Context<'_>, gathered: &mut Gathered) -> anyhow::Result<()> {
    let Subject::Link(key) = &gathered.model.subject else {
        return Ok(());
    };
    let site = cx.here.site();
    cx.here.count_as(Phase::Mentor);
    let is_meant = |url: &str| leads(url, key, &cx.settings.path_hosts);
    let now = match uses(cx.here, &key.host(), &site.content_namespaces(), PAGES, is_meant).await {
        Ok(now) => now,
        Err(error) => {
            tolerate(cx, &cx.home, error).await?;
            None
        }
    };
    gathered.model.established = established(now, &gathered.model.users);
    Ok(())
}

/// Whether an address leads to the key or what is below it. An archive's copy is none: the wiki is not asked for them.
fn leads(url: &str, key: &Key, path_hosts: &PathHosts) -> bool {
    let (from, to) = key.with_subdomains();
    let direct = found(url, path_hosts).into_iter().find(|found| !found.unwrapped);
    direct.is_some_and(|found| (from.as_str()..to.as_str()).contains(&found.key.stored()))
}

fn established(now: Option<Uses>, users: &[Adder]) -> Established {
    // Where the wiki has so many links to other owners of the host that it was not read to the end, none found says nothing.
    let now = now.filter(|now| now.pages > 0 || !now.more);
    let edits = |user: &&Adder| user.account.as_ref().and_then(|account| account.edits);
    let experienced: Vec<&Adder> = users.iter().filter(|user| edits(user) > Some(EXPERIENCED)).collect();
    Established {
        uses_here: now.map(|now| now.pages),
        more: now.is_some_and(|now| now.more),
        by_experienced: (experienced.len() as u64, experienced.iter().map(|user| user.n).sum()),
    }
}

#[cfg(test)]
#[path = "established_tests.rs"]
mod tests;
