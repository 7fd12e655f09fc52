//! How much is stored, and how new it is. Whole tables are never counted: where a number is called *about*, it is the
//! server's own estimate. The sizes of the tables: [`crate::links::size`].

use crate::error::Result;
use crate::links::questions::lookup::{Kind, numbers};
use crate::links::questions::slices;
use crate::session::{Fields, FromFields, One, Session};
use mysql_async::params;
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// A month of the additions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
    /// Its partition.
    pub name: String,
    /// About so many rows.
    pub rows: u64,
    /// Bytes of data and indexes.
    pub bytes: u64,
}

impl FromFields for About {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            name: f.get("name")?,
            rows: f.get("n")?,
            bytes: f.get("bytes")?,
        })
    }
}

/// The months of the additions, oldest first, with about how many rows they have.
pub async fn months(session: &mut impl Session) -> Result<Vec<About>> {
    // Handler reads: one per partition.
    const SQL: &str = "SELECT PARTITION_NAME AS name, CAST(COALESCE(TABLE_ROWS, 0) AS UNSIGNED) AS n, \
        CAST(COALESCE(DATA_LENGTH + INDEX_LENGTH, 0) AS UNSIGNED) AS bytes FROM information_schema.PARTITIONS \
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'link_addition' ORDER BY PARTITION_ORDINAL_POSITION";
    session.conn().rows("asking how large the months are", SQL, ()).await
}

/// The newest revision of a wiki that added links.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewestRev {
    /// The wiki's number.
    pub wiki_id: u16,
    /// Its key, as `en.wikipedia.org/w`.
    pub wiki: String,
    /// The revision with the largest number; `None`: nothing is stored (any more).
    pub rev: Option<(RevId, Timestamp)>,
}

impl FromFields for NewestRev {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let (rev, ts) = (f.id_opt("rev_id", RevId)?, f.time_opt("ts")?);
        Ok(Self {
            wiki_id: f.get("wiki_id")?,
            wiki: f.get("name")?,
            rev: rev.zip(ts),
        })
    }
}

/// The newest revision of each wiki, by the wikis' numbers.
pub async fn newest_revs(session: &mut impl Session) -> Result<Vec<NewestRev>> {
    // Handler reads: 2 per wiki and partition. MAX(rev_id) would read the table: it takes no index of a partition.
    const SQL: &str = "SELECT w.wiki_id, w.name, \
        (SELECT l.rev_id FROM link_addition l FORCE INDEX (PRIMARY) WHERE l.wiki_id = w.wiki_id \
        ORDER BY l.rev_id DESC LIMIT 1) AS rev_id, \
        (SELECT l.ts FROM link_addition l FORCE INDEX (PRIMARY) WHERE l.wiki_id = w.wiki_id \
        ORDER BY l.rev_id DESC LIMIT 1) AS ts FROM wiki w ORDER BY w.wiki_id";
    session.conn().rows("asking for the newest revisions", SQL, ()).await
}

/// A revision with more links than are stored one by one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flood {
    /// The wiki's key.
    pub wiki: String,
    /// Its number.
    pub wiki_id: u16,
    /// The revision.
    pub rev: RevId,
    /// Its time.
    pub ts: Timestamp,
    /// The page.
    pub page_id: PageId,
    /// Who made the edit.
    pub editor_id: u32,
    /// The name.
    pub editor: String,
    /// What kind of name.
    pub kind: Kind,
    /// How many links it added.
    pub links: u32,
    /// To how many hosts.
    pub hosts: u32,
}

impl FromFields for Flood {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            wiki: f.get("wiki")?,
            wiki_id: f.get("wiki_id")?,
            rev: RevId(f.get("rev_id")?),
            ts: f.time("ts")?,
            page_id: PageId(f.get("page_id")?),
            editor_id: f.get("editor_id")?,
            editor: f.get("editor")?,
            kind: Kind::read(f, "kind")?,
            links: f.get("links")?,
            hosts: f.get("hosts")?,
        })
    }
}

/// The newest floods, newest first, at most `limit`.
pub async fn floods(session: &mut impl Session, limit: u32) -> Result<Vec<Flood>> {
    // Handler reads: 5 × limit.
    const SQL: &str = "SELECT STRAIGHT_JOIN l.*, w.name AS wiki, e.name AS editor, e.kind FROM \
        (SELECT * FROM link_flood FORCE INDEX (by_time) ORDER BY ts DESC, wiki_id DESC, rev_id DESC LIMIT :limit) l \
        JOIN wiki w ON w.wiki_id = l.wiki_id JOIN editor e ON e.editor_id = l.editor_id \
        ORDER BY l.ts DESC, l.wiki_id DESC, l.rev_id DESC";
    session
        .conn()
        .rows("reading the newest floods", SQL, params! { "limit" => limit })
        .await
}

/// How many rows of these hosts a revert brought back that count as no additions.
pub async fn restored_of_hosts(session: &mut impl Session, host_ids: &[u32]) -> Result<u64> {
    // Handler reads: what is counted.
    const SQL: &str = "SELECT COUNT(*) AS value FROM link_restored FORCE INDEX (by_pair) WHERE host_id IN (LIST)";
    let rows: Vec<One<u64>> = slices::select(
        session.conn(),
        "counting what reverts brought back",
        SQL,
        &[],
        numbers(host_ids),
        &[],
    )
    .await?;
    Ok(rows.iter().map(|one| one.0).sum())
}
