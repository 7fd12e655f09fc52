//! Where reports stand: the page on the home, and copies on other wikis (*targets*).
//!
//! A page that people changed where the bot writes is *held*, one that they took away is *gone*: neither is written over
//! while it is so. A copy is *due* when it does not show what the report says, or its status.

use crate::bulk;
use crate::error::Result;
use crate::report::{self, Report, by_texts, digest, status};
use crate::session::{Fields, FromFields, One, Session, at_opt, bounded};
use crate::transaction::FencedTx;
use mysql_async::Value;
use wikicrew_core::report::Status;
use wikicrew_core::types::{RevId, Timestamp};

/// Longest stored reason, in bytes.
const MAX_WHY: usize = 1_024;

words! {
    /// How a report is written.
    pub enum Form {
        /// All of it.
        Full = "full",
        /// Without what a filter of the wiki objected to.
        Reduced = "reduced",
    }
}

words! {
    /// What may be done with a page.
    pub enum State {
        /// It may be written.
        Ok = "ok",
        /// A person has to look at it.
        Held = "held",
        /// People took it away.
        Gone = "gone",
    }
}

/// A page of a report, as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Number of the report.
    pub report_id: u64,
    /// Key of the wiki of the page.
    pub target: String,
    /// Its title with namespace, at most 512 bytes; `None`: never saved.
    pub title: Option<String>,
    /// The bot's last edit of it.
    pub revid: Option<RevId>,
    /// Digest of the bot's part as it was saved: another one on the page means that people changed it.
    pub digest: Option<[u8; 32]>,
    /// How it was written.
    pub form: Form,
    /// What may be done with it.
    pub state: State,
    /// Why it is held, gone or reduced; cut at 1,024 bytes.
    pub why: Option<String>,
    /// When new data was noted on it while it was held.
    pub noted_at: Option<Timestamp>,
    /// When the bot last saved it.
    pub saved_at: Option<Timestamp>,
    /// [`Report::digest`] of what it shows.
    pub content: Option<[u8; 32]>,
    /// The status that it shows.
    pub status_shown: Option<Status>,
}

impl Page {
    /// One that was never saved.
    pub fn new(report_id: u64, target: &str) -> Self {
        Self {
            report_id,
            target: target.to_owned(),
            title: None,
            revid: None,
            digest: None,
            form: Form::Full,
            state: State::Ok,
            why: None,
            noted_at: None,
            saved_at: None,
            content: None,
            status_shown: None,
        }
    }
}

/// The columns of [`Page`], of the table named `p`.
const COLUMNS: &str = "p.report_id, p.target, p.title, p.revid, p.digest, p.form, p.state, p.why, p.noted_at, \
    p.saved_at, p.content, p.status_shown";

impl FromFields for Page {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            report_id: f.get("report_id")?,
            target: f.get("target")?,
            title: f.get("title")?,
            revid: f.id_opt("revid", RevId)?,
            digest: digest(f, "digest")?,
            form: f.word("form", Form::read)?,
            state: f.word("state", State::read)?,
            why: f.get("why")?,
            noted_at: f.time_opt("noted_at")?,
            saved_at: f.time_opt("saved_at")?,
            content: digest(f, "content")?,
            status_shown: status(f, "status_shown")?,
        })
    }
}

/// The page of a report on a wiki. Handler reads: one.
pub async fn get(session: &mut impl Session, report_id: u64, target: &str) -> Result<Option<Page>> {
    let sql = format!("SELECT {COLUMNS} FROM report_page p WHERE p.report_id = ? AND p.target = ?");
    let values = vec![Value::from(report_id), Value::from(target)];
    let what = "asking for a page of a report";
    session.conn().first(what, &sql, values).await
}

/// All pages of these reports, by report and wiki. Handler reads: one per page, and one per report.
pub async fn of_reports(session: &mut impl Session, ids: &[u64]) -> Result<Vec<Page>> {
    let sql = format!("SELECT {COLUMNS} FROM report_page p WHERE p.report_id IN (IDS) ORDER BY p.report_id, p.target");
    bulk::select(session.conn(), "asking for the pages of reports", &sql, &[], ids, &[]).await
}

/// The pages of these reports on a wiki that may not be written, with what keeps from it. Handler reads: one per report.
pub async fn not_ok(session: &mut impl Session, ids: &[u64], target: &str) -> Result<Vec<(u64, State)>> {
    const SQL: &str = "SELECT p.report_id, p.state FROM report_page p WHERE p.report_id IN (IDS) AND p.target = ? \
        AND p.state <> 'ok' ORDER BY p.report_id";
    struct One(u64, State);
    impl FromFields for One {
        fn from_fields(f: &mut Fields) -> Result<Self> {
            Ok(Self(f.get("report_id")?, f.word("state", State::read)?))
        }
    }
    let what = "asking which pages of reports may not be written";
    let rows: Vec<One> = bulk::select(session.conn(), what, SQL, &[], ids, &[Value::from(target)]).await?;
    Ok(rows.into_iter().map(|One(id, state)| (id, state)).collect())
}

/// Pages of the home's reports on a wiki that are in one of these states, the oldest reports first.
pub async fn of_target(
    session: &mut impl Session,
    home: &str,
    target: &str,
    states: &[State],
    limit: u32,
) -> Result<Vec<Page>> {
    // Handler reads: for each state so many pages, and one.
    let sql = format!(
        "SELECT {COLUMNS} FROM report_page p FORCE INDEX (by_state) WHERE p.home = ? AND p.target = ? \
         AND p.state = ? ORDER BY p.report_id LIMIT ?"
    );
    let mut found: Vec<Page> = Vec::new();
    for state in std::collections::BTreeSet::from_iter(states) {
        let values = vec![
            Value::from(home),
            Value::from(target),
            Value::from(state.word()),
            Value::from(limit),
        ];
        let what = "asking for pages of reports on a wiki";
        found.extend(session.conn().rows::<Page>(what, &sql, values).await?);
    }
    found.sort_by_key(|page| page.report_id);
    found.truncate(limit as usize);
    Ok(found)
}

/// Pages of the home's reports on a wiki that are saved without what a filter objected to, the newest reports first.
pub async fn reduced(session: &mut impl Session, home: &str, target: &str, limit: u32) -> Result<Vec<Page>> {
    // Handler reads: so many pages, and one.
    let sql = format!(
        "SELECT {COLUMNS} FROM report_page p FORCE INDEX (by_form) WHERE p.home = ? AND p.target = ? \
         AND p.form = 'reduced' ORDER BY p.report_id DESC LIMIT ?"
    );
    let values = vec![Value::from(home), Value::from(target), Value::from(limit)];
    let what = "asking for reports without names on a wiki";
    session.conn().rows(what, &sql, values).await
}

/// The pages of reports that have these titles (with namespace) on a wiki.
pub async fn titled(session: &mut impl Session, target: &str, titles: &[String]) -> Result<Vec<Page>> {
    // Handler reads: two per title.
    let sql = format!(
        "SELECT {COLUMNS} FROM report_page p FORCE INDEX (by_title) WHERE p.target = ? AND p.title IN (TEXTS) \
         ORDER BY p.report_id"
    );
    let what = "asking for reports by title of a page";
    by_texts(session, what, &sql, &[Value::from(target)], titles).await
}

/// Stores a page, or everything of one that is there. Whether a copy is due is decided here, by what its report says
/// now. Errs with [`crate::Error::NoRow`] when there is no such report.
pub async fn put(tx: &mut FencedTx<'_>, page: &Page) -> Result<()> {
    const WHAT: &str = "storing a page of a report";
    // Locked first, as where reports are stored: what it says stays so until this is stored too.
    const REPORT: &str = "SELECT home AS value FROM report WHERE id = ? FOR UPDATE";
    const SQL: &str = "INSERT INTO report_page (report_id, target, home, title, revid, digest, form, state, why, \
        noted_at, saved_at, content, status_shown, is_due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) \
        ON DUPLICATE KEY UPDATE title = VALUES(title), revid = VALUES(revid), digest = VALUES(digest), \
        form = VALUES(form), state = VALUES(state), why = VALUES(why), noted_at = VALUES(noted_at), \
        saved_at = VALUES(saved_at), content = VALUES(content), status_shown = VALUES(status_shown)";
    let home = tx
        .conn()
        .first::<One<String>>(WHAT, REPORT, vec![Value::from(page.report_id)])
        .await?;
    let Some(One(home)) = home else {
        return Err(crate::Error::NoRow {
            what: WHAT,
            id: page.report_id,
        });
    };
    let digest = |digest: Option<[u8; 32]>| Value::from(digest.map(|digest| digest.to_vec()));
    let values = vec![
        Value::from(page.report_id),
        Value::from(&page.target),
        Value::from(home),
        Value::from(&page.title),
        Value::from(page.revid.map(|rev| rev.0)),
        digest(page.digest),
        Value::from(page.form.word()),
        Value::from(page.state.word()),
        Value::from(page.why.as_deref().map(|why| bounded(why, MAX_WHY).into_owned())),
        at_opt(page.noted_at),
        at_opt(page.saved_at),
        digest(page.content),
        Value::from(page.status_shown.map(|status| status.word())),
    ];
    tx.conn().run(WHAT, SQL, values).await?;
    mark_due(tx, page.report_id).await
}

/// Brings up to date which copies of a report are due: those that may be written and show something else. The report's
/// row must be locked by this transaction.
pub(crate) async fn mark_due(tx: &mut FencedTx<'_>, report_id: u64) -> Result<()> {
    // Handler reads: the report and its pages.
    const SQL: &str = "UPDATE report r STRAIGHT_JOIN report_page p ON p.report_id = r.id \
        SET p.is_due = p.target <> p.home AND p.state = 'ok' AND r.digest IS NOT NULL \
        AND NOT (p.content <=> r.digest AND p.status_shown <=> r.status) WHERE r.id = ?";
    let what = "noting copies of a report that are due";
    tx.conn().run(what, SQL, vec![Value::from(report_id)]).await?;
    Ok(())
}

/// Notes that the home's reports want a copy on this wiki: those that are newer than the newest one that has a page
/// there, at most so many of them. How many there were; to be called, before [`due_copies`], until it is fewer. Without
/// it a copy that could not be saved is forgotten when that of a later report is.
pub async fn expect(tx: &mut FencedTx<'_>, home: &str, target: &str, limit: u32) -> Result<u64> {
    // Handler reads: two per report that has no page there yet.
    const SQL: &str = "INSERT INTO report_page (report_id, target, home, form, state, is_due) \
        SELECT r.id, ?, r.home, 'full', 'ok', r.digest IS NOT NULL FROM report r FORCE INDEX (by_home) \
        WHERE r.home = ? AND r.id > ? ORDER BY r.id LIMIT ? \
        ON DUPLICATE KEY UPDATE report_page.report_id = report_page.report_id";
    if home == target {
        return Ok(0);
    }
    let newest = newest_on(tx, home, target).await?;
    let values = vec![
        Value::from(target),
        Value::from(home),
        Value::from(newest),
        Value::from(limit),
    ];
    let what = "noting that reports want copies";
    Ok(tx.conn().run(what, SQL, values).await?.affected)
}

/// The newest of the home's reports that has a page there; 0 for none. Handler reads: one.
async fn newest_on(session: &mut impl Session, home: &str, target: &str) -> Result<u64> {
    const SQL: &str = "SELECT COALESCE(MAX(report_id), 0) AS value FROM report_page FORCE INDEX (by_target) \
        WHERE home = ? AND target = ?";
    let values = vec![Value::from(home), Value::from(target)];
    let what = "asking for the newest report on a wiki";
    let One(newest) = session.conn().one(what, SQL, values).await?;
    Ok(newest)
}

/// The home's reports whose copies on this wiki (never the home itself) do not show what the report says or its status,
/// or are not there; the oldest reports first. Not those whose page is held or gone, nor reports that were never saved.
pub async fn due_copies(session: &mut impl Session, home: &str, target: &str, limit: u32) -> Result<Vec<Report>> {
    const WHAT: &str = "asking for copies of reports that are due";
    // Handler reads: twice the reports returned, and one.
    const DUE: &str = "SELECT report_id AS value FROM report_page FORCE INDEX (by_due) \
        WHERE home = ? AND target = ? AND is_due = 1 ORDER BY report_id LIMIT ?";
    // Handler reads: reports that no run has noted there yet.
    const NEW: &str = "SELECT id AS value FROM report FORCE INDEX (by_home) \
        WHERE home = ? AND id > ? AND digest IS NOT NULL ORDER BY id LIMIT ?";
    if home == target {
        return Ok(Vec::new());
    }
    let values = vec![Value::from(home), Value::from(target), Value::from(limit)];
    let mut ids: Vec<One<u64>> = session.conn().rows(WHAT, DUE, values).await?;
    let newest = newest_on(session, home, target).await?;
    let rest = u64::from(limit).saturating_sub(ids.len() as u64);
    let values = vec![Value::from(home), Value::from(newest), Value::from(rest)];
    ids.extend(session.conn().rows(WHAT, NEW, values).await?);
    let ids: Vec<u64> = ids.into_iter().map(|One(id)| id).collect();
    report::by_ids(session, &ids).await
}
