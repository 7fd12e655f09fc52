//! The templates of a page, with byte spans, as MediaWiki's preprocessor
//! splits them.
//!
//! The preprocessor alone decides what a parameter is. It knows double and
//! triple braces, links, `-{ }-`, comments, extension tags, the tags of the
//! `includeonly` family and heading lines, and nothing else: no tables, no
//! HTML, no apostrophes. A page is read as it is shown itself, not as it is
//! included. One pass, no recursion, whatever anybody saved.
//! <https://www.mediawiki.org/wiki/Preprocessor_ABNF>

use super::scanner::Scanner;
use std::collections::HashSet;
use std::ops::Range;

/// Largest text that is scanned, in bytes.
pub const MAX_BYTES: usize = 2_000_000;

/// Most templates that are kept of one text.
pub const MAX_TEMPLATES: usize = 50_000;

/// A parameter: what stands between a `|` and the next one or the closing braces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Param {
    /// From after the `|` to before the next `|` or the closing braces.
    pub span: Range<usize>,
    /// The name as it stands, left of the first `=` of its own; `None` for a positional one.
    pub name: Option<Range<usize>>,
    /// Number of a positional parameter, from 1; `None` for a named one.
    pub index: Option<u32>,
    /// The value as it stands, untrimmed: after the `=`, or the whole span.
    pub value: Range<usize>,
}

/// A template, or parser function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    /// From the first brace to after the last.
    pub span: Range<usize>,
    /// The name as it stands, comments and white space included.
    pub name: Range<usize>,
    /// Its parameters, in their order.
    pub params: Vec<Param>,
    /// Place, in [`Scan::templates`], of the innermost template around it.
    pub parent: Option<usize>,
}

/// What [`scan`] finds.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scan {
    /// Every template, in the order of the opening braces.
    pub templates: Vec<Template>,
    /// Comments, extension tags and `includeonly` with what they hold, and the tags `noinclude` and
    /// `onlyinclude` alone; sorted, none lies in another. A comment that has its lines to itself has
    /// with it the blanks around it and the line's end, which MediaWiki drops together with it.
    pub opaque: Vec<Range<usize>>,
}

/// A page that is not scanned, with the reason.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct TooBig(pub String);

/// Finds the templates of `text`: every `{{…}}` that MediaWiki's preprocessor
/// sees, parser functions included. `extension_tags` are the wiki's (siteinfo,
/// `extensiontags`), as lower-case names without `<>`.
///
/// Errs when the text is longer than [`MAX_BYTES`] or has more templates than
/// [`MAX_TEMPLATES`].
pub fn scan(text: &str, extension_tags: &HashSet<String>) -> Result<Scan, TooBig> {
    if text.len() > MAX_BYTES {
        return Err(TooBig(format!(
            "the text has {} bytes; pages of more than {MAX_BYTES} bytes are not read",
            text.len()
        )));
    }
    let mut found = Scanner::new(text, |name| extension_tags.contains(name)).run()?;
    in_order_of_opening(&mut found.templates);
    Ok(found)
}

/// Templates are found when they are closed, inner ones first.
fn in_order_of_opening(templates: &mut [Template]) {
    templates.sort_by_key(|template| template.span.start);
    let mut around: Vec<usize> = Vec::new();
    for i in 0..templates.len() {
        let start = templates[i].span.start;
        while around.last().is_some_and(|outer| templates[*outer].span.end <= start) {
            around.pop();
        }
        templates[i].parent = around.last().copied();
        around.push(i);
    }
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
