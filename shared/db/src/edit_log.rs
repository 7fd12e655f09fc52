//! Every edit that was saved: what caps, trial reports and "was the last edit
//! ours?" are counted from.

use crate::error::Result;
use crate::session::{Fields, FromFields, One, Session, at};
use crate::transaction::FencedTx;
use mysql_async::params;
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// A saved edit; job, wiki and run are the transaction's.
#[derive(Clone, Copy, Debug)]
pub struct NewEdit<'a> {
    /// The account it was made with.
    pub account: &'a str,
    /// The page.
    pub page_id: PageId,
    /// Its title with namespace.
    pub title: &'a str,
    /// The revision it made; `None` only for a Flow post.
    pub revid: Option<RevId>,
    /// The Flow post it made.
    pub post_id: Option<&'a str>,
    /// What it was: `greeting`, `status`, `mention`, …
    pub kind: &'a str,
    /// The wiki's time of it.
    pub at: Timestamp,
}

/// An edit as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoggedEdit {
    /// The job that made it.
    pub job: String,
    /// The account it was made with.
    pub account: String,
    /// The page.
    pub page_id: PageId,
    /// Its title with namespace, then.
    pub title: String,
    /// The revision it made.
    pub revid: Option<RevId>,
    /// The Flow post it made.
    pub post_id: Option<String>,
    /// What it was.
    pub kind: String,
    /// The run that stored it.
    pub run_id: u64,
    /// The wiki's time of it.
    pub at: Timestamp,
}

impl FromFields for LoggedEdit {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            job: f.get("job")?,
            account: f.get("account")?,
            page_id: PageId(f.get("page_id")?),
            title: f.get("title")?,
            revid: f.id_opt("revid", RevId)?,
            post_id: f.get("post_id")?,
            kind: f.get("kind")?,
            run_id: f.get("run_id")?,
            at: f.time("at")?,
        })
    }
}

/// Stores an edit; the same revision (or post) again changes nothing.
pub async fn add(tx: &mut FencedTx<'_>, edit: &NewEdit<'_>) -> Result<()> {
    const SQL: &str = "INSERT INTO edit_log (job, wiki, account, page_id, title, revid, post_id, \
        kind, run_id, at) \
        VALUES (:job, :wiki, :account, :page_id, :title, :revid, :post_id, :kind, :run_id, :at) \
        ON DUPLICATE KEY UPDATE id = id";
    let (conn, fence) = tx.parts();
    conn.run(
        "logging an edit",
        SQL,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "account" => edit.account,
            "page_id" => edit.page_id.0, "title" => edit.title,
            "revid" => edit.revid.map(|id| id.0), "post_id" => edit.post_id,
            "kind" => edit.kind, "run_id" => fence.run_id, "at" => at(edit.at),
        },
    )
    .await?;
    Ok(())
}

/// Edits of an account since then, by all jobs together: what the cap per day
/// counts.
pub async fn count_of_account(session: &mut impl Session, wiki: &str, account: &str, since: Timestamp) -> Result<u64> {
    const SQL: &str = "SELECT COUNT(*) AS value FROM edit_log \
        WHERE wiki = :wiki AND account = :account AND at >= :since";
    let One(n) = session
        .conn()
        .one(
            "counting the account's edits",
            SQL,
            params! { "wiki" => wiki, "account" => account, "since" => at(since) },
        )
        .await?;
    Ok(n)
}

/// Edits of one job since then: what a trial counts.
pub async fn count_of_job(session: &mut impl Session, job: &str, wiki: &str, since: Timestamp) -> Result<u64> {
    const SQL: &str = "SELECT COUNT(*) AS value FROM edit_log \
        WHERE job = :job AND wiki = :wiki AND at >= :since";
    let One(n) = session
        .conn()
        .one(
            "counting the job's edits",
            SQL,
            params! { "job" => job, "wiki" => wiki, "since" => at(since) },
        )
        .await?;
    Ok(n)
}

/// The newest edit on a page, by whatever job.
pub async fn last_on_page(session: &mut impl Session, wiki: &str, page_id: PageId) -> Result<Option<LoggedEdit>> {
    const SQL: &str = "SELECT job, account, page_id, title, revid, post_id, kind, run_id, at \
        FROM edit_log WHERE wiki = :wiki AND page_id = :page_id ORDER BY at DESC, id DESC LIMIT 1";
    session
        .conn()
        .first(
            "reading the last edit of a page",
            SQL,
            params! { "wiki" => wiki, "page_id" => page_id.0 },
        )
        .await
}

/// The newest edit on a page with this title, by whatever job: for a page that is gone, and so has no id any more.
pub async fn last_on_title(session: &mut impl Session, wiki: &str, title: &str) -> Result<Option<LoggedEdit>> {
    const SQL: &str = "SELECT job, account, page_id, title, revid, post_id, kind, run_id, at \
        FROM edit_log WHERE wiki = :wiki AND title = :title ORDER BY at DESC, id DESC LIMIT 1";
    session
        .conn()
        .first(
            "reading the last edit under a title",
            SQL,
            params! { "wiki" => wiki, "title" => title },
        )
        .await
}

/// Edits of one job since then, oldest first, at most `limit`.
pub async fn of_job(
    session: &mut impl Session,
    job: &str,
    wiki: &str,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<LoggedEdit>> {
    const SQL: &str = "SELECT job, account, page_id, title, revid, post_id, kind, run_id, at \
        FROM edit_log WHERE job = :job AND wiki = :wiki AND at >= :since \
        ORDER BY at, id LIMIT :limit";
    session
        .conn()
        .rows(
            "reading the job's edits",
            SQL,
            params! { "job" => job, "wiki" => wiki, "since" => at(since), "limit" => limit },
        )
        .await
}
