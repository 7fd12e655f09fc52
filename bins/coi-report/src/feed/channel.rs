//! Commands in channels: those of the commands page, answered by the same desk. Who may give them, how often, and what
//! `quiet`, `report` and `reportlevel` do to a channel's own feeds is the sender's business.

use shared::commands::Answer;
use shared::core::lists::links::{self as grammar, Command};
use shared::db::Tx;
use shared::feeds::{Given, Ground, commands};
use tokio::sync::Mutex;

use super::Wikis;
use crate::desk::{Channel, Desk, Effect, answer};
use crate::settings::Settings;

/// Hits and additions that an answer looks for: more lines would push away what people say.
const MOST: u32 = 5;

/// The desk of channels.
pub struct InChannel {
    ground: Ground<Settings>,
    wikis: Mutex<Wikis>,
}

impl InChannel {
    /// Nothing is asked yet.
    pub fn new(ground: Ground<Settings>) -> InChannel {
        InChannel {
            wikis: Mutex::new(Wikis::new(&ground)),
            ground,
        }
    }
}

impl shared::feeds::Desk for InChannel {
    type Effect = Effect;

    async fn look(&mut self, line: &str, given: &Given) -> anyhow::Result<Answer<Effect>> {
        let settings = &self.ground.settings;
        let site = self.ground.session.site();
        let command = match grammar::parse_line(line, site, &settings.path_hosts, given.at) {
            Ok(Command::Feeds(_)) => {
                let why = "In a channel `quiet`, `report` and `reportlevel` are about the channel's own feeds: leave the \
                           name out.";
                return Ok(Answer::words(vec![why.to_owned()]));
            }
            Ok(Command::Help(None)) => return Ok(Answer::words(vec![commands(grammar::FIRST_WORDS)])),
            Ok(command) => command,
            Err(why) => return Ok(Answer::words(why.lines().map(str::to_owned).collect())),
        };
        let desk = Desk {
            db: &self.ground.db,
            home: &self.ground.wiki,
            path_hosts: &settings.path_hosts,
            config: &settings.config,
            feeds: &settings.feeds,
            channel: Some(Channel {
                wikis: &self.wikis,
                lang: site.lang(),
                highlights: given.highlights,
            }),
            is_private: false,
            on_page: true,
            most: MOST,
        };
        let said = answer(&desk, &command, &given.by, given.at).await?;
        Ok(Answer {
            lines: said.lines,
            effect: said.effect,
        })
    }

    async fn write(&self, tx: &mut Tx<'_>, _given: &Given, effect: &Effect) -> shared::db::Result<()> {
        effect.write(tx).await
    }
}
