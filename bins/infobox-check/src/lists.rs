//! The commands that CheMoBot took in its channel, as subcommands and on the commands page: the lists, the boxes, and what
//! is switched by hand. `shared::core::lists` reads and explains them; the desk says what they say and what is to be
//! written; here that is done for a shell: rows of the database only, in plain transactions beside a run that may be at
//! work, and nothing on the wiki.

mod answer;
mod args;
mod boxes;
mod desk;
mod effect;
mod entry;
mod feeds;
mod page;
mod written;

pub use args::ByHand;
pub use effect::Effect;
pub use feeds::held;
pub use page::{WORDS, serve};
pub use written::{Written, words};

use answer::Answer;
use desk::{Desk, Source};
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::lists::{self, Command, FeedCommand, Level, parse_words};
use shared::db::{Access, Db};
use shared::job;
use shared::manual::offline_site;
use shared::wiki::Stop;

use crate::overrides::{Given, NAME, Overrides};

/// Carries out a command and prints the answer. False: there was nothing to take off a list. Errs, in words for the
/// operator, with what is wrong and how the command is written; and when wiki or database cannot be reached.
pub async fn run(given: &ByHand, args: &CommonArgs) -> anyhow::Result<bool> {
    let words = given.words();
    let draft = parse_words(&words, &offline_site()?).map_err(anyhow::Error::msg)?;
    if let Command::Help(command) = &draft {
        let mut text = lists::help(command.as_deref());
        if command.is_none() {
            text += "\nThe other subcommands and the flags: `infobox-check --help`.";
        }
        return Ok(Answer::text(&text).print(args.json));
    }
    let Ok(boot) = job::boot(NAME, args) else {
        anyhow::bail!("the environment is not complete: see the messages above");
    };
    let (by, reason) = given.by_and_reason(job::environment)?;
    let is_read = matches!(
        draft,
        Command::Search { .. }
            | Command::Fields(_)
            | Command::Managers(_)
            | Command::Boxes
            | Command::Status
            | Command::Level(Level::Tell)
            | Command::Feed {
                what: FeedCommand::Level(Level::Tell),
                ..
            }
    );
    let seed = job::seed(args);
    let access = if is_read || args.dry_run {
        Access::ReadOnly
    } else {
        Access::Write
    };
    let db = job::database(&boot, access, seed)?;
    if access == Access::Write {
        db.create_database_if_missing().await?;
        db.migrate().await?;
    }
    let wiki = job::wiki_config(&boot).wiki_id()?;
    let given = Given {
        by,
        since: boot.clock.now(),
        reason,
    };
    let shell = Shell {
        boot: &boot,
        db: &db,
        wiki: &wiki,
        seed,
        is_dry: args.dry_run,
    };
    let done = shell.carry_out(given, draft, &words).await;
    db.close().await;
    Ok(done?.print(args.json))
}

/// A shell's way to the desk.
struct Shell<'a> {
    boot: &'a Boot,
    db: &'a Db,
    /// Key of the wiki in the database.
    wiki: &'a str,
    seed: u64,
    is_dry: bool,
}

impl Shell<'_> {
    async fn carry_out(&self, given: Given, draft: Command, words: &[String]) -> anyhow::Result<Answer> {
        let mut desk = Desk {
            db: self.db,
            wiki: self.wiki,
            given,
            source: Source::Offline,
            highlights: true,
        };
        if !desk::needs_wiki(&draft) {
            return self.done(&desk, desk.look(draft).await?).await;
        }
        // Titles and boxes are the wiki's to tell.
        let session = job::login(self.boot, self.seed, Stop::new()).await?;
        desk.source = Source::Wiki(self.boot, &session);
        let command = parse_words(words, session.site()).map_err(anyhow::Error::msg)?;
        self.done(&desk, desk.look(command).await?).await
    }

    /// Writes what is to be written, or says that it would be.
    async fn done(&self, desk: &Desk<'_>, (answer, effect): (Answer, Option<Effect>)) -> anyhow::Result<Answer> {
        let Some(effect) = effect else { return Ok(answer) };
        if self.is_dry {
            return Ok(answer.into_dry());
        }
        self.db
            .transaction("carrying out a command", async |tx| {
                effect.write(tx, self.wiki, &desk.given).await
            })
            .await?;
        Ok(match effect {
            Effect::Remember { .. } => {
                let now = Overrides::load(self.db, self.wiki).await?;
                answer.with_json(json!({"overrides": now.json()}))
            }
            _ => answer,
        })
    }
}
