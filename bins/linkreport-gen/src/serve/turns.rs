//! Whose turn it is: what waits, within the bounds of the settings.

use std::collections::HashSet;

use chrono::TimeDelta;
use shared::core::report::{self, Bounds, Rule, Subject};
use shared::core::types::Timestamp;
use shared::db::report_ask::{self, Ask, Reason, Waiting};
use shared::job::Run;

use super::decide::is_trusted;
use super::one::Turn;
use super::tries::Try;
use crate::reduced;
use crate::settings::Settings;

/// Subjects that are looked at for a run.
const MOST: u32 = 2_000;
/// Pages of a run for one requester.
const EACH: usize = 5;
/// So many people may have as many reports in a day as one may: more are not made for what anybody writes.
const PEOPLE: u64 = 5;

/// A subject whose turn it is, with how often it was tried.
pub struct Asked {
    /// What is to be done.
    pub turn: Turn,
    /// What asks for it.
    pub tries: Vec<Try>,
}

/// The subjects in the order of serving: first those from which something has to go, which take at most half of the
/// turns where others wait; then by turns. Errs as the database does.
pub async fn turns(run: &Run<Settings>, only: Option<&Subject>) -> anyhow::Result<Vec<Asked>> {
    let (home, now) = (run.wiki.as_str(), run.clock.now());
    if let Some(only) = only.filter(|_| run.fence().is_none()) {
        // A dry run has stored no request.
        return Ok(vec![Asked {
            turn: Turn {
                subject: only.clone(),
                asks: Vec::new(),
                reasons: vec![Reason::Command],
                rules: Vec::new(),
                warning: None,
            },
            tries: Vec::new(),
        }]);
    }
    let waiting = run
        .db
        .read_if_there(async |db| report_ask::waiting(db, home, now, MOST).await)
        .await?;
    let asked = |waiting: &Waiting| asked(waiting, now);
    if let Some(only) = only {
        return Ok(waiting.iter().filter(|one| one.subject == *only).map(asked).collect());
    }
    let cleaning = run
        .db
        .read_if_there(async |db| report_ask::waiting_to_be_cleaned(db, home, now, MOST).await)
        .await?;
    let limits = run.accepted.parsed.settings.limits;
    let since = now - TimeDelta::days(1);
    let (by_rules, by_anybody) = run
        .db
        .read_if_there(async |db| {
            let by_rules = report_ask::pages_by_rules_since(db, home, since).await?;
            Ok((by_rules, report_ask::pages_by_anybody_since(db, home, since).await?))
        })
        .await?;
    let left = |most: u64, done: u64| usize::try_from(most.saturating_sub(done)).unwrap_or(0);
    let room = Room {
        in_all: limits.per_run as usize,
        by_rules: left(limits.per_day.into(), by_rules),
        by_anybody: left(PEOPLE * u64::from(limits.per_requester), by_anybody),
    };
    Ok(in_order(&cleaning, &waiting, room).into_iter().map(asked).collect())
}

/// Pages that may be written.
#[derive(Clone, Copy)]
struct Room {
    /// In this run.
    in_all: usize,
    /// In this day for rules.
    by_rules: usize,
    /// In this day for what anybody writes on watched pages.
    by_anybody: usize,
}

fn in_order<'a>(cleaning: &'a [Waiting], waiting: &'a [Waiting], room: Room) -> Vec<&'a Waiting> {
    let cleaned: HashSet<&Subject> = cleaning.iter().map(|one| &one.subject).collect();
    let others: Vec<&Waiting> = waiting.iter().filter(|one| !cleaned.contains(&one.subject)).collect();
    let first = cleaning.len().min((room.in_all / 2).max(1));
    let candidates: Vec<report::Asked> = others
        .iter()
        .enumerate()
        .map(|(index, one)| report::Asked {
            index,
            requesters: one.asks.iter().map(|ask| ask.requester.clone()).collect(),
        })
        .collect();
    let bounds = Bounds {
        in_all: room.in_all - first,
        each: EACH,
        by_rules: room.by_rules,
    };
    let is_anybodys = |index: usize| others.get(index).is_some_and(|one| is_anybodys(one));
    let chosen = within_day(candidates, bounds, room.by_anybody, is_anybodys);
    let mut turns: Vec<&Waiting> = cleaning[..first].iter().collect();
    turns.extend(chosen.into_iter().filter_map(|index| others.get(index).copied()));
    // What nobody else wants.
    let rest = room.in_all - turns.len();
    turns.extend(cleaning[first..].iter().take(rest));
    turns
}

/// Whether people ask for it, and none whom the settings name.
fn is_anybodys(waiting: &Waiting) -> bool {
    let has = |is: fn(Reason) -> bool| waiting.asks.iter().any(|ask| is(ask.reason));
    has(|reason| reason == Reason::Summary) && !has(is_trusted)
}

/// Those whose turn it is, with no more than `most` of those that anybody asked for.
fn within_day(
    mut candidates: Vec<report::Asked>,
    bounds: Bounds,
    most: usize,
    is_anybodys: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let chosen = report::choose(&candidates, bounds);
    let anybodys: Vec<usize> = chosen.iter().copied().filter(|index| is_anybodys(*index)).collect();
    if anybodys.len() <= most {
        return chosen;
    }
    candidates.retain(|one| !is_anybodys(one.index) || anybodys[..most].contains(&one.index));
    report::choose(&candidates, bounds)
}

fn asked(waiting: &Waiting, now: Timestamp) -> Asked {
    let mut rules: Vec<Rule> = Vec::new();
    let of_rule = |ask: &&Ask| matches!(ask.reason, Reason::Rule | Reason::Reopen);
    for detail in waiting
        .asks
        .iter()
        .filter(of_rule)
        .filter_map(|ask| ask.detail.as_deref())
    {
        for rule in detail
            .split(|c: char| !c.is_ascii_alphabetic() && c != '-')
            .filter_map(Rule::of_word)
        {
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
    }
    let warned = |ask: &Ask| ask.error.as_deref().and_then(reduced::warning).map(str::to_owned);
    let tries = waiting.asks.iter().map(|ask| Try {
        id: ask.id,
        tries: ask.tries,
        is_due: ask.next_try <= now,
        is_cleaning: ask.reason.is_cleaning(),
    });
    Asked {
        tries: tries.collect(),
        turn: Turn {
            subject: waiting.subject.clone(),
            asks: waiting.ids(),
            reasons: waiting.asks.iter().map(|ask| ask.reason).collect(),
            rules,
            warning: waiting.asks.iter().find_map(warned),
        },
    }
}

#[cfg(test)]
#[path = "turns_tests.rs"]
mod tests;
