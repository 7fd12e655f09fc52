#![allow(dead_code)]
#[path = "lr_faults.rs"]
mod lr_faults;
#[path = "lr_kill.rs"]
mod lr_kill;
#[path = "seen.rs"]
mod seen;
