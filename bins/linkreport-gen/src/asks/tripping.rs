//! What the statistics rules make of touched hosts: pure. A host that trips a rule asks for its own report; where several
//! hosts of one registrable domain do, the domain asks for one instead.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::TimeDelta;
use shared::core::link::{Key, PathHosts};
use shared::core::report::{Facts, Limits, Rule, Status, Subject, tripped};
use shared::core::types::Timestamp;
use shared::db::links::questions::rules::{Facts as Counted, Touched};
use shared::db::links::questions::servers::OnServer;
use shared::db::report::{Report, covering};
use shared::db::report_ask::{NewAsk, Reason};
use shared::db::report_page::State;

/// A host that trips rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tripped {
    /// The host.
    pub key: Key,
    /// The rules, at least one, in their order.
    pub rules: Vec<Rule>,
}

/// The facts of a host from its counts; pages, server and lists are filled in by the caller.
pub fn facts(n: u64, wikis: u64, counted: Option<&Counted>, limits: &Limits) -> Facts {
    let facts = Facts {
        additions: n,
        wikis,
        ..Facts::default()
    };
    let Some(counted) = counted else { return facts };
    let bits = u32::from(limits.cidr);
    let one_network = match (counted.v4, counted.v6) {
        (Some(v4), None) => v4.within(bits),
        (None, Some(v6)) => v6.within(bits * 2),
        _ => false,
    };
    Facts {
        // Pairs may keep more than months do: shares are shares of what the pairs have.
        additions: counted.n,
        editors: counted.editors,
        top: counted.top_n,
        unnamed: counted.unnamed_n,
        addresses: counted.addresses,
        one_network,
        ..facts
    }
}

/// Whether the rules could say something more of these facts if the host stood on enough pages.
pub fn needs_pages(facts: &Facts, limits: &Limits) -> bool {
    let anywhere = Facts {
        pages: u64::MAX,
        ..facts.clone()
    };
    tripped(&anywhere, limits).len() > tripped(facts, limits).len()
}

/// Of each host the most registrable domains on one of its servers that one of its adders added. An address stands for
/// itself. `counts`: which adders are looked at.
pub fn on_server(rows: &[OnServer], counts: impl Fn(u32) -> bool) -> HashMap<u32, u64> {
    let mut domains: HashMap<_, HashSet<String>> = HashMap::new();
    for row in rows.iter().filter(|row| counts(row.editor_id)) {
        let Some(key) = Key::from_stored(&row.stored_key) else {
            continue;
        };
        let domain = key.registrable().unwrap_or_else(|| key.host());
        domains
            .entry((row.host_id, row.ip, row.editor_id))
            .or_default()
            .insert(domain);
    }
    let mut most: HashMap<u32, u64> = HashMap::new();
    for ((host, _, _), domains) in domains {
        let most = most.entry(host).or_default();
        *most = (*most).max(domains.len() as u64);
    }
    most
}

/// The registrable domain under which a host may be taken together with others; `None` for addresses and for owners on a
/// host where many people have pages.
pub fn domain(key: &Key) -> Option<String> {
    key.registrable().filter(|_| key.part().is_none())
}

/// The registrable domains of which several hosts tripped, these and those of `before` (of earlier slices).
pub fn shared_domains(tripped: &[Tripped], before: &HashMap<String, HashSet<String>>) -> Vec<String> {
    let mut hosts: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    for one in tripped {
        let Some(domain) = domain(&one.key) else { continue };
        let known = before.get(&domain).into_iter().flatten().cloned();
        let own = std::iter::once(one.key.stored().to_owned());
        hosts.entry(domain).or_default().extend(known.chain(own));
    }
    hosts.retain(|_, hosts| hosts.len() > 1);
    hosts.into_keys().collect()
}

/// What is asked for: the hosts themselves, or one of `domains` in place of its hosts, with all their rules. Sorted by
/// key, each once.
pub fn subjects(tripped: Vec<Tripped>, domains: &HashSet<String>, path_hosts: &PathHosts) -> Vec<Tripped> {
    let mut found: BTreeMap<Key, Vec<Rule>> = BTreeMap::new();
    for one in tripped {
        let whole = domain(&one.key).filter(|domain| domains.contains(domain));
        let key = whole.and_then(|domain| Key::from_name(&domain, path_hosts).ok());
        found.entry(key.unwrap_or(one.key)).or_default().extend(one.rules);
    }
    let subjects = found.into_iter().map(|(key, rules)| {
        let rules = Rule::ALL.into_iter().filter(|rule| rules.contains(rule)).collect();
        Tripped { key, rules }
    });
    subjects.collect()
}

/// Words of rules as a request has them.
pub fn words(rules: &[Rule]) -> String {
    let words: Vec<&str> = rules.iter().map(|rule| rule.word()).collect();
    words.join(" ")
}

/// The request of rules for a new report. It is one and the same as long as the first rule is, in a week: what was in vain
/// then is asked again when the link is added later.
pub fn opening(home: &str, one: &Tripped, now: Timestamp) -> NewAsk {
    let first = one.rules.first().map_or("", |rule| rule.word());
    NewAsk {
        home: home.to_owned(),
        subject: Subject::Link(one.key.clone()),
        origin: format!("rule:{first}:{}", now.format("%G-W%V")),
        requester: None,
        requester_name: None,
        reason: Reason::Rule,
        detail: Some(words(&one.rules)),
    }
}

/// What new additions do to reports that exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Open reports: requests to be written anew, each with the moment before which that is not done.
    pub asks: Vec<(NewAsk, Timestamp)>,
    /// Closed ones: whether they are opened again has to be looked at.
    pub closed: Vec<Subject>,
    /// Touched hosts (stored keys) that a report covers: rules ask for nothing more.
    pub covered: HashSet<String>,
}

/// What new additions to touched hosts (by stored key) do to the reports that cover them. `now`: the moment at which the
/// hosts were taken, of which each take has its own; `states`: pages that may not be written, by report; `every`: an open
/// report is rewritten at most so often.
pub fn news(
    touched: &[(Touched, String)],
    reports: &[Report],
    states: &HashMap<u64, State>,
    every: TimeDelta,
    now: Timestamp,
) -> News {
    let by_key: HashMap<String, &Report> = reports.iter().map(|report| (report.subject.key(), report)).collect();
    let mut newest: BTreeMap<&Subject, (Timestamp, &Report)> = BTreeMap::new();
    let mut news = News::default();
    for (touched, key) in touched {
        for report in covering(key).iter().filter_map(|key| by_key.get(key)) {
            // One that was never saved is none: its request waits, or was in vain.
            if report.status.is_none() {
                continue;
            }
            news.covered.insert(key.clone());
            let entry = newest.entry(&report.subject).or_insert((touched.since, report));
            entry.0 = entry.0.max(touched.since);
        }
    }
    for (subject, (since, report)) in newest {
        let state = states.get(&report.id).copied();
        match report.status {
            // People took its page away: it is made again when somebody asks whom the settings name.
            _ if state == Some(State::Gone) => {}
            Some(Status::Open) => {
                // A page that is held was looked at when this was learnt last, and is in as little haste.
                let last = report.saved_at.filter(|_| state.is_none()).or(report.checked_at);
                let ask = NewAsk {
                    home: report.home.clone(),
                    subject: subject.clone(),
                    origin: format!("additions:{}:{}", since.timestamp(), now.timestamp_micros()),
                    requester: None,
                    requester_name: None,
                    reason: Reason::Additions,
                    detail: None,
                };
                news.asks.push((ask, last.map_or(now, |last| last + every)));
            }
            Some(Status::Closed) => news.closed.push(subject.clone()),
            // People's word: additions alone change nothing.
            Some(Status::Ignore | Status::Stale | Status::Added) | None => {}
        }
    }
    news
}

#[cfg(test)]
#[path = "tripping_tests.rs"]
mod tests;
