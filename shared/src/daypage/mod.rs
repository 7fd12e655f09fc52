//! What the jobs that write pages day by day have in common: parts of a day that grew too long, pages that people took
//! away, and how often an edit is tried. What stands on the pages is each job's own.

pub mod parts;
pub mod taken;
mod tries;

pub use tries::{Tried, tries};
