//! The pass over tables: attributes of tables, rows and cells are no text.
//! <https://www.mediawiki.org/wiki/Help:Tables>

use super::super::steps::visit;
use super::token::{self, NOTHING};
use memchr::memmem;
use std::borrow::Cow;

/// The text with tokens for the marks of tables.
pub fn without_attributes(text: &str) -> Cow<'_, str> {
    visit(text.len());
    if memmem::find(text.as_bytes(), b"{|").is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_usize;
    for (i, whole) in text.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let line = super::super::trim(whole);
        if let Some(attributes) = begins_table(line) {
            depth += 1;
            mark(attributes, &mut out);
        } else if depth == 0 {
            out.push_str(whole);
        } else if let Some(rest) = line.strip_prefix("|}") {
            depth -= 1;
            out.push_str(NOTHING);
            out.push_str(rest);
        } else if let Some(attributes) = line.strip_prefix("|-") {
            mark(attributes, &mut out);
        } else if let Some(cells) = line.strip_prefix("|+").or_else(|| line.strip_prefix('|')) {
            push_cells(cells, &mut out);
        } else if let Some(cells) = line.strip_prefix('!') {
            push_cells(&cells.replace("!!", "||"), &mut out);
        } else {
            out.push_str(whole);
        }
    }
    Cow::Owned(out)
}

/// The attributes of the table that the line begins; it may be indented by colons.
fn begins_table(line: &str) -> Option<&str> {
    let line = line.trim_start_matches(':');
    line.trim_start_matches([' ', '\t', '\u{B}', '\u{C}', '\r'])
        .strip_prefix("{|")
}

fn mark(attributes: &str, out: &mut String) {
    token::keep(attributes, out);
    out.push_str(NOTHING);
}

/// Each cell has a line of its own.
fn push_cells(cells: &str, out: &mut String) {
    for (i, cell) in cells.split("||").enumerate() {
        if i > 0 {
            out.push('\n');
        }
        push_cell(cell, out);
    }
}

/// A single bar parts attributes from the cell, unless there is a link or conversion before it.
fn push_cell(cell: &str, out: &mut String) {
    out.push_str(NOTHING);
    match cell.split_once('|') {
        Some((attributes, inner)) if !attributes.contains("[[") && !attributes.contains("-{") => {
            mark(attributes, out);
            out.push_str(super::super::trim(inner));
        }
        _ => out.push_str(super::super::trim(cell)),
    }
}
