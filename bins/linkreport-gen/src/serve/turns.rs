//! Whose turn it is: what waits, within the bounds of the settings.

use chrono::TimeDelta;
use shared::core::report::{self, Bounds, Rule, Subject};
use shared::db::report_ask::{self, Ask, Reason, Waiting};
use shared::job::Run;

use super::decide::is_cleaning;
use super::one::Turn;
use crate::reduced;
use crate::settings::Settings;

/// Subjects that are looked at for a run.
const MOST: u32 = 2_000;
/// Pages of a run for one requester.
const EACH: usize = 5;

/// A subject whose turn it is, with how often it was tried.
pub struct Asked {
    /// What is to be done.
    pub turn: Turn,
    /// Tries so far.
    pub tries: u32,
}

/// The subjects in the order of serving: first those from which something has to go, then by turns. Errs as the database
/// does.
pub async fn turns(run: &Run<Settings>, only: Option<&Subject>) -> anyhow::Result<Vec<Asked>> {
    let (home, now) = (run.wiki.as_str(), run.clock.now());
    let waiting = run
        .db
        .read_if_there(async |db| report_ask::waiting(db, home, now, MOST).await)
        .await?;
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
            tries: 0,
        }]);
    }
    if let Some(only) = only {
        return Ok(waiting.iter().filter(|one| one.subject == *only).map(asked).collect());
    }
    let limits = run.accepted.parsed.settings.limits;
    let by_rules = run
        .db
        .read_if_there(async |db| report_ask::pages_by_rules_since(db, home, now - TimeDelta::days(1)).await)
        .await?;
    let in_all = limits.per_run as usize;
    let (cleaning, others): (Vec<&Waiting>, Vec<&Waiting>) = waiting
        .iter()
        .partition(|one| one.asks.iter().any(|ask| is_cleaning(ask.reason)));
    let mut turns: Vec<Asked> = cleaning.into_iter().take(in_all).map(asked).collect();
    let bounds = Bounds {
        in_all: in_all - turns.len(),
        each: EACH,
        by_rules: usize::try_from(u64::from(limits.per_day).saturating_sub(by_rules)).unwrap_or(0),
    };
    let candidates: Vec<report::Asked> = others
        .iter()
        .enumerate()
        .map(|(index, one)| report::Asked {
            index,
            requesters: one.asks.iter().map(|ask| ask.requester.clone()).collect(),
        })
        .collect();
    let chosen = report::choose(&candidates, bounds);
    turns.extend(
        chosen
            .into_iter()
            .filter_map(|index| others.get(index))
            .map(|one| asked(one)),
    );
    Ok(turns)
}

fn asked(waiting: &Waiting) -> Asked {
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
    Asked {
        tries: waiting.asks.iter().map(|ask| ask.tries).max().unwrap_or(0),
        turn: Turn {
            subject: waiting.subject.clone(),
            asks: waiting.ids(),
            reasons: waiting.asks.iter().map(|ask| ask.reason).collect(),
            rules,
            warning: waiting.asks.iter().find_map(warned),
        },
    }
}
