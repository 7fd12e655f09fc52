//! While it is being written.
#![allow(dead_code)]
#[path = "lr_flow.rs"]
mod lr_flow;
#[path = "seen.rs"]
mod seen;
#[path = "dev_h9_shots.rs"]
mod shots;
