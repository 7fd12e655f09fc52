//! The pure core of the Wikicrew jobs.
//!
//! Nothing in here reads a clock, the environment, a file, a wiki or a
//! database; time and everything a wiki said come in as arguments. So every
//! decision made with it can be repeated, explained and tested.

pub mod addition;
pub mod bots;
pub mod change;
pub mod channel;
pub mod command_lines;
pub mod feed;
pub mod hit;
pub mod infobox;
pub mod intent;
pub mod link;
pub mod lists;
pub mod overlap;
pub mod patterns;
pub mod ranges;
pub mod report;
pub mod settings;
pub mod site;
pub mod spamlist;
pub mod stream_event;
pub mod text;
pub mod types;
pub mod wikitext;
