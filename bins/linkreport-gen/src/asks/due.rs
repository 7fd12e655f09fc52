//! Which of the calls that are new on a page become requests: pure. Each edit and each requester has a bound; what is
//! beyond it is refused, and told in sum.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared::core::report::Subject;
use shared::core::types::RevId;
use shared::db::report_ask::{NewAsk, Reason};
use shared::newly::{Person, Whose};

use super::position::Found;

/// Requests of one edit.
const PER_EDIT: usize = 25;

/// The page on which somebody asks.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Key of the wiki on which people decide about reports.
    pub home: &'a str,
    /// Key of the page's wiki.
    pub wiki: &'a str,
    /// Its title with namespace.
    pub title: &'a str,
    /// Its id.
    pub page_id: u64,
    /// Why those ask who write there.
    pub reason: Reason,
}

/// What became of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// Requests, in the order of the edits.
    pub asks: Vec<NewAsk>,
    /// Calls by people who may not ask there.
    pub strangers: u64,
    /// Calls beyond the bound of an edit.
    pub refused: u64,
    /// What names nothing that a report can be about: the revision and one line. Is text from users.
    pub wrong: Vec<(RevId, String)>,
}

/// Sorts the calls. `may_ask`: whether this person may ask on this page; `None` for guests, who have no account.
/// `is_new`: whether this account is as easily had as an address.
pub fn sort(
    found: Vec<Found>,
    page: &Page<'_>,
    may_ask: impl Fn(Option<&Person>) -> bool,
    is_new: impl Fn(&Person) -> bool,
) -> Sorted {
    let mut sorted = Sorted::default();
    let mut of_edit: BTreeMap<RevId, usize> = BTreeMap::new();
    for Found { call, revid, whose } in found {
        let (person, name) = match &whose {
            Whose::Person(person) => (Some(person), &person.name),
            Whose::Guest(name) => (None, name),
            Whose::Nobody(why) => {
                tracing::debug!("a request of revision {revid} does not count: {why}");
                continue;
            }
        };
        if !may_ask(person) {
            sorted.strangers += 1;
            continue;
        }
        let subject = match call.subject {
            Ok(subject) => subject,
            Err(why) => {
                sorted.wrong.push((revid, why));
                continue;
            }
        };
        let count = of_edit.entry(revid).or_default();
        *count += 1;
        if *count > PER_EDIT {
            sorted.refused += 1;
            continue;
        }
        sorted.asks.push(NewAsk {
            home: page.home.to_owned(),
            subject,
            origin: format!("{}:{}:{}:{revid}", page.reason.word(), page.wiki, page.page_id),
            requester: Some(requester(
                page.wiki,
                person.filter(|person| !is_new(person)).map(|person| person.id),
            )),
            requester_name: Some(name.clone()),
            reason: page.reason,
            detail: Some(format!("{}, revision {revid}", page.title)),
        });
    }
    sorted
}

/// Who asks: an account by its id, which renames do not change. All guests of a wiki, and those with new accounts, are
/// one requester: of addresses and new names anybody has as many as it takes.
pub fn requester(wiki: &str, account: Option<u64>) -> String {
    match account {
        Some(account) => format!("{wiki}#{account}"),
        None => format!("{wiki}!guests"),
    }
}

/// Those of the asks that their requesters may still have today, and how many they may not. `asked`: for how many
/// subjects each asked lately; a subject that is asked for twice counts once.
pub fn within(asks: &[NewAsk], asked: &HashMap<String, u64>, most: u32) -> (Vec<NewAsk>, u64) {
    let mut subjects: HashMap<&str, BTreeSet<&Subject>> = HashMap::new();
    let mut refused = 0;
    let mut kept = Vec::new();
    for ask in asks {
        let Some(requester) = ask.requester.as_deref() else {
            kept.push(ask.clone());
            continue;
        };
        let before = asked.get(requester).copied().unwrap_or(0);
        let own = subjects.entry(requester).or_default();
        if own.contains(&ask.subject) || before + (own.len() as u64) < u64::from(most) {
            own.insert(&ask.subject);
            kept.push(ask.clone());
        } else {
            refused += 1;
        }
    }
    (kept, refused)
}

#[cfg(test)]
#[path = "due_tests.rs"]
mod tests;
