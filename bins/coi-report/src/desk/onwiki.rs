//! The commands page: the same commands, given on the wiki by users whom the settings trust.

use shared::clock::Clock;
use shared::commands::{self, Request};
use shared::core::feed::Feed;
use shared::core::hit::Config;
use shared::core::link::PathHosts;
use shared::core::lists::links as grammar;
use shared::db::{Db, FencedTx};
use shared::job::Run;
use shared::wiki::Session;

use super::{Desk, Effect, answer};
use crate::settings::Settings;

/// Lines of hits and additions that an answer looks for; more have no place on the page.
const MOST: u32 = 10;

/// The desk of a run; independent of it, since the run goes on meanwhile.
pub struct OnWiki {
    db: Db,
    wiki: String,
    session: Session,
    clock: Clock,
    path_hosts: PathHosts,
    config: Config,
    feeds: Vec<Feed>,
}

impl OnWiki {
    /// With the settings of the run.
    pub fn new(run: &Run<Settings>) -> OnWiki {
        let settings = &run.accepted.parsed.settings;
        OnWiki {
            db: run.db.clone(),
            wiki: run.wiki.clone(),
            session: run.session.clone(),
            clock: run.clock,
            path_hosts: settings.path_hosts.clone(),
            config: settings.config.clone(),
            feeds: settings.feeds.clone(),
        }
    }
}

impl commands::Desk for OnWiki {
    type Effect = Effect;

    fn first_words(&self) -> &[&str] {
        grammar::FIRST_WORDS
    }

    async fn look(&mut self, request: &Request) -> anyhow::Result<commands::Answer<Effect>> {
        let command = match grammar::parse_line(&request.line, self.session.site(), &self.path_hosts, request.at) {
            Ok(command) => command,
            Err(why) => return Ok(commands::Answer::words(why.lines().map(str::to_owned).collect())),
        };
        let desk = Desk {
            db: &self.db,
            home: &self.wiki,
            path_hosts: &self.path_hosts,
            config: &self.config,
            feeds: &self.feeds,
            channel: None,
            is_private: false,
            on_page: true,
            most: MOST,
        };
        let now = self.clock.now();
        let said = answer(&desk, &command, &request.by.name, now).await?;
        Ok(commands::Answer {
            lines: said.lines,
            effect: said.effect,
        })
    }

    async fn write(&self, tx: &mut FencedTx<'_>, _request: &Request, effect: &Effect) -> shared::db::Result<()> {
        effect.write(tx.tx()).await
    }
}
