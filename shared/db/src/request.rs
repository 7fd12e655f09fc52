//! matchbot's table `request`: who is or was in a request category, and what
//! became of it.
//!
//! One row per wiki, page id and category; [`sync_category`] compares it with the
//! wiki's complete member list. A re-tagged page makes a new *generation* of its
//! row, no new row.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at, bounded, list};
use crate::transaction::FencedTx;
use mysql_async::{Value, params};
use std::collections::BTreeMap;
use wikicrew_core::types::{PageId, Timestamp, UserId};

pub use crate::request_sync::{Member, Synced, leave_unlisted, sync_category};

/// Longest stored reason, in bytes.
const MAX_REASON: usize = 8_000;

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// To be greeted.
    Waiting,
    /// Greeted.
    Answered,
    /// Not greeted; a person has to look.
    Person,
    /// In the category before the job's first run began to count.
    BeforeStart,
    /// Tried for a week in vain; a person has to look.
    GivenUp,
}

impl State {
    const ALL: [State; 5] = [
        State::Waiting,
        State::Answered,
        State::Person,
        State::BeforeStart,
        State::GivenUp,
    ];

    pub(crate) fn word(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Answered => "answered",
            State::Person => "person",
            State::BeforeStart => "before_start",
            State::GivenUp => "given_up",
        }
    }

    pub(crate) fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Why a request is not (or not yet) greeted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reason<'a> {
    /// A fixed word for programs, at most 64 bytes, such as `nobots`.
    pub code: &'a str,
    /// For people: what, where, what to do.
    pub text: &'a str,
}

/// A request as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Its number.
    pub id: u64,
    /// The profile.
    pub page_id: PageId,
    /// The request category, without namespace.
    pub category: String,
    /// Namespace of the profile.
    pub ns: i32,
    /// Its title with namespace, as last seen.
    pub title: String,
    /// When the wiki says the page was put into the category.
    pub cat_ts: Option<Timestamp>,
    /// Counts the requests of this page in this category, from 1.
    pub generation: u32,
    /// When a run saw the page there first.
    pub first_seen: Timestamp,
    /// What became of it.
    pub state: State,
    /// Whether the page was still there when last asked.
    pub in_category: bool,
    /// Why it is not greeted: a word for programs, empty for none.
    pub reason_code: String,
    /// The same for people.
    pub reason: Option<String>,
    /// What page, talk page and user looked like then.
    pub fingerprint: String,
    /// Failed tries in a row.
    pub failures: u32,
    /// When the first of them was.
    pub first_failure: Option<Timestamp>,
    /// Not to be tried before.
    pub next_try: Option<Timestamp>,
    /// The learner, once known.
    pub learner: Option<UserId>,
    /// When the maintainer was told.
    pub mentioned_at: Option<Timestamp>,
    /// When the row last changed.
    pub updated: Timestamp,
}

impl FromFields for Request {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("id")?,
            page_id: PageId(f.get("page_id")?),
            category: f.get("category")?,
            ns: f.get("ns")?,
            title: f.get("title")?,
            cat_ts: f.time_opt("cat_ts")?,
            generation: f.get("generation")?,
            first_seen: f.time("first_seen")?,
            state: f.word("state", State::read)?,
            in_category: f.get("in_category")?,
            reason_code: f.get("reason_code")?,
            reason: f.get("reason")?,
            fingerprint: f.get("fingerprint")?,
            failures: f.get("failures")?,
            first_failure: f.time_opt("first_failure")?,
            next_try: f.time_opt("next_try")?,
            learner: f.id_opt("learner_id", UserId)?,
            mentioned_at: f.time_opt("mentioned_at")?,
            updated: f.time("updated")?,
        })
    }
}

/// Requests to be greeted now: still in their category and due, those that wait
/// longest (by the wiki's time) first.
pub async fn waiting(session: &mut impl Session, wiki: &str, now: Timestamp, limit: u32) -> Result<Vec<Request>> {
    const SQL: &str = "SELECT id, page_id, category, ns, title, cat_ts, generation, first_seen, state, \
        in_category, reason_code, reason, fingerprint, failures, first_failure, next_try, learner_id, \
        mentioned_at, updated FROM request \
        WHERE wiki = :wiki AND in_category = 1 AND state = 'waiting' \
        AND (next_try IS NULL OR next_try <= :now) \
        ORDER BY cat_ts IS NULL, cat_ts, id LIMIT :limit";
    session
        .conn()
        .rows(
            "reading who is waiting",
            SQL,
            params! { "wiki" => wiki, "now" => at(now), "limit" => limit },
        )
        .await
}

/// Requests in these states that are still in their category, oldest first:
/// *Waiting for a person* on the status page is `Person` and `GivenUp`.
pub async fn in_states(session: &mut impl Session, wiki: &str, states: &[State], limit: u32) -> Result<Vec<Request>> {
    if states.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT id, page_id, category, ns, title, cat_ts, generation, first_seen, state, \
         in_category, reason_code, reason, fingerprint, failures, first_failure, next_try, learner_id, \
         mentioned_at, updated FROM request \
         WHERE wiki = ? AND in_category = 1 AND state IN ({}) ORDER BY first_seen, id LIMIT ?",
        list("?", states.len())
    );
    let mut values = vec![Value::from(wiki)];
    values.extend(states.iter().map(|state| Value::from(state.word())));
    values.push(Value::from(limit));
    session.conn().rows("reading requests", &sql, values).await
}

/// All requests of one page, for `explain`.
pub async fn of_page(session: &mut impl Session, wiki: &str, page_id: PageId) -> Result<Vec<Request>> {
    const SQL: &str = "SELECT id, page_id, category, ns, title, cat_ts, generation, first_seen, state, \
        in_category, reason_code, reason, fingerprint, failures, first_failure, next_try, learner_id, \
        mentioned_at, updated FROM request \
        WHERE wiki = :wiki AND page_id = :page_id ORDER BY category";
    session
        .conn()
        .rows(
            "reading the requests of a page",
            SQL,
            params! { "wiki" => wiki, "page_id" => page_id.0 },
        )
        .await
}

/// How many requests are in each state, of those still in their category.
pub async fn counts(session: &mut impl Session, wiki: &str) -> Result<BTreeMap<State, u64>> {
    const SQL: &str = "SELECT state, COUNT(*) AS n FROM request \
        WHERE wiki = :wiki AND in_category = 1 GROUP BY state";
    let rows: Vec<StateCount> = session
        .conn()
        .rows("counting requests", SQL, params! { "wiki" => wiki })
        .await?;
    Ok(rows.into_iter().map(|row| (row.state, row.n)).collect())
}

/// Why requests were not greeted since then, by reason code, most frequent first: requests that wait for a person or
/// were given up, whether still in their category or not.
pub async fn reasons_since(session: &mut impl Session, wiki: &str, since: Timestamp) -> Result<Vec<(String, u64)>> {
    const SQL: &str = "SELECT reason_code, COUNT(*) AS n FROM request \
        WHERE wiki = :wiki AND in_category IN (0, 1) AND state IN ('person', 'given_up') AND updated >= :since \
        GROUP BY reason_code ORDER BY n DESC, reason_code";
    let rows: Vec<ReasonCount> = session
        .conn()
        .rows(
            "counting reasons",
            SQL,
            params! { "wiki" => wiki, "since" => at(since) },
        )
        .await?;
    Ok(rows.into_iter().map(|row| (row.code, row.n)).collect())
}

struct ReasonCount {
    code: String,
    n: u64,
}

impl FromFields for ReasonCount {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            code: f.get("reason_code")?,
            n: f.get("n")?,
        })
    }
}

struct StateCount {
    state: State,
    n: u64,
}

impl FromFields for StateCount {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            state: f.word("state", State::read)?,
            n: f.get("n")?,
        })
    }
}

/// Greeted. Belongs into the transaction of [`crate::intent::mark_done`].
pub async fn answer(tx: &mut FencedTx<'_>, id: u64, learner: UserId, now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE request SET state = 'answered', learner_id = :learner, \
        reason_code = '', reason = NULL, fingerprint = '', failures = 0, first_failure = NULL, \
        next_try = NULL, updated = :now WHERE id = :id AND wiki = :wiki";
    let (conn, fence) = tx.parts();
    conn.run(
        "marking a request as answered",
        SQL,
        params! { "id" => id, "wiki" => &fence.wiki, "learner" => learner.0, "now" => at(now) },
    )
    .await?;
    Ok(())
}

/// Not greeted: waits for a person until page, talk page or user changes, which
/// the `fingerprint` (at most 255 bytes) tells. The same words again change
/// nothing, so that an idle run writes no row.
pub async fn leave_to_person(
    tx: &mut FencedTx<'_>,
    id: u64,
    reason: Reason<'_>,
    fingerprint: &str,
    learner: Option<UserId>,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "UPDATE request SET state = 'person', reason_code = :code, reason = :text, \
        fingerprint = :fingerprint, learner_id = COALESCE(:learner, learner_id), \
        failures = 0, first_failure = NULL, next_try = NULL, updated = :now \
        WHERE id = :id AND wiki = :wiki AND NOT (state = 'person' AND reason_code = :code \
        AND reason <=> :text AND fingerprint = :fingerprint \
        AND learner_id <=> COALESCE(:learner, learner_id))";
    let (conn, fence) = tx.parts();
    conn.run(
        "leaving a request to a person",
        SQL,
        params! {
            "id" => id, "wiki" => &fence.wiki, "code" => reason.code,
            "text" => &*bounded(reason.text, MAX_REASON), "fingerprint" => fingerprint,
            "learner" => learner.map(|id| id.0), "now" => at(now),
        },
    )
    .await?;
    Ok(())
}

/// Waiting again: what kept a person's case from being greeted has changed.
pub async fn look_again(tx: &mut FencedTx<'_>, id: u64, now: Timestamp) -> Result<()> {
    const SQL: &str = "UPDATE request SET state = 'waiting', reason_code = '', reason = NULL, \
        fingerprint = '', failures = 0, first_failure = NULL, next_try = NULL, updated = :now \
        WHERE id = :id AND wiki = :wiki AND state <> 'answered'";
    let (conn, fence) = tx.parts();
    conn.run(
        "looking at a request again",
        SQL,
        params! { "id" => id, "wiki" => &fence.wiki, "now" => at(now) },
    )
    .await?;
    Ok(())
}

/// A try failed: it stays waiting, not before `next_try`.
pub async fn fail(
    tx: &mut FencedTx<'_>,
    id: u64,
    reason: Reason<'_>,
    next_try: Timestamp,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "UPDATE request SET state = 'waiting', reason_code = :code, reason = :text, \
        failures = failures + 1, first_failure = COALESCE(first_failure, :now), \
        next_try = :next_try, updated = :now WHERE id = :id AND wiki = :wiki AND state = 'waiting'";
    let (conn, fence) = tx.parts();
    conn.run(
        "noting a failed request",
        SQL,
        params! {
            "id" => id, "wiki" => &fence.wiki, "code" => reason.code,
            "text" => &*bounded(reason.text, MAX_REASON), "next_try" => at(next_try),
            "now" => at(now),
        },
    )
    .await?;
    Ok(())
}

/// Tried long enough: a person has to look.
pub async fn give_up(
    tx: &mut FencedTx<'_>,
    id: u64,
    reason: Reason<'_>,
    fingerprint: &str,
    now: Timestamp,
) -> Result<()> {
    const SQL: &str = "UPDATE request SET state = 'given_up', reason_code = :code, reason = :text, \
        fingerprint = :fingerprint, next_try = NULL, updated = :now \
        WHERE id = :id AND wiki = :wiki AND state = 'waiting'";
    let (conn, fence) = tx.parts();
    conn.run(
        "giving a request up",
        SQL,
        params! {
            "id" => id, "wiki" => &fence.wiki, "code" => reason.code,
            "text" => &*bounded(reason.text, MAX_REASON), "fingerprint" => fingerprint,
            "now" => at(now),
        },
    )
    .await?;
    Ok(())
}

/// Notes that the maintainer has been told of these.
pub async fn mark_mentioned(tx: &mut FencedTx<'_>, ids: &[u64], now: Timestamp) -> Result<()> {
    for some in ids.chunks(500) {
        let sql = format!(
            "UPDATE request SET mentioned_at = ? WHERE wiki = ? AND id IN ({})",
            list("?", some.len())
        );
        let mut values = vec![at(now), Value::from(&tx.fence().wiki)];
        values.extend(some.iter().map(|&id| Value::from(id)));
        tx.conn()
            .run("noting that the maintainer was told", &sql, values)
            .await?;
    }
    Ok(())
}
