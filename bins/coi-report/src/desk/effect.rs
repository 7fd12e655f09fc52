//! What a command writes: one change of the database, as data, so that a shell and a run write it alike.

use shared::core::feed::{Level, Switched};
use shared::core::lists::List;
use shared::core::types::Timestamp;
use shared::db::feed_line::Queue;
use shared::db::list::{self, NewEntry};
use shared::db::{Result, Tx, feed_state};

use crate::NAME;

/// One change of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An entry is put on a list, or renewed.
    Add {
        /// Key of the wiki where it counts, or [`list::EVERY_WIKI`].
        wiki: String,
        /// The list.
        list: List,
        /// The user, or a pattern of names; `None`: anybody.
        user: Option<String>,
        /// Title, domain, keyword or pattern; `None`: everything.
        string: Option<String>,
        /// Who adds it.
        by: String,
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
        /// From when on it no longer counts.
        expires: Option<Timestamp>,
    },
    /// An entry is taken off a list.
    Del {
        /// As in [`Effect::Add`].
        wiki: String,
        /// The list.
        list: List,
        /// As in [`Effect::Add`].
        user: Option<String>,
        /// As in [`Effect::Add`].
        string: Option<String>,
    },
    /// Feeds become quiet, or no longer are.
    Quiet {
        /// Key of the wiki whose settings name them.
        wiki: String,
        /// Their names.
        feeds: Vec<String>,
        /// Who made them so; `None`: they are not.
        quiet: Option<Switched>,
    },
    /// Feeds tell more or less.
    Level {
        /// As in [`Effect::Quiet`].
        wiki: String,
        /// As in [`Effect::Quiet`].
        feeds: Vec<String>,
        /// How much, and by whom; `None`: as the settings say.
        level: Option<(Level, Switched)>,
    },
}

impl Effect {
    /// Writes it.
    pub async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        match self {
            Effect::Add {
                wiki,
                list,
                user,
                string,
                by,
                at,
                reason,
                expires,
            } => {
                let new = NewEntry {
                    list: list.command(),
                    user: user.as_deref(),
                    page: string.as_deref(),
                    by,
                    reason,
                    expires: *expires,
                };
                list::add(tx, NAME, wiki, &new, *at).await.map(drop)
            }
            Effect::Del {
                wiki,
                list,
                user,
                string,
            } => list::del(tx, NAME, wiki, list.command(), user.as_deref(), string.as_deref())
                .await
                .map(drop),
            Effect::Quiet { wiki, feeds, quiet } => {
                for feed in feeds {
                    feed_state::quiet(tx, Queue { job: NAME, wiki }, feed, quiet.as_ref()).await?;
                }
                Ok(())
            }
            Effect::Level { wiki, feeds, level } => {
                let level = level.as_ref().map(|(level, by)| (*level, by));
                for feed in feeds {
                    feed_state::level(tx, Queue { job: NAME, wiki }, feed, level).await?;
                }
                Ok(())
            }
        }
    }
}
