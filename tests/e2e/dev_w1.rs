//! Temporary: commands by hand, to be moved into `main.rs`.
#![allow(dead_code)]

mod ib_byhand;
mod ib_seen;
mod seen;
