//! The commands of the shell and the commands page, said in a channel: the same desk, by the settings in force. Who may
//! change something is the channel's question, not this desk's.

use shared::commands::Answer;
use shared::core::lists::{Command, parse_words};
use shared::db::Tx;
use shared::feeds::{Desk, Given, Ground};

use crate::lists::{Effect, Written, words};
use crate::overrides;
use crate::settings::Settings;
use crate::surroundings;

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

    /// Asks the wiki once for all names of the boxes, as soon as somebody uses one that the settings do not know.
    async fn learn_redirects(&mut self, line: &str) -> anyhow::Result<()> {
        let site = self.ground.session.site();
        let command = words(line).and_then(|(words, _)| parse_words(&words, site));
        let name = match &command {
            Ok(Command::Fields(name) | Command::Managers(name)) => name,
            Ok(Command::Off(Some(name)) | Command::On(Some(name))) => name,
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
        self.learn_redirects(line).await?;
        let written = Written {
            db: &self.ground.db,
            wiki: &self.ground.wiki,
            site: self.ground.session.site(),
            settings: &self.settings,
        };
        let reason = words(line).ok().and_then(|(_, reason)| reason);
        written.look(line, by_hand(given, reason)).await
    }

    async fn write(&self, tx: &mut Tx<'_>, given: &Given, effect: &Effect) -> shared::db::Result<()> {
        effect.write(tx, &self.ground.wiki, &by_hand(given, None)).await
    }
}

fn by_hand(given: &Given, reason: Option<String>) -> overrides::Given {
    overrides::Given {
        by: given.by.clone(),
        since: given.at,
        reason,
    }
}
