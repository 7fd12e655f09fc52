//! Pages that a job takes domains from (blacklists, noticeboards), as they were when last read: a run that cannot read
//! one goes on with what it had, and a text that did not change is not fetched again.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at};
use crate::transaction::FencedTx;
use mysql_async::params;
use wikicrew_core::types::{RevId, Timestamp};

/// Pages that a job has, at most.
const MAX_PAGES: u32 = 1_000;

/// A page as it was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Key of its wiki.
    pub wiki: String,
    /// Its title with namespace, at most 512 bytes.
    pub title: String,
    /// The revision; 0: there was no such page.
    pub revid: RevId,
    /// When the wiki was last asked.
    pub checked: Timestamp,
    /// The text, at most 16 MB.
    pub body: Vec<u8>,
}

impl FromFields for Page {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            wiki: f.get("wiki")?,
            title: f.get("title")?,
            revid: RevId(f.get("revid")?),
            checked: f.time("checked")?,
            body: f.get("body")?,
        })
    }
}

/// A page of a wiki.
pub async fn get(session: &mut impl Session, job: &str, wiki: &str, title: &str) -> Result<Option<Page>> {
    const SQL: &str = "SELECT wiki, title, revid, checked, body FROM source_page \
        WHERE job = :job AND wiki = :wiki AND title = :title";
    let params = params! { "job" => job, "wiki" => wiki, "title" => title };
    session.conn().first("reading a list page", SQL, params).await
}

/// The pages of a wiki, by title.
pub async fn all(session: &mut impl Session, job: &str, wiki: &str) -> Result<Vec<Page>> {
    const SQL: &str = "SELECT wiki, title, revid, checked, body FROM source_page \
        WHERE job = :job AND wiki = :wiki ORDER BY title LIMIT :limit";
    let params = params! { "job" => job, "wiki" => wiki, "limit" => MAX_PAGES };
    session.conn().rows("reading list pages", SQL, params).await
}

/// Keeps a page, in place of what was there. The job is that of the run, the wiki that of the page.
pub async fn put(tx: &mut FencedTx<'_>, page: &Page) -> Result<()> {
    const SQL: &str = "INSERT INTO source_page (job, wiki, title, revid, checked, body) \
        VALUES (:job, :wiki, :title, :revid, :checked, :body) \
        ON DUPLICATE KEY UPDATE revid = VALUES(revid), checked = VALUES(checked), body = VALUES(body)";
    let (conn, fence) = tx.parts();
    let params = params! {
        "job" => &fence.job, "wiki" => &page.wiki, "title" => &page.title, "revid" => page.revid.0,
        "checked" => at(page.checked), "body" => &page.body,
    };
    conn.run("keeping a list page", SQL, params).await?;
    Ok(())
}

/// The wiki was asked and the page is still what is kept.
pub async fn seen(tx: &mut FencedTx<'_>, wiki: &str, title: &str, now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE source_page SET checked = :now WHERE job = :job AND wiki = :wiki AND title = :title";
    let (conn, fence) = tx.parts();
    let params = params! { "job" => &fence.job, "wiki" => wiki, "title" => title, "now" => at(now) };
    conn.run("noting that a list page was looked at", SQL, params).await?;
    Ok(())
}
