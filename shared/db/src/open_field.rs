//! Fields that differ from their verified value *now*: the work list of a box.

use crate::author::{self, Author};
use crate::bulk;
use crate::error::Result;
use crate::field_change::MAX_VALUE;
use crate::session::{Fields, FromFields, One, Session, at, bounded};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use std::collections::BTreeMap;
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// A field that differs; wiki and box are the caller's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenField {
    /// The page.
    pub page_id: PageId,
    /// Which box of this name on the page, from 0.
    pub ordinal: u32,
    /// The field, at most 255 bytes.
    pub field: String,
    /// Title of the page with namespace.
    pub title: String,
    /// What stands there; `None`: nothing. Cut at [`MAX_VALUE`] bytes when stored.
    pub value: Option<String>,
    /// What the verified revision says; `None`: nothing.
    pub verified_value: Option<String>,
    /// The verified revision.
    pub verified_revid: RevId,
    /// Whether the field is a verified one, not only a watched one.
    pub is_verified: bool,
    /// The wiki's time of the edit since which it has this value.
    pub since: Timestamp,
    /// That edit.
    pub revid: RevId,
    /// Who made it; `None`: hidden.
    pub user: Option<Author>,
}

impl FromFields for OpenField {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            page_id: PageId(f.get("page_id")?),
            ordinal: f.get("ordinal")?,
            field: f.get("field")?,
            title: f.get("title")?,
            value: f.get("value")?,
            verified_value: f.get("verified_value")?,
            verified_revid: RevId(f.get("verified_revid")?),
            is_verified: f.get("is_verified")?,
            since: f.time("since")?,
            revid: RevId(f.get("revid")?),
            user: author::read(f)?,
        })
    }
}

/// What differs on a page now, in place of what differed before. A field that
/// still has the stored value keeps its `since`, `revid` and `user`. Rows written
/// and removed: the same again is 0. No rows: nothing differs any more.
pub async fn replace_of_page(
    tx: &mut FencedTx<'_>,
    box_name: &str,
    page_id: PageId,
    rows: &[OpenField],
) -> Result<u64> {
    const KNOWN: &str = "SELECT page_id, ordinal, field, title, value, verified_value, verified_revid, \
        is_verified, since, revid, user_id, user_name, user_kind FROM open_field \
        WHERE wiki = :wiki AND box = :box AND page_id = :page_id";
    const DELETE: &str = "DELETE FROM open_field WHERE wiki = :wiki AND box = :box \
        AND page_id = :page_id AND ordinal = :ordinal AND field = :field";
    const HEAD: &str = "INSERT INTO open_field (wiki, box, page_id, ordinal, field, title, value, \
        verified_value, verified_revid, is_verified, since, revid, user_id, user_name, user_kind)";
    const TAIL: &str = "ON DUPLICATE KEY UPDATE title = VALUES(title), value = VALUES(value), \
        verified_value = VALUES(verified_value), verified_revid = VALUES(verified_revid), \
        is_verified = VALUES(is_verified), since = VALUES(since), revid = VALUES(revid), \
        user_id = VALUES(user_id), user_name = VALUES(user_name), user_kind = VALUES(user_kind)";
    let wiki = tx.fence().wiki.clone();
    let known: Vec<OpenField> = tx
        .conn()
        .rows(
            "reading what differed on a page",
            KNOWN,
            params! { "wiki" => &wiki, "box" => box_name, "page_id" => page_id.0 },
        )
        .await?;
    let mut known: BTreeMap<(u32, String), OpenField> = known
        .into_iter()
        .map(|row| ((row.ordinal, row.field.clone()), row))
        .collect();
    let mut write: BTreeMap<(u32, String), OpenField> = BTreeMap::new();
    for row in rows {
        let mut row = stored_form(row, page_id);
        let key = (row.ordinal, row.field.clone());
        match known.remove(&key) {
            Some(old) if old.value == row.value => {
                (row.since, row.revid, row.user) = (old.since, old.revid, old.user.clone());
                if row != old {
                    write.insert(key, row);
                }
            }
            _ => {
                write.insert(key, row);
            }
        }
    }
    let changed = (write.len() + known.len()) as u64;
    let rows = write.into_values().map(|row| {
        let mut values = vec![
            Value::from(&wiki),
            Value::from(box_name),
            Value::from(page_id.0),
            Value::from(row.ordinal),
            Value::from(row.field),
            Value::from(row.title),
            Value::from(row.value),
            Value::from(row.verified_value),
            Value::from(row.verified_revid.0),
            Value::from(row.is_verified),
            at(row.since),
            Value::from(row.revid.0),
        ];
        values.extend(author::values(row.user.as_ref()));
        values
    });
    bulk::insert(tx.conn(), "storing what differs on a page", HEAD, TAIL, rows).await?;
    for (ordinal, field) in known.into_keys() {
        tx.conn()
            .run(
                "removing what no longer differs",
                DELETE,
                params! {
                    "wiki" => &wiki, "box" => box_name, "page_id" => page_id.0,
                    "ordinal" => ordinal, "field" => field,
                },
            )
            .await?;
    }
    Ok(changed)
}

/// As it comes back from the table: of this page, values cut.
fn stored_form(row: &OpenField, page_id: PageId) -> OpenField {
    let cut = |value: &Option<String>| value.as_deref().map(|value| bounded(value, MAX_VALUE).into_owned());
    OpenField {
        page_id,
        value: cut(&row.value),
        verified_value: cut(&row.verified_value),
        ..row.clone()
    }
}

/// What differs in the pages of a box, by title, page, ordinal and field: what
/// comes after this row (`None`: from the first), at most `limit`.
pub async fn of_box(
    session: &mut impl Session,
    wiki: &str,
    box_name: &str,
    after: Option<&OpenField>,
    limit: u32,
) -> Result<Vec<OpenField>> {
    const SQL: &str = "SELECT page_id, ordinal, field, title, value, verified_value, verified_revid, \
        is_verified, since, revid, user_id, user_name, user_kind FROM open_field \
        WHERE wiki = :wiki AND box = :box AND title >= :title \
        AND (title > :title OR (page_id, ordinal, field) > (:page_id, :ordinal, :field)) \
        ORDER BY title, page_id, ordinal, field LIMIT :limit";
    session
        .conn()
        .rows(
            "reading what differs",
            SQL,
            params! {
                "wiki" => wiki, "box" => box_name, "limit" => limit,
                "title" => after.map_or("", |row| &row.title),
                "page_id" => after.map_or(0, |row| row.page_id.0),
                "ordinal" => after.map_or(0, |row| row.ordinal),
                "field" => after.map_or("", |row| &row.field),
            },
        )
        .await
}

/// What differs on one page, in all boxes of this name.
pub async fn of_page(
    session: &mut impl Session,
    wiki: &str,
    box_name: &str,
    page_id: PageId,
) -> Result<Vec<OpenField>> {
    const SQL: &str = "SELECT page_id, ordinal, field, title, value, verified_value, verified_revid, \
        is_verified, since, revid, user_id, user_name, user_kind FROM open_field \
        WHERE wiki = :wiki AND box = :box AND page_id = :page_id ORDER BY ordinal, field";
    session
        .conn()
        .rows(
            "reading what differs on a page",
            SQL,
            params! { "wiki" => wiki, "box" => box_name, "page_id" => page_id.0 },
        )
        .await
}

/// How many fields of a box differ.
pub async fn count(session: &mut impl Session, wiki: &str, box_name: &str) -> Result<u64> {
    const SQL: &str = "SELECT COUNT(*) AS value FROM open_field WHERE wiki = :wiki AND box = :box";
    let One(n) = session
        .conn()
        .one(
            "counting what differs",
            SQL,
            params! { "wiki" => wiki, "box" => box_name },
        )
        .await?;
    Ok(n)
}

/// The wiki hides who made these edits: the names are erased. Rows that lost one.
pub async fn erase_users(tx: &mut FencedTx<'_>, revids: &[RevId]) -> Result<u64> {
    const SQL: &str = "UPDATE open_field SET user_id = NULL, user_name = NULL, user_kind = NULL \
        WHERE wiki = ? AND revid IN (IDS) AND user_name IS NOT NULL";
    let ids: Vec<u64> = revids.iter().map(|id| id.0).collect();
    let before = [Value::from(&tx.fence().wiki)];
    bulk::run(tx.conn(), "erasing names in what differs", SQL, &before, &ids, &[]).await
}
