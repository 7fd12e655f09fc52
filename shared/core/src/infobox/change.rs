//! What an edit changed in a box, and what now differs from the verified
//! revision.
//!
//! Only watched fields are told. The states of a verified field follow
//! CheMoBot's reports: <https://en.wikipedia.org/wiki/User:CheMoBot>

use super::def::BoxDef;
use super::find::Infobox;
use super::normal::normalise;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What happened to a value. Empty and not there are the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// There was none.
    Added,
    /// There is none now.
    Removed,
    /// Another one.
    Changed,
    /// The same one, written in another way.
    Formatting,
}

/// What a change means for the truth of the value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Away from the verified value.
    CorrectToChanged,
    /// Back to the verified value.
    ChangedToCorrect,
    /// From one that is not verified to another such.
    ChangedToOther,
    /// Not known: the field is only watched, or there is no verified revision.
    Changed,
    /// No value changed.
    Formatting,
}

/// One field that an edit changed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Which box of this kind on the page, from 0.
    pub ordinal: u32,
    /// The field.
    pub field: String,
    /// What happened to its value.
    pub kind: Kind,
    /// The value before as it stood, trimmed; `None`: not there.
    pub old: Option<String>,
    /// The value after as it stands, trimmed; `None`: not there.
    pub new: Option<String>,
    /// The value in the verified revision, if there is one; `Some(None)`:
    /// not there or empty.
    pub verified: Option<Option<String>>,
    /// What it means.
    pub state: State,
    /// Whether the field is a verified one.
    pub is_verified: bool,
    /// Why the new value is not plausible.
    pub check: Option<String>,
}

/// The watched fields of one box of the verified revision, as they stand,
/// trimmed. To be kept, so that the revision is read only once; it holds for
/// definitions with the same [`BoxDef::reading_key`] only.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VerifiedBox(BTreeMap<String, String>);

impl VerifiedBox {
    /// What is kept of a box.
    pub fn of(def: &BoxDef, found: &Infobox) -> Self {
        let kept = |field: &str| Some((field.to_owned(), found.value(field)?.to_owned()));
        Self(def.fields().filter_map(kept).collect())
    }

    /// The value of a field as it stands there, trimmed; `None` when it is
    /// not there.
    pub fn value(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }
}

/// A field that is not as in the verified revision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Differing {
    /// The field.
    pub field: String,
    /// The value now, as it stands, trimmed; `None`: not there.
    pub value: Option<String>,
    /// The value in the verified revision; `None`: not there.
    pub verified: Option<String>,
    /// Whether the field is a verified one, not only watched.
    pub is_verified: bool,
}

/// What an edit changed in one box, in the order of the settings; `old` is
/// `None` for an added box, `new` for a removed one. `verified` is this box
/// in the verified revision, `None` where there is none.
pub fn changes(
    def: &BoxDef,
    old: Option<&Infobox>,
    new: Option<&Infobox>,
    verified: Option<&VerifiedBox>,
    ordinal: u32,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for field in def.fields() {
        let is_verified = def.is_verified(field);
        let before = old.and_then(|found| found.value(field));
        let after = new.and_then(|found| found.value(field));
        if before.unwrap_or_default() == after.unwrap_or_default() {
            continue;
        }
        let norm = |value: Option<&str>| normalise(value.unwrap_or_default(), is_verified);
        let (norm_before, norm_after) = (norm(before), norm(after));
        let kind = match (norm_before.as_str(), norm_after.as_str()) {
            (before, after) if before == after => Kind::Formatting,
            ("", _) => Kind::Added,
            (_, "") => Kind::Removed,
            _ => Kind::Changed,
        };
        let state = match verified {
            _ if kind == Kind::Formatting => State::Formatting,
            Some(verified) if is_verified => {
                let right = norm(verified.value(field));
                if norm_before == right {
                    State::CorrectToChanged
                } else if norm_after == right {
                    State::ChangedToCorrect
                } else {
                    State::ChangedToOther
                }
            }
            _ => State::Changed,
        };
        let check = match def.check_of(field) {
            Some(check) if !norm_after.is_empty() => check.check(&norm_after).err(),
            _ => None,
        };
        changes.push(Change {
            ordinal,
            field: field.to_owned(),
            kind,
            old: before.map(str::to_owned),
            new: after.map(str::to_owned),
            verified: verified.map(|verified| {
                let value = verified.value(field).filter(|value| !norm(Some(value)).is_empty());
                value.map(str::to_owned)
            }),
            state,
            is_verified,
            check,
        });
    }
    changes
}

/// The watched fields of a box that are not as in the verified revision, in
/// the order of the settings.
pub fn differing(def: &BoxDef, now: &Infobox, verified: &VerifiedBox) -> Vec<Differing> {
    let differs = |field: &str| {
        let is_verified = def.is_verified(field);
        let (value, right) = (now.value(field), verified.value(field));
        let norm = |value: Option<&str>| normalise(value.unwrap_or_default(), is_verified);
        (norm(value) != norm(right)).then(|| Differing {
            field: field.to_owned(),
            value: value.map(str::to_owned),
            verified: right.map(str::to_owned),
            is_verified,
        })
    };
    def.fields().filter_map(differs).collect()
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
