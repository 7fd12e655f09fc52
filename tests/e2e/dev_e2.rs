//! Temporary: while these modules are written.
mod ib_kill;
mod ib_log;
mod ib_seen;
mod kill;
mod seen;
mod steps;
