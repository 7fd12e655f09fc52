//! A command that somebody wrote in a line, on the commands page or in a channel: what it says, by the settings in force.

use shared::commands::Answer;
use shared::core::lists::{Word, clean_reason, parse_words, split};
use shared::core::site::Site;
use shared::db::Db;

use super::desk::{Desk, Source, Wrong};
use super::effect::Effect;
use crate::overrides::Given;
use crate::settings::Settings;

/// What written commands are looked at with.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    /// The database.
    pub db: &'a Db,
    /// Key of the wiki in the database.
    pub wiki: &'a str,
    /// The wiki.
    pub site: &'a Site,
    /// The settings in force.
    pub settings: &'a Settings,
    /// Whether the answer may highlight the people whom it names; only channels know that.
    pub highlights: bool,
}

/// The words of a line, quoted names as one word, and what stands behind a dash: the reason. Errs, in words for the
/// writer, on a quote that is never closed, on a line or a reason that is too long.
pub fn words(line: &str) -> Result<(Vec<String>, Option<String>), String> {
    let words = split(line)?;
    let dash = words.iter().position(|word| word.is_dash()).unwrap_or(words.len());
    let texts = |words: &[Word]| words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    let reason = words.get(dash + 1..).map(texts).unwrap_or_default();
    Ok((texts(&words[..dash]), clean_reason(&reason.join(" "))?))
}

impl Written<'_> {
    /// What the line says, and what is to be written for it. What only its writer can mend is an answer. Errs when wiki or
    /// database cannot be reached.
    pub async fn look(&self, line: &str, given: Given) -> anyhow::Result<Answer<Effect>> {
        match self.understood(line, given).await {
            Err(error) => match error.downcast::<Wrong>() {
                Ok(Wrong(why)) => Ok(Answer::words(vec![why])),
                Err(error) => Err(error),
            },
            answer => answer,
        }
    }

    async fn understood(&self, line: &str, given: Given) -> anyhow::Result<Answer<Effect>> {
        let command = parse_words(&words(line).map_err(Wrong)?.0, self.site).map_err(Wrong)?;
        let desk = Desk {
            db: self.db,
            wiki: self.wiki,
            given,
            source: Source::Run(self.site, self.settings),
            highlights: self.highlights,
        };
        let (answer, effect) = desk.look(command).await?;
        Ok(Answer {
            lines: answer.into_lines(),
            effect,
        })
    }
}
