//! Finds the settings block in a page of prose.
//!
//! A block is read only when it is clear which one is meant: two blocks are
//! an error, and what stands in comments or `nowiki` is no block.

use super::read::Reader;
use crate::types::{Place, Problem};
use crate::wikitext::{Element, elements, line_of};

/// Largest settings page, in bytes.
pub const MAX_PAGE_BYTES: usize = 256 * 1024;

/// The settings as they stand in a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// YAML or JSON, line ends as `\n`. Entities are not decoded: `&lt;`
    /// stays `&lt;`.
    pub yaml: String,
    /// Line of the page on which its first line stands.
    pub line: usize,
    /// Column of the page at which its first line begins; all other lines
    /// begin at column 1.
    pub column: usize,
}

impl Block {
    /// A text that is settings as a whole.
    pub fn whole(text: impl Into<String>) -> Self {
        Self {
            yaml: text.into(),
            line: 1,
            column: 1,
        }
    }

    /// Where a line and column of the block, both from 1, stand in the page.
    pub fn place(&self, line: usize, column: usize) -> Place {
        Place {
            line: self.line + line.max(1) - 1,
            column: if line <= 1 {
                self.column + column.max(1) - 1
            } else {
                column
            },
        }
    }
}

/// The settings block of a page: the only `<pre>` in it (or
/// `<syntaxhighlight lang="yaml">`, where the wiki has that tag), or the page
/// as a whole if it is JSON or a YAML mapping. `title` is the page's title,
/// for the refusal of script pages.
///
/// Errs with what keeps the block from being found: page too large, no
/// block, more than one, one that is not closed, a content model or title
/// that holds no settings.
pub fn extract(
    page_text: &str,
    content_model: &str,
    syntaxhighlight_allowed: bool,
    title: &str,
) -> Result<Block, Vec<Problem>> {
    let refuse = |text: String| Err(vec![Problem::error("", text)]);
    if page_text.len() > MAX_PAGE_BYTES {
        return refuse(format!(
            "the page has {} bytes; {MAX_PAGE_BYTES} are allowed",
            page_text.len()
        ));
    }
    if [".js", ".css"].iter().any(|end| title.ends_with(end)) {
        return refuse(
            "a script or style page cannot hold settings: ordinary admins cannot edit it; \
             use a page without `.js` or `.css`"
                .to_owned(),
        );
    }
    let text = page_text
        .trim_start_matches('\u{FEFF}')
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    if text.trim().is_empty() {
        return refuse("the page is empty".to_owned());
    }
    match content_model {
        "json" | "text" => Ok(Block::whole(text)),
        "wikitext" => extract_from_wikitext(&text, syntaxhighlight_allowed),
        other => refuse(format!(
            "a page of the content model `{other}` cannot hold settings; use wikitext or JSON"
        )),
    }
}

fn extract_from_wikitext(text: &str, highlight: bool) -> Result<Block, Vec<Problem>> {
    let found = elements(text, |name| {
        matches!(name, "nowiki" | "pre" | "syntaxhighlight" | "source")
    });
    let blocks: Vec<&Element> = found
        .elements
        .iter()
        .filter(|element| is_block(element, &text[element.attributes.clone()]))
        .collect();
    let refuse = |at: usize, why: String| {
        Err(vec![Problem::error("", why).at(Place {
            line: line_of(text, at),
            column: column_of(text, at),
        })])
    };
    match blocks.as_slice() {
        [] => {}
        [one] if one.name != "pre" && !highlight => {
            return refuse(
                one.whole.start,
                format!(
                    "this wiki has no tag <{}>, and would expand `~~~~` in it when the page is \
                     saved; use <pre>",
                    one.name
                ),
            );
        }
        [one] => return inside(text, one).or_else(|why| refuse(one.inner.start, why)),
        [first, second, ..] => {
            return refuse(
                second.whole.start,
                format!(
                    "the page has {} blocks that could be meant, the first in line {}; put the \
                     settings into one <pre> block and show examples in another way",
                    blocks.len(),
                    line_of(text, first.whole.start)
                ),
            );
        }
    }
    if let Some(open) = found.open.iter().find(|open| open.name != "includeonly") {
        let what = match open.name.as_str() {
            "!--" => "this comment is never closed with `-->`".to_owned(),
            name => format!("<{name}> is never closed with </{name}>"),
        };
        return refuse(open.start, format!("{what}, and the page has no settings block"));
    }
    whole_page(text, !found.elements.is_empty())
}

/// A page without a block may be YAML itself. One that has the key every
/// job needs is taken for it even if it cannot be parsed, so that the admin
/// hears what is wrong with it.
fn whole_page(text: &str, has_tags: bool) -> Result<Block, Vec<Problem>> {
    let block = Block::whole(text);
    let has_the_key = || {
        text.lines()
            .any(|line| line.trim_start_matches([' ', '\t', '"', '\'']).starts_with("enabled"))
    };
    if !has_tags && (has_the_key() || Reader::parse(&block).is_ok()) {
        return Ok(block);
    }
    Err(vec![Problem::error(
        "",
        "the page has no settings block; put the settings between <pre> and </pre>",
    )])
}

fn is_block(element: &Element, attributes: &str) -> bool {
    match element.name.as_str() {
        "pre" => true,
        "syntaxhighlight" | "source" => ["yaml", "yml", "json"].iter().any(|lang| {
            attributes.split_ascii_whitespace().any(|word| {
                word.trim_end_matches('/').split_once('=').is_some_and(|(key, value)| {
                    key.eq_ignore_ascii_case("lang") && value.trim_matches(['"', '\'']).eq_ignore_ascii_case(lang)
                })
            })
        }),
        _ => false,
    }
}

fn inside(text: &str, element: &Element) -> Result<Block, String> {
    let inner = &text[element.inner.clone()];
    if inner.trim().is_empty() {
        return Err("the settings block is empty".to_owned());
    }
    if inner.trim_start().starts_with("<nowiki>") {
        return Err(format!(
            "remove <nowiki> and </nowiki> inside <{}>: it needs none",
            element.name
        ));
    }
    // What follows the tag on its own line is usually nothing.
    let start = match inner.split_once('\n') {
        Some((first, _)) if first.trim().is_empty() => element.inner.start + first.len() + 1,
        _ => element.inner.start,
    };
    Ok(Block {
        yaml: text[start..element.inner.end].to_owned(),
        line: line_of(text, start),
        column: column_of(text, start),
    })
}

fn column_of(text: &str, position: usize) -> usize {
    let line_start = text[..position].rfind('\n').map_or(0, |i| i + 1);
    1 + text[line_start..position].chars().count()
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
