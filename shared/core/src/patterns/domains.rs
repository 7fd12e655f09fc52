//! Entries of lists that are mere domains: a look-up, not a pattern.

use crate::link::Key;
use std::collections::HashMap;

/// Link keys of a list. A host stands for itself, its sub-domains and the owners on them; an owner's page or an
/// address for itself only.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Domains {
    /// Ids by key in its stored form.
    ids: HashMap<String, Vec<usize>>,
}

impl Domains {
    /// From keys, each with an id; ids and keys may repeat.
    pub fn new<'a>(keys: impl IntoIterator<Item = (usize, &'a Key)>) -> Domains {
        let mut domains = Domains::default();
        for (id, key) in keys {
            domains.insert(id, key);
        }
        domains
    }

    /// Puts a key into the set.
    pub fn insert(&mut self, id: usize, key: &Key) {
        self.ids.entry(key.stored().to_owned()).or_default().push(id);
    }

    /// Whether nothing can match.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Ids of the entries that this key belongs to; sorted, each once. The same keys as those in the range of
    /// [`Key::with_subdomains`] of an entry.
    pub fn matches(&self, key: &Key) -> Vec<usize> {
        let stored = key.stored();
        let labels = stored.find('/').unwrap_or(stored.len());
        // `com.example.shop.`: a domain ends behind each dot. Addresses have no dot at the end, and are whole or nothing
        let names = match stored[..labels].ends_with('.') {
            true => labels,
            false => 0,
        };
        let mut ids: Vec<usize> = stored[..names]
            .match_indices('.')
            .map(|(at, _)| at + 1)
            .filter(|end| *end < stored.len())
            .chain([stored.len()])
            .filter_map(|end| self.ids.get(&stored[..end]))
            .flatten()
            .copied()
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
