//! The wiki as the journal of additive edits: which of our tokens stand in edit summaries already. One list of the
//! bot's own contributions per run that has something to send, and, for an edit that was sent before, the history of
//! its page read backwards from the base revision (which makes replica lag harmless: a base that is too old is
//! refused by the wiki).

use chrono::TimeDelta;

use super::{Editor, Look, Refused};
use crate::core::intent::find_token;
use crate::core::types::{PageId, RevId, Timestamp};
use crate::db::intent::Intent;
use crate::page::timestamp;
use crate::wiki::Phase;

/// An edit of ours that stands on the wiki.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its revision.
    pub revid: RevId,
    /// Its page.
    pub page_id: PageId,
    /// The page's title now.
    pub title: String,
    /// When the wiki saved it.
    pub at: Timestamp,
}

/// Summaries of the bot's contributions, newest first.
pub(crate) struct Tokens(Vec<(String, Found)>);

impl Tokens {
    fn find(&self, token: &str) -> Option<Found> {
        let found = self.0.iter().find(|(summary, _)| find_token(summary, token));
        found.map(|(_, found)| found.clone())
    }
}

impl Editor {
    /// Reads the bot's contributions since `oldest`, once per run. How far back it makes sense to look is the job's to
    /// know: what it would still send must be found, or a lost database doubles it.
    pub async fn load_tokens(&mut self, oldest: Timestamp) -> Result<(), Refused> {
        if self.tokens.is_some() {
            return Ok(());
        }
        let since = oldest.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        self.session.count_as(Phase::Safety);
        let list = self
            .session
            .list(
                &[
                    ("list", "usercontribs"),
                    ("ucuser", self.session.account()),
                    ("ucprop", "ids|title|timestamp|comment"),
                    ("ucend", &since),
                    ("uclimit", "max"),
                ],
                "usercontribs",
            )
            .await?;
        let tokens = list.iter().filter_map(|edit| {
            let found = Found {
                revid: RevId(edit["revid"].as_u64()?),
                page_id: PageId(edit["pageid"].as_u64()?),
                title: edit["title"].as_str()?.to_owned(),
                at: timestamp(edit["timestamp"].as_str()?)?,
            };
            Some((edit["comment"].as_str()?.to_owned(), found))
        });
        self.tokens = Some(Tokens(tokens.collect()));
        Ok(())
    }

    /// The edit with `token` among the contributions that [`Editor::load_tokens`] read.
    pub fn token_on_wiki(&self, token: &str) -> Option<Found> {
        self.tokens.as_ref()?.find(token)
    }

    /// Looks for an earlier attempt of `intent` in the history of the page that was just read, from its base revision
    /// back to a day before the intent was made.
    pub(super) async fn earlier_attempt(&self, intent: &Intent, look: &Look) -> Result<Option<Found>, Refused> {
        let (Some(base), Some(page_id)) = (look.base(), look.target.page_id) else {
            return Ok(None);
        };
        let end = (intent.created - TimeDelta::days(1))
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        self.session.count_as(Phase::Safety);
        let history = self
            .session
            .query(&[
                ("pageids", &page_id.to_string()),
                ("prop", "revisions"),
                ("rvprop", "ids|timestamp|comment"),
                ("rvuser", self.session.account()),
                ("rvstartid", &base.to_string()),
                ("rvend", &end),
                ("rvlimit", "max"),
            ])
            .await?;
        let revisions = history["pages"][0]["revisions"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let found = revisions.iter().find_map(|revision| {
            let ours = find_token(revision["comment"].as_str()?, &intent.token);
            ours.then_some(Found {
                revid: RevId(revision["revid"].as_u64()?),
                page_id,
                title: look.target.title.clone(),
                at: timestamp(revision["timestamp"].as_str()?)?,
            })
        });
        Ok(found)
    }
}
