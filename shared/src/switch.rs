//! The switch that people hold: the settings page and the stop page, looked at again in the same request as the
//! page that is about to be edited, so that there is no cached "still on".

use crate::core::site::Title;
use crate::core::types::{RevId, Timestamp};
use crate::page::{PageState, Revision};
use crate::trust::{NotTrusted, trust};
use crate::wiki::{Error, Session};

/// Why the job may write nothing more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// The operator's word: `WIKICREW_<JOB>_EDIT=off`, or a command.
    #[error("edits are switched off by the operator ({0})")]
    Operator(String),
    /// The settings page is not (any more) to be trusted.
    #[error(transparent)]
    NotTrusted(#[from] NotTrusted),
    /// Somebody saved the settings page since this run read it; the next run obeys the new revision.
    #[error("the settings page was saved again (revision {now}, this run obeys {obeyed}): the next run goes on")]
    SettingsChanged {
        /// The revision this run obeys.
        obeyed: RevId,
        /// The revision that stands there now.
        now: RevId,
    },
    /// Somebody wrote on the stop page.
    #[error("stopped by {by} on the stop page: {why}")]
    Stopped {
        /// Who.
        by: String,
        /// The text of the stop page, shortened.
        why: String,
    },
    /// A cap was reached; an admin has to save the settings page again.
    #[error("{0}; an admin has to save the settings page again before the job writes on")]
    Cap(String),
    /// The trial is over.
    #[error("the trial is over ({0}): take `trial` out of the settings, or set a new one")]
    TrialOver(String),
    /// The wiki refuses this account as a whole: block, lost flag, lost rights.
    #[error("the wiki refuses the account ({code}): {info}")]
    Account {
        /// The API's error code.
        code: String,
        /// What it means.
        info: String,
    },
}

impl Halt {
    /// Whether the wiki has shut the account out (block, lost flag or right): then not even the status page is tried.
    /// What the job itself found wrong with the account stands there.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Halt::Account { code, .. } if !["ip-reveal", "signature"].contains(&code.as_str()))
    }
}

/// The pages that hold the switch, by title, and what this run obeys.
#[derive(Clone, Debug)]
pub struct Switch {
    /// The settings page.
    pub settings: Title,
    /// The stop page.
    pub stop: Title,
    /// Titles as the wiki writes them: settings, then stop.
    pub titles: [String; 2],
    /// Accepted protection levels.
    pub levels: Vec<String>,
    /// Owners of trusted `.json` pages.
    pub json_accounts: Vec<String>,
    /// The bot's account.
    pub account: String,
}

impl Switch {
    /// Whether the settings page as it is now still carries `obeyed`, trusted.
    pub fn settings_hold(&self, page: &PageState, obeyed: RevId, now: Timestamp) -> Result<(), Halt> {
        trust(page, &self.levels, &self.json_accounts, &self.account, now)?;
        match page.revid() {
            Some(revid) if revid == obeyed => Ok(()),
            other => Err(Halt::SettingsChanged {
                obeyed,
                now: other.unwrap_or(RevId(0)),
            }),
        }
    }

    /// Whether the stop page as it is now stops the job. Asks the wiki for more only when something other than
    /// `run` stands there: the newest revision by an autoconfirmed user decides, so that a vandal can neither stop
    /// the bot nor start it again.
    pub async fn stop_order(&self, session: &Session, page: &PageState) -> Result<Option<Halt>, Error> {
        let Some(newest) = &page.revision else { return Ok(None) };
        let history = session
            .get(&[
                ("action", "query"),
                ("titles", &self.titles[1]),
                ("prop", "revisions"),
                ("rvprop", "ids|user|userid|timestamp|content|sha1|comment"),
                ("rvslots", "main"),
                ("rvlimit", "20"),
            ])
            .await?;
        let revisions: Vec<Revision> = history["query"]["pages"][0]["revisions"]
            .as_array()
            .map(|list| list.iter().filter_map(|r| Revision::from_json(r).ok()).collect())
            .unwrap_or_else(|| vec![newest.clone()]);
        let mut names: Vec<&str> = revisions.iter().filter_map(|r| r.user.as_deref()).collect();
        names.sort_unstable();
        names.dedup();
        let confirmed = crate::settings::users_with_right(session, &names, &["autoconfirmed"]).await?;
        Ok(stop_order(&revisions, &confirmed, &self.account))
    }
}

/// The order on the stop page, newest revision first: that of the newest revision by somebody in `confirmed`.
pub fn stop_order(revisions: &[Revision], confirmed: &[String], account: &str) -> Option<Halt> {
    const SHOWN: usize = 200;
    let trusted = |revision: &&Revision| {
        let user = revision.user.as_deref();
        user.is_some_and(|user| user != account && confirmed.iter().any(|c| c == user))
    };
    let revision = revisions.iter().find(trusted)?;
    let text = revision.text.as_deref().unwrap_or("").trim();
    if text.is_empty() || text == "run" {
        return None;
    }
    Some(Halt::Stopped {
        by: revision.user.clone().unwrap_or_default(),
        why: text.chars().take(SHOWN).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::types::UserId;
    use chrono::TimeZone;

    fn revision(user: &str, text: &str) -> Revision {
        Revision {
            revid: RevId(1),
            parent: RevId(0),
            user: Some(user.to_owned()),
            user_id: UserId(1),
            timestamp: chrono::Utc.timestamp_opt(1_800_000_000, 0).single().unwrap(),
            sha1: String::new(),
            comment: String::new(),
            text: Some(text.to_owned()),
        }
    }

    #[test]
    fn the_newest_word_of_an_autoconfirmed_user_counts() {
        let order = |history: &[(&str, &str)]| {
            let history: Vec<Revision> = history.iter().map(|(user, text)| revision(user, text)).collect();
            stop_order(&history, &["Ann".to_owned(), "Bot".to_owned()], "Bot").is_some()
        };
        assert!(order(&[("Ann", "it greets twice")]));
        assert!(!order(&[("Ann", " run\n"), ("Ann", "it greets twice")]));
        assert!(!order(&[("Ann", "")]));
        assert!(!order(&[("New", "stop!")]), "a new account stops nothing");
        assert!(order(&[("New", "run"), ("Ann", "stop")]), "and starts nothing");
        assert!(order(&[("Bot", "run"), ("Ann", "stop")]), "nor does the bot itself");
        assert!(!order(&[]));
    }
}
