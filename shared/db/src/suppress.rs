//! Names that are neither named nor counted on any page.
//!
//! They stand in the database only: what is read here belongs on no page, in no
//! log and no search, unless a person asks for it on the terminal. Therefore
//! nothing here has a `Debug` that shows a name.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at, bounded};
use crate::transaction::Tx;
use mysql_async::params;
use std::collections::{HashMap, HashSet};
use std::fmt;
use wikicrew_core::link::Key;
use wikicrew_core::types::{Timestamp, UserId};

/// Longest stored reason, in bytes.
const MAX_REASON: usize = 8_000;

words! {
    /// What a name is the name of.
    pub enum What {
        /// A user.
        User = "user",
        /// A page, with namespace.
        Page = "page",
        /// A host.
        Host = "host",
        /// A report.
        Report = "report",
    }
}

/// A name that is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is the name of.
    pub what: What,
    /// The name, at most 512 bytes.
    pub name: String,
    /// Of a user: the account, so that a rename uncovers nothing.
    pub user_id: Option<UserId>,
    /// Who asked for it.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: String,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}

impl FromFields for Entry {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            what: f.word("what", What::read)?,
            name: f.get("name")?,
            user_id: f.id_opt("user_id", UserId)?,
            by: f.get("added_by")?,
            since: f.time("since")?,
            reason: f.get("reason")?,
        })
    }
}

/// All of a wiki's entries, for asking.
#[derive(Clone, Default)]
pub struct Suppressed {
    entries: Vec<Entry>,
    names: HashSet<(What, String)>,
    ids: HashSet<UserId>,
}

impl fmt::Debug for Suppressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suppressed").finish_non_exhaustive()
    }
}

impl Suppressed {
    /// From the entries.
    pub fn new(entries: Vec<Entry>) -> Self {
        let names = entries.iter().map(|entry| (entry.what, entry.name.clone())).collect();
        // 0 is no account: it would hide every address.
        let ids = entries.iter().filter_map(|entry| entry.user_id);
        let ids = ids.filter(|id| id.0 != 0).collect();
        Self { entries, names, ids }
    }

    /// Whether this page, host or report is to be shown nowhere. For users see
    /// [`Suppressed::hides_user`].
    pub fn hides(&self, what: What, name: &str) -> bool {
        !self.names.is_empty() && self.names.contains(&(what, name.to_owned()))
    }

    /// Whether this user is to be shown nowhere: by account or by name.
    pub fn hides_user(&self, id: Option<UserId>, name: &str) -> bool {
        id.is_some_and(|id| self.ids.contains(&id)) || self.hides(What::User, name)
    }

    /// Whether links of this key are to be shown nowhere: by its stored form, by itself as people write it, or by its
    /// host or a domain above it.
    pub fn hides_link(&self, key: &Key) -> bool {
        if self.names.is_empty() {
            return false;
        }
        let host = key.host();
        let above = host.match_indices('.').filter_map(|(dot, _)| host.get(dot + 1..));
        [key.stored(), &key.ascii(), &key.display(), &host]
            .into_iter()
            .chain(above.filter(|_| key.ip().is_none()))
            .any(|name| self.hides(What::Host, name))
    }

    /// Whether a text names, in any letter case, something that is shown nowhere.
    pub fn is_named_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.entries
            .iter()
            .any(|entry| text.contains(&entry.name.to_lowercase()))
    }

    /// The entries, by kind and name: only for a person at the terminal who asked
    /// for what is private.
    pub fn private_entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// Adds a name. False: it was there, and got the new account, author and reason
/// (and keeps its time).
pub async fn add(tx: &mut Tx<'_>, wiki: &str, entry: &Entry) -> Result<bool> {
    const SQL: &str = "INSERT INTO suppress (wiki, what, name, user_id, added_by, since, reason) \
        VALUES (:wiki, :what, :name, :user_id, :by, :since, :reason) \
        ON DUPLICATE KEY UPDATE user_id = COALESCE(VALUES(user_id), user_id), \
        added_by = VALUES(added_by), reason = VALUES(reason)";
    let done = tx
        .conn()
        .run(
            "adding a name that is shown nowhere",
            SQL,
            params! {
                "wiki" => wiki, "what" => entry.what.word(), "name" => &entry.name,
                "user_id" => entry.user_id.map(|id| id.0), "by" => &entry.by,
                "since" => at(entry.since), "reason" => &*bounded(&entry.reason, MAX_REASON),
            },
        )
        .await?;
    // A changed row counts as two, one that stays as none.
    Ok(done.affected == 1)
}

/// Removes a name. False: it was not there.
pub async fn del(tx: &mut Tx<'_>, wiki: &str, what: What, name: &str) -> Result<bool> {
    const SQL: &str = "DELETE FROM suppress WHERE wiki = :wiki AND what = :what AND name = :name";
    let done = tx
        .conn()
        .run(
            "removing a name that was shown nowhere",
            SQL,
            params! { "wiki" => wiki, "what" => what.word(), "name" => name },
        )
        .await?;
    Ok(done.affected == 1)
}

/// All names of a wiki.
pub async fn all(session: &mut impl Session, wiki: &str) -> Result<Suppressed> {
    const SQL: &str = "SELECT what, name, user_id, added_by, since, reason FROM suppress \
        WHERE wiki = :wiki ORDER BY what, name";
    let entries = session
        .conn()
        .rows("reading what is shown nowhere", SQL, params! { "wiki" => wiki })
        .await?;
    Ok(Suppressed::new(entries))
}

/// The names of all wikis that have any, by the wikis' keys.
pub async fn everywhere(session: &mut impl Session) -> Result<HashMap<String, Suppressed>> {
    // Handler reads: the rows returned.
    const SQL: &str =
        "SELECT wiki, what, name, user_id, added_by, since, reason FROM suppress ORDER BY wiki, what, name";
    struct OfWiki(String, Entry);
    impl FromFields for OfWiki {
        fn from_fields(f: &mut Fields) -> Result<Self> {
            Ok(Self(f.get("wiki")?, Entry::from_fields(f)?))
        }
    }
    let rows: Vec<OfWiki> = session.conn().rows("reading what is shown nowhere", SQL, ()).await?;
    let mut entries: HashMap<String, Vec<Entry>> = HashMap::new();
    for OfWiki(wiki, entry) in rows {
        entries.entry(wiki).or_default().push(entry);
    }
    Ok(entries
        .into_iter()
        .map(|(wiki, entries)| (wiki, Suppressed::new(entries)))
        .collect())
}
