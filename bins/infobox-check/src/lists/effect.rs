//! What a command writes: one change of the database, as data, so that a shell and a run write it alike.

use shared::core::feed::{Level, Switched};
use shared::core::lists::List;
use shared::db::list::{self, NewEntry};
use shared::db::{Result, Tx, feed_state, memo};

use super::feeds::queue;
use crate::overrides::{Given, NAME};

/// One change of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An entry is put on a list, or renewed.
    Add {
        /// The list.
        list: List,
        /// The user; `None`: anybody.
        user: Option<String>,
        /// The page; `None`: every page.
        page: Option<String>,
        /// Why; may be empty.
        reason: String,
    },
    /// An entry is taken off a list.
    Del {
        /// The list.
        list: List,
        /// As in [`Effect::Add`].
        user: Option<String>,
        /// As in [`Effect::Add`].
        page: Option<String>,
    },
    /// A feed is silenced, or no longer.
    Quiet {
        /// Its name.
        feed: String,
        /// By whom and since when; `None`: it is told again.
        quiet: Option<Switched>,
    },
    /// A feed gets another report level.
    Level {
        /// Its name.
        feed: String,
        /// Which, by whom and since when; `None`: as the settings page says.
        level: Option<(Level, Switched)>,
    },
    /// Something is switched: the memo that says so.
    Remember {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
}

impl Effect {
    /// Writes it.
    pub async fn write(&self, tx: &mut Tx<'_>, wiki: &str, given: &Given) -> Result<()> {
        match self {
            Effect::Add {
                list,
                user,
                page,
                reason,
            } => {
                let new = NewEntry {
                    list: list.command(),
                    user: user.as_deref(),
                    page: page.as_deref(),
                    by: &given.by,
                    reason,
                    expires: None,
                };
                list::add(tx, NAME, wiki, &new, given.since).await.map(drop)
            }
            Effect::Del { list, user, page } => {
                list::del(tx, NAME, wiki, list.command(), user.as_deref(), page.as_deref())
                    .await
                    .map(drop)
            }
            Effect::Quiet { feed, quiet } => feed_state::quiet(tx, queue(wiki), feed, quiet.as_ref()).await,
            Effect::Level { feed, level } => {
                let level = level.as_ref().map(|(level, by)| (*level, by));
                feed_state::level(tx, queue(wiki), feed, level).await
            }
            Effect::Remember { name, value } => memo::set_by_hand(tx, NAME, wiki, name, value, given.since).await,
        }
    }
}
