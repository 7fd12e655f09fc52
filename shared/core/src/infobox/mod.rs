//! Infoboxes: what their fields say, what an edit changed in them, and what
//! their marks should be.
//!
//! A box is a template with its section templates, in one flat name space of
//! fields. Everything here is computed from texts alone; a value is never
//! changed, only the marks beside it. After CheMoBot:
//! <https://en.wikipedia.org/wiki/User:CheMoBot>

mod change;
mod check;
mod def;
mod due;
mod find;
#[cfg(test)]
mod fixtures;
pub mod index;
mod marks;
mod normal;
mod pair;
mod plan;
mod summary;
mod unchanged;

pub use change::{Change, Differing, Kind, State, VerifiedBox, changes, differing};
pub use check::Check;
pub use def::{BoxDef, MarkNames, Tracker};
pub use due::{Due, Reference, due_marks};
pub use find::{Field, Infobox, find};
pub use marks::{Did, MarkEdit, Marked, apply, apply_all};
pub use normal::normalise;
pub use pair::{Pairing, pair, pair_verified};
pub use summary::summary_words;
