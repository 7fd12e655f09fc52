//! Which parts of a page people have struck through: what stands between `<s>`, `<del>` or `<strike>` and its end, also
//! over several lines. A tag that nobody closed strikes its own line only, so that a forgotten `</s>` says nothing
//! about the lines below. <https://www.mediawiki.org/wiki/Help:Formatting>

use std::collections::HashSet;
use std::ops::Range;

use shared::core::wikitext::opaque_spans;

/// The tags that strike.
const NAMES: [&str; 3] = ["s", "del", "strike"];

/// A tag that strikes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// From `<` to behind `>`.
    pub at: Range<usize>,
    /// Which of the names.
    name: usize,
    is_closing: bool,
}

/// The tags of `text`, in their order. `extension_tags`: what the wiki does not read as wikitext.
fn tags(text: &str, extension_tags: &HashSet<String>) -> Vec<Tag> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut opaque = opaque_spans(text, extension_tags);
    opaque.push(text.len()..text.len());
    for span in opaque {
        for (at, _) in text[from..span.start].match_indices('<') {
            let start = from + at;
            // A tag that runs into a comment is none.
            found.extend(tag(&text[..span.start], start));
        }
        from = span.end;
    }
    found
}

fn tag(text: &str, start: usize) -> Option<Tag> {
    let rest = &text[start + 1..];
    let (is_closing, rest) = match rest.strip_prefix('/') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let name = NAMES
        .iter()
        .position(|name| rest[..length].eq_ignore_ascii_case(name))?;
    let after = &rest[length..];
    if !after.starts_with(['>', '/', ' ', '\t', '\n']) {
        return None;
    }
    // Attributes are short; a `<` before the end belongs to something else.
    let end = after.find(['>', '<'])?;
    if !after[end..].starts_with('>') || (after[..end].ends_with('/') && !is_closing) {
        return None;
    }
    Some(Tag {
        at: start..text.len() - after.len() + end + 1,
        name,
        is_closing,
    })
}

/// What is struck, sorted, as far as it is one piece; tags included.
pub fn struck(text: &str, extension_tags: &HashSet<String>) -> Vec<Range<usize>> {
    let mut open: [Vec<usize>; 3] = Default::default();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for tag in tags(text, extension_tags) {
        if !tag.is_closing {
            open[tag.name].push(tag.at.start);
        } else if let Some(start) = open[tag.name].pop() {
            ranges.push(start..tag.at.end);
        }
    }
    for start in open.into_iter().flatten() {
        let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
        ranges.push(start..end);
    }
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// The tags of a part of a line whose partners stand outside of it, as they are written: what has to stay when the part
/// is written anew.
pub fn unpaired(part: &str, extension_tags: &HashSet<String>) -> String {
    let mut left: Vec<Tag> = Vec::new();
    for tag in tags(part, extension_tags) {
        let is_pair = |open: &Tag| open.name == tag.name && !open.is_closing;
        match left.iter().rposition(is_pair).filter(|_| tag.is_closing) {
            Some(open) => {
                left.remove(open);
            }
            None => left.push(tag),
        }
    }
    left.into_iter().map(|tag| &part[tag.at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_paired_as_a_browser_pairs_them() {
        let none = HashSet::new();
        for (text, parts) in [
            ("a <s>b</s> c", vec!["<s>b</s>"]),
            ("a <DEL class=x>b\nc</del > d", vec!["<DEL class=x>b\nc</del >"]),
            ("<s>a <s>b</s> c</s> d", vec!["<s>a <s>b</s> c</s>"]),
            ("<s>a <del>b</s> c</del> d", vec!["<s>a <del>b</s> c</del>"]),
            // Nobody closed it: its line.
            ("<strike>a\nb", vec!["<strike>a"]),
            ("<nowiki><s></nowiki>a<!--</s>--></s>", vec![]),
            ("<span>a</span> <small>b</small> <s/> <sup>c</sup> </s>", vec![]),
            ("<s", vec![]),
            ("<s <b>", vec![]),
        ] {
            let found = struck(text, &none);
            assert_eq!(
                found.into_iter().map(|at| &text[at]).collect::<Vec<_>>(),
                parts,
                "{text}"
            );
        }
    }

    #[test]
    fn tags_that_reach_beyond_a_part_are_found() {
        let none = HashSet::new();
        assert_eq!(unpaired("<s>a", &none), "<s>");
        assert_eq!(
            unpaired("a</s> b <del>c</del> <s class=\"x\">d", &none),
            "</s><s class=\"x\">"
        );
        assert_eq!(unpaired("<s>a</s>", &none), "");
    }
}
