//! While it is being written.
#![allow(dead_code)]
#[path = "lr_flow.rs"]
mod lr_flow;
#[path = "lr_hidden.rs"]
mod lr_hidden;
#[path = "lr_hostile.rs"]
mod lr_hostile;
#[path = "seen.rs"]
mod seen;
