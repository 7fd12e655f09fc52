//! What coi-report finds in an edit: the rules of COIBot, in its documented order, over plain values.
//!
//! A hit is an observation (a name overlaps a title, a link is on a list), never a verdict. Nothing is read or written
//! here, so `explain`, back-tests and the run itself cannot tell different stories.
//!
//! An edit is one event for its page and one for each link key that it added. For each event the rules are asked in the
//! order of [`Rule::ALL`], after the whitelist, and the first hit ends it. Two kinds of hits are recorded without
//! ending it: an overlap that is skipped, and what is collected about user names by pattern; pages show neither, so
//! neither may hide what pages would show. The rules are described at <https://en.wikipedia.org/wiki/User:COIBot>.

mod black;
mod judge;
mod link;
mod lists;
mod monitor;
mod names;
mod overlaps;
mod proximity;
mod story;
mod types;
mod verdict;

pub use judge::Judge;
pub use link::url_of;
pub use proximity::shared_network;
pub use types::{
    Config, Edit, Hit, ListEntry, NotChecked, Outside, Rule, Skip, Subject, UserFacts, Watched, WatchedDomain,
};
pub use verdict::{Judged, Verdict};

#[cfg(test)]
mod fixtures;
