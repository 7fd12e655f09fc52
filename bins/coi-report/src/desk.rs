//! The desk: COIBot's commands, by hand, from the commands page and from channels. `shared::core::lists::links` reads and explains them;
//! here it is said what they say and what is to be written for it. Only [`Effect::write`] writes, and only rows of the
//! database: in a plain transaction for a shell, in the run's own for a page, in the sender's for a channel.

mod answer;
mod args;
mod effect;
mod entries;
mod feeds;
mod hits;
mod onwiki;
mod shell;
mod status;

use shared::core::feed::Feed;
use shared::core::hit::Config;
use shared::core::link::PathHosts;
use shared::core::lists::links::{self as grammar, Command};
use shared::core::text::unhighlighted;
use shared::core::types::Timestamp;
use shared::db::Db;
use tokio::sync::Mutex;

use crate::feed::Wikis;

pub use answer::Answer;
pub use args::ByHand;
pub use effect::Effect;
pub use onwiki::OnWiki;
pub use shell::{home, run};

/// What an answer to a channel needs beside.
#[derive(Clone, Copy)]
pub struct Channel<'a> {
    /// Where edits are looked at before they are told of; elsewhere what the database knows is enough.
    pub wikis: &'a Mutex<Wikis>,
    /// The wiki whose lists these are, as links name it.
    pub lang: &'a str,
    /// Whether the answer may highlight the people whom it names.
    pub highlights: bool,
}

/// What a command works with.
pub struct Desk<'a> {
    /// The database.
    pub db: &'a Db,
    /// Key of the wiki whose settings and lists these are.
    pub home: &'a str,
    /// Hosts on which an owner is a part of the path.
    pub path_hosts: &'a PathHosts,
    /// Limits of the rules.
    pub config: &'a Config,
    /// The feeds of the settings; none where these are not at hand.
    pub feeds: &'a [Feed],
    /// The answer goes to a channel.
    pub channel: Option<Channel<'a>>,
    /// Also what is shown nowhere: a person at a terminal asked for it.
    pub is_private: bool,
    /// The answer goes on a page of the wiki, or to a channel.
    pub on_page: bool,
    /// Most hits and additions of an answer.
    pub most: u32,
}

impl Desk<'_> {
    /// A user's name as the answer shows it.
    fn shown_name(&self, name: &str) -> String {
        match self.channel {
            Some(Channel { highlights: false, .. }) => unhighlighted(name),
            _ => name.to_owned(),
        }
    }
}

/// What the command says, and what is to be written for it. `by`: who gave it. Errs when the database cannot be reached.
pub async fn answer(desk: &Desk<'_>, command: &Command, by: &str, now: Timestamp) -> anyhow::Result<Answer> {
    match command {
        Command::Help(topic) => Ok(Answer::text(&grammar::help(topic.as_deref()))),
        Command::Test { user, string } => Ok(desk.test(user, string)),
        Command::Add(new) => desk.add(new, by, now).await,
        Command::Del(old) => desk.del(old).await,
        Command::Search(sought) => desk.search(sought, now).await,
        Command::Report(of) => desk.report(of).await,
        Command::Feeds(order) => desk.switch(order, by, now).await,
        Command::Links(name) => desk.links(name).await,
        Command::Stats => desk.stats(now).await,
        Command::Status => desk.status(now).await,
    }
}
