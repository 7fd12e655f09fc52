//! Values of a group that are more than a plain text or number: a word of a
//! few, a time span, a date, a text with placeholders.

use super::group::MapNode;
use super::node::Node;
use super::placeholder::{unknown_placeholders, uses};
use super::words::{brief, nearest, parse_duration, show_duration};
use chrono::{Duration, NaiveDate};
use std::ops::RangeInclusive;

impl MapNode<'_> {
    /// One of a few words.
    pub fn choice(&self, key: &str, words: &[&'static str]) -> Option<&'static str> {
        let text = self.text(key)?;
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() {
            let near = nearest(&text, words).map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
            let all = words.join("`, `");
            self.problem(key, &format!("`{}` is none of `{all}`{near}", brief(&text)));
        }
        found
    }

    /// A time span such as `30d`, `12h`, `10m`, `45s` or `2w`.
    pub fn duration(&self, key: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
        let span = match self.find(key)? {
            (_, Node::Text(text)) => parse_duration(text.trim()),
            (_, Node::Int(number)) => {
                let text = format!("say the unit, such as `{number}d`, `{number}h` or `{number}m`");
                return self.fail(key, &text);
            }
            (_, node) => return self.wrong(key, "a time span such as `30d`", node),
        };
        match span {
            Some(span) if range.contains(&span) => Some(span),
            Some(_) => self.fail(
                key,
                &format!(
                    "a time span from {} to {} is wanted",
                    show_duration(*range.start()),
                    show_duration(*range.end())
                ),
            ),
            None => self.fail(
                key,
                "this is no time span; write a number and its unit, such as `30d`, `12h`, `10m` \
                 or `45s`",
            ),
        }
    }

    /// A date such as `2026-12-31`.
    pub fn date(&self, key: &str) -> Option<NaiveDate> {
        let text = self.text(key)?;
        let date = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok();
        if date.is_none() {
            self.problem(key, "this is no date; write it as `2026-12-31`");
        }
        date
    }

    /// Checks the placeholders of a text: each group of `wanted` (names of
    /// one thing, such as `&["mentor", "0"]`) must be used by one of its
    /// names, and none may stand in it that is neither there nor in
    /// `allowed`. Says whether all is well.
    pub fn placeholders(&self, key: &str, text: &str, wanted: &[&[&str]], allowed: &[&str]) -> bool {
        let mut is_well = true;
        for names in wanted.iter().filter(|names| !uses(text, names)) {
            is_well = false;
            let all = names.join("}` or `{");
            self.problem(key, &format!("the placeholder `{{{all}}}` is missing"));
        }
        let known: Vec<&str> = wanted.iter().copied().flatten().chain(allowed).copied().collect();
        for name in unknown_placeholders(text, &known) {
            is_well = false;
            let hint = match nearest(&name, &known) {
                Some(near) => format!("did you mean `{{{near}}}`?"),
                None if known.is_empty() => "this text has none".to_owned(),
                None => format!("known here: `{{{}}}`", known.join("}`, `{")),
            };
            self.problem(
                key,
                &format!("the placeholder `{{{}}}` is not known; {hint}", brief(&name)),
            );
        }
        is_well
    }
}
