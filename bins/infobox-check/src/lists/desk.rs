//! The desk: what a command says, and what is to be written for it. It writes nothing itself.

use std::fmt;

use serde_json::json;
use shared::boot::Boot;
use shared::core::lists::{self, Command, Level};
use shared::core::site::Site;
use shared::core::text::unhighlighted;
use shared::db::{Db, list, run as run_record};
use shared::wiki::Session;

use super::answer::Answer;
use super::effect::Effect;
use super::feeds::{held, is_any_switched, still_quiet};
use super::{boxes, entry};
use crate::overrides::{Given, NAME, Overrides, Silence, Switch};
use crate::settings::Settings;

/// Where boxes and titles are looked up.
pub(super) enum Source<'a> {
    /// Nowhere: the command needs none.
    Offline,
    /// On the wiki, by its settings page as it is now.
    Wiki(&'a Boot, &'a Session),
    /// In the settings of the run.
    Run(&'a Site, &'a Settings),
}

/// What a command works with.
pub(super) struct Desk<'a> {
    pub db: &'a Db,
    /// Key of the wiki in the database.
    pub wiki: &'a str,
    /// Who gives the command, when, and why.
    pub given: Given,
    pub source: Source<'a>,
    /// Whether the answer may highlight the people whom it names.
    pub highlights: bool,
}

/// The command cannot be carried out as it was written: in words for the writer.
#[derive(Clone, Debug)]
pub(super) struct Wrong(pub String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Wrong {}

/// An answer with what is to be written.
pub(super) type Looked = (Answer, Option<Effect>);

/// Whether the command is about titles or boxes.
pub(super) fn needs_wiki(command: &Command) -> bool {
    match command {
        Command::Off(name) | Command::On(name) => name.is_some(),
        Command::Quiet | Command::Quit | Command::Report | Command::Level(_) | Command::Status | Command::Help(_) => {
            false
        }
        _ => true,
    }
}

impl Desk<'_> {
    /// What the command says and does. Errs with [`Wrong`] on what only its writer can mend, and when wiki or database
    /// cannot be reached.
    pub async fn look(&self, command: Command) -> anyhow::Result<Looked> {
        let said = match command {
            Command::Quiet => {
                let switch = Switch::Silence(Some(Silence::Quiet));
                return self
                    .switch(&switch, "Nothing is reported any more until `report`; marks go on.")
                    .await;
            }
            Command::Quit => {
                let switch = Switch::Silence(Some(Silence::Quit));
                return self
                    .switch(&switch, "Nothing is written on the wiki any more until `report`.")
                    .await;
            }
            Command::Report => {
                let still = Overrides {
                    silence: None,
                    ..self.overrides().await?
                };
                let quiet = still_quiet(&self.states().await?);
                let quiet = quiet.map_or_else(String::new, |quiet| format!(" {quiet}"));
                let said = format!("Changes are reported.{}{quiet}", held(&still));
                return self.switch(&Switch::Silence(None), &said).await;
            }
            Command::Feed { what, feed } => return self.feed(what, &feed).await,
            Command::Level(Level::Set(level)) => {
                let still = match level {
                    0 => String::new(),
                    _ => self.held_but_level().await?,
                };
                let said = format!("Report level {level} from the next run on.{still}");
                return self.switch(&Switch::Level(Some(level)), &said).await;
            }
            Command::Level(Level::Settings) => {
                let said = format!(
                    "The settings page says the report level.{}",
                    self.held_but_level().await?
                );
                return self.switch(&Switch::Level(None), &said).await;
            }
            Command::Off(None) => {
                return self
                    .switch(&Switch::Off(None, true), "No article is edited any more until `on`.")
                    .await;
            }
            Command::On(None) => {
                let said = "The settings page says for which boxes articles are edited, but for those that are off.";
                return self.switch(&Switch::Off(None, false), said).await;
            }
            Command::Off(Some(name)) => {
                let name = boxes::name(&self.source, &name, &self.overrides().await?).await?;
                let said = format!("No article is edited for {name} any more until `on {name}`.");
                return self.switch(&Switch::Off(Some(name), true), &said).await;
            }
            Command::On(Some(name)) => {
                let name = boxes::name(&self.source, &name, &self.overrides().await?).await?;
                let said = format!("The settings page says whether articles are edited for {name}.");
                return self.switch(&Switch::Off(Some(name), false), &said).await;
            }
            Command::Add {
                list,
                user,
                page,
                reason,
            } => {
                let reason = self.given.reason.clone().or(reason).unwrap_or_default();
                return self.add(list, user, page, reason).await;
            }
            Command::Del { list, user, page } => return self.del(list, user, page).await,
            Command::Level(Level::Tell) => self.level().await?,
            Command::Status => self.status().await?,
            Command::Help(command) => Answer::text(&lists::help(command.as_deref())),
            Command::Search { list, user, page } => self.search(list, user.as_deref(), page.as_ref()).await?,
            Command::Fields(name) => boxes::fields(boxes::settings(&self.source).await?.as_ref(), &name)?,
            Command::Managers(name) => {
                let settings = boxes::settings(&self.source).await?;
                boxes::managers(settings.as_ref(), &name, |name| self.shown_name(name))?
            }
            Command::Boxes => {
                let overrides = self.overrides().await?;
                boxes::all(boxes::settings(&self.source).await?.as_ref(), &overrides)
            }
        };
        Ok((said, None))
    }

    /// A user's name as the answer shows it.
    pub(super) fn shown_name(&self, name: &str) -> String {
        if self.highlights {
            name.to_owned()
        } else {
            unhighlighted(name)
        }
    }

    pub(super) async fn overrides(&self) -> anyhow::Result<Overrides> {
        Overrides::load(self.db, self.wiki).await
    }

    /// What holds reports back, beside the report level.
    async fn held_but_level(&self) -> anyhow::Result<String> {
        Ok(held(&Overrides {
            level: None,
            ..self.overrides().await?
        }))
    }

    async fn switch(&self, switch: &Switch, said: &str) -> anyhow::Result<Looked> {
        let (name, value) = switch.memo(&self.given).map_err(|why| Wrong(format!("{why:#}")))?;
        let now = self.overrides().await?;
        let answer = Answer::new(vec![said.to_owned()], json!({"overrides": now.json()}));
        Ok((answer, Some(Effect::Remember { name, value })))
    }

    async fn level(&self) -> anyhow::Result<Answer> {
        let now = self.overrides().await?;
        let said = match now.level() {
            Some(level) => format!("Report level {level}, set by hand."),
            None => "The settings page says the report level.".to_owned(),
        };
        let said = said + &self.held_but_level().await?;
        Ok(Answer::new(vec![said], json!({"overrides": now.json()})))
    }

    async fn status(&self) -> anyhow::Result<Answer> {
        let now = self.overrides().await?;
        let wiki = self.wiki;
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
        let mut switched = now.said();
        switched.iter_mut().for_each(|said| said.by = self.shown_name(&said.by));
        let states = self.states().await?;
        if switched.is_empty() {
            let but = if is_any_switched(&states) {
                "But for feeds nothing"
            } else {
                "Nothing"
            };
            lines.push(format!(
                "{but} is switched off by hand; the settings page says the report level."
            ));
        }
        lines.extend(switched.iter().map(ToString::to_string));
        let (of_feeds, feeds) = self.feeds(&states);
        lines.extend(of_feeds);
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
            json!({"last_run": last, "overrides": now.json(), "feeds": feeds, "lists": counts}),
        ))
    }
}
