//! The pass over HTML tags: those that wikitext may have go, with their attributes; all other brackets are text.
//! <https://www.mediawiki.org/wiki/Help:HTML_in_wikitext>

use super::super::steps::visit;
use super::token::{self, LINE_BREAK, NOTHING};
use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// Tags that may stand in wikitext.
const ALLOWED: [&str; 60] = [
    "abbr",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "data",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "link",
    "mark",
    "meta",
    "ol",
    "p",
    "pre",
    "q",
    "rb",
    "rp",
    "rt",
    "rtc",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "td",
    "th",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
];

/// The text with tokens for tags; any other `<` or `>` becomes a character reference, which ends an address.
pub fn without(text: &str) -> Cow<'_, str> {
    visit(text.len());
    if memchr2(b'<', b'>', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let text = without_comments(text);
    let mut out = String::with_capacity(text.len() + 16);
    let mut pieces = text.split('<');
    push_escaped(pieces.next().unwrap_or_default(), &mut out);
    for piece in pieces {
        match tag(piece) {
            Some((attributes, rest)) => {
                token::keep(attributes, &mut out);
                let is_break = piece.get(..2).is_some_and(|name| name.eq_ignore_ascii_case("br"));
                out.push_str(if is_break { LINE_BREAK } else { NOTHING });
                push_escaped(rest, &mut out);
            }
            None => {
                out.push_str("&lt;");
                push_escaped(piece, &mut out);
            }
        }
    }
    Cow::Owned(out)
}

/// Comments are gone, but for those in a tag that is not closed.
fn without_comments(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inner)) = rest.split_once("<!--") {
        let Some((_, after)) = inner.split_once("-->") else {
            break;
        };
        out.push_str(before);
        rest = after;
    }
    match rest.len() == text.len() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(out + rest),
    }
}

fn push_escaped(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr(b'>', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        out.push_str("&gt;");
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// What stands in a tag that may be there, behind its name, and what follows it. `piece` begins behind the `<`.
fn tag(piece: &str) -> Option<(&str, &str)> {
    let (inner, rest) = piece.split_once('>')?;
    let is_end = inner.starts_with('/');
    let inner = &inner[usize::from(is_end)..];
    let length = inner.find(['\t', '\n', '\u{B}', ' ', '/', '\0']).unwrap_or(inner.len());
    let (name, attributes) = inner.split_at(length);
    let name = name.to_ascii_lowercase();
    if ALLOWED.binary_search(&name.as_str()).is_err() {
        return None;
    }
    let is_allowed = !matches!(name.as_str(), "meta" | "link") || !is_end && is_microdata(&name, attributes);
    is_allowed.then_some((attributes, rest))
}

/// `<meta>` and `<link>` are text unless they carry microdata.
fn is_microdata(name: &str, attributes: &str) -> bool {
    let lower = attributes.to_ascii_lowercase();
    let has = |wanted: &str| {
        lower.match_indices(wanted).any(|(at, _)| {
            let before = lower[..at].bytes().next_back();
            let after = lower[at + wanted.len()..].bytes().next();
            before.is_some_and(|b| b.is_ascii_whitespace() || b == b'/')
                && after.is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'=' | b'/'))
        })
    };
    has("itemprop") && has(if name == "meta" { "content" } else { "href" })
}
