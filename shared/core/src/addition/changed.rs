//! Whether an edit changed a template or a link of the page's own text.
//!
//! The event stream tells of links that came onto a page for whatever reason. Where the text has the same templates
//! and links as before, somebody else brought them, by editing a template that the page uses.

use crate::wikitext::{TooBig, elements, scan};
use memchr::memmem;
use std::collections::HashSet;
use std::ops::Range;

/// Tags in tags are looked into this deep; what lies deeper is compared as a whole.
const MAX_DEPTH: usize = 4;

/// Whether the two texts differ in a template (name or arguments) or in an internal link, also inside of `ref` and
/// other tags that hold wikitext; where they stand in the text plays no part. External links are the caller's.
pub(super) fn templates_or_links(new: &str, old: &str, extension_tags: &HashSet<String>) -> Result<bool, TooBig> {
    Ok(pieces(new, extension_tags)? != pieces(old, extension_tags)?)
}

/// The sources of outermost templates and of internal links, sorted.
fn pieces<'t>(text: &'t str, extension_tags: &HashSet<String>) -> Result<Vec<&'t str>, TooBig> {
    let is_tag = |name: &str| matches!(name, "nowiki" | "pre") || extension_tags.contains(name);
    let mut pieces = Vec::new();
    let mut texts = vec![(text, 0)];
    while let Some((text, depth)) = texts.pop() {
        let found = scan(text, extension_tags)?;
        let outer = found.templates.iter().filter(|template| template.parent.is_none());
        let templates: Vec<Range<usize>> = outer.map(|template| template.span.clone()).collect();
        pieces.extend(templates.iter().map(|span| &text[span.clone()]));
        let mut holes = templates;
        holes.extend(found.opaque);
        internal_links(text, holes, &mut pieces);
        for element in elements(text, is_tag).elements {
            match element.name.as_str() {
                _ if element.is_comment() => {}
                "nowiki" | "pre" | "includeonly" => {}
                _ if depth == MAX_DEPTH => pieces.push(&text[element.whole]),
                _ => texts.push((&text[element.inner], depth + 1)),
            }
        }
    }
    pieces.sort_unstable();
    Ok(pieces)
}

/// Each `[[` with the next `]]`, outside of the holes.
fn internal_links<'t>(text: &'t str, mut holes: Vec<Range<usize>>, pieces: &mut Vec<&'t str>) {
    holes.sort_unstable_by_key(|hole| hole.start);
    holes.push(text.len()..text.len());
    let mut at = 0;
    for hole in holes {
        let mut rest = text.get(at..hole.start).unwrap_or_default();
        while let Some(start) = memmem::find(rest.as_bytes(), b"[[") {
            let Some(length) = memmem::find(&rest.as_bytes()[start..], b"]]") else {
                break;
            };
            pieces.push(&rest[start..start + length]);
            rest = &rest[start + length..];
        }
        at = at.max(hole.end);
    }
}

#[cfg(test)]
#[path = "changed_tests.rs"]
mod tests;
