//! Link additions: who added which link where, and the counts that reports are made of. Heir of LiWa3's database.
//!
//! The tables follow from two rules: reading an edit again changes nothing, in whatever order and batches, and every
//! counter has the wiki in its key, so that shards (split by wiki) never meet on a row.

pub mod addresses;
mod counters;
pub mod hidden;
pub mod host_ip;
mod known;
mod mark;
mod moving;
pub mod names;
pub mod partitions;
mod placed;
pub mod prune;
pub mod questions;
pub mod rename;
mod restored;
pub mod since;
pub mod size;
pub mod store;
mod values;
