//! Reports stored, and removed with everything that belongs to them.

use super::Report;
use crate::error::Result;
use crate::report_page;
use crate::session::{One, Session, at, at_opt};
use crate::transaction::{FencedTx, Tx};
use mysql_async::Value;
use wikicrew_core::report::{Kind, Rule, Subject};

/// Stores a report, or everything of one whose home and subject are there; its number. Copies that show something else
/// than it says now become due. A page that was never read back counts as read back when the report was made.
pub async fn put(tx: &mut FencedTx<'_>, report: &Report) -> Result<u64> {
    const SQL: &str = "INSERT INTO report (home, kind, subject, title, status, opened_by, rules, is_xwiki, opened_at, \
        closed_at, reopened_at, stale_at, saved_at, checked_at, page_revid, digest, newest, additions, fades_at, news_at) \
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
        ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), title = VALUES(title), status = VALUES(status), \
        opened_by = VALUES(opened_by), rules = VALUES(rules), is_xwiki = VALUES(is_xwiki), \
        opened_at = VALUES(opened_at), closed_at = VALUES(closed_at), reopened_at = VALUES(reopened_at), \
        stale_at = VALUES(stale_at), saved_at = VALUES(saved_at), checked_at = VALUES(checked_at), \
        page_revid = VALUES(page_revid), digest = VALUES(digest), newest = VALUES(newest), \
        additions = VALUES(additions), fades_at = VALUES(fades_at), news_at = VALUES(news_at)";
    let words: Vec<&str> = report.rules.iter().copied().map(Rule::word).collect();
    // A page that stands somewhere is always due some day.
    let checked = report
        .checked_at
        .or_else(|| report.title.as_ref().map(|_| report.opened_at));
    let values = vec![
        Value::from(&report.home),
        Value::from(report.subject.kind().word()),
        Value::from(report.subject.key()),
        Value::from(&report.title),
        Value::from(report.status.map(|status| status.word())),
        Value::from(&report.opened_by),
        Value::from(words.join(" ")),
        Value::from(report.is_xwiki),
        at(report.opened_at),
        at_opt(report.closed_at),
        at_opt(report.reopened_at),
        at_opt(report.stale_at),
        at_opt(report.saved_at),
        at_opt(checked),
        Value::from(report.page_revid.map(|rev| rev.0)),
        Value::from(report.digest.map(|digest| digest.to_vec())),
        at_opt(report.newest),
        Value::from(report.additions),
        at_opt(report.fades_at),
        at(report.news_at()),
    ];
    let id = tx.conn().run("storing a report", SQL, values).await?.id;
    report_page::mark_due(tx, id).await?;
    Ok(id)
}

/// Removes what asked for link reports whose keys are in a half-open range, whether or not they were made; how many asks
/// there were.
pub async fn forget_asks_between(tx: &mut Tx<'_>, home: &str, from: &str, to: &str) -> Result<u64> {
    // Handler reads: those asks, by by_origin.
    const SQL: &str = "DELETE FROM report_ask WHERE home = ? AND kind = ? AND subject >= ? AND subject < ?";
    let values = vec![
        Value::from(home),
        Value::from(Kind::Link.word()),
        Value::from(from),
        Value::from(to),
    ];
    Ok(tx
        .conn()
        .run("removing what asked for reports", SQL, values)
        .await?
        .affected)
}

/// Removes a report with its pages, asks and rows: by order of a person, about something that is named nowhere. Also
/// what asked for a report that was never made. Whether there was anything; pages on wikis stay.
pub async fn forget(tx: &mut Tx<'_>, home: &str, subject: &Subject) -> Result<bool> {
    const WHAT: &str = "removing a report";
    const ID: &str = "SELECT id AS value FROM report WHERE home = ? AND kind = ? AND subject = ? FOR UPDATE";
    const OF_REPORT: [&str; 3] = [
        "DELETE FROM report_page WHERE report_id = ?",
        "DELETE FROM report_row WHERE report_id = ?",
        "DELETE FROM report WHERE id = ?",
    ];
    const ASKS: &str = "DELETE FROM report_ask WHERE home = ? AND kind = ? AND subject = ?";
    let values = vec![
        Value::from(home),
        Value::from(subject.kind().word()),
        Value::from(subject.key()),
    ];
    let mut removed = 0;
    if let Some(One(id)) = tx.conn().first::<One<u64>>(WHAT, ID, values.clone()).await? {
        for sql in OF_REPORT {
            removed += tx.conn().run(WHAT, sql, vec![Value::from(id)]).await?.affected;
        }
    }
    removed += tx.conn().run(WHAT, ASKS, values).await?.affected;
    Ok(removed > 0)
}
