//! The marks of each page: which revision was looked at, when to look again,
//! and what was found. What the marks should say is computed anew each time.

use crate::bulk;
use crate::error::Result;
use crate::session::{Fields, FromFields, One, Session, at, at_opt, bounded};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// Longest stored reason or list of stale marks, in bytes.
const MAX_TEXT: usize = 8_000;

/// A page and a box, with what is known of its marks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageMark {
    /// The page.
    pub page_id: PageId,
    /// The box.
    pub box_name: String,
    /// Title of the page with namespace.
    pub title: String,
    /// The latest revision looked at; `None`: not looked at yet.
    pub revid: Option<RevId>,
    /// When its marks are to be looked at; `None`: nothing to do.
    pub due_at: Option<Timestamp>,
    /// Why it is due, or why nothing could be done, for people.
    pub reason: Option<String>,
    /// Whether a verified field differs from its verified value.
    pub differs: bool,
    /// The marks contradict the index: what mending would change, for people.
    pub stale: Option<String>,
    /// Our last edit of its marks.
    pub marked_revid: Option<RevId>,
    /// When it was looked at last.
    pub looked_at: Option<Timestamp>,
}

impl FromFields for PageMark {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            page_id: PageId(f.get("page_id")?),
            box_name: f.get("box")?,
            title: f.get("title")?,
            revid: f.id_opt("revid", RevId)?,
            due_at: f.time_opt("due_at")?,
            reason: f.get("reason")?,
            differs: f.get("differs")?,
            stale: f.get("stale")?,
            marked_revid: f.id_opt("marked_revid", RevId)?,
            looked_at: f.time_opt("looked_at")?,
        })
    }
}

/// Stores what was found, in place of what was known of the same pages and boxes.
pub async fn put(tx: &mut FencedTx<'_>, marks: &[PageMark]) -> Result<()> {
    const HEAD: &str = "INSERT INTO page_mark (wiki, page_id, box, title, revid, due_at, reason, differs, \
        is_stale, stale, marked_revid, looked_at)";
    const TAIL: &str = "ON DUPLICATE KEY UPDATE title = VALUES(title), revid = VALUES(revid), \
        due_at = VALUES(due_at), reason = VALUES(reason), differs = VALUES(differs), \
        is_stale = VALUES(is_stale), stale = VALUES(stale), marked_revid = VALUES(marked_revid), \
        looked_at = VALUES(looked_at)";
    let mut marks: Vec<&PageMark> = marks.iter().collect();
    // One order in every process: rows locked crosswise would be a deadlock.
    marks.sort_by_key(|mark| (mark.page_id, &mark.box_name));
    let wiki = tx.fence().wiki.clone();
    let text = |text: &Option<String>| Value::from(text.as_deref().map(|text| bounded(text, MAX_TEXT).into_owned()));
    let rows = marks.iter().map(|mark| {
        vec![
            Value::from(&wiki),
            Value::from(mark.page_id.0),
            Value::from(&mark.box_name),
            Value::from(&mark.title),
            Value::from(mark.revid.map(|id| id.0)),
            at_opt(mark.due_at),
            text(&mark.reason),
            Value::from(mark.differs),
            Value::from(mark.stale.is_some()),
            text(&mark.stale),
            Value::from(mark.marked_revid.map(|id| id.0)),
            at_opt(mark.looked_at),
        ]
    });
    bulk::insert(tx.conn(), "storing the state of marks", HEAD, TAIL, rows).await?;
    Ok(())
}

/// These pages of a box (as known in `box_page`; others are passed over) are to be
/// looked at by then, unless they are due earlier anyway: for changed index lines
/// and settings.
pub async fn make_due(
    tx: &mut FencedTx<'_>,
    box_name: &str,
    pages: &[PageId],
    due_at: Timestamp,
    reason: &str,
) -> Result<()> {
    // Assigned from left to right: the reason first, while the old time still stands.
    const SQL: &str = "INSERT INTO page_mark (wiki, page_id, box, title, due_at, reason) \
        SELECT b.wiki, b.page_id, b.box, b.title, ?, ? FROM box_page b \
        WHERE b.wiki = ? AND b.box = ? AND b.page_id IN (IDS) ORDER BY b.page_id \
        ON DUPLICATE KEY UPDATE \
        reason = IF(page_mark.due_at <= VALUES(due_at), page_mark.reason, VALUES(reason)), \
        due_at = LEAST(COALESCE(page_mark.due_at, VALUES(due_at)), VALUES(due_at))";
    let mut ids: Vec<u64> = pages.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    let before = [
        at(due_at),
        Value::from(&*bounded(reason, MAX_TEXT)),
        Value::from(&tx.fence().wiki),
        Value::from(box_name),
    ];
    bulk::run(tx.conn(), "making marks due", SQL, &before, &ids, &[]).await?;
    Ok(())
}

/// Pages whose marks are to be looked at now, those that have waited longest first.
pub async fn due(session: &mut impl Session, wiki: &str, now: Timestamp, limit: u32) -> Result<Vec<PageMark>> {
    const SQL: &str = "SELECT page_id, box, title, revid, due_at, reason, differs, stale, marked_revid, \
        looked_at FROM page_mark WHERE wiki = :wiki AND due_at <= :now \
        ORDER BY due_at, page_id, box LIMIT :limit";
    session
        .conn()
        .rows(
            "reading which marks are due",
            SQL,
            params! { "wiki" => wiki, "now" => at(now), "limit" => limit },
        )
        .await
}

/// Pages whose marks contradict the index, by title, at most `limit`.
pub async fn stale(session: &mut impl Session, wiki: &str, limit: u32) -> Result<Vec<PageMark>> {
    const SQL: &str = "SELECT page_id, box, title, revid, due_at, reason, differs, stale, marked_revid, \
        looked_at FROM page_mark WHERE wiki = :wiki AND is_stale = 1 \
        ORDER BY title, page_id, box LIMIT :limit";
    session
        .conn()
        .rows(
            "reading which marks are stale",
            SQL,
            params! { "wiki" => wiki, "limit" => limit },
        )
        .await
}

/// How many pages and boxes have marks that contradict the index.
pub async fn count_stale(session: &mut impl Session, wiki: &str) -> Result<u64> {
    const SQL: &str = "SELECT COUNT(*) AS value FROM page_mark WHERE wiki = :wiki AND is_stale = 1";
    let One(n) = session
        .conn()
        .one("counting stale marks", SQL, params! { "wiki" => wiki })
        .await?;
    Ok(n)
}

/// What is known of these pages, in all boxes, by page and box.
pub async fn get_many(session: &mut impl Session, wiki: &str, pages: &[PageId]) -> Result<Vec<PageMark>> {
    const SQL: &str = "SELECT page_id, box, title, revid, due_at, reason, differs, stale, marked_revid, \
        looked_at FROM page_mark WHERE wiki = ? AND page_id IN (IDS) ORDER BY page_id, box";
    let ids: Vec<u64> = pages.iter().map(|id| id.0).collect();
    bulk::select(
        session.conn(),
        "reading the state of marks",
        SQL,
        &[Value::from(wiki)],
        &ids,
        &[],
    )
    .await
}

/// Removes pages that have the box no longer, or are no more. How many were known.
pub async fn forget(tx: &mut FencedTx<'_>, box_name: &str, pages: &[PageId]) -> Result<u64> {
    const SQL: &str = "DELETE FROM page_mark WHERE wiki = ? AND page_id IN (IDS) AND box = ?";
    let mut ids: Vec<u64> = pages.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    let before = [Value::from(&tx.fence().wiki)];
    let after = [Value::from(box_name)];
    bulk::run(tx.conn(), "forgetting marks", SQL, &before, &ids, &after).await
}
