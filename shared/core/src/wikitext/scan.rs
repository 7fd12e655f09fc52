//! Templates of a page with byte spans.

use std::collections::HashSet;
use std::ops::Range;

/// What stands between double braces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `{{…}}`: a template, or a parser function.
    Template,
}

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
    /// Comments, extension tags, `includeonly` and other ignored parts, outermost only, sorted.
    pub opaque: Vec<Range<usize>>,
}

/// A page that is not scanned, with the reason.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct TooBig(pub String);

/// Finds the templates of `text`. `extension_tags`: lower-case names.
pub fn scan(text: &str, extension_tags: &HashSet<String>) -> Result<Scan, TooBig> {
    let _ = (text, extension_tags);
    Ok(Scan::default())
}
