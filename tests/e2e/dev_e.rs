//! For a while.
mod coi_rules;
mod coi_explain;
