//! Words for problems: what a value is, what was probably meant.

use super::node::Node;
use crate::text::terminal;
use chrono::Duration;

/// Most characters of a key or value that a problem shows.
const BRIEF_CHARS: usize = 60;

/// The candidate nearest to a word, if one is near enough to have been meant.
/// Case, `-` and `_` do not count.
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let word = squash(word);
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &squash(candidate));
            (distance, *candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn squash(word: &str) -> String {
    word.chars()
        .take(BRIEF_CHARS)
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// A key or value of the page, short enough for a line and harmless on a
/// terminal.
pub(super) fn brief(text: &str) -> String {
    let short: String = text.chars().take(BRIEF_CHARS).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", terminal(&short))
}

/// What a value is.
pub(super) fn describe(node: &Node) -> &'static str {
    match node {
        Node::Null => "empty",
        Node::Bool(true) => "the value `true`",
        Node::Bool(false) => "the value `false`",
        Node::Int(_) | Node::Float(_) => "a number",
        Node::Text(_) => "a text",
        Node::List(_) => "a list",
        Node::Map(_) => "a group of keys",
        Node::Tagged => "something that begins with `!`",
    }
}

/// `30d` and the like, a year being 365 days; `None` for anything else.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let number = &text[..text.len() - unit.len_utf8()];
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = number.parse().ok()?;
    match unit {
        'y' => Duration::try_days(365).and_then(|year| year.checked_mul(i32::try_from(number).ok()?)),
        'w' => Duration::try_weeks(number),
        'd' => Duration::try_days(number),
        'h' => Duration::try_hours(number),
        'm' => Duration::try_minutes(number),
        's' => Duration::try_seconds(number),
        _ => None,
    }
}

/// A time span in its largest whole unit.
pub(super) fn show_duration(span: Duration) -> String {
    let seconds = span.num_seconds();
    for (unit, name) in [(86_400, 'd'), (3_600, 'h'), (60, 'm')] {
        if seconds != 0 && seconds % unit == 0 {
            return format!("{}{name}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let keys = ["optout", "general", "skillslist", "max_edits_per_run", "on"];
        for (word, expected) in [
            ("optuot", Some("optout")),
            ("opt_out", Some("optout")),
            ("skills-list", Some("skillslist")),
            ("maxEditsPerRun", Some("max_edits_per_run")),
            ("genral", Some("general")),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &keys), expected, "{word}");
        }
    }

    #[test]
    fn spans_are_read_and_shown() {
        for (text, expected) in [
            ("30d", Some(Duration::days(30))),
            ("12h", Some(Duration::hours(12))),
            ("10m", Some(Duration::minutes(10))),
            ("45s", Some(Duration::seconds(45))),
            ("2w", Some(Duration::weeks(2))),
            ("2y", Some(Duration::days(730))),
            ("9223372036854775807y", None),
            ("0s", Some(Duration::zero())),
            ("d", None),
            ("", None),
            ("-1d", None),
            ("+1d", None),
            ("1.5d", None),
            ("30", None),
            ("30 d", None),
            ("30é", None),
            ("99999999999999999999d", None),
            ("9223372036854775807w", None),
        ] {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
        assert_eq!(show_duration(Duration::days(14)), "14d");
        assert_eq!(show_duration(Duration::seconds(5_400)), "90m");
        assert_eq!(show_duration(Duration::hours(5)), "5h");
        assert_eq!(show_duration(Duration::zero()), "0s");
    }
}
