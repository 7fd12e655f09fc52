//! What the marks of a box should say.
//!
//! Computed from the box as it is now, its verified revision and the
//! settings alone, so computing it again gives the same. Names, values and
//! meaning of the marks are CheMoBot's: <https://en.wikipedia.org/wiki/User:CheMoBot>

use super::change::{VerifiedBox, differing};
use super::def::BoxDef;
use super::find::Infobox;
use super::normal::normalise;
use crate::types::RevId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the marks of one box should say.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Due {
    /// The verified revision; `None`: the page has none, so every mark of the
    /// box should be gone.
    pub verifiedrevid: Option<RevId>,
    /// Whether a verified field differs.
    pub verifiedfields: bool,
    /// Whether a field that is only watched differs.
    pub watchedfields: bool,
    /// By verified field with a tracker: what its mark should say. Fields
    /// that are neither here nor in the verified revision are left out:
    /// whatever mark they have stays.
    pub references: BTreeMap<String, Reference>,
}

/// What the mark of one field should say.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// The value is the verified one.
    Correct,
    /// It is another one.
    Changed,
    /// There is no value though there should be one: a mark that is there
    /// says so, a new one is not made.
    Missing,
}

impl Reference {
    /// The tracker's first argument.
    pub(super) fn word(self) -> &'static str {
        match self {
            Reference::Correct => "correct",
            Reference::Changed | Reference::Missing => "changed",
        }
    }
}

/// What the marks of a box should say. `verified`: this very box in the
/// verified revision, and the id of that revision; `None` when the page has
/// no index line. A box that is not in the verified revision, or cannot be
/// paired with one there, has no marks due: do not ask.
pub fn due_marks(def: &BoxDef, now: &Infobox, verified: Option<(&VerifiedBox, RevId)>) -> Due {
    let Some((verified, revid)) = verified else {
        return Due::default();
    };
    let differing = differing(def, now, verified);
    let differs = |field: &str| differing.iter().any(|one| one.field == field);
    let reference = |field: &String| {
        def.tracker_of(field)?;
        let is_empty = normalise(now.value(field).unwrap_or_default(), true).is_empty();
        let reference = match (is_empty, differs(field)) {
            (true, false) => return None,
            (true, true) => Reference::Missing,
            (false, true) => Reference::Changed,
            (false, false) => Reference::Correct,
        };
        Some((field.clone(), reference))
    };
    Due {
        verifiedrevid: Some(revid),
        verifiedfields: differing.iter().any(|one| one.is_verified),
        watchedfields: differing.iter().any(|one| !one.is_verified),
        references: def.verified.iter().filter_map(reference).collect(),
    }
}
