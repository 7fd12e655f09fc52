//! Whitelist, blacklist and monitor list: entries that people keep by commands.
//!
//! A command by hand is no run and has no lease, so these write in plain
//! transactions. Which entry is stricter than which is not decided here.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at, at_opt, bounded};
use crate::transaction::Tx;
use mysql_async::{Value, params};
use wikicrew_core::types::Timestamp;

/// Longest stored reason, in bytes.
const MAX_REASON: usize = 8_000;

/// An entry to be added.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// The list's word, at most 16 bytes.
    pub list: &'a str,
    /// The user, at most 255 bytes; `None`: anybody.
    pub user: Option<&'a str>,
    /// The page with namespace, at most 512 bytes; `None`: every page.
    pub page: Option<&'a str>,
    /// Who adds it.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When it no longer counts; `None`: always.
    pub expires: Option<Timestamp>,
}

/// An entry as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The list's word.
    pub list: String,
    /// The user; `None`: anybody.
    pub user: Option<String>,
    /// The page; `None`: every page.
    pub page: Option<String>,
    /// Who added or last changed it.
    pub by: String,
    /// When that was.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// When it no longer counts (the caller looks at it); `None`: always.
    pub expires: Option<Timestamp>,
}

impl FromFields for Row {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let name = |name: String| Some(name).filter(|name| !name.is_empty());
        Ok(Self {
            list: f.get("list")?,
            user: name(f.get("user_name")?),
            page: name(f.get("page")?),
            by: f.get("added_by")?,
            at: f.time("added_at")?,
            reason: f.get("reason")?,
            expires: f.time_opt("expires")?,
        })
    }
}

/// Adds an entry. False: it was there, and got the new author, time, reason and end.
pub async fn add(tx: &mut Tx<'_>, job: &str, wiki: &str, entry: &NewEntry<'_>, now: Timestamp) -> Result<bool> {
    const SQL: &str = "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason, expires) \
        VALUES (:job, :wiki, :list, :user, :page, :by, :now, :reason, :expires) \
        ON DUPLICATE KEY UPDATE added_by = VALUES(added_by), added_at = VALUES(added_at), \
        reason = VALUES(reason), expires = VALUES(expires)";
    let done = tx
        .conn()
        .run(
            "adding to a list",
            SQL,
            params! {
                "job" => job, "wiki" => wiki, "list" => entry.list,
                "user" => entry.user.unwrap_or(""), "page" => entry.page.unwrap_or(""),
                "by" => entry.by, "now" => at(now),
                "reason" => &*bounded(entry.reason, MAX_REASON), "expires" => at_opt(entry.expires),
            },
        )
        .await?;
    // A changed row counts as two, one that stays as none.
    Ok(done.affected == 1)
}

/// Removes exactly this entry (`None`: anybody, every page). False: it was not there.
pub async fn del(
    tx: &mut Tx<'_>,
    job: &str,
    wiki: &str,
    list: &str,
    user: Option<&str>,
    page: Option<&str>,
) -> Result<bool> {
    const SQL: &str = "DELETE FROM list_entry WHERE job = :job AND wiki = :wiki AND list = :list \
        AND user_name = :user AND page = :page";
    let done = tx
        .conn()
        .run(
            "removing from a list",
            SQL,
            params! {
                "job" => job, "wiki" => wiki, "list" => list,
                "user" => user.unwrap_or(""), "page" => page.unwrap_or(""),
            },
        )
        .await?;
    Ok(done.affected == 1)
}

/// Entries of a list with this user and this page; `None`: whatever it says there.
pub async fn search(
    session: &mut impl Session,
    job: &str,
    wiki: &str,
    list: &str,
    user: Option<&str>,
    page: Option<&str>,
) -> Result<Vec<Row>> {
    let mut sql = String::from(
        "SELECT list, user_name, page, added_by, added_at, reason, expires FROM list_entry \
         WHERE job = ? AND wiki = ? AND list = ?",
    );
    let mut values = vec![Value::from(job), Value::from(wiki), Value::from(list)];
    for (condition, name) in [(" AND user_name = ?", user), (" AND page = ?", page)] {
        if let Some(name) = name {
            sql += condition;
            values.push(Value::from(name));
        }
    }
    sql += " ORDER BY user_name, page";
    session.conn().rows("searching a list", &sql, values).await
}

/// Every entry of a job's lists.
pub async fn all(session: &mut impl Session, job: &str, wiki: &str) -> Result<Vec<Row>> {
    const SQL: &str = "SELECT list, user_name, page, added_by, added_at, reason, expires FROM list_entry \
        WHERE job = :job AND wiki = :wiki ORDER BY list, user_name, page";
    session
        .conn()
        .rows("reading the lists", SQL, params! { "job" => job, "wiki" => wiki })
        .await
}
