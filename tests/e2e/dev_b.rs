#![allow(dead_code)]
#[path = "lr_asks.rs"]
mod lr_asks;
#[path = "seen.rs"]
mod seen;
