//! Values in the form in which they are compared.
//!
//! What a reader does not see must not make two values differ, and nothing
//! that a reader sees may be lost. Case and leading zeros count.

use crate::wikitext::elements;

/// Tags whose content MediaWiki hands over as it stands: `<!--` in there is
/// no comment.
const VERBATIM: &[&str] = &[
    "nowiki",
    "pre",
    "math",
    "chem",
    "ce",
    "source",
    "syntaxhighlight",
    "score",
    "timeline",
    "templatedata",
    "graph",
    "mapframe",
    "maplink",
];

/// A value without comments, white space collapsed to single spaces, none at
/// the ends; of a verified field also without `<ref>…</ref>` and `<ref/>`.
pub fn normalise(value: &str, verified: bool) -> String {
    let mut seen = String::with_capacity(value.len());
    strip(value, verified, true, &mut seen);
    let mut out = String::with_capacity(seen.len());
    for word in seen.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Comments stand in references too, so their content is looked at once
/// more. A reference in a reference ends the outer one, so once is enough.
fn strip(text: &str, drop_refs: bool, has_refs: bool, out: &mut String) {
    let mut at = 0;
    let found = elements(text, |name| (has_refs && name == "ref") || VERBATIM.contains(&name));
    for element in found.elements {
        out.push_str(&text[at..element.whole.start]);
        at = element.whole.end;
        if element.is_comment() || (element.name == "ref" && drop_refs) {
            continue;
        }
        if element.name == "ref" {
            out.push_str(&text[element.whole.start..element.inner.start]);
            strip(&text[element.inner.clone()], false, false, out);
            out.push_str(&text[element.inner.end..element.whole.end]);
        } else {
            out.push_str(&text[element.whole.clone()]);
        }
    }
    out.push_str(&text[at..]);
}

#[cfg(test)]
#[path = "normal_tests.rs"]
mod tests;
