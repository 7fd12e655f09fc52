//! Sums of a report as plain values: what must not be counted is taken off them, and the months between the first and the
//! last addition are filled in.

use std::collections::BTreeMap;

use chrono::Datelike as _;
use shared::core::types::Timestamp;
use shared::db::links::questions::hosts::Times;
use shared::db::links::questions::lookup::Kind;

/// Most months of a chart; who looks further back sees the newest of them.
const MONTHS: u16 = 600;

/// An addition that is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Less {
    /// Who made it.
    pub editor_id: u32,
    /// What kind of name.
    pub kind: Kind,
    /// Number of the wiki.
    pub wiki_id: u16,
    /// Month, counted from January of the year 0.
    pub month: u16,
    /// How often the edit added it.
    pub times: u64,
}

/// Counts by kind, wiki and month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Kind, editors, additions.
    pub kinds: Vec<(Kind, u64, u64)>,
    /// By number of the wiki.
    pub wikis: BTreeMap<u16, u64>,
    /// By month, counted from January of the year 0.
    pub months: BTreeMap<u16, u64>,
}

impl Sums {
    /// From the counters.
    pub fn new(kinds: Vec<(Kind, u64, u64)>, wikis: &[Times], months: &[Times]) -> Sums {
        let map = |times: &[Times]| times.iter().map(|one| (one.of, one.n)).collect();
        Sums {
            kinds,
            wikis: map(wikis),
            months: map(months),
        }
    }

    /// Takes an editor off, with all additions; `only_on`: the wiki, where all of them are on one.
    pub fn less_editor(&mut self, kind: Kind, n: u64, only_on: Option<u16>) {
        if let Some((_, editors, additions)) = self.kinds.iter_mut().find(|(of, ..)| *of == kind) {
            *editors = editors.saturating_sub(1);
            *additions = additions.saturating_sub(n);
        }
        if let Some(on) = only_on.and_then(|wiki| self.wikis.get_mut(&wiki)) {
            *on = on.saturating_sub(n);
        }
    }

    /// Takes an addition off its month; unless they went with their editor, also off its kind and wiki.
    pub fn less_addition(&mut self, less: &Less, is_of_kind: bool, is_of_wiki: bool) {
        let off = |n: Option<&mut u64>| {
            if let Some(n) = n {
                *n = n.saturating_sub(less.times);
            }
        };
        off(self.months.get_mut(&less.month));
        if is_of_wiki {
            off(self.wikis.get_mut(&less.wiki_id));
        }
        if is_of_kind {
            let kind = self.kinds.iter_mut().find(|(of, ..)| *of == less.kind);
            off(kind.map(|(_, _, n)| n));
        }
    }

    /// Additions.
    pub fn additions(&self) -> u64 {
        self.kinds.iter().map(|(_, _, n)| n).sum()
    }

    /// Kinds that are there, the most additions first.
    pub fn kinds(&self) -> Vec<(Kind, u64, u64)> {
        let mut kinds: Vec<_> = self
            .kinds
            .iter()
            .copied()
            .filter(|(_, editors, n)| editors + n > 0)
            .collect();
        kinds.sort_by_key(|&(kind, editors, n)| (std::cmp::Reverse((n, editors)), kind as u8));
        kinds
    }

    /// Wikis with additions, the most first.
    pub fn wikis(&self) -> Vec<(u16, u64)> {
        let mut wikis: Vec<_> = self
            .wikis
            .iter()
            .map(|(&wiki, &n)| (wiki, n))
            .filter(|(_, n)| *n > 0)
            .collect();
        wikis.sort_by_key(|&(wiki, n)| (std::cmp::Reverse(n), wiki));
        wikis
    }

    /// Year, month and additions, from the first month with some to the last, without gaps; at most the last 50 years.
    pub fn months(&self) -> Vec<(i32, u32, u64)> {
        let with = || self.months.iter().filter(|(_, n)| **n > 0).map(|(month, _)| *month);
        let (Some(first), Some(last)) = (with().min(), with().max()) else {
            return Vec::new();
        };
        let first = first.max(last.saturating_sub(MONTHS - 1));
        (first..=last)
            .map(|month| {
                let n = self.months.get(&month).copied().unwrap_or_default();
                (i32::from(month / 12), u32::from(month % 12) + 1, n)
            })
            .collect()
    }
}

/// The month of a moment, counted from January of the year 0, as the tables have it.
pub fn month_of(ts: Timestamp) -> u16 {
    let months = ts.year().max(0).unsigned_abs() * 12 + ts.month0();
    u16::try_from(months).unwrap_or(u16::MAX)
}

#[cfg(test)]
#[path = "sums_tests.rs"]
mod tests;
