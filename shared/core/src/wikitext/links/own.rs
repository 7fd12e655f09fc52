//! One text from which templates, comments and extension tags are taken out, through all passes.

use super::super::steps::visit;
use super::token::{self, MARK, Token};
use super::{address, brackets, lines, pictures, tables, tags};

/// The links of one text.
#[derive(Default, Debug)]
pub struct Links {
    /// In the order in which they are found.
    pub urls: Vec<String>,
    /// Links and the texts that were taken out, in the order of the text.
    pub order: Vec<Token>,
}

/// Reads a text.
pub fn links(text: &str) -> Links {
    let mut links = Links::default();
    // Most arguments of templates have no address; what is taken out may put one together.
    if !address::may_have(text) && !["__", "[[", "<!--"].iter().any(|piece| text.contains(piece)) {
        order(text, &mut links.order);
        return links;
    }
    let text = tags::without(text);
    let text = tables::without_attributes(&text);
    let text = lines::without_switches(&text);
    let text = lines::without_heading_marks(&text);
    let text = pictures::internal_links(&text, &mut links.urls);
    let text = lines::without_quotes(&text);
    let text = brackets::external_links(&text, &mut links.urls);
    let text = address::bare_links(&text, &mut links.urls);
    order(&text, &mut links.order);
    links
}

/// The tokens of a text.
fn order(text: &str, order: &mut Vec<Token>) {
    visit(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let (token, after) = token::read(&rest[at..]);
        order.push(token);
        rest = after;
    }
}
