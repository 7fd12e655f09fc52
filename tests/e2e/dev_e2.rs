//! Temporary: while these modules are written.
mod ib_chem;
mod ib_kill;
mod ib_log;
mod ib_once;
mod ib_seen;
mod kill;
mod seen;
mod steps;
