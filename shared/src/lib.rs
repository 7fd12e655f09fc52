//! The library of the four Wikicrew jobs: what a run is (flags, bootstrap, lock, run record, exit code), how a
//! settings page is trusted and read, the one guarded way to edit a wiki, and the status page that tells admins
//! what happened. It joins the three layers below it, which know nothing of each other: `core` (pure rules),
//! `wiki` (the MediaWiki API) and `db` (MariaDB), and re-exports them for the jobs.

pub mod args;
pub mod boot;
pub mod clock;
pub mod commands;
pub mod daypage;
pub mod dns;
pub mod editor;
pub mod feedback;
pub mod feeds;
pub mod job;
pub mod logging;
pub mod manual;
pub mod messages;
pub mod newly;
pub mod others;
pub mod outcome;
pub mod page;
pub mod recent;
pub mod settings;
mod status;
pub mod suppress;
pub mod switch;
pub mod trust;

pub use wikicrew_core as core;
pub use wikicrew_db as db;
pub use wikicrew_sink as sink;
pub use wikicrew_wiki as wiki;
