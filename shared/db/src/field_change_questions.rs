//! What is asked of the stored changes: by the log, the status page, the daily
//! cleaning and `page`.

use crate::bulk;
use crate::error::Result;
use crate::field_change::{ChangeRow, Rule, State};
use crate::session::{Fields, FromFields, One, Session, at};
use mysql_async::{Value, params};
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// Lines that belong on a log page and stand nowhere yet, by log page, title, time
/// and number, at most `limit`.
pub async fn unlogged(session: &mut impl Session, wiki: &str, limit: u32) -> Result<Vec<ChangeRow>> {
    const SQL: &str = "SELECT id, log_page, box, page_id, title, revid, parent_revid, user_id, user_name, user_kind, \
        ts, rule, ordinal, field, kind, state, is_verified, old_value, new_value, verified_value, verified_revid, \
        check_result, to_log, log_title, logged_revid, logged_at, reverted_by, user_hidden, values_hidden \
        FROM field_change WHERE wiki = :wiki AND to_log = 1 AND logged_revid IS NULL \
        ORDER BY log_page, title, ts, id LIMIT :limit";
    session
        .conn()
        .rows(
            "reading what is not logged yet",
            SQL,
            params! { "wiki" => wiki, "limit" => limit },
        )
        .await
}

/// These lines, by number; those that are not there are left out.
pub async fn by_ids(session: &mut impl Session, wiki: &str, ids: &[u64]) -> Result<Vec<ChangeRow>> {
    const SQL: &str = "SELECT id, log_page, box, page_id, title, revid, parent_revid, user_id, user_name, user_kind, \
        ts, rule, ordinal, field, kind, state, is_verified, old_value, new_value, verified_value, verified_revid, \
        check_result, to_log, log_title, logged_revid, logged_at, reverted_by, user_hidden, values_hidden \
        FROM field_change WHERE wiki = ? AND id IN (IDS) ORDER BY id";
    bulk::select(
        session.conn(),
        "reading lines by their numbers",
        SQL,
        &[Value::from(wiki)],
        ids,
        &[],
    )
    .await
}

/// All lines that stand on a page of the log, by title, time and number. How many
/// there can be is bounded by the size of a log page.
pub async fn of_log_title(session: &mut impl Session, wiki: &str, log_title: &str) -> Result<Vec<ChangeRow>> {
    const SQL: &str = "SELECT id, log_page, box, page_id, title, revid, parent_revid, user_id, user_name, user_kind, \
        ts, rule, ordinal, field, kind, state, is_verified, old_value, new_value, verified_value, verified_revid, \
        check_result, to_log, log_title, logged_revid, logged_at, reverted_by, user_hidden, values_hidden \
        FROM field_change WHERE wiki = :wiki AND log_title = :log_title ORDER BY title, ts, id";
    session
        .conn()
        .rows(
            "reading what is logged on a page",
            SQL,
            params! { "wiki" => wiki, "log_title" => log_title },
        )
        .await
}

/// Pages of the log that no longer say what they should (a line was reverted or
/// erased since, see [`crate::field_change::log_is_fresh`]), by title, at most `limit`.
pub async fn stale_log_titles(session: &mut impl Session, wiki: &str, limit: u32) -> Result<Vec<String>> {
    const SQL: &str = "SELECT DISTINCT log_title AS value FROM field_change \
        WHERE wiki = :wiki AND log_stale = 1 ORDER BY log_title LIMIT :limit";
    let rows: Vec<One<String>> = session
        .conn()
        .rows(
            "asking which log pages are stale",
            SQL,
            params! { "wiki" => wiki, "limit" => limit },
        )
        .await?;
    Ok(rows.into_iter().map(|One(title)| title).collect())
}

/// The lines of a page, newest first, at most `limit`.
pub async fn of_page(session: &mut impl Session, wiki: &str, page_id: PageId, limit: u32) -> Result<Vec<ChangeRow>> {
    const SQL: &str = "SELECT id, log_page, box, page_id, title, revid, parent_revid, user_id, user_name, user_kind, \
        ts, rule, ordinal, field, kind, state, is_verified, old_value, new_value, verified_value, verified_revid, \
        check_result, to_log, log_title, logged_revid, logged_at, reverted_by, user_hidden, values_hidden \
        FROM field_change WHERE wiki = :wiki AND page_id = :page_id ORDER BY ts DESC, id DESC LIMIT :limit";
    session
        .conn()
        .rows(
            "reading the changes of a page",
            SQL,
            params! { "wiki" => wiki, "page_id" => page_id.0, "limit" => limit },
        )
        .await
}

/// Who gave a field its value last, as far as that is stored; other formatting of
/// the same value does not count.
pub async fn last_change_of_field(
    session: &mut impl Session,
    wiki: &str,
    page_id: PageId,
    box_name: &str,
    ordinal: u32,
    field: &str,
) -> Result<Option<ChangeRow>> {
    const SQL: &str = "SELECT id, log_page, box, page_id, title, revid, parent_revid, user_id, user_name, user_kind, \
        ts, rule, ordinal, field, kind, state, is_verified, old_value, new_value, verified_value, verified_revid, \
        check_result, to_log, log_title, logged_revid, logged_at, reverted_by, user_hidden, values_hidden \
        FROM field_change WHERE wiki = :wiki AND page_id = :page_id AND box = :box AND ordinal = :ordinal \
        AND field = :field AND kind <> 'formatting' ORDER BY ts DESC, id DESC LIMIT 1";
    session
        .conn()
        .first(
            "reading the last change of a field",
            SQL,
            params! {
                "wiki" => wiki, "page_id" => page_id.0, "box" => box_name, "ordinal" => ordinal,
                "field" => field,
            },
        )
        .await
}

/// An edit with lines, for looking whether the wiki hides it now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The wiki's time of it.
    pub ts: Timestamp,
    /// The edit.
    pub revid: RevId,
    /// The revision before, from which the old values are.
    pub parent: Option<RevId>,
    /// The page.
    pub page_id: PageId,
    /// Whether its author is erased already.
    pub user_hidden: bool,
    /// Whether its values are erased already.
    pub values_hidden: bool,
}

impl FromFields for Seen {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            ts: f.time("ts")?,
            revid: RevId(f.get("revid")?),
            parent: f.id_opt("parent_revid", RevId)?,
            page_id: PageId(f.get("page_id")?),
            user_hidden: f.get("user_hidden")?,
            values_hidden: f.get("values_hidden")?,
        })
    }
}

/// Edits with lines since then, each once, by time and revision: those after this
/// one (`None`: from the first), at most `limit`.
pub async fn since(
    session: &mut impl Session,
    wiki: &str,
    since: Timestamp,
    after: Option<Seen>,
    limit: u32,
) -> Result<Vec<Seen>> {
    const SQL: &str = "SELECT ts, revid, MAX(parent_revid) AS parent_revid, MAX(page_id) AS page_id, \
        MIN(user_hidden) AS user_hidden, MIN(values_hidden) AS values_hidden FROM field_change \
        WHERE wiki = :wiki AND ts >= :since AND (ts > :since OR revid > :after) \
        GROUP BY ts, revid ORDER BY ts, revid LIMIT :limit";
    session
        .conn()
        .rows(
            "reading the edits with changes",
            SQL,
            params! {
                "wiki" => wiki, "limit" => limit,
                "since" => at(after.map_or(since, |seen| seen.ts.max(since))),
                "after" => after.map_or(0, |seen| seen.revid.0),
            },
        )
        .await
}

/// How many lines one rule and state have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// Why they are reported.
    pub rule: Rule,
    /// What they mean.
    pub state: State,
    /// How many.
    pub n: u64,
}

impl FromFields for Count {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            rule: f.word("rule", Rule::read)?,
            state: f.word("state", State::read)?,
            n: f.get("n")?,
        })
    }
}

/// Lines of edits made since then, by rule and state: for the status page.
pub async fn counts_since(session: &mut impl Session, wiki: &str, since: Timestamp) -> Result<Vec<Count>> {
    const SQL: &str = "SELECT rule, state, COUNT(*) AS n FROM field_change \
        WHERE wiki = :wiki AND ts >= :since GROUP BY rule, state ORDER BY rule, state";
    session
        .conn()
        .rows(
            "counting changes of fields",
            SQL,
            params! { "wiki" => wiki, "since" => at(since) },
        )
        .await
}
