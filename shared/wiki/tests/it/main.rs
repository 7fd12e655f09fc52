//! The session against the sandbox wiki (`scripts/sandbox up`), and against a
//! small server that goes wrong on purpose. Nothing but loopback is spoken to.

#![expect(clippy::unwrap_used, reason = "a panic in a helper is a failed test")]

mod changes;
mod changes_server;
mod edits;
mod fault_edits;
mod faults;
mod login;
mod pages;
mod queries;
mod revisions;
mod sandbox;
mod secrets;
mod server;
mod stream;
mod stream_server;
mod uses;
mod visit;
