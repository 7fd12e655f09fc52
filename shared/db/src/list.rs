//! Whitelist, blacklist and monitor list: entries that people keep by commands, and those that a job adds itself after a
//! hit (*auto*), which end by themselves.
//!
//! A command by hand is no run and has no lease, so these write in plain
//! transactions; auto entries belong to a batch. Which entry is stricter than which is not decided here.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at, at_opt, bounded};
use crate::transaction::{FencedTx, Tx};
use mysql_async::{Value, params};
use wikicrew_core::types::{RevId, Timestamp};

/// Stands in place of a wiki's key for entries that count on every wiki.
pub const EVERY_WIKI: &str = "*";

/// Entries that are read at once, at most.
pub const MAX_ENTRIES: u32 = 50_000;

/// Longest stored reason, in bytes.
const MAX_REASON: usize = 8_000;

const COLUMNS: &str = "wiki, list, user_name, page, added_by, added_at, reason, expires, auto_wiki, auto_rev";

/// An entry to be added.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// The list's word, at most 16 bytes.
    pub list: &'a str,
    /// The user, or a pattern, at most 512 bytes; `None`: anybody.
    pub user: Option<&'a str>,
    /// The page with namespace, or what else the list is about, at most 512 bytes; `None`: everything.
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
    /// Key of the wiki where it counts, or [`EVERY_WIKI`].
    pub wiki: String,
    /// The edit (wiki, revision) whose hit put it on the list; `None`: a person did.
    pub auto: Option<(String, RevId)>,
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
            wiki: f.get("wiki")?,
            auto: f.get::<Option<String>>("auto_wiki")?.zip(f.id_opt("auto_rev", RevId)?),
        })
    }
}

/// Adds an entry of a person. False: it was there, and got the new author, time, reason and end; one that a job had
/// added is the person's now.
pub async fn add(tx: &mut Tx<'_>, job: &str, wiki: &str, entry: &NewEntry<'_>, now: Timestamp) -> Result<bool> {
    const SQL: &str = "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason, expires) \
        VALUES (:job, :wiki, :list, :user, :page, :by, :now, :reason, :expires) \
        ON DUPLICATE KEY UPDATE added_by = VALUES(added_by), added_at = VALUES(added_at), \
        reason = VALUES(reason), expires = VALUES(expires), auto_wiki = NULL, auto_rev = NULL";
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
    let mut sql = format!("SELECT {COLUMNS} FROM list_entry WHERE job = ? AND wiki = ? AND list = ?");
    let mut values = vec![Value::from(job), Value::from(wiki), Value::from(list)];
    for (condition, name) in [(" AND user_name = ?", user), (" AND page = ?", page)] {
        if let Some(name) = name {
            sql += condition;
            values.push(Value::from(name));
        }
    }
    sql += " ORDER BY user_name, page LIMIT ?";
    values.push(Value::from(MAX_ENTRIES));
    session.conn().rows("searching a list", &sql, values).await
}

/// Every entry of a job's lists on one wiki (or [`EVERY_WIKI`] alone), at most [`MAX_ENTRIES`].
pub async fn all(session: &mut impl Session, job: &str, wiki: &str) -> Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM list_entry WHERE job = :job AND wiki = :wiki ORDER BY list, user_name, page LIMIT :limit"
    );
    let params = params! { "job" => job, "wiki" => wiki, "limit" => MAX_ENTRIES };
    session.conn().rows("reading the lists", &sql, params).await
}

/// Every entry of a job's lists that counts on this wiki: its own and, after them, those for every wiki.
pub async fn all_for(session: &mut impl Session, job: &str, wiki: &str) -> Result<Vec<Row>> {
    let mut rows = all(session, job, wiki).await?;
    if wiki != EVERY_WIKI {
        rows.extend(all(session, job, EVERY_WIKI).await?);
    }
    Ok(rows)
}

/// Entries of a whole job that are read at once, at most.
pub const MAX_OF_JOB: u32 = 200_000;

/// Every entry of a job's lists, on whatever wiki it counts, by wiki; at most [`MAX_OF_JOB`], those for every wiki first.
pub async fn all_of_job(session: &mut impl Session, job: &str) -> Result<Vec<Row>> {
    // `*` sorts before all that keys of wikis begin with.
    let sql =
        format!("SELECT {COLUMNS} FROM list_entry WHERE job = :job ORDER BY wiki, list, user_name, page LIMIT :limit");
    let params = params! { "job" => job, "limit" => MAX_OF_JOB };
    session.conn().rows("reading all lists", &sql, params).await
}

/// Adds an entry for this run's job after the hit of an edit (wiki, revision). One that is there stays: a person's as
/// it is, a job's gets the later end. Whether it is new.
pub async fn add_auto(
    tx: &mut FencedTx<'_>,
    wiki: &str,
    entry: &NewEntry<'_>,
    of: (&str, RevId),
    now: Timestamp,
) -> Result<bool> {
    const SQL: &str = "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason, expires, \
        auto_wiki, auto_rev) \
        VALUES (:job, :wiki, :list, :user, :page, :by, :now, :reason, :expires, :auto_wiki, :auto_rev) \
        ON DUPLICATE KEY UPDATE expires = IF(auto_rev IS NULL, expires, GREATEST(expires, VALUES(expires)))";
    let (conn, fence) = tx.parts();
    let params = params! {
        "job" => &fence.job, "wiki" => wiki, "list" => entry.list,
        "user" => entry.user.unwrap_or(""), "page" => entry.page.unwrap_or(""),
        "by" => entry.by, "now" => at(now), "reason" => &*bounded(entry.reason, MAX_REASON),
        "expires" => at_opt(entry.expires), "auto_wiki" => of.0, "auto_rev" => of.1.0,
    };
    let done = conn.run("adding to a list after a hit", SQL, params).await?;
    // A changed row counts as two, one that stays as none.
    Ok(done.affected == 1)
}

/// An entry of the job itself (user, page as in [`del`]) had a hit: it counts until then, if it did not for longer.
/// Whether it changed.
pub async fn extend(
    tx: &mut FencedTx<'_>,
    wiki: &str,
    list: &str,
    user: Option<&str>,
    page: Option<&str>,
    expires: Timestamp,
) -> Result<bool> {
    const SQL: &str = "UPDATE list_entry SET expires = :expires WHERE job = :job AND wiki = :wiki AND list = :list \
        AND user_name = :user AND page = :page AND auto_rev IS NOT NULL AND expires < :expires";
    let (conn, fence) = tx.parts();
    let params = params! {
        "job" => &fence.job, "wiki" => wiki, "list" => list, "user" => user.unwrap_or(""),
        "page" => page.unwrap_or(""), "expires" => at(expires),
    };
    let done = conn.run("letting an entry of a list count longer", SQL, params).await?;
    Ok(done.affected == 1)
}

/// Removes what this run's job put on its lists after a hit of this edit, on any wiki. How many entries.
pub async fn remove_auto_of(tx: &mut FencedTx<'_>, wiki: &str, rev: RevId) -> Result<u64> {
    const SQL: &str = "DELETE FROM list_entry WHERE job = :job AND auto_wiki = :wiki AND auto_rev = :rev";
    let (conn, fence) = tx.parts();
    let params = params! { "job" => &fence.job, "wiki" => wiki, "rev" => rev.0 };
    let done = conn.run("removing what a hit put on a list", SQL, params).await?;
    Ok(done.affected)
}

/// Removes an entry of the job itself (page as in [`del`]); one that a person has taken over stays. Whether it was there.
pub async fn remove_auto(tx: &mut FencedTx<'_>, wiki: &str, list: &str, page: &str) -> Result<bool> {
    const SQL: &str = "DELETE FROM list_entry WHERE job = :job AND wiki = :wiki AND list = :list \
        AND user_name = '' AND page = :page AND auto_rev IS NOT NULL";
    let (conn, fence) = tx.parts();
    let params = params! { "job" => &fence.job, "wiki" => wiki, "list" => list, "page" => page };
    let done = conn.run("removing what the job put on a list", SQL, params).await?;
    Ok(done.affected == 1)
}

/// Removes entries of this run's job that ended before then, on every wiki, some thousand at most. How many.
pub async fn expire(tx: &mut FencedTx<'_>, before: Timestamp) -> Result<u64> {
    const SQL: &str = "DELETE FROM list_entry WHERE job = :job AND expires < :before ORDER BY expires LIMIT 5000";
    let (conn, fence) = tx.parts();
    let params = params! { "job" => &fence.job, "before" => at(before) };
    let done = conn.run("removing entries that ended", SQL, params).await?;
    Ok(done.affected)
}
