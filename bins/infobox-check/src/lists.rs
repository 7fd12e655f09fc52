//! The commands that CheMoBot took in its channel, as subcommands: the lists, the boxes, and what is switched by hand.
//! `shared::core::lists` reads and explains them; here they are carried out. They write rows of the database only,
//! in plain transactions beside a run that may be at work, and nothing on the wiki.

mod answer;
mod args;
mod boxes;
mod entry;

pub use args::ByHand;

use answer::Answer;
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::lists::{self, Command, Level, parse_words};
use shared::db::{Access, Db, list, run as run_record};
use shared::job;
use shared::manual::offline_site;
use shared::wiki::{Session, Stop};

use crate::overrides::{Given, NAME, Overrides, Silence, Switch};

/// What a command works with.
struct Desk<'a> {
    boot: &'a Boot,
    args: &'a CommonArgs,
    db: Db,
    /// Key of the wiki in the database.
    wiki: String,
    /// Who gives the command, now, and why.
    given: Given,
}

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
    let desk = Desk {
        wiki: job::wiki_config(&boot).wiki_id()?,
        given: Given {
            by,
            since: boot.clock.now(),
            reason,
        },
        boot: &boot,
        args,
        db,
    };
    let done = desk.carry_out(draft, &words, seed).await;
    desk.db.close().await;
    Ok(done?.print(args.json))
}

impl Desk<'_> {
    async fn carry_out(&self, draft: Command, words: &[String], seed: u64) -> anyhow::Result<Answer> {
        match draft {
            Command::Quiet => {
                self.switch(
                    Switch::Silence(Some(Silence::Quiet)),
                    "Nothing is reported any more until `report`; marks go on.",
                )
                .await
            }
            Command::Quit => {
                self.switch(
                    Switch::Silence(Some(Silence::Quit)),
                    "Nothing is written on the wiki any more until `report`.",
                )
                .await
            }
            Command::Report => self.switch(Switch::Silence(None), "Changes are reported.").await,
            Command::Level(Level::Set(level)) => {
                self.switch(
                    Switch::Level(Some(level)),
                    &format!("Report level {level} from the next run on."),
                )
                .await
            }
            Command::Level(Level::Settings) => {
                self.switch(Switch::Level(None), "The settings page says the report level.")
                    .await
            }
            Command::Off(None) => {
                self.switch(Switch::Off(None, true), "No article is edited any more until `on`.")
                    .await
            }
            Command::On(None) => {
                self.switch(
                    Switch::Off(None, false),
                    "The settings page says for which boxes articles are edited, but for those that are off.",
                )
                .await
            }
            Command::Level(Level::Tell) => self.level().await,
            Command::Status => self.status().await,
            _ => {
                let session = job::login(self.boot, seed, Stop::new()).await?;
                self.on_wiki(&session, words).await
            }
        }
    }

    /// The commands that need the wiki: its titles, or the settings page.
    async fn on_wiki(&self, session: &Session, words: &[String]) -> anyhow::Result<Answer> {
        match parse_words(words, session.site()).map_err(anyhow::Error::msg)? {
            Command::Add {
                list,
                user,
                page,
                reason,
            } => {
                let reason = self.given.reason.clone().or(reason);
                self.add(list, user.as_deref(), page.as_deref(), reason.as_deref().unwrap_or(""))
                    .await
            }
            Command::Del { list, user, page } => self.del(list, user.as_deref(), page.as_deref()).await,
            Command::Search { list, user, page } => self.search(list, user.as_deref(), page.as_ref()).await,
            Command::Fields(name) => boxes::fields(&boxes::settings(self.boot, session).await?, &name),
            Command::Managers(name) => boxes::managers(&boxes::settings(self.boot, session).await?, &name),
            Command::Boxes => {
                let overrides = self.overrides().await?;
                Ok(boxes::all(&boxes::settings(self.boot, session).await?, &overrides))
            }
            Command::Off(Some(name)) => {
                let name = boxes::name(self.boot, session, &name, &self.overrides().await?).await?;
                let said = format!("No article is edited for {name} any more until `on {name}`.");
                self.switch(Switch::Off(Some(name), true), &said).await
            }
            Command::On(Some(name)) => {
                let name = boxes::name(self.boot, session, &name, &self.overrides().await?).await?;
                let said = format!("The settings page says whether articles are edited for {name}.");
                self.switch(Switch::Off(Some(name), false), &said).await
            }
            _ => anyhow::bail!("this is no command: see `help`"),
        }
    }

    async fn overrides(&self) -> anyhow::Result<Overrides> {
        Overrides::load(&self.db, &self.wiki).await
    }

    async fn switch(&self, switch: Switch, said: &str) -> anyhow::Result<Answer> {
        if !self.args.dry_run {
            switch.throw(&self.db, &self.wiki, &self.given).await?;
        }
        let now = self.overrides().await?;
        Ok(self.done(said.to_owned(), json!({"overrides": now.json()})))
    }

    /// What was done, or would be.
    fn done(&self, said: String, json: serde_json::Value) -> Answer {
        if self.args.dry_run {
            Answer::new(vec![format!("Dry run, nothing is written. Otherwise: {said}")], json)
        } else {
            Answer::new(vec![said], json)
        }
    }

    async fn level(&self) -> anyhow::Result<Answer> {
        let now = self.overrides().await?;
        let said = match now.level() {
            Some(level) => format!("Report level {level}, set by hand."),
            None => "The settings page says the report level.".to_owned(),
        };
        Ok(Answer::new(vec![said], json!({"overrides": now.json()})))
    }

    async fn status(&self) -> anyhow::Result<Answer> {
        let now = self.overrides().await?;
        let wiki = &self.wiki;
        let last = self
            .db
            .read_if_there(async |db| run_record::last_finished(db, NAME, wiki).await)
            .await?;
        let rows = self
            .db
            .read_if_there(async |db| list::all(db, NAME, wiki).await)
            .await?;
        let mut lines = vec![match &last {
            Some(run) => format!(
                "Last run: {} UTC, {}, {} edits, {} errors.",
                run.started.format("%Y-%m-%d %H:%M"),
                if run.success { "it did its work" } else { "it failed" },
                run.edits,
                run.errors
            ),
            None => "No run has ended so far.".to_owned(),
        }];
        let switched = now.said();
        if switched.is_empty() {
            lines.push("Nothing is switched off by hand; the settings page says the report level.".to_owned());
        }
        lines.extend(switched.iter().map(ToString::to_string));
        let counts = entry::counts(&rows);
        lines.push(
            counts
                .iter()
                .map(|(list, n)| format!("{}: {n}", list.name()))
                .collect::<Vec<_>>()
                .join(", "),
        );
        let last = last.map(|run| json!({"started": run.started, "finished": run.finished, "success": run.success, "edits": run.edits, "errors": run.errors}));
        let counts: serde_json::Map<_, _> = counts
            .iter()
            .map(|(list, n)| (list.command().to_owned(), json!(n)))
            .collect();
        Ok(Answer::new(
            lines,
            json!({"last_run": last, "overrides": now.json(), "lists": counts}),
        ))
    }
}
