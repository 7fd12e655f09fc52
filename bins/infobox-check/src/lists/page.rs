//! The commands page: the same commands, given on the wiki by users whom the settings trust.

use shared::commands::{self, Answer, Request, Served};
use shared::db::{Db, FencedTx};
use shared::job::Run;
use shared::wiki::Session;

use super::effect::Effect;
use super::written::{Written, words};
use crate::overrides::{Given, Overrides};
use crate::settings::Settings;
use crate::surroundings::Surroundings;

/// The first words of all commands.
pub const WORDS: [&str; 16] = [
    "wl",
    "bl",
    "ml",
    "fieldlist",
    "managers",
    "boxlist",
    "quiet",
    "silent",
    "report",
    "reportlevel",
    "status",
    "quit",
    "die",
    "off",
    "on",
    "help",
];

/// Reads the commands page of the settings, if they name one; see [`commands::serve`].
pub async fn serve(run: &mut Run<Settings>, surroundings: &Surroundings) -> anyhow::Result<Served> {
    let mut settings = run.accepted.parsed.settings.clone();
    let Some(commands) = settings.commands.clone() else {
        return Ok(Served::default());
    };
    // With the redirects that only the wiki knows.
    settings.boxes.clone_from(&surroundings.boxes);
    let mut desk = OnPage {
        db: run.db.clone(),
        wiki: run.wiki.clone(),
        session: run.session.clone(),
        settings,
    };
    commands::serve(run, &commands, &mut desk).await
}

struct OnPage {
    db: Db,
    wiki: String,
    session: Session,
    settings: Settings,
}

/// The requester, and since when it holds: what happened between the edit and the run was after the command.
fn given(request: &Request) -> Result<Given, String> {
    Ok(Given {
        by: request.by.name.clone(),
        since: request.at,
        reason: words(&request.line)?.1,
    })
}

impl commands::Desk for OnPage {
    type Effect = Effect;

    fn first_words(&self) -> &[&str] {
        &WORDS
    }

    async fn look(&mut self, request: &Request) -> anyhow::Result<Answer<Effect>> {
        let given = match given(request) {
            Ok(given) => given,
            Err(why) => return Ok(Answer::words(vec![why])),
        };
        let written = Written {
            db: &self.db,
            wiki: &self.wiki,
            site: self.session.site(),
            settings: &self.settings,
            highlights: true,
        };
        written.look(&request.line, given).await
    }

    /// Not after `quit`, until `report`.
    async fn may_answer(&self) -> anyhow::Result<bool> {
        Ok(Overrides::load(&self.db, &self.wiki).await?.may_write())
    }

    async fn write(&self, tx: &mut FencedTx<'_>, request: &Request, effect: &Effect) -> shared::db::Result<()> {
        // A request that cannot be read has no effect.
        let Ok(given) = given(request) else { return Ok(()) };
        effect.write(tx.tx(), &self.wiki, &given).await
    }
}
