//! The story of an edit for `explain`: made only when somebody asks, so that judging as such makes no texts.

use super::types::{Hit, ListEntry, Rule};
use crate::overlap::{Score, number};

/// Sentences, or nothing when nobody asked. They hold text from users: whoever shows them makes it harmless there.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Story(Option<Vec<String>>);

impl Story {
    /// One that takes sentences.
    pub fn on() -> Story {
        Story(Some(Vec::new()))
    }

    /// An empty one that takes sentences if this does.
    pub fn another(&self) -> Story {
        Story(self.0.as_ref().map(|_| Vec::new()))
    }

    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    pub fn say(&mut self, sentence: impl FnOnce() -> String) {
        if let Some(all) = &mut self.0 {
            all.push(sentence());
        }
    }

    /// Something about a rule.
    pub fn rule(&mut self, rule: Rule, sentence: impl FnOnce() -> String) {
        self.say(|| format!("{}: {}", rule.word(), sentence()));
    }

    /// Rules that are not asked, and why.
    pub fn not_asked(&mut self, rules: &[Rule], why: &str) {
        for rule in rules {
            self.rule(*rule, || format!("not asked: {why}"));
        }
    }

    pub fn append(&mut self, other: Story) {
        if let (Some(all), Some(more)) = (&mut self.0, other.0) {
            all.extend(more);
        }
    }

    pub fn sentences(self) -> Vec<String> {
        self.0.unwrap_or_default()
    }
}

/// An entry, with who added it, when and why.
pub(super) fn entry(entry: &ListEntry) -> String {
    let words = |text: &Option<String>| {
        text.as_ref()
            .map_or_else(|| "*".to_owned(), |text| format!("\"{text}\""))
    };
    let reason = if entry.reason.is_empty() {
        String::new()
    } else {
        format!(": {}", entry.reason)
    };
    let place = entry
        .wiki
        .as_ref()
        .map_or_else(String::new, |wiki| format!(", on {wiki} only"));
    let until = entry
        .expires
        .map_or_else(String::new, |expires| format!(", until {}", expires.format("%Y-%m-%d")));
    format!(
        "the {} has {} <-> {} (added by {} on {}{place}{until}{reason})",
        entry.list.name(),
        words(&entry.user),
        words(&entry.string),
        entry.by,
        entry.added.format("%Y-%m-%d"),
    )
}

/// `"zxv" and "zyxwv" score 90% (U->P) and 60% (P->U), ratio 54%, which is over the limit of 25%`.
pub(super) fn score(one: &str, other: &str, words: (char, char), score: Score, limit: f64) -> String {
    let ratio = score.report_ratio();
    let over = if ratio > limit { "over" } else { "not over" };
    let (a, b) = words;
    format!(
        "\"{one}\" and \"{other}\" score {}% ({a}->{b}) and {}% ({b}->{a}), ratio {}%, which is {over} the limit of {}%",
        number(score.ut),
        number(score.tu),
        number(ratio),
        number(limit)
    )
}

/// `8,000`.
pub(super) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// That a hit ends the event: what was found, and that nobody is asked any more.
pub(super) fn ends(hit: &Hit) -> String {
    format!("{}: a hit; it ends the questions about this one.", hit.rule.word())
}
