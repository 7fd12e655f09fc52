//! What became of the additions: whether their pages link there now. Pages are asked in batches, for the hosts in question
//! only; all links of a page are asked for where the wiki cannot be asked for a host (behind an archive's address, by other
//! schemes than `http` and `https`), or where so many hosts are meant that all links are the smaller answer.
//! <https://www.mediawiki.org/wiki/API:Extlinks>

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::Context as _;
use shared::core::addition::Flags;
use shared::core::link::{Key, PathHosts, found};
use shared::core::types::{PageId, RevId};
use shared::wiki::uses::{Linking, linking};
use shared::wiki::{Error, Phase, Session};

use super::{Context, Gathered, RevNow, RowRef};
use crate::model::{Fate, Fates, Row};

/// Answers for a batch of pages, at most: 500 links in each.
const ANSWERS: usize = 10;
/// What all links of a batch of pages cost more than those to one host.
const WHOLE: usize = 4;

/// Sets what became of each row and whether it is the latest revision of its page, and adds to the sums of the model and
/// of its users. A wiki costs a request for each batch of its pages, times the domains of the rows where these are few.
///
/// Errs where the report's own wiki fails as a whole; rows of another one that does are [`Fate::Unknown`].
pub async fn look(cx: &Context<'_>, gathered: &mut Gathered) -> anyhow::Result<()> {
    let by_wiki: BTreeMap<usize, Vec<usize>> = gathered.rows_by_wiki().into_iter().collect();
    for (wiki, rows) in by_wiki {
        let key = gathered.model.wikis[wiki].key.clone();
        let mut pages = HashMap::new();
        if !gathered.refs.unreached.contains(&wiki) {
            match cx.session(&key).await {
                Some(session) => {
                    session.count_as(Phase::Mentor);
                    let plan = Plan::new(gathered, &rows, session.batch_size());
                    match ask(&session, &plan, &cx.settings.path_hosts).await {
                        Ok(found) => pages = found,
                        Err(error) => {
                            tolerate(cx, &key, error).await?;
                            gathered.refs.unreached.insert(wiki);
                        }
                    }
                }
                None => {
                    gathered.refs.unreached.insert(wiki);
                }
            }
        }
        for i in rows {
            let now = rev_now(gathered, i).map(|now| (now.page_id, now.latest));
            let page = now.and_then(|(id, _)| pages.get(&id));
            let (row, behind) = (&mut gathered.model.rows[i], &gathered.refs.rows[i]);
            row.fate = fate(row, behind, page);
            row.is_top = match page {
                Some(Page::Gone) => false,
                Some(Page::There { latest, .. }) => *latest == row.rev,
                None => now.is_some_and(|(_, latest)| latest == row.rev),
            };
        }
    }
    sum(gathered);
    Ok(())
}

/// What is to be done with the failure of a wiki: it is passed over for the rest of the run, but for an end of the run,
/// or of the report's own wiki.
pub(super) async fn tolerate(cx: &Context<'_>, wiki_key: &str, error: Error) -> anyhow::Result<()> {
    let is_end = matches!(error, Error::Deadline | Error::Stopped { .. });
    // What the API answers to one question (a query that took too long) is about that question only.
    let is_answer = matches!(error, Error::Api { .. });
    let is_here = wiki_key == cx.home && !is_answer && (error.is_temporary() || error.stops_run());
    if is_end || is_here {
        return Err(error).context("asking what became of a report's additions");
    }
    cx.give_up(wiki_key, &error).await;
    Ok(())
}

/// A row's revision as its wiki has it now.
fn rev_now(gathered: &Gathered, i: usize) -> Option<&RevNow> {
    let row = &gathered.model.rows[i];
    gathered.refs.revs.get(&(row.wiki, row.rev))
}

/// Which pages are asked for what.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    /// All of their links.
    whole: BTreeSet<PageId>,
    /// Links to a domain and what is below it.
    of_domain: BTreeMap<String, BTreeSet<PageId>>,
}

impl Plan {
    fn new(gathered: &Gathered, rows: &[usize], batch: usize) -> Plan {
        let mut plan = Plan::default();
        let batches = |pages: &BTreeSet<PageId>| pages.len().div_ceil(batch);
        for &i in rows {
            let (row, flags) = (&gathered.model.rows[i], gathered.refs.rows[i].flags);
            let Some(page) = rev_now(gathered, i).map(|now| now.page_id) else {
                continue;
            };
            let key = Key::from_stored(&row.stored_key);
            let is_asked = |key: &Key| !key.ip().is_some_and(|ip| ip.is_ipv6());
            match key.filter(is_asked) {
                Some(key) if !row.by_archive && !flags.has(Flags::OTHER_SCHEME) => {
                    let domain = key.registrable().unwrap_or_else(|| key.host());
                    plan.of_domain.entry(domain).or_default().insert(page);
                }
                _ => {
                    plan.whole.insert(page);
                }
            }
        }
        for pages in plan.of_domain.values_mut() {
            pages.retain(|page| !plan.whole.contains(page));
        }
        plan.of_domain.retain(|_, pages| !pages.is_empty());
        let singly: usize = plan.of_domain.values().map(batches).sum();
        let all: BTreeSet<PageId> = plan.of_domain.values().flatten().copied().collect();
        if singly > WHOLE * batches(&all) {
            plan.of_domain.clear();
            plan.whole.extend(all);
        }
        plan
    }
}

/// A page now.
#[derive(Debug, PartialEq, Eq)]
enum Page {
    /// There is none.
    Gone,
    /// It is there.
    There {
        /// Its newest revision.
        latest: RevId,
        /// Links: host, what follows it, and whether it stands behind an archive's address.
        links: HashSet<(String, String, bool)>,
        /// Whether these are all that were asked for.
        is_whole: bool,
    },
}

async fn ask(session: &Session, plan: &Plan, path_hosts: &PathHosts) -> Result<HashMap<PageId, Page>, Error> {
    let mut pages = HashMap::new();
    let whole = (!plan.whole.is_empty()).then_some((None, &plan.whole));
    let of_domain = plan
        .of_domain
        .iter()
        .map(|(domain, pages)| (Some(domain.as_str()), pages));
    for (domain, ids) in whole.into_iter().chain(of_domain) {
        let ids: Vec<PageId> = ids.iter().copied().collect();
        for (id, now) in linking(session, &ids, domain, ANSWERS).await? {
            add(&mut pages, id, now, path_hosts);
        }
    }
    Ok(pages)
}

/// Hosts and what follows them are compared, as they are read from any address: what belongs to a key of several may be
/// set in another way than when the addition was recorded.
fn add(pages: &mut HashMap<PageId, Page>, id: PageId, now: Option<Linking>, path_hosts: &PathHosts) {
    let Some(now) = now else {
        pages.insert(id, Page::Gone);
        return;
    };
    let page = pages.entry(id).or_insert_with(|| Page::There {
        latest: now.revid,
        links: HashSet::new(),
        is_whole: true,
    });
    if let Page::There { links, is_whole, .. } = page {
        *is_whole &= now.is_whole;
        let all = now.links.iter().flat_map(|url| found(url, path_hosts));
        links.extend(all.map(|found| (found.key.host(), found.path, found.unwrapped)));
    }
}

fn fate(row: &Row, behind: &RowRef, page: Option<&Page>) -> Fate {
    let (links, is_whole) = match page {
        None => return Fate::Unknown,
        Some(Page::Gone) => return Fate::PageGone,
        Some(Page::There { links, is_whole, .. }) => (links, *is_whole),
    };
    let Some(host) = Key::from_stored(&row.stored_key).map(|key| key.host()) else {
        return Fate::Unknown;
    };
    let is_there = match behind.path.is_empty() {
        false => links.contains(&(host, behind.path.clone(), row.by_archive)),
        // What followed the host was erased.
        true => links
            .iter()
            .any(|(of, _, by_archive)| *of == host && *by_archive == row.by_archive),
    };
    match is_there {
        true => Fate::Live,
        false if is_whole => Fate::Removed,
        false => Fate::Unknown,
    }
}

/// Adds the rows to the sums of the model and of its users.
fn sum(gathered: &mut Gathered) {
    let places: HashMap<u32, usize> = (0..)
        .zip(&gathered.refs.users)
        .map(|(i, user)| (user.editor_id, i))
        .collect();
    for (row, behind) in gathered.model.rows.iter().zip(&gathered.refs.rows) {
        count(&mut gathered.model.fates, row);
        let user = places
            .get(&behind.editor_id)
            .and_then(|i| gathered.model.users.get_mut(*i));
        if let Some(user) = user {
            count(&mut user.fates, row);
        }
    }
}

/// By additions, as the totals are: an edit may have added a link several times.
fn count(fates: &mut Fates, row: &Row) {
    let times = u64::from(row.times);
    fates.looked_at += times;
    fates.again += if row.is_again { times } else { 0 };
    *match row.fate {
        Fate::Live => &mut fates.live,
        Fate::Removed => &mut fates.removed,
        Fate::PageGone => &mut fates.gone,
        Fate::Unknown => &mut fates.unknown,
    } += times;
}

#[cfg(test)]
#[path = "fates_tests.rs"]
mod tests;
