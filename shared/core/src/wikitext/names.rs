//! What a template is called: on the wiki, and in a page's source.
//!
//! A box is found by its template's name or that of a redirect to it, however somebody spelled it. Which of several
//! spellings name one page is the wiki's matter (letter case, names of the namespace), so a [`Site`] decides.
//! <https://www.mediawiki.org/wiki/Help:Templates>

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::scan::{Param, Scan, Template};
use crate::site::Site;

/// Number of the namespace that a template's name means when it names none.
const TEMPLATE_NAMESPACE: i32 = 10;

/// A template's name and those of the redirects to it.
#[derive(Clone)]
pub struct TemplateNames {
    site: Arc<Site>,
    name: String,
    /// The name and the redirects' names, without namespace, in the wiki's form.
    names: BTreeSet<String>,
}

impl TemplateNames {
    /// The template `name`, with or without `Template:`, and the redirects to it. A name that cannot be a page of the
    /// template namespace matches nothing.
    pub fn new<'a>(site: &Site, name: &str, redirects: impl IntoIterator<Item = &'a str>) -> Self {
        let real = title_text(site, name);
        let mut names: BTreeSet<String> = redirects
            .into_iter()
            .filter_map(|name| title_text(site, name))
            .collect();
        names.extend(real.clone());
        Self {
            site: Arc::new(site.clone()),
            name: real.unwrap_or_else(|| trim(name).to_owned()),
            names,
        }
    }

    /// The template's real name without its namespace, in the wiki's form.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All its names without namespace: the real one and the redirects, sorted.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether `raw`, the source between `{{` and the first `|` or `}}`, names this template. Comments are dropped,
    /// white space and underscores are read as in a title, `Template:` may stand before it in any name that the wiki
    /// has for the namespace. A name that is made of other templates or parameters never matches, nor does
    /// `:Name`, which is a page of the main namespace.
    pub fn is(&self, raw: &str) -> bool {
        title_text(&self.site, &drop_comments(raw)).is_some_and(|text| self.names.contains(&text))
    }
}

impl PartialEq for TemplateNames {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.names == other.names && self.site.dbname() == other.site.dbname()
    }
}

impl Eq for TemplateNames {}

impl fmt::Debug for TemplateNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TemplateNames")
            .field(&self.name)
            .field(&self.names)
            .finish()
    }
}

/// The title that a name in braces means, without its namespace; `None` outside the template namespace. What follows
/// a `#` is a section, which MediaWiki ignores here.
fn title_text(site: &Site, name: &str) -> Option<String> {
    let page = name.split_once('#').map_or(name, |(page, _)| page);
    let title = site.title_in(TEMPLATE_NAMESPACE, trim(page)).ok()?;
    (title.ns == TEMPLATE_NAMESPACE).then_some(title.text)
}

/// Name of a template as its source has it, without comments, trimmed.
pub fn template_name(text: &str, scan: &Scan, template: &Template) -> String {
    source_name(text, scan, template.name.clone())
}

/// Name of a parameter as its source has it, without comments, trimmed; a positional one's is its number.
pub fn param_name(text: &str, scan: &Scan, param: &Param) -> String {
    match (&param.name, param.index) {
        (Some(name), _) => source_name(text, scan, name.clone()),
        (None, index) => index.unwrap_or_default().to_string(),
    }
}

fn source_name(text: &str, scan: &Scan, range: Range<usize>) -> String {
    let mut out = String::with_capacity(range.len());
    let mut at = range.start;
    let first = scan.opaque.partition_point(|span| span.end <= range.start);
    for span in scan.opaque[first..].iter().take_while(|span| span.start < range.end) {
        if is_comment(text, span) && span.start >= at && span.end <= range.end {
            out.push_str(&text[at..span.start]);
            at = span.end;
        }
    }
    out.push_str(&text[at..range.end]);
    trim(&out).to_owned()
}

/// Whether an opaque span is a comment; one with lines to itself has blanks before it.
pub(super) fn is_comment(text: &str, span: &Range<usize>) -> bool {
    text[span.clone()].trim_start_matches([' ', '\t']).starts_with("<!--")
}

fn drop_comments(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, comment)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}

/// Without the white space at the ends that MediaWiki takes off names and named values.
pub fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Whether MediaWiki takes this character off names and named values.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\0' | '\u{B}')
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
