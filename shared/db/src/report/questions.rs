//! What is asked about reports.

use super::{COLUMNS, Report, covering, status};
use crate::bulk::{self, SLICE};
use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at, list};
use mysql_async::Value;
use std::collections::BTreeSet;
use wikicrew_core::report::{Kind, Status, Subject};
use wikicrew_core::types::Timestamp;

/// Reports that one question for many of them answers at most.
pub const MAX_REPORTS: u32 = 5_000;

/// That the report's page on the home may be written, as far as anybody knows.
const WRITABLE: &str = "NOT EXISTS (SELECT 1 FROM report_page p FORCE INDEX (PRIMARY) \
    WHERE p.report_id = r.id AND p.target = r.home AND p.state <> 'ok')";

/// The report about this. Handler reads: one, by by_subject.
pub async fn get(session: &mut impl Session, home: &str, subject: &Subject) -> Result<Option<Report>> {
    let found = of_subjects(session, home, subject.kind(), &[subject.key()]).await?;
    Ok(found.into_iter().next())
}

/// The reports about these keys ([`Subject::key`]), by key within 500 of them. Handler reads: one per key, by
/// by_subject, twice the rows.
pub async fn of_subjects(session: &mut impl Session, home: &str, kind: Kind, keys: &[String]) -> Result<Vec<Report>> {
    let place = [Value::from(home), Value::from(kind.word())];
    let sql = format!(
        "SELECT {COLUMNS} FROM report r FORCE INDEX (by_subject) \
         WHERE r.home = ? AND r.kind = ? AND r.subject IN (TEXTS) ORDER BY r.subject"
    );
    by_texts(session, "asking for reports", &sql, &place, keys).await
}

/// The link reports that tell of these hosts (stored keys): about a host itself or a domain above it, see [`covering`].
/// Each report once.
pub async fn of_hosts_domain(session: &mut impl Session, home: &str, hosts: &[String]) -> Result<Vec<Report>> {
    let keys: BTreeSet<String> = hosts.iter().flat_map(|host| covering(host)).collect();
    of_subjects(session, home, Kind::Link, &Vec::from_iter(keys)).await
}

/// The link reports whose keys are in a half-open range, as [`wikicrew_core::link::Key::with_subdomains`] gives it, by key;
/// at most [`MAX_REPORTS`].
pub async fn links_between(session: &mut impl Session, home: &str, from: &str, to: &str) -> Result<Vec<Report>> {
    // Handler reads: twice the reports returned, by by_subject, and one.
    let sql = format!(
        "SELECT {COLUMNS} FROM report r FORCE INDEX (by_subject) WHERE r.home = ? AND r.kind = ? AND r.subject >= ? \
         AND r.subject < ? ORDER BY r.subject LIMIT ?"
    );
    let values = vec![
        Value::from(home),
        Value::from(Kind::Link.word()),
        Value::from(from),
        Value::from(to),
        Value::from(MAX_REPORTS),
    ];
    session
        .conn()
        .rows("asking for reports of a domain", &sql, values)
        .await
}

/// The reports with these numbers; those that are not there are left out.
pub async fn by_ids(session: &mut impl Session, ids: &[u64]) -> Result<Vec<Report>> {
    // Handler reads: one per number.
    let sql = format!("SELECT {COLUMNS} FROM report r WHERE r.id IN (IDS) ORDER BY r.id");
    bulk::select(session.conn(), "asking for reports", &sql, &[], ids, &[]).await
}

/// The reports whose pages on the home have these titles (with namespace).
pub async fn all_titled(session: &mut impl Session, home: &str, titles: &[String]) -> Result<Vec<Report>> {
    // Handler reads: two per title.
    let sql = format!(
        "SELECT {COLUMNS} FROM report r FORCE INDEX (by_title) WHERE r.home = ? AND r.title IN (TEXTS) ORDER BY r.id"
    );
    by_texts(
        session,
        "asking for reports by title",
        &sql,
        &[Value::from(home)],
        titles,
    )
    .await
}

/// The reports whose pages were read back before then, those that wait longest first. A report that was never saved has
/// no page.
pub async fn due_for_check(
    session: &mut impl Session,
    home: &str,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Report>> {
    // Handler reads: the reports returned, and one.
    let sql = format!(
        "SELECT {COLUMNS} FROM report r FORCE INDEX (by_check) WHERE r.home = ? AND r.checked_at < ? \
         ORDER BY r.checked_at, r.id LIMIT ?"
    );
    let values = vec![Value::from(home), at(before), Value::from(limit)];
    let what = "asking for reports to be read back";
    session.conn().rows(what, &sql, values).await
}

/// The reports that name somebody who is not to be named any longer, those of longest ago first; without those whose
/// page on the home may not be written.
pub async fn fading(session: &mut impl Session, home: &str, now: Timestamp, limit: u32) -> Result<Vec<Report>> {
    // Handler reads: thrice so many reports, and one; those whose page may not be written, twice.
    let sql = format!(
        "SELECT {COLUMNS} FROM report r FORCE INDEX (by_fading) WHERE r.home = ? AND r.fades_at <= ? AND {WRITABLE} \
         ORDER BY r.fades_at, r.id LIMIT ?"
    );
    let values = vec![Value::from(home), at(now), Value::from(limit)];
    let what = "asking for reports with names of long ago";
    session.conn().rows(what, &sql, values).await
}

/// The reports with this status that have had no news ([`Report::news_at`]) since before then, the oldest first; without
/// those whose page on the home may not be written.
pub async fn without_news(
    session: &mut impl Session,
    home: &str,
    status: Status,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<Report>> {
    // Handler reads: thrice the reports returned, and one; those whose page may not be written, twice.
    let sql = format!(
        "SELECT {COLUMNS} FROM report r FORCE INDEX (by_status) WHERE r.home = ? AND r.status = ? AND r.news_at < ? \
         AND {WRITABLE} ORDER BY r.news_at, r.id LIMIT ?"
    );
    let values = vec![
        Value::from(home),
        Value::from(status.word()),
        at(before),
        Value::from(limit),
    ];
    let what = "asking for reports without news";
    session.conn().rows(what, &sql, values).await
}

/// The reports of these kinds that were saved since then, the newest first; cross-wiki ones, others, or (`None`) both.
pub async fn newest_saved(
    session: &mut impl Session,
    home: &str,
    kinds: &[Kind],
    is_xwiki: Option<bool>,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<Report>> {
    // Handler reads: for each kind, and each of the two, so many reports, and one.
    let sql = format!(
        "SELECT {COLUMNS} FROM report r FORCE INDEX (by_kind_saved) WHERE r.home = ? AND r.kind = ? \
         AND r.is_xwiki = ? AND r.saved_at >= ? ORDER BY r.saved_at DESC, r.id DESC LIMIT ?"
    );
    let which = is_xwiki.map_or(vec![false, true], |only| vec![only]);
    let mut found: Vec<Report> = Vec::new();
    for kind in BTreeSet::from_iter(kinds) {
        for &is_xwiki in &which {
            let values = vec![
                Value::from(home),
                Value::from(kind.word()),
                Value::from(is_xwiki),
                at(since),
                Value::from(limit),
            ];
            let what = "asking for the newest reports";
            found.extend(session.conn().rows::<Report>(what, &sql, values).await?);
        }
    }
    found.sort_by_key(|report| std::cmp::Reverse((report.saved_at, report.id)));
    found.truncate(limit as usize);
    Ok(found)
}

/// The reports of all kinds that were saved since then, in the order of saving; at most [`MAX_REPORTS`].
pub async fn saved_since(session: &mut impl Session, home: &str, since: Timestamp) -> Result<Vec<Report>> {
    // Handler reads: the reports returned, and one.
    let sql = format!(
        "SELECT {COLUMNS} FROM report r FORCE INDEX (by_saved) WHERE r.home = ? AND r.saved_at >= ? \
         ORDER BY r.saved_at, r.id LIMIT ?"
    );
    let values = vec![Value::from(home), at(since), Value::from(MAX_REPORTS)];
    session
        .conn()
        .rows("asking for reports saved lately", &sql, values)
        .await
}

struct Count(Option<Status>, u64);

impl FromFields for Count {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(status(f, "status")?, f.get("n")?))
    }
}

/// How many reports of the home have which status; `None`: never saved. In no particular order.
pub async fn counts(session: &mut impl Session, home: &str) -> Result<Vec<(Option<Status>, u64)>> {
    // Handler reads: every report of the home, from the index alone.
    const SQL: &str = "SELECT status, COUNT(*) AS n FROM report FORCE INDEX (by_status) WHERE home = ? GROUP BY status";
    let rows: Vec<Count> = session
        .conn()
        .rows("counting reports", SQL, vec![Value::from(home)])
        .await?;
    Ok(rows.into_iter().map(|Count(status, n)| (status, n)).collect())
}

/// The rows for a list of texts, which may be longer than one statement takes: `sql` has `(TEXTS)` where it belongs, at
/// its end; `before` are the values of the other places.
pub(crate) async fn by_texts<T: FromFields>(
    session: &mut impl Session,
    what: &'static str,
    sql: &str,
    before: &[Value],
    texts: &[String],
) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    for some in texts.chunks(SLICE) {
        let sql = sql.replace("(TEXTS)", &format!("({})", list("?", some.len())));
        let mut values = before.to_vec();
        values.extend(some.iter().map(Value::from));
        rows.extend(session.conn().rows(what, &sql, values).await?);
    }
    Ok(rows)
}
