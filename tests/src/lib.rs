//! The harness of the end-to-end tests: the built binaries, a real MediaWiki, a real MariaDB, and proxies that go wrong
//! on purpose. The tests themselves are in `e2e/`, one binary; the sandbox comes from `scripts/sandbox up`.
//!
//! A test makes a `World` (own accounts, pages and database on the common wiki), runs a job in it and looks at the
//! wiki and the rows. It never talks to anything but loopback.

mod answers;
pub mod api;
pub mod boxes;
pub mod calls;
pub mod certificates;
pub mod coi;
pub mod coop;
pub mod counter;
pub mod dbproxy;
pub mod feeds;
pub mod http;
pub mod ircd;
pub mod kill;
pub mod links;
pub mod look;
pub mod nameserver;
pub mod net;
mod packets;
pub mod proxy;
pub mod receiver;
pub mod reports;
pub mod rules;
pub mod run;
pub mod sandbox;
pub mod scene;
pub mod script;
pub mod settings;
pub mod sse;
pub mod world;
