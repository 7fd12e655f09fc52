//! Added links as the rows of a revision: sorted, summed and bounded, whatever order they come in.

use super::row::{Flags, Links, MAX_PER_HOST, MAX_ROWS, Row};
use super::tally::Item;
use std::collections::BTreeMap;

/// The rows; `None` for no links at all. `flags` are put on every row. The same link with the same flags is one row.
/// More than [`MAX_PER_HOST`] links to one host become one row with the first path; more than [`MAX_ROWS`] rows
/// become two numbers.
pub(super) fn rows(items: impl Iterator<Item = Item>, flags: Flags) -> Option<Links> {
    let mut hosts: BTreeMap<String, BTreeMap<(String, Flags), u32>> = BTreeMap::new();
    for item in items {
        let links = hosts.entry(item.host).or_default();
        let times = links.entry((item.path, item.flags.with(flags))).or_default();
        *times = times.saturating_add(item.times);
    }
    let sum = |links: &BTreeMap<_, u32>| links.values().fold(0_u32, |sum, times| sum.saturating_add(*times));
    let all = hosts.values().map(sum).fold(0, u32::saturating_add);
    let count = hosts.len();
    let mut rows = Vec::new();
    for (host, links) in hosts {
        let sum = sum(&links);
        let is_one = sum > MAX_PER_HOST;
        let most = if is_one { 1 } else { links.len() };
        rows.extend(links.into_iter().take(most).map(|((path, flags), times)| Row {
            host: host.clone(),
            path,
            flags,
            times: u16::try_from(if is_one { sum } else { times }).unwrap_or(u16::MAX),
        }));
    }
    if rows.len() > MAX_ROWS {
        return Some(Links::TooMany {
            links: all,
            hosts: u32::try_from(count).unwrap_or(u32::MAX),
        });
    }
    (!rows.is_empty()).then_some(Links::Rows(rows))
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
