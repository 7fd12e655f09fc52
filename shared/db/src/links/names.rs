//! Names and their numbers: wikis, editors, hosts.
//!
//! A number is given out before the rows that use it are stored, in a statement of its own, and only for names that
//! are missing: `INSERT … ON DUPLICATE KEY` would burn a number for every row tried. A name whose rows were rolled
//! back does no harm. Missing names are inserted in the order of their bytes, so that two processes that meet wait for
//! each other and never deadlock. <https://mariadb.com/kb/en/auto_increment-handling-in-innodb/>

use super::since::{self, Since};
use super::values::{Cells, Values};
use crate::connect::{Conn, Db};
use crate::error::{Error, Result};
use crate::session::{Fields, FromFields, One};
use lru::LruCache;
use mysql_async::params;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wikicrew_core::addition::RevisionLinks;
use wikicrew_core::types::Timestamp;

/// Numbers by key: a name, or number of the realm (two bytes, big end first) and name. Of editors see [`editor_of`].
pub(super) type Numbers = HashMap<Box<[u8]>, u64>;

/// An editor's number and its kind as stored, which both stand in one number: whoever came first said the kind.
pub(super) fn editor_of(number: u64) -> (u32, u8) {
    (number as u32, (number >> 32) as u8)
}

/// Wikis by their keys.
pub(super) type Wikis = HashMap<Box<[u8]>, Wiki>;

/// Numbers the [`Names`] of this process.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// The numbers that one process remembers, the latest used of them. Nothing in here is needed: what is forgotten is
/// read again. That happens when names were removed, and with each new connection, which may be one to a server that
/// has lost the last names and given their numbers to others.
pub struct Names {
    /// What the connection they were read on has in `@link_names`; any other has something else there.
    mark: u64,
    wikis: LruCache<Box<[u8]>, Wiki>,
    editors: LruCache<Box<[u8]>, u64>,
    hosts: LruCache<Box<[u8]>, u64>,
    /// When names had last been removed before these were read, see [`super::since`]; `None` before the first reading.
    removed: Option<Timestamp>,
}

/// A wiki as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wiki {
    pub id: u16,
    pub realm: u16,
    /// Name of the realm.
    pub family: Arc<[u8]>,
    /// Whether its database's name is stored.
    pub has_dbname: bool,
}

impl Names {
    /// Remembers so many editors and so many hosts; about 150 bytes each.
    pub fn new(capacity: NonZeroUsize) -> Self {
        Self {
            mark: NEXT.fetch_add(1, Ordering::Relaxed),
            wikis: LruCache::new(capacity),
            editors: LruCache::new(capacity),
            hosts: LruCache::new(capacity),
            removed: None,
        }
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        self.wikis.clear();
        self.editors.clear();
        self.hosts.clear();
        self.removed = None;
    }

    /// Whether all of these were read on this very connection and no name was removed since.
    pub(super) async fn hold(&self, conn: &mut Conn, since: &Since) -> Result<bool> {
        const SQL: &str = "SELECT @link_names AS value";
        const WHAT: &str = "asking whether the numbers of names are this connection's";
        if self.removed != Some(since.names) {
            return Ok(false);
        }
        let One(mark) = conn.one::<One<Option<u64>>>(WHAT, SQL, ()).await?;
        Ok(mark == Some(self.mark))
    }

    /// The wikis of the revisions, as far as they are stored.
    pub(super) async fn known_wikis(&mut self, db: &Db, batch: &[&RevisionLinks]) -> Result<Wikis> {
        let (mut there, mut asked) = (HashMap::new(), Values::default());
        let keys: BTreeMap<&[u8], ()> = batch.iter().map(|rev| (rev.wiki.as_bytes(), ())).collect();
        for key in keys.into_keys() {
            match self.wikis.get(key) {
                Some(wiki) => {
                    there.insert(key.into(), wiki.clone());
                }
                None => asked.row(|row| {
                    row.bytes(key);
                }),
            }
        }
        if asked.is_empty() && self.removed.is_some() {
            return Ok(there);
        }
        let (removed, read) = db
            .read(async |work| {
                let removed = match self.removed {
                    Some(removed) => Some(removed),
                    None => {
                        let mark = format!("SET @link_names = {}", self.mark);
                        work.plain("beginning to read the numbers of names", &mark).await?;
                        since::get(work).await?.map(|since| since.names)
                    }
                };
                Ok((removed, read_wikis(work, &asked).await?))
            })
            .await?;
        self.removed = removed;
        for StoredWiki { name, wiki } in read {
            self.wikis.put(name.clone(), wiki.clone());
            there.insert(name, wiki);
        }
        Ok(there)
    }

    /// All wikis of the revisions; what was missing is stored. A wiki stays in the realm that it was first stored
    /// with: its editors are numbered there.
    pub(super) async fn wikis(&mut self, db: &Db, batch: &[&RevisionLinks]) -> Result<Wikis> {
        let mut there = self.known_wikis(db, batch).await?;
        let mut missing: BTreeMap<&[u8], &RevisionLinks> = BTreeMap::new();
        for rev in batch {
            let tells_more = match there.get(rev.wiki.as_bytes()) {
                None => true,
                Some(wiki) => !wiki.has_dbname && !rev.dbname.is_empty(),
            };
            if tells_more {
                let told = missing.entry(rev.wiki.as_bytes()).or_insert(rev);
                if told.dbname.is_empty() {
                    *told = rev;
                }
            }
        }
        if missing.is_empty() {
            return Ok(there);
        }
        let mut asked = Values::default();
        for key in missing.keys() {
            asked.row(|row| {
                row.bytes(key);
            });
        }
        let read = db
            .read(async |work| {
                store_wikis(work, &missing).await?;
                read_wikis(work, &asked).await
            })
            .await?;
        for StoredWiki { name, wiki } in read {
            self.wikis.put(name.clone(), wiki.clone());
            there.insert(name, wiki);
        }
        Ok(there)
    }

    /// Numbers of editors: realm and name to kind and address.
    pub(super) async fn editors(&mut self, db: &Db, names: &BTreeMap<Box<[u8]>, NewEditor>) -> Result<Numbers> {
        intern(db, &mut self.editors, &EDITORS, names).await
    }

    /// Numbers of hosts.
    pub(super) async fn hosts(&mut self, db: &Db, names: &BTreeMap<Box<[u8]>, NewHost>) -> Result<Numbers> {
        intern(db, &mut self.hosts, &HOSTS, names).await
    }
}

struct StoredWiki {
    name: Box<[u8]>,
    wiki: Wiki,
}

impl FromFields for StoredWiki {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            name: fields.get::<Vec<u8>>("name")?.into(),
            wiki: Wiki {
                id: fields.get("wiki_id")?,
                realm: fields.get("realm_id")?,
                family: fields.get::<Vec<u8>>("family")?.into(),
                has_dbname: fields.get("has_dbname")?,
            },
        })
    }
}

async fn read_wikis(conn: &mut Conn, asked: &Values) -> Result<Vec<StoredWiki>> {
    let mut read = Vec::new();
    for slice in asked.slices() {
        // Handler reads: two per wiki.
        let sql = format!(
            "WITH asked (k) AS (VALUES {slice}) SELECT STRAIGHT_JOIN wiki.name, wiki_id, realm_id, \
             realm.name AS family, dbname <> '' AS has_dbname FROM asked \
             JOIN wiki FORCE INDEX (by_name) ON wiki.name = k JOIN realm FORCE INDEX (PRIMARY) USING (realm_id)"
        );
        read.extend(conn.plain_rows("reading the numbers of wikis", &sql).await?);
    }
    Ok(read)
}

/// Wikis and their realms, of which there are few: one by one, and each statement by itself.
async fn store_wikis(conn: &mut Conn, missing: &BTreeMap<&[u8], &RevisionLinks>) -> Result<()> {
    const REALM: &str = "SELECT realm_id AS value FROM realm WHERE name = :name";
    const NEW_REALM: &str = "INSERT IGNORE INTO realm (name) VALUES (:name)";
    const THERE: &str = "SELECT wiki_id AS value FROM wiki WHERE name = :name";
    const NEW_WIKI: &str = "INSERT IGNORE INTO wiki (realm_id, name, dbname) VALUES (:realm, :name, :dbname)";
    const DBNAME: &str = "UPDATE wiki SET dbname = :dbname WHERE name = :name AND dbname = ''";
    const WHAT: &str = "storing a wiki's name";
    for (key, rev) in missing {
        if conn
            .first::<One<u16>>(WHAT, THERE, params! { "name" => *key })
            .await?
            .is_some()
        {
            if !rev.dbname.is_empty() {
                conn.run(WHAT, DBNAME, params! { "dbname" => &rev.dbname, "name" => *key })
                    .await?;
            }
            continue;
        }
        let realm = || params! { "name" => rev.realm.as_bytes() };
        let mut found = conn.first::<One<u16>>(WHAT, REALM, realm()).await?;
        if found.is_none() {
            conn.run(WHAT, NEW_REALM, realm()).await?;
            found = conn.first::<One<u16>>(WHAT, REALM, realm()).await?;
        }
        let One(realm) = found.ok_or_else(|| not_there("realm"))?;
        conn.run(
            WHAT,
            NEW_WIKI,
            params! { "realm" => realm, "name" => *key, "dbname" => &rev.dbname },
        )
        .await?;
    }
    Ok(())
}

/// What a new row of `editor` has besides its key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct NewEditor {
    /// 1 named, 2 temporary, 3 address.
    pub kind: u8,
    /// 4 or 16 bytes.
    pub ip: Option<Box<[u8]>>,
}

/// A new row of `host` has nothing but its name.
pub(super) struct NewHost;

/// A table of names.
struct Table<N> {
    what: &'static str,
    /// Ends in `FROM asked`; gives `k` and `id`.
    select: &'static str,
    /// Columns of `asked`.
    columns: &'static str,
    asked: fn(&mut Cells<'_>, &[u8]),
    insert: &'static str,
    new: fn(&mut Cells<'_>, &[u8], &N),
}

static HOSTS: Table<NewHost> = Table {
    what: "numbering hosts",
    // Handler reads: one per name.
    select: "SELECT STRAIGHT_JOIN k, host_id AS id FROM asked JOIN host FORCE INDEX (by_rhost) ON rhost = k",
    columns: "k",
    asked: |row, key| {
        row.bytes(key);
    },
    insert: "INSERT IGNORE INTO host (rhost)",
    new: |row, key, _| {
        row.bytes(key);
    },
};

static EDITORS: Table<NewEditor> = Table {
    what: "numbering editors",
    // Handler reads: one per name.
    select: "SELECT STRAIGHT_JOIN CONCAT(CHAR(r DIV 256, r MOD 256), k) AS k, (kind << 32) | editor_id AS id \
        FROM asked JOIN editor FORCE INDEX (by_name) ON realm_id = r AND name = k",
    columns: "r, k",
    asked: |row, key| {
        let (realm, name) = parts(key);
        row.number(realm).bytes(name);
    },
    insert: "INSERT IGNORE INTO editor (realm_id, kind, name, ip)",
    new: |row, key, new| {
        let (realm, name) = parts(key);
        row.number(realm)
            .number(new.kind)
            .bytes(name)
            .bytes_opt(new.ip.as_deref());
    },
};

/// The key of an editor.
pub(super) fn editor_key(realm: u16, name: &str) -> Box<[u8]> {
    let mut key = realm.to_be_bytes().to_vec();
    key.extend_from_slice(name.as_bytes());
    key.into()
}

fn parts(key: &[u8]) -> (u16, &[u8]) {
    match key {
        [high, low, name @ ..] => (u16::from_be_bytes([*high, *low]), name),
        _ => (0, key),
    }
}

struct Numbered {
    key: Box<[u8]>,
    id: u64,
}

impl FromFields for Numbered {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        Ok(Self {
            key: fields.get::<Vec<u8>>("k")?.into(),
            id: fields.get("id")?,
        })
    }
}

/// The numbers of all names: remembered, read, or given out now.
async fn intern<N>(
    db: &Db,
    cache: &mut LruCache<Box<[u8]>, u64>,
    table: &Table<N>,
    names: &BTreeMap<Box<[u8]>, N>,
) -> Result<Numbers> {
    let mut numbers = Numbers::with_capacity(names.len());
    for key in names.keys() {
        if let Some(id) = cache.get(key) {
            numbers.insert(key.clone(), *id);
        }
    }
    if numbers.len() < names.len() {
        let remembered = numbers.len();
        let found = db
            .read(async |work| {
                let mut numbers = numbers.clone();
                read(work, table, names, &mut numbers).await?;
                if numbers.len() < names.len() {
                    insert(work, table, names, &numbers).await?;
                    read(work, table, names, &mut numbers).await?;
                }
                Ok(numbers)
            })
            .await?;
        numbers = found;
        tracing::trace!(what = table.what, names = names.len(), remembered, "names have numbers");
        if numbers.len() < names.len() {
            return Err(not_there(table.what));
        }
    }
    for (key, id) in &numbers {
        cache.put(key.clone(), *id);
    }
    Ok(numbers)
}

/// Adds what is stored of those that are not in `numbers` yet.
async fn read<N>(
    conn: &mut Conn,
    table: &Table<N>,
    names: &BTreeMap<Box<[u8]>, N>,
    numbers: &mut Numbers,
) -> Result<()> {
    let mut asked = Values::default();
    for key in names.keys().filter(|key| !numbers.contains_key(*key)) {
        asked.row(|row| (table.asked)(row, key));
    }
    for slice in asked.slices() {
        let sql = format!("WITH asked ({}) AS (VALUES {slice}) {}", table.columns, table.select);
        for Numbered { key, id } in conn.plain_rows(table.what, &sql).await? {
            numbers.insert(key, id);
        }
    }
    Ok(())
}

async fn insert<N>(conn: &mut Conn, table: &Table<N>, names: &BTreeMap<Box<[u8]>, N>, numbers: &Numbers) -> Result<()> {
    let mut new = Values::default();
    for (key, name) in names.iter().filter(|(key, _)| !numbers.contains_key(*key)) {
        new.row(|row| (table.new)(row, key, name));
    }
    for slice in new.slices() {
        conn.plain(table.what, &format!("{} VALUES {slice}", table.insert))
            .await?;
    }
    Ok(())
}

fn not_there(what: &'static str) -> Error {
    Error::BadRow {
        what: "numbering names",
        column: what.to_owned(),
        why: "a name that was just stored cannot be read back; was it changed by hand?".into(),
    }
}
