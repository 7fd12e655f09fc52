//! The revisions that a run holds while it looks at a chunk of edits: what is the parent of one edit and the text of
//! another is fetched once, unless that would take too much memory.

use std::collections::HashMap;

use shared::core::change::Revision;
use shared::core::types::RevId;

use crate::sources::Seen;

/// Revisions, as long as edits to come need them.
#[derive(Debug, Default)]
pub struct Cache {
    held: HashMap<RevId, Revision>,
    /// How many edits that are still to come need a revision.
    needed: HashMap<RevId, u32>,
}

/// What the text of an edit, and that before it, are called and how many bytes they have, if they are to be read.
pub fn texts_of(seen: &Seen) -> impl Iterator<Item = (RevId, Option<u64>)> {
    let change = &seen.change;
    let both = [(change.revid, change.new_len), (change.parent, change.old_len)];
    both.into_iter().filter(|(revid, _)| seen.wants_texts && revid.0 != 0)
}

impl Cache {
    /// Empty, for these edits.
    pub fn new(edits: &[Seen]) -> Cache {
        let mut needed: HashMap<RevId, u32> = HashMap::new();
        for (revid, _) in edits.iter().flat_map(texts_of) {
            *needed.entry(revid).or_default() += 1;
        }
        Cache {
            held: HashMap::new(),
            needed,
        }
    }

    /// A revision that is held.
    pub fn get(&self, revid: RevId) -> Option<&Revision> {
        self.held.get(&revid)
    }

    /// Holds revisions that were read.
    pub fn extend(&mut self, read: HashMap<RevId, Revision>) {
        self.held.extend(read);
    }

    /// An edit is done with: what no other one needs is dropped.
    pub fn done(&mut self, seen: &Seen) {
        for (revid, _) in texts_of(seen) {
            let left = self.needed.entry(revid).or_default();
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.held.remove(&revid);
            }
        }
    }

    /// Drops the longest texts until so many bytes are left; they are read again when their edit is looked at.
    pub fn shrink(&mut self, most: usize) {
        let bytes = |revision: &Revision| revision.text.as_ref().map_or(0, String::len);
        let mut sizes: Vec<(usize, RevId)> = self.held.values().map(|one| (bytes(one), one.revid)).collect();
        let mut all: usize = sizes.iter().map(|(size, _)| size).sum();
        sizes.sort_unstable();
        while all > most
            && let Some((size, revid)) = sizes.pop()
        {
            self.held.remove(&revid);
            all -= size;
        }
    }
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
