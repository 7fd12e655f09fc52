//! What is asked about asks: whose turn may come, and how much was asked for.

use super::{Outcome, Reason, Row, Waiting};
use crate::bulk::SLICE;
use crate::error::Result;
use crate::report::subject;
use crate::session::{Fields, FromFields, One, Session, at, list};
use mysql_async::Value;
use std::collections::{BTreeMap, HashMap};
use wikicrew_core::report::{Kind, Subject};
use wikicrew_core::types::Timestamp;

/// All that waits.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Queue {
    /// The first of it.
    pub first: Vec<Waiting>,
    /// How many subjects wait in all.
    pub subjects: u64,
    /// How many asks.
    pub asks: u64,
}

struct Named(Subject);

impl FromFields for Named {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        subject(f).map(Self)
    }
}

/// Subjects with an ask that may be tried now, each with all asks that wait for it (also those of another time), in the
/// order of their first ask. Where there are more than `limit`, each requester's first ask comes before anybody's second
/// one, so that a flood by one hides nobody else's.
pub async fn waiting(session: &mut impl Session, home: &str, now: Timestamp, limit: u32) -> Result<Vec<Waiting>> {
    // Handler reads: all asks of the home that wait, from the index alone, and eight times those in tables of numbers.
    const SQL: &str = "SELECT kind, subject FROM (SELECT id, kind, subject, \
        ROW_NUMBER() OVER (PARTITION BY requester ORDER BY id) AS turn FROM report_ask FORCE INDEX (by_waiting) \
        WHERE home = ? AND served_at IS NULL AND next_try <= ?) due \
        GROUP BY kind, subject ORDER BY MIN(turn), MIN(id) LIMIT ?";
    let values = vec![Value::from(home), at(now), Value::from(limit)];
    let what = "asking for asks whose turn may come";
    let subjects: Vec<Named> = session.conn().rows(what, SQL, values).await?;
    asks_of(session, home, subjects).await
}

/// Subjects from which something has to go ([`Reason::is_cleaning`]) and may be tried now, each with all asks that wait
/// for it, in the order of their first ask: however many others wait.
pub async fn waiting_to_be_cleaned(
    session: &mut impl Session,
    home: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Waiting>> {
    // Handler reads: all asks of the home that wait and that nobody asked, and in tables of numbers those found.
    let sql = format!(
        "SELECT kind, subject FROM report_ask FORCE INDEX (by_waiting) WHERE home = ? AND served_at IS NULL \
         AND requester IS NULL AND next_try <= ? AND reason IN ({}) GROUP BY kind, subject ORDER BY MIN(id) LIMIT ?",
        list("?", Reason::CLEANING.len())
    );
    let mut values = vec![Value::from(home), at(now)];
    values.extend(Reason::CLEANING.map(|reason| Value::from(reason.word())));
    values.push(Value::from(limit));
    let what = "asking from which reports something has to go";
    let subjects: Vec<Named> = session.conn().rows(what, &sql, values).await?;
    asks_of(session, home, subjects).await
}

/// The subjects that wait, also those that wait for another try, in the order of their first ask.
pub async fn all_waiting(session: &mut impl Session, home: &str, limit: u32) -> Result<Queue> {
    const WHAT: &str = "asking for all asks that wait";
    // Handler reads: all asks of the home that wait, from the index alone, twice, and the subjects.
    const FIRST: &str = "SELECT kind, subject FROM report_ask FORCE INDEX (by_waiting) \
        WHERE home = ? AND served_at IS NULL GROUP BY kind, subject ORDER BY MIN(id) LIMIT ?";
    const COUNT: &str = "SELECT COUNT(*) AS n, COALESCE(CAST(SUM(asks) AS UNSIGNED), 0) AS asks \
        FROM (SELECT COUNT(*) AS asks FROM report_ask FORCE INDEX (by_waiting) \
        WHERE home = ? AND served_at IS NULL GROUP BY kind, subject) each_subject";
    let values = vec![Value::from(home), Value::from(limit)];
    let subjects: Vec<Named> = session.conn().rows(WHAT, FIRST, values).await?;
    let Counted { n, asks } = session.conn().one(WHAT, COUNT, vec![Value::from(home)]).await?;
    Ok(Queue {
        first: asks_of(session, home, subjects).await?,
        subjects: n,
        asks,
    })
}

struct Counted {
    n: u64,
    asks: u64,
}

impl FromFields for Counted {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            n: f.get("n")?,
            asks: f.get("asks")?,
        })
    }
}

/// All asks that wait for these subjects, in the order of the first ask. Handler reads: those, and one per subject.
async fn asks_of(session: &mut impl Session, home: &str, subjects: Vec<Named>) -> Result<Vec<Waiting>> {
    let mut by_kind: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
    for Named(subject) in subjects {
        by_kind.entry(subject.kind()).or_default().push(subject.key());
    }
    let mut found: HashMap<Subject, Waiting> = HashMap::new();
    for (kind, keys) in by_kind {
        for some in keys.chunks(SLICE) {
            let sql = format!(
                "SELECT id, kind, subject, requester, requester_name, reason, detail, asked_at, tries, next_try, error \
                 FROM report_ask FORCE INDEX (by_waiting) \
                 WHERE home = ? AND served_at IS NULL AND kind = ? AND subject IN ({})",
                list("?", some.len())
            );
            let mut values = vec![Value::from(home), Value::from(kind.word())];
            values.extend(some.iter().map(Value::from));
            let rows: Vec<Row> = session.conn().rows("asking for asks that wait", &sql, values).await?;
            for Row(subject, ask) in rows {
                let waiting = found.entry(subject.clone()).or_insert_with(|| Waiting {
                    subject,
                    asks: Vec::new(),
                });
                waiting.asks.push(ask);
            }
        }
    }
    let mut found: Vec<Waiting> = found.into_values().collect();
    for waiting in &mut found {
        waiting.asks.sort_by_key(|ask| ask.id);
    }
    found.sort_by_key(|waiting| waiting.asks.first().map(|ask| ask.id));
    Ok(found)
}

/// How many subjects each of these requesters asked for since then; who asked for none is not in it.
pub async fn asked_by_since(
    session: &mut impl Session,
    home: &str,
    requesters: &[String],
    since: Timestamp,
) -> Result<HashMap<String, u64>> {
    let mut counts = HashMap::new();
    for some in requesters.chunks(SLICE) {
        // Handler reads: the asks of these since then, from the index alone.
        let sql = format!(
            "SELECT requester, COUNT(DISTINCT kind, subject) AS n FROM report_ask FORCE INDEX (by_requester) \
             WHERE home = ? AND asked_at >= ? AND requester IN ({}) GROUP BY requester",
            list("?", some.len())
        );
        let mut values = vec![Value::from(home), at(since)];
        values.extend(some.iter().map(Value::from));
        let rows: Vec<Asked> = session.conn().rows("counting asks of requesters", &sql, values).await?;
        counts.extend(rows.into_iter().map(|Asked(requester, n)| (requester, n)));
    }
    Ok(counts)
}

struct Asked(String, u64);

impl FromFields for Asked {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self(f.get("requester")?, f.get("n")?))
    }
}

/// For how many subjects a page was saved since then for which rules asked, or new additions did, and of which no
/// person's ask was served in that time.
pub async fn pages_by_rules_since(session: &mut impl Session, home: &str, since: Timestamp) -> Result<u64> {
    // What only had to go from a page is no page that rules made.
    const BY: [Reason; 3] = [Reason::Rule, Reason::Additions, Reason::Reopen];
    pages_since(session, home, since, "SUM(requester IS NOT NULL) = 0", &BY).await
}

/// For how many subjects a page was saved since then for which a summary template on a page asked that anybody edits,
/// and nobody whom the settings name.
pub async fn pages_by_anybody_since(session: &mut impl Session, home: &str, since: Timestamp) -> Result<u64> {
    const TRUSTED: &str = "SUM(reason IN ('poke', 'command')) = 0";
    pages_since(session, home, since, TRUSTED, &[Reason::Summary]).await
}

async fn pages_since(
    session: &mut impl Session,
    home: &str,
    since: Timestamp,
    but: &'static str,
    reasons: &[Reason],
) -> Result<u64> {
    // Handler reads: three and a half times the asks that were served since then.
    let sql = format!(
        "SELECT COUNT(*) AS value FROM (SELECT kind FROM report_ask FORCE INDEX (by_waiting) \
         WHERE home = ? AND served_at >= ? GROUP BY kind, subject \
         HAVING {but} AND SUM(reason IN ({})) > 0 AND SUM(outcome = ?) > 0) each_subject",
        list("?", reasons.len())
    );
    let mut values = vec![Value::from(home), at(since)];
    values.extend(reasons.iter().map(|reason| Value::from(reason.word())));
    values.push(Value::from(Outcome::Saved.word()));
    let what = "counting pages that were asked for";
    let One(n) = session.conn().one(what, &sql, values).await?;
    Ok(n)
}
