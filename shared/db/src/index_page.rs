//! Up to which revision an index page was read, and who wrote its lines.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at};
use crate::transaction::FencedTx;
use mysql_async::params;
use wikicrew_core::types::{RevId, Timestamp};

/// How far an index page was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexPage {
    /// The revision whose lines are stored.
    pub revid: RevId,
    /// When it was looked at last.
    pub checked_at: Timestamp,
    /// Who wrote which line, in whatever form the caller gave it.
    pub blame: Option<Vec<u8>>,
}

impl FromFields for IndexPage {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            revid: RevId(f.get("revid")?),
            checked_at: f.time("checked_at")?,
            blame: f.get("blame")?,
        })
    }
}

/// What is known of an index page; `None`: never read.
pub async fn get(
    session: &mut impl Session,
    wiki: &str,
    box_name: &str,
    index_title: &str,
) -> Result<Option<IndexPage>> {
    const SQL: &str = "SELECT revid, checked_at, blame FROM index_page \
        WHERE wiki = :wiki AND box = :box AND index_title = :index_title";
    session
        .conn()
        .first(
            "reading how far an index was read",
            SQL,
            params! { "wiki" => wiki, "box" => box_name, "index_title" => index_title },
        )
        .await
}

/// Stores it; belongs into the transaction of [`crate::index_line::replace_all`].
pub async fn put(tx: &mut FencedTx<'_>, box_name: &str, index_title: &str, page: &IndexPage) -> Result<()> {
    const SQL: &str = "INSERT INTO index_page (wiki, box, index_title, revid, checked_at, blame) \
        VALUES (:wiki, :box, :index_title, :revid, :checked_at, :blame) \
        ON DUPLICATE KEY UPDATE revid = VALUES(revid), checked_at = VALUES(checked_at), blame = VALUES(blame)";
    let (conn, fence) = tx.parts();
    conn.run(
        "storing how far an index was read",
        SQL,
        params! {
            "wiki" => &fence.wiki, "box" => box_name, "index_title" => index_title,
            "revid" => page.revid.0, "checked_at" => at(page.checked_at), "blame" => page.blame.as_deref(),
        },
    )
    .await?;
    Ok(())
}
