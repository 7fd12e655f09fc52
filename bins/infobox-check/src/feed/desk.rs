//! The commands of the shell and the commands page, said in a channel: the same desk, by the settings in force. Who may
//! change something is the channel's question, not this desk's. What a channel trusts people with is its feeds and the
//! lists: nothing said there stops the edits of the bot, or lifts what its operator has switched.

use shared::commands::Answer;
use shared::core::lists::{Command, parse_words};
use shared::db::Tx;
use shared::feeds::{Desk, Given, Ground, commands};

use crate::lists::{Effect, WORDS, Written, held, words};
use crate::overrides::{self, Overrides};
use crate::settings::Settings;
use crate::surroundings;

/// The commands that no channel takes.
const NOT_HERE: [&str; 4] = ["quit", "die", "off", "on"];

/// Answers commands.
pub struct InChannel {
    ground: Ground<Settings>,
    /// The settings in force, with the redirects to boxes that only the wiki knows, once they were asked for.
    settings: Settings,
    knows_redirects: bool,
}

impl InChannel {
    /// From the settings in force.
    pub fn new(ground: Ground<Settings>) -> InChannel {
        InChannel {
            settings: Settings::clone(&ground.settings),
            ground,
            knows_redirects: false,
        }
    }

    fn command(&self, line: &str) -> Result<Command, String> {
        words(line).and_then(|(words, _)| parse_words(&words, self.ground.session.site()))
    }

    /// Asks the wiki once for all names of the boxes, as soon as somebody uses one that the settings do not know.
    async fn learn_redirects(&mut self, command: &Result<Command, String>) -> anyhow::Result<()> {
        let name = match command {
            Ok(Command::Fields(name) | Command::Managers(name)) => name,
            _ => return Ok(()),
        };
        if !self.knows_redirects && self.settings.box_named(name).is_none() {
            self.settings.boxes = surroundings::look(&self.ground.session, &self.settings).await?.0.boxes;
            self.knows_redirects = true;
        }
        Ok(())
    }
}

impl Desk for InChannel {
    type Effect = Effect;

    async fn look(&mut self, line: &str, given: &Given) -> anyhow::Result<Answer<Effect>> {
        let command = self.command(line);
        if command == Ok(Command::Help(None)) {
            let here: Vec<&str> = WORDS.into_iter().filter(|word| !NOT_HERE.contains(word)).collect();
            return Ok(Answer::words(vec![commands(&here)]));
        }
        if let Some(why) = command.as_ref().ok().and_then(refusal) {
            return Ok(Answer::words(vec![why.to_owned()]));
        }
        self.learn_redirects(&command).await?;
        let written = Written {
            db: &self.ground.db,
            wiki: &self.ground.wiki,
            site: self.ground.session.site(),
            settings: &self.settings,
            highlights: given.highlights,
        };
        let reason = words(line).ok().and_then(|(_, reason)| reason);
        written.look(line, by_hand(given, reason)).await
    }

    async fn held(&mut self) -> anyhow::Result<Option<String>> {
        let overrides = Overrides::load(&self.ground.db, &self.ground.wiki).await?;
        let held = held(&overrides).trim_start().to_owned();
        Ok((!held.is_empty()).then(|| format!("{held} That is said in the shell or on the commands page.")))
    }

    async fn write(&self, tx: &mut Tx<'_>, given: &Given, effect: &Effect) -> shared::db::Result<()> {
        effect.write(tx, &self.ground.wiki, &by_hand(given, None)).await
    }
}

/// Why a command is not carried out in a channel, whoever gives it; `None`: it is. Those about feeds come here only with
/// words that a channel does not take, such as a reason, and would be about the whole job.
fn refusal(command: &Command) -> Option<&'static str> {
    match command {
        Command::Quit | Command::Off(_) | Command::On(_) => Some(
            "`quit`, `die`, `off` and `on` are about the edits of the bot: they are given in the shell or on the commands \
             page only.",
        ),
        Command::Quiet | Command::Report | Command::Level(_) | Command::Feed { .. } => Some(
            "In a channel `quiet`, `report` and `reportlevel` are about the channel's own feeds: write nothing else behind \
             them.",
        ),
        _ => None,
    }
}

fn by_hand(given: &Given, reason: Option<String>) -> overrides::Given {
    overrides::Given {
        by: given.by.clone(),
        since: given.at,
        reason,
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
