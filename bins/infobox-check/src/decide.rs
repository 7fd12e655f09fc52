//! What an edit did to the watched boxes of a page, and whether that is to be told: pure functions over the texts
//! before and after, the verified revision and the lists.

use std::collections::HashSet;

use shared::core::feed::Level;
use shared::core::infobox::{self, Change, Infobox, Kind, Pairing, State, find, pair};
use shared::core::lists::Hit;
use shared::core::types::RevId;
use shared::core::wikitext::{Scan, scan};
use shared::db::field_change::{self, NewChange, Rule};

use crate::marked::{Watched, of_verified};

/// Watched fields named in a line about a list's hit.
const NAMED: usize = 10;

/// What is reported: a field, a box, or an edit that a list names.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A field was added, removed or changed.
    Field(Change),
    /// The page got a box of this name that it had not before (which one, counted from 0).
    BoxAdded(u32),
    /// It lost one.
    BoxRemoved(u32),
    /// It cannot be told which box became which.
    NotComparable(String),
    /// The blacklist names user and page. With the watched fields that the edit changed.
    Blacklisted(Vec<String>),
    /// The page is on the monitor list. With the watched fields that the edit changed.
    Monitored(Vec<String>),
}

/// One reported thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Place of the box among the watched ones of the page; `None` for what a list found.
    pub watched: Option<usize>,
    /// What it is.
    pub what: What,
    /// The verified revision it was compared with.
    pub verified: Option<RevId>,
    /// Whether it goes to the log; otherwise it is only recorded.
    pub to_log: bool,
    /// Whether feeds tell it, each by its own level.
    pub to_feeds: bool,
}

/// How much is told.
#[derive(Clone, Copy, Debug)]
pub struct Levels<'a> {
    /// Report level of each of the watched boxes.
    pub boxes: &'a [u8],
    /// Report level of what no box is about.
    pub common: u8,
    /// Nothing goes to the log, whatever the levels are.
    pub log_is_quiet: bool,
    /// What feeds may be told at most. They have levels of their own, so of the others only 0 counts for them.
    pub feeds: Level,
}

/// What an edit did to one box's fields.
pub fn compare(before: Option<&str>, after: &str, tags: &HashSet<String>, watched: &Watched<'_>) -> Vec<What> {
    let scanned = |text: &str| scan(text, tags);
    let old_text = before.unwrap_or("");
    let (old_scan, new_scan) = match (scanned(old_text), scanned(after)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(why), _) | (_, Err(why)) => return vec![What::NotComparable(why.to_string())],
    };
    let def = &watched.settings.def;
    let boxes = |text: &str, scan: &Scan| -> Vec<Infobox> { find(text, scan, def) };
    let (old, new) = (boxes(old_text, &old_scan), boxes(after, &new_scan));
    let pairs = match pair(def, &old, &new) {
        Pairing::Pairs(pairs) => pairs,
        Pairing::NotComparable(why) => return vec![What::NotComparable(why)],
    };
    // Where it is not clear which verified box is which, the edit is told without them.
    let verified_of = |boxes: &[Infobox]| match watched.verified {
        Some(verified) => of_verified(watched, verified, boxes).unwrap_or_else(|_| vec![None; boxes.len()]),
        None => vec![None; boxes.len()],
    };
    let (of_old, of_new) = (verified_of(&old), verified_of(&new));
    let mut found = Vec::new();
    for (was, is) in pairs {
        let ordinal = u32::try_from(is.or(was).unwrap_or(0)).unwrap_or(u32::MAX);
        let verified = is.and_then(|i| of_new[i]).or(was.and_then(|i| of_old[i]));
        let changes = infobox::changes(def, was.map(|i| &old[i]), is.map(|i| &new[i]), verified, ordinal);
        match (was, is) {
            (Some(_), Some(_)) => found.extend(changes.into_iter().map(What::Field)),
            (None, _) => {
                found.push(What::BoxAdded(ordinal));
                // A box that comes back with other values than the verified ones.
                let other = |change: &Change| change.is_verified && change.state == State::ChangedToOther;
                found.extend(changes.into_iter().filter(other).map(What::Field));
            }
            (Some(_), None) => found.push(What::BoxRemoved(ordinal)),
        }
    }
    found
}

/// Everything that is reported of one edit: the first rule that hits makes the line, in the order blacklist,
/// whitelist, monitor list, field change (CheMoBot's order is not on record; this is COIBot's). What the later rules
/// found is recorded, so that the table tells the truth about every field, but makes no line.
///
/// `compared`: place in `watched` and what happened there; `levels.boxes`: those of `watched`.
pub fn findings(
    compared: &[(usize, Vec<What>)],
    watched: &[Watched<'_>],
    hit: &Hit,
    levels: &Levels<'_>,
) -> Vec<Finding> {
    let fields: Vec<String> = compared
        .iter()
        .flat_map(|(_, whats)| whats)
        .filter_map(|what| match what {
            What::Field(change) => Some(change.field.clone()),
            _ => None,
        })
        .take(NAMED)
        .collect();
    let listed = match hit {
        Hit::Blacklisted(_) => Some(What::Blacklisted(fields)),
        Hit::Monitored(_) => Some(What::Monitored(fields)),
        Hit::Whitelisted(_) | Hit::None => None,
    };
    let fields_speak = matches!(hit, Hit::None);
    let mut found = Vec::new();
    if let Some(what) = listed {
        found.push(Finding {
            watched: None,
            what,
            verified: None,
            to_log: !levels.log_is_quiet && levels.common > 0,
            to_feeds: levels.feeds > Level::Silent && levels.common > 0,
        });
    }
    for (place, whats) in compared {
        let verified = watched[*place].verified.map(|verified| verified.revid);
        let level = levels.boxes[*place];
        for what in whats {
            let is_told = |level| fields_speak && is_told(what, verified.is_some(), level);
            found.push(Finding {
                watched: Some(*place),
                to_log: !levels.log_is_quiet && is_told(level),
                to_feeds: level > 0 && is_told(levels.feeds.number()),
                what: what.clone(),
                verified,
            });
        }
    }
    found
}

/// Whether a report level lets a finding through: 0 nothing, 1 what changed a verified value away from the truth, 2
/// everything.
fn is_told(what: &What, is_indexed: bool, level: u8) -> bool {
    match level {
        0 => false,
        1 => match what {
            What::Field(change) => {
                change.is_verified
                    && change.kind != Kind::Formatting
                    && matches!(change.state, State::CorrectToChanged | State::ChangedToOther)
            }
            What::BoxRemoved(_) | What::NotComparable(_) => is_indexed,
            What::BoxAdded(_) => false,
            What::Blacklisted(_) | What::Monitored(_) => true,
        },
        _ => true,
    }
}

/// Whether a report level of 1 lets a stored row through: what [`findings`] says of it, told from the row alone.
pub fn is_high(row: &NewChange) -> bool {
    match (row.rule, row.kind) {
        (Rule::Blacklist | Rule::Monitor, _) => true,
        (Rule::Box, field_change::Kind::BoxRemoved | field_change::Kind::NotComparable) => row.verified_revid.is_some(),
        (Rule::Box, _) | (_, field_change::Kind::Formatting) => false,
        (Rule::Field, _) => {
            use field_change::State::{ChangedOther, CorrectChanged};
            row.is_verified && matches!(row.state, CorrectChanged | ChangedOther)
        }
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
