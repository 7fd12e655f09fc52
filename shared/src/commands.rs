//! Commands from a wiki page, once for all jobs: lines such as `* wl add Beetstra * — reason`, each carried out and
//! answered once, whatever is moved, restored or killed. A line belongs to the first revision it stands in; its author
//! must be trusted when it is carried out. Answers are words without links, so nobody is notified by them.
//!
//! The work has three steps, each of which a later run takes up where a dead one left it. *Read*: the new revisions
//! become open intents, one per line, in the transaction that moves the position on. *Carry out*: what a command writes
//! and its answer are stored in the transaction that closes its intent. *Answer*: all answers go on the page in one edit,
//! under their lines; the answer to a line that is gone from the page is dropped.

mod answers;
mod carry;
mod found;
mod position;
mod read;
mod settings;

use serde::{Deserialize, Serialize};

use crate::core::lists::split;
use crate::core::types::{RevId, Timestamp};
use crate::db::FencedTx;
use crate::job::Run;
use crate::newly::Standing;

pub use crate::newly::Person;
pub use settings::{Commands, read};

/// A command of a trusted user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The line as it stands on the page, without the bullet.
    pub line: String,
    /// Who wrote it.
    pub by: Person,
    /// The first revision it stands in.
    pub revid: RevId,
    /// When that was saved.
    pub at: Timestamp,
}

impl Request {
    /// The words of the line, quoted names as one word, and what stands behind a dash: the reason. Errs, in words for
    /// the writer, on a quote that is never closed and on a line that is too long.
    pub fn words(&self) -> Result<(Vec<String>, Option<String>), String> {
        let words = split(&self.line)?;
        let dash = words.iter().position(|word| word.is_dash());
        let (command, reason) = match dash {
            Some(at) => (&words[..at], &words[at + 1..]),
            None => (&words[..], &[][..]),
        };
        let texts = |words: &[crate::core::lists::Word]| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
        Ok((
            texts(command),
            Some(texts(reason).join(" ")).filter(|reason| !reason.is_empty()),
        ))
    }
}

/// What a job says to a command, and what is to be written for it. `E`: one change of the database, as data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<E> {
    /// Plain text, never markup; the page shows the first [`ANSWER_LINES`] lines of it.
    pub lines: Vec<String>,
    /// `None`: it only asked, or was not understood.
    pub effect: Option<E>,
}

impl<E> Answer<E> {
    /// Words alone.
    pub fn words(lines: Vec<String>) -> Answer<E> {
        Answer { lines, effect: None }
    }
}

/// Lines of one answer on the page.
pub const ANSWER_LINES: usize = 12;

/// What a run did with the commands page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Commands that were carried out.
    pub carried_out: u64,
    /// Answers that were saved on the page.
    pub answered: u64,
}

/// What a job does about commands.
pub trait Desk {
    /// One change of the database.
    type Effect;
    /// The first words of the job's commands, in lower case: only lines that begin with one are commands.
    fn first_words(&self) -> &[&str];
    /// Says what the command says, without writing anything: what is to be written is in [`Answer::effect`]. What
    /// cannot be understood is an answer too. Errs when wiki or database cannot be reached: the command waits.
    fn look(&mut self, request: &Request) -> impl Future<Output = anyhow::Result<Answer<Self::Effect>>>;
    /// Whether answers may be written now; they wait else. Asked after everything is carried out.
    fn may_answer(&self) -> impl Future<Output = anyhow::Result<bool>> {
        async { Ok(true) }
    }
    /// Writes an effect, in the transaction that closes the command; it may run several times.
    fn write(
        &self,
        tx: &mut FencedTx<'_>,
        request: &Request,
        effect: &Self::Effect,
    ) -> impl Future<Output = crate::db::Result<()>>;
}

/// Reads the commands page, carries out what is new and answers. The lists as they are afterwards count for the rest of
/// the run, so this comes first. In a dry run it prints what would be answered. Nothing is answered while the job may
/// not write; answers wait then.
///
/// Errs when wiki or database cannot be reached, and as edits do.
pub async fn serve<S>(run: &mut Run<S>, commands: &Commands, desk: &mut impl Desk) -> anyhow::Result<Served> {
    let page = commands.page(run.session.account(), run.editor.job);
    let mut served = Served::default();
    let mut standing = Standing::new(&commands.users, &commands.groups);
    let found = read::read(run, &page, desk.first_words(), &mut standing).await?;
    served.carried_out = carry::carry_out(run, &page, found, desk, &mut standing).await?;
    if desk.may_answer().await? {
        served.answered = answers::save(run, &page).await?;
    }
    Ok(served)
}

#[cfg(test)]
#[path = "commands_tests.rs"]
mod tests;
