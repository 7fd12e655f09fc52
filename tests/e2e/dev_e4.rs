//! Temporary: while these modules are written.
mod hostile;
mod ib_chem;
mod ib_hidden;
mod ib_hostile;
mod ib_logpages;
mod ib_open;
mod ib_seen;
mod seen;
mod steps;
