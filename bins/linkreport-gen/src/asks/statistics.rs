//! LiWa3's statistics rules over hosts with new additions, in slices. A slice is taken off the list, looked at, and what
//! it asks for is stored in one transaction: a run that dies leaves the slice as it was. What needs a wiki (whether a
//! closed report is opened again) is only noted there, and looked at afterwards, see [`reopen`].
//! <https://meta.wikimedia.org/wiki/User:LiWa3>

use std::collections::{HashMap, HashSet};

use chrono::TimeDelta;
use shared::core::link::{Key, PathHosts};
use shared::core::report::{Facts, Limits, Subject, tripped};
use shared::core::types::Timestamp;
use shared::db::links::questions::rules::{self, Candidate, Touched};
use shared::db::links::questions::{adders, counts, lookup, servers, touched};
use shared::db::report_page::{self, State};
use shared::db::{Result, Session, report, report_ask};
use shared::job::Run;

use super::judge::Judge;
use super::reopen;
use super::tripping::{News, Tripped, domain, facts, needs_pages, news, on_server, opening, shared_domains, subjects};
use crate::naming::Naming;
use crate::settings::Settings;

/// Hosts of one transaction.
const SLICE: u32 = 500;
/// Hosts of one run; what is left waits for the next one.
const PER_RUN: u64 = 20_000;
/// A host that was added more often is known, and belongs to lists; unless few added it.
const MAX_ADDITIONS: u32 = 1_000;
/// Of a host that was added more often so many adders are counted, whatever the settings say.
const MOST_ADDERS: u32 = 1_000;
/// A domain with more hosts is a place where many people have pages: it is not taken for one.
const MOST_HOSTS: u32 = 200;

/// What a pass brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Hosts with new additions that were looked at.
    pub hosts: u64,
    /// Reports that rules ask for, of which nobody knew.
    pub rules: u64,
    /// Open reports with new additions.
    pub additions: u64,
    /// Closed reports that are to be opened again.
    pub reopened: u64,
    /// Closed reports whose new additions could not be judged yet.
    pub later: u64,
}

/// By what hosts are judged.
struct By<'a> {
    home: &'a str,
    limits: &'a Limits,
    common_host: u32,
    path_hosts: &'a PathHosts,
    judge: &'a Judge,
    /// An open report is rewritten at most so often.
    regenerate_every: TimeDelta,
    now: Timestamp,
    /// Hosts that tripped in earlier slices of this run, by registrable domain.
    before: &'a HashMap<String, HashSet<String>>,
}

/// What a slice says.
#[derive(Default)]
struct Slice {
    hosts: u64,
    last: u32,
    tripped: Vec<Tripped>,
    subjects: Vec<Tripped>,
    news: News,
}

/// Looks at hosts with new additions, at most 20,000, and at closed reports whose links came again. Does nothing on a
/// wiki that is not the home of the reports: whoever takes a host off the list has to know its report. A dry run takes
/// nothing off and prints what rules would ask for.
///
/// Errs as the database does, and where the wiki ends the run.
pub async fn statistics(run: &mut Run<Settings>) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    if !run.accepted.parsed.settings.home_is_here() {
        return Ok(tally);
    }
    let by_what = Judge::new(run).await?;
    let settings = run.accepted.parsed.settings.clone();
    let (home, fence) = (run.wiki.clone(), run.fence());
    let mut before: HashMap<String, HashSet<String>> = HashMap::new();
    let mut after = 0;
    while tally.hosts < PER_RUN && run.goes_on().await? {
        let by = By {
            home: &home,
            limits: &settings.rules,
            common_host: settings.common_host,
            path_hosts: &settings.path_hosts,
            judge: &by_what,
            regenerate_every: settings.limits.regenerate_every,
            now: run.clock.now(),
            before: &before,
        };
        let (slice, asked, additions) = match &fence {
            None => {
                let dry = run.db.read_if_there(async |db| {
                    let taken = rules::touched(db, after, SLICE).await?;
                    Ok(Some(judge(db, &taken, &by).await?))
                });
                (dry.await?.unwrap_or_default(), 0, 0)
            }
            Some(fence) => {
                let stored = run.db.fenced(fence, "looking at hosts with new additions", async |tx| {
                    let taken = touched::take(tx, after, SLICE).await?;
                    let slice = judge(tx, &taken, &by).await?;
                    let opening: Vec<_> = slice.subjects.iter().map(|one| opening(by.home, one, by.now)).collect();
                    let asked = report_ask::ask(tx, &opening, by.now).await?;
                    let additions = report_ask::ask_unless_waiting(tx, &slice.news.asks, by.now).await?;
                    reopen::note(tx, &slice.news.closed, by.now).await?;
                    Ok((slice, asked, additions))
                });
                stored.await?
            }
        };
        if slice.hosts == 0 {
            break;
        }
        if fence.is_none() {
            tally.rules += slice.subjects.len() as u64;
            let naming = Naming::read(&run.db, &run.wiki).await?;
            for one in &slice.subjects {
                let name = naming.subject(&Subject::Link(one.key.clone()));
                println!("rules would ask for a report: {name} ({:?})", one.rules);
            }
        }
        after = slice.last;
        tally.hosts += slice.hosts;
        tally.rules += asked;
        tally.additions += additions;
        for one in slice.tripped {
            if let Some(domain) = domain(&one.key) {
                before.entry(domain).or_default().insert(one.key.stored().to_owned());
            }
        }
    }
    let looked = reopen::look(run, &settings, &by_what).await?;
    tally.reopened = looked.reopened;
    tally.later = looked.later;
    Ok(tally)
}

/// What the rules say of these hosts, and what their additions do to reports. Reads only, whatever the hosts have: of
/// none more than [`MAX_ADDITIONS`] are counted, and of those with more the pairs only, if few added them.
async fn judge(db: &mut impl Session, taken: &[Touched], by: &By<'_>) -> Result<Slice> {
    let ids: Vec<u32> = taken.iter().map(|one| one.host_id).collect();
    let mut slice = Slice {
        hosts: taken.len() as u64,
        last: ids.iter().copied().max().unwrap_or(0),
        ..Slice::default()
    };
    let keys = lookup::hosts(db, &ids).await?;
    let keys: HashMap<u32, String> = keys.into_iter().map(|host| (host.id, host.stored_key)).collect();
    let named = |one: &Touched| Some((*one, keys.get(&one.host_id)?.clone()));
    let touched: Vec<(Touched, String)> = taken.iter().filter_map(named).collect();
    let stored: Vec<String> = touched.iter().map(|(_, key)| key.clone()).collect();
    let reports = report::of_hosts_domain(db, by.home, &stored).await?;
    let ids: Vec<u64> = reports.iter().map(|report| report.id).collect();
    let states: HashMap<u64, State> = report_page::not_ok(db, &ids, by.home).await?.into_iter().collect();
    slice.news = news(&touched, &reports, &states, by.regenerate_every, by.now);
    let open = touched.iter().filter(|(_, key)| !slice.news.covered.contains(key));
    let open: HashMap<u32, Key> = open
        .filter_map(|(one, key)| Some((one.host_id, Key::from_stored(key)?)))
        .filter(|(_, key)| !by.judge.white.has_for_all(key))
        .collect();
    slice.tripped = tripping(db, &open, by).await?;
    let mut domains = HashSet::new();
    for domain in shared_domains(&slice.tripped, by.before) {
        if is_one(db, &domain, by).await? {
            domains.insert(domain);
        }
    }
    slice.subjects = subjects(slice.tripped.clone(), &domains, by.path_hosts);
    Ok(slice)
}

/// The hosts that trip rules, by key.
async fn tripping(db: &mut impl Session, hosts: &HashMap<u32, Key>, by: &By<'_>) -> Result<Vec<Tripped>> {
    let ids: Vec<u32> = hosts.keys().copied().collect();
    let all = rules::candidates(db, &ids, 1, u32::MAX).await?;
    let (candidates, larger): (Vec<Candidate>, Vec<Candidate>) =
        all.into_iter().partition(|one| one.n <= MAX_ADDITIONS.into());
    let few = few_added(db, &larger, by.common_host).await?;
    let ids = |of: &[Candidate]| of.iter().map(|one| one.host_id).collect::<Vec<u32>>();
    let is_counted = |one: &Candidate| one.n >= by.limits.min_additions.into() || one.n > by.common_host.into();
    let counted: Vec<Candidate> = candidates.iter().chain(&few).copied().filter(is_counted).collect();
    let counts = rules::facts(db, &ids(&counted)).await?;
    let counts: HashMap<u32, rules::Facts> = counts.into_iter().map(|one| (one.host_id, one)).collect();
    let rows = servers::by_one_editor(db, &ids(&candidates), by.limits.same_server, MAX_ADDITIONS).await?;
    let on_server = on_server(&rows, |_| true);
    let mut of_hosts = Vec::new();
    for one in candidates.iter().chain(&few) {
        let Some(key) = hosts.get(&one.host_id) else { continue };
        let mut facts = facts(one.n, one.wikis, counts.get(&one.host_id), by.limits);
        if facts.editors > by.common_host.into() {
            continue;
        }
        facts.on_server = on_server.get(&one.host_id).copied().unwrap_or(0);
        facts.is_shortener = by.judge.boards.is_shortener(key);
        facts.is_listed = by.judge.boards.is_listed(key);
        of_hosts.push((one.host_id, key, facts));
    }
    let wanted = of_hosts.iter().filter(|(_, _, facts)| needs_pages(facts, by.limits));
    let is_large = |(id, _, _): &&&(u32, &Key, Facts)| few.iter().any(|one| one.host_id == *id);
    let (large, wanted): (Vec<_>, Vec<_>) = wanted.partition(|one| is_large(&one));
    let wanted: Vec<u32> = wanted.into_iter().map(|(id, _, _)| *id).collect();
    let mut pages: HashMap<u32, u64> = rules::pages(db, &wanted).await?.into_iter().collect();
    for (id, _, _) in large {
        pages.insert(*id, rules::pages_of_some(db, *id, MAX_ADDITIONS).await?);
    }
    let mut found = Vec::new();
    for (id, key, mut facts) in of_hosts {
        facts.pages = pages.get(&id).copied().unwrap_or(0);
        let rules = tripped(&facts, by.limits);
        if !rules.is_empty() {
            found.push(Tripped {
                key: key.clone(),
                rules,
            });
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

/// Those of the hosts that few editors added, though often: at most as many as get a report by a rule.
async fn few_added(db: &mut impl Session, larger: &[Candidate], common_host: u32) -> Result<Vec<Candidate>> {
    let most = common_host.min(MOST_ADDERS);
    let ids: Vec<u32> = larger.iter().map(|one| one.host_id).collect();
    let adders = adders::of_each(db, &ids, most).await?;
    let is_few = |one: &&Candidate| adders.get(&one.host_id).is_some_and(|n| *n <= most.into());
    Ok(larger.iter().filter(is_few).copied().collect())
}

/// Whether a registrable domain may have a report by a rule: it is no place where many people have pages, and not too
/// many people added it.
async fn is_one(db: &mut impl Session, domain: &str, by: &By<'_>) -> Result<bool> {
    let Ok(key) = Key::from_name(domain, by.path_hosts) else {
        return Ok(false);
    };
    if key.part().is_some() || by.path_hosts.has_owners(&key) {
        return Ok(false);
    }
    let (from, to) = key.with_subdomains();
    let hosts = lookup::hosts_between(db, &from, &to, MOST_HOSTS + 1).await?;
    if hosts.len() > MOST_HOSTS as usize {
        return Ok(false);
    }
    let ids: Vec<u32> = hosts.iter().map(|host| host.id).collect();
    let totals = counts::of_hosts(db, &ids).await?;
    // Somebody who added it added it at least once.
    if totals.values().sum::<u64>() <= by.common_host.into() {
        return Ok(true);
    }
    for (id, _) in totals.iter().filter(|(_, n)| **n > by.common_host.into()) {
        if counts::has_more_adders_than(db, *id, by.common_host).await? {
            return Ok(false);
        }
    }
    Ok(true)
}
