//! The lines of a wiki page that may be commands: items of a list on the first level, such as `* wl add Beetstra *`.
//!
//! What the page shows as an example or does not show at all (`nowiki`, `pre`, comments, arguments of templates) is no
//! command. Each line has a hash that stays the same when it is moved, indented, wrapped in `nowiki` or unwrapped, so
//! that it can be found in older revisions: somebody who tidies up a page does not become the author of its commands.
//! <https://www.mediawiki.org/wiki/Help:Lists>

use crate::lists::split;
use crate::wikitext::{opaque_spans, scan};
use regex::{Captures, Regex};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fmt::Write;
use std::ops::Range;
use std::sync::LazyLock;

/// A line of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The command without the marker of the list, bold and code marks, comments and signature; links that stand for a
    /// name are that name, in quotes. Empty: the line is no command, whatever it says. Is text from users.
    pub text: String,
    /// Number of the line on the page, from 1.
    pub number: usize,
    /// 16 hexadecimal digits of SHA-256 over the words of the line.
    pub hash: String,
}

/// The marks that do not change what a line says.
static MARKS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)'{2,}|</?(?:nowiki|pre|code|kbd|samp|tt)\s*/?>|<!--|-->").expect("a constant"));
/// The marks of letters alone.
static LETTERS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)'{2,}|</?(?:code|kbd|samp|tt)>").expect("a constant"));
/// The end of a signature in any language: a time, and the zone in parentheses.
static TIME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d{1,2}[:.]\d{2}\D.{0,60}\([\p{L}0-9+:-]{1,10}\)\s*$").expect("a constant"));
/// A link to a page outside the main namespace.
static LINK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[\[:?[^\[\]|:]+:([^\[\]|#]+)[^\[\]]*\]\]").expect("a constant"));
/// What may stand between a text and a signature.
static BEFORE_NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)(?:\s|<[^<>]*>|&[mn]dash;|[-–—~])*$").expect("a constant"));
/// A link that is a whole word.
static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"(^|\s)\[\[:?\s*([^\[\]|"]+?)\s*(?:\|[^\[\]]*)?\]\]"#).expect("a constant"));

/// All lines of a page that say something, in their order; those that are no commands with an empty text, for their
/// hashes. `extension_tags` are the wiki's (siteinfo, `extensiontags`), as lower-case names without `<>`. On a page that
/// is too big to be read ([`scan`]) no line is a command.
pub fn lines(text: &str, extension_tags: &HashSet<String>) -> Vec<Line> {
    let hidden = hidden(text, extension_tags);
    let mut found = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(text.split('\n')) {
        let span = start..start + line.len();
        start = span.end + 1;
        let Some(hash) = hash(line) else { continue };
        let command = hidden.as_deref().and_then(|hidden| command(text, span, hidden));
        found.push(Line {
            text: command.unwrap_or_default(),
            number,
            hash,
        });
    }
    found
}

/// Whether the first word of a command is the name of one of those who listen: `COIBot wl add …`. In any letter case,
/// with `_` for spaces, and with a colon or comma behind it.
pub fn is_addressed(word: &str, names: &[&str]) -> bool {
    let same = |name: &str| name.trim().replace('_', " ").to_lowercase();
    let word = same(word.trim_start_matches('@').trim_end_matches([':', ',']));
    !word.is_empty() && names.iter().any(|name| same(name) == word)
}

/// A part of the page that is not read as it stands.
struct Hidden {
    span: Range<usize>,
    is_comment: bool,
}

/// `None`: the page is too big.
fn hidden(text: &str, extension_tags: &HashSet<String>) -> Option<Vec<Hidden>> {
    let scan = scan(text, extension_tags).ok()?;
    let templates = scan.templates.iter().filter(|template| template.parent.is_none());
    let opaque = scan.opaque.into_iter().chain(opaque_spans(text, extension_tags));
    let mut hidden: Vec<Hidden> = templates
        .map(|template| Hidden {
            span: template.span.clone(),
            is_comment: false,
        })
        .chain(opaque.map(|span| Hidden {
            is_comment: text[span.clone()].trim_start().starts_with("<!--"),
            span,
        }))
        .collect();
    hidden.sort_by_key(|hidden| (hidden.span.start, hidden.span.end));
    // What lies in another says nothing by itself
    let mut end = 0;
    hidden.retain(|hidden| {
        let is_outer = hidden.span.end > end;
        end = end.max(hidden.span.end);
        is_outer
    });
    Some(hidden)
}

/// The command on a line, if it may be one.
fn command(text: &str, line: Range<usize>, hidden: &[Hidden]) -> Option<String> {
    let rest = text[line.clone()].strip_prefix(['*', '#'])?;
    if rest.starts_with(['*', '#', ':', ';']) {
        return None;
    }
    let mut at = line.start + 1;
    let mut clean = String::with_capacity(line.len());
    let first = hidden.partition_point(|hidden| hidden.span.end <= line.start);
    for Hidden { span, is_comment } in hidden[first..].iter().take_while(|hidden| hidden.span.start < line.end) {
        // It covers the marker, or goes on behind the line
        let own_end = text[..span.end].trim_end().len().max(span.start);
        if span.start <= line.start || own_end > line.end {
            return None;
        }
        clean.push_str(&text[at.min(span.start)..span.start]);
        at = span.end.min(line.end).max(at);
        if *is_comment {
            clean.push(' ');
        } else if has_dash(&clean) {
            clean.push_str(&text[span.start..at]);
        } else {
            return None;
        }
    }
    clean.push_str(&text[at..line.end]);
    let plain = LETTERS.replace_all(unsigned(clean.trim()), "");
    let named = names(&plain);
    Some(named.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
}

/// Whether the reason has begun.
fn has_dash(text: &str) -> bool {
    split(text).is_ok_and(|words| words.iter().any(|word| word.is_dash()))
}

/// Without the signature: time, and the links to one user's pages before it.
fn unsigned(line: &str) -> &str {
    if !TIME.is_match(line) {
        return line;
    }
    let mut start = line.len();
    let mut names: Vec<&str> = Vec::new();
    let links: Vec<_> = LINK.captures_iter(line).collect();
    for link in links.iter().rev() {
        let (Some(whole), Some(page)) = (link.get(0), link.get(1)) else {
            break;
        };
        // `User:Name/sub-page`, `Special:Contributions/Name`, in any language
        let mut own: Vec<&str> = page.as_str().trim().split('/').collect();
        own.retain(|name| names.is_empty() || names.contains(name));
        if own.is_empty() {
            break;
        }
        names = own;
        start = whole.start();
    }
    let kept = &line[..start];
    match BEFORE_NAME.find(kept) {
        Some(end) if !names.is_empty() => &kept[..end.start()],
        _ => kept,
    }
}

/// Links before the reason as the names that they link to.
fn names(line: &str) -> String {
    let dash = [" — ", " – ", " -- "].iter().filter_map(|dash| line.find(dash)).min();
    let (command, reason) = line.split_at(dash.unwrap_or(line.len()));
    let quoted = NAME.replace_all(command, |found: &Captures<'_>| {
        let end = found.get(0).map_or(0, |whole| whole.end());
        // `[[:alpha:]]+` is no name but part of a pattern
        match command[end..].chars().next().is_none_or(char::is_whitespace) {
            true => format!("{}\"{}\"", &found[1], &found[2]),
            false => found[0].to_owned(),
        }
    });
    quoted.into_owned() + reason
}

/// Hash of what a line says, without markers and marks; `None` when it says nothing.
fn hash(line: &str) -> Option<String> {
    let plain = MARKS.replace_all(line, " ");
    let words: Vec<&str> = plain
        .trim_start_matches(['*', '#', ':', ';', ' ', '\t'])
        .split_whitespace()
        .collect();
    if words.is_empty() {
        return None;
    }
    let mut hash = String::with_capacity(16);
    for byte in Sha256::digest(words.join(" ")).iter().take(8) {
        write!(hash, "{byte:02x}").expect("a String takes everything");
    }
    Some(hash)
}

#[cfg(test)]
#[path = "command_lines_tests.rs"]
mod tests;
