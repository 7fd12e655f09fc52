//! For a while.
#![allow(dead_code)]
mod coi_days;
mod coi_pages;
mod coi_sources;
mod ib_lists;
mod ib_seen;
mod ib_sources;
mod seen;
