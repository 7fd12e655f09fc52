//! In work.

mod ib_ends;
mod ib_lists;
mod ib_seen;
mod ib_settings;
mod ib_sources;
mod ib_status;
mod seen;
