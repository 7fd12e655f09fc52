//! From names to numbers and back: editors, hosts, wikis.

use crate::bulk;
use crate::error::Result;
use crate::links::host_ip;
use crate::links::questions::slices::{self, Slots};
use crate::session::{Fields, FromFields, Session};
use mysql_async::{Value, params};
use std::collections::HashMap;
use std::net::IpAddr;
use wikicrew_core::types::{RevId, UserId};

/// What kind of editor a name is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// An account.
    Named,
    /// A temporary account.
    Temporary,
    /// An IP address.
    Address,
    /// A range of addresses that were too old to be kept singly.
    Range,
}

impl Kind {
    /// From the column `kind`.
    pub(crate) fn read(f: &mut Fields, column: &str) -> Result<Self> {
        match f.get::<u8>(column)? {
            1 => Ok(Self::Named),
            2 => Ok(Self::Temporary),
            3 => Ok(Self::Address),
            4 => Ok(Self::Range),
            other => Err(f.bad(column, format!("unknown kind of editor {other}"))),
        }
    }

    /// Whether there is no lasting account: an address, a range, or a temporary account.
    #[must_use]
    pub const fn is_unnamed(self) -> bool {
        !matches!(self, Self::Named)
    }
}

/// An editor.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Editor {
    /// The number.
    pub id: u32,
    /// The family of wikis that share accounts: the same name in another one is somebody else.
    pub realm: String,
    /// What kind of name it is.
    pub kind: Kind,
    /// The name, spaces not underscores; an address in its usual form.
    pub name: String,
    /// Of an address; of a range the first address.
    pub ip: Option<IpAddr>,
}

impl FromFields for Editor {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        let ip = f.get::<Option<Vec<u8>>>("ip")?;
        Ok(Self {
            id: f.get("editor_id")?,
            realm: f.get("realm")?,
            kind: Kind::read(f, "kind")?,
            name: f.get("name")?,
            ip: ip.and_then(|bytes| host_ip::ip_of(&bytes)),
        })
    }
}

/// The name as it is stored, from what a person types or copies: `_` is a space, several are one, marks of the
/// direction of writing are dropped, and the first letter is a capital one.
#[must_use]
pub fn stored_name(typed: &str) -> String {
    let is_mark = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}');
    let name = typed.replace('_', " ").replace(is_mark, "");
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut letters = name.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let mut upper = first.to_uppercase();
    // As MediaWiki does: a letter whose capital is two letters stays.
    let first = match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => first,
    };
    format!("{first}{}", letters.as_str())
}

/// The editors with this stored name (see [`stored_name`]), one per realm at most; only of `realm` where it is given.
pub async fn editors_named(session: &mut impl Session, name: &str, realm: Option<&str>) -> Result<Vec<Editor>> {
    // Handler reads: the realms (as many as there are families of wikis), and one editor in each.
    const SQL: &str = "SELECT STRAIGHT_JOIN e.editor_id, r.name AS realm, e.kind, e.name, e.ip \
        FROM realm r JOIN editor e ON e.realm_id = r.realm_id AND e.name = :name \
        WHERE :realm IS NULL OR r.name = :realm ORDER BY e.editor_id";
    session
        .conn()
        .rows(
            "looking for an editor",
            SQL,
            params! { "name" => name, "realm" => realm },
        )
        .await
}

/// The editors with these numbers, by number.
pub async fn editors(session: &mut impl Session, ids: &[u32]) -> Result<Vec<Editor>> {
    // Handler reads: 2 per id.
    const SQL: &str = "SELECT STRAIGHT_JOIN e.editor_id, r.name AS realm, e.kind, e.name, e.ip \
        FROM editor e JOIN realm r ON r.realm_id = e.realm_id WHERE e.editor_id IN (LIST) ORDER BY e.editor_id";
    slices::select(session.conn(), "reading editors", SQL, &[], numbers(ids), &[]).await
}

/// The addresses and cut ranges from `first` to `last` that added links, by address, at most `limit`. Both ends must
/// be of the same family, or nothing is found.
pub async fn editors_in_range(
    session: &mut impl Session,
    first: IpAddr,
    last: IpAddr,
    limit: u32,
) -> Result<Vec<Editor>> {
    // Handler reads: 3 × limit; the other family's addresses that begin with the same bytes come on top.
    const SQL: &str = "SELECT STRAIGHT_JOIN e.editor_id, r.name AS realm, e.kind, e.name, e.ip FROM \
        (SELECT editor_id, realm_id, kind, name, ip FROM editor \
        WHERE ip BETWEEN :first AND :last AND LENGTH(ip) = :bytes ORDER BY ip, editor_id LIMIT :limit) e \
        JOIN realm r ON r.realm_id = e.realm_id ORDER BY e.ip, e.editor_id";
    let (first, last) = (host_ip::to_bytes(first), host_ip::to_bytes(last));
    if first.len() != last.len() {
        return Ok(Vec::new());
    }
    let bytes = first.len();
    session
        .conn()
        .rows(
            "looking for the addresses of a range",
            SQL,
            params! { "first" => first, "last" => last, "bytes" => bytes, "limit" => limit },
        )
        .await
}

/// An editor's account on a wiki.
struct Account {
    of: (u32, u16),
    user_id: UserId,
}

impl FromFields for Account {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            of: (f.get("editor_id")?, f.get("wiki_id")?),
            user_id: UserId(f.get("user_id")?),
        })
    }
}

/// The accounts of editors on wikis, by editor and wiki: a rename does not change them. Those that are not known, and
/// addresses, are left out.
pub async fn accounts(session: &mut impl Session, of: &[(u32, u16)]) -> Result<HashMap<(u32, u16), UserId>> {
    // Handler reads: 1 per pair.
    const SQL: &str = "SELECT editor_id, wiki_id, user_id FROM editor_wiki \
        WHERE (editor_id, wiki_id) IN (LIST) AND user_id > 0";
    let pairs = Slots::pairs(of.iter().map(|&(editor, wiki)| (editor, u32::from(wiki))));
    let found: Vec<Account> = slices::select(session.conn(), "reading accounts", SQL, &[], pairs, &[]).await?;
    Ok(found.into_iter().map(|one| (one.of, one.user_id)).collect())
}

/// Who made a revision, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    /// The revision.
    pub rev: RevId,
    /// Number of its wiki.
    pub wiki_id: u16,
    /// Number of the editor.
    pub editor_id: u32,
    /// The name, which may be a former one.
    pub name: String,
}

impl FromFields for Author {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            rev: RevId(f.get("rev_id")?),
            wiki_id: f.get("wiki_id")?,
            editor_id: f.get("editor_id")?,
            name: f.get("name")?,
        })
    }
}

/// The accounts that made these revisions of a wiki (its key), as far as they added links; by revision.
pub async fn authors(session: &mut impl Session, wiki: &str, revs: &[RevId]) -> Result<Vec<Author>> {
    // Handler reads: of each revision its rows and one in each month, and their editors.
    const SQL: &str = "SELECT STRAIGHT_JOIN DISTINCT a.rev_id, a.wiki_id, a.editor_id, e.name \
        FROM wiki w JOIN link_addition a ON a.wiki_id = w.wiki_id JOIN editor e ON e.editor_id = a.editor_id \
        WHERE w.name = ? AND a.rev_id IN (IDS) AND e.kind = 1 ORDER BY a.rev_id, a.editor_id";
    let revs: Vec<u64> = revs.iter().map(|rev| rev.0).collect();
    let what = "reading who made revisions";
    bulk::select(session.conn(), what, SQL, &[Value::from(wiki)], &revs, &[]).await
}

/// A host, or a host with a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Host {
    /// The number.
    pub id: u32,
    /// Its key as stored, `com.example.shop.`: see [`wikicrew_core::link::Key::from_stored`].
    pub stored_key: String,
}

impl FromFields for Host {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("host_id")?,
            stored_key: f.get("rhost")?,
        })
    }
}

/// The hosts with these stored keys, in no order; keys that nobody added are left out.
pub async fn hosts_by_key(session: &mut impl Session, stored_keys: &[String]) -> Result<Vec<Host>> {
    // Handler reads: 1 per key.
    const SQL: &str = "SELECT host_id, rhost FROM host WHERE rhost IN (LIST)";
    let keys = Slots::of(stored_keys.iter().map(|key| Value::from(key.as_str())));
    slices::select(session.conn(), "looking for hosts", SQL, &[], keys, &[]).await
}

/// The hosts with these numbers, in no order.
pub async fn hosts(session: &mut impl Session, ids: &[u32]) -> Result<Vec<Host>> {
    // Handler reads: 1 per id.
    const SQL: &str = "SELECT host_id, rhost FROM host WHERE host_id IN (LIST)";
    slices::select(session.conn(), "reading hosts", SQL, &[], numbers(ids), &[]).await
}

/// The hosts whose stored keys are in a half-open range, as [`wikicrew_core::link::Key::with_subdomains`] gives it, by
/// key, at most `limit`. The next ones: from the last key that came and `\0`.
pub async fn hosts_between(session: &mut impl Session, from: &str, to: &str, limit: u32) -> Result<Vec<Host>> {
    // Handler reads: limit.
    const SQL: &str =
        "SELECT host_id, rhost FROM host WHERE rhost >= :from AND rhost < :to ORDER BY rhost LIMIT :limit";
    session
        .conn()
        .rows(
            "looking for the hosts of a domain",
            SQL,
            params! { "from" => from, "to" => to, "limit" => limit },
        )
        .await
}

/// A wiki.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wiki {
    /// The number.
    pub id: u16,
    /// Host and script path, as `en.wikipedia.org/w`.
    pub name: String,
    /// What its database is called; may be empty.
    pub dbname: String,
    /// The family of wikis that share accounts.
    pub realm: String,
}

impl FromFields for Wiki {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("wiki_id")?,
            name: f.get("name")?,
            dbname: f.get("dbname")?,
            realm: f.get("realm")?,
        })
    }
}

/// All wikis, by number.
pub async fn wikis(session: &mut impl Session) -> Result<Vec<Wiki>> {
    // Handler reads: 3 per wiki, of which there are some hundreds.
    const SQL: &str = "SELECT STRAIGHT_JOIN w.wiki_id, w.name, w.dbname, r.name AS realm \
        FROM wiki w JOIN realm r ON r.realm_id = w.realm_id ORDER BY w.wiki_id";
    session.conn().rows("reading the wikis", SQL, ()).await
}

/// Numbers as slots.
pub(crate) fn numbers(ids: &[u32]) -> Slots {
    Slots::of(ids.iter().map(|&id| Value::from(id)))
}
