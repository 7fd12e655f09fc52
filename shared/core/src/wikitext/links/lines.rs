//! The passes over behaviour switches, headings and apostrophes.
//! <https://www.mediawiki.org/wiki/Help:Magic_words>, <https://www.mediawiki.org/wiki/Help:Formatting>

use super::super::steps::visit;
use super::token::NOTHING;
use memchr::memmem;
use std::borrow::Cow;

/// Behaviour switches in any case, and those in capitals only.
const SWITCHES: [&str; 10] = [
    "TOC",
    "NOTOC",
    "FORCETOC",
    "NOGALLERY",
    "NOEDITSECTION",
    "NOTITLECONVERT",
    "NOTC",
    "NOCONTENTCONVERT",
    "NOCC",
    "EXPECTEDUNCONNECTEDPAGE",
];
const CAPITAL_SWITCHES: [&str; 8] = [
    "NEWSECTIONLINK",
    "NONEWSECTIONLINK",
    "HIDDENCAT",
    "EXPECTUNUSEDCATEGORY",
    "EXPECTUNUSEDTEMPLATE",
    "INDEX",
    "NOINDEX",
    "STATICREDIRECT",
];

/// Longest name of a switch.
const LONGEST: usize = 24;

/// The text without switches; the first `__TOC__` leaves a token.
pub fn without_switches(text: &str) -> Cow<'_, str> {
    visit(text.len());
    if memmem::find(text.as_bytes(), b"__").is_none() {
        return Cow::Borrowed(text);
    }
    // One kind after the other: what is taken out can leave another one.
    let text = without(text, NOTHING, |name| name.eq_ignore_ascii_case("TOC"));
    let text = without(&text, "", |name| {
        SWITCHES.iter().any(|switch| switch.eq_ignore_ascii_case(name))
    });
    Cow::Owned(without(&text, "", |name| CAPITAL_SWITCHES.contains(&name)))
}

/// Takes out the switches of a kind; `first` takes the place of the first.
fn without(text: &str, first: &str, is_switch: impl Fn(&str) -> bool) -> String {
    visit(text.len());
    let mut out = String::with_capacity(text.len());
    let mut first = Some(first);
    let mut at = 0;
    while let Some(start) = memmem::find(&text.as_bytes()[at..], b"__").map(|i| at + i) {
        out.push_str(&text[at..start]);
        let rest = &text.as_bytes()[start + 2..];
        let length = rest
            .iter()
            .take(LONGEST)
            .take_while(|b| b.is_ascii_alphabetic())
            .count();
        visit(length);
        if rest[length..].starts_with(b"__") && is_switch(&text[start + 2..start + 2 + length]) {
            out.push_str(first.take().unwrap_or_default());
            at = start + 2 + length + 2;
        } else {
            out.push('_');
            at = start + 1;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// The text without the equals signs that make a line a heading.
pub fn without_heading_marks(text: &str) -> Cow<'_, str> {
    visit(text.len());
    if !text.starts_with('=') && memmem::find(text.as_bytes(), b"\n=").is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        match heading(line) {
            Some(heading) => {
                out.push_str(NOTHING);
                out.push_str(heading);
                out.push_str(NOTHING);
            }
            None => out.push_str(line),
        }
    }
    Cow::Owned(out)
}

fn heading(line: &str) -> Option<&str> {
    if !line.starts_with('=') {
        return None;
    }
    let line = line.trim_end_matches([' ', '\t', '\r', '\u{B}', '\u{C}']);
    let before = line.len() - line.trim_start_matches('=').len();
    let after = line.len() - line.trim_end_matches('=').len();
    visit(before + after);
    // Something stands between them, if only another equals sign.
    let level = before.min(after).min(6).min(line.len().saturating_sub(1) / 2);
    (level > 0).then(|| line[level..line.len() - level].trim_matches([' ', '\t']))
}

/// The text with tokens for the apostrophes that make it italic or bold.
pub fn without_quotes(text: &str) -> Cow<'_, str> {
    visit(text.len());
    if memmem::find(text.as_bytes(), b"''").is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        quotes_of_line(line, &mut out);
    }
    Cow::Owned(out)
}

/// A run of two or more apostrophes that mean something.
struct Run {
    /// Where its apostrophes begin; some of them may be text.
    start: usize,
    end: usize,
    /// 2, 3 or 5 of them, the last ones, mean something.
    marks: usize,
}

/// Two apostrophes are italic, three bold, five both; of four or more than five the first ones are text. If both
/// italic and bold are left open, one of the bold ones is an apostrophe and an italic one.
fn quotes_of_line(line: &str, out: &mut String) {
    let mut runs: Vec<Run> = Vec::new();
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(start) = memmem::find(&bytes[at..], b"''").map(|i| at + i) {
        let length = bytes[start..].iter().take_while(|b| **b == b'\'').count();
        at = start + length;
        let marks = match length {
            2 | 3 => length,
            4 => 3,
            _ => 5,
        };
        runs.push(Run { start, end: at, marks });
    }
    visit(line.len());
    let odd = |marks: usize| runs.iter().filter(|run| run.marks == marks || run.marks == 5).count() % 2 == 1;
    if odd(2)
        && odd(3)
        && let Some(run) = bold_that_is_none(bytes, &runs)
    {
        runs[run].marks = 2;
    }
    let mut at = 0;
    for run in runs {
        out.push_str(&line[at..run.end - run.marks]);
        out.push_str(NOTHING);
        at = run.end;
    }
    out.push_str(&line[at..]);
}

/// Which bold mark is meant as an apostrophe: the first one behind a word of a single letter, else behind a longer
/// word, else behind a space.
fn bold_that_is_none(bytes: &[u8], runs: &[Run]) -> Option<usize> {
    let mut after_word = None;
    let mut after_space = None;
    for (i, run) in runs.iter().enumerate().filter(|(_, run)| run.marks == 3) {
        let before = &bytes[if i == 0 { 0 } else { runs[i - 1].end }..run.end - 3];
        debug_assert!(run.start <= run.end - 3);
        match before {
            [.., b' '] => after_space = after_space.or(Some(i)),
            [.., b' ', _] => return Some(i),
            _ => after_word = after_word.or(Some(i)),
        }
    }
    after_word.or(after_space)
}
