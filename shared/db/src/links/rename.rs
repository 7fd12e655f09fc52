//! Accounts that have another name now: what is stored under the old one goes to the new one, and the old name goes.
//!
//! A name whose owner gave it up must not stand on any page for longer than it takes to notice. Names are numbered per
//! family of wikis, so an account has one number in all of them. Somebody may have added links under the new name
//! already: then there are two numbers, and rows and counters of the first become those of the second, a slice per
//! transaction. Where it is cut off, the next call goes on; until then the old name holds what is not moved yet.
//! Temporary accounts and addresses are nobody's for ever, and are never merged.

use super::moving;
use super::since;
use crate::connect::Db;
use crate::error::Result;
use crate::lease::Fence;
use crate::memo;
use crate::session::{Fields, FromFields, One, Session};
use crate::transaction::FencedTx;
use mysql_async::params;
use std::collections::BTreeMap;
use wikicrew_core::types::{Timestamp, UserId};

const WHAT: &str = "giving a renamed account's links to its new name";

/// Name of the memo of the account that was begun with: its number, and that of its new name.
const BEGUN: &str = "rename.begun";

/// Kind of an account.
const NAMED: u8 = 1;

/// What came of a rename.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Renamed {
    /// The number is the same, the name is the new one.
    Name,
    /// Everything belongs to this number of the new name; the old number is gone.
    Merged(u32),
    /// `goes_on` said no before all was moved: the next call for the same account, or [`finish`], goes on.
    Begun(u32),
    /// It has this name already.
    Already,
    /// Nothing was done: the number is not there (any more), or that of no account, or another account's.
    Unknown,
    /// Nothing was done: that cannot be the name of an account, or what has it is none.
    Unfit,
}

/// What is stored of a name.
struct Editor {
    id: u32,
    realm: u16,
    kind: u8,
    name: Vec<u8>,
}

impl FromFields for Editor {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("editor_id")?,
            realm: f.get("realm_id")?,
            kind: f.get("kind")?,
            name: f.get("name")?,
        })
    }
}

/// Records that an account has another name: `editor_id` is the number it is stored with, and `user_id` the account on
/// the `wiki` (its number) that says so: the two must belong together, by [`super::questions::lookup::accounts`].
/// `goes_on` is asked between two transactions of at most some 5,000 rows of each table. Refused in a dry run. What
/// another call of the same job and wiki began with is finished first.
pub async fn renamed(
    db: &Db,
    fence: &Fence,
    now: Timestamp,
    (editor_id, wiki, user_id): (u32, u16, UserId),
    new_name: &str,
    mut goes_on: impl FnMut() -> bool,
) -> Result<Renamed> {
    if new_name.is_empty() || new_name.len() > 255 || new_name.parse::<std::net::IpAddr>().is_ok() {
        return Ok(Renamed::Unfit);
    }
    if !finish(db, fence, now, &mut goes_on).await? {
        return Ok(Renamed::Begun(editor_id));
    }
    let first = db
        .fenced(fence, WHAT, async |tx| {
            begin(tx, now, editor_id, wiki, user_id, new_name).await
        })
        .await?;
    let Renamed::Begun(to) = first else {
        return Ok(first);
    };
    Ok(match finish(db, fence, now, &mut goes_on).await? {
        true => Renamed::Merged(to),
        false => Renamed::Begun(to),
    })
}

/// Moves what is left of an account that was begun with; whether nothing is left. To be called now and then, such as at
/// the beginning of a run.
pub async fn finish(db: &Db, fence: &Fence, now: Timestamp, goes_on: &mut impl FnMut() -> bool) -> Result<bool> {
    loop {
        let begun = db
            .read(async |work| memo::get(work, &fence.job, &fence.wiki, BEGUN).await)
            .await?;
        if begun.is_none_or(|memo| memo.value.is_empty()) {
            return Ok(true);
        }
        if !goes_on() {
            return Ok(false);
        }
        db.fenced(fence, WHAT, async |tx| slice(tx, now).await).await?;
    }
}

/// Changes the name, or notes what is to be moved.
async fn begin(
    tx: &mut FencedTx<'_>,
    now: Timestamp,
    editor_id: u32,
    wiki: u16,
    user_id: UserId,
    new_name: &str,
) -> Result<Renamed> {
    // Handler reads: 2, by primary keys.
    const HELD: &str = "SELECT e.editor_id, e.realm_id, e.kind, e.name FROM editor_wiki w \
        JOIN editor e ON e.editor_id = w.editor_id \
        WHERE w.editor_id = :id AND w.wiki_id = :wiki AND w.user_id = :user AND w.user_id > 0 FOR UPDATE";
    // IGNORE: the name may be numbered by somebody else meanwhile, and then it is there.
    const NAME: &str = "UPDATE IGNORE editor SET name = :name WHERE editor_id = :id";
    since::shut(tx).await?;
    let account = params! { "id" => editor_id, "wiki" => wiki, "user" => user_id.0 };
    let held: Option<Editor> = tx.conn().first(WHAT, HELD, account).await?;
    let Some(old) = held.filter(|old| old.kind == NAMED) else {
        return Ok(Renamed::Unknown);
    };
    if old.name == new_name.as_bytes() {
        return Ok(Renamed::Already);
    }
    if named(tx, old.realm, new_name).await?.is_none() {
        let set = params! { "name" => new_name, "id" => old.id };
        if tx.conn().run(WHAT, NAME, set).await?.affected == 1 {
            since::void_names(tx, now).await?;
            return Ok(Renamed::Name);
        }
    }
    match named(tx, old.realm, new_name).await? {
        Some(new) if new.kind == NAMED => {
            memo::set(tx, BEGUN, &format!("{} {}", old.id, new.id), now).await?;
            Ok(Renamed::Begun(new.id))
        }
        _ => Ok(Renamed::Unfit),
    }
}

async fn named(tx: &mut FencedTx<'_>, realm: u16, name: &str) -> Result<Option<Editor>> {
    // Handler reads: 1.
    const SQL: &str = "SELECT editor_id, realm_id, kind, name FROM editor WHERE realm_id = :realm AND name = :name";
    let of = params! { "realm" => realm, "name" => name };
    tx.conn().first(WHAT, SQL, of).await
}

/// One slice of what was begun with; after the last one the old name is gone.
async fn slice(tx: &mut FencedTx<'_>, now: Timestamp) -> Result<()> {
    // Who removes names may have taken one of them since: then nothing has its number.
    const HELD: &str = "SELECT COUNT(*) AS value FROM editor WHERE editor_id IN (:from, :to)";
    const GONE: &str = "DELETE FROM editor WHERE editor_id = :from";
    since::shut(tx).await?;
    // Read under the lock: a commit without an answer may have done it already.
    let (job, wiki) = (tx.fence().job.clone(), tx.fence().wiki.clone());
    let begun = memo::get(tx, &job, &wiki, BEGUN).await?.unwrap_or_else(|| memo::Memo {
        value: String::new(),
        updated: now,
    });
    let numbers: Vec<u64> = begun.value.split(' ').filter_map(|id| id.parse().ok()).collect();
    if let &[from, to] = &numbers[..] {
        let both = params! { "from" => from, "to" => to };
        let One(there): One<u64> = tx.conn().one(WHAT, HELD, both).await?;
        if there == 2 {
            if !moving::some(tx.conn(), WHAT, &BTreeMap::from([(from, to)]), NAMED)
                .await?
                .is_all
            {
                return Ok(());
            }
            since::void_names(tx, now).await?;
            tx.conn().run(WHAT, GONE, params! { "from" => from }).await?;
        }
    }
    memo::set(tx, BEGUN, "", now).await
}
