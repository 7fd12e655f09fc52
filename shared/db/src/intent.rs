//! Intents: what makes an additive edit happen exactly once.
//!
//! `open → sending → done | gone | failed`. The decision is frozen by the first
//! insert; whoever comes later gets that one back. An edit is posted only after
//! [`mark_sending`] said yes in a committed, fenced transaction.

use crate::error::{Error, Result};
use crate::session::{Fields, FromFields, Session, at, bounded};
use crate::transaction::FencedTx;
use mysql_async::params;
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// Longest stored error, in bytes.
const MAX_ERROR: usize = 8_000;

/// How far an intent has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Decided, certainly not on the wiki.
    Open,
    /// A POST was begun; whether it arrived is unknown until somebody looks.
    Sending,
    /// On the wiki.
    Done,
    /// The page went away; told to the operator, never sent again.
    Gone,
    /// Refused for good.
    Failed,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Sending => "sending",
            State::Done => "done",
            State::Gone => "gone",
            State::Failed => "failed",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [State::Open, State::Sending, State::Done, State::Gone, State::Failed]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// An edit that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewIntent<'a> {
    /// What makes it unique for job and wiki, at most 512 bytes.
    pub key: &'a str,
    /// The token that will stand in the summary ([`wikicrew_core::intent::token`]).
    pub token: &'a str,
    /// The whole decision, JSON: text, summary, mentor, everything.
    pub decision: &'a str,
    /// The page to be edited, if it exists.
    pub page_id: Option<PageId>,
    /// Its title with namespace.
    pub title: &'a str,
}

/// An intent as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Intent {
    /// Its number.
    pub id: u64,
    /// Its key.
    pub key: String,
    /// Its token.
    pub token: String,
    /// How far it has come.
    pub state: State,
    /// The frozen decision, JSON.
    pub decision: String,
    /// The page.
    pub page_id: Option<PageId>,
    /// Its title with namespace, when decided.
    pub title: String,
    /// Base revision of the newest attempt.
    pub base_revid: Option<RevId>,
    /// The wiki's time of the newest attempt.
    pub sent_at: Option<Timestamp>,
    /// How often it was begun to be sent.
    pub attempt: u32,
    /// The revision it made.
    pub revid: Option<RevId>,
    /// The Flow post it made.
    pub post_id: Option<String>,
    /// When it was decided.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// Why it is not done yet or never.
    pub last_error: Option<String>,
}

impl FromFields for Intent {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            id: f.get("id")?,
            key: f.get("intent_key")?,
            token: f.get("token")?,
            state: f.word("state", State::read)?,
            decision: f.get("decision")?,
            page_id: f.id_opt("page_id", PageId)?,
            title: f.get("title")?,
            base_revid: f.id_opt("base_revid", RevId)?,
            sent_at: f.time_opt("sent_at")?,
            attempt: f.get("attempt")?,
            revid: f.id_opt("revid", RevId)?,
            post_id: f.get("post_id")?,
            created: f.time("created")?,
            updated: f.time("updated")?,
            last_error: f.get("last_error")?,
        })
    }
}

/// Inserts the intent, or finds the one with this key, in one statement; gives
/// what is stored, so its decision may be an older one than `new.decision`, and
/// its state may be any.
pub async fn open(tx: &mut FencedTx<'_>, new: &NewIntent<'_>, now: Timestamp) -> Result<Intent> {
    const WHAT: &str = "opening an intent";
    const SQL: &str = "INSERT INTO intent (job, wiki, intent_key, token, state, decision, \
        page_id, title, created, updated) \
        VALUES (:job, :wiki, :key, :token, 'open', :decision, :page_id, :title, :now, :now) \
        ON DUPLICATE KEY UPDATE id = id";
    let (conn, fence) = tx.parts();
    conn.run(
        WHAT,
        SQL,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "key" => new.key, "token" => new.token,
            "decision" => new.decision, "page_id" => new.page_id.map(|id| id.0),
            "title" => new.title, "now" => at(now),
        },
    )
    .await?;
    get(conn, &fence.job, &fence.wiki, new.key)
        .await?
        .ok_or(Error::NoRow { what: WHAT, id: 0 })
}

/// The intent with this key.
pub async fn get(session: &mut impl Session, job: &str, wiki: &str, key: &str) -> Result<Option<Intent>> {
    const SQL: &str = "SELECT id, intent_key, token, state, decision, page_id, title, base_revid, \
        sent_at, attempt, revid, post_id, created, updated, last_error FROM intent \
        WHERE job = :job AND wiki = :wiki AND intent_key = :key";
    session
        .conn()
        .first(
            "reading an intent",
            SQL,
            params! { "job" => job, "wiki" => wiki, "key" => key },
        )
        .await
}

/// The intents that are `open` or `sending`, oldest first.
pub async fn pending(session: &mut impl Session, job: &str, wiki: &str) -> Result<Vec<Intent>> {
    const SQL: &str = "SELECT id, intent_key, token, state, decision, page_id, title, base_revid, \
        sent_at, attempt, revid, post_id, created, updated, last_error FROM intent \
        WHERE job = :job AND wiki = :wiki AND state IN ('open', 'sending') ORDER BY id";
    session
        .conn()
        .rows(
            "reading the pending intents",
            SQL,
            params! { "job" => job, "wiki" => wiki },
        )
        .await
}

/// Before the POST: `sending`, one attempt more, base revision and the
/// wiki's time (`curtimestamp`) noted. Says yes only to an intent that is `open`,
/// or `sending` since `due_before` or longer (five minutes before now). Only after
/// this transaction is committed may the POST begin, within 20 s.
pub async fn mark_sending(
    tx: &mut FencedTx<'_>,
    id: u64,
    base_revid: Option<RevId>,
    sent_at: Timestamp,
    due_before: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    const SQL: &str = "UPDATE intent SET state = 'sending', attempt = attempt + 1, \
        base_revid = :base_revid, sent_at = :sent_at, updated = :now \
        WHERE id = :id AND job = :job AND wiki = :wiki \
        AND (state = 'open' OR (state = 'sending' AND sent_at <= :due_before))";
    let (conn, fence) = tx.parts();
    let done = conn
        .run(
            "marking an intent as being sent",
            SQL,
            params! {
                "id" => id, "job" => &fence.job, "wiki" => &fence.wiki,
                "base_revid" => base_revid.map(|id| id.0), "sent_at" => at(sent_at),
                "due_before" => at(due_before), "now" => at(now),
            },
        )
        .await?;
    Ok(done.affected == 1)
}

/// It is on the wiki: whatever the database believed before. The caller adds the
/// job's own rows to the same transaction. False when it was `done` already
/// (then nothing changes, the first revision stands).
pub async fn mark_done(
    tx: &mut FencedTx<'_>,
    id: u64,
    revid: Option<RevId>,
    post_id: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    const SQL: &str = "UPDATE intent SET state = 'done', revid = :revid, post_id = :post_id, \
        updated = :now, last_error = NULL \
        WHERE id = :id AND job = :job AND wiki = :wiki AND state <> 'done'";
    let (conn, fence) = tx.parts();
    let done = conn
        .run(
            "marking an intent as done",
            SQL,
            params! {
                "id" => id, "job" => &fence.job, "wiki" => &fence.wiki,
                "revid" => revid.map(|id| id.0), "post_id" => post_id, "now" => at(now),
            },
        )
        .await?;
    Ok(done.affected == 1)
}

/// The page went away since it was sent, or (Flow) nobody can know whether it
/// arrived: never to be sent again. False when it was not pending.
pub async fn mark_gone(tx: &mut FencedTx<'_>, id: u64, why: &str, now: Timestamp) -> Result<bool> {
    end(tx, id, State::Gone, why, now).await
}

/// The wiki refused it, or the decision no longer holds: never to be sent again.
/// False when it was not pending.
pub async fn mark_failed(tx: &mut FencedTx<'_>, id: u64, why: &str, now: Timestamp) -> Result<bool> {
    end(tx, id, State::Failed, why, now).await
}

async fn end(tx: &mut FencedTx<'_>, id: u64, state: State, why: &str, now: Timestamp) -> Result<bool> {
    const SQL: &str = "UPDATE intent SET state = :state, last_error = :why, updated = :now \
        WHERE id = :id AND job = :job AND wiki = :wiki AND state IN ('open', 'sending')";
    let (conn, fence) = tx.parts();
    let done = conn
        .run(
            "ending an intent",
            SQL,
            params! {
                "id" => id, "job" => &fence.job, "wiki" => &fence.wiki, "state" => state.word(),
                "why" => &*bounded(why, MAX_ERROR), "now" => at(now),
            },
        )
        .await?;
    Ok(done.affected == 1)
}

/// Back to `open`, when it is *certain* that this attempt wrote nothing (never
/// posted, refused by `maxlag` and the like, edit conflict). `attempt` is the one
/// that [`mark_sending`] made; false when another attempt or state stands there.
pub async fn reopen(tx: &mut FencedTx<'_>, id: u64, attempt: u32, why: &str, now: Timestamp) -> Result<bool> {
    const SQL: &str = "UPDATE intent SET state = 'open', last_error = :why, updated = :now \
        WHERE id = :id AND job = :job AND wiki = :wiki AND state = 'sending' AND attempt = :attempt";
    let (conn, fence) = tx.parts();
    let done = conn
        .run(
            "opening an intent again",
            SQL,
            params! {
                "id" => id, "job" => &fence.job, "wiki" => &fence.wiki, "attempt" => attempt,
                "why" => &*bounded(why, MAX_ERROR), "now" => at(now),
            },
        )
        .await?;
    Ok(done.affected == 1)
}
