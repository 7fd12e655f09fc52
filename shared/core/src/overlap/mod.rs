//! COIBot's score: how much of a name is found in a text, and the other way round.
//!
//! Both directions are floored percentages; what counts is their product (the *ratio*). [`Scorer`] gives the exact
//! numbers and, faster, whether a pair is over a limit; [`near()`] is a second signal, off by default, for names that
//! were changed here and there. A hit tells that two strings are alike and nothing else: it must never be worded as a
//! judgement. The score is described at <https://meta.wikimedia.org/wiki/User:COIBot>.
//!
//! On ASCII the numbers are COIBot's own, to the printed digit, since its limit of 25 was tuned on them. That includes
//! a loss: when a piece of the name stands twice in what is left of the text, the text from the second place on is
//! not searched any more (`abab` with `ab` scores 50 % and 100 %). Unlike COIBot this counts characters, not bytes,
//! lower-cases all of Unicode, and takes `^ $ | + ?` for ordinary characters.

mod cover;
mod haystack;
mod near;
mod norm;
mod scorer;

pub use near::{NearMiss, Signal, near};
pub use norm::MAX_CHARS;
pub use scorer::Scorer;

/// What COIBot reports: pairs whose [`Score::report_ratio`] is greater than this (25 itself is not).
pub const LIMIT: f64 = 25.0;

/// COIBot's factor for pieces that are short beside the text: once for each earlier pass over such pieces.
pub const DETERIORATION: f64 = 0.9;

/// Both directions, in percent, rounded down to two decimals.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Score {
    /// `U->T`: how much of the user name is found in the text.
    pub ut: f64,
    /// `T->U`: how much of the text is found in the user name.
    pub tu: f64,
}

impl Score {
    /// The ratio as COIBot's command `test` shows it: in percent, rounded down to two decimals.
    pub fn test_ratio(&self) -> f64 {
        (self.ut * self.tu).floor() / 100.0
    }

    /// The ratio of reports, which is compared with the limit: in percent, rounded down to one decimal.
    pub fn report_ratio(&self) -> f64 {
        (self.ut * self.tu / 10.0).floor() / 10.0
    }
}

/// The score of one pair with [`DETERIORATION`]. For many pairs a [`Scorer`] is faster: it keeps its memory.
pub fn score(user: &str, text: &str) -> Score {
    Scorer::default().score(user, text)
}

/// A percentage as COIBot prints it: at most two decimals and no zeros at the end (`90`, `47.36`, `35.5`).
pub fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
#[path = "mod_tests.rs"]
mod tests;
