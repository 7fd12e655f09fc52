//! Where the status word stands in people's part, found by the preprocessor's rules.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use memchr::memmem;

use super::{Status, Words};
use crate::wikitext::{Edits, Param, Scan, Template, param_name, scan, template_name, trim};

/// What says the status.
struct Found {
    /// Where it begins.
    at: usize,
    /// `None`: it says something else.
    status: Option<Status>,
    word: Word,
}

/// Where the word stands.
enum Word {
    /// A parameter, by places in the scan.
    Param { template: usize, param: usize },
    /// These bytes.
    Plain(Range<usize>),
}

/// The status that a text says last.
pub(super) fn last(text: &str, words: &Words<'_>) -> Option<Status> {
    let scan = scan(text, &tags(words)).ok()?;
    found(text, &scan, words)?.status
}

/// The text with another word where [`last`] found one.
pub(super) fn replaced(text: &str, words: &Words<'_>, status: Status) -> Option<String> {
    let tags = tags(words);
    let scan = scan(text, &tags).ok()?;
    let found = found(text, &scan, words)?;
    if found.status? == status {
        return Some(text.to_owned());
    }
    match found.word {
        Word::Param { template, param } => {
            let mut edits = Edits::new(text, &scan, &tags);
            edits.replace_value(template, param, status.word());
            edits.apply().ok()
        }
        Word::Plain(word) => Some([&text[..word.start], status.word(), &text[word.end..]].concat()),
    }
}

/// How a line with the status begins where there is no template.
pub(super) fn plain_start(label: &str) -> String {
    format!("'''{label}:''' ")
}

/// The extension tags; what these two hold is never wikitext, whatever the caller knows of the wiki.
fn tags<'a>(words: &Words<'a>) -> Cow<'a, HashSet<String>> {
    let always = ["nowiki", "pre"];
    match always.iter().all(|tag| words.tags.contains(*tag)) {
        true => Cow::Borrowed(words.tags),
        false => Cow::Owned(words.tags.iter().cloned().chain(always.map(str::to_owned)).collect()),
    }
}

fn found(text: &str, scan: &Scan, words: &Words<'_>) -> Option<Found> {
    let of_template = by_template(text, scan, words);
    let of_line = by_line(text, scan, words);
    [of_template, of_line]
        .into_iter()
        .flatten()
        .max_by_key(|found| found.at)
}

fn by_template(text: &str, scan: &Scan, words: &Words<'_>) -> Option<Found> {
    let names: Vec<String> = words.templates.iter().map(|name| name_key(name)).collect();
    let is_status = |template: &Template| names.contains(&name_key(&template_name(text, scan, template)));
    let number = scan.templates.iter().rposition(is_status)?;
    let template = &scan.templates[number];
    // Of several with one name MediaWiki takes the last.
    let is_first = |param: &Param| param_name(text, scan, param) == "1";
    let param = template.params.iter().rposition(is_first);
    let value = param.map(|param| without_comments(&text[template.params[param].value.clone()]));
    Some(Found {
        at: template.span.start,
        status: value.and_then(|value| Status::of_word(&trim(&value).to_lowercase())),
        word: Word::Param {
            template: number,
            param: param.unwrap_or_default(),
        },
    })
}

fn by_line(text: &str, scan: &Scan, words: &Words<'_>) -> Option<Found> {
    let start = plain_start(words.label);
    let start = start.trim_end();
    let outermost = scan.templates.iter().filter(|template| template.parent.is_none());
    let templates: Vec<Range<usize>> = outermost.map(|template| template.span.clone()).collect();
    let at = memmem::find_iter(text.as_bytes(), start)
        .filter(|at| *at == 0 || text[..*at].ends_with('\n'))
        .filter(|at| is_outside(*at, &templates) && is_outside(*at, &scan.opaque))
        .last()?;
    let behind = &text[at + start.len()..];
    let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
    let from = at + start.len() + blanks;
    let rest = &text[from..];
    let end = from + rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    Some(Found {
        at,
        status: Status::of_word(&text[from..end].to_lowercase()),
        word: Word::Plain(from..end),
    })
}

/// Whether a place is in none of these spans, which are sorted and apart from each other.
fn is_outside(at: usize, spans: &[Range<usize>]) -> bool {
    let next = spans.partition_point(|span| span.end <= at);
    spans.get(next).is_none_or(|span| span.start > at)
}

/// A template's name in one form for comparing: `_` is a space, the case of the first letter does not matter, and the
/// namespace by the name that every wiki has for it may stand before it.
fn name_key(name: &str) -> String {
    let words: Vec<&str> = name
        .split(|c: char| c == '_' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    let name = words.join(" ");
    let bare = match name.split_once(':') {
        Some((space, bare)) if space.trim().eq_ignore_ascii_case("template") => bare.trim_start(),
        _ => &name,
    };
    let mut letters = bare.chars();
    let first = letters.next();
    first.into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Of the value of a parameter, in which every comment is closed.
fn without_comments(value: &str) -> String {
    let mut out = String::with_capacity(value.len().min(100));
    let mut rest = value;
    while let Some((before, comment)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
    }
    out + rest
}
