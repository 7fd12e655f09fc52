//! Whether a closed report is opened again: pure. Only what came after it was closed counts, only of users who are
//! neither whitelisted nor passed over, and it has to meet the rule that opened the report by itself.

use shared::core::hit::{Skip, UserFacts};
use shared::core::ranges::ip_range;
use shared::core::report::{Added, Facts, Limits, Rule, tripped};
use shared::core::types::Timestamp;
use shared::db::links::questions::additions::Addition;
use shared::db::links::questions::lookup::Kind;

use chrono::TimeDelta;

/// The group of accounts that are programs.
const BOT: &str = "bot";

/// Not before which moment a report may be opened again: so long after the last time. A report that was never opened
/// again may be at once.
pub fn not_before(reopened_at: Option<Timestamp>, every: TimeDelta) -> Option<Timestamp> {
    reopened_at.and_then(|at| at.checked_add_signed(every))
}

/// Whether the rules pass over what this account added at that moment.
pub fn is_skipped(skip: &Skip, facts: &UserFacts, at: Timestamp) -> bool {
    let is_in = |group: &String| skip.groups.contains(group) || skip.bots && group == BOT;
    if facts.groups.iter().any(is_in) {
        return true;
    }
    let has_many = |least: u64| facts.edits.is_some_and(|edits| edits > least);
    let is_old = |least: TimeDelta| {
        facts
            .registered
            .is_some_and(|made| at.signed_duration_since(made) > least)
    };
    match (skip.edits_over, skip.age_over) {
        (None, None) => false,
        (Some(edits), None) => has_many(edits),
        (None, Some(age)) => is_old(age),
        (Some(edits), Some(age)) => has_many(edits) && is_old(age),
    }
}

/// The additions as the rules take them.
pub fn rows<'a>(additions: impl Iterator<Item = &'a Addition>) -> Vec<Added> {
    let row = |addition: &Addition| Added {
        editor: addition.editor_id,
        is_unnamed: addition.kind.is_unnamed(),
        address: match addition.kind {
            Kind::Address | Kind::Range => ip_range(&addition.editor),
            Kind::Named | Kind::Temporary => None,
        },
        wiki: addition.place.wiki_id,
        page: addition.page_id,
        times: addition.times.into(),
    };
    additions.map(row).collect()
}

/// The rules for which the report is opened again, if it is: the rule that opened it; of one that a person opened, all
/// that hold.
pub fn again(facts: &Facts, opened_by: &str, limits: &Limits) -> Vec<Rule> {
    let mut rules = tripped(facts, limits);
    if let Some(rule) = Rule::of_word(opened_by)
        && !rules.contains(&rule)
    {
        rules.clear();
    }
    rules
}

/// Whether so few additions cannot meet any rule that would open the report again, whoever made them: nobody has to be
/// asked for then.
pub fn is_too_little(additions: &[Addition], opened_by: &str, limits: &Limits) -> bool {
    let all: u64 = additions.iter().map(|one| u64::from(one.times)).sum();
    let needs_many = matches!(
        Rule::of_word(opened_by),
        Some(Rule::Dominance | Rule::UnnamedOnly | Rule::CloseAddresses)
    );
    all == 0 || needs_many && all < limits.min_additions.into()
}

#[cfg(test)]
#[path = "since_tests.rs"]
mod tests;
