//! The harness tested with itself: do the proxies do what they say, to a real wiki and a real database?

mod boxes;
mod database;
mod faults;
mod ircds;
mod kills;
mod receivers;
mod runs;
mod worlds;
