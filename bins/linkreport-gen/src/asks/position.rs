//! How far a watched page has been read, and what ever asked for a report on it. One memo per page, moved on in the
//! transaction that stores what was found: whenever a run dies, each call is taken up once.

use std::collections::{BTreeMap, HashSet};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use shared::core::change::Revision;
use shared::core::intent::token;
use shared::core::types::{PageId, RevId, Timestamp};
use shared::db::memo;
use shared::job::Run;
use shared::newly::{Whose, whose};

use super::items::{Call, Reading, calls};

/// Calls that are remembered at most. When there are more, only those that stand there now are.
pub const MOST_CALLS: usize = 50_000;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The page; `None`: there was none so far.
    pub page_id: Option<PageId>,
    /// The newest revision that was read; `None`: none.
    pub revid: Option<RevId>,
    /// The wiki's time of the look that found it.
    pub at: Option<Timestamp>,
    /// The newest revision could not be read: what is new in the next one may be from it.
    pub after_hidden: bool,
    /// Hashes of all calls with their lines ([`Call::line`]) that have stood on the page since it is watched.
    pub known: HashSet<String>,
    /// In how many lines of the last text that could be read which calls ([`Call::hash`]) stand.
    pub stands: BTreeMap<String, usize>,
    /// The accounts behind names of the settings, see [`shared::newly::Standing::ask`].
    pub accounts: BTreeMap<String, u64>,
}

/// A call that somebody wrote anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it asks for.
    pub call: Call,
    /// The first revision it stands in.
    pub revid: RevId,
    /// Whose it is.
    pub whose: Whose,
}

impl Position {
    /// Name of a page's memo: titles are longer than names of memos may be.
    pub fn name(title: &str) -> String {
        format!("watched {}", token(crate::NAME, "", title))
    }

    /// The stored one; `None`: the page was never looked at. Errs when it cannot be read.
    pub async fn load<S>(run: &Run<S>, title: &str) -> anyhow::Result<Option<Position>> {
        let name = Position::name(title);
        let memo = run
            .db
            .read_if_there(async |db| memo::get(db, run.editor.job, &run.wiki, &name).await)
            .await?;
        memo.map(|memo| serde_json::from_str(&memo.value))
            .transpose()
            .with_context(|| format!("the memo `{name}` of this job cannot be read"))
    }

    /// Remembers what stands on the page, and that nobody asks for it. `None`: it cannot be read.
    pub fn remember(&mut self, revid: RevId, text: Option<&str>, reading: &Reading<'_>) {
        let calls = text.and_then(|text| calls(text, reading).ok());
        self.revid = Some(revid);
        self.after_hidden = calls.is_none();
        let calls = calls.unwrap_or_default();
        self.stands = stands(&calls);
        let hashes = calls.into_iter().map(|call| call.line);
        match self.known.len() > MOST_CALLS {
            true => self.known = hashes.collect(),
            false => self.known.extend(hashes),
        }
    }

    /// Takes a revision into account, the next after those that are known. Gives the calls that are new in it, in their
    /// order: those in lines that never stood there, where more lines have them than before. `account`: the bot's user name.
    pub fn take(&mut self, revision: &Revision, reading: &Reading<'_>, account: &str) -> Vec<Found> {
        let text = revision.text.as_ref().filter(|_| revision.model == "wikitext");
        let Some(calls) = text.and_then(|text| calls(text, reading).ok()) else {
            self.revid = Some(revision.revid);
            self.after_hidden = true;
            return Vec::new();
        };
        let whose = whose(revision, false, self.after_hidden, account);
        self.revid = Some(revision.revid);
        self.after_hidden = false;
        let stands = stands(&calls);
        let before = std::mem::replace(&mut self.stands, stands);
        let mut found: Vec<Found> = Vec::new();
        for call in calls {
            let is_new = self.known.insert(call.line.clone());
            // Who changes a line with a call in it asks for nothing.
            let is_more = self.stands.get(&call.hash) > before.get(&call.hash);
            if is_new && is_more && !found.iter().any(|one| one.call.hash == call.hash) {
                found.push(Found {
                    call,
                    revid: revision.revid,
                    whose: whose.clone(),
                });
            }
        }
        found
    }
}

fn stands(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut stands = BTreeMap::new();
    for call in calls {
        *stands.entry(call.hash.clone()).or_default() += 1;
    }
    stands
}

#[cfg(test)]
#[path = "position_tests.rs"]
mod tests;
