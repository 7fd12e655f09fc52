//! What reports and `coi-report links` and `stats` ask: only reads, each with the number of rows it looks at.
//!
//! A list takes its LIMIT in a derived table before it joins: written flat, the newest 250 additions of a host cost a
//! minute on 10^7 rows instead of milliseconds. Sums are taken from the counters, never from the additions.

pub mod adders;
pub mod additions;
pub mod counts;
pub mod editors;
pub mod hosts;
pub mod lookup;
pub mod rules;
pub mod servers;
pub(crate) mod slices;
pub mod stats;
pub mod touched;

/// So many numbers at most are summed together (a domain with its sub-domains, a range's addresses); those that follow
/// are left out.
pub const MOST: usize = 900;
