//! What is recorded about somebody or something that asks to be named nowhere: the lines are written anew without the
//! name, and by order of a person the name is erased here too.
//!
//! For commands by hand. No index is by name, so the table of changes is gone through in slices of its numbers, each a
//! short transaction of its own beside a run that may be at work; doing it again does the rest.

use crate::connect::Db;
use crate::error::Result;
use crate::session::{One, Session};
use crate::transaction::Tx;
use mysql_async::{Value, params};
use wikicrew_core::types::UserId;

/// Rows that one transaction looks at.
const SLICE: u64 = 5_000;

/// Whom or what the rows are about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum About<'a> {
    /// Edits of a user, by account or by name.
    User(Option<UserId>, &'a str),
    /// A page, by its title with namespace.
    Page(&'a str),
}

impl About<'_> {
    fn filter(self) -> &'static str {
        match self {
            About::User(..) => "(user_name = :name OR user_id = :id)",
            About::Page(_) => "(title = :name OR title = :id)",
        }
    }

    fn values(self) -> (Value, Value) {
        match self {
            // 0 is no account: every address has it.
            About::User(id, name) => (name.into(), id.filter(|id| id.0 != 0).map(|id| id.0).into()),
            About::Page(title) => (title.into(), Value::NULL),
        }
    }
}

/// The lines on pages of the log that are about it no longer say what they should: the next run writes them anew
/// (see [`crate::field_change::stale_log_titles`]). How many there are that were not so already.
pub async fn make_stale(db: &Db, wiki: &str, about: About<'_>) -> Result<u64> {
    let sql = format!(
        "UPDATE field_change SET log_stale = 1 WHERE id > :after AND id <= :upto AND wiki = :wiki \
         AND log_title IS NOT NULL AND {}",
        about.filter()
    );
    in_slices(db, "noting lines to be written anew", &sql, wiki, about).await
}

/// Erases the names from what is recorded: of a user, who made the edits; of a page, its title, who edited it and the
/// values. The rows stay, so that they can be counted. Changed rows.
pub async fn forget(db: &Db, wiki: &str, about: About<'_>) -> Result<u64> {
    const USER: &str = "user_id = NULL, user_name = NULL, user_kind = NULL";
    let (what, open) = match about {
        About::User(..) => (
            String::new(),
            format!("UPDATE open_field SET {USER} WHERE wiki = :wiki AND {}", about.filter()),
        ),
        About::Page(_) => (
            ", title = '', to_log = IF(log_title IS NULL, 0, to_log), old_value = NULL, new_value = NULL, \
             verified_value = NULL, check_result = NULL, values_hidden = 1"
                .to_owned(),
            format!("DELETE FROM open_field WHERE wiki = :wiki AND {}", about.filter()),
        ),
    };
    let sql = format!(
        "UPDATE field_change SET {USER}, user_hidden = 1, log_stale = IF(log_title IS NULL, 0, 1){what} \
         WHERE id > :after AND id <= :upto AND wiki = :wiki AND {}",
        about.filter()
    );
    let changed = in_slices(db, "erasing names", &sql, wiki, about).await?;
    let (name, id) = about.values();
    let opened = db
        .transaction("erasing names in what differs", async |tx: &mut Tx<'_>| {
            let params = params! { "wiki" => wiki, "name" => &name, "id" => &id };
            Ok(tx
                .conn()
                .run("erasing names in what differs", &open, params)
                .await?
                .affected)
        })
        .await?;
    Ok(changed + opened)
}

async fn in_slices(db: &Db, what: &'static str, sql: &str, wiki: &str, about: About<'_>) -> Result<u64> {
    const LAST: &str = "SELECT COALESCE(MAX(id), 0) AS value FROM field_change";
    let One(last) = db
        .read(async |work| work.conn().one::<One<u64>>(what, LAST, ()).await)
        .await?;
    let (name, id) = about.values();
    let (mut after, mut changed) = (0, 0);
    while after < last {
        let upto = after + SLICE;
        changed += db
            .transaction(what, async |tx: &mut Tx<'_>| {
                let params = params! { "after" => after, "upto" => upto, "wiki" => wiki, "name" => &name, "id" => &id };
                Ok(tx.conn().run(what, sql, params).await?.affected)
            })
            .await?;
        after = upto;
    }
    Ok(changed)
}
