//! All end-to-end tests: one binary, because each further one would link everything again.
//! They need the sandbox (`scripts/sandbox up`) and the built jobs (`cargo build --workspace --bins`).

mod again;
mod arguments;
mod commands;
mod doubt;
mod dry;
mod exit;
mod faults;
mod flow;
mod german;
mod harness;
mod hostile;
mod ib_first;
mod ib_seen;
mod kill;
mod late;
mod limits;
mod lock;
mod many;
mod mentors;
mod moved;
mod names;
mod notified;
mod once;
mod outcomes;
mod owners;
mod refusals;
mod restored;
mod secrets;
mod seen;
mod settings_page;
mod skips;
mod status_page;
mod steps;
mod switch;
mod trust;
