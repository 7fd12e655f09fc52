//! One line per addition, for spreadsheets: made line by line, so that a million of them need no memory.

use chrono::SecondsFormat;
use shared::core::link::Key;
use shared::core::text::{csv as field, terminal};

use super::{fate_word, kind_word, who_words};
use crate::model::Row;

/// Columns.
const COLUMNS: [&str; 20] = [
    "number",
    "time",
    "wiki",
    "revision",
    "page_id",
    "title",
    "user",
    "user_kind",
    "user_links",
    "host",
    "link",
    "times",
    "a",
    "b",
    "c",
    "d",
    "fate",
    "top_edit",
    "re_added",
    "archive",
];

/// The first line, with its line end.
pub fn header() -> String {
    COLUMNS.join(",") + "\n"
}

/// An addition on the wiki of this name, with its line end. No field can act as a formula, hold a line end, or turn text
/// round.
pub fn line(row: &Row, wiki: &str) -> String {
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let host = Key::from_stored(&row.stored_key).map_or_else(|| row.stored_key.clone(), |key| key.display());
    let fields = [
        row.number.to_string(),
        row.ts.to_rfc3339_opts(SecondsFormat::Secs, true),
        wiki.to_owned(),
        row.rev.to_string(),
        row.page_id.to_string(),
        row.title.clone().unwrap_or_default(),
        who_words(&row.who).to_owned(),
        kind_word(row.kind).to_owned(),
        row.user_links.to_string(),
        host,
        row.link.clone(),
        row.times.to_string(),
        row.four.a.to_string(),
        row.four.b.to_string(),
        row.four.c.to_string(),
        row.four.d.to_string(),
        fate_word(row.fate).to_owned(),
        yes(row.is_top),
        yes(row.is_again),
        yes(row.by_archive),
    ];
    let fields: Vec<String> = fields.iter().map(|text| field(&terminal(text))).collect();
    fields.join(",") + "\n"
}
