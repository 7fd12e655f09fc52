//! The desk: COIBot's commands, by hand and from the commands page. `shared::core::lists::links` reads and explains them;
//! here it is said what they say and what is to be written for it. Only [`Effect::write`] writes, and only rows of the
//! database: in a plain transaction for a shell, in the run's own for a page.

mod answer;
mod args;
mod effect;
mod entries;
mod hits;
mod onwiki;
mod shell;
mod status;

use shared::core::hit::Config;
use shared::core::link::PathHosts;
use shared::core::lists::links::{self as grammar, Command};
use shared::core::types::Timestamp;
use shared::db::Db;

pub use answer::Answer;
pub use args::ByHand;
pub use effect::Effect;
pub use onwiki::OnWiki;
pub use shell::{home, run};

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
    /// Also what is shown nowhere: a person at a terminal asked for it.
    pub is_private: bool,
    /// The answer goes on a page of the wiki.
    pub on_page: bool,
    /// Most hits and additions of an answer.
    pub most: u32,
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
        Command::Links(name) => desk.links(name).await,
        Command::Stats => desk.stats(now).await,
        Command::Status => desk.status(now).await,
    }
}
