//! Tries the tests of sources and kills.
#![allow(dead_code)]
mod coi_kill;
mod coi_sources;
mod coi_streams;
mod ib_lists;
mod ib_seen;
mod ib_sources;
mod kill;
mod seen;
