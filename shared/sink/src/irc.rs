//! A client of IRC for one bot: it joins channels, says lines in them, hears what is said there and who says it. Whether
//! a line has arrived is known, not hoped. Nothing that anybody typed can become a command, and no password is sent
//! where others could read it. <https://modern.ircdocs.horse/>, <https://ircv3.net/irc/>
//!
//! By hand: the crate `irc` cuts a line at its first line end, as it must, but tells nobody whether a line has arrived,
//! and has a queue and a pace of its own, so that a line given up may still be said and an answer cannot go between
//! reports; the few messages in here are less than a bridge to it.

mod client;
mod error;
mod events;
mod incoming;
mod message;
mod registration;
mod state;
mod text;
mod wire;

pub use client::Client;
pub use error::{Error, NotSent};
pub use events::{Event, Events, Leave};
pub use message::Unsayable;
pub use text::{Text, parts};

use std::time::Duration;

use wikicrew_core::types::Secret;

/// A server, and who we are there. It has no `Debug`: there are passwords in it.
#[derive(Clone)]
pub struct Config {
    /// Host name or address of the server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is encrypted, with a certificate for the server's name that the system trusts.
    pub tls: bool,
    /// The nick we would like.
    pub nick: String,
    /// Shown to those who ask who we are: the bot's name and whom to turn to.
    pub real_name: String,
    /// Password of the server.
    pub password: Option<Secret>,
    /// Login to the network's services.
    pub sasl: Option<Sasl>,
    /// Time between two lines of text; 1 s is what networks bear.
    pub pace: Duration,
    /// How long to wait for a connection, for its registration, and for one answer.
    pub patience: Duration,
    /// How often the server is asked whether it is there.
    pub ping_every: Duration,
}

impl Config {
    /// The server with its port, for people.
    fn place(&self) -> String {
        format!("{}:{}", self.server, self.port)
    }
}

/// A login to the network's services.
#[derive(Clone)]
pub struct Sasl {
    /// The account.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// What a line is. While both wait, answers and reports take turns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Priority {
    /// An answer to somebody who waits for it: it has the first turn.
    Answer,
    /// A report, which people who keep on asking do not hold back.
    Report,
}

#[cfg(test)]
#[path = "irc/irc_tests.rs"]
mod tests;
