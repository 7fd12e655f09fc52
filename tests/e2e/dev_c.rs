#![allow(dead_code)]
#[path = "lr_people.rs"]
mod lr_people;
#[path = "lr_status.rs"]
mod lr_status;
#[path = "seen.rs"]
mod seen;
