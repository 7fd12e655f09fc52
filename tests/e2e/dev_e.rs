#![allow(dead_code)]
//! e
#[path = "lr_filters.rs"]
mod lr_filters;
#[path = "seen.rs"]
mod seen;
#[path = "lr_copies.rs"]
mod lr_copies;
