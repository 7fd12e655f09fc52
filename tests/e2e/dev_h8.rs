//! Temporary: the new end-to-end tests of infobox-check by themselves, to be moved into `main.rs`.
#![allow(dead_code)]

mod harness {
    mod boxes;
}
mod ib_first;
mod ib_seen;
mod seen;
