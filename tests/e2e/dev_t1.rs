//! Temporary.
#[path = "co_same.rs"]
mod co_same;
#[path = "co_kill.rs"]
mod co_kill;
