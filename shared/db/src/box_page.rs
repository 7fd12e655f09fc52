//! Pages that transclude a watched box, or did when last seen: so that removing
//! a box is noticed, and nothing is asked about pages without one.

use crate::bulk;
use crate::connect::Db;
use crate::error::Result;
use crate::lease::Fence;
use crate::session::{Fields, FromFields, One, Session, at};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use std::collections::BTreeMap;
use wikicrew_core::types::{PageId, Timestamp};

/// Pages compared and written per transaction by [`replace_list`].
const PAGES_PER_TRANSACTION: usize = 2_000;

/// A page with a box.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoxPage {
    /// Its page id.
    pub page_id: PageId,
    /// Its namespace.
    pub ns: i32,
    /// Its title with namespace, at most 512 bytes.
    pub title: String,
}

impl FromFields for BoxPage {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            page_id: PageId(f.get("page_id")?),
            ns: f.get("ns")?,
            title: f.get("title")?,
        })
    }
}

/// What [`replace_list`] changed.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Replaced {
    /// Pages that were not known.
    pub added: u64,
    /// Known pages with another title or namespace.
    pub renamed: u64,
    /// Known pages that are not in the list.
    pub removed: u64,
}

/// Makes the stored list of a box (real name, without namespace) equal to the
/// complete list of the wiki, writing only what differs. Each transaction compares
/// the next 2,000 page ids: one that dies half-way leaves a list that is partly
/// new, and doing it again ends it. A page listed twice counts once.
pub async fn replace_list(
    db: &Db,
    fence: &Fence,
    box_name: &str,
    pages: &[BoxPage],
    now: Timestamp,
) -> Result<Replaced> {
    let by_id: BTreeMap<PageId, &BoxPage> = pages.iter().map(|page| (page.page_id, page)).collect();
    let pages: Vec<&BoxPage> = by_id.into_values().collect();
    let mut slices: Vec<&[&BoxPage]> = pages.chunks(PAGES_PER_TRANSACTION).collect();
    if slices.is_empty() {
        // An empty list removes all.
        slices.push(&[]);
    }
    let mut all = Replaced::default();
    let mut after = 0;
    for (i, slice) in slices.iter().enumerate() {
        // What lies behind the last page belongs to the last slice.
        let last = i + 1 == slices.len();
        let until = slice.last().filter(|_| !last).map_or(u64::MAX, |page| page.page_id.0);
        let one = db
            .fenced(fence, "storing the pages of a box", async |tx| {
                replace_slice(tx, box_name, after, until, slice, now).await
            })
            .await?;
        all.added += one.added;
        all.renamed += one.renamed;
        all.removed += one.removed;
        after = until;
    }
    Ok(all)
}

/// The same for the page ids above `after`, up to `until`.
async fn replace_slice(
    tx: &mut FencedTx<'_>,
    box_name: &str,
    after: u64,
    until: u64,
    pages: &[&BoxPage],
    now: Timestamp,
) -> Result<Replaced> {
    const KNOWN: &str = "SELECT page_id, ns, title FROM box_page \
        WHERE wiki = :wiki AND box = :box AND page_id > :after AND page_id <= :until ORDER BY page_id";
    let wiki = tx.fence().wiki.clone();
    let known: Vec<BoxPage> = tx
        .conn()
        .rows(
            "reading the known pages of a box",
            KNOWN,
            params! { "wiki" => &wiki, "box" => box_name, "after" => after, "until" => until },
        )
        .await?;
    let mut known: BTreeMap<PageId, BoxPage> = known.into_iter().map(|page| (page.page_id, page)).collect();
    let mut replaced = Replaced::default();
    let mut write = Vec::new();
    for &page in pages {
        match known.remove(&page.page_id) {
            Some(old) if old == *page => {}
            Some(_) => {
                replaced.renamed += 1;
                write.push(page);
            }
            None => {
                replaced.added += 1;
                write.push(page);
            }
        }
    }
    insert(tx, box_name, &write, now).await?;
    let gone: Vec<u64> = known.keys().map(|id| id.0).collect();
    replaced.removed = delete(tx, box_name, &gone).await?;
    Ok(replaced)
}

/// Stores pages seen with the box; the same again changes nothing.
pub async fn put(tx: &mut FencedTx<'_>, box_name: &str, pages: &[BoxPage], now: Timestamp) -> Result<()> {
    let mut pages: Vec<&BoxPage> = pages.iter().collect();
    // One order in every process: rows locked crosswise would be a deadlock.
    pages.sort_by_key(|page| page.page_id);
    insert(tx, box_name, &pages, now).await
}

async fn insert(tx: &mut FencedTx<'_>, box_name: &str, pages: &[&BoxPage], now: Timestamp) -> Result<()> {
    const HEAD: &str = "INSERT INTO box_page (wiki, box, page_id, ns, title, seen_at)";
    // Assigned from left to right: the time first, while the old title still stands.
    const TAIL: &str = "ON DUPLICATE KEY UPDATE \
        seen_at = IF(ns = VALUES(ns) AND title = VALUES(title), seen_at, VALUES(seen_at)), \
        ns = VALUES(ns), title = VALUES(title)";
    let wiki = tx.fence().wiki.clone();
    let rows = pages.iter().map(|page| {
        vec![
            Value::from(&wiki),
            Value::from(box_name),
            Value::from(page.page_id.0),
            Value::from(page.ns),
            Value::from(&page.title),
            at(now),
        ]
    });
    bulk::insert(tx.conn(), "storing the pages of a box", HEAD, TAIL, rows).await?;
    Ok(())
}

/// Removes pages: the box is gone from them and that was handled. How many were known.
pub async fn forget(tx: &mut FencedTx<'_>, box_name: &str, pages: &[PageId]) -> Result<u64> {
    let mut ids: Vec<u64> = pages.iter().map(|id| id.0).collect();
    ids.sort_unstable();
    delete(tx, box_name, &ids).await
}

async fn delete(tx: &mut FencedTx<'_>, box_name: &str, ids: &[u64]) -> Result<u64> {
    const SQL: &str = "DELETE FROM box_page WHERE wiki = ? AND box = ? AND page_id IN (IDS)";
    let before = [Value::from(&tx.fence().wiki), Value::from(box_name)];
    bulk::run(tx.conn(), "removing pages of a box", SQL, &before, ids, &[]).await
}

/// Which of these pages have which boxes, as last seen.
pub async fn known(session: &mut impl Session, wiki: &str, pages: &[PageId]) -> Result<Vec<(PageId, String)>> {
    const SQL: &str = "SELECT page_id, box FROM box_page \
        WHERE wiki = ? AND page_id IN (IDS) ORDER BY page_id, box";
    let ids: Vec<u64> = pages.iter().map(|id| id.0).collect();
    let rows: Vec<Known> = bulk::select(
        session.conn(),
        "asking which pages have a box",
        SQL,
        &[Value::from(wiki)],
        &ids,
        &[],
    )
    .await?;
    Ok(rows.into_iter().map(|row| (row.page_id, row.box_name)).collect())
}

struct Known {
    page_id: PageId,
    box_name: String,
}

impl FromFields for Known {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            page_id: PageId(f.get("page_id")?),
            box_name: f.get("box")?,
        })
    }
}

/// Pages of a box by page id, those above `after` (0: from the first), at most `limit`.
pub async fn after(
    session: &mut impl Session,
    wiki: &str,
    box_name: &str,
    after: PageId,
    limit: u32,
) -> Result<Vec<BoxPage>> {
    const SQL: &str = "SELECT page_id, ns, title FROM box_page \
        WHERE wiki = :wiki AND box = :box AND page_id > :after ORDER BY page_id LIMIT :limit";
    session
        .conn()
        .rows(
            "reading the pages of a box",
            SQL,
            params! { "wiki" => wiki, "box" => box_name, "after" => after.0, "limit" => limit },
        )
        .await
}

/// Forgets what is known of pages that no longer have the box: their open fields and marks. Rows removed. For the
/// rebuilt list only: what leaves it was not seen to go.
pub async fn forget_strangers(tx: &mut FencedTx<'_>, box_name: &str) -> Result<u64> {
    const OPEN: &str = "DELETE o FROM open_field o \
        LEFT JOIN box_page b ON b.wiki = o.wiki AND b.box = o.box AND b.page_id = o.page_id \
        WHERE o.wiki = :wiki AND o.box = :box AND b.page_id IS NULL";
    const MARKS: &str = "DELETE m FROM page_mark m \
        LEFT JOIN box_page b ON b.wiki = m.wiki AND b.box = m.box AND b.page_id = m.page_id \
        WHERE m.wiki = :wiki AND m.box = :box AND b.page_id IS NULL";
    let (conn, fence) = tx.parts();
    let mut rows = 0;
    for sql in [OPEN, MARKS] {
        rows += conn
            .run(
                "forgetting pages without the box",
                sql,
                params! { "wiki" => &fence.wiki, "box" => box_name },
            )
            .await?
            .affected;
    }
    Ok(rows)
}

/// How many pages of a box are known.
pub async fn count(session: &mut impl Session, wiki: &str, box_name: &str) -> Result<u64> {
    const SQL: &str = "SELECT COUNT(*) AS value FROM box_page WHERE wiki = :wiki AND box = :box";
    let One(n) = session
        .conn()
        .one(
            "counting the pages of a box",
            SQL,
            params! { "wiki" => wiki, "box" => box_name },
        )
        .await?;
    Ok(n)
}
