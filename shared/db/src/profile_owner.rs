//! matchbot remembers who owns a profile page,
//! so that a page's first revision is asked for once ever.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at, list};
use crate::transaction::FencedTx;
use mysql_async::Value;
use std::collections::HashMap;
use wikicrew_core::types::{PageId, Timestamp, UserId};

/// Where the owner is known from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The author of the page's first revision.
    FirstRevision,
    /// `owners:` in the settings.
    Settings,
}

impl Source {
    fn word(self) -> &'static str {
        match self {
            Source::FirstRevision => "first_revision",
            Source::Settings => "settings",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [Source::FirstRevision, Source::Settings]
            .into_iter()
            .find(|source| source.word() == word)
    }
}

/// Who owns a page, or why nobody is guessed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileOwner {
    /// The page.
    pub page_id: PageId,
    /// Its owner; `None` when there is a problem.
    pub user: Option<UserId>,
    /// Where that is known from.
    pub source: Source,
    /// Why nobody is guessed, in words for the status page.
    pub problem: Option<String>,
    /// When it was found out.
    pub seen_at: Timestamp,
}

impl FromFields for ProfileOwner {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            page_id: PageId(f.get("page_id")?),
            user: f.id_opt("user_id", UserId)?,
            source: f.word("source", Source::read)?,
            problem: f.get("problem")?,
            seen_at: f.time("seen_at")?,
        })
    }
}

/// What is known of these pages; pages never asked about are not in the map.
pub async fn get(session: &mut impl Session, wiki: &str, pages: &[PageId]) -> Result<HashMap<PageId, ProfileOwner>> {
    let mut owners = HashMap::new();
    for some in pages.chunks(500) {
        let sql = format!(
            "SELECT page_id, user_id, source, problem, seen_at FROM profile_owner \
             WHERE wiki = ? AND page_id IN ({})",
            list("?", some.len())
        );
        let mut values = vec![Value::from(wiki)];
        values.extend(some.iter().map(|id| Value::from(id.0)));
        let rows: Vec<ProfileOwner> = session
            .conn()
            .rows("reading the owners of profiles", &sql, values)
            .await?;
        owners.extend(rows.into_iter().map(|owner| (owner.page_id, owner)));
    }
    Ok(owners)
}

/// Stores what was found out, in place of what was known of the same pages.
pub async fn put(tx: &mut FencedTx<'_>, owners: &[ProfileOwner]) -> Result<()> {
    let mut owners: Vec<&ProfileOwner> = owners.iter().collect();
    // One order in every process: rows locked crosswise would be a deadlock.
    owners.sort_by_key(|owner| owner.page_id);
    for some in owners.chunks(200) {
        let sql = format!(
            "INSERT INTO profile_owner (wiki, page_id, user_id, source, problem, seen_at) VALUES {} \
             ON DUPLICATE KEY UPDATE user_id = VALUES(user_id), source = VALUES(source), \
             problem = VALUES(problem), seen_at = VALUES(seen_at)",
            list("(?, ?, ?, ?, ?, ?)", some.len())
        );
        let mut values = Vec::with_capacity(some.len() * 6);
        for owner in some {
            values.extend([
                Value::from(&tx.fence().wiki),
                Value::from(owner.page_id.0),
                Value::from(owner.user.map(|id| id.0)),
                Value::from(owner.source.word()),
                Value::from(owner.problem.as_deref()),
                at(owner.seen_at),
            ]);
        }
        tx.conn().run("storing the owners of profiles", &sql, values).await?;
    }
    Ok(())
}
