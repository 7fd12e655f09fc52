//! What is taken out of hits again: what a wiki hides, what somebody asked for, and old names of users.

use crate::bulk;
use crate::connect::Db;
use crate::error::Result;
use crate::session::{Fields, FromFields, One, Session};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use std::collections::BTreeSet;
use wikicrew_core::types::{RevId, UserId};

/// Rows that one transaction changes.
const SLICE: u32 = 1_000;

/// What of an edit the wiki hides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hide {
    /// Its author.
    User,
    /// Its text, so the links.
    Text,
    /// Both, or the page is deleted.
    All,
}

struct Line(Vec<u8>);

impl FromFields for Line {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        f.get("line_key").map(Line)
    }
}

const USER: &str = "user_id = NULL, user_name = NULL, user_kind = NULL, user_ip = NULL, fades = NULL, user_hidden = 1";
/// What matched may quote the link.
const LINK: &str = "string = IF(subject = 'link', NULL, string), rhost = NULL, matched = NULL, url = NULL, \
    text_hidden = 1";
const PAGE: &str = "string = NULL, rhost = NULL, matched = NULL, url = NULL, title = NULL, text_hidden = 1";

/// Erases what the wiki hides of these edits, on every home; lines that nothing is left to name for lose name or thing
/// too, and all of them are to be written anew at once. How many hits changed.
pub async fn hide(tx: &mut FencedTx<'_>, wiki: &str, revs: &[RevId], what: Hide) -> Result<u64> {
    const WHAT: &str = "erasing what a wiki hides of hits";
    let (set, only) = match what {
        Hide::User => (USER.to_owned(), "user_hidden = 0"),
        Hide::Text => (LINK.to_owned(), "text_hidden = 0"),
        Hide::All => (
            format!("{USER}, {PAGE}"),
            "(user_hidden = 0 OR text_hidden = 0 OR title IS NOT NULL)",
        ),
    };
    let mut ids: Vec<u64> = revs.iter().map(|rev| rev.0).collect();
    ids.sort_unstable();
    let place = [Value::from(wiki)];
    let asked = format!("SELECT DISTINCT line_key FROM hit WHERE wiki = ? AND rev_id IN (IDS) AND {only}");
    let lines: Vec<Line> = bulk::select(tx.conn(), WHAT, &asked, &place, &ids, &[]).await?;
    let update = format!("UPDATE hit SET {set} WHERE wiki = ? AND rev_id IN (IDS) AND {only}");
    let changed = bulk::run(tx.conn(), WHAT, &update, &place, &ids, &[]).await?;
    let lines: BTreeSet<Vec<u8>> = lines.into_iter().map(|Line(key)| key).collect();
    hide_lines(tx, &lines).await?;
    Ok(changed)
}

/// Lines of which hits were hidden: what no hit names any more is erased.
async fn hide_lines(session: &mut impl Session, lines: &BTreeSet<Vec<u8>>) -> Result<()> {
    // A line keeps its name while a hit of it has one. Handler reads: the lines and their hits.
    const SQL: &str = "UPDATE hit_line l LEFT JOIN (SELECT line_key, MAX(user_name IS NOT NULL) AS named, \
        MAX(string IS NOT NULL) AS told FROM hit FORCE INDEX (by_line) WHERE line_key IN (KEYS) GROUP BY line_key) h \
        ON h.line_key = l.line_key SET \
        l.user_id = IF(h.named, l.user_id, NULL), l.user_kind = IF(h.named, l.user_kind, NULL), \
        l.fades = IF(h.named, l.fades, NULL), l.user_name = IF(h.named, l.user_name, NULL), \
        l.string = IF(h.told, l.string, NULL), \
        l.is_dirty = l.state <> 'gone', l.changed_at = NULL WHERE l.line_key IN (KEYS)";
    let lines: Vec<Value> = lines.iter().map(Value::from).collect();
    for some in lines.chunks(200) {
        let places = format!("({})", vec!["?"; some.len()].join(", "));
        let sql = SQL.replace("(KEYS)", &places);
        let values = [some, some].concat();
        session
            .conn()
            .run("erasing what is hidden of lines", &sql, values)
            .await?;
    }
    Ok(())
}

/// Hits by the account get its new name, also on lines, which are to be written anew; after a vanishing that is the name
/// that it has since. How many hits changed. Doing it again does the rest.
pub async fn rename(db: &Db, wiki: &str, id: UserId, name: &str) -> Result<u64> {
    const WHAT: &str = "renaming users in hits";
    const HITS: &str = "UPDATE hit SET user_name = :name WHERE wiki = :wiki AND user_id = :id AND user_name <> :name \
        LIMIT :limit";
    const LINES: &str = "UPDATE hit_line SET user_name = :name, is_dirty = IF(state = 'shown', 1, is_dirty), \
        changed_at = NULL WHERE wiki = :wiki AND user_id = :id AND user_name <> :name LIMIT :limit";
    // 0 is no account: every address has it.
    if id.0 == 0 {
        return Ok(0);
    }
    let mut changed = [0, 0];
    for (sql, changed) in [HITS, LINES].into_iter().zip(&mut changed) {
        loop {
            let done = db
                .transaction(WHAT, async |tx| {
                    let params = params! { "wiki" => wiki, "id" => id.0, "name" => name, "limit" => SLICE };
                    Ok(tx.conn().run(WHAT, sql, params).await?.affected)
                })
                .await?;
            *changed += done;
            if done < u64::from(SLICE) {
                break;
            }
        }
    }
    Ok(changed[0])
}

/// Whom or what somebody asked to be named nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Forget<'a> {
    /// A user, by account or by name.
    User(Option<UserId>, &'a str),
    /// A page, by its title with namespace.
    Page(&'a str),
    /// Links with stored keys from the first (included) to the last (not included).
    Links(&'a str, &'a str),
}

/// Erases it from the hits of a wiki, for every home. For commands by hand: no index is by name, so all hits are gone
/// through in slices of their numbers, each a short transaction beside a run that may be at work. How many changed.
pub async fn forget(db: &Db, wiki: &str, about: Forget<'_>) -> Result<u64> {
    const WHAT: &str = "erasing names from hits";
    const STEP: u64 = 5_000;
    let (set, filter, values) = match about {
        Forget::User(id, name) => {
            let id = id.filter(|id| id.0 != 0).map(|id| id.0);
            let values = [Value::from(name), Value::from(id)];
            (USER, "user_hidden = 0 AND (user_name = ? OR user_id = ?)", values)
        }
        Forget::Page(title) => {
            let filter = "(title = ? OR (subject = 'page' AND string = ?))";
            (PAGE, filter, [Value::from(title), Value::from(title)])
        }
        Forget::Links(first, end) => (LINK, "rhost >= ? AND rhost < ?", [Value::from(first), Value::from(end)]),
    };
    let last = db
        .read(async |work| {
            let sql = "SELECT COALESCE(MAX(id), 0) AS value FROM hit";
            work.conn().one::<One<u64>>(WHAT, sql, ()).await
        })
        .await?;
    // Handler reads: every hit, twice where one changes.
    let asked = format!("SELECT DISTINCT line_key FROM hit WHERE id > ? AND id <= ? AND wiki = ? AND {filter}");
    let update = format!("UPDATE hit SET {set} WHERE id > ? AND id <= ? AND wiki = ? AND {filter}");
    let (mut after, mut changed) = (0, 0);
    while after < last.0 {
        let mut place = vec![Value::from(after), Value::from(after + STEP), Value::from(wiki)];
        place.extend(values.iter().cloned());
        changed += db
            .transaction(WHAT, async |tx| {
                let lines: Vec<Line> = tx.conn().rows(WHAT, &asked, place.clone()).await?;
                if lines.is_empty() {
                    return Ok(0);
                }
                let changed = tx.conn().run(WHAT, &update, place.clone()).await?.affected;
                let lines = lines.into_iter().map(|Line(key)| key).collect();
                hide_lines(tx, &lines).await?;
                Ok(changed)
            })
            .await?;
        after += STEP;
    }
    Ok(changed)
}
