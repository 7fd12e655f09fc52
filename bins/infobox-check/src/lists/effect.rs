//! What a command writes: one change of the database, as data, so that a shell and a run write it alike.

use shared::core::lists::List;
use shared::db::list::{self, NewEntry};
use shared::db::{Result, Tx, memo};

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
            Effect::Remember { name, value } => memo::set_by_hand(tx, NAME, wiki, name, value, given.since).await,
        }
    }
}
