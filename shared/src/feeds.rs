//! Feeds: the hits of a job as lines of an IRC channel, of a webhook or of a pipe, seconds after they are found. Hits are
//! put in a queue by the transaction that stores them; whoever holds the feeds' lock sends them: the continuous job
//! (`<job> feed`), or, where none is at work, each scheduled run at its end. A dead sink fails and slows nobody; what
//! waits too long is dropped and told once. What a wiki hides or an operator suppressed is looked at again right before
//! a line goes out.

mod after;
mod beat;
mod center;
mod channel;
mod continuous;
mod lane;
mod operator;
mod outlet;
mod settings;
pub mod status;

use std::sync::Arc;

use serde_json::Value;

use crate::clock::Clock;
use crate::commands::Answer;
use crate::core::feed::{Feed, Level};
use crate::core::types::Timestamp;
use crate::db::{Db, Tx};
use crate::job::{Job, Run};
use crate::others::Others;
use crate::wiki::Session;

pub use after::after_run;
pub use continuous::{FeedArgs, continuous};
pub use settings::{Kinds, read};

/// What lines are made with: the wiki, the database, the settings in force.
pub struct Ground<S> {
    /// The wiki whose settings these are.
    pub session: Session,
    /// The database.
    pub db: Db,
    /// Key of the wiki in every table.
    pub wiki: String,
    /// The settings in force.
    pub settings: Arc<S>,
    /// Opens sessions on other wikis.
    pub others: Others,
    /// The clock.
    pub clock: Clock,
}

impl<S: Clone> Ground<S> {
    /// That of a scheduled run.
    pub fn of(run: &Run<S>) -> Ground<S> {
        Ground {
            session: run.session.clone(),
            db: run.db.clone(),
            wiki: run.wiki.clone(),
            settings: Arc::new(run.accepted.parsed.settings.clone()),
            others: run.others.clone(),
            clock: run.clock,
        }
    }
}

/// What a feed says about one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// For channels and pipes: one line of plain text with names as they are; the sinks make it harmless.
    pub text: String,
    /// For webhooks: an object.
    pub json: Value,
}

/// What becomes of one item of the queue.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// It is sent.
    Line(Line),
    /// It never goes out: hidden, suppressed, gone, or below the feed's level.
    Withheld(&'static str),
    /// Its wiki does not answer, so nobody knows whether it may go out: it waits.
    NotNow(String),
}

/// A job's lines.
pub trait Teller {
    /// What the feed says, at this level, about these items (numbers of the job's own table), one answer for each and in
    /// their order. Looks at their edits on the wiki again: what is hidden by now is withheld. Errs when the database
    /// cannot be reached.
    fn tell(&mut self, feed: &Feed, level: Level, items: &[u64]) -> impl Future<Output = anyhow::Result<Vec<Told>>>;
}

/// `help` in a channel, which has no room for all forms of all commands.
pub fn commands(names: &[&str]) -> String {
    format!("Commands: {}. `help <command>` explains one.", names.join(", "))
}

/// Who gives a command in a channel, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The account of the network's services, or the nick of somebody without one.
    pub by: String,
    /// Whether the answer may highlight the people whom it names: no feed of the channel asks for the contrary.
    pub highlights: bool,
    /// The present time.
    pub at: Timestamp,
}

/// A job's commands, as its shell and its commands page have them.
pub trait Desk {
    /// One change of the database.
    type Effect;
    /// What the command says, without writing anything: what is to be written is in [`Answer::effect`]. What cannot be
    /// understood is an answer too. Errs when wiki or database cannot be reached.
    fn look(&mut self, line: &str, given: &Given) -> impl Future<Output = anyhow::Result<Answer<Self::Effect>>>;
    /// What else keeps the feeds silent, in words for people: `report` in a channel does not end that.
    fn held(&mut self) -> impl Future<Output = anyhow::Result<Option<String>>> {
        async { Ok(None) }
    }
    /// Writes an effect; it may run several times.
    fn write(
        &self,
        tx: &mut Tx<'_>,
        given: &Given,
        effect: &Self::Effect,
    ) -> impl Future<Output = crate::db::Result<()>>;
}

/// A job with feeds.
pub trait FeedJob: Job + 'static {
    /// Its lines.
    type Teller: Teller;
    /// Its commands.
    type Desk: Desk;
    /// Those of its settings.
    fn feeds(settings: &Self::Settings) -> &[Feed];
    /// Makes lines.
    fn teller(ground: Ground<Self::Settings>) -> Self::Teller;
    /// Answers commands.
    fn desk(ground: Ground<Self::Settings>) -> Self::Desk;
}
