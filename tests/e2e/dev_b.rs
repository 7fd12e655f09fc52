#![allow(dead_code)]
#[path = "lr_asks.rs"]
mod lr_asks;
#[path = "seen.rs"]
mod seen;
#[path = "lr_rules.rs"]
mod lr_rules;
#[path = "lr_queue.rs"]
mod lr_queue;
