//! The parts of a page that MediaWiki does not read as wikitext.
//!
//! Comments and extension tags are found in one pass, by the rules of
//! MediaWiki's preprocessor, in time linear in the text whatever is in it.
//! Nothing else of wikitext is looked at here.
//! <https://www.mediawiki.org/wiki/Preprocessor_ABNF>

use std::collections::HashSet;
use std::ops::Range;

/// Longest name of a tag, in bytes; longer ones are no tags of ours.
const MAX_NAME_BYTES: usize = 64;

/// Name that stands for a comment in [`Element`] and [`Open`].
const COMMENT: &str = "!--";

/// A comment or a tag with all that it holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Element {
    /// Lower-case name, `!--` for a comment.
    pub name: String,
    /// What stands between the name and the `>`.
    pub attributes: Range<usize>,
    /// From `<` to the end of the closing tag.
    pub whole: Range<usize>,
    /// What the tag holds; empty for `<ref />`.
    pub inner: Range<usize>,
}

impl Element {
    pub(crate) fn is_comment(&self) -> bool {
        self.name == COMMENT
    }
}

/// A comment or tag that is not closed before the text ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Open {
    /// Lower-case name, `!--` for a comment.
    pub name: String,
    /// Byte position of its `<`.
    pub start: usize,
}

/// What [`scan`] finds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Scan {
    /// Elements in their order; none lies in another.
    pub elements: Vec<Element>,
    /// What is still open at the end, in the order of the text.
    pub open: Vec<Open>,
}

/// Whether the page ends inside something, and what: a comment, or a tag of
/// an extension, `includeonly`, `noinclude` or `onlyinclude` that is never
/// closed. The answer reads like `a comment that begins in line 3`, the first
/// of them if there are several.
///
/// Text added at the end of such a page could be swallowed. MediaWiki shows
/// an unclosed extension tag as text and would not swallow anything; the
/// answer is still yes, since the page's next editor may close the tag.
/// `extension_tags` are lower-case names without `<>`.
pub fn ends_open(text: &str, extension_tags: &HashSet<String>) -> Option<String> {
    let scan = scan(text, |name| is_known(name, extension_tags));
    let open = scan.open.first()?;
    let what = if open.name == COMMENT {
        "a comment".to_owned()
    } else {
        format!("a tag <{}>", open.name)
    };
    let line = line_of(text, open.start);
    Some(format!("{what} that begins in line {line}"))
}

/// Byte ranges that are not wikitext: comments, `nowiki`, `pre`,
/// `includeonly` and the extension tags, each with its own tags. Sorted, and
/// none lies in another. An extension tag that is never closed is text, so
/// it has no range; an unclosed comment or `includeonly` runs to the end.
pub fn opaque_spans(text: &str, extension_tags: &HashSet<String>) -> Vec<Range<usize>> {
    scan(text, |name| is_known(name, extension_tags))
        .elements
        .into_iter()
        .map(|element| element.whole)
        .collect()
}

/// Number of the line, from 1, on which a byte position stands.
pub(crate) fn line_of(text: &str, position: usize) -> usize {
    1 + text.as_bytes()[..position].iter().filter(|b| **b == b'\n').count()
}

fn is_known(name: &str, extension_tags: &HashSet<String>) -> bool {
    matches!(name, "nowiki" | "pre") || extension_tags.contains(name)
}

/// Finds comments, `includeonly` and the tags that `is_tag` accepts. The
/// contents of `noinclude` and `onlyinclude` are read like the rest.
pub(crate) fn scan(text: &str, is_tag: impl Fn(&str) -> bool) -> Scan {
    let mut scan = Scan::default();
    // What MediaWiki calls noMoreClosingTag and noMoreGT: they keep the
    // search linear.
    let mut never_closed: HashSet<String> = HashSet::new();
    let mut no_more_ends = false;
    let mut inclusion: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|i| at + i) {
        at = start + 1;
        if text[start..].starts_with("<!--") {
            let inner = start + 4;
            let (end, whole_end) = match text[inner..].find("-->") {
                Some(i) => (inner + i, inner + i + 3),
                None => {
                    scan.open.push(open(COMMENT, start));
                    (text.len(), text.len())
                }
            };
            at = whole_end;
            scan.elements.push(Element {
                name: COMMENT.to_owned(),
                attributes: inner..inner,
                whole: start..whole_end,
                inner: inner..end,
            });
            continue;
        }
        let Some((name, is_closing)) = tag_name(&text[at..]) else {
            continue;
        };
        let is_inclusion = matches!(name.as_str(), "noinclude" | "onlyinclude");
        if is_closing {
            if is_inclusion {
                inclusion.retain(|open| open.name != name);
            }
            continue;
        }
        if !is_inclusion && name != "includeonly" && !is_tag(&name) {
            continue;
        }
        let attributes = at + name.len();
        if no_more_ends {
            continue;
        }
        let Some(end) = text[attributes..].find('>').map(|i| attributes + i) else {
            // Text added at the end would bring the missing `>`.
            no_more_ends = true;
            scan.open.push(open(&name, start));
            continue;
        };
        at = end + 1;
        let is_empty = text[attributes..end].ends_with('/');
        if is_inclusion {
            if !is_empty && inclusion.iter().all(|open| open.name != name) {
                inclusion.push(open(&name, start));
            }
            continue;
        }
        let inner = at;
        let close = if is_empty {
            Some(inner..inner)
        } else if never_closed.contains(&name) {
            None
        } else {
            find_close(&text[inner..], &name).map(|r| inner + r.start..inner + r.end)
        };
        let close = match close {
            Some(close) => close,
            None => {
                if never_closed.insert(name.clone()) {
                    scan.open.push(open(&name, start));
                }
                if name != "includeonly" {
                    continue;
                }
                text.len()..text.len()
            }
        };
        at = close.end;
        scan.elements.push(Element {
            name,
            attributes: attributes..end,
            whole: start..close.end,
            inner: inner..close.start,
        });
    }
    scan.open.append(&mut inclusion);
    scan.open.sort_by_key(|open| open.start);
    scan
}

fn open(name: &str, start: usize) -> Open {
    Open {
        name: name.to_owned(),
        start,
    }
}

/// The lower-case name of the tag whose `<` is before `rest`, and whether it
/// is a closing tag. A name ends at white space, `>`, `/>` or with the text.
fn tag_name(rest: &str) -> Option<(String, bool)> {
    let (rest, is_closing) = match rest.strip_prefix('/') {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let mut end = rest.len().min(MAX_NAME_BYTES);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let stop = rest[..end]
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '<' | '>' | '/'))
        .or((end == rest.len()).then_some(end))?;
    let after = &rest[stop..];
    let ends = !after.starts_with('<') && (!after.starts_with('/') || after.starts_with("/>"));
    // ASCII only: the length of the name must stay that of the text.
    (stop > 0 && ends).then(|| (rest[..stop].to_ascii_lowercase(), is_closing))
}

/// Where `</name>` stands, in any case and with white space before the `>`.
fn find_close(text: &str, name: &str) -> Option<Range<usize>> {
    let mut at = 0;
    loop {
        let start = at + text[at..].find("</")?;
        at = start + 2;
        let found = text.as_bytes().get(at..at + name.len())?;
        if !found.eq_ignore_ascii_case(name.as_bytes()) {
            continue;
        }
        let rest = &text[at + name.len()..];
        let blank = rest.len() - rest.trim_ascii_start().len();
        if rest[blank..].starts_with('>') {
            return Some(start..at + name.len() + blank + 1);
        }
    }
}

#[cfg(test)]
#[path = "elements_tests.rs"]
mod tests;
