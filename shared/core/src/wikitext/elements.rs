//! Comments and tags: the parts of a page that MediaWiki does not read as
//! wikitext.
//!
//! They are found by the rules of MediaWiki's preprocessor, in time linear in
//! the text whatever is in it. The one reader of a `<` is [`Reader`]: the
//! search for templates uses it too, so there is one set of rules.
//! <https://www.mediawiki.org/wiki/Preprocessor_ABNF>

use super::steps::visit;
use memchr::{memchr, memchr_iter, memmem};
use std::collections::{HashMap, HashSet};
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

/// What [`elements`] finds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Elements {
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
    let found = elements(text, |name| is_known(name, extension_tags));
    let open = found.open.first()?;
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
    elements(text, |name| is_known(name, extension_tags))
        .elements
        .into_iter()
        .map(|element| element.whole)
        .collect()
}

/// Number of the line, from 1, on which a byte position stands.
pub(crate) fn line_of(text: &str, position: usize) -> usize {
    1 + memchr_iter(b'\n', &text.as_bytes()[..position]).count()
}

fn is_known(name: &str, extension_tags: &HashSet<String>) -> bool {
    matches!(name, "nowiki" | "pre") || extension_tags.contains(name)
}

/// Finds comments, `includeonly` and the tags that `is_tag` accepts. The
/// contents of `noinclude` and `onlyinclude` are read like the rest.
pub(crate) fn elements(text: &str, is_tag: impl Fn(&str) -> bool) -> Elements {
    let mut found = Elements::default();
    let mut reader = Reader::new(text, is_tag);
    let mut inclusion: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(start) = memchr(b'<', &text.as_bytes()[at..]).map(|i| at + i) {
        let piece = reader.read(start);
        at = piece.end;
        let lower = |name: Range<usize>| text[name].to_ascii_lowercase();
        let mut opened = |name| found.open.push(Open { name, start });
        match piece.kind {
            Kind::Text { unclosed } => unclosed.map(lower).into_iter().for_each(opened),
            Kind::Mark {
                name,
                is_closing,
                is_empty,
            } => {
                let name = lower(name);
                if is_closing {
                    inclusion.retain(|open| open.name != name);
                } else if !is_empty && inclusion.iter().all(|open| open.name != name) {
                    inclusion.push(Open { name, start });
                }
            }
            Kind::Comment { inner, is_closed } => {
                if !is_closed {
                    opened(COMMENT.to_owned());
                }
                found.elements.push(Element {
                    name: COMMENT.to_owned(),
                    attributes: inner.start..inner.start,
                    whole: start..at,
                    inner,
                });
            }
            Kind::Element {
                name,
                attributes,
                inner,
                is_closed,
            } => {
                let name = lower(name);
                if !is_closed {
                    opened(name.clone());
                }
                found.elements.push(Element {
                    name,
                    attributes,
                    whole: start..at,
                    inner,
                });
            }
        }
    }
    found.open.append(&mut inclusion);
    found.open.sort_by_key(|open| open.start);
    found
}

/// What a `<` begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    /// Where the text goes on behind it.
    pub end: usize,
    pub kind: Kind,
}

/// Names are places in the text, in the case they are written in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Nothing, or a tag that is shown as text because it is never closed.
    Text {
        unclosed: Option<Range<usize>>,
    },
    /// `noinclude` or `onlyinclude`: the tag alone, not what it holds.
    Mark {
        name: Range<usize>,
        is_closing: bool,
        is_empty: bool,
    },
    Comment {
        inner: Range<usize>,
        is_closed: bool,
    },
    /// `includeonly` or an extension's tag.
    Element {
        name: Range<usize>,
        attributes: Range<usize>,
        inner: Range<usize>,
        is_closed: bool,
    },
}

/// Reads the tags and comments of one text. It remembers what is not there
/// any more, so it must be asked from front to back.
pub(super) struct Reader<'t, F> {
    text: &'t str,
    is_tag: F,
    /// No `>` follows.
    no_more_ends: bool,
    /// Where the closing tags are, by name; made when the first is looked for.
    closes: Option<HashMap<String, Closes>>,
}

/// The closing tags of one name, in their order, and how many are passed.
#[derive(Default)]
struct Closes {
    spans: Vec<Range<usize>>,
    passed: usize,
}

impl<'t, F: Fn(&str) -> bool> Reader<'t, F> {
    /// `is_tag`: whether a lower-case name is a tag of an extension.
    pub fn new(text: &'t str, is_tag: F) -> Self {
        Self {
            text,
            is_tag,
            no_more_ends: false,
            closes: None,
        }
    }

    /// What the `<` at `start` begins.
    pub fn read(&mut self, start: usize) -> Piece {
        let bytes = self.text.as_bytes();
        if bytes[start + 1..].starts_with(b"!--") {
            return self.comment(start);
        }
        let nothing = Piece {
            end: start + 1,
            kind: Kind::Text { unclosed: None },
        };
        let is_closing = bytes.get(start + 1) == Some(&b'/');
        let mut buffer = [0; MAX_NAME_BYTES];
        let Some((name, lower)) = tag_name(self.text, start + 1 + usize::from(is_closing), &mut buffer) else {
            return nothing;
        };
        let is_mark = matches!(lower, "noinclude" | "onlyinclude");
        let is_known = is_mark || !is_closing && (lower == "includeonly" || (self.is_tag)(lower));
        if !is_known || self.no_more_ends {
            return nothing;
        }
        let Some(end) = memchr(b'>', &bytes[name.end..]).map(|i| name.end + i) else {
            visit(bytes.len() - name.end);
            self.no_more_ends = true;
            return Piece {
                // Text added to the page would bring the missing `>`.
                kind: Kind::Text {
                    unclosed: (!is_closing).then_some(name),
                },
                ..nothing
            };
        };
        visit(end + 1 - name.end);
        let inner = end + 1;
        let is_empty = bytes[end - 1] == b'/';
        if is_mark {
            return Piece {
                end: inner,
                kind: Kind::Mark {
                    name,
                    is_closing,
                    is_empty,
                },
            };
        }
        let close = match is_empty {
            true => Some(inner..inner),
            false => self.find_close(lower, inner),
        };
        let is_closed = close.is_some();
        // Only this exact name runs to the end; MediaWiki takes `<IncludeOnly>` for text.
        if !is_closed && &self.text[name.clone()] != "includeonly" {
            return Piece {
                end: inner,
                kind: Kind::Text { unclosed: Some(name) },
            };
        }
        let close = close.unwrap_or(bytes.len()..bytes.len());
        Piece {
            end: close.end,
            kind: Kind::Element {
                attributes: name.end..end,
                name,
                inner: inner..close.start,
                is_closed,
            },
        }
    }

    fn comment(&self, start: usize) -> Piece {
        let inner = start + 4;
        let close = memmem::find(&self.text.as_bytes()[inner..], b"-->").map(|i| inner + i);
        let inner = inner..close.unwrap_or(self.text.len());
        visit(4 + inner.len() + 3);
        Piece {
            end: close.map_or(inner.end, |close| close + 3),
            kind: Kind::Comment {
                inner,
                is_closed: close.is_some(),
            },
        }
    }

    /// The first `</name>` from `from` on, in any case and with white space
    /// before the `>`. All closing tags of the text are looked up at once: a
    /// search for each name would go over the whole text as often as there
    /// are tags that are not closed.
    fn find_close(&mut self, name: &str, from: usize) -> Option<Range<usize>> {
        if self.closes.is_none() {
            self.closes = Some(self.all_closes(from));
        }
        let closes = self.closes.as_mut()?.get_mut(name)?;
        while closes.spans.get(closes.passed).is_some_and(|span| span.start < from) {
            closes.passed += 1;
        }
        closes.spans.get(closes.passed).cloned()
    }

    fn all_closes(&self, from: usize) -> HashMap<String, Closes> {
        let bytes = self.text.as_bytes();
        let mut closes: HashMap<String, Closes> = HashMap::new();
        visit(bytes.len() - from);
        for start in memchr_iter(b'<', &bytes[from..]).map(|i| from + i) {
            let mut buffer = [0; MAX_NAME_BYTES];
            if bytes.get(start + 1) != Some(&b'/') {
                continue;
            }
            let Some((name, lower)) = tag_name(self.text, start + 2, &mut buffer) else {
                continue;
            };
            let blank = bytes[name.end..].iter().take_while(|b| is_space(**b)).count();
            visit(blank);
            let end = name.end + blank;
            if bytes.get(end) == Some(&b'>') && (lower == "includeonly" || (self.is_tag)(lower)) {
                let closes = match closes.get_mut(lower) {
                    Some(closes) => closes,
                    None => closes.entry(lower.to_owned()).or_default(),
                };
                closes.spans.push(start..end + 1);
            }
        }
        closes
    }
}

/// White space as it counts in a tag: also the vertical tab.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The name that begins at `start`, and the same in lower case. It ends at
/// white space, `>`, `/>` or with the text. Only ASCII has case here.
fn tag_name<'b>(text: &str, start: usize, buffer: &'b mut [u8; MAX_NAME_BYTES]) -> Option<(Range<usize>, &'b str)> {
    let bytes = &text.as_bytes()[start..];
    let is_end = |byte: u8| is_space(byte) || matches!(byte, b'<' | b'>' | b'/');
    let mut length = 0;
    while let Some(byte) = bytes.get(length).filter(|byte| !is_end(**byte)) {
        *buffer.get_mut(length)? = byte.to_ascii_lowercase();
        length += 1;
    }
    visit(length + 1);
    let ends = match bytes.get(length) {
        Some(b'<') => false,
        Some(b'/') => bytes.get(length + 1) == Some(&b'>'),
        _ => true,
    };
    let lower = str::from_utf8(&buffer[..length]).ok()?;
    (length > 0 && ends).then_some((start..start + length, lower))
}

#[cfg(test)]
#[path = "elements_tests.rs"]
mod tests;
