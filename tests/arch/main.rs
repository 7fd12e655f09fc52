//! What the project promises about itself and no compiler checks: which crate may depend on which, which licences
//! come in, and what tracked files may not contain. Reads `cargo metadata` and files; talks to nobody.
//!
//! The layers are described in the README, *Repository layout*.
#![expect(clippy::unwrap_used, reason = "a test says where it failed")]

mod crates;
mod files;
mod licences;
