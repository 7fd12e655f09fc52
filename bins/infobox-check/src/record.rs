//! What was found about an edit, as the row of the database that log and feeds are made from.

use shared::core::change::Change;
use shared::core::infobox;
use shared::core::types::PageId;
use shared::db::field_change::{Kind, MAX_VALUE, NewChange, Rule, State};

use crate::batch::author;
use crate::decide::{Finding, What};

/// The row of a finding about an edit of a page. `name`: the box, or nothing for what a list found.
pub fn row(edit: &Change, page_id: PageId, name: &str, log_page: String, finding: Finding) -> NewChange {
    let mut row = NewChange {
        log_page,
        box_name: name.to_owned(),
        page_id,
        title: edit.title.clone(),
        revid: edit.revid,
        parent: Some(edit.parent).filter(|parent| parent.0 != 0),
        user: author(edit.user.as_deref(), edit.user_id, edit.editor),
        ts: edit.timestamp,
        rule: Rule::Box,
        ordinal: 0,
        field: String::new(),
        kind: Kind::Edit,
        state: State::None,
        is_verified: false,
        old: None,
        new: None,
        verified: None,
        verified_revid: finding.verified,
        check: None,
        to_log: finding.to_log,
    };
    match finding.what {
        What::Field(change) => field(&mut row, change),
        What::BoxAdded(ordinal) => (row.kind, row.ordinal) = (Kind::BoxAdded, ordinal),
        What::BoxRemoved(ordinal) => (row.kind, row.ordinal) = (Kind::BoxRemoved, ordinal),
        What::NotComparable(why) => (row.kind, row.check) = (Kind::NotComparable, Some(why)),
        What::Blacklisted(fields) => (row.rule, row.new) = (Rule::Blacklist, Some(fields.join(", "))),
        What::Monitored(fields) => (row.rule, row.new) = (Rule::Monitor, Some(fields.join(", "))),
    }
    row
}

/// As much of a value as is stored.
fn short(value: String) -> String {
    if value.len() <= MAX_VALUE {
        return value;
    }
    value[..value.floor_char_boundary(MAX_VALUE)].to_owned()
}

fn field(row: &mut NewChange, change: infobox::Change) {
    row.rule = Rule::Field;
    row.ordinal = change.ordinal;
    row.kind = match change.kind {
        infobox::Kind::Added => Kind::Added,
        infobox::Kind::Removed => Kind::Removed,
        infobox::Kind::Changed => Kind::Changed,
        infobox::Kind::Formatting => Kind::Formatting,
    };
    row.state = match change.state {
        infobox::State::CorrectToChanged => State::CorrectChanged,
        infobox::State::ChangedToCorrect => State::ChangedCorrect,
        infobox::State::ChangedToOther => State::ChangedOther,
        infobox::State::Changed => State::Changed,
        infobox::State::Formatting => State::Formatting,
    };
    row.field = change.field;
    row.is_verified = change.is_verified;
    // Thousands of rows are held at once.
    row.old = change.old.map(short);
    row.new = change.new.map(short);
    row.verified = change.verified.flatten().map(short);
    row.check = change.check;
}
