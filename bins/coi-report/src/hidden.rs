//! Names that are shown nowhere: no list, no figure names them, unless a person asks for what is private. Each wiki has
//! its own.

use std::collections::{BTreeSet, HashMap};

use shared::core::types::UserId;
use shared::db::Work;
use shared::db::links::questions::lookup;
use shared::db::suppress::{self, Suppressed, What};

/// Who made an edit where.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// The wiki's key.
    pub wiki: &'a str,
    /// Its number.
    pub wiki_id: u16,
    /// The editor's number.
    pub editor_id: u32,
    /// The name.
    pub editor: &'a str,
}

/// What is hidden on some wikis.
pub struct Hidden {
    names: HashMap<String, Suppressed>,
    accounts: HashMap<(u32, u16), UserId>,
}

impl Hidden {
    /// Reads the lists of these wikis, and the accounts of these editors: a rename uncovers nothing.
    pub async fn of(db: &mut Work, edits: &[By<'_>]) -> shared::db::Result<Hidden> {
        let wikis: BTreeSet<&str> = edits.iter().map(|by| by.wiki).collect();
        let mut names = HashMap::new();
        for wiki in wikis {
            names.insert(wiki.to_owned(), suppress::all(db, wiki).await?);
        }
        let editors: BTreeSet<(u32, u16)> = edits.iter().map(|by| (by.editor_id, by.wiki_id)).collect();
        let accounts = lookup::accounts(db, &editors.into_iter().collect::<Vec<_>>()).await?;
        Ok(Hidden { names, accounts })
    }

    /// Whether this user is.
    pub fn hides_user(&self, by: By<'_>) -> bool {
        let account = self.accounts.get(&(by.editor_id, by.wiki_id)).copied();
        let names = self.names.get(by.wiki);
        names.is_some_and(|names| names.hides_user(account, by.editor))
    }

    /// Whether this page or host is, on this wiki.
    pub fn hides(&self, wiki: &str, what: What, name: &str) -> bool {
        self.names.get(wiki).is_some_and(|names| names.hides(what, name))
    }
}
